/* Keys of lines by which a site's furniture is told: equal where lines say the same but for case, numbers and spaces. */
#include "lines.h"

/* The key of the line data[begin:end]: its characters folded, every digit a 0, white space between them one space. */
static uint64_t line_key(const uint8_t *data, int64_t begin, int64_t end, const uint16_t *classes, const uint32_t *folded) {
    uint64_t key = 0;
    int spaced = 0;
    while (begin < end) {
        uint32_t point = next_point(data, end, &begin), kind = class_of(classes, point);
        if (kind & SPACE) {
            spaced = key != 0;
            continue;
        }
        if (spaced)
            key = (key ^ ' ') * GOLDEN;
        spaced = 0;
        point = kind & DIGIT ? '0' : point < KNOWN && folded[point] ? folded[point] : point;
        key = (key ^ point) * GOLDEN;
        key ^= key >> 32;
        key += !key;
    }
    return key;
}

/* The keys of `count` lines, data[begin[i]:end[i]]. `classes`[KNOWN], `folded`[KNOWN], `keys`[count]. */
KERNEL void sites_keys(const uint8_t *data, const int64_t *begin, const int64_t *end, int64_t count, const uint16_t *classes,
                       const uint32_t *folded, uint64_t *keys) {
    for (int64_t line = 0; line < count; line++)
        keys[line] = line_key(data, begin[line], end[line], classes, folded);
}

/* Short lines that are found, and the characters and words that they have at most. */
struct short_lines {
    const uint16_t *classes;
    const uint32_t *folded;
    int64_t most_chars, most_words, count, room;
    int64_t *owner;
    uint64_t *keys;
};

/* Adds the line data[begin:end] of a text, if it is short. */
static void add_short(struct short_lines *found, const uint8_t *data, int64_t begin, int64_t end, int64_t text) {
    if (end - begin > 4 * found->most_chars) /* there is no character of more bytes */
        return;
    int64_t chars = count_points(data, begin, end);
    if (chars > found->most_chars || count_words(data, found->classes, begin, end, chars) > found->most_words)
        return;
    if (found->count < found->room) {
        found->owner[found->count] = text;
        found->keys[found->count] = line_key(data, begin, end, found->classes, found->folded);
    }
    found->count++;
}

/*
 * The short lines of texts, without what is a text's first one: the number of its text, `owner`[room], and its key, `keys`[room],
 * of each line of at most so many characters and words. Text i is size[i] bytes at address where[i]. `classes`[KNOWN],
 * `folded`[KNOWN]. Returns how many there are; those beyond the room are left out.
 */
KERNEL int64_t sites_lines(const uint64_t *where, const int64_t *size, int64_t texts, int64_t most_chars, int64_t most_words,
                           const uint16_t *classes, const uint32_t *folded, int64_t room, int64_t *owner, uint64_t *keys) {
    struct short_lines found = {classes, folded, most_chars, most_words, 0, room, owner, keys};
    for (int64_t text = 0; text < texts; text++) {
        const uint8_t *data = (const uint8_t *)(uintptr_t)where[text];
        int first = 1;
        for (int64_t from = 0, stop; from < size[text]; from = stop + 1) {
            stop = find_byte(data, from, size[text], '\n');
            int64_t begin = from, end = stop;
            if (is_more(data, from, stop))
                strip(data, classes, &begin, &end);
            else
                continue;
            if (begin < end && !first)
                add_short(&found, data, begin, end, text);
            first &= begin == end;
        }
    }
    return found.count;
}
