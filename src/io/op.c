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
#include <weir/io/wait.h>
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

void weir_queue_init_handler(weir_io *io, weir_queue *queue, weir_queue_handler *handler)
{
    io->table->queue_init(io, queue);
    queue->handler = handler;
}

/* Takes completions until `left` ops have settled, whatever happens to the task meanwhile. */
static void settle(weir_io *io, weir_queue *queue, size_t left)
{
    while (left > 0 && weir_queue_try(io, queue)) left--;
    if (left == 0) return;
    weir_scope shield;
    weir_shield(io, &shield);
    while (left > 0) {
        weir_op *op;
        if (weir_queue_next(io, queue, weir_never(), &op) == 0) left--;
    }
    weir_scope_leave(io, &shield);
}

/* Starts ops from `first` on, in a circle, until one has completed: that one is the winner. */
static size_t start_some(weir_io *io, weir_op *ops[], size_t count, size_t first, weir_queue *queue,
                         weir_op **winner)
{
    size_t started = 0;
    while (started < count && !*winner) {
        weir_submit(io, ops[(first + started++) % count], queue);
        *winner = weir_queue_try(io, queue);
    }
    return started;
}

int weir_select(weir_io *io, weir_op *ops[], size_t count, weir_deadline deadline)
{
    if (count == 0) return WEIR_EINVAL;
    weir_queue queue;
    weir_queue_init(io, &queue);
    size_t first = count > 1 ? (size_t)weir_random_below(io, count) : 0, started = 0;
    weir_op *winner = NULL;
    int error = weir_check(io);
    if (!error) started = start_some(io, ops, count, first, &queue, &winner);
    if (!error && !winner) error = weir_queue_next(io, &queue, deadline, &winner);
    int index = 0;
    for (size_t i = 0; i < count; i++) {
        weir_op *op = ops[(first + i) % count];
        if (op == winner) {
            index = (int)((first + i) % count);
        } else if (i < started) {
            weir_op_cancel(io, op);
        } else {
            op->result = WEIR_ECANCELED;
        }
    }
    settle(io, &queue, started - (winner != NULL));
    return error ? error : index;
}

const char *weir_op_name(const weir_op *op)
{
    static const char *const names[WEIR_OP_COUNT] = {
        [WEIR_OP_NOP] = "nothing",
        [WEIR_OP_SLEEP] = "sleep",
        [WEIR_OP_WORD_WAIT] = "word",
        [WEIR_OP_JOIN] = "task",
        [WEIR_OP_GROUP_WAIT] = "group",
        [WEIR_OP_WAIT] = "object",
        [WEIR_OP_WORK] = "work",
        [WEIR_OP_SOCKET] = "socket",
        [WEIR_OP_PAIR] = "socket pair",
        [WEIR_OP_PIPE] = "pipe",
        [WEIR_OP_DUPLICATE] = "duplicate",
        [WEIR_OP_ADOPT] = "adopt",
        [WEIR_OP_BIND] = "bind",
        [WEIR_OP_LISTEN] = "listen",
        [WEIR_OP_ACCEPT] = "accept",
        [WEIR_OP_CONNECT] = "connect",
        [WEIR_OP_READ] = "read",
        [WEIR_OP_READ_LENT] = "read",
        [WEIR_OP_RECEIVER_STOP] = "receiver stop",
        [WEIR_OP_WRITE] = "write",
        [WEIR_OP_SEND] = "send",
        [WEIR_OP_RECEIVE] = "receive",
        [WEIR_OP_SEND_MANY] = "send",
        [WEIR_OP_RECEIVE_MANY] = "receive",
        [WEIR_OP_SPLICE] = "splice",
        [WEIR_OP_POLL] = "poll",
        [WEIR_OP_SHUTDOWN] = "shutdown",
        [WEIR_OP_CLOSE] = "close",
        [WEIR_OP_GET_OPTION] = "get option",
        [WEIR_OP_SET_OPTION] = "set option",
        [WEIR_OP_LOCAL_ADDRESS] = "local address",
        [WEIR_OP_PEER_ADDRESS] = "peer address",
        [WEIR_OP_OPEN] = "open",
        [WEIR_OP_STAT] = "stat",
        [WEIR_OP_READ_AT] = "read at",
        [WEIR_OP_WRITE_AT] = "write at",
        [WEIR_OP_LIST] = "list",
        [WEIR_OP_SEND_FILE] = "send file",
        [WEIR_OP_UNLINK] = "unlink",
        [WEIR_OP_CHANGE_MODE] = "change mode",
        [WEIR_OP_CHANGE_OWNER] = "change owner",
        [WEIR_OP_LOCK] = "lock file",
    };
    if (op->code == WEIR_OP_WAIT) return op->args.wait.kind->name;
    return op->code < WEIR_OP_COUNT ? names[op->code] : "queue";
}

int weir_wait(weir_io *io, const uint32_t *word, uint32_t expected, weir_deadline deadline)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_WORD_WAIT, -1);
    /* 0 means none in an op; here every past instant is past. */
    weir_op_set_deadline(&op, deadline);
    op.args.word = (__typeof__(op.args.word)){word, expected};
    return (int)weir_do(io, &op);
}
