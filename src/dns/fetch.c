/* SPDX-License-Identifier: MIT
 *
 * One name, one or two types: from the cache if it may be, else from the servers; past its time
 * only when these fail (RFC 8767); and asked again before its time is over, if it is much used.
 */
#include "dns/resolver.h"

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>

enum {
    STALE_TTL = 30,       /* seconds that a stale answer is said to be good for (RFC 8767 4) */
    STALE_WAIT_MS = 1800, /* how long the servers may take before it is given (RFC 8767 5) */
};

/* Where a type of the request is looked for: in the room that its result has. */
static dns_cache_look look_of(const dns_request *request, unsigned index, const dns_result *result)
{
    return (dns_cache_look){
        .type = request->types[index], .out = result->packed.octets, .room = result->packed.room};
}

/* Takes what a look has found; true if it is good now.  A stale one is filled in, too. */
static bool take_found(const dns_request *request, uint64_t hash, unsigned index,
                       dns_cache_look *look, dns_result *result, bool *prefetch)
{
    *prefetch |= look->found.prefetch; /* who is told is told once */
    while (look->found.len > look->room) {
        if (weir_dns_packed_reserve(&result->packed, look->found.len)) return false;
        *look = look_of(request, index, result);
        weir_dns_cache_find(&request->resolver->cache, request->lower, hash,
                            weir_dns_seconds(request->now), look, 1);
        *prefetch |= look->found.prefetch;
    }
    const dns_cache_found *found = &look->found;
    if (found->len == 0) return false;
    result->packed.len = found->len;
    result->ttl = found->stale ? STALE_TTL : found->ttl;
    result->origin = found->stale ? WEIR_DNS_FROM_STALE : WEIR_DNS_FROM_CACHE;
    if (found->held) __atomic_fetch_add(&request->resolver->stale, 1, __ATOMIC_RELAXED);
    return !found->stale || found->held;
}

/* Looks into the cache.  Returns the types, a bit for each, that are not known for certain. */
static unsigned find(const dns_request *request, uint64_t hash, dns_result results[DNS_ASK_TYPES],
                     bool *prefetch)
{
    dns_cache_look looks[DNS_ASK_TYPES];
    unsigned missing = 0;
    for (unsigned i = 0; i < request->type_count; i++) looks[i] = look_of(request, i, &results[i]);
    weir_dns_cache_find(&request->resolver->cache, request->lower, hash,
                        weir_dns_seconds(request->now), looks, request->type_count);
    for (unsigned i = 0; i < request->type_count; i++)
        if (!take_found(request, hash, i, &looks[i], &results[i], prefetch)) missing |= 1u << i;
    return missing;
}

/* Whether a failure says nothing of the name, so that what was known may stand in. */
static bool is_failure(int outcome)
{
    return outcome != 0 && outcome != WEIR_EDNS_NOTFOUND && outcome != WEIR_EDNS_NODATA;
}

/* Puts what a server said in place of what was there. */
static void take_over(dns_result *result, const dns_result *fresh)
{
    result->error = fresh->error;
    if (result->error == 0)
        result->error =
            weir_dns_packed_copy(&result->packed, fresh->packed.octets, fresh->packed.len);
    result->ttl = fresh->ttl;
    result->origin = fresh->origin;
}

/* Lets a stale result stand, and be given for a while without asking. */
static void hold(weir_io *io, const dns_request *request, uint64_t hash, unsigned index)
{
    weir_dns_resolver *resolver = request->resolver;
    weir_dns_cache_hold(&resolver->cache, request->lower, hash, request->types[index],
                        weir_dns_seconds(weir_now(io, WEIR_CLOCK_BOOT)), STALE_TTL);
    __atomic_fetch_add(&resolver->stale, 1, __ATOMIC_RELAXED);
}

/* Whether the stale results would do if nothing else came: each type has one, or one has records.
 */
