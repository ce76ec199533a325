/* SPDX-License-Identifier: MIT
 *
 * Broadcasts: a ring of the newest values, numbered, and subscribers that know their next number.
 *
 *      number      next - kept …           next - 1     next
 *      slot        slot - kept …           slot - 1     slot       (in a circle of `capacity`)
 *
 * Invariant, under the lock: a receiver waits only while its subscriber has seen everything (its
 * next is the broadcast's) and the broadcast is open.  So sending copies the value to each that
 * waits, and who shares a subscriber that has got it already goes on waiting.
 */
#include <weir/sync/broadcast.h>

#include <limits.h>
#include <string.h>

#include <weir/io/wait.h>

#include "sync/waiting.h"

int weir_broadcast_init(weir_broadcast *broadcast, void *ring, size_t capacity, size_t item_size)
{
    size_t bytes;
    if (capacity == 0 || (!ring && item_size > 0)) return WEIR_EINVAL;
    if (__builtin_mul_overflow(capacity, item_size, &bytes) || bytes > PTRDIFF_MAX)
        return WEIR_EOVERFLOW;
    *broadcast = (weir_broadcast){.item_size = item_size, .capacity = capacity, .ring = ring};
    return 0;
}

static void copy(void *to, const void *from, size_t size)
{
    if (size > 0) memcpy(to, from, size);
}

static void *slot_at(const weir_broadcast *broadcast, size_t slot)
{
    return broadcast->item_size ? broadcast->ring + slot * broadcast->item_size : NULL;
}

static size_t slot_after(const weir_broadcast *broadcast, size_t slot)
{
    return slot + 1 == broadcast->capacity ? 0 : slot + 1;
}

static void step(weir_subscriber *subscriber)
{
    subscriber->next++;
    subscriber->slot = slot_after(subscriber->broadcast, subscriber->slot);
}

void weir_broadcast_subscribe(weir_io *io, weir_broadcast *broadcast, weir_subscriber *subscriber)
{
    weir_wait_lock(io, &broadcast->lock);
    *subscriber =
        (weir_subscriber){.broadcast = broadcast, .next = broadcast->next, .slot = broadcast->slot};
    broadcast->subscribers++;
    weir_wait_unlock(io, &broadcast->lock);
}

void weir_broadcast_unsubscribe(weir_io *io, weir_subscriber *subscriber)
{
    weir_broadcast *broadcast = subscriber->broadcast;
    weir_wait_lock(io, &broadcast->lock);
    broadcast->subscribers--;
    weir_wait_unlock(io, &broadcast->lock);
}

/* Copies a value to the receivers that wait and takes them out, linked by their first engine word;
 * `number` is the value's.  With the lock held. */
static weir_op *serve(weir_broadcast *broadcast, const void *value, uint64_t number)
{
    weir_op *served = NULL, **end = &served;
    for (weir_op *op = broadcast->waiting.first, *next; op; op = next) {
        next = weir_op_words_of(op)->next;
        weir_subscriber *subscriber = op->args.wait.object;
        if (subscriber->next != number) continue;
        copy(op->args.wait.value.pointer, value, broadcast->item_size);
        step(subscriber);
        weir_wait_list_remove(&broadcast->waiting, op);
        weir_op_words_of(op)->next = NULL;
        *end = op;
        end = &weir_op_words_of(op)->next;
    }
    return served;
}

int weir_broadcast_send(weir_io *io, weir_broadcast *broadcast, const void *value)
{
    weir_op *served = NULL;
    weir_wait_lock(io, &broadcast->lock);
    size_t subscribers = broadcast->subscribers;
    bool closed = broadcast->closed;
    if (subscribers > 0 && !closed) {
        copy(slot_at(broadcast, broadcast->slot), value, broadcast->item_size);
        broadcast->slot = slot_after(broadcast, broadcast->slot);
        if (broadcast->kept < broadcast->capacity) broadcast->kept++;
        served = serve(broadcast, value, broadcast->next++);
    }
    weir_wait_unlock(io, &broadcast->lock);
    weir_wait_complete_all(served, 0);
    if (closed) return WEIR_ECLOSED;
    return subscribers < INT_MAX ? (int)subscribers : INT_MAX;
}

