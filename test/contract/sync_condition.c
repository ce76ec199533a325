/* SPDX-License-Identifier: MIT
 *
 * Does each signal of a condition end one wait, and does every wait return with the mutex held,
 * whatever ends it?
 */
#include "test/contract/sync_wait.h"

#include <weir/sync/condition.h>

/* A task that waits once and then holds the mutex until told. */
typedef struct waiter {
    weir_task task;
    weir_condition *condition;
    weir_mutex *mutex;
    weir_deadline deadline;
    bool uncancelable;
    uint32_t begun, ended, leave;
    int result, later;
} waiter;

static int wait_once(weir_io *io, waiter *w)
{
    if (w->uncancelable) return weir_condition_wait_uncancelable(io, w->condition, w->mutex);
    if (weir_is_never(w->deadline)) return weir_condition_wait(io, w->condition, w->mutex);
    return weir_condition_wait_until(io, w->condition, w->mutex, w->deadline);
}

static int wait_for_it(weir_io *io, void *argument)
{
    waiter *w = argument;
    check_int(weir_mutex_lock(io, w->mutex), 0);
    w->result = wait_once(io, w);
    check(!weir_mutex_try(io, w->mutex));
    if (w->uncancelable) w->later = weir_yield(io);
    check_int(weir_mutex_unlock(io, w->mutex), 0);
    contract_raise(io, &w->ended);
    return 0;
}

static bool waiting(weir_io *io, weir_condition *c, unsigned count)
{
    return sync_await_waiting(io, &c->lock, &c->waiting, count);
}

static void begin(weir_io *io, waiter *w, weir_condition *c, weir_mutex *m)
{
    w->condition = c;
    w->mutex = m;
    w->result = 4711;
    check_int(weir_concurrent(io, &w->task, wait_for_it, w, NULL), 0);
}

/* Starts waiters, one after the other. */
static void queue_up(weir_io *io, weir_condition *c, weir_mutex *m, waiter *waiters, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        waiters[i] = (waiter){.deadline = weir_never()};
        begin(io, &waiters[i], c, m);
        waiting(io, c, i + 1);
    }
}

static bool has_ended(waiter *w)
{
    return __atomic_load_n(&w->ended, __ATOMIC_SEQ_CST) != 0;
}

static void ends_with(weir_io *io, waiter *w, int result)
{
    contract_at("the end of a waiter", 0);
    check_int(contract_reached(io, &w->ended, 1), 0);
    check_int(weir_await(io, &w->task, NULL), 0);
    check_int(w->result, result);
}

static void is_idle(weir_condition *c, weir_mutex *m)
{
    check_int(c->waiters, 0);
    check(!c->waiting.first && !c->waiting.last);
    check_int(m->state, 0);
}

CONTRACT(a_signal_ends_the_longest_wait)
{
    enum { COUNT = 5 };
    weir_condition c = {0};
    weir_mutex m = {0};
    waiter w[COUNT];
    queue_up(io, &c, &m, w, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        check_int(weir_mutex_lock(io, &m), 0);
        weir_condition_signal(io, &c);
        check_int(weir_mutex_unlock(io, &m), 0);
        ends_with(io, &w[i], 0);
        waiting(io, &c, COUNT - 1 - i);
        for (unsigned j = i + 1; j < COUNT; j++) check(!has_ended(&w[j]));
    }
    is_idle(&c, &m);
}

CONTRACT(a_broadcast_ends_all_waits)
{
    weir_condition c = {0};
    weir_mutex m = {0};
    waiter w[5];
    for (int held = 0; held < 2; held++) {
        queue_up(io, &c, &m, w, 5);
        if (held) check_int(weir_mutex_lock(io, &m), 0);
        weir_condition_broadcast(io, &c);
        if (held) check_int(weir_mutex_unlock(io, &m), 0);
        for (int i = 0; i < 5; i++) ends_with(io, &w[i], 0);
        is_idle(&c, &m);
    }
}

CONTRACT(a_signal_that_nobody_waits_for_is_forgotten)
{
    weir_condition c = {0};
    weir_mutex m = {0};
    weir_condition_signal(io, &c);
    weir_condition_broadcast(io, &c);
    check_int(weir_mutex_lock(io, &m), 0);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(2));
    check_int(weir_condition_wait_until(io, &c, &m, soon), WEIR_EDEADLINE);
    check_int(weir_mutex_unlock(io, &m), 0);
    is_idle(&c, &m);
}

CONTRACT(a_wait_without_the_mutex_is_refused)
{
    weir_condition c = {0};
    weir_mutex m = {0};
    check_int(weir_condition_wait(io, &c, &m), WEIR_EOWNER);
    check_int(weir_condition_wait_uncancelable(io, &c, &m), WEIR_EOWNER);
    is_idle(&c, &m);
}

