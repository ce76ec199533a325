/* SPDX-License-Identifier: MIT
 *
 * Do methods, statuses, field names and byte classes say what the RFCs and registries say?
 */
#include <ctype.h>

#include <weir/http/types/method.h>
#include <weir/http/types/status.h>
#include <weir/http/types/version.h>

#include "http/types/field_table.h"
#include "test/harness/test.h"

TEST(methods_are_known_by_case)
{
    for (int m = WEIR_HTTP_GET; m < WEIR_HTTP_METHODS; m++) {
        const char *name = weir_http_method_name((weir_http_method)m);
        assert_int_equal(weir_http_method_parse(weir_bytes_text(name)), m);
    }
    const char *others[] = {"", "get", "Get", "GETT", "GE", "OPTION", "OPTIONSS", "PROPFIND"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(weir_http_method_parse(weir_bytes_text(others[i])),
                         WEIR_HTTP_OTHER_METHOD);
    assert_string_equal(weir_http_method_name(WEIR_HTTP_OTHER_METHOD), "");
    assert_string_equal(weir_http_method_name(WEIR_HTTP_METHODS), "");
    assert_string_equal(weir_http_version_text(WEIR_HTTP_1_0), "HTTP/1.0");
}

TEST(safe_and_idempotent_methods_are_those_of_the_rfc)
{
    unsigned safe = 0, idempotent = 0;
    for (int m = 0; m < WEIR_HTTP_METHODS; m++) {
        safe |= (unsigned)weir_http_method_is_safe((weir_http_method)m) << m;
        idempotent |= (unsigned)weir_http_method_is_idempotent((weir_http_method)m) << m;
    }
    unsigned expected = 1u << WEIR_HTTP_GET | 1u << WEIR_HTTP_HEAD | 1u << WEIR_HTTP_OPTIONS |
                        1u << WEIR_HTTP_TRACE;
    assert_int_equal(safe, expected);
    assert_int_equal(idempotent, expected | 1u << WEIR_HTTP_PUT | 1u << WEIR_HTTP_DELETE);
}

TEST(statuses_have_reasons_and_classes)
{
    assert_string_equal(weir_http_status_reason(206), "Partial Content");
    assert_string_equal(weir_http_status_reason(303), "See Other");
    assert_string_equal(weir_http_status_reason(416), "Range Not Satisfiable");
    assert_string_equal(weir_http_status_reason(431), "Request Header Fields Too Large");
    assert_string_equal(weir_http_status_reason(511), "Network Authentication Required");
    const int unknown[] = {-1, 0, 99, 299, 418, 600, 1000};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_string_equal(weir_http_status_reason(unknown[i]), "");
    assert_int_equal(weir_http_status_class(WEIR_HTTP_CONTINUE), 1);
    assert_int_equal(weir_http_status_class(599), 5);
    assert_int_equal(weir_http_status_class(600), 5);
    assert_int_equal(weir_http_status_class(999), 5);
    assert_int_equal(weir_http_status_class(1000), 0);
    assert_int_equal(weir_http_status_class(99), 0);
}

TEST(every_known_field_name_is_found_in_any_case_and_no_other)
{
    for (int id = 1; id < WEIR_HTTP_FIELD_IDS; id++) {
        weir_bytes name = weir_http_field_name((weir_http_field_id)id);
        char text[32];
        assert_true(name.len > 0 && name.len + 2 < sizeof text);
        for (size_t i = 0; i < name.len; i++) text[i] = (char)toupper((unsigned char)name.data[i]);
        assert_int_equal(weir_http_field_id_parse(name), id);
        assert_int_equal(weir_http_field_id_parse(weir_bytes_of(text, name.len)), id);
        for (size_t i = 0; i < name.len; i++) text[i] = (char)tolower((unsigned char)text[i]);
        assert_int_equal(weir_http_field_id_parse(weir_bytes_of(text, name.len)), id);
        /* Every other byte at every place makes it another name. */
        for (size_t i = 0; i < name.len; i++)
            for (int byte = 0; byte < 256; byte++) {
                memcpy(text, name.data, name.len);
                text[i] = (char)byte;
                bool equal = tolower(byte) == tolower((unsigned char)name.data[i]);
                int found = weir_http_field_id_parse(weir_bytes_of(text, name.len));
                if (equal) assert_int_equal(found, id);
                if (!equal) assert_int_not_equal(found, id);
            }
        assert_int_not_equal(weir_http_field_id_parse(weir_bytes_of(name.data, name.len - 1)), id);
    }
    assert_int_equal(weir_http_field_id_parse(weir_bytes_of("", 0)), WEIR_HTTP_FIELD_OTHER);
    assert_int_equal(weir_http_field_name(WEIR_HTTP_FIELD_OTHER).len, 0);
    assert_int_equal(weir_http_field_name(WEIR_HTTP_FIELD_IDS).len, 0);
}

TEST(connection_fields_and_forbidden_trailers_are_told)
{
    assert_true(weir_http_field_is_hop_by_hop(WEIR_HTTP_FIELD_CONNECTION));
    assert_true(weir_http_field_is_hop_by_hop(WEIR_HTTP_FIELD_TE));
    assert_false(weir_http_field_is_hop_by_hop(WEIR_HTTP_FIELD_HOST));
    assert_false(weir_http_field_is_hop_by_hop(WEIR_HTTP_FIELD_OTHER));
    assert_true(weir_http_field_is_forbidden_trailer(WEIR_HTTP_FIELD_CONTENT_LENGTH));
    assert_true(weir_http_field_is_forbidden_trailer(WEIR_HTTP_FIELD_HOST));
    assert_true(weir_http_field_is_forbidden_trailer(WEIR_HTTP_FIELD_AUTHORIZATION));
    assert_false(weir_http_field_is_forbidden_trailer(WEIR_HTTP_FIELD_ETAG));
    assert_false(weir_http_field_is_forbidden_trailer(WEIR_HTTP_FIELD_OTHER));
}

static unsigned classes_of(int c)
{
    bool alnum = c < 0x80 && isalnum(c), high = c >= 0x80, visible = c > 0x20 && c < 0x7F;
    unsigned classes = 0;
    if (alnum || (c > 0 && c < 0x80 && strchr("!#$%&'*+-.^_`|~", c))) classes |= WEIR_CHAR_TOKEN;
    if (visible || high || c == ' ' || c == '\t') classes |= WEIR_CHAR_VALUE;
    if (visible && c != '#') classes |= WEIR_CHAR_TARGET;
    if (high) classes |= WEIR_CHAR_TARGET_HIGH;
    if (alnum || (c > 0 && c < 0x80 && strchr("-._~!$&'()*+,;=", c))) classes |= WEIR_CHAR_NAME;
    if (c < 0x80 && isxdigit(c)) classes |= WEIR_CHAR_HEX;
    if (((visible || c == ' ' || c == '\t') && c != '"' && c != '\\') || high)
        classes |= WEIR_CHAR_QUOTED;
    if (c >= '0' && c <= '9') classes |= WEIR_CHAR_DIGIT;
    return classes;
}

TEST(the_byte_table_is_the_grammar)
{
    for (int c = 0; c < 256; c++) {
        assert_int_equal(weir_http_chars[c], classes_of(c));
        if (c < 0x80 && isxdigit(c)) {
            unsigned value = (unsigned)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
            assert_int_equal(weir_http_hex((char)c), value);
        }
    }
}

TEST(word_scans_mark_the_first_byte_exactly)
{
    uint64_t state = test_seed();
    for (int round = 0; round < 100000; round++) {
        uint64_t word = test_random(&state) & test_random(&state);
        char bytes[8];
        memcpy(bytes, &word, 8);
        unsigned control = 8, colon = 8;
        for (unsigned i = 8; i-- > 0;) {
            if (bytes[i] == ':') colon = i;
            if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7F) control = i;
        }
        uint64_t marks = weir_http_mark_controls(word);
        assert_int_equal(marks ? weir_http_first_mark(marks) : 8, control);
        marks = weir_http_mark_equal(word, ':');
        assert_int_equal(marks ? weir_http_first_mark(marks) : 8, colon);
    }
}
