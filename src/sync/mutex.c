/* SPDX-License-Identifier: MIT
 *
 * The mutex: what happens when it is not simply free or simply held.
 *
 * Actors: the holder, tasks that try, tasks in the list.  On several threads unlocking does not
 * hand the mutex over: it frees it and wakes the first of the list to try again, so that a critical
 * section need not wait until another worker has got up.  Who was woken several times in vain is
 * handed the mutex by the next unlock.  On one thread it is always handed over, since nobody else
 * can run in between.
 *
 * Invariant: WAITERS is set while the list is not empty, and changes with it under `lock`.  While
 * somebody is in the list, the mutex is held, or one task is WOKEN and will try: whoever clears
 * WOKEN without taking the mutex, because it gave up or lies down again, leaves a held mutex behind
 * or wakes the next.
 */
#include <weir/sync/mutex.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>

enum {
    SPINS = 24, /* looks at a held mutex before lying down */
    TRIES = 3,  /* how often one is woken in vain */
};

/* How often the op's task was woken in vain; TRIES: it wants the mutex handed over. */
static uint64_t tries_of(const weir_op *op)
{
    return op->args.wait.value.count;
}

static uint32_t state_of(const weir_mutex *mutex)
{
    return __atomic_load_n(&mutex->state, __ATOMIC_RELAXED);
}

