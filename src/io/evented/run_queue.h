/* SPDX-License-Identifier: MIT
 *
 * Unstarted fibers: a bounded queue per worker from which idle workers steal, and one queue of the
 * engine for what does not fit.
 *
 * Actors: the owner pushes at the tail and takes at the head; thieves take at the head.  Pushing
 * costs a release store, taking one compare-and-swap. Invariant: slots [head, tail) hold fibers
 * that nobody has taken; a slot is overwritten only after head has passed it.
 */
#ifndef IO_EVENTED_RUN_QUEUE_H
#define IO_EVENTED_RUN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct fiber;

enum { RUN_QUEUE_SLOTS = 256 };

typedef struct weir_run_queue {
    _Alignas(64) uint32_t head; /* any thread */
    _Alignas(64) uint32_t tail; /* written by the owner */
    struct fiber *slots[RUN_QUEUE_SLOTS];
} weir_run_queue;

/* The engine's queue of fibers that found a worker's queue full.  `lock` guards the list; `count`
 * is read without it. */
typedef struct weir_overflow_queue {
    uint32_t lock;
    uint32_t count;
    struct fiber *first, *last;
} weir_overflow_queue;

/* Adds a fiber; false when the queue is full.  Owner. */
static inline bool weir_run_queue_push(weir_run_queue *queue, struct fiber *f)
{
    /* Pairs with the swap of thieves: slots that they have taken may be used again. */
    uint32_t head = __atomic_load_n(&queue->head, __ATOMIC_ACQUIRE);
    uint32_t tail = queue->tail;
    if (tail - head >= RUN_QUEUE_SLOTS) return false;
    __atomic_store_n(&queue->slots[tail % RUN_QUEUE_SLOTS], f, __ATOMIC_RELAXED);
    /* Pairs with the acquire load of the tail by thieves: they see the slot and the fiber. */
    __atomic_store_n(&queue->tail, tail + 1, __ATOMIC_RELEASE);
    return true;
}

/* Takes the oldest fiber, or NULL.  Any thread. */
static inline struct fiber *weir_run_queue_take(weir_run_queue *queue)
{
    uint32_t head = __atomic_load_n(&queue->head, __ATOMIC_ACQUIRE);
    for (;;) {
        uint32_t tail = __atomic_load_n(&queue->tail, __ATOMIC_ACQUIRE);
        if (head == tail) return NULL;
        struct fiber *f = __atomic_load_n(&queue->slots[head % RUN_QUEUE_SLOTS], __ATOMIC_RELAXED);
        /* Releases the slot to the owner; fails when somebody else took the fiber. */
        if (__atomic_compare_exchange_n(&queue->head, &head, head + 1, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return f;
    }
}

/* Whether there is nothing to take.  Any thread; a hint. */
static inline bool weir_run_queue_empty(weir_run_queue *queue)
{
    return __atomic_load_n(&queue->head, __ATOMIC_RELAXED) ==
           __atomic_load_n(&queue->tail, __ATOMIC_ACQUIRE);
}

#endif
