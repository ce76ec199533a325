/* SPDX-License-Identifier: MIT
 *
 * Broadcasts: every subscriber gets every value that is sent after its subscription.
 *
 *      int ring[16];                                          ┌─> subscriber
 *      weir_broadcast broadcast;                    send ── ring ─> subscriber
 *      weir_broadcast_init(&broadcast, ring, 16, 4);          └─> subscriber
 *
 *      weir_subscriber subscriber;
 *      weir_broadcast_subscribe(io, &broadcast, &subscriber);
 *      weir_broadcast_receive(io, &subscriber, &value);
 *
 * The sender never waits: the ring, in the caller's memory, keeps the newest values, and who is too
 * slow for it misses the oldest.  It is told so once (WEIR_ELAGGED, with the number) and goes on
 * with the oldest value that is kept.  Values sent while nobody subscribes are dropped.
 *
 * Plain values without hidden memory, which must not move while they are used.  A value that comes
 * in the same moment as a cancellation has been received; the request stays pending.  Between tasks
 * of one engine.
 */
#ifndef WEIR_SYNC_BROADCAST_H
#define WEIR_SYNC_BROADCAST_H

#include <stddef.h>
#include <stdint.h>

#include <weir/base/error.h>
#include <weir/base/time.h>
#include <weir/io/io.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All members are the broadcast's own. */
typedef struct weir_broadcast {
    uint32_t lock;
    uint32_t closed;
    size_t item_size; /* bytes */
    size_t capacity;  /* items */
    size_t slot;      /* where the next value goes */
    size_t kept;      /* values in the ring, at most `capacity` */
    size_t subscribers;
    uint64_t next;          /* the number of the next value */
    unsigned char *ring;    /* the value numbered next - 1 is in the slot before `slot` */
    weir_wait_list waiting; /* receivers that have seen everything */
} weir_broadcast;

/* One who receives: in the caller's memory.  Several tasks may share one; then each value goes to
 * one of them. */
typedef struct weir_subscriber {
    weir_broadcast *broadcast;
    uint64_t next;   /* the number of the value it gets next … */
    size_t slot;     /* … and where that is, or will be */
    uint64_t missed; /* for the caller: how many values the latest WEIR_ELAGGED was about */
} weir_subscriber;

/* Makes an open broadcast that keeps the newest `capacity` (at least 1) values of `item_size` bytes
 * in `ring`, which needs no alignment; size 0 is a bare signal and needs no ring.
 *
 * Returns 0; WEIR_EINVAL: no capacity, or no ring where one is needed; WEIR_EOVERFLOW: the ring
 * would be larger than memory.
 * Ownership: `ring` is lent as long as the broadcast is used.  Never waits.  From any thread. */
int weir_broadcast_init(weir_broadcast *broadcast, void *ring, size_t capacity, size_t item_size);

/* Makes `subscriber` one of those that get what is sent from now on.
 * Ownership: the subscriber is lent until weir_broadcast_unsubscribe; the broadcast outlives it.
 * Never waits; not a cancellation point.  From a task of `io`. */
void weir_broadcast_subscribe(weir_io *io, weir_broadcast *broadcast, weir_subscriber *subscriber);

/* Ends a subscription, which nobody waits on.  Never waits; not a cancellation point.  From a task
 * of `io`. */
void weir_broadcast_unsubscribe(weir_io *io, weir_subscriber *subscriber);

/* Sends a value to all subscribers.
 * Returns how many there are (0: it was dropped; INT_MAX for more); WEIR_ECLOSED.
 * Never waits; not a cancellation point.  Takes time in proportion to the tasks that wait.  From a
 * task of `io`. */
int weir_broadcast_send(weir_io *io, weir_broadcast *broadcast, const void *value);

/* Waits for the next value and copies it to `value`.
 *
 * Returns 0; WEIR_ELAGGED: subscriber->missed values were lost, the next call gives the oldest that
 * is kept; WEIR_ECLOSED: closed, and all values were received; WEIR_ECANCELED, WEIR_EDEADLINE (of a
 * scope): nothing was taken; WEIR_ENOTTASK.
 * A cancellation point when it waits.  From a task of `io`. */
int weir_broadcast_receive(weir_io *io, weir_subscriber *subscriber, void *value);

/* The same, until `deadline`; a value that is there is taken whatever the deadline is.
 * Returns also WEIR_EDEADLINE when it has passed. */
int weir_broadcast_receive_until(weir_io *io, weir_subscriber *subscriber, void *value,
                                 weir_deadline deadline);

/* The same, neither canceled nor ended by a scope.
 * Returns 0, WEIR_ELAGGED, WEIR_ECLOSED or WEIR_ENOTTASK. */
int weir_broadcast_receive_uncancelable(weir_io *io, weir_subscriber *subscriber, void *value);

/* Takes the next value if there is one.
 * Returns 0; WEIR_EAGAIN: there is none; WEIR_ELAGGED, WEIR_ECLOSED as above.  Never waits; not a
 * cancellation point.  From a task of `io`. */
int weir_broadcast_try_receive(weir_io *io, weir_subscriber *subscriber, void *value);

/* Fills an op that receives, for weir_select or a queue.  Result 0 means that the value is in
 * `value`, also for an op that was canceled.  Ownership: `value` is lent until the completion. */
void weir_broadcast_receive_op(weir_op *op, weir_subscriber *subscriber, void *value);

/* Closes the broadcast for good: sending fails, subscribers get what is kept and then WEIR_ECLOSED.
 * Again: nothing happens.  Never waits; not a cancellation point.  From a task of `io`. */
void weir_broadcast_close(weir_io *io, weir_broadcast *broadcast);

#ifdef __cplusplus
}
#endif
#endif
