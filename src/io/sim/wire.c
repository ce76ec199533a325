/* SPDX-License-Identifier: MIT
 *
 * Wires: segments of a TCP connection on their way between two hosts.
 *
 *      segments: sent, some of them lost          unsent
 *      [ comes ][ lost ][ comes ][ comes ] … | bytes, FIN |
 *
 * Segments are delivered in order: who comes behind a lost one waits for it.  That one is sent
 * again when three behind it have come (RFC 5681, section 3.2), else after a time that doubles
 * (RFC 6298), until the sender gives up (tcp(7): tcp_retries2, TCP_USER_TIMEOUT).
 *
 * There are no acknowledgments: a segment that comes is known to its sender at once, unless the
 * link back is cut.  Invariant: when nothing is lost nothing is unsent.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "io/sim/socket.h"
#include "io/sim/tcp.h"
#include "io/sim/trace.h"

enum {
    FIRST_ROOM = 4,
    HEADER = 66,       /* bytes of a packet beside its data */
    SEGMENT = 1448,    /* what fits into an MTU of 1,500 */
    LARGEST = 65483,   /* what a host gives to a link that treats all packets alike */
    WINDOW = 10,       /* segments that are sent behind a lost one */
    DUPLICATES = 3,    /* of them, so many that come tell of the loss */
    RESEND_LIMIT = 15, /* net.ipv4.tcp_retries2 */
    DOUBLINGS = 10,    /* after as many the longest time is reached */
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
    return !wire || (wire->count == 0 && wire->unsent == 0 && !wire->fin_unsent);
}

static int side_of(const sim_wire *wire)
{
    return wire->connection->end[1].wire == wire;
}

static sim_segment *segment_at(const sim_wire *wire, uint32_t index)
{
    return &wire->segments[(wire->first + index) & (wire->room - 1)];
}

