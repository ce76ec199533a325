/* SPDX-License-Identifier: MIT
 *
 * Bytes that end at a page nobody may touch, for tests of what reads bytes of strangers.
 */
#ifndef WEIR_TEST_HARNESS_GUARD_H
#define WEIR_TEST_HARNESS_GUARD_H

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/harness/test.h"

/* A region whose last byte lies before an inaccessible page. */
typedef struct guarded {
    char *map;
    size_t size;
} guarded;

static inline guarded guarded_new(size_t room)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    guarded g = {NULL, (room + page - 1) / page * page + page};
    g.map = mmap(NULL, g.size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g.map != MAP_FAILED);
    assert_int_equal(mprotect(g.map + g.size, page, PROT_NONE), 0);
    return g;
}

/* Copies bytes so that they end at the guard. */
static inline char *guarded_put(const guarded *g, const char *data, size_t len)
{
    assert_true(len <= g->size);
    char *at = g->map + g->size - len;
    if (len > 0) memcpy(at, data, len);
    return at;
}

static inline void guarded_free(guarded *g)
{
    munmap(g->map, g->size + (size_t)sysconf(_SC_PAGESIZE));
}

#endif
