/* SPDX-License-Identifier: MIT
 *
 * The shrinking of a failing script: faults are taken out of it, each with its end, as long as the
 * seed fails in the same way without them.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "io/sim/runner_process.h"
#include "io/sim/runner_seeds.h"
#include "io/sim/runner_trial.h"

enum { SECONDS = 60 }; /* of real time that it may take, if a trial may take any */

/* In shared memory: the script is there even if the process dies. */
typedef struct attempt {
    sim_process process;
    weir_sim_trial trial;
} attempt;

/* Runs a seed in a process of its own.  Returns whether it was good. */
static bool try_apart(const sim_plan *p, uint64_t seed, uint64_t left_out, attempt *a)
{
    char why[sizeof a->trial.why];
    a->process = (sim_process){.limit = p->limit};
    a->trial = (weir_sim_trial){.seed = seed};
    const pid_t id = weir_sim_process_start(&a->process);
    if (id < 0) return true;
    if (id == 0) {
        if (!freopen("/dev/null", "w", stderr)) weir_sim_process_end(&a->process);
        weir_sim_process_mark(&a->process, true);
        const bool good = weir_sim_run_seed(p, seed, left_out, &a->trial, NULL);
        weir_sim_process_mark(&a->process, false);
        if (good && weir_sim_has_leaked()) weir_sim_fail(&a->trial, "memory was lost");
        weir_sim_process_end(&a->process);
    }
    while (!weir_sim_process_look(&a->process)) weir_sim_processes_wait();
    if (weir_sim_process_failed(&a->process, why, sizeof why)) {
        a->trial.failed = false;
        a->trial.sim = NULL; /* another process's */
        weir_sim_fail(&a->trial, "%s", why);
    }
    return !a->trial.failed;
}

/* Takes a fault out if the seed fails in the same way without it. */
static bool is_needless(const sim_plan *p, attempt *a, uint64_t left_out, size_t fault)
{
    const weir_sim_trial before = a->trial;
    if (!try_apart(p, before.seed, left_out | UINT64_C(1) << fault, a) &&
        a->trial.kind == before.kind)
        return true;
    a->trial = before;
    return false;
}

static uint64_t shrink(const sim_plan *p, attempt *a)
{
    const int64_t most = p->limit ? p->limit : SECONDS * INT64_C(1000000000);
    const int64_t until = weir_sim_real_ns() + most;
    uint64_t left_out = p->left_out;
    /* Again from the first one: what was needed may not be when others are gone. */
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < a->trial.fault_count; i++) {
            if (a->trial.begun_by[i] || left_out >> i & 1) continue;
            if (weir_sim_real_ns() > until) return left_out;
            if (!is_needless(p, a, left_out, i)) continue;
            left_out |= UINT64_C(1) << i;
            again = true;
        }
    }
    return left_out;
}

void weir_sim_tell_failure(const sim_plan *told, uint64_t seed)
{
    attempt *a = mmap(NULL, sizeof *a, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (a == MAP_FAILED) return;
    sim_plan quiet = *told;
    quiet.files = (sim_trace_files){0};
    quiet.hash = false;
    weir_sim_processes_open();
    uint64_t left_out = told->left_out;
    if (try_apart(&quiet, seed, left_out, a)) {
        snprintf(a->trial.why, sizeof a->trial.why, "and not when it is run again");
    } else {
        left_out = shrink(&quiet, a);
    }
    weir_sim_processes_close();
    weir_sim_tell_trial(told, &a->trial, left_out);
    munmap(a, sizeof *a);
}
