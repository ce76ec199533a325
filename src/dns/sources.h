/* SPDX-License-Identifier: MIT
 *
 * Which source address this machine would use to a destination, remembered for a few seconds: to
 * find it out takes four system calls, and sorting a host's addresses needs one for each.
 */
#ifndef DNS_SOURCES_H
#define DNS_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/addr.h>
#include <weir/io/task.h>

enum { DNS_SOURCES = 64 };

typedef struct dns_sources_entry {
    weir_instant until;
    weir_address destination, source; /* without ports */
} dns_sources_entry;

/* Direct-mapped: a destination has one place.  All under `lock`.  Begins as zero. */
typedef struct dns_sources {
    uint32_t lock;
    dns_sources_entry entries[DNS_SOURCES];
} dns_sources;

/* The source to `destination`; NONE if there is none.  Returns 0 or an error of weir_order_source.
 * A cancellation point when it is not known. */
int weir_dns_sources_find(weir_io *io, dns_sources *sources, const weir_address *destination,
                          weir_instant now, weir_address *source);

#endif
