/* From UTF-8, or UTF-16 code units, to hashed tokens and shingles. What the hashes are must never change: indexes hold them. */
#include "sketch.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SINGLE 0x7Fu  /* folded byte of a unit that is a token of its own; its code is hashed */
#define NOTHING 0x7Eu /* folded byte of a unit that is invisible inside a word */
#define BLOCK 32 /* units */
#define NOTED 256 /* tokens that are hashed in one go */

/* Multipliers: from the SplitMix64 sequence, made odd; of 32 bits the upper halves. */
#define FIRST 0x39622F24CE49C225u /* seed 0xC1EA */
#define LONG 0x713C4B96B7A82577u
#define SIZE 0xE457BC8D4CE19341u
#define STEP 0x440137F3u /* seed 0x57E9 */
#define SHORT 0x09F1FD9Du /* seed 0x5EED */
#define SHORTER 0x70D29B6Du

/* An ASCII letter in lower case, a digit as it stands, else 0. */
static uint8_t letter(uint8_t code) {
    uint8_t low = code | 0x20;
    return (uint8_t)((uint8_t)(low - 'a') < 26 || (uint8_t)(code - '0') < 10 ? low : 0);
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

/* Fold a code unit into low[at], and return where the next one belongs. */
static int64_t fold_unit(uint32_t unit, const uint8_t *table, uint8_t *low, uint16_t *units, int64_t at, int *found) {
    uint8_t byte = table[unit];
    low[at] = byte;
    units[at] = (uint16_t)unit;
    *found |= (byte == SINGLE ? ALONE : 0) | (byte == NOTHING ? UNEVEN : 0);
    return at + (byte != NOTHING);
}

/* The code point that begins at text[*at] and is not ASCII; *at moves behind it. */
static uint32_t beyond_ascii(const uint8_t *text, int64_t *at) {
    const uint8_t *from = text + *at;
    uint32_t first = from[0], second = from[1] & 0x3F;
    if (first < 0xE0) {
        *at += 2;
        return (first & 0x1F) << 6 | second;
    }
    if (first < 0xF0) {
        *at += 3;
        return (first & 0x0F) << 12 | second << 6 | (from[2] & 0x3F);
    }
    *at += 4;
    return (first & 0x07) << 18 | second << 12 | (from[2] & 0x3Fu) << 6 | (from[3] & 0x3F);
}

/* The number that four hexadecimal digits write. */
static uint32_t hexadecimal(const uint8_t *digits) {
    uint32_t found = 0;
    for (int i = 0; i < 4; i++) found = found << 4 | ((digits[i] & 0x0Fu) + (digits[i] > '9' ? 9 : 0));
    return found;
}

/* What the backslash at text[*at] escapes, as JSON has it; *at moves behind it, and not beyond `size`. Two halves of a surrogate
 * pair are one code point. */
static uint32_t escaped(const uint8_t *text, int64_t size, int64_t *at) {
    static const uint8_t letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    const uint8_t *from = text + *at;
    int64_t left = size - *at;
    if (left >= 6 && from[1] == 'u') {
        uint32_t unit = hexadecimal(from + 2), next;
        *at += 6;
        if (unit >> 10 != 0x36 || left < 12 || from[6] != '\\' || from[7] != 'u') return unit;
        next = hexadecimal(from + 8);
        if (next >> 10 != 0x37) return unit;
        *at += 6;
        return 0x10000 + ((unit & 0x3FF) << 10 | (next & 0x3FF));
    }
    *at += left < 2 ? left : 2;
    if (left < 2) return '\\';
    for (int i = 0; i < 5; i++)
        if (letters[i] == from[1]) return meant[i];
    return from[1];
}

/* The code point at text[*at]; *at moves behind it. With ESCAPES the text stands as in a string of JSON. */
uint32_t text_point(const uint8_t *text, int64_t size, int how, int64_t *at) {
    if (text[*at] >= 0x80) return beyond_ascii(text, at);
    if (how & ESCAPES && text[*at] == '\\') return escaped(text, size, at);
    return text[(*at)++];
}

/* A bit, the highest of its byte, for bytes that are not ASCII or are `other`; the lowest one is right, and more may be set
 * above it. */
static inline uint64_t not_plain(uint64_t eight, uint8_t other) {
    uint64_t apart = eight ^ other * EACH;
    return (eight | ((apart - EACH) & ~apart)) & 0x80 * EACH;
}

/* The BLOCK bytes at `text` as code units. */
static void widen(const uint8_t *restrict text, uint16_t *restrict units) {
    for (int i = 0; i < BLOCK; i++) units[i] = text[i];
}

/* How many of the BLOCK bytes at `text` are before the first that is not ASCII, or is `other`. */
static inline int64_t count_plain(const uint8_t *text, uint8_t other) {
#ifdef __SSE2__
    for (int64_t i = 0; i < BLOCK; i += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        int beyond = _mm_movemask_epi8(_mm_or_si128(bytes, _mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)other))));
        if (beyond) return i + __builtin_ctz((unsigned)beyond);
    }
