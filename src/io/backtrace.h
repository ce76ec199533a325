/* SPDX-License-Identifier: MIT
 *
 * Call stacks of this program, and their words: functions, files and lines.
 */
#ifndef IO_BACKTRACE_H
#define IO_BACKTRACE_H

#include <stdbool.h>

#include "io/text.h"

enum { WEIR_BACKTRACE = 24 };

/* The innermost calls; of a fiber they end at its start. */
typedef struct weir_backtrace {
    int count;
    void *frames[WEIR_BACKTRACE];
} weir_backtrace;

/* Takes the calling thread's stack.  The first call of the process may allocate; after that it can
 * be made in a signal handler. */
void weir_backtrace_take(weir_backtrace *out);

/* Adds "accept_one (server.c:42) < serve (server.c:88)": the innermost calls that are not the
 * library's own.  Runs addr2line(1) and waits for it, ten seconds at most per module; without it,
 * or without debug information, a frame is "accept_one (program+0x1234)". */
void weir_backtrace_print(const weir_backtrace *trace, weir_text *out);

/* Whether two stacks are the same. */
bool weir_backtrace_same(const weir_backtrace *a, const weir_backtrace *b);

#endif
