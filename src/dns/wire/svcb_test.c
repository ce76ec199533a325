/* SPDX-License-Identifier: MIT
 *
 * Are the examples of RFC 9460, appendix D, read as it says, and its failures refused?
 */
#include <weir/dns/wire/record.h>

#include "dns/wire/testing.h"

#define TARGET_COM "\3foo\7example\3com\0"
#define TARGET_ORG "\3foo\7example\3org\0"

static void assert_svcb(weir_bytes octets, const char *expected)
{
    static const uint16_t types[] = {WEIR_DNS_SVCB, WEIR_DNS_HTTPS};
    for (int i = 0; i < 2; i++) {
        char text[400];
        uint8_t again[200];
        weir_dns_data data;
        assert_int_equal(weir_dns_data_decode(types[i], octets, &data), 0);
        weir_dns_data_print(&data, text, sizeof text);
        assert_string_equal(text, expected);
        assert_int_equal(weir_dns_data_encode(&data, again, sizeof again), octets.len);
        assert_memory_equal(again, octets.data, octets.len);
    }
}
#define VECTOR(literal, text) assert_svcb(BYTES(literal), text)

TEST(rfc_9460_d_1_alias)
{
    VECTOR("\0\0" TARGET_COM, "0 foo.example.com.");
}

TEST(rfc_9460_d_2_service)
{
    VECTOR("\0\1\0", "1 .");
    VECTOR("\0\x10" TARGET_COM "\0\3\0\2\0\x35", "16 foo.example.com. port=53");
    VECTOR("\0\1" TARGET_COM "\2\x9b\0\5hello", "1 foo.example.com. key667=\"hello\"");
    VECTOR("\0\1" TARGET_COM "\2\x9b\0\x09hello\xd2qoo",
           "1 foo.example.com. key667=\"hello\\210qoo\"");
    VECTOR("\0\1" TARGET_COM "\0\6\0\x20"
           "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
           "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\x53\0\1",
           "1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1");
    VECTOR("\0\1\7example\3com\0\0\6\0\x10\x20\1\x0d\xb8\1\x22\3\x44\0\0\0\0\xc0\0\2\x21",
           "1 example.com. ipv6hint=2001:db8:122:344::c000:221");
    VECTOR("\0\x10" TARGET_ORG "\0\0\0\4\0\1\0\4\0\1\0\x09\2h2\5h3-19\0\4\0\4\xc0\0\2\1",
           "16 foo.example.org. mandatory=alpn,ipv4hint alpn=\"h2,h3-19\" ipv4hint=192.0.2.1");
    /* A comma and a backslash within a name: once for the list, once for the string. */
    VECTOR("\0\x10" TARGET_ORG "\0\1\0\x0c\x08"
           "f\\oo,bar\2h2",
           "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"");
}

TEST(rfc_9460_d_3_failures)
{
    weir_dns_data data;
#define REFUSED(parameters)                                                              \
    assert_int_equal(                                                                    \
        weir_dns_data_decode(WEIR_DNS_SVCB, BYTES("\0\1" TARGET_COM parameters), &data), \
        WEIR_EDNS_MESSAGE)
    REFUSED("\0\x7b\0\3abc\0\x7b\0\3"
            "def");      /* a key twice */
    REFUSED("\0\0\0\0"); /* no value: mandatory, alpn, port, hints */
    REFUSED("\0\1\0\0");
    REFUSED("\0\3\0\0");
    REFUSED("\0\4\0\0");
    REFUSED("\0\6\0\0");
    REFUSED("\0\1\0\3\2h2\0\2\0\3"
            "abc");                               /* no-default-alpn with a value */
    REFUSED("\0\0\0\2\0\x7b");                    /* mandatory and missing */
    REFUSED("\0\0\0\2\0\0");                      /* mandatory is mandatory */
    REFUSED("\0\0\0\4\0\x7b\0\x7b\0\x7b\0\3abc"); /* mandatory twice */
}

TEST(parameters_out_of_order_or_of_a_wrong_form_are_refused)
{
    weir_dns_data data;
    REFUSED("\0\4\0\4\xc0\0\2\1\0\3\0\2\0\x35");
    REFUSED("\0");
    REFUSED("\0\3\0");
    REFUSED("\0\3\0\2\0");
    REFUSED("\0\3\0\1\0");
    REFUSED("\0\3\0\3\0\0\0");
    REFUSED("\0\4\0\5\xc0\0\2\1\1");
    REFUSED("\0\6\0\4\xc0\0\2\1");
    REFUSED("\0\5\0\0");
    REFUSED("\0\1\0\2\2h");
    REFUSED("\0\1\0\4\2h2\0");
    REFUSED("\0\0\0\3\0\1\0\0\1\0\3\2h2");
    REFUSED("\0\0\0\4\0\3\0\1\0\1\0\3\2h2\0\3\0\2\0\x35");
    REFUSED("\0\0\0\4\0\1\0\5\0\1\0\3\2h2\0\6\0\x10................");
}

TEST(parameters_of_an_alias_are_not_looked_into)
{
    VECTOR("\0\0" TARGET_COM "\0\3\0\1\1\2\x9b\0\0", "0 foo.example.com. port= key667");
    weir_dns_data data;
    assert_int_equal(
        weir_dns_data_decode(WEIR_DNS_SVCB, BYTES("\0\0" TARGET_COM "\0\4\0\0\0\3\0\0"), &data),
        WEIR_EDNS_MESSAGE);
}

TEST(parameters_are_taken_one_by_one)
{
    weir_bytes parameters = BYTES("\0\2\0\0\xff\xff\0\1x"), value;
    uint16_t key;
    assert_int_equal(weir_dns_svcb_next(&parameters, &key, &value), 1);
    assert_int_equal(key, WEIR_DNS_SVCB_NO_DEFAULT_ALPN);
    assert_int_equal(value.len, 0);
    assert_int_equal(weir_dns_svcb_next(&parameters, &key, &value), 1);
    assert_int_equal(key, 65535);
    assert_true(weir_bytes_equal(value, BYTES("x")));
    assert_int_equal(weir_dns_svcb_next(&parameters, &key, &value), 0);
}

TEST(known_parameters_are_written_by_name)
{
    VECTOR(
        "\0\1\0\0\1\0\3\2h3\0\2\0\0\0\3\0\2\x20\xfb\0\5\0\4\0\2\xfe\x0d\0\7\0\x10/dns-query{?dns}",
        "1 . alpn=\"h3\" no-default-alpn port=8443 ech=AAL+DQ== dohpath=\"/dns-query{?dns}\"");
    VECTOR("\0\1\0\0\1\0\5\4\"\0 ;\0\x08\0\0\xff\xfe\0\2,\\",
           "1 . alpn=\"\\\"\\000 ;\" key8 key65534=\",\\\\\"");
}
