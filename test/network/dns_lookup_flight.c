/* SPDX-License-Identifier: MIT
 *
 * Do tasks that ask the same share one question, each in its own scope, and is nothing left of
 * lookups that are canceled?
 */
#include "test/network/dns_lookup.h"

#include <stdio.h>

#include <weir/io/scope.h>

enum { TASKS = 20 };

#define LATE .delay = {80000000} /* long enough for all tasks to have begun */

/* A lookup in a task of its own. */
typedef struct looker {
    house *h;
    const char *name;
    weir_duration limit; /* 0: none */
    int result;
    weir_dns_host host;
    weir_dns_report report;
    weir_task task;
} looker;

static int look(weir_io *io, void *argument)
{
    looker *l = argument;
    const weir_dns_lookup_options options = {.flags = WEIR_DNS_IPV4_ONLY, .report = &l->report};
    weir_address address;
    weir_scope scope;
    if (l->limit.ns) weir_scope_enter_for(io, &scope, l->limit);
    l->result = weir_dns_lookup_host(io, l->h->resolver, weir_bytes_text(l->name), 80, &options,
                                     &address, 1, &l->host);
    if (l->limit.ns) weir_scope_leave(io, &scope);
    if (l->result > 0) check_int(address.at.ipv4[3], 1);
    return l->result;
}

static looker *begin(weir_io *io, house *h, const char *name, weir_duration limit)
{
    looker *l = calloc(1, sizeof *l);
    l->h = h;
    l->name = name;
    l->limit = limit;
    check_int(weir_concurrent(io, &l->task, look, l, NULL), 0);
    return l;
}

static int end(weir_io *io, looker *l)
{
    int result = 0;
    check_int(weir_await(io, &l->task, &result), 0);
    free(l);
    return result;
}

static const weir_duration no_limit;

CONTRACT(dns_lookup_shares_questions)
{
    house *h = house_begin(io, RULES({LATE, .records = {"@ 300 A 192.0.2.1"}}));
    looker *lookers[TASKS];
    for (int i = 0; i < TASKS; i++)
        lookers[i] = begin(io, h, i % 2 ? "x.example" : "X.Example.", no_limit);
    for (int i = 0; i < TASKS; i++) {
        /* Who shares a question is told who answered it. */
        check_int(weir_await(io, &lookers[i]->task, NULL), 0);
        if (lookers[i]->host.origin == WEIR_DNS_FROM_SERVER) check_int(lookers[i]->report.kept, 1);
        check_int(lookers[i]->result, 1);
        free(lookers[i]);
    }
    check_int(house_asked(h), 1);
    const weir_dns_statistics s = house_statistics(h);
    check_int(s.lookups, TASKS);
    check_int(s.questions, 1);
    check_int(s.merged + s.hits, TASKS - 1);
    house_end(io, h);
}

/* More than there are chains for at first: each is found again by who asks the same. */
LOOKUP_ON_SIM(dns_lookup_shares_each_of_many_questions)
{
    enum { MANY = 300 };
    house *h = house_begin(io, RULES({LATE, .records = {"@ 300 A 192.0.2.1"}}));
    static char names[MANY][16];
    looker *lookers[2 * MANY];
    for (int i = 0; i < 2 * MANY; i++) {
        snprintf(names[i % MANY], sizeof names[0], "x%d.example", i % MANY);
        lookers[i] = begin(io, h, names[i % MANY], no_limit);
    }
    for (int i = 0; i < 2 * MANY; i++) check_int(end(io, lookers[i]), 1);
    const weir_dns_statistics s = house_statistics(h);
    check_int(s.questions, MANY);
    check_int(s.merged + s.hits, MANY);
    house_end(io, h);
}

