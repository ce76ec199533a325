/* SPDX-License-Identifier: MIT
 *
 * Watches: the latest value of something, and a way to wait until it changes.
 *
 *      weir_config config = {…};                           weir_watcher watcher;
 *      weir_watch watch;                                   weir_watch_subscribe(io, &watch,
 * &watcher, weir_watch_init(&watch, &config, sizeof config);                         true);
 *      weir_watch_send(io, &watch, &changed);  ── wakes ──> weir_watch_changed(io, &watcher, &mine)
 *
 * Only the latest value is kept: who looks late sees one change where there were several.  The
 * value lives in the caller's memory and is copied, or looked at, under the watch's lock, a spin
 * lock: it should be small, and what is called under the lock must be short and call nothing of
 * `io`.
 *
 * Plain values without hidden memory, which must not move while they are used.  Between tasks of
 * one engine.
 */
#ifndef WEIR_SYNC_WATCH_H
#define WEIR_SYNC_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/error.h>
#include <weir/base/time.h>
#include <weir/io/io.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All members are the watch's own. */
typedef struct weir_watch {
    uint32_t lock;
    uint32_t closed;
    void *value;
    size_t size;
    uint64_t version;       /* changes so far */
    weir_wait_list waiting; /* watchers that have seen the present value */
} weir_watch;

/* One who watches, in the caller's memory; for one task at a time. */
typedef struct weir_watcher {
    weir_watch *watch;
    uint64_t seen; /* the version that it has seen */
} weir_watcher;

/* Looks at, or changes, the value.  Must not wait, or call anything of `io`. */
typedef void weir_watch_look_fn(const void *value, void *argument);
typedef bool weir_watch_modify_fn(void *value, void *argument); /* whether it has changed it */

/* Makes an open watch over the `size` bytes at `value`, which hold its first value.
 * Ownership: `value` is lent as long as the watch is used.  Never waits.  From any thread. */
void weir_watch_init(weir_watch *watch, void *value, size_t size);

/* Makes `watcher` watch; `seen`: the present value counts as seen, and only the next one is news.
 * It holds nothing and needs no end.
 * Ownership: the watch outlives it.  Never waits; not a cancellation point.  From a task of `io`.
 */
void weir_watch_subscribe(weir_io *io, weir_watch *watch, weir_watcher *watcher, bool seen);

/* Replaces the value and wakes who waits for a change, also if the new value equals the old.
 * Returns 0; WEIR_ECLOSED: the value stays.  Never waits; not a cancellation point.  Takes time in
 * proportion to the tasks that wait.  From a task of `io`. */
int weir_watch_send(weir_io *io, weir_watch *watch, const void *value);

/* Calls `modify(value, argument)` under the lock; if it returns true, wakes who waits for a change.
 * Returns 1 if it returned true, 0 if not; WEIR_ECLOSED: it was not called.  Otherwise as
 * weir_watch_send. */
int weir_watch_modify(weir_io *io, weir_watch *watch, weir_watch_modify_fn *modify, void *argument);

/* Copies the present value to `value`; also after the close.  What watchers have seen stays.
 * Never waits; not a cancellation point.  From a task of `io`. */
void weir_watch_get(weir_io *io, weir_watch *watch, void *value);

/* Calls `look(value, argument)` under the lock, without a copy.  Otherwise as weir_watch_get. */
void weir_watch_borrow(weir_io *io, weir_watch *watch, weir_watch_look_fn *look, void *argument);

/* Copies the present value to `value` (unless NULL), which from now on counts as seen.
 * Returns 1 if it was news to the watcher, else 0.  Never waits; not a cancellation point.  From a
 * task of `io`. */
int weir_watch_update(weir_io *io, weir_watcher *watcher, void *value);

/* Whether there is a value that the watcher has not seen.
 * Returns 1 or 0; WEIR_ECLOSED: closed, and it has seen the last one.  Never waits; not a
 * cancellation point.  From a task of `io`. */
int weir_watch_has_changed(weir_io *io, weir_watcher *watcher);

/* Waits until there is a value that the watcher has not seen, copies it to `value` (unless NULL)
 * and counts it as seen.
 *
 * Returns 0; WEIR_ECLOSED: closed, and it has seen the last one; WEIR_ECANCELED, WEIR_EDEADLINE (of
 * a scope): nothing counts as seen; WEIR_ENOTTASK. A cancellation point when it waits.  From a task
 * of `io`. */
int weir_watch_changed(weir_io *io, weir_watcher *watcher, void *value);

/* The same, until `deadline`; a change that is there is reported whatever the deadline is.
 * Returns also WEIR_EDEADLINE when it has passed. */
int weir_watch_changed_until(weir_io *io, weir_watcher *watcher, void *value,
                             weir_deadline deadline);

/* The same, neither canceled nor ended by a scope.  Returns 0, WEIR_ECLOSED or WEIR_ENOTTASK. */
int weir_watch_changed_uncancelable(weir_io *io, weir_watcher *watcher, void *value);

/* Fills an op that waits for a change, for weir_select or a queue.  Result 0 means that the change
 * counts as seen, also for an op that was canceled.  Ownership: `value` (NULL: none) is lent until
 * the completion. */
void weir_watch_changed_op(weir_op *op, weir_watcher *watcher, void *value);

/* Closes the watch for good: it changes no more, and who waits gets WEIR_ECLOSED.  The last value
 * stays, and is still news to who has not seen it.  Again: nothing happens.
 * Never waits; not a cancellation point.  From a task of `io`. */
void weir_watch_close(weir_io *io, weir_watch *watch);

#ifdef __cplusplus
}
#endif
#endif
