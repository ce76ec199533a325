/* SPDX-License-Identifier: MIT
 *
 * The cache's table: shards, entries, and who has to go when there is no room.
 */
#include "dns/cache.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/spin.h"

enum {
    TABLE_MIN = 8,
    OCTETS_MAX = 32768,  /* of a packed answer that is worth keeping */
    PREFETCH_PART = 10,  /* an entry is asked for again in the last tenth of its time */
    PREFETCH_LEAST = 10, /* seconds: what lives shorter is not */
    TIMES_USED_MAX = 3,  /* rounds of the hand that an often used entry outlives */
    SWEEPS = 64,         /* buckets in which one that comes new looks for what nobody uses */
    STRIDE = 64,         /* buckets looked through before the lock is given to others */
};

struct dns_cache_entry {
    dns_cache_entry *next;
    uint32_t tag;     /* the upper half of the hash; the lower half says the shard */
    uint32_t expires; /* second in which its TTL has passed */
    uint32_t ttl;     /* as it was kept */
    uint32_t held;    /* second until which it is given although it is stale */
    uint16_t type;
    uint16_t len; /* octets of the answer */
    uint8_t name_len;
    uint8_t used;     /* looked at since the hand came by, up to TIMES_USED_MAX */
    bool prefetching; /* somebody was told to ask again */
    uint8_t octets[]; /* the name, then the answer */
};

static dns_cache_shard *shard_of(dns_cache *cache, uint64_t hash)
{
    return &cache->shards[hash % DNS_CACHE_SHARDS];
}

/* What an entry keeps of its hash: enough to find its bucket when the table grows. */
static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

/* The chain of a hash; the table is there. */
static dns_cache_entry **chain_of(const dns_cache_shard *shard, uint64_t hash)
{
    return &shard->table[tag_of(hash) & (shard->size - 1)];
}

static bool is_named(const dns_cache_entry *entry, const weir_dns_name *lower, uint64_t hash)
{
    return entry->tag == tag_of(hash) && entry->name_len == lower->len &&
           memcmp(entry->octets, lower->octets, lower->len) == 0;
}

/* What an entry really takes, the allocator's head included. */
static size_t weight(dns_cache_entry *entry)
{
    return malloc_usable_size(entry) + sizeof(size_t);
}

void weir_dns_cache_init(dns_cache *cache, size_t bytes, const weir_hash_key *key)
{
    *cache = (dns_cache){.key = *key, .limit = bytes / DNS_CACHE_SHARDS};
}

uint64_t weir_dns_cache_hash(const dns_cache *cache, const weir_dns_name *lower)
{
    return weir_hash(&cache->key, weir_bytes_of(lower->octets, lower->len));
}

/* Takes the entry at `place` out and frees it. */
static void drop(dns_cache_shard *shard, dns_cache_entry **place)
{
    dns_cache_entry *entry = *place;
    *place = entry->next;
    shard->count--;
    shard->bytes -= weight(entry);
    free(entry);
}

static dns_cache_entry **find_place(dns_cache_shard *shard, const weir_dns_name *lower,
                                    uint64_t hash, uint16_t type)
{
    if (shard->size == 0) return NULL;
    dns_cache_entry **place = chain_of(shard, hash);
    for (; *place; place = &(*place)->next)
        if ((*place)->type == type && is_named(*place, lower, hash)) return place;
    return NULL;
}

/* Whether now is the time to ask again, for one of those who look. */
static bool begin_prefetch(const dns_cache *cache, dns_cache_entry *entry, uint32_t now)
{
    if (!cache->prefetch || entry->prefetching || entry->used < TIMES_USED_MAX) return false;
    if (entry->ttl < PREFETCH_LEAST || entry->expires - now > entry->ttl / PREFETCH_PART)
        return false;
    entry->prefetching = true;
    return true;
}

/* With the lock held. */
static void look(const dns_cache *cache, dns_cache_shard *shard, dns_cache_entry **place,
                 uint32_t now, dns_cache_look *look)
{
    dns_cache_entry *entry = *place;
    dns_cache_found *found = &look->found;
    const bool good = now < entry->expires;
    if (!good && now - entry->expires >= cache->stale) {
        drop(shard, place);
        return;
    }
    if (entry->used < TIMES_USED_MAX) entry->used++;
    found->len = entry->len;
    found->stale = !good;
    found->held = !good && now < entry->held;
    found->ttl = good ? entry->expires - now : 0;
    found->prefetch = good && begin_prefetch(cache, entry, now);
    const bool whole = found->len <= look->room;
    memcpy(look->out, entry->octets + entry->name_len, whole ? found->len : look->room);
    shard->hits += whole && (good || found->held);
}

