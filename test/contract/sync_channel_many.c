/* SPDX-License-Identifier: MIT
 *
 * Do put and get move what they promise, in order, also when they are cut short?
 */
#include "test/contract/contract.h"

#include <weir/io/wait.h>
#include <weir/sync/channel.h>

/* A task that makes one call for many items. */
typedef struct many {
    weir_channel *channel;
    int items[16];
    size_t count, min;
    weir_deadline deadline;
    int64_t result;
    weir_task task;
} many;

/* Their result is what the next cancellation point says. */
static int put_many(weir_io *io, void *argument)
{
    many *m = argument;
    m->result = weir_channel_put(io, m->channel, m->items, m->count, m->min, m->deadline);
    return weir_check(io);
}

static int get_many(weir_io *io, void *argument)
{
    many *m = argument;
    m->result = weir_channel_get(io, m->channel, m->items, m->count, m->min, m->deadline);
    return weir_check(io);
}

/* Until the call waits, or its deadline has passed already. */
static void until_waiting(weir_io *io, const many *m, const weir_wait_list *list)
{
    bool waits = false;
    while (!waits && !weir_task_ended(&m->task)) {
        contract_settle(io);
        weir_wait_lock(io, &m->channel->lock);
        waits = list->first != NULL;
        weir_wait_unlock(io, &m->channel->lock);
    }
}

static void start(weir_io *io, many *m, weir_channel *channel, weir_task_fn *run)
{
    m->channel = channel;
    if (m->deadline.ns == 0) m->deadline = weir_never();
    check_int(weir_concurrent(io, &m->task, run, m, NULL), 0);
    until_waiting(io, m, run == put_many ? &channel->senders : &channel->receivers);
}

static void number(many *m, int first)
{
    for (int i = 0; i < 16; i++) m->items[i] = first + i;
}

static void expect(weir_io *io, weir_channel *channel, int first, int count)
{
    for (int i = 0; i < count; i++) {
        int item = -1;
        check_int(weir_channel_try_receive(io, channel, &item), 0);
        check_int(item, first + i);
    }
}

CONTRACT(channel_many_with_minimum_zero_never_waits)
{
    weir_channel channel;
    int ring[4], in[6] = {0, 1, 2, 3, 4, 5}, out[6];
    weir_channel_init(&channel, ring, 4, sizeof(int));
    check_int(weir_channel_get(io, &channel, out, 6, 0, weir_never()), 0);
    check_int(weir_channel_put(io, &channel, in, 3, 0, weir_never()), 3);
    check_int(weir_channel_get(io, &channel, out, 2, 0, weir_never()), 2);
    check_int(weir_channel_put(io, &channel, in + 3, 3, 0, weir_never()), 3);
    check_int(weir_channel_put(io, &channel, in, 6, 0, weir_never()), 0);
    check_int(weir_channel_get(io, &channel, out + 2, 4, 4, weir_never()), 4);
    for (int i = 0; i < 6; i++) check_int(out[i], i);
    check_int(weir_channel_put(io, &channel, in, 0, 0, weir_never()), 0);
    check_int(weir_channel_put(io, &channel, in, 1, 2, weir_never()), WEIR_EINVAL);
    check_int(weir_channel_get(io, &channel, out, 1, 2, weir_never()), WEIR_EINVAL);
}

CONTRACT(channel_bare_signals_can_be_put_and_got)
{
    weir_channel channel;
    weir_channel_init(&channel, NULL, 3, 0);
    check_int(weir_channel_put(io, &channel, NULL, 5, 1, weir_never()), 3);
    check_int(weir_channel_get(io, &channel, NULL, 5, 2, weir_never()), 3);
}

static void put_waits(weir_io *io, size_t capacity)
{
    weir_channel channel;
    int ring[2], late = 50;
    many put = {.count = 10, .min = 8};
    weir_channel_init(&channel, ring, capacity, sizeof(int));
    number(&put, 0);
    start(io, &put, &channel, put_many);
    /* It has its place in the line: nobody gets in between its items. */
    check_int(weir_channel_try_send(io, &channel, &late), WEIR_EAGAIN);
    expect(io, &channel, 0, 8);
    check_int(weir_await(io, &put.task, NULL), 0);
    check(put.result >= 8);
    int left = (int)put.result - 8;
    check_int(weir_channel_length(io, &channel), left);
    expect(io, &channel, 8, left);
    check_int(weir_channel_try_receive(io, &channel, &late), WEIR_EAGAIN);
}

