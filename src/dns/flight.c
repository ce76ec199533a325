/* SPDX-License-Identifier: MIT
 *
 * Flights: tasks that ask the same at the same time share one question.
 *
 * The first who asks leads: it asks the servers.  The others follow: they wait for its results,
 * each in its own scope.  When the leader is canceled, or its scope's time is over, the flight is
 * without a leader, and the first follower that learns of it, or who comes first, leads from then
 * on.  Who is passive begins a flight without a leader, and after that the background's task that
 * leads it: one for all who come while it asks.
 */
#include "dns/resolver.h"

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/sync/event.h>

#include "base/spin.h"

/* Invariant, under the resolver's lock: it is in `flights` as long as it is not done and somebody
 * has a reference; each task in it has one.  `results` are the leader's until `done`, and do not
 * change any more then. */
struct dns_flight {
    dns_flight *next;
    uint64_t hash;
    uint32_t refs;
    uint32_t epoch; /* of the cache: no flight serves who comes after something was forgotten */
    bool led, done;
    uint16_t types[DNS_ASK_TYPES];
    unsigned type_count;
    weir_event changed; /* it is done, or without a leader */
    int error;          /* with which it ended as a whole */
    weir_dns_name name;
    dns_result results[DNS_ASK_TYPES];
    weir_dns_attempt last; /* who answered, for those who follow */
};

void weir_dns_result_init(dns_result *result)
{
    result->error = 0;
    result->origin = WEIR_DNS_FROM_NOWHERE;
    result->ttl = 0;
    weir_dns_packed_init(&result->packed);
}

void weir_dns_result_free(dns_result *result)
{
    weir_dns_packed_free(&result->packed);
}

int weir_dns_result_outcome(const dns_result *result)
{
    if (result->error) return result->error;
    switch (weir_dns_packed_read(result->packed.octets).outcome) {
    case DNS_OUTCOME_RECORDS: return 0;
    case DNS_OUTCOME_NODATA: return WEIR_EDNS_NODATA;
    default: return WEIR_EDNS_NOTFOUND;
    }
}

static bool is_the_same(const dns_flight *a, const dns_flight *b)
{
    return a->hash == b->hash && a->epoch == b->epoch && a->type_count == b->type_count &&
           memcmp(a->types, b->types, a->type_count * sizeof(uint16_t)) == 0 &&
           weir_dns_name_equal(&a->name, &b->name);
}

static dns_flight *make_flight(const dns_request *request)
{
    const dns_cache *cache = &request->resolver->cache;
    dns_flight *flight = malloc(sizeof *flight);
    if (!flight) return NULL;
    flight->hash = weir_dns_cache_hash(cache, request->lower);
    flight->epoch = weir_dns_cache_epoch(cache, flight->hash);
    flight->refs = 1;
    flight->led = !request->passive;
    flight->done = false;
    flight->type_count = request->type_count;
    memcpy(flight->types, request->types, sizeof flight->types);
    flight->changed = (weir_event){0};
    flight->error = 0;
    flight->name = *request->lower;
    flight->last = (weir_dns_attempt){0};
    for (int i = 0; i < DNS_ASK_TYPES; i++) weir_dns_result_init(&flight->results[i]);
    return flight;
}

/* Leads a flight from now on, if nobody does; whether the caller leads it. */
static bool take_lead(weir_dns_resolver *resolver, dns_flight *flight)
{
    weir_spin_lock(&resolver->lock);
    const bool taken = !flight->led && !flight->done;
    if (taken) flight->led = true;
    weir_spin_unlock(&resolver->lock);
    return taken;
}

static dns_flight **chain_of(const weir_dns_resolver *resolver, uint64_t hash)
{
    return &resolver->flights[hash & (resolver->chains - 1)];
}

/* Doubles the chains when there are as many flights, if there is memory.  With the lock held. */
static void grow_chains(weir_dns_resolver *resolver)
{
    dns_flight **before = resolver->flights;
    const uint32_t count = resolver->chains;
    if (resolver->flight_count < count) return;
    dns_flight **more = calloc(2 * (size_t)count, sizeof *more);
    if (!more) return;
    resolver->flights = more;
    resolver->chains = 2 * count;
    for (uint32_t i = 0; i < count; i++) {
        while (before[i]) {
            dns_flight *flight = before[i];
            before[i] = flight->next;
            dns_flight **chain = chain_of(resolver, flight->hash);
            flight->next = *chain;
            *chain = flight;
        }
    }
    if (before != resolver->few_flights) free(before);
}

