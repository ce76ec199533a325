/* SPDX-License-Identifier: MIT
 *
 * Does a cancellation or a deadline at any stage of a child's life leave no child and no
 * descriptor?
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include <weir/process/process.h>

static const weir_process_route route_pipe = {WEIR_PROCESS_PIPE, 0};
static const char *const cat_argv[] = {"cat", NULL};

static bool is_childless(void)
{
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

static weir_process_options piped_cat(void)
{
    return (weir_process_options){
        .argv = cat_argv, .search = true, .in = route_pipe, .out = route_pipe};
}

CONTRACT(process_start_of_a_canceled_task_starts_nothing)
{
    weir_process process;
    const weir_process_options options = piped_cat();
    weir_recancel(io);
    check_int(weir_process_start(io, &process, &options), WEIR_ECANCELED);
    check_int(process.pidfd, -1);
    check(is_childless());
    weir_process_end(io, &process);
}

typedef struct attempt {
    int error;
    bool stop;
} attempt;

static int start_and_end(weir_io *io, void *argument)
{
    attempt *a = argument;
    weir_process process;
    const weir_process_options options = piped_cat();
    a->error = weir_process_start(io, &process, &options);
    if (!a->error) weir_process_end(io, &process);
    return 0;
}

CONTRACT(process_start_that_is_canceled_leaves_nothing)
{
    uint64_t seed = test_seed();
    const weir_instant begin = weir_now(io, WEIR_CLOCK_MONOTONIC);
    attempt a;
    const int descriptors = test_fd_count();
    for (int round = 0; round < 60 && contract_ms_since(io, begin) < 600; round++) {
        weir_task task;
        a.error = 1;
        if (round % 2) {
            if (!check_int(weir_concurrent(io, &task, start_and_end, &a, NULL), 0)) return;
            weir_sleep(io, weir_microseconds((int64_t)(test_random(&seed) % 1500)));
            weir_cancel(io, &task);
            check(a.error == 0 || a.error == WEIR_ECANCELED || a.error == 1);
        } else {
            weir_scope scope;
            weir_scope_enter_for(io, &scope,
                                 weir_microseconds((int64_t)(test_random(&seed) % 1500)));
            start_and_end(io, &a);
            weir_scope_leave(io, &scope);
            check(a.error == 0 || a.error == WEIR_EDEADLINE);
        }
        if (!check(is_childless())) return;
        /* The engine may open some to wait with; that none is left in the end is checked there. */
        if (!check(test_fd_count() <= descriptors + 6)) return;
    }
}

static int wait_for_it(weir_io *io, void *argument)
{
    return weir_process_wait(io, argument, NULL);
}

static int read_from_it(weir_io *io, void *argument)
{
    weir_process *process = argument;
    char byte;
    return (int)weir_stream_read(io, &process->out.stream, &byte, 1);
}

static int write_to_it(weir_io *io, void *argument)
{
    weir_process *process = argument;
    static const char zeros[4096];
    for (;;) { /* nobody reads what cat writes, so it stops reading */
        int64_t n = weir_stream_write(io, &process->in.stream, zeros, sizeof zeros);
        if (n < 0) return (int)n;
    }
}

CONTRACT(process_waits_and_streams_can_be_canceled)
{
    weir_task_fn *const waits[] = {wait_for_it, read_from_it, write_to_it};
    weir_process process;
    const weir_process_options options = piped_cat();
    check_int(weir_process_start(io, &process, &options), 0);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        weir_task task;
        weir_scope scope;
        if (!check_int(weir_concurrent(io, &task, waits[i], &process, NULL), 0)) break;
        contract_settle(io);
        check_int(weir_cancel(io, &task), WEIR_ECANCELED);
        weir_scope_enter_for(io, &scope, weir_milliseconds(3));
        check_int(waits[i](io, &process), WEIR_EDEADLINE);
        weir_scope_leave(io, &scope);
    }
    weir_process_end(io, &process);
    check(is_childless());
}

static int stop_it(weir_io *io, void *argument)
{
    weir_process_status status = {0};
    int error = weir_process_stop(io, argument, weir_seconds(50), &status);
    return status.signal == SIGKILL ? error : -1;
}

CONTRACT(process_stop_that_is_canceled_kills_at_once)
{
    const weir_process_options options = {
        .argv = (const char *const[]){"/bin/sh", "-c", "trap '' TERM; echo; read line", NULL},
        .in = route_pipe,
        .out = route_pipe};
    for (int round = 0; round < 2; round++) {
        weir_process process;
        weir_scope scope;
        weir_task task;
        char byte;
        check_int(weir_process_start(io, &process, &options), 0);
        check_int(weir_stream_read(io, &process.out.stream, &byte, 1), 1);
        if (round) {
            check_int(weir_concurrent(io, &task, stop_it, &process, NULL), 0);
            contract_settle(io);
            check_int(weir_cancel(io, &task), WEIR_ECANCELED);
        } else {
            weir_scope_enter_for(io, &scope, weir_milliseconds(3));
            check_int(stop_it(io, &process), WEIR_EDEADLINE);
            weir_scope_leave(io, &scope);
        }
        check(process.ended);
        weir_process_end(io, &process);
        check(is_childless());
    }
}

CONTRACT(process_end_of_a_canceled_task_still_reaps)
{
    weir_process process;
    const weir_process_options options = piped_cat();
    check_int(weir_process_start(io, &process, &options), 0);
    weir_recancel(io);
    weir_process_end(io, &process);
    check(is_childless());
    check_int(weir_check(io), WEIR_ECANCELED);
}

static int run_it(weir_io *io, void *argument)
{
    static const char zeros[1 << 20];
    char text[64];
    weir_process_sink out = {.data = text, .room = sizeof text};
    const weir_process_options options = {
        .argv = (const char *const[]){"/bin/sh", "-c", "echo begun; exec sleep 50", NULL}};
    int error =
        weir_process_run(io, &options, weir_bytes_of(zeros, sizeof zeros), &out, NULL, NULL);
    *(size_t *)argument = out.len;
    return error;
}

CONTRACT(process_run_that_is_canceled_kills_and_keeps_what_came)
{
    size_t len = 0;
    weir_task task;
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(100));
    check_int(run_it(io, &len), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check(len == 6 || len == 0);
    check_int(weir_concurrent(io, &task, run_it, &len, NULL), 0);
    weir_sleep(io, weir_milliseconds(20));
    check_int(weir_cancel(io, &task), WEIR_ECANCELED);
    check(is_childless());
}
