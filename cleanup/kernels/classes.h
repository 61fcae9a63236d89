/* From the hash of a word to the class of its synonyms. */
#ifndef CLEANUP_CLASSES_H
#define CLEANUP_CLASSES_H

#include "sketch.h"

#define FIRM 0x80000000u  /* set in words that no spinner is known to change */
#define CLASS 0x9E3779B1u /* the golden ratio: where a word stands in the table of classes; nothing else depends on it */

static inline int64_t class_home(uint32_t word, int32_t bits) { return (int64_t)(word * CLASS >> (32 - bits)); }

/* The value of a word: 0 for a stop word, below FIRM for a word with a class, else the word's own. Two places are looked at at
 * a time, for to guess where a word is costs a processor more. */
static inline uint32_t class_of(uint32_t word, const uint32_t *table, int32_t bits) {
    uint32_t own = word | FIRM, change = 0, more; /* change: what tells the value from the word's own */
    int64_t at = class_home(word, bits);
    do {
        const uint32_t *one = table + 2 * at, *two = one + 2;
        uint32_t first = -(uint32_t)(one[0] == word), second = -(uint32_t)(two[0] == word);
        change |= ((one[1] ^ own) & first) | ((two[1] ^ own) & second);
        more = ~(first | second) & -(uint32_t)(one[0] != 0) & -(uint32_t)(two[0] != 0);
        at = (at + 2) & (((int64_t)1 << bits) - 1);
    } while (more);
    return own ^ change;
}

#endif
