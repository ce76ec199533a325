/* SPDX-License-Identifier: MIT
 *
 * Do the forms of writing, the constructors, the order and the hash of addresses hold together?
 */
#include "test/harness/test.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <weir/base/error.h>
#include <weir/io/addr.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static weir_address address_of(const char *text)
{
    weir_address address;
    if (weir_address_parse_as(weir_bytes_text(text), WEIR_ADDRESS_AS_HOST, 0, &address, NULL))
        assert_int_equal(weir_address_parse(weir_bytes_text(text), &address), 0);
    return address;
}

static void assert_writes(const char *text, unsigned form, const char *zone, const char *expected)
{
    char out[WEIR_ADDRESS_TEXT];
    const weir_address address = address_of(text);
    assert_int_equal(weir_address_print_as(&address, form, zone, out, sizeof out),
                     strlen(expected));
    assert_string_equal(out, expected);
    /* snprintf's contract: cut at every length, never a byte beyond. */
    for (size_t room = 0; room <= strlen(expected) + 1; room++) {
        char *small = malloc(room ? room : 1);
        assert_non_null(small);
        assert_int_equal(weir_address_print_as(&address, form, zone, room ? small : NULL, room),
                         strlen(expected));
        if (room) assert_int_equal(strlen(small), room - 1);
        if (room) assert_memory_equal(small, expected, room - 1);
        free(small);
    }
}

TEST(an_address_is_written_in_each_form)
{
    assert_writes("1.2.3.4:80", WEIR_ADDRESS_AS_IP, NULL, "1.2.3.4");
    assert_writes("1.2.3.4:80", WEIR_ADDRESS_AS_LITERAL, NULL, "1.2.3.4:80");
    assert_writes("1.2.3.4", WEIR_ADDRESS_AS_LITERAL, NULL, "1.2.3.4");
    assert_writes("1.2.3.4", WEIR_ADDRESS_AS_SOCKET, NULL, "1.2.3.4:0");
    assert_writes("::1", WEIR_ADDRESS_AS_LITERAL, NULL, "[::1]");
    assert_writes("::1", WEIR_ADDRESS_AS_HOST, NULL, "::1");
    assert_writes("[::1]:80", WEIR_ADDRESS_AS_HOST, NULL, "[::1]:80");
    assert_writes("[fe80::1%3]:80", WEIR_ADDRESS_AS_IP, NULL, "fe80::1%3");
    assert_writes("[fe80::1%3]:80", WEIR_ADDRESS_AS_IP, "eth0", "fe80::1%eth0");
    assert_writes("fe80::1", WEIR_ADDRESS_AS_IP, "eth0", "fe80::1"); /* no zone, no name */
    assert_writes("fe80::1%3", WEIR_ADDRESS_AS_IP | WEIR_ADDRESS_ZONE_NONE, NULL, "fe80::1");
    assert_writes("fe80::a%3", WEIR_ADDRESS_AS_LITERAL | WEIR_ADDRESS_ZONE_URL, "en1",
                  "[fe80::a%25en1]");
    assert_writes("fe80::a%3", WEIR_ADDRESS_AS_LITERAL | WEIR_ADDRESS_ZONE_URL, NULL,
                  "[fe80::a%253]");
    assert_writes("fe80::a%3", WEIR_ADDRESS_AS_LITERAL | WEIR_ADDRESS_ZONE_URL, "a b@",
                  "[fe80::a%25a%20b%40]");
    assert_writes("64:ff9b::1.2.3.4", WEIR_ADDRESS_AS_IP | WEIR_ADDRESS_DOTTED, NULL,
                  "64:ff9b::1.2.3.4");
    assert_writes("::1.2.3.4", WEIR_ADDRESS_AS_IP | WEIR_ADDRESS_DOTTED, NULL, "::1.2.3.4");
    assert_writes("::1", WEIR_ADDRESS_AS_IP | WEIR_ADDRESS_DOTTED, NULL, "::1");
    assert_writes("unix:/x", WEIR_ADDRESS_AS_IP, NULL, "unix:/x");
}

