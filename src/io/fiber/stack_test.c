/* SPDX-License-Identifier: MIT
 *
 * Do slabs and pools hand out distinct guarded stacks, cost what they should, give memory back, and
 * fail cleanly without memory?
 */
#include "io/fiber/stack.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/base/error.h>

#include "test/harness/test.h"

enum { RESERVE = 256 };

static weir_stack_slabs *slabs_new(bool mprotect_guards)
{
    weir_stack_slabs *slabs = NULL;
    weir_stack_options options = {.reserve = RESERVE, .mprotect_guards = mprotect_guards};
    assert_int_equal(weir_stack_slabs_create(&slabs, &options), 0);
    return slabs;
}

static int map_lines(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    assert_non_null(file);
    int lines = 0;
    for (int c; (c = getc(file)) != EOF;) lines += c == '\n';
    fclose(file);
    return lines;
}

/* Pages of the stack that are in memory, the one with the control block included. */
static size_t resident_pages(const weir_stack_slabs *slabs, char *low)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t pages = weir_stack_slabs_stack_size(slabs) / page;
    unsigned char *seen = calloc(pages, 1);
    assert_non_null(seen);
    assert_int_equal(mincore(low, pages * page, seen), 0);
    size_t count = 0;
    for (size_t i = 0; i < pages; i++) count += seen[i] & 1;
    free(seen);
    return count;
}

TEST(options_out_of_range_are_refused)
{
    static const weir_stack_options wrong[] = {
        {.stack_size = 4096, .reserve = RESERVE},
        {.stack_size = (size_t)2 << 30, .reserve = RESERVE},
        {.stack_size = SIZE_MAX, .reserve = RESERVE},
        {.reserve = 4096},
        {.reserve = 1},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        weir_stack_slabs *slabs = NULL;
        assert_int_equal(weir_stack_slabs_create(&slabs, &wrong[i]), WEIR_EINVAL);
        assert_null(slabs);
    }
    weir_stack_slabs_destroy(NULL);
}

static void check_stacks(bool mprotect_guards)
{
    enum { COUNT = 200 };
    weir_stack_slabs *slabs = slabs_new(mprotect_guards);
    weir_stack_pool pool;
    weir_stack_pool_init(&pool, slabs, 16);
    weir_stack *stacks[COUNT];
    for (int i = 0; i < COUNT; i++) {
        stacks[i] = weir_stack_pool_get(&pool);
        assert_non_null(stacks[i]);
        assert_int_equal((uintptr_t)stacks[i] % 64, 0);
        assert_true(weir_stack_slabs_is_guard(slabs, stacks[i]->low - 1));
        assert_false(weir_stack_slabs_is_guard(slabs, stacks[i]->low));
        assert_false(weir_stack_slabs_is_guard(slabs, stacks[i]));
        /* All bytes are ours: a stack that shared some with another would lose its mark. */
        *stacks[i]->low = (char)i;
        memset((char *)stacks[i] + sizeof(weir_stack), i, RESERVE - sizeof(weir_stack));
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(*stacks[i]->low, (char)i);
        assert_int_equal(((char *)stacks[i])[RESERVE - 1], (char)i);
        weir_stack_pool_put(&pool, stacks[i]);
    }
    assert_false(weir_stack_slabs_is_guard(slabs, &pool));
    assert_false(weir_stack_slabs_is_guard(slabs, NULL));
    weir_stack_pool_close(&pool);
    weir_stack_slabs_destroy(slabs);
}

TEST(stacks_are_distinct_aligned_and_guarded)
{
    check_stacks(false);
}

TEST(stacks_are_distinct_aligned_and_guarded_with_mprotect)
{
    check_stacks(true);
}

static void check_guard_kills(bool mprotect_guards)
{
    weir_stack_slabs *slabs = slabs_new(mprotect_guards);
    weir_stack_pool pool;
    weir_stack_pool_init(&pool, slabs, 4);
    weir_stack *stack = weir_stack_pool_get(&pool);
    assert_non_null(stack);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        ((volatile char *)stack->low)[-1] = 1;
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    weir_stack_pool_put(&pool, stack);
    weir_stack_pool_close(&pool);
    weir_stack_slabs_destroy(slabs);
}

TEST(a_write_below_the_stack_faults)
{
    check_guard_kills(false);
}

TEST(a_write_below_the_stack_faults_with_mprotect)
{
    check_guard_kills(true);
}

TEST(installed_guards_do_not_split_the_mapping)
{
    enum { COUNT = 4096 };
#ifdef WEIR_WITH_TSAN
    skip(); /* its fiber objects are mappings of their own */
#endif
    weir_stack_slabs *slabs = slabs_new(false);
    if (weir_stack_slabs_guard(slabs) != WEIR_STACK_GUARD_INSTALL) {
        weir_stack_slabs_destroy(slabs);
        skip();
    }
    weir_stack_pool pool;
    weir_stack_pool_init(&pool, slabs, 16);
    weir_stack **stacks = calloc(COUNT, sizeof(*stacks));
    assert_non_null(stacks);
    int before = map_lines();
    for (int i = 0; i < COUNT; i++) assert_non_null(stacks[i] = weir_stack_pool_get(&pool));
    /* At most a mapping per slab of 64, so a million stacks make 15,625 of the 65,530 allowed. */
    assert_true(map_lines() - before <= COUNT / 64 + 8);
    for (int i = 0; i < COUNT; i++) weir_stack_pool_put(&pool, stacks[i]);
    free(stacks);
    weir_stack_pool_close(&pool);
    weir_stack_slabs_destroy(slabs);
    assert_true(map_lines() - before <= 8);
}

