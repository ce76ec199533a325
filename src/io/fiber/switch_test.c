/* SPDX-License-Identifier: MIT
 *
 * Do contexts keep everything across a switch, start as the ABI asks, end where they say, and can
 * unwinders and sanitizers follow them?
 */
#include "io/fiber/switch.h"

#include <execinfo.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef WEIR_WITH_ASAN
#include <sanitizer/lsan_interface.h>
#endif

#include "test/harness/test.h"

/* What an engine's control block looks like. */
typedef struct fiber {
    weir_stack stack;
    weir_fiber_context context;
    uint64_t seed;
    uint64_t sum;
    int rounds;
    bool over;
} fiber;

typedef struct world {
    weir_stack_slabs *slabs;
    weir_stack_pool pool;
    weir_fiber_context thread;
} world;

static world here;

static void open_world(void)
{
    weir_stack_options options = {.reserve = sizeof(fiber)};
    assert_int_equal(weir_stack_slabs_create(&here.slabs, &options), 0);
    weir_stack_pool_init(&here.pool, here.slabs, 64);
    weir_fiber_adopt(&here.thread);
}

static void close_world(void)
{
    weir_stack_pool_close(&here.pool);
    weir_stack_slabs_destroy(here.slabs);
}

static fiber *fiber_new(weir_fiber_entry *entry)
{
    fiber *made = (fiber *)weir_stack_pool_get(&here.pool);
    assert_non_null(made);
    made->seed = made->sum = 0;
    made->rounds = 0;
    made->over = false;
    weir_fiber_prepare(&made->context, &made->stack, entry, made);
    return made;
}

static void *resume(fiber *to, void *value)
{
    return weir_fiber_switch(&here.thread, &to->context, value);
}

static void *pause_here(fiber *self, void *value)
{
    return weir_fiber_switch(&self->context, &here.thread, value);
}

static weir_fiber_next end(fiber *self, void *value)
{
    self->over = true;
    return (weir_fiber_next){&here.thread, value};
}

static int marks[8];

static weir_fiber_next exchange_values(void *argument)
{
    fiber *self = argument;
    assert_ptr_equal(pause_here(self, &marks[0]), &marks[1]);
    assert_ptr_equal(pause_here(self, &marks[2]), &marks[3]);
    return end(self, &marks[4]);
}

TEST(values_travel_both_ways_and_the_end_names_its_successor)
{
    open_world();
    fiber *one = fiber_new(exchange_values);
    assert_ptr_equal(resume(one, NULL), &marks[0]);
    assert_ptr_equal(resume(one, &marks[1]), &marks[2]);
    assert_false(one->over);
    assert_ptr_equal(resume(one, &marks[3]), &marks[4]);
    assert_true(one->over);
    weir_stack_pool_put(&here.pool, &one->stack);
    close_world();
}

static uint64_t mix(uint64_t x)
{
    return (x ^ (x >> 29)) * UINT64_C(0xbf58476d1ce4e5b9) + 1;
}

/* Many values live across every switch: more than the registers hold. */
static weir_fiber_next churn(void *argument)
{
    fiber *self = argument;
    uint64_t a = self->seed, b = mix(a), c = mix(b), d = mix(c), e = mix(d), f = mix(e);
    double p = (double)(a & 1023), q = p + 0.5, r = p * 2, s = p - 3;
    long double wide = (long double)p / 3;
    for (int i = 0; i < self->rounds; i++) {
        a = mix(a + f);
        b += a;
        c ^= b;
        d += c;
        e ^= d;
        f += e;
        p += 1;
        q += p;
        r += 0.25;
        s += r;
        wide += 0.125L;
        pause_here(self, self);
    }
    self->sum = a ^ b ^ c ^ d ^ e ^ f ^ (uint64_t)(p + q + r + s + (double)wide);
    return end(self, NULL);
}

