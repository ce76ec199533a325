/* SPDX-License-Identifier: MIT
 *
 * Does arithmetic on durations and instants saturate as it says, at the edges and for numbers drawn
 * at random, beside arithmetic of 128 bits; and is a duration printed by the rules?
 */
#include "test/harness/test.h"

#include <string.h>

#include <weir/base/time.h>

typedef __int128 wide;

enum { BILLION = 1000000000 };

static int64_t clamp(wide n)
{
    return n > INT64_MAX ? INT64_MAX : n < INT64_MIN ? INT64_MIN : (int64_t)n;
}

static weir_duration span(int64_t ns)
{
    return weir_nanoseconds(ns);
}

static weir_instant at(int64_t ns)
{
    weir_instant t = {ns};
    return t;
}

/* What the header says about forever, and the clamped true value otherwise. */
static int64_t model_add(int64_t a, int64_t b)
{
    return a == INT64_MAX || b == INT64_MAX ? INT64_MAX : clamp((wide)a + b);
}

static int64_t model_sub(int64_t a, int64_t b)
{
    if (a == INT64_MAX) return INT64_MAX;
    return b == INT64_MAX ? INT64_MIN : clamp((wide)a - b);
}

static int64_t model_scale(int64_t a, int64_t n)
{
    return a == INT64_MAX && n < 0 ? INT64_MIN : clamp((wide)a * n);
}

static int64_t model_quotient(int64_t ns, int64_t unit, bool up)
{
    if (ns == INT64_MAX) return ns;
    /* The largest multiple that is not above, then toward zero or up. */
    wide q = (wide)ns / unit;
    while (q * unit > ns) q--;
    bool whole = q * unit == ns;
    return (int64_t)(whole ? q : up || ns < 0 ? q + 1 : q);
}

static void check_pair(int64_t a, int64_t b)
{
    assert_true(weir_duration_add(span(a), span(b)).ns == model_add(a, b));
    assert_true(weir_duration_sub(span(a), span(b)).ns == model_sub(a, b));
    assert_true(weir_duration_scale(span(a), b).ns == model_scale(a, b));
    assert_int_equal(weir_duration_compare(span(a), span(b)), a < b ? -1 : a > b);
    assert_true(weir_duration_min(span(a), span(b)).ns == (a < b ? a : b));
    assert_true(weir_duration_max(span(a), span(b)).ns == (a < b ? b : a));

    assert_true(weir_instant_add(at(a), span(b)).ns == model_add(a, b));
    assert_true(weir_instant_sub(at(a), span(b)).ns == model_sub(a, b));
    assert_int_equal(weir_instant_compare(at(a), at(b)), a < b ? -1 : a > b);
    assert_true(weir_instant_min(at(a), at(b)).ns == (a < b ? a : b));
    assert_true(weir_instant_max(at(a), at(b)).ns == (a < b ? b : a));
    const int64_t until = b == INT64_MAX ? INT64_MAX : clamp((wide)b - a);
    assert_true(weir_instant_until(at(a), at(b)).ns == until);
    const int64_t since = a <= b ? 0 : a == INT64_MAX ? INT64_MAX : clamp((wide)a - b);
    assert_true(weir_instant_since(at(a), at(b)).ns == since);

    const int64_t left = a == INT64_MAX ? INT64_MAX : a > b ? clamp((wide)a - b) : 0;
    assert_true(weir_deadline_remaining(at(a), at(b)).ns == left);
    assert_int_equal(weir_deadline_passed(at(a), at(b)), a != INT64_MAX && a <= b);
    assert_int_equal(weir_deadline_check(at(a), at(b)),
                     a != INT64_MAX && a <= b ? WEIR_EDEADLINE : 0);
    assert_true(weir_deadline_extend(at(a), span(b)).ns == model_add(a, b));
}

static void check_one(int64_t a)
{
    const wide units[] = {
        1, 1000, 1000000, BILLION, (wide)60 * BILLION, (wide)3600 * BILLION, (wide)86400 * BILLION};
    weir_duration (*const make[])(int64_t) = {
        weir_nanoseconds, weir_microseconds, weir_milliseconds, weir_seconds,
        weir_minutes,     weir_hours,        weir_days};
    for (size_t i = 0; i < 7; i++) assert_true(make[i](a).ns == clamp(a * units[i]));
    assert_true(weir_duration_negate(span(a)).ns == (a == INT64_MAX ? INT64_MIN : clamp(-(wide)a)));
    assert_true(weir_duration_to_nanoseconds(span(a)) == a);
    assert_true(weir_duration_to_microseconds(span(a)) == model_quotient(a, 1000, false));
    assert_true(weir_duration_to_milliseconds(span(a)) == model_quotient(a, 1000000, false));
    assert_true(weir_duration_to_seconds(span(a)) == model_quotient(a, BILLION, false));
    assert_true(weir_duration_to_microseconds_up(span(a)) == model_quotient(a, 1000, true));
    assert_true(weir_duration_to_milliseconds_up(span(a)) == model_quotient(a, 1000000, true));
    assert_true(weir_duration_to_seconds_up(span(a)) == model_quotient(a, BILLION, true));
    assert_int_equal(weir_is_forever(span(a)), a == INT64_MAX);
    assert_int_equal(weir_is_never(at(a)), a == INT64_MAX);
}

static const int64_t edges[] = {INT64_MIN,
                                INT64_MIN + 1,
                                INT64_MIN / 2,
                                -BILLION - 1,
                                -BILLION,
                                -1000001,
                                -1000,
                                -999,
                                -2,
                                -1,
                                0,
                                1,
                                2,
                                999,
                                1000,
                                1001,
                                999999,
                                1000000,
                                BILLION - 1,
                                BILLION,
                                INT64_MAX / 2,
                                INT64_MAX - 1,
                                INT64_MAX,
                                INT64_MAX / BILLION};

