/* SPDX-License-Identifier: MIT
 *
 * The allocator of the test program asks the simulator: where a host's memory fails, all that a
 * task of it allocates may fail, in whichever library.  (`weir sim` has only what the engine does.)
 */
#include <errno.h>
#include <stdlib.h>

#include <weir/io/sim/fault.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static bool refuse(void)
{
    if (!weir_sim_memory_fails()) return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuse() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return refuse() ? NULL : __real_realloc(block, size);
}
