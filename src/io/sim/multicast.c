/* SPDX-License-Identifier: MIT
 *
 * Groups and broadcasts: who is a member, of which sources, and to whom a datagram for many goes
 * (ip(7), RFC 3678, RFC 3376).
 *
 *      a group      the hosts with a member on that interface; there, each socket whose name fits
 *                   and whose own filter lets the source through
 *      a broadcast  all hosts with an IPv4 address; there, each socket whose name fits
 *
 * The network between the hosts knows the members of the moment of sending, as a switch does that
 * listens to their reports.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/udp.h"

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

enum {
    MOST_GROUPS = 20,  /* net.ipv4.igmp_max_memberships; of IPv6 any number */
    MOST_SOURCES = 10, /* net.ipv4.igmp_max_msf */
};

/* A socket's membership. */
typedef struct sim_member {
    struct sim_member *next; /* of the host */
    const udp *owner;
    uint8_t group[16];
    int device;
    bool only; /* from these sources alone; else from all but these */
    uint32_t count;
    uint8_t sources[MOST_SOURCES][16];
} sim_member;

bool weir_sim_is_for_many(const uint8_t ip[16])
{
    return weir_sim_is_multicast(ip) || weir_sim_is_broadcast(ip);
}

static bool lets_through(const sim_member *m, const uint8_t source[16])
{
    for (uint32_t i = 0; i < m->count; i++)
        if (weir_sim_same_ip(m->sources[i], source)) return m->only;
    return !m->only;
}

static bool is_member(const host *h, const sim_datagram *d, int device)
{
    for (const sim_member *m = h->net->members; m; m = m->next)
        if (m->device == device && weir_sim_same_ip(m->group, d->to.ip) &&
            lets_through(m, d->from.ip))
            return true;
    return false;
}

/* Delivery ---------------------------------------------------------------------------------- */

/* Whether a socket wants what its host takes: its own memberships say, and without one whether it
 * hears what others have joined. */
static bool wants(const udp *u, const sim_datagram *d)
{
    for (const sim_member *m = u->node.host->net->members; m; m = m->next)
        if (m->owner == u && m->device == d->device && weir_sim_same_ip(m->group, d->to.ip))
            return lets_through(m, d->from.ip);
    return weir_sim_udp_has(u, weir_sim_is_four(d->to.ip), IP_MULTICAST_ALL, IPV6_MULTICAST_ALL);
}

static bool fits(const sim_binding *b, const sim_datagram *d)
{
    const bool four = weir_sim_is_four(d->to.ip);
    const int only = weir_sim_option(b->node, SOL_SOCKET, SO_BINDTOIFINDEX);
    if (only && only != d->device) return false;
    if (b->connected && !weir_sim_same_name(&b->remote, &d->from)) return false;
    if (weir_sim_same_ip(b->local.ip, d->to.ip)) return true;
    if (!weir_sim_is_any(b->local.ip)) return false;
    return weir_sim_is_four(b->local.ip) ? four : !four || !b->six_only;
}

static void deliver(void *datagram, sim_binding *b)
{
    const sim_datagram *d = datagram;
    udp *u = (udp *)b->node;
    if (!u || !fits(b, d)) return;
    if (weir_sim_is_multicast(d->to.ip) && !wants(u, d)) return;
    sim_datagram *copy = weir_sim_udp_copy(d);
    if (copy) weir_sim_udp_enqueue(u, copy);
}

void weir_sim_udp_deliver_to_many(sim_datagram *d)
{
    host *h = d->to_host;
    if (weir_sim_is_broadcast(d->to.ip) || is_member(h, d, d->device))
        weir_sim_port_each(h, SIM_UDP, d->to.port, deliver, d);
    free(d);
}

static bool is_asked(const host *h, const sim_datagram *d)
{
    uint8_t ignored[16];
    if (!weir_sim_device_address(h, DEVICE_NET, weir_sim_is_four(d->to.ip), ignored)) return false;
    return weir_sim_is_broadcast(d->to.ip) || is_member(h, d, DEVICE_NET);
}

