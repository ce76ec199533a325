/* SPDX-License-Identifier: MIT
 *
 * Does the earliest deadline count, whichever way scopes nest, does an expired scope stay expired,
 * and is nothing ever early?
 */
#include "test/contract/op_cases.h"

#include <stdio.h>
#include <sys/socket.h>

static weir_deadline in_ms(weir_io *io, int64_t ms)
{
    return weir_deadline_after(io, weir_milliseconds(ms));
}

/* Waits for what never comes; checks that it ends at `when`, not before. */
static void check_ends(weir_io *io, weir_deadline when)
{
    check_int(weir_sleep(io, weir_seconds(100000)), WEIR_EDEADLINE);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= when.ns);
}

CONTRACT(the_outer_deadline_counts_when_it_is_earlier)
{
    weir_scope outer, inner;
    weir_deadline soon = in_ms(io, 5);
    weir_scope_enter(io, &outer, soon);
    weir_scope_enter(io, &inner, in_ms(io, 100000));
    check_int(weir_scope_deadline(io).ns, soon.ns);
    check_ends(io, soon);
    check_int(weir_scope_leave(io, &inner), 0);
    check_int(weir_check(io), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &outer), WEIR_EDEADLINE);
    check(weir_is_never(weir_scope_deadline(io)));
    check_int(weir_check(io), 0);
}

CONTRACT(the_inner_deadline_counts_when_it_is_earlier)
{
    weir_scope outer, inner;
    weir_deadline late = in_ms(io, 100000), soon = in_ms(io, 5);
    weir_scope_enter(io, &outer, late);
    weir_scope_enter(io, &inner, soon);
    check_int(weir_scope_deadline(io).ns, soon.ns);
    check_ends(io, soon);
    check_int(weir_scope_leave(io, &inner), WEIR_EDEADLINE);
    check_int(weir_scope_deadline(io).ns, late.ns);
    check_int(weir_check(io), 0);
    check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    check_int(weir_scope_leave(io, &outer), 0);
}

CONTRACT(an_expired_scope_fails_every_operation_until_it_is_left)
{
    weir_scope scope;
    weir_socket ends[2];
    char byte;
    contract_pair(SOCK_STREAM, ends);
    weir_scope_enter(io, &scope, in_ms(io, 2));
    check_int(weir_read(io, ends[0], &byte, 1), WEIR_EDEADLINE);
    check_int(weir_write(io, ends[0], "x", 1), WEIR_EDEADLINE);
    check_int(weir_sleep(io, weir_milliseconds(0)), WEIR_EDEADLINE);
    check_int(weir_yield(io), WEIR_EDEADLINE);
    check_int(weir_check(io), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    check_int(weir_write(io, ends[0], "x", 1), 1);
    check_int(weir_read(io, ends[1], &byte, 1), 1);
    contract_close(io, ends);
}

CONTRACT(a_computation_notices_that_its_scope_expired)
{
    weir_scope scope;
    weir_scope_enter(io, &scope, in_ms(io, 5));
    int error;
    do {
        contract_spin(1000);
        error = weir_check(io);
    } while (error == 0);
    check_int(error, WEIR_EDEADLINE);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= scope.deadline.ns);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
}

CONTRACT(deadlines_far_in_the_past_and_the_future_are_safe)
{
    static const int64_t past[] = {INT64_MIN, -1, 1, 1000000};
    for (size_t i = 0; i < sizeof past / sizeof past[0]; i++) {
        weir_scope scope;
        weir_scope_enter(io, &scope, (weir_deadline){past[i]});
        check_int(weir_sleep(io, weir_seconds(1000)), WEIR_EDEADLINE);
        check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    }
    weir_scope scope;
    weir_scope_enter(io, &scope, weir_never());
    check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    check_int(weir_scope_leave(io, &scope), 0);
    weir_scope_enter(io, &scope, (weir_deadline){INT64_MAX - 1});
    check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    check_int(weir_scope_leave(io, &scope), 0);
    check_int(weir_sleep(io, weir_nanoseconds(INT64_MIN)), 0);
    check_int(weir_sleep(io, weir_milliseconds(-5)), 0);
    check_int(weir_sleep_until(io, (weir_instant){0}), 0);
    check_int(weir_sleep_until(io, (weir_instant){-5}), 0);
}

CONTRACT(every_op_that_waits_ends_at_its_own_deadline)
{
    for (size_t i = 0; i < op_case_count; i++) {
        const op_case *op = &op_cases[i];
        contract_at(op->name, i);
        if (!op->waiting || op->code == WEIR_OP_SLEEP) continue;
        unsigned before = contract_failed();
        op_world *w = op_world_new();
        op->waiting(io, w);
        w->op.deadline = in_ms(io, 4);
        check_int(weir_do(io, &w->op), WEIR_EDEADLINE);
        check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= w->op.deadline.ns);
        w->op.deadline = weir_now(io, WEIR_CLOCK_MONOTONIC);
        if (!op->spent) check_int(weir_do(io, &w->op), WEIR_EDEADLINE);
        w->op.deadline = (weir_deadline){0};
        if (op->release && !op->spent) {
            op->release(io, w);
            op_check_success(io, w, op, weir_do(io, &w->op));
        }
        if (contract_failed() != before) fprintf(stderr, "    … in `%s`\n", op->name);
        op_world_free(io, w, op);
    }
}

