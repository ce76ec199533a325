/* SPDX-License-Identifier: MIT
 *
 * What happens between the two ends of a TCP connection: bytes, FIN, reset, and the end of all.
 *
 *      close(2) with all read          FIN; the port of who sends the first one rests for a minute
 *      … with bytes left, or SO_LINGER 0   reset
 *      bytes come to a closed socket   reset goes back
 *      a reset comes                   what has arrived may be read, then the error is told once
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/socket.h"
#include "io/sim/tcp.h"

static const int64_t rest_ns = 60000000000; /* TCP_TIMEWAIT_LEN */

enum { AUTOTUNED = 262144, SMALLEST_LANE = 4096 };

/* Both buffers, the sender's and the receiver's, hold what was not read yet. */
static uint32_t limit_of(const tcp *from, const tcp *to)
{
    const int send = weir_sim_option(&from->node, SOL_SOCKET, SO_SNDBUF);
    const int receive = weir_sim_option(&to->node, SOL_SOCKET, SO_RCVBUF);
    const int total = (send == 16384 ? AUTOTUNED : send) + receive;
    return total < SMALLEST_LANE ? SMALLEST_LANE : (uint32_t)total;
}

int64_t weir_sim_tcp_join(tcp *client, tcp *server)
{
    sim_connection *c = calloc(1, sizeof *c);
    if (!c) return WEIR_ENOMEM;
    tcp *const both[2] = {client, server};
    bool complete = true;
    for (int i = 0; i < 2; i++) {
        host *here = both[i]->node.host, *there = both[!i]->node.host;
        c->end[i] = (sim_end){.socket = both[i], .host = here, .heard = here->world->now};
        c->end[i].lane.limit = limit_of(both[!i], both[i]);
        if (here == there) continue;
        sim_link *link = weir_sim_link_get(there, here);
        if (link) c->end[i].wire = weir_sim_wire_make(c, link);
        complete &= c->end[i].wire != NULL;
    }
    if (!complete) {
        weir_sim_wire_free(c, 0);
        weir_sim_wire_free(c, 1);
        free(c);
        return WEIR_ENOMEM;
    }
    world *w = client->node.host->world;
    c->next = w->connections;
    c->link = &w->connections;
    if (c->next) c->next->link = &c->next;
    w->connections = c;
    for (int i = 0; i < 2; i++) {
        both[i]->connection = c;
        both[i]->side = (uint8_t)i;
        c->port[i] = both[i]->binding.local.port;
        both[i]->binding.connected = true;
    }
    return 0;
}

static void send_segment(sim_connection *c, int to, sim_segment_kind kind, uint32_t bytes)
{
    if (c->end[to].wire) {
        weir_sim_wire_send(c, to, kind, bytes);
    } else {
        weir_sim_tcp_arrived(c, to, kind, bytes);
    }
}

void weir_sim_tcp_push(sim_connection *c, int side, uint32_t bytes)
{
    send_segment(c, !side, SEGMENT_BYTES, bytes);
}

void weir_sim_tcp_finish(sim_connection *c, int side)
{
    sim_end *end = &c->end[side];
    if (end->fin_sent || end->reset) return;
    end->fin_sent = true;
    end->fin_first = !end->fin;
    send_segment(c, !side, SEGMENT_FIN, 0);
}

void weir_sim_tcp_reset(sim_connection *c, int side)
{
    if (c->end[side].reset) return;
    c->end[side].reset = true;
    send_segment(c, !side, SEGMENT_RST, 0);
}

/* A port that rests, with its own event. */
typedef struct rest {
    sim_event event; /* first */
    sim_binding binding;
    host *host;
    sim_end *end;              /* of a connection; NULL: it has gone already */
    struct rest *next, **link; /* of the host's, to be freed with it */
} rest;

static void end_rest(rest *r)
{
    weir_sim_unplan(&r->host->world->agenda, &r->event);
    weir_sim_port_free(r->host, &r->binding);
    if (r->end) r->end->resting = NULL;
    *r->link = r->next;
    if (r->next) r->next->link = r->link;
    free(r);
}

static void rested(void *world_, sim_event *event)
{
    (void)world_;
    end_rest((rest *)event);
}

void weir_sim_rests_end(host *h)
{
    while (h->net->rests) end_rest(h->net->rests);
}

/* The port of the end that closed first is not free for a minute. */
static void begin_rest(sim_connection *c, tcp *t)
{
    host *h = t->node.host;
    rest *r = calloc(1, sizeof *r);
    if (!r) return;
    r->event.run = rested;
    r->binding = t->binding;
    r->binding.node = NULL;
    r->binding.bound = r->binding.listens = false;
    r->binding.link = NULL;
    r->host = h;
    r->end = &c->end[t->side];
    if (weir_sim_port_share(h, &r->binding) < 0 ||
        !weir_sim_plan(&h->world->agenda, &r->event, h->world->now + rest_ns)) {
        weir_sim_port_free(h, &r->binding);
        free(r);
        return;
    }
    r->end->resting = r;
    r->next = h->net->rests;
    r->link = &h->net->rests;
    if (r->next) r->next->link = &r->next;
    h->net->rests = r;
}