TEST(arithmetic_saturates_at_every_edge)
{
    const size_t n = sizeof edges / sizeof edges[0];
    for (size_t i = 0; i < n; i++) {
        check_one(edges[i]);
        for (size_t j = 0; j < n; j++) check_pair(edges[i], edges[j]);
    }
}

/* Small and large numbers alike, of both signs, at times an edge. */
static int64_t draw(uint64_t *state)
{
    const uint64_t shape = test_random(state), bits = test_random(state);
    if (shape % 8 == 0) return edges[bits % (sizeof edges / sizeof edges[0])];
    const int64_t magnitude = (int64_t)(bits >> (1 + shape / 8 % 63));
    return shape >> 63 ? -magnitude : magnitude;
}

TEST(arithmetic_is_that_of_128_bits_for_random_numbers)
{
    uint64_t state = test_seed();
    for (int i = 0; i < 200000; i++) {
        const int64_t a = draw(&state), b = draw(&state);
        check_one(a);
        check_pair(a, b);
    }
}

TEST(forever_does_not_wear_down)
{
    const weir_duration forever = weir_forever(), day = weir_days(1);
    assert_true(weir_is_forever(weir_duration_sub(forever, day)));
    assert_true(weir_is_forever(weir_duration_add(weir_duration_negate(day), forever)));
    assert_true(weir_is_forever(weir_duration_sub(forever, forever)));
    assert_true(weir_is_forever(weir_duration_negate(weir_duration_negate(forever))));
    assert_true(weir_is_forever(weir_milliseconds(weir_duration_to_milliseconds(forever))));
    assert_true(weir_is_forever(weir_seconds(weir_duration_to_seconds_up(forever))));
    assert_true(weir_is_never(weir_instant_add(at(-5), forever)));
    assert_true(weir_is_never(weir_instant_sub(weir_never(), day)));
    assert_true(weir_is_never(weir_deadline_extend(weir_never(), weir_duration_negate(day))));
    assert_true(weir_is_forever(weir_instant_until(at(BILLION), weir_never())));
    assert_true(weir_is_forever(weir_deadline_remaining(weir_never(), at(INT64_MAX - 1))));
    assert_false(weir_deadline_passed(weir_never(), weir_never()));
    assert_true(weir_deadline_passed(at(0), weir_never()));
}

TEST(a_duration_is_printed_by_the_rules)
{
    static const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        {0, "0 s"},
        {1, "1 ns"},
        {999, "999 ns"},
        {1000, "1 us"},
        {1001, "1.001 us"},
        {1500, "1.5 us"},
        {1050000, "1.05 ms"},
        {1500000, "1.5 ms"},
        {999999, "999.999 us"},
        {999999999, "999.999 ms"},
        {5 * (int64_t)BILLION, "5 s"},
        {BILLION + 999999, "1 s"},
        {1100 * (int64_t)1000000, "1.1 s"},
        {60 * (int64_t)BILLION - 1, "59.999 s"},
        {60 * (int64_t)BILLION, "1 min"},
        {61 * (int64_t)BILLION - 1, "1 min"},
        {90 * (int64_t)BILLION, "1 min 30 s"},
        {3600 * (int64_t)BILLION - 1, "59 min 59 s"},
        {3600 * (int64_t)BILLION, "1 h"},
        {7380 * (int64_t)BILLION, "2 h 3 min"},
        {3659 * (int64_t)BILLION, "1 h"},
        {86400 * (int64_t)BILLION, "1 d"},
        {(86400 + 3599) * (int64_t)BILLION, "1 d"},
        {(292 * 86400 + 3600) * (int64_t)BILLION, "292 d 1 h"},
        {INT64_MAX - 1, "106751 d 23 h"},
        {INT64_MAX, "forever"},
        {-1, "-1 ns"},
        {-1500000, "-1.5 ms"},
        {-7380 * (int64_t)BILLION, "-2 h 3 min"},
        {INT64_MIN + 1, "-106751 d 23 h"},
        {INT64_MIN, "-forever"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[WEIR_DURATION_ROOM + 1];
        memset(out, '#', sizeof out);
        assert_int_equal(weir_duration_print(span(rows[i].ns), out, WEIR_DURATION_ROOM),
                         strlen(rows[i].text));
        assert_string_equal(out, rows[i].text);
        assert_int_equal(out[WEIR_DURATION_ROOM], '#');
    }
}

TEST(a_printed_duration_is_cut_to_its_room)
{
    for (size_t size = 0; size <= 12; size++) {
        char out[13];
        memset(out, '#', sizeof out);
        assert_int_equal(weir_duration_print(weir_minutes(123), out, size), 9);
        const size_t kept = size == 0 ? 0 : size - 1 < 9 ? size - 1 : 9;
        assert_memory_equal(out, "2 h 3 min", kept);
        assert_int_equal(out[kept], size ? 0 : '#');
        for (size_t i = kept + 1; i < sizeof out; i++) assert_int_equal(out[i], '#');
    }
}

TEST(every_printed_duration_fits_its_room)
{
    uint64_t state = test_seed();
    for (int i = 0; i < 20000; i++) {
        char out[WEIR_DURATION_ROOM];
        const weir_duration d = span(draw(&state));
        assert_true(weir_duration_print(d, out, sizeof out) < sizeof out);
        assert_int_equal(out[0] == '-', d.ns < 0);
    }
}
