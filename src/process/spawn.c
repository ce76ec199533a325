/* SPDX-License-Identifier: MIT
 *
 * The start of a child (spawn.h).
 *
 * posix_spawn(3) holds the calling thread until the child has executed its file or failed to, which
 * may take a disk; so all of it is work.  Every descriptor made here is close-on-exec and at least
 * 3, so that no number is overwritten before it is used, and closefrom takes what others left open.
 */
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/base/error.h>

extern char **environ;

enum { FIRST_FREE = 3 };

/* Moves a descriptor out of 0 … 2.  The new number, or a negative error: it is closed then. */
static int raise_number(int fd)
{
    if (fd >= FIRST_FREE) return fd;
    int raised = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    int error = raised < 0 ? -errno : 0;
    close(fd);
    return error ? error : raised;
}

static int open_pipe(process_spawn *spawn, int number)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    const bool feeds = number == STDIN_FILENO;
    /* Each end has a state of its own: the child's stays blocking, as programs expect. */
    spawn->ours[number] = raise_number(ends[feeds]);
    spawn->theirs[number] = raise_number(ends[!feeds]);
    spawn->opened[number] = spawn->theirs[number] >= 0;
    if (spawn->ours[number] < 0) return spawn->ours[number];
    if (spawn->theirs[number] < 0) return spawn->theirs[number];
    return fcntl(spawn->ours[number], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

/* Opens a pipe once more, with a state of its own, which is blocking.  The new descriptor, or
 * negative: it cannot be. */
static int open_again(int fd, int access)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    /* Non-blocking first: else a named pipe would wait for its other side. */
    int own = open(path, access | O_NONBLOCK | O_CLOEXEC);
    if (own < 0) return -errno;
    own = raise_number(own);
    if (own >= 0 && fcntl(own, F_SETFL, 0) == 0) return own;
    if (own >= 0) close(own);
    return -errno;
}

/* Whether it is a pipe in a non-blocking state, as the streams to other children are. */
static bool is_restless(int fd, int mode)
{
    struct stat status;
    return mode & O_NONBLOCK && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

static int borrow(process_spawn *spawn, int number, int fd)
{
    int mode = fcntl(fd, F_GETFL);
    if (mode < 0) return -errno;
    spawn->theirs[number] = fd;
    int own = is_restless(fd, mode) ? open_again(fd, mode & O_ACCMODE) : -1;
    if (own < 0 && fd >= FIRST_FREE) return 0;
    if (own < 0) own = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    if (own < 0) return -errno;
    spawn->theirs[number] = own;
    spawn->opened[number] = true;
    return 0;
}

static const weir_process_route *route_of(const weir_process_options *options, int number)
{
    const weir_process_route *routes[3] = {&options->in, &options->out, &options->err};
    return routes[number];
}

static int open_ends(process_spawn *spawn)
{
    int error = 0;
    for (int i = 0; i < 3 && !error; i++) {
        const weir_process_route *route = route_of(spawn->options, i);
        if (route->kind == WEIR_PROCESS_PIPE) error = open_pipe(spawn, i);
        if (route->kind == WEIR_PROCESS_FD) error = borrow(spawn, i, route->fd);
    }
    return error;
}

/* What the child does between the fork and the execution.  0 or an errno. */
static int plan(const process_spawn *spawn, posix_spawn_file_actions_t *actions)
{
    const weir_process_options *options = spawn->options;
    int error = 0;
    for (int i = 0; i < 3 && !error; i++) {
        switch (route_of(options, i)->kind) {
        case WEIR_PROCESS_INHERIT: break;
        case WEIR_PROCESS_NULL:
            error = posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0);
            break;
        case WEIR_PROCESS_PIPE:
        case WEIR_PROCESS_FD:
            error = posix_spawn_file_actions_adddup2(actions, spawn->theirs[i], i);
            break;
        case WEIR_PROCESS_OUT:
            error = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, i);
            break;
        }
    }
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, FIRST_FREE);
    if (!error && options->directory)
        error = posix_spawn_file_actions_addchdir_np(actions, options->directory);
    return error;
}

/* Signals as at the start of a program, group and session as asked.  0 or an errno. */
static int set_attributes(const weir_process_options *options, posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    /* Not sigfillset: it leaves out the two that the C library keeps for its threads, which the
     * child would then inherit as ignored. */
    memset(&all, 0xff, sizeof all);
    unsigned flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    /* A leader of a session leads a group already, and may not be asked to. */
    if (options->new_session)
        flags |= POSIX_SPAWN_SETSID;
    else if (options->new_group)
        flags |= POSIX_SPAWN_SETPGROUP;
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error) error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error) error = posix_spawnattr_setpgroup(attributes, 0);
    if (!error) error = posix_spawnattr_setflags(attributes, (short)flags);
    return error;
}

/* Starts it: 0 and spawn->pid, or an errno. */
static int execute(process_spawn *spawn, const posix_spawn_file_actions_t *actions,
                   const posix_spawnattr_t *attributes)
{
    const weir_process_options *options = spawn->options;
    const char *path = options->path ? options->path : options->argv[0];
    char *const *argv = (char *const *)(uintptr_t)options->argv;
    char *const *environment =
        options->environment ? (char *const *)(uintptr_t)options->environment : environ;
    pid_t pid = -1;
    int error = options->search ? posix_spawnp(&pid, path, actions, attributes, argv, environment)
                                : posix_spawn(&pid, path, actions, attributes, argv, environment);
    spawn->pid = pid;
    return error;
}

/* Takes back a child of which no handle can be had. */
static void kill_by_number(pid_t pid)
{
    /* The number is the child's until it is reaped, which nobody else does. */
    kill(pid, SIGKILL);
    (void)TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
}

static int launch(process_spawn *spawn)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return -error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = plan(spawn, &actions);
        if (!error) error = set_attributes(spawn->options, &attributes);
        if (!error) error = execute(spawn, &actions, &attributes);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (error) return -error;

    spawn->pidfd = (int)syscall(SYS_pidfd_open, spawn->pid, 0);
    spawn->pidfd = spawn->pidfd < 0 ? -errno : raise_number(spawn->pidfd);
    if (spawn->pidfd >= 0) return 0;
    kill_by_number(spawn->pid);
    return spawn->pidfd;
}

int64_t process_spawn_run(void *argument)
{
    process_spawn *spawn = argument;
    for (int i = 0; i < 3; i++) {
        spawn->ours[i] = spawn->theirs[i] = -1;
        spawn->opened[i] = false;
    }
    int error = open_ends(spawn);
    if (!error) error = launch(spawn);
    for (int i = 0; i < 3; i++) {
        if (spawn->opened[i]) close(spawn->theirs[i]);
        if (error && spawn->ours[i] >= 0) close(spawn->ours[i]);
    }
    return error;
}
