/* SPDX-License-Identifier: MIT
 *
 * The simulator's structures: world, host, fiber, and what an op's engine words hold here.
 *
 *      world ── agenda     what happens at which instant (agenda.h)
 *        │   ── ready      fibers that can go on, one of which is drawn
 *        │   ── trace      the hash over all that was decided
 *        └── hosts ── weir_io, table of descriptors, ports, files
 *
 * Invariant: all of a world belongs to the thread that is in it; nothing here is atomic.  A fiber
 * is in exactly one of: running (`current`), ready, rested, waiting for an op, ended.  What an op
 * or an event changes in a socket marks the socket as stirred; the ops that wait there are tried
 * again when the loop settles, and nowhere else, so that no change runs into itself.
 */
#ifndef IO_SIM_WORLD_H
#define IO_SIM_WORLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/io.h>
#include <weir/io/sim/sim.h>
#include <weir/io/wait.h>

#include "base/prng.h"
#include "io/fiber/overflow.h"
#include "io/fiber/stack.h"
#include "io/fiber/switch.h"
#include "io/parking.h"
#include "io/sim/agenda.h"
#include "io/sim/digest.h"
#include "io/sim/tally.h"
#include "io/task_record.h"

typedef struct weir_sim world;
typedef struct weir_sim_host host;
typedef struct fiber fiber;
typedef struct sim_node sim_node;

/* The real clock of a world without skew starts at 2030-01-01, the monotonic one at an hour. */
#define SIM_EPOCH_NS (INT64_C(1893456000) * 1000000000)
#define SIM_START_NS (INT64_C(3600) * 1000000000)

/* What the trace hash is fed with. */
typedef enum sim_note {
    NOTE_RUN,    /* a fiber goes on: its number, the instant */
    NOTE_OP,     /* an op ended: opcode and descriptor, its result */
    NOTE_JUMP,   /* the clock jumps: to */
    NOTE_EVENT,  /* an event happens: its kind, the instant */
    NOTE_RANDOM, /* the program drew: how many bytes, their hash */
    NOTE_BYTES,  /* bytes went between the program and a node: how many, their hash */
} sim_note;

/* A task's control block, on top of its stack. */
struct fiber {
    weir_stack stack; /* first */
    weir_fiber_context context;
    host *host;
    fiber *next;       /* in `rested` */
    fiber *asked_next; /* in `asked_first` */
    weir_op *waiting;
    int64_t since;
    uint64_t number; /* the how many-th of the world */
    bool alive, started;
    bool asked; /* it is in `asked_first` */
    weir_task_record record;
};

/* Fibers that can go on, in the order in which they became ready; a ring. */
typedef struct sim_ready {
    fiber **slots;
    uint32_t room, first, count; /* room is a power of 2, and enough for all live fibers */
} sim_ready;

typedef struct sim_counts {
    uint64_t switches, completions, sleeps;
    uint64_t ops[WEIR_OP_COUNT];
} sim_counts;

struct weir_sim_host {
    weir_io io; /* first */
    world *world;
    host *next;
    const char *name;
    uint32_t index;
    weir_group programs;      /* weir_sim_start */
    struct sim_program *boot; /* what is started with it, and again after a crash */
    uint32_t crashed;         /* faults that have stopped it */
    sim_event *restart;       /* it is to begin anew when its programs have ended */
    int64_t skew;             /* at the instant `drifts_from` … */
    int64_t drift;            /* … and how much it grows per second */
    int64_t drifts_from;
    uint32_t memory_fails;   /* of a million ops that need memory */
    weir_prng memory, files; /* draws of which memory fails, and which access to a file */
    uint64_t spawned, finished;
    sim_counts counts;
    sim_node **nodes; /* by descriptor, from WEIR_SIM_FIRST_FD on */
    uint32_t node_room, node_lowest;
    uint32_t node_limit; /* how many descriptors it may have */
    uint32_t node_count;
    uint32_t lent; /* buffers that are out */
    struct sim_net *net;
    struct sim_disk *disk;
};

