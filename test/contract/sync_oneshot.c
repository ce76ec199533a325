/* SPDX-License-Identifier: MIT
 *
 * Does a oneshot carry one value, once, and tell each side what the other did?
 */
#include "test/contract/contract.h"

#include <weir/io/wait.h>
#include <weir/sync/oneshot.h>

static weir_deadline past(void)
{
    return (weir_deadline){1};
}

typedef struct receiver {
    weir_oneshot *oneshot;
    int value, result;
    weir_task task;
} receiver;

static int receive(weir_io *io, void *argument)
{
    receiver *r = argument;
    return r->result = weir_oneshot_receive(io, r->oneshot, &r->value);
}

/* Starts a receiver and waits until it waits. */
static void start(weir_io *io, receiver *r, weir_oneshot *oneshot, weir_task_fn *run)
{
    *r = (receiver){.oneshot = oneshot};
    weir_op *last = oneshot->waiting.last, *now = last;
    check_int(weir_concurrent(io, &r->task, run, r, NULL), 0);
    while (now == last) {
        contract_settle(io);
        weir_wait_lock(io, &oneshot->lock);
        now = oneshot->waiting.last;
        weir_wait_unlock(io, &oneshot->lock);
    }
}

CONTRACT(oneshot_carries_one_value)
{
    weir_oneshot oneshot;
    int room, value = 42, out = 0;
    weir_oneshot_init(&oneshot, &room, sizeof room);
    check_int(weir_oneshot_try_receive(io, &oneshot, &out), WEIR_EAGAIN);
    check_int(weir_oneshot_receive_until(io, &oneshot, &out, past()), WEIR_EDEADLINE);
    check_int(weir_oneshot_send(io, &oneshot, &value), 0);
    check_int(weir_oneshot_send(io, &oneshot, &value), WEIR_EALREADY);
    weir_oneshot_drop(io, &oneshot);
    check_int(weir_oneshot_receive_until(io, &oneshot, &out, past()), 0);
    check_int(out, 42);
    check_int(weir_oneshot_send(io, &oneshot, &value), WEIR_EALREADY);
    check_int(weir_oneshot_try_receive(io, &oneshot, &out), WEIR_ECLOSED);
    check_int(weir_oneshot_receive(io, &oneshot, &out), WEIR_ECLOSED);
    check_int(weir_oneshot_receive_uncancelable(io, &oneshot, &out), WEIR_ECLOSED);
}

CONTRACT(oneshot_wakes_who_waits)
{
    weir_oneshot oneshot;
    receiver receivers[3];
    int room, value = 7;
    weir_oneshot_init(&oneshot, &room, sizeof room);
    for (int i = 0; i < 3; i++) start(io, &receivers[i], &oneshot, receive);
    check_int(weir_oneshot_send(io, &oneshot, &value), 0);
    for (int i = 0; i < 3; i++) {
        check_int(weir_await(io, &receivers[i].task, NULL), 0);
        check_int(receivers[i].result, i == 0 ? 0 : WEIR_ECLOSED);
        check_int(receivers[i].value, i == 0 ? 7 : 0);
    }
    check_int(weir_oneshot_send(io, &oneshot, &value), WEIR_EALREADY);
}

CONTRACT(oneshot_dropped_unsent_is_closed)
{
    weir_oneshot oneshot;
    receiver r;
    int value = 1;
    weir_oneshot_init(&oneshot, NULL, 0);
    start(io, &r, &oneshot, receive);
    weir_oneshot_drop(io, &oneshot);
    weir_oneshot_drop(io, &oneshot);
    check_int(weir_await(io, &r.task, NULL), 0);
    check_int(r.result, WEIR_ECLOSED);
    check_int(weir_oneshot_receive(io, &oneshot, NULL), WEIR_ECLOSED);
    check_int(weir_oneshot_send(io, &oneshot, &value), WEIR_EALREADY);
}

CONTRACT(oneshot_closed_by_the_receiver_refuses_the_value)
{
    weir_oneshot oneshot;
    receiver r;
    int room, value = 3, out = 0;
    weir_oneshot_init(&oneshot, &room, sizeof room);
    start(io, &r, &oneshot, receive);
    weir_oneshot_close(io, &oneshot);
    check_int(weir_await(io, &r.task, NULL), 0);
    check_int(r.result, WEIR_ECLOSED);
    check_int(weir_oneshot_send(io, &oneshot, &value), WEIR_ECLOSED);
    check_int(weir_oneshot_try_receive(io, &oneshot, &out), WEIR_ECLOSED);

    weir_oneshot_init(&oneshot, &room, sizeof room);
    check_int(weir_oneshot_send(io, &oneshot, &value), 0);
    weir_oneshot_close(io, &oneshot);
    check_int(weir_oneshot_receive(io, &oneshot, &out), 0);
    check_int(out, 3);
}

