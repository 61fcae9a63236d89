/* The lines of texts: where they stand, how long they are, and how they end. */
#include "lines.h"

/* Columns of a line: bytes of what is left without the white space around it; code points of its text at which the whole line
 * begins and ends, and at which the rest begins; length of the rest; blank lines before it; words; whether it is a sentence,
 * a paragraph, or short and holds an @. */
enum { BEGIN, END, START, STOP, BARE, CHARS, GAP, WORDS, SHAPE, COLUMNS };
enum { SENTENCE = 1, PARAGRAPH = 2, ADDRESSED = 4 };
enum { SHORT_CHARS, LONG_WORD, LONG_CHARS, LONG_WORDS, LIMITS };

/* The first byte of the number in brackets that data[begin:end] ends with; `end` where it ends with none. */
static int64_t citation(const uint8_t *data, const uint16_t *classes, int64_t begin, int64_t end) {
    int64_t at = end - 1, digits = 0;
    if (data[at] != ']')
        return end;
    while (at > begin) {
        uint32_t point = last_point(data, begin, &at);
        if (point == '[' && digits)
            return at;
        if (!(class_of(classes, point) & DIGIT))
            break;
        digits++;
    }
    return end;
}

/* Whether data[begin:end] ends as a sentence does, closing quotes, brackets and citation marks aside. */
static int is_sentence(const uint8_t *data, const uint16_t *classes, int64_t begin, int64_t end) {
    int64_t at = end;
    uint32_t class = begin < end ? class_of(classes, last_point(data, begin, &at)) : 0;
    if (!(class & CLOSER))
        return (class & TERMINAL) != 0;
    for (at = end; begin < at;) {
        int64_t before = citation(data, classes, begin, at);
        if (before == at) {
            class = class_of(classes, last_point(data, begin, &before));
            if (class & TERMINAL)
                return 1;
            if (!(class & (CLOSER | SPACE)))
                return 0;
        }
        at = before;
    }
    return 0;
}

/* The most lines that texts, each of which ends with the byte 0xFF, can have: those that are more than ASCII's white space. */
KERNEL int64_t lines_room(const uint8_t *data, int64_t size) {
    int64_t count = 0;
    for (int64_t from = 0; from < size;) {
        int64_t behind = find_byte(data, from, size, 0xFF);
        for (int64_t stop; from < behind; from = stop + 1) {
            stop = find_byte(data, from, behind, '\n');
            count += is_more(data, from, stop);
        }
        from = behind + 1;
    }
    return count;
}

/* What `lines_split` knows of where it is. */
struct place {
    int64_t count, point, gap;
};

/* One line, data[from:stop]. */
static void add_line(const uint8_t *data, int64_t from, int64_t stop, const uint16_t *classes, const int64_t *limits,
                     int64_t room, int64_t *columns, struct place *at) {
    int64_t begin = from, end = stop, points = count_points(data, from, stop);
    if (is_more(data, from, stop))
        strip(data, classes, &begin, &end);
    else
        begin = end;
    if (begin < end && at->count < room) {
        int64_t *line = columns + at->count++;
        int64_t indent = begin - from ? count_points(data, from, begin) : 0;
        int64_t chars = points - indent - (stop - end ? count_points(data, end, stop) : 0);
        int64_t words = chars > limits[SHORT_CHARS] ? chars / limits[LONG_WORD] : count_words(data, classes, begin, end, chars);
        int sentence = is_sentence(data, classes, begin, end);
        line[BEGIN * room] = begin;
        line[END * room] = end;
        line[START * room] = at->point;
        line[STOP * room] = at->point + points - (data[stop - 1] == '\r');
        line[BARE * room] = at->point + indent;
        line[CHARS * room] = chars;
        line[GAP * room] = at->gap;
        line[WORDS * room] = words;
        line[SHAPE * room] = sentence * SENTENCE;
        if (sentence && chars >= limits[LONG_CHARS] && words >= limits[LONG_WORDS])
            line[SHAPE * room] |= PARAGRAPH;
        if (chars <= limits[SHORT_CHARS] && find_byte(data, begin, end, '@') < end)
            line[SHAPE * room] |= ADDRESSED;
        at->gap = 0;
    } else {
        at->gap++;
    }
    at->point += points + 1;
}