struct weir_sim {
    weir_sim_options options; /* with defaults filled in */
    bool owned;               /* by its only host: weir_io_destroy frees the world */
    host *hosts, **last_host;
    uint32_t host_count;
    int64_t now;
    int64_t cost;
    weir_prng schedule; /* draws of the engine */
    weir_prng network;  /* draws of links and sockets */
    weir_prng program;  /* what weir_random gives */
    uint64_t drawings;  /* scripts of faults that were drawn */
    uint64_t hash;
    sim_agenda agenda;
    sim_ready ready;
    fiber *rested, **rested_end; /* yielded: they come after all that were ready then */
    uint32_t round_left;         /* fibers to pick before they do */
    fiber *asked_first, **asked_end;
    weir_op *handed, **handed_end; /* completed while a handler ran */
    sim_node *stirred, **stirred_end;
    fiber *current;
    fiber *dead;
    bool recording; /* memory that is taken now is the record's, not the program's */
    bool handing;
    bool visiting;        /* a weir_tasks is under way */
    uint32_t passed_over; /* picks since the fiber that waits longest was picked */
    uint64_t steps;       /* operations since all tasks waited */
    uint32_t looks;       /* at the clock, since the last operation */
    uint32_t op_budget;   /* ops that completed at once left before a fiber must let others run */
    uint64_t spawned, finished;
    uint32_t short_counts; /* of 1,000 reads and writes, how many are short for no reason */
    atomic_bool running;   /* read also by threads that ask for what is not for them */
    bool root_ended, abandoned;
    int error;         /* WEIR_EDEADLK: a deadlock or livelock was found … */
    const char *wrong; /* … the first of which is this, or NULL */
    int64_t limit;     /* the instant at which the clock stops */
    weir_stack_slabs *stacks;
    weir_stack_pool pool;
    weir_fiber_context loop;
    weir_overflow_watch overflow;
    char *buffers; /* idle lent buffers, a list through their first words */
    struct sim_routes *routes;
    struct planned *faults;
    struct sim_connection *connections;
    struct sim_trace *trace; /* NULL: nothing is recorded (trace.h) */
    uint64_t nodes;          /* that live … */
    sim_node *first_node;    /* … linked by their `next` */
    uint32_t keepalives;     /* events that are planned for idle connections */
    sim_tally tally;
};

/* The state of an op, in op->reserved: 0 = not in flight. */
enum {
    OP_AT_NODE = 1, /* in a list of its socket or file */
    OP_PARKED = 2,  /* io/parking.h */
    OP_TIMED = 3,   /* only its event: SLEEP */
    OP_QUEUED = 4,  /* a QUEUE_WAIT, known to its queue */
    OP_WORK = 5,    /* its event does the work */
    OP_STATE = 15,
    OP_CANCELED = 16, /* was asked to end … */
    OP_EXPIRED = 32,  /* … because its deadline passed */
    OP_ASKED = 64,    /* … because its task was asked to stop */
};

/* The opcode, known only here, of a task that waits for its queue. */
enum { OP_QUEUE_WAIT = 255 };

/* What an op's engine words hold: `io` the host, own[0] and [1] the event of its deadline, [2] the
 * node where it waits, [3] the fiber that waits (weir_do), [4] and [5] progress. */
static inline sim_event *op_event(weir_op *op)
{
    return (sim_event *)(void *)&weir_op_words_of(op)->own[0];
}

static inline weir_op *op_of_event(sim_event *event)
{
    return (weir_op *)(void *)((char *)event - offsetof(weir_op, engine) -
                               offsetof(weir_op_words, own));
}

static inline host *op_host(weir_op *op)
{
    return (host *)weir_op_words_of(op)->io;
}

static inline fiber *op_fiber(weir_op *op)
{
    return (fiber *)(uintptr_t)weir_op_words_of(op)->own[3];
}

static inline uint64_t *op_progress(weir_op *op)
{
    return &weir_op_words_of(op)->own[4];
}

static inline uint64_t *op_step(weir_op *op)
{
    return &weir_op_words_of(op)->own[5];
}

/* The world that the calling thread is in, or NULL. */
extern _Thread_local world *weir_sim_here __attribute__((tls_model("initial-exec")));

/* Whether the caller is on the thread of a run of this host's world. */
static inline bool sim_is_inside(const host *h)
{
    return weir_sim_here == h->world;
}

/* Whether the caller is a task of this host. */
static inline bool sim_is_task(const host *h)
{
    return weir_sim_here == h->world && h->world->current && h->world->current->host == h;
}

/* What the clock on the wall of a host says. */
static inline int64_t sim_real_time(const host *h)
{
    const int64_t now = h->world->now;
    const __int128 drifted = (__int128)(now - h->drifts_from) * h->drift / 1000000000;
    return SIM_EPOCH_NS + now + h->skew + (int64_t)drifted;
}

