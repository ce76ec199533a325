/* SPDX-License-Identifier: MIT
 *
 * Do channels keep order and count, close as promised, and lose nothing to cancellation and
 * deadlines?
 */
#include "test/contract/contract.h"

#include <pthread.h>
#include <sys/socket.h>

#include <weir/io/token.h>
#include <weir/io/wait.h>
#include <weir/sync/channel.h>

static weir_deadline past(void)
{
    return (weir_deadline){1};
}

/* Waits until `count` tasks wait in a list of the channel. */
static void until_waiting(weir_io *io, weir_channel *channel, const weir_wait_list *list,
                          size_t count)
{
    for (;;) {
        size_t waiting = 0;
        weir_wait_lock(io, &channel->lock);
        for (weir_op *op = list->first; op; op = weir_op_words_of(op)->next) waiting++;
        weir_wait_unlock(io, &channel->lock);
        if (waiting >= count) return;
        contract_settle(io);
    }
}

/* A task that makes one call, and what came of it. */
typedef struct call {
    weir_channel *channel;
    int item, result;
    weir_task task;
} call;

static int send_one(weir_io *io, void *argument)
{
    call *c = argument;
    return c->result = weir_channel_send(io, c->channel, &c->item);
}

static int receive_one(weir_io *io, void *argument)
{
    call *c = argument;
    return c->result = weir_channel_receive(io, c->channel, &c->item);
}

static void start(weir_io *io, call *c, weir_channel *channel, weir_task_fn *run)
{
    c->channel = channel;
    check_int(weir_concurrent(io, &c->task, run, c, NULL), 0);
}

/* Starts `count` calls, each of which waits before the next starts. */
static void line_up(weir_io *io, call *calls, int count, weir_channel *channel, weir_task_fn *run,
                    const weir_wait_list *list)
{
    for (int i = 0; i < count; i++) {
        start(io, &calls[i], channel, run);
        until_waiting(io, channel, list, (size_t)i + 1);
    }
}

CONTRACT(channel_init_refuses_what_cannot_be)
{
    (void)io;
    weir_channel channel;
    char ring[8];
    check_int(weir_channel_init(&channel, NULL, 1, 4), WEIR_EINVAL);
    check_int(weir_channel_init(&channel, ring, SIZE_MAX, 2), WEIR_EOVERFLOW);
    check_int(weir_channel_init(&channel, ring, SIZE_MAX / 2 + 1, 1), WEIR_EOVERFLOW);
    check_int(weir_channel_init(&channel, ring, 1, (size_t)UINT32_MAX + 1), WEIR_EOVERFLOW);
    check_int(weir_channel_init(&channel, NULL, 0, 4), 0);
    check_int(weir_channel_init(&channel, NULL, 3, 0), 0);
    check_int((int64_t)weir_channel_capacity(&channel), 3);
}

CONTRACT(channel_items_of_any_size_come_out_as_they_went_in)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 8, 16, 24, 40};
    unsigned char ring[5 * 40 + 1], in[40], out[40];
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        weir_channel channel;
        size_t size = sizes[s];
        check_int(weir_channel_init(&channel, ring + 1, 5, size), 0);
        unsigned next = 0, expected = 0;
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i <= round % 5; i++) {
                memset(in, (int)next++, sizeof in);
                check_int(weir_channel_send(io, &channel, in), 0);
            }
            check_int((int64_t)weir_channel_length(io, &channel), round % 5 + 1);
            for (int i = 0; i <= round % 5; i++) {
                memset(in, (int)expected++, sizeof in);
                memset(out, 0xEE, sizeof out);
                check_int(weir_channel_receive(io, &channel, out), 0);
                check(memcmp(in, out, size) == 0);
                check(size == sizeof out || out[size] == 0xEE);
            }
        }
    }
}

