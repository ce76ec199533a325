/* SPDX-License-Identifier: MIT
 *
 * Oneshots: one value, sent once, from the task that has it to the task that waits for it.
 *
 *      int answer, room;                                sender            receiver
 *      weir_oneshot oneshot;                            send ── value ──> receive: 0
 *      weir_oneshot_init(&oneshot, &room, sizeof room); drop ───────────> receive: WEIR_ECLOSED
 *      … start a task that sends or drops …             send: WEIR_ECLOSED <──── close
 *      weir_oneshot_receive(io, &oneshot, &answer);
 *
 * A plain value without hidden memory, which must not move while it is used; it may go when no call
 * is under way and none will come.  A value is never lost: when a cancellation comes in the same
 * moment, it has been received and the request stays pending.  Between tasks of one engine.
 */
#ifndef WEIR_SYNC_ONESHOT_H
#define WEIR_SYNC_ONESHOT_H

#include <stddef.h>
#include <stdint.h>

#include <weir/base/error.h>
#include <weir/base/time.h>
#include <weir/io/io.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_oneshot_state {
    WEIR_ONESHOT_OPEN,    /* neither side has done anything */
    WEIR_ONESHOT_SENT,    /* the value is in the room */
    WEIR_ONESHOT_TAKEN,   /* the value has been received */
    WEIR_ONESHOT_DROPPED, /* the sender has ended without a value */
    WEIR_ONESHOT_CLOSED,  /* the receiver wants none */
} weir_oneshot_state;

/* All members are the oneshot's own. */
typedef struct weir_oneshot {
    uint32_t lock;
    uint32_t state; /* weir_oneshot_state */
    void *room;
    size_t size;
    weir_wait_list waiting; /* receivers, while the state is OPEN */
} weir_oneshot;

/* Makes an open oneshot for a value of `size` bytes, kept in `room` between sender and receiver.
 * Size 0 is a bare signal; `room` may be NULL then.
 * Ownership: `room` is lent as long as the oneshot is used.  Never waits.  From any thread. */
void weir_oneshot_init(weir_oneshot *oneshot, void *room, size_t size);

/* Sends the value.
 * Returns 0; WEIR_ECLOSED: the receiver has closed, nothing was sent; WEIR_EALREADY: it was sent or
 * dropped before.  Never waits; not a cancellation point.  From a task of `io`. */
int weir_oneshot_send(weir_io *io, weir_oneshot *oneshot, const void *value);

/* Ends the sender's side: without a value, if it has not sent one.  So a sender may always call it
 * on its way out.  Never waits; not a cancellation point.  From a task of `io`. */
void weir_oneshot_drop(weir_io *io, weir_oneshot *oneshot);

/* Ends the receiver's side: a later send fails, and a receiver that waits gets WEIR_ECLOSED.  A
 * value that was sent before can still be received.
 * Never waits; not a cancellation point.  From a task of `io`. */
void weir_oneshot_close(weir_io *io, weir_oneshot *oneshot);

/* Waits for the value and takes it into `value`.
 *
 * Returns 0; WEIR_ECLOSED: none will come (dropped, closed, or taken before); WEIR_ECANCELED,
 * WEIR_EDEADLINE (of a scope): it can still be received; WEIR_ENOTTASK.
 * If several receive, one gets the value and the others WEIR_ECLOSED.
 * A cancellation point when it waits.  From a task of `io`. */
int weir_oneshot_receive(weir_io *io, weir_oneshot *oneshot, void *value);

/* The same, until `deadline`; a value that is there is taken whatever the deadline is.
 * Returns also WEIR_EDEADLINE when it has passed. */
int weir_oneshot_receive_until(weir_io *io, weir_oneshot *oneshot, void *value,
                               weir_deadline deadline);

/* The same, neither canceled nor ended by a scope.  Returns 0, WEIR_ECLOSED or WEIR_ENOTTASK. */
int weir_oneshot_receive_uncancelable(weir_io *io, weir_oneshot *oneshot, void *value);

/* Takes the value if it was sent.
 * Returns 0; WEIR_EAGAIN: not yet; WEIR_ECLOSED as above.  Never waits; not a cancellation point.
 * From a task of `io`. */
int weir_oneshot_try_receive(weir_io *io, weir_oneshot *oneshot, void *value);

/* Fills an op that receives, for weir_select or a queue.  Result 0 means that the value is in
 * `value`, also for an op that was canceled.  Ownership: `value` is lent until the completion. */
void weir_oneshot_receive_op(weir_op *op, weir_oneshot *oneshot, void *value);

#ifdef __cplusplus
}
#endif
#endif
