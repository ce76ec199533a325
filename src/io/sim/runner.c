/* SPDX-License-Identifier: MIT
 *
 * The runner: seeds over processes, progress, and the shrinking of a failing script.
 *
 * Each job is a process, so that a crash of the program under test is one failing seed.  It tells
 * where it is in memory that it shares with the runner, which starts it again behind the seed at
 * which it died.
 */
#include <weir/io/sim/runner.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/sim/runner_keep.h"
#include "io/sim/trace_files.h"

enum { MOST_JOBS = 64, MOST_FAILURES = 8, MOST_AGAIN = 64, USAGE = 2 };

/* There when the program was built with a sanitizer that finds leaks. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

typedef struct plan {
    const weir_sim_scenario *scenario;
    weir_sim_profile profile;
    uint64_t first, last, left_out;
    unsigned jobs;
    bool hash;
    sim_trace_files files;
    const char *keep;           /* the file of failing seeds, or NULL */
    uint64_t again[MOST_AGAIN]; /* those that failed last time come first … */
    size_t again_count;
    int64_t started; /* ns */
} plan;

/* What a job tells; in shared memory, written by the job alone while it lives. */
typedef struct job {
    pid_t process;
    uint64_t at; /* the number of the trial that it is at: seed_of */
    uint64_t done, failed;
    uint64_t failures[MOST_FAILURES];
} job;

static uint64_t total_of(const plan *p)
{
    return p->again_count + (p->last - p->first + 1);
}

static uint64_t seed_of(const plan *p, uint64_t at)
{
    return at < p->again_count ? p->again[at] : p->first + (at - p->again_count);
}

static bool try_seed(const plan *p, uint64_t seed, uint64_t left_out, weir_sim_trial *trial)
{
    uint64_t hash;
    *trial = (weir_sim_trial){.seed = seed, .profile = p->profile, .left_out = left_out};
    weir_sim_trace_files_open(&p->files, trial);
    const bool good = weir_sim_try(p->scenario, trial, &hash);
    weir_sim_trace_files_close(&p->files, trial);
    if (p->hash) {
        printf("%llu %016llx\n", (unsigned long long)seed, (unsigned long long)hash);
        fflush(stdout); /* a line at a time: the jobs share the output */
    }
    /* What has failed may not be fit to be destroyed. */
    if (good) weir_sim_destroy(trial->sim);
    return good;
}

static bool has_leaked(void)
{
    return __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check();
}

static void note_failure(const plan *p, job *j)
{
    if (j->failed < MOST_FAILURES) j->failures[j->failed] = seed_of(p, j->at);
    j->failed++;
}

static void run_job(const plan *p, job *j)
{
    weir_sim_trial trial;
    for (; j->at < total_of(p); j->at += p->jobs) {
        const bool good = try_seed(p, seed_of(p, j->at), p->left_out, &trial);
        /* After a failure the world that failed is still there. */
        if (!good || (!j->failed && has_leaked())) note_failure(p, j);
        __atomic_fetch_add(&j->done, 1, __ATOMIC_RELAXED);
    }
    fflush(NULL);
    _exit(0);
}

static bool start_job(const plan *p, job *j)
{
    fflush(NULL);
    const pid_t process = fork();
    if (process == 0) run_job(p, j);
    j->process = process; /* by the parent alone: the child sees the same memory */
    return process > 0;
}

