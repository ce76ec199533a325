/* SPDX-License-Identifier: MIT
 *
 * Notifications: a permit or a list of waiters, never both.
 */
#include <weir/sync/notify.h>

#include "sync/waiting.h"
#include "sync/withdraw.h"

void weir_notify_one(weir_io *io, weir_notify *notify)
{
    weir_wait_lock(io, &notify->lock);
    weir_op *woken = weir_wait_list_take(&notify->waiting);
    if (!woken) notify->permit = 1;
    weir_wait_unlock(io, &notify->lock);
    if (woken) weir_wait_complete(woken, 0);
}

void weir_notify_all(weir_io *io, weir_notify *notify)
{
    weir_wait_lock(io, &notify->lock);
    weir_op *woken = weir_wait_list_take_all(&notify->waiting);
    weir_wait_unlock(io, &notify->lock);
    weir_wait_complete_all(woken, 0);
}

/* Takes the permit; if there is none, `op` (may be NULL) waits. */
static bool take(weir_io *io, weir_notify *notify, weir_op *op)
{
    weir_wait_lock(io, &notify->lock);
    bool taken = notify->permit;
    notify->permit = 0;
    if (!taken && op) weir_wait_list_append(&notify->waiting, op);
    weir_wait_unlock(io, &notify->lock);
    return taken;
}

static bool start_waiting(weir_io *io, weir_op *op)
{
    bool waits = !take(io, op->args.wait.object, op);
    if (!waits) op->result = 0;
    return waits;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    weir_notify *notify = op->args.wait.object;
    return weir_sync_withdraw(io, &notify->lock, &notify->waiting, op);
}

static const weir_wait_kind kind = {"notification", start_waiting, stop_waiting};

void weir_notify_op(weir_op *op, weir_notify *notify)
{
    weir_wait_op(op, &kind, notify, NULL);
}

int weir_notify_wait_until(weir_io *io, weir_notify *notify, weir_deadline deadline)
{
    if (take(io, notify, NULL)) return 0;
    return (int)weir_sync_wait(io, &kind, notify, NULL, deadline);
}

int weir_notify_wait(weir_io *io, weir_notify *notify)
{
    return weir_notify_wait_until(io, notify, weir_never());
}
