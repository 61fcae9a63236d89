/* Which short lines may be read as metadata, or as nothing but names: all that are pass, and most of the others don't. */
#include "suspects.h"
#include "tree.h"

/* Words, each behind the number of its set, as `boilerplate_likely.py` has them. */
enum { SAID, ROLE, JOIN, JOINING_SIGN, NO_NAME, BESIDE, AUTHOR, AGENT, BEHIND, LABEL, UNIT, AGO, COUNTED };
enum { SMALL = 5, FEWEST_BYTES = 12, NAME_WORDS = 5, INITIALS = 4, ITEM_DIGITS = 2, YEAR_DIGITS = 4, FOREIGN = 4, SIGNED_SPACES = 12 };

#define SHARP 0xDFu /* what becomes "ss" */

struct look {
    const uint8_t *data;
    const uint16_t *kinds;
    const uint32_t *folded;
    struct tree tree;
    const uint16_t *opening; /* the sets whose words begin with a character, the first one the lowest bit */
};

/* What the characters of a line are. */
struct signs {
    int odd, handle, glued, labelled;
};

static uint32_t kind_at(const struct look *look, int64_t at, int64_t end) {
    return at < end ? sign_kind(look->kinds, next_point(look->data, end, &at)) : 0;
}

static uint32_t kind_before(const struct look *look, int64_t begin, int64_t at) {
    return begin < at ? sign_kind(look->kinds, last_point(look->data, begin, &at)) : 0;
}

static int64_t skip(const struct look *look, int64_t at, int64_t end, uint32_t kinds) {
    for (int64_t next = at; at < end; at = next)
        if (!(sign_kind(look->kinds, next_point(look->data, end, &next)) & kinds))
            break;
    return at;
}

static int64_t skip_back(const struct look *look, int64_t begin, int64_t at, uint32_t kinds) {
    for (int64_t next = at; begin < at; at = next)
        if (!(sign_kind(look->kinds, last_point(look->data, begin, &next)) & kinds))
            break;
    return at;
}

static uint32_t fold(const struct look *look, uint32_t point) {
    return point >= KNOWN ? point : look->kinds[point] & BLANK ? ' ' : look->folded[point];
}

/* Whether a phrase of a set may begin at data[at]. */
static int opens(const struct look *look, int set, int64_t at, int64_t end) {
    if (at >= end)
        return 0;
    uint32_t sign = fold(look, next_point(look->data, end, &at));
    return sign >= KNOWN || look->opening[sign == SHARP ? 's' : sign] >> set & 1;
}

/* Where the longest phrase of a set that begins at data[at] ends, if fenced where no word goes on; 0: nowhere. */
static int64_t phrase_end(const struct look *look, int set, int64_t at, int64_t end, int fenced) {
    const int32_t *steps = look->tree.steps;
    if (!opens(look, set, at, end))
        return 0;
    int64_t found = 0, slot = find_step(look->tree, 0, (uint32_t)set);
    while (at < end && steps[4 * slot + 2]) {
        uint32_t sign = fold(look, next_point(look->data, end, &at));
        if (sign == ' ')
            at = skip(look, at, end, BLANK);
        slot = find_step(look->tree, steps[4 * slot + 2], sign == SHARP ? 's' : sign);
        if (sign == SHARP && steps[4 * slot + 2])
            slot = find_step(look->tree, steps[4 * slot + 2], 's');
        if (steps[4 * slot + 2] && steps[4 * slot + 3] >= 0 && !(fenced && (kind_at(look, at, end) & (WORDY | NUMBER)) == WORDY))
            found = at;
    }
    return found;
}

/* Whether data[from:to] is a word of a set. */
static int is_in(const struct look *look, int set, int64_t from, int64_t to) {
    return from < to && phrase_end(look, set, from, to, 0) == to;
}

/* Whether data[from:to] has a character of some kinds. */
static int has(const struct look *look, int64_t from, int64_t to, uint32_t kinds) {
    while (from < to)
        if (sign_kind(look->kinds, next_point(look->data, to, &from)) & kinds)
            return 1;
    return 0;
}

