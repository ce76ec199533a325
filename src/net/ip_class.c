/* SPDX-License-Identifier: MIT
 *
 * Looks addresses up in the table of blocks; scopes; IPv4 addresses in IPv6 addresses.
 */
#include <weir/net/ip_class.h>

#include <string.h>

#include "net/ip_class_table.h"
#include "net/prefix_bits.h"

/* Blocks ------------------------------------------------------------------------------------ */

const weir_ip_block *weir_ip_blocks(size_t *count)
{
    *count = net_ip_block_count;
    return net_ip_blocks;
}

/* Blocks stand before those in them: the last that contains the address is the longest. */
const weir_ip_block *weir_ip_block_of(const weir_address *address)
{
    const weir_ip_block *block = NULL;
    const net_words words = net_words_of(address);
    for (size_t i = 0; i < net_ip_block_count; i++) {
        const weir_prefix *prefix = &net_ip_blocks[i].prefix;
        if (prefix->kind == address->kind && net_prefix_has(prefix, words))
            block = &net_ip_blocks[i];
    }
    return block;
}

weir_ip_class weir_ip_class_of(const weir_address *address)
{
    const weir_ip_block *block = weir_ip_block_of(address);
    return block ? (weir_ip_class)block->ip_class : WEIR_IP_RESERVED;
}

const char *weir_ip_class_name(weir_ip_class ip_class)
{
    static const char *const names[WEIR_IP_CLASSES] = {
        [WEIR_IP_GLOBAL] = "global",
        [WEIR_IP_UNSPECIFIED] = "unspecified",
        [WEIR_IP_THIS_NETWORK] = "this-network",
        [WEIR_IP_LOOPBACK] = "loopback",
        [WEIR_IP_PRIVATE] = "private",
        [WEIR_IP_SHARED] = "shared",
        [WEIR_IP_LINK_LOCAL] = "link-local",
        [WEIR_IP_SITE_LOCAL] = "site-local",
        [WEIR_IP_MULTICAST] = "multicast",
        [WEIR_IP_BROADCAST] = "broadcast",
        [WEIR_IP_DOCUMENTATION] = "documentation",
        [WEIR_IP_BENCHMARKING] = "benchmarking",
        [WEIR_IP_PROTOCOL] = "protocol",
        [WEIR_IP_MAPPED] = "mapped",
        [WEIR_IP_COMPATIBLE] = "compatible",
        [WEIR_IP_NAT64] = "nat64",
        [WEIR_IP_NAT64_LOCAL] = "local-nat64",
        [WEIR_IP_TEREDO] = "teredo",
        [WEIR_IP_6TO4] = "6to4",
        [WEIR_IP_DISCARD] = "discard",
        [WEIR_IP_SEGMENT] = "segment",
        [WEIR_IP_RESERVED] = "reserved",
    };
    return (unsigned)ip_class < WEIR_IP_CLASSES ? names[ip_class] : "unknown";
}

/* Predicates -------------------------------------------------------------------------------- */

static bool is(const weir_address *address, weir_ip_class ip_class)
{
    const weir_ip_block *block = weir_ip_block_of(address);
    return block && block->ip_class == ip_class;
}

bool weir_ip_is_loopback(const weir_address *address)
{
    return is(address, WEIR_IP_LOOPBACK);
}

bool weir_ip_is_unspecified(const weir_address *address)
{
    return is(address, WEIR_IP_UNSPECIFIED);
}

bool weir_ip_is_private(const weir_address *address)
{
    return is(address, WEIR_IP_PRIVATE);
}

bool weir_ip_is_link_local(const weir_address *address)
{
    return is(address, WEIR_IP_LINK_LOCAL);
}

bool weir_ip_is_site_local(const weir_address *address)
{
    return is(address, WEIR_IP_SITE_LOCAL);
}

bool weir_ip_is_multicast(const weir_address *address)
{
    return is(address, WEIR_IP_MULTICAST);
}

