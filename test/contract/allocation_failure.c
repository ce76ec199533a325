/* SPDX-License-Identifier: MIT
 *
 * When any one allocation of any public call fails, or all from some point on: does the call say
 * so or succeed, is nothing leaked, and does the engine work afterwards?
 *
 * Each trial has a fresh engine, so that nothing that an earlier one allocated can serve.
 */
#include "test/contract/op_cases.h"

#include <stdio.h>

enum { TRIALS_LIMIT = 200 };

static bool alone; /* whether just one allocation fails, or all from it on */

static void inject(size_t n)
{
    if (alone) {
        test_alloc_fail_once(n);
    } else {
        test_alloc_fail_after(n);
    }
}

/* Ends the failing.  Returns whether any allocation was refused. */
static bool lift(void)
{
    size_t failed = test_alloc_failed();
    test_alloc_reset();
    return failed > 0;
}

typedef struct trial {
    size_t n;
    const op_case *op;
    bool refused;
    bool submit;
} trial;

static bool is_shortage(int64_t result)
{
    return result == WEIR_ENOMEM || result == WEIR_ENOBUFS;
}

static int still_works(weir_io *io, void *argument)
{
    (void)argument;
    return weir_sleep(io, weir_microseconds(1)) == 0 ? 13 : -1;
}

/* The engine must go on as if nothing had been. */
static void check_works(weir_io *io)
{
    weir_task task = {0};
    weir_socket ends[2];
    char byte;
    check_int(weir_concurrent(io, &task, still_works, NULL, NULL), 0);
    int result = 0;
    check_int(weir_await(io, &task, &result), 0);
    check_int(result, 13);
    contract_pair(SOCK_STREAM, ends);
    check_int(weir_write(io, ends[0], "x", 1), 1);
    check_int(weir_read(io, ends[1], &byte, 1), 1);
    contract_close(io, ends);
}

static int64_t submit_and_take(weir_io *io, op_world *w)
{
    weir_queue queue;
    weir_op *out = NULL;
    weir_queue_init(io, &queue);
    weir_submit(io, &w->op, &queue);
    int error = weir_queue_next(io, &queue, weir_never(), &out);
    return error ? error : out->result;
}

static int try_op(weir_io *io, void *argument)
{
    trial *t = argument;
    op_world *w = op_world_new();
    t->op->ready(io, w);
    inject(t->n);
    int64_t result = t->submit ? submit_and_take(io, w) : weir_do(io, &w->op);
    t->refused = lift();
    unsigned before = contract_failed();
    if (t->refused && is_shortage(result)) {
        check(!t->op->never_canceled);
        if (!t->op->spent) {
            if (t->op->untouched) t->op->untouched(io, w);
            op_again(w);
            op_check_success(io, w, t->op, weir_do(io, &w->op));
        }
    } else {
        op_check_success(io, w, t->op, result);
    }
    op_world_free(io, w, t->op);
    check_works(io);
    if (contract_failed() != before)
        fprintf(stderr, "    … `%s`, allocation %zu\n", t->op->name, t->n);
    return 0;
}

static void try_all_ops(const weir_engine_options *options, bool submit)
{
    for (size_t i = 0; i < 2 * op_case_count; i++) {
        alone = i % 2;
        for (size_t n = 0; n < TRIALS_LIMIT && !contract_failed(); n++) {
            trial t = {.n = n, .op = &op_cases[i / 2], .submit = submit};
            contract_at(t.op->name, n);
            weir_io *io = NULL;
            check_int(weir_engine_create(options, &io), 0);
            check_int(weir_run(io, try_op, &t), 0);
            weir_io_destroy(io);
            if (!t.refused) break;
        }
    }
}

CONTRACT_OUTSIDE(every_op_that_is_done_survives_a_failed_allocation)
{
    try_all_ops(options, false);
}

CONTRACT_OUTSIDE(every_op_that_is_submitted_survives_a_failed_allocation)
{
    try_all_ops(options, true);
}

static int lift_at_once(weir_io *io, void *argument)
{
    trial *t = argument;
    t->refused = lift();
    check_works(io);
    return 17;
}

