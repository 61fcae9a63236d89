/* Which lines of a text any repair of mojibake could change: one pass over its UTF-8. */
#include "kernels.h"

/* What a table says of every UTF-16 code unit; see `mojibake_tables.py`. */
#define NUMBER(entry) ((entry) & 0x1FFFF)
#define KIND(entry) ((entry) >> 17 & 7)
enum { NEUTRAL, LETTER, SYMBOL, EAST, QUOTE, STRANGER };
enum {
    SMALL = 1 << 20, CAPITAL = 1 << 21, SPECIAL = 1 << 22, DASH = 1 << 24, ASCII = 1 << 25, JOINS = 1 << 26, LETTERLIKE = 1 << 27,
    LOOK = 1 << 28, EASTERN = 1 << 29, TONE = 1 << 30
};
#define ALPHABETIC (SMALL | CAPITAL | ASCII | LETTERLIKE | EASTERN)
#define IDEOGRAPH (EASTERN | LETTERLIKE)

enum { ODD = 1, BAD = 2, CHARACTERS = 4, SPLIT = 8, CIPHER = 16, PINYIN = 32 }; /* why a line is looked at */
enum { FEW = 3, SHARE = 12 }; /* see `mojibake_prefilter.py` */
#define ASTRAL 0xD83D         /* stands for every character beyond the basic plane */
#define PAIR 0x100000         /* in the place of a third letter */
#define BITS 22

/* packed[65536], classes[65536], pairs[kinds * kinds], known[1 << BITS bits]. */
typedef struct {
    const uint32_t *packed;
    const uint8_t *classes, *pairs, *known;
    int64_t kinds;
} Tables;

/* What has been counted in a line. */
typedef struct {
    int64_t letters, eastern, pairs, weight, strange, unusual;
    int64_t reasons;
} Line;

/* A character, as it stands among its neighbours. */
typedef struct {
    uint32_t code, entry;
    int64_t size; /* bytes */
    int astral;
} Char;

/* Whether three letters, by number, or two ideographs, have been seen beside each other. */
static int known(const Tables *tables, uint32_t a, uint32_t b, uint32_t c) {
    uint32_t mixed = a * 0x9E3779B1u ^ b * 0x85EBCA77u ^ c * 0xC2B2AE3Du;
    mixed ^= mixed >> 15;
    mixed = mixed * 0x2C1B3C6Du >> (32 - BITS);
    return tables->known[mixed >> 3] >> (7 - (mixed & 7)) & 1;
}

static int usual(const Tables *tables, uint32_t left, uint32_t here, uint32_t right) {
    return known(tables, NUMBER(left), NUMBER(here), NUMBER(right));
}

/* The character at `at` of data[size]; behind the end there is a line feed. */
static Char read_char(const Tables *tables, const uint8_t *data, int64_t at, int64_t size) {
    Char one = {'\n', 0, 1, 0};
    uint32_t first = at < size ? data[at] : '\n';
    if (first < 0x80) {
        one.code = first;
    } else {
        one.size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        one.astral = first >= 0xF0;
        one.code = ASTRAL;
        if (at + one.size > size) {
            one.size = size - at; /* no UTF-8 ends so */
        } else if (first < 0xE0) {
            one.code = (first & 0x1F) << 6 | (data[at + 1] & 0x3F);
        } else if (first < 0xF0) {
            one.code = (first & 0x0F) << 12 | (data[at + 1] & 0x3Fu) << 6 | (data[at + 2] & 0x3F);
        }
    }
    one.entry = tables->packed[one.code];
    return one;
}

static int beside(uint32_t entry) {
    return KIND(entry) == LETTER || KIND(entry) == SYMBOL || KIND(entry) == EAST;
}

/* How odd a letter or sign is among its neighbours. */
static int64_t weigh(const Tables *tables, uint32_t code, uint32_t left, uint32_t here, uint32_t right) {
    int letter = KIND(here) == LETTER && !(here & ASCII), symbol = KIND(here) == SYMBOL, quote = KIND(here) == QUOTE;
    int64_t weight = 0;
    if (letter && KIND(left) != STRANGER && KIND(right) != STRANGER) {
        int mixed = ((left & SMALL) && (here & CAPITAL)) || ((here & SMALL) && (right & CAPITAL));
        weight += mixed || !usual(tables, left, here, right);
    }
    weight += letter && (left & right & DASH);
    weight += 2 * (symbol && (beside(left) || beside(right)));
    weight += quote && (left & SMALL) && (right & SMALL);
    weight += (symbol || quote) && (code == 0xBC || code == 0xBE) && (left & (SMALL | CAPITAL));
    return weight + (quote && (code == 0x201E || code == 0x201A) && (left & SMALL)); /* opening, at the end of a word */
}

