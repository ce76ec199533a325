/* SPDX-License-Identifier: MIT
 *
 * Is a mutex held by one task at a time, given to everybody who waits, and left in order by who is
 * canceled or expires?
 */
#include "test/contract/sync_wait.h"

#include <weir/sync/mutex.h>

/* A task that takes the mutex, says so, and gives it back when told. */
typedef struct holder {
    weir_task task;
    weir_mutex *mutex;
    weir_deadline deadline;
    bool uncancelable;
    uint32_t has, leave;
    int result, later;
} holder;

static int hold(weir_io *io, void *argument)
{
    holder *h = argument;
    if (h->uncancelable) {
        h->result = weir_mutex_lock_uncancelable(io, h->mutex);
        h->later = weir_yield(io);
    } else if (weir_is_never(h->deadline)) {
        h->result = weir_mutex_lock(io, h->mutex);
    } else {
        h->result = weir_mutex_lock_until(io, h->mutex, h->deadline);
    }
    contract_raise(io, &h->has);
    if (h->result) return 0;
    check_int(contract_reached(io, &h->leave, 1), 0);
    check_int(weir_mutex_unlock(io, h->mutex), 0);
    return 0;
}

static bool waiting(weir_io *io, weir_mutex *m, unsigned count)
{
    return sync_await_waiting(io, &m->lock, &m->waiting, count);
}

/* Starts tasks, one after the other, all of which have to wait. */
static void queue_up(weir_io *io, weir_mutex *mutex, holder *holders, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        holders[i] = (holder){.mutex = mutex, .deadline = weir_never(), .result = 4711};
        check_int(weir_concurrent(io, &holders[i].task, hold, &holders[i], NULL), 0);
        waiting(io, mutex, i + 1);
    }
}

static bool has_it(holder *h)
{
    return __atomic_load_n(&h->has, __ATOMIC_SEQ_CST) != 0;
}

static void comes_to(weir_io *io, holder *h, int result)
{
    contract_at("the mutex of a holder", 0);
    check_int(contract_reached(io, &h->has, 1), 0);
    check_int(h->result, result);
}

static void leaves(weir_io *io, holder *h)
{
    contract_raise(io, &h->leave);
    check_int(weir_await(io, &h->task, NULL), 0);
}

static void is_free(weir_mutex *mutex)
{
    check_int(mutex->state, 0);
    check(!mutex->waiting.first && !mutex->waiting.last);
}

CONTRACT(a_mutex_is_held_once)
{
    weir_mutex mutex = {0};
    check_int(weir_mutex_lock(io, &mutex), 0);
    check(!weir_mutex_try(io, &mutex));
    check_int(weir_mutex_lock_until(io, &mutex, (weir_deadline){0}), WEIR_EDEADLINE);
    check_int(weir_mutex_unlock(io, &mutex), 0);
    check(weir_mutex_try(io, &mutex));
    check_int(weir_mutex_unlock(io, &mutex), 0);
    check_int(weir_mutex_lock_until(io, &mutex, (weir_deadline){0}), 0);
    check_int(weir_mutex_unlock(io, &mutex), 0);
    check_int(weir_mutex_lock_uncancelable(io, &mutex), 0);
    check_int(weir_mutex_unlock(io, &mutex), 0);
    is_free(&mutex);
}

CONTRACT(unlocking_a_free_mutex_is_refused)
{
    weir_mutex mutex = {0};
    check_int(weir_mutex_unlock(io, &mutex), WEIR_EOWNER);
    check(weir_mutex_try(io, &mutex));
    check_int(weir_mutex_unlock(io, &mutex), 0);
    check_int(weir_mutex_unlock(io, &mutex), WEIR_EOWNER);
    is_free(&mutex);
}

CONTRACT(a_guard_ends_with_its_block)
{
    weir_mutex mutex = {0};
    for (int i = 0; i < 2; i++) {
        __attribute__((cleanup(weir_mutex_guard_end))) weir_mutex_guard guard = {io, &mutex};
        check_int(weir_mutex_guard_lock(&guard), 0);
        check(!weir_mutex_try(io, &mutex));
        if (i == 1) weir_mutex_guard_end(&guard);
    }
    check(weir_mutex_try(io, &mutex));
    {
        weir_scope scope;
        weir_scope_enter_for(io, &scope, weir_milliseconds(1));
        __attribute__((cleanup(weir_mutex_guard_end))) weir_mutex_guard guard = {io, &mutex};
        check_int(weir_mutex_guard_lock(&guard), WEIR_EDEADLINE);
        weir_scope_leave(io, &scope);
    }
    check(!weir_mutex_try(io, &mutex));
    check_int(weir_mutex_unlock(io, &mutex), 0);
    is_free(&mutex);
}

