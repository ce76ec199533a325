/* SPDX-License-Identifier: MIT
 *
 * Do helpers keep their bound and their order, and can work be taken back until it has begun?
 */
#include <weir/io/threaded/threaded.h>

#include <semaphore.h>
#include <stdatomic.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/inspect.h>
#include <weir/io/scope.h>
#include <weir/io/work.h>

#include "test/harness/test.h"

static void run_with(const weir_threaded_options *options, weir_task_fn *root)
{
    weir_io *io = NULL;
    unsigned limit = options ? options->max_blocking : 0;
    assert_int_equal(weir_threaded_create(options, &io), 0);
    assert_int_equal(weir_run(io, root, &limit), 7);
    weir_io_destroy(io);
}

/* Work that tells that it has begun, waits until it may end, and knows how many are at it. */
typedef struct gate {
    sem_t begun, may_end;
    atomic_int now, most, order;
} gate;

typedef struct item {
    gate *gate;
    int begun_as; /* 1 is the first */
} item;

static void gate_open(gate *g)
{
    *g = (gate){0};
    sem_init(&g->begun, 0, 0);
    sem_init(&g->may_end, 0, 0);
}

static void gate_close(gate *g)
{
    sem_destroy(&g->begun);
    sem_destroy(&g->may_end);
}

static int64_t pass_gate(void *argument)
{
    item *i = argument;
    gate *g = i->gate;
    int now = atomic_fetch_add(&g->now, 1) + 1;
    i->begun_as = atomic_fetch_add(&g->order, 1) + 1;
    for (int most = atomic_load(&g->most); now > most;)
        if (atomic_compare_exchange_weak(&g->most, &most, now)) break;
    sem_post(&g->begun);
    sem_wait(&g->may_end);
    atomic_fetch_sub(&g->now, 1);
    return 5;
}

enum { ITEMS = 40 };

static int fill_helpers(weir_io *io, void *argument)
{
    gate g;
    item items[ITEMS];
    weir_op ops[ITEMS];
    weir_queue queue;
    int limit = *(int *)argument;
    gate_open(&g);
    weir_queue_init(io, &queue);
    for (int i = 0; i < ITEMS; i++) {
        items[i] = (item){.gate = &g};
        weir_work_op(&ops[i], pass_gate, &items[i]);
        weir_submit(io, &ops[i], &queue);
    }
    for (int i = 0; i < limit; i++) sem_wait(&g.begun);
    for (int i = 0; i < ITEMS; i++) sem_post(&g.may_end);
    for (int i = 0; i < ITEMS; i++) {
        weir_op *op;
        assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
        assert_int_equal(op->result, 5);
    }
    assert_int_equal(g.most, limit);
    for (int i = 0; limit == 1 && i < ITEMS; i++) assert_int_equal(items[i].begun_as, i + 1);
    weir_counters counters = weir_counters_of(io);
    assert_int_equal(counters.offloaded, ITEMS);
    assert_true(counters.offload_threads >= (uint64_t)limit);
    assert_int_equal(counters.ops[WEIR_OP_WORK], ITEMS);
    gate_close(&g);
    return 7;
}

TEST(no_more_work_runs_at_a_time_than_allowed)
{
    static const weir_threaded_options three = {.max_blocking = 3};
    run_with(&three, fill_helpers);
}

TEST(work_begins_in_the_order_in_which_it_was_submitted)
{
    static const weir_threaded_options one = {.max_blocking = 1};
    run_with(&one, fill_helpers);
}

static int take_back(weir_io *io, void *argument)
{
    gate g;
    item items[4];
    weir_op ops[4], *op;
    weir_queue queue;
    (void)argument;
    gate_open(&g);
    weir_queue_init(io, &queue);
    for (int i = 0; i < 4; i++) {
        items[i] = (item){.gate = &g};
        weir_work_op(&ops[i], pass_gate, &items[i]);
    }
    weir_submit(io, &ops[0], &queue);
    sem_wait(&g.begun);
    weir_submit(io, &ops[1], &queue);
    weir_submit(io, &ops[2], &queue);
    weir_op_cancel(io, &ops[0]);
    weir_op_cancel(io, &ops[1]);
    assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
    assert_ptr_equal(op, &ops[1]);
    assert_int_equal(op->result, WEIR_ECANCELED);
    ops[3].deadline = weir_deadline_after(io, weir_milliseconds(2));
    weir_submit(io, &ops[3], &queue);
    assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
    assert_ptr_equal(op, &ops[3]);
    assert_int_equal(op->result, WEIR_EDEADLINE);
    assert_null(weir_queue_try(io, &queue));
    sem_post(&g.may_end);
    sem_post(&g.may_end);
    assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
    assert_ptr_equal(op, &ops[0]);
    assert_int_equal(op->result, 5);
    assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
    assert_ptr_equal(op, &ops[2]);
    assert_int_equal(op->result, 5);
    assert_int_equal(items[1].begun_as + items[3].begun_as, 0);
    gate_close(&g);
    return 7;
}

