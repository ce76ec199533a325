/* SPDX-License-Identifier: MIT
 *
 * The inside of a channel (channel.h), which is not to be used by itself: its members, the ring,
 * and what the calls do when they are not a push or a pop and nothing else.
 *
 * Where all tasks are on one thread the common cases are inline, without a lock and without a call.
 */
#ifndef WEIR_SYNC_CHANNEL_RING_H
#define WEIR_SYNC_CHANNEL_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/io/io.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All members are the channel's own.
 *
 * Invariant, under the lock: a receiver waits only while the ring is empty, a sender only while it
 * is full (or there is none), and nobody once it is closed. */
typedef struct weir_channel {
    uint32_t lock;
    uint32_t closed;
    uint16_t sends, receives;  /* so far, modulo 65,536; on several threads only */
    uint32_t item_size;        /* bytes */
    size_t length;             /* items in the ring */
    size_t limit;              /* a send may go on below this length: the capacity, 0 if closed */
    unsigned char *read;       /* the oldest item */
    unsigned char *write;      /* where the next one goes */
    unsigned char *ring, *end; /* the ring, and the byte after it */
    weir_wait_list senders, receivers;
    size_t capacity; /* items */
} weir_channel;

/* The try calls, in all cases. */
int weir_channel_send_rest(weir_io *io, weir_channel *channel, const void *item);
int weir_channel_receive_rest(weir_io *io, weir_channel *channel, void *item);

/* The rest of the calls that wait, where all tasks are on one thread. */
int weir_channel_send_wait(weir_io *io, weir_channel *channel, const void *item);
int weir_channel_receive_wait(weir_io *io, weir_channel *channel, void *item);

/* The calls that wait, on several threads.  Now and then they give other tasks a turn. */
int weir_channel_send_shared(weir_io *io, weir_channel *channel, const void *item);
int weir_channel_receive_shared(weir_io *io, weir_channel *channel, void *item);

/* Copies one item.  The usual sizes become a load and a store, words first. */
static inline void weir_channel_copy(void *to, const void *from, uint32_t size)
{
    /* Where this is inlined a compiler sees the caller's variable and warns of the sizes that it
     * does not have; so it is not to know where the pointers come from. */
    __asm__("" : "+r"(to), "+r"(from));
    if (__builtin_expect(size == 8, 1)) {
        memcpy(to, from, 8);
        return;
    }
    switch (size) {
    case 4: memcpy(to, from, 4); return;
    case 16: memcpy(to, from, 16); return;
    case 1: memcpy(to, from, 1); return;
    case 2: memcpy(to, from, 2); return;
    case 0: return;
    default: memcpy(to, from, size); return;
    }
}

/* Puts an item into the ring, which has room.  Under the lock. */
static inline void weir_channel_push(weir_channel *channel, const void *item)
{
    uint32_t size = channel->item_size;
    unsigned char *at = channel->write;
    weir_channel_copy(at, item, size);
    at += size;
    channel->write = at == channel->end ? channel->ring : at;
    channel->length++;
}

/* Takes the oldest item out of the ring, which is not empty.  Under the lock. */
static inline void weir_channel_pop(weir_channel *channel, void *item)
{
    uint32_t size = channel->item_size;
    unsigned char *at = channel->read;
    weir_channel_copy(item, at, size);
    at += size;
    channel->read = at == channel->end ? channel->ring : at;
    channel->length--;
}

/* Whether a send is a push, and nothing else.  Under the lock. */
static inline bool weir_channel_can_push(const weir_channel *channel)
{
    return channel->length < channel->limit && !channel->receivers.first;
}

/* Whether a receive is a pop, and nothing else.  Under the lock. */
static inline bool weir_channel_can_pop(const weir_channel *channel)
{
    return channel->length > 0 && !channel->senders.first;
}

#ifdef __cplusplus
}
#endif
#endif
