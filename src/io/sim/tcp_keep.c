/* SPDX-License-Identifier: MIT
 *
 * Keepalive of TCP sockets, and how long they wait for an answer (tcp(7): SO_KEEPALIVE,
 * TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT; RFC 1122, section 4.2.3.6).
 *
 *      heard ── idle ── probe ── interval ── probe … ── as many as are allowed: ETIMEDOUT
 *
 * On one host the other end always answers, so nothing is planned there.  A socket whose probes are
 * answered keeps no world alive: where all wait and nothing else is planned it is a deadlock.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "io/sim/socket.h"
#include "io/sim/tcp.h"

static const int64_t second = 1000000000, millisecond = 1000000;

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

static void look(void *world_, sim_event *event)
{
    world *w = world_;
    tcp *t = (tcp *)(void *)((char *)event - offsetof(tcp, event));
    const sim_end *end = &t->connection->end[t->side];
    const int64_t idle = option(t, TCP_KEEPIDLE) * second, silent = w->now - end->heard;
    w->keepalives--;
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

static bool is_in_danger(const sim_connection *c)
{
    for (int i = 0; i < 2; i++) {
        const sim_end *end = &c->end[i];
        if (!end->wire || !end->socket || !weir_sim_planned(&end->socket->event)) continue;
        if (end->socket->probes || c->end[!i].reset) return true;
        if (weir_sim_link_is_cut(c->end[!i].host, end->host, end->wire->link)) return true;
        if (weir_sim_link_is_cut(end->host, c->end[!i].host, c->end[!i].wire->link)) return true;
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
