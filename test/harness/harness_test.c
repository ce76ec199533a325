/* SPDX-License-Identifier: MIT
 *
 * Does the harness itself keep its promises?
 */
#include "test/harness/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

TEST(every_descriptor_is_counted)
{
    int before = test_fd_count();
    int fd = dup(0);
    assert_true(fd >= 0);
    assert_int_equal(test_fd_count(), before + 1);
    close(fd);
    assert_int_equal(test_fd_count(), before);
}

TEST_SEEDED(a_seeded_test_gets_its_seed, 42)
{
    if (getenv("WEIR_TEST_SEED")) skip();
    assert_int_equal(test_seed(), 42);
}

TEST(a_seed_stays_the_same_within_a_test)
{
    uint64_t seed = test_seed();
    assert_int_equal(seed, test_seed());
    uint64_t a = seed, b = seed;
    for (int i = 0; i < 100; i++) assert_int_equal(test_random(&a), test_random(&b));
}

TEST(every_allocation_after_the_nth_fails_until_the_reset)
{
    test_alloc_fail_after(2);
    void *first = malloc(1);
    void *second = calloc(1, 1);
    void *third = malloc(1);
    void *fourth = aligned_alloc(64, 64);
    void *fifth = realloc(NULL, 8);
    void *sixth = NULL;
    int error = posix_memalign(&sixth, 64, 64);
    void *seventh = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t count = test_alloc_count(), failed = test_alloc_failed();
    test_alloc_reset();
    void *after = malloc(1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(third);
    assert_null(fourth);
    assert_null(fifth);
    assert_int_equal(error, ENOMEM);
    assert_null(sixth);
    assert_ptr_equal(seventh, MAP_FAILED);
    assert_non_null(after);
    assert_int_equal(count, 7);
    assert_int_equal(failed, 5);
    free(first);
    free(second);
    free(after);
}

TEST(one_allocation_alone_can_fail)
{
    test_alloc_fail_once(1);
    void *first = malloc(1), *second = malloc(1), *third = malloc(1);
    test_alloc_reset();
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    free(first);
    free(third);
}

static void *allocate_often(void *failed)
{
    for (int i = 0; i < 1000; i++) {
        void *block = malloc(8);
        *(int *)failed += block == NULL;
        free(block);
    }
    return NULL;
}

TEST(allocations_of_all_threads_are_counted_together)
{
    pthread_t threads[4];
    int failed[4] = {0};
    test_alloc_fail_after(1000);
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, allocate_often, &failed[i]);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    size_t count = test_alloc_count();
    test_alloc_reset();
    assert_int_equal(count, 4000);
    assert_int_equal(failed[0] + failed[1] + failed[2] + failed[3], 3000);
}
