/* SPDX-License-Identifier: MIT
 *
 * Connections to servers, shared by all who ask: many questions under way on each, answers in any
 * order (RFC 7766).
 *
 *     asker                         link, two tasks
 *     WAIT op ── enlist ──> slot    writer: connects, sends what is enlisted, closes at the end
 *        ^                   │
 *        └──── result ───────┘      reader: takes messages, finds the slot by the id
 *
 * An asker owns no part of a connection: it may be canceled at any time, and what it had sent is
 * answered into the void.
 *
 * A connection is used from one address of ours, and a cookie is shown from one: who has a cookie
 * of another has to ask again with a new one.
 */
#ifndef DNS_TCP_LINK_H
#define DNS_TCP_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/op.h>
#include <weir/net/tcp.h>
#include <weir/stream/stream.h>

#include "dns/ask.h"

enum {
    DNS_LINKS = 4,        /* connections to one server at once; more questions than fit wait */
    DNS_LINK_SLOTS = 100, /* questions under way on one connection */
    DNS_LINK_LOST = 100,  /* withdrawn ones whose answers may still come; then it takes no more */
};

typedef struct dns_link dns_link;

/* A way to have a stream to a server: TCP, or TLS over it. */
typedef struct dns_transport {
    /* Connects within `timeout`.  `tcp` is memory for the connection that does not move.
     * Returns 0 and *out, closed by its user; the error.  A cancellation point. */
    int (*open)(weir_io *io, const weir_address *server, weir_duration timeout,
                weir_tcp_stream *tcp, weir_stream **out);
} dns_transport;

extern const dns_transport weir_dns_tcp_transport;

/* Octets to send: length and message. */
typedef struct dns_outgoing {
    struct dns_outgoing *next;
    size_t len;
    uint8_t octets[];
} dns_outgoing;

/* A query over TCP, in the asker's memory; lent to the link while its op is in flight. */
typedef struct dns_link_query {
    dns_servers *servers;
    unsigned peer;
    dns_outgoing *outgoing;        /* malloc'd; NULL once a link has taken it */
    uint8_t *near;                 /* where an answer of at most WEIR_DNS_EDNS_SIZE octets is put */
    uint8_t *far;                  /* out: malloc'd, one that is longer; the asker's to free */
    const weir_dns_cookie *cookie; /* that the octets show; NULL: none */
    uint64_t after;                /* only connections newer than this one */
    uint64_t opened;               /* the connection that was made for it */
    uint64_t serial;               /* out: the connection that it went over */
    uint16_t id;                   /* in: the wished one; out: the one it went with */
    dns_link *link;                /* while it is enlisted */
    unsigned slot;
    uint64_t heard; /* messages that the link had had before */
} dns_link_query;

/* Fills `op` so that it puts the query to the server.  Its result is the length of the answer;
 * WEIR_EAGAIN: a connection has to be made first (weir_dns_link_open), then again;
 * WEIR_EADDRNOTAVAIL: the cookie is that of another address of ours; else what the connection ended
 * with.  The deadline is reset. */
void weir_dns_link_op(weir_op *op, dns_link_query *query);

/* Begins to make a connection for a query, unless there are enough.  Returns 0, WEIR_ENOMEM.
 * Never waits. */
int weir_dns_link_open(weir_io *io, dns_link_query *query);

/* The cookie of a server is another one from now on: its connections take no more questions.  Under
 * the servers' lock.  Returns the ops that waited, for the caller to complete after it with
 * WEIR_EADDRNOTAVAIL. */
weir_op *weir_dns_link_moved(dns_servers *servers, unsigned peer);

/* Says that a query, whose op is still in flight, has waited long enough: a connection on which
 * nothing has come since takes no more questions. */
void weir_dns_link_suspect(weir_io *io, dns_link_query *query);

#endif
