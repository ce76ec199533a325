/* SPDX-License-Identifier: MIT
 *
 * The kernel's clocks, and spans of time in the kernel's form.
 */
#ifndef IO_POSIX_CLOCK_H
#define IO_POSIX_CLOCK_H

#include <stdint.h>
#include <time.h>

#include <weir/base/time.h>
#include <weir/io/clock.h>

/* The present time on a weir_clock; an unknown clock is the monotonic one.  Any thread. */
weir_instant weir_posix_now(int clock);

/* A span as a timespec; negative ones are 0. */
struct timespec weir_posix_timespec(int64_t ns);

/* A span in milliseconds, rounded up, for poll(2) and epoll_wait(2): -1 for WEIR_FOREVER_NS, at
 * most INT_MAX. */
int weir_posix_milliseconds(int64_t ns);

#endif
