/* SPDX-License-Identifier: MIT
 *
 * Are records of all types given as they came, and messages as they are?
 */
#include "test/network/dns_lookup.h"

CONTRACT(dns_lookup_gives_records_of_any_type)
{
    house *h = house_begin(
        io, RULES({.name = "t.example.",
                   .type = WEIR_DNS_TXT,
                   .records = {"@ 300 TXT \"a\" \"b c\"", "@ 100 TXT \"\""}},
                  {.name = "t.example.",
                   .type = WEIR_DNS_SOA,
                   .records = {"@ 300 SOA ns.example. root.example. 1 2 3 4 5"}},
                  {.name = "t.example.", .type = WEIR_DNS_NS, .records = {"@ 300 NS ns.example."}},
                  {.name = "t.example.",
                   .type = WEIR_DNS_CNAME,
                   .records = {"@ 300 CNAME real.example."}},
                  {.name = "t.example.",
                   .type = WEIR_DNS_HTTPS,
                   .records = {"@ 300 HTTPS 1 svc.example."}},
                  {.records = {SOA_300}}));
    weir_dns_answer answer;
    weir_dns_data data;
    size_t at = 0;
    check_int(house_lookup(io, h, "T.example", WEIR_DNS_TXT, 0, &answer), 0);
    check_int(answer.count, 2);
    check(house_ttl_is(answer.ttl, 100));
    check_int(answer.aliases, 0);
    check(house_name_is(&answer.name, "t.example."));
    check_int(weir_dns_answer_next(&answer, &at, &data), 1);
    check_int(data.type, WEIR_DNS_TXT);
    check_int(weir_dns_answer_next(&answer, &at, &data), 1);
    check_int(weir_dns_answer_next(&answer, &at, &data), 0);
    check_int(weir_dns_answer_next(&answer, &at, &data), 0);
    at = 0;
    weir_bytes raw;
    uint16_t type;
    check_int(weir_dns_answer_next_raw(&answer, &at, &type, &raw), 1);
    check_int(type, WEIR_DNS_TXT);
    weir_dns_answer_free(&answer);
    check(answer.octets == NULL);
    weir_dns_answer_free(&answer);

    at = 0;
    check_int(house_lookup(io, h, "t.example", WEIR_DNS_SOA, 0, &answer), 0);
    check_int(weir_dns_answer_next(&answer, &at, &data), 1);
    check_int(data.as.soa.minimum, 5);
    weir_dns_answer_free(&answer);
    at = 0;
    check_int(house_lookup(io, h, "t.example", WEIR_DNS_CNAME, 0, &answer), 0);
    check_int(answer.count, 1);
    check_int(answer.aliases, 0);
    check_int(weir_dns_answer_next(&answer, &at, &data), 1);
    check(house_name_is(&data.as.name, "real.example."));
    weir_dns_answer_free(&answer);
    at = 0;
    check_int(house_lookup(io, h, "t.example", WEIR_DNS_HTTPS, 0, &answer), 0);
    check_int(weir_dns_answer_next(&answer, &at, &data), 1);
    check_int(data.as.svcb.priority, 1);
    weir_dns_answer_free(&answer);
    house_end(io, h);
}

CONTRACT(dns_lookup_gives_what_a_server_tells_of_all_and_of_unknown_types)
{
    house *h = house_begin(
        io, RULES({.name = "t.example.",
                   .type = WEIR_DNS_ANY,
                   .records = {"@ 300 A 192.0.2.1", "@ 300 CNAME real.example.",
                               "real.example. 300 A 192.0.2.2", "@ 300 MX 1 m.example."}},
                  {.records = {SOA_300}}));
    weir_dns_answer answer;
    check_int(house_lookup(io, h, "t.example", 4711, 0, &answer), WEIR_EDNS_NODATA);
    check(house_ttl_is(answer.ttl, 300));
    weir_dns_answer_free(&answer);
    /* ANY: what the server chooses to tell, of this name alone, and never from the cache. */
    for (int i = 0; i < 2; i++) {
        check_int(house_lookup(io, h, "t.example", WEIR_DNS_ANY, 0, &answer), 0);
        check_int(answer.count, 3);
        check_int(answer.origin, WEIR_DNS_FROM_SERVER);
        weir_dns_answer_free(&answer);
    }
    house_end(io, h);
}

