/* What the two texts of a pair share: values that both have, passages, and what either has for itself. Sides are laid out
 * a0 b0 a1 b1 ..., side 2i and 2i + 1 being the two texts of pair i. */
#include "kernels.h"

#define GAP 2       /* what a token outside shared passages costs a core, against one for a token inside */
#define FACTS 4     /* different figures or names that only one text has, from which on two may be two fillings of one form */
#define FILLED 0.6  /* share of the words that only one text has, that are such facts: elsewhere it is prose that differs */

enum { BOTH = 3, FACT = 4 };                 /* flags of a value: 1 and 2 are the sides that have it */
enum { UPPER = 1, ENDING = 2 };              /* marks of a code unit */
enum { SIZE, COVERED, FIRST, AFTER, INSIDE, AT, LONGEST, COLUMNS };

/* Values with their flags, value << 3 | flags, in a table of 2^bits words, where 0 is nothing. */
typedef struct {
    uint64_t *words;
    uint32_t bits, salt;
} Set;

/* An empty set with room for `count` values. What they are decides where they go, so that nobody can make them all go to one
 * place: `sum` is made of them. */
static void clear(Set *set, int64_t count, uint32_t sum) {
    set->bits = 1;
    while ((int64_t)1 << set->bits < 2 * count) set->bits++;
    memset(set->words, 0, sizeof *set->words << set->bits);
    set->salt = (sum * UINT32_C(0x9E3779B1) ^ UINT32_C(0x5BD1E995)) | 1;
}

/* Where the value is, or may be put. */
static inline uint64_t slot(const Set *set, uint32_t value) {
    uint64_t mask = ((uint64_t)1 << set->bits) - 1, at = (uint64_t)(value * set->salt) << 32 >> (64 - set->bits);
    while (set->words[at] && set->words[at] >> 3 != value) at = (at + 1) & mask;
    return at;
}

static uint32_t sum(const uint32_t *values, int64_t count) {
    uint32_t total = 0;
    for (int64_t at = 0; at < count; at++) total += values[at];
    return total;
}

/* Which values of two sides the other has, too, met[side][value]; of how many different ones each has, size[2]; how many have
 * both. place[counts[0] + counts[1]]. */
static int64_t meet(Set *set, const uint32_t *const values[2], const int64_t *counts, uint32_t *place, uint8_t *const met[2],
                    int64_t *size) {
    int64_t common = 0, seen = 0;
    clear(set, counts[0] + counts[1], sum(values[0], counts[0]) + sum(values[1], counts[1]));
    for (int side = 0; side < 2; side++) {
        size[side] = 0;
        for (int64_t at = 0; at < counts[side]; at++) {
            uint32_t value = values[side][at];
            uint64_t where = slot(set, value), old = set->words[where], flag = (uint64_t)1 << side;
            set->words[where] = (uint64_t)value << 3 | (old & 7) | flag;
            place[seen++] = (uint32_t)where;
            size[side] += !(old & flag);
            common += (old & 7) == (flag ^ BOTH);
        }
    }
    for (int64_t at = 0; at < counts[0]; at++) met[0][at] = (set->words[place[at]] & BOTH) == BOTH;
    for (int64_t at = 0; at < counts[1]; at++) met[1][at] = (set->words[place[counts[0] + at]] & BOTH) == BOTH;
    return common;
}

/*
 * The same for `pairs` pairs: side s has the values starts[s] to starts[s] + counts[s]. With n values in the largest pair:
 * words[2^bits >= 2 n, at least 2], place[n]. `met` has an entry for each value of each side, one side after the other.
 */
KERNEL void pairs_meet(const uint32_t *values, const int64_t *starts, const int64_t *counts, int64_t pairs, uint64_t *words,
                       uint32_t *place, uint8_t *met, int64_t *size, int64_t *common) {
    Set set = {words, 0, 0};
    for (int64_t pair = 0; pair < pairs; pair++) {
        const int64_t *count = counts + 2 * pair;
        const uint32_t *const both[2] = {values + starts[2 * pair], values + starts[2 * pair + 1]};
        uint8_t *const flags[2] = {met, met + count[0]};
        common[pair] = meet(&set, both, count, place, flags, size + 2 * pair);
        met += count[0] + count[1];
    }
}

