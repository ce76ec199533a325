/* SPDX-License-Identifier: MIT
 *
 * Reading clocks, and converting spans without overflow.
 */
#include "io/posix/clock.h"

#include <limits.h>
#include <stddef.h>

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

weir_instant weir_posix_now(int clock)
{
    static const clockid_t ids[] = {
        [WEIR_CLOCK_MONOTONIC] = CLOCK_MONOTONIC,
        [WEIR_CLOCK_REAL] = CLOCK_REALTIME,
        [WEIR_CLOCK_BOOT] = CLOCK_BOOTTIME,
        [WEIR_CLOCK_PROCESS] = CLOCK_PROCESS_CPUTIME_ID,
        [WEIR_CLOCK_THREAD] = CLOCK_THREAD_CPUTIME_ID,
    };
    clockid_t id = CLOCK_MONOTONIC;
    if (clock >= 0 && (size_t)clock < sizeof ids / sizeof ids[0]) id = ids[clock];
    struct timespec now = {0, 0};
    clock_gettime(id, &now);
    weir_instant instant = {
        weir_time_sum(weir_time_scale((int64_t)now.tv_sec, NS_PER_S), now.tv_nsec)};
    return instant;
}

struct timespec weir_posix_timespec(int64_t ns)
{
    if (ns < 0) ns = 0;
    struct timespec span = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
    return span;
}

int weir_posix_milliseconds(int64_t ns)
{
    if (ns == WEIR_FOREVER_NS) return -1;
    if (ns <= 0) return 0;
    int64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}
