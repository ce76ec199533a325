/* SPDX-License-Identifier: MIT
 *
 * The table of generations: chunks made on demand, never moved, freed with the table.
 */
#include "io/posix/descriptors.h"

#include <stdlib.h>

#include <weir/base/error.h>

#include "io/posix/attempt.h"

void weir_descriptors_init(weir_descriptors *descriptors)
{
    for (int i = 0; i < WEIR_DESCRIPTORS_CHUNKS; i++) atomic_init(&descriptors->chunks[i], NULL);
}

void weir_descriptors_deinit(weir_descriptors *descriptors)
{
    for (int i = 0; i < WEIR_DESCRIPTORS_CHUNKS; i++)
        free(atomic_load_explicit(&descriptors->chunks[i], memory_order_relaxed));
}

int weir_descriptors_reserve(weir_descriptors *descriptors, int fd)
{
    if (fd < 0) return WEIR_EBADF;
    if (fd / WEIR_DESCRIPTORS_CHUNK >= WEIR_DESCRIPTORS_CHUNKS) return WEIR_EMFILE;
    _Atomic(atomic_uint *) *slot = &descriptors->chunks[fd / WEIR_DESCRIPTORS_CHUNK];
    if (atomic_load_explicit(slot, memory_order_relaxed)) return 0;

    atomic_uint *chunk = calloc(WEIR_DESCRIPTORS_CHUNK, sizeof(*chunk));
    if (!chunk) return WEIR_ENOMEM;
    atomic_uint *none = NULL;
    /* Release: who finds the chunk by an acquire load finds it zeroed.  Another thread may have
     * been faster: then its chunk stays. */
    if (!atomic_compare_exchange_strong_explicit(slot, &none, chunk, memory_order_release,
                                                 memory_order_relaxed))
        free(chunk);
    return 0;
}

static atomic_uint *counter_of(const weir_descriptors *descriptors, int fd)
{
    if (fd < 0 || fd / WEIR_DESCRIPTORS_CHUNK >= WEIR_DESCRIPTORS_CHUNKS) return NULL;
    /* Pairs with the release in weir_descriptors_reserve. */
    atomic_uint *chunk = atomic_load_explicit(&descriptors->chunks[fd / WEIR_DESCRIPTORS_CHUNK],
                                              memory_order_acquire);
    return chunk ? &chunk[fd % WEIR_DESCRIPTORS_CHUNK] : NULL;
}

uint32_t weir_descriptors_generation(const weir_descriptors *descriptors, int fd)
{
    atomic_uint *counter = counter_of(descriptors, fd);
    /* Relaxed: the holder of a descriptor got its number from whoever made it, by a way that
     * orders memory; the generation comes along. */
    return counter ? atomic_load_explicit(counter, memory_order_relaxed) : 0;
}

void weir_descriptors_raise(weir_descriptors *descriptors, int fd)
{
    atomic_uint *counter = counter_of(descriptors, fd);
    if (counter) atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

int64_t weir_descriptors_attempt(weir_descriptors *descriptors, weir_op *op)
{
    if (!weir_attempt_is_about_descriptors(op)) return weir_attempt(op);
    if (op->code == WEIR_OP_CLOSE) weir_descriptors_raise(descriptors, op->fd);
    int64_t result = weir_attempt(op);
    int made[2];
    if (!weir_attempt_made(op, result, made)) return result;
    weir_descriptors_raise(descriptors, made[0]);
    if (made[1] >= 0) weir_descriptors_raise(descriptors, made[1]);
    return result;
}