CONTRACT(a_canceled_wait_returns_with_the_mutex)
{
    for (unsigned gone = 0; gone < 3; gone++) {
        weir_condition c = {0};
        weir_mutex m = {0};
        waiter w[3];
        queue_up(io, &c, &m, w, 3);
        /* It cannot return before the mutex is free, though nobody waits for the condition then. */
        check_int(weir_mutex_lock(io, &m), 0);
        weir_cancel_request(io, &w[gone].task);
        waiting(io, &c, 2);
        contract_settle(io);
        check(!has_ended(&w[gone]));
        check_int(weir_mutex_unlock(io, &m), 0);
        ends_with(io, &w[gone], WEIR_ECANCELED);
        for (unsigned i = 0; i < 3; i++) {
            if (i == gone) continue;
            weir_condition_signal(io, &c);
            ends_with(io, &w[i], 0);
        }
        is_idle(&c, &m);
    }
}

static int wait_when_asked_before(weir_io *io, void *argument)
{
    waiter *w = argument;
    check_int(weir_mutex_lock(io, w->mutex), 0);
    weir_recancel(io);
    check_int(weir_condition_wait(io, w->condition, w->mutex), WEIR_ECANCELED);
    check(!weir_mutex_try(io, w->mutex));
    check_int(weir_mutex_unlock(io, w->mutex), 0);
    return 0;
}

CONTRACT(a_wait_that_does_not_begin_keeps_the_mutex)
{
    weir_condition c = {0};
    weir_mutex m = {0};
    waiter w = {.condition = &c, .mutex = &m};
    check_int(weir_concurrent(io, &w.task, wait_when_asked_before, &w, NULL), 0);
    check_int(weir_await(io, &w.task, NULL), 0);
    is_idle(&c, &m);
    check_int(weir_mutex_lock(io, &m), 0);
    check_int(weir_condition_wait_until(io, &c, &m, (weir_deadline){0}), WEIR_EDEADLINE);
    check(!weir_mutex_try(io, &m));
    check_int(weir_mutex_unlock(io, &m), 0);
    is_idle(&c, &m);
}

CONTRACT(a_timed_wait_returns_with_the_mutex)
{
    weir_condition c = {0};
    weir_mutex m = {0};
    weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    waiter w = {.deadline = weir_instant_add(start, weir_milliseconds(5))};
    begin(io, &w, &c, &m);
    ends_with(io, &w, WEIR_EDEADLINE);
    check(contract_ms_since(io, start) >= 5);
    is_idle(&c, &m);

    check_int(weir_mutex_lock(io, &m), 0);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(2));
    check_int(weir_condition_wait(io, &c, &m), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    check(!weir_mutex_try(io, &m));
    check_int(weir_mutex_unlock(io, &m), 0);

    w = (waiter){.deadline = weir_deadline_after(io, weir_seconds(90000))};
    begin(io, &w, &c, &m);
    waiting(io, &c, 1);
    weir_condition_signal(io, &c);
    ends_with(io, &w, 0);
    is_idle(&c, &m);
}

CONTRACT(an_uncancelable_wait_keeps_the_request_for_later)
{
    weir_condition c = {0};
    weir_mutex m = {0};
    waiter w = {.uncancelable = true};
    begin(io, &w, &c, &m);
    waiting(io, &c, 1);
    weir_cancel_request(io, &w.task);
    contract_settle(io);
    check(!has_ended(&w));
    weir_condition_signal(io, &c);
    ends_with(io, &w, 0);
    check_int(w.later, WEIR_ECANCELED);
    is_idle(&c, &m);
}

/* One of two things that happen at about the same time. */
typedef struct rush {
    weir_condition *condition;
    weir_task *victim;
    unsigned delay;
} rush;

static int signal_it(weir_io *io, void *argument)
{
    rush *r = argument;
    contract_spin(r->delay);
    weir_condition_signal(io, r->condition);
    return 0;
}

static int cancel_it(weir_io *io, void *argument)
{
    rush *r = argument;
    contract_spin(r->delay);
    weir_cancel_request(io, r->victim);
    return 0;
}

