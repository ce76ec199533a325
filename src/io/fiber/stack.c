/* SPDX-License-Identifier: MIT
 *
 * Slabs of guarded stacks and the pools over them; the picture and the invariant are in stack.h.
 *
 * Who may do what: a pool and its chain belong to one thread.  The lock of the slabs covers every
 * field of a slab record but `memory`, which a signal handler reads as well, and `pending`, which
 * belongs to the one thread that trims.  System calls and first touches happen outside the lock,
 * but for the mapping of a new slab: others who wait there want that very slab.
 */
#include "io/fiber/stack.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <weir/base/error.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

enum {
    STRIDES_PER_SLAB = 64, /* one bit each */
    LINE = 64,
    COLOURS = 16,
    RESERVE_MAX = 2048,
    GUARD = 64 << 10, /* no frame steps over it; it costs address space alone */
};

static const size_t default_stack = (size_t)64 << 10;
static const size_t least_stack = (size_t)16 << 10;
static const size_t most_stack = (size_t)1 << 30;
static const size_t most_slab = (size_t)32 << 20; /* large stacks: fewer of them per mapping */

typedef struct weir_slab {
    _Atomic(char *) memory;     /* NULL while unmapped */
    uint64_t blank;             /* strides without a weir_stack */
    uint64_t pending;           /* strides that the trimmer is about to make blank */
    struct weir_slab *all_next; /* every record ever made, for is_guard; never changes */
    struct weir_slab
        *open_next; /* in `open` while mapped with a blank stride, else in `unmapped` */
    struct weir_slab *open_prev;
    struct weir_slab *pending_next;
} weir_slab;

struct weir_stack_slabs {
    size_t page;
    size_t guard_size;
    size_t stack_size;
    size_t stride; /* guard and stack */
    size_t reserve;
    uint32_t strides;
    weir_stack_guard guard;
    _Atomic(weir_slab *) all;
    _Atomic size_t mapped;

    pthread_mutex_t lock;
    weir_slab *open;
    weir_slab *unmapped;
    weir_stack *warm;
    uint32_t empty; /* mapped slabs with no stride in use */
    bool trimming;
};

static weir_stack *chain_cut(weir_stack **chain, uint32_t keep, uint32_t *cut);
static void warm_push(weir_stack_slabs *slabs, weir_stack *chain);
static char *stack_low(const weir_stack_slabs *slabs, weir_slab *slab, unsigned index);
static weir_stack *stack_at(const weir_stack_slabs *slabs, weir_slab *slab, unsigned index);
static weir_stack *stack_make(weir_stack_slabs *slabs);
static weir_slab *slab_map(weir_stack_slabs *slabs);
static bool slab_guard(const weir_stack_slabs *slabs, char *memory);
static void slab_unmap(weir_stack_slabs *slabs, weir_slab *slab);
static size_t pend(weir_stack_slabs *slabs, weir_stack *chain, weir_slab **list);
static void slab_release(const weir_stack_slabs *slabs, const weir_slab *slab);
static weir_slab *pending_to_blank(weir_stack_slabs *slabs, weir_slab *list);
static void open_push(weir_stack_slabs *slabs, weir_slab *slab);
static void open_remove(weir_stack_slabs *slabs, weir_slab *slab);
static weir_stack_guard guard_probe(size_t page);

static size_t round_up(size_t value, size_t unit)
{
    return (value + unit - 1) / unit * unit;
}

static uint64_t all_strides(const weir_stack_slabs *slabs)
{
    return UINT64_MAX >> (STRIDES_PER_SLAB - slabs->strides);
}

int weir_stack_slabs_create(weir_stack_slabs **out, const weir_stack_options *options)
{
    size_t size = options->stack_size ? options->stack_size : default_stack;
    if (size < least_stack || size > most_stack) return WEIR_EINVAL;
    if (options->reserve < sizeof(weir_stack) || options->reserve > RESERVE_MAX) return WEIR_EINVAL;

    weir_stack_slabs *slabs = calloc(1, sizeof(*slabs));
    if (!slabs) return WEIR_ENOMEM;
    slabs->page = (size_t)sysconf(_SC_PAGESIZE);
    slabs->stack_size = round_up(size * WEIR_SANITIZER_STACK_FACTOR, slabs->page);
    slabs->guard_size = round_up(GUARD, slabs->page);
    slabs->stride = slabs->stack_size + slabs->guard_size;
    slabs->reserve = round_up(options->reserve, LINE);
    size_t strides = most_slab / slabs->stride;
    if (strides < 1) strides = 1;
    slabs->strides = strides < STRIDES_PER_SLAB ? (uint32_t)strides : STRIDES_PER_SLAB;
    bool in_map = options->mprotect_guards || WEIR_SANITIZER_GUARDS_IN_MAP;
    slabs->guard = in_map ? WEIR_STACK_GUARD_MPROTECT : guard_probe(slabs->page);
    pthread_mutex_init(&slabs->lock, NULL);
    *out = slabs;
    return 0;
}

