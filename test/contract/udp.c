/* SPDX-License-Identifier: MIT
 *
 * Do UDP sockets keep what net/udp.h promises: one datagram at a time, with and without what the
 * kernel tells about it?
 */
#include "test/contract/contract.h"

#include <netinet/in.h>

#include <weir/net/udp.h>

static bool bind_here(weir_io *io, const weir_socket_options *options, weir_udp_socket *udp,
                      weir_address *address)
{
    const weir_address here = weir_address_loopback4(0);
    return check_int(weir_udp_bind(io, &here, options, udp), 0) &&
           check_int(weir_udp_local(io, udp, address), 0);
}

/* A socket that is bound, and one that is connected to it. */
static bool both_ends(weir_io *io, const weir_socket_options *options, weir_udp_socket *server,
                      weir_udp_socket *client)
{
    weir_address address;
    return bind_here(io, options, server, &address) &&
           check_int(weir_udp_dial(io, &address, NULL, client), 0);
}

/* A socket that is connected to a port at which nobody answers, which is kept by the other one. */
static bool dial_nobody(weir_io *io, weir_socket *keeper, weir_udp_socket *client)
{
    weir_address address;
    return contract_nobody(io, SOCK_DGRAM, keeper, &address) &&
           check_int(weir_udp_dial(io, &address, NULL, client), 0);
}

/* Waits until the kernel has heard of a refusal. */
static void await_refusal(weir_io *io, const weir_udp_socket *udp)
{
    check(weir_poll(io, udp->socket, WEIR_POLL_READ) & WEIR_POLL_ERROR);
}

static void close_both(weir_io *io, weir_udp_socket *a, weir_udp_socket *b)
{
    weir_udp_close(io, a);
    weir_udp_close(io, b);
    check_int(a->socket.fd, -1);
    weir_udp_close(io, a); /* closing twice does nothing */
}

static bool has_ipv6(weir_io *io)
{
    weir_udp_socket udp;
    const weir_address here = weir_address_loopback6(0);
    if (weir_udp_bind(io, &here, NULL, &udp) < 0) {
        print_message("no IPv6 loopback here\n");
        return false;
    }
    weir_udp_close(io, &udp);
    return true;
}

CONTRACT(udp_datagrams_come_whole_also_empty_ones)
{
    weir_udp_socket server, client;
    weir_address from, local;
    char data[16];
    if (!both_ends(io, NULL, &server, &client)) return;
    check_int(weir_udp_send(io, &client, "question", 8), 8);
    check_int(weir_udp_send(io, &client, NULL, 0), 0);
    check_int(weir_udp_send(io, &client, "third", 5), 5);
    check_int(weir_udp_receive_from(io, &server, data, sizeof data, &from), 8);
    check(memcmp(data, "question", 8) == 0);
    check_int(weir_udp_local(io, &client, &local), 0);
    check(weir_address_equal(&from, &local));
    check_int(weir_udp_receive_from(io, &server, data, sizeof data, &from), 0);
    check_int(weir_udp_receive_from(io, &server, data, sizeof data, NULL), 5);
    check_int(weir_udp_send_to(io, &server, "", 0, &from), 0);
    check_int(weir_udp_send_to(io, &server, "answer", 6, &from), 6);
    check_int(weir_udp_receive(io, &client, data, sizeof data), 0);
    check_int(weir_udp_receive(io, &client, data, sizeof data), 6);
    close_both(io, &server, &client);
}

CONTRACT(udp_receive_waits_for_a_datagram_until_its_deadline)
{
    weir_udp_socket server, client;
    char data[16];
    if (!both_ends(io, NULL, &server, &client)) return;
    const weir_instant before = weir_now(io, WEIR_CLOCK_MONOTONIC);
    const weir_deadline soon = weir_deadline_after(io, weir_milliseconds(10));
    check_int(weir_udp_receive_until(io, &server, data, sizeof data, soon, NULL), WEIR_EDEADLINE);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns - before.ns >= 10000000);
    /* A deadline of 0 is past, and no wait without end. */
    check_int(weir_udp_receive_until(io, &server, data, sizeof data, (weir_deadline){0}, NULL),
              WEIR_EDEADLINE);
    check_int(weir_udp_send(io, &client, "still here", 10), 10);
    check_int(weir_udp_receive_until(io, &server, data, sizeof data, weir_never(), NULL), 10);
    close_both(io, &server, &client);
}

