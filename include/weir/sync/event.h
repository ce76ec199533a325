/* SPDX-License-Identifier: MIT
 *
 * An event: set once and seen by all who wait now or later, until it is reset.
 *
 * For the tasks of one engine; other threads go through weir_outside_run (io/outside.h).  The
 * memory is the caller's and needs no end: it may go as soon as all calls that wait for it have
 * returned, also while weir_event_set has not.
 */
#ifndef WEIR_SYNC_EVENT_H
#define WEIR_SYNC_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/io/io.h>
#include <weir/io/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The zero value is not set: `weir_event event = {0};`.
 * Invariant: `lock` guards all; while `set` is 1 nobody is in the list. */
typedef struct weir_event {
    uint32_t lock;
    uint32_t set; /* atomic: 0 or 1 */
    weir_wait_list waiting;
} weir_event;

/* Sets it and lets all go on who wait; who comes later need not wait.  Idempotent.
 * From a task of `io`; never waits. */
void weir_event_set(weir_io *io, weir_event *event);

/* Makes it not set again: who comes from now on waits; who was let go before is not held up.
 * From a task of `io`; never waits. */
void weir_event_reset(weir_io *io, weir_event *event);

/* Whether it is set, at this moment; what was written before weir_event_set is seen then.
 * A look, after which weir_event_set may still touch the event: who wants to free it waits.
 * From any thread. */
static inline bool weir_event_is_set(const weir_event *event)
{
    /* Pairs with the release store in weir_event_set. */
    return __atomic_load_n(&event->set, __ATOMIC_ACQUIRE) != 0;
}

/* Waits until it is set.
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE (a scope's); WEIR_ENOTTASK: it is not set, and the
 * caller is no task.  A cancellation point when it has to wait.  From a task of `io`. */
int weir_event_wait(weir_io *io, weir_event *event);

/* Waits until it is set or `deadline` has passed (WEIR_EDEADLINE); a deadline in the past only
 * looks.  Otherwise as weir_event_wait. */
int weir_event_wait_until(weir_io *io, weir_event *event, weir_deadline deadline);

/* Waits until it is set; requests to stop and scopes stay pending meanwhile.
 * Returns 0, or WEIR_ENOTTASK as weir_event_wait.  Not a cancellation point.  From a task of `io`.
 */
int weir_event_wait_uncancelable(weir_io *io, weir_event *event);

/* Fills an op that completes with 0 when the event is set, for weir_select or a queue. */
void weir_event_op(weir_op *op, weir_event *event);

#ifdef __cplusplus
}
#endif
#endif
