/* SPDX-License-Identifier: MIT
 *
 * Are exactly the right texts addresses, does printing give the one canonical text, and does the
 * kernel's form keep every byte and its exact length?
 */
#include "test/harness/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/addr.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Parses a copy that ends where its memory ends, so that a sanitizer sees a read beyond. */
static int parse(const char *text, weir_address *out)
{
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    int result = weir_address_parse(weir_bytes_of(copy, len), out);
    free(copy);
    return result;
}

static int parse_ip(const char *text, weir_address *out)
{
    return weir_address_parse_ip(weir_bytes_text(text), 7, out);
}

static void assert_prints(const weir_address *address, const char *expected)
{
    char out[WEIR_ADDRESS_TEXT];
    assert_int_equal(weir_address_print(address, out), strlen(expected));
    assert_string_equal(out, expected);
}

/* The text is an IPv6 address and means these groups. */
static void assert_ipv6(const char *text, const uint16_t groups[8])
{
    weir_address address;
    if (parse_ip(text, &address) != 0) fail_msg("refused: %s", text);
    assert_int_equal(address.kind, WEIR_ADDRESS_IPV6);
    assert_int_equal(address.port, 7);
    for (int i = 0; i < 8; i++) {
        int group = address.at.ipv6[2 * i] << 8 | address.at.ipv6[2 * i + 1];
        if (group != groups[i]) fail_msg("%s: group %d is %x", text, i, (unsigned)group);
    }
}

static void assert_refused(const char *text, int error)
{
    weir_address out, before;
    memset(&out, 0x5a, sizeof out);
    before = out;
    int result = parse(text, &out);
    if (result != error)
        fail_msg("%s: %s, not %s", text, weir_errname(result), weir_errname(error));
    assert_memory_equal(&out, &before, sizeof out);
}

static void assert_ip_refused(const char *text, int error)
{
    weir_address out, before;
    memset(&out, 0x5a, sizeof out);
    before = out;
    int result = parse_ip(text, &out);
    if (result != error)
        fail_msg("%s: %s, not %s", text, weir_errname(result), weir_errname(error));
    assert_memory_equal(&out, &before, sizeof out);
}

TEST(ipv4_is_four_decimal_bytes)
{
    weir_address address;
    assert_int_equal(parse_ip("192.0.2.255", &address), 0);
    assert_int_equal(address.kind, WEIR_ADDRESS_IPV4);
    assert_int_equal(address.port, 7);
    assert_memory_equal(address.at.ipv4, "\xc0\x00\x02\xff", 4);
    assert_int_equal(parse_ip("0.0.0.0", &address), 0);
    assert_int_equal(parse_ip("255.255.255.255", &address), 0);
}

TEST(other_forms_of_ipv4_are_refused)
{
    static const char *const bad[] = {"",
                                      "1",
                                      "1.2",
                                      "1.2.3",
                                      "1.2.3.",
                                      "1.2.3.4.",
                                      "1.2.3.4.5",
                                      ".1.2.3.4",
                                      "1..2.3",
                                      "1.2..4",
                                      "...",
                                      "256.1.1.1",
                                      "1.2.3.256",
                                      "01.2.3.4",
                                      "1.2.3.00",
                                      "1.2.3.04",
                                      "0x1.2.3.4",
                                      "1.2.3.0x4",
                                      "+1.2.3.4",
                                      "-1.2.3.4",
                                      " 1.2.3.4",
                                      "1.2.3.4 ",
                                      "1.2.3.4\n",
                                      "1.2.3.a",
                                      "1.2.3.4/24",
                                      "1.2.3.4%1",
                                      "16909060",
                                      "1.131844",
                                      "1_0.2.3.4",
                                      "1.2.3.1000",
                                      "1,2,3,4",
                                      "localhost",
                                      "4294967297.1.1.1",
                                      "18446744073709551617.1.1.1"};
    for (size_t i = 0; i < COUNT(bad); i++) assert_ip_refused(bad[i], WEIR_EADDRTEXT);
    weir_address out;
    assert_int_equal(weir_address_parse_ip(weir_bytes_of("1.2.3.4\0", 8), 0, &out), WEIR_EADDRTEXT);
    assert_int_equal(weir_address_parse_ip(weir_bytes_of(NULL, 0), 0, &out), WEIR_EADDRTEXT);
    assert_int_equal(weir_address_parse(weir_bytes_of(NULL, 0), &out), WEIR_EADDRTEXT);
}