CONTRACT(all_who_wait_for_a_mutex_get_it_one_after_the_other)
{
    enum { COUNT = 6 };
    weir_mutex mutex = {0};
    holder h[COUNT];
    check_int(weir_mutex_lock(io, &mutex), 0);
    queue_up(io, &mutex, h, COUNT);
    check_int(weir_mutex_unlock(io, &mutex), 0);
    /* Nobody else asks for it, so the order is that of arrival. */
    for (unsigned i = 0; i < COUNT; i++) {
        comes_to(io, &h[i], 0);
        for (unsigned j = i + 1; j < COUNT; j++) check(!has_it(&h[j]));
        leaves(io, &h[i]);
    }
    is_free(&mutex);
}

CONTRACT(whoever_is_canceled_leaves_the_mutex_to_the_others)
{
    for (unsigned gone = 0; gone < 4; gone++) {
        weir_mutex mutex = {0};
        holder h[4];
        check_int(weir_mutex_lock(io, &mutex), 0);
        queue_up(io, &mutex, h, 4);
        weir_cancel_request(io, &h[gone].task);
        comes_to(io, &h[gone], WEIR_ECANCELED);
        check_int(weir_await(io, &h[gone].task, NULL), 0);
        waiting(io, &mutex, 3);
        check_int(weir_mutex_unlock(io, &mutex), 0);
        for (unsigned i = 0; i < 4; i++) {
            if (i == gone) continue;
            comes_to(io, &h[i], 0);
            leaves(io, &h[i]);
        }
        is_free(&mutex);
    }
}

CONTRACT(a_wait_for_a_mutex_ends_at_its_deadline)
{
    weir_mutex mutex = {0};
    check_int(weir_mutex_lock(io, &mutex), 0);
    weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    weir_deadline deadline = weir_instant_add(start, weir_milliseconds(5));
    check_int(weir_mutex_lock_until(io, &mutex, deadline), WEIR_EDEADLINE);
    check(contract_ms_since(io, start) >= 5);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(2));
    check_int(weir_mutex_lock(io, &mutex), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    check(!mutex.waiting.first);
    check_int(weir_mutex_unlock(io, &mutex), 0);
    is_free(&mutex);
}

CONTRACT(an_uncancelable_mutex_keeps_the_request_for_later)
{
    weir_mutex mutex = {0};
    check_int(weir_mutex_lock(io, &mutex), 0);
    holder h = {.mutex = &mutex, .uncancelable = true};
    check_int(weir_concurrent(io, &h.task, hold, &h, NULL), 0);
    waiting(io, &mutex, 1);
    weir_cancel_request(io, &h.task);
    contract_settle(io);
    check(!has_it(&h));
    check_int(weir_mutex_unlock(io, &mutex), 0);
    comes_to(io, &h, 0);
    check_int(h.later, WEIR_ECANCELED);
    leaves(io, &h);
    is_free(&mutex);
}

CONTRACT(a_select_over_a_mutex_holds_what_it_got)
{
    weir_mutex mutex = {0};
    weir_op op;
    weir_mutex_op(&op, &mutex);
    check_int(sync_select_with_timer(io, &op, weir_deadline_after(io, weir_seconds(90000))), 0);
    check(!weir_mutex_try(io, &mutex));
    weir_mutex_op(&op, &mutex);
    check_int(sync_select_with_timer(io, &op, weir_deadline_after(io, weir_milliseconds(2))),
              WEIR_ECANCELED);
    check_int(weir_mutex_unlock(io, &mutex), 0);
    is_free(&mutex);
}

CONTRACT(mutex_ops_in_a_queue_are_served_in_order)
{
    enum { COUNT = 5 };
    weir_mutex mutex = {0};
    weir_queue queue;
    weir_op ops[COUNT], *done;
    weir_queue_init(io, &queue);
    for (unsigned i = 0; i < COUNT; i++) {
        weir_mutex_op(&ops[i], &mutex);
        weir_submit(io, &ops[i], &queue);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        check_int(weir_queue_next(io, &queue, weir_never(), &done), 0);
        check_int(done - ops, i);
        check_int(done->result, 0);
        check(!weir_queue_try(io, &queue));
        check_int(weir_mutex_unlock(io, &mutex), 0);
    }
    is_free(&mutex);
}

typedef struct shared {
    weir_mutex mutex;
    uint64_t counter; /* guarded by the mutex, and by nothing else */
    uint64_t counted; /* atomic */
    uint32_t inside;  /* atomic */
    unsigned rounds;
} shared;

static int lock_somehow(weir_io *io, weir_mutex *mutex, uint64_t *seed)
{
    weir_op op;
    switch (test_random(seed) % 6) {
    case 0: return weir_mutex_try(io, mutex) ? 0 : WEIR_EAGAIN;
    case 1: return weir_mutex_lock_until(io, mutex, sync_soon(io, seed, 200));
    case 2: return weir_mutex_lock_uncancelable(io, mutex);
    case 3:
        weir_mutex_op(&op, mutex);
        return (int)sync_select_with_timer(io, &op, sync_soon(io, seed, 200));
    default: return weir_mutex_lock(io, mutex);
    }
}

