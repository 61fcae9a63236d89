/* A longest common subsequence of two rows of words, by bits (Hyyro 2004), and an alignment that makes it. */
#include "kernels.h"

/* Words of a row, numbered as they come first, in a table of 2^(32 - shift) places; -1 is no number. */
typedef struct {
    uint32_t *words;
    int32_t *numbers;
    uint32_t shift, mask, salt;
} Table;

/* What an alignment needs: the table; a row of bits for each word, where it stands; a row for each of the other words. */
typedef struct {
    Table table;
    uint64_t *stands, *rows;
} Room;

/* Empty, with room for `count` words. What they are decides where they go, so that nobody can make them all go to one place. */
static void clear(Table *table, const uint32_t *words, int64_t count) {
    uint32_t bits = 1, sum = 0;
    while ((int64_t)1 << bits < 2 * count) bits++;
    for (int64_t at = 0; at < count; at++) sum += words[at];
    memset(table->numbers, 0xFF, sizeof *table->numbers << bits);
    table->shift = 32 - bits;
    table->mask = (uint32_t)(((uint64_t)1 << bits) - 1);
    table->salt = (sum * UINT32_C(0x9E3779B1) ^ UINT32_C(0x5BD1E995)) | 1;
}

/* Where the word is, or may be put. */
static uint32_t slot(const Table *table, uint32_t word) {
    uint32_t at = word * table->salt >> table->shift;
    while (table->numbers[at] >= 0 && table->words[at] != word) at = (at + 1) & table->mask;
    return at;
}

static void note_words(Room *room, const uint32_t *words, int64_t count, int64_t blocks) {
    int32_t known = 0;
    clear(&room->table, words, count);
    memset(room->stands, 0, (size_t)(count * blocks) * sizeof *room->stands);
    for (int64_t at = 0; at < count; at++) {
        uint32_t where = slot(&room->table, words[at]);
        if (room->table.numbers[where] < 0) {
            room->table.words[where] = words[at];
            room->table.numbers[where] = known++;
        }
        room->stands[room->table.numbers[where] * blocks + (at >> 6)] |= UINT64_C(1) << (at & 63);
    }
}

/* One more of the other words: from the bits behind the one before it, before[blocks], those behind it, after[blocks]. */
static void step(const uint64_t *before, const uint64_t *stands, int64_t blocks, uint64_t *after) {
    uint64_t carry = 0;
    for (int64_t block = 0; block < blocks; block++) {
        uint64_t old = before[block], both = old & stands[block], low = old + carry, sum = low + both;
        carry = (low < carry) | (sum < both);
        after[block] = sum | (old - both);
    }
}

static int unmet(const uint64_t *row, int64_t column) {
    return row[column >> 6] >> (column & 63) & 1;
}

/* Where the aligned words stand in one[count] and in two[others], in order; how many. */
static int64_t align_middle(const uint32_t *one, int64_t count, const uint32_t *two, int64_t others, Room *room, int64_t *left,
                            int64_t *right) {
    int64_t blocks = (count + 63) >> 6, found = 0, column = count, row = others;
    note_words(room, one, count, blocks);
    uint64_t *rows = room->rows + blocks; /* behind the bits before the first word */
    memset(room->rows, 0xFF, (size_t)blocks * sizeof *rows);
    for (int64_t at = 0; at < others; at++) {
        int32_t number = room->table.numbers[slot(&room->table, two[at])];
        if (number < 0)
            memcpy(rows + at * blocks, rows + (at - 1) * blocks, (size_t)blocks * sizeof *rows);
        else
            step(rows + (at - 1) * blocks, room->stands + number * blocks, blocks, rows + at * blocks);
    }
    while (row && column) {
        if (unmet(rows + (row - 1) * blocks, column - 1)) {
            column--;
            continue;
        }
        row--;
        if (unmet(rows + (row - 1) * blocks, column - 1)) {
            left[found] = --column;
            right[found++] = row;
        }
    }
    for (int64_t low = 0, high = found - 1; low < high; low++, high--) {
        int64_t a = left[low], b = right[low];
        left[low] = left[high];
        right[low] = right[high];
        left[high] = a;
        right[high] = b;
    }
    return found;
}

/* The same, after what both begin and end with. */
static int64_t align(const uint32_t *one, int64_t count, const uint32_t *two, int64_t others, Room *room, int64_t *left,
                     int64_t *right) {
    int64_t less = count < others ? count : others, begin = 0, end = 0, found;
    while (begin < less && one[begin] == two[begin]) begin++;
    while (end < less - begin && one[count - 1 - end] == two[others - 1 - end]) end++;
    for (int64_t at = 0; at < begin; at++) left[at] = right[at] = at;
    found = align_middle(one + begin, count - begin - end, two + begin, others - begin - end, room, left + begin, right + begin);
    for (int64_t at = begin; at < begin + found; at++) {
        left[at] += begin;
        right[at] += begin;
    }
    found += begin;
    for (int64_t at = end; at > 0; at--, found++) {
        left[found] = count - at;
        right[found] = others - at;
    }
    return found;
}

/* The aligned words of some pairs of rows: pair p has words[bounds[2p]:bounds[2p + 1]] and those from there to bounds[2p + 2].
 * Of several longest subsequences it is the same one whichever row comes first. left, right: where they stand in words, at most
 * as many as the shorter row has; aligned[count]: how many of each pair. With n words in the longest row and b = (n + 63) / 64:
 * table and numbers[2^k >= 2n, at least 2], stands[n b], rows[(n + 1) b]. */
KERNEL void rows_align(const uint32_t *words, const int64_t *bounds, const int64_t *pairs, int64_t count, uint32_t *table,
                       int32_t *numbers, uint64_t *stands, uint64_t *rows, int64_t *left, int64_t *right, int64_t *aligned) {
    Room room = {{table, numbers, 0, 0, 0}, stands, rows};
    for (int64_t at = 0; at < count; at++) {
        const int64_t *bound = bounds + 2 * pairs[at];
        const uint32_t *one = words + bound[0], *two = words + bound[1];
        int64_t sizes[2] = {bound[1] - bound[0], bound[2] - bound[1]};
        int turned = sizes[1] < sizes[0];
        if (sizes[0] == sizes[1])
            turned = memcmp(two, one, (size_t)sizes[0] * sizeof *one) < 0;
        aligned[at] = turned ? align(two, sizes[1], one, sizes[0], &room, right, left)
                             : align(one, sizes[0], two, sizes[1], &room, left, right);
        for (int64_t each = 0; each < aligned[at]; each++) {
            left[each] += bound[0];
            right[each] += bound[1];
        }
        left += aligned[at];
        right += aligned[at];
    }
}
