/* SPDX-License-Identifier: MIT
 *
 * A barrier: n tasks wait for each other, then all go on, and the next round begins.
 *
 * For the tasks of one engine; other threads go through weir_outside_run (io/outside.h).  The
 * memory is the caller's and needs no end: it may go as soon as all calls that wait for it have
 * returned.
 */
#ifndef WEIR_SYNC_BARRIER_H
#define WEIR_SYNC_BARRIER_H

#include <stdint.h>

#include <weir/io/io.h>
#include <weir/io/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `weir_barrier barrier = {.parties = 4};`: how many tasks meet, at least 1; fixed while any waits.
 * Invariant: `lock` guards all; `arrived` counts the list and is below `parties`. */
typedef struct weir_barrier {
    uint32_t parties;
    uint32_t lock;
    uint32_t arrived;
    uint32_t reserved;
    weir_wait_list waiting;
} weir_barrier;

/* Arrives, and waits until all have.
 *
 * Returns 1 for exactly one task of each round, the leader, and 0 for the others; WEIR_ECANCELED,
 * WEIR_EDEADLINE (a scope's): its arrival was taken back, the others still need one more;
 * WEIR_EINVAL: `parties` is 0; WEIR_ENOTTASK: the round is not complete, and the caller is no task.
 * A cancellation point when it has to wait.  From a task of `io`. */
int weir_barrier_wait(weir_io *io, weir_barrier *barrier);

/* Arrives and waits until `deadline` (WEIR_EDEADLINE: the arrival was taken back); a deadline in
 * the past only completes a round that lacks this one.  Otherwise as weir_barrier_wait. */
int weir_barrier_wait_until(weir_io *io, weir_barrier *barrier, weir_deadline deadline);

/* Fills an op that arrives when it is started, and whose result is that of weir_barrier_wait; for
 * weir_select or a queue.  Withdrawn, it takes its arrival back. */
void weir_barrier_op(weir_op *op, weir_barrier *barrier);

#ifdef __cplusplus
}
#endif
#endif
