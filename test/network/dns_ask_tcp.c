/* SPDX-License-Identifier: MIT
 *
 * Questions over TCP: when is it used, how are connections shared, and what if one is lost?
 */
#include "test/network/dns_ask.h"

#include <weir/io/group.h>

/* A server and a list that is asked over TCP. */
static bool over_tcp(weir_io *io, const dns_server_rule *rules, size_t count, weir_duration idle,
                     dns_server **server, dns_servers **servers)
{
    dns_ask_options options = ask_patiently();
    options.tcp = true;
    options.attempts = 1;
    options.tcp_idle = idle;
    return one_server(io, rules, count, &options, server, servers);
}

CONTRACT(dns_ask_tcp_gets_what_was_cut_off)
{
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    if (!one_server(io, RULES({.pad = 20, .records = {A_RECORD}}), &options, &server, &servers))
        return;
    lookup l;
    lookup_init(&l, servers, "big.example.");
    check_int(lookup_run(io, &l), 0);
    check_int(l.replies[0].transport, WEIR_DNS_TCP);
    check_int(l.replies[0].header.answers, 21);
    check(l.replies[0].message.len > 4000 && l.replies[0].far != NULL);
    check(l.report.attempts[0].truncated);
    check_int(l.report.attempts[0].error, WEIR_EDNS_TRUNCATED);
    lookup_free(&l);
    lookup_init(&l, servers, "big.example.");
    l.question.ignore_truncation = true;
    check_int(lookup_run(io, &l), 0);
    check_int(l.replies[0].transport, WEIR_DNS_UDP);
    check(l.replies[0].header.truncated);
    lookup_free(&l);
    end_both(io, server, servers);
}

/* A server that offers nothing beyond UDP. */
CONTRACT(dns_ask_tcp_that_fails_leaves_what_was_cut_off)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.attempts = 1;
    if (!one_server(io,
                    RULES({.transport = DNS_SERVER_UDP, .does = DNS_SERVER_TRUNCATE},
                          {.does = DNS_SERVER_CLOSE}),
                    &options, &server, &servers))
        return;
    lookup l;
    lookup_init(&l, servers, "big.example.");
    check_int(lookup_run(io, &l), WEIR_EDNS_TRUNCATED);
    check(l.replies[0].header.truncated);
    check(l.replies[0].message.len > 0);
    lookup_free(&l);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_tcp_takes_the_largest_message_piece_by_piece)
{
    dns_server *server;
    dns_servers *servers;
    if (!over_tcp(io,
                  RULES({.name = "large.example.", .pad = 290, .records = {A_RECORD}},
                        {.does = DNS_SERVER_SLOW_BYTES, .records = {A_RECORD}}),
                  weir_seconds(10), &server, &servers))
        return;
    for (int i = 0; i < 3; i++) {
        lookup l;
        lookup_init(&l, servers, "large.example.");
        check_int(lookup_run(io, &l), 0);
        check_int(l.replies[0].header.answers, 291);
        check(l.replies[0].message.len > 60000);
        lookup_free(&l);
        check_int(ask_once(io, servers, "small.example.", 0), ADDRESS_OF_TEST);
    }
    check_int(dns_server_seen(server).connections, 1);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_tcp_uses_a_connection_again_and_closes_it_when_idle)
{
    dns_server *server;
    dns_servers *servers;
    if (!over_tcp(io, RULES({.records = {A_RECORD}}), weir_milliseconds(30), &server, &servers))
        return;
    lookup l;
    lookup_init(&l, servers, "host.example.");
    check_int(lookup_run(io, &l), 0);
    check(!l.report.attempts[0].reused);
    lookup_free(&l);
    lookup_init(&l, servers, "host.example.");
    check_int(lookup_run(io, &l), 0);
    lookup_free(&l);
    /* On a busy machine the idle time may have passed in between. */
    if (dns_server_seen(server).connections == 1) check(l.report.attempts[0].reused);
    while (dns_server_seen(server).open > 0) check_int(weir_sleep(io, weir_milliseconds(2)), 0);
    check_int(ask_once(io, servers, "host.example.", 0), ADDRESS_OF_TEST);
    check(dns_server_seen(server).connections >= 2);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_tcp_closes_after_each_use_if_so_wished)
{
    dns_server *server;
    dns_servers *servers;
    if (!over_tcp(io, RULES({.records = {A_RECORD}}), weir_seconds(0), &server, &servers)) return;
    for (unsigned i = 1; i <= 3; i++) {
        check_int(ask_once(io, servers, "host.example.", 0), ADDRESS_OF_TEST);
        check_int(dns_server_seen(server).connections, i);
        while (dns_server_seen(server).open > 0) check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    }
    end_both(io, server, servers);
}

/* Many at once: one connection until it is full, and no more than some; the first answer comes
 * last. */
