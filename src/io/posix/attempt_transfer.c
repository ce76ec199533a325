/* SPDX-License-Identifier: MIT
 *
 * Attempts that move bytes.
 *
 * Every call carries MSG_DONTWAIT, so a socket that somebody else made blocking does not hold the
 * thread, and MSG_NOSIGNAL.  READ and WRITE also work on what is no socket (a pipe, a terminal):
 * there RWF_NOWAIT says the same, and SIGPIPE is held back by the thread's mask.  What knows no
 * RWF_NOWAIT is asked directly if it is non-blocking, else after poll(2) has said that it is ready.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <weir/base/error.h>

#include "io/posix/attempt_ops.h"
#include "io/posix/gather.h"

enum {
    MAX_SLICES = 1024,
    BATCH = 64,            /* iovecs per call */
    SCRATCH = 1024,        /* bytes for copies of a repeated slice */
    FILE_CHUNK = 8192,     /* bytes per step where sendfile(2) cannot be used */
    SENDFILE_MAX = 1 << 30 /* bytes per sendfile(2) */
};

/* SIGPIPE held back on this thread. */
typedef struct quiet_mask {
    sigset_t before;
} quiet_mask;

static void quiet_begin(quiet_mask *quiet)
{
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &quiet->before);
}

/* Takes back the signal that a call which ended in EPIPE has raised. */
static void quiet_end(const quiet_mask *quiet, bool raised)
{
    /* Who had it blocked before may have one pending that is not ours. */
    if (sigismember(&quiet->before, SIGPIPE)) return;
    if (raised) {
        sigset_t pipe;
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        struct timespec now = {0, 0};
        (void)TEMP_FAILURE_RETRY(sigtimedwait(&pipe, NULL, &now));
    }
    pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
}

/* How to go on after a call with RWF_NOWAIT has failed. */
typedef enum plain_way {
    DIRECT,  /* a plain call: it will not wait, or for a disk alone */
    CAREFUL, /* a plain call that may wait, when poll(2) says ready */
    NONE,    /* errno is the outcome */
} plain_way;

static plain_way way_after(int fd)
{
    const int error = errno;
    struct stat status;
    if (error == EAGAIN) {
        /* Only a file has no readiness to wait for: its bytes are on a disk. */
        plain_way way = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? DIRECT : NONE;
        errno = error;
        return way;
    }
    /* EINVAL is what emulators and old kernels make of an unknown flag. */
    if (error != EOPNOTSUPP && error != ENOSYS && error != EINVAL) return NONE;
    int mode = fcntl(fd, F_GETFL);
    if (mode < 0) return NONE;
    if (mode & O_NONBLOCK) return DIRECT;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? DIRECT : CAREFUL;
}

static int64_t read_no_socket(int fd, const struct iovec *data, int count)
{
    ssize_t n = TEMP_FAILURE_RETRY(preadv2(fd, data, count, -1, RWF_NOWAIT));
    if (n >= 0) return n;
    plain_way way = way_after(fd);
    if (way == NONE) return weir_attempt_failure(errno);
    if (way == CAREFUL && !is_ready(fd, POLLIN)) return WEIR_ATTEMPT_WAIT;
    n = TEMP_FAILURE_RETRY(readv(fd, data, count));
    return n >= 0 ? n : weir_attempt_failure(errno);
}

int64_t weir_attempt_read(weir_op *op)
{
    const struct iovec *data = op->args.vector.data;
    size_t count = op->args.vector.count;
    while (count > 0 && data->iov_len == 0) data++, count--;
    if (count == 0) return 0;
    if (count > MAX_SLICES) count = MAX_SLICES;

    const bool peek = op->flags & WEIR_OP_PEEK;
    const int flags = MSG_DONTWAIT | (peek ? MSG_PEEK : 0);
    ssize_t n;
    if (count == 1) {
        n = TEMP_FAILURE_RETRY(recv(op->fd, data->iov_base, data->iov_len, flags));
    } else {
        struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)data, .msg_iovlen = count};
        n = TEMP_FAILURE_RETRY(recvmsg(op->fd, &message, flags));
    }
    if (n >= 0) return n;
    if (errno == ENOTSOCK && !peek) return read_no_socket(op->fd, data, (int)count);
    return weir_attempt_failure(errno);
}

static int64_t write_plainly(int fd, const struct iovec *data, int count, plain_way way)
{
    struct iovec first = data[0];
    if (way == CAREFUL) {
        if (!is_ready(fd, POLLOUT)) return WEIR_ATTEMPT_WAIT;
        /* A blocking pipe that polls as writable takes PIPE_BUF bytes without waiting. */
        if (first.iov_len > PIPE_BUF) first.iov_len = PIPE_BUF;
        data = &first;
        count = 1;
    }
    ssize_t n = TEMP_FAILURE_RETRY(writev(fd, data, count));
    return n >= 0 ? n : weir_attempt_failure(errno);
}

static int64_t write_no_socket(int fd, const struct iovec *data, int count)
{
    quiet_mask quiet;
    quiet_begin(&quiet);
    int64_t result = TEMP_FAILURE_RETRY(pwritev2(fd, data, count, -1, RWF_NOWAIT));
    if (result < 0) {
        plain_way way = way_after(fd);
        result = way == NONE ? weir_attempt_failure(errno) : write_plainly(fd, data, count, way);
    }
    quiet_end(&quiet, result == WEIR_EPIPE);
    return result;
}

