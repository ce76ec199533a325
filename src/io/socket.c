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

int weir_socket_open(weir_io *io, int family, int type, int protocol, weir_socket *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_SOCKET, -1);
    op.args.socket = (__typeof__(op.args.socket)){family, type, protocol};
    return give_socket(io, &op, out);
}

int weir_listen(weir_io *io, const weir_address *address, const weir_listen_options *options,
                weir_socket *out)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_LISTEN, -1);
    op.args.listen = (__typeof__(op.args.listen)){address, options};
    return give_socket(io, &op, out);
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
    op.args.vector = (__typeof__(op.args.vector)){data, (uint32_t)count, 1};
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
    op.args.vector = (__typeof__(op.args.vector)){data, (uint32_t)count, repeat};
    return weir_do(io, &op);
}

int64_t weir_send(weir_io *io, weir_socket socket, weir_datagram *datagram)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_SEND, socket.fd);
    op.args.datagram = datagram;
    return weir_do(io, &op);
}

int64_t weir_receive(weir_io *io, weir_socket socket, weir_datagram *datagram)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_RECEIVE, socket.fd);
    op.args.datagram = datagram;
    return weir_do(io, &op);
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
    op.args.send_file = (__typeof__(op.args.send_file)){offset, length, file};
    return weir_do(io, &op);
}
