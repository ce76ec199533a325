/* SPDX-License-Identifier: MIT
 *
 * Do the calls that wait for several tasks stop exactly those that they promise to stop, and return
 * with all of them ended?
 */
#include "test/contract/contract.h"

#include <weir/sync/join.h>

enum { FEW = 5, LOTS = WEIR_JOIN_INLINE + 9 };

/* A task that waits for its gate and ends with `result`, or is asked to stop. */
typedef struct runner {
    weir_task task;
    uint32_t gate;
    unsigned delay;
    int result;
    bool canceled;
} runner;

typedef struct field {
    runner runners[LOTS];
    weir_task *tasks[LOTS];
    size_t count;
} field;

static int run(weir_io *io, void *argument)
{
    runner *r = argument;
    contract_spin(r->delay);
    int error = contract_reached(io, &r->gate, 1);
    r->canceled = error != 0;
    return error ? error : r->result;
}

static void field_start(weir_io *io, field *f, size_t count)
{
    f->count = count;
    for (size_t i = 0; i < count; i++) {
        f->runners[i] = (runner){.result = (int)i};
        f->tasks[i] = &f->runners[i].task;
        check_int(weir_concurrent(io, f->tasks[i], run, &f->runners[i], NULL), 0);
    }
}

/* Whether all have ended, and all but those below `ended` because they were asked to stop. */
static void check_stopped(const field *f, size_t ended)
{
    for (size_t i = 0; i < f->count; i++) {
        check(weir_task_ended(f->tasks[i]));
        check(f->runners[i].canceled == (i >= ended));
    }
}

static void open_gates(weir_io *io, field *f, size_t from)
{
    for (size_t i = from; i < f->count; i++) contract_raise(io, &f->runners[i].gate);
}

static void end_field(weir_io *io, field *f)
{
    for (size_t i = 0; i < f->count; i++) weir_cancel(io, f->tasks[i]);
}

CONTRACT(none_are_awaited_at_once_and_none_cannot_be_raced)
{
    check_int(weir_await_all(io, NULL, 0), 0);
    check_int(weir_try_await_all(io, NULL, 0), 0);
    check_int(weir_race(io, NULL, 0), WEIR_EINVAL);
    check_int(weir_await_any(io, NULL, 0, weir_never()), WEIR_EINVAL);
}

CONTRACT(awaiting_all_waits_for_all_and_returns_the_first_error_by_index)
{
    field f;
    for (size_t count = FEW; count <= LOTS; count += LOTS - FEW) {
        field_start(io, &f, count);
        open_gates(io, &f, 0);
        check_int(weir_await_all(io, f.tasks, count), 0);
        check_int(weir_try_await_all(io, f.tasks, count), 0);
        check_stopped(&f, count);
        field_start(io, &f, count);
        f.runners[1].result = WEIR_EIO;
        f.runners[3].result = WEIR_EPIPE;
        contract_raise(io, &f.runners[3].gate);
        check_int(weir_await(io, f.tasks[3], NULL), 0);
        open_gates(io, &f, 0);
        check_int(weir_await_all(io, f.tasks, count), WEIR_EIO);
        check_stopped(&f, count);
    }
}

CONTRACT(trying_all_stops_the_rest_at_the_first_error)
{
    field f;
    for (size_t count = FEW; count <= LOTS; count += LOTS - FEW) {
        field_start(io, &f, count);
        f.runners[1].result = WEIR_EIO;
        for (int i = 0; i < 2; i++) contract_raise(io, &f.runners[i].gate);
        for (int i = 0; i < 2; i++) check_int(weir_await(io, f.tasks[i], NULL), 0);
        check_int(weir_try_await_all(io, f.tasks, count), WEIR_EIO);
        check_stopped(&f, 2);
    }
}

typedef struct opener {
    runner *runner;
    weir_task task;
} opener;

static int open_later(weir_io *io, void *argument)
{
    contract_settle(io);
    contract_raise(io, &((opener *)argument)->runner->gate);
    return 0;
}

CONTRACT(a_race_is_won_by_the_first_to_end_and_the_losers_have_ended)
{
    field f;
    for (size_t count = FEW; count <= LOTS; count += LOTS - FEW) {
        for (int ends_before = 0; ends_before < 2; ends_before++) {
            field_start(io, &f, count);
            if (ends_before) f.runners[0].result = WEIR_EIO; /* an error is an end as well */
            opener o = {.runner = &f.runners[0]};
            weir_async(io, &o.task, open_later, &o);
            if (ends_before) check_int(weir_await(io, f.tasks[0], NULL), 0);
            check_int(weir_race(io, f.tasks, count), 0);
            check_stopped(&f, 1);
            check_int(f.runners[0].task.result, ends_before ? WEIR_EIO : 0);
            check_int(weir_await(io, &o.task, NULL), 0);
        }
    }
}

