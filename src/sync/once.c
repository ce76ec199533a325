/* SPDX-License-Identifier: MIT
 *
 * Values made once: who finds it empty makes it, the others wait for the outcome.
 *
 *      EMPTY ── get_or_init ── BUSY ── success ── SET
 *        └──────────── set ──────│──────────────── ┘
 *                                └─ failure: the first waiter goes on in BUSY; without one EMPTY
 *
 * A wait ends with 0, "it is set", or with MAKE, "it is yours to make"; the latter is never lost: a
 * waiter that is canceled at the same moment has it as its result.
 */
#include <weir/sync/once.h>

#include <weir/base/error.h>

#include "sync/waiting.h"
#include "sync/withdraw.h"

enum { MAKE = 1 };

int weir_once_set(weir_io *io, weir_once *once, void *value)
{
    int error = 0;
    weir_wait_lock(io, &once->lock);
    if (once->state == WEIR_ONCE_EMPTY) {
        once->value = value;
        /* Pairs with the acquire load in weir_once_get. */
        __atomic_store_n(&once->state, WEIR_ONCE_SET, __ATOMIC_RELEASE);
    } else {
        error = once->state == WEIR_ONCE_SET ? WEIR_EEXIST : WEIR_EBUSY;
    }
    weir_wait_unlock(io, &once->lock);
    return error;
}

static bool start_waiting(weir_io *io, weir_op *op)
{
    weir_once *once = op->args.wait.object;
    const void *self = op->args.wait.value.pointer;
    bool waits = false;
    weir_wait_lock(io, &once->lock);
    if (once->state == WEIR_ONCE_SET) {
        op->result = 0;
    } else if (once->state == WEIR_ONCE_EMPTY) {
        __atomic_store_n(&once->state, WEIR_ONCE_BUSY, __ATOMIC_RELAXED);
        op->result = MAKE;
    } else if (once->owner == self) {
        op->result = WEIR_EDEADLK;
    } else {
        weir_wait_list_append(&once->waiting, op);
        waits = true;
    }
    weir_wait_unlock(io, &once->lock);
    return waits;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    weir_once *once = op->args.wait.object;
    return weir_sync_withdraw(io, &once->lock, &once->waiting, op);
}

static const weir_wait_kind kind = {"once", start_waiting, stop_waiting};

static void own(weir_io *io, weir_once *once, const void *self)
{
    weir_wait_lock(io, &once->lock);
    once->owner = self;
    weir_wait_unlock(io, &once->lock);
}

static void finish(weir_io *io, weir_once *once, void *value)
{
    weir_wait_lock(io, &once->lock);
    once->value = value;
    once->owner = NULL;
    /* Pairs with the acquire load in weir_once_get. */
    __atomic_store_n(&once->state, WEIR_ONCE_SET, __ATOMIC_RELEASE);
    weir_op *woken = weir_wait_list_take_all(&once->waiting);
    weir_wait_unlock(io, &once->lock);
    weir_wait_complete_all(woken, 0);
}

static void give_up(weir_io *io, weir_once *once)
{
    weir_wait_lock(io, &once->lock);
    once->owner = NULL;
    weir_op *next = weir_wait_list_take(&once->waiting);
    if (!next) __atomic_store_n(&once->state, WEIR_ONCE_EMPTY, __ATOMIC_RELAXED);
    weir_wait_unlock(io, &once->lock);
    if (next) weir_wait_complete(next, MAKE);
}

int weir_once_get_or_init(weir_io *io, weir_once *once, weir_once_fn *init, void *argument,
                          void **value)
{
    if (weir_once_get(once, value)) return 0;
    void *self = io->table->self(io);
    if (!self) return WEIR_ENOTTASK;
    int64_t result = weir_sync_wait(io, &kind, once, self, weir_never());
    if (result == 0) weir_once_get(once, value);
    if (result != MAKE) return (int)result;
    own(io, once, self);
    void *made = NULL;
    int error = init(io, argument, &made);
    if (error < 0) {
        give_up(io, once);
        return error;
    }
    finish(io, once, made);
    *value = made;
    return 0;
}
