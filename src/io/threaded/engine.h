/* SPDX-License-Identifier: MIT
 *
 * The threaded engine's structures: engine, worker, service, and what an op's engine words hold
 * here.
 *
 *      engine ── workers       a thread per task; weir_do is the system call on it
 *         ├───── service       one thread: epoll and a timer wheel for the ops of queues
 *         └───── files, work   ops of queues that block, done by helpers: threads of the pool
 *
 * A thread waits in poll(2) for its descriptor and for its own eventfd, or in futex(2) when there
 * is no descriptor; who wants its attention wakes it by one call, weir_thread_wake.  No signals.
 *
 * Lock order: helpers.lock, engine.lock, a worker's lock; a queue's lock, a worker's lock.
 * service.lock is taken alone.  No lock is held where what is not the engine's is called: a queue's
 * handler, a post, a visitor, what starts and stops a wait (weir_wait_kind).
 */
#ifndef IO_THREADED_ENGINE_H
#define IO_THREADED_ENGINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/base/error.h>
#include <weir/io/io.h>
#include <weir/io/socket.h>
#include <weir/io/threaded/threaded.h>

#include "base/prng.h"
#include "base/spin.h"
#include "base/wheel.h"
#include "io/parking.h"
#include "io/posix/descriptors.h"
#include "io/posix/readiness.h"
#include "io/task_record.h"

typedef struct engine engine;
typedef struct worker worker;

/* What a worker's thread does (worker.state). */
enum {
    WORKER_RUNS,
    WORKER_WOKEN, /* somebody wants its attention; it will find out before it sleeps */
    WORKER_SLEEPS,
    WORKER_POLLS,
};

/* What a worker of the pool is to do next (worker.assigned). */
enum { ASSIGNED_NOTHING, ASSIGNED_TASK, ASSIGNED_END };

/* What the threads of an engine have done, for weir_counters: atomic, relaxed.  Several threads
 * share one of these; there are enough that they seldom meet. */
typedef struct worker_counts {
    _Alignas(64) uint64_t spawned;
    uint64_t finished, completions, wakeups, sleeps, enters;
    uint64_t ops[WEIR_OP_COUNT];
} worker_counts;

enum { COUNTS = 32 };

