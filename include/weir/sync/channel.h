/* SPDX-License-Identifier: MIT
 *
 * Channels: items of a fixed size from any number of senders to any number of receivers, in order.
 *
 *      int room[64];                                     senders            receivers
 *      weir_channel channel;                                  \  ┌─────────┐  /
 *      weir_channel_init(&channel, room, 64, sizeof room[0]);  ──┤  ring   ├──
 *      weir_channel_send(io, &channel, &number);              /  └─────────┘  \
 *      while (weir_channel_receive(io, &channel, &number) == 0) …
 *
 * The ring is the caller's memory and bounds what is under way: a sender waits while it is full, a
 * receiver while it is empty.  Capacity 0 is a rendezvous: a send ends when a receiver has taken
 * the item.  Items are copied by value.  Waiting takes no memory, and who waits is served in the
 * order of arrival: an item goes straight to the receiver that has waited longest.
 *
 * Close: senders get WEIR_ECLOSED at once, those that wait included (their items were not sent);
 * receivers get what is in the ring and then WEIR_ECLOSED.
 *
 * An item is never lost or doubled: when a cancellation or a deadline comes in the same moment as
 * the item, the call has succeeded and the request stays pending.  So a receive op that lost a
 * weir_select may have result 0: the item is in its buffer and the caller's to use.
 *
 * A channel is a plain value without hidden memory; it must not move while it is in use, and its
 * memory may go when nobody waits or will call.  Between tasks of one engine; other threads use
 * weir_outside_run (weir/io/outside.h).
 */
#ifndef WEIR_SYNC_CHANNEL_H
#define WEIR_SYNC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/error.h>
#include <weir/base/time.h>
#include <weir/io/io.h>
#include <weir/io/op.h>
#include <weir/sync/channel_ring.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes an open, empty channel of `capacity` items of `item_size` bytes in `ring`, which has room
 * for them and needs no alignment; capacity 0: a rendezvous.  An item of 0 bytes is a bare signal.
 *
 * Returns 0; WEIR_EINVAL: `ring` is NULL, but there is something to keep in it; WEIR_EOVERFLOW: an
 * item is larger than UINT32_MAX bytes, or the ring than memory.
 * Ownership: `ring` is lent as long as the channel is used.  Never waits.  From any thread. */
int weir_channel_init(weir_channel *channel, void *ring, size_t capacity, size_t item_size);

/* Sends the item at `item`, waiting for room.
 *
 * Returns 0; WEIR_ECLOSED: the channel is closed, or was while this waited; WEIR_ECANCELED,
 * WEIR_EDEADLINE (of a scope); WEIR_ENOTTASK.  With any error the item was not sent.
 * A cancellation point when it waits.  From a task of `io`. */
static inline int weir_channel_send(weir_io *io, weir_channel *channel, const void *item)
{
    if (!io->one_thread) return weir_channel_send_shared(io, channel, item);
    if (__builtin_expect(weir_channel_can_push(channel), 1)) {
        weir_channel_push(channel, item);
        return 0;
    }
    return weir_channel_send_wait(io, channel, item);
}

/* The same, until `deadline`: what is possible at once is done whatever the deadline is.
 * Returns also WEIR_EDEADLINE when it has passed. */
int weir_channel_send_until(weir_io *io, weir_channel *channel, const void *item,
                            weir_deadline deadline);

/* The same, neither canceled nor ended by a scope.  Returns 0, WEIR_ECLOSED or WEIR_ENOTTASK.
 * Not a cancellation point. */
int weir_channel_send_uncancelable(weir_io *io, weir_channel *channel, const void *item);

/* Sends the item if there is room, or a receiver that waits.
 * Returns 0; WEIR_EAGAIN: it is full; WEIR_ECLOSED.  Never waits; not a cancellation point. */
static inline int weir_channel_try_send(weir_io *io, weir_channel *channel, const void *item)
{
    if (__builtin_expect(io->one_thread && weir_channel_can_push(channel), 1)) {
        weir_channel_push(channel, item);
        return 0;
    }
    return weir_channel_send_rest(io, channel, item);
}

/* Takes the oldest item into `item`, waiting for one.
 *
 * Returns 0; WEIR_ECLOSED: closed and empty; WEIR_ECANCELED, WEIR_EDEADLINE (of a scope): nothing
 * was taken; WEIR_ENOTTASK.
 * A cancellation point when it waits.  From a task of `io`. */
static inline int weir_channel_receive(weir_io *io, weir_channel *channel, void *item)
{
    if (!io->one_thread) return weir_channel_receive_shared(io, channel, item);
    if (__builtin_expect(weir_channel_can_pop(channel), 1)) {
        weir_channel_pop(channel, item);
        return 0;
    }
    return weir_channel_receive_wait(io, channel, item);
}

/* The same, until `deadline`: an item that is there is taken whatever the deadline is.
 * Returns also WEIR_EDEADLINE when it has passed. */
int weir_channel_receive_until(weir_io *io, weir_channel *channel, void *item,
                               weir_deadline deadline);

/* The same, neither canceled nor ended by a scope.  Returns 0, WEIR_ECLOSED or WEIR_ENOTTASK.
 * Not a cancellation point. */
int weir_channel_receive_uncancelable(weir_io *io, weir_channel *channel, void *item);

