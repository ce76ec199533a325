/* SPDX-License-Identifier: MIT
 *
 * Lanes: bytes in order in one direction, between who writes and who reads.
 *
 *      first            first + arrived          first + length          first + limit
 *        |  may be read       |   still under way       |   free               |
 *
 * The bytes lie in a ring that has the room which they need; an empty lane holds little or none.
 */
#ifndef IO_SIM_LANE_H
#define IO_SIM_LANE_H

#include "io/sim/node.h"

typedef struct sim_lane {
    char *data;
    uint32_t room; /* of the ring: 0 or a power of 2 */
    uint32_t first;
    uint32_t length;
    uint32_t arrived;
    uint32_t limit; /* bytes that it takes, at most 2^30 */
} sim_lane;

/* Puts at most `most` bytes of a transfer at the end, as many as there is space for.  Returns how
 * many, SIM_WAIT when there is no space, WEIR_ENOMEM.  They have not arrived yet. */
int64_t weir_sim_lane_put(sim_lane *lane, sim_transfer *t, size_t most);

/* Takes at most `most` bytes that have arrived; with `peek` they stay.  Returns how many. */
size_t weir_sim_lane_take(sim_lane *lane, sim_transfer *t, size_t most);

/* Frees the ring. */
void weir_sim_lane_end(sim_lane *lane);

static inline uint32_t sim_lane_space(const sim_lane *lane)
{
    return lane->limit > lane->length ? lane->limit - lane->length : 0;
}

#endif