static int count_up(weir_io *io, void *argument)
{
    sync_actor *self = argument;
    shared *all = self->object;
    for (unsigned i = 0; i < all->rounds && !contract_failed(); i++) {
        int error = lock_somehow(io, &all->mutex, &self->seed);
        if (error) {
            check(error == WEIR_ECANCELED || error == WEIR_EDEADLINE || error == WEIR_EAGAIN);
            continue;
        }
        check_int(__atomic_add_fetch(&all->inside, 1, __ATOMIC_SEQ_CST), 1);
        uint64_t counter = all->counter;
        contract_spin((unsigned)(test_random(&self->seed) % 200));
        if (test_random(&self->seed) % 4 == 0) contract_yield(io);
        all->counter = counter + 1;
        __atomic_fetch_add(&all->counted, 1, __ATOMIC_SEQ_CST);
        check_int(__atomic_sub_fetch(&all->inside, 1, __ATOMIC_SEQ_CST), 0);
        check_int(weir_mutex_unlock(io, &all->mutex), 0);
    }
    return 0;
}

CONTRACT(a_mutex_excludes_whatever_happens)
{
    shared all = {.rounds = 4000};
    sync_stress(io, count_up, &all, 2000);
    is_free(&all.mutex);
    check_int(all.counter, all.counted);
    check(all.counted > 0);
}

static int count_plainly(weir_io *io, void *argument)
{
    sync_actor *self = argument;
    shared *all = self->object;
    for (unsigned i = 0; i < all->rounds; i++) {
        check_int(weir_mutex_lock(io, &all->mutex), 0);
        all->counter++;
        check_int(weir_mutex_unlock(io, &all->mutex), 0);
    }
    return 0;
}

CONTRACT(no_wake_of_a_mutex_is_lost_at_full_speed)
{
    shared all = {.rounds = 20000};
    sync_stress(io, count_plainly, &all, 0);
    is_free(&all.mutex);
    check_int(all.counter, (uint64_t)all.rounds * SYNC_ACTORS);
}

/* Takes the mutex again and again until another task has had it often enough. */
static int hog(weir_io *io, void *argument)
{
    shared *all = argument;
    bool on_threads = contract_on_threads(io);
    while (__atomic_load_n(&all->counted, __ATOMIC_SEQ_CST) < all->rounds) {
        check_int(weir_mutex_lock(io, &all->mutex), 0);
        contract_spin(500);
        check_int(weir_mutex_unlock(io, &all->mutex), 0);
        /* Taking a free mutex is no wait: a fiber that does nothing else keeps its worker. */
        if (!on_threads) weir_yield(io);
    }
    return 0;
}

CONTRACT(a_task_that_takes_a_mutex_all_the_time_does_not_starve_others)
{
    shared all = {.rounds = 50};
    weir_task hogs[2];
    for (int i = 0; i < 2; i++) check_int(weir_concurrent(io, &hogs[i], hog, &all, NULL), 0);
    for (unsigned i = 0; i < all.rounds; i++) {
        contract_at("turns beside hogs", i);
        check_int(weir_mutex_lock(io, &all.mutex), 0);
        __atomic_fetch_add(&all.counted, 1, __ATOMIC_SEQ_CST);
        contract_yield(io);
        check_int(weir_mutex_unlock(io, &all.mutex), 0);
    }
    for (int i = 0; i < 2; i++) check_int(weir_await(io, &hogs[i], NULL), 0);
    is_free(&all.mutex);
}

static int pass_round(weir_io *io, void *argument)
{
    weir_mutex *mutex = argument;
    for (unsigned i = 0; i < 200; i++) {
        check_int(weir_mutex_lock(io, mutex), 0);
        contract_yield(io);
        check_int(weir_mutex_unlock(io, mutex), 0);
    }
    return 0;
}

CONTRACT(waiting_for_a_mutex_allocates_nothing)
{
    weir_mutex mutex = {0};
    weir_task tasks[3];
    size_t before = 0;
    for (int time = 0; time < 2; time++) {
        check_int(weir_mutex_lock(io, &mutex), 0);
        for (int i = 0; i < 3; i++)
            check_int(weir_concurrent(io, &tasks[i], pass_round, &mutex, NULL), 0);
        waiting(io, &mutex, 3);
        before = test_alloc_count();
        check_int(weir_mutex_unlock(io, &mutex), 0);
        for (int i = 0; i < 3; i++) check_int(weir_await(io, &tasks[i], NULL), 0);
    }
    check_int(test_alloc_count() - before, 0);
}
