/* SPDX-License-Identifier: MIT
 *
 * Child processes: started, fed and read through streams, awaited, signalled and reaped.
 *
 *      weir_process child;
 *      const char *const argv[] = {"sort", NULL};
 *      weir_process_options options = {.argv = argv, .search = true, .in = {WEIR_PROCESS_PIPE, 0}};
 *      error = weir_process_start(io, &child, &options);
 *      weir_stream_write_all(io, &child.in.stream, text, len);
 *      weir_stream_close(io, &child.in.stream);          // the child reads the end
 *      error = weir_process_wait(io, &child, &status);
 *      weir_process_end(io, &child);
 *
 * A child is known by a pidfd, so a signal never reaches a stranger that has got its number.  It is
 * reaped once, by the first wait or exited that finds it ended, or by weir_process_end.
 * The program must leave its children to it: no SIGCHLD that is ignored, no wait(2) for any child.
 * One task at a time uses a weir_process, except for its streams (one task each) and
 * weir_process_signal.
 */
#ifndef WEIR_PROCESS_PROCESS_H
#define WEIR_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/base/time.h>
#include <weir/io/op.h>
#include <weir/process/stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where one of the child's descriptors 0, 1, 2 leads. */
typedef enum weir_process_end_kind {
    WEIR_PROCESS_INHERIT, /* to where the caller's of the same number does */
    WEIR_PROCESS_NULL,    /* /dev/null */
    WEIR_PROCESS_PIPE,    /* a pipe, whose other end is the stream in, out or err */
    WEIR_PROCESS_FD,  /* the caller's descriptor `fd`, borrowed.  A pipe that is non-blocking (the
                         stream of another child) is opened again for the child, blocking, as
                         far as /proc allows; else it has the state that it has */
    WEIR_PROCESS_OUT, /* err only: to where the child's out leads */
} weir_process_end_kind;

typedef struct weir_process_route {
    weir_process_end_kind kind;
    int fd; /* FD */
} weir_process_route;

/* What to start and how; the zero value of each member but argv is its default. */
typedef struct weir_process_options {
    const char *const *argv;        /* arguments, the first by custom the name; NULL ends them */
    const char *path;               /* the file to execute; NULL: argv[0] */
    bool search;                    /* a path without '/' is looked for in the caller's PATH */
    const char *const *environment; /* "NAME=value", NULL ends them; NULL: the caller's */
    const char *directory;          /* where it runs, `path` being relative to it; NULL: here */
    weir_process_route in, out, err;
    bool new_group;   /* leads a process group of its own: a terminal's Ctrl-C does not reach it */
    bool new_session; /* leads a session, and so a group, of its own: without a terminal */
} weir_process_options;

/* How a process ended. */
typedef struct weir_process_status {
    int code;   /* what it returned, 0 … 255; -1 when a signal killed it */
    int signal; /* the signal that killed it, or 0 */
    bool core;  /* it was killed and has left a core dump */
} weir_process_status;

/* A child.  From start to end it must not move while an operation is in flight. */
typedef struct weir_process {
    weir_stdio in, out, err; /* PIPE: our end (fd -1: none, or closed) */
    int pid;                 /* for people */
    int pidfd;               /* -1 after weir_process_end */
    bool ended;              /* reaped: `status` is valid */
    weir_process_status status;
} weir_process;

/* Starts a child.  It has the default action for each signal and none blocked, and no descriptor
 * but 0, 1 and 2.  A caller's 0, 1 or 2 that is closed, or close-on-exec, is closed in a child that
 * inherits it.
 *
 * Returns 0 and *process, to be ended with weir_process_end.  Errors of execve(2) are reported
 * here: WEIR_ENOENT (no such file, also of `directory`), WEIR_EACCES (not executable),
 * WEIR_ENOTDIR, WEIR_ELOOP, WEIR_ENAMETOOLONG, the negated ENOEXEC and E2BIG; WEIR_EINVAL (no argv,
 * a route that is none), WEIR_EBADF (FD), WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOMEM, WEIR_EAGAIN (limit
 * on processes).  WEIR_ECANCELED, WEIR_EDEADLINE: a child that had been started already was killed
 * and reaped; it may have run.  On any error nothing is left: no process, no descriptor. Ownership:
 * the options are borrowed. A cancellation point.  From a task of `io`. */
