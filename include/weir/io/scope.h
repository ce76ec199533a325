/* SPDX-License-Identifier: MIT
 *
 * Scopes: a deadline, or a shield, over everything that runs between enter and leave.
 *
 *      weir_scope scope;
 *      weir_scope_enter(io, &scope, weir_deadline_after(io, weir_seconds(5)));
 *      int error = three_steps(io);               // each operation inside obeys the deadline
 *      if (weir_scope_leave(io, &scope)) …         // WEIR_EDEADLINE: it was ours that passed
 *
 * An expired scope makes every operation inside fail with WEIR_EDEADLINE, until it is left.  (An
 * engine may look at the clock less often than once per operation: one that does not wait can miss
 * a deadline which passed while the task computed without reading the clock.)  Scopes nest: the
 * earliest deadline counts.  Inside a shield neither cancel requests nor deadlines of outer scopes
 * are delivered; they stay pending; scopes entered inside the shield count.
 */
#ifndef WEIR_IO_SCOPE_H
#define WEIR_IO_SCOPE_H

#include <weir/base/time.h>
#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A scope, on the stack of its task.  Must be left in the reverse order of entering. */
typedef struct weir_scope {
    weir_deadline deadline; /* its own; read-only */
    weir_deadline outer;    /* what counted before */
    uint32_t shield;        /* whether this is a shield */
    uint32_t reserved;
} weir_scope;

/* Enters a scope: no operation of this task waits beyond `deadline` until it is left.
 * Never waits.  From a task of `io`. */
void weir_scope_enter(weir_io *io, weir_scope *scope, weir_deadline deadline);

/* Enters a shield, for cleaning up.  Left with weir_scope_leave, too. */
void weir_shield(weir_io *io, weir_scope *scope);

/* Leaves the innermost scope.
 * Returns WEIR_EDEADLINE when its own deadline has passed, else 0.  Never waits.  Same task. */
int weir_scope_leave(weir_io *io, weir_scope *scope);

/* The deadline that counts for the calling task now; weir_never() for none. */
weir_deadline weir_scope_deadline(weir_io *io);

#ifdef __cplusplus
}
#endif
#endif
