/* SPDX-License-Identifier: MIT
 *
 * Channels, an item at a time.
 *
 * Each call is one step under the channel's lock: a push or pop of the ring, or an item handed over
 * to or from a task that waits, or an op added to one of the lists.  The invariant in the header
 * makes a step short: who finds a receiver waiting need not look at the ring, which is empty; who
 * takes an item while senders wait moves the first one's item in behind, so the ring is full again.
 * Ops that have got what they waited for are completed after the lock.
 */
#include <weir/sync/channel.h>

#include <weir/io/wait.h>

#include "sync/channel_parts.h"
#include "sync/waiting.h"

enum { SENDS_IN_A_ROW = 32 };

int weir_channel_init(weir_channel *channel, void *ring, size_t capacity, size_t item_size)
{
    size_t bytes;
    if (item_size > UINT32_MAX || __builtin_mul_overflow(capacity, item_size, &bytes) ||
        bytes > PTRDIFF_MAX)
        return WEIR_EOVERFLOW;
    if (!ring && bytes > 0) return WEIR_EINVAL;
    if (bytes == 0) ring = channel; /* any address: nothing is stored there */
    *channel = (weir_channel){.item_size = (uint32_t)item_size,
                              .limit = capacity,
                              .read = ring,
                              .write = ring,
                              .ring = ring,
                              .end = (unsigned char *)ring + bytes,
                              .capacity = capacity};
    return 0;
}

/* Sends or receives if that is possible now: 0, WEIR_EAGAIN, WEIR_ECLOSED.  *woken: an op to be
 * completed with 0 after the lock, or NULL.  With the lock held. */
static inline int send_now(weir_channel *channel, const void *item, weir_op **woken)
{
    *woken = NULL;
    if (channel->receivers.first) {
        *woken = weir_channel_hand_over(channel, item);
        return 0;
    }
    if (channel->length >= channel->limit) return channel->closed ? WEIR_ECLOSED : WEIR_EAGAIN;
    weir_channel_push(channel, item);
    return 0;
}

static inline int receive_now(weir_channel *channel, void *item, weir_op **woken)
{
    *woken = NULL;
    if (channel->length > 0) {
        weir_channel_pop(channel, item);
        if (channel->senders.first) *woken = weir_channel_refill(channel);
        return 0;
    }
    if (!channel->senders.first) return channel->closed ? WEIR_ECLOSED : WEIR_EAGAIN;
    *woken = weir_channel_take_over(channel, item);
    return 0;
}

int weir_channel_send_rest(weir_io *io, weir_channel *channel, const void *item)
{
    weir_op *woken;
    weir_wait_lock(io, &channel->lock);
    int result = send_now(channel, item, &woken);
    weir_wait_unlock(io, &channel->lock);
    if (woken) weir_wait_complete(woken, 0);
    return result;
}

int weir_channel_receive_rest(weir_io *io, weir_channel *channel, void *item)
{
    weir_op *woken;
    weir_wait_lock(io, &channel->lock);
    int result = receive_now(channel, item, &woken);
    weir_wait_unlock(io, &channel->lock);
    if (woken) weir_wait_complete(woken, 0);
    return result;
}

/* Waiting ------------------------------------------------------------------------------------ */

static bool start_sending(weir_io *io, weir_op *op)
{
    weir_channel *channel = op->args.wait.object;
    weir_op *woken;
    weir_wait_lock(io, &channel->lock);
    int result = send_now(channel, op->args.wait.value.pointer, &woken);
    bool waits = result == WEIR_EAGAIN;
    if (waits) {
        weir_wait_list_append(&channel->senders, op);
    } else {
        op->result = result;
    }
    weir_wait_unlock(io, &channel->lock);
    if (woken) weir_wait_complete(woken, 0);
    return waits;
}

static bool start_receiving(weir_io *io, weir_op *op)
{
    weir_channel *channel = op->args.wait.object;
    weir_op *woken;
    weir_wait_lock(io, &channel->lock);
    int result = receive_now(channel, op->args.wait.value.pointer, &woken);
    bool waits = result == WEIR_EAGAIN;
    if (waits) {
        weir_wait_list_append(&channel->receivers, op);
    } else {
        op->result = result;
    }
    weir_wait_unlock(io, &channel->lock);
    if (woken) weir_wait_complete(woken, 0);
    return waits;
}

static bool stop_sending(weir_io *io, weir_op *op)
{
    weir_channel *channel = op->args.wait.object;
    weir_wait_lock(io, &channel->lock);
    bool waits = weir_wait_list_withdraw(&channel->senders, op);
    weir_wait_unlock(io, &channel->lock);
    return waits;
}

static bool stop_receiving(weir_io *io, weir_op *op)
{
    weir_channel *channel = op->args.wait.object;
    weir_wait_lock(io, &channel->lock);
    bool waits = weir_wait_list_withdraw(&channel->receivers, op);
    weir_wait_unlock(io, &channel->lock);
    return waits;
}

static const weir_wait_kind sending = {"channel send", start_sending, stop_sending};
static const weir_wait_kind receiving = {"channel receive", start_receiving, stop_receiving};

void weir_channel_send_op(weir_op *op, weir_channel *channel, const void *item)
{
    weir_wait_op(op, &sending, channel, (void *)(uintptr_t)item);
}

void weir_channel_receive_op(weir_op *op, weir_channel *channel, void *item)
{
    weir_wait_op(op, &receiving, channel, item);
}

