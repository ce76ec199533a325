/* SPDX-License-Identifier: MIT
 *
 * How TCP connections come to be: bind, listen, connect, accept.
 *
 *      connect ── SYN ──┬─ nobody has the address, lost, backlog full ── again in 1, 2, 4 … s
 *                       ├─ nobody listens ── refused, when that has come back
 *                       └─ listener ── its answer has come back: connected; a child waits there
 *
 * The handshake's third packet is left out: both ends are connected at the same instant.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/socket.h"
#include "io/sim/tcp.h"
#include "io/sim/trace.h"

enum {
    SYN_ATTEMPTS = 7, /* net.ipv4.tcp_syn_retries + 1 */
    SYN_SIZE = 74,
    LARGEST_BACKLOG = 4096, /* net.core.somaxconn */
};

static const int64_t first_retry = 1000000000;

static void read_options(tcp *t)
{
    sim_binding *b = &t->binding;
    b->reuse_address = weir_sim_option(&t->node, SOL_SOCKET, SO_REUSEADDR);
    b->reuse_port = weir_sim_option(&t->node, SOL_SOCKET, SO_REUSEPORT);
    b->six_only = weir_sim_option(&t->node, IPPROTO_IPV6, IPV6_V6ONLY);
}

int64_t weir_sim_tcp_bind(sim_node *n, const weir_address *address)
{
    tcp *t = (tcp *)n;
    sim_name name;
    const int64_t error = weir_sim_name_fits(n, address, &name);
    if (error) return error;
    if (t->binding.bound || t->state != TCP_NEW) return WEIR_EINVAL;
    const bool foreign = !weir_sim_is_any(name.ip) && !weir_sim_is_own(n->host, name.ip);
    if (foreign && !weir_sim_option(n, IPPROTO_IP, IP_FREEBIND)) return WEIR_EADDRNOTAVAIL;
    const sim_name before = t->binding.local;
    t->binding.local = name;
    read_options(t);
    const int64_t failed = weir_sim_port_bind(n->host, &t->binding);
    if (failed) t->binding.local = before;
    return failed;
}

int64_t weir_sim_tcp_listen(sim_node *n, int backlog)
{
    tcp *t = (tcp *)n;
    int64_t error = 0;
    if (t->state != TCP_NEW && t->state != TCP_LISTENING) return WEIR_EINVAL;
    read_options(t);
    if (!t->binding.bound) {
        if (n->family == AF_INET) t->binding.local.ip[10] = t->binding.local.ip[11] = 0xff;
        error = weir_sim_port_bind(n->host, &t->binding);
    } else if (t->state == TCP_NEW) {
        error = weir_sim_port_listen(n->host, &t->binding);
    }
    if (error) return error;
    if (!t->listener) t->listener = calloc(1, sizeof *t->listener);
    if (!t->listener) return WEIR_ENOMEM;
    if (t->state == TCP_NEW) t->listener->end = &t->listener->first;
    t->listener->limit = (uint32_t)(backlog < LARGEST_BACKLOG ? backlog : LARGEST_BACKLOG);
    t->state = TCP_LISTENING;
    t->binding.listens = true;
    return 0;
}

int64_t weir_sim_tcp_accept(sim_node *n, sim_node **out)
{
    tcp *t = (tcp *)n;
    if (t->state != TCP_LISTENING) return WEIR_EINVAL;
    tcp *child = t->listener->first;
    if (!child) return SIM_WAIT;
    t->listener->first = child->next;
    if (!child->next) t->listener->end = &t->listener->first;
    t->listener->waiting--;
    child->next = NULL;
    *out = &child->node;
    return 0;
}

void weir_sim_tcp_unlisten(tcp *t)
{
    while (t->listener->first) {
        tcp *child = t->listener->first;
        t->listener->first = child->next;
        weir_sim_tcp_leave(child, true);
        weir_sim_node_release(&child->node);
    }
    t->listener->end = &t->listener->first;
    t->listener->waiting = 0;
    t->binding.listens = false;
}

