/* SPDX-License-Identifier: MIT
 *
 * Do debounce and throttle give the items they promise, not too early, and lose none at the end?
 */
#include "test/contract/contract.h"

#include <weir/sync/notify.h>
#include <weir/sync/pace.h>

/* A source that gives 1, 2, 3 …, each at its time. */
typedef struct script {
    const int *pauses_ms; /* before each item */
    int count, next;
    weir_instant due; /* of the next; 0: not known yet */
    weir_instant given[16];
    int asked_after_end;
} script;

static int script_next(weir_io *io, void *source, void *item, weir_deadline deadline)
{
    script *s = source;
    if (s->next == s->count) {
        s->asked_after_end++;
        return WEIR_ECLOSED;
    }
    if (s->due.ns == 0) s->due = weir_deadline_after(io, weir_milliseconds(s->pauses_ms[s->next]));
    if (weir_now(io, WEIR_CLOCK_MONOTONIC).ns < s->due.ns) {
        bool ours = s->due.ns <= deadline.ns;
        int error = weir_sleep_until(io, ours ? s->due : deadline);
        if (error) return error;
        if (!ours) return WEIR_EDEADLINE;
    }
    s->due.ns = 0;
    s->given[s->next] = weir_now(io, WEIR_CLOCK_MONOTONIC);
    *(int *)item = ++s->next;
    return 0;
}

static int64_t now(weir_io *io)
{
    return weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
}

enum { MS = 1000000 };

CONTRACT(debounce_gives_the_last_item_after_quiet_time)
{
    static const int pauses[] = {0, 0, 0, 40, 0, 40, 0};
    script s = {.pauses_ms = pauses, .count = 7};
    int held, item = 0;
    weir_debounce d = {.from = {script_next, &s, &held, sizeof held},
                       .quiet = weir_milliseconds(10)};
    check_int(weir_debounce_next(io, &d, &item, weir_never()), 0);
    /* On a machine that pauses for long, more quiet passes than the script says, never less. */
    check(item >= 1 && item <= 3);
    check(now(io) - s.given[item - 1].ns >= 10 * MS);
    int last = item, count = 1;
    while (weir_debounce_next(io, &d, &item, weir_never()) == 0) {
        check(item > last);
        if (item < 7) check(now(io) - s.given[item - 1].ns >= 10 * MS);
        last = item;
        count++;
    }
    check_int(last, 7);
    check(count >= 3);
    check_int(weir_debounce_next(io, &d, &item, weir_never()), WEIR_ECLOSED);
    check_int(s.asked_after_end, 1);
}

CONTRACT(debounce_keeps_what_it_holds_when_its_caller_gives_up)
{
    static const int pauses[] = {0, 100000};
    script s = {.pauses_ms = pauses, .count = 2};
    int held, item = 0;
    weir_debounce d = {.from = {script_next, &s, &held, sizeof held},
                       .quiet = weir_milliseconds(20)};
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(1));
    check_int(weir_debounce_next(io, &d, &item, soon), WEIR_EDEADLINE);
    weir_recancel(io);
    check_int(weir_debounce_next(io, &d, &item, weir_never()), WEIR_ECANCELED);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(1));
    check_int(weir_debounce_next(io, &d, &item, weir_never()), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check_int(item, 0);
    check_int(weir_debounce_next(io, &d, &item, weir_never()), 0);
    check_int(item, 1);
    check(now(io) - s.given[0].ns >= 20 * MS);
    soon = weir_deadline_after(io, weir_milliseconds(1));
    check_int(weir_debounce_next(io, &d, &item, soon), WEIR_EDEADLINE);
}

CONTRACT(throttle_gives_the_first_item_and_then_the_latest_of_each_period)
{
    static const int pauses[] = {0, 0, 0, 0, 45, 0, 0};
    script s = {.pauses_ms = pauses, .count = 7};
    int held, item = 0;
    weir_throttle t = {.from = {script_next, &s, &held, sizeof held},
                       .period = weir_milliseconds(15)};
    check_int(weir_throttle_next(io, &t, &item, weir_never()), 0);
    check_int(item, 1);
    int64_t before = now(io);
    check_int(weir_throttle_next(io, &t, &item, weir_never()), 0);
    check_int(item, 4);
    check(now(io) - before >= 15 * MS - MS);
    before = now(io);
    int last = item, count = 0;
    while (weir_throttle_next(io, &t, &item, weir_never()) == 0) {
        check(item > last);
        if (item < 7) check(now(io) - before >= 15 * MS - MS);
        before = now(io);
        last = item;
        count++;
    }
    check_int(last, 7);
    check(count >= 1);
    check_int(weir_throttle_next(io, &t, &item, weir_never()), WEIR_ECLOSED);
    check_int(s.asked_after_end, 1);
}

