/* SPDX-License-Identifier: MIT
 *
 * The evented engine's structures: engine, worker, fiber, and what an op's engine words hold here.
 *
 *      engine ── workers[] ── reactor (uring or epoll), wheel, stacks, buffers
 *                   │
 *                   ├─ ready     started fibers and fibers bound to this worker; owner only
 *                   ├─ fresh     unstarted fibers, which idle workers steal (run_queue.h)
 *                   └─ inbox     what other threads have for this worker (inbox.h)
 *
 * Thread rule: a worker's members are touched by its own thread alone, except those marked "any
 * thread". Invariant: a started fiber runs on one worker only; an op in flight belongs to the
 * worker that started it (its owner), which alone arms its timer, cancels it and finishes it.  What
 * happens to an op elsewhere (a wake, a join, an offloaded file op) is sent to the owner's inbox.
 */
#ifndef IO_EVENTED_ENGINE_H
#define IO_EVENTED_ENGINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/io/evented/evented.h>
#include <weir/io/io.h>

#include "base/prng.h"
#include "base/wheel.h"
#include "io/evented/buffers.h"
#include "io/evented/gate.h"
#include "io/evented/inbox.h"
#include "io/evented/offload.h"
#include "io/evented/reactor.h"
#include "io/evented/run_queue.h"
#include "io/evented/stall.h"
#include "io/fiber/overflow.h"
#include "io/fiber/stack.h"
#include "io/fiber/switch.h"
#include "io/parking.h"
#include "io/posix/descriptors.h"
#include "io/task_record.h"

/* Ops that may complete at once in a row before their fiber lets others run. */
enum { OPS_IN_A_ROW = 128 };

/* Fibers that may run between two completions before the kernel and the timers are looked at. */
enum { EARLY_FIBERS = 128 };

/* The gates of a run. */
enum { GATE_OPENED, GATE_LEFT };

typedef struct worker worker;
typedef struct engine engine;
typedef struct fiber fiber;

/* Whether an interrupt message for a fiber is under way (fiber.interrupted). */
enum {
    INTERRUPT_NONE,
    INTERRUPT_SENT,   /* the message is in some inbox */
    INTERRUPT_AGAIN,  /* and another request has come since it was sent */
    INTERRUPT_ZOMBIE, /* the fiber has ended meanwhile: who takes the message out frees the stack */
};

/* What lies on a stack (fiber.alive). */
enum { FIBER_NONE, FIBER_NEW, FIBER_STARTED };

/* What a worker has done, for weir_counters.  Written by its thread, read by any: relaxed. */
typedef struct worker_counts {
    uint64_t stolen, switches, completions, sleeps, enters;
    uint64_t ops[WEIR_OP_COUNT];
} worker_counts;

/* A task's control block, on top of its stack.  The members stand so that a task which never waits
 * touches the first lines only. */
struct fiber {
    weir_stack stack; /* first: the stack's head */
    weir_fiber_context context;
    worker *home; /* any thread, atomic: where it runs; changed only by a thief before the start */
    worker *runner; /* any thread, atomic: where it has started; NULL before */
    union {
        fiber *next;              /* in ready, in the overflow queue */
        weir_inbox_message start; /* in the inbox of the worker that is to run it */
    };
    uint32_t interrupted; /* any thread, atomic: INTERRUPT_… */
    uint32_t alive;       /* any thread, atomic: FIBER_…; 0 on a stack that no task has */
    weir_op *waiting;     /* the op that it waits for; owner only */
    int64_t since;        /* when it began to wait */
    weir_task_record record;
    weir_inbox_message interrupt;
};

struct worker {
    weir_fiber_context loop; /* the thread's own stack */
    fiber *current;          /* NULL: the loop runs */
    bool handing;            /* a queue's handler runs */
    bool is_idle;            /* it counts in engine.idle */
    bool resumed;            /* a fiber is ready whose op the reactor has ended */
    uint32_t early;          /* fibers that may still run between two completions of this look */
    uintptr_t kept;          /* messages taken out of the inbox and not handled yet */
    fiber *dead;             /* has ended; its stack is free once another context runs */
    fiber *ready_first, *ready_last;
    weir_run_queue fresh; /* any thread */
    uint32_t tick;        /* fibers picked, for fairness between ready and fresh */
    uint32_t budget;      /* direct switches left before the loop must look at the kernel */
    uint32_t op_budget;   /* ops that completed at once left before a fiber must let others run */
    int64_t now;          /* monotonic, as of the last look; at most one pass of the loop old */
    weir_wheel wheel;
    weir_stack_pool stacks;
    int64_t trimmed; /* when idle stacks last gave their memory back */
    weir_buffers buffers;
    uint64_t buffers_back; /* that came back from other workers */
    weir_prng prng;
    void *reactor; /* the reactor's own state */
    weir_overflow_watch overflow;
    pthread_t thread;
    int error; /* why the worker could not start */

