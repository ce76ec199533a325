/* SPDX-License-Identifier: MIT
 *
 * Is no wake lost and none invented, in the order of waiting, across workers and from threads that
 * are no tasks?
 */
#include "test/contract/contract.h"

#include <pthread.h>

CONTRACT(a_word_that_differs_is_not_waited_for)
{
    uint32_t word = 3;
    check_int(weir_wait(io, &word, 4, weir_never()), WEIR_EAGAIN);
    check_int(weir_wake(io, &word, 10), 0);
}

CONTRACT(a_wake_takes_the_longest_waiting_first_and_counts)
{
    enum { WAITERS = 10 };
    weir_op ops[WAITERS];
    uint32_t word = 0, other = 0;
    weir_queue queue;
    weir_op *out = NULL;
    weir_queue_init(io, &queue);
    for (int i = 0; i < WAITERS; i++) {
        ops[i] = (weir_op){.code = WEIR_OP_WORD_WAIT, .args.word = {&word, 0}};
        weir_submit(io, &ops[i], &queue);
    }
    check_int(weir_wake(io, &other, 5), 0);
    check_int(weir_wake(io, &word, 0), 0);
    check_int(weir_wake(io, &word, 3), 3);
    weir_op_cancel(io, &ops[4]);
    for (int i = 0; i < 4; i++) {
        static const int order[] = {0, 1, 2, 4};
        check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
        check_int(out - ops, order[i]);
        check_int(out->result, order[i] == 4 ? WEIR_ECANCELED : 0);
    }
    check_int(weir_wake(io, &word, UINT32_MAX), WAITERS - 4);
    for (int i = 3; i < WAITERS; i++) {
        if (i == 4) continue;
        check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
        check_int(out - ops, i);
    }
    check_int(weir_wake(io, &word, 1), 0);
}

typedef struct player {
    uint32_t *turn;
    unsigned mine, players, rounds;
} player;

static int play(weir_io *io, void *argument)
{
    player *p = argument;
    for (unsigned i = 0; i < p->rounds; i++) {
        uint32_t wanted = i * p->players + p->mine;
        if (!check_int(contract_reached(io, p->turn, wanted), 0)) return -1;
        check_int(__atomic_load_n(p->turn, __ATOMIC_SEQ_CST), wanted);
        contract_raise(io, p->turn);
    }
    return 0;
}

static void play_all(weir_io *io, unsigned players, unsigned rounds)
{
    uint32_t turn = 0;
    player all[4];
    weir_group group = WEIR_GROUP_INIT;
    for (unsigned i = 0; i < players; i++) {
        all[i] = (player){&turn, i, players, rounds};
        weir_task_options options = {NULL, (int)(i % weir_workers(io))};
        check_int(weir_group_concurrent(io, &group, play, &all[i], &options), 0);
    }
    check_int(weir_group_wait(io, &group), 0);
    check_int(turn, players * rounds);
}

CONTRACT(two_tasks_wake_each_other_ten_thousand_times)
{
    play_all(io, 2, 10000);
}

CONTRACT(four_tasks_wake_each_other_in_a_ring)
{
    play_all(io, 4, 1500);
}

/* A lock as one would make it of a word: 0 free, 1 held, 2 held and waited for. */
typedef struct locked {
    uint32_t lock;
    unsigned value, inside;
} locked;

