/* SPDX-License-Identifier: MIT
 *
 * Scopes: a deadline is a value in the task's record; engines look at it at each operation, so no
 * timer runs for a scope in which nothing waits.
 */
#include <weir/io/scope.h>

#include <weir/io/clock.h>

#include "io/task_record.h"

void weir_scope_enter(weir_io *io, weir_scope *scope, weir_deadline deadline)
{
    weir_task_record *self = io->table->self(io);
    *scope = (weir_scope){.deadline = deadline, .outer = weir_never()};
    if (!self) return;
    scope->outer = self->deadline;
    self->deadline = weir_instant_min(self->deadline, deadline);
}

void weir_shield(weir_io *io, weir_scope *scope)
{
    weir_task_record *self = io->table->self(io);
    *scope = (weir_scope){.deadline = weir_never(), .outer = weir_never(), .shield = 1};
    if (!self) return;
    scope->outer = self->deadline;
    self->deadline = weir_never();
    self->shield++;
}

int weir_scope_leave(weir_io *io, weir_scope *scope)
{
    weir_task_record *self = io->table->self(io);
    if (self) {
        self->deadline = scope->outer;
        self->shield -= scope->shield;
    }
    if (weir_is_never(scope->deadline)) return 0;
    return weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= scope->deadline.ns ? WEIR_EDEADLINE : 0;
}

weir_deadline weir_scope_deadline(weir_io *io)
{
    weir_task_record *self = io->table->self(io);
    return self ? self->deadline : weir_never();
}
