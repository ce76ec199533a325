/* SPDX-License-Identifier: MIT
 *
 * Does the serializer write exactly the wire format, refuse what would break out of a line, and
 * stay inside its buffer?
 */
#include <stdio.h>

#include <weir/http/types/status.h>
#include <weir/http/wire/chunked.h>
#include <weir/http/wire/serializer.h>

#include "http/wire/testing.h"

static int write_head(weir_http_out *out)
{
    weir_http_out_status(out, WEIR_HTTP_1_1, 200);
    weir_http_out_number(out, WEIR_HTTP_FIELD_CONTENT_LENGTH, 12345);
    weir_http_out_known(out, WEIR_HTTP_FIELD_CONTENT_TYPE, BYTES("text/plain; charset=utf-8"));
    weir_http_out_field(out, BYTES("X-Own"), BYTES("a\tb \xC3\xBC"));
    return (int)weir_http_out_end(out);
}

static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nX-Own: a\tb \xC3\xBC\r\n\r\n";

TEST(a_response_head_is_written_as_the_rfc_shows_it)
{
    char buffer[512];
    weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
    assert_int_equal(write_head(&out), sizeof head - 1);
    assert_memory_equal(buffer, head, sizeof head - 1);
}

TEST(a_head_needs_exactly_its_own_bytes_and_never_writes_past_the_buffer)
{
    size_t need = sizeof head - 1;
    for (size_t room = 0; room <= need; room++) {
        guarded g = guarded_new(room);
        char *buffer = g.map + g.size - room;
        weir_http_out out = weir_http_out_of(room ? buffer : NULL, room);
        int result = write_head(&out);
        assert_int_equal(result, room == need ? (int)need : WEIR_EHTTP_SPACE);
        assert_true(out.len <= room);
        if (room > 0) assert_memory_equal(buffer, head, out.len);
        guarded_free(&g);
    }
}

TEST(every_status_line_parses_back_to_its_code_and_reason)
{
    for (int code = 100; code <= 999; code++)
        for (int version = 0; version < 2; version++) {
            char buffer[128];
            weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
            assert_int_equal(weir_http_out_status(&out, (weir_http_version)version, code), 0);
            int64_t len = weir_http_out_end(&out);
            outcome o;
            begin(&o, &(head_case){.response = true});
            assert_int_equal(weir_http_parser_feed(&o.parser, buffer, (size_t)len), len);
            assert_int_equal(weir_http_parser_status(&o.parser), code);
            assert_int_equal(o.parser.version, version);
            assert_text(weir_http_parser_reason(&o.parser, buffer), weir_http_status_reason(code));
        }
    static const int bad[] = {-1, 0, 99, 1000, 100000};
    for (int i = 0; i < 5; i++) {
        char buffer[128];
        weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
        assert_int_equal(weir_http_out_status(&out, WEIR_HTTP_1_1, bad[i]), WEIR_EINVAL);
    }
}

TEST(a_request_head_parses_back)
{
    char buffer[256];
    weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
    weir_http_out_request(&out, BYTES("M-SEARCH"), BYTES("/a?b"), WEIR_HTTP_1_0);
    weir_http_out_known(&out, WEIR_HTTP_FIELD_HOST, BYTES("h"));
    assert_true(weir_http_out_end(&out) > 0);
    assert_memory_equal(buffer, "M-SEARCH /a?b HTTP/1.0\r\nHost: h\r\n\r\n", out.len);
}

