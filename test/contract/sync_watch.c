/* SPDX-License-Identifier: MIT
 *
 * Does a watch give the latest value, wake who waits for another one, and never a torn one?
 */
#include "test/contract/contract.h"

#include <weir/io/wait.h>
#include <weir/sync/watch.h>

static weir_deadline past(void)
{
    return (weir_deadline){1};
}

static bool add_up(void *value, void *argument)
{
    *(int *)value += *(int *)argument;
    return *(int *)argument != 0;
}

static void double_of(const void *value, void *argument)
{
    *(int *)argument = *(const int *)value * 2;
}

CONTRACT(watch_keeps_the_latest_value)
{
    weir_watch watch;
    weir_watcher fresh, seen;
    int room = 1, value = 0, step = 5, nothing = 0;
    weir_watch_init(&watch, &room, sizeof room);
    weir_watch_subscribe(io, &watch, &fresh, false);
    weir_watch_subscribe(io, &watch, &seen, true);
    check_int(weir_watch_has_changed(io, &fresh), 1);
    check_int(weir_watch_has_changed(io, &seen), 0);
    weir_watch_get(io, &watch, &value);
    check_int(value, 1);
    check_int(weir_watch_has_changed(io, &fresh), 1);
    check_int(weir_watch_changed(io, &fresh, &value), 0);
    check_int(weir_watch_changed_until(io, &fresh, &value, past()), WEIR_EDEADLINE);
    for (value = 10; value < 13; value++) check_int(weir_watch_send(io, &watch, &value), 0);
    check_int(weir_watch_has_changed(io, &seen), 1);
    check_int(weir_watch_changed_until(io, &seen, &value, past()), 0);
    check_int(value, 12);
    check_int(weir_watch_has_changed(io, &seen), 0);
    check_int(weir_watch_modify(io, &watch, add_up, &nothing), 0);
    check_int(weir_watch_has_changed(io, &seen), 0);
    check_int(weir_watch_modify(io, &watch, add_up, &step), 1);
    check_int(weir_watch_changed(io, &seen, NULL), 0);
    check_int(weir_watch_update(io, &fresh, &value), 1);
    check_int(value, 17);
    check_int(weir_watch_update(io, &fresh, NULL), 0);
    weir_watch_borrow(io, &watch, double_of, &value);
    check_int(value, 34);
}

typedef struct waiter {
    weir_watcher watcher;
    int value, result;
    weir_task task;
} waiter;

static int wait_for_change(weir_io *io, void *argument)
{
    waiter *w = argument;
    return w->result = weir_watch_changed(io, &w->watcher, &w->value);
}

static void start(weir_io *io, waiter *w, weir_watch *watch, weir_task_fn *run)
{
    weir_watch_subscribe(io, watch, &w->watcher, true);
    w->value = -1;
    weir_op *last = watch->waiting.last, *now = last;
    check_int(weir_concurrent(io, &w->task, run, w, NULL), 0);
    while (now == last) {
        contract_settle(io);
        weir_wait_lock(io, &watch->lock);
        now = watch->waiting.last;
        weir_wait_unlock(io, &watch->lock);
    }
}

CONTRACT(watch_wakes_all_who_wait)
{
    weir_watch watch;
    waiter waiters[3];
    int room = 1, value = 8;
    weir_watch_init(&watch, &room, sizeof room);
    for (int i = 0; i < 3; i++) start(io, &waiters[i], &watch, wait_for_change);
    check_int(weir_watch_send(io, &watch, &value), 0);
    for (int i = 0; i < 3; i++) {
        check_int(weir_await(io, &waiters[i].task, NULL), 0);
        check_int(waiters[i].result, 0);
        check_int(waiters[i].value, 8);
        check_int(weir_watch_has_changed(io, &waiters[i].watcher), 0);
    }
}

CONTRACT(watch_close_wakes_and_keeps_the_last_value)
{
    weir_watch watch;
    weir_watcher behind;
    waiter w;
    int room = 1, value = 2;
    weir_watch_init(&watch, &room, sizeof room);
    weir_watch_subscribe(io, &watch, &behind, true);
    check_int(weir_watch_send(io, &watch, &value), 0);
    start(io, &w, &watch, wait_for_change);
    weir_watch_close(io, &watch);
    weir_watch_close(io, &watch);
    check_int(weir_await(io, &w.task, NULL), 0);
    check_int(w.result, WEIR_ECLOSED);
    check_int(w.value, -1);
    check_int(weir_watch_send(io, &watch, &value), WEIR_ECLOSED);
    check_int(weir_watch_modify(io, &watch, add_up, &value), WEIR_ECLOSED);
    check_int(weir_watch_has_changed(io, &behind), 1);
    value = 0;
    check_int(weir_watch_changed(io, &behind, &value), 0);
    check_int(value, 2);
    check_int(weir_watch_has_changed(io, &behind), WEIR_ECLOSED);
    check_int(weir_watch_changed(io, &behind, &value), WEIR_ECLOSED);
    check_int(weir_watch_changed_uncancelable(io, &behind, &value), WEIR_ECLOSED);
    check_int(weir_watch_changed_until(io, &behind, &value, past()), WEIR_ECLOSED);
    value = 0;
    weir_watch_get(io, &watch, &value);
    check_int(value, 2);
}