CONTRACT(channel_put_gives_its_items_in_order_while_it_waits)
{
    put_waits(io, 2);
    put_waits(io, 1);
    put_waits(io, 0);
}

static void get_waits(weir_io *io, size_t capacity)
{
    weir_channel channel;
    int ring[2];
    many get = {.count = 9, .min = 7};
    weir_channel_init(&channel, ring, capacity, sizeof(int));
    start(io, &get, &channel, get_many);
    for (int i = 0; i < 7; i++) {
        check(!weir_task_ended(&get.task));
        check_int(weir_channel_try_send(io, &channel, &i), 0);
    }
    check_int(weir_await(io, &get.task, NULL), 0);
    check_int(get.result, 7);
    for (int i = 0; i < 7; i++) check_int(get.items[i], i);
}

CONTRACT(channel_get_collects_while_it_waits)
{
    get_waits(io, 2);
    get_waits(io, 0);
}

CONTRACT(channel_put_and_get_meet_without_a_ring)
{
    weir_channel channel;
    many put = {.count = 12, .min = 12}, get = {.count = 12, .min = 12};
    weir_channel_init(&channel, NULL, 0, sizeof(int));
    number(&put, 100);
    start(io, &put, &channel, put_many);
    check_int(weir_channel_get(io, &channel, get.items, 5, 5, weir_never()), 5);
    check_int(weir_channel_get(io, &channel, get.items + 5, 9, 7, weir_never()), 7);
    for (int i = 0; i < 12; i++) check_int(get.items[i], 100 + i);
    check_int(weir_await(io, &put.task, NULL), 0);
    check_int(put.result, 12);

    start(io, &get, &channel, get_many);
    check_int(weir_channel_put(io, &channel, put.items, 12, 12, weir_never()), 12);
    check_int(weir_await(io, &get.task, NULL), 0);
    check_int(get.result, 12);
}

CONTRACT(channel_get_takes_from_the_ring_and_then_from_who_waits)
{
    weir_channel channel;
    int ring[3], out[8];
    many puts[2] = {{.count = 4, .min = 4}, {.count = 4, .min = 4}};
    weir_channel_init(&channel, ring, 3, sizeof(int));
    number(&puts[0], 0);
    number(&puts[1], 4);
    start(io, &puts[0], &channel, put_many);
    puts[1].channel = &channel;
    puts[1].deadline = weir_never();
    /* The second finds the ring full and the first in the line before it. */
    check_int(weir_concurrent(io, &puts[1].task, put_many, &puts[1], NULL), 0);
    check_int(weir_channel_get(io, &channel, out, 8, 8, weir_never()), 8);
    for (int i = 0; i < 8; i++) check_int(out[i], i);
    for (int i = 0; i < 2; i++) {
        check_int(weir_await(io, &puts[i].task, NULL), 0);
        check_int(puts[i].result, 4);
    }
}

CONTRACT(channel_get_makes_room_for_those_who_wait)
{
    weir_channel channel;
    int ring[2], out[2], first[2] = {0, 1};
    many put = {.count = 2, .min = 2};
    weir_channel_init(&channel, ring, 2, sizeof(int));
    check_int(weir_channel_put(io, &channel, first, 2, 2, weir_never()), 2);
    number(&put, 2);
    start(io, &put, &channel, put_many);
    check_int(weir_channel_get(io, &channel, out, 2, 2, weir_never()), 2);
    check_int(weir_await(io, &put.task, NULL), 0);
    expect(io, &channel, 2, 2);
}

/* What ends a call that has moved some items: nothing is reported twice, nothing is lost. */
typedef enum cut { BY_CLOSE, BY_DEADLINE, BY_CANCEL, CUTS } cut;

