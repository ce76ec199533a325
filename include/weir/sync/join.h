/* SPDX-License-Identifier: MIT
 *
 * Waiting for several tasks: for all of them, for the first, or until the first error.
 *
 *                            on the first end       on the first error     the caller is canceled
 *      weir_await_all        -                      -                      all stop and are awaited
 *      weir_try_await_all    -                      the rest stops         all stop and are awaited
 *      weir_race             the rest stops         (is an end)            all stop and are awaited
 *      weir_await_any        returns                (is an end)            all go on
 *
 * "Stops" means: is asked to stop, and has ended before the return.  Results stay in the handles
 * (task->result, weir_await).  "Canceled" includes a scope that expires.  The tasks are started
 * with weir_async or weir_concurrent, and nobody else awaits them; a task that the caller cannot
 * await (WEIR_EDEADLK: itself, WEIR_EBUSY: somebody else does) counts as one that ended with this
 * error.  A thread that is no task gets WEIR_ENOTTASK.
 */
#ifndef WEIR_SYNC_JOIN_H
#define WEIR_SYNC_JOIN_H

#include <stddef.h>

#include <weir/base/time.h>
#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WEIR_JOIN_INLINE = 16, /* so many tasks are awaited at once without an allocation */
};

/* Waits until all tasks have ended.
 *
 * Returns 0, or the negative result of the first task, by index, that has one; WEIR_ECANCELED,
 * WEIR_EDEADLINE: the caller was asked to stop or its scope expired, so all were asked to stop, and
 * have ended.  n = 0 returns 0.  No allocation.  A cancellation point.  From a task of `io`. */
int weir_await_all(weir_io *io, weir_task *tasks[], size_t n);

/* Waits until all tasks have ended; as soon as one ends with an error, asks the others to stop.
 *
 * Returns 0, or the error that came first; WEIR_ECANCELED, WEIR_EDEADLINE as weir_await_all;
 * WEIR_ENOMEM (n > WEIR_JOIN_INLINE only): nothing was done, the tasks go on.
 * n = 0 returns 0.  A cancellation point.  From a task of `io`. */
int weir_try_await_all(weir_io *io, weir_task *tasks[], size_t n);

/* Waits until one task has ended, whatever its result, asks the others to stop and waits for them.
 *
 * Returns the index of the first to end; WEIR_ECANCELED, WEIR_EDEADLINE as weir_await_all;
 * WEIR_EINVAL: n is 0 or above INT_MAX; WEIR_EDEADLK, WEIR_EBUSY: one of them cannot be awaited;
 * WEIR_ENOMEM (n > WEIR_JOIN_INLINE only).  After the last four nothing was done.
 * A cancellation point.  From a task of `io`. */
int weir_race(weir_io *io, weir_task *tasks[], size_t n);

/* Waits until one of the tasks has ended or `deadline` has passed; the others go on.  If several
 * have ended, which one is told is drawn by lot, so that none is passed over for ever.  A deadline
 * in the past only looks.
 *
 * Returns its index; WEIR_ECANCELED, WEIR_EDEADLINE: all go on; WEIR_EINVAL, WEIR_EDEADLK,
 * WEIR_EBUSY, WEIR_ENOMEM as weir_race.  A cancellation point.  From a task of `io`. */
int weir_await_any(weir_io *io, weir_task *tasks[], size_t n, weir_deadline deadline);

#ifdef __cplusplus
}
#endif
#endif