TEST(ipv6_in_all_its_forms)
{
    static const struct {
        const char *text;
        uint16_t groups[8];
    } good[] = {
        {"::", {0}},
        {"::1", {[7] = 1}},
        {"1::", {1}},
        {"0:0:0:0:0:0:0:0", {0}},
        {"1:2:3:4:5:6:7:8", {1, 2, 3, 4, 5, 6, 7, 8}},
        {"1:2:3:4:5:6:7::", {1, 2, 3, 4, 5, 6, 7, 0}},
        {"::2:3:4:5:6:7:8", {0, 2, 3, 4, 5, 6, 7, 8}},
        {"1:2:3::5:6:7:8", {1, 2, 3, 0, 5, 6, 7, 8}},
        {"1::8", {[0] = 1, [7] = 8}},
        {"fe80::1", {[0] = 0xfe80, [7] = 1}},
        {"FE80::AbCd", {[0] = 0xfe80, [7] = 0xabcd}},
        {"2001:0db8::0001", {[0] = 0x2001, [1] = 0xdb8, [7] = 1}},
        {"::ffff:1.2.3.4", {[5] = 0xffff, [6] = 0x102, [7] = 0x304}},
        {"::FFFF:1.2.3.4", {[5] = 0xffff, [6] = 0x102, [7] = 0x304}},
        {"::ffff:102:304", {[5] = 0xffff, [6] = 0x102, [7] = 0x304}},
        {"::1.2.3.4", {[6] = 0x102, [7] = 0x304}},
        {"64:ff9b::1.2.3.4", {[0] = 0x64, [1] = 0xff9b, [6] = 0x102, [7] = 0x304}},
        {"ffff::1.2.3.4", {[0] = 0xffff, [6] = 0x102, [7] = 0x304}},
        {"::ffff:0:1.2.3.4", {[4] = 0xffff, [6] = 0x102, [7] = 0x304}},
        {"1:2:3:4:5:6:1.2.3.4", {1, 2, 3, 4, 5, 6, 0x102, 0x304}},
        {"::2:3:4:5:6:1.2.3.4", {0, 2, 3, 4, 5, 6, 0x102, 0x304}},
        {"1:2:3:4:5::1.2.3.4", {1, 2, 3, 4, 5, 0, 0x102, 0x304}},
    };
    for (size_t i = 0; i < COUNT(good); i++) assert_ipv6(good[i].text, good[i].groups);
}

TEST(what_is_nearly_ipv6_is_refused)
{
    static const char *const bad[] = {":",
                                      ":::",
                                      "::::",
                                      ":1",
                                      "1:",
                                      "1:2:3:4:5:6:7:8:",
                                      ":1:2:3:4:5:6:7:8",
                                      ":1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "::1:2:3:4:5:6:7:8",
                                      "1:2:3:4:5:6:7:8::",
                                      "1:2:3:4::5:6:7:8",
                                      "1:2:3:4::5:6:7:8:9",
                                      "1:2:3:4:5:6:7::8",
                                      "1::2::3",
                                      "::1::",
                                      "1::2:",
                                      "1:::2",
                                      "00001::",
                                      "::10000",
                                      "::12345",
                                      "g::",
                                      "::-1",
                                      "::+1",
                                      "::0x1",
                                      " ::",
                                      ":: ",
                                      "::1.2.3",
                                      "::1.2.3.4.5",
                                      "::1.2.3.256",
                                      "::01.2.3.4",
                                      "::1.2.3.4:",
                                      "::1.2.3.4:5",
                                      "1.2.3.4::",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "1:2:3:4:5:1.2.3.4",
                                      "1:2:3:4:5:6::1.2.3.4",
                                      "::2:3:4:5:6:7:1.2.3.4",
                                      ":ffff:1.2.3.4",
                                      "::.1.2.3",
                                      "::/64",
                                      "[::1]",
                                      "::1\n",
                                      "1:2:3:4:5:6:7:8:%1",
                                      "::1]"};
    for (size_t i = 0; i < COUNT(bad); i++) assert_ip_refused(bad[i], WEIR_EADDRTEXT);
}

