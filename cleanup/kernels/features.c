/* What the line scorer counts in the text of lines. */
#include "text.h"

enum { DIGITS, CAPITALS, STARTS, COMMAS, MARKS, LITTLE, IS_BULLET, IS_OPEN, IS_YEAR, ENDS_COLON, REPEAT, GOES_ON, SAID, EARLY,
       LATER, PIECES, ENDS_YEAR };
#define ALIKE_CHARS 200 /* by which lines of a page are the same, */
#define HEAD_CHARS 24   /* and by which one goes on as the line before */
#define SMALL 3         /* letters of a little word */
#define LEAST 4         /* letters of a piece, which has two more where the word has */
#define OPENING 4       /* paragraphs with which an article opens */

/* Beyond the tables are the rare signs of Chinese, and nothing else that counts. */
static uint32_t kind_of(const uint16_t *classes, uint32_t point) {
    return point < KNOWN ? classes[point] : point < 0x323B0 ? LETTER | WORD | HAN : 0;
}

/* Whether the last four characters, the latest one first, are a year: 19 or 20, and two digits of any script. */
static int is_year(const uint32_t *last, const uint16_t *classes) {
    int century = (last[3] == '1' && last[2] == '9') || (last[3] == '2' && last[2] == '0');
    return century && kind_of(classes, last[1]) & DIGIT;
}

/* What the characters of the line data[begin:end] add to column c of it, which is counts[c * room]. */
static void count_forms(const uint8_t *data, int64_t begin, int64_t end, const uint16_t *classes, int64_t room, int32_t *counts) {
    int ends = 0; /* whether no word stands behind the last year */
    int word = 0; /* letters of a word so far, more than SMALL where something else is in it, too */
    uint32_t last[4] = {0, 0, 0, 0}, before = BEFORE;
    for (int64_t at = begin; at < end;) {
        memmove(last + 1, last, 3 * sizeof *last);
        last[0] = next_point(data, end, &at);
        uint32_t kind = kind_of(classes, last[0]);
        if (kind & WORD) {
            ends = 0;
            word = kind & LETTER && word <= SMALL ? word + 1 : SMALL + 1;
            if (kind & UPPER) {
                counts[CAPITALS * room]++;
                counts[STARTS * room] += (before & BEFORE) != 0;
            } else if (kind & DIGIT) {
                counts[DIGITS * room]++;
                ends = is_year(last, classes);
                counts[IS_YEAR * room] |= ends;
            }
        } else {
            counts[LITTLE * room] += word > 0 && word <= SMALL;
            word = 0;
        }
        counts[COMMAS * room] += (kind & COMMA) != 0;
        counts[MARKS * room] += (kind & MARK) != 0;
        before = kind;
    }
    counts[LITTLE * room] += word > 0 && word <= SMALL;
    counts[ENDS_YEAR * room] = ends;
    counts[ENDS_COLON * room] = last[0] == ':' || last[0] == 0xFF1A;
}

/* Whether the line data[begin:end] begins as an entry of a list does: a bullet, or a number of one or two digits. */
static int is_bullet(const uint8_t *data, int64_t begin, int64_t end, const uint16_t *classes) {
    int64_t at = begin, digits = 0;
    uint32_t point = next_point(data, end, &at);
    for (; digits < 2 && at < end && kind_of(classes, point) & DIGIT; digits++)
        point = next_point(data, end, &at);
    if (digits ? point != '.' && point != ')' : !(kind_of(classes, point) & BULLET))
        return 0;
    uint32_t kind = at < end ? kind_of(classes, next_point(data, end, &at)) : 0;
    return kind & SPACE && kind & BEFORE;
}

/*
 * The forms of `count` lines, data[begin[i]:end[i]] of chars[i] characters; nothing of those of more than `most`.
 * `classes`[KNOWN], `counts`[17][count], all zeros.
 */
KERNEL void features_forms(const uint8_t *data, const int64_t *begin, const int64_t *end, const int64_t *chars, int64_t count,
                           int64_t most, const uint16_t *classes, int32_t *counts) {
    for (int64_t line = 0; line < count; line++) {
        if (chars[line] > most)
            continue;
        int64_t at = begin[line];
        count_forms(data, begin[line], end[line], classes, count, counts + line);
        counts[IS_BULLET * count + line] = is_bullet(data, begin[line], end[line], classes);
        counts[IS_OPEN * count + line] = (kind_of(classes, next_point(data, end[line], &at)) & OPENER) != 0;
    }
}

