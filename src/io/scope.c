/* SPDX-License-Identifier: MIT
 *
 * Scopes: values on the task's stack, chained from its record.
 *
 * A deadline is looked at by the engine at each operation, so no timer runs for a scope in which
 * nothing waits.  A token's canceler marks the scope and interrupts the task, from any thread;
 * leaving takes the listener back, so nobody reaches the scope or the record afterwards.
 */
#include <weir/io/scope.h>

#include <weir/io/clock.h>

#include "io/task_record.h"

static void enter(weir_task_record *self, weir_scope *scope, weir_deadline deadline,
                  const char *place)
{
    scope->deadline = deadline;
    scope->before = weir_never();
    scope->length.ns = 0;
    scope->outer = NULL;
    scope->place = place;
    scope->shield = 0;
    scope->fired = 0;
    scope->token = NULL;
    if (!self) return;
    scope->before = self->deadline;
    scope->outer = self->scope;
    self->scope = scope;
    self->deadline = weir_instant_min(self->deadline, deadline);
}

void weir_scope_enter_at(weir_io *io, weir_scope *scope, weir_deadline deadline, const char *place)
{
    enter(io->table->self(io), scope, deadline, place);
}

void weir_scope_enter_for_at(weir_io *io, weir_scope *scope, weir_duration duration,
                             const char *place)
{
    enter(io->table->self(io), scope, weir_deadline_after(io, duration), place);
    scope->length = duration;
}

/* The token's canceler, on any thread. */
static void fire(weir_io *io, void *argument)
{
    (void)io;
    weir_scope *scope = argument;
    weir_task_record *record = scope->record;
    /* Both before the interrupt, so that a task that is woken finds them. */
    __atomic_store_n(&scope->fired, 1, __ATOMIC_RELEASE);
    __atomic_fetch_or(&record->canceled, RECORD_TOKEN, __ATOMIC_SEQ_CST);
    record->io->table->interrupt(record->io, record);
}

void weir_scope_enter_token_at(weir_io *io, weir_scope *scope, weir_token *token, const char *place)
{
    weir_task_record *self = io->table->self(io);
    enter(self, scope, weir_never(), place);
    if (!self || !token) return;
    scope->token = token;
    scope->record = self;
    weir_token_listen(io, token, &scope->link, fire, scope);
}

void weir_shield(weir_io *io, weir_scope *scope)
{
    weir_task_record *self = io->table->self(io);
    enter(self, scope, weir_never(), NULL);
    scope->shield = 1;
    if (!self) return;
    self->deadline = weir_never();
    self->shield++;
}

/* A scope that was left may have been the only one whose token was canceled. */
static void forget_token(weir_task_record *self)
{
    __atomic_fetch_and(&self->canceled, ~(uint32_t)RECORD_TOKEN, __ATOMIC_SEQ_CST);
    /* A canceler marks the scope first and sets the bit then: either we see the mark, or its bit
     * comes after ours was cleared. */
    for (const weir_scope *scope = self->scope; scope; scope = scope->outer)
        if (__atomic_load_n(&scope->fired, __ATOMIC_SEQ_CST))
            __atomic_fetch_or(&self->canceled, RECORD_TOKEN, __ATOMIC_SEQ_CST);
}

int weir_scope_leave(weir_io *io, weir_scope *scope)
{
    weir_task_record *self = io->table->self(io);
    if (self) {
        self->deadline = scope->before;
        self->shield = (uint16_t)(self->shield - scope->shield);
        self->scope = scope->outer;
    }
    if (scope->token) {
        weir_token_unlisten(io, &scope->link);
        if (scope->fired) {
            forget_token(self);
            return WEIR_ECANCELED;
        }
    }
    if (weir_is_never(scope->deadline)) return 0;
    return weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= scope->deadline.ns ? WEIR_EDEADLINE : 0;
}

weir_deadline weir_scope_deadline(weir_io *io)
{
    weir_task_record *self = io->table->self(io);
    return self ? self->deadline : weir_never();
}

int weir_timeout_at(weir_io *io, weir_duration duration, weir_task_fn *run, void *argument,
                    const char *place)
{
    weir_scope scope;
    weir_scope_enter_for_at(io, &scope, duration, place);
    int result = run(io, argument);
    int passed = weir_scope_leave(io, &scope);
    return result < 0 && passed ? passed : result;
}