/* Makes the socket that will be accepted, and the connection.  Returns 0 or WEIR_ENOMEM. */
static int64_t join(tcp *client, tcp *listener)
{
    host *h = listener->node.host;
    tcp *child = (tcp *)weir_sim_tcp_make(h, listener->node.family);
    if (!child) return WEIR_ENOMEM;
    child->node.family = listener->node.family;
    child->node.type = SOCK_STREAM;
    child->node.protocol = IPPROTO_TCP;
    child->node.references = 1;
    child->binding = (sim_binding){.node = &child->node,
                                   .protocol = SIM_TCP,
                                   .local = client->binding.remote,
                                   .remote = client->binding.local,
                                   .reuse_address = listener->binding.reuse_address,
                                   .reuse_port = listener->binding.reuse_port};
    int64_t error = weir_sim_options_inherit(&child->node, &listener->node) ? 0 : WEIR_ENOMEM;
    if (!error) error = weir_sim_tcp_join(client, child);
    if (!error) error = weir_sim_port_share(h, &child->binding);
    child->state = TCP_CONNECTED;
    if (error) {
        weir_sim_node_release(&child->node);
        return error;
    }
    *listener->listener->end = child;
    listener->listener->end = &child->next;
    listener->listener->waiting++;
    weir_sim_tcp_keep(child, false);
    weir_sim_stir(&listener->node);
    return 0;
}

static void ended(tcp *t, int error)
{
    t->state = TCP_ENDED;
    t->node.error = error;
    weir_sim_stir(&t->node);
}

static void send_syn(tcp *t);

static void try_again(void *world_, sim_event *event)
{
    tcp *t = (tcp *)(void *)((char *)event - offsetof(tcp, event));
    const world *w = world_;
    const int64_t patience = weir_sim_tcp_patience(t);
    if (t->attempts >= SYN_ATTEMPTS || (patience && w->now - t->began >= patience)) {
        ended(t, WEIR_ETIMEDOUT);
    } else {
        send_syn(t);
    }
}

static void plan(tcp *t, sim_event_run *run, int64_t when)
{
    t->event.run = run;
    if (!weir_sim_plan(&t->node.host->world->agenda, &t->event, when)) ended(t, WEIR_ENOMEM);
}

/* Nothing has come of the last one: there will be another. */
static void wait_longer(tcp *t)
{
    const int64_t patience = weir_sim_tcp_patience(t);
    int64_t when = t->node.host->world->now + (first_retry << (t->attempts - 1));
    if (patience && t->began + patience < when) when = t->began + patience;
    plan(t, try_again, when);
}

/* What the other host makes of the SYN: 0 and the listener, or an error; WEIR_EAGAIN: it is
 * dropped. */
static int64_t verdict(tcp *t, host *there, tcp **out)
{
    if (there->crashed) return WEIR_EAGAIN;
    sim_binding *b = weir_sim_port_find(there, SIM_TCP, &t->binding.remote, &t->binding.local);
    if (!b) return WEIR_ECONNREFUSED;
    *out = (tcp *)b->node;
    const tcp_listener *listener = (*out)->listener;
    return listener->waiting > listener->limit ? WEIR_EAGAIN : 0;
}

static void conclude(tcp *t, host *there)
{
    tcp *listener = NULL;
    int64_t error = verdict(t, there, &listener);
    if (error == WEIR_EAGAIN) {
        wait_longer(t);
        return;
    }
    /* Where there is no memory for a connection the SYN is dropped. */
    if (!error && sim_memory_fails(there)) {
        wait_longer(t);
        return;
    }
    if (!error) error = join(t, listener);
    if (error) {
        ended(t, (int)error);
    } else {
        t->state = TCP_CONNECTED;
        weir_sim_tcp_keep(t, false);
        weir_sim_stir(&t->node);
    }
}

/* Where a SYN goes; NULL: nowhere. */
static host *destination(tcp *t, sim_link **link)
{
    host *there;
    if (weir_sim_route(t->node.host, t->binding.remote.ip, &there, link) < 0) return NULL;
    return there;
}

/* What is under way between two hosts while `t` connects. */
static sim_parcel parcel_of(const tcp *t, const host *from, const host *to)
{
    const bool answer = to == t->node.host;
    const sim_name *a = answer ? &t->binding.remote : &t->binding.local;
    const sim_name *b = answer ? &t->binding.local : &t->binding.remote;
    return (sim_parcel){.from = from,
                        .to = to,
                        .from_port = a->port,
                        .to_port = b->port,
                        .kind = !answer      ? PACKET_SYN
                                : t->refused ? PACKET_REFUSAL
                                             : PACKET_SYN_ACK,
                        .flags = !answer && t->attempts > 1 ? PACKET_AGAIN : 0,
                        .number = t->packet};
}

