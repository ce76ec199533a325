/* SPDX-License-Identifier: MIT
 *
 * Netlink sockets: the list of interfaces and addresses, and that a cable was pulled or put in.
 *
 *      RTM_GETLINK   of one interface, by index or name; or of all (NLM_F_DUMP)
 *      RTM_GETADDR   of all interfaces (NLM_F_DUMP)
 *      NLMSG_ERROR   to a request that is refused, or that asks to be told that it was done
 *      groups        RTNLGRP_LINK hears of `eth0`; addresses of a host never change
 *
 *      | length | type | flags | sequence | port | struct ifinfomsg … | attributes … |
 */
#include "io/sim/netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/device.h"
#include "io/sim/socket.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

enum {
    MOST_REQUEST = 4096,
    MOST_ANSWER =
        MOST_REQUEST + 64, /* a request that is refused; all links or addresses are less */
    OVERHEAD = 512,
    LOWER_UP = 1 << 16, /* IFF_LOWER_UP */
};

/* What the socket is to be told, one datagram. */
typedef struct answer {
    struct answer *next;
    uint32_t length;
    char data[];
} answer;

typedef struct sim_netlink {
    sim_node node; /* first */
    struct sim_netlink *next, **link;
    answer *first, *last;
    uint32_t bytes;
    uint32_t groups;
    bool lost;   /* there was no room for something */
    bool passes; /* SO_PASSCRED */
} sim_netlink;

/* Answers ----------------------------------------------------------------------------------- */

/* Messages that are being written, one behind the other. */
typedef struct builder {
    char data[MOST_ANSWER];
    uint32_t length, begin; /* all; where the message begins that is being written */
} builder;

static void add(builder *b, const void *data, uint32_t size)
{
    const uint32_t space = NLMSG_ALIGN(size);
    if (b->length + space > sizeof b->data) return;
    memset(b->data + b->length, 0, space);
    if (size > 0) memcpy(b->data + b->length, data, size);
    b->length += space;
}

static void begin_message(builder *b, int type, int flags, uint32_t sequence)
{
    const struct nlmsghdr header = {
        .nlmsg_type = (uint16_t)type, .nlmsg_flags = (uint16_t)flags, .nlmsg_seq = sequence};
    b->begin = b->length;
    add(b, &header, sizeof header);
}

static void add_attribute(builder *b, int type, const void *value, uint32_t size)
{
    const struct rtattr header = {.rta_len = (uint16_t)RTA_LENGTH(size),
                                  .rta_type = (uint16_t)type};
    add(b, &header, sizeof header);
    add(b, value, size);
}

static void end_message(builder *b)
{
    const uint32_t length = b->length - b->begin;
    memcpy(b->data + b->begin, &length, sizeof length); /* nlmsg_len is the first member */
}

static void add_link(builder *b, const host *h, int index, int flags, uint32_t sequence)
{
    const bool lo = index == DEVICE_LO;
    struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = index};
    info.ifi_type = lo ? 772 : 1; /* ARPHRD_LOOPBACK, ARPHRD_ETHER */
    info.ifi_flags = IFF_UP | (lo ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST);
    if (weir_sim_device_is_up(h, index)) info.ifi_flags |= IFF_RUNNING | LOWER_UP;
    const char *name = weir_sim_device_name(index);
    const uint32_t mtu = (uint32_t)weir_sim_device_mtu(index), number = h->index + 1;
    /* One that is locally administered, with the number of the host. */
    uint8_t hardware[6] = {2,
                           0,
                           (uint8_t)(number >> 24),
                           (uint8_t)(number >> 16),
                           (uint8_t)(number >> 8),
                           (uint8_t)number};
    if (lo) memset(hardware, 0, sizeof hardware);
    begin_message(b, RTM_NEWLINK, flags, sequence);
    add(b, &info, sizeof info);
    add_attribute(b, IFLA_IFNAME, name, (uint32_t)strlen(name) + 1);
    add_attribute(b, IFLA_MTU, &mtu, sizeof mtu);
    add_attribute(b, IFLA_ADDRESS, hardware, sizeof hardware);
    end_message(b);
}

/* A host knows no net around it, only others: its addresses have the longest prefix. */
static void add_address(builder *b, const uint8_t ip[16], int index, uint32_t sequence)
{
    const bool four = weir_sim_is_four(ip), lo = index == DEVICE_LO;
    const uint32_t size = four ? 4 : 16;
    const struct ifaddrmsg info = {.ifa_family = four ? AF_INET : AF_INET6,
                                   .ifa_prefixlen = (uint8_t)(four && lo ? 8 : size * 8),
                                   .ifa_flags = IFA_F_PERMANENT,
                                   .ifa_scope = lo ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
                                   .ifa_index = (uint32_t)index};
    begin_message(b, RTM_NEWADDR, NLM_F_MULTI, sequence);
    add(b, &info, sizeof info);
    add_attribute(b, IFA_ADDRESS, ip + 16 - size, size);
    if (four) add_attribute(b, IFA_LOCAL, ip + 12, size);
    end_message(b);
}