/* Whether a byte is one of some signs. */
static int is_sign(uint8_t byte, const char *signs) {
    return byte && strchr(signs, byte) != NULL;
}

/* What stands in the line, besides words. */
static struct signs signs_of(const struct look *look, int64_t begin, int64_t end) {
    struct signs found = {0, 0, 0, 0};
    uint32_t before = 0, kind;
    for (int64_t at = begin, next = begin; at < end; at = next, before = kind) {
        uint32_t point = next_point(look->data, end, &next);
        kind = sign_kind(look->kinds, point);
        found.odd |= (kind & (BROAD | SEVERAL)) || point == 0xD7 || point == 0xF7;
        found.handle |= point == '@' && before & (WORDY | BLANK);
        found.glued |= kind & CAPITAL && before & LOW;
        found.labelled |= kind & CAPITAL && before & WORDY && phrase_end(look, LABEL, at, end, 0);
    }
    return found;
}

/* Whether a line may say the same twice from its first letter on, which is read once. */
static int is_twice(const struct look *look, int64_t begin, int64_t end) {
    while (begin < end && !(kind_at(look, begin, end) & SCRIPT))
        next_point(look->data, end, &begin);
    for (int64_t at = begin + (end - begin + 1) / 2; at + 3 <= end; at++)
        if (!memcmp(look->data + begin, look->data + at, (size_t)(end - at)))
            return 1;
    return 0;
}

/* Where a line begins behind the number of an entry of a list. */
static int64_t item_begin(const struct look *look, int64_t begin, int64_t end) {
    int64_t at = skip(look, begin, end, NUMBER);
    if (at == begin || count_points(look->data, begin, at) > ITEM_DIGITS || at >= end || look->data[at] != '.')
        return begin;
    int64_t behind = skip(look, at + 1, end, BLANK);
    return behind > at + 1 ? behind : begin;
}

/* Whether data[begin:end] has a number that says that it names nobody, -1 where it has none; that may be glued to a name. */
static int is_numbered(const struct look *look, int64_t begin, int64_t end) {
    int found = -1;
    for (int64_t at = begin, next = begin; at < end; at = next) {
        next = skip(look, at, end, NUMBER);
        if (next == at) {
            next_point(look->data, end, &next);
            continue;
        }
        int glued = count_points(look->data, at, next) <= ITEM_DIGITS && kind_before(look, begin, at) & SCRIPT;
        if (!glued && !is_in(look, BESIDE, at, next))
            return !is_twice(look, begin, end);
        found = 0;
    }
    return found;
}

/* Whether the word data[from:to] is in small letters, and such as no line of names has. */
static int is_small(const struct look *look, int64_t begin, int64_t from, int64_t to, int64_t end) {
    if ((begin < from && !(kind_before(look, begin, from) & BLANK)) || count_points(look->data, from, to) < SMALL)
        return 0;
    if (to < end && !(kind_at(look, to, end) & BLANK) && !is_sign(look->data[to], ".:!?"))
        return 0;
    return skip(look, from, to, LOW) == to && !is_in(look, BESIDE, from, to);
}

/* Where the first name of a list ends that begins at data[at]: before a comma, a word or a sign that joins names; -1 where a sign
 * is written as a word is, or a word as an initial, which may be part of a name. */
static int64_t name_end(const struct look *look, int64_t at, int64_t end) {
    uint32_t before = 0, kind;
    for (int64_t next = at; at < end; at = next, before = kind) {
        kind = kind_at(look, at, end);
        if (phrase_end(look, JOINING_SIGN, at, end, 0))
            return kind & SCRIPT ? -1 : at;
        if (is_sign(look->data[at], ",;/|"))
            return at;
        int64_t word = before & SCRIPT ? at : skip(look, at, end, SCRIPT);
        if (is_in(look, JOIN, at, word)) {
            int initial = kind & CAPITAL && count_points(look->data, at, word) == 1;
            return initial || has(look, at, word, DOTLESS) || before & WORDY || kind_at(look, word, end) & WORDY ? -1 : at;
        }
        next_point(look->data, end, &next);
    }
    return end;
}