/* The same without any switch. */
static uint64_t churn_alone(uint64_t seed, int rounds)
{
    uint64_t a = seed, b = mix(a), c = mix(b), d = mix(c), e = mix(d), f = mix(e);
    double p = (double)(a & 1023), q = p + 0.5, r = p * 2, s = p - 3;
    long double wide = (long double)p / 3;
    for (int i = 0; i < rounds; i++) {
        a = mix(a + f);
        b += a;
        c ^= b;
        d += c;
        e ^= d;
        f += e;
        p += 1;
        q += p;
        r += 0.25;
        s += r;
        wide += 0.125L;
    }
    return a ^ b ^ c ^ d ^ e ^ f ^ (uint64_t)(p + q + r + s + (double)wide);
}

TEST(a_hundred_thousand_switches_between_many_fibers_change_no_value)
{
    enum { FIBERS = 100, ROUNDS = 1000 };
    open_world();
    fiber *fibers[FIBERS];
    uint64_t state = test_seed();
    for (int i = 0; i < FIBERS; i++) {
        fibers[i] = fiber_new(churn);
        fibers[i]->seed = test_random(&state);
        fibers[i]->rounds = ROUNDS;
    }
    for (int i = 0; i < FIBERS * ROUNDS; i++) {
        fiber *next = fibers[test_random(&state) % FIBERS];
        if (!next->over) resume(next, NULL);
    }
    for (int i = 0; i < FIBERS; i++) {
        while (!fibers[i]->over) resume(fibers[i], NULL);
        assert_int_equal(fibers[i]->sum, churn_alone(fibers[i]->seed, ROUNDS));
        weir_stack_pool_put(&here.pool, &fibers[i]->stack);
    }
    close_world();
}

/* Each fiber goes straight to the next; the last one, ending, back to the thread. */
static fiber *ring[16];

static weir_fiber_next pass_on(void *argument)
{
    fiber *self = argument;
    for (int i = 0; i < 1000; i++) {
        fiber *next = ring[(self->seed + 1) % 16];
        self->sum += (uintptr_t)weir_fiber_switch(&self->context, &next->context, &marks[1]) ==
                     (uintptr_t)&marks[1];
    }
    self->over = true;
    fiber *next = ring[(self->seed + 1) % 16];
    return (weir_fiber_next){next->over ? &here.thread : &next->context, &marks[1]};
}

TEST(fibers_switch_to_each_other_without_the_thread)
{
    open_world();
    for (int i = 0; i < 16; i++) {
        ring[i] = fiber_new(pass_on);
        ring[i]->seed = (uint64_t)i;
    }
    assert_ptr_equal(resume(ring[0], NULL), &marks[1]);
    for (int i = 0; i < 16; i++) {
        assert_true(ring[i]->over);
        assert_int_equal(ring[i]->sum, 1000);
        weir_stack_pool_put(&here.pool, &ring[i]->stack);
    }
    close_world();
}

__attribute__((noinline)) static bool is_aligned(const void *address, size_t to)
{
    return (uintptr_t)address % to == 0;
}

static weir_fiber_next use_aligned_locals(void *argument)
{
    fiber *self = argument;
    alignas(16) char vector[16];
    alignas(64) char line[64];
    memset(vector, 1, sizeof(vector));
    memset(line, 2, sizeof(line));
    /* printf of a double saves vector registers with aligned stores and faults if the ABI's
     * alignment is not kept. */
    char text[64];
    snprintf(text, sizeof(text), "%.2f", 2.5);
    self->sum = is_aligned(vector, 16) && is_aligned(line, 64) && strcmp(text, "2.50") == 0;
    pause_here(self, self);
    self->sum += is_aligned(vector, 16) && vector[15] == 1 && line[63] == 2;
    return end(self, NULL);
}

TEST(a_fiber_starts_with_the_alignment_of_the_abi)
{
    open_world();
    for (int i = 0; i < 40; i++) {
        fiber *one = fiber_new(use_aligned_locals);
        resume(one, NULL);
        resume(one, NULL);
        assert_int_equal(one->sum, 2);
        if (i % 2) weir_stack_pool_put(&here.pool, &one->stack);
    }
    close_world();
}

static void *trace[64];

__attribute__((noinline)) static int trace_deep(int depth)
{
    volatile int here_too = depth;
    int frames = depth ? trace_deep(depth - 1) : backtrace(trace, 64);
    return frames + (here_too - depth);
}

