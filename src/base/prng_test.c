/* SPDX-License-Identifier: MIT
 *
 * Does the generator give the published sequence, and numbers below a bound without bias?
 */
#include "test/harness/test.h"

#include <string.h>

#include "base/prng.h"

TEST(the_sequence_is_that_of_the_reference)
{
    static const uint64_t expected[] = {UINT64_C(11520),
                                        UINT64_C(0),
                                        UINT64_C(1509978240),
                                        UINT64_C(1215971899390074240),
                                        UINT64_C(1216172134540287360),
                                        UINT64_C(607988272756665600),
                                        UINT64_C(16172922978634559625),
                                        UINT64_C(8476171486693032832),
                                        UINT64_C(10595114339597558777),
                                        UINT64_C(2904607092377533576)};
    weir_prng prng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_true(weir_prng_next(&prng) == expected[i]);
}

TEST(a_seed_is_spread_by_splitmix)
{
    weir_prng prng;
    weir_prng_seed(&prng, 0);
    assert_true(prng.state[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(prng.state[1] == UINT64_C(0x6e789e6aa1b965f4));
}

TEST(seeds_repeat_and_differ)
{
    weir_prng a, b, c;
    weir_prng_seed(&a, 7);
    weir_prng_seed(&b, 7);
    weir_prng_seed(&c, 8);
    int same = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t x = weir_prng_next(&a);
        assert_true(x == weir_prng_next(&b));
        same += x == weir_prng_next(&c);
    }
    assert_int_equal(same, 0);
}

TEST(numbers_below_a_bound_stay_below_and_reach_all)
{
    weir_prng prng;
    weir_prng_seed(&prng, test_seed());
    assert_true(weir_prng_below(&prng, 0) == 0);
    assert_true(weir_prng_below(&prng, 1) == 0);
    int seen[10] = {0};
    for (int i = 0; i < 100000; i++) {
        uint64_t x = weir_prng_below(&prng, 10);
        assert_true(x < 10);
        seen[x]++;
    }
    /* 10,000 each with a standard deviation of 95: ten of them away is no accident. */
    for (int i = 0; i < 10; i++) assert_in_range(seen[i], 9050, 10950);
}

TEST(a_bound_just_over_half_the_range_is_not_biased)
{
    weir_prng prng;
    weir_prng_seed(&prng, test_seed());
    uint64_t bound = (UINT64_C(1) << 63) + (UINT64_C(1) << 62);
    int low = 0;
    for (int i = 0; i < 30000; i++) {
        uint64_t x = weir_prng_below(&prng, bound);
        assert_true(x < bound);
        low += x < bound / 3;
    }
    assert_in_range(low, 10000 - 820, 10000 + 820);
}

TEST(fill_writes_exactly_its_bytes_for_every_length)
{
    for (size_t len = 0; len <= 40; len++) {
        unsigned char out[42], whole[40];
        weir_prng prng;
        memset(out, 0xa5, sizeof out);
        weir_prng_seed(&prng, 3);
        weir_prng_fill(&prng, whole, sizeof whole);
        weir_prng_seed(&prng, 3);
        weir_prng_fill(&prng, out + 1, len);
        assert_int_equal(out[0], 0xa5);
        assert_memory_equal(out + 1, whole, len);
        assert_int_equal(out[len + 1], 0xa5);
    }
}
