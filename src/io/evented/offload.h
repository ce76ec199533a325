/* SPDX-License-Identifier: MIT
 *
 * Threads for ops that would hold a worker: file ops, and weir_work.
 *
 * Started when needed, up to a limit, ended when they have idled long.  `lock` guards all members;
 * ops wait in a list through their first two words.
 */
#ifndef IO_EVENTED_OFFLOAD_H
#define IO_EVENTED_OFFLOAD_H

#include <pthread.h>
#include <stdbool.h>

#include <weir/io/op.h>

#include "io/posix/descriptors.h"

typedef struct weir_offload {
    weir_io *io; /* whose complete() takes the results */
    weir_descriptors *descriptors;
    pthread_mutex_t lock;
    pthread_cond_t work, ended;
    weir_op *first, *last;
    unsigned limit;
    weir_duration patience; /* of an idle thread */
    unsigned queued, threads, idle;
    unsigned busy; /* threads at an op, its completion included */
    bool closing;
    uint64_t done, started; /* atomic to read: ops, threads */
} weir_offload;

/* Prepares it; starts no thread.  Returns 0 or WEIR_ENOMEM. */
int weir_offload_open(weir_offload *offload, weir_io *io, weir_descriptors *descriptors,
                      unsigned limit, weir_duration patience);

/* Waits until no thread is at an op: none touches a worker any more.  No op is left. */
void weir_offload_rest(weir_offload *offload);

/* Ends the threads and waits for them.  No op is left. */
void weir_offload_close(weir_offload *offload);

/* Has an op done by a thread.  True: complete() will be called.  False: op->result is set (no
 * thread can be started). */
bool weir_offload_start(weir_offload *offload, weir_op *op);

/* Takes an op back that no thread has begun.  True: it will not be done. */
bool weir_offload_stop(weir_offload *offload, weir_op *op);

#endif
