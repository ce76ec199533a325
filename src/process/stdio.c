/* SPDX-License-Identifier: MIT
 *
 * Streams over descriptors 0, 1, 2 and over pipes to children (stdio.h).
 */
#include <weir/process/stdio.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/file.h>
#include <weir/io/task.h>
#include <weir/io/work.h>

#include "process/descriptor.h"

enum {
    BATCH = 64,          /* slices per write of a file */
    WRITE_MAX = 1 << 20, /* bytes per write of a file: between two a request is heard */
    PTMX_MAJOR = 5,      /* /dev/ptmx: opening it again makes another terminal */
    PTMX_MINOR = 2,
};

static weir_stdio *of(weir_stream *stream)
{
    return (weir_stdio *)stream;
}

/* Files: calls that may block ------------------------------------------------------------------ */

typedef struct file_call {
    int fd;
    int count;
    const struct iovec *data;
} file_call;

static int64_t run_read(void *argument)
{
    const file_call *call = argument;
    ssize_t n = TEMP_FAILURE_RETRY(readv(call->fd, call->data, call->count));
    return n < 0 ? -errno : n;
}

static int64_t run_write(void *argument)
{
    const file_call *call = argument;
    ssize_t n = TEMP_FAILURE_RETRY(writev(call->fd, call->data, call->count));
    return n < 0 ? -errno : n;
}

static int64_t do_work(weir_io *io, weir_work_fn *run, file_call *call, weir_deadline deadline)
{
    weir_op op;
    weir_work_op(&op, run, call);
    op.deadline = deadline;
    return weir_do(io, &op);
}

/* What is to be written: slices, the last one several times. */
typedef struct gather {
    const struct iovec *data;
    size_t count;
    uint32_t repeat;
} gather;

/* How often slice `i` is sent. */
static uint64_t times_of(const gather *g, size_t i)
{
    return i + 1 == g->count ? g->repeat : 1;
}

/* All bytes, or a negative error. */
static int64_t total_of(const gather *g)
{
    uint64_t total = 0, part;
    for (size_t i = 0; i < g->count; i++) {
        if (__builtin_mul_overflow(g->data[i].iov_len, times_of(g, i), &part) ||
            __builtin_add_overflow(total, part, &total) || total > INT64_MAX)
            return WEIR_EINVAL;
    }
    return (int64_t)total;
}

/* Lays out up to BATCH slices and WRITE_MAX bytes of what follows the first `done` bytes.  Returns
 * how many slices. */
static int fill(const gather *g, uint64_t done, struct iovec *batch)
{
    int used = 0;
    size_t room = WRITE_MAX;
    for (size_t i = 0; i < g->count && used < BATCH && room > 0; i++) {
        const size_t len = g->data[i].iov_len;
        const uint64_t all = len * times_of(g, i);
        if (done >= all) {
            done -= all;
            continue;
        }
        uint64_t turn = done / len;
        size_t at = (size_t)(done % len);
        for (; turn < times_of(g, i) && used < BATCH && room > 0; turn++, at = 0) {
            const size_t piece = len - at < room ? len - at : room;
            batch[used++] = (struct iovec){(char *)g->data[i].iov_base + at, piece};
            room -= piece;
        }
        done = 0;
    }
    return used;
}

static int64_t file_write(weir_io *io, int fd, const gather *g, bool all, weir_deadline deadline)
{
    struct iovec batch[BATCH];
    const int64_t total = total_of(g);
    int64_t done = 0;
    if (total < 0) return total;
    while (done < total) {
        file_call call = {fd, fill(g, (uint64_t)done, batch), batch};
        int64_t n = do_work(io, run_write, &call, deadline);
        /* A file that takes nothing, and says nothing, will not take it later. */
        if (n == 0) n = WEIR_EIO;
        if (n < 0 && done == 0) return n;
        if (n == WEIR_ECANCELED) weir_put_back(io); /* the next call is to tell */
        if (n < 0) break;
        done += n;
        if (!all) break;
    }
    return done;
}

/* The stream table ----------------------------------------------------------------------------- */

static int64_t stdio_read(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                          weir_deadline deadline)
{
    const weir_stdio *s = of(stream);
    if (s->fd < 0) return WEIR_EBADF;
    if (count > IOV_MAX) count = IOV_MAX;
    if (s->blocks) {
        file_call call = {s->fd, (int)count, data};
        return do_work(io, run_read, &call, deadline);
    }
    weir_op op;
    weir_op_set(&op, WEIR_OP_READ, s->fd);
    op.deadline = deadline;
    op.args.vector.data = data;
    op.args.vector.count = (uint32_t)count;
    return weir_do(io, &op);
}

