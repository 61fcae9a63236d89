/* Lines of JSONL: told apart, checked, and laid out as they will be written. Accepted is only what is beyond doubt by RFC 8259
 * and UTF-8, so that every other reader finds the same in it. */
#include "written.h"

enum { FIELDS = 64, DEEPEST = 64 };
enum { KNOWN = 1, NAMELESS = 2, WITH_ID = 4, WITH_SOURCE = 8 }; /* what a line is */
enum { BEGIN, END, FORM, LINE, LINE_END, BODY, BODY_END, TEXT, TEXT_END, LENGTH };
enum { ID = LENGTH + 1, ID_END, URL, URL_END, DATE, DATE_END, HOST, HOST_END, COLUMNS }; /* of a row */
enum { NAME_TEXT, NAME_ID, NAME_SOURCE, NAME_CLEANUP, NAME_DROP, NAME_URL, NAME_DATE, NAME_OWN, NAMES };
enum { LABEL = NAMES, WRITTEN_LABEL, WRITTEN_SOURCE }; /* what else is given for all lines */

typedef struct {
    int64_t key, key_end, value, value_end; /* quotes included */
    kind kind;                              /* of a value that is a string */
} field;

typedef struct {
    const uint8_t *given; /* bytes side by side */
    const int64_t *ends;
    int64_t deepest, offset, own;
    uint8_t *out, *ids;
    int64_t out_at, ids_at; /* where to write next */
    const field *name;      /* of this line: the field that names the document, or NULL */
    uint8_t number[24];     /* where the line stands, in digits */
    int64_t digits;
} task;

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
        kind of_key = {0, 0};
        if (count == FIELDS)
            return -1;
        field *one = fields + count++;
        one->kind = of_key;
        one->key = skip_space(data, at, end);
        at = skip_key(data, one->key, end, &of_key);
        if (at < 0 || of_key.flags)
            return -1;
        one->key_end = at;
        while (data[one->key_end - 1] != '"') /* space and colon */
            one->key_end--;
        for (field *other = fields; other < one; other++)
            if (same(data, one->key, one->key_end, data + other->key, other->key_end - other->key))
                return -1;
        one->value = at;
        at = one->value_end = skip_value(data, at, end, room, &one->kind);
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

/* Whether a value can be an id: a string that is not empty, or a number that is surely whole. */
static int usable(const uint8_t *data, const field *one) {
    int64_t size = one->value_end - one->value, at = one->value + (data[one->value] == '-');
    if (data[one->value] == '"')
        return size > 2;
    return at < one->value_end && size < 19 && skip_digits(data, at, one->value_end) == one->value_end;
}

static uint8_t *put_given(uint8_t *out, const task *now, int what) {
    int64_t begin = what ? now->ends[what - 1] : 0;
    return put(out, now->given + begin, now->ends[what] - begin);
}

/* What the quotes of a string hold, in the usual form, which is never longer. */
static uint8_t *put_usual(uint8_t *out, const uint8_t *data, const field *one) {
    if (one->kind.flags & CODED)
        return out + recode(data, one->value + 1, one->value_end - 1, out);
    return put(out, data + one->value + 1, one->value_end - one->value - 2);
}

/* What a string says. */
static uint8_t *put_said(uint8_t *out, const uint8_t *data, const field *one) {
    if (one->kind.flags & ESCAPED)
        return out + unescape(data, one->value + 1, one->value_end - 1, out, NULL);
    return put(out, data + one->value + 1, one->value_end - one->value - 2);
}

/* Whether a value, which may be missing, names a document; -1: maybe. */
static int naming(const uint8_t *data, const field *one) {
    if (!one)
        return 0;
    uint8_t first = data[one->value];
    if (first == '"' || (first != '-' && (first < '0' || first > '9')))
        return first == '"' && usable(data, one);
    return usable(data, one) && !(first == '-' && data[one->value + 1] == '0') ? 1 : -1;
}

/* A string with something in it. */
static int saying(const uint8_t *data, const field *one) {
    return one && data[one->value] == '"' && one->value_end - one->value > 2;
}

/* The fields side by side, without space between them; of `text` the usual form, and where it lies. */
static uint8_t *put_fields(
    uint8_t *out, const uint8_t *data, const field *fields, int64_t count, const field *text, const task *now, int64_t *row
) {
    for (const field *one = fields; one < fields + count; one++) {
        if (one != fields)
            *out++ = ',';
        out = put(out, data + one->key, one->key_end - one->key);
        *out++ = ':';
        if (one != text) {
            out = put(out, data + one->value, one->value_end - one->value);
            continue;
        }
        *out++ = '"';
        row[TEXT] = out - now->out;
        out = put_usual(out, data, one);
        row[TEXT_END] = out - now->out;
        *out++ = '"';
    }
    return out;
}

