/* SPDX-License-Identifier: MIT
 *
 * Can every kind of operation be canceled before it starts, while it waits and after it happened,
 * and is nothing lost or half done then?
 *
 * Walks through the table of operations, in which every opcode has a case.
 */
#include "test/contract/op_cases.h"

#include <stdio.h>

/* Names the operation when checks failed since `before`. */
static void name_failure(const op_case *op, unsigned before)
{
    if (contract_failed() != before) fprintf(stderr, "    … in the operation `%s`\n", op->name);
}

/* Does an op again that had been canceled: it must find what it would have found. */
static void redo(weir_io *io, op_world *w, const op_case *op)
{
    if (op->spent) return;
    op_again(w);
    op_check_success(io, w, op, weir_do(io, &w->op));
}

CONTRACT(a_request_that_is_pending_ends_an_op_before_it_has_an_effect)
{
    for (size_t i = 0; i < op_case_count; i++) {
        const op_case *op = &op_cases[i];
        contract_at(op->name, i);
        op_world *w = op_world_new();
        unsigned before = contract_failed();
        op->ready(io, w);
        weir_recancel(io);
        int64_t result = weir_do(io, &w->op);
        if (op->never_canceled) {
            op_check_success(io, w, op, result);
            check_int(weir_check(io), WEIR_ECANCELED);
        } else if (check_int(result, WEIR_ECANCELED)) {
            check_int(w->op.result, WEIR_ECANCELED);
            if (op->untouched) op->untouched(io, w);
            redo(io, w, op);
        }
        check_int(weir_check(io), 0);
        name_failure(op, before);
        op_world_free(io, w, op);
    }
}

CONTRACT(an_expired_scope_ends_an_op_before_it_has_an_effect)
{
    for (size_t i = 0; i < op_case_count; i++) {
        const op_case *op = &op_cases[i];
        contract_at(op->name, i);
        op_world *w = op_world_new();
        unsigned before = contract_failed();
        weir_scope scope;
        op->ready(io, w);
        /* Longer ago than the grain of any engine's deadlines. */
        weir_scope_enter(io, &scope, weir_deadline_after(io, weir_milliseconds(-5)));
        int64_t result = weir_do(io, &w->op);
        check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
        if (op->never_canceled) {
            op_check_success(io, w, op, result);
        } else if (check_int(result, WEIR_EDEADLINE)) {
            if (op->untouched) op->untouched(io, w);
            redo(io, w, op);
        }
        name_failure(op, before);
        op_world_free(io, w, op);
    }
}

typedef struct victim {
    op_world *world;
    uint32_t begun;
    int64_t result;
    int pending; /* what a check said afterwards */
} victim;

static int be_victim(weir_io *io, void *argument)
{
    victim *v = argument;
    contract_raise(io, &v->begun);
    v->result = weir_do(io, &v->world->op);
    v->pending = weir_check(io);
    return 3;
}

/* Cancels a task in one operation: at once, or when it most likely waits. */
static void cancel_task(weir_io *io, const op_case *op, bool settled)
{
    contract_at(op->name, settled);
    unsigned before = contract_failed();
    victim v = {.world = op_world_new()};
    weir_task task = {0};
    op->waiting(io, v.world);
    check_int(weir_concurrent(io, &task, be_victim, &v, NULL), 0);
    if (settled) {
        contract_reached(io, &v.begun, 1);
        contract_settle(io);
        check(!weir_task_ended(&task));
    }
    check_int(weir_cancel(io, &task), 3);
    check_int(weir_cancel(io, &task), 3);
    check_int(v.pending, 0);
    check_int(v.result, WEIR_ECANCELED);
    check_int(v.world->op.result, v.result);
    if (op->release && !op->spent) {
        op->release(io, v.world);
        redo(io, v.world, op);
    }
    name_failure(op, before);
    op_world_free(io, v.world, op);
}

CONTRACT(every_op_that_waits_ends_when_its_task_is_canceled)
{
    for (size_t i = 0; i < op_case_count; i++) {
        if (!op_cases[i].waiting) continue;
        cancel_task(io, &op_cases[i], true);
        for (int round = 0; round < 5; round++) cancel_task(io, &op_cases[i], false);
    }
}

