/* SPDX-License-Identifier: MIT
 *
 * What the engine tells about itself: its tasks (weir_tasks) and its counters.
 *
 * The asker copies what it tells of each task with engine.lock held, so that no task ends
 * meanwhile, and calls the visitor afterwards.  What lies on a task's stack (its op, its scopes) is
 * not read from outside: the task notes it in its worker before it waits.  A task that runs tells
 * less: its scope is known to itself only.
 */
#include <stdlib.h>

#include "io/posix/clock.h"
#include "io/threaded/engine.h"

void weir_thread_note(worker *w, const char *name, int fd)
{
    const weir_scope *scope = w->record.scope;
    int64_t since = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
    weir_spin_lock(&w->lock);
    w->note.scope = scope ? scope->place : NULL;
    w->note.deadline = w->record.deadline;
    w->note.since = since;
    w->note.fd = fd;
    __atomic_store_n(&w->note.name, name, __ATOMIC_RELAXED);
    weir_spin_unlock(&w->lock);
}

void weir_thread_unnote(worker *w)
{
    /* Who reads the note at this moment tells what was true a moment ago. */
    __atomic_store_n(&w->note.name, NULL, __ATOMIC_RELAXED);
}

/* The task's own members, which it may be changing: each value is a valid one by itself, so the
 * race is harmless. */
__attribute__((no_sanitize("thread"))) static void copy_moving(const worker *w,
                                                               weir_task_info *info)
{
    info->deadline = w->record.deadline;
    info->shielded = w->record.shield > 0;
}

static void copy_note(worker *w, weir_task_info *info, int64_t now)
{
    weir_spin_lock(&w->lock);
    info->waits_for = __atomic_load_n(&w->note.name, __ATOMIC_RELAXED);
    if (info->waits_for) {
        info->state = WEIR_TASK_WAITING;
        info->fd = w->note.fd;
        info->waited.ns = now > w->note.since ? now - w->note.since : 0;
        info->deadline = w->note.deadline;
        info->scope = w->note.scope;
    }
    weir_spin_unlock(&w->lock);
}

/* With engine.lock held; the worker has a task. */
static weir_task_info copy(worker *w, const worker *self, int64_t now)
{
    const weir_task_record *record = &w->record;
    weir_task_info info = {.id = record,
                           .name = record->name,
                           .place = record->place,
                           .state = WEIR_TASK_RUNNING,
                           .fd = -1,
                           .group = record->group};
    copy_moving(w, &info);
    if (w == self) {
        info.scope = record->scope ? record->scope->place : NULL;
        info.asked = weir_task_asked(record);
        return info;
    }
    info.asked = __atomic_load_n(&record->canceled, __ATOMIC_RELAXED) && !info.shielded;
    if (__atomic_load_n(&w->assigned, __ATOMIC_ACQUIRE) == ASSIGNED_TASK)
        info.state = WEIR_TASK_NEW;
    else
        copy_note(w, &info, now);
    return info;
}

/* Copies up to `room` tasks.  Returns how many there are. */
static size_t copy_all(engine *e, weir_task_info *out, size_t room)
{
    const worker *self = weir_thread_self(e);
    size_t count = 0;
    pthread_mutex_lock(&e->lock);
    int64_t now = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
    for (worker *w = e->newest; w; w = w->older) {
        /* Pairs with the store when the task was started. */
        if (!__atomic_load_n(&w->has_task, __ATOMIC_ACQUIRE)) continue;
        if (count < room) out[count] = copy(w, self, now);
        count++;
    }
    pthread_mutex_unlock(&e->lock);
    return count;
}

static int visit_all(engine *e, weir_task_visit *visit, void *argument)
{
    size_t room = copy_all(e, NULL, 0) + 64; /* others may be started in between */
    weir_task_info *tasks = malloc(room * sizeof *tasks);
    if (!tasks) return WEIR_ENOMEM;
    size_t count = copy_all(e, tasks, room);
    for (size_t i = 0; i < count && i < room; i++) visit(argument, &tasks[i]);
    free(tasks);
    return 0;
}

int weir_threaded_tasks(weir_io *io, weir_task_visit *visit, void *argument)
{
    engine *e = (engine *)io;
    if (__atomic_exchange_n(&e->visiting, 1, __ATOMIC_ACQUIRE)) return WEIR_EBUSY;
    int error = visit_all(e, visit, argument);
    __atomic_store_n(&e->visiting, 0, __ATOMIC_RELEASE);
    return error;
}

static uint64_t look(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void weir_threaded_count(const weir_io *io, weir_counters *out)
{
    const engine *e = (const engine *)io;
    for (unsigned i = 0; i < COUNTS; i++) {
        const worker_counts *c = &e->counts[i];
        out->finished += look(&c->finished);
        out->completions += look(&c->completions);
        out->wakeups += look(&c->wakeups);
        out->sleeps += look(&c->sleeps);
        out->enters += look(&c->enters);
        for (unsigned op = 0; op < WEIR_OP_COUNT; op++) out->ops[op] += look(&c->ops[op]);
    }
    for (unsigned i = 0; i < COUNTS; i++) out->spawned += look(&e->counts[i].spawned);
    out->offloaded += look(&e->files.done) + look(&e->work.done);
    out->offload_threads += look(&e->files.started) + look(&e->work.started);
}
