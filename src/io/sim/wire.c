/* SPDX-License-Identifier: MIT
 *
 * Wires: segments of a TCP connection on their way between two hosts.
 *
 * Segments arrive in order.  One that is lost is sent again after a while, with all behind it: so a
 * loss is a delay, which grows while the link is cut, until the sender gives up (tcp(7),
 * tcp_retries2).
 */
#include <stdlib.h>

#include "io/sim/tcp.h"
#include "io/sim/trace.h"

enum {
    FIRST_ROOM = 4,
    HEADER = 66,       /* bytes of a packet beside its data */
    RESEND_LIMIT = 15, /* net.ipv4.tcp_retries2 */
};

static const int64_t first_resend = 200000000, longest_resend = 120000000000;

static void happen(void *world_, sim_event *event);

sim_wire *weir_sim_wire_make(sim_connection *c, sim_link *link)
{
    sim_wire *wire = calloc(1, sizeof *wire);
    if (!wire) return NULL;
    wire->event.run = happen;
    wire->connection = c;
    wire->link = link;
    return wire;
}

bool weir_sim_wire_is_empty(const sim_wire *wire)
{
    return !wire || wire->count == 0;
}

static int side_of(const sim_wire *wire)
{
    return wire->connection->end[1].wire == wire;
}

static sim_segment *segment_at(const sim_wire *wire, uint32_t index)
{
    return &wire->segments[(wire->first + index) & (wire->room - 1)];
}

void weir_sim_wire_free(sim_connection *c, int side)
{
    sim_wire *wire = c->end[side].wire;
    if (!wire) return;
    weir_sim_unplan(&c->end[side].host->world->agenda, &wire->event);
    free(wire->segments);
    free(wire);
    c->end[side].wire = NULL;
}

static int64_t delay_of(uint32_t resent)
{
    const int64_t delay = first_resend << (resent < 20 ? resent : 20);
    return delay < longest_resend ? delay : longest_resend;
}

static sim_parcel parcel_of(const sim_wire *wire, const sim_segment *segment)
{
    static const sim_packet_kind kinds[] = {
        [SEGMENT_BYTES] = PACKET_BYTES, [SEGMENT_FIN] = PACKET_FIN, [SEGMENT_RST] = PACKET_RST};
    const sim_connection *c = wire->connection;
    const int side = side_of(wire);
    return (sim_parcel){.from = c->end[!side].host,
                        .to = c->end[side].host,
                        .from_port = c->port[!side],
                        .to_port = c->port[side],
                        .kind = kinds[segment->kind],
                        .bytes = segment->bytes,
                        .number = segment->packet};
}

static void record_departure(const sim_wire *wire, sim_segment *segment, bool cut)
{
    sim_parcel parcel = parcel_of(wire, segment);
    parcel.flags = (segment->packet ? PACKET_AGAIN : 0) | (cut ? PACKET_CUT : 0);
    segment->packet = weir_sim_trace_sent(&parcel, segment->arrives) & PACKET_MASK;
}

/* Sends a segment on its way, after those before it.  False: it is lost. */
static bool depart(sim_wire *wire, sim_segment *segment, int64_t not_before)
{
    const int side = side_of(wire);
    host *from = wire->connection->end[!side].host;
    const bool cut = weir_sim_link_is_cut(from, wire->connection->end[side].host, wire->link);
    segment->arrives = -1;
    if (!cut) segment->arrives = weir_sim_link_pass(from, wire->link, segment->bytes + HEADER);
    if (segment->arrives >= 0 && segment->arrives < not_before) segment->arrives = not_before;
    if (sim_is_recorded(from->world)) record_departure(wire, segment, cut);
    return segment->arrives >= 0;
}

/* Plans what comes next of the first segment. */
static void plan(sim_wire *wire)
{
    world *w = wire->connection->end[0].host->world;
    if (wire->count == 0) return;
    int64_t when = segment_at(wire, 0)->arrives;
    if (when < 0) when = w->now + delay_of(wire->resent);
    if (weir_sim_plan(&w->agenda, &wire->event, when)) return;
    weir_sim_tcp_lost(wire->connection, side_of(wire), WEIR_ENOMEM);
}

/* Sends all again that is not under way, as far as nothing is lost. */
static void send_again(sim_wire *wire)
{
    int64_t latest = 0;
    for (uint32_t i = 0; i < wire->count; i++) {
        sim_segment *segment = segment_at(wire, i);
        if (segment->arrives < 0 && !depart(wire, segment, latest)) return;
        latest = segment->arrives;
    }
}

static void happen(void *world_, sim_event *event)
{
    const world *w = world_;
    sim_wire *wire = (sim_wire *)event;
    const sim_segment segment = *segment_at(wire, 0);
    const int side = side_of(wire);
    if (segment.arrives < 0) {
        if (++wire->resent > RESEND_LIMIT) {
            weir_sim_tcp_lost(wire->connection, side, WEIR_ETIMEDOUT);
            return;
        }
        send_again(wire);
        plan(wire);
        return;
    }
    if (sim_is_recorded(w)) {
        const sim_parcel parcel = parcel_of(wire, &segment);
        weir_sim_trace_arrived(&parcel);
    }
    wire->first = (wire->first + 1) & (wire->room - 1);
    wire->count--;
    wire->resent = 0;
    /* Before the arrival, which may end the connection and the wire with it. */
    plan(wire);
    weir_sim_tcp_arrived(wire->connection, side, (sim_segment_kind)segment.kind, segment.bytes);
}

void weir_sim_wire_forget(sim_wire *wire)
{
    world *w = wire->connection->end[0].host->world;
    while (wire->count > 0 && segment_at(wire, wire->count - 1)->arrives < 0) wire->count--;
    if (wire->count == 0) weir_sim_unplan(&w->agenda, &wire->event);
}

static bool grow(sim_wire *wire)
{
    const uint32_t room = wire->room ? wire->room * 2 : FIRST_ROOM;
    sim_segment *segments = malloc(room * sizeof *segments);
    if (!segments) return false;
    for (uint32_t i = 0; i < wire->count; i++) segments[i] = *segment_at(wire, i);
    free(wire->segments);
    wire->segments = segments;
    wire->room = room;
    wire->first = 0;
    return true;
}

void weir_sim_wire_send(sim_connection *c, int side, sim_segment_kind kind, uint32_t bytes)
{
    sim_wire *wire = c->end[side].wire;
    sim_segment *last = wire->count ? segment_at(wire, wire->count - 1) : NULL;
    if (last && last->arrives < 0 && kind == SEGMENT_BYTES && last->kind == SEGMENT_BYTES) {
        last->bytes += bytes;
        return;
    }
    const int64_t before = last ? last->arrives : 0;
    if (wire->count == wire->room && !grow(wire)) {
        weir_sim_tcp_lost(c, side, WEIR_ENOMEM);
        return;
    }
    sim_segment *segment = segment_at(wire, wire->count++);
    *segment = (sim_segment){.arrives = -1, .bytes = bytes, .kind = kind};
    /* What is behind a lost segment waits for it. */
    if (before >= 0) depart(wire, segment, before);
    if (wire->count == 1) plan(wire);
}
