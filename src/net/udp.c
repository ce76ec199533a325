/* SPDX-License-Identifier: MIT
 *
 * UDP sockets: made, connected, closed; one datagram at a time.
 */
#include <weir/net/udp.h>

#include <netinet/in.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>
#include <weir/net/endpoint.h>

#include "net/udp_exchange.h"

/* Making and ending ------------------------------------------------------------------------- */

static int family_of(weir_address_kind kind)
{
    return kind == WEIR_ADDRESS_IPV6 ? AF_INET6 : kind == WEIR_ADDRESS_IPV4 ? AF_INET : AF_UNSPEC;
}

static int apply(weir_io *io, weir_udp_socket udp, const weir_socket_options *options)
{
    weir_socket_options all = {0};
    if (options) all = *options;
    /* Said in both directions: the default of the machine (net.ipv6.bindv6only) does not count. */
    if (udp.family == WEIR_ADDRESS_IPV6 && !all.dual_stack) all.only_ipv6 = true;
    return weir_socket_options_apply(io, udp.socket, &all, NULL);
}

int weir_udp_open(weir_io *io, weir_address_kind family, const weir_socket_options *options,
                  weir_udp_socket *out)
{
    weir_udp_socket udp = {.family = (uint8_t)family};
    if (family_of(family) == AF_UNSPEC) return WEIR_EAFNOSUPPORT;
    int error = weir_socket_open(io, family_of(family), SOCK_DGRAM, IPPROTO_UDP, &udp.socket);
    if (error) return error;
    error = apply(io, udp, options);
    if (error)
        weir_udp_close(io, &udp);
    else
        *out = udp;
    return error;
}

int weir_udp_bind(weir_io *io, const weir_address *address, const weir_socket_options *options,
                  weir_udp_socket *out)
{
    weir_udp_socket udp;
    int error = weir_udp_open(io, (weir_address_kind)address->kind, options, &udp);
    if (error) return error;
    error = weir_bind(io, udp.socket, address);
    if (error)
        weir_udp_close(io, &udp);
    else
        *out = udp;
    return error;
}

int weir_udp_bind_text(weir_io *io, const char *text, const weir_socket_options *options,
                       weir_udp_socket *out)
{
    weir_endpoint endpoint;
    int error = weir_endpoint_parse(weir_bytes_text(text), &endpoint);
    if (error) return error;
    if (endpoint.everywhere) {
        /* One socket for all; where there is no IPv6 the first address, IPv4's, stays to be had. */
        const weir_address any6 = weir_address_any6(endpoint.addresses[0].port);
        weir_socket_options all = {0};
        if (options) all = *options;
        all.dual_stack = !all.only_ipv6;
        error = weir_udp_bind(io, &any6, &all, out);
        if (error != WEIR_EAFNOSUPPORT && error != WEIR_EADDRNOTAVAIL) return error;
        endpoint.count = 1;
    }
    for (unsigned i = 0; i < endpoint.count; i++) {
        error = weir_udp_bind(io, &endpoint.addresses[i], options, out);
        if (error == 0 || error == WEIR_ECANCELED || error == WEIR_EDEADLINE) break;
    }
    return error;
}

int weir_udp_dial(weir_io *io, const weir_address *peer, const weir_socket_options *options,
                  weir_udp_socket *out)
{
    weir_udp_socket udp;
    int error = weir_udp_open(io, (weir_address_kind)peer->kind, options, &udp);
    if (error) return error;
    error = weir_udp_connect(io, &udp, peer);
    if (error)
        weir_udp_close(io, &udp);
    else
        *out = udp;
    return error;
}

int weir_udp_from_socket(weir_io *io, weir_socket socket, weir_udp_socket *out)
{
    int family, type, protocol;
    int error = weir_option_get_type(io, socket, &type);
    if (!error) error = weir_option_get_family(io, socket, &family);
    if (!error) error = weir_option_get_protocol(io, socket, &protocol);
    if (error) return error;
    if (type != SOCK_DGRAM || protocol != IPPROTO_UDP) return WEIR_EPROTOTYPE;
    *out = (weir_udp_socket){.socket = socket,
                             .family = family == AF_INET6 ? WEIR_ADDRESS_IPV6 : WEIR_ADDRESS_IPV4};
    return 0;
}

int weir_udp_connect(weir_io *io, weir_udp_socket *udp, const weir_address *peer)
{
    if (family_of((weir_address_kind)peer->kind) == AF_UNSPEC) return WEIR_EAFNOSUPPORT;
    return weir_connect(io, udp->socket, peer);
}

