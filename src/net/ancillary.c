/* SPDX-License-Identifier: MIT
 *
 * Control data of datagrams: from and to the kernel's items.
 *
 *      IP_PKTINFO    struct in_pktinfo    interface, address to answer from, destination
 *      IPV6_PKTINFO  struct in6_pktinfo   destination, interface
 *      IP_TOS 1 byte, IPV6_TCLASS int     traffic class
 *      IP_TTL int, IPV6_HOPLIMIT int      TTL
 *      SCM_TIMESTAMPNS struct timespec, SO_RXQ_OVFL uint32_t
 *      UDP_GRO int, UDP_SEGMENT uint16_t  size of the datagrams in the data
 *      IP_RECVERR, IPV6_RECVERR           struct sock_extended_err, then the offender's sockaddr
 */
#include <weir/net/ancillary.h>

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <time.h>

#include <weir/base/error.h>

#include "net/control.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static weir_address ipv4_of(struct in_addr from)
{
    weir_address address = weir_address_any4(0);
    memcpy(address.at.ipv4, &from, sizeof address.at.ipv4);
    return address;
}

/* An address whose zone is the interface, where it has one (RFC 4007 6). */
static weir_address ipv6_of(const struct in6_addr *from, uint32_t interface)
{
    weir_address address = weir_address_any6(0);
    memcpy(address.at.ipv6, from, sizeof address.at.ipv6);
    if (IN6_IS_ADDR_LINKLOCAL(from) || IN6_IS_ADDR_MC_LINKLOCAL(from) ||
        IN6_IS_ADDR_MC_NODELOCAL(from))
        address.zone = interface;
    return address;
}

static bool is_mapped(const weir_address *address)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return address->kind == WEIR_ADDRESS_IPV6 &&
           memcmp(address->at.ipv6, prefix, sizeof prefix) == 0;
}

/* Reading: each takes one kind of item, and returns false when it is no such item. ----------- */

/* What a dual-stack socket is told about an IPv4 datagram, at two levels and in any order: the IPv6
 * item has the addresses as this socket writes them, the IPv4 item the one to answer from. */
typedef struct packet_infos {
    bool had4, had6;
    weir_address answer_from; /* of the IPv4 item */
} packet_infos;

static bool take_packet_info4(const net_control_item *item, weir_ancillary *out,
                              packet_infos *infos)
{
    struct in_pktinfo info;
    if (!net_control_copy(item, &info, sizeof info)) return false;
    infos->had4 = true;
    infos->answer_from = ipv4_of(info.ipi_spec_dst);
    if (infos->had6) return true;
    out->destination = ipv4_of(info.ipi_addr);
    out->local = ipv4_of(info.ipi_spec_dst);
    out->interface.index = (uint32_t)info.ipi_ifindex;
    out->has |= WEIR_ANCILLARY_LOCAL;
    return true;
}

/* Whether an IPv4 address that begins so can be a source: it is no group and not the broadcast. */
static bool may_answer(uint8_t first)
{
    return first >> 4 != 14 && first != 255;
}

static bool take_packet_info6(const net_control_item *item, weir_ancillary *out)
{
    struct in6_pktinfo info;
    if (!net_control_copy(item, &info, sizeof info)) return false;
    out->destination = ipv6_of(&info.ipi6_addr, info.ipi6_ifindex);
    out->local = out->destination;
    const struct in6_addr *to = &info.ipi6_addr;
    /* A group can be no source; mapped groups and broadcast are left to the kernel, which knows. */
    if (IN6_IS_ADDR_MULTICAST(to) || (IN6_IS_ADDR_V4MAPPED(to) && !may_answer(to->s6_addr[12])))
        out->local = (weir_address){.kind = WEIR_ADDRESS_NONE};
    out->interface.index = info.ipi6_ifindex;
    out->has |= WEIR_ANCILLARY_LOCAL;
    return true;
}

/* A number of one byte or an int: the kernel uses both for TOS. */
static bool number_of(const net_control_item *item, int *out)
{
    uint8_t byte;
    if (net_control_copy(item, out, sizeof *out)) return true;
    if (!net_control_copy(item, &byte, sizeof byte)) return false;
    *out = byte;
    return true;
}

static bool take_byte(const net_control_item *item, weir_ancillary *out, uint32_t what,
                      uint8_t *member)
{
    int number;
    if (!number_of(item, &number) || number < 0 || number > UINT8_MAX) return false;
    *member = (uint8_t)number;
    out->has |= what;
    return true;
}

static bool take_segment(const net_control_item *item, weir_ancillary *out)
{
    int number;
    uint16_t half;
    if (net_control_copy(item, &half, sizeof half))
        number = half;
    else if (!net_control_copy(item, &number, sizeof number))
        return false;
    if (number <= 0 || number > UINT16_MAX) return false;
    out->segment = (uint16_t)number;
    out->has |= WEIR_ANCILLARY_SEGMENT;
    return true;
}

