/* SPDX-License-Identifier: MIT
 *
 * UDP sockets: datagrams that arrive whole, twice, late or not at all (udp(7)).
 *
 * A datagram for a port where nobody is comes back as an error, once, to a socket that is connected
 * or asked for errors.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/net.h"
#include "io/sim/socket.h"
#include "io/sim/trace.h"

enum {
    LARGEST_FOUR = 65507,
    LARGEST_SIX = 65527,
    HEADER = 42,
    OVERHEAD = 512, /* of the receive buffer, for each datagram */
};

/* A datagram under way or arrived. */
typedef struct datagram {
    sim_event event; /* first: its arrival */
    struct datagram *next;
    host *to_host;
    const host *from_host;
    sim_name from, to;
    bool refused;    /* it is the answer that nobody was there */
    uint32_t packet; /* its number in what is recorded; 0: none */
    uint32_t length;
    char data[];
} datagram;

typedef struct udp {
    sim_node node; /* first */
    sim_binding binding;
    datagram *first, *last;
    uint32_t bytes;
    bool shut_in, shut_out;
} udp;

static bool is_six(const sim_node *n)
{
    return n->family == AF_INET6;
}

static void read_options(udp *u)
{
    sim_binding *b = &u->binding;
    b->reuse_address = weir_sim_option(&u->node, SOL_SOCKET, SO_REUSEADDR);
    b->reuse_port = weir_sim_option(&u->node, SOL_SOCKET, SO_REUSEPORT);
    b->six_only = weir_sim_option(&u->node, IPPROTO_IPV6, IPV6_V6ONLY);
}

static int64_t bind_socket(sim_node *n, const weir_address *address)
{
    udp *u = (udp *)n;
    sim_name name;
    const int64_t error = weir_sim_name_fits(n, address, &name);
    if (error) return error;
    if (u->binding.bound) return WEIR_EINVAL;
    const bool special = weir_sim_is_any(name.ip) || weir_sim_is_multicast(name.ip) ||
                         weir_sim_is_broadcast(name.ip);
    if (!special && !weir_sim_is_own(n->host, name.ip) &&
        !weir_sim_option(n, IPPROTO_IP, IP_FREEBIND))
        return WEIR_EADDRNOTAVAIL;
    const sim_name before = u->binding.local;
    u->binding.local = name;
    read_options(u);
    const int64_t failed = weir_sim_port_bind(n->host, &u->binding);
    if (failed) u->binding.local = before;
    return failed;
}

/* Gives the socket a port, if it has none. */
static int64_t autobind(udp *u)
{
    if (u->binding.bound) return 0;
    read_options(u);
    return weir_sim_port_bind(u->node.host, &u->binding);
}

static int64_t disconnect(udp *u)
{
    u->binding.connected = false;
    u->binding.remote = (sim_name){0};
    return 0;
}

static int64_t connect_socket(sim_node *n, weir_op *op)
{
    udp *u = (udp *)n;
    sim_name name;
    host *there;
    sim_link *link;
    if (op->args.address->kind == WEIR_ADDRESS_NONE) return disconnect(u);
    int64_t error = weir_sim_name_fits(n, op->args.address, &name);
    if (error) return error;
    if (weir_sim_is_broadcast(name.ip) && !weir_sim_option(n, SOL_SOCKET, SO_BROADCAST))
        return WEIR_EACCES;
    if (weir_sim_is_any(name.ip)) weir_sim_source(n->host, name.ip, name.ip);
    const bool many = weir_sim_is_broadcast(name.ip) || weir_sim_is_multicast(name.ip);
    error = many ? 0 : weir_sim_route(n->host, name.ip, &there, &link);
    if (!error) error = autobind(u);
    if (error) return error;
    u->binding.remote = name;
    u->binding.connected = true;
    if (weir_sim_is_any(u->binding.local.ip))
        weir_sim_source(n->host, name.ip, u->binding.local.ip);
    return 0;
}

static sim_parcel parcel_of(const datagram *d)
{
    return (sim_parcel){.from = d->from_host,
                        .to = d->to_host,
                        .kind = d->refused ? PACKET_UNREACHABLE : PACKET_DATAGRAM,
                        .from_port = d->from.port,
                        .to_port = d->to.port,
                        .bytes = d->length,
                        .number = d->packet};
}

