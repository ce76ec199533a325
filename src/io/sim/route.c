/* SPDX-License-Identifier: MIT
 *
 * Who is where: the addresses of a world's hosts, and the links between them.
 */
#include <stdlib.h>
#include <string.h>

#include "io/sim/disk.h"
#include "io/sim/net.h"
#include "io/sim/netlink.h"
#include "io/sim/trace.h"

/* Two hash tables with open addressing; never more than half full. */
typedef struct sim_routes {
    struct route {
        uint8_t ip[16];
        host *host;
    } * routes;
    uint32_t route_room, route_count;
    struct pair {
        uint64_t key; /* index of the one + 1, of the other */
        sim_link *link;
    } * pairs;
    uint32_t pair_room, pair_count;
    weir_sim_link usual; /* of links that were not set */
} sim_routes;

enum { FIRST_ROOM = 64 };

static uint32_t hash_of(uint64_t a, uint64_t b)
{
    const uint64_t mixed = (a ^ b * UINT64_C(0xBF58476D1CE4E5B9)) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(mixed >> 32);
}

static struct route *route_slot(const sim_routes *r, const uint8_t ip[16])
{
    uint64_t words[2];
    memcpy(words, ip, 16);
    uint32_t at = hash_of(words[0], words[1]) & (r->route_room - 1);
    while (r->routes[at].host && memcmp(r->routes[at].ip, ip, 16) != 0)
        at = (at + 1) & (r->route_room - 1);
    return &r->routes[at];
}

static struct pair *pair_slot(const sim_routes *r, uint64_t key)
{
    uint32_t at = hash_of(key, 0) & (r->pair_room - 1);
    while (r->pairs[at].key && r->pairs[at].key != key) at = (at + 1) & (r->pair_room - 1);
    return &r->pairs[at];
}

static bool grow_routes(sim_routes *r)
{
    sim_routes larger = {.route_room = r->route_room * 2};
    larger.routes = calloc(larger.route_room, sizeof *larger.routes);
    if (!larger.routes) return false;
    for (uint32_t i = 0; i < r->route_room; i++)
        if (r->routes[i].host) *route_slot(&larger, r->routes[i].ip) = r->routes[i];
    free(r->routes);
    r->routes = larger.routes;
    r->route_room = larger.route_room;
    return true;
}

static bool grow_pairs(sim_routes *r)
{
    sim_routes larger = {.pair_room = r->pair_room * 2};
    larger.pairs = calloc(larger.pair_room, sizeof *larger.pairs);
    if (!larger.pairs) return false;
    for (uint32_t i = 0; i < r->pair_room; i++)
        if (r->pairs[i].key) *pair_slot(&larger, r->pairs[i].key) = r->pairs[i];
    free(r->pairs);
    r->pairs = larger.pairs;
    r->pair_room = larger.pair_room;
    return true;
}

int weir_sim_routes_open(world *w)
{
    sim_routes *r = calloc(1, sizeof *r);
    w->routes = r;
    if (!r) return WEIR_ENOMEM;
    r->route_room = r->pair_room = FIRST_ROOM;
    r->routes = calloc(r->route_room, sizeof *r->routes);
    r->pairs = calloc(r->pair_room, sizeof *r->pairs);
    if (r->routes && r->pairs) return 0;
    weir_sim_routes_close(w);
    return WEIR_ENOMEM;
}

void weir_sim_routes_close(world *w)
{
    sim_routes *r = w->routes;
    if (!r) return;
    for (uint32_t i = 0; r->pairs && i < r->pair_room; i++) free(r->pairs[i].link);
    free(r->pairs);
    free(r->routes);
    free(r);
    w->routes = NULL;
}

static int64_t claim(host *h, const char *text)
{
    sim_routes *r = h->world->routes;
    weir_address address;
    sim_name name;
    int error = weir_address_parse_ip(weir_bytes_text(text), 0, &address);
    if (error) return error;
    weir_sim_name_from(&address, &name);
    if (r->route_count * 2 >= r->route_room && !grow_routes(r)) return WEIR_ENOMEM;
    struct route *slot = route_slot(r, name.ip);
    if (slot->host) return WEIR_EADDRINUSE;
    memcpy(slot->ip, name.ip, 16);
    slot->host = h;
    r->route_count++;
    h->net->addresses[h->net->address_count++] = name;
    return 0;
}