static int wait_whatever_comes(weir_io *io, void *argument)
{
    waiter *w = argument;
    w->result = weir_watch_changed_uncancelable(io, &w->watcher, &w->value);
    return weir_check(io);
}

CONTRACT(watch_waits_end_by_cancel_and_deadline)
{
    weir_watch watch;
    waiter w;
    int room = 1, value = 4;
    weir_watch_init(&watch, &room, sizeof room);
    start(io, &w, &watch, wait_for_change);
    check_int(weir_cancel(io, &w.task), WEIR_ECANCELED);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(2));
    check_int(weir_watch_changed_until(io, &w.watcher, NULL, soon), WEIR_EDEADLINE);
    check_int(weir_watch_send(io, &watch, &value), 0);
    check_int(weir_watch_has_changed(io, &w.watcher), 1);
    start(io, &w, &watch, wait_whatever_comes);
    weir_cancel_request(io, &w.task);
    contract_settle(io);
    check_int(weir_watch_send(io, &watch, &value), 0);
    check_int(weir_cancel(io, &w.task), WEIR_ECANCELED);
    check_int(w.result, 0);
    check_int(w.value, 4);
}

static int send_three(weir_io *io, void *argument)
{
    int value = 3;
    return weir_watch_send(io, argument, &value);
}

CONTRACT(watch_in_a_select)
{
    weir_watch watch;
    weir_watcher watcher;
    weir_task task;
    int room = 1, value = 0;
    weir_op ops[2], *list[2] = {&ops[0], &ops[1]};
    weir_watch_init(&watch, &room, sizeof room);
    weir_watch_subscribe(io, &watch, &watcher, true);
    weir_watch_changed_op(&ops[0], &watcher, &value);
    ops[1] =
        (weir_op){.code = WEIR_OP_SLEEP, .deadline = weir_deadline_after(io, weir_milliseconds(2))};
    check_int(weir_select(io, list, 2, weir_never()), 1);
    check_int(weir_concurrent(io, &task, send_three, &watch, NULL), 0);
    weir_watch_changed_op(&ops[0], &watcher, &value);
    ops[1] = (weir_op){.code = WEIR_OP_SLEEP};
    check_int(weir_select(io, list, 2, weir_never()), 0);
    check_int(value, 3);
    check_int(weir_await(io, &task, NULL), 0);
}

/* A value whose halves must agree. */
typedef struct pair {
    uint64_t number, copies[6];
} pair;

typedef struct viewer {
    weir_watcher watcher;
    pair last;
    weir_task task;
} viewer;

static int view(weir_io *io, void *argument)
{
    viewer *v = argument;
    pair now;
    for (;;) {
        int result = weir_watch_changed(io, &v->watcher, &now);
        if (result == WEIR_ECLOSED) return 0;
        if (result == WEIR_ECANCELED) continue;
        check_int(result, 0);
        check(now.number > v->last.number);
        for (int i = 0; i < 6; i++) check(now.copies[i] == now.number);
        v->last = now;
    }
}

CONTRACT(watch_values_come_whole_in_order_and_the_last_always)
{
    enum { VIEWERS = 3, VALUES = 1000 };
    uint64_t random = test_seed();
    weir_watch watch;
    viewer viewers[VIEWERS] = {0};
    pair room = {0};
    weir_watch_init(&watch, &room, sizeof room);
    for (int i = 0; i < VIEWERS; i++) {
        weir_watch_subscribe(io, &watch, &viewers[i].watcher, true);
        check_int(weir_concurrent(io, &viewers[i].task, view, &viewers[i], NULL), 0);
    }
    for (uint64_t n = 1; n <= VALUES; n++) {
        pair value = {n, {n, n, n, n, n, n}};
        check_int(weir_watch_send(io, &watch, &value), 0);
        uint64_t what = test_random(&random);
        if (what % 3 == 0) weir_cancel_request(io, &viewers[what / 3 % VIEWERS].task);
        if (what % 4 == 0) contract_yield(io);
    }
    weir_watch_close(io, &watch);
    for (int i = 0; i < VIEWERS; i++) {
        check_int(weir_await(io, &viewers[i].task, NULL), 0);
        check_int((int64_t)viewers[i].last.number, VALUES);
    }
}

CONTRACT(watch_allocates_nothing)
{
    weir_watch watch;
    weir_watcher watcher;
    int room = 1;
    weir_watch_init(&watch, &room, sizeof room);
    weir_watch_subscribe(io, &watch, &watcher, true);
    test_alloc_reset();
    for (int round = 0; round < 20; round++) {
        weir_watch_changed_until(io, &watcher, NULL, past());
        send_three(io, &watch);
        check_int(weir_watch_changed(io, &watcher, NULL), 0);
    }
    check_int((int64_t)test_alloc_count(), 0);
}
