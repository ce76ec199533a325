/* SPDX-License-Identifier: MIT
 *
 * What does a lookup make of the servers' answers: two families, chains of aliases, absence?
 */
#include "test/network/dns_lookup.h"

#define BOTH_FAMILIES                                                  \
    {.type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.1"}},            \
    {                                                                  \
        .type = WEIR_DNS_AAAA, .records = { "@ 200 AAAA 2001:db8::1" } \
    }

CONTRACT(dns_lookup_asks_for_both_families_at_once)
{
    house *h = house_begin(io, RULES({.name = "slow.example.",
                                      .type = WEIR_DNS_A,
                                      .delay = {5000000},
                                      .records = {"@ 300 A 192.0.2.1"}},
                                     BOTH_FAMILIES));
    int count = house_find(io, h, "slow.example", 0);
    check_int(count, 2);
    check(house_has(h, count, "192.0.2.1") && house_has(h, count, "2001:db8::1"));
    check_int(h->host.origin, WEIR_DNS_FROM_SERVER);
    check(house_ttl_is(h->host.ttl, 200));
    check_int(h->report.total, 2);
    check_int(house_statistics(h).lookups, 2);
    check_int(house_statistics(h).questions, 1);
    count = house_find(io, h, "x.example", WEIR_DNS_UNSORTED);
    check_int(count, 2);
    check_int(h->addresses[0].kind, WEIR_ADDRESS_IPV6);
    check_int(house_asked(h), 4);
    check_int(house_find(io, h, "y.example", WEIR_DNS_IPV4_ONLY), 1);
    check_int(house_asked(h), 5);
    check_int(weir_dns_lookup_host(io, h->resolver, weir_bytes_text("x.example"), 80, NULL,
                                   h->addresses, 1, NULL),
              1);
    house_end(io, h);
}

CONTRACT(dns_lookup_is_content_with_one_family)
{
    static const struct {
        unsigned rcode;
    } failures[] = {{WEIR_DNS_SERVFAIL}, {WEIR_DNS_REFUSED}, {WEIR_DNS_NXDOMAIN}, {0}};
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        house *h = house_begin(
            io, RULES({.name = "four.example.", .type = WEIR_DNS_AAAA, .rcode = failures[i].rcode},
                      {.name = "six.example.", .type = WEIR_DNS_A, .rcode = failures[i].rcode},
                      BOTH_FAMILIES));
        house_expect(io, h, "four.example", "192.0.2.1", 0);
        house_expect(io, h, "six.example", "2001:db8::1", 0);
        house_end(io, h);
    }
}

#define FOUR(n)                                                                      \
    "@ 300 A 192.0.2." #n "1", "@ 300 A 192.0.2." #n "2", "@ 300 A 192.0.2." #n "3", \
        "@ 300 A 192.0.2." #n "4"
#define HOSTS_FOUR(n) \
    "192.0.2." #n "1 db\n192.0.2." #n "2 db\n192.0.2." #n "3 db\n192.0.2." #n "4 db\n"

/* Where one family has more addresses than there is room for, the other has its share. */
CONTRACT(dns_lookup_leaves_room_for_each_family)
{
    house *h =
        house_new(io, RULES({.type = WEIR_DNS_A,
                             .records = {FOUR(1), FOUR(2), FOUR(3), FOUR(4), FOUR(5), FOUR(6),
                                         FOUR(7), FOUR(8), FOUR(9)}},
                            {.records = {"@ 300 AAAA 2001:db8::1", "@ 300 AAAA 2001:db8::2"}}));
    house_file(h, WEIR_DNS_FILE_HOSTS,
               HOSTS_FOUR(1) HOSTS_FOUR(2) HOSTS_FOUR(3) HOSTS_FOUR(4) HOSTS_FOUR(5) HOSTS_FOUR(6)
                   HOSTS_FOUR(7) HOSTS_FOUR(8) HOSTS_FOUR(9) "2001:db8::1 db\n2001:db8::2 db\n");
    house_open(io, h);
    static const char *const names[] = {"x.example", "db"};
    for (int i = 0; i < 2; i++) {
        check_int(house_find(io, h, names[i], 0), LOOKUP_ROOM);
        check(house_has(h, LOOKUP_ROOM, "192.0.2.11"));
        check(house_has(h, LOOKUP_ROOM, "2001:db8::1"));
        check(house_has(h, LOOKUP_ROOM, "2001:db8::2"));
        check_int(house_find(io, h, names[i], WEIR_DNS_IPV4_ONLY), LOOKUP_ROOM);
    }
    house_end(io, h);
}

