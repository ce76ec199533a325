/* SPDX-License-Identifier: MIT
 *
 * The life of a child: started, awaited through its pidfd, signalled, reaped once.
 */
#include <weir/process/process.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/file.h>
#include <weir/io/scope.h>
#include <weir/io/socket.h>
#include <weir/io/work.h>

#include "process/descriptor.h"
#include "process/spawn.h"

static bool is_route(weir_process_route route, bool is_err)
{
    switch (route.kind) {
    case WEIR_PROCESS_INHERIT:
    case WEIR_PROCESS_NULL:
    case WEIR_PROCESS_PIPE:
    case WEIR_PROCESS_FD: return true;
    case WEIR_PROCESS_OUT: return is_err;
    default: return false;
    }
}

int weir_process_start(weir_io *io, weir_process *process, const weir_process_options *options)
{
    memset(process, 0, sizeof *process);
    process->pid = process->pidfd = -1;
    weir_stdio *streams[3] = {&process->in, &process->out, &process->err};
    for (int i = 0; i < 3; i++) process_stream_init(streams[i], -1);
    if (!options->argv || !options->argv[0] || !is_route(options->in, false) ||
        !is_route(options->out, false) || !is_route(options->err, true))
        return WEIR_EINVAL;

    process_spawn spawn = {.options = options};
    int64_t result = weir_work(io, process_spawn_run, &spawn);
    if (result < 0) return (int)result;
    for (int i = 0; i < 3; i++) process_stream_init(streams[i], spawn.ours[i]);
    process->pid = spawn.pid;
    process->pidfd = spawn.pidfd;
    /* A request that came meanwhile: the caller shall not get what it no longer wants. */
    int error = weir_check(io);
    if (error) weir_process_end(io, process);
    return error;
}

void weir_process_wait_op(weir_op *op, const weir_process *process)
{
    weir_op_set(op, WEIR_OP_POLL, process->pidfd);
    op->args.poll = WEIR_POLL_READ;
}

static weir_process_status status_of(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED) return (weir_process_status){.code = info->si_status};
    return (weir_process_status){
        .code = -1, .signal = info->si_status, .core = info->si_code == CLD_DUMPED};
}

/* Reaps it if it has ended, or, with `flags` 0, when it has.  1, 0 or a negative error. */
static int reap(weir_process *process, int flags)
{
    if (process->ended) return 1;
    if (process->pidfd < 0) return WEIR_EINVAL;
    siginfo_t info = {0};
    int failed = TEMP_FAILURE_RETRY(waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED | flags));
    if (failed) return -errno;
    if (info.si_pid == 0) return 0;
    process->status = status_of(&info);
    process->ended = true;
    return 1;
}

int weir_process_exited(weir_process *process, weir_process_status *status)
{
    int result = reap(process, WNOHANG);
    if (result > 0 && status) *status = process->status;
    return result;
}

static int wait_until(weir_io *io, weir_process *process, weir_deadline deadline,
                      weir_process_status *status)
{
    for (;;) {
        int exited = weir_process_exited(process, status);
        if (exited) return exited > 0 ? 0 : exited;
        weir_op op;
        weir_process_wait_op(&op, process);
        op.deadline = deadline;
        int64_t result = weir_do(io, &op);
        if (result < 0) return (int)result;
        exited = weir_process_exited(process, status);
        if (exited) return exited > 0 ? 0 : exited;
        /* It has ended, and a debugger that traces it has not let go of it. */
        int error = weir_sleep(io, weir_milliseconds(1));
        if (error) return error;
    }
}

int weir_process_wait(weir_io *io, weir_process *process, weir_process_status *status)
{
    return wait_until(io, process, weir_never(), status);
}

int weir_process_signal(const weir_process *process, int signal)
{
    /* 0 only asks whether the process is there. */
    if (signal == 0) return WEIR_EINVAL;
    if (process->pidfd < 0) return -ESRCH;
    return syscall(SYS_pidfd_send_signal, process->pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

/* Kills it and reaps it, whatever the calling task is asked to do.  0 or a negative error. */
static int kill_and_reap(weir_io *io, weir_process *process)
{
    weir_scope shield;
    weir_process_signal(process, SIGKILL);
    weir_shield(io, &shield);
    int error = weir_process_wait(io, process, NULL);
    weir_scope_leave(io, &shield);
    if (!error) return 0;
    /* The engine had no memory to wait with: hold the thread for the moment that it takes. */
    error = reap(process, 0);
    return error < 0 ? error : 0;
}

int weir_process_stop(weir_io *io, weir_process *process, weir_duration grace,
                      weir_process_status *status)
{
    weir_deadline until = weir_deadline_after(io, grace);
    int error = weir_process_exited(process, status);
    if (error) return error > 0 ? 0 : error;
    error = weir_process_signal(process, SIGTERM);
    if (error) return error;
    error = wait_until(io, process, until, status);
    if (error == WEIR_EDEADLINE && weir_scope_deadline(io).ns > until.ns) error = 0;
    if (process->ended) return error;
    int failed = kill_and_reap(io, process);
    if (!failed && status) *status = process->status;
    return failed ? failed : error;
}

void weir_process_end(weir_io *io, weir_process *process)
{
    if (process->pidfd < 0) return;
    if (!process->ended) kill_and_reap(io, process);
    weir_stream_close(io, &process->in.stream);
    weir_stream_close(io, &process->out.stream);
    weir_stream_close(io, &process->err.stream);
    weir_close_file(io, (weir_file){process->pidfd});
    process->pidfd = -1;
}
