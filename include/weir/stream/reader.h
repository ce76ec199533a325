/* SPDX-License-Identifier: MIT
 *
 * A buffered reader over a stream, in the caller's buffer.
 *
 *     buffer   [ consumed | begin … end: buffered | free ]
 *
 * The end of the stream is its own outcome, never mixed up with "zero bytes asked"; the last error
 * of the stream stays in `error`.  A reader borrows its stream.  Used by one task at a time.
 */
#ifndef WEIR_STREAM_READER_H
#define WEIR_STREAM_READER_H

#include <weir/base/bytes.h>
#include <weir/stream/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A reader.  Read `error` and `ended`; the rest changes through the calls. */
typedef struct weir_reader {
    weir_stream *stream;
    char *buffer;
    size_t capacity, begin, end;
    int error;  /* the last error of the stream, 0 for none; a later success does not clear it */
    bool ended; /* the stream has ended; buffered bytes may still be there */
} weir_reader;

/* Prepares a reader.  `buffer` is lent until the reader's last use; `capacity` 0 makes it
 * unbuffered: only read, read_full and discard work then.  Never waits. */
void weir_reader_init(weir_reader *reader, weir_stream *stream, void *buffer, size_t capacity);

/* The bytes that are buffered; lent until the next call. */
static inline weir_bytes weir_reader_buffered(const weir_reader *reader)
{
    return weir_bytes_of(reader->buffer + reader->begin, reader->end - reader->begin);
}

/* Reads what is there, buffered or arriving, at most `len` bytes.
 * Returns the count, > 0; 0 at the end of the stream or when `len` is 0; the stream's error.
 * A cancellation point when nothing is buffered. */
int64_t weir_reader_read(weir_io *io, weir_reader *reader, void *out, size_t len);

/* Reads exactly `len` bytes.
 * Returns `len`; fewer when the stream ended or failed before (reader->ended and error tell); a
 * negative error, or WEIR_EEOF, when nothing came and `len` > 0.  A cancellation point. */
int64_t weir_reader_read_full(weir_io *io, weir_reader *reader, void *out, size_t len);

/* Makes at least `n` bytes buffered.
 * Returns 0; WEIR_EEOF: the stream ends before, what came is buffered; WEIR_ELIMIT: `n` is more
 * than the capacity; the stream's error.  A cancellation point when bytes are missing. */
int weir_reader_fill(weir_io *io, weir_reader *reader, size_t n);

/* Shows the next `n` bytes without consuming them, or consumes them, in *out; lent until the next
 * call.  Return as weir_reader_fill. */
int weir_reader_peek(weir_io *io, weir_reader *reader, size_t n, weir_bytes *out);
int weir_reader_take(weir_io *io, weir_reader *reader, size_t n, weir_bytes *out);

/* Consumes the bytes up to and with the first `delimiter`, in *out; lent until the next call.
 *
 * Returns 1; 0 when the stream has ended cleanly, with nothing before the end; WEIR_EEOF: it ended
 * in the middle, the rest is buffered; WEIR_ELIMIT: the buffer is full without a delimiter, nothing
 * was consumed; the stream's error.  A cancellation point. */
int weir_reader_take_until(weir_io *io, weir_reader *reader, char delimiter, weir_bytes *out);

/* Consumes up to `n` bytes and drops them.
 * Returns how many: fewer only at the end of the stream; a negative error when it failed (bytes
 * before the failure are gone).  A cancellation point. */
int64_t weir_reader_discard(weir_io *io, weir_reader *reader, uint64_t n);

#ifdef __cplusplus
}
#endif
#endif