TEST(the_longest_text_of_each_kind_has_room)
{
    char out[WEIR_ADDRESS_TEXT];
    const weir_address four = address_of("255.255.255.255:65535");
    const weir_address six =
        address_of("[1111:2222:3333:4444:5555:6666:7777:8888%4294967295]:65535");
    assert_int_equal(weir_address_print_as(&four, WEIR_ADDRESS_AS_IP, NULL, out, sizeof out) + 1,
                     WEIR_ADDRESS_IPV4_TEXT);
    assert_int_equal(weir_address_print(&four, out) + 1, WEIR_ADDRESS_IPV4_PORT_TEXT);
    const unsigned bare = WEIR_ADDRESS_AS_IP | WEIR_ADDRESS_ZONE_NONE;
    assert_true(weir_address_print_as(&six, bare, NULL, out, sizeof out) < WEIR_ADDRESS_IPV6_TEXT);
    const unsigned form = WEIR_ADDRESS_AS_SOCKET;
    assert_true(weir_address_print_as(&six, form, "abcdefghijklmno", out, sizeof out) <
                WEIR_ADDRESS_IPV6_PORT_TEXT);
    /* A name that is too long is cut. */
    assert_true(weir_address_print_as(&six, form, "abcdefghijklmnopqrstuvwxyz", out, sizeof out) <
                WEIR_ADDRESS_IPV6_PORT_TEXT);
}

TEST(canonical_and_equal_texts)
{
    char out[64];
    const unsigned url = WEIR_ADDRESS_AS_LITERAL | WEIR_ADDRESS_ZONE_URL;
    assert_int_equal(
        weir_address_canonical(weir_bytes_text("[FE80:0::1%25e%7Cn]:0"), url, out, sizeof out), 17);
    assert_string_equal(out, "[fe80::1%25e%7Cn]");
    assert_int_equal(weir_address_canonical(weir_bytes_text("::1"), url, out, sizeof out),
                     WEIR_EADDRTEXT);
    static const struct {
        const char *a, *b;
        bool same;
    } all[] = {
        {"::ffff:1.2.3.4", "::ffff:102:304", true},
        {"::ffff:1.2.3.4", "1.2.3.4", false},
        {"::1", "0:0:0:0:0:0:0:1", true},
        {"[::1]", "::1", true},
        {"::1", "::2", false},
        {"bad", "bad", false},
        {"::1", "bad", false},
        {"fe80::1%eth0", "fe80:0::1%eth0", true},
        {"fe80::1%eth0", "fe80::1%eth1", false},
        {"fe80::1%eth0", "fe80::1", false},
        {"fe80::1%1", "fe80::1%2", false},
        {"1.2.3.4:80", "1.2.3.4", false},
        {"fe80::1%0", "fe80::1", true},
    };
    for (size_t i = 0; i < COUNT(all); i++)
        assert_int_equal(
            weir_address_same_text(weir_bytes_text(all[i].a), weir_bytes_text(all[i].b)),
            all[i].same);
}