/* The host of a URL, out[at:end], where it is plain to see, without "www."; HOST -1 where it isn't. */
static void find_host(const uint8_t *url, int64_t at, int64_t end, int64_t *row) {
    row[HOST] = row[HOST_END] = -1;
    if (end - at < 7 || memcmp(url + at, "http", 4))
        return;
    at += 4;
    at += url[at] == 's';
    if (end - at < 3 || memcmp(url + at, "://", 3))
        return;
    int64_t begin = at += 3;
    while (at < end && ((url[at] >= 'a' && url[at] <= 'z') || (url[at] >= '0' && url[at] <= '9') || url[at] == '.' || url[at] == '-'))
        at++;
    if (at == begin || (at < end && url[at] != '/'))
        return;
    row[HOST] = begin + (at - begin >= 4 && !memcmp(url + begin, "www.", 4) ? 4 : 0);
    row[HOST_END] = at;
}

/* The id, as it is said, or as it is written between quotes. */
static uint8_t *put_name(uint8_t *out, const uint8_t *data, const task *now, int written) {
    const field *name = now->name;
    if (!name)
        return put(put_given(out, now, written ? WRITTEN_LABEL : LABEL), now->number, now->digits);
    if (data[name->value] != '"')
        return put(out, data + name->value, name->value_end - name->value);
    return written ? put_usual(out, data, name) : put_said(out, data, name);
}

/* Whether a date is one in ISO 8601, which is taken as it is, or says nothing; of others somebody has to make one. */
static int plain_date(const uint8_t *data, const field *one) {
    if (!saying(data, one))
        return !one || !(data[one->value] == '-' || (data[one->value] >= '0' && data[one->value] <= '9'));
    const uint8_t *date = data + one->value + 1;
    int64_t size = one->value_end - one->value - 2, at = 0;
    for (const char *form = "dddd-dd-dd"; *form; form++, at++)
        if (at == size || (*form == 'd' ? date[at] < '0' || date[at] > '9' : date[at] != '-'))
            return 0;
    if (at < size && date[at] != 'T' && date[at] != ' ')
        return 0;
    while (++at < size && (memchr(":.+Z-", date[at], 5) || (date[at] >= '0' && date[at] <= '9')))
        ;
    return at >= size;
}

/* What the record says about the document, as `cleanup` has it: URL, date, and the id where its own is not the one asked for. */
static uint8_t *put_summary(uint8_t *out, const uint8_t *data, field *const *found, const task *now, int64_t *row) {
    out = PUT(out, ",\"cleanup\":{\"edits\":0,\"meta\":{");
    uint8_t *begin = out;
    if (saying(data, found[NAME_URL])) {
        out = PUT(out, "\"url\":\"");
        row[URL] = out - now->out;
        out = put_usual(out, data, found[NAME_URL]);
        row[URL_END] = out - now->out;
        find_host(now->out, row[URL], row[URL_END], row);
        *out++ = '"';
    }
    if (saying(data, found[NAME_DATE])) {
        out = out == begin ? out : PUT(out, ",");
        out = PUT(out, "\"date\":\"");
        row[DATE] = out - now->out;
        out = put_usual(out, data, found[NAME_DATE]);
        row[DATE_END] = out - now->out;
        *out++ = '"';
    }
    if ((row[FORM] & NAMELESS) && (row[FORM] & WITH_ID)) {
        out = out == begin ? out : PUT(out, ",");
        out = PUT(out, "\"id\":\"");
        out = put_name(out, data, now, 1);
        *out++ = '"';
    }
    return PUT(out, "}}}\n");
}

/* What stands before the fields of a record. */
static uint8_t *put_front(uint8_t *out, const uint8_t *data, const task *now, const int64_t *row) {
    *out++ = '{';
    if (!(row[FORM] & WITH_ID)) {
        out = PUT(out, "\"id\":\"");
        out = put_name(out, data, now, 1);
        out = PUT(out, "\",");
    }
    return row[FORM] & WITH_SOURCE ? out : put_given(out, now, WRITTEN_SOURCE);
}