/* The byte behind the first `size` characters of data[begin:end]. */
static int64_t behind(const uint8_t *data, int64_t begin, int64_t end, int64_t size) {
    for (; begin < end; begin++)
        if (is_first(data[begin]) && !size--)
            break;
    return begin;
}

static uint64_t hash_bytes(const uint8_t *data, int64_t begin, int64_t end) {
    uint64_t hash = (uint64_t)(end - begin);
    for (; begin < end; begin++)
        hash = (hash ^ data[begin]) * GOLDEN, hash ^= hash >> 32;
    return hash;
}

/* A table of keys of one page, with what is known of each. */
struct seen {
    uint64_t key;        /* 0: empty */
    int32_t count, last; /* how many lines it is; or the first and the last paragraph that says it, and one */
};

static struct seen *find(struct seen *table, uint64_t mask, uint64_t key) {
    key += !key;
    for (uint64_t at = (key * GOLDEN >> 20) & mask;; at = (at + 1) & mask)
        if (!table[at].key || table[at].key == key) {
            table[at].key = key;
            return table + at;
        }
}

/* The mask of a table for so many keys, which is emptied; it takes less than 4 * `keys` + 4 slots. */
static uint64_t make_table(struct seen *table, int64_t keys) {
    uint64_t size = 2;
    while (size < 2 * (uint64_t)keys + 1)
        size *= 2;
    memset(table, 0, size * sizeof *table);
    return size - 1;
}

/*
 * How often a page says each of its lines, and which lines begin as the one before. `first`[pages + 1] of the lines
 * data[begin[i]:end[i]], `count` of them; `room`[8 * (lines of the largest page) + 8]; `counts`[17][count].
 */
KERNEL void features_repeats(const uint8_t *data, const int64_t *begin, const int64_t *end, int64_t count, const int64_t *first,
                             int64_t pages, uint64_t *room, int32_t *counts) {
    struct seen *table = (struct seen *)(void *)room;
    int32_t *repeat = counts + REPEAT * count, *on = counts + GOES_ON * count;
    for (int64_t page = 0; page < pages; page++) {
        uint64_t mask = make_table(table, first[page + 1] - first[page]);
        for (int pass = 0; pass < 2; pass++)
            for (int64_t line = first[page]; line < first[page + 1]; line++) {
                int64_t stop = behind(data, begin[line], end[line], ALIKE_CHARS);
                struct seen *found = find(table, mask, hash_bytes(data, begin[line], stop));
                if (!pass)
                    found->count++;
                else
                    repeat[line] = found->count;
            }
        for (int64_t line = first[page] + 1; line < first[page + 1]; line++) {
            int64_t size = behind(data, begin[line], end[line], HEAD_CHARS) - begin[line];
            on[line] = size == behind(data, begin[line - 1], end[line - 1], HEAD_CHARS) - begin[line - 1] &&
                       !memcmp(data + begin[line], data + begin[line - 1], (size_t)size);
        }
    }
}

/* Walks over the pieces of words of a line. */
struct pieces {
    const uint8_t *data;
    int64_t at, end;
    const uint16_t *classes;
    const uint32_t *folded;
    uint32_t before; /* the class of the character before `at` */
};

/* Goes over characters of a class, `most` at most, and returns how many there are; `key` is made of them. */
static int64_t run(const struct pieces *pieces, uint32_t class, int64_t most, int64_t *behind, uint32_t *last, uint64_t *key) {
    int64_t at = pieces->at, count = 0;
    *behind = at;
    for (*key = class; count < most && at < pieces->end; count++) {
        uint32_t point = next_point(pieces->data, pieces->end, &at), kind = kind_of(pieces->classes, point);
        if (!(kind & class))
            break;
        uint32_t low = point < KNOWN ? pieces->folded[point] : point;
        *key = (*key + (low ? low : point)) * GOLDEN;
        *key ^= *key >> 32;
        *behind = at;
        *last = kind;
    }
    return count;
}

/*
 * The key of the next piece; 0 where there is none: signs of Japan, two signs of Chinese, two syllables of Korean or four to
 * six letters where a word begins.
 */
static uint64_t next_piece(struct pieces *pieces) {
    while (pieces->at < pieces->end) {
        int64_t at = pieces->at, behind = at, size = 0;
        uint32_t last = kind_of(pieces->classes, next_point(pieces->data, pieces->end, &at)), kind = last;
        uint64_t key = 0;
        int edge = ((kind ^ pieces->before) & WORD) != 0;
        if (kind & KATAKANA && (size = run(pieces, KATAKANA, INT64_MAX, &behind, &last, &key)) < 2)
            size = 0;
        if (!size && kind & HAN && (size = run(pieces, HAN, 2, &behind, &last, &key)) < 2)
            size = 0;
        if (!size && edge && kind & HANGUL && (size = run(pieces, HANGUL, 2, &behind, &last, &key)) < 2)
            size = 0;
        if (!size && edge && kind & LETTER && (size = run(pieces, LETTER, LEAST + 2, &behind, &last, &key)) < LEAST)
            size = 0;
        pieces->at = size ? behind : at;
        pieces->before = size ? last : kind;
        if (size)
            return key + !key;
    }
    return 0;
}

