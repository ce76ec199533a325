/* SPDX-License-Identifier: MIT
 *
 * Is the OPT record read and written as RFC 6891 has it, and its options by their RFCs?
 */
#include <weir/dns/wire/edns.h>

#include "dns/wire/testing.h"

#define HEADER "\0\1\x80\0\0\0\0\0\0\0\0\1"

static int decode(weir_bytes message, weir_dns_edns *out)
{
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_record record;
    assert_int_equal(weir_dns_reader_init(&reader, message, &header), 0);
    assert_int_equal(weir_dns_reader_record(&reader, &record), 1);
    return weir_dns_edns_decode(&reader, &record, out);
}

TEST(an_opt_record_is_read)
{
    weir_dns_edns edns;
    assert_int_equal(
        decode(BYTES(HEADER "\0\0\x29\x04\xd0\1\2\x80\x2a\0\x08\0\x0c\0\0\0\3\0\0"), &edns), 0);
    assert_int_equal(edns.udp_size, 1232);
    assert_int_equal(edns.extended_rcode, 1);
    assert_int_equal(edns.version, 2);
    assert_true(edns.dnssec_ok);
    assert_int_equal(edns.options.len, 8);
    const weir_dns_header header = {.rcode = 7};
    assert_int_equal(weir_dns_edns_rcode(&header, &edns), 0x17);
    assert_int_equal(weir_dns_edns_rcode(&header, NULL), 7);
}

/* RFC 6891 6.2.3 */
TEST(small_sizes_are_512)
{
    weir_dns_edns edns;
    assert_int_equal(decode(BYTES(HEADER "\0\0\x29\1\xff\0\0\x7f\xff\0\0"), &edns), 0);
    assert_int_equal(edns.udp_size, 512);
    assert_false(edns.dnssec_ok);
    assert_int_equal(edns.options.len, 0);
}

TEST(a_malformed_opt_record_is_refused)
{
    weir_dns_edns edns;
#define REFUSED(literal) assert_int_equal(decode(BYTES(HEADER literal), &edns), WEIR_EDNS_MESSAGE)
    REFUSED("\1a\0\0\x29\x04\xd0\0\0\0\0\0\0");
    REFUSED("\0\0\x2a\x04\xd0\0\0\0\0\0\0");
    REFUSED("\0\0\x29\x04\xd0\0\0\0\0\0\3\0\x0c\0");
    REFUSED("\0\0\x29\x04\xd0\0\0\0\0\0\4\0\x0c\0\1");
    REFUSED("\0\0\x29\x04\xd0\0\0\0\0\0\6\0\x0c\0\1x\0");
}

TEST(what_is_written_is_read)
{
    uint8_t options[64], out[200];
    const weir_dns_header header = {.id = 1};
    weir_dns_writer writer;
    weir_dns_edns read;
    int len = weir_dns_edns_append(options, 0, sizeof options, WEIR_DNS_EDNS_NSID, BYTES(""));
    assert_int_equal(len, 4);
    len = weir_dns_edns_append(options, (size_t)len, sizeof options, WEIR_DNS_EDNS_COOKIE,
                               BYTES("12345678"));
    assert_int_equal(len, 16);
    const weir_dns_edns edns = {1232, 0, 0xab, true, weir_bytes_of(options, (size_t)len)};
    weir_dns_writer_init(&writer, out, sizeof out, &header);
    assert_int_equal(weir_dns_writer_edns(&writer, &edns), 0);
    assert_int_equal(decode(weir_dns_writer_message(&writer), &read), 0);
    assert_int_equal(read.udp_size, 1232);
    assert_int_equal(read.version, 0);
    assert_int_equal(read.extended_rcode, 0xab);
    assert_true(read.dnssec_ok);
    uint16_t code;
    weir_bytes value;
    assert_int_equal(weir_dns_edns_next(&read.options, &code, &value), 1);
    assert_int_equal(code, WEIR_DNS_EDNS_NSID);
    assert_int_equal(value.len, 0);
    assert_int_equal(weir_dns_edns_next(&read.options, &code, &value), 1);
    assert_int_equal(code, WEIR_DNS_EDNS_COOKIE);
    assert_true(weir_bytes_equal(value, BYTES("12345678")));
    assert_int_equal(weir_dns_edns_next(&read.options, &code, &value), 0);
    const weir_dns_edns cut = {1232, 0, 0, false, weir_bytes_of(options, (size_t)len - 1)};
    assert_int_equal(weir_dns_writer_edns(&writer, &cut), WEIR_EINVAL);
}

