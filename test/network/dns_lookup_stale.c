/* SPDX-License-Identifier: MIT
 *
 * Does an old answer stand in when the servers fail (RFC 8767), and is a name in use asked for
 * again before its time is over?
 */
#include "test/network/dns_lookup.h"

#include <weir/io/inspect.h>
#include <weir/io/scope.h>

static int from(weir_io *io, house *h, const char *name, unsigned flags)
{
    const int result = house_find(io, h, name, flags | WEIR_DNS_IPV4_ONLY);
    return result < 0 ? result : (int)h->host.origin;
}

static void pass(weir_io *io, int seconds)
{
    check_int(weir_sleep(io, weir_seconds(seconds)), 0);
}

static house *begin_stale(weir_io *io, const dns_server_rule *rules, size_t count)
{
    house *h = house_new(io, rules, count);
    h->options.stale = weir_seconds(3600);
    h->config.timeout = weir_seconds(3);
    h->config.attempts = 1;
    house_open(io, h);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    pass(io, 11);
    return h;
}

LOOKUP_ON_SIM(dns_lookup_gives_a_stale_answer_when_nobody_answers)
{
    house *h = begin_stale(
        io, RULES({.times = 1, .records = {"@ 10 A 192.0.2.1"}}, {.does = DNS_SERVER_DROP}));
    weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_STALE);
    check_int(contract_ms_since(io, start), 1800);
    check_int(h->host.ttl, 30);
    check(house_has(h, 1, "192.0.2.1"));
    check_int(house_asked(h), 2);
    /* For a while it is given without asking. */
    start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_STALE);
    check_int(contract_ms_since(io, start), 0);
    pass(io, 20);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_STALE);
    check_int(house_asked(h), 2);
    check_int(house_statistics(h).stale, 3);
    pass(io, 20);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_STALE);
    check_int(house_asked(h), 3);
    pass(io, 3600);
    check_int(from(io, h, "x.example", 0), WEIR_EDNS_TIMEOUT);
    house_end(io, h);
}

static void count_task(void *argument, const weir_task_info *info)
{
    (void)info;
    ++*(int *)argument;
}

static int find_stale(weir_io *io, void *argument)
{
    weir_address address;
    house *h = argument;
    return weir_dns_lookup_host(io, h->resolver, weir_bytes_text("x.example"), 80, NULL, &address,
                                1, NULL);
}

/* However many wait for it, a stale answer is renewed by one task. */
LOOKUP_ON_SIM(dns_lookup_renews_a_stale_answer_once)
{
    enum { MANY = 40 };
    house *h = begin_stale(
        io, RULES({.times = 1, .records = {"@ 10 A 192.0.2.1"}}, {.does = DNS_SERVER_DROP}));
    weir_task tasks[MANY];
    int before = 0, after = 0, result;
    check_int(weir_tasks(io, count_task, &before), 0);
    for (int i = 0; i < MANY; i++)
        check_int(weir_concurrent(io, &tasks[i], find_stale, h, NULL), 0);
    check_int(weir_sleep(io, weir_milliseconds(100)), 0);
    check_int(weir_tasks(io, count_task, &after), 0);
    check(after <= before + MANY + 2);
    for (int i = 0; i < MANY; i++) {
        check_int(weir_await(io, &tasks[i], &result), 0);
        check_int(result, 1);
    }
    house_end(io, h);
}

LOOKUP_ON_SIM(dns_lookup_takes_a_late_answer_in_place_of_the_stale_one)
{
    house *h = begin_stale(
        io, RULES({.times = 1, .records = {"@ 10 A 192.0.2.1"}},
                  {.times = 1, .delay = {2500000000}, .records = {"@ 100 A 192.0.2.2"}}));
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_STALE);
    check(house_has(h, 1, "192.0.2.1"));
    pass(io, 2);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_CACHE);
    check(house_has(h, 1, "192.0.2.2"));
    check_int(house_asked(h), 2);
    house_end(io, h);
}

LOOKUP_ON_SIM(dns_lookup_prefers_what_a_server_says_to_the_stale_answer)
{
    house *h = begin_stale(io, RULES({.times = 1, .records = {"@ 10 A 192.0.2.1"}},
                                     {.times = 1, .rcode = WEIR_DNS_SERVFAIL},
                                     {.times = 1, .rcode = WEIR_DNS_NXDOMAIN, .records = {SOA_300}},
                                     {.records = {"@ 10 A 192.0.2.3"}}));
    weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_STALE);
    check(contract_ms_since(io, start) < 100);
    pass(io, 40);
    check_int(from(io, h, "x.example", 0), WEIR_EDNS_NOTFOUND);
    check_int(from(io, h, "x.example", 0), WEIR_EDNS_NOTFOUND);
    check_int(house_asked(h), 3);
    pass(io, 400);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    check(house_has(h, 1, "192.0.2.3"));
    house_end(io, h);
}

