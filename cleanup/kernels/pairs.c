/* What the two texts of a pair share: values that both have, passages, and what either has for itself. Sides are laid out
 * a0 b0 a1 b1 ..., side 2i and 2i + 1 being the two texts of pair i. */
#include "pairs.h"

#define GAP 2       /* what a token outside shared passages costs a core, against one for a token inside */
#define FACTS 4     /* different figures or names that only one text has, from which on two may be two fillings of one form */
#define FILLED 0.6  /* share of the words that only one text has, that are such facts: elsewhere it is prose that differs */
#define ROOMY 0x8000 /* values that have four places each; of more, which no cache holds anyway, each has two */

enum { SIZE, COVERED, FIRST, AFTER, INSIDE, AT, LONGEST, SPAN, BEGIN, POINTS, COLUMNS };

/* An empty set with room for `count` values, in twice as many places, or four times where they are no more than ROOMY. What they
 * are decides where they go, so that nobody can make them all go to one place: `sum` is made of them. */
void clear_set(Set *set, int64_t count, uint32_t sum) {
    uint32_t bits = 1;
    while ((int64_t)1 << bits < (count <= ROOMY ? 4 : 2) * count) bits++;
    memset(set->slots, 0, sizeof *set->slots << bits);
    set->shift = 32 - bits;
    set->mask = (uint32_t)(((uint64_t)1 << bits) - 1);
    set->salt = (sum * UINT32_C(0x9E3779B1) ^ UINT32_C(0x5BD1E995)) | 1;
}

/* Which values of two sides the other has, too, met[side][value]; of how many different ones each has, size[2]; how many have
 * both. place[counts[0]]. */