CONTRACT(udp_a_datagram_that_does_not_fit_is_said_to_be_cut)
{
    weir_udp_socket server, client;
    weir_datagram datagram;
    char data[4];
    if (!both_ends(io, NULL, &server, &client)) return;
    for (int i = 0; i < 3; i++) check_int(weir_udp_send(io, &client, "0123456789", 10), 10);
    check_int(weir_udp_send(io, &client, "fits", 4), 4);
    check_int(weir_udp_receive(io, &server, data, sizeof data), WEIR_EMSGSIZE);
    check(memcmp(data, "0123", 4) == 0);
    check_int(weir_udp_peek_datagram(io, &server, data, sizeof data, weir_never(), &datagram), 4);
    check(datagram.truncated);
    check_int(datagram.whole, 10);
    check_int(weir_udp_receive_datagram(io, &server, NULL, 0, weir_never(), &datagram), 0);
    check(datagram.truncated);
    check_int(datagram.whole, 10);
    check_int(weir_udp_try_receive_datagram(io, &server, data, sizeof data, &datagram), 4);
    check_int(datagram.whole, 10);
    check_int(weir_udp_try_receive_datagram(io, &server, data, sizeof data, &datagram), 4);
    check(!datagram.truncated);
    check_int(datagram.whole, 4);
    check_int(weir_udp_try_receive_datagram(io, &server, data, sizeof data, &datagram),
              WEIR_EAGAIN);
    close_both(io, &server, &client);
}

CONTRACT(udp_peeking_leaves_the_datagram_there)
{
    weir_udp_socket server, client;
    weir_address from, local;
    char data[16];
    if (!both_ends(io, NULL, &server, &client)) return;
    check_int(weir_udp_try_peek(io, &server, data, sizeof data, &from), WEIR_EAGAIN);
    check_int(weir_udp_try_receive(io, &server, data, sizeof data, &from), WEIR_EAGAIN);
    check_int(weir_udp_try_send(io, &client, "look", 4, NULL), 4);
    check_int(weir_udp_local(io, &client, &local), 0);
    check_int(weir_udp_peek_sender(io, &server, &from), 0);
    check(weir_address_equal(&from, &local));
    check_int(weir_udp_peek(io, &server, data, 2, &from), 2);
    check_int(weir_udp_peek(io, &server, data, sizeof data, NULL), 4);
    check_int(weir_udp_try_peek(io, &server, data, sizeof data, NULL), 4);
    check_int(weir_udp_try_receive(io, &server, data, sizeof data, &from), 4);
    check_int(weir_udp_try_peek(io, &server, data, sizeof data, NULL), WEIR_EAGAIN);
    close_both(io, &server, &client);
}

CONTRACT(udp_an_unbound_socket_gets_its_port_when_it_sends)
{
    weir_udp_socket server, client;
    weir_address address, local, from;
    char data[16];
    if (!bind_here(io, NULL, &server, &address)) return;
    check(address.port != 0);
    if (!check_int(weir_udp_open(io, WEIR_ADDRESS_IPV4, NULL, &client), 0)) return;
    check_int(weir_udp_local(io, &client, &local), 0);
    check_int(local.port, 0);
    check_int(weir_udp_peer(io, &client, &local), WEIR_ENOTCONN);
    check_int(weir_udp_send(io, &client, "to whom?", 8), WEIR_EDESTADDRREQ);
    check_int(weir_udp_send_to(io, &client, "hello", 5, &address), 5);
    check_int(weir_udp_receive_from(io, &server, data, sizeof data, &from), 5);
    check_int(weir_udp_local(io, &client, &local), 0);
    check_int(local.port, from.port);
    close_both(io, &server, &client);
}

