/* SPDX-License-Identifier: MIT
 *
 * What must hold, whatever the seed and the faults:
 *
 *   - records that are given are all those of one version, one that a name server has told this
 *     host, and not longer ago than their TTL allows;
 *   - what is said not to be there, a name server has said not to be there;
 *   - a lookup ends within its scope, and within what the configuration comes to;
 *   - where one name server is well and the network good, every lookup succeeds;
 *   - who asks the same at the same time, asks once;
 *   - when the faults are over, everybody is answered;
 *   - at the end no host has a descriptor open, and nothing is left of what the programs had.
 */
#include "dns_world.h"

#include <weir/base/error.h>
#include <weir/io/clock.h>

enum {
    STRICT_MS = 50,      /* on the way, in a good network */
    LOSSY_MS = 6000,     /* … in a bad one */
    ROUNDS_FOLLOWED = 3, /* askings that one lookup may wait for: its own, and those of others */
};

int64_t dns_now(const dns_world *world)
{
    return weir_now(weir_sim_io(world->watcher), WEIR_CLOCK_MONOTONIC).ns;
}

bool dns_is_calm(const dns_world *world)
{
    return world->trial->profile == WEIR_SIM_CALM && world->trial->fault_count == 0;
}

void dns_count_of(dns_world *world, const char *what, uint64_t amount)
{
    weir_sim_tally(weir_sim_io(world->watcher), what, amount);
}

dns_client *dns_client_of(dns_world *world, const weir_address *peer)
{
    if (peer->kind != WEIR_ADDRESS_IPV4 || peer->at.ipv4[2] != 1) return NULL;
    const unsigned index = peer->at.ipv4[3] - 1U;
    return index < world->plan.clients ? &world->clients[index] : NULL;
}

void dns_note_told(dns_world *world, dns_client *c, const dns_asked *asked, unsigned version,
                   bool tcp)
{
    /* 0 is never. */
    (tcp ? c->told_tcp : c->told)[asked->name][asked->slot][version] = dns_now(world) + 1;
}

/* How long what a name server tells may be on its way. */
static int64_t transit(const dns_client *c, bool tcp)
{
    const dns_world *world = c->world;
    if (dns_is_calm(world)) return weir_milliseconds(STRICT_MS).ns;
    if (!tcp && !world->trial->fault_count) return weir_milliseconds(LOSSY_MS).ns;
    return c->ask_bound;
}

/* Whether a version may still be given; `more`: nanoseconds that it claims to be good for besides,
 * which are whole seconds and may be one too many. */
static bool in_time(const dns_client *c, unsigned name, dns_slot slot, unsigned version,
                    int64_t waited, bool stale, int64_t more)
{
    const int64_t now = dns_now(c->world);
    const int64_t ttl = weir_seconds(dns_ttl(name, version)).ns + waited +
                        (stale ? c->options.stale.ns + c->ask_bound : 0);
    const int64_t udp = c->told[name][slot][version], tcp = c->told_tcp[name][slot][version];
    if (more) more = more > weir_seconds(1).ns ? more - weir_seconds(1).ns : 0;
    return (udp && now + more <= udp + ttl + transit(c, false)) ||
           (tcp && now + more <= tcp + ttl + transit(c, true));
}

/* What a lookup waited for may have come long before it ended, if others led it, or if it waited
 * for another record, too. */
static int64_t waited_for(const dns_client *c, const dns_outcome *o)
{
    const int64_t took = dns_now(c->world) - o->began;
    if (took < weir_milliseconds(1).ns) return 0;
    return o->slot <= DNS_SLOT_AAAA ? took + c->ask_bound : took;
}

/* Is it one that was told, and not too old? */
static void check_age(dns_client *c, const dns_outcome *o)
{
    weir_sim_trial *trial = c->world->trial;
    const bool stale = c->options.stale.ns > 0;
    const int64_t udp = c->told[o->name][o->slot][o->version];
    const int64_t tcp = c->told_tcp[o->name][o->slot][o->version];
    const int64_t now = dns_now(c->world), waited = waited_for(c, o);
    const long long ago = (now - (udp > tcp ? udp : tcp)) / 1000000;
    if (!udp && !tcp)
        weir_sim_fail(trial, "client %u has n%u v%u, which nobody told it", c->index, o->name,
                      o->version);
    else if (!in_time(c, o->name, o->slot, o->version, waited, stale, 0))
        weir_sim_fail(trial,
                      "client %u is given n%u v%u slot %u, which is too old: told %lld ms ago, "
                      "asked %lld ms ago, from the %s",
                      c->index, o->name, o->version, o->slot, ago,
                      (long long)(now - o->began) / 1000000, weir_dns_origin_text(o->origin));
    else if (o->origin != WEIR_DNS_FROM_STALE && o->ttl &&
             !in_time(c, o->name, o->slot, o->version, waited, stale, weir_seconds(o->ttl).ns))
        weir_sim_fail(trial,
                      "client %u may use n%u v%u slot %u for %u s, which is too long: told %lld ms "
                      "ago, asked %lld ms ago, from the %s",
                      c->index, o->name, o->version, o->slot, o->ttl, ago,
                      (long long)(now - o->began) / 1000000, weir_dns_origin_text(o->origin));
}

