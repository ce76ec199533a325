/* SPDX-License-Identifier: MIT
 *
 * From threads that are no tasks into an engine: signal an event, send on a channel, join a task.
 *
 * Locks, channels and events belong to the tasks of an engine.  A thread of its own (a callback of
 * another library, a pool's) uses them by having a task do it.
 */
#ifndef WEIR_IO_OUTSIDE_H
#define WEIR_IO_OUTSIDE_H

#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Runs `run(io, argument)` as a task of a running engine and waits until it has ended.
 *
 * Returns 0 and its result in *result (may be NULL); WEIR_ENOTRUNNING: no weir_run is under way, or
 * its root has ended; WEIR_ENOMEM, WEIR_ECONCURRENCY: no task could be started; WEIR_EDEADLK: the
 * caller is itself a task of `io`, and can do it directly.  The task is a detached one (task.h): it
 * is asked to stop when the root ends.  The engine may be destroyed only after this has returned.
 * On threads, the task's thread is a child of the calling one, with its network namespace. Holds
 * the calling thread.  From any thread that is no task of `io`. */
int weir_outside_run(weir_io *io, weir_task_fn *run, void *argument, int *result);

#ifdef __cplusplus
}
#endif
#endif
