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

/* What follows the first attempt.  True: the op is in flight.  False: *result is its result. */
bool weir_ready_follow(worker *w, weir_readiness *set, weir_op *op, int64_t *result);

/* Before another attempt of an op that was handed out, and what follows it: the op waits on, or is
 * finished. */
void weir_ready_again(weir_op *op);
void weir_ready_went(worker *w, weir_readiness *set, weir_op *op, int64_t result);

/* Reads what a socket has into a lent buffer, for a READ_LENT on its receiver's worker.
 *
 * Returns as weir_attempt; the end of the stream and errors of the socket stay with the receiver.
 * WEIR_ENOBUFS: all buffers are lent. */
int64_t weir_ready_receive(worker *w, weir_op *op);

/* Ends an op if it waits in the set.  Returns whether it did. */
bool weir_ready_stop(worker *w, weir_readiness *set, weir_op *op);

#endif
