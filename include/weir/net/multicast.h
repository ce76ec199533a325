/* SPDX-License-Identifier: MIT
 *
 * Multicast over IPv4 and IPv6: membership of groups (RFC 3678, RFC 4607), and ready-made sockets
 * for those who listen to a group and those who send to one.
 *
 *      weir_multicast_subscribe(io, &(weir_multicast_group){.group = group}, NULL, &udp);
 *      weir_udp_receive_from(io, &udp, …);
 *
 *      weir_multicast_publish(io, &group, NULL, &udp);
 *      weir_udp_send_to(io, &udp, data, len, &group);
 *
 * Hops, loop and the outgoing interface are options (net/option.h): by default datagrams cross no
 * router (1 hop; 0 keeps them on the host) and reach members on the sending host as well, which on
 * Linux is the sender's choice.
 */
#ifndef WEIR_NET_MULTICAST_H
#define WEIR_NET_MULTICAST_H

#include <weir/io/addr.h>
#include <weir/net/interface.h>
#include <weir/net/option.h>
#include <weir/net/udp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether it is the address of a group: 224.0.0.0/4 or ff00::/8. */
bool weir_multicast_is_group(const weir_address *address);

/* Join and leave a group; its port does not matter.  Interface {0} is the system's choice: the one
 * of the route to the group, or the zone of the group's address where it has one.  An IPv6 socket
 * with dual_stack can join IPv4 groups.  Closing the socket leaves all.
 *
 * Return 0; WEIR_EINVAL: not a group; WEIR_EAFNOSUPPORT: an IPv6 group on an IPv4 socket;
 * WEIR_EINTERFACE: no such interface, or for {0}, none that leads to the group; WEIR_EADDRINUSE:
 * joined there already; WEIR_ENOBUFS: too many (net.ipv4.igmp_max_memberships);
 * leave: WEIR_EADDRNOTAVAIL: not joined there.
 * Cancellation points.  From a task of `io`. */
int weir_multicast_join(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                        weir_interface interface);
int weir_multicast_leave(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                         weir_interface interface);

/* The same for what `source` sends to the group, and nobody else (RFC 4607).  Several sources can
 * be joined one by one; leaving the last leaves the group.  On Linux a group that was joined for
 * any source is from then on joined for this one alone.
 * WEIR_EADDRINUSE: this source is joined already; WEIR_EINVAL also for a source that is a group or
 * of another family than the group; WEIR_ENOBUFS: too many sources (net.ipv4.igmp_max_msf). */
int weir_multicast_join_source(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                               const weir_address *source, weir_interface interface);
int weir_multicast_leave_source(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                                const weir_address *source, weir_interface interface);

/* Join and leave an IPv4 group on the interface that has an IPv4 address; 0.0.0.0 is the system's
 * choice.  Otherwise as weir_multicast_join; WEIR_EINVAL when one of the two is no IPv4 address. */
int weir_multicast_join_at(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                           const weir_address *at);
int weir_multicast_leave_at(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                            const weir_address *at);

/* Whether the socket gets datagrams of all groups that anybody on this host has joined, the
 * system's default for those bound to the wildcard, or of its own alone (IP_MULTICAST_ALL).
 * Returns 0 or the negated errno.  A cancellation point. */
int weir_multicast_set_all(weir_io *io, weir_udp_socket *udp, bool on);

/* What to listen to. */
typedef struct weir_multicast_group {
    weir_address group;       /* and the port; 0: a free one, for others to learn */
    weir_address source;      /* NONE: any */
    weir_interface interface; /* {0}: the system's choice */
    bool bind_wildcard;       /* bind to the port on all addresses, so that also datagrams to this
                                 host alone come; default: to the group alone */
} weir_multicast_group;

/* Makes a socket that listens to a group: sets options (NULL: none) and SO_REUSEADDR, so that
 * several programs on this host can listen, binds, and joins, in the order in which they count.  It
 * gets datagrams of the groups that it has joined, and of no others.
 *
 * Returns 0 and *out; errors of weir_udp_bind and weir_multicast_join.
 * A cancellation point.  From a task of `io`. */
int weir_multicast_subscribe(weir_io *io, const weir_multicast_group *what,
                             const weir_socket_options *options, weir_udp_socket *out);

/* Makes a socket to send to groups of the family of `group`, with any port: options (NULL: none)
 * may set multicast_hops, no_multicast_loop and multicast_interface; without the latter, the zone
 * of the group's address counts.  It is not connected: answers of members reach it. Returns 0 and
 * *out; errors of weir_udp_open; WEIR_EINVAL: not a group.  A cancellation point. */
int weir_multicast_publish(weir_io *io, const weir_address *group,
                           const weir_socket_options *options, weir_udp_socket *out);

#ifdef __cplusplus
}
#endif
#endif
