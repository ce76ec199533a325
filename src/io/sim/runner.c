/* SPDX-License-Identifier: MIT
 *
 * The runner: a scenario and its seeds, what came of them, and what is kept for the next time.
 */
#include <weir/io/sim/runner.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim/runner_keep.h"
#include "io/sim/runner_process.h"
#include "io/sim/runner_seeds.h"

enum { USAGE = 2, LIMIT_SECONDS = 60 };

static const char KEEP[] = "--keep";

/* Keeps the seeds that have failed in the file. */
static void keep_failures(const sim_plan *p, sim_outcome *outcome)
{
    uint64_t seeds[SIM_MOST_AGAIN];
    size_t count = 0;
    for (size_t i = 0; i < outcome->count && count < SIM_MOST_AGAIN; i++) {
        const uint64_t seed = outcome->failures[i].seed;
        if (count == 0 || seeds[count - 1] != seed) seeds[count++] = seed; /* they are in order */
    }
    const int error = weir_sim_keep_write(p->keep, p->scenario->name,
                                          weir_sim_profile_name(p->profile), seeds, count);
    if (!error) return;
    weir_sim_file_complain(KEEP, p->keep, error);
    outcome->unwritten = true;
}

/* One seed in this process, for who looks at it with a debugger. */
static void run_here(const sim_plan *p, sim_outcome *out)
{
    static weir_sim_trial trial; /* the world of a trial that failed is found from here */
    if (p->limit > 0) weir_sim_limit_here(p->limit);
    const bool good = weir_sim_run_seed(p, p->first, p->left_out, &trial, &out->tally);
    out->done = 1;
    out->unwritten = trial.unwritten;
    if (good && !weir_sim_has_leaked()) return;
    if (good) weir_sim_fail(&trial, "memory was lost");
    out->failed = out->count = 1;
    out->failures[0].seed = p->first;
    memcpy(out->failures[0].why, trial.why, sizeof trial.why);
    if (!p->json) weir_sim_tell_trial(p, &trial, p->left_out);
}

static int tell(const sim_plan *p, const sim_outcome *outcome)
{
    const uint64_t total = sim_plan_total(p);
    if (p->json) {
        weir_sim_tell_json(p, outcome);
    } else {
        printf("%s, %s: %llu seeds, %llu failed\n", p->scenario->name,
               weir_sim_profile_name(p->profile), (unsigned long long)total,
               (unsigned long long)outcome->failed);
        weir_sim_tell_counters(p, outcome);
        if (outcome->failed && !p->here) weir_sim_tell_failure(p, outcome->failures[0].seed);
    }
    if (outcome->done != total)
        fprintf(stderr, "weir sim: only %llu seeds could be run\n",
                (unsigned long long)outcome->done);
    return outcome->failed > 0 || outcome->done != total || outcome->unwritten ||
           weir_sim_missed(p, outcome) > 0;
}

static int run(sim_plan *p)
{
    /* Before hours are spent. */
    if (!weir_sim_trace_files_check(&p->files)) return 1;
    if (p->keep && !weir_sim_file_check(KEEP, p->keep, true)) return 1;
    sim_outcome *outcome = calloc(1, sizeof *outcome);
    if (!outcome) return 1;
    if (p->limit < 0) p->limit = p->here ? 0 : LIMIT_SECONDS * INT64_C(1000000000);
    if (p->keep)
        p->again_count =
            weir_sim_keep_read(p->keep, p->scenario->name, weir_sim_profile_name(p->profile),
                               p->again, SIM_MOST_AGAIN);
    p->started = weir_sim_real_ns();
    bool was_run = true;
    if (p->here) {
        run_here(p, outcome);
    } else {
        was_run = weir_sim_run_seeds(p, outcome);
    }
    if (was_run && p->keep && !p->left_out) keep_failures(p, outcome);
    const int status = was_run ? tell(p, outcome) : 1;
    free(outcome);
    return status;
}

static int list(const weir_sim_scenario *scenarios, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("  %-18s %s\n", scenarios[i].name, scenarios[i].summary);
    return 0;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

static int help(const weir_sim_scenario *scenarios, size_t count)
{
    printf("usage: %s [SCENARIO [OPTION …]]\n\n%s\nscenarios:\n", program_invocation_short_name,
           weir_sim_help());
    return list(scenarios, count);
}

static const weir_sim_scenario *find(const weir_sim_scenario *scenarios, size_t count,
                                     const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(scenarios[i].name, name) == 0) return &scenarios[i];
    char shown[SIM_SHOWN];
    fprintf(stderr, "weir sim: there is no scenario \"%s\"; there %s",
            sim_shown(name, strlen(name), shown), count == 1 ? "is" : "are");
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", scenarios[i].name);
    fputc('\n', stderr);
    return NULL;
}

int weir_sim_main(const weir_sim_scenario *scenarios, size_t count, int argc, char **argv)
{
    sim_plan p = {.profile = WEIR_SIM_HOSTILE, .first = 1, .last = 100, .jobs = 1, .limit = -1};
    if (argc <= 0) return list(scenarios, count);
    if (wants_help(argc, argv)) return help(scenarios, count);
    p.scenario = find(scenarios, count, argv[0]);
    if (!p.scenario || !weir_sim_plan_read(&p, argc - 1, argv + 1)) return USAGE;
    p.files.scenario = p.scenario->name;
    return run(&p);
}
