/* SPDX-License-Identifier: MIT
 *
 * The stall detector: a thread that looks at the workers, and has one that has not switched for too
 * long say which task holds it.
 */
#ifndef IO_EVENTED_STALL_H
#define IO_EVENTED_STALL_H

struct engine;

typedef struct weir_stall weir_stall;

/* Starts to watch the workers of an engine whose option `stall` is set; else does nothing.  Sets
 * engine.stall.  Returns 0, WEIR_ENOMEM or WEIR_EAGAIN (no thread).  By weir_run, when the workers
 * have opened. */
int weir_stall_open(struct engine *e);

/* Ends the watch, if there is one. */
void weir_stall_close(struct engine *e);

#endif
