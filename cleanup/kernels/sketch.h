/* What tokens.c does for others, a text at a time. */
#ifndef CLEANUP_SKETCH_H
#define CLEANUP_SKETCH_H

#include "kernels.h"

#define EMPTY 0xFFFFFFFFu /* where there is no value */
#define AHEAD 12          /* borders of tokens that are written at a time, and so at most behind the last one */

enum { ESCAPES = 1, UNITS = 2 }; /* how a text is read: as a string of JSON, keeping all code units */
enum { ALONE = 1, UNEVEN = 2 };  /* what was found: characters that are tokens of their own, units that are no code points */

int64_t fold_text(const uint8_t *text, int64_t size, int how, const uint8_t *table, uint8_t *low, uint16_t *units, int *found);
int64_t text_points(const uint8_t *text, int64_t size, int how, const uint8_t *table, int64_t units, int64_t *at);
uint32_t text_point(const uint8_t *text, int64_t size, int how, int64_t *at);
int64_t text_tokens(const uint8_t *low, const uint16_t *units, int64_t begin, int64_t end, int single, uint32_t *hashes,
                    int64_t *starts, int64_t *ends);
int64_t text_shingles(const uint32_t *hashes, int64_t size, int64_t width, uint32_t *values);

/* Mix a value, so that every bit of it decides about every bit of the hash. Multipliers: SplitMix64 from the seed 0x57E9 on. */
static inline uint32_t spread(uint32_t value) {
    value *= 0xFCDAD829u;
    value ^= value >> 15;
    return value * 0x1DD280C5u;
}

#endif
