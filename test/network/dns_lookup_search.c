/* SPDX-License-Identifier: MIT
 *
 * Is a short name looked for where the search list says, and does a failure end that?
 */
#include "test/network/dns_lookup.h"

static house *with_list(weir_io *io, unsigned ndots, const dns_server_rule *rules, size_t count)
{
    house *h = house_new(io, rules, count);
    h->config.ndots = (uint8_t)ndots;
    weir_dns_config_add_search(&h->config, weir_bytes_text("one.example"));
    weir_dns_config_add_search(&h->config, weir_bytes_text("two.example"));
    house_open(io, h);
    return h;
}

/* The names that were asked for, in their order, A questions alone. */
static void check_asked(house *h, const char *const *names, size_t count)
{
    dns_server_question asked;
    size_t found = 0;
    for (unsigned i = 0; dns_server_asked(h->server, i, &asked); i++) {
        if (asked.question.type != WEIR_DNS_A) continue;
        if (check(found < count)) check(house_name_is(&asked.question.name, names[found]));
        found++;
    }
    check_int(found, count);
}

CONTRACT(dns_lookup_goes_through_the_search_list)
{
    house *h = with_list(
        io, 1,
        RULES({.name = "www.two.example.", .type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.2"}},
              {.name = "www.two.example.", .records = {SOA_300}},
              {.rcode = WEIR_DNS_NXDOMAIN, .records = {SOA_300}}));
    house_expect(io, h, "www", "192.0.2.2", 0);
    check(house_name_is(&h->host.name, "www.two.example."));
    check(house_name_is(&h->host.canonical, "www.two.example."));
    check_int(h->steps.kept, 3);
    check(house_name_is(&h->steps.steps[1].name, "www.one.example."));
    check_int(h->steps.steps[1].result, WEIR_EDNS_NOTFOUND);
    check_int(h->steps.steps[2].result, 1);
    static const char *const names[] = {"www.one.example.", "www.two.example."};
    check_asked(h, names, 2);
    /* Both from the cache now, "no such name" included. */
    house_expect(io, h, "WWW", "192.0.2.2", 0);
    check_int(h->host.origin, WEIR_DNS_FROM_CACHE);
    check_int(h->steps.steps[1].origin, WEIR_DNS_FROM_CACHE);
    check_asked(h, names, 2);
    house_end(io, h);
}

CONTRACT(dns_lookup_asks_for_names_with_dots_as_they_stand_first)
{
    house *h = with_list(io, 1, RULES({.rcode = WEIR_DNS_NXDOMAIN}));
    house_expect(io, h, "a.b", NULL, WEIR_EDNS_NOTFOUND);
    static const char *const names[] = {"a.b.", "a.b.one.example.", "a.b.two.example."};
    check_asked(h, names, 3);
    house_end(io, h);
    h = with_list(io, 2, RULES({.rcode = WEIR_DNS_NXDOMAIN}));
    house_expect(io, h, "a.b", NULL, WEIR_EDNS_NOTFOUND);
    static const char *const others[] = {"a.b.one.example.", "a.b.two.example.", "a.b."};
    check_asked(h, others, 3);
    house_end(io, h);
}

CONTRACT(dns_lookup_does_not_search_for_whole_names)
{
    house *h = with_list(io, 1, RULES({.rcode = WEIR_DNS_NXDOMAIN}));
    house_expect(io, h, "a.", NULL, WEIR_EDNS_NOTFOUND);
    check_int(house_find(io, h, "b", WEIR_DNS_NO_SEARCH), WEIR_EDNS_NOTFOUND);
    weir_dns_answer answer;
    check_int(house_lookup(io, h, "c", WEIR_DNS_A, 0, &answer), WEIR_EDNS_NOTFOUND);
    weir_dns_answer_free(&answer);
    static const char *const names[] = {"a.", "b.", "c."};
    check_asked(h, names, 3);
    check_int(house_lookup(io, h, "d", WEIR_DNS_A, WEIR_DNS_SEARCH, &answer), WEIR_EDNS_NOTFOUND);
    weir_dns_answer_free(&answer);
    static const char *const more[] = {"a.", "b.", "c.", "d.one.example.", "d.two.example.", "d."};
    check_asked(h, more, 6);
    house_end(io, h);
}

CONTRACT(dns_lookup_ends_its_search_at_a_failure)
{
    house *h = with_list(io, 1,
                         RULES({.name = "*.one.example.", .rcode = WEIR_DNS_SERVFAIL},
                               {.type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.9"}},
                               {.records = {SOA_300}}));
    h->config.attempts = 1;
    house_expect(io, h, "www", NULL, WEIR_EDNS_SERVFAIL);
    house_end(io, h);
    /* One family's failure hides nothing that the other has. */
    h = with_list(
        io, 1,
        RULES({.name = "*.one.example.", .type = WEIR_DNS_AAAA, .rcode = WEIR_DNS_SERVFAIL},
              {.name = "*.one.example.", .records = {"@ 300 A 192.0.2.1"}},
              {.records = {"@ 300 A 192.0.2.9"}}));
    house_expect(io, h, "www", "192.0.2.1", 0);
    house_end(io, h);
}

CONTRACT(dns_lookup_says_no_data_if_any_candidate_had_none)
{
    house *h = with_list(
        io, 1,
        RULES({.name = "www.one.example.", .records = {SOA_300}}, {.rcode = WEIR_DNS_NXDOMAIN}));
    house_expect(io, h, "www", NULL, WEIR_EDNS_NODATA);
    house_end(io, h);
}

CONTRACT(dns_lookup_can_refuse_names_of_one_label)
{
    house *h = house_new(io, RULES({.records = {"@ 300 A 192.0.2.9"}}));
    h->config.no_tld_query = true;
    house_open(io, h);
    house_expect(io, h, "com", NULL, WEIR_EDNS_NOTFOUND);
    check_int(house_asked(h), 0);
    check_int(house_find(io, h, "com.", WEIR_DNS_IPV4_ONLY), 1);
    house_end(io, h);
}

CONTRACT(dns_lookup_with_localhost_in_the_search_list_finds_the_loopback)
{
    house *h = house_new(io, RULES({.records = {"@ 300 A 192.0.2.9"}}));
    weir_dns_config_add_search(&h->config, weir_bytes_text("localhost"));
    house_open(io, h);
    check_int(house_find(io, h, "www", 0), 2);
    check(house_has(h, 2, "127.0.0.1"));
    check(house_name_is(&h->host.name, "www.localhost."));
    check_int(house_asked(h), 0);
    house_end(io, h);
}

/* A domain of the list that is not asked for in DNS does not hide those behind it. */
CONTRACT(dns_lookup_passes_over_a_special_domain_of_the_list)
{
    house *h = house_new(io, RULES({.name = "x.corp.example.", .records = {"@ 300 A 192.0.2.1"}},
                                   {.rcode = WEIR_DNS_NXDOMAIN, .records = {SOA_300}}));
    weir_dns_config_add_search(&h->config, weir_bytes_text("corp.local"));
    weir_dns_config_add_search(&h->config, weir_bytes_text("corp.example"));
    house_open(io, h);
    check_int(house_find(io, h, "x", WEIR_DNS_IPV4_ONLY), 1);
    check(house_name_is(&h->host.name, "x.corp.example."));
    weir_dns_answer answer;
    check_int(house_lookup(io, h, "x", WEIR_DNS_A, WEIR_DNS_SEARCH, &answer), 0);
    weir_dns_answer_free(&answer);
    check_int(house_find(io, h, "y", WEIR_DNS_IPV4_ONLY), WEIR_EDNS_NOTFOUND);
    check_int(house_lookup(io, h, "y", WEIR_DNS_A, WEIR_DNS_SEARCH, &answer), WEIR_EDNS_NOTFOUND);
    weir_dns_answer_free(&answer);
    house_end(io, h);
}
