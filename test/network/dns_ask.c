/* SPDX-License-Identifier: MIT
 *
 * Which messages are taken as an answer, and what is done about those that are not?
 */
#include "test/network/dns_ask.h"

CONTRACT(dns_ask_gets_an_answer)
{
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    if (!one_server(io, RULES({.records = {A_RECORD}}), &options, &server, &servers)) return;
    lookup l;
    lookup_init(&l, servers, "host.example.");
    check_int(lookup_run(io, &l), 0);
    check_int(first_address(&l.replies[0]), ADDRESS_OF_TEST);
    check_int(l.replies[0].transport, WEIR_DNS_UDP);
    check_int(l.replies[0].rcode, 0);
    const weir_address address = dns_server_address(server);
    check(weir_address_equal(&l.replies[0].server, &address));
    check_int(l.report.kept, 1);
    check_int(l.report.attempts[0].error, 0);
    check_int(l.report.attempts[0].answers, 1);
    check(l.report.attempts[0].edns);
    lookup_free(&l);
    dns_server_question asked;
    check(dns_server_asked(server, 0, &asked));
    check_int(asked.udp_size, WEIR_DNS_EDNS_SIZE);
    check(asked.header.recursion_desired && !asked.header.checking_disabled);
    check(asked.edns && asked.cookie && !asked.dnssec_ok);
    check_int(dns_server_seen(server).udp, 1);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_puts_both_questions_at_once)
{
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    if (!one_server(io,
                    RULES({.type = WEIR_DNS_A, .delay = {5000000}, .records = {A_RECORD}},
                          {.type = WEIR_DNS_AAAA, .records = {"@ 300 AAAA 2001:db8::1"}}),
                    &options, &server, &servers))
        return;
    lookup l;
    lookup_init(&l, servers, "host.example.");
    l.question.types[1] = WEIR_DNS_AAAA;
    l.question.type_count = 2;
    check_int(lookup_run(io, &l), 0);
    check_int(first_address(&l.replies[0]), ADDRESS_OF_TEST);
    check_int(first_address(&l.replies[1]), 0x20010db8);
    lookup_free(&l);
    dns_server_question one, two;
    check(dns_server_asked(server, 0, &one) && dns_server_asked(server, 1, &two));
    check_int(one.from.port, two.from.port);
    check_int(dns_server_seen(server).udp, 2);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_can_use_a_port_for_each_question_and_one_after_the_other)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.single_reopen = options.single_request = true;
    if (!one_server(io, RULES({.records = {A_RECORD}}), &options, &server, &servers)) return;
    lookup l;
    lookup_init(&l, servers, "host.example.");
    l.question.types[1] = WEIR_DNS_AAAA;
    l.question.type_count = 2;
    check_int(lookup_run(io, &l), 0);
    lookup_free(&l);
    dns_server_question one, two;
    check(dns_server_asked(server, 0, &one) && dns_server_asked(server, 1, &two));
    check_int(one.question.type, WEIR_DNS_A);
    check(one.from.port != two.from.port);
    end_both(io, server, servers);
}