void weir_stack_slabs_destroy(weir_stack_slabs *slabs)
{
    if (!slabs) return;
    for (weir_stack *stack = slabs->warm; stack; stack = stack->next)
        weir_sanitizer_stack_close(&stack->sanitizer);
    weir_slab *slab = atomic_load_explicit(&slabs->all, memory_order_acquire);
    while (slab) {
        weir_slab *next = slab->all_next;
        if (atomic_load_explicit(&slab->memory, memory_order_relaxed)) slab_unmap(slabs, slab);
        free(slab);
        slab = next;
    }
    pthread_mutex_destroy(&slabs->lock);
    free(slabs);
}

size_t weir_stack_slabs_stack_size(const weir_stack_slabs *slabs)
{
    return slabs->stack_size;
}

weir_stack_guard weir_stack_slabs_guard(const weir_stack_slabs *slabs)
{
    return slabs->guard;
}

size_t weir_stack_slabs_mapped(const weir_stack_slabs *slabs)
{
    return atomic_load_explicit(&slabs->mapped, memory_order_relaxed);
}

bool weir_stack_slabs_is_guard(const weir_stack_slabs *slabs, const void *address)
{
    /* Acquire pairs with the release in slab_map: a record that we see is filled in.  Records are
     * never freed while the slabs live, so the walk needs no lock. */
    weir_slab *slab = atomic_load_explicit(&slabs->all, memory_order_acquire);
    for (; slab; slab = slab->all_next) {
        uintptr_t memory = (uintptr_t)atomic_load_explicit(&slab->memory, memory_order_acquire);
        uintptr_t offset = (uintptr_t)address - memory;
        if (memory && offset < slabs->stride * slabs->strides)
            return offset % slabs->stride < slabs->guard_size;
    }
    return false;
}

void weir_stack_pool_init(weir_stack_pool *pool, weir_stack_slabs *slabs, uint32_t bound)
{
    *pool = (weir_stack_pool){.bound = bound < 2 ? 2 : bound, .slabs = slabs};
}

void weir_stack_pool_close(weir_stack_pool *pool)
{
    warm_push(pool->slabs, pool->top);
    pool->top = NULL;
    pool->count = 0;
}

weir_stack *weir_stack_pool_refill(weir_stack_pool *pool)
{
    weir_stack_slabs *slabs = pool->slabs;
    uint32_t taken = pool->bound / 2;
    pthread_mutex_lock(&slabs->lock);
    weir_stack *chain = slabs->warm;
    if (chain) {
        uint32_t rest;
        slabs->warm = chain_cut(&chain, taken, &rest);
        taken -= rest;
    }
    pthread_mutex_unlock(&slabs->lock);
    if (!chain) return stack_make(slabs);
    pool->top = chain->next;
    pool->count = taken - 1;
    return chain;
}

/* The older half goes: what was put last is still in the cache. */
void weir_stack_pool_spill(weir_stack_pool *pool)
{
    uint32_t missing;
    weir_stack *rest = chain_cut(&pool->top, pool->bound / 2, &missing);
    pool->count = pool->bound / 2;
    warm_push(pool->slabs, rest);
}

size_t weir_stack_pool_trim(weir_stack_pool *pool, uint32_t keep)
{
    weir_stack_slabs *slabs = pool->slabs;
    uint32_t missing;
    weir_stack *chain = chain_cut(&pool->top, keep, &missing);
    if (keep < pool->count) pool->count = keep;
    warm_push(slabs, chain);

    pthread_mutex_lock(&slabs->lock);
    chain = slabs->trimming ? NULL : slabs->warm;
    if (chain) {
        slabs->trimming = true;
        slabs->warm = NULL;
    }
    pthread_mutex_unlock(&slabs->lock);
    if (!chain) return 0;

    weir_slab *list = NULL;
    size_t trimmed = pend(slabs, chain, &list);
    for (weir_slab *slab = list; slab; slab = slab->pending_next) slab_release(slabs, slab);

    pthread_mutex_lock(&slabs->lock);
    weir_slab *surplus = pending_to_blank(slabs, list);
    pthread_mutex_unlock(&slabs->lock);
    for (weir_slab *slab = surplus; slab; slab = slab->pending_next) slab_unmap(slabs, slab);

    pthread_mutex_lock(&slabs->lock);
    for (weir_slab *slab = surplus; slab; slab = slab->pending_next) {
        slab->open_next = slabs->unmapped;
        slabs->unmapped = slab;
    }
    slabs->trimming = false;
    pthread_mutex_unlock(&slabs->lock);
    return trimmed;
}

