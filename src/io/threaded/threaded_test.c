/* SPDX-License-Identifier: MIT
 *
 * Does the threaded engine run tasks, wait, cancel and clean up?  (What all engines promise alike
 * is asked in test/contract.)
 */
#include <weir/io/threaded/threaded.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/file.h>
#include <weir/io/group.h>
#include <weir/io/io.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>
#include <weir/io/socket.h>
#include <weir/io/word.h>

#include "test/harness/test.h"

static const weir_threaded_options *options;

/* Runs `root` on a fresh engine; nothing may stay open. */
static void run(weir_task_fn *root, void *argument)
{
    int before = test_fd_count();
    weir_io *io = NULL;
    assert_int_equal(weir_threaded_create(options, &io), 0);
    assert_int_equal(weir_run(io, root, argument), 7);
    weir_io_destroy(io);
    assert_int_equal(test_fd_count(), before);
}

static weir_deadline in_ms(weir_io *io, int ms)
{
    return weir_deadline_after(io, weir_milliseconds(ms));
}

static void make_pair(weir_socket ends[2])
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    ends[0].fd = fds[0];
    ends[1].fd = fds[1];
}

static void close_pair(weir_io *io, weir_socket ends[2])
{
    weir_close_socket(io, ends[0]);
    weir_close_socket(io, ends[1]);
}

static int give_back(weir_io *io, void *argument)
{
    (void)io;
    return *(int *)argument;
}

static int read_once(weir_io *io, void *argument)
{
    char data[16];
    return (int)weir_read(io, *(weir_socket *)argument, data, sizeof(data));
}

static int spawn_and_await(weir_io *io, void *argument)
{
    (void)argument;
    for (int i = 0; i < 500; i++) {
        weir_task tasks[4];
        int numbers[4], result = -1;
        for (int k = 0; k < 4; k++) {
            numbers[k] = i * 4 + k;
            assert_int_equal(weir_concurrent(io, &tasks[k], give_back, &numbers[k], NULL), 0);
        }
        for (int k = 3; k >= 0; k--) {
            assert_int_equal(weir_await(io, &tasks[k], &result), 0);
            assert_int_equal(result, numbers[k]);
        }
    }
    weir_io_description says = weir_io_describe(io);
    assert_string_equal(says.engine, "threaded");
    assert_int_equal(weir_run(io, give_back, NULL), WEIR_EBUSY);
    return 7;
}

TEST(tasks_are_awaited)
{
    run(spawn_and_await, NULL);
}

static int cancel_readers(weir_io *io, void *argument)
{
    (void)argument;
    weir_socket ends[2];
    make_pair(ends);
    for (int i = 0; i < 2000; i++) {
        weir_task task;
        assert_int_equal(weir_concurrent(io, &task, read_once, &ends[0], NULL), 0);
        for (int k = i % 50; k > 0; k--) weir_yield(io);
        assert_int_equal(weir_cancel(io, &task), WEIR_ECANCELED);
    }
    close_pair(io, ends);
    return 7;
}

TEST(a_blocked_read_is_canceled_at_any_moment)
{
    run(cancel_readers, NULL);
}

static int cancel_without_descriptors(weir_io *io, void *argument)
{
    (void)argument;
    weir_socket ends[2];
    make_pair(ends);
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    int lowest_free = dup(0);
    close(lowest_free);
    none.rlim_cur = (rlim_t)lowest_free;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    weir_task task;
    int got = 0;
    assert_int_equal(weir_concurrent(io, &task, read_once, &ends[0], NULL), 0);
    for (int k = 0; k < 100; k++) weir_yield(io);
    assert_int_equal(weir_cancel(io, &task), WEIR_ECANCELED);
    assert_int_equal(weir_concurrent(io, &task, read_once, &ends[0], NULL), 0);
    for (int k = 0; k < 100; k++) weir_yield(io);
    assert_int_equal(weir_write(io, ends[1], "abc", 3), 3);
    assert_int_equal(weir_await(io, &task, &got), 0);
    assert_int_equal(got, 3);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    close_pair(io, ends);
    return 7;
}

TEST(a_task_without_an_eventfd_of_its_own_still_waits_and_is_canceled)
{
    run(cancel_without_descriptors, NULL);
}

static int write_much(weir_io *io, void *argument)
{
    static char data[4 << 20];
    return (int)weir_write_all(io, *(weir_socket *)argument, data, sizeof(data));
}

