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
 * found wrong; by tally.h, what it has seen.  Of a failing seed the runner says how to repeat it,
 * and takes faults out of its script, each with its end, as long as it fails in the same way.
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
    weir_sim *sim; /* the world: its seed and profile are set, it has no hosts yet; it may take 30
                      days of virtual time (weir_sim_set_limit) */
    uint64_t seed;
    weir_sim_profile profile;
    uint64_t left_out; /* bit n: fault n of the script is not planned, nor is its end; the bits of
                          ends mean nothing */
    bool all_bytes;    /* weir_sim_options: the hash is over all bytes */
    bool record;       /* weir_sim_record: the world is recorded … */
    FILE *follow;      /* … and followed, unless NULL: weir_sim_follow */

    /* The runner's. */
    weir_sim_fault faults[WEIR_SIM_TRIAL_FAULTS];
    const char *hosts[WEIR_SIM_TRIAL_FAULTS][2]; /* the names in each fault; static texts */
    uint8_t begun_by[WEIR_SIM_TRIAL_FAULTS]; /* the fault that each is the end of, + 1; else 0 */
    size_t fault_count;
    bool failed;
    bool unwritten; /* what was asked for of --trace or --svg */
    char why[240];
    uint64_t kind; /* of failure: equal when the same check failed, whatever numbers it told */
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

/* Plans a fault of the scenario's own, as part of the script.  A fault that is undone later is
 * named before its end: JOIN, PLUG or RESTART of the same host, or the same kind with the value 0.
 * Returns 0 or WEIR_ENOMEM. */
int weir_sim_trial_fault(weir_sim_trial *trial, const weir_sim_fault *fault);

/* Notes what is wrong; the first note counts.  Two failures are of one kind when their formats are
 * equal; when those have no word of their own ("%s"), when their texts are, numbers aside. */
void weir_sim_fail(weir_sim_trial *trial, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Runs one trial in a new world, which is the caller's afterwards (weir_sim_destroy; NULL if there
 * was no memory for it); *hash (may be NULL) is the hash of the run.  A world in a deadlock or
 * livelock, or one that has not ended by its limit, has failed whatever the scenario says.
 * Returns true when nothing was wrong; else `trial->why` says what was. */
bool weir_sim_try(const weir_sim_scenario *scenario, weir_sim_trial *trial, uint64_t *hash);

/* The command: SCENARIO [--seeds A..B] [--jobs N] [--profile NAME] [--without N,N]
 * [--limit SECONDS] [--hash] [--json] [--keep FILE]; and with a single seed [--trace FILE]
 * [--svg FILE] [--window FROM..UNTIL] [--hosts NAME,NAME]: what happened as text, FILE - being
 * standard output, and as a picture, of the seconds and hosts given.  Without a scenario, lists
 * them; --help (-h) tells all this.  `argv` begins behind the program's name.
 *
 * Seeds are run in processes of their own, `--jobs` at a time.  One that takes longer than the
 * limit of real time (60 s; 0: none) is made to write its tasks and its call stack to standard
 * error, and ended.  `--seed N` in place of --seeds runs that seed in the calling process, without
 * a limit unless one is given and without shrinking: for a debugger.
 *
 * Seeds that fail are kept in the FILE, and are run first the next time, until they do no more.  On
 * a terminal a line on standard error counts.  In a program that is built with a sanitizer for
 * leaks a seed that leaks has failed.  Counters (tally.h) are printed at the end; a run with all
 * faults fails when one that was expected is 0.  With --hash the hashes are over all bytes
 * transferred. With --json the results are one object on standard output.  Not while the process
 * has other threads, which would be missing in the seeds' processes. Returns an exit status: 0 all
 * good, 1 a seed or an expectation failed, or a file cannot be written (nothing is run when that
 * shows before), 2 usage. */
int weir_sim_main(const weir_sim_scenario *scenarios, size_t count, int argc, char **argv);

/* What the command does and its options, as --help tells them, without the line of the usage: for
 * a program that has other commands besides.  Static; never NULL; any thread; never waits. */
const char *weir_sim_help(void);

#ifdef __cplusplus
}
#endif
#endif
