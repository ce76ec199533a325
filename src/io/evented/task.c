/* SPDX-License-Identifier: MIT
 *
 * The life of a fiber: spawned, perhaps stolen, started, waiting, resumed, ended.
 *
 * A fiber is unstarted until a worker first switches to it.  Until then it may be in a worker's
 * `fresh` queue (anyone's to take), in the engine's overflow queue, in an inbox, or in a `ready`
 * list (bound to that worker).  From the start on it is running, waiting for an op, or in `ready`,
 * always on one worker.
 *
 * Interrupting (any thread) races with ending (the owner): the message that carries the interrupt
 * is in the fiber, so its stack may be reused only when the message is out of the inbox.
 * `interrupted` settles who frees it.
 */
#include "io/evented/engine.h"

#include <weir/base/error.h>

#include "base/spin.h"

enum {
    SWITCHES_IN_A_ROW = 256, /* between two looks at the kernel */
    FRESH_FIRST = 16,        /* every so many picks a fresh fiber comes before the ready ones */
};

static void ready_push(worker *w, fiber *f)
{
    f->next = NULL;
    if (w->ready_first) {
        w->ready_last->next = f;
    } else {
        w->ready_first = f;
    }
    w->ready_last = f;
}

static fiber *ready_take(worker *w)
{
    fiber *f = w->ready_first;
    if (f) w->ready_first = f->next;
    return f;
}

static fiber *overflow_take(engine *e)
{
    if (__atomic_load_n(&e->overflow.count, __ATOMIC_RELAXED) == 0) return NULL;
    weir_spin_lock(&e->overflow.lock);
    fiber *f = e->overflow.first;
    if (f) {
        e->overflow.first = f->next;
        __atomic_store_n(&e->overflow.count, e->overflow.count - 1, __ATOMIC_RELAXED);
    }
    weir_spin_unlock(&e->overflow.lock);
    return f;
}

static void overflow_push(engine *e, fiber *f)
{
    f->next = NULL;
    weir_spin_lock(&e->overflow.lock);
    if (e->overflow.first) {
        e->overflow.last->next = f;
    } else {
        e->overflow.first = f;
    }
    e->overflow.last = f;
    __atomic_store_n(&e->overflow.count, e->overflow.count + 1, __ATOMIC_RELAXED);
    weir_spin_unlock(&e->overflow.lock);
}

/* Frees the stack of the fiber that ended last, now that another context runs. */
static inline void reap(worker *w)
{
    fiber *dead = w->dead;
    if (!dead) return;
    w->dead = NULL;
    weir_stack_pool_put(&w->stacks, &dead->stack);
}

static fiber *fresh_take(worker *w)
{
    fiber *f = weir_run_queue_take(&w->fresh);
    return f ? f : overflow_take(w->engine);
}

