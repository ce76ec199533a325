/* SPDX-License-Identifier: MIT
 *
 * Ports in use on a host: who may bind beside whom (ip(7), SO_REUSEADDR, SO_REUSEPORT), and who
 * gets what comes.
 */
#include <stdlib.h>
#include <string.h>

#include "io/sim/net.h"

enum {
    FIRST_PORT = 32768, /* net.ipv4.ip_local_port_range */
    LAST_PORT = 60999,
    PORTS = LAST_PORT - FIRST_PORT + 1,
    FIRST_BUCKETS = 16,
};

static sim_binding **bucket_of(const sim_ports *ports, int protocol, uint16_t port)
{
    const uint32_t mixed = ((uint32_t)port << 5 ^ (uint32_t)protocol) * UINT32_C(0x9E3779B1);
    return &ports->buckets[mixed >> 8 & (ports->bucket_count - 1)];
}

/* The first of a chain in which the bindings of a port are, with others; NULL: there is none. */
static sim_binding *chain_of(const sim_ports *ports, int protocol, uint16_t port)
{
    return ports->bucket_count ? *bucket_of(ports, protocol, port) : NULL;
}

static void push(sim_binding **bucket, sim_binding *b)
{
    b->next = *bucket;
    b->link = bucket;
    if (b->next) b->next->link = &b->next;
    *bucket = b;
}

static bool grow(sim_ports *ports)
{
    sim_ports larger = {.bucket_count =
                            ports->bucket_count ? ports->bucket_count * 2 : FIRST_BUCKETS};
    larger.buckets = calloc(larger.bucket_count, sizeof(sim_binding *));
    if (!larger.buckets) return false;
    for (uint32_t i = 0; i < ports->bucket_count; i++) {
        for (sim_binding *b = ports->buckets[i], *next; b; b = next) {
            next = b->next;
            push(bucket_of(&larger, b->protocol, b->local.port), b);
        }
    }
    free(ports->buckets);
    ports->buckets = larger.buckets;
    ports->bucket_count = larger.bucket_count;
    return true;
}

static sim_ports *ports_of(sim_net *net, const sim_binding *b)
{
    return b->shares ? &net->shared : &net->owned;
}

static int64_t add(sim_net *net, sim_binding *b)
{
    sim_ports *ports = ports_of(net, b);
    if (ports->count >= ports->bucket_count && !grow(ports)) return WEIR_ENOMEM;
    push(bucket_of(ports, b->protocol, b->local.port), b);
    b->bound = true;
    ports->count++;
    return 0;
}

void weir_sim_port_free(host *h, sim_binding *b)
{
    if (!b->bound) return;
    *b->link = b->next;
    if (b->next) b->next->link = b->link;
    b->bound = false;
    ports_of(h->net, b)->count--;
}

void weir_sim_ports_end(sim_net *net)
{
    free(net->owned.buckets);
    free(net->shared.buckets);
}

/* Whether the local address of `b` takes packets for `ip`. */
static bool covers(const sim_binding *b, const uint8_t ip[16])
{
    if (weir_sim_same_ip(b->local.ip, ip)) return true;
    if (!weir_sim_is_any(b->local.ip)) return false;
    const bool four = weir_sim_is_four(ip);
    return weir_sim_is_four(b->local.ip) ? four : !four || !b->six_only;
}

static bool overlap(const sim_binding *a, const sim_binding *b)
{
    return covers(a, b->local.ip) || covers(b, a->local.ip) ||
           /* both wildcards, of one family or of both */
           (weir_sim_is_any(a->local.ip) && weir_sim_is_any(b->local.ip) &&
            weir_sim_is_four(a->local.ip) == weir_sim_is_four(b->local.ip));
}

static bool conflict(const sim_binding *old, const sim_binding *b)
{
    if (!overlap(old, b)) return false;
    if (old->reuse_port && b->reuse_port && old->node) return false;
    return !(old->reuse_address && b->reuse_address && !old->listens);
}

static bool is_taken_among(const sim_ports *ports, const sim_binding *b)
{
    for (const sim_binding *old = chain_of(ports, b->protocol, b->local.port); old; old = old->next)
        if (old->protocol == b->protocol && old->local.port == b->local.port && conflict(old, b))
            return true;
    return false;
}