static int cancel_writer(weir_io *io, void *argument)
{
    (void)argument;
    weir_socket ends[2];
    make_pair(ends);
    weir_task task;
    assert_int_equal(weir_concurrent(io, &task, write_much, &ends[0], NULL), 0);
    assert_true(weir_poll(io, ends[1], WEIR_POLL_READ) > 0);
    int sent = weir_cancel(io, &task);
    assert_true(sent > 0 && sent < 4 << 20);
    int got = 0;
    static char data[65536];
    weir_shutdown(io, ends[0], SHUT_WR);
    for (int64_t n; (n = weir_read(io, ends[1], data, sizeof(data))) > 0;) got += (int)n;
    assert_int_equal(got, sent);
    close_pair(io, ends);
    return 7;
}

TEST(a_canceled_write_tells_what_went)
{
    run(cancel_writer, NULL);
}

static int expire(weir_io *io, void *argument)
{
    (void)argument;
    weir_socket ends[2];
    make_pair(ends);
    weir_instant before = weir_now(io, WEIR_CLOCK_MONOTONIC);
    weir_scope scope;
    weir_scope_enter(io, &scope, in_ms(io, 5));
    assert_int_equal(read_once(io, &ends[0]), WEIR_EDEADLINE);
    assert_int_equal(weir_sleep(io, weir_seconds(5)), WEIR_EDEADLINE);
    uint32_t word = 0;
    assert_int_equal(weir_wait(io, &word, 0, weir_never()), WEIR_EDEADLINE);
    assert_int_equal(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    assert_int_equal(weir_wait(io, &word, 0, in_ms(io, 2)), WEIR_EDEADLINE);
    assert_int_equal(weir_wait(io, &word, 1, weir_never()), WEIR_EAGAIN);
    assert_int_equal(weir_sleep(io, weir_milliseconds(3)), 0);
    assert_true(weir_now(io, WEIR_CLOCK_MONOTONIC).ns - before.ns >= 10000000);
    close_pair(io, ends);
    return 7;
}

TEST(deadlines_end_every_wait)
{
    run(expire, NULL);
}

enum { SLEEPS = 1000 };

static int sleep_in_queue(weir_io *io, void *argument)
{
    (void)argument;
    weir_op *ops = calloc(SLEEPS, sizeof(*ops));
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (int i = 0; i < SLEEPS; i++) {
        ops[i] = (weir_op){.code = WEIR_OP_SLEEP, .deadline = in_ms(io, i % 20)};
        if (i % 10 == 9) ops[i].deadline = in_ms(io, 1000000);
        weir_submit(io, &ops[i], &queue);
    }
    for (int i = 9; i < SLEEPS; i += 10) weir_op_cancel(io, &ops[i]);
    int canceled = 0;
    for (int i = 0; i < SLEEPS; i++) {
        weir_op *op = NULL;
        assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
        if (op->result == WEIR_ECANCELED)
            canceled++;
        else
            assert_true(op->result == 0 &&
                        weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= op->deadline.ns);
        weir_op_cancel(io, op);
    }
    assert_int_equal(canceled, SLEEPS / 10);
    weir_op *none;
    assert_null(weir_queue_try(io, &queue));
    assert_int_equal(weir_queue_next(io, &queue, in_ms(io, 1), &none), WEIR_EDEADLINE);
    assert_null(none);
    free(ops);
    return 7;
}

TEST(a_queue_of_a_thousand_sleeps)
{
    run(sleep_in_queue, NULL);
}

enum { READS = 200 };

static int read_in_queue(weir_io *io, void *argument)
{
    (void)argument;
    weir_socket(*ends)[2] = calloc(READS, sizeof(*ends));
    weir_op *ops = calloc(READS, sizeof(*ops));
    static char data[READS];
    static struct iovec slices[READS];
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (int i = 0; i < READS; i++) {
        make_pair(ends[i]);
        slices[i] = (struct iovec){&data[i], 1};
        ops[i] = (weir_op){.code = WEIR_OP_READ,
                           .fd = ends[i][0].fd,
                           .deadline = i % 4 == 1 ? in_ms(io, 5) : (weir_deadline){0},
                           .args.vector = {&slices[i], 1, 1, 0}};
        weir_submit(io, &ops[i], &queue);
    }
    for (int i = 0; i < READS; i += 4) assert_int_equal(weir_write(io, ends[i][1], "x", 1), 1);
    for (int i = 2; i < READS; i += 4) weir_op_cancel(io, &ops[i]);
    for (int i = 3; i < READS; i += 4) weir_close_socket(io, ends[i][1]);
    for (int i = 0; i < READS; i++) {
        weir_op *op;
        assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
        static const int64_t expected[4] = {1, WEIR_EDEADLINE, WEIR_ECANCELED, 0};
        assert_int_equal(op->result, expected[(op - ops) % 4]);
    }
    for (int i = 0; i < READS; i++) {
        weir_close_socket(io, ends[i][0]);
        if (i % 4 != 3) weir_close_socket(io, ends[i][1]);
    }
    free(ops);
    free(ends);
    return 7;
}

TEST(a_queue_of_reads_ends_each_in_its_own_way)
{
    run(read_in_queue, NULL);
}

static int wake_word(weir_io *io, void *argument)
{
    uint32_t *word = argument;
    for (int i = 0; i < 300; i++) {
        __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
        weir_wake(io, word, UINT32_MAX);
    }
    return 0;
}

static int park_in_queue(weir_io *io, void *argument)
{
    (void)argument;
    uint32_t word = 0;
    weir_task task;
    assert_int_equal(weir_concurrent(io, &task, wake_word, &word, NULL), 0);
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (int i = 0; i < 2000; i++) {
        uint32_t seen = __atomic_load_n(&word, __ATOMIC_SEQ_CST);
        weir_op wait = {.code = WEIR_OP_WORD_WAIT,
                        .deadline = i % 2 ? in_ms(io, i % 7 == 1 ? 1 : 1000) : (weir_deadline){0},
                        .args.word = {&word, seen}};
        weir_op join = {.code = WEIR_OP_JOIN, .args.task = &task};
        weir_submit(io, &wait, &queue);
        if (i % 3 == 0) weir_submit(io, &join, &queue);
        weir_op_cancel(io, &wait);
        weir_op *op;
        assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
        if (i % 3) continue;
        weir_op_cancel(io, &join);
        assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
    }
    assert_int_equal(weir_await(io, &task, NULL), 0);
    weir_op late = {.code = WEIR_OP_WORD_WAIT, .deadline = in_ms(io, 2), .args.word = {&word, 300}};
    weir_op *op;
    weir_submit(io, &late, &queue);
    assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
    assert_int_equal(late.result, WEIR_EDEADLINE);
    return 7;
}

TEST(parked_ops_of_a_queue_race_with_wakes_and_deadlines)
{
    run(park_in_queue, NULL);
}

static int lend(weir_io *io, void *argument)
{
    (void)argument;
    weir_socket ends[2];
    make_pair(ends);
    weir_receiver receiver;
    weir_receiver_init(&receiver, ends[0]);
    weir_lent lent[3] = {0};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weir_write(io, ends[1], "hello", 5), 5);
        assert_int_equal(weir_read_lent(io, &receiver, &lent[i]), 5);
        assert_memory_equal(lent[i].data, "hello", 5);
    }
    for (int i = 0; i < 3; i++) weir_give_back(io, &lent[i]);
    weir_give_back(io, &lent[0]);
    weir_scope scope;
    weir_scope_enter(io, &scope, in_ms(io, 2));
    assert_int_equal(weir_read_lent(io, &receiver, &lent[0]), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);

    weir_queue queue;
    weir_queue_init(io, &queue);
    weir_op op = {.code = WEIR_OP_READ_LENT, .args.lent = {&receiver, &lent[1]}};
    weir_submit(io, &op, &queue);
    assert_int_equal(weir_write(io, ends[1], "again", 5), 5);
    weir_op *done;
    assert_int_equal(weir_queue_next(io, &queue, weir_never(), &done), 0);
    assert_int_equal(op.result, 5);
    weir_give_back(io, &lent[1]);
    weir_close_socket(io, ends[1]);
    assert_int_equal(weir_read_lent(io, &receiver, &lent[2]), 0);
    assert_null(lent[2].data);
    weir_receiver_stop(io, &receiver);
    weir_close_socket(io, ends[0]);
    return 7;
}