#else
    for (int64_t i = 0; i < BLOCK; i += 8) {
        uint64_t beyond = not_plain(read_eight(text + i), other);
        if (beyond) return i + (__builtin_ctzll(beyond) >> 3);
    }
#endif
    return BLOCK;
}

/* Fold the BLOCK bytes at `text` as if they were ASCII, and return how many are before the first that isn't, or is `other`. */
static int64_t fold_ascii(const uint8_t *restrict text, uint8_t other, uint8_t *restrict low) {
    for (int i = 0; i < BLOCK; i++) low[i] = letter(text[i]);
    return count_plain(text, other);
}

/*
 * Fold `size` bytes of UTF-8, well formed but for surrogates that may stand alone, into low[size] by table[65536], which has ASCII
 * as `letter` does. What folds to NOTHING is left out. units[size]: the units themselves, at the same places; without UNITS that is
 * sure only of those that fold to SINGLE. With ESCAPES the text stands as in a string of JSON; then three bytes behind it are read
 * where it does not end with a whole character. Returns how many units there are; into `found`: ALONE where a unit folds to SINGLE,
 * UNEVEN where units and code points are not the same in number.
 */
int64_t fold_text(const uint8_t *text, int64_t size, int how, const uint8_t *table, uint8_t *low, uint16_t *units, int *found) {
    const uint8_t other = how & ESCAPES ? '\\' : 0xFF;
    int64_t at = 0, to = 0, last = -8, quiet = 0; /* quiet: how far to go on before many are looked at at a time again */
    *found = 0;
    while (at < size) {
        if (at >= quiet && size - at >= BLOCK) {
            int64_t plain = fold_ascii(text + at, other, low + to);
            if (how & UNITS) widen(text + at, units + to);
            at += plain;
            to += plain;
            if (plain == BLOCK) continue;
        }
        if (text[at] < 0x80 && text[at] != other) {
            units[to] = text[at];
            low[to++] = letter(text[at++]);
            continue;
        }
        quiet = at - last < 8 ? 8 : 0; /* where some stand alone, what follows is plain again */
        do {
            uint32_t point = text_point(text, size, how, &at);
            if (point > 0xFFFF) {
                to = fold_unit(0xD7C0 + (point >> 10), table, low, units, to, found);
                point = 0xDC00 | (point & 0x3FF);
                *found |= UNEVEN;
            }
            to = fold_unit(point, table, low, units, to, found);
        } while (at < size && (text[at] >= 0x80 || text[at] == other));
        last = at;
        quiet += at;
    }
    return to;
}

