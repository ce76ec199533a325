/* SPDX-License-Identifier: MIT
 *
 * Is a task that holds its worker too long named, once, with its place; and one that yields not?
 */
#include "test/contract/contract.h"

#include <signal.h>
#include <stdio.h>

#include <weir/io/debug.h>

static atomic_uint reports;
static const char *wanted; /* reports without this text do not count: the machine may be busy */
static char first_report[2048];

static void hear(void *argument, const char *text)
{
    (void)argument;
    if (!strstr(text, wanted)) return;
    if (atomic_load(&reports) == 0) snprintf(first_report, sizeof first_report, "%s", text);
    atomic_fetch_add(&reports, 1);
}

static void run_watched(const weir_engine_options *options, int limit_ms, weir_task_fn *run,
                        const char *text)
{
    wanted = text;
    weir_engine_options with = *options;
    weir_io *io = NULL;
    with.stall = weir_milliseconds(limit_ms);
    atomic_store(&reports, 0);
    first_report[0] = 0;
    if (!check_int(weir_engine_create(&with, &io), 0)) return;
    check_int(weir_debug_set_report(io, hear, NULL), 0);
    check_int(weir_run(io, run, NULL), 0);
    weir_io_destroy(io);
}

/* Computes for so long, or until there was a report. */
__attribute__((noinline)) static void crunch(weir_io *io, int ms, bool until_told)
{
    weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    while (contract_ms_since(io, start) < ms && !(until_told && atomic_load(&reports))) continue;
    contract_at("a task has computed", 0);
}

static int hold_the_worker(weir_io *io, void *argument)
{
    (void)argument;
    crunch(io, 20000, true);
    crunch(io, 50, false); /* the same stall, which is not told again */
    return 0;
}

static int start_the_holder(weir_io *io, void *argument)
{
    weir_task_options options = {.name = "cruncher", .worker = WEIR_WORKER_ANY};
    weir_task task;
    (void)argument;
    if (contract_on_threads(io)) return 0;
    check_int(weir_concurrent(io, &task, hold_the_worker, NULL, &options), 0);
    check_int(weir_await(io, &task, NULL), 0);
    return 0;
}

CONTRACT_OUTSIDE(a_task_that_holds_its_worker_is_named)
{
    run_watched(options, 10, start_the_holder, "cruncher");
    if (options->kind == WEIR_ENGINE_THREADS) return;
    check_int(atomic_load(&reports), 1);
    const char *words[] = {"task \"cruncher\" (spawned at ", "stall.c:", " has held worker ",
                           "crunch"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!check(strstr(first_report, words[i])))
            fprintf(stderr, "  %s: %s\n", words[i], first_report);
}

enum { LIMIT_MS = 300 };

/* The longest time that passed between two yields: a machine that stops for as long as the limit is
 * rightly told of. */
static int64_t longest_ms;

static int yield_often(weir_io *io, void *argument)
{
    weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC), last = start;
    (void)argument;
    longest_ms = 0;
    while (contract_ms_since(io, start) < 450) {
        crunch(io, 1, false);
        check_int(weir_yield(io), 0);
        int64_t since = contract_ms_since(io, last);
        last = weir_now(io, WEIR_CLOCK_MONOTONIC);
        if (since > longest_ms) longest_ms = since;
    }
    return 0;
}

/* No report comes of it; again where one did, as the machine may have stopped for as long. */
static void check_untold(const weir_engine_options *options, weir_task_fn *run)
{
    for (int tries = 0; tries < 8; tries++) {
        longest_ms = 0;
        run_watched(options, LIMIT_MS, run, "held");
        if (atomic_load(&reports) == 0) return;
    }
    if (longest_ms >= LIMIT_MS) return;
    if (!check_int(atomic_load(&reports), 0)) fprintf(stderr, "  %s\n", first_report);
}

CONTRACT_OUTSIDE(a_task_that_yields_is_not_named)
{
    check_untold(options, yield_often);
}

static int sleep_long(weir_io *io, void *argument)
{
    (void)argument;
    return weir_sleep(io, weir_milliseconds(450));
}

CONTRACT_OUTSIDE(a_worker_that_sleeps_is_not_stalled)
{
    check_untold(options, sleep_long);
}

/* The handler is the process's, and the program's own comes back. */
static void own_handler(int number)
{
    (void)number;
}

CONTRACT_OUTSIDE(the_stall_detector_gives_its_signal_back)
{
    struct sigaction own = {.sa_handler = own_handler}, now;
    struct sigaction before;
    check_int(sigaction(SIGRTMIN + 3, &own, &before), 0);
    run_watched(options, 10, start_the_holder, "cruncher");
    check_int(sigaction(SIGRTMIN + 3, &before, &now), 0);
    check(now.sa_handler == own_handler);
}