/* Leaves the first `keep` stacks in `*chain` and returns the others; `*missing` is by how many the
 * chain was shorter than `keep`. */
static weir_stack *chain_cut(weir_stack **chain, uint32_t keep, uint32_t *missing)
{
    weir_stack **link = chain;
    while (keep && *link) {
        link = &(*link)->next;
        keep--;
    }
    *missing = keep;
    weir_stack *rest = *link;
    *link = NULL;
    return rest;
}

static void warm_push(weir_stack_slabs *slabs, weir_stack *chain)
{
    if (!chain) return;
    weir_stack *last = chain;
    while (last->next) last = last->next;
    pthread_mutex_lock(&slabs->lock);
    last->next = slabs->warm;
    slabs->warm = chain;
    pthread_mutex_unlock(&slabs->lock);
}

/* Gives a blank stride its weir_stack, which is the first touch of its top page. */
static char *stack_low(const weir_stack_slabs *slabs, weir_slab *slab, unsigned index)
{
    return atomic_load_explicit(&slab->memory, memory_order_relaxed) + index * slabs->stride +
           slabs->guard_size;
}

/* The head of the stack in a stride. */
static weir_stack *stack_at(const weir_stack_slabs *slabs, weir_slab *slab, unsigned index)
{
    size_t colour = (size_t)(index % COLOURS) * LINE;
    return (weir_stack *)(stack_low(slabs, slab, index) + slabs->stack_size - colour -
                          slabs->reserve);
}

void weir_stack_slabs_each(weir_stack_slabs *slabs,
                           void (*visit)(void *argument, weir_stack *stack), void *argument)
{
    pthread_mutex_lock(&slabs->lock);
    weir_slab *slab = atomic_load_explicit(&slabs->all, memory_order_acquire);
    for (; slab; slab = slab->all_next) {
        uint64_t made = all_strides(slabs) & ~slab->blank;
        if (!atomic_load_explicit(&slab->memory, memory_order_relaxed)) continue;
        for (; made; made &= made - 1)
            visit(argument, stack_at(slabs, slab, (unsigned)__builtin_ctzll(made)));
    }
    pthread_mutex_unlock(&slabs->lock);
}

static weir_stack *stack_make(weir_stack_slabs *slabs)
{
    pthread_mutex_lock(&slabs->lock);
    weir_slab *slab = slabs->open ? slabs->open : slab_map(slabs);
    if (!slab) {
        pthread_mutex_unlock(&slabs->lock);
        return NULL;
    }
    if (slab->blank == all_strides(slabs)) slabs->empty--;
    unsigned index = (unsigned)__builtin_ctzll(slab->blank);
    slab->blank &= slab->blank - 1;
    if (!slab->blank) open_remove(slabs, slab);
    pthread_mutex_unlock(&slabs->lock);

    weir_stack *stack = stack_at(slabs, slab, index);
    *stack = (weir_stack){.low = stack_low(slabs, slab, index), .slab = slab};
    if (weir_sanitizer_stack_open(&stack->sanitizer)) return stack;

    pthread_mutex_lock(&slabs->lock);
    if (!slab->blank) open_push(slabs, slab);
    slab->blank |= (uint64_t)1 << index;
    if (slab->blank == all_strides(slabs)) slabs->empty++;
    pthread_mutex_unlock(&slabs->lock);
    return NULL;
}

/* Maps a slab, in an old record if there is one.  NULL without memory.  The lock is held. */
static weir_slab *slab_map(weir_stack_slabs *slabs)
{
    weir_slab *slab = slabs->unmapped;
    weir_slab *fresh = NULL;
    if (!slab) slab = fresh = calloc(1, sizeof(*slab));
    if (!slab) return NULL;
    size_t size = slabs->stride * slabs->strides;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (memory != MAP_FAILED && !slab_guard(slabs, memory)) {
        munmap(memory, size);
        memory = MAP_FAILED;
    }
    if (memory == MAP_FAILED) {
        free(fresh);
        return NULL;
    }
    /* A huge page would make every touched stack cost 2 MiB.  A kernel without huge pages refuses
     * the advice and needs none. */
    (void)madvise(memory, size, MADV_NOHUGEPAGE);
    weir_sanitizer_slab_open(memory, size);
    if (!fresh) slabs->unmapped = slab->open_next;
    slab->blank = all_strides(slabs);
    slabs->empty++;
    open_push(slabs, slab);
    atomic_fetch_add_explicit(&slabs->mapped, size, memory_order_relaxed);
    /* Release for is_guard, which may run in another thread's signal handler. */
    atomic_store_explicit(&slab->memory, memory, memory_order_release);
    if (fresh) {
        slab->all_next = atomic_load_explicit(&slabs->all, memory_order_relaxed);
        atomic_store_explicit(&slabs->all, slab, memory_order_release);
    }
    return slab;
}

