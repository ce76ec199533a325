/* SPDX-License-Identifier: MIT
 *
 * Signals as operations: a set of signal numbers that a task waits for.
 *
 *      static const int numbers[] = {SIGINT, SIGTERM};
 *      weir_signals stop;
 *      weir_signals_open(&stop, numbers, 2);
 *      int number;
 *      weir_signals_wait(io, &stop, weir_never(), &number);
 *      weir_signals_close(io, &stop);
 *
 * Signals are the process's, and so is what happens at one: while any set has a signal open, Weir's
 * handler stands in for the former disposition, for all threads and engines, also if that was to
 * ignore it.  The former handler is not called meanwhile.  It comes back when the last set with the
 * signal is closed, unless somebody has put another one there since, which is then left alone.
 * A signal goes to every set that has it.  It can be taken on any thread that does not block it; if
 * all do, it stays pending in the kernel.  After fork(2) a child execs, which gives it the default
 * dispositions, or opens sets of its own.
 *
 * The handler runs with SA_RESTART and keeps errno, so code that knows nothing of it goes on.
 */
#ifndef WEIR_IO_SIGNAL_H
#define WEIR_IO_SIGNAL_H

#include <stddef.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many sets a process can have open. */
#define WEIR_SIGNALS_LIMIT 64

/* A set of signals.  The zero value is closed.  Used by one task at a time. */
typedef struct weir_signals {
    struct weir_signals_slot *slot; /* what the handler sees of it; NULL: closed */
    uint64_t
        count; /* how often the signal that was taken last had come since it was taken before */
    int fd;    /* readable when a signal came */
    int last;  /* the signal that was taken last */
} weir_signals;

/* Opens a set of `count` signals; naming one twice is as once.
 *
 * Returns 0; WEIR_EINVAL: no signal at all, or one that does not exist, cannot be caught (SIGKILL,
 * SIGSTOP), belongs to the C library, or is the fault of the thread that it hits and cannot wait
 * for a task (SIGSEGV, SIGBUS, SIGILL, SIGFPE); WEIR_ELIMIT: WEIR_SIGNALS_LIMIT sets are open;
 * WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOMEM.  On error no disposition has changed and the set is
 * closed. Never waits.  From any thread, but not from a signal handler. */
int weir_signals_open(weir_signals *signals, const int numbers[], size_t count);

/* Closes a set; what came and was not taken is forgotten.  When it returns, the handler does not
 * touch the set any more on any thread.  Closing a closed set does nothing.
 *
 * `io`: the engine whose tasks have waited for it, from one of its tasks; or NULL if none has, or
 * it was destroyed.  Nobody waits for the set any more.
 * Not a cancellation point.  From any thread, but not from a signal handler. */
void weir_signals_close(weir_io *io, weir_signals *signals);

/* Waits for a signal of the set and gives its number.
 *
 * A signal that comes several times before it is taken is told once; signals->count says how often
 * it came (the kernel may merge equal ones before, except real-time signals).  Several different
 * ones are told one after the other, by turns.
 * Returns 0 and *number; WEIR_EDEADLINE, WEIR_ECANCELED: none was taken.  A signal that is there
 * already is told also when the deadline has passed.
 * A cancellation point.  From a task. */
int weir_signals_wait(weir_io *io, weir_signals *signals, weir_deadline deadline, int *number);

/* Fills an op that completes when a signal may have come, for weir_select or a queue; who takes the
 * completion calls weir_signals_take, which may find none and then the op is started anew. */
void weir_signals_op(const weir_signals *signals, weir_op *op);

/* Takes a signal of the set, without waiting, as weir_signals_wait.
 * Returns its number, > 0; WEIR_EAGAIN: none has come.  From any thread. */
int weir_signals_take(weir_signals *signals);

#ifdef __cplusplus
}
#endif
#endif
