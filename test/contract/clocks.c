/* SPDX-License-Identifier: MIT
 *
 * Do sleeps on each clock end at their instant and not before, follow a clock that is set, and give
 * their timer back however they end; and does processor time count work and not waiting?
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

static const weir_clock sleepers[] = {WEIR_CLOCK_MONOTONIC, WEIR_CLOCK_REAL, WEIR_CLOCK_BOOT};

/* What the kernel does when somebody sets the clock: as many of the next timers end at once, and
 * arming them tells that the clock was set. */
static struct {
    atomic_int times, canceled, armed;
} set_clock;

int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old)
{
    struct itimerspec at = *when;
    if (flags & TFD_TIMER_ABSTIME) atomic_fetch_add(&set_clock.armed, 1);
    const bool disturb = atomic_load(&set_clock.times) > 0;
    if (disturb) {
        atomic_fetch_sub(&set_clock.times, 1);
        at.it_value = (struct timespec){.tv_nsec = 1};
    }
    int rc = (int)syscall(SYS_timerfd_settime, fd, flags, &at, old);
    if (rc == 0 && disturb && set_clock.canceled) {
        errno = ECANCELED;
        return -1;
    }
    return rc;
}

CONTRACT(a_sleep_on_a_clock_ends_at_its_instant)
{
    for (size_t i = 0; i < 3; i++) {
        const weir_instant start = weir_now(io, sleepers[i]);
        const weir_instant when = weir_instant_add(start, weir_milliseconds(5));
        check_int(weir_sleep_until_on(io, sleepers[i], when), 0);
        const weir_instant now = weir_now(io, sleepers[i]);
        check(now.ns >= when.ns);
        check(weir_instant_since(now, when).ns < 60000000000);
    }
}

CONTRACT(a_past_instant_ends_a_sleep_at_once)
{
    const weir_instant past[] = {{INT64_MIN}, {-1}, {0}, {1}};
    for (size_t i = 0; i < 3; i++) {
        const int armed = set_clock.armed;
        for (size_t j = 0; j < 4; j++) check_int(weir_sleep_until_on(io, sleepers[i], past[j]), 0);
        check_int(weir_sleep_until_on(io, sleepers[i], weir_now(io, sleepers[i])), 0);
        check_int(set_clock.armed, armed);
        weir_recancel(io);
        check_int(weir_sleep_until_on(io, sleepers[i], past[1]), WEIR_ECANCELED);
    }
}

/* One sleep whose timer ends at once three times.  Whether it did: a machine that stood still until
 * the instant was there proves nothing. */
static bool sleep_disturbed(weir_io *io, bool canceled, int64_t ms)
{
    const weir_instant when =
        weir_instant_add(weir_now(io, WEIR_CLOCK_REAL), weir_milliseconds(ms));
    const int armed = set_clock.armed;
    set_clock.canceled = canceled;
    set_clock.times = 3;
    check_int(weir_sleep_until_on(io, WEIR_CLOCK_REAL, when), 0);
    check(weir_now(io, WEIR_CLOCK_REAL).ns >= when.ns);
    const bool disturbed = atomic_exchange(&set_clock.times, 0) == 0;
    /* Each early end arms it anew; then it sleeps and does not turn. */
    check(set_clock.armed - armed <= 5);
    return disturbed && set_clock.armed - armed >= 4;
}

CONTRACT(a_sleep_follows_a_clock_that_is_set)
{
    for (int canceled = 0; canceled < 2; canceled++) {
        int64_t ms = 30;
        while (!sleep_disturbed(io, canceled, ms) && ms < 30000) ms *= 2;
        check(ms < 30000);
    }
}

CONTRACT(clocks_of_processor_time_cannot_be_slept_on)
{
    static const int clocks[] = {WEIR_CLOCK_PROCESS, WEIR_CLOCK_THREAD, WEIR_CLOCK_THREAD + 1, -1};
    for (size_t i = 0; i < 4; i++) {
        check_int(weir_sleep_until_on(io, (weir_clock)clocks[i], weir_never()), WEIR_EUNSUPPORTED);
        check_int(weir_sleep_until_on(io, (weir_clock)clocks[i], (weir_instant){0}),
                  WEIR_EUNSUPPORTED);
    }
}

