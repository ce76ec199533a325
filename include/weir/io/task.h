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
#include <stddef.h>
#include <stdint.h>

#include <weir/base/time.h>

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

/* "file:line" of the line where it stands: who reads a dump learns by it where a task was spawned
 * or a deadline was set.  The calls that keep it are macros over a function whose name ends in _at.
 */
#define WEIR_PLACE           __FILE__ ":" WEIR_PLACE_(__LINE__)
#define WEIR_PLACE_(line_)   WEIR_PLACE_TEXT_(line_)
#define WEIR_PLACE_TEXT_(n_) #n_

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
void weir_async_at(weir_io *io, weir_task *task, weir_task_fn *run, void *argument,
                   const char *place);
#define weir_async(io, task, run, argument) weir_async_at(io, task, run, argument, WEIR_PLACE)

/* Starts `run(io, argument)` as a task of its own, or fails.  `options` may be NULL.
 *
 * Returns 0; WEIR_ECONCURRENCY when a limit on tasks is met, WEIR_ENOMEM: nothing was started.
 * Ownership as for weir_async.  Not a cancellation point.  From a task of `io`. */
int weir_concurrent_at(weir_io *io, weir_task *task, weir_task_fn *run, void *argument,
                       const weir_task_options *options, const char *place);
#define weir_concurrent(io, task, run, argument, options) \
    weir_concurrent_at(io, task, run, argument, options, WEIR_PLACE)

/* Starts a task that nobody awaits: a member of the engine's own group.  When the root task of
 * weir_run ends, detached tasks are asked to stop, and weir_run waits for them.  A negative result
 * is counted (weir_counters.detached_failed).  `options` may be NULL.
 *
 * Returns 0, WEIR_ECONCURRENCY or WEIR_ENOMEM: nothing was started.
 * Ownership: what `argument` points to is the task's to free, or lives as long as the run.
 * Not a cancellation point.  From a task of `io`. */
int weir_detach_at(weir_io *io, weir_task_fn *run, void *argument, const weir_task_options *options,
                   const char *place);
#define weir_detach(io, run, argument, options) \
    weir_detach_at(io, run, argument, options, WEIR_PLACE)

/* Waits until the task has ended and gives its result in *result (may be NULL).
 *
 * Returns 0; WEIR_ECANCELED, WEIR_EDEADLINE: the task goes on, the handle stays valid;
 * WEIR_EDEADLK: it is the calling task itself.  May be repeated after success: it gives the same
 * result.  One waiter at a time: WEIR_EBUSY for another.
 * A cancellation point.  From a task of `io`. */
int weir_await(weir_io *io, weir_task *task, int *result);

/* Waits until `deadline` for the task to end and gives its result in *result (may be NULL); a
 * deadline in the past only looks.
 * Returns 0, WEIR_EDEADLINE, or as weir_await.  A cancellation point.  From a task of `io`. */
int weir_await_until(weir_io *io, weir_task *task, weir_instant deadline, int *result);

/* Fills an op that completes with 0 when the task has ended, for weir_select or a queue. */
void weir_task_op(weir_op *op, weir_task *task);

/* Asks the task to stop, waits until it has ended, and returns its result (which may be a success:
 * what it produced is the caller's).  Equals weir_await when the task has ended already.
 * Not a cancellation point itself.  From a task of `io`. */
int weir_cancel(weir_io *io, weir_task *task);

/* Asks the task to stop and does not wait.  From any thread while the handle is alive. */
void weir_cancel_request(weir_io *io, weir_task *task);

/* Whether the task has ended: its result is in task->result.  From any thread. */
bool weir_task_ended(const weir_task *task);

/* Whether the calling task has been asked to stop, or a scope has expired or was canceled: takes
 * the request.
 *
 * Returns 0, WEIR_ECANCELED or WEIR_EDEADLINE: a cancellation point for long computations, which
 * costs a load.  From a task of `io`. */
int weir_check(weir_io *io);

/* Why an operation of a task failed with WEIR_ECANCELED or WEIR_EDEADLINE. */
typedef enum weir_cause_kind {
    WEIR_CAUSE_NONE,     /* none of its operations has */
    WEIR_CAUSE_REQUEST,  /* the task was asked to stop: weir_cancel, its group, weir_recancel */
    WEIR_CAUSE_SCOPE,    /* a scope's deadline passed */
    WEIR_CAUSE_DEADLINE, /* the operation's own deadline passed */
    WEIR_CAUSE_TOKEN,    /* the token of a scope was canceled */
} weir_cause_kind;

typedef struct weir_cause {
    weir_cause_kind kind;
    uint32_t reason;      /* TOKEN: a weir_reason_kind (token.h) */
    weir_instant when;    /* SCOPE, DEADLINE: the instant that passed */
    weir_duration length; /* SCOPE: how long it was, when it was set as a duration; else 0 */
    const char *place;    /* SCOPE, TOKEN: "file:line" where the scope was entered; else NULL */
    const char *text;     /* TOKEN: the canceler's words (weir_token_cancel); else NULL */
} weir_cause;

/* Why the latest operation of the calling task that was canceled or expired was so.
 * Texts are static or the token's.  Never waits.  From a task of `io`. */
weir_cause weir_cause_of(weir_io *io);

/* Writes a cause for a person, "deadline of 5 s set at main.c:42 passed" or "canceled: shutting
 * down (scope of main.c:17)", NUL-terminated, cut to `size` (at least 1).
 * Returns the whole length. Never waits.  From any thread. */
size_t weir_cause_print(const weir_cause *cause, char *out, size_t size);

/* Puts a cancel request on the calling task itself, to be reported by its next operation.
 * From a task of `io`. */
void weir_recancel(weir_io *io);

/* Puts back what the calling task's latest operation has reported with WEIR_ECANCELED, for a call
 * that has a result to return all the same: a request is made again, to be reported by the next
 * operation; a scope's token fails that by itself.  From a task of `io`. */
void weir_put_back(weir_io *io);

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