static void record_arrival(const tcp *t, const host *from, const host *to)
{
    const sim_parcel parcel = parcel_of(t, from, to);
    weir_sim_trace_arrived(&parcel);
}

static void answered(void *world_, sim_event *event)
{
    const world *w = world_;
    tcp *t = (tcp *)(void *)((char *)event - offsetof(tcp, event));
    sim_link *link;
    host *there = destination(t, &link);
    if (sim_is_recorded(w) && there) record_arrival(t, there, t->node.host);
    if (there) conclude(t, there);
}

static void pass(tcp *t, host *from, host *to, sim_link *link, sim_event_run *then)
{
    int64_t arrives = -1;
    const bool cut = !link || weir_sim_link_is_cut(from, to, link);
    if (!cut) arrives = weir_sim_link_pass(from, link, SYN_SIZE);
    if (sim_is_recorded(from->world)) {
        sim_parcel parcel = parcel_of(t, from, to);
        if (cut) parcel.flags |= PACKET_CUT;
        t->packet = weir_sim_trace_sent(&parcel, arrives);
    }
    if (arrives < 0) {
        wait_longer(t);
    } else {
        plan(t, then, arrives);
    }
}

static void syn_arrived(void *world_, sim_event *event)
{
    tcp *t = (tcp *)(void *)((char *)event - offsetof(tcp, event));
    tcp *listener;
    sim_link *link;
    host *there = destination(t, &link);
    const world *w = world_;
    const int64_t answer = there ? verdict(t, there, &listener) : WEIR_EAGAIN;
    if (sim_is_recorded(w) && there) record_arrival(t, t->node.host, there);
    t->refused = answer < 0;
    if (answer != WEIR_EAGAIN) {
        pass(t, there, t->node.host, weir_sim_link_get(there, t->node.host), answered);
    } else {
        wait_longer(t);
    }
}

static void send_syn(tcp *t)
{
    sim_link *link;
    host *there = destination(t, &link);
    t->attempts++;
    if (!there) {
        wait_longer(t);
    } else if (!link) {
        conclude(t, there);
    } else {
        pass(t, t->node.host, there, link, syn_arrived);
    }
}

static int64_t begin(tcp *t, const weir_address *address)
{
    host *h = t->node.host, *there;
    sim_binding *b = &t->binding;
    sim_link *link;
    int64_t error = weir_sim_name_fits(&t->node, address, &b->remote);
    if (error) return error;
    const bool four = weir_sim_is_four(b->remote.ip);
    if (four && weir_sim_option(&t->node, IPPROTO_IPV6, IPV6_V6ONLY)) return WEIR_ENETUNREACH;
    if (weir_sim_is_any(b->remote.ip)) weir_sim_source(h, b->remote.ip, b->remote.ip);
    error = weir_sim_route(h, b->remote.ip, &there, &link);
    if (error) return error;
    read_options(t);
    if (!b->bound || weir_sim_is_any(b->local.ip)) weir_sim_source(h, b->remote.ip, b->local.ip);
    if (b->bound && b->local.port == 0) b->bound = false;
    if (!b->bound) error = weir_sim_port_choose(h, b);
    if (error) return error;
    b->connected = true;
    t->state = TCP_CONNECTING;
    t->attempts = 0;
    t->began = h->world->now;
    send_syn(t);
    return 0;
}

int64_t weir_sim_tcp_connect(sim_node *n, weir_op *op)
{
    tcp *t = (tcp *)n;
    if (*op_step(op) == 0) {
        if (op->args.address->kind == WEIR_ADDRESS_NONE) return WEIR_EINVAL;
        if (t->state == TCP_CONNECTING) return WEIR_EALREADY;
        if (t->state == TCP_CONNECTED || t->state == TCP_LISTENING) return WEIR_EISCONN;
        /* An attempt that nobody waited for has failed: it is told first. */
        if (t->state == TCP_ENDED && !t->connection && n->error) return sim_take_error(n);
        /* What was connected once stays so, also when the connection is over. */
        if (t->connection) return WEIR_EISCONN;
        *op_step(op) = 1;
        if (t->state == TCP_ENDED) t->state = TCP_NEW;
        const int64_t error = begin(t, op->args.address);
        if (error) return error;
    }
    if (t->state == TCP_CONNECTING) return SIM_WAIT;
    if (t->node.error) return sim_take_error(n);
    return t->state == TCP_CONNECTED ? 0 : WEIR_ECONNREFUSED;
}