static void lock(weir_io *io, locked *l)
{
    uint32_t was = 0;
    if (__atomic_compare_exchange_n(&l->lock, &was, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(&l->lock, 2, __ATOMIC_ACQUIRE) != 0)
        weir_wait(io, &l->lock, 2, weir_never());
}

static void unlock(weir_io *io, locked *l)
{
    if (__atomic_exchange_n(&l->lock, 0, __ATOMIC_RELEASE) == 2) weir_wake(io, &l->lock, 1);
}

static int count_up(weir_io *io, void *argument)
{
    locked *l = argument;
    for (int i = 0; i < 2000; i++) {
        lock(io, l);
        check_int(++l->inside, 1);
        l->value++;
        if (i % 16 == 0) contract_yield(io);
        l->inside--;
        unlock(io, l);
    }
    return 0;
}

CONTRACT(a_lock_made_of_a_word_excludes_and_never_hangs)
{
    locked l = {0};
    weir_group group = WEIR_GROUP_INIT;
    for (int i = 0; i < 6; i++) check_int(weir_group_concurrent(io, &group, count_up, &l, NULL), 0);
    check_int(weir_group_wait(io, &group), 0);
    check_int(l.value, 12000);
}

typedef struct outsider {
    weir_io *io;
    uint32_t *word;
    uint32_t back; /* what the task answered; polled, as this thread cannot wait on it */
} outsider;

enum { OUTSIDE = 400 };

static void *wake_from_outside(void *argument)
{
    outsider *o = argument;
    for (uint32_t i = 1; i <= OUTSIDE; i++) {
        __atomic_store_n(o->word, i, __ATOMIC_SEQ_CST);
        weir_wake(o->io, o->word, 1);
        while (__atomic_load_n(&o->back, __ATOMIC_SEQ_CST) != i) sched_yield();
    }
    return NULL;
}

CONTRACT(a_thread_that_is_no_task_can_wake)
{
    uint32_t word = 0;
    outsider o = {io, &word, 0};
    pthread_t thread;
    check_int(pthread_create(&thread, NULL, wake_from_outside, &o), 0);
    for (uint32_t i = 1; i <= OUTSIDE; i++) {
        check_int(contract_reached(io, &word, i), 0);
        __atomic_store_n(&o.back, i, __ATOMIC_SEQ_CST);
    }
    check_int(pthread_join(thread, NULL), 0);
}

typedef struct waiter {
    uint32_t *word;
    uint32_t *begun;
    int result;
} waiter;

static int wait_once(weir_io *io, void *argument)
{
    waiter *w = argument;
    contract_raise(io, w->begun);
    w->result = weir_wait(io, w->word, 0, weir_never());
    return 0;
}

CONTRACT(a_wake_that_meets_a_cancellation_is_not_swallowed)
{
    uint64_t seed = test_seed();
    for (int round = 0; round < 500 && contract_is_early(); round++) {
        enum { WAITERS = 3 };
        uint32_t word = 0, begun = 0;
        waiter waiters[WAITERS];
        weir_task tasks[WAITERS];
        memset(tasks, 0, sizeof tasks);
        for (int i = 0; i < WAITERS; i++) {
            waiters[i] = (waiter){&word, &begun, 1};
            check_int(weir_concurrent(io, &tasks[i], wait_once, &waiters[i], NULL), 0);
        }
        contract_reached(io, &begun, WAITERS);
        if (round % 8 == 0) contract_settle(io);
        contract_spin((unsigned)(test_random(&seed) % 2000));
        weir_cancel_request(io, &tasks[round % WAITERS]);
        contract_spin((unsigned)(test_random(&seed) % 500));
        unsigned woken = weir_wake(io, &word, 1);
        check(woken <= 1);
        for (int i = 0; i < WAITERS; i++)
            if (i != round % WAITERS || woken == 0) weir_cancel_request(io, &tasks[i]);
        unsigned good = 0;
        for (int i = 0; i < WAITERS; i++) {
            check_int(weir_await(io, &tasks[i], NULL), 0);
            good += waiters[i].result == 0;
            check(waiters[i].result == 0 || waiters[i].result == WEIR_ECANCELED);
        }
        check(good >= woken);
    }
}

static int wait_for_all(weir_io *io, void *argument)
{
    waiter *w = argument;
    contract_raise(io, w->begun);
    check_int(contract_reached(io, w->word, 1), 0);
    return 0;
}

CONTRACT(one_wake_reaches_a_thousand_waiters)
{
    uint32_t word = 0, begun = 0;
    waiter w = {&word, &begun, 0};
    weir_group group = WEIR_GROUP_INIT;
    for (int i = 0; i < 1000; i++)
        check_int(weir_group_concurrent(io, &group, wait_for_all, &w, NULL), 0);
    contract_reached(io, &begun, 1000);
    contract_raise(io, &word);
    check_int(weir_group_wait(io, &group), 0);
}