/* How many code points make the next `units` units of what `fold_text` makes of a text, from text[*at] on; *at moves behind them. */
int64_t text_points(const uint8_t *text, int64_t size, int how, const uint8_t *table, int64_t units, int64_t *at) {
    const uint8_t other = how & ESCAPES ? '\\' : 0xFF;
    int64_t points = 0;
    while (units > 0 && *at < size) {
        if (units < 8 || size - *at < 8 || not_plain(read_eight(text + *at), other)) {
            uint32_t point = text_point(text, size, how, at);
            units -= point > 0xFFFF ? 2 : table[point] != NOTHING;
            points++;
            continue;
        }
        *at += 8;
        units -= 8;
        points += 8;
    }
    return points;
}

/* A bit for each of 16 bytes: whether it differs from `other`. */
#ifdef __SSE2__
static inline uint64_t differing_16(const uint8_t *at, uint8_t other) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    return (uint64_t)(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)other))) ^ 0xFFFF);
}
#else
static inline uint64_t filled(uint64_t bytes) {
    uint64_t high = (((bytes & 0x7F * EACH) + 0x7F * EACH) | bytes) & 0x80 * EACH;
    return (high >> 7) * 0x0102040810204080u >> 56;
}

static inline uint64_t differing_16(const uint8_t *at, uint8_t other) {
    return filled(read_eight(at) ^ other * EACH) | filled(read_eight(at + 8) ^ other * EACH) << 8;
}
#endif

/* Bits for the `count` <= 64 bytes from `at` on: which differ from `other`. */
static uint64_t differing(const uint8_t *at, int64_t count, uint8_t other) {
    uint64_t found = 0;
    if (count == 64) {
        for (int i = 0; i < 64; i += 16) found |= differing_16(at + i, other) << i;
        return found;
    }
    for (int64_t i = 0; i < count; i++) found |= (uint64_t)(at[i] != other) << i;
    return found;
}

/* How many bits of a word are set. */
static int64_t count_bits(uint64_t bits) {
    bits -= bits >> 1 & 0x55 * EACH;
    bits = (bits & 0x33 * EACH) + (bits >> 2 & 0x33 * EACH);
    return (int64_t)(((bits + (bits >> 4)) & 0x0F * EACH) * EACH >> 56);
}

/*
 * Write where the bits of a mask are, `base` added, and return the end of what is written; behind it up to AHEAD more are
 * overwritten, for to guess how many there are costs a processor more.
 */
static int64_t *places(uint64_t mask, int64_t base, int64_t *out) {
    int64_t *end = out + count_bits(mask);
    while (mask) {
        for (int i = 0; i < AHEAD; i++) {
            out[i] = base + __builtin_ctzll(mask | (uint64_t)1 << 63);
            mask &= mask - 1;
        }
        out += AHEAD;
    }
    return end;
}

/* Where the tokens among low[begin .. end) begin and end, with room for end - begin + AHEAD of either; the last byte is a
 * separator. */
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

/* A hash of a token of at most eight bytes; of a longer one anything. */
static inline uint32_t hash_short(const uint8_t *at, int64_t size) {
    return (uint32_t)((read_eight(at) & ~(uint64_t)0 >> ((uint64_t)(8 - size) * 8 & 63)) * FIRST >> 32);
}

/* A hash of a token of more than eight bytes: of its first eight, of its last eight and its size. */
static inline uint32_t hash_long(const uint8_t *at, int64_t size) {
    uint64_t last = read_eight(at + size - 8) * LONG;
    last ^= last >> 32;
    return (uint32_t)((read_eight(at) ^ (last + (uint64_t)size * SIZE)) * FIRST >> 32);
}

/* The hashes of `count` tokens. Longer ones are noted and come last: a processor could not guess which they are. */
static void hash_tokens(const uint8_t *low, const int64_t *starts, const int64_t *ends, int64_t count, uint32_t *hashes) {
    int64_t noted[NOTED];
    for (int64_t first = 0; first < count; first += NOTED) {
        int64_t after = count - first < NOTED ? count : first + NOTED, many = 0;
        for (int64_t i = first; i < after; i++) {
            int64_t size = ends[i] - starts[i];
            hashes[i] = hash_short(low + starts[i], size);
            noted[many] = i;
            many += size > 8;
        }
        for (int64_t at = 0; at < many; at++) {
            int64_t i = noted[at];
            hashes[i] = hash_long(low + starts[i], ends[i] - starts[i]);
        }
    }
}

