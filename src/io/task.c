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

void weir_async_at(weir_io *io, weir_task *task, weir_task_fn *run, void *argument,
                   const char *place)
{
    weir_spawn spawn = {
        .run = run, .argument = argument, .task = task, .place = place, .worker = WEIR_WORKER_ANY};
    if (io->table->spawn(io, &spawn) == 0) return;
    *task = (weir_task){0};
    task->result = run(io, argument);
    __atomic_store_n(&task->ended, 1, __ATOMIC_RELEASE);
}

static int spawn(weir_io *io, weir_spawn *spawn, const weir_task_options *options)
{
    spawn->name = options ? options->name : NULL;
    spawn->worker = options ? options->worker : WEIR_WORKER_ANY;
    return io->table->spawn(io, spawn);
}

int weir_concurrent_at(weir_io *io, weir_task *task, weir_task_fn *run, void *argument,
                       const weir_task_options *options, const char *place)
{
    weir_spawn how = {.run = run, .argument = argument, .task = task, .place = place};
    return spawn(io, &how, options);
}

int weir_detach_at(weir_io *io, weir_task_fn *run, void *argument, const weir_task_options *options,
                   const char *place)
{
    weir_spawn how = {.run = run, .argument = argument, .group = &io->detached, .place = place};
    return spawn(io, &how, options);
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

void weir_task_op(weir_op *op, weir_task *task)
{
    weir_op_set(op, WEIR_OP_JOIN, -1);
    op->args.task = task;
}

int weir_await_until(weir_io *io, weir_task *task, weir_instant deadline, int *result)
{
    if (!weir_task_ended(task)) {
        weir_op op;
        weir_task_op(&op, task);
        weir_op_set_deadline(&op, deadline);
        int64_t error = weir_do(io, &op);
        if (error < 0) return (int)error;
    }
    int value = take_result(task);
    if (result) *result = value;
    return 0;
}

int weir_await(weir_io *io, weir_task *task, int *result)
{
    return weir_await_until(io, task, weir_never(), result);
}

void weir_cancel_request(weir_io *io, weir_task *task)
{
    (void)io;
    weir_spin_lock(&task->lock);
    if (task->record) weir_task_record_request(task->record);
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
    if (self) __atomic_fetch_or(&self->canceled, RECORD_REQUEST, __ATOMIC_SEQ_CST);
}

void weir_put_back(weir_io *io)
{
    weir_task_record *self = io->table->self(io);
    if (self) weir_task_put_back(self);
}

weir_cause weir_cause_of(weir_io *io)
{
    weir_task_record *self = io->table->self(io);
    return self && self->caused ? self->cause : (weir_cause){0};
}

int weir_yield(weir_io *io)
{
    return io->table->yield(io);
}
