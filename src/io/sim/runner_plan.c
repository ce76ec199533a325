/* SPDX-License-Identifier: MIT
 *
 * The options of the runner.
 */
#include "io/sim/runner_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_seeds(const char *text, sim_plan *p)
{
    char *end;
    p->first = p->last = strtoull(text, &end, 0);
    if (strncmp(end, "..", 2) == 0) p->last = strtoull(end + 2, &end, 0);
    /* Not so many that their number, and of those that failed last time, cannot be counted. */
    return *end == 0 && p->last >= p->first && p->last - p->first <= UINT64_MAX / 2;
}

static bool read_seed(const char *text, sim_plan *p)
{
    char *end;
    p->first = p->last = strtoull(text, &end, 0);
    p->here = true;
    return end != text && *end == 0;
}

static bool read_left_out(const char *text, sim_plan *p)
{
    while (*text) {
        char *end;
        const unsigned long bit = strtoul(text, &end, 10);
        if (end == text || bit >= WEIR_SIM_TRIAL_FAULTS) return false;
        p->left_out |= UINT64_C(1) << bit;
        text = *end == ',' ? end + 1 : end;
    }
    return true;
}

static bool read_profile(const char *text, sim_plan *p)
{
    const int profile = weir_sim_profile_parse(text);
    if (profile >= 0) p->profile = (weir_sim_profile)profile;
    return profile >= 0;
}

static bool read_jobs(const char *text, sim_plan *p)
{
    p->jobs = (unsigned)strtoul(text, NULL, 10);
    return p->jobs > 0 && p->jobs <= SIM_MOST_JOBS;
}

static bool read_limit(const char *text, sim_plan *p)
{
    char *end;
    const double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds >= 0 && seconds <= 1e9)) return false;
    p->limit = (int64_t)(seconds * 1e9);
    return true;
}

static bool read_trace(const char *text, sim_plan *p)
{
    p->files.text = text;
    return true;
}

static bool read_picture(const char *text, sim_plan *p)
{
    p->files.picture = text;
    return true;
}

static bool read_window(const char *text, sim_plan *p)
{
    return weir_sim_trace_files_window(&p->files, text);
}

static bool read_hosts(const char *text, sim_plan *p)
{
    p->files.view.hosts = text;
    return true;
}

static bool read_keep(const char *text, sim_plan *p)
{
    p->keep = text;
    return *text != 0;
}

static bool read_flag(const char *word, sim_plan *p)
{
    const bool is_hash = strcmp(word, "--hash") == 0, is_json = strcmp(word, "--json") == 0;
    p->hash |= is_hash;
    p->json |= is_json;
    return is_hash || is_json;
}

static bool fits(const sim_plan *p)
{
    const char *wrong = NULL;
    if ((p->files.text || p->files.picture) && p->first != p->last)
        wrong = "--trace and --svg are of a single seed: --seeds N";
    if (p->here && p->first != p->last) wrong = "--seed is one seed; --seeds A..B are several";
    if (p->here && p->keep) wrong = "--keep is for --seeds";
    if (p->json && p->hash) wrong = "--hash and --json both want standard output";
    if (wrong) fprintf(stderr, "weir sim: %s\n", wrong);
    return !wrong;
}

bool weir_sim_plan_read(sim_plan *p, int argc, char **argv)
{
    static const struct {
        const char *name;
        bool (*read)(const char *text, sim_plan *p);
    } options[] = {{"--seeds", read_seeds},      {"--seed", read_seed},   {"--jobs", read_jobs},
                   {"--profile", read_profile},  {"--limit", read_limit}, {"--keep", read_keep},
                   {"--without", read_left_out}, {"--trace", read_trace}, {"--svg", read_picture},
                   {"--window", read_window},    {"--hosts", read_hosts}};
    for (int i = 0; i < argc; i++) {
        bool known = read_flag(argv[i], p);
        for (size_t o = 0; o < sizeof options / sizeof *options && !known; o++) {
            if (strcmp(argv[i], options[o].name) != 0 || i + 1 == argc) continue;
            known = options[o].read(argv[i + 1], p);
            i++;
        }
        if (known) continue;
        fprintf(stderr, "weir sim: \"%s\" is not understood\n", argv[i]);
        return false;
    }
    return fits(p);
}
