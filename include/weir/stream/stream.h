/* SPDX-License-Identifier: MIT
 *
 * A stream: bytes in order, in both directions, from anywhere (TCP, a memory pipe, later TLS).
 *
 * A concrete stream embeds a weir_stream as its first member and points it at a table; upper floors
 * take `weir_stream *` and never know the kind.  Wrapping a stream takes it; closing the wrapper
 * closes it.  One task reads and one task writes at a time; they may be two.
 *
 * A deadline argument is absolute; {0} means none.  The calling task's scopes count besides.
 */
#ifndef WEIR_STREAM_STREAM_H
#define WEIR_STREAM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <weir/base/time.h>
#include <weir/io/op.h>
#include <weir/io/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_stream weir_stream;

/* What a kind of stream can do.  Members are required unless marked optional; a NULL optional
 * member makes its verb return WEIR_EUNSUPPORTED.  All run on a task of `io`. */
typedef struct weir_stream_table {
    /* Reads what has arrived into `count` slices: > 0 bytes, 0 at the end of the stream (or when
     * the slices have no room), or an error: no byte was taken.  Cancellation point. */
    int64_t (*read)(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                    weir_deadline deadline);

    /* Writes slices in turn, the last one `repeat` times: the bytes taken.  With `all` fewer than
     * all means that an error, cancellation or deadline ended it part way; the next call tells
     * which.  WEIR_EPIPE when the other side reads no more.  Cancellation point. */
    int64_t (*write)(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                     uint32_t repeat, bool all, weir_deadline deadline);

    /* Optional.  Waits for bytes and lends the buffer that holds them, until give_back; 0 at the
     * end of the stream: nothing is lent.  Cancellation point. */
    int64_t (*read_lent)(weir_io *io, weir_stream *stream, weir_lent *out, weir_deadline deadline);

    /* Required with read_lent.  Takes a lent buffer back; nothing when none is held. */
    void (*give_back)(weir_io *io, weir_stream *stream, weir_lent *lent);

    /* Optional.  Fills `op` so that it does a read_lent into `out` when submitted: its result is
     * that of read_lent.  The deadline is reset: set it afterwards.  Never waits. */
    int (*prepare_read_lent)(weir_stream *stream, weir_op *op, weir_lent *out);

    /* Optional.  Fills `op` so that it writes all the slices when submitted; a smaller result says
     * that an error or a cancellation ended it.  The deadline is reset.  Never waits. */
    int (*prepare_write)(weir_stream *stream, weir_op *op, const struct iovec *data, size_t count);

    /* Optional.  Fills `op` so that it stops the standing receive, as the verb `stop` does. */
    int (*prepare_stop)(weir_stream *stream, weir_op *op);

    /* Ends the standing receive that read_lent opened and drops what it had taken in; nothing when
     * there is none.  Not a cancellation point. */
    void (*stop)(weir_io *io, weir_stream *stream);

    /* Tells the other side that no more bytes will come; reading goes on.  0, WEIR_ENOTCONN. */
    int (*shutdown_write)(weir_io *io, weir_stream *stream);

    /* Optional.  Sends `length` bytes of an open file: the bytes sent, fewer when the file is
     * shorter or an error ended it part way.  Without it the verb reads and writes. */
    int64_t (*send_file)(weir_io *io, weir_stream *stream, int file, uint64_t offset, size_t length,
                         weir_deadline deadline);

    /* Stops and closes.  What was written still goes out.  Not a cancellation point. */
    void (*close)(weir_io *io, weir_stream *stream);

    /* Optional.  Read and write in another manner: `flags` are WEIR_OP_TRY and WEIR_OP_PEEK for
     * reading, WEIR_OP_TRY, or WEIR_OP_ZEROCOPY with WEIR_OP_ALL, for writing (op.h). */
    int64_t (*read_as)(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                       unsigned flags, weir_deadline deadline);
    int64_t (*write_as)(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                        unsigned flags, weir_deadline deadline);

    /* Optional.  Fills `op` so that it waits until the stream is ready for any of `events`
     * (WEIR_POLL_…) when submitted: its result is the ready set.  The deadline is reset. */
    int (*prepare_ready)(weir_stream *stream, weir_op *op, uint32_t events);

    /* Optional.  The socket whose bytes are the stream's, unchanged; borrowed.  A stream that
     * encrypts or buffers has none. */
    weir_socket (*socket)(const weir_stream *stream);

    /* Optional, together.  The bytes of the concrete stream, which may be copied elsewhere while
     * nothing is in flight on it and no standing receive is open; and what makes the value that was
     * copied own nothing any more. */
    size_t size;
    void (*moved)(weir_stream *stream);
} weir_stream_table;

