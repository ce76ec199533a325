/* SPDX-License-Identifier: MIT
 *
 * Is each limit of a head legal exactly, and one more an error at that byte?
 */
#include <stdio.h>

#include "http/wire/scan.h"
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

/* In one piece with every scanner, and byte by byte. */
static int feed(const weir_http_options *options, uint32_t capacity)
{
    begin(&o, &(head_case){.options = options, .capacity = capacity});
    guarded g = guarded_new(len);
    const char *data = guarded_put(&g, text, len);
    o.result = weir_http_parser_feed(&o.parser, data, len);
    outcome other;
    for (const weir_http_scanner *const *scanner = weir_http_scanners(); *scanner; scanner++) {
        weir_http_scanner_use(*scanner);
        begin(&other, &(head_case){.options = options, .capacity = capacity});
        other.result = weir_http_parser_feed(&other.parser, data, len);
        assert_same_outcome(&o, &other);
    }
    weir_http_scanner_use(NULL);
    begin(&other, &(head_case){.options = options, .capacity = capacity});
    for (size_t have = 1; have <= len && other.result == 0; have++)
        other.result = weir_http_parser_feed(&other.parser, text, have);
    assert_same_outcome(&o, &other);
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

static int feed_text(const weir_http_options *options, const char *bytes)
{
    len = 0;
    put(bytes);
    return feed(options, 0);
}

TEST(every_limit_is_the_one_of_the_options)
{
    /* Bytes in which exactly `limit` of what is limited stand before `at`. */
    static const struct {
        size_t member;
        uint32_t limit;
        const char *legal, *over;
        int error;
        uint32_t at;
        int status;
    } cases[] = {
#define LIMIT(member) offsetof(weir_http_options, member)
        {LIMIT(empty_lines), 1, "\r\nGET / HTTP/1.0\r\n\r\n", "\r\n\r\n", WEIR_EHTTP_REQUEST_LINE,
         2, 400},
        {LIMIT(empty_lines), 0, "GET / HTTP/1.0\r\n\r\n", "\r\n", WEIR_EHTTP_REQUEST_LINE, 0, 400},
        {LIMIT(start_line), 16, "\r\nGET / HTTP/1.0\r\n\r\n", "\r\nGET /a HTTP/1.0\r\n",
         WEIR_EHTTP_LINE_LIMIT, 18, 414},
        {LIMIT(start_line), 16, "GET / HTTP/1.0\r\n\r\n", "GETTTTTTTTTTTTTTT",
         WEIR_EHTTP_LINE_LIMIT, 16, 414},
        {LIMIT(field_line), 6, "GET / HTTP/1.0\r\nA: b\r\nC:  \r\n\r\n",
         "GET / HTTP/1.0\r\nA: b\r\nC: dd\r\n", WEIR_EHTTP_FIELD_LIMIT, 28, 431},
        {LIMIT(field_section), 12, "GET / HTTP/1.0\r\nA: b\r\nC: d\r\n\r\n",
         "GET / HTTP/1.0\r\nA: b\r\nC: d\r\nE", WEIR_EHTTP_HEAD_LIMIT, 28, 431},
        {LIMIT(field_section), 0, "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nA",
         WEIR_EHTTP_HEAD_LIMIT, 16, 431},
        {LIMIT(fields), 1, "GET / HTTP/1.0\r\nA: b\r\n\r\n", "GET / HTTP/1.0\r\nA: b\r\nC",
         WEIR_EHTTP_COUNT_LIMIT, 22, 431},
#undef LIMIT
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
        memcpy((char *)&options + cases[i].member, &cases[i].limit, sizeof cases[i].limit);
        if (feed_text(&options, cases[i].legal) <= 0)
            fail_msg("case %zu: %s", i, weir_errname(o.result));
        if (feed_text(&options, cases[i].over) != cases[i].error ||
            o.parser.error_offset != cases[i].at)
            fail_msg("case %zu: %s at %u", i, weir_errname(o.result), o.parser.error_offset);
        assert_int_equal(weir_http_error_status(o.result), cases[i].status);
    }
}

TEST(without_limits_everything_is_taken_but_what_the_array_cannot_hold)
{
    weir_http_options none = {.empty_lines = UINT32_MAX,
                              .start_line = UINT32_MAX,
                              .field_line = UINT32_MAX,
                              .field_section = UINT32_MAX,
                              .fields = UINT32_MAX,
                              .body = UINT64_MAX};
    len = 0;
    for (int i = 0; i < 100; i++) put("\r\n");
    put("GET /");
    fill('a', 30000);
    put(" HTTP/1.0\r\nA:");
    fill('b', 40000);
    put("\r\n");
    for (int i = 0; i < 159; i++) put("C:\r\n");
    put("\r\n");
    assert_int_equal(feed(&none, 0), len);
    assert_int_equal(o.parser.count, 160);
    assert_int_equal(feed(&none, 159), WEIR_EHTTP_COUNT_LIMIT);
    assert_int_equal(o.parser.error_offset, len - 6);
}

TEST(a_message_without_fields_needs_no_array)
{
    static const char *const heads[] = {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nA:\r\n\r\n"};
    for (int i = 0; i < 2; i++) {
        weir_http_parser parser;
        weir_http_parser_request(&parser, NULL, NULL, 0);
        int head = weir_http_parser_feed(&parser, heads[i], strlen(heads[i]));
        assert_int_equal(head, i == 0 ? (int)strlen(heads[i]) : WEIR_EHTTP_COUNT_LIMIT);
    }
}

TEST(each_message_of_a_connection_has_the_limits_anew)
{
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.empty_lines = 1;
    options.start_line = 16;
    options.field_line = options.field_section = 6;
    options.fields = 1;
    const char *head = "\r\nGET / HTTP/1.0\r\nA: b\r\n\r\n";
    weir_http_parser parser;
    weir_http_field field;
    weir_http_parser_request(&parser, &options, &field, 1);
    for (int message = 0; message < 3; message++) {
        assert_int_equal(weir_http_parser_feed(&parser, head, strlen(head)), strlen(head));
        weir_http_parser_reset(&parser);
    }
}

static int feed_response(const weir_http_options *options, weir_http_method method,
                         const char *bytes)
{
    begin(&o, &(head_case){.response = true, .options = options, .method = method});
    o.result = weir_http_parser_feed(&o.parser, bytes, strlen(bytes));
    return o.result;
}

TEST(responses_have_the_same_limits)
{
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.start_line = 19;
    options.body = 4;
    assert_true(feed_response(&options, WEIR_HTTP_GET, "HTTP/1.1 204 Fine\r\n\r\n") > 0);
    assert_int_equal(feed_response(&options, WEIR_HTTP_GET, "HTTP/1.1 204 Fines\r\n\r\n"),
                     WEIR_EHTTP_LINE_LIMIT);
    assert_int_equal(o.parser.error_offset, 19);
    assert_int_equal(feed_response(&options, WEIR_HTTP_GET, "HTTP/1.1 204 Fines Fines"),
                     WEIR_EHTTP_LINE_LIMIT);
    const char *five = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    assert_int_equal(feed_response(&options, WEIR_HTTP_GET, five), WEIR_EHTTP_BODY_LIMIT);
    assert_int_equal(weir_http_error_status(o.result), 413);
    /* Nothing of that length comes, so it is none. */
    assert_true(feed_response(&options, WEIR_HTTP_HEAD, five) > 0);
    assert_int_equal(o.parser.framing.length, 0);
    options.body = 0;
    const char *empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_true(feed_response(&options, WEIR_HTTP_GET, empty) > 0);
}

TEST(every_error_of_the_wire_has_a_status_and_a_rule)
{
    for (int error = WEIR_EHTTP_REQUEST_LINE; error >= WEIR_EHTTP_BODY_LIMIT; error--) {
        int status = weir_http_error_status(error);
        assert_true(status == 400 || status == 413 || status == 414 || status == 431 ||
                    status == 501 || status == 505);
        assert_memory_equal(weir_http_error_section(error), "RFC 911", 7);
    }
    static const int local[] = {
        0, 1, WEIR_EHTTP_NOT_READY, WEIR_EHTTP_SPACE, WEIR_EHTTP_INJECTION, WEIR_EEOF, WEIR_EINVAL};
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
        assert_int_equal(weir_http_error_status(local[i]), 500);
        assert_string_equal(weir_http_error_section(local[i]), "");
    }
}