/* Adds 1 to a counter. */
static inline void weir_count(uint64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* What a task waits for, as its thread tells others. */
typedef struct wait_note {
    const char *name; /* atomic: NULL when it does not wait; the rest is the worker's lock's */
    const char *scope;
    weir_deadline deadline;
    int64_t since;
    int fd;
} wait_note;

/* A thread that runs tasks, one after the other. */
struct worker {
    engine *engine;
    weir_task_record record; /* of the present task */
    uint32_t lock;           /* held while waking; see weir_thread_settle */
    uint32_t state;          /* atomic: WORKER_… */
    uint32_t assigned;       /* atomic: ASSIGNED_… */
    int wakeup;              /* eventfd, or -1; written by the worker while it RUNS */
    worker *outer;           /* what this thread is on another engine, whose task runs this one */
    worker *next, *previous; /* the idle; engine.lock guards them */
    worker *newer, *older;   /* all workers; engine.lock guards them */
    bool hidden;             /* runs weir_work, which is no task; own thread */
    uint32_t has_task;       /* atomic: the record is a task's; cleared under engine.lock */
    wait_note note;
    worker_counts *counts;
    pthread_t thread;
    weir_prng prng;
};

/* The thread that serves ops submitted to queues; see service.c. */
typedef struct service {
    pthread_mutex_t lock;
    weir_op *inbox; /* linked through own[3]; `lock` guards it and the flags of its ops */
    bool started, ending;
    pthread_t thread;
    weir_readiness set; /* the service thread's alone, as the wheel */
    weir_wheel wheel;
} service;

/* Threads of the pool for ops of queues that block: file ops, or WEIR_OP_WORK; see helpers.c. */
typedef struct helpers {
    engine *engine;
    const char *name;
    pthread_mutex_t lock; /* guards the list and `tasks` */
    weir_op *first, *last;
    unsigned tasks, limit;
    uint64_t done, started; /* atomic: ops, tasks */
} helpers;

struct engine {
    weir_io io; /* first */
    weir_threaded_options options;
    weir_descriptors descriptors;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    worker *idle;   /* wait for a task */
    worker *newest; /* of all workers */
    worker *zombie; /* its thread ends and is to be joined */
    size_t tasks;   /* that count towards max_tasks */
    size_t active;  /* tasks of the pool that somebody may still hear of */
    size_t posts;   /* that have not returned */
    size_t threads;
    bool running;
    bool accepting; /* posts: the run is not at its end */
    worker root;

    uint32_t buffers_lock;
    uint32_t buffers_count, buffers_kept;
    void *buffers; /* free ones, a list through their first bytes */

    helpers files, work;
    service service;

    uint32_t visiting;    /* atomic: a weir_tasks is under way */
    uint32_t next_counts; /* atomic: which the next worker gets */
    worker_counts counts[COUNTS];
};

/* What own[] holds in this engine: 0 to 2 the timer of a queue's op, or 0 the worker of weir_do; 3
 * a link (inbox, completions, handlers to call); 4 and 5 the progress (io/posix/attempt.h). */
enum { WORD_WORKER = 0, WORD_LINK = 3 };

static inline weir_timer *op_timer(weir_op *op)
{
    return (weir_timer *)(void *)&weir_op_words_of(op)->own[0];
}

static inline weir_op *op_of_timer(weir_timer *timer)
{
    return (weir_op *)(void *)((char *)timer - offsetof(weir_op, engine) -
                               offsetof(weir_op_words, own));
}

static inline weir_op *op_link(weir_op *op)
{
    return (weir_op *)(uintptr_t)weir_op_words_of(op)->own[WORD_LINK];
}

static inline void op_set_link(weir_op *op, weir_op *next)
{
    weir_op_words_of(op)->own[WORD_LINK] = (uintptr_t)next;
}

/* The state of an op, in op->reserved: 0 = not in flight, else flags. */
enum {
    OP_WAITED = 1,    /* weir_do: a worker waits for complete() */
    OP_PARKED = 2,    /* of a queue: io/parking.h, or with the helpers */
    OP_TIMED = 4,     /* … with a deadline, which the service watches */
    OP_SERVED = 8,    /* of a queue: with the service */
    OP_PARKING = 16,  /* who parks it will give it to the service, or to its queue if OP_DONE */
    OP_LISTED = 32,   /* in the service's inbox, because of: */
    OP_NEW = 64,      /* it is to be started */
    OP_STOPPED = 128, /* it is to end, with WEIR_ECANCELED */
    OP_DONE = 256,    /* it has its result */
};

static inline unsigned op_state(const weir_op *op)
{
    /* Pairs with the release in op_set_state: who sees 0 sees the result. */
    return __atomic_load_n(&op->reserved, __ATOMIC_ACQUIRE);
}

static inline void op_set_state(weir_op *op, unsigned state)
{
    __atomic_store_n(&op->reserved, (uint16_t)state, __ATOMIC_RELEASE);
}

/* worker.c ------------------------------------------------------------------------------------ */

/* The worker of `engine` that the calling thread is, or NULL; and making it one (run, worker
 * threads). */
worker *weir_thread_self(const engine *e);
void weir_thread_enter(worker *w);
void weir_thread_leave(worker *w);

/* A thread that is no task, while it does something for the engine (a post, a queue's handler): it
 * may submit ops. */
typedef struct guest {
    const engine *engine;
    struct guest *outer;
} guest;

void weir_thread_guest_enter(guest *g, const engine *e);
void weir_thread_guest_leave(const guest *g);

bool weir_thread_is_guest(const engine *e);

/* Runs the function of a WEIR_OP_WORK, which finds itself in no task. */
int64_t weir_thread_work(worker *w, const weir_op *op);

/* Prepares a worker; ends what it holds. */
void weir_thread_open(worker *w, engine *e);
void weir_thread_close(worker *w);

/* Adds a worker to all workers; takes it out.  With engine.lock held. */
void weir_thread_list(engine *e, worker *w);
void weir_thread_unlist(engine *e, worker *w);

/* Notes that the task waits, for others to see, and that it no longer does.  Own thread. */
void weir_thread_note(worker *w, const char *name, int fd);
void weir_thread_unnote(worker *w);

/* Makes the worker's present or next sleep or poll end.  Any thread. */
void weir_thread_wake(worker *w);

/* The same, and sets *word to `value` first: who sees the value and then calls
 * weir_thread_settle knows that the waker has left the worker alone. */
void weir_thread_wake_with(worker *w, uint32_t *word, uint32_t value);
void weir_thread_wake_done(worker *w, weir_op *op);
void weir_thread_settle(worker *w);

/* Sleeps until woken: true; or until the instant `until` (monotonic): false.  Own thread. */
bool weir_thread_sleep(worker *w, int64_t until);

/* Waits for WEIR_POLL_… `events` on `fd`.  Returns 1: there may be some; 0: woken;
 * WEIR_EDEADLINE; a negative error of poll(2).  Own thread. */
int weir_thread_poll(worker *w, int fd, uint32_t events, int64_t until);

/* Starts a task in a thread of the pool.  `counts`: towards max_tasks.
 * Returns 0; WEIR_ECONCURRENCY, WEIR_ENOMEM. */
int weir_threads_spawn(engine *e, const weir_spawn *spawn, bool counts);

/* Ends the threads of the pool, which are all idle, and waits for them. */
void weir_threads_close(engine *e);

/* op.c, task.c, queue.c: members of the table. ------------------------------------------------- */

int64_t weir_threaded_perform(weir_io *io, weir_op *op);
void weir_threaded_submit(weir_io *io, weir_op *op);
void weir_threaded_cancel(weir_io *io, weir_op *op);
void weir_threaded_complete(weir_io *io, weir_op *op, int64_t result);

int weir_threaded_run(weir_io *io, weir_task_fn *run, void *argument);
int weir_threaded_spawn(weir_io *io, const weir_spawn *spawn);
void weir_threaded_interrupt(weir_io *io, weir_task_record *record);
weir_task_record *weir_threaded_self(weir_io *io);
int weir_threaded_yield(weir_io *io);
int weir_threaded_post(weir_io *io, weir_post *post);

/* Takes an op of a queue back that is parked or with the helpers, as weir_unpark. */
bool weir_threaded_unpark(engine *e, weir_op *op);

/* Parks an op of a queue or gives it to the helpers, as weir_park. */
bool weir_threaded_park(engine *e, weir_op *op);

void weir_threaded_queue_init(weir_io *io, weir_queue *queue);
int weir_threaded_queue_next(weir_io *io, weir_queue *queue, weir_deadline deadline, weir_op **out);
weir_op *weir_threaded_queue_try(weir_io *io, weir_queue *queue);

/* Gives an op, whose result is set, to its queue, or to the queue's handler: op and queue may be
 * gone at the return.  Inside a handler of this engine it only lists the op, whose handler is
 * called after that one.  With no lock held. */
void weir_threaded_push(engine *e, weir_op *op);

/* visit.c -------------------------------------------------------------------------------------
 */

int weir_threaded_tasks(weir_io *io, weir_task_visit *visit, void *argument);
void weir_threaded_count(const weir_io *io, weir_counters *out);

/* buffers.c -------------------------------------------------------------------------------------
 */

/* Tries a READ_LENT.  Returns as weir_attempt. */
int64_t weir_threaded_read_lent(engine *e, weir_op *op);
void weir_threaded_give_back(weir_io *io, weir_lent *lent);
void weir_threaded_buffers_free(engine *e);

/* service.c -------------------------------------------------------------------------------------
 */

/* Prepares the service; its thread starts with the first op.  Returns 0 or WEIR_ENOMEM. */
int weir_service_open(service *s);
void weir_service_close(service *s);

/* Takes an op over, which will come out of its queue. */
void weir_service_start(engine *e, weir_op *op);

/* Parks an op with a deadline (weir_threaded_park).  It will come out of its queue. */
void weir_service_park(engine *e, weir_op *op);

/* Gives a parked op its result: its queue gets it, by the service if it has a deadline. */
void weir_service_complete(engine *e, weir_op *op, int64_t result);

/* Asks an op with the service to end. */
void weir_service_stop(engine *e, weir_op *op);

/* helpers.c -------------------------------------------------------------------------------------
 */

/* Prepares helpers; starts none.  Returns 0 or WEIR_ENOMEM. */
int weir_helpers_open(helpers *h, engine *e, const char *name, unsigned limit);
void weir_helpers_close(helpers *h);

/* Whether an op of a queue is for the helpers, because it may block. */
bool weir_helpers_take(const weir_op *op);

/* Has an op done.  True: weir_service_complete will be called.  False: op->result is set (no thread
 * can be started). */
bool weir_helpers_start(engine *e, weir_op *op);

/* Takes an op back that nobody has begun.  Returns whether it was so. */
bool weir_helpers_take_back(engine *e, weir_op *op);

#endif
