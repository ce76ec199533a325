/* SPDX-License-Identifier: MIT
 *
 * Dumping the tasks of an engine when a signal comes (weir_engine_options.dump_signal).
 */
#ifndef IO_DUMP_H
#define IO_DUMP_H

#include <weir/io/io.h>

/* A thread that waits for the signal. */
typedef struct weir_dump_watch weir_dump_watch;

/* Starts to watch for io->dump_signal; *out is NULL when that is 0.  Returns 0, WEIR_EINVAL (no
 * such signal), WEIR_ELIMIT (weir_signals_open), WEIR_ENOMEM, WEIR_EMFILE, WEIR_ENFILE or
 * WEIR_EAGAIN (no thread). */
int weir_dump_watch_open(weir_io *io, weir_dump_watch **out);

/* Ends the watch; the signal does what it did before.  NULL does nothing. */
void weir_dump_watch_close(weir_dump_watch *watch);

#endif