CONTRACT(awaiting_any_leaves_the_others_running)
{
    field f;
    for (size_t count = FEW; count <= LOTS; count += LOTS - FEW) {
        field_start(io, &f, count);
        check_int(weir_await_any(io, f.tasks, count, (weir_deadline){0}), WEIR_EDEADLINE);
        weir_deadline soon = weir_deadline_after(io, weir_milliseconds(1));
        check_int(weir_await_any(io, f.tasks, count, soon), WEIR_EDEADLINE);
        opener o = {.runner = &f.runners[4]};
        weir_async(io, &o.task, open_later, &o);
        check_int(weir_await_any(io, f.tasks, count, weir_never()), 4);
        check_int(weir_await_any(io, f.tasks, count, (weir_deadline){0}), 4);
        check_int(weir_await(io, &o.task, NULL), 0);
        for (size_t i = 0; i < count; i++) check(weir_task_ended(f.tasks[i]) == (i == 4));
        open_gates(io, &f, 0);
        check_int(weir_await_all(io, f.tasks, count), 0);
        check_stopped(&f, count);
    }
}

CONTRACT(awaiting_any_of_many_that_have_ended_favours_none)
{
    field f;
    unsigned told[FEW] = {0};
    field_start(io, &f, FEW);
    open_gates(io, &f, 0);
    check_int(weir_await_all(io, f.tasks, FEW), 0);
    for (int i = 0; i < 1000; i++) {
        int index = weir_await_any(io, f.tasks, FEW, weir_never());
        if (check(index >= 0 && index < FEW)) told[index]++;
    }
    for (int i = 0; i < FEW; i++) check(told[i] > 50);
}

/* The caller is canceled ----------------------------------------------------------------------- */

typedef int await_several(weir_io *io, weir_task *tasks[], size_t n);

static int await_any_for_ever(weir_io *io, weir_task *tasks[], size_t n)
{
    return weir_await_any(io, tasks, n, weir_never());
}

static await_several *const calls[] = {weir_await_all, weir_try_await_all, weir_race,
                                       await_any_for_ever};

typedef struct caller {
    field *field;
    await_several *call;
    unsigned delay;
    int result, pending;
} caller;

static int call_it(weir_io *io, void *argument)
{
    caller *c = argument;
    contract_spin(c->delay);
    c->result = c->call(io, c->field->tasks, c->field->count);
    c->pending = weir_check(io);
    return 0;
}

CONTRACT(a_caller_that_is_canceled_stops_all_but_those_of_await_any)
{
    field f;
    for (int round = 0; round < 24; round++) {
        caller c = {.field = &f, .call = calls[round % 4]};
        weir_task task = {0};
        field_start(io, &f, round % 8 < 4 ? FEW : LOTS);
        check_int(weir_concurrent(io, &task, call_it, &c, NULL), 0);
        if (round >= 8) contract_settle(io);
        check_int(weir_cancel(io, &task), 0);
        check_int(c.result, WEIR_ECANCELED);
        check_int(c.pending, 0);
        if (round % 4 == 3) {
            for (size_t i = 0; i < f.count; i++) check(!weir_task_ended(f.tasks[i]));
            open_gates(io, &f, 0);
            check_int(weir_await_all(io, f.tasks, f.count), 0);
            check_stopped(&f, f.count);
        } else {
            check_stopped(&f, 0);
        }
    }
}

CONTRACT(a_caller_whose_scope_expires_stops_all_but_those_of_await_any)
{
    field f;
    for (int round = 0; round < 4; round++) {
        field_start(io, &f, FEW);
        weir_scope scope;
        weir_scope_enter_for(io, &scope, weir_milliseconds(1));
        check_int(calls[round](io, f.tasks, FEW), WEIR_EDEADLINE);
        check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
        if (round == 3) {
            for (size_t i = 0; i < FEW; i++) check(!weir_task_ended(f.tasks[i]));
            end_field(io, &f);
        } else {
            check_stopped(&f, 0);
        }
    }
}

/* Mistakes ------------------------------------------------------------------------------------ */

typedef struct oneself {
    weir_task task;
    field *field;
    uint32_t started, done;
} oneself;

static int await_oneself(weir_io *io, void *argument)
{
    oneself *o = argument;
    weir_task *tasks[3] = {o->field->tasks[0], &o->task, o->field->tasks[1]};
    contract_reached(io, &o->started, 1);
    check_int(weir_race(io, tasks, 3), WEIR_EDEADLK);
    check_int(weir_await_any(io, tasks, 3, weir_never()), WEIR_EDEADLK);
    check(!weir_task_ended(tasks[0]));
    contract_raise(io, &o->field->runners[0].gate);
    contract_raise(io, &o->field->runners[1].gate);
    check_int(weir_await_all(io, tasks, 3), WEIR_EDEADLK);
    check_int(weir_try_await_all(io, tasks, 3), WEIR_EDEADLK);
    contract_raise(io, &o->done);
    return weir_check(io);
}

