/* SPDX-License-Identifier: MIT
 *
 * Scopes: a deadline, a cancel token, or a shield, over everything between enter and leave.
 *
 *      weir_scope scope;
 *      weir_scope_enter_for(io, &scope, weir_seconds(5));
 *      int error = three_steps(io);               // each operation inside obeys the deadline
 *      if (weir_scope_leave(io, &scope)) …         // WEIR_EDEADLINE: it was ours that passed
 *
 * An expired scope makes every operation inside fail with WEIR_EDEADLINE, and a scope whose token
 * was canceled with WEIR_ECANCELED, until it is left.  (An engine may look at the clock less often
 * than once per operation: one that does not wait can miss a deadline which passed while the task
 * computed without reading the clock.)  Scopes nest: the earliest deadline counts.  When a request
 * to the task itself, a token and a deadline come together, they are reported in this order.
 * Inside a shield neither requests nor outer scopes are delivered; they stay pending; scopes
 * entered inside the shield count.
 */
#ifndef WEIR_IO_SCOPE_H
#define WEIR_IO_SCOPE_H

#include <weir/base/time.h>
#include <weir/io/task.h>
#include <weir/io/token.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A scope, on the stack of its task.  Must be left in the reverse order of entering.  All members
 * are the runtime's. */
typedef struct weir_scope weir_scope;
struct weir_scope {
    weir_deadline deadline; /* its own */
    weir_deadline before;   /* what counted outside */
    weir_duration length;   /* how far the deadline lay ahead, if it was set so */
    weir_scope *outer;
    const char *place;
    uint32_t shield; /* whether this is a shield */
    uint32_t fired;  /* atomic: its token was canceled */
    weir_token *token;
    weir_token_link link; /* its listener at the token */
    void *record;         /* the task's */
};

/* Enters a scope: no operation of this task waits beyond `deadline` until it is left.
 * Never waits.  From a task of `io`. */
void weir_scope_enter_at(weir_io *io, weir_scope *scope, weir_deadline deadline, const char *place);
#define weir_scope_enter(io, scope, deadline) weir_scope_enter_at(io, scope, deadline, WEIR_PLACE)

/* The same with a deadline `duration` from now. */
void weir_scope_enter_for_at(weir_io *io, weir_scope *scope, weir_duration duration,
                             const char *place);
#define weir_scope_enter_for(io, scope, duration) \
    weir_scope_enter_for_at(io, scope, duration, WEIR_PLACE)

/* Enters a scope in which every operation fails with WEIR_ECANCELED once `token` is canceled, the
 * one that waits at that moment included.  NULL never is.
 * Ownership: the token is lent until the scope is left.  Never waits.  From a task of `io`. */
void weir_scope_enter_token_at(weir_io *io, weir_scope *scope, weir_token *token,
                               const char *place);
#define weir_scope_enter_token(io, scope, token) \
    weir_scope_enter_token_at(io, scope, token, WEIR_PLACE)

/* Enters a shield, for cleaning up.  Left with weir_scope_leave, too. */
void weir_shield(weir_io *io, weir_scope *scope);

/* Leaves the innermost scope.
 * Returns WEIR_EDEADLINE when its own deadline has passed, WEIR_ECANCELED when its token was
 * canceled, else 0.  Never waits.  Same task. */
int weir_scope_leave(weir_io *io, weir_scope *scope);

/* The deadline that counts for the calling task now; weir_never() for none. */
weir_deadline weir_scope_deadline(weir_io *io);

/* Runs `run(io, argument)` here, in a scope of `duration`.
 *
 * Returns its result; WEIR_EDEADLINE for an error when the time has passed, whichever error `run`
 * made of it.  A result >= 0 that came in the last moment is returned.
 * A cancellation point if `run` is.  From a task of `io`. */
int weir_timeout_at(weir_io *io, weir_duration duration, weir_task_fn *run, void *argument,
                    const char *place);
#define weir_timeout(io, duration, run, argument) \
    weir_timeout_at(io, duration, run, argument, WEIR_PLACE)

#ifdef __cplusplus
}
#endif
#endif
