/* SPDX-License-Identifier: MIT
 *
 * Does every scanner give what judging each byte gives, wherever the bytes lie, however they are
 * cut, and whatever byte stands at whatever place?
 */
#include <stdlib.h>

#include "http/wire/scan_testing.h"

typedef struct specimen {
    weir_bytes text;
    bool response;
    bool ordinary; /* no line is left to be judged */
} specimen;

static const specimen specimens[] = {
    {VIEW("GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"), false, true},
    {VIEW("GET /index.html HTTP/1.1\r\nHost: example.org\r\nUser-Agent: curl/7.88.1\r\n"
          "Accept: */*\r\n\r\n"),
     false, true},
    {VIEW("GET /search?q=weir&hl=en HTTP/1.1\r\nHost: www.example.org\r\n"
          "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
          "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
          "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
          "Connection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\nPriority: u=0, i\r\n\r\n"),
     false, true},
    {VIEW(
         "POST /upload HTTP/1.1\r\nhost: api.example.org\r\ncontent-length: 17\r\n"
         "X-A:\r\nX-B: \r\nX-C:\t\t \r\nX-D: \t a \t b \t \r\nX-Caf\x65: caf\xC3\xA9\r\n"
         "content-type:application/json\r\nCookie: a=b; c=\"d e\"; f=0123456789012345678901234"
         "56789012345678901234567890123456789\r\nExpect: 100-continue\r\n\r\n{\"key\": \"value\"}"),
     false, true},
    {VIEW("\r\nOPTIONS * HTTP/1.0\r\n\r\nGET / HTTP/1.1\r\n\r\n"), false, false},
    {VIEW("HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 17:53:20 GMT\r\n"
          "Content-Type: text/html\r\nContent-Length: 615\r\n"
          "Last-Modified: Tue, 13 Aug 2024 10:00:00 GMT\r\nConnection: keep-alive\r\n"
          "ETag: \"66bb2f70-267\"\r\nAccept-Ranges: bytes\r\n\r\n<!DOCTYPE html>\n<html>"),
     true, true},
    {VIEW("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
     true, true},
    {VIEW("HTTP/1.0 304\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n"), true, false},
};

enum { SPECIMENS = sizeof specimens / sizeof *specimens };

static head_case case_of(const specimen *s, const weir_http_options *options)
{
    return (head_case){s->response, WEIR_HTTP_GET, options, 0};
}

TEST(every_scanner_of_this_machine_runs_and_the_best_is_the_default)
{
    const weir_http_scanner *const *all = weir_http_scanners();
    assert_string_equal(weir_http_parser_scanner(), all[0]->name);
    size_t count = 0;
    for (; all[count]; count++) {
        weir_http_scanner_use(all[count]);
        assert_string_equal(weir_http_parser_scanner(), all[count]->name);
        assert_ptr_equal(weir_http_scanner_chosen(), all[count]);
        const head_case how = case_of(&specimens[2], NULL);
        outcome o;
        head_begin(&o, &how);
        head_feed(&o, specimens[2].text.data, specimens[2].text.len);
        assert_int_equal(o.result, specimens[2].text.len);
        assert_int_equal(o.parser.count, 8);
        for (size_t i = 0; i < count; i++) assert_string_not_equal(all[i]->name, all[count]->name);
    }
    assert_string_equal(all[count - 1]->name, "scalar");
    weir_http_scanner_use(NULL);
    assert_string_equal(weir_http_parser_scanner(), all[0]->name);
}

/* Whether each scanner takes all of a head of ordinary lines: what is left to be judged byte by
 * byte is right as well, but slow. */
static void check_taken(const room *r, const char *text, size_t len, bool response)
{
    const head_case how = {response, WEIR_HTTP_GET, NULL, 0};
    const char *at = room_put_last(r, text, len);
    for (const weir_http_scanner *const *s = weir_http_scanners(); *s; s++) {
        outcome o;
        head_begin(&o, &how);
        if ((*s)->take(&o.parser, at, len) == len) continue;
        print_bytes(text, len);
        fail_msg("%s leaves bytes from %u on", (*s)->name, o.parser.position);
    }
}

TEST(ordinary_heads_are_taken_whole)
{
    /* All token bytes, twice. */
#define TOKENS "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&'*+.^_`|~"
    static const char filler[] = TOKENS TOKENS;
    static const char *const methods[] = {"GET", "POST", "HEAD", "PUT", "DELETE"};
    enum { FILLER = sizeof TOKENS - 1, NO_STRAY = 63 };
    char text[512];
    room r = room_new(1024);
    for (size_t i = 0; i < SPECIMENS; i++) {
        const char *end = strstr(specimens[i].text.data, "\r\n\r\n");
        if (specimens[i].ordinary)
            check_taken(&r, specimens[i].text.data, (size_t)(end + 4 - specimens[i].text.data),
                        specimens[i].response);
    }
    for (int i = 0; i <= 2 * NO_STRAY; i++) {
        const int first = i < NO_STRAY ? i : NO_STRAY, second = i - first;
        int len = snprintf(text, sizeof text, "%s /%.*s%.*s HTTP/1.1\r\nHost: h\r\n\r\n",
                           methods[i % 5], first, filler, second, filler);
        check_taken(&r, text, (size_t)len, false);
        len = snprintf(text, sizeof text, "HTTP/1.0 404 %.*s%.*s\r\nDate: now\r\n\r\n", first,
                       filler, second, filler);
        check_taken(&r, text, (size_t)len, true);
        for (int name = 1; name <= FILLER; name++) {
            len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n%.*s: %.*s%.*s\r\nVia: x\r\n\r\n",
                           name, filler + i % FILLER, first, filler, second, filler);
            check_taken(&r, text, (size_t)len, false);
        }
    }
    room_free(&r);
}