static weir_fiber_next trace_self(void *argument)
{
    fiber *self = argument;
    self->rounds = trace_deep(10);
    return end(self, NULL);
}

TEST(a_backtrace_from_inside_a_fiber_ends_at_its_start)
{
    open_world();
    fiber *one = fiber_new(trace_self);
    resume(one, NULL);
    assert_true(one->rounds >= 12);
    assert_true(one->rounds <= 12 + 6);
    uintptr_t last = (uintptr_t)trace[one->rounds - 1];
    assert_true(last - (uintptr_t)weir_fiber_start < 64);
    weir_stack_pool_put(&here.pool, &one->stack);
    close_world();
}

__attribute__((noinline)) static size_t dig(const char *low, char *above)
{
    volatile char block[512];
    memset((char *)block, 1, sizeof(block));
    if ((size_t)((char *)block - low) < 4096) return (size_t)(above - (char *)block);
    return dig(low, above) + (size_t)(block[5] - 1);
}

static weir_fiber_next dig_down(void *argument)
{
    fiber *self = argument;
    self->sum = dig(self->stack.low, (char *)self);
    return end(self, NULL);
}

TEST(the_whole_stack_is_usable)
{
#ifdef WEIR_WITH_ASAN
    if (getenv("ASAN_OPTIONS") && strstr(getenv("ASAN_OPTIONS"), "use_after_return=1")) skip();
#endif
    open_world();
    fiber *one = fiber_new(dig_down);
    resume(one, NULL);
    assert_true(one->sum > weir_stack_slabs_stack_size(here.slabs) - 8192);
    weir_stack_pool_put(&here.pool, &one->stack);
    close_world();
}

TEST(ten_thousand_fibers_wait_at_once)
{
    enum { FIBERS = 10000 };
#if defined(WEIR_WITH_TSAN) && !defined(__clang__)
    skip(); /* see MOST_FIBERS in sanitizer.c */
#endif
    open_world();
    fiber **fibers = calloc(FIBERS, sizeof(fiber *));
    assert_non_null(fibers);
    for (int i = 0; i < FIBERS; i++) {
        fibers[i] = fiber_new(churn);
        fibers[i]->seed = (uint64_t)i;
        fibers[i]->rounds = 3;
    }
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < FIBERS; i++) resume(fibers[i], NULL);
    for (int i = 0; i < FIBERS; i++) {
        assert_true(fibers[i]->over);
        assert_int_equal(fibers[i]->sum, churn_alone((uint64_t)i, 3));
        weir_stack_pool_put(&here.pool, &fibers[i]->stack);
    }
    free(fibers);
    close_world();
}

static weir_fiber_next touch_and_end(void *argument)
{
    fiber *self = argument;
    volatile char block[200];
    memset((char *)block, 1, sizeof(block));
    self->sum += (uint64_t)block[100];
    return end(self, NULL);
}

TEST(one_stack_serves_many_short_fibers)
{
    open_world();
    for (int i = 0; i < 100000; i++) {
        fiber *one = fiber_new(touch_and_end);
        resume(one, NULL);
        assert_int_equal(one->sum, 1);
        weir_stack_pool_put(&here.pool, &one->stack);
    }
    close_world();
}

#ifdef WEIR_WITH_ASAN
static weir_fiber_next hold_memory(void *argument)
{
    fiber *self = argument;
    char *held = malloc(100);
    assert_non_null(held);
    memset(held, 7, 100);
    pause_here(self, self);
    self->sum = (uint64_t)held[99];
    free(held);
    return end(self, NULL);
}

TEST(memory_held_by_a_waiting_fiber_is_not_called_a_leak)
{
    open_world();
    fiber *one = fiber_new(hold_memory);
    resume(one, NULL);
    assert_int_equal(__lsan_do_recoverable_leak_check(), 0);
    resume(one, NULL);
    assert_int_equal(one->sum, 7);
    weir_stack_pool_put(&here.pool, &one->stack);
    close_world();
}
#endif