TEST(a_zone_is_a_number_after_any_form_of_ipv6)
{
    static const struct {
        const char *text;
        uint32_t zone;
    } good[] = {{"fe80::%1", 1},
                {"fe80::1%2", 2},
                {"1:2:3:4:5:6:7:8%9", 9},
                {"::1.2.3.4%3", 3},
                {"::%4294967295", UINT32_MAX},
                {"fe80::1%25", 25},
                {"fe80::1%0", 0}};
    static const char *const bad[] = {"fe80::1%",   "fe80::%eth0", "fe80::1%4294967296",
                                      "fe80::1%-1", "fe80::1%01",  "fe80::1%1%1",
                                      "fe80::1% 1", "fe80::1%00",  "fe80::1%18446744073709551617"};
    weir_address address;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(parse_ip(good[i].text, &address), 0);
        assert_int_equal(address.zone, good[i].zone);
    }
    for (size_t i = 0; i < COUNT(bad); i++) assert_ip_refused(bad[i], WEIR_EZONETEXT);
    assert_refused("[fe80::1%eth0]:1", WEIR_EZONETEXT);
    assert_refused("[fe80::1%eth0]:x", WEIR_EZONETEXT);
    assert_ip_refused("1.2.3.4%1", WEIR_EADDRTEXT);
    assert_int_equal(parse("[fe80::1%3]:80", &address), 0);
    assert_int_equal(address.zone, 3);
    assert_int_equal(address.port, 80);
}

TEST(an_address_with_port_is_read_and_written_back)
{
    static const char *const texts[] = {"0.0.0.0:0",
                                        "192.0.2.1:80",
                                        "255.255.255.255:65535",
                                        "[::]:0",
                                        "[2001:db8::1]:443",
                                        "[fe80::1%2]:443",
                                        "[fe80::1%4294967295]:65535",
                                        "[::ffff:255.255.255.255%4294967295]:65535",
                                        "unix:/run/x.sock",
                                        "unix:@abstract",
                                        "unix:relative",
                                        "unix:@@",
                                        "unix:\\x40path"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        weir_address address;
        if (parse(texts[i], &address) != 0) fail_msg("refused: %s", texts[i]);
        assert_prints(&address, texts[i]);
    }
}

TEST(the_port_is_there_and_strict)
{
    static const char *const no_port[] = {"1.2.3.4",
                                          "::1",
                                          "[::1]",
                                          "[::1]80",
                                          "::1:80",
                                          "[1.2.3.4]:80",
                                          "fe80::1:2",
                                          ":80",
                                          "localhost:80",
                                          "[]:80",
                                          "[::1:80",
                                          "[[::1]]:80",
                                          "[::1]]:80",
                                          " 1.2.3.4:80",
                                          "[",
                                          "[:",
                                          "[]",
                                          "]:80",
                                          "[::1] :80",
                                          "1.2.3.4 :80",
                                          "unix",
                                          "Unix:/x",
                                          "*:80",
                                          "1.2.3:4",
                                          "[::1%1:80",
                                          ":"};
    static const char *const bad_port[] = {
        "1.2.3.4:",    "1.2.3.4:65536", "1.2.3.4:+80",   "1.2.3.4:-1",
        "1.2.3.4: 80", "1.2.3.4:80 ",   "1.2.3.4:8_0",   "1.2.3.4:080",
        "1.2.3.4:00",  "1.2.3.4:0x50",  "1.2.3.4:80:80", "1.2.3.4:http",
        "[::1]:",      "[::1]:65536",   "[::1]:08",      "1.2.3.4:99999999999999999999"};
    for (size_t i = 0; i < COUNT(no_port); i++) assert_refused(no_port[i], WEIR_EADDRTEXT);
    for (size_t i = 0; i < COUNT(bad_port); i++) assert_refused(bad_port[i], WEIR_EPORTTEXT);
}

