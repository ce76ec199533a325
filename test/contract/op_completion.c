/* SPDX-License-Identifier: MIT
 *
 * Does every operation complete exactly once, with its result, whether it is done or submitted?
 */
#include "test/contract/op_cases.h"

#include <pthread.h>
#include <stdio.h>

TEST(every_opcode_has_one_case_in_the_table)
{
    unsigned seen[WEIR_OP_COUNT] = {0};
    for (size_t i = 0; i < op_case_count; i++) {
        assert_in_range(op_cases[i].code, 0, WEIR_OP_COUNT - 1);
        seen[op_cases[i].code]++;
    }
    for (int code = 0; code < WEIR_OP_COUNT; code++) {
        if (seen[code] != 1) fail_msg("opcode %d has %u cases", code, seen[code]);
    }
}

CONTRACT(an_op_that_can_happen_happens_when_done)
{
    for (size_t i = 0; i < op_case_count; i++) {
        op_world *w = op_world_new();
        contract_at(op_cases[i].name, i);
        op_cases[i].ready(io, w);
        op_check_success(io, w, &op_cases[i], weir_do(io, &w->op));
        op_world_free(io, w, &op_cases[i]);
    }
}

/* Takes the one completion that is to come. */
static void take_only(weir_io *io, weir_queue *queue, op_world *w, const op_case *op)
{
    weir_op *out = NULL;
    if (!check_int(weir_queue_next(io, queue, weir_never(), &out), 0)) return;
    check(out == &w->op);
    check(w->op.queue == queue);
    check(w->op.user == w);
    op_check_success(io, w, op, w->op.result);
    weir_yield(io);
    check(weir_queue_try(io, queue) == NULL);
}

CONTRACT(an_op_that_can_happen_happens_when_submitted)
{
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (size_t i = 0; i < op_case_count; i++) {
        op_world *w = op_world_new();
        contract_at(op_cases[i].name, i);
        op_cases[i].ready(io, w);
        w->op.user = w;
        weir_submit(io, &w->op, &queue);
        take_only(io, &queue, w, &op_cases[i]);
        op_world_free(io, w, &op_cases[i]);
    }
}

typedef struct performer {
    op_world *world;
    uint32_t begun;
    int64_t result;
} performer;

static int perform(weir_io *io, void *argument)
{
    performer *p = argument;
    contract_raise(io, &p->begun);
    p->result = weir_do(io, &p->world->op);
    return 0;
}

CONTRACT(an_op_that_waits_happens_once_it_can)
{
    for (size_t i = 0; i < op_case_count; i++) {
        const op_case *op = &op_cases[i];
        contract_at(op->name, i);
        if (!op->release) continue;
        performer p = {.world = op_world_new()};
        weir_task task = {0};
        op->waiting(io, p.world);
        check_int(weir_concurrent(io, &task, perform, &p, NULL), 0);
        contract_reached(io, &p.begun, 1);
        contract_settle(io);
        if (!check(!weir_task_ended(&task))) fprintf(stderr, "    … `%s`\n", op->name);
        op->release(io, p.world);
        check_int(weir_await(io, &task, NULL), 0);
        op_check_success(io, p.world, op, p.result);
        op_world_free(io, p.world, op);
    }
}

CONTRACT(a_submitted_op_that_waits_completes_once_it_can)
{
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (size_t i = 0; i < op_case_count; i++) {
        const op_case *op = &op_cases[i];
        contract_at(op->name, i);
        if (!op->release) continue;
        op_world *w = op_world_new();
        op->waiting(io, w);
        w->op.user = w;
        weir_submit(io, &w->op, &queue);
        contract_settle(io);
        if (!check(weir_queue_try(io, &queue) == NULL)) fprintf(stderr, "    … `%s`\n", op->name);
        weir_op *out = &w->op;
        check_int(weir_queue_next(io, &queue, weir_deadline_after(io, weir_milliseconds(1)), &out),
                  WEIR_EDEADLINE);
        check(out == NULL);
        op->release(io, w);
        take_only(io, &queue, w, op);
        op_world_free(io, w, op);
    }
}

/* Sends the op's messages to a queue that another task takes from. */
typedef struct sender {
    weir_queue *queue;
    weir_op ops[50];
} sender;

static int send_all(weir_io *io, void *argument)
{
    sender *s = argument;
    for (int i = 0; i < 50; i++) {
        s->ops[i] = (weir_op){.code = WEIR_OP_NOP, .user = s};
        weir_submit(io, &s->ops[i], s->queue);
        if (i % 7 == 0) weir_yield(io);
    }
    return 0;
}

