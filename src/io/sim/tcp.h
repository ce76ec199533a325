/* SPDX-License-Identifier: MIT
 *
 * TCP: a connection is one object for both ends.
 *
 *      tcp (a socket) ── connection ── end[0]: socket or NULL, the lane to it, the wire to it
 *                                   └─ end[1]
 *
 * A socket gives bytes into the lane of the other end.  Between hosts they travel on the other
 * end's wire (wire.c), which tells when they arrive; on one host they have arrived at once.
 * Invariant: a connection lives while an end has a socket or a wire has something under way.
 */
#ifndef IO_SIM_TCP_H
#define IO_SIM_TCP_H

#include "io/sim/lane.h"
#include "io/sim/net.h"

typedef struct tcp tcp;
typedef struct sim_connection sim_connection;

typedef enum tcp_state {
    TCP_NEW,
    TCP_LISTENING,
    TCP_CONNECTING,
    TCP_CONNECTED,
    TCP_ENDED, /* reset, timed out or refused: node.error tells it once */
} tcp_state;

/* What travels on a wire. */
typedef enum sim_segment_kind { SEGMENT_BYTES, SEGMENT_FIN, SEGMENT_RST } sim_segment_kind;

typedef struct sim_segment {
    int64_t arrives; /* negative: it is lost, and to be sent again */
    uint32_t bytes;
    uint32_t kind : 2;
    uint32_t packet : 30; /* its number in what is recorded, when it was sent */
} sim_segment;

/* What is under way to one end. */
typedef struct sim_wire {
    sim_event event; /* first: the first segment comes, or what is lost is sent again */
    sim_connection *connection;
    sim_link *link;
    sim_segment *segments; /* a ring of those that were sent */
    uint32_t first, count, room;
    uint32_t lost;          /* of them */
    uint32_t unsent;        /* bytes … */
    bool fin_unsent;        /* … and a FIN, which wait for what is lost */
    bool unheard;           /* what has come is not known to the sender: the link back is cut */
    uint8_t behind, passed; /* segments that were sent behind the first lost one; and that come */
    uint8_t resent;         /* how often in vain */
    int64_t again;          /* lost or unheard: when it is sent again … */
    int64_t stalled;        /* … and since when it is */
} sim_wire;

typedef struct sim_end {
    tcp *socket; /* NULL: closed */
    host *host;
    sim_lane lane;        /* the bytes to this end */
    sim_wire *wire;       /* NULL: the ends are on one host */
    bool fin;             /* the other end's FIN has come */
    bool fin_sent;        /* this end has sent its own … */
    bool fin_first;       /* … before the other's had come: its port will rest */
    bool reset;           /* a reset has come or was sent */
    int64_t heard;        /* when something of the other end has come last */
    struct rest *resting; /* its port, when it was closed first */
} sim_end;

struct sim_connection {
    sim_end end[2];
    uint16_t port[2];
    sim_connection *next, **link; /* of the world's */
};

struct tcp {
    sim_node node; /* first */
    sim_binding binding;
    tcp_state state;
    uint8_t side;
    bool shut_in;
    bool reno;        /* TCP_CONGESTION, which changes nothing here */
    uint8_t attempts; /* SYNs sent */
    bool refused;     /* the answer under way says that nobody listens */
    uint8_t probes;   /* CONNECTED: that nothing has answered */
    uint32_t packet;  /* CONNECTING: its number in what is recorded */
    uint8_t tries;    /* CONNECTED: probes since nothing more was taken */
    bool pressed;     /* CONNECTED: the other end takes nothing more */
    int64_t began;    /* CONNECTING, or pressed: since when */
    sim_connection *connection;
    sim_event event; /* CONNECTING: the SYN arrives, its answer does, or it is sent again;
                        CONNECTED: a probe */
    tcp *next;       /* in a backlog */
    struct tcp_listener *listener; /* LISTENING */
};

typedef struct tcp_listener {
    tcp *first, **end;
    uint32_t waiting, limit;
} tcp_listener;

