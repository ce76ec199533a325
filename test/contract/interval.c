/* SPDX-License-Identifier: MIT
 *
 * Do intervals tick by their schedule, is no tick early, and do the three policies do with missed
 * ticks what they say?
 */
#include "test/contract/contract.h"

#include <weir/io/interval.h>

enum { MS = 1000000 };

static weir_interval fixed(int64_t period, int64_t next, weir_missed missed)
{
    return (weir_interval){.period = {period}, .next = {next}, .missed = missed};
}

static int64_t come(weir_interval *interval, int64_t now)
{
    return weir_interval_advance(interval, (weir_instant){now});
}

/* The arithmetic, fed with instants ---------------------------------------------------------- */

TEST(the_example_of_the_header_holds)
{
    /* Comes for the tick of 20 at 47, then as soon as each next one is due. */
    static const struct {
        weir_missed missed;
        int64_t at[5], late[5];
    } rows[] = {
        {WEIR_MISSED_BURST, {47, 47, 47, 50, 60}, {2, 1, 0, 0, 0}},
        {WEIR_MISSED_SKIP, {47, 50, 60, 70, 80}, {2, 0, 0, 0, 0}},
        {WEIR_MISSED_DELAY, {47, 57, 67, 77, 87}, {2, 0, 0, 0, 0}},
    };
    for (size_t i = 0; i < 3; i++) {
        weir_interval interval = fixed(10, 20, rows[i].missed);
        int64_t now = 47;
        for (size_t k = 0; k < 5; k++) {
            if (interval.next.ns > now) now = interval.next.ns;
            assert_int_equal(now, rows[i].at[k]);
            assert_int_equal(come(&interval, now - (now > 47)),
                             now > 47 ? WEIR_EAGAIN : rows[i].late[k]);
            if (now > 47) assert_int_equal(come(&interval, now), rows[i].late[k]);
        }
    }
}

TEST(a_tick_is_due_from_its_very_instant_and_late_by_whole_periods)
{
    for (int missed = 0; missed < 3; missed++) {
        weir_interval interval = fixed(10, 100, (weir_missed)missed);
        assert_int_equal(come(&interval, 99), WEIR_EAGAIN);
        assert_int_equal(interval.next.ns, 100);
        assert_int_equal(come(&interval, 100), 0);
        assert_int_equal(interval.next.ns, 110);
        assert_int_equal(come(&interval, 119), 0);
        assert_int_equal(interval.next.ns, missed == WEIR_MISSED_DELAY ? 129 : 120);
        interval.next.ns = 120;
        assert_int_equal(come(&interval, 130), 1);
        static const int64_t next[] = {130, 140, 140};
        assert_int_equal(interval.next.ns, next[missed]);
    }
}

TEST(ticks_at_the_ends_of_time_saturate)
{
    for (int missed = 0; missed < 3; missed++) {
        weir_interval interval = fixed(INT64_MAX, 5, (weir_missed)missed);
        assert_int_equal(come(&interval, 5), 0);
        assert_true(weir_is_never(interval.next));
        assert_int_equal(come(&interval, INT64_MAX), WEIR_EAGAIN);

        interval = fixed(INT64_MAX / 2, INT64_MAX - 3, (weir_missed)missed);
        assert_int_equal(come(&interval, INT64_MAX - 1), 0);
        assert_true(weir_is_never(interval.next));

        interval = fixed(1, INT64_MIN, (weir_missed)missed);
        assert_true(come(&interval, INT64_MAX - 1) == INT64_MAX);
        assert_true(interval.next.ns > INT64_MIN);
    }
}

TEST(random_comings_keep_the_promise_of_each_policy)
{
    uint64_t state = test_seed();
    for (int round = 0; round < 3000; round++) {
        const int64_t period = 1 + (int64_t)(test_random(&state) % 1000);
        const weir_missed missed = (weir_missed)(test_random(&state) % 3);
        const int64_t first = (int64_t)(test_random(&state) % 100000);
        weir_interval interval = fixed(period, first, missed);
        int64_t now = first, before = -1, told = 0, left_out = 0;
        for (int i = 0; i < 40; i++) {
            now += (int64_t)(test_random(&state) % (uint64_t)(3 * period));
            const int64_t due = interval.next.ns, late = come(&interval, now);
            if (due > now) {
                assert_int_equal(late, WEIR_EAGAIN);
                assert_int_equal(interval.next.ns, due);
                continue;
            }
            assert_true(late >= 0 && due + late * period <= now && due + (late + 1) * period > now);
            told++;
            if (missed == WEIR_MISSED_SKIP) left_out += late;
            /* BURST tells each tick of the schedule; SKIP all but those that it says it left out.
             */
            if (missed != WEIR_MISSED_DELAY)
                assert_int_equal(interval.next.ns, first + (told + left_out) * period);
            if (missed == WEIR_MISSED_SKIP) assert_true(interval.next.ns > now);
            if (missed == WEIR_MISSED_DELAY) {
                assert_true(before < 0 || now - before >= period);
                before = now;
            }
        }
    }
}

