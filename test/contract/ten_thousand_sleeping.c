/* SPDX-License-Identifier: MIT
 *
 * Can 10,000 tasks sleep at a time, each ending when it should, and can all be woken by one cancel?
 *
 * Where a task is a thread it is as many as the engine was allowed, and one more is refused.
 */
#include "test/contract/contract.h"

#include <stdio.h>

enum { MANY = 10000, THREADS = 500 };

static void allow(weir_engine_options *options)
{
    if (options->kind != WEIR_ENGINE_THREADS) return;
    options->max_tasks = THREADS;
    options->stack_size = 128 * 1024;
}

typedef struct dormitory {
    weir_group group;
    uint32_t asleep, awake;
    weir_instant until;
} dormitory;

static int sleep_until(weir_io *io, void *argument)
{
    dormitory *d = argument;
    weir_instant until = d->until;
    __atomic_fetch_add(&d->asleep, 1, __ATOMIC_SEQ_CST);
    int error = weir_sleep_until(io, until);
    check(error == 0 || error == WEIR_ECANCELED);
    if (error == 0) check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= until.ns);
    __atomic_fetch_add(&d->awake, 1, __ATOMIC_SEQ_CST);
    return error;
}

/* Starts as many sleepers as there may be. */
static uint32_t fill(weir_io *io, dormitory *d)
{
    uint32_t count = 0;
    while (count < MANY) {
        int error = weir_group_concurrent(io, &d->group, sleep_until, d, NULL);
        if (error != 0) {
            check(contract_on_threads(io));
            check_int(error, WEIR_ECONCURRENCY);
            break;
        }
        count++;
    }
    /* Those that have ended meanwhile make room for others. */
    if (!weir_deadline_passed(d->until, weir_now(io, WEIR_CLOCK_MONOTONIC)))
        check(count == MANY ||
              (contract_on_threads(io) && count >= THREADS - 2 && count <= THREADS));
    return count;
}

/* Whether all have slept at a time, and not the first ones woken before the last ones came. */
static bool sleep_and_wake(weir_io *io, int64_t ms)
{
    dormitory d = {.until = weir_deadline_after(io, weir_milliseconds(ms))};
    uint32_t count = fill(io, &d);
    const bool together = !weir_deadline_passed(d.until, weir_now(io, WEIR_CLOCK_MONOTONIC));
    check_int(weir_group_wait(io, &d.group), 0);
    check_int(d.awake, count);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= d.until.ns);
    return together;
}

CONTRACT_WITH(ten_thousand_tasks_sleep_and_wake, allow)
{
    int64_t ms = 1500;
    while (!sleep_and_wake(io, ms) && ms < 30000) ms *= 2;
    check(ms < 30000);
}

CONTRACT_WITH(ten_thousand_sleeping_tasks_end_when_canceled, allow)
{
    for (int round = 0; round < 2; round++) {
        dormitory d = {.until = weir_deadline_after(io, weir_seconds(100000))};
        uint32_t count = fill(io, &d);
        weir_group_cancel(io, &d.group);
        check_int(d.awake, count);
    }
}

static int end_at_once(weir_io *io, void *argument)
{
    (void)io;
    __atomic_fetch_add((uint32_t *)argument, 1, __ATOMIC_SEQ_CST);
    return 6;
}

CONTRACT_WITH(a_task_that_may_run_in_place_does_so_at_the_limit, allow)
{
    dormitory d = {.until = weir_deadline_after(io, weir_seconds(100000))};
    uint32_t count = fill(io, &d), ran = 0;
    weir_task task = {0};
    int result = 0;
    weir_async(io, &task, end_at_once, &ran);
    weir_group_async(io, &d.group, end_at_once, &ran);
    check_int(weir_await(io, &task, &result), 0);
    check_int(result, 6);
    if (count < MANY) check_int(ran, 2);
    weir_group_cancel(io, &d.group);
    check_int(ran, 2);
    check_int(d.awake, count);
}

static void allow_few(weir_engine_options *options)
{
    options->max_tasks = 20;
}

CONTRACT_WITH(a_limit_on_tasks_is_kept_and_lifted_when_they_end, allow_few)
{
    for (int round = 0; round < 3; round++) {
        dormitory d = {.until = weir_deadline_after(io, weir_seconds(100000))};
        uint32_t count = 0;
        int error = 0;
        while (count <= 20 && error == 0) {
            error = weir_group_concurrent(io, &d.group, sleep_until, &d, NULL);
            if (error == 0) count++;
        }
        check_int(error, WEIR_ECONCURRENCY);
        check(count >= 18 && count <= 20);
        weir_group_cancel(io, &d.group);
    }
}