static int64_t write_batch(int fd, struct iovec *data, size_t count)
{
    ssize_t n;
    if (count == 1) {
        n = TEMP_FAILURE_RETRY(
            send(fd, data->iov_base, data->iov_len, MSG_DONTWAIT | MSG_NOSIGNAL));
    } else {
        struct msghdr message = {.msg_iov = data, .msg_iovlen = count};
        n = TEMP_FAILURE_RETRY(sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
    }
    if (n >= 0) return n;
    if (errno == ENOTSOCK) return write_no_socket(fd, data, (int)count);
    return weir_attempt_failure(errno);
}

/* end_or_wait of bytes.  The kernel would not tell an error again, so that *error keeps it. */
static int64_t cut_or_wait(uint64_t done, int64_t outcome, int32_t *error)
{
    const int64_t result = end_or_wait(done, outcome);
    if (result != outcome) *error = (int32_t)outcome;
    return result;
}

static int64_t write_gathered(weir_op *op, uint64_t *done)
{
    weir_gather gather = {op->args.vector.data, op->args.vector.count, op->args.vector.repeat};
    int64_t total = weir_gather_total(&gather);
    if (total == INT64_MAX) return WEIR_EINVAL;
    struct iovec batch[BATCH];
    char scratch[SCRATCH];
    while (*done < (uint64_t)total) {
        size_t count = weir_gather_fill(&gather, *done, batch, BATCH, scratch, sizeof(scratch));
        int64_t n = write_batch(op->fd, batch, count);
        if (n < 0) return cut_or_wait(*done, n, &op->args.vector.error);
        if (!(op->flags & WEIR_OP_ALL)) return n;
        *done += (uint64_t)n;
    }
    return total;
}

/* One slice, sent once: no batch to lay out. */
static int64_t write_plain(weir_op *op, uint64_t *done)
{
    const struct iovec *data = op->args.vector.data;
    while (*done < data->iov_len) {
        struct iovec rest = {(char *)data->iov_base + *done, data->iov_len - *done};
        int64_t n = write_batch(op->fd, &rest, 1);
        if (n < 0) return cut_or_wait(*done, n, &op->args.vector.error);
        if (!(op->flags & WEIR_OP_ALL)) return n;
        *done += (uint64_t)n;
    }
    return (int64_t)data->iov_len;
}

int64_t weir_attempt_write(weir_op *op)
{
    uint64_t *done = weir_progress_bytes(op);
    bool is_plain = op->args.vector.count == 1 && op->args.vector.repeat == 1;
    return is_plain ? write_plain(op, done) : write_gathered(op, done);
}

static int64_t splice_some(int from, int to, size_t length)
{
    if (length > SENDFILE_MAX) length = SENDFILE_MAX;
    ssize_t n =
        TEMP_FAILURE_RETRY(splice(from, NULL, to, NULL, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
    return n >= 0 ? n : weir_attempt_failure(errno);
}

/* splice(2) takes nothing across the mark of urgent data, though the socket counts as readable; a
 * read steps over it.  So the byte behind the mark is read. */
static int64_t step_over_mark(int socket, int pipe)
{
    /* The pipe must take it: what is read cannot be given back. */
    if (sockatmark(socket) != 1 || !is_ready(pipe, POLLOUT)) return WEIR_ATTEMPT_WAIT;
    char byte;
    ssize_t n = TEMP_FAILURE_RETRY(recv(socket, &byte, 1, MSG_DONTWAIT));
    if (n <= 0) return n < 0 ? weir_attempt_failure(errno) : 0;
    n = TEMP_FAILURE_RETRY(write(pipe, &byte, 1));
    return n >= 0 ? n : -errno;
}

int64_t weir_attempt_splice(weir_op *op)
{
    const int pipe = op->args.splice.pipe;
    const size_t length = op->args.splice.length;
    /* Who takes holds the other end of the pipe, so that no signal can come. */
    if (op->args.splice.take) {
        const int64_t taken = splice_some(op->fd, pipe, length);
        return taken == WEIR_ATTEMPT_WAIT ? step_over_mark(op->fd, pipe) : taken;
    }
    quiet_mask quiet;
    quiet_begin(&quiet);
    const int64_t result = splice_some(pipe, op->fd, length);
    quiet_end(&quiet, result == WEIR_EPIPE);
    return result;
}

/* One step of SEND_FILE through memory: for files and sockets that sendfile(2) refuses. */
static int64_t send_copied(int socket, int file, uint64_t offset, size_t length)
{
    char buffer[FILE_CHUNK];
    size_t want = length < sizeof(buffer) ? length : sizeof(buffer);
    ssize_t got = TEMP_FAILURE_RETRY(pread(file, buffer, want, (off_t)offset));
    if (got <= 0) return got < 0 ? -errno : 0;
    struct iovec data = {buffer, (size_t)got};
    return write_batch(socket, &data, 1);
}

static int64_t send_step(int socket, int file, uint64_t offset, size_t length)
{
    off_t at = (off_t)offset;
    ssize_t n = TEMP_FAILURE_RETRY(
        sendfile(socket, file, &at, length < SENDFILE_MAX ? length : SENDFILE_MAX));
    if (n >= 0) return n;
    if (errno == EINVAL || errno == ENOSYS) return send_copied(socket, file, offset, length);
    return weir_attempt_failure(errno);
}

int64_t weir_attempt_send_file(weir_op *op)
{
    uint64_t *done = weir_progress_bytes(op);
    uint64_t offset = op->args.send_file.offset;
    size_t length = op->args.send_file.length;
    if (offset > INT64_MAX || length > INT64_MAX - offset) return WEIR_EINVAL;

    int64_t n = 1;
    quiet_mask quiet;
    quiet_begin(&quiet);
    while (*done < length && n > 0) {
        n = send_step(op->fd, op->args.send_file.file, offset + *done, length - *done);
        if (n > 0) *done += (uint64_t)n;
    }
    quiet_end(&quiet, n == WEIR_EPIPE);
    return n < 0 ? cut_or_wait(*done, n, &op->args.send_file.error) : (int64_t)*done;
}