CONTRACT(channel_try_calls_tell_full_empty_and_closed_apart)
{
    weir_channel channel;
    int ring[2], item = 7, out = 0;
    weir_channel_init(&channel, ring, 2, sizeof item);
    check_int(weir_channel_try_receive(io, &channel, &out), WEIR_EAGAIN);
    check_int(weir_channel_try_send(io, &channel, &item), 0);
    check_int(weir_channel_try_send(io, &channel, &item), 0);
    check_int(weir_channel_try_send(io, &channel, &item), WEIR_EAGAIN);
    check_int((int64_t)weir_channel_length(io, &channel), 2);
    check(!weir_channel_is_closed(io, &channel));
    weir_channel_close(io, &channel);
    weir_channel_close(io, &channel);
    check(weir_channel_is_closed(io, &channel));
    check_int(weir_channel_try_send(io, &channel, &item), WEIR_ECLOSED);
    check_int(weir_channel_send(io, &channel, &item), WEIR_ECLOSED);
    check_int(weir_channel_send_until(io, &channel, &item, past()), WEIR_ECLOSED);
    check_int(weir_channel_send_uncancelable(io, &channel, &item), WEIR_ECLOSED);
    check_int(weir_channel_put(io, &channel, &item, 1, 0, past()), WEIR_ECLOSED);
    check_int(weir_channel_put(io, &channel, &item, 1, 1, weir_never()), WEIR_ECLOSED);
    check_int(weir_channel_receive(io, &channel, &out), 0);
    check_int(out, 7);
    check_int(weir_channel_try_receive(io, &channel, &out), 0);
    check_int(weir_channel_try_receive(io, &channel, &out), WEIR_ECLOSED);
    check_int(weir_channel_receive(io, &channel, &out), WEIR_ECLOSED);
    check_int(weir_channel_receive_until(io, &channel, &out, past()), WEIR_ECLOSED);
    check_int(weir_channel_receive_uncancelable(io, &channel, &out), WEIR_ECLOSED);
    check_int(weir_channel_get(io, &channel, &out, 1, 0, past()), WEIR_ECLOSED);
    check_int(weir_channel_get(io, &channel, &out, 1, 1, weir_never()), WEIR_ECLOSED);
}

CONTRACT(channel_closed_with_room_takes_nothing)
{
    weir_channel channel;
    int ring[2], item = 7;
    weir_channel_init(&channel, ring, 2, sizeof item);
    weir_channel_close(io, &channel);
    check_int(weir_channel_send(io, &channel, &item), WEIR_ECLOSED);
    check_int(weir_channel_try_send(io, &channel, &item), WEIR_ECLOSED);
    check_int(weir_channel_put(io, &channel, &item, 1, 1, weir_never()), WEIR_ECLOSED);
    check_int((int64_t)weir_channel_length(io, &channel), 0);
    check_int((int64_t)weir_channel_capacity(&channel), 2);
    check_int(weir_channel_receive(io, &channel, &item), WEIR_ECLOSED);
}

CONTRACT(channel_receivers_are_served_in_the_order_of_arrival)
{
    weir_channel channel;
    int ring[4];
    call calls[4] = {0};
    weir_channel_init(&channel, ring, 4, sizeof(int));
    line_up(io, calls, 4, &channel, receive_one, &channel.receivers);
    for (int i = 0; i < 4; i++) check_int(weir_channel_try_send(io, &channel, &i), 0);
    check_int((int64_t)weir_channel_length(io, &channel), 0);
    for (int i = 0; i < 4; i++) {
        check_int(weir_await(io, &calls[i].task, NULL), 0);
        check_int(calls[i].result, 0);
        check_int(calls[i].item, i);
    }
}

/* Senders that wait at a full ring, or at none, get in behind it in their order. */
static void senders_in_order(weir_io *io, size_t capacity)
{
    weir_channel channel;
    int ring[2], item;
    call calls[3] = {{.item = 100}, {.item = 101}, {.item = 102}};
    weir_channel_init(&channel, ring, capacity, sizeof(int));
    for (int i = 0; i < (int)capacity; i++) check_int(weir_channel_send(io, &channel, &i), 0);
    line_up(io, calls, 3, &channel, send_one, &channel.senders);
    for (int i = 0; i < (int)capacity; i++) {
        check_int(weir_channel_receive(io, &channel, &item), 0);
        check_int(item, i);
    }
    check_int((int64_t)weir_channel_length(io, &channel), (int64_t)capacity);
    for (int i = 0; i < 3; i++) {
        check_int(weir_channel_receive(io, &channel, &item), 0);
        check_int(item, 100 + i);
        check_int(weir_await(io, &calls[i].task, NULL), 0);
        check_int(calls[i].result, 0);
    }
    check_int(weir_channel_try_receive(io, &channel, &item), WEIR_EAGAIN);
}