CONTRACT(udp_a_connected_socket_hears_its_peer_alone_until_disconnected)
{
    weir_udp_socket a, b, c;
    weir_address at_a, at_b, peer;
    char data[16];
    if (!bind_here(io, NULL, &a, &at_a) || !bind_here(io, NULL, &b, &at_b)) return;
    if (!check_int(weir_udp_dial(io, &at_a, NULL, &c), 0)) return;
    check_int(weir_udp_connect(io, &a, &at_b), 0);
    check_int(weir_udp_peer(io, &a, &peer), 0);
    check(weir_address_equal(&peer, &at_b));
    check_int(weir_udp_send(io, &c, "stranger", 8), 8);
    check_int(weir_udp_send_to(io, &b, "friend", 6, &at_a), 6);
    check_int(weir_udp_receive(io, &a, data, sizeof data), 6);
    check_int(weir_udp_disconnect(io, &a), 0);
    check_int(weir_udp_disconnect(io, &a), 0);
    check_int(weir_udp_peer(io, &a, &peer), WEIR_ENOTCONN);
    /* It was bound: the port stays.  The stranger heard of the refusal meanwhile. */
    check_int(weir_udp_local(io, &a, &peer), 0);
    check_int(peer.port, at_a.port);
    await_refusal(io, &c);
    check_int(weir_udp_send(io, &c, "again", 5), WEIR_ECONNREFUSED);
    check_int(weir_udp_send(io, &c, "again", 5), 5);
    check_int(weir_udp_receive(io, &a, data, sizeof data), 5);
    const weir_address none = {0};
    check_int(weir_udp_connect(io, &a, &none), WEIR_EAFNOSUPPORT);
    weir_udp_close(io, &c);
    close_both(io, &a, &b);
}

CONTRACT(udp_only_datagram_sockets_are_disconnected)
{
    weir_socket ends[2];
    const weir_address none = {0};
    if (!contract_tcp_pair(io, ends)) return;
    check_int(weir_connect(io, ends[0], &none), WEIR_EINVAL);
    check_int(weir_write(io, ends[0], "x", 1), 1);
    contract_close(io, ends);
}

CONTRACT(udp_a_refusal_is_reported_once)
{
    weir_socket keeper;
    weir_udp_socket client;
    char data[16];
    if (!dial_nobody(io, &keeper, &client)) return;
    check_int(weir_udp_send(io, &client, "anybody?", 8), 8);
    check_int(weir_udp_receive(io, &client, data, sizeof data), WEIR_ECONNREFUSED);
    check_int(weir_udp_send(io, &client, "anybody?", 8), 8);
    await_refusal(io, &client);
    check_int(weir_udp_send(io, &client, "anybody?", 8), WEIR_ECONNREFUSED);
    check_int(weir_udp_send(io, &client, "anybody?", 8), 8);
    weir_udp_close(io, &client);
    weir_close_socket(io, keeper);
}

CONTRACT(udp_refuses_what_is_too_long_or_broadcast_without_permission)
{
    weir_udp_socket server, client;
    static char data[WEIR_UDP_MAX + 1];
    if (!both_ends(io, &(weir_socket_options){.receive_buffer = 1 << 19}, &server, &client)) return;
    check_int(weir_udp_send(io, &client, data, sizeof data), WEIR_EMSGSIZE);
    check_int(weir_udp_send(io, &client, data, WEIR_UDP_MAX), WEIR_UDP_MAX);
    check_int(weir_udp_receive(io, &server, data, sizeof data), WEIR_UDP_MAX);
    const weir_address all = {
        .kind = WEIR_ADDRESS_IPV4, .port = 9, .at.ipv4 = {127, 255, 255, 255}};
    check_int(weir_udp_send_to(io, &server, data, 1, &all), WEIR_EACCES);
    check_int(weir_udp_connect(io, &server, &all), WEIR_EACCES);
    check_int(weir_option_set_broadcast(io, server.socket, true), 0);
    bool on = false;
    check_int(weir_option_get_broadcast(io, server.socket, &on), 0);
    check(on);
    check_int(weir_udp_send_to(io, &server, data, 1, &all), 1);
    close_both(io, &server, &client);
}

