/* SPDX-License-Identifier: MIT
 *
 * A link from inside, for its two tasks: what tcp_link.c and tcp_read.c share.
 */
#ifndef DNS_TCP_READ_H
#define DNS_TCP_READ_H

#include <weir/base/bytes.h>
#include <weir/io/wait.h>

#include "dns/tcp_link.h"

enum { DNS_LINK_BUFFER = 4096 };

/* A question that is under way. */
typedef struct dns_link_slot {
    weir_op *op; /* NULL: nobody waits any more */
    uint16_t id;
    bool taken;
} dns_link_slot;

/* A connection.  All but the last group is guarded by the servers' lock. */
struct dns_link {
    dns_servers *servers;
    unsigned peer;
    uint64_t serial;
    bool running; /* connected; the cookie is that of our address */
    bool retiring, closing;
    int error;            /* with `closing`: why, or 0 */
    uint64_t heard;       /* messages that came */
    unsigned taken, live; /* slots; those of them whose op waits */
    weir_instant idle_since;
    dns_outgoing *outgoing, *last_outgoing;
    weir_wait_list writer; /* the op of the writer, when it waits */
    dns_link_slot slots[DNS_LINK_SLOTS + DNS_LINK_LOST];

    /* The tasks' own. */
    weir_tcp_stream tcp;
    weir_stream *stream;
    size_t have, room;   /* the reader's buffer: octets in it, and how many it can hold */
    weir_deadline until; /* for the message that has begun; never: none has */
    uint8_t *far;        /* malloc'd, while a message is longer than `buffer` */
    uint8_t buffer[DNS_LINK_BUFFER];
};

/* The reading task: argument is the link. */
int weir_dns_link_read(weir_io *io, void *argument);

/* Hands a message, at least a header, to who waits for it.  `far` is a malloc'd copy of one that is
 * longer than WEIR_DNS_EDNS_SIZE, or NULL for want of memory; it is taken.  Returns whether its id
 * was that of a question. */
bool weir_dns_link_deliver(weir_io *io, dns_link *link, weir_bytes message, uint8_t *far);

/* Closes a link that has been idle long enough.  Returns whether it has; else *look is when to ask
 * again. */
bool weir_dns_link_idle(weir_io *io, dns_link *link, weir_instant now, weir_deadline *look);

/* Asks the writer to end. */
void weir_dns_link_close(weir_io *io, dns_link *link, int error);

#endif
