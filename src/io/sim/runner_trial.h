/* SPDX-License-Identifier: MIT
 *
 * What the runner knows of a trial's script: faults and their ends.
 */
#ifndef IO_SIM_RUNNER_TRIAL_H
#define IO_SIM_RUNNER_TRIAL_H

#include <weir/io/sim/runner.h>

/* Whether fault `i` is in the script when these are left out: an end goes with its fault. */
bool weir_sim_trial_has(const weir_sim_trial *trial, uint64_t left_out, size_t i);

#endif
