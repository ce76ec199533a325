/* SPDX-License-Identifier: MIT
 *
 * Connections counted by prefix: a hash table of fixed size for each level.
 *
 * The bucket is kept as one instant, `paid`: until when the connections so far have used up the
 * time (the generic cell rate algorithm).  A full bucket is paid <= now; a connection moves it
 * ahead by its cost; one may come while that leaves it at most burst * cost after now.
 *
 * An entry is in use by connections, or idle in the list from `oldest` to `newest`, or in the list
 * of those never used or dropped.  Invariant: each connection holds one entry of a level, and
 * there are at most `total` <= capacity connections; so who admits one more, being below the total,
 * finds an entry that no connection holds.
 *
 * All is under the spin lock, which is never held across anything that waits.
 */
#include <weir/net/accept_limit.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/net/prefix.h>

#include "base/spin.h"

enum { DEFAULT_TOTAL = 16384, MOST = 1 << 24 };

/* What an entry is found by; hashed as bytes, so it has no gaps. */
typedef struct entry_key {
    uint32_t kind;
    uint32_t zone;
    uint8_t bytes[16];
} entry_key;

typedef struct entry {
    entry_key key;
    int64_t paid;          /* see above; INT64_MIN: never used */
    uint32_t connections;  /* 0: idle */
    uint32_t next;         /* of the bucket, or of the unused */
    uint32_t older, newer; /* of the idle */
} entry;

/* Entries are named by index; [0] is not used, 0 is none. */
typedef struct level {
    unsigned ipv4_len, ipv6_len;
    uint32_t connections; /* 0: no limit */
    int64_t cost;         /* 0: no rate */
    int64_t slack;        /* what may be owed before a connection comes: (burst - 1) * cost */
    entry *entries;
    uint32_t *buckets, mask;
    uint32_t unused, oldest, newest;
} level;

struct weir_accept_limit {
    uint32_t lock;
    uint32_t total, most;
    uint32_t others; /* of the total: those that are not IP and hold no entries */
    weir_hash_key key;
    level levels[WEIR_ACCEPT_LEVELS];
};

/* Making ------------------------------------------------------------------------------------ */

static bool is_limited(const level *l)
{
    return l->connections > 0 || l->cost > 0;
}

static bool read_level(const weir_accept_level *from, level *l)
{
    const int64_t per = from->per.ns ? from->per.ns : weir_seconds(1).ns;
    if (per < 0 || per > weir_days(1).ns || from->ipv4_len > 32 || from->ipv6_len > 128)
        return false;
    l->ipv4_len = from->ipv4_len ? from->ipv4_len : 32;
    l->ipv6_len = from->ipv6_len ? from->ipv6_len : 64;
    l->connections = from->connections;
    if (from->rate == 0) return true;
    const uint32_t burst = from->burst ? from->burst : from->rate;
    l->cost = weir_time_quotient_up(per, from->rate);
    l->slack = weir_time_scale(l->cost, burst - 1);
    return true;
}

static int make_tables(level *l, uint32_t capacity)
{
    uint32_t buckets = 16;
    while (buckets < capacity) buckets *= 2;
    l->entries = calloc((size_t)capacity + 1, sizeof *l->entries);
    l->buckets = calloc(buckets, sizeof *l->buckets);
    l->mask = buckets - 1;
    if (!l->entries || !l->buckets) return WEIR_ENOMEM;
    for (uint32_t i = capacity; i > 0; i--) {
        l->entries[i].next = l->unused;
        l->unused = i;
    }
    return 0;
}

int weir_accept_limit_create(const weir_accept_limit_options *options, const weir_hash_key *key,
                             weir_accept_limit **out)
{
    const uint32_t most = options->total ? options->total : DEFAULT_TOTAL;
    const uint32_t capacity = options->capacity ? options->capacity : most;
    if (most > MOST || capacity > MOST || capacity < most) return WEIR_EINVAL;
    weir_accept_limit *limit = calloc(1, sizeof *limit);
    if (!limit) return WEIR_ENOMEM;
    limit->most = most;
    limit->key = *key;
    int result = 0;
    for (int i = 0; i < WEIR_ACCEPT_LEVELS && result == 0; i++) {
        level *l = &limit->levels[i];
        if (!read_level(&options->levels[i], l)) result = WEIR_EINVAL;
        if (result == 0 && is_limited(l)) result = make_tables(l, capacity);
    }
    if (result < 0) {
        weir_accept_limit_destroy(limit);
        return result;
    }
    *out = limit;
    return 0;
}

