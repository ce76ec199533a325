/* SPDX-License-Identifier: MIT
 *
 * Seeds over processes, and progress.
 *
 * Each job is a process, so that a crash of the program under test is one failing seed.  It tells
 * where it is in memory that it shares with the runner, which starts it again behind the seed at
 * which it died.  A job whose seed has failed ends, too: neither the world that failed nor what was
 * done to memory is there for the next seed.
 */
#include "io/sim/runner_seeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/sim/runner_process.h"

/* There when the program was built with a sanitizer that finds leaks. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

/* What a job tells; in shared memory, written by the job alone while it lives. */
typedef struct job {
    sim_process process;
    uint64_t at; /* the number of the trial that it is at: sim_plan_seed */
    uint64_t done, failed;
    bool unwritten; /* a file that was asked for */
    sim_failure failures[SIM_MOST_FAILURES];
    sim_tally tally;
} job;

bool weir_sim_run_seed(const sim_plan *p, uint64_t seed, uint64_t left_out, weir_sim_trial *trial,
                       sim_tally *tally)
{
    uint64_t hash;
    *trial = (weir_sim_trial){
        .seed = seed, .profile = p->profile, .left_out = left_out, .all_bytes = p->hash};
    weir_sim_trace_files_open(&p->files, trial);
    const bool good = weir_sim_try(p->scenario, trial, &hash);
    weir_sim_trace_files_close(&p->files, trial);
    if (p->hash) {
        printf("%llu %016llx\n", (unsigned long long)seed, (unsigned long long)hash);
        fflush(stdout); /* a line at a time: the jobs share the output */
    }
    if (tally && trial->sim) weir_sim_tally_add_world(tally, weir_sim_tally_all(trial->sim));
    /* What has failed may not be fit to be destroyed. */
    if (!good) return false;
    weir_sim_destroy(trial->sim);
    trial->sim = NULL;
    return true;
}

bool weir_sim_has_leaked(void)
{
    return __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check();
}

static void note_failure(const sim_plan *p, job *j, const char *why)
{
    if (j->failed < SIM_MOST_FAILURES) {
        sim_failure *failure = &j->failures[j->failed];
        failure->seed = sim_plan_seed(p, j->at);
        snprintf(failure->why, sizeof failure->why, "%s", why);
    }
    j->failed++;
}

/* The trial that the job is at is done. */
static void step(const sim_plan *p, job *j)
{
    __atomic_fetch_add(&j->done, 1, __ATOMIC_RELAXED);
    j->at += p->jobs;
}

static _Noreturn void run_job(const sim_plan *p, job *j)
{
    weir_sim_trial trial;
    bool good = true;
    while (good && j->at < sim_plan_total(p)) {
        weir_sim_process_mark(&j->process, true);
        good = weir_sim_run_seed(p, sim_plan_seed(p, j->at), p->left_out, &trial, &j->tally);
        weir_sim_process_mark(&j->process, false);
        j->unwritten |= trial.unwritten;
        if (good && weir_sim_has_leaked()) {
            weir_sim_fail(&trial, "memory was lost");
            good = false;
        }
        if (!good) note_failure(p, j, trial.why);
        step(p, j);
    }
    weir_sim_process_end(&j->process);
}

/* Starts the job if it has anything to do. */
static void start_job(const sim_plan *p, job *j)
{
    if (j->at < sim_plan_total(p) && weir_sim_process_start(&j->process) == 0) run_job(p, j);
}

/* A job has ended: by itself, or because its seed killed it. */
static void follow_up(const sim_plan *p, job *j)
{
    char why[sizeof j->failures->why];
    if (weir_sim_process_failed(&j->process, why, sizeof why)) {
        if (p->jobs > 1 || !isatty(STDERR_FILENO))
            fprintf(stderr, "weir sim: seed %llu: %s\n",
                    (unsigned long long)sim_plan_seed(p, j->at), why);
        note_failure(p, j, why);
        step(p, j);
    }
    start_job(p, j);
}

/* The line that counts; only for a person to see. */
static void tell_progress(const sim_plan *p, const job *jobs)
{
    uint64_t done = 0, failed = 0;
    for (unsigned i = 0; i < p->jobs; i++) {
        done += __atomic_load_n(&jobs[i].done, __ATOMIC_RELAXED);
        failed += __atomic_load_n(&jobs[i].failed, __ATOMIC_RELAXED);
    }
    const int64_t passed = weir_sim_real_ns() - p->started;
    fprintf(
        stderr, "\r%s, %s: %llu of %llu seeds, %llu per second, %llu failed\033[K",
        p->scenario->name, weir_sim_profile_name(p->profile), (unsigned long long)done,
        (unsigned long long)sim_plan_total(p),
        (unsigned long long)(passed > 0 ? (__uint128_t)done * 1000000000 / (uint64_t)passed : 0),
        (unsigned long long)failed);
}

static void run_jobs(const sim_plan *p, job *jobs)
{
    const bool is_seen = isatty(STDERR_FILENO);
    bool live = true;
    for (unsigned i = 0; i < p->jobs; i++) {
        jobs[i].at = i;
        jobs[i].process.limit = p->limit;
        start_job(p, &jobs[i]);
    }
    while (live) {
        live = false;
        for (unsigned i = 0; i < p->jobs; i++) {
            job *j = &jobs[i];
            if (j->process.id && weir_sim_process_look(&j->process)) follow_up(p, j);
            live |= j->process.id != 0;
        }
        if (live) weir_sim_processes_wait();
        if (is_seen) tell_progress(p, jobs);
    }
    if (is_seen) fprintf(stderr, "\r\033[K");
}

static int by_seed(const void *left, const void *right)
{
    const sim_failure *a = left, *b = right;
    return (a->seed > b->seed) - (a->seed < b->seed);
}

static void collect(const sim_plan *p, const job *jobs, sim_outcome *out)
{
    for (unsigned i = 0; i < p->jobs; i++) {
        const job *j = &jobs[i];
        out->done += j->done;
        out->failed += j->failed;
        out->unwritten |= j->unwritten;
        weir_sim_tally_add(&out->tally, &j->tally);
        for (uint64_t f = 0; f < j->failed && f < SIM_MOST_FAILURES; f++)
            out->failures[out->count++] = j->failures[f];
    }
    qsort(out->failures, out->count, sizeof out->failures[0], by_seed);
}

bool weir_sim_run_seeds(const sim_plan *p, sim_outcome *out)
{
    const size_t size = p->jobs * sizeof(job);
    job *jobs = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (jobs == MAP_FAILED) return false;
    weir_sim_processes_open();
    run_jobs(p, jobs);
    weir_sim_processes_close();
    collect(p, jobs, out);
    munmap(jobs, size);
    return true;
}
