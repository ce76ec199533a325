/* SPDX-License-Identifier: MIT
 *
 * How long may a server keep a question by being difficult, and how long is it avoided for that?
 */
#include "test/network/dns_ask.h"

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/sim/sim.h>

#include "dns/servers.h"

/* Cut off, then over TCP, then without EDNS: each time it answers a moment before its time is over.
 */
CONTRACT(dns_ask_time_is_twice_that_of_an_attempt_for_a_difficult_server)
{
    dns_ask_options options = ask_options();
    options.attempts = 1;
    dns_server *server;
    dns_servers *servers;
    if (!one_server(
            io,
            RULES({.transport = DNS_SERVER_UDP, .does = DNS_SERVER_TRUNCATE, .delay = {180000000}},
                  {.transport = DNS_SERVER_TCP,
                   .does = DNS_SERVER_NO_EDNS,
                   .delay = {180000000},
                   .records = {A_RECORD}}),
            &options, &server, &servers))
        return;
    lookup *l = malloc(sizeof *l);
    lookup_init(l, servers, "host.example.");
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    check(lookup_run(io, l) < 0);
    const int64_t ms = contract_ms_since(io, start);
    /* Only there are times exact: elsewhere the first answer may come too late. */
    if (weir_sim_of(io)) check(l->report.total > 1 && ms >= 400 && ms <= 401);
    lookup_free(l);
    free(l);
    end_both(io, server, servers);
}

/* A refusal that ends a hundred questions at a time is one failure: 2 s of disgrace, then 4 s. */
CONTRACT(dns_ask_time_of_disgrace_grows_once_for_each)
{
    const dns_ask_options options = ask_options();
    const weir_address two[] = {weir_address_loopback4(1), weir_address_loopback4(2)};
    dns_servers *servers;
    uint8_t order[DNS_SERVERS];
    if (!check_int(weir_dns_servers_create(io, two, 2, &options, &servers), 0)) return;
    weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
    for (int seconds = 2; seconds <= 4; seconds += 2) {
        for (int i = 0; i < 100; i++) weir_dns_servers_blame(io, servers, 0, now);
        now = weir_instant_add(now, weir_milliseconds(1000 * seconds - 1));
        check_int(weir_dns_servers_order(io, servers, now, order), 2);
        check_int(order[0], 1);
        now = weir_instant_add(now, weir_milliseconds(2));
        weir_dns_servers_order(io, servers, now, order);
        check_int(order[0], 0);
    }
    weir_dns_servers_destroy(io, servers);
}
