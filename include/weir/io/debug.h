/* SPDX-License-Identifier: MIT
 *
 * Debug mode: an engine that watches how its handles are used, and reports mistakes.
 *
 * weir_engine_options.debug turns it on; an engine without it pays nothing.  It reports
 *
 *   - descriptors that the engine's operations made and nobody closed, when the engine is
 *     destroyed: with the task that opened them, and file and line of the call;
 *   - a close of a descriptor on which another task's operation is in flight: it is refused with
 *     WEIR_EBUSY (shut the socket down, or cancel the other task, instead);
 *   - WEIR_EBADF, WEIR_ENOTSOCK and WEIR_EFAULT, which tell of a mistake of the program, once for
 *     each place in it; the caller gets its result all the same;
 *   - tasks that still run when the root task has ended, for which weir_run then waits.
 *
 * File and line are found by addr2line(1) if it is installed; else module and offset are told.
 */
#ifndef WEIR_IO_DEBUG_H
#define WEIR_IO_DEBUG_H

#include <weir/io/io.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What takes a report: one line for a person, without a line end.  On any thread, one call at a
 * time; it must not wait, nor use the engine. */
typedef void weir_debug_report(void *argument, const char *text);

/* Turns debug mode on, as weir_engine_options.debug does.  Nothing if it is on.
 *
 * Returns 0 or WEIR_ENOMEM.  For an engine that has not run yet.  From any thread. */
int weir_debug_install(weir_io *io);

/* Hands the reports to `report(argument, text)`, those of the stall detector included; NULL: to
 * standard error, each a line that begins with "weir: ", which is the default.  Does not turn debug
 * mode on.
 *
 * Returns 0 or WEIR_ENOMEM.
 * Ownership: `argument` is lent until the engine has been destroyed.
 * For an engine that does not run.  From any thread. */
int weir_debug_set_report(weir_io *io, weir_debug_report *report, void *argument);

/* Takes a descriptor, which was made outside of the engine, into the watch: it is reported if it is
 * left open.  Nothing without debug mode.  Never waits.  From any thread. */
void weir_debug_adopt(weir_io *io, int fd);

/* Takes a descriptor out of the watch, because another party will close it.  Nothing without debug
 * mode.  Never waits.  From any thread. */
void weir_debug_forget(weir_io *io, int fd);

#ifdef __cplusplus
}
#endif
#endif
