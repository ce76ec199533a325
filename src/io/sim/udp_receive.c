/* SPDX-License-Identifier: MIT
 *
 * Receiving datagrams and errors, with what the socket asked to be told about them.
 */
#include "io/sim/udp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    QUOTED_FOUR = 520, /* of a datagram, in a report of ICMP: 576 bytes less headers (RFC 1812) */
    QUOTED_SIX = 1184, /* 1280 bytes less headers (RFC 4443 2.4) */
    PORT_UNREACHABLE_FOUR = 3,
    PORT_UNREACHABLE_SIX = 4,
    UNREACHABLE_FOUR = 3,
    UNREACHABLE_SIX = 1,
};

/* Control data ------------------------------------------------------------------------------ */

typedef struct writer {
    weir_message *message;
    size_t room, used;
} writer;

/* What does not fit is cut, as the kernel cuts it: a part of an item is there, with its length. */
static void put(writer *to, int level, int type, const void *value, size_t size)
{
    const size_t left = to->room - to->used, whole = CMSG_LEN(size);
    if (left < whole) to->message->came |= WEIR_MESSAGE_CONTROL_TRUNCATED;
    if (left < sizeof(struct cmsghdr)) return;
    const struct cmsghdr header = {
        .cmsg_len = left < whole ? left : whole, .cmsg_level = level, .cmsg_type = type};
    char *at = (char *)to->message->control + to->used;
    const size_t space = CMSG_SPACE(size) < left ? CMSG_SPACE(size) : left;
    memset(at, 0, space);
    memcpy(at, &header, sizeof header);
    if (header.cmsg_len > CMSG_LEN(0))
        memcpy(at + CMSG_LEN(0), value, header.cmsg_len - CMSG_LEN(0));
    to->used += space;
}

static void put_int(writer *to, int level, int type, int value)
{
    put(to, level, type, &value, sizeof value);
}

