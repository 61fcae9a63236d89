/* From the hashes of tokens and shingles to sketches. What these are must never change: indexes hold them. */
#include "kernels.h"

#define EMPTY 0xFFFFFFFFu
#define LATE 0x80000000u /* set in what later rounds of a signature fill in */
#define FIRM 0x80000000u /* set in words that no spinner is known to change */
#define ROUNDS 6         /* at most, before the slots still empty are filled one by one */
#define FEW 16           /* in a text with fewer empty slots than one in so many these borrow at once */

/* Multipliers: from the SplitMix64 sequence, made odd; of 32 bits the upper halves. */
#define SLOT 0x55327417u /* seed 0x5EED */
#define VALUE 0x5D5BCA47u
#define MIX 0x70D29B6Du
#define LENDER 0x0BF2B717u
#define LEFT 0x4B50989Bu /* seed 0x9A12 */
#define WORD 0x1034E5EA01974C27u /* seed 0xA2C402 */
#define TEXT 0x3156C2B1209FCC7Fu
#define FINISH 0xFCDAD829u /* as for shingles */
#define LAST 0x1DD280C5u
#define CLASS 0x9E3779B1u /* the golden ratio: where a word stands in the table of classes; nothing else depends on it */
static const uint32_t XOR[ROUNDS] = {0xEB12B323u, 0x0D4E5C95u, 0x6374363Fu, 0x5BA64CFFu, 0x84E54CE5u, 0xD698753Fu};   /* 0xF55 */
static const uint32_t TIMES[ROUNDS] = {0x0310E919u, 0xF8D75353u, 0x4B5C01D7u, 0xC40874C1u, 0x02504335u, 0xDFBA9BEBu}; /* 0xF56 */

static int64_t slot(uint32_t value, int64_t k) { return (int64_t)((uint64_t)value * (uint64_t)k >> 32); }

/* 31 bits that go their own way among the values of a slot. */
static uint32_t thrown(uint32_t value) { return value * VALUE >> 1; }

static int64_t empty(const uint32_t *row, int64_t k) {
    int64_t found = 0;
    for (int64_t i = 0; i < k; i++) found += row[i] == EMPTY;
    return found;
}

