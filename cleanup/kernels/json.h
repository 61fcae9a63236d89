/* What json.c does for others: values of JSON in arrays of bytes, of which they never look at data[end] or behind it. */
#ifndef CLEANUP_JSON_H
#define CLEANUP_JSON_H

#include "kernels.h"

enum { ESCAPED = 1, CODED = 2 }; /* what a string holds: escapes; some not in their usual form */

typedef struct {
    int flags;    /* of strings */
    int64_t more; /* how many more bytes they have than characters */
} kind;

int64_t skip_digits(const uint8_t *data, int64_t at, int64_t end);
int64_t skip_string(const uint8_t *data, int64_t at, int64_t end, kind *found);
int64_t skip_key(const uint8_t *data, int64_t at, int64_t end, kind *found);
int64_t skip_value(const uint8_t *data, int64_t at, int64_t end, int64_t room, kind *found);
int64_t unescape(const uint8_t *data, int64_t at, int64_t end, uint8_t *out, int *wrong);
int64_t escape(const uint8_t *text, int64_t size, uint8_t *out);
int64_t recode(const uint8_t *data, int64_t at, int64_t end, uint8_t *out);

static inline int64_t skip_space(const uint8_t *data, int64_t at, int64_t end) {
    while (at < end && (data[at] == ' ' || data[at] == '\t' || data[at] == '\r'))
        at++;
    return at;
}

#endif
