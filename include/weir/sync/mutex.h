/* SPDX-License-Identifier: MIT
 *
 * A mutex between tasks: held by one at a time, also across operations that wait.
 *
 * For the tasks of one engine; other threads go through weir_outside_run (io/outside.h).  Waiters
 * are served roughly in the order of arrival: a running task may take a free mutex before one that
 * was woken for it, but nobody is passed over more than a few times.  The memory is the caller's
 * and needs no end; it must not move while it is held or waited for.
 */
#ifndef WEIR_SYNC_MUTEX_H
#define WEIR_SYNC_MUTEX_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/io/io.h>
#include <weir/io/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The zero value is free: `weir_mutex mutex = {0};`.  Invariants: mutex.c. */
typedef struct weir_mutex {
    uint32_t state; /* atomic: WEIR_MUTEX_… */
    uint32_t lock;  /* guards `waiting` */
    weir_wait_list waiting;
    const void *owner; /* the holding task, on engines with the option `debug` */
} weir_mutex;

/* weir_mutex.state; 0 is free with nobody waiting. */
enum {
    WEIR_MUTEX_HELD = 1,
    WEIR_MUTEX_WAITERS = 2, /* somebody is in the list */
    WEIR_MUTEX_WOKEN = 4,   /* somebody was taken out of the list to try again, and has not yet */
};

/* The rest of the calls below, when a load and a swap are not enough. */
int weir_mutex_lock_slowly(weir_io *io, weir_mutex *mutex, weir_deadline deadline);
int weir_mutex_unlock_slowly(weir_io *io, weir_mutex *mutex);
bool weir_mutex_try_slowly(weir_io *io, weir_mutex *mutex);

/* Takes the mutex if it is free.  Returns whether it was.  From a task of `io`; never waits. */
static inline bool weir_mutex_try(weir_io *io, weir_mutex *mutex)
{
    if (__builtin_expect(io->debug != NULL, 0)) return weir_mutex_try_slowly(io, mutex);
    uint32_t unlocked = 0;
    if (io->one_thread) {
        if (mutex->state != 0) return false;
        mutex->state = WEIR_MUTEX_HELD;
        return true;
    }
    /* Pairs with the release in weir_mutex_unlock. */
    return __atomic_compare_exchange_n(&mutex->state, &unlocked, WEIR_MUTEX_HELD, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Takes the mutex, waiting until it is free.
 *
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE (a scope's): it is not held; WEIR_EDEADLK: the caller
 * holds it already (noticed on engines with the option `debug`; else it waits for ever).
 * A cancellation point when it has to wait.  From a task of `io`. */
static inline int weir_mutex_lock(weir_io *io, weir_mutex *mutex)
{
    return weir_mutex_try(io, mutex) ? 0 : weir_mutex_lock_slowly(io, mutex, weir_never());
}

/* Takes the mutex, waiting until `deadline`.  Otherwise as weir_mutex_lock. */
static inline int weir_mutex_lock_until(weir_io *io, weir_mutex *mutex, weir_deadline deadline)
{
    return weir_mutex_try(io, mutex) ? 0 : weir_mutex_lock_slowly(io, mutex, deadline);
}

/* Takes the mutex; requests to stop and scopes stay pending meanwhile.
 * Returns 0, or WEIR_EDEADLK as weir_mutex_lock.  Not a cancellation point.  From a task of `io`.
 */
int weir_mutex_lock_uncancelable(weir_io *io, weir_mutex *mutex);

/* Frees the mutex, or hands it to who waits.
 * Returns 0; WEIR_EOWNER: it is not held (nothing changes), or, on engines with the option `debug`,
 * held by another task.  From the task that holds it; never waits. */
static inline int weir_mutex_unlock(weir_io *io, weir_mutex *mutex)
{
    uint32_t held = WEIR_MUTEX_HELD;
    if (__builtin_expect(io->debug != NULL, 0)) return weir_mutex_unlock_slowly(io, mutex);
    if (io->one_thread) {
        if (mutex->state != WEIR_MUTEX_HELD) return weir_mutex_unlock_slowly(io, mutex);
        mutex->state = 0;
        return 0;
    }
    /* Pairs with the acquire in weir_mutex_try. */
    if (__atomic_compare_exchange_n(&mutex->state, &held, 0, false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED))
        return 0;
    return weir_mutex_unlock_slowly(io, mutex);
}

/* Fills an op that completes with 0 when the task holds the mutex, for weir_select or a queue. */
void weir_mutex_op(weir_op *op, weir_mutex *mutex);

/* A lock that ends with the block it is declared in:
 *
 *      __attribute__((cleanup(weir_mutex_guard_end))) weir_mutex_guard guard = {io, &mutex};
 *      int error = weir_mutex_guard_lock(&guard);
 */
typedef struct weir_mutex_guard {
    weir_io *io;
    weir_mutex *mutex; /* NULL: not held, nothing is to be done at the end */
} weir_mutex_guard;

/* As weir_mutex_lock; if it fails the guard's end does nothing. */
static inline int weir_mutex_guard_lock(weir_mutex_guard *guard)
{
    int error = weir_mutex_lock(guard->io, guard->mutex);
    if (error) guard->mutex = NULL;
    return error;
}

/* Unlocks what the guard holds. */
static inline void weir_mutex_guard_end(weir_mutex_guard *guard)
{
    if (guard->mutex) weir_mutex_unlock(guard->io, guard->mutex);
    guard->mutex = NULL;
}

#ifdef __cplusplus
}
#endif
#endif