CONTRACT_OUTSIDE(an_engine_that_cannot_be_made_or_run_says_so)
{
    for (int i = 0; i < 2; i++) {
        alone = i;
        size_t n = 0;
        for (bool refused = true; refused && n < 5000 && !contract_failed(); n++) {
            weir_io *io = NULL;
            int before = test_fd_count();
            inject(n);
            int error = weir_engine_create(options, &io);
            refused = lift();
            if (error == 0) {
                weir_io_destroy(io);
            } else {
                check(refused);
                check_int(error, WEIR_ENOMEM);
            }
            check_int(test_fd_count(), before);
        }
        for (n = 0; n < 5000 && !contract_failed(); n++) {
            trial t = {0};
            weir_io *io = NULL;
            check_int(weir_engine_create(options, &io), 0);
            inject(n);
            int result = weir_run(io, lift_at_once, &t);
            bool refused = lift() || t.refused;
            check(result == 17 || (refused && result == WEIR_ENOMEM));
            if (result != 17) check_int(weir_run(io, lift_at_once, &t), 17);
            weir_io_destroy(io);
            if (!refused) break;
        }
    }
}

static int wait_for_cancel(weir_io *io, void *argument)
{
    (void)argument;
    weir_sleep(io, weir_seconds(100000));
    return 0;
}

/* Starts tasks with a failure in each start, until well after the first ones were refused. */
static void start_in_need(weir_io *io, size_t after, unsigned many)
{
    weir_group group = WEIR_GROUP_INIT;
    unsigned started = 0, refused = 0;
    for (unsigned i = 0; i < many && refused < 20; i++) {
        inject(after);
        int error = weir_group_concurrent(io, &group, wait_for_cancel, NULL, NULL);
        lift();
        if (error == 0) {
            started++;
        } else {
            check(error == WEIR_ENOMEM || error == WEIR_ECONCURRENCY);
            refused++;
        }
    }
    check_int(weir_group_count(&group), started);
    weir_group_cancel(io, &group);
    check_works(io);
}

CONTRACT(a_task_that_cannot_be_started_is_refused)
{
    for (size_t after = 0; after < 4; after++) {
        alone = after % 2;
        start_in_need(io, after / 2, contract_on_threads(io) ? 200 : 3000);
    }
}

static int count_run(weir_io *io, void *argument)
{
    (void)io;
    __atomic_fetch_add((uint32_t *)argument, 1, __ATOMIC_SEQ_CST);
    return 2;
}

CONTRACT(what_cannot_fail_runs_in_place_when_memory_is_short)
{
    alone = false;
    for (int round = 0; round < 50; round++) {
        uint32_t ran = 0;
        weir_task task = {0};
        weir_group group = WEIR_GROUP_INIT, holder = WEIR_GROUP_INIT;
        for (int i = 0; i < round; i++)
            check_int(weir_group_concurrent(io, &holder, wait_for_cancel, NULL, NULL), 0);
        inject(0);
        weir_async(io, &task, count_run, &ran);
        weir_group_async(io, &group, count_run, &ran);
        lift();
        check_int(weir_cancel(io, &task), 2);
        check_int(weir_group_wait(io, &group), 0);
        check_int(ran, 2);
        weir_group_cancel(io, &holder);
    }
}

/* None of these may allocate: they have no way to say that memory is short. */
CONTRACT(what_needs_no_memory_works_without_any)
{
    weir_socket ends[2];
    weir_queue queue;
    weir_scope scope, shield;
    uint32_t word = 0;
    char byte = 'x';
    weir_op nop = {.code = WEIR_OP_NOP}, wait = {.code = WEIR_OP_WORD_WAIT}, *out = NULL;
    contract_pair(SOCK_STREAM, ends);
    wait.args.word.address = &word;
    alone = false;
    inject(0);
    weir_queue_init(io, &queue);
    weir_scope_enter(io, &scope, weir_deadline_after(io, weir_seconds(1000)));
    weir_shield(io, &shield);
    int slept = weir_sleep(io, weir_milliseconds(1));
    int waited = weir_wait(io, &word, 0, weir_deadline_after(io, weir_milliseconds(1)));
    unsigned woken = weir_wake(io, &word, 1);
    weir_submit(io, &nop, &queue);
    int first = weir_queue_next(io, &queue, weir_never(), &out);
    weir_submit(io, &wait, &queue);
    weir_op_cancel(io, &wait);
    int second = weir_queue_next(io, &queue, weir_never(), &out);
    int yielded = weir_yield(io);
    weir_scope_leave(io, &shield);
    weir_scope_leave(io, &scope);
    lift();
    check_int(slept, 0);
    check(waited == WEIR_EDEADLINE || waited == 0);
    check_int(woken, 0);
    check_int(first, 0);
    check_int(nop.result, 0);
    check_int(second, 0);
    check_int(wait.result, WEIR_ECANCELED);
    check_int(yielded, 0);
    check_int(weir_write(io, ends[0], &byte, 1), 1);
    contract_close(io, ends);
}