void dns_check_records(dns_client *c, const dns_outcome *o)
{
    weir_sim_trial *trial = c->world->trial;
    const bool stale = c->options.stale.ns > 0;
    if (o->version == DNS_FORGED) {
        weir_sim_fail(trial, "client %u took a forged answer for n%u", c->index, o->name);
        return;
    }
    if (o->version >= DNS_VERSIONS || !dns_has(o->name, o->slot, o->version)) {
        weir_sim_fail(trial, "client %u has records of n%u that never were", c->index, o->name);
        return;
    }
    const unsigned whole = dns_count(c->world, o->name, o->slot, o->version);
    if (o->records != whole)
        weir_sim_fail(trial, "client %u has %u of %u records of n%u v%u", c->index, o->records,
                      whole, o->name, o->version);
    check_age(c, o);
    if (o->origin == WEIR_DNS_FROM_STALE && !stale)
        weir_sim_fail(trial, "client %u is given stale records of n%u", c->index, o->name);
    dns_count_of(c->world, weir_dns_origin_text(o->origin), 1);
}

void dns_check_absent(dns_client *c, const dns_outcome *o, bool no_name)
{
    const bool host = o->slot <= DNS_SLOT_AAAA;
    for (unsigned version = 0; version < DNS_VERSIONS; version++) {
        if (no_name ? dns_exists(o->name, version) : false) continue;
        for (unsigned slot = host ? 0 : o->slot; slot <= (host ? DNS_SLOT_AAAA : o->slot); slot++)
            if (!dns_has(o->name, (dns_slot)slot, version) &&
                in_time(c, o->name, (dns_slot)slot, version, waited_for(c, o),
                        c->options.stale.ns > 0, 0)) {
                dns_count_of(c->world, no_name ? "no such name" : "no such record", 1);
                return;
            }
    }
    weir_sim_fail(c->world->trial, "client %u was told by nobody that n%u has no %s", c->index,
                  o->name, no_name ? "name" : "record");
}

static bool is_shortage(int error)
{
    return error == WEIR_ENOMEM || error == WEIR_EMFILE || error == WEIR_ENFILE ||
           error == WEIR_ENOBUFS || error == WEIR_ECONCURRENCY;
}

static bool is_of_dns(int error)
{
    switch (error) {
    case WEIR_EDNS_TIMEOUT:
    case WEIR_EDNS_UNREACHABLE:
    case WEIR_EDNS_SERVFAIL:
    case WEIR_EDNS_REFUSED:
    case WEIR_EDNS_RCODE:
    case WEIR_EDNS_NOTIMP:
    case WEIR_EDNS_ANSWER:
    case WEIR_EDNS_TRUNCATED: return true;
    default: return false;
    }
}

void dns_check_error(dns_client *c, const char *what, unsigned name, int error, bool limited)
{
    /* Its program is asked to end. */
    if (error == WEIR_ECANCELED && weir_cause_of(weir_sim_io(c->host)).kind == WEIR_CAUSE_REQUEST)
        return;
    if (error == WEIR_EDEADLINE && limited) {
        dns_count_of(c->world, "ended by its scope", 1);
        return;
    }
    if (is_of_dns(error) && !dns_is_calm(c->world)) {
        dns_count_of(c->world, "not answered", 1);
        return;
    }
    if (is_shortage(error) && c->world->trial->fault_count) return;
    weir_sim_fail(c->world->trial, "client %u, %s of n%u: %s", c->index, what, name,
                  weir_errname(error));
}

void dns_check_time(dns_client *c, const char *what, unsigned candidates, int64_t began,
                    int64_t limit)
{
    const int64_t took = dns_now(c->world) - began;
    int64_t bound = limit ? limit : c->ask_bound * candidates * ROUNDS_FOLLOWED;
    bound += weir_milliseconds(STRICT_MS).ns;
    if (took > bound)
        weir_sim_fail(c->world->trial, "client %u, %s: it took %lld ms, of %lld", c->index, what,
                      (long long)(took / 1000000), (long long)(bound / 1000000));
}

