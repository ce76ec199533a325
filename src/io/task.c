/* SPDX-License-Identifier: MIT
 *
 * Tasks: the public calls, over the engine's table.
 */
#include <weir/io/task.h>

#include <weir/io/clock.h>
#include <weir/io/io.h>
#include <weir/io/scope.h>

#include "base/spin.h"
#include "io/parking.h"
#include "io/task_record.h"

int weir_run(weir_io *io, weir_task_fn *run, void *argument)
{
    return io->table->run(io, run, argument);
}

weir_io_description weir_io_describe(const weir_io *io)
{
    weir_io_description description;
    io->table->describe(io, &description);
    return description;
}

void weir_io_destroy(weir_io *io)
{
    if (io) io->table->destroy(io);
}

unsigned weir_workers(weir_io *io)
{
    return weir_io_describe(io).workers;
}

void weir_async(weir_io *io, weir_task *task, weir_task_fn *run, void *argument)
{
    weir_spawn spawn = {.run = run, .argument = argument, .task = task, .worker = WEIR_WORKER_ANY};
    if (io->table->spawn(io, &spawn) == 0) return;
    *task = (weir_task){0};
    task->result = run(io, argument);
    __atomic_store_n(&task->ended, 1, __ATOMIC_RELEASE);
}

int weir_concurrent(weir_io *io, weir_task *task, weir_task_fn *run, void *argument,
                    const weir_task_options *options)
{
    weir_spawn spawn = {.run = run,
                        .argument = argument,
                        .task = task,
                        .name = options ? options->name : NULL,
                        .worker = options ? options->worker : WEIR_WORKER_ANY};
    return io->table->spawn(io, &spawn);
}

bool weir_task_ended(const weir_task *task)
{
    /* Pairs with the release store of the ending task. */
    return __atomic_load_n(&task->ended, __ATOMIC_ACQUIRE);
}

/* The ended task may still hold the lock for its last instruction; after this the handle's memory
 * is the caller's alone. */
static int take_result(weir_task *task)
{
    weir_spin_await(&task->lock);
    return task->result;
}

int weir_await(weir_io *io, weir_task *task, int *result)
{
    if (!weir_task_ended(task)) {
        weir_op op;
        weir_op_set(&op, WEIR_OP_JOIN, -1);
        op.args.task = task;
        int64_t error = weir_do(io, &op);
        if (error < 0) return (int)error;
    }
    int value = take_result(task);
    if (result) *result = value;
    return 0;
}

void weir_cancel_request(weir_io *io, weir_task *task)
{
    weir_spin_lock(&task->lock);
    weir_task_record *record = task->record;
    if (record) {
        /* Pairs with weir_task_check: set before the task is interrupted, so that it finds it. */
        __atomic_store_n(&record->canceled, 1, __ATOMIC_SEQ_CST);
        io->table->interrupt(io, record);
    }
    weir_spin_unlock(&task->lock);
}

int weir_cancel(weir_io *io, weir_task *task)
{
    weir_cancel_request(io, task);
    weir_scope shield;
    weir_shield(io, &shield);
    int result = 0;
    while (weir_await(io, task, &result) != 0) continue;
    weir_scope_leave(io, &shield);
    return result;
}

int weir_check(weir_io *io)
{
    weir_task_record *self = io->table->self(io);
    if (!self) return WEIR_ENOTTASK;
    weir_instant now = {0};
    if (!weir_is_never(self->deadline)) now = weir_now(io, WEIR_CLOCK_MONOTONIC);
    return weir_task_check(self, now);
}

void weir_recancel(weir_io *io)
{
    weir_task_record *self = io->table->self(io);
    if (self) __atomic_store_n(&self->canceled, 1, __ATOMIC_SEQ_CST);
}

int weir_yield(weir_io *io)
{
    return io->table->yield(io);
}
