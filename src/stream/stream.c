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

int64_t weir_stream_try_read(weir_io *io, weir_stream *stream, void *data, size_t len)
{
    struct iovec slice = {data, len};
    if (!stream->table->read_as) return WEIR_EUNSUPPORTED;
    return stream->table->read_as(io, stream, &slice, 1, WEIR_OP_TRY, none);
}

int64_t weir_stream_try_write(weir_io *io, weir_stream *stream, const void *data, size_t len)
{
    struct iovec slice = {(void *)(uintptr_t)data, len};
    if (!stream->table->write_as) return WEIR_EUNSUPPORTED;
    return stream->table->write_as(io, stream, &slice, 1, WEIR_OP_TRY, none);
}

int64_t weir_stream_peek(weir_io *io, weir_stream *stream, void *data, size_t len)
{
    struct iovec slice = {data, len};
    if (!stream->table->read_as) return WEIR_EUNSUPPORTED;
    return stream->table->read_as(io, stream, &slice, 1, WEIR_OP_PEEK, none);
}

int64_t weir_stream_write_zerocopy(weir_io *io, weir_stream *stream, const void *data, size_t len)
{
    struct iovec slice = {(void *)(uintptr_t)data, len};
    if (!stream->table->write_as) return weir_stream_write_all(io, stream, data, len);
    return stream->table->write_as(io, stream, &slice, 1, WEIR_OP_ZEROCOPY | WEIR_OP_ALL, none);
}

int weir_stream_prepare_ready(weir_stream *stream, weir_op *op, uint32_t events)
{
    if (!stream->table->prepare_ready) return WEIR_EUNSUPPORTED;
    return stream->table->prepare_ready(stream, op, events);
}

int weir_stream_ready(weir_io *io, weir_stream *stream, uint32_t events, weir_deadline deadline)
{
    weir_op op;
    int error = weir_stream_prepare_ready(stream, &op, events);
    if (error) return error;
    op.deadline = deadline;
    return (int)weir_do(io, &op);
}

weir_socket weir_stream_socket(const weir_stream *stream)
{
    if (!stream->table->socket) return (weir_socket){-1};
    return stream->table->socket(stream);
}

enum { FRAME_PREFIX = 4 };

int64_t weir_stream_write_frame(weir_io *io, weir_stream *stream, const void *data, size_t len)
{
    if (len > UINT32_MAX) return WEIR_ELIMIT;
    unsigned char prefix[FRAME_PREFIX] = {(unsigned char)(len >> 24), (unsigned char)(len >> 16),
                                          (unsigned char)(len >> 8), (unsigned char)len};
    const size_t total = len + sizeof prefix;
    for (size_t done = 0; done < total;) {
        /* What stopped a write short is told by the next one, of the bytes that are due. */
        const size_t ahead = done < sizeof prefix ? sizeof prefix - done : 0;
        const size_t from = done + ahead - sizeof prefix;
        const struct iovec slices[] = {{prefix + sizeof prefix - ahead, ahead},
                                       {(char *)(uintptr_t)data + from, len - from}};
        const int64_t n = stream->table->write(io, stream, &slices[ahead == 0],
                                               1u + (ahead > 0 && len > 0), 1, true, none);
        if (n <= 0) return n < 0 ? n : WEIR_EPIPE;
        done += (size_t)n;
    }
    return (int64_t)len;
}

/* Reads what is still missing of a frame that has begun. */
static int64_t read_rest(weir_io *io, weir_stream *stream, void *data, size_t len)
{
    size_t done = 0;
    while (done < len) {
        const int64_t n = weir_stream_read(io, stream, (char *)data + done, len - done);
        if (n <= 0) return n < 0 ? n : WEIR_EEOF;
        done += (size_t)n;
    }
    return (int64_t)len;
}

int64_t weir_stream_read_frame(weir_io *io, weir_stream *stream, void *data, size_t size,
                               bool *begun)
{
    unsigned char prefix[FRAME_PREFIX];
    const int64_t first = weir_stream_read(io, stream, prefix, sizeof prefix);
    if (begun) *begun = first > 0;
    if (first <= 0) return first < 0 ? first : WEIR_ECLOSED;
    int64_t n = read_rest(io, stream, prefix + first, sizeof prefix - (size_t)first);
    if (n < 0) return n;
    const uint32_t len = (uint32_t)prefix[0] << 24 | (uint32_t)prefix[1] << 16 |
                         (uint32_t)prefix[2] << 8 | prefix[3];
    if (len > size) return WEIR_ELIMIT;
    return read_rest(io, stream, data, len);
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
