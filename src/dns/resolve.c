/* SPDX-License-Identifier: MIT
 *
 * Endpoint texts with host names in them, turned into addresses.
 */
#include <weir/dns/lookup.h>

#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/hosts.h>

#include "dns/host.h"

static bool is_allowed(const weir_address *address, unsigned families)
{
    switch (address->kind) {
    case WEIR_ADDRESS_IPV4: return (families & WEIR_DNS_IPV4) != 0;
    case WEIR_ADDRESS_IPV6: return (families & WEIR_DNS_IPV6) != 0;
    default: return true;
    }
}

/* Reads "name:port".  A name alone lacks nothing but a port, and that is what is said of it. */
static int split(weir_bytes text, weir_host_port *parts)
{
    weir_host_port alone;
    const int error = weir_address_split(text, WEIR_ADDRESS_AS_SOCKET, 0, parts, NULL);
    if (error == WEIR_EADDRTEXT &&
        weir_address_split(text, WEIR_ADDRESS_AS_LITERAL, 0, &alone, NULL) == 0)
        return WEIR_EPORTTEXT;
    return error || !parts->bracketed ? error : WEIR_EADDRTEXT;
}

int weir_dns_endpoint(weir_bytes text, unsigned families, weir_address out[WEIR_ENDPOINT_ADDRESSES],
                      weir_host_port *parts)
{
    weir_endpoint endpoint;
    if (families == 0) return WEIR_EINVAL;
    int error = weir_endpoint_parse(text, &endpoint);
    if (error == WEIR_EADDRTEXT) return split(text, parts);
    if (error) return error;
    int count = 0;
    for (unsigned i = 0; i < endpoint.count; i++) {
        const weir_address address = weir_address_unmap(&endpoint.addresses[i]);
        if (is_allowed(&address, families)) out[count++] = address;
    }
    return count ? count : WEIR_EAFNOSUPPORT;
}

int weir_dns_resolve(weir_io *io, weir_dns_resolver *resolver, weir_bytes text,
                     const weir_dns_lookup_options *options, weir_address *out, size_t room)
{
    if (room == 0) return WEIR_EINVAL;
    weir_address addresses[WEIR_ENDPOINT_ADDRESSES];
    weir_host_port parts;
    int count =
        weir_dns_endpoint(text, weir_dns_families(options ? options->flags : 0), addresses, &parts);
    if (count < 0) return count;
    if (count == 0)
        return weir_dns_lookup_host(io, resolver, parts.host, parts.port, options, out, room, NULL);
    if ((size_t)count > room) count = (int)room;
    memcpy(out, addresses, (size_t)count * sizeof *out);
    return count;
}
