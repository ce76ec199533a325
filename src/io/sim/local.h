/* SPDX-License-Identifier: MIT
 *
 * Unix sockets of a host (unix(7)): streams, datagrams, and sequences of packets.
 *
 * All three keep what has come as a list of packets; of a stream, packets without control data run
 * together when they are read.
 */
#ifndef IO_SIM_LOCAL_H
#define IO_SIM_LOCAL_H

#include "io/sim/socket.h"

typedef struct local local;

/* Bytes with what goes with them. */
typedef struct sim_packet {
    struct sim_packet *next;
    weir_address *from; /* the sender's name; NULL: it has none */
    sim_node **rights;  /* descriptors under way: a reference each */
    uint32_t right_count;
    uint32_t length, taken;
    bool credentials; /* the sender gave its own; else it is known all the same */
    char data[];
} sim_packet;

typedef enum local_state { LOCAL_NEW, LOCAL_LISTENING, LOCAL_CONNECTED } local_state;

struct local {
    sim_node node; /* first */
    local_state state;
    bool shut_in, shut_out;
    uint32_t mode;           /* permissions of the file that a bind makes, before the umask */
    bool passes;             /* SO_PASSCRED is looked at only when a message is received */
    weir_address *name;      /* NULL: unnamed */
    local *next;             /* bound to an abstract name, on this host */
    struct sim_inode *inode; /* bound to a path */
    local *peer;             /* connected to; a datagram socket's need not point back */
    local *pointing;         /* those whose peer this one is, linked by their `point_next` */
    local *point_next;
    sim_packet *first, *last; /* what has come */
    uint32_t bytes, packets;
    local *blocked; /* sockets with an op that waits for room here, linked by `blocked_next` */
    local *blocked_next, *blocked_on;
    local *backlog, **backlog_end; /* connections to be accepted, linked by `next` */
    uint32_t waiting, backlog_limit;
};

/* local_packet.c: making, queueing and taking packets. */
sim_packet *weir_sim_packet_make(local *from, sim_transfer *t, size_t length, int *error);
void weir_sim_packet_free(sim_packet *packet);
void weir_sim_packet_append(local *to, sim_packet *packet);

/* Takes the first packet out of the queue, and frees it. */
void weir_sim_packet_drop(local *from);

/* Gives a message what came with a packet: the sender's name, descriptors, credentials.  With
 * `peek` the descriptors stay, too. */
void weir_sim_packet_tell(local *to, sim_packet *packet, sim_transfer *t);

/* local_name.c: who has which name. */
int64_t weir_sim_local_bind(sim_node *n, const weir_address *address);
void weir_sim_local_unbind(local *l);

/* The socket of a name, which may be of another type; NULL and *error. */
local *weir_sim_local_find(host *h, int type, const weir_address *address, int64_t *error);

/* Sets the permissions that the file of a socket will have.  Not of a Unix socket: nothing. */
void weir_sim_local_set_mode(sim_node *n, uint32_t mode);

/* local_connect.c */
int64_t weir_sim_local_connect(sim_node *n, weir_op *op);
int64_t weir_sim_local_listen(sim_node *n, int backlog);
int64_t weir_sim_local_accept(sim_node *n, sim_node **out);
void weir_sim_local_point(local *l, local *at);

/* Waits for room at another socket: is stirred when there may be some. */
void weir_sim_local_block(local *l, local *on);
void weir_sim_local_unblock_all(local *on);

/* Waits no longer. */
void weir_sim_local_unblock(local *l);

/* local.c, for local_connect.c */
extern const sim_node_kind weir_sim_local_kind[3];

#endif