/* The head of every stream. */
struct weir_stream {
    const weir_stream_table *table;
};

/* Reads what has arrived, at most `len` bytes.
 *
 * Returns the count, > 0; 0 at the end of the stream or when `len` is 0.
 * Errors: WEIR_ECONNRESET, WEIR_ETIMEDOUT; WEIR_ECANCELED, WEIR_EDEADLINE: no byte was taken.
 * A cancellation point.  One reader at a time. */
int64_t weir_stream_read(weir_io *io, weir_stream *stream, void *data, size_t len);

/* Reads exactly `len` bytes.
 *
 * Returns `len`, or a smaller count when the stream ended or failed before (the next read tells
 * which); a negative error when nothing came.  A cancellation point. */
int64_t weir_stream_read_full(weir_io *io, weir_stream *stream, void *data, size_t len);

/* Writes some of `len` bytes.  Returns how many, > 0 unless `len` is 0.
 * Errors: WEIR_EPIPE; what broke the connection (WEIR_ECONNRESET, WEIR_ETIMEDOUT ...), which every
 * later read and write of a socket's stream tells again; WEIR_ECANCELED, WEIR_EDEADLINE: none was
 * taken.
 * A cancellation point.  One writer at a time. */
int64_t weir_stream_write(weir_io *io, weir_stream *stream, const void *data, size_t len);

/* Writes all of `len` bytes.
 *
 * Returns `len`; a smaller count when it ended part way (the next write tells why); a negative
 * error when nothing went.  A cancellation point. */
int64_t weir_stream_write_all(weir_io *io, weir_stream *stream, const void *data, size_t len);

/* The full forms: slices, repetition of the last slice (1 is plain, 0 skips it), a deadline.  As
 * the table's members of that name say. */
int64_t weir_stream_read_vector(weir_io *io, weir_stream *stream, const struct iovec *data,
                                size_t count, weir_deadline deadline);
int64_t weir_stream_write_vector(weir_io *io, weir_stream *stream, const struct iovec *data,
                                 size_t count, uint32_t repeat, bool all, weir_deadline deadline);

/* The forms that do not wait.  As weir_stream_read and _write, but WEIR_EAGAIN instead of waiting,
 * so that "nothing now" is never mixed up with 0, the end; WEIR_EUNSUPPORTED.  Cancellation points.
 */
int64_t weir_stream_try_read(weir_io *io, weir_stream *stream, void *data, size_t len);
int64_t weir_stream_try_write(weir_io *io, weir_stream *stream, const void *data, size_t len);

/* Waits for bytes and copies them, but leaves them to be read again.
 * Returns as weir_stream_read; WEIR_EUNSUPPORTED.  A cancellation point. */
int64_t weir_stream_peek(weir_io *io, weir_stream *stream, void *data, size_t len);

/* Writes all of `len` bytes without copying them where the stream can (see weir_write_zerocopy);
 * else as weir_stream_write_all.  Returns when the memory is the caller's again.
 * A cancellation point; one that comes while the kernel holds the memory resets the connection. */
int64_t weir_stream_write_zerocopy(weir_io *io, weir_stream *stream, const void *data, size_t len);

/* Waits until the stream is ready for any of `events` (WEIR_POLL_…), by level: what is ready stays
 * so until it is taken.  WEIR_POLL_ERROR, a failure or a hang-up, is reported unasked.
 * Returns the ready set, > 0; WEIR_EDEADLINE, WEIR_EUNSUPPORTED.  A cancellation point. */
