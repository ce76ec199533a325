/* SPDX-License-Identifier: MIT
 *
 * Receiving from several channels: a look at each in turn, then a queue with a receive op of each.
 *
 * Invariant: between two calls no op is in flight, and each item taken out of a channel has been
 * handed out or is marked `ready` in its branch.
 */
#include <limits.h>

#include <weir/io/scope.h>
#include <weir/sync/channel.h>

#include "sync/waiting.h"

static int hand_out(weir_channel_branch branches[], size_t count, size_t index)
{
    branches[index].ready = false;
    branches[0].first = (uint32_t)((index + 1) % count);
    return (int)index;
}

/* What can be said without waiting: an index, or WEIR_ECLOSED; WEIR_EAGAIN: nothing. */
static int look(weir_io *io, weir_channel_branch branches[], size_t count, size_t *closed)
{
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        size_t index = (branches[0].first + i) % count;
        weir_channel_branch *branch = &branches[index];
        if (branch->ready) return hand_out(branches, count, index);
        if (branch->closed) continue;
        int result = weir_channel_try_receive(io, branch->channel, branch->item);
        if (result == 0) return hand_out(branches, count, index);
        if (result == WEIR_ECLOSED) {
            branch->closed = true;
            *closed = index;
            return WEIR_ECLOSED;
        }
        open++;
    }
    *closed = count;
    return open > 0 ? WEIR_EAGAIN : WEIR_ECLOSED;
}

/* Takes a completed op's outcome into its branch.  Closed is found again by the next look. */
static void note(weir_op *op)
{
    weir_channel_branch *branch = op->user;
    branch->started = false;
    branch->ready = op->result == 0;
}

/* Starts an op for each open branch until one has completed.  Returns how many are in flight. */
static size_t start_all(weir_io *io, weir_channel_branch branches[], size_t count,
                        weir_queue *queue, bool *completed)
{
    size_t started = 0;
    for (size_t i = 0; i < count && !*completed; i++) {
        weir_channel_branch *branch = &branches[(branches[0].first + i) % count];
        if (branch->closed) continue;
        weir_channel_receive_op(&branch->op, branch->channel, branch->item);
        branch->op.user = branch;
        branch->started = true;
        weir_submit(io, &branch->op, queue);
        started++;
        weir_op *op = weir_queue_try(io, queue);
        if (!op) continue;
        note(op);
        started--;
        *completed = true;
    }
    return started;
}

/* Cancels what is in flight and waits until it has settled, whatever happens to the task. */
static void settle(weir_io *io, weir_channel_branch branches[], size_t count, weir_queue *queue,
                   size_t left)
{
    for (size_t i = 0; i < count; i++)
        if (branches[i].started) weir_op_cancel(io, &branches[i].op);
    weir_scope shield;
    weir_op *op;
    weir_shield(io, &shield);
    while (left > 0) {
        if (weir_queue_next(io, queue, weir_never(), &op) != 0) continue;
        note(op);
        left--;
    }
    weir_scope_leave(io, &shield);
}

/* Waits until a branch has an item or was closed. */
static int wait_for_any(weir_io *io, weir_channel_branch branches[], size_t count,
                        weir_deadline deadline)
{
    weir_queue queue;
    weir_queue_init(io, &queue);
    int error = weir_check(io);
    if (error) return error;
    bool completed = false;
    weir_op *op;
    size_t left = start_all(io, branches, count, &queue, &completed);
    if (!completed) {
        error = weir_queue_next(io, &queue, deadline, &op);
        if (!error) note(op);
        left -= !error;
    }
    settle(io, branches, count, &queue, left);
    return error;
}

int weir_channel_select(weir_io *io, weir_channel_branch branches[], size_t count,
                        weir_deadline deadline, size_t *closed)
{
    size_t unused;
    if (count == 0 || count > INT_MAX) return WEIR_EINVAL;
    if (!closed) closed = &unused;
    for (;;) {
        int result = look(io, branches, count, closed);
        if (result != WEIR_EAGAIN) return result;
        int error = wait_for_any(io, branches, count, deadline);
        if (!error) continue;
        for (size_t i = 0; i < count; i++) {
            if (!branches[i].ready) continue;
            weir_sync_keep_request(io, error);
            return hand_out(branches, count, i);
        }
        return error;
    }
}
