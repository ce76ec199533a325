/* SPDX-License-Identifier: MIT
 *
 * Control data of datagrams at its edges: too little room, values that are refused, items that are
 * told of each datagram of a peek.
 */
#include "test/contract/contract.h"

#include <netinet/in.h>

#include <weir/net/udp.h>

static bool both_ends(weir_io *io, weir_udp_socket *server, weir_udp_socket *client)
{
    const weir_address here = weir_address_loopback4(0);
    const weir_socket_options options = {.receive_ttl = true};
    weir_address address;
    return check_int(weir_udp_bind(io, &here, &options, server), 0) &&
           check_int(weir_udp_local(io, server, &address), 0) &&
           check_int(weir_udp_dial(io, &address, NULL, client), 0);
}

CONTRACT(udp_control_data_that_does_not_fit_is_cut)
{
    /* One item of an int is told: 20 bytes, 24 with its pad. */
    static const struct {
        uint32_t room, used;
        bool cut, whole;
    } cases[] = {{24, 24, false, true}, {64, 24, false, true}, {20, 20, false, true},
                 {18, 18, true, false}, {16, 16, true, false}, {15, 0, true, false},
                 {0, 0, true, false}};
    weir_udp_socket server, client;
    if (!both_ends(io, &server, &client)) return;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        _Alignas(size_t) char control[64];
        char data[8];
        struct iovec slice = {data, sizeof data};
        weir_message message = {
            .data = &slice, .count = 1, .control = control, .control_len = cases[i].room};
        weir_ancillary about;
        check_int(weir_udp_send(io, &client, "told", 4), 4);
        check_int(weir_receive(io, server.socket, &message), 4);
        check_int(message.control_len, cases[i].used);
        check_int(message.came, cases[i].cut ? WEIR_MESSAGE_CONTROL_TRUNCATED : 0);
        (void)weir_ancillary_of(&message, &about);
        check_int(about.has, cases[i].whole ? WEIR_ANCILLARY_TTL : 0);
        if (cases[i].whole) check_int(about.ttl, 64);
    }
    weir_udp_close(io, &server);
    weir_udp_close(io, &client);
}

CONTRACT(udp_peeking_tells_control_data_each_time)
{
    weir_udp_socket server, client;
    weir_datagram datagram;
    char data[8];
    if (!both_ends(io, &server, &client)) return;
    const weir_deadline end = weir_deadline_after(io, weir_seconds(5));
    check_int(weir_option_set_ttl(io, client.socket, 7), 0);
    check_int(weir_udp_send(io, &client, "seven", 5), 5);
    for (int i = 0; i < 3; i++) {
        datagram.about.ttl = 0;
        if (i < 2)
            check_int(weir_udp_peek_datagram(io, &server, data, 2, end, &datagram), 2);
        else
            check_int(weir_udp_receive_datagram(io, &server, data, 2, end, &datagram), 2);
        check(datagram.truncated);
        check_int(datagram.whole, 5);
        check_int(datagram.about.has, WEIR_ANCILLARY_TTL);
        check_int(datagram.about.ttl, 7);
    }
    weir_udp_close(io, &server);
    weir_udp_close(io, &client);
}

/* Sends with one item of control data.  Returns what the sending did. */
static int64_t send_with(weir_io *io, weir_udp_socket *udp, int level, int type, const void *value,
                         size_t size)
{
    union {
        size_t align;
        char data[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    } control = {0};
    struct msghdr all = {.msg_control = control.data, .msg_controllen = sizeof control.data};
    struct cmsghdr *item = CMSG_FIRSTHDR(&all);
    item->cmsg_level = level;
    item->cmsg_type = type;
    item->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(item), value, size);
    struct iovec slice = {(void *)(uintptr_t) "data", 4};
    weir_message message = {.data = &slice,
                            .count = 1,
                            .control = control.data,
                            .control_len = (uint32_t)CMSG_SPACE(size)};
    return weir_send(io, udp->socket, &message);
}

CONTRACT(udp_control_data_that_makes_no_sense_is_refused)
{
    weir_udp_socket server, client;
    const int zero = 0, most = 255, more = 256;
    const struct in_pktinfo absent = {.ipi_ifindex = INT32_MAX}, lo = {.ipi_ifindex = 1};
    if (!both_ends(io, &server, &client)) return;
    check_int(send_with(io, &client, IPPROTO_IP, IP_TTL, &most, sizeof most), 4);
    check_int(send_with(io, &client, IPPROTO_IP, IP_TTL, &zero, sizeof zero), WEIR_EINVAL);
    check_int(send_with(io, &client, IPPROTO_IP, IP_TTL, &more, sizeof more), WEIR_EINVAL);
    check_int(send_with(io, &client, IPPROTO_IP, IP_TTL, &most, 2), WEIR_EINVAL);
    check_int(send_with(io, &client, IPPROTO_IP, IP_TOS, &zero, sizeof zero), 4);
    check_int(send_with(io, &client, IPPROTO_IP, IP_TOS, &zero, 1), 4);
    check_int(send_with(io, &client, IPPROTO_IP, IP_TOS, &more, sizeof more), WEIR_EINVAL);
    check_int(send_with(io, &client, IPPROTO_IP, IP_PKTINFO, &lo, sizeof lo), 4);
    check(send_with(io, &client, IPPROTO_IP, IP_PKTINFO, &absent, sizeof absent) < 0);
    check_int(send_with(io, &client, IPPROTO_IP, IP_PKTINFO, &lo, 4), WEIR_EINVAL);
    check_int(send_with(io, &client, IPPROTO_IP, IP_RECVTTL, &most, sizeof most), WEIR_EINVAL);
    /* Of another family: none of this socket's. */
    check_int(send_with(io, &client, IPPROTO_IPV6, IPV6_HOPLIMIT, &more, sizeof more), 4);
    weir_udp_close(io, &server);
    weir_udp_close(io, &client);
}

CONTRACT(udp_control_data_of_ipv6_has_numbers_of_four_bytes)
{
    static const int types[] = {IPV6_HOPLIMIT, IPV6_TCLASS};
    weir_udp_socket server, client;
    const weir_address here = weir_address_loopback6(0);
    const int usual = -1, most = 255, more = 256;
    weir_address address;
    if (weir_udp_bind(io, &here, NULL, &server) != 0) {
        print_message("no IPv6 here\n");
        return;
    }
    check_int(weir_udp_local(io, &server, &address), 0);
    check_int(weir_udp_dial(io, &address, NULL, &client), 0);
    for (int i = 0; i < 2; i++) {
        check_int(send_with(io, &client, IPPROTO_IPV6, types[i], &usual, sizeof usual), 4);
        check_int(send_with(io, &client, IPPROTO_IPV6, types[i], &most, sizeof most), 4);
        check_int(send_with(io, &client, IPPROTO_IPV6, types[i], &more, sizeof more), WEIR_EINVAL);
        check_int(send_with(io, &client, IPPROTO_IPV6, types[i], &most, 1), WEIR_EINVAL);
    }
    weir_udp_close(io, &server);
    weir_udp_close(io, &client);
}
