/* SPDX-License-Identifier: MIT
 *
 * Sockets that listen at an address, over every transport, and why one cannot.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/net/tcp.h>

#include "target.h"

static int open_listener(weir_io *io, const weir_address *address, cli_listener *out)
{
    static const weir_unix_options local = {.replace_stale = true};
    static const weir_socket_options udp = {.receive_packet_info = true, .only_ipv6 = true};
    weir_tcp_listener tcp;
    int error = WEIR_EINVAL;
    switch (out->transport) {
    case CLI_TCP:
        error = weir_tcp_listen(io, address, NULL, &tcp);
        if (!error) out->socket = tcp.socket;
        break;
    case CLI_UDP:
        error = weir_udp_bind(io, address, &udp, &out->udp);
        if (!error) out->socket = out->udp.socket;
        break;
    case CLI_UNIX_STREAM:
        error = weir_unix_listen(io, address, &local, &out->local);
        if (!error) out->socket = out->local.socket;
        break;
    case CLI_UNIX_PACKET:
        error = weir_unix_listen_packets(io, address, &local, &out->local);
        if (!error) out->socket = out->local.socket;
        break;
    case CLI_UNIX_DATAGRAM:
        error = weir_unix_datagram_bind(io, address, &local, &out->message);
        if (!error) out->socket = out->message.socket;
        break;
    }
    if (error) return error;
    error = weir_local_address(io, out->socket, &out->bound);
    if (error) cli_listener_close(io, out);
    return error;
}

void cli_listener_close(weir_io *io, cli_listener *listener)
{
    if (listener->socket.fd < 0) return;
    if (listener->transport == CLI_TCP)
        weir_close_socket(io, listener->socket);
    else if (listener->transport == CLI_UDP)
        weir_udp_close(io, &listener->udp);
    else if (listener->transport == CLI_UNIX_DATAGRAM)
        weir_unix_datagram_close(io, &listener->message);
    else
        weir_unix_listener_close(io, &listener->local);
    listener->socket.fd = -1;
}

static const char *hint_for(const weir_address *address, int error)
{
    const bool local = address->kind == WEIR_ADDRESS_UNIX;
    switch (error) {
    case WEIR_EADDRINUSE:
        return local ? " (a program listens there, or the path is something else than a socket)"
                     : " (another program listens there; port 0 takes a free one)";
    case WEIR_EACCES:
        return local                                       ? " (the directory cannot be written)"
               : address->port > 0 && address->port < 1024 ? " (ports below 1024 need "
                                                             "CAP_NET_BIND_SERVICE)"
                                                           : "";
    case WEIR_EADDRNOTAVAIL:
        return " (no interface of this machine has it: weir ifaces lists them)";
    case WEIR_EAFNOSUPPORT: return " (this machine has no IPv6)";
    case WEIR_ENOENT: return " (the directory is missing)";
    default: return "";
    }
}

unsigned cli_listen_each(const cli_target *target, cli_listen_fn *listen_one, void *context)
{
    unsigned count = 0;
    uint16_t port = 0;
    for (unsigned i = 0; i < target->endpoint.count; i++) {
        weir_address address = target->endpoint.addresses[i], bound;
        char text[CLI_TARGET_TEXT];
        if (address.port == 0) address.port = port; /* all get the one that was free */
        const int error = listen_one(context, &address, &bound);
        /* A machine without IPv6 has but the first address of an endpoint. */
        if (count > 0 && (error == WEIR_EAFNOSUPPORT || error == WEIR_EADDRNOTAVAIL)) continue;
        if (!error) {
            if (bound.kind != WEIR_ADDRESS_UNIX) port = bound.port;
            count++;
            continue;
        }
        cli_target_print(target->transport, &address, text);
        cli_complain("cannot listen on %s: %s%s", text, weir_strerror(error),
                     hint_for(&address, error));
        return 0;
    }
    return count;
}

typedef struct opening {
    weir_io *io;
    cli_transport transport;
    cli_listener *listeners;
    unsigned count;
} opening;

static int open_next(void *context, const weir_address *address, weir_address *bound)
{
    opening *o = context;
    cli_listener *listener = &o->listeners[o->count];
    memset(listener, 0, sizeof *listener);
    listener->transport = o->transport;
    const int error = open_listener(o->io, address, listener);
    if (error) return error;
    *bound = listener->bound;
    o->count++;
    return 0;
}

unsigned cli_listen_at(weir_io *io, const cli_target *target, cli_listener out[])
{
    opening o = {.io = io, .transport = target->transport, .listeners = out};
    const unsigned count = cli_listen_each(target, open_next, &o);
    while (count == 0 && o.count > 0) cli_listener_close(io, &out[--o.count]);
    return count;
}
