/* SPDX-License-Identifier: MIT
 *
 * Is exactly the set of encoded code points taken, each at every place in a text?
 */
#include "test/harness/test.h"

#include <string.h>

#include <weir/base/utf8.h>

/* The encoding by arithmetic; 0 for what is no scalar value. */
static size_t encode(uint32_t code, unsigned char *out)
{
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
    if (code < 0x80) return out[0] = (unsigned char)code, 1;
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len; --i > 0; code >>= 6) out[i] = (unsigned char)(0x80 | (code & 0x3f));
    static const unsigned char heads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (unsigned char)(heads[len] | code);
    return len;
}

/* The code point that well-formed bytes would mean, by a decoder that checks nothing. */
static uint32_t decode(const unsigned char *p, size_t len)
{
    uint32_t code = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) code = code << 6 | (p[i] & 0x3fu);
    return code;
}

static size_t prefix(const void *data, size_t len)
{
    return weir_utf8_prefix(weir_bytes_of(data, len));
}

TEST(every_scalar_value_is_well_formed_and_every_cut_of_it_is_not)
{
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        unsigned char text[4];
        size_t len = encode(code, text);
        if (len == 0) continue;
        assert_int_equal(prefix(text, len), len);
        for (size_t cut = 1; cut < len; cut++) assert_int_equal(prefix(text, cut), 0);
    }
}

TEST(two_and_three_bytes_are_taken_exactly_when_they_encode_a_scalar_value)
{
    for (uint32_t bytes = 0x80; bytes <= 0xff; bytes++) {
        for (uint32_t rest = 0; rest <= 0xffff; rest++) {
            unsigned char p[4] = {(unsigned char)bytes, (unsigned char)(rest >> 8),
                                  (unsigned char)rest};
            unsigned char again[4];
            bool expected = false;
            for (size_t len = 2; len <= 3; len++)
                expected = expected ||
                           (encode(decode(p, len), again) == len && memcmp(p, again, len) == 0);
            assert_int_equal(prefix(p, 3) >= 2, expected);
        }
    }
}

TEST(four_bytes_are_taken_exactly_when_they_encode_a_scalar_value)
{
    static const unsigned char tails[] = {0x00, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    for (int first = 0xf0; first <= 0xff; first++) {
        for (int second = 0; second <= 0xff; second++) {
            for (size_t i = 0; i < 64; i++) {
                unsigned char p[4] = {(unsigned char)first, (unsigned char)second, tails[i / 8],
                                      tails[i % 8]};
                unsigned char again[4];
                bool expected =
                    first < 0xf8 && encode(decode(p, 4), again) == 4 && memcmp(p, again, 4) == 0;
                assert_int_equal(prefix(p, 4) == 4, expected);
            }
        }
    }
}

TEST(the_prefix_ends_at_the_first_bad_byte_wherever_it_stands)
{
    char text[64];
    assert_int_equal(prefix(NULL, 0), 0);
    assert_true(weir_utf8_valid(weir_bytes_text(NULL)));
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'a', sizeof text);
        text[at] = '\xff';
        assert_int_equal(prefix(text, sizeof text), at);
        assert_false(weir_utf8_valid(weir_bytes_of(text, sizeof text)));
        if (at + 1 == sizeof text) continue;
        memcpy(text + at, "\xc3\xbc", 2);
        assert_true(weir_utf8_valid(weir_bytes_of(text, sizeof text)));
        assert_int_equal(prefix(text, at + 1), at);
    }
}

static const char *shown(const char *text, size_t len)
{
    static char out[64];
    const size_t whole = weir_utf8_show(weir_bytes_of(text, len), out, sizeof out);
    assert_int_equal(whole, strlen(out));
    return out;
}

TEST(what_a_terminal_would_obey_or_is_no_text_is_shown_by_its_bytes)
{
    assert_string_equal(shown("", 0), "");
    assert_string_equal(shown("plain, \"gr\xc3\xbc\xc3\x9f\" \xf0\x9f\x99\x82", 20),
                        "plain, \"gr\xc3\xbc\xc3\x9f\" \xf0\x9f\x99\x82");
    assert_string_equal(shown("\x1b[2J\r\n\0\x7f", 8), "\\x1B[2J\\x0D\\x0A\\x00\\x7F");
    assert_string_equal(shown("\xc2\x80\xc2\x9f\xc2\xa0", 6), "\\xC2\\x80\\xC2\\x9F\xc2\xa0");
    assert_string_equal(shown("\xe2\x80\xa7\xe2\x80\xa8", 6), "\xe2\x80\xa7\\xE2\\x80\\xA8");
    assert_string_equal(shown("\xe2\x80\xae\xe2\x80\xaf", 6), "\\xE2\\x80\\xAE\xe2\x80\xaf");
    assert_string_equal(shown("\xe2\x81\xa5\xe2\x81\xa6", 6), "\xe2\x81\xa5\\xE2\\x81\\xA6");
    assert_string_equal(shown("\xe2\x81\xa9\xe2\x81\xaa", 6), "\\xE2\\x81\\xA9\xe2\x81\xaa");
    assert_string_equal(shown("a\xffz\xe2\x82", 5), "a\\xFFz\\xE2\\x82");
}

TEST(what_is_shown_is_cut_between_characters_and_its_whole_length_is_told)
{
    const weir_bytes text = weir_bytes_text("a\n\xc3\xbc"
                                            "b");
    static const char *const cuts[] = {
        "", "a", "a", "a", "a", "a\\x0A", "a\\x0A", "a\\x0A\xc3\xbc", "a\\x0A\xc3\xbc\x62"};
    char out[10];
    for (size_t size = 1; size <= sizeof cuts / sizeof *cuts; size++) {
        memset(out, '#', sizeof out);
        assert_int_equal(weir_utf8_show(text, out, size), 8);
        assert_string_equal(out, cuts[size - 1]);
        assert_true(out[size] == '#');
    }
}

TEST(a_character_is_as_long_as_the_prefix_that_it_is)
{
    assert_int_equal(weir_utf8_character(weir_bytes_of(NULL, 0)), 0);
    assert_int_equal(weir_utf8_character(weir_bytes_text("ab")), 1);
    assert_int_equal(weir_utf8_character(weir_bytes_text("\xc3\xbc"
                                                         "b")),
                     2);
    assert_int_equal(weir_utf8_character(weir_bytes_text("\xe2\x82\xac")), 3);
    assert_int_equal(weir_utf8_character(weir_bytes_text("\xf0\x9f\x99\x82")), 4);
    assert_int_equal(weir_utf8_character(weir_bytes_text("\xf0\x9f\x99")), 0);
    assert_int_equal(weir_utf8_character(weir_bytes_text("\x80")), 0);
}
