/* From the hashes of tokens and shingles to sketches. What these are must never change: indexes hold them. */
#include "classes.h"

#define LATE 0x80000000u /* set in what later rounds of a signature fill in */
#define ROUNDS 6         /* at most, before the slots still empty are filled one by one */
#define MOST 128         /* values that are sorted by counting */
#define ANCHORS 16       /* smallest hashes of a text that are kept, for either family */
#define CANON 32
#define FEW 16           /* in a text with fewer empty slots than one in so many these borrow at once */

/* Multipliers: from the SplitMix64 sequence, made odd; of 32 bits the upper halves. */
#define SLOT 0x55327417u /* seed 0x5EED */
#define VALUE 0x5D5BCA47u
#define MIX 0x70D29B6Du
#define LENDER 0x0BF2B717u
#define LEFT 0x4B50989Bu /* seed 0x9A12 */
#define WORD 0x1034E5EA01974C27u /* seed 0xA2C402 */
#define TEXT 0x3156C2B1209FCC7Fu
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

/* Fast Similarity Sketching of `count` values. room[k * (FEW + 1) + size], `size` being a power of two above k * FEW. */
static void fss(const uint32_t *values, int64_t count, int64_t k, uint32_t *row, uint32_t *room, int64_t size) {
    clear(row, k);
    for (int64_t i = 0; i < count; i++) {
        int64_t at = slot(values[i], k);
        row[at] = smaller(row[at], thrown(values[i]));
    }
    int64_t missing = count ? empty(row, k) : 0;
    if (missing * FEW > k) {
        fill(row, k, values, count, room, size);
    } else if (missing) {
        borrow(row, k, room);
    }
}

/* The `affine32` MinHash of datasketch: of every value, mixed as by the finaliser of MurmurHash3, the smallest a[k] * x + b[k]. */
static void affine(const uint32_t *values, int64_t count, const uint32_t *a, const uint32_t *b, int64_t k, uint32_t *row) {
    clear(row, k);
    for (int64_t i = 0; i < count; i++) {
        uint32_t mixed = values[i] ^ values[i] >> 16;
        mixed *= 0x85EBCA6Bu;
        mixed = (mixed ^ mixed >> 13) * 0xC2B2AE35u;
        mixed ^= mixed >> 16;
        for (int64_t at = 0; at < k; at++) row[at] = smaller(row[at], mixed * a[at] + b[at]);
    }
}

