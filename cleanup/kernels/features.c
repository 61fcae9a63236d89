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

/* How many of eight bytes, from the lowest one up, are ASCII's letters. */
static int letters_of(uint64_t eight) {
    uint64_t low = (eight | 0x20 * EACH) & 0x7F * EACH;                                /* in lower case; nothing is carried */
    uint64_t letters = (low + (0x80 - 'a') * EACH) & ~(low + (0x7F - 'z') * EACH) & ~eight & 0x80 * EACH;
    uint64_t others = letters ^ 0x80 * EACH;
    return others ? __builtin_ctzll(others) >> 3 : 8;
}

/* What the characters of the line data[begin:end] add to column c of it, which is counts[c * room]. */
static void count_forms(const uint8_t *data, int64_t begin, int64_t end, const uint16_t *classes, int64_t room, int32_t *counts) {
    int ends = 0, year = 0; /* whether no word stands behind the last year, and whether there is one */
    int word = 0; /* letters of a word so far, more than SMALL where something else is in it, too */
    int32_t digits = 0, capitals = 0, starts = 0, commas = 0, marks = 0, little = 0;
    uint32_t point = 0, one = 0, two = 0, three, before = BEFORE; /* the last characters, the latest one first */
    for (int64_t at = begin; at < end;) {
        uint64_t eight = at + 8 <= end ? read_eight(data + at) : 0;
        int size = letters_of(eight);
        if (size) {
            uint32_t capital = data[at] < 'a';
            capitals += (int32_t)count_flags(~eight >> 5 & (UINT64_MAX >> 8 * (8 - size)));
            starts += capital && before & BEFORE;
            word = word + size > SMALL ? SMALL + 1 : word + size;
            ends = 0;
            before = LETTER | WORD;
            at += size;
            point = 'a'; /* no digit, no colon */
            continue;
        }
        three = two;
        two = one;
        one = point;
        point = next_point(data, end, &at);
        uint32_t kind = kind_of(classes, point);
        if (kind & WORD) {
            ends = 0;
            word = kind & LETTER && word <= SMALL ? word + 1 : SMALL + 1;
            if (kind & UPPER) {
                capitals++;
                starts += (before & BEFORE) != 0;
            } else if (kind & DIGIT) {
                digits++; /* a year: 19 or 20, and two digits of any script */
                ends = ((three == '1' && two == '9') || (three == '2' && two == '0')) && kind_of(classes, one) & DIGIT;
                year |= ends;
            }
        } else {
            little += word > 0 && word <= SMALL;
            word = 0;
            commas += (kind & COMMA) != 0;
        }
        marks += (kind & MARK) != 0;
        before = kind;
    }
    const int32_t found[] = {digits, capitals, starts, commas, marks, little + (word > 0 && word <= SMALL)};
    for (int column = DIGITS; column <= LITTLE; column++)
        counts[column * room] = found[column];
    counts[IS_YEAR * room] = year;
    counts[ENDS_YEAR * room] = ends;
    counts[ENDS_COLON * room] = point == ':' || point == 0xFF1A;
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
    if (end - begin <= size)
        return end;
    for (; begin < end; begin++)
        if (is_first(data[begin]) && !size--)
            break;
    return begin;
}

