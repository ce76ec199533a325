/* SPDX-License-Identifier: MIT
 *
 * Running the seeds of a plan, and what came of it.
 */
#ifndef IO_SIM_RUNNER_SEEDS_H
#define IO_SIM_RUNNER_SEEDS_H

#include "io/sim/runner_plan.h"
#include "io/sim/tally.h"

enum { SIM_MOST_FAILURES = 8 }; /* that a job remembers */

typedef struct sim_failure {
    uint64_t seed;
    char why[sizeof((weir_sim_trial *)0)->why];
} sim_failure;

typedef struct sim_outcome {
    uint64_t done, failed;
    bool unwritten; /* a file that was asked for */
    size_t count;   /* of failures that are known; by seed */
    sim_failure failures[SIM_MOST_JOBS * SIM_MOST_FAILURES];
    sim_tally tally;
} sim_outcome;

/* Runs one seed in this process; its counters are added to *tally unless that is NULL.  The world
 * of a trial that fails is left as it is; that of a good one is gone. */
bool weir_sim_run_seed(const sim_plan *p, uint64_t seed, uint64_t left_out, weir_sim_trial *trial,
                       sim_tally *tally);

/* Runs all seeds in processes.  False: there is no memory to share. */
bool weir_sim_run_seeds(const sim_plan *p, sim_outcome *out);

/* In a program that finds leaks: whether there is one. */
bool weir_sim_has_leaked(void);

/* runner_shrink.c: runs a failing seed again, takes out of its script what is not needed for the
 * failure, and tells. */
void weir_sim_tell_failure(const sim_plan *p, uint64_t seed);

/* runner_tell.c: what has failed in a trial, its script and how to repeat it. */
void weir_sim_tell_trial(const sim_plan *p, const weir_sim_trial *trial, uint64_t left_out);

/* The sums of counters as a table, and those that are 0 and should not be. */
void weir_sim_tell_counters(const sim_plan *p, const sim_outcome *outcome);

/* All of it as a JSON object. */
void weir_sim_tell_json(const sim_plan *p, const sim_outcome *outcome);

/* How many expectations the run has not met. */
size_t weir_sim_missed(const sim_plan *p, const sim_outcome *outcome);

#endif
