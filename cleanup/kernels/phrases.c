/* Phrases that rules know, in many lines at once: those a line's normal form begins with, and those that stand anywhere in it. */
#include "text.h"
#include "tree.h"

enum { BREAK, NUMERAL, SIGN, ODD }; /* characters that are no letters, as `boilerplate_characters.symbols` says */
#define TWICE 0x80000000u
#define SLOT_BITS 16
enum { GRAMS = 1 << SLOT_BITS, PAIRS = 1 << 16 };

enum { DEEP = 12, EACH_FEW = 4 }; /* symbols of a line that are looked at without the tree, which is large */
#define OPEN_POINT 0x1100u        /* from here on are the scripts in which a word may go on without a space */

/*
 * What phrases begin with, as flags of hashes: `begun`[PREFIXES / 8] of their first 4, 8 and 12 points, `whole`[PREFIXES / 8] of
 * phrases that are no longer than these; of others they say seldom that they are some. `loose`: whether one of these ends with
 * something else than a space, and without signs of an open script in it.
 */
struct prefixes {
    uint8_t *begun, *whole, *loose;
};

static struct prefixes prefixes_of(uint8_t *flags) {
    return (struct prefixes){flags, flags + PREFIXES / 8, flags + PREFIXES / 4};
}

static void set_flag(uint8_t *flags, uint64_t hash) {
    flags[prefix_slot(hash) >> 3] |= (uint8_t)(1 << (prefix_slot(hash) & 7));
}

/* Notes what a phrase of `size` points begins with. */
static void note_prefixes(struct prefixes prefixes, const uint32_t *points, int64_t size) {
    uint64_t hash = 0;
    int open = size > 0 && points[size - 1] == ' ';
    for (int64_t at = 0; at < size && at < DEEP; at++) {
        hash = hash_prefix(hash, points[at]);
        open |= points[at] >= OPEN_POINT;
        if ((at + 1) % EACH_FEW == 0)
            set_flag(prefixes.begun, hash);
    }
    if (size <= DEEP)
        set_flag(prefixes.whole, hash);
    if (size && size <= DEEP && !open)
        *prefixes.loose = 1;
}

/*
 * Puts `count` phrases, the code points points[first[i]:first[i + 1]], into `steps`[1 << bits][4], which is all zeros and has
 * half as many slots again as they have points; none is there twice, an empty one is left out. `flags`[PREFIXES / 4 + 1], all
 * zeros: what they begin with.
 */
KERNEL void phrases_grow(const uint32_t *points, const int64_t *first, int64_t count, int32_t *steps, int64_t bits,
                         uint8_t *flags) {
    struct tree tree = {steps, (int)bits};
    int32_t states = 0;
    for (int64_t phrase = 0; phrase < count; phrase++) {
        int32_t state = 0, *step = NULL;
        note_prefixes(prefixes_of(flags), points + first[phrase], first[phrase + 1] - first[phrase]);
        for (int64_t at = first[phrase]; at < first[phrase + 1]; at++) {
            step = steps + 4 * find_step(tree, state, points[at]);
            if (!step[2]) {
                step[0] = state;
                step[1] = (int32_t)points[at];
                step[2] = ++states;
                step[3] = -1;
            }
            state = step[2];
        }
        if (step)
            step[3] = (int32_t)phrase;
    }
}

/* A line that is led down the tree, and what is found on the way. */
struct walk {
    struct tree tree;
    int32_t state, row;
    int32_t empty; /* the phrase that has no words */
    int64_t count, room;
    int32_t *found;       /* [room][3]: line, phrase (-1: not told), whether the normal form ends there */
    struct prefixes prefixes;
    uint32_t held[DEEP]; /* the first symbols, as long as phrases may begin with them */
    int size, whole, open;
    uint64_t hash;
};

static void report(struct walk *walk, int32_t phrase) {
    if (walk->count < walk->room) {
        int32_t *found = walk->found + 3 * walk->count;
        found[0] = walk->row;
        found[1] = phrase;
        found[2] = 0;
    }
    walk->count++;
}

/* Takes a step down the tree; returns 0 where no phrase goes on so. */
static int descend(struct walk *walk, uint32_t symbol) {
    const int32_t *next = walk->tree.steps + 4 * find_step(walk->tree, walk->state, symbol);
    if (!next[2])
        return 0;
    walk->state = next[2];
    if (next[3] >= 0)
        report(walk, next[3]);
    return 1;
}

/* Takes the steps that are held back. */
static int let_go(struct walk *walk) {
    int size = walk->size;
    walk->size = DEEP;
    for (int at = 0; size < DEEP && at < size; at++)
        if (!descend(walk, walk->held[at]))
            return 0;
    return 1;
}