CONTRACT(channel_senders_that_wait_keep_their_order)
{
    senders_in_order(io, 2);
    senders_in_order(io, 1);
    senders_in_order(io, 0);
}

CONTRACT(channel_rendezvous_needs_both_sides)
{
    weir_channel channel;
    call receiver = {0};
    int item = 3;
    weir_channel_init(&channel, NULL, 0, sizeof item);
    check_int((int64_t)weir_channel_capacity(&channel), 0);
    check_int(weir_channel_try_send(io, &channel, &item), WEIR_EAGAIN);
    check_int(weir_channel_send_until(io, &channel, &item, past()), WEIR_EDEADLINE);
    check_int(weir_channel_try_receive(io, &channel, &item), WEIR_EAGAIN);
    line_up(io, &receiver, 1, &channel, receive_one, &channel.receivers);
    check_int(weir_channel_try_send(io, &channel, &item), 0);
    check_int((int64_t)weir_channel_length(io, &channel), 0);
    check_int(weir_await(io, &receiver.task, NULL), 0);
    check_int(receiver.item, 3);
}

CONTRACT(channel_close_ends_who_waits_and_keeps_what_is_in_the_ring)
{
    weir_channel channel;
    int ring[1], item = 1;
    call calls[3] = {{.item = 11}, {.item = 12}, {.item = 13}};
    weir_channel_init(&channel, ring, 1, sizeof item);
    weir_channel_send(io, &channel, &item);
    line_up(io, calls, 3, &channel, send_one, &channel.senders);
    weir_channel_close(io, &channel);
    for (int i = 0; i < 3; i++) {
        check_int(weir_await(io, &calls[i].task, NULL), 0);
        check_int(calls[i].result, WEIR_ECLOSED);
    }
    check_int(weir_channel_receive(io, &channel, &item), 0);
    check_int(item, 1);
    check_int(weir_channel_receive(io, &channel, &item), WEIR_ECLOSED);

    weir_channel_init(&channel, ring, 1, sizeof item);
    line_up(io, calls, 3, &channel, receive_one, &channel.receivers);
    weir_channel_close(io, &channel);
    for (int i = 0; i < 3; i++) {
        check_int(weir_await(io, &calls[i].task, NULL), 0);
        check_int(calls[i].result, WEIR_ECLOSED);
        check_int(calls[i].item, 11 + i);
    }
}

CONTRACT(channel_waits_end_by_cancel_and_deadline_without_a_trace)
{
    weir_channel channel;
    int ring[1], item = 1;
    call receiver = {.item = -1}, sender = {.item = 2};
    weir_channel_init(&channel, ring, 1, sizeof item);
    line_up(io, &receiver, 1, &channel, receive_one, &channel.receivers);
    check_int(weir_cancel(io, &receiver.task), WEIR_ECANCELED);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(2));
    check_int(weir_channel_receive_until(io, &channel, &item, soon), WEIR_EDEADLINE);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= soon.ns);
    check_int(weir_channel_try_send(io, &channel, &item), 0);
    check_int((int64_t)weir_channel_length(io, &channel), 1);
    check_int(receiver.item, -1);

    line_up(io, &sender, 1, &channel, send_one, &channel.senders);
    check_int(weir_cancel(io, &sender.task), WEIR_ECANCELED);
    soon = weir_deadline_after(io, weir_milliseconds(2));
    check_int(weir_channel_send_until(io, &channel, &item, soon), WEIR_EDEADLINE);
    check_int(weir_channel_receive_until(io, &channel, &item, past()), 0);
    check_int(item, 1);
    check_int(weir_channel_receive_until(io, &channel, &item, past()), WEIR_EDEADLINE);
    check_int(weir_channel_send_until(io, &channel, &item, past()), 0);
}

