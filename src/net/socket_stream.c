/* SPDX-License-Identifier: MIT
 *
 * The stream table over a connected stream socket.
 */
#include "net/socket_stream.h"

#include <sys/socket.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/task.h>

enum { MAX_SLICES = 1024 }; /* of one op */

static weir_receiver *receiver_of(weir_stream *stream)
{
    /* By position, not through a common type: the object there is a receiver whatever surrounds it.
     */
    return (weir_receiver *)(void *)(stream + 1);
}

/* Whether an error is the connection's end, and not a matter of this call or machine. */
static bool is_of_connection(int64_t error)
{
    const weir_error_class class_ = weir_errclass((int)error);
    return class_ == WEIR_CLASS_PEER || class_ == WEIR_CLASS_SYSTEM;
}

/* The same where it may be a file's error as well. */
static bool is_of_network(int64_t error)
{
    return weir_errclass((int)error) == WEIR_CLASS_PEER || error == WEIR_ENETDOWN ||
           error == WEIR_ENETUNREACH || error == WEIR_EHOSTUNREACH;
}

int64_t net_stream_was_read(weir_receiver *receiver, int64_t n)
{
    if (n > 0) return n;
    if (n == 0) return weir_receiver_failure(receiver);
    if (is_of_connection(n)) __atomic_store_n(&receiver->failed, (int32_t)n, __ATOMIC_RELAXED);
    return n;
}

int64_t net_stream_was_written(weir_receiver *receiver, int64_t n)
{
    /* EPIPE says that we or the peer ended this direction, and nothing of the other one; or it is
     * what the kernel says after it has told once why the connection broke. */
    if (n == WEIR_EPIPE) {
        const int32_t failed = __atomic_load_n(&receiver->failed, __ATOMIC_RELAXED);
        return failed ? failed : n;
    }
    if (n < 0 && is_of_connection(n))
        __atomic_store_n(&receiver->failed, (int32_t)n, __ATOMIC_RELAXED);
    return n;
}

int64_t net_stream_was_cut(weir_receiver *receiver, int64_t n, int32_t error)
{
    if (n <= 0) return net_stream_was_written(receiver, n);
    net_stream_was_written(receiver, error);
    return n;
}

typedef enum direction { READING, WRITING } direction;

/* The earlier of a call's own deadline and the stream's timeout. */
static weir_deadline until(weir_io *io, weir_stream *stream, direction way, weir_deadline deadline)
{
    if (stream->table != &net_timed_stream_table) return deadline;
    const char *timeouts = (const char *)stream + offsetof(net_timed_stream, read_timeout);
    const weir_duration timeout = ((const weir_duration *)(const void *)timeouts)[way];
    if (timeout.ns == 0) return deadline;
    const weir_deadline end = weir_deadline_after(io, timeout);
    return deadline.ns != 0 && deadline.ns < end.ns ? deadline : end;
}

static int64_t read_as(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                       unsigned flags, weir_deadline deadline)
{
    while (count > 0 && data->iov_len == 0) data++, count--;
    if (count == 0) return 0;
    weir_op op;
    weir_op_set(&op, WEIR_OP_READ, receiver_of(stream)->fd);
    op.flags = (uint8_t)flags;
    op.deadline = until(io, stream, READING, deadline);
    op.args.vector.data = data;
    op.args.vector.count = count < MAX_SLICES ? (uint32_t)count : MAX_SLICES;
    return net_stream_was_read(receiver_of(stream), weir_do(io, &op));
}

static int64_t read_plain(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                          weir_deadline deadline)
{
    return read_as(io, stream, data, count, 0, deadline);
}

/* Writes at most MAX_SLICES slices; `deadline` is what counts. */
static int64_t write_some(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                          uint32_t repeat, unsigned flags, weir_deadline deadline)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_WRITE, receiver_of(stream)->fd);
    op.flags = (uint8_t)flags;
    op.deadline = deadline;
    op.args.vector.data = data;
    op.args.vector.count = (uint32_t)count;
    op.args.vector.repeat = repeat;
    const int64_t n = weir_do(io, &op);
    return net_stream_was_cut(receiver_of(stream), n, op.args.vector.error);
}

/* Writes more slices than an op has, op by op. */
static int64_t write_long(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                          uint32_t repeat, unsigned flags, weir_deadline deadline)
{
    uint64_t done = 0;
    while (count > 0) {
        const bool last = count <= MAX_SLICES;
        const size_t now = last ? count : MAX_SLICES;
        uint64_t total = 0;
        for (size_t i = 0; i < now; i++) total += data[i].iov_len;
        const int64_t n = write_some(io, stream, data, now, last ? repeat : 1, flags, deadline);
        if (n < 0) {
            if (done == 0) return n;
            if (n == WEIR_ECANCELED) weir_put_back(io); /* the next call is to tell */
            break;
        }
        done += (uint64_t)n;
        if (last || (uint64_t)n < total || (done > 0 && !(flags & WEIR_OP_ALL))) break;
        data += now;
        count -= now;
    }
    return (int64_t)done;
}

static int64_t write_slices(weir_io *io, weir_stream *stream, const struct iovec *data,
                            size_t count, uint32_t repeat, unsigned flags, weir_deadline deadline)
{
    deadline = until(io, stream, WRITING, deadline);
    return count <= MAX_SLICES ? write_some(io, stream, data, count, repeat, flags, deadline)
                               : write_long(io, stream, data, count, repeat, flags, deadline);
}

