/* What short lines may be told to say: when or how many, who, nothing but a name. */
#include "suspects.h"

/* Trees of phrases; of the last two, from the end of each phrase to its beginning. */
enum { INTRODUCING, COUNTED, AGENCY, BEHIND, COUNTS, ROOTS };
enum { EDGES = 3, SMALL_CHARS = 6, SMALL_WORDS = 2, KANJI_CHARS = 3, GIVEN_CHARS = 4, BREAK_BLANKS = 3 };

/* A node's edges are numbered from first[node] to first[node + 1]; edge number i, for signs[i], leads to the node ROOTS + i. */
struct look {
    const uint8_t *data;
    const uint16_t *kinds;
    const uint32_t *folded;
    const int64_t *first;
    const uint32_t *signs;
    const uint8_t *whole;
};

static uint32_t kind_of(const struct look *look, uint32_t point) {
    return sign_kind(look->kinds, point);
}

/* The kind of the character at data[at]; 0 at the end. */
static uint32_t kind_at(const struct look *look, int64_t at, int64_t end) {
    return at < end ? kind_of(look, next_point(look->data, end, &at)) : 0;
}

/* Where the characters of some kinds from data[at] on end. */
static int64_t skip(const struct look *look, int64_t at, int64_t end, uint32_t kinds) {
    for (int64_t next = at; at < end; at = next)
        if (!(kind_of(look, next_point(look->data, end, &next)) & kinds))
            break;
    return at;
}

/* Where the characters of some kinds before data[at] begin. */
static int64_t skip_back(const struct look *look, int64_t begin, int64_t at, uint32_t kinds) {
    for (int64_t next = at; begin < at; at = next)
        if (!(kind_of(look, last_point(look->data, begin, &next)) & kinds))
            break;
    return at;
}