static void send_copy(host *from, const sim_datagram *d, host *to, sim_link *link)
{
    sim_datagram *copy = weir_sim_udp_copy(d);
    if (!copy) return;
    copy->to_host = to;
    weir_sim_udp_travel(from, copy, link);
}

void weir_sim_udp_spread(udp *u, sim_datagram *d)
{
    host *h = u->node.host;
    const bool group = weir_sim_is_multicast(d->to.ip);
    /* The loopback interface gives back what it gets, whatever the option says. */
    const bool back =
        d->device == DEVICE_LO || !group ||
        weir_sim_udp_has(u, weir_sim_is_four(d->to.ip), IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP);
    if (back) send_copy(h, d, h, NULL);
    if (d->device == DEVICE_NET && (d->hops > 0 || !group)) {
        for (host *other = h->world->hosts; other; other = other->next) {
            if (other == h || !is_asked(other, d)) continue;
            sim_link *link = weir_sim_link_get(h, other);
            if (link) send_copy(h, d, other, link);
        }
    }
    free(d);
}

/* Memberships ------------------------------------------------------------------------------- */

/* A group and what is asked of it. */
typedef struct request {
    sim_name group, source;
    int device;
} request;

static sim_member **find(const udp *u, const request *r)
{
    sim_member **at = &u->node.host->net->members;
    while (*at && !((*at)->owner == u && (*at)->device == r->device &&
                    weir_sim_same_ip((*at)->group, r->group.ip)))
        at = &(*at)->next;
    return at;
}

static int64_t join(const udp *u, const request *r, bool only)
{
    sim_member **at = find(u, r);
    if (*at) return WEIR_EADDRINUSE;
    uint32_t count = 0;
    for (const sim_member *m = u->node.host->net->members; m; m = m->next) count += m->owner == u;
    if (weir_sim_is_four(r->group.ip) && count >= MOST_GROUPS) return WEIR_ENOBUFS;
    sim_member *m = calloc(1, sizeof *m);
    if (!m) return WEIR_ENOMEM;
    m->owner = u;
    m->device = r->device;
    m->only = only;
    memcpy(m->group, r->group.ip, 16);
    *at = m;
    return 0;
}

static int64_t leave(const udp *u, const request *r)
{
    sim_member **at = find(u, r), *m = *at;
    if (!m) return WEIR_EADDRNOTAVAIL;
    *at = m->next;
    free(m);
    return 0;
}

/* The place of a source among those of a membership, or their number. */
static uint32_t place_of(const sim_member *m, const uint8_t source[16])
{
    uint32_t i = 0;
    while (i < m->count && !weir_sim_same_ip(m->sources[i], source)) i++;
    return i;
}

static int64_t add_source(sim_member *m, const request *r, bool only)
{
    if (m->only != only) {
        if (m->count > 0) return WEIR_EINVAL;
        m->only = only;
    }
    if (place_of(m, r->source.ip) < m->count) return WEIR_EADDRNOTAVAIL;
    if (m->count == MOST_SOURCES) return WEIR_ENOBUFS;
    memcpy(m->sources[m->count++], r->source.ip, 16);
    return 0;
}

static int64_t join_source(const udp *u, const request *r)
{
    const int64_t error = join(u, r, true);
    if (error && error != WEIR_EADDRINUSE) return error;
    return add_source(*find(u, r), r, true);
}

static int64_t drop_source(const udp *u, const request *r, bool only)
{
    sim_member *m = *find(u, r);
    if (!m || (m->only != only && m->count > 0)) return WEIR_EINVAL;
    const uint32_t at = place_of(m, r->source.ip);
    if (at == m->count) return WEIR_EADDRNOTAVAIL;
    if (only && m->count == 1) return leave(u, r);
    m->count--;
    memmove(m->sources[at], m->sources[at + 1], (m->count - at) * sizeof m->sources[0]);
    return 0;
}

