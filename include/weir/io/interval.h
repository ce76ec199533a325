/* SPDX-License-Identifier: MIT
 *
 * Intervals: a tick every so often on the monotonic clock.
 *
 *      weir_interval interval;
 *      weir_interval_init(io, &interval, weir_seconds(10), NULL);
 *      while (weir_interval_tick(io, &interval) >= 0) report(io);
 *
 * Ticks stand in a schedule and not "a period after the last one", so what is done in between does
 * not make them drift.  What happens when it takes longer than a period is the policy.  With a
 * period of 10, ticks due at 10, 20, 30 … , and a task that comes for the tick of 20 only at 47:
 *
 *      BURST   20 at 47, 30 at 47, 40 at 47, 50 at 50, 60 at 60: all come, the late ones at once
 *      SKIP    20 at 47,                     50 at 50, 60 at 60: 30 and 40 are left out
 *      DELAY   20 at 47, then 57, 67, 77: a full period lies between the end of one wait and the
 *              next tick; the schedule moves a little with every tick
 *
 * Resolution: that of weir_sleep_until (clock.h); no tick is early.
 */
#ifndef WEIR_IO_INTERVAL_H
#define WEIR_IO_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What becomes of ticks for which nobody came. */
typedef enum weir_missed {
    WEIR_MISSED_BURST, /* they come at once, one after the other */
    WEIR_MISSED_SKIP,  /* they are left out; the schedule stays */
    WEIR_MISSED_DELAY, /* the schedule begins anew with each tick */
} weir_missed;

/* How to tick; the zero value is the default of each member. */
typedef struct weir_interval_options {
    bool first_immediately; /* the first tick is due now.  Default: a period from now */
    weir_missed missed;     /* default: BURST */
} weir_interval_options;

/* An interval.  A plain value, used by one task at a time. */
typedef struct weir_interval {
    weir_duration period;
    weir_instant next; /* when the next tick is due */
    weir_missed missed;
} weir_interval;

/* Begins an interval.  `options` may be NULL.
 * Returns 0; WEIR_EINVAL: the period is not above 0, or the policy unknown.  A period of forever
 * never ticks, but for a first one that is due immediately.
 * Never waits.  From any thread. */
int weir_interval_init(weir_io *io, weir_interval *interval, weir_duration period,
                       const weir_interval_options *options);

/* Waits for the next tick; when it is due already, returns at once.
 *
 * Returns by how many whole periods the tick is late, mostly 0.  Under SKIP these are the ticks
 * that are left out, under BURST those which are yet to come at once. Errors: WEIR_ECANCELED,
 * WEIR_EDEADLINE when a scope expires first: the tick is still to come. A cancellation point.  From
 * a task of `io`. */
int64_t weir_interval_tick(weir_io *io, weir_interval *interval);

/* Makes the next tick due a period from now.  Never waits.  From any thread. */
void weir_interval_reset(weir_io *io, weir_interval *interval);

/* Fills an op that completes with 0 when the next tick is due, for weir_select or a queue; whoever
 * takes its completion then calls weir_interval_taken.  Never waits. */
void weir_interval_op(const weir_interval *interval, weir_op *op);

/* Takes the tick that is due.
 * Returns as weir_interval_tick; WEIR_EAGAIN: none is due.  Never waits.  From any thread. */
int64_t weir_interval_taken(weir_io *io, weir_interval *interval);

/* weir_interval_taken at the instant `now`: the arithmetic alone. */
int64_t weir_interval_advance(weir_interval *interval, weir_instant now);

#ifdef __cplusplus
}
#endif
#endif
