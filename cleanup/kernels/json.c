/* Values of JSON, checked by RFC 8259 and UTF-8 without being read, and strings, read and written. */
#include "json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#else
/* A bit, the highest of its byte, for those of eight bytes that are below a space, a quote or a backslash; the lowest one is right,
 * for a borrow only goes upwards, and bytes beyond ASCII have none. */
static inline uint64_t told(uint64_t eight) {
    uint64_t quote = eight ^ '"' * EACH, slash = eight ^ '\\' * EACH;
    uint64_t odd = (eight - 0x20 * EACH) | ((quote - EACH) & ~quote) | ((slash - EACH) & ~slash);
    return odd & ~eight & 0x80 * EACH;
}
#endif

/* How many of 16 bytes are before the first that is below a space, a quote or a backslash, or, with `ascii`, beyond ASCII. */
static inline int64_t count_inside(const uint8_t *at, int ascii) {
#ifdef __SSE2__
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i odd = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    int found = _mm_movemask_epi8(ascii ? _mm_or_si128(odd, bytes) : odd);
    return found ? __builtin_ctz((unsigned)found) : 16;
#else
    for (int64_t i = 0; i < 16; i += 8) {
        uint64_t eight = read_eight(at + i), odd = told(eight) | (ascii ? eight & 0x80 * EACH : 0);
        if (odd) return i + (__builtin_ctzll(odd) >> 3);
    }
    return 16;
#endif
}

/* How many bytes from `at` on are plain ASCII inside of a string; at most up to `end`. */
static inline int64_t skip_plain(const uint8_t *data, int64_t at, int64_t end) {
    for (; at + 16 <= end; at += 16) {
        int64_t plain = count_inside(data + at, 1);
        if (plain < 16)
            return at + plain;
    }
    while (at < end && data[at] >= 0x20 && data[at] < 0x80 && data[at] != '"' && data[at] != '\\')
        at++;
    return at;
}

/* Bytes of the character beyond ASCII that begins at data[at]; 0 where there is none. */
static int64_t wide_character(const uint8_t *data, int64_t at, int64_t end) {
    uint8_t first = data[at], low = 0x80, high = 0xBF;
    int64_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || end - at < size)
        return 0;
    if (first == 0xE0)
        low = 0xA0;
    else if (first == 0xED)
        high = 0x9F;
    else if (first == 0xF0)
        low = 0x90;
    else if (first == 0xF4)
        high = 0x8F;
    if (data[at + 1] < low || data[at + 1] > high)
        return 0;
    for (int64_t next = 2; next < size; next++)
        if (is_first(data[at + next]))
            return 0;
    return size;
}

/* The number that four hexadecimal digits at data[at] stand for; -1 where there are none. */
static int32_t hexadecimal(const uint8_t *data, int64_t at, int64_t end) {
    int32_t found = 0;
    if (end - at < 4)
        return -1;
    for (int64_t next = at; next < at + 4; next++) {
        uint8_t digit = data[next], letter = digit | 0x20;
        if (digit >= '0' && digit <= '9')
            found = found << 4 | (digit - '0');
        else if (letter >= 'a' && letter <= 'f')
            found = found << 4 | (letter - 'a' + 10);
        else
            return -1;
    }
    return found;
}

/* Where the escape ends whose backslash is data[at]; -1 for a wrong one, or half of a pair. `point`: what it stands for. */
static int64_t read_escape(const uint8_t *data, int64_t at, int64_t end, int32_t *point, kind *found) {
    static const char names[] = "\"\\bfnrt/", means[] = "\"\\\b\f\n\r\t/";
    const char *known;
    if (at + 1 >= end)
        return -1;
    found->flags |= ESCAPED;
    if (data[at + 1] != 'u') {
        known = memchr(names, data[at + 1], sizeof names - 1);
        if (!known)
            return -1;
        *point = means[known - names];
        found->flags |= *known == '/' ? CODED : 0;
        return at + 2;
    }
    found->flags |= CODED;
    *point = hexadecimal(data, at + 2, end);
    if (*point < 0 || (*point >> 10) == 0xDC00 >> 10)
        return -1;
    if ((*point >> 10) != 0xD800 >> 10)
        return at + 6;
    if (end - at < 12 || data[at + 6] != '\\' || data[at + 7] != 'u')
        return -1;
    int32_t second = hexadecimal(data, at + 8, end);
    if (second < 0 || (second >> 10) != 0xDC00 >> 10)
        return -1;
    *point = 0x10000 + ((*point & 0x3FF) << 10) + (second & 0x3FF);
    return at + 12;
}

