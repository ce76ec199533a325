/* SPDX-License-Identifier: MIT
 *
 * TCP listeners and streams: socket operations with types, and the stream table over them.
 */
#include <weir/net/tcp.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>
#include <weir/net/endpoint.h>

#include "net/shortage.h"

static int set(weir_io *io, weir_socket socket, int level, int name, int value)
{
    return weir_set_option(io, socket, level, name, &value, sizeof value);
}

static int prepare_listener(weir_io *io, weir_socket socket, const weir_address *address,
                            const weir_listen_options *options)
{
    int error = 0;
    if (!options->no_reuse_address) error = set(io, socket, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!error && options->reuse_port) error = set(io, socket, SOL_SOCKET, SO_REUSEPORT, 1);
    /* Said in both directions: the default of the machine (net.ipv6.bindv6only) does not count. */
    if (!error && address->kind == WEIR_ADDRESS_IPV6)
        error = set(io, socket, IPPROTO_IPV6, IPV6_V6ONLY, !options->accept_ipv4);
    if (!error && !options->delay) error = set(io, socket, IPPROTO_TCP, TCP_NODELAY, 1);
    return error;
}

static int family_of(const weir_address *address)
{
    return address->kind == WEIR_ADDRESS_IPV6   ? AF_INET6
           : address->kind == WEIR_ADDRESS_IPV4 ? AF_INET
                                                : AF_UNSPEC;
}

int weir_tcp_listen(weir_io *io, const weir_address *address, const weir_listen_options *options,
                    weir_tcp_listener *out)
{
    enum { DEFAULT_BACKLOG = 128 };
    static const weir_listen_options defaults;
    if (!options) options = &defaults;
    if (family_of(address) == AF_UNSPEC) return WEIR_EINVAL;
    weir_socket socket;
    int error = weir_socket_open(io, family_of(address), SOCK_STREAM, IPPROTO_TCP, &socket);
    if (error) return error;
    error = prepare_listener(io, socket, address, options);
    if (!error) error = weir_bind(io, socket, address);
    if (!error)
        error = weir_listen(io, socket, options->backlog ? options->backlog : DEFAULT_BACKLOG);
    if (error)
        weir_close_socket(io, socket);
    else
        out->socket = socket;
    return error;
}

int weir_tcp_listen_text(weir_io *io, const char *text, weir_tcp_listener *out)
{
    weir_endpoint endpoint;
    int error = weir_endpoint_parse(weir_bytes_text(text), &endpoint);
    return error ? error : weir_tcp_listen(io, &endpoint.addresses[0], NULL, out);
}

int weir_tcp_listener_address(weir_io *io, weir_tcp_listener listener, weir_address *out)
{
    return weir_local_address(io, listener.socket, out);
}

void weir_tcp_listener_close(weir_io *io, weir_tcp_listener listener)
{
    weir_close_socket(io, listener.socket);
}

int weir_tcp_accept(weir_io *io, weir_tcp_listener listener, weir_tcp_stream *out)
{
    weir_socket socket;
    int error = weir_accept(io, listener.socket, &socket);
    if (!error) weir_tcp_stream_init(out, socket);
    return error;
}

int weir_tcp_accept_wait(weir_io *io, weir_tcp_listener listener, weir_tcp_stream *out)
{
    weir_duration pause = {0};
    for (;;) {
        int error = weir_tcp_accept(io, listener, out);
        if (!net_is_shortage(error)) return error;
        pause = net_next_pause(pause);
        error = weir_sleep(io, pause);
        if (error) return error;
    }
}

int weir_tcp_connect(weir_io *io, const weir_address *address, weir_tcp_stream *out)
{
    const int family = family_of(address);
    if (family == AF_UNSPEC) return WEIR_EAFNOSUPPORT;
    weir_socket socket;
    int error = weir_socket_open(io, family, SOCK_STREAM, IPPROTO_TCP, &socket);
    if (error) return error;
    weir_tcp_stream_init(out, socket);
    error = weir_connect(io, socket, address);
    if (!error) error = weir_tcp_set_nodelay(io, out, true);
    if (error) weir_close_socket(io, socket);
    return error;
}

int weir_tcp_connect_text(weir_io *io, const char *text, weir_tcp_stream *out)
{
    weir_endpoint endpoint;
    int error = weir_endpoint_parse(weir_bytes_text(text), &endpoint);
    for (unsigned i = 0; !error && i < endpoint.count; i++) {
        int failed = weir_tcp_connect(io, &endpoint.addresses[i], out);
        if (failed == 0) return 0;
        const bool last = i + 1 == endpoint.count;
        if (last || failed == WEIR_ECANCELED || failed == WEIR_EDEADLINE) error = failed;
    }
    return error;
}

int weir_tcp_local(weir_io *io, const weir_tcp_stream *tcp, weir_address *out)
{
    return weir_local_address(io, weir_tcp_socket(tcp), out);
}

int weir_tcp_peer(weir_io *io, const weir_tcp_stream *tcp, weir_address *out)
{
    return weir_peer_address(io, weir_tcp_socket(tcp), out);
}

int weir_tcp_set_nodelay(weir_io *io, weir_tcp_stream *tcp, bool on)
{
    const int value = on;
    return weir_set_option(io, weir_tcp_socket(tcp), IPPROTO_TCP, TCP_NODELAY, &value,
                           sizeof value);
}

int64_t weir_tcp_read(weir_io *io, weir_tcp_stream *tcp, void *data, size_t len)
{
    return weir_read(io, weir_tcp_socket(tcp), data, len);
}

