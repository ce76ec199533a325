/* SPDX-License-Identifier: MIT
 *
 * Incoming connections of one or several listeners (IPv4, IPv6, Unix), one after the other, each
 * with its origin and its peer.
 *
 *      weir_incoming_init(io, &incoming, 1000);             at most 1,000 connections at a time
 *      weir_incoming_add(&incoming, v4.socket, "v4");
 *      weir_incoming_add(&incoming, v6.socket, "v6");
 *      while (weir_incoming_next(io, &incoming, weir_never(), &item) == 0) …
 *      weir_incoming_stop(io, &incoming);
 *
 * Each listener is served by a weir_acceptor: what may pass (no descriptors, no memory, a
 * firewall's refusal) is an item with an error, after which that listener pauses and the others go
 * on.  What came first is handed out first; a busy listener delays another by some hundred
 * connections at most, as the engine looks at all of them that often.
 *
 * Bounded: when so many connections are open, no listener accepts until weir_incoming_done says
 * that one has ended, and clients wait in the backlogs.  Each listener holds at most one connection
 * that it has taken and nobody has asked for yet, also when the bound is reached meanwhile.
 *
 * Used by one task; weir_incoming_done is for all.
 */
#ifndef WEIR_NET_INCOMING_H
#define WEIR_NET_INCOMING_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/io/addr.h>
#include <weir/io/op.h>
#include <weir/io/socket.h>
#include <weir/net/acceptor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_INCOMING_LISTENERS 16

typedef struct weir_incoming weir_incoming;
typedef struct weir_incoming_source weir_incoming_source;

/* One listener. */
struct weir_incoming_source {
    weir_acceptor acceptor; /* first */
    weir_incoming *incoming;
    weir_incoming_source *next; /* in the list of those whose op has completed */
    const void *tag;
    bool ready; /* in that list */
    bool ended; /* by a final error */
};

/* Connections to come.  The members are the functions' own; it must not move between _init and
 * _stop.
 *
 * Invariant: `lock` guards `first_ready`, `last_ready`, the sources' `next` and `ready`, `open`,
 * `waiting` and `changed`; all else belongs to the task that takes. */
struct weir_incoming {
    weir_queue queue;
    weir_incoming_source sources[WEIR_INCOMING_LISTENERS];
    unsigned count;
    int error;      /* of the source that ended last */
    uint32_t limit; /* on `open`; 0: none */
    uint32_t open;  /* connections handed out and not done */
    uint32_t lock;
    bool changed; /* something to look at since the last look */
    weir_incoming_source *first_ready, *last_ready;
    weir_wait_list waiting;
};

/* What came. */
typedef struct weir_incoming_item {
    weir_socket socket; /* the caller's, for weir_tcp_stream_init or its Unix sibling; {-1}: none */
    int error;          /* 0, or why there is none */
    bool ended;         /* with an error: this listener is given up */
    const void *tag;    /* of the listener */
    weir_address peer;  /* WEIR_ADDRESS_NONE when it has left already */
} weir_incoming_item;

/* Prepares.  `limit`: how many connections may be open at a time; 0: any number.
 * Never waits.  From the task that will take. */
void weir_incoming_init(weir_io *io, weir_incoming *incoming, uint32_t limit);

/* Adds a listener, borrowed until weir_incoming_stop; `tag` comes with its items.
 * Returns 0; WEIR_ELIMIT when there are WEIR_INCOMING_LISTENERS.  Never waits. */
int weir_incoming_add(weir_incoming *incoming, weir_socket listener, const void *tag);

/* Waits for the next item, until `deadline`.
 *
 * Returns 0 and *out, also for a listener's error, which does not end the others; WEIR_EDEADLINE,
 * WEIR_ECANCELED: no connection is lost, what has come stays for the next call; when all listeners
 * have ended, the error of the last one; WEIR_EINVAL when there is none.  A cancellation point. */
int weir_incoming_next(weir_io *io, weir_incoming *incoming, weir_deadline deadline,
                       weir_incoming_item *out);

/* For weir_select or a queue: fills an op that completes with 0 when weir_incoming_take is worth a
 * call.  It starts accepting.  Take, or prepare it again, after it has settled. */
void weir_incoming_prepare(weir_io *io, weir_incoming *incoming, weir_op *op);

/* Takes an item if there is one: 1 and *out; 0 when there is none; a negative error as of
 * weir_incoming_next.  Waits as weir_acceptor_take does; not a cancellation point. */
int weir_incoming_take(weir_io *io, weir_incoming *incoming, weir_incoming_item *out);

/* Says that a connection that was handed out has ended: makes room for another.
 * Never waits.  From any task of `io`, also after weir_incoming_stop. */
void weir_incoming_done(weir_io *io, weir_incoming *incoming);

/* How many connections are open. */
uint32_t weir_incoming_open(weir_io *io, weir_incoming *incoming);

/* Stops accepting and closes connections that nobody has asked for; the listeners stay open.
 * Connections that were handed out are not touched.  Idempotent; after it weir_incoming_next gives
 * WEIR_EINVAL.  Not a cancellation point. */
void weir_incoming_stop(weir_io *io, weir_incoming *incoming);

#ifdef __cplusplus
}
#endif
#endif