int64_t meet(Set *room, const uint32_t *const values[2], const int64_t *counts, uint32_t *place, uint8_t *const met[2],
             int64_t *size) {
    /* By other names, of which a compiler knows that nothing written below changes them. */
    const uint32_t *const one = values[0], *const two = values[1];
    const int64_t count = counts[0], more = counts[1];
    uint8_t *const met_one = met[0], *const met_two = met[1];
    int64_t common = 0, others = 0, known = 0;
    clear_set(room, count + more, sum_values(one, count) + sum_values(two, more));
    const Set set = *room;
    for (int64_t at = 0; at < count; at++) {
        uint32_t where = place[at] = find_slot(set, one[at]);
        known += !flags_at(set, where);
        fill_slot(set, where, one[at], 1);
    }
    for (int64_t at = 0; at < more; at++) {
        uint32_t where = find_slot(set, two[at]), old = flags_at(set, where);
        fill_slot(set, where, two[at], old | 2);
        others += !(old & 2);
        common += (old & BOTH) == 1;
        met_two[at] = (uint8_t)(old & 1);
    }
    for (int64_t at = 0; at < count; at++) met_one[at] = (uint8_t)(flags_at(set, place[at]) >> 1 & 1);
    size[0] = known;
    size[1] = others;
    return common;
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
/* Whether a token is a figure, or a name of people, places, firms: with a capital, and not at the beginning of a sentence. */
static int is_fact(const Text *text, const uint8_t *marks, int64_t token) {
    int64_t at = text->starts[token];
    if ((uint8_t)(text->low[at] - '0') < 10) return 1;
    if (!(marks[text->units[at]] & UPPER)) return 0;
    uint16_t before = text->units[at - 1];
    if (marks[before] & ENDING) return 0;
    return !(before == ' ' && marks[text->units[at > 2 ? at - 2 : 0]] & ENDING);
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
static int has_facts(const Text *text, const uint8_t *marks, const int64_t *stretches, int64_t count) {
    int64_t found = 0;
    for (int64_t at = 0; at < count; at++)
        for (int64_t token = stretches[2 * at]; token < stretches[2 * at + 1]; token++) {
            found += is_fact(text, marks, token);
            if (found == FACTS) return 1;
        }
    return 0;
}

/* How many different facts are among the words of a text that the other one has nowhere. */
static int64_t distinct_facts(Set *set, const Text *text, const uint8_t *marks, const uint8_t *met, uint32_t *found) {
    int64_t size = 0, count = 0;
    for (int64_t token = 0; token < text->span; token++)
        if (!met[token] && is_fact(text, marks, token)) found[size++] = text->hashes[token];
    clear_set(set, size, sum_values(found, size));
    for (int64_t at = 0; at < size; at++) {
        uint32_t where = find_slot(*set, found[at]);
        count += !flags_at(*set, where);
        fill_slot(*set, where, found[at], FACT);
    }
    return count;
}

/*
 * Whether what either text has for itself is figures and names. The weather, results and prices of another day have other figures,
 * what is said about another place or firm has other names; the words around them come from the same form.
 *
 * What a text has for itself lies outside shared passages, in `counts` stretches.
 */
static int differs(Set *set, Text *const texts[2], const uint8_t *marks, const int64_t *const stretches[2], const int64_t *counts,
                   uint32_t *place, uint8_t *met) {
    int64_t size[2], span[2] = {texts[0]->span, texts[1]->span};
    for (int side = 0; side < 2; side++)
        if (!has_facts(texts[side], marks, stretches[side], counts[side])) return 0;
    const uint32_t *const words[2] = {texts[0]->hashes, texts[1]->hashes};
    uint8_t *const flags[2] = {met, met + span[0]};
    int64_t common = meet(set, words, span, place, flags, size);
    for (int side = 0; side < 2; side++) {
        int64_t own = distinct_facts(set, texts[side], marks, flags[side], place);
        if (own < FACTS || (double)own < FILLED * (double)(size[side] - common)) return 0;
    }
    return 1;
}

/* ---------------------------------------------------------------------------------------------------------------- texts */
/* Room for a text of `longest` bytes: 27 * (longest + AHEAD + 3) bytes. Returns where it ends, a multiple of eight. */
uint8_t *place_text(Text *text, uint8_t *room, int64_t longest) {
    int64_t most = longest + AHEAD + 3;
    text->starts = (int64_t *)(void *)room;
    text->ends = text->starts + most;
    text->hashes = (uint32_t *)(text->ends + most);
    text->values = text->hashes + most;
    text->units = (uint16_t *)(text->values + most);
    text->low = (uint8_t *)(text->units + most);
    return room + ((27 * most + 7) & ~(int64_t)7);
}

/* The tokens of a text. */
void read_text(Text *text, const Texts *texts, int64_t number) {
    text->text = (const uint8_t *)(uintptr_t)texts->where[number];
    text->size = texts->sizes[number];
    text->low[0] = 0;
    text->units[0] = 0;
    int64_t length = 1 + fold_text(text->text, text->size, texts->how | UNITS, texts->fold, text->low + 1, text->units + 1, &text->special);
    memset(text->low + length, 0, 9); /* a separator, and eight bytes for whoever reads eight at a time */
    text->span = text_tokens(text->low, text->units, 0, length + 1, text->special & ALONE, text->hashes, text->starts, text->ends);
}

/* Where the longest passage lies among the code points of a text. */
static void locate(const Text *text, int how, const uint8_t *fold, int64_t width, int64_t *found) {
    if (!found[LONGEST]) return;
    int64_t last = found[AT] + found[LONGEST] + width - 2, at = 0;
    int64_t first = text->starts[found[AT]], end = text->ends[last < text->span ? last : text->span - 1];
    if (!(text->special & UNEVEN)) {
        found[BEGIN] = first - 1;
        found[POINTS] = end - first;
        return;
    }
    found[BEGIN] = text_points(text->text, text->size, how, fold, first - 1, &at);
    found[POINTS] = text_points(text->text, text->size, how, fold, end - first, &at);
}

/*
 * What `pairs` pairs of texts share on the surface; text sides[2 pair] is compared with text sides[2 pair + 1]. The UTF-8 of text t
 * stands at the address where[t] and has sizes[t] <= longest bytes; with ESCAPES in `how` it stands as in a string of JSON, and
 * three bytes more can be read. fold[65536]: see `fold_text`; marks[65536].
 * Into found[2 pairs][COLUMNS] what `shared` says, how many different shingles the side has, how many tokens, and where among the
 * code points the longest passage begins and how long it is; into `common` how many shingles both have, and into `differ` whether they
 * are two fillings of one form. Shingles are of `width` tokens.
 * No text has more than (longest + 1) / 2 tokens. With m = longest + AHEAD + 3: 54 m + 16 bytes of room, slots[2^bits] for m
 * values (see `clear_set`), place[m], met[m], passages[2 m + 8].
 */
KERNEL void pairs_surface(const uint64_t *where, const int64_t *sizes, int64_t longest, int32_t how, const int64_t *sides,
                          int64_t pairs, const uint8_t *fold, int64_t width, const uint8_t *marks, uint64_t *room,
                          uint64_t *slots, uint32_t *place, uint8_t *met, int64_t *passages, int64_t *found,
                          int64_t *common, uint8_t *differ) {
    const Texts given = {where, sizes, how, fold};
    Set set = {slots, 0, 0, 0};
    Text one, two, *const texts[2] = {&one, &two};
    place_text(&two, place_text(&one, (uint8_t *)room, longest), longest);
    memset(found, 0, sizeof *found * (size_t)(2 * COLUMNS * pairs));
    for (int64_t pair = 0; pair < pairs; pair++, sides += 2, found += 2 * COLUMNS) {
        int same = pair && sides[0] == sides[-2]; /* often the first text is that of the last pair */
        for (int side = same; side < 2; side++) {
            read_text(texts[side], &given, sides[side]);
            texts[side]->count = text_shingles(texts[side]->hashes, texts[side]->span, width, texts[side]->values);
        }
        int64_t count[2] = {one.count, two.count}, stretch[2], size[2], *next = passages;
        const uint32_t *const both[2] = {one.values, two.values};
        uint8_t *const flagged[2] = {met, met + count[0]};
        const int64_t *stretches[2];
        common[pair] = meet(&set, both, count, place, flagged, size);
        for (int side = 0; side < 2; side++) {
            int64_t span = texts[side]->span, *row = found + side * COLUMNS;
            int64_t some = shared(flagged[side], count[side], span, width, next, row);
            row[SIZE] = size[side];
            row[SPAN] = span;
            locate(texts[side], how, fold, width, row);
            stretches[side] = next + 2 * some;
            stretch[side] = outside(next, some, span, next + 2 * some);
            next += 2 * some + 2 * stretch[side];
        }
        differ[pair] = (uint8_t)differs(&set, texts, marks, stretches, stretch, place, met);
    }
}