static void record_arrival(const datagram *d, uint32_t flags)
{
    sim_parcel parcel = parcel_of(d);
    parcel.flags = flags;
    weir_sim_trace_arrived(&parcel);
}

/* Whether a socket takes a datagram: there is room in its buffer. */
static void enqueue(udp *u, datagram *d)
{
    const uint32_t limit = (uint32_t)weir_sim_option(&u->node, SOL_SOCKET, SO_RCVBUF);
    if (u->shut_in || u->bytes + d->length + OVERHEAD > limit) {
        if (sim_is_recorded(u->node.host->world) && d->packet) record_arrival(d, PACKET_NO_ROOM);
        free(d);
        return;
    }
    d->next = NULL;
    if (u->first) {
        u->last->next = d;
    } else {
        u->first = d;
    }
    u->last = d;
    u->bytes += d->length + OVERHEAD;
    weir_sim_stir(&u->node);
}

static void travel(host *from, datagram *d, sim_link *link);

/* Tells the sender that nobody is there. */
static void refuse(datagram *d, host *here)
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
    travel(here, d, link);
}

static void arrive(datagram *d)
{
    sim_binding *b = weir_sim_port_find(d->to_host, SIM_UDP, &d->to, &d->from);
    if (!b && !d->refused) {
        refuse(d, d->to_host);
    } else if (!b) {
        free(d);
    } else if (!d->refused) {
        enqueue((udp *)b->node, d);
    } else {
        if (b->connected) b->node->error = WEIR_ECONNREFUSED;
        weir_sim_stir(b->node);
        free(d);
    }
}

