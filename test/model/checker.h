/* SPDX-License-Identifier: MIT
 *
 * A stateless model checker: runs a few small threads in every order that their atomic accesses
 * can happen in, and says whether a check failed or all got stuck in one of them.
 *
 * A thread is a coroutine that stops before each access to shared memory; the checker chooses who
 * goes on.  One choice after the other is one schedule; a schedule is run from the beginning, then
 * the last choice that has an alternative is changed, until none is left (depth first).  Memory is
 * sequentially consistent: each access happens at once, for all.
 *
 * Without a bound on preemptions the search leaves out what differs only in the order of accesses
 * that do not meet (sleep sets: Godefroid, 1996).  With one it runs the schedules in which at most
 * so many threads are stopped that could have gone on.
 *
 * Code under test includes "test/model/atomics.h" before the headers that hold it.  Rules for a
 * scenario: threads share nothing but what is accessed through atomics.h; the same choices lead to
 * the same run; no access happens without end while all others stand still.
 */
#ifndef WEIR_TEST_MODEL_CHECKER_H
#define WEIR_TEST_MODEL_CHECKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/fiber/switch.h"

enum {
    MODEL_MOST_THREADS = 5,
    MODEL_ALL = -1, /* scenario.preemptions: every schedule */
};

typedef enum model_kind {
    MODEL_LOAD,
    MODEL_STORE,
    MODEL_UPDATE, /* reads and writes in one step */
    MODEL_FREE,   /* ends the memory's life: comes before or after everything else */
} model_kind;

typedef struct model_access {
    model_kind kind;
    const void *address;
    size_t size;
    uintptr_t value;                    /* what is written: STORE, and UPDATE if it succeeds */
    const char *place;                  /* "file:line" */
    bool (*ready)(const void *address); /* the access waits until this holds; NULL: it does not */
} model_access;

/* What becomes of an access. */
typedef enum model_act {
    MODEL_AS_WRITTEN,
    MODEL_DROPPED, /* nothing is written; an update says that it succeeded */
    MODEL_FORCED,  /* a load finds 0, a compare-and-swap does not compare */
} model_act;

typedef struct model_scenario {
    const char *name;
    int preemptions;     /* at most so many, or MODEL_ALL */
    void (*begin)(void); /* before each schedule: makes all memory fresh */
    struct {
        const char *name;
        void (*run)(void);
    } threads[MODEL_MOST_THREADS]; /* up to the first without `run` */
    void (*end)(void);             /* after each schedule in which all threads returned */
    void **local;                  /* a thread-local variable: NULL in each thread at first */
    /* A mutant: called with each access that a thread is about to make.  NULL: none. */
    model_act (*alter)(int thread, const model_access *access);
} model_scenario;

typedef struct model_result {
    bool failed, unfinished;
    uint64_t schedules; /* run to the end */
    uint64_t pruned;    /* left in the middle: the rest was known */
    uint64_t steps;
    unsigned deepest;
    char why[200];
    char schedule[1024]; /* of the failure: "a3 b1 a2": thread a three steps, then b one … */
} model_result;

/* Runs the schedules of a scenario until one fails or none is left. */
void model_run(const model_scenario *scenario, model_result *result);

/* Runs one schedule, as model_result.schedule writes it; `trace`: prints each step to stderr. */
void model_replay(const model_scenario *scenario, const char *schedule, bool trace,
                  model_result *result);

/* The test of a scenario: runs it, prints how many schedules there were, and fails the test, with
 * the steps of the failure, if one failed.  In the environment: WEIR_MODEL_SCHEDULE="NAME=SCHEDULE"
 * replays that one alone; WEIR_MODEL_PREEMPTIONS is a bound for a deeper search, however long that
 * takes. */
void model_holds(const model_scenario *scenario);

/* The test of a mutant: a failure must be found, and must be found again by its schedule. */
void model_breaks(const model_scenario *scenario);

/* In a scenario ---------------------------------------------------------------------------------
 */

/* Ends the schedule as failed unless `holds`. */
void model_check(bool holds, const char *why);

/* Stops before an access, and says what becomes of it.  Outside of a thread: as written. */
model_act model_step(model_kind kind, const volatile void *address, size_t size, uintptr_t value,
                     const char *place);

/* Stops until `ready` holds; nobody runs between its success and the return. */
void model_wait(bool (*ready)(const void *address), const void *address, size_t size,
                const char *place);

/* Memory whose accesses are no steps: what one thread alone uses, or nobody reads.  From begin. */
void model_ignore(const void *memory, size_t size);

/* Memory whose life ends: who accesses it later fails the schedule. */
void model_free(const void *memory, size_t size, const char *place);

/* Whether model_free has ended the life of this memory. */
bool model_is_freed(const void *memory);

/* A mutant's answer to a store: it happens late, when the thread makes its first access after one
 * to `until`.  One store at a time. */
model_act model_hold_back(const model_access *store, const void *until);

/* A name for an address, for the steps that are printed.  From begin. */
void model_name(const void *address, const char *name);

/* The running thread's context, for code that switches stacks itself: the switch must be told
 * before it is made. */
const weir_fiber_context *model_context(void);
void model_switching_to(weir_fiber_context *context);

#endif