TEST(a_new_stack_has_one_page_in_memory)
{
    weir_stack_slabs *slabs = slabs_new(false);
    weir_stack_pool pool;
    weir_stack_pool_init(&pool, slabs, 4);
    for (int i = 0; i < 100; i++) {
        weir_stack *stack = weir_stack_pool_get(&pool);
        assert_non_null(stack);
        memset((char *)stack + sizeof(*stack), 1, RESERVE - sizeof(*stack));
        ((char *)stack)[-1] = 1;
        assert_int_equal(resident_pages(slabs, stack->low), 1);
        stack->next = NULL;
    }
    weir_stack_pool_close(&pool);
    weir_stack_slabs_destroy(slabs);
}

TEST(the_last_stack_put_is_the_next_one_taken)
{
    weir_stack_slabs *slabs = slabs_new(false);
    weir_stack_pool pool;
    weir_stack_pool_init(&pool, slabs, 8);
    weir_stack *first = weir_stack_pool_get(&pool);
    weir_stack *second = weir_stack_pool_get(&pool);
    weir_stack_pool_put(&pool, first);
    weir_stack_pool_put(&pool, second);
    assert_ptr_equal(weir_stack_pool_get(&pool), second);
    assert_ptr_equal(weir_stack_pool_get(&pool), first);
    weir_stack_pool_put(&pool, first);
    weir_stack_pool_put(&pool, second);
    weir_stack_pool_close(&pool);
    weir_stack_slabs_destroy(slabs);
}

TEST(surplus_of_one_pool_serves_another)
{
    enum { COUNT = 640 };
    weir_stack_slabs *slabs = slabs_new(false);
    weir_stack_pool from, to;
    weir_stack_pool_init(&from, slabs, 32);
    weir_stack_pool_init(&to, slabs, 32);
    weir_stack *stacks[COUNT];
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < COUNT; i++) assert_non_null(stacks[i] = weir_stack_pool_get(&from));
        for (int i = 0; i < COUNT; i++) weir_stack_pool_put(&to, stacks[i]);
        assert_true(to.count <= 32);
    }
    /* The stacks went round: 640 in use and at most two pools' worth idle. */
    size_t stride = weir_stack_slabs_stack_size(slabs) + (64 << 10); /* with its guard */
    assert_true(weir_stack_slabs_mapped(slabs) <= stride * (COUNT + 64 + 64));
    weir_stack_pool_close(&from);
    weir_stack_pool_close(&to);
    weir_stack_slabs_destroy(slabs);
}

TEST(trim_gives_the_pages_back_and_keeps_what_it_is_told_to)
{
    enum { COUNT = 300, KEEP = 5 };
    weir_stack_slabs *slabs = slabs_new(false);
    weir_stack_pool pool;
    weir_stack_pool_init(&pool, slabs, 1000);
    weir_stack *stacks[COUNT];
    char *lows[COUNT];
    for (int i = 0; i < COUNT; i++) {
        assert_non_null(stacks[i] = weir_stack_pool_get(&pool));
        lows[i] = stacks[i]->low;
        memset(lows[i], 1, (size_t)((char *)stacks[i] - lows[i]));
    }
    size_t mapped = weir_stack_slabs_mapped(slabs);
    weir_stack *used = stacks[0];
    for (int i = 1; i < COUNT; i++) weir_stack_pool_put(&pool, stacks[i]);
    assert_int_equal(weir_stack_pool_trim(&pool, KEEP), COUNT - 1 - KEEP);
    assert_int_equal(pool.count, KEEP);
    size_t full = weir_stack_slabs_stack_size(slabs) / (size_t)sysconf(_SC_PAGESIZE);
    for (int i = COUNT - KEEP; i < COUNT; i++)
        assert_int_equal(resident_pages(slabs, lows[i]), full);
    assert_int_equal(resident_pages(slabs, used->low), full);
    for (int i = 1; i < 30; i++) assert_int_equal(resident_pages(slabs, lows[i]), 0);
    /* The guards are still there, and so is the order of business. */
    assert_true(weir_stack_slabs_is_guard(slabs, lows[1] - 1));
    assert_true(weir_stack_slabs_mapped(slabs) < mapped);
    weir_stack_pool_put(&pool, used);
    assert_int_equal(weir_stack_pool_trim(&pool, 0), KEEP + 1);
    assert_int_equal(weir_stack_pool_trim(&pool, 0), 0);
    assert_true(weir_stack_slabs_mapped(slabs) <= mapped / 3);
    for (int i = 0; i < COUNT; i++) assert_non_null(stacks[i] = weir_stack_pool_get(&pool));
    assert_int_equal(weir_stack_slabs_mapped(slabs), mapped);
    for (int i = 0; i < COUNT; i++) weir_stack_pool_put(&pool, stacks[i]);
    weir_stack_pool_close(&pool);
    weir_stack_slabs_destroy(slabs);
}

