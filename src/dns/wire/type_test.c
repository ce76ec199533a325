/* SPDX-License-Identifier: MIT
 *
 * Have types and response codes their names, and only those?
 */
#include <weir/dns/wire/record.h>

#include "dns/wire/testing.h"

TEST(every_type_comes_back_from_its_name)
{
    for (unsigned type = 0; type <= 65535; type++) {
        char name[WEIR_DNS_TYPE_TEXT];
        memset(name, 'x', sizeof name);
        const size_t len = weir_dns_type_print((uint16_t)type, name);
        assert_int_equal(len, strlen(name));
        assert_int_equal(weir_dns_type_parse(weir_bytes_text(name)), type);
    }
}

TEST(types_have_their_names)
{
    static const struct {
        uint16_t type;
        const char *name;
    } types[] = {
        {WEIR_DNS_A, "A"},
        {WEIR_DNS_SOA, "SOA"},
        {WEIR_DNS_AAAA, "AAAA"},
        {WEIR_DNS_SRV, "SRV"},
        {WEIR_DNS_OPT, "OPT"},
        {WEIR_DNS_NSEC3PARAM, "NSEC3PARAM"},
        {WEIR_DNS_HTTPS, "HTTPS"},
        {WEIR_DNS_ANY, "ANY"},
        {WEIR_DNS_CAA, "CAA"},
        {WEIR_DNS_OPENPGPKEY, "OPENPGPKEY"},
        {54, "TYPE54"},
        {0, "TYPE0"},
        {4711, "TYPE4711"},
        {65535, "TYPE65535"},
        {32769, "DLV"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char name[WEIR_DNS_TYPE_TEXT];
        weir_dns_type_print(types[i].type, name);
        assert_string_equal(name, types[i].name);
    }
}

TEST(names_of_types_are_read_in_any_case)
{
    assert_int_equal(weir_dns_type_parse(BYTES("aAaA")), WEIR_DNS_AAAA);
    assert_int_equal(weir_dns_type_parse(BYTES("nsap-ptr")), 23);
    assert_int_equal(weir_dns_type_parse(BYTES("type28")), WEIR_DNS_AAAA);
    assert_int_equal(weir_dns_type_parse(BYTES("TYPE00028")), WEIR_DNS_AAAA);
    static const char *const wrong[] = {"",       "AA",        "A ",        "TYPE",
                                        "TYPE-1", "TYPE65536", "TYPE99999", "TYPE000028",
                                        "TYPE2x", "TYPE 2",    "\xc1",      "RRSIGX"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(weir_dns_type_parse(weir_bytes_text(wrong[i])), WEIR_EINVAL);
    assert_int_equal(weir_dns_type_parse(BYTES("A\0")), WEIR_EINVAL);
}

TEST(known_types_are_told)
{
    static const uint16_t unknown[] = {0, 10, 11, 29, WEIR_DNS_OPT, 66, 100, 250, 255, 258, 65535};
    static const uint16_t known[] = {1, 2, 15, 28, 33, 50, 64, 65, 99, 256, 257, 32769};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_false(weir_dns_type_known(unknown[i]));
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_true(weir_dns_type_known(known[i]));
}

TEST(response_codes_have_their_names)
{
    assert_string_equal(weir_dns_rcode_name(WEIR_DNS_NOERROR), "NOERROR");
    assert_string_equal(weir_dns_rcode_name(WEIR_DNS_NXDOMAIN), "NXDOMAIN");
    assert_string_equal(weir_dns_rcode_name(WEIR_DNS_NOTAUTH), "NOTAUTH");
    assert_string_equal(weir_dns_rcode_name(WEIR_DNS_BADVERS), "BADVERS");
    assert_string_equal(weir_dns_rcode_name(WEIR_DNS_BADCOOKIE), "BADCOOKIE");
    assert_null(weir_dns_rcode_name(12));
    assert_null(weir_dns_rcode_name(17));
    assert_null(weir_dns_rcode_name(24));
    assert_null(weir_dns_rcode_name(4095));
}