static uint64_t hash_bytes(const uint8_t *data, int64_t begin, int64_t end) {
    uint64_t hash = (uint64_t)(end - begin), some;
    for (; begin + 8 <= end; begin += 8)
        hash = (hash ^ read_eight(data + begin)) * GOLDEN, hash ^= hash >> 32;
    for (some = 0; begin < end; begin++)
        some = some << 8 | data[begin];
    hash = (hash ^ some) * GOLDEN;
    return hash ^ hash >> 32;
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
        int64_t size, before = -1;
        for (int64_t line = first[page]; line < first[page + 1]; line++, before = size) {
            int64_t stop = behind(data, begin[line], end[line], ALIKE_CHARS);
            struct seen *found = find(table, mask, hash_bytes(data, begin[line], stop));
            found->count++;
            repeat[line] = (int32_t)(found - table);
            size = behind(data, begin[line], end[line], HEAD_CHARS) - begin[line];
            on[line] = size == before && !memcmp(data + begin[line], data + begin[line - 1], (size_t)size);
        }
        for (int64_t line = first[page]; line < first[page + 1]; line++)
            repeat[line] = table[repeat[line]].count;
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

/* The key of some letters, in lower case and the first one lowest, all of them ASCII's. */
static uint64_t ascii_key(uint64_t letters) {
    uint64_t key = letters * GOLDEN;
    return key ^ key >> 32;
}

/* Goes over characters of a class, `most` at most, and returns how many there are; `key` is made of them. */
static int64_t run(const struct pieces *pieces, uint32_t class, int64_t most, int64_t *behind, uint32_t *last, uint64_t *key) {
    int64_t at = pieces->at, count = 0;
    uint64_t letters = 0, any = 0;
    *behind = at;
    for (*key = class; count < most && at < pieces->end; count++) {
        uint32_t point = next_point(pieces->data, pieces->end, &at), kind = kind_of(pieces->classes, point);
        if (!(kind & class))
            break;
        uint32_t low = point < KNOWN ? pieces->folded[point] : point;
        low = low ? low : point;
        any |= low;
        letters |= count < 8 ? (uint64_t)low << 8 * count : 0;
        *key = (*key + low) * GOLDEN;
        *behind = at;
        *last = kind;
    }
    *key = class == LETTER && any < 0x80 ? ascii_key(letters) : *key ^ *key >> 32;
    return count;
}

/*
 * Goes over ASCII as far as eight bytes can be read at once. Returns the key of a piece where one is found; 0 where one may begin
 * that has other letters, or the end is near.
 */
static uint64_t ascii_piece(struct pieces *pieces) {
    while (pieces->at + 8 <= pieces->end) {
        const uint8_t *data = pieces->data + pieces->at;
        uint64_t eight = read_eight(data);
        int size = letters_of(eight), most = size < LEAST + 2 ? size : LEAST + 2;
        int inside = (pieces->before & WORD) != 0, open = size < LEAST + 2 && data[size] >= 0x80;
        if (open && !(inside && size))
            return 0;
        int behind = size < 8 && data[size] < 0x80; /* what is no letter */
        pieces->before = behind ? pieces->classes[data[size]] : LETTER | WORD;
        pieces->at += size + behind;
        if (!inside && size >= LEAST)
            return ascii_key((eight | 0x20 * EACH) & UINT64_MAX >> 8 * (8 - most));
    }
    return 0;
}

/*
 * The key of the next piece; 0 where there is none: signs of Japan, two signs of Chinese, two syllables of Korean or four to
 * six letters where a word begins.
 */
static uint64_t next_piece(struct pieces *pieces) {
    while (pieces->at < pieces->end) {
        uint64_t key = ascii_piece(pieces);
        if (key)
            return key;
        int64_t at = pieces->at, behind = at, size = 0;
        if (at >= pieces->end)
            return 0;
        uint32_t last = kind_of(pieces->classes, next_point(pieces->data, pieces->end, &at)), kind = last;
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

/* What is known of a key; an empty slot where it is none. */
static const struct seen *look_up(const struct seen *table, uint64_t mask, uint64_t key) {
    key += !key;
    for (uint64_t at = (key * GOLDEN >> 20) & mask;; at = (at + 1) & mask)
        if (!table[at].key || table[at].key == key)
            return table + at;
}

/* Notes the first and the last paragraph, by its number and one, that says each of some pieces; these become their places. */
static void note_pieces(struct seen *table, uint64_t mask, uint64_t *keys, int64_t count, int32_t mine) {
    for (int64_t at = 0; at < count; at++) {
        struct seen *found = find(table, mask, keys[at]);
        keys[at] = (uint64_t)(found - table);
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
        int64_t from = first[page], stop = first[page + 1], at = 0, told = 0, noted = 0;
        int32_t opening = 0; /* behind which the article is no longer opening */
        for (int64_t line = from; line < stop; at += size[line++]) {
            struct pieces pieces = {data, begin[line], end[line], classes, folded, 0};
            size[line] = (int32_t)take_pieces(pieces, keys + at);
            noted += paragraph[line] ? size[line] : 0;
        }
        uint64_t mask = make_table(table, noted);
        at = 0;
        for (int64_t line = from; line < stop; at += size[line++]) {
            if (!paragraph[line])
                continue;
            note_pieces(table, mask, keys + at, size[line], (int32_t)(line + 1));
            if (told++ < OPENING)
                opening = (int32_t)(line + 1);
        }
        at = 0;
        for (int64_t line = from; line < stop; line++) {
            int32_t mine = (int32_t)(line + 1), said = 0, early = 0, later = 0;
            for (int64_t behind = at + size[line]; at < behind; at++) {
                const struct seen *found = paragraph[line] ? table + keys[at] : look_up(table, mask, keys[at]);
                said += found->last && (found->count != mine || found->last != mine);
                early += found->last && found->count <= opening && found->count != mine;
                later += found->last > mine;
            }
            counts[SAID * count + line] = said;
            counts[EARLY * count + line] = early;
            counts[LATER * count + line] = later;
        }
    }
}

#define ROWS 64 /* lines that are asked the same questions at once */

/* The answers of `count` lines to a question, whether a number is above a border; nothing is said of the lines beyond. */
static void ask(const float *column, int64_t count, float border, uint8_t *answers) {
    if (count == ROWS)
        for (int64_t row = 0; row < ROWS; row++)
            answers[row] = column[row] > border;
    else
        for (int64_t row = 0; row < count; row++)
            answers[row] = column[row] > border;
}

/* Doubles the numbers of leaves, a byte each, and adds answers to them. */
static void go_down(uint64_t leaf[ROWS / 8], const uint8_t *answers) {
    uint64_t some[ROWS / 8];
    memcpy(some, answers, sizeof some);
    for (int eight = 0; eight < ROWS / 8; eight++)
        leaf[eight] = 2 * leaf[eight] + some[eight];
}

/*
 * The sums of the leaves that `rows` lines come to in trees that ask `depth` questions each, 8 at most: `feature`[questions],
 * `border`[questions] say whether a number is above a border. A tree's first answer is the lowest bit of its leaf's number.
 * `table`[features][rows]; `asks`[trees][depth] by the numbers of the questions; `leaves`[trees][1 << depth];
 * `answers`[questions * ROWS], all zeros; `total`[rows].
 */
KERNEL void features_trees(const float *table, int64_t rows, const int64_t *feature, const float *border, int64_t questions,
                           const int64_t *asks, int64_t depth, int64_t trees, const int64_t *leaves, uint8_t *answers,
                           int64_t *total) {
    int64_t sums[ROWS];
    uint64_t leaf[ROWS / 8];
    for (int64_t from = 0; from < rows; from += ROWS) {
        int64_t count = rows - from < ROWS ? rows - from : ROWS;
        memset(sums, 0, sizeof sums);
        for (int64_t one = 0; one < questions; one++)
            ask(table + feature[one] * rows + from, count, border[one], answers + one * ROWS);
        for (int64_t tree = 0; tree < trees; tree++) {
            memset(leaf, 0, sizeof leaf);
            for (int64_t level = depth - 1; level >= 0; level--)
                go_down(leaf, answers + asks[tree * depth + level] * ROWS);
            for (int64_t row = 0; row < ROWS; row++)
                sums[row] += leaves[(tree << depth) + ((const uint8_t *)leaf)[row]];
        }
        memcpy(total + from, sums, (size_t)count * sizeof *total);
    }
}
