/* SPDX-License-Identifier: MIT
 *
 * IP addresses in the one form of the simulated network.
 */
#include <string.h>
#include <sys/socket.h>

#include "io/sim/net.h"

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool weir_sim_is_four(const uint8_t ip[16])
{
    return memcmp(ip, mapped, sizeof mapped) == 0;
}

bool weir_sim_is_any(const uint8_t ip[16])
{
    static const uint8_t zero[16];
    return memcmp(ip, zero, 16) == 0 || (weir_sim_is_four(ip) && memcmp(ip + 12, zero, 4) == 0);
}

bool weir_sim_is_loopback(const uint8_t ip[16])
{
    static const uint8_t six[16] = {[15] = 1};
    return memcmp(ip, six, 16) == 0 || (weir_sim_is_four(ip) && ip[12] == 127);
}

bool weir_sim_is_multicast(const uint8_t ip[16])
{
    return weir_sim_is_four(ip) ? ip[12] >> 4 == 14 : ip[0] == 0xff;
}

bool weir_sim_is_broadcast(const uint8_t ip[16])
{
    if (!weir_sim_is_four(ip)) return false;
    return memcmp(ip + 12, "\xff\xff\xff\xff", 4) == 0 ||
           memcmp(ip + 12, "\x7f\xff\xff\xff", 4) == 0;
}

bool weir_sim_same_ip(const uint8_t a[16], const uint8_t b[16])
{
    return memcmp(a, b, 16) == 0;
}

bool weir_sim_same_name(const sim_name *a, const sim_name *b)
{
    return a->port == b->port && weir_sim_same_ip(a->ip, b->ip);
}

bool weir_sim_name_from(const weir_address *address, sim_name *out)
{
    *out = (sim_name){.port = address->port};
    if (address->kind == WEIR_ADDRESS_IPV4) {
        memcpy(out->ip, mapped, sizeof mapped);
        memcpy(out->ip + 12, address->at.ipv4, 4);
        return true;
    }
    if (address->kind != WEIR_ADDRESS_IPV6) return false;
    memcpy(out->ip, address->at.ipv6, 16);
    out->zone = address->zone;
    return true;
}

void weir_sim_name_to(const sim_name *name, bool six, weir_address *out)
{
    if (!six) {
        *out = (weir_address){.kind = WEIR_ADDRESS_IPV4, .port = name->port};
        memcpy(out->at.ipv4, name->ip + 12, 4);
        return;
    }
    *out = (weir_address){.kind = WEIR_ADDRESS_IPV6, .port = name->port, .zone = name->zone};
    memcpy(out->at.ipv6, name->ip, 16);
}

int64_t weir_sim_name_fits(const sim_node *n, const weir_address *address, sim_name *out)
{
    if (!weir_sim_name_from(address, out)) return WEIR_EAFNOSUPPORT;
    /* The kernel sees a structure that is too short for the family of the socket. */
    if (n->family == AF_INET6 && address->kind == WEIR_ADDRESS_IPV4) return WEIR_EINVAL;
    if (n->family == AF_INET && address->kind == WEIR_ADDRESS_IPV6) return WEIR_EAFNOSUPPORT;
    return 0;
}
