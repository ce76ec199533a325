/* SPDX-License-Identifier: MIT
 *
 * The test harness: tests that register themselves, run by cmocka, listed by ctest.
 *
 *     #include "test/harness/test.h"
 *
 *     TEST(content_length_that_overflows_is_refused)
 *     {
 *         assert_int_equal(parse("99999999999999999999"), WEIR_EHTTP_CONTENT_LENGTH);
 *     }
 *
 * A test program is called as
 *     program              run all tests
 *     program FILTER...    run the tests whose name contains one of the filters
 *     program --only NAME  run this one test
 *     program --list       list the tests, a name per line
 *
 * The assertions are cmocka's.  A failed one prints its message and aborts the process, so it works
 * on every thread and every stack, and one failure ends the program.  A fatal signal is left to the
 * sanitizer or the kernel.  skip() works in the test function itself, not in tasks it starts.
 */
#ifndef WEIR_TEST_HARNESS_TEST_H
#define WEIR_TEST_HARNESS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka's skip() would abort as a failed assertion does. */
#undef skip
#define skip() test_skip()

typedef struct test_case {
    const char *name;
    void (*run)(void);
    bool has_seed; /* else test_seed() draws one */
    uint64_t seed;
    struct test_case *next;
} test_case;

/* Adds a test to those of this program; called by TEST before main. */
void test_register(test_case *test);

#define TEST_CASE_(name_, has_seed_, seed_)                                         \
    static void test_run_##name_(void);                                             \
    __attribute__((constructor)) static void test_add_##name_(void)                 \
    {                                                                               \
        static test_case test = {#name_, test_run_##name_, has_seed_, seed_, NULL}; \
        test_register(&test);                                                       \
    }                                                                               \
    static void test_run_##name_(void)

/* Defines a test; the body follows. */
#define TEST(name_) TEST_CASE_(name_, false, 0)

/* Defines a test whose test_seed() is `seed_` unless WEIR_TEST_SEED says otherwise. */
#define TEST_SEEDED(name_, seed_) TEST_CASE_(name_, true, seed_)

/* The seed of the running test: WEIR_TEST_SEED if it is set, the one of TEST_SEEDED, else a random
 * one.  The same for the whole test.  The first call prints the command that repeats the run. */
uint64_t test_seed(void);

/* The next of a fixed sequence of well mixed numbers that `*state` (a seed) determines. */
uint64_t test_random(uint64_t *state);

/* Ends the running test as skipped.  Only in the test function itself. */
void test_skip(void);

/* How many descriptors this process has open. */
int test_fd_count(void);

/* Whether the program runs under an emulator of another processor, which may lack what a kernel of
 * this age has. */
bool test_is_emulated(void);

/* Allocation failure ------------------------------------------------------------------------
 *
 * Seen are malloc, calloc, realloc, aligned_alloc, posix_memalign and mmap, called from the code
 * under test and the tests themselves, on any thread; not what the C library or another shared
 * library allocates inside.  Each test begins with a reset.
 *
 *     for (size_t n = 0;; n++) {
 *         test_alloc_fail_after(n);
 *         int result = weir_thing_create(&thing);
 *         size_t failed = test_alloc_failed();
 *         test_alloc_reset();
 *         if (!failed) break;
 *         assert_int_equal(result, WEIR_ENOMEM);
 *     }
 */

/* Lets the next `n` allocations succeed and all after them fail, until the reset. */
void test_alloc_fail_after(size_t n);

/* Lets the next `n` allocations succeed, the one after them fail, and all others succeed. */
void test_alloc_fail_once(size_t n);

/* How many allocations were asked for since the last reset or fail call. */
size_t test_alloc_count(void);

/* How many of them were made to fail. */
size_t test_alloc_failed(void);

/* Ends the failing and sets the counts to 0. */
void test_alloc_reset(void);

#endif
