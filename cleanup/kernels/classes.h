/* From the hash of a word to the class of its synonyms. */
#ifndef CLEANUP_CLASSES_H
#define CLEANUP_CLASSES_H

#include "sketch.h"

#define FIRM 0x80000000u  /* set in words that no spinner is known to change */
#define CLASS 0x9E3779B1u /* the golden ratio */

/* A number of 16 bits among others. */
static inline uint32_t read_move(const uint32_t *moves, uint32_t group) {
    uint16_t found;
    memcpy(&found, (const uint8_t *)moves + 2 * (size_t)group, 2);
    return found;
}

/*
 * The value of a word: 0 for a stop word, below FIRM for a word with a class, else the word's own. A table has 1 << bits pairs of
 * a word and its value, and behind them, two in a number, for every group of words what moves these away from each other: the first
 * bits of a word are its place, the last its group. So there is one place to look at, and nothing for a processor to guess.
 */
static inline uint32_t class_of(uint32_t word, const uint32_t *table, int32_t bits) {
    uint32_t group = word & (((uint32_t)1 << (bits - 2)) - 1), own = word | FIRM;
    const uint32_t *one = table + 2 * (size_t)(word >> (32 - bits) ^ read_move(table + ((size_t)2 << bits), group));
    return own ^ ((one[1] ^ own) & -(uint32_t)(one[0] == word));
}

#endif