/* ------------------------------------------------------------------------------------------------------------- passages */
/* The densest stretch of passages so far, a token inside counting one and one outside -GAP. */
typedef struct {
    int64_t had, low, start, start_had, best;
} Core;

/* One more passage, from `first` on and before `after`. */
static void add_passage(Core *core, int64_t first, int64_t after, int64_t *found) {
    int64_t size = after - first, level = core->had - GAP * (first - core->had);
    if (!core->had || level <= core->low) {
        core->low = level;
        core->start = first;
        core->start_had = core->had;
    }
    int64_t gain = level + size - core->low;
    core->had += size;
    if (gain > core->best) {
        core->best = gain;
        found[FIRST] = core->start;
        found[AFTER] = after;
        found[INSIDE] = core->had - core->start_had;
    }
}

/*
 * What lies in shingles of `width` tokens that the other side has, too: `count` shingles begin at the first tokens of `span`.
 * Runs of shingles that touch make one passage, and a short text is one shingle, which ends with it. The passages are written to
 * `passages`, begin and end of each (room for span + 1 numbers); how many. Into `found`: how many tokens lie in passages; where the
 * densest stretch begins and ends, and how many of its tokens lie in passages; the longest run, the first one of several.
 */
static int64_t shared(const uint8_t *met, int64_t count, int64_t span, int64_t width, int64_t *passages, int64_t *found) {
    Core core = {0, 0, 0, 0, 0};
    int64_t size = 0;
    for (int64_t at = 0; at < count; at++) {
        if (!met[at]) continue;
        int64_t first = at;
        while (at < count && met[at]) at++;
        int64_t after = at + width - 1 < span ? at + width - 1 : span;
        if (at - first > found[LONGEST]) {
            found[LONGEST] = at - first;
            found[AT] = first;
        }
        if (!size || first > passages[2 * size - 1]) passages[2 * size++] = first;
        passages[2 * size - 1] = after;
    }
    for (int64_t at = 0; at < size; at++) add_passage(&core, passages[2 * at], passages[2 * at + 1], found);
    found[COVERED] = core.had;
    return size;
}

/* ------------------------------------------------------------------------------------------- two fillings of one form */
/* Tokens of texts: the first one of every text and of none, where they begin and their hashes; folded bytes and code units; for
 * every unit marks. */
typedef struct {
    const int64_t *bounds, *starts;
    const uint32_t *hashes;
    const uint8_t *low, *marks;
    const uint16_t *units;
} Texts;

/* Whether a token is a figure, or a name of people, places, firms: with a capital, and not at the beginning of a sentence. */
static int is_fact(const Texts *texts, int64_t token) {
    int64_t at = texts->starts[token];
    if ((uint8_t)(texts->low[at] - '0') < 10) return 1;
    if (!(texts->marks[texts->units[at]] & UPPER)) return 0;
    uint16_t before = texts->units[at - 1];
    if (texts->marks[before] & ENDING) return 0;
    return !(before == ' ' && texts->marks[texts->units[at > 2 ? at - 2 : 0]] & ENDING);
}

/* The tokens of a text that lie in no passage, begin and end of each stretch; how many. */
static int64_t outside(const int64_t *passages, int64_t size, int64_t span, int64_t *stretches) {
    int64_t count = 0, end = 0;
    for (int64_t at = 0; at <= size; at++) {
        int64_t next = at < size ? passages[2 * at] : span;
        if (next > end) {
            stretches[2 * count] = end;
            stretches[2 * count++ + 1] = next;
        }
        if (at < size) end = passages[2 * at + 1];
    }
    return count;
}

/* Whether there are as many facts in some stretches of a text as make a difference. */
static int has_facts(const Texts *texts, int64_t text, const int64_t *stretches, int64_t count) {
    int64_t found = 0;
    for (int64_t at = 0; at < count; at++)
        for (int64_t token = stretches[2 * at]; token < stretches[2 * at + 1]; token++) {
            found += is_fact(texts, texts->bounds[text] + token);
            if (found == FACTS) return 1;
        }
    return 0;
}

