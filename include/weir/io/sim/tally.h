/* SPDX-License-Identifier: MIT
 *
 * Counting what a scenario has seen, so that none passes for want of anything to check.
 *
 *     weir_sim_expect(trial, "whole answers", 1);      // in the scenario: in every run of seeds
 *     weir_sim_expect(trial, "broken answers", 50);    // in a run of at least 50 seeds
 *     …
 *     weir_sim_tally(io, "whole answers", 1);          // in a program of a host
 *
 * The runner adds the counters up over all seeds of a run and prints them.  A run of as many seeds
 * as the expectation names fails when its counter is still 0.  Counters do not change a run: they
 * are not in its hash.
 */
#ifndef WEIR_IO_SIM_TALLY_H
#define WEIR_IO_SIM_TALLY_H

#include <weir/io/sim/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WEIR_SIM_COUNTERS = 64,    /* of a world, at most */
    WEIR_SIM_COUNTER_NAME = 40 /* bytes of a name with its end; more are cut off */
};

struct weir_sim_trial;

/* Adds `amount` to a counter of the world of a handle; the first time makes it.  Allocates nothing
 * and never fails: in another engine it does nothing, and a counter too many is told by the runner,
 * whose run fails.  `name` is copied.  No cancellation point.  Thread rule as in sim.h; also
 * outside of tasks. */
void weir_sim_tally(weir_io *io, const char *name, uint64_t amount);

/* What a counter of a world has come to; 0 when there is none of that name. */
uint64_t weir_sim_tally_of(const weir_sim *sim, const char *name);

/* Says that in a run of at least `seeds` seeds the sum of this counter must not be 0; makes the
 * counter.  Call it in each trial, whatever happens later, before the world runs: a run knows the
 * expectations that at least one of its trials has told it.  Of several for a counter the smallest
 * number of seeds holds.  0 means 1. */
void weir_sim_expect(struct weir_sim_trial *trial, const char *name, uint64_t seeds);

#ifdef __cplusplus
}
#endif
#endif
