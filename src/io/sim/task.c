/* SPDX-License-Identifier: MIT
 *
 * The life of a fiber: spawned, started, waiting, ready, rested, ended; and which one goes on.
 *
 * A fiber that yields comes after all that were ready then: it waits among the rested until as many
 * have been picked.  Among the ready the order of the world decides, and none is passed over for
 * ever: drawing is fair by itself, and the adverse order takes the one that waits longest from time
 * to time.
 */
#include <stdlib.h>

#include "io/sim/trace.h"

enum {
    OPS_IN_A_ROW = 128,
    FIRST_READY = 64,
    SPARE_EVENTS = 64, /* beside one for each fiber */
    PASSED_OVER = 64,  /* picks in the adverse order until the one that waits longest comes */
};

/* Makes room for all live fibers and one more, so that a resume never fails, and for the deadlines
 * of their ops. */
static bool reserve(world *w)
{
    sim_ready *ready = &w->ready;
    const uint64_t live = w->spawned - w->finished;
    if (!weir_sim_agenda_reserve(&w->agenda, (uint32_t)live + SPARE_EVENTS)) return false;
    if (live < ready->room) return true;
    const uint32_t room = ready->room ? ready->room * 2 : FIRST_READY;
    fiber **slots = malloc(room * sizeof(fiber *));
    if (!slots) return false;
    for (uint32_t i = 0; i < ready->count; i++)
        slots[i] = ready->slots[(ready->first + i) & (ready->room - 1)];
    free(ready->slots);
    ready->slots = slots;
    ready->room = room;
    ready->first = 0;
    return true;
}

void weir_sim_fiber_resume(world *w, fiber *f)
{
    sim_ready *ready = &w->ready;
    ready->slots[(ready->first + ready->count++) & (ready->room - 1)] = f;
}

static fiber *take_first(sim_ready *ready)
{
    fiber *f = ready->slots[ready->first];
    ready->first = (ready->first + 1) & (ready->room - 1);
    ready->count--;
    return f;
}

static fiber *take_last(sim_ready *ready)
{
    ready->count--;
    return ready->slots[(ready->first + ready->count) & (ready->room - 1)];
}

static fiber *take_drawn(world *w, sim_ready *ready)
{
    const uint32_t mask = ready->room - 1;
    const uint32_t drawn = (uint32_t)weir_prng_below(&w->schedule, ready->count);
    fiber **slot = &ready->slots[(ready->first + drawn) & mask];
    fiber *f = *slot;
    *slot = ready->slots[ready->first];
    take_first(ready);
    return f;
}

static void wake_rested(world *w)
{
    while (w->rested) {
        fiber *f = w->rested;
        w->rested = f->next;
        weir_sim_fiber_resume(w, f);
    }
    w->rested_end = &w->rested;
}

fiber *weir_sim_fiber_pick(world *w)
{
    sim_ready *ready = &w->ready;
    if (w->rested) {
        if (w->round_left == 0 || ready->count == 0) {
            wake_rested(w);
        } else {
            w->round_left--;
        }
    }
    if (ready->count == 0) return NULL;
    fiber *f;
    if (w->options.order == WEIR_SIM_RANDOM && ready->count > 1) {
        f = take_drawn(w, ready);
    } else if (w->options.order == WEIR_SIM_ADVERSE && ++w->passed_over < PASSED_OVER) {
        f = take_last(ready);
    } else {
        w->passed_over = 0;
        f = take_first(ready);
    }
    w->now += w->cost;
    f->host->counts.switches++;
    sim_note_down(w, NOTE_RUN, f->number, (uint64_t)w->now);
    return f;
}

/* Frees the stack of the fiber that ended last, now that another context runs. */
static inline void reap(world *w)
{
    fiber *dead = w->dead;
    if (!dead) return;
    w->dead = NULL;
    weir_stack_pool_put(&w->pool, &dead->stack);
}

/* Where to go on when the current fiber stops: another fiber, or the loop. */
static weir_fiber_context *next_context(world *w)
{
    weir_sim_settle(w);
    const bool loop = weir_sim_agenda_next(&w->agenda) <= w->now || w->abandoned ||
                      w->steps > w->options.patience;
    fiber *next = loop ? NULL : weir_sim_fiber_pick(w);
    w->current = next;
    return next ? &next->context : &w->loop;
}