/* The `size` smallest of `count` values in order, behind them EMPTY; with `once` none twice. */
static void insert(const uint32_t *values, int64_t count, int64_t size, int once, uint32_t *found) {
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

/* The same of at most MOST values, where all are below EMPTY: each goes where its rank says. Returns how many were found. */
static int64_t rank(const uint32_t *values, int64_t count, int64_t size, int once, uint32_t *found) {
    uint32_t sorted[MOST];
    int64_t done = 0;
    clear(sorted, count);
    for (int64_t i = 0; i < count; i++) {
        uint32_t at = 0, value = values[i];
        for (int64_t j = 0; j < count; j++) at += values[j] < value;
        sorted[at] = value;
    }
    for (int64_t at = 0; at < count && done < size; at++) { /* equal ones had one rank and left gaps */
        if (sorted[at] != EMPTY) {
            found[done++] = sorted[at];
        } else if (!once) {
            found[done] = found[done - 1];
            done++;
        }
    }
    return done;
}

/*
 * The same. Of evenly spread values of 31 bits there would be `many`, so that it is known where the smallest end, all but
 * surely, and few have to be put in order; where they don't, `insert` finds them.
 */
static void select_smallest(const uint32_t *values, int64_t count, int64_t many, int64_t size, int once, uint32_t *found) {
    uint64_t limit = many > 0 ? ((uint64_t)(size + size / 3 + 8) << 31) / (uint64_t)many : EMPTY;
    uint32_t some[MOST + 1];
    int64_t chosen = 0;
    limit = limit < EMPTY ? limit : EMPTY - 1;
    for (int64_t i = 0; i < count && chosen <= MOST; i++) {
        some[chosen] = values[i];
        chosen += values[i] <= limit;
    }
    int64_t done = chosen <= MOST ? rank(some, chosen, size, once, found) : 0;
    if (done < size) clear(found + done, size - done);
    if (chosen > MOST || (done < size && limit < EMPTY - 1)) insert(values, count, size, once, found);
}

/* 64 bits that only texts with the same words in the same order share: of the words in any order, and of their windows, which know
 * the order; 0 for a text without words. */
static uint64_t exact_key(const uint32_t *hashes, const uint32_t *values, int64_t size) {
    uint64_t words = 0, windows = 0;
    for (int64_t i = 0; i < size; i++) {
        words += hashes[i];
        windows += values[i];
    }
    return words * WORD + windows * TEXT;
}

/* ------------------------------------------------------------------------------------------------ the canonical family */

/*
 * The `most` smallest pairs of neighbouring content words: stop words dropped, the others by class. Pairs with a word that no
 * spinner is known to change have the smaller values. room[size].
 */
static void canonical(const uint32_t *hashes, int64_t size, const uint32_t *table, int32_t bits, int64_t most, uint32_t *room,
                      uint32_t *found) {
    int64_t words = 0, firm = 0;
    for (int64_t i = 0; i < size; i++) room[i] = class_of(hashes[i], table, bits);
    for (int64_t i = 0; i < size; i++) {
        uint32_t value = room[i];
        room[words] = value;
        words += value != 0;
    }
    for (int64_t i = 0; i + 1 < words; i++) {
        uint32_t joined = room[i] * LEFT + room[i + 1], soft = ~(room[i] | room[i + 1]) & FIRM;
        room[i] = spread(joined ^ joined >> 16) >> 1 | soft;
        firm += !soft;
    }
    select_smallest(room, words ? words - 1 : 0, firm, most, 1, found);
}

/* ------------------------------------------------------------------------------------------------------------- sketches */
/*
 * Sketches of `count` texts: of text t the UTF-8 stands at the address where[t] and has sizes[t] <= longest bytes; with ESCAPES in
 * `how` it stands as in a string of JSON, and three bytes behind it.
 * fold[65536]: see `fold_text`. a[k], b[k]: the permutations of `affine32`; `affine_`: whether this is the scheme.
 * classes, bits: see `classes_fill`; without bits there is only the signature, and the other fields are not written.
 * Written: table[count][k], exact[count], words[count], anchors[count][ANCHORS], canon[count][CANON].
 * room: 27 * (longest + AHEAD + 1) + 4 * (k * (FEW + 1) + size) bytes, `size` being a power of two above k * FEW.
 */
KERNEL void sketches(const uint64_t *where, const int64_t *sizes, int64_t count, int64_t longest, int32_t how,
                     const uint8_t *fold, int64_t width, int64_t k, int32_t affine_, const uint32_t *a, const uint32_t *b, const uint32_t *classes,
                     int32_t bits, uint32_t *table, uint64_t *exact, uint32_t *words, uint32_t *anchors, uint32_t *canon,
                     uint64_t *room, int64_t size) {
    int64_t most = longest + AHEAD + 1, *starts = (int64_t *)room, *ends = starts + most;
    uint32_t *hashes = (uint32_t *)(ends + most), *values = hashes + most, *more = values + most;
    uint16_t *units = (uint16_t *)(more + k * (FEW + 1) + size);
    uint8_t *low = (uint8_t *)(units + most);
    for (int64_t text = 0; text < count; text++) {
        int special;
        int64_t length = fold_text((const uint8_t *)(uintptr_t)where[text], sizes[text], how, fold, low, units, &special);
        memset(low + length, 0, 9); /* a separator, and eight bytes for whoever reads eight at a time */
        int64_t found = text_tokens(low, units, 0, length + 1, special & ALONE, hashes, starts, ends);
        int64_t shingled = text_shingles(hashes, found, width, values);
        uint32_t *row = table + text * k;
        if (affine_) {
            affine(values, shingled, a, b, k, row);
        } else {
            fss(values, shingled, k, row, more, size);
        }
        if (!bits) continue;
        words[text] = (uint32_t)found;
        exact[text] = exact_key(hashes, values, found);
        if (affine_) {
            select_smallest(values, shingled, shingled / 2, ANCHORS, 1, anchors + text * ANCHORS);
        } else { /* the smallest hashes of a text are among the smallest of its slots */
            select_smallest(row, k, shingled, ANCHORS, 0, anchors + text * ANCHORS);
        }
        canonical(hashes, found, classes, bits, CANON, values, canon + text * CANON);
    }
}
