/* What a line is: where it begins and ends without the white space around it, and how many words it has. */
#ifndef CLEANUP_LINES_H
#define CLEANUP_LINES_H

#include "text.h"

/* Moves both ends of data[*begin:*end] over white space. */
static inline void strip(const uint8_t *data, const uint16_t *classes, int64_t *begin, int64_t *end) {
    int64_t at = *begin;
    while (*begin < *end && class_of(classes, next_point(data, *end, &at)) & SPACE)
        *begin = at;
    at = *end;
    while (*begin < *end && class_of(classes, last_point(data, *begin, &at)) & SPACE)
        *end = at;
}

/* Words: spaces and one; in scripts without spaces two signs count as one. */
static inline int64_t count_words(const uint8_t *data, const uint16_t *classes, int64_t begin, int64_t end, int64_t chars) {
    int64_t words = count_spaces(data, begin, end) + 1, wide = 0;
    if (end - begin < 2 * chars)
        return words;
    for (int64_t at = begin; at < end;)
        wide += (class_of(classes, next_point(data, end, &at)) & WIDE) != 0;
    return words + wide / 2;
}

static inline int64_t find_byte(const uint8_t *data, int64_t begin, int64_t end, int byte) {
    const uint8_t *found = begin < end ? memchr(data + begin, byte, (size_t)(end - begin)) : NULL;
    return found ? found - data : end;
}

/* Whether data[begin:end] is more than ASCII's white space. */
static inline int is_more(const uint8_t *data, int64_t begin, int64_t end) {
    while (begin < end && data[begin] <= ' ' && (data[begin] >= 28 || (data[begin] >= 9 && data[begin] <= 13)))
        begin++;
    return begin < end;
}

#endif
