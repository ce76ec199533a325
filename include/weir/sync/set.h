/* SPDX-License-Identifier: MIT
 *
 * A set of tasks whose results are taken one by one, in the order in which they end.
 *
 *      weir_set set = {.limit = 8};
 *      for (i …) weir_set_spawn(io, &set, &entries[i], fetch, &jobs[i], NULL);
 *      while (weir_set_next(io, &set, weir_never(), &entry) == 0) … entry->result …
 *      weir_set_cancel(io, &set, close_what_it_opened, NULL);
 *
 * The last line is for the way out in the middle: it asks the rest to stop, waits for them, and
 * hands every result that nobody took to a destructor, so none is lost.
 *
 *                spawn            ends                 next, op, cancel
 *      entry ──────────> running ──────> not yet taken ────────────────> the caller's again
 *
 * No task outlives its set: before the set's memory goes, weir_set_next has given the last result
 * or WEIR_ENOENT, or weir_set_wait_all or weir_set_cancel has returned.  For the tasks of one
 * engine.
 */
#ifndef WEIR_SYNC_SET_H
#define WEIR_SYNC_SET_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/io/io.h>
#include <weir/io/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_set weir_set;
typedef struct weir_set_entry weir_set_entry;

/* One member: the caller's memory, often the first part of what its argument points to.  `result`
 * and `user` are for the caller; the rest is the set's while it is a member. */
struct weir_set_entry {
    int result; /* what `run` returned; valid when the entry was handed out */
    uint32_t reserved;
    void *user; /* untouched */
    weir_task_fn *run;
    void *argument;
    weir_set *set;
    weir_set_entry *next, *previous; /* among those that run, or (next) those not yet taken */
    weir_task task;
};

/* The zero value is an empty set without a limit.
 * Invariant: `lock` guards all.  A member counts as running from its spawn until it has left its
 * result; while there is a result, nobody waits for one. */
struct weir_set {
    uint32_t limit; /* how many may run at a time; 0: any number */
    uint32_t lock;
    uint32_t stopping; /* members are asked to stop, new ones at once; until none runs */
    uint32_t fragile;  /* the first error makes it stop */
    int error;         /* the first since the set was last empty, or 0 */
    uint32_t reserved;
    uint64_t running;
    uint64_t count;                 /* running or not yet taken */
    weir_set_entry *members;        /* of those that run, the ones that have begun */
    weir_set_entry *first, *last;   /* ended and not yet taken, in the order of ending */
    weir_wait_list takers, waiting; /* who waits for a result; who waits until none runs */
};

/* What is done with a result that nobody took: it must not wait for long.  The entry is the
 * destructor's, which may free it. */
typedef void weir_set_destructor(weir_io *io, weir_set_entry *entry, void *context);

/* Starts `run(io, argument)` as a member.  `options` may be NULL.
 *
 * Returns 0; WEIR_ECONCURRENCY: as many run as `limit` allows (take a result first), or the engine
 * has no task to give; WEIR_ENOMEM.  In these cases nothing was started.  While the set
 * is being stopped (weir_set_cancel, weir_set_wait_all) the member is asked to stop at once.
 * Ownership: the entry is lent until it is handed out by weir_set_next, given to a destructor, or
 * settled (weir_set_settle).  Not a cancellation point.  From any task of `io`, members included.
 */
int weir_set_spawn_at(weir_io *io, weir_set *set, weir_set_entry *entry, weir_task_fn *run,
                      void *argument, const weir_task_options *options, const char *place);
#define weir_set_spawn(io, set, entry, run, argument, options) \
    weir_set_spawn_at(io, set, entry, run, argument, options, WEIR_PLACE)

/* Takes the result of the member that ended first, waiting until `deadline` for one to end; a
 * deadline in the past only looks.
 *
 * Returns 0 and the entry in *out; WEIR_ENOENT: nothing runs and nothing is left to take;
 * WEIR_ECANCELED, WEIR_EDEADLINE: nothing was taken, the members go on.
 * A cancellation point.  From any task of `io` that is no member. */
int weir_set_next(weir_io *io, weir_set *set, weir_deadline deadline, weir_set_entry **out);

/* Fills an op that completes with 0 when it has put an entry into *out, or with WEIR_ENOENT, for
 * weir_select or a queue; also a loser of a select may have taken one, which its result tells.
 * weir_set_settle is to be called for each entry that came in this way. */
void weir_set_op(weir_op *op, weir_set *set, weir_set_entry **out);

/* Waits the moment until the task of an entry that came through weir_set_op is gone: then the entry
 * may be freed or used again.  Not a cancellation point.  From a task of `io` that is no member. */
void weir_set_settle(weir_io *io, weir_set_entry *entry);

/* How many members run or have left a result that nobody took.  From any task of `io`. */
uint64_t weir_set_count(weir_io *io, weir_set *set);

/* Asks those that run to stop, waits for them, and gives every result that was not taken to
 * `destructor` (NULL: they are forgotten).  The set is empty then, and can be used again.
 *
 * Not a cancellation point; the destructor runs in a shield.  From one task of `io`, no member,
 * while no other takes from the set; members may spawn. */
void weir_set_cancel(weir_io *io, weir_set *set, weir_set_destructor *destructor, void *context);

typedef enum weir_set_policy {
    WEIR_SET_WAIT,   /* wait for all; the first error is the result */
    WEIR_SET_CANCEL, /* ask the others to stop at the first error, wait for all; it is the result */
    WEIR_SET_COLLECT, /* wait for all; errors are results like others */
} weir_set_policy;

/* Waits until no member runs.  All results stay, to be taken by weir_set_next (which need not wait
 * then) or given to the destructor of weir_set_cancel.
 *
 * Returns 0, or, except with COLLECT, the first error in the order of ending since the set was last
 * empty; WEIR_ECANCELED, WEIR_EDEADLINE: the caller was asked to stop or its scope expired, so the
 * members were asked to stop, and have ended.
 * A cancellation point.  From one task of `io`, no member, while no other takes from the set;
 * members may spawn. */
int weir_set_wait_all(weir_io *io, weir_set *set, weir_set_policy policy);

#ifdef __cplusplus
}
#endif
#endif
