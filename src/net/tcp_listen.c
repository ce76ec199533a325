/* SPDX-License-Identifier: MIT
 *
 * TCP listeners: open, set, bind, listen; and taking connections one by one.
 */
#include <netinet/in.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>
#include <weir/net/endpoint.h>
#include <weir/net/tcp.h>

#include "net/peer.h"
#include "net/shortage.h"

int weir_tcp_open(weir_io *io, weir_address_kind kind, const weir_socket_options *options,
                  weir_socket *out)
{
    if (kind != WEIR_ADDRESS_IPV4 && kind != WEIR_ADDRESS_IPV6) return WEIR_EINVAL;
    const int family = kind == WEIR_ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    weir_socket socket;
    int error = weir_socket_open(io, family, SOCK_STREAM, IPPROTO_TCP, &socket);
    if (error) return error;
    error = weir_socket_options_apply(io, socket, options, NULL);
    if (error) weir_close_socket(io, socket);
    if (!error) *out = socket;
    return error;
}

int weir_tcp_listen_on(weir_io *io, weir_socket socket, const weir_address *address, int backlog,
                       weir_tcp_listener *out)
{
    enum { DEFAULT_BACKLOG = 128 };
    int error = 0;
    if (backlog == 0) {
        backlog = DEFAULT_BACKLOG;
    } else if (backlog == WEIR_OPTION_ZERO) {
        backlog = 0;
    } else if (backlog < 0) {
        error = WEIR_EINVAL;
    }
    if (!error && address) error = weir_bind(io, socket, address);
    if (!error) error = weir_listen(io, socket, backlog);
    if (error) weir_close_socket(io, socket);
    if (!error) out->socket = socket;
    return error;
}

int weir_tcp_listen(weir_io *io, const weir_address *address,
                    const weir_tcp_listen_options *options, weir_tcp_listener *out)
{
    static const weir_tcp_listen_options defaults;
    if (!options) options = &defaults;
    weir_socket_options socket_options = {0};
    if (options->socket) socket_options = *options->socket;
    socket_options.reuse_address = !options->no_reuse_address;
    /* Said in both directions: the default of the machine (net.ipv6.bindv6only) does not count. */
    if (address->kind == WEIR_ADDRESS_IPV6) {
        socket_options.dual_stack |= options->dual_stack;
        socket_options.only_ipv6 = !socket_options.dual_stack;
    }
    weir_socket socket;
    const weir_address_kind kind = (weir_address_kind)address->kind;
    int error = weir_tcp_open(io, kind, &socket_options, &socket);
    return error ? error : weir_tcp_listen_on(io, socket, address, options->backlog, out);
}

int weir_tcp_listen_any(weir_io *io, const weir_address *addresses, size_t count,
                        const weir_tcp_listen_options *options, weir_tcp_listener *out)
{
    int error = WEIR_EINVAL;
    for (size_t i = 0; i < count; i++) {
        error = weir_tcp_listen(io, &addresses[i], options, out);
        if (error == 0 || error == WEIR_ECANCELED || error == WEIR_EDEADLINE) break;
    }
    return error;
}

int weir_tcp_listen_text(weir_io *io, const char *text, weir_tcp_listener *out)
{
    weir_endpoint endpoint;
    int error = weir_endpoint_parse(weir_bytes_text(text), &endpoint);
    if (error) return error;
    weir_tcp_listen_options options = {0};
    if (endpoint.everywhere) {
        /* One socket for all; where there is no IPv6 the first address, IPv4's, stays to be had. */
        const weir_address any6 = weir_address_any6(endpoint.addresses[0].port);
        options.dual_stack = true;
        error = weir_tcp_listen(io, &any6, &options, out);
        if (error != WEIR_EAFNOSUPPORT && error != WEIR_EADDRNOTAVAIL) return error;
        endpoint.count = 1;
    }
    return weir_tcp_listen_any(io, endpoint.addresses, endpoint.count, &options, out);
}

/* All is asked before anything is changed: an error leaves the descriptor as it was. */
static int check_tcp(weir_io *io, weir_socket socket, bool *listening)
{
    int family, protocol;
    int error = weir_option_get_family(io, socket, &family);
    if (!error && family != AF_INET && family != AF_INET6) error = WEIR_EAFNOSUPPORT;
    if (!error) error = weir_option_get_protocol(io, socket, &protocol);
    if (!error && protocol != IPPROTO_TCP) error = WEIR_EPROTOTYPE;
    return error ? error : weir_option_get_listening(io, socket, listening);
}

int weir_tcp_listener_adopt(weir_io *io, int fd, weir_tcp_listener *out)
{
    weir_socket socket = {fd};
    bool listening;
    int error = check_tcp(io, socket, &listening);
    if (!error && !listening) error = WEIR_EINVAL;
    if (!error) error = weir_socket_adopt(io, fd, SOCK_STREAM, &socket);
    if (!error) out->socket = socket;
    return error;
}

int weir_tcp_stream_adopt(weir_io *io, int fd, weir_tcp_stream *out)
{
    weir_socket socket = {fd};
    weir_address peer;
    bool listening;
    int error = check_tcp(io, socket, &listening);
    if (!error) error = weir_peer_address(io, socket, &peer);
    if (!error) error = weir_socket_adopt(io, fd, SOCK_STREAM, &socket);
    if (!error) weir_tcp_stream_init(out, socket);
    return error;
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

int weir_tcp_accept_peer(weir_io *io, weir_tcp_listener listener, weir_tcp_stream *out,
                         weir_address *peer)
{
    int error = weir_tcp_accept(io, listener, out);
    if (!error) *peer = net_peer_of(io, weir_tcp_socket(out));
    return error;
}

int weir_tcp_try_accept(weir_io *io, weir_tcp_listener listener, weir_tcp_stream *out)
{
    weir_socket socket;
    int error = weir_try_accept(io, listener.socket, &socket);
    if (!error) weir_tcp_stream_init(out, socket);
    return error;
}

int weir_tcp_accept_wait(weir_io *io, weir_tcp_listener listener, weir_tcp_stream *out)
{
    weir_duration pause = {0};
    for (;;) {
        int error = weir_tcp_accept(io, listener, out);
        if (error >= 0 || net_is_final(error)) return error;
        pause = net_next_pause(pause);
        error = weir_sleep(io, pause);
        if (error == WEIR_ECANCELED || error == WEIR_EDEADLINE) return error;
    }
}

void weir_tcp_accept_op(weir_op *op, weir_tcp_listener listener)
{
    weir_op_set(op, WEIR_OP_ACCEPT, listener.socket.fd);
}
