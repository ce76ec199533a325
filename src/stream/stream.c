/* SPDX-License-Identifier: MIT
 *
 * The verbs of a stream: thin calls over its table, and what they do without an optional member.
 */
#include <weir/stream/stream.h>

#include <weir/base/error.h>
#include <weir/io/file.h>
#include <weir/io/task.h>

static const weir_deadline none = {0};

int64_t weir_stream_read(weir_io *io, weir_stream *stream, void *data, size_t len)
{
    struct iovec slice = {data, len};
    return stream->table->read(io, stream, &slice, 1, none);
}

int64_t weir_stream_read_full(weir_io *io, weir_stream *stream, void *data, size_t len)
{
    size_t done = 0;
    while (done < len) {
        int64_t n = weir_stream_read(io, stream, (char *)data + done, len - done);
        if (n < 0 && done == 0) return n;
        if (n == WEIR_ECANCELED) weir_put_back(io); /* the next call is to tell */
        if (n <= 0) break;
        done += (size_t)n;
    }
    return (int64_t)done;
}

int64_t weir_stream_write(weir_io *io, weir_stream *stream, const void *data, size_t len)
{
    struct iovec slice = {(void *)data, len};
    return stream->table->write(io, stream, &slice, 1, 1, false, none);
}

int64_t weir_stream_write_all(weir_io *io, weir_stream *stream, const void *data, size_t len)
{
    struct iovec slice = {(void *)data, len};
    return stream->table->write(io, stream, &slice, 1, 1, true, none);
}

int64_t weir_stream_read_vector(weir_io *io, weir_stream *stream, const struct iovec *data,
                                size_t count, weir_deadline deadline)
{
    return stream->table->read(io, stream, data, count, deadline);
}

int64_t weir_stream_write_vector(weir_io *io, weir_stream *stream, const struct iovec *data,
                                 size_t count, uint32_t repeat, bool all, weir_deadline deadline)
{
    return stream->table->write(io, stream, data, count, repeat, all, deadline);
}

int64_t weir_stream_read_lent(weir_io *io, weir_stream *stream, weir_lent *out,
                              weir_deadline deadline)
{
    if (!stream->table->read_lent) return WEIR_EUNSUPPORTED;
    return stream->table->read_lent(io, stream, out, deadline);
}

void weir_stream_give_back(weir_io *io, weir_stream *stream, weir_lent *lent)
{
    if (stream->table->give_back) stream->table->give_back(io, stream, lent);
}

int weir_stream_prepare_read_lent(weir_stream *stream, weir_op *op, weir_lent *out)
{
    if (!stream->table->prepare_read_lent) return WEIR_EUNSUPPORTED;
    return stream->table->prepare_read_lent(stream, op, out);
}

int weir_stream_prepare_write(weir_stream *stream, weir_op *op, const struct iovec *data,
                              size_t count)
{
    if (!stream->table->prepare_write) return WEIR_EUNSUPPORTED;
    return stream->table->prepare_write(stream, op, data, count);
}

int weir_stream_prepare_stop(weir_stream *stream, weir_op *op)
{
    if (!stream->table->prepare_stop) return WEIR_EUNSUPPORTED;
    return stream->table->prepare_stop(stream, op);
}

void weir_stream_stop(weir_io *io, weir_stream *stream)
{
    if (stream->table->stop) stream->table->stop(io, stream);
}

int weir_stream_shutdown_write(weir_io *io, weir_stream *stream)
{
    return stream->table->shutdown_write(io, stream);
}

/* What send_file is without help from the kernel. */
static int64_t copy_file(weir_io *io, weir_stream *stream, int file, uint64_t offset, size_t length,
                         weir_deadline deadline)
{
    char buffer[8192];
    const weir_file from = {file};
    size_t done = 0;
    while (done < length) {
        const size_t want = length - done < sizeof buffer ? length - done : sizeof buffer;
        int64_t n = weir_read_at(io, from, buffer, want, offset + done);
        if (n < 0 && done == 0) return n;
        if (n == WEIR_ECANCELED) weir_put_back(io); /* the next call is to tell */
        if (n <= 0) break;
        struct iovec slice = {buffer, (size_t)n};
        int64_t sent = stream->table->write(io, stream, &slice, 1, 1, true, deadline);
        if (sent < 0 && done == 0) return sent;
        if (sent > 0) done += (size_t)sent;
        if (sent == WEIR_ECANCELED) weir_put_back(io);
        if (sent != n) break;
    }
    return (int64_t)done;
}

int64_t weir_stream_send_file(weir_io *io, weir_stream *stream, int file, uint64_t offset,
                              size_t length, weir_deadline deadline)
{
    if (!stream->table->send_file) return copy_file(io, stream, file, offset, length, deadline);
    return stream->table->send_file(io, stream, file, offset, length, deadline);
}

void weir_stream_close(weir_io *io, weir_stream *stream)
{
    stream->table->close(io, stream);
}