TEST(buffers_are_lent_and_given_back)
{
    run(lend, NULL);
}

static int files_in_queue(weir_io *io, void *argument)
{
    (void)argument;
    enum { COUNT = 64 };
    weir_op ops[COUNT];
    weir_file_status status[COUNT];
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (int i = 0; i < COUNT; i++) {
        ops[i] = (weir_op){
            .code = WEIR_OP_STAT, .fd = AT_FDCWD, .args.stat = {"/proc/self/exe", &status[i]}};
        weir_submit(io, &ops[i], &queue);
        if (i % 5 == 0) weir_op_cancel(io, &ops[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        weir_op *op;
        assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
        assert_true(op->result == 0 || op->result == WEIR_ECANCELED);
    }
    return 7;
}

TEST(file_ops_of_a_queue)
{
    run(files_in_queue, NULL);
}

static int wait_for_cancel(weir_io *io, void *argument)
{
    (void)argument;
    return weir_sleep(io, weir_seconds(1000));
}

static int fill_up(weir_io *io, void *argument)
{
    (void)argument;
    weir_task tasks[4];
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 3; i++)
            assert_int_equal(weir_concurrent(io, &tasks[i], wait_for_cancel, NULL, NULL), 0);
        assert_int_equal(weir_concurrent(io, &tasks[3], wait_for_cancel, NULL, NULL),
                         WEIR_ECONCURRENCY);
        for (int i = 0; i < 3; i++) assert_int_equal(weir_cancel(io, &tasks[i]), WEIR_ECANCELED);
    }
    int five = 5, result;
    for (int i = 0; i < 3; i++)
        assert_int_equal(weir_concurrent(io, &tasks[i], wait_for_cancel, NULL, NULL), 0);
    weir_async(io, &tasks[3], give_back, &five);
    assert_int_equal(weir_await(io, &tasks[3], &result), 0);
    assert_int_equal(result, 5);
    for (int i = 0; i < 3; i++) assert_int_equal(weir_cancel(io, &tasks[i]), WEIR_ECANCELED);
    return 7;
}

