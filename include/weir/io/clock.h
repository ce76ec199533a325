/* SPDX-License-Identifier: MIT
 *
 * Clocks and sleeping.
 *
 * Resolution: sleeps and deadlines of the evented engine are kept in a wheel of 1 ms ticks, so they
 * end up to 2 ms late and never early; on the threaded engine those of weir_do are as
 * exact as the kernel, and those of ops in a queue are kept in such a wheel, too.
 */
#ifndef WEIR_IO_CLOCK_H
#define WEIR_IO_CLOCK_H

#include <weir/base/time.h>
#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_clock {
    WEIR_CLOCK_MONOTONIC, /* never set back; stops while the machine sleeps (CLOCK_MONOTONIC) */
    WEIR_CLOCK_REAL,      /* since 1970 in UTC; can be set (CLOCK_REALTIME) */
    WEIR_CLOCK_BOOT,      /* monotonic, counts the machine's sleep (CLOCK_BOOTTIME) */
    WEIR_CLOCK_PROCESS,   /* processor time of all threads of the process */
    WEIR_CLOCK_THREAD,    /* processor time of the calling thread: on the evented engine that of
                             the worker, which counts its other tasks, too */
} weir_clock;

/* The present time on a clock.  Never fails, never waits.  From any thread. */
weir_instant weir_now(weir_io *io, weir_clock clock);

/* The deadline that lies `duration` from now on the monotonic clock. */
weir_deadline weir_deadline_after(weir_io *io, weir_duration duration);

/* Waits for `duration`; zero or less returns at once.
 * Returns 0, WEIR_ECANCELED, or WEIR_EDEADLINE when a scope expires first.
 * A cancellation point.  From a task of `io`. */
int weir_sleep(weir_io *io, weir_duration duration);

/* Waits until `when` on the monotonic clock has passed.  Otherwise as weir_sleep. */
int weir_sleep_until(weir_io *io, weir_instant when);

/* Waits until `clock` has reached `when`, an absolute instant: at once when it lies in the past,
 * without end for weir_never().  When the real clock is set, the sleep follows: it ends at once if
 * that reached `when`, and goes on for as long as the clock now says if it was set back.  BOOT ends
 * as soon as the machine wakes, when `when` passed while it slept.
 *
 * Exact to what the kernel's timers are (a timerfd, which the sleep holds); MONOTONIC is
 * weir_sleep_until.
 * Returns 0; WEIR_ECANCELED; WEIR_EDEADLINE when a scope expires first; WEIR_EUNSUPPORTED for the
 * clocks of processor time and unknown ones; WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOMEM.
 * A cancellation point.  From a task of `io`. */
int weir_sleep_until_on(weir_io *io, weir_clock clock, weir_instant when);

#ifdef __cplusplus
}
#endif
#endif