/* How many different facts are among the words of a text that the other one has nowhere. */
static int64_t distinct_facts(Set *set, const Texts *texts, int64_t text, const uint8_t *met, int64_t span, uint32_t *found) {
    int64_t size = 0, count = 0;
    for (int64_t token = 0; token < span; token++)
        if (!met[token] && is_fact(texts, texts->bounds[text] + token)) found[size++] = texts->hashes[texts->bounds[text] + token];
    clear(set, size, sum(found, size));
    for (int64_t at = 0; at < size; at++) {
        uint64_t *word = set->words + slot(set, found[at]);
        count += !*word;
        *word = (uint64_t)found[at] << 3 | FACT;
    }
    return count;
}

/*
 * Whether what either text has for itself is figures and names. The weather, results and prices of another day have other figures,
 * what is said about another place or firm has other names; the words around them come from the same form.
 *
 * What a text has for itself lies outside shared passages, in `counts` stretches.
 */
static int differs(Set *set, const Texts *texts, const int64_t *sides, const int64_t *const stretches[2], const int64_t *counts,
                   uint32_t *place, uint8_t *met) {
    int64_t size[2], span[2];
    for (int side = 0; side < 2; side++)
        if (!has_facts(texts, sides[side], stretches[side], counts[side])) return 0;
    for (int side = 0; side < 2; side++) span[side] = texts->bounds[sides[side] + 1] - texts->bounds[sides[side]];
    const uint32_t *const words[2] = {texts->hashes + texts->bounds[sides[0]], texts->hashes + texts->bounds[sides[1]]};
    uint8_t *const flags[2] = {met, met + span[0]};
    int64_t common = meet(set, words, span, place, flags, size);
    for (int side = 0; side < 2; side++) {
        int64_t own = distinct_facts(set, texts, sides[side], flags[side], span[side], place);
        if (own < FACTS || (double)own < FILLED * (double)(size[side] - common)) return 0;
    }
    return 1;
}

/*
 * What `pairs` pairs of texts share on the surface; text sides[2 pair] is compared with text sides[2 pair + 1]. Text t has the
 * tokens bounds[t] to bounds[t + 1], of which the first counts[t] begin a shingle with a value. Into found[2 pairs][COLUMNS] what
 * `shared` says, and how many different shingles the side has; into `common` how many both have, and into `differ` whether they
 * are two fillings of one form. A separator stands before the first token. marks[65536]. With n tokens in the largest pair:
 * words[2^bits >= 2 n, at least 2], place[n], met[n], room[2 n + 8].
 */
KERNEL void pairs_surface(const int64_t *sides, int64_t pairs, const uint32_t *values, const int64_t *counts, int64_t width,
                          const int64_t *bounds, const int64_t *starts, const uint32_t *hashes, const uint8_t *low,
                          const uint16_t *units, const uint8_t *marks, uint64_t *words, uint32_t *place,
                          uint8_t *met, int64_t *room, int64_t *found, int64_t *common, uint8_t *differ) {
    Texts texts = {bounds, starts, hashes, low, marks, units};
    Set set = {words, 0, 0};
    memset(found, 0, sizeof *found * (size_t)(2 * COLUMNS * pairs));
    for (int64_t pair = 0; pair < pairs; pair++, sides += 2, found += 2 * COLUMNS) {
        int64_t count[2] = {counts[sides[0]], counts[sides[1]]}, stretch[2], size[2];
        const uint32_t *const both[2] = {values + bounds[sides[0]], values + bounds[sides[1]]};
        uint8_t *const flags[2] = {met, met + count[0]};
        common[pair] = meet(&set, both, count, place, flags, size);
        int64_t *passages = room;
        const int64_t *stretches[2];
        for (int side = 0; side < 2; side++) {
            int64_t span = bounds[sides[side] + 1] - bounds[sides[side]], *row = found + side * COLUMNS;
            int64_t some = shared(flags[side], count[side], span, width, passages, row);
            row[SIZE] = size[side];
            stretches[side] = passages + 2 * some;
            stretch[side] = outside(passages, some, span, passages + 2 * some);
            passages += 2 * some + 2 * stretch[side];
        }
        differ[pair] = (uint8_t)differs(&set, &texts, sides, stretches, stretch, place, met);
    }
}