void weir_accept_limit_destroy(weir_accept_limit *limit)
{
    if (!limit) return;
    for (int i = 0; i < WEIR_ACCEPT_LEVELS; i++) {
        free(limit->levels[i].entries);
        free(limit->levels[i].buckets);
    }
    free(limit);
}

/* Entries ----------------------------------------------------------------------------------- */

static bool is_ip(const weir_address *address)
{
    return address->kind == WEIR_ADDRESS_IPV4 || address->kind == WEIR_ADDRESS_IPV6;
}

static entry_key key_of(const level *l, const weir_address *peer)
{
    weir_prefix prefix = {0};
    const bool ipv6 = peer->kind == WEIR_ADDRESS_IPV6;
    weir_prefix_of(peer, ipv6 ? l->ipv6_len : l->ipv4_len, &prefix);
    entry_key key = {.kind = peer->kind, .zone = ipv6 ? peer->zone : 0};
    memcpy(key.bytes, prefix.bytes, sizeof key.bytes);
    return key;
}

static uint32_t *bucket_of(const weir_accept_limit *limit, const level *l, const entry_key *key)
{
    return &l->buckets[weir_hash(&limit->key, weir_bytes_of(key, sizeof *key)) & l->mask];
}

/* The entry of a prefix; 0 when there is none. */
static uint32_t find(const weir_accept_limit *limit, const level *l, const weir_address *peer)
{
    const entry_key key = key_of(l, peer);
    uint32_t index = *bucket_of(limit, l, &key);
    while (index && memcmp(&l->entries[index].key, &key, sizeof key) != 0)
        index = l->entries[index].next;
    return index;
}

static void idle_remove(level *l, uint32_t index)
{
    const entry *e = &l->entries[index];
    *(e->older ? &l->entries[e->older].newer : &l->oldest) = e->newer;
    *(e->newer ? &l->entries[e->newer].older : &l->newest) = e->older;
}

static void idle_append(level *l, uint32_t index)
{
    entry *e = &l->entries[index];
    e->older = l->newest;
    e->newer = 0;
    *(l->newest ? &l->entries[l->newest].newer : &l->oldest) = index;
    l->newest = index;
}

/* Takes an idle entry, which is in no list of idle ones any more, out of the table. */
static void forget(const weir_accept_limit *limit, level *l, uint32_t index)
{
    uint32_t *link = bucket_of(limit, l, &l->entries[index].key);
    while (*link != index) link = &l->entries[*link].next;
    *link = l->entries[index].next;
    l->entries[index].next = l->unused;
    l->unused = index;
}

/* A new entry, in no list of idle ones; see the invariant. */
static uint32_t make(const weir_accept_limit *limit, level *l, const weir_address *peer)
{
    if (!l->unused) {
        const uint32_t victim = l->oldest;
        idle_remove(l, victim);
        forget(limit, l, victim);
    }
    const entry_key key = key_of(l, peer);
    const uint32_t index = l->unused;
    uint32_t *bucket = bucket_of(limit, l, &key);
    l->unused = l->entries[index].next;
    l->entries[index] = (entry){.key = key, .paid = INT64_MIN, .next = *bucket};
    *bucket = index;
    return index;
}

/* Counting ---------------------------------------------------------------------------------- */

/* How long a connection has to wait for its turn; 0 when it may come.  A debt that no connections
 * can have run up is left from before the clock went back. */
static int64_t wait_for(const level *l, entry *e, weir_instant now)
{
    const int64_t most = weir_time_sum(now.ns, weir_time_sum(l->slack, l->cost));
    if (e->paid > most) e->paid = most;
    if (e->paid <= now.ns) return 0;
    const int64_t wait = weir_time_difference(weir_time_difference(e->paid, now.ns), l->slack);
    return wait > 0 ? wait : 0;
}

/* Whether a level lets one more in. */
static bool allows(const weir_accept_limit *limit, level *l, const weir_address *peer,
                   weir_instant now, weir_accept_verdict *verdict)
{
    const uint32_t index = find(limit, l, peer);
    if (!index) return true;
    entry *e = &l->entries[index];
    const int64_t wait = l->cost ? wait_for(l, e, now) : 0;
    if (e->connections == 0) { /* asked about: not the one to forget next */
        idle_remove(l, index);
        idle_append(l, index);
    }
    if (l->connections && e->connections >= l->connections)
        verdict->reason = WEIR_ACCEPT_CONNECTIONS;
    else if (wait > 0)
        *verdict = (weir_accept_verdict){WEIR_ACCEPT_RATE, 0, weir_nanoseconds(wait)};
    return verdict->reason == WEIR_ACCEPT_ADMITTED;
}