CONTRACT(udp_broadcasts_reach_a_socket_on_this_host)
{
    weir_udp_socket server, client;
    weir_datagram datagram;
    weir_address address;
    char data[16];
    const weir_address any = weir_address_any4(0);
    const weir_socket_options options = {.receive_packet_info = true};
    if (!check_int(weir_udp_bind(io, &any, &options, &server), 0)) return;
    check_int(weir_udp_local(io, &server, &address), 0);
    weir_address all = {.kind = WEIR_ADDRESS_IPV4, .at.ipv4 = {127, 255, 255, 255}};
    all.port = address.port;
    const weir_socket_options sender = {.broadcast = true};
    if (!check_int(weir_udp_open(io, WEIR_ADDRESS_IPV4, &sender, &client), 0)) return;
    check_int(weir_udp_send_to(io, &client, "all", 3, &all), 3);
    const weir_deadline end = weir_deadline_after(io, weir_seconds(50));
    check_int(weir_udp_receive_datagram(io, &server, data, sizeof data, end, &datagram), 3);
    check_int(datagram.about.destination.at.ipv4[3], 255);
    /* The answer leaves from the address of the interface. */
    check_int(weir_udp_reply(io, &server, &datagram, "one", 3), 3);
    weir_address from;
    check_int(weir_udp_receive_from(io, &client, data, sizeof data, &from), 3);
    check_int(from.port, address.port);
    check_int(from.at.ipv4[3], 1);
    close_both(io, &server, &client);
}

CONTRACT(udp_broadcasts_to_an_ipv6_socket_can_be_answered)
{
    weir_udp_socket server, client;
    weir_datagram datagram;
    weir_address address;
    char data[16];
    if (!has_ipv6(io)) return;
    const weir_address any = weir_address_any6(0);
    const weir_socket_options options = {.dual_stack = true, .receive_packet_info = true};
    if (!check_int(weir_udp_bind(io, &any, &options, &server), 0)) return;
    check_int(weir_udp_local(io, &server, &address), 0);
    const weir_address all = weir_address_from_u32(0x7fffffff, address.port);
    const weir_socket_options sender = {.broadcast = true};
    if (!check_int(weir_udp_open(io, WEIR_ADDRESS_IPV4, &sender, &client), 0)) return;
    check_int(weir_udp_send_to(io, &client, "all", 3, &all), 3);
    const weir_deadline end = weir_deadline_after(io, weir_seconds(50));
    check_int(weir_udp_receive_datagram(io, &server, data, sizeof data, end, &datagram), 3);
    check_int(datagram.about.destination.at.ipv6[15], 255);
    check_int(weir_udp_reply(io, &server, &datagram, "one", 3), 3);
    check_int(weir_udp_receive_until(io, &client, data, sizeof data, end, &address), 3);
    check_int(address.at.ipv4[3], 1);
    close_both(io, &server, &client);
}

CONTRACT(udp_failed_binds_leave_nothing_open)
{
    weir_udp_socket a, b;
    weir_address address, foreign = {.kind = WEIR_ADDRESS_IPV4, .at.ipv4 = {203, 0, 113, 77}};
    if (!bind_here(io, NULL, &a, &address)) return;
    const int before = test_fd_count();
    /* Nobody takes a port from its owner. */
    check_int(weir_udp_bind(io, &address, NULL, &b), WEIR_EADDRINUSE);
    check_int(weir_udp_bind(io, &address, &(weir_socket_options){.reuse_address = true}, &b),
              WEIR_EADDRINUSE);
    check_int(weir_udp_bind(io, &foreign, NULL, &b), WEIR_EADDRNOTAVAIL);
    check_int(weir_udp_bind_text(io, "nonsense", NULL, &b), WEIR_EADDRTEXT);
    check_int(weir_udp_bind(io, &address, &(weir_socket_options){.cork = true}, &b),
              WEIR_EUNSUPPORTED);
    const weir_address none = {0};
    check_int(weir_udp_bind(io, &none, NULL, &b), WEIR_EAFNOSUPPORT);
    check_int(weir_udp_dial(io, &none, NULL, &b), WEIR_EAFNOSUPPORT);
    check_int(test_fd_count(), before);
    check_int(weir_udp_bind_text(io, "127.0.0.1:0", NULL, &b), 0);
    close_both(io, &a, &b);
}

