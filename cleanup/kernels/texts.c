/* Pieces of files, many at a time: the one kernel that asks the system for something. */
#define _XOPEN_SOURCE 700 /* pread */
#define _FILE_OFFSET_BITS 64
#include <errno.h>

#include "kernels.h"

#if defined(_WIN32)
#include <io.h>
#include <stdio.h>

static int64_t read_at(int file, uint8_t *out, int64_t size, int64_t begin) {
    if (_lseeki64(file, begin, SEEK_SET) < 0) return -1;
    return _read(file, out, (unsigned)(size < 1 << 30 ? size : 1 << 30));
}
#else
#include <unistd.h>

static int64_t read_at(int file, uint8_t *out, int64_t size, int64_t begin) { return pread(file, out, (size_t)size, (off_t)begin); }
#endif

/* Read so many bytes from a place in a file; whether there were as many. */
static int read_piece(int file, uint8_t *out, int64_t size, int64_t begin) {
    while (size > 0) {
        int64_t got = read_at(file, out, size, begin);
        if (got < 0 && errno == EINTR) continue;
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
