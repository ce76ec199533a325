/* SPDX-License-Identifier: MIT
 *
 * Does each subscriber get what is sent after its subscription, and is it told what it missed?
 */
#include "test/contract/contract.h"

#include <stdio.h>

#include <weir/io/wait.h>
#include <weir/sync/broadcast.h>

static weir_deadline past(void)
{
    return (weir_deadline){1};
}

static void send_numbers(weir_io *io, weir_broadcast *broadcast, int first, int count, int to)
{
    for (int i = first; i < first + count; i++)
        check_int(weir_broadcast_send(io, broadcast, &i), to);
}

static void expect(weir_io *io, weir_subscriber *subscriber, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        int value = -1;
        check_int(weir_broadcast_try_receive(io, subscriber, &value), 0);
        check_int(value, i);
    }
}

CONTRACT(broadcast_init_refuses_what_cannot_be)
{
    weir_broadcast broadcast;
    weir_subscriber subscriber;
    char ring[4];
    check_int(weir_broadcast_init(&broadcast, ring, 0, 1), WEIR_EINVAL);
    check_int(weir_broadcast_init(&broadcast, NULL, 1, 1), WEIR_EINVAL);
    check_int(weir_broadcast_init(&broadcast, ring, SIZE_MAX, 2), WEIR_EOVERFLOW);
    check_int(weir_broadcast_init(&broadcast, NULL, 2, 0), 0);
    weir_broadcast_subscribe(io, &broadcast, &subscriber);
    for (int i = 0; i < 3; i++) check_int(weir_broadcast_send(io, &broadcast, NULL), 1);
    check_int(weir_broadcast_try_receive(io, &subscriber, NULL), WEIR_ELAGGED);
    check_int(weir_broadcast_try_receive(io, &subscriber, NULL), 0);
}

CONTRACT(broadcast_reaches_those_who_have_subscribed)
{
    weir_broadcast broadcast;
    weir_subscriber a, b;
    int ring[4], value = 0;
    check_int(weir_broadcast_init(&broadcast, ring, 4, sizeof(int)), 0);
    send_numbers(io, &broadcast, 0, 9, 0);
    weir_broadcast_subscribe(io, &broadcast, &a);
    check_int(weir_broadcast_try_receive(io, &a, &value), WEIR_EAGAIN);
    send_numbers(io, &broadcast, 10, 2, 1);
    weir_broadcast_subscribe(io, &broadcast, &b);
    send_numbers(io, &broadcast, 12, 2, 2);
    expect(io, &a, 10, 4);
    expect(io, &b, 12, 2);
    check_int(weir_broadcast_try_receive(io, &b, &value), WEIR_EAGAIN);
    weir_broadcast_unsubscribe(io, &a);
    send_numbers(io, &broadcast, 14, 1, 1);
    expect(io, &b, 14, 1);
    weir_broadcast_unsubscribe(io, &b);
    send_numbers(io, &broadcast, 15, 1, 0);
    check_int(weir_broadcast_receive_until(io, &b, &value, past()), WEIR_EDEADLINE);
}

CONTRACT(broadcast_tells_a_slow_one_once_what_it_missed)
{
    for (int capacity = 1; capacity <= 4; capacity++) {
        weir_broadcast broadcast;
        weir_subscriber s;
        int ring[4], value = 0;
        weir_broadcast_init(&broadcast, ring, (size_t)capacity, sizeof(int));
        weir_broadcast_subscribe(io, &broadcast, &s);
        for (int sent = 0; sent <= 9; sent++) {
            send_numbers(io, &broadcast, 0, sent, 1);
            if (sent > capacity) {
                check_int(weir_broadcast_receive(io, &s, &value), WEIR_ELAGGED);
                check_int((int64_t)s.missed, sent - capacity);
                expect(io, &s, sent - capacity, capacity);
            } else {
                expect(io, &s, 0, sent);
            }
            check_int(weir_broadcast_try_receive(io, &s, &value), WEIR_EAGAIN);
        }
    }
}

