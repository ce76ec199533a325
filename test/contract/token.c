/* SPDX-License-Identifier: MIT
 *
 * Does a token stop everything that listens to it, once, with its reason, and nothing else?
 */
#include "test/contract/contract.h"

#include <pthread.h>

#include <weir/io/token.h>

typedef struct listener {
    weir_token_link link;
    uint32_t calls; /* atomic */
} listener;

static void count_call(weir_io *io, void *argument)
{
    (void)io;
    __atomic_fetch_add(&((listener *)argument)->calls, 1, __ATOMIC_RELAXED);
}

CONTRACT(a_token_is_canceled_once_and_keeps_the_first_reason)
{
    weir_token token = {0};
    check(!weir_token_canceled(&token));
    check_int(weir_token_reason(&token).kind, WEIR_REASON_NONE);
    check(weir_token_cancel(io, &token, "closing time"));
    check(!weir_token_cancel(io, &token, "another"));
    check(weir_token_canceled(&token));
    weir_reason reason = weir_token_reason(&token);
    check_int(reason.kind, WEIR_REASON_ABORTED);
    check(strcmp(reason.text, "closing time") == 0);
    weir_token_end(io, &token);
}

CONTRACT(a_null_token_is_never_canceled)
{
    check(!weir_token_canceled(NULL));
    check(!weir_token_cancel(io, NULL, NULL));
    check_int(weir_token_reason(NULL).kind, WEIR_REASON_NONE);
    check_int(weir_token_wait(io, NULL, weir_deadline_after(io, weir_milliseconds(2))),
              WEIR_EDEADLINE);
    listener l = {0};
    weir_token_listen(io, NULL, &l.link, count_call, &l);
    weir_token_unlisten(io, &l.link);
    check_int(l.calls, 0);
    weir_scope scope;
    weir_scope_enter_token(io, &scope, NULL);
    check_int(weir_yield(io), 0);
    check_int(weir_scope_leave(io, &scope), 0);
}

CONTRACT(listeners_are_called_once_and_late_ones_at_once)
{
    weir_token token = {0};
    listener early = {0}, gone = {0}, late = {0};
    weir_token_listen(io, &token, &early.link, count_call, &early);
    weir_token_listen(io, &token, &gone.link, count_call, &gone);
    weir_token_unlisten(io, &gone.link);
    weir_token_unlisten(io, &gone.link);
    weir_token_cancel(io, &token, NULL);
    weir_token_listen(io, &token, &late.link, count_call, &late);
    check_int(early.calls, 1);
    check_int(gone.calls, 0);
    check_int(late.calls, 1);
    weir_token_unlisten(io, &early.link);
    weir_token_unlisten(io, &late.link);
    weir_token_end(io, &token);
}

static void unlisten_itself(weir_io *io, void *argument)
{
    listener **l = argument;
    weir_token_unlisten(io, &(*l)->link);
    free(*l);
    *l = NULL;
}

CONTRACT(a_callback_may_take_its_own_link_back_and_free_it)
{
    weir_token token = {0};
    listener *l = calloc(1, sizeof *l);
    weir_token_listen(io, &token, &l->link, unlisten_itself, &l);
    weir_token_cancel(io, &token, NULL);
    check(l == NULL);
    weir_token_end(io, &token);
}

CONTRACT(children_are_canceled_with_any_parent_and_alone)
{
    weir_token first = {0}, second = {0}, both = {0}, alone = {0};
    weir_token_link links[3];
    weir_token_follow(io, &both, &links[0], &first);
    weir_token_follow(io, &both, &links[1], &second);
    weir_token_follow(io, &alone, &links[2], &first);
    weir_token_cancel(io, &alone, NULL);
    check(!weir_token_canceled(&first) && !weir_token_canceled(&both));
    weir_token_cancel(io, &second, "second");
    weir_reason reason = weir_token_reason(&both);
    check_int(reason.kind, WEIR_REASON_PARENT);
    check(reason.text && strcmp(reason.text, "second") == 0);
    weir_token_cancel(io, &first, NULL);
    check_int(weir_token_reason(&alone).kind, WEIR_REASON_CANCELED);
    for (size_t i = 0; i < 3; i++) weir_token_unlisten(io, &links[i]);
}

typedef struct waiting {
    weir_token *token;
    uint32_t begun; /* atomic */
    int result;
} waiting;

static int wait_for_token(weir_io *io, void *argument)
{
    waiting *w = argument;
    contract_raise(io, &w->begun);
    w->result = weir_token_wait(io, w->token, weir_never());
    return w->result;
}

