/* SPDX-License-Identifier: MIT
 *
 * Does each address get the class that the registries give it, up to the edges of its block?
 */
#include "test/harness/test.h"

#include <string.h>

#include <weir/net/ip_class.h>

static weir_address ip(const char *text)
{
    weir_address out;
    assert_int_equal(weir_address_parse_ip(weir_bytes_text(text), 0, &out), 0);
    return out;
}

static void assert_class(const char *text, weir_ip_class expected)
{
    const weir_address address = ip(text);
    const char *is = weir_ip_class_name(weir_ip_class_of(&address));
    if (strcmp(is, weir_ip_class_name(expected)) != 0) print_error("%s\n", text);
    assert_string_equal(is, weir_ip_class_name(expected));
}

TEST(ip_class_ipv4_at_the_edges)
{
    assert_class("0.0.0.0", WEIR_IP_UNSPECIFIED);
    assert_class("0.0.0.1", WEIR_IP_THIS_NETWORK);
    assert_class("0.255.255.255", WEIR_IP_THIS_NETWORK);
    assert_class("1.0.0.0", WEIR_IP_GLOBAL);
    assert_class("9.255.255.255", WEIR_IP_GLOBAL);
    assert_class("10.0.0.0", WEIR_IP_PRIVATE);
    assert_class("10.255.255.255", WEIR_IP_PRIVATE);
    assert_class("11.0.0.0", WEIR_IP_GLOBAL);
    assert_class("100.63.255.255", WEIR_IP_GLOBAL);
    assert_class("100.64.0.0", WEIR_IP_SHARED);
    assert_class("100.127.255.255", WEIR_IP_SHARED);
    assert_class("100.128.0.0", WEIR_IP_GLOBAL);
    assert_class("126.255.255.255", WEIR_IP_GLOBAL);
    assert_class("127.0.0.0", WEIR_IP_LOOPBACK);
    assert_class("127.255.255.255", WEIR_IP_LOOPBACK);
    assert_class("169.253.255.255", WEIR_IP_GLOBAL);
    assert_class("169.254.169.254", WEIR_IP_LINK_LOCAL);
    assert_class("172.15.255.255", WEIR_IP_GLOBAL);
    assert_class("172.16.0.0", WEIR_IP_PRIVATE);
    assert_class("172.31.255.255", WEIR_IP_PRIVATE);
    assert_class("172.32.0.0", WEIR_IP_GLOBAL);
    assert_class("192.0.0.1", WEIR_IP_PROTOCOL);
    assert_class("192.0.0.171", WEIR_IP_PROTOCOL);
    assert_class("192.0.1.0", WEIR_IP_GLOBAL);
    assert_class("192.0.2.255", WEIR_IP_DOCUMENTATION);
    assert_class("192.31.196.1", WEIR_IP_GLOBAL);
    assert_class("192.88.99.2", WEIR_IP_PROTOCOL);
    assert_class("192.168.255.255", WEIR_IP_PRIVATE);
    assert_class("192.169.0.0", WEIR_IP_GLOBAL);
    assert_class("198.17.255.255", WEIR_IP_GLOBAL);
    assert_class("198.19.255.255", WEIR_IP_BENCHMARKING);
    assert_class("198.51.100.1", WEIR_IP_DOCUMENTATION);
    assert_class("203.0.113.1", WEIR_IP_DOCUMENTATION);
    assert_class("223.255.255.255", WEIR_IP_GLOBAL);
    assert_class("224.0.0.0", WEIR_IP_MULTICAST);
    assert_class("239.255.255.255", WEIR_IP_MULTICAST);
    assert_class("240.0.0.0", WEIR_IP_RESERVED);
    assert_class("255.255.255.254", WEIR_IP_RESERVED);
    assert_class("255.255.255.255", WEIR_IP_BROADCAST);
}

