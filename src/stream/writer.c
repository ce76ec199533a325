/* SPDX-License-Identifier: MIT
 *
 * The buffered writer.  Invariant: the bytes given to the stream, followed by buffer[0, used), are
 * exactly the bytes that were taken, in order.
 */
#include <weir/stream/writer.h>

#include <string.h>

#include <weir/base/error.h>

enum { MAX_SLICES = 64 };

void weir_writer_init(weir_writer *writer, weir_stream *stream, void *buffer, size_t capacity)
{
    *writer = (weir_writer){.stream = stream, .buffer = buffer, .capacity = capacity};
}

/* Takes `n` bytes that went out off the buffer's front; returns how many of them were others. */
static size_t drop_sent(weir_writer *writer, size_t n)
{
    const size_t own = n < writer->used ? n : writer->used;
    if (own > 0 && own < writer->used)
        memmove(writer->buffer, writer->buffer + own, writer->used - own);
    writer->used -= own;
    return n - own;
}

int weir_writer_flush(weir_io *io, weir_writer *writer)
{
    while (writer->used > 0) {
        int64_t n = weir_stream_write_all(io, writer->stream, writer->buffer, writer->used);
        if (n < 0) return writer->error = (int)n;
        drop_sent(writer, (size_t)n);
    }
    return 0;
}

/* Writes the buffer and the slices until all went: the bytes of the slices that were taken. */
static int64_t write_through(weir_io *io, weir_writer *writer, const struct iovec *data,
                             size_t count, uint32_t repeat, uint64_t total)
{
    struct iovec slices[MAX_SLICES + 1] = {{writer->buffer, writer->used}};
    if (count > 0) memcpy(slices + 1, data, count * sizeof *data);
    const uint64_t all = total + writer->used;
    /* A lone buffer must not be repeated in place of a last slice that is not there. */
    int64_t n = weir_stream_write_vector(io, writer->stream, slices, count + 1,
                                         count > 0 ? repeat : 1, true, (weir_deadline){0});
    if (n < 0) return writer->error = (int)n;
    const size_t taken = drop_sent(writer, (size_t)n);
    if ((uint64_t)n < all) {
        /* Ask why it ended: a write that cannot succeed reports it. */
        const int64_t why = writer->used > 0 ? weir_writer_flush(io, writer) : WEIR_EPIPE;
        if (why < 0 && writer->error == 0) writer->error = (int)why;
        if (taken == 0) return writer->error;
    }
    return (int64_t)taken;
}

int64_t weir_writer_write_vector(weir_io *io, weir_writer *writer, const struct iovec *data,
                                 size_t count, uint32_t repeat)
{
    if (count > MAX_SLICES) return WEIR_EINVAL;
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t times = i + 1 < count ? 1 : repeat;
        uint64_t bytes;
        if (__builtin_mul_overflow((uint64_t)data[i].iov_len, times, &bytes) ||
            __builtin_add_overflow(total, bytes, &total) || total > INT64_MAX / 2)
            return WEIR_EINVAL;
    }
    if (total > writer->capacity - writer->used)
        return write_through(io, writer, data, count, repeat, total);
    for (size_t i = 0; i < count; i++) {
        const uint32_t times = i + 1 < count ? 1 : repeat;
        for (uint32_t r = 0; r < times && data[i].iov_len > 0; r++) {
            memcpy(writer->buffer + writer->used, data[i].iov_base, data[i].iov_len);
            writer->used += data[i].iov_len;
        }
    }
    return (int64_t)total;
}

int64_t weir_writer_write(weir_io *io, weir_writer *writer, const void *data, size_t len)
{
    struct iovec slice = {(void *)data, len};
    return weir_writer_write_vector(io, writer, &slice, 1, 1);
}

int64_t weir_writer_pass(weir_io *io, weir_writer *writer, weir_reader *reader, uint64_t limit)
{
    char scratch[4096];
    uint64_t done = 0;
    while (done < limit) {
        const uint64_t left = limit - done;
        int64_t n = weir_reader_read(io, reader, scratch,
                                     left < sizeof scratch ? (size_t)left : sizeof scratch);
        if (n < 0) return n;
        if (n == 0) break;
        int64_t taken = weir_writer_write(io, writer, scratch, (size_t)n);
        if (taken < 0) return taken;
        if (taken < n) return writer->error;
        done += (uint64_t)n;
    }
    return (int64_t)done;
}
