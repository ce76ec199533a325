/* SPDX-License-Identifier: MIT
 *
 * Does the head parser refuse what it must, at the right byte, however the bytes come?
 */
#include <stdio.h>

#include "http/wire/testing.h"

typedef struct refusal {
    weir_bytes text;
    int error;
    uint32_t offset;
} refusal;

static void check_refusals(const refusal *cases, size_t count, const head_case *how)
{
    for (size_t i = 0; i < count; i++) {
        outcome o;
        feed_all_ways(cases[i].text, how, &o);
        if (o.result != cases[i].error || o.parser.error_offset != cases[i].offset)
            fail_msg("case %zu: %s at %u, expected %s at %u: %.*s", i, weir_errname(o.result),
                     o.parser.error_offset, weir_errname(cases[i].error), cases[i].offset,
                     (int)cases[i].text.len, cases[i].text.data);
        assert_int_equal(weir_http_parser_finish(&o.parser), cases[i].error);
        assert_string_not_equal(weir_http_error_section(o.result), "");
    }
}

#define CHECK(cases, ...) \
    check_refusals(cases, sizeof(cases) / sizeof *(cases), &(head_case){__VA_ARGS__})

#define GET  "GET / HTTP/1.1\r\n"             /* 16 bytes */
#define HOST "GET / HTTP/1.1\r\nHost: h\r\n"  /* 25 bytes */
#define POST "POST / HTTP/1.1\r\nHost: h\r\n" /* 26 bytes */
#define OK   "HTTP/1.1 200 OK\r\n"            /* 17 bytes */

