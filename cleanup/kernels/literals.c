/* Strings in lines of JSON, found without reading the rest of the line. */
#include "sketch.h"

#define BLOCK 32 /* bytes looked at in one go */

/* Whether a quote or a backslash is among the BLOCK bytes at `text`. */
static int has_special(const uint8_t *text) {
    uint8_t found = 0;
    for (int i = 0; i < BLOCK; i++) found |= (uint8_t)((text[i] == '"') | (text[i] == '\\'));
    return found;
}

/* Where the string ends that begins before line[at]: at its closing quote, or at `end` where there is none. */
static int64_t string_end(const uint8_t *line, int64_t at, int64_t end) {
    while (at < end) {
        while (end - at >= BLOCK && !has_special(line + at)) at += BLOCK;
        if (end - at >= 8) {
            uint64_t eight = read_eight(line + at), quote = eight ^ '"' * EACH, slash = eight ^ '\\' * EACH;
            uint64_t found = (((quote - EACH) & ~quote) | ((slash - EACH) & ~slash)) & 0x80 * EACH;
            if (!found) {
                at += 8;
                continue;
            }
            at += __builtin_ctzll(found) >> 3; /* of the bits that are set the lowest is right */
        }
        if (at >= end || line[at] == '"') return at;
        at += line[at] == '\\' ? 2 : 1;
    }
    return end;
}

static int64_t blanks_end(const uint8_t *line, int64_t at, int64_t end) {
    while (at < end && (line[at] == ' ' || line[at] == '\t' || line[at] == '\n' || line[at] == '\r')) at++;
    return at;
}

/* Where the value ends that begins at line[at]. */
static int64_t value_end(const uint8_t *line, int64_t at, int64_t end) {
    int64_t depth = 0;
    for (; at < end; at++) {
        uint8_t byte = line[at];
        if (byte == '"') {
            at = string_end(line, at + 1, end);
        } else if (byte == '{' || byte == '[') {
            depth++;
        } else if (byte == ',' || byte == '}' || byte == ']') {
            if (!depth) return at;
            depth -= byte != ',';
        }
    }
    return end;
}

/* Whether a string of JSON says what stands in key[size]. */
static int says(const uint8_t *text, int64_t length, const uint8_t *key, int64_t size) {
    int64_t at = 0, to = 0;
    while (at < length && to < size)
        if (text_point(text, length, ESCAPES, &at) != text_point(key, size, 0, &to)) return 0;
    return at == length && to == size;
}

/*
 * Where in each of `count` lines, line n being data[ends[n - 1] .. ends[n]), the string begins that a field of the object has, and
 * its size, quotes left out; -1 where the line is no object that has a string there. key[size]: the field's name in UTF-8.
 * Behind such a string stand at least three bytes of the line.
 */
KERNEL void line_strings(const uint8_t *data, const int64_t *ends, int64_t count, const uint8_t *key, int64_t size, int64_t *begins,
                         int64_t *sizes) {
    for (int64_t number = 0; number < count; number++) {
        int64_t first = number ? ends[number - 1] : 0, end = ends[number] - 2, at = blanks_end(data, first, end) + 1;
        sizes[number] = begins[number] = -1;
        if (at > end || data[at - 1] != '{') continue;
        while ((at = blanks_end(data, at, end)) < end && data[at] == '"') {
            int64_t name = at + 1, after = string_end(data, name, end);
            at = blanks_end(data, after < end ? after + 1 : end, end);
            if (at >= end || data[at] != ':') break;
            at = blanks_end(data, at + 1, end);
            int64_t behind = at < end && data[at] == '"' ? string_end(data, at + 1, end) : -1;
            if (behind >= 0 && behind < end && says(data + name, after - name, key, size)) {
                begins[number] = at + 1 - first;
                sizes[number] = behind - at - 1;
                break;
            }
            at = value_end(data, at, end);
            if (at >= end || data[at] != ',') break;
            at++;
        }
    }
}

/* Which of `count` strings, string n standing at the address where[n] with sizes[n] bytes, are those before them, byte by byte. */
KERNEL void strings_repeated(const uint64_t *where, const int64_t *sizes, int64_t count, uint8_t *found) {
    for (int64_t at = 0; at < count; at++)
        found[at] = at && sizes[at] == sizes[at - 1] &&
                    !memcmp((const uint8_t *)(uintptr_t)where[at], (const uint8_t *)(uintptr_t)where[at - 1], (size_t)sizes[at]);
}
