/* SPDX-License-Identifier: MIT
 *
 * UDP sockets in parts; one block per file.
 *
 *      udp.c          the socket: names, polling, options
 *      udp_send.c     from a call to datagrams: control data, cutting, routes
 *      udp_travel.c   over a link, to the sockets that take it
 *      udp_receive.c  out of the queue, with control data; the error queue
 *      multicast.c    groups
 */
#ifndef IO_SIM_UDP_H
#define IO_SIM_UDP_H

#include "io/sim/device.h"
#include "io/sim/socket.h"

enum { UDP_OVERHEAD = 512 }; /* of the receive buffer, for each datagram and error in it */

/* A datagram under way or arrived. */
typedef struct sim_datagram sim_datagram;
struct sim_datagram {
    sim_event event; /* first: its arrival */
    sim_datagram *next;
    sim_datagram *more;         /* those that were merged with it when it had arrived … */
    sim_datagram *last_of_more; /* … the last one */
    host *to_host;
    const host *from_host;
    sim_name from, to;
    bool refused;       /* it is the answer that nobody was there */
    uint8_t device;     /* where it arrives (device.h) */
    uint8_t hops;       /* TTL or hop limit */
    uint8_t class_;     /* TOS or traffic class */
    uint32_t merged;    /* how many are in `more` … */
    uint32_t more_size; /* … and their bytes */
    uint32_t dropped;   /* how many the socket had lost when it arrived */
    int64_t instant;    /* of its arrival … */
    int64_t real;       /* … on the clock of the host */
    uint64_t burst;     /* the call that sent it in pieces; 0: it was sent alone */
    uint32_t packet;    /* its number in what is recorded; 0: none */
    uint32_t length;
    char data[];
};

/* An entry of the error queue. */
typedef struct sim_udp_error {
    struct sim_udp_error *next;
    sim_name destination; /* of the datagram that it is about */
    sim_name offender;    /* who says so; the port is 0 */
    bool has_offender;
    bool six; /* its words are those of IPv6 */
    int32_t error;
    uint8_t origin, type, code;
    uint32_t info;
    uint32_t length; /* of the part of the datagram that is known */
    char data[];
} sim_udp_error;

typedef struct udp {
    sim_node node; /* first */
    sim_binding binding;
    sim_datagram *first, *last;
    uint32_t bytes; /* in both queues */
    uint32_t dropped;
    uint64_t bursts; /* calls that were cut into pieces */
    sim_udp_error *errors, *last_error;
    bool shut_in, shut_out;
    uint8_t group_device[2]; /* where datagrams to groups leave, of IPv6 and of IPv4 … */
    uint8_t group_source[4]; /* … and the address by which that was said */
} udp;

/* udp_send.c */
int64_t weir_sim_udp_send(sim_node *n, sim_transfer *t);

/* Gives the socket a port, if it has none. */
int64_t weir_sim_udp_autobind(udp *u);

/* Whether a socket has the option of its family, or of the family of an address. */
bool weir_sim_udp_has(const udp *u, bool four, int name4, int name6);

/* udp_travel.c: sends a datagram over a link, or at once (link is NULL).  Takes it. */
void weir_sim_udp_travel(host *from, sim_datagram *d, sim_link *link);

/* A copy that is not under way yet, or NULL. */
sim_datagram *weir_sim_udp_copy(const sim_datagram *d);

/* Puts a datagram into a socket's queue, if there is room.  Takes it. */
void weir_sim_udp_enqueue(udp *u, sim_datagram *d);

/* udp_receive.c */
int64_t weir_sim_udp_receive(sim_node *n, sim_transfer *t);
void weir_sim_udp_drop_all(udp *u);

/* Notes that an answer came to a datagram: nobody is there. */
void weir_sim_udp_refused(udp *u, const sim_datagram *d);

/* Notes that a datagram is too long for the path. */
void weir_sim_udp_too_long(udp *u, const sim_name *to, int mtu);

/* multicast.c ------------------------------------------------------------------------------- */

/* Whether this goes to more than one. */
bool weir_sim_is_for_many(const uint8_t ip[16]);

/* Gives a datagram for many to all that are to have it: on this host and on others.  Takes it. */
void weir_sim_udp_spread(udp *u, sim_datagram *d);

/* Gives one that has arrived to the sockets of the host.  Takes it. */
void weir_sim_udp_deliver_to_many(sim_datagram *d);

/* Options about groups.  SIM_WAIT: it is none. */
int64_t weir_sim_group_get(udp *u, int level, int name, void *value, uint32_t *size);
int64_t weir_sim_group_set(udp *u, int level, int name, const void *value, uint32_t size);

/* Ends all memberships of a socket. */
void weir_sim_group_leave_all(udp *u);

#endif
