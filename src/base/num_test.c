/* SPDX-License-Identifier: MIT
 *
 * Are only digits numbers, is every overflow seen, and does reading undo writing?
 */
#include "test/harness/test.h"

#include <inttypes.h>
#include <stdio.h>

#include <weir/base/error.h>
#include <weir/base/num.h>

static int decimal(const char *text, uint64_t max, uint64_t *out)
{
    return weir_decimal_parse(weir_bytes_text(text), max, out);
}

static int hex(const char *text, uint64_t max, uint64_t *out)
{
    return weir_hex_parse(weir_bytes_text(text), max, out);
}

TEST(what_is_not_only_digits_is_no_number)
{
    static const char *const bad[] = {
        "",    " ",   "1 ", " 1",   "+1",  "-1",  "1_0",
        "1,0", "0x1", "1.", "1e",   "/",   ":",   "@",
        "G",   "g",   "`",  "\xb2", "1\n", "\t1", "99999999999999999999999x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t out = 77;
        assert_int_equal(decimal(bad[i], UINT64_MAX, &out), WEIR_EINVAL);
        assert_true(out == 77);
    }
    uint64_t out = 77;
    assert_int_equal(decimal("a", UINT64_MAX, &out), WEIR_EINVAL);
    assert_int_equal(hex("g", UINT64_MAX, &out), WEIR_EINVAL);
    assert_int_equal(hex("0x1", UINT64_MAX, &out), WEIR_EINVAL);
    assert_int_equal(hex("-1", UINT64_MAX, &out), WEIR_EINVAL);
    assert_int_equal(weir_decimal_parse(weir_bytes_of("1\0", 2), 9, &out), WEIR_EINVAL);
    assert_int_equal(weir_decimal_parse(weir_bytes_of(NULL, 0), 9, &out), WEIR_EINVAL);
    assert_true(out == 77);
}

TEST(limits_and_overflows_are_told_apart_from_nonsense)
{
    uint64_t out = 77;
    assert_int_equal(decimal("65536", 65535, &out), WEIR_ELIMIT);
    assert_int_equal(decimal("1", 0, &out), WEIR_ELIMIT);
    assert_int_equal(decimal("18446744073709551616", UINT64_MAX, &out), WEIR_ELIMIT);
    assert_int_equal(decimal("18446744073709551620", UINT64_MAX, &out), WEIR_ELIMIT);
    assert_int_equal(decimal("184467440737095516150", UINT64_MAX, &out), WEIR_ELIMIT);
    assert_int_equal(decimal("340282366920938463463374607431768211456", UINT64_MAX, &out),
                     WEIR_ELIMIT);
    assert_int_equal(hex("10000000000000000", UINT64_MAX, &out), WEIR_ELIMIT);
    assert_int_equal(hex("100", 0xff, &out), WEIR_ELIMIT);
    assert_true(out == 77);
}

TEST(numbers_up_to_the_limit_are_read)
{
    uint64_t out;
    assert_int_equal(decimal("0", 0, &out), 0);
    assert_true(out == 0);
    assert_int_equal(decimal("65535", 65535, &out), 0);
    assert_true(out == 65535);
    assert_int_equal(decimal("18446744073709551615", UINT64_MAX, &out), 0);
    assert_true(out == UINT64_MAX);
    assert_int_equal(decimal("00000000000000000000000000000000000000000000000012", 12, &out), 0);
    assert_true(out == 12);
    assert_int_equal(hex("FfFfFfFfFfFfFfFf", UINT64_MAX, &out), 0);
    assert_true(out == UINT64_MAX);
    assert_int_equal(hex("aBcDeF0123456789", UINT64_MAX, &out), 0);
    assert_true(out == UINT64_C(0xabcdef0123456789));
}

TEST(numbers_are_written_as_printf_does_and_read_back)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 20000; i++) {
        uint64_t value =
            i < 2 ? 0 - (uint64_t)i : test_random(&random) >> test_random(&random) % 64;
        uint64_t back;
        char out[WEIR_DECIMAL_TEXT], expected[32];
        size_t len = (size_t)snprintf(expected, sizeof expected, "%" PRIu64, value);
        assert_int_equal(weir_decimal_print(value, out), len);
        assert_string_equal(out, expected);
        assert_int_equal(decimal(out, value, &back), 0);
        assert_true(back == value);
        len = (size_t)snprintf(expected, sizeof expected, "%" PRIx64, value);
        assert_int_equal(weir_hex_print(value, out), len);
        assert_string_equal(out, expected);
        assert_int_equal(hex(out, value, &back), 0);
        assert_true(back == value);
    }
}
