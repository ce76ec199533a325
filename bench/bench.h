/* SPDX-License-Identifier: MIT
 *
 * What the programs of bench/ share: clock, failing with a reason, numbers and words from the
 * command line, and what /proc tells about a process.
 */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Nanoseconds on the monotonic clock. */
static inline uint64_t bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Ends the program: "what: text of errno `code`", or "what" alone for code 0. */
_Noreturn static inline void bench_fail(const char *what, int code)
{
    if (code)
        fprintf(stderr, "%s: %s\n", what, strerror(code));
    else
        fprintf(stderr, "%s\n", what);
    exit(1);
}

/* Memory that is there, or the end of the program. */
static inline void *bench_alloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) bench_fail("memory", ENOMEM);
    return memory;
}

/* The number that `text` holds, within [low, high]. */
static inline double bench_number(const char *option, const char *text, double low, double high)
{
    char *end = NULL;
    double value = text ? strtod(text, &end) : 0;
    if (!text || end == text || *end || !(value >= low && value <= high)) {
        fprintf(stderr, "%s needs a number from %g to %g\n", option, low, high);
        exit(2);
    }
    return value;
}

/* Raises the limit on descriptors to `wanted`, or as far as it goes; returns it. */
static inline size_t bench_raise_descriptors(size_t wanted)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted) return limit.rlim_cur;
    struct rlimit raised = {wanted, limit.rlim_max > wanted ? limit.rlim_max : wanted};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return wanted;
    raised = (struct rlimit){limit.rlim_max, limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &raised);
    return limit.rlim_max;
}

/* Resident bytes of a process.  From smaps_rollup, which walks the page tables; the counter in
 * status is kept per processor and lags.  0 when the process is gone. */
static inline uint64_t bench_resident(int pid)
{
    char path[64], line[256];
    unsigned long long kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, "Rss:", 4)) kilobytes = strtoull(line + 4, NULL, 10);
    fclose(file);
    return kilobytes * 1024;
}

typedef struct bench_cpu {
    double user, kernel; /* seconds of all threads, ended ones too */
} bench_cpu;

/* Processor time from /proc/PID/stat (proc(5)), of which `first` is the first field: 14, that of
 * the process, 16, that of the children it has waited for. */
static inline bench_cpu bench_cpu_field(int pid, int first)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) bench_fail(path, errno);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = 0;
    char *at = strrchr(text, ')'); /* the name before it may hold blanks */
    for (int field = 2; at && field < first; field++) at = strchr(at + 1, ' ');
    if (!at) bench_fail(path, EINVAL);
    double tick = (double)sysconf(_SC_CLK_TCK);
    double user = (double)strtoull(at, &at, 10), kernel = (double)strtoull(at, NULL, 10);
    return (bench_cpu){user / tick, kernel / tick};
}

/* Processor time that a process has used. */
static inline bench_cpu bench_cpu_of(int pid)
{
    return bench_cpu_field(pid, 14);
}

/* The same, with its children that live and those it has waited for: servers that fork. */
static inline bench_cpu bench_cpu_of_all(int pid)
{
    char path[64];
    int child;
    bench_cpu sum = bench_cpu_of(pid), ended = bench_cpu_field(pid, 16);
    sum.user += ended.user;
    sum.kernel += ended.kernel;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    FILE *file = fopen(path, "r");
    while (file && fscanf(file, "%d", &child) == 1) {
        bench_cpu one = bench_cpu_of(child);
        sum.user += one.user;
        sum.kernel += one.kernel;
    }
    if (file) fclose(file);
    return sum;
}

#endif
