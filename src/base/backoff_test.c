/* SPDX-License-Identifier: MIT
 *
 * Do delays grow as each kind says, stay between their bounds for every attempt and every random
 * number, and end when the attempts are used up?
 */
#include "test/harness/test.h"

#include <math.h>

#include <weir/base/backoff.h>
#include <weir/base/error.h>

static weir_backoff begin(weir_backoff_options options)
{
    weir_backoff backoff;
    assert_int_equal(weir_backoff_init(&backoff, &options), 0);
    return backoff;
}

static int64_t next(weir_backoff *backoff, uint64_t random)
{
    weir_duration delay = {-1};
    assert_int_equal(weir_backoff_next(backoff, random, &delay), 0);
    return delay.ns;
}

TEST(exponential_delays_double_up_to_the_cap)
{
    weir_backoff b = begin((weir_backoff_options){.base = {100}, .cap = {1000}});
    static const int64_t expected[] = {100, 200, 400, 800, 1000, 1000, 1000};
    for (size_t i = 0; i < 7; i++) assert_int_equal(next(&b, UINT64_MAX), expected[i]);
    weir_backoff_reset(&b);
    assert_int_equal(next(&b, 0), 100);
    assert_int_equal(next(&b, 0), 200);
}

TEST(a_factor_of_its_own_is_kept_to)
{
    weir_backoff b = begin((weir_backoff_options){.base = weir_seconds(1), .factor = 1.5});
    assert_int_equal(next(&b, 0), 1000000000);
    assert_int_equal(next(&b, 0), 1500000000);
    assert_int_equal(next(&b, 0), 2250000000);
    b = begin((weir_backoff_options){.base = {(INT64_C(1) << 53) + 1}, .factor = 1});
    for (int i = 0; i < 5; i++) assert_true(next(&b, 0) == (INT64_C(1) << 53) + 1);
}

TEST(fibonacci_delays_are_the_sums_of_the_two_before)
{
    weir_backoff b =
        begin((weir_backoff_options){.kind = WEIR_BACKOFF_FIBONACCI, .base = {10}, .cap = {200}});
    static const int64_t expected[] = {10, 10, 20, 30, 50, 80, 130, 200, 200};
    for (size_t i = 0; i < 9; i++) assert_int_equal(next(&b, 0), expected[i]);
}

TEST(full_jitter_reaches_from_zero_to_the_bound)
{
    const weir_backoff_options options = {.kind = WEIR_BACKOFF_FULL_JITTER, .base = {100}};
    weir_backoff low = begin(options), middle = begin(options), high = begin(options);
    for (int64_t bound = 100; bound < 100000; bound *= 2) {
        assert_int_equal(next(&low, 0), 0);
        assert_int_equal(next(&middle, UINT64_C(1) << 63), bound / 2);
        assert_int_equal(next(&high, UINT64_MAX), bound);
    }
}

TEST(decorrelated_jitter_follows_the_delay_before)
{
    const weir_backoff_options options = {
        .kind = WEIR_BACKOFF_DECORRELATED, .base = {100}, .cap = {5000}};
    weir_backoff low = begin(options), high = begin(options), b = begin(options);
    static const int64_t longest[] = {300, 900, 2700, 5000, 5000};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(next(&low, 0), 100);
        assert_int_equal(next(&high, UINT64_MAX), longest[i]);
        assert_int_equal(weir_backoff_bound(&b, i).ns, longest[i]);
    }
    assert_int_equal(next(&b, UINT64_MAX), 300);
    assert_int_equal(next(&b, 0), 100);
    assert_int_equal(next(&b, UINT64_MAX), 300);
    weir_backoff_reset(&high);
    assert_int_equal(next(&high, UINT64_MAX), 300);
}