void weir_sim_fiber_wait(world *w)
{
    fiber *self = w->current;
    weir_fiber_context *next = next_context(w);
    if (w->current == self) return;
    weir_fiber_switch(&self->context, next, NULL);
    reap(w);
}

void weir_sim_fiber_run(world *w, fiber *f)
{
    w->current = f;
    weir_fiber_switch(&w->loop, &f->context, NULL);
    reap(w);
}

void weir_sim_fiber_rest(world *w)
{
    fiber *f = w->current;
    w->op_budget = OPS_IN_A_ROW;
    if (!w->rested) w->round_left = w->ready.count;
    f->next = NULL;
    *w->rested_end = f;
    w->rested_end = &f->next;
    weir_sim_fiber_wait(w);
}

int weir_sim_yield(weir_io *io)
{
    host *h = (host *)io;
    world *w = h->world;
    if (!sim_is_task(h) || w->handing) return WEIR_ENOTTASK;
    w->steps++;
    w->now += w->cost;
    int error = weir_task_check(&w->current->record, (weir_instant){w->now});
    if (error) return error;
    weir_sim_fiber_rest(w);
    return 0;
}

weir_task_record *weir_sim_self(weir_io *io)
{
    host *h = (host *)io;
    return sim_is_task(h) ? &h->world->current->record : NULL;
}

/* A request came too late: the fiber has ended. */
static void forget(world *w, fiber *f)
{
    fiber **link = &w->asked_first;
    while (*link != f) link = &(*link)->asked_next;
    *link = f->asked_next;
    if (!*link) w->asked_end = link;
}

static weir_fiber_next fiber_main(void *argument)
{
    fiber *f = argument;
    world *w = f->host->world;
    reap(w);
    f->started = true;
    if (sim_is_recorded(w)) weir_sim_trace_task(f, false, 0);
    int result = f->record.run(&f->host->io, f->record.argument);
    f->alive = false;
    if (sim_is_recorded(w)) weir_sim_trace_task(f, true, result);
    weir_task_record_end(&f->record, result);
    f->host->finished++;
    w->finished++;
    sim_event *restart = f->host->restart;
    if (restart && f->host->finished == f->host->spawned)
        weir_sim_plan(&w->agenda, restart, w->now);
    if (f->asked) forget(w, f);
    w->dead = f;
    return (weir_fiber_next){next_context(w), NULL};
}

int weir_sim_fiber_spawn(host *h, const weir_spawn *spawn)
{
    world *w = h->world;
    const size_t limit = w->options.max_tasks;
    if (limit && w->spawned - w->finished >= limit) return WEIR_ECONCURRENCY;
    if (!reserve(w)) return WEIR_ENOMEM;
    weir_stack *stack = weir_stack_pool_get(&w->pool);
    if (!stack) return WEIR_ENOMEM;
    fiber *f = (fiber *)(void *)stack;
    f->host = h;
    f->waiting = NULL;
    f->started = f->asked = false;
    f->alive = true;
    f->number = w->spawned++;
    h->spawned++;
    weir_fiber_prepare(&f->context, stack, fiber_main, f);
    weir_task_record_start(&f->record, &h->io, spawn);
    weir_sim_fiber_resume(w, f);
    return 0;
}

int weir_sim_spawn(weir_io *io, const weir_spawn *spawn)
{
    host *h = (host *)io;
    if (!sim_is_inside(h)) return WEIR_ENOTTASK;
    if (spawn->worker >= 1) return WEIR_EINVAL;
    if (sim_memory_fails(h)) return WEIR_ENOMEM;
    return weir_sim_fiber_spawn(h, spawn);
}

/* Under the lock of a handle or group, which withdrawing an op may need: so it is done later. */
void weir_sim_interrupt(weir_io *io, weir_task_record *record)
{
    fiber *f = (fiber *)(void *)((char *)record - offsetof(fiber, record));
    world *w = ((host *)io)->world;
    if (f->asked) return;
    f->asked = true;
    f->asked_next = NULL;
    *w->asked_end = f;
    w->asked_end = &f->asked_next;
}

void weir_sim_fiber_ask(world *w)
{
    while (w->asked_first) {
        fiber *f = w->asked_first;
        w->asked_first = f->asked_next;
        if (!w->asked_first) w->asked_end = &w->asked_first;
        f->asked = false;
        if (f->waiting && weir_task_asked(&f->record)) weir_sim_op_stop(f->waiting, OP_ASKED);
    }
}
