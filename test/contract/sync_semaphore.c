/* SPDX-License-Identifier: MIT
 *
 * Does a semaphore hand out each permit once, in the order of arrival, whatever is canceled or
 * expires meanwhile?
 */
#include "test/contract/sync_wait.h"

#include <weir/sync/semaphore.h>

/* A task that takes `n` permits and keeps them. */
typedef struct taker {
    weir_task task;
    weir_semaphore *semaphore;
    weir_deadline deadline;
    uint32_t n;
    uint32_t ended;
    bool uncancelable;
    int result, later;
} taker;

static int take(weir_io *io, void *argument)
{
    taker *t = argument;
    if (t->uncancelable) {
        t->result = weir_semaphore_acquire_uncancelable(io, t->semaphore, t->n);
        t->later = weir_yield(io);
    } else if (weir_is_never(t->deadline)) {
        t->result = weir_semaphore_acquire(io, t->semaphore, t->n);
    } else {
        t->result = weir_semaphore_acquire_until(io, t->semaphore, t->n, t->deadline);
    }
    contract_raise(io, &t->ended);
    return 0;
}

static bool waiting(weir_io *io, weir_semaphore *s, unsigned count)
{
    return sync_await_waiting(io, &s->lock, &s->waiting, count);
}

/* Starts takers of counts[] permits, one after the other, all of which have to wait. */
static void queue_up(weir_io *io, weir_semaphore *s, taker *takers, const uint32_t *counts,
                     unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        takers[i] =
            (taker){.semaphore = s, .n = counts[i], .deadline = weir_never(), .result = 4711};
        check_int(weir_concurrent(io, &takers[i].task, take, &takers[i], NULL), 0);
        waiting(io, s, i + 1);
    }
}

static bool has_ended(taker *t)
{
    return __atomic_load_n(&t->ended, __ATOMIC_SEQ_CST) != 0;
}

static void ends_with(weir_io *io, taker *t, int result)
{
    contract_at("the end of a taker", t->n);
    check_int(contract_reached(io, &t->ended, 1), 0);
    check_int(weir_await(io, &t->task, NULL), 0);
    check_int(t->result, result);
}

CONTRACT(a_semaphore_gives_what_it_has)
{
    weir_semaphore s = WEIR_SEMAPHORE_INIT(3);
    check_int(weir_semaphore_available(&s), 3);
    check_int(weir_semaphore_acquire(io, &s, 2), 0);
    check(!weir_semaphore_try(io, &s, 2));
    check(weir_semaphore_try(io, &s, 1));
    check(!weir_semaphore_try(io, &s, 1));
    check_int(weir_semaphore_available(&s), 0);
    check(weir_semaphore_try(io, &s, 0));
    check_int(weir_semaphore_acquire(io, &s, 0), 0);
    check_int(weir_semaphore_release(io, &s, 3), 0);
    check_int(weir_semaphore_release(io, &s, 0), 0);
    check_int(weir_semaphore_acquire_until(io, &s, 3, (weir_deadline){0}), 0);
    check_int(weir_semaphore_acquire_until(io, &s, 1, (weir_deadline){0}), WEIR_EDEADLINE);
    check_int(weir_semaphore_available(&s), 0);
    weir_semaphore_init(&s, UINT32_MAX);
    check_int(weir_semaphore_acquire(io, &s, UINT32_MAX), 0);
    check_int(weir_semaphore_available(&s), 0);
}

