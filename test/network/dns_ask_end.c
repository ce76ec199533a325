/* SPDX-License-Identifier: MIT
 *
 * What is left of a lookup that is canceled, expires, or lacks descriptors or memory?  Nothing.
 */
#include "test/network/dns_ask.h"

#include <stdio.h>
#include <sys/resource.h>

#include <weir/io/group.h>
#include <weir/io/token.h>

/* Descriptors that may have been left; of threads, which have some of their own, sockets alone. */
static int descriptors(weir_io *io)
{
    if (!contract_on_threads(io)) return test_fd_count();
    int sockets = 0;
    for (int fd = 0; fd < 1024; fd++) {
        char path[32], what[16];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        sockets += readlink(path, what, sizeof what) > 7 && memcmp(what, "socket:", 7) == 0;
    }
    return sockets;
}

/* Until at most so many descriptors are open: connections are closed by their own tasks, and a
 * stranger's test may have called at a port that is the name server's now. */
static void expect_at_most(weir_io *io, int most)
{
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    int count; /* looked at once: while questions are under way, the next may be another */
    while ((count = descriptors(io)) > most && contract_ms_since(io, start) < 50000)
        weir_sleep(io, weir_milliseconds(1));
    check(count <= most);
}

/* Until there are as many as before: nor was one closed that is another's. */
static void expect_descriptors(weir_io *io, int before)
{
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    int count;
    while ((count = descriptors(io)) != before && contract_ms_since(io, start) < 50000)
        weir_sleep(io, weir_milliseconds(1));
    check_int(count, before);
}

/* A request to stop that comes at the n-th moment. */
static void cancel_at(weir_io *io, dns_servers *servers, int moment, bool two)
{
    lookup *l = malloc(sizeof *l);
    lookup_init(l, servers, "host.example.");
    if (two) {
        l->question.types[1] = WEIR_DNS_AAAA;
        l->question.type_count = 2;
    }
    weir_task task;
    check_int(weir_concurrent(io, &task, lookup_task, l, NULL), 0);
    for (int i = 0; i < moment; i++) weir_yield(io);
    const int result = weir_cancel(io, &task);
    check(result == WEIR_ECANCELED || result == 0);
    lookup_free(l);
    free(l);
}

static void cancel_everywhere(weir_io *io, dns_ask_options options, const dns_server_rule *rules,
                              size_t count)
{
    dns_server *server;
    dns_servers *servers;
    options.tcp_idle = weir_seconds(0);
    if (!one_server(io, rules, count, &options, &server, &servers)) return;
    const int before = descriptors(io);
    for (int moment = 0; moment < 25 && contract_is_early(); moment++) {
        cancel_at(io, servers, moment, false);
        cancel_at(io, servers, moment, true);
    }
    weir_dns_servers_destroy(io, servers);
    while (dns_server_seen(server).open > 0) check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    expect_descriptors(io, before);
    dns_server_stop(io, server);
}

CONTRACT(dns_ask_end_by_a_request_leaves_no_descriptor)
{
    cancel_everywhere(io, ask_patiently(), RULES({.does = DNS_SERVER_DROP}));
    cancel_everywhere(io, ask_patiently(), RULES({.records = {A_RECORD}}));
}

CONTRACT(dns_ask_end_by_a_request_over_tcp)
{
    dns_ask_options options = ask_patiently();
    cancel_everywhere(io, options,
                      RULES({.transport = DNS_SERVER_UDP, .does = DNS_SERVER_TRUNCATE},
                            {.delay = {2000000}, .records = {A_RECORD}}));
    options.tcp = true;
    cancel_everywhere(io, options, RULES({.does = DNS_SERVER_DROP}));
}

CONTRACT(dns_ask_end_by_a_request_with_many_sockets)
{
    dns_ask_options options = ask_options();
    options.timeout = weir_milliseconds(1);
    options.attempts = 10000; /* it does not end by itself */
    dns_server *server;
    dns_servers *servers;
    if (!one_server(io, RULES({.does = DNS_SERVER_DROP}), &options, &server, &servers)) return;
    const int before = descriptors(io);
    lookup l;
    lookup_init(&l, servers, "host.example.");
    weir_task task;
    check_int(weir_concurrent(io, &task, lookup_task, &l, NULL), 0);
    check_int(dns_server_wait(io, server, 12), 0);
    /* Four, and one that is being closed. */
    expect_at_most(io, before + 5);
    check_int(weir_cancel(io, &task), WEIR_ECANCELED);
    expect_descriptors(io, before);
    check(l.report.total >= 12);
    lookup_free(&l);
    end_both(io, server, servers);
}