CONTRACT(a_signal_that_comes_with_a_cancellation_is_not_lost)
{
    uint64_t seed = test_seed();
    weir_condition c = {0};
    weir_mutex m = {0};
    for (unsigned i = 0; i < 200 && !contract_failed(); i++) {
        waiter w[2];
        queue_up(io, &c, &m, w, 2);
        rush signals = {.condition = &c, .delay = (unsigned)(test_random(&seed) % 1000)};
        rush cancels = {.victim = &w[0].task, .delay = (unsigned)(test_random(&seed) % 1000)};
        weir_task tasks[2];
        check_int(weir_concurrent(io, &tasks[0], signal_it, &signals, NULL), 0);
        check_int(weir_concurrent(io, &tasks[1], cancel_it, &cancels, NULL), 0);
        check_int(weir_await(io, &tasks[0], NULL), 0);
        check_int(weir_await(io, &tasks[1], NULL), 0);
        /* The first ends in any case: by the signal, or canceled and then it is the second's. */
        check_int(contract_reached(io, &w[0].ended, 1), 0);
        if (w[0].result == 0) {
            check_int(c.waiters, 1);
            weir_condition_signal(io, &c);
        }
        ends_with(io, &w[1], 0);
        check(w[0].result == 0 || w[0].result == WEIR_ECANCELED);
        check_int(weir_await(io, &w[0].task, NULL), 0);
    }
    is_idle(&c, &m);
}

/* A buffer of a few numbers, between tasks that put and tasks that get. */
enum { ROOM = 3 };

typedef struct buffer {
    weir_mutex mutex;
    weir_condition not_empty, not_full;
    unsigned count;
    uint64_t put, got; /* sums */
    unsigned rounds;
} buffer;

static int wait_somehow(weir_io *io, buffer *b, weir_condition *c, uint64_t *seed)
{
    switch (test_random(seed) % 4) {
    case 0: return weir_condition_wait_uncancelable(io, c, &b->mutex);
    case 1: return weir_condition_wait_until(io, c, &b->mutex, sync_soon(io, seed, 300));
    default: return weir_condition_wait(io, c, &b->mutex);
    }
}

/* With the mutex held: waits until *count differs from `from`, through whatever errors. */
static void wait_while(weir_io *io, buffer *b, weir_condition *c, unsigned from, uint64_t *seed)
{
    while (b->count == from) {
        int error = wait_somehow(io, b, c, seed);
        check(error == 0 || error == WEIR_ECANCELED || error == WEIR_EDEADLINE);
        if (contract_failed()) return;
    }
}

static int put_or_get(weir_io *io, void *argument)
{
    sync_actor *self = argument;
    buffer *b = self->object;
    for (unsigned i = 0; i < b->rounds && !contract_failed(); i++) {
        check_int(weir_mutex_lock_uncancelable(io, &b->mutex), 0);
        if (self->index % 2 == 0) {
            wait_while(io, b, &b->not_full, ROOM, &self->seed);
            b->count++;
            b->put += i;
            weir_condition_signal(io, &b->not_empty);
        } else {
            wait_while(io, b, &b->not_empty, 0, &self->seed);
            b->count--;
            b->got += i;
            weir_condition_signal(io, &b->not_full);
        }
        check(b->count <= ROOM);
        check_int(weir_mutex_unlock(io, &b->mutex), 0);
    }
    return 0;
}

CONTRACT(each_signal_ends_a_wait_whatever_happens)
{
    buffer b = {.rounds = 1500};
    sync_stress(io, put_or_get, &b, 1000);
    check_int(b.count, 0);
    check_int(b.put, b.got);
    is_idle(&b.not_empty, &b.mutex);
    is_idle(&b.not_full, &b.mutex);
}

/* Two tasks that wait for each other by turns. */
typedef struct table {
    weir_mutex mutex;
    weir_condition turned;
    unsigned turn;
} table;

typedef struct player {
    weir_task task;
    table *table;
    unsigned parity;
} player;

static int play(weir_io *io, void *argument)
{
    player *p = argument;
    table *t = p->table;
    check_int(weir_mutex_lock(io, &t->mutex), 0);
    while (t->turn < 400) {
        if (t->turn % 2 == p->parity) {
            t->turn++;
            weir_condition_signal(io, &t->turned);
        } else {
            check_int(weir_condition_wait(io, &t->turned, &t->mutex), 0);
        }
    }
    check_int(weir_mutex_unlock(io, &t->mutex), 0);
    return 0;
}

CONTRACT(waiting_for_a_condition_allocates_nothing)
{
    size_t before = 0;
    for (int time = 0; time < 2; time++) {
        table t = {0};
        player players[2] = {{.table = &t, .parity = 0}, {.table = &t, .parity = 1}};
        check_int(weir_mutex_lock(io, &t.mutex), 0);
        for (int i = 0; i < 2; i++)
            check_int(weir_concurrent(io, &players[i].task, play, &players[i], NULL), 0);
        sync_await_waiting(io, &t.mutex.lock, &t.mutex.waiting, 2);
        before = test_alloc_count();
        check_int(weir_mutex_unlock(io, &t.mutex), 0);
        for (int i = 0; i < 2; i++) check_int(weir_await(io, &players[i].task, NULL), 0);
        check_int(t.turn, 400);
        is_idle(&t.turned, &t.mutex);
    }
    check_int(test_alloc_count() - before, 0);
}