void weir_dns_cache_find(dns_cache *cache, const weir_dns_name *lower, uint64_t hash, uint32_t now,
                         dns_cache_look *looks, unsigned count)
{
    dns_cache_shard *shard = shard_of(cache, hash);
    weir_spin_lock(&shard->lock);
    for (unsigned i = 0; i < count; i++) {
        looks[i].found = (dns_cache_found){0};
        dns_cache_entry **place = find_place(shard, lower, hash, looks[i].type);
        if (place) look(cache, shard, place, now, &looks[i]);
    }
    weir_spin_unlock(&shard->lock);
}

/* Moves the hand on by one bucket: frees what is past its time, and what nobody has used, or, if
 * that is a `must`, all. */
static void sweep_bucket(dns_cache_shard *shard, uint32_t now, uint32_t stale, bool must)
{
    shard->hand = (shard->hand + 1) & (shard->size - 1);
    dns_cache_entry **place = &shard->table[shard->hand];
    while (*place) {
        dns_cache_entry *entry = *place;
        bool past = now >= entry->expires && now - entry->expires >= stale;
        if (past || entry->used == 0 || must) {
            drop(shard, place);
            shard->evicted += !past;
        } else {
            entry->used--;
            place = &entry->next;
        }
    }
}

/* Makes room for `need` bytes; false, and nothing has to go, if there cannot be enough.  Where all
 * is much used, somebody has to go nevertheless: others wait for the lock. */
static bool make_room(dns_cache *cache, dns_cache_shard *shard, size_t need, uint32_t now)
{
    if (shard->size * sizeof(dns_cache_entry *) + need > cache->limit) return false;
    for (int sweeps = 0; shard->count > 0 && shard->bytes + need > cache->limit; sweeps++)
        sweep_bucket(shard, now, cache->stale, sweeps >= SWEEPS);
    return shard->bytes + need <= cache->limit;
}

/* Doubles the table when there are as many entries as buckets, if there is room for that. */
static void grow_table(dns_cache *cache, dns_cache_shard *shard)
{
    if (shard->count < shard->size) return;
    uint32_t size = shard->size ? 2 * shard->size : TABLE_MIN;
    size_t more = (size - shard->size) * sizeof(dns_cache_entry *);
    if (shard->bytes + more > cache->limit) return;
    dns_cache_entry **table = calloc(size, sizeof *table);
    if (!table) return;
    for (uint32_t i = 0; i < shard->size; i++) {
        while (shard->table[i]) {
            dns_cache_entry *entry = shard->table[i];
            shard->table[i] = entry->next;
            dns_cache_entry **chain = &table[entry->tag & (size - 1)];
            entry->next = *chain;
            *chain = entry;
        }
    }
    free(shard->table);
    shard->table = table;
    shard->size = size;
    shard->hand = 0;
    shard->bytes += more;
}

static dns_cache_entry *make_entry(const weir_dns_name *lower, uint64_t hash,
                                   const dns_cache_new *answer, uint32_t ttl)
{
    const weir_bytes packed = answer->packed;
    dns_cache_entry *entry = malloc(sizeof *entry + lower->len + packed.len);
    if (!entry) return NULL;
    *entry = (dns_cache_entry){.tag = tag_of(hash),
                               .type = answer->type,
                               .ttl = ttl,
                               .expires = answer->came + ttl,
                               .name_len = lower->len,
                               .len = (uint16_t)packed.len,
                               .used = 1};
    memcpy(entry->octets, lower->octets, lower->len);
    memcpy(entry->octets + lower->len, packed.data, packed.len);
    return entry;
}

uint32_t weir_dns_cache_ttl(const dns_cache *cache, uint32_t ttl, bool negative)
{
    if (ttl > cache->ttl_max) ttl = cache->ttl_max;
    return negative && ttl > cache->negative_max ? cache->negative_max : ttl;
}

uint32_t weir_dns_cache_epoch(const dns_cache *cache, uint64_t hash)
{
    /* Relaxed: who compares it does so under the shard's lock, under which it is changed. */
    return __atomic_load_n(&cache->shards[hash % DNS_CACHE_SHARDS].epoch, __ATOMIC_RELAXED);
}

/* With the lock held: what was asked for before is not kept any more. */
static void begin_epoch(dns_cache_shard *shard)
{
    __atomic_store_n(&shard->epoch, shard->epoch + 1, __ATOMIC_RELAXED);
}

/* Puts an entry into its chain, if there is room.  With the lock held. */
static bool add(dns_cache *cache, dns_cache_shard *shard, uint64_t hash, dns_cache_entry *entry,
                uint32_t now)
{
    const size_t need = weight(entry);
    grow_table(cache, shard);
    if (shard->size == 0 || !make_room(cache, shard, need, now)) return false;
    dns_cache_entry **chain = chain_of(shard, hash);
    entry->next = *chain;
    *chain = entry;
    shard->count++;
    shard->bytes += need;
    return true;
}

