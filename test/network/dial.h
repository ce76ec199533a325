/* SPDX-License-Identifier: MIT
 *
 * A stage for tests of dialing: a name server, a resolver that asks it, and hosts that are
 * addresses of the loopback, all with one port.  Host 0 is ::1, the others are 127.x.y.1, 127.x.y.2
 * …
 */
#ifndef WEIR_TEST_NETWORK_DIAL_H
#define WEIR_TEST_NETWORK_DIAL_H

#include "test/contract/contract.h"

#include <stdio.h>

#include <weir/dns/dial.h>
#include <weir/io/sim/sim.h>

#include "test/harness/dns_server.h"

enum { DIAL_HOSTS = 32, DIAL_NAME_TEXT = 64 };

typedef struct dial_stage {
    dns_server *server;
    weir_dns_resolver *resolver;
    uint8_t net[2];
    uint16_t port;
    weir_socket keeper; /* of the port */
    bool simulated;     /* times are exact */
    size_t used;
    weir_tcp_listener listeners[DIAL_HOSTS];
    weir_tcp_stream fillers[DIAL_HOSTS]; /* of those that swallow */
    bool swallows[DIAL_HOSTS];
    dns_server_rule rules[4]; /* A, AAAA, and two of the test's own */
    struct dial_texts *texts; /* of all answers so far: the server borrows them to its end */
    weir_connect_report report;
    weir_address peer;
    weir_dial_options options; /* reports to `report` and `peer`, keeps the order of the records */
    weir_instant start;
} dial_stage;

/* Begins; with `ipv6`, says a word and returns false where there is no ::1. */
bool dial_begin(weir_io *io, dial_stage *stage, bool ipv6);

/* Ends it all. */
void dial_end(weir_io *io, dial_stage *stage);

/* The address of a host. */
weir_address dial_address(const dial_stage *stage, unsigned host);

/* A host takes connections; or never answers.  One that does neither refuses. */
bool dial_listens(weir_io *io, dial_stage *stage, unsigned host);
bool dial_swallows(weir_io *io, dial_stage *stage, unsigned host);

/* From now on the name server has these IPv4 hosts (a list that ends with 0) for the name
 * "host.test", and with `ipv6` ::1, each after a delay; negative: the answer is SERVFAIL at once;
 * LATE: no answer. */
enum { DIAL_NEVER = 1 << 20 };
void dial_answers(dial_stage *stage, const unsigned *ipv4, int ms4, bool ipv6, int ms6);
#define DIAL_ANSWERS(stage_, ms4_, ipv6_, ms6_, ...) \
    dial_answers(stage_, (const unsigned[]){__VA_ARGS__}, ms4_, ipv6_, ms6_)

/* Dials "host.test", closes the connection, returns the result. */
int dial_it(weir_io *io, dial_stage *stage);

/* Whether the peer is this host. */
bool dial_peer_is(const dial_stage *stage, unsigned host);

/* Whether dialing took so long, and, where times are exact, less than 1 ms longer. */
bool dial_took(weir_io *io, const dial_stage *stage, int ms);

#endif