/* What was asked before is old news: it is neither kept nor given to who comes after. */
CONTRACT(dns_lookup_after_a_flush_asks_anew)
{
    house *h = house_begin(io, RULES({LATE, .times = 1, .records = {"@ 300 A 192.0.2.1"}},
                                     {.times = 1, .rcode = WEIR_DNS_NXDOMAIN},
                                     {.records = {"@ 300 A 192.0.2.1"}}));
    looker *before = begin(io, h, "x.example", no_limit);
    check_int(dns_server_wait(io, h->server, 1), 0);
    weir_dns_resolver_flush(h->resolver, NULL);
    looker *after = begin(io, h, "x.example", no_limit);
    check_int(end(io, after), WEIR_EDNS_NOTFOUND);
    check_int(end(io, before), 1);
    check_int(house_statistics(h).entries, 0);
    check_int(house_asked(h), 2);
    house_end(io, h);
}

CONTRACT(dns_lookup_keeps_different_questions_apart)
{
    house *h = house_begin(io, RULES({.name = "a.example.", LATE, .records = {"@ 300 A 192.0.2.1"}},
                                     {LATE, .rcode = WEIR_DNS_NXDOMAIN}));
    looker *one = begin(io, h, "a.example", no_limit), *two = begin(io, h, "b.example", no_limit);
    check_int(end(io, one), 1);
    check_int(end(io, two), WEIR_EDNS_NOTFOUND);
    check_int(house_asked(h), 2);
    check_int(house_statistics(h).merged, 0);
    house_end(io, h);
}

CONTRACT(dns_lookup_goes_on_when_its_leader_is_canceled)
{
    house *h = house_begin(io, RULES({.times = 1, .does = DNS_SERVER_DROP},
                                     {.delay = {20000000}, .records = {"@ 300 A 192.0.2.1"}}));
    looker *leader = begin(io, h, "x.example", no_limit);
    check_int(dns_server_wait(io, h->server, 1), 0);
    looker *followers[TASKS];
    for (int i = 0; i < TASKS; i++) followers[i] = begin(io, h, "x.example", no_limit);
    while (house_statistics(h).merged < TASKS) weir_yield(io);
    check_int(weir_cancel(io, &leader->task), WEIR_ECANCELED);
    free(leader);
    for (int i = 0; i < TASKS; i++) check_int(end(io, followers[i]), 1);
    check_int(house_asked(h), 2);
    check_int(house_statistics(h).failures, 0);
    house_end(io, h);
}

CONTRACT(dns_lookup_goes_on_when_its_leaders_time_is_over)
{
    house *h = house_begin(
        io, RULES({.times = 1, .does = DNS_SERVER_DROP}, {.records = {"@ 300 A 192.0.2.1"}}));
    looker *leader = begin(io, h, "x.example", weir_milliseconds(50));
    /* On a machine that stops its time may be over before it asks. */
    while (house_asked(h) == 0 && !weir_task_ended(&leader->task)) weir_yield(io);
    looker *follower = begin(io, h, "x.example", weir_seconds(30));
    check_int(end(io, leader), WEIR_EDEADLINE);
    check_int(end(io, follower), 1);
    house_end(io, h);
}

CONTRACT(dns_lookup_of_a_follower_ends_at_its_own_time)
{
    house *h = house_begin(io, RULES({.does = DNS_SERVER_DROP}));
    looker *leader = begin(io, h, "x.example", no_limit);
    check_int(dns_server_wait(io, h->server, 1), 0);
    looker *follower = begin(io, h, "x.example", weir_milliseconds(30));
    check_int(end(io, follower), WEIR_EDEADLINE);
    check(!weir_task_ended(&leader->task));
    check_int(weir_cancel(io, &leader->task), WEIR_ECANCELED);
    free(leader);
    house_end(io, h);
}

