/* SPDX-License-Identifier: MIT
 *
 * Is the framing decision that of RFC 9112 6.3 in every case, and persistence that of 9.3?
 */
#include <stdio.h>

#include <weir/base/error.h>
#include <weir/http/wire/framing.h>
#include <weir/http/wire/options.h>

#include "test/harness/test.h"

static weir_http_framing framing;

static int decide(weir_http_framing_facts facts)
{
    if (facts.body_limit == 0) facts.body_limit = UINT64_MAX;
    framing = (weir_http_framing){77, WEIR_HTTP_BODY_NONE, false};
    return weir_http_framing_decide(&facts, &framing);
}

static void assert_framing(weir_http_body body, uint64_t length, bool must_close)
{
    assert_int_equal(framing.body, body);
    assert_int_equal(framing.length, length);
    assert_int_equal(framing.must_close, must_close);
}

#define FACTS(...) ((weir_http_framing_facts){.version = WEIR_HTTP_1_1, __VA_ARGS__})
#define LENGTH5    .length = WEIR_HTTP_LENGTH_ONE, .length_value = 5
#define CHUNKED    .coding = WEIR_HTTP_CODING_CHUNKED

TEST(a_request_without_framing_fields_has_no_body)
{
    assert_int_equal(decide(FACTS(.method = WEIR_HTTP_POST)), 0);
    assert_framing(WEIR_HTTP_BODY_NONE, 0, false);
}

TEST(a_response_without_framing_fields_lasts_until_close)
{
    assert_int_equal(decide(FACTS(.response = true, .status = 200)), 0);
    assert_framing(WEIR_HTTP_BODY_UNTIL_CLOSE, 0, true);
}

