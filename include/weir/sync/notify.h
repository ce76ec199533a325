/* SPDX-License-Identifier: MIT
 *
 * A notification: wakes one task, now or the next that comes, or all that wait now.
 *
 * Keeps no count: however often weir_notify_one is called while nobody waits, one wait goes
 * through. For the tasks of one engine; other threads go through weir_outside_run (io/outside.h).
 * The memory is the caller's and needs no end: it may go as soon as all calls that wait for it have
 * returned.
 */
#ifndef WEIR_SYNC_NOTIFY_H
#define WEIR_SYNC_NOTIFY_H

#include <stdint.h>

#include <weir/io/io.h>
#include <weir/io/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The zero value has no permit: `weir_notify notify = {0};`.
 * Invariant: `lock` guards all; while there is a permit nobody is in the list. */
typedef struct weir_notify {
    uint32_t lock;
    uint32_t permit; /* 0 or 1 */
    weir_wait_list waiting;
} weir_notify;

/* Lets the longest waiting task go on; if nobody waits, the next wait need not.
 * A task that is canceled or expires at this moment either has its notification as the result of
 * its wait (0), or another gets it: none is lost.  From a task of `io`; never waits. */
void weir_notify_one(weir_io *io, weir_notify *notify);

/* Lets all go on who wait now; for who comes later nothing is kept (and a permit stays).
 * From a task of `io`; never waits. */
void weir_notify_all(weir_io *io, weir_notify *notify);

/* Waits for a notification, and consumes it.
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE (a scope's): nothing was consumed; WEIR_ENOTTASK: there
 * is no permit, and the caller is no task.
 * A cancellation point when it has to wait.  From a task of `io`. */
int weir_notify_wait(weir_io *io, weir_notify *notify);

/* Waits for a notification until `deadline` (WEIR_EDEADLINE); a deadline in the past only takes a
 * permit.  Otherwise as weir_notify_wait. */
int weir_notify_wait_until(weir_io *io, weir_notify *notify, weir_deadline deadline);

/* Fills an op that completes with 0 when it has consumed a notification, for weir_select or a
 * queue; also a loser of a select may have, which its result tells. */
void weir_notify_op(weir_op *op, weir_notify *notify);

#ifdef __cplusplus
}
#endif
#endif