TEST(nothing_outside_the_bytes_is_read_at_any_length)
{
    room r = room_new(2048);
    for (size_t i = 0; i < SPECIMENS; i++) {
        const head_case how = case_of(&specimens[i], NULL);
        for (size_t len = 0; len <= specimens[i].text.len; len++) {
            outcome expected;
            const char *at = room_put_last(&r, specimens[i].text.data, len);
            head_expect(&expected, &how, at, len);
            head_check_whole(&expected, &how, at, len);
            head_check_whole(&expected, &how, room_put_at(&r, 0, specimens[i].text.data, len), len);
        }
    }
    room_free(&r);
}

TEST(where_the_bytes_lie_makes_no_difference)
{
    room r = room_new(2048);
    for (size_t i = 0; i < SPECIMENS; i++) {
        const head_case how = case_of(&specimens[i], NULL);
        const weir_bytes text = specimens[i].text;
        for (size_t cut = 0; cut < 70 && cut <= text.len; cut += 1 + cut * 2) {
            outcome expected;
            head_expect(&expected, &how, text.data, text.len - cut);
            for (size_t offset = 0; offset < 64; offset++) {
                const char *at = room_put_at(&r, offset, text.data, text.len - cut);
                head_check_whole(&expected, &how, at, text.len - cut);
            }
        }
    }
    room_free(&r);
}

TEST(how_the_bytes_are_cut_makes_no_difference)
{
    room r = room_new(2048);
    for (size_t i = 0; i < SPECIMENS; i++) {
        const head_case how = case_of(&specimens[i], NULL);
        const weir_bytes text = specimens[i].text;
        outcome expected, got;
        head_expect(&expected, &how, text.data, text.len);
        for (const weir_http_scanner *const *s = weir_http_scanners(); *s; s++) {
            weir_http_scanner_use(*s);
            for (size_t split = 0; split <= text.len; split++) {
                head_begin(&got, &how);
                head_feed(&got, room_put_last(&r, text.data, split), split);
                head_feed(&got, room_put_at(&r, split % 64, text.data, text.len), text.len);
                head_check(&expected, &got, &how, text.data, text.len);
            }
            head_begin(&got, &how);
            for (size_t len = 0; len <= text.len; len++)
                head_feed(&got, room_put_last(&r, text.data, len), len);
            head_check(&expected, &got, &how, text.data, text.len);
        }
    }
    weir_http_scanner_use(NULL);
    room_free(&r);
}

