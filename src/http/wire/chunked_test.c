/* SPDX-License-Identifier: MIT
 *
 * Does the chunked decoder give exactly the content, refuse everything else at the right byte, and
 * leave what follows alone, however the bytes come?
 */
#include <stdio.h>

#include <weir/http/wire/chunked.h>

#include "http/wire/testing.h"

/* What a body came to. */
typedef struct body {
    int result; /* last event or error */
    char content[600];
    size_t content_len, taken;
    uint64_t error_offset;
    char trailers[600]; /* "name=value;" each */
    weir_http_field fields[64];
    weir_http_chunked decoder;
} body;

static void begin_body(body *b, const weir_http_options *options, bool keep)
{
    memset(b, 0, sizeof *b);
    weir_http_chunked_init(&b->decoder, options, keep ? b->fields : NULL, keep ? 64 : 0);
}

static void note_trailers(body *b, const char *data)
{
    size_t at = 0;
    for (uint32_t i = 0; i < b->decoder.count; i++) {
        const weir_http_field *f = &b->fields[i];
        at += (size_t)sprintf(b->trailers + at, "%.*s=%.*s;", f->name_len, data + f->name,
                              (int)f->value_len, data + f->value);
    }
}

/* Takes what it can of data[0..len), whose first b->taken bytes are dealt with. */
static void feed_body(body *b, const char *data, size_t len)
{
    weir_http_chunked_step step;
    do {
        const char *at = data + b->taken;
        b->result = weir_http_chunked_next(&b->decoder, at, len - b->taken, &step);
        if (b->result < 0) break;
        assert_true(step.data + step.data_len <= step.taken || step.data_len == 0);
        assert_int_equal(b->result == WEIR_HTTP_CHUNKED_DATA, step.data_len > 0);
        memcpy(b->content + b->content_len, at + step.data, step.data_len);
        b->content_len += step.data_len;
        if (b->result == WEIR_HTTP_CHUNKED_END) note_trailers(b, at);
        b->taken += step.taken;
    } while (b->result == WEIR_HTTP_CHUNKED_DATA);
    b->error_offset = b->decoder.error_offset;
}

static void assert_same_body(const body *a, const body *b)
{
    assert_int_equal(a->result, b->result);
    assert_int_equal(a->error_offset, b->error_offset);
    assert_int_equal(a->content_len, b->content_len);
    assert_memory_equal(a->content, b->content, a->content_len);
    assert_string_equal(a->trailers, b->trailers);
    if (a->result == WEIR_HTTP_CHUNKED_END) assert_int_equal(a->taken, b->taken);
}

/* In one piece, at every split, and byte by byte, before a guard page. */
static void decode(weir_bytes text, const weir_http_options *options, bool keep, body *whole)
{
    guarded g = guarded_new(text.len);
    begin_body(whole, options, keep);
    feed_body(whole, guarded_put(&g, text.data, text.len), text.len);
    for (size_t split = 0; split <= text.len; split++) {
        body two;
        begin_body(&two, options, keep);
        feed_body(&two, guarded_put(&g, text.data, split), split);
        if (two.result == 0) feed_body(&two, guarded_put(&g, text.data, text.len), text.len);
        assert_same_body(whole, &two);
    }
    body bytewise;
    begin_body(&bytewise, options, keep);
    for (size_t have = 1; have <= text.len && bytewise.result == 0; have++)
        feed_body(&bytewise, guarded_put(&g, text.data, have), have);
    assert_same_body(whole, &bytewise);
    guarded_free(&g);
}