/* Linux gives up a port that it chose itself, with bind as well: it is taken again. */
static int take_port_again(weir_io *io, const weir_udp_socket *udp, uint16_t port)
{
    weir_address local;
    int error = weir_udp_local(io, udp, &local);
    if (error || local.port == port) return error;
    local.port = port;
    return weir_bind(io, udp->socket, &local);
}

int weir_udp_disconnect(weir_io *io, weir_udp_socket *udp)
{
    static const weir_address nobody;
    weir_address before;
    int error = weir_udp_local(io, udp, &before);
    if (error) return error;
    weir_scope shield;
    weir_shield(io, &shield);
    error = weir_connect(io, udp->socket, &nobody);
    if (!error) error = take_port_again(io, udp, before.port);
    weir_scope_leave(io, &shield);
    return error;
}

int weir_udp_local(weir_io *io, const weir_udp_socket *udp, weir_address *out)
{
    return weir_local_address(io, udp->socket, out);
}

int weir_udp_peer(weir_io *io, const weir_udp_socket *udp, weir_address *out)
{
    return weir_peer_address(io, udp->socket, out);
}

void weir_udp_close(weir_io *io, weir_udp_socket *udp)
{
    if (udp->socket.fd < 0) return;
    weir_close_socket(io, udp->socket);
    udp->socket.fd = -1;
}

/* Sending and receiving --------------------------------------------------------------------- */

static int64_t send_one(weir_io *io, weir_udp_socket *udp, const void *data, size_t len,
                        const weir_address *to, uint8_t flags)
{
    weir_message message;
    struct iovec slice;
    net_udp_message(&message, &slice, data, len);
    net_udp_direct(&message, to);
    return net_udp_exchange(io, udp, WEIR_OP_SEND, flags, weir_never(), &message, 1);
}

int64_t weir_udp_send(weir_io *io, weir_udp_socket *udp, const void *data, size_t len)
{
    return send_one(io, udp, data, len, NULL, 0);
}

int64_t weir_udp_send_to(weir_io *io, weir_udp_socket *udp, const void *data, size_t len,
                         const weir_address *to)
{
    return send_one(io, udp, data, len, to, 0);
}

int64_t weir_udp_try_send(weir_io *io, weir_udp_socket *udp, const void *data, size_t len,
                          const weir_address *to)
{
    return send_one(io, udp, data, len, to, WEIR_OP_TRY);
}

static int64_t receive_one(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                           weir_address *from, uint8_t flags, weir_deadline deadline)
{
    weir_message message;
    struct iovec slice;
    net_udp_message(&message, &slice, data, room);
    int64_t n = net_udp_exchange(io, udp, WEIR_OP_RECEIVE, flags, deadline, &message, 1);
    if (n < 0) return n;
    if (from) *from = message.address;
    const bool cut = message.came & WEIR_MESSAGE_TRUNCATED;
    return cut && !(flags & WEIR_OP_PEEK) ? WEIR_EMSGSIZE : n;
}

int64_t weir_udp_receive(weir_io *io, weir_udp_socket *udp, void *data, size_t room)
{
    return receive_one(io, udp, data, room, NULL, 0, weir_never());
}

int64_t weir_udp_receive_from(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                              weir_address *from)
{
    return receive_one(io, udp, data, room, from, 0, weir_never());
}

int64_t weir_udp_receive_until(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                               weir_deadline deadline, weir_address *from)
{
    return receive_one(io, udp, data, room, from, 0, deadline);
}

int64_t weir_udp_try_receive(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                             weir_address *from)
{
    return receive_one(io, udp, data, room, from, WEIR_OP_TRY, weir_never());
}

int64_t weir_udp_peek(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                      weir_address *from)
{
    return receive_one(io, udp, data, room, from, WEIR_OP_PEEK, weir_never());
}

int64_t weir_udp_try_peek(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                          weir_address *from)
{
    return receive_one(io, udp, data, room, from, WEIR_OP_PEEK | WEIR_OP_TRY, weir_never());
}

int weir_udp_peek_sender(weir_io *io, weir_udp_socket *udp, weir_address *from)
{
    char none;
    int64_t n = weir_udp_peek(io, udp, &none, 0, from);
    return n < 0 ? (int)n : 0;
}

void weir_udp_prepare_send(weir_op *op, const weir_udp_socket *udp, weir_message *message)
{
    weir_op_set(op, WEIR_OP_SEND, udp->socket.fd);
    op->args.messages.first = message;
    op->args.messages.count = 1;
}

void weir_udp_prepare_receive(weir_op *op, const weir_udp_socket *udp, weir_message *message)
{
    weir_op_set(op, WEIR_OP_RECEIVE, udp->socket.fd);
    op->args.messages.first = message;
    op->args.messages.count = 1;
}