CONTRACT(channel_waits_end_by_the_scope)
{
    weir_channel channel;
    int item = 1;
    weir_scope scope;
    weir_token token = {0};
    weir_channel_init(&channel, NULL, 0, sizeof item);
    weir_scope_enter_for(io, &scope, weir_milliseconds(2));
    check_int(weir_channel_receive(io, &channel, &item), WEIR_EDEADLINE);
    check_int(weir_channel_send(io, &channel, &item), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    weir_scope_enter_token(io, &scope, &token);
    weir_token_cancel(io, &token, "enough");
    check_int(weir_channel_receive(io, &channel, &item), WEIR_ECANCELED);
    check_int(weir_scope_leave(io, &scope), WEIR_ECANCELED);
    weir_token_end(io, &token);
}

static void *call_from_outside(void *argument)
{
    weir_io *io = argument;
    weir_channel channel;
    int item = 1;
    weir_channel_init(&channel, NULL, 0, sizeof item);
    check_int(weir_channel_receive(io, &channel, &item), WEIR_ENOTTASK);
    check_int(weir_channel_send(io, &channel, &item), WEIR_ENOTTASK);
    check_int(weir_channel_receive_uncancelable(io, &channel, &item), WEIR_ENOTTASK);
    check_int(weir_channel_get(io, &channel, &item, 1, 1, weir_never()), WEIR_ENOTTASK);
    return NULL;
}

CONTRACT(channel_waits_need_a_task)
{
    pthread_t thread;
    if (!check(pthread_create(&thread, NULL, call_from_outside, io) == 0)) return;
    pthread_join(thread, NULL);
}

static int send_whatever_comes(weir_io *io, void *argument)
{
    call *c = argument;
    c->result = weir_channel_send_uncancelable(io, c->channel, &c->item);
    return weir_check(io);
}

static int receive_whatever_comes(weir_io *io, void *argument)
{
    call *c = argument;
    c->result = weir_channel_receive_uncancelable(io, c->channel, &c->item);
    return weir_check(io);
}

CONTRACT(channel_uncancelable_calls_leave_the_request_pending)
{
    weir_channel channel;
    call sender = {.item = 5}, receiver = {0};
    int item = 0;
    weir_channel_init(&channel, NULL, 0, sizeof item);
    line_up(io, &sender, 1, &channel, send_whatever_comes, &channel.senders);
    weir_cancel_request(io, &sender.task);
    contract_settle(io);
    check_int(weir_channel_receive(io, &channel, &item), 0);
    check_int(item, 5);
    check_int(weir_cancel(io, &sender.task), WEIR_ECANCELED);
    check_int(sender.result, 0);

    line_up(io, &receiver, 1, &channel, receive_whatever_comes, &channel.receivers);
    weir_cancel_request(io, &receiver.task);
    contract_settle(io);
    check_int(weir_channel_try_send(io, &channel, &item), 0);
    check_int(weir_cancel(io, &receiver.task), WEIR_ECANCELED);
    check_int(receiver.result, 0);
    check_int(receiver.item, 5);
}

/* Without waiting a call does not look at requests: what is there is taken. */
CONTRACT(channel_calls_that_need_not_wait_are_no_cancellation_points)
{
    weir_channel channel;
    int ring[1], item = 4;
    weir_channel_init(&channel, ring, 1, sizeof item);
    weir_recancel(io);
    check_int(weir_channel_send(io, &channel, &item), 0);
    check_int(weir_channel_receive(io, &channel, &item), 0);
    check_int(weir_channel_receive(io, &channel, &item), WEIR_ECANCELED);
    check_int(weir_check(io), 0);
}

CONTRACT(channel_a_loser_of_a_select_keeps_its_item)
{
    weir_channel channels[2];
    int rings[2][1], items[2] = {0, 0};
    weir_op ops[2];
    weir_op *list[2] = {&ops[0], &ops[1]};
    for (int i = 0; i < 2; i++) weir_channel_init(&channels[i], rings[i], 1, sizeof(int));
    for (int round = 0; round < 20; round++) {
        int taken = 0;
        for (int i = 0; i < 2; i++) {
            check_int(weir_channel_send(io, &channels[i], &round), 0);
            weir_channel_receive_op(&ops[i], &channels[i], &items[i]);
        }
        int winner = weir_select(io, list, 2, weir_never());
        check(winner >= 0);
        check_int(ops[winner].result, 0);
        for (int i = 0; i < 2; i++) {
            if (ops[i].result != 0) continue;
            check_int(items[i], round);
            taken++;
        }
        for (int i = 0; i < 2; i++)
            if (weir_channel_try_receive(io, &channels[i], &items[i]) == 0) taken++;
        check_int(taken, 2);
    }
}

static int provoke(weir_io *io, void *argument)
{
    void **what = argument;
    int item = 9;
    if (what[0]) weir_channel_send(io, what[0], &item);
    if (what[1]) weir_token_cancel(io, what[1], NULL);
    if (what[2]) check_int(send(*(int *)what[2], "x", 1, MSG_NOSIGNAL), 1);
    return 0;
}

enum { CHANNEL, TOKEN, SOCKET, TIMER, SOURCES };

/* Lets one of the sources happen and selects over all. */
static void select_over_sources(weir_io *io, int source)
{
    weir_channel channel;
    weir_token token = {0};
    weir_socket ends[2];
    weir_op ops[SOURCES];
    weir_op *list[SOURCES];
    char byte = 0;
    struct iovec slice = {&byte, 1};
    int item = 0, ring[1];
    weir_channel_init(&channel, ring, 1, sizeof item);
    check(contract_pair(SOCK_STREAM, ends));
    weir_channel_receive_op(&ops[CHANNEL], &channel, &item);
    weir_token_op(&ops[TOKEN], &token);
    ops[SOCKET] =
        (weir_op){.code = WEIR_OP_READ, .fd = ends[0].fd, .args.vector = {&slice, 1, 1, 0}};
    ops[TIMER] = (weir_op){.code = WEIR_OP_SLEEP,
                           .deadline = weir_deadline_after(
                               io, source == TIMER ? weir_milliseconds(3) : weir_seconds(9000))};
    for (int i = 0; i < SOURCES; i++) list[i] = &ops[i];
    void *what[3] = {source == CHANNEL ? &channel : NULL, source == TOKEN ? &token : NULL,
                     source == SOCKET ? &ends[1].fd : NULL};
    weir_task task;
    weir_async(io, &task, provoke, what);
    check_int(weir_select(io, list, SOURCES, weir_never()), source);
    check_int(ops[source].result, source == SOCKET ? 1 : 0);
    check_int(item, source == CHANNEL ? 9 : 0);
    for (int i = 0; i < SOURCES; i++)
        if (i != source) check_int(ops[i].result, WEIR_ECANCELED);
    check_int(weir_await(io, &task, NULL), 0);
    weir_token_end(io, &token);
    contract_close(io, ends);
}

CONTRACT(channel_select_with_a_timer_a_token_and_a_socket)
{
    for (int round = 0; round < 3; round++)
        for (int source = 0; source < SOURCES; source++) select_over_sources(io, source);
}

static int echo(weir_io *io, void *argument)
{
    weir_channel *channels = argument;
    int item;
    while (weir_channel_receive(io, &channels[0], &item) == 0)
        weir_channel_send(io, &channels[1], &item);
    return 0;
}

CONTRACT(channel_calls_allocate_nothing)
{
    weir_channel channels[2];
    int item = 1, items[4] = {0};
    weir_task task;
    for (int i = 0; i < 2; i++) weir_channel_init(&channels[i], NULL, 0, sizeof item);
    check_int(weir_concurrent(io, &task, echo, channels, NULL), 0);
    /* The first rounds let the engine get what it keeps. */
    for (int round = 0; round < 100; round++) {
        if (round == 50) test_alloc_reset();
        check_int(weir_channel_send(io, &channels[0], &item), 0);
        check_int(weir_channel_receive(io, &channels[1], &item), 0);
        check_int(weir_channel_put(io, &channels[0], items, 1, 1, weir_never()), 1);
        check_int(weir_channel_get(io, &channels[1], items, 4, 1, weir_never()), 1);
    }
    check_int((int64_t)test_alloc_count(), 0);
    weir_channel_close(io, &channels[0]);
    check_int(weir_await(io, &task, NULL), 0);
}
