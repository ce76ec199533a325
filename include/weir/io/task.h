/* SPDX-License-Identifier: MIT
 *
 * Tasks: functions that run concurrently, are awaited, and can be asked to stop.
 *
 * Cancellation is cooperative and delivered at operations.  A request is reported by exactly one of
 * them, the one in progress or the next, as WEIR_ECANCELED; after that the task cleans up with
 * ordinary calls and returns.  weir_recancel puts a request back; a shield (scope.h) holds it off.
 * Every task is awaited or canceled by the holder of its handle, or owned by a group (group.h).
 */
#ifndef WEIR_IO_TASK_H
#define WEIR_IO_TASK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_io weir_io;
typedef struct weir_op weir_op;

/* What a task runs.  The result is the task's: by convention >= 0 or a negative WEIR_E… code. */
typedef int weir_task_fn(weir_io *io, void *argument);

/* Where a task may run (spawn options). */
enum {
    WEIR_WORKER_ANY = -1,  /* wherever there is room; may be taken by an idle worker */
    WEIR_WORKER_SAME = -2, /* on the caller's worker */
};

/* A task's handle, in the caller's memory.
 *
 * Invariant: from the start until the task has ended the handle must stay where it is; `lock`
 * guards `ended`, `waiter` and `record`; the task's last touch is the release of the lock. */
typedef struct weir_task {
    uint32_t lock;
    uint32_t ended;
    int result;
    uint32_t reserved;
    weir_op *waiter; /* the JOIN that waits, or NULL */
    void *record;    /* the running task; NULL when it has ended */
} weir_task;

/* How to start a task; the zero value of each member but `worker` is its default. */
typedef struct weir_task_options {
    const char *name; /* for people; static text.  NULL: "task" */
    int worker;       /* WEIR_WORKER_ANY, WEIR_WORKER_SAME or an index below weir_workers */
} weir_task_options;

/* Starts `run(io, argument)`, which may run concurrently with the caller; when no independent task
 * can be had it runs before the return, in place.  Never fails.
 *
 * Ownership: `task` is lent until weir_await or weir_cancel has returned its result.
 * Not a cancellation point.  From a task of `io`. */
void weir_async(weir_io *io, weir_task *task, weir_task_fn *run, void *argument);

/* Starts `run(io, argument)` as a task of its own, or fails.  `options` may be NULL.
 *
 * Returns 0; WEIR_ECONCURRENCY when a limit on tasks is met, WEIR_ENOMEM: nothing was started.
 * Ownership as for weir_async.  Not a cancellation point.  From a task of `io`. */
int weir_concurrent(weir_io *io, weir_task *task, weir_task_fn *run, void *argument,
                    const weir_task_options *options);

/* Waits until the task has ended and gives its result in *result (may be NULL).
 *
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE: the task goes on, the handle stays valid.  May be
 * repeated after success: it gives the same result.  One waiter at a time.
 * A cancellation point.  From a task of `io`. */
int weir_await(weir_io *io, weir_task *task, int *result);

/* Asks the task to stop, waits until it has ended, and returns its result (which may be a success:
 * what it produced is the caller's).  Equals weir_await when the task has ended already.
 * Not a cancellation point itself.  From a task of `io`. */
int weir_cancel(weir_io *io, weir_task *task);

/* Asks the task to stop and does not wait.  From any thread while the handle is alive. */
void weir_cancel_request(weir_io *io, weir_task *task);

/* Whether the task has ended: its result is in task->result.  From any thread. */
bool weir_task_ended(const weir_task *task);

/* Whether the calling task has been asked to stop, or its scope has expired: takes the request.
 *
 * Returns 0, WEIR_ECANCELED or WEIR_EDEADLINE: a cancellation point for long computations, which
 * costs a load.  From a task of `io`. */
int weir_check(weir_io *io);

/* Puts a cancel request on the calling task itself, to be reported by its next operation.
 * From a task of `io`. */
void weir_recancel(weir_io *io);

/* Lets other ready tasks run, then goes on.
 * Returns 0, WEIR_ECANCELED or WEIR_EDEADLINE.  A cancellation point.  From a task of `io`. */
int weir_yield(weir_io *io);

/* The number of workers that run tasks in parallel on this engine; 1 where each task is a thread
 * of its own.  From any thread. */
unsigned weir_workers(weir_io *io);

#ifdef __cplusplus
}
#endif
#endif
