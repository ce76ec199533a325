/* SPDX-License-Identifier: MIT
 *
 * Do byte views compare by their bytes alone, and without case for ASCII letters only?
 */
#include "test/harness/test.h"

#include <weir/base/bytes.h>

TEST(views_are_equal_when_length_and_bytes_are)
{
    assert_true(weir_bytes_equal(weir_bytes_text("host"), weir_bytes_of("hostname", 4)));
    assert_false(weir_bytes_equal(weir_bytes_text("host"), weir_bytes_text("Host")));
    assert_false(weir_bytes_equal(weir_bytes_text("host"), weir_bytes_text("hos")));
    assert_true(weir_bytes_equal(weir_bytes_of("a\0b", 3), weir_bytes_of("a\0b", 3)));
    assert_false(weir_bytes_equal(weir_bytes_of("a\0b", 3), weir_bytes_of("a\0c", 3)));
}

TEST(empty_views_are_equal_whatever_they_point_to)
{
    weir_bytes nothing = weir_bytes_text(NULL);
    assert_null(nothing.data);
    assert_int_equal(nothing.len, 0);
    assert_true(weir_bytes_equal(nothing, weir_bytes_of("x", 0)));
    assert_true(weir_bytes_equal_nocase(nothing, weir_bytes_of("x", 0)));
    assert_false(weir_bytes_equal_nocase(nothing, weir_bytes_of("x", 1)));
}

TEST(only_ascii_letters_lose_their_case)
{
    for (int x = 0; x < 256; x++) {
        for (int y = 0; y < 256; y++) {
            bool letters =
                (x >= 'A' && x <= 'Z' && y == x + 32) || (y >= 'A' && y <= 'Z' && x == y + 32);
            char a = (char)x, b = (char)y;
            bool equal = weir_bytes_equal_nocase(weir_bytes_of(&a, 1), weir_bytes_of(&b, 1));
            assert_int_equal(equal, x == y || letters);
        }
    }
}

TEST(a_difference_at_any_place_is_seen_without_case)
{
    char a[] = "Content-Length", b[] = "cONTENT-lENGTH";
    size_t len = sizeof a - 1;
    assert_true(weir_bytes_equal_nocase(weir_bytes_of(a, len), weir_bytes_of(b, len)));
    assert_false(weir_bytes_equal_nocase(weir_bytes_of(a, len), weir_bytes_of(b, len - 1)));
    for (size_t i = 0; i < len; i++) {
        char kept = b[i];
        b[i] = '_';
        assert_false(weir_bytes_equal_nocase(weir_bytes_of(a, len), weir_bytes_of(b, len)));
        b[i] = kept;
    }
}
