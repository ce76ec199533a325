/* SPDX-License-Identifier: MIT
 *
 * A host being looked up: what lookup_host.c and stream.c share.
 */
#ifndef DNS_HOST_H
#define DNS_HOST_H

#include <stddef.h>
#include <string.h>

#include <weir/dns/lookup.h>
#include <weir/net/endpoint.h>

#include "dns/resolver.h"

/* Told of each family once: its addresses, sorted, as soon as they are there; or, at the end, that
 * it has none, and why.  May wait.  Called from the looking task or one that it started: two calls
 * may overlap. */
typedef void dns_host_sink(weir_io *io, void *argument, const weir_dns_host *found, unsigned family,
                           const weir_address *addresses, size_t count, int error);

typedef struct dns_host {
    weir_dns_resolver *resolver;
    const weir_dns_view *view;
    weir_instant now; /* boot clock: read anew when something has been waited for */
    unsigned flags;
    unsigned families; /* weir_dns_family: those wanted */
    weir_dns_report *report;
    weir_dns_steps *steps;
    uint16_t port;
    dns_host_sink *sink; /* NULL: all at the end */
    void *sink_argument;
    unsigned told;       /* families that the sink knows of */
    int why4, why6;      /* why there is no address of a family, if there is none */
    weir_dns_host found; /* what is known besides the addresses */
    size_t count;
    weir_address addresses[WEIR_DNS_HOST_ADDRESSES];
} dns_host;

/* Copies a name without the room that it does not use, which is most of it: in blocks, as compilers
 * make a slow loop of a few octets. */
static inline void weir_dns_host_name(weir_dns_name *out, const weir_dns_name *name)
{
    enum { BLOCK = 32 };
    _Static_assert(sizeof *name % BLOCK == 0, "the last block ends with the name");
    for (size_t at = 0; at <= name->len; at += BLOCK)
        memcpy((uint8_t *)out + at, (const uint8_t *)name + at, BLOCK);
}

/* Copies an IP address without the room for paths, which is most of it. */
static inline void weir_dns_host_address(weir_address *out, const weir_address *ip)
{
    memcpy(out, ip, offsetof(weir_address, at) + sizeof ip->at.ipv6);
}

/* Looks a host up; the addresses are in `host`, sorted.  Returns how many, at least 1, or an error
 * of weir_dns_lookup_host. */
int weir_dns_find_host(weir_io *io, dns_host *host, weir_bytes name);

/* Fills in what the options say.  WEIR_EINVAL if they exclude both families. */
int weir_dns_host_init(dns_host *host, weir_dns_resolver *resolver, uint16_t port,
                       const weir_dns_lookup_options *options);

/* The families (weir_dns_family) that the flags of a lookup leave. */
unsigned weir_dns_families(unsigned lookup_flags);

/* What else than letters, digits and hyphens the flags of a lookup let a host's name have
 * (weir_dns_host_flags). */
unsigned weir_dns_host_rules(unsigned lookup_flags);

/* Reads a text that is an address in itself.  Returns 1 and *out; 0: it is a legal name of a host;
 * WEIR_EAFNOSUPPORT: of another family; WEIR_EINVAL: no family is left; WEIR_EZONETEXT;
 * WEIR_EDNS_NAME: neither a host's name nor an address, and not to be told to anybody. */
int weir_dns_literal(weir_bytes text, uint16_t port, unsigned lookup_flags, weir_address *out);

/* Reads an endpoint.  Returns how many addresses it stands for, of these families, mapped ones as
 * the IPv4 addresses that they are; 0: a name and a port, in *parts; WEIR_EAFNOSUPPORT: of other
 * families; WEIR_EINVAL: no family is left; WEIR_EPORTTEXT: also a host without a port; other
 * errors of weir_endpoint_parse. */
int weir_dns_endpoint(weir_bytes text, unsigned families, weir_address out[WEIR_ENDPOINT_ADDRESSES],
                      weir_host_port *parts);

/* Adds an address that is wanted and not there yet, a mapped one as the IPv4 address that it is.
 * What is beyond the room is left out, of the family that has more than half of it.  Whether it was
 * added. */
bool weir_dns_host_add(dns_host *host, const weir_address *address);

/* Asks DNS for the types of `request`, and adds their addresses.  Returns how many there are, or an
 * error. */
int weir_dns_host_ask(weir_io *io, dns_host *host, const dns_request *request);

/* The same for two types, each by a task of its own, telling the sink of each as it comes. */
int weir_dns_host_ask_apart(weir_io *io, dns_host *host, const dns_request *request);

/* What two families' outcomes come to, numbers or errors: addresses of either are an answer; a
 * failure counts more than "there is nothing", which might be wrong. */
int weir_dns_host_combine(int a, int b);

/* Puts addresses into the order to try them (RFC 6724), or with WEIR_DNS_UNSORTED IPv6 first.  That
 * it cannot be found out does no harm: only a request to stop is an error. */
int weir_dns_host_sort(weir_io *io, const dns_host *host, weir_address *addresses, size_t count);

#endif
