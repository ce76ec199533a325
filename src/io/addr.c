/* SPDX-License-Identifier: MIT
 *
 * The address value: making, comparing and hashing it, and the kernel's form.
 */
#include <weir/io/addr.h>

#include <endian.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include <weir/base/error.h>

enum { GROUPS = 8, UNIX_HEAD = offsetof(struct sockaddr_un, sun_path) };

/* Where the two forms of an IPv4-mapped address differ (RFC 4291 2.5.5.2). */
static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* The bytes that tell an address from others of its kind.  What a value that somebody filled
 * wrongly says beyond its room is not read. */
static weir_bytes identity(const weir_address *address)
{
    switch (address->kind) {
    case WEIR_ADDRESS_IPV4: return weir_bytes_of(address->at.ipv4, sizeof address->at.ipv4);
    case WEIR_ADDRESS_IPV6: return weir_bytes_of(address->at.ipv6, sizeof address->at.ipv6);
    case WEIR_ADDRESS_UNIX:
        return weir_bytes_of(address->at.path, address->path_len < sizeof address->at.path
                                                   ? address->path_len
                                                   : sizeof address->at.path);
    default: return weir_bytes_of(NULL, 0);
    }
}

static uint32_t zone_of(const weir_address *address)
{
    return address->kind == WEIR_ADDRESS_IPV6 ? address->zone : 0;
}

static uint16_t port_of(const weir_address *address)
{
    return address->kind == WEIR_ADDRESS_IPV4 || address->kind == WEIR_ADDRESS_IPV6 ? address->port
                                                                                    : 0;
}

/* Comparing ----------------------------------------------------------------------------------- */

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

bool weir_address_equal(const weir_address *a, const weir_address *b)
{
    return a->kind == b->kind && zone_of(a) == zone_of(b) && port_of(a) == port_of(b) &&
           weir_bytes_equal(identity(a), identity(b));
}

int weir_address_compare(const weir_address *a, const weir_address *b)
{
    const weir_bytes left = identity(a), right = identity(b);
    const size_t len = left.len < right.len ? left.len : right.len;
    int result = order(a->kind, b->kind);
    if (!result && len) result = memcmp(left.data, right.data, len);
    if (!result) result = order(left.len, right.len);
    if (!result) result = order(zone_of(a), zone_of(b));
    return result ? result : order(port_of(a), port_of(b));
}

uint64_t weir_address_hash(const weir_address *address, const weir_hash_key *key)
{
    /* Kind, port and zone stand in front at fixed places, so that no two addresses give the same
     * bytes. */
    uint8_t bytes[8 + sizeof address->at.path];
    const weir_bytes rest = identity(address);
    const uint32_t zone = htole32(zone_of(address)), port = htole16(port_of(address));
    bytes[0] = address->kind;
    bytes[1] = 0;
    bytes[2] = (uint8_t)port;
    bytes[3] = (uint8_t)(port >> 8);
    memcpy(bytes + 4, &zone, sizeof zone);
    if (rest.len) memcpy(bytes + 8, rest.data, rest.len);
    return weir_hash(key, weir_bytes_of(bytes, 8 + rest.len));
}

int weir_address_family(const weir_address *address)
{
    switch (address->kind) {
    case WEIR_ADDRESS_IPV4: return AF_INET;
    case WEIR_ADDRESS_IPV6: return AF_INET6;
    case WEIR_ADDRESS_UNIX: return AF_UNIX;
    default: return AF_UNSPEC;
    }
}

/* Making -------------------------------------------------------------------------------------- */

weir_address weir_address_any4(uint16_t port)
{
    return (weir_address){.kind = WEIR_ADDRESS_IPV4, .port = port};
}

weir_address weir_address_any6(uint16_t port)
{
    return (weir_address){.kind = WEIR_ADDRESS_IPV6, .port = port};
}

weir_address weir_address_loopback4(uint16_t port)
{
    return weir_address_from_u32(INADDR_LOOPBACK, port);
}

weir_address weir_address_loopback6(uint16_t port)
{
    return (weir_address){.kind = WEIR_ADDRESS_IPV6, .port = port, .at.ipv6 = {[15] = 1}};
}

weir_address weir_address_broadcast(uint16_t port)
{
    return weir_address_from_u32(INADDR_BROADCAST, port);
}

weir_address weir_address_from_octets(const uint8_t *octets, size_t len, uint16_t port)
{
    weir_address address = {.kind = len == 4 ? WEIR_ADDRESS_IPV4 : WEIR_ADDRESS_IPV6, .port = port};
    if (len != 4 && len != 16) return (weir_address){.kind = WEIR_ADDRESS_NONE};
    memcpy(address.at.ipv6, octets, len);
    return address;
}

size_t weir_address_octets(const weir_address *address, uint8_t out[16])
{
    if (address->kind != WEIR_ADDRESS_IPV4 && address->kind != WEIR_ADDRESS_IPV6) return 0;
    const weir_bytes octets = identity(address);
    memcpy(out, octets.data, octets.len);
    return octets.len;
}

weir_address weir_address_from_groups(const uint16_t groups[8], uint16_t port)
{
    weir_address address = weir_address_any6(port);
    for (int i = 0; i < GROUPS; i++) {
        address.at.ipv6[2 * i] = (uint8_t)(groups[i] >> 8);
        address.at.ipv6[2 * i + 1] = (uint8_t)groups[i];
    }
    return address;
}

