/* SPDX-License-Identifier: MIT
 *
 * Does the timer wheel fire what a plain list of deadlines would, never early, and in order?
 */
#include "test/harness/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/wheel.h"

#define TICK ((int64_t)WEIR_WHEEL_TICK_NS)

static int64_t ceil_tick(int64_t ns)
{
    return ns <= 0 ? 0 : ns / TICK + (ns % TICK != 0);
}

/* Advances and counts what fires. */
static int fire_all(weir_wheel *wheel, int64_t now)
{
    int fired = 0;
    for (weir_timer *timer; (timer = weir_wheel_advance(wheel, now)); fired++)
        assert_false(weir_timer_armed(timer));
    return fired;
}

TEST(a_timer_fires_at_the_first_tick_at_or_after_its_deadline)
{
    static const int64_t deadlines[] = {1,         TICK - 1,       TICK,          TICK + 1,
                                        63 * TICK, 64 * TICK,      64 * TICK + 1, 65 * TICK - 1,
                                        1LL << 40, (1LL << 50) + 1};
    for (size_t i = 0; i < sizeof deadlines / sizeof deadlines[0]; i++) {
        weir_wheel wheel;
        weir_timer timer = {0};
        weir_wheel_init(&wheel, 0);
        weir_wheel_arm(&wheel, &timer, deadlines[i]);
        assert_true(weir_timer_armed(&timer));
        assert_int_equal(fire_all(&wheel, ceil_tick(deadlines[i]) * TICK - 1), 0);
        assert_int_equal(fire_all(&wheel, ceil_tick(deadlines[i]) * TICK), 1);
        assert_false(weir_timer_armed(&timer));
    }
}

TEST(a_deadline_in_the_past_fires_at_the_next_advance_even_of_an_old_instant)
{
    static const int64_t deadlines[] = {INT64_MIN, -1, 0, 1, 999 * TICK, 1000 * TICK};
    weir_wheel wheel;
    weir_wheel_init(&wheel, 1000 * TICK + 7);
    for (size_t i = 0; i < sizeof deadlines / sizeof deadlines[0]; i++) {
        weir_timer timer = {0};
        weir_wheel_arm(&wheel, &timer, deadlines[i]);
        assert_true(weir_wheel_next(&wheel) <= 1000 * TICK + 7);
        assert_ptr_equal(weir_wheel_advance(&wheel, 5), &timer);
        assert_null(weir_wheel_advance(&wheel, 5));
    }
}

TEST(never_stays_armed_to_the_end_of_time)
{
    weir_wheel wheel;
    weir_timer never = {0}, last = {0};
    weir_wheel_init(&wheel, 123456789);
    assert_true(weir_wheel_next(&wheel) == INT64_MAX);
    weir_wheel_arm(&wheel, &never, INT64_MAX);
    weir_wheel_arm(&wheel, &last, INT64_MAX / TICK * TICK);
    assert_int_equal(fire_all(&wheel, INT64_MAX / TICK * TICK - 1), 0);
    assert_ptr_equal(weir_wheel_advance(&wheel, INT64_MAX), &last);
    assert_null(weir_wheel_advance(&wheel, INT64_MAX));
    assert_true(weir_timer_armed(&never));
    assert_true(weir_wheel_next(&wheel) == INT64_MAX);
    weir_wheel_cancel(&wheel, &never);
    assert_false(weir_timer_armed(&never));
}

TEST(a_wheel_may_begin_at_any_instant)
{
    static const int64_t begins[] = {INT64_MIN, -TICK, 0, TICK - 1, 1LL << 62, INT64_MAX};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        weir_wheel wheel;
        weir_timer timer = {0};
        weir_wheel_init(&wheel, begins[i]);
        assert_null(weir_wheel_advance(&wheel, begins[i]));
        weir_wheel_arm(&wheel, &timer, begins[i]);
        int64_t next = weir_wheel_next(&wheel);
        if (begins[i] < 0)
            assert_true(next == 0);
        else
            assert_true(next <= begins[i] || next - begins[i] < TICK);
    }
}

TEST(cancel_disarms_in_every_place_of_a_list_and_again_does_nothing)
{
    for (int victim = 0; victim < 3; victim++) {
        weir_wheel wheel;
        weir_timer timers[3] = {{0}};
        weir_wheel_init(&wheel, 0);
        for (int i = 0; i < 3; i++) weir_wheel_arm(&wheel, &timers[i], 5000 * TICK);
        weir_wheel_cancel(&wheel, &timers[victim]);
        weir_wheel_cancel(&wheel, &timers[victim]);
        assert_int_equal(fire_all(&wheel, 5000 * TICK), 2);
        assert_true(weir_wheel_next(&wheel) == INT64_MAX);
    }
}

TEST(arming_an_armed_timer_moves_it)
{
    weir_wheel wheel;
    weir_timer timer = {0};
    weir_wheel_init(&wheel, 0);
    weir_wheel_arm(&wheel, &timer, 10 * TICK);
    weir_wheel_arm(&wheel, &timer, 20 * TICK);
    assert_int_equal(fire_all(&wheel, 19 * TICK), 0);
    weir_wheel_arm(&wheel, &timer, 5 * TICK);
    assert_int_equal(fire_all(&wheel, 19 * TICK), 1);
}

