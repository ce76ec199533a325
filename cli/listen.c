/* SPDX-License-Identifier: MIT
 *
 * `weir listen`: waits for a peer and connects standard input and output with it.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "talk.h"

typedef struct listening {
    talk talk;
    cli_target target;
    cli_listener listeners[WEIR_ENDPOINT_ADDRESSES];
    unsigned count;
} listening;

/* Waits for something at a listener: its index; or an error, WEIR_ECANCELED for a signal. */
static int wait_for_peer(listening *l)
{
    weir_op ops[WEIR_ENDPOINT_ADDRESSES + 1], *pointers[WEIR_ENDPOINT_ADDRESSES + 1];
    talk *t = &l->talk;
    const weir_deadline deadline =
        t->timeout.ns ? weir_deadline_after(t->io, t->timeout) : weir_never();
    for (;;) {
        for (unsigned i = 0; i < l->count; i++) {
            weir_op_set(&ops[i], WEIR_OP_POLL, l->listeners[i].socket.fd);
            ops[i].args.poll = WEIR_POLL_READ;
        }
        weir_signals_op(&t->signals, &ops[l->count]);
        for (unsigned i = 0; i <= l->count; i++) pointers[i] = &ops[i];
        const int winner = weir_select(t->io, pointers, l->count + 1, deadline);
        if (winner != (int)l->count) return winner;
        if (talk_take_signal(t)) return WEIR_ECANCELED;
    }
}

/* Takes the next connection; it waits through shortages of descriptors. */
static int accept_one(listening *l, talk_call *call)
{
    weir_duration pause = weir_milliseconds(5);
    for (;;) {
        const int index = wait_for_peer(l);
        if (index < 0) return index;
        const int error = weir_try_accept(l->talk.io, l->listeners[index].socket, &call->socket);
        if (!error) return 0;
        if (error == WEIR_EAGAIN) continue; /* it has left already */
        if (weir_errclass(error) != WEIR_CLASS_RESOURCE && error != WEIR_EPERM) return error;
        if (weir_sleep(l->talk.io, pause)) return WEIR_ECANCELED;
        pause = pause.ns < 500000000 ? weir_nanoseconds(2 * pause.ns) : weir_seconds(1);
    }
}

static void close_listeners(listening *l)
{
    while (l->count > 0) cli_listener_close(l->talk.io, &l->listeners[--l->count]);
}

/* Says why no peer came.  Returns the exit status. */
static int nobody(const listening *l, int error)
{
    const talk *t = &l->talk;
    if (t->signal) return t->keep ? CLI_OK : 128 + t->signal;
    if (error == WEIR_EDEADLINE)
        cli_complain("nobody came to %s within %g s", l->target.text, (double)t->timeout.ns / 1e9);
    else
        cli_complain("cannot take a connection at %s: %s", l->target.text, weir_strerror(error));
    return CLI_FAILED;
}

static int hear_connections(listening *l)
{
    talk *t = &l->talk;
    int status;
    do {
        talk_call call = {.talk = t, .transport = l->target.transport};
        const int error = accept_one(l, &call);
        if (error) return nobody(l, error);
        if (!t->keep) close_listeners(l); /* others are refused, not left waiting */
        weir_peer_address(t->io, call.socket, &call.peer);
        talk_tell(t, "connected", "connected with ", "", call.transport, &call.peer);
        status = talk_converse(&call);
        weir_close_socket(t->io, call.socket);
    } while (t->keep && !t->signal);
    return t->signal ? 128 + t->signal : status;
}

static int hear_datagrams(listening *l)
{
    talk_call call = {.talk = &l->talk,
                      .transport = l->target.transport,
                      .socket = {-1},
                      .listeners = l->listeners,
                      .listener_count = l->count};
    const int status = talk_converse(&call);
    return l->talk.signal == 0 ? status : l->talk.keep ? CLI_OK : 128 + l->talk.signal;
}

static int listen_main(weir_io *io, void *argument)
{
    listening *l = argument;
    int status = CLI_FAILED;
    if (talk_open(&l->talk, io) && talk_watch_signals(&l->talk) == 0)
        l->count = cli_listen_at(io, &l->target, l->listeners);
    for (unsigned i = 0; i < l->count; i++)
        talk_tell(&l->talk, "listening", "listening on ", "", l->target.transport,
                  &l->listeners[i].bound);
    if (l->count > 0)
        status = cli_is_datagram(l->target.transport) ? hear_datagrams(l) : hear_connections(l);
    close_listeners(l);
    talk_close(&l->talk);
    return status;
}

static int run(int argc, char **argv)
{
    listening l = {0};
    const char *words[1];
    const cli_option own[] = {{"keep", CLI_FLAG, &l.talk.keep}, {0}};
    if (talk_parse(&l.talk, &cli_listen, own, argc, argv, words, 1) < 0) return CLI_USAGE;
    if (!cli_target_parse(&cli_listen, words[0], &l.talk.transports, &l.target)) return CLI_USAGE;
    return talk_run(&l.talk, listen_main, &l);
}

const cli_command cli_listen = {
    .name = "listen",
    .summary = "wait for a peer and connect it with standard input and output",
    .help =
        "usage: weir listen ADDR [OPTION …]\n\n"
        "Listens on ADDR, tells on standard error where (port 0 takes a free port), and connects\n"
        "the first peer that comes with standard input and output.  The end of the input is told\n"
        "to the peer, and what it still sends is read; its end does not stop our input, unless a\n"
        "person types it.  Ends with success when both have ended.\n\n"
        "  8080  127.0.0.1:8080  :8080  localhost:0  [::1]:8080   TCP\n"
        "  udp:127.0.0.1:5353                                     UDP\n"
        "  unix:/run/x.sock  unix:@name                           a Unix socket\n\n"
        "Datagrams have no end: a listener goes on until a signal or --timeout.  It answers the\n"
        "first that it hears and drops what others send; with --keep it hears all and answers the\n"
        "last.  The input waits until somebody is heard; each piece of it is one datagram.\n\n"
        "  --udp        an address without udp: or tcp: is UDP\n"
        "  --datagram   a Unix address is of datagrams\n"
        "  --seqpacket  a Unix address is of packet connections\n"
        "  --keep       when a peer has ended, wait for the next; SIGINT or SIGTERM ends it\n"
        "  --hex        a dump of what goes both ways on standard error; the bytes themselves go\n"
        "               to standard output still, unless that is a terminal\n"
        "  --timeout S  gives up when nobody comes, or nothing goes either way, for S seconds\n"
        "  --json       events on standard error as a line of JSON each\n"
        "  --io ENGINE  auto, uring, epoll or threads\n\n"
        "example: weir listen 8080 >received\n"
        "         weir listen localhost:0 --hex --keep </dev/null\n"
        "         weir listen udp:localhost:5353 --timeout 60\n",
    .run = run,
};