CONTRACT(broadcast_close_leaves_what_is_kept)
{
    weir_broadcast broadcast;
    weir_subscriber slow, quick, late;
    int ring[2], value = 0;
    weir_broadcast_init(&broadcast, ring, 2, sizeof(int));
    weir_broadcast_subscribe(io, &broadcast, &slow);
    weir_broadcast_subscribe(io, &broadcast, &quick);
    send_numbers(io, &broadcast, 0, 2, 2);
    expect(io, &quick, 0, 2);
    send_numbers(io, &broadcast, 2, 1, 2);
    weir_broadcast_close(io, &broadcast);
    weir_broadcast_close(io, &broadcast);
    check_int(weir_broadcast_send(io, &broadcast, &value), WEIR_ECLOSED);
    weir_broadcast_subscribe(io, &broadcast, &late);
    check_int(weir_broadcast_receive(io, &late, &value), WEIR_ECLOSED);
    check_int(weir_broadcast_receive(io, &slow, &value), WEIR_ELAGGED);
    check_int((int64_t)slow.missed, 1);
    expect(io, &slow, 1, 2);
    expect(io, &quick, 2, 1);
    check_int(weir_broadcast_try_receive(io, &slow, &value), WEIR_ECLOSED);
    check_int(weir_broadcast_receive_until(io, &quick, &value, past()), WEIR_ECLOSED);
    check_int(weir_broadcast_receive_uncancelable(io, &quick, &value), WEIR_ECLOSED);
}

/* A task that receives until the close. */
typedef struct listener {
    weir_broadcast *broadcast;
    weir_subscriber subscriber;
    int received, missed, last;
    bool shielded;
    weir_task task;
} listener;

static int listen_all(weir_io *io, void *argument)
{
    listener *l = argument;
    l->last = -1;
    for (;;) {
        int value = 0;
        int result = l->shielded ? weir_broadcast_receive_uncancelable(io, &l->subscriber, &value)
                                 : weir_broadcast_receive(io, &l->subscriber, &value);
        if (result == WEIR_ECLOSED) return 0;
        if (result == WEIR_ELAGGED) {
            check(l->subscriber.missed > 0);
            l->missed += (int)l->subscriber.missed;
            l->last += (int)l->subscriber.missed;
        } else if (result == 0) {
            check_int(value, l->last + 1);
            l->last = value;
            l->received++;
        } else {
            check_int(result, WEIR_ECANCELED);
        }
    }
}

/* Every number is received or counted as missed, in order, by each of several listeners that are
 * canceled meanwhile. */
CONTRACT(broadcast_accounts_for_every_value)
{
    enum { LISTENERS = 4, VALUES = 600 };
    uint64_t random = test_seed();
    for (int round = 0; round < 4 && contract_failed() == 0; round++) {
        weir_broadcast broadcast;
        listener listeners[LISTENERS];
        int ring[7];
        weir_broadcast_init(&broadcast, ring, 1 + test_random(&random) % 7, sizeof(int));
        for (int i = 0; i < LISTENERS; i++) {
            listeners[i] = (listener){.broadcast = &broadcast, .shielded = i == 0};
            weir_broadcast_subscribe(io, &broadcast, &listeners[i].subscriber);
            check_int(weir_concurrent(io, &listeners[i].task, listen_all, &listeners[i], NULL), 0);
        }
        for (int i = 0; i < VALUES; i++) {
            check_int(weir_broadcast_send(io, &broadcast, &i), LISTENERS);
            uint64_t what = test_random(&random);
            if (what % 3 == 0) weir_cancel_request(io, &listeners[what / 3 % LISTENERS].task);
            if (what % 4 == 0) contract_yield(io);
        }
        weir_broadcast_close(io, &broadcast);
        for (int i = 0; i < LISTENERS; i++) {
            check_int(weir_await(io, &listeners[i].task, NULL), 0);
            check_int(listeners[i].received + listeners[i].missed, VALUES);
            weir_broadcast_unsubscribe(io, &listeners[i].subscriber);
        }
    }
}