/* Whether data[from:to] begins with a capital, be it behind a d or l and an apostrophe. */
static int is_proper(const struct look *look, int64_t from, int64_t to) {
    if (kind_at(look, from, to) & CAPITAL)
        return 1;
    if (from >= to || !is_sign(look->data[from], "dl"))
        return 0;
    int64_t at = from + 1;
    uint32_t point = at < to ? next_point(look->data, to, &at) : 0;
    return (point == '\'' || point == 0x2019) && kind_at(look, at, to) & CAPITAL;
}

/* Whether data[from:to] may be a part of a name: it begins with a capital or is one of the words beside names, and has letters,
 * hyphens, apostrophes and dots. */
static int is_part(const struct look *look, int64_t from, int64_t to) {
    if (!is_proper(look, from, to) && !is_in(look, BESIDE, from, to))
        return 0;
    for (int64_t at = from; at < to;) {
        uint32_t point = next_point(look->data, to, &at);
        if (!(sign_kind(look->kinds, point) & SCRIPT) && point != '-' && point != '.' && point != '\'' && point != 0x2019)
            return 0;
    }
    from = skip(look, from, to, EDGE);
    to = skip_back(look, from, to, EDGE);
    return has(look, from, to, DOTLESS) || !is_in(look, NO_NAME, from, to);
}

/* Whether data[from:to] may be a person's name, or an agency's. */
static int is_name(const struct look *look, int64_t from, int64_t to) {
    int64_t proper = 0;
    if (phrase_end(look, AGENT, from, to, 1))
        return 1;
    if (!(kind_at(look, from, to) & CAPITAL))
        return 0;
    for (int64_t at = from, next = from; at < to;) {
        while (next < to && !(kind_at(look, next, to) & BLANK))
            next_point(look->data, to, &next);
        if (!is_part(look, at, next))
            return 0;
        proper += is_proper(look, at, next) != 0;
        at = next = skip(look, next, to, BLANK);
    }
    return proper >= 2 && proper <= NAME_WORDS;
}

/* Whether data[from:to] may stand among names: initials, or a word that introduces a date. */
static int is_aside(const struct look *look, int64_t from, int64_t to) {
    return count_points(look->data, from, to) <= INITIALS || is_in(look, SAID, from, skip(look, from, to, SCRIPT));
}

/* Whether data[begin:end] may be a list of names. */
static int lists_names(const struct look *look, int64_t begin, int64_t end) {
    int found = 0;
    for (int64_t at = begin, stop; at < end; at = stop) {
        stop = name_end(look, at, end);
        if (stop < 0)
            return 1;
        int64_t from = skip(look, at, stop, EDGE | BLANK), to = skip_back(look, from, stop, EDGE | BLANK);
        if (from < to) {
            if (!found && phrase_end(look, AUTHOR, from, end, 1))
                return 1;
            if (!is_name(look, from, to) && !(found && is_aside(look, from, to)))
                return 0;
            found = 1;
        }
        if (stop < end) {
            int64_t sign = phrase_end(look, JOINING_SIGN, stop, end, 0), word = skip(look, stop, end, SCRIPT);
            stop = sign ? sign : word > stop ? word : stop + 1;
        }
    }
    return found;
}

static int is_personal(const struct look *look, struct signs signs, int64_t begin, int64_t end) {
    int small = 0;
    if (signs.odd || signs.handle || signs.glued)
        return 1;
    begin = item_begin(look, begin, end);
    for (int64_t at = begin, next = begin; at < end; at = next) {
        next = skip(look, at, end, SCRIPT);
        if (is_in(look, ROLE, at, next))
            return 1;
        small |= is_small(look, begin, at, next, end);
        if (next == at)
            next_point(look->data, end, &next);
    }
    int numbered = is_numbered(look, begin, end);
    if (numbered >= 0)
        return !numbered;
    return (!small && lists_names(look, begin, end)) || is_twice(look, begin, end);
}

