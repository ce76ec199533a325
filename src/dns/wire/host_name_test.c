/* SPDX-License-Identifier: MIT
 *
 * Are the names that a host may have told from all others?
 */
#include "dns/wire/testing.h"

enum { ANY = WEIR_DNS_HOST_UNDERSCORE | WEIR_DNS_HOST_NUMERIC };

static void assert_host(const char *text, unsigned flags)
{
    weir_dns_name_why why = {WEIR_DNS_NAME_LONG, 9};
    assert_int_equal(weir_dns_host_check(weir_bytes_text(text), flags, &why), 0);
    assert_int_equal(why.fault, WEIR_DNS_NAME_GOOD);
    assert_int_equal(why.at, 0);
    const weir_dns_name name = name_of(text);
    assert_true(weir_dns_name_is_host(&name, flags));
}

static void assert_no_host(weir_bytes text, unsigned flags, weir_dns_name_fault fault, size_t at)
{
    weir_dns_name_why why = {WEIR_DNS_NAME_GOOD, 0};
    weir_dns_name name;
    assert_int_equal(weir_dns_host_check(text, flags, &why), WEIR_EDNS_NAME);
    assert_int_equal(why.fault, fault);
    assert_int_equal(why.at, at);
    assert_int_equal(weir_dns_host_check(text, flags, NULL), WEIR_EDNS_NAME);
    if (weir_dns_name_parse(text, &name) >= 0) assert_false(weir_dns_name_is_host(&name, flags));
}

TEST(a_host_is_letters_digits_and_hyphens_within_labels)
{
    static const char *const hosts[] = {
        "a",           "a.", "localhost", "example.org",           "EXAMPLE.ORG.", "3com.com",
        "a-b.c--d.x1", "1a", "1.2.3.4a",  "xn--bcher-kva.example", "0.1.2.x",      "a.1b",
    };
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) assert_host(hosts[i], 0);
}

TEST(a_text_that_is_no_host_is_refused_where_its_fault_is)
{
    assert_no_host(weir_bytes_of(NULL, 0), ANY, WEIR_DNS_NAME_EMPTY, 0);
    assert_no_host(BYTES("."), ANY, WEIR_DNS_NAME_EMPTY_LABEL, 0);
    assert_no_host(BYTES(".a"), ANY, WEIR_DNS_NAME_EMPTY_LABEL, 0);
    assert_no_host(BYTES("a..b"), ANY, WEIR_DNS_NAME_EMPTY_LABEL, 2);
    assert_no_host(BYTES("a.."), ANY, WEIR_DNS_NAME_EMPTY_LABEL, 2);
    assert_no_host(BYTES("-a"), ANY, WEIR_DNS_NAME_HYPHEN, 0);
    assert_no_host(BYTES("a-"), ANY, WEIR_DNS_NAME_HYPHEN, 1);
    assert_no_host(BYTES("b.a-.c"), ANY, WEIR_DNS_NAME_HYPHEN, 3);
    assert_no_host(BYTES("b.-"), ANY, WEIR_DNS_NAME_HYPHEN, 2);
    assert_no_host(BYTES("a b"), ANY, WEIR_DNS_NAME_CHARACTER, 1);
    assert_no_host(BYTES("a\0b"), ANY, WEIR_DNS_NAME_CHARACTER, 1);
    assert_no_host(BYTES("a\\.b"), ANY, WEIR_DNS_NAME_CHARACTER, 1);
    assert_no_host(BYTES("b\xc3\xbc"
                         "cher.example"),
                   ANY, WEIR_DNS_NAME_CHARACTER, 1);
    assert_no_host(BYTES("*.example"), ANY, WEIR_DNS_NAME_CHARACTER, 0);
    assert_no_host(BYTES("a/b"), ANY, WEIR_DNS_NAME_CHARACTER, 1);
    assert_no_host(BYTES("::1"), ANY, WEIR_DNS_NAME_CHARACTER, 0);
}

TEST(every_character_is_of_a_host_or_not)
{
    for (unsigned c = 0; c < 256; c++) {
        const char text[3] = {'a', (char)c, 'b'};
        const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c < 128;
        const bool legal = letter || (c >= '0' && c <= '9') || c == '-' || c == '.';
        const weir_bytes all = weir_bytes_of(text, sizeof text);
        assert_int_equal(weir_dns_host_check(all, 0, NULL) == 0, legal);
        assert_int_equal(weir_dns_host_check(all, WEIR_DNS_HOST_UNDERSCORE, NULL) == 0,
                         legal || c == '_');
    }
}

TEST(an_underscore_is_for_services)
{
    assert_host("_443._tcp.example.org", WEIR_DNS_HOST_UNDERSCORE);
    assert_host("a_", WEIR_DNS_HOST_UNDERSCORE);
    assert_no_host(BYTES("_dmarc.example.org"), 0, WEIR_DNS_NAME_CHARACTER, 0);
    assert_no_host(BYTES("a_b"), WEIR_DNS_HOST_NUMERIC, WEIR_DNS_NAME_CHARACTER, 1);
}