CONTRACT(dns_lookup_counts_a_failure_more_than_absence)
{
    house *h = house_begin(io, RULES({.type = WEIR_DNS_A, .rcode = WEIR_DNS_SERVFAIL},
                                     {.rcode = WEIR_DNS_NXDOMAIN, .records = {SOA_300}}));
    house_expect(io, h, "x.example", NULL, WEIR_EDNS_SERVFAIL);
    check_int(house_find(io, h, "x.example", WEIR_DNS_IPV6_ONLY), WEIR_EDNS_NOTFOUND);
    house_end(io, h);
    static const struct {
        unsigned rcode;
        int error;
    } codes[] = {{WEIR_DNS_NXDOMAIN, WEIR_EDNS_NOTFOUND},
                 {WEIR_DNS_REFUSED, WEIR_EDNS_REFUSED},
                 {WEIR_DNS_NOTIMP, WEIR_EDNS_NOTIMP},
                 {WEIR_DNS_YXDOMAIN, WEIR_EDNS_RCODE},
                 {0, WEIR_EDNS_NODATA}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        h = house_begin(io, RULES({.rcode = codes[i].rcode}));
        house_expect(io, h, "x.example", NULL, codes[i].error);
        house_end(io, h);
    }
}

CONTRACT(dns_lookup_never_gives_mapped_addresses_or_other_families)
{
    house *h =
        house_begin(io, RULES({.type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.1"}},
                              {.records = {"@ 300 AAAA ::ffff:192.0.2.1", "@ 300 AAAA 2001:db8::1",
                                           "@ 300 AAAA 2001:db8::1"}}));
    check_int(house_find(io, h, "x.example", 0), 2);
    int count = house_find(io, h, "x.example", WEIR_DNS_IPV6_ONLY);
    check_int(count, 1);
    check(house_has(h, count, "2001:db8::1"));
    house_end(io, h);
    h = house_begin(io, RULES({.records = {"@ 300 AAAA ::ffff:192.0.2.1"}}));
    check_int(house_find(io, h, "x.example", WEIR_DNS_IPV6_ONLY), WEIR_EDNS_NODATA);
    house_end(io, h);
}

CONTRACT(dns_lookup_follows_aliases_in_any_order)
{
    house *h = house_begin(
        io, RULES({.name = "a.example.",
                   .type = WEIR_DNS_A,
                   .records = {"c.example. 300 A 192.0.2.3", "B.example. 100 CNAME C.example.",
                               "other.example. 1 A 192.0.2.66", "a.example. 200 CNAME b.Example.",
                               "c.example. 300 A 192.0.2.4"}},
                  {.name = "loop.example.",
                   .records = {"loop.example. 300 CNAME pool.example.",
                               "pool.example. 300 CNAME loop.example."}},
                  {.name = "self.example.", .records = {"self.example. 300 CNAME self.example."}},
                  {.name = "end.example.", .records = {"@ 300 CNAME x.example.", SOA_300}},
                  {.name = "gone.example.",
                   .rcode = WEIR_DNS_NXDOMAIN,
                   .records = {"@ 30 CNAME x.example.", SOA_300}},
                  {.name = "wrong.example.", .records = {"x.example. 300 A 192.0.2.5"}},
                  {.name = "a.example.", .records = {SOA_300}}));
    int count = house_find(io, h, "A.example", 0);
    check_int(count, 2);
    check(house_has(h, count, "192.0.2.3") && house_has(h, count, "192.0.2.4"));
    check(house_name_is(&h->host.canonical, "C.example."));
    check(house_name_is(&h->host.name, "a.example."));
    check(house_ttl_is(h->host.ttl, 100));
    house_expect(io, h, "loop.example", NULL, WEIR_EDNS_ANSWER);
    house_expect(io, h, "self.example", NULL, WEIR_EDNS_ANSWER);
    house_expect(io, h, "end.example", NULL, WEIR_EDNS_NODATA);
    house_expect(io, h, "wrong.example", NULL, WEIR_EDNS_NODATA);
    weir_dns_answer answer;
    weir_dns_name alias;
    size_t at = 0;
    check_int(house_lookup(io, h, "a.example", WEIR_DNS_A, 0, &answer), 0);
    check_int(answer.aliases, 2);
    check_int(answer.count, 2);
    check_int(weir_dns_answer_alias(&answer, &at, &alias), 1);
    check(house_name_is(&alias, "b.Example."));
    check_int(weir_dns_answer_alias(&answer, &at, &alias), 1);
    check(house_name_is(&alias, "C.example."));
    check_int(weir_dns_answer_alias(&answer, &at, &alias), 0);
    weir_dns_answer_free(&answer);
    check_int(house_lookup(io, h, "gone.example", WEIR_DNS_A, 0, &answer), WEIR_EDNS_NOTFOUND);
    check_int(answer.aliases, 1);
    check(house_name_is(&answer.canonical, "x.example."));
    check(house_ttl_is(answer.ttl, 30));
    weir_dns_answer_free(&answer);
    house_end(io, h);
}

CONTRACT(dns_lookup_follows_sixteen_aliases_and_no_more)
{
    /* The rule has room for sixteen records: chains of fifteen, and of sixteen without an end. */
    static char texts[17][64];
    dns_server_rule rules[2] = {{.name = "*.n0.example."}, {.rcode = WEIR_DNS_REFUSED}};
    for (int i = 0; i < 15; i++) {
        snprintf(texts[i], sizeof texts[i], "n%d.example. 300 CNAME n%d.example.", i, i + 1);
        rules[0].records[14 - i] = texts[i];
    }
    rules[0].name = "n0.example.";
    rules[0].records[15] = "n15.example. 300 A 192.0.2.1";
    house *h = house_begin(io, rules, 2);
    check_int(house_find(io, h, "n0.example", WEIR_DNS_IPV4_ONLY), 1);
    check(house_name_is(&h->host.canonical, "n15.example."));
    house_end(io, h);
}

CONTRACT(dns_lookup_skips_records_that_are_none)
{
    house *h =
        house_begin(io, RULES({.does = DNS_SERVER_GARBAGE, .records = {"@ 300 A 192.0.2.1"}}));
    h->config.attempts = 1;
    int result = house_find(io, h, "x.example", WEIR_DNS_IPV4_ONLY);
    check(result < 0);
    check_int(house_statistics(h).failures, 1);
    check_int(house_statistics(h).entries, 0);
    house_end(io, h);
}

CONTRACT(dns_lookup_resolves_endpoints)
{
    house *h = house_begin(
        io, RULES({.type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.1"}}, {.records = {SOA_300}}));
    static const struct {
        const char *text;
        int result;
        const char *address;
    } cases[] = {
        {"www.example:80", 1, "192.0.2.1"},         {"192.0.2.3:80", 1, "192.0.2.3"},
        {"[2001:db8::1]:80", 1, "2001:db8::1"},     {"www.example", WEIR_EPORTTEXT, NULL},
        {"[::ffff:192.0.2.3]:80", 1, "192.0.2.3"},  {"192.0.2.3.:80", WEIR_EDNS_NAME, NULL},
        {"www.example:", WEIR_EPORTTEXT, NULL},     {"www.example:65536", WEIR_EPORTTEXT, NULL},
        {"[www.example]:80", WEIR_EADDRTEXT, NULL}, {"192.0.2.3", WEIR_EPORTTEXT, NULL},
        {"www example", WEIR_EADDRTEXT, NULL},      {"[2001:db8::1]", WEIR_EPORTTEXT, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int result = weir_dns_resolve(io, h->resolver, weir_bytes_text(cases[i].text), NULL,
                                            h->addresses, LOOKUP_ROOM);
        if (!check_int(result, cases[i].result)) fprintf(stderr, "    … of %s\n", cases[i].text);
        if (cases[i].address) check(house_has(h, result, cases[i].address));
    }
    check_int(weir_dns_resolve(io, h->resolver, weir_bytes_text("a:1"), NULL, h->addresses, 0),
              WEIR_EINVAL);
    const weir_dns_lookup_options neither = {.flags = WEIR_DNS_IPV4_ONLY | WEIR_DNS_IPV6_ONLY};
    static const char *const texts[] = {"a:1", "192.0.2.3:80", "[::1]:80"};
    for (size_t i = 0; i < 3; i++)
        check_int(weir_dns_resolve(io, h->resolver, weir_bytes_text(texts[i]), &neither,
                                   h->addresses, LOOKUP_ROOM),
                  WEIR_EINVAL);
    house_end(io, h);
}

CONTRACT(dns_lookup_obeys_options)
{
    house *h = house_new(io, RULES(BOTH_FAMILIES));
    h->config.no_aaaa = true;
    h->options.mix_case = true;
    h->options.parallel = true;
    house_open(io, h);
    house_expect(io, h, "long-name-with-many-letters.example", "192.0.2.1", 0);
    check_int(house_asked(h), 1);
    check_int(house_find(io, h, "x.example", WEIR_DNS_IPV6_ONLY), WEIR_EDNS_NODATA);
    check_int(house_asked(h), 1);
    dns_server_question asked;
    check(dns_server_asked(h->server, 0, &asked));
    const weir_dns_name lower = house_name("long-name-with-many-letters.example.");
    check(memcmp(asked.question.name.octets, lower.octets, lower.len) != 0);
    /* What is kept is not of the letters in which it was asked for. */
    house_find(io, h, "LONG-name-with-many-letters.example", 0);
    check_int(h->host.origin, WEIR_DNS_FROM_CACHE);
    check(house_name_is(&h->host.canonical, "long-name-with-many-letters.example."));
    house_end(io, h);
}

/* Looks up what nobody answers, for so long.  Returns false if that was over before it had asked.
 */
static bool look_up_for(weir_io *io, int64_t ms)
{
    house *h = house_begin(io, RULES({.does = DNS_SERVER_DROP}));
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(ms));
    check_int(house_find(io, h, "x.example", 0), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    const bool asked = h->report.total == 2;
    if (asked) check_int(house_statistics(h).questions, 1);
    check_int(house_statistics(h).failures, 0);
    house_end(io, h);
    return asked;
}

CONTRACT(dns_lookup_ends_with_its_scope)
{
    int64_t ms = 200;
    while (!look_up_for(io, ms) && ms < 10000) ms *= 2;
    check(ms < 10000);
    /* The configuration's own time. */
    house *h = house_begin(io, RULES({.does = DNS_SERVER_DROP}));
    weir_dns_resolver_destroy(io, h->resolver);
    h->config.timeout = weir_milliseconds(30);
    h->config.attempts = 2;
    house_open(io, h);
    check_int(house_find(io, h, "x.example", WEIR_DNS_IPV4_ONLY), WEIR_EDNS_TIMEOUT);
    check_int(h->report.total, 2);
    check_int(h->report.attempts[0].error, WEIR_EDNS_TIMEOUT);
    check_int(dns_server_wait(io, h->server, 2), 0);
    check_int(house_asked(h), 2);
    house_end(io, h);
}