/* Puts every byte at every place of a head in turn. */
static void check_every_byte(weir_bytes text, bool response, uint32_t lenient)
{
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.lenient = lenient;
    const head_case how = {response, WEIR_HTTP_GET, &options, 0};
    room r = room_new(text.len);
    char *const at = room_put_last(&r, text.data, text.len);
    for (size_t place = 0; place < text.len; place++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            at[place] = (char)byte;
            outcome expected;
            head_expect(&expected, &how, at, text.len);
            head_check_whole(&expected, &how, at, text.len);
        }
        at[place] = text.data[place];
    }
    room_free(&r);
}

TEST(every_byte_is_judged_alike_at_every_place_of_a_request)
{
    check_every_byte(BYTES("GET /a?b=0123456789012345678901234567890123456789 HTTP/1.1\r\n"
                           "Host: www.example.org\r\nX-Name-Of-Thirty-One-Bytes-0000: v\r\n"
                           "Cookie:  a b\t \r\n\r\n"),
                     false, 0);
}

TEST(every_byte_is_judged_alike_at_every_place_of_a_lenient_request)
{
    check_every_byte(
        BYTES("DELETE /a HTTP/1.0\r\nA: b\r\nContent-Length:0\r\nTE:\r\nHost: h\r\n\r\n"), false,
        WEIR_HTTP_LENIENT_LF | WEIR_HTTP_LENIENT_TARGET_BYTES);
}

TEST(every_byte_is_judged_alike_at_every_place_of_a_response)
{
    check_every_byte(BYTES("HTTP/1.1 200 A reason\r\nContent-Length: 10\r\nX:\r\n"
                           "Server: 0123456789012345678901234567890123456789\r\nVary:a\r\n\r\n"),
                     true, 0);
}

TEST(every_byte_is_judged_alike_at_every_place_of_a_folded_response)
{
    check_every_byte(BYTES("HTTP/1.1 404 \r\nA: b\r\n c\r\nLink: d\r\n\te\r\nETag: \r\n \r\n\r\n"),
                     true, WEIR_HTTP_LENIENT_FOLD);
}

/* Reads a request whose middle line is `line`, at both edges of the room. */
static void check_line(const room *r, const char *line, size_t len, bool host_first)
{
    static const char get[] = "GET / HTTP/1.1\r\n", host[] = "Host: h\r\n";
    enum { ROOM = 600 };
    char text[ROOM];
    assert_true(len + sizeof get + sizeof host + 2 <= ROOM);
    const int written = snprintf(text, ROOM, "%s%s%.*s%s\r\n", get, host_first ? host : "",
                                 (int)len, line, host_first ? "" : host);
    assert_int_equal(written, len + sizeof get + sizeof host);
    const size_t all = (size_t)written;
    const head_case how = {false, WEIR_HTTP_GET, NULL, 0};
    outcome expected;
    const char *at = room_put_last(r, text, all);
    head_expect(&expected, &how, at, all);
    head_check_whole(&expected, &how, at, all);
}

TEST(names_and_values_of_every_length_are_read_alike)
{
    static const char *const blanks[] = {"", " ", "\t", "  ", " \t ", "\t\t\t\t"};
    enum { BLANKS = sizeof blanks / sizeof *blanks, NAMES = 70, VALUES = 200 };
    char name[NAMES + 1], value[VALUES + 1], line[400];
    room r = room_new(1024);
    for (unsigned i = 0; i < NAMES; i++) name[i] = "X-aZ09!#$%&'*+.^_`|~"[i % 20];
    for (unsigned i = 0; i < VALUES; i++) value[i] = (char)("v \t:\xFF,"[i % 6]);
    for (unsigned n = 1; n <= NAMES; n++) {
        for (unsigned v = 0; v <= VALUES; v++) {
            const unsigned kind = n * 7 + v;
            const int len =
                snprintf(line, sizeof line, "%.*s:%s%.*s%s\r\n", (int)n, name,
                         blanks[kind % BLANKS], (int)v, value, blanks[kind / BLANKS % BLANKS]);
            check_line(&r, line, (size_t)len, kind % 5 < 3);
        }
    }
    room_free(&r);
}

