/* SPDX-License-Identifier: MIT
 *
 * Does a server get the first address that can be had, is a socket of somebody else taken over only
 * when it is what it should be, and does nobody connect to port 0?
 */
#include "test/contract/contract.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <weir/net/tcp.h>
#include <weir/net/udp.h>

CONTRACT(tcp_listens_on_the_first_address_that_can_be_had)
{
    weir_tcp_listener first, second;
    weir_address addresses[3], got;
    const weir_tcp_listen_options options = {.backlog = 1};
    weir_address_parse_ip(weir_bytes_text("192.0.2.1"), 0, &addresses[0]);
    addresses[1] = addresses[2] = weir_address_loopback4(0);
    if (!check_int(weir_tcp_listen(io, &addresses[1], NULL, &first), 0)) return;
    check_int(weir_tcp_listener_address(io, first, &addresses[1]), 0);

    check_int(weir_tcp_listen_any(io, addresses, 1, NULL, &second), WEIR_EADDRNOTAVAIL);
    check_int(weir_tcp_listen_any(io, addresses, 2, NULL, &second), WEIR_EADDRINUSE);
    check_int(weir_tcp_listen_any(io, addresses, 0, NULL, &second), WEIR_EINVAL);
    if (check_int(weir_tcp_listen_any(io, addresses, 3, &options, &second), 0)) {
        check_int(weir_tcp_listener_address(io, second, &got), 0);
        check(got.port != addresses[1].port);
        weir_tcp_listener_close(io, second);
    }
    weir_tcp_listener_close(io, first);
}

CONTRACT(tcp_nobody_connects_to_port_0)
{
    weir_address addresses[2] = {weir_address_loopback4(0), weir_address_loopback4(0)};
    weir_connect_report report;
    weir_tcp_listener listener;
    weir_tcp_stream tcp;
    check_int(weir_tcp_connect(io, &addresses[0], &tcp), WEIR_EADDRNOTAVAIL);
    check_int(weir_tcp_connect_text(io, "127.0.0.1:0", &tcp), WEIR_EADDRNOTAVAIL);
    if (!check_int(weir_tcp_listen(io, &addresses[1], NULL, &listener), 0)) return;
    check_int(weir_tcp_listener_address(io, listener, &addresses[1]), 0);
    if (check_int(weir_tcp_connect_any(io, addresses, 2, NULL, &report, &tcp), 0))
        weir_tcp_close(io, &tcp);
    check_int(report.total, 1);
    check_int(report.failures[0].error, WEIR_EADDRNOTAVAIL);
    weir_tcp_listener_close(io, listener);
}

/* A datagram from a loopback address to the socket's port, and back to where it came from. */
static void check_reached(weir_io *io, weir_udp_socket *server, weir_address from)
{
    weir_udp_socket client;
    weir_address to, peer;
    char data[8];
    check_int(weir_udp_local(io, server, &to), 0);
    from.port = to.port;
    if (!check_int(weir_udp_dial(io, &from, NULL, &client), 0)) return;
    check_int(weir_udp_send(io, &client, "ask", 3), 3);
    check_int(weir_udp_receive_from(io, server, data, sizeof data, &peer), 3);
    check_int(weir_udp_send_to(io, server, "answer", 6, &peer), 6);
    check_int(weir_udp_receive(io, &client, data, sizeof data), 6);
    weir_udp_close(io, &client);
}

/* Whether this machine has ::1 (a container may not). */
static bool has_ipv6(weir_io *io)
{
    weir_udp_socket probe;
    const weir_address loopback = weir_address_loopback6(0);
    if (weir_udp_bind(io, &loopback, NULL, &probe)) return false;
    weir_udp_close(io, &probe);
    return true;
}

CONTRACT(udp_is_bound_everywhere_by_one_text)
{
    static const weir_socket_options options = {.receive_packet_info = true, .strict = true};
    for (int i = 0; i < 2; i++) {
        weir_udp_socket udp;
        contract_at("options", (size_t)i);
        if (!check_int(weir_udp_bind_text(io, ":0", i ? &options : NULL, &udp), 0)) return;
        check_reached(io, &udp, weir_address_loopback4(0));
        if (has_ipv6(io)) check_reached(io, &udp, weir_address_loopback6(0));
        weir_udp_close(io, &udp);
    }
}

CONTRACT(udp_is_bound_to_the_first_address_that_can_be_had)
{
    weir_udp_socket first, second;
    weir_address address = weir_address_loopback4(0);
    char text[32];
    if (!has_ipv6(io) || !check_int(weir_udp_bind(io, &address, NULL, &first), 0)) return;
    check_int(weir_udp_local(io, &first, &address), 0);
    snprintf(text, sizeof text, "localhost:%u", address.port);
    /* Another program may have this port of ::1. */
    const int error = weir_udp_bind_text(io, text, NULL, &second);
    check(error == 0 || error == WEIR_EADDRINUSE);
    if (error == 0) {
        check_int(weir_udp_local(io, &second, &address), 0);
        check_int(address.kind, WEIR_ADDRESS_IPV6);
        weir_udp_close(io, &second);
    }
    weir_udp_close(io, &first);
}

CONTRACT(a_tcp_listener_is_adopted_only_if_it_is_one)
{
    weir_socket listener, ends[2];
    weir_address address;
    weir_tcp_listener adopted;
    weir_tcp_stream client, accepted;
    if (!contract_listener(io, 1, &listener, &address)) return;
    if (!check_int(weir_tcp_listener_adopt(io, listener.fd, &adopted), 0)) return;
    check_int(weir_tcp_connect(io, &address, &client), 0);
    check_int(weir_tcp_accept(io, adopted, &accepted), 0);
    check_int(weir_tcp_listener_adopt(io, weir_tcp_socket(&client).fd, &adopted), WEIR_EINVAL);
    check_int(weir_tcp_stream_adopt(io, listener.fd, &client), WEIR_ENOTCONN);
    weir_tcp_close(io, &client);
    weir_tcp_close(io, &accepted);
    weir_close_socket(io, listener);

    check_int(weir_tcp_listener_adopt(io, -1, &adopted), WEIR_EBADF);
    check_int(weir_socket_pair(io, SOCK_STREAM, ends), 0);
    check_int(weir_tcp_listener_adopt(io, ends[0].fd, &adopted), WEIR_EAFNOSUPPORT);
    check_int(weir_tcp_stream_adopt(io, ends[0].fd, &client), WEIR_EAFNOSUPPORT);
    contract_close(io, ends);
    weir_udp_socket udp;
    address = weir_address_loopback4(0);
    if (check_int(weir_udp_bind(io, &address, NULL, &udp), 0)) {
        check_int(weir_tcp_listener_adopt(io, udp.socket.fd, &adopted), WEIR_EPROTOTYPE);
        check_int(weir_tcp_stream_adopt(io, udp.socket.fd, &client), WEIR_EPROTOTYPE);
        weir_udp_close(io, &udp);
    }
}

CONTRACT(a_tcp_stream_is_adopted_and_works)
{
    weir_socket ends[2];
    weir_tcp_stream tcp;
    char data[4];
    if (!contract_tcp_pair(io, ends)) return;
    if (check_int(weir_tcp_stream_adopt(io, ends[0].fd, &tcp), 0)) {
        check_int(weir_write_all(io, ends[1], "abc", 3), 3);
        check_int(weir_stream_read_full(io, &tcp.stream, data, 3), 3);
        weir_tcp_close(io, &tcp);
        ends[0].fd = -1;
    }
    contract_close(io, ends);
}
