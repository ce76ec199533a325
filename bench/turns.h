/* SPDX-License-Identifier: MIT
 *
 * Contenders that do the same work in one thread, taking turns: nanoseconds of processor time for
 * each, and the median of the rounds' ratios to the first peer (above 1, the row is faster).
 */
#ifndef TURNS_H
#define TURNS_H

#include "bench.h"

enum { TURNS_CONTENDERS = 12, TURNS_ROUNDS_MAX = 999, TURNS_RUN = 1000000 /* ns, at least */ };

typedef struct turns_contender {
    const char *name;
    void (*call)(void *context); /* ends the program when it finds something wrong */
    void *context;
    double ns[TURNS_ROUNDS_MAX], ratio[TURNS_ROUNDS_MAX];
    unsigned repeats;
} turns_contender;

typedef struct turns {
    const char *title;
    turns_contender contenders[TURNS_CONTENDERS];
    int count, base; /* base: with whom the others are compared; -1: nobody */
} turns;

static inline void turns_add(turns *t, const char *name, void (*call)(void *), void *context)
{
    if (t->count == TURNS_CONTENDERS) bench_fail("too many contenders", 0);
    t->contenders[t->count++] =
        (turns_contender){.name = name, .call = call, .context = context, .repeats = 1};
}

static inline uint64_t turns_now(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)) bench_fail("clock_gettime", errno);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t turns_run(const turns_contender *one)
{
    uint64_t begin = turns_now();
    for (unsigned i = 0; i < one->repeats; i++) one->call(one->context);
    return turns_now() - begin;
}

static inline int turns_by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline void turns_report(turns *t, int rounds, bool json)
{
    size_t n = (size_t)rounds;
    if (!json)
        printf("%s\n  %-40s %9s %9s %9s %7s %14s\n", t->title, "", "median", "min", "max", "spread",
               t->base >= 0 ? t->contenders[t->base].name : "");
    for (int i = 0; i < t->count; i++) {
        turns_contender *one = &t->contenders[i];
        qsort(one->ns, n, sizeof(double), turns_by_value);
        qsort(one->ratio, n, sizeof(double), turns_by_value);
        double median = one->ns[n / 2], ratio = t->base >= 0 ? one->ratio[n / 2] : 0;
        double spread = (one->ns[n * 3 / 4] - one->ns[n / 4]) / median * 100;
        if (json)
            printf("{\"peer\": \"%s\", \"ns\": {\"median\": %.2f, \"min\": %.2f, \"max\": %.2f}, "
                   "\"spread_percent\": %.1f, \"ratio\": %.3f}\n",
                   one->name, median, one->ns[0], one->ns[n - 1], spread, ratio);
        else
            printf("  %-40s %9.1f %9.1f %9.1f %6.1f%% %13.2fx\n", one->name, median, one->ns[0],
                   one->ns[n - 1], spread, ratio);
    }
}

/* Each contender runs for a millisecond at least in each round, after a run that is not counted,
 * and each goes first in its turn. */
static inline void turns_measure(turns *t, int rounds, bool json)
{
    for (int i = 0; i < t->count; i++)
        while (turns_run(&t->contenders[i]) < TURNS_RUN) t->contenders[i].repeats *= 2;
    for (int round = 0; round < rounds; round++) {
        for (int k = 0; k < t->count; k++) {
            turns_contender *one = &t->contenders[(round + k) % t->count];
            turns_run(one);
            one->ns[round] = (double)turns_run(one) / one->repeats;
        }
        for (int i = 0; t->base >= 0 && i < t->count; i++)
            t->contenders[i].ratio[round] =
                t->contenders[t->base].ns[round] / t->contenders[i].ns[round];
    }
    turns_report(t, rounds, json);
}

#endif