TEST(no_attempt_overflows)
{
    static const uint64_t attempts[] = {0,         1,     5,        31,         32,
                                        61,        62,    63,       64,         92,
                                        100,       65536, 1u << 31, UINT32_MAX, UINT64_MAX - 1,
                                        UINT64_MAX};
    static const double factors[] = {0, 1, 1.0000001, 2, 1e300};
    static const int64_t bases[] = {1, 1000, INT64_MAX / 2 + 1, INT64_MAX - 1, INT64_MAX};
    for (int kind = 0; kind <= WEIR_BACKOFF_FIBONACCI; kind++)
        for (size_t f = 0; f < 5; f++)
            for (size_t i = 0; i < 5; i++) {
                const int64_t base = bases[i];
                weir_backoff b = begin((weir_backoff_options){
                    .kind = (weir_backoff_kind)kind, .base = {base}, .factor = factors[f]});
                int64_t before = 0;
                for (size_t k = 0; k < sizeof attempts / sizeof attempts[0]; k++) {
                    const int64_t bound = weir_backoff_bound(&b, attempts[k]).ns;
                    assert_true(bound >= base && bound >= before);
                    before = bound;
                    if (attempts[k] == UINT64_MAX) continue;
                    b.attempt = attempts[k];
                    const int64_t delay = next(&b, UINT64_MAX);
                    assert_true(delay >= 0 && delay <= bound);
                }
            }
    weir_backoff b = begin((weir_backoff_options){.base = {1}});
    assert_true(weir_backoff_bound(&b, 62).ns == INT64_C(1) << 62);
    assert_true(weir_is_forever(weir_backoff_bound(&b, 63)));
    b = begin((weir_backoff_options){.kind = WEIR_BACKOFF_FIBONACCI, .base = {1}});
    assert_true(weir_backoff_bound(&b, 91).ns == INT64_C(7540113804746346429));
    assert_true(weir_is_forever(weir_backoff_bound(&b, 92)));
}

TEST(random_delays_stay_between_their_bounds)
{
    uint64_t state = test_seed();
    for (int round = 0; round < 2000; round++) {
        weir_backoff_options options = {
            .kind = (weir_backoff_kind)(test_random(&state) % 4),
            .base = {1 + (int64_t)(test_random(&state) >> (1 + test_random(&state) % 62)) / 2},
            .factor = 1 + (double)(test_random(&state) % 1000) / 100};
        const int64_t room = INT64_MAX - options.base.ns;
        options.cap.ns = options.base.ns + (int64_t)(test_random(&state) % (uint64_t)room);
        weir_backoff b = begin(options);
        for (uint64_t k = 0; k < 100; k++) {
            const int64_t bound = weir_backoff_bound(&b, k).ns;
            assert_true(bound <= options.cap.ns);
            const int64_t delay = next(&b, test_random(&state));
            assert_true(delay >= 0 && delay <= bound);
            if (options.kind != WEIR_BACKOFF_FULL_JITTER) assert_true(delay >= options.base.ns);
        }
    }
}

TEST(full_jitter_is_even)
{
    uint64_t state = test_seed();
    weir_backoff b =
        begin((weir_backoff_options){.kind = WEIR_BACKOFF_FULL_JITTER, .base = {9}, .factor = 1});
    unsigned seen[10] = {0};
    for (int i = 0; i < 10000; i++) seen[next(&b, test_random(&state))]++;
    for (int i = 0; i < 10; i++) assert_true(seen[i] > 800 && seen[i] < 1200);
}

TEST(attempts_are_used_up)
{
    weir_backoff b = begin((weir_backoff_options){.base = {5}, .attempts = 2});
    weir_duration delay = {-7};
    for (int round = 0; round < 2; round++) {
        next(&b, 0);
        next(&b, 0);
        delay.ns = -7;
        assert_int_equal(weir_backoff_next(&b, 0, &delay), WEIR_ELIMIT);
        assert_int_equal(delay.ns, -7);
        weir_backoff_reset(&b);
    }
}

TEST(options_out_of_range_are_refused)
{
    const weir_backoff_options bad[] = {
        {.base = {0}},
        {.base = {-1}},
        {.base = {10}, .cap = {9}},
        {.base = {10}, .cap = {-1}},
        {.base = {10}, .factor = 0.99},
        {.base = {10}, .factor = -2},
        {.base = {10}, .factor = NAN},
        {.base = {10}, .factor = INFINITY},
        {.base = {10}, .kind = (weir_backoff_kind)4},
        {.base = {10}, .kind = (weir_backoff_kind)-1},
    };
    weir_backoff b;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(weir_backoff_init(&b, &bad[i]), WEIR_EINVAL);
}
