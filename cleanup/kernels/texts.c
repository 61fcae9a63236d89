/* Pieces of files, many at a time: the one kernel that asks the system for something. */
#define _XOPEN_SOURCE 700 /* pread */
#include <unistd.h>

#include "kernels.h"

/* Read size bytes from a place in a file; whether there were as many. */
static int read_piece(int file, uint8_t *out, int64_t size, int64_t begin) {
    while (size > 0) {
        ssize_t got = pread(file, out, (size_t)size, (off_t)begin);
        if (got <= 0) return 0;
        out += got;
        begin += got;
        size -= got;
    }
    return 1;
}

/*
 * Read `count` pieces of open files into `out`: of files[n] what stands in begins[n] .. begins[n] + sizes[n], to out[places[n]].
 * Returns how many could be read, up to the first that could not.
 */
KERNEL int64_t texts_read(const int64_t *files, const int64_t *begins, const int64_t *sizes, const int64_t *places, int64_t count,
                          uint8_t *out) {
    for (int64_t at = 0; at < count; at++)
        if (begins[at] < 0 || sizes[at] < 0 || !read_piece((int)files[at], out + places[at], sizes[at], begins[at])) return at;
    return count;
}
