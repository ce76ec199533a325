/* SPDX-License-Identifier: MIT
 *
 * Is each limit of a head legal exactly, and one more an error at that byte?
 */
#include <stdio.h>

#include "http/wire/testing.h"

static char text[80000];
static size_t len;

static void put(const char *bytes)
{
    size_t n = strlen(bytes);
    memcpy(text + len, bytes, n);
    len += n;
}

static void fill(char c, size_t count)
{
    memset(text + len, c, count);
    len += count;
}

static outcome o;

static int feed(const weir_http_options *options, uint32_t capacity)
{
    begin(&o, &(head_case){.options = options, .capacity = capacity});
    guarded g = guarded_new(len);
    o.result = weir_http_parser_feed(&o.parser, guarded_put(&g, text, len), len);
    outcome bytewise;
    begin(&bytewise, &(head_case){.options = options, .capacity = capacity});
    for (size_t have = 1; have <= len && bytewise.result == 0; have++)
        bytewise.result = weir_http_parser_feed(&bytewise.parser, text, have);
    assert_same_outcome(&o, &bytewise);
    guarded_free(&g);
    return o.result;
}

/* A request line of `line` bytes with its CRLF, and the rest of a request. */
static int feed_line(size_t line, bool rest)
{
    len = 0;
    put("GET /");
    fill('a', line - 16);
    put(" HTTP/1.1\r\n");
    assert_int_equal(len, line);
    if (rest) put("Host: h\r\n\r\n");
    return feed(NULL, 0);
}

TEST(a_request_line_of_8192_bytes_is_the_longest)
{
    assert_true(feed_line(8192, true) > 0);
    assert_int_equal(feed_line(8193, true), WEIR_EHTTP_LINE_LIMIT);
    assert_int_equal(o.parser.error_offset, 8192);
    assert_int_equal(feed_line(20000, true), WEIR_EHTTP_LINE_LIMIT);
    assert_int_equal(o.parser.error_offset, 8192);
}

TEST(a_limit_fails_when_it_is_passed_and_not_when_the_line_ends)
{
    len = 0;
    put("GET /");
    fill('a', 8187);
    assert_int_equal(feed(NULL, 0), 0);
    put("a");
    assert_int_equal(feed(NULL, 0), WEIR_EHTTP_LINE_LIMIT);
    len = 0;
    fill('M', 8193);
    assert_int_equal(feed(NULL, 0), WEIR_EHTTP_LINE_LIMIT);
    len = 0;
    put("GET / HTTP/1.1\r\n");
    fill('N', 16384);
    assert_int_equal(feed(NULL, 0), 0);
    put("N");
    assert_int_equal(feed(NULL, 0), WEIR_EHTTP_FIELD_LIMIT);
}

TEST(empty_lines_before_the_request_are_8_at_most)
{
    len = 0;
    for (int i = 0; i < 8; i++) put("\r\n");
    put("GET / HTTP/1.0\r\n\r\n");
    assert_true(feed(NULL, 0) > 0);
    len = 0;
    for (int i = 0; i < 9; i++) put("\r\n");
    put("GET / HTTP/1.0\r\n\r\n");
    assert_int_equal(feed(NULL, 0), WEIR_EHTTP_REQUEST_LINE);
    assert_int_equal(o.parser.error_offset, 16);
}

static int feed_field(size_t line, bool blank)
{
    len = 0;
    put("GET / HTTP/1.0\r\nX:");
    fill(blank ? ' ' : 'v', line - 4);
    put("\r\n\r\n");
    return feed(NULL, 0);
}

TEST(a_field_line_of_16384_bytes_is_the_longest)
{
    for (int blank = 0; blank < 2; blank++) {
        assert_true(feed_field(16384, blank) > 0);
        assert_int_equal(feed_field(16385, blank), WEIR_EHTTP_FIELD_LIMIT);
        assert_int_equal(o.parser.error_offset, 16 + 16384);
    }
}

static int feed_section(size_t section)
{
    len = 0;
    put("GET / HTTP/1.0\r\n");
    while (section > 0) {
        size_t line = section > 16384 + 4 ? 16384 : section;
        put("X:");
        fill('v', line - 4);
        put("\r\n");
        section -= line;
    }
    put("\r\n");
    return feed(NULL, 0);
}

TEST(field_lines_of_65536_bytes_are_the_most)
{
    assert_true(feed_section(65536) > 0);
    assert_int_equal(feed_section(65540), WEIR_EHTTP_HEAD_LIMIT);
    assert_int_equal(o.parser.error_offset, 16 + 65536);
}

static int feed_count(int fields, const weir_http_options *options, uint32_t capacity)
{
    len = 0;
    put("GET / HTTP/1.0\r\n");
    for (int i = 0; i < fields; i++) put("A:\r\n");
    put("\r\n");
    return feed(options, capacity);
}

TEST(fields_are_128_at_most_and_never_more_than_the_array_holds)
{
    assert_true(feed_count(128, NULL, 0) > 0);
    assert_int_equal(o.parser.count, 128);
    assert_int_equal(feed_count(129, NULL, 0), WEIR_EHTTP_COUNT_LIMIT);
    assert_int_equal(o.parser.error_offset, 16 + 128 * 4);
    assert_true(feed_count(3, NULL, 3) > 0);
    assert_int_equal(feed_count(4, NULL, 3), WEIR_EHTTP_COUNT_LIMIT);
    weir_http_options none = WEIR_HTTP_OPTIONS_DEFAULT;
    none.fields = 0;
    assert_true(feed_count(0, &none, 0) > 0);
    assert_int_equal(feed_count(1, &none, 0), WEIR_EHTTP_COUNT_LIMIT);
}

TEST(a_length_above_the_body_limit_is_refused_with_the_head)
{
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.body = 100;
    len = 0;
    put("POST / HTTP/1.0\r\nContent-Length: 100\r\n\r\n");
    assert_true(feed(&options, 0) > 0);
    len = 0;
    put("POST / HTTP/1.0\r\nContent-Length: 101\r\n\r\n");
    assert_int_equal(feed(&options, 0), WEIR_EHTTP_BODY_LIMIT);
    assert_int_equal(o.parser.error_offset, 33);
}

TEST(a_name_longer_than_its_field_can_say_is_refused)
{
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.field_line = options.field_section = UINT32_MAX;
    len = 0;
    put("GET / HTTP/1.0\r\n");
    fill('n', 65535);
    put(":\r\n\r\n");
    assert_true(feed(&options, 0) > 0);
    assert_int_equal(o.fields[0].name_len, 65535);
    len = 0;
    put("GET / HTTP/1.0\r\n");
    fill('n', 65536);
    put(":\r\n\r\n");
    assert_int_equal(feed(&options, 0), WEIR_EHTTP_FIELD_LIMIT);
}
