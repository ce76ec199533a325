/* SPDX-License-Identifier: MIT
 *
 * Do memberships, subscribers and publishers keep what net/multicast.h promises?  All on the
 * loopback interface; what a container does not have is skipped with a word.
 */
#include "test/contract/contract.h"

#include <net/if.h>
#include <netinet/in.h>

#include <weir/net/multicast.h>

static weir_interface loopback(void)
{
    return (weir_interface){if_nametoindex("lo")};
}

static weir_address group4(uint8_t last)
{
    return (weir_address){.kind = WEIR_ADDRESS_IPV4, .at.ipv4 = {239, 1, 2, last}};
}

/* Of the scope of the interface: stays on this host. */
static weir_address group6(uint8_t last)
{
    return (weir_address){.kind = WEIR_ADDRESS_IPV6,
                          .at.ipv6 = {[0] = 0xff, [1] = 0x11, [14] = 2, [15] = last}};
}

static weir_address host_of(const weir_address *group)
{
    return group->kind == WEIR_ADDRESS_IPV6 ? weir_address_loopback6(0) : weir_address_loopback4(0);
}

/* Whether this machine can join the group on loopback at all. */
static bool can_join(weir_io *io, const weir_address *group)
{
    weir_udp_socket udp;
    if (weir_udp_open(io, (weir_address_kind)group->kind, NULL, &udp) < 0) {
        print_message("no such family here\n");
        return false;
    }
    const int error = weir_multicast_join(io, &udp, group, loopback());
    if (error) print_message("no multicast on lo: %s\n", weir_strerror(error));
    weir_udp_close(io, &udp);
    return error == 0;
}

static void join_and_leave(weir_io *io, weir_address group)
{
    weir_udp_socket udp;
    const weir_address host = host_of(&group);
    weir_address other = host;
    other.at.ipv6[3] ^= 7; /* of either family: another host */
    if (!can_join(io, &group)) return;
    if (!check_int(weir_udp_open(io, (weir_address_kind)group.kind, NULL, &udp), 0)) return;
    check(weir_multicast_is_group(&group) && !weir_multicast_is_group(&host));
    check_int(weir_multicast_leave(io, &udp, &group, loopback()), WEIR_EADDRNOTAVAIL);
    check_int(weir_multicast_join(io, &udp, &group, loopback()), 0);
    check_int(weir_multicast_join(io, &udp, &group, loopback()), WEIR_EADDRINUSE);
    check_int(weir_multicast_join(io, &udp, &host, loopback()), WEIR_EINVAL);
    check_int(weir_multicast_join(io, &udp, &group, (weir_interface){999999}), WEIR_EINTERFACE);
    /* From now on for this source alone. */
    check_int(weir_multicast_join_source(io, &udp, &group, &host, loopback()), 0);
    check_int(weir_multicast_leave(io, &udp, &group, loopback()), 0);
    check_int(weir_multicast_leave(io, &udp, &group, loopback()), WEIR_EADDRNOTAVAIL);

    check_int(weir_multicast_leave_source(io, &udp, &group, &host, loopback()), WEIR_EADDRNOTAVAIL);
    check_int(weir_multicast_join_source(io, &udp, &group, &host, loopback()), 0);
    check_int(weir_multicast_join_source(io, &udp, &group, &host, loopback()), WEIR_EADDRINUSE);
    check_int(weir_multicast_join_source(io, &udp, &group, &other, loopback()), 0);
    check_int(weir_multicast_join_source(io, &udp, &group, &group, loopback()), WEIR_EINVAL);
    check_int(weir_multicast_leave_source(io, &udp, &group, &host, loopback()), 0);
    check_int(weir_multicast_leave_source(io, &udp, &group, &other, loopback()), 0);
    check_int(weir_multicast_join_source(io, &udp, &group, &host, (weir_interface){999999}),
              WEIR_EINTERFACE);
    weir_udp_close(io, &udp);
}

CONTRACT(multicast_groups_are_joined_and_left)
{
    join_and_leave(io, group4(3));
    join_and_leave(io, group6(3));
}

CONTRACT(multicast_groups_are_joined_at_an_address)
{
    weir_udp_socket udp;
    const weir_address group = group4(4), six = group6(4), host = weir_address_loopback4(0);
    weir_address foreign = host;
    foreign.at.ipv4[0] = 203;
    if (!can_join(io, &group)) return;
    if (!check_int(weir_udp_open(io, WEIR_ADDRESS_IPV4, NULL, &udp), 0)) return;
    check_int(weir_multicast_join_at(io, &udp, &group, &host), 0);
    check_int(weir_multicast_join_at(io, &udp, &group, &host), WEIR_EADDRINUSE);
    check_int(weir_multicast_join_at(io, &udp, &group, &foreign), WEIR_EINTERFACE);
    check_int(weir_multicast_join_at(io, &udp, &host, &host), WEIR_EINVAL);
    check_int(weir_multicast_join_at(io, &udp, &group, &six), WEIR_EINVAL);
    check_int(weir_multicast_join(io, &udp, &six, loopback()), WEIR_EAFNOSUPPORT);
    check_int(weir_multicast_leave_at(io, &udp, &group, &host), 0);
    check_int(weir_multicast_leave_at(io, &udp, &group, &host), WEIR_EADDRNOTAVAIL);
    weir_udp_close(io, &udp);
}

