/* SPDX-License-Identifier: MIT
 *
 * Endpoint texts with host names in them, turned into addresses.
 */
#include <weir/dns/lookup.h>

#include <weir/base/error.h>
#include <weir/net/endpoint.h>

/* The addresses of an endpoint that needs no look-up, as many as the flags and the room allow. */
static int give(const weir_endpoint *endpoint, unsigned flags, weir_address *out, size_t room)
{
    size_t count = 0;
    for (unsigned i = 0; i < endpoint->count && count < room; i++) {
        uint8_t kind = endpoint->addresses[i].kind;
        if (kind == WEIR_ADDRESS_IPV4 && (flags & WEIR_DNS_IPV6_ONLY)) continue;
        if (kind == WEIR_ADDRESS_IPV6 && (flags & WEIR_DNS_IPV4_ONLY)) continue;
        out[count++] = endpoint->addresses[i];
    }
    return count ? (int)count : WEIR_EAFNOSUPPORT;
}

int weir_dns_resolve(weir_io *io, weir_dns_resolver *resolver, weir_bytes text,
                     const weir_dns_lookup_options *options, weir_address *out, size_t room)
{
    if (room == 0) return WEIR_EINVAL;
    weir_endpoint endpoint;
    int error = weir_endpoint_parse(text, &endpoint);
    if (error == 0) return give(&endpoint, options ? options->flags : 0, out, room);
    if (error != WEIR_EADDRTEXT) return error;
    weir_host_port parts;
    error = weir_address_split(text, WEIR_ADDRESS_AS_SOCKET, 0, &parts, NULL);
    if (error) return error;
    if (parts.bracketed) return WEIR_EADDRTEXT;
    return weir_dns_lookup_host(io, resolver, parts.host, parts.port, options, out, room, NULL);
}
