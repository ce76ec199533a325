/* SPDX-License-Identifier: MIT
 *
 * Reading clocks, and converting spans without overflow.
 */
#include "io/posix/clock.h"

#include <limits.h>

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

weir_instant weir_posix_now(int clock)
{
    clockid_t id = clock == WEIR_CLOCK_REAL   ? CLOCK_REALTIME
                   : clock == WEIR_CLOCK_BOOT ? CLOCK_BOOTTIME
                                              : CLOCK_MONOTONIC;
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