static bool take_timestamp(const net_control_item *item, weir_ancillary *out)
{
    struct timespec time;
    const int64_t second = 1000000000;
    if (!net_control_copy(item, &time, sizeof time)) return false;
    if (time.tv_sec < 0 || time.tv_sec >= INT64_MAX / second) return false;
    if (time.tv_nsec < 0 || time.tv_nsec >= second) return false;
    out->timestamp.ns = time.tv_sec * second + time.tv_nsec;
    out->has |= WEIR_ANCILLARY_TIMESTAMP;
    return true;
}

static bool take_dropped(const net_control_item *item, weir_ancillary *out)
{
    if (!net_control_copy(item, &out->dropped, sizeof out->dropped)) return false;
    out->has |= WEIR_ANCILLARY_DROPPED;
    return true;
}

static bool take_error(const net_control_item *item, weir_ancillary *out)
{
    struct sock_extended_err entry;
    if (item->size < sizeof entry) return false;
    memcpy(&entry, item->data, sizeof entry);
    if (entry.ee_errno > INT32_MAX) return false;
    out->error = (weir_ancillary_error){.error = -(int)entry.ee_errno,
                                        .origin = entry.ee_origin,
                                        .type = entry.ee_type,
                                        .code = entry.ee_code,
                                        .info = entry.ee_info,
                                        .data = entry.ee_data};
    struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
    size_t len = item->size - sizeof entry;
    if (len > sizeof name) len = sizeof name;
    memcpy(&name, item->data + sizeof entry, len);
    if (name.ss_family == AF_INET || name.ss_family == AF_INET6)
        (void)weir_address_from_sockaddr((const struct sockaddr *)&name, (socklen_t)len,
                                         &out->error.offender);
    out->has |= WEIR_ANCILLARY_ERROR;
    return true;
}

static void take_ip(const net_control_item *item, weir_ancillary *out, packet_infos *infos)
{
    switch (item->type) {
    case IP_PKTINFO: (void)take_packet_info4(item, out, infos); break;
    case IP_TOS:
        (void)take_byte(item, out, WEIR_ANCILLARY_TRAFFIC_CLASS, &out->traffic_class);
        break;
    case IP_TTL: (void)take_byte(item, out, WEIR_ANCILLARY_TTL, &out->ttl); break;
    case IP_RECVERR: (void)take_error(item, out); break;
    default: break;
    }
}

static void take_ipv6(const net_control_item *item, weir_ancillary *out, packet_infos *infos)
{
    switch (item->type) {
    case IPV6_PKTINFO: infos->had6 |= take_packet_info6(item, out); break;
    case IPV6_TCLASS:
        (void)take_byte(item, out, WEIR_ANCILLARY_TRAFFIC_CLASS, &out->traffic_class);
        break;
    case IPV6_HOPLIMIT: (void)take_byte(item, out, WEIR_ANCILLARY_TTL, &out->ttl); break;
    case IPV6_RECVERR: (void)take_error(item, out); break;
    default: break;
    }
}

static void take_socket(const net_control_item *item, weir_ancillary *out)
{
    if (item->type == SCM_TIMESTAMPNS) (void)take_timestamp(item, out);
    if (item->type == SO_RXQ_OVFL) (void)take_dropped(item, out);
}

int weir_ancillary_read(const void *control, size_t len, weir_ancillary *out)
{
    net_control_reader reader = {.data = control, .len = len};
    net_control_item item;
    packet_infos infos = {0};
    out->has = 0;
    while (net_control_next(&reader, &item)) {
        switch (item.level) {
        case IPPROTO_IP: take_ip(&item, out, &infos); break;
        case IPPROTO_IPV6: take_ipv6(&item, out, &infos); break;
        case SOL_SOCKET: take_socket(&item, out); break;
        case IPPROTO_UDP:
            if (item.type == UDP_GRO || item.type == UDP_SEGMENT) (void)take_segment(&item, out);
            break;
        default: break;
        }
    }
    if (infos.had4 && infos.had6 && is_mapped(&out->destination) &&
        may_answer(infos.answer_from.at.ipv4[0]))
        out->local = weir_address_map(&infos.answer_from);
    return reader.len == 0 ? 0 : WEIR_EINVAL;
}

uint32_t weir_ancillary_segment(const weir_message *message)
{
    net_control_reader reader = {.data = message->control, .len = message->control_len};
    net_control_item item;
    weir_ancillary found;
    while (net_control_next(&reader, &item))
        if (item.level == IPPROTO_UDP && item.type == UDP_GRO && take_segment(&item, &found))
            return found.segment;
    return 0;
}

/* Writing ----------------------------------------------------------------------------------- */

static bool put_int(net_control_writer *writer, int level, int type, int value)
{
    return net_control_put(writer, level, type, &value, sizeof value);
}

