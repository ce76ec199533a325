/* SPDX-License-Identifier: MIT
 *
 * Messages of rtnetlink(7) about interfaces: bytes to values and back.
 */
#include "net/netlink.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include <weir/base/error.h>

/* One attribute. */
typedef struct attribute {
    uint16_t type;
    weir_bytes value;
} attribute;

static void skip(weir_bytes *rest, size_t n)
{
    if (n > rest->len) n = rest->len; /* the padding of the last one may be missing */
    rest->data += n;
    rest->len -= n;
}

int net_netlink_next(weir_bytes *rest, net_netlink_message *out)
{
    struct nlmsghdr header;
    if (rest->len == 0) return 0;
    if (rest->len < sizeof header) return WEIR_EPROTO;
    memcpy(&header, rest->data, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest->len) return WEIR_EPROTO;
    *out = (net_netlink_message){
        .type = header.nlmsg_type,
        .flags = header.nlmsg_flags,
        .sequence = header.nlmsg_seq,
        .body = weir_bytes_of(rest->data + sizeof header, header.nlmsg_len - sizeof header)};
    skip(rest, NLMSG_ALIGN((size_t)header.nlmsg_len));
    return 1;
}

/* Takes the first attribute off `rest`.  Returns as net_netlink_next. */
static int next_attribute(weir_bytes *rest, attribute *out)
{
    struct rtattr header;
    if (rest->len == 0) return 0;
    if (rest->len < sizeof header) return WEIR_EPROTO;
    memcpy(&header, rest->data, sizeof header);
    if (header.rta_len < sizeof header || header.rta_len > rest->len) return WEIR_EPROTO;
    out->type = header.rta_type & NLA_TYPE_MASK;
    out->value = weir_bytes_of(rest->data + sizeof header, header.rta_len - sizeof header);
    skip(rest, RTA_ALIGN((size_t)header.rta_len));
    return 1;
}

int net_netlink_error(weir_bytes body)
{
    int code;
    if (body.len < sizeof code) return WEIR_EPROTO;
    memcpy(&code, body.data, sizeof code);
    return code > 0 ? WEIR_EPROTO : code;
}

static uint32_t read_u32(weir_bytes value)
{
    uint32_t number;
    memcpy(&number, value.data, sizeof number);
    return number;
}

static uint32_t flags_of(unsigned kernel)
{
    static const struct {
        unsigned kernel;
        uint32_t ours;
    } pairs[] = {
        {IFF_UP, WEIR_INTERFACE_UP},
        {IFF_RUNNING, WEIR_INTERFACE_RUNNING},
        {IFF_LOOPBACK, WEIR_INTERFACE_LOOPBACK},
        {IFF_BROADCAST, WEIR_INTERFACE_BROADCAST},
        {IFF_POINTOPOINT, WEIR_INTERFACE_POINT_TO_POINT},
        {IFF_MULTICAST, WEIR_INTERFACE_MULTICAST},
    };
    uint32_t flags = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (kernel & pairs[i].kernel) flags |= pairs[i].ours;
    return flags;
}

/* A name with its NUL, which the kernel always sends. */
static bool take_name(weir_bytes value, weir_interface_name *out)
{
    const size_t len = value.len ? strnlen(value.data, value.len) : 0;
    return len < value.len && weir_interface_name_parse(weir_bytes_of(value.data, len), out) == 0;
}

static int take_link_attribute(const attribute *a, weir_interface_entry *out)
{
    const weir_bytes value = a->value;
    switch (a->type) {
    case IFLA_IFNAME: return take_name(value, &out->name) ? 0 : WEIR_EPROTO;
    case IFLA_MTU:
        if (value.len != sizeof out->mtu) return WEIR_EPROTO;
        out->mtu = read_u32(value);
        return 0;
    case IFLA_ADDRESS:
        if (value.len > sizeof out->hardware) return WEIR_EPROTO;
        if (value.len > 0) memcpy(out->hardware, value.data, value.len);
        out->hardware_len = (uint8_t)value.len;
        return 0;
    default: return 0;
    }
}

int net_netlink_link(weir_bytes body, weir_interface_entry *out)
{
    struct ifinfomsg info;
    if (body.len < sizeof info) return WEIR_EPROTO;
    memcpy(&info, body.data, sizeof info);
    if (info.ifi_family != AF_UNSPEC) return WEIR_EAFNOSUPPORT;
    if (info.ifi_index <= 0) return WEIR_EPROTO;
    weir_interface_entry entry = {.interface = {(uint32_t)info.ifi_index},
                                  .flags = flags_of(info.ifi_flags)};
    attribute a;
    int got;
    skip(&body, NLMSG_ALIGN(sizeof info));
    while ((got = next_attribute(&body, &a)) > 0) {
        int error = take_link_attribute(&a, &entry);
        if (error) return error;
    }
    if (got < 0 || entry.name.text[0] == '\0') return WEIR_EPROTO;
    *out = entry;
    return 0;
}

static uint8_t scope_of(uint8_t kernel)
{
    switch (kernel) {
    case RT_SCOPE_UNIVERSE: return WEIR_INTERFACE_SCOPE_GLOBAL;
    case RT_SCOPE_SITE: return WEIR_INTERFACE_SCOPE_SITE;
    case RT_SCOPE_LINK: return WEIR_INTERFACE_SCOPE_LINK;
    case RT_SCOPE_HOST: return WEIR_INTERFACE_SCOPE_HOST;
    default: return WEIR_INTERFACE_SCOPE_OTHER;
    }
}

