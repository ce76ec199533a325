/* SPDX-License-Identifier: MIT
 *
 * Sending datagrams: to whom and how by the call, its control data and the socket's options
 * (ip(7), ipv6(7), udp(7)); cut into several where that is asked for (UDP_SEGMENT).
 *
 * A host speaks to all others over one network: a datagram arrives with the TTL that it left with.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/udp.h"

enum {
    LARGEST_FOUR = 65507,
    LARGEST_SIX = 65527,
    HEADER_FOUR = 28, /* of IP and UDP, in the MTU */
    HEADER_SIX = 48,
    MOST_SEGMENTS = 64, /* UDP_MAX_SEGMENTS */
};

/* How one call sends. */
typedef struct manner {
    sim_name to;
    uint8_t source[16]; /* any: the socket's */
    int device;         /* 0: the one that leads there */
    int hops, class_;   /* -1: the socket's */
    int segment;        /* 0: not cut */
} manner;

/* To whom a datagram goes. */
static int64_t target_of(const udp *u, const sim_transfer *t, sim_name *out)
{
    const weir_message *message = t->message;
    *out = u->binding.remote;
    if (!message || message->address.kind == WEIR_ADDRESS_NONE)
        return u->binding.connected ? 0 : -EDESTADDRREQ;
    const int64_t error = weir_sim_name_fits(&u->node, &message->address, out);
    if (error) return error;
    if (out->port == 0) return WEIR_EINVAL;
    if (weir_sim_is_any(out->ip)) weir_sim_source(u->node.host, out->ip, out->ip);
    if (weir_sim_is_broadcast(out->ip) && !weir_sim_option(&u->node, SOL_SOCKET, SO_BROADCAST))
        return WEIR_EACCES;
    return 0;
}

/* Control data ------------------------------------------------------------------------------ */

/* The number in an item, if it is within its range. */
static bool take_number(const struct cmsghdr *item, int least, int *out)
{
    if (item->cmsg_len != CMSG_LEN(sizeof *out)) return false;
    memcpy(out, CMSG_DATA(item), sizeof *out);
    return *out >= least && *out <= UINT8_MAX;
}

/* The one item that may also be a byte. */
static bool take_tos(const struct cmsghdr *item, int *out)
{
    if (item->cmsg_len != CMSG_LEN(1)) return take_number(item, 0, out);
    *out = *CMSG_DATA(item);
    return true;
}

static bool take_source4(const struct cmsghdr *item, manner *m)
{
    struct in_pktinfo info;
    if (item->cmsg_len != CMSG_LEN(sizeof info)) return false;
    memcpy(&info, CMSG_DATA(item), sizeof info);
    if (info.ipi_ifindex) m->device = info.ipi_ifindex;
    memset(m->source, 0, 10);
    memset(m->source + 10, 0xff, 2);
    memcpy(m->source + 12, &info.ipi_spec_dst, 4);
    return true;
}

static bool take_source6(const struct cmsghdr *item, bool four, manner *m)
{
    struct in6_pktinfo info;
    if (item->cmsg_len < CMSG_LEN(sizeof info)) return false;
    memcpy(&info, CMSG_DATA(item), sizeof info);
    if (four && !IN6_IS_ADDR_V4MAPPED(&info.ipi6_addr)) return false;
    if (info.ipi6_ifindex) m->device = (int)info.ipi6_ifindex;
    memcpy(m->source, &info.ipi6_addr, 16);
    return true;
}

static bool take_ip(const struct cmsghdr *item, manner *m)
{
    switch (item->cmsg_type) {
    case IP_PKTINFO: return take_source4(item, m);
    case IP_TTL: return take_number(item, 1, &m->hops);
    case IP_TOS: return take_tos(item, &m->class_);
    default: return false;
    }
}

static bool take_ipv6(const struct cmsghdr *item, manner *m)
{
    switch (item->cmsg_type) {
    case IPV6_PKTINFO: return take_source6(item, false, m);
    case IPV6_HOPLIMIT: return take_number(item, -1, &m->hops);
    case IPV6_TCLASS: return take_number(item, -1, &m->class_);
    default: return false;
    }
}

