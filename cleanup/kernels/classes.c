/* The table of classes: words between blanks, and the class of each. */
#include "classes.h"

/*
 * Put `count` words with their values into table[(1 << bits) + 1][2], pairs of a word and its value, which has `0, FIRM` where
 * there is none; so it has in most places. Of a word that comes again the first value counts. No word is 0. The last pair is the
 * first one again.
 */
KERNEL void classes_fill(const uint32_t *words, const uint32_t *values, int64_t count, uint32_t *table, int32_t bits) {
    int64_t mask = ((int64_t)1 << bits) - 1;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = class_home(words[i], bits);
        while (table[2 * at] && table[2 * at] != words[i]) at = (at + 1) & mask;
        if (table[2 * at]) continue;
        table[2 * at] = words[i];
        table[2 * at + 1] = values[i];
    }
    memcpy(table + 2 * mask + 2, table, 2 * sizeof *table);
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
