/* SPDX-License-Identifier: MIT
 *
 * Resolvers: made, ended, emptied and counted; and which servers they ask at present.
 */
#include "dns/resolver.h"

#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/random.h>

#include "base/spin.h"

enum { DAY_S = 86400, HOUR_S = 3600, TCP_IDLE_S = 10 };

/* Seconds of a duration, rounded up; `otherwise` for 0. */
static uint32_t seconds_or(weir_duration duration, uint32_t otherwise)
{
    if (duration.ns <= 0) return otherwise;
    int64_t seconds = (duration.ns - 1) / 1000000000 + 1;
    return seconds > UINT32_MAX / 4 ? UINT32_MAX / 4 : (uint32_t)seconds;
}

static void init_cache(dns_cache *cache, const weir_dns_resolver_options *options,
                       const weir_hash_key *key)
{
    size_t bytes = options->cache_bytes ? options->cache_bytes : WEIR_DNS_CACHE_BYTES;
    weir_dns_cache_init(cache, options->no_cache ? 0 : bytes, key);
    cache->ttl_max = seconds_or(options->ttl_max, DAY_S);
    cache->negative_max = seconds_or(options->negative_ttl_max, HOUR_S);
    cache->stale = seconds_or(options->stale, 0);
    cache->prefetch = options->prefetch;
}

static bool are_sane(const weir_dns_resolver_options *options)
{
    return options->ttl_max.ns >= 0 && options->negative_ttl_max.ns >= 0 &&
           options->stale.ns >= 0 && options->tcp_idle.ns >= 0 && options->files.interval.ns >= 0;
}

int weir_dns_resolver_create(weir_io *io, const weir_dns_resolver_options *options,
                             weir_dns_resolver **out)
{
    static const weir_dns_resolver_options defaults;
    if (!options) options = &defaults;
    if (!are_sane(options)) return WEIR_EINVAL;
    weir_hash_key key;
    int error = weir_random_secure(io, &key, sizeof key);
    if (error) return error;
    weir_dns_resolver *resolver = calloc(1, sizeof *resolver);
    if (!resolver) return WEIR_ENOMEM;
    error = weir_dns_files_create(&options->files, &resolver->files);
    if (error) {
        free(resolver);
        return error;
    }
    resolver->io = io;
    resolver->parallel = options->parallel;
    resolver->mix_case = options->mix_case;
    resolver->fresh_ports = options->fresh_ports;
    resolver->tcp_idle = options->tcp_idle;
    if (resolver->tcp_idle.ns == 0) resolver->tcp_idle = weir_seconds(TCP_IDLE_S);
    resolver->flights = resolver->few_flights;
    resolver->chains = DNS_FLIGHT_CHAINS;
    init_cache(&resolver->cache, options, &key);
    *out = resolver;
    return 0;
}

void weir_dns_resolver_destroy(weir_io *io, weir_dns_resolver *resolver)
{
    if (!resolver) return;
    weir_group_cancel(io, &resolver->background);
    if (resolver->asking) weir_dns_asking_release(io, resolver, resolver->asking);
    if (resolver->flights != resolver->few_flights) free(resolver->flights);
    weir_dns_cache_deinit(&resolver->cache);
    weir_dns_files_destroy(resolver->files);
    free(resolver);
}

void weir_dns_resolver_flush(weir_dns_resolver *resolver, const weir_dns_name *name)
{
    if (!name) {
        weir_dns_cache_clear(&resolver->cache);
        weir_dns_files_expire(resolver->files);
        weir_spin_lock(&resolver->lock);
        if (resolver->asking) resolver->asking->outdated = true;
        weir_spin_unlock(&resolver->lock);
        return;
    }
    weir_dns_name lower = *name;
    weir_dns_name_lower(&lower);
    weir_dns_cache_forget_below(&resolver->cache, &lower);
}

void weir_dns_resolver_forget(weir_dns_resolver *resolver, const weir_dns_name *name)
{
    weir_dns_name lower = *name;
    weir_dns_name_lower(&lower);
    weir_dns_cache_forget(&resolver->cache, &lower, weir_dns_cache_hash(&resolver->cache, &lower));
}

void weir_dns_resolver_statistics(weir_dns_resolver *resolver, weir_dns_statistics *out)
{
    const dns_cache_sums cache = weir_dns_cache_count(&resolver->cache);
    *out = (weir_dns_statistics){
        .lookups = cache.hits + __atomic_load_n(&resolver->misses, __ATOMIC_RELAXED),
        .hits = cache.hits,
        .stale = __atomic_load_n(&resolver->stale, __ATOMIC_RELAXED),
        .merged = __atomic_load_n(&resolver->merged, __ATOMIC_RELAXED),
        .questions = __atomic_load_n(&resolver->questions, __ATOMIC_RELAXED),
        .failures = __atomic_load_n(&resolver->failures, __ATOMIC_RELAXED),
        .prefetched = __atomic_load_n(&resolver->prefetched, __ATOMIC_RELAXED),
        .entries = cache.entries,
        .bytes = cache.bytes,
        .evicted = cache.evicted,
    };
}

int weir_dns_resolver_view(weir_io *io, weir_dns_resolver *resolver, const weir_dns_view **out)
{
    return weir_dns_view_take(io, resolver->files, weir_now(io, WEIR_CLOCK_BOOT), out);
}

void weir_dns_resolver_file(weir_dns_resolver *resolver, weir_dns_file file,
                            weir_dns_file_state *out)
{
    weir_dns_files_state(resolver->files, file, out);
}
