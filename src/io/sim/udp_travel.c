/* SPDX-License-Identifier: MIT
 *
 * Datagrams on their way: whole, twice, changed, late or not at all; and to whom they come.
 *
 * A datagram for a port where nobody is comes back as an error, once, to a socket that is connected
 * or asked for errors.
 */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/trace.h"
#include "io/sim/udp.h"

enum {
    HEADER = 42,
    MOST_MERGED = 64,
    MOST_BYTES = 65507, /* of what is merged */
};

static sim_parcel parcel_of(const sim_datagram *d)
{
    return (sim_parcel){.from = d->from_host,
                        .to = d->to_host,
                        .kind = d->refused ? PACKET_UNREACHABLE : PACKET_DATAGRAM,
                        .from_port = d->from.port,
                        .to_port = d->to.port,
                        .bytes = d->length,
                        .number = d->packet};
}

static void record_arrival(const sim_datagram *d, uint32_t flags)
{
    sim_parcel parcel = parcel_of(d);
    parcel.flags = flags;
    weir_sim_trace_arrived(&parcel);
}

/* Merging (UDP_GRO): pieces of one call on this host, and from others what comes in one moment. */
static bool belongs(const sim_datagram *first, const sim_datagram *d)
{
    const sim_datagram *last = first->more ? first->last_of_more : first;
    const bool together =
        d->burst ? d->burst == first->burst : d->from_host != d->to_host && !first->burst;
    return together && d->instant == first->instant && last->length == first->length &&
           d->length > 0 && d->length <= first->length && first->merged + 1 < MOST_MERGED &&
           first->length + first->more_size + d->length <= MOST_BYTES &&
           weir_sim_same_name(&d->from, &first->from) && weir_sim_same_name(&d->to, &first->to) &&
           d->hops == first->hops && d->class_ == first->class_;
}

static void merge(sim_datagram *first, sim_datagram *d)
{
    if (first->more) {
        first->last_of_more->more = d;
    } else {
        first->more = d;
    }
    first->last_of_more = d;
    first->merged++;
    first->more_size += d->length;
}

void weir_sim_udp_enqueue(udp *u, sim_datagram *d)
{
    host *h = u->node.host;
    const uint32_t limit = (uint32_t)weir_sim_option(&u->node, SOL_SOCKET, SO_RCVBUF);
    /* The one that goes beyond the limit is taken: so is one that is longer than all of it. */
    if (u->shut_in || u->bytes > limit) {
        if (sim_is_recorded(h->world) && d->packet) record_arrival(d, PACKET_NO_ROOM);
        if (!u->shut_in) u->dropped++;
        free(d);
        return;
    }
    d->next = d->more = NULL;
    d->dropped = u->dropped;
    d->instant = h->world->now;
    d->real = sim_real_time(h);
    u->bytes += d->length + UDP_OVERHEAD;
    weir_sim_stir(&u->node);
    if (u->first && weir_sim_option(&u->node, IPPROTO_UDP, UDP_GRO) && belongs(u->last, d)) {
        merge(u->last, d);
        return;
    }
    if (u->first) {
        u->last->next = d;
    } else {
        u->first = d;
    }
    u->last = d;
}

/* Tells the sender that nobody is there. */
static void refuse(sim_datagram *d, host *here)
{
    sim_link *link;
    host *there;
    const sim_name from = d->from;
    d->from = d->to;
    d->to = from;
    d->refused = true;
    if (weir_sim_route(here, d->to.ip, &there, &link) < 0 || !there) {
        free(d);
        return;
    }
    d->to_host = there;
    weir_sim_udp_travel(here, d, link);
}

static bool hears(const sim_binding *b, int device)
{
    const int only = weir_sim_option(b->node, SOL_SOCKET, SO_BINDTOIFINDEX);
    return only == 0 || only == device;
}

static void arrive(sim_datagram *d)
{
    if (weir_sim_is_for_many(d->to.ip)) {
        weir_sim_udp_deliver_to_many(d);
        return;
    }
    sim_binding *b = weir_sim_port_find(d->to_host, SIM_UDP, &d->to, &d->from);
    if (b && !hears(b, d->device)) b = NULL;
    if (!b && !d->refused) {
        refuse(d, d->to_host);
    } else if (!b) {
        free(d);
    } else if (!d->refused) {
        weir_sim_udp_enqueue((udp *)b->node, d);
    } else {
        weir_sim_udp_refused((udp *)b->node, d);
        free(d);
    }
}

static void arrived(void *world_, sim_event *event)
{
    const world *w = world_;
    sim_datagram *d = (sim_datagram *)event;
    if (sim_is_recorded(w) && d->packet) record_arrival(d, 0);
    arrive(d);
}

void weir_sim_udp_end(world *w)
{
    for (uint32_t i = 0; i < w->agenda.count;) {
        sim_event *event = w->agenda.rows[i].event;
        if (event->run != arrived) {
            i++;
            continue;
        }
        weir_sim_unplan(&w->agenda, event);
        free(event);
        i = 0; /* the heap has moved */
    }
}

sim_datagram *weir_sim_udp_copy(const sim_datagram *d)
{
    sim_datagram *copy = malloc(sizeof *copy + d->length);
    if (!copy) return NULL;
    memcpy(copy, d, sizeof *copy + d->length);
    copy->event = (sim_event){.run = arrived};
    copy->next = copy->more = NULL;
    return copy;
}

/* Sends a datagram over a link, or loses it. */
static void pass(host *from, sim_datagram *d, sim_link *link, uint32_t flags)
{
    world *w = from->world;
    int64_t when = -1;
    const bool cut = weir_sim_link_is_cut(from, d->to_host, link);
    if (!cut) when = weir_sim_link_pass(from, link, d->length + HEADER);
    if (sim_is_recorded(w)) {
        sim_parcel parcel = parcel_of(d);
        parcel.flags = flags | (cut ? PACKET_CUT : 0);
        d->packet = weir_sim_trace_sent(&parcel, when);
    }
    if (when < 0 || !weir_sim_plan(&w->agenda, &d->event, when)) free(d);
}

void weir_sim_udp_travel(host *from, sim_datagram *d, sim_link *link)
{
    world *w = from->world;
    d->event = (sim_event){.run = arrived};
    d->from_host = from;
    d->packet = 0;
    if (!link) {
        arrive(d);
        return;
    }
    d->device = DEVICE_NET;
    if (link->is.duplicate && weir_prng_below(&w->network, 1000000) < link->is.duplicate) {
        sim_datagram *twin = weir_sim_udp_copy(d);
        if (twin) pass(from, twin, link, PACKET_TWIN);
    }
    uint32_t flags = 0;
    if (d->length && link->is.corrupt && weir_prng_below(&w->network, 1000000) < link->is.corrupt) {
        flags = PACKET_CHANGED;
        /* One draw after the other: inside one expression their order is the compiler's. */
        const uint64_t at = weir_prng_below(&w->network, d->length);
        d->data[at] ^= (char)(1 << weir_prng_below(&w->network, 8));
    }
    pass(from, d, link, flags);
}