bool weir_ip_is_broadcast(const weir_address *address)
{
    return is(address, WEIR_IP_BROADCAST);
}

bool weir_ip_is_shared(const weir_address *address)
{
    return is(address, WEIR_IP_SHARED);
}

bool weir_ip_is_documentation(const weir_address *address)
{
    return is(address, WEIR_IP_DOCUMENTATION);
}

bool weir_ip_is_benchmarking(const weir_address *address)
{
    return is(address, WEIR_IP_BENCHMARKING);
}

bool weir_ip_is_reserved(const weir_address *address)
{
    return is(address, WEIR_IP_RESERVED);
}

bool weir_ip_is_mapped(const weir_address *address)
{
    return is(address, WEIR_IP_MAPPED);
}

bool weir_ip_is_nat64(const weir_address *address)
{
    return is(address, WEIR_IP_NAT64) || is(address, WEIR_IP_NAT64_LOCAL);
}

bool weir_ip_is_6to4(const weir_address *address)
{
    return is(address, WEIR_IP_6TO4);
}

bool weir_ip_is_teredo(const weir_address *address)
{
    return is(address, WEIR_IP_TEREDO);
}

bool weir_ip_is_global(const weir_address *address)
{
    const weir_ip_block *block = weir_ip_block_of(address);
    return block && block->global == WEIR_IP_YES && block->ip_class != WEIR_IP_MULTICAST;
}

/* Scopes ------------------------------------------------------------------------------------ */

/* RFC 2365 6: 239.255.0.0/16 is the local scope, 239.192.0.0/14 the organization's; RFC 5771 4:
 * 224.0.0.0/24 stays on the link. */
static weir_ip_scope scope_of_ipv4(const uint8_t ipv4[4])
{
    if (ipv4[0] == 239) {
        if (ipv4[1] == 255) return WEIR_IP_SCOPE_ADMIN;
        return (ipv4[1] & 0xfc) == 192 ? WEIR_IP_SCOPE_ORGANIZATION : WEIR_IP_SCOPE_SITE;
    }
    if (ipv4[0] == 224 && ipv4[1] == 0 && ipv4[2] == 0) return WEIR_IP_SCOPE_LINK;
    if (ipv4[0] == 127 || (ipv4[0] == 169 && ipv4[1] == 254)) return WEIR_IP_SCOPE_LINK;
    return WEIR_IP_SCOPE_GLOBAL;
}

weir_ip_scope weir_ip_scope_of(const weir_address *address)
{
    if (address->kind == WEIR_ADDRESS_IPV4) return scope_of_ipv4(address->at.ipv4);
    if (address->kind != WEIR_ADDRESS_IPV6) return WEIR_IP_SCOPE_NONE;
    const uint8_t *ipv6 = address->at.ipv6;
    if (ipv6[0] == 0xff) return (weir_ip_scope)(ipv6[1] & 15);
    switch (weir_ip_class_of(address)) {
    case WEIR_IP_LOOPBACK:
    case WEIR_IP_LINK_LOCAL: return WEIR_IP_SCOPE_LINK;
    case WEIR_IP_SITE_LOCAL: return WEIR_IP_SCOPE_SITE;
    case WEIR_IP_MAPPED: return scope_of_ipv4(ipv6 + 12);
    default: return WEIR_IP_SCOPE_GLOBAL;
    }
}

const char *weir_ip_scope_name(weir_ip_scope scope)
{
    switch (scope) {
    case WEIR_IP_SCOPE_NONE: return "none";
    case WEIR_IP_SCOPE_INTERFACE: return "interface-local";
    case WEIR_IP_SCOPE_LINK: return "link-local";
    case WEIR_IP_SCOPE_REALM: return "realm-local";
    case WEIR_IP_SCOPE_ADMIN: return "admin-local";
    case WEIR_IP_SCOPE_SITE: return "site-local";
    case WEIR_IP_SCOPE_ORGANIZATION: return "organization-local";
    case WEIR_IP_SCOPE_GLOBAL: return "global";
    default: return "unassigned";
    }
}