CONTRACT(dns_lookup_refuses_types_that_are_no_question)
{
    house *h = house_begin(io, RULES({.records = {"@ 300 A 192.0.2.1"}}));
    static const uint16_t types[] = {0, WEIR_DNS_OPT, WEIR_DNS_IXFR, WEIR_DNS_AXFR, 249, 250};
    weir_dns_answer answer;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        check_int(house_lookup(io, h, "x.example", types[i], 0, &answer), WEIR_EINVAL);
        weir_dns_answer_free(&answer);
    }
    check_int(house_lookup(io, h, "a..b", WEIR_DNS_A, 0, &answer), WEIR_EDNS_NAME);
    weir_dns_answer_free(&answer);
    check_int(house_asked(h), 0);
    house_end(io, h);
}

CONTRACT(dns_lookup_hands_on_who_validated_only_if_he_is_trusted)
{
    for (int trust = 0; trust < 2; trust++) {
        house *h = house_new(io, RULES({.authentic = true, .records = {"@ 300 A 192.0.2.1"}}));
        h->config.trust_ad = trust;
        house_open(io, h);
        weir_dns_answer answer;
        for (int i = 0; i < 2; i++) {
            check_int(house_lookup(io, h, "x.example", WEIR_DNS_A, 0, &answer), 0);
            check_int(answer.authentic, trust);
            weir_dns_answer_free(&answer);
        }
        dns_server_question asked;
        check(dns_server_asked(h->server, 0, &asked));
        check_int(asked.header.authentic, trust);
        house_end(io, h);
    }
}

CONTRACT(dns_lookup_takes_large_answers)
{
    house *h = house_begin(io, RULES({.transport = DNS_SERVER_UDP, .does = DNS_SERVER_TRUNCATE},
                                     {.pad = 200, .records = {"@ 300 TXT \"a\""}}));
    weir_dns_answer answer;
    for (int i = 0; i < 2; i++) {
        check_int(house_lookup(io, h, "x.example", WEIR_DNS_TXT, 0, &answer), 0);
        check_int(answer.count, 201);
        weir_dns_data data;
        size_t at = 0, count = 0;
        while (weir_dns_answer_next(&answer, &at, &data) == 1) count++;
        check_int(count, 201);
        weir_dns_answer_free(&answer);
    }
    check_int(h->report.kept, 2);
    check(h->report.attempts[0].truncated);
    check_int(h->report.attempts[1].transport, WEIR_DNS_TCP);
    house_end(io, h);
}

/* Messages ----------------------------------------------------------------------------------- */

static int query(weir_io *io, house *h, weir_dns_query_options options, weir_dns_message *out)
{
    const weir_dns_name name = house_name("X.example");
    h->report.kept = h->report.total = 0;
    options.report = &h->report;
    return weir_dns_query(io, h->resolver, &name, WEIR_DNS_A, &options, out);
}

CONTRACT(dns_query_asks_as_it_is_told)
{
    house *h = house_begin(io, RULES({.records = {"@ 300 A 192.0.2.1"}}));
    weir_dns_message message;
    static const weir_dns_query_options cases[] = {
        {0},
        {.tcp = true},
        {.no_recursion = true},
        {.no_edns = true},
        {.dnssec = true},
        {.checking_disabled = true},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_int(query(io, h, cases[i], &message), 0);
        check(message.octets.len > 12);
        check_int(message.rcode, 0);
        check_int(message.transport, cases[i].tcp ? WEIR_DNS_TCP : WEIR_DNS_UDP);
        const weir_address address = dns_server_address(h->server);
        check(weir_address_equal(&message.server, &address));
        weir_dns_message_free(&message);
        weir_dns_message_free(&message);
        dns_server_question asked;
        if (!check(dns_server_asked(h->server, i, &asked))) break;
        check_int(asked.tcp, cases[i].tcp);
        check_int(asked.header.recursion_desired, !cases[i].no_recursion);
        check_int(asked.edns, !cases[i].no_edns);
        check_int(asked.dnssec_ok, cases[i].dnssec);
        check_int(asked.header.checking_disabled, cases[i].checking_disabled);
        check_int(h->report.kept, 1);
    }
    check_int(query(io, h, (weir_dns_query_options){.dnssec = true, .no_edns = true}, &message),
              WEIR_EINVAL);
    weir_address other = dns_server_address(h->server);
    other.port = 0;
    check_int(query(io, h, (weir_dns_query_options){.server = &other}, &message), WEIR_EINVAL);
    other = (weir_address){.kind = WEIR_ADDRESS_UNIX};
    check_int(query(io, h, (weir_dns_query_options){.server = &other}, &message), WEIR_EINVAL);
    static const uint16_t no_types[] = {0, WEIR_DNS_OPT, 251, 252};
    const weir_dns_name name = house_name("x.example");
    for (size_t i = 0; i < sizeof no_types / sizeof *no_types; i++)
        check_int(weir_dns_query(io, h->resolver, &name, no_types[i], NULL, &message), WEIR_EINVAL);
    check_int(house_statistics(h).lookups + house_statistics(h).entries, 0);
    house_end(io, h);
}

