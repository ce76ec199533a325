/* SPDX-License-Identifier: MIT
 *
 * The semaphore: waiting, handing over, forgetting.
 *
 * While nobody waits, `state` is the number of free permits and changes by swaps.  The first who
 * has to wait sets WAITERS, under the lock; from then on the quick ways fail, and who holds the
 * lock owns the state.
 *
 * Invariant: WAITERS is set exactly while the list is not empty, and then the free permits are
 * fewer than its first op wants.  Whoever changes one of them (release, a waiter that goes) serves
 * the list from its head under the same lock.
 *
 * Who gives permits back may see the semaphore freed by who got them: so while nobody waits the
 * swap is the last access, never one under the lock; and with waiters the lock is let go before
 * any of them is completed.
 */
#include <weir/sync/semaphore.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>

#include "sync/grant.h"

static uint64_t state_of(const weir_semaphore *semaphore)
{
    return __atomic_load_n(&semaphore->state, __ATOMIC_RELAXED);
}

static bool swap(weir_semaphore *semaphore, uint64_t *state, uint64_t next)
{
    /* Acquire and release pair with each other, over tasks that take and give permits. */
    return __atomic_compare_exchange_n(&semaphore->state, state, next, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

/* Takes the lock if there are waiters.  True: they are there, and `state` is the caller's. */
static bool lock_waiters(weir_io *io, weir_semaphore *semaphore)
{
    if (!(state_of(semaphore) & WEIR_SEMAPHORE_WAITERS)) return false;
    weir_wait_lock(io, &semaphore->lock);
    if (state_of(semaphore) & WEIR_SEMAPHORE_WAITERS) return true;
    weir_wait_unlock(io, &semaphore->lock);
    return false;
}

/* Serves the list with the permits that are free; the rest becomes the state.  Returns who was
 * served.  With the lock held and the state owned. */
static weir_op *grant(weir_semaphore *semaphore, uint64_t permits)
{
    weir_sync_chain chain = {NULL, &chain.first};
    const weir_op *op;
    while ((op = semaphore->waiting.first) && op->args.wait.value.count <= permits) {
        permits -= op->args.wait.value.count;
        weir_sync_chain_take(&chain, &semaphore->waiting);
    }
    /* Pairs with the acquire of who takes them without the lock. */
    __atomic_store_n(&semaphore->state, permits | (op ? WEIR_SEMAPHORE_WAITERS : 0),
                     __ATOMIC_RELEASE);
    return chain.first;
}

static bool start_waiting(weir_io *io, weir_op *op)
{
    weir_semaphore *semaphore = op->args.wait.object;
    uint64_t n = op->args.wait.value.count;
    op->result = 0;
    if (n == 0) return false;
    weir_wait_lock(io, &semaphore->lock);
    uint64_t state = state_of(semaphore);
    bool waits;
    do {
        waits = state >= WEIR_SEMAPHORE_WAITERS || state < n;
    } while (!swap(semaphore, &state, waits ? state | WEIR_SEMAPHORE_WAITERS : state - n));
    if (waits) weir_wait_list_append(&semaphore->waiting, op);
    weir_wait_unlock(io, &semaphore->lock);
    return waits;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    weir_semaphore *semaphore = op->args.wait.object;
    weir_op *served = NULL;
    weir_wait_lock(io, &semaphore->lock);
    bool waits = weir_wait_list_withdraw(&semaphore->waiting, op);
    /* It may have been the head, and what is free enough for those behind. */
    if (waits) served = grant(semaphore, (uint32_t)state_of(semaphore));
    weir_wait_unlock(io, &semaphore->lock);
    weir_wait_complete_all(served, 0);
    return waits;
}

static const weir_wait_kind kind = {"semaphore", start_waiting, stop_waiting};

void weir_semaphore_op(weir_op *op, weir_semaphore *semaphore, uint32_t n)
{
    weir_wait_op(op, &kind, semaphore, NULL);
    op->args.wait.value.count = n;
}

int weir_semaphore_acquire_slowly(weir_io *io, weir_semaphore *semaphore, uint32_t n,
                                  weir_deadline deadline)
{
    /* Who holds the permits on another thread may give them back soon; not if others wait. */
    for (int i = io->one_thread ? WEIR_SYNC_LOOKS : 0; i < WEIR_SYNC_LOOKS; i++) {
        if (state_of(semaphore) & WEIR_SEMAPHORE_WAITERS) break;
        if (weir_semaphore_try(io, semaphore, n)) return 0;
        weir_sync_relax();
    }
    weir_op op;
    weir_semaphore_op(&op, semaphore, n);
    weir_op_set_deadline(&op, deadline);
    return (int)weir_do(io, &op);
}

int weir_semaphore_acquire_uncancelable(weir_io *io, weir_semaphore *semaphore, uint32_t n)
{
    if (weir_semaphore_try(io, semaphore, n)) return 0;
    weir_scope shield;
    weir_shield(io, &shield);
    int error = weir_semaphore_acquire_slowly(io, semaphore, n, weir_never());
    weir_scope_leave(io, &shield);
    return error;
}

int weir_semaphore_release_slowly(weir_io *io, weir_semaphore *semaphore, uint32_t n)
{
    while (!lock_waiters(io, semaphore)) {
        uint64_t state = state_of(semaphore);
        while (!(state & WEIR_SEMAPHORE_WAITERS)) {
            if (state + n > UINT32_MAX) return WEIR_EOVERFLOW;
            if (swap(semaphore, &state, state + n)) return 0;
        }
    }
    weir_op *served = NULL;
    uint64_t permits = (uint64_t)(uint32_t)state_of(semaphore) + n;
    bool fits = permits <= UINT32_MAX;
    if (fits) served = grant(semaphore, permits);
    weir_wait_unlock(io, &semaphore->lock);
    weir_wait_complete_all(served, 0);
    return fits ? 0 : WEIR_EOVERFLOW;
}

static uint32_t smaller(uint64_t a, uint32_t b)
{
    return a < b ? (uint32_t)a : b;
}

uint32_t weir_semaphore_forget(weir_io *io, weir_semaphore *semaphore, uint32_t n)
{
    while (!lock_waiters(io, semaphore)) {
        uint64_t state = state_of(semaphore);
        while (!(state & WEIR_SEMAPHORE_WAITERS)) {
            uint32_t gone = smaller(state, n);
            if (swap(semaphore, &state, state - gone)) return gone;
        }
    }
    uint64_t state = state_of(semaphore);
    uint32_t gone = smaller((uint32_t)state, n);
    __atomic_store_n(&semaphore->state, state - gone, __ATOMIC_RELAXED);
    weir_wait_unlock(io, &semaphore->lock);
    return gone;
}