CONTRACT(dns_lookup_leaves_nothing_when_all_are_canceled)
{
    house *h = house_begin(
        io, RULES({.times = 1, .does = DNS_SERVER_DROP}, {.records = {"@ 300 A 192.0.2.1"}}));
    /* What the resolver itself keeps open is open now, the engine's own descriptors, too. */
    looker *lookers[TASKS];
    for (int i = 0; i < TASKS; i++) lookers[i] = begin(io, h, "x.example", no_limit);
    check_int(dns_server_wait(io, h->server, 1), 0);
    dns_server_rules(h->server, RULES({.does = DNS_SERVER_DROP}));
    for (int i = 0; i < TASKS; i++) {
        check_int(weir_cancel(io, &lookers[i]->task), WEIR_ECANCELED);
        free(lookers[i]);
    }
    dns_server_rules(h->server, RULES({.records = {"@ 300 A 192.0.2.1"}}));
    looker *again = begin(io, h, "x.example", no_limit);
    check_int(end(io, again), 1);
    house_end(io, h);
}

CONTRACT(dns_lookup_shares_failures)
{
    house *h = house_begin(io, RULES({LATE, .rcode = WEIR_DNS_SERVFAIL}));
    looker *lookers[4];
    for (int i = 0; i < 4; i++) lookers[i] = begin(io, h, "x.example", no_limit);
    check_int(dns_server_wait(io, h->server, 1), 0);
    for (int i = 0; i < 4; i++) check_int(end(io, lookers[i]), WEIR_EDNS_SERVFAIL);
    const weir_dns_statistics s = house_statistics(h);
    check_int(s.failures, s.questions);
    check_int(s.questions + s.merged, 4);
    house_end(io, h);
}

/* Many tasks, few names, everything at once ------------------------------------------------- */

enum { WORKERS = 12, ROUNDS = 60 };

static int hammer(weir_io *io, void *argument)
{
    house *h = argument;
    char text[32];
    weir_address addresses[4];
    weir_dns_answer answer;
    weir_dns_stream *stream;
    weir_dns_event event;
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(text, sizeof text, "h%d.example", (int)weir_random_below(io, 6));
        const weir_bytes name = weir_bytes_text(text);
        const weir_dns_name wire = house_name(text);
        weir_scope scope;
        int result = 1;
        switch (weir_random_below(io, 8)) {
        case 0: weir_dns_resolver_flush(h->resolver, &wire); break;
        case 1: weir_dns_resolver_flush(h->resolver, NULL); break;
        case 2:
            weir_scope_enter_for(io, &scope, weir_microseconds(weir_random_below(io, 400)));
            result = weir_dns_lookup_host(io, h->resolver, name, 1, NULL, addresses, 4, NULL);
            weir_scope_leave(io, &scope);
            check(result == 2 || result == WEIR_EDEADLINE);
            break;
        case 3:
            check_int(weir_dns_lookup(io, h->resolver, name, WEIR_DNS_A, NULL, &answer), 0);
            check_int(answer.count, 1);
            weir_dns_answer_free(&answer);
            break;
        case 4:
            check_int(weir_dns_stream_open(io, h->resolver, name, 1, NULL, &stream), 0);
            result = weir_dns_stream_next(io, stream, weir_never(), &event);
            check_int(result, 1);
            weir_dns_stream_close(io, stream);
            break;
        default:
            check_int(weir_dns_lookup_host(io, h->resolver, name, 1, NULL, addresses, 4, NULL), 2);
        }
        house_statistics(h);
    }
    return 0;
}

CONTRACT(dns_lookup_by_many_tasks_at_once)
{
    house *h = house_new(io, RULES({.type = WEIR_DNS_A, .records = {"@ 1 A 192.0.2.1"}},
                                   {.records = {"@ 1 AAAA 2001:db8::1"}}));
    h->options.prefetch = true;
    h->options.stale = weir_seconds(1);
    house_open(io, h);
    weir_group group = WEIR_GROUP_INIT;
    for (int i = 0; i < WORKERS; i++)
        check_int(weir_group_concurrent(io, &group, hammer, h, NULL), 0);
    check_int(weir_group_wait(io, &group), 0);
    house_end(io, h);
}