/* How many of the five items moved before the call was cut: all, but when the machine stopped for
 * so long that the deadline had passed by the time that the others had done their part. */
static int moved(const many *m, cut by, bool in_time)
{
    if (by == BY_DEADLINE && !in_time) {
        check(m->result == WEIR_EDEADLINE || (m->result > 0 && m->result <= 5));
    } else {
        check_int(m->result, 5);
    }
    return (int)m->result;
}

static bool is_in_time(weir_io *io, const many *m)
{
    return !weir_deadline_passed(m->deadline, weir_now(io, WEIR_CLOCK_MONOTONIC));
}

static void put_is_cut(weir_io *io, cut by)
{
    weir_channel channel;
    int ring[3], item;
    many put = {.count = 10, .min = 10};
    weir_channel_init(&channel, ring, 3, sizeof(int));
    number(&put, 0);
    if (by == BY_DEADLINE) put.deadline = weir_deadline_after(io, weir_milliseconds(30));
    start(io, &put, &channel, put_many);
    expect(io, &channel, 0, 2);
    bool in_time = is_in_time(io, &put);
    if (by == BY_CLOSE) weir_channel_close(io, &channel);
    if (by == BY_CANCEL) weir_cancel_request(io, &put.task);
    int pending = 0;
    check_int(weir_await(io, &put.task, &pending), 0);
    check_int(pending, by == BY_CANCEL ? WEIR_ECANCELED : 0);
    expect(io, &channel, 2, moved(&put, by, in_time) - 2);
    check_int(weir_channel_try_receive(io, &channel, &item),
              by == BY_CLOSE ? WEIR_ECLOSED : WEIR_EAGAIN);
}

static void get_is_cut(weir_io *io, cut by)
{
    weir_channel channel;
    int ring[3];
    many get = {.count = 10, .min = 10};
    weir_channel_init(&channel, ring, 3, sizeof(int));
    if (by == BY_DEADLINE) get.deadline = weir_deadline_after(io, weir_milliseconds(30));
    start(io, &get, &channel, get_many);
    int sent = 0;
    while (sent < 5 && weir_channel_try_send(io, &channel, &sent) == 0) sent++;
    bool in_time = is_in_time(io, &get);
    if (by == BY_CLOSE) weir_channel_close(io, &channel);
    if (by == BY_CANCEL) weir_cancel_request(io, &get.task);
    int pending = 0;
    check_int(weir_await(io, &get.task, &pending), 0);
    check_int(pending, by == BY_CANCEL ? WEIR_ECANCELED : 0);
    int got = moved(&get, by, in_time);
    for (int i = 0; i < got; i++) check_int(get.items[i], i);
    check_int((int64_t)weir_channel_length(io, &channel), sent - (got > 0 ? got : 0));
}

CONTRACT(channel_many_cut_short_tell_how_far_they_came)
{
    for (cut by = 0; by < CUTS; by++) {
        put_is_cut(io, by);
        get_is_cut(io, by);
    }
}

CONTRACT(channel_many_that_moved_nothing_tell_why)
{
    static const int64_t why[CUTS] = {WEIR_ECLOSED, WEIR_EDEADLINE, WEIR_ECANCELED};
    for (cut by = 0; by < CUTS; by++) {
        weir_channel channel;
        many put = {.count = 2, .min = 1}, get = {.count = 2, .min = 1};
        many *both[2] = {&put, &get};
        weir_channel_init(&channel, NULL, 0, sizeof(int));
        for (int i = 0; i < 2; i++) {
            if (by == BY_DEADLINE)
                both[i]->deadline = weir_deadline_after(io, weir_milliseconds(30));
            start(io, both[i], &channel, i == 0 ? put_many : get_many);
            if (by == BY_CLOSE) weir_channel_close(io, &channel);
            if (by == BY_CANCEL) weir_cancel_request(io, &both[i]->task);
            int pending = 1;
            check_int(weir_await(io, &both[i]->task, &pending), 0);
            check_int(pending, 0);
            check_int(both[i]->result, why[by]);
            weir_channel_init(&channel, NULL, 0, sizeof(int));
        }
    }
}
