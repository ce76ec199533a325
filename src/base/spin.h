/* SPDX-License-Identifier: MIT
 *
 * A spin lock in a plain word, for critical sections of a few instructions.
 *
 * The zero value is free.  Releasing is the last access to the word: memory that a lock guards may
 * be freed by whoever takes the lock next.
 */
#ifndef BASE_SPIN_H
#define BASE_SPIN_H

#include <sched.h>
#include <stdint.h>

static inline void weir_spin_lock(uint32_t *word)
{
    /* Pairs with the release store of the previous holder in weir_spin_unlock. */
    while (__builtin_expect(__atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE), 0)) {
        /* The holder may have lost its processor: give ours away instead of burning it. */
        for (int spins = 0; __atomic_load_n(word, __ATOMIC_RELAXED); spins++)
            if (spins > 100) sched_yield();
    }
}

static inline void weir_spin_unlock(uint32_t *word)
{
    /* Pairs with the acquire exchange of the next holder in weir_spin_lock. */
    __atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

/* Waits until nobody holds the lock, without taking it: what its last holder did is seen then. */
static inline void weir_spin_await(const uint32_t *word)
{
    /* Pairs with the release store in weir_spin_unlock. */
    for (int spins = 0; __atomic_load_n(word, __ATOMIC_ACQUIRE); spins++)
        if (spins > 100) sched_yield();
}

#endif