/* A job has ended: by itself, or because its seed killed it. */
static bool follow_up(const plan *p, job *j, int status)
{
    j->process = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    note_failure(p, j);
    __atomic_fetch_add(&j->done, 1, __ATOMIC_RELAXED);
    j->at += p->jobs;
    return j->at >= total_of(p) || start_job(p, j);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The line that counts; only for a person to see. */
static void tell_progress(const plan *p, const job *jobs)
{
    uint64_t done = 0, failed = 0;
    for (unsigned i = 0; i < p->jobs; i++) {
        done += __atomic_load_n(&jobs[i].done, __ATOMIC_RELAXED);
        failed += __atomic_load_n(&jobs[i].failed, __ATOMIC_RELAXED);
    }
    const int64_t passed = now_ns() - p->started;
    fprintf(
        stderr, "\r%s, %s: %llu of %llu seeds, %llu per second, %llu failed\033[K",
        p->scenario->name, weir_sim_profile_name(p->profile), (unsigned long long)done,
        (unsigned long long)total_of(p),
        (unsigned long long)(passed > 0 ? (__uint128_t)done * 1000000000 / (uint64_t)passed : 0),
        (unsigned long long)failed);
}

/* Waits for a job to end, and counts on a terminal meanwhile.  Returns its process or -1. */
static pid_t wait_for_job(const plan *p, const job *jobs, int *status)
{
    const struct timespec moment = {0, 200000000};
    if (!isatty(STDERR_FILENO)) return wait(status);
    for (;;) {
        const pid_t process = waitpid(-1, status, WNOHANG);
        if (process != 0) return process;
        tell_progress(p, jobs);
        nanosleep(&moment, NULL);
    }
}

/* Runs all seeds.  Returns how many failed; *first is the smallest of those that are known, *done
 * how many were run. */
static uint64_t run_all(const plan *p, job *jobs, uint64_t *first, uint64_t *done)
{
    uint64_t failed = 0;
    unsigned live = 0;
    *done = 0;
    for (unsigned i = 0; i < p->jobs; i++) {
        jobs[i].at = i;
        live += jobs[i].at < total_of(p) && start_job(p, &jobs[i]);
    }
    while (live > 0) {
        int status;
        const pid_t process = wait_for_job(p, jobs, &status);
        if (process < 0 && errno != EINTR) break;
        for (unsigned i = 0; i < p->jobs; i++) {
            if (jobs[i].process != process) continue;
            follow_up(p, &jobs[i], status);
            live -= jobs[i].process <= 0;
        }
    }
    if (isatty(STDERR_FILENO)) fprintf(stderr, "\r\033[K");
    *first = UINT64_MAX;
    for (unsigned i = 0; i < p->jobs; i++) {
        failed += jobs[i].failed;
        *done += jobs[i].done;
        for (uint64_t f = 0; f < jobs[i].failed && f < MOST_FAILURES; f++)
            if (jobs[i].failures[f] < *first) *first = jobs[i].failures[f];
    }
    return failed;
}

/* Runs a seed in a process of its own; the trial's verdict and script come back in *out. */
static bool try_apart(const plan *p, uint64_t seed, uint64_t left_out, weir_sim_trial *out)
{
    int status;
    fflush(NULL);
    const pid_t process = fork();
    if (process < 0) return true;
    if (process == 0) {
        if (!freopen("/dev/null", "w", stderr)) _exit(1);
        /* In the shared memory itself: the script is there even if the process dies. */
        if (try_seed(p, seed, left_out, out) && has_leaked()) weir_sim_fail(out, "memory was lost");
        _exit(0);
    }
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        out->failed = true;
        snprintf(out->why, sizeof out->why, "it ended the process");
    }
    return !out->failed;
}

/* Takes out of the script what is not needed for the failure. */
static uint64_t shrink(const plan *p, uint64_t seed, weir_sim_trial *shared)
{
    uint64_t left_out = p->left_out;
    for (size_t i = 0; i < shared->fault_count; i++) {
        const uint64_t without = left_out | UINT64_C(1) << i;
        weir_sim_trial before = *shared;
        if (without != left_out && !try_apart(p, seed, without, shared)) {
            left_out = without;
        } else {
            *shared = before;
        }
    }
    return left_out;
}

static void tell_script(const weir_sim_trial *trial, uint64_t left_out)
{
    for (size_t i = 0; i < trial->fault_count; i++) {
        char text[WEIR_DURATION_ROOM];
        if (left_out >> i & 1) continue;
        const weir_sim_fault *fault = &trial->faults[i];
        weir_duration_print(fault->at, text, sizeof text);
        printf("  fault %zu, after %s: %s %s%s%s (%lld)\n", i, text,
               weir_sim_fault_name(fault->kind), trial->hosts[i][0],
               trial->hosts[i][1] ? " to " : "", trial->hosts[i][1] ? trial->hosts[i][1] : "",
               (long long)fault->value);
    }
}

static void tell_failure(const plan *told, uint64_t seed)
{
    weir_sim_trial *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return;
    plan quiet = *told;
    const plan *p = &quiet;
    quiet.files = (sim_trace_files){0};
    try_apart(p, seed, p->left_out, shared);
    printf("seed %llu fails: %s\n", (unsigned long long)seed, shared->why);
    const uint64_t left_out = shrink(p, seed, shared);
    tell_script(shared, left_out);
    printf("repeat: %s --profile %s --seeds %llu..%llu", p->scenario->name,
           weir_sim_profile_name(p->profile), (unsigned long long)seed, (unsigned long long)seed);
    const char *separator = " --without ";
    for (int i = 0; i < WEIR_SIM_TRIAL_FAULTS; i++) {
        if (!(left_out >> i & 1)) continue;
        printf("%s%d", separator, i);
        separator = ",";
    }
    printf("\nsee it: the same with --trace FILE (text; - is standard output) or --svg FILE\n");
    munmap(shared, sizeof *shared);
}

static bool read_seeds(const char *text, plan *p)
{
    char *end;
    p->first = p->last = strtoull(text, &end, 0);
    if (strncmp(end, "..", 2) == 0) p->last = strtoull(end + 2, &end, 0);
    /* Not so many that their number, and of those that failed last time, cannot be counted. */
    return *end == 0 && p->last >= p->first && p->last - p->first <= UINT64_MAX / 2;
}

