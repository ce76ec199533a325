/* SPDX-License-Identifier: MIT
 *
 * The readers-writer lock: one list for readers and writers, served from its head.
 *
 * While nobody waits, `state` counts the holders and changes by swaps.  The first who has to wait
 * sets WAITERS, under the lock; from then on the quick ways fail, and who holds the lock owns the
 * state.
 *
 * Invariant: WAITERS is set exactly while the list is not empty, and then its first op cannot be
 * admitted beside the present holders.  Whoever changes one of them (a holder that leaves, a waiter
 * that goes) serves the list from its head under the same lock.
 *
 * Who unlocks may see the lock's memory freed by the next holder: so while nobody waits the swap is
 * the last access, never one under the lock; and with waiters the lock is let go before any of them
 * is completed.
 */
#include <weir/sync/rwlock.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>

#include "sync/grant.h"

static uint32_t state_of(const weir_rwlock *lock)
{
    return __atomic_load_n(&lock->state, __ATOMIC_RELAXED);
}

static bool swap(weir_rwlock *lock, uint32_t *state, uint32_t next)
{
    /* Acquire and release pair with each other, over tasks that hold the lock in turn. */
    return __atomic_compare_exchange_n(&lock->state, state, next, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

/* Whether one more may hold the lock beside the present holders.  Waiters do not count. */
static bool admits(uint32_t state, uint64_t share)
{
    uint32_t holders = state & ~(uint32_t)WEIR_RWLOCK_WAITERS;
    if (share == WEIR_RWLOCK_WRITER) return holders == 0;
    return !(holders & WEIR_RWLOCK_WRITER) &&
           holders < (uint32_t)WEIR_RWLOCK_READERS_MAX * WEIR_RWLOCK_READER;
}

/* Whether somebody holds the lock in this way. */
static bool is_held(uint32_t state, uint32_t share)
{
    return share == WEIR_RWLOCK_WRITER ? state & WEIR_RWLOCK_WRITER : state >= WEIR_RWLOCK_READER;
}

/* Admits as many of the list as go together with the holders; those and they become the state.
 * Returns who was admitted.  With the lock held and the state owned. */
static weir_op *grant(weir_rwlock *lock, uint32_t state)
{
    weir_sync_chain chain = {NULL, &chain.first};
    const weir_op *op;
    state &= ~(uint32_t)WEIR_RWLOCK_WAITERS;
    while ((op = lock->waiting.first) && admits(state, op->args.wait.value.count)) {
        state += (uint32_t)op->args.wait.value.count;
        weir_sync_chain_take(&chain, &lock->waiting);
    }
    /* Pairs with the acquire of who takes it without the lock. */
    __atomic_store_n(&lock->state, state | (op ? WEIR_RWLOCK_WAITERS : 0), __ATOMIC_RELEASE);
    return chain.first;
}

static bool start_waiting(weir_io *io, weir_op *op)
{
    weir_rwlock *lock = op->args.wait.object;
    const uint32_t share = (uint32_t)op->args.wait.value.count;
    op->result = 0;
    weir_wait_lock(io, &lock->lock);
    uint32_t state = state_of(lock);
    bool waits;
    do {
        waits = state & WEIR_RWLOCK_WAITERS || !admits(state, share);
    } while (!swap(lock, &state, waits ? state | WEIR_RWLOCK_WAITERS : state + share));
    if (waits) weir_wait_list_append(&lock->waiting, op);
    weir_wait_unlock(io, &lock->lock);
    return waits;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    weir_rwlock *lock = op->args.wait.object;
    weir_op *admitted = NULL;
    weir_wait_lock(io, &lock->lock);
    bool waits = weir_wait_list_withdraw(&lock->waiting, op);
    /* It may have been a writer that held readers off. */
    if (waits) admitted = grant(lock, state_of(lock));
    weir_wait_unlock(io, &lock->lock);
    weir_wait_complete_all(admitted, 0);
    return waits;
}

static const weir_wait_kind writing = {"rwlock", start_waiting, stop_waiting};
static const weir_wait_kind reading = {"rwlock shared", start_waiting, stop_waiting};

static void fill(weir_op *op, weir_rwlock *lock, uint32_t share)
{
    weir_wait_op(op, share == WEIR_RWLOCK_WRITER ? &writing : &reading, lock, NULL);
    op->args.wait.value.count = share;
}

void weir_rwlock_op(weir_op *op, weir_rwlock *lock)
{
    fill(op, lock, WEIR_RWLOCK_WRITER);
}

void weir_rwlock_shared_op(weir_op *op, weir_rwlock *lock)
{
    fill(op, lock, WEIR_RWLOCK_READER);
}

static bool try_share(weir_io *io, weir_rwlock *lock, uint32_t share)
{
    return share == WEIR_RWLOCK_WRITER ? weir_rwlock_try(io, lock)
                                       : weir_rwlock_try_shared(io, lock);
}

int weir_rwlock_lock_slowly(weir_io *io, weir_rwlock *lock, uint32_t share, weir_deadline deadline)
{
    /* A holder on another thread may leave soon; not if others wait. */
    for (int i = io->one_thread ? WEIR_SYNC_LOOKS : 0; i < WEIR_SYNC_LOOKS; i++) {
        uint32_t state = state_of(lock);
        if (state & WEIR_RWLOCK_WAITERS) break;
        if (admits(state, share) && try_share(io, lock, share)) return 0;
        weir_sync_relax();
    }
    weir_op op;
    fill(&op, lock, share);
    weir_op_set_deadline(&op, deadline);
    return (int)weir_do(io, &op);
}

static int lock_shielded(weir_io *io, weir_rwlock *lock, uint32_t share)
{
    if (try_share(io, lock, share)) return 0;
    weir_scope shield;
    weir_shield(io, &shield);
    int error = weir_rwlock_lock_slowly(io, lock, share, weir_never());
    weir_scope_leave(io, &shield);
    return error;
}

int weir_rwlock_lock_uncancelable(weir_io *io, weir_rwlock *lock)
{
    return lock_shielded(io, lock, WEIR_RWLOCK_WRITER);
}

int weir_rwlock_lock_shared_uncancelable(weir_io *io, weir_rwlock *lock)
{
    return lock_shielded(io, lock, WEIR_RWLOCK_READER);
}

int weir_rwlock_unlock_slowly(weir_io *io, weir_rwlock *lock, uint32_t share)
{
    for (;;) {
        uint32_t state = state_of(lock);
        while (!(state & WEIR_RWLOCK_WAITERS)) {
            if (!is_held(state, share)) return WEIR_EOWNER;
            if (swap(lock, &state, state - share)) return 0;
        }
        weir_wait_lock(io, &lock->lock);
        if (state_of(lock) & WEIR_RWLOCK_WAITERS) break;
        /* They have gone meanwhile. */
        weir_wait_unlock(io, &lock->lock);
    }
    weir_op *admitted = NULL;
    uint32_t state = state_of(lock);
    bool held = is_held(state, share);
    if (held) admitted = grant(lock, state - share);
    weir_wait_unlock(io, &lock->lock);
    weir_wait_complete_all(admitted, 0);
    return held ? 0 : WEIR_EOWNER;
}