/* Where the string ends that begins with the quote data[at]; -1 where it has no end or anything wrong in it. */
int64_t skip_string(const uint8_t *data, int64_t at, int64_t end, kind *found) {
    int32_t point;
    for (at++; at < end;) {
        at = skip_plain(data, at, end);
        if (at >= end || data[at] < 0x20)
            return -1;
        if (data[at] == '"')
            return at + 1;
        if (data[at] == '\\') {
            int64_t next = read_escape(data, at, end, &point, found);
            if (next < 0)
                return -1;
            found->more += next - at - 1;
            at = next;
        } else {
            while (at < end && data[at] >= 0x80) {
                int64_t size = wide_character(data, at, end);
                if (!size)
                    return -1;
                found->more += size - 1;
                at += size;
            }
        }
    }
    return -1;
}

int64_t skip_digits(const uint8_t *data, int64_t at, int64_t end) {
    while (at < end && data[at] >= '0' && data[at] <= '9')
        at++;
    return at;
}

/* Where the number ends that begins at data[at]; -1 where there is none. */
static int64_t skip_number(const uint8_t *data, int64_t at, int64_t end) {
    int64_t next;
    at += data[at] == '-';
    if (at < end && data[at] == '0')
        next = at + 1;
    else
        next = skip_digits(data, at, end);
    if (next == at)
        return -1;
    at = next;
    if (at < end && data[at] == '.') {
        next = skip_digits(data, at + 1, end);
        if (next == at + 1)
            return -1;
        at = next;
    }
    if (at < end && (data[at] | 0x20) == 'e') {
        at++;
        at += at < end && (data[at] == '+' || data[at] == '-');
        next = skip_digits(data, at, end);
        return next == at ? -1 : next;
    }
    return at;
}

/* Where a value ends that is neither list nor object; -1 where there is none. */
static int64_t skip_scalar(const uint8_t *data, int64_t at, int64_t end, kind *found) {
    static const char *const words[] = {"true", "false", "null"};
    if (at >= end)
        return -1;
    if (data[at] == '"')
        return skip_string(data, at, end, found);
    for (int number = 0; number < 3; number++) {
        int64_t size = (int64_t)strlen(words[number]);
        if (end - at >= size && !memcmp(data + at, words[number], (size_t)size))
            return at + size;
    }
    return skip_number(data, at, end);
}

/* Where the value of a key begins, whose quote is the next thing but space; -1 where there is none. */
int64_t skip_key(const uint8_t *data, int64_t at, int64_t end, kind *found) {
    at = skip_space(data, at, end);
    if (at >= end || data[at] != '"')
        return -1;
    at = skip_string(data, at, end, found);
    if (at < 0)
        return -1;
    at = skip_space(data, at, end);
    return at < end && data[at] == ':' ? skip_space(data, at + 1, end) : -1;
}

/* Where the value ends that begins at data[at]; -1 where it is wrong or has more than `room` levels of lists and objects. */
int64_t skip_value(const uint8_t *data, int64_t at, int64_t end, int64_t room, kind *found) {
    uint64_t objects = 0; /* of the levels, the innermost lowest: whether it is an object */
    int64_t depth = 0;
    for (;;) {
        at = skip_space(data, at, end);
        int open = at < end && (data[at] == '{' || data[at] == '[');
        if (open) {
            if (++depth > room)
                return -1;
            objects = objects << 1 | (data[at] == '{');
            at = skip_space(data, at + 1, end);
            if (at >= end)
                return -1;
            open = data[at] != (objects & 1 ? '}' : ']');
            if (open && objects & 1)
                at = skip_key(data, at, end, found);
        } else {
            at = skip_scalar(data, at, end, found);
        }
        while (at >= 0 && !open && depth) {
            at = skip_space(data, at, end);
            if (at >= end)
                return -1;
            if (data[at] == ',') {
                open = 1;
                at = objects & 1 ? skip_key(data, at + 1, end, found) : at + 1;
            } else if (data[at] == (objects & 1 ? '}' : ']')) {
                depth--;
                objects >>= 1;
                at++;
            } else {
                return -1;
            }
        }
        if (at < 0 || !open)
            return at;
    }
}

/* Writes a character, not half of a pair, as UTF-8; how many bytes. */
static int64_t put_point(uint8_t *out, int32_t point) {
    static const int32_t first[] = {0, 0xC0, 0xE0, 0xF0};
    int64_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    out[0] = (uint8_t)(first[more] | point >> 6 * more);
    for (int64_t next = 1; next <= more; next++)
        out[next] = (uint8_t)(0x80 | (point >> 6 * (more - next) & 0x3F));
    return more + 1;
}

/* What the string between data[at] and data[end] says, up to anything wrong (`wrong` becomes 1); into `out`, never longer. How many
 * bytes. */