CONTRACT(udp_sockets_are_taken_over_only_when_they_are_udp)
{
    weir_udp_socket udp, again;
    weir_address address;
    weir_socket ends[2];
    if (!bind_here(io, NULL, &udp, &address)) return;
    check_int(weir_udp_from_socket(io, udp.socket, &again), 0);
    check_int(again.family, WEIR_ADDRESS_IPV4);
    check_int(again.socket.fd, udp.socket.fd);
    if (contract_pair(SOCK_DGRAM, ends)) {
        check_int(weir_udp_from_socket(io, ends[0], &again), WEIR_EPROTOTYPE);
        contract_close(io, ends);
    }
    weir_udp_close(io, &udp);
}

CONTRACT(udp_an_ipv6_socket_takes_ipv4_only_when_told)
{
    weir_udp_socket six, four, client;
    weir_datagram datagram;
    char data[16];
    if (!has_ipv6(io)) return;
    weir_address any = weir_address_any6(0), address;
    weir_socket_options options = {0};
    /* The IPv4 side of the port is free, but for another test that has it by chance. */
    int error = WEIR_EADDRINUSE;
    for (int tries = 0; error == WEIR_EADDRINUSE && tries < 8; tries++) {
        if (!check_int(weir_udp_bind(io, &any, &options, &six), 0)) return;
        check_int(weir_udp_local(io, &six, &address), 0);
        const weir_address four_any = weir_address_any4(address.port);
        error = weir_udp_bind(io, &four_any, NULL, &four);
        if (!error) weir_udp_close(io, &four);
        weir_udp_close(io, &six);
    }
    check_int(error, 0);

    options = (weir_socket_options){.dual_stack = true,
                                    .receive_packet_info = true,
                                    .receive_traffic_class = true,
                                    .receive_ttl = true};
    any.port = 0;
    if (!check_int(weir_udp_bind(io, &any, &options, &six), 0)) return;
    check_int(weir_udp_local(io, &six, &address), 0);
    weir_address target = weir_address_loopback4(address.port), from;
    target.at.ipv4[3] = 77;
    if (!check_int(weir_udp_dial(io, &target, NULL, &client), 0)) return;
    check_int(weir_option_set_ttl(io, client.socket, 33), 0);
    check_int(weir_udp_send(io, &client, "four", 4), 4);
    const weir_deadline end = weir_deadline_after(io, weir_seconds(50));
    check_int(weir_udp_receive_datagram(io, &six, data, sizeof data, end, &datagram), 4);
    check_int(datagram.peer.kind, WEIR_ADDRESS_IPV6);
    check_int(datagram.peer.at.ipv6[11], 0xff);
    check_int(datagram.about.ttl, 33);
    check_int(datagram.about.destination.at.ipv6[15], 77);
    /* A connected client hears an answer only from the address that it asked. */
    check_int(weir_udp_reply(io, &six, &datagram, "answer", 6), 6);
    check_int(weir_udp_receive_until(io, &client, data, sizeof data, end, &from), 6);
    check(weir_address_equal(&from, &target));
    datagram.about.has |= WEIR_ANCILLARY_TTL | WEIR_ANCILLARY_TRAFFIC_CLASS;
    datagram.about.interface.index = 0;
    check_int(weir_udp_send_datagram(io, &six, "richer", 6, &datagram), 6);
    check_int(weir_udp_receive_until(io, &client, data, sizeof data, end, &from), 6);
    close_both(io, &six, &client);
}

