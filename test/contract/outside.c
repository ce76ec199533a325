/* SPDX-License-Identifier: MIT
 *
 * Can a thread that is no task have things done by tasks, and only while the engine runs?
 */
#include "test/contract/contract.h"

#include <pthread.h>

#include <weir/io/inspect.h>
#include <weir/io/outside.h>

typedef struct outsider {
    weir_io *io;
    uint32_t word;  /* atomic */
    uint32_t ended; /* atomic */
    int error, result;
} outsider;

static int raise_word(weir_io *io, void *argument)
{
    outsider *o = argument;
    check(weir_yield(io) == 0);
    contract_raise(io, &o->word);
    return 42;
}

static void *raise_from_outside(void *argument)
{
    outsider *o = argument;
    o->error = weir_outside_run(o->io, raise_word, o, &o->result);
    contract_raise(o->io, &o->ended);
    return NULL;
}

CONTRACT(a_foreign_thread_has_a_task_do_it_and_gets_the_result)
{
    for (int round = 0; round < 20; round++) {
        outsider many[3];
        pthread_t threads[3];
        for (size_t i = 0; i < 3; i++) {
            many[i] = (outsider){.io = io};
            if (!check(!pthread_create(&threads[i], NULL, raise_from_outside, &many[i]))) return;
        }
        for (size_t i = 0; i < 3; i++) {
            contract_reached(io, &many[i].word, 1);
            contract_reached(io, &many[i].ended, 1);
            pthread_join(threads[i], NULL);
            check_int(many[i].error, 0);
            check_int(many[i].result, 42);
        }
    }
}

CONTRACT(a_task_is_no_foreign_thread)
{
    outsider o = {.io = io};
    check_int(weir_outside_run(io, raise_word, &o, NULL), WEIR_EDEADLK);
}

static int nothing(weir_io *io, void *argument)
{
    (void)io;
    (void)argument;
    return 0;
}

CONTRACT_OUTSIDE(an_engine_that_does_not_run_refuses)
{
    weir_io *io;
    if (weir_engine_create(options, &io) != 0) skip();
    assert_int_equal(weir_outside_run(io, nothing, NULL, NULL), WEIR_ENOTRUNNING);
    assert_int_equal(weir_run(io, nothing, NULL), 0);
    assert_int_equal(weir_outside_run(io, nothing, NULL, NULL), WEIR_ENOTRUNNING);
    weir_io_destroy(io);
}

/* A thread keeps coming while runs begin and end: each call is done or refused. */
typedef struct visitor {
    weir_io *io;
    uint32_t stop; /* atomic */
    uint32_t done; /* atomic */
    unsigned refused;
} visitor;

static int count_visit(weir_io *io, void *argument)
{
    (void)io;
    __atomic_fetch_add(&((visitor *)argument)->done, 1, __ATOMIC_RELAXED);
    return 0;
}

static void *keep_coming(void *argument)
{
    visitor *v = argument;
    uint32_t accepted = 0;
    while (!__atomic_load_n(&v->stop, __ATOMIC_ACQUIRE)) {
        int error = weir_outside_run(v->io, count_visit, v, NULL);
        if (error == 0) {
            accepted++;
        } else {
            assert_int_equal(error, WEIR_ENOTRUNNING);
            v->refused++;
        }
    }
    assert_int_equal(accepted, __atomic_load_n(&v->done, __ATOMIC_RELAXED));
    return NULL;
}

static int yield_some(weir_io *io, void *argument)
{
    (void)argument;
    for (int i = 0; i < 10; i++) weir_yield(io);
    return 0;
}

CONTRACT_OUTSIDE(calls_at_the_begin_and_end_of_runs_are_done_or_refused)
{
    visitor v = {0};
    if (weir_engine_create(options, &v.io) != 0) skip();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, keep_coming, &v), 0);
    for (int round = 0; round < 100 && contract_is_early(); round++)
        assert_int_equal(weir_run(v.io, yield_some, NULL), 0);
    __atomic_store_n(&v.stop, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    weir_io_destroy(v.io);
}

/* Detached tasks ------------------------------------------------------------------------------ */

static int until_stopped(weir_io *io, void *argument)
{
    contract_raise(io, argument);
    int error = weir_sleep(io, weir_seconds(600));
    contract_raise(io, argument);
    return error;
}

static int leave_detached(weir_io *io, void *argument)
{
    check_int(weir_detach(io, until_stopped, argument, NULL), 0);
    check_int(weir_detach(io, until_stopped, argument, NULL), 0);
    contract_reached(io, argument, 2);
    return 5;
}

CONTRACT_OUTSIDE(detached_tasks_are_asked_to_stop_when_the_root_ends)
{
    weir_io *io;
    if (weir_engine_create(options, &io) != 0) skip();
    for (uint64_t round = 1; round <= 3; round++) {
        uint32_t steps = 0;
        assert_int_equal(weir_run(io, leave_detached, &steps), 5);
        assert_int_equal(steps, 4);
        assert_int_equal(weir_counters_of(io).detached_failed, 2 * round);
    }
    weir_io_destroy(io);
}
