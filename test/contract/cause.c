/* SPDX-License-Identifier: MIT
 *
 * Does a task learn why its operation was canceled or expired?
 */
#include "test/contract/contract.h"

static int sleep_long(weir_io *io, void *argument)
{
    (void)argument;
    return weir_sleep(io, weir_seconds(600));
}

CONTRACT(the_cause_of_a_scopes_deadline_is_its_length_and_place)
{
    check_int(weir_cause_of(io).kind, WEIR_CAUSE_NONE);
    weir_scope outer, inner;
    weir_scope_enter_for(io, &outer, weir_milliseconds(3));
    weir_scope_enter_for(io, &inner, weir_seconds(600));
    check_int(weir_sleep(io, weir_seconds(600)), WEIR_EDEADLINE);
    weir_cause cause = weir_cause_of(io);
    check_int(cause.kind, WEIR_CAUSE_SCOPE);
    check_int(cause.length.ns, 3000000);
    check_int(cause.when.ns, outer.deadline.ns);
    check(cause.place && strcmp(cause.place, outer.place) == 0);
    check_int(weir_scope_leave(io, &inner), 0);
    check_int(weir_scope_leave(io, &outer), WEIR_EDEADLINE);
}

CONTRACT(the_cause_of_an_operations_own_deadline_is_told_apart)
{
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_seconds(600));
    uint32_t word = 0;
    weir_deadline deadline = weir_deadline_after(io, weir_milliseconds(2));
    check_int(weir_wait(io, &word, 0, deadline), WEIR_EDEADLINE);
    check_int(weir_cause_of(io).kind, WEIR_CAUSE_DEADLINE);
    check_int(weir_cause_of(io).when.ns, deadline.ns);
    check_int(weir_wait(io, &word, 0, weir_now(io, WEIR_CLOCK_MONOTONIC)), WEIR_EDEADLINE);
    check_int(weir_cause_of(io).kind, WEIR_CAUSE_DEADLINE);
    weir_scope_leave(io, &scope);
}

CONTRACT(the_cause_of_a_request_is_the_request)
{
    weir_recancel(io);
    check_int(weir_check(io), WEIR_ECANCELED);
    check_int(weir_cause_of(io).kind, WEIR_CAUSE_REQUEST);
}

CONTRACT(a_request_is_reported_before_a_token_and_a_token_before_a_deadline)
{
    weir_token token = {0};
    weir_scope timed, tokened;
    weir_scope_enter(io, &timed, weir_now(io, WEIR_CLOCK_MONOTONIC));
    weir_scope_enter_token(io, &tokened, &token);
    weir_token_cancel(io, &token, NULL);
    weir_recancel(io);
    check_int(weir_yield(io), WEIR_ECANCELED);
    check_int(weir_cause_of(io).kind, WEIR_CAUSE_REQUEST);
    check_int(weir_yield(io), WEIR_ECANCELED);
    check_int(weir_cause_of(io).kind, WEIR_CAUSE_TOKEN);
    weir_scope_leave(io, &tokened);
    check_int(weir_check(io), WEIR_EDEADLINE);
    check_int(weir_cause_of(io).kind, WEIR_CAUSE_SCOPE);
    weir_scope_leave(io, &timed);
}

static int fail_late(weir_io *io, void *argument)
{
    (void)argument;
    weir_sleep(io, weir_seconds(600));
    return WEIR_EIO;
}

static int succeed_late(weir_io *io, void *argument)
{
    (void)argument;
    weir_sleep(io, weir_seconds(600));
    return 42;
}

static int answer(weir_io *io, void *argument)
{
    (void)io;
    (void)argument;
    return 7;
}

CONTRACT(a_timeout_returns_a_result_that_came_and_tells_time_from_failure)
{
    check_int(weir_timeout(io, weir_milliseconds(2), sleep_long, NULL), WEIR_EDEADLINE);
    check_int(weir_timeout(io, weir_milliseconds(2), fail_late, NULL), WEIR_EDEADLINE);
    check_int(weir_timeout(io, weir_milliseconds(2), succeed_late, NULL), 42);
    check_int(weir_timeout(io, weir_seconds(600), answer, NULL), 7);
    weir_recancel(io);
    check_int(weir_timeout(io, weir_seconds(600), sleep_long, NULL), WEIR_ECANCELED);
    check_int(weir_check(io), 0);
}

CONTRACT(a_sleep_without_end_is_ended_by_its_scope)
{
    weir_scope scope;
    weir_op op;
    weir_scope_enter_for(io, &scope, weir_milliseconds(3));
    weir_op_set(&op, WEIR_OP_SLEEP, -1);
    check_int(weir_do(io, &op), WEIR_EDEADLINE);
    check_int(weir_cause_of(io).kind, WEIR_CAUSE_SCOPE);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
}
