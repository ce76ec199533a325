/* SPDX-License-Identifier: MIT
 *
 * Do batches of iovecs hold exactly the bytes that were asked for, wherever they start?
 */
#include "io/posix/gather.h"

#include <stdlib.h>
#include <string.h>

#include "test/harness/test.h"

/* The byte at position `at` of what a gather sends, the slow and obvious way. */
static char byte_at(const weir_gather *gather, uint64_t at)
{
    for (uint32_t i = 0; i < gather->count; i++) {
        const struct iovec *slice = &gather->data[i];
        uint64_t copies = i + 1 == gather->count ? gather->repeat : 1;
        if (at < slice->iov_len * copies) return ((char *)slice->iov_base)[at % slice->iov_len];
        at -= slice->iov_len * copies;
    }
    fail_msg("byte %llu is beyond the end", (unsigned long long)at);
    return 0;
}

/* Takes random parts of batches, as partial writes do, until all went. */
static void check_all(const weir_gather *gather, size_t room, size_t scratch_size, uint64_t *random)
{
    struct iovec *out = malloc(room * sizeof(*out));
    char *scratch = scratch_size ? malloc(scratch_size) : NULL;
    uint64_t total = (uint64_t)weir_gather_total(gather);
    uint64_t done = 0;
    size_t count;
    while ((count = weir_gather_fill(gather, done, out, room, scratch, scratch_size)) > 0) {
        assert_true(count <= room);
        uint64_t at = done;
        for (size_t i = 0; i < count; i++) {
            assert_true(out[i].iov_len > 0);
            const char *bytes = out[i].iov_base;
            for (size_t k = 0; k < out[i].iov_len; k++, at++)
                if (bytes[k] != byte_at(gather, at)) fail_msg("byte %zu of slice %zu", k, i);
        }
        assert_true(at <= total);
        done += 1 + test_random(random) % (at - done);
    }
    assert_int_equal(done, total);
    free(scratch);
    free(out);
}

TEST(nothing_to_send_is_no_batch)
{
    struct iovec out[4], empty[2] = {{"x", 0}, {"y", 0}};
    weir_gather none = {NULL, 0, 1};
    assert_int_equal(weir_gather_total(&none), 0);
    assert_int_equal(weir_gather_fill(&none, 0, out, 4, NULL, 0), 0);
    weir_gather hollow = {empty, 2, 100000};
    assert_int_equal(weir_gather_total(&hollow), 0);
    assert_int_equal(weir_gather_fill(&hollow, 0, out, 4, NULL, 0), 0);
    struct iovec slice = {"abc", 3};
    weir_gather skipped = {&slice, 1, 0};
    assert_int_equal(weir_gather_total(&skipped), 0);
    assert_int_equal(weir_gather_fill(&skipped, 0, out, 4, NULL, 0), 0);
}

TEST(a_total_that_overflows_is_the_largest_number)
{
    struct iovec slices[2] = {{NULL, SIZE_MAX / 4}, {NULL, SIZE_MAX / 4}};
    weir_gather gather = {slices, 2, 5};
    assert_int_equal(weir_gather_total(&gather), INT64_MAX);
    gather.repeat = UINT32_MAX;
    assert_int_equal(weir_gather_total(&gather), INT64_MAX);
}

TEST(a_repeated_byte_is_right_for_every_count)
{
    static const uint32_t counts[] = {0,   1,   2,    3,    63,   64,    65,    127,
                                      128, 129, 1023, 1024, 1025, 65535, 65536, 100000};
    uint64_t random = test_seed();
    struct iovec slices[2] = {{"head", 4}, {"-", 1}};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        weir_gather gather = {slices, 2, counts[i]};
        assert_int_equal(weir_gather_total(&gather), 4 + (int64_t)counts[i]);
        check_all(&gather, 64, 1024, &random);
        if (counts[i] <= 1025) check_all(&gather, 8, 0, &random);
    }
}

TEST(random_slices_arrive_whole)
{
    uint64_t random = test_seed();
    static const char text[] = "the quick brown fox jumps over the lazy dog";
    for (int round = 0; round < 3000; round++) {
        struct iovec slices[12];
        uint32_t count = 1 + (uint32_t)(test_random(&random) % 12);
        for (uint32_t i = 0; i < count; i++) {
            size_t from = (size_t)(test_random(&random) % (sizeof(text) - 1));
            size_t len = (size_t)(test_random(&random) % (sizeof(text) - from));
            slices[i] = (struct iovec){(void *)(uintptr_t)(text + from), len};
        }
        weir_gather gather = {slices, count, (uint32_t)(test_random(&random) % 40)};
        check_all(&gather, 1 + (size_t)(test_random(&random) % 9),
                  (size_t)(test_random(&random) % 200), &random);
    }
}

TEST(more_slices_than_the_kernel_takes_are_sent_in_turn)
{
    enum { COUNT = 3000 };
    static struct iovec slices[COUNT];
    uint64_t random = test_seed();
    for (int i = 0; i < COUNT; i++)
        slices[i] = (struct iovec){(void *)(uintptr_t) "abcdefgh", (size_t)(i % 9)};
    weir_gather gather = {slices, COUNT, 3};
    check_all(&gather, 1024, 64, &random);
}
