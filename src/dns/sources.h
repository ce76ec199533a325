/* SPDX-License-Identifier: MIT
 *
 * How good destinations are (RFC 6724), remembered for a few seconds: it depends on the source that
 * this machine would use to them, and to find that out takes four system calls for each.
 */
#ifndef DNS_SOURCES_H
#define DNS_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/addr.h>
#include <weir/io/task.h>
#include <weir/net/order.h>

enum { DNS_SOURCES = 64 };

/* An IP address, its port aside, in a form that is compared at once. */
typedef struct dns_destination {
    uint64_t halves[2]; /* as they stand in memory; of IPv4 the first four octets */
    uint32_t zone, kind;
} dns_destination;

typedef struct dns_sources_entry {
    weir_instant until;
    dns_destination destination;
    weir_order_rank rank;
} dns_sources_entry;

/* Direct-mapped: a destination has one place.  All under `lock`.  Begins as zero. */
typedef struct dns_sources {
    uint32_t lock;
    dns_sources_entry entries[DNS_SOURCES];
} dns_sources;

/* At `now`, of the boot clock, sets order[0] to the index of the best one of these IP addresses, at
 * most WEIR_DNS_HOST_ADDRESSES, and so on.  Returns 0 or an error of weir_order_source.  A
 * cancellation point when one is not known. */
int weir_dns_sources_order(weir_io *io, dns_sources *sources, const weir_address *destinations,
                           size_t count, weir_instant now, uint8_t *order);

#endif
