/* SPDX-License-Identifier: MIT
 *
 * Where commands listen and connect: addresses and names with a transport, and sockets there.
 */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include <stdbool.h>

#include <weir/dns/idna.h>
#include <weir/io/addr.h>
#include <weir/io/io.h>
#include <weir/io/socket.h>
#include <weir/net/endpoint.h>
#include <weir/net/udp.h>
#include <weir/net/unix.h>
#include <weir/net/unix_message.h>

#include "cli.h"

typedef enum cli_transport {
    CLI_TCP,
    CLI_UDP,
    CLI_UNIX_STREAM,
    CLI_UNIX_DATAGRAM,
    CLI_UNIX_PACKET,
} cli_transport;

/* What the options say about the transport of addresses that do not say it themselves. */
typedef struct cli_transports {
    bool udp, datagram, seqpacket;
} cli_transports;

/* An address as it was given. */
typedef struct cli_target {
    const char *text;
    cli_transport transport;
    weir_endpoint endpoint;         /* of a name no addresses */
    char host[WEIR_DNS_ASCII_TEXT]; /* a name that is to be looked up, in ASCII; else "" */
    uint16_t port;                  /* of that name */
} cli_target;

/* Room for cli_target_print. */
enum { CLI_TARGET_TEXT = WEIR_ADDRESS_TEXT + 8 };

/* Reads "8080", "tcp:…", "udp:…", "unix:…"; returns false after a message. */
bool cli_target_parse(const cli_command *command, const char *text,
                      const cli_transports *transports, cli_target *out);

/* The same, and "example.org:80": to connect there.  Nobody is asked yet. */
bool cli_target_parse_peer(const cli_command *command, const char *text,
                           const cli_transports *transports, cli_target *out);

/* "TCP", "UDP", "Unix stream" … */
const char *cli_transport_name(cli_transport transport);

/* Whether it has no connections: each message stands for itself. */
bool cli_is_datagram(cli_transport transport);

/* Writes an address as cli_target_parse reads it; a socket without a name as "an unnamed socket",
 * no address as "a peer that has left". */
void cli_target_print(cli_transport transport, const weir_address *address, char *out);

/* A socket that hears from anybody at an address: it listens for connections, or is bound. */
typedef struct cli_listener {
    cli_transport transport;
    weir_address bound;         /* with the real port */
    weir_socket socket;         /* borrowed from one of these: */
    weir_unix_listener local;   /* CLI_UNIX_STREAM, CLI_UNIX_PACKET */
    weir_unix_datagram message; /* CLI_UNIX_DATAGRAM */
    weir_udp_socket udp;        /* CLI_UDP */
} cli_listener;

/* Opens a listener at each address of a target; out[] has room for WEIR_ENDPOINT_ADDRESSES.
 * Returns how many there are, or 0 after a message. */
unsigned cli_listen_at(weir_io *io, const cli_target *target, cli_listener out[]);

void cli_listener_close(weir_io *io, cli_listener *listener);

/* Listens on one address: 0 and *bound, with the real port; or an error. */
typedef int cli_listen_fn(void *context, const weir_address *address, weir_address *bound);

/* Calls it for each address of a target; where no port is given, all get the same.  Returns how
 * many there are, or 0 after a message, and what was opened before is the caller's to close. */
unsigned cli_listen_each(const cli_target *target, cli_listen_fn *listen_one, void *context);

#endif