TEST(work_is_taken_back_until_it_has_begun)
{
    static const weir_threaded_options one = {.max_blocking = 1};
    run_with(&one, take_back);
}

static int64_t count_one(void *argument)
{
    atomic_fetch_add((atomic_int *)argument, 1);
    return 1;
}

/* Begins, ends, is canceled and expires at any moment: it comes out once, and says what was. */
static int race(weir_io *io, void *argument)
{
    enum { ROUNDS = 400, OPS = 8 };
    atomic_int done = 0;
    int told = 0;
    weir_queue queue;
    (void)argument;
    weir_queue_init(io, &queue);
    for (int round = 0; round < ROUNDS; round++) {
        weir_op ops[OPS];
        for (int i = 0; i < OPS; i++) {
            weir_work_op(&ops[i], count_one, &done);
            ops[i].user = NULL;
            if (i % 2)
                ops[i].deadline = weir_deadline_after(io, weir_microseconds(20 + round % 100));
            weir_submit(io, &ops[i], &queue);
        }
        for (int i = 0; i < OPS; i += 3) weir_op_cancel(io, &ops[i]);
        for (int i = 0; i < OPS; i++) {
            weir_op *op;
            assert_int_equal(weir_queue_next(io, &queue, weir_never(), &op), 0);
            assert_true(op >= ops && op < ops + OPS && !op->user);
            op->user = op;
            if (op->result == 1)
                told++;
            else
                assert_true(op->result == WEIR_ECANCELED || op->result == WEIR_EDEADLINE);
        }
    }
    assert_null(weir_queue_try(io, &queue));
    assert_int_equal(told, done);
    return 7;
}

TEST(work_that_is_stopped_as_it_begins_comes_out_once_and_is_told_truly)
{
    static const weir_threaded_options two = {.max_blocking = 2};
    run_with(&two, race);
}

static int64_t ask_self(void *argument)
{
    return weir_sleep(argument, weir_milliseconds(1));
}

static int work_in_place(weir_io *io, void *argument)
{
    weir_op op, *done;
    weir_queue queue;
    (void)argument;
    assert_int_equal(weir_work(io, ask_self, io), WEIR_ENOTTASK);
    assert_int_equal(weir_sleep(io, weir_microseconds(1)), 0);
    weir_queue_init(io, &queue);
    weir_work_op(&op, ask_self, io);
    weir_submit(io, &op, &queue);
    assert_int_equal(weir_queue_next(io, &queue, weir_never(), &done), 0);
    assert_int_equal(op.result, WEIR_ENOTTASK);
    atomic_int count = 0;
    weir_recancel(io);
    assert_int_equal(weir_work(io, count_one, &count), WEIR_ECANCELED);
    assert_int_equal(count, 0);
    assert_int_equal(weir_work(io, count_one, &count), 1);
    return 7;
}

TEST(work_finds_itself_in_no_task)
{
    run_with(NULL, work_in_place);
}

TEST(options_for_helpers_are_checked)
{
    weir_io *io;
    weir_threaded_options wrong = {.blocking_idle = {-1}};
    assert_int_equal(weir_threaded_create(&wrong, &io), WEIR_EINVAL);
    wrong = (weir_threaded_options){.max_blocking = UINT32_MAX};
    assert_int_equal(weir_threaded_create(&wrong, &io), WEIR_EINVAL);
}

static int do_nothing(weir_io *io, void *argument)
{
    (void)io;
    (void)argument;
    return 0;
}

static int start_many(weir_io *io, void *argument)
{
    (void)argument;
    for (int i = 0; i < 500; i++) {
        weir_task task;
        assert_int_equal(weir_concurrent(io, &task, do_nothing, NULL, NULL), 0);
        assert_int_equal(weir_await(io, &task, NULL), 0);
    }
    return 7;
}

TEST(threads_that_do_not_idle_at_all_end_and_their_counts_stay)
{
    static const weir_threaded_options impatient = {.blocking_idle = {1}};
    weir_io *io = NULL;
    assert_int_equal(weir_threaded_create(&impatient, &io), 0);
    for (int run = 1; run < 4; run++) {
        assert_int_equal(weir_run(io, start_many, NULL), 7);
        weir_counters counters = weir_counters_of(io);
        assert_int_equal(counters.spawned, run * 501);
        assert_int_equal(counters.finished, run * 501);
    }
    weir_io_destroy(io);
}
