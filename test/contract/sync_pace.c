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

/* Whether an item that has its time comes before the deadline follows from the two alone, however
 * long the machine stops between the lines. */
static int script_next(weir_io *io, void *source, void *item, weir_deadline deadline)
{
    script *s = source;
    if (s->next == s->count) {
        s->asked_after_end++;
        return WEIR_ECLOSED;
    }
    int pause = s->pauses_ms[s->next];
    if (s->due.ns == 0) s->due = weir_deadline_after(io, weir_milliseconds(pause));
    if (pause > 0) {
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

enum { MS = 1000000, NEVER_MS = 1000000 };

/* The caller gives up in each way while the pace holds what came: `next` gives nothing. */
static void give_up(weir_io *io, weir_pace_next *next, void *pace, int *item)
{
    int before = *item;
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(1));
    check_int(next(io, pace, item, soon), WEIR_EDEADLINE);
    weir_recancel(io);
    check_int(next(io, pace, item, weir_never()), WEIR_ECANCELED);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(1));
    check_int(next(io, pace, item, weir_never()), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check_int(next(io, pace, item, (weir_deadline){0}), WEIR_EDEADLINE);
    check_int(*item, before);
}

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
    static const int pauses[] = {0, NEVER_MS, NEVER_MS, NEVER_MS};
    script s = {.pauses_ms = pauses, .count = 4};
    int held, item = 0;
    weir_debounce d = {.from = {script_next, &s, &held, sizeof held},
                       .quiet = weir_milliseconds(NEVER_MS)};
    give_up(io, weir_debounce_next, &d, &item);
    /* The second item comes now, and its quiet time passes. */
    s.due = weir_now(io, WEIR_CLOCK_MONOTONIC);
    d.quiet = weir_milliseconds(20);
    check_int(weir_debounce_next(io, &d, &item, weir_never()), 0);
    check_int(item, 2);
    check(now(io) - s.given[1].ns >= 20 * MS);
    /* Nothing is held. */
    give_up(io, weir_debounce_next, &d, &item);
    /* The third is held until the source ends. */
    s.due = weir_now(io, WEIR_CLOCK_MONOTONIC);
    d.quiet = weir_milliseconds(NEVER_MS);
    give_up(io, weir_debounce_next, &d, &item);
    s.count = 3;
    check_int(weir_debounce_next(io, &d, &item, weir_never()), 0);
    check_int(item, 3);
    check_int(weir_debounce_next(io, &d, &item, weir_never()), WEIR_ECLOSED);
}

/* Items are given a period apart: t->state.due is when the next may come, a period after the last
 * was given, which the caller sees only some time later. */
static int throttle_next(weir_io *io, weir_throttle *t, int *item, bool ends)
{
    int64_t due = t->state.due.ns, start = now(io);
    int error = weir_throttle_next(io, t, item, weir_never());
    if (error) return error;
    check(ends || now(io) >= due);
    check(t->state.due.ns >= start + t->period.ns);
    return 0;
}

CONTRACT(throttle_gives_the_first_item_and_then_the_latest_of_each_period)
{
    static const int pauses[] = {0, 0, 0, 0, 45, 0, 0};
    script s = {.pauses_ms = pauses, .count = 7};
    int held, item = 0;
    weir_throttle t = {.from = {script_next, &s, &held, sizeof held},
                       .period = weir_milliseconds(15)};
    check_int(throttle_next(io, &t, &item, false), 0);
    check_int(item, 1);
    check_int(throttle_next(io, &t, &item, false), 0);
    check_int(item, 4);
    int last = item, count = 0;
    while (throttle_next(io, &t, &item, true) == 0) {
        check(item > last);
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
    static const int pauses[] = {NEVER_MS, 0, NEVER_MS};
    script s = {.pauses_ms = pauses, .count = 3};
    int held, item = 0;
    weir_throttle t = {.from = {script_next, &s, &held, sizeof held},
                       .period = weir_milliseconds(NEVER_MS)};
    /* Nothing is held. */
    give_up(io, weir_throttle_next, &t, &item);
    s.due = weir_now(io, WEIR_CLOCK_MONOTONIC);
    check_int(weir_throttle_next(io, &t, &item, weir_never()), 0);
    check_int(item, 1);
    /* The second is held until the source ends. */
    give_up(io, weir_throttle_next, &t, &item);
    s.count = 2;
    check_int(weir_throttle_next(io, &t, &item, weir_never()), 0);
    check_int(item, 2);
    check_int(weir_throttle_next(io, &t, &item, weir_never()), WEIR_ECLOSED);
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
