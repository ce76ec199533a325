/* SPDX-License-Identifier: MIT
 *
 * One run of a scenario: its world, its script of faults, its verdict.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/sim/runner.h>
#include <weir/io/sim/trace.h>

#include "io/sim/trace.h"

static int plan(weir_sim_trial *trial, size_t from)
{
    for (size_t i = from; i < trial->fault_count; i++) {
        const weir_sim_fault *fault = &trial->faults[i];
        trial->hosts[i][0] = weir_sim_host_name(fault->host);
        trial->hosts[i][1] = fault->other ? weir_sim_host_name(fault->other) : NULL;
        if (trial->left_out >> i & 1) continue;
        const int error = weir_sim_plan_faults(trial->sim, fault, 1);
        if (error) return error;
    }
    return 0;
}

int weir_sim_trial_draw(weir_sim_trial *trial, weir_duration duration,
                        weir_sim_host *const victims[], size_t victim_count)
{
    const size_t from = trial->fault_count;
    trial->fault_count +=
        weir_sim_draw_faults(trial->sim, trial->profile, duration, victims, victim_count,
                             trial->faults + from, WEIR_SIM_TRIAL_FAULTS - from);
    return plan(trial, from);
}

int weir_sim_trial_fault(weir_sim_trial *trial, const weir_sim_fault *fault)
{
    if (trial->fault_count == WEIR_SIM_TRIAL_FAULTS) return WEIR_ENOMEM;
    trial->faults[trial->fault_count++] = *fault;
    return plan(trial, trial->fault_count - 1);
}

void weir_sim_fail(weir_sim_trial *trial, const char *format, ...)
{
    va_list list;
    if (trial->failed) return;
    trial->failed = true;
    va_start(list, format);
    vsnprintf(trial->why, sizeof trial->why, format, list);
    va_end(list);
    if (trial->sim) weir_sim_trace_wrong(trial->sim, "%s", trial->why);
}

bool weir_sim_try(const weir_sim_scenario *scenario, weir_sim_trial *trial, uint64_t *hash)
{
    const weir_sim_options options = {.seed = trial->seed};
    trial->fault_count = 0;
    trial->failed = false;
    int error = weir_sim_create(&options, &trial->sim);
    if (!error && trial->record) error = weir_sim_record(trial->sim, 0);
    if (!error && trial->follow) error = weir_sim_follow(trial->sim, trial->follow);
    if (!error) {
        weir_sim_use(trial->sim, trial->profile);
        error = scenario->run(trial);
    }
    if (error) weir_sim_fail(trial, "the world ended with %s", weir_errname(error));
    if (hash) *hash = trial->sim ? weir_sim_hash(trial->sim) : 0;
    return !trial->failed;
}
