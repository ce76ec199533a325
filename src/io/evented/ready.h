/* SPDX-License-Identifier: MIT
 *
 * Ops that wait for readiness: what follows an attempt, in both reactors.
 *
 * A worker has one epoll set (io/posix/readiness.h).  With epoll it is the reactor; with io_uring
 * it serves what is better done by a system call once the socket is ready, and the ring watches it.
 */
#ifndef IO_EVENTED_READY_H
#define IO_EVENTED_READY_H

#include "io/evented/engine.h"
#include "io/posix/readiness.h"

/* Lets an op wait whose attempt said *result, WEIR_ATTEMPT_WAIT or WEIR_ATTEMPT_LATER.  True: it
 * is in flight.  False: it cannot; *result is its result. */
bool weir_ready_wait(worker *w, weir_readiness *set, weir_op *op, int64_t *result);

/* What follows the first attempt.  True: the op is in flight.  False: *result is its result. */
static inline bool weir_ready_follow(worker *w, weir_readiness *set, weir_op *op, int64_t *result)
{
    if (*result != WEIR_ATTEMPT_WAIT && *result != WEIR_ATTEMPT_LATER) return false;
    return weir_ready_wait(w, set, op, result);
}

/* Before another attempt of an op that was handed out, and what follows it: the op waits on, or is
 * finished. */
void weir_ready_again(weir_op *op);
void weir_ready_went(worker *w, weir_readiness *set, weir_op *op, int64_t result);

/* Reads what a socket has into a lent buffer, for a READ_LENT on its receiver's worker.
 *
 * Returns as weir_attempt; the end of the stream and errors of the socket stay with the receiver.
 * WEIR_ENOBUFS: all buffers are lent. */
int64_t weir_ready_receive(worker *w, weir_op *op);

/* Attempts a WRITE; returns as weir_attempt. */
int64_t weir_ready_write(weir_readiness *set, weir_op *op);

/* Ends an op if it waits in the set.  Returns whether it did. */
bool weir_ready_stop(worker *w, weir_readiness *set, weir_op *op);

#endif