/* Makes a fiber that another worker spawned this worker's own. */
static void adopt(worker *w, fiber *f)
{
    /* Pairs with the request's store before interrupt's load of `home`: either the sender sees us,
     * or the fiber's first operation sees the request. */
    __atomic_store_n(&f->home, w, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static fiber *steal(worker *w)
{
    engine *e = w->engine;
    for (unsigned i = 1; i < e->options.workers; i++) {
        worker *victim = &e->workers[(w->index + i) % e->options.workers];
        fiber *f = weir_run_queue_take(&victim->fresh);
        if (f) return f;
    }
    return NULL;
}

fiber *weir_evented_fiber_pick(worker *w)
{
    fiber *f = NULL;
    if (++w->tick % FRESH_FIRST == 0) f = fresh_take(w);
    if (!f) f = ready_take(w);
    if (!f) f = fresh_take(w);
    if (!f && w->engine->options.workers > 1) f = steal(w);
    if (f && f->home != w) {
        adopt(w, f);
        weir_count(&w->counts.stolen);
    }
    return f;
}

/* Where to go on when the current fiber stops: another fiber, or the loop. */
static weir_fiber_context *next_context(worker *w)
{
    fiber *next = w->budget > 0 ? weir_evented_fiber_pick(w) : NULL;
    w->current = next;
    if (!next) return &w->loop;
    w->budget--;
    return &next->context;
}

void weir_evented_fiber_wait(worker *w)
{
    fiber *self = w->current;
    weir_fiber_context *next = next_context(w);
    if (w->current == self) return; /* it was made ready meanwhile, and is next */
    weir_count(&w->counts.switches);
    weir_fiber_switch(&self->context, next, NULL);
    reap(w);
}

void weir_evented_fiber_resume(worker *w, fiber *f)
{
    ready_push(w, f);
}

void weir_evented_fiber_run(worker *w, fiber *f)
{
    w->budget = SWITCHES_IN_A_ROW;
    w->current = f;
    weir_fiber_switch(&w->loop, &f->context, NULL);
    reap(w);
}

void weir_evented_fiber_rest(worker *w, bool look)
{
    w->op_budget = OPS_IN_A_ROW;
    if (look) w->budget = 0;
    ready_push(w, w->current);
    weir_evented_fiber_wait(w);
}

int weir_evented_yield(weir_io *io)
{
    worker *w = weir_evented_here;
    if (!w || &w->engine->io != io || !w->current) return WEIR_ENOTTASK;
    int error = weir_task_check(&w->current->record, (weir_instant){w->now});
    if (error) return error;
    weir_evented_fiber_rest(w, false);
    return 0;
}

weir_task_record *weir_evented_self(weir_io *io)
{
    worker *w = weir_evented_here;
    return w && &w->engine->io == io && w->current ? &w->current->record : NULL;
}

/* Changes `interrupted` from *state; else gives the present state in *state. */
static bool swap(fiber *f, uint32_t *state, uint32_t next)
{
    return __atomic_compare_exchange_n(&f->interrupted, state, next, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* The stack of an ended fiber may be reused at once, unless an interrupt message is still under
 * way: then whoever takes that out of the inbox frees it. */
static bool may_reuse(fiber *f)
{
    if (__atomic_load_n(&f->interrupted, __ATOMIC_ACQUIRE) == INTERRUPT_NONE) return true;
    /* Pairs with the load in weir_evented_fiber_interrupted: the later of the two frees. */
    return __atomic_exchange_n(&f->interrupted, INTERRUPT_ZOMBIE, __ATOMIC_SEQ_CST) ==
           INTERRUPT_NONE;
}

static void dismiss(engine *e)
{
    if (e->limited) __atomic_fetch_sub(&e->live, 1, __ATOMIC_RELAXED);
}

static weir_fiber_next fiber_main(void *argument)
{
    fiber *f = argument;
    worker *w = weir_evented_here;
    reap(w);
    /* Pairs with the load in weir_evented_fiber_interrupted. */
    __atomic_store_n(&f->runner, w, __ATOMIC_RELAXED);
    __atomic_store_n(&f->alive, FIBER_STARTED, __ATOMIC_RELAXED);
    int result = f->record.run(&w->engine->io, f->record.argument);
    dismiss(w->engine);
    __atomic_store_n(&f->alive, FIBER_NONE, __ATOMIC_RELAXED);
    weir_task_record_end(&f->record, result);
    __atomic_store_n(&w->finished, w->finished + 1, __ATOMIC_RELEASE);
    if (may_reuse(f)) w->dead = f;
    return (weir_fiber_next){next_context(w), NULL};
}

/* Counts a task if there is a limit on them.  False: the limit is met. */
static bool admit(engine *e)
{
    if (!e->limited) return true;
    if (__atomic_fetch_add(&e->live, 1, __ATOMIC_RELAXED) < e->options.max_tasks) return true;
    dismiss(e);
    return false;
}

static void place(worker *w, fiber *f, int where)
{
    engine *e = w->engine;
    if (where == WEIR_WORKER_SAME || (unsigned)where == w->index || e->options.workers == 1) {
        ready_push(w, f);
    } else if (where >= 0) {
        worker *to = &e->workers[where];
        __atomic_store_n(&f->home, to, __ATOMIC_RELAXED);
        weir_evented_worker_send(to, &f->start, MESSAGE_START);
    } else {
        if (!weir_run_queue_push(&w->fresh, f)) overflow_push(e, f);
        weir_evented_worker_call_thief(e);
    }
}

int weir_evented_spawn(weir_io *io, const weir_spawn *spawn)
{
    worker *w = weir_evented_here;
    if (!w || &w->engine->io != io) return WEIR_ENOTTASK;
    if (spawn->worker >= (int)w->engine->options.workers) return WEIR_EINVAL;
    if (!admit(w->engine)) return WEIR_ECONCURRENCY;
    weir_stack *stack = weir_stack_pool_get(&w->stacks);
    if (!stack) {
        dismiss(w->engine);
        return WEIR_ENOMEM;
    }
    fiber *f = (fiber *)(void *)stack;
    /* weir_tasks may look at any moment. */
    __atomic_store_n(&f->home, w, __ATOMIC_RELAXED);
    __atomic_store_n(&f->runner, NULL, __ATOMIC_RELAXED);
    f->waiting = NULL;
    f->interrupted = INTERRUPT_NONE;
    weir_fiber_prepare(&f->context, stack, fiber_main, f);
    weir_task_record_start(&f->record, io, spawn);
    /* Pairs with the look of visit.c: who sees it sees the record. */
    __atomic_store_n(&f->alive, FIBER_NEW, __ATOMIC_RELEASE);
    __atomic_store_n(&w->spawned, w->spawned + 1, __ATOMIC_RELEASE);
    place(w, f, spawn->worker);
    return 0;
}

void weir_evented_interrupt(weir_io *io, weir_task_record *record)
{
    (void)io;
    fiber *f = (fiber *)(void *)((char *)record - offsetof(fiber, record));
    uint32_t state = INTERRUPT_NONE;
    if (swap(f, &state, INTERRUPT_SENT)) {
        worker *home = __atomic_load_n(&f->home, __ATOMIC_SEQ_CST);
        weir_evented_worker_send(home, &f->interrupt, MESSAGE_INTERRUPT);
        return;
    }
    /* A message is under way: see to it that it is not dropped before it has found this request. */
    while (state == INTERRUPT_SENT && !swap(f, &state, INTERRUPT_AGAIN)) continue;
    if (state == INTERRUPT_NONE) weir_evented_interrupt(io, record);
}

/* The fiber is ours and has started, so nothing but this thread changes what it does. */
static void stop_waiting(worker *w, fiber *f)
{
    /* Pairs with `swap` by who asks: a request that found a message under way is seen below. */
    __atomic_store_n(&f->interrupted, INTERRUPT_NONE, __ATOMIC_SEQ_CST);
    if (f->waiting && weir_task_asked(&f->record)) weir_evented_op_stop(w, f->waiting, OP_ASKED);
}

void weir_evented_fiber_interrupted(worker *w, fiber *f)
{
    for (;;) {
        worker *home = __atomic_load_n(&f->home, __ATOMIC_SEQ_CST);
        if (home != w) {
            weir_evented_worker_send(home, &f->interrupt, MESSAGE_INTERRUPT);
            return;
        }
        /* Pairs with the exchange in may_reuse.  It ended on this thread, which has left its stack.
         */
        uint32_t state = __atomic_load_n(&f->interrupted, __ATOMIC_SEQ_CST);
        if (state == INTERRUPT_ZOMBIE) {
            weir_stack_pool_put(&w->stacks, &f->stack);
            return;
        }
        /* Relaxed: only this thread ever stores its own worker there. */
        if (__atomic_load_n(&f->runner, __ATOMIC_RELAXED) == w) {
            stop_waiting(w, f);
            return;
        }
        /* It has not started, or a thief is just taking it.  The request came before the thief's
         * barrier in `adopt`, so the fiber's first operation sees it: unless there is another one,
         * which may have come later. */
        if (state == INTERRUPT_SENT && swap(f, &state, INTERRUPT_NONE)) return;
        if (state == INTERRUPT_AGAIN) swap(f, &state, INTERRUPT_SENT);
    }
}
