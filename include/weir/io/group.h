/* SPDX-License-Identifier: MIT
 *
 * Groups: an unordered set of tasks that is awaited and canceled as one.
 *
 * A server keeps one group for ever: what a member held is freed when that member ends.  No task
 * outlives its group: the owner calls weir_group_wait or weir_group_cancel before the group's
 * memory goes.  Results of members are not kept; let members put them where their argument points.
 */
#ifndef WEIR_IO_GROUP_H
#define WEIR_IO_GROUP_H

#include <stdint.h>

#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Invariant: `lock` guards all; the last touch of an ending member is the release of the lock. */
typedef struct weir_group {
    uint32_t lock;
    uint32_t canceled; /* weir_group_cancel is under way: new members are asked to stop at once */
    uint64_t count;    /* members that have not ended */
    void *members;     /* their records, a list */
    weir_op *waiter;   /* the GROUP_WAIT that waits, or NULL */
} weir_group;

/* The empty group, for `weir_group group = WEIR_GROUP_INIT;`.  All zero. */
#define WEIR_GROUP_INIT \
    {                   \
        0, 0, 0, 0, 0   \
    }

/* Starts a member that may run concurrently; runs it in place when no independent task can be had.
 * Never fails.  Not a cancellation point.  From any task of `io`, members included. */
void weir_group_async_at(weir_io *io, weir_group *group, weir_task_fn *run, void *argument,
                         const char *place);
#define weir_group_async(io, group, run, argument) \
    weir_group_async_at(io, group, run, argument, WEIR_PLACE)

/* Starts a member as a task of its own, or fails.  `options` may be NULL.
 * Returns 0, WEIR_ECONCURRENCY or WEIR_ENOMEM (nothing was started).
 * Not a cancellation point.  From any task of `io`, members included. */
int weir_group_concurrent_at(weir_io *io, weir_group *group, weir_task_fn *run, void *argument,
                             const weir_task_options *options, const char *place);
#define weir_group_concurrent(io, group, run, argument, options) \
    weir_group_concurrent_at(io, group, run, argument, options, WEIR_PLACE)

/* Waits until all members have ended.  The group can be used again then.
 *
 * Returns 0; WEIR_ECANCELED or WEIR_EDEADLINE when the waiter was asked to stop or its scope
 * expired: the members have been asked to stop and have ended before the return. A cancellation
 * point.  From one task at a time, no member. */
int weir_group_wait(weir_io *io, weir_group *group);

/* Asks all members to stop and waits until they have ended.  Idempotent.  Not a cancellation point.
 * From one task at a time, no member. */
void weir_group_cancel(weir_io *io, weir_group *group);

/* Asks all present members to stop and does not wait.  From any thread while the group is alive. */
void weir_group_cancel_request(weir_io *io, weir_group *group);

/* How many members have not ended.  From any thread. */
uint64_t weir_group_count(weir_group *group);

#ifdef __cplusplus
}
#endif
#endif