int weir_channel_send_until(weir_io *io, weir_channel *channel, const void *item,
                            weir_deadline deadline)
{
    int result = weir_channel_try_send(io, channel, item);
    if (result != WEIR_EAGAIN) return result;
    void *value = (void *)(uintptr_t)item;
    return (int)weir_sync_wait(io, &sending, channel, value, deadline);
}

int weir_channel_receive_until(weir_io *io, weir_channel *channel, void *item,
                               weir_deadline deadline)
{
    int result = weir_channel_try_receive(io, channel, item);
    if (result != WEIR_EAGAIN) return result;
    return (int)weir_sync_wait(io, &receiving, channel, item, deadline);
}

int weir_channel_send_uncancelable(weir_io *io, weir_channel *channel, const void *item)
{
    int result = weir_channel_try_send(io, channel, item);
    if (result != WEIR_EAGAIN) return result;
    return (int)weir_sync_wait_shielded(io, &sending, channel, (void *)(uintptr_t)item);
}

int weir_channel_receive_uncancelable(weir_io *io, weir_channel *channel, void *item)
{
    int result = weir_channel_try_receive(io, channel, item);
    if (result != WEIR_EAGAIN) return result;
    return (int)weir_sync_wait_shielded(io, &receiving, channel, item);
}

/* One thread --------------------------------------------------------------------------------- */

/* Here nothing can happen between the look at the channel and the wait. */
static bool line_up_sending(weir_io *io, weir_op *op)
{
    (void)io;
    weir_wait_list_append(&((weir_channel *)op->args.wait.object)->senders, op);
    return true;
}

static bool line_up_receiving(weir_io *io, weir_op *op)
{
    (void)io;
    weir_wait_list_append(&((weir_channel *)op->args.wait.object)->receivers, op);
    return true;
}

static const weir_wait_kind sending_alone = {"channel send", line_up_sending, stop_sending};
static const weir_wait_kind receiving_alone = {"channel receive", line_up_receiving,
                                               stop_receiving};

/* A function of its own, so that the calls which hand an item over need no room for an op. */
static __attribute__((noinline)) int wait_alone(weir_io *io, const weir_wait_kind *kind,
                                                weir_channel *channel, void *item)
{
    return (int)weir_sync_wait(io, kind, channel, item, weir_never());
}

int weir_channel_send_wait(weir_io *io, weir_channel *channel, const void *item)
{
    weir_op *woken;
    int result = send_now(channel, item, &woken);
    if (woken) weir_wait_complete(woken, 0);
    if (result != WEIR_EAGAIN) return result;
    return wait_alone(io, &sending_alone, channel, (void *)(uintptr_t)item);
}

int weir_channel_receive_wait(weir_io *io, weir_channel *channel, void *item)
{
    weir_op *woken;
    int result = receive_now(channel, item, &woken);
    if (woken) weir_wait_complete(woken, 0);
    if (result != WEIR_EAGAIN) return result;
    return wait_alone(io, &receiving_alone, channel, item);
}

/* Several threads ---------------------------------------------------------------------------- */

/* Lets other tasks of this worker have a turn now and then: two tasks on two workers that keep up
 * with each other never wait. */
static void give_turn(weir_io *io)
{
    weir_scope shield;
    weir_op op;
    weir_shield(io, &shield);
    weir_op_set(&op, WEIR_OP_NOP, -1);
    weir_do(io, &op);
    weir_scope_leave(io, &shield);
}

int weir_channel_send_shared(weir_io *io, weir_channel *channel, const void *item)
{
    weir_op *woken;
    weir_wait_lock(io, &channel->lock);
    int result = send_now(channel, item, &woken);
    bool turn = ++channel->sends % SENDS_IN_A_ROW == 0;
    weir_wait_unlock(io, &channel->lock);
    if (woken) weir_wait_complete(woken, 0);
    if (result == WEIR_EAGAIN)
        return (int)weir_sync_wait(io, &sending, channel, (void *)(uintptr_t)item, weir_never());
    if (turn) give_turn(io);
    return result;
}

int weir_channel_receive_shared(weir_io *io, weir_channel *channel, void *item)
{
    weir_op *woken;
    weir_wait_lock(io, &channel->lock);
    int result = receive_now(channel, item, &woken);
    bool turn = ++channel->receives % SENDS_IN_A_ROW == 0;
    weir_wait_unlock(io, &channel->lock);
    if (woken) weir_wait_complete(woken, 0);
    if (result == WEIR_EAGAIN)
        return (int)weir_sync_wait(io, &receiving, channel, item, weir_never());
    if (turn) give_turn(io);
    return result;
}

/* State -------------------------------------------------------------------------------------- */

void weir_channel_close(weir_io *io, weir_channel *channel)
{
    weir_wait_lock(io, &channel->lock);
    channel->closed = 1;
    channel->limit = 0;
    weir_op *senders = weir_wait_list_take_all(&channel->senders);
    weir_op *receivers = weir_wait_list_take_all(&channel->receivers);
    weir_wait_unlock(io, &channel->lock);
    weir_wait_complete_all(senders, WEIR_ECLOSED);
    weir_wait_complete_all(receivers, WEIR_ECLOSED);
}

bool weir_channel_is_closed(weir_io *io, weir_channel *channel)
{
    weir_wait_lock(io, &channel->lock);
    bool closed = channel->closed;
    weir_wait_unlock(io, &channel->lock);
    return closed;
}

size_t weir_channel_length(weir_io *io, weir_channel *channel)
{
    weir_wait_lock(io, &channel->lock);
    size_t length = channel->length;
    weir_wait_unlock(io, &channel->lock);
    return length;
}

size_t weir_channel_capacity(const weir_channel *channel)
{
    return channel->capacity;
}
