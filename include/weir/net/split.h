/* SPDX-License-Identifier: MIT
 *
 * The two directions of a stream as two values, for two tasks at once.
 *
 *      weir_stream_split(&tcp.stream, &read, &write);              borrowed: views, no memory
 *      weir_stream_split_owned(io, &tcp.stream, &reader, &writer);  owned: the stream moves in
 *
 * A borrowed half is a pointer with a direction; the stream must outlive it.  An owned half holds
 * the stream together with the other one; the last of the two to be closed closes the stream, so
 * that each can go its own way in a task of its own.
 *
 * Works for every kind of stream: TCP and Unix sockets, and what is built on them, as far as the
 * kind allows reading and writing at the same time (stream.h) and, for owned halves, moving.
 * An error of one half says nothing about the other, but when the connection broke: then a read
 * says that instead of an end of the stream.
 */
#ifndef WEIR_NET_SPLIT_H
#define WEIR_NET_SPLIT_H

#include <weir/stream/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The reading and the writing half, as what the verbs below take.  Plain values. */
typedef struct weir_read_half {
    weir_stream *stream;
} weir_read_half;

typedef struct weir_write_half {
    weir_stream *stream;
} weir_write_half;

/* Both halves of a stream, borrowed.  Never waits. */
static inline void weir_stream_split(weir_stream *stream, weir_read_half *read,
                                     weir_write_half *write)
{
    read->stream = write->stream = stream;
}

/* The verbs of a half: those of stream.h with the same ending, whose words hold here. */
static inline int64_t weir_half_read(weir_io *io, weir_read_half half, void *data, size_t len)
{
    return weir_stream_read(io, half.stream, data, len);
}
static inline int64_t weir_half_read_full(weir_io *io, weir_read_half half, void *data, size_t len)
{
    return weir_stream_read_full(io, half.stream, data, len);
}
static inline int64_t weir_half_read_vector(weir_io *io, weir_read_half half,
                                            const struct iovec *data, size_t count,
                                            weir_deadline deadline)
{
    return weir_stream_read_vector(io, half.stream, data, count, deadline);
}
static inline int64_t weir_half_try_read(weir_io *io, weir_read_half half, void *data, size_t len)
{
    return weir_stream_try_read(io, half.stream, data, len);
}
static inline int64_t weir_half_peek(weir_io *io, weir_read_half half, void *data, size_t len)
{
    return weir_stream_peek(io, half.stream, data, len);
}
static inline int weir_half_readable(weir_io *io, weir_read_half half, weir_deadline deadline)
{
    return weir_stream_ready(io, half.stream, WEIR_POLL_READ, deadline);
}
static inline weir_socket weir_half_read_socket(weir_read_half half)
{
    return weir_stream_socket(half.stream);
}

/* Writes some bytes, as weir_stream_write. */
static inline int64_t weir_half_write(weir_io *io, weir_write_half half, const void *data,
                                      size_t len)
{
    return weir_stream_write(io, half.stream, data, len);
}
/* Writes all bytes, as weir_stream_write_all. */
static inline int64_t weir_half_write_all(weir_io *io, weir_write_half half, const void *data,
                                          size_t len)
{
    return weir_stream_write_all(io, half.stream, data, len);
}
/* Writes slices, as weir_stream_write_vector. */
static inline int64_t weir_half_write_vector(weir_io *io, weir_write_half half,
                                             const struct iovec *data, size_t count,
                                             uint32_t repeat, bool all, weir_deadline deadline)
{
    return weir_stream_write_vector(io, half.stream, data, count, repeat, all, deadline);
}
/* Writes what goes at once, as weir_stream_try_write. */
static inline int64_t weir_half_try_write(weir_io *io, weir_write_half half, const void *data,
                                          size_t len)
{
    return weir_stream_try_write(io, half.stream, data, len);
}
/* Waits until bytes can be given, as weir_stream_ready. */
static inline int weir_half_writable(weir_io *io, weir_write_half half, weir_deadline deadline)
{
    return weir_stream_ready(io, half.stream, WEIR_POLL_WRITE, deadline);
}
/* Ends this direction, as weir_stream_shutdown_write. */
static inline int weir_half_shutdown(weir_io *io, weir_write_half half)
{
    return weir_stream_shutdown_write(io, half.stream);
}
/* The socket below, as weir_stream_socket. */
static inline weir_socket weir_half_write_socket(weir_write_half half)
{
    return weir_stream_socket(half.stream);
}

/* Owned halves ------------------------------------------------------------------------------ */

typedef struct weir_split weir_split; /* what both halves hold */

/* An owned half: `half` is for the verbs above; `split` is NULL after it was closed or given up. */
typedef struct weir_owned_read_half {
    weir_read_half half;
    weir_split *split;
} weir_owned_read_half;

typedef struct weir_owned_write_half {
    weir_write_half half;
    weir_split *split;
} weir_owned_write_half;

/* Moves a stream into two owned halves: one allocation.  Nothing may be in flight on it and no
 * standing receive (read_lent) open.
 *
 * Returns 0 and both halves: `stream` owns nothing any more; WEIR_ENOMEM, WEIR_EUNSUPPORTED (a kind
 * that does not move): it is as it was.  Never waits. */
int weir_stream_split_owned(weir_io *io, weir_stream *stream, weir_owned_read_half *read,
                            weir_owned_write_half *write);

/* Closes a half; nothing the second time.  Closing the writing half ends that direction: the peer
 * sees the end of the stream.  Closing the reading half tells the peer nothing.  The last one
 * closes the stream.  Not a cancellation point.  From the task that uses the half. */
void weir_owned_read_close(weir_io *io, weir_owned_read_half *read);
void weir_owned_write_close(weir_io *io, weir_owned_write_half *write);

/* Gives the writing half up without ending its direction: it stays open as long as the reading
 * half.  As weir_owned_write_close otherwise. */
void weir_owned_write_forget(weir_io *io, weir_owned_write_half *write);

/* Puts the two halves of one stream together again and moves it to `out`, a concrete stream of the
 * kind that was split, of `size` bytes: weir_split_reunite(io, &r, &w, &tcp.stream, sizeof tcp).
 *
 * Returns 0; WEIR_EINVAL when they are not the halves of one stream, one was closed, or `size` is
 * of another kind: both stay as they are.  Nothing may be in flight.  Never waits. */
int weir_split_reunite(weir_io *io, weir_owned_read_half *read, weir_owned_write_half *write,
                       weir_stream *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