/* Takes the oldest item if there is one.
 * Returns 0; WEIR_EAGAIN: it is empty; WEIR_ECLOSED: closed and empty.  Never waits; not a
 * cancellation point. */
static inline int weir_channel_try_receive(weir_io *io, weir_channel *channel, void *item)
{
    if (__builtin_expect(io->one_thread && weir_channel_can_pop(channel), 1)) {
        weir_channel_pop(channel, item);
        return 0;
    }
    return weir_channel_receive_rest(io, channel, item);
}

/* Fills an op that sends, or receives, one item, for weir_select or a queue.  Its result is 0,
 * WEIR_ECLOSED, WEIR_ECANCELED or WEIR_EDEADLINE; 0 means that the item went, also for an op that
 * was canceled.  Ownership: `item` is lent until the op has completed.  Never waits. */
void weir_channel_send_op(weir_op *op, weir_channel *channel, const void *item);
void weir_channel_receive_op(weir_op *op, weir_channel *channel, void *item);

/* Sends up to `count` items in a row, until at least `min` of them went; 0: never waits.
 *
 * Returns how many went, from the first on, at least `min`; fewer, but more than 0, when the
 * channel was closed, the deadline passed or the task was asked to stop meanwhile (the request
 * stays pending).  If none went: WEIR_ECLOSED, WEIR_EDEADLINE, WEIR_ECANCELED, WEIR_ENOTTASK; 0 if
 * `min` or `count` is 0.  WEIR_EINVAL: `min` is above `count`.
 * While it waits, receivers take the items straight from `items`, in order.
 *
 * Ownership: `items` is lent until the return.  A cancellation point when it waits.  From a task of
 * `io`. */
int64_t weir_channel_put(weir_io *io, weir_channel *channel, const void *items, size_t count,
                         size_t min, weir_deadline deadline);

/* Takes up to `count` items, until at least `min` have come; 0: never waits.
 *
 * Returns how many came, as weir_channel_put does; WEIR_ECLOSED: closed, and none was left.  A get
 * that waits has its place in the line until it has all of its `min`.
 * A cancellation point when it waits.  From a task of `io`. */
int64_t weir_channel_get(weir_io *io, weir_channel *channel, void *items, size_t count, size_t min,
                         weir_deadline deadline);

/* Closes the channel, for senders and receivers, for good.  Again: nothing happens.
 * Never waits; not a cancellation point.  From a task of `io`. */
void weir_channel_close(weir_io *io, weir_channel *channel);

/* Whether it has been closed; items may be left.  Never waits.  From a task of `io`. */
bool weir_channel_is_closed(weir_io *io, weir_channel *channel);

/* How many items are in the ring: by the time it is looked at, another task may have changed it.
 * Never waits.  From a task of `io`. */
size_t weir_channel_length(weir_io *io, weir_channel *channel);

/* How many items the ring holds.  Never waits.  From any thread. */
size_t weir_channel_capacity(const weir_channel *channel);

/* Selecting ---------------------------------------------------------------------------------------
 *
 * weir_select takes ops of all kinds, channels among them.  For receiving from several channels
 * over and over, weir_channel_select keeps account of what such a loop needs: which channels have
 * closed, and the items that losers received in the same moment.
 *
 *      weir_channel_branch branches[2] = {{.channel = &jobs, .item = &job},
 *                                         {.channel = &commands, .item = &command}};
 *      size_t closed;
 *      for (;;) {
 *          int i = weir_channel_select(io, branches, 2, weir_never(), &closed);
 *          if (i == WEIR_ECLOSED && closed < 2) continue;      // branches[closed] has just ended
 *          if (i < 0) break;                                   // all have ended, or we shall stop
 *          …                                                   // branches[i].item holds an item
 *      }
 */

/* One channel to receive from.  The members not named in the example begin as zero. */
typedef struct weir_channel_branch {
    weir_channel *channel;
    void *item;     /* where an item goes: must hold still between the calls */
    bool closed;    /* it was reported as closed, and is skipped */
    bool ready;     /* `item` holds an item that no call has handed out yet */
    bool started;   /* used inside a call */
    uint32_t first; /* in branches[0]: which branch the next call looks at first */
    weir_op op;     /* used inside a call */
} weir_channel_branch;

/* Receives from one of `count` channels, waiting until `deadline` for the first item.
 *
 * Returns the index of the branch whose item was filled; WEIR_ECLOSED: the branch *closed (may be
 * NULL) has just been found closed and empty, and is skipped from now on; with *closed == count:
 * all of them were reported before.  WEIR_EDEADLINE, WEIR_ECANCELED: nothing was handed out;
 * WEIR_ENOTTASK; WEIR_EINVAL: `count` is 0 or above INT_MAX.
 * Fair: the branches are looked at in a circle, from the one after the last that was handed out.
 * Nothing is lost: an item that a losing branch received is `ready` and handed out by a later call;
 * who stops calling looks at `ready` of each branch.  What is there is handed out whatever the
 * deadline is.
 * Ownership: the branches are lent until the return.  A cancellation point when it waits.  From a
 * task of `io`. */
int weir_channel_select(weir_io *io, weir_channel_branch branches[], size_t count,
                        weir_deadline deadline, size_t *closed);

#ifdef __cplusplus
}
#endif
#endif
