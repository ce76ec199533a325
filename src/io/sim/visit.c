/* SPDX-License-Identifier: MIT
 *
 * What the simulator tells about itself: tasks and counters.  A handle tells of its own host.
 */
#include <stdlib.h>

#include "io/sim/tcp.h"

typedef struct crowd {
    fiber **all;
    size_t room, count;
} crowd;

static void collect(void *argument, weir_stack *stack)
{
    crowd *c = argument;
    fiber *f = (fiber *)(void *)stack;
    if (f->alive && c->count < c->room) c->all[c->count++] = f;
}

static int by_number(const void *left, const void *right)
{
    const fiber *a = *(fiber *const *)left, *b = *(fiber *const *)right;
    return (a->number > b->number) - (a->number < b->number);
}

/* In the order of their numbers, so that what is done to them is the same in every run. */
static int each(world *w, void (*visit)(void *argument, fiber *f), void *argument)
{
    crowd c = {.room = (size_t)(w->spawned - w->finished)};
    c.all = malloc((c.room + 1) * sizeof(fiber *));
    if (!c.all) return WEIR_ENOMEM;
    weir_stack_slabs_each(w->stacks, collect, &c);
    qsort(c.all, c.count, sizeof(fiber *), by_number);
    for (size_t i = 0; i < c.count; i++) visit(argument, c.all[i]);
    free(c.all);
    return 0;
}

void weir_sim_each_fiber(world *w, void (*visit)(void *argument, fiber *f), void *argument)
{
    each(w, visit, argument);
}

typedef struct tour {
    const host *host;
    weir_task_visit *visit;
    void *argument;
} tour;

static void tell(void *argument, fiber *f)
{
    const tour *t = argument;
    const weir_task_record *record = &f->record;
    const world *w = f->host->world;
    if (f->host != t->host && !w->error) return; /* after a deadlock, all that take part in it */
    const weir_op *op = f->waiting;
    weir_task_info info = {.id = record,
                           .name = record->name,
                           .place = record->place,
                           .state = !f->started       ? WEIR_TASK_NEW
                                    : op              ? WEIR_TASK_WAITING
                                    : f == w->current ? WEIR_TASK_RUNNING
                                                      : WEIR_TASK_READY,
                           .fd = -1,
                           .group = record->group,
                           .deadline = record->deadline,
                           .scope = record->scope ? record->scope->place : NULL,
                           .asked = weir_task_asked(record),
                           .shielded = record->shield > 0};
    if (op && f->started) {
        info.waits_for = weir_op_name(op);
        info.fd = op->fd;
        info.waited.ns = w->now - f->since;
    }
    t->visit(t->argument, &info);
}

int weir_sim_tasks(weir_io *io, weir_task_visit *visit, void *argument)
{
    host *h = (host *)io;
    tour t = {h, visit, argument};
    if (h->world->running && !sim_is_inside(h)) return WEIR_EUNSUPPORTED;
    if (h->world->visiting) return WEIR_EBUSY;
    h->world->visiting = true;
    const int error = each(h->world, tell, &t);
    h->world->visiting = false;
    return error;
}

void weir_sim_count(const weir_io *io, weir_counters *out)
{
    const host *h = (const host *)io;
    out->spawned += h->spawned;
    out->finished += h->finished;
    out->switches += h->counts.switches;
    out->completions += h->counts.completions;
    out->sleeps += h->counts.sleeps;
    out->offloaded += h->counts.ops[WEIR_OP_WORK];
    for (unsigned op = 0; op < WEIR_OP_COUNT; op++) out->ops[op] += h->counts.ops[op];
}

weir_sim_usage weir_sim_usage_of(const weir_sim *w)
{
    weir_sim_usage usage = {.tasks = (size_t)(w->spawned - w->finished),
                            .nodes = (size_t)w->nodes,
                            .events = w->agenda.count};
    for (const sim_connection *c = w->connections; c; c = c->next) usage.connections++;
    for (const host *h = w->hosts; h; h = h->next) usage.buffers += h->lent;
    return usage;
}