static int64_t stdio_write(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                           uint32_t repeat, bool all, weir_deadline deadline)
{
    const weir_stdio *s = of(stream);
    if (s->shut) return WEIR_EPIPE;
    if (s->fd < 0) return WEIR_EBADF;
    if (s->blocks) {
        const gather g = {data, count, repeat};
        return file_write(io, s->fd, &g, all, deadline);
    }
    weir_op op;
    weir_op_set(&op, WEIR_OP_WRITE, s->fd);
    if (all) op.flags = WEIR_OP_ALL;
    op.deadline = deadline;
    op.args.vector.data = data;
    op.args.vector.count = (uint32_t)count;
    op.args.vector.repeat = repeat;
    return weir_do(io, &op);
}

static int stdio_prepare_write(weir_stream *stream, weir_op *op, const struct iovec *data,
                               size_t count)
{
    const weir_stdio *s = of(stream);
    if (s->blocks || s->shut || s->fd < 0) return WEIR_EUNSUPPORTED;
    weir_op_set(op, WEIR_OP_WRITE, s->fd);
    op->flags = WEIR_OP_ALL;
    op->args.vector.data = data;
    op->args.vector.count = (uint32_t)count;
    op->args.vector.repeat = 1;
    return 0;
}

static void stdio_close(weir_io *io, weir_stream *stream)
{
    weir_stdio *s = of(stream);
    if (s->fd >= 0 && s->owned) weir_close_file(io, (weir_file){s->fd});
    s->fd = -1;
}

/* A pipe has one direction: closing our end is what tells the other side. */
static int stdio_shutdown_write(weir_io *io, weir_stream *stream)
{
    stdio_close(io, stream);
    of(stream)->shut = true;
    return 0;
}

static const weir_stream_table stdio_table = {
    .read = stdio_read,
    .write = stdio_write,
    .prepare_write = stdio_prepare_write,
    .shutdown_write = stdio_shutdown_write,
    .close = stdio_close,
};

void process_stream_init(weir_stdio *out, int fd)
{
    *out = (weir_stdio){.stream = {&stdio_table}, .fd = fd, .owned = fd >= 0};
}

/* Making streams of 0, 1, 2 -------------------------------------------------------------------- */

/* Whether opening the file again gives the same thing with a state of its own. */
static bool can_reopen(int fd, const struct stat *status)
{
    if (S_ISFIFO(status->st_mode)) return true;
    if (!S_ISCHR(status->st_mode) || !isatty(fd)) return false;
    return status->st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR);
}

/* Opens the file behind `fd` again: the new descriptor; WEIR_EUNSUPPORTED when that cannot be; or
 * another negative error. */
static int reopen(int fd, int access, const struct stat *status)
{
    char path[32];
    struct stat again;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int own = open(path, access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (own < 0) {
        bool shortage = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
        return shortage ? -errno : WEIR_EUNSUPPORTED;
    }
    if (fstat(own, &again) == 0 && again.st_dev == status->st_dev &&
        again.st_ino == status->st_ino && again.st_rdev == status->st_rdev)
        return own;
    close(own);
    return WEIR_EUNSUPPORTED;
}

static int open_standard(int fd, int access, weir_stdio *out)
{
    struct stat status;
    process_stream_init(out, -1);
    int mode = fcntl(fd, F_GETFL);
    if (mode < 0 || fstat(fd, &status) < 0) return -errno;
    if ((mode & O_ACCMODE) != O_RDWR && (mode & O_ACCMODE) != access) return WEIR_EBADF;
    if (S_ISDIR(status.st_mode)) return WEIR_EISDIR;
    /* An event counter or the like: it took the number of a descriptor that was closed. */
    if ((status.st_mode & S_IFMT) == 0) return WEIR_EBADF;

    int own = can_reopen(fd, &status) ? reopen(fd, access, &status) : WEIR_EUNSUPPORTED;
    if (own < 0 && own != WEIR_EUNSUPPORTED) return own;
    process_stream_init(out, own >= 0 ? own : fd);
    out->owned = own >= 0;
    out->blocks = S_ISREG(status.st_mode) || S_ISBLK(status.st_mode);
    return 0;
}

int weir_stdin(weir_io *io, weir_stdio *out)
{
    (void)io;
    return open_standard(STDIN_FILENO, O_RDONLY, out);
}

int weir_stdout(weir_io *io, weir_stdio *out)
{
    (void)io;
    return open_standard(STDOUT_FILENO, O_WRONLY, out);
}

int weir_stderr(weir_io *io, weir_stdio *out)
{
    (void)io;
    return open_standard(STDERR_FILENO, O_WRONLY, out);
}