/* One line, data[begin:end], as a row, COLUMNS, whose FORM is 0 on any doubt. */
static void read_line(const uint8_t *data, int64_t begin, int64_t end, task *now, int64_t *row) {
    field fields[FIELDS], *found[NAMES] = {0};
    int64_t count = read_fields(data, begin, end, now->deepest, fields);
    if (count < 0)
        return;
    for (field *one = fields; one < fields + count; one++)
        for (int64_t name = 0, from = 0; name < NAMES; from = now->ends[name++])
            if (same(data, one->key + 1, one->key_end - 1, now->given + from, now->ends[name] - from))
                found[name] = one;
    const field *text = found[NAME_TEXT], *id = found[NAME_ID], *name = found[NAME_OWN];
    int named = naming(data, name);
    if (!named && !now->own)
        named = naming(data, name = found[NAME_URL]);
    if (!text || data[text->value] != '"' || text->value_end - text->value < 3) /* of an empty one a page may stand in */
        return;
    if (!plain_date(data, found[NAME_DATE]))
        return;
    if (found[NAME_CLEANUP] || found[NAME_DROP] || (id && !usable(data, id)) || named < 0)
        return;
    now->name = named ? name : NULL;
    now->digits = put_number(now->number, now->offset + begin) - now->number;
    row[FORM] = KNOWN | (named ? 0 : NAMELESS) | (id ? WITH_ID : 0) | (found[NAME_SOURCE] ? WITH_SOURCE : 0);
    row[LENGTH] = text->value_end - text->value - 2 - text->kind.more;
    row[ID] = now->ids_at;
    row[ID_END] = now->ids_at = put_name(now->ids + now->ids_at, data, now, 0) - now->ids;
    row[LINE] = now->out_at;
    uint8_t *out = put_front(now->out + now->out_at, data, now, row);
    row[BODY] = out - now->out;
    out = put_fields(out, data, fields, count, text, now, row);
    row[BODY_END] = out - now->out;
    out = put_summary(out, data, found, now, row);
    row[LINE_END] = now->out_at = out - now->out;
}

/* The lines of data[*at:size], at most `count`, as rows[count][COLUMNS]; how many, and *at moves behind the last one.
 *
 * BEGIN and END: where a line stands, without its break. A FORM other than 0: it is a record with a text, and
 * out[LINE:LINE_END] is the line of an unchanged document, in which BODY:BODY_END are the fields of the record, side by side without
 * space between them; between its quotes TEXT:TEXT_END is the text, as an encoder writes it, URL and DATE are metadata and
 * HOST is a part of the URL, -1 where somebody else has to look. LENGTH are the characters of the text. ids[ID:ID_END] is the
 * id, as it is said.
 * Lines above `longest` bytes, or nested deeper than `deepest`, are not looked at. data[0] is at `offset` in its source.
 *
 * given[ends[10]]: names of fields as NAMES lists them, the last one the id's, which URLs stand in for unless it is the user's
 * `own`; what ids have in front of the offset of lines without one, plainly and as a string of JSON; the field of the source with
 * the comma behind it. Sizes: ids[size + count (label + 24)], out[4 size + count (label + source + 128)]. */
KERNEL int64_t json_lines(
    const uint8_t *data, int64_t size, const uint8_t *given, const int64_t *ends, int64_t longest, int64_t deepest, int64_t offset,
    int64_t own, int64_t count, int64_t *at, int64_t *rows, uint8_t *out, uint8_t *ids
) {
    task now = {given, ends, (deepest < DEEPEST ? deepest : DEEPEST) - 1, offset, own, out, ids, 0, 0, NULL, {0}, 0};
    int64_t found = 0, begin = *at;
    for (; found < count && begin < size; found++, rows += COLUMNS) {
        const uint8_t *stop = memchr(data + begin, '\n', (size_t)(size - begin));
        int64_t end = stop ? stop - data : size;
        memset(rows, 0, COLUMNS * sizeof *rows);
        rows[BEGIN] = begin;
        rows[END] = end;
        if (end - begin <= longest && deepest >= 1)
            read_line(data, begin, end, &now, rows);
        begin = end + 1;
    }
    *at = begin < size ? begin : size;
    return found;
}

/* Hashes of `count` names, name n being data[ends[n - 1] .. ends[n]): FNV-1a, with its bits mixed in the end. */
KERNEL void name_hashes(const uint8_t *data, const int64_t *ends, int64_t count, uint64_t *hashes) {
    for (int64_t number = 0, at = 0; number < count; number++) {
        uint64_t hash = UINT64_C(0xCBF29CE484222325);
        for (; at < ends[number]; at++)
            hash = (hash ^ data[at]) * UINT64_C(0x100000001B3);
        hash = (hash ^ hash >> 32) * GOLDEN;
        hashes[number] = hash ^ hash >> 29;
    }
}
