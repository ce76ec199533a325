/* SPDX-License-Identifier: MIT
 *
 * Does the lookup through the C library give what the library says of names for which it asks
 * nobody, and errors for what is none?
 */
#include "test/contract/contract.h"

#include <stdio.h>

#include <weir/dns/lookup.h>
#include <weir/io/scope.h>

static bool is_simulated(const weir_io *io)
{
    return strcmp(weir_io_describe(io).engine, "sim") == 0;
}

static int ask(weir_io *io, weir_dns_resolver *resolver, const char *name, unsigned flags,
               weir_address *out, size_t room)
{
    const weir_dns_lookup_options options = {.flags = flags};
    return weir_dns_lookup_libc(io, resolver, weir_bytes_text(name), 80, &options, out, room);
}

/* Numbers, which the library reads by itself: no name server has a part in this. */
CONTRACT(dns_libc_gives_addresses_and_tells_families_apart)
{
    weir_dns_resolver *resolver;
    weir_address got[4], expected;
    if (!check_int(weir_dns_resolver_create(io, NULL, &resolver), 0)) return;
    if (is_simulated(io)) {
        check_int(ask(io, resolver, "192.0.2.1", 0, got, 4), WEIR_EUNSUPPORTED);
    } else {
        check_int(ask(io, resolver, "192.0.2.1", 0, got, 4), 1);
        weir_address_parse(weir_bytes_text("192.0.2.1:80"), &expected);
        check(weir_address_equal(&got[0], &expected));
        check_int(ask(io, resolver, "2001:db8::1", WEIR_DNS_IPV6_ONLY, got, 4), 1);
        weir_address_parse(weir_bytes_text("[2001:db8::1]:80"), &expected);
        check(weir_address_equal(&got[0], &expected));
        check_int(ask(io, resolver, "2001:db8::1", WEIR_DNS_IPV4_ONLY, got, 4), WEIR_EAFNOSUPPORT);
        check_int(ask(io, resolver, "192.0.2.1", WEIR_DNS_IPV6_ONLY, got, 4), WEIR_EAFNOSUPPORT);
    }
    weir_dns_resolver_destroy(io, resolver);
}

/* The library's own notations are not let through: who allows 127.0.0.1 to be named "127.1" in one
 * lookup and not in the next cannot check what he is given. */
CONTRACT(dns_libc_takes_for_an_address_what_the_resolver_takes_for_one)
{
    static const char *const texts[] = {
        "::ffff:192.0.2.1",
        "192.0.2.1",
        "fe80::1%no-such-interface",
        "127.1",
        "0x7f000001",
        "0X7F000001",
        "2130706433",
        "010.0.0.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "127.0.0.1 ",
        "127.0.0.256",
        "1::2::3",
        "b\xc3\xbc.test",
        "a b",
        "-a",
        "a_b",
        "a..b",
        "*",
        ".",
        "a\\.b",
    };
    static const unsigned flags[] = {0, WEIR_DNS_IPV4_ONLY, WEIR_DNS_IPV6_ONLY,
                                     WEIR_DNS_IPV4_ONLY | WEIR_DNS_IPV6_ONLY};
    weir_dns_resolver *resolver;
    weir_address ours[4], theirs[4];
    if (is_simulated(io)) return;
    if (!check_int(weir_dns_resolver_create(io, NULL, &resolver), 0)) return;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        contract_at("text", i);
        for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
            const weir_dns_lookup_options options = {.flags = flags[k]};
            const int n = weir_dns_lookup_host(io, resolver, weir_bytes_text(texts[i]), 80,
                                               &options, ours, 4, NULL);
            check_int(ask(io, resolver, texts[i], flags[k], theirs, 4), n);
            check_int(n, k == 3   ? WEIR_EINVAL
                         : i == 2 ? WEIR_EZONETEXT
                         : i > 2  ? WEIR_EDNS_NAME
                         : k == 2 ? WEIR_EAFNOSUPPORT
                                  : 1);
            if (n == 1) check(weir_address_equal(&ours[0], &theirs[0]));
        }
    }
    weir_dns_resolver_destroy(io, resolver);
}

CONTRACT(dns_libc_refuses_what_is_no_question)
{
    weir_dns_resolver *resolver;
    weir_address got[4];
    char longest[2000];
    memset(longest, 'a', sizeof longest);
    if (!check_int(weir_dns_resolver_create(io, NULL, &resolver), 0)) return;
    check_int(ask(io, resolver, "192.0.2.1", 0, got, 0), WEIR_EINVAL);
    check_int(ask(io, resolver, "", 0, got, 4), WEIR_EDNS_NAME);
    if (!is_simulated(io)) {
        for (size_t at = 63; at < sizeof longest; at += 64) longest[at] = '.';
        const weir_bytes texts[] = {
            {longest, sizeof longest}, {longest, 254}, {"192.0.2.1\0x", 11}};
        for (int i = 0; i < 3; i++)
            check_int(weir_dns_lookup_libc(io, resolver, texts[i], 80, NULL, got, 4),
                      WEIR_EDNS_NAME);
    }
    weir_dns_resolver_destroy(io, resolver);
}

static int ask_in_a_task(weir_io *io, void *argument)
{
    weir_address got[4];
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_nanoseconds(1));
    const int n = ask(io, argument, "192.0.2.1", 0, got, 4);
    weir_scope_leave(io, &scope);
    return n;
}

/* Who has no time does not wait for the library; the resolver does, and nothing is left. */
CONTRACT(dns_libc_is_not_waited_for_by_who_has_no_time)
{
    weir_dns_resolver *resolver;
    if (is_simulated(io)) return;
    if (!check_int(weir_dns_resolver_create(io, NULL, &resolver), 0)) return;
    for (int i = 0; i < 20; i++) {
        const int n = ask_in_a_task(io, resolver);
        check(n == WEIR_EDEADLINE || n == 1);
    }
    weir_dns_resolver_destroy(io, resolver);
}
