/* SPDX-License-Identifier: MIT
 *
 * Are answers kept for as long as they may be, no longer, and within the room that there is?
 */
#include "test/network/dns_lookup.h"

/* Looks up A records; the origin, or the error. */
static int from(weir_io *io, house *h, const char *name, unsigned flags)
{
    const int result = house_find(io, h, name, flags | WEIR_DNS_IPV4_ONLY);
    return result < 0 ? result : (int)h->host.origin;
}

static void pass(weir_io *io, int seconds)
{
    check_int(weir_sleep(io, weir_seconds(seconds)), 0);
}

LOOKUP_ON_SIM(dns_lookup_keeps_an_answer_until_its_time_is_over)
{
    house *h = house_begin(io, RULES({.records = {"@ 100 A 192.0.2.1"}}));
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    check_int(h->host.ttl, 100);
    pass(io, 98);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_CACHE);
    check(h->host.ttl == 1 || h->host.ttl == 2);
    pass(io, 2);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    check_int(house_asked(h), 2);
    house_end(io, h);
}

/* An answer that waits for that to the other question gets no younger by it. */
LOOKUP_ON_SIM(dns_lookup_counts_an_answers_time_from_its_coming)
{
    house *h = house_begin(
        io, RULES({.type = WEIR_DNS_A, .delay = {3000000000}, .records = {"@ 100 A 192.0.2.1"}},
                  {.type = WEIR_DNS_AAAA, .records = {"@ 5 AAAA 2001:db8::1"}}));
    check_int(house_find(io, h, "x.example", 0), 2);
    check_int(h->host.ttl, 2);
    pass(io, 3);
    check_int(house_find(io, h, "x.example", WEIR_DNS_IPV6_ONLY), 1);
    check_int(h->host.origin, WEIR_DNS_FROM_SERVER);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_CACHE);
    check_int(house_asked(h), 3);
    house_end(io, h);
}

LOOKUP_ON_SIM(dns_lookup_cuts_long_times)
{
    house *h = house_new(
        io, RULES({.name = "no.example.",
                   .rcode = WEIR_DNS_NXDOMAIN,
                   .records = {"!example. 9000 SOA ns.example. root.example. 1 2 3 4 9000"}},
                  {.name = "zero.example.", .records = {"@ 0 A 192.0.2.1"}},
                  {.name = "odd.example.", .records = {"@ 4294967295 A 192.0.2.1"}},
                  {.records = {"@ 9000 A 192.0.2.1"}}));
    h->options.ttl_max = weir_seconds(60);
    h->options.negative_ttl_max = weir_seconds(10);
    house_open(io, h);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    check_int(h->host.ttl, 60);
    check_int(from(io, h, "no.example", 0), WEIR_EDNS_NOTFOUND);
    check_int(from(io, h, "zero.example", 0), WEIR_DNS_FROM_SERVER);
    check_int(from(io, h, "odd.example", 0), WEIR_DNS_FROM_SERVER);
    check_int(house_asked(h), 4);
    check_int(house_statistics(h).entries, 2);
    check_int(from(io, h, "zero.example", 0), WEIR_DNS_FROM_SERVER);
    check_int(from(io, h, "odd.example", 0), WEIR_DNS_FROM_SERVER);
    check_int(house_asked(h), 6);
    pass(io, 8);
    check_int(from(io, h, "no.example", 0), WEIR_EDNS_NOTFOUND);
    check_int(house_asked(h), 6);
    pass(io, 3);
    check_int(from(io, h, "no.example", 0), WEIR_EDNS_NOTFOUND);
    check_int(house_asked(h), 7);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_CACHE);
    pass(io, 50);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    house_end(io, h);
}

LOOKUP_ON_SIM(dns_lookup_keeps_absence_as_the_zone_says)
{
    house *h = house_begin(
        io, RULES({.name = "short.example.",
                   .records = {"!example. 9000 SOA ns.example. root.example. 1 2 3 4 20"}},
                  {.name = "ttl.example.",
                   .rcode = WEIR_DNS_NXDOMAIN,
                   .records = {"!example. 20 SOA ns.example. root.example. 1 2 3 4 9000"}},
                  {.name = "none.example.", .rcode = WEIR_DNS_NXDOMAIN},
                  {.name = "foreign.example.",
                   .rcode = WEIR_DNS_NXDOMAIN,
                   .records = {"!other. 300 SOA ns.other. root.other. 1 2 3 4 300"}}));
    static const char *const kept[] = {"short.example", "ttl.example"};
    static const char *const others[] = {"none.example", "foreign.example"};
    weir_dns_answer answer;
    for (size_t i = 0; i < 2; i++) {
        const int error = i ? WEIR_EDNS_NOTFOUND : WEIR_EDNS_NODATA;
        check_int(house_lookup(io, h, kept[i], WEIR_DNS_A, 0, &answer), error);
        check_int(answer.ttl, 20);
        check_int(answer.origin, WEIR_DNS_FROM_SERVER);
        weir_dns_answer_free(&answer);
        check_int(house_lookup(io, h, kept[i], WEIR_DNS_A, 0, &answer), error);
        check_int(answer.origin, WEIR_DNS_FROM_CACHE);
        check(house_name_is(&answer.name, i ? "ttl.example." : "short.example."));
        weir_dns_answer_free(&answer);
    }
    check_int(house_asked(h), 2);
    for (size_t i = 0; i < 2; i++)
        for (int twice = 0; twice < 2; twice++)
            check_int(from(io, h, others[i], 0), WEIR_EDNS_NOTFOUND);
    check_int(house_asked(h), 6);
    pass(io, 21);
    check_int(from(io, h, "short.example", 0), WEIR_EDNS_NODATA);
    check_int(house_asked(h), 7);
    house_end(io, h);
}