/* Takes a step, or holds it back; returns 0 where no phrase goes on so. */
static int step(struct walk *walk, uint32_t symbol) {
    if (walk->size == DEEP)
        return descend(walk, symbol);
    walk->hash = hash_prefix(walk->hash, symbol);
    walk->open |= symbol >= OPEN_POINT;
    walk->whole |= (symbol == ' ' || walk->open) && has_prefix(walk->prefixes.whole, walk->hash);
    if ((walk->size + 1) % EACH_FEW == 0 && !has_prefix(walk->prefixes.begun, walk->hash)) {
        if (walk->whole)
            let_go(walk);
        return 0;
    }
    if (walk->size + 1 == DEEP)
        return let_go(walk) && descend(walk, symbol);
    walk->held[walk->size++] = symbol;
    return 1;
}

/* Begins with another line. */
static void start(struct walk *walk, int64_t row) {
    walk->row = (int32_t)row;
    walk->state = 0;
    walk->size = walk->whole = 0;
    walk->open = *walk->prefixes.loose;
    walk->hash = 0;
}

/* What the character at data[*at] is in a normal form, a whole number being one; *at moves behind it. */
static uint32_t symbol_at(const uint8_t *data, int64_t end, int64_t *at, const uint32_t *symbols, int plain) {
    uint32_t point = next_point(data, end, at);
    if (plain)
        return point == ' ' ? BREAK : point == '#' ? SIGN : point;
    uint32_t symbol = point < KNOWN ? symbols[point] : ODD;
    if (symbol != NUMERAL)
        return symbol;
    for (int64_t next = *at; next < end;) { /* 3,141.59 */
        uint32_t mark = data[next];
        if (mark == '.' || mark == ',' || mark == ':')
            next++;
        if (next >= end)
            break;
        point = next_point(data, end, &next);
        if (point >= KNOWN || symbols[point] != NUMERAL)
            break;
        *at = next;
    }
    return SIGN;
}

/* Leads the normal form of data[begin:end] and a space behind it down the tree. */
static void walk_line(struct walk *walk, const uint8_t *data, int64_t begin, int64_t end, const uint32_t *symbols, int plain) {
    int inside = 0, any = 0; /* a word; behind the first token */
    for (int64_t at = begin; at < end;) {
        uint32_t symbol = symbol_at(data, end, &at, symbols, plain);
        int64_t ahead = at;
        if (!plain && at < end && symbol > ODD && data[at] >= 0x80) {
            uint32_t point = next_point(data, end, &ahead);
            if (point >= KNOWN || symbols[point] == ODD)
                symbol = ODD; /* a mark changes the letter before it */
        }
        if (symbol == ODD && !plain) {
            if (let_go(walk))
                report(walk, -1);
            return;
        }
        if (symbol == BREAK) {
            inside = 0;
            continue;
        }
        int letter = symbol != SIGN;
        if (any && !(letter && inside) && !step(walk, ' '))
            return;
        uint32_t point = letter ? symbol & ~TWICE : '#';
        if (!step(walk, point) || (letter && symbol & TWICE && !step(walk, point)))
            return;
        inside = letter;
        any = 1;
    }
    if (!let_go(walk))
        return;
    int64_t before = walk->count;
    if (!any && walk->empty >= 0)
        report(walk, walk->empty);
    if (any && step(walk, ' ') && before < walk->count && before < walk->room)
        walk->found[3 * before + 2] = 1;
}

/*
 * The phrases that the normal forms of `count` lines, data[begin[i]:end[i]], begin with, in order; a line of which that can not
 * be told has -1 among them. `plain`: the lines are normal forms. `empty`: the phrase of a line without any word, or -1.
 * `symbols`[KNOWN], `steps` and `flags` of `phrases_grow`, `found`[room][3]: line, phrase, whether the normal form ends there.
 * Returns how many are found; those beyond the room are left out.
 */
KERNEL int64_t phrases_begun(const uint8_t *data, const int64_t *begin, const int64_t *end, int64_t count, const uint32_t *symbols,
                             int64_t plain, int64_t empty, const int32_t *steps, int64_t bits, uint8_t *flags, int64_t room,
                             int32_t *found) {
    struct walk walk = {{steps, (int)bits}, 0, 0, (int32_t)empty, 0, room, found, prefixes_of(flags), {0}, 0, 0, 0, 0};
    for (int64_t row = 0; row < count; row++) {
        start(&walk, row);
        walk_line(&walk, data, begin[row], end[row], symbols, (int)plain);
    }
    return walk.count;
}

/* Pieces of words as bytes, ASCII letters in lower case. Form i is bytes[first[i]:first[i + 1]], an `offset` in it says which
 * bytes it is found by: four from there on, or for short ones the two, or the one, that stand there. */
struct forms {
    const uint8_t *bytes;
    const int64_t *first;
    const int32_t *offset;
    const int32_t *head; /* [GRAMS] by four bytes, [PAIRS] by two, [256] by one: the first form, or -1 */
    const int32_t *next; /* the next form with the same head, or -1 */
};

