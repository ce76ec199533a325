/* SPDX-License-Identifier: MIT
 *
 * Are tasks started, awaited and canceled as promised: every result once and for ever, on the
 * worker that was asked for, and done by idle workers when the starter is busy?
 */
#include "test/contract/contract.h"

#include <pthread.h>

static int give_back_number(weir_io *io, void *argument)
{
    (void)io;
    return (int)(intptr_t)argument;
}

CONTRACT(a_result_is_given_as_often_as_it_is_asked_for)
{
    static const int results[] = {0, 1, -1, WEIR_ECANCELED, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < 2 * (sizeof results / sizeof results[0]); i++) {
        int expected = results[i / 2], result = 55;
        weir_task task = {0};
        if (i % 2) {
            weir_async(io, &task, give_back_number, (void *)(intptr_t)expected);
        } else {
            check_int(
                weir_concurrent(io, &task, give_back_number, (void *)(intptr_t)expected, NULL), 0);
        }
        check_int(weir_await(io, &task, &result), 0);
        check_int(result, expected);
        check(weir_task_ended(&task));
        check_int(task.result, expected);
        result = 55;
        check_int(weir_await(io, &task, &result), 0);
        check_int(result, expected);
        check_int(weir_await(io, &task, NULL), 0);
        check_int(weir_cancel(io, &task), expected);
        check_int(weir_cancel(io, &task), expected);
        weir_cancel_request(io, &task);
    }
}

static int open_socket(weir_io *io, void *argument)
{
    (void)argument;
    weir_socket made;
    weir_scope shield;
    weir_shield(io, &shield);
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &made), 0);
    weir_scope_leave(io, &shield);
    return made.fd;
}

CONTRACT(a_canceled_task_can_still_succeed_and_hand_over_what_it_made)
{
    for (int i = 0; i < 50; i++) {
        weir_task task = {0};
        check_int(weir_concurrent(io, &task, open_socket, NULL, NULL), 0);
        if (i % 3 == 0) weir_yield(io);
        int fd = weir_cancel(io, &task);
        if (check(fd >= 0)) weir_close_socket(io, (weir_socket){fd});
    }
}

static int always_runs(weir_io *io, void *argument)
{
    contract_raise(io, argument);
    return weir_check(io);
}

CONTRACT(a_task_canceled_before_it_started_runs_and_finds_the_request)
{
    for (int i = 0; i < 50; i++) {
        uint32_t ran = 0;
        weir_task task = {0};
        check_int(weir_concurrent(io, &task, always_runs, &ran, NULL), 0);
        int result = weir_cancel(io, &task);
        check(result == WEIR_ECANCELED || result == 0);
        check_int(ran, 1);
    }
}

typedef struct placed {
    pthread_t thread;
    int moved; /* how often it found itself on another thread */
} placed;

static int look_where(weir_io *io, void *argument)
{
    placed *p = argument;
    p->thread = pthread_self();
    for (int i = 0; i < 30; i++) {
        if (i % 3 == 0) weir_sleep(io, weir_microseconds(200));
        weir_yield(io);
        p->moved += !pthread_equal(p->thread, pthread_self());
    }
    return 0;
}

CONTRACT(a_started_task_never_changes_its_thread)
{
    enum { TASKS = 40 };
    placed all[TASKS];
    weir_group group = WEIR_GROUP_INIT;
    memset(all, 0, sizeof all);
    for (int i = 0; i < TASKS; i++)
        check_int(weir_group_concurrent(io, &group, look_where, &all[i], NULL), 0);
    check_int(weir_group_wait(io, &group), 0);
    for (int i = 0; i < TASKS; i++) check_int(all[i].moved, 0);
}