static bool put_source4(net_control_writer *writer, const weir_address *local, uint32_t interface)
{
    struct in_pktinfo info = {.ipi_ifindex = (int)interface};
    if (local->kind == WEIR_ADDRESS_IPV4)
        memcpy(&info.ipi_spec_dst, local->at.ipv4, sizeof info.ipi_spec_dst);
    return net_control_put(writer, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
}

static bool put_source6(net_control_writer *writer, const weir_address *local, uint32_t interface,
                        bool mapped)
{
    struct in6_pktinfo info = {.ipi6_ifindex = interface};
    /* The kernel wants a mapped address in an item for an IPv4 datagram, also to say "none". */
    if (mapped) info.ipi6_addr.s6_addr[10] = info.ipi6_addr.s6_addr[11] = 0xff;
    if (local->kind == WEIR_ADDRESS_IPV6)
        memcpy(&info.ipi6_addr, local->at.ipv6, sizeof info.ipi6_addr);
    else if (local->kind == WEIR_ADDRESS_IPV4)
        memcpy(info.ipi6_addr.s6_addr + 12, local->at.ipv4, sizeof local->at.ipv4);
    return net_control_put(writer, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
}

static bool put_source(net_control_writer *writer, weir_address_kind family, bool mapped,
                       const weir_address *local, uint32_t interface)
{
    return family == WEIR_ADDRESS_IPV6 ? put_source6(writer, local, interface, mapped)
                                       : put_source4(writer, local, interface);
}

int64_t weir_ancillary_write(const weir_ancillary *ancillary, weir_address_kind family,
                             const weir_address *to, void *out, size_t room)
{
    static const weir_address none;
    net_control_writer writer = {.data = out, .room = room};
    const bool known = to && to->kind != WEIR_ADDRESS_NONE;
    const uint32_t has = ancillary->has;
    const weir_address *local = has & WEIR_ANCILLARY_LOCAL ? &ancillary->local : &none;
    const bool mapped = is_mapped(known ? to : local);
    const bool ipv4 = family == WEIR_ADDRESS_IPV4 || mapped;
    if (family != WEIR_ADDRESS_IPV4 && family != WEIR_ADDRESS_IPV6) return WEIR_EINVAL;
    if (known && to->kind != family) return WEIR_EINVAL;
    /* On an IPv6 socket an IPv4 source is one for a mapped peer, and a mapped one for no other. */
    if (local->kind == WEIR_ADDRESS_UNIX ||
        (local->kind == WEIR_ADDRESS_IPV6 &&
         (family != local->kind || is_mapped(local) != mapped)) ||
        (local->kind == WEIR_ADDRESS_IPV4 && !ipv4))
        return WEIR_EINVAL;

    bool fits = true;
    if (has & WEIR_ANCILLARY_LOCAL)
        fits = put_source(&writer, family, mapped, local, ancillary->interface.index);
    if (fits && has & WEIR_ANCILLARY_TRAFFIC_CLASS)
        fits = put_int(&writer, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_TOS : IPV6_TCLASS,
                       ancillary->traffic_class);
    if (fits && has & WEIR_ANCILLARY_TTL)
        fits = put_int(&writer, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_TTL : IPV6_HOPLIMIT,
                       ancillary->ttl);
    if (fits && has & WEIR_ANCILLARY_SEGMENT)
        fits = net_control_put(&writer, IPPROTO_UDP, UDP_SEGMENT, &ancillary->segment,
                               sizeof ancillary->segment);
    return fits ? (int64_t)writer.len : WEIR_ENOBUFS;
}

/* Turning a request into its answer --------------------------------------------------------- */

/* The interface is only named where the addresses do not determine it: routes may lead back
 * another way than the request came. */
static uint32_t way_back(const weir_ancillary *about)
{
    const weir_address *local = &about->local;
    if (local->kind == WEIR_ADDRESS_NONE || local->zone != 0) return about->interface.index;
    const bool same = weir_address_equal(local, &about->destination);
    return same ? 0 : about->interface.index;
}

uint32_t weir_ancillary_write_back(const weir_ancillary *request, const weir_address *peer,
                                   void *out, size_t room)
{
    net_control_writer writer = {.data = out, .room = room};
    if (request->has & WEIR_ANCILLARY_LOCAL &&
        (peer->kind == WEIR_ADDRESS_IPV4 || peer->kind == WEIR_ADDRESS_IPV6))
        (void)put_source(&writer, (weir_address_kind)peer->kind, is_mapped(peer), &request->local,
                         way_back(request));
    return (uint32_t)writer.len;
}

void weir_ancillary_turn(weir_message *message)
{
    weir_ancillary about;
    if (weir_ancillary_of(message, &about) < 0) about.has = 0;
    /* What was read is as long as what is written, unless it was of another family. */
    message->control_len = weir_ancillary_write_back(&about, &message->address, message->control,
                                                     message->control_len);
    message->came = 0;
}