typedef struct sleeper {
    weir_clock clock;
    weir_instant when;
    uint32_t begun;
} sleeper;

static int sleep_on(weir_io *io, void *argument)
{
    sleeper *s = argument;
    contract_raise(io, &s->begun);
    return weir_sleep_until_on(io, s->clock, s->when);
}

CONTRACT(a_sleep_on_a_clock_can_be_canceled_and_expires)
{
    for (size_t i = 0; i < 6; i++) {
        sleeper s = {.clock = sleepers[i % 3], .when = weir_never()};
        if (i < 3) s.when = weir_instant_add(weir_now(io, s.clock), weir_hours(1));
        weir_task task;
        check_int(weir_concurrent(io, &task, sleep_on, &s, NULL), 0);
        check_int(contract_reached(io, &s.begun, 1), 0);
        if (i % 2) contract_settle(io);
        check_int(weir_cancel(io, &task), WEIR_ECANCELED);
        check_int(weir_timeout(io, weir_milliseconds(3), sleep_on, &s), WEIR_EDEADLINE);
    }
}

CONTRACT(a_sleep_without_a_descriptor_for_its_timer_fails)
{
    struct rlimit limit, tight;
    getrlimit(RLIMIT_NOFILE, &limit);
    /* No number below the new limit is free when the lowest free one is at it. */
    const int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(lowest);
    tight = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = limit.rlim_max};
    /* Far away: for an instant that is past no timer is needed. */
    weir_instant when = weir_instant_add(weir_now(io, WEIR_CLOCK_REAL), weir_hours(1));
    setrlimit(RLIMIT_NOFILE, &tight);
    const int result = weir_sleep_until_on(io, WEIR_CLOCK_REAL, when);
    setrlimit(RLIMIT_NOFILE, &limit);
    check_int(result, WEIR_EMFILE);
    when = weir_instant_add(weir_now(io, WEIR_CLOCK_REAL), weir_milliseconds(1));
    check_int(weir_sleep_until_on(io, WEIR_CLOCK_REAL, when), 0);
}

CONTRACT(many_sleeps_on_clocks_end_each_at_its_own_instant)
{
    enum { SLEEPERS = 24 };
    sleeper all[SLEEPERS];
    weir_group group = WEIR_GROUP_INIT;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < SLEEPERS; i++) {
            all[i] = (sleeper){.clock = sleepers[1 + i % 2]};
            all[i].when =
                weir_instant_add(weir_now(io, all[i].clock), weir_microseconds(500 * (i % 9)));
            check_int(weir_group_concurrent(io, &group, sleep_on, &all[i], NULL), 0);
        }
        check_int(weir_group_wait(io, &group), 0);
        for (int i = 0; i < SLEEPERS; i++) check(weir_now(io, all[i].clock).ns >= all[i].when.ns);
    }
}

CONTRACT(processor_time_counts_work_and_not_waiting)
{
    const weir_instant process = weir_now(io, WEIR_CLOCK_PROCESS);
    const weir_instant thread = weir_now(io, WEIR_CLOCK_THREAD);
    check(process.ns > 0 && thread.ns > 0);
    int64_t used = 0;
    while (used < 3000000) {
        contract_spin(10000);
        used = weir_instant_since(weir_now(io, WEIR_CLOCK_THREAD), thread).ns;
    }
    check(weir_instant_since(weir_now(io, WEIR_CLOCK_PROCESS), process).ns >= used);

    const weir_instant before = weir_now(io, WEIR_CLOCK_THREAD);
    check_int(weir_sleep(io, weir_milliseconds(60)), 0);
    check(weir_instant_since(weir_now(io, WEIR_CLOCK_THREAD), before).ns < 50000000);
}