/* Whether data[at:end] begins with a year. */
static int is_year(const struct look *look, int64_t at, int64_t end) {
    if (end - at < YEAR_DIGITS || (memcmp(look->data + at, "19", 2) && memcmp(look->data + at, "20", 2)))
        return 0;
    next_point(look->data, end, &at);
    next_point(look->data, end, &at);
    return kind_at(look, at, end) & NUMBER && has(look, at, end, NUMBER);
}

/* Whether a comma before data[at] parts a line. */
static int comma_parts(const struct look *look, int64_t begin, int64_t at, int64_t end) {
    uint32_t before = kind_before(look, begin, at - 1);
    int64_t next = skip(look, at, end, BLANK);
    if (before & NUMBER)
        return (kind_at(look, next, end) & SCRIPT) != 0;
    next = skip(look, skip(look, next, end, SCRIPT), end, BLANK);
    return (kind_at(look, next, end) & NUMBER) != 0;
}

/* Whether a line has, or may have, several parts; a place before a date is one. */
static int has_parts(const struct look *look, int64_t begin, int64_t end) {
    uint32_t before = 0, kind;
    int year = 0, place = 0;
    begin = skip(look, begin, end, EDGE | BLANK);
    end = skip_back(look, begin, end, EDGE | BLANK);
    for (int64_t at = begin; at < end; before = kind) {
        year |= is_year(look, at, end);
        uint32_t point = next_point(look->data, end, &at), behind = kind_at(look, at, end);
        kind = sign_kind(look->kinds, point);
        place |= (point == '-' || point == 0x2013) && before & BLANK;
        if (point == '|' || point == 0x2022 || point == 0xB7 || point == '\t' || (kind & BLANK && behind & BLANK))
            return 1;
        if (kind & SEAM && point != '-' && before & BLANK && behind & BLANK)
            return 1;
        if (point == ',' && comma_parts(look, begin, at, end))
            return 1;
    }
    return year && place;
}

/* Whether a word in other letters than ASCII's is a unit and "ago" in one. */
static int is_split(const struct look *look, int64_t from, int64_t to) {
    if (count_points(look->data, from, to) == to - from)
        return 0;
    for (int64_t at = from; at < to;) {
        next_point(look->data, to, &at);
        if (is_in(look, UNIT, from, at) && is_in(look, AGO, at, to))
            return 1;
    }
    return 0;
}

/* Whether a word may say when, how many or who. */
static int is_said(const struct look *look, int64_t from, int64_t to) {
    return is_in(look, SAID, from, to) || is_split(look, from, to);
}

/* Whether a word at data[at] introduces who, and few words that begin with a capital stand behind it: "3 May by Ann Lee". */
static int is_signed(const struct look *look, int64_t at, int64_t end) {
    int64_t name = phrase_end(look, AUTHOR, at, end, 1), from = skip(look, name, end, EDGE | BLANK);
    if (!name || name == from || !(kind_at(look, from, end) & CAPITAL))
        return 0;
    int spaces = 0;
    for (int64_t next = from; next < end;)
        spaces += (sign_kind(look->kinds, next_point(look->data, end, &next)) & BLANK) != 0;
    return spaces < SIGNED_SPACES;
}

/* Whether the line of one part has a word that says nothing of what is read behind its first number, or one in small letters
 * or what is no name before it; and no word that stands behind an author. */