static void count(const weir_accept_limit *limit, level *l, const weir_address *peer,
                  weir_instant now)
{
    uint32_t index = find(limit, l, peer);
    if (index && l->entries[index].connections == 0) idle_remove(l, index);
    if (!index) index = make(limit, l, peer);
    entry *e = &l->entries[index];
    e->connections++;
    e->paid = weir_time_sum(e->paid > now.ns ? e->paid : now.ns, l->cost);
}

static weir_accept_verdict admit(weir_accept_limit *limit, const weir_address *peer,
                                 weir_instant now)
{
    weir_accept_verdict verdict = {0};
    if (limit->total == limit->most) {
        verdict.reason = WEIR_ACCEPT_TOTAL;
        return verdict;
    }
    for (unsigned i = 0; is_ip(peer) && i < WEIR_ACCEPT_LEVELS; i++) {
        level *l = &limit->levels[i];
        if (!is_limited(l) || allows(limit, l, peer, now, &verdict)) continue;
        verdict.level = i;
        return verdict;
    }
    for (unsigned i = 0; is_ip(peer) && i < WEIR_ACCEPT_LEVELS; i++)
        if (is_limited(&limit->levels[i])) count(limit, &limit->levels[i], peer, now);
    limit->total++;
    limit->others += !is_ip(peer);
    return verdict;
}

int weir_accept_limit_admit(weir_accept_limit *limit, const weir_address *peer, weir_instant now,
                            weir_accept_verdict *verdict)
{
    const weir_address plain = weir_address_unmap(peer);
    weir_spin_lock(&limit->lock);
    const weir_accept_verdict is = admit(limit, &plain, now);
    weir_spin_unlock(&limit->lock);
    if (verdict) *verdict = is;
    return is.reason == WEIR_ACCEPT_ADMITTED ? 0 : WEIR_ELIMIT;
}

/* Whether there can be a connection of the peer: every level has one, or one that is not IP.
 * Counting one off that is not there would let in more than there are entries. */
static bool is_known(const weir_accept_limit *limit, const weir_address *peer)
{
    if (!is_ip(peer)) return limit->others > 0;
    if (limit->total == limit->others) return false;
    for (int i = 0; i < WEIR_ACCEPT_LEVELS; i++) {
        const level *l = &limit->levels[i];
        if (!is_limited(l)) continue;
        const uint32_t index = find(limit, l, peer);
        if (!index || l->entries[index].connections == 0) return false;
    }
    return true;
}

static void release(weir_accept_limit *limit, const weir_address *peer)
{
    if (!is_known(limit, peer)) return;
    limit->total--;
    limit->others -= !is_ip(peer);
    for (int i = 0; is_ip(peer) && i < WEIR_ACCEPT_LEVELS; i++) {
        level *l = &limit->levels[i];
        if (!is_limited(l)) continue;
        const uint32_t index = find(limit, l, peer);
        if (--l->entries[index].connections > 0) continue;
        if (l->cost)
            idle_append(l, index);
        else
            forget(limit, l, index); /* there is no debt to remember */
    }
}

void weir_accept_limit_release(weir_accept_limit *limit, const weir_address *peer)
{
    const weir_address plain = weir_address_unmap(peer);
    weir_spin_lock(&limit->lock);
    release(limit, &plain);
    weir_spin_unlock(&limit->lock);
}

uint32_t weir_accept_limit_total(weir_accept_limit *limit)
{
    weir_spin_lock(&limit->lock);
    const uint32_t total = limit->total;
    weir_spin_unlock(&limit->lock);
    return total;
}

uint32_t weir_accept_limit_connections(weir_accept_limit *limit, const weir_address *peer,
                                       unsigned number)
{
    const weir_address plain = weir_address_unmap(peer);
    if (number >= WEIR_ACCEPT_LEVELS || !is_ip(&plain) || !is_limited(&limit->levels[number]))
        return 0;
    weir_spin_lock(&limit->lock);
    const level *l = &limit->levels[number];
    const uint32_t index = find(limit, l, &plain);
    const uint32_t connections = index ? l->entries[index].connections : 0;
    weir_spin_unlock(&limit->lock);
    return connections;
}