/* Joins the flight that asks the same, or begins one.  *lead: the caller leads. */
static int join(weir_io *io, const dns_request *request, dns_flight **out, bool *lead)
{
    weir_dns_resolver *resolver = request->resolver;
    dns_flight *mine = make_flight(request);
    if (!mine) return WEIR_ENOMEM;
    weir_spin_lock(&resolver->lock);
    dns_flight *flight = *chain_of(resolver, mine->hash);
    while (flight && !is_the_same(flight, mine)) flight = flight->next;
    bool first = !flight;
    if (flight) {
        flight->refs++;
        *lead = !flight->led && !request->passive;
        if (*lead) flight->led = true;
    } else {
        flight = mine;
        grow_chains(resolver);
        dns_flight **chain = chain_of(resolver, flight->hash);
        flight->next = *chain;
        *chain = flight;
        resolver->flight_count++;
        *lead = mine->led;
    }
    weir_spin_unlock(&resolver->lock);
    if (flight != mine) free(mine);
    /* After the flight is there, so that whoever leads it cannot be done before. */
    if (first && request->passive && !weir_dns_renew(io, request))
        *lead = take_lead(resolver, flight);
    if (!first && !*lead && !request->background)
        __atomic_fetch_add(&resolver->merged, 1, __ATOMIC_RELAXED);
    *out = flight;
    return 0;
}

/* With the lock held. */
static void take_out(weir_dns_resolver *resolver, dns_flight *flight)
{
    dns_flight **place = chain_of(resolver, flight->hash);
    while (*place != flight) place = &(*place)->next;
    *place = flight->next;
    resolver->flight_count--;
}

static void leave(weir_dns_resolver *resolver, dns_flight *flight)
{
    weir_spin_lock(&resolver->lock);
    bool last = --flight->refs == 0;
    if (last && !flight->done) take_out(resolver, flight);
    weir_spin_unlock(&resolver->lock);
    if (!last) return;
    for (int i = 0; i < DNS_ASK_TYPES; i++) weir_dns_result_free(&flight->results[i]);
    free(flight);
}

/* Seconds that are left of a TTL now: a reply may have waited for that to the other question. */
static uint32_t ttl_left(weir_io *io, weir_instant came, uint32_t ttl)
{
    const uint32_t waited =
        weir_dns_seconds(weir_now(io, WEIR_CLOCK_BOOT)) - weir_dns_seconds(came);
    return ttl > waited ? ttl - waited : 0;
}

/* Boils a reply down to a result, and keeps it. */
static void keep(weir_io *io, const dns_request *request, unsigned index, dns_reply *reply,
                 dns_flight *flight)
{
    dns_cache *cache = &request->resolver->cache;
    dns_result *result = &flight->results[index];
    uint16_t type = request->types[index];
    result->error = reply->error;
    if (result->error == 0)
        result->error =
            weir_dns_packed_digest(&result->packed, reply->message, request->lower, type);
    if (result->error) return;
    dns_packed_head head = weir_dns_packed_read(result->packed.octets);
    bool negative = head.outcome != DNS_OUTCOME_RECORDS;
    uint32_t ttl = weir_dns_cache_ttl(cache, result->packed.ttl, negative);
    result->ttl = ttl_left(io, reply->came, ttl);
    result->origin = WEIR_DNS_FROM_SERVER;
    if (type == WEIR_DNS_ANY) return;
    dns_cache_new answer = {.type = type,
                            .negative = negative,
                            .came = weir_dns_seconds(reply->came),
                            .ttl = ttl,
                            .epoch = flight->epoch,
                            .packed = weir_bytes_of(result->packed.octets, result->packed.len)};
    weir_dns_cache_put(cache, request->lower, flight->hash, &answer);
}

/* Remembers who answered, for the reports of those who follow. */
static void note_last(dns_flight *flight, const dns_reply *reply)
{
    flight->last = (weir_dns_attempt){.server = reply->server,
                                      .transport = reply->transport,
                                      .type = flight->types[0],
                                      .name = flight->name,
                                      .error = reply->error,
                                      .rcode = (uint16_t)reply->rcode,
                                      .bytes = (uint32_t)reply->message.len};
}

