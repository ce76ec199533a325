/* SPDX-License-Identifier: MIT
 *
 * What the runner was asked to do.
 */
#ifndef IO_SIM_RUNNER_PLAN_H
#define IO_SIM_RUNNER_PLAN_H

#include "io/sim/trace_files.h"

enum { SIM_MOST_JOBS = 64, SIM_MOST_AGAIN = 64 };

typedef struct sim_plan {
    const weir_sim_scenario *scenario;
    weir_sim_profile profile;
    uint64_t first, last, left_out;
    unsigned jobs;
    int64_t limit; /* ns of real time for a trial; 0: any; < 0: not said */
    bool hash, json;
    bool here; /* in this process, without others */
    sim_trace_files files;
    const char *keep;               /* the file of failing seeds, or NULL */
    uint64_t again[SIM_MOST_AGAIN]; /* those that failed last time come first … */
    size_t again_count;
    int64_t started; /* ns */
} sim_plan;

/* Reads options.  False: one is not understood, and standard error tells what it takes. */
bool weir_sim_plan_read(sim_plan *plan, int argc, char **argv);

static inline uint64_t sim_plan_total(const sim_plan *p)
{
    return p->again_count + (p->last - p->first + 1);
}

static inline uint64_t sim_plan_seed(const sim_plan *p, uint64_t at)
{
    return at < p->again_count ? p->again[at] : p->first + (at - p->again_count);
}

#endif
