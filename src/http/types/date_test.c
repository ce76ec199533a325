/* SPDX-License-Identifier: MIT
 *
 * Are HTTP dates written and read as RFC 9110 5.6.7 says, over all years?
 */
#include <time.h>

#include <weir/base/error.h>
#include <weir/http/types/date.h>

#include "test/harness/test.h"

#define NOV_1994 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define NOW_2026 1790000000

static int parse(const char *text, int64_t *seconds)
{
    return weir_http_date_parse(weir_bytes_text(text), NOW_2026, seconds);
}

TEST(the_three_forms_are_one_instant)
{
    const char *forms[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"};
    for (int i = 0; i < 3; i++) {
        int64_t seconds = 0;
        assert_int_equal(parse(forms[i], &seconds), 0);
        assert_int_equal(seconds, NOV_1994);
    }
    char out[WEIR_HTTP_DATE_LEN + 1];
    assert_int_equal(weir_http_date_format(NOV_1994, out), WEIR_HTTP_DATE_LEN);
    assert_string_equal(out, forms[0]);
}

TEST(dates_agree_with_the_c_library_and_parse_back)
{
    uint64_t state = test_seed();
    for (int round = 0; round < 20000; round++) {
        /* 1900 to 9999, where strftime writes four digits of year */
        int64_t seconds = (int64_t)(test_random(&state) % 255611289600u) - 2208988800;
        char out[WEIR_HTTP_DATE_LEN + 1], expected[64];
        time_t t = (time_t)seconds;
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        assert_int_equal(weir_http_date_format(seconds, out), WEIR_HTTP_DATE_LEN);
        assert_string_equal(out, expected);
        int64_t back = 0;
        assert_int_equal(parse(out, &back), 0);
        assert_int_equal(back, seconds);
    }
}

TEST(years_outside_0_to_9999_cannot_be_written)
{
    char out[WEIR_HTTP_DATE_LEN + 1] = "untouched";
    assert_int_equal(weir_http_date_format(INT64_C(253402300800), out), WEIR_EINVAL);
    assert_int_equal(weir_http_date_format(INT64_C(-62167219201), out), WEIR_EINVAL);
    assert_int_equal(weir_http_date_format(INT64_MAX, out), WEIR_EINVAL);
    assert_int_equal(weir_http_date_format(INT64_MIN, out), WEIR_EINVAL);
    assert_string_equal(out, "untouched");
    assert_int_equal(weir_http_date_format(INT64_C(253402300799), out), WEIR_HTTP_DATE_LEN);
    assert_string_equal(out, "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_int_equal(weir_http_date_format(INT64_C(-62167219200), out), WEIR_HTTP_DATE_LEN);
    assert_string_equal(out, "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(a_two_digit_year_is_never_more_than_50_years_ahead)
{
    int64_t y76 = 0, y77 = 0;
    assert_int_equal(parse("Monday, 01-Jan-76 00:00:00 GMT", &y76), 0);
    assert_int_equal(parse("Monday, 01-Jan-77 00:00:00 GMT", &y77), 0);
    assert_int_equal(y76, INT64_C(3345062400)); /* 2076 */
    assert_int_equal(y77, INT64_C(220924800));  /* 1977 */
    assert_int_equal(
        weir_http_date_parse(weir_bytes_text("Monday, 01-Jan-77 00:00:00 GMT"), INT64_MAX, &y77),
        0);
    /* With the clock in year 0, the digits would stand for a year before it. */
    assert_int_equal(
        weir_http_date_parse(weir_bytes_text("Monday, 01-Jan-77 00:00:00 GMT"), INT64_MIN, &y77),
        WEIR_EINVAL);
}

TEST(what_is_no_date_is_refused)
{
    const char *bad[] = {
        "",
        "Sun",
        "Sun,",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 1995 08:49:37 GMT",
        "Thu, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sundays, 06-Nov-94 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "784111777",
        "Fri, 5 Nov 2010 23:07:12 GMT+2",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t seconds = 42;
        if (parse(bad[i], &seconds) != WEIR_EINVAL) fail_msg("accepted: %s", bad[i]);
        assert_int_equal(seconds, 42);
    }
    int64_t leap = 0;
    assert_int_equal(parse("Sat, 31 Dec 2016 23:59:60 GMT", &leap), 0);
    assert_int_equal(leap, 1483228800);
    assert_int_equal(parse("Tue, 29 Feb 2000 00:00:00 GMT", &leap), 0);
}
