/* SPDX-License-Identifier: MIT
 *
 * Probes: how a TCP socket finds out that the other end has gone while nothing is under way.
 *
 *      keepalive (tcp(7): SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT; RFC 1122, section
 *      4.2.3.6)       heard ── idle ── probe ── interval ── probe … ── so many: ETIMEDOUT
 *      the other end takes nothing more (RFC 1122, section 4.2.2.17)
 *                     full ── 0.2 s ── probe ── 0.4 s ── probe … ── so many: ETIMEDOUT
 *
 * TCP_USER_TIMEOUT takes the place of the number of probes; of an end that takes nothing more it
 * counts also when that lives.  On one host the other end always answers, so nothing is planned
 * there.  A socket whose probes are answered keeps no world alive: where all wait and nothing else
 * is planned it is a deadlock.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "io/sim/socket.h"
#include "io/sim/tcp.h"

enum {
    FULL_LIMIT = 15, /* net.ipv4.tcp_retries2 */
    DOUBLINGS = 10,  /* after as many the longest time is reached */
    ALWAYS = 1000000 /* of a million */
};

static const int64_t second = 1000000000, millisecond = 1000000;
static const int64_t first_wait = 200000000, longest_wait = 120000000000;

static void look(void *world_, sim_event *event);

int64_t weir_sim_tcp_patience(const tcp *t)
{
    if (!t->node.settings) return 0;
    return weir_sim_option(&t->node, IPPROTO_TCP, TCP_USER_TIMEOUT) * millisecond;
}

void weir_sim_tcp_unplan(tcp *t)
{
    world *w = t->node.host->world;
    if (!weir_sim_planned(&t->event)) return;
    w->keepalives -= t->event.run == look;
    weir_sim_unplan(&w->agenda, &t->event);
}

static void plan(tcp *t, int64_t when)
{
    world *w = t->node.host->world;
    const bool planned = weir_sim_planned(&t->event);
    t->event.run = look;
    if (weir_sim_plan(&w->agenda, &t->event, when)) {
        w->keepalives += !planned;
    } else {
        w->keepalives -= planned;
    }
}

void weir_sim_tcp_keep(tcp *t, bool on)
{
    if (t->state != TCP_CONNECTED || !t->connection->end[t->side].wire) return;
    if (!on && !weir_sim_option(&t->node, SOL_SOCKET, SO_KEEPALIVE)) return;
    /* When the options are set. */
    if (on) t->connection->end[t->side].heard = t->node.host->world->now;
    plan(t, t->node.host->world->now);
}

void weir_sim_tcp_press(tcp *t)
{
    const int64_t now = t->node.host->world->now;
    if (t->pressed || !t->connection->end[t->side].wire) return;
    t->pressed = true;
    t->tries = 0;
    t->began = now;
    plan(t, now + first_wait);
}

static int64_t option(const tcp *t, int name)
{
    return weir_sim_option(&t->node, IPPROTO_TCP, name);
}

/* Whether the probes that nothing has answered are enough. */
static bool is_dead(const tcp *t, int64_t silent)
{
    const int64_t patience = weir_sim_tcp_patience(t);
    if (patience) return t->probes > 0 && silent >= patience;
    return t->probes >= option(t, TCP_KEEPCNT);
}

static void probe(tcp *t, int64_t now)
{
    sim_end *end = &t->connection->end[t->side];
    if (weir_sim_wire_knock(t->connection, !t->side)) {
        end->heard = now;
        t->probes = 0;
        plan(t, now + option(t, TCP_KEEPIDLE) * second);
        return;
    }
    if (t->probes < UINT8_MAX) t->probes++;
    plan(t, now + option(t, TCP_KEEPINTVL) * second);
}

/* Whether what was given cannot be sent, for nothing of it is read. */
static bool is_full(const tcp *t)
{
    return t->pressed && sim_lane_space(&t->connection->end[!t->side].lane) == 0;
}

static void probe_full(tcp *t, int64_t now)
{
    const int64_t patience = weir_sim_tcp_patience(t);
    int64_t wait = first_wait;
    if (weir_sim_wire_is_empty(t->connection->end[!t->side].wire)) {
        if (patience ? now - t->began >= patience : t->probes >= FULL_LIMIT) {
            weir_sim_tcp_vanish(t, WEIR_ETIMEDOUT);
            return;
        }
        const bool answered = weir_sim_wire_knock(t->connection, !t->side);
        t->probes = answered ? 0 : (uint8_t)(t->probes + (t->probes < UINT8_MAX));
        if (t->tries < DOUBLINGS) t->tries++;
        wait = first_wait << t->tries;
    }
    int64_t when = now + (wait < longest_wait ? wait : longest_wait);
    if (patience && t->began + patience > now && t->began + patience < when)
        when = t->began + patience;
    plan(t, when);
}

static void look(void *world_, sim_event *event)
{
    world *w = world_;
    tcp *t = (tcp *)(void *)((char *)event - offsetof(tcp, event));
    const sim_end *end = &t->connection->end[t->side];
    const int64_t idle = option(t, TCP_KEEPIDLE) * second, silent = w->now - end->heard;
    w->keepalives--;
    if (is_full(t)) {
        probe_full(t, w->now);
        return;
    }
    t->pressed = false;
    if (!weir_sim_option(&t->node, SOL_SOCKET, SO_KEEPALIVE) || (end->fin && end->fin_sent)) return;
    if (!weir_sim_wire_is_empty(t->connection->end[!t->side].wire)) {
        /* What is under way finds out by itself. */
        plan(t, w->now + idle);
    } else if (silent < idle) {
        t->probes = 0;
        plan(t, end->heard + idle);
    } else if (is_dead(t, silent)) {
        weir_sim_tcp_abort(t, WEIR_ETIMEDOUT);
    } else {
        probe(t, w->now);
    }
}

/* Whether nothing at all gets through between the ends. */
static bool is_severed(const sim_connection *c)
{
    const sim_link *link = c->end[0].wire->link, *back = c->end[1].wire->link;
    return weir_sim_link_is_cut(c->end[1].host, c->end[0].host, link) ||
           weir_sim_link_is_cut(c->end[0].host, c->end[1].host, back) || link->is.loss >= ALWAYS ||
           back->is.loss >= ALWAYS;
}

static bool is_in_danger(const sim_connection *c)
{
    for (int i = 0; i < 2; i++) {
        const sim_end *end = &c->end[i];
        if (!end->wire || !end->socket || !weir_sim_planned(&end->socket->event)) continue;
        const tcp *t = end->socket;
        if (t->probes || c->end[!i].reset) return true;
        if (is_full(t) && weir_sim_tcp_patience(t)) return true;
        if (is_severed(c)) return true;
    }
    return false;
}

bool weir_sim_only_keepalive(const world *w)
{
    if (w->keepalives == 0 || w->keepalives < w->agenda.count) return false;
    for (const sim_connection *c = w->connections; c; c = c->next)
        if (is_in_danger(c)) return false;
    return true;
}
