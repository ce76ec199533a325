/* SPDX-License-Identifier: MIT
 *
 * What does a program hear when a connection cannot be made: from the peer, from its own routes,
 * from a router on the way, from nobody?
 */
#include "test/network/network.h"
#include "test/network/wire.h"

#include <weir/net/option.h>

static int try_connect(weir_io *io, const char *text)
{
    weir_address address = network_address(text);
    weir_tcp_stream tcp;
    int error = weir_tcp_connect(io, &address, &tcp);
    if (error == 0) weir_tcp_close(io, &tcp);
    return error;
}

NETWORK(a_port_without_listener_refuses, NETWORK_DIRECT)
{
    check_int(try_connect(io, "192.0.2.2:9"), WEIR_ECONNREFUSED);
    if (!network_needs_ipv6(net)) return;
    check_int(try_connect(io, "[2001:db8::2]:9"), WEIR_ECONNREFUSED);
}

NETWORK(no_route_is_told_at_once, NETWORK_DIRECT)
{
    check_int(try_connect(io, "203.0.113.1:9"), WEIR_ENETUNREACH);
    network_ip(net, NETWORK_NEAR, "route add unreachable 203.0.113.0/24\n");
    check_int(try_connect(io, "203.0.113.1:9"), WEIR_EHOSTUNREACH);
    if (!network_needs_ipv6(net)) return;
    check_int(try_connect(io, "[2001:db8:9::1]:9"), WEIR_ENETUNREACH);
    network_ip(net, NETWORK_NEAR, "route add unreachable 2001:db8:9::/48\n");
    check_int(try_connect(io, "[2001:db8:9::1]:9"), WEIR_EHOSTUNREACH);
}

/* Nobody answers "who has 192.0.2.77". */
NETWORK(a_neighbour_that_is_not_there_is_unreachable, NETWORK_DIRECT)
{
    network_ip(net, NETWORK_NEAR, "ntable change name arp_cache dev net0 retrans 50\n");
    check_int(try_connect(io, "192.0.2.77:9"), WEIR_EHOSTUNREACH);
    if (!network_needs_ipv6(net)) return;
    network_ip(net, NETWORK_NEAR, "ntable change name ndisc_cache dev net0 retrans 50\n");
    check_int(try_connect(io, "[2001:db8::77]:9"), WEIR_EHOSTUNREACH);
}

/* What the router says by ICMP (RFC 792, RFC 4443 3.1) becomes the error of the connect. */
NETWORK(a_router_says_what_it_cannot_reach, NETWORK_ROUTER)
{
    network_ip(net, NETWORK_MIDDLE,
               "ntable change name arp_cache dev port1 retrans 50\n"
               "route add unreachable 203.0.113.128/25\n");
    check_int(try_connect(io, "198.51.100.2:9"), WEIR_ECONNREFUSED);
    check_int(try_connect(io, "203.0.113.1:9"), WEIR_ENETUNREACH);
    check_int(try_connect(io, "203.0.113.129:9"), WEIR_EHOSTUNREACH);
    check_int(try_connect(io, "198.51.100.77:9"), WEIR_EHOSTUNREACH);
}

NETWORK(an_ipv6_router_says_what_it_cannot_reach, NETWORK_ROUTER)
{
    if (!network_needs_ipv6(net)) return;
    network_ip(net, NETWORK_MIDDLE,
               "ntable change name ndisc_cache dev port1 retrans 50\n"
               "route add prohibit 2001:db8:a::/48\n");
    check_int(try_connect(io, "[2001:db8:1::2]:9"), WEIR_ECONNREFUSED);
    check_int(try_connect(io, "[2001:db8:9::1]:9"), WEIR_ENETUNREACH);
    check_int(try_connect(io, "[2001:db8:1::77]:9"), WEIR_EHOSTUNREACH);
    check_int(try_connect(io, "[2001:db8:a::1]:9"), WEIR_EACCES);
}

static int connect_until_timeout(weir_io *io, void *argument)
{
    (void)argument;
    weir_address address = network_address("192.0.2.2:9");
    weir_socket socket;
    int error = weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &socket);
    if (error) return error;
    error = weir_option_set_user_timeout(io, socket, weir_milliseconds(500));
    if (!error) error = weir_connect(io, socket, &address);
    weir_close_socket(io, socket);
    return error;
}

static int connect_plainly(weir_io *io, void *argument)
{
    (void)argument;
    return try_connect(io, "192.0.2.2:9");
}

/* Three ways to wait for an answer that never comes, at the same time. */
NETWORK(a_connect_into_a_black_hole_ends, NETWORK_WIRE)
{
    bool own_limit = network_sysctl(net, NETWORK_NEAR, "ipv4/tcp_syn_retries", "1");
    network_sysctl(net, NETWORK_NEAR, "ipv4/tcp_syn_linear_timeouts", "0");
    wire_set(network_wire(net), &(wire_faults){.cut = true});

    weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    weir_task by_option, plain;
    int result = 0;
    check_int(weir_concurrent(io, &by_option, connect_until_timeout, NULL, NULL), 0);
    check_int(weir_concurrent(io, &plain, connect_plainly, NULL, NULL), 0);
    check_int(weir_timeout(io, weir_milliseconds(200), connect_plainly, NULL), WEIR_EDEADLINE);
    check(contract_ms_since(io, start) >= 200);

    check_int(weir_await(io, &by_option, &result), 0);
    check_int(result, WEIR_ETIMEDOUT);
    check(contract_ms_since(io, start) >= 500);
    const bool ended = weir_task_ended(&plain);
    if (contract_ms_since(io, start) < 2500) check(!ended); /* that is over after 3 s */
    if (!own_limit) {
        check_int(weir_cancel(io, &plain), WEIR_ECANCELED);
        return;
    }
    check_int(weir_await(io, &plain, &result), 0);
    check_int(result, WEIR_ETIMEDOUT);
    check(contract_ms_since(io, start) >= 2000);
    check(wire_count(network_wire(net)).lost >= 5);
}
