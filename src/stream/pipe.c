/* SPDX-License-Identifier: MIT
 *
 * The memory pipe.
 *
 * Actors: at most one reader and one writer per way, on any threads.  Each change is made under the
 * way's lock and counted in `changed`; who has to wait reads the counter under the lock and waits
 * on it after the release, so no change is missed.
 *
 * Invariant: the bytes written and not yet read are buffer[at, at + used), taken round the ring.
 */
#include <weir/stream/pipe.h>

#include <limits.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/word.h>

#include "base/spin.h"

/* Releases the lock after a change and wakes whoever waits for one. */
static void release_changed(weir_io *io, weir_pipe_way *way)
{
    /* Under the lock, but read without it by weir_wait's comparison. */
    __atomic_store_n(&way->changed, way->changed + 1, __ATOMIC_RELEASE);
    weir_spin_unlock(&way->lock);
    weir_wake(io, &way->changed, UINT_MAX);
}

/* Releases the lock and waits for a change. */
static int release_wait(weir_io *io, weir_pipe_way *way, weir_deadline deadline)
{
    const uint32_t seen = way->changed;
    weir_spin_unlock(&way->lock);
    int error = weir_wait(io, &way->changed, seen, deadline.ns ? deadline : weir_never());
    return error == WEIR_EAGAIN ? 0 : error;
}

/* The first run of readable bytes. */
static weir_bytes first_run(const weir_pipe_way *way)
{
    const size_t to_end = way->capacity - way->at;
    return weir_bytes_of(way->buffer + way->at, way->used < to_end ? way->used : to_end);
}

static void consume(weir_pipe_way *way, size_t n)
{
    way->at = (way->at + n) % way->capacity;
    way->used -= n;
}

/* Copies out of the ring into the slices; the count. */
static size_t copy_out(weir_pipe_way *way, const struct iovec *data, size_t count)
{
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < data[i].iov_len && way->used > 0) {
            const weir_bytes run = first_run(way);
            const size_t room = data[i].iov_len - at;
            const size_t n = run.len < room ? run.len : room;
            memcpy((char *)data[i].iov_base + at, run.data, n);
            consume(way, n);
            at += n;
        }
        done += at;
    }
    return done;
}

/* Copies as much of `data` into the ring as fits; the count. */
static size_t copy_in(weir_pipe_way *way, const char *data, size_t len)
{
    size_t done = 0;
    while (done < len && way->used < way->capacity) {
        const size_t end = (way->at + way->used) % way->capacity;
        size_t n = way->capacity - way->used;
        if (n > way->capacity - end) n = way->capacity - end;
        if (n > len - done) n = len - done;
        memcpy(way->buffer + end, data + done, n);
        way->used += n;
        done += n;
    }
    return done;
}

static int64_t pipe_read(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                         weir_deadline deadline)
{
    weir_pipe_way *way = ((weir_pipe_end *)stream)->in;
    size_t room = 0;
    for (size_t i = 0; i < count; i++) room += data[i].iov_len;
    if (room == 0) return 0;
    int error = weir_check(io);
    while (!error) {
        weir_spin_lock(&way->lock);
        if (way->used > 0) {
            const size_t n = copy_out(way, data, count);
            release_changed(io, way);
            return (int64_t)n;
        }
        if (way->write_closed || way->reader_closed) {
            weir_spin_unlock(&way->lock);
            return 0;
        }
        error = release_wait(io, way, deadline);
    }
    return error;
}

/* Where a vectored write stands. */
typedef struct cursor {
    const struct iovec *data;
    size_t count, slice, at;
    uint32_t repeat, turn;
} cursor;

/* The bytes to go next; empty when all went. */
static weir_bytes cursor_next(cursor *c)
{
    while (c->slice < c->count) {
        const struct iovec *slice = &c->data[c->slice];
        const uint32_t turns = c->slice + 1 < c->count ? 1 : c->repeat;
        if (c->turn < turns && c->at < slice->iov_len)
            return weir_bytes_of((char *)slice->iov_base + c->at, slice->iov_len - c->at);
        c->at = 0;
        if (slice->iov_len == 0 || ++c->turn >= turns) {
            c->turn = 0;
            c->slice++;
        }
    }
    return weir_bytes_of(NULL, 0);
}

