/* SPDX-License-Identifier: MIT
 *
 * Does a resolver follow the system's files while it is in use?
 *
 * A resolv.conf names addresses without ports, so the servers are at port 53: of a simulated host,
 * where that port is free to take.
 */
#include "test/network/dns_lookup.h"

static dns_server *server_at(weir_io *io, const char *text, const dns_server_rule *rules,
                             size_t count)
{
    weir_address address;
    dns_server *server = NULL;
    check_int(weir_address_parse(weir_bytes_text(text), &address), 0);
    check_int(dns_server_start_at(io, &address, rules, count, &server), 0);
    return server;
}

static int last_octet(weir_io *io, house *h, const char *name, unsigned flags)
{
    const int result = house_find(io, h, name, flags | WEIR_DNS_IPV4_ONLY);
    return result < 0 ? result : h->addresses[0].at.ipv4[3];
}

static int find_slowly(weir_io *io, void *argument)
{
    house *h = argument;
    weir_address address;
    const weir_dns_lookup_options options = {.flags = WEIR_DNS_IPV4_ONLY};
    const int result = weir_dns_lookup_host(io, h->resolver, weir_bytes_text("slow.example"), 80,
                                            &options, &address, 1, NULL);
    return result < 0 ? result : address.at.ipv4[3];
}

LOOKUP_ON_SIM(dns_resolver_follows_resolv_conf)
{
    dns_server *one = server_at(
        io, "127.0.0.2:53",
        RULES({.name = "slow.example.", .delay = {5000000000}, .records = {"@ 300 A 192.0.2.11"}},
              {.records = {"@ 300 A 192.0.2.1"}}));
    dns_server *two = server_at(io, "127.0.0.3:53", RULES({.records = {"@ 300 A 192.0.2.2"}}));
    house *h = house_new(io, RULES({.rcode = WEIR_DNS_REFUSED}));
    h->options.files.config = NULL;
    house_file(h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 127.0.0.2\noptions timeout:20\n");
    house_open(io, h);
    check_int(last_octet(io, h, "a.example", 0), 1);
    weir_task slow;
    check_int(weir_concurrent(io, &slow, find_slowly, h, NULL), 0);
    check_int(dns_server_wait(io, one, 2), 0);
    house_file(h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 127.0.0.3\nsearch corp.example\n");
    /* Not looked at more than once a second; the cache stays good. */
    check_int(last_octet(io, h, "b.example", 0), 1);
    check_int(weir_sleep(io, weir_milliseconds(1100)), 0);
    check_int(last_octet(io, h, "a.example", 0), 1);
    check_int(h->host.origin, WEIR_DNS_FROM_CACHE);
    check_int(last_octet(io, h, "c.example", 0), 2);
    check_int(last_octet(io, h, "c", 0), 2);
    check(house_name_is(&h->host.name, "c.corp.example."));
    /* The old question ends as it began. */
    int result = 0;
    check_int(weir_await(io, &slow, &result), 0);
    check_int(result, 11);
    /* A server that is gone and comes back. */
    house_file(h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 127.0.0.2\n");
    weir_dns_resolver_flush(h->resolver, NULL);
    check_int(last_octet(io, h, "a.example", 0), 1);
    check_int(h->host.origin, WEIR_DNS_FROM_SERVER);
    house_end(io, h);
    dns_server_stop(io, one);
    dns_server_stop(io, two);
}

static int find_by_search(weir_io *io, void *argument)
{
    house *h = argument;
    weir_address address;
    const weir_dns_lookup_options options = {.flags = WEIR_DNS_IPV4_ONLY};
    const int result = weir_dns_lookup_host(io, h->resolver, weir_bytes_text("x"), 80, &options,
                                            &address, 1, NULL);
    return result < 0 ? result : address.at.ipv4[3];
}

/* Its first candidate takes so long that the servers are others when it comes to the second. */
LOOKUP_ON_SIM(dns_lookup_that_began_before_a_change_does_not_bring_old_servers_back)
{
    dns_server *one = server_at(
        io, "127.0.0.2:53",
        RULES({.name = "x.slow.example.", .delay = {5000000000}, .rcode = WEIR_DNS_NXDOMAIN},
              {.records = {"@ 300 A 192.0.2.1"}}));
    dns_server *two = server_at(io, "127.0.0.3:53", RULES({.records = {"@ 300 A 192.0.2.2"}}));
    house *h = house_new(io, RULES({.rcode = WEIR_DNS_REFUSED}));
    h->options.files.config = NULL;
    house_file(h, WEIR_DNS_FILE_RESOLV_CONF,
               "nameserver 127.0.0.2\nsearch slow.example quick.example\noptions timeout:20\n");
    house_open(io, h);
    weir_task slow;
    check_int(weir_concurrent(io, &slow, find_by_search, h, NULL), 0);
    check_int(dns_server_wait(io, one, 1), 0);
    house_file(h, WEIR_DNS_FILE_RESOLV_CONF, "nameserver 127.0.0.3\n");
    check_int(weir_sleep(io, weir_milliseconds(1100)), 0);
    check_int(last_octet(io, h, "a.example", 0), 2);
    int result = 0;
    check_int(weir_await(io, &slow, &result), 0);
    check_int(result, 2);
    house_end(io, h);
    dns_server_stop(io, one);
    dns_server_stop(io, two);
}

CONTRACT(dns_resolver_follows_the_hosts_file)
{
    house *h = house_new(io, RULES({.rcode = WEIR_DNS_NXDOMAIN}));
    h->options.files.interval = weir_milliseconds(1);
    house_file(h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 db.example\n");
    house_open(io, h);
    check_int(last_octet(io, h, "db.example", 0), 1);
    for (int i = 2; i < 6; i++) {
        char text[64];
        snprintf(text, sizeof text, "192.0.2.%d db.example\n", i);
        house_file(h, WEIR_DNS_FILE_HOSTS, text);
        check_int(weir_sleep(io, weir_milliseconds(3)), 0);
        check_int(last_octet(io, h, "db.example", 0), i);
    }
    weir_dns_file_state state;
    weir_dns_resolver_file(h->resolver, WEIR_DNS_FILE_HOSTS, &state);
    check(state.present && !state.stale && state.error == 0);
    check_int(state.reads, 5);
    const weir_dns_view *view;
    check_int(weir_dns_resolver_view(io, h->resolver, &view), 0);
    check_int(view->config.server_count, 1);
    weir_dns_view_release(view);
    house_end(io, h);
}

CONTRACT(dns_resolver_refuses_what_makes_no_sense)
{
    weir_dns_resolver *resolver = NULL;
    weir_dns_config empty;
    weir_dns_config_init(&empty);
    const weir_dns_resolver_options cases[] = {
        {.files.config = &empty}, {.ttl_max = {-1}},  {.negative_ttl_max = {-1}},
        {.stale = {-1}},          {.tcp_idle = {-1}}, {.files.interval = {-1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_int(weir_dns_resolver_create(io, &cases[i], &resolver), WEIR_EINVAL);
    weir_dns_resolver_destroy(io, NULL);
    check_int(weir_dns_resolver_create(io, NULL, &resolver), 0);
    weir_dns_resolver_destroy(io, resolver);
}