/* Count what is odd about a character that is not ASCII. */
static void count(const Tables *tables, Line *line, uint32_t left, Char here, Char next) {
    uint32_t entry = here.entry, right = next.entry;
    int odd = 0;
    if (entry & EASTERN) {
        int strange = ((left | right) & ASCII) || (entry & LOOK);
        line->eastern++;
        line->strange += strange;
        if ((entry & right & IDEOGRAPH) == IDEOGRAPH) {
            line->pairs++;
            line->unusual += !known(tables, here.code, next.code, PAIR);
        }
        return;
    }
    if (entry & LETTERLIKE)
        line->letters++;
    if (entry & LOOK) {
        odd = ((left | (entry & LETTERLIKE ? right : 0)) & ALPHABETIC) != 0; /* quotes and dashes: behind letters only */
    } else if (entry & LETTERLIKE) {
        odd = ((left & SMALL) && (entry & CAPITAL)) || ((entry & SMALL) && (right & CAPITAL)) || (left & right & LOOK) ||
              !usual(tables, left, entry, right);
    }
    if (odd)
        line->weight += weigh(tables, here.code, left, entry, right);
}

static int invisible(uint32_t code) {
    return (code >= 0x200B && code <= 0x200D) || code == 0x2060;
}

/* Whether repairs of characters have to look at one: not at joiners beside letters of a script that needs them. */
static int special(Char left, Char here, Char right) {
    if (!(here.entry & SPECIAL) || here.astral)
        return 0;
    return !((here.code == 0x200C || here.code == 0x200D) && ((left.entry | right.entry) & JOINS) && !invisible(left.code) &&
             !invisible(right.code));
}

/* Whether the letter with a tone at `at` follows a bracket and at most five of a-z and ü. */
static int pinyin(const uint8_t *data, int64_t at) {
    int64_t letters = 0;
    for (; letters < 6 && at > 0; letters++) {
        if (data[at - 1] >= 'a' && data[at - 1] <= 'z')
            at -= 1;
        else if (at > 1 && data[at - 2] == 0xC3 && data[at - 1] == 0xBC)
            at -= 2;
        else
            break;
    }
    return letters < 6 && at > 0 && data[at - 1] == '(';
}

/* Whether an entity begins at the ampersand at `at`. */
static int entity(const uint8_t *data, int64_t at, int64_t size) {
    int64_t begin = at + 1 + (at + 1 < size && data[at + 1] == '#'), end = begin;
    while (end < size && end - begin < 25 &&
           ((data[end] >= '0' && data[end] <= '9') || ((data[end] | 0x20) >= 'a' && (data[end] | 0x20) <= 'z')))
        end++;
    return end > begin && end - begin < 25 && end < size && data[end] == ';';
}

/* Whether a line that ends before data[at] ends with a hyphen. */
static int hyphen(const uint8_t *data, int64_t at) {
    at -= at > 0 && data[at - 1] == '\r';
    if (at > 0 && data[at - 1] == '-')
        return 1;
    if (at > 1 && data[at - 2] == 0xC2 && data[at - 1] == 0xAD)
        return 1;
    return at > 2 && data[at - 3] == 0xE2 && data[at - 2] == 0x80 && data[at - 1] == 0x90;
}

/* Why a line has to be looked at; `strict`: anything odd is enough. */
static int64_t judge(const Line *line, int strict) {
    int odd = line->weight > 0 && (strict || line->letters <= FEW || (line->weight > 1 && line->weight * SHARE >= line->letters));
    odd |= line->strange > 0 && (strict || 4 * line->strange >= line->eastern);
    odd |= line->pairs > 4 && (double)line->unusual >= 0.9 * (double)line->pairs;
    return line->reasons | (odd ? ODD : 0);
}

/* Where the next byte is, from `at` on, that is not printable ASCII or an ampersand. */
static int64_t skip(const uint8_t *data, int64_t at, int64_t size) {
    for (; at + 8 <= size; at += 8) {
        uint64_t some;
        memcpy(&some, data + at, 8);
        uint64_t delete = some ^ EACH * 0x7F, ampersand = some ^ EACH * '&';
        if ((some | ((some - EACH * 0x20) & ~some) | ((delete - EACH) & ~delete) | ((ampersand - EACH) & ~ampersand)) & EACH << 7)
            break;
    }
    while (at < size && data[at] >= 0x20 && data[at] < 0x7F && data[at] != '&')
        at++;
    return at;
}