LOOKUP_ON_SIM(dns_lookup_counts_time_from_the_moment_it_looks)
{
    house *h = house_new(
        io, RULES({.name = "x.slow.example.", .rcode = WEIR_DNS_NXDOMAIN, .delay = {10000000000}},
                  {.records = {"@ 5 A 192.0.2.1"}}));
    weir_dns_config_add_search(&h->config, weir_bytes_text("slow.example"));
    weir_dns_config_add_search(&h->config, weir_bytes_text("quick.example"));
    house_open(io, h);
    check_int(from(io, h, "x.quick.example.", 0), WEIR_DNS_FROM_SERVER);
    /* The first candidate takes ten seconds; what is kept of the second one is old by then. */
    check_int(from(io, h, "x", 0), WEIR_DNS_FROM_SERVER);
    check_int(house_asked(h), 3);
    house_end(io, h);
}

LOOKUP_ON_SIM(dns_lookup_keeps_an_answer_that_was_long_on_its_way)
{
    house *h = house_begin(io, RULES({.delay = {6000000000}, .records = {"@ 5 A 192.0.2.1"}}));
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_CACHE);
    pass(io, 6);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    house_end(io, h);
}

CONTRACT(dns_lookup_forgets_what_it_is_told_to)
{
    house *h = house_begin(io, RULES({.records = {"@ 300 A 192.0.2.1"}}));
    static const char *const names[] = {"a.example", "b.a.example", "ba.example"};
    for (int i = 0; i < 3; i++) check_int(from(io, h, names[i], 0), WEIR_DNS_FROM_SERVER);
    for (int i = 0; i < 3; i++) check_int(from(io, h, names[i], 0), WEIR_DNS_FROM_CACHE);
    check_int(from(io, h, "A.EXAMPLE.", 0), WEIR_DNS_FROM_CACHE);
    check_int(from(io, h, names[0], WEIR_DNS_NO_CACHE), WEIR_DNS_FROM_SERVER);
    check_int(from(io, h, names[0], 0), WEIR_DNS_FROM_CACHE);
    weir_dns_name name = house_name("A.example");
    weir_dns_resolver_flush(h->resolver, &name);
    check_int(from(io, h, names[2], 0), WEIR_DNS_FROM_CACHE);
    check_int(from(io, h, names[0], 0), WEIR_DNS_FROM_SERVER);
    check_int(from(io, h, names[1], 0), WEIR_DNS_FROM_SERVER);
    check_int(house_asked(h), 6);
    weir_dns_statistics s = house_statistics(h);
    check_int(s.lookups, 12);
    check_int(s.hits, 6);
    check_int(s.questions, 6);
    check_int(s.failures + s.merged + s.stale + s.prefetched + s.evicted, 0);
    check_int(s.entries, 3);
    weir_dns_resolver_forget(h->resolver, &name);
    check_int(house_statistics(h).entries, 2);
    check_int(from(io, h, names[1], 0), WEIR_DNS_FROM_CACHE);
    check_int(from(io, h, names[0], 0), WEIR_DNS_FROM_SERVER);
    weir_dns_resolver_flush(h->resolver, NULL);
    check_int(house_statistics(h).entries, 0);
    check_int(from(io, h, names[2], 0), WEIR_DNS_FROM_SERVER);
    house_end(io, h);
}

CONTRACT(dns_lookup_keeps_each_family_for_itself)
{
    house *h = house_begin(io, RULES({.type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.1"}},
                                     {.records = {"@ 300 AAAA 2001:db8::1"}}));
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    check_int(house_find(io, h, "x.example", 0), 2);
    check_int(house_asked(h), 2);
    check_int(house_find(io, h, "x.example", 0), 2);
    check_int(house_asked(h), 2);
    check_int(house_statistics(h).hits, 3);
    check_int(house_statistics(h).entries, 2);
    house_end(io, h);
}

CONTRACT(dns_lookup_can_keep_nothing)
{
    house *h = house_new(io, RULES({.records = {"@ 300 A 192.0.2.1"}}));
    h->options.no_cache = true;
    house_open(io, h);
    for (int i = 0; i < 3; i++) check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    check_int(house_asked(h), 3);
    check_int(house_statistics(h).entries + house_statistics(h).bytes, 0);
    house_end(io, h);
}

CONTRACT(dns_lookup_keeps_within_its_room)
{
    house *h = house_new(io, RULES({.records = {"@ 300 A 192.0.2.1"}}));
    h->options.cache_bytes = 64u << 10;
    house_open(io, h);
    char name[32];
    for (int i = 0; i < 1200 && !contract_failed(); i++) {
        snprintf(name, sizeof name, "host%d.example", i);
        check_int(from(io, h, name, 0), WEIR_DNS_FROM_SERVER);
        check(house_statistics(h).bytes <= h->options.cache_bytes);
    }
    const weir_dns_statistics s = house_statistics(h);
    check_int(s.entries + s.evicted, 1200);
    check(s.evicted > 0 && s.entries > 100);
    house_end(io, h);
}

CONTRACT(dns_lookup_keeps_failures_out)
{
    house *h = house_begin(io, RULES({.times = 1, .rcode = WEIR_DNS_SERVFAIL},
                                     {.times = 1, .rcode = WEIR_DNS_SERVFAIL},
                                     {.records = {"@ 300 A 192.0.2.1"}}));
    h->config.attempts = 1;
    check_int(from(io, h, "x.example", 0), WEIR_EDNS_SERVFAIL);
    check_int(house_statistics(h).failures, 1);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    house_end(io, h);
}
