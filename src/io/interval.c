/* SPDX-License-Identifier: MIT
 *
 * Intervals: an instant that moves on, and sleeping until it.
 */
#include <weir/io/interval.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

int weir_interval_init(weir_io *io, weir_interval *interval, weir_duration period,
                       const weir_interval_options *options)
{
    const weir_interval_options defaults = {0};
    if (!options) options = &defaults;
    if (period.ns <= 0 || (unsigned)options->missed > WEIR_MISSED_DELAY) return WEIR_EINVAL;
    interval->period = period;
    interval->missed = options->missed;
    interval->next = weir_now(io, WEIR_CLOCK_MONOTONIC);
    if (!options->first_immediately) interval->next = weir_instant_add(interval->next, period);
    return 0;
}

int64_t weir_interval_tick(weir_io *io, weir_interval *interval)
{
    const weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
    /* Not asleep for nothing: a tick that is due costs no turn of the wheel. */
    const int error = weir_deadline_passed(interval->next, now)
                          ? weir_check(io)
                          : weir_sleep_until(io, interval->next);
    return error ? error : weir_interval_taken(io, interval);
}

void weir_interval_reset(weir_io *io, weir_interval *interval)
{
    interval->next = weir_deadline_after(io, interval->period);
}

void weir_interval_op(const weir_interval *interval, weir_op *op)
{
    weir_op_set(op, WEIR_OP_SLEEP, -1);
    /* 0 means none in an op; every past instant is as good as 1. */
    op->deadline.ns = interval->next.ns > 0 ? interval->next.ns : 1;
}

int64_t weir_interval_taken(weir_io *io, weir_interval *interval)
{
    return weir_interval_advance(interval, weir_now(io, WEIR_CLOCK_MONOTONIC));
}

int64_t weir_interval_advance(weir_interval *interval, weir_instant now)
{
    if (!weir_deadline_passed(interval->next, now)) return WEIR_EAGAIN;
    const int64_t period = interval->period.ns;
    const int64_t late = weir_instant_since(now, interval->next).ns / period;
    weir_instant from = interval->next;
    /* Not beyond `now`, so it cannot overflow. */
    if (interval->missed == WEIR_MISSED_SKIP) from.ns += late * period;
    if (interval->missed == WEIR_MISSED_DELAY) from = now;
    interval->next = weir_instant_add(from, interval->period);
    return late;
}
