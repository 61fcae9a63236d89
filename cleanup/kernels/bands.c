/* Buckets of sketches: which documents have a value in common. */
#include "sketch.h"

#define GROUP 32 /* values looked at in one go */

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
