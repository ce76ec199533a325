/* SPDX-License-Identifier: MIT
 *
 * Durations and instants: two types that cannot be mixed up, both in nanoseconds.
 *
 * All arithmetic saturates: the far ends are WEIR_FOREVER and its negative.  Pure: reading a clock
 * is weir_now (io/clock.h).
 */
#ifndef WEIR_BASE_TIME_H
#define WEIR_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A length of time; may be negative. */
typedef struct weir_duration {
    int64_t ns;
} weir_duration;

/* A point on one clock; which clock is said where the value comes from. */
typedef struct weir_instant {
    int64_t ns;
} weir_instant;

/* A deadline: an instant on the monotonic clock (WEIR_CLOCK_MONOTONIC), absolute, so that it can
 * travel down through calls unchanged.  weir_never() is no deadline. */
typedef weir_instant weir_deadline;

#define WEIR_FOREVER_NS INT64_MAX

/* a * b, saturating; b > 0. */
static inline int64_t weir_time_scale(int64_t a, int64_t b)
{
    int64_t product;
    if (!__builtin_mul_overflow(a, b, &product)) return product;
    return a < 0 ? INT64_MIN : INT64_MAX;
}

/* a + b, saturating. */
static inline int64_t weir_time_sum(int64_t a, int64_t b)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return a < 0 ? INT64_MIN : INT64_MAX;
}

/* `n` nanoseconds. */
static inline weir_duration weir_nanoseconds(int64_t n)
{
    weir_duration d = {n};
    return d;
}

/* `n` microseconds, saturating. */
static inline weir_duration weir_microseconds(int64_t n)
{
    weir_duration d = {weir_time_scale(n, 1000)};
    return d;
}

/* `n` milliseconds, saturating. */
static inline weir_duration weir_milliseconds(int64_t n)
{
    weir_duration d = {weir_time_scale(n, 1000000)};
    return d;
}

/* `n` seconds, saturating. */
static inline weir_duration weir_seconds(int64_t n)
{
    weir_duration d = {weir_time_scale(n, 1000000000)};
    return d;
}

/* No deadline: an instant that never comes. */
static inline weir_deadline weir_never(void)
{
    weir_deadline d = {WEIR_FOREVER_NS};
    return d;
}

/* Whether a deadline is none. */
static inline bool weir_is_never(weir_deadline d)
{
    return d.ns == WEIR_FOREVER_NS;
}

/* The instant `d` after `t`; never stays never. */
static inline weir_instant weir_instant_add(weir_instant t, weir_duration d)
{
    weir_instant r = {t.ns == WEIR_FOREVER_NS ? t.ns : weir_time_sum(t.ns, d.ns)};
    return r;
}

/* The time from `from` to `to`, saturating; negative when `to` lies before `from`. */
static inline weir_duration weir_instant_until(weir_instant from, weir_instant to)
{
    int64_t ns;
    if (__builtin_sub_overflow(to.ns, from.ns, &ns)) ns = to.ns < 0 ? INT64_MIN : INT64_MAX;
    return weir_nanoseconds(ns);
}

/* The earlier of two instants of the same clock. */
static inline weir_instant weir_instant_min(weir_instant a, weir_instant b)
{
    return a.ns < b.ns ? a : b;
}

#ifdef __cplusplus
}
#endif
#endif