static int64_t pipe_write(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                          uint32_t repeat, bool all, weir_deadline deadline)
{
    weir_pipe_way *way = ((weir_pipe_end *)stream)->out;
    cursor from = {.data = data, .count = count, .repeat = repeat};
    int64_t done = 0;
    int error = weir_check(io);
    while (!error) {
        weir_spin_lock(&way->lock);
        if (way->write_closed || way->reader_closed) {
            weir_spin_unlock(&way->lock);
            error = WEIR_EPIPE;
            break;
        }
        const int64_t before = done;
        weir_bytes next;
        while ((next = cursor_next(&from)).len > 0 && way->used < way->capacity) {
            const size_t n = copy_in(way, next.data, next.len);
            from.at += n;
            done += (int64_t)n;
        }
        if (next.len == 0 || (done > before && !all)) {
            release_changed(io, way);
            return done;
        }
        if (done > before) {
            release_changed(io, way);
            continue;
        }
        error = release_wait(io, way, deadline);
    }
    if (done == 0) return error;
    if (error == WEIR_ECANCELED) weir_put_back(io); /* the next call is to tell */
    return done;
}

static int64_t pipe_read_lent(weir_io *io, weir_stream *stream, weir_lent *out,
                              weir_deadline deadline)
{
    weir_pipe_way *way = ((weir_pipe_end *)stream)->in;
    int error = weir_check(io);
    while (!error) {
        weir_spin_lock(&way->lock);
        if (way->used > 0) {
            const weir_bytes run = first_run(way);
            *out = (weir_lent){.data = (char *)run.data, .len = (uint32_t)run.len, .home = way};
            way->lent = run.len;
            weir_spin_unlock(&way->lock);
            return (int64_t)run.len;
        }
        if (way->write_closed || way->reader_closed) {
            weir_spin_unlock(&way->lock);
            return 0;
        }
        error = release_wait(io, way, deadline);
    }
    return error;
}

static void pipe_give_back(weir_io *io, weir_stream *stream, weir_lent *lent)
{
    (void)stream;
    weir_pipe_way *way = lent->home;
    if (!way) return;
    weir_spin_lock(&way->lock);
    consume(way, way->lent);
    way->lent = 0;
    release_changed(io, way);
    *lent = (weir_lent){0};
}

static int pipe_shutdown_write(weir_io *io, weir_stream *stream)
{
    weir_pipe_way *way = ((weir_pipe_end *)stream)->out;
    weir_spin_lock(&way->lock);
    way->write_closed = true;
    release_changed(io, way);
    return 0;
}

static void pipe_close(weir_io *io, weir_stream *stream)
{
    weir_pipe_way *in = ((weir_pipe_end *)stream)->in;
    pipe_shutdown_write(io, stream);
    weir_spin_lock(&in->lock);
    in->reader_closed = true;
    in->used = 0;
    release_changed(io, in);
}

static const weir_stream_table pipe_table = {
    .read = pipe_read,
    .write = pipe_write,
    .read_lent = pipe_read_lent,
    .give_back = pipe_give_back,
    .shutdown_write = pipe_shutdown_write,
    .close = pipe_close,
};

void weir_pipe_init(weir_pipe *pipe, void *buffers[2], size_t capacity)
{
    *pipe = (weir_pipe){0};
    for (int i = 0; i < 2; i++) {
        pipe->ways[i].buffer = buffers[i];
        pipe->ways[i].capacity = capacity;
        pipe->ends[i].stream.table = &pipe_table;
        pipe->ends[i].out = &pipe->ways[i];
        pipe->ends[i].in = &pipe->ways[1 - i];
    }
}