/* Asks a server on the wildcard of a family at an address, which has to be where the answer comes
 * from. */
static void ask_at(weir_io *io, const weir_address *any, weir_address *target)
{
    weir_udp_socket server, client;
    weir_address address, from;
    weir_datagram datagram;
    char data[16];
    const weir_socket_options options = {.receive_packet_info = true,
                                         .receive_traffic_class = true,
                                         .receive_ttl = true,
                                         .receive_timestamp = true};
    if (!check_int(weir_udp_bind(io, any, &options, &server), 0)) return;
    check_int(weir_udp_local(io, &server, &address), 0);
    target->port = address.port;
    if (!check_int(weir_udp_dial(io, target, NULL, &client), 0)) return;
    check_int(weir_option_set_traffic_class(io, client.socket, 0x2a), 0);
    check_int(weir_option_set_ttl(io, client.socket, 9), 0);
    const int64_t before = weir_now(io, WEIR_CLOCK_REAL).ns;
    const weir_deadline end = weir_deadline_after(io, weir_seconds(50));
    check_int(weir_udp_send(io, &client, "rich", 4), 4);
    check_int(weir_udp_receive_datagram(io, &server, data, sizeof data, end, &datagram), 4);
    const weir_ancillary *about = &datagram.about;
    check_int(about->has, WEIR_ANCILLARY_LOCAL | WEIR_ANCILLARY_TRAFFIC_CLASS | WEIR_ANCILLARY_TTL |
                              WEIR_ANCILLARY_TIMESTAMP);
    check_int(about->ttl, 9);
    check_int(about->traffic_class, 0x2a);
    check_int(weir_ecn_of(about->traffic_class), WEIR_ECN_CAPABLE_0);
    check(about->interface.index != 0);
    /* The clock may be set meanwhile, but not by a day. */
    check(about->timestamp.ns - before < 86400000000000 &&
          before - about->timestamp.ns < 86400000000000);
    address = *target;
    address.port = 0;
    check(weir_address_equal(&about->destination, &address));
    check(weir_address_equal(&about->local, &address));
    check_int(weir_udp_reply(io, &server, &datagram, "answer", 6), 6);
    check_int(weir_udp_receive_until(io, &client, data, sizeof data, end, &from), 6);
    check(weir_address_equal(&from, target));
    close_both(io, &server, &client);
}

CONTRACT(udp_answers_leave_from_the_address_that_was_asked)
{
    weir_address any = weir_address_any4(0), target = weir_address_loopback4(0);
    target.at.ipv4[2] = 3; /* all of 127.0.0.0/8 is this host */
    ask_at(io, &any, &target);
    any = weir_address_any6(0);
    target = weir_address_loopback6(0);
    if (has_ipv6(io)) ask_at(io, &any, &target);
}

CONTRACT(udp_sends_with_a_chosen_source_ttl_and_class)
{
    weir_udp_socket server, client;
    weir_address from;
    weir_datagram got, how = {0};
    char data[16];
    const weir_socket_options options = {.receive_traffic_class = true, .receive_ttl = true};
    if (!bind_here(io, &options, &server, &how.peer)) return;
    if (!check_int(weir_udp_open(io, WEIR_ADDRESS_IPV4, NULL, &client), 0)) return;
    how.about.has = WEIR_ANCILLARY_LOCAL | WEIR_ANCILLARY_TTL | WEIR_ANCILLARY_TRAFFIC_CLASS;
    how.about.local = weir_address_loopback4(0);
    how.about.local.at.ipv4[3] = 9;
    how.about.ttl = 3;
    how.about.traffic_class = 0xb9;
    check_int(weir_udp_send_datagram(io, &client, "chosen", 6, &how), 6);
    const weir_deadline end = weir_deadline_after(io, weir_seconds(50));
    check_int(weir_udp_receive_datagram(io, &server, data, sizeof data, end, &got), 6);
    from = got.peer;
    check_int(from.at.ipv4[3], 9);
    check_int(got.about.ttl, 3);
    check_int(got.about.traffic_class, 0xb9);
    how.about.local.at.ipv4[0] = 203;
    check(weir_udp_send_datagram(io, &client, "not ours", 8, &how) < 0);
    how.about.local = weir_address_loopback6(0);
    check_int(weir_udp_send_datagram(io, &client, "family", 6, &how), WEIR_EINVAL);
    close_both(io, &server, &client);
}

