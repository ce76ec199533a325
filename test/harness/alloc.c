/* SPDX-License-Identifier: MIT
 *
 * Allocation failure on demand.  Test programs are linked with --wrap, so that their calls of
 * malloc and the rest arrive here; the sanitizers' own allocator stays below.
 *
 * Design: the n-th allocation since the last reset draws the number n from one atomic counter; it
 * fails when n lies in [fail_from, fail_to).  Invariant: no lock and no allocation in here, so
 * any thread may call at any time.
 */
#include "test/harness/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

static atomic_size_t allocations;
static atomic_size_t failures;
static atomic_size_t fail_from = SIZE_MAX;
static atomic_size_t fail_to = SIZE_MAX;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **block, size_t alignment, size_t size);
void *__real_mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset);
void *__real_mmap64(void *where, size_t size, int protection, int flags, int fd, off_t offset);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **block, size_t alignment, size_t size);
void *__wrap_mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *where, size_t size, int protection, int flags, int fd, off_t offset);

static void set(size_t from, size_t to)
{
    /* Widest first: a thread that allocates meanwhile sees no failing that was not asked for. */
    atomic_store(&fail_from, SIZE_MAX);
    atomic_store(&allocations, 0);
    atomic_store(&failures, 0);
    atomic_store(&fail_to, to);
    atomic_store(&fail_from, from);
}

void test_alloc_fail_after(size_t n)
{
    set(n, SIZE_MAX);
}

void test_alloc_fail_once(size_t n)
{
    set(n, n + 1);
}

size_t test_alloc_count(void)
{
    return atomic_load(&allocations);
}

size_t test_alloc_failed(void)
{
    return atomic_load(&failures);
}

void test_alloc_reset(void)
{
    set(SIZE_MAX, SIZE_MAX);
}

/* Counts one allocation and says whether it is to fail. */
static bool is_refused(void)
{
    size_t number = atomic_fetch_add(&allocations, 1);
    if (number < atomic_load(&fail_from) || number >= atomic_load(&fail_to)) return false;
    atomic_fetch_add(&failures, 1);
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return is_refused() ? NULL : __real_realloc(block, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return is_refused() ? NULL : __real_aligned_alloc(alignment, size);
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size)
{
    return is_refused() ? ENOMEM : __real_posix_memalign(block, alignment, size);
}

void *__wrap_mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (is_refused()) return MAP_FAILED;
    return __real_mmap(where, size, protection, flags, fd, offset);
}

void *__wrap_mmap64(void *where, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (is_refused()) return MAP_FAILED;
    return __real_mmap64(where, size, protection, flags, fd, offset);
}