CONTRACT(throttle_keeps_what_it_holds_when_its_caller_gives_up)
{
    static const int pauses[] = {0, 0, 100000};
    script s = {.pauses_ms = pauses, .count = 3};
    int held, item = 0;
    weir_throttle t = {.from = {script_next, &s, &held, sizeof held},
                       .period = weir_milliseconds(20)};
    check_int(weir_throttle_next(io, &t, &item, weir_never()), 0);
    check_int(weir_throttle_next(io, &t, &item, (weir_deadline){0}), WEIR_EDEADLINE);
    weir_recancel(io);
    check_int(weir_throttle_next(io, &t, &item, weir_never()), WEIR_ECANCELED);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(1));
    check_int(weir_throttle_next(io, &t, &item, weir_never()), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check_int(item, 1);
    check_int(weir_throttle_next(io, &t, &item, weir_never()), 0);
    check_int(item, 2);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(1));
    check_int(weir_throttle_next(io, &t, &item, soon), WEIR_EDEADLINE);
}

/* A source that always has another. */
static int always(weir_io *io, void *source, void *item, weir_deadline deadline)
{
    (void)deadline;
    int error = weir_yield(io);
    if (!error) *(int *)item = ++*(int *)source;
    return error;
}

CONTRACT(throttle_gives_a_late_caller_the_latest_and_is_not_held_by_an_endless_source)
{
    int source = 0, held, item = 0, last = 0;
    weir_throttle t = {.from = {always, &source, &held, sizeof held},
                       .period = weir_milliseconds(2)};
    for (int i = 0; i < 5; i++) {
        weir_instant before = weir_now(io, WEIR_CLOCK_MONOTONIC);
        check_int(weir_throttle_next(io, &t, &item, weir_never()), 0);
        check_int(item, source);
        check(item > last);
        check(i == 0 || weir_now(io, WEIR_CLOCK_MONOTONIC).ns - before.ns < 10000 * (int64_t)MS);
        last = item;
        if (i % 2) check_int(weir_sleep(io, weir_milliseconds(5)), 0);
    }
}

CONTRACT(debounce_and_throttle_can_be_stacked)
{
    static const int pauses[] = {0, 0, 30, 0};
    script s = {.pauses_ms = pauses, .count = 4};
    int held[2], item = 0, last = 0;
    weir_throttle t = {.from = {script_next, &s, &held[0], sizeof held[0]},
                       .period = weir_milliseconds(2)};
    weir_debounce d = {.from = {weir_throttle_next, &t, &held[1], sizeof held[1]},
                       .quiet = weir_milliseconds(5)};
    test_alloc_reset();
    while (weir_debounce_next(io, &d, &item, weir_never()) == 0) {
        check(item > last);
        last = item;
    }
    check_int(test_alloc_count(), 0);
    check_int(last, 4);
}

/* Items of another task, at random times: what comes out is in order and ends with the last. */
typedef struct feed {
    weir_notify notify;
    int made; /* atomic */
    int count;
    int seen;
    uint64_t seed;
} feed;

static int feed_run(weir_io *io, void *argument)
{
    feed *f = argument;
    for (int i = 1; i <= f->count; i++) {
        __atomic_store_n(&f->made, i, __ATOMIC_SEQ_CST);
        weir_notify_one(io, &f->notify);
        unsigned roll = (unsigned)(test_random(&f->seed) % 20);
        if (roll < 3) check_int(weir_sleep(io, weir_milliseconds(roll)), 0);
        if (roll < 10) weir_yield(io);
    }
    return 0;
}

static int feed_next(weir_io *io, void *source, void *item, weir_deadline deadline)
{
    feed *f = source;
    while (f->seen == __atomic_load_n(&f->made, __ATOMIC_SEQ_CST)) {
        if (f->seen == f->count) return WEIR_ECLOSED;
        int error = weir_notify_wait_until(io, &f->notify, deadline);
        if (error) return error;
    }
    *(int *)item = ++f->seen;
    return 0;
}

CONTRACT(the_last_item_of_a_random_feed_always_comes_out)
{
    uint64_t seed = test_seed();
    for (int round = 0; round < 10; round++) {
        feed f = {.count = 40, .seed = test_random(&seed)};
        int held, item = 0, last = 0;
        weir_debounce d = {.from = {feed_next, &f, &held, sizeof held},
                           .quiet = weir_microseconds(500)};
        weir_throttle t = {.from = {feed_next, &f, &held, sizeof held},
                           .period = weir_microseconds(500)};
        weir_task task = {0};
        check_int(weir_concurrent(io, &task, feed_run, &f, NULL), 0);
        for (;;) {
            int error = round % 2 ? weir_debounce_next(io, &d, &item, weir_never())
                                  : weir_throttle_next(io, &t, &item, weir_never());
            if (error) {
                check_int(error, WEIR_ECLOSED);
                break;
            }
            check(item > last);
            last = item;
        }
        check_int(last, f.count);
        check_int(weir_await(io, &task, NULL), 0);
    }
}
