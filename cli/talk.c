/* SPDX-License-Identifier: MIT
 *
 * `weir talk`: connects to a peer and standard input and output with it.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>

#include "talk.h"

enum { TARGETS = 16 };

typedef struct talking {
    talk talk;
    cli_target targets[TARGETS];
    unsigned count;
    weir_address source; /* NONE: the kernel chooses */
} talking;

static const char *hint_to_connect(const talking *c, cli_transport transport, int error)
{
    switch (error) {
    case WEIR_ECONNREFUSED: return " (is the server running?)";
    case WEIR_ENOENT: return " (no socket has that name: is the server running?)";
    case WEIR_EDEADLINE: return " (--timeout; a firewall may drop what is sent there)";
    case WEIR_ETIMEDOUT: return " (nobody answers; a firewall may drop what is sent there)";
    case WEIR_EPROTOTYPE:
        return transport == CLI_UNIX_STREAM
                   ? " (the socket is of another type: try --datagram or --seqpacket)"
                   : " (the socket is of another type)";
    case WEIR_ENETUNREACH:
    case WEIR_EHOSTUNREACH: return " (weir ifaces shows the networks of this machine)";
    case WEIR_EAFNOSUPPORT: return c->source.kind ? " (--source is of another family)" : "";
    case WEIR_EADDRNOTAVAIL:
        return c->source.kind ? " (no interface of this machine has the address of --source)" : "";
    case WEIR_EADDRINUSE: return c->source.kind ? " (the address of --source is taken)" : "";
    default: return "";
    }
}

static int connect_tcp(talking *c, const weir_address *to, weir_socket *out)
{
    weir_io *io = c->talk.io;
    const int family = to->kind == WEIR_ADDRESS_IPV4 ? AF_INET : AF_INET6;
    int error = weir_socket_open(io, family, SOCK_STREAM, 0, out);
    if (error) return error;
    const weir_socket_options options = {.reuse_address = c->source.port != 0};
    error = weir_socket_options_apply(io, *out, &options, NULL);
    if (!error && c->source.kind) error = weir_bind(io, *out, &c->source);
    if (!error) error = weir_connect(io, *out, to);
    if (error) weir_close_socket(io, *out);
    return error;
}

static int connect_udp(talking *c, const weir_address *to, weir_udp_socket *out)
{
    weir_io *io = c->talk.io;
    static const weir_socket_options options = {.broadcast = false};
    if (!c->source.kind) return weir_udp_dial(io, to, &options, out);
    int error = weir_udp_bind(io, &c->source, &options, out);
    if (error) return error;
    error = weir_udp_connect(io, out, to);
    if (error) weir_udp_close(io, out);
    return error;
}

/* A name of our own, so that we can be answered. */
static int connect_datagram(talking *c, const weir_address *to, weir_unix_datagram *out)
{
    weir_io *io = c->talk.io;
    static const weir_unix_options options = {.replace_stale = true};
    const weir_address own = c->source.kind ? c->source : weir_unix_unnamed();
    int error = weir_unix_datagram_bind(io, &own, &options, out);
    if (error) return error;
    error = weir_unix_datagram_connect(io, out, to);
    if (error) weir_unix_datagram_close(io, out);
    return error;
}

static int connect_to(talking *c, const weir_address *to, talk_call *call)
{
    weir_io *io = c->talk.io;
    weir_unix_stream stream;
    int error;
    if (c->source.kind && c->source.kind != to->kind) return WEIR_EAFNOSUPPORT;
    switch (call->transport) {
    case CLI_TCP: return connect_tcp(c, to, &call->socket);
    case CLI_UDP: return connect_udp(c, to, &call->udp);
    case CLI_UNIX_DATAGRAM: return connect_datagram(c, to, &call->name);
    case CLI_UNIX_PACKET: return weir_unix_connect_packets(io, to, &call->socket);
    case CLI_UNIX_STREAM:
        error = weir_unix_connect(io, to, &stream);
        if (!error) call->socket = weir_unix_socket(&stream);
        return error;
    }
    return WEIR_EINVAL;
}

static void hang_up(talk_call *call)
{
    weir_io *io = call->talk->io;
    if (call->transport == CLI_UDP)
        weir_udp_close(io, &call->udp);
    else if (call->transport == CLI_UNIX_DATAGRAM)
        weir_unix_datagram_close(io, &call->name);
    else
        weir_close_socket(io, call->socket);
}

/* Connects to the first address that answers, and complains about those before.  Returns whether
 * there is one. */
