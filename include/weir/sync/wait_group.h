/* SPDX-License-Identifier: MIT
 *
 * A counter of work in flight, and waiting until it is zero.
 *
 * Counts whatever the program says; tasks that are to be awaited and canceled together are in a
 * weir_group (io/group.h).  For the tasks of one engine; other threads go through weir_outside_run
 * (io/outside.h).  The memory is the caller's and needs no end: it may go as soon as all calls that
 * wait for it have returned, also while the last weir_wait_group_done has not.
 */
#ifndef WEIR_SYNC_WAIT_GROUP_H
#define WEIR_SYNC_WAIT_GROUP_H

#include <stdint.h>

#include <weir/io/io.h>
#include <weir/io/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The zero value counts 0: `weir_wait_group group = {0};`.
 * Invariant: `lock` guards all; while the count is 0 nobody is in the list. */
typedef struct weir_wait_group {
    uint32_t lock;
    uint32_t reserved;
    int64_t count; /* atomic, written under the lock; never negative */
    weir_wait_list waiting;
} weir_wait_group;

/* Adds `n`, which may be negative, to the count; at 0 lets all go on who wait.
 * Returns 0; WEIR_EOVERFLOW: the count would be negative or too large; it is unchanged.
 * From a task of `io`; never waits. */
int weir_wait_group_add(weir_io *io, weir_wait_group *group, int64_t n);

/* Takes 1 from the count.  As weir_wait_group_add. */
int weir_wait_group_done(weir_io *io, weir_wait_group *group);

/* The count at this moment.  A look, as weir_event_is_set (event.h).  From any thread. */
static inline int64_t weir_wait_group_count(const weir_wait_group *group)
{
    /* Pairs with the release store in weir_wait_group_add. */
    return __atomic_load_n(&group->count, __ATOMIC_ACQUIRE);
}

/* Waits until the count is 0.
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE (a scope's); WEIR_ENOTTASK: it is not 0, and the caller
 * is no task.  A cancellation point when it has to wait.  From a task of `io`. */
int weir_wait_group_wait(weir_io *io, weir_wait_group *group);

/* Waits until the count is 0 or `deadline` has passed (WEIR_EDEADLINE); a deadline in the past only
 * looks.  Otherwise as weir_wait_group_wait. */
int weir_wait_group_wait_until(weir_io *io, weir_wait_group *group, weir_deadline deadline);

/* Fills an op that completes with 0 when the count is 0, for weir_select or a queue. */
void weir_wait_group_op(weir_op *op, weir_wait_group *group);

#ifdef __cplusplus
}
#endif
#endif
