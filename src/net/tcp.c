/* SPDX-License-Identifier: MIT
 *
 * TCP streams: what is TCP's own beside the table of socket streams.
 */
#include <weir/net/tcp.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>

#include "net/socket_stream.h"

NET_TIMED_STREAM(weir_tcp_stream);

void weir_tcp_stream_init(weir_tcp_stream *tcp, weir_socket socket)
{
    tcp->stream.table = &net_timed_stream_table;
    weir_receiver_init(&tcp->receiver, socket);
    tcp->read_timeout = tcp->write_timeout = (weir_duration){0};
}

int weir_tcp_local(weir_io *io, const weir_tcp_stream *tcp, weir_address *out)
{
    return weir_local_address(io, weir_tcp_socket(tcp), out);
}

int weir_tcp_peer(weir_io *io, const weir_tcp_stream *tcp, weir_address *out)
{
    return weir_peer_address(io, weir_tcp_socket(tcp), out);
}

static int set_timeout(weir_duration *timeout, weir_duration value)
{
    if (value.ns <= 0) return WEIR_EINVAL;
    *timeout = weir_is_forever(value) ? (weir_duration){0} : value;
    return 0;
}

int weir_tcp_set_read_timeout(weir_tcp_stream *tcp, weir_duration timeout)
{
    return set_timeout(&tcp->read_timeout, timeout);
}

int weir_tcp_set_write_timeout(weir_tcp_stream *tcp, weir_duration timeout)
{
    return set_timeout(&tcp->write_timeout, timeout);
}

int64_t weir_tcp_read(weir_io *io, weir_tcp_stream *tcp, void *data, size_t len)
{
    const int64_t n = weir_read(io, weir_tcp_socket(tcp), data, len);
    return n > 0 || len == 0 ? n : net_stream_was_read(&tcp->receiver, n);
}

int64_t weir_tcp_write(weir_io *io, weir_tcp_stream *tcp, const void *data, size_t len)
{
    return net_stream_was_written(&tcp->receiver, weir_write(io, weir_tcp_socket(tcp), data, len));
}

int64_t weir_tcp_write_all(weir_io *io, weir_tcp_stream *tcp, const void *data, size_t len)
{
    const struct iovec slice = {(void *)(uintptr_t)data, len};
    weir_op op;
    weir_op_set(&op, WEIR_OP_WRITE, weir_tcp_socket(tcp).fd);
    op.flags = WEIR_OP_ALL;
    op.args.vector.data = &slice;
    op.args.vector.count = 1;
    op.args.vector.repeat = 1;
    const int64_t n = weir_do(io, &op);
    return net_stream_was_cut(&tcp->receiver, n, op.args.vector.error);
}

int weir_tcp_shutdown(weir_io *io, weir_tcp_stream *tcp, int how)
{
    return weir_shutdown(io, weir_tcp_socket(tcp), how);
}

void weir_tcp_close(weir_io *io, weir_tcp_stream *tcp)
{
    net_socket_stream_close(io, &tcp->receiver);
}

int weir_tcp_finish(weir_io *io, weir_tcp_stream *tcp, uint64_t limit, weir_deadline deadline)
{
    return net_socket_stream_finish(io, &tcp->stream, limit, deadline);
}

void weir_tcp_abort(weir_io *io, weir_tcp_stream *tcp)
{
    if (tcp->receiver.fd < 0) return;
    weir_scope shield;
    weir_shield(io, &shield);
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    weir_set_option(io, weir_tcp_socket(tcp), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    weir_tcp_close(io, tcp);
    weir_scope_leave(io, &shield);
}