TEST(responses_without_body_ignore_their_framing_fields)
{
    static const struct {
        weir_http_method method;
        int status;
        weir_http_body body;
    } cases[] = {
        {WEIR_HTTP_HEAD, 200, WEIR_HTTP_BODY_NONE},
        {WEIR_HTTP_GET, 100, WEIR_HTTP_BODY_NONE},
        {WEIR_HTTP_GET, 103, WEIR_HTTP_BODY_NONE},
        {WEIR_HTTP_GET, 204, WEIR_HTTP_BODY_NONE},
        {WEIR_HTTP_GET, 304, WEIR_HTTP_BODY_NONE},
        {WEIR_HTTP_GET, 101, WEIR_HTTP_BODY_TUNNEL},
        {WEIR_HTTP_CONNECT, 200, WEIR_HTTP_BODY_TUNNEL},
        {WEIR_HTTP_CONNECT, 299, WEIR_HTTP_BODY_TUNNEL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int fields = 0; fields < 4; fields++) {
            weir_http_framing_facts facts =
                FACTS(.response = true, .method = cases[i].method, .status = cases[i].status);
            if (fields & 1) facts.length = WEIR_HTTP_LENGTH_BAD;
            if (fields & 2) facts.coding = WEIR_HTTP_CODING_CHUNKED;
            assert_int_equal(decide(facts), 0);
            bool tunnel = cases[i].body == WEIR_HTTP_BODY_TUNNEL;
            assert_framing(cases[i].body, 0, tunnel);
        }
    assert_int_equal(
        decide(FACTS(.response = true, .method = WEIR_HTTP_CONNECT, .status = 407, LENGTH5)), 0);
    assert_framing(WEIR_HTTP_BODY_LENGTH, 5, false);
}

TEST(one_length_or_one_chunked_frames_both_directions)
{
    for (int response = 0; response < 2; response++) {
        assert_int_equal(decide(FACTS(.response = response, .status = 200, LENGTH5)), 0);
        assert_framing(WEIR_HTTP_BODY_LENGTH, 5, false);
        assert_int_equal(decide(FACTS(.response = response, .status = 200, CHUNKED)), 0);
        assert_framing(WEIR_HTTP_BODY_CHUNKED, 0, false);
    }
}

TEST(whatever_can_be_read_two_ways_is_refused_and_nothing_is_decided)
{
    for (int response = 0; response < 2; response++) {
        weir_http_framing_facts plain = FACTS(.response = response, .status = 200);
        static const struct {
            weir_http_length length;
            weir_http_coding coding;
            weir_http_version version;
            int error;
        } cases[] = {
            {WEIR_HTTP_LENGTH_BAD, 0, 1, WEIR_EHTTP_CONTENT_LENGTH},
            {WEIR_HTTP_LENGTH_REPEATED, 0, 1, WEIR_EHTTP_CONTENT_LENGTH_CONFLICT},
            {WEIR_HTTP_LENGTH_CONFLICT, 0, 1, WEIR_EHTTP_CONTENT_LENGTH_CONFLICT},
            {0, WEIR_HTTP_CODING_BAD, 1, WEIR_EHTTP_TRANSFER_ENCODING},
            {0, WEIR_HTTP_CODING_MORE_CHUNKED, 1, WEIR_EHTTP_TRANSFER_CODING},
            {0, WEIR_HTTP_CODING_CHUNKED, 0, WEIR_EHTTP_TRANSFER_ENCODING},
            {WEIR_HTTP_LENGTH_ONE, WEIR_HTTP_CODING_CHUNKED, 1, WEIR_EHTTP_FRAMING_CONFLICT},
            {WEIR_HTTP_LENGTH_BAD, WEIR_HTTP_CODING_CHUNKED, 1, WEIR_EHTTP_FRAMING_CONFLICT},
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            plain.length = cases[i].length;
            plain.coding = cases[i].coding;
            plain.version = cases[i].version;
            assert_int_equal(decide(plain), cases[i].error);
            assert_int_equal(framing.length, 77);
        }
    }
    assert_int_equal(decide(FACTS(.coding = WEIR_HTTP_CODING_NOT_CHUNKED)),
                     WEIR_EHTTP_TRANSFER_ENCODING);
    assert_int_equal(decide(FACTS(LENGTH5, .body_limit = 4)), WEIR_EHTTP_BODY_LIMIT);
}

TEST(named_options_accept_and_close_where_they_must)
{
    assert_int_equal(decide(FACTS(LENGTH5, CHUNKED, .lenient = WEIR_HTTP_LENIENT_TE_CL)), 0);
    assert_framing(WEIR_HTTP_BODY_CHUNKED, 0, true);
    assert_int_equal(decide(FACTS(.length = WEIR_HTTP_LENGTH_REPEATED, .length_value = 9,
                                  .lenient = WEIR_HTTP_LENIENT_LENGTH_LIST)),
                     0);
    assert_framing(WEIR_HTTP_BODY_LENGTH, 9, false);
    assert_int_equal(decide(FACTS(.length = WEIR_HTTP_LENGTH_CONFLICT, .lenient = UINT32_MAX)),
                     WEIR_EHTTP_CONTENT_LENGTH_CONFLICT);
    assert_int_equal(
        decide(FACTS(.response = true, .status = 200, .coding = WEIR_HTTP_CODING_NOT_CHUNKED,
                     .lenient = WEIR_HTTP_ACCEPT_CODINGS)),
        0);
    assert_framing(WEIR_HTTP_BODY_UNTIL_CLOSE, 0, true);
}

TEST(codings_are_exact_tokens_and_chunked_is_the_last)
{
    static const struct {
        const char *lines[2];
        weir_http_coding coding;
    } cases[] = {
        {{"chunked"}, WEIR_HTTP_CODING_CHUNKED},
        {{" CHUNKED\t"}, WEIR_HTTP_CODING_CHUNKED},
        {{"gzip , chunked"}, WEIR_HTTP_CODING_MORE_CHUNKED},
        {{"gzip", "chunked"}, WEIR_HTTP_CODING_MORE_CHUNKED},
        {{"xchunked"}, WEIR_HTTP_CODING_NOT_CHUNKED},
        {{"chunkedx"}, WEIR_HTTP_CODING_NOT_CHUNKED},
        {{"identity"}, WEIR_HTTP_CODING_NOT_CHUNKED},
        {{"a;b=c, d ;e=f"}, WEIR_HTTP_CODING_NOT_CHUNKED},
        {{"chunked, gzip"}, WEIR_HTTP_CODING_BAD},
        {{"chunked", "gzip"}, WEIR_HTTP_CODING_BAD},
        {{"chunked, chunked"}, WEIR_HTTP_CODING_BAD},
        {{"chunked;x"}, WEIR_HTTP_CODING_BAD},
        {{"\"chunked\""}, WEIR_HTTP_CODING_BAD},
        {{"a;b=\"x,y\", chunked"}, WEIR_HTTP_CODING_BAD},
        {{"\x0b"
          "chunked"},
         WEIR_HTTP_CODING_BAD},
        {{"chunked "
          "x"},
         WEIR_HTTP_CODING_BAD},
        {{""}, WEIR_HTTP_CODING_BAD},
        {{","}, WEIR_HTTP_CODING_BAD},
        {{"chunked,"}, WEIR_HTTP_CODING_BAD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_http_coding coding = WEIR_HTTP_CODING_NONE;
        for (int line = 0; line < 2 && cases[i].lines[line]; line++)
            coding = weir_http_coding_add(coding, weir_bytes_text(cases[i].lines[line]));
        if (coding != cases[i].coding) fail_msg("case %zu: %d", i, coding);
    }
}

TEST(lengths_add_up_over_lines_and_lists)
{
    static const struct {
        const char *lines[2];
        weir_http_length length;
    } cases[] = {
        {{"5"}, WEIR_HTTP_LENGTH_ONE},
        {{"5", "5"}, WEIR_HTTP_LENGTH_REPEATED},
        {{"5,\t05"}, WEIR_HTTP_LENGTH_REPEATED},
        {{"5, 5", "6"}, WEIR_HTTP_LENGTH_CONFLICT},
        {{"5, 6", "5"}, WEIR_HTTP_LENGTH_CONFLICT},
        {{"5", ""}, WEIR_HTTP_LENGTH_BAD},
        {{"x", "5"}, WEIR_HTTP_LENGTH_BAD},
        {{"5, 6, x"}, WEIR_HTTP_LENGTH_BAD},
        {{"9223372036854775808"}, WEIR_HTTP_LENGTH_BAD},
        {{"00000000000000000000000000000000001"}, WEIR_HTTP_LENGTH_ONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_http_length length = WEIR_HTTP_LENGTH_NONE;
        uint64_t value = 0;
        for (int line = 0; line < 2 && cases[i].lines[line]; line++)
            length = weir_http_length_add(length, weir_bytes_text(cases[i].lines[line]), &value);
        if (length != cases[i].length) fail_msg("case %zu: %d", i, length);
    }
}

TEST(persistence_follows_version_options_and_framing)
{
    const weir_http_framing none = {0, WEIR_HTTP_BODY_NONE, false};
    const weir_http_framing close = {0, WEIR_HTTP_BODY_CHUNKED, true};
    const weir_http_framing until_close = {0, WEIR_HTTP_BODY_UNTIL_CLOSE, false};
    unsigned options = weir_http_connection_options(weir_bytes_text("Keep-Alive,, X ,\tUPGRADE"));
    assert_int_equal(options, WEIR_HTTP_CONNECTION_KEEP_ALIVE | WEIR_HTTP_CONNECTION_UPGRADE);
    assert_int_equal(weir_http_connection_options(weir_bytes_text("closed, keep alive")), 0);
    assert_true(weir_http_keeps_alive(WEIR_HTTP_1_1, 0, &none));
    assert_false(weir_http_keeps_alive(WEIR_HTTP_1_0, 0, &none));
    assert_true(weir_http_keeps_alive(WEIR_HTTP_1_0, options, &none));
    options |= weir_http_connection_options(weir_bytes_text("Close"));
    assert_false(weir_http_keeps_alive(WEIR_HTTP_1_0, options, &none));
    assert_false(weir_http_keeps_alive(WEIR_HTTP_1_1, options, &none));
    assert_false(weir_http_keeps_alive(WEIR_HTTP_1_1, 0, &close));
    assert_false(weir_http_keeps_alive(WEIR_HTTP_1_1, 0, &until_close));
    assert_true(weir_http_list_has(weir_bytes_text("a, B"), weir_bytes_text("b")));
    assert_false(weir_http_list_has(weir_bytes_text("ab,"), weir_bytes_text("b")));
}

/* RFC 9112 6.3 once more, in the order and words of its items, with what the options permit. */
static int read_items(const weir_http_framing_facts *f, weir_http_framing *out)
{
    bool coded = f->coding != WEIR_HTTP_CODING_NONE;
    bool codings = f->lenient & WEIR_HTTP_ACCEPT_CODINGS;
    int success = f->status / 100 == 2;
    *out = (weir_http_framing){0, WEIR_HTTP_BODY_NONE, false};
    /* 1 and 2; RFC 9110 7.8: 101 hands the connection over. */
    if (f->response && (f->status == 101 || (f->method == WEIR_HTTP_CONNECT && success))) {
        *out = (weir_http_framing){0, WEIR_HTTP_BODY_TUNNEL, true};
        return 0;
    }
    if (f->response && (f->method == WEIR_HTTP_HEAD || f->status / 100 == 1 || f->status == 204 ||
                        f->status == 304))
        return 0;
    /* 6.1: faulty in HTTP/1.0; a coding list that is none; then 3 */
    if (coded && (f->version == WEIR_HTTP_1_0 || f->coding == WEIR_HTTP_CODING_BAD))
        return WEIR_EHTTP_TRANSFER_ENCODING;
    bool both = coded && f->length != WEIR_HTTP_LENGTH_NONE;
    if (both && !(f->lenient & WEIR_HTTP_LENIENT_TE_CL)) return WEIR_EHTTP_FRAMING_CONFLICT;
    /* 4 */
    if (f->coding == WEIR_HTTP_CODING_NOT_CHUNKED && !f->response)
        return WEIR_EHTTP_TRANSFER_ENCODING;
    if (coded && f->coding != WEIR_HTTP_CODING_CHUNKED && !codings)
        return WEIR_EHTTP_TRANSFER_CODING;
    if (f->coding == WEIR_HTTP_CODING_NOT_CHUNKED)
        *out = (weir_http_framing){0, WEIR_HTTP_BODY_UNTIL_CLOSE, true};
    else if (coded)
        *out = (weir_http_framing){0, WEIR_HTTP_BODY_CHUNKED, both};
    if (coded) return 0;
    /* 5 */
    bool list = f->lenient & WEIR_HTTP_LENIENT_LENGTH_LIST;
    if (f->length == WEIR_HTTP_LENGTH_BAD) return WEIR_EHTTP_CONTENT_LENGTH;
    if (f->length == WEIR_HTTP_LENGTH_CONFLICT || (f->length == WEIR_HTTP_LENGTH_REPEATED && !list))
        return WEIR_EHTTP_CONTENT_LENGTH_CONFLICT;
    /* 6 to 8 */
    if (f->length != WEIR_HTTP_LENGTH_NONE) {
        *out = (weir_http_framing){f->length_value, WEIR_HTTP_BODY_LENGTH, false};
        return f->length_value > f->body_limit ? WEIR_EHTTP_BODY_LIMIT : 0;
    }
    if (f->response) *out = (weir_http_framing){0, WEIR_HTTP_BODY_UNTIL_CLOSE, true};
    return 0;
}

static void assert_decided_as_read(weir_http_framing_facts facts)
{
    weir_http_framing expected;
    int error = read_items(&facts, &expected);
    framing = (weir_http_framing){77, WEIR_HTTP_BODY_TUNNEL, true};
    if (error) expected = framing;
    if (weir_http_framing_decide(&facts, &framing) == error && framing.body == expected.body &&
        framing.length == expected.length && framing.must_close == expected.must_close)
        return;
    fail_msg("response %d version %d method %d status %d length %d coding %d lenient %x limit %llu",
             facts.response, facts.version, facts.method, facts.status, facts.length, facts.coding,
             facts.lenient, (unsigned long long)facts.body_limit);
}

TEST(every_combination_of_facts_is_decided_as_the_items_read)
{
    static const int statuses[] = {100, 101, 103, 199, 200, 204, 205, 299, 300, 304, 407, 500, 999};
    static const uint64_t limits[] = {0, 4, 5, UINT64_MAX};
    enum { METHODS = WEIR_HTTP_METHODS, STATUSES = 13, OPTIONS = 128 };
    for (int code = 0; code < 2 * 2 * METHODS * STATUSES * 5 * 5 * OPTIONS; code++) {
        int rest = code;
        weir_http_framing_facts facts = {.length_value = 5};
        facts.response = rest % 2, rest /= 2;
        facts.version = (weir_http_version)(rest % 2), rest /= 2;
        facts.method = (weir_http_method)(rest % METHODS), rest /= METHODS;
        facts.status = facts.response ? statuses[rest % STATUSES] : 0, rest /= STATUSES;
        facts.length = (weir_http_length)(rest % 5), rest /= 5;
        facts.coding = (weir_http_coding)(rest % 5), rest /= 5;
        facts.lenient = (uint32_t)rest;
        facts.body_limit = limits[code % 7 % 4];
        assert_decided_as_read(facts);
    }
}

TEST(lengths_are_exact_up_to_the_largest)
{
    static const struct {
        const char *text;
        uint64_t value; /* 0: refused */
    } cases[] = {
        {"9223372036854775807", INT64_MAX},
        {"0009223372036854775807", INT64_MAX},
        {"9223372036854775808", 0},
        {"9223372036854775809", 0},
        {"9223372036854775810", 0},
        {"9999999999999999999", 0},
        {"18446744073709551615", 0},
        {"18446744073709551616", 0},
        {"18446744073709551621", 0},
        {"92233720368547758070", 0},
        {"4294967296", 4294967296},
        {"4294967299", 4294967299},
        {"+5", 0},
        {"-5", 0},
        {"5-", 0},
        {"0x5", 0},
        {"5.", 0},
        {"5e0", 0},
        {"5 5", 0},
        {"5;5", 0},
        {"\"5\"", 0},
        {"5\v", 0},
        {"", 0},
        {" ", 0},
        {"\xB2", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 0;
        weir_http_length length =
            weir_http_length_add(WEIR_HTTP_LENGTH_NONE, weir_bytes_text(cases[i].text), &value);
        if (length != (cases[i].value ? WEIR_HTTP_LENGTH_ONE : WEIR_HTTP_LENGTH_BAD) ||
            (cases[i].value && value != cases[i].value))
            fail_msg("%s: %d, %llu", cases[i].text, length, (unsigned long long)value);
    }
}

TEST(a_list_of_lengths_or_codings_says_the_same_in_one_line_or_in_two)
{
    static const char *const lengths[] = {"5", "05", "6", "", "x", "5,5", "5,6", "6,", "-5"};
    static const char *const codings[] = {"chunked", "gzip",      "gzip,chunked",    "",
                                          "x;a=b",   "chunked;a", "chunked,chunked", "Chunked"};
    char both[64];
    for (size_t i = 0; i < 9; i++)
        for (size_t j = 0; j < 9; j++) {
            uint64_t one = 0, two = 0;
            snprintf(both, sizeof both, "%s, %s", lengths[i], lengths[j]);
            weir_http_length whole = WEIR_HTTP_LENGTH_NONE;
            whole = weir_http_length_add(whole, weir_bytes_text(both), &one);
            weir_http_length parts = WEIR_HTTP_LENGTH_NONE;
            parts = weir_http_length_add(parts, weir_bytes_text(lengths[i]), &two);
            parts = weir_http_length_add(parts, weir_bytes_text(lengths[j]), &two);
            if (whole != parts || (whole <= WEIR_HTTP_LENGTH_REPEATED && one != two))
                fail_msg("\"%s\": %d, in two lines %d", both, whole, parts);
        }
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 8; j++) {
            snprintf(both, sizeof both, "%s ,\t%s", codings[i], codings[j]);
            weir_http_coding whole = WEIR_HTTP_CODING_NONE;
            whole = weir_http_coding_add(whole, weir_bytes_text(both));
            weir_http_coding parts = WEIR_HTTP_CODING_NONE;
            parts = weir_http_coding_add(parts, weir_bytes_text(codings[i]));
            parts = weir_http_coding_add(parts, weir_bytes_text(codings[j]));
            if (whole != parts) fail_msg("\"%s\": %d, in two lines %d", both, whole, parts);
        }
}

TEST(tokens_of_lists_are_compared_whole_and_without_case)
{
    static const struct {
        const char *list;
        const char *token;
        bool has;
    } cases[] = {
        {"websocket", "WebSocket", true},
        {"h2c, websocket", "websocket", true},
        {",, \twebsocket\t,", "websocket", true},
        {"websocket/13", "websocket", false},
        {"xwebsocket", "websocket", false},
        {"websockets", "websocket", false},
        {"web socket", "websocket", false},
        {"", "websocket", false},
        {"a,,b", "", false},
        {"a;b", "a", false},
        {"\"a\"", "a", false},
        {"@", "`", false},
        {"[", "{", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (weir_http_list_has(weir_bytes_text(cases[i].list), weir_bytes_text(cases[i].token)) !=
            cases[i].has)
            fail_msg("\"%s\" in \"%s\"", cases[i].token, cases[i].list);
    static const char *const none[] = {"",
                                       ",",
                                       "closed",
                                       "xclose",
                                       "clos",
                                       "close;a",
                                       "\"close\"",
                                       "keep-alives",
                                       "keep\x0d"
                                       "alive",
                                       "keep alive",
                                       "upgraded",
                                       "KEEP\x0d"
                                       "ALIVE",
                                       "#lose",
                                       "close\x0b"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (weir_http_connection_options(weir_bytes_text(none[i]))) fail_msg("\"%s\"", none[i]);
}
