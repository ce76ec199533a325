/* SPDX-License-Identifier: MIT
 *
 * Is a value made once, by one task at a time, and tried again by a waiter when making it fails?
 */
#include "test/contract/contract.h"

#include <weir/sync/once.h>

static int value_of_all;

/* Makes the value after some attempts have failed. */
typedef struct maker {
    uint32_t running, calls, made, gate;
    unsigned failures; /* so many calls fail first */
    bool waits;        /* for the gate */
} maker;

static int make(weir_io *io, void *argument, void **value)
{
    maker *m = argument;
    check_int(__atomic_fetch_add(&m->running, 1, __ATOMIC_SEQ_CST), 0);
    uint32_t call = __atomic_add_fetch(&m->calls, 1, __ATOMIC_SEQ_CST);
    int error = m->waits ? contract_reached(io, &m->gate, 1) : weir_yield(io);
    if (call <= m->failures) error = WEIR_EIO;
    if (!error) {
        __atomic_fetch_add(&m->made, 1, __ATOMIC_SEQ_CST);
        *value = &value_of_all;
    }
    __atomic_fetch_sub(&m->running, 1, __ATOMIC_SEQ_CST);
    return error;
}

typedef struct user {
    weir_once *once;
    maker *maker;
    weir_task task;
    unsigned delay;
    void *value;
    int result;
} user;

static int use(weir_io *io, void *argument)
{
    user *u = argument;
    contract_spin(u->delay);
    u->result = weir_once_get_or_init(io, u->once, make, u->maker, &u->value);
    return 0;
}

static void start(weir_io *io, user *u, weir_once *once, maker *m)
{
    *u = (user){.once = once, .maker = m, .result = 1};
    check_int(weir_concurrent(io, &u->task, use, u, NULL), 0);
}

static void await_waiting(weir_io *io, weir_once *once)
{
    for (bool waits = false; !waits; weir_yield(io)) {
        weir_wait_lock(io, &once->lock);
        waits = once->waiting.first != NULL;
        weir_wait_unlock(io, &once->lock);
    }
}

CONTRACT(a_value_is_set_once_and_then_stays)
{
    weir_once once = {0};
    int other;
    void *value = &other;
    check(!weir_once_get(&once, &value));
    check(value == &other);
    check_int(weir_once_set(io, &once, &value_of_all), 0);
    check_int(weir_once_set(io, &once, &other), WEIR_EEXIST);
    check(weir_once_get(&once, &value));
    check(value == &value_of_all);
    maker m = {0};
    value = NULL;
    check_int(weir_once_get_or_init(io, &once, make, &m, &value), 0);
    check(value == &value_of_all);
    check_int(m.calls, 0);
    weir_once nothing = {0};
    check_int(weir_once_set(io, &nothing, NULL), 0);
    check(weir_once_get(&nothing, &value));
    check(value == NULL);
}

CONTRACT(an_initialiser_that_fails_leaves_it_empty)
{
    weir_once once = {0};
    maker m = {.failures = 2};
    void *value = NULL;
    check_int(weir_once_get_or_init(io, &once, make, &m, &value), WEIR_EIO);
    check_int(weir_once_get_or_init(io, &once, make, &m, &value), WEIR_EIO);
    check(!weir_once_get(&once, &value));
    check_int(weir_once_get_or_init(io, &once, make, &m, &value), 0);
    check(value == &value_of_all);
    check_int(m.calls, 3);
}

CONTRACT(others_wait_for_the_initialiser_and_the_next_tries_when_it_fails)
{
    weir_once once = {0};
    maker m = {.failures = 1, .waits = true};
    user u[4];
    start(io, &u[0], &once, &m);
    while (__atomic_load_n(&m.calls, __ATOMIC_SEQ_CST) == 0) weir_yield(io);
    check_int(weir_once_set(io, &once, NULL), WEIR_EBUSY);
    for (int i = 1; i < 4; i++) {
        start(io, &u[i], &once, &m);
        if (i == 1) await_waiting(io, &once);
    }
    contract_settle(io);
    check_int(__atomic_load_n(&m.calls, __ATOMIC_SEQ_CST), 1);
    contract_raise(io, &m.gate);
    for (int i = 0; i < 4; i++) check_int(weir_await(io, &u[i].task, NULL), 0);
    check_int(u[0].result, WEIR_EIO);
    for (int i = 1; i < 4; i++) {
        check_int(u[i].result, 0);
        check(u[i].value == &value_of_all);
    }
    check_int(m.calls, 2);
    check_int(m.made, 1);
}