CONTRACT(multicast_memberships_have_a_limit)
{
    weir_udp_socket udp;
    weir_address group = group4(5);
    if (!can_join(io, &group)) return;
    if (!check_int(weir_udp_open(io, WEIR_ADDRESS_IPV4, NULL, &udp), 0)) return;
    int error = 0;
    for (int i = 0; i < 1000 && !error; i++) {
        group.at.ipv4[2] = (uint8_t)(i >> 8);
        group.at.ipv4[3] = (uint8_t)i;
        error = weir_multicast_join(io, &udp, &group, loopback());
    }
    check(error == WEIR_ENOBUFS ||
          error == 0); /* 20 by default; the administrator may allow more */
    weir_udp_close(io, &udp);
}

/* Whether datagrams to the group can leave by loopback: IPv6 needs a route that most do not have.
 */
static bool can_send(weir_io *io, weir_udp_socket *publisher, const weir_address *group)
{
    const int64_t n = weir_udp_send_to(io, publisher, "probe", 5, group);
    if (n == WEIR_ENETUNREACH) print_message("no route for this multicast on lo\n");
    return n != WEIR_ENETUNREACH && check_int(n, 5);
}

/* Both have one datagram of the publisher to the group waiting. */
static void hear(weir_io *io, weir_udp_socket *first, weir_udp_socket *second,
                 weir_udp_socket *publisher, const weir_address *group)
{
    weir_datagram datagram;
    weir_address from;
    char data[16];
    const weir_deadline end = weir_deadline_after(io, weir_seconds(50));
    check_int(weir_udp_receive_datagram(io, first, data, sizeof data, end, &datagram), 5);
    check_int(datagram.about.ttl, 2);
    check_int(datagram.about.interface.index, loopback().index);
    check(weir_multicast_is_group(&datagram.about.destination));
    check_int(weir_udp_receive_until(io, second, data, sizeof data, end, NULL), 5);

    /* An answer reaches the publisher, from a host and no group. */
    check_int(weir_udp_reply(io, first, &datagram, "yes", 3), 3);
    check_int(weir_udp_receive_until(io, publisher, data, sizeof data, end, &from), 3);
    check(!weir_multicast_is_group(&from));
    check_int(from.port, group->port);

    /* The loopback device itself sends back what it gets: that the option is set is all there is.
     */
    bool on = true;
    check_int(weir_option_set_multicast_loop(io, publisher->socket, false), 0);
    check_int(weir_option_get_multicast_loop(io, publisher->socket, &on), 0);
    check(!on);
    check_int(weir_option_set_multicast_hops(io, publisher->socket, 0), 0);
    check_int(weir_udp_send_to(io, publisher, "0", 1, group), 1);
    check_int(weir_udp_receive_until(io, second, data, sizeof data, end, NULL), 1);
}

/* Two subscribers on one port hear a publisher, and not another group. */
static void publish_and_hear(weir_io *io, weir_address group, weir_address other)
{
    weir_udp_socket first, second, publisher;
    weir_multicast_group what = {.group = group, .interface = loopback()};
    weir_address bound;
    if (!can_join(io, &group)) return;
    const weir_socket_options options = {.receive_packet_info = true, .receive_ttl = true};
    if (!check_int(weir_multicast_subscribe(io, &what, &options, &first), 0)) return;
    check_int(weir_udp_local(io, &first, &bound), 0);
    check(bound.port != 0 && weir_multicast_is_group(&bound));
    what.group.port = bound.port;
    if (!check_int(weir_multicast_subscribe(io, &what, NULL, &second), 0)) return;

    weir_socket_options how = {.multicast_interface = loopback(), .multicast_hops = 2};
    if (!check_int(weir_multicast_publish(io, &group, &how, &publisher), 0)) return;
    group.port = other.port = bound.port;
    group.zone = other.zone = group.kind == WEIR_ADDRESS_IPV6 ? loopback().index : 0;
    if (can_send(io, &publisher, &other)) {
        check_int(weir_udp_send_to(io, &publisher, "hello", 5, &group), 5);
        hear(io, &first, &second, &publisher, &group);
    }
    weir_udp_close(io, &first);
    weir_udp_close(io, &second);
    weir_udp_close(io, &publisher);
}
CONTRACT(multicast_subscribers_share_a_port_and_hear_their_group_alone)
{
    publish_and_hear(io, group4(6), group4(7));
    publish_and_hear(io, group6(6), group6(7));
}

