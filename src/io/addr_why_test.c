/* SPDX-License-Identifier: MIT
 *
 * Does each text that is no address say what is wrong with it, and at which byte; and are texts
 * that other projects test with read as they read them?
 */
#include "test/harness/test.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/addr.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define SOCKET  WEIR_ADDRESS_AS_SOCKET
#define IP      WEIR_ADDRESS_AS_IP
#define LITERAL WEIR_ADDRESS_AS_LITERAL
#define HOST    WEIR_ADDRESS_AS_HOST
#define NAME    WEIR_ADDRESS_ZONE_NAME
#define STRICT  WEIR_ADDRESS_ZONE_STRICT
#define URL     WEIR_ADDRESS_ZONE_URL

/* Parses a copy that ends where its memory ends, so that a sanitizer sees a read beyond. */
static int parse(const char *text, unsigned form, weir_address *out, weir_address_why *why)
{
    const size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    const int result = weir_address_parse_as(weir_bytes_of(copy, len), form, 7, out, why);
    free(copy);
    return result;
}

typedef struct wrong {
    const char *text;
    weir_address_fault fault;
    size_t at;
} wrong;

static void assert_faults(const wrong *all, size_t count, unsigned form, int error)
{
    for (size_t i = 0; i < count; i++) {
        weir_address address, before;
        weir_address_why why;
        memset(&address, 0x5a, sizeof address);
        before = address;
        const int result = parse(all[i].text, form, &address, &why);
        if (result != error || why.fault != all[i].fault || why.at != all[i].at)
            fail_msg("%s: %s, %s at %zu", all[i].text, weir_errname(result),
                     weir_address_fault_text(why.fault), why.at);
        assert_memory_equal(&address, &before, sizeof address);
        assert_int_equal(parse(all[i].text, form, &address, NULL), error);
    }
}
#define ASSERT_FAULTS(all, form, error) assert_faults(all, COUNT(all), form, error)

TEST(what_is_wrong_with_an_ipv4_address)
{
    static const wrong all[] = {
        {"", WEIR_ADDRESS_INCOMPLETE, 0},
        {"1.2.3", WEIR_ADDRESS_INCOMPLETE, 5},
        {"1.2.3.", WEIR_ADDRESS_INCOMPLETE, 6},
        {"16909060", WEIR_ADDRESS_OVERFLOW, 0},
        {"1.2.3.4.5", WEIR_ADDRESS_EXCESS, 7},
        {"1.2.3.4.", WEIR_ADDRESS_EXCESS, 7},
        {"+1.2.3.4", WEIR_ADDRESS_CHARACTER, 0},
        {" 1.2.3.4", WEIR_ADDRESS_CHARACTER, 0},
        {"1.2.3.4 ", WEIR_ADDRESS_CHARACTER, 7},
        {"1..2.3", WEIR_ADDRESS_CHARACTER, 2},
        {".1.2.3", WEIR_ADDRESS_CHARACTER, 0},
        {"1.2.0x3.4", WEIR_ADDRESS_CHARACTER, 5},
        {"1.2.3.4%1", WEIR_ADDRESS_CHARACTER, 7},
        {"1.2.3.4:80", WEIR_ADDRESS_CHARACTER, 7},
        {"1.2.256.4", WEIR_ADDRESS_OVERFLOW, 4},
        {"1.2.1000.4", WEIR_ADDRESS_OVERFLOW, 4},
        {"1.2.3.01", WEIR_ADDRESS_LEADING_ZERO, 6},
        {"1.00.3.4", WEIR_ADDRESS_LEADING_ZERO, 2},
        {"000001.2.3.4", WEIR_ADDRESS_LEADING_ZERO, 0},
        {"localhost", WEIR_ADDRESS_CHARACTER, 0},
    };
    ASSERT_FAULTS(all, IP, WEIR_EADDRTEXT);
    weir_address address;
    weir_address_why why;
    const weir_bytes nul = weir_bytes_of("1.2.3.4\0", 8);
    assert_int_equal(weir_address_parse_as(nul, IP, 0, &address, &why), WEIR_EADDRTEXT);
    assert_int_equal(why.fault, WEIR_ADDRESS_CHARACTER);
    assert_int_equal(why.at, 7);
}

