/* SPDX-License-Identifier: MIT
 *
 * Can engines live side by side, run again, run in any thread and inside one another, and does a
 * run end only when all that it started has ended?
 */
#include "test/contract/contract.h"

#include <pthread.h>
#include <sys/socket.h>

/* Some of everything: tasks, a timer, a socket, a word. */
static int work(weir_io *io, void *argument)
{
    weir_group group = WEIR_GROUP_INIT;
    uint32_t *count = argument;
    weir_socket ends[2];
    char byte;
    for (int i = 0; i < 100; i++) {
        if (!contract_pair(SOCK_STREAM, ends)) return -1;
        check_int(weir_write(io, ends[0], "x", 1), 1);
        check_int(weir_read(io, ends[1], &byte, 1), 1);
        contract_close(io, ends);
        check_int(weir_sleep(io, weir_microseconds(50)), 0);
    }
    check_int(weir_group_wait(io, &group), 0);
    contract_raise(io, count);
    return 77;
}

CONTRACT_OUTSIDE(an_engine_runs_again_and_again)
{
    weir_io *io = NULL;
    uint32_t count = 0;
    check_int(weir_engine_create(options, &io), 0);
    for (int i = 0; i < 5; i++) check_int(weir_run(io, work, &count), 77);
    check_int(count, 5);
    weir_io_destroy(io);
}

CONTRACT_OUTSIDE(an_engine_that_never_ran_is_destroyed)
{
    for (int i = 0; i < 10; i++) {
        weir_io *io = NULL;
        check_int(weir_engine_create(options, &io), 0);
        weir_io_destroy(io);
    }
    weir_io_destroy(NULL);
}

typedef struct thread_run {
    const weir_engine_options *options;
    weir_io *io; /* NULL: its own */
    uint32_t count;
    int result;
} thread_run;

static void *run_in_thread(void *argument)
{
    thread_run *t = argument;
    weir_io *io = t->io;
    if (!io) check_int(weir_engine_create(t->options, &io), 0);
    t->result = weir_run(io, work, &t->count);
    if (!t->io) weir_io_destroy(io);
    return NULL;
}

CONTRACT_OUTSIDE(an_engine_runs_in_another_thread_than_made_it)
{
    weir_io *io = NULL;
    check_int(weir_engine_create(options, &io), 0);
    for (int i = 0; i < 3; i++) {
        thread_run t = {.io = io};
        pthread_t thread;
        check_int(pthread_create(&thread, NULL, run_in_thread, &t), 0);
        pthread_join(thread, NULL);
        check_int(t.result, 77);
    }
    weir_io_destroy(io);
}

CONTRACT_OUTSIDE(engines_of_different_kinds_run_at_once)
{
    enum { ENGINES = 4 };
    static const weir_engine_kind kinds[] = {WEIR_ENGINE_EPOLL, WEIR_ENGINE_THREADS,
                                             WEIR_ENGINE_AUTO};
    weir_engine_options each[ENGINES];
    thread_run runs[ENGINES];
    pthread_t threads[ENGINES];
    for (int i = 0; i < ENGINES; i++) {
        each[i] = *options;
        if (i > 0) each[i].kind = kinds[i - 1];
        runs[i] = (thread_run){.options = &each[i]};
        check_int(pthread_create(&threads[i], NULL, run_in_thread, &runs[i]), 0);
    }
    for (int i = 0; i < ENGINES; i++) {
        pthread_join(threads[i], NULL);
        check_int(runs[i].result, 77);
    }
}

typedef struct nesting {
    const weir_engine_options *options;
    int depth;
} nesting;

static int run_inside(weir_io *io, void *argument)
{
    nesting *n = argument;
    uint32_t count = 0;
    check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    if (n->depth > 0) {
        nesting deeper = {n->options, n->depth - 1};
        weir_io *inner = NULL;
        check_int(weir_engine_create(n->options, &inner), 0);
        check_int(weir_run(inner, run_inside, &deeper), 77);
        weir_io_destroy(inner);
    }
    return work(io, &count);
}

CONTRACT_OUTSIDE(a_task_may_run_another_engine_inside)
{
    nesting n = {options, 1};
    weir_io *io = NULL;
    check_int(weir_engine_create(options, &io), 0);
    check_int(weir_run(io, run_inside, &n), 77);
    weir_io_destroy(io);
}

static void *run_while_running(void *argument)
{
    thread_run *t = argument;
    t->result = weir_run(t->io, work, &t->count);
    return NULL;
}

