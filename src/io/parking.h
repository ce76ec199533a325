/* SPDX-License-Identifier: MIT
 *
 * Ops that wait for other tasks and not for the kernel: WORD_WAIT, JOIN, GROUP_WAIT, WAIT.
 *
 * Written once for all engines.  The engine starts such an op here; when it waits, the one who
 * wakes it calls table->complete(io, op, result) exactly once, from any thread.  While an op is
 * parked, the first three of its engine words (weir_op_words) belong to this module, the others to
 * the engine; from complete() on the engine may use `next`, and `previous` and `io` when it no
 * longer calls weir_unpark.
 */
#ifndef IO_PARKING_H
#define IO_PARKING_H

#include <stdbool.h>

#include <weir/io/io.h>
#include <weir/io/wait.h>

_Static_assert(sizeof(weir_op_words) == sizeof(((weir_op *)0)->engine), "words must fit the op");

static inline bool weir_op_is_parked_kind(const weir_op *op)
{
    return op->code == WEIR_OP_WORD_WAIT || op->code == WEIR_OP_JOIN ||
           op->code == WEIR_OP_GROUP_WAIT || op->code == WEIR_OP_WAIT;
}

/* Starts to wait.  True: it waits, complete() will be called, perhaps before this returns.
 * False: it need not wait, op->result is set and complete() is not called. */
bool weir_park(weir_io *io, weir_op *op);

/* Withdraws a parked op.  True: it no longer waits and complete() will not be called.
 * False: somebody is completing it: complete() was or will be called. */
bool weir_unpark(weir_op *op);

#endif
