/* Buckets of sketches: which documents have a value in common. */
#include "sketch.h"

#define GROUP 32 /* values looked at in one go */
#define SOON 8   /* pairs ahead of which rows are fetched: most are far from each other in memory */

/* Fetch the row of `bytes` bytes, 64 at a time. */
static void fetch_row(const void *row, int64_t bytes) {
    for (int64_t at = 0; at < bytes; at += 64) __builtin_prefetch((const uint8_t *)row + at);
}

/* A bit for each of `count` <= GROUP values: whether it ends in the bits `turn`. */
static uint32_t fitting(const uint32_t *values, int64_t count, uint32_t mask, uint32_t turn, const uint32_t *bit) {
    uint32_t found = 0;
    for (int64_t i = 0; i < count; i++) found |= bit[i] & -(uint32_t)((values[i] & mask) == turn);
    return found;
}

/*
 * The values of table[documents][columns] that are `turn` modulo `turns` (a power of two), of those documents for which
 * chosen[documents] is not 0: each as a word, the value above the document's place[documents]. Returns how many there are, of
 * which the first `room` are written to words[room].
 */
KERNEL int64_t band_values(const uint32_t *table, int64_t documents, int64_t columns, const uint8_t *chosen,
                           const uint32_t *place, uint32_t turn, uint32_t turns, uint64_t *words, int64_t room) {
    uint32_t bit[GROUP];
    int64_t found = 0;
    for (int i = 0; i < GROUP; i++) bit[i] = (uint32_t)1 << i;
    for (int64_t document = 0; document < documents; document++) {
        if (!chosen[document]) continue;
        for (int64_t column = 0; column < columns; column += GROUP) {
            const uint32_t *values = table + document * columns + column;
            uint32_t bits = fitting(values, columns - column < GROUP ? columns - column : GROUP, turns - 1, turn, bit);
            for (; bits; bits &= bits - 1) {
                uint32_t value = values[__builtin_ctz(bits)];
                if (value == EMPTY) continue;
                if (found < room) words[found] = (uint64_t)value << 32 | place[document];
                found++;
            }
        }
    }
    return found;
}

/* How many of `count` numbers of `size` bytes (2 or 4) are the same in two rows. */
static int64_t equal(const uint8_t *one, const uint8_t *two, int64_t count, int64_t size) {
    int64_t found = 0;
    for (int64_t i = 0; size == 2 && i < count; i++) {
        uint16_t a, b;
        memcpy(&a, one + 2 * i, 2);
        memcpy(&b, two + 2 * i, 2);
        found += a == b;
    }
    for (int64_t i = 0; size == 4 && i < count; i++) {
        uint32_t a, b;
        memcpy(&a, one + 4 * i, 4);
        memcpy(&b, two + 4 * i, 4);
        found += a == b;
    }
    return found;
}

/*
 * Rows of `columns` numbers of `size` bytes each (2 or 4): of row a[i] of `one` and row b[i] of `two`, for `pairs` of them, how many
 * columns are equal; of `group` > 1 columns that stand together how many groups of them are equal in all.
 */
KERNEL void rows_equal(const uint8_t *one, const uint8_t *two, int64_t columns, int64_t size, int64_t group, const int64_t *a,
                       const int64_t *b, int64_t pairs, int64_t *found) {
    int64_t row = columns * size, width = group * size;
    for (int64_t pair = 0; pair < pairs; pair++) {
        const uint8_t *left = one + a[pair] * row, *right = two + b[pair] * row;
        if (pair + SOON < pairs) {
            fetch_row(one + a[pair + SOON] * row, row);
            fetch_row(two + b[pair + SOON] * row, row);
        }
        found[pair] = group > 1 ? 0 : equal(left, right, columns, size);
        for (int64_t at = 0; group > 1 && at + width <= row; at += width) found[pair] += !memcmp(left + at, right + at, (size_t)width);
    }
}

/*
 * Rows of `columns` different values in order, EMPTY behind the last: of the `columns` smallest ones of row a[i] of `one` and row
 * b[i] of `two` together, how many there are (`every`), and how many both rows have.
 */
KERNEL void rows_common(const uint32_t *one, const uint32_t *two, int64_t columns, const int64_t *a, const int64_t *b, int64_t pairs,
                        int64_t *common, int64_t *every) {
    for (int64_t pair = 0; pair < pairs; pair++) {
        const uint32_t *left = one + a[pair] * columns, *right = two + b[pair] * columns;
        if (pair + SOON < pairs) {
            fetch_row(one + a[pair + SOON] * columns, 4 * columns);
            fetch_row(two + b[pair + SOON] * columns, 4 * columns);
        }
        int64_t i = 0, j = 0, both = 0, all = 0;
        for (; all < columns; all++) {
            uint32_t low = i < columns ? left[i] : EMPTY, other = j < columns ? right[j] : EMPTY;
            if (low == EMPTY && other == EMPTY) break;
            both += low == other;
            i += low <= other;
            j += other <= low;
        }
        common[pair] = both;
        every[pair] = all;
    }
}

/*
 * Which of `count` sorted pairs, words of two numbers of 32 bits, came before: in a call before this one as far as bits[size] can tell,
 * which may take one for another, or in this. They are written to found[count], as often as they came again; how many. Each has two bits
 * in a word near the place of its first number, so that all go through memory in order.
 */
KERNEL int64_t pairs_again(const uint64_t *pairs, int64_t count, uint64_t factor, int64_t near, uint64_t *bits, int64_t size,
                           uint64_t *found) {
    int64_t again = 0;
    for (int64_t i = 0; i < count; i++) {
        uint64_t pair = pairs[i], hashed = pair * factor;
        uint64_t mine = UINT64_C(1) << (hashed >> 58) | UINT64_C(1) << (hashed >> 52 & 63);
        int64_t at = (int64_t)(hashed >> 30 & (uint64_t)(near - 1)) + (int64_t)(pair >> 32);
        if (at >= size) at %= size;
        found[again] = pair;
        again += (bits[at] & mine) == mine;
        bits[at] |= mine;
    }
    return again;
}