/* Takes the pieces of a line apart, into `keys`, and returns how many there are; the last key is 0. */
static int64_t take_pieces(struct pieces pieces, uint64_t *keys) {
    int64_t count = 0;
    while ((keys[count] = next_piece(&pieces)))
        count++;
    return count;
}

/* Notes the first and the last paragraph, by its number and one, that says each of some pieces. */
static void note_pieces(struct seen *table, uint64_t mask, const uint64_t *keys, int64_t count, int32_t mine) {
    for (int64_t at = 0; at < count; at++) {
        struct seen *found = find(table, mask, keys[at]);
        found->last = mine;
        if (!found->count)
            found->count = mine;
    }
}

/*
 * How many pieces each line has, and how many of them other paragraphs of its page have, too: any, one of the first few, or a
 * later one. `first`[pages + 1] of the lines data[begin[i]:end[i]], `count` of them, `paragraph`[count]; `classes`[KNOWN],
 * `folded`[KNOWN]; of the largest page's lines in bytes, `room`[2 * bytes + 8] and `keys`[bytes / 4 + 1]; `counts`[17][count].
 */
KERNEL void features_pieces(const uint8_t *data, const int64_t *begin, const int64_t *end, int64_t count, const int64_t *first,
                            int64_t pages, const uint8_t *paragraph, const uint16_t *classes, const uint32_t *folded,
                            uint64_t *room, uint64_t *keys, int32_t *counts) {
    struct seen *table = (struct seen *)(void *)room;
    int32_t *size = counts + PIECES * count;
    for (int64_t page = 0; page < pages; page++) {
        int64_t from = first[page], stop = first[page + 1], at = 0, told = 0;
        int32_t opening = 0; /* behind which the article is no longer opening */
        if (from == stop)
            continue;
        uint64_t mask = make_table(table, (end[stop - 1] - begin[from]) / 4);
        for (int64_t line = from; line < stop; at += size[line++]) {
            struct pieces pieces = {data, begin[line], end[line], classes, folded, 0};
            size[line] = (int32_t)take_pieces(pieces, keys + at);
            if (!paragraph[line])
                continue;
            note_pieces(table, mask, keys + at, size[line], (int32_t)(line + 1));
            if (told++ < OPENING)
                opening = (int32_t)(line + 1);
        }
        at = 0;
        for (int64_t line = from; line < stop; line++)
            for (int64_t behind = at + size[line]; at < behind; at++) {
                int32_t mine = (int32_t)(line + 1);
                const struct seen *found = find(table, mask, keys[at]);
                counts[SAID * count + line] += found->last && (found->count != mine || found->last != mine);
                counts[EARLY * count + line] += found->last && found->count <= opening && found->count != mine;
                counts[LATER * count + line] += found->last > mine;
            }
    }
}

#define ROWS 64 /* lines that are asked the same question at once */

/*
 * The sums of the leaves that `rows` lines come to in trees that ask `depth` questions each: whether the number of a feature is
 * above a border; the answer to the first one is the lowest bit of a leaf's number. `table`[features][rows];
 * `feature`, `border`[depth][trees]; `leaves`[trees][1 << depth]; `total`[rows].
 */
KERNEL void features_trees(const float *table, int64_t rows, const int64_t *feature, const float *border, int64_t depth,
                           int64_t trees, const int64_t *leaves, int64_t *total) {
    int32_t leaf[ROWS];
    for (int64_t from = 0; from < rows; from += ROWS) {
        int64_t count = rows - from < ROWS ? rows - from : ROWS;
        memset(total + from, 0, (size_t)count * sizeof *total);
        for (int64_t tree = 0; tree < trees; tree++) {
            memset(leaf, 0, sizeof leaf);
            for (int64_t level = depth - 1; level >= 0; level--) {
                const float *column = table + feature[level * trees + tree] * rows + from;
                float least = border[level * trees + tree];
                for (int64_t row = 0; row < count; row++)
                    leaf[row] = 2 * leaf[row] + (column[row] > least);
            }
            for (int64_t row = 0; row < count; row++)
                total[from + row] += leaves[(tree << depth) + leaf[row]];
        }
    }
}
