/* SPDX-License-Identifier: MIT
 *
 * How fast a host reads: the fault WEIR_SIM_SLOW_READER.
 *
 *      a read takes at most a tenth of a second's bytes ── nobody reads, as long as they take ──▶
 *      the ops of all TCP connections of the host are tried again, another one first each time
 *
 * All connections of a host share its pace, as they would share a processor that has too much to
 * do.  What is not read stays in its lane, which fills up: the peer's writes wait then, and it
 * probes (tcp_keep.c).  Invariant: while the event is planned no byte of a connection that
 * goes on is taken; while it is not, nobody waits for it.
 */
#ifndef IO_SIM_PACE_H
#define IO_SIM_PACE_H

#include <stddef.h>

#include "io/sim/node.h"

typedef struct sim_pace {
    sim_event event; /* first: it may be read again */
    host *host;
    uint64_t rate; /* bytes per second; 0: any number */
    uint32_t next; /* the descriptor whose ops are tried first then */
} sim_pace;

/* Sets the pace from now on; 0: none. */
void weir_sim_pace_set(host *h, uint64_t rate);

/* Whether a connection of the host has to wait before it takes what has come. */
bool weir_sim_pace_waits(const host *h);

/* How many of `wanted` bytes, at least one, may be taken at once. */
size_t weir_sim_pace_most(const host *h, size_t wanted);

/* So many bytes were taken from the node. */
void weir_sim_pace_took(sim_node *n, size_t bytes);

#endif
