/* Lines of JSONL: told apart, checked, and laid out as they will be written. Accepted is only what is beyond doubt by RFC 8259
 * and UTF-8, so that every other reader finds the same in it. */
#include "kernels.h"

enum { FIELDS = 64, DEEPEST = 64 };
enum { ESCAPED = 1, CODED = 2 };                                    /* what a string holds: escapes; some not in their usual form */
enum { KNOWN = 1, WITH_ID = 4, WITH_SOURCE = 8 };                   /* what a line is */
enum { BEGIN, END, FORM, BODY, TEXT, TEXT_END, SPANS, COLUMNS = 14 }; /* columns of a row; SPANS: text, URL, date, id */
enum { NAME_TEXT, NAME_ID, NAME_SOURCE, NAME_CLEANUP, NAME_DROP, NAME_URL, NAME_DATE, NAME_OWN, NAMES };

typedef struct {
    int64_t key, key_end, value, value_end; /* quotes included */
    int flags;                              /* of a value that is a string */
} field;

static inline int64_t skip_space(const uint8_t *data, int64_t at, int64_t end) {
    while (at < end && (data[at] == ' ' || data[at] == '\t' || data[at] == '\r'))
        at++;
    return at;
}

/* How many bytes from `at` on are plain ASCII inside of a string; at most up to `end`. */
static inline int64_t skip_plain(const uint8_t *data, int64_t at, int64_t end) {
    for (; at + 8 <= end; at += 8) {
        uint64_t eight = read_eight(data + at), quote = eight ^ '"' * EACH, slash = eight ^ '\\' * EACH;
        /* The lowest flag is right: a borrow only goes upwards. */
        uint64_t odd = (eight - 0x20 * EACH) | ((quote - EACH) & ~quote) | ((slash - EACH) & ~slash);
        odd = ((odd & ~eight) | eight) & 0x80 * EACH;
        if (odd)
            return at + (__builtin_ctzll(odd) >> 3);
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
static int64_t read_escape(const uint8_t *data, int64_t at, int64_t end, int32_t *point, int *flags) {
    static const char names[] = "\"\\bfnrt/", means[] = "\"\\\b\f\n\r\t/";
    const char *known;
    if (at + 1 >= end)
        return -1;
    *flags |= ESCAPED;
    if (data[at + 1] != 'u') {
        known = memchr(names, data[at + 1], sizeof names - 1);
        if (!known)
            return -1;
        *point = means[known - names];
        *flags |= *known == '/' ? CODED : 0;
        return at + 2;
    }
    *flags |= CODED;
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
static int64_t skip_string(const uint8_t *data, int64_t at, int64_t end, int *flags) {
    int32_t point;
    for (at++; at < end;) {
        at = skip_plain(data, at, end);
        if (at >= end || data[at] < 0x20)
            return -1;
        if (data[at] == '"')
            return at + 1;
        if (data[at] == '\\') {
            at = read_escape(data, at, end, &point, flags);
            if (at < 0)
                return -1;
        } else {
            while (at < end && data[at] >= 0x80) {
                int64_t size = wide_character(data, at, end);
                if (!size)
                    return -1;
                at += size;
            }
        }
    }
    return -1;
}

static int64_t skip_digits(const uint8_t *data, int64_t at, int64_t end) {
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
static int64_t skip_scalar(const uint8_t *data, int64_t at, int64_t end, int *flags) {
    static const char *const words[] = {"true", "false", "null"};
    if (at >= end)
        return -1;
    if (data[at] == '"')
        return skip_string(data, at, end, flags);
    for (int number = 0; number < 3; number++) {
        int64_t size = (int64_t)strlen(words[number]);
        if (end - at >= size && !memcmp(data + at, words[number], (size_t)size))
            return at + size;
    }
    return skip_number(data, at, end);
}

/* Where the value of a key begins, whose quote is the next thing but space; -1 where there is none. */
static int64_t skip_key(const uint8_t *data, int64_t at, int64_t end, int *flags) {
    at = skip_space(data, at, end);
    if (at >= end || data[at] != '"')
        return -1;
    at = skip_string(data, at, end, flags);
    if (at < 0)
        return -1;
    at = skip_space(data, at, end);
    return at < end && data[at] == ':' ? skip_space(data, at + 1, end) : -1;
}

/* Where the value ends that begins at data[at]; -1 where it is wrong or has more than `room` levels of lists and objects. */
static int64_t skip_value(const uint8_t *data, int64_t at, int64_t end, int64_t room, int *flags) {
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
                at = skip_key(data, at, end, flags);
        } else {
            at = skip_scalar(data, at, end, flags);
        }
        while (at >= 0 && !open && depth) {
            at = skip_space(data, at, end);
            if (at >= end)
                return -1;
            if (data[at] == ',') {
                open = 1;
                at = objects & 1 ? skip_key(data, at + 1, end, flags) : at + 1;
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

static int same(const uint8_t *data, int64_t begin, int64_t end, const uint8_t *other, int64_t size) {
    return end - begin == size && !memcmp(data + begin, other, (size_t)size);
}

/* The fields of the object that data[at:end] is, fields[FIELDS]; how many, -1 on any doubt. */
static int64_t read_fields(const uint8_t *data, int64_t at, int64_t end, int64_t room, field *fields) {
    int64_t count = 0;
    at = skip_space(data, at, end);
    if (at >= end || data[at++] != '{')
        return -1;
    for (;; at++) {
        int key_flags = 0;
        if (count == FIELDS)
            return -1;
        field *one = fields + count++;
        one->flags = 0;
        one->key = skip_space(data, at, end);
        at = skip_key(data, one->key, end, &key_flags);
        if (at < 0 || key_flags)
            return -1;
        one->key_end = at;
        while (data[one->key_end - 1] != '"') /* space and colon */
            one->key_end--;
        for (field *other = fields; other < one; other++)
            if (same(data, one->key, one->key_end, data + other->key, other->key_end - other->key))
                return -1;
        one->value = at;
        at = one->value_end = skip_value(data, at, end, room, &one->flags);
        if (at < 0)
            return -1;
        at = skip_space(data, at, end);
        if (at >= end)
            return -1;
        if (data[at] == '}')
            return skip_space(data, at + 1, end) == end ? count : -1;
        if (data[at] != ',')
            return -1;
    }
}

/* Writes the fields side by side, without space between them, from data[at] on, which is not behind the first of them. */
static int64_t lay_out(uint8_t *data, int64_t at, field *fields, int64_t count) {
    for (field *one = fields; one < fields + count; one++) {
        int64_t key = one->key_end - one->key, value = one->value_end - one->value;
        if (one != fields)
            data[at++] = ',';
        memmove(data + at, data + one->key, (size_t)key);
        at += key;
        data[at++] = ':';
        memmove(data + at, data + one->value, (size_t)value);
        one->value = at;
        one->value_end = at += value;
    }
    return at;
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

/* What the string between data[at] and data[end] says, which was checked; into `out`, never longer. How many bytes. */
static int64_t unescape(const uint8_t *data, int64_t at, int64_t end, uint8_t *out) {
    uint8_t *begin = out;
    int32_t point = 0;
    int flags = 0;
    while (at < end) {
        const uint8_t *slash = memchr(data + at, '\\', (size_t)(end - at));
        int64_t size = slash ? slash - data - at : end - at;
        memcpy(out, data + at, (size_t)size);
        out += size;
        at += size;
        if (at < end) {
            at = read_escape(data, at, end, &point, &flags);
            out += put_point(out, point);
        }
    }
    return out - begin;
}

/* How many bytes from text[at] on a string holds as they are; at most up to `end`. */
static int64_t skip_unescaped(const uint8_t *text, int64_t at, int64_t end) {
    for (; at + 8 <= end; at += 8) {
        uint64_t eight = read_eight(text + at), quote = eight ^ '"' * EACH, slash = eight ^ '\\' * EACH;
        uint64_t odd = (eight - 0x20 * EACH) | ((quote - EACH) & ~quote) | ((slash - EACH) & ~slash);
        odd &= ~eight & 0x80 * EACH;
        if (odd)
            return at + (__builtin_ctzll(odd) >> 3);
    }
    while (at < end && text[at] >= 0x20 && text[at] != '"' && text[at] != '\\')
        at++;
    return at;
}

/* Writes text[:size] as an encoder would between quotes; how many bytes. */
static int64_t escape(const uint8_t *text, int64_t size, uint8_t *out) {
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

/* Whether a value can be an id: a string that is not empty, or a number that is surely whole. */
static int usable(const uint8_t *data, const field *one) {
    int64_t size = one->value_end - one->value, at = one->value + (data[one->value] == '-');
    if (data[one->value] == '"')
        return size > 2;
    return at < one->value_end && size < 19 && skip_digits(data, at, one->value_end) == one->value_end;
}

/* One line, data[begin:end], as a row, COLUMNS; how many bytes were written to texts. The row's FORM is 0 on any doubt. */
static int64_t read_line(
    uint8_t *data, int64_t begin, int64_t end, const uint8_t *names, const int64_t *ends, int64_t room, int64_t *row, uint8_t *texts
) {
    static const int span_of[] = {NAME_TEXT, NAME_URL, NAME_DATE, NAME_OWN};
    field fields[FIELDS], *found[NAMES] = {0};
    int64_t count = read_fields(data, begin, end, room, fields), size;
    if (count < 0)
        return 0;
    for (field *one = fields; one < fields + count; one++)
        for (int64_t name = 0, from = 0; name < NAMES; from = ends[name++])
            if (same(data, one->key + 1, one->key_end - 1, names + from, ends[name] - from))
                found[name] = one;
    field *text = found[NAME_TEXT], *id = found[NAME_ID];
    if (!text || data[text->value] != '"' || found[NAME_CLEANUP] || found[NAME_DROP] || (id && !usable(data, id)))
        return 0;
    size = text->value_end - text->value - 2;
    if (text->flags & ESCAPED)
        size = unescape(data, text->value + 1, text->value_end - 1, texts);
    else
        memcpy(texts, data + text->value + 1, (size_t)size);
    if (text->flags & CODED) { /* the usual form is never longer */
        text->value_end = text->value + 2 + escape(texts, size, data + text->value + 1);
        data[text->value_end - 1] = '"';
    }
    row[BODY] = lay_out(data, begin, fields, count);
    row[FORM] = KNOWN | (id ? WITH_ID : 0) | (found[NAME_SOURCE] ? WITH_SOURCE : 0);
    for (int number = 0; number < 4; number++) {
        const field *one = found[span_of[number]];
        int plain = number && one && data[one->value] == '"' && !(one->flags & ESCAPED);
        row[SPANS + 2 * number] = one ? one->value + plain : 0;
        row[SPANS + 2 * number + 1] = !one ? 0 : plain ? 1 - one->value_end : one->value_end;
    }
    return size;
}

/* The lines of data[*at:size], at most `room`, as rows[room][COLUMNS]; how many, and *at moves behind the last one.
 *
 * BEGIN and END: where a line stands, without its break. A FORM other than 0: it is a record whose text is a string. The line is
 * then gone: in its place lie its fields, without braces and space between them, up to BODY, the text as an encoder writes it; and
 * texts[TEXT:TEXT_END] has the text, texts[size]. SPANS are where values lie, in data, 0 and 0 for those that are missing: text,
 * URL, date, id; of a string without escapes, other than the text, only what is between the quotes, and the end is negative. Lines above `longest` bytes, or nested deeper than `deepest`, are not looked at.
 * names[ends[NAMES - 1]]: names of fields as NAMES lists them, side by side. */
KERNEL int64_t json_lines(
    uint8_t *data, int64_t size, const uint8_t *names, const int64_t *ends, int64_t longest, int64_t deepest, int64_t room,
    int64_t *at, int64_t *rows, uint8_t *texts
) {
    int64_t count = 0, begin = *at, text = *at;
    for (; count < room && begin < size; count++, rows += COLUMNS) {
        const uint8_t *stop = memchr(data + begin, '\n', (size_t)(size - begin));
        int64_t end = stop ? stop - data : size;
        memset(rows, 0, COLUMNS * sizeof *rows);
        rows[BEGIN] = begin;
        rows[END] = end;
        rows[TEXT] = text;
        if (end - begin <= longest && deepest >= 1)
            text += read_line(data, begin, end, names, ends, (deepest < DEEPEST ? deepest : DEEPEST) - 1, rows, texts + text);
        rows[TEXT_END] = text;
        begin = end + 1;
    }
    *at = begin < size ? begin : size;
    return count;
}
