/* From UTF-16 code units to hashed tokens and shingles. What the hashes are must never change: indexes hold them. */
#include "kernels.h"

#define SINGLE 0x7Fu  /* folded byte of a unit that is a token of its own; its code is hashed */
#define NOTHING 0x7Eu /* folded byte of a unit that is invisible inside a word */
#define EMPTY 0xFFFFFFFFu
#define BLOCK 32 /* units */
#define EVERY 0x0101010101010101u /* times a byte: eight of it */

/* Multipliers: from the SplitMix64 sequence, made odd; of 32 bits the upper halves. */
#define FIRST 0x39622F24CE49C225u /* seed 0xC1EA */
#define LONG 0x713C4B96B7A82577u
#define SIZE 0xE457BC8D4CE19341u
#define STEP 0x440137F3u /* seed 0x57E9 */
#define MIX 0xFCDAD829u
#define LAST 0x1DD280C5u
#define SHORT 0x09F1FD9Du /* seed 0x5EED */
#define SHORTER 0x70D29B6Du

static uint64_t word(const uint8_t *at) {
    uint64_t found;
    memcpy(&found, at, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    found = __builtin_bswap64(found);
#endif
    return found;
}

/* An ASCII letter in lower case, a digit as it stands, else 0. */
static uint8_t letter(uint8_t code) {
    uint8_t low = code | 0x20;
    return (uint8_t)((uint8_t)(low - 'a') < 26 || (uint8_t)(code - '0') < 10 ? low : 0);
}

/* Fold `size` ASCII codes into low[size]. */
KERNEL void fold_ascii(const uint8_t *codes, int64_t size, uint8_t *low) {
    for (int64_t at = 0; at < size; at++) low[at] = letter(codes[at]);
}

/* Fold `size` units by table, and return whether one folds to SINGLE (1), to NOTHING (2), or both (3). */
static unsigned look_up(const uint16_t *units, int64_t size, const uint8_t *table, uint8_t *low) {
    unsigned single = 0, nothing = 0;
    for (int64_t i = 0; i < size; i++) low[i] = table[units[i]];
    for (int64_t i = 0; i < size; i++) {
        single |= low[i] == SINGLE;
        nothing |= low[i] == NOTHING;
    }
    return single | nothing << 1;
}

/*
 * Fold `size` code units into low[size] by table[65536], which has ASCII as `letter` does.
 * Returns whether there is one that folds to SINGLE (1), to NOTHING (2), or both (3).
 */
KERNEL int64_t fold_units(const uint16_t *units, int64_t size, const uint8_t *table, uint8_t *low) {
    unsigned special = 0;
    int64_t at = 0;
    for (; at + BLOCK <= size; at += BLOCK) {
        unsigned beyond = 0;
        for (int i = 0; i < BLOCK; i++) beyond |= units[at + i];
        if (beyond >= 0x80) {
            special |= look_up(units + at, BLOCK, table, low + at);
        } else {
            for (int i = 0; i < BLOCK; i++) low[at + i] = letter((uint8_t)units[at + i]);
        }
    }
    return special | look_up(units + at, size - at, table, low + at);
}

/* A bit for each of the eight bytes of a word: whether it is not 0. */
static uint64_t filled(uint64_t bytes) {
    uint64_t high = (((bytes & 0x7F * EVERY) + 0x7F * EVERY) | bytes) & 0x80 * EVERY;
    return (high >> 7) * 0x0102040810204080u >> 56;
}

/* Bits for the `count` <= 64 bytes from `at` on: which differ from `other`. */
static uint64_t differing(const uint8_t *at, int64_t count, uint64_t other) {
    uint64_t found = 0;
    if (count == 64) {
        for (int i = 0; i < 64; i += 8) found |= filled(word(at + i) ^ other * EVERY) << i;
        return found;
    }
    for (int64_t i = 0; i < count; i++) found |= (uint64_t)(at[i] != other) << i;
    return found;
}

/* Write where the bits of a mask are, `base` added, and return the end of what is written. */
static int64_t *places(uint64_t mask, int64_t base, int64_t *out) {
    for (; mask; mask &= mask - 1) *out++ = base + __builtin_ctzll(mask);
    return out;
}

/* Where the tokens among low[begin .. end) begin and end, with room for end - begin of them; the last byte is a separator. */
static int64_t borders(const uint8_t *low, int64_t begin, int64_t end, int single, int64_t *starts, int64_t *ends) {
    uint64_t before = 0, alone = 0; /* bit 0: whether the unit before was inside a token, a token of its own */
    int64_t *start = starts;
    for (int64_t at = begin; at < end; at += 64) {
        int64_t count = end - at < 64 ? end - at : 64;
        uint64_t inside = differing(low + at, count, 0);
        uint64_t left = inside << 1 | before, breaks = 0;
        if (single) {
            uint64_t own = inside & ~differing(low + at, count, SINGLE);
            breaks = own | own << 1 | alone;
            alone = own >> 63;
        }
        start = places(inside & (~left | breaks), at, start);
        ends = places(left & (~inside | breaks), at, ends);
        before = inside >> 63;
    }
    return start - starts;
}

/* A hash of a token of `size` >= 1 bytes: of its first eight bytes, and of its last eight and its size where it is longer. */
static uint32_t hash(const uint8_t *at, int64_t size) {
    uint64_t longer = (uint64_t)(8 - size) >> 63; /* without branches, which words would mislead */
    uint64_t missing = (uint64_t)(8 - size) & (longer - 1);
    uint64_t mixed = word(at) & ~(uint64_t)0 >> 8 * missing;
    uint64_t last = word(at + ((size - 8) & -(int64_t)longer)) * LONG;
    last ^= last >> 32;
    last += (uint64_t)size * SIZE;
    mixed ^= last & -longer;
    return (uint32_t)(mixed * FIRST >> 32);
}

static uint32_t spread(uint32_t value) {
    value *= MIX;
    value ^= value >> 15;
    return value * LAST;
}

/*
 * The tokens of `texts` texts: text t is low[offsets[t] .. offsets[t + 1]), of which the last byte is a separator (0); at least
 * eight bytes stand behind the last text. With `single`, `units` are the code units that `low` was folded from; else it isn't read.
 * Written: bounds[texts + 1], the first token of every text; and for every token its hash, its begin and its end. Tokens are
 * at most as many as units; with `keep` = 0 begins and ends are forgotten after each text, and need room for one.
 */
KERNEL void tokens(const uint8_t *low, const uint16_t *units, const int64_t *offsets, int64_t texts, int32_t single,
                   int32_t keep, int64_t *bounds, uint32_t *hashes, int64_t *starts, int64_t *ends) {
    int64_t total = 0;
    for (int64_t text = 0; text < texts; text++) {
        int64_t *start = keep ? starts + total : starts, *end = keep ? ends + total : ends;
        int64_t found = borders(low, offsets[text], offsets[text + 1], single, start, end);
        uint32_t *to = hashes + total;
        for (int64_t i = 0; i < found; i++) to[i] = hash(low + start[i], end[i] - start[i]);
        for (int64_t i = 0; single && i < found; i++) {
            if (low[start[i]] == SINGLE) to[i] = spread(units[start[i]]);
        }
        bounds[text] = total;
        total += found;
    }
    bounds[texts] = total;
}

/* One shingle of fewer tokens than there should be. */
static uint32_t short_shingle(const uint32_t *hashes, int64_t size) {
    uint32_t value = 0;
    for (int64_t i = 0; i < size; i++) {
        value = (value + hashes[i]) * SHORT;
        value ^= value >> 15;
    }
    return value * SHORTER;
}

/*
 * The hash of the `width` >= 1 tokens from every token on, values[bounds[texts]]: a polynomial over the window, mixed. The last
 * width - 1 of every text are EMPTY; a text with fewer tokens than `width` has one shingle. counts[texts]: how many each has.
 */
KERNEL void shingles(const uint32_t *hashes, const int64_t *bounds, int64_t texts, int64_t width, uint32_t *values,
                     int64_t *counts) {
    uint32_t leaving = 1; /* what a token that leaves the window has been multiplied by */
    for (int64_t i = 0; i < width; i++) leaving *= STEP;
    for (int64_t text = 0; text < texts; text++) {
        const uint32_t *token = hashes + bounds[text];
        uint32_t *to = values + bounds[text], value = 0;
        int64_t size = bounds[text + 1] - bounds[text], count = size < width ? size > 0 : size - width + 1;
        if (size >= width) {
            for (int64_t i = 0; i < width; i++) value = value * STEP + token[i];
            to[0] = spread(value ^ value >> 16);
            for (int64_t i = 1; i < count; i++) {
                value = value * STEP + (token[i + width - 1] - token[i - 1] * leaving);
                to[i] = spread(value ^ value >> 16);
            }
        } else if (count) {
            to[0] = short_shingle(token, size);
        }
        for (int64_t i = count; i < size; i++) to[i] = EMPTY;
        counts[text] = count;
    }
}