TEST(no_byte_breaks_out_of_its_place)
{
    char buffer[256];
    for (int byte = 0; byte < 256; byte++)
        for (size_t place = 0; place < 20; place++) {
            char value[20];
            memset(value, 'v', sizeof value);
            value[place] = (char)byte;
            weir_bytes text = weir_bytes_of(value, sizeof value);
            bool control = (byte < 0x20 && byte != '\t') || byte == 0x7F;
            int expected = control ? WEIR_EHTTP_INJECTION : 0;
            weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
            assert_int_equal(weir_http_out_known(&out, WEIR_HTTP_FIELD_SERVER, text), expected);
            assert_int_equal(out.len == 0, control);
            out = weir_http_out_of(buffer, sizeof buffer);
            assert_int_equal(weir_http_out_field(&out, BYTES("A"), text), expected);
            out = weir_http_out_of(buffer, sizeof buffer);
            assert_int_equal(weir_http_out_status_reason(&out, WEIR_HTTP_1_1, 200, text), expected);
            bool blank = byte == ' ' || byte == '\t';
            bool high = byte >= 0x80;
            out = weir_http_out_of(buffer, sizeof buffer);
            assert_int_equal(weir_http_out_request(&out, BYTES("GET"), text, WEIR_HTTP_1_1),
                             control || blank || high || byte == '#' ? WEIR_EHTTP_INJECTION : 0);
            bool token = byte > 0 && byte < 0x80 &&
                         (strchr("!#$%&'*+-.^_`|~", byte) || (byte >= '0' && byte <= '9') ||
                          ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z' && byte >= 'A'));
            out = weir_http_out_of(buffer, sizeof buffer);
            assert_int_equal(weir_http_out_field(&out, text, BYTES("b")),
                             token ? 0 : WEIR_EHTTP_INJECTION);
        }
}

TEST(the_first_error_stays_and_nothing_is_written_after_it)
{
    char buffer[256];
    weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
    assert_int_equal(weir_http_out_field(&out, BYTES(""), BYTES("v")), WEIR_EHTTP_INJECTION);
    assert_int_equal(weir_http_out_status(&out, WEIR_HTTP_1_1, 200), WEIR_EHTTP_INJECTION);
    assert_int_equal(weir_http_out_chunk(&out, 0), WEIR_EHTTP_INJECTION);
    assert_int_equal(weir_http_out_end(&out), WEIR_EHTTP_INJECTION);
    assert_int_equal(out.len, 0);
    out = weir_http_out_of(buffer, sizeof buffer);
    assert_int_equal(weir_http_out_known(&out, WEIR_HTTP_FIELD_OTHER, BYTES("v")), WEIR_EINVAL);
    out = weir_http_out_of(buffer, sizeof buffer);
    assert_int_equal(weir_http_out_known(&out, WEIR_HTTP_FIELD_IDS, BYTES("v")), WEIR_EINVAL);
}

TEST(numbers_of_every_length_are_written)
{
    uint64_t number = 0;
    for (int digits = 0; digits <= 20; digits++) {
        char expected[64], buffer[64];
        int len = sprintf(expected, "Age: %llu\r\n", (unsigned long long)number);
        weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
        assert_int_equal(weir_http_out_number(&out, WEIR_HTTP_FIELD_AGE, number), 0);
        assert_int_equal(out.len, len);
        assert_memory_equal(buffer, expected, out.len);
        number = digits == 19 ? UINT64_MAX : number * 10 + (uint64_t)(digits % 9) + 1;
    }
}

TEST(chunks_with_trailers_decode_to_what_was_written)
{
    char buffer[256];
    weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
    assert_int_equal(weir_http_out_chunk(&out, 26), 0);
    assert_memory_equal(buffer, "1a\r\n", 4);
    memset(buffer + out.len, 'x', 26);
    out.len += 26;
    weir_http_out_chunk_end(&out);
    weir_http_out_last_chunk(&out);
    weir_http_out_trailer(&out, BYTES("Digest"), BYTES("abc"));
    int64_t len = weir_http_out_end(&out);
    weir_http_chunked decoder;
    weir_http_field fields[2];
    weir_http_chunked_init(&decoder, NULL, fields, 2);
    weir_http_chunked_step step;
    assert_int_equal(weir_http_chunked_next(&decoder, buffer, (size_t)len, &step),
                     WEIR_HTTP_CHUNKED_DATA);
    assert_int_equal(step.data_len, 26);
    size_t at = step.taken;
    assert_int_equal(weir_http_chunked_next(&decoder, buffer + at, (size_t)len - at, &step),
                     WEIR_HTTP_CHUNKED_END);
    assert_int_equal(at + step.taken, len);
    assert_int_equal(decoder.count, 1);
    assert_int_equal(weir_http_out_chunk(&out, 0), WEIR_EINVAL);
    out = weir_http_out_of(buffer, sizeof buffer);
    assert_int_equal(weir_http_out_trailer(&out, BYTES("content-length"), BYTES("1")),
                     WEIR_EHTTP_TRAILER);
    out = weir_http_out_of(buffer, WEIR_HTTP_CHUNK_LINE_MAX);
    assert_int_equal(weir_http_out_chunk(&out, UINT64_MAX), 0);
    assert_memory_equal(buffer, "ffffffffffffffff\r\n", 18);
}

TEST(content_lines_and_the_empty_line_go_in_one_step_or_not_at_all)
{
    char room[128];
    for (size_t capacity = 0; capacity <= sizeof room; capacity++) {
        weir_http_out out = weir_http_out_of(room, capacity);
        int error =
            weir_http_out_content(&out, weir_bytes_text("text/plain"), 18446744073709551615u);
        const char expected[] = "Content-Type: text/plain\r\n"
                                "Content-Length: 18446744073709551615\r\n\r\n";
        if (error) {
            assert_int_equal(error, WEIR_EHTTP_SPACE);
            assert_int_equal(out.len, 0);
        } else {
            assert_int_equal(out.len, sizeof expected - 1);
            assert_memory_equal(room, expected, out.len);
        }
    }
    weir_http_out out = weir_http_out_of(room, sizeof room);
    assert_int_equal(weir_http_out_content(&out, weir_bytes_text("a\r\nX: b"), 0),
                     WEIR_EHTTP_INJECTION);
    assert_int_equal(out.len, 0);
}
