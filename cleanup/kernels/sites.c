/* Keys of lines by which a site's furniture is told: equal where lines say the same but for case, numbers and spaces. */
#include "text.h"

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