static bool is_taken(const sim_net *net, const sim_binding *b)
{
    return is_taken_among(&net->owned, b) || is_taken_among(&net->shared, b);
}

/* The next port to try; the first one is drawn. */
static uint16_t next_port(host *h)
{
    sim_net *net = h->net;
    if (!net->next_port)
        net->next_port = (uint16_t)(FIRST_PORT + weir_prng_below(&h->world->network, PORTS));
    const uint16_t port = net->next_port;
    net->next_port = port == LAST_PORT ? FIRST_PORT : (uint16_t)(port + 1);
    return port;
}

int64_t weir_sim_port_bind(host *h, sim_binding *b)
{
    if (b->local.port) return is_taken(h->net, b) ? WEIR_EADDRINUSE : add(h->net, b);
    for (int tries = 0; tries < PORTS; tries++) {
        b->local.port = next_port(h);
        const bool reuse = b->reuse_address;
        b->reuse_address = false; /* one that is wholly free */
        const bool taken = is_taken(h->net, b);
        b->reuse_address = reuse;
        if (!taken) return add(h->net, b);
    }
    b->local.port = 0;
    return WEIR_EADDRINUSE;
}

static bool is_free_among(const sim_ports *ports, const sim_binding *b)
{
    const sim_binding *old = chain_of(ports, b->protocol, b->local.port);
    for (; old; old = old->next) {
        if (old->protocol != b->protocol || old->local.port != b->local.port) continue;
        if (!old->chosen || weir_sim_same_name(&old->remote, &b->remote)) return false;
    }
    return true;
}

int64_t weir_sim_port_choose(host *h, sim_binding *b)
{
    for (int tries = 0; tries < PORTS; tries++) {
        b->local.port = next_port(h);
        b->chosen = true;
        if (is_free_among(&h->net->owned, b) && is_free_among(&h->net->shared, b))
            return add(h->net, b);
    }
    b->local.port = 0;
    return WEIR_EADDRNOTAVAIL;
}

int64_t weir_sim_port_share(host *h, sim_binding *b)
{
    b->shares = true;
    return add(h->net, b);
}

int64_t weir_sim_port_listen(host *h, sim_binding *b)
{
    const sim_binding *old = chain_of(&h->net->owned, b->protocol, b->local.port);
    for (; old; old = old->next) {
        if (old == b || old->protocol != b->protocol || old->local.port != b->local.port) continue;
        if (old->listens && conflict(old, b)) return WEIR_EADDRINUSE;
    }
    return 0;
}

/* How well a binding fits: 0 not at all; an address that is its own beats a wildcard, and a peer
 * that it is connected to beats both. */
static int fitness(const sim_binding *b, const sim_name *to, const sim_name *from)
{
    if (!b->node || !covers(b, to->ip)) return 0;
    if (b->protocol == SIM_TCP && !b->listens) return 0;
    if (b->protocol == SIM_UDP && b->connected && !weir_sim_same_name(&b->remote, from)) return 0;
    return 1 + !weir_sim_is_any(b->local.ip) * 2 + b->connected * 4 +
           (weir_sim_is_four(b->local.ip) == weir_sim_is_four(to->ip));
}

sim_binding *weir_sim_port_find(host *h, int protocol, const sim_name *to, const sim_name *from)
{
    const sim_net *net = h->net;
    sim_binding *best = NULL;
    int best_fitness = 0;
    uint32_t equals = 0;
    for (sim_binding *b = chain_of(&net->owned, protocol, to->port); b; b = b->next) {
        if (b->protocol != protocol || b->local.port != to->port) continue;
        const int fits = fitness(b, to, from);
        if (fits == 0 || fits < best_fitness) continue;
        if (fits > best_fitness) equals = 0;
        /* Those that share a port get each an equal part. */
        if (++equals == 1 || weir_prng_below(&h->world->network, equals) == 0) best = b;
        best_fitness = fits;
    }
    return best;
}

void weir_sim_port_each(host *h, int protocol, uint16_t port,
                        void (*each)(void *argument, sim_binding *b), void *argument)
{
    for (sim_binding *b = chain_of(&h->net->owned, protocol, port), *next; b; b = next) {
        next = b->next;
        if (b->protocol == protocol && b->local.port == port) each(argument, b);
    }
}