static void queue(sim_netlink *n, const builder *b)
{
    const uint32_t limit = (uint32_t)weir_sim_option(&n->node, SOL_SOCKET, SO_RCVBUF);
    answer *a = NULL;
    if (n->bytes + b->length + OVERHEAD <= limit) a = malloc(sizeof *a + b->length);
    weir_sim_stir(&n->node);
    n->lost |= !a;
    if (!a) return;
    a->next = NULL;
    a->length = b->length;
    memcpy(a->data, b->data, b->length);
    n->bytes += a->length + OVERHEAD;
    if (n->first) {
        n->last->next = a;
    } else {
        n->first = a;
    }
    n->last = a;
}

/* Of a request that was done (error 0) the header alone is told again; else all of it. */
static void answer_error(sim_netlink *n, const struct nlmsghdr *request, const char *body,
                         int error)
{
    builder b = {.length = 0};
    const struct nlmsgerr about = {.error = -error, .msg = *request};
    begin_message(&b, NLMSG_ERROR, error ? 0 : NLM_F_CAPPED, request->nlmsg_seq);
    add(&b, &about, sizeof about);
    if (error) add(&b, body, request->nlmsg_len - (uint32_t)sizeof *request);
    end_message(&b);
    queue(n, &b);
}

static void answer_done(sim_netlink *n, uint32_t sequence)
{
    builder b = {.length = 0};
    const int none = 0;
    begin_message(&b, NLMSG_DONE, NLM_F_MULTI, sequence);
    add(&b, &none, sizeof none);
    end_message(&b);
    queue(n, &b);
}

static void answer_links(sim_netlink *n, uint32_t sequence)
{
    builder b = {.length = 0};
    for (int i = DEVICE_LO; i < DEVICE_COUNT; i++)
        if (weir_sim_device_exists(n->node.host, i))
            add_link(&b, n->node.host, i, NLM_F_MULTI, sequence);
    queue(n, &b);
    answer_done(n, sequence);
}

static void answer_addresses(sim_netlink *n, uint32_t sequence)
{
    builder b = {.length = 0};
    const host *h = n->node.host;
    uint8_t ip[16];
    for (int four = 1; four >= 0; four--) {
        weir_sim_device_address(h, DEVICE_LO, four, ip);
        add_address(&b, ip, DEVICE_LO, sequence);
        for (uint32_t i = 0; i < h->net->address_count; i++)
            if (weir_sim_is_four(h->net->addresses[i].ip) == four)
                add_address(&b, h->net->addresses[i].ip, DEVICE_NET, sequence);
    }
    queue(n, &b);
    answer_done(n, sequence);
}

/* Requests ---------------------------------------------------------------------------------- */

/* The interface that a request for one names, by index or by name; 0: there is none. */
static int asked_link(const host *h, const char *body, size_t length)
{
    struct ifinfomsg info;
    memcpy(&info, body, sizeof info);
    if (info.ifi_index) return weir_sim_device_exists(h, info.ifi_index) ? info.ifi_index : 0;
    struct rtattr header;
    for (size_t at = NLMSG_ALIGN(sizeof info); at + sizeof header <= length;) {
        memcpy(&header, body + at, sizeof header);
        if (header.rta_len < sizeof header || header.rta_len > length - at) break;
        const size_t size = header.rta_len - sizeof header;
        for (int i = DEVICE_LO; header.rta_type == IFLA_IFNAME && i < DEVICE_COUNT; i++) {
            const char *name = weir_sim_device_name(i);
            const size_t whole = strlen(name) + 1;
            if (size >= whole && memcmp(body + at + sizeof header, name, whole) == 0)
                return weir_sim_device_exists(h, i) ? i : 0;
        }
        at += RTA_ALIGN(header.rta_len);
    }
    return 0;
}

static int answer_link(sim_netlink *n, const struct nlmsghdr *request, const char *body)
{
    const size_t length = request->nlmsg_len - sizeof *request;
    if (length < sizeof(struct ifinfomsg)) return EINVAL;
    const int index = asked_link(n->node.host, body, length);
    if (index == 0) return ENODEV;
    builder b = {.length = 0};
    add_link(&b, n->node.host, index, 0, request->nlmsg_seq);
    queue(n, &b);
    return 0;
}

/* Does what is asked.  Returns 0 or an errno; EINTR: NLMSG_DONE has said already that it is done.
 */
static int answer_request(sim_netlink *n, const struct nlmsghdr *request, const char *body)
{
    const bool all = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
    if (!(request->nlmsg_flags & NLM_F_REQUEST) || request->nlmsg_type < NLMSG_MIN_TYPE) return 0;
    if (request->nlmsg_type == RTM_GETLINK && !all) return answer_link(n, request, body);
    if (request->nlmsg_type == RTM_GETLINK) {
        answer_links(n, request->nlmsg_seq);
    } else if (request->nlmsg_type == RTM_GETADDR && all) {
        answer_addresses(n, request->nlmsg_seq);
    } else {
        return EOPNOTSUPP;
    }
    return EINTR;
}

