/* SPDX-License-Identifier: MIT
 *
 * Events: a flag and a list.
 *
 * Looking in order to wait takes the lock although the flag could be read without: so a waiter that
 * finds the event set comes after the last access of who set it, and may free it.
 */
#include <weir/sync/event.h>

#include "sync/waiting.h"
#include "sync/withdraw.h"

void weir_event_set(weir_io *io, weir_event *event)
{
    weir_wait_lock(io, &event->lock);
    /* Pairs with the acquire load in weir_event_is_set. */
    __atomic_store_n(&event->set, 1, __ATOMIC_RELEASE);
    weir_op *woken = weir_wait_list_take_all(&event->waiting);
    weir_wait_unlock(io, &event->lock);
    weir_wait_complete_all(woken, 0);
}

void weir_event_reset(weir_io *io, weir_event *event)
{
    weir_wait_lock(io, &event->lock);
    __atomic_store_n(&event->set, 0, __ATOMIC_RELAXED);
    weir_wait_unlock(io, &event->lock);
}

/* Whether it is set; if not, `op` (may be NULL) waits. */
static bool look(weir_io *io, weir_event *event, weir_op *op)
{
    weir_wait_lock(io, &event->lock);
    bool set = event->set;
    if (!set && op) weir_wait_list_append(&event->waiting, op);
    weir_wait_unlock(io, &event->lock);
    return set;
}

static bool start_waiting(weir_io *io, weir_op *op)
{
    bool waits = !look(io, op->args.wait.object, op);
    if (!waits) op->result = 0;
    return waits;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    weir_event *event = op->args.wait.object;
    return weir_sync_withdraw(io, &event->lock, &event->waiting, op);
}

static const weir_wait_kind kind = {"event", start_waiting, stop_waiting};

void weir_event_op(weir_op *op, weir_event *event)
{
    weir_wait_op(op, &kind, event, NULL);
}

int weir_event_wait_until(weir_io *io, weir_event *event, weir_deadline deadline)
{
    if (look(io, event, NULL)) return 0;
    return (int)weir_sync_wait(io, &kind, event, NULL, deadline);
}

int weir_event_wait(weir_io *io, weir_event *event)
{
    return weir_event_wait_until(io, event, weir_never());
}

int weir_event_wait_uncancelable(weir_io *io, weir_event *event)
{
    if (look(io, event, NULL)) return 0;
    return (int)weir_sync_wait_shielded(io, &kind, event, NULL);
}