static int says_more(const struct look *look, int64_t begin, int64_t end) {
    int numbered = 0, unknown = 0, more = 0;
    uint32_t before = BLANK, kind;
    int64_t name = end;
    for (int64_t at = begin, next = begin; at < end; at = next, before = kind) {
        kind = kind_at(look, at, end);
        next = skip(look, at, end, SCRIPT);
        if (kind & NUMBER && !numbered)
            name = at;
        numbered |= (kind & NUMBER) != 0;
        if (next == at) {
            next_point(look->data, end, &next);
        } else if (is_in(look, BEHIND, at, next) || (numbered && is_signed(look, at, end))) {
            return 0;
        } else if (!is_said(look, at, next)) {
            more |= numbered || (before & BLANK && !(kind & CAPITAL));
            unknown = 1;
        }
    }
    return more || (unknown && !is_name(look, begin, skip_back(look, begin, name, BLANK)));
}

/* Whether a sign, with what stands behind it, may part a line. */
static int may_part(const struct look *look, int64_t at, int64_t end) {
    uint32_t point = next_point(look->data, end, &at), kind = sign_kind(look->kinds, point);
    return point == ',' || point == '\t' || (kind & SEAM && point != '-') || (kind & BLANK && kind_at(look, at, end) & BLANK);
}

/* Whether one of the parts of a line is long, and has a word that says nothing of what is read behind its first number, or one
 * in small letters; and the line no word that stands behind an author, or with what is counted. */
static int part_says_more(const struct look *look, int64_t begin, int64_t end) {
    int numbered = 0, more = 0, author = 0, found = 0, spaces = 0, empty = 1;
    uint32_t before = BLANK, kind;
    for (int64_t at = begin, next = begin; at < end; at = next, before = kind) {
        kind = kind_at(look, at, end);
        next = skip(look, at, end, SCRIPT);
        if (may_part(look, at, end)) {
            found |= more && !author && spaces >= FOREIGN;
            numbered = more = author = spaces = 0;
            empty = 1;
        } else if (empty && !(kind & (EDGE | BLANK))) {
            author = phrase_end(look, AUTHOR, at, end, 1) > 0;
            empty = 0;
        }
        numbered |= (kind & NUMBER) != 0;
        spaces += !empty && look->data[at] == ' ' && !(kind_at(look, at + 1, end) & EDGE);
        if (next == at)
            next_point(look->data, end, &next);
        else if (is_in(look, BEHIND, at, next) || is_in(look, COUNTED, at, next) || (numbered && is_signed(look, at, end)))
            return 0;
        else if ((numbered || (before & BLANK && !(kind & CAPITAL))) && !is_said(look, at, next))
            more = 1;
    }
    return found || (more && !author && spaces >= FOREIGN);
}

static int is_readable(const struct look *look, struct signs signs, int64_t begin, int64_t end) {
    if (signs.odd || signs.labelled || end - begin < FEWEST_BYTES)
        return 1;
    int more = has_parts(look, begin, end) ? part_says_more(look, begin, end) : says_more(look, begin, end);
    return !more || is_twice(look, begin, end);
}

/*
 * Adds to `said`[lines] of the lines data[begin[i]:end[i]], which are without white space around them, whether they may be read
 * as metadata (READABLE; only where they say WHO or are DATED) and as names (PERSONAL). Nothing is asked of lines that say
 * nothing. `kinds`[KNOWN], `folded`[KNOWN], `steps`[1 << bits][4], `opening`[KNOWN].
 */
KERNEL void names_likely(const uint8_t *data, const int64_t *begin, const int64_t *end, int64_t lines, const uint16_t *kinds,
                         const uint32_t *folded, const int32_t *steps, int64_t bits, const uint16_t *opening, uint8_t *said) {
    const struct look look = {data, kinds, folded, {steps, (int)bits}, opening};
    for (int64_t line = 0; line < lines; line++) {
        if (!said[line])
            continue;
        struct signs signs = signs_of(&look, begin[line], end[line]);
        if (said[line] & WHO || (said[line] & DATED && is_readable(&look, signs, begin[line], end[line])))
            said[line] |= READABLE;
        if (is_personal(&look, signs, begin[line], end[line]))
            said[line] |= PERSONAL;
    }
}