/* An address of the family that `info` names, of exactly its length. */
static bool take_ip(const struct ifaddrmsg *info, weir_bytes value, weir_address *out)
{
    const bool six = info->ifa_family == AF_INET6;
    weir_address address = {.kind = six ? WEIR_ADDRESS_IPV6 : WEIR_ADDRESS_IPV4};
    if (value.len != (six ? sizeof address.at.ipv6 : sizeof address.at.ipv4)) return false;
    memcpy(&address.at, value.data, value.len);
    const bool link_local =
        six && address.at.ipv6[0] == 0xfe && (address.at.ipv6[1] & 0xc0) == 0x80;
    if (link_local) address.zone = info->ifa_index;
    *out = address;
    return true;
}

/* The attributes of an address as they come. */
typedef struct parts {
    weir_address address, local, broadcast;
    uint32_t flags;
} parts;

static bool take_address_attribute(const struct ifaddrmsg *info, const attribute *a, parts *out)
{
    switch (a->type) {
    case IFA_ADDRESS: return take_ip(info, a->value, &out->address);
    case IFA_LOCAL: return take_ip(info, a->value, &out->local);
    case IFA_BROADCAST: return take_ip(info, a->value, &out->broadcast);
    case IFA_FLAGS:
        if (a->value.len != sizeof out->flags) return false;
        out->flags = read_u32(a->value);
        return true;
    default: return true;
    }
}

/* IFA_LOCAL is the interface's own address where there is one, and IFA_ADDRESS
 * then the peer's or the same; without it IFA_ADDRESS is its own. */
static weir_interface_address join(const struct ifaddrmsg *info, const parts *from)
{
    const bool has_local = from->local.kind != WEIR_ADDRESS_NONE;
    weir_interface_address out = {.address = has_local ? from->local : from->address,
                                  .broadcast = from->broadcast,
                                  .prefix_len = info->ifa_prefixlen,
                                  .scope = scope_of(info->ifa_scope)};
    if (has_local && from->address.kind != WEIR_ADDRESS_NONE &&
        !weir_address_equal(&from->local, &from->address))
        out.peer = from->address;
    out.tentative = (from->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0 &&
                    !(from->flags & IFA_F_OPTIMISTIC);
    out.deprecated = (from->flags & IFA_F_DEPRECATED) != 0;
    return out;
}

int net_netlink_read_address(weir_bytes body, net_netlink_address *out)
{
    struct ifaddrmsg info;
    if (body.len < sizeof info) return WEIR_EPROTO;
    memcpy(&info, body.data, sizeof info);
    if (info.ifa_family != AF_INET && info.ifa_family != AF_INET6) return WEIR_EAFNOSUPPORT;
    if (info.ifa_index == 0 || info.ifa_prefixlen > (info.ifa_family == AF_INET ? 32 : 128))
        return WEIR_EPROTO;
    parts found = {.flags = info.ifa_flags};
    attribute a;
    int got;
    skip(&body, NLMSG_ALIGN(sizeof info));
    while ((got = next_attribute(&body, &a)) > 0)
        if (!take_address_attribute(&info, &a, &found)) return WEIR_EPROTO;
    if (got < 0) return WEIR_EPROTO;
    if (found.local.kind == WEIR_ADDRESS_NONE && found.address.kind == WEIR_ADDRESS_NONE)
        return WEIR_EPROTO;
    out->index = info.ifa_index;
    out->address = join(&info, &found);
    return 0;
}

/* Begins a request with `body` behind its header.  Returns the length so far.
 */
static size_t begin(char *out, uint16_t type, uint16_t flags, uint32_t sequence, const void *body,
                    size_t len)
{
    const struct nlmsghdr header = {.nlmsg_len = (uint32_t)(sizeof header + len),
                                    .nlmsg_type = type,
                                    .nlmsg_flags = NLM_F_REQUEST | flags,
                                    .nlmsg_seq = sequence};
    memset(out, 0, NET_NETLINK_REQUEST);
    memcpy(out, &header, sizeof header);
    if (len > 0) memcpy(out + sizeof header, body, len);
    return sizeof header + len;
}

/* Appends an attribute.  Returns the new length, which the header gets too. */
static size_t append(char *out, size_t len, uint16_t type, const void *value, size_t size)
{
    const struct rtattr header = {.rta_len = (uint16_t)(sizeof header + size), .rta_type = type};
    const size_t at = NLMSG_ALIGN(len);
    memcpy(out + at, &header, sizeof header);
    memcpy(out + at + sizeof header, value, size);
    const uint32_t total = (uint32_t)(at + sizeof header + size);
    memcpy(out, &total, sizeof total); /* nlmsg_len is the first member */
    return total;
}

static size_t ask_links(char *out, uint32_t sequence, uint16_t flags, uint32_t index)
{
    const struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};
    const uint32_t mask = RTEXT_FILTER_SKIP_STATS;
    size_t len = begin(out, RTM_GETLINK, flags, sequence, &info, sizeof info);
    return append(out, len, IFLA_EXT_MASK, &mask, sizeof mask);
}

size_t net_netlink_ask_link(char *out, uint32_t sequence, uint32_t index, const char *name)
{
    size_t len = ask_links(out, sequence, 0, index);
    if (name) len = append(out, len, IFLA_IFNAME, name, strnlen(name, WEIR_INTERFACE_NAME - 1) + 1);
    return len;
}

size_t net_netlink_ask_links(char *out, uint32_t sequence)
{
    return ask_links(out, sequence, NLM_F_DUMP, 0);
}

size_t net_netlink_ask_addresses(char *out, uint32_t sequence)
{
    const struct ifaddrmsg info = {.ifa_family = AF_UNSPEC};
    return begin(out, RTM_GETADDR, NLM_F_DUMP, sequence, &info, sizeof info);
}

size_t net_netlink_ask_nothing(char *out, uint32_t sequence)
{
    return begin(out, NLMSG_NOOP, 0, sequence, NULL, 0);
}
