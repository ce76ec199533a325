/* SPDX-License-Identifier: MIT
 *
 * Many questions at once over UDP: which ports do they share, and what does one do to the others?
 */
#include "test/network/dns_ask.h"

#include <stdio.h>

#include <weir/io/group.h>
#include <weir/net/udp.h>

#include "dns/servers.h"

enum { MANY = 120 };

/* Lookups that run at once. */
typedef struct burst {
    weir_group group;
    lookup many[MANY];
} burst;

static burst *begin(weir_io *io, dns_servers *servers, const char *name, bool two)
{
    burst *b = calloc(1, sizeof *b);
    for (int i = 0; i < MANY; i++) {
        char text[64]; /* each has its own, so that no answer does for another */
        snprintf(text, sizeof text, "h%d.%s", i, name);
        lookup_init(&b->many[i], servers, text);
        if (two) {
            b->many[i].question.types[1] = WEIR_DNS_AAAA;
            b->many[i].question.type_count = 2;
        }
        check_int(weir_group_concurrent(io, &b->group, lookup_task, &b->many[i], NULL), 0);
    }
    return b;
}

static void finish(weir_io *io, burst *b, int expected)
{
    check_int(weir_group_wait(io, &b->group), 0);
    for (int i = 0; i < MANY; i++) {
        check_int(b->many[i].result, expected);
        if (expected == 0) check_int(first_address(&b->many[i].replies[0]), ADDRESS_OF_TEST);
        lookup_free(&b->many[i]);
    }
    free(b);
}

static int compare_ports(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* From how many ports the first questions came. */
static unsigned ports_of(dns_server *server, unsigned questions)
{
    uint16_t ports[DNS_SERVER_LOG];
    dns_server_question asked;
    for (unsigned i = 0; i < questions; i++) {
        check(dns_server_asked(server, i, &asked));
        ports[i] = asked.from.port;
    }
    qsort(ports, questions, sizeof *ports, compare_ports);
    unsigned count = 1;
    for (unsigned i = 1; i < questions; i++) count += ports[i] != ports[i - 1];
    return count;
}

/* Threads may begin at the same moment, before either is counted. */
enum { PORTS_MOST = DNS_FRESH_PORTS + DNS_PORTS + 20 };

CONTRACT(dns_ask_port_is_shared_by_many_questions)
{
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    if (!one_server(io, RULES({.until = MANY, .records = {A_RECORD}}), &options, &server, &servers))
        return;
    finish(io, begin(io, servers, "host.example.", false), 0);
    check_int(dns_server_seen(server).udp, MANY);
    const unsigned ports = ports_of(server, MANY);
    check(ports > DNS_FRESH_PORTS && ports <= PORTS_MOST);
    /* Nobody needs them any more. */
    while (weir_group_count(&servers->links) > 0)
        check_int(weir_sleep(io, weir_milliseconds(10)), 0);
    for (int i = 0; i < DNS_PORTS; i++) check(servers->peers[0].ports[i] == NULL);
    check_int(servers->peers[0].under_way, 0);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_port_is_shared_by_both_questions_of_many)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.mix_case = true;
    if (!one_server(io,
                    RULES({.type = WEIR_DNS_A, .until = 2 * MANY, .records = {A_RECORD}},
                          {.type = WEIR_DNS_AAAA, .records = {"@ 300 AAAA 2001:db8::1"}}),
                    &options, &server, &servers))
        return;
    burst *b = begin(io, servers, "host.example.", true);
    check_int(weir_group_wait(io, &b->group), 0);
    for (int i = 0; i < MANY; i++) check_int(first_address(&b->many[i].replies[1]), 0x20010db8);
    finish(io, b, 0);
    check_int(dns_server_seen(server).udp, 2 * MANY);
    check(ports_of(server, 2 * MANY) <= PORTS_MOST);
    end_both(io, server, servers);
}

CONTRACT(dns_ask_port_is_never_shared_if_so_wished)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.fresh_ports = true;
    if (!one_server(io, RULES({.until = MANY, .records = {A_RECORD}}), &options, &server, &servers))
        return;
    finish(io, begin(io, servers, "host.example.", false), 0);
    /* One that was closed may be drawn again. */
    check(ports_of(server, MANY) >= MANY - 10);
    end_both(io, server, servers);
}

/* Lies with the ids and letters of the questions, each followed by the truth. */
CONTRACT(dns_ask_port_takes_answers_alone)
{
    static const unsigned lies[] = {DNS_SERVER_WRONG_QUESTION, DNS_SERVER_NO_QR,
                                    DNS_SERVER_WRONG_CASE,
                                    DNS_SERVER_FOREIGN_COOKIE | DNS_SERVER_COOKIE};
    dns_ask_options options = ask_patiently();
    options.mix_case = true;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        dns_server *server;
        dns_servers *servers;
        if (!one_server(io, RULES({.does = lies[i] | DNS_SERVER_THEN_GOOD, .records = {A_RECORD}}),
                        &options, &server, &servers))
            return;
        finish(io, begin(io, servers, "a.long.name.of.a.host.example.", false), 0);
        end_both(io, server, servers);
    }
}