static bool slab_guard(const weir_stack_slabs *slabs, char *memory)
{
    for (uint32_t i = 0; i < slabs->strides; i++) {
        char *guard = memory + i * slabs->stride;
        int rc = slabs->guard == WEIR_STACK_GUARD_INSTALL
                     ? madvise(guard, slabs->guard_size, MADV_GUARD_INSTALL)
                     : mprotect(guard, slabs->guard_size, PROT_NONE);
        if (rc) return false;
    }
    return true;
}

static void slab_unmap(weir_stack_slabs *slabs, weir_slab *slab)
{
    size_t size = slabs->stride * slabs->strides;
    char *memory = atomic_exchange_explicit(&slab->memory, NULL, memory_order_relaxed);
    weir_sanitizer_slab_close(memory, size);
    munmap(memory, size);
    atomic_fetch_sub_explicit(&slabs->mapped, size, memory_order_relaxed);
}

/* Turns the stacks of `chain` into pending bits, so that nothing is read from them any more, and
 * collects their slabs in `*list`.  Returns the number of stacks. */
static size_t pend(weir_stack_slabs *slabs, weir_stack *chain, weir_slab **list)
{
    size_t count = 0;
    for (weir_stack *next; chain; chain = next, count++) {
        next = chain->next;
        weir_slab *slab = chain->slab;
        char *memory = atomic_load_explicit(&slab->memory, memory_order_relaxed);
        size_t index = (size_t)(chain->low - memory) / slabs->stride;
        weir_sanitizer_stack_close(&chain->sanitizer);
        if (!slab->pending) {
            slab->pending_next = *list;
            *list = slab;
        }
        slab->pending |= (uint64_t)1 << index;
    }
    return count;
}

/* Drops the pages of all pending strides, each run of neighbours in one call.  Guards between them
 * outlive the advice. */
static void slab_release(const weir_stack_slabs *slabs, const weir_slab *slab)
{
    char *memory = atomic_load_explicit(&slab->memory, memory_order_relaxed);
    for (uint64_t left = slab->pending; left;) {
        unsigned first = (unsigned)__builtin_ctzll(left);
        uint64_t shifted = ~(left >> first);
        unsigned run = shifted ? (unsigned)__builtin_ctzll(shifted) : STRIDES_PER_SLAB;
        /* Refused only for locked memory (mlockall), where there is nothing to give back. */
        (void)madvise(memory + first * slabs->stride, run * slabs->stride, MADV_DONTNEED);
        left = first + run < STRIDES_PER_SLAB ? left >> (first + run) << (first + run) : 0;
    }
}

/* Makes the pending strides blank.  Returns the slabs to unmap: those without a stride in use, but
 * for one that stays for the next task.  The lock is held. */
static weir_slab *pending_to_blank(weir_stack_slabs *slabs, weir_slab *list)
{
    weir_slab *surplus = NULL;
    for (weir_slab *next; list; list = next) {
        next = list->pending_next;
        if (!list->blank) open_push(slabs, list);
        list->blank |= list->pending;
        list->pending = 0;
        if (list->blank != all_strides(slabs)) continue;
        if (slabs->empty == 0) {
            slabs->empty++;
            continue;
        }
        open_remove(slabs, list);
        list->pending_next = surplus;
        surplus = list;
    }
    return surplus;
}

static void open_push(weir_stack_slabs *slabs, weir_slab *slab)
{
    slab->open_prev = NULL;
    slab->open_next = slabs->open;
    if (slabs->open) slabs->open->open_prev = slab;
    slabs->open = slab;
}

static void open_remove(weir_stack_slabs *slabs, weir_slab *slab)
{
    if (slab->open_prev)
        slab->open_prev->open_next = slab->open_next;
    else
        slabs->open = slab->open_next;
    if (slab->open_next) slab->open_next->open_prev = slab->open_prev;
}

/* Asks the kernel by trying: a page of our own is guarded and dropped.  That the advice is accepted
 * is not enough, as emulators accept what they do not know: the guard must also refuse a read. */
static weir_stack_guard guard_probe(size_t page)
{
    void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return WEIR_STACK_GUARD_MPROTECT;
    bool installed = madvise(memory, page, MADV_GUARD_INSTALL) == 0 &&
                     madvise(memory, page, MADV_POPULATE_READ) != 0;
    munmap(memory, page);
    return installed ? WEIR_STACK_GUARD_INSTALL : WEIR_STACK_GUARD_MPROTECT;
}