CONTRACT(dns_ask_tcp_has_many_questions_under_way)
{
    enum { MANY = 450 };
    dns_server *server;
    dns_servers *servers;
    if (!over_tcp(io,
                  RULES({.name = "first.example.", .delay = {20000000}, .records = {A_RECORD}},
                        {.delay = {1000000}, .records = {A_RECORD}}),
                  weir_seconds(10), &server, &servers))
        return;
    lookup *many = calloc(MANY, sizeof *many);
    weir_group group = WEIR_GROUP_INIT;
    for (int i = 0; i < MANY; i++) {
        lookup_init(&many[i], servers, i == 0 ? "first.example." : "host.example.");
        check_int(weir_group_concurrent(io, &group, lookup_task, &many[i], NULL), 0);
    }
    check_int(weir_group_wait(io, &group), 0);
    for (int i = 0; i < MANY; i++) {
        check_int(many[i].result, 0);
        check_int(first_address(&many[i].replies[0]), ADDRESS_OF_TEST);
        lookup_free(&many[i]);
    }
    check(dns_server_seen(server).connections <= 4);
    check_int(dns_server_seen(server).tcp, MANY);
    free(many);
    end_both(io, server, servers);
}

/* The server closes idle connections just when one is wanted. */
CONTRACT(dns_ask_tcp_asks_again_when_a_used_connection_is_lost)
{
    static const unsigned ways[] = {DNS_SERVER_CLOSE, DNS_SERVER_RESET, DNS_SERVER_CUT,
                                    DNS_SERVER_CUT_LENGTH};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        dns_server *server;
        dns_servers *servers;
        if (!over_tcp(io,
                      RULES({.name = "good.example.", .records = {A_RECORD}},
                            {.times = 1, .does = ways[i], .records = {A_RECORD}},
                            {.records = {A_RECORD}}),
                      weir_seconds(10), &server, &servers))
            return;
        check_int(ask_once(io, servers, "good.example.", 0), ADDRESS_OF_TEST);
        lookup l;
        lookup_init(&l, servers, "host.example.");
        check_int(lookup_run(io, &l), 0);
        check_int(l.report.kept, 2);
        check_int(l.report.attempts[0].error, WEIR_ECONNRESET);
        check(l.report.attempts[0].reused && !l.report.attempts[1].reused);
        lookup_free(&l);
        check_int(dns_server_seen(server).connections, 2);
        dns_server_drop_connections(io, server);
        check_int(ask_once(io, servers, "good.example.", 0), ADDRESS_OF_TEST);
        end_both(io, server, servers);
    }
}

/* A connection that is lost at its first question is the server's failure. */
CONTRACT(dns_ask_tcp_goes_on_to_the_next_server)
{
    static const unsigned ways[] = {DNS_SERVER_CLOSE, DNS_SERVER_CUT, DNS_SERVER_SHORT,
                                    DNS_SERVER_WRONG_QUESTION, DNS_SERVER_GARBAGE};
    dns_ask_options options = ask_patiently();
    options.tcp = true;
    options.attempts = 1;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        dns_server *bad, *good;
        if (!check_int(dns_server_start(io, RULES({.does = ways[i], .records = {A_RECORD}}), &bad),
                       0) ||
            !check_int(dns_server_start(io, RULES({.records = {A_RECORD}}), &good), 0))
            return;
        const weir_address addresses[] = {dns_server_address(bad), dns_server_address(good)};
        dns_servers *servers;
        check_int(weir_dns_servers_create(io, addresses, 2, &options, &servers), 0);
        check_int(ask_once(io, servers, "host.example.", 0), ADDRESS_OF_TEST);
        check_int(dns_server_seen(bad).tcp, 1);
        check_int(dns_server_seen(good).tcp, 1);
        end_both(io, bad, servers);
        dns_server_stop(io, good);
    }
}

/* Messages that nobody asked for do not keep a connection alive for ever. */
CONTRACT(dns_ask_tcp_leaves_a_connection_that_is_flooded)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.tcp = true;
    options.attempts = 1;
    if (!one_server(io, RULES({.flood = 100, .records = {A_RECORD}}), &options, &server, &servers))
        return;
    ask_once(io, servers, "host.example.", WEIR_EDNS_UNREACHABLE);
    dns_server_rules(server, RULES({.flood = 30, .records = {A_RECORD}}));
    ask_once(io, servers, "host.example.", 0);
    end_both(io, server, servers);
}

/* A connection on which nothing comes is not used for the next question. */
CONTRACT(dns_ask_tcp_suspects_a_silent_connection)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_options();
    options.tcp = true;
    options.attempts = 1;
    options.timeout = weir_milliseconds(100);
    if (!one_server(io, RULES({.times = 1, .does = DNS_SERVER_DROP}, {.records = {A_RECORD}}),
                    &options, &server, &servers))
        return;
    ask_once(io, servers, "host.example.", WEIR_EDNS_TIMEOUT);
    lookup l;
    lookup_init(&l, servers, "host.example.");
    if (lookup_run(io, &l) != WEIR_EDNS_TIMEOUT) check(!l.report.attempts[0].reused);
    lookup_free(&l);
    end_both(io, server, servers);
}