/* Bound to the wildcard, of one source: no other source, no other group. */
static void hear_one_source(weir_io *io, weir_address group)
{
    weir_udp_socket udp, publisher, stranger;
    const weir_multicast_group what = {
        .group = group, .source = host_of(&group), .interface = loopback(), .bind_wildcard = true};
    weir_address bound, source = host_of(&group), from;
    char data[16];
    if (!can_join(io, &group)) return;
    if (!check_int(weir_multicast_subscribe(io, &what, NULL, &udp), 0)) return;
    check_int(weir_udp_local(io, &udp, &bound), 0);
    check(!weir_multicast_is_group(&bound));
    group.port = bound.port;
    const weir_socket_options how = {.multicast_interface = loopback()};
    if (!check_int(weir_udp_bind(io, &source, &how, &publisher), 0)) return;
    source.at.ipv4[3] = 88;
    const bool can_be_other = group.kind == WEIR_ADDRESS_IPV4;
    if (can_be_other && check_int(weir_udp_bind(io, &source, &how, &stranger), 0)) {
        check_int(weir_udp_send_to(io, &stranger, "stranger", 8, &group), 8);
        weir_udp_close(io, &stranger);
    }
    /* Somebody on this host has joined this one, but not the subscriber. */
    weir_address other = group;
    other.at.ipv4[2] ^= 1;
    check_int(weir_udp_open(io, (weir_address_kind)group.kind, NULL, &stranger), 0);
    check_int(weir_multicast_join(io, &stranger, &other, loopback()), 0);
    if (can_be_other) check_int(weir_udp_send_to(io, &publisher, "other group", 11, &other), 11);
    const weir_deadline end = weir_deadline_after(io, weir_seconds(50));
    if (can_send(io, &publisher, &group))
        check_int(weir_udp_receive_until(io, &udp, data, sizeof data, end, &from), 5);
    weir_udp_close(io, &udp);
    weir_udp_close(io, &stranger);
    weir_udp_close(io, &publisher);
}

CONTRACT(multicast_subscribers_of_a_source_hear_it_alone)
{
    hear_one_source(io, group4(8));
    hear_one_source(io, group6(8));
}

CONTRACT(multicast_sockets_that_cannot_be_made_leave_nothing_open)
{
    weir_udp_socket udp;
    const weir_address host = weir_address_loopback4(0), group = group4(9);
    if (!can_join(io, &group)) return;
    const int before = test_fd_count();
    weir_multicast_group what = {.group = host};
    check_int(weir_multicast_subscribe(io, &what, NULL, &udp), WEIR_EINVAL);
    check_int(weir_multicast_publish(io, &host, NULL, &udp), WEIR_EINVAL);
    what = (weir_multicast_group){.group = group, .interface = {999999}};
    check_int(weir_multicast_subscribe(io, &what, NULL, &udp), WEIR_EINTERFACE);
    what = (weir_multicast_group){.group = group, .source = group6(1), .interface = loopback()};
    check_int(weir_multicast_subscribe(io, &what, NULL, &udp), WEIR_EINVAL);
    check_int(test_fd_count(), before);
}

/* There is no call for it: by the kernel's own option (RFC 3678 5.1.2). */
static int change_source(weir_io *io, weir_udp_socket *udp, int name, const weir_address *group,
                         const weir_address *source)
{
    struct group_source_req request = {.gsr_interface = loopback().index};
    weir_address_to_sockaddr(group, &request.gsr_group);
    weir_address_to_sockaddr(source, &request.gsr_source);
    return weir_set_option(io, udp->socket, IPPROTO_IP, name, &request, sizeof request);
}

CONTRACT(multicast_a_source_that_is_blocked_is_not_heard)
{
    weir_udp_socket udp, publisher;
    weir_address group = group4(10), bound;
    const weir_address any = weir_address_any4(0), source = weir_address_loopback4(0);
    const weir_socket_options how = {.multicast_interface = loopback()};
    char letter = 0;
    if (!can_join(io, &group)) return;
    if (!check_int(weir_udp_bind(io, &any, NULL, &udp), 0)) return;
    check_int(weir_udp_local(io, &udp, &bound), 0);
    group.port = bound.port;
    if (!check_int(weir_udp_bind(io, &source, &how, &publisher), 0)) return;
    check_int(change_source(io, &udp, MCAST_BLOCK_SOURCE, &group, &source), WEIR_EINVAL);
    check_int(weir_multicast_join(io, &udp, &group, loopback()), 0);
    check_int(change_source(io, &udp, MCAST_UNBLOCK_SOURCE, &group, &source), WEIR_EADDRNOTAVAIL);
    check_int(weir_udp_send_to(io, &publisher, "1", 1, &group), 1);
    check_int(change_source(io, &udp, MCAST_BLOCK_SOURCE, &group, &source), 0);
    check_int(change_source(io, &udp, MCAST_BLOCK_SOURCE, &group, &source), WEIR_EADDRNOTAVAIL);
    check_int(weir_udp_send_to(io, &publisher, "2", 1, &group), 1);
    check_int(change_source(io, &udp, MCAST_UNBLOCK_SOURCE, &group, &source), 0);
    check_int(weir_udp_send_to(io, &publisher, "3", 1, &group), 1);
    const weir_deadline end = weir_deadline_after(io, weir_seconds(50));
    for (int i = 0; i < 2; i++) {
        check_int(weir_udp_receive_until(io, &udp, &letter, 1, end, NULL), 1);
        check_int(letter, i == 0 ? '1' : '3');
    }
    weir_udp_close(io, &udp);
    weir_udp_close(io, &publisher);
}