int weir_process_start(weir_io *io, weir_process *process, const weir_process_options *options);

/* Waits until the child has ended and reaps it.  May be repeated: it gives the same status.
 *
 * Returns 0 and *status (may be NULL); WEIR_ECANCELED, WEIR_EDEADLINE: it runs on; the negated
 * ECHILD: somebody else has reaped it.  A cancellation point.  From a task of `io`. */
int weir_process_wait(weir_io *io, weir_process *process, weir_process_status *status);

/* Fills an op that completes with a result > 0 when the child has ended, for weir_select or a
 * queue; then weir_process_exited reaps it.  Never waits. */
void weir_process_wait_op(weir_op *op, const weir_process *process);

/* Whether the child has ended; reaps it.
 *
 * Returns 1 and *status (may be NULL); 0: it runs; the negated ECHILD: somebody else has reaped it;
 * WEIR_EINVAL: the process was ended by weir_process_end.  Never waits. */
int weir_process_exited(weir_process *process, weir_process_status *status);

/* Sends a signal to the child alone, not to its group.
 *
 * Returns 0, also for a child that has ended and is not reaped; the negated ESRCH: it is reaped;
 * WEIR_EPERM: it has become another user's; WEIR_EINVAL: no such signal.
 * Never waits.  From any thread, before weir_process_end. */
int weir_process_signal(const weir_process *process, int signal);

/* Ends the child: SIGTERM, up to `grace` for it to go, then SIGKILL; and reaps it.
 *
 * Returns 0 and *status (may be NULL), at once for one that has ended; WEIR_ECANCELED,
 * WEIR_EDEADLINE (of a scope): it was killed without the rest of the grace, *status is given; the
 * negated ECHILD: somebody else has reaped it; WEIR_EPERM: it may not be signalled, and runs on.
 * A cancellation point.  From a task of `io`. */
int weir_process_stop(weir_io *io, weir_process *process, weir_duration grace,
                      weir_process_status *status);

/* Releases all: kills the child with SIGKILL if it still runs, reaps it, closes the streams that
 * are open.  Waits until it is gone: a moment, unless the kernel holds it.  One that may not be
 * signalled is waited for.  Nothing on one that was ended before.
 * Not a cancellation point.  From a task of `io`. */
void weir_process_end(weir_io *io, weir_process *process);

/* Where weir_process_run puts what the child writes: the caller's memory. */
typedef struct weir_process_sink {
    char *data;
    size_t room;
    size_t len; /* set by the call */
} weir_process_sink;

/* Runs a child to its end: feeds it `input` and collects what it writes, all at the same time.
 *
 * With input.data its stdin is a pipe that carries the input and then ends (what it does not read
 * is dropped); with `out` or `err` these are pipes.  What is NULL is as the options say, where
 * WEIR_PROCESS_PIPE is WEIR_EINVAL.  Waits also for others that hold the pipes open: what the child
 * left running with its output.
 *
 * Returns 0 and *status (may be NULL), whatever the child returned.  WEIR_ELIMIT: it wrote more
 * than a sink has room for; errors of weir_process_start and of reading; WEIR_ECANCELED,
 * WEIR_EDEADLINE. With an error the child was killed and reaped, and the sinks hold what had come.
 * Ownership: all is borrowed.  A cancellation point.  From a task of `io`. */
int weir_process_run(weir_io *io, const weir_process_options *options, weir_bytes input,
                     weir_process_sink *out, weir_process_sink *err, weir_process_status *status);

#ifdef __cplusplus
}
#endif
#endif
