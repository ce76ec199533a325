/* SPDX-License-Identifier: MIT
 *
 * Addresses with a transport, sockets that listen there, and the engine under them.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/engine/engine.h>
#include <weir/net/tcp.h>

#include "target.h"

/* Takes "tcp:", "udp:" or what the options say off the front. */
static bool take_transport(const char **text, const cli_transports *transports, cli_transport *out)
{
    const bool local = strncmp(*text, "unix:", 5) == 0;
    if (transports->udp + transports->datagram + transports->seqpacket > 1) {
        cli_complain("one of --udp, --datagram and --seqpacket at a time");
        return false;
    }
    if ((transports->datagram || transports->seqpacket) && !local) {
        cli_complain("--%s is for Unix sockets: unix:/path or unix:@name, not \"%s\"",
                     transports->datagram ? "datagram" : "seqpacket", *text);
        return false;
    }
    if (transports->udp && local) {
        cli_complain("--udp is for IP addresses, not \"%s\" (--datagram is for Unix sockets)",
                     *text);
        return false;
    }
    *out = transports->datagram    ? CLI_UNIX_DATAGRAM
           : transports->seqpacket ? CLI_UNIX_PACKET
           : local                 ? CLI_UNIX_STREAM
           : transports->udp       ? CLI_UDP
                                   : CLI_TCP;
    if (strncmp(*text, "udp:", 4) == 0) *out = CLI_UDP;
    if (strncmp(*text, "udp:", 4) == 0 || strncmp(*text, "tcp:", 4) == 0) *text += 4;
    return true;
}

bool cli_target_parse(const cli_command *command, const char *text,
                      const cli_transports *transports, cli_target *out)
{
    weir_address_why why;
    out->text = text;
    const char *rest = text;
    if (!take_transport(&rest, transports, &out->transport)) return false;
    const bool local = out->transport >= CLI_UNIX_STREAM;
    int error = weir_endpoint_parse_why(weir_bytes_text(rest), &out->endpoint, &why);
    if (!error && !local && out->endpoint.addresses[0].kind == WEIR_ADDRESS_UNIX)
        error = WEIR_EADDRTEXT; /* udp:unix:… */
    if (!error) return true;
    cli_complain("%s: \"%s\": %s; it takes 8080, localhost:8080, 192.0.2.1:80, [::1]:8080, "
                 "udp:8080, unix:/path or unix:@name",
                 command->name, text, weir_strerror(error));
    return false;
}

const char *cli_transport_name(cli_transport transport)
{
    static const char *const names[] = {"TCP", "UDP", "Unix stream", "Unix datagram",
                                        "Unix seqpacket"};
    return names[transport];
}

bool cli_is_datagram(cli_transport transport)
{
    return transport == CLI_UDP || transport == CLI_UNIX_DATAGRAM;
}

void cli_target_print(cli_transport transport, const weir_address *address, char *out)
{
    if (weir_unix_kind_of(address) == WEIR_UNIX_UNNAMED || address->kind == WEIR_ADDRESS_NONE) {
        strcpy(out, address->kind ? "an unnamed socket" : "a peer that has left");
        return;
    }
    if (transport == CLI_UDP) {
        memcpy(out, "udp:", 4);
        out += 4;
    }
    weir_address_print(address, out);
}

/* Listening -------------------------------------------------------------------------------- */

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

static const char *hint_to_listen(const weir_address *address, int error)
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

unsigned cli_listen_at(weir_io *io, const cli_target *target, cli_listener out[])
{
    unsigned count = 0;
    uint16_t port = 0;
    for (unsigned i = 0; i < target->endpoint.count; i++) {
        weir_address address = target->endpoint.addresses[i];
        cli_listener *listener = &out[count];
        char text[CLI_TARGET_TEXT];
        if (address.port == 0) address.port = port; /* all get the one that was free */
        memset(listener, 0, sizeof *listener);
        listener->transport = target->transport;
        int error = open_listener(io, &address, listener);
        /* A machine without IPv6 has but the first address of an endpoint. */
        if (count > 0 && (error == WEIR_EAFNOSUPPORT || error == WEIR_EADDRNOTAVAIL)) continue;
        if (!error) {
            if (listener->bound.kind != WEIR_ADDRESS_UNIX) port = listener->bound.port;
            count++;
            continue;
        }
        cli_target_print(target->transport, &address, text);
        cli_complain("cannot listen on %s: %s%s", text, weir_strerror(error),
                     hint_to_listen(&address, error));
        while (count > 0) cli_listener_close(io, &out[--count]);
        return 0;
    }
    return count;
}

/* The engine ------------------------------------------------------------------------------- */

weir_io *cli_make_engine(const char *word, unsigned workers)
{
    weir_engine_options options = {
        .kind = WEIR_ENGINE_AUTO, .workers = workers, .max_tasks = 0, .dump_signal = 0};
    const int kind = word ? weir_engine_kind_parse(word) : WEIR_ENGINE_AUTO;
    if (kind < 0) {
        cli_complain("--io takes auto, uring, epoll or threads, not \"%s\"", word);
        return NULL;
    }
    options.kind = (weir_engine_kind)kind;
    weir_io *io = NULL;
    int error = weir_engine_create(&options, &io);
    if (!error && strcmp(weir_io_describe(io).engine, "sim") == 0) {
        cli_complain("a simulated network has nobody but this program in it; weir sim runs worlds");
        weir_io_destroy(io);
        return NULL;
    }
    if (!error) return io;
    if (!word) word = getenv("WEIR_IO");
    cli_complain("cannot make the engine%s%s: %s; weir doctor tells what this machine offers",
                 word ? " " : "", word ? word : "", weir_strerror(error));
    return NULL;
}