TEST(ip_class_ipv6_at_the_edges)
{
    assert_class("::", WEIR_IP_UNSPECIFIED);
    assert_class("::1", WEIR_IP_LOOPBACK);
    assert_class("::2", WEIR_IP_COMPATIBLE);
    assert_class("1::1", WEIR_IP_RESERVED); /* the middle bytes count */
    assert_class("::1:0:0:1", WEIR_IP_RESERVED);
    assert_class("::ffff:127.0.0.1", WEIR_IP_MAPPED);
    assert_class("64:ff9b::1.2.3.4", WEIR_IP_NAT64);
    assert_class("64:ff9b:1::1", WEIR_IP_NAT64_LOCAL);
    assert_class("64:ff9b:2::1", WEIR_IP_RESERVED);
    assert_class("100::1", WEIR_IP_DISCARD);
    assert_class("100:0:0:1::1", WEIR_IP_DISCARD);
    assert_class("100:0:0:2::1", WEIR_IP_RESERVED);
    assert_class("1fff::1", WEIR_IP_RESERVED);
    assert_class("2001:0:1::1", WEIR_IP_TEREDO);
    assert_class("2001:1::1", WEIR_IP_PROTOCOL);
    assert_class("2001:1ff::1", WEIR_IP_PROTOCOL);
    assert_class("2001:200::1", WEIR_IP_GLOBAL);
    assert_class("2001:2::1", WEIR_IP_BENCHMARKING);
    assert_class("2001:2:1::1", WEIR_IP_PROTOCOL);
    assert_class("2001:4:112::1", WEIR_IP_GLOBAL);
    assert_class("2001:10::1", WEIR_IP_PROTOCOL);
    assert_class("2001:3f::1", WEIR_IP_PROTOCOL);
    assert_class("2001:db8:ffff::1", WEIR_IP_DOCUMENTATION);
    assert_class("2001:db9::1", WEIR_IP_GLOBAL);
    assert_class("2002:7f00:1::", WEIR_IP_6TO4);
    assert_class("2003::1", WEIR_IP_GLOBAL);
    assert_class("2620:4f:8000::1", WEIR_IP_GLOBAL);
    assert_class("3ffe::1", WEIR_IP_RESERVED);
    assert_class("3fff:fff::1", WEIR_IP_DOCUMENTATION);
    assert_class("3fff:1000::1", WEIR_IP_GLOBAL);
    assert_class("4000::1", WEIR_IP_RESERVED);
    assert_class("5f00::1", WEIR_IP_SEGMENT);
    assert_class("fbff::1", WEIR_IP_RESERVED);
    assert_class("fc00::1", WEIR_IP_PRIVATE);
    assert_class("fdff::1", WEIR_IP_PRIVATE);
    assert_class("fe00::1", WEIR_IP_RESERVED);
    assert_class("febf::1", WEIR_IP_LINK_LOCAL);
    assert_class("fec0::1", WEIR_IP_SITE_LOCAL);
    assert_class("ff02::1", WEIR_IP_MULTICAST);
}

TEST(ip_class_predicates)
{
    const weir_address loop4 = ip("127.8.9.1"), loop6 = ip("::1"), mapped = ip("::ffff:127.0.0.1");
    const weir_address private4 = ip("172.20.0.1"), private6 = ip("fd12::1"),
                       link = ip("fe80::1%3");
    const weir_address public4 = ip("8.8.8.8"), teredo = ip("2001::1"), relay = ip("192.88.99.1");
    const weir_address six = ip("2002::1"), nat64 = ip("64:ff9b:1::1"), group = ip("ff0e::1");
    const weir_address unix_address = {.kind = WEIR_ADDRESS_UNIX}, none = {0};
    assert_true(weir_ip_is_loopback(&loop4) && weir_ip_is_loopback(&loop6));
    assert_false(weir_ip_is_loopback(&mapped));
    assert_true(weir_ip_is_mapped(&mapped) && !weir_ip_is_global(&mapped));
    assert_true(weir_ip_is_private(&private4) && weir_ip_is_private(&private6));
    assert_true(weir_ip_is_link_local(&link));
    assert_true(weir_ip_is_global(&public4));
    assert_false(weir_ip_is_global(&teredo));
    assert_true(weir_ip_is_teredo(&teredo));
    assert_true(weir_ip_is_6to4(&six));
    assert_false(weir_ip_is_6to4(&relay));
    assert_true(weir_ip_is_nat64(&nat64));
    assert_true(weir_ip_is_multicast(&group) && !weir_ip_is_global(&group));
    assert_null(weir_ip_block_of(&unix_address));
    assert_false(weir_ip_is_unspecified(&none));
    assert_false(weir_ip_is_reserved(&unix_address));
    assert_string_equal(weir_ip_class_name(WEIR_IP_CLASSES), "unknown");
}