CONTRACT(a_task_that_awaits_itself_among_others_is_told)
{
    field f;
    oneself o = {.field = &f};
    int result = 1;
    field_start(io, &f, 2);
    check_int(weir_concurrent(io, &o.task, await_oneself, &o, NULL), 0);
    contract_raise(io, &o.started);
    contract_reached(io, &o.done, 1); /* a task that is awaited already is WEIR_EBUSY */
    check_int(weir_await(io, &o.task, &result), 0);
    check_int(result, 0);
}

CONTRACT(many_tasks_need_memory_or_nothing_is_done)
{
    field f;
    field_start(io, &f, LOTS);
    for (size_t n = 0; n < 2; n++) {
        test_alloc_fail_after(n);
        int any = weir_await_any(io, f.tasks, LOTS, weir_never());
        test_alloc_fail_after(n);
        int race = weir_race(io, f.tasks, LOTS);
        test_alloc_reset();
        check_int(any, WEIR_ENOMEM);
        check_int(race, WEIR_ENOMEM);
    }
    test_alloc_fail_after(0);
    int all = weir_try_await_all(io, f.tasks, LOTS);
    test_alloc_reset();
    check_int(all, WEIR_ENOMEM);
    for (size_t i = 0; i < LOTS; i++) check(!weir_task_ended(f.tasks[i]));
    end_field(io, &f);
}

CONTRACT(few_tasks_are_awaited_without_an_allocation)
{
    field f;
    field_start(io, &f, FEW);
    opener o = {.runner = &f.runners[2]};
    check_int(weir_concurrent(io, &o.task, open_later, &o, NULL), 0);
    test_alloc_reset();
    check_int(weir_await_any(io, f.tasks, FEW, weir_never()), 2);
    check_int(weir_race(io, f.tasks, FEW), 2);
    check_int(weir_try_await_all(io, f.tasks, FEW), WEIR_ECANCELED);
    check_int(weir_await_all(io, f.tasks, FEW), WEIR_ECANCELED);
    check_int(test_alloc_count(), 0);
    check_int(weir_await(io, &o.task, NULL), 0);
}

/* Under load ---------------------------------------------------------------------------------- */

static int end_soon(weir_io *io, void *argument)
{
    runner *r = argument;
    contract_spin(r->delay);
    if (r->delay % 3 == 0) return r->result;
    if (r->delay % 3 == 1) r->canceled = weir_yield(io) != 0;
    if (r->delay % 3 == 2) r->canceled = weir_sleep(io, weir_microseconds(50)) != 0;
    return r->result;
}

CONTRACT(tasks_that_end_at_any_moment_are_awaited_by_any_call)
{
    uint64_t seed = test_seed();
    for (size_t round = 0; round < 200 && !contract_failed(); round++) {
        contract_at("round", round);
        field *f = calloc(1, sizeof *f);
        if (!f) abort();
        f->count = 1 + test_random(&seed) % 6;
        bool fails = false;
        for (size_t i = 0; i < f->count; i++) {
            runner *r = &f->runners[i];
            *r = (runner){.delay = (unsigned)(test_random(&seed) % 500)};
            r->result = test_random(&seed) % 4 == 0 ? WEIR_EIO : 1;
            fails = fails || r->result < 0;
            f->tasks[i] = &r->task;
            check_int(weir_concurrent(io, f->tasks[i], end_soon, r, NULL), 0);
        }
        caller c = {.field = f,
                    .call = calls[test_random(&seed) % 3],
                    .delay = (unsigned)(test_random(&seed) % 500)};
        weir_task task = {0};
        check_int(weir_concurrent(io, &task, call_it, &c, NULL), 0);
        contract_spin((unsigned)(test_random(&seed) % 1000));
        bool canceled = test_random(&seed) % 3 == 0;
        if (canceled) weir_cancel_request(io, &task);
        check_int(weir_await(io, &task, NULL), 0);
        bool stopped = c.result == WEIR_ECANCELED;
        check(!stopped || canceled);
        if (c.call == weir_race) check(stopped || (c.result >= 0 && c.result < (int)f->count));
        if (c.call != weir_race) check(stopped || c.result == (fails ? WEIR_EIO : 0));
        for (size_t i = 0; i < f->count; i++) check(weir_task_ended(f->tasks[i]));
        memset(f, 0xff, sizeof *f);
        free(f);
    }
}

CONTRACT(a_task_that_was_told_to_have_ended_leaves_its_handle_alone)
{
    uint64_t seed = test_seed();
    for (int round = 0; round < 500; round++) {
        runner *r = calloc(1, sizeof *r);
        if (!r) abort();
        r->delay = (unsigned)(test_random(&seed) % 100) * 3;
        weir_task *tasks[] = {&r->task};
        check_int(weir_concurrent(io, tasks[0], end_soon, r, NULL), 0);
        int index;
        /* Looks again and again, so that it comes between the last steps of the task. */
        while ((index = weir_await_any(io, tasks, 1, (weir_deadline){0})) == WEIR_EDEADLINE)
            weir_yield(io);
        check_int(index, 0);
        memset(r, 0xff, sizeof *r);
        free(r);
    }
}
