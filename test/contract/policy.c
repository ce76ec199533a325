/* SPDX-License-Identifier: MIT
 *
 * Are addresses put in order by what this machine can reach, and is nothing lost on the way?
 */
#include <sys/resource.h>

#include "test/contract/contract.h"

#include <weir/net/ip_class.h>
#include <weir/net/order.h>

static weir_address ip(const char *text, uint16_t port)
{
    weir_address out = {0};
    check_int(weir_address_parse_ip(weir_bytes_text(text), port, &out), 0);
    return out;
}

/* Loopback is always reachable; 240.0.0.1 and a Unix name never have a source by way of a socket,
 * and 255.255.255.255 is refused to a socket that may not broadcast. */
CONTRACT(order_puts_what_cannot_be_reached_last)
{
    weir_address list[] = {
        {.kind = WEIR_ADDRESS_UNIX, .path_len = 2, .at.path = "/x"},
        ip("255.255.255.255", 80),
        ip("127.0.0.1", 80),
        ip("127.0.0.2", 0),
    };
    check_int(weir_order_addresses(io, list, 4), 0);
    check_int(list[0].at.ipv4[3], 1);
    check_int(list[0].port, 80);
    check_int(list[1].at.ipv4[3], 2);
    check_int(list[1].port, 0); /* the port to probe with is not left behind */
    check(weir_ip_is_broadcast(&list[2]));
    check_int(list[3].kind, WEIR_ADDRESS_UNIX);
}

/* ::1 has precedence 50, IPv4 35; where there is no IPv6, it comes last. */
CONTRACT(order_knows_the_families_of_this_machine)
{
    weir_address list[] = {ip("127.0.0.1", 80), ip("::1", 80)};
    weir_socket probe;
    bool ipv6 = false;
    if (weir_socket_open(io, AF_INET6, SOCK_DGRAM, 0, &probe) == 0) {
        ipv6 = weir_connect(io, probe, &list[1]) == 0;
        weir_close_socket(io, probe);
    }
    check_int(weir_order_addresses(io, list, 2), 0);
    check_int(list[0].kind, ipv6 ? WEIR_ADDRESS_IPV6 : WEIR_ADDRESS_IPV4);
}

CONTRACT(order_looks_at_so_many_and_leaves_the_rest)
{
    enum { MANY = WEIR_ORDER_ADDRESSES + 6 };
    weir_address *list = calloc(MANY, sizeof *list);
    check(list != NULL);
    if (!list) return;
    list[0] = ip("255.255.255.255", 1);
    for (unsigned i = 1; i < MANY; i++) list[i] = ip("127.0.0.1", (uint16_t)(i + 1));
    check_int(weir_order_addresses(io, list, MANY), 0);
    check_int(list[0].port, 2);
    check_int(list[WEIR_ORDER_ADDRESSES - 1].port, 1);
    for (unsigned i = WEIR_ORDER_ADDRESSES; i < MANY; i++) check_int(list[i].port, i + 1);
    check_int(weir_order_addresses(io, list, 0), 0);
    check_int(weir_order_addresses(io, list, 1), 0);
    free(list);
}

CONTRACT(order_that_is_cut_short_leaves_the_list)
{
    weir_address list[] = {ip("255.255.255.255", 1), ip("127.0.0.1", 2)};
    weir_scope scope;
    weir_scope_enter(io, &scope, weir_now(io, WEIR_CLOCK_MONOTONIC));
    check_int(weir_order_addresses(io, list, 2), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check_int(list[0].port, 1);
    check_int(list[1].port, 2);
}

CONTRACT(order_without_descriptors_leaves_the_list)
{
    weir_address list[] = {ip("255.255.255.255", 1), ip("127.0.0.1", 2)};
    struct rlimit was, none;
    const int free_one = dup(STDERR_FILENO);
    check_int(getrlimit(RLIMIT_NOFILE, &was), 0);
    close(free_one);
    none = was;
    none.rlim_cur = (rlim_t)free_one;
    check_int(setrlimit(RLIMIT_NOFILE, &none), 0);
    check_int(weir_order_addresses(io, list, 2), WEIR_EMFILE);
    check_int(setrlimit(RLIMIT_NOFILE, &was), 0);
    check_int(list[0].port, 1);
    check_int(list[1].port, 2);
}