TEST(options_are_appended_while_there_is_room)
{
    uint8_t options[12];
    memset(options, 0xee, sizeof options);
    assert_int_equal(weir_dns_edns_append(options, 0, 3, 1, BYTES("")), WEIR_EDNS_SPACE);
    assert_int_equal(weir_dns_edns_append(options, 0, 4, 1, BYTES("")), 4);
    assert_int_equal(weir_dns_edns_append(options, 4, 11, 2, BYTES("1234")), WEIR_EDNS_SPACE);
    assert_int_equal(options[4], 0xee);
    assert_int_equal(weir_dns_edns_append(options, 4, 12, 2, BYTES("1234")), 12);
    assert_int_equal(weir_dns_edns_append(options, 13, 12, 2, BYTES("")), WEIR_EDNS_SPACE);
    assert_memory_equal(options,
                        "\0\1\0\0\0\2\0\4"
                        "1234",
                        12);
    const weir_bytes huge = weir_bytes_of(options, 65533);
    assert_int_equal(weir_dns_edns_append(options, 0, 100000, 2, huge), WEIR_EDNS_SPACE);
}

/* RFC 7873 4: 8 octets, or 16 to 40. */
TEST(cookies_have_legal_lengths)
{
    const char octets[] = "clientcoserver..................more";
    uint8_t out[40];
    char value[50];
    for (size_t i = 0; i < sizeof value; i++) value[i] = octets[i % (sizeof octets - 1)];
    for (size_t len = 0; len <= sizeof value; len++) {
        weir_dns_cookie cookie;
        const bool legal = len == 8 || (len >= 16 && len <= 40);
        assert_int_equal(weir_dns_cookie_decode(weir_bytes_of(value, len), &cookie),
                         legal ? 0 : WEIR_EDNS_MESSAGE);
        if (!legal) continue;
        assert_int_equal(cookie.server_len, len - 8);
        assert_int_equal(weir_dns_cookie_encode(&cookie, out), len);
        assert_memory_equal(out, value, len);
    }
    const weir_dns_cookie odd = {.server_len = 7}, long_ = {.server_len = 33};
    assert_int_equal(weir_dns_cookie_encode(&odd, out), 8);
    assert_int_equal(weir_dns_cookie_encode(&long_, out), 8);
}

/* RFC 7828 3.1: units of 100 ms. */
TEST(keepalive_tells_a_time)
{
    weir_duration timeout = weir_seconds(7);
    assert_int_equal(weir_dns_keepalive_decode(BYTES(""), &timeout), 0);
    assert_int_equal(timeout.ns, weir_seconds(7).ns);
    assert_int_equal(weir_dns_keepalive_decode(BYTES("\0\x0f"), &timeout), 1);
    assert_int_equal(timeout.ns, weir_milliseconds(1500).ns);
    assert_int_equal(weir_dns_keepalive_decode(BYTES("\xff\xff"), &timeout), 1);
    assert_int_equal(timeout.ns, weir_milliseconds(6553500).ns);
    assert_int_equal(weir_dns_keepalive_decode(BYTES("\1"), &timeout), WEIR_EDNS_MESSAGE);
    assert_int_equal(weir_dns_keepalive_decode(BYTES("\1\2\3"), &timeout), WEIR_EDNS_MESSAGE);
}

TEST(extended_errors_are_read)
{
    weir_dns_extended_error error;
    assert_int_equal(weir_dns_extended_error_decode(BYTES("\0\x16"
                                                          "at delegation"),
                                                    &error),
                     0);
    assert_int_equal(error.code, 22);
    assert_true(weir_bytes_equal(error.text, BYTES("at delegation")));
    assert_int_equal(weir_dns_extended_error_decode(BYTES("\xff\xff"), &error), 0);
    assert_int_equal(error.code, 65535);
    assert_int_equal(error.text.len, 0);
    assert_int_equal(weir_dns_extended_error_decode(BYTES("\0"), &error), WEIR_EDNS_MESSAGE);
    assert_int_equal(weir_dns_extended_error_decode(BYTES(""), &error), WEIR_EDNS_MESSAGE);
}

/* RFC 8914 4 */
TEST(extended_errors_have_names)
{
    assert_string_equal(weir_dns_extended_error_name(0), "Other Error");
    assert_string_equal(weir_dns_extended_error_name(3), "Stale Answer");
    assert_string_equal(weir_dns_extended_error_name(6), "DNSSEC Bogus");
    assert_string_equal(weir_dns_extended_error_name(15), "Blocked");
    assert_string_equal(weir_dns_extended_error_name(22), "No Reachable Authority");
    assert_string_equal(weir_dns_extended_error_name(24), "Invalid Data");
    for (uint16_t code = 0; code <= 30; code++) assert_non_null(weir_dns_extended_error_name(code));
    assert_null(weir_dns_extended_error_name(31));
    assert_null(weir_dns_extended_error_name(65535));
}