/*
 * The lines of texts, each of which ends with the byte 0xFF, that are more than white space.
 * `columns`[COLUMNS][room] with the room that `lines_room` says, `first`[texts + 1]: the number of each text's first line.
 * `limits`[LIMITS], `classes`[KNOWN]. Returns the number of lines.
 */
KERNEL int64_t lines_split(const uint8_t *data, int64_t size, const uint16_t *classes, const int64_t *limits, int64_t room,
                           int64_t *columns, int64_t *first) {
    struct place at = {0, 0, 0};
    int64_t text = 0;
    first[0] = 0;
    for (int64_t from = 0; from < size;) {
        int64_t behind = find_byte(data, from, size, 0xFF);
        at.point = at.gap = 0;
        for (int64_t stop; from < behind; from = stop + 1) {
            stop = find_byte(data, from, behind, '\n');
            add_line(data, from, stop, classes, limits, room, columns, &at);
        }
        first[++text] = at.count;
        from = behind + 1;
    }
    return at.count;
}

enum { UNLIKE, ALIKE, UNKNOWN };

/* Whether two characters are one but for their case; UNKNOWN where one becomes several when it is folded. */
static int compare(uint32_t one, uint32_t other, const uint32_t *folded) {
    if (one >= KNOWN || other >= KNOWN)
        return one == other ? ALIKE : UNLIKE;
    if (!folded[one] || !folded[other])
        return UNKNOWN;
    return folded[one] == folded[other] ? ALIKE : UNLIKE;
}

/* Whether the first `size` characters of two lines are alike; UNKNOWN where that is not clear. */
static int begin_alike(const uint8_t *data, int64_t one, int64_t one_end, int64_t other, int64_t other_end, int64_t size,
                       const uint32_t *folded) {
    for (; size && one < one_end && other < other_end; size--) {
        int alike = compare(next_point(data, one_end, &one), next_point(data, other_end, &other), folded);
        if (alike != ALIKE)
            return alike;
    }
    return size ? UNLIKE : ALIKE;
}

/* The same of their last `size` characters, or of all that shorter lines have; `one` and `other` are their ends. */
static int end_alike(const uint8_t *data, int64_t one_begin, int64_t one, int64_t other_begin, int64_t other, int64_t size,
                     const uint32_t *folded) {
    for (; size && one_begin < one && other_begin < other; size--) {
        int alike = compare(last_point(data, one_begin, &one), last_point(data, other_begin, &other), folded);
        if (alike != ALIKE)
            return alike;
    }
    return !size || (one_begin >= one && other_begin >= other) ? ALIKE : UNLIKE;
}

enum { REPEAT_CHARS, CRUMB_CHARS, CRUMB_LINES, CRUMB_STEPS };

/*
 * Which lines begin as the line before, `alike`[lines], and which pages have one near their top that ends as one soon behind it,
 * `found`[pages]: UNLIKE, ALIKE, or UNKNOWN because of characters that become several when their case is folded. `first`[pages +
 * 1] of the lines data[begin[i]:end[i]], `folded`[KNOWN], `sizes`[4].
 */
KERNEL void lines_repeating(const uint8_t *data, const int64_t *begin, const int64_t *end, const int64_t *chars,
                            const int64_t *first, int64_t pages, const uint32_t *folded, const int64_t *sizes, uint8_t *alike,
                            uint8_t *found) {
    for (int64_t page = 0; page < pages; page++) {
        int64_t from = first[page], stop = first[page + 1], size = sizes[REPEAT_CHARS];
        int says[3] = {0, 0, 0};
        for (int64_t line = from; line < stop; line++)
            alike[line] = line == from || chars[line] < size ? UNLIKE
                                                             : (uint8_t)begin_alike(data, begin[line - 1], end[line - 1],
                                                                                    begin[line], end[line], size, folded);
        for (int64_t line = from; line < stop && line < from + sizes[CRUMB_LINES]; line++)
            for (int64_t other = line + 1; other < stop && other <= line + sizes[CRUMB_STEPS]; other++)
                says[end_alike(data, begin[line], end[line], begin[other], end[other], sizes[CRUMB_CHARS], folded)] = 1;
        found[page] = says[UNKNOWN] ? UNKNOWN : says[ALIKE] ? ALIKE : UNLIKE;
    }
}
