/* SPDX-License-Identifier: MIT
 *
 * Sockets: each public call fills an op on its stack and does it.
 */
#include <weir/io/socket.h>

#include <weir/base/error.h>
#include <weir/io/io.h>

static int give_socket(weir_io *io, weir_op *op, weir_socket *out)
{
    int64_t result = weir_do(io, op);
    out->fd = result < 0 ? -1 : (int)result;
    return result < 0 ? (int)result : 0;
}

static int give_two(weir_io *io, weir_op *op, weir_socket out[2])
{
    const int64_t result = weir_do(io, op);
    for (int i = 0; i < 2; i++) out[i].fd = result < 0 ? -1 : op->args.pair.out[i];
    return (int)result;
}

int weir_socket_open(weir_io *io, int family, int type, int protocol, weir_socket *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_SOCKET, -1);
    op.args.socket = (__typeof__(op.args.socket)){family, type, protocol};
    return give_socket(io, &op, out);
}

int weir_socket_pair(weir_io *io, int type, weir_socket out[2])
{
    int made[2];
    weir_op op;
    weir_op_set(&op, WEIR_OP_PAIR, -1);
    op.args.pair = (__typeof__(op.args.pair)){.out = made, .type = type};
    return give_two(io, &op, out);
}

int weir_pipe_open(weir_io *io, uint32_t room, weir_socket out[2])
{
    int made[2];
    weir_op op;
    weir_op_set(&op, WEIR_OP_PIPE, -1);
    op.args.pair = (__typeof__(op.args.pair)){.out = made, .room = room};
    return give_two(io, &op, out);
}

int weir_socket_duplicate(weir_io *io, weir_socket socket, weir_socket *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_DUPLICATE, socket.fd);
    return give_socket(io, &op, out);
}

int weir_socket_adopt(weir_io *io, int fd, int type, weir_socket *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_ADOPT, fd);
    op.args.type = type;
    return give_socket(io, &op, out);
}

int weir_bind(weir_io *io, weir_socket socket, const weir_address *address)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_BIND, socket.fd);
    op.args.address = address;
    return (int)weir_do(io, &op);
}

int weir_listen(weir_io *io, weir_socket socket, int backlog)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_LISTEN, socket.fd);
    op.args.backlog = backlog;
    return (int)weir_do(io, &op);
}

int weir_accept(weir_io *io, weir_socket listener, weir_socket *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_ACCEPT, listener.fd);
    return give_socket(io, &op, out);
}

int weir_connect(weir_io *io, weir_socket socket, const weir_address *address)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_CONNECT, socket.fd);
    op.args.address = address;
    return (int)weir_do(io, &op);
}

int64_t weir_read(weir_io *io, weir_socket socket, void *data, size_t len)
{
    struct iovec slice = {data, len};
    return weir_read_vector(io, socket, &slice, 1);
}

int64_t weir_read_vector(weir_io *io, weir_socket socket, const struct iovec *data, size_t count)
{
    if (count > 1024) count = 1024;
    weir_op op;
    weir_op_set(&op, WEIR_OP_READ, socket.fd);
    op.args.vector = (__typeof__(op.args.vector)){data, (uint32_t)count, 1, 0};
    return weir_do(io, &op);
}

int64_t weir_write(weir_io *io, weir_socket socket, const void *data, size_t len)
{
    struct iovec slice = {(void *)data, len};
    return weir_write_vector(io, socket, &slice, 1, 1, false);
}

int64_t weir_write_all(weir_io *io, weir_socket socket, const void *data, size_t len)
{
    struct iovec slice = {(void *)data, len};
    return weir_write_vector(io, socket, &slice, 1, 1, true);
}

int64_t weir_write_vector(weir_io *io, weir_socket socket, const struct iovec *data, size_t count,
                          uint32_t repeat, bool all)
{
    if (count > 1024) return WEIR_EINVAL;
    weir_op op;
    weir_op_set(&op, WEIR_OP_WRITE, socket.fd);
    op.flags = all ? WEIR_OP_ALL : 0;
    op.args.vector = (__typeof__(op.args.vector)){data, (uint32_t)count, repeat, 0};
    return weir_do(io, &op);
}

static int64_t flagged(weir_io *io, weir_opcode code, unsigned flags, weir_socket socket,
                       const void *data, size_t len)
{
    const struct iovec slice = {(void *)(uintptr_t)data, len};
    weir_op op;
    weir_op_set(&op, code, socket.fd);
    op.flags = (uint8_t)flags;
    op.args.vector = (__typeof__(op.args.vector)){&slice, 1, 1, 0};
    return weir_do(io, &op);
}

int weir_try_accept(weir_io *io, weir_socket listener, weir_socket *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_ACCEPT, listener.fd);
    op.flags = WEIR_OP_TRY;
    return give_socket(io, &op, out);
}

int64_t weir_try_read(weir_io *io, weir_socket socket, void *data, size_t len)
{
    return flagged(io, WEIR_OP_READ, WEIR_OP_TRY, socket, data, len);
}

