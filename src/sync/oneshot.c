/* SPDX-License-Identifier: MIT
 *
 * Oneshots: a state, the room for the value, and the receivers that wait.
 *
 *      OPEN ── send ──> SENT ── receive ──> TAKEN
 *        ├──── send, and a receiver waits: straight to it ──> TAKEN
 *        ├──── drop ──> DROPPED
 *        └──── close ─> CLOSED
 *
 * Invariant, under the lock: receivers wait in the state OPEN alone; who leaves it takes them out.
 */
#include <weir/sync/oneshot.h>

#include <string.h>

#include <weir/io/wait.h>

#include "sync/waiting.h"

void weir_oneshot_init(weir_oneshot *oneshot, void *room, size_t size)
{
    *oneshot = (weir_oneshot){.state = WEIR_ONESHOT_OPEN, .room = room, .size = size};
}

static void copy(void *to, const void *from, size_t size)
{
    if (size > 0) memcpy(to, from, size);
}

int weir_oneshot_send(weir_io *io, weir_oneshot *oneshot, const void *value)
{
    weir_op *receiver = NULL, *others = NULL;
    weir_wait_lock(io, &oneshot->lock);
    uint32_t state = oneshot->state;
    if (state == WEIR_ONESHOT_OPEN) {
        receiver = weir_wait_list_take(&oneshot->waiting);
        others = weir_wait_list_take_all(&oneshot->waiting);
        copy(receiver ? receiver->args.wait.value.pointer : oneshot->room, value, oneshot->size);
        oneshot->state = receiver ? WEIR_ONESHOT_TAKEN : WEIR_ONESHOT_SENT;
    }
    weir_wait_unlock(io, &oneshot->lock);
    if (receiver) weir_wait_complete(receiver, 0);
    weir_wait_complete_all(others, WEIR_ECLOSED);
    if (state == WEIR_ONESHOT_OPEN) return 0;
    return state == WEIR_ONESHOT_CLOSED ? WEIR_ECLOSED : WEIR_EALREADY;
}

/* Ends an open oneshot in one of the two states without a value. */
static void end(weir_io *io, weir_oneshot *oneshot, weir_oneshot_state state)
{
    weir_wait_lock(io, &oneshot->lock);
    if (oneshot->state == WEIR_ONESHOT_OPEN) oneshot->state = state;
    weir_op *waiting = weir_wait_list_take_all(&oneshot->waiting);
    weir_wait_unlock(io, &oneshot->lock);
    weir_wait_complete_all(waiting, WEIR_ECLOSED);
}

void weir_oneshot_drop(weir_io *io, weir_oneshot *oneshot)
{
    end(io, oneshot, WEIR_ONESHOT_DROPPED);
}

void weir_oneshot_close(weir_io *io, weir_oneshot *oneshot)
{
    end(io, oneshot, WEIR_ONESHOT_CLOSED);
}

/* 0, WEIR_EAGAIN or WEIR_ECLOSED.  With the lock held. */
static int receive_now(weir_oneshot *oneshot, void *value)
{
    if (oneshot->state == WEIR_ONESHOT_OPEN) return WEIR_EAGAIN;
    if (oneshot->state != WEIR_ONESHOT_SENT) return WEIR_ECLOSED;
    copy(value, oneshot->room, oneshot->size);
    oneshot->state = WEIR_ONESHOT_TAKEN;
    return 0;
}

int weir_oneshot_try_receive(weir_io *io, weir_oneshot *oneshot, void *value)
{
    weir_wait_lock(io, &oneshot->lock);
    int result = receive_now(oneshot, value);
    weir_wait_unlock(io, &oneshot->lock);
    return result;
}

static bool start_receiving(weir_io *io, weir_op *op)
{
    weir_oneshot *oneshot = op->args.wait.object;
    weir_wait_lock(io, &oneshot->lock);
    int result = receive_now(oneshot, op->args.wait.value.pointer);
    bool waits = result == WEIR_EAGAIN;
    if (waits) {
        weir_wait_list_append(&oneshot->waiting, op);
    } else {
        op->result = result;
    }
    weir_wait_unlock(io, &oneshot->lock);
    return waits;
}

static bool stop_receiving(weir_io *io, weir_op *op)
{
    weir_oneshot *oneshot = op->args.wait.object;
    weir_wait_lock(io, &oneshot->lock);
    bool waits = weir_wait_list_withdraw(&oneshot->waiting, op);
    weir_wait_unlock(io, &oneshot->lock);
    return waits;
}

static const weir_wait_kind receiving = {"oneshot", start_receiving, stop_receiving};

void weir_oneshot_receive_op(weir_op *op, weir_oneshot *oneshot, void *value)
{
    weir_wait_op(op, &receiving, oneshot, value);
}

int weir_oneshot_receive_until(weir_io *io, weir_oneshot *oneshot, void *value,
                               weir_deadline deadline)
{
    int result = weir_oneshot_try_receive(io, oneshot, value);
    if (result != WEIR_EAGAIN) return result;
    return (int)weir_sync_wait(io, &receiving, oneshot, value, deadline);
}

int weir_oneshot_receive(weir_io *io, weir_oneshot *oneshot, void *value)
{
    return weir_oneshot_receive_until(io, oneshot, value, weir_never());
}

int weir_oneshot_receive_uncancelable(weir_io *io, weir_oneshot *oneshot, void *value)
{
    int result = weir_oneshot_try_receive(io, oneshot, value);
    if (result != WEIR_EAGAIN) return result;
    return (int)weir_sync_wait_shielded(io, &receiving, oneshot, value);
}
