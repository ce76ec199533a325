/* SPDX-License-Identifier: MIT
 *
 * How things that tasks wait for are made: locks, channels, tokens are objects with a list of ops.
 *
 * An object guards its state and its weir_wait_list with one spin lock, held for a few
 * instructions.  A task that must wait performs a WEIR_OP_WAIT whose kind says how waiting begins
 * and how it is withdrawn; the op itself, on the task's stack, is the node in the list.  Who makes
 * the wait succeed takes the op out of the list under the lock, moves what is to be handed over
 * (an item, a permit, a lock) into or out of it, unlocks, and completes it:
 *
 *      waiter                                   who wakes
 *      weir_do ─ kind->start(io, op)
 *                  lock                         lock
 *                  state allows it? done:       change the state
 *                    result, return false       op = weir_wait_list_take(&list)
 *                  append, return true          hand over through op->args.wait.value
 *                  unlock                       unlock
 *      … waits …                                if (op) weir_wait_complete(op, result)
 *      result
 *
 * Canceled or expired: the engine calls kind->stop(op), which takes the op out of the list if it is
 * still there.  Whoever takes an op out, under the lock, is the one who completes it: so an op
 * completes once, what was handed over is a result and never lost, and no wake-up is.
 *
 * The op can be submitted to a queue as well: this is what makes select work over everything.
 * Objects made of this belong to the tasks of one engine: where all tasks are on one thread
 * (io->one_thread) the lock is not taken at all.  Other threads use weir_outside_run (outside.h).
 */
#ifndef WEIR_IO_WAIT_H
#define WEIR_IO_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/io/io.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the engine must know of a kind of waiting; one constant per kind. */
struct weir_wait_kind {
    const char *name; /* for people: "channel receive" */

    /* Begins to wait.  True: the op is in the object's list, and somebody will complete it, perhaps
     * before this returns.  False: there is nothing to wait for and op->result is set; nobody
     * completes it.  On the thread of the task that waits; never waits itself.  It may complete
     * other ops after it has let the lock go. */
    bool (*start)(weir_io *io, weir_op *op);

    /* Withdraws an op whose start returned true.  True: it was in the list and is no longer; nobody
     * completes it.  False: somebody has taken it and completes it.  On the thread of the task that
     * waits, or another of the engine's.  It, too, may complete other ops after the lock. */
    bool (*stop)(weir_io *io, weir_op *op);
};

/* The first engine words of an op that waits outside of the kernel. */
typedef struct weir_op_words {
    weir_op *next, *previous; /* in a list; `previous` is the op itself once it was taken out */
    weir_io *io;              /* whose task waits */
    uint64_t own[6];          /* the engine's */
} weir_op_words;

/* Those words of an op. */
static inline weir_op_words *weir_op_words_of(weir_op *op)
{
    return (weir_op_words *)(void *)op->engine;
}

/* Fills a WEIR_OP_WAIT. */
static inline void weir_wait_op(weir_op *op, const weir_wait_kind *kind, void *object, void *value)
{
    weir_op_set(op, WEIR_OP_WAIT, -1);
    op->args.wait.kind = kind;
    op->args.wait.object = object;
    op->args.wait.value.pointer = value;
}

/* Adds an op at the end.  Under the lock. */
static inline void weir_wait_list_append(weir_wait_list *list, weir_op *op)
{
    weir_op_words *words = weir_op_words_of(op);
    words->next = NULL;
    words->previous = list->last;
    if (list->last) {
        weir_op_words_of(list->last)->next = op;
    } else {
        list->first = op;
    }
    list->last = op;
}

/* Adds an op at the front: one that has waited before.  Under the lock. */
static inline void weir_wait_list_prepend(weir_wait_list *list, weir_op *op)
{
    weir_op_words *words = weir_op_words_of(op);
    words->next = list->first;
    words->previous = NULL;
    if (list->first) {
        weir_op_words_of(list->first)->previous = op;
    } else {
        list->last = op;
    }
    list->first = op;
}

/* Takes an op, which is in the list, out of it.  Under the lock. */
static inline void weir_wait_list_remove(weir_wait_list *list, weir_op *op)
{
    weir_op_words *words = weir_op_words_of(op);
    if (words->previous) {
        weir_op_words_of(words->previous)->next = words->next;
    } else {
        list->first = words->next;
    }
    if (words->next) {
        weir_op_words_of(words->next)->previous = words->previous;
    } else {
        list->last = words->previous;
    }
    words->previous = op; /* marks it as taken, for weir_wait_list_withdraw */
}

/* Takes the first op, or NULL: it is the caller's to complete.  Under the lock. */
static inline weir_op *weir_wait_list_take(weir_wait_list *list)
{
    weir_op *op = list->first;
    if (op) weir_wait_list_remove(list, op);
    return op;
}

/* What a kind's stop does: takes the op out if nobody else has.  Under the lock. */
static inline bool weir_wait_list_withdraw(weir_wait_list *list, weir_op *op)
{
    if (weir_op_words_of(op)->previous == op) return false;
    weir_wait_list_remove(list, op);
    return true;
}

/* Takes all ops out, linked through `next` of their words: for weir_wait_complete_all.  Under the
 * lock. */
weir_op *weir_wait_list_take_all(weir_wait_list *list);

/* Completes an op that the caller has taken out of its list: the task that waits goes on with
 * `result`.  The op may be gone at the return.  Not under the lock.  From a thread of any task of
 * the engine, or from another; never waits. */
static inline void weir_wait_complete(weir_op *op, int64_t result)
{
    weir_io *home = weir_op_words_of(op)->io;
    home->table->complete(home, op, result);
}

/* Completes a chain of ops (weir_wait_list_take_all), in its order. */
void weir_wait_complete_all(weir_op *chain, int64_t result);

/* The rest of weir_wait_lock, when another thread holds the lock. */
void weir_wait_lock_contended(uint32_t *lock);

/* Takes an object's spin lock, a plain word that is 0 when free.  Nothing on engines whose tasks
 * share one thread.  Held for a few instructions; no call that waits inside. */
static inline void weir_wait_lock(const weir_io *io, uint32_t *lock)
{
    if (io->one_thread) return;
    /* Pairs with the release store of the previous holder in weir_wait_unlock. */
    if (__builtin_expect(__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0, 0))
        weir_wait_lock_contended(lock);
}

/* Lets the lock go. */
static inline void weir_wait_unlock(const weir_io *io, uint32_t *lock)
{
    /* Pairs with the acquire exchange of the next holder.  The last access to the object: who takes
     * the lock next may free it. */
    if (!io->one_thread) __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#ifdef __cplusplus
}
#endif
#endif