CONTRACT(everybody_who_waits_for_a_token_is_woken)
{
    weir_token token = {0};
    waiting many[20];
    weir_group group = WEIR_GROUP_INIT;
    for (size_t i = 0; i < 20; i++) {
        many[i] = (waiting){.token = &token, .result = 1};
        check_int(weir_group_concurrent(io, &group, wait_for_token, &many[i], NULL), 0);
    }
    for (size_t i = 0; i < 20; i++) contract_reached(io, &many[i].begun, 1);
    weir_token_cancel(io, &token, NULL);
    check_int(weir_group_wait(io, &group), 0);
    for (size_t i = 0; i < 20; i++) check_int(many[i].result, 0);
    weir_token_end(io, &token);
}

CONTRACT(waiting_for_a_token_ends_by_deadline_and_by_request)
{
    weir_token token = {0};
    check_int(weir_token_wait(io, &token, weir_deadline_after(io, weir_milliseconds(2))),
              WEIR_EDEADLINE);
    waiting one = {.token = &token};
    weir_task task;
    check_int(weir_concurrent(io, &task, wait_for_token, &one, NULL), 0);
    contract_reached(io, &one.begun, 1);
    check_int(weir_cancel(io, &task), WEIR_ECANCELED);
    weir_token_end(io, &token);
}

typedef struct scoped {
    weir_token *token;
    uint32_t begun; /* atomic */
    int results[4];
    weir_cause cause;
} scoped;

static int sleep_in_scope(weir_io *io, void *argument)
{
    scoped *s = argument;
    weir_scope scope, shield;
    weir_scope_enter_token(io, &scope, s->token);
    contract_raise(io, &s->begun);
    s->results[0] = weir_sleep(io, weir_seconds(600));
    s->cause = weir_cause_of(io);
    s->results[1] = weir_yield(io);
    weir_shield(io, &shield);
    s->results[2] = weir_sleep(io, weir_microseconds(100));
    weir_scope_leave(io, &shield);
    check_int(weir_scope_leave(io, &scope), WEIR_ECANCELED);
    s->results[3] = weir_yield(io);
    return 0;
}

CONTRACT(a_canceled_token_ends_its_scopes_operations_until_the_scope_is_left)
{
    weir_token token = {0};
    scoped many[5];
    weir_group group = WEIR_GROUP_INIT;
    for (size_t i = 0; i < 5; i++) {
        many[i] = (scoped){.token = &token};
        check_int(weir_group_concurrent(io, &group, sleep_in_scope, &many[i], NULL), 0);
    }
    for (size_t i = 0; i < 5; i++) contract_reached(io, &many[i].begun, 1);
    weir_token_cancel(io, &token, "draining");
    check_int(weir_group_wait(io, &group), 0);
    for (size_t i = 0; i < 5; i++) {
        check_int(many[i].results[0], WEIR_ECANCELED);
        check_int(many[i].results[1], WEIR_ECANCELED);
        check_int(many[i].results[2], 0);
        check_int(many[i].results[3], 0);
        check_int(many[i].cause.kind, WEIR_CAUSE_TOKEN);
        check_int(many[i].cause.reason, WEIR_REASON_ABORTED);
        check(many[i].cause.text && strcmp(many[i].cause.text, "draining") == 0);
        check(many[i].cause.place && strstr(many[i].cause.place, "token.c:"));
    }
    weir_token_end(io, &token);
}

CONTRACT(a_scope_of_a_canceled_token_refuses_at_once_and_outer_ones_stay)
{
    weir_token token = {0}, other = {0};
    weir_scope outer, inner;
    weir_token_cancel(io, &token, NULL);
    weir_scope_enter_token(io, &outer, &token);
    weir_scope_enter_token(io, &inner, &other);
    check_int(weir_check(io), WEIR_ECANCELED);
    weir_token_cancel(io, &other, NULL);
    check_int(weir_scope_leave(io, &inner), WEIR_ECANCELED);
    check_int(weir_check(io), WEIR_ECANCELED);
    check_int(weir_scope_leave(io, &outer), WEIR_ECANCELED);
    check_int(weir_check(io), 0);
}

CONTRACT(a_tokens_deadline_cancels_it_with_the_reason)
{
    weir_token token = {0};
    weir_token_timer timer;
    weir_deadline deadline = weir_deadline_after(io, weir_milliseconds(3));
    weir_token_arm(io, &token, &timer, deadline);
    check_int(weir_token_wait(io, &token, weir_never()), 0);
    weir_reason reason = weir_token_reason(&token);
    check_int(reason.kind, WEIR_REASON_TIMEOUT);
    check_int(reason.deadline.ns, deadline.ns);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= deadline.ns);
    weir_token_disarm(io, &timer);
    weir_token_end(io, &token);

    weir_token late = {0};
    weir_token_arm(io, &late, &timer, weir_now(io, WEIR_CLOCK_MONOTONIC));
    check(weir_token_canceled(&late) || weir_token_wait(io, &late, weir_never()) == 0);
    weir_token_disarm(io, &timer);
    weir_token_end(io, &late);
}

