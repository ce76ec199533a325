/* SPDX-License-Identifier: MIT
 *
 * Seeing what an engine does: its tasks, and its counters.
 */
#ifndef WEIR_IO_INSPECT_H
#define WEIR_IO_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_task_state {
    WEIR_TASK_NEW,     /* has not started */
    WEIR_TASK_READY,   /* could run */
    WEIR_TASK_RUNNING, /* runs, or on the threaded engine perhaps waits in a system call */
    WEIR_TASK_WAITING, /* waits for an operation */
} weir_task_state;

/* A task as it was seen.  Texts are static. */
typedef struct weir_task_info {
    const void *id;    /* tells tasks apart; what weir_group.members and a debugger show */
    const char *name;  /* "task" when it was given none */
    const char *place; /* "file:line" where it was spawned, or NULL */
    weir_task_state state;
    unsigned worker;        /* where it runs; 0 where each task is a thread */
    const char *waits_for;  /* WAITING: "read", "channel receive", …; else NULL */
    int fd;                 /* WAITING: the descriptor, or -1 */
    weir_duration waited;   /* WAITING: for how long */
    const void *group;      /* the group that owns it, or NULL */
    weir_deadline deadline; /* of its scopes; weir_never() */
    const char *scope;      /* "file:line" where its innermost scope was entered, or NULL */
    bool asked;             /* a cancel request is pending */
    bool shielded;
} weir_task_info;

typedef void weir_task_visit(void *argument, const weir_task_info *info);

/* Calls `visit` for each task that has not ended, the caller's included.  Each worker reports its
 * own tasks, so the picture of each is true, and all are of about the same moment.
 *
 * Returns 0; WEIR_EBUSY: another such call is under way; WEIR_EDEADLINE: a worker did not answer
 * within 100 ms, because a task holds it; the tasks of the others were visited; WEIR_EUNSUPPORTED:
 * another thread than that of a simulated world asks.
 * Holds the calling thread for as long; not a cancellation point.  From any thread. */
int weir_tasks(weir_io *io, weir_task_visit *visit, void *argument);

/* Writes a table of all tasks to a descriptor: name, state, what it waits for and since when, its
 * group, scope and where it was spawned.
 *
 * Returns as weir_tasks, or an error of write(2).  For people: the text may change.
 * Holds the calling thread; not a cancellation point.  From any thread. */
int weir_dump(weir_io *io, int fd);

/* What an engine has done since it was made.  Each counter only grows; they are read one after the
 * other, while the engine works. */
typedef struct weir_counters {
    uint64_t spawned, finished;  /* tasks */
    uint64_t stolen;             /* tasks that another worker than the spawner's started */
    uint64_t detached_failed;    /* detached tasks that ended with an error */
    uint64_t switches;           /* from one task to another, or to the loop */
    uint64_t ops[WEIR_OP_COUNT]; /* operations started, by opcode */
    uint64_t completions;        /* of operations that had to wait */
    uint64_t wakeups;            /* of a worker that slept, by another thread */
    uint64_t sleeps;             /* how often a worker had nothing to do and waited in the kernel */
    uint64_t enters;             /* io_uring_enter, epoll_wait or poll calls */
    uint64_t offloaded;          /* file operations and work done by helper threads */
    uint64_t offload_threads;    /* started for these */
} weir_counters;

/* Reads the counters.  Takes no lock, never waits.  From any thread. */
weir_counters weir_counters_of(const weir_io *io);

#ifdef __cplusplus
}
#endif
#endif
