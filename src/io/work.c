/* SPDX-License-Identifier: MIT
 *
 * Work for threads where it may block: an op like every other.
 */
#include <weir/io/work.h>

void weir_work_op(weir_op *op, weir_work_fn *run, void *argument)
{
    weir_op_set(op, WEIR_OP_WORK, -1);
    op->args.work = (__typeof__(op->args.work)){run, argument};
}

int64_t weir_work(weir_io *io, weir_work_fn *run, void *argument)
{
    weir_op op;
    weir_work_op(&op, run, argument);
    return weir_do(io, &op);
}
