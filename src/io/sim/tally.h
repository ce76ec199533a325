/* SPDX-License-Identifier: MIT
 *
 * The counters of a world, and their sums over seeds.  A table of fixed size, without pointers: it
 * lies in a world, whose allocator may be made to fail, and in memory that processes share.
 */
#ifndef IO_SIM_TALLY_H
#define IO_SIM_TALLY_H

#include <weir/io/sim/tally.h>

typedef struct sim_counter {
    char name[WEIR_SIM_COUNTER_NAME];
    uint64_t sum;
    uint64_t seeds;    /* in how many it was not 0; of a single world unknown */
    uint64_t expected; /* in a run of so many seeds it is not 0; 0: nothing is expected */
} sim_counter;

typedef struct sim_tally {
    uint32_t count;
    bool is_full; /* there were more counters than fit */
    sim_counter counters[WEIR_SIM_COUNTERS];
} sim_tally;

/* The counter of a name, which is made if it is not there; NULL: the table is full. */
sim_counter *weir_sim_tally_get(sim_tally *tally, const char *name);

/* What a world has counted. */
const sim_tally *weir_sim_tally_all(const weir_sim *w);

/* Adds what a single world has counted. */
void weir_sim_tally_add_world(sim_tally *sum, const sim_tally *world);

/* Adds sums up. */
void weir_sim_tally_add(sim_tally *sum, const sim_tally *part);

/* Whether a counter is 0 that must not be after so many seeds. */
static inline bool sim_counter_is_missed(const sim_counter *counter, uint64_t seeds)
{
    return counter->expected > 0 && seeds >= counter->expected && counter->sum == 0;
}

#endif
