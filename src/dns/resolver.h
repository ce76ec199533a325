/* SPDX-License-Identifier: MIT
 *
 * What a resolver is inside, and how its parts are handed on.
 *
 *     lookup_host.c  lookup_record.c  …     what names mean: search list, hosts file, order
 *       fetch.c                             one name and one or two types: cache, staleness
 *         flight.c                          one question for all who ask the same at the same time
 *         renew.c                           a flight of the background's
 *           ask.c                           the servers
 */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/dns/lookup.h>
#include <weir/dns/resolver.h>
#include <weir/io/group.h>

#include "dns/ask.h"
#include "dns/cache.h"
#include "dns/packed.h"
#include "dns/sources.h"

typedef struct dns_flight dns_flight;

/* The servers of one state of the configuration.  Counted: the resolver has one reference to the
 * present one, each question that is under way another. */
typedef struct dns_asking {
    uint32_t refs;       /* under the resolver's lock */
    bool outdated;       /* not to be asked any more, although the configuration is the same */
    uint64_t generation; /* of the view that it was last compared with */
    dns_servers *servers;
    weir_dns_config config;
} dns_asking;

enum { DNS_FLIGHT_CHAINS = 64 }; /* at first */

/* Counters are atomic; `flights`, `asking` and its references are guarded by `lock`, held for a few
 * instructions; the rest does not change, or locks by itself. */
struct weir_dns_resolver {
    weir_io *io;
    bool parallel, mix_case, fresh_ports;
    weir_duration tcp_idle;
    weir_dns_files *files;
    dns_cache cache;
    dns_sources sources;
    weir_group background; /* questions that nobody waits for: prefetch, stale answers renewed */
    uint32_t lock;
    dns_asking *asking;            /* NULL before the first question */
    dns_flight **flights;          /* chains by hash: `few_flights`, or malloc'd */
    uint32_t chains, flight_count; /* chains: a power of two */
    dns_flight *few_flights[DNS_FLIGHT_CHAINS];
    uint64_t misses, stale, merged, questions, failures, prefetched;
};

/* What is known about one type of a name.  It must not move. */
typedef struct dns_result {
    int error; /* 0: `packed` is there, whatever its outcome */
    weir_dns_origin origin;
    uint32_t ttl;
    dns_packed packed;
} dns_result;

void weir_dns_result_init(dns_result *result);
void weir_dns_result_free(dns_result *result);

/* The outcome of a result as a number: 0, WEIR_EDNS_NOTFOUND, WEIR_EDNS_NODATA, or its error. */
int weir_dns_result_outcome(const dns_result *result);

/* One name and its types, being looked up. */
typedef struct dns_request {
    weir_dns_resolver *resolver;
    const weir_dns_view *view;
    weir_instant now;           /* boot clock: when the cache is looked into */
    const weir_dns_name *lower; /* the name in small letters */
    uint16_t types[DNS_ASK_TYPES];
    unsigned type_count;
    bool fresh;      /* do not answer from the cache */
    bool background; /* nobody waits for it */
    bool passive;    /* the question is to go on without it: the background's */
    weir_dns_report *report;
} dns_request;

/* Looks a name up in cache and DNS.  All results are set, to be freed by the caller; their errors
 * are those of weir_dns_ask.  Returns 0, or WEIR_ECANCELED, WEIR_EDEADLINE, WEIR_ENOMEM: then no
 * result means anything. */
int weir_dns_fetch(weir_io *io, const dns_request *request, dns_result results[DNS_ASK_TYPES]);

/* Asks the servers, or shares the answer with who asks the same now, and keeps it in the cache.
 * Returns and sets as weir_dns_fetch. */
int weir_dns_flight(weir_io *io, const dns_request *request, dns_result results[DNS_ASK_TYPES]);

/* Asks in the background, which ends with the resolver.  False if it cannot. */
bool weir_dns_renew(weir_io *io, const dns_request *request);

/* The servers for a view, counted.  Returns 0 and *out, WEIR_ENOMEM, errors of
 * weir_dns_servers_create. */
int weir_dns_asking_take(weir_io *io, weir_dns_resolver *resolver, const weir_dns_view *view,
                         dns_asking **out);
void weir_dns_asking_release(weir_io *io, weir_dns_resolver *resolver, dns_asking *asking);

/* How a configuration says to ask. */
dns_ask_options weir_dns_ask_options(const weir_dns_resolver *resolver,
                                     const weir_dns_config *config);

/* Whether a type is a question about a name's records: OPT and what stands before ANY is not. */
bool weir_dns_is_askable(uint16_t type);

/* What two sources asked one after the other come to: what the second one says, unless it has
 * nothing while the first one failed or knew the name. */
int weir_dns_then(int first, int second);

/* Adds a step to an explanation; `steps` may be NULL. */
void weir_dns_steps_add(weir_dns_steps *steps, weir_dns_origin origin, const weir_dns_name *name,
                        int result);

/* Seconds of an instant, for the cache. */
static inline uint32_t weir_dns_seconds(weir_instant now)
{
    return (uint32_t)(now.ns / 1000000000);
}

#endif
