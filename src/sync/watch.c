/* SPDX-License-Identifier: MIT
 *
 * Watches: a value, its version, and the watchers that wait for another one.
 *
 * Invariant, under the lock: an op waits only while its watcher has seen the present version and
 * the watch is open; whoever changes the version takes all ops out, gives each the value and marks
 * it as seen.
 */
#include <weir/sync/watch.h>

#include <string.h>

#include <weir/io/wait.h>

#include "sync/waiting.h"

void weir_watch_init(weir_watch *watch, void *value, size_t size)
{
    *watch = (weir_watch){.value = value, .size = size};
}

static void copy(void *to, const void *from, size_t size)
{
    if (to && size > 0) memcpy(to, from, size);
}

/* Gives a watcher the present value.  With the lock held. */
static void see(weir_watcher *watcher, void *value)
{
    copy(value, watcher->watch->value, watcher->watch->size);
    watcher->seen = watcher->watch->version;
}

void weir_watch_subscribe(weir_io *io, weir_watch *watch, weir_watcher *watcher, bool seen)
{
    weir_wait_lock(io, &watch->lock);
    /* One version behind, also before the first: the numbers go in a circle. */
    *watcher = (weir_watcher){.watch = watch, .seen = watch->version - (seen ? 0 : 1)};
    weir_wait_unlock(io, &watch->lock);
}

static weir_op *change(weir_watch *watch)
{
    watch->version++;
    weir_op *waiting = weir_wait_list_take_all(&watch->waiting);
    for (weir_op *op = waiting; op; op = weir_op_words_of(op)->next)
        see(op->args.wait.object, op->args.wait.value.pointer);
    return waiting;
}

int weir_watch_send(weir_io *io, weir_watch *watch, const void *value)
{
    weir_op *waiting = NULL;
    weir_wait_lock(io, &watch->lock);
    bool closed = watch->closed;
    if (!closed) {
        copy(watch->value, value, watch->size);
        waiting = change(watch);
    }
    weir_wait_unlock(io, &watch->lock);
    weir_wait_complete_all(waiting, 0);
    return closed ? WEIR_ECLOSED : 0;
}

int weir_watch_modify(weir_io *io, weir_watch *watch, weir_watch_modify_fn *modify, void *argument)
{
    weir_op *waiting = NULL;
    weir_wait_lock(io, &watch->lock);
    int result = watch->closed ? WEIR_ECLOSED : modify(watch->value, argument);
    if (result > 0) waiting = change(watch);
    weir_wait_unlock(io, &watch->lock);
    weir_wait_complete_all(waiting, 0);
    return result;
}

void weir_watch_get(weir_io *io, weir_watch *watch, void *value)
{
    weir_wait_lock(io, &watch->lock);
    copy(value, watch->value, watch->size);
    weir_wait_unlock(io, &watch->lock);
}

void weir_watch_borrow(weir_io *io, weir_watch *watch, weir_watch_look_fn *look, void *argument)
{
    weir_wait_lock(io, &watch->lock);
    look(watch->value, argument);
    weir_wait_unlock(io, &watch->lock);
}

int weir_watch_update(weir_io *io, weir_watcher *watcher, void *value)
{
    weir_watch *watch = watcher->watch;
    weir_wait_lock(io, &watch->lock);
    bool news = watcher->seen != watch->version;
    see(watcher, value);
    weir_wait_unlock(io, &watch->lock);
    return news;
}

/* 0: there is news; WEIR_EAGAIN or WEIR_ECLOSED.  With the lock held. */
static int news_of(const weir_watcher *watcher)
{
    if (watcher->seen != watcher->watch->version) return 0;
    return watcher->watch->closed ? WEIR_ECLOSED : WEIR_EAGAIN;
}

int weir_watch_has_changed(weir_io *io, weir_watcher *watcher)
{
    weir_watch *watch = watcher->watch;
    weir_wait_lock(io, &watch->lock);
    int news = news_of(watcher);
    weir_wait_unlock(io, &watch->lock);
    if (news == WEIR_ECLOSED) return news;
    return news == 0;
}

static int try_changed(weir_io *io, weir_watcher *watcher, void *value)
{
    weir_watch *watch = watcher->watch;
    weir_wait_lock(io, &watch->lock);
    int news = news_of(watcher);
    if (news == 0) see(watcher, value);
    weir_wait_unlock(io, &watch->lock);
    return news;
}

static bool start_waiting(weir_io *io, weir_op *op)
{
    weir_watcher *watcher = op->args.wait.object;
    weir_watch *watch = watcher->watch;
    weir_wait_lock(io, &watch->lock);
    int news = news_of(watcher);
    bool waits = news == WEIR_EAGAIN;
    if (waits) weir_wait_list_append(&watch->waiting, op);
    if (news == 0) see(watcher, op->args.wait.value.pointer);
    if (!waits) op->result = news;
    weir_wait_unlock(io, &watch->lock);
    return waits;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    weir_watch *watch = ((weir_watcher *)op->args.wait.object)->watch;
    weir_wait_lock(io, &watch->lock);
    bool waits = weir_wait_list_withdraw(&watch->waiting, op);
    weir_wait_unlock(io, &watch->lock);
    return waits;
}

static const weir_wait_kind waiting_for = {"watch", start_waiting, stop_waiting};

void weir_watch_changed_op(weir_op *op, weir_watcher *watcher, void *value)
{
    weir_wait_op(op, &waiting_for, watcher, value);
}

int weir_watch_changed_until(weir_io *io, weir_watcher *watcher, void *value,
                             weir_deadline deadline)
{
    int result = try_changed(io, watcher, value);
    if (result != WEIR_EAGAIN) return result;
    return (int)weir_sync_wait(io, &waiting_for, watcher, value, deadline);
}

int weir_watch_changed(weir_io *io, weir_watcher *watcher, void *value)
{
    return weir_watch_changed_until(io, watcher, value, weir_never());
}

int weir_watch_changed_uncancelable(weir_io *io, weir_watcher *watcher, void *value)
{
    int result = try_changed(io, watcher, value);
    if (result != WEIR_EAGAIN) return result;
    return (int)weir_sync_wait_shielded(io, &waiting_for, watcher, value);
}

void weir_watch_close(weir_io *io, weir_watch *watch)
{
    weir_wait_lock(io, &watch->lock);
    watch->closed = 1;
    weir_op *waiting = weir_wait_list_take_all(&watch->waiting);
    weir_wait_unlock(io, &watch->lock);
    weir_wait_complete_all(waiting, WEIR_ECLOSED);
}