int64_t unescape(const uint8_t *data, int64_t at, int64_t end, uint8_t *out, int *wrong) {
    uint8_t *begin = out;
    int32_t point = 0;
    kind found = {0, 0};
    while (at < end) {
        const uint8_t *slash = memchr(data + at, '\\', (size_t)(end - at));
        int64_t size = slash ? slash - data - at : end - at;
        memcpy(out, data + at, (size_t)size);
        out += size;
        at += size;
        if (at < end) {
            at = read_escape(data, at, end, &point, &found);
            if (at < 0) {
                if (wrong)
                    *wrong = 1;
                break;
            }
            out += put_point(out, point);
        }
    }
    return out - begin;
}

/* How many bytes from text[at] on a string holds as they are; at most up to `end`. */
static int64_t skip_unescaped(const uint8_t *text, int64_t at, int64_t end) {
    for (; at + 16 <= end; at += 16) {
        int64_t inside = count_inside(text + at, 0);
        if (inside < 16)
            return at + inside;
    }
    while (at < end && text[at] >= 0x20 && text[at] != '"' && text[at] != '\\')
        at++;
    return at;
}

/* Writes text[:size] as an encoder would between quotes; how many bytes. */
int64_t escape(const uint8_t *text, int64_t size, uint8_t *out) {
    static const char means[] = "\b\f\n\r\t\"\\", names[] = "bfnrt\"\\";
    uint8_t *begin = out;
    for (int64_t at = 0, stop; at < size; at = stop + 1) {
        stop = skip_unescaped(text, at, size);
        memcpy(out, text + at, (size_t)(stop - at));
        out += stop - at;
        if (stop == size)
            break;
        const char *known = text[stop] ? strchr(means, text[stop]) : NULL;
        *out++ = '\\';
        if (!known)
            memcpy(out, text[stop] < 16 ? "u000" : "u001", 4);
        out += known ? 0 : 4;
        *out++ = (uint8_t)(known ? names[known - means] : "0123456789abcdef"[text[stop] & 15]);
    }
    return out - begin;
}

/* The string between data[at] and data[end], in which nothing is wrong, as `escape` writes what it says; never longer. */
int64_t recode(const uint8_t *data, int64_t at, int64_t end, uint8_t *out) {
    uint8_t *begin = out, said[4];
    int32_t point = 0;
    kind found = {0, 0};
    while (at >= 0 && at < end) {
        const uint8_t *slash = memchr(data + at, '\\', (size_t)(end - at));
        int64_t size = slash ? slash - data - at : end - at;
        memcpy(out, data + at, (size_t)size);
        out += size;
        at += size;
        if (at < end && (at = read_escape(data, at, end, &point, &found)) >= 0)
            out += escape(said, put_point(said, point), out);
    }
    return out - begin;
}

/* Where the string data[at:end] goes on behind so many characters; at most up to an escape that is wrong
 * (`wrong` becomes 1). */
static int64_t skip_characters(const uint8_t *data, int64_t at, int64_t end, int64_t count, int *wrong) {
    int32_t point;
    kind found = {0, 0};
    while (count > 0 && at < end) {
        uint64_t eight = count >= 8 && end - at >= 8 ? read_eight(data + at) : '\\' * EACH, slash = eight ^ '\\' * EACH;
        if (!((slash - EACH) & ~slash & 0x80 * EACH)) {
            count -= 8 - (int64_t)(((eight >> 7 & ~eight >> 6 & EACH) * EACH) >> 56);
            at += 8;
        } else if (data[at] == '\\') {
            int64_t next = read_escape(data, at, end, &point, &found);
            if (next < 0) {
                *wrong = 1;
                return at;
            }
            at = next;
            count--;
        } else {
            count -= is_first(data[at++]);
        }
    }
    while (at < end && !is_first(data[at]))
        at++;
    return at;
}

/* What `count` strings of JSON say, string n standing between data[begins[n]] and data[ends[n]], from character skips[n] on and
 * takes[n] characters at most: side by side in out[size of the strings], and behind the last byte places[n]. Returns 0 where one
 * has an escape that is wrong, or half of a pair. */
KERNEL int64_t strings_said(
    const uint8_t *data, const int64_t *begins, const int64_t *ends, const int64_t *skips, const int64_t *takes, int64_t count,
    uint8_t *out, int64_t *places
) {
    int wrong = 0;
    for (int64_t number = 0, at = 0; number < count; number++) {
        int64_t begin = skip_characters(data, begins[number], ends[number], skips[number], &wrong), end = ends[number];
        if (takes[number] < end - begin)
            end = skip_characters(data, begin, end, takes[number], &wrong);
        at += unescape(data, begin, end, out + at, &wrong);
        places[number] = at;
    }
    return !wrong;
}