static void put_packet_info4(writer *to, const host *h, const sim_datagram *d)
{
    uint8_t own[16];
    struct in_pktinfo info = {.ipi_ifindex = d->device};
    memcpy(&info.ipi_addr, d->to.ip + 12, 4);
    memcpy(own, d->to.ip, 16);
    if (weir_sim_is_for_many(own)) weir_sim_device_address(h, d->device, true, own);
    memcpy(&info.ipi_spec_dst, own + 12, 4);
    put(to, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
}

static void put_packet_info6(writer *to, const sim_datagram *d)
{
    struct in6_pktinfo info = {.ipi6_ifindex = d->device};
    memcpy(&info.ipi6_addr, d->to.ip, 16);
    put(to, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
}

static void put_ip(writer *to, const udp *u, const sim_datagram *d)
{
    const sim_node *n = &u->node;
    const bool four = weir_sim_is_four(d->to.ip);
    const uint8_t class_ = d->class_;
    if (n->family == AF_INET6 && weir_sim_option(n, IPPROTO_IPV6, IPV6_RECVPKTINFO))
        put_packet_info6(to, d);
    if (four && weir_sim_option(n, IPPROTO_IP, IP_PKTINFO)) put_packet_info4(to, n->host, d);
    if (weir_sim_udp_has(u, four, IP_RECVTTL, IPV6_RECVHOPLIMIT))
        put_int(to, four ? IPPROTO_IP : IPPROTO_IPV6, four ? IP_TTL : IPV6_HOPLIMIT, d->hops);
    if (!weir_sim_udp_has(u, four, IP_RECVTOS, IPV6_RECVTCLASS)) return;
    if (four)
        put(to, IPPROTO_IP, IP_TOS, &class_, sizeof class_);
    else
        put_int(to, IPPROTO_IPV6, IPV6_TCLASS, class_);
}

static void write_control(const udp *u, const sim_datagram *d, weir_message *message)
{
    writer to = {.message = message, .room = message->control_len};
    if (weir_sim_option(&u->node, SOL_SOCKET, SO_TIMESTAMPNS)) {
        const struct timespec time = {.tv_sec = d->real / 1000000000,
                                      .tv_nsec = d->real % 1000000000};
        put(&to, SOL_SOCKET, SO_TIMESTAMPNS, &time, sizeof time);
    }
    if (d->dropped && weir_sim_option(&u->node, SOL_SOCKET, SO_RXQ_OVFL))
        put(&to, SOL_SOCKET, SO_RXQ_OVFL, &d->dropped, sizeof d->dropped);
    if (d->merged) put_int(&to, IPPROTO_UDP, UDP_GRO, (int)d->length);
    put_ip(&to, u, d);
    message->control_len = (uint32_t)to.used;
}

/* Datagrams --------------------------------------------------------------------------------- */

/* Frees a datagram and what was merged with it.  Returns the room that they took. */
static uint32_t discard(sim_datagram *d)
{
    uint32_t room = 0;
    for (sim_datagram *next; d; d = next) {
        next = d->more;
        room += d->length + UDP_OVERHEAD;
        free(d);
    }
    return room;
}

static uint32_t copy_data(const sim_datagram *d, sim_transfer *t)
{
    uint32_t stored = 0;
    for (; d && t->length > 0; d = d->more) {
        const uint32_t part = d->length < t->length ? d->length : (uint32_t)t->length;
        weir_sim_transfer_in(t, d->data, part);
        stored += part;
    }
    return stored;
}

static int64_t receive_error(udp *u, sim_transfer *t);

int64_t weir_sim_udp_receive(sim_node *n, sim_transfer *t)
{
    udp *u = (udp *)n;
    weir_message *message = t->message;
    if (message && message->flags & WEIR_MESSAGE_ERRORS) return receive_error(u, t);
    if (n->error) return sim_take_error(n);
    sim_datagram *d = u->first;
    if (!d) return u->shut_in ? 0 : SIM_WAIT;
    const uint32_t whole = d->length + d->more_size, part = copy_data(d, t);
    if (message) {
        message->came = part < whole ? WEIR_MESSAGE_TRUNCATED : 0;
        message->len = message->flags & WEIR_MESSAGE_LENGTH ? whole : part;
        weir_sim_name_to(&d->from, n->family == AF_INET6, &message->address);
        write_control(u, d, message);
    }
    if (t->peek) return part;
    u->first = d->next;
    u->bytes -= discard(d);
    return part;
}

void weir_sim_udp_drop_all(udp *u)
{
    while (u->first) {
        sim_datagram *d = u->first;
        u->first = d->next;
        discard(d);
    }
    while (u->errors) {
        sim_udp_error *e = u->errors;
        u->errors = e->next;
        free(e);
    }
}

/* The error queue --------------------------------------------------------------------------- */

/* An entry about `length` bytes; NULL: there is no room or no memory for it. */
static sim_udp_error *add_error(udp *u, const char *data, uint32_t length)
{
    const uint32_t limit = (uint32_t)weir_sim_option(&u->node, SOL_SOCKET, SO_RCVBUF);
    if (u->bytes + length + UDP_OVERHEAD > limit) return NULL;
    sim_udp_error *e = calloc(1, sizeof *e + length);
    if (!e) return NULL;
    e->length = length;
    if (length > 0) memcpy(e->data, data, length);
    u->bytes += length + UDP_OVERHEAD;
    if (u->errors) {
        u->last_error->next = e;
    } else {
        u->errors = e;
    }
    u->last_error = e;
    return e;
}

static bool is_of_network(const sim_udp_error *e)
{
    return e->origin != SO_EE_ORIGIN_LOCAL;
}

void weir_sim_udp_refused(udp *u, const sim_datagram *d)
{
    const bool four = weir_sim_is_four(d->from.ip);
    const bool asked = weir_sim_udp_has(u, four, IP_RECVERR, IPV6_RECVERR);
    if (asked) {
        const uint32_t most = four ? QUOTED_FOUR : QUOTED_SIX;
        sim_udp_error *e = add_error(u, d->data, d->length < most ? d->length : most);
        if (e) {
            e->destination = d->from; /* it was turned round */
            e->offender = d->from;
            e->offender.port = 0;
            e->has_offender = true;
            e->six = !four;
            e->error = ECONNREFUSED;
            e->origin = four ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6;
            e->type = four ? UNREACHABLE_FOUR : UNREACHABLE_SIX;
            e->code = four ? PORT_UNREACHABLE_FOUR : PORT_UNREACHABLE_SIX;
        }
    }
    if (asked || u->binding.connected) u->node.error = WEIR_ECONNREFUSED;
    weir_sim_stir(&u->node);
}

void weir_sim_udp_too_long(udp *u, const sim_name *to, int mtu)
{
    const bool four = weir_sim_is_four(to->ip);
    if (!weir_sim_udp_has(u, four, IP_RECVERR, IPV6_RECVERR)) return;
    sim_udp_error *e = add_error(u, NULL, 0);
    if (!e) return;
    e->destination = *to;
    e->six = !four;
    e->error = EMSGSIZE;
    e->origin = SO_EE_ORIGIN_LOCAL;
    e->info = (uint32_t)mtu;
    weir_sim_stir(&u->node);
}

static void tell_error(const udp *u, const sim_udp_error *e, weir_message *message)
{
    const bool six = u->node.family == AF_INET6;
    struct {
        struct sock_extended_err error;
        struct sockaddr_in6 name; /* or the shorter one of IPv4 */
    } item;
    memset(&item, 0, sizeof item);
    item.error.ee_errno = (uint32_t)e->error;
    item.error.ee_origin = e->origin;
    item.error.ee_type = e->type;
    item.error.ee_code = e->code;
    item.error.ee_info = e->info;
    if (e->has_offender) {
        weir_address offender;
        struct sockaddr_storage name;
        weir_sim_name_to(&e->offender, six, &offender);
        memcpy(&item.name, &name, weir_address_to_sockaddr(&offender, &name));
    }
    writer to = {.message = message, .room = message->control_len};
    const size_t size =
        sizeof item.error + (six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    put(&to, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_RECVERR : IP_RECVERR, &item, size);
    message->control_len = (uint32_t)to.used;
    weir_sim_name_to(&e->destination, six, &message->address);
}

static int64_t receive_error(udp *u, sim_transfer *t)
{
    weir_message *message = t->message;
    sim_udp_error *e = u->errors;
    if (!e) return SIM_WAIT;
    const uint32_t part = e->length < t->length ? e->length : (uint32_t)t->length;
    message->came = WEIR_MESSAGE_ERRORS | (part < e->length ? WEIR_MESSAGE_TRUNCATED : 0);
    message->len = message->flags & WEIR_MESSAGE_LENGTH ? e->length : part;
    tell_error(u, e, message);
    weir_sim_transfer_in(t, e->data, part);
    if (t->peek) return part;
    u->errors = e->next;
    u->bytes -= e->length + UDP_OVERHEAD;
    /* The socket's error is that of the first entry which the network has caused. */
    if (u->errors && is_of_network(u->errors)) {
        u->node.error = -u->errors->error;
    } else if (is_of_network(e)) {
        u->node.error = 0;
    }
    free(e);
    return part;
}