/* A lie and then the truth: only the truth counts. */
CONTRACT(dns_ask_ignores_what_is_not_the_answer)
{
    static const unsigned lies[] = {DNS_SERVER_WRONG_ID,
                                    DNS_SERVER_WRONG_QUESTION,
                                    DNS_SERVER_WRONG_TYPE,
                                    DNS_SERVER_WRONG_SOURCE,
                                    DNS_SERVER_NO_QR,
                                    DNS_SERVER_SHORT,
                                    DNS_SERVER_FOREIGN_COOKIE | DNS_SERVER_COOKIE};
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    dns_server_rule rule = {.records = {A_RECORD}};
    if (!one_server(io, &rule, 1, &options, &server, &servers)) return;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        rule.does = lies[i] | DNS_SERVER_THEN_GOOD;
        dns_server_rules(server, &rule, 1);
        lookup l;
        lookup_init(&l, servers, "host.example.");
        check_int(lookup_run(io, &l), 0);
        check_int(first_address(&l.replies[0]), ADDRESS_OF_TEST);
        check_int(l.replies[0].transport, WEIR_DNS_UDP);
        /* The kernel keeps those from elsewhere away. */
        check_int(l.report.attempts[0].ignored, lies[i] == DNS_SERVER_WRONG_SOURCE ? 0 : 1);
        lookup_free(&l);
    }
    check_int(dns_server_seen(server).udp, sizeof lies / sizeof *lies);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_mixes_letters_and_wants_them_back)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.mix_case = true;
    if (!one_server(
            io,
            RULES({.does = DNS_SERVER_WRONG_CASE | DNS_SERVER_THEN_GOOD, .records = {A_RECORD}}),
            &options, &server, &servers))
        return;
    lookup l;
    lookup_init(&l, servers, "a.rather.long.name.of.a.host.example.");
    check_int(lookup_run(io, &l), 0);
    check_int(l.report.attempts[0].ignored, 1);
    lookup_free(&l);
    dns_server_question asked;
    check(dns_server_asked(server, 0, &asked));
    check(weir_dns_name_equal(&asked.question.name, &l.name));
    check(memcmp(asked.question.name.octets, l.name.octets, l.name.len) != 0); /* 1 in 2^30 */
    end_both(io, server, servers);
}

/* Whoever floods a port with guesses gets no more of them than some dozens. */
CONTRACT(dns_ask_gives_a_flooded_port_up_and_uses_tcp)
{
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    if (!one_server(io,
                    RULES({.transport = DNS_SERVER_UDP, .flood = 80, .records = {A_RECORD}},
                          {.records = {A_RECORD}}),
                    &options, &server, &servers))
        return;
    lookup l;
    lookup_init(&l, servers, "host.example.");
    check_int(lookup_run(io, &l), 0);
    check_int(l.replies[0].transport, WEIR_DNS_TCP);
    check_int(l.report.attempts[0].ignored, 64);
    check_int(l.report.kept, 2);
    lookup_free(&l);
    end_both(io, server, servers);
}

/* What each error of a server comes to, with its message. */
CONTRACT(dns_ask_tells_what_the_server_said)
{
    static const struct {
        unsigned rcode, does;
        int error;
    } cases[] = {
        {WEIR_DNS_SERVFAIL, 0, WEIR_EDNS_SERVFAIL},
        {WEIR_DNS_REFUSED, 0, WEIR_EDNS_REFUSED},
        {WEIR_DNS_NOTIMP, 0, WEIR_EDNS_NOTIMP},
        {WEIR_DNS_FORMERR, 0, WEIR_EDNS_RCODE},
        {WEIR_DNS_NOTAUTH, 0, WEIR_EDNS_RCODE},
        {0, DNS_SERVER_GARBAGE, WEIR_EDNS_ANSWER},
        {WEIR_DNS_NXDOMAIN, 0, 0},
    };
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.attempts = 1;
    dns_server_rule rule = {0};
    if (!one_server(io, &rule, 1, &options, &server, &servers)) return;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rule.rcode = cases[i].rcode;
        rule.does = cases[i].does;
        dns_server_rules(server, &rule, 1);
        lookup l;
        lookup_init(&l, servers, "host.example.");
        check_int(lookup_run(io, &l), cases[i].error);
        check_int(l.replies[0].error, cases[i].error);
        check_int(l.replies[0].rcode, cases[i].rcode);
        check(l.replies[0].message.len >= WEIR_DNS_HEADER);
        lookup_free(&l);
    }
    end_both(io, server, servers);
}