TEST(a_guard_still_faults_after_trim)
{
    weir_stack_slabs *slabs = slabs_new(false);
    weir_stack_pool pool;
    weir_stack_pool_init(&pool, slabs, 4);
    weir_stack_pool_put(&pool, weir_stack_pool_get(&pool));
    assert_int_equal(weir_stack_pool_trim(&pool, 0), 1);
    weir_stack *stack = weir_stack_pool_get(&pool);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        ((volatile char *)stack->low)[-1] = 1;
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    weir_stack_pool_put(&pool, stack);
    weir_stack_pool_close(&pool);
    weir_stack_slabs_destroy(slabs);
}

TEST(failed_allocations_are_reported_and_leak_nothing)
{
    for (size_t n = 0;; n++) {
        weir_stack_slabs *slabs = NULL;
        weir_stack_options options = {.reserve = RESERVE};
        test_alloc_fail_after(n);
        int rc = weir_stack_slabs_create(&slabs, &options);
        weir_stack_pool pool;
        weir_stack *stack = NULL;
        if (rc == 0) {
            weir_stack_pool_init(&pool, slabs, 4);
            stack = weir_stack_pool_get(&pool);
        }
        size_t failed = test_alloc_failed();
        test_alloc_reset();
        if (rc) {
            assert_int_equal(rc, WEIR_ENOMEM);
            continue;
        }
        if (!stack) {
            /* The failed try left the source in order. */
            stack = weir_stack_pool_get(&pool);
            assert_non_null(stack);
        }
        weir_stack_pool_put(&pool, stack);
        weir_stack_pool_close(&pool);
        weir_stack_slabs_destroy(slabs);
        if (!failed) break;
    }
}

/* In a child: takes stacks until there are none.  The exit status is 0 when all went well. */
static void exhaust(void)
{
    weir_stack_slabs *slabs = slabs_new(false);
    weir_stack_pool pool;
    weir_stack_pool_init(&pool, slabs, 4);
    struct rlimit limit = {(rlim_t)1 << 28, (rlim_t)1 << 28};
    if (setrlimit(RLIMIT_AS, &limit)) _exit(2);
    weir_stack *taken = NULL;
    int count = 0;
    for (weir_stack *stack; (stack = weir_stack_pool_get(&pool)); count++) {
        stack->next = taken;
        taken = stack;
    }
    if (count < 100) _exit(3);
    while (taken) {
        weir_stack *next = taken->next;
        weir_stack_pool_put(&pool, taken);
        taken = next;
    }
    weir_stack *again = weir_stack_pool_get(&pool);
    if (!again) _exit(4);
    weir_stack_pool_put(&pool, again);
    weir_stack_pool_close(&pool);
    weir_stack_slabs_destroy(slabs);
    _exit(0);
}

TEST(running_out_of_address_space_is_survived)
{
#if defined(WEIR_WITH_ASAN) || defined(WEIR_WITH_TSAN)
    skip(); /* their shadow memory is itself beyond the limit */
#endif
    pid_t child = fork();
    if (child == 0) exhaust();
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Two workers that hand stacks to each other, as a stolen task does. */
typedef struct exchange {
    weir_stack_slabs *slabs;
    _Atomic(weir_stack *) slot[16];
} exchange;

static void *trade(void *argument)
{
    exchange *market = argument;
    weir_stack_pool pool;
    weir_stack_pool_init(&pool, market->slabs, 8);
    for (int i = 0; i < 20000; i++) {
        weir_stack *stack = weir_stack_pool_get(&pool);
        if (!stack) abort();
        ((char *)stack)[-1] = (char)i;
        weir_stack *other = atomic_exchange(&market->slot[i * 7 % 16], stack);
        if (other) weir_stack_pool_put(&pool, other);
        if (i % 500 == 0) weir_stack_pool_trim(&pool, 2);
    }
    weir_stack_pool_close(&pool);
    return NULL;
}

TEST(stacks_may_be_put_into_another_workers_pool)
{
    exchange market = {.slabs = slabs_new(false)};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, trade, &market), 0);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    weir_stack_pool pool;
    weir_stack_pool_init(&pool, market.slabs, 8);
    for (int i = 0; i < 16; i++)
        if (market.slot[i]) weir_stack_pool_put(&pool, market.slot[i]);
    weir_stack_pool_trim(&pool, 0);
    size_t stride = weir_stack_slabs_stack_size(market.slabs) + (64 << 10); /* with its guard */
    assert_true(weir_stack_slabs_mapped(market.slabs) <= 64 * stride);
    weir_stack_pool_close(&pool);
    weir_stack_slabs_destroy(market.slabs);
}
