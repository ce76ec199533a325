/* SPDX-License-Identifier: MIT
 *
 * UDP ports shared by questions to one server, when there are many at once.
 *
 *     asker                             link: a connected socket, and a task that reads it
 *     join: a slot, an id that the
 *           link has not used yet
 *     send ────────────────────────────────────> server
 *     WAIT op <── result ── slot by the id <──── message that answers the slot's question
 *     leave
 *
 * A link is used for a bounded number of questions and a bounded time, and goes when the last of
 * them has left: who guesses finds ports and ids changed.  An asker owns no part of it: it may be
 * canceled at any time, and its id is not used again.
 *
 * An ICMP message that tells of a datagram which did not arrive does not say here which one, and
 * anybody may have sent it.  So it is a hint, given once to each question that is under way: it had
 * better be asked elsewhere as well.  The link takes no new questions then, but goes on to listen.
 */
#ifndef DNS_UDP_LINK_H
#define DNS_UDP_LINK_H

#include <weir/io/op.h>

#include "dns/reply.h"

enum {
    DNS_PORTS = 4,            /* shared links to one server; a question goes over any of them */
    DNS_PORT_QUESTIONS = 256, /* over one link in its life */
    DNS_FRESH_PORTS = 8,      /* so many questions under way at a server have ports of their own */
    DNS_FOREIGN_MAX = 64,     /* foreign messages at one port: somebody guesses (RFC 5452 9.2) */
};

typedef struct dns_udp_link dns_udp_link;

/* A question that shares a port, in the asker's memory; all but the first group is guarded by the
 * link's lock from join to leave. */
typedef struct dns_udp_query {
    dns_query *query; /* join sets its id */
    uint8_t *room;    /* where an answer is put: as large as servers may send */

    dns_udp_link *link; /* NULL: it has none */
    weir_op *op;        /* that waits, or NULL */
    int64_t result;     /* what the op comes to; 0: not known yet */
    int hint;           /* to be told by the op, once, before that; 0: none */
    unsigned ignored;   /* messages with its id that are no answer to it */
    dns_judgement judgement;
} dns_udp_query;

/* Whether the next question to a server is to share a port. */
bool weir_dns_port_is_shared(const dns_servers *servers, unsigned peer);

/* Finds a slot for a question whose first group and id (a wish) are set, on a link that `choice`, a
 * random number, picks; makes the link if it must.
 * Returns 0: to be ended with weir_dns_port_leave; WEIR_ECANCELED, WEIR_EDEADLINE; errors of
 * weir_socket_open and weir_connect, WEIR_ENOMEM, WEIR_ECONCURRENCY.  A cancellation point. */
int weir_dns_port_join(weir_io *io, dns_servers *servers, unsigned peer, unsigned choice,
                       weir_instant now, dns_udp_query *query);

/* Whether what a port says is but a hint: it was told by ICMP (RFC 1122 4.1.3.3), which is told
 * once. */
bool weir_dns_port_is_hint(int64_t error);

/* Sends its message.  Returns 0 or errors of weir_write; a hint is told of an earlier message: this
 * one has not been sent, and had better go over another link.  A cancellation point. */
int weir_dns_port_send(weir_io *io, dns_udp_query *query, weir_bytes message);

/* Fills `op` so that it waits for the answer, which `judgement` tells of.  Its result is the length
 * of the message; a hint (weir_dns_port_is_hint): the answer may come all the same, perform it
 * again; WEIR_EDNS_MESSAGE: too many foreign messages came, and the port was given up; else what
 * the port failed with.  The deadline is reset.  It may be withdrawn and performed again. */
void weir_dns_port_op(weir_op *op, dns_udp_query *query);

/* Leaves the link, if there is one.  The op is not in flight.  Not a cancellation point. */
void weir_dns_port_leave(weir_io *io, dns_udp_query *query);

#endif