TEST(ports_are_strict)
{
    weir_address_why why;
    assert_int_equal(weir_port_parse(weir_bytes_text("0"), NULL), 0);
    assert_int_equal(weir_port_parse(weir_bytes_text("65535"), &why), 65535);
    assert_int_equal(why.fault, WEIR_ADDRESS_GOOD);
    static const char *const bad[] = {"",    "65536", "+80", "-1",    " 80",
                                      "80 ", "08",    "8_0", "00080", "99999999999999999999"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(weir_port_parse(weir_bytes_text(bad[i]), &why), WEIR_EPORTTEXT);
    assert_int_equal(weir_port_parse(weir_bytes_of(NULL, 0), &why), WEIR_EPORTTEXT);
}

TEST(host_and_port_are_split)
{
    static const struct {
        const char *text;
        unsigned form;
        int result;
        const char *host;
        unsigned port;
        bool bracketed;
    } all[] = {
        {"example.com:80", 0, 0, "example.com", 80, false},
        {"[::1]:80", 0, 0, "::1", 80, true},
        {"[fe80::1%eth0]:80", 0, 0, "fe80::1%eth0", 80, true},
        {"1.2.3.4:80", 0, 0, "1.2.3.4", 80, false},
        {":8080", WEIR_ADDRESS_HOST_EMPTY, 0, "", 8080, false},
        {":8080", 0, WEIR_EADDRTEXT, NULL, 0, false},
        {"example.com", 0, WEIR_EADDRTEXT, NULL, 0, false},
        {"example.com", WEIR_ADDRESS_AS_LITERAL, 0, "example.com", 443, false},
        {"[::1]", WEIR_ADDRESS_AS_LITERAL, 0, "::1", 443, true},
        {"example.com:", WEIR_ADDRESS_AS_LITERAL, WEIR_EPORTTEXT, NULL, 0, false},
        {"example.com:http", 0, WEIR_EPORTTEXT, NULL, 0, false},
        {"a:b:80", 0, WEIR_EPORTTEXT, NULL, 0, false},
        {"::1:80", 0, WEIR_EADDRTEXT, NULL, 0, false},
        {"::1", WEIR_ADDRESS_AS_LITERAL, WEIR_EADDRTEXT, NULL, 0, false},
        {"[example.com]:80", 0, WEIR_EADDRTEXT, NULL, 0, false},
        {"[1.2.3.4]:80", 0, WEIR_EADDRTEXT, NULL, 0, false},
        {"[::1]80", 0, WEIR_EADDRTEXT, NULL, 0, false},
        {"[]:80", WEIR_ADDRESS_HOST_EMPTY, WEIR_EADDRTEXT, NULL, 0, false},
        {"[::1%]:80", 0, WEIR_EZONETEXT, NULL, 0, false},
        {"exa mple:80", 0, WEIR_EADDRTEXT, NULL, 0, false},
        {"", WEIR_ADDRESS_HOST_EMPTY, WEIR_EADDRTEXT, NULL, 0, false},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        weir_host_port parts;
        weir_address_why why;
        const weir_bytes text = weir_bytes_text(all[i].text);
        const int result = weir_address_split(text, all[i].form, 443, &parts, &why);
        if (result != all[i].result) fail_msg("%s: %s", all[i].text, weir_errname(result));
        assert_int_equal(result < 0, why.fault != WEIR_ADDRESS_GOOD);
        if (result < 0) continue;
        assert_true(weir_bytes_equal(parts.host, weir_bytes_text(all[i].host)));
        assert_int_equal(parts.port, all[i].port);
        assert_int_equal(parts.bracketed, all[i].bracketed);
    }
}

TEST(addresses_from_numbers_octets_and_groups)
{
    static const uint16_t groups[8] = {0x2001, 0xdb8, 0, 1, 2, 3, 4, 0xffff};
    uint16_t back[8];
    uint8_t octets[16];
    weir_address a = weir_address_from_u32(0xc0000201, 80), b = address_of("192.0.2.1:80");
    assert_true(weir_address_equal(&a, &b));
    assert_int_equal(weir_address_u32(&b), 0xc0000201);
    assert_int_equal(weir_address_octets(&a, octets), 4);
    assert_memory_equal(octets, "\xc0\0\2\1", 4);
    b = weir_address_from_octets(octets, 4, 80);
    assert_true(weir_address_equal(&a, &b));
    assert_false(weir_address_groups(&a, back));

    a = weir_address_from_groups(groups, 9);
    b = address_of("[2001:db8:0:1:2:3:4:ffff]:9");
    assert_true(weir_address_equal(&a, &b));
    assert_true(weir_address_groups(&b, back));
    assert_memory_equal(back, groups, sizeof groups);
    assert_int_equal(weir_address_octets(&a, octets), 16);
    b = weir_address_from_octets(octets, 16, 9);
    assert_true(weir_address_equal(&a, &b));
    assert_int_equal(weir_address_u32(&a), 0);

    a = weir_address_from_octets(octets, 5, 9);
    assert_int_equal(a.kind, WEIR_ADDRESS_NONE);
    a = address_of("unix:/x");
    assert_int_equal(weir_address_octets(&a, octets), 0);
    a = weir_address_broadcast(67);
    b = address_of("255.255.255.255:67");
    assert_true(weir_address_equal(&a, &b));
}

TEST(mapping_keeps_the_port_and_comes_back)
{
    weir_address four = address_of("1.2.3.4:80"), six = address_of("[::ffff:1.2.3.4]:80");
    weir_address mapped = weir_address_map(&four), unmapped = weir_address_unmap(&six);
    assert_true(weir_address_equal(&mapped, &six));
    assert_true(weir_address_equal(&unmapped, &four));
    static const char *const alone[] = {"[::1.2.3.4]:80", "[64:ff9b::1.2.3.4]:1", "unix:/x"};
    for (size_t i = 0; i < COUNT(alone); i++) {
        weir_address address = address_of(alone[i]);
        mapped = weir_address_map(&address), unmapped = weir_address_unmap(&address);
        assert_true(weir_address_equal(&mapped, &address));
        assert_true(weir_address_equal(&unmapped, &address));
    }
}

TEST(families)
{
    weir_address none = {0}, four = weir_address_any4(0), six = weir_address_any6(0);
    weir_address name = address_of("unix:/x");
    assert_int_equal(weir_address_family(&none), AF_UNSPEC);
    assert_int_equal(weir_address_family(&four), AF_INET);
    assert_int_equal(weir_address_family(&six), AF_INET6);
    assert_int_equal(weir_address_family(&name), AF_UNIX);
}

TEST(the_order_is_total_and_agrees_with_equality_and_hash)
{
    static const char *const sorted[] = {
        "0.0.0.0:0", "1.2.3.4:5", "1.2.3.4:6", "1.2.3.5:0",    "200.0.0.0:0",
        "[::]:9",    "[::1]:5",   "[::1]:600", "[::1%1]:5",    "[::1%256]:5",
        "[::2]:1",   "[ff::]:0",  "unix:@a",   "unix:@a\\x00", "unix:@b",
        "unix:/a",   "unix:/ab",  "unix:/b",   "unix:/\\xff",
    };
    const weir_hash_key key = {{1, 2}}, other = {{1, 3}};
    for (size_t i = 0; i < COUNT(sorted); i++) {
        for (size_t k = 0; k < COUNT(sorted); k++) {
            weir_address a = address_of(sorted[i]), b = address_of(sorted[k]);
            const int order = weir_address_compare(&a, &b);
            if ((order > 0) - (order < 0) != (i > k) - (i < k))
                fail_msg("%s and %s", sorted[i], sorted[k]);
            b.flow = 17; /* no part of the identity */
            assert_int_equal(weir_address_equal(&a, &b), i == k);
            assert_int_equal(weir_address_hash(&a, &key) == weir_address_hash(&b, &key), i == k);
        }
        weir_address a = address_of(sorted[i]);
        assert_int_not_equal(weir_address_hash(&a, &key), weir_address_hash(&a, &other));
    }
}

TEST(flow_and_zone_survive_the_kernels_form)
{
    struct sockaddr_storage storage;
    struct sockaddr_in6 in6;
    weir_address address = address_of("[fe80::1%7]:80"), back;
    address.flow = 0x0ab12345;
    const socklen_t len = weir_address_to_sockaddr(&address, &storage);
    memcpy(&in6, &storage, sizeof in6);
    assert_memory_equal(&in6.sin6_flowinfo, "\x0a\xb1\x23\x45", 4);
    assert_int_equal(weir_address_from_sockaddr((void *)&storage, len, &back), 0);
    assert_int_equal(back.flow, address.flow);
    assert_int_equal(back.zone, 7);
}

/* Every length of every family, in memory of exactly that length. */
TEST(a_short_kernel_address_is_never_read_beyond_its_end)
{
    static const struct {
        sa_family_t family;
        size_t least;
    } all[] = {{AF_INET, sizeof(struct sockaddr_in)},
               {AF_INET6, sizeof(struct sockaddr_in6)},
               {AF_UNIX, sizeof(sa_family_t)},
               {AF_PACKET, SIZE_MAX},
               {AF_UNSPEC, SIZE_MAX}};
    for (size_t i = 0; i < COUNT(all); i++) {
        for (size_t len = 1; len <= sizeof(struct sockaddr_storage); len++) {
            weir_address out;
            struct sockaddr *from = calloc(1, len);
            assert_non_null(from);
            memcpy(from, &all[i].family, len < sizeof all[i].family ? len : sizeof all[i].family);
            const int result = weir_address_from_sockaddr(from, (socklen_t)len, &out);
            int expected = len >= all[i].least ? 0 : WEIR_EINVAL;
            if (len >= sizeof(sa_family_t) && all[i].least == SIZE_MAX)
                expected = WEIR_EAFNOSUPPORT;
            assert_int_equal(result, expected);
            free(from);
        }
    }
}
