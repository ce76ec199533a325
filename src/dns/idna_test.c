/* SPDX-License-Identifier: MIT
 *
 * Do names in Unicode become the names that DNS has, and does nothing else slip through?
 */
#include <weir/dns/idna.h>

#include <stdio.h>

#include <weir/base/error.h>
#include <weir/dns/sni.h>
#include <weir/dns/wire/name.h>

#include "test/harness/test.h"

static const char *ascii(const char *text)
{
    static char out[WEIR_DNS_ASCII_TEXT];
    const int len = weir_dns_idna_to_ascii(weir_bytes_text(text), 0, out, NULL);
    if (len < 0) return weir_errname(len);
    assert_int_equal(strlen(out), len);
    return out;
}

static const char *unicode(const char *text)
{
    static char out[WEIR_DNS_UNICODE_TEXT];
    const int len = weir_dns_idna_to_unicode(weir_bytes_text(text), out);
    if (len < 0) return weir_errname(len);
    assert_int_equal(strlen(out), len);
    return out;
}

static bool have_library(void)
{
    return strcmp(ascii("b\xc3\xbc"
                        "cher.example"),
                  "WEIR_EUNSUPPORTED") != 0;
}

TEST(ascii_names_pass_in_small_letters)
{
    assert_string_equal(ascii("WWW.Example.ORG"), "www.example.org");
    assert_string_equal(ascii("example.org."), "example.org.");
    assert_string_equal(ascii("xn--bcher-kva.example"), "xn--bcher-kva.example");
    static const char *const bad[] = {"",        "a..b", "a b",    "-a.example", "a_b.example",
                                      "1.2.3.4", "a/b",  "a\001b", ".",          "[::1]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_string_equal(ascii(bad[i]), "WEIR_EDNS_NAME");
    char out[WEIR_DNS_ASCII_TEXT];
    assert_int_equal(
        weir_dns_idna_to_ascii(weir_bytes_text("_sip._tcp.a"), WEIR_DNS_HOST_UNDERSCORE, out, NULL),
        11);
    const char *reason = NULL;
    assert_int_equal(weir_dns_idna_to_ascii(weir_bytes_text("a..b"), 0, out, &reason),
                     WEIR_EDNS_NAME);
    assert_true(reason && reason[0]);
}

TEST(unicode_names_are_mapped_by_uts_46_without_transition)
{
    if (!have_library()) skip();
    static const char *const cases[][2] = {
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"B\xc3\x9c"
         "CHER.Example",
         "xn--bcher-kva.example"},
        {"bu\xcc\x88"
         "cher.example.",
         "xn--bcher-kva.example."},
        {"fa\xc3\x9f.de", "xn--fa-hia.de"},
        {"\xe4\xbe\x8b\xe5\xad\x90\xe3\x80\x82\xe6\xb5\x8b\xe8\xaf\x95", "xn--fsqu00a.xn--0zwm56d"},
        {"\xef\xbc\xa5xample.org", "example.org"},
        {"\xd7\x99\xd7\xa9\xd7\xa8\xd7\x90\xd7\x9c.example", "xn--4dbrk0ce.example"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(ascii(cases[i][0]), cases[i][1]);
    char out[WEIR_DNS_ASCII_TEXT];
    assert_true(weir_dns_idna_to_ascii(weir_bytes_text("_dmarc.b\xc3\xbc"
                                                       "cher.example"),
                                       WEIR_DNS_HOST_UNDERSCORE, out, NULL) > 0);
    assert_string_equal(out, "_dmarc.xn--bcher-kva.example");
}

TEST(what_would_become_no_host_name_is_refused)
{
    if (!have_library()) skip();
    static const char *const bad[] = {
        "\xe2\x84\x80.example", /* U+2100 becomes "a/c" */
        "\xe2\x98\x95.example", /* a symbol: not in IDNA2008 */
        "\xff\xfe.example",     /* not UTF-8 */
        "\xed\xa0\x80.example", /* a surrogate */
        "\xc3\xbc..example",    /* an empty label */
        "a\xe3\x80\x82\xe3\x80\x82"
        "b",                            /* the same by ideographic stops */
        "a b\xc3\xbc.example",          /* a blank */
        "\xc3\xbc_.example",            /* an underscore */
        "xn--a.\xc3\xbc",               /* a broken ASCII form */
        "\xe2\x80\xae\xc3\xbc.example", /* a mark that turns the direction */
        "1\xe3\x80\x82"
        "2\xe3\x80\x82"
        "3\xe3\x80\x82"
        "4", /* an IPv4 address in disguise */
        "\xef\xbc\x91.2.3.4",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (strcmp(ascii(bad[i]), "WEIR_EDNS_NAME") != 0) print_error("%s\n", bad[i]);
        assert_string_equal(ascii(bad[i]), "WEIR_EDNS_NAME");
    }
    char text[1400], out[WEIR_DNS_ASCII_TEXT];
    for (size_t len = 0; len + 2 < sizeof text; len += 2) memcpy(text + len, "\xc3\xbc", 2);
    for (size_t len = 64; len < 1398; len += 2)
        assert_int_equal(weir_dns_idna_to_ascii(weir_bytes_of(text, len), 0, out, NULL) > 63, 0);
    assert_int_equal(weir_dns_idna_to_ascii(weir_bytes_of("\xc3\xbc\0a", 4), 0, out, NULL),
                     WEIR_EDNS_NAME);
}

TEST(names_are_shown_in_unicode_only_if_they_come_back_as_they_were)
{
    assert_string_equal(unicode("www.Example.org."), "www.Example.org.");
    assert_string_equal(unicode("_a.example"), "_a.example");
    assert_string_equal(unicode("a..b"), "WEIR_EDNS_NAME");
    assert_string_equal(unicode("b\xc3\xbc"
                                "cher"),
                        "WEIR_EDNS_NAME");
    assert_string_equal(unicode("xn--.example"), "WEIR_EDNS_NAME");
    if (!have_library()) skip();
    assert_string_equal(unicode("xn--bcher-kva.example"), "b\xc3\xbc"
                                                          "cher.example");
    assert_string_equal(unicode("XN--BCHER-KVA.example."), "b\xc3\xbc"
                                                           "cher.example.");
    assert_string_equal(unicode("xn--fa-hia.de"), "fa\xc3\x9f.de");
    assert_string_equal(unicode("xn--a.example"), "xn--a.example");
    assert_string_equal(unicode("xn--99999999999.example"), "xn--99999999999.example");
}

TEST(sni_is_a_name_without_its_dot_and_never_an_address)
{
    static const char *const cases[][2] = {
        {"Example.ORG", "example.org"},
        {"example.org.", "example.org"},
        {"192.0.2.1", ""},
        {"[2001:db8::1]", ""},
        {"2001:db8::1", ""},
        {"fe80::1%eth0", ""},
        {"[fe80::1%25]", ""},
        {"localhost", "localhost"},
    };
    char out[WEIR_DNS_ASCII_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int len = weir_dns_sni_name(weir_bytes_text(cases[i][0]), out);
        assert_int_equal(len, strlen(cases[i][1]));
        assert_string_equal(out, cases[i][1]);
    }
    static const char *const bad[] = {"",    ".",  "a..b", "192.0.2.1:443", "192.0.2.999",
                                      "a_b", "a:1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(weir_dns_sni_name(weir_bytes_text(bad[i]), out), WEIR_EDNS_NAME);
    if (!have_library()) skip();
    assert_int_equal(weir_dns_sni_name(weir_bytes_text("b\xc3\xbc"
                                                       "cher.example."),
                                       out),
                     21);
    assert_string_equal(out, "xn--bcher-kva.example");
}
