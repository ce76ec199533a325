/* SPDX-License-Identifier: MIT
 *
 * The threaded engine: every task is a thread of a pool, every operation the system call itself.
 */
#ifndef WEIR_IO_THREADED_THREADED_H
#define WEIR_IO_THREADED_THREADED_H

#include <stddef.h>

#include <weir/io/io.h>

#ifdef __cplusplus
extern "C" {
#endif

/* See weir_engine_options (io/engine/engine.h) for the meaning and the defaults. */
typedef struct weir_threaded_options {
    size_t max_tasks;
    size_t stack_size;
    unsigned max_blocking;
    weir_duration blocking_idle;
} weir_threaded_options;

/* Makes a threaded engine.  Errors as weir_engine_create. */
int weir_threaded_create(const weir_threaded_options *options, weir_io **out);

#ifdef __cplusplus
}
#endif
#endif
