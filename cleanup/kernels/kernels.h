/* Common to all kernels. Every function, but for one that reads files, is pure: it reads the arrays it is given and writes into arrays
 * of the caller's. */
#ifndef CLEANUP_KERNELS_H
#define CLEANUP_KERNELS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#define KERNEL __declspec(dllexport)
#else
#define KERNEL __attribute__((visibility("default")))
#endif

#define EACH UINT64_C(0x0101010101010101)   /* one in each of eight bytes; times a byte: eight of it */
#define GOLDEN UINT64_C(0x9E3779B97F4A7C15) /* 2^64 by the golden ratio: a multiplier that spreads keys */

/* Whether a byte of UTF-8 is the first one of a character. */
static inline int is_first(uint8_t byte) {
    return (byte & 0xC0) != 0x80;
}

/* Eight bytes as a number, the first one lowest. */
static inline uint64_t read_eight(const uint8_t *at) {
    uint64_t found;
    memcpy(&found, at, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    found = __builtin_bswap64(found);
#endif
    return found;
}

#endif
