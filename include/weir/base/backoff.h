/* SPDX-License-Identifier: MIT
 *
 * Backoff: how long to wait before the next attempt.
 *
 *      weir_backoff backoff;
 *      weir_backoff_init(&backoff, &(weir_backoff_options){.base = weir_milliseconds(100)});
 *      while ((error = try_it(io)) < 0) {
 *          weir_duration delay;
 *          uint64_t random;
 *          weir_random(io, &random, sizeof random);
 *          if (weir_backoff_next(&backoff, random, &delay) < 0) break;
 *          if (weir_sleep(io, delay) < 0) break;
 *      }
 *
 * Pure: randomness comes in as a number, so a test can fix it.  No delay overflows, whatever the
 * attempt; no delay is negative or above the cap.
 */
#ifndef WEIR_BASE_BACKOFF_H
#define WEIR_BASE_BACKOFF_H

#include <stdint.h>

#include <weir/base/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How delays grow.  The bound of attempt k (from 0) is weir_backoff_bound; clients that failed
 * together come back together unless there is jitter. */
typedef enum weir_backoff_kind {
    WEIR_BACKOFF_EXPONENTIAL,  /* base * factor^k */
    WEIR_BACKOFF_FULL_JITTER,  /* evenly from 0 to base * factor^k */
    WEIR_BACKOFF_DECORRELATED, /* evenly from base to factor * the delay before (base at first) */
    WEIR_BACKOFF_FIBONACCI,    /* base * 1, 1, 2, 3, 5, 8 … */
} weir_backoff_kind;

/* Zero is the default of each member but `base`. */
typedef struct weir_backoff_options {
    weir_backoff_kind kind;
    weir_duration base; /* above 0 */
    weir_duration cap;  /* no delay is longer; at least `base`.  Default: none */
    double factor;      /* at least 1.  Default: 2, and 3 for DECORRELATED */
    uint64_t attempts;  /* how many delays are given.  Default: without end */
} weir_backoff_options;

/* A sequence of delays.  A plain value, for one thread at a time. */
typedef struct weir_backoff {
    weir_backoff_options options; /* with the defaults filled in */
    uint64_t attempt;             /* how many delays were given */
    weir_duration previous;       /* DECORRELATED: the latest one */
} weir_backoff;

/* Begins a sequence.
 * Returns 0; WEIR_EINVAL: an option is out of its range or unknown. */
int weir_backoff_init(weir_backoff *backoff, const weir_backoff_options *options);

/* Gives the next delay.  `random`: 64 evenly distributed bits, which kinds with jitter use.
 * Returns 0; WEIR_ELIMIT: all attempts are used up, *delay is untouched. */
int weir_backoff_next(weir_backoff *backoff, uint64_t random, weir_duration *delay);

/* Begins the sequence anew: after a success. */
void weir_backoff_reset(weir_backoff *backoff);

/* The longest delay that attempt `attempt` (from 0) can have: for EXPONENTIAL and FIBONACCI the
 * delay itself.  `backoff` was initialised; where its sequence stands does not matter. */
weir_duration weir_backoff_bound(const weir_backoff *backoff, uint64_t attempt);

#ifdef __cplusplus
}
#endif
#endif