TEST(malformed_request_lines_are_refused_at_the_byte)
{
    const refusal cases[] = {
        {BYTES("GET /\r\n"), WEIR_EHTTP_REQUEST_LINE, 5},
        {BYTES("GET\r\n"), WEIR_EHTTP_REQUEST_LINE, 3},
        {BYTES("GET HTTP/1.1\r\n"), WEIR_EHTTP_REQUEST_LINE, 12},
        {BYTES("GET / http/1.1\r\n"), WEIR_EHTTP_REQUEST_LINE, 6},
        {BYTES("GET / HTTP/1\r\n"), WEIR_EHTTP_REQUEST_LINE, 12},
        {BYTES("GET / HTTP/01.01\r\n"), WEIR_EHTTP_REQUEST_LINE, 12},
        {BYTES("GET / HTTP/ 1.1\r\n"), WEIR_EHTTP_REQUEST_LINE, 11},
        {BYTES("GET / HTTP/1.1 \r\n"), WEIR_EHTTP_REQUEST_LINE, 14},
        {BYTES("GET / HTTP/1.10\r\n"), WEIR_EHTTP_REQUEST_LINE, 14},
        {BYTES("GET /pa th HTTP/1.1\r\n"), WEIR_EHTTP_REQUEST_LINE, 8},
        {BYTES("G@T / HTTP/1.1\r\n"), WEIR_EHTTP_METHOD, 1},
        {BYTES(" GET / HTTP/1.1\r\n"), WEIR_EHTTP_METHOD, 0},
        {BYTES("GET\t/ HTTP/1.1\r\n"), WEIR_EHTTP_METHOD, 3},
        {BYTES("\x16\x03\x01\x02\x00"), WEIR_EHTTP_METHOD, 0},
        {BYTES("GET  / HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 4},
        {BYTES("GET /\x00 HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 5},
        {BYTES("GET /a\x7F HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 6},
        {BYTES("GET /caf\xC3\xA9 HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 8},
        {BYTES("GET /a#b HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 6},
        {BYTES("GET /a\tb HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 6},
        {BYTES("GET * HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 4},
        {BYTES("GET where HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 4},
        {BYTES("GET http:// HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 4},
        {BYTES("GET http://u@h/ HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 4},
        {BYTES("CONNECT / HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 8},
        {BYTES("CONNECT h HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 8},
        {BYTES("CONNECT h:0 HTTP/1.1\r\n"), WEIR_EHTTP_TARGET, 8},
        {BYTES("GET / HTTP/2.0\r\n"), WEIR_EHTTP_VERSION, 6},
        {BYTES("GET / HTTP/0.9\r\n"), WEIR_EHTTP_VERSION, 6},
        {BYTES("GET / HTTP/1.2\r\n"), WEIR_EHTTP_VERSION, 6},
        {BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), WEIR_EHTTP_TARGET, 4},
    };
    CHECK(cases, 0);
}

TEST(line_ends_are_crlf_only)
{
    const refusal cases[] = {
        {BYTES("\nGET / HTTP/1.1\r\n"), WEIR_EHTTP_LINE_END, 0},
        {BYTES("\rGET / HTTP/1.1\r\n"), WEIR_EHTTP_LINE_END, 0},
        {BYTES("GET / HTTP/1.1\nHost: h\r\n"), WEIR_EHTTP_LINE_END, 14},
        {BYTES("GET / HTTP/1.1\rHost: h\r\n"), WEIR_EHTTP_LINE_END, 14},
        {BYTES(GET "Host: h\n\r\n"), WEIR_EHTTP_LINE_END, 23},
        {BYTES(GET "Host: h\rX: y\r\n"), WEIR_EHTTP_LINE_END, 23},
        {BYTES(GET "Host:\r\r\n"), WEIR_EHTTP_LINE_END, 21},
        {BYTES(HOST "\n"), WEIR_EHTTP_LINE_END, 25},
        {BYTES(HOST "\rX"), WEIR_EHTTP_LINE_END, 25},
    };
    CHECK(cases, 0);
}

TEST(malformed_field_lines_are_refused_at_the_byte)
{
    const refusal cases[] = {
        {BYTES(GET "Host : h\r\n"), WEIR_EHTTP_FIELD_NAME, 20},
        {BYTES(GET "X-Unknown : h\r\n"), WEIR_EHTTP_FIELD_NAME, 25},
        {BYTES(GET ": h\r\n"), WEIR_EHTTP_FIELD_NAME, 16},
        {BYTES(GET " Host: h\r\n"), WEIR_EHTTP_FIELD_NAME, 16},
        {BYTES(GET "Host\r\n\r\n"), WEIR_EHTTP_FIELD_NAME, 20},
        {BYTES(GET "Ho\x00st: h\r\n"), WEIR_EHTTP_FIELD_NAME, 18},
        {BYTES(GET "Bad[Name: h\r\n"), WEIR_EHTTP_FIELD_NAME, 19},
        {BYTES(GET "Content\rLength: 5\r\n"), WEIR_EHTTP_FIELD_NAME, 23},
        {BYTES(GET "H\xC3\xB6st: h\r\n"), WEIR_EHTTP_FIELD_NAME, 17},
        {BYTES(HOST " folded\r\n"), WEIR_EHTTP_FOLD, 25},
        {BYTES(HOST "\tfolded\r\n"), WEIR_EHTTP_FOLD, 25},
        {BYTES(GET "A: b\x00\r\n"), WEIR_EHTTP_FIELD_VALUE, 20},
        {BYTES(GET "A: b\x0B"
                   "c\r\n"),
         WEIR_EHTTP_FIELD_VALUE, 20},
        {BYTES(GET "A: b\x7F"
                   "c\r\n"),
         WEIR_EHTTP_FIELD_VALUE, 20},
        {BYTES(GET "A: 0123456789abcdef\x1B\r\n"), WEIR_EHTTP_FIELD_VALUE, 35},
    };
    CHECK(cases, 0);
}

TEST(every_pair_of_conflicting_framings_is_refused)
{
    const refusal cases[] = {
        {BYTES(POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"),
         WEIR_EHTTP_CONTENT_LENGTH_CONFLICT, 61},
        {BYTES(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"),
         WEIR_EHTTP_CONTENT_LENGTH_CONFLICT, 61},
        {BYTES(POST "Content-Length: 5, 5\r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH_CONFLICT, 42},
        {BYTES(POST "Content-Length: 5, 6\r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH_CONFLICT, 42},
        {BYTES(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
         WEIR_EHTTP_FRAMING_CONFLICT, 64},
        {BYTES(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
         WEIR_EHTTP_FRAMING_CONFLICT, 70},
        {BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
         WEIR_EHTTP_TRANSFER_ENCODING, 73},
        {BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"),
         WEIR_EHTTP_TRANSFER_ENCODING, 73},
        {BYTES(POST "Transfer-Encoding: xchunked\r\n\r\n"), WEIR_EHTTP_TRANSFER_ENCODING, 45},
        {BYTES(POST "Transfer-Encoding: chunked, x\r\n\r\n"), WEIR_EHTTP_TRANSFER_ENCODING, 45},
        {BYTES(POST "Transfer-Encoding: chunked;a=b\r\n\r\n"), WEIR_EHTTP_TRANSFER_ENCODING, 45},
        {BYTES(POST "Transfer-Encoding: , chunked\r\n\r\n"), WEIR_EHTTP_TRANSFER_ENCODING, 45},
        {BYTES(POST "Transfer-Encoding: \r\n\r\n"), WEIR_EHTTP_TRANSFER_ENCODING, 45},
        {BYTES(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"), WEIR_EHTTP_TRANSFER_CODING, 45},
        {BYTES("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
         WEIR_EHTTP_TRANSFER_ENCODING, 36},
    };
    CHECK(cases, 0);
}

TEST(lengths_are_plain_decimal_numbers)
{
    const refusal cases[] = {
        {BYTES(POST "Content-Length: \r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH, 42},
        {BYTES(POST "Content-Length: +5\r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH, 42},
        {BYTES(POST "Content-Length: -0\r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH, 42},
        {BYTES(POST "Content-Length: 0x5\r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH, 42},
        {BYTES(POST "Content-Length: 1 0\r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH, 42},
        {BYTES(POST "Content-Length: 1_0\r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH, 42},
        {BYTES(POST "Content-Length: 5,\r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH, 42},
        {BYTES(POST "Content-Length: 9223372036854775808\r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH, 42},
        {BYTES(POST "Content-Length: 18446744073709551621\r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH, 42},
        {BYTES(POST "Content-Length: 99999999999999999999\r\n\r\n"), WEIR_EHTTP_CONTENT_LENGTH, 42},
    };
    CHECK(cases, 0);
    const struct {
        weir_bytes text;
        uint64_t length;
    } good[] = {
        {BYTES(POST "Content-Length: 0\r\n\r\n"), 0},
        {BYTES(POST "Content-Length:\t  42 \t\r\n\r\n"), 42},
        {BYTES(POST "content-length: 003\r\n\r\n"), 3},
        {BYTES(POST "Content-Length: 4294967299\r\n\r\n"), 4294967299u},
        {BYTES(POST "Content-Length: 4294967296\r\n\r\n"), 4294967296u},
        {BYTES(POST "Content-Length: 9223372036854775807\r\n\r\n"), INT64_MAX},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        outcome o;
        feed_all_ways(good[i].text, &(head_case){0}, &o);
        assert_int_equal(o.result, good[i].text.len);
        assert_int_equal(o.parser.framing.body, WEIR_HTTP_BODY_LENGTH);
        assert_int_equal(o.parser.framing.length, good[i].length);
    }
}

TEST(a_request_has_exactly_one_valid_host)
{
    const refusal cases[] = {
        {BYTES(GET "\r\n"), WEIR_EHTTP_HOST, 16},
        {BYTES("GET http://h/ HTTP/1.1\r\n\r\n"), WEIR_EHTTP_HOST, 24},
        {BYTES(GET "Host: a\r\nhOST: a\r\n\r\n"), WEIR_EHTTP_HOST, 25},
        {BYTES("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), WEIR_EHTTP_HOST, 25},
        {BYTES(GET "Host: \r\n\r\n"), WEIR_EHTTP_HOST, 22},
        {BYTES(GET "Host: u@h\r\n\r\n"), WEIR_EHTTP_HOST, 22},
        {BYTES(GET "Host: h/p\r\n\r\n"), WEIR_EHTTP_HOST, 22},
        {BYTES(GET "Host: h:80, i\r\n\r\n"), WEIR_EHTTP_HOST, 22},
        {BYTES(GET "Host: h:65536\r\n\r\n"), WEIR_EHTTP_HOST, 22},
        {BYTES(GET "Host: [::1\r\n\r\n"), WEIR_EHTTP_HOST, 22},
    };
    CHECK(cases, 0);
}

TEST(malformed_status_lines_are_refused_at_the_byte)
{
    const refusal cases[] = {
        {BYTES("HTTPER/1.1 200 OK\r\n"), WEIR_EHTTP_STATUS_LINE, 4},
        {BYTES("HTTP/11.1 200 OK\r\n"), WEIR_EHTTP_STATUS_LINE, 6},
        {BYTES("HTTP/1.01 200 OK\r\n"), WEIR_EHTTP_STATUS_LINE, 8},
        {BYTES("HTTP/1.1\t200 OK\r\n"), WEIR_EHTTP_STATUS_LINE, 8},
        {BYTES("HTTP/1.1  200 OK\r\n"), WEIR_EHTTP_STATUS_LINE, 9},
        {BYTES("HTTP/1.1 2 OK\r\n"), WEIR_EHTTP_STATUS_LINE, 10},
        {BYTES("HTTP/1.1 099 OK\r\n"), WEIR_EHTTP_STATUS_LINE, 9},
        {BYTES("HTTP/1.1 2000 OK\r\n"), WEIR_EHTTP_STATUS_LINE, 12},
        {BYTES("HTTP/1.1\r\n"), WEIR_EHTTP_STATUS_LINE, 8},
        {BYTES("HTTP/1.1 200 O\x00K\r\n"), WEIR_EHTTP_STATUS_LINE, 14},
        {BYTES("HTTP/1.1 200 OK\n"), WEIR_EHTTP_LINE_END, 15},
        {BYTES("HTTP/1.1 200 OK\r\r\n"), WEIR_EHTTP_LINE_END, 15},
        {BYTES("HTTP/5.6 200 OK\r\n"), WEIR_EHTTP_VERSION, 0},
        {BYTES(OK " A: b\r\n"), WEIR_EHTTP_FIELD_NAME, 17},
        {BYTES(OK "A: b\r\n c\r\n"), WEIR_EHTTP_FOLD, 23},
        {BYTES(OK "Transfer-Encoding: gzip\r\n\r\n"), WEIR_EHTTP_TRANSFER_CODING, 36},
    };
    CHECK(cases, .response = true, .method = WEIR_HTTP_GET);
}

TEST(good_requests_are_read_the_same_at_every_split)
{
    const weir_bytes texts[] = {
        BYTES("GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"),
        BYTES("\r\n\r\nGET / HTTP/1.0\r\n\r\n"),
        BYTES("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"),
        BYTES("CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n"),
        BYTES("get http://other.example:81?q HTTP/1.1\r\nHost: h:\r\n\r\n"),
        BYTES(
            "M-SEARCH /a\\b|\"c\" HTTP/1.1\r\nHost: a%20b\r\nX-Y_z~1:\xC3\xBC \t \t\r\nEmpty:\r\n"
            "Very-Long-And-Entirely-Unknown-Name-Of-A-Field: with a value of some length\r\n\r\n"),
        BYTES("POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\nTE: trailers\r\n"
              "Connection: keep-alive, Upgrade\r\nUpgrade: h2c, websocket\r\n"
              "Expect: 100-Continue\r\n\r\n"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        outcome o;
        feed_all_ways(texts[i], &(head_case){0}, &o);
        assert_int_equal(o.result, texts[i].len);
        assert_int_equal(weir_http_parser_finish(&o.parser), 0);
    }
}

TEST(views_give_the_parts_of_a_request)
{
    const char *text = "POST http://real.example/p?q HTTP/1.1\r\nhOST:\t alias \r\nX-A: 1\r\n"
                       "x-a: 2\r\nTransfer-Encoding: chunked\r\nConnection: Upgrade\r\n"
                       "Upgrade: foo/1, WebSocket\r\nExpect: 100-continue\r\n\r\nbody";
    outcome o;
    begin(&o, &(head_case){0});
    assert_null(weir_http_parser_target(&o.parser, text).data);
    assert_int_equal(weir_http_parser_find(&o.parser, WEIR_HTTP_FIELD_HOST, 0), -1);
    assert_int_equal(weir_http_parser_feed(&o.parser, text, strlen(text)), strlen(text) - 4);
    assert_true(weir_http_parser_is_done(&o.parser));
    assert_text(weir_http_parser_method(&o.parser, text), "POST");
    assert_int_equal(o.parser.method, WEIR_HTTP_POST);
    assert_text(weir_http_parser_target(&o.parser, text), "http://real.example/p?q");
    assert_text(weir_http_parser_authority(&o.parser, text), "real.example");
    assert_int_equal(o.parser.count, 7);
    assert_text(weir_http_parser_name(&o.parser, text, 0), "hOST");
    assert_text(weir_http_parser_get(&o.parser, text, WEIR_HTTP_FIELD_HOST), "alias");
    assert_null(weir_http_parser_get(&o.parser, text, WEIR_HTTP_FIELD_RANGE).data);
    assert_null(weir_http_parser_value(&o.parser, text, 7).data);
    assert_int_equal(weir_http_parser_find_name(&o.parser, text, BYTES("X-a"), 0), 1);
    assert_int_equal(weir_http_parser_find_name(&o.parser, text, BYTES("X-a"), 2), 2);
    assert_int_equal(weir_http_parser_find_name(&o.parser, text, BYTES("X-a"), 3), -1);
    assert_int_equal(weir_http_parser_find_name(&o.parser, text, BYTES("upgrade"), 0), 5);
    assert_int_equal(o.parser.framing.body, WEIR_HTTP_BODY_CHUNKED);
    assert_true(weir_http_parser_keeps_alive(&o.parser));
    assert_true(weir_http_parser_upgrades_to(&o.parser, text, BYTES("websocket")));
    assert_true(weir_http_parser_upgrades_to(&o.parser, text, BYTES("")));
    assert_false(weir_http_parser_upgrades_to(&o.parser, text, BYTES("h2c")));
    assert_int_equal(weir_http_parser_expects_continue(&o.parser, text), 1);
    assert_int_equal(weir_http_parser_status(&o.parser), WEIR_EHTTP_NOT_READY);
    assert_null(weir_http_parser_reason(&o.parser, text).data);
}

TEST(an_unknown_expectation_is_told_and_ignored_in_http_1_0)
{
    const struct {
        weir_bytes text;
        int result;
    } cases[] = {
        {BYTES(HOST "Expect: 200-ok\r\n\r\n"), WEIR_EHTTP_EXPECTATION},
        {BYTES(HOST "Expect: 100-continue\r\nExpect: x\r\n\r\n"), WEIR_EHTTP_EXPECTATION},
        {BYTES(HOST "\r\n"), 0},
        {BYTES("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"), 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        outcome o;
        feed_all_ways(cases[i].text, &(head_case){0}, &o);
        assert_true(o.result > 0);
        assert_int_equal(weir_http_parser_expects_continue(&o.parser, cases[i].text.data),
                         cases[i].result);
    }
}

TEST(responses_are_read_the_same_at_every_split)
{
    const struct {
        weir_bytes text;
        int status;
        const char *reason;
    } cases[] = {
        {BYTES("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"), 200, "OK"},
        {BYTES("HTTP/1.1 200\r\n\r\n"), 200, ""},
        {BYTES("HTTP/1.1 404 \r\n\r\n"), 404, ""},
        {BYTES("\r\nHTTP/1.0 500 Ori\xC3\xABntatie \tx\r\nA:b\r\n\r\n"), 500,
         "Ori\xC3\xABntatie \tx"},
        {BYTES("HTTP/1.1 999 Odd\r\n\r\n"), 999, "Odd"},
        {BYTES("HTTP/1.1 100 Continue\r\n\r\n"), 100, "Continue"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        outcome o;
        feed_all_ways(cases[i].text, &(head_case){.response = true}, &o);
        assert_int_equal(o.result, cases[i].text.len);
        assert_int_equal(weir_http_parser_status(&o.parser), cases[i].status);
        assert_text(weir_http_parser_reason(&o.parser, cases[i].text.data), cases[i].reason);
        assert_null(weir_http_parser_method(&o.parser, cases[i].text.data).data);
    }
}

TEST(pipelined_messages_are_taken_one_by_one)
{
    const char *text = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
    outcome o;
    begin(&o, &(head_case){0});
    size_t len = strlen(text);
    int first = weir_http_parser_feed(&o.parser, text, len);
    assert_int_equal(first, 28);
    assert_int_equal(weir_http_parser_feed(&o.parser, text, len), first);
    weir_http_parser_reset(&o.parser);
    int second = weir_http_parser_feed(&o.parser, text + first, len - (size_t)first);
    assert_int_equal(second, 28);
    assert_text(weir_http_parser_target(&o.parser, text + first), "/2");
}

TEST(a_reset_forgets_the_method_of_a_request_only)
{
    static const char head[] = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    weir_http_field fields[4];
    weir_http_parser parser;
    weir_http_parser_request(&parser, NULL, fields, 4);
    assert_int_equal(weir_http_parser_feed(&parser, head, sizeof head - 1), sizeof head - 1);
    assert_int_equal(parser.method, WEIR_HTTP_HEAD);
    weir_http_parser_reset(&parser);
    assert_true(weir_http_parser_feed(&parser, "\x16", 1) < 0);
    assert_int_equal(parser.method, WEIR_HTTP_OTHER_METHOD);
    weir_http_parser_response(&parser, NULL, fields, 4, WEIR_HTTP_HEAD);
    weir_http_parser_reset(&parser);
    assert_int_equal(parser.method, WEIR_HTTP_HEAD);
}

TEST(the_end_of_the_stream_is_clean_only_between_messages)
{
    const char *text = "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n";
    size_t len = strlen(text);
    for (size_t have = 0; have <= len; have++) {
        outcome o;
        begin(&o, &(head_case){0});
        weir_http_parser_feed(&o.parser, text, have);
        bool clean = have == 0 || have == 2 || have == len;
        /* A message has begun with its first byte, not before. */
        assert_int_equal(weir_http_parser_finish(&o.parser), clean ? 0 : WEIR_EEOF);
    }
}

TEST(bytes_already_judged_are_not_looked_at_again)
{
    static char text[20000];
    size_t len = (size_t)sprintf(text, "GET /");
    memset(text + len, 't', 8000);
    len += 8000;
    len += (size_t)sprintf(text + len, " HTTP/1.1\r\nHost: h\r\nX: ");
    memset(text + len, 'v', 11000);
    len += 11000;
    len += (size_t)sprintf(text + len, "\r\n\r\n");
    static char seen[20000];
    outcome o;
    begin(&o, &(head_case){0});
    for (size_t have = 1; have <= len; have++) {
        seen[have - 1] = text[have - 1];
        /* Spoil what lies inside the long target and the long value. */
        char old = have > 8 ? text[have - 4] : 'G';
        if (old == 't' || old == 'v') seen[have - 4] = '\0';
        o.result = weir_http_parser_feed(&o.parser, seen, have);
    }
    assert_int_equal(o.result, len);
}

TEST(lenient_options_change_what_they_say_and_nothing_else)
{
    const struct {
        uint32_t flag;
        bool response;
        weir_bytes text;
    } cases[] = {
        {WEIR_HTTP_LENIENT_LF, false, BYTES("\nGET / HTTP/1.1\nHost: h\nA:\n\n")},
        {WEIR_HTTP_LENIENT_FOLD, true, BYTES(OK "A: b \r\n  c\r\n\t\r\nB:\r\n d\r\n\r\n")},
        {WEIR_HTTP_LENIENT_LENGTH_LIST, false,
         BYTES(POST "Content-Length: 5, 5\r\nContent-Length: 5\r\n\r\n")},
        {WEIR_HTTP_LENIENT_TE_CL, false,
         BYTES(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")},
        {WEIR_HTTP_LENIENT_NO_HOST, false, BYTES(GET "\r\n")},
        {WEIR_HTTP_LENIENT_TARGET_BYTES, false,
         BYTES("GET /caf\xC3\xA9-and-more HTTP/1.1\r\nHost: h\r\n\r\n")},
        {WEIR_HTTP_ACCEPT_CODINGS, false,
         BYTES(POST "Transfer-Encoding: gzip;q=1, chunked\r\n\r\n")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
        outcome o;
        options.lenient = ~cases[i].flag;
        head_case how = {.response = cases[i].response, .options = &options};
        feed_all_ways(cases[i].text, &how, &o);
        assert_true(o.result < 0);
        options.lenient = cases[i].flag;
        feed_all_ways(cases[i].text, &how, &o);
        assert_int_equal(o.result, cases[i].text.len);
        if (cases[i].flag == WEIR_HTTP_LENIENT_TE_CL) {
            assert_int_equal(o.parser.framing.body, WEIR_HTTP_BODY_CHUNKED);
            assert_false(weir_http_parser_keeps_alive(&o.parser));
        }
        if (cases[i].flag == WEIR_HTTP_LENIENT_LENGTH_LIST)
            assert_int_equal(o.parser.framing.length, 5);
    }
}

TEST(folded_values_are_hidden_until_they_are_joined)
{
    char text[] = OK "A: b \r\n  c\r\n\t\r\nB:\r\n d\r\nContent-Length:\r\n 7\r\n\r\n";
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.lenient = WEIR_HTTP_LENIENT_FOLD;
    outcome o;
    begin(&o, &(head_case){.response = true, .options = &options});
    assert_int_equal(weir_http_parser_feed(&o.parser, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(o.parser.count, 3);
    assert_null(weir_http_parser_value(&o.parser, text, 0).data);
    weir_http_parser_unfold(&o.parser, text);
    assert_text(weir_http_parser_value(&o.parser, text, 0), "b     c");
    assert_text(weir_http_parser_value(&o.parser, text, 1), "d");
    assert_int_equal(o.parser.framing.length, 7);
}

TEST(each_error_has_a_status)
{
    const struct {
        int error, status;
    } cases[] = {
        {WEIR_EHTTP_REQUEST_LINE, 400},     {WEIR_EHTTP_METHOD, 400},
        {WEIR_EHTTP_VERSION, 505},          {WEIR_EHTTP_LINE_LIMIT, 414},
        {WEIR_EHTTP_FIELD_LIMIT, 431},      {WEIR_EHTTP_HEAD_LIMIT, 431},
        {WEIR_EHTTP_COUNT_LIMIT, 431},      {WEIR_EHTTP_TRANSFER_CODING, 501},
        {WEIR_EHTTP_BODY_LIMIT, 413},       {WEIR_EHTTP_EXPECTATION, 417},
        {WEIR_EHTTP_FRAMING_CONFLICT, 400}, {WEIR_ENOMEM, 500},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(weir_http_error_status(cases[i].error), cases[i].status);
    assert_string_equal(weir_http_error_section(WEIR_EHTTP_FOLD), "RFC 9112 5.2");
    assert_string_equal(weir_http_error_section(0), "");
}