/* Draws whether something fails that does so for some of a million. */
static inline bool sim_fails(weir_prng *prng, uint32_t of_a_million)
{
    return of_a_million && weir_prng_below(prng, 1000000) < of_a_million;
}

static inline bool sim_memory_fails(host *h)
{
    return sim_fails(&h->memory, h->memory_fails);
}

/* The seed of a generator for one purpose, `of` which there are several.  What one purpose draws
 * does not shift the draws of the others: a fault that is left out of a script leaves the rest as
 * it was. */
static inline uint64_t sim_seed_of(const world *w, const char purpose[9], uint64_t of)
{
    uint64_t word;
    memcpy(&word, purpose, sizeof word);
    word = (word ^ of) * UINT64_C(0xD1342543DE82EF95);
    return w->options.seed ^ word ^ word >> 31;
}

/* Mixes a decision into the trace hash. */
static inline void sim_note_down(world *w, sim_note note, uint64_t a, uint64_t b)
{
    uint64_t mixed = (w->hash ^ a) * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)note;
    mixed = (mixed ^ (mixed >> 29) ^ b) * UINT64_C(0xBF58476D1CE4E5B9);
    w->hash = mixed ^ (mixed >> 32);
}

/* op.c --------------------------------------------------------------------------------------- */
int64_t weir_sim_perform(weir_io *io, weir_op *op);
int64_t weir_sim_op_perform(host *h, weir_op *op);
void weir_sim_submit(weir_io *io, weir_op *op);
void weir_sim_cancel(weir_io *io, weir_op *op);
void weir_sim_complete(weir_io *io, weir_op *op, int64_t result);
void weir_sim_op_finish(weir_op *op, int64_t result);
void weir_sim_op_stop(weir_op *op, unsigned reason);

/* queue.c ------------------------------------------------------------------------------------ */
void weir_sim_queue_init(weir_io *io, weir_queue *queue);
int weir_sim_queue_next(weir_io *io, weir_queue *queue, weir_deadline deadline, weir_op **out);
weir_op *weir_sim_queue_try(weir_io *io, weir_queue *queue);
void weir_sim_queue_push(host *h, weir_op *op);

/* Hands over the completions that came while a handler ran. */
void weir_sim_queue_hand_over(world *w);

/* task.c ------------------------------------------------------------------------------------- */
int weir_sim_spawn(weir_io *io, const weir_spawn *spawn);
void weir_sim_interrupt(weir_io *io, weir_task_record *record);
weir_task_record *weir_sim_self(weir_io *io);
int weir_sim_yield(weir_io *io);

/* Spawns from wherever: a task, a handler, or outside of a run. */
int weir_sim_fiber_spawn(host *h, const weir_spawn *spawn);

/* Lets other fibers run, then goes on with the current one. */
void weir_sim_fiber_rest(world *w);

/* Stops the current fiber until weir_sim_fiber_resume. */
void weir_sim_fiber_wait(world *w);

/* Makes a waiting fiber ready. */
void weir_sim_fiber_resume(world *w, fiber *f);

/* The fiber that goes on next, drawn, or NULL. */
fiber *weir_sim_fiber_pick(world *w);

/* Switches from the loop to a fiber, until the loop is needed again. */
void weir_sim_fiber_run(world *w, fiber *f);

/* Cancels the ops of fibers that were asked to stop. */
void weir_sim_fiber_ask(world *w);

/* loop.c ------------------------------------------------------------------------------------- */

/* Runs until the root and all tasks have ended, or the run is abandoned. */
void weir_sim_loop(world *w);

/* Does what operations and events have left to be done: asked fibers, handlers, stirred sockets. */
void weir_sim_settle(world *w);

/* tcp_keep.c: whether nothing is planned but probes of connections, all of which will be answered.
 */
bool weir_sim_only_keepalive(const world *w);

/* fault.c, engine.c: for each other. */
void weir_sim_faults_end(struct planned *first);
int weir_sim_boot(host *h);

/* visit.c ------------------------------------------------------------------------------------ */
int weir_sim_tasks(weir_io *io, weir_task_visit *visit, void *argument);
void weir_sim_count(const weir_io *io, weir_counters *out);

/* Calls `each` for every live fiber of the world. */
void weir_sim_each_fiber(world *w, void (*each)(void *argument, fiber *f), void *argument);

#endif