static void clear(uint32_t *row, int64_t k) {
    for (int64_t i = 0; i < k; i++) row[i] = EMPTY;
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Every empty slot gets the value of the first slot that isn't, from a place of its own on. There is one. fresh[k]: room. */
static void borrow(uint32_t *row, int64_t k, uint32_t *fresh) {
    memcpy(fresh, row, (size_t)k * sizeof *row);
    for (int64_t at = 0; at < k; at++) {
        if (fresh[at] != EMPTY) continue;
        int64_t lender = slot((uint32_t)(at + 1) * LENDER, k);
        while (fresh[lender] == EMPTY) lender = lender + 1 < k ? lender + 1 : 0;
        row[at] = fresh[lender] | LATE;
    }
}

/* Throw all values anew and fill slots that are still empty; values carry the top bit. fresh[k]: room. */
static void another_round(uint32_t *row, int64_t k, const uint32_t *values, int64_t count, int turn, uint32_t *fresh) {
    clear(fresh, k);
    for (int64_t i = 0; i < count; i++) {
        uint32_t mixed = (values[i] ^ XOR[turn]) * TIMES[turn];
        mixed ^= mixed >> 15;
        mixed *= MIX;
        int64_t at = slot(mixed, k);
        fresh[at] = smaller(fresh[at], thrown(mixed) | LATE);
    }
    for (int64_t at = 0; at < k; at++) row[at] = row[at] == EMPTY ? fresh[at] : row[at];
}

/* Fill what is still empty slot by slot, each with the smallest value of a hash function of its own. */
static void complete(uint32_t *row, int64_t k, const uint32_t *values, int64_t count) {
    for (int64_t at = 0; at < k; at++) {
        if (row[at] != EMPTY) continue;
        uint32_t times = (uint32_t)(at + 1) * SLOT | 1, least = EMPTY;
        for (int64_t i = 0; i < count; i++) least = smaller(least, values[i] * times);
        row[at] = smaller(least >> 1, 0x7FFFFFFEu) | LATE;
    }
}

/*
 * The different ones among `count` values, into found[most]: how many, or -1 where there are more than `most`. set[size], size
 * being a power of two above `most`: room.
 */
static int64_t distinct(const uint32_t *values, int64_t count, uint32_t *found, int64_t most, uint32_t *set, int64_t size) {
    int64_t known = 0, last = 0;
    clear(set, size);
    for (int64_t i = 0; i < count; i++) {
        uint32_t value = values[i];
        int64_t at = (int64_t)(value * CLASS) & (size - 1);
        while (set[at] != EMPTY && set[at] != value) at = (at + 1) & (size - 1);
        if (set[at] == value && (value != EMPTY || last)) continue;
        if (known == most) return -1;
        set[at] = found[known++] = value;
        last |= value == EMPTY;
    }
    return known;
}

/* Fill the many empty slots of a text, in rounds while they are many. */
static void fill(uint32_t *row, int64_t k, const uint32_t *values, int64_t count, uint32_t *room, int64_t size) {
    uint32_t *fresh = room, *found = room + k, *set = found + k * FEW;
    if (count > k * FEW) { /* so long and yet with empty slots: few distinct shingles, repeated */
        int64_t known = distinct(values, count, found, k * FEW, set, size);
        if (known >= 0) values = found, count = known;
    }
    for (int turn = 1; turn < ROUNDS && empty(row, k) * FEW > k; turn++) another_round(row, k, values, count, turn, fresh);
    complete(row, k, values, count);
}

/*
 * Fast Similarity Sketching of texts, table[texts][k]: text t has the counts[t] shingles from values[bounds[t]] on.
 * room[k * (FEW + 1) + size], `size` being a power of two above k * FEW.
 */
KERNEL void fss(const uint32_t *values, const int64_t *bounds, const int64_t *counts, int64_t texts, int64_t k, uint32_t *table,
                uint32_t *room, int64_t size) {
    for (int64_t text = 0; text < texts; text++) {
        const uint32_t *own = values + bounds[text];
        uint32_t *row = table + text * k;
        clear(row, k);
        for (int64_t i = 0; i < counts[text]; i++) {
            int64_t at = slot(own[i], k);
            row[at] = smaller(row[at], thrown(own[i]));
        }
        int64_t missing = counts[text] ? empty(row, k) : 0;
        if (missing * FEW > k) {
            fill(row, k, own, counts[text], room, size);
        } else if (missing) {
            borrow(row, k, room);
        }
    }
}

/* The `size` smallest of `count` values in order, behind them EMPTY; with `once` no value twice. */
static void select_smallest(const uint32_t *values, int64_t count, int64_t size, int once, uint32_t *found) {
    clear(found, size);
    for (int64_t i = 0; i < count; i++) {
        uint32_t value = values[i];
        if (value >= found[size - 1]) continue;
        int64_t at = 0;
        for (int64_t j = 0; j < size; j++) at += found[j] < value;
        if (once && found[at] == value) continue;
        memmove(found + at + 1, found + at, (size_t)(size - 1 - at) * sizeof *found);
        found[at] = value;
    }
}

/* The `size` >= 1 smallest values of every text, found[texts][size]; text t has the counts[t] values from values[bounds[t]] on. */
KERNEL void smallest(const uint32_t *values, const int64_t *bounds, const int64_t *counts, int64_t texts, int64_t size,
                     int32_t once, uint32_t *found) {
    for (int64_t text = 0; text < texts; text++) {
        select_smallest(values + bounds[text], counts[text], size, once, found + text * size);
    }
}

/* 64 bits that only texts with the same words in the same order share, exact[texts]: of the words in any order and of their
 * windows, which know the order (and have EMPTY at the places without one); 0 for a text without words. */
KERNEL void exact_keys(const uint32_t *hashes, const uint32_t *values, const int64_t *bounds, int64_t texts, uint64_t *exact) {
    for (int64_t text = 0; text < texts; text++) {
        uint64_t words = 0, windows = 0;
        for (int64_t i = bounds[text]; i < bounds[text + 1]; i++) {
            words += hashes[i];
            windows += values[i];
        }
        exact[text] = words * WORD + windows * TEXT;
    }
}

/* ------------------------------------------------------------------------------------------------ the canonical family */
static int64_t home(uint32_t word, int32_t bits) { return (int64_t)(word * CLASS >> (32 - bits)); }

/*
 * Put `count` words with their values into table[2 << bits], pairs of a word and its value, which has `0, FIRM` where there is
 * none; more than half of it stays so. No word is 0.
 */
KERNEL void classes_fill(const uint32_t *words, const uint32_t *values, int64_t count, uint32_t *table, int32_t bits) {
    int64_t mask = ((int64_t)1 << bits) - 1;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = home(words[i], bits);
        while (table[2 * at]) at = (at + 1) & mask;
        table[2 * at] = words[i];
        table[2 * at + 1] = values[i];
    }
}

/* The value of a word: 0 for a stop word, below FIRM for a word with a class, else the word's own. */
static uint32_t class_of(uint32_t word, const uint32_t *table, int32_t bits) {
    int64_t mask = ((int64_t)1 << bits) - 1, at = home(word, bits);
    while (table[2 * at] && table[2 * at] != word) at = (at + 1) & mask;
    return table[2 * at] == word ? table[2 * at + 1] : word | FIRM;
}

/* The values of `count` words. */
KERNEL void classes_lookup(const uint32_t *words, int64_t count, const uint32_t *table, int32_t bits, uint32_t *values) {
    for (int64_t i = 0; i < count; i++) values[i] = class_of(words[i], table, bits);
}

/*
 * The `size` smallest pairs of neighbouring content words of every text, found[texts][size]: stop words dropped, the others by
 * class. Pairs with a word that no spinner is known to change have the smaller values. room[]: for the words of the longest text.
 */
KERNEL void canonical_smallest(const uint32_t *hashes, const int64_t *bounds, int64_t texts, const uint32_t *table, int32_t bits,
                               int64_t size, uint32_t *room, uint32_t *found) {
    for (int64_t text = 0; text < texts; text++) {
        int64_t words = 0;
        for (int64_t i = bounds[text]; i < bounds[text + 1]; i++) {
            uint32_t value = class_of(hashes[i], table, bits);
            room[words] = value;
            words += value != 0;
        }
        for (int64_t i = 0; i + 1 < words; i++) {
            uint32_t joined = room[i] * LEFT + room[i + 1], soft = ~(room[i] | room[i + 1]) & FIRM;
            joined = (joined ^ joined >> 16) * FINISH;
            joined = (joined ^ joined >> 15) * LAST;
            room[i] = joined >> 1 | soft;
        }
        select_smallest(room, words ? words - 1 : 0, size, 1, found + text * size);
    }
}
