/* SPDX-License-Identifier: MIT
 *
 * What the evented engine needs of a kernel interface: the private table that uring/ and epoll/
 * implement.
 *
 * A reactor belongs to one worker and is used by its thread alone.  Its poll returns when
 * worker.wakeup is written to.  It reports completions by weir_evented_op_finish (engine.h).
 */
#ifndef IO_EVENTED_REACTOR_H
#define IO_EVENTED_REACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/io/op.h>
#include <weir/io/socket.h>

struct worker;

typedef struct weir_reactor {
    const char *name; /* for people */

    /* Whether this kernel can do it: 0, or why not (a negative error).  Any thread. */
    int (*probe)(void);

    /* Makes worker->reactor on the worker's thread.  0, WEIR_ENOMEM, WEIR_EMFILE, WEIR_ENFILE … */
    int (*open)(struct worker *w);
    void (*close)(struct worker *w);

    /* Starts an op.  True: it is in flight, weir_evented_op_finish will come.  False: op->result is
     * set. Gets all opcodes but those that need no kernel (NOP, SLEEP, parked kinds) and those that
     * `offloads` names. */
    bool (*start)(struct worker *w, weir_op *op);

    /* Asks an op in flight to end: finishes it now or later. */
    void (*stop)(struct worker *w, weir_op *op);

    /* Tries an op in state OP_RETRY again. */
    void (*retry)(struct worker *w, weir_op *op);

    /* Hands what was started to the kernel, waits up to `timeout` ns for something to happen (0:
     * only looks, WEIR_FOREVER_NS: without end), calls weir_evented_worker_woken, and finishes what
     * is done, with weir_evented_worker_go_on after each. */
    void (*poll)(struct worker *w, int64_t timeout);

    /* Whether an op would hold the thread and goes to the offload threads.  Is asked from OPEN on:
     * no op before works on files. */
    bool (*offloads)(const weir_op *op);

    /* A lent buffer of this worker has come back. */
    void (*buffer_back)(struct worker *w, uint32_t id);

    /* Another worker's op needs a receiver that is open here: stop receiving, keep what has arrived
     * (drop it for RECEIVER_STOP), and send the op back as MESSAGE_OP_DONE. */
    void (*remote)(struct worker *w, weir_op *op);

    /* Such an op has come back to its owner. */
    void (*returned)(struct worker *w, weir_op *op);
} weir_reactor;

extern const weir_reactor weir_reactor_uring;
extern const weir_reactor weir_reactor_epoll;

#endif
