/* SPDX-License-Identifier: MIT
 *
 * Task records: the handshakes with handles and groups, and why operations are canceled.
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
    record->canceled = group->canceled ? RECORD_REQUEST : 0;
    weir_spin_unlock(&group->lock);
}

void weir_task_record_start(weir_task_record *record, weir_io *io, const weir_spawn *spawn)
{
    record->io = io;
    record->canceled = 0;
    record->shield = record->caused = 0;
    record->deadline = weir_never();
    record->scope = NULL;
    record->run = spawn->run;
    record->argument = spawn->argument;
    record->task = spawn->task;
    record->group = spawn->group;
    record->name = spawn->name ? spawn->name : "task";
    record->place = spawn->place;
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
        if (result < 0 && record->group == &record->io->detached)
            __atomic_fetch_add(&record->io->detached_failed, 1, __ATOMIC_RELAXED);
        leave_group(record, record->group, record->io);
    }
}

void weir_task_record_request(weir_task_record *record)
{
    /* Set before the task is interrupted, so that it finds it. */
    __atomic_fetch_or(&record->canceled, RECORD_REQUEST, __ATOMIC_SEQ_CST);
    record->io->table->interrupt(record->io, record);
}

/* The innermost scope this side of a shield whose token was canceled, or NULL. */
static const weir_scope *fired_scope(const weir_task_record *record)
{
    const weir_scope *scope = record->scope;
    /* Pairs with the store in scope.c: who sees it sees the token's reason. */
    while (scope && !scope->shield && !__atomic_load_n(&scope->fired, __ATOMIC_ACQUIRE))
        scope = scope->outer;
    return scope && !scope->shield ? scope : NULL;
}

bool weir_task_asked(const weir_task_record *record)
{
    uint32_t canceled = __atomic_load_n(&record->canceled, __ATOMIC_ACQUIRE);
    if (canceled & RECORD_REQUEST && !record->shield) return true;
    return canceled & RECORD_TOKEN && fired_scope(record);
}

int weir_task_report(weir_task_record *record)
{
    uint32_t canceled = __atomic_load_n(&record->canceled, __ATOMIC_ACQUIRE);
    if (canceled & RECORD_REQUEST && !record->shield) {
        __atomic_fetch_and(&record->canceled, ~(uint32_t)RECORD_REQUEST, __ATOMIC_RELAXED);
        record->cause = (weir_cause){.kind = WEIR_CAUSE_REQUEST};
        record->caused = 1;
        return WEIR_ECANCELED;
    }
    const weir_scope *scope = canceled & RECORD_TOKEN ? fired_scope(record) : NULL;
    if (!scope) return 0;
    weir_reason reason = weir_token_reason(scope->token);
    record->cause = (weir_cause){.kind = WEIR_CAUSE_TOKEN,
                                 .reason = reason.kind,
                                 .when = reason.deadline,
                                 .place = scope->place,
                                 .text = reason.text};
    record->caused = 1;
    return WEIR_ECANCELED;
}

int weir_task_expired(weir_task_record *record, weir_deadline own)
{
    record->caused = 1;
    if (own.ns && own.ns < record->deadline.ns) {
        record->cause = (weir_cause){.kind = WEIR_CAUSE_DEADLINE, .when = own};
        return WEIR_EDEADLINE;
    }
    record->cause = (weir_cause){.kind = WEIR_CAUSE_SCOPE, .when = record->deadline};
    for (const weir_scope *scope = record->scope; scope && !scope->shield; scope = scope->outer) {
        if (scope->deadline.ns != record->deadline.ns) continue;
        record->cause.length = scope->length;
        record->cause.place = scope->place;
    }
    return WEIR_EDEADLINE;
}
