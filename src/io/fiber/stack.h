/* SPDX-License-Identifier: MIT
 *
 * Stacks for fibers: guarded, cut from slabs, kept in a free list per worker.
 *
 *   one slab = one mmap of up to 64 strides       one stride, high addresses on top
 *   +--------+--------+--------+-- ... --+        +-------------------------------+ page end
 *   |stride 0|stride 1|stride 2|         |        | colour: 0 to 960 unused bytes |
 *   +--------+--------+--------+-- ... --+        +-------------------------------+
 *                                                 | the engine's control block,   |
 *   weir_stack_slabs  one per engine, locked      | `reserve` bytes; its first    |
 *     slab records, one bit per stride            | member is the weir_stack      |
 *     warm list: idle, pages still there          +-------------------------------+ weir_stack *
 *        ^ batches |                              | frames grow down; the top     | (64-aligned)
 *        |         v                              | page is all that a blocked    |
 *   weir_stack_pool   one per worker, no lock     | task has touched              |
 *     free list, last in first out, bounded       | ... pages never touched ...   |
 *                                                 +-------------------------------+ low
 *                                                 | guard, 64 KiB                 |
 *                                                 +-------------------------------+
 *
 * A stride is blank (no memory; its bit is set in its slab's record), or made: then its weir_stack
 * exists at the top and it is in exactly one place: taken by a task, in one pool, or in the warm
 * list.  Invariant: a set bit means that nobody but the slabs knows the stride; whoever clears it
 * makes the weir_stack, and only the one trimmer sets it again, after the pages are gone.
 *
 * A stack may be put into another pool than it came from (of the same slabs): a task that has not
 * started is stolen together with its stack.
 *
 * Colour: page-sized distances put the tops of all stacks into the same sets of the first-level
 * cache, so that a few dozen fibers evict each other's control blocks.  Each stride's top is moved
 * by its own multiple of a cache line, within the top page.  Measured on one Xeon: a switch pair in
 * a round over 1,024 fibers takes 11 ns with colours and 37 to 44 without; over 16 fibers, 6 and 9.
 *
 * A guard is 64 KiB of address space without memory, so that frames up to that size cannot step
 * over it (compilers can probe each page of a large frame instead, -fstack-clash-protection; that
 * touches cold memory in every call).
 *
 * Guards are made by MADV_GUARD_INSTALL (Linux 6.13), which does not split the mapping, else by
 * mprotect, which costs two mappings per stack: then vm.max_map_count bounds the number of stacks,
 * and reaching it is reported as out of memory.
 */
#ifndef WEIR_IO_FIBER_STACK_H
#define WEIR_IO_FIBER_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/fiber/sanitizer.h"

/* The head of a stack: the first member of the engine's control block. */
typedef struct weir_stack {
    struct weir_stack *next; /* while in a pool or list; the holder of the stack may use it */
    char *low;               /* lowest usable byte, just above the guard */
    struct weir_slab *slab;
    weir_sanitizer_stack sanitizer;
} weir_stack;

typedef struct weir_stack_slabs weir_stack_slabs;

typedef struct weir_stack_options {
    size_t stack_size;    /* usable bytes, rounded up to pages; 0 means 64 KiB; at least 16 KiB */
    size_t reserve;       /* bytes of the control block, weir_stack included; at most 2 KiB */
    bool mprotect_guards; /* never MADV_GUARD_INSTALL: for tests, and to see guards in a map */
} weir_stack_options;

typedef enum weir_stack_guard {
    WEIR_STACK_GUARD_INSTALL,  /* MADV_GUARD_INSTALL: one mapping per slab or fewer */
    WEIR_STACK_GUARD_MPROTECT, /* mprotect: two mappings per stack */
} weir_stack_guard;