void dns_check_counters(dns_client *c)
{
    weir_sim_trial *trial = c->world->trial;
    weir_dns_statistics s;
    weir_dns_resolver_statistics(c->resolver, &s);
    const size_t most = c->options.cache_bytes ? c->options.cache_bytes : WEIR_DNS_CACHE_BYTES;
    if (s.bytes > most)
        weir_sim_fail(trial, "the cache of client %u has %llu bytes", c->index,
                      (unsigned long long)s.bytes);
    if (s.hits > s.lookups || s.failures > s.questions)
        weir_sim_fail(trial, "client %u: the counters cannot be", c->index);
    /* Two types, each in all steps, and those that are under way are not yet counted. */
    const uint64_t each = 2 * DNS_AGAIN * DNS_ROUNDS * DNS_NAMESERVERS;
    if (dns_is_calm(c->world) &&
        (uint64_t)c->received > (s.questions + 2 * DNS_TASKS + s.prefetched) * each)
        weir_sim_fail(trial, "client %u has asked %lld times for %llu questions", c->index,
                      (long long)c->received, (unsigned long long)s.questions);
}

void dns_expect(dns_world *world)
{
    static const char *const moods[] = {"mood: silent",  "mood: late",    "mood: servfail",
                                        "mood: refused", "mood: cut",     "mood: plain",
                                        "mood: cookie",  "mood: garbage", "mood: sulks"};
    const dns_plan *plan = &world->plan;
    weir_sim_trial *trial = world->trial;
    weir_sim_expect(trial, "found", 1);
    weir_sim_expect(trial, "well at the end", 1);
    for (unsigned i = 0; i < 9 && plan->moods; i++) weir_sim_expect(trial, moods[i], 50);
    if (plan->liar) weir_sim_expect(trial, "floods", 50);
    if (plan->liar) weir_sim_expect(trial, "lies", 1);
    if (plan->change.ns) weir_sim_expect(trial, "changes of the zone", 1);
    if (plan->together) weir_sim_expect(trial, "asked together", 1);
    if (plan->together) weir_sim_expect(trial, "merged", 1);
    if (plan->files) weir_sim_expect(trial, "changes of the files", 1);
    if (plan->files) weir_sim_expect(trial, "changes that have to be known", 1);
    if (plan->dial) {
        weir_sim_expect(trial, "calls without a word", 50);
        weir_sim_expect(trial, "races", 1);
        weir_sim_expect(trial, "services", 1);
    } else if (!plan->together) {
        static const char *const seen[] = {"no such name", "no such record", "cache",
                                           "ended by its scope", "streams"};
        for (unsigned i = 0; i < sizeof seen / sizeof *seen; i++)
            weir_sim_expect(trial, seen[i], 50);
        weir_sim_expect(trial, "questions over TCP", 50);
        weir_sim_expect(trial, "prefetched", 200);
        weir_sim_expect(trial, "evicted", 200);
        if (plan->moods) weir_sim_expect(trial, "merged", 200);
        if (plan->moods && trial->profile != WEIR_SIM_CALM)
            weir_sim_expect(trial, "stale cache", 1000);
    }
    for (size_t i = 0; i < trial->fault_count; i++) {
        weir_sim_expect(trial, weir_sim_fault_name(trial->faults[i].kind), 50);
        if (!(trial->left_out >> i & 1))
            dns_count_of(world, weir_sim_fault_name(trial->faults[i].kind), 1);
    }
}

static void check_host(weir_sim_trial *trial, const weir_sim_host *host)
{
    if (weir_sim_open_descriptors(host) != 0)
        weir_sim_fail(trial, "%s has left descriptors open", weir_sim_host_name(host));
}

void dns_check_end(dns_world *world)
{
    weir_sim_trial *trial = world->trial;
    for (unsigned i = 0; i < world->plan.clients; i++) {
        check_host(trial, world->clients[i].host);
        if (!world->clients[i].done) weir_sim_fail(trial, "client %u is not served any more", i);
    }
    for (unsigned i = 0; i < DNS_NAMESERVERS; i++) check_host(trial, world->servers[i].host);
    for (unsigned i = 0; i < DNS_ECHOES && world->plan.dial; i++)
        check_host(trial, world->echoes[i].host);
    const weir_sim_usage left = weir_sim_usage_of(trial->sim);
    if (left.tasks + left.nodes + left.connections + left.buffers + left.events != 0)
        weir_sim_fail(trial, "left: %zu tasks, %zu nodes, %zu connections, %zu buffers, %zu events",
                      left.tasks, left.nodes, left.connections, left.buffers, left.events);
}
