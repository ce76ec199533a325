/* SPDX-License-Identifier: MIT
 *
 * The cache: packed answers by name and type, each for as long as its TTL says, within a number of
 * bytes.
 *
 * An entry is one block of memory: a head, the name in small letters, the packed answer.  The table
 * is split into shards by the name's hash, each with its own lock, held for a look-up and a copy; a
 * name's entries of all types are in one shard.  When a shard is full, a hand goes round its
 * buckets and frees what is past its time or was not used since it last came by (CLOCK).
 *
 * Times are whole seconds of the boot clock, so that an entry ages while the machine sleeps.
 */
#ifndef DNS_CACHE_H
#define DNS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/base/hash.h>
#include <weir/dns/wire/name.h>

enum { DNS_CACHE_SHARDS = 64 };

typedef struct dns_cache_entry dns_cache_entry;

/* Invariant: `bytes` is what the entries and the table take, and at most `limit` after each call;
 * `count` entries are in `table`, whose size is a power of two or 0.  All under `lock`, but for
 * `epoch`, which may be read without. */
typedef struct dns_cache_shard {
    uint32_t lock;
    uint32_t count;
    dns_cache_entry **table; /* chains by hash */
    uint32_t size;
    uint32_t hand;  /* the bucket that CLOCK looks at next */
    uint32_t epoch; /* atomic: how often something was forgotten */
    size_t bytes;
    uint64_t hits, evicted;
} dns_cache_shard;

typedef struct dns_cache {
    weir_hash_key key;
    size_t limit;     /* bytes of a shard; 0: nothing is kept */
    uint32_t ttl_max; /* seconds: a longer TTL is cut to it */
    uint32_t negative_max;
    uint32_t stale; /* seconds that an entry is kept past its TTL */
    bool prefetch;  /* tell who looks at a used entry near its end to ask again */
    dns_cache_shard shards[DNS_CACHE_SHARDS];
} dns_cache;

/* What a look found. */
typedef struct dns_cache_found {
    uint32_t len;  /* octets of the packed answer; 0: nothing was found */
    uint32_t ttl;  /* seconds left; 0 for a stale one */
    bool stale;    /* past its TTL, within `stale` */
    bool held;     /* stale, and to be given without asking: the servers failed a moment ago */
    bool prefetch; /* the caller should ask again, and is the only one that is told */
} dns_cache_found;

/* A look for one type of a name. */
typedef struct dns_cache_look {
    uint16_t type;
    uint8_t *out; /* for the first `room` octets of the answer; what does not fit is left out */
    size_t room;
    dns_cache_found found;
} dns_cache_look;

/* Makes an empty cache of at most `bytes`.  The other members are set by the caller. */
void weir_dns_cache_init(dns_cache *cache, size_t bytes, const weir_hash_key *key);

/* Frees all that it has; nobody else uses it. */
void weir_dns_cache_deinit(dns_cache *cache);

/* The hash of a name in small letters, for the calls below. */
uint64_t weir_dns_cache_hash(const dns_cache *cache, const weir_dns_name *lower);

/* Looks for the answers of one name, all under one lock, and sets their `found`.  `now` is in
 * seconds.  An answer that is whole and may be given as it is counts as a hit. */
void weir_dns_cache_find(dns_cache *cache, const weir_dns_name *lower, uint64_t hash, uint32_t now,
                         dns_cache_look *looks, unsigned count);

/* How long an answer with this TTL may be kept: cut to ttl_max, a negative one to negative_max. */
uint32_t weir_dns_cache_ttl(const dns_cache *cache, uint32_t ttl, bool negative);

/* The time between two calls of forget or clear that may be about names of this hash, for put. */
uint32_t weir_dns_cache_epoch(const dns_cache *cache, uint64_t hash);

/* An answer to be kept. */
typedef struct dns_cache_new {
    uint16_t type;
    bool negative;
    uint32_t came;  /* second from which on its TTL counts */
    uint32_t ttl;   /* cut by weir_dns_cache_ttl */
    uint32_t epoch; /* in which it was asked for: past it, it may be what was to be forgotten */
    weir_bytes packed;
} dns_cache_new;

/* Keeps an answer in place of the one that is there.  One of ttl 0, one that is too large, and one
 * for which there is no memory is not kept: the one that was there is gone then, too, unless this
 * is a positive one of ttl 0 and the other may be served stale.  One of a past epoch changes
 * nothing. */
void weir_dns_cache_put(dns_cache *cache, const weir_dns_name *lower, uint64_t hash,
                        const dns_cache_new *answer);

/* Lets a stale answer be given without asking for `seconds`: the servers have just failed. */
void weir_dns_cache_hold(dns_cache *cache, const weir_dns_name *lower, uint64_t hash, uint16_t type,
                         uint32_t now, uint32_t seconds);

/* Forgets all types of a name: they are in one chain. */
void weir_dns_cache_forget(dns_cache *cache, const weir_dns_name *lower, uint64_t hash);

/* Forgets all types of a name and of all names below it, which takes a look at every entry; no lock
 * is held for more than a few of them. */
void weir_dns_cache_forget_below(dns_cache *cache, const weir_dns_name *lower);

/* Forgets all. */
void weir_dns_cache_clear(dns_cache *cache);

/* Sums over the shards, one after the other. */
typedef struct dns_cache_sums {
    uint64_t entries, bytes, hits, evicted;
} dns_cache_sums;

dns_cache_sums weir_dns_cache_count(dns_cache *cache);

#endif
