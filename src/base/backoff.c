/* SPDX-License-Identifier: MIT
 *
 * Backoff: growth in floating point, which saturates by itself, then cut to the cap.
 */
#include <weir/base/backoff.h>

#include <math.h>

#include <weir/base/error.h>

int weir_backoff_init(weir_backoff *backoff, const weir_backoff_options *options)
{
    weir_backoff_options o = *options;
    if (o.factor == 0) o.factor = o.kind == WEIR_BACKOFF_DECORRELATED ? 3 : 2;
    if (o.cap.ns == 0) o.cap = weir_forever();
    if (o.attempts == 0) o.attempts = UINT64_MAX;
    if (o.base.ns <= 0 || o.cap.ns < o.base.ns) return WEIR_EINVAL;
    if (!isfinite(o.factor) || o.factor < 1) return WEIR_EINVAL;
    if ((unsigned)o.kind > WEIR_BACKOFF_FIBONACCI) return WEIR_EINVAL;
    backoff->options = o;
    weir_backoff_reset(backoff);
    return 0;
}

void weir_backoff_reset(weir_backoff *backoff)
{
    backoff->attempt = 0;
    backoff->previous = backoff->options.base;
}

/* ns * times, at most the cap; times >= 1. */
static int64_t grown(const weir_backoff_options *options, int64_t ns, double times)
{
    const double product = (double)ns * times;
    /* Below 2^63 the conversion is defined, and the cap is the exact bound. */
    if (!(product < 0x1p63)) return options->cap.ns;
    int64_t delay = (int64_t)product;
    if (delay < ns) delay = ns; /* a product near ns may be rounded below it */
    return delay < options->cap.ns ? delay : options->cap.ns;
}

/* factor^exponent; infinite when it is too large. */
static double power(double factor, uint64_t exponent)
{
    double result = 1;
    for (; exponent; exponent >>= 1, factor *= factor)
        if (exponent & 1) result *= factor;
    return result;
}

/* The Fibonacci number at `index` (1, 1, 2 …), at most `limit`. */
static uint64_t fibonacci(uint64_t index, uint64_t limit)
{
    uint64_t before = 0, number = 1;
    for (; index && number < limit; index--) {
        const uint64_t next = before + number;
        before = number;
        number = next;
    }
    return number < limit ? number : limit;
}

weir_duration weir_backoff_bound(const weir_backoff *backoff, uint64_t attempt)
{
    const weir_backoff_options *o = &backoff->options;
    if (o->kind == WEIR_BACKOFF_FIBONACCI) {
        /* No number is needed above the first that reaches the cap. */
        const int64_t fits = o->cap.ns / o->base.ns, enough = fits + (fits < INT64_MAX);
        const int64_t n = (int64_t)fibonacci(attempt, (uint64_t)enough);
        return weir_duration_min(weir_duration_scale(o->base, n), o->cap);
    }
    if (o->kind == WEIR_BACKOFF_DECORRELATED && attempt < UINT64_MAX) attempt++;
    return weir_nanoseconds(grown(o, o->base.ns, power(o->factor, attempt)));
}

/* A number from `low` to `high`, both included. */
static int64_t between(int64_t low, int64_t high, uint64_t random)
{
    const unsigned __int128 count = (unsigned __int128)(high - low) + 1;
    return low + (int64_t)((count * random) >> 64);
}

int weir_backoff_next(weir_backoff *backoff, uint64_t random, weir_duration *delay)
{
    const weir_backoff_options *o = &backoff->options;
    if (backoff->attempt >= o->attempts) return WEIR_ELIMIT;
    int64_t ns = weir_backoff_bound(backoff, backoff->attempt).ns;
    if (o->kind == WEIR_BACKOFF_FULL_JITTER) ns = between(0, ns, random);
    if (o->kind == WEIR_BACKOFF_DECORRELATED) {
        ns = between(o->base.ns, grown(o, backoff->previous.ns, o->factor), random);
        backoff->previous.ns = ns;
    }
    backoff->attempt++;
    delay->ns = ns;
    return 0;
}