/* Reads a name where more bytes follow than a name has, and where the head ends soon after. */
static void check_name(const room *r, const char *name, size_t len)
{
    char line[128];
    for (unsigned i = 0; i < 2; i++) {
        static const char *const values[] = {" 012345678901234567890123456789012345678", "1"};
        const int all = snprintf(line, sizeof line, "%.*s:%s\r\n", (int)len, name, values[i]);
        check_line(r, line, (size_t)all, true);
    }
}

TEST(known_names_are_known_in_any_case_and_with_no_byte_changed)
{
    room r = room_new(1024);
    for (unsigned id = 1; id < WEIR_HTTP_FIELD_IDS; id++) {
        const weir_bytes known = weir_http_field_name((weir_http_field_id)id);
        char name[40];
        memcpy(name, known.data, known.len);
        name[known.len] = name[known.len + 1] = 'x';
        for (size_t len = 1; len <= known.len + 2; len++) check_name(&r, name, len);
        check_name(&r, name + 1, known.len - 1);
        for (unsigned mask = 0; mask < 4; mask++) {
            for (size_t i = 0; i < known.len; i++) {
                const bool upper = mask == 3 ? i % 2 == 0 : mask == 1;
                const int c = (unsigned char)known.data[i];
                name[i] = (char)(mask == 0 || c == '-' ? c : upper ? c & ~0x20 : c | 0x20);
            }
            check_name(&r, name, known.len);
        }
        memcpy(name, known.data, known.len);
        for (size_t i = 0; i < known.len; i++) {
            static const char changes[] = "\x20\x01\x02\x10\x40\x60\x7F\x80";
            for (size_t k = 0; k < sizeof changes - 1; k++) {
                name[i] = (char)(known.data[i] ^ changes[k]);
                check_name(&r, name, known.len);
            }
            name[i] = known.data[i];
        }
    }
    room_free(&r);
}

TEST(every_limit_stops_at_the_same_byte)
{
    for (size_t i = 0; i < SPECIMENS; i++) {
        const weir_bytes text = specimens[i].text;
        for (uint32_t limit = 0; limit <= text.len + 2; limit++) {
            for (unsigned which = 0; which < 5; which++) {
                weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
                head_case how = case_of(&specimens[i], &options);
                if (which == 0) options.start_line = limit;
                if (which == 1) options.field_line = limit;
                if (which == 2) options.field_section = limit;
                if (which == 3) options.fields = limit;
                if (which == 4) how.capacity = limit + 1;
                if (which >= 3 && limit > 20) continue;
                outcome expected;
                head_expect(&expected, &how, text.data, text.len);
                head_check_whole(&expected, &how, text.data, text.len);
            }
        }
    }
}

TEST(names_and_values_of_64_kibibytes_are_read_alike)
{
    enum { LEN = 65536, ROOM = 2 * LEN };
    room r = room_new(ROOM);
    char *const text = malloc(ROOM);
    assert_non_null(text);
    weir_http_options options = WEIR_HTTP_OPTIONS_DEFAULT;
    options.start_line = options.field_line = options.field_section = UINT32_MAX;
    const head_case how = {false, WEIR_HTTP_GET, &options, 0};
    static const char *const shapes[] = {"GET / HTTP/1.1\r\nHost: h\r\n%.*s: v\r\n\r\n",
                                         "GET / HTTP/1.1\r\nHost: h\r\nX: %.*s\r\n\r\n",
                                         "GET /%.*s HTTP/1.1\r\nHost: h\r\n\r\n"};
    char *const fill = malloc(LEN + 8);
    assert_non_null(fill);
    memset(fill, 'a', LEN + 8);
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int len = LEN - 3; len <= LEN + 3; len++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            const size_t all = (size_t)snprintf(text, ROOM, shapes[i], len, fill);
#pragma GCC diagnostic pop
            const char *at = room_put_last(&r, text, all);
            outcome expected;
            head_expect(&expected, &how, at, all);
            head_check_whole(&expected, &how, at, all);
        }
    }
    free(fill);
    free(text);
    room_free(&r);
}
