/* SPDX-License-Identifier: MIT
 *
 * Channels, many items at a time: put and get.
 *
 * A call moves what it can in one step under the lock: runs of the ring by memcpy, items of tasks
 * that wait one by one.  If that is less than its minimum it waits with the rest in a batch, from
 * which others take, or into which they bring, under the same lock.  Its place in the line is kept
 * until the minimum has been moved.
 */
#include <weir/sync/channel.h>

#include <weir/io/wait.h>

#include "sync/channel_parts.h"
#include "sync/waiting.h"

/* Ops to be completed with 0 after the lock, linked by their first engine word. */
typedef struct chain {
    weir_op *first, **end;
} chain;

static void chain_add(chain *woken, weir_op *op)
{
    if (!op) return;
    weir_op_words_of(op)->next = NULL;
    *woken->end = op;
    woken->end = &weir_op_words_of(op)->next;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many items lie between a place in the ring and its end. */
static size_t until_end(const weir_channel *channel, const unsigned char *place)
{
    return channel->item_size ? (size_t)(channel->end - place) / channel->item_size : SIZE_MAX;
}

static void advance(const weir_channel *channel, unsigned char **place, size_t bytes)
{
    *place += bytes;
    if (*place == channel->end) *place = channel->ring;
}

static void note_moved(channel_batch *batch, size_t items, size_t bytes)
{
    batch->at += bytes;
    batch->moved += items;
}

/* Moves what can be moved now out of the batch.  With the lock held. */
static void put_now(weir_channel *channel, channel_batch *batch, chain *woken)
{
    while (batch->moved < batch->count && channel->receivers.first) {
        chain_add(woken, weir_channel_hand_over(channel, batch->at));
        weir_channel_batch_step(batch, channel->item_size);
    }
    while (batch->moved < batch->count && channel->length < channel->limit) {
        size_t run = smaller(batch->count - batch->moved, channel->limit - channel->length);
        run = smaller(run, until_end(channel, channel->write));
        size_t bytes = run * channel->item_size;
        if (bytes) memcpy(channel->write, batch->at, bytes);
        advance(channel, &channel->write, bytes);
        channel->length += run;
        note_moved(batch, run, bytes);
    }
}

/* The same into the batch. */
static void get_now(weir_channel *channel, channel_batch *batch, chain *woken)
{
    while (batch->moved < batch->count && channel->length > 0) {
        size_t run = smaller(batch->count - batch->moved, channel->length);
        run = smaller(run, until_end(channel, channel->read));
        size_t bytes = run * channel->item_size;
        if (bytes) memcpy(batch->at, channel->read, bytes);
        advance(channel, &channel->read, bytes);
        channel->length -= run;
        note_moved(batch, run, bytes);
    }
    while (batch->moved < batch->count && channel->senders.first) {
        chain_add(woken, weir_channel_take_over(channel, batch->at));
        weir_channel_batch_step(batch, channel->item_size);
    }
    while (channel->length < channel->limit && channel->senders.first)
        chain_add(woken, weir_channel_refill(channel));
}

typedef void channel_step(weir_channel *channel, channel_batch *batch, chain *woken);

/* One step of a call.  Returns 0: it need not wait; WEIR_ECLOSED: it must not; WEIR_EAGAIN: it has
 * not moved its minimum; then `op`, if given, is in the list. */
static int64_t step(weir_io *io, weir_channel *channel, channel_batch *batch, weir_op *op,
                    channel_step *move, weir_wait_list *list)
{
    chain woken = {.end = &woken.first};
    weir_wait_lock(io, &channel->lock);
    move(channel, batch, &woken);
    int64_t result = 0;
    if (batch->moved < batch->min) result = channel->closed ? WEIR_ECLOSED : WEIR_EAGAIN;
    if (batch->min == 0 && batch->moved == 0 && channel->closed) result = WEIR_ECLOSED;
    if (op && result == WEIR_EAGAIN) weir_wait_list_append(list, op);
    weir_wait_unlock(io, &channel->lock);
    weir_wait_complete_all(woken.first, 0);
    return result;
}

/* How a wait begins: true, or false with the op's result. */
static bool start(weir_io *io, weir_op *op, channel_step *move, weir_wait_list *list)
{
    int64_t result = step(io, op->args.wait.object, op->args.wait.value.pointer, op, move, list);
    if (result == WEIR_EAGAIN) return true;
    op->result = result;
    return false;
}

static bool stop(weir_io *io, weir_op *op, weir_wait_list *list)
{
    weir_channel *channel = op->args.wait.object;
    weir_wait_lock(io, &channel->lock);
    bool waits = weir_wait_list_withdraw(list, op);
    weir_wait_unlock(io, &channel->lock);
    return waits;
}

static bool start_putting(weir_io *io, weir_op *op)
{
    return start(io, op, put_now, &((weir_channel *)op->args.wait.object)->senders);
}

static bool stop_putting(weir_io *io, weir_op *op)
{
    return stop(io, op, &((weir_channel *)op->args.wait.object)->senders);
}

static bool start_getting(weir_io *io, weir_op *op)
{
    return start(io, op, get_now, &((weir_channel *)op->args.wait.object)->receivers);
}

static bool stop_getting(weir_io *io, weir_op *op)
{
    return stop(io, op, &((weir_channel *)op->args.wait.object)->receivers);
}

const weir_wait_kind weir_channel_putting = {"channel put", start_putting, stop_putting};
const weir_wait_kind weir_channel_getting = {"channel get", start_getting, stop_getting};

static int64_t move_many(weir_io *io, weir_channel *channel, channel_batch *batch,
                         const weir_wait_kind *kind, channel_step *move, weir_deadline deadline)
{
    if (batch->min > batch->count) return WEIR_EINVAL;
    if (batch->count == 0) return 0;
    if (channel->item_size == 0) batch->at = (unsigned char *)batch; /* nothing is stored there */
    int64_t result = step(io, channel, batch, NULL, move, NULL);
    if (result == WEIR_EAGAIN) result = weir_sync_wait(io, kind, channel, batch, deadline);
    if (batch->moved == 0) return result;
    weir_sync_keep_request(io, result);
    return (int64_t)batch->moved;
}

int64_t weir_channel_put(weir_io *io, weir_channel *channel, const void *items, size_t count,
                         size_t min, weir_deadline deadline)
{
    channel_batch batch = {.at = (unsigned char *)(uintptr_t)items, .min = min, .count = count};
    return move_many(io, channel, &batch, &weir_channel_putting, put_now, deadline);
}

int64_t weir_channel_get(weir_io *io, weir_channel *channel, void *items, size_t count, size_t min,
                         weir_deadline deadline)
{
    channel_batch batch = {.at = items, .min = min, .count = count};
    return move_many(io, channel, &batch, &weir_channel_getting, get_now, deadline);
}