CONTRACT(an_engine_that_runs_cannot_be_run_a_second_time)
{
    thread_run t = {.io = io};
    pthread_t thread;
    check_int(pthread_create(&thread, NULL, run_while_running, &t), 0);
    pthread_join(thread, NULL);
    check_int(t.result, -EBUSY);
    check_int(t.count, 0);
    check_int(weir_sleep(io, weir_milliseconds(1)), 0);
}

typedef struct left_over {
    weir_task task;
    weir_group group;
    uint32_t ended;
} left_over;

static int end_late(weir_io *io, void *argument)
{
    left_over *l = argument;
    weir_scope shield;
    weir_shield(io, &shield);
    weir_sleep(io, weir_milliseconds(20));
    weir_scope_leave(io, &shield);
    contract_raise(io, &l->ended);
    return 0;
}

static int leave_tasks(weir_io *io, void *argument)
{
    left_over *l = argument;
    check_int(weir_concurrent(io, &l->task, end_late, l, NULL), 0);
    for (int i = 0; i < 5; i++)
        check_int(weir_group_concurrent(io, &l->group, end_late, l, NULL), 0);
    return 5;
}

CONTRACT_OUTSIDE(a_run_ends_when_all_that_it_started_has_ended)
{
    weir_io *io = NULL;
    check_int(weir_engine_create(options, &io), 0);
    for (int i = 0; i < 3; i++) {
        left_over l = {0};
        check_int(weir_run(io, leave_tasks, &l), 5);
        check_int(l.ended, 6);
        check(weir_task_ended(&l.task));
    }
    weir_io_destroy(io);
}

CONTRACT_OUTSIDE(absurd_options_are_refused)
{
    weir_io *io = NULL;
    weir_engine_options absurd = *options;
    absurd.kind = (weir_engine_kind)99;
    check_int(weir_engine_create(&absurd, &io), WEIR_EINVAL);
    absurd = *options;
    absurd.stack_size = SIZE_MAX;
    check_int(weir_engine_create(&absurd, &io), WEIR_EINVAL);
    if (options->kind == WEIR_ENGINE_THREADS) return;
    absurd = *options;
    absurd.workers = 1u << 30;
    check_int(weir_engine_create(&absurd, &io), WEIR_EINVAL);
}

TEST(the_environment_chooses_the_engine_and_bad_words_are_refused)
{
    static const struct {
        const char *word;
        int kind;
        const char *engine;
    } rows[] = {{"auto", WEIR_ENGINE_AUTO, "evented"},
                {"epoll", WEIR_ENGINE_EPOLL, "evented"},
                {"threads", WEIR_ENGINE_THREADS, "threaded"},
                {"uring", WEIR_ENGINE_URING, "evented"},
                {"", -1, NULL},
                {"Epoll", -1, NULL},
                {"epoll ", -1, NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        weir_io *io = NULL;
        assert_int_equal(weir_engine_kind_parse(rows[i].word), rows[i].kind);
        if (!rows[i].word[0]) continue;
        setenv("WEIR_IO", rows[i].word, 1);
        int error = weir_engine_create(NULL, &io);
        unsetenv("WEIR_IO");
        if (rows[i].kind < 0) {
            assert_int_equal(error, WEIR_EINVAL);
            continue;
        }
        if (rows[i].kind == WEIR_ENGINE_URING && error != 0) continue;
        assert_int_equal(error, 0);
        assert_string_equal(weir_io_describe(io).engine, rows[i].engine);
        weir_io_destroy(io);
    }
}

static int nap_and_answer(weir_io *io, void *argument)
{
    int error = weir_sleep(io, weir_microseconds(10));
    return error ? error : *(int *)argument;
}

CONTRACT_OUTSIDE(one_call_makes_runs_and_ends_an_engine)
{
    int answer = 42;
    weir_io *io;
    if (weir_engine_create(options, &io) != 0) skip();
    weir_io_destroy(io);
    const int before = test_fd_count();
    assert_int_equal(weir_engine_run(options, nap_and_answer, &answer), 42);
    answer = WEIR_EIO;
    assert_int_equal(weir_engine_run(options, nap_and_answer, &answer), WEIR_EIO);
    weir_engine_options absurd = *options;
    absurd.blocking_idle.ns = -1;
    assert_int_equal(weir_engine_run(&absurd, nap_and_answer, &answer), WEIR_EINVAL);
    assert_int_equal(test_fd_count(), before);
}