/* tcp_connection.c --------------------------------------------------------------------------- */

/* Frees the connections of a world that are left. */
void weir_sim_tcp_end(world *w);

/* Joins two sockets by a connection; `client` is end 0.  Returns 0 or WEIR_ENOMEM. */
int64_t weir_sim_tcp_join(tcp *client, tcp *server);

/* Sends `bytes` that were put into the lane of the end that is not `side`. */
void weir_sim_tcp_push(sim_connection *c, int side, uint32_t bytes);

/* Sends a FIN or a reset from `side`. */
void weir_sim_tcp_finish(sim_connection *c, int side);
void weir_sim_tcp_reset(sim_connection *c, int side);

/* A segment has come to `side`. */
void weir_sim_tcp_arrived(sim_connection *c, int side, sim_segment_kind kind, uint32_t bytes);

/* The bytes to `side` cannot be delivered: the sender gives up. */
void weir_sim_tcp_lost(sim_connection *c, int side, int error);

/* Takes a socket that is closed off its connection: as close(2) does, or with a reset. */
void weir_sim_tcp_leave(tcp *t, bool reset);

/* Frees the ports of a host that rest. */
void weir_sim_rests_end(host *h);

/* Resets both ends, as something between them might. */
void weir_sim_tcp_break(sim_connection *c);

/* The host of a socket stops, or forgets the connection: the socket has the error, nothing is sent
 * any more, and whatever comes later is answered by a reset. */
void weir_sim_tcp_vanish(tcp *t, int error);

/* The host stops: so do all its connections, and what was left of closed ones. */
void weir_sim_tcp_crash(host *h);

/* The connection is over for the socket, which has the error, and for the other end by a reset. */
void weir_sim_tcp_abort(tcp *t, int error);

/* The TCP socket that a node is, or NULL. */
tcp *weir_sim_tcp_of(sim_node *n);

/* wire.c ------------------------------------------------------------------------------------- */

/* Makes a wire on a link.  NULL: no memory. */
sim_wire *weir_sim_wire_make(sim_connection *c, sim_link *link);

/* Sends bytes, a FIN or a reset on the wire to `side`.  Without memory for them the connection is
 * lost (weir_sim_tcp_lost). */
void weir_sim_wire_send(sim_connection *c, int side, sim_segment_kind kind, uint32_t bytes);

/* Sends a packet without bytes to `side`, and its answer.  Returns whether that comes; an end that
 * knows nothing of the connection answers by a reset instead. */
bool weir_sim_wire_knock(sim_connection *c, int side);

/* Drops what is not under way; or all. */
void weir_sim_wire_forget(sim_wire *wire);
void weir_sim_wire_clear(sim_wire *wire);

/* Whether nothing is under way. */
bool weir_sim_wire_is_empty(const sim_wire *wire);
void weir_sim_wire_free(sim_connection *c, int side);

/* tcp_keep.c --------------------------------------------------------------------------------- */

/* Keepalive of a socket that was connected, or whose options are being set: looks at them anew;
 * `on`: it is being switched on, and begins now. */
void weir_sim_tcp_keep(tcp *t, bool on);

/* The other end takes nothing more: it is asked from time to time whether it still lives. */
void weir_sim_tcp_press(tcp *t);

/* Takes the socket's event out. */
void weir_sim_tcp_unplan(tcp *t);

/* How long a socket waits for an answer (TCP_USER_TIMEOUT), in nanoseconds; 0: as long as is
 * usual. */
int64_t weir_sim_tcp_patience(const tcp *t);

/* tcp_connect.c ------------------------------------------------------------------------------ */
int64_t weir_sim_tcp_bind(sim_node *n, const weir_address *address);
int64_t weir_sim_tcp_listen(sim_node *n, int backlog);
int64_t weir_sim_tcp_accept(sim_node *n, sim_node **out);
int64_t weir_sim_tcp_connect(sim_node *n, weir_op *op);

/* Resets all that nobody has accepted. */
void weir_sim_tcp_unlisten(tcp *t);

#endif