CONTRACT(every_submitted_op_that_waits_ends_at_its_own_deadline)
{
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (size_t i = 0; i < op_case_count; i++) {
        const op_case *op = &op_cases[i];
        contract_at(op->name, i);
        if (!op->waiting || op->code == WEIR_OP_SLEEP) continue;
        weir_op *out = NULL;
        op_world *w = op_world_new();
        op->waiting(io, w);
        w->op.deadline = in_ms(io, 4);
        weir_submit(io, &w->op, &queue);
        check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
        if (!check_int(w->op.result, WEIR_EDEADLINE)) fprintf(stderr, "    … `%s`\n", op->name);
        check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= w->op.deadline.ns);
        op_world_free(io, w, op);
    }
}

CONTRACT(every_op_that_waits_ends_at_its_scopes_deadline)
{
    for (size_t i = 0; i < op_case_count; i++) {
        const op_case *op = &op_cases[i];
        contract_at(op->name, i);
        if (!op->waiting) continue;
        weir_scope scope;
        op_world *w = op_world_new();
        op->waiting(io, w);
        if (op->code != WEIR_OP_SLEEP) w->op.deadline = in_ms(io, 100000);
        weir_scope_enter(io, &scope, in_ms(io, 4));
        int64_t result = weir_do(io, &w->op);
        if (!check_int(result, WEIR_EDEADLINE)) fprintf(stderr, "    … `%s`\n", op->name);
        check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= scope.deadline.ns);
        check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
        op_world_free(io, w, op);
    }
}

CONTRACT(an_op_that_can_happen_does_not_mind_a_far_deadline)
{
    for (size_t i = 0; i < op_case_count; i++) {
        const op_case *op = &op_cases[i];
        contract_at(op->name, i);
        op_world *w = op_world_new();
        weir_scope scope;
        op->ready(io, w);
        if (op->code != WEIR_OP_SLEEP) w->op.deadline = in_ms(io, 100000);
        weir_scope_enter(io, &scope, in_ms(io, 100000));
        op_check_success(io, w, op, weir_do(io, &w->op));
        check_int(weir_scope_leave(io, &scope), 0);
        op_world_free(io, w, op);
    }
}

typedef struct sleeper {
    int64_t ns;
} sleeper;

static int sleep_exactly(weir_io *io, void *argument)
{
    sleeper *s = argument;
    weir_instant before = weir_now(io, WEIR_CLOCK_MONOTONIC);
    check_int(weir_sleep(io, weir_nanoseconds(s->ns)), 0);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns - before.ns >= s->ns);
    weir_instant until = {weir_now(io, WEIR_CLOCK_MONOTONIC).ns + s->ns};
    check_int(weir_sleep_until(io, until), 0);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= until.ns);
    uint32_t word = 0;
    weir_deadline deadline = weir_deadline_after(io, weir_nanoseconds(s->ns));
    int error;
    do error = weir_wait(io, &word, 0, deadline);
    while (error == 0);
    check_int(error, WEIR_EDEADLINE);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= deadline.ns);
    return 0;
}

CONTRACT(no_sleep_and_no_deadline_is_early)
{
    enum { SLEEPERS = 200 };
    static sleeper sleepers[SLEEPERS];
    uint64_t seed = test_seed();
    weir_group group = WEIR_GROUP_INIT;
    for (int i = 0; i < SLEEPERS; i++) {
        sleepers[i].ns = (int64_t)(test_random(&seed) % 70000000);
        check_int(weir_group_concurrent(io, &group, sleep_exactly, &sleepers[i], NULL), 0);
    }
    check_int(weir_group_wait(io, &group), 0);
}

CONTRACT(sleeps_of_all_lengths_are_counted_not_rounded_away)
{
    /* Across the borders of a wheel's levels: one tick, 64 ticks, 128 ticks. */
    static const int64_t lengths[] = {1,        999999,   1000000,  1000001,
                                      63000000, 64000000, 65500000, 128000000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        sleeper s = {lengths[i]};
        sleep_exactly(io, &s);
    }
}

CONTRACT(a_queue_wait_obeys_its_scope_and_leaves_the_op_in_flight)
{
    weir_queue queue;
    weir_scope scope;
    weir_op *out = NULL;
    uint32_t word = 0;
    weir_op op = {.code = WEIR_OP_WORD_WAIT, .args.word = {&word, 0}};
    weir_queue_init(io, &queue);
    weir_submit(io, &op, &queue);
    weir_scope_enter(io, &scope, in_ms(io, 3));
    check_int(weir_queue_next(io, &queue, weir_never(), &out), WEIR_EDEADLINE);
    check(out == NULL);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    check_int(weir_wake(io, &word, 1), 1);
    check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
    check(out == &op);
    check_int(op.result, 0);
}

CONTRACT(scopes_nest_a_hundred_deep)
{
    enum { DEEP = 100 };
    weir_scope scopes[DEEP];
    weir_deadline soon = in_ms(io, 3);
    for (int i = 0; i < DEEP; i++)
        weir_scope_enter(io, &scopes[i], i == DEEP / 2 ? soon : in_ms(io, 50000 + i));
    check_ends(io, soon);
    for (int i = DEEP - 1; i >= 0; i--)
        check_int(weir_scope_leave(io, &scopes[i]), i == DEEP / 2 ? WEIR_EDEADLINE : 0);
    check_int(weir_check(io), 0);
}
