/* SPDX-License-Identifier: MIT
 *
 * Does a channel select report what it should, once, in turn, and lose nothing?
 */
#include "test/contract/contract.h"

#include <weir/io/wait.h>
#include <weir/sync/channel.h>

enum { COUNT = 3, RING = 4 };

typedef struct fan {
    weir_channel channels[COUNT];
    int rings[COUNT][RING], items[COUNT];
    weir_channel_branch branches[COUNT];
} fan;

static void fan_begin(fan *f, size_t capacity)
{
    *f = (fan){0};
    for (int i = 0; i < COUNT; i++) {
        weir_channel_init(&f->channels[i], f->rings[i], capacity, sizeof(int));
        f->branches[i].channel = &f->channels[i];
        f->branches[i].item = &f->items[i];
    }
}

static weir_deadline past(void)
{
    return (weir_deadline){1};
}

static void until_waiting(weir_io *io, weir_channel *channel)
{
    for (;;) {
        weir_wait_lock(io, &channel->lock);
        bool waits = channel->receivers.first != NULL;
        weir_wait_unlock(io, &channel->lock);
        if (waits) return;
        contract_settle(io);
    }
}

CONTRACT(channel_select_refuses_what_cannot_be)
{
    fan f;
    size_t closed;
    fan_begin(&f, 1);
    check_int(weir_channel_select(io, f.branches, 0, past(), &closed), WEIR_EINVAL);
    check_int(weir_channel_select(io, f.branches, SIZE_MAX, past(), &closed), WEIR_EINVAL);
    check_int(weir_channel_select(io, f.branches, COUNT, past(), NULL), WEIR_EDEADLINE);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(2));
    check_int(weir_channel_select(io, f.branches, COUNT, soon, &closed), WEIR_EDEADLINE);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= soon.ns);
    weir_recancel(io);
    check_int(weir_channel_select(io, f.branches, COUNT, weir_never(), &closed), WEIR_ECANCELED);
}

CONTRACT(channel_select_serves_ready_channels_in_turn)
{
    fan f;
    int served[COUNT] = {0}, before = -1;
    fan_begin(&f, RING);
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < RING; k++) weir_channel_send(io, &f.channels[i], &k);
    for (int round = 0; round < COUNT * RING; round++) {
        int index = weir_channel_select(io, f.branches, COUNT, past(), NULL);
        if (!check(index >= 0 && index < COUNT)) return;
        check_int(f.items[index], served[index]++);
        check_int(served[index], round / COUNT + 1);
        check(index != before);
        before = index;
    }
    check_int(weir_channel_select(io, f.branches, COUNT, past(), NULL), WEIR_EDEADLINE);
}

CONTRACT(channel_select_reports_each_close_once)
{
    fan f;
    size_t closed = 99;
    int item = 5;
    fan_begin(&f, RING);
    weir_channel_send(io, &f.channels[1], &item);
    weir_channel_close(io, &f.channels[1]);
    check_int(weir_channel_select(io, f.branches, COUNT, past(), &closed), 1);
    check_int(f.items[1], 5);
    check_int(weir_channel_select(io, f.branches, COUNT, past(), &closed), WEIR_ECLOSED);
    check_int((int64_t)closed, 1);
    check_int(weir_channel_select(io, f.branches, COUNT, past(), &closed), WEIR_EDEADLINE);
    weir_channel_close(io, &f.channels[0]);
    weir_channel_close(io, &f.channels[2]);
    size_t reported = 0;
    for (int i = 0; i < 2; i++) {
        check_int(weir_channel_select(io, f.branches, COUNT, past(), &closed), WEIR_ECLOSED);
        reported += closed;
    }
    check_int((int64_t)reported, 2);
    for (int i = 0; i < 2; i++) {
        check_int(weir_channel_select(io, f.branches, COUNT, weir_never(), &closed), WEIR_ECLOSED);
        check_int((int64_t)closed, COUNT);
    }
}

typedef struct feed {
    fan *fan;
    int rounds;
} feed;