/* Takes the completion of the one op in flight. */
static int64_t take(weir_io *io, weir_queue *queue, op_world *w)
{
    weir_op *out = NULL;
    check_int(weir_queue_next(io, queue, weir_never(), &out), 0);
    check(out == &w->op);
    return w->op.result;
}

CONTRACT(every_submitted_op_that_waits_ends_when_it_is_canceled)
{
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (size_t i = 0; i < 3 * op_case_count; i++) {
        const op_case *op = &op_cases[i / 3];
        contract_at(op->name, i);
        if (!op->waiting) continue;
        unsigned before = contract_failed();
        op_world *w = op_world_new();
        op->waiting(io, w);
        weir_submit(io, &w->op, &queue);
        if (i % 3 == 1) weir_yield(io);
        if (i % 3 == 2) contract_settle(io);
        weir_op_cancel(io, &w->op);
        weir_op_cancel(io, &w->op);
        check_int(take(io, &queue, w), WEIR_ECANCELED);
        check(weir_queue_try(io, &queue) == NULL);
        if (op->release && !op->spent) {
            op->release(io, w);
            redo(io, w, op);
        }
        name_failure(op, before);
        op_world_free(io, w, op);
    }
}

CONTRACT(an_op_canceled_as_it_happens_either_happened_or_left_no_trace)
{
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (size_t i = 0; i < 2 * op_case_count; i++) {
        const op_case *op = &op_cases[i / 2];
        contract_at(op->name, i);
        unsigned before = contract_failed();
        op_world *w = op_world_new();
        op->ready(io, w);
        weir_submit(io, &w->op, &queue);
        if (i % 2) weir_yield(io);
        weir_op_cancel(io, &w->op);
        int64_t result = take(io, &queue, w);
        if (result == WEIR_ECANCELED && !op->never_canceled) {
            if (op->untouched && !op->spent) op->untouched(io, w);
            redo(io, w, op);
        } else {
            op_check_success(io, w, op, result);
        }
        name_failure(op, before);
        op_world_free(io, w, op);
    }
}

CONTRACT(canceling_an_op_that_has_completed_does_nothing)
{
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (size_t i = 0; i < op_case_count; i++) {
        const op_case *op = &op_cases[i];
        contract_at(op->name, i);
        op_world *w = op_world_new();
        weir_op marker = {.code = WEIR_OP_NOP}, *out = NULL;
        op->ready(io, w);
        weir_submit(io, &w->op, &queue);
        int64_t result = take(io, &queue, w);
        weir_op_cancel(io, &w->op);
        weir_submit(io, &marker, &queue);
        check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
        check(out == &marker);
        check_int(w->op.result, result);
        op_check_success(io, w, op, w->op.result);
        op_world_free(io, w, op);
    }
}

CONTRACT(an_op_that_happened_keeps_its_result_and_the_request_stays_pending)
{
    for (size_t i = 0; i < op_case_count; i++) {
        const op_case *op = &op_cases[i];
        contract_at(op->name, i);
        op_world *w = op_world_new();
        op->ready(io, w);
        int64_t result = weir_do(io, &w->op);
        weir_recancel(io);
        op_check_success(io, w, op, result);
        check_int(weir_check(io), WEIR_ECANCELED);
        op_world_free(io, w, op);
    }
}

CONTRACT(canceling_a_wait_for_a_task_leaves_the_task_alone)
{
    for (size_t i = 0; i < op_case_count; i++) {
        const op_case *op = &op_cases[i];
        contract_at(op->name, i);
        if (op->code != WEIR_OP_JOIN && op->code != WEIR_OP_GROUP_WAIT) continue;
        op_world *w = op_world_new();
        op->waiting(io, w);
        w->op.deadline = weir_deadline_after(io, weir_milliseconds(2));
        check_int(weir_do(io, &w->op), WEIR_EDEADLINE);
        check(op->code == WEIR_OP_JOIN ? !weir_task_ended(&w->task)
                                       : weir_group_count(&w->group) == 1);
        w->op.deadline = (weir_deadline){0};
        op->release(io, w);
        check_int(weir_do(io, &w->op), 0);
        op_world_free(io, w, op);
    }
}
