/* SPDX-License-Identifier: MIT
 *
 * Groups: the public calls.  Membership itself is kept by the task records (task_record.c).
 */
#include <weir/io/group.h>

#include <weir/io/scope.h>

#include "base/spin.h"
#include "io/task_record.h"

void weir_group_async_at(weir_io *io, weir_group *group, weir_task_fn *run, void *argument,
                         const char *place)
{
    weir_spawn spawn = {.run = run,
                        .argument = argument,
                        .group = group,
                        .place = place,
                        .worker = WEIR_WORKER_ANY};
    if (io->table->spawn(io, &spawn) != 0) run(io, argument);
}

int weir_group_concurrent_at(weir_io *io, weir_group *group, weir_task_fn *run, void *argument,
                             const weir_task_options *options, const char *place)
{
    weir_spawn spawn = {.run = run,
                        .argument = argument,
                        .group = group,
                        .place = place,
                        .name = options ? options->name : NULL,
                        .worker = options ? options->worker : WEIR_WORKER_ANY};
    return io->table->spawn(io, &spawn);
}

static int wait_empty(weir_io *io, weir_group *group)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_GROUP_WAIT, -1);
    op.args.group = group;
    return (int)weir_do(io, &op);
}

static void request(weir_group *group, bool stay)
{
    weir_spin_lock(&group->lock);
    if (stay) group->canceled = 1;
    for (weir_task_record *member = group->members; member; member = member->next)
        weir_task_record_request(member);
    weir_spin_unlock(&group->lock);
}

void weir_group_cancel_request(weir_io *io, weir_group *group)
{
    (void)io;
    request(group, false);
}

void weir_group_close(weir_io *io, weir_group *group)
{
    request(group, true);
    weir_scope shield;
    weir_shield(io, &shield);
    while (wait_empty(io, group) != 0) continue;
    weir_scope_leave(io, &shield);
}

void weir_group_cancel(weir_io *io, weir_group *group)
{
    weir_group_close(io, group);
    weir_spin_lock(&group->lock);
    group->canceled = 0;
    weir_spin_unlock(&group->lock);
}

int weir_group_wait(weir_io *io, weir_group *group)
{
    int error = wait_empty(io, group);
    if (error) weir_group_cancel(io, group);
    return error;
}

uint64_t weir_group_count(weir_group *group)
{
    weir_spin_lock(&group->lock);
    uint64_t count = group->count;
    weir_spin_unlock(&group->lock);
    return count;
}