/*
 * The tokens of the text low[begin .. end), of which the last byte is a separator (0) and behind which stand eight bytes more: the
 * hash, begin and end of each, in arrays with room for end - begin + AHEAD. Returns how many there are. With `single`, `units`
 * are the code units that `low` was folded from; else it isn't read.
 */
int64_t text_tokens(const uint8_t *low, const uint16_t *units, int64_t begin, int64_t end, int single, uint32_t *hashes,
                    int64_t *starts, int64_t *ends) {
    int64_t found = borders(low, begin, end, single, starts, ends);
    hash_tokens(low, starts, ends, found, hashes);
    for (int64_t i = 0; single && i < found; i++) {
        if (low[starts[i]] == SINGLE) hashes[i] = spread(units[starts[i]]);
    }
    return found;
}

/*
 * The tokens of texts, one behind the other: text t is low[offsets[t] .. offsets[t + 1]), and all is as above. Written:
 * bounds[texts + 1], the first token of every text; and for every token its hash, its begin and its end.
 */
KERNEL void tokens(const uint8_t *low, const uint16_t *units, const int64_t *offsets, int64_t texts, int32_t single,
                   int64_t *bounds, uint32_t *hashes, int64_t *starts, int64_t *ends) {
    int64_t total = 0;
    for (int64_t text = 0; text < texts; text++) {
        bounds[text] = total;
        total += text_tokens(low, units, offsets[text], offsets[text + 1], single, hashes + total, starts + total, ends + total);
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

/* The polynomial over the `width` tokens from the first one on. */
static uint32_t window(const uint32_t *hashes, int64_t width) {
    uint32_t value = 0;
    for (int64_t i = 0; i < width; i++) value = value * STEP + hashes[i];
    return value;
}

/*
 * The hash of the `width` >= 1 tokens from every one of `size` tokens on: a polynomial over the window, mixed. The last width - 1
 * values are EMPTY; fewer tokens than `width` have one shingle. Returns how many there are.
 */
int64_t text_shingles(const uint32_t *hashes, int64_t size, int64_t width, uint32_t *values) {
    int64_t count = size < width ? size > 0 : size - width + 1, half = count / 2;
    uint32_t leaving = 1; /* what a token that leaves the window has been multiplied by */
    if (size >= width) {
        /* Each value waits for the one before it: so both halves of the text go side by side. */
        const uint32_t *other = hashes + half;
        uint32_t one = window(hashes, width), two = window(other, width);
        for (int64_t i = 0; i < width; i++) leaving *= STEP;
        values[half] = spread(two ^ two >> 16);
        values[0] = spread(one ^ one >> 16);
        for (int64_t i = 1; i < half; i++) {
            one = one * STEP + (hashes[i + width - 1] - hashes[i - 1] * leaving);
            two = two * STEP + (other[i + width - 1] - other[i - 1] * leaving);
            values[i] = spread(one ^ one >> 16);
            values[half + i] = spread(two ^ two >> 16);
        }
        if (count & 1 && half) { /* the second half has one more */
            two = window(hashes + count - 1, width);
            values[count - 1] = spread(two ^ two >> 16);
        }
    } else if (count) {
        values[0] = short_shingle(hashes, size);
    }
    for (int64_t i = count; i < size; i++) values[i] = EMPTY;
    return count;
}

/* The same for texts, one behind the other, values[bounds[texts]]; counts[texts]: how many shingles each has. */
KERNEL void shingles(const uint32_t *hashes, const int64_t *bounds, int64_t texts, int64_t width, uint32_t *values,
                     int64_t *counts) {
    for (int64_t text = 0; text < texts; text++) {
        int64_t first = bounds[text];
        counts[text] = text_shingles(hashes + first, bounds[text + 1] - first, width, values + first);
    }
}
