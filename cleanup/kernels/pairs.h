/* What kernels that compare two texts have in common: a text as it is read, and a set of values. */
#ifndef CLEANUP_PAIRS_H
#define CLEANUP_PAIRS_H

#include "sketch.h"

enum { UPPER = 1, ENDING = 2, LOWER = 4 }; /* marks of a code unit, as `verify.py` makes them */

/* A text: its bytes; what `fold_text` found in it; folded bytes, and the code units that these were folded from; the tokens among
 * them, their hashes, the shingles that begin with the first `count` of them. A separator stands before the first token. */
typedef struct {
    const uint8_t *text;
    int64_t size, span, count;
    int special;
    uint8_t *low;
    uint16_t *units;
    int64_t *starts, *ends;
    uint32_t *hashes, *values;
} Text;

/* The texts of a call, and how they are read: see `pairs_surface`. */
typedef struct {
    const uint64_t *where;
    const int64_t *sizes;
    int how;
    const uint8_t *fold;
} Texts;

enum { BOTH = 3, FACT = 4, FLAGS = 3 }; /* flags of a value: 1 and 2 are the sides that have it; how many bits they take */

/* Values in a table of 2^(32 - shift) words: in the upper half a value, in the lower one flags with a number above them; no flag is
 * no value. */
typedef struct {
    uint64_t *slots;
    uint32_t shift, mask, salt;
} Set;

/* Where the value is, or may be put. A processor can guess that this is the first place, but not whether it is empty: so what is
 * asked for, by a product that is 0, is either. */
static inline uint32_t find_slot(const Set set, uint32_t value) {
    uint32_t at = value * set.salt >> set.shift;
    while (((set.slots[at] >> 32 ^ value) * (uint32_t)set.slots[at]) != 0) at = (at + 1) & set.mask;
    return at;
}

/* Put a value where it belongs, with its flags. */
static inline void fill_slot(const Set set, uint32_t where, uint32_t value, uint32_t flags) {
    set.slots[where] = (uint64_t)value << 32 | flags;
}

static inline uint32_t flags_at(const Set set, uint32_t where) { return (uint32_t)set.slots[where]; }

static inline uint32_t sum_values(const uint32_t *values, int64_t count) {
    uint32_t total = 0;
    for (int64_t at = 0; at < count; at++) total += values[at];
    return total;
}

void clear_set(Set *set, int64_t count, uint32_t sum);
int64_t meet(Set *room, const uint32_t *const values[2], const int64_t *counts, uint32_t *place, uint8_t *const met[2],
             int64_t *size);
uint8_t *place_text(Text *text, uint8_t *room, int64_t longest);
void read_text(Text *text, const Texts *texts, int64_t number);

#endif
