/* SPDX-License-Identifier: MIT
 *
 * The condition: waiting begins by getting into the list, and lets the mutex go there.
 *
 * A waiter gets into the list before it unlocks, so a signal by whoever has the mutex next finds
 * it.  weir_do may refuse to begin at all (a request to stop, a deadline that has passed): the
 * mutex was never let go then, which `released` tells.
 *
 * Invariant: `waiters` is the length of the list.  A signal takes an op out under the lock and
 * completes it with 0; who is canceled or expires takes itself out: so each signal ends one wait.
 */
#include <weir/sync/condition.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>

/* One wait, on the waiter's stack. */
typedef struct wait_state {
    weir_mutex *mutex;
    bool released;
    int error; /* of unlocking */
} wait_state;

/* With the lock held. */
static void count(weir_condition *condition, uint32_t waiters)
{
    __atomic_store_n(&condition->waiters, waiters, __ATOMIC_RELAXED);
}

static bool withdraw(weir_io *io, weir_condition *condition, weir_op *op)
{
    weir_wait_lock(io, &condition->lock);
    bool waits = weir_wait_list_withdraw(&condition->waiting, op);
    if (waits) count(condition, condition->waiters - 1);
    weir_wait_unlock(io, &condition->lock);
    return waits;
}

static bool start_waiting(weir_io *io, weir_op *op)
{
    weir_condition *condition = op->args.wait.object;
    wait_state *wait = op->args.wait.value.pointer;
    weir_wait_lock(io, &condition->lock);
    weir_wait_list_append(&condition->waiting, op);
    count(condition, condition->waiters + 1);
    weir_wait_unlock(io, &condition->lock);
    wait->error = weir_mutex_unlock(io, wait->mutex);
    wait->released = wait->error == 0;
    if (wait->released || !withdraw(io, condition, op)) return true;
    op->result = wait->error;
    return false;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    return withdraw(io, op->args.wait.object, op);
}

static const weir_wait_kind kind = {"condition", start_waiting, stop_waiting};

int weir_condition_wait_until(weir_io *io, weir_condition *condition, weir_mutex *mutex,
                              weir_deadline deadline)
{
    weir_op op;
    wait_state wait = {.mutex = mutex};
    weir_wait_op(&op, &kind, condition, &wait);
    weir_op_set_deadline(&op, deadline);
    int result = (int)weir_do(io, &op);
    if (wait.released) weir_mutex_lock_uncancelable(io, mutex);
    if (!wait.error) return result;
    /* A signal that came in the moment before the mistake was seen is for another. */
    if (result == 0) weir_condition_signal(io, condition);
    return wait.error;
}

int weir_condition_wait(weir_io *io, weir_condition *condition, weir_mutex *mutex)
{
    return weir_condition_wait_until(io, condition, mutex, weir_never());
}

int weir_condition_wait_uncancelable(weir_io *io, weir_condition *condition, weir_mutex *mutex)
{
    weir_scope shield;
    weir_shield(io, &shield);
    int result = weir_condition_wait_until(io, condition, mutex, weir_never());
    weir_scope_leave(io, &shield);
    return result;
}

void weir_condition_signal_slowly(weir_io *io, weir_condition *condition)
{
    weir_wait_lock(io, &condition->lock);
    weir_op *op = weir_wait_list_take(&condition->waiting);
    if (op) count(condition, condition->waiters - 1);
    weir_wait_unlock(io, &condition->lock);
    if (op) weir_wait_complete(op, 0);
}

void weir_condition_broadcast_slowly(weir_io *io, weir_condition *condition)
{
    weir_wait_lock(io, &condition->lock);
    weir_op *chain = weir_wait_list_take_all(&condition->waiting);
    count(condition, 0);
    weir_wait_unlock(io, &condition->lock);
    weir_wait_complete_all(chain, 0);
}