static int64_t write_as(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                        unsigned flags, weir_deadline deadline)
{
    return write_slices(io, stream, data, count, 1, flags, deadline);
}

static int64_t write_plain(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                           uint32_t repeat, bool all, weir_deadline deadline)
{
    return write_slices(io, stream, data, count, repeat, all ? WEIR_OP_ALL : 0, deadline);
}

static int prepare_read_lent(weir_stream *stream, weir_op *op, weir_lent *out)
{
    weir_op_set(op, WEIR_OP_READ_LENT, receiver_of(stream)->fd);
    op->args.lent.receiver = receiver_of(stream);
    op->args.lent.out = out;
    return 0;
}

static int64_t read_lent(weir_io *io, weir_stream *stream, weir_lent *out, weir_deadline deadline)
{
    weir_op op;
    prepare_read_lent(stream, &op, out);
    op.deadline = until(io, stream, READING, deadline);
    return net_stream_was_read(receiver_of(stream), weir_do(io, &op));
}

static void give_back(weir_io *io, weir_stream *stream, weir_lent *lent)
{
    (void)stream;
    weir_give_back(io, lent);
}

static int prepare_write(weir_stream *stream, weir_op *op, const struct iovec *data, size_t count)
{
    if (count > MAX_SLICES) return WEIR_EINVAL;
    weir_op_set(op, WEIR_OP_WRITE, receiver_of(stream)->fd);
    op->flags = WEIR_OP_ALL;
    op->args.vector.data = data;
    op->args.vector.count = (uint32_t)count;
    op->args.vector.repeat = 1;
    return 0;
}

static int prepare_stop(weir_stream *stream, weir_op *op)
{
    weir_op_set(op, WEIR_OP_RECEIVER_STOP, receiver_of(stream)->fd);
    op->args.lent.receiver = receiver_of(stream);
    return 0;
}

static void stop(weir_io *io, weir_stream *stream)
{
    weir_receiver_stop(io, receiver_of(stream));
}

static int shutdown_write(weir_io *io, weir_stream *stream)
{
    return weir_shutdown(io, (weir_socket){receiver_of(stream)->fd}, SHUT_WR);
}

static int64_t send_file(weir_io *io, weir_stream *stream, int file, uint64_t offset, size_t length,
                         weir_deadline deadline)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_SEND_FILE, receiver_of(stream)->fd);
    op.flags = WEIR_OP_ALL;
    op.deadline = until(io, stream, WRITING, deadline);
    op.args.send_file.offset = offset;
    op.args.send_file.length = length;
    op.args.send_file.file = file;
    const int64_t n = weir_do(io, &op);
    const int64_t error = n < 0 ? n : op.args.send_file.error;
    if (is_of_network(error)) net_stream_was_written(receiver_of(stream), error);
    return n;
}

static int prepare_ready(weir_stream *stream, weir_op *op, uint32_t events)
{
    weir_op_set(op, WEIR_OP_POLL, receiver_of(stream)->fd);
    op->args.poll = events;
    return 0;
}

static weir_socket socket_of(const weir_stream *stream)
{
    return (weir_socket){((const weir_receiver *)(const void *)(stream + 1))->fd};
}

static void moved(weir_stream *stream)
{
    receiver_of(stream)->fd = -1;
}

static void close_stream(weir_io *io, weir_stream *stream)
{
    net_socket_stream_close(io, receiver_of(stream));
}

/* What both tables have; `size_` is that of the concrete stream. */
#define TABLE(size_)                                                                              \
    {                                                                                             \
        .read = read_plain, .write = write_plain, .read_lent = read_lent, .give_back = give_back, \
        .prepare_read_lent = prepare_read_lent, .prepare_write = prepare_write,                   \
        .prepare_stop = prepare_stop, .stop = stop, .shutdown_write = shutdown_write,             \
        .send_file = send_file, .close = close_stream, .read_as = read_as, .write_as = write_as,  \
        .prepare_ready = prepare_ready, .socket = socket_of, .size = (size_), .moved = moved,     \
    }

const weir_stream_table net_socket_stream_table = TABLE(sizeof(net_socket_stream));
const weir_stream_table net_timed_stream_table = TABLE(sizeof(net_timed_stream));

void net_socket_stream_close(weir_io *io, weir_receiver *receiver)
{
    if (receiver->fd < 0) return;
    weir_receiver_stop(io, receiver);
    weir_close_socket(io, (weir_socket){receiver->fd});
    receiver->fd = -1;
}

int net_socket_stream_finish(weir_io *io, weir_stream *stream, uint64_t limit,
                             weir_deadline deadline)
{
    /* Lent buffers also serve a stream that was read without them: nothing else reads it now. */
    int64_t result = shutdown_write(io, stream);
    uint64_t dropped = 0;
    while (result >= 0) {
        weir_lent lent = {0};
        result = weir_stream_read_lent(io, stream, &lent, deadline);
        if (result <= 0) break;
        dropped += (uint64_t)result;
        weir_give_back(io, &lent);
        if (dropped > limit) result = WEIR_ELIMIT;
    }
    close_stream(io, stream);
    return (int)result;
}
