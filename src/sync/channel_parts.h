/* SPDX-License-Identifier: MIT
 *
 * Channels inside: handing one item over between a call and a task that waits.
 *
 * An op that waits is for one item (its value is where the item is, or goes) or for several: then
 * it is of a kind below and its value is a batch.  All functions here: under the channel's lock.
 */
#ifndef SYNC_CHANNEL_PARTS_H
#define SYNC_CHANNEL_PARTS_H

#include <weir/io/wait.h>
#include <weir/sync/channel.h>

/* Several items of one call, which others take or bring while it waits.
 * Invariant: an op waits while moved < min <= count. */
typedef struct channel_batch {
    unsigned char *at; /* the next item, or where it goes */
    size_t moved, min, count;
} channel_batch;

extern const weir_wait_kind weir_channel_putting, weir_channel_getting;

static inline channel_batch *weir_channel_batch_of(const weir_op *op, const weir_wait_kind *kind)
{
    return __builtin_expect(op->args.wait.kind == kind, 0) ? op->args.wait.value.pointer : NULL;
}

static inline void weir_channel_batch_step(channel_batch *batch, uint32_t item_size)
{
    batch->at += item_size;
    batch->moved++;
}

/* Gives an item to the receiver that has waited longest; there is one.  Returns its op if it waits
 * no longer: the caller completes it with 0. */
static inline weir_op *weir_channel_hand_over(weir_channel *channel, const void *item)
{
    weir_op *op = channel->receivers.first;
    channel_batch *batch = weir_channel_batch_of(op, &weir_channel_getting);
    weir_channel_copy(batch ? batch->at : op->args.wait.value.pointer, item, channel->item_size);
    if (batch) {
        weir_channel_batch_step(batch, channel->item_size);
        if (batch->moved < batch->min) return NULL;
    }
    weir_wait_list_remove(&channel->receivers, op);
    return op;
}

/* Takes an item from the sender that has waited longest; there is one.  As above. */
static inline weir_op *weir_channel_take_over(weir_channel *channel, void *item)
{
    weir_op *op = channel->senders.first;
    channel_batch *batch = weir_channel_batch_of(op, &weir_channel_putting);
    weir_channel_copy(item, batch ? batch->at : op->args.wait.value.pointer, channel->item_size);
    if (batch) {
        weir_channel_batch_step(batch, channel->item_size);
        if (batch->moved < batch->min) return NULL;
    }
    weir_wait_list_remove(&channel->senders, op);
    return op;
}

/* Moves the item of the sender that has waited longest into the ring, which has room.  As above. */
static inline weir_op *weir_channel_refill(weir_channel *channel)
{
    unsigned char *at = channel->write, *next = at + channel->item_size;
    channel->write = next == channel->end ? channel->ring : next;
    channel->length++;
    return weir_channel_take_over(channel, at);
}

#endif
