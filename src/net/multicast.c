/* SPDX-License-Identifier: MIT
 *
 * Membership of groups by the calls of RFC 3678, one for both families, and sockets made of it.
 */
#include <weir/net/multicast.h>

#include <netinet/in.h>
#include <string.h>

#include <weir/base/error.h>

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

bool weir_multicast_is_group(const weir_address *address)
{
    if (address->kind == WEIR_ADDRESS_IPV4) return address->at.ipv4[0] >> 4 == 0xe;
    return address->kind == WEIR_ADDRESS_IPV6 && address->at.ipv6[0] == 0xff;
}

static int level_of(const weir_address *group)
{
    return group->kind == WEIR_ADDRESS_IPV6 ? IPPROTO_IPV6 : IPPROTO_IP;
}

static uint32_t index_of(const weir_address *group, weir_interface interface)
{
    return interface.index != 0 ? interface.index : group->zone;
}

static int check_group(const weir_udp_socket *udp, const weir_address *group)
{
    if (!weir_multicast_is_group(group)) return WEIR_EINVAL;
    const bool possible = udp->family == WEIR_ADDRESS_IPV6 || group->kind == udp->family;
    return possible ? 0 : WEIR_EAFNOSUPPORT;
}

static int check_source(const weir_address *group, const weir_address *source)
{
    const bool fits = source->kind == group->kind && !weir_multicast_is_group(source);
    return fits ? 0 : WEIR_EINVAL;
}

/* What the kernel says, in the words of the header.  The arguments are checked before, so that its
 * EINVAL for leaving means "no member". */
static int joined(int error)
{
    return error == WEIR_ENODEV ? WEIR_EINTERFACE : error;
}

static int left(int error)
{
    return error == WEIR_EINVAL ? WEIR_EADDRNOTAVAIL : joined(error);
}

static int change_group(weir_io *io, weir_udp_socket *udp, int name, const weir_address *group,
                        weir_interface interface)
{
    int error = check_group(udp, group);
    if (error) return error;
    struct group_req request = {.gr_interface = index_of(group, interface)};
    weir_address_to_sockaddr(group, &request.gr_group);
    return weir_set_option(io, udp->socket, level_of(group), name, &request, sizeof request);
}

int weir_multicast_join(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                        weir_interface interface)
{
    return joined(change_group(io, udp, MCAST_JOIN_GROUP, group, interface));
}

int weir_multicast_leave(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                         weir_interface interface)
{
    int error = check_group(udp, group);
    return error ? error : left(change_group(io, udp, MCAST_LEAVE_GROUP, group, interface));
}

static int change_source(weir_io *io, weir_udp_socket *udp, int name, const weir_address *group,
                         const weir_address *source, weir_interface interface)
{
    struct group_source_req request = {.gsr_interface = index_of(group, interface)};
    weir_address_to_sockaddr(group, &request.gsr_group);
    weir_address_to_sockaddr(source, &request.gsr_source);
    return weir_set_option(io, udp->socket, level_of(group), name, &request, sizeof request);
}

int weir_multicast_join_source(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                               const weir_address *source, weir_interface interface)
{
    int error = check_group(udp, group);
    if (!error) error = check_source(group, source);
    if (error) return error;
    error = change_source(io, udp, MCAST_JOIN_SOURCE_GROUP, group, source, interface);
    /* Linux says EADDRNOTAVAIL for a source that is there already. */
    return error == WEIR_EADDRNOTAVAIL ? WEIR_EADDRINUSE : joined(error);
}

int weir_multicast_leave_source(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                                const weir_address *source, weir_interface interface)
{
    int error = check_group(udp, group);
    if (!error) error = check_source(group, source);
    if (error) return error;
    return left(change_source(io, udp, MCAST_LEAVE_SOURCE_GROUP, group, source, interface));
}

static int change_at(weir_io *io, weir_udp_socket *udp, int name, const weir_address *group,
                     const weir_address *at)
{
    struct ip_mreqn request = {0};
    memcpy(&request.imr_multiaddr, group->at.ipv4, sizeof request.imr_multiaddr);
    memcpy(&request.imr_address, at->at.ipv4, sizeof request.imr_address);
    return weir_set_option(io, udp->socket, IPPROTO_IP, name, &request, sizeof request);
}

static int check_at(const weir_address *group, const weir_address *at)
{
    if (group->kind != WEIR_ADDRESS_IPV4 || !weir_multicast_is_group(group)) return WEIR_EINVAL;
    return at->kind == WEIR_ADDRESS_IPV4 ? 0 : WEIR_EINVAL;
}

int weir_multicast_join_at(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                           const weir_address *at)
{
    int error = check_at(group, at);
    return error ? error : joined(change_at(io, udp, IP_ADD_MEMBERSHIP, group, at));
}

int weir_multicast_leave_at(weir_io *io, weir_udp_socket *udp, const weir_address *group,
                            const weir_address *at)
{
    int error = check_at(group, at);
    return error ? error : left(change_at(io, udp, IP_DROP_MEMBERSHIP, group, at));
}

int weir_multicast_set_all(weir_io *io, weir_udp_socket *udp, bool on)
{
    const int value = on;
    int error = 0;
    if (udp->family == WEIR_ADDRESS_IPV6)
        error = weir_set_option(io, udp->socket, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &value,
                                sizeof value);
    if (!error)
        error =
            weir_set_option(io, udp->socket, IPPROTO_IP, IP_MULTICAST_ALL, &value, sizeof value);
    return error;
}

/* Ready-made sockets ------------------------------------------------------------------------ */

static weir_address name_to_bind(const weir_multicast_group *what)
{
    weir_address name = what->group;
    /* A group of a link needs its zone to be bound to. */
    if (name.kind == WEIR_ADDRESS_IPV6) name.zone = index_of(&what->group, what->interface);
    if (!what->bind_wildcard) return name;
    return name.kind == WEIR_ADDRESS_IPV6 ? weir_address_any6(name.port)
                                          : weir_address_any4(name.port);
}

/* Binds and joins; before the first datagram can come it is said that others' groups do not
 * count. */
static int begin_listening(weir_io *io, weir_udp_socket *udp, const weir_multicast_group *what)
{
    const weir_address name = name_to_bind(what);
    int error = weir_multicast_set_all(io, udp, false);
    if (!error) error = weir_bind(io, udp->socket, &name);
    if (error) return error;
    if (what->source.kind == WEIR_ADDRESS_NONE)
        return weir_multicast_join(io, udp, &what->group, what->interface);
    return weir_multicast_join_source(io, udp, &what->group, &what->source, what->interface);
}

int weir_multicast_subscribe(weir_io *io, const weir_multicast_group *what,
                             const weir_socket_options *options, weir_udp_socket *out)
{
    weir_udp_socket udp;
    weir_socket_options all = {0};
    if (options) all = *options;
    all.reuse_address = true;
    if (!weir_multicast_is_group(&what->group)) return WEIR_EINVAL;
    int error = weir_udp_open(io, (weir_address_kind)what->group.kind, &all, &udp);
    if (error) return error;
    error = begin_listening(io, &udp, what);
    if (error)
        weir_udp_close(io, &udp);
    else
        *out = udp;
    return error;
}

int weir_multicast_publish(weir_io *io, const weir_address *group,
                           const weir_socket_options *options, weir_udp_socket *out)
{
    weir_socket_options all = {0};
    if (options) all = *options;
    if (!weir_multicast_is_group(group)) return WEIR_EINVAL;
    if (all.multicast_interface.index == 0) all.multicast_interface.index = group->zone;
    return weir_udp_open(io, (weir_address_kind)group->kind, &all, out);
}
