/* SPDX-License-Identifier: MIT
 *
 * Does the zone of a link-local address (RFC 4007) lead to the right cable?  Both cables join the
 * same two addresses: fe80::1 and fe80::2.
 */
#include "test/network/network.h"

#include <stdio.h>

#include <weir/net/interface.h>
#include <weir/net/option.h>

enum { CABLES = 2 };

/* A host's listeners, one on each cable, with the same port. */
typedef struct listeners {
    weir_tcp_listener on[CABLES];
    const char *address; /* link-local, of the host */
    network_host host;
    uint16_t port;
} listeners;

static int listen_on_each(weir_io *io, void *argument)
{
    listeners *l = argument;
    for (unsigned cable = 0; cable < CABLES; cable++) {
        char text[64];
        snprintf(text, sizeof text, "[%s%%%u]:%u", l->address, network_index(l->host, cable),
                 l->port);
        weir_address address = network_address(text);
        int error = weir_tcp_listen(io, &address, NULL, &l->on[cable]);
        if (!error) error = weir_tcp_listener_address(io, l->on[cable], &address);
        if (error) return error;
        check_int(address.zone, network_index(l->host, cable));
        l->port = address.port;
    }
    return 0;
}

/* Connects from a host to a text with "%u" for the port.  The outcome, and on success the cable at
 * whose listener it arrived. */
typedef struct attempt {
    const char *text;
    const listeners *to;
    unsigned cable;
} attempt;

static int connect_and_see(weir_io *io, void *argument)
{
    attempt *a = argument;
    char text[64];
    snprintf(text, sizeof text, "%s:%u", a->text, a->to->port);
    weir_tcp_stream tcp, accepted;
    int error = weir_tcp_connect_text(io, text, &tcp);
    if (error) return error;
    a->cable = CABLES;
    for (unsigned cable = 0; cable < CABLES; cable++) {
        weir_socket socket;
        if (weir_try_accept(io, a->to->on[cable].socket, &socket) != 0) continue;
        a->cable = cable;
        weir_tcp_stream_init(&accepted, socket);
        weir_address peer;
        check_int(weir_tcp_peer(io, &accepted, &peer), 0);
        check_int(peer.zone, network_index(a->to->host, cable));
        weir_tcp_close(io, &accepted);
    }
    weir_tcp_close(io, &tcp);
    return 0;
}

static void close_listeners(weir_io *io, listeners *l)
{
    for (unsigned cable = 0; cable < CABLES; cable++) weir_tcp_listener_close(io, l->on[cable]);
}

NETWORK(a_zone_leads_to_its_cable_from_near, NETWORK_DIRECT)
{
    if (!network_needs_ipv6(net)) return;
    listeners far = {.address = "fe80::2", .host = NETWORK_FAR};
    if (!check_int(network_far(io, net, listen_on_each, &far), 0)) return;
    static const char *const by[2][CABLES] = {{"[fe80::2%10]", "[fe80::2%11]"},
                                              {"[fe80::2%net0]", "[fe80::2%net1]"}};
    for (int way = 0; way < 2; way++) {
        for (unsigned cable = 0; cable < CABLES; cable++) {
            attempt a = {by[way][cable], &far, CABLES};
            check_int(connect_and_see(io, &a), 0);
            check_int(a.cable, cable);
        }
    }
    close_listeners(io, &far);
    attempt nobody = {"[fe80::2%net0]", &far, 0};
    check_int(connect_and_see(io, &nobody), WEIR_ECONNREFUSED);
}

NETWORK(a_zone_leads_to_its_cable_from_far, NETWORK_DIRECT)
{
    if (!network_needs_ipv6(net)) return;
    listeners near = {.address = "fe80::1", .host = NETWORK_NEAR};
    if (!check_int(listen_on_each(io, &near), 0)) return;
    static const char *const by[2][CABLES] = {{"[fe80::1%20]", "[fe80::1%21]"},
                                              {"[fe80::1%net0]", "[fe80::1%net1]"}};
    for (int way = 0; way < 2; way++) {
        for (unsigned cable = 0; cable < CABLES; cable++) {
            attempt a = {by[way][cable], &near, CABLES};
            check_int(network_far(io, net, connect_and_see, &a), 0);
            check_int(a.cable, cable);
        }
    }
    attempt other_host = {"[fe80::1%10]", &near, CABLES};
    check(network_far(io, net, connect_and_see, &other_host) < 0);
    close_listeners(io, &near);
}

NETWORK(a_link_local_address_needs_a_zone, NETWORK_DIRECT)
{
    if (!network_needs_ipv6(net)) return;
    weir_address bare = network_address("[fe80::2]:9"), own = network_address("[fe80::1]:0"),
                 nowhere = network_address("[fe80::2%77]:9");
    weir_tcp_stream tcp;
    check_int(weir_tcp_connect(io, &bare, &tcp), WEIR_EINVAL);
    check(weir_tcp_connect(io, &nowhere, &tcp) < 0);
    check_int(weir_tcp_connect_text(io, "[fe80::2%net7]:9", &tcp), WEIR_EZONETEXT);
    weir_tcp_listener listener;
    check_int(weir_tcp_listen(io, &own, NULL, &listener), WEIR_EINVAL);
}

/* A socket that is bound to one interface does not use the other, whatever the routes say. */
NETWORK(a_socket_bound_to_a_device_stays_there, NETWORK_DIRECT)
{
    (void)net;
    weir_address by_net0 = network_address("192.0.2.2:9");
    static const struct {
        unsigned cable;
        int expected;
    } rows[] = {{0, WEIR_ECONNREFUSED}, {1, WEIR_EHOSTUNREACH}};
    network_ip(net, NETWORK_NEAR, "ntable change name arp_cache dev net1 retrans 50\n");
    network_ip(net, NETWORK_FAR,
               "addr flush dev net1\n"
               "link set net1 arp off\n");
    for (int i = 0; i < 2; i++) {
        weir_socket socket;
        if (!check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &socket), 0)) return;
        weir_interface device = {network_index(NETWORK_NEAR, rows[i].cable)}, is = {0};
        check_int(weir_option_set_device(io, socket, device), 0);
        check_int(weir_option_get_device(io, socket, &is), 0);
        check_int(is.index, device.index);
        check_int(weir_connect(io, socket, &by_net0), rows[i].expected);
        weir_close_socket(io, socket);
    }
}
