/* SPDX-License-Identifier: MIT
 *
 * Is the framing decision that of RFC 9112 6.3 in every case, and persistence that of 9.3?
 */
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
        {{"a;b=c, d ;e"}, WEIR_HTTP_CODING_NOT_CHUNKED},
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