static world *world_of(const sim_wire *wire)
{
    return wire->connection->end[0].host->world;
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

/* Whether the sender waits for an answer that does not come. */
static bool is_stalled(const sim_wire *wire)
{
    return wire->lost > 0 || wire->unheard;
}

/* The other direction. */
static sim_link *link_back(const sim_wire *wire)
{
    return wire->connection->end[!side_of(wire)].wire->link;
}

/* How long the sender waits before it sends again. */
static int64_t delay_of(const sim_wire *wire)
{
    const int64_t round = wire->link->is.latency.ns + link_back(wire)->is.latency.ns;
    const int64_t delay = (first_resend + round)
                          << (wire->resent < DOUBLINGS ? wire->resent : DOUBLINGS);
    return delay < longest_resend ? delay : longest_resend;
}

/* TCP_USER_TIMEOUT of the sender in nanoseconds; 0: none. */
static int64_t patience_of(const sim_wire *wire)
{
    const tcp *t = wire->connection->end[!side_of(wire)].socket;
    return t ? weir_sim_tcp_patience(t) : 0;
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

static void record_arrival(const sim_wire *wire, const sim_segment *segment)
{
    const sim_parcel parcel = parcel_of(wire, segment);
    weir_sim_trace_arrived(&parcel);
}

/* Puts a segment on the link.  False: it is lost. */
static bool depart(sim_wire *wire, sim_segment *segment)
{
    const int side = side_of(wire);
    host *from = wire->connection->end[!side].host;
    const bool cut = weir_sim_link_is_cut(from, wire->connection->end[side].host, wire->link);
    segment->arrives = -1;
    if (!cut) segment->arrives = weir_sim_link_pass(from, wire->link, segment->bytes + HEADER);
    if (sim_is_recorded(from->world)) record_departure(wire, segment, cut);
    return segment->arrives >= 0;
}

/* Plans what comes next: the first segment, or that what is lost is sent again. */
static void plan(sim_wire *wire)
{
    world *w = world_of(wire);
    int64_t when = INT64_MAX;
    if (wire->count > 0 && segment_at(wire, 0)->arrives >= 0) when = segment_at(wire, 0)->arrives;
    if (is_stalled(wire)) {
        const int64_t patience = patience_of(wire);
        if (wire->again < when) when = wire->again;
        if (patience && wire->stalled + patience < when) when = wire->stalled + patience;
    }
    if (when == INT64_MAX) {
        weir_sim_unplan(&w->agenda, &wire->event);
    } else if (!weir_sim_plan(&w->agenda, &wire->event, when)) {
        weir_sim_tcp_lost(wire->connection, side_of(wire), WEIR_ENOMEM);
    }
}

/* The sender begins to wait. */
static void stall(sim_wire *wire)
{
    wire->stalled = world_of(wire)->now;
    wire->resent = 0;
    wire->again = wire->stalled + delay_of(wire);
    wire->behind = wire->passed = 0;
}

/* A segment was sent behind a lost one, and comes: the third one tells the sender. */
static void pass_by(sim_wire *wire, const sim_segment *segment)
{
    const int64_t told = segment->arrives + link_back(wire)->is.latency.ns;
    if (++wire->passed == DUPLICATES && wire->resent == 0 && told < wire->again) wire->again = told;
}

/* Sends a segment for the first time. */
static void send_first(sim_wire *wire, sim_segment *segment)
{
    const bool behind = wire->lost > 0;
    if (depart(wire, segment)) {
        if (behind) pass_by(wire, segment);
    } else {
        if (!is_stalled(wire)) stall(wire);
        wire->lost++;
    }
    wire->behind += behind;
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

static sim_segment *append(sim_wire *wire, sim_segment_kind kind, uint32_t bytes)
{
    if (wire->count == wire->room && !grow(wire)) return NULL;
    sim_segment *segment = segment_at(wire, wire->count++);
    *segment = (sim_segment){.arrives = -1, .bytes = bytes, .kind = kind};
    return segment;
}

/* Where all packets fare alike the border between two of them shows nowhere. */
static uint32_t largest_on(const sim_link *link)
{
    const weir_sim_link *is = &link->is;
    const bool alike = !is->loss && !is->reorder && !is->bandwidth && !link->slowed &&
                       !is->jitter.ns && !is->tail.ns;
    return alike ? LARGEST : SEGMENT;
}

/* Sends what is unsent, as far as it may be sent.  False: no memory. */
static bool send_on(sim_wire *wire)
{
    const uint32_t largest = largest_on(wire->link);
    while (!wire->lost || (wire->behind < WINDOW && wire->resent == 0)) {
        sim_segment *segment;
        if (wire->unsent > 0) {
            const uint32_t bytes = wire->unsent < largest ? wire->unsent : largest;
            segment = append(wire, SEGMENT_BYTES, bytes);
            if (segment) wire->unsent -= bytes;
        } else if (wire->fin_unsent) {
            segment = append(wire, SEGMENT_FIN, 0);
            if (segment) wire->fin_unsent = false;
        } else {
            break;
        }
        if (!segment) return false;
        send_first(wire, segment);
    }
    return true;
}

/* A reset overtakes what is unsent, and is sent once; what was sent before it comes before. */
static void send_reset(sim_wire *wire)
{
    weir_sim_wire_forget(wire);
    sim_segment *segment = append(wire, SEGMENT_RST, 0);
    if (segment && !depart(wire, segment)) wire->count--;
    plan(wire);
}

void weir_sim_wire_send(sim_connection *c, int side, sim_segment_kind kind, uint32_t bytes)
{
    sim_wire *wire = c->end[side].wire;
    if (kind == SEGMENT_RST) {
        send_reset(wire);
        return;
    }
    wire->unsent += bytes;
    wire->fin_unsent |= kind == SEGMENT_FIN;
    if (send_on(wire)) {
        plan(wire);
    } else {
        weir_sim_tcp_lost(c, side, WEIR_ENOMEM);
    }
}

bool weir_sim_wire_knock(sim_connection *c, int side)
{
    sim_wire *wire = c->end[side].wire;
    host *from = c->end[!side].host, *to = c->end[side].host;
    sim_segment segment = {.arrives = -1, .kind = SEGMENT_BYTES};
    const bool recorded = sim_is_recorded(from->world),
               cut = weir_sim_link_is_cut(from, to, wire->link);
    if (!cut) segment.arrives = weir_sim_link_pass(from, wire->link, HEADER);
    if (segment.arrives < 0) {
        if (recorded) record_departure(wire, &segment, cut);
        return false;
    }
    if (c->end[side].reset) {
        weir_sim_wire_send(c, !side, SEGMENT_RST, 0);
        return false;
    }
    sim_link *back = link_back(wire);
    return !weir_sim_link_is_cut(to, from, back) && weir_sim_link_pass(to, back, HEADER) >= 0;
}

/* Sends all again that is lost, as far as nothing is lost again.  False: nothing has got through.
 */
static bool send_again(sim_wire *wire)
{
    bool through = false;
    if (wire->unheard && weir_sim_wire_knock(wire->connection, side_of(wire))) {
        wire->unheard = false;
        through = true;
    }
    for (uint32_t i = 0; i < wire->count && wire->lost > 0; i++) {
        sim_segment *segment = segment_at(wire, i);
        if (segment->arrives >= 0) continue;
        if (!depart(wire, segment)) break;
        wire->lost--;
        through = true;
    }
    return through;
}

/* The sender has waited long enough. */
static void wake_up(sim_wire *wire)
{
    const int64_t now = world_of(wire)->now, patience = patience_of(wire);
    const bool due = now >= wire->again;
    if (patience ? now - wire->stalled >= patience : due && wire->resent >= RESEND_LIMIT) {
        weir_sim_tcp_lost(wire->connection, side_of(wire), WEIR_ETIMEDOUT);
        return;
    }
    if (due && send_again(wire)) {
        stall(wire);
        if (!send_on(wire)) {
            weir_sim_tcp_lost(wire->connection, side_of(wire), WEIR_ENOMEM);
            return;
        }
    } else if (due) {
        if (wire->resent < RESEND_LIMIT) wire->resent++;
        wire->again = now + delay_of(wire);
    }
    plan(wire);
}

/* Nobody is there: what was under way is lost. */
static void lose_all(sim_wire *wire)
{
    if (segment_at(wire, wire->count - 1)->kind == SEGMENT_RST) wire->count--;
    if (!is_stalled(wire)) stall(wire);
    for (uint32_t i = 0; i < wire->count; i++) segment_at(wire, i)->arrives = -1;
    wire->lost = wire->count;
    plan(wire);
}

static sim_segment take(sim_wire *wire)
{
    const sim_segment segment = *segment_at(wire, 0);
    wire->first = (wire->first + 1) & (wire->room - 1);
    wire->count--;
    if (sim_is_recorded(world_of(wire))) record_arrival(wire, &segment);
    return segment;
}

/* Whether the first segment is one of bytes, and has come. */
static bool more_bytes(const sim_wire *wire, int64_t now)
{
    if (wire->count == 0) return false;
    const sim_segment *segment = segment_at(wire, 0);
    return segment->kind == SEGMENT_BYTES && segment->arrives >= 0 && segment->arrives <= now;
}

/* The sender hears that its segment has come, or does not. */
static void acknowledge(sim_wire *wire, int side)
{
    sim_connection *c = wire->connection;
    if (weir_sim_link_is_cut(c->end[side].host, c->end[!side].host, link_back(wire))) {
        if (!is_stalled(wire)) stall(wire);
        wire->unheard = true;
        return;
    }
    wire->unheard = false;
    c->end[!side].heard = c->end[side].host->world->now;
}

/* The first segment comes, and with it what has waited behind it. */
static void deliver(sim_wire *wire)
{
    sim_connection *c = wire->connection;
    const int side = side_of(wire);
    const int64_t now = world_of(wire)->now;
    if (c->end[side].host->crashed && segment_at(wire, 0)->kind != SEGMENT_RST) {
        lose_all(wire);
        return;
    }
    sim_segment segment = take(wire);
    while (segment.kind == SEGMENT_BYTES && more_bytes(wire, now))
        segment.bytes += take(wire).bytes;
    c->end[side].heard = now;
    if (segment.kind != SEGMENT_RST && c->end[!side].socket) acknowledge(wire, side);
    /* Before the arrival, which may end the connection and the wire with it. */
    plan(wire);
    weir_sim_tcp_arrived(c, side, (sim_segment_kind)segment.kind, segment.bytes);
}

static void happen(void *world_, sim_event *event)
{
    const world *w = world_;
    sim_wire *wire = (sim_wire *)event;
    const int64_t arrives = wire->count > 0 ? segment_at(wire, 0)->arrives : -1;
    if (arrives >= 0 && arrives <= w->now) {
        deliver(wire);
    } else {
        wake_up(wire);
    }
}

void weir_sim_wire_forget(sim_wire *wire)
{
    uint32_t count = 0;
    while (count < wire->count && segment_at(wire, count)->arrives >= 0) count++;
    wire->count = count;
    wire->lost = wire->unsent = 0;
    wire->fin_unsent = wire->unheard = false;
    plan(wire);
}

void weir_sim_wire_clear(sim_wire *wire)
{
    wire->count = 0;
    weir_sim_wire_forget(wire);
}
