/* SPDX-License-Identifier: MIT
 *
 * Is a cancel request reported by exactly one operation, can it be put back, and does a shield hold
 * it off without losing it?
 */
#include "test/contract/contract.h"

#include <sys/socket.h>

CONTRACT(a_request_is_reported_by_exactly_one_operation)
{
    weir_recancel(io);
    check_int(weir_sleep(io, weir_milliseconds(1)), WEIR_ECANCELED);
    check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    check_int(weir_check(io), 0);
    check_int(weir_yield(io), 0);
}

CONTRACT(a_request_can_be_put_back)
{
    for (int i = 0; i < 3; i++) {
        weir_recancel(io);
        check_int(weir_yield(io), WEIR_ECANCELED);
        weir_recancel(io);
        check_int(weir_check(io), WEIR_ECANCELED);
        check_int(weir_check(io), 0);
    }
}

typedef struct patient {
    uint32_t step;  /* how far the patient is */
    uint32_t order; /* how far it may go */
    int results[4];
} patient;

static int be_canceled_twice(weir_io *io, void *argument)
{
    patient *p = argument;
    for (int i = 0; i < 2; i++) {
        uint32_t never = 0;
        contract_raise(io, &p->step);
        p->results[i] = weir_wait(io, &never, 0, weir_never());
    }
    p->results[2] = weir_check(io);
    p->results[3] = weir_sleep(io, weir_milliseconds(1));
    return 9;
}

CONTRACT(a_second_request_after_the_first_was_reported_is_reported_too)
{
    patient p = {0};
    weir_task task = {0};
    check_int(weir_concurrent(io, &task, be_canceled_twice, &p, NULL), 0);
    weir_cancel_request(io, &task);
    check_int(contract_reached(io, &p.step, 2), 0);
    check_int(weir_cancel(io, &task), 9);
    check_int(p.results[0], WEIR_ECANCELED);
    check_int(p.results[1], WEIR_ECANCELED);
    check_int(p.results[2], 0);
    check_int(p.results[3], 0);
}

static int wait_in_shield(weir_io *io, void *argument)
{
    patient *p = argument;
    weir_scope outer, inner;
    weir_shield(io, &outer);
    weir_shield(io, &inner);
    contract_raise(io, &p->step);
    p->results[0] = contract_reached(io, &p->order, 1);
    check_int(weir_scope_leave(io, &inner), 0);
    p->results[1] = weir_sleep(io, weir_milliseconds(1));
    check_int(weir_scope_leave(io, &outer), 0);
    p->results[2] = weir_check(io);
    p->results[3] = weir_check(io);
    return 5;
}

CONTRACT(a_shield_holds_a_request_off_and_keeps_it)
{
    for (int round = 0; round < 20; round++) {
        patient p = {0};
        weir_task task = {0};
        check_int(weir_concurrent(io, &task, wait_in_shield, &p, NULL), 0);
        if (round % 2) check_int(contract_reached(io, &p.step, 1), 0);
        if (round % 4 == 3) contract_settle(io);
        weir_cancel_request(io, &task);
        weir_yield(io);
        contract_raise(io, &p.order);
        check_int(weir_cancel(io, &task), 5);
        check_int(p.results[0], 0);
        check_int(p.results[1], 0);
        check_int(p.results[2], WEIR_ECANCELED);
    }
}

CONTRACT(a_request_made_before_a_shield_waits_for_its_end)
{
    weir_scope shield;
    weir_recancel(io);
    weir_shield(io, &shield);
    check_int(weir_check(io), 0);
    check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    weir_scope_leave(io, &shield);
    check_int(weir_check(io), WEIR_ECANCELED);
    check_int(weir_check(io), 0);
}

CONTRACT(a_scope_inside_a_shield_counts)
{
    weir_scope expired, shield, inner;
    weir_scope_enter(io, &expired, weir_now(io, WEIR_CLOCK_MONOTONIC));
    weir_shield(io, &shield);
    check(weir_is_never(weir_scope_deadline(io)));
    check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    weir_scope_enter(io, &inner, weir_deadline_after(io, weir_milliseconds(2)));
    check_int(weir_sleep(io, weir_seconds(1000)), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &inner), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &shield), 0);
    check_int(weir_check(io), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &expired), WEIR_EDEADLINE);
    check_int(weir_check(io), 0);
}

static int end_at_once(weir_io *io, void *argument)
{
    (void)io, (void)argument;
    return 11;
}

static int wait_for_cancel(weir_io *io, void *argument)
{
    (void)argument;
    check_int(weir_sleep(io, weir_seconds(100000)), WEIR_ECANCELED);
    return 12;
}

CONTRACT(what_is_no_cancellation_point_leaves_the_request_pending)
{
    weir_task task = {0}, other = {0}, third = {0};
    weir_group group = WEIR_GROUP_INIT;
    weir_queue queue;
    weir_socket ends[2];
    uint32_t word = 0;
    contract_pair(SOCK_STREAM, ends);
    check_int(weir_concurrent(io, &third, wait_for_cancel, NULL, NULL), 0);
    weir_queue_init(io, &queue);
    weir_recancel(io);
    check_int(weir_concurrent(io, &task, end_at_once, NULL, NULL), 0);
    weir_async(io, &other, end_at_once, NULL);
    weir_group_async(io, &group, end_at_once, NULL);
    check_int(weir_group_concurrent(io, &group, wait_for_cancel, NULL, NULL), 0);
    check_int(weir_cancel(io, &task), 11);
    check_int(weir_cancel(io, &other), 11);
    check_int(weir_cancel(io, &third), 12);
    weir_group_cancel(io, &group);
    check_int(weir_group_count(&group), 0);
    check(weir_queue_try(io, &queue) == NULL);
    check_int(weir_wake(io, &word, 1), 0);
    contract_close(io, ends);
    check_int(weir_check(io), WEIR_ECANCELED);
    check_int(weir_check(io), 0);
}

CONTRACT(an_await_that_is_canceled_leaves_the_task_and_its_handle_alone)
{
    patient p = {0};
    weir_task task = {0};
    int result = 0;
    check_int(weir_concurrent(io, &task, wait_in_shield, &p, NULL), 0);
    weir_recancel(io);
    check_int(weir_await(io, &task, &result), WEIR_ECANCELED);
    check(!weir_task_ended(&task));
    contract_raise(io, &p.order);
    check_int(weir_await(io, &task, &result), 0);
    check_int(result, 5);
    check_int(p.results[2], 0);
}