void weir_dns_cache_put(dns_cache *cache, const weir_dns_name *lower, uint64_t hash,
                        const dns_cache_new *answer)
{
    const uint32_t ttl = weir_dns_cache_ttl(cache, answer->ttl, answer->negative);
    dns_cache_entry *entry = NULL;
    if (ttl > 0 && cache->limit > 0 && answer->packed.len <= OCTETS_MAX)
        entry = make_entry(lower, hash, answer, ttl);
    dns_cache_shard *shard = shard_of(cache, hash);
    weir_spin_lock(&shard->lock);
    if (answer->epoch == shard->epoch) {
        dns_cache_entry **place = find_place(shard, lower, hash, answer->type);
        /* "No such name" refreshes what is known, whatever its time (RFC 8767 5). */
        if (place && (ttl > 0 || answer->negative || cache->stale == 0)) drop(shard, place);
        if (entry && add(cache, shard, hash, entry, answer->came)) entry = NULL;
    }
    weir_spin_unlock(&shard->lock);
    free(entry);
}

void weir_dns_cache_hold(dns_cache *cache, const weir_dns_name *lower, uint64_t hash, uint16_t type,
                         uint32_t now, uint32_t seconds)
{
    dns_cache_shard *shard = shard_of(cache, hash);
    weir_spin_lock(&shard->lock);
    dns_cache_entry **place = find_place(shard, lower, hash, type);
    if (place) (*place)->held = now + seconds;
    weir_spin_unlock(&shard->lock);
}

void weir_dns_cache_forget(dns_cache *cache, const weir_dns_name *lower, uint64_t hash)
{
    dns_cache_shard *shard = shard_of(cache, hash);
    weir_spin_lock(&shard->lock);
    begin_epoch(shard);
    dns_cache_entry **place = shard->size ? chain_of(shard, hash) : NULL;
    while (place && *place) {
        if (is_named(*place, lower, hash))
            drop(shard, place);
        else
            place = &(*place)->next;
    }
    weir_spin_unlock(&shard->lock);
}

/* Whether an entry's name is `lower` or below it: ends with it, where a label begins. */
static bool is_within(const dns_cache_entry *entry, const weir_dns_name *lower)
{
    if (entry->name_len < lower->len) return false;
    const unsigned above = entry->name_len - lower->len;
    if (memcmp(entry->octets + above, lower->octets, lower->len) != 0) return false;
    unsigned at = 0;
    while (at < above) at += 1u + entry->octets[at];
    return at == above;
}

/* Looks through a stretch of the table, from bucket `at` on; returns where to go on, or 0 at the
 * end.  When the table has grown meanwhile, what was in a bucket is in the one of the same number
 * or in one of the new half, so that nothing is passed over. */
static uint32_t forget_stretch(dns_cache_shard *shard, uint32_t at, const weir_dns_name *lower)
{
    weir_spin_lock(&shard->lock);
    if (at == 0) begin_epoch(shard);
    if (at > shard->size) at = shard->size; /* somebody has emptied it */
    const uint32_t end = shard->size - at > STRIDE ? at + STRIDE : shard->size;
    for (; at < end; at++) {
        dns_cache_entry **place = &shard->table[at];
        while (*place) {
            if (is_within(*place, lower))
                drop(shard, place);
            else
                place = &(*place)->next;
        }
    }
    if (at == shard->size) at = 0;
    weir_spin_unlock(&shard->lock);
    return at;
}

void weir_dns_cache_forget_below(dns_cache *cache, const weir_dns_name *lower)
{
    for (int i = 0; i < DNS_CACHE_SHARDS; i++) {
        uint32_t at = 0;
        do at = forget_stretch(&cache->shards[i], at, lower);
        while (at > 0);
    }
}

/* Empties a shard; its entries are freed when others may have the lock. */
static void clear(dns_cache_shard *shard)
{
    weir_spin_lock(&shard->lock);
    begin_epoch(shard);
    dns_cache_entry **table = shard->table;
    const uint32_t size = shard->size;
    shard->table = NULL;
    shard->size = shard->count = shard->hand = 0;
    shard->bytes = 0;
    weir_spin_unlock(&shard->lock);
    for (uint32_t i = 0; i < size; i++) {
        while (table[i]) {
            dns_cache_entry *entry = table[i];
            table[i] = entry->next;
            free(entry);
        }
    }
    free(table);
}

void weir_dns_cache_clear(dns_cache *cache)
{
    for (int i = 0; i < DNS_CACHE_SHARDS; i++) clear(&cache->shards[i]);
}

void weir_dns_cache_deinit(dns_cache *cache)
{
    weir_dns_cache_clear(cache);
}

dns_cache_sums weir_dns_cache_count(dns_cache *cache)
{
    dns_cache_sums sums = {0};
    for (int i = 0; i < DNS_CACHE_SHARDS; i++) {
        dns_cache_shard *shard = &cache->shards[i];
        weir_spin_lock(&shard->lock);
        sums.entries += shard->count;
        sums.bytes += shard->bytes;
        sums.hits += shard->hits;
        sums.evicted += shard->evicted;
        weir_spin_unlock(&shard->lock);
    }
    return sums;
}
