/* SPDX-License-Identifier: MIT
 *
 * What the engine tells about itself: its tasks (weir_tasks) and its counters.
 *
 * Each worker reports the tasks that are at home with it, between two tasks of its own, when a post
 * asks it to; so a started task is seen while it stands still.  An unstarted one may be stolen and
 * begin meanwhile: of it only what never changes into something invalid is read.
 *
 * The request is shared by whoever asks and the workers that answer late, perhaps after the asker
 * has given up: the last one frees it.  `lock` guards it, and makes the calls follow each other.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <weir/base/error.h>

#include "io/evented/engine.h"
#include "io/posix/clock.h"

static const int64_t patience = 100000000;

typedef struct request request;

/* The question to one worker. */
typedef struct question {
    weir_post post;
    request *request;
    worker *worker;
} question;

struct request {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    unsigned pending; /* questions without an answer */
    unsigned holders; /* who will still touch the request */
    bool abandoned;
    int error;
    weir_task_visit *visit;
    void *argument;
    question questions[];
};

/* The tasks of one worker, as they are copied. */
typedef struct picture {
    worker *worker;
    weir_task_info *tasks;
    size_t room, count;
} picture;

static void release(request *r)
{
    pthread_mutex_lock(&r->lock);
    bool last = --r->holders == 0;
    pthread_mutex_unlock(&r->lock);
    if (!last) return;
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->answered);
    free(r);
}

/* What is copied of an unstarted task may be of another one in the next moment, but each value is a
 * valid one by itself: so the race is harmless. */
__attribute__((no_sanitize("thread"))) static weir_task_info copy_new(const fiber *f)
{
    return (weir_task_info){.id = &f->record,
                            .name = f->record.name,
                            .place = f->record.place,
                            .state = WEIR_TASK_NEW,
                            .fd = -1,
                            .group = f->record.group,
                            .deadline = weir_never()};
}

static weir_task_info copy_started(const worker *w, const fiber *f)
{
    const weir_task_record *record = &f->record;
    const weir_op *op = f->waiting;
    weir_task_info info = {.id = record,
                           .name = record->name,
                           .place = record->place,
                           .state = op                ? WEIR_TASK_WAITING
                                    : f == w->current ? WEIR_TASK_RUNNING
                                                      : WEIR_TASK_READY,
                           .worker = w->index,
                           .fd = -1,
                           .group = record->group,
                           .deadline = record->deadline,
                           .scope = record->scope ? record->scope->place : NULL,
                           .asked = weir_task_asked(record),
                           .shielded = record->shield > 0};
    if (op) {
        info.waits_for = weir_op_name(op);
        info.fd = op->fd;
        info.waited.ns = w->now - f->since;
    }
    return info;
}

static void copy(void *argument, weir_stack *stack)
{
    picture *p = argument;
    fiber *f = (fiber *)(void *)stack;
    /* Pairs with the store at the spawn. */
    uint32_t alive = __atomic_load_n(&f->alive, __ATOMIC_ACQUIRE);
    if (alive == FIBER_NONE || __atomic_load_n(&f->home, __ATOMIC_RELAXED) != p->worker) return;
    /* Ours has started only if it runs here. */
    bool started =
        alive == FIBER_STARTED && __atomic_load_n(&f->runner, __ATOMIC_RELAXED) == p->worker;
    if (p->count < p->room) p->tasks[p->count] = started ? copy_started(p->worker, f) : copy_new(f);
    p->count++;
}

/* Reports the tasks of a worker.  On its thread, with the request's lock held. */
static int report(worker *w, request *r)
{
    picture p = {.worker = w};
    weir_stack_slabs *slabs = w->engine->stacks;
    w->now = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
    weir_stack_slabs_each(slabs, copy, &p);
    p.room = p.count + 64; /* others may spawn in between */
    p.count = 0;
    p.tasks = malloc(p.room * sizeof *p.tasks);
    if (!p.tasks) return WEIR_ENOMEM;
    weir_stack_slabs_each(slabs, copy, &p);
    for (size_t i = 0; i < p.count && i < p.room; i++) r->visit(r->argument, &p.tasks[i]);
    free(p.tasks);
    return 0;
}

static void answer(weir_io *io, weir_post *post)
{
    (void)io;
    question *q = (question *)(void *)post;
    request *r = q->request;
    pthread_mutex_lock(&r->lock);
    if (!r->abandoned) {
        int error = report(q->worker, r);
        if (error) r->error = error;
    }
    r->pending--;
    pthread_cond_signal(&r->answered);
    pthread_mutex_unlock(&r->lock);
    release(r);
}

/* Asks each worker but the calling one.  With the lock held, so that none is done before all are
 * asked. */
static void ask(engine *e, request *r)
{
    for (unsigned i = 0; i < e->options.workers; i++) {
        worker *w = &e->workers[i];
        if (w == weir_evented_here) continue;
        question *q = &r->questions[i];
        *q = (question){.post = {.run = answer, .home = w}, .request = r, .worker = w};
        r->pending++;
        r->holders++;
        if (weir_evented_post(&e->io, &q->post) == 0) continue;
        r->pending--;
        r->holders--;
    }
}

/* Waits for the answers.  With the lock held. */
static void await(request *r)
{
    int64_t until = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns + patience;
    struct timespec limit = weir_posix_timespec(until);
    int error = 0;
    while (r->pending > 0 && error == 0)
        error = pthread_cond_timedwait(&r->answered, &r->lock, &limit);
    if (r->pending > 0) r->error = WEIR_EDEADLINE;
    r->abandoned = true;
}

static request *make_request(engine *e, weir_task_visit *visit, void *argument)
{
    request *r = calloc(1, sizeof *r + e->options.workers * sizeof r->questions[0]);
    if (!r) return NULL;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    r->holders = 1;
    r->visit = visit;
    r->argument = argument;
    return r;
}

int weir_evented_tasks(weir_io *io, weir_task_visit *visit, void *argument)
{
    engine *e = (engine *)io;
    if (__atomic_exchange_n(&e->visiting, 1, __ATOMIC_ACQUIRE)) return WEIR_EBUSY;
    request *r = make_request(e, visit, argument);
    int error = r ? 0 : WEIR_ENOMEM;
    if (r) {
        worker *here = weir_evented_here;
        pthread_mutex_lock(&r->lock);
        ask(e, r);
        if (here && here->engine == e) r->error = report(here, r);
        await(r);
        error = r->error;
        pthread_mutex_unlock(&r->lock);
        release(r);
    }
    __atomic_store_n(&e->visiting, 0, __ATOMIC_RELEASE);
    return error;
}

static uint64_t look(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void weir_evented_count(const weir_io *io, weir_counters *out)
{
    const engine *e = (const engine *)io;
    for (unsigned i = 0; i < e->options.workers; i++) {
        const worker *w = &e->workers[i];
        out->spawned += look(&w->spawned);
        out->finished += look(&w->finished);
        out->stolen += look(&w->counts.stolen);
        out->switches += look(&w->counts.switches);
        out->completions += look(&w->counts.completions);
        out->wakeups += look(&w->wakeups);
        out->sleeps += look(&w->counts.sleeps);
        out->enters += look(&w->counts.enters);
        for (unsigned op = 0; op < WEIR_OP_COUNT; op++) out->ops[op] += look(&w->counts.ops[op]);
    }
    out->offloaded += look(&e->files.done) + look(&e->work.done);
    out->offload_threads += look(&e->files.started) + look(&e->work.started);
}