TEST(what_is_wrong_with_an_ipv6_address)
{
    static const wrong all[] = {
        {":", WEIR_ADDRESS_INCOMPLETE, 1},
        {"1:", WEIR_ADDRESS_INCOMPLETE, 2},
        {"1:2:3:4:5:6:7", WEIR_ADDRESS_INCOMPLETE, 13},
        {"1::2:", WEIR_ADDRESS_INCOMPLETE, 5},
        {":1:2:3:4:5:6:7:8", WEIR_ADDRESS_CHARACTER, 1},
        {":::", WEIR_ADDRESS_CHARACTER, 2},
        {"1::2::3", WEIR_ADDRESS_CHARACTER, 5},
        {"1:2g:3::", WEIR_ADDRESS_CHARACTER, 3},
        {"::/64", WEIR_ADDRESS_CHARACTER, 2},
        {"::1]", WEIR_ADDRESS_CHARACTER, 3},
        {"1:2:3:4:5:6:7:8:9", WEIR_ADDRESS_EXCESS, 15},
        {"1:2:3:4:5:6:7:8:", WEIR_ADDRESS_EXCESS, 15},
        {"1:2:3:4:5:6:7:8::", WEIR_ADDRESS_EXCESS, 15},
        {"::1:2:3:4:5:6:7:8", WEIR_ADDRESS_EXCESS, 15},
        {"1:2:3:4::5:6:7:8", WEIR_ADDRESS_EXCESS, 14},
        {"1:2:3:4:5:6:7::8", WEIR_ADDRESS_EXCESS, 15},
        {"00001::", WEIR_ADDRESS_OVERFLOW, 0},
        {"1:12345::", WEIR_ADDRESS_OVERFLOW, 2},
        {"::10000", WEIR_ADDRESS_OVERFLOW, 2},
        {"::1.2.3", WEIR_ADDRESS_BAD_TAIL, 7},
        {"::1.2.3.256", WEIR_ADDRESS_BAD_TAIL, 8},
        {"::1.02.3.4", WEIR_ADDRESS_BAD_TAIL, 4},
        {"::1.2.3.4:5", WEIR_ADDRESS_BAD_TAIL, 9},
        {"::1.2.3.4.5", WEIR_ADDRESS_BAD_TAIL, 9},
        {"1:2:3:4:5:1.2.3.4", WEIR_ADDRESS_BAD_TAIL, 10},
        {"1:2:3:4:5:6:7:1.2.3.4", WEIR_ADDRESS_BAD_TAIL, 14},
        {"1:2:3:4:5:6::1.2.3.4", WEIR_ADDRESS_BAD_TAIL, 13},
        {":ffff:1.2.3.4", WEIR_ADDRESS_CHARACTER, 1},
    };
    ASSERT_FAULTS(all, IP, WEIR_EADDRTEXT);
}

TEST(what_is_wrong_with_a_zone)
{
    static const wrong plain[] = {
        {"fe80::1%", WEIR_ADDRESS_EMPTY_ZONE, 8},
        {"fe80::1%eth0", WEIR_ADDRESS_NAMED_ZONE, 8},
        {"fe80::1%4294967296", WEIR_ADDRESS_OVERFLOW, 8},
        {"fe80::1%01", WEIR_ADDRESS_LEADING_ZERO, 8},
        {"fe80::1%et h0", WEIR_ADDRESS_CHARACTER, 10},
        {"fe80::1%1%1", WEIR_ADDRESS_CHARACTER, 9},
        {"fe80::1%a/b", WEIR_ADDRESS_CHARACTER, 9},
        {"fe80::1%abcdefghijklmnop", WEIR_ADDRESS_LONG_ZONE, 8},
    };
    ASSERT_FAULTS(plain, IP, WEIR_EZONETEXT);
    static const wrong strict[] = {
        {"2001:db8::1%3", WEIR_ADDRESS_IDLE_ZONE, 11}, {"::1%3", WEIR_ADDRESS_IDLE_ZONE, 3},
        {"fec0::1%3", WEIR_ADDRESS_IDLE_ZONE, 7},      {"fe40::1%3", WEIR_ADDRESS_IDLE_ZONE, 7},
        {"ff05::1%3", WEIR_ADDRESS_IDLE_ZONE, 7},      {"ff0e::1%x", WEIR_ADDRESS_IDLE_ZONE, 7},
    };
    ASSERT_FAULTS(strict, IP | STRICT | NAME, WEIR_EZONETEXT);
    static const wrong url[] = {
        {"[fe80::1%1]", WEIR_ADDRESS_CHARACTER, 9},
        {"[fe80::1%25]", WEIR_ADDRESS_EMPTY_ZONE, 11},
        {"[fe80::1%2]", WEIR_ADDRESS_INCOMPLETE, 10},
        {"[fe80::1%25a%]", WEIR_ADDRESS_CHARACTER, 12},
        {"[fe80::1%25a%2g]", WEIR_ADDRESS_CHARACTER, 12},
        {"[fe80::1%25%65]", WEIR_ADDRESS_CHARACTER, 11}, /* needs no encoding */
        {"[fe80::1%25%00]", WEIR_ADDRESS_CHARACTER, 11},
        {"[fe80::1%25a$]", WEIR_ADDRESS_CHARACTER, 12},
        {"fe80::1%251", WEIR_ADDRESS_CHARACTER, 7},
    };
    ASSERT_FAULTS(url, HOST | URL | NAME, WEIR_EZONETEXT);
}

