/* SPDX-License-Identifier: MIT
 *
 * Clocks and sleeping, over the engine's table.
 */
#include <weir/io/clock.h>

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>

#include <weir/base/error.h>
#include <weir/io/io.h>
#include <weir/io/socket.h>

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
    weir_op op;
    weir_op_set(&op, WEIR_OP_SLEEP, -1);
    weir_op_set_deadline(&op, when);
    return (int)weir_do(io, &op);
}

int weir_sleep(weir_io *io, weir_duration duration)
{
    if (duration.ns <= 0) return weir_check(io);
    return weir_sleep_until(io, weir_deadline_after(io, duration));
}

/* Sets the timer to a positive instant; one that has passed fires at once. */
static int arm(int timer, weir_clock clock, weir_instant when)
{
    const struct itimerspec at = {
        .it_value = {.tv_sec = when.ns / 1000000000, .tv_nsec = when.ns % 1000000000}};
    const int flags = TFD_TIMER_ABSTIME | (clock == WEIR_CLOCK_REAL ? TFD_TIMER_CANCEL_ON_SET : 0);
    /* ECANCELED: it is armed, and the clock was set since it was armed before. */
    if (timerfd_settime(timer, flags, &at, NULL) && errno != ECANCELED) return -errno;
    return 0;
}

/* Where time is virtual, all clocks go at the pace of the monotonic one, but may be set. */
static int sleep_virtually(weir_io *io, weir_clock clock, weir_instant when)
{
    int error = weir_check(io);
    for (weir_duration left; !error; error = weir_sleep(io, left)) {
        left = weir_instant_until(weir_now(io, clock), when);
        if (left.ns <= 0) break;
    }
    return error;
}

int weir_sleep_until_on(weir_io *io, weir_clock clock, weir_instant when)
{
    if ((unsigned)clock > WEIR_CLOCK_BOOT) return WEIR_EUNSUPPORTED;
    if (clock == WEIR_CLOCK_MONOTONIC || weir_is_never(when)) return weir_sleep_until(io, when);
    if (io->virtual_time) return sleep_virtually(io, clock, when);
    int error = weir_check(io);
    if (error || when.ns <= weir_now(io, clock).ns) return error;
    weir_socket timer = {timerfd_create(clock == WEIR_CLOCK_REAL ? CLOCK_REALTIME : CLOCK_BOOTTIME,
                                        TFD_CLOEXEC | TFD_NONBLOCK)};
    if (timer.fd < 0) return -errno;
    /* The descriptor becomes ready when the time has come and whenever the clock is set; the clock
     * itself tells which.  Arming anew takes the readiness away. */
    do {
        error = arm(timer.fd, clock, when);
        if (!error) error = weir_poll(io, timer, WEIR_POLL_READ);
    } while (error >= 0 && weir_now(io, clock).ns < when.ns);
    weir_close_socket(io, timer);
    return error < 0 ? error : 0;
}
