/* SPDX-License-Identifier: MIT
 *
 * Do clocks go forward and agree with the machine's, and do random bytes differ each time?
 */
#include "test/contract/contract.h"

#include <time.h>

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

CONTRACT(each_clock_tells_the_time_of_the_machines)
{
    static const struct {
        weir_clock ours;
        clockid_t theirs;
    } rows[] = {{WEIR_CLOCK_MONOTONIC, CLOCK_MONOTONIC},
                {WEIR_CLOCK_REAL, CLOCK_REALTIME},
                {WEIR_CLOCK_BOOT, CLOCK_BOOTTIME}};
    for (size_t i = 0; i < 3; i++) {
        int64_t before = clock_ns(rows[i].theirs);
        weir_sleep(io, weir_milliseconds(2));
        int64_t now = weir_now(io, rows[i].ours).ns;
        int64_t after = clock_ns(rows[i].theirs);
        /* A kept time may lag by what a task can compute without an operation. */
        check(now >= before && now <= after);
    }
}

static int look_at_clock(weir_io *io, void *argument)
{
    (void)argument;
    int64_t last = 0;
    for (int i = 0; i < 3000; i++) {
        int64_t now = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
        check(now >= last);
        last = now;
        if (i % 100 == 0) weir_yield(io);
    }
    return 0;
}

CONTRACT(the_monotonic_clock_never_goes_back)
{
    weir_group group = WEIR_GROUP_INIT;
    for (int i = 0; i < 4; i++)
        check_int(weir_group_concurrent(io, &group, look_at_clock, NULL, NULL), 0);
    check_int(weir_group_wait(io, &group), 0);
}

CONTRACT(the_clock_goes_on_while_a_task_computes)
{
    int64_t start = weir_now(io, WEIR_CLOCK_MONOTONIC).ns, since = clock_ns(CLOCK_MONOTONIC);
    while (clock_ns(CLOCK_MONOTONIC) - since < 5000000) contract_spin(1000);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns - start >= 4000000);
}

CONTRACT(a_deadline_after_is_now_and_so_long)
{
    int64_t before = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
    weir_deadline in_an_hour = weir_deadline_after(io, weir_seconds(3600));
    int64_t after = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
    check(in_an_hour.ns >= before + 3600000000000 && in_an_hour.ns <= after + 3600000000000);
    check(weir_is_never(weir_deadline_after(io, weir_nanoseconds(INT64_MAX))));
    check(weir_deadline_after(io, weir_nanoseconds(INT64_MIN)).ns <= after);
}

typedef struct drawn {
    uint64_t numbers[16];
} drawn;

static int draw(weir_io *io, void *argument)
{
    drawn *d = argument;
    weir_random(io, d->numbers, sizeof d->numbers);
    return 0;
}

CONTRACT(random_numbers_differ_within_and_between_tasks)
{
    enum { TASKS = 8 };
    drawn all[TASKS];
    weir_group group = WEIR_GROUP_INIT;
    memset(all, 0, sizeof all);
    for (int i = 0; i < TASKS; i++)
        check_int(weir_group_concurrent(io, &group, draw, &all[i], NULL), 0);
    check_int(weir_group_wait(io, &group), 0);
    const uint64_t *numbers = all[0].numbers;
    for (size_t i = 0; i < TASKS * 16; i++)
        for (size_t j = 0; j < i; j++) check(numbers[i] != numbers[j]);
}

CONTRACT(random_fills_exactly_what_was_asked_for)
{
    unsigned char bytes[70], any[64] = {0};
    for (size_t len = 0; len <= 64; len++) {
        memset(bytes, 0x5a, sizeof bytes);
        weir_random(io, bytes + 3, len);
        for (size_t i = 0; i < 3; i++) check_int(bytes[i], 0x5a);
        for (size_t i = 3 + len; i < sizeof bytes; i++) check_int(bytes[i], 0x5a);
    }
    for (int i = 0; i < 64; i++) {
        weir_random(io, bytes, 64);
        for (int j = 0; j < 64; j++) any[j] |= bytes[j];
    }
    for (int j = 0; j < 64; j++) check_int(any[j], 0xff);
}

CONTRACT(a_bounded_random_number_stays_below_and_reaches_all)
{
    unsigned seen[7] = {0};
    check_int(weir_random_below(io, 0), 0);
    for (int i = 0; i < 100; i++) check_int(weir_random_below(io, 1), 0);
    for (int i = 0; i < 7000; i++) {
        uint64_t n = weir_random_below(io, 7);
        if (check(n < 7)) seen[n]++;
    }
    for (int i = 0; i < 7; i++) check(seen[i] > 700 && seen[i] < 1300);
    /* With a bound of two thirds of the range, a bias would show as a third. */
    unsigned low = 0;
    uint64_t bound = UINT64_MAX / 3 * 2;
    for (int i = 0; i < 3000; i++) low += weir_random_below(io, bound) < bound / 2;
    check(low > 1300 && low < 1700);
}

CONTRACT(secure_random_bytes_come)
{
    unsigned char a[32] = {0}, b[32] = {0};
    check(weir_now(io, WEIR_CLOCK_REAL).ns > 0);
    check_int(weir_random_secure(io, a, sizeof a), 0);
    check_int(weir_random_secure(io, b, sizeof b), 0);
    check(memcmp(a, b, sizeof a) != 0);
    check_int(weir_random_secure(io, a, 0), 0);
}