TEST(who_handles_an_expired_timer_may_cancel_and_arm_those_of_the_same_batch)
{
    weir_wheel wheel;
    weir_timer timers[4] = {{0}};
    weir_wheel_init(&wheel, 0);
    for (int i = 0; i < 4; i++) weir_wheel_arm(&wheel, &timers[i], TICK);
    weir_timer *first = weir_wheel_advance(&wheel, TICK);
    assert_non_null(first);
    for (int i = 0; i < 4; i++) weir_wheel_cancel(&wheel, &timers[i]);
    weir_wheel_arm(&wheel, first, 2 * TICK);
    weir_wheel_arm(&wheel, &timers[first == &timers[0]], TICK);
    assert_ptr_equal(weir_wheel_advance(&wheel, TICK), &timers[first == &timers[0]]);
    assert_null(weir_wheel_advance(&wheel, TICK));
    assert_ptr_equal(weir_wheel_advance(&wheel, 2 * TICK), first);
}

/* The model: a timer is a deadline in a table.  Each expired timer may, when popped, cancel another
 * and arm itself or another again. */
enum { TIMERS = 200, STEPS = 4000 };

struct model {
    weir_wheel wheel;
    weir_timer timers[TIMERS];
    bool armed[TIMERS];
    int64_t tick[TIMERS];
    int64_t now;
    uint64_t random;
};

/* Spans of every size, so that every level is used and every boundary is met. */
static int64_t random_span(struct model *m)
{
    int64_t span = (int64_t)(test_random(&m->random) >> (1 + test_random(&m->random) % 63));
    if (test_random(&m->random) % 4 == 0) span = span / TICK * TICK;
    if (test_random(&m->random) % 4 == 0) span = span / (64 * TICK) * (64 * TICK);
    return span;
}

static int64_t later(int64_t now, int64_t span)
{
    return span > INT64_MAX - now ? INT64_MAX : now + span;
}

static void model_arm(struct model *m, int64_t deadline)
{
    size_t i = test_random(&m->random) % TIMERS;
    weir_wheel_arm(&m->wheel, &m->timers[i], deadline);
    m->armed[i] = true;
    /* One that is late already counts from now. */
    m->tick[i] = ceil_tick(deadline);
    if (m->tick[i] < m->now / TICK) m->tick[i] = m->now / TICK;
}

static void model_cancel(struct model *m)
{
    size_t i = test_random(&m->random) % TIMERS;
    weir_wheel_cancel(&m->wheel, &m->timers[i]);
    m->armed[i] = false;
}

static void model_advance(struct model *m)
{
    int64_t reached = 0;
    bool touched = false;
    for (weir_timer *timer; (timer = weir_wheel_advance(&m->wheel, m->now));) {
        size_t i = (size_t)(timer - m->timers);
        assert_true(i < TIMERS && m->armed[i]);
        assert_true(m->tick[i] <= m->now / TICK);
        if (!touched) assert_true(m->tick[i] >= reached);
        reached = m->tick[i];
        m->armed[i] = false;
        if (test_random(&m->random) % 8 == 0) model_cancel(m);
        if (test_random(&m->random) % 8 == 0) {
            model_arm(m, later(m->now, random_span(m)) - random_span(m));
            touched = true;
        }
    }
}

static void model_check(struct model *m)
{
    int64_t next = weir_wheel_next(&m->wheel);
    bool any = false;
    for (size_t i = 0; i < TIMERS; i++) {
        assert_int_equal(m->armed[i], weir_timer_armed(&m->timers[i]));
        if (!m->armed[i]) continue;
        any = true;
        if (m->tick[i] <= INT64_MAX / TICK) assert_true(next <= m->tick[i] * TICK);
    }
    if (!any) assert_true(next == INT64_MAX);
}

static void model_run(uint64_t seed)
{
    struct model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->random = seed;
    m->now = random_span(m);
    weir_wheel_init(&m->wheel, m->now);
    for (int step = 0; step < STEPS; step++) {
        switch (test_random(&m->random) % 8) {
        case 0: model_cancel(m); break;
        case 1: model_arm(m, m->now - random_span(m)); break;
        case 2: {
            /* Jumps small enough that many happen before the end of time, or just to the next. */
            int64_t next = weir_wheel_next(&m->wheel);
            int64_t span = random_span(m) >> 12;
            bool to_next = next > m->now && next != INT64_MAX && test_random(&m->random) % 2;
            m->now = to_next ? next : later(m->now, span);
            model_advance(m);
            for (size_t i = 0; i < TIMERS; i++)
                if (m->armed[i]) assert_true(m->tick[i] > m->now / TICK);
            break;
        }
        default: model_arm(m, later(m->now, random_span(m))); break;
        }
        model_check(m);
    }
    free(m);
}

TEST(the_wheel_agrees_with_a_list_of_deadlines)
{
    uint64_t seed = test_seed();
    for (int run = 0; run < 20; run++) model_run(seed + (uint64_t)run);
}

TEST(following_next_reaches_any_single_timer_in_a_step_per_level)
{
    uint64_t random = test_seed();
    for (int run = 0; run < 10000; run++) {
        weir_wheel wheel;
        weir_timer timer = {0};
        int64_t now = (int64_t)(test_random(&random) >> (2 + test_random(&random) % 62));
        int64_t span = (int64_t)(test_random(&random) >> (2 + test_random(&random) % 62));
        weir_wheel_init(&wheel, now);
        weir_wheel_arm(&wheel, &timer, now + span);
        int steps = 0;
        do {
            assert_true(++steps <= WEIR_WHEEL_LEVELS + 1);
            int64_t next = weir_wheel_next(&wheel);
            if (next > now) now = next;
        } while (!weir_wheel_advance(&wheel, now));
        assert_true(now / TICK == timer.tick || steps == 1);
    }
}