CONTRACT(messages_of_one_sender_arrive_in_order_and_any_task_may_send)
{
    enum { SENDERS = 8 };
    static sender senders[SENDERS];
    int next[SENDERS] = {0};
    weir_queue queue;
    weir_group group = WEIR_GROUP_INIT;
    weir_queue_init(io, &queue);
    memset(senders, 0, sizeof senders);
    for (int i = 0; i < SENDERS; i++) {
        senders[i].queue = &queue;
        check_int(weir_group_concurrent(io, &group, send_all, &senders[i], NULL), 0);
    }
    for (int i = 0; i < SENDERS * 50; i++) {
        weir_op *op = NULL;
        if (!check_int(weir_queue_next(io, &queue, weir_never(), &op), 0)) return;
        sender *from = op->user;
        check_int(op - from->ops, next[from - senders]++);
        check_int(op->result, 0);
    }
    check(weir_queue_try(io, &queue) == NULL);
    check_int(weir_group_wait(io, &group), 0);
}

CONTRACT(an_error_is_a_completion)
{
    char byte;
    struct iovec slice = {&byte, 1};
    weir_op op = {.code = WEIR_OP_READ, .fd = -1, .args.vector = {&slice, 1, 1, 0}};
    weir_op *out = NULL;
    weir_queue queue;
    weir_queue_init(io, &queue);
    check_int(weir_do(io, &op), WEIR_EBADF);
    weir_submit(io, &op, &queue);
    check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
    check(out == &op);
    check_int(op.result, WEIR_EBADF);
}

CONTRACT(an_unknown_opcode_is_unsupported)
{
    weir_op op = {.code = WEIR_OP_COUNT, .fd = -1};
    weir_op *out = NULL;
    weir_queue queue;
    weir_queue_init(io, &queue);
    check_int(weir_do(io, &op), WEIR_EUNSUPPORTED);
    weir_submit(io, &op, &queue);
    check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
    check_int(op.result, WEIR_EUNSUPPORTED);
}

CONTRACT(completions_that_are_there_come_before_a_deadline_that_has_passed)
{
    weir_op op = {.code = WEIR_OP_NOP};
    weir_op *out = NULL;
    weir_queue queue;
    weir_queue_init(io, &queue);
    weir_submit(io, &op, &queue);
    check_int(weir_queue_next(io, &queue, weir_now(io, WEIR_CLOCK_MONOTONIC), &out), 0);
    check(out == &op);
    check_int(weir_queue_next(io, &queue, weir_now(io, WEIR_CLOCK_MONOTONIC), &out),
              WEIR_EDEADLINE);
    check(out == NULL);
}

CONTRACT(a_task_that_was_asked_to_stop_can_still_submit)
{
    weir_op op = {.code = WEIR_OP_NOP};
    weir_op *out = &op;
    weir_queue queue;
    weir_queue_init(io, &queue);
    weir_recancel(io);
    weir_submit(io, &op, &queue);
    int error = weir_queue_next(io, &queue, weir_never(), &out);
    if (error == WEIR_ECANCELED) {
        check(out == NULL);
        check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
    } else {
        check_int(error, 0);
        check_int(weir_check(io), WEIR_ECANCELED);
    }
    check(out == &op);
    check_int(op.result, 0);
}

CONTRACT(scopes_do_not_apply_to_submitted_ops_but_their_own_deadline_does)
{
    weir_queue queue;
    weir_scope scope;
    weir_op *out = NULL;
    uint32_t word = 0;
    weir_op waits = {.code = WEIR_OP_WORD_WAIT, .args.word = {&word, 0}};
    weir_op limited = waits;
    weir_queue_init(io, &queue);
    weir_scope_enter(io, &scope, weir_now(io, WEIR_CLOCK_MONOTONIC));
    weir_submit(io, &waits, &queue);
    limited.deadline = weir_deadline_after(io, weir_milliseconds(3));
    weir_submit(io, &limited, &queue);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
    check(out == &limited);
    check_int(limited.result, WEIR_EDEADLINE);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= limited.deadline.ns);
    weir_wake(io, &word, 1);
    check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
    check(out == &waits);
    check_int(waits.result, 0);
}

static void *do_outside(void *argument)
{
    weir_io *io = argument;
    weir_op op = {.code = WEIR_OP_SLEEP, .deadline = weir_deadline_after(io, weir_seconds(1000))};
    check_int(weir_do(io, &op), WEIR_ENOTTASK);
    check_int(weir_sleep(io, weir_seconds(1000)), WEIR_ENOTTASK);
    uint32_t word = 0;
    check_int(weir_wait(io, &word, 0, weir_never()), WEIR_ENOTTASK);
    return NULL;
}

CONTRACT(a_thread_that_is_no_task_is_told_so)
{
    pthread_t thread;
    check_int(pthread_create(&thread, NULL, do_outside, io), 0);
    check_int(pthread_join(thread, NULL), 0);
}
