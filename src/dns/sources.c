/* SPDX-License-Identifier: MIT
 *
 * Sources remembered, and addresses sorted by them.
 */
#include "dns/sources.h"

#include <string.h>

#include <weir/base/error.h>
#include <weir/base/hash.h>
#include <weir/io/clock.h>
#include <weir/net/order.h>

#include "base/spin.h"
#include "dns/host.h"

enum { KEEP_S = 5 };

static dns_sources_entry *place_of(dns_sources *sources, const weir_address *destination)
{
    static const weir_hash_key fixed; /* whoever makes two collide has gained nothing */
    size_t len = destination->kind == WEIR_ADDRESS_IPV4 ? 4 : 16;
    uint64_t hash = weir_hash(&fixed, weir_bytes_of(&destination->at, len));
    return &sources->entries[hash % DNS_SOURCES];
}

static bool look(dns_sources *sources, const weir_address *destination, weir_instant now,
                 weir_address *source)
{
    dns_sources_entry *entry = place_of(sources, destination);
    weir_spin_lock(&sources->lock);
    bool known = entry->until.ns > now.ns && weir_address_equal(&entry->destination, destination);
    if (known) *source = entry->source;
    weir_spin_unlock(&sources->lock);
    return known;
}

int weir_dns_sources_find(weir_io *io, dns_sources *sources, const weir_address *destination,
                          weir_instant now, weir_address *source)
{
    weir_address bare = *destination;
    bare.port = 0;
    if (look(sources, &bare, now, source)) return 0;
    int error = weir_order_source(io, &bare, source);
    if (error) return error;
    source->port = 0;
    dns_sources_entry *entry = place_of(sources, &bare);
    weir_spin_lock(&sources->lock);
    *entry = (dns_sources_entry){.until = weir_instant_add(now, weir_seconds(KEEP_S)),
                                 .destination = bare,
                                 .source = *source};
    weir_spin_unlock(&sources->lock);
    return 0;
}

/* IPv6 first, else as they are. */
static void put_ipv6_first(weir_address *addresses, size_t count)
{
    weir_address others[WEIR_DNS_HOST_ADDRESSES];
    size_t first = 0, rest = 0;
    for (size_t i = 0; i < count; i++) {
        if (addresses[i].kind == WEIR_ADDRESS_IPV6)
            addresses[first++] = addresses[i];
        else
            others[rest++] = addresses[i];
    }
    memcpy(addresses + first, others, rest * sizeof *others);
}

int weir_dns_host_sort(weir_io *io, const dns_host *host, weir_address *addresses, size_t count)
{
    if (count < 2) return 0;
    if (host->flags & WEIR_DNS_UNSORTED) {
        put_ipv6_first(addresses, count);
        return 0;
    }
    weir_order_candidate candidates[WEIR_DNS_HOST_ADDRESSES];
    weir_instant now = weir_now(io, WEIR_CLOCK_BOOT);
    for (size_t i = 0; i < count; i++) {
        candidates[i] = (weir_order_candidate){.destination = addresses[i]};
        int error = weir_dns_sources_find(io, &host->resolver->sources, &addresses[i], now,
                                          &candidates[i].source);
        if (error) return error == WEIR_ECANCELED || error == WEIR_EDEADLINE ? error : 0;
    }
    weir_order_sort(candidates, count, NULL, 0);
    for (size_t i = 0; i < count; i++) addresses[i] = candidates[i].destination;
    return 0;
}
