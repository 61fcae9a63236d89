/* UTF-8, one code point at a time; lone surrogates are written as three bytes. The text is known to be well formed. */
#ifndef CLEANUP_TEXT_H
#define CLEANUP_TEXT_H

#include "kernels.h"

#define KNOWN 0x20000u /* code points that tables have an entry for */

/* The code point that begins at data[*at]; *at moves behind it, never beyond `end`. */
static inline uint32_t next_point(const uint8_t *data, int64_t end, int64_t *at) {
    uint32_t point = data[(*at)++];
    if (point < 0x80)
        return point;
    int more = point >= 0xF0 ? 3 : point >= 0xE0 ? 2 : 1;
    point &= 0x3Fu >> more;
    for (; more && *at < end; more--)
        point = point << 6 | (data[(*at)++] & 0x3F);
    return point;
}

/* The code point that ends before data[*end]; *end moves to its first byte, never below `begin`. */
static inline uint32_t last_point(const uint8_t *data, int64_t begin, int64_t *end) {
    int64_t at = *end - 1;
    while (at > begin && (data[at] & 0xC0) == 0x80)
        at--;
    int64_t behind = *end;
    *end = at;
    return next_point(data, behind, &at);
}

/* How many of eight bytes have the lowest bit set. */
static inline int64_t count_flags(uint64_t flags) {
    return (int64_t)((flags & EACH) * EACH >> 56);
}

/* How many code points begin in data[begin:end]. */
static inline int64_t count_points(const uint8_t *data, int64_t begin, int64_t end) {
    int64_t count = 0;
    for (uint64_t some[4]; begin + 32 <= end; begin += 32) { /* where all are ASCII's */
        memcpy(some, data + begin, 32);
        if ((some[0] | some[1] | some[2] | some[3]) & 0x80 * EACH)
            for (int i = 0; i < 4; i++)
                count += count_flags(~(some[i] >> 7) | some[i] >> 6);
        else
            count += 32;
    }
    for (uint64_t eight; begin + 8 <= end; begin += 8) {
        memcpy(&eight, data + begin, 8);
        count += count_flags(~(eight >> 7) | eight >> 6);
    }
    for (; begin < end; begin++)
        count += is_first(data[begin]);
    return count;
}

/* How many bytes of data[begin:end] are a space. */
static inline int64_t count_spaces(const uint8_t *data, int64_t begin, int64_t end) {
    int64_t count = 0;
    for (uint64_t eight; begin + 8 <= end; begin += 8) {
        memcpy(&eight, data + begin, 8);
        eight ^= 0x20 * EACH; /* a byte is none now where adding 0x7F to its lower bits leaves the highest one unset */
        count += count_flags(~(((eight & 0x7F * EACH) + 0x7F * EACH) | eight) >> 7);
    }
    for (; begin < end; begin++)
        count += data[begin] == ' ';
    return count;
}

/* What a table of KNOWN entries says of a code point; nothing of those beyond. */
static inline uint32_t class_of(const uint16_t *classes, uint32_t point) {
    return point < KNOWN ? classes[point] : 0;
}

/* Classes of characters, as `boilerplate_characters.py` names them. */
enum {
    SPACE = 1,
    TERMINAL = 2,
    CLOSER = 4,
    WIDE = 8,
    DIGIT = 16,
    LETTER = 32,
    UPPER = 64,
    WORD = 128,
    HAN = 256,
    KATAKANA = 512,
    HANGUL = 1024,
    COMMA = 2048,
    MARK = 4096,
    OPENER = 8192,
    BEFORE = 16384,
    BULLET = 32768
};

#endif