LOOKUP_ON_SIM(dns_lookup_with_a_deadline_does_not_take_it_for_the_servers_failure)
{
    house *h = begin_stale(
        io, RULES({.times = 1, .records = {"@ 10 A 192.0.2.1"}}, {.does = DNS_SERVER_DROP}));
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(500));
    check_int(from(io, h, "x.example", 0), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    house_end(io, h);
}

LOOKUP_ON_SIM(dns_lookup_of_both_families_with_one_stale)
{
    house *h = house_new(
        io, RULES({.times = 1, .type = WEIR_DNS_A, .records = {"@ 10 A 192.0.2.1"}},
                  {.times = 2, .type = WEIR_DNS_AAAA, .records = {"@ 100 AAAA 2001:db8::1"}},
                  {.does = DNS_SERVER_DROP}));
    h->options.stale = weir_seconds(3600);
    h->config.timeout = weir_seconds(3);
    house_open(io, h);
    check_int(house_find(io, h, "x.example", 0), 2);
    pass(io, 11);
    check_int(house_find(io, h, "x.example", 0), 2);
    check_int(h->host.ttl, 30);
    check_int(h->host.origin, WEIR_DNS_FROM_STALE);
    house_end(io, h);
}

/* That there was no IPv4 address says nothing of the other family. */
LOOKUP_ON_SIM(dns_lookup_waits_for_a_family_of_which_nothing_is_known)
{
    static const char soa[] = "!example. 10 SOA ns.example. root.example. 1 2 3 4 10";
    house *h = house_new(io, RULES({.times = 1, .type = WEIR_DNS_A, .records = {soa}},
                                   {.type = WEIR_DNS_A, .delay = {2500000000}, .records = {soa}},
                                   {.delay = {2500000000}, .records = {"@ 100 AAAA 2001:db8::1"}}));
    h->options.stale = weir_seconds(3600);
    h->config.timeout = weir_seconds(3);
    house_open(io, h);
    check_int(from(io, h, "x.example", 0), WEIR_EDNS_NODATA);
    pass(io, 11);
    check_int(house_find(io, h, "x.example", 0), 1);
    check_int(h->host.origin, WEIR_DNS_FROM_SERVER);
    check(house_has(h, 1, "2001:db8::1"));
    house_end(io, h);
}

LOOKUP_ON_SIM(dns_lookup_asks_again_for_names_in_use)
{
    house *h = house_new(io, RULES({.name = "big.example.",
                                    .type = WEIR_DNS_TXT,
                                    .pad = 4,
                                    .records = {"@ 100 TXT \"a\""}},
                                   {.times = 1, .records = {"@ 100 A 192.0.2.1"}},
                                   {.records = {"@ 100 A 192.0.2.2"}}));
    h->options.prefetch = true;
    house_open(io, h);
    for (int i = 0; i < 5; i++) check(from(io, h, "x.example", 0) > 0);
    check_int(house_asked(h), 1);
    pass(io, 89);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_CACHE);
    check_int(house_asked(h), 1);
    pass(io, 4);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_CACHE);
    check(house_has(h, 1, "192.0.2.1"));
    check_int(house_statistics(h).prefetched, 1);
    pass(io, 1);
    check_int(house_asked(h), 2);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_CACHE);
    check(house_has(h, 1, "192.0.2.2"));
    pass(io, 20);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_CACHE);
    check_int(house_asked(h), 2);
    /* The same of an answer that does not fit into the first buffer. */
    weir_dns_answer answer;
    uint32_t ttl = 0;
    for (int i = 0; i < 5; i++) {
        check_int(house_lookup(io, h, "big.example", WEIR_DNS_TXT, 0, &answer), 0);
        check_int(answer.count, 5);
        ttl = answer.ttl;
        weir_dns_answer_free(&answer);
    }
    pass(io, (int)ttl - 3);
    check_int(house_lookup(io, h, "big.example", WEIR_DNS_TXT, 0, &answer), 0);
    check_int(answer.origin, WEIR_DNS_FROM_CACHE);
    weir_dns_answer_free(&answer);
    check_int(house_statistics(h).prefetched, 2);
    house_end(io, h);
}

LOOKUP_ON_SIM(dns_lookup_leaves_names_alone_that_are_little_used)
{
    house *h = house_new(io, RULES({.records = {"@ 100 A 192.0.2.1"}}));
    h->options.prefetch = true;
    house_open(io, h);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    pass(io, 95);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_CACHE);
    pass(io, 1);
    check_int(house_asked(h), 1);
    house_end(io, h);
}

CONTRACT(dns_resolver_can_be_destroyed_while_it_renews)
{
    house *h = house_new(
        io, RULES({.times = 1, .records = {"@ 1 A 192.0.2.1"}}, {.does = DNS_SERVER_DROP}));
    h->options.stale = weir_seconds(3600);
    house_open(io, h);
    check_int(from(io, h, "x.example", 0), WEIR_DNS_FROM_SERVER);
    check_int(weir_sleep(io, weir_milliseconds(1001)), 0);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(50));
    check_int(from(io, h, "x.example", 0), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check_int(dns_server_wait(io, h->server, 2), 0);
    house_end(io, h);
}
