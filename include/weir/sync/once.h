/* SPDX-License-Identifier: MIT
 *
 * A value that is made once, by whoever needs it first.
 *
 *      static int connect_to_it(weir_io *io, void *argument, void **value);
 *      …
 *      int error = weir_once_get_or_init(io, &once, connect_to_it, config, &value);
 *
 * For the tasks of one engine; other threads go through weir_outside_run (io/outside.h).  The
 * memory is the caller's and needs no end; what the value points to is the caller's, too.  It must
 * outlive all calls.
 */
#ifndef WEIR_SYNC_ONCE_H
#define WEIR_SYNC_ONCE_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/io/io.h>
#include <weir/io/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes the value: *value, which may be NULL.  0 (or more), or an error: then there is none. */
typedef int weir_once_fn(weir_io *io, void *argument, void **value);

typedef enum weir_once_state {
    WEIR_ONCE_EMPTY,
    WEIR_ONCE_BUSY, /* an initialiser runs, or a waiter was told to run its own */
    WEIR_ONCE_SET,
} weir_once_state;

/* The zero value is empty: `weir_once once = {0};`.
 * Invariant: `lock` guards all; `value` is written before `state` becomes SET and never after;
 * while somebody is in the list the state is BUSY. */
typedef struct weir_once {
    uint32_t lock;
    uint32_t state; /* atomic: a weir_once_state */
    void *value;
    const void *owner; /* the task whose initialiser runs */
    weir_wait_list waiting;
} weir_once;

/* The value, if it is set: one load.
 * Returns whether it is, and then *value.  From any thread; never waits. */
static inline bool weir_once_get(const weir_once *once, void **value)
{
    /* Pairs with the release store of who set it: the value, and what it points to, is seen. */
    if (__atomic_load_n(&once->state, __ATOMIC_ACQUIRE) != WEIR_ONCE_SET) return false;
    *value = once->value;
    return true;
}

/* Sets the value.
 * Returns 0; WEIR_EEXIST: it is set already; WEIR_EBUSY: an initialiser runs.  In both cases
 * nothing changes.  From a task of `io`; never waits. */
int weir_once_set(weir_io *io, weir_once *once, void *value);

/* Gives the value in *value; if there is none, makes it with `init(io, argument, value)`.  While an
 * initialiser runs, others wait for it; if it fails, the longest waiting runs its own, and if
 * nobody waits the next that comes.
 *
 * Returns 0; the error of `init`, for the task that ran it; WEIR_ECANCELED, WEIR_EDEADLINE (a
 * scope's); WEIR_EDEADLK: called from inside the initialiser; WEIR_ENOTTASK: it is not set, and the
 * caller is no task.
 * A cancellation point when it is not set; a request that comes while an initialiser runs is for
 * the initialiser to see.  From a task of `io`. */
int weir_once_get_or_init(weir_io *io, weir_once *once, weir_once_fn *init, void *argument,
                          void **value);

#ifdef __cplusplus
}
#endif
#endif