TEST(what_is_wrong_around_an_address)
{
    static const wrong address[] = {
        {"1.2.3.4", WEIR_ADDRESS_INCOMPLETE, 7},      {"[::1]", WEIR_ADDRESS_INCOMPLETE, 5},
        {"[::1", WEIR_ADDRESS_INCOMPLETE, 4},         {"[::1%eth0", WEIR_ADDRESS_INCOMPLETE, 9},
        {"[1:]:80", WEIR_ADDRESS_INCOMPLETE, 3},      {"[]:80", WEIR_ADDRESS_INCOMPLETE, 1},
        {"[::1]x", WEIR_ADDRESS_CHARACTER, 5},        {"[1.2.3.4]:80", WEIR_ADDRESS_BAD_TAIL, 1},
        {"::1", WEIR_ADDRESS_NO_BRACKETS, 0},         {"::1:80", WEIR_ADDRESS_NO_BRACKETS, 0},
        {"fe80::1:2", WEIR_ADDRESS_NO_BRACKETS, 0},   {"localhost:80", WEIR_ADDRESS_CHARACTER, 0},
        {"unix:", WEIR_ADDRESS_INCOMPLETE, 5},        {"unix:/a\\n", WEIR_ADDRESS_CHARACTER, 8},
        {"unix:/a\\x4", WEIR_ADDRESS_INCOMPLETE, 10}, {"unix:/\\x00", WEIR_ADDRESS_CHARACTER, 6},
    };
    ASSERT_FAULTS(address, SOCKET, WEIR_EADDRTEXT);
    static const wrong port[] = {
        {"1.2.3.4:", WEIR_ADDRESS_INCOMPLETE, 8},      {"1.2.3.4:65536", WEIR_ADDRESS_OVERFLOW, 8},
        {"1.2.3.4:080", WEIR_ADDRESS_LEADING_ZERO, 8}, {"1.2.3.4:+80", WEIR_ADDRESS_CHARACTER, 8},
        {"[::1]:8_0", WEIR_ADDRESS_CHARACTER, 7},      {"[::1]:80 ", WEIR_ADDRESS_CHARACTER, 8},
        {"[fe80::1%3]:", WEIR_ADDRESS_INCOMPLETE, 12},
    };
    ASSERT_FAULTS(port, SOCKET, WEIR_EPORTTEXT);
    char text[5 + 109] = "unix:";
    memset(text + 5, 'a', 108);
    const wrong longer[] = {{text, WEIR_ADDRESS_EXCESS, 5 + 107}};
    ASSERT_FAULTS(longer, SOCKET, WEIR_ENAMETOOLONG);
}

TEST(every_fault_has_words_of_its_own)
{
    for (int i = WEIR_ADDRESS_GOOD; i <= WEIR_ADDRESS_IDLE_ZONE; i++)
        for (int k = WEIR_ADDRESS_GOOD; k <= WEIR_ADDRESS_IDLE_ZONE; k++)
            assert_int_equal(strcmp(weir_address_fault_text((weir_address_fault)i),
                                    weir_address_fault_text((weir_address_fault)k)) == 0,
                             i == k);
    assert_non_null(weir_address_fault_text((weir_address_fault)99));
}