static void free_connection(sim_connection *c)
{
    for (int i = 0; i < 2; i++) {
        weir_sim_lane_end(&c->end[i].lane);
        weir_sim_wire_free(c, i);
        if (c->end[i].resting) c->end[i].resting->end = NULL;
    }
    *c->link = c->next;
    if (c->next) c->next->link = c->link;
    free(c);
}

void weir_sim_tcp_end(world *w)
{
    while (w->connections) free_connection(w->connections);
}

/* Frees a connection that nobody has any more. */
static void free_if_over(sim_connection *c)
{
    for (int i = 0; i < 2; i++)
        if (c->end[i].socket || !weir_sim_wire_is_empty(c->end[i].wire)) return;
    free_connection(c);
}

static void end_socket(tcp *t, int error)
{
    weir_sim_tcp_unplan(t);
    t->node.error = error;
    t->state = TCP_ENDED;
    weir_sim_stir(&t->node);
}

/* The connection is over for a socket, for a reason that it tells once. */
static void fail(sim_connection *c, int side, int error)
{
    tcp *t = c->end[side].socket;
    c->end[side].reset = true;
    /* What it had sent and was not under way yet is lost with it. */
    if (c->end[!side].wire) weir_sim_wire_forget(c->end[!side].wire);
    if (!t) return;
    end_socket(t, error);
}

/* Something has come to an end that knows of no connection any more. */
static void answer_by_reset(sim_connection *c, int side)
{
    c->end[side].reset = true;
    if (c->end[!side].socket) send_segment(c, !side, SEGMENT_RST, 0);
}

static void bytes_came(sim_connection *c, int side, uint32_t bytes)
{
    sim_end *end = &c->end[side];
    if (end->socket && !end->reset) {
        end->lane.arrived += bytes;
        weir_sim_stir(&end->socket->node);
        return;
    }
    /* Nobody reads them any more; what has arrived before may be read still. */
    if (!end->socket) weir_sim_lane_end(&end->lane);
    answer_by_reset(c, side);
}

void weir_sim_tcp_arrived(sim_connection *c, int side, sim_segment_kind kind, uint32_t bytes)
{
    sim_end *end = &c->end[side];
    switch (kind) {
    case SEGMENT_BYTES: bytes_came(c, side, bytes); break;
    case SEGMENT_FIN:
        if (end->reset) {
            answer_by_reset(c, side);
            break;
        }
        end->fin = true;
        if (end->socket) weir_sim_stir(&end->socket->node);
        break;
    case SEGMENT_RST:
        for (int i = 0; i < 2; i++)
            if (c->end[i].resting) end_rest(c->end[i].resting);
        /* What is in the other lane will never be read. */
        if (!end->reset) fail(c, side, end->fin ? WEIR_EPIPE : WEIR_ECONNRESET);
        break;
    }
    free_if_over(c);
}

void weir_sim_tcp_break(sim_connection *c)
{
    fail(c, 0, WEIR_ECONNRESET);
    fail(c, 1, WEIR_ECONNRESET);
    free_if_over(c);
}

void weir_sim_tcp_vanish(tcp *t, int error)
{
    sim_connection *c = t->connection;
    if (!c) return;
    fail(c, t->side, error);
}

void weir_sim_tcp_crash(host *h)
{
    for (sim_connection *c = h->world->connections, *next; c; c = next) {
        next = c->next;
        for (int i = 0; i < 2; i++)
            if (c->end[i].host == h) fail(c, i, WEIR_ENETDOWN);
        free_if_over(c);
    }
    for (sim_node *n = h->world->first_node; n; n = n->next) {
        tcp *t = n->host == h ? weir_sim_tcp_of(n) : NULL;
        if (t && t->state == TCP_CONNECTING) end_socket(t, WEIR_ENETDOWN);
    }
    weir_sim_rests_end(h);
}

void weir_sim_tcp_abort(tcp *t, int error)
{
    weir_sim_tcp_reset(t->connection, t->side);
    fail(t->connection, t->side, error);
}

void weir_sim_tcp_lost(sim_connection *c, int side, int error)
{
    weir_sim_wire_clear(c->end[side].wire);
    fail(c, !side, error);
    free_if_over(c);
}

void weir_sim_tcp_leave(tcp *t, bool reset)
{
    sim_connection *c = t->connection;
    if (!c) return;
    const int side = t->side;
    sim_end *end = &c->end[side];
    t->connection = NULL;
    end->socket = NULL;
    reset |= end->lane.arrived > 0;
    /* Kept alive by the other's socket or what is sent now; looked at again at the end. */
    end->lane.arrived = 0;
    if (end->reset) {
        /* it is over already */
    } else if (reset) {
        const bool wired = end->wire;
        weir_sim_lane_end(&end->lane);
        weir_sim_tcp_reset(c, side);
        if (!wired) return; /* that has come already, and was the end of it */
    } else {
        const bool rests = end->fin_sent ? end->fin_first : !end->fin;
        if (rests) begin_rest(c, t);
        if (!end->fin_sent) {
            weir_sim_tcp_finish(c, side);
            return;
        }
    }
    free_if_over(c);
}