TEST(ip_class_predicates_of_one_block)
{
    static const struct {
        bool (*is)(const weir_address *address);
        const char *inside, *outside;
    } rows[] = {
        {weir_ip_is_shared, "100.64.0.1", "100.128.0.1"},
        {weir_ip_is_benchmarking, "198.19.255.255", "198.20.0.0"},
        {weir_ip_is_documentation, "203.0.113.1", "203.0.114.1"},
        {weir_ip_is_documentation, "3fff::1", "3fff:1000::1"},
        {weir_ip_is_site_local, "fec0::1", "fe80::1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        weir_address inside, outside;
        assert_int_equal(weir_address_parse_ip(weir_bytes_text(rows[i].inside), 0, &inside), 0);
        assert_int_equal(weir_address_parse_ip(weir_bytes_text(rows[i].outside), 0, &outside), 0);
        assert_true(rows[i].is(&inside));
        assert_false(rows[i].is(&outside));
    }
}

TEST(ip_class_scopes)
{
    static const struct {
        const char *text;
        weir_ip_scope scope;
    } cases[] = {
        {"127.0.0.1", WEIR_IP_SCOPE_LINK},
        {"169.254.1.1", WEIR_IP_SCOPE_LINK},
        {"10.0.0.1", WEIR_IP_SCOPE_GLOBAL},
        {"8.8.8.8", WEIR_IP_SCOPE_GLOBAL},
        {"224.0.0.251", WEIR_IP_SCOPE_LINK},
        {"224.0.1.1", WEIR_IP_SCOPE_GLOBAL},
        {"239.255.0.1", WEIR_IP_SCOPE_ADMIN},
        {"239.195.0.1", WEIR_IP_SCOPE_ORGANIZATION},
        {"::1", WEIR_IP_SCOPE_LINK},
        {"fe80::1", WEIR_IP_SCOPE_LINK},
        {"fec0::1", WEIR_IP_SCOPE_SITE},
        {"fd00::1", WEIR_IP_SCOPE_GLOBAL},
        {"2001:db8::1", WEIR_IP_SCOPE_GLOBAL},
        {"ff01::1", WEIR_IP_SCOPE_INTERFACE},
        {"ff12::1", WEIR_IP_SCOPE_LINK},
        {"ff03::1", WEIR_IP_SCOPE_REALM},
        {"ff05::2", WEIR_IP_SCOPE_SITE},
        {"ff08::2", WEIR_IP_SCOPE_ORGANIZATION},
        {"ff3e::2", WEIR_IP_SCOPE_GLOBAL},
        {"::ffff:169.254.0.1", WEIR_IP_SCOPE_LINK},
        {"::ffff:10.0.0.1", WEIR_IP_SCOPE_GLOBAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const weir_address address = ip(cases[i].text);
        assert_string_equal(weir_ip_scope_name(weir_ip_scope_of(&address)),
                            weir_ip_scope_name(cases[i].scope));
    }
    const weir_address odd = ip("ff06::1"), none = {0};
    assert_int_equal(weir_ip_scope_of(&odd), 6);
    assert_string_equal(weir_ip_scope_name(weir_ip_scope_of(&odd)), "unassigned");
    assert_int_equal(weir_ip_scope_of(&none), WEIR_IP_SCOPE_NONE);
}

static void assert_embedded(const char *text, weir_ip_embedding how, const char *first,
                            const char *second)
{
    weir_address address = ip(text), out[WEIR_EMBEDDED_ADDRESSES];
    const char *const expected[] = {first, second};
    size_t count;
    address.port = 443;
    assert_int_equal(weir_ip_embedded(&address, out, &count), how);
    assert_int_equal(count, second ? 2 : first ? 1 : 0);
    for (size_t i = 0; i < count; i++) {
        weir_address is = ip(expected[i]);
        is.port = 443;
        assert_true(weir_address_equal(&out[i], &is));
    }
}

TEST(ip_class_finds_ipv4_inside)
{
    assert_embedded("::ffff:10.1.2.3", WEIR_EMBEDDED_MAPPED, "10.1.2.3", NULL);
    assert_embedded("::10.1.2.3", WEIR_EMBEDDED_COMPATIBLE, "10.1.2.3", NULL);
    assert_embedded("64:ff9b::10.1.2.3", WEIR_EMBEDDED_NAT64, "10.1.2.3", NULL);
    assert_embedded("2002:a01:203::1", WEIR_EMBEDDED_6TO4, "10.1.2.3", NULL);
    /* RFC 4380 4: server 65.54.227.120, client 192.0.2.45. */
    assert_embedded("2001:0:4136:e378:8000:63bf:3fff:fdd2", WEIR_EMBEDDED_TEREDO, "65.54.227.120",
                    "192.0.2.45");
    /* RFC 6052 2.4 gives the place of the bits in a /48. */
    assert_embedded("64:ff9b:1:c000:2:2100::", WEIR_EMBEDDED_NAT64, "192.0.2.33", NULL);
    assert_embedded("64:ff9b:1::192.0.2.33", WEIR_EMBEDDED_NAT64, "192.0.2.33", NULL);
    assert_embedded("64:ff9b:1:808:8:800:a01:203", WEIR_EMBEDDED_NAT64, "8.8.8.8", "10.1.2.3");
    assert_embedded("64:ff9b:1::", WEIR_EMBEDDED_NAT64, "0.0.0.0", NULL);
    assert_embedded("2001:db8::5efe:10.1.2.3", WEIR_EMBEDDED_ISATAP, "10.1.2.3", NULL);
    assert_embedded("fe80::200:5efe:10.1.2.3", WEIR_EMBEDDED_ISATAP, "10.1.2.3", NULL);
    assert_embedded("2002:808:808::5efe:10.1.2.3", WEIR_EMBEDDED_6TO4, "8.8.8.8", "10.1.2.3");
    assert_embedded("2002:808:808:1:200:5efe:a01:203", WEIR_EMBEDDED_6TO4, "8.8.8.8", "10.1.2.3");
    assert_embedded("::", WEIR_EMBEDDED_NONE, NULL, NULL);
    assert_embedded("::1", WEIR_EMBEDDED_NONE, NULL, NULL);
    assert_embedded("2001:db8::1", WEIR_EMBEDDED_NONE, NULL, NULL);
    assert_embedded("10.1.2.3", WEIR_EMBEDDED_NONE, NULL, NULL);
}

/* The lookup takes the last block that contains an address: that rests on the order of the table.
 * RFC 6890 2.2.1: what is no destination can neither be forwarded nor reached. */
TEST(ip_class_table_is_in_order)
{
    size_t count;
    const weir_ip_block *blocks = weir_ip_blocks(&count);
    for (size_t i = 0; i < count; i++) {
        const weir_ip_block *b = &blocks[i];
        const weir_address network = weir_prefix_network(&b->prefix);
        weir_prefix clean;
        assert_int_equal(weir_prefix_of(&network, b->prefix.len, &clean), 0);
        assert_true(weir_prefix_equal(&clean, &b->prefix));
        assert_true(b->name && b->rfc && b->ip_class < WEIR_IP_CLASSES);
        if (b->destination == WEIR_IP_NO) assert_int_equal(b->forwardable, WEIR_IP_NO);
        if (b->forwardable == WEIR_IP_NO) assert_int_equal(b->global, WEIR_IP_NO);
        for (size_t j = i + 1; j < count; j++) {
            assert_false(weir_prefix_covers(&blocks[j].prefix, &b->prefix));
            assert_false(weir_prefix_equal(&blocks[j].prefix, &b->prefix));
        }
    }
}
