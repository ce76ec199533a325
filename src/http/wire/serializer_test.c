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

/* Every function that writes a text, with the text in each of its places. */
static int write_text(weir_http_out *out, int place, weir_bytes text)
{
    const weir_bytes a = BYTES("a");
    switch (place) {
    case 0: return weir_http_out_status_reason(out, WEIR_HTTP_1_1, 200, text);
    case 1: return weir_http_out_known(out, WEIR_HTTP_FIELD_LOCATION, text);
    case 2: return weir_http_out_field(out, a, text);
    case 3: return weir_http_out_trailer(out, a, text);
    case 4: return weir_http_out_content(out, text, 5);
    case 5: return weir_http_out_field(out, text, a);
    case 6: return weir_http_out_trailer(out, text, a);
    case 7: return weir_http_out_request(out, text, a, WEIR_HTTP_1_1);
    default: return weir_http_out_request(out, a, text, WEIR_HTTP_1_1);
    }
}

enum { VALUES = 5, NAMES = 8, PLACES = 9 }; /* places below VALUES are values, below NAMES tokens */

static bool may_stand(int place, uint8_t byte)
{
    if (place < VALUES) return byte == '\t' || (byte >= ' ' && byte != 0x7F);
    if (place >= NAMES) return byte > ' ' && byte < 0x7F && byte != '#';
    return byte > ' ' && byte < 0x7F && !strchr("\"(),/:;<=>?@[\\]{}", byte);
}

TEST(no_function_lets_a_forbidden_byte_pass_at_any_place_of_any_length)
{
    for (int place = 0; place < PLACES; place++)
        for (size_t len = 1; len <= 26; len++)
            for (size_t at = 0; at < len; at++)
                for (int byte = 0; byte < 256; byte++) {
                    char text[26], buffer[160];
                    memset(text, 'n', sizeof text);
                    text[at] = (char)byte;
                    /* A byte that may stand there must not hide another one, as a borrow might. */
                    if (at > 0 && place < VALUES) text[at - 1] = byte % 2 ? '\t' : ' ';
                    weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
                    int error = write_text(&out, place, weir_bytes_of(text, len));
                    bool legal = may_stand(place, (uint8_t)byte);
                    if (error != (legal ? 0 : WEIR_EHTTP_INJECTION) || (out.len > 0) != legal)
                        fail_msg("place %d, byte %d at %zu of %zu: %s", place, byte, at, len,
                                 weir_errname(error));
                    if (!legal) continue;
                    assert_non_null(memmem(buffer, out.len, text, len));
                    size_t ends = 0;
                    for (size_t i = 0; i < out.len; i++) ends += buffer[i] == '\n';
                    assert_int_equal(ends, place == 4 ? 3 : 1);
                }
}

TEST(names_methods_and_targets_are_not_empty_but_values_may_be)
{
    for (int place = 0; place < PLACES; place++)
        for (int null = 0; null < 2; null++) {
            char buffer[160];
            weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
            assert_int_equal(write_text(&out, place, weir_bytes_of(null ? NULL : "", 0)),
                             place < VALUES ? 0 : WEIR_EHTTP_INJECTION);
        }
}

TEST(a_length_that_no_buffer_has_is_no_room)
{
    char buffer[160];
    for (int place = 0; place < VALUES; place++)
        for (size_t len = SIZE_MAX; len > SIZE_MAX - 64; len--) {
            weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
            assert_int_equal(write_text(&out, place, weir_bytes_of("x", len)), WEIR_EHTTP_SPACE);
            assert_int_equal(out.len, 0);
        }
}

