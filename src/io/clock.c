/* SPDX-License-Identifier: MIT
 *
 * Clocks and sleeping, over the engine's table.
 */
#include <weir/io/clock.h>

#include <weir/io/io.h>

weir_instant weir_now(weir_io *io, weir_clock clock)
{
    return io->table->now(io, clock);
}

weir_deadline weir_deadline_after(weir_io *io, weir_duration duration)
{
    return weir_instant_add(weir_now(io, WEIR_CLOCK_MONOTONIC), duration);
}

int weir_sleep_until(weir_io *io, weir_instant when)
{
    /* A deadline of 0 means none in an op; every past instant is as good as 1. */
    weir_op op;
    weir_op_set(&op, WEIR_OP_SLEEP, -1);
    op.deadline.ns = when.ns > 0 ? when.ns : 1;
    return (int)weir_do(io, &op);
}

int weir_sleep(weir_io *io, weir_duration duration)
{
    if (duration.ns <= 0) return weir_check(io);
    return weir_sleep_until(io, weir_deadline_after(io, duration));
}
