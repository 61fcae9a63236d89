/* Words of many texts as 64-bit keys, and what they weigh. Texts are well-formed UTF-8, lone surrogates written as three bytes. */
#include "kernels.h"

#define MIX UINT64_C(0xC2B2AE3D27D4EB4F)
#define FRONT 8  /* bytes before the letters of a text, and after them: eight can be read anywhere */

/* A set of keys: ascending ones, for every slot of their top bits where those of that slot begin (one more at the end), and for
 * every slot a bit that says whether there are any. */
typedef struct {
    const uint64_t *keys;
    const int32_t *first;
    const uint64_t *bits;
    int32_t shift;
} Set;

/* Whether a key may be in a set: 1 or 0. */
static inline int64_t perhaps(const Set *set, uint64_t key) {
    uint64_t slot = key >> set->shift;
    return (int64_t)(set->bits[slot >> 6] >> (slot & 63) & 1);
}

/* The place of a key, -1 for one that is not there. */
static inline int64_t place(const Set *set, uint64_t key) {
    uint64_t slot = key >> set->shift;
    for (int64_t at = set->first[slot]; at < set->first[slot + 1]; at++)
        if (set->keys[at] == key) return at;
    return -1;
}

/*
 * The words of a text, runs of characters that `fold` [256] has letters for: at which characters each begins and ends, one after
 * the other in `edge`[size + 2]; how many. Letters are written to `low` [size + 2 * FRONT], a byte a character. No branches but for
 * characters beyond ASCII: where words end can't be foreseen.
 */
static int64_t edges(const uint8_t *data, int64_t size, const uint8_t *fold, uint8_t *low, int64_t *edge) {
    int64_t count = 0, point = 0;
    uint8_t before = 0;
    memset(low, 0, FRONT);
    for (int64_t at = 0; at < size; at++) {
        uint8_t letter = data[at];
        if (letter >= 0x80) {
            if ((letter & 0xC0) == 0x80) continue; /* the rest of a character */
            int64_t next = at + 1 < size ? at + 1 : at;
            letter = (letter & 0xFE) == 0xC2 ? (uint8_t)(letter << 6 | (data[next] & 0x3F)) : 0; /* 0x80 to 0xFF */
        }
        letter = fold[letter];
        low[FRONT + point] = letter;
        edge[count] = point++;
        count += (letter != 0) != (before != 0);
        before = letter;
    }
    edge[count] = point;
    count += before != 0;
    memset(low + FRONT + point, 0, FRONT);
    return count / 2;
}

/* The key of a word: of its first eight letters, and where there are more of its last eight and its length. */
static inline uint64_t word(const uint8_t *low, int64_t begin, int64_t end) {
    uint64_t length = (uint64_t)(end - begin), kept = length < 8 ? length : 8;
    uint64_t key = (read_eight(low + FRONT + begin) & UINT64_MAX >> (64 - 8 * kept)) * GOLDEN;
    uint64_t last = (read_eight(low + FRONT + end - 8) + length) * MIX;
    key ^= last * (length > 8);
    return key ^ key >> 29;
}

/*
 * All words of `texts` texts, which are at where[text] and have sizes[text] bytes: the key of each, the character at which it
 * begins, counted from base[text], and its length, half as many as there are bytes in all and one more a text; into first[texts + 1]
 * how many come before every text. With n bytes in the longest: low[n + 16], edge[n + 2].
 */
KERNEL void spin_words(const uint64_t *where, const int64_t *sizes, int64_t texts, const uint8_t *fold, uint8_t *low, int64_t *edge,
                       const int64_t *base, uint64_t *keys, int64_t *starts, int64_t *lengths, int64_t *first) {
    int64_t words = 0;
    for (int64_t text = 0; text < texts; text++) {
        int64_t count = edges((const uint8_t *)(uintptr_t)where[text], sizes[text], fold, low, edge);
        first[text] = words;
        for (int64_t at = 0; at < count; at++, words++) {
            int64_t begin = edge[2 * at], end = edge[2 * at + 1];
            keys[words] = word(low, begin, end);
            starts[words] = base[text] + begin;
            lengths[words] = end - begin;
        }
    }
    first[texts] = words;
}

/* The place of each of `count` keys in a set, -1 for one that is not there. `shift`: 64 less the bits of a slot. */
KERNEL void spin_find(const uint64_t *wanted, int64_t count, const uint64_t *keys, const int32_t *first, const uint64_t *bits,
                      int32_t shift, int64_t *found) {
    Set set = {keys, first, bits, shift};
    for (int64_t at = 0; at < count; at++) found[at] = perhaps(&set, wanted[at]) ? place(&set, wanted[at]) : -1;
}

/* What `count` words weigh that stand in `edge` and `low`: sums[n] of those before block n, up to the last one and its end. */
static int64_t blocks(const Set *set, const int16_t *weight, int64_t block, int64_t count, const uint8_t *low, int64_t *edge,
                      uint64_t *keys, int64_t *sums) {
    int64_t some = 0, size = (count + block - 1) / block;
    for (int64_t at = 0; at < count; at++) {
        uint64_t key = word(low, edge[2 * at], edge[2 * at + 1]);
        keys[some] = key;
        edge[some] = at;  /* which has been read */
        some += perhaps(set, key);
    }
    int64_t sum = sums[0] = 0, filled = 0;
    for (int64_t at = 0; at < some; at++) {
        int64_t found = place(set, keys[at]);
        while ((filled + 1) * block <= edge[at]) sums[++filled] = sum;
        if (found >= 0) sum += weight[found];
    }
    while (filled < size) sums[++filled] = sum;
    return size;
}

/*
 * What the words of `texts` texts weigh, which are at where[text] and have sizes[text] bytes: their number, the sum of the weights
 * of those in the set, and the largest such sum of `width` blocks of `block` words that follow each other, 0 where there is no
 * larger one. With n bytes in the longest: low[n + 16], edge[n + 2], some[n / 2 + 1], sums[n / 2 / block + 3].
 */
KERNEL void spin_weigh(const uint64_t *where, const int64_t *sizes, int64_t texts, const uint8_t *fold, const uint64_t *keys,
                       const int32_t *first, const uint64_t *bits, int32_t shift, const int16_t *weight, int64_t block,
                       int64_t width, uint8_t *low, int64_t *edge, uint64_t *some, int64_t *sums, int64_t *words, int64_t *total,
                       int64_t *strongest) {
    Set set = {keys, first, bits, shift};
    for (int64_t text = 0; text < texts; text++) {
        int64_t most = 0, count = edges((const uint8_t *)(uintptr_t)where[text], sizes[text], fold, low, edge);
        int64_t size = blocks(&set, weight, block, count, low, edge, some, sums);
        for (int64_t at = 0; at + width <= size; at++)
            if (sums[at + width] - sums[at] > most) most = sums[at + width] - sums[at];
        words[text] = count;
        total[text] = sums[size];
        strongest[text] = most;
    }
}
