/* SPDX-License-Identifier: MIT
 *
 * Wait groups: a counter and a list.  Waiting takes the lock, so that a waiter that finds 0 comes
 * after the last access of who made it so.
 */
#include <weir/sync/wait_group.h>

#include <weir/base/error.h>

#include "sync/waiting.h"
#include "sync/withdraw.h"

int weir_wait_group_add(weir_io *io, weir_wait_group *group, int64_t n)
{
    weir_op *woken = NULL;
    int64_t count;
    weir_wait_lock(io, &group->lock);
    bool bad = __builtin_add_overflow(group->count, n, &count) || count < 0;
    if (!bad) {
        /* Pairs with the acquire load in weir_wait_group_count. */
        __atomic_store_n(&group->count, count, __ATOMIC_RELEASE);
        if (count == 0) woken = weir_wait_list_take_all(&group->waiting);
    }
    weir_wait_unlock(io, &group->lock);
    weir_wait_complete_all(woken, 0);
    return bad ? WEIR_EOVERFLOW : 0;
}

int weir_wait_group_done(weir_io *io, weir_wait_group *group)
{
    return weir_wait_group_add(io, group, -1);
}

/* Whether the count is 0; if not, `op` (may be NULL) waits. */
static bool look(weir_io *io, weir_wait_group *group, weir_op *op)
{
    weir_wait_lock(io, &group->lock);
    bool zero = group->count == 0;
    if (!zero && op) weir_wait_list_append(&group->waiting, op);
    weir_wait_unlock(io, &group->lock);
    return zero;
}

static bool start_waiting(weir_io *io, weir_op *op)
{
    bool waits = !look(io, op->args.wait.object, op);
    if (!waits) op->result = 0;
    return waits;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    weir_wait_group *group = op->args.wait.object;
    return weir_sync_withdraw(io, &group->lock, &group->waiting, op);
}

static const weir_wait_kind kind = {"wait group", start_waiting, stop_waiting};

void weir_wait_group_op(weir_op *op, weir_wait_group *group)
{
    weir_wait_op(op, &kind, group, NULL);
}

int weir_wait_group_wait_until(weir_io *io, weir_wait_group *group, weir_deadline deadline)
{
    if (look(io, group, NULL)) return 0;
    return (int)weir_sync_wait(io, &kind, group, NULL, deadline);
}

int weir_wait_group_wait(weir_io *io, weir_wait_group *group)
{
    return weir_wait_group_wait_until(io, group, weir_never());
}
