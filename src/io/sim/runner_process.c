/* SPDX-License-Identifier: MIT
 *
 * Processes for trials.  Who is late is asked to tell where it is: in a handler, which may do what
 * a handler must not, since the process has nothing else to lose; SIGKILL comes if it hangs there.
 */
#include "io/sim/runner_process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <weir/io/inspect.h>

#include "io/backtrace.h"
#include "io/sim/world.h"

enum {
    LATE = 1, /* the exit status of who was late, as of a run in which a seed failed */
    MOMENT_NS = 100 * 1000 * 1000,
};

static const int64_t last_words = INT64_C(2000000000); /* for telling, until SIGKILL */

static sim_process *here; /* in a process: its own */
static sigset_t before;   /* the runner's mask */

int64_t weir_sim_real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static sigset_t child_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    return set;
}

void weir_sim_processes_open(void)
{
    const sigset_t set = child_signal();
    pthread_sigmask(SIG_BLOCK, &set, &before);
}

void weir_sim_processes_close(void)
{
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void weir_sim_processes_wait(void)
{
    const sigset_t set = child_signal();
    const struct timespec moment = {0, MOMENT_NS};
    sigtimedwait(&set, NULL, &moment);
}

/* The list of tasks first: it does less than finding the words of a call stack. */
static void tell_where(int64_t took)
{
    world *w = weir_sim_here;
    weir_backtrace trace;
    weir_text text = {0};
    weir_backtrace_take(&trace);
    if (w) {
        dprintf(STDERR_FILENO,
                "weir sim: seed %llu has not ended after %.3g s; it is at %lld ns of its world\n",
                (unsigned long long)w->options.seed, (double)took / 1e9,
                (long long)(w->now - SIM_START_NS));
        w->error = WEIR_EDEADLK; /* a list of tasks has those of all hosts */
        weir_dump(&w->hosts->io, STDERR_FILENO);
    } else {
        dprintf(STDERR_FILENO, "weir sim: a seed has not ended after %.3g s; no world runs\n",
                (double)took / 1e9);
    }
    weir_backtrace_print(&trace, &text);
    if (text.data) dprintf(STDERR_FILENO, "it is in %s\n", text.data);
}

static void be_late(int signal)
{
    (void)signal;
    const int64_t took = weir_sim_real_ns() - here->begun;
    /* The trial that was meant may have ended just now. */
    if (here->begun == 0 || took < here->limit) return;
    here->late = true;
    tell_where(took);
    _exit(LATE);
}

static void listen_for_limit(sim_process *process)
{
    weir_backtrace first;
    here = process;
    weir_backtrace_take(&first); /* which may load a library */
    struct sigaction action = {.sa_handler = be_late, .sa_flags = SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
}

pid_t weir_sim_process_start(sim_process *process)
{
    const pid_t runner = getpid();
    process->begun = process->asked = process->about = 0;
    process->late = process->ended = false;
    fflush(NULL);
    const pid_t id = fork();
    if (id == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != runner) _exit(1); /* it has died before */
        weir_sim_processes_close();
        listen_for_limit(process);
        return 0;
    }
    process->id = id > 0 ? id : 0; /* by the runner alone: the memory is shared */
    return id;
}

void weir_sim_process_mark(sim_process *process, bool begins)
{
    __atomic_store_n(&process->begun, begins ? weir_sim_real_ns() : 0, __ATOMIC_RELAXED);
}

void weir_sim_process_end(sim_process *process)
{
    fflush(NULL);
    process->ended = true;
    _exit(0);
}

static void see_to_limit(sim_process *process)
{
    const int64_t begun = __atomic_load_n(&process->begun, __ATOMIC_RELAXED);
    const int64_t now = weir_sim_real_ns();
    if (!process->limit || !begun || now - begun <= process->limit) return;
    if (process->about != begun) {
        process->about = begun;
        process->asked = now;
        kill(process->id, SIGALRM);
    } else if (now - process->asked > last_words) {
        process->late = true;
        kill(process->id, SIGKILL);
    }
}

bool weir_sim_process_look(sim_process *process)
{
    pid_t id;
    while ((id = waitpid(process->id, &process->status, WNOHANG)) < 0 && errno == EINTR) continue;
    if (id == 0) {
        see_to_limit(process);
        return false;
    }
    if (id < 0) process->status = 0; /* somebody else has waited for it */
    process->id = 0;
    return true;
}

bool weir_sim_process_failed(const sim_process *process, char *out, size_t room)
{
    const int status = process->status;
    if (process->ended && WIFEXITED(status)) return false;
    if (process->late) {
        snprintf(out, room, "it did not end within %.3g s of real time",
                 (double)process->limit / 1e9);
    } else if (WIFSIGNALED(status)) {
        snprintf(out, room, "it was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    } else {
        snprintf(out, room, "it ended the process with status %d", WEXITSTATUS(status));
    }
    return true;
}

void weir_sim_limit_here(int64_t limit)
{
    static sim_process this_one;
    this_one.limit = limit;
    listen_for_limit(&this_one);
    weir_sim_process_mark(&this_one, true);
    /* Rounded up: it must have passed when the signal comes. */
    alarm((unsigned)((limit + 999999999) / 1000000000));
}