    /* What follows lives as long as the engine, and is not emptied between runs: a thread that has
     * woken the last task of a run may still be at it when the run is over. */
    engine *engine;
    unsigned index;
    weir_inbox inbox;  /* any thread */
    uint32_t sleeping; /* any thread, atomic: the worker waits in the kernel and needs a wake */
    int wakeup;        /* eventfd, never read: each write is an edge that ends a reactor's poll */
    uint64_t wakeups;  /* any thread, atomic: how often it was woken */
    uint64_t spawned;  /* any thread reads: tasks started by this worker … */
    uint64_t finished; /* … and ended on it */
    worker_counts counts;
};

/* Adds 1 to a counter that only this thread writes. */
static inline void weir_count(uint64_t *counter)
{
    __atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

struct engine {
    weir_io io; /* first */
    const weir_reactor *reactor;
    const char *why;              /* how the reactor was chosen */
    weir_evented_options options; /* with defaults filled in */
    weir_stack_slabs *stacks;
    weir_descriptors descriptors;
    weir_offload files; /* file ops */
    weir_offload work;  /* WEIR_OP_WORK */
    weir_overflow_queue
        overflow;        /* unstarted fibers that found a worker's queue full; any thread */
    uint32_t idle;       /* any thread, atomic: workers that found nothing to do */
    uint32_t stopping;   /* any thread, atomic: the root has ended and no task is left */
    uint32_t root_ended; /* any thread, atomic */
    uint32_t running;    /* any thread, atomic: weir_run is under way */
    bool limited;        /* max_tasks was asked for: `live` counts */
    uint64_t live;       /* any thread, atomic: tasks that have not ended */
    weir_gate gate;
    uint32_t post_lock; /* guards `posted` and `accepting` */
    bool accepting;     /* posts; a run is under way */
    uint64_t posted;    /* that have not been called and returned */
    uint32_t visiting;  /* any thread, atomic: a weir_tasks is under way */
    weir_stall *stall;  /* the stall detector, or NULL */
    worker *workers;
};

/* What an op's engine words own[] hold in this engine: 0 to 2 the timer, 3 who waits (a fiber for
 * weir_do, the owning worker for an op of a queue), 4 and 5 the progress (io/posix/attempt.h). */
static inline weir_timer *op_timer(weir_op *op)
{
    return (weir_timer *)(void *)&weir_op_words_of(op)->own[0];
}

static inline weir_op *op_of_timer(weir_timer *timer)
{
    return (weir_op *)(void *)((char *)timer - offsetof(weir_op, engine) -
                               offsetof(weir_op_words, own));
}

/* The worker that owns an op in flight. */
static inline worker *op_owner(weir_op *op)
{
    void *who = (void *)(uintptr_t)weir_op_words_of(op)->own[3];
    return op->queue ? who : ((fiber *)who)->home;
}

/* The state of an op, in op->reserved: 0 = not in flight. */
enum {
    OP_IN_REACTOR = 1, /* with the kernel */
    OP_PARKED = 2,     /* io/parking.h */
    OP_TIMED = 3,      /* only its timer: SLEEP */
    OP_QUEUED = 4,     /* a QUEUE_WAIT, known to its queue */
    OP_OFFLOADED = 5,  /* with the offload threads */
    OP_RETRY = 6,      /* waits to be tried again when its timer fires */
    OP_STATE = 15,     /* the mask of the above */
    OP_CANCELED = 16,  /* was asked to end … */
    OP_EXPIRED = 32,   /* … because its deadline passed */
    OP_ASKED = 64,     /* … because its task was asked to stop */
    OP_AWAY = 128,     /* at the worker where its receiver is open */
    OP_HELD = 256,     /* the reactor's: done, but the kernel still reads the caller's memory */
};

/* The opcode, known only here, of a task that waits for its queue. */
enum { OP_QUEUE_WAIT = 255 };

/* The calling thread's worker, or NULL.  A started fiber never changes its thread, so this may be
 * read once per function. */
extern _Thread_local worker *weir_evented_here __attribute__((tls_model("initial-exec")));

/* op.c: the life of an op. ------------------------------------------------------------------- */

/* Ends an op in flight with `result`: gives it to its queue or resumes its task.  Owner. */
void weir_evented_op_finish(worker *w, weir_op *op, int64_t result);

/* Asks an op in flight to end, for the reason OP_EXPIRED, OP_ASKED or 0.  Owner. */
void weir_evented_op_stop(worker *w, weir_op *op, unsigned reason);

/* When the op's timer is to fire: the earliest of its own deadline and its task's scopes. */
int64_t weir_evented_op_limit(const weir_op *op);

/* Lets an op wait until `when` and be tried again (state OP_RETRY).  Owner. */
void weir_evented_op_retry_at(worker *w, weir_op *op, int64_t when);

/* Handles timers that have expired.  Owner. */
void weir_evented_op_expire(worker *w);

int64_t weir_evented_perform(weir_io *io, weir_op *op);

/* Performs an op, also OP_QUEUE_WAIT, for the worker's current fiber. */
int64_t weir_evented_op_perform(worker *w, weir_op *op);

void weir_evented_submit(weir_io *io, weir_op *op);
void weir_evented_cancel(weir_io *io, weir_op *op);

/* The threads that an op which may block goes to. */
static inline weir_offload *op_offload(engine *e, const weir_op *op)
{
    return op->code == WEIR_OP_WORK ? &e->work : &e->files;
}

void weir_evented_complete(weir_io *io, weir_op *op, int64_t result);

/* queue.c ------------------------------------------------------------------------------------ */
void weir_evented_queue_init(weir_io *io, weir_queue *queue);
int weir_evented_queue_next(weir_io *io, weir_queue *queue, weir_deadline deadline, weir_op **out);
weir_op *weir_evented_queue_try(weir_io *io, weir_queue *queue);

/* Adds a completed op to its queue; sends it to the queue's worker if that is another. */
void weir_evented_queue_push(worker *w, weir_op *op);

/* task.c: the life of a fiber ------------------------------------------------------------------ */
int weir_evented_spawn(weir_io *io, const weir_spawn *spawn);
void weir_evented_interrupt(weir_io *io, weir_task_record *record);
weir_task_record *weir_evented_self(weir_io *io);
int weir_evented_yield(weir_io *io);

/* Lets other fibers run, then goes on with the current one; `look`: also lets the loop look at the
 * kernel. */
void weir_evented_fiber_rest(worker *w, bool look);

/* Stops the current fiber until weir_evented_fiber_resume. */
void weir_evented_fiber_wait(worker *w);

/* Makes a waiting fiber ready.  On its worker. */
void weir_evented_fiber_resume(worker *w, fiber *f);

/* The next fiber to run, or NULL. */
fiber *weir_evented_fiber_pick(worker *w);

/* Switches from the worker's loop to a fiber, until the loop is needed again. */
void weir_evented_fiber_run(worker *w, fiber *f);

/* Handles an interrupt message that came to `w`. */
void weir_evented_fiber_interrupted(worker *w, fiber *f);

/* worker.c ------------------------------------------------------------------------------------- */

/* Sends a message to a worker and wakes it if it sleeps.  Any thread. */
void weir_evented_worker_send(worker *to, weir_inbox_message *message,
                              weir_inbox_message_kind kind);

/* Looks in the inbox for lent buffers that have come back, when there are none left.  Returns
 * whether there were any.  On the worker's thread, in a fiber or in the loop. */
bool weir_evented_worker_recover(worker *w);

/* For the reactor, in its poll: the kernel has been asked, what follows is handling the answers. */
void weir_evented_worker_woken(worker *w);

/* For the reactor, between two completions: runs what the last one has made ready, because the
 * bytes that came with it are still in the processor's cache.  Who waits for a queue is left: it is
 * to find there what all completions of this look have brought. */
void weir_evented_worker_go_on(worker *w);

/* Wakes an idle worker, if there is one, because there is something to steal. */
void weir_evented_worker_call_thief(engine *e);

/* The body of a worker's thread: runs until the engine stops. */
void weir_evented_worker_loop(worker *w);

/* The table's post. */
int weir_evented_post(weir_io *io, weir_post *post);

/* Calls a post that has come to its worker. */
void weir_evented_posted(worker *w, weir_post *post);

/* visit.c: the table's tasks and count. ---------------------------------------------------------
 */
int weir_evented_tasks(weir_io *io, weir_task_visit *visit, void *argument);
void weir_evented_count(const weir_io *io, weir_counters *out);

/* Empties what a worker has from its last run. */
void weir_evented_worker_reset(worker *w);

/* Gives a worker what it needs to run, on its own thread; and takes it back. */
int weir_evented_worker_open(worker *w);
void weir_evented_worker_close(worker *w);

#endif