CONTRACT(udp_the_error_queue_names_who_refused)
{
    weir_socket keeper;
    weir_udp_socket server, client;
    weir_address here, gone;
    weir_udp_error error;
    char data[16];
    const weir_socket_options options = {.receive_errors = true};
    if (!contract_nobody(io, SOCK_DGRAM, &keeper, &gone)) return;
    if (!bind_here(io, NULL, &server, &here)) return;
    if (!check_int(weir_udp_open(io, WEIR_ADDRESS_IPV4, &options, &client), 0)) return;
    check_int(weir_udp_try_receive_error(io, &client, data, sizeof data, &error), WEIR_EAGAIN);
    check_int(weir_udp_send_to(io, &client, "here", 4, &here), 4);
    check_int(weir_udp_send_to(io, &client, "gone", 4, &gone), 4);
    check_int(weir_udp_receive_error(io, &client, data, sizeof data, &error), 4);
    check(memcmp(data, "gone", 4) == 0);
    check(weir_address_equal(&error.destination, &gone));
    check_int(error.about.error, WEIR_ECONNREFUSED);
    check_int(error.about.origin, WEIR_ERROR_ORIGIN_ICMP);
    check_int(error.about.type, 3);
    check_int(error.about.code, 3);
    check_int(error.path_mtu, 0);
    check_int(error.about.offender.kind, WEIR_ADDRESS_IPV4);
    close_both(io, &server, &client);
    weir_close_socket(io, keeper);
}

