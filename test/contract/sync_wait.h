/* SPDX-License-Identifier: MIT
 *
 * What the tests of locks share: knowing who waits, and many tasks at random with cancellations.
 */
#ifndef WEIR_TEST_CONTRACT_SYNC_WAIT_H
#define WEIR_TEST_CONTRACT_SYNC_WAIT_H

#include "test/contract/contract.h"

#include <weir/io/wait.h>

/* Waits until `count` ops are in an object's list.  Returns false if the test has failed before. */
static inline bool sync_await_waiting(weir_io *io, uint32_t *lock, const weir_wait_list *list,
                                      unsigned count)
{
    contract_at("waiters in a list", count);
    for (;;) {
        unsigned found = 0;
        weir_wait_lock(io, lock);
        for (weir_op *op = list->first; op; op = weir_op_words_of(op)->next) found++;
        weir_wait_unlock(io, lock);
        if (found == count) return true;
        if (contract_failed()) return false;
        weir_yield(io);
    }
}

/* One of many tasks that use an object at random. */
typedef struct sync_actor {
    weir_task task;
    void *object;
    uint64_t seed;
    unsigned index;
} sync_actor;

enum { SYNC_ACTORS = 6 };

/* Runs `run` in SYNC_ACTORS tasks, each with a sync_actor of its own, and asks `cancels` times one
 * of them to stop, at random moments.  Returns when all have ended; each must return 0. */
static inline void sync_stress(weir_io *io, weir_task_fn *run, void *object, unsigned cancels)
{
    sync_actor actors[SYNC_ACTORS];
    uint64_t seed = test_seed();
    for (unsigned i = 0; i < SYNC_ACTORS; i++) {
        actors[i] = (sync_actor){.object = object, .seed = test_random(&seed), .index = i};
        check_int(weir_concurrent(io, &actors[i].task, run, &actors[i], NULL), 0);
    }
    contract_at("tasks at random", 0);
    for (unsigned i = 0; i < cancels && contract_is_early(); i++) {
        contract_spin((unsigned)(test_random(&seed) % 3000));
        weir_cancel_request(io, &actors[test_random(&seed) % SYNC_ACTORS].task);
        weir_yield(io);
    }
    for (unsigned i = 0; i < SYNC_ACTORS; i++) {
        int result = -1;
        check_int(weir_await(io, &actors[i].task, &result), 0);
        check_int(result, 0);
    }
}

/* A deadline up to `us` microseconds ahead. */
static inline weir_deadline sync_soon(weir_io *io, uint64_t *seed, unsigned us)
{
    return weir_deadline_after(io, weir_microseconds((int64_t)(test_random(seed) % us)));
}

/* Selects between an op that takes something and a timer.  Returns the op's result: what was taken
 * is the caller's, whichever won. */
static inline int64_t sync_select_with_timer(weir_io *io, weir_op *op, weir_deadline deadline)
{
    weir_op timer = {.code = WEIR_OP_SLEEP, .deadline = deadline};
    weir_op *ops[] = {op, &timer};
    int winner = weir_select(io, ops, 2, weir_never());
    if (winner == 0) check(op->result >= 0);
    if (winner == 1) check_int(timer.result, 0);
    check(winner >= 0 || winner == WEIR_ECANCELED);
    check(op->result == 0 || op->result == WEIR_ECANCELED);
    return op->result;
}

#endif