CONTRACT(permits_beyond_the_largest_number_are_refused)
{
    weir_semaphore s = WEIR_SEMAPHORE_INIT(UINT32_MAX);
    check_int(weir_semaphore_release(io, &s, 1), WEIR_EOVERFLOW);
    check_int(weir_semaphore_release(io, &s, UINT32_MAX), WEIR_EOVERFLOW);
    check_int(weir_semaphore_available(&s), UINT32_MAX);
    check_int(weir_semaphore_release(io, &s, 0), 0);
    check(weir_semaphore_try(io, &s, 1));

    taker t;
    queue_up(io, &s, &t, (const uint32_t[]){UINT32_MAX}, 1);
    check_int(weir_semaphore_release(io, &s, 2), WEIR_EOVERFLOW);
    check_int(weir_semaphore_available(&s), UINT32_MAX - 1);
    check(!has_ended(&t));
    check_int(weir_semaphore_release(io, &s, 1), 0);
    ends_with(io, &t, 0);
    check_int(weir_semaphore_available(&s), 0);
}

CONTRACT(forgotten_permits_are_gone)
{
    weir_semaphore s = WEIR_SEMAPHORE_INIT(5);
    check_int(weir_semaphore_forget(io, &s, 3), 3);
    check_int(weir_semaphore_available(&s), 2);
    check_int(weir_semaphore_forget(io, &s, 0), 0);
    check_int(weir_semaphore_forget(io, &s, 10), 2);
    check_int(weir_semaphore_forget(io, &s, 1), 0);

    weir_semaphore_init(&s, 2);
    taker t;
    queue_up(io, &s, &t, (const uint32_t[]){3}, 1);
    check_int(weir_semaphore_forget(io, &s, 1), 1);
    check_int(weir_semaphore_available(&s), 1);
    check_int(weir_semaphore_release(io, &s, 1), 0);
    check_int(weir_semaphore_forget(io, &s, UINT32_MAX), 2);
    check_int(weir_semaphore_release(io, &s, 2), 0);
    check(!has_ended(&t));
    check_int(weir_semaphore_release(io, &s, 2), 0);
    ends_with(io, &t, 0);
    check_int(weir_semaphore_available(&s), 1);
}

CONTRACT(permits_go_to_who_waits_longest)
{
    enum { COUNT = 8 };
    static const uint32_t ones[COUNT] = {1, 1, 1, 1, 1, 1, 1, 1};
    weir_semaphore s = WEIR_SEMAPHORE_INIT(0);
    taker takers[COUNT];
    queue_up(io, &s, takers, ones, COUNT);
    check(!weir_semaphore_try(io, &s, 1));
    for (unsigned i = 0; i < COUNT; i++) {
        check_int(weir_semaphore_release(io, &s, 1), 0);
        ends_with(io, &takers[i], 0);
        check_int(weir_semaphore_available(&s), 0);
        for (unsigned j = i + 1; j < COUNT; j++) check(!has_ended(&takers[j]));
    }
}

CONTRACT(a_large_request_at_the_head_is_not_starved)
{
    weir_semaphore s = WEIR_SEMAPHORE_INIT(1);
    taker takers[4];
    queue_up(io, &s, takers, (const uint32_t[]){3, 1, 2, 4}, 4);
    check_int(weir_semaphore_available(&s), 1);
    check(!weir_semaphore_try(io, &s, 1));
    check_int(weir_semaphore_release(io, &s, 1), 0);
    waiting(io, &s, 4);
    check_int(weir_semaphore_release(io, &s, 1), 0);
    ends_with(io, &takers[0], 0);
    waiting(io, &s, 3);
    /* Enough for two at once, and one is left over for the last. */
    check_int(weir_semaphore_release(io, &s, 4), 0);
    ends_with(io, &takers[1], 0);
    ends_with(io, &takers[2], 0);
    waiting(io, &s, 1);
    check_int(weir_semaphore_available(&s), 1);
    check_int(weir_semaphore_release(io, &s, 3), 0);
    ends_with(io, &takers[3], 0);
    check_int(weir_semaphore_available(&s), 0);
}

