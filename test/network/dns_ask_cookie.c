/* SPDX-License-Identifier: MIT
 *
 * When our address changes, who recognises us by our cookie?  Nobody.
 */
#include "test/network/dns_ask.h"

#include <weir/io/group.h>

#include "dns/servers.h"

/* As if all that went before had gone out from another address. */
static void move(weir_io *io, dns_servers *servers)
{
    weir_wait_lock(io, &servers->lock);
    servers->peers[0].source = (weir_address){.kind = WEIR_ADDRESS_IPV4, .at.ipv4 = {192, 0, 2, 7}};
    weir_wait_unlock(io, &servers->lock);
}

/* Whether two questions that the server has seen show the same client. */
static bool same_client(dns_server *server, unsigned one, unsigned two)
{
    dns_server_question a, b;
    check(dns_server_asked(server, one, &a) && dns_server_asked(server, two, &b));
    check(a.cookie && b.cookie);
    return memcmp(a.client, b.client, sizeof a.client) == 0;
}

#define COOKIE_RULES RULES({.does = DNS_SERVER_COOKIE, .records = {A_RECORD}})

CONTRACT(dns_ask_cookie_is_another_one_at_another_address)
{
    dns_server *server;
    dns_servers *servers;
    for (int tcp = 0; tcp < 2; tcp++) {
        dns_ask_options options = ask_patiently();
        options.tcp = tcp;
        options.attempts = 1;
        if (!one_server(io, COOKIE_RULES, &options, &server, &servers)) return;
        ask_once(io, servers, "host.example.", 0);
        ask_once(io, servers, "host.example.", 0);
        check(same_client(server, 0, 1));
        check_int(dns_server_seen(server).good_cookies, 1);
        move(io, servers);
        if (tcp) { /* it is found out with the next connection */
            dns_server_drop_connections(io, server);
            while (dns_server_seen(server).open > 0)
                check_int(weir_sleep(io, weir_milliseconds(1)), 0);
        }
        ask_once(io, servers, "host.example.", 0);
        ask_once(io, servers, "host.example.", 0);
        check(!same_client(server, 1, 2) && same_client(server, 2, 3));
        check_int(dns_server_seen(server).good_cookies, 2);
        check_int(dns_server_seen(server).udp + dns_server_seen(server).tcp, 4);
        end_both(io, server, servers);
    }
}

/* Nothing more goes over a connection that shows who we were. */
CONTRACT(dns_ask_cookie_has_its_connection)
{
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    if (!one_server(io,
                    RULES({.name = "udp.example.", .does = DNS_SERVER_COOKIE},
                          {.transport = DNS_SERVER_UDP, .does = DNS_SERVER_TRUNCATE},
                          {.does = DNS_SERVER_COOKIE, .records = {A_RECORD}}),
                    &options, &server, &servers))
        return;
    ask_once(io, servers, "host.example.", 0);
    ask_once(io, servers, "host.example.", 0);
    check_int(dns_server_seen(server).connections, 1);
    move(io, servers);
    ask_once(io, servers, "udp.example.", 0);
    ask_once(io, servers, "host.example.", 0);
    check_int(dns_server_seen(server).connections, 2);
    check(same_client(server, 0, 3) && !same_client(server, 3, 4) && same_client(server, 4, 6));
    end_both(io, server, servers);
}

enum { MANY = 60 };

/* Questions that share ports show the new one from the first on. */
CONTRACT(dns_ask_cookie_of_shared_ports)
{
    dns_server *server;
    dns_servers *servers;
    const dns_ask_options options = ask_patiently();
    if (!one_server(io,
                    RULES({.does = DNS_SERVER_COOKIE, .delay = {10000000}, .records = {A_RECORD}}),
                    &options, &server, &servers))
        return;
    ask_once(io, servers, "host.example.", 0);
    move(io, servers);
    /* As if so many had ports of their own: none of these learns of the address first. */
    __atomic_add_fetch(&servers->peers[0].under_way, DNS_FRESH_PORTS, __ATOMIC_RELAXED);
    weir_group group = WEIR_GROUP_INIT;
    lookup *many = calloc(MANY, sizeof *many);
    for (int i = 0; i < MANY; i++) {
        lookup_init(&many[i], servers, "host.example.");
        check_int(weir_group_concurrent(io, &group, lookup_task, &many[i], NULL), 0);
    }
    check_int(weir_group_wait(io, &group), 0);
    for (int i = 0; i < MANY; i++) {
        check_int(many[i].result, 0);
        check(!same_client(server, 0, 1 + (unsigned)i));
        check(same_client(server, 1, 1 + (unsigned)i));
        lookup_free(&many[i]);
    }
    free(many);
    __atomic_sub_fetch(&servers->peers[0].under_way, DNS_FRESH_PORTS, __ATOMIC_RELAXED);
    end_both(io, server, servers);
}

/* An answer to what was asked before does not bring the old one back. */
CONTRACT(dns_ask_cookie_that_comes_late_is_not_kept)
{
    const dns_ask_options options = ask_options();
    const weir_address server = weir_address_loopback4(53);
    const weir_address here = weir_address_loopback4(1000), there = weir_address_loopback4(2000);
    dns_servers *servers;
    if (!check_int(weir_dns_servers_create(io, &server, 1, &options, &servers), 0)) return;
    weir_dns_cookie first, second, now;
    check_int(weir_dns_servers_cookie(io, servers, 0, &here, &first), 0);
    check_int(weir_dns_servers_cookie(io, servers, 0, &there, &second), 0);
    check(memcmp(first.client, second.client, 8) == 0); /* a port is no address */
    move(io, servers);
    check_int(weir_dns_servers_cookie(io, servers, 0, &here, &second), 0);
    check(memcmp(first.client, second.client, 8) != 0);
    first.server_len = 8;
    weir_dns_servers_keep_cookie(io, servers, 0, &first);
    check_int(weir_dns_servers_cookie(io, servers, 0, &here, &now), 0);
    check_int(now.server_len, 0);
    second.server_len = 8;
    weir_dns_servers_keep_cookie(io, servers, 0, &second);
    check_int(weir_dns_servers_cookie(io, servers, 0, &here, &now), 0);
    check_int(now.server_len, 8);
    weir_dns_servers_destroy(io, servers);
}