CONTRACT(a_task_runs_on_the_worker_that_was_asked_for)
{
    if (contract_on_threads(io)) return;
    enum { EACH = 4 };
    unsigned workers = weir_workers(io);
    placed all[EACH], same;
    pthread_t threads[3];
    check(workers <= 3);
    for (unsigned w = 0; w < workers; w++) {
        weir_group group = WEIR_GROUP_INIT;
        weir_task_options options = {"pinned", (int)w};
        memset(all, 0, sizeof all);
        for (int i = 0; i < EACH; i++)
            check_int(weir_group_concurrent(io, &group, look_where, &all[i], &options), 0);
        check_int(weir_group_wait(io, &group), 0);
        threads[w] = all[0].thread;
        for (int i = 0; i < EACH; i++) check(pthread_equal(all[i].thread, threads[w]));
        for (unsigned v = 0; v < w; v++) check(!pthread_equal(threads[v], threads[w]));
    }
    weir_task task = {0};
    weir_task_options options = {NULL, WEIR_WORKER_SAME};
    memset(&same, 0, sizeof same);
    check_int(weir_concurrent(io, &task, look_where, &same, &options), 0);
    check_int(weir_await(io, &task, NULL), 0);
    check(pthread_equal(same.thread, pthread_self()));
}

static int count_done(weir_io *io, void *argument)
{
    (void)io;
    __atomic_fetch_add((uint32_t *)argument, 1, __ATOMIC_SEQ_CST);
    return 0;
}

CONTRACT(tasks_that_were_not_started_reach_idle_workers_while_the_starter_computes)
{
    if (!contract_on_threads(io) && weir_workers(io) == 1) return;
    uint32_t done = 0;
    weir_group group = WEIR_GROUP_INIT;
    for (int round = 1; round <= 20; round++) {
        for (int i = 0; i < 10; i++)
            check_int(weir_group_concurrent(io, &group, count_done, &done, NULL), 0);
        /* No operation here: only others can do the work.  A hang is the failure. */
        while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < (uint32_t)round * 10) contract_spin(100);
    }
    check_int(weir_group_wait(io, &group), 0);
}

static int fan_out(weir_io *io, void *argument)
{
    intptr_t depth = (intptr_t)argument;
    if (depth == 0) return 1;
    weir_task left = {0}, right = {0};
    int a = 0, b = 0;
    weir_async(io, &left, fan_out, (void *)(depth - 1));
    weir_async(io, &right, fan_out, (void *)(depth - 1));
    check_int(weir_await(io, &left, &a), 0);
    check_int(weir_await(io, &right, &b), 0);
    return a + b;
}

CONTRACT(tasks_start_tasks_and_sum_up_their_results)
{
    check_int(fan_out(io, (void *)(intptr_t)8), 256);
}

static int end_soon(weir_io *io, void *argument)
{
    weir_sleep(io, weir_milliseconds(2));
    contract_raise(io, argument);
    return 21;
}

static int await_other(weir_io *io, void *argument)
{
    int result = 0;
    check_int(weir_await(io, argument, &result), 0);
    return result + 1;
}

CONTRACT(a_task_can_be_awaited_by_another_than_its_starter)
{
    for (int i = 0; i < 20; i++) {
        uint32_t ended = 0;
        int result = 0;
        weir_task task = {0}, waiter = {0};
        check_int(weir_concurrent(io, &task, end_soon, &ended, NULL), 0);
        check_int(weir_concurrent(io, &waiter, await_other, &task, NULL), 0);
        if (i % 2) contract_reached(io, &ended, 1);
        check_int(weir_await(io, &waiter, &result), 0);
        check_int(result, 22);
        check(weir_task_ended(&task));
    }
}

CONTRACT(the_engine_tells_what_it_is)
{
    weir_io_description d = weir_io_describe(io);
    check(d.engine && d.reactor && d.why && strlen(d.why) > 0);
    check_int(d.workers, weir_workers(io));
    check(strcmp(d.reactor, "io_uring") == 0 || strcmp(d.reactor, "epoll") == 0 ||
          strcmp(d.reactor, "poll") == 0 || strcmp(d.reactor, "agenda") == 0);
    check((strcmp(d.engine, "threaded") == 0) == (strcmp(d.reactor, "poll") == 0));
    if (contract_on_threads(io)) check_int(d.workers, 1);
}