CONTRACT(a_wait_for_an_initialiser_can_be_canceled_and_expire)
{
    weir_once once = {0};
    maker m = {.waits = true};
    user first, second;
    start(io, &first, &once, &m);
    while (__atomic_load_n(&m.calls, __ATOMIC_SEQ_CST) == 0) weir_yield(io);
    start(io, &second, &once, &m);
    await_waiting(io, &once);
    weir_cancel(io, &second.task);
    check_int(second.result, WEIR_ECANCELED);
    weir_scope scope;
    void *value;
    weir_scope_enter_for(io, &scope, weir_milliseconds(1));
    check_int(weir_once_get_or_init(io, &once, make, &m, &value), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check(!once.waiting.first);
    /* The initialiser itself is canceled: it fails, and the next that comes tries. */
    weir_cancel(io, &first.task);
    check_int(first.result, WEIR_ECANCELED);
    contract_raise(io, &m.gate);
    check_int(weir_once_get_or_init(io, &once, make, &m, &value), 0);
    check_int(m.calls, 2);
}

static int make_within(weir_io *io, void *argument, void **value)
{
    int error = weir_once_get_or_init(io, argument, make_within, argument, value);
    check_int(error, WEIR_EDEADLK);
    return error;
}

CONTRACT(an_initialiser_that_asks_for_its_own_value_is_told)
{
    weir_once once = {0};
    void *value;
    check_int(weir_once_get_or_init(io, &once, make_within, &once, &value), WEIR_EDEADLK);
    check_int(once.state, WEIR_ONCE_EMPTY);
}

CONTRACT(a_value_is_made_once_whoever_fails_or_is_canceled)
{
    enum { USERS = 6 };
    uint64_t seed = test_seed();
    for (size_t round = 0; round < 100 && !contract_failed(); round++) {
        contract_at("round", round);
        weir_once once = {0};
        maker m = {.failures = (unsigned)(test_random(&seed) % 3)};
        user u[USERS];
        for (int i = 0; i < USERS; i++) {
            u[i] = (user){.once = &once,
                          .maker = &m,
                          .delay = (unsigned)(test_random(&seed) % 500),
                          .result = 1};
            check_int(weir_concurrent(io, &u[i].task, use, &u[i], NULL), 0);
        }
        contract_spin((unsigned)(test_random(&seed) % 1000));
        weir_cancel_request(io, &u[test_random(&seed) % USERS].task);
        weir_cancel_request(io, &u[test_random(&seed) % USERS].task);
        unsigned given = 0, failed = 0;
        for (int i = 0; i < USERS; i++) {
            check_int(weir_await(io, &u[i].task, NULL), 0);
            check(u[i].result == 0 || u[i].result == WEIR_EIO || u[i].result == WEIR_ECANCELED);
            check(u[i].result != 0 || u[i].value == &value_of_all);
            given += u[i].result == 0;
            failed += u[i].result == WEIR_EIO;
        }
        check_int(m.made, given > 0);
        check(failed <= m.failures);
        check(m.made == (once.state == WEIR_ONCE_SET));
        check(once.state != WEIR_ONCE_BUSY && !once.waiting.first);
    }
}

CONTRACT(a_wait_for_an_initialiser_allocates_nothing)
{
    maker m = {.waits = true};
    weir_once once = {0};
    user u;
    start(io, &u, &once, &m);
    while (__atomic_load_n(&m.calls, __ATOMIC_SEQ_CST) == 0) weir_yield(io);
    test_alloc_reset();
    weir_scope scope;
    void *value;
    weir_scope_enter_for(io, &scope, weir_milliseconds(2));
    check_int(weir_once_get_or_init(io, &once, make, &m, &value), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    contract_raise(io, &m.gate);
    check_int(weir_await(io, &u.task, NULL), 0);
    check(weir_once_get(&once, &value));
    check_int(test_alloc_count(), 0);
}
