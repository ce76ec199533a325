/* SPDX-License-Identifier: MIT
 *
 * Work that would hold a worker: calls that block where the kernel gives no other way, and long
 * computations.  They run on threads of their own, which end when they have idled long.
 */
#ifndef WEIR_IO_WORK_H
#define WEIR_IO_WORK_H

#include <stdint.h>

#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Runs `run(argument)` on a thread where it may block, and waits for its result.
 *
 * Returns what it returned; WEIR_ECANCELED or WEIR_EDEADLINE when it had not begun: it will not be
 * called.  Once it has begun it is waited for to its end, and a request stays pending.
 * WEIR_ENOMEM: no thread could be started.  The number of threads is bounded by the engine's option
 * max_blocking; more work waits in order.
 * A cancellation point.  From a task of `io`. */
int64_t weir_work(weir_io *io, weir_work_fn *run, void *argument);

/* Fills an op that does the same, for weir_select or a queue. */
void weir_work_op(weir_op *op, weir_work_fn *run, void *argument);

#ifdef __cplusplus
}
#endif
#endif