/* The node behind another, by a folded character; -1 where there is none. */
static int64_t child(const struct look *look, int64_t node, uint32_t sign) {
    int64_t low = look->first[node], high = look->first[node + 1];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (look->signs[middle] == sign)
            return ROOTS + middle;
        if (look->signs[middle] < sign)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static uint32_t fold(const struct look *look, uint32_t point) {
    return point >= KNOWN ? point : look->kinds[point] & BLANK ? ' ' : look->folded[point];
}

/* Whether data[at:end] may stand behind a phrase of a tree. */
static int may_follow(const struct look *look, int root, int64_t at, int64_t end) {
    uint32_t kind = kind_at(look, at, end);
    if (root == INTRODUCING)
        return !(kind & WORDY) || kind & NUMBER;
    for (int more = EDGES; root == AGENCY && at < end; more--)
        if (!more || !(kind_of(look, next_point(look->data, end, &at)) & EDGE))
            return 0;
    return 1;
}

/* Whether a phrase of a tree begins at data[at]. */
static int phrase_at(const struct look *look, int root, int64_t at, int64_t end) {
    for (int64_t node = root; at < end;) {
        uint32_t sign = fold(look, next_point(look->data, end, &at));
        node = child(look, node, sign);
        if (node < 0)
            return 0;
        if (sign == ' ')
            at = skip(look, at, end, BLANK);
        if (look->whole[node] && may_follow(look, root, at, end))
            return 1;
    }
    return 0;
}

/* Whether a phrase of a tree ends before data[at]. */
static int phrase_before(const struct look *look, int root, int64_t begin, int64_t at) {
    for (int64_t node = root; begin < at;) {
        uint32_t sign = fold(look, last_point(look->data, begin, &at));
        node = child(look, node, sign);
        if (node < 0)
            return 0;
        if (sign == ' ')
            at = skip_back(look, begin, at, BLANK);
        if (look->whole[node])
            return 1;
    }
    return 0;
}

/* Whether what is counted stands at data[at], spaces, brackets and hyphens before it. */
static int unit_behind(const struct look *look, int64_t at, int64_t end) {
    for (int64_t next = at; at < end; at = next) {
        if (phrase_at(look, COUNTED, at, end))
            return 1;
        uint32_t point = next_point(look->data, end, &next);
        if (!(kind_of(look, point) & BLANK) && point != ')' && point != '-')
            return 0;
    }
    return 0;
}

/* Where a K or M for thousands at data[at] ends; `at` where none stands there. */
static int64_t thousands(const struct look *look, int64_t at, int64_t end) {
    int64_t behind = at;
    uint32_t sign = at < end ? fold(look, next_point(look->data, end, &behind)) : 0;
    return sign == 'k' || sign == 'm' ? behind : at;
}

/* Whether two digits stand at data[at]. */
static int two_digits(const struct look *look, int64_t at, int64_t end) {
    if (!(kind_at(look, at, end) & NUMBER))
        return 0;
    next_point(look->data, end, &at);
    return (kind_at(look, at, end) & NUMBER) != 0;
}

/* Whether the digit data[from:at] says when or how many, by what stands behind it. */
static int counts(const struct look *look, int64_t from, int64_t at, int64_t end) {
    const uint8_t *data = look->data;
    int century = end - from > 2 && (!memcmp(data + from, "19", 2) || !memcmp(data + from, "20", 2));
    int clock = at < end && (data[at] == ':' || data[at] == '.' || data[at] == 'h');
    if ((century && two_digits(look, from + 2, end)) || (clock && two_digits(look, at + 1, end)) || unit_behind(look, at, end))
        return 1;
    int64_t next = thousands(look, at, end);
    if (next > at)
        return unit_behind(look, next, end);
    if (!(kind_at(look, at, end) & BLANK))
        return 0;
    next_point(data, end, &at);
    next = thousands(look, at, end);
    return next > at && unit_behind(look, next, end);
}

static int is_dated(const struct look *look, int64_t begin, int64_t end) {
    uint32_t before = 0, kind;
    for (int64_t at = begin, next = begin; at < end; at = next, before = kind) {
        kind = kind_of(look, next_point(look->data, end, &next));
        if (!(kind & NUMBER))
            continue;
        if (counts(look, at, next, end))
            return 1;
        if (!(before & NUMBER) && phrase_before(look, COUNTS, begin, skip_back(look, begin, at, SPACER)))
            return 1;
    }
    return 0;
}

/* Whether a phrase at the beginning of a part introduces who, or one at the end stands behind that. */
static int says_who(const struct look *look, int64_t begin, int64_t end) {
    int open = 1, blanks = 0;
    for (int64_t at = begin; at < end;) {
        if (open && phrase_at(look, INTRODUCING, at, end))
            return 1;
        uint32_t kind = kind_of(look, next_point(look->data, end, &at));
        blanks = kind & BLANK ? blanks + 1 : 0;
        open = kind & SEAM || blanks >= BREAK_BLANKS || (open && !(kind & WORDY));
    }
    for (int64_t at = end; begin < at;) {
        if (phrase_before(look, BEHIND, begin, at))
            return 1;
        if (kind_of(look, last_point(look->data, begin, &at)) & WORDY)
            break;
    }
    return 0;
}

/* Whether one of the next three words behind none but short ones begins with a capital. */
static int capital_follows(const struct look *look, int64_t at, int64_t end) {
    for (int small = 0; small <= SMALL_WORDS; small++) {
        int64_t chars = 0;
        for (int64_t next = at; at < end && !(kind_of(look, next_point(look->data, end, &next)) & BLANK); at = next)
            chars++;
        at = skip(look, at, end, BLANK);
        if (at >= end || (small && chars > SMALL_CHARS))
            return 0;
        if (kind_at(look, at, end) & CAPITAL)
            return 1;
    }
    return 0;
}

/* Whether the first word, and one soon behind it, begin with a capital. */
static int begins_as_name(const struct look *look, int64_t begin, int64_t end) {
    for (int64_t at = begin, next = begin; at < end; at = next) {
        uint32_t kind = kind_of(look, next_point(look->data, end, &next));
        if (kind & CAPITAL && capital_follows(look, at, end))
            return 1;
        if (kind & SCRIPT)
            return 0;
    }
    return 0;
}

/* Whether a line is a name of Chinese signs, the given one in Japanese or Chinese. */
static int is_cjk_name(const struct look *look, int64_t begin, int64_t end) {
    int64_t at = begin, family = 0, given = 0;
    for (; family <= KANJI_CHARS && kind_at(look, at, end) & KANJI; family++)
        next_point(look->data, end, &at);
    if (!family || family > KANJI_CHARS || at >= end)
        return 0;
    uint32_t space = next_point(look->data, end, &at);
    if (space != ' ' && space != 0x3000)
        return 0;
    for (; given <= GIVEN_CHARS && kind_at(look, at, end) & (KANJI | KANA); given++)
        next_point(look->data, end, &at);
    return given && given <= GIVEN_CHARS && at >= end;
}

static int is_agency(const struct look *look, int64_t at, int64_t end) {
    for (int more = EDGES; at < end; more--) {
        if (phrase_at(look, AGENCY, at, end))
            return 1;
        if (!more || !(kind_of(look, next_point(look->data, end, &at)) & EDGE))
            return 0;
    }
    return 0;
}

/*
 * What the lines data[begin[i]:end[i]] may say: `found`[lines], sums of DATED, WHO and NAMED. `kinds`[KNOWN], `folded`[KNOWN],
 * `first`[nodes + 1], `signs`[nodes - ROOTS], `whole`[nodes]: whether a phrase ends there.
 */
KERNEL void suspects_tell(const uint8_t *data, const int64_t *begin, const int64_t *end, int64_t lines, const uint16_t *kinds,
                          const uint32_t *folded, const int64_t *first, const uint32_t *signs, const uint8_t *whole,
                          uint8_t *found) {
    const struct look look = {data, kinds, folded, first, signs, whole};
    for (int64_t line = 0; line < lines; line++) {
        int64_t from = begin[line], to = end[line];
        int named = begins_as_name(&look, from, to) || is_cjk_name(&look, from, to) || is_agency(&look, from, to);
        found[line] = (uint8_t)(is_dated(&look, from, to) * DATED + says_who(&look, from, to) * WHO + named * NAMED);
    }
}