int weir_sim_routes_add(host *h, const char *address)
{
    h->net = calloc(1, sizeof *h->net);
    h->disk = weir_sim_disk_make();
    if (!h->net || !h->disk) return WEIR_ENOMEM;
    return address ? (int)claim(h, address) : 0;
}

bool weir_sim_is_own(const host *h, const uint8_t ip[16])
{
    if (weir_sim_is_loopback(ip)) return true;
    for (uint32_t i = 0; i < h->net->address_count; i++)
        if (weir_sim_same_ip(h->net->addresses[i].ip, ip)) return true;
    return false;
}

int64_t weir_sim_route(host *from, const uint8_t ip[16], host **out, sim_link **link)
{
    *link = NULL;
    *out = from;
    if (weir_sim_is_any(ip) || weir_sim_is_own(from, ip)) return 0;
    *out = NULL;
    bool reachable = false;
    for (uint32_t i = 0; i < from->net->address_count; i++)
        reachable |= weir_sim_is_four(from->net->addresses[i].ip) == weir_sim_is_four(ip);
    if (!reachable || weir_sim_is_multicast(ip) || weir_sim_is_broadcast(ip))
        return WEIR_ENETUNREACH;
    *out = route_slot(from->world->routes, ip)->host;
    if (*out) *link = weir_sim_link_get(from, *out);
    return *out && !*link ? WEIR_ENOMEM : 0;
}

void weir_sim_source(const host *from, const uint8_t to[16], uint8_t out[16])
{
    const bool four = weir_sim_is_four(to);
    if (weir_sim_is_own(from, to) || weir_sim_is_any(to)) {
        memcpy(out, to, 16);
        if (!weir_sim_is_any(to)) return;
    }
    for (uint32_t i = 0; i < from->net->address_count && !weir_sim_is_any(to); i++) {
        memcpy(out, from->net->addresses[i].ip, 16);
        if (weir_sim_is_four(out) == four) return;
    }
    static const uint8_t loopback[2][16] = {{[15] = 1},
                                            {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
    memcpy(out, loopback[four], 16);
}

sim_link *weir_sim_link_get(host *from, host *to)
{
    sim_routes *r = from->world->routes;
    if (from == to) return NULL;
    const uint64_t key = (uint64_t)(from->index + 1) << 32 | to->index;
    struct pair *slot = pair_slot(r, key);
    if (slot->key) return slot->link;
    if (r->pair_count * 2 >= r->pair_room) {
        if (!grow_pairs(r)) return NULL;
        slot = pair_slot(r, key);
    }
    sim_link *link = calloc(1, sizeof *link);
    if (!link) return NULL;
    link->is = r->usual;
    *slot = (struct pair){key, link};
    r->pair_count++;
    return link;
}

void weir_sim_set_links(weir_sim *sim, const weir_sim_link *usual)
{
    sim_routes *r = sim->routes;
    r->usual = *usual;
    for (uint32_t i = 0; i < r->pair_room; i++)
        if (r->pairs[i].key) r->pairs[i].link->is = *usual;
}

int weir_sim_set_link(weir_sim_host *from, weir_sim_host *to, const weir_sim_link *link)
{
    sim_link *it = weir_sim_link_get(from, to);
    if (!it) return WEIR_ENOMEM;
    it->is = *link;
    return 0;
}

int weir_sim_cut(weir_sim_host *from, weir_sim_host *to, bool cut)
{
    sim_link *it = weir_sim_link_get(from, to);
    if (!it) return WEIR_ENOMEM;
    it->cut = cut;
    if (sim_is_recorded(from->world))
        weir_sim_trace_fault(from, cut ? WEIR_SIM_CUT : WEIR_SIM_JOIN, to, 0);
    return 0;
}

void weir_sim_unplug(weir_sim_host *h, bool down)
{
    h->net->down = down;
    weir_sim_netlink_changed(h);
    if (sim_is_recorded(h->world))
        weir_sim_trace_fault(h, down ? WEIR_SIM_UNPLUG : WEIR_SIM_PLUG, NULL, 0);
}