static bool swap(weir_mutex *mutex, uint32_t *state, uint32_t next)
{
    /* Acquire pairs with the release of the former holder, also where the swap releases. */
    return __atomic_compare_exchange_n(&mutex->state, state, next, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static void own(weir_io *io, weir_mutex *mutex)
{
    if (io->debug) __atomic_store_n(&mutex->owner, io->table->self(io), __ATOMIC_RELAXED);
}

/* Takes a free mutex, clearing the bits `done`.  False: it is held. */
static bool take_free(weir_mutex *mutex, uint32_t done)
{
    uint32_t state = state_of(mutex);
    while (!(state & WEIR_MUTEX_HELD))
        if (swap(mutex, &state, (state | WEIR_MUTEX_HELD) & ~done)) return true;
    return false;
}

static bool start_waiting(weir_io *io, weir_op *op)
{
    weir_mutex *mutex = op->args.wait.object;
    uint64_t tries = tries_of(op);
    uint32_t woken = tries > 0 && tries <= TRIES ? WEIR_MUTEX_WOKEN : 0;
    weir_wait_lock(io, &mutex->lock);
    uint32_t state = state_of(mutex), next;
    do {
        next = (state & WEIR_MUTEX_HELD ? state | WEIR_MUTEX_WAITERS : state | WEIR_MUTEX_HELD) &
               ~woken;
    } while (!swap(mutex, &state, next));
    bool waits = state & WEIR_MUTEX_HELD;
    if (waits && woken) weir_wait_list_prepend(&mutex->waiting, op);
    if (waits && !woken) weir_wait_list_append(&mutex->waiting, op);
    if (!waits) op->result = 0;
    weir_wait_unlock(io, &mutex->lock);
    return waits;
}

/* Takes the first op out of the list and keeps WAITERS true.  With the lock held. */
static weir_op *take_waiter(weir_mutex *mutex)
{
    weir_op *op = weir_wait_list_take(&mutex->waiting);
    if (!mutex->waiting.first)
        __atomic_fetch_and(&mutex->state, ~(uint32_t)WEIR_MUTEX_WAITERS, __ATOMIC_RELAXED);
    return op;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    weir_mutex *mutex = op->args.wait.object;
    weir_wait_lock(io, &mutex->lock);
    bool waits = weir_wait_list_withdraw(&mutex->waiting, op);
    if (waits && !mutex->waiting.first)
        __atomic_fetch_and(&mutex->state, ~(uint32_t)WEIR_MUTEX_WAITERS, __ATOMIC_RELAXED);
    weir_wait_unlock(io, &mutex->lock);
    return waits;
}

static const weir_wait_kind kind = {"mutex", start_waiting, stop_waiting};

void weir_mutex_op(weir_op *op, weir_mutex *mutex)
{
    weir_wait_op(op, &kind, mutex, NULL);
    op->args.wait.value.count = TRIES + 1;
}

/* Who was woken to try gives up: somebody else must be woken if the mutex is free. */
static void pass_on(weir_io *io, weir_mutex *mutex)
{
    weir_op *op = NULL;
    weir_wait_lock(io, &mutex->lock);
    uint32_t state =
        __atomic_fetch_and(&mutex->state, ~(uint32_t)WEIR_MUTEX_WOKEN, __ATOMIC_RELAXED);
    bool wakes = !(state & WEIR_MUTEX_HELD) && mutex->waiting.first;
    bool wants = wakes && tries_of(mutex->waiting.first) > TRIES;
    /* One that wants it handed over can be given it only if nobody takes it first. */
    if (wants) wakes = take_free(mutex, 0);
    if (wakes) op = take_waiter(mutex);
    if (wakes && !wants) __atomic_fetch_or(&mutex->state, WEIR_MUTEX_WOKEN, __ATOMIC_RELAXED);
    weir_wait_unlock(io, &mutex->lock);
    if (op) weir_wait_complete(op, wants ? 0 : WEIR_EAGAIN);
}

static void relax(void)
{
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
}

static int lock(weir_io *io, weir_mutex *mutex, weir_deadline deadline)
{
    if (!io->one_thread)
        for (int i = 0; i < SPINS; i++) {
            if (!(state_of(mutex) & WEIR_MUTEX_HELD) && take_free(mutex, 0)) return 0;
            relax();
        }
    for (uint64_t tries = 0;;) {
        weir_op op;
        weir_wait_op(&op, &kind, mutex, NULL);
        op.args.wait.value.count = tries;
        weir_op_set_deadline(&op, deadline);
        int64_t result = weir_do(io, &op);
        if (result != WEIR_EAGAIN) {
            if (result < 0 && tries > 0) pass_on(io, mutex);
            return (int)result;
        }
        if (take_free(mutex, WEIR_MUTEX_WOKEN)) return 0;
        if (tries < TRIES) tries++;
    }
}

int weir_mutex_lock_slowly(weir_io *io, weir_mutex *mutex, weir_deadline deadline)
{
    const void *owner = io->debug ? __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) : NULL;
    if (owner && owner == io->table->self(io)) return WEIR_EDEADLK;
    int error = lock(io, mutex, deadline);
    if (!error) own(io, mutex);
    return error;
}

bool weir_mutex_try_slowly(weir_io *io, weir_mutex *mutex)
{
    uint32_t unlocked = 0;
    bool taken = swap(mutex, &unlocked, WEIR_MUTEX_HELD);
    if (taken) own(io, mutex);
    return taken;
}

int weir_mutex_lock_uncancelable(weir_io *io, weir_mutex *mutex)
{
    if (weir_mutex_try(io, mutex)) return 0;
    weir_scope shield;
    weir_shield(io, &shield);
    int error = weir_mutex_lock_slowly(io, mutex, weir_never());
    weir_scope_leave(io, &shield);
    return error;
}

/* Gives a held mutex to the first of the list, or frees it for that one to try.  NULL: the list has
 * emptied meanwhile, and the mutex is still held. */
static weir_op *wake_first(weir_io *io, weir_mutex *mutex, bool *hands_over)
{
    weir_wait_lock(io, &mutex->lock);
    weir_op *op = mutex->waiting.first;
    *hands_over = op && (io->one_thread || tries_of(op) >= TRIES);
    if (op) take_waiter(mutex);
    if (op && !*hands_over) {
        __atomic_fetch_or(&mutex->state, WEIR_MUTEX_WOKEN, __ATOMIC_RELAXED);
        /* Pairs with the acquire of the next holder. */
        __atomic_fetch_and(&mutex->state, ~(uint32_t)WEIR_MUTEX_HELD, __ATOMIC_RELEASE);
    }
    weir_wait_unlock(io, &mutex->lock);
    return op;
}

int weir_mutex_unlock_slowly(weir_io *io, weir_mutex *mutex)
{
    uint32_t state = state_of(mutex);
    if (!(state & WEIR_MUTEX_HELD)) return WEIR_EOWNER;
    if (io->debug) {
        /* NULL: it was taken by an op of a queue, for whichever task. */
        const void *owner = __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED);
        if (owner && owner != io->table->self(io)) return WEIR_EOWNER;
        __atomic_store_n(&mutex->owner, NULL, __ATOMIC_RELAXED);
    }
    weir_op *op = NULL;
    bool hands_over = false;
    do {
        /* Nobody waits, or one is on its way already.  Freeing it is then the last access. */
        while (state & WEIR_MUTEX_WOKEN || !(state & WEIR_MUTEX_WAITERS))
            if (swap(mutex, &state, state & ~(uint32_t)WEIR_MUTEX_HELD)) return 0;
        op = wake_first(io, mutex, &hands_over);
        state = state_of(mutex);
    } while (!op);
    weir_wait_complete(op, hands_over ? 0 : WEIR_EAGAIN);
    return 0;
}