TEST(ipv6_is_printed_as_rfc_5952_says)
{
    static const struct {
        const char *in;
        const char *out;
    } lines[] = {
        {"0:0:0:0:0:0:0:0", "[::]:7"},
        {"0:0:0:0:0:0:0:1", "[::1]:7"},
        {"1:0:0:0:0:0:0:0", "[1::]:7"},
        {"fe80:0:0:0:0:0:0:1", "[fe80::1]:7"},
        {"2001:0DB8:0:0:0:0:0:1", "[2001:db8::1]:7"},
        {"2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:7"}, /* 4.2.2: not one group */
        {"2001:0:0:1:0:0:0:1", "[2001:0:0:1::1]:7"},          /* 4.2.3: the longest run */
        {"2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:7"},    /* 4.2.3: the first of equals */
        {"0:0:1:0:0:0:1:1", "[0:0:1::1:1]:7"},
        {"0:1:2:3:4:5:6:7", "[0:1:2:3:4:5:6:7]:7"},
        {"1:2:3:4:5:6:0:0", "[1:2:3:4:5:6::]:7"},
        {"0:0:3:4:5:6:7:8", "[::3:4:5:6:7:8]:7"},
        {"1:2:3:4:5:6:7::", "[1:2:3:4:5:6:7:0]:7"},
        {"ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "[abcd:ef01:2345:6789:abcd:ef01:2345:6789]:7"},
        {"::ffff:102:304", "[::ffff:1.2.3.4]:7"},
        {"::ffff:0:0", "[::ffff:0.0.0.0]:7"},
        {"::ffff:0:1.2.3.4", "[::ffff:0:102:304]:7"},
        {"::1.2.3.4", "[::102:304]:7"},
        {"64:ff9b::1.2.3.4", "[64:ff9b::102:304]:7"},
        {"fe80::1%1", "[fe80::1%1]:7"},
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        weir_address address;
        assert_int_equal(parse_ip(lines[i].in, &address), 0);
        assert_prints(&address, lines[i].out);
    }
}

TEST(unix_names_are_bytes_with_one_escape)
{
    weir_address address;
    assert_int_equal(parse("unix:/a\\x00", &address), WEIR_EADDRTEXT);
    assert_int_equal(weir_address_parse(weir_bytes_of("unix:/a\0b", 9), &address), WEIR_EADDRTEXT);
    assert_int_equal(weir_address_parse(weir_bytes_of("unix:@a\0b", 9), &address), 0);
    assert_int_equal(address.path_len, 4);
    assert_memory_equal(address.at.path, "\0a\0b", 4);
    assert_prints(&address, "unix:@a\\x00b");
    assert_int_equal(parse("unix:/\xc3\xbc \x7f\x1b[1m\\x5C", &address), 0);
    assert_prints(&address, "unix:/\\xc3\\xbc \\x7f\\x1b[1m\\x5c");
    assert_int_equal(parse("unix:@\\x00", &address), 0);
    assert_int_equal(address.path_len, 2);
    static const char *const bad[] = {"unix:",       "unix:@",      "unix:/\\",   "unix:/\\x",
                                      "unix:/\\x4",  "unix:/\\x4g", "unix:/\\\\", "unix:/\\n",
                                      "unix:/\\x+1", "unix:\\x00a"};
    for (size_t i = 0; i < COUNT(bad); i++) assert_refused(bad[i], WEIR_EADDRTEXT);
}

TEST(unix_names_have_at_most_107_bytes)
{
    for (int abstract = 0; abstract < 2; abstract++) {
        char text[5 + 109 + 1] = "unix:";
        weir_address address;
        memset(text + 5, 'a', 109);
        text[5] = abstract ? '@' : '/';
        text[5 + 107 + abstract] = '\0';
        assert_int_equal(parse(text, &address), 0);
        assert_int_equal(address.path_len, 107 + abstract);
        assert_prints(&address, text);
        text[5 + 107 + abstract] = 'a';
        text[5 + 108 + abstract] = '\0';
        assert_refused(text, WEIR_ENAMETOOLONG);
    }
    char escaped[5 + 1 + 107 * 4 + 1] = "unix:@";
    weir_address address;
    for (int i = 0; i < 107; i++) memcpy(escaped + 6 + 4 * i, "\\xff", 5);
    assert_int_equal(parse(escaped, &address), 0);
    assert_prints(&address, escaped);
}

TEST(the_longest_texts_fit)
{
    char *out = malloc(WEIR_ADDRESS_TEXT);
    assert_non_null(out);
    weir_address address = {.kind = WEIR_ADDRESS_UNIX, .path_len = 108};
    memset(address.at.path, 0xff, sizeof address.at.path);
    assert_true(weir_address_print(&address, out) < WEIR_ADDRESS_TEXT);
    address.path_len = 255; /* filled wrongly: cut, not read beyond */
    assert_int_equal(weir_address_print(&address, out), 5 + 4 * 108);
    free(out);
}

TEST(what_has_no_address_is_still_printed)
{
    weir_address none = {0}, unnamed = {.kind = WEIR_ADDRESS_UNIX};
    assert_prints(&none, "none");
    assert_prints(&unnamed, "unix:");
    assert_refused("none", WEIR_EADDRTEXT);
}

TEST(equality_looks_at_all_of_the_identity_and_nothing_else)
{
    static const char *const texts[] = {"1.2.3.4:5",    "1.2.3.4:6",         "1.2.3.5:5", "[::1]:5",
                                        "[::1]:6",      "[::1%1]:5",         "[::1%2]:5", "[::2]:5",
                                        "unix:/a",      "unix:/b",           "unix:/ab",  "unix:@a",
                                        "unix:@a\\x00", "[::ffff:1.2.3.4]:5"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        for (size_t j = 0; j < COUNT(texts); j++) {
            weir_address a, b;
            memset(&a, 0x11, sizeof a);
            memset(&b, 0x22, sizeof b);
            assert_int_equal(parse(texts[i], &a), 0);
            assert_int_equal(parse(texts[j], &b), 0);
            assert_int_equal(weir_address_equal(&a, &b), i == j);
        }
    }
    weir_address none = {0}, noise = {.port = 9}, any = weir_address_any4(0);
    assert_true(weir_address_equal(&none, &noise));
    assert_false(weir_address_equal(&none, &any));
    any.at.path[50] = 'x'; /* beyond the IPv4 address */
    weir_address other = weir_address_any4(0);
    assert_true(weir_address_equal(&any, &other));
}

TEST(wildcard_and_loopback_addresses)
{
    weir_address address = weir_address_any4(80);
    assert_prints(&address, "0.0.0.0:80");
    address = weir_address_any6(80);
    assert_prints(&address, "[::]:80");
    address = weir_address_loopback4(80);
    assert_prints(&address, "127.0.0.1:80");
    address = weir_address_loopback6(80);
    assert_prints(&address, "[::1]:80");
}

TEST(the_kernels_form_and_back_loses_nothing)
{
    static const struct {
        const char *text;
        size_t len;
    } lines[] = {{"1.2.3.4:258", sizeof(struct sockaddr_in)},
                 {"[fe80::1%7]:258", sizeof(struct sockaddr_in6)},
                 {"unix:/a", 2 + 3},
                 {"unix:@a", 2 + 2},
                 {"unix:@a\\x00b\\x00", 2 + 5}};
    for (size_t i = 0; i < COUNT(lines); i++) {
        weir_address address, back;
        struct sockaddr_storage storage;
        assert_int_equal(parse(lines[i].text, &address), 0);
        socklen_t len = weir_address_to_sockaddr(&address, &storage);
        assert_int_equal(len, lines[i].len);
        /* Only the bytes that the length covers may be read, at any alignment. */
        char *exact = malloc(len + 1u);
        assert_non_null(exact);
        memcpy(exact + 1, &storage, len);
        const struct sockaddr *from = (const void *)(exact + 1);
        assert_int_equal(weir_address_from_sockaddr(from, len, &back), 0);
        assert_true(weir_address_equal(&address, &back));
        free(exact);
    }
    weir_address address = {0};
    struct sockaddr_storage storage;
    assert_int_equal(weir_address_to_sockaddr(&address, &storage), 0);
    address.kind = WEIR_ADDRESS_UNIX;
    assert_int_equal(weir_address_to_sockaddr(&address, &storage), sizeof(sa_family_t));
}

TEST(the_kernels_form_has_network_byte_order)
{
    weir_address address;
    struct sockaddr_storage storage;
    struct sockaddr_in6 in6;
    assert_int_equal(parse("[1:2:3:4:5:6:7:8%9]:258", &address), 0);
    weir_address_to_sockaddr(&address, &storage);
    memcpy(&in6, &storage, sizeof in6);
    assert_int_equal(in6.sin6_family, AF_INET6);
    assert_memory_equal(&in6.sin6_port, "\1\2", 2);
    assert_int_equal(in6.sin6_scope_id, 9);
    assert_memory_equal(&in6.sin6_addr, "\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\10", 16);
}

TEST(a_kernel_address_that_is_short_foreign_or_absent_is_told_so)
{
    weir_address out;
    struct sockaddr_storage storage = {.ss_family = AF_INET};
    const struct sockaddr *from = (const void *)&storage;
    assert_int_equal(weir_address_from_sockaddr(NULL, 0, &out), 0);
    assert_int_equal(out.kind, WEIR_ADDRESS_UNIX);
    assert_int_equal(out.path_len, 0);
    assert_int_equal(weir_address_from_sockaddr(from, 1, &out), WEIR_EINVAL);
    assert_int_equal(weir_address_from_sockaddr(from, sizeof(struct sockaddr_in) - 1, &out),
                     WEIR_EINVAL);
    storage.ss_family = AF_INET6;
    assert_int_equal(weir_address_from_sockaddr(from, sizeof(struct sockaddr_in6) - 4, &out),
                     WEIR_EINVAL);
    storage.ss_family = AF_PACKET;
    assert_int_equal(weir_address_from_sockaddr(from, sizeof storage, &out), WEIR_EAFNOSUPPORT);
}

TEST(unix_names_from_the_kernel_end_where_the_length_says)
{
    weir_address out;
    struct sockaddr_storage storage = {0};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    memset(un.sun_path, 'p', sizeof un.sun_path);
    memcpy(&storage, &un, sizeof un);
    const struct sockaddr *from = (const void *)&storage;
    static const struct {
        socklen_t len;
        size_t path_len;
    } lines[] = {{2, 0}, {3, 1}, {2 + 107, 107}, {2 + 108, 108}, {2 + 109, 108}};
    for (size_t i = 0; i < COUNT(lines); i++) {
        assert_int_equal(weir_address_from_sockaddr(from, lines[i].len, &out), 0);
        assert_int_equal(out.path_len, lines[i].path_len);
    }
    un.sun_path[4] = '\0';
    memcpy(&storage, &un, sizeof un);
    assert_int_equal(weir_address_from_sockaddr(from, sizeof un, &out), 0);
    assert_int_equal(out.path_len, 4);
    un.sun_path[0] = '\0';
    memcpy(&storage, &un, sizeof un);
    assert_int_equal(weir_address_from_sockaddr(from, 2 + 10, &out), 0);
    assert_int_equal(out.path_len, 10);
}

/* What bind(2) made of `address`, as getsockname(2) tells it. */
static weir_address bound(const weir_address *address)
{
    struct sockaddr_storage storage;
    socklen_t len = weir_address_to_sockaddr(address, &storage);
    weir_address back;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&storage, len), 0);
    len = sizeof storage;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&storage, &len), 0);
    assert_int_equal(weir_address_from_sockaddr((const struct sockaddr *)&storage, len, &back), 0);
    close(fd);
    return back;
}

TEST(the_kernel_gives_back_the_unix_name_that_was_bound)
{
    char directory[] = "/tmp/weir-addr-XXXXXX", text[64];
    weir_address address, back;
    assert_non_null(mkdtemp(directory));
    snprintf(text, sizeof text, "unix:%s/s", directory);
    assert_int_equal(parse(text, &address), 0);
    back = bound(&address);
    assert_int_equal(unlink(text + 5), 0);
    assert_int_equal(rmdir(directory), 0);
    assert_true(weir_address_equal(&address, &back));

    snprintf(text, sizeof text, "unix:@weir-%d\\x00end", (int)getpid());
    assert_int_equal(parse(text, &address), 0);
    back = bound(&address);
    assert_prints(&back, text);
}
