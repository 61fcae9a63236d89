/* What two texts share once synonyms are put together: words in common, in which order, and where. The words are aligned by a longest
 * common subsequence of two rows, by bits (Hyyro 2004). */
#include "classes.h"
#include "pairs.h"

#define MOST 4000      /* content words of a text that are looked at */
#define STRETCHES 10   /* of a text, at most */
#define STRETCH 8      /* words of each, at least */
#define THIN 0.2       /* share of the words of a stretch below which it is not aligned */
#define JOIN 0x1842B36Fu /* seed 0xA116 */

enum { FIGURE = 1, PROSE = 2 }; /* kinds of content words: begins with a digit, with a small letter */
enum { WORDS, OTHERS, SHORTER_MET, ALIGNED, THINNED, PARTS, ONES, TWOS, COMMON, FIGURES, SAME_FIGURES, PROSES, SAME_PROSES, COLUMNS };

/* The content words of a text: their classes and kinds. */
typedef struct {
    Text text;
    uint32_t *words;
    uint8_t *kinds;
    int64_t count;
} Content;

/* What a comparison needs: a set, and where its values are; for each of its values a row of bits: where the word stands; a row for
 * each of the other words. Of either side: which words the other one has, where these stand, and the words
 * there, or what is made of neighbours; and which of them are aligned. */
typedef struct {
    Set set;
    uint32_t *place;
    uint64_t *stands, *rows;
    uint8_t *met[2];
    uint32_t *some[2];
    int64_t *at[2], *aligned[2];
} Room;