/* Waiting ------------------------------------------------------------------------------------ */

CONTRACT(an_interval_without_a_period_is_refused)
{
    weir_interval interval;
    const weir_interval_options unknown = {.missed = (weir_missed)3};
    check_int(weir_interval_init(io, &interval, weir_nanoseconds(0), NULL), WEIR_EINVAL);
    check_int(weir_interval_init(io, &interval, weir_nanoseconds(-1), NULL), WEIR_EINVAL);
    check_int(weir_interval_init(io, &interval, weir_seconds(1), &unknown), WEIR_EINVAL);
}

CONTRACT(ticks_come_by_the_schedule_and_never_early)
{
    weir_interval interval;
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    check_int(weir_interval_init(io, &interval, weir_milliseconds(3), NULL), 0);
    const int64_t first = interval.next.ns;
    check(first >= start.ns + 3 * MS);
    for (int i = 0; i < 6; i++) {
        check(weir_interval_tick(io, &interval) >= 0);
        check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= first + i * (int64_t)(3 * MS));
        check_int(interval.next.ns, first + (i + 1) * (int64_t)(3 * MS));
    }
}

CONTRACT(a_first_tick_can_be_due_immediately)
{
    weir_interval interval;
    const weir_interval_options options = {.first_immediately = true};
    check_int(weir_interval_init(io, &interval, weir_forever(), &options), 0);
    check_int(weir_interval_tick(io, &interval), 0);
    check(weir_is_never(interval.next));
    check_int(weir_interval_init(io, &interval, weir_forever(), NULL), 0);
    check_int(weir_interval_taken(io, &interval), WEIR_EAGAIN);
}

CONTRACT(missed_ticks_are_told_by_policy)
{
    for (int missed = 0; missed < 3; missed++) {
        weir_interval interval;
        const weir_interval_options options = {.missed = (weir_missed)missed};
        check_int(weir_interval_init(io, &interval, weir_milliseconds(4), &options), 0);
        const int64_t first = interval.next.ns;
        check_int(weir_sleep(io, weir_milliseconds(14)), 0);
        const int64_t late = weir_interval_tick(io, &interval);
        check(late >= 2);
        const int64_t now = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
        if (missed == WEIR_MISSED_BURST) {
            check_int(interval.next.ns, first + 4 * MS);
            check(weir_interval_tick(io, &interval) >= late - 1);
        } else if (missed == WEIR_MISSED_SKIP) {
            check_int(interval.next.ns, first + (late + 1) * 4 * MS);
        } else {
            check(interval.next.ns > first + 14 * MS && interval.next.ns <= now + 4 * MS);
        }
    }
}

static int tick_once(weir_io *io, void *argument)
{
    return (int)weir_interval_tick(io, argument);
}

CONTRACT(a_wait_for_a_tick_is_canceled_and_expires_and_the_tick_is_still_to_come)
{
    weir_interval interval;
    check_int(weir_interval_init(io, &interval, weir_hours(1), NULL), 0);
    const int64_t next = interval.next.ns;
    weir_task task;
    check_int(weir_concurrent(io, &task, tick_once, &interval, NULL), 0);
    contract_settle(io);
    check_int(weir_cancel(io, &task), WEIR_ECANCELED);
    check_int(weir_timeout(io, weir_milliseconds(2), tick_once, &interval), WEIR_EDEADLINE);
    check_int(interval.next.ns, next);
    /* Also when the tick is due: a task that was asked to stop does not get it. */
    interval.next.ns = 1;
    weir_recancel(io);
    check_int(weir_interval_tick(io, &interval), WEIR_ECANCELED);
    check_int(interval.next.ns, 1);
    weir_interval_reset(io, &interval);
    check(interval.next.ns >= next);
    check_int(weir_interval_taken(io, &interval), WEIR_EAGAIN);
}

CONTRACT(a_tick_wins_a_select_and_is_taken)
{
    weir_interval quick, slow;
    check_int(weir_interval_init(io, &quick, weir_milliseconds(2), NULL), 0);
    check_int(weir_interval_init(io, &slow, weir_hours(1), NULL), 0);
    for (int i = 0; i < 3; i++) {
        weir_op ops[2], *both[] = {&ops[0], &ops[1]};
        weir_interval_op(&slow, &ops[0]);
        weir_interval_op(&quick, &ops[1]);
        const int64_t due = quick.next.ns;
        check_int(weir_select(io, both, 2, weir_never()), 1);
        check_int(ops[1].result, 0);
        check_int(ops[0].result, WEIR_ECANCELED);
        check(weir_interval_taken(io, &quick) >= 0);
        check_int(quick.next.ns, due + 2 * MS);
        check_int(weir_interval_taken(io, &slow), WEIR_EAGAIN);
    }
    quick.next.ns = -5;
    weir_op op, *one[] = {&op};
    weir_interval_op(&quick, &op);
    check_int(weir_select(io, one, 1, weir_never()), 0);
    check(weir_interval_taken(io, &quick) > 0);
}