CONTRACT(dns_ask_goes_on_to_the_next_server)
{
    dns_server *bad, *good;
    const dns_ask_options options = ask_patiently();
    if (!check_int(dns_server_start(io, RULES({.rcode = WEIR_DNS_SERVFAIL}), &bad), 0)) return;
    if (!check_int(dns_server_start(io, RULES({.records = {A_RECORD}}), &good), 0)) return;
    dns_server_keeper keeper;
    const weir_address addresses[] = {dns_server_nobody(io, &keeper), dns_server_address(bad),
                                      dns_server_address(good)};
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, addresses, 3, &options, &servers), 0);
    lookup l;
    lookup_init(&l, servers, "host.example.");
    check_int(lookup_run(io, &l), 0);
    check_int(first_address(&l.replies[0]), ADDRESS_OF_TEST);
    check_int(l.report.kept, 3);
    check_int(l.report.attempts[0].error, WEIR_ECONNREFUSED);
    check_int(l.report.attempts[1].error, WEIR_EDNS_SERVFAIL);
    check_int(l.report.attempts[2].error, 0);
    lookup_free(&l);
    /* The two are in disgrace now: the third is asked first. */
    check_int(ask_once(io, servers, "other.example.", 0), ADDRESS_OF_TEST);
    check_int(dns_server_seen(bad).udp, 1);
    check_int(dns_server_seen(good).udp, 2);
    end_both(io, bad, servers);
    dns_server_stop(io, good);
    dns_server_nobody_end(io, &keeper);
}

CONTRACT(dns_ask_gives_up_after_so_many_attempts)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_options();
    options.timeout = weir_milliseconds(20);
    options.attempts = 3;
    if (!one_server(io, RULES({.does = DNS_SERVER_DROP}), &options, &server, &servers)) return;
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    lookup l;
    lookup_init(&l, servers, "host.example.");
    check_int(lookup_run(io, &l), WEIR_EDNS_TIMEOUT);
    check(contract_ms_since(io, start) >= 60);
    check_int(l.report.kept, 3);
    for (int i = 0; i < 3; i++) check_int(l.report.attempts[i].error, WEIR_EDNS_TIMEOUT);
    lookup_free(&l);
    check_int(dns_server_wait(io, server, 3), 0);
    dns_server_question one, two;
    check(dns_server_asked(server, 0, &one) && dns_server_asked(server, 1, &two));
    check(one.from.port != two.from.port);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_of_nobody_says_so)
{
    dns_server_keeper keeper;
    const weir_address nobody = dns_server_nobody(io, &keeper);
    const dns_ask_options options = ask_patiently();
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, &nobody, 1, &options, &servers), 0);
    ask_once(io, servers, "host.example.", WEIR_EDNS_UNREACHABLE);
    weir_dns_servers_destroy(io, servers);
    dns_ask_options tcp = options;
    tcp.tcp = true;
    check_int(weir_dns_servers_create(io, &nobody, 1, &tcp, &servers), 0);
    ask_once(io, servers, "host.example.", WEIR_EDNS_UNREACHABLE);
    weir_dns_servers_destroy(io, servers);
    dns_server_nobody_end(io, &keeper);
}

/* Asks a server that answers too late, and a silent one.  Returns how many attempts there were. */
static unsigned ask_the_late(weir_io *io, int64_t ms)
{
    dns_server *slow, *silent;
    dns_ask_options options = ask_options();
    options.timeout = weir_milliseconds(ms);
    options.attempts = 20;
    const dns_server_rule rules[] = {{.times = 1, .delay = {ms * 2400000}, .records = {A_RECORD}},
                                     {.does = DNS_SERVER_DROP}};
    if (!check_int(dns_server_start(io, rules, 2, &slow), 0)) return 2;
    if (!check_int(dns_server_start(io, RULES({.does = DNS_SERVER_DROP}), &silent), 0)) return 2;
    const weir_address addresses[] = {dns_server_address(slow), dns_server_address(silent)};
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, addresses, 2, &options, &servers), 0);
    lookup l;
    lookup_init(&l, servers, "host.example.");
    check_int(lookup_run(io, &l), 0);
    check(weir_address_equal(&l.replies[0].server, &addresses[0]));
    const unsigned attempts = l.report.kept;
    check_int(l.report.attempts[0].error, 0);
    lookup_free(&l);
    end_both(io, slow, servers);
    dns_server_stop(io, silent);
    return attempts;
}

/* The first attempt's answer comes while the second one waits: later, where the machine stops until
 * it has come. */