static int disarm_elsewhere(weir_io *io, void *argument)
{
    weir_token_disarm(io, argument);
    return 0;
}

CONTRACT(a_disarmed_deadline_does_nothing_whoever_disarms_it)
{
    weir_token token = {0};
    weir_token_timer timer;
    for (unsigned worker = 0; worker < weir_workers(io); worker++) {
        weir_token_arm(io, &token, &timer, weir_deadline_after(io, weir_seconds(600)));
        weir_task task;
        weir_task_options options = {.worker = (int)worker};
        check_int(weir_concurrent(io, &task, disarm_elsewhere, &timer, &options), 0);
        check_int(weir_await(io, &task, NULL), 0);
        weir_token_disarm(io, &timer);
    }
    weir_token_arm(io, &token, &timer, weir_never());
    weir_token_disarm(io, &timer);
    check(!weir_token_canceled(&token));
    weir_token_end(io, &token);
}

/* A token is canceled, from another thread, while tasks enter and leave scopes of it and listeners
 * come and go: whoever is inside hears of it, and nobody is touched after he has left. */
typedef struct storm {
    weir_io *io;
    weir_token token;
    uint32_t heard; /* atomic */
} storm;

static int enter_and_leave(weir_io *io, void *argument)
{
    storm *s = argument;
    for (;;) { /* until it is canceled; the suite's watchdog ends what never is */
        weir_scope scope;
        listener l = {0};
        weir_scope_enter_token(io, &scope, &s->token);
        weir_token_listen(io, &s->token, &l.link, count_call, &l);
        int error = weir_yield(io);
        weir_token_unlisten(io, &l.link);
        int left = weir_scope_leave(io, &scope);
        if (error) check_int(left, WEIR_ECANCELED);
        if (error) check_int(l.calls, 1); /* it came later, and is called first */
        check_int(weir_check(io), 0);
        if (!left) continue;
        __atomic_fetch_add(&s->heard, 1, __ATOMIC_RELAXED);
        return 0;
    }
}

static void *cancel_from_outside(void *argument)
{
    storm *s = argument;
    contract_spin(1000);
    weir_token_cancel(s->io, &s->token, "outside");
    return NULL;
}

CONTRACT(a_token_may_be_canceled_from_any_thread_at_any_moment)
{
    for (int round = 0; round < 20 && (round < 2 || contract_is_early()); round++) {
        storm s = {.io = io};
        weir_group group = WEIR_GROUP_INIT;
        for (int i = 0; i < 4; i++)
            check_int(weir_group_concurrent(io, &group, enter_and_leave, &s, NULL), 0);
        pthread_t thread;
        if (!check(pthread_create(&thread, NULL, cancel_from_outside, &s) == 0)) break;
        check_int(weir_group_wait(io, &group), 0);
        pthread_join(thread, NULL);
        check_int(s.heard, 4);
        weir_token_end(io, &s.token);
    }
}

/* A completion comes in the same moment as the token is canceled: from another worker, where there
 * is one, right after it. */
static int cancel_and_complete(weir_io *io, void *argument)
{
    storm *s = argument;
    weir_token_cancel(io, &s->token, NULL);
    contract_raise(io, &s->heard);
    return 0;
}

CONTRACT(a_token_that_comes_with_a_completion_leaves_no_request_behind)
{
    for (int round = 0; round < 300; round++) {
        storm s = {.io = io};
        weir_task task;
        weir_scope scope;
        weir_queue queue;
        weir_op op, *out, *ops[] = {&op};
        weir_scope_enter_token(io, &scope, &s.token);
        const weir_task_options options = {.worker = weir_workers(io) > 1 ? 1 : WEIR_WORKER_ANY};
        check_int(weir_concurrent(io, &task, cancel_and_complete, &s, &options), 0);
        weir_op_set(&op, WEIR_OP_WORD_WAIT, -1);
        op.args.word.address = &s.heard;
        op.args.word.expected = 0;
        weir_queue_init(io, &queue);
        weir_submit(io, ops[0], &queue);
        if (weir_queue_next(io, &queue, weir_never(), &out) != 0) {
            weir_op_cancel(io, &op);
            weir_scope shield;
            weir_shield(io, &shield);
            weir_queue_next(io, &queue, weir_never(), &out);
            weir_scope_leave(io, &shield);
        }
        weir_scope_leave(io, &scope);
        check_int(weir_check(io), 0);
        check_int(weir_await(io, &task, NULL), 0);
        weir_token_end(io, &s.token);
        if (contract_failed()) return;
    }
}