static void take_request(sim_netlink *n, const struct nlmsghdr *request, const char *body)
{
    const int error = answer_request(n, request, body);
    if (error == EINTR) return;
    if (error || request->nlmsg_flags & NLM_F_ACK) answer_error(n, request, body, error);
}

static int64_t send_requests(sim_node *node, sim_transfer *t)
{
    char data[MOST_REQUEST];
    const size_t length = t->length;
    if (length > sizeof data) return WEIR_EMSGSIZE;
    weir_sim_transfer_out(t, data, length);
    struct nlmsghdr header;
    for (size_t at = 0; at + sizeof header <= length;) {
        memcpy(&header, data + at, sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > length - at) break;
        take_request((sim_netlink *)node, &header, data + at + sizeof header);
        at += NLMSG_ALIGN((size_t)header.nlmsg_len);
    }
    return (int64_t)length;
}

/* The socket -------------------------------------------------------------------------------- */

/* All messages are the kernel's, which has process 0. */
static void tell_sender(const sim_netlink *n, weir_message *message)
{
    const struct ucred kernel = {0};
    const size_t room = message->control_len;
    message->address.kind = WEIR_ADDRESS_NONE;
    message->control_len = 0;
    if (!n->passes) return;
    if (room < CMSG_LEN(sizeof kernel)) {
        message->came |= WEIR_MESSAGE_CONTROL_TRUNCATED;
        return;
    }
    const struct cmsghdr header = {.cmsg_len = CMSG_LEN(sizeof kernel),
                                   .cmsg_level = SOL_SOCKET,
                                   .cmsg_type = SCM_CREDENTIALS};
    memcpy(message->control, &header, sizeof header);
    memcpy((char *)message->control + CMSG_LEN(0), &kernel, sizeof kernel);
    const size_t space = CMSG_SPACE(sizeof kernel);
    message->control_len = (uint32_t)(space < room ? space : room);
}

static int64_t receive(sim_node *node, sim_transfer *t)
{
    sim_netlink *n = (sim_netlink *)node;
    answer *a = n->first;
    if (n->lost) {
        n->lost = false;
        return WEIR_ENOBUFS;
    }
    if (!a) return SIM_WAIT;
    const uint32_t part = a->length < t->length ? a->length : (uint32_t)t->length;
    if (t->message) {
        t->message->came = part < a->length ? WEIR_MESSAGE_TRUNCATED : 0;
        t->message->len = t->message->flags & WEIR_MESSAGE_LENGTH ? a->length : part;
        tell_sender(n, t->message);
    }
    weir_sim_transfer_in(t, a->data, part);
    if (t->peek) return part;
    n->first = a->next;
    n->bytes -= a->length + OVERHEAD;
    free(a);
    return part;
}

static uint32_t ready(sim_node *node)
{
    const sim_netlink *n = (const sim_netlink *)node;
    return WEIR_POLL_WRITE | (n->first || n->lost ? WEIR_POLL_READ : 0u);
}

static int64_t set_option(sim_node *node, int level, int name, const void *value, uint32_t size)
{
    sim_netlink *n = (sim_netlink *)node;
    int number = 0;
    const bool passes = level == SOL_SOCKET && name == SO_PASSCRED;
    if (level != SOL_NETLINK && !passes) return SIM_WAIT;
    if (size < sizeof number) return WEIR_EINVAL;
    memcpy(&number, value, sizeof number);
    if (passes) {
        n->passes = number;
        return 0;
    }
    if (name != NETLINK_ADD_MEMBERSHIP && name != NETLINK_DROP_MEMBERSHIP) return -ENOPROTOOPT;
    if (number <= 0 || number > RTNLGRP_MAX) return WEIR_EINVAL;
    const uint32_t bit = number < 32 ? UINT32_C(1) << number : 0;
    n->groups = name == NETLINK_ADD_MEMBERSHIP ? n->groups | bit : n->groups & ~bit;
    return 0;
}

static bool close_socket(sim_node *node)
{
    sim_netlink *n = (sim_netlink *)node;
    *n->link = n->next;
    if (n->next) n->next->link = n->link;
    for (answer *a = n->first, *next; a; a = next) {
        next = a->next;
        free(a);
    }
    return true;
}

static const sim_node_kind netlink_kind = {
    .name = "netlink",
    .is_socket = true,
    .receive = receive,
    .send = send_requests,
    .ready = ready,
    .set_option = set_option,
    .close = close_socket,
};

sim_node *weir_sim_netlink_make(host *h)
{
    sim_netlink *n = weir_sim_node_make(h, &netlink_kind, sizeof *n);
    if (!n) return NULL;
    n->next = h->net->listeners;
    n->link = &h->net->listeners;
    if (n->next) n->next->link = &n->next;
    h->net->listeners = n;
    return &n->node;
}

void weir_sim_netlink_changed(host *h)
{
    if (!weir_sim_device_exists(h, DEVICE_NET)) return;
    for (sim_netlink *n = h->net->listeners; n; n = n->next) {
        builder b = {.length = 0};
        if (!(n->groups & UINT32_C(1) << RTNLGRP_LINK)) continue;
        add_link(&b, h, DEVICE_NET, 0, 0);
        queue(n, &b);
    }
}
