/* SPDX-License-Identifier: MIT
 *
 * Ranks of destinations remembered, and addresses sorted by them.
 */
#include "dns/sources.h"

#include <string.h>

#include <weir/base/error.h>

#include "base/spin.h"
#include "dns/host.h"

enum { KEEP_S = 5 };

static dns_destination destination_of(const weir_address *address)
{
    dns_destination it = {.kind = address->kind};
    if (address->kind == WEIR_ADDRESS_IPV4) {
        memcpy(it.halves, address->at.ipv4, sizeof address->at.ipv4);
    } else {
        memcpy(it.halves, address->at.ipv6, sizeof address->at.ipv6);
        it.zone = address->zone;
    }
    return it;
}

static bool is_same(const dns_destination *a, const dns_destination *b)
{
    return a->halves[0] == b->halves[0] && a->halves[1] == b->halves[1] && a->zone == b->zone &&
           a->kind == b->kind;
}

/* By a product whose upper bits depend on all of both factors' bits.  No secret: whoever makes two
 * collide has gained nothing. */
static dns_sources_entry *place_of(dns_sources *sources, const dns_destination *destination)
{
    const uint64_t mixed = (destination->halves[0] * UINT64_C(0x9e3779b97f4a7c15)) ^
                           (destination->halves[1] * UINT64_C(0xc2b2ae3d27d4eb4f));
    return &sources->entries[(mixed >> 32 ^ mixed >> 58) % DNS_SOURCES];
}

/* Looks all of them up; returns those that are not known, a bit for each. */
static uint64_t look(dns_sources *sources, const weir_address *addresses, size_t count,
                     weir_instant now, weir_order_rank *ranks)
{
    uint64_t unknown = 0;
    weir_spin_lock(&sources->lock);
    for (size_t i = 0; i < count; i++) {
        const dns_destination destination = destination_of(&addresses[i]);
        const dns_sources_entry *entry = place_of(sources, &destination);
        if (entry->until.ns > now.ns && is_same(&entry->destination, &destination))
            ranks[i] = entry->rank;
        else
            unknown |= UINT64_C(1) << i;
    }
    weir_spin_unlock(&sources->lock);
    return unknown;
}

/* Finds a rank out, and remembers it. */
static int find_out(weir_io *io, dns_sources *sources, const weir_address *address,
                    weir_instant now, weir_order_rank *rank)
{
    weir_order_candidate candidate = {.destination = *address};
    candidate.destination.port = 0;
    const int error = weir_order_source(io, &candidate.destination, &candidate.source);
    if (error) return error;
    *rank = weir_order_rank_of(&candidate, NULL, 0);
    const dns_destination destination = destination_of(address);
    weir_spin_lock(&sources->lock);
    *place_of(sources, &destination) =
        (dns_sources_entry){.until = weir_instant_add(now, weir_seconds(KEEP_S)),
                            .destination = destination,
                            .rank = *rank};
    weir_spin_unlock(&sources->lock);
    return 0;
}

int weir_dns_sources_order(weir_io *io, dns_sources *sources, const weir_address *destinations,
                           size_t count, weir_instant now, uint8_t *order)
{
    weir_order_rank ranks[WEIR_DNS_HOST_ADDRESSES];
    uint64_t unknown = look(sources, destinations, count, now, ranks);
    for (; unknown; unknown &= unknown - 1) {
        const int i = __builtin_ctzll(unknown);
        const int error = find_out(io, sources, &destinations[i], now, &ranks[i]);
        if (error) return error;
    }
    weir_order_sort_ranks(ranks, count, order);
    return 0;
}

/* IPv6 first, else as they are. */
static void order_ipv6_first(const weir_address *addresses, size_t count, uint8_t *order)
{
    size_t at = 0;
    for (int ipv4 = 0; ipv4 < 2; ipv4++)
        for (size_t i = 0; i < count; i++)
            if ((addresses[i].kind == WEIR_ADDRESS_IPV4) == ipv4) order[at++] = (uint8_t)i;
}

int weir_dns_host_sort(weir_io *io, const dns_host *host, weir_address *addresses, size_t count)
{
    weir_address before[WEIR_DNS_HOST_ADDRESSES];
    uint8_t order[WEIR_DNS_HOST_ADDRESSES];
    if (count < 2) return 0;
    if (host->flags & WEIR_DNS_UNSORTED) {
        order_ipv6_first(addresses, count, order);
    } else {
        int error = weir_dns_sources_order(io, &host->resolver->sources, addresses, count,
                                           host->now, order);
        if (error) return error == WEIR_ECANCELED || error == WEIR_EDEADLINE ? error : 0;
    }
    size_t same = 0;
    while (same < count && order[same] == same) same++;
    if (same == count) return 0;
    for (size_t i = same; i < count; i++) weir_dns_host_address(&before[i], &addresses[i]);
    for (size_t i = same; i < count; i++) weir_dns_host_address(&addresses[i], &before[order[i]]);
    return 0;
}