TEST(a_last_label_of_digits_is_an_address_rather_than_a_host)
{
    assert_host("192.0.2.1", WEIR_DNS_HOST_NUMERIC);
    assert_host("123", WEIR_DNS_HOST_NUMERIC);
    assert_no_host(BYTES("192.0.2.1"), 0, WEIR_DNS_NAME_NUMERIC, 8);
    assert_no_host(BYTES("192.0.2.1."), 0, WEIR_DNS_NAME_NUMERIC, 8);
    assert_no_host(BYTES("a.b.007"), WEIR_DNS_HOST_UNDERSCORE, WEIR_DNS_NAME_NUMERIC, 4);
    assert_no_host(BYTES("7"), 0, WEIR_DNS_NAME_NUMERIC, 0);
}

/* Labels of `len` letters, the last of `last`. */
static size_t long_host(char *out, unsigned count, unsigned len, unsigned last)
{
    char *to = out;
    for (unsigned i = 0; i <= count; i++) {
        const unsigned take = i < count ? len : last;
        memset(to, 'a', take);
        to += take;
        if (i < count) *to++ = '.';
    }
    *to = '\0';
    return (size_t)(to - out);
}

TEST(a_host_has_63_octets_in_a_label_and_253_in_all)
{
    char text[400];
    size_t len = long_host(text, 1, 63, 63);
    assert_host(text, 0);
    len = long_host(text, 1, 64, 1);
    assert_no_host(weir_bytes_of(text, len), 0, WEIR_DNS_NAME_LONG_LABEL, 0);
    len = long_host(text, 1, 2, 64);
    assert_no_host(weir_bytes_of(text, len), 0, WEIR_DNS_NAME_LONG_LABEL, 3);

    len = long_host(text, 3, 63, 61);
    assert_int_equal(len, 253);
    assert_host(text, 0);
    strcpy(text + len, ".");
    assert_host(text, 0);
    strcpy(text + len, "..");
    assert_no_host(weir_bytes_of(text, 255), 0, WEIR_DNS_NAME_LONG, 253);
    len = long_host(text, 3, 63, 62);
    assert_no_host(weir_bytes_of(text, len), 0, WEIR_DNS_NAME_LONG, 253);
    strcpy(text + len, ".");
    assert_no_host(weir_bytes_of(text, len + 1), 0, WEIR_DNS_NAME_LONG, 253);
}

TEST(a_name_off_the_wire_is_a_host_or_not)
{
    const weir_dns_name root = name_of("."), none = {.len = 0}, dot = name_of("a\\.b.example");
    assert_false(weir_dns_name_is_host(&root, ANY));
    assert_false(weir_dns_name_is_host(&none, ANY));
    assert_false(weir_dns_name_is_host(&dot, ANY));
}

static bool same(const char *a, const char *b)
{
    const bool is = weir_dns_host_same(weir_bytes_text(a), weir_bytes_text(b));
    assert_int_equal(weir_dns_host_same(weir_bytes_text(b), weir_bytes_text(a)), is);
    return is;
}

TEST(two_texts_name_the_same_host)
{
    assert_true(same("example.org", "EXAMPLE.ORG"));
    assert_true(same("example.org.", "Example.org"));
    assert_false(same("example.org", "example.orgs"));
    assert_false(same("example.org", "example.com"));
    assert_false(same("a_b", "a_b"));
    assert_false(same("", ""));
    assert_false(same(".", "."));
    assert_false(same("1.2.3.4", "1.2.3.4"));
    assert_false(same("a..", "a."));
}

static bool same_parent(const char *of, const char *other)
{
    return weir_dns_host_same_parent(weir_bytes_text(of), weir_bytes_text(other));
}

TEST(hosts_of_one_parent_domain_are_known)
{
    assert_true(same_parent("a.example.org", "b.EXAMPLE.org."));
    assert_true(same_parent("a.example.org.", "example.org"));
    assert_true(same_parent("a.example.org", "x.b.example.org"));
    assert_true(same_parent("a.b.example.org", "b.example.org"));
    assert_false(same_parent("a.b.example.org", "example.org"));
    assert_true(same_parent("a.example.org", "a.example.org"));
    assert_true(same_parent("example.org", "Example.org."));
    assert_true(same_parent("localhost", "localhost"));
    assert_false(same_parent("example.org", "www.example.org"));
    assert_false(same_parent("example.org", "other.org"));
    assert_false(same_parent("localhost", "localhosts"));
    assert_false(same_parent("a.example.org", "bexample.org"));
    assert_false(same_parent("a.example.org", "b.example.com"));
    assert_false(same_parent("a.example.org", "org"));
    assert_false(same_parent("a_.example.org", "b.example.org"));
    assert_false(same_parent("a.example.org", ""));
    assert_false(same_parent("", "a.example.org"));
}

TEST(hosts_are_read_no_further_than_their_end)
{
    guarded memory = guarded_new(300);
    char text[300];
    for (size_t len = 1; len <= 253; len++) {
        memset(text, 'a', len);
        for (size_t dot = 40; dot + 1 < len; dot += 41) text[dot] = '.';
        const weir_bytes host = weir_bytes_of(guarded_put(&memory, text, len), len);
        assert_int_equal(weir_dns_host_check(host, 0, NULL), 0);
        assert_true(weir_dns_host_same(host, host));
        assert_true(weir_dns_host_same_parent(host, host));
    }
    guarded_free(&memory);
}