static int close_one(weir_io *io, void *argument)
{
    weir_channel *channel = argument;
    until_waiting(io, channel);
    weir_channel_close(io, channel);
    return 0;
}

CONTRACT(channel_select_wakes_by_an_item_and_by_a_close)
{
    fan f;
    size_t closed;
    weir_task task;
    fan_begin(&f, 0);
    check_int(weir_concurrent(io, &task, close_one, &f.channels[2], NULL), 0);
    check_int(weir_channel_select(io, f.branches, COUNT, weir_never(), &closed), WEIR_ECLOSED);
    check_int((int64_t)closed, 2);
    check_int(weir_await(io, &task, NULL), 0);
}

/* Sends to all channels in the same moment as the other side selects, and sometimes cancels it. */
static int feed_all(weir_io *io, void *argument)
{
    feed *f = argument;
    for (int round = 0; round < f->rounds; round++)
        for (int i = 0; i < COUNT; i++)
            if (weir_channel_send(io, &f->fan->channels[i], &round) != 0) return -1;
    for (int i = 0; i < COUNT; i++) weir_channel_close(io, &f->fan->channels[i]);
    return 0;
}

typedef struct taker {
    fan *fan;
    int taken[COUNT];
} taker;

static int take_all(weir_io *io, void *argument)
{
    taker *t = argument;
    size_t closed = 0;
    for (;;) {
        int index = weir_channel_select(io, t->fan->branches, COUNT,
                                        weir_deadline_after(io, weir_microseconds(700)), &closed);
        if (index >= 0) {
            check_int(t->fan->items[index], t->taken[index]++);
        } else if (index == WEIR_ECLOSED && closed == COUNT) {
            return 0;
        } else if (index != WEIR_ECANCELED && index != WEIR_EDEADLINE && index != WEIR_ECLOSED) {
            return index;
        }
    }
}

CONTRACT(channel_select_loses_nothing_of_its_losers)
{
    for (size_t capacity = 0; capacity < 3; capacity++) {
        fan f;
        weir_task tasks[2];
        fan_begin(&f, capacity);
        feed feeder = {.fan = &f, .rounds = 300};
        taker t = {.fan = &f};
        check_int(weir_concurrent(io, &tasks[0], feed_all, &feeder, NULL), 0);
        check_int(weir_concurrent(io, &tasks[1], take_all, &t, NULL), 0);
        while (!weir_task_ended(&tasks[1])) {
            weir_cancel_request(io, &tasks[1]);
            weir_yield(io);
        }
        for (int i = 0; i < 2; i++) {
            int result = -1;
            check_int(weir_await(io, &tasks[i], &result), 0);
            check_int(result, 0);
        }
        for (int i = 0; i < COUNT; i++) check_int(t.taken[i], feeder.rounds);
    }
}

static int send_to_all(weir_io *io, void *argument)
{
    fan *f = argument;
    for (int i = 0; i < COUNT; i++) until_waiting(io, &f->channels[i]);
    for (int i = 0; i < COUNT; i++) check_int(weir_channel_send(io, &f->channels[i], &i), 0);
    return 0;
}

CONTRACT(channel_select_hands_out_what_losers_received)
{
    fan f;
    weir_task task;
    fan_begin(&f, RING);
    check_int(weir_concurrent(io, &task, send_to_all, &f, NULL), 0);
    test_alloc_reset();
    bool seen[COUNT] = {false};
    for (int k = 0; k < COUNT; k++) {
        int index = weir_channel_select(io, f.branches, COUNT, weir_never(), NULL);
        if (!check(index >= 0 && index < COUNT)) break;
        check_int(f.items[index], index);
        check(!seen[index]);
        seen[index] = true;
    }
    check_int((int64_t)test_alloc_count(), 0);
    check_int(weir_await(io, &task, NULL), 0);
    for (int i = 0; i < COUNT; i++) check(!f.branches[i].ready);
    check_int(weir_channel_select(io, f.branches, COUNT, past(), NULL), WEIR_EDEADLINE);
}