static bool read_left_out(const char *text, plan *p)
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

static bool read_profile(const char *text, plan *p)
{
    const int profile = weir_sim_profile_parse(text);
    if (profile >= 0) p->profile = (weir_sim_profile)profile;
    return profile >= 0;
}

static bool read_jobs(const char *text, plan *p)
{
    p->jobs = (unsigned)strtoul(text, NULL, 10);
    return p->jobs > 0 && p->jobs <= MOST_JOBS;
}

static bool read_trace(const char *text, plan *p)
{
    p->files.text = text;
    return true;
}

static bool read_picture(const char *text, plan *p)
{
    p->files.picture = text;
    return true;
}

static bool read_window(const char *text, plan *p)
{
    return weir_sim_trace_files_window(&p->files, text);
}

static bool read_hosts(const char *text, plan *p)
{
    p->files.view.hosts = text;
    return true;
}

static bool read_keep(const char *text, plan *p)
{
    p->keep = text;
    return *text != 0;
}

/* Keeps the seeds that have failed in the file. */
static void keep_failures(const plan *p, const job *jobs)
{
    uint64_t seeds[MOST_AGAIN];
    size_t count = 0;
    for (unsigned i = 0; i < p->jobs; i++) {
        for (uint64_t f = 0; f < jobs[i].failed && f < MOST_FAILURES; f++) {
            bool known = count == MOST_AGAIN;
            for (size_t k = 0; k < count; k++) known |= seeds[k] == jobs[i].failures[f];
            if (!known) seeds[count++] = jobs[i].failures[f];
        }
    }
    if (!weir_sim_keep_write(p->keep, p->scenario->name, weir_sim_profile_name(p->profile), seeds,
                             count))
        fprintf(stderr, "weir sim: \"%s\" cannot be written\n", p->keep);
}

static bool read_options(plan *p, int argc, char **argv)
{
    static const struct {
        const char *name;
        bool (*read)(const char *text, plan *p);
    } options[] = {
        {"--seeds", read_seeds},      {"--jobs", read_jobs},     {"--profile", read_profile},
        {"--without", read_left_out}, {"--keep", read_keep},     {"--trace", read_trace},
        {"--svg", read_picture},      {"--window", read_window}, {"--hosts", read_hosts}};
    for (int i = 0; i < argc; i++) {
        bool known = strcmp(argv[i], "--hash") == 0;
        p->hash |= known;
        for (size_t o = 0; o < sizeof options / sizeof *options && !known; o++) {
            if (strcmp(argv[i], options[o].name) != 0 || i + 1 == argc) continue;
            known = options[o].read(argv[i + 1], p);
            i++;
        }
        if (known) continue;
        fprintf(stderr, "weir sim: \"%s\" is not understood\n", argv[i]);
        return false;
    }
    if ((!p->files.text && !p->files.picture) || p->first == p->last) return true;
    fputs("weir sim: --trace and --svg are of a single seed: --seeds N\n", stderr);
    return false;
}

static int list(const weir_sim_scenario *scenarios, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("  %-18s %s\n", scenarios[i].name, scenarios[i].summary);
    return 0;
}

int weir_sim_main(const weir_sim_scenario *scenarios, size_t count, int argc, char **argv)
{
    plan p = {.profile = WEIR_SIM_HOSTILE, .first = 1, .last = 100, .jobs = 1};
    if (argc == 0) return list(scenarios, count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(scenarios[i].name, argv[0]) == 0) p.scenario = &scenarios[i];
    if (!p.scenario) fprintf(stderr, "weir sim: there is no scenario \"%s\"\n", argv[0]);
    if (!p.scenario || !read_options(&p, argc - 1, argv + 1)) return USAGE;
    p.files.scenario = p.scenario->name;
    job *jobs = mmap(NULL, MOST_JOBS * sizeof *jobs, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (jobs == MAP_FAILED) return 1;
    uint64_t first, done;
    if (p.keep)
        p.again_count = weir_sim_keep_read(p.keep, p.scenario->name,
                                           weir_sim_profile_name(p.profile), p.again, MOST_AGAIN);
    p.started = now_ns();
    const uint64_t failed = run_all(&p, jobs, &first, &done), total = total_of(&p);
    if (p.keep && !p.left_out) keep_failures(&p, jobs);
    munmap(jobs, MOST_JOBS * sizeof *jobs);
    printf("%s, %s: %llu seeds, %llu failed\n", p.scenario->name, weir_sim_profile_name(p.profile),
           (unsigned long long)total, (unsigned long long)failed);
    if (failed) tell_failure(&p, first);
    if (done != total)
        fprintf(stderr, "weir sim: only %llu seeds could be run\n", (unsigned long long)done);
    return failed > 0 || done != total;
}