/* 0, WEIR_ELAGGED, WEIR_EAGAIN or WEIR_ECLOSED.  With the lock held. */
static int receive_now(weir_subscriber *subscriber, void *value)
{
    const weir_broadcast *broadcast = subscriber->broadcast;
    uint64_t behind = broadcast->next - subscriber->next;
    if (behind == 0) return broadcast->closed ? WEIR_ECLOSED : WEIR_EAGAIN;
    if (behind > broadcast->kept) {
        /* The ring is full then, and its oldest value is the one that the next will replace. */
        subscriber->missed = behind - broadcast->kept;
        subscriber->next += subscriber->missed;
        subscriber->slot = broadcast->slot;
        return WEIR_ELAGGED;
    }
    copy(value, slot_at(broadcast, subscriber->slot), broadcast->item_size);
    step(subscriber);
    return 0;
}

int weir_broadcast_try_receive(weir_io *io, weir_subscriber *subscriber, void *value)
{
    weir_wait_lock(io, &subscriber->broadcast->lock);
    int result = receive_now(subscriber, value);
    weir_wait_unlock(io, &subscriber->broadcast->lock);
    return result;
}

static bool start_receiving(weir_io *io, weir_op *op)
{
    weir_subscriber *subscriber = op->args.wait.object;
    weir_broadcast *broadcast = subscriber->broadcast;
    weir_wait_lock(io, &broadcast->lock);
    int result = receive_now(subscriber, op->args.wait.value.pointer);
    bool waits = result == WEIR_EAGAIN;
    if (waits) {
        weir_wait_list_append(&broadcast->waiting, op);
    } else {
        op->result = result;
    }
    weir_wait_unlock(io, &broadcast->lock);
    return waits;
}

static bool stop_receiving(weir_io *io, weir_op *op)
{
    weir_broadcast *broadcast = ((weir_subscriber *)op->args.wait.object)->broadcast;
    weir_wait_lock(io, &broadcast->lock);
    bool waits = weir_wait_list_withdraw(&broadcast->waiting, op);
    weir_wait_unlock(io, &broadcast->lock);
    return waits;
}

static const weir_wait_kind receiving = {"broadcast", start_receiving, stop_receiving};

void weir_broadcast_receive_op(weir_op *op, weir_subscriber *subscriber, void *value)
{
    weir_wait_op(op, &receiving, subscriber, value);
}

int weir_broadcast_receive_until(weir_io *io, weir_subscriber *subscriber, void *value,
                                 weir_deadline deadline)
{
    int result = weir_broadcast_try_receive(io, subscriber, value);
    if (result != WEIR_EAGAIN) return result;
    return (int)weir_sync_wait(io, &receiving, subscriber, value, deadline);
}

int weir_broadcast_receive(weir_io *io, weir_subscriber *subscriber, void *value)
{
    return weir_broadcast_receive_until(io, subscriber, value, weir_never());
}

int weir_broadcast_receive_uncancelable(weir_io *io, weir_subscriber *subscriber, void *value)
{
    int result = weir_broadcast_try_receive(io, subscriber, value);
    if (result != WEIR_EAGAIN) return result;
    return (int)weir_sync_wait_shielded(io, &receiving, subscriber, value);
}

void weir_broadcast_close(weir_io *io, weir_broadcast *broadcast)
{
    weir_wait_lock(io, &broadcast->lock);
    broadcast->closed = 1;
    weir_op *waiting = weir_wait_list_take_all(&broadcast->waiting);
    weir_wait_unlock(io, &broadcast->lock);
    weir_wait_complete_all(waiting, WEIR_ECLOSED);
}