CONTRACT(a_canceled_head_lets_those_behind_have_the_permits)
{
    weir_semaphore s = WEIR_SEMAPHORE_INIT(2);
    taker takers[4];
    queue_up(io, &s, takers, (const uint32_t[]){3, 1, 1, 1}, 4);
    weir_cancel_request(io, &takers[0].task);
    ends_with(io, &takers[0], WEIR_ECANCELED);
    ends_with(io, &takers[1], 0);
    ends_with(io, &takers[2], 0);
    waiting(io, &s, 1);
    check_int(weir_semaphore_available(&s), 0);
    check_int(weir_semaphore_release(io, &s, 1), 0);
    ends_with(io, &takers[3], 0);
}

CONTRACT(whoever_is_canceled_in_the_queue_leaves_it_in_order)
{
    for (unsigned gone = 0; gone < 3; gone++) {
        weir_semaphore s = WEIR_SEMAPHORE_INIT(0);
        taker takers[3];
        queue_up(io, &s, takers, (const uint32_t[]){1, 1, 1}, 3);
        weir_cancel_request(io, &takers[gone].task);
        ends_with(io, &takers[gone], WEIR_ECANCELED);
        for (unsigned i = 0; i < 3; i++) {
            if (i == gone) continue;
            check_int(weir_semaphore_release(io, &s, 1), 0);
            ends_with(io, &takers[i], 0);
        }
        check(!s.waiting.first && !s.waiting.last);
        check_int(s.state, 0);
    }
}

CONTRACT(a_head_whose_deadline_passes_lets_those_behind_have_the_permits)
{
    weir_semaphore s = WEIR_SEMAPHORE_INIT(1);
    taker head = {.semaphore = &s, .n = 2}, behind = {.semaphore = &s, .n = 1};
    head.deadline = weir_deadline_after(io, weir_milliseconds(30));
    behind.deadline = weir_never();
    check_int(weir_concurrent(io, &head.task, take, &head, NULL), 0);
    check_int(weir_concurrent(io, &behind.task, take, &behind, NULL), 0);
    ends_with(io, &head, WEIR_EDEADLINE);
    ends_with(io, &behind, 0);
    check_int(s.state, 0);

    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(2));
    check_int(weir_semaphore_acquire(io, &s, 1), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    check_int(s.state, 0);
}

CONTRACT(an_uncancelable_acquire_keeps_the_request_for_later)
{
    weir_semaphore s = WEIR_SEMAPHORE_INIT(0);
    taker t = {.semaphore = &s, .n = 2, .uncancelable = true};
    check_int(weir_concurrent(io, &t.task, take, &t, NULL), 0);
    waiting(io, &s, 1);
    weir_cancel_request(io, &t.task);
    contract_settle(io);
    check(!has_ended(&t));
    check_int(weir_semaphore_release(io, &s, 2), 0);
    ends_with(io, &t, 0);
    check_int(t.later, WEIR_ECANCELED);
}

CONTRACT(a_select_over_a_semaphore_and_a_timer_loses_no_permit)
{
    weir_semaphore s = WEIR_SEMAPHORE_INIT(1);
    weir_op op;
    weir_deadline late = weir_deadline_after(io, weir_seconds(90000));
    weir_semaphore_op(&op, &s, 1);
    check_int(sync_select_with_timer(io, &op, late), 0);
    check_int(s.state, 0);
    weir_semaphore_op(&op, &s, 1);
    check_int(sync_select_with_timer(io, &op, weir_deadline_after(io, weir_milliseconds(2))),
              WEIR_ECANCELED);
    check_int(s.state, 0);
    check_int(weir_semaphore_release(io, &s, 1), 0);
    check_int(weir_semaphore_available(&s), 1);
}

CONTRACT(semaphore_ops_in_a_queue_are_served_in_order)
{
    enum { COUNT = 5 };
    weir_semaphore s = WEIR_SEMAPHORE_INIT(1);
    weir_queue queue;
    weir_op ops[COUNT], *done;
    weir_queue_init(io, &queue);
    for (unsigned i = 0; i < COUNT; i++) {
        weir_semaphore_op(&ops[i], &s, 1);
        weir_submit(io, &ops[i], &queue);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        check_int(weir_queue_next(io, &queue, weir_never(), &done), 0);
        check(done == &ops[i]);
        check_int(done->result, 0);
        check(!weir_queue_try(io, &queue));
        check_int(weir_semaphore_release(io, &s, 1), 0);
    }
    check_int(s.state, 1);
}