CONTRACT(dns_ask_counts_an_answer_that_comes_late)
{
    int64_t ms = 50;
    while (ask_the_late(io, ms) < 2 && ms < 10000) ms *= 2;
    check(ms < 10000);
}

CONTRACT(dns_ask_rotates)
{
    dns_server *server[3];
    weir_address addresses[3];
    dns_ask_options options = ask_patiently();
    options.rotate = true;
    for (int i = 0; i < 3; i++) {
        if (!check_int(dns_server_start(io, RULES({.records = {A_RECORD}}), &server[i]), 0)) return;
        addresses[i] = dns_server_address(server[i]);
    }
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, addresses, 3, &options, &servers), 0);
    for (int i = 0; i < 6; i++) ask_once(io, servers, "host.example.", 0);
    for (int i = 0; i < 3; i++) check_int(dns_server_seen(server[i]).udp, 2);
    weir_dns_servers_destroy(io, servers);
    for (int i = 0; i < 3; i++) dns_server_stop(io, server[i]);
}

CONTRACT(dns_ask_of_all_at_once_takes_the_first_good_answer)
{
    dns_server *bad, *silent, *good;
    dns_ask_options options = ask_patiently();
    options.parallel = true;
    if (!check_int(dns_server_start(io, RULES({.rcode = WEIR_DNS_SERVFAIL}), &bad), 0)) return;
    if (!check_int(dns_server_start(io, RULES({.does = DNS_SERVER_DROP}), &silent), 0)) return;
    if (!check_int(dns_server_start(io, RULES({.delay = {5000000}, .records = {A_RECORD}}), &good),
                   0))
        return;
    dns_server_keeper keeper;
    const weir_address addresses[] = {dns_server_address(bad), dns_server_nobody(io, &keeper),
                                      dns_server_address(silent), dns_server_address(good)};
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, addresses, 4, &options, &servers), 0);
    check_int(ask_once(io, servers, "host.example.", 0), ADDRESS_OF_TEST);
    check_int(dns_server_seen(bad).udp + dns_server_seen(good).udp, 2);
    end_both(io, bad, servers);
    dns_server_stop(io, silent);
    dns_server_stop(io, good);
    dns_server_nobody_end(io, &keeper);
}

/* What is left after a positive answer is waited for a little. */
CONTRACT(dns_ask_waits_a_little_for_the_other_answer)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.timeout = weir_seconds(70);
    if (!one_server(io,
                    RULES({.type = WEIR_DNS_A, .records = {A_RECORD}}, {.does = DNS_SERVER_DROP}),
                    &options, &server, &servers))
        return;
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    lookup l;
    lookup_init(&l, servers, "host.example.");
    l.question.types[1] = WEIR_DNS_AAAA;
    l.question.type_count = 2;
    l.question.resolution_delay = weir_milliseconds(30);
    check_int(lookup_run(io, &l), WEIR_EDNS_TIMEOUT);
    check_int(l.replies[0].error, 0);
    check_int(l.replies[1].error, WEIR_EDNS_TIMEOUT);
    const int64_t ms = contract_ms_since(io, start);
    check(ms >= 30 && ms < 60000);
    lookup_free(&l);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_asks_again_without_edns)
{
    static const unsigned tricks[] = {
        DNS_SERVER_NO_EDNS, DNS_SERVER_NO_EDNS | DNS_SERVER_NO_QUESTION, DNS_SERVER_BADVERS};
    const dns_ask_options options = ask_patiently();
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        dns_server *server;
        dns_servers *servers;
        const dns_server_rule rules[] = {
            {.times = 1, .does = tricks[i], .records = {A_RECORD}},
            {.does = tricks[i] & ~DNS_SERVER_NO_QUESTION, .records = {A_RECORD}}};
        if (!one_server(io, rules, 2, &options, &server, &servers)) return;
        check_int(ask_once(io, servers, "host.example.", 0), ADDRESS_OF_TEST);
        check_int(dns_server_seen(server).udp, 2);
        check_int(dns_server_seen(server).edns, 1);
        /* It is remembered. */
        check_int(ask_once(io, servers, "host.example.", 0), ADDRESS_OF_TEST);
        check_int(dns_server_seen(server).udp, 3);
        check_int(dns_server_seen(server).edns, 1);
        end_both(io, server, servers);
    }
}

