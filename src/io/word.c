/* SPDX-License-Identifier: MIT
 *
 * The parking lot: ops that wait for a word, a task or a group, in lists outside of any engine.
 *
 * Words hash to buckets; a bucket is a list of waiting ops in order of arrival, under a spin lock.
 * The lot is the process's, because a word may be shared by tasks of several engines; it holds no
 * memory but the ops themselves.
 *
 * Invariant: an op is in a bucket exactly while nobody has begun to complete it; who takes it out,
 * under the bucket's lock, completes it (wake) or gives it back to its engine (weir_unpark).
 */
#include <weir/io/word.h>

#include <weir/base/error.h>
#include <weir/io/group.h>

#include "base/spin.h"
#include "io/parking.h"

enum { BUCKETS = 1024 };

typedef struct bucket {
    _Alignas(64) uint32_t lock;
    uint32_t waiting; /* written under the lock, read without it to skip an empty bucket */
    weir_wait_list list;
} bucket;

static bucket buckets[BUCKETS];

static bucket *bucket_of(const uint32_t *word)
{
    /* Fibonacci hashing: the upper bits of the product mix all bits of the address. */
    return &buckets[((uintptr_t)word >> 2) * UINT64_C(0x9E3779B97F4A7C15) >> 54];
}

static void count_out(bucket *b)
{
    __atomic_store_n(&b->waiting, b->waiting - 1, __ATOMIC_RELAXED);
}

static bool word_park(weir_op *op)
{
    bucket *b = bucket_of(op->args.word.address);
    weir_spin_lock(&b->lock);
    /* Pairs with the fence in weir_wake: either the waker sees that we wait, or we see its word. */
    __atomic_store_n(&b->waiting, b->waiting + 1, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    bool waits = __atomic_load_n(op->args.word.address, __ATOMIC_SEQ_CST) == op->args.word.expected;
    if (waits) {
        weir_wait_list_append(&b->list, op);
    } else {
        count_out(b);
        op->result = WEIR_EAGAIN;
    }
    weir_spin_unlock(&b->lock);
    return waits;
}

static bool word_unpark(weir_op *op)
{
    bucket *b = bucket_of(op->args.word.address);
    weir_spin_lock(&b->lock);
    bool waits = weir_wait_list_withdraw(&b->list, op);
    if (waits) count_out(b);
    weir_spin_unlock(&b->lock);
    return waits;
}

unsigned weir_wake(weir_io *io, const uint32_t *word, unsigned count)
{
    (void)io;
    bucket *b = bucket_of(word);
    /* Pairs with word_park: the caller's change of the word comes before our look at `waiting`. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&b->waiting, __ATOMIC_SEQ_CST) == 0) return 0;
    weir_op *woken = NULL, **end = &woken;
    unsigned taken = 0;
    weir_spin_lock(&b->lock);
    for (weir_op *op = b->list.first, *next; op && taken < count; op = next) {
        next = weir_op_words_of(op)->next;
        if (op->args.word.address != word) continue;
        weir_wait_list_remove(&b->list, op);
        count_out(b);
        *end = op;
        end = &weir_op_words_of(op)->next;
        *end = NULL;
        taken++;
    }
    weir_spin_unlock(&b->lock);
    weir_wait_complete_all(woken, 0);
    return taken;
}

/* Whether the op need not wait: op->result says why.  With the task's lock held, or on its thread.
 */
static bool join_at_once(weir_io *io, const weir_task *task, weir_op *op)
{
    if (task->ended) return true;
    if (task->waiter) {
        op->result = WEIR_EBUSY;
    } else if (task->record == io->table->self(io)) {
        op->result = WEIR_EDEADLK;
    }
    return op->result < 0;
}

static bool join_park(weir_io *io, weir_op *op)
{
    weir_task *task = op->args.task;
    /* `waiter` and `ended` are the tasks' alone; the lock keeps others from the record, which ends
     * with it. */
    if (io->one_thread) {
        bool waits = !join_at_once(io, task, op);
        if (waits) task->waiter = op;
        return waits;
    }
    weir_spin_lock(&task->lock);
    bool waits = !join_at_once(io, task, op);
    if (waits) task->waiter = op;
    weir_spin_unlock(&task->lock);
    return waits;
}

static bool join_unpark(weir_op *op)
{
    weir_task *task = op->args.task;
    weir_spin_lock(&task->lock);
    bool waits = task->waiter == op;
    if (waits) task->waiter = NULL;
    weir_spin_unlock(&task->lock);
    return waits;
}

static bool group_park(weir_op *op)
{
    weir_group *group = op->args.group;
    weir_spin_lock(&group->lock);
    bool waits = group->count > 0;
    if (waits) group->waiter = op;
    weir_spin_unlock(&group->lock);
    return waits;
}

static bool group_unpark(weir_op *op)
{
    weir_group *group = op->args.group;
    weir_spin_lock(&group->lock);
    bool waits = group->waiter == op;
    if (waits) group->waiter = NULL;
    weir_spin_unlock(&group->lock);
    return waits;
}

bool weir_park(weir_io *io, weir_op *op)
{
    weir_op_words_of(op)->io = io;
    op->result = 0; /* before anybody can complete it */
    switch (op->code) {
    case WEIR_OP_JOIN: return join_park(io, op);
    case WEIR_OP_GROUP_WAIT: return group_park(op);
    case WEIR_OP_WAIT: return op->args.wait.kind->start(io, op);
    default: return word_park(op);
    }
}

bool weir_unpark(weir_op *op)
{
    switch (op->code) {
    case WEIR_OP_JOIN: return join_unpark(op);
    case WEIR_OP_GROUP_WAIT: return group_unpark(op);
    case WEIR_OP_WAIT: return op->args.wait.kind->stop(weir_op_words_of(op)->io, op);
    default: return word_unpark(op);
    }
}
