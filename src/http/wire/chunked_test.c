/* SPDX-License-Identifier: MIT
 *
 * Does the chunked decoder give exactly the content, refuse everything else at the right byte, and
 * leave what follows alone, however the bytes come?
 */
#include <stdio.h>

#include <weir/http/wire/chunked.h>

#include "http/wire/scan.h"
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

/* Each body is decoded with the next scanner, so that runs to be compared differ in it. */
static void begin_body(body *b, const weir_http_options *options, bool keep)
{
    static size_t next;
    if (!weir_http_scanners()[next]) next = 0;
    weir_http_scanner_use(weir_http_scanners()[next++]);
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
        {BYTES("-1\r\nhello\r\n"), WEIR_EHTTP_CHUNK_SIZE, 0},
        {BYTES("0x5\r\nhello\r\n"), WEIR_EHTTP_CHUNK_SIZE, 1},
        {BYTES("5\nhello\r\n"), WEIR_EHTTP_CHUNK_SIZE, 1},
        {BYTES("5\rhello\r\n"), WEIR_EHTTP_CHUNK_SIZE, 1},
        {BYTES("8000000000000000\r\n"), WEIR_EHTTP_CHUNK_SIZE, 15},
        {BYTES("FFFFFFFFFFFFFFFF0\r\n"), WEIR_EHTTP_CHUNK_SIZE, 15},
        {BYTES("00000000000000001\r\n"), WEIR_EHTTP_CHUNK_SIZE, 16},
        {BYTES("5 \r\nhello\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 2},
        {BYTES("5 x\r\nhello\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 2},
        {BYTES("5;\r\nhello\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 2},
        {BYTES("5;a=\"b\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 6},
        {BYTES("5;a=\"b\\\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 7},
        {BYTES("5;a=\"b\"c\r\n"), WEIR_EHTTP_CHUNK_EXTENSION, 7},
        {BYTES("5\r\nhello0\r\n\r\n"), WEIR_EHTTP_CHUNK_END, 8},
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

TEST(huge_chunks_need_no_memory_of_their_payload_and_do_not_overflow_the_sum)
{
    body b;
    begin_body(&b, NULL, false);
    const char *line = "\r\n7fffffffffffffff\r\n";
    weir_http_chunked_step step;
    /* Only ranges are told; these bytes do not exist. */
    const char *nowhere = (const char *)(uintptr_t)4096;
    for (uint64_t chunk = 0; chunk < 2; chunk++) {
        const char *at = line + (chunk == 0 ? 2 : 0);
        assert_int_equal(weir_http_chunked_next(&b.decoder, at, strlen(at), &step), 0);
        assert_int_equal(step.taken, strlen(at));
        assert_int_equal(b.decoder.total, (uint64_t)INT64_MAX * (chunk + 1));
        assert_int_equal(weir_http_chunked_next(&b.decoder, nowhere, INT64_MAX - 1, &step),
                         WEIR_HTTP_CHUNKED_DATA);
        assert_int_equal(step.data_len, INT64_MAX - 1);
        assert_int_equal(b.decoder.left, 1);
        weir_http_chunked_next(&b.decoder, "x", 1, &step);
    }
    assert_int_equal(weir_http_chunked_next(&b.decoder, line, strlen(line), &step),
                     WEIR_EHTTP_BODY_LIMIT);
}

TEST(the_default_limits_are_those_of_the_header)
{
    static char text[20000];
    const struct {
        const char *before, *repeated, *after;
        int times; /* exactly the limit; with one more it is over */
        int error;
    } cases[] = {
        {"1;", "a", "\r\nx\r\n", 255, WEIR_EHTTP_CHUNK_EXTENSION},
        {"", "1;aaaaaaa\r\nx\r\n", "", 512, WEIR_EHTTP_CHUNK_EXTENSION},
        {"0\r\n", "A:\r\n", "\r\n", 32, WEIR_EHTTP_TRAILER},
        {"0\r\nA:", "a", "\r\n\r\n", 8188, WEIR_EHTTP_TRAILER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int more = 0; more < 2; more++)
            for (int keep = 0; keep < 2; keep++) {
                size_t len = (size_t)sprintf(text, "%s", cases[i].before);
                for (int n = 0; n < cases[i].times + more; n++)
                    len += (size_t)sprintf(text + len, "%s", cases[i].repeated);
                len += (size_t)sprintf(text + len, "%s", cases[i].after);
                static weir_http_field fields[64];
                weir_http_chunked decoder;
                weir_http_chunked_init(&decoder, NULL, keep ? fields : NULL, 64);
                int event = WEIR_HTTP_CHUNKED_DATA;
                weir_http_chunked_step step;
                for (size_t at = 0; event == WEIR_HTTP_CHUNKED_DATA; at += step.taken)
                    event = weir_http_chunked_next(&decoder, text + at, len - at, &step);
                if (more ? event != cases[i].error : event < 0)
                    fail_msg("case %zu, %d more: %s", i, more, weir_errname(event));
            }
}

TEST(more_trailers_than_the_array_holds_are_refused)
{
    const weir_bytes two = BYTES("0\r\nA: 1\r\nHost: h\r\n\r\n");
    for (uint32_t capacity = 0; capacity <= 3; capacity++) {
        weir_http_field fields[3];
        memset(fields, 0x5A, sizeof fields);
        weir_http_chunked decoder;
        weir_http_chunked_init(&decoder, NULL, fields, capacity);
        weir_http_chunked_step step;
        int event = weir_http_chunked_next(&decoder, two.data, two.len, &step);
        if (capacity >= 2) {
            assert_int_equal(event, WEIR_HTTP_CHUNKED_END);
            assert_int_equal(decoder.count, 1);
        } else {
            /* One that is to be dropped needs its place, too. */
            assert_int_equal(event, WEIR_EHTTP_TRAILER);
            assert_int_equal(decoder.error_offset, capacity == 0 ? 3 : 9);
        }
        for (uint32_t i = capacity; i < 3; i++) assert_int_equal(fields[i].name, 0x5A5A5A5A);
        weir_http_chunked_init(&decoder, NULL, fields, 0);
        assert_int_equal(weir_http_chunked_next(&decoder, "0\r\n\r\n", 5, &step),
                         WEIR_HTTP_CHUNKED_END);
    }
}

TEST(results_are_kept_once_they_are_there)
{
    weir_http_chunked_step step;
    body b;
    begin_body(&b, NULL, true);
    assert_int_equal(weir_http_chunked_next(&b.decoder, "", 0, &step), WEIR_HTTP_CHUNKED_MORE);
    assert_int_equal(step.taken, 0);
    feed_body(&b, "2\r\nab\r\n0\r\nA: b\r\n\r\nGET", 21);
    assert_int_equal(b.taken, 18);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(weir_http_chunked_next(&b.decoder, "GET", 3, &step),
                         WEIR_HTTP_CHUNKED_END);
        assert_int_equal(step.taken + step.data_len, 0);
        assert_int_equal(b.decoder.count, 1);
    }
    begin_body(&b, NULL, true);
    feed_body(&b, "2\r\nabc", 6);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(weir_http_chunked_next(&b.decoder, "\r\n", 2, &step),
                         WEIR_EHTTP_CHUNK_END);
        assert_int_equal(step.taken + step.data_len, 0);
        assert_int_equal(b.decoder.error_offset, 5);
        assert_false(weir_http_chunked_is_done(&b.decoder));
    }
}

TEST(trailer_lines_that_are_not_wanted_are_taken_each_when_it_is_whole)
{
    const struct {
        weir_bytes text;
        size_t kept, dropped; /* bytes taken of it with and without an array for trailers */
    } cases[] = {
        {BYTES("0\r\nA: b"), 3, 3},
        {BYTES("0\r\nA: b\r"), 3, 3},
        {BYTES("0\r\nA: b\r\n"), 3, 9},
        {BYTES("0\r\nA: b\r\nC:"), 3, 9},
        {BYTES("0\r\nA: b\r\nC: d\r\n\r"), 3, 15},
        {BYTES("0\r\nA: b\r\nC: d\r\n\r\n"), 17, 17},
    };
    for (size_t run = 0; run < sizeof cases / sizeof *cases * 10; run++) {
        bool keep = run % 10 < 5; /* each with five scanners, of which there are no more */
        body b;
        begin_body(&b, NULL, keep);
        feed_body(&b, cases[run / 10].text.data, cases[run / 10].text.len);
        assert_int_equal(b.taken, keep ? cases[run / 10].kept : cases[run / 10].dropped);
    }
}

/* A second reading of the grammar: of a whole body, in the order of RFC 9112 7.1, without states.
 */
typedef struct reading {
    weir_bytes text;
    const weir_http_options *options;
    uint32_t capacity; /* of the trailers */
    size_t at;
    size_t line_extension, extensions;
    size_t content_len;
    bool more; /* the text ends inside the body */
    int error;
    uint64_t total;
    char content[600];
} reading;

/* The next byte; -1 when there is none, with everything after it off. */
static int peek(reading *r)
{
    if (r->more || r->error) return -1;
    if (r->at < r->text.len) return (uint8_t)r->text.data[r->at];
    r->more = true;
    return -1;
}

static bool wrong(reading *r, int error, size_t at)
{
    if (r->more || r->error) return false;
    r->error = error;
    r->at = at;
    return false;
}

static bool is_in(int c, const char *set)
{
    return c > 0 && strchr(set, c);
}

static bool is_token(int c)
{
    return is_in(c,
                 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&'*+-.^_`|~");
}

static bool is_text(int c)
{
    return c == '\t' || (c >= ' ' && c != 0x7F);
}

/* CRLF, of which the byte that is missing is told. */
static bool read_crlf(reading *r, int error)
{
    if (peek(r) != '\r') return wrong(r, error, r->at);
    r->at++;
    if (peek(r) != '\n') return wrong(r, error, r->at - 1);
    r->at++;
    return true;
}

/* A byte of an extension; all errors of one are told as the same. */
static bool read_extension_byte(reading *r, bool fits)
{
    if (!fits || r->line_extension == r->options->chunk_extension ||
        r->extensions == r->options->chunk_extensions)
        return wrong(r, WEIR_EHTTP_CHUNK_EXTENSION, r->at);
    r->line_extension++;
    r->extensions++;
    r->at++;
    return true;
}

static bool read_blanks(reading *r, bool *any)
{
    for (*any = false; is_in(peek(r), " \t"); *any = true)
        if (!read_extension_byte(r, true)) return false;
    return true;
}

static bool read_token(reading *r)
{
    do {
        if (!read_extension_byte(r, is_token(peek(r)))) return false;
    } while (is_token(peek(r)));
    return true;
}

static bool read_quoted(reading *r)
{
    if (!read_extension_byte(r, true)) return false;
    while (peek(r) != '"') {
        bool pair = peek(r) == '\\';
        if (!read_extension_byte(r, is_text(peek(r)))) return false;
        if (pair && !read_extension_byte(r, is_text(peek(r)))) return false;
    }
    return read_extension_byte(r, true);
}

static bool read_extensions(reading *r)
{
    bool blanks;
    if (!is_in(peek(r), "; \t\r")) return wrong(r, WEIR_EHTTP_CHUNK_SIZE, r->at);
    if (!read_blanks(r, &blanks)) return false;
    while (blanks || peek(r) != '\r') {
        if (!read_extension_byte(r, peek(r) == ';') || !read_blanks(r, &blanks) || !read_token(r) ||
            !read_blanks(r, &blanks))
            return false;
        if (peek(r) != '=') continue;
        if (!read_extension_byte(r, true) || !read_blanks(r, &blanks) ||
            !(peek(r) == '"' ? read_quoted(r) : read_token(r)) || !read_blanks(r, &blanks))
            return false;
    }
    return true;
}

static bool read_size(reading *r, uint64_t *size)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    unsigned __int128 sum = 0;
    size_t first = r->at;
    for (; is_in(peek(r), digits); r->at++) {
        sum = sum * 16 + (unsigned)((strchr(digits, peek(r)) - digits) % 16);
        if (r->at - first == 16 || sum > INT64_MAX) return wrong(r, WEIR_EHTTP_CHUNK_SIZE, r->at);
        if (r->total + sum > r->options->body) return wrong(r, WEIR_EHTTP_BODY_LIMIT, r->at);
    }
    *size = (uint64_t)sum;
    r->total += *size;
    r->line_extension = 0;
    if (peek(r) >= 0 && r->at == first) return wrong(r, WEIR_EHTTP_CHUNK_SIZE, r->at);
    return read_extensions(r) && read_crlf(r, WEIR_EHTTP_CHUNK_SIZE);
}

static bool read_data(reading *r, uint64_t size)
{
    for (; size > 0 && peek(r) >= 0; size--) r->content[r->content_len++] = r->text.data[r->at++];
    return read_crlf(r, WEIR_EHTTP_CHUNK_END);
}

/* A byte of the trailer section that begins at `from`. */
static bool read_trailer_byte(reading *r, size_t from, bool fits)
{
    if (!fits || r->at - from >= r->options->trailer_section)
        return wrong(r, WEIR_EHTTP_TRAILER, r->at);
    r->at++;
    return true;
}

static bool read_section(reading *r)
{
    size_t from = r->at;
    for (uint32_t count = 0; peek(r) != '\r'; count++) {
        bool room = count < r->options->trailers && count < r->capacity;
        do {
            if (!read_trailer_byte(r, from, room && is_token(peek(r)))) return false;
        } while (is_token(peek(r)));
        if (!read_trailer_byte(r, from, peek(r) == ':')) return false;
        while (is_text(peek(r)))
            if (!read_trailer_byte(r, from, true)) return false;
        if (!read_trailer_byte(r, from, peek(r) == '\r')) return false;
        if (peek(r) >= 0 && peek(r) != '\n' && r->at - from < r->options->trailer_section)
            return wrong(r, WEIR_EHTTP_TRAILER, r->at - 1);
        if (!read_trailer_byte(r, from, peek(r) == '\n')) return false;
    }
    return read_crlf(r, WEIR_EHTTP_TRAILER);
}

static void read_whole(reading *r)
{
    uint64_t size;
    do {
        if (!read_size(r, &size)) return;
    } while (size > 0 && read_data(r, size));
    if (size == 0) read_section(r);
}

/* A good body, one with a part too much or a byte too few somewhere, or parts alone. */
static size_t random_body(uint64_t *seed, char *text)
{
    static const char *const good[] = {
        "1\r\nx\r\n", "3;a=b\r\nabc\r\n", "2 ;\tq=\"\xFF\\\"\t\"\r\n\r\n\r\n",
        "0\r\n",      "A: b\r\n",         "Host:h \r\n",
        "\r\n"};
    static const char *const parts[] = {
        "\r\n",       "\r",       "\n",    " ",    "\t",   ";",    ";a",   "=",
        "\"",         "\\",       ":",     "x",    "0",    "1",    "aF",   "7fffffffffffffff",
        "0000000000", "A: b\r\n", "0\r\n", "\x80", "\x7F", "\x01", "GET /"};
    size_t len = 0, at = 0;
    uint64_t kind = test_random(seed) % 4, odd = test_random(seed) % 10;
    for (uint64_t n = 0; n < 12 && at < 7; n++) {
        bool part = kind == 3 || (kind == 2 && n == odd);
        const char *add = part ? parts[test_random(seed) % 23] : good[at];
        size_t add_len = strlen(add);
        if (kind == 1 && n == odd) add_len--;
        memcpy(text + len, add, add_len);
        len += add_len;
        at += part ? 0 : at == 3 || at == 6 || test_random(seed) % 2;
    }
    return len;
}

static weir_http_options random_options(uint64_t *seed)
{
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    if (test_random(seed) % 2) return options;
    options.chunk_extension = (uint32_t)(test_random(seed) % 12);
    options.chunk_extensions = (uint32_t)(test_random(seed) % 16);
    options.trailer_section = (uint32_t)(test_random(seed) % 24);
    options.trailers = (uint32_t)(test_random(seed) % 4);
    options.body = test_random(seed) % 2 ? test_random(seed) % 8 : UINT64_MAX;
    return options;
}

static void assert_same_as_read(const reading *r, const body *b, const char *how)
{
    int expected = r->error ? r->error : r->more ? 0 : WEIR_HTTP_CHUNKED_END;
    bool same = b->result == expected && b->content_len == r->content_len &&
                memcmp(b->content, r->content, r->content_len) == 0 &&
                (!r->error || b->error_offset == r->at) &&
                (expected != WEIR_HTTP_CHUNKED_END || b->taken == r->at);
    if (same) return;
    for (size_t i = 0; i < r->text.len; i++)
        print_message(is_text((uint8_t)r->text.data[i]) ? "%c" : "\\x%02X",
                      (uint8_t)r->text.data[i]);
    fail_msg("\n%s: %s at %llu, taken %zu; expected %s at %zu", how, weir_errname(b->result),
             (unsigned long long)b->error_offset, b->taken, weir_errname(expected), r->at);
}

TEST(the_decoder_agrees_with_a_second_reading_of_the_grammar)
{
    uint64_t seed = test_seed();
    char text[400];
    size_t ended = 0, refused = 0;
    for (int run = 0; run < 10000; run++) {
        size_t len = random_body(&seed, text);
        weir_http_options options = random_options(&seed);
        bool keep = test_random(&seed) % 2;
        uint32_t capacity = keep ? (uint32_t)(test_random(&seed) % 4) : UINT32_MAX;
        reading r = {.text = {text, len}, .options = &options, .capacity = capacity};
        read_whole(&r);
        body b;
        begin_body(&b, &options, keep);
        if (keep) weir_http_chunked_init(&b.decoder, &options, b.fields, capacity);
        feed_body(&b, text, len);
        assert_same_as_read(&r, &b, "one piece");
        begin_body(&b, &options, keep);
        if (keep) weir_http_chunked_init(&b.decoder, &options, b.fields, capacity);
        for (size_t have = 0; have < len && b.result == 0;) {
            have += 1 + test_random(&seed) % (len - have);
            feed_body(&b, text, have);
        }
        assert_same_as_read(&r, &b, "pieces");
        ended += !r.more && !r.error;
        refused += r.error != 0;
    }
    /* Chance must not leave a kind out. */
    assert_true(ended > 300 && refused > 300);
}