/* Tasks that share a subscriber share the values. */
typedef struct sharer {
    weir_subscriber *subscriber;
    uint32_t *sum;
    weir_task task;
} sharer;

static int share(weir_io *io, void *argument)
{
    sharer *s = argument;
    uint32_t value = 0;
    int result;
    while ((result = weir_broadcast_receive(io, s->subscriber, &value)) == 0)
        __atomic_fetch_add(s->sum, value, __ATOMIC_RELAXED);
    return result;
}

CONTRACT(broadcast_subscriber_shared_by_tasks)
{
    weir_broadcast broadcast;
    weir_subscriber subscriber;
    sharer sharers[3];
    uint32_t ring[64], sum = 0;
    weir_broadcast_init(&broadcast, ring, 64, sizeof(uint32_t));
    weir_broadcast_subscribe(io, &broadcast, &subscriber);
    for (int i = 0; i < 3; i++) {
        sharers[i] = (sharer){.subscriber = &subscriber, .sum = &sum};
        check_int(weir_concurrent(io, &sharers[i].task, share, &sharers[i], NULL), 0);
    }
    for (uint32_t i = 1; i <= 64; i++) {
        check_int(weir_broadcast_send(io, &broadcast, &i), 1);
        if (i % 3 == 0) weir_yield(io);
    }
    weir_broadcast_close(io, &broadcast);
    for (int i = 0; i < 3; i++) {
        int result = 0;
        check_int(weir_await(io, &sharers[i].task, &result), 0);
        check_int(result, WEIR_ECLOSED);
    }
    check_int(sum, 64 * 65 / 2);
}

static int send_seven(weir_io *io, void *argument)
{
    int value = 7;
    return weir_broadcast_send(io, argument, &value);
}

CONTRACT(broadcast_waits_end_by_deadline_and_in_a_select)
{
    weir_broadcast broadcast;
    weir_subscriber subscriber;
    int ring[2], value = 0;
    weir_task task;
    weir_op ops[2], *list[2] = {&ops[0], &ops[1]};
    weir_broadcast_init(&broadcast, ring, 2, sizeof(int));
    weir_broadcast_subscribe(io, &broadcast, &subscriber);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(2));
    check_int(weir_broadcast_receive_until(io, &subscriber, &value, soon), WEIR_EDEADLINE);
    weir_broadcast_receive_op(&ops[0], &subscriber, &value);
    ops[1] =
        (weir_op){.code = WEIR_OP_SLEEP, .deadline = weir_deadline_after(io, weir_milliseconds(2))};
    check_int(weir_select(io, list, 2, weir_never()), 1);
    check_int(weir_concurrent(io, &task, send_seven, &broadcast, NULL), 0);
    weir_broadcast_receive_op(&ops[0], &subscriber, &value);
    ops[1] = (weir_op){.code = WEIR_OP_SLEEP};
    check_int(weir_select(io, list, 2, weir_never()), 0);
    check_int(value, 7);
    check_int(weir_await(io, &task, NULL), 0);
    weir_recancel(io);
    check_int(weir_broadcast_receive(io, &subscriber, &value), WEIR_ECANCELED);
    check_int(weir_broadcast_try_receive(io, &subscriber, &value), WEIR_EAGAIN);
}

CONTRACT(broadcast_allocates_nothing)
{
    weir_broadcast broadcast;
    weir_subscriber subscriber;
    int ring[4], value = 0;
    weir_broadcast_init(&broadcast, ring, 4, sizeof(int));
    test_alloc_reset();
    weir_broadcast_subscribe(io, &broadcast, &subscriber);
    for (int round = 0; round < 20; round++) {
        weir_broadcast_receive_until(io, &subscriber, &value, past());
        send_numbers(io, &broadcast, round, 1, 1);
        expect(io, &subscriber, round, 1);
    }
    weir_broadcast_unsubscribe(io, &subscriber);
    check_int((int64_t)test_alloc_count(), 0);
}
