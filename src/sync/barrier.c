/* SPDX-License-Identifier: MIT
 *
 * Barriers: the last to arrive takes the whole list, so that each list is one round.
 */
#include <weir/sync/barrier.h>

#include <weir/base/error.h>

#include "sync/waiting.h"
#include "sync/withdraw.h"

enum { WAITS = 2 };

/* Arrives as the last: 1; as another: WAITS, if `op` (may be NULL) was added to the list. */
static int arrive(weir_io *io, weir_barrier *barrier, weir_op *op)
{
    weir_op *released = NULL;
    int result = WEIR_EINVAL;
    weir_wait_lock(io, &barrier->lock);
    if (barrier->parties > 0 && barrier->arrived + 1 >= barrier->parties) {
        released = weir_wait_list_take_all(&barrier->waiting);
        barrier->arrived = 0;
        result = 1;
    } else if (barrier->parties > 0) {
        if (op) {
            weir_wait_list_append(&barrier->waiting, op);
            barrier->arrived++;
        }
        result = WAITS;
    }
    weir_wait_unlock(io, &barrier->lock);
    weir_wait_complete_all(released, 0);
    return result;
}

static bool start_waiting(weir_io *io, weir_op *op)
{
    int result = arrive(io, op->args.wait.object, op);
    if (result == WAITS) return true;
    op->result = result;
    return false;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    weir_barrier *barrier = op->args.wait.object;
    weir_wait_lock(io, &barrier->lock);
    bool waits = weir_wait_list_withdraw(&barrier->waiting, op);
    if (waits) barrier->arrived--;
    weir_wait_unlock(io, &barrier->lock);
    return waits;
}

static const weir_wait_kind kind = {"barrier", start_waiting, stop_waiting};

void weir_barrier_op(weir_op *op, weir_barrier *barrier)
{
    weir_wait_op(op, &kind, barrier, NULL);
}

int weir_barrier_wait_until(weir_io *io, weir_barrier *barrier, weir_deadline deadline)
{
    int result = arrive(io, barrier, NULL);
    if (result != WAITS) return result;
    return (int)weir_sync_wait(io, &kind, barrier, NULL, deadline);
}

int weir_barrier_wait(weir_io *io, weir_barrier *barrier)
{
    return weir_barrier_wait_until(io, barrier, weir_never());
}