bool weir_address_groups(const weir_address *address, uint16_t out[8])
{
    if (address->kind != WEIR_ADDRESS_IPV6) return false;
    for (int i = 0; i < GROUPS; i++)
        out[i] = (uint16_t)(address->at.ipv6[2 * i] << 8 | address->at.ipv6[2 * i + 1]);
    return true;
}

weir_address weir_address_from_u32(uint32_t number, uint16_t port)
{
    weir_address address = weir_address_any4(port);
    number = htobe32(number);
    memcpy(address.at.ipv4, &number, sizeof address.at.ipv4);
    return address;
}

uint32_t weir_address_u32(const weir_address *address)
{
    uint32_t number = 0;
    if (address->kind == WEIR_ADDRESS_IPV4) memcpy(&number, address->at.ipv4, sizeof number);
    return be32toh(number);
}

weir_address weir_address_map(const weir_address *address)
{
    if (address->kind != WEIR_ADDRESS_IPV4) return *address;
    weir_address mapped = weir_address_any6(address->port);
    memcpy(mapped.at.ipv6, mapped_prefix, sizeof mapped_prefix);
    memcpy(mapped.at.ipv6 + sizeof mapped_prefix, address->at.ipv4, sizeof address->at.ipv4);
    return mapped;
}

weir_address weir_address_unmap(const weir_address *address)
{
    if (address->kind != WEIR_ADDRESS_IPV6 ||
        memcmp(address->at.ipv6, mapped_prefix, sizeof mapped_prefix) != 0)
        return *address;
    return weir_address_from_octets(address->at.ipv6 + sizeof mapped_prefix, 4, address->port);
}

/* The kernel's form --------------------------------------------------------------------------- */

/* A path is handed over with its NUL, which is what unix(7) counts; an abstract name is all the
 * bytes that the length covers, so padding would be part of it. */
static socklen_t unix_to_sockaddr(const weir_address *address, struct sockaddr_storage *out)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    const weir_bytes name = identity(address);
    memcpy(un.sun_path, name.data, name.len);
    memcpy(out, &un, sizeof un);
    bool path = name.len > 0 && un.sun_path[0] != '\0';
    return (socklen_t)(UNIX_HEAD + name.len + (path && name.len < sizeof un.sun_path));
}

socklen_t weir_address_to_sockaddr(const weir_address *address, struct sockaddr_storage *out)
{
    if (address->kind == WEIR_ADDRESS_IPV4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        memcpy(&in.sin_addr, address->at.ipv4, sizeof in.sin_addr);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    if (address->kind == WEIR_ADDRESS_IPV6) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                                   .sin6_port = htons(address->port),
                                   .sin6_flowinfo = htonl(address->flow),
                                   .sin6_scope_id = address->zone};
        memcpy(&in6.sin6_addr, address->at.ipv6, sizeof in6.sin6_addr);
        memcpy(out, &in6, sizeof in6);
        return sizeof in6;
    }
    if (address->kind == WEIR_ADDRESS_UNIX) return unix_to_sockaddr(address, out);
    out->ss_family = AF_UNSPEC;
    return 0;
}

/* The kernel may count the NUL of a path or not, and counts one byte more than there is room for
 * when a path fills all of it. */
static void unix_from_sockaddr(const struct sockaddr *from, size_t len, weir_address *out)
{
    struct sockaddr_un un = {0};
    memcpy(&un, from, len < sizeof un ? len : sizeof un);
    size_t name = (len < sizeof un ? len : sizeof un) - UNIX_HEAD;
    if (un.sun_path[0] != '\0') name = strnlen(un.sun_path, name);
    *out = (weir_address){.kind = WEIR_ADDRESS_UNIX, .path_len = (uint8_t)name};
    memcpy(out->at.path, un.sun_path, name);
}

/* Whether all of a structure of `size` bytes is there. */
static bool take(const struct sockaddr *from, size_t len, void *out, size_t size)
{
    if (len < size) return false;
    memcpy(out, from, size);
    return true;
}

/* Sets all but the address itself.  The rest of the union stays as it is: clearing it would cost
 * more than everything else. */
static void put_ip(weir_address *out, weir_address_kind kind, in_port_t port, uint32_t zone,
                   uint32_t flow)
{
    out->kind = (uint8_t)kind;
    out->path_len = 0;
    out->port = ntohs(port);
    out->zone = zone;
    out->flow = flow;
}

int weir_address_from_sockaddr(const struct sockaddr *from, socklen_t len, weir_address *out)
{
    if (len == 0) {
        *out = (weir_address){.kind = WEIR_ADDRESS_UNIX};
        return 0;
    }
    sa_family_t family;
    if (!take(from, len, &family, sizeof family)) return WEIR_EINVAL;
    if (family == AF_INET) {
        struct sockaddr_in in;
        if (!take(from, len, &in, sizeof in)) return WEIR_EINVAL;
        put_ip(out, WEIR_ADDRESS_IPV4, in.sin_port, 0, 0);
        memcpy(out->at.ipv4, &in.sin_addr, sizeof in.sin_addr);
        return 0;
    }
    if (family == AF_INET6) {
        struct sockaddr_in6 in6;
        if (!take(from, len, &in6, sizeof in6)) return WEIR_EINVAL;
        put_ip(out, WEIR_ADDRESS_IPV6, in6.sin6_port, in6.sin6_scope_id, ntohl(in6.sin6_flowinfo));
        memcpy(out->at.ipv6, &in6.sin6_addr, sizeof in6.sin6_addr);
        return 0;
    }
    if (family != AF_UNIX) return WEIR_EAFNOSUPPORT;
    unix_from_sockaddr(from, len, out);
    return 0;
}
