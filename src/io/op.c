/* SPDX-License-Identifier: MIT
 *
 * Operations and queues: the public calls over the engine's table, and select, which is a queue of
 * a few ops.
 */
#include <weir/io/op.h>

#include <stdbool.h>

#include <weir/base/error.h>
#include <weir/io/io.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>
#include <weir/io/word.h>

int64_t weir_do(weir_io *io, weir_op *op)
{
    return io->table->perform(io, op);
}

void weir_submit(weir_io *io, weir_op *op, weir_queue *queue)
{
    op->queue = queue;
    io->table->submit(io, op);
}

void weir_queue_init(weir_io *io, weir_queue *queue)
{
    io->table->queue_init(io, queue);
}

int weir_queue_next(weir_io *io, weir_queue *queue, weir_deadline deadline, weir_op **out)
{
    return io->table->queue_next(io, queue, deadline, out);
}

weir_op *weir_queue_try(weir_io *io, weir_queue *queue)
{
    return io->table->queue_try(io, queue);
}

void weir_op_cancel(weir_io *io, weir_op *op)
{
    io->table->cancel(io, op);
}

/* Takes completions until `left` ops have settled, whatever happens to the task meanwhile. */
static void settle(weir_io *io, weir_queue *queue, size_t left)
{
    weir_scope shield;
    weir_shield(io, &shield);
    while (left > 0) {
        weir_op *op;
        if (weir_queue_next(io, queue, weir_never(), &op) == 0) left--;
    }
    weir_scope_leave(io, &shield);
}

int weir_select(weir_io *io, weir_op *ops[], size_t count, weir_deadline deadline)
{
    if (count == 0) return WEIR_EINVAL;
    weir_queue queue;
    weir_queue_init(io, &queue);
    size_t first = count > 1 ? (size_t)weir_random_below(io, count) : 0;
    for (size_t i = 0; i < count; i++) weir_submit(io, ops[(first + i) % count], &queue);
    weir_op *winner = NULL;
    int error = weir_queue_next(io, &queue, deadline, &winner);
    for (size_t i = 0; i < count; i++)
        if (ops[i] != winner) weir_op_cancel(io, ops[i]);
    settle(io, &queue, winner ? count - 1 : count);
    if (error) return error;
    for (size_t i = 0; i < count; i++)
        if (ops[i] == winner) return (int)i;
    return WEIR_EINVAL;
}

int weir_wait(weir_io *io, const uint32_t *word, uint32_t expected, weir_deadline deadline)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_WORD_WAIT, -1);
    /* 0 means none in an op; here every past instant is past. */
    if (!weir_is_never(deadline)) op.deadline.ns = deadline.ns > 0 ? deadline.ns : 1;
    op.args.word = (__typeof__(op.args.word)){word, expected};
    return (int)weir_do(io, &op);
}
