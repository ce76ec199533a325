/* SPDX-License-Identifier: MIT
 *
 * `weir talk`: connects to a peer and standard input and output with it.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>

#include "talk.h"

static int talk_main(weir_io *io, void *argument)
{
    talk_targets *c = argument;
    talk_call call;
    int status = CLI_FAILED;
    if (talk_open(&c->talk, io) && talk_connect(c, &call)) {
        if (talk_watch_signals(&c->talk) == 0) status = talk_converse(&call);
        talk_hang_up(&call);
    }
    if (c->asker.misused) status = CLI_USAGE;
    if (c->talk.signal) status = 128 + c->talk.signal;
    dns_close(io, &c->asker);
    talk_close(&c->talk);
    return status;
}

/* Reads --source: an address with or without a port, or a name for Unix datagrams. */
static bool parse_source(talk_targets *c)
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
    talk_targets c = {0};
    const char *words[TALK_TARGETS];
    const cli_option own[] = {
        {"source", CLI_TEXT, &c.talk.source}, DNS_FILE_OPTIONS(&c.asker), {0}};
    c.asker.command = &cli_talk;
    const int count = talk_parse(&c.talk, &cli_talk, own, argc, argv, words, TALK_TARGETS);
    if (count < 0) return CLI_USAGE;
    for (; c.count < (unsigned)count; c.count++)
        if (!cli_target_parse_peer(&cli_talk, words[c.count], &c.talk.transports,
                                   &c.targets[c.count]))
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
        "  8080  example.org:80  192.0.2.1:80  [::1]:8080   TCP\n"
        "  udp:127.0.0.1:5353  udp:example.org:5353         UDP\n"
        "  unix:/run/x.sock  unix:@name                     a Unix socket\n\n"
        "Names are looked up by the hosts file and DNS.  Over TCP the addresses of a name race:\n"
        "the next one begins a quarter of a second after the one before (RFC 8305), and the first\n"
        "connection is kept; over UDP the first address is taken.\n\n"
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
        "  --timeout S    gives up an ADDR that has not answered, or the conversation when\n"
        "                 nothing goes either way, for S seconds; with datagrams an answer before\n"
        "                 that is success\n"
        "  --json         events on standard error as a line of JSON each\n"
        "  --server ADDR  asks this name server; repeatable.  --resolv-conf FILE, --hosts FILE,\n"
        "                 --nsswitch FILE: read instead of the system's, as in weir resolve\n"
        "  --io ENGINE    auto, uring, epoll or threads\n\n"
        "example: printf 'GET / HTTP/1.0\\r\\n\\r\\n' | weir talk localhost:8080\n"
        "         weir talk unix:@echo --hex <question >answer\n"
        "         echo ping | weir talk udp:localhost:7777 --timeout 3\n",
    .run = run,
};