/* Whoever floods one port drives all its questions to TCP. */
CONTRACT(dns_ask_port_that_is_flooded_is_given_up)
{
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    if (!one_server(io,
                    RULES({.transport = DNS_SERVER_UDP, .flood = 70, .records = {A_RECORD}},
                          {.records = {A_RECORD}}),
                    &options, &server, &servers))
        return;
    finish(io, begin(io, servers, "host.example.", false), 0);
    check_int(dns_server_seen(server).tcp, MANY);
    end_both(io, server, servers);
}

/* Half of those who share ports go; the others are answered. */
CONTRACT(dns_ask_port_is_left_by_the_canceled)
{
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    if (!one_server(io,
                    RULES({.name = "*.never.example.", .does = DNS_SERVER_DROP},
                          {.delay = {30000000}, .records = {A_RECORD}}),
                    &options, &server, &servers))
        return;
    burst *gone = begin(io, servers, "never.example.", false);
    burst *left = begin(io, servers, "host.example.", false);
    check_int(dns_server_wait(io, server, MANY + 10), 0);
    weir_group_cancel(io, &gone->group);
    finish(io, gone, WEIR_ECANCELED);
    finish(io, left, 0);
    finish(io, begin(io, servers, "host.example.", false), 0);
    end_both(io, server, servers);
}

/* Returns how many questions were answered too late for their first attempt. */
static int ask_many_late(weir_io *io, int64_t ms)
{
    dns_server *server;
    dns_servers *servers;
    dns_ask_options options = ask_patiently();
    options.timeout = weir_milliseconds(ms);
    const dns_server_rule rules[] = {
        {.times = MANY, .delay = {ms * 1333333}, .records = {A_RECORD}}, {.does = DNS_SERVER_DROP}};
    if (!one_server(io, rules, 2, &options, &server, &servers)) return 0;
    burst *b = begin(io, servers, "host.example.", false);
    check_int(weir_group_wait(io, &b->group), 0);
    int good = 0;
    for (int i = 0; i < MANY; i++) {
        check(b->many[i].result == 0 || b->many[i].result == WEIR_EDNS_TIMEOUT);
        good += b->many[i].result == 0;
        lookup_free(&b->many[i]);
    }
    free(b);
    end_both(io, server, servers);
    return good;
}

/* Questions whose time is over leave; a late answer still counts.  They have longer where the
 * machine stops for all of their time. */
CONTRACT(dns_ask_port_brings_late_answers)
{
    int64_t ms = 300;
    while (ask_many_late(io, ms) == 0 && ms < 10000) ms *= 2;
    check(ms < 10000);
}

/* Ports ------------------------------------------------------------------------------------- */

enum { ROUNDS = 16 };

/* A server that knows no name, and counts. */
typedef struct counter {
    weir_udp_socket udp;
    unsigned questions[65536]; /* of each port */
    uint64_t ids[65536];       /* the last port that an id came from, and how many since */
    unsigned again;            /* ids that came twice in a row from one port */
} counter;

static int count_ports(weir_io *io, void *argument)
{
    counter *c = argument;
    for (;;) {
        uint8_t octets[512];
        weir_address from;
        const int64_t n = weir_udp_receive_from(io, &c->udp, octets, sizeof octets, &from);
        if (n < 0) return (int)n;
        const unsigned id = (unsigned)octets[0] << 8 | octets[1];
        c->again += c->ids[id] == from.port;
        c->ids[id] = from.port;
        c->questions[from.port]++;
        octets[2] |= 0x80;
        octets[3] = 0x83;
        weir_udp_send_to(io, &c->udp, octets, (size_t)n, &from);
    }
}

static int ask_often(weir_io *io, void *argument)
{
    for (int i = 0; i < ROUNDS; i++) ask_once(io, argument, "host.example.", 0);
    return 0;
}

CONTRACT(dns_ask_port_changes_and_no_id_comes_twice)
{
    counter *c = calloc(1, sizeof *c);
    weir_address address = weir_address_loopback4(0);
    check_int(weir_udp_bind(io, &address, NULL, &c->udp), 0);
    check_int(weir_udp_local(io, &c->udp, &address), 0);
    weir_task serving;
    check_int(weir_concurrent(io, &serving, count_ports, c, NULL), 0);
    const dns_ask_options options = ask_patiently();
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, &address, 1, &options, &servers), 0);
    weir_group group = WEIR_GROUP_INIT;
    for (int i = 0; i < MANY; i++)
        check_int(weir_group_concurrent(io, &group, ask_often, servers, NULL), 0);
    check_int(weir_group_wait(io, &group), 0);
    unsigned most = 0, ports = 0, all = 0;
    for (int i = 0; i < 65536; i++) {
        most = c->questions[i] > most ? c->questions[i] : most;
        ports += c->questions[i] > 0;
        all += c->questions[i];
    }
    check(all >= MANY * ROUNDS);
    /* A port may be drawn again by chance. */
    check(most <= 2 * DNS_PORT_QUESTIONS);
    check(ports >= DNS_FRESH_PORTS);
    check_int(c->again, 0);
    weir_dns_servers_destroy(io, servers);
    weir_cancel(io, &serving);
    weir_udp_close(io, &c->udp);
    free(c);
}
