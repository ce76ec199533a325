/* SPDX-License-Identifier: MIT
 *
 * Are the names that never go to a name server known, and no others?
 */
#include <weir/dns/special.h>

#include <weir/base/error.h>
#include <weir/dns/hosts.h>

#include "test/harness/test.h"

static weir_dns_special_kind kind_of(const char *text)
{
    weir_dns_name name;
    assert_true(weir_dns_name_parse(weir_bytes_text(text), &name) >= 0);
    return weir_dns_special(&name);
}

TEST(special_names_are_known_by_their_last_labels)
{
    static const struct {
        const char *name;
        weir_dns_special_kind kind;
    } cases[] = {
        {"localhost", WEIR_DNS_SPECIAL_LOCALHOST},
        {"LocalHost.", WEIR_DNS_SPECIAL_LOCALHOST},
        {"a.b.localhost", WEIR_DNS_SPECIAL_LOCALHOST},
        {"invalid", WEIR_DNS_SPECIAL_NXDOMAIN},
        {"x.INVALID.", WEIR_DNS_SPECIAL_NXDOMAIN},
        {"x.alt", WEIR_DNS_SPECIAL_NXDOMAIN},
        {"duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion", WEIR_DNS_SPECIAL_ONION},
        {"printer.local", WEIR_DNS_SPECIAL_MDNS},
        {"local.", WEIR_DNS_SPECIAL_MDNS},
        {"1.2.254.169.in-addr.arpa", WEIR_DNS_SPECIAL_MDNS},
        {"0.8.e.f.ip6.arpa", WEIR_DNS_SPECIAL_MDNS},
        {"0.B.E.F.IP6.ARPA", WEIR_DNS_SPECIAL_MDNS},
        {"0.9.e.f.ip6.arpa", WEIR_DNS_SPECIAL_MDNS},
        {"a.e.f.ip6.arpa", WEIR_DNS_SPECIAL_MDNS},
        {".", WEIR_DNS_SPECIAL_NONE},
        {"com", WEIR_DNS_SPECIAL_NONE},
        {"localhost.example", WEIR_DNS_SPECIAL_NONE},
        {"notlocalhost", WEIR_DNS_SPECIAL_NONE},
        {"localhost6", WEIR_DNS_SPECIAL_NONE},
        {"x\\.local", WEIR_DNS_SPECIAL_NONE},
        {"x\\005local", WEIR_DNS_SPECIAL_NONE},
        {"mylocal", WEIR_DNS_SPECIAL_NONE},
        {"ocal", WEIR_DNS_SPECIAL_NONE},
        {"test", WEIR_DNS_SPECIAL_NONE},
        {"host.home.arpa", WEIR_DNS_SPECIAL_NONE},
        {"example.com", WEIR_DNS_SPECIAL_NONE},
        {"db.internal", WEIR_DNS_SPECIAL_NONE},
        {"1.0.0.10.in-addr.arpa", WEIR_DNS_SPECIAL_NONE},
        {"7.e.f.ip6.arpa", WEIR_DNS_SPECIAL_NONE},
        {"c.e.f.ip6.arpa", WEIR_DNS_SPECIAL_NONE},
        {"1.253.169.in-addr.arpa", WEIR_DNS_SPECIAL_NONE},
        {"ipv4only.arpa", WEIR_DNS_SPECIAL_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (kind_of(cases[i].name) != cases[i].kind) print_error("%s\n", cases[i].name);
        assert_int_equal(kind_of(cases[i].name), cases[i].kind);
    }
    assert_int_equal(weir_dns_special(&(weir_dns_name){0}), WEIR_DNS_SPECIAL_NONE);
}

TEST(special_names_have_results_and_reasons)
{
    assert_int_equal(weir_dns_special_result(WEIR_DNS_SPECIAL_NONE), 0);
    assert_int_equal(weir_dns_special_result(WEIR_DNS_SPECIAL_LOCALHOST), 0);
    assert_int_equal(weir_dns_special_result(WEIR_DNS_SPECIAL_NXDOMAIN), WEIR_EDNS_NOTFOUND);
    assert_int_equal(weir_dns_special_result(WEIR_DNS_SPECIAL_ONION), WEIR_EDNS_SPECIAL);
    assert_int_equal(weir_dns_special_result(WEIR_DNS_SPECIAL_MDNS), WEIR_EDNS_SPECIAL);
    for (int i = 0; i <= WEIR_DNS_SPECIAL_MDNS + 1; i++)
        assert_true(weir_dns_special_text((weir_dns_special_kind)i)[0] != '\0');
}

TEST(localhost_has_the_loopback_addresses_of_the_families_wanted)
{
    weir_address out[2];
    const weir_address four = weir_address_loopback4(0), six = weir_address_loopback6(0);
    assert_int_equal(weir_dns_localhost(WEIR_DNS_BOTH, out), 2);
    assert_true(weir_address_equal(&out[0], &four) && weir_address_equal(&out[1], &six));
    assert_int_equal(weir_dns_localhost(WEIR_DNS_IPV4, out), 1);
    assert_true(weir_address_equal(&out[0], &four));
    assert_int_equal(weir_dns_localhost(WEIR_DNS_IPV6, out), 1);
    assert_true(weir_address_equal(&out[0], &six));
    assert_int_equal(weir_dns_localhost(0, out), 0);
}