static void arrived(void *world_, sim_event *event)
{
    const world *w = world_;
    datagram *d = (datagram *)event;
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

static datagram *copy_of(const datagram *d)
{
    datagram *copy = malloc(sizeof *copy + d->length);
    if (!copy) return NULL;
    memcpy(copy, d, sizeof *copy + d->length);
    copy->event = (sim_event){.run = arrived};
    return copy;
}

/* Sends a datagram over a link, or loses it. */
static void pass(host *from, datagram *d, sim_link *link, uint32_t flags)
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

static void travel(host *from, datagram *d, sim_link *link)
{
    world *w = from->world;
    d->event = (sim_event){.run = arrived};
    d->from_host = from;
    d->packet = 0;
    if (!link) {
        arrive(d);
        return;
    }
    if (link->is.duplicate && weir_prng_below(&w->network, 1000000) < link->is.duplicate) {
        datagram *twin = copy_of(d);
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

/* To whom a datagram goes. */
static int64_t target_of(udp *u, const sim_transfer *t, sim_name *out)
{
    const weir_message *message = t->message;
    *out = u->binding.remote;
    if (!message || message->address.kind == WEIR_ADDRESS_NONE)
        return u->binding.connected ? 0 : -EDESTADDRREQ;
    const int64_t error = weir_sim_name_fits(&u->node, &message->address, out);
    if (error) return error;
    if (out->port == 0) return WEIR_EINVAL;
    if (weir_sim_is_any(out->ip)) weir_sim_source(u->node.host, out->ip, out->ip);
    if (weir_sim_is_broadcast(out->ip) && !weir_sim_option(&u->node, SOL_SOCKET, SO_BROADCAST))
        return WEIR_EACCES;
    return 0;
}

static int64_t send_datagram(sim_node *n, sim_transfer *t)
{
    udp *u = (udp *)n;
    sim_name to;
    host *there;
    sim_link *link;
    if (n->error) return sim_take_error(n);
    if (u->shut_out) return WEIR_EPIPE;
    int64_t error = target_of(u, t, &to);
    if (error) return error;
    if (t->length > (size_t)(weir_sim_is_four(to.ip) ? LARGEST_FOUR : LARGEST_SIX))
        return WEIR_EMSGSIZE;
    error = weir_sim_route(n->host, to.ip, &there, &link);
    if (!error) error = autobind(u);
    if (error) return error;
    const int64_t length = (int64_t)t->length;
    datagram *d = malloc(sizeof *d + t->length);
    if (!d) return WEIR_ENOMEM;
    *d = (datagram){
        .to_host = there, .from = u->binding.local, .to = to, .length = (uint32_t)t->length};
    if (weir_sim_is_any(d->from.ip)) weir_sim_source(n->host, to.ip, d->from.ip);
    weir_sim_transfer_out(t, d->data, t->length);
    if (there) {
        travel(n->host, d, link);
    } else {
        free(d);
    }
    return length;
}

static int64_t receive(sim_node *n, sim_transfer *t)
{
    udp *u = (udp *)n;
    weir_message *message = t->message;
    if (message && message->flags & WEIR_MESSAGE_ERRORS) return SIM_WAIT;
    if (n->error) return sim_take_error(n);
    datagram *d = u->first;
    if (!d) return u->shut_in ? 0 : SIM_WAIT;
    const uint32_t part = d->length < t->length ? d->length : (uint32_t)t->length;
    if (message) {
        message->came = part < d->length ? WEIR_MESSAGE_TRUNCATED : 0;
        message->control_len = 0;
        message->len = message->flags & WEIR_MESSAGE_LENGTH ? d->length : part;
        weir_sim_name_to(&d->from, is_six(n), &message->address);
    }
    weir_sim_transfer_in(t, d->data, part);
    if (t->peek) return part;
    u->first = d->next;
    u->bytes -= d->length + OVERHEAD;
    free(d);
    return part;
}

static uint32_t ready(sim_node *n)
{
    const udp *u = (const udp *)n;
    uint32_t set = WEIR_POLL_WRITE;
    if (u->first || u->shut_in || n->error) set |= WEIR_POLL_READ;
    if (n->error || (u->shut_in && u->shut_out)) set |= WEIR_POLL_ERROR;
    return set;
}

static int64_t shut_down(sim_node *n, int how)
{
    udp *u = (udp *)n;
    if (!u->binding.connected) return WEIR_ENOTCONN;
    if (how != SHUT_WR) u->shut_in = true;
    if (how != SHUT_RD) u->shut_out = true;
    weir_sim_stir(n);
    return 0;
}

static int64_t local_name(sim_node *n, weir_address *out)
{
    weir_sim_name_to(&((const udp *)n)->binding.local, is_six(n), out);
    return 0;
}

static int64_t peer_name(sim_node *n, weir_address *out)
{
    const udp *u = (const udp *)n;
    if (!u->binding.connected) return WEIR_ENOTCONN;
    weir_sim_name_to(&u->binding.remote, is_six(n), out);
    return 0;
}

static int64_t get_option(sim_node *n, int level, int name, void *value, uint32_t *size)
{
    const udp *u = (const udp *)n;
    const bool asked = (level == IPPROTO_IP && name == IP_MTU) ||
                       (level == IPPROTO_IPV6 && name == IPV6_MTU && is_six(n));
    if (!asked) return SIM_WAIT;
    if (!u->binding.connected) return WEIR_ENOTCONN;
    const int mtu = weir_sim_is_own(n->host, u->binding.remote.ip) ? 65536 : 1500;
    *size = *size < sizeof mtu ? *size : (uint32_t)sizeof mtu;
    memcpy(value, &mtu, *size);
    return 0;
}

static bool close_socket(sim_node *n)
{
    udp *u = (udp *)n;
    weir_sim_port_free(n->host, &u->binding);
    while (u->first) {
        datagram *d = u->first;
        u->first = d->next;
        free(d);
    }
    return true;
}

static const sim_node_kind udp_kind = {
    .name = "UDP",
    .is_socket = true,
    .receive = receive,
    .send = send_datagram,
    .ready = ready,
    .bind = bind_socket,
    .connect = connect_socket,
    .shutdown = shut_down,
    .local = local_name,
    .peer = peer_name,
    .get_option = get_option,
    .close = close_socket,
};

sim_node *weir_sim_udp_make(host *h, int family)
{
    udp *u = weir_sim_node_make(h, &udp_kind, sizeof *u);
    if (!u) return NULL;
    u->binding.node = &u->node;
    u->binding.protocol = SIM_UDP;
    if (family == AF_INET) u->binding.local.ip[10] = u->binding.local.ip[11] = 0xff;
    return &u->node;
}