TEST(the_name_of_a_zone_is_kept)
{
    static const struct {
        const char *text;
        unsigned form;
        size_t at, len;
        const char *name;
    } all[] = {
        {"fe80::1%eth0", IP, 8, 4, "eth0"},
        {"fe80::%eth0", IP, 7, 4, "eth0"},
        {"1:2:3:4:5:6:7:8%lo", IP, 16, 2, "lo"},
        {"::1.2.3.4%a.b-c_d~e", IP, 10, 9, "a.b-c_d~e"},
        {"[fe80::1%abcdefghijklmno]:1", SOCKET, 9, 15, "abcdefghijklmno"},
        {"[fe80::1%25en1]", LITERAL | URL, 11, 3, "en1"}, /* RFC 6874 3 */
        {"[fe80::a%25e%40%7C]", LITERAL | URL, 11, 7, "e@|"},
        {"fe80::1%25en1", HOST, 8, 5, "25en1"},
        {"ff12::1%x", IP | STRICT, 8, 1, "x"},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        weir_address address;
        weir_address_why why;
        if (parse(all[i].text, all[i].form | NAME, &address, &why)) fail_msg("%s", all[i].text);
        assert_int_equal(address.zone, 0);
        assert_int_equal(why.fault, WEIR_ADDRESS_GOOD);
        assert_int_equal(why.at, strlen(all[i].text));
        assert_int_equal(why.zone_at, all[i].at);
        assert_int_equal(why.zone_len, all[i].len);
        assert_string_equal(why.zone, all[i].name);
    }
    weir_address address;
    weir_address_why why;
    assert_int_equal(parse("fe80::1%eth0", IP, &address, &why), WEIR_EZONETEXT);
    assert_string_equal(why.zone, "eth0");
    assert_int_equal(parse("[fe80::1%251]:80", SOCKET | URL, &address, &why), 0);
    assert_int_equal(address.zone, 1);
    assert_string_equal(why.zone, "");
    assert_int_equal(parse("febf::1%7", IP | STRICT, &address, &why), 0);
    assert_int_equal(parse("::1", IP | STRICT, &address, &why), 0);
}

TEST(each_form_takes_its_texts_and_no_others)
{
    static const struct {
        const char *text;
        const char *forms; /* s, i, l, h */
        unsigned port;
    } all[] = {
        {"1.2.3.4", "ilh", 7},    {"1.2.3.4:80", "slh", 80}, {"::1", "ih", 7},
        {"[::1]", "lh", 7},       {"[::1]:80", "slh", 80},   {"[fe80::1%3]:80", "slh", 80},
        {"[fe80::1%3]", "lh", 7}, {"fe80::1%3", "ih", 7},    {"1:2:3:4:5:6:7:8", "ih", 7},
        {"::1:80", "ih", 7},      {"1.2.3.4:", "", 0},       {"[::1]:", "", 0},
        {"[1.2.3.4]", "", 0},     {"[::1]80", "", 0},        {"unix:/x", "s", 0},
        {":80", "", 0},           {"[::1]:080", "", 0},      {"1.2.3.4:0", "slh", 0},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        for (unsigned form = 0; form < 4; form++) {
            weir_address address;
            const bool good = strchr(all[i].forms, "silh"[form]) != NULL;
            const int result = parse(all[i].text, form, &address, NULL);
            if ((result == 0) != good) fail_msg("%s as %c", all[i].text, "silh"[form]);
            if (good) assert_int_equal(address.port, all[i].port);
        }
    }
}

/* Texts of other projects' tests, retyped: Go's net/netip (netip_test.go), Rust's core::net
 * (ip_addr.rs), CPython's ipaddress (test_ipaddress.py), InterMapper's list of IPv6 addresses; and
 * the examples of RFC 4291 2.2 and 2.5.5, RFC 5952 1, 2 and 5, RFC 4038 5.1 and RFC 6052 2.4. */
