/* SPDX-License-Identifier: MIT
 *
 * What the kinds of nodes offer each other and the table of attempts; one block per file.
 */
#ifndef IO_SIM_SOCKET_H
#define IO_SIM_SOCKET_H

#include "io/sim/lane.h"
#include "io/sim/node.h"

/* socket.c: opening by family and type. */
int64_t weir_sim_socket_open(host *h, weir_op *op);
int64_t weir_sim_pair_open(host *h, weir_op *op);

/* Gives two nodes descriptors, in out[0] and out[1]; or releases both.  Returns 0 or an error. */
int64_t weir_sim_two_open(host *h, sim_node *first, sim_node *second, int out[2]);

/* pipe.c */
int64_t weir_sim_pipe_open(host *h, weir_op *op);
bool weir_sim_is_pipe(const sim_node *n);

/* How many bytes a stream would take now: 0 when it is full; an error that it would tell.  Ends of
 * pipes, TCP and Unix streams. */
int64_t weir_sim_node_room(sim_node *n);
int64_t weir_sim_pipe_room(sim_node *n);
int64_t weir_sim_tcp_room(sim_node *n);
int64_t weir_sim_local_room(sim_node *n);

/* tcp.c, udp.c, local.c: new nodes without references; NULL: no memory. */
sim_node *weir_sim_tcp_make(host *h, int family);
sim_node *weir_sim_udp_make(host *h, int family);
sim_node *weir_sim_local_make(host *h, int type);

/* Connects two new Unix sockets. */
void weir_sim_local_join(sim_node *a, sim_node *b);

/* option.c: every socket's options; what a kind keeps itself goes to its own functions first. */
int64_t weir_sim_option_get(sim_node *n, int level, int name, void *value, uint32_t *size);
int64_t weir_sim_option_set(sim_node *n, int level, int name, const void *value, uint32_t size);

/* The number that an option has: what was set, else the default of the kind of socket. */
int weir_sim_option(const sim_node *n, int level, int name);

/* Lets `to` have what was set on `from`, as an accepted socket has its listener's.  False: no
 * memory. */
bool weir_sim_options_inherit(sim_node *to, const sim_node *from);

/* Draws a smaller count than could be had, where the world has short reads and writes. */
size_t weir_sim_shorten(world *w, size_t count);

#endif
