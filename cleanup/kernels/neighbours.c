/* What the line scorer knows of the lines next to a line, for several columns of numbers at once. */
#include "kernels.h"

/*
 * Lines since the last and until the next flagged line of the page, the line itself excluded; `far` where there is none so near.
 * `flags`[kinds][count]; `first`[pages + 1] of the `count` lines; `since`[kinds][count], `until`[kinds][count].
 */
KERNEL void neighbours_distances(const uint8_t *flags, int64_t kinds, int64_t count, const int64_t *first, int64_t pages,
                                 int64_t far, int32_t *since, int32_t *until) {
    for (int64_t kind = 0; kind < kinds; kind++, flags += count, since += count, until += count)
        for (int64_t page = 0; page < pages; page++) {
            int64_t away = far;
            for (int64_t line = first[page]; line < first[page + 1]; line++) {
                since[line] = (int32_t)away;
                away = flags[line] ? 1 : away < far ? away + 1 : far;
            }
            away = far;
            for (int64_t line = first[page + 1] - 1; line >= first[page]; line--) {
                until[line] = (int32_t)away;
                away = flags[line] ? 1 : away < far ? away + 1 : far;
            }
        }
}

/*
 * The numbers of other lines of the page, -1 where there are none: in row i of those steps[i] lines further on. `columns`[rows]
 * [count], `steps`[rows]; `first`[pages + 1] of the `count` lines; `found`[rows][count].
 */
KERNEL void neighbours_shift(const float *columns, const int64_t *steps, int64_t rows, int64_t count, const int64_t *first,
                             int64_t pages, float *found) {
    for (int64_t row = 0; row < rows; row++, columns += count, found += count)
        for (int64_t page = 0; page < pages; page++)
            for (int64_t line = first[page]; line < first[page + 1]; line++) {
                int64_t other = line + steps[row];
                found[line] = other >= first[page] && other < first[page + 1] ? columns[other] : -1.0f;
            }
}