/* A row of bits for each different word: where it stands. */
static void note_words(Room *room, const uint32_t *words, int64_t count, int64_t blocks) {
    uint32_t known = 0;
    clear_set(&room->set, count, sum_values(words, count));
    memset(room->stands, 0, (size_t)(count * blocks) * sizeof *room->stands);
    for (int64_t at = 0; at < count; at++) {
        uint32_t where = find_slot(room->set, words[at]);
        if (!flags_at(room->set, where)) fill_slot(room->set, where, words[at], 1 | known++ << FLAGS);
        room->stands[(flags_at(room->set, where) >> FLAGS) * blocks + (at >> 6)] |= UINT64_C(1) << (at & 63);
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
        uint32_t stands = flags_at(room->set, find_slot(room->set, two[at]));
        if (!stands)
            memcpy(rows + at * blocks, rows + (at - 1) * blocks, (size_t)blocks * sizeof *rows);
        else
            step(rows + (at - 1) * blocks, room->stands + (stands >> FLAGS) * blocks, blocks, rows + at * blocks);
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

/* The same whichever row comes first: of several longest subsequences it is one. */
static int64_t align_either(Room *room, const int64_t *counts) {
    const uint32_t *one = room->some[0], *two = room->some[1];
    int turned = counts[1] < counts[0];
    if (counts[0] == counts[1]) turned = memcmp(two, one, (size_t)counts[0] * sizeof *one) < 0;
    return turned ? align(two, counts[1], one, counts[0], room, room->aligned[1], room->aligned[0])
                  : align(one, counts[0], two, counts[1], room, room->aligned[0], room->aligned[1]);
}

/* ------------------------------------------------------------------------------------------------------- content words */
/* The content words of the text that was read. */
static void read_content(Content *content, const uint8_t *marks, const uint32_t *classes, int32_t bits) {
    const Text *text = &content->text;
    int64_t count = 0;
    for (int64_t at = 0; at < text->span && count < MOST; at++) {
        int64_t begin = text->starts[at];
        uint32_t value = class_of(text->hashes[at], classes, bits);
        content->words[count] = value;
        content->kinds[count] = (uint8_t)(((uint8_t)(text->low[begin] - '0') < 10 ? FIGURE : 0) |
                                          (marks[text->units[begin]] & LOWER ? PROSE : 0));
        count += value != 0;
    }
    content->count = count;
}

/* Into `found` how many stretches a text of `count` words has, and in how many of them few of the words are aligned: `some`, in
 * order. */
static void count_stretches(int64_t count, const int64_t *at, const int64_t *aligned, int64_t some, int64_t *found) {
    int64_t parts = count / STRETCH, first = 0, i = 0;
    parts = parts < 1 ? 1 : parts < STRETCHES ? parts : STRETCHES;
    for (int64_t part = 1; part <= parts; part++) {
        int64_t after = (part * count + parts - 1) / parts, before = i;
        while (i < some && at[aligned[i]] < after) i++;
        found[THINNED] += (double)(i - before) < THIN * (double)(after - first);
        first = after;
    }
    found[PARTS] += parts;
}

/* How many words of a kind the text with fewer has, and how many are aligned with one. */
static void count_kind(const Content *const both[2], const Room *room, int64_t some, uint8_t kind, int64_t *fewer, int64_t *agree) {
    int64_t total[2] = {0, 0};
    for (int side = 0; side < 2; side++)
        for (int64_t i = 0; i < both[side]->count; i++) total[side] += (both[side]->kinds[i] & kind) != 0;
    *fewer = total[0] < total[1] ? total[0] : total[1];
    for (int64_t i = 0; i < some; i++)
        *agree += (both[0]->kinds[room->at[0][room->aligned[0][i]]] & both[1]->kinds[room->at[1][room->aligned[1][i]]] & kind) != 0;
}

/* Into `found` how many different pairs of neighbours either text has, and how many both have. */
static void count_neighbours(const Content *const both[2], Room *room, int64_t *found) {
    int64_t counts[2];
    for (int side = 0; side < 2; side++) {
        const uint32_t *words = both[side]->words;
        counts[side] = both[side]->count > 0 ? both[side]->count - 1 : 0;
        for (int64_t i = 0; i < counts[side]; i++) {
            uint32_t joined = words[i] * JOIN + words[i + 1];
            room->some[side][i] = spread(joined ^ joined >> 16);
        }
    }
    const uint32_t *const values[2] = {room->some[0], room->some[1]};
    found[COMMON] = meet(&room->set, values, counts, room->place, room->met, found + ONES);
}

/* What two texts share. Where the words in common can't make up the share `least` of the shorter one nothing else is looked at. */
static void compare(const Content *const both[2], double least, Room *room, int64_t *found) {
    const uint32_t *const words[2] = {both[0]->words, both[1]->words};
    int64_t counts[2] = {both[0]->count, both[1]->count}, some[2] = {0, 0}, different[2];
    meet(&room->set, words, counts, room->place, room->met, different);
    for (int side = 0; side < 2; side++)
        for (int64_t i = 0; i < counts[side]; i++) {
            room->some[side][some[side]] = words[side][i];
            room->at[side][some[side]] = i;
            some[side] += room->met[side][i];
        }
    int64_t shorter = counts[0] < counts[1] ? counts[0] : counts[1];
    found[WORDS] = counts[0];
    found[OTHERS] = counts[1];
    found[SHORTER_MET] = some[0] < some[1] ? some[0] : some[1];
    found[ALIGNED] = -1;
    if (!shorter || (double)found[SHORTER_MET] / (double)shorter < least) return;
    int64_t aligned = found[ALIGNED] = align_either(room, some);
    for (int side = 0; side < 2; side++) count_stretches(counts[side], room->at[side], room->aligned[side], aligned, found);
    count_kind(both, room, aligned, FIGURE, found + FIGURES, found + SAME_FIGURES);
    count_kind(both, room, aligned, PROSE, found + PROSES, found + SAME_PROSES);
    count_neighbours(both, room, found);
}

/* Divide up what `pairs_align` gets for this, for texts of `longest` bytes. */
static void place_content(Content *content, Room *room, uint8_t *from, int64_t longest) {
    for (int side = 0; side < 2; side++) {
        from = place_text(&content[side].text, from, longest);
        content[side].words = (uint32_t *)(void *)from;
        room->at[side] = (int64_t *)(void *)(content[side].words + MOST + 2);
        room->aligned[side] = room->at[side] + MOST + 1;
        room->some[side] = (uint32_t *)(room->aligned[side] + MOST + 1);
        content[side].kinds = (uint8_t *)(room->some[side] + MOST + 2);
        room->met[side] = content[side].kinds + MOST + 8;
        from = room->met[side] + MOST + 8;
    }
    room->place = (uint32_t *)(void *)from;
}

/*
 * What `pairs` pairs of texts share once synonyms are put together; all is as for `pairs_surface`, and classes, bits as `classes_fill`
 * makes them. Into found[pairs][COLUMNS]: how many content words either text has, of which MOST are looked at; how many of them the
 * other one has, too, in the text where these are fewer; how many are aligned, or -1 where the last number is less than the share
 * `least` of the shorter text's, and all others are 0; the stretches of both texts in which few are aligned, and all; different
 * pairs of neighbours in the one, in the other, and common; of words that begin with a digit how many there are in the text that
 * has fewer, and how many are aligned with one; the same of words that begin with a small letter.
 * With m = longest + AHEAD + 3, n = MOST or less, b = (n + 63) / 64: 54 m + 57 MOST bytes of space,
 * slots[2^bits] for 2 MOST values, stands[n b], rows[(n + 1) b].
 */
KERNEL void pairs_align(const uint64_t *where, const int64_t *sizes, int64_t longest, int32_t how, const int64_t *sides,
                        int64_t pairs, const uint8_t *fold, const uint8_t *marks, const uint32_t *classes, int32_t bits, double least,
                        uint64_t *space, uint64_t *slots, uint64_t *stands, uint64_t *rows,
                        int64_t *found) {
    const Texts given = {where, sizes, how, fold};
    Room room = {.set = {slots, 0, 0, 0}, .stands = stands, .rows = rows};
    Content content[2];
    const Content *const both[2] = {content, content + 1};
    place_content(content, &room, (uint8_t *)space, longest);
    memset(found, 0, sizeof *found * (size_t)(COLUMNS * pairs));
    for (int64_t pair = 0; pair < pairs; pair++, sides += 2, found += COLUMNS) {
        int same = pair && sides[0] == sides[-2]; /* often the first text is that of the last pair */
        for (int side = same; side < 2; side++) {
            read_text(&content[side].text, &given, sides[side]);
            read_content(content + side, marks, classes, bits);
        }
        compare(both, least, &room, found);
    }
}
