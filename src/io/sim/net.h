/* SPDX-License-Identifier: MIT
 *
 * The simulated network: addresses of hosts, ports in use, and links.
 *
 * An IP address is 16 bytes everywhere: IPv4 as ::ffff:a.b.c.d.
 */
#ifndef IO_SIM_NET_H
#define IO_SIM_NET_H

#include "io/sim/node.h"
#include "io/sim/pace.h"

/* An address with a port. */
typedef struct sim_name {
    uint8_t ip[16];
    uint32_t zone;
    uint16_t port;
} sim_name;

enum { SIM_TCP = 6, SIM_UDP = 17 };

/* What holds a port of a host.  Of a connection, also the other end. */
typedef struct sim_binding sim_binding;
struct sim_binding {
    sim_binding *next, **link;
    sim_node *node; /* NULL: a closed connection whose port rests (TIME_WAIT) */
    sim_name local, remote;
    uint8_t protocol;
    bool bound;
    bool six_only; /* of a wildcard: takes no IPv4 */
    bool listens, connected;
    bool chosen; /* the port was drawn for a connect */
    bool shares; /* it is among the shared ones */
    bool reuse_address, reuse_port;
};

/* Bindings by protocol and port. */
typedef struct sim_ports {
    sim_binding **buckets;
    uint32_t bucket_count, count;
} sim_ports;

/* The network side of a host. */
typedef struct sim_net {
    struct local *names; /* abstract Unix sockets */
    uint32_t next_name;  /* for autobind */
    sim_ports owned;     /* what is bound, listens, or was drawn for a connect */
    sim_ports shared;    /* connections that were accepted, and ports that rest */
    uint16_t next_port;
    sim_name addresses[8]; /* beside the loopback ones; the ports are 0 */
    uint32_t address_count;
    bool down;                     /* cut off from all others, by weir_sim_unplug … */
    uint32_t unplugged;            /* … and by so many faults */
    struct rest *rests;            /* ports of closed connections */
    struct sim_member *members;    /* multicast groups that its sockets have joined */
    sim_pace pace;                 /* at which its programs read */
    struct sim_netlink *listeners; /* netlink sockets that are told of changes */
} sim_net;

/* One direction between two hosts.  The zero value is instant and perfect. */
typedef struct sim_link {
    weir_sim_link is; /* as it was asked for */
    uint64_t slowed;  /* bytes per second by a fault; 0 = as asked for */
    int64_t busy;     /* until then it sends what it was given */
    int64_t latest;   /* arrival of what was sent last, for order */
    uint32_t cuts;    /* faults that cut it … */
    bool cut;         /* … and whether weir_sim_cut does */
} sim_link;

/* name.c ------------------------------------------------------------------------------------- */

/* From and to the public form; `six`: the socket is of IPv6, which shows IPv4 as mapped.  False:
 * not an IP address. */
bool weir_sim_name_from(const weir_address *address, sim_name *out);
void weir_sim_name_to(const sim_name *name, bool six, weir_address *out);

bool weir_sim_is_four(const uint8_t ip[16]);
bool weir_sim_is_any(const uint8_t ip[16]);
bool weir_sim_is_loopback(const uint8_t ip[16]);
bool weir_sim_is_multicast(const uint8_t ip[16]);
bool weir_sim_is_broadcast(const uint8_t ip[16]);
bool weir_sim_same_ip(const uint8_t a[16], const uint8_t b[16]);
bool weir_sim_same_name(const sim_name *a, const sim_name *b);

/* Whether a socket of this family may use the address: 0 or WEIR_EAFNOSUPPORT, WEIR_EINVAL as the
 * kernel says for the other family. */
int64_t weir_sim_name_fits(const sim_node *n, const weir_address *address, sim_name *out);

/* udp.c: frees what is under way. */
void weir_sim_udp_end(world *w);

/* port.c ------------------------------------------------------------------------------------- */

/* Takes the port of b->local for b, which is not bound; port 0: one that is free.
 * Returns 0, WEIR_EADDRINUSE, WEIR_ENOMEM. */
int64_t weir_sim_port_bind(host *h, sim_binding *b);

/* Takes a port for a connection from b->local.ip to b->remote: one that is free, or is used by
 * connections to others alone.  Returns as weir_sim_port_bind; WEIR_EADDRNOTAVAIL: none is left. */
int64_t weir_sim_port_choose(host *h, sim_binding *b);

/* Adds a binding whose port is shared by right: an accepted connection's.  0 or WEIR_ENOMEM. */
int64_t weir_sim_port_share(host *h, sim_binding *b);

/* Whether another one listens there, so that b may not.  0 or WEIR_EADDRINUSE. */
int64_t weir_sim_port_listen(host *h, sim_binding *b);

void weir_sim_port_free(host *h, sim_binding *b);

/* Frees the tables; the bindings are gone. */
void weir_sim_ports_end(sim_net *net);

/* Who takes what comes from `from` for `to`: a listener or a datagram socket; NULL: nobody. */
sim_binding *weir_sim_port_find(host *h, int protocol, const sim_name *to, const sim_name *from);

/* Calls `each` for all bindings of a port. */
void weir_sim_port_each(host *h, int protocol, uint16_t port,
                        void (*each)(void *argument, sim_binding *b), void *argument);

/* route.c ------------------------------------------------------------------------------------ */

/* Whether an address is one of the host's own: loopback included. */
bool weir_sim_is_own(const host *h, const uint8_t ip[16]);

/* Who has an address, seen from `from`: *out, and the link there (NULL: the host itself).  *out is
 * NULL when nobody has it.  Returns 0 or WEIR_ENETUNREACH. */
int64_t weir_sim_route(host *from, const uint8_t ip[16], host **out, sim_link **link);

/* The address from which `from` speaks to another one. */
void weir_sim_source(const host *from, const uint8_t to[16], uint8_t out[16]);

/* The link of one direction.  NULL: no memory, or the host itself. */
sim_link *weir_sim_link_get(host *from, host *to);

/* link.c ------------------------------------------------------------------------------------- */

/* When `bytes` that are sent now arrive; negative: they are lost. */
int64_t weir_sim_link_pass(host *from, sim_link *link, size_t bytes);

/* Whether nothing gets through at all. */
bool weir_sim_link_is_cut(const host *from, const host *to, const sim_link *link);

#endif
