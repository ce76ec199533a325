/* SPDX-License-Identifier: MIT
 *
 * Durations and instants: two types that cannot be mixed up, both in nanoseconds.
 *
 * All arithmetic saturates at the ends of int64_t, which are 292 years away.  The far end is
 * WEIR_FOREVER_NS: as a duration it is "forever", as an instant "never".  It is not a number that
 * arithmetic wears down:
 *
 *      forever + d, d + forever, forever - d    forever, also for d = forever and negative d
 *      d - forever, -forever                    INT64_MIN, the negative end, an ordinary number
 *      forever * n                              forever for n > 0, 0 for 0, INT64_MIN for n < 0
 *      forever in any other unit                WEIR_FOREVER_NS
 *      never + d, never - d                     never
 *      t + forever                              never
 *      t - forever                              INT64_MIN: before everything
 *      from t until never                       forever, also from never
 *
 * A result that overflows upwards is forever.  Comparisons take forever as the largest number.
 * Pure: reading a clock is weir_now (io/clock.h).  All functions: from any thread, never wait.
 */
#ifndef WEIR_BASE_TIME_H
#define WEIR_BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/error.h>

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

/* a - b, saturating. */
static inline int64_t weir_time_difference(int64_t a, int64_t b)
{
    int64_t difference;
    if (!__builtin_sub_overflow(a, b, &difference)) return difference;
    return a < 0 ? INT64_MIN : INT64_MAX;
}

/* Durations -------------------------------------------------------------------------------- */

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

/* `n` minutes, saturating. */
static inline weir_duration weir_minutes(int64_t n)
{
    weir_duration d = {weir_time_scale(n, 60 * (int64_t)1000000000)};
    return d;
}

/* `n` hours, saturating. */
static inline weir_duration weir_hours(int64_t n)
{
    weir_duration d = {weir_time_scale(n, 3600 * (int64_t)1000000000)};
    return d;
}

/* `n` days of 24 hours, saturating. */
static inline weir_duration weir_days(int64_t n)
{
    weir_duration d = {weir_time_scale(n, 86400 * (int64_t)1000000000)};
    return d;
}

/* A duration that never ends. */
static inline weir_duration weir_forever(void)
{
    weir_duration d = {WEIR_FOREVER_NS};
    return d;
}

/* Whether a duration is forever. */
static inline bool weir_is_forever(weir_duration d)
{
    return d.ns == WEIR_FOREVER_NS;
}

/* a + b. */
static inline weir_duration weir_duration_add(weir_duration a, weir_duration b)
{
    if (weir_is_forever(a) || weir_is_forever(b)) return weir_forever();
    return weir_nanoseconds(weir_time_sum(a.ns, b.ns));
}

/* -d. */
static inline weir_duration weir_duration_negate(weir_duration d)
{
    if (weir_is_forever(d)) return weir_nanoseconds(INT64_MIN);
    return weir_nanoseconds(weir_time_difference(0, d.ns));
}

/* a - b. */
static inline weir_duration weir_duration_sub(weir_duration a, weir_duration b)
{
    if (weir_is_forever(a)) return a;
    if (weir_is_forever(b)) return weir_nanoseconds(INT64_MIN);
    return weir_nanoseconds(weir_time_difference(a.ns, b.ns));
}

/* d * n; n may be negative. */
static inline weir_duration weir_duration_scale(weir_duration d, int64_t n)
{
    int64_t product;
    if (weir_is_forever(d) && n < 0) return weir_nanoseconds(INT64_MIN);
    if (!__builtin_mul_overflow(d.ns, n, &product)) return weir_nanoseconds(product);
    return weir_nanoseconds((d.ns < 0) == (n < 0) ? INT64_MAX : INT64_MIN);
}

/* -1, 0 or 1: whether `a` is shorter than, equal to or longer than `b`. */
static inline int weir_duration_compare(weir_duration a, weir_duration b)
{
    return (a.ns > b.ns) - (a.ns < b.ns);
}

/* The shorter of two. */
static inline weir_duration weir_duration_min(weir_duration a, weir_duration b)
{
    return a.ns < b.ns ? a : b;
}

/* The longer of two. */
static inline weir_duration weir_duration_max(weir_duration a, weir_duration b)
{
    return a.ns > b.ns ? a : b;
}

/* ns / unit toward zero; unit > 0. */
static inline int64_t weir_time_quotient(int64_t ns, int64_t unit)
{
    return ns == WEIR_FOREVER_NS ? ns : ns / unit;
}

/* ns / unit toward the larger number; unit > 0. */
static inline int64_t weir_time_quotient_up(int64_t ns, int64_t unit)
{
    return ns == WEIR_FOREVER_NS ? ns : ns / unit + (ns % unit > 0);
}

/* To an integer of one unit: how many whole ones it holds, toward zero (1999 us are 1 ms, -1999 us
 * are -1 ms).  The calls in _up give the fewest that are no shorter (1001 us are 2 ms, -1999 us are
 * -1 ms): for an interface that is coarser than the duration and takes 0 as "none", or must not be
 * early. */