/* Makes the source of an engine's stacks.  Maps nothing yet.
 *
 * Returns 0 and sets `*slabs`.  Errors: WEIR_EINVAL reserve too large or smaller than a weir_stack,
 * or stack_size below 16 KiB or above 1 GiB; WEIR_ENOMEM.
 * Ownership: given to the caller, who ends it with weir_stack_slabs_destroy.
 * Instrumented builds multiply stack_size (see weir_stack_slabs_stack_size).
 * Any thread; no cancellation point. */
int weir_stack_slabs_create(weir_stack_slabs **slabs, const weir_stack_options *options);

/* Unmaps all.  Every stack of it must be out of use: no fiber runs or is parked on one, and every
 * pool is closed.  NULL is allowed. */
void weir_stack_slabs_destroy(weir_stack_slabs *slabs);

/* Usable bytes of each stack, control block and colour included.  Any thread. */
size_t weir_stack_slabs_stack_size(const weir_stack_slabs *slabs);

/* How the guards are made.  Any thread. */
weir_stack_guard weir_stack_slabs_guard(const weir_stack_slabs *slabs);

/* Whether `address` lies in the guard of one of the stacks.  Any thread, also in a signal
 * handler: takes no lock. */
bool weir_stack_slabs_is_guard(const weir_stack_slabs *slabs, const void *address);

/* Bytes of address space mapped now, for tests and for a report on memory.  Any thread. */
size_t weir_stack_slabs_mapped(const weir_stack_slabs *slabs);

/* Calls `visit` for each stack that exists, in use or idle, so its memory can be read: but only the
 * owner of the control block knows what is in it.  No stack is made or unmapped meanwhile, so
 * `visit` must be quick and must not take or put stacks.  Any thread. */
void weir_stack_slabs_each(weir_stack_slabs *slabs,
                           void (*visit)(void *argument, weir_stack *stack), void *argument);

/* A worker's own idle stacks.  The fields are private. */
typedef struct weir_stack_pool {
    weir_stack *top;
    uint32_t count;
    uint32_t bound;
    weir_stack_slabs *slabs;
} weir_stack_pool;

/* Makes an empty pool that holds at most `bound` idle stacks (at least 2).  Cannot fail.
 * Ownership: `slabs` is lent until weir_stack_pool_close. */
void weir_stack_pool_init(weir_stack_pool *pool, weir_stack_slabs *slabs, uint32_t bound);

/* Gives all idle stacks back to the slabs.  The pool is then empty and needs no further call. */
void weir_stack_pool_close(weir_stack_pool *pool);

/* The slow halves of get and put. */
weir_stack *weir_stack_pool_refill(weir_stack_pool *pool);
void weir_stack_pool_spill(weir_stack_pool *pool);

/* Takes a stack.  The bytes of the control block behind the weir_stack are whatever they were.
 *
 * Returns NULL when there is no memory (WEIR_ENOMEM), or no further mapping is allowed.
 * Ownership: given to the caller until weir_stack_pool_put.
 * Only the pool's thread; no cancellation point. */
static inline weir_stack *weir_stack_pool_get(weir_stack_pool *pool)
{
    weir_stack *stack = pool->top;
    if (__builtin_expect(!stack, 0)) return weir_stack_pool_refill(pool);
    pool->top = stack->next;
    pool->count--;
    return stack;
}

/* Gives a stack back, to this pool or another of the same slabs.  Nobody may run on the stack any
 * more: the fiber has ended and another context has gone on.
 * Only the pool's thread; no cancellation point. */
static inline void weir_stack_pool_put(weir_stack_pool *pool, weir_stack *stack)
{
    stack->next = pool->top;
    pool->top = stack;
    if (__builtin_expect(++pool->count > pool->bound, 0)) weir_stack_pool_spill(pool);
}

/* Gives memory back to the system: all but the `keep` last used stacks of this pool, and all idle
 * stacks that the slabs hold, lose their pages; neighbours go in one call, and a slab without any
 * stack in use is unmapped but for one.  For a worker that has nothing to do.
 *
 * Returns the number of stacks that lost their pages.  Only the pool's thread. */
size_t weir_stack_pool_trim(weir_stack_pool *pool, uint32_t keep);

#endif