static bool connect_any(talking *c, talk_call *call)
{
    const talk *t = &c->talk;
    bool failed = false;
    for (unsigned i = 0; i < c->count; i++) {
        const cli_target *target = &c->targets[i];
        for (unsigned a = 0; a < target->endpoint.count; a++) {
            const weir_address *to = &target->endpoint.addresses[a];
            weir_scope scope;
            *call = (talk_call){.talk = &c->talk, .transport = target->transport, .peer = *to};
            if (t->timeout.ns) weir_scope_enter_for(t->io, &scope, t->timeout);
            const int error = connect_to(c, to, call);
            if (t->timeout.ns) weir_scope_leave(t->io, &scope);
            if (!error) {
                if (failed || t->json)
                    talk_tell(t, "connected", "connected to ", "", target->transport, to);
                return true;
            }
            failed = true;
            talk_tell_failure(t, "connect to", target->transport, to, error,
                              hint_to_connect(c, target->transport, error));
        }
    }
    return false;
}

static int talk_main(weir_io *io, void *argument)
{
    talking *c = argument;
    talk_call call;
    int status = CLI_FAILED;
    if (talk_open(&c->talk, io) && connect_any(c, &call)) {
        if (talk_watch_signals(&c->talk) == 0) status = talk_converse(&call);
        hang_up(&call);
    }
    if (c->talk.signal) status = 128 + c->talk.signal;
    talk_close(&c->talk);
    return status;
}

/* Reads --source: an address with or without a port, or a name for Unix datagrams. */
static bool parse_source(talking *c)
{
    const char *text = c->talk.source;
    const bool local = text && strncmp(text, "unix:", 5) == 0;
    if (!text) return true;
    const int error = weir_endpoint_parse_address(
        weir_bytes_text(text), local ? WEIR_ADDRESS_AS_SOCKET : WEIR_ADDRESS_AS_HOST, 0, &c->source,
        NULL);
    if (error) {
        cli_complain("--source \"%s\": %s; it takes 192.0.2.1, 192.0.2.1:5000, [::1]:5000 or, for "
                     "Unix datagrams, unix:/path",
                     text, weir_strerror(error));
        return false;
    }
    for (unsigned i = 0; i < c->count; i++) {
        const cli_transport transport = c->targets[i].transport;
        if (transport != CLI_UNIX_STREAM && transport != CLI_UNIX_PACKET) continue;
        cli_complain("--source is for TCP, UDP and Unix datagrams, not for \"%s\"",
                     c->targets[i].text);
        return false;
    }
    return true;
}

static int run(int argc, char **argv)
{
    talking c = {0};
    const char *words[TARGETS];
    const int count = talk_parse(&c.talk, &cli_talk, argc, argv, words, TARGETS);
    if (count < 0) return CLI_USAGE;
    for (; c.count < (unsigned)count; c.count++)
        if (!cli_target_parse(&cli_talk, words[c.count], &c.talk.transports, &c.targets[c.count]))
            return CLI_USAGE;
    if (!parse_source(&c)) return CLI_USAGE;
    return talk_run(&c.talk, talk_main, &c);
}

const cli_command cli_talk = {
    .name = "talk",
    .summary = "connect to a peer, and standard input and output with it",
    .help =
        "usage: weir talk ADDR … [OPTION …]\n\n"
        "Connects to ADDR, the first that answers of several, and connects standard input and\n"
        "output with it.  The end of the input is told to the peer, and what it still sends is\n"
        "read; the peer's end does not stop our input, unless a person types it.  Ends with\n"
        "success when both have ended.\n\n"
        "  8080  localhost:8080  192.0.2.1:80  [::1]:8080   TCP\n"
        "  udp:127.0.0.1:5353                               UDP\n"
        "  unix:/run/x.sock  unix:@name                     a Unix socket\n\n"
        "Datagrams have no end: talk ends when nothing has come for a second (or --timeout) after\n"
        "the end of the input.  Each piece of input that is read is one datagram: a line that is\n"
        "typed, what another program writes at once, at most 65,507 bytes.\n\n"
        "  --udp          addresses without udp: or tcp: are UDP\n"
        "  --datagram     Unix addresses are of datagrams\n"
        "  --seqpacket    Unix addresses are of packet connections\n"
        "  --source ADDR  the address to come from, with or without a port\n"
        "  --hex          a dump of what goes both ways on standard error; the bytes themselves "
        "go\n"
        "                 to standard output still, unless that is a terminal\n"
        "  --timeout S    gives up an address that has not answered, or the conversation when\n"
        "                 nothing goes either way, for S seconds; with datagrams an answer before\n"
        "                 that is success\n"
        "  --json         events on standard error as a line of JSON each\n"
        "  --io ENGINE    auto, uring, epoll or threads\n\n"
        "example: printf 'GET / HTTP/1.0\\r\\n\\r\\n' | weir talk localhost:8080\n"
        "         weir talk unix:@echo --hex <question >answer\n"
        "         echo ping | weir talk udp:localhost:7777 --timeout 3\n",
    .run = run,
};