/* In nanoseconds. */
static inline int64_t weir_duration_to_nanoseconds(weir_duration d)
{
    return d.ns;
}

/* In whole microseconds, toward zero. */
static inline int64_t weir_duration_to_microseconds(weir_duration d)
{
    return weir_time_quotient(d.ns, 1000);
}

/* In whole milliseconds, toward zero. */
static inline int64_t weir_duration_to_milliseconds(weir_duration d)
{
    return weir_time_quotient(d.ns, 1000000);
}

/* In whole seconds, toward zero. */
static inline int64_t weir_duration_to_seconds(weir_duration d)
{
    return weir_time_quotient(d.ns, 1000000000);
}

/* In microseconds, rounded up. */
static inline int64_t weir_duration_to_microseconds_up(weir_duration d)
{
    return weir_time_quotient_up(d.ns, 1000);
}

/* In milliseconds, rounded up. */
static inline int64_t weir_duration_to_milliseconds_up(weir_duration d)
{
    return weir_time_quotient_up(d.ns, 1000000);
}

/* In seconds, rounded up. */
static inline int64_t weir_duration_to_seconds_up(weir_duration d)
{
    return weir_time_quotient_up(d.ns, 1000000000);
}

/* Room for every text of weir_duration_print, with its NUL. */
#define WEIR_DURATION_ROOM 24

/* Writes a duration for a person, NUL-terminated, cut to `size` (0 writes nothing):
 *
 *      below a minute   the largest of ns, us, ms, s that fits once, with up to 3 decimals, cut and
 *                       not rounded, without zeros at their end: "250 ns", "1.5 ms", "59.999 s"
 *      from a minute    the largest of d, h, min, and the next smaller unit if it is not 0, the
 * rest cut: "2 h 3 min", "1 min 30 s", "1 d 1 h" 0, negative ones, the two ends   "0 s",
 * "-5 ms", "forever", "-forever"
 *
 * Returns the length of the whole text. */
size_t weir_duration_print(weir_duration d, char *out, size_t size);

/* Instants --------------------------------------------------------------------------------- */

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

/* The instant `d` after `t`. */
static inline weir_instant weir_instant_add(weir_instant t, weir_duration d)
{
    if (weir_is_never(t) || weir_is_forever(d)) return weir_never();
    weir_instant r = {weir_time_sum(t.ns, d.ns)};
    return r;
}

/* The instant `d` before `t`. */
static inline weir_instant weir_instant_sub(weir_instant t, weir_duration d)
{
    weir_instant r = {INT64_MIN};
    if (weir_is_never(t)) return t;
    if (!weir_is_forever(d)) r.ns = weir_time_difference(t.ns, d.ns);
    return r;
}

/* The time from `from` to `to`; negative when `to` lies before `from`. */
static inline weir_duration weir_instant_until(weir_instant from, weir_instant to)
{
    if (weir_is_never(to)) return weir_forever();
    return weir_nanoseconds(weir_time_difference(to.ns, from.ns));
}

/* The time that has passed at `now` since `start`: 0, and not less, when `start` is yet to come. */
static inline weir_duration weir_instant_since(weir_instant now, weir_instant start)
{
    if (now.ns <= start.ns) return weir_nanoseconds(0);
    return weir_instant_until(start, now);
}

/* -1, 0 or 1: whether `a` comes before, with or after `b`; instants of the same clock. */
static inline int weir_instant_compare(weir_instant a, weir_instant b)
{
    return (a.ns > b.ns) - (a.ns < b.ns);
}

/* The earlier of two instants of the same clock. */
static inline weir_instant weir_instant_min(weir_instant a, weir_instant b)
{
    return a.ns < b.ns ? a : b;
}

/* The later of two instants of the same clock. */
static inline weir_instant weir_instant_max(weir_instant a, weir_instant b)
{
    return a.ns > b.ns ? a : b;
}

/* Deadlines: `now` is the time on the monotonic clock ---------------------------------------- */

/* The time left: 0, and not less, when it has passed; forever for weir_never(). */
static inline weir_duration weir_deadline_remaining(weir_deadline deadline, weir_instant now)
{
    if (weir_is_never(deadline)) return weir_forever();
    return weir_instant_since(deadline, now);
}

/* Whether it has passed: from its very instant on.  weir_never() does not pass. */
static inline bool weir_deadline_passed(weir_deadline deadline, weir_instant now)
{
    return !weir_is_never(deadline) && deadline.ns <= now.ns;
}

/* Returns 0, or WEIR_EDEADLINE when it has passed. */
static inline int weir_deadline_check(weir_deadline deadline, weir_instant now)
{
    return weir_deadline_passed(deadline, now) ? WEIR_EDEADLINE : 0;
}

/* The deadline moved by `by`, which may be negative; weir_never() stays. */
static inline weir_deadline weir_deadline_extend(weir_deadline deadline, weir_duration by)
{
    return weir_instant_add(deadline, by);
}

#ifdef __cplusplus
}
#endif
#endif