static uint8_t lower(uint8_t byte) {
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

static int64_t gram_slot(const uint8_t *data) {
    uint32_t gram;
    memcpy(&gram, data, 4);
    return (gram | 0x20202020u) * 0x9E3779B1u >> (32 - SLOT_BITS);
}

/* The slot of two bytes. */
static int64_t pair_slot(const uint8_t *data) {
    return GRAMS + ((data[0] << 8 | data[1]) | 0x2020);
}

/* Whether form i stands in data[begin:end] with its `offset` at `at`. */
static int stands(const struct forms *forms, int32_t form, const uint8_t *data, int64_t begin, int64_t end, int64_t at) {
    int64_t size = forms->first[form + 1] - forms->first[form], from = at - forms->offset[form];
    if (from < begin || from + size > end)
        return 0;
    const uint8_t *bytes = forms->bytes + forms->first[form];
    for (int64_t i = 0; i < size; i++)
        if (lower(data[from + i]) != bytes[i])
            return 0;
    return 1;
}

/*
 * Lays out `count` forms for `phrases_held`: `head`[GRAMS + PAIRS + 256], `next`[count], `flags`[(GRAMS + PAIRS) / 8], all zeros.
 * The `offset` of a form of four bytes and more has four bytes behind it, that of one of two and three has two. A flag of two
 * bytes says as well whether a form is the first one.
 */
KERNEL void phrases_lay(const uint8_t *bytes, const int64_t *first, const int32_t *offset, int64_t count, int32_t *head,
                        int32_t *next, uint8_t *flags) {
    for (int64_t slot = 0; slot < GRAMS + PAIRS + 256; slot++)
        head[slot] = -1;
    for (int64_t form = count - 1; form >= 0; form--) {
        const uint8_t *at = bytes + first[form] + offset[form];
        int64_t size = first[form + 1] - first[form];
        int64_t slot = size >= 4 ? gram_slot(at) : size > 1 ? pair_slot(at) : GRAMS + PAIRS + *at;
        next[form] = head[slot];
        head[slot] = (int32_t)form;
        for (int more = 0; more < (size > 1 ? 1 : 256); more++) {
            const uint8_t pair[2] = {*at, (uint8_t)more};
            int64_t flag = size > 1 ? slot : pair_slot(pair);
            flags[flag >> 3] |= (uint8_t)(1 << (flag & 7));
        }
    }
}

/* What is found while lines are searched for forms. */
struct search {
    const struct forms *forms;
    const uint8_t *data;
    int64_t begin, end; /* the line */
    int64_t row, count, room;
    int32_t *found; /* [room][3]: line, form, the place behind it in the line */
    int64_t *last;  /* of each form, the last line that holds it, and one */
};

/* Tries a form and those after it whose bytes may stand at `at`. */
static void try_forms(struct search *search, int32_t form, int64_t at) {
    const struct forms *forms = search->forms;
    for (; form >= 0; form = forms->next[form]) {
        if (search->last[form] == search->row + 1 || !stands(forms, form, search->data, search->begin, search->end, at))
            continue;
        search->last[form] = search->row + 1;
        if (search->count < search->room) {
            int32_t *found = search->found + 3 * search->count;
            found[0] = (int32_t)search->row;
            found[1] = form;
            found[2] = (int32_t)(at - forms->offset[form] + forms->first[form + 1] - forms->first[form] - search->begin);
        }
        search->count++;
    }
}

/*
 * The forms that `count` lines, data[begin[i]:end[i]], hold, each once a line, in no order, but line after line. Lines of more
 * than `most` characters are left out; forms are laid out by `phrases_lay`. `last`[forms], all zeros; `found`[room][3]: line,
 * form, the byte of the line behind it. Returns how many are found; those beyond the room are left out.
 */
KERNEL int64_t phrases_held(const uint8_t *data, const int64_t *begin, const int64_t *end, const int64_t *chars, int64_t count,
                            int64_t most, const uint8_t *bytes, const int64_t *first, const int32_t *offset, const int32_t *head,
                            const int32_t *next, const uint8_t *flags, int64_t *last, int64_t room, int32_t *found) {
    struct forms forms = {bytes, first, offset, head, next};
    struct search search = {&forms, data, 0, 0, 0, 0, room, found, last};
    const int32_t *single = head + GRAMS + PAIRS;
    for (search.row = 0; search.row < count; search.row++) {
        if (chars[search.row] > most)
            continue;
        search.begin = begin[search.row];
        search.end = end[search.row];
        int64_t at = search.begin;
        for (; at + 4 <= search.end; at++) {
            int64_t gram = gram_slot(data + at), pair = pair_slot(data + at);
            if (flags[gram >> 3] >> (gram & 7) & 1)
                try_forms(&search, head[gram], at);
            if (flags[pair >> 3] >> (pair & 7) & 1) {
                try_forms(&search, head[pair], at);
                try_forms(&search, single[lower(data[at])], at);
            }
        }
        for (; at < search.end; at++) {
            if (at + 1 < search.end)
                try_forms(&search, head[pair_slot(data + at)], at);
            try_forms(&search, single[lower(data[at])], at);
        }
    }
    return search.count;
}