/*
 * Whether a line may be in a Caesar cipher: it has no "a", which no letter becomes, and one of the words between spaces that
 * words[number] are, eight bytes each, spaces included and filled up with zeros. hints[1 << 14] says of the first four bytes,
 * multiplied, whether a word begins so.
 */
static int ciphered(const uint8_t *data, int64_t size, const uint8_t *hints, const uint64_t *words, int64_t number) {
    if (size < 20 || memchr(data, 'a', (size_t)size))
        return 0;
    for (int64_t at = 0; at + 5 <= size; at++) {
        uint32_t four;
        memcpy(&four, data + at, 4);
        if (!hints[four * 0x9E3779B1u >> 18])
            continue;
        uint8_t some[8] = {0};
        memcpy(some, data + at, (size_t)(size - at < 8 ? size - at : 8));
        for (int64_t word = 0; word < number; word++) {
            uint8_t letters[8];
            int64_t same = 0;
            memcpy(letters, words + word, 8);
            while (same < 8 && letters[same] && letters[same] == some[same])
                same++;
            if (same == 8 || !letters[same])
                return 1;
        }
    }
    return 0;
}

/* Look at the characters of a line that begins at data[*from], and move `from` to its end. */
static Line look(const Tables *tables, const uint8_t *data, int64_t *from, int64_t size) {
    Line line = {0};
    Char feed = read_char(tables, data, size, size), last = feed, next = feed;
    int64_t at = *from, begin = at, behind = -1; /* `last` is the character that ends at `behind`, `next` the one after it */
    while ((at = skip(data, at, size)) < size && data[at] != '\n') {
        if (data[at] < 0x80) {
            uint8_t byte = data[at];
            if (byte == '&' ? entity(data, at, size) : byte != '\t' && byte != '\r' && byte != '\f')
                line.reasons |= CHARACTERS;
            at++;
            continue;
        }
        Char left = behind == at ? last : at == begin ? feed : read_char(tables, data, at - 1, size);
        Char here = behind == at ? next : read_char(tables, data, at, size);
        Char right = read_char(tables, data, at + here.size, size);
        uint8_t one = tables->classes[left.code], two = tables->classes[here.code], three = tables->classes[right.code];
        count(tables, &line, left.entry, here, right);
        if (special(left, here, right))
            line.reasons |= CHARACTERS;
        if (tables->pairs[one * tables->kinds + two] | tables->pairs[two * tables->kinds + three])
            line.reasons |= BAD;
        if ((here.entry & TONE) && pinyin(data + begin, at - begin))
            line.reasons |= PINYIN;
        at += here.size;
        behind = at;
        last = here;
        next = right;
    }
    if (hyphen(data + begin, at - begin))
        line.reasons |= SPLIT;
    *from = at;
    return line;
}

/*
 * What has to be looked at: found[room][3] gets text, line (from 0) and reasons, of the first `room` lines that have any.
 * Returns how many there are. Text i is the UTF-8 at address where[i], of size[i] bytes. `strict`: a line is odd if anything
 * in it is. For the tables see above.
 */
KERNEL int64_t mojibake_scan(const uint64_t *where, const int64_t *size, int64_t texts, const uint32_t *packed,
                             const uint8_t *classes, const uint8_t *pairs, int64_t kinds, const uint8_t *known,
                             const uint8_t *hints, const uint64_t *words, int64_t number, int32_t strict, int64_t *found,
                             int64_t room) {
    Tables tables = {packed, classes, pairs, known, kinds};
    int64_t rows = 0;
    for (int64_t text = 0; text < texts; text++) {
        const uint8_t *data = (const uint8_t *)(uintptr_t)where[text];
        for (int64_t at = 0, begin = 0, line = 0; at <= size[text]; begin = ++at, line++) {
            Line seen = look(&tables, data, &at, size[text]);
            int64_t reasons = judge(&seen, strict);
            if (ciphered(data + begin, at - begin, hints, words, number))
                reasons |= CIPHER;
            if (reasons) {
                if (rows < room) {
                    found[3 * rows] = text;
                    found[3 * rows + 1] = line;
                    found[3 * rows + 2] = reasons;
                }
                rows++;
            }
        }
    }
    return rows;
}
