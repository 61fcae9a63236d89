/* What kernels that write JSON have in common: pieces of it, one behind the other, and digests. */
#ifndef CLEANUP_WRITTEN_H
#define CLEANUP_WRITTEN_H

#include "json.h"

/* Strings side by side: string n is data[ends[n - 1] .. ends[n]). */
typedef struct {
    const uint8_t *data;
    const int64_t *ends;
} Names;

static inline const uint8_t *name_at(Names names, int64_t number, int64_t *size) {
    int64_t begin = number ? names.ends[number - 1] : 0;
    *size = names.ends[number] - begin;
    return names.data + begin;
}

static inline uint8_t *put(uint8_t *out, const uint8_t *data, int64_t size) {
    memcpy(out, data, (size_t)size);
    return out + size;
}

#define PUT(out, text) put(out, (const uint8_t *)(text), (int64_t)sizeof(text) - 1)

static inline uint8_t *put_number(uint8_t *out, int64_t number) {
    uint8_t digits[20];
    int64_t at = sizeof digits;
    do
        digits[--at] = (uint8_t)('0' + number % 10);
    while (number /= 10);
    return put(out, digits + at, (int64_t)sizeof digits - at);
}

/* A string as it is; six times its bytes and two quotes at most. */
static inline uint8_t *put_string(uint8_t *out, Names names, int64_t number) {
    int64_t size;
    const uint8_t *name = name_at(names, number, &size);
    *out++ = '"';
    out += escape(name, size, out);
    *out++ = '"';
    return out;
}

/* A share, given in ten thousandths, in as few digits as say it. */
static inline uint8_t *put_share(uint8_t *out, int64_t share) {
    int64_t rest = share % 10000;
    out = put_number(out, share / 10000);
    *out++ = '.';
    do {
        *out++ = (uint8_t)('0' + rest / 1000);
        rest = rest % 1000 * 10;
    } while (rest);
    return out;
}

void digest(const uint8_t *const *pieces, const int64_t *sizes, int64_t count, int64_t length, uint8_t *hex);

#endif
