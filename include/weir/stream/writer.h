/* SPDX-License-Identifier: MIT
 *
 * A buffered writer over a stream, in the caller's buffer: small writes become few large ones.
 *
 * A partial write neither loses nor repeats bytes: what did not go stays buffered.  The last error
 * stays in `error`.  A writer borrows its stream.  Used by one task at a time.
 */
#ifndef WEIR_STREAM_WRITER_H
#define WEIR_STREAM_WRITER_H

#include <weir/base/bytes.h>
#include <weir/stream/reader.h>
#include <weir/stream/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A writer.  Read `error` and `used`; the rest changes through the calls. */
typedef struct weir_writer {
    weir_stream *stream;
    char *buffer;
    size_t capacity, used; /* buffered, not yet given to the stream */
    int error;             /* the last error of the stream, 0 for none */
} weir_writer;

/* Prepares a writer.  `buffer` is lent until the writer's last use; `capacity` 0 makes every write
 * go to the stream at once.  Never waits. */
void weir_writer_init(weir_writer *writer, weir_stream *stream, void *buffer, size_t capacity);

/* Takes all of `len` bytes, writing to the stream when the buffer is full.
 * Returns `len`; fewer when the stream failed part way (writer->error tells why): exactly that many
 * are buffered or written; a negative error when none was taken.  A cancellation point when it
 * writes. */
int64_t weir_writer_write(weir_io *io, weir_writer *writer, const void *data, size_t len);

/* Takes slices in turn, the last one `repeat` times (0 skips it), after what is buffered: what does
 * not fit goes out together with the buffer in one vectored write.
 * Returns the bytes taken, as weir_writer_write; WEIR_EINVAL for more than 64 slices. */
int64_t weir_writer_write_vector(weir_io *io, weir_writer *writer, const struct iovec *data,
                                 size_t count, uint32_t repeat);

/* Writes all that is buffered.
 * Returns 0, or the stream's error: what did not go stays buffered.  A cancellation point. */
int weir_writer_flush(weir_io *io, weir_writer *writer);

/* Passes up to `limit` bytes from a reader on, until its end.
 * Returns the bytes passed; a negative error of either side when it failed (reader->error or
 * writer->error tells whose).  A cancellation point. */
int64_t weir_writer_pass(weir_io *io, weir_writer *writer, weir_reader *reader, uint64_t limit);

#ifdef __cplusplus
}
#endif
#endif