static bool take_segment(const struct cmsghdr *item, manner *m)
{
    uint16_t segment;
    if (item->cmsg_type != UDP_SEGMENT || item->cmsg_len != CMSG_LEN(sizeof segment)) return false;
    memcpy(&segment, CMSG_DATA(item), sizeof segment);
    m->segment = segment;
    return true;
}

/* An item of the family that is not the datagram's is passed over, as Linux does. */
static bool take_item(const udp *u, const struct cmsghdr *item, manner *m)
{
    const bool four = weir_sim_is_four(m->to.ip), six = u->node.family == AF_INET6;
    switch (item->cmsg_level) {
    case IPPROTO_UDP: return take_segment(item, m);
    case IPPROTO_IP: return four ? take_ip(item, m) : true;
    case IPPROTO_IPV6:
        if (!four) return take_ipv6(item, m);
        return six && item->cmsg_type == IPV6_PKTINFO ? take_source6(item, true, m) : true;
    case SOL_SOCKET: return item->cmsg_type == SCM_RIGHTS || item->cmsg_type == SCM_CREDENTIALS;
    default: return true;
    }
}

static int64_t read_control(const udp *u, const weir_message *message, manner *m)
{
    if (!message || message->control_len == 0) return 0;
    struct msghdr all = {.msg_control = message->control, .msg_controllen = message->control_len};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&all); c; c = CMSG_NXTHDR(&all, c)) {
        const size_t left = message->control_len - (size_t)((char *)c - (char *)message->control);
        if (c->cmsg_len < CMSG_LEN(0) || c->cmsg_len > left) return WEIR_EINVAL;
        if (!take_item(u, c, m)) return WEIR_EINVAL;
    }
    return 0;
}

/* What the socket says where the call does not ----------------------------------------------- */

static bool is_source(const uint8_t ip[16])
{
    return !weir_sim_is_any(ip) && !weir_sim_is_for_many(ip);
}

/* Where a datagram for many leaves. */
static int device_for_many(const udp *u, const manner *m)
{
    const host *h = u->node.host;
    const bool four = weir_sim_is_four(m->to.ip);
    uint8_t ignored[16];
    if (weir_sim_is_broadcast(m->to.ip) && m->to.ip[12] == 127) return DEVICE_LO;
    if (m->to.zone) return (int)m->to.zone;
    if (weir_sim_is_multicast(m->to.ip) && u->group_device[four]) return u->group_device[four];
    if (is_source(m->source)) return weir_sim_device_of(m->source);
    return weir_sim_device_address(h, DEVICE_NET, four, ignored) ? DEVICE_NET : DEVICE_NONE;
}

static int64_t complete(const udp *u, manner *m)
{
    const host *h = u->node.host;
    const bool four = weir_sim_is_four(m->to.ip), many = weir_sim_is_for_many(m->to.ip);
    if (is_source(m->source) && !weir_sim_is_own(h, m->source)) return WEIR_EINVAL;
    if (m->device && !weir_sim_device_exists(h, m->device)) return WEIR_ENODEV;
    if (!is_source(m->source) && is_source(u->binding.local.ip))
        memcpy(m->source, u->binding.local.ip, 16);
    if (many && !m->device) m->device = device_for_many(u, m);
    if (many && !weir_sim_device_exists(h, m->device)) return WEIR_ENETUNREACH;
    if (!many && m->device == DEVICE_LO && !weir_sim_is_own(h, m->to.ip)) return WEIR_ENETUNREACH;
    if (!is_source(m->source)) {
        if (!many) weir_sim_source(h, m->to.ip, m->source);
        if (many && !weir_sim_device_address(h, m->device, four, m->source))
            return WEIR_ENETUNREACH;
    }
    const bool group = weir_sim_is_multicast(m->to.ip);
    if (m->hops < 0)
        m->hops = four ? weir_sim_option(&u->node, IPPROTO_IP, group ? IP_MULTICAST_TTL : IP_TTL)
                       : weir_sim_option(&u->node, IPPROTO_IPV6,
                                         group ? IPV6_MULTICAST_HOPS : IPV6_UNICAST_HOPS);
    if (m->class_ < 0)
        m->class_ = four ? weir_sim_option(&u->node, IPPROTO_IP, IP_TOS)
                         : weir_sim_option(&u->node, IPPROTO_IPV6, IPV6_TCLASS);
    return 0;
}

