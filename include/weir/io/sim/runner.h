/* SPDX-License-Identifier: MIT
 *
 * Running a scenario with many seeds, on all processors, and what to do with one that fails.
 *
 *     static int two_hosts(weir_sim_trial *trial) { … }
 *     static const weir_sim_scenario scenarios[] = {{"two-hosts", "a greeting", two_hosts}};
 *     int main(int argc, char **argv)
 *     {
 *         return weir_sim_main(scenarios, 1, argc - 1, argv + 1);
 *     }
 *
 * A scenario builds its hosts in the trial's world, runs it, and tells by weir_sim_fail what it
 * found wrong.  Of a failing seed the runner says how to repeat it, and takes faults out of its
 * script as long as it still fails.
 */
#ifndef WEIR_IO_SIM_RUNNER_H
#define WEIR_IO_SIM_RUNNER_H

#include <weir/io/sim/fault.h>
#include <weir/io/sim/tally.h>
#include <weir/io/sim/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WEIR_SIM_TRIAL_FAULTS = 63 };

/* One run of a scenario. */
typedef struct weir_sim_trial {
    weir_sim *sim; /* the world: its seed and profile are set, it has no hosts yet */
    uint64_t seed;
    weir_sim_profile profile;
    uint64_t left_out; /* bit n: fault n of the script is not planned */
    bool record;       /* weir_sim_record: the world is recorded … */
    FILE *follow;      /* … and followed, unless NULL: weir_sim_follow */

    /* The runner's. */
    weir_sim_fault faults[WEIR_SIM_TRIAL_FAULTS];
    const char *hosts[WEIR_SIM_TRIAL_FAULTS][2]; /* the names in each fault; static texts */
    size_t fault_count;
    bool failed;
    char why[240];
} weir_sim_trial;

/* Returns 0; or a negative error when the world could not be built. */
typedef int weir_sim_scenario_fn(weir_sim_trial *trial);

typedef struct weir_sim_scenario {
    const char *name, *summary;
    weir_sim_scenario_fn *run;
} weir_sim_scenario;

/* Draws the faults of the trial's profile and plans them; see weir_sim_draw_faults.
 * Returns 0 or WEIR_ENOMEM. */
int weir_sim_trial_draw(weir_sim_trial *trial, weir_duration duration,
                        weir_sim_host *const victims[], size_t victim_count);

/* Plans a fault of the scenario's own, as part of the script.  Returns 0 or WEIR_ENOMEM. */
int weir_sim_trial_fault(weir_sim_trial *trial, const weir_sim_fault *fault);

/* Notes what is wrong; the first note counts. */
void weir_sim_fail(weir_sim_trial *trial, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Runs one trial in a new world; *hash (may be NULL) is the hash of the run.
 * Returns true when nothing was wrong; else `trial->why` says what was. */
bool weir_sim_try(const weir_sim_scenario *scenario, weir_sim_trial *trial, uint64_t *hash);

/* The command: SCENARIO [--seeds A..B] [--jobs N] [--profile NAME] [--without N,N]
 * [--hash] [--keep FILE]; and with a single seed [--trace FILE] [--svg FILE] [--window FROM..UNTIL]
 * [--hosts NAME,NAME]: what happened as text, FILE - being standard output, and as a picture, of
 * the seconds and hosts given.  Without a scenario, lists them.  Seeds that fail are kept in the
 * FILE, and are run first the next time, until they do no more.  On a terminal a line on standard
 * error counts.  In a program that is built with a sanitizer for leaks a seed that leaks has
 * failed.
 * Returns an exit status: 0 all good, 1 a seed failed, 2 usage. */
int weir_sim_main(const weir_sim_scenario *scenarios, size_t count, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