static bool is_enough(const dns_request *request, const dns_result results[DNS_ASK_TYPES])
{
    bool all = true, any = false;
    for (unsigned i = 0; i < request->type_count; i++) {
        const bool stale = results[i].origin == WEIR_DNS_FROM_STALE;
        all &= stale;
        any |= stale && weir_dns_result_outcome(&results[i]) == 0;
    }
    return all || any;
}

/* With a stale result for at least one of the types: asks, if the stale results are enough in the
 * background and waits for that only a while, and takes what came of it where it is no failure, or
 * there was nothing before. */
static int fetch_stale(weir_io *io, const dns_request *request, uint64_t hash,
                       dns_result results[DNS_ASK_TYPES])
{
    const bool enough = is_enough(request, results);
    /* The question is the background's, so that it is not given up when the wait is over. */
    dns_request passenger = *request;
    passenger.passive = enough;
    dns_result fresh[DNS_ASK_TYPES];
    for (int i = 0; i < DNS_ASK_TYPES; i++) weir_dns_result_init(&fresh[i]);
    weir_scope wait;
    weir_scope_enter_for(io, &wait, enough ? weir_milliseconds(STALE_WAIT_MS) : weir_forever());
    int error = weir_dns_flight(io, &passenger, fresh);
    bool late = weir_scope_leave(io, &wait) == WEIR_EDEADLINE && error == WEIR_EDEADLINE;
    for (unsigned i = 0; i < request->type_count; i++) {
        if (error) fresh[i].error = late ? WEIR_EDNS_TIMEOUT : error;
        bool stale = results[i].origin == WEIR_DNS_FROM_STALE;
        if (stale && is_failure(weir_dns_result_outcome(&fresh[i])))
            hold(io, request, hash, i);
        else
            take_over(&results[i], &fresh[i]);
        weir_dns_result_free(&fresh[i]);
    }
    bool stop = error == WEIR_ECANCELED || (error == WEIR_EDEADLINE && !late);
    return stop ? error : 0;
}

/* Asks for the types of `request`, none of which is known for certain. */
static int ask_anew(weir_io *io, const dns_request *request, uint64_t hash,
                    dns_result results[DNS_ASK_TYPES])
{
    bool stale = false;
    for (unsigned i = 0; i < request->type_count; i++)
        stale |= results[i].origin == WEIR_DNS_FROM_STALE;
    if (stale) return fetch_stale(io, request, hash, results);
    return weir_dns_flight(io, request, results);
}

/* Asks for the types of which `missing` has a bit. */
static int fetch_missing(weir_io *io, const dns_request *request, uint64_t hash, unsigned missing,
                         dns_result results[DNS_ASK_TYPES])
{
    if (missing == (1u << request->type_count) - 1) return ask_anew(io, request, hash, results);
    unsigned index = missing == 1 ? 0 : 1;
    dns_request one = *request;
    one.types[0] = request->types[index];
    one.types[1] = 0;
    one.type_count = 1;
    return ask_anew(io, &one, hash, &results[index]);
}

int weir_dns_fetch(weir_io *io, const dns_request *request, dns_result results[DNS_ASK_TYPES])
{
    weir_dns_resolver *resolver = request->resolver;
    for (int i = 0; i < DNS_ASK_TYPES; i++) weir_dns_result_init(&results[i]);
    uint64_t hash = weir_dns_cache_hash(&resolver->cache, request->lower);
    unsigned missing = (1u << request->type_count) - 1;
    bool prefetch = false;
    if (!request->fresh) missing = find(request, hash, results, &prefetch);
    if (prefetch && weir_dns_renew(io, request))
        __atomic_fetch_add(&resolver->prefetched, 1, __ATOMIC_RELAXED);
    if (missing == 0) return 0;
    __atomic_fetch_add(&resolver->misses, __builtin_popcount(missing), __ATOMIC_RELAXED);
    return fetch_missing(io, request, hash, missing, results);
}