static int receive_whatever_comes(weir_io *io, void *argument)
{
    receiver *r = argument;
    r->result = weir_oneshot_receive_uncancelable(io, r->oneshot, &r->value);
    return weir_check(io);
}

CONTRACT(oneshot_waits_end_by_cancel_and_deadline_and_lose_nothing)
{
    weir_oneshot oneshot;
    receiver r;
    int room, value = 9, out = 0;
    weir_oneshot_init(&oneshot, &room, sizeof room);
    start(io, &r, &oneshot, receive);
    check_int(weir_cancel(io, &r.task), WEIR_ECANCELED);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(2));
    check_int(weir_oneshot_receive_until(io, &oneshot, &out, soon), WEIR_EDEADLINE);
    start(io, &r, &oneshot, receive_whatever_comes);
    weir_cancel_request(io, &r.task);
    contract_settle(io);
    check_int(weir_oneshot_send(io, &oneshot, &value), 0);
    check_int(weir_cancel(io, &r.task), WEIR_ECANCELED);
    check_int(r.result, 0);
    check_int(r.value, 9);
}

static int send_value(weir_io *io, void *argument)
{
    int value = 17;
    return weir_oneshot_send(io, argument, &value);
}

/* A value that comes together with a request is received, or is still there. */
CONTRACT(oneshot_value_and_cancel_in_the_same_moment)
{
    for (int round = 0; round < 100; round++) {
        weir_oneshot oneshot;
        weir_task sender;
        int room, out = 0;
        weir_oneshot_init(&oneshot, &room, sizeof room);
        receiver r = {.oneshot = &oneshot};
        check_int(weir_concurrent(io, &r.task, receive, &r, NULL), 0);
        if (round % 3) weir_yield(io);
        check_int(weir_concurrent(io, &sender, send_value, &oneshot, NULL), 0);
        if (round % 2) weir_yield(io);
        int result = weir_cancel(io, &r.task);
        int sent = -1;
        check_int(weir_await(io, &sender, &sent), 0);
        check_int(sent, 0);
        if (result == 0) {
            check_int(r.value, 17);
            check_int(weir_oneshot_try_receive(io, &oneshot, &out), WEIR_ECLOSED);
        } else {
            check_int(result, WEIR_ECANCELED);
            check_int(weir_oneshot_try_receive(io, &oneshot, &out), 0);
            check_int(out, 17);
        }
    }
}

CONTRACT(oneshot_in_a_select)
{
    weir_oneshot oneshot;
    int room, out = 0;
    weir_task sender;
    weir_op ops[2], *list[2] = {&ops[0], &ops[1]};
    weir_oneshot_init(&oneshot, &room, sizeof room);
    weir_oneshot_receive_op(&ops[0], &oneshot, &out);
    ops[1] =
        (weir_op){.code = WEIR_OP_SLEEP, .deadline = weir_deadline_after(io, weir_milliseconds(2))};
    check_int(weir_select(io, list, 2, weir_never()), 1);
    check_int(ops[0].result, WEIR_ECANCELED);
    check_int(weir_concurrent(io, &sender, send_value, &oneshot, NULL), 0);
    weir_oneshot_receive_op(&ops[0], &oneshot, &out);
    ops[1] = (weir_op){.code = WEIR_OP_SLEEP};
    check_int(weir_select(io, list, 2, weir_never()), 0);
    check_int(out, 17);
    check_int(weir_await(io, &sender, NULL), 0);
}

CONTRACT(oneshot_allocates_nothing)
{
    test_alloc_reset();
    for (int round = 0; round < 20; round++) {
        weir_oneshot oneshot;
        int room, out = 0;
        weir_oneshot_init(&oneshot, &room, sizeof room);
        weir_oneshot_receive_until(io, &oneshot, &out, past());
        send_value(io, &oneshot);
        check_int(weir_oneshot_receive(io, &oneshot, &out), 0);
    }
    check_int((int64_t)test_alloc_count(), 0);
}