int64_t weir_tcp_write(weir_io *io, weir_tcp_stream *tcp, const void *data, size_t len)
{
    return weir_write(io, weir_tcp_socket(tcp), data, len);
}

int64_t weir_tcp_write_all(weir_io *io, weir_tcp_stream *tcp, const void *data, size_t len)
{
    return weir_write_all(io, weir_tcp_socket(tcp), data, len);
}

void weir_tcp_close(weir_io *io, weir_tcp_stream *tcp)
{
    if (tcp->receiver.fd < 0) return;
    weir_receiver_stop(io, &tcp->receiver);
    weir_close_socket(io, weir_tcp_socket(tcp));
    tcp->receiver.fd = -1;
}

int weir_tcp_finish(weir_io *io, weir_tcp_stream *tcp, uint64_t limit, weir_deadline deadline)
{
    /* Lent buffers also serve a stream that was read without them: nothing else reads it now. */
    int64_t result = weir_shutdown(io, weir_tcp_socket(tcp), SHUT_WR);
    uint64_t dropped = 0;
    while (result >= 0) {
        weir_lent lent = {0};
        result = weir_stream_read_lent(io, &tcp->stream, &lent, deadline);
        if (result <= 0) break;
        dropped += (uint64_t)result;
        weir_give_back(io, &lent);
        if (dropped > limit) result = WEIR_ELIMIT;
    }
    weir_tcp_close(io, tcp);
    return (int)result;
}

void weir_tcp_abort(weir_io *io, weir_tcp_stream *tcp)
{
    weir_scope shield;
    weir_shield(io, &shield);
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    weir_set_option(io, weir_tcp_socket(tcp), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    weir_tcp_close(io, tcp);
    weir_scope_leave(io, &shield);
}

/* The stream table ------------------------------------------------------------------------- */

static weir_tcp_stream *of(weir_stream *stream)
{
    return (weir_tcp_stream *)stream;
}

static int64_t tcp_read(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                        weir_deadline deadline)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_READ, of(stream)->receiver.fd);
    op.deadline = deadline;
    op.args.vector.data = data;
    op.args.vector.count = (uint32_t)count;
    return weir_do(io, &op);
}

static int64_t tcp_write(weir_io *io, weir_stream *stream, const struct iovec *data, size_t count,
                         uint32_t repeat, bool all, weir_deadline deadline)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_WRITE, of(stream)->receiver.fd);
    if (all) op.flags = WEIR_OP_ALL;
    op.deadline = deadline;
    op.args.vector.data = data;
    op.args.vector.count = (uint32_t)count;
    op.args.vector.repeat = repeat;
    return weir_do(io, &op);
}

static int tcp_prepare_read_lent(weir_stream *stream, weir_op *op, weir_lent *out)
{
    weir_op_set(op, WEIR_OP_READ_LENT, of(stream)->receiver.fd);
    op->args.lent.receiver = &of(stream)->receiver;
    op->args.lent.out = out;
    return 0;
}

static int64_t tcp_read_lent(weir_io *io, weir_stream *stream, weir_lent *out,
                             weir_deadline deadline)
{
    weir_op op;
    tcp_prepare_read_lent(stream, &op, out);
    op.deadline = deadline;
    return weir_do(io, &op);
}

static void tcp_give_back(weir_io *io, weir_stream *stream, weir_lent *lent)
{
    (void)stream;
    weir_give_back(io, lent);
}

static int tcp_prepare_write(weir_stream *stream, weir_op *op, const struct iovec *data,
                             size_t count)
{
    weir_op_set(op, WEIR_OP_WRITE, of(stream)->receiver.fd);
    op->flags = WEIR_OP_ALL;
    op->args.vector.data = data;
    op->args.vector.count = (uint32_t)count;
    op->args.vector.repeat = 1;
    return 0;
}

static int tcp_prepare_stop(weir_stream *stream, weir_op *op)
{
    weir_op_set(op, WEIR_OP_RECEIVER_STOP, of(stream)->receiver.fd);
    op->args.lent.receiver = &of(stream)->receiver;
    return 0;
}

static void tcp_stop(weir_io *io, weir_stream *stream)
{
    weir_receiver_stop(io, &of(stream)->receiver);
}

static int tcp_shutdown_write(weir_io *io, weir_stream *stream)
{
    return weir_shutdown(io, weir_tcp_socket(of(stream)), SHUT_WR);
}

static int64_t tcp_send_file(weir_io *io, weir_stream *stream, int file, uint64_t offset,
                             size_t length, weir_deadline deadline)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_SEND_FILE, of(stream)->receiver.fd);
    op.flags = WEIR_OP_ALL;
    op.deadline = deadline;
    op.args.send_file.offset = offset;
    op.args.send_file.length = length;
    op.args.send_file.file = file;
    return weir_do(io, &op);
}

static void tcp_close(weir_io *io, weir_stream *stream)
{
    weir_tcp_close(io, of(stream));
}

static const weir_stream_table tcp_table = {
    .read = tcp_read,
    .write = tcp_write,
    .read_lent = tcp_read_lent,
    .give_back = tcp_give_back,
    .prepare_read_lent = tcp_prepare_read_lent,
    .prepare_write = tcp_prepare_write,
    .prepare_stop = tcp_prepare_stop,
    .stop = tcp_stop,
    .shutdown_write = tcp_shutdown_write,
    .send_file = tcp_send_file,
    .close = tcp_close,
};

void weir_tcp_stream_init(weir_tcp_stream *tcp, weir_socket socket)
{
    tcp->stream.table = &tcp_table;
    weir_receiver_init(&tcp->receiver, socket);
}
