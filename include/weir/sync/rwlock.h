/* SPDX-License-Identifier: MIT
 *
 * A readers-writer lock between tasks: held by many readers (shared) or by one writer.
 *
 * For the tasks of one engine; other threads go through weir_outside_run (io/outside.h).  Waiters
 * are served in the order of arrival, readers next to each other together, and who waits holds
 * off who comes later: a waiting writer lets no new reader in, and readers that came before the
 * next writer get their turn before it.  So a task that holds the lock shared and takes it shared
 * once more can wait for itself, when a writer came in between; and a shared hold cannot be turned
 * into an exclusive one.  The memory is the caller's and needs no end; it must not move while the
 * lock is held or waited for.
 */
#ifndef WEIR_SYNC_RWLOCK_H
#define WEIR_SYNC_RWLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/io/io.h>
#include <weir/io/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The zero value is free: `weir_rwlock lock = {0};`.  Invariants: rwlock.c. */
typedef struct weir_rwlock {
    uint32_t state; /* atomic: WEIR_RWLOCK_… */
    uint32_t lock;  /* guards `waiting`, and `state` while there are waiters */
    weir_wait_list waiting;
} weir_rwlock;

/* weir_rwlock.state; 0 is free with nobody waiting. */
enum {
    WEIR_RWLOCK_WAITERS = 1, /* somebody is in the list */
    WEIR_RWLOCK_WRITER = 2,
    WEIR_RWLOCK_READER = 4,               /* each of the readers */
    WEIR_RWLOCK_READERS_MAX = 0x3fffffff, /* a reader that finds so many waits until one leaves */
};

/* The rest of the calls below, when a load and a swap are not enough.  `share` is
 * WEIR_RWLOCK_READER or WEIR_RWLOCK_WRITER. */
int weir_rwlock_lock_slowly(weir_io *io, weir_rwlock *lock, uint32_t share, weir_deadline deadline);
int weir_rwlock_unlock_slowly(weir_io *io, weir_rwlock *lock, uint32_t share);

/* The writer ---------------------------------------------------------------------------------- */

/* Takes the lock exclusively if it is free.  Returns whether it was.
 * From a task of `io`; never waits. */