CONTRACT(dns_ask_shows_the_cookie_that_it_got)
{
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    if (!one_server(io, RULES({.does = DNS_SERVER_COOKIE, .records = {A_RECORD}}), &options,
                    &server, &servers))
        return;
    for (int i = 0; i < 3; i++) ask_once(io, servers, "host.example.", 0);
    check_int(dns_server_seen(server).cookies, 3);
    check_int(dns_server_seen(server).good_cookies, 2);
    /* Without the cookie that is known to be there, it is not believed over UDP. */
    dns_server_rules(server, RULES({.does = DNS_SERVER_PLAIN, .records = {A_RECORD}}));
    lookup l;
    lookup_init(&l, servers, "host.example.");
    check_int(lookup_run(io, &l), 0);
    check_int(l.replies[0].transport, WEIR_DNS_TCP);
    lookup_free(&l);
    /* Over TCP it was: it knows cookies no more. */
    lookup_init(&l, servers, "host.example.");
    check_int(lookup_run(io, &l), 0);
    check_int(l.replies[0].transport, WEIR_DNS_UDP);
    lookup_free(&l);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_with_a_bad_cookie_asks_again_and_then_over_tcp)
{
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    if (!one_server(io, RULES({.does = DNS_SERVER_BADCOOKIE, .records = {A_RECORD}}), &options,
                    &server, &servers))
        return;
    check_int(ask_once(io, servers, "host.example.", 0), ADDRESS_OF_TEST);
    check_int(dns_server_seen(server).udp, 2);
    check_int(dns_server_seen(server).good_cookies, 1);
    /* One that is never content. */
    dns_server_rules(
        server,
        RULES({.transport = DNS_SERVER_UDP, .does = DNS_SERVER_COOKIE, .rcode = WEIR_DNS_BADCOOKIE},
              {.does = DNS_SERVER_COOKIE, .records = {A_RECORD}}));
    check_int(ask_once(io, servers, "host.example.", 0), ADDRESS_OF_TEST);
    check_int(dns_server_seen(server).udp, 4);
    check_int(dns_server_seen(server).tcp, 1);
    end_both(io, server, servers);
}

/* Asks a server that errs and then is silent.  Returns false when its first word came too late. */
static bool ask_and_report(weir_io *io, int64_t ms)
{
    dns_server *server;
    dns_ask_options options = ask_options();
    options.timeout = weir_milliseconds(ms);
    if (!check_int(dns_server_start(io,
                                    RULES({.times = 1,
                                           .rcode = WEIR_DNS_SERVFAIL,
                                           .extended = 22,
                                           .extended_text = "no\nreach"},
                                          {.does = DNS_SERVER_DROP}),
                                    &server),
                   0))
        return true;
    const weir_address address = dns_server_address(server);
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, &address, 1, &options, &servers), 0);
    lookup l;
    lookup_init(&l, servers, "host.example.");
    if (lookup_run(io, &l) != WEIR_EDNS_SERVFAIL || !l.report.attempts[0].has_extended ||
        l.report.kept != 2) {
        lookup_free(&l);
        end_both(io, server, servers);
        return false;
    }
    char text[512];
    const size_t len = weir_dns_report_print(&l.report, text, sizeof text);
    check_int(len, strlen(text));
    check(strstr(text, " failed, \"No Reachable Authority\" (no?reach); 127.0.0.1:") != NULL);
    check(strstr(text, " did not answer within ") != NULL);
    char small[10];
    check_int(weir_dns_report_print(&l.report, small, sizeof small), len);
    check_int(strlen(small), 9);
    lookup_free(&l);
    end_both(io, server, servers);
    return true;
}

CONTRACT(dns_ask_reports_for_people)
{
    int64_t ms = 20;
    while (!ask_and_report(io, ms) && ms < 10000) ms *= 2;
    check(ms < 10000);
}
