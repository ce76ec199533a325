/* SPDX-License-Identifier: MIT
 *
 * Counting what the worlds have seen, over all seeds of a run, so that none passes for want of
 * anything to check.
 *
 * The jobs of a run are processes: the counters are in memory that they share, which main.c makes.
 * A program that makes none counts nothing.
 */
#ifndef WEIR_TEST_WORLDS_TALLY_H
#define WEIR_TEST_WORLDS_TALLY_H

#include <stdint.h>

/* Makes the counters, before the jobs are.  Returns 0, or a negative error. */
int worlds_tally_begin(void);

/* A trial has begun. */
void worlds_tally_trial(void);

/* Adds to a counter. */
void worlds_tally(const char *name, uint64_t amount);

/* In a run of at least so many trials the counter must not be 0. */
void worlds_tally_expect(const char *name, uint64_t trials);

/* Tells on standard output which expectations were not met.  Returns how many. */
int worlds_tally_check(void);

#endif
