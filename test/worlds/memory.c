/* SPDX-License-Identifier: MIT
 *
 * The allocator of the test program asks the simulator: where a host's memory fails, all that a
 * task of it allocates may fail, in whichever library.  (`weir sim` has only what the engine does.)
 *
 * And it remembers what is allocated by whom.  The runner asks for leaks when a world that passed
 * has been freed; in a build without a sanitizer that knows, this file answers: nothing may be left
 * then of what was allocated since the world's begin.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <weir/io/sim/fault.h>

#include "worlds.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);

/* What the runner calls; the sanitizers have it, too. */
int __lsan_do_recoverable_leak_check(void);

static bool refuse(void)
{
    if (!weir_sim_memory_fails()) return false;
    errno = ENOMEM;
    return true;
}

#if defined(__SANITIZE_ADDRESS__)
#define KNOWS_LEAKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KNOWS_LEAKS 1
#endif
#endif

#ifdef KNOWS_LEAKS

void worlds_memory_begin(void)
{
}

static void *note(void *block, size_t size, void *caller)
{
    (void)size;
    (void)caller;
    return block;
}

static void forget(void *block)
{
    (void)block;
}

#else

/* Where the program lies: addr2line wants what is allocated at what distance from it. */
extern char __executable_start[];

/* A table of blocks with open addressing; NULL: free, LOST: it was taken out. */
typedef struct slot {
    void *block, *caller;
    size_t size;
} slot;

static slot *slots;
static size_t room, used, live;
#define LOST ((void *)1)

static slot *place(slot *table, size_t size, const void *block)
{
    size_t at = (size_t)(((uintptr_t)block >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (size - 1);
    while (table[at].block && table[at].block != block) at = (at + 1) & (size - 1);
    return &table[at];
}

static void grow(void)
{
    const size_t size = room && live * 4 < room ? room : room ? room * 2 : 4096;
    slot *table = __real_calloc(size, sizeof *table);
    if (!table) abort();
    for (size_t i = 0; i < room; i++)
        if (slots[i].block && slots[i].block != LOST)
            *place(table, size, slots[i].block) = slots[i];
    __real_free(slots);
    slots = table;
    room = size;
    used = live;
}

static void *note(void *block, size_t size, void *caller)
{
    if (!block) return block;
    if (used * 2 >= room) grow();
    slot *s = place(slots, room, block);
    used += !s->block;
    live++;
    *s = (slot){block, caller, size};
    return block;
}

static void forget(void *block)
{
    if (!block || !room) return;
    slot *s = place(slots, room, block);
    if (s->block != block) return;
    s->block = LOST;
    live--;
}

/* What is there by now is none of the world's. */
void worlds_memory_begin(void)
{
    for (size_t i = 0; i < room; i++) slots[i].block = NULL;
    used = live = 0;
}

int __lsan_do_recoverable_leak_check(void)
{
    if (!live) return 0;
    printf("memory: %zu blocks were not given back\n", live);
    for (size_t i = 0, told = 0; i < room && told < 3; i++)
        if (slots[i].block && slots[i].block != LOST) {
            printf("  %zu bytes, allocated at 0x%tx\n", slots[i].size,
                   (char *)slots[i].caller - __executable_start);
            told++;
        }
    fflush(stdout);
    worlds_memory_begin();
    return 1;
}

#endif

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : note(__real_malloc(size), size, __builtin_return_address(0));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuse() ? NULL
                    : note(__real_calloc(count, size), count * size, __builtin_return_address(0));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (refuse()) return NULL;
    void *moved = __real_realloc(block, size);
    if (!moved) return NULL;
    forget(block);
    return note(moved, size, __builtin_return_address(0));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refuse()
               ? NULL
               : note(__real_aligned_alloc(alignment, size), size, __builtin_return_address(0));
}

void __wrap_free(void *block)
{
    forget(block);
    __real_free(block);
}