/* Who is canceled takes nothing away from those who share a connection with him. */
CONTRACT(dns_ask_end_of_one_does_no_harm_to_others)
{
    enum { MANY = 40 };
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.tcp = true;
    if (!one_server(io, RULES({.delay = {20000000}, .records = {A_RECORD}}), &options, &server,
                    &servers))
        return;
    lookup *many = calloc(MANY, sizeof *many);
    weir_task *tasks = calloc(MANY, sizeof *tasks);
    for (int i = 0; i < MANY; i++) {
        lookup_init(&many[i], servers, "host.example.");
        check_int(weir_concurrent(io, &tasks[i], lookup_task, &many[i], NULL), 0);
    }
    check_int(dns_server_wait(io, server, MANY / 2), 0);
    for (int i = 0; i < MANY; i += 2) {
        const int result = weir_cancel(io, &tasks[i]);
        check(result == WEIR_ECANCELED || result == 0);
    }
    for (int i = 1; i < MANY; i += 2) {
        int result = -1;
        check_int(weir_await(io, &tasks[i], &result), 0);
        check_int(result, 0);
        check_int(first_address(&many[i].replies[0]), ADDRESS_OF_TEST);
    }
    for (int i = 0; i < MANY; i++) lookup_free(&many[i]);
    check_int(dns_server_seen(server).connections, 1);
    free(many);
    free(tasks);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_end_by_a_deadline_of_the_caller)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    for (int tcp = 0; tcp < 2; tcp++) {
        options.tcp = tcp;
        if (!one_server(io, RULES({.does = DNS_SERVER_DROP}), &options, &server, &servers)) return;
        weir_scope scope;
        weir_scope_enter_for(io, &scope, weir_milliseconds(20));
        ask_once(io, servers, "host.example.", WEIR_EDEADLINE);
        check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
        end_both(io, server, servers);
    }
}

/* Destroying the list ends its connections, also those that nobody answers. */
CONTRACT(dns_ask_end_of_the_list_closes_its_connections)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.tcp = true;
    if (!one_server(io, RULES({.records = {A_RECORD}}), &options, &server, &servers)) return;
    const int before = descriptors(io);
    ask_once(io, servers, "host.example.", 0);
    weir_dns_servers_destroy(io, servers);
    while (dns_server_seen(server).open > 0) check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    expect_descriptors(io, before);
    dns_server_stop(io, server);
}

static void without_descriptors(weir_io *io, bool tcp)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.tcp = tcp;
    if (!one_server(io, RULES({.records = {A_RECORD}}), &options, &server, &servers)) return;
    struct rlimit limit, low;
    check_int(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = 3;
    check_int(setrlimit(RLIMIT_NOFILE, &low), 0);
    ask_once(io, servers, "host.example.", WEIR_EMFILE);
    check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
    check_int(ask_once(io, servers, "host.example.", 0), ADDRESS_OF_TEST);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_end_without_descriptors)
{
    without_descriptors(io, false);
    without_descriptors(io, true);
}

/* Memory that is missing is an error of the lookup, or made up for; nothing is lost. */
CONTRACT(dns_ask_end_without_memory)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_options(); /* the server lacks memory as well */
    options.tcp_idle = weir_seconds(0);
    options.attempts = 1;
    if (!one_server(io,
                    RULES({.transport = DNS_SERVER_UDP, .does = DNS_SERVER_TRUNCATE},
                          {.records = {A_RECORD}}),
                    &options, &server, &servers))
        return;
    lookup *l = malloc(sizeof *l);
    bool seen = false;
    for (size_t n = 0; n < 200; n++) {
        lookup_init(l, servers, "host.example.");
        test_alloc_fail_once(n);
        lookup_run(io, l);
        const bool failed = test_alloc_failed() > 0;
        test_alloc_reset();
        check(l->result == 0 || l->result == WEIR_ENOMEM || l->result == WEIR_EDNS_TRUNCATED ||
              l->result == WEIR_EDNS_TIMEOUT);
        seen |= l->result == WEIR_EDNS_TRUNCATED;
        lookup_free(l);
        while (dns_server_seen(server).open > 0) weir_sleep(io, weir_milliseconds(1));
        if (!failed) break;
    }
    check(seen);
    free(l);
    end_both(io, server, servers);
}