/* Whether the length is one that can be sent so. */
static int64_t check_length(udp *u, manner *m, size_t length)
{
    const bool four = weir_sim_is_four(m->to.ip);
    const size_t header = four ? HEADER_FOUR : HEADER_SIX;
    const bool lo = weir_sim_is_for_many(m->to.ip) ? m->device == DEVICE_LO
                                                   : weir_sim_is_own(u->node.host, m->to.ip);
    const int mtu = weir_sim_device_mtu(lo ? DEVICE_LO : DEVICE_NET);
    if (length > (size_t)(four ? LARGEST_FOUR : LARGEST_SIX)) return WEIR_EMSGSIZE;
    if (m->segment && length <= (size_t)m->segment) m->segment = 0;
    if (m->segment) {
        if ((size_t)m->segment + header > (size_t)mtu) return WEIR_EINVAL;
        return length > (size_t)m->segment * MOST_SEGMENTS ? WEIR_EINVAL : 0;
    }
    const int discovery = four ? weir_sim_option(&u->node, IPPROTO_IP, IP_MTU_DISCOVER)
                               : weir_sim_option(&u->node, IPPROTO_IPV6, IPV6_MTU_DISCOVER);
    const bool whole = discovery == IP_PMTUDISC_DO || discovery == IP_PMTUDISC_PROBE;
    if (!whole || length + header <= (size_t)mtu) return 0;
    weir_sim_udp_too_long(u, &m->to, mtu);
    return WEIR_EMSGSIZE;
}

/* One datagram of the next `length` bytes. */
static sim_datagram *make(const udp *u, const manner *m, sim_transfer *t, size_t length)
{
    sim_datagram *d = malloc(sizeof *d + length);
    if (!d) return NULL;
    /* What a host sends to itself goes by the loopback interface, whichever of its addresses it is
     * for; what goes to another one arrives at its network interface (udp_travel.c). */
    const bool many = weir_sim_is_for_many(m->to.ip);
    *d = (sim_datagram){.from = u->binding.local,
                        .to = m->to,
                        .device = (uint8_t)(many ? m->device : DEVICE_LO),
                        .hops = (uint8_t)m->hops,
                        .class_ = (uint8_t)m->class_,
                        .length = (uint32_t)length};
    memcpy(d->from.ip, m->source, 16);
    d->from.zone = 0;
    weir_sim_transfer_out(t, d->data, length);
    return d;
}

static void send_one(udp *u, sim_datagram *d, host *there, sim_link *link)
{
    if (weir_sim_is_for_many(d->to.ip)) {
        weir_sim_udp_spread(u, d);
        return;
    }
    d->to_host = there;
    if (there) {
        weir_sim_udp_travel(u->node.host, d, link);
    } else {
        free(d);
    }
}

int64_t weir_sim_udp_send(sim_node *n, sim_transfer *t)
{
    udp *u = (udp *)n;
    host *there = NULL;
    sim_link *link = NULL;
    manner m = {.device = weir_sim_option(n, SOL_SOCKET, SO_BINDTOIFINDEX),
                .hops = -1,
                .class_ = -1,
                .segment = weir_sim_option(n, IPPROTO_UDP, UDP_SEGMENT)};
    if (n->error) return sim_take_error(n);
    if (u->shut_out) return WEIR_EPIPE;
    int64_t error = target_of(u, t, &m.to);
    if (!error) error = read_control(u, t->message, &m);
    if (!error) error = complete(u, &m);
    if (!error) error = check_length(u, &m, t->length);
    if (!error && !weir_sim_is_for_many(m.to.ip))
        error = weir_sim_route(n->host, m.to.ip, &there, &link);
    if (!error) error = weir_sim_udp_autobind(u);
    if (error) return error;
    const size_t length = t->length, step = m.segment ? (size_t)m.segment : length;
    const uint64_t burst = m.segment ? ++u->bursts : 0;
    size_t left = length;
    do {
        const size_t part = left < step ? left : step;
        sim_datagram *d = make(u, &m, t, part);
        if (!d) return left == length ? WEIR_ENOMEM : (int64_t)length; /* the rest is lost */
        left -= part;
        d->burst = burst;
        send_one(u, d, there, link);
    } while (left > 0);
    return (int64_t)length;
}
