/* The table of classes: words between blanks, and the class of each. */
#include "classes.h"

#define MOVES 0x10000u /* that are tried for a group */

/* Put some words of one group into places that are free; a word that came before is left out. Returns whether that was possible,
 * and else changes nothing. */
static int place(const uint32_t *words, const uint32_t *values, const int64_t *group, int64_t size, uint32_t move, uint32_t *table,
                 int32_t bits) {
    int64_t done = 0;
    for (; done < size; done++) {
        uint32_t word = words[group[done]], *one = table + 2 * (size_t)(word >> (32 - bits) ^ move);
        if (one[0] == word) continue;
        if (one[0]) break;
        one[0] = word;
        one[1] = values[group[done]];
    }
    if (done == size) return 1;
    while (done--) {
        uint32_t *one = table + 2 * (size_t)(words[group[done]] >> (32 - bits) ^ move);
        one[0] = 0;
        one[1] = FIRM;
    }
    return 0;
}

/*
 * Put `count` words with their values into a table as `class_of` reads it, 3 <= bits <= 30, of which the pairs are `0, FIRM` and the
 * rest 0; of a word that comes again the first value counts. No word is 0. Returns 0 where that is impossible; in a table with
 * twice as many places as words it is hardly ever. bounds[(1 << bits - 2) + 1], order[count]: room.
 */
KERNEL int64_t classes_fill(const uint32_t *words, const uint32_t *values, int64_t count, uint32_t *table, int32_t bits,
                            int64_t *bounds, int64_t *order) {
    int64_t groups = (int64_t)1 << (bits - 2), most = 0;
    uint32_t *moves = table + ((size_t)2 << bits);
    memset(bounds, 0, sizeof *bounds * (size_t)(groups + 1));
    for (int64_t i = 0; i < count; i++) bounds[words[i] & (uint32_t)(groups - 1)]++;
    for (int64_t group = 0, total = 0; group <= groups; group++) {
        most = bounds[group] > most ? bounds[group] : most;
        bounds[group] = total += bounds[group];
    }
    for (int64_t i = count; i--;) order[--bounds[words[i] & (uint32_t)(groups - 1)]] = i;
    for (int64_t size = most; size; size--) /* large groups first, while there is room */
        for (int64_t group = 0; group < groups; group++) {
            if (bounds[group + 1] - bounds[group] != size) continue;
            uint32_t move = 0, end = MOVES < (uint32_t)1 << bits ? MOVES : (uint32_t)1 << bits;
            while (move < end && !place(words, values, order + bounds[group], size, move, table, bits)) move++;
            if (move == end) return 0;
            memcpy((uint8_t *)moves + 2 * group, &(uint16_t){(uint16_t)move}, 2);
        }
    return 1;
}

/* The values of `count` words. */
KERNEL void classes_lookup(const uint32_t *words, int64_t count, const uint32_t *table, int32_t bits, uint32_t *values) {
    for (int64_t i = 0; i < count; i++) values[i] = class_of(words[i], table, bits);
}

/*
 * The words of `count` texts that stand between blanks and are one token: their hashes, text after text, and into bounds[count + 1]
 * where those of each begin. The UTF-8 of text t stands at the address where[t] and has sizes[t] <= longest bytes; fold[65536]: see
 * `fold_text`. hashes: room for half as many as there are bytes, and two more a text, and AHEAD. With m = longest + AHEAD + 3:
 * room[19 m bytes].
 */
KERNEL void single_words(const uint64_t *where, const int64_t *sizes, int64_t count, int64_t longest, const uint8_t *fold,
                         uint32_t *hashes, int64_t *bounds, uint64_t *room) {
    int64_t most = longest + AHEAD + 3, total = 0, *starts = (int64_t *)room, *ends = starts + most;
    uint16_t *units = (uint16_t *)(ends + most);
    uint8_t *low = (uint8_t *)(units + most);
    for (int64_t text = 0; text < count; text++) {
        int special;
        bounds[text] = total;
        low[0] = 0;
        units[0] = 0;
        int64_t length = 1 + fold_text((const uint8_t *)(uintptr_t)where[text], sizes[text], UNITS, fold, low + 1, units + 1, &special);
        memset(low + length, 0, 9);
        units[length] = 0;
        int64_t found = text_tokens(low, units, 0, length + 1, special & ALONE, hashes + total, starts, ends);
        for (int64_t at = 0, first = total; at < found; at++) { /* a blank, or the text's end, on either side */
            uint32_t hash = hashes[first + at];
            hashes[total] = hash;
            total += ((units[starts[at] - 1] | units[ends[at]] | 0x20) == 0x20);
        }
    }
    bounds[count] = total;
}
