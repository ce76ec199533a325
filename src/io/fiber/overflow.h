/* SPDX-License-Identifier: MIT
 *
 * A readable end for a task that overflows its stack: which task, how large the stack is, which
 * option to raise.
 *
 * A write into a guard raises SIGSEGV (SIGBUS on some kernels).  Each watched thread gets an
 * alternate signal stack; one handler per process looks at the fault address.  In a guard of the
 * thread's slabs: it prints the message, puts the previous handlers back and returns, so that the
 * same write faults again and ends as it would have without us: by default, killed by the signal
 * with a core file that shows the overflowing frame.  Elsewhere: the handler that was there before
 * is called, or the default action taken.
 *
 * Under AddressSanitizer the previous handler is the sanitizer's: its report follows the message.
 */
#ifndef WEIR_IO_FIBER_OVERFLOW_H
#define WEIR_IO_FIBER_OVERFLOW_H

#include <signal.h>

#include "io/fiber/stack.h"

/* One watched thread.  The caller fills the first three fields. */
typedef struct weir_overflow_watch {
    const weir_stack_slabs *slabs;
    const char *(*task_name)(void *argument); /* the running task's name or NULL; must be safe in
                                                 a signal handler: no lock, no allocation */
    void *argument;

    /* private */
    void *alternate;
    stack_t previous;
    struct weir_overflow_watch *outer; /* an engine that runs inside another one's thread */
} weir_overflow_watch;

/* Watches the calling thread until weir_overflow_uninstall.
 *
 * Returns 0.  Errors: WEIR_ENOMEM no memory for the alternate stack, or another negated errno of
 * sigaction and sigaltstack.
 * Ownership: `watch` is lent until weir_overflow_uninstall on the same thread. */
int weir_overflow_install(weir_overflow_watch *watch);

/* Ends the watch of the calling thread and restores what was there before; watches of one thread
 * end in reverse order.  With the last one of the process the previous handlers are restored. */
void weir_overflow_uninstall(weir_overflow_watch *watch);

#endif
