/* SPDX-License-Identifier: MIT
 *
 * What the calls that wait have in common: one wait, its deadline, and what a partial result does
 * to the request that cut it short.
 */
#ifndef SYNC_WAITING_H
#define SYNC_WAITING_H

#include <weir/base/error.h>
#include <weir/io/scope.h>
#include <weir/io/wait.h>

/* Waits once.  A deadline before the clock's zero is a past one, too: 0 in an op means none. */
static inline int64_t weir_sync_wait(weir_io *io, const weir_wait_kind *kind, void *object,
                                     void *value, weir_deadline deadline)
{
    weir_op op;
    weir_wait_op(&op, kind, object, value);
    weir_op_set_deadline(&op, deadline);
    return weir_do(io, &op);
}

/* Waits once, neither canceled nor ended by a scope. */
static inline int64_t weir_sync_wait_shielded(weir_io *io, const weir_wait_kind *kind, void *object,
                                              void *value)
{
    weir_scope shield;
    weir_shield(io, &shield);
    int64_t result = weir_sync_wait(io, kind, object, value, weir_never());
    weir_scope_leave(io, &shield);
    return result;
}

/* After a wait failed with `error`, but the call has a result to return: a request to the task must
 * be reported again.  (Scopes and tokens go on failing by themselves.) */
static inline void weir_sync_keep_request(weir_io *io, int64_t error)
{
    if (error == WEIR_ECANCELED) weir_put_back(io);
}

#endif
