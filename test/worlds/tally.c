/* SPDX-License-Identifier: MIT
 *
 * Counters that processes share.
 *
 * Actors: the jobs, each of which may make a counter and add to it.  Invariant: a name is written
 * once, under the lock; what is looked up without it is a count of names that only grows.
 */
#include "tally.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { COUNTERS = 96, NAME = 40 };

typedef struct counter {
    char name[NAME];
    uint64_t count, expected; /* 0: not expected */
} counter;

typedef struct board {
    uint32_t lock, used;
    uint64_t trials;
    counter counters[COUNTERS];
} board;

static board *all;

int worlds_tally_begin(void)
{
    void *got = mmap(NULL, sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED) return -errno;
    all = got;
    return 0;
}

void worlds_tally_trial(void)
{
    /* Pairs with the load in check, when the jobs have ended. */
    if (all) __atomic_fetch_add(&all->trials, 1, __ATOMIC_RELAXED);
}

static counter *find(const char *name)
{
    /* Pairs with the store below: the names up to it are complete. */
    const uint32_t used = __atomic_load_n(&all->used, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < used; i++)
        if (strncmp(all->counters[i].name, name, NAME - 1) == 0) return &all->counters[i];
    return NULL;
}

/* Finds or makes a counter; NULL when there are too many. */
static counter *counter_of(const char *name)
{
    counter *c = all ? find(name) : NULL;
    if (!all || c) return c;
    /* Other jobs may make the same one: only who has the lock does. */
    while (__atomic_exchange_n(&all->lock, 1, __ATOMIC_ACQUIRE)) {}
    c = find(name);
    if (!c && all->used < COUNTERS) {
        c = &all->counters[all->used];
        snprintf(c->name, sizeof c->name, "%s", name);
        __atomic_store_n(&all->used, all->used + 1, __ATOMIC_RELEASE);
    }
    /* Pairs with the exchange above. */
    __atomic_store_n(&all->lock, 0, __ATOMIC_RELEASE);
    return c;
}

void worlds_tally(const char *name, uint64_t amount)
{
    counter *c = counter_of(name);
    /* Pairs with the additions of other jobs. */
    if (c) __atomic_fetch_add(&c->count, amount, __ATOMIC_RELAXED);
}

void worlds_tally_expect(const char *name, uint64_t trials)
{
    counter *c = counter_of(name);
    /* All jobs store the same. */
    if (c) __atomic_store_n(&c->expected, trials, __ATOMIC_RELAXED);
}

int worlds_tally_check(void)
{
    int missing = 0;
    for (uint32_t i = 0; all && i < all->used; i++) {
        const counter *c = &all->counters[i];
        if (c->count || !c->expected || all->trials < c->expected) continue;
        printf("in %llu seeds never: %s\n", (unsigned long long)all->trials, c->name);
        missing++;
    }
    return missing;
}
