/* SPDX-License-Identifier: MIT
 *
 * A semaphore: a number of permits, taken and given back one or several at a time.
 *
 * For the tasks of one engine; other threads go through weir_outside_run (io/outside.h).  Who waits
 * is served in the order of arrival, and permits that are given back are handed over to it: a large
 * request at the head is not starved by small ones behind it or by who comes later.  The memory is
 * the caller's and needs no end; it must not move while somebody waits.
 */
#ifndef WEIR_SYNC_SEMAPHORE_H
#define WEIR_SYNC_SEMAPHORE_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/io/io.h>
#include <weir/io/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The zero value has no permits.  Invariants: semaphore.c. */
typedef struct weir_semaphore {
    uint64_t state; /* atomic: the free permits, plus WEIR_SEMAPHORE_WAITERS */
    uint32_t lock;  /* guards `waiting`, and `state` while there are waiters */
    uint32_t reserved;
    weir_wait_list waiting;
} weir_semaphore;

/* weir_semaphore.state: somebody is in the list. */
#define WEIR_SEMAPHORE_WAITERS (UINT64_C(1) << 32)

/* A semaphore with `permits_` free, for `weir_semaphore s = WEIR_SEMAPHORE_INIT(4);`. */
#define WEIR_SEMAPHORE_INIT(permits_) \
    {                                 \
        (permits_), 0, 0,             \
        {                             \
            0, 0                      \
        }                             \
    }

/* Prepares a semaphore with `permits` free.  Never waits. */
static inline void weir_semaphore_init(weir_semaphore *semaphore, uint32_t permits)
{
    weir_semaphore fresh = WEIR_SEMAPHORE_INIT(permits);
    *semaphore = fresh;
}

/* The rest of the calls below, when a load and a swap are not enough. */
int weir_semaphore_acquire_slowly(weir_io *io, weir_semaphore *semaphore, uint32_t n,
                                  weir_deadline deadline);
int weir_semaphore_release_slowly(weir_io *io, weir_semaphore *semaphore, uint32_t n);

/* Takes `n` permits if they are free and nobody waits; 0 takes nothing and succeeds.
 * Returns whether it did.  From a task of `io`; never waits. */
static inline bool weir_semaphore_try(weir_io *io, weir_semaphore *semaphore, uint32_t n)
{
    uint64_t state = __atomic_load_n(&semaphore->state, __ATOMIC_RELAXED);
    if (n == 0) return true;
    do {
        if (state >= WEIR_SEMAPHORE_WAITERS || state < n) return false;
        if (io->one_thread) {
            semaphore->state = state - n;
            return true;
        }
        /* Acquire pairs with the release in weir_semaphore_release. */
    } while (!__atomic_compare_exchange_n(&semaphore->state, &state, state - n, true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

/* Takes `n` permits, waiting until all of them are free and everybody who came before is served;
 * 0 takes nothing and succeeds.  A request for more permits than ever come waits for ever, and all
 * behind it.
 *
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE (a scope's): none was taken.
 * A cancellation point when it has to wait.  From a task of `io`. */
static inline int weir_semaphore_acquire(weir_io *io, weir_semaphore *semaphore, uint32_t n)
{
    if (weir_semaphore_try(io, semaphore, n)) return 0;
    return weir_semaphore_acquire_slowly(io, semaphore, n, weir_never());
}

/* Takes `n` permits, waiting until `deadline`; one that has passed only looks.
 * Otherwise as weir_semaphore_acquire. */
static inline int weir_semaphore_acquire_until(weir_io *io, weir_semaphore *semaphore, uint32_t n,
                                               weir_deadline deadline)
{
    if (weir_semaphore_try(io, semaphore, n)) return 0;
    return weir_semaphore_acquire_slowly(io, semaphore, n, deadline);
}

/* Takes `n` permits; requests to stop and scopes stay pending meanwhile.
 * Returns 0; WEIR_ENOTTASK: none was taken.  Not a cancellation point.  From a task of `io`. */
int weir_semaphore_acquire_uncancelable(weir_io *io, weir_semaphore *semaphore, uint32_t n);

/* Gives `n` permits back, or adds new ones, and hands them to who waits.
 * Returns 0; WEIR_EOVERFLOW: more than UINT32_MAX would be free, nothing changes.
 * From any task of `io`; never waits. */
static inline int weir_semaphore_release(weir_io *io, weir_semaphore *semaphore, uint32_t n)
{
    uint64_t state = __atomic_load_n(&semaphore->state, __ATOMIC_RELAXED);
    do {
        if (state + n >= WEIR_SEMAPHORE_WAITERS)
            return weir_semaphore_release_slowly(io, semaphore, n);
        if (io->one_thread) {
            semaphore->state = state + n;
            return 0;
        }
        /* Release pairs with the acquire of who takes the permits. */
    } while (!__atomic_compare_exchange_n(&semaphore->state, &state, state + n, true,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    return 0;
}

/* How many permits are free now.  From any task of `io`; never waits. */
static inline uint32_t weir_semaphore_available(const weir_semaphore *semaphore)
{
    return (uint32_t)__atomic_load_n(&semaphore->state, __ATOMIC_RELAXED);
}

/* Removes up to `n` free permits for good.
 * Returns how many were removed.  From any task of `io`; never waits. */
uint32_t weir_semaphore_forget(weir_io *io, weir_semaphore *semaphore, uint32_t n);

/* Fills an op that completes with 0 when the task has `n` permits, for weir_select or a queue.
 * A result of 0 means that they were taken, also when another op won. */
void weir_semaphore_op(weir_op *op, weir_semaphore *semaphore, uint32_t n);

#ifdef __cplusplus
}
#endif
#endif
