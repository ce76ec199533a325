/* SPDX-License-Identifier: MIT
 *
 * Starting and ending of task records: the handshakes with handles and groups.
 *
 * Invariant: a record is in exactly one of: its handle's `record`, its group's list; both are
 * changed under that handle's or group's lock, and interrupting happens under the same lock.  So
 * who holds the lock and finds a record there may use it.
 */
#include "io/task_record.h"

#include "base/spin.h"
#include "io/parking.h"

static void join_group(weir_task_record *record, weir_group *group)
{
    weir_spin_lock(&group->lock);
    weir_task_record *first = group->members;
    record->previous = NULL;
    record->next = first;
    if (first) first->previous = record;
    group->members = record;
    group->count++;
    record->canceled = group->canceled;
    weir_spin_unlock(&group->lock);
}

void weir_task_record_start(weir_task_record *record, weir_io *io, const weir_spawn *spawn)
{
    record->io = io;
    record->canceled = 0;
    record->shield = 0;
    record->deadline = weir_never();
    record->run = spawn->run;
    record->argument = spawn->argument;
    record->task = spawn->task;
    record->group = spawn->group;
    record->name = spawn->name ? spawn->name : "task";
    if (spawn->task) {
        *spawn->task = (weir_task){.record = record};
    } else if (spawn->group) {
        join_group(record, spawn->group);
    }
}

static void end_task(weir_task *task, weir_io *io, int result)
{
    weir_spin_lock(&task->lock);
    weir_op *waiter = task->waiter;
    task->waiter = NULL;
    task->result = result;
    task->record = NULL;
    /* Pairs with the acquire load in weir_task_ended. */
    __atomic_store_n(&task->ended, 1, __ATOMIC_RELEASE);
    weir_spin_unlock(&task->lock);
    if (waiter) io->table->complete(io, waiter, 0);
}

static void leave_group(weir_task_record *record, weir_group *group, weir_io *io)
{
    weir_spin_lock(&group->lock);
    if (record->previous) {
        record->previous->next = record->next;
    } else {
        group->members = record->next;
    }
    if (record->next) record->next->previous = record->previous;
    weir_op *waiter = --group->count == 0 ? group->waiter : NULL;
    if (waiter) group->waiter = NULL;
    weir_spin_unlock(&group->lock);
    if (waiter) io->table->complete(io, waiter, 0);
}

void weir_task_record_end(weir_task_record *record, int result)
{
    if (record->task) {
        end_task(record->task, record->io, result);
    } else if (record->group) {
        leave_group(record, record->group, record->io);
    }
}