/* Asks the servers into the flight's results.  Only an error that is the asking task's own alone is
 * returned: its cancellation, its deadline. */
static int lead(weir_io *io, const dns_request *request, dns_flight *flight)
{
    weir_dns_resolver *resolver = request->resolver;
    dns_asking *asking;
    flight->error = weir_dns_asking_take(io, resolver, request->view, &asking);
    if (flight->error) return 0;
    dns_question question = {.name = request->lower,
                             .types = {request->types[0], request->types[1]},
                             .type_count = request->type_count,
                             .want_authentic = request->view->config.trust_ad,
                             .only_server = -1};
    dns_reply replies[DNS_ASK_TYPES];
    int error = weir_dns_ask(io, asking->servers, &question, replies, request->report);
    bool mine = error == WEIR_ECANCELED || error == WEIR_EDEADLINE;
    __atomic_fetch_add(&resolver->questions, 1, __ATOMIC_RELAXED);
    if (error && !mine) __atomic_fetch_add(&resolver->failures, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < request->type_count; i++) {
        if (!mine) keep(io, request, i, &replies[i], flight);
        if (!mine) note_last(flight, &replies[i]);
        weir_dns_reply_free(&replies[i]);
    }
    weir_dns_asking_release(io, resolver, asking);
    return mine ? error : 0;
}

/* Leads, and tells the followers: of the results, or that they are without a leader. */
static int lead_and_tell(weir_io *io, const dns_request *request, dns_flight *flight)
{
    weir_dns_resolver *resolver = request->resolver;
    int error = lead(io, request, flight);
    weir_spin_lock(&resolver->lock);
    flight->led = false;
    flight->done = error == 0;
    if (flight->done) take_out(resolver, flight);
    weir_spin_unlock(&resolver->lock);
    weir_event_set(io, &flight->changed);
    return error;
}

/* Waits until the flight is done, or has to be led by the caller: 1 then.  0, or the error of
 * waiting. */
static int follow(weir_io *io, weir_dns_resolver *resolver, dns_flight *flight)
{
    for (;;) {
        int error = weir_event_wait(io, &flight->changed);
        if (error) return error;
        weir_spin_lock(&resolver->lock);
        bool done = flight->done;
        bool take = !done && !flight->led;
        if (take) flight->led = true;
        /* Under the lock, so that it is never the end which is reset: that is told by `done`. */
        if (!done) weir_event_reset(io, &flight->changed);
        weir_spin_unlock(&resolver->lock);
        if (done) return 0;
        if (take) return 1;
    }
}

/* Copies a flight's results; each may be used and freed by itself. */
static int copy_results(const dns_flight *flight, dns_result results[DNS_ASK_TYPES])
{
    if (flight->error) return flight->error;
    for (unsigned i = 0; i < flight->type_count; i++) {
        const dns_result *from = &flight->results[i];
        dns_result *to = &results[i];
        to->error = from->error;
        to->origin = from->origin;
        to->ttl = from->ttl;
        if (from->error) continue;
        int error = weir_dns_packed_copy(&to->packed, from->packed.octets, from->packed.len);
        if (error) return error;
    }
    return 0;
}

static void report_last(weir_dns_report *report, const weir_dns_attempt *last)
{
    if (!report || last->server.kind == WEIR_ADDRESS_NONE) return;
    if (report->kept < WEIR_DNS_ATTEMPTS) report->attempts[report->kept++] = *last;
    report->total++;
}

int weir_dns_flight(weir_io *io, const dns_request *request, dns_result results[DNS_ASK_TYPES])
{
    weir_dns_resolver *resolver = request->resolver;
    dns_flight *flight;
    bool leads;
    int error = join(io, request, &flight, &leads);
    if (error) return error;
    bool followed = !leads;
    if (!leads) {
        error = follow(io, resolver, flight);
        leads = error > 0;
        if (leads) error = 0;
    }
    if (leads) error = lead_and_tell(io, request, flight);
    if (error == 0) error = copy_results(flight, results);
    if (error == 0 && followed && !leads) report_last(request->report, &flight->last);
    leave(resolver, flight);
    return error;
}
