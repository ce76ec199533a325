/* SPDX-License-Identifier: MIT
 *
 * weir_io: the handle that every call which can wait receives, and the table behind it.
 *
 * An engine is an implementation of this table; nothing above knows which one it runs on.  There is
 * no hidden global: engines of different kinds work side by side in a process.  Users call the
 * functions of op.h, task.h, group.h, … , which call the table; who writes an engine reads on.
 */
#ifndef WEIR_IO_IO_H
#define WEIR_IO_IO_H

#include <weir/io/group.h>
#include <weir/io/inspect.h>
#include <weir/io/op.h>
#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_task_record weir_task_record;

/* How to start a task; the argument of the table's spawn. */
typedef struct weir_spawn {
    weir_task_fn *run;
    void *argument;
    weir_task *task;   /* the caller's handle, or NULL … */
    weir_group *group; /* … for a member of a group */
    const char *name;  /* static text for people, or NULL */
    const char *place; /* "file:line" of who spawns; static text, or NULL */
    int worker;        /* WEIR_WORKER_ANY, WEIR_WORKER_SAME, or 0 … workers - 1 */
} weir_spawn;

/* Something to be done soon on a thread of the engine: the argument of the table's post.  The
 * poster's memory; lent until `run` is called, which may free it.  `run` must not wait: it may
 * spawn, submit, cancel ops, complete, wake. */
typedef struct weir_post weir_post;
struct weir_post {
    uintptr_t link; /* the engine's */
    void (*run)(weir_io *io, weir_post *post);
    void *home; /* the worker that is to run it: the home of a queue; NULL for any */
};

/* What an engine says about itself. */
typedef struct weir_io_description {
    const char *engine;  /* "evented", "threaded", "sim" */
    const char *reactor; /* "io_uring", "epoll", "poll", "agenda" */
    const char *why;     /* how the reactor came to be chosen: a sentence */
    unsigned workers;    /* threads that run tasks; 1 where every task is a thread */
} weir_io_description;

/* The table: one implementation of the contract.  Every member is required; what an engine cannot
 * do completes with WEIR_EUNSUPPORTED.  "Task" is a task of this engine, "any thread" also a thread
 * that the engine does not know. */
typedef struct weir_io_table {
    /* Runs `run` as the root task on the calling thread and returns its result when it and all that
     * it started have ended.  Errors: WEIR_ENOMEM, WEIR_EMFILE …: it was not run; WEIR_EBUSY: the
     * engine is running already.  Any thread that is no task of this engine. */
    int (*run)(weir_io *io, weir_task_fn *run, void *argument);

    /* weir_do: completes `op` and returns its result.  Calls weir_task_check first (private
     * header io/task_record.h) for all ops but CLOSE and RECEIVER_STOP.  Task. */
    int64_t (*perform)(weir_io *io, weir_op *op);

    /* weir_submit: op->queue is set.  Task. */
    void (*submit)(weir_io *io, weir_op *op);

    /* weir_queue_init, weir_queue_next, weir_queue_try, weir_op_cancel.  Task. */
    void (*queue_init)(weir_io *io, weir_queue *queue);
    int (*queue_next)(weir_io *io, weir_queue *queue, weir_deadline deadline, weir_op **out);
    weir_op *(*queue_try)(weir_io *io, weir_queue *queue);
    void (*cancel)(weir_io *io, weir_op *op);

    /* Completes an op that waits outside of the kernel (WORD_WAIT, JOIN, GROUP_WAIT, WAIT, or with
     * a thread of the engine's): queues it or resumes its task.  Called exactly once for each such
     * op that was reported as waiting. Any thread; never waits. */
    void (*complete)(weir_io *io, weir_op *op, int64_t result);

    /* Starts a task that runs independently of the caller.  Returns 0; WEIR_ECONCURRENCY when a
     * limit is met, WEIR_ENOMEM: nothing was started.  Task. */
    int (*spawn)(weir_io *io, const weir_spawn *spawn);

    /* Makes a task notice that its cancel request was set: if it waits, its op is canceled.  The
     * record is alive during the call; the engine keeps it valid as long as it needs it.  Any
     * thread; never waits. */
    void (*interrupt)(weir_io *io, weir_task_record *record);

    /* The calling task's record, or NULL when the caller is no task of this engine.  Any thread. */
    weir_task_record *(*self)(weir_io *io);

    /* weir_yield: weir_task_check, then lets other ready tasks of this worker run once.  Task. */
    int (*yield)(weir_io *io);

    /* The present time on a weir_clock.  Any thread. */
    weir_instant (*now)(weir_io *io, int clock);

    /* Fast random bytes, not for keys.  Task. */
    void (*random)(weir_io *io, void *out, size_t len);

    /* Random bytes fit for keys.  0 or the negated errno.  Any thread. */
    int (*random_secure)(weir_io *io, void *out, size_t len);

    /* Takes a lent buffer back.  Task; the one worker or another. */
    void (*give_back)(weir_io *io, weir_lent *lent);

    /* Has post->run called soon.  Returns 0; WEIR_ENOTRUNNING: no run is under way, it will not be
     * called.  The run does not end before it was called.  Any thread; never waits. */
    int (*post)(weir_io *io, weir_post *post);

    /* Calls `visit` for each task that has not ended, one call at a time, on this or other threads
     * of the engine.  Returns 0; WEIR_EBUSY: another such call is under way; WEIR_EDEADLINE: a
     * worker did not answer within 100 ms (a task holds it), the others' tasks were visited.  Any
     * thread, which is held. */
    int (*tasks)(weir_io *io, weir_task_visit *visit, void *argument);

    /* Adds the engine's counters to *out.  Any thread; never waits. */
    void (*count)(const weir_io *io, weir_counters *out);

    /* Fills *out.  Any thread. */
    void (*describe)(const weir_io *io, weir_io_description *out);

    /* Stops the worker threads and frees the engine.  Not while it runs.  Any thread. */
    void (*destroy)(weir_io *io);
} weir_io_table;

/* The head of every engine. */
struct weir_io {
    const weir_io_table *table;
    bool one_thread;     /* all its tasks run on one thread: what only tasks touch needs no lock */
    bool virtual_time;   /* its clocks are not the kernel's: nothing of the kernel waits for them */
    int dump_signal;     /* weir_run dumps the tasks to stderr when this signal comes; 0 = none */
    weir_group detached; /* weir_detach's tasks */
    uint64_t detached_failed; /* atomic: of these, how many have ended with an error */
    struct weir_debug *debug; /* the checks of a debugging engine (io/debug.h), or NULL */
};

/* Runs `run` as the root task of the engine, on the calling thread, until it and every task that it
 * started have ended.  When the root ends, detached tasks are asked to stop.
 *
 * Returns what `run` returned; WEIR_ENOMEM, WEIR_EMFILE, WEIR_ENFILE when the engine could not
 * start its workers, WEIR_EAGAIN when the system has no thread, WEIR_ELIMIT when too many sets of
 * signals are open for its dump_signal (`run` was not called); WEIR_EBUSY when it is running
 * already.  May be called again after it returned.  From a thread that is not a task of `io`. */
int weir_run(weir_io *io, weir_task_fn *run, void *argument);

/* Tells which engine runs, with which reactor, and why.  From any thread; never waits. */
weir_io_description weir_io_describe(const weir_io *io);

/* Ends an engine that is not running and frees all that it holds.  NULL does nothing. */
void weir_io_destroy(weir_io *io);

#ifdef __cplusplus
}
#endif
#endif