CONTRACT(udp_an_error_that_is_not_in_the_queue_is_waited_out)
{
    weir_socket keeper;
    weir_udp_socket client;
    weir_udp_error error;
    weir_scope scope;
    char data[16];
    /* Without receive_errors a refusal stands as the socket's error, and the queue is empty. */
    if (!dial_nobody(io, &keeper, &client)) return;
    check_int(weir_udp_send(io, &client, "gone", 4), 4);
    const int64_t before = contract_cpu_ns();
    weir_scope_enter_for(io, &scope, weir_milliseconds(300));
    check_int(weir_udp_receive_error(io, &client, data, sizeof data, &error), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check(contract_cpu_ns() - before < 150000000);
    weir_udp_close(io, &client);
    weir_close_socket(io, keeper);
}

CONTRACT(udp_the_path_mtu_is_known_and_obeyed)
{
    weir_udp_socket server, client;
    weir_udp_error error;
    int mtu = 0;
    static char data[WEIR_UDP_MAX];
    const weir_socket_options options = {.receive_errors = true, .dont_fragment = true};
    weir_address address;
    if (!bind_here(io, NULL, &server, &address)) return;
    if (!check_int(weir_udp_dial(io, &address, &options, &client), 0)) return;
    check_int(weir_option_get_path_mtu(io, client.socket, &mtu), 0);
    check(mtu >= 1280);
    check_int(weir_option_get_path_mtu(io, server.socket, &mtu), WEIR_ENOTCONN);
    if (mtu < WEIR_UDP_MAX) {
        check_int(weir_udp_send(io, &client, data, sizeof data), WEIR_EMSGSIZE);
        check(weir_udp_try_receive_error(io, &client, data, sizeof data, &error) >= 0);
        check_int(error.about.error, WEIR_EMSGSIZE);
        check_int(error.about.origin, WEIR_ERROR_ORIGIN_LOCAL);
        check_int(error.path_mtu, mtu);
    }
    close_both(io, &server, &client);
}

CONTRACT(udp_drops_are_counted)
{
    weir_udp_socket server, client;
    weir_datagram datagram;
    char data[1000] = {0};
    const weir_socket_options options = {.receive_buffer = 1};
    if (!both_ends(io, &options, &server, &client)) return;
    check_int(weir_udp_count_drops(io, &server, true), 0);
    for (int i = 0; i < 50; i++) check_int(weir_udp_send(io, &client, data, sizeof data), 1000);
    unsigned got = 0;
    while (weir_udp_try_receive(io, &server, data, sizeof data, NULL) >= 0) got++;
    check(got > 0 && got < 50);
    check_int(weir_udp_send(io, &client, data, sizeof data), 1000);
    const weir_deadline end = weir_deadline_after(io, weir_seconds(50));
    check_int(weir_udp_receive_datagram(io, &server, data, sizeof data, end, &datagram), 1000);
    check(datagram.about.has & WEIR_ANCILLARY_DROPPED);
    check_int(datagram.about.dropped, 50 - got);
    close_both(io, &server, &client);
}

CONTRACT(udp_operations_are_values)
{
    weir_udp_socket server, client;
    char data[16], other[16];
    if (!both_ends(io, NULL, &server, &client)) return;
    struct iovec slices[3] = {{data, sizeof data}, {other, sizeof other}, {other, 2}};
    weir_message messages[3] = {0};
    for (int i = 0; i < 3; i++) messages[i] = (weir_message){.data = &slices[i], .count = 1};
    weir_op receive, hopeless, send;
    weir_op *both[] = {&receive, &hopeless};
    weir_udp_prepare_receive(&receive, &server, &messages[0]);
    weir_udp_prepare_receive(&hopeless, &client, &messages[1]);
    weir_udp_prepare_send(&send, &client, &messages[2]);
    other[0] = other[1] = 'x';
    check_int(weir_do(io, &send), 2);
    check_int(weir_select(io, both, 2, weir_deadline_after(io, weir_seconds(50))), 0);
    check_int(receive.result, 2);
    check_int(hopeless.result, WEIR_ECANCELED);
    /* A canceled receive takes nothing away from the next one. */
    check_int(weir_udp_send_to(io, &server, "later", 5, &messages[0].address), 5);
    check_int(weir_udp_receive(io, &client, data, sizeof data), 5);
    close_both(io, &server, &client);
}

CONTRACT(udp_one_datagram_may_be_longer_than_the_buffer)
{
    weir_udp_socket server, client;
    const weir_address here = weir_address_loopback4(0);
    weir_address address;
    static char data[9000];
    if (!check_int(weir_udp_bind(io, &here, NULL, &server), 0)) return;
    check_int(weir_udp_local(io, &server, &address), 0);
    if (!check_int(weir_udp_dial(io, &address, NULL, &client), 0)) return;
    /* The kernel makes the least of it that it allows: 2,304 bytes. */
    const int least = 1;
    check_int(weir_set_option(io, server.socket, SOL_SOCKET, SO_RCVBUF, &least, sizeof least), 0);
    /* Of several one is kept; the first, with nothing before it. */
    for (int i = 0; i < 5; i++) check_int(weir_udp_send(io, &client, data, sizeof data), 9000);
    const weir_deadline end = weir_deadline_after(io, weir_seconds(50));
    check_int(weir_udp_receive_until(io, &server, data, sizeof data, end, NULL), 9000);
    const weir_deadline soon = weir_deadline_after(io, weir_milliseconds(1));
    check_int(weir_udp_receive_until(io, &server, data, sizeof data, soon, NULL), WEIR_EDEADLINE);
    check_int(weir_udp_send(io, &client, "more", 4), 4);
    check_int(weir_udp_receive_until(io, &server, data, sizeof data, end, NULL), 4);
    weir_udp_close(io, &client);
    weir_udp_close(io, &server);
}