static int64_t block_source(const udp *u, const request *r)
{
    sim_member *m = *find(u, r);
    return m ? add_source(m, r, false) : WEIR_EINVAL;
}

void weir_sim_group_leave_all(udp *u)
{
    sim_member **at = &u->node.host->net->members;
    while (*at) {
        sim_member *m = *at;
        if (m->owner != u) {
            at = &m->next;
            continue;
        }
        *at = m->next;
        free(m);
    }
}

/* Options ----------------------------------------------------------------------------------- */

static bool take_name(const struct sockaddr_storage *from, int level, sim_name *out)
{
    weir_address address;
    if (weir_address_from_sockaddr((const struct sockaddr *)from, sizeof *from, &address) < 0)
        return false;
    if ((address.kind == WEIR_ADDRESS_IPV4) != (level == IPPROTO_IP)) return false;
    return weir_sim_name_from(&address, out);
}

/* The interface that a request names, or the one that leads to the network. */
static int64_t choose_device(const udp *u, int64_t index, request *r)
{
    const host *h = u->node.host;
    r->device = index ? (int)index : DEVICE_NET;
    if (!weir_sim_is_multicast(r->group.ip)) return WEIR_EINVAL;
    return weir_sim_device_exists(h, index ? index : DEVICE_NET) ? 0 : WEIR_ENODEV;
}

static int64_t change_group(const udp *u, int level, int name, const void *value, uint32_t size)
{
    struct group_req asked;
    request r = {0};
    if (size < sizeof asked) return WEIR_EINVAL;
    memcpy(&asked, value, sizeof asked);
    if (!take_name(&asked.gr_group, level, &r.group)) return WEIR_EADDRNOTAVAIL;
    const int64_t error = choose_device(u, asked.gr_interface, &r);
    if (error) return error;
    return name == MCAST_JOIN_GROUP ? join(u, &r, false) : leave(u, &r);
}

static int64_t change_source(const udp *u, int level, int name, const void *value, uint32_t size)
{
    struct group_source_req asked;
    request r = {0};
    if (size < sizeof asked) return WEIR_EINVAL;
    memcpy(&asked, value, sizeof asked);
    if (!take_name(&asked.gsr_group, level, &r.group) ||
        !take_name(&asked.gsr_source, level, &r.source))
        return WEIR_EADDRNOTAVAIL;
    const int64_t error = choose_device(u, asked.gsr_interface, &r);
    if (error) return error;
    switch (name) {
    case MCAST_JOIN_SOURCE_GROUP: return join_source(u, &r);
    case MCAST_LEAVE_SOURCE_GROUP: return drop_source(u, &r, true);
    case MCAST_BLOCK_SOURCE: return block_source(u, &r);
    default: return drop_source(u, &r, false);
    }
}

/* struct ip_mreqn, ip_mreq, and of IP_MULTICAST_IF in_addr: the longer ones begin as the shorter
 * ones do. */
static bool take_request4(const void *value, uint32_t size, struct ip_mreqn *out)
{
    *out = (struct ip_mreqn){0};
    if (size >= sizeof *out) return memcpy(out, value, sizeof *out);
    if (size >= sizeof(struct ip_mreq)) return memcpy(out, value, sizeof(struct ip_mreq));
    if (size < sizeof(struct in_addr)) return false;
    return memcpy(&out->imr_address, value, sizeof out->imr_address);
}

/* The interface that a request names by its index or by an address; 0: none, negative: it is not
 * there. */
static int device_of(const host *h, const struct ip_mreqn *asked)
{
    uint8_t ip[16] = {[10] = 0xff, [11] = 0xff};
    if (asked->imr_ifindex)
        return weir_sim_device_exists(h, asked->imr_ifindex) ? asked->imr_ifindex : -1;
    memcpy(ip + 12, &asked->imr_address, 4);
    if (weir_sim_is_any(ip)) return DEVICE_NONE;
    return weir_sim_is_own(h, ip) ? weir_sim_device_of(ip) : -1;
}