TEST(chunks_give_their_content_and_leave_what_follows)
{
    const struct {
        weir_bytes text;
        const char *content, *trailers;
        size_t rest; /* bytes that belong to what follows */
    } cases[] = {
        {BYTES("0\r\n\r\n"), "", "", 0},
        {BYTES("5\r\nhello\r\n6\r\n world\r\n000\r\n\r\nGET /"), "hello world", "", 5},
        {BYTES("A\r\n0123456789\r\n0\r\n\r\n"), "0123456789", "", 0},
        {BYTES("0000000000000001\r\nx\r\n0\r\n\r\n"), "x", "", 0},
        {BYTES("1;a\r\nx\r\n1;a=b;c=\"d\\\"\\\\;\";e\r\ny\r\n1 ; a = b\t;c\r\nz\r\n0;last\r\n\r\n"),
         "xyz", "", 0},
        {BYTES("0\r\nDigest: a\r\nX:\r\n\r\nrest"), "", "Digest=a;X=;", 4},
        {BYTES("1\r\nx\r\n0\r\nContent-Length: 9\r\nA: b\r\nHost: h\r\nAuthorization: x\r\nC: "
               "d\r\n\r\n"),
         "x", "A=b;C=d;", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int keep = 0; keep < 2; keep++) {
            body b;
            decode(cases[i].text, NULL, keep, &b);
            assert_int_equal(b.result, WEIR_HTTP_CHUNKED_END);
            assert_true(weir_http_chunked_is_done(&b.decoder));
            assert_int_equal(b.taken, cases[i].text.len - cases[i].rest);
            assert_int_equal(b.content_len, strlen(cases[i].content));
            assert_memory_equal(b.content, cases[i].content, b.content_len);
            assert_string_equal(b.trailers, keep ? cases[i].trailers : "");
            assert_int_equal(b.decoder.total, b.content_len);
        }
}

TEST(malformed_chunks_are_refused_at_the_byte)
{
    const struct {
        weir_bytes text;
        int error;
        uint64_t offset;
    } cases[] = {
        {BYTES("\r\n"), WEIR_EHTTP_CHUNK_SIZE, 0},
        {BYTES(" 5\r\nhello\r\n"), WEIR_EHTTP_CHUNK_SIZE, 0},
        {BYTES("+5\r\nhello\r\n"), WEIR_EHTTP_CHUNK_SIZE, 0},
        {BYTES("-1\r\nhello\r\n"), WEIR_EHTTP_CHUNK_SIZE, 0},
        {BYTES("0x5\r\nhello\r\n"), WEIR_EHTTP_CHUNK_SIZE, 1},
        {BYTES("1_0\r\n"), WEIR_EHTTP_CHUNK_SIZE, 1},
        {BYTES("5\nhello\r\n"), WEIR_EHTTP_CHUNK_SIZE, 1},
        {BYTES("5\rhello\r\n"), WEIR_EHTTP_CHUNK_SIZE, 1},
        {BYTES("8000000000000000\r\n"), WEIR_EHTTP_CHUNK_SIZE, 15},
        {BYTES("FFFFFFFFFFFFFFFF0\r\n"), WEIR_EHTTP_CHUNK_SIZE, 15},
        {BYTES("00000000000000001\r\n"), WEIR_EHTTP_CHUNK_SIZE, 16},
        {BYTES("5 \r\nhello\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 2},
        {BYTES("5 x\r\nhello\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 2},
        {BYTES("5;\r\nhello\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 2},
        {BYTES("5;\nhello\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 2},
        {BYTES("5;bad[=x\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 5},
        {BYTES("5;a=\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 4},
        {BYTES("5;a b\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 4},
        {BYTES("5;a=\"b\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 6},
        {BYTES("5;a=\"b\\\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 7},
        {BYTES("5;a=\"b\"c\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 7},
        {BYTES("5\r\nhello0\r\n\r\n"), WEIR_EHTTP_CHUNK_END, 8},
        {BYTES("5\r\nhello\n0\r\n\r\n"), WEIR_EHTTP_CHUNK_END, 8},
        {BYTES("5\r\nhello\r0\r\n\r\n"), WEIR_EHTTP_CHUNK_END, 8},
        {BYTES("0\r\n\n"), WEIR_EHTTP_TRAILER, 3},
        {BYTES("0\r\n\rX"), WEIR_EHTTP_TRAILER, 3},
        {BYTES("0\r\nA : b\r\n\r\n"), WEIR_EHTTP_TRAILER, 4},
        {BYTES("0\r\nA: b\n\r\n"), WEIR_EHTTP_TRAILER, 7},
        {BYTES("0\r\nA: b\r\n c\r\n\r\n"), WEIR_EHTTP_TRAILER, 9},
        {BYTES("0\r\nA: b\x00\r\n\r\n"), WEIR_EHTTP_TRAILER, 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int keep = 0; keep < 2; keep++) {
            body b;
            decode(cases[i].text, NULL, keep, &b);
            /* CR then a wrong byte is told of the CR, but known one byte later. */
            if (b.result != cases[i].error || b.error_offset != cases[i].offset)
                fail_msg("case %zu: %s at %llu", i, weir_errname(b.result),
                         (unsigned long long)b.error_offset);
        }
}

TEST(lenient_options_do_not_reach_chunked_framing)
{
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.lenient = UINT32_MAX;
    body b;
    decode(BYTES("5\nhello\r\n"), &options, true, &b);
    assert_int_equal(b.result, WEIR_EHTTP_CHUNK_SIZE);
    decode(BYTES("0\r\nA: b\n\n"), &options, true, &b);
    assert_int_equal(b.result, WEIR_EHTTP_TRAILER);
}

static int decode_text(const weir_http_options *options, bool keep, const char *text)
{
    static body b;
    decode(weir_bytes_text(text), options, keep, &b);
    return b.result;
}

TEST(limits_of_chunks_hold_exactly)
{
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.chunk_extension = 4;
    options.chunk_extensions = 7;
    assert_int_equal(decode_text(&options, true, "0;abc\r\n\r\n"), WEIR_HTTP_CHUNKED_END);
    assert_int_equal(decode_text(&options, true, "0;abcd"), WEIR_EHTTP_CHUNK_EXTENSION);
    assert_int_equal(decode_text(&options, true, "1;abc\r\nx\r\n0;ab\r\n\r\n"),
                     WEIR_HTTP_CHUNKED_END);
    assert_int_equal(decode_text(&options, true, "1;abc\r\nx\r\n0;abc"),
                     WEIR_EHTTP_CHUNK_EXTENSION);
    options.body = 20;
    assert_int_equal(decode_text(&options, true, "f\r\n0123456789abcde\r\n5\r\n"), 0);
    assert_int_equal(decode_text(&options, true, "f\r\n0123456789abcde\r\n6"),
                     WEIR_EHTTP_BODY_LIMIT);
    assert_int_equal(decode_text(&options, true, "15"), WEIR_EHTTP_BODY_LIMIT);
    for (int keep = 0; keep < 2; keep++) {
        options.trailer_section = 12;
        assert_int_equal(decode_text(&options, keep, "0\r\nA: b\r\nA: b\r\n\r\n"),
                         WEIR_HTTP_CHUNKED_END);
        assert_int_equal(decode_text(&options, keep, "0\r\nA: b\r\nA: bc\r\n\r\n"),
                         WEIR_EHTTP_TRAILER);
        assert_int_equal(decode_text(&options, keep, "0\r\nA: b\r\nA: b\r\nA"), WEIR_EHTTP_TRAILER);
        options.trailers = 2;
        options.trailer_section = 8192;
        assert_int_equal(decode_text(&options, keep, "0\r\nA:\r\nB:\r\n\r\n"),
                         WEIR_HTTP_CHUNKED_END);
        assert_int_equal(decode_text(&options, keep, "0\r\nA:\r\nB:\r\nC"), WEIR_EHTTP_TRAILER);
    }
}

TEST(a_huge_chunk_needs_no_memory_of_its_payload)
{
    body b;
    begin_body(&b, NULL, false);
    const char *size = "7fffffffffffffff\r\n";
    weir_http_chunked_step step;
    assert_int_equal(weir_http_chunked_next(&b.decoder, size, strlen(size), &step),
                     WEIR_HTTP_CHUNKED_MORE);
    assert_int_equal(step.taken, strlen(size));
    /* Only the range is told; these bytes do not exist. */
    const char *nowhere = (const char *)(uintptr_t)4096;
    assert_int_equal(weir_http_chunked_next(&b.decoder, nowhere, (size_t)1 << 40, &step),
                     WEIR_HTTP_CHUNKED_DATA);
    assert_int_equal(step.data_len, (size_t)1 << 40);
    assert_int_equal(b.decoder.left, INT64_MAX - ((int64_t)1 << 40));
}