static const char *const foreign_good[][2] = {
    {"0.0.0.0", "0.0.0.0"},
    {"192.168.140.255", "192.168.140.255"},
    {"fd7a:115c:a1e0:ab12:4843:cd96:626b:430b", "fd7a:115c:a1e0:ab12:4843:cd96:626b:430b"},
    {"fd7a:115c:a1e0:ab12:4843:cd96:626b::", "fd7a:115c:a1e0:ab12:4843:cd96:626b:0"},
    {"fd7a:115c:a1e0::4843:cd96:626b:430b", "fd7a:115c:a1e0:0:4843:cd96:626b:430b"},
    {"1:2::ffff:192.168.140.255%eth1", "1:2::ffff:c0a8:8cff%eth1"},
    {"::ffff:192.168.140.255%eth1", "::ffff:192.168.140.255%eth1"},
    {"FD9E:1A04:F01D::1", "fd9e:1a04:f01d::1"},
    {"2a02:6b8::11:11", "2a02:6b8::11:11"},
    {"::192.0.2.33", "::c000:221"},
    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
    {"2001:db8:122:c000:2:2100:192.0.2.33", "2001:db8:122:c000:2:2100:c000:221"},
    {"ae::ffff:102:304", "ae::ffff:102:304"},
    {"1:0:0:4:0:0:0:8", "1:0:0:4::8"},
    {"1:0:0:4:5:0:0:8", "1::4:5:0:0:8"},
    {"0000::0000", "::"},
    {"000::c0a8:0001", "::c0a8:1"},
    {"1:2:3:4:5:6::8", "1:2:3:4:5:6:0:8"},
    {"fe80::217:f2ff:fe07:ed62", "fe80::217:f2ff:fe07:ed62"},
    {"ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
    {"2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"},
    {"FF01:0:0:0:0:0:0:101", "ff01::101"},
    {"0:0:0:0:0:0:13.1.68.3", "::d01:4403"},
    {"0:0:0:0:0:FFFF:129.144.52.38", "::ffff:129.144.52.38"},
    {"2001:db8:aaaa:bbbb:cccc:dddd::1", "2001:db8:aaaa:bbbb:cccc:dddd:0:1"},
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
    {"2001:0db8:0:0:0001:0:0:1", "2001:db8::1:0:0:1"},
    {"::ffff:c000:0280", "::ffff:192.0.2.128"},
    {"::FFFF:10.0.0.1", "::ffff:10.0.0.1"},
};

static const char *const foreign_bad[] = {
    "bad",
    "1234",
    "1.2.3.4%eth0",
    ".1.2.3",
    "0300.0250.0214.0377",
    "0xc0.0xa8.0x8c.0xff",
    "192.168.12345",
    "127.0.1",
    "192.1234567",
    "127.1",
    "192.168.300.1",
    "192.168.0.1.5.6",
    "010.000.015.001",
    "::ffff:1.2.03.4",
    "fe801::1",
    "fe80:tail:scal:e::",
    "fe80::1::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:192.168.140.255",
    "::ffff:192.168.140.bad",
    "fe80:1?:1",
    "ffff::ffff:ffff:ffff:ffff:ffff:ffff:192.168.140.255",
    "fe80:",
    "255.0..1",
    "255.0.00.0",
    "::00000",
    "1:2:::6:7:8",
    "1:2::6::8",
    "::127.0.0.1:",
    "1:2:3:4:5:6:7:127.0.0.1",
    "000.000.000.000",
    "016.016.016.016",
    "42.42.42.42...",
    "...",
    "0x0a",
    "bogus.com",
    "192.168.0.1.com",
    "42.42.42.-0",
    "1.2.3.4e0",
    "1.2.3.4::",
    "12345.67899.-54321.-98765",
    "192.168.0.999",
    "::1/24",
    "::1%scope_id/24",
    "FEDC:9878",
    ":%scope",
    "FEDC:9878%scope",
    "9:8:7:6:5:4:3::2:1",
    "8:7:6:5:4:3:2:1::%scope",
    "10:9:8:7:6:5:4:3:42.42.42.42",
    "::1%scope%",
};

TEST(texts_that_others_test_with)
{
    char text[WEIR_ADDRESS_TEXT];
    for (size_t i = 0; i < COUNT(foreign_good); i++) {
        const weir_bytes in = weir_bytes_text(foreign_good[i][0]);
        const int64_t len = weir_address_canonical(in, IP, text, sizeof text);
        if (len < 0) fail_msg("refused: %s", foreign_good[i][0]);
        assert_string_equal(text, foreign_good[i][1]);
        assert_int_equal(len, strlen(text));
    }
    for (size_t i = 0; i < COUNT(foreign_bad); i++) {
        const weir_bytes in = weir_bytes_text(foreign_bad[i]);
        if (weir_address_canonical(in, IP, text, sizeof text) >= 0)
            fail_msg("taken: %s", foreign_bad[i]);
    }
}