int weir_stream_ready(weir_io *io, weir_stream *stream, uint32_t events, weir_deadline deadline);

/* Fills `op` with that wait, to be submitted or selected.  Returns 0 or WEIR_EUNSUPPORTED. */
int weir_stream_prepare_ready(weir_stream *stream, weir_op *op, uint32_t events);

/* The socket below, borrowed: for options and addresses; {-1} when there is none that carries the
 * stream's bytes unchanged.  Never waits. */
weir_socket weir_stream_socket(const weir_stream *stream);

/* Messages with their length before them: four bytes, the most significant first, then so many
 * bytes.  A length of 0 is legal.
 *
 * write_frame returns `len`; WEIR_ELIMIT when it is more than 4,294,967,295; else errors of
 * weir_stream_write, after which the stream is of no more use for frames.
 * read_frame returns the length, >= 0, of the message that is now in `data`; WEIR_ECLOSED at the
 * end of the stream between two frames; WEIR_EEOF at its end inside of one; WEIR_ELIMIT when the
 * message is longer than `size`: its bytes are unread; else errors of weir_stream_read.  After each
 * of these but a WEIR_ECANCELED or WEIR_EDEADLINE with *begun false the position is lost: close.
 * `begun` may be NULL.  Cancellation points. */
int64_t weir_stream_write_frame(weir_io *io, weir_stream *stream, const void *data, size_t len);
int64_t weir_stream_read_frame(weir_io *io, weir_stream *stream, void *data, size_t size,
                               bool *begun);

/* Waits for bytes and lends the buffer that holds them: nothing is held while waiting.  Once used,
 * all reading goes through it until weir_stream_stop.  *out must hold no buffer.
 *
 * Returns the count and *out, lent until weir_stream_give_back; 0 at the end of the stream.
 * Errors: of weir_stream_read; WEIR_ENOBUFS: all buffers are lent; WEIR_EUNSUPPORTED.
 * A cancellation point. */
int64_t weir_stream_read_lent(weir_io *io, weir_stream *stream, weir_lent *out,
                              weir_deadline deadline);

/* Gives a lent buffer back; does nothing when none is held. */
void weir_stream_give_back(weir_io *io, weir_stream *stream, weir_lent *lent);

/* Fills `op` with a read_lent into `out`, to be submitted to a queue: a connection that waits is
 * then one op and no task.  Returns 0 or WEIR_EUNSUPPORTED.  Never waits. */
int weir_stream_prepare_read_lent(weir_stream *stream, weir_op *op, weir_lent *out);

/* Fills `op` with a write of all the slices, to be submitted: its result is the count of bytes,
 * fewer than asked for when an error or a cancellation ended it part way, or a negative error.
 * `data` is lent until the completion.  Returns 0 or WEIR_EUNSUPPORTED.  Never waits. */
int weir_stream_prepare_write(weir_stream *stream, weir_op *op, const struct iovec *data,
                              size_t count);

/* Fills `op` with weir_stream_stop, to be submitted.  Returns 0 or WEIR_EUNSUPPORTED. */
int weir_stream_prepare_stop(weir_stream *stream, weir_op *op);

/* Ends the standing receive, if any.  Needed before prepare_… ops are given up; close does it, too.
 * Not a cancellation point. */
void weir_stream_stop(weir_io *io, weir_stream *stream);

/* Ends our direction: the other side reads the end of the stream.  Returns 0 or WEIR_ENOTCONN.
 * A cancellation point. */
int weir_stream_shutdown_write(weir_io *io, weir_stream *stream);

/* Sends `length` bytes of the open file `file` from `offset` on; in the kernel where the stream
 * can, else through a buffer of 8 KiB on the stack.
 *
 * Returns the bytes sent: fewer than `length` when the file is shorter or an error ended it part
 * way; a negative error when nothing went (of weir_write or weir_read_at).  A cancellation point.
 */
int64_t weir_stream_send_file(weir_io *io, weir_stream *stream, int file, uint64_t offset,
                              size_t length, weir_deadline deadline);

/* Closes the stream; no operation may be in flight on it.  Not a cancellation point. */
void weir_stream_close(weir_io *io, weir_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
