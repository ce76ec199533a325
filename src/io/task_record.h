/* SPDX-License-Identifier: MIT
 *
 * What every engine keeps of a task: identity, cancel request, scopes, membership.
 *
 * An engine embeds a record in its own control block.  (The members that are copied from a
 * weir_spawn stand in another order here: copied in pairs, as compilers like to, they would be read
 * before the two halves have left the store buffer.)  Actors: the task itself (scopes, check), any
 * thread (the cancel request), the group's members (the list, under the group's lock).
 *
 * Invariant: from weir_task_record_start to weir_task_record_end the record is reachable through
 * its handle or group and `interrupt` may be called on it, always under the lock of that handle or
 * group; after weir_task_record_end no new call can begin.
 */
#ifndef IO_TASK_RECORD_H
#define IO_TASK_RECORD_H

#include <weir/base/error.h>
#include <weir/io/group.h>
#include <weir/io/io.h>

struct weir_task_record {
    weir_io *io;
    uint32_t canceled;      /* atomic: 1 = a request that no operation has reported yet */
    uint32_t shield;        /* shields that the task is in */
    weir_deadline deadline; /* the earliest of the scopes that count; weir_never() */
    weir_task_fn *run;
    void *argument;
    weir_task *task;                   /* the handle, or NULL */
    weir_group *group;                 /* the group, or NULL */
    weir_task_record *next, *previous; /* members of the group; the group's lock guards them */
    const char *name;
};

/* Fills the record and makes it reachable through its handle or group.  Before the task can run. */
void weir_task_record_start(weir_task_record *record, weir_io *io, const weir_spawn *spawn);

/* Publishes the result and wakes who waits for it; the handle or group may be gone afterwards. */
void weir_task_record_end(weir_task_record *record, int result);

/* Takes a pending request: WEIR_ECANCELED, else WEIR_EDEADLINE when `now` has reached the scope's
 * deadline, else 0.  By the task itself, at the begin of each operation and when an operation was
 * interrupted. */
static inline int weir_task_check(weir_task_record *record, weir_instant now)
{
    /* Pairs with the release store in weir_task_record_request: a relaxed look is enough, who
     * asks interrupts a waiting task after the store. */
    if (__builtin_expect(__atomic_load_n(&record->canceled, __ATOMIC_RELAXED) && !record->shield,
                         0)) {
        __atomic_store_n(&record->canceled, 0, __ATOMIC_RELAXED);
        return WEIR_ECANCELED;
    }
    return __builtin_expect(now.ns >= record->deadline.ns, 0) ? WEIR_EDEADLINE : 0;
}

/* Whether a request is pending that the task may see now; does not take it. */
static inline int weir_task_asked(const weir_task_record *record)
{
    return __atomic_load_n(&record->canceled, __ATOMIC_ACQUIRE) && !record->shield;
}

#endif
