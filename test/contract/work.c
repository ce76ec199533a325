/* SPDX-License-Identifier: MIT
 *
 * Does work that blocks leave the tasks alone, come back with its result, and end only by itself?
 */
#include "test/contract/contract.h"

#include <pthread.h>

#include <weir/io/work.h>

static int64_t this_thread(void *argument)
{
    *(pthread_t *)argument = pthread_self();
    return INT64_C(1) << 40;
}

CONTRACT(work_gives_its_result_from_a_thread_where_it_may_block)
{
    pthread_t where;
    check_int(weir_work(io, this_thread, &where), INT64_C(1) << 40);
    if (!contract_on_threads(io)) check(!pthread_equal(where, pthread_self()));
}

/* Blocks until the test lets go. */
typedef struct blocker {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned begun;
    bool open;
} blocker;

static int64_t block(void *argument)
{
    blocker *b = argument;
    pthread_mutex_lock(&b->lock);
    __atomic_fetch_add(&b->begun, 1, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&b->changed);
    while (!b->open) pthread_cond_wait(&b->changed, &b->lock);
    pthread_mutex_unlock(&b->lock);
    return 3;
}

static void await_begun(blocker *b, unsigned count)
{
    pthread_mutex_lock(&b->lock);
    while (b->begun < count) pthread_cond_wait(&b->changed, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

static void let_go(blocker *b)
{
    pthread_mutex_lock(&b->lock);
    b->open = true;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

#define BLOCKER                                                                 \
    {                                                                           \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, \
    }

static int work_blocking(weir_io *io, void *argument)
{
    int result = (int)weir_work(io, block, argument);
    int next = weir_check(io);
    return next ? next : result;
}

CONTRACT(other_tasks_run_while_work_blocks)
{
    blocker b = BLOCKER;
    weir_task task;
    check_int(weir_concurrent(io, &task, work_blocking, &b, NULL), 0);
    for (int i = 0; i < 10; i++) check_int(weir_sleep(io, weir_microseconds(100)), 0);
    await_begun(&b, 1);
    let_go(&b);
    int result = 0;
    check_int(weir_await(io, &task, &result), 0);
    check_int(result, 3);
}

CONTRACT(work_that_has_begun_is_waited_for_and_the_request_stays_pending)
{
    blocker b = BLOCKER;
    weir_task task;
    check_int(weir_concurrent(io, &task, work_blocking, &b, NULL), 0);
    while (__atomic_load_n(&b.begun, __ATOMIC_RELAXED) == 0) weir_yield(io);
    weir_cancel_request(io, &task);
    contract_settle(io);
    check(!weir_task_ended(&task));
    let_go(&b);
    int result = 0;
    check_int(weir_await(io, &task, &result), 0);
    check_int(result, WEIR_ECANCELED); /* reported by the check after the work */
}

static void two_threads(weir_engine_options *options)
{
    options->max_blocking = 2;
}

static int64_t never_called(void *argument)
{
    *(bool *)argument = true;
    return 0;
}

CONTRACT_WITH(work_beyond_the_limit_waits_and_can_be_taken_back, two_threads)
{
    blocker b = BLOCKER;
    bool called = false;
    weir_op ops[2], extra, *out;
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (size_t i = 0; i < 2; i++) {
        weir_work_op(&ops[i], block, &b);
        weir_submit(io, &ops[i], &queue);
    }
    await_begun(&b, 2);
    weir_work_op(&extra, never_called, &called);
    weir_submit(io, &extra, &queue);
    check(weir_queue_try(io, &queue) == NULL);
    weir_op_cancel(io, &extra);
    check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
    check(out == &extra);
    check_int(extra.result, WEIR_ECANCELED);
    weir_op_cancel(io, &ops[0]); /* too late */
    let_go(&b);
    for (size_t i = 0; i < 2; i++) {
        check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
        check_int(out->result, 3);
    }
    check(!called);
}

static int64_t block_then_fail(void *argument)
{
    block(argument);
    return WEIR_ECANCELED;
}

static int work_failing(weir_io *io, void *argument)
{
    check_int(weir_work(io, block_then_fail, argument), WEIR_ECANCELED);
    return weir_check(io);
}

CONTRACT(an_error_of_the_work_itself_takes_no_request)
{
    blocker b = BLOCKER;
    weir_task task;
    check_int(weir_concurrent(io, &task, work_failing, &b, NULL), 0);
    while (__atomic_load_n(&b.begun, __ATOMIC_RELAXED) == 0) weir_yield(io);
    weir_cancel_request(io, &task);
    contract_settle(io);
    let_go(&b);
    int result = 0;
    check_int(weir_await(io, &task, &result), 0);
    check_int(result, WEIR_ECANCELED);
}