static inline bool weir_rwlock_try(weir_io *io, weir_rwlock *lock)
{
    uint32_t unlocked = 0;
    if (io->one_thread) {
        if (lock->state != 0) return false;
        lock->state = WEIR_RWLOCK_WRITER;
        return true;
    }
    /* Acquire pairs with the release of the last holders. */
    return __atomic_compare_exchange_n(&lock->state, &unlocked, WEIR_RWLOCK_WRITER, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Takes the lock exclusively, waiting until nobody else holds it.
 *
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE (a scope's): it is not held.
 * A cancellation point when it has to wait.  From a task of `io`. */
static inline int weir_rwlock_lock(weir_io *io, weir_rwlock *lock)
{
    if (weir_rwlock_try(io, lock)) return 0;
    return weir_rwlock_lock_slowly(io, lock, WEIR_RWLOCK_WRITER, weir_never());
}

/* Takes the lock exclusively, waiting until `deadline`; one that has passed only looks.
 * Otherwise as weir_rwlock_lock. */
static inline int weir_rwlock_lock_until(weir_io *io, weir_rwlock *lock, weir_deadline deadline)
{
    if (weir_rwlock_try(io, lock)) return 0;
    return weir_rwlock_lock_slowly(io, lock, WEIR_RWLOCK_WRITER, deadline);
}

/* Takes the lock exclusively; requests to stop and scopes stay pending meanwhile.
 * Returns 0; WEIR_ENOTTASK: it is not held.  Not a cancellation point.  From a task of `io`. */
int weir_rwlock_lock_uncancelable(weir_io *io, weir_rwlock *lock);

/* Ends an exclusive hold and hands the lock to who waits.
 * Returns 0; WEIR_EOWNER: it is not held exclusively, nothing changes.
 * From the task that holds it; never waits. */
static inline int weir_rwlock_unlock(weir_io *io, weir_rwlock *lock)
{
    uint32_t held = WEIR_RWLOCK_WRITER;
    if (io->one_thread) {
        if (lock->state != held) return weir_rwlock_unlock_slowly(io, lock, held);
        lock->state = 0;
        return 0;
    }
    /* Release pairs with the acquire of the next holders. */
    if (__atomic_compare_exchange_n(&lock->state, &held, 0, false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED))
        return 0;
    return weir_rwlock_unlock_slowly(io, lock, WEIR_RWLOCK_WRITER);
}

/* Fills an op that completes with 0 when the task holds the lock exclusively, for weir_select or a
 * queue.  A result of 0 means that it is held, also when another op won. */
void weir_rwlock_op(weir_op *op, weir_rwlock *lock);

/* Readers ------------------------------------------------------------------------------------- */

/* Takes the lock shared if no writer holds it and nobody waits.  Returns whether it did.
 * From a task of `io`; never waits. */
static inline bool weir_rwlock_try_shared(weir_io *io, weir_rwlock *lock)
{
    uint32_t state = __atomic_load_n(&lock->state, __ATOMIC_RELAXED);
    do {
        if (state & (WEIR_RWLOCK_WRITER | WEIR_RWLOCK_WAITERS)) return false;
        if (state >= (uint32_t)WEIR_RWLOCK_READERS_MAX * WEIR_RWLOCK_READER) return false;
        if (io->one_thread) {
            lock->state = state + WEIR_RWLOCK_READER;
            return true;
        }
        /* Acquire pairs with the release of the last writer. */
    } while (!__atomic_compare_exchange_n(&lock->state, &state, state + WEIR_RWLOCK_READER, true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

/* Takes the lock shared, waiting until no writer holds it and those who came before are served.
 *
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE (a scope's): it is not held.
 * A cancellation point when it has to wait.  From a task of `io`. */
static inline int weir_rwlock_lock_shared(weir_io *io, weir_rwlock *lock)
{
    if (weir_rwlock_try_shared(io, lock)) return 0;
    return weir_rwlock_lock_slowly(io, lock, WEIR_RWLOCK_READER, weir_never());
}

/* Takes the lock shared, waiting until `deadline`; one that has passed only looks.
 * Otherwise as weir_rwlock_lock_shared. */
static inline int weir_rwlock_lock_shared_until(weir_io *io, weir_rwlock *lock,
                                                weir_deadline deadline)
{
    if (weir_rwlock_try_shared(io, lock)) return 0;
    return weir_rwlock_lock_slowly(io, lock, WEIR_RWLOCK_READER, deadline);
}

/* Takes the lock shared; requests to stop and scopes stay pending meanwhile.
 * Returns 0; WEIR_ENOTTASK: it is not held.  Not a cancellation point.  From a task of `io`. */
int weir_rwlock_lock_shared_uncancelable(weir_io *io, weir_rwlock *lock);

/* Ends a shared hold; the last reader hands the lock to who waits.
 * Returns 0; WEIR_EOWNER: it is not held shared, nothing changes.
 * From a task that holds it; never waits. */
static inline int weir_rwlock_unlock_shared(weir_io *io, weir_rwlock *lock)
{
    uint32_t state = __atomic_load_n(&lock->state, __ATOMIC_RELAXED);
    do {
        if (state & (WEIR_RWLOCK_WRITER | WEIR_RWLOCK_WAITERS) || state < WEIR_RWLOCK_READER)
            return weir_rwlock_unlock_slowly(io, lock, WEIR_RWLOCK_READER);
        if (io->one_thread) {
            lock->state = state - WEIR_RWLOCK_READER;
            return 0;
        }
        /* Release pairs with the acquire of the next writer. */
    } while (!__atomic_compare_exchange_n(&lock->state, &state, state - WEIR_RWLOCK_READER, true,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    return 0;
}

/* Fills an op that completes with 0 when the task holds the lock shared; as weir_rwlock_op. */
void weir_rwlock_shared_op(weir_op *op, weir_rwlock *lock);

#ifdef __cplusplus
}
#endif
#endif
