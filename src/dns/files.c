/* SPDX-License-Identifier: MIT
 *
 * Reads a configuration file when it has changed.
 *
 * A file's state is told by device, inode, size and time of change.  File systems count time in
 * ticks of some milliseconds, so a file that was changed just before it was read is read again at
 * the next looks, until its time lies safely in the past.
 */
#include "dns/files.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

/* Longer than any tick, with room for a server's clock of a network file system. */
#define FRESH_S 2

static dns_files_mark mark_of(weir_io *io, const weir_file_status *status)
{
    const weir_duration age = weir_instant_until(status->modified, weir_now(io, WEIR_CLOCK_REAL));
    return (dns_files_mark){
        .known = true,
        .present = true,
        .fresh = age.ns < weir_seconds(FRESH_S).ns && age.ns > -weir_seconds(FRESH_S).ns,
        .device = status->device,
        .inode = status->inode,
        .size = status->size,
        .modified = status->modified,
    };
}

static bool same(const dns_files_mark *a, const dns_files_mark *b)
{
    return a->known && b->known && a->present == b->present && a->device == b->device &&
           a->inode == b->inode && a->size == b->size && a->modified.ns == b->modified.ns;
}

/* Reads the whole of an open file. */
static int read_all(weir_io *io, weir_file file, size_t max, uint64_t expected,
                    dns_files_content *content)
{
    size_t room = expected < max ? (size_t)expected + 1 : max + 1, len = 0;
    char *data = malloc(room);
    if (!data) return WEIR_ENOMEM;
    for (;;) {
        const int64_t got = weir_read_at(io, file, data + len, room - len, len);
        int error = got < 0 ? (int)got : 0;
        if (got > 0) len += (size_t)got;
        if (!error && len > max) error = WEIR_ELIMIT;
        if (error) {
            free(data);
            return error;
        }
        if (got == 0) break;
        if (len < room) continue;
        const size_t more = room < max / 2 ? room * 2 + 512 : max + 1;
        char *larger = realloc(data, more);
        if (!larger) {
            free(data);
            return WEIR_ENOMEM;
        }
        data = larger;
        room = more;
    }
    *content = (dns_files_content){data, len};
    return 1;
}

/* Opens, looks again at what was opened, and reads it. */
static int open_and_read(weir_io *io, const char *path, size_t max, bool force,
                         dns_files_mark *mark, dns_files_content *content)
{
    weir_file file;
    weir_file_status status;
    int result = weir_open(io, WEIR_FILE_CWD, path, WEIR_OPEN_READ, 0, &file);
    if (result < 0) return result;
    result = weir_stat(io, file, NULL, &status);
    if (result == 0) {
        const dns_files_mark now = mark_of(io, &status);
        if (force || mark->fresh || !same(mark, &now))
            result = read_all(io, file, max, status.size, content);
        if (result == 1) *mark = now;
    }
    weir_close_file(io, file);
    return result;
}

static int missing(bool force, dns_files_mark *mark, dns_files_content *content)
{
    if (!force && mark->known && !mark->present) return 0;
    *mark = (dns_files_mark){.known = true};
    *content = (dns_files_content){0};
    return 1;
}

int dns_files_read(weir_io *io, const char *path, size_t max, bool force, dns_files_mark *mark,
                   dns_files_content *content)
{
    weir_file_status status;
    if (path[0] == '\0') return missing(force, mark, content);
    int result = 0;
    if (!force && mark->known && !mark->fresh) {
        result = weir_stat(io, WEIR_FILE_CWD, path, &status);
        if (result == 0) {
            /* A symbolic link is never the same as the file behind it, which was read. */
            const dns_files_mark now = mark_of(io, &status);
            if (same(mark, &now)) return 0;
        }
    }
    if (result == 0) result = open_and_read(io, path, max, force, mark, content);
    if (result == WEIR_ENOENT || result == WEIR_ENOTDIR) return missing(force, mark, content);
    return result;
}