TEST(the_limit_on_tasks_is_told_and_counts_the_root)
{
    static const weir_threaded_options four = {.max_tasks = 4};
    options = &four;
    run(fill_up, NULL);
    options = NULL;
}

static int sleeping_member(weir_io *io, void *argument)
{
    atomic_fetch_add((atomic_int *)argument, 1);
    return weir_sleep(io, weir_seconds(1000));
}

static int cancel_group(weir_io *io, void *argument)
{
    (void)argument;
    weir_group group = WEIR_GROUP_INIT;
    atomic_int count = 0;
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < 20; i++)
            assert_int_equal(weir_group_concurrent(io, &group, sleeping_member, &count, NULL), 0);
        weir_group_cancel(io, &group);
        assert_int_equal(weir_group_count(&group), 0);
    }
    assert_int_equal(count, 600);
    return 7;
}

TEST(a_group_is_canceled_as_one)
{
    run(cancel_group, NULL);
}

static int root_in_root(weir_io *outer, void *argument)
{
    (void)argument;
    int seven = 7;
    weir_io *inner;
    assert_int_equal(weir_threaded_create(NULL, &inner), 0);
    weir_task task;
    assert_int_equal(weir_concurrent(outer, &task, give_back, &seven, NULL), 0);
    assert_int_equal(weir_run(inner, spawn_and_await, NULL), 7);
    assert_int_equal(weir_await(outer, &task, NULL), 0);
    weir_io_destroy(inner);
    return 7;
}

TEST(two_engines_work_on_one_thread)
{
    run(root_in_root, NULL);
}

TEST(who_is_no_task_may_do_what_does_not_wait)
{
    weir_io *io;
    assert_int_equal(weir_threaded_create(NULL, &io), 0);
    weir_socket ends[2];
    make_pair(ends);
    assert_int_equal(read_once(io, &ends[0]), WEIR_ENOTTASK);
    assert_int_equal(weir_write(io, ends[1], "abc", 3), 3);
    assert_int_equal(read_once(io, &ends[0]), 3);
    assert_int_equal(weir_sleep(io, weir_seconds(1)), WEIR_ENOTTASK);
    uint64_t number = 0;
    weir_random(io, &number, sizeof(number));
    close_pair(io, ends);
    weir_io_destroy(io);
}

TEST(absurd_options_are_refused)
{
    weir_io *io;
    weir_threaded_options wrong = {.stack_size = 1};
    assert_int_equal(weir_threaded_create(&wrong, &io), WEIR_EINVAL);
    wrong = (weir_threaded_options){.max_tasks = SIZE_MAX};
    assert_int_equal(weir_threaded_create(&wrong, &io), WEIR_EINVAL);
}

static int spawn_without_memory(weir_io *io, void *argument)
{
    (void)argument;
    int seven = 7, result = 0;
    for (size_t n = 0;; n++) {
        weir_task task;
        test_alloc_fail_after(n);
        int error = weir_concurrent(io, &task, give_back, &seven, NULL);
        size_t failed = test_alloc_failed();
        test_alloc_reset();
        if (error == 0) assert_int_equal(weir_await(io, &task, &result), 0);
        if (!failed) break;
        assert_int_equal(error, WEIR_ENOMEM);
    }
    assert_int_equal(result, 7);
    return 7;
}

TEST(memory_that_runs_out_starts_nothing)
{
    run(spawn_without_memory, NULL);
}
