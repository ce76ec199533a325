/* SPDX-License-Identifier: MIT
 *
 * Does a barrier release all of a round together, name one leader per round, and forget who was
 * canceled?
 */
#include "test/contract/contract.h"

#include <weir/sync/barrier.h>

typedef struct party {
    weir_barrier *barrier;
    weir_task task;
    uint64_t seed;
    uint32_t *rounds; /* where the party is, for all parties */
    uint32_t *leaders;
    unsigned count, index, size;
    unsigned expired;
    int64_t result;
} party;

static int arrive(weir_io *io, void *argument)
{
    party *p = argument;
    p->result = weir_barrier_wait(io, p->barrier);
    return 0;
}

static unsigned arrived(weir_io *io, weir_barrier *barrier)
{
    weir_wait_lock(io, &barrier->lock);
    unsigned count = barrier->arrived;
    weir_wait_unlock(io, &barrier->lock);
    return count;
}

static void await_arrived(weir_io *io, weir_barrier *barrier, unsigned count)
{
    while (arrived(io, barrier) < count) weir_yield(io);
}

CONTRACT(a_barrier_of_none_is_refused_and_one_of_one_never_waits)
{
    weir_barrier none = {0}, one = {.parties = 1};
    check_int(weir_barrier_wait(io, &none), WEIR_EINVAL);
    check_int(weir_barrier_wait_until(io, &none, weir_deadline_after(io, weir_seconds(1))),
              WEIR_EINVAL);
    weir_op op, *list[] = {&op};
    weir_barrier_op(&op, &none);
    check_int(weir_select(io, list, 1, weir_never()), 0);
    check_int(op.result, WEIR_EINVAL);
    for (int i = 0; i < 10; i++) check_int(weir_barrier_wait(io, &one), 1);
    check_int(weir_barrier_wait_until(io, &one, (weir_deadline){0}), 1);
}

CONTRACT(a_barrier_releases_all_with_the_last_who_leads)
{
    weir_barrier barrier = {.parties = 4};
    party p[3];
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 3; i++) {
            p[i] = (party){.barrier = &barrier, .result = -1};
            check_int(weir_concurrent(io, &p[i].task, arrive, &p[i], NULL), 0);
        }
        await_arrived(io, &barrier, 3);
        for (int i = 0; i < 3; i++) check(!weir_task_ended(&p[i].task));
        check_int(weir_barrier_wait(io, &barrier), 1);
        for (int i = 0; i < 3; i++) {
            check_int(weir_await(io, &p[i].task, NULL), 0);
            check_int(p[i].result, 0);
        }
        check_int(arrived(io, &barrier), 0);
    }
}

CONTRACT(who_is_canceled_or_late_takes_the_arrival_back)
{
    weir_barrier barrier = {.parties = 2};
    party p = {.barrier = &barrier};
    check_int(weir_concurrent(io, &p.task, arrive, &p, NULL), 0);
    await_arrived(io, &barrier, 1);
    weir_cancel(io, &p.task);
    check_int(p.result, WEIR_ECANCELED);
    check_int(arrived(io, &barrier), 0);
    check_int(weir_barrier_wait_until(io, &barrier, (weir_deadline){0}), WEIR_EDEADLINE);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(1));
    check_int(weir_barrier_wait_until(io, &barrier, soon), WEIR_EDEADLINE);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(1));
    check_int(weir_barrier_wait(io, &barrier), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    weir_op op, *list[] = {&op};
    weir_barrier_op(&op, &barrier);
    check_int(weir_select(io, list, 1, weir_deadline_after(io, weir_milliseconds(1))),
              WEIR_EDEADLINE);
    check_int(arrived(io, &barrier), 0);
    check(!barrier.waiting.first);
    check_int(weir_concurrent(io, &p.task, arrive, &p, NULL), 0);
    await_arrived(io, &barrier, 1);
    check_int(weir_barrier_wait_until(io, &barrier, (weir_deadline){0}), 1);
    check_int(weir_await(io, &p.task, NULL), 0);
    check_int(p.result, 0);
}

/* One party of many rounds, whose arrivals are often taken back.  After a round all others have
 * begun it, and none is more than one ahead. */
static int march(weir_io *io, void *argument)
{
    party *p = argument;
    for (unsigned round = 0; round < p->count && !contract_failed(); round++) {
        __atomic_store_n(&p->rounds[p->index], round + 1, __ATOMIC_SEQ_CST);
        int result;
        do {
            contract_spin((unsigned)(test_random(&p->seed) % 300));
            weir_deadline deadline = weir_never();
            if (test_random(&p->seed) % 3 == 0)
                deadline = weir_deadline_after(
                    io, weir_microseconds((int64_t)(test_random(&p->seed) % 100)));
            result = weir_barrier_wait_until(io, p->barrier, deadline);
            p->expired += result < 0;
            check(result >= 0 || result == WEIR_EDEADLINE || result == WEIR_ECANCELED);
        } while (result < 0);
        if (result == 1) __atomic_fetch_add(&p->leaders[round], 1, __ATOMIC_SEQ_CST);
        for (unsigned i = 0; i < p->size; i++) {
            uint32_t there = __atomic_load_n(&p->rounds[i], __ATOMIC_SEQ_CST);
            check(there == round + 1 || there == round + 2);
        }
    }
    return 0;
}

CONTRACT(each_round_of_a_barrier_has_one_leader_and_waits_for_all)
{
    enum { PARTIES = 4, ROUNDS = 200 };
    uint64_t seed = test_seed();
    weir_barrier barrier = {.parties = PARTIES};
    uint32_t rounds[PARTIES] = {0}, leaders[ROUNDS] = {0};
    party p[PARTIES];
    for (unsigned i = 0; i < PARTIES; i++) {
        p[i] = (party){.barrier = &barrier,
                       .seed = test_random(&seed),
                       .rounds = rounds,
                       .leaders = leaders,
                       .count = ROUNDS,
                       .index = i,
                       .size = PARTIES};
        check_int(weir_concurrent(io, &p[i].task, march, &p[i], NULL), 0);
    }
    for (int i = 0; i < 500; i++) {
        contract_spin((unsigned)(test_random(&seed) % 1000));
        weir_cancel_request(io, &p[test_random(&seed) % PARTIES].task);
        weir_yield(io);
    }
    for (int i = 0; i < PARTIES; i++) check_int(weir_await(io, &p[i].task, NULL), 0);
    for (int i = 0; i < ROUNDS; i++) check_int(leaders[i], 1);
    check_int(barrier.arrived, 0);
}

static int arrive_often(weir_io *io, void *argument)
{
    party *p = argument;
    for (unsigned i = 0; i < p->count; i++) check(weir_barrier_wait(io, p->barrier) >= 0);
    return 0;
}

CONTRACT(waits_at_a_barrier_allocate_nothing)
{
    weir_barrier barrier = {.parties = 2};
    party p = {.barrier = &barrier, .count = 110};
    check_int(weir_concurrent(io, &p.task, arrive_often, &p, NULL), 0);
    for (int i = 0; i < 10; i++) check(weir_barrier_wait(io, &barrier) >= 0);
    test_alloc_reset();
    for (int i = 0; i < 100; i++) check(weir_barrier_wait(io, &barrier) >= 0);
    check_int(test_alloc_count(), 0);
    check_int(weir_await(io, &p.task, NULL), 0);
}