/* IPv4 in IPv6 ------------------------------------------------------------------------------ */

static weir_address ipv4_of(const weir_address *from, const uint8_t bytes[4])
{
    weir_address address = {.kind = WEIR_ADDRESS_IPV4, .port = from->port};
    memcpy(address.at.ipv4, bytes, 4);
    return address;
}

/* RFC 6052 2.2: in a /48 the IPv4 address stands in bytes 6, 7, 9 and 10, around the byte 8 that is
 * 0.  A network may as well use a /96 of the block.  Where one reading is all zeros it is the other
 * one that was meant. */
static size_t local_nat64(const weir_address *address, weir_address out[WEIR_EMBEDDED_ADDRESSES])
{
    const uint8_t *ipv6 = address->at.ipv6;
    const uint8_t bytes[4] = {ipv6[6], ipv6[7], ipv6[9], ipv6[10]};
    const weir_address split = ipv4_of(address, bytes), whole = ipv4_of(address, ipv6 + 12);
    size_t count = 0;
    if (weir_address_u32(&split)) out[count++] = split;
    if (weir_address_u32(&whole) || count == 0) out[count++] = whole;
    return count;
}

/* RFC 4380 4: the client's address stands there with all bits flipped. */
static size_t teredo(const weir_address *address, weir_address out[WEIR_EMBEDDED_ADDRESSES])
{
    const uint8_t *ipv6 = address->at.ipv6;
    uint8_t client[4];
    for (int i = 0; i < 4; i++) client[i] = (uint8_t)~ipv6[12 + i];
    out[0] = ipv4_of(address, ipv6 + 4);
    out[1] = ipv4_of(address, client);
    return 2;
}

/* RFC 5214 6.1: the interface identifier is ::0:5efe:a.b.c.d or ::200:5efe:a.b.c.d. */
static bool is_isatap(const uint8_t ipv6[16])
{
    static const uint8_t tail[3] = {0x00, 0x5e, 0xfe};
    return (ipv6[8] & 0xfd) == 0 && memcmp(ipv6 + 9, tail, sizeof tail) == 0;
}

weir_ip_embedding weir_ip_embedded(const weir_address *address,
                                   weir_address out[WEIR_EMBEDDED_ADDRESSES], size_t *count)
{
    *count = 0;
    if (address->kind != WEIR_ADDRESS_IPV6) return WEIR_EMBEDDED_NONE;
    const uint8_t *ipv6 = address->at.ipv6;
    weir_ip_embedding how = WEIR_EMBEDDED_NONE;
    switch (weir_ip_class_of(address)) {
    case WEIR_IP_NAT64_LOCAL: *count = local_nat64(address, out); return WEIR_EMBEDDED_NAT64;
    case WEIR_IP_TEREDO: *count = teredo(address, out); return WEIR_EMBEDDED_TEREDO;
    case WEIR_IP_MAPPED: how = WEIR_EMBEDDED_MAPPED; break;
    case WEIR_IP_COMPATIBLE: how = WEIR_EMBEDDED_COMPATIBLE; break;
    case WEIR_IP_NAT64: how = WEIR_EMBEDDED_NAT64; break;
    case WEIR_IP_6TO4: how = WEIR_EMBEDDED_6TO4; break;
    case WEIR_IP_MULTICAST: break;
    default: how = is_isatap(ipv6) ? WEIR_EMBEDDED_ISATAP : WEIR_EMBEDDED_NONE;
    }
    if (how == WEIR_EMBEDDED_NONE) return how;
    out[0] = ipv4_of(address, how == WEIR_EMBEDDED_6TO4 ? ipv6 + 2 : ipv6 + 12);
    *count = 1;
    /* A site with a 6to4 prefix may number its ISATAP hosts in it. */
    if (how == WEIR_EMBEDDED_6TO4 && is_isatap(ipv6)) out[(*count)++] = ipv4_of(address, ipv6 + 12);
    return how;
}
