/* SPDX-License-Identifier: MIT
 *
 * A condition: tasks that hold a mutex wait until another changes what it guards, and says so.
 *
 *      weir_mutex_lock(io, &m);
 *      while (!ready && !error) error = weir_condition_wait(io, &c, &m);
 *      …
 *      weir_mutex_unlock(io, &m);
 *
 * Look again after each wait: between the signal and the return another task may have had the
 * mutex, and returns without a signal are allowed.  For the tasks of one engine; other threads go
 * through weir_outside_run (io/outside.h).  The memory is the caller's and needs no end; it must
 * not move while somebody waits.
 */
#ifndef WEIR_SYNC_CONDITION_H
#define WEIR_SYNC_CONDITION_H

#include <stdint.h>

#include <weir/io/io.h>
#include <weir/io/wait.h>
#include <weir/sync/mutex.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The zero value has no waiters: `weir_condition condition = {0};`.  Invariants: condition.c. */
typedef struct weir_condition {
    uint32_t waiters; /* atomic: how many are in the list */
    uint32_t lock;    /* guards both */
    weir_wait_list waiting;
} weir_condition;

/* The rest of weir_condition_signal and weir_condition_broadcast, when somebody waits. */
void weir_condition_signal_slowly(weir_io *io, weir_condition *condition);
void weir_condition_broadcast_slowly(weir_io *io, weir_condition *condition);

/* Lets the mutex go and waits for a signal, as one step against whoever signals with the mutex
 * held; takes the mutex again, which nothing interrupts, before it returns with whatever result.
 *
 * Returns 0: a signal came; WEIR_ECANCELED, WEIR_EDEADLINE (a scope's): none was taken, another
 * waiter gets it; WEIR_EOWNER: the mutex is not held (nothing happens).
 * A cancellation point.  From a task of `io` that holds the mutex. */
int weir_condition_wait(weir_io *io, weir_condition *condition, weir_mutex *mutex);

/* The same, waiting until `deadline`: WEIR_EDEADLINE then, at once when it has passed. */
int weir_condition_wait_until(weir_io *io, weir_condition *condition, weir_mutex *mutex,
                              weir_deadline deadline);

/* The same; requests to stop and scopes stay pending meanwhile.
 * Returns 0, WEIR_EOWNER, WEIR_ENOTTASK.  Not a cancellation point. */
int weir_condition_wait_uncancelable(weir_io *io, weir_condition *condition, weir_mutex *mutex);

/* Ends the wait of the task that has waited longest; without one it does nothing and is forgotten.
 * The mutex need not be held; who does not hold it may signal before a task that has just looked
 * begins to wait.  From a task of `io`; never waits. */
static inline void weir_condition_signal(weir_io *io, weir_condition *condition)
{
    /* Who let the mutex go to wait is counted before it did, so whoever had the mutex after it
     * sees the count. */
    if (__atomic_load_n(&condition->waiters, __ATOMIC_RELAXED) != 0)
        weir_condition_signal_slowly(io, condition);
}

/* Ends the wait of all tasks that wait now.  Otherwise as weir_condition_signal. */
static inline void weir_condition_broadcast(weir_io *io, weir_condition *condition)
{
    if (__atomic_load_n(&condition->waiters, __ATOMIC_RELAXED) != 0)
        weir_condition_broadcast_slowly(io, condition);
}

#ifdef __cplusplus
}
#endif
#endif