int64_t weir_try_write(weir_io *io, weir_socket socket, const void *data, size_t len)
{
    return flagged(io, WEIR_OP_WRITE, WEIR_OP_TRY, socket, data, len);
}

int64_t weir_peek(weir_io *io, weir_socket socket, void *data, size_t len)
{
    return flagged(io, WEIR_OP_READ, WEIR_OP_PEEK, socket, data, len);
}

int64_t weir_write_zerocopy(weir_io *io, weir_socket socket, const void *data, size_t len)
{
    return flagged(io, WEIR_OP_WRITE, WEIR_OP_ALL | WEIR_OP_ZEROCOPY, socket, data, len);
}

static int64_t exchange(weir_io *io, weir_opcode code, weir_socket socket, weir_message *messages,
                        uint32_t count)
{
    weir_op op;
    weir_op_set(&op, code, socket.fd);
    op.args.messages = (__typeof__(op.args.messages)){messages, count};
    return weir_do(io, &op);
}

int64_t weir_send(weir_io *io, weir_socket socket, weir_message *message)
{
    return exchange(io, WEIR_OP_SEND, socket, message, 1);
}

int64_t weir_receive(weir_io *io, weir_socket socket, weir_message *message)
{
    return exchange(io, WEIR_OP_RECEIVE, socket, message, 1);
}

int64_t weir_send_many(weir_io *io, weir_socket socket, weir_message *messages, uint32_t count)
{
    return count > 0 ? exchange(io, WEIR_OP_SEND_MANY, socket, messages, count) : 0;
}

int64_t weir_receive_many(weir_io *io, weir_socket socket, weir_message *messages, uint32_t count)
{
    return count > 0 ? exchange(io, WEIR_OP_RECEIVE_MANY, socket, messages, count) : 0;
}

static int64_t splice_op(weir_io *io, weir_socket socket, int pipe, size_t length, bool take)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_SPLICE, socket.fd);
    op.args.splice = (__typeof__(op.args.splice)){length, pipe, take};
    return weir_do(io, &op);
}

int64_t weir_splice_take(weir_io *io, weir_socket socket, int pipe, size_t length)
{
    return splice_op(io, socket, pipe, length, true);
}

int64_t weir_splice_give(weir_io *io, int pipe, weir_socket socket, size_t length)
{
    return splice_op(io, socket, pipe, length, false);
}

int weir_poll(weir_io *io, weir_socket socket, uint32_t events)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_POLL, socket.fd);
    op.args.poll = events;
    return (int)weir_do(io, &op);
}

int weir_shutdown(weir_io *io, weir_socket socket, int how)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_SHUTDOWN, socket.fd);
    op.args.shutdown = how;
    return (int)weir_do(io, &op);
}

void weir_close_socket(weir_io *io, weir_socket socket)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_CLOSE, socket.fd);
    weir_do(io, &op);
}

int weir_get_option(weir_io *io, weir_socket socket, int level, int name, void *value,
                    uint32_t *size)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_GET_OPTION, socket.fd);
    op.args.option = (__typeof__(op.args.option)){level, name, value, size};
    return (int)weir_do(io, &op);
}

int weir_set_option(weir_io *io, weir_socket socket, int level, int name, const void *value,
                    uint32_t size)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_SET_OPTION, socket.fd);
    op.args.option = (__typeof__(op.args.option)){level, name, (void *)value, &size};
    return (int)weir_do(io, &op);
}

int weir_local_address(weir_io *io, weir_socket socket, weir_address *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_LOCAL_ADDRESS, socket.fd);
    op.args.address_out = out;
    return (int)weir_do(io, &op);
}

int weir_peer_address(weir_io *io, weir_socket socket, weir_address *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_PEER_ADDRESS, socket.fd);
    op.args.address_out = out;
    return (int)weir_do(io, &op);
}

void weir_receiver_init(weir_receiver *receiver, weir_socket socket)
{
    *receiver = (weir_receiver){.fd = socket.fd};
}

int weir_receiver_failure(const weir_receiver *receiver)
{
    /* A writer may be noting it meanwhile; nothing else goes with it. */
    return receiver->ended < 0 ? receiver->ended
                               : __atomic_load_n(&receiver->failed, __ATOMIC_RELAXED);
}

int64_t weir_read_lent(weir_io *io, weir_receiver *receiver, weir_lent *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_READ_LENT, receiver->fd);
    op.args.lent = (__typeof__(op.args.lent)){receiver, out};
    return weir_do(io, &op);
}

void weir_receiver_stop(weir_io *io, weir_receiver *receiver)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_RECEIVER_STOP, receiver->fd);
    op.args.lent = (__typeof__(op.args.lent)){receiver, NULL};
    weir_do(io, &op);
}

void weir_give_back(weir_io *io, weir_lent *lent)
{
    if (lent->data) io->table->give_back(io, lent);
}

int64_t weir_send_file(weir_io *io, weir_socket socket, int file, uint64_t offset, size_t length)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_SEND_FILE, socket.fd);
    op.flags = WEIR_OP_ALL;
    op.args.send_file = (__typeof__(op.args.send_file)){offset, length, file, 0};
    return weir_do(io, &op);
}