CONTRACT(dns_query_gives_messages_of_errors)
{
    house *h = house_begin(
        io, RULES({.times = 1, .rcode = WEIR_DNS_NXDOMAIN}, {.rcode = WEIR_DNS_REFUSED}));
    weir_dns_message message;
    check_int(query(io, h, (weir_dns_query_options){0}, &message), 0);
    check_int(message.rcode, WEIR_DNS_NXDOMAIN);
    weir_dns_message_free(&message);
    check_int(query(io, h, (weir_dns_query_options){0}, &message), WEIR_EDNS_REFUSED);
    check(message.octets.len > 0);
    check_int(message.rcode, WEIR_DNS_REFUSED);
    weir_dns_message_free(&message);
    dns_server_keeper keeper;
    const weir_address nobody = dns_server_nobody(io, &keeper);
    check_int(query(io, h, (weir_dns_query_options){.server = &nobody}, &message),
              WEIR_EDNS_UNREACHABLE);
    dns_server_nobody_end(io, &keeper);
    check_int(message.octets.len, 0);
    weir_dns_message_free(&message);
    house_end(io, h);
}

CONTRACT(dns_query_can_take_what_was_cut_off)
{
    house *h = house_begin(io, RULES({.transport = DNS_SERVER_UDP, .does = DNS_SERVER_TRUNCATE},
                                     {.records = {"@ 300 A 192.0.2.1"}}));
    weir_dns_message message;
    check_int(query(io, h, (weir_dns_query_options){.ignore_truncation = true}, &message), 0);
    check_int(message.transport, WEIR_DNS_UDP);
    weir_dns_message_free(&message);
    check_int(query(io, h, (weir_dns_query_options){0}, &message), 0);
    check_int(message.transport, WEIR_DNS_TCP);
    check_int(h->report.kept, 2);
    weir_dns_message_free(&message);
    house_end(io, h);
}

CONTRACT(dns_lookup_gives_the_absence_that_it_tells_of)
{
    house *h = house_new(
        io,
        RULES({.name = "a.b.", .records = {"!b. 20 SOA ns.b. root.b. 1 2 3 4 20"}},
              {.name = "c.one.example.", .records = {"!example. 30 SOA ns.b. root.b. 1 2 3 4 30"}},
              {.rcode = WEIR_DNS_NXDOMAIN, .records = {SOA_300}}));
    weir_dns_config_add_search(&h->config, weir_bytes_text("one.example"));
    weir_dns_config_add_search(&h->config, weir_bytes_text("two.example"));
    h->config.no_tld_query = true;
    house_open(io, h);
    weir_dns_answer answer;
    check_int(house_lookup(io, h, "a.b", WEIR_DNS_TXT, WEIR_DNS_SEARCH, &answer), WEIR_EDNS_NODATA);
    check(house_name_is(&answer.name, "a.b."));
    check(house_ttl_is(answer.ttl, 20));
    weir_dns_answer_free(&answer);
    check_int(house_lookup(io, h, "c", WEIR_DNS_TXT, WEIR_DNS_SEARCH, &answer), WEIR_EDNS_NODATA);
    check(house_name_is(&answer.name, "c.one.example."));
    check(house_ttl_is(answer.ttl, 30));
    weir_dns_answer_free(&answer);
    house_end(io, h);
    h = house_new(io, RULES({.rcode = WEIR_DNS_NXDOMAIN}));
    h->config.no_tld_query = true;
    house_open(io, h);
    check_int(house_lookup(io, h, "c", WEIR_DNS_TXT, WEIR_DNS_SEARCH, &answer), WEIR_EDNS_NOTFOUND);
    check(house_name_is(&answer.name, "c."));
    check_int(house_asked(h), 0);
    weir_dns_answer_free(&answer);
    house_end(io, h);
}
