/* SPDX-License-Identifier: MIT
 *
 * The evented engine: fibers on one worker thread per core, over io_uring or epoll.
 */
#ifndef WEIR_IO_EVENTED_EVENTED_H
#define WEIR_IO_EVENTED_EVENTED_H

#include <stddef.h>

#include <weir/io/io.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_reactor_choice {
    WEIR_REACTOR_AUTO, /* io_uring if the kernel has what is needed, else epoll, silently */
    WEIR_REACTOR_URING,
    WEIR_REACTOR_EPOLL,
} weir_reactor_choice;

/* See weir_engine_options (io/engine/engine.h) for the meaning and the defaults. */
typedef struct weir_evented_options {
    weir_reactor_choice reactor;
    unsigned workers;
    size_t stack_size;
    size_t max_tasks;
    size_t buffer_size;
    size_t max_buffers;
    unsigned max_blocking;
    weir_duration blocking_idle;
    weir_duration stall;
} weir_evented_options;

/* Makes an evented engine.  Errors as weir_engine_create. */
int weir_evented_create(const weir_evented_options *options, weir_io **out);

#ifdef __cplusplus
}
#endif
#endif
