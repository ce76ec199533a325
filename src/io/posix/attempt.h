/* SPDX-License-Identifier: MIT
 *
 * Trying an op once by its system call, without waiting: what the readiness engines are made of.
 *
 *      weir_attempt_begin(op);
 *      result = weir_attempt(op);               // >= 0, a negative WEIR_E…, or
 *      WEIR_ATTEMPT_WAIT                        // wait for weir_attempt_events(op), try again
 *      WEIR_ATTEMPT_LATER                       // wait weir_attempt_delay(op), try again
 *
 * An op keeps its progress (bytes sent, connect started) in its engine words own[4] and own[5] from
 * one attempt to the next.  Attempts of one op follow each other; different ops are independent.
 */
#ifndef IO_POSIX_ATTEMPT_H
#define IO_POSIX_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/op.h>

/* Outcomes of weir_attempt that are no results: no error code is that small. */
#define WEIR_ATTEMPT_WAIT  INT64_MIN
#define WEIR_ATTEMPT_LATER (INT64_MIN + 1)

/* Clears the progress, and what an op says besides its result.  Once per op, before its first
 * attempt; for READ_LENT and RECEIVER_STOP also copies the receiver's descriptor to op->fd. */
void weir_attempt_begin(weir_op *op);

/* Tries the op: SOCKET to SEND_FILE except READ_LENT and RECEIVER_STOP; WEIR_EUNSUPPORTED for the
 * others.  Never waits for a socket; file ops may wait for a disk (weir_attempt_is_file).
 *
 * Returns the op's result, WEIR_ATTEMPT_WAIT, or WEIR_ATTEMPT_LATER (the queue of a Unix listener,
 * or of the Unix socket that a message names, is full: readiness does not tell when there is room;
 * or an error stands that is not in the error queue which is waited for).
 * op->result is untouched.
 * A WRITE with WEIR_OP_ALL and a SEND_FILE end with a result when all went or an error came; what
 * went so far is weir_attempt_progress. */
int64_t weir_attempt(weir_op *op);

/* What to wait for after WEIR_ATTEMPT_WAIT: a set of WEIR_POLL_READ and WEIR_POLL_WRITE, by opcode
 * (for POLL, the caller's set).  0 for ops that never wait.  READ_LENT waits for READ. */
uint32_t weir_attempt_events(const weir_op *op);

/* How long to wait after WEIR_ATTEMPT_LATER: 1 ms, doubled with each attempt up to 64 ms. */
weir_duration weir_attempt_delay(const weir_op *op);

/* Bytes that a WRITE with WEIR_OP_ALL or a SEND_FILE has sent so far, or messages of a SEND_MANY.
 * When more than 0, a canceled or expired op completes with this count, and the request stays
 * pending. */
int64_t weir_attempt_progress(const weir_op *op);

/* Whether a READ (no peek) that returned `result` got less than it had room for.  On a TCP socket
 * nothing is left then that was there before (unless the peer has ended the stream or sent urgent
 * data). */
bool weir_attempt_was_short(const weir_op *op, int64_t result);

/* Whether a descriptor is a TCP socket. */
bool weir_attempt_is_tcp(int fd);

/* Whether an op works on a file system, so that it may hold the thread: OPEN, STAT, READ_AT,
 * WRITE_AT, LIST. */
bool weir_attempt_is_file(const weir_op *op);

/* Whether an errno of accept(2) is one that was pending on the new connection, not the listener's:
 * the next connection may be sound. */
bool weir_attempt_accept_died(int error);

/* Whether an op may have the flag WEIR_OP_TRY, and what such an op says to an outcome: its progress
 * or WEIR_EAGAIN instead of waiting. */
bool weir_attempt_may_try(const weir_op *op);
int64_t weir_attempt_result(const weir_op *op, int64_t outcome);

/* Whether an op makes or closes descriptors. */
bool weir_attempt_is_about_descriptors(const weir_op *op);

/* The descriptors that an op with this result has made, -1 for none; whether there are any: SOCKET,
 * PAIR, PIPE, DUPLICATE, ADOPT, ACCEPT, OPEN. */
bool weir_attempt_made(const weir_op *op, int64_t result, int made[2]);

/* Whether an op takes from a socket's error queue: it waits for an error, and finds the socket
 * readable or not. */
bool weir_attempt_takes_errors(const weir_op *op);

#endif