enum { PERMITS = 5 };

typedef struct shared {
    weir_semaphore semaphore;
    uint32_t used;
    unsigned rounds;
} shared;

static int acquire_somehow(weir_io *io, weir_semaphore *s, uint32_t n, uint64_t *seed)
{
    weir_op op;
    switch (test_random(seed) % 6) {
    case 0: return weir_semaphore_try(io, s, n) ? 0 : WEIR_EAGAIN;
    case 1: return weir_semaphore_acquire_until(io, s, n, sync_soon(io, seed, 200));
    case 2: return weir_semaphore_acquire_uncancelable(io, s, n);
    case 3:
        weir_semaphore_op(&op, s, n);
        return (int)sync_select_with_timer(io, &op, sync_soon(io, seed, 200));
    default: return weir_semaphore_acquire(io, s, n);
    }
}

static int use_permits(weir_io *io, void *argument)
{
    sync_actor *self = argument;
    shared *all = self->object;
    for (unsigned i = 0; i < all->rounds && !contract_failed(); i++) {
        uint32_t n = 1 + (uint32_t)(test_random(&self->seed) % PERMITS);
        int error = acquire_somehow(io, &all->semaphore, n, &self->seed);
        if (error) {
            check(error == WEIR_ECANCELED || error == WEIR_EDEADLINE || error == WEIR_EAGAIN);
            continue;
        }
        check(__atomic_add_fetch(&all->used, n, __ATOMIC_SEQ_CST) <= PERMITS);
        if (test_random(&self->seed) % 2) contract_yield(io);
        contract_spin((unsigned)(test_random(&self->seed) % 200));
        __atomic_fetch_sub(&all->used, n, __ATOMIC_SEQ_CST);
        uint32_t part = (uint32_t)(test_random(&self->seed) % (n + 1));
        check_int(weir_semaphore_release(io, &all->semaphore, part), 0);
        check_int(weir_semaphore_release(io, &all->semaphore, n - part), 0);
    }
    return 0;
}

CONTRACT(permits_stay_what_they_are_whatever_happens)
{
    shared all = {.semaphore = WEIR_SEMAPHORE_INIT(PERMITS), .rounds = 4000};
    sync_stress(io, use_permits, &all, 2000);
    check_int(all.used, 0);
    check_int(all.semaphore.state, PERMITS);
    check(!all.semaphore.waiting.first && !all.semaphore.waiting.last);
}

/* Takes and gives a permit by turns with others, so that most have to wait. */
static int pass_round(weir_io *io, void *argument)
{
    shared *all = argument;
    for (unsigned i = 0; i < all->rounds; i++) {
        check_int(weir_semaphore_acquire(io, &all->semaphore, 1), 0);
        contract_yield(io);
        check_int(weir_semaphore_release(io, &all->semaphore, 1), 0);
    }
    return 0;
}

CONTRACT(waiting_for_a_permit_allocates_nothing)
{
    shared all = {.semaphore = WEIR_SEMAPHORE_INIT(1), .rounds = 200};
    weir_task tasks[3];
    size_t before = 0;
    for (int time = 0; time < 2; time++) {
        check_int(weir_semaphore_acquire(io, &all.semaphore, 1), 0);
        for (int i = 0; i < 3; i++)
            check_int(weir_concurrent(io, &tasks[i], pass_round, &all, NULL), 0);
        waiting(io, &all.semaphore, 3);
        before = test_alloc_count();
        check_int(weir_semaphore_release(io, &all.semaphore, 1), 0);
        for (int i = 0; i < 3; i++) check_int(weir_await(io, &tasks[i], NULL), 0);
    }
    check_int(test_alloc_count() - before, 0);
}
