/* SPDX-License-Identifier: MIT
 *
 * The options of the runner: a table, a reader for each, and their help.
 */
#include "io/sim/runner_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number, decimal or hexadecimal, as far as it goes.  False: none is there, or it is too large.
 */
static bool read_number(const char *text, const char **end, uint64_t *out)
{
    char *after = NULL;
    if (*text < '0' || *text > '9') return false; /* strtoull takes signs and blanks */
    errno = 0;
    *out = strtoull(text, &after, 0);
    *end = after;
    return errno == 0;
}

static bool read_seeds(const char *text, sim_plan *p)
{
    const char *end;
    if (!read_number(text, &end, &p->first)) return false;
    p->last = p->first;
    if (strncmp(end, "..", 2) == 0 && !read_number(end + 2, &end, &p->last)) return false;
    /* Not so many that their number, and of those that failed last time, cannot be counted. */
    return *end == 0 && p->last >= p->first && p->last - p->first <= UINT64_MAX / 2;
}

static bool read_seed(const char *text, sim_plan *p)
{
    const char *end;
    p->here = true;
    if (!read_number(text, &end, &p->first)) return false;
    p->last = p->first;
    return *end == 0;
}

static bool read_left_out(const char *text, sim_plan *p)
{
    for (;;) {
        const char *end;
        uint64_t bit;
        if (!read_number(text, &end, &bit) || bit >= WEIR_SIM_TRIAL_FAULTS) return false;
        p->left_out |= UINT64_C(1) << bit;
        if (*end != ',') return *end == 0;
        text = end + 1;
    }
}

static bool read_profile(const char *text, sim_plan *p)
{
    const int profile = weir_sim_profile_parse(text);
    if (profile >= 0) p->profile = (weir_sim_profile)profile;
    return profile >= 0;
}

static bool read_jobs(const char *text, sim_plan *p)
{
    const char *end;
    uint64_t jobs;
    if (!read_number(text, &end, &jobs) || *end || jobs == 0 || jobs > SIM_MOST_JOBS) return false;
    p->jobs = (unsigned)jobs;
    return true;
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

static bool read_hash(const char *text, sim_plan *p)
{
    (void)text;
    return p->hash = true;
}

static bool read_json(const char *text, sim_plan *p)
{
    (void)text;
    return p->json = true;
}

typedef struct sim_option {
    const char *name;
    const char *takes; /* what its value is, for people; NULL: it has none */
    bool (*read)(const char *text, sim_plan *p);
} sim_option;

static const sim_option options[] = {
    {"--seeds", "A..B or N", read_seeds},
    {"--seed", "one number", read_seed},
    {"--jobs", "a number from 1 to 64", read_jobs},
    {"--profile", "calm, lossy or hostile", read_profile},
    {"--limit", "seconds as 10 or 0.5, or 0 for none", read_limit},
    {"--without", "numbers of faults as 1,4,5, each below 63", read_left_out},
    {"--hash", NULL, read_hash},
    {"--json", NULL, read_json},
    {"--keep", "a file", read_keep},
    {"--trace", "a file, or - for standard output", read_trace},
    {"--svg", "a file", read_picture},
    {"--window", "seconds as 1.5..3, 1.5.. or ..3", read_window},
    {"--hosts", "names of hosts as ann,bob", read_hosts},
};

const char *weir_sim_help(void)
{
    return "Runs a scenario once for each seed.  The same seed gives the same run.  Without a\n"
           "scenario, lists them.\n\n"
           "  --seeds A..B        which seeds; default 1..100\n"
           "  --seed N            this one, in this process: for a debugger\n"
           "  --jobs N            processes that share the seeds; default 1\n"
           "  --profile NAME      calm, lossy or hostile; default hostile\n"
           "  --limit SECONDS     of real time for a seed; default 60, 0: none\n"
           "  --without N,N       leaves faults of these numbers out, and their ends\n"
           "  --hash              prints seed and hash of each run\n"
           "  --json              prints the results as a JSON object\n"
           "  --keep FILE         keeps seeds that fail, and runs them first the next time\n\n"
           "Of a single seed:\n"
           "  --trace FILE        writes what happened as text; - is standard output\n"
           "  --svg FILE          draws it: hosts as lanes, packets as arrows\n"
           "  --window FROM..TO   these seconds of it alone, as 1.5..3\n"
           "  --hosts NAME,NAME   these hosts of it alone\n\n"
           "Of the first seed that fails it says why, which faults are needed for it, and how to\n"
           "repeat it.  Exit status: 0 no seed failed, 1 one did, or nothing happened of what the\n"
           "scenario expects of so many seeds, or a file cannot be written, 2 usage.\n";
}

static bool fits(const sim_plan *p)
{
    const char *wrong = NULL;
    if ((p->files.text || p->files.picture) && p->first != p->last)
        wrong = "--trace and --svg are of a single seed: --seeds N";
    if (p->here && p->first != p->last) wrong = "--seed is one seed; --seeds A..B are several";
    if (p->here && p->keep) wrong = "--keep is for --seeds";
    if (p->json && p->hash) wrong = "--hash and --json both want standard output";
    if ((p->files.view.hosts || p->files.view.from.ns || p->files.view.until.ns) &&
        !p->files.text && !p->files.picture)
        wrong = "--window and --hosts are of what --trace or --svg write";
    if (wrong) fprintf(stderr, "weir sim: %s\n", wrong);
    return !wrong;
}

static const sim_option *find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0)
            return &options[i];
    return NULL;
}

/* Reads the option at argv[*at], and its value: behind "=", or the next word. */
static bool read_option(sim_plan *p, int argc, char **argv, int *at)
{
    char shown[SIM_SHOWN];
    const char *word = argv[*at], *equals = strchr(word, '=');
    sim_shown(word, strlen(word), shown);
    const sim_option *option = find(word, equals ? (size_t)(equals - word) : strlen(word));
    if (!option && word[0] == '-') {
        fprintf(stderr, "weir sim: there is no option %s; --help lists them\n", shown);
    } else if (!option) {
        fprintf(stderr, "weir sim: \"%s\" is one word too many; --help shows the form\n", shown);
    } else if (!option->takes) {
        if (!equals) return option->read(NULL, p);
        fprintf(stderr, "weir sim: %s takes no value\n", option->name);
    } else {
        const char *value = equals ? equals + 1 : *at + 1 < argc ? argv[++*at] : NULL;
        if (value && *value && option->read(value, p)) return true;
        fprintf(stderr, "weir sim: %s takes %s", option->name, option->takes);
        if (value) fprintf(stderr, ", not \"%s\"", sim_shown(value, strlen(value), shown));
        fputc('\n', stderr);
    }
    return false;
}

bool weir_sim_plan_read(sim_plan *p, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (!read_option(p, argc, argv, &i)) return false;
    return fits(p);
}