static int64_t change_at(const udp *u, int name, const void *value, uint32_t size)
{
    struct ip_mreqn asked;
    request r = {.group.ip = {[10] = 0xff, [11] = 0xff}};
    if (size < sizeof(struct ip_mreq) || !take_request4(value, size, &asked)) return WEIR_EINVAL;
    memcpy(r.group.ip + 12, &asked.imr_multiaddr, 4);
    const int device = device_of(u->node.host, &asked);
    if (device < 0) return WEIR_ENODEV;
    const int64_t error = choose_device(u, device, &r);
    if (error) return error;
    return name == IP_ADD_MEMBERSHIP ? join(u, &r, false) : leave(u, &r);
}

static int64_t change_six(const udp *u, int name, const void *value, uint32_t size)
{
    struct ipv6_mreq asked;
    request r = {0};
    if (size < sizeof asked) return WEIR_EINVAL;
    memcpy(&asked, value, sizeof asked);
    memcpy(r.group.ip, &asked.ipv6mr_multiaddr, 16);
    const int64_t error = choose_device(u, asked.ipv6mr_interface, &r);
    if (error) return error;
    return name == IPV6_ADD_MEMBERSHIP ? join(u, &r, false) : leave(u, &r);
}

static int64_t set_device4(udp *u, const void *value, uint32_t size)
{
    struct ip_mreqn asked;
    if (!take_request4(value, size, &asked)) return WEIR_EINVAL;
    const int device = device_of(u->node.host, &asked);
    if (device < 0) return WEIR_EADDRNOTAVAIL;
    u->group_device[true] = (uint8_t)device;
    memcpy(u->group_source, &asked.imr_address, sizeof u->group_source);
    return 0;
}

static int64_t set_device6(udp *u, const void *value, uint32_t size)
{
    int index;
    if (size < sizeof index) return WEIR_EINVAL;
    memcpy(&index, value, sizeof index);
    if (index != 0 && !weir_sim_device_exists(u->node.host, index)) return WEIR_ENODEV;
    u->group_device[false] = (uint8_t)index;
    return 0;
}

int64_t weir_sim_group_get(udp *u, int level, int name, void *value, uint32_t *size)
{
    const int index = u->group_device[false];
    const bool six = level == IPPROTO_IPV6 && name == IPV6_MULTICAST_IF;
    if (!six && !(level == IPPROTO_IP && name == IP_MULTICAST_IF)) return SIM_WAIT;
    if (six && u->node.family != AF_INET6) return SIM_WAIT;
    if (*size > 4) *size = 4;
    memcpy(value, six ? (const void *)&index : u->group_source, *size);
    return 0;
}

int64_t weir_sim_group_set(udp *u, int level, int name, const void *value, uint32_t size)
{
    if (level != IPPROTO_IP && !(level == IPPROTO_IPV6 && u->node.family == AF_INET6))
        return SIM_WAIT;
    switch (name) {
    case MCAST_JOIN_GROUP:
    case MCAST_LEAVE_GROUP: return change_group(u, level, name, value, size);
    case MCAST_JOIN_SOURCE_GROUP:
    case MCAST_LEAVE_SOURCE_GROUP:
    case MCAST_BLOCK_SOURCE:
    case MCAST_UNBLOCK_SOURCE: return change_source(u, level, name, value, size);
    default: break;
    }
    if (level == IPPROTO_IP) {
        if (name == IP_MULTICAST_IF) return set_device4(u, value, size);
        if (name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP)
            return change_at(u, name, value, size);
        return SIM_WAIT;
    }
    if (name == IPV6_MULTICAST_IF) return set_device6(u, value, size);
    if (name == IPV6_ADD_MEMBERSHIP || name == IPV6_DROP_MEMBERSHIP)
        return change_six(u, name, value, size);
    return SIM_WAIT;
}