TEST(every_function_stays_inside_every_capacity)
{
    const weir_bytes text = BYTES("twenty-one.bytes-long");
    for (int place = 0; place < PLACES + 5; place++) {
        bool fitted = false;
        for (size_t room = 0; room <= 128; room++) {
            guarded g = guarded_new(room);
            weir_http_out out = weir_http_out_of(g.map + g.size - room, room);
            int64_t error;
            switch (place - PLACES) {
            case 0: error = weir_http_out_status(&out, WEIR_HTTP_1_0, 511); break;
            case 1: error = weir_http_out_number(&out, WEIR_HTTP_FIELD_AGE, UINT64_MAX); break;
            case 2: error = weir_http_out_chunk(&out, UINT64_MAX); break;
            case 3: error = weir_http_out_last_chunk(&out); break;
            case 4: error = weir_http_out_chunk_end(&out); break;
            default: error = write_text(&out, place, text); break;
            }
            if (error) assert_int_equal(error, WEIR_EHTTP_SPACE);
            assert_int_equal(out.len > 0, error == 0);
            /* More room never makes it fail again. */
            assert_false(fitted && error);
            fitted = error == 0;
            guarded_free(&g);
        }
        assert_true(fitted);
    }
}

TEST(trailers_that_may_not_stand_there_are_refused_in_any_case_of_letters)
{
    for (int id = 0; id <= WEIR_HTTP_FIELD_IDS; id++) {
        weir_bytes name = weir_http_field_name((weir_http_field_id)id);
        if (name.len == 0) continue;
        for (int upper = 0; upper < 2; upper++) {
            char text[64], buffer[160];
            for (size_t i = 0; i < name.len; i++) {
                bool letter = (name.data[i] | 0x20) >= 'a' && (name.data[i] | 0x20) <= 'z';
                text[i] = !letter ? name.data[i]
                          : upper ? (char)(name.data[i] & ~0x20)
                                  : (char)(name.data[i] | 0x20);
            }
            weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
            bool forbidden = weir_http_field_is_forbidden_trailer((weir_http_field_id)id);
            assert_int_equal(weir_http_out_trailer(&out, weir_bytes_of(text, name.len), BYTES("v")),
                             forbidden ? WEIR_EHTTP_TRAILER : 0);
        }
    }
    char buffer[160];
    weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
    assert_int_equal(weir_http_out_trailer(&out, BYTES("ETag"), BYTES("a\r\nb")),
                     WEIR_EHTTP_INJECTION);
}

TEST(random_heads_are_refused_or_parse_back_to_what_was_written)
{
    uint64_t seed = test_seed();
    size_t refused = 0;
    for (int run = 0; run < 3000; run++) {
        char names[4][12], values[4][40], buffer[400];
        size_t name_len[4], value_len[4], count = test_random(&seed) % 5;
        weir_http_out out = weir_http_out_of(buffer, sizeof buffer);
        weir_http_out_status(&out, WEIR_HTTP_1_1, 204);
        for (size_t i = 0; i < count; i++) {
            name_len[i] = 1 + test_random(&seed) % 12;
            value_len[i] = test_random(&seed) % 40;
            for (size_t j = 0; j < name_len[i]; j++)
                names[i][j] = "AbC-~9 :\r"[test_random(&seed) % (run % 8 ? 6 : 9)];
            for (size_t j = 0; j < value_len[i]; j++)
                values[i][j] = "a \t:,\"\xFF\r\n"[test_random(&seed) % (run % 8 ? 7 : 9)];
            weir_http_out_field(&out, weir_bytes_of(names[i], name_len[i]),
                                weir_bytes_of(values[i], value_len[i]));
        }
        int64_t len = weir_http_out_end(&out);
        refused += len < 0;
        if (len < 0) continue;
        outcome o;
        begin(&o, &(head_case){.response = true});
        assert_int_equal(weir_http_parser_feed(&o.parser, buffer, (size_t)len), len);
        assert_int_equal(o.parser.count, count);
        for (uint32_t i = 0; i < count; i++) {
            const char *value = values[i], *end = value + value_len[i];
            while (value < end && (*value == ' ' || *value == '\t')) value++;
            while (end > value && (end[-1] == ' ' || end[-1] == '\t')) end--;
            weir_bytes expected = weir_bytes_of(value, (size_t)(end - value));
            assert_true(weir_bytes_equal(weir_http_parser_name(&o.parser, buffer, i),
                                         weir_bytes_of(names[i], name_len[i])));
            assert_true(weir_bytes_equal(weir_http_parser_value(&o.parser, buffer, i), expected));
        }
    }
    assert_true(refused > 100);
}
