/* SPDX-License-Identifier: MIT
 *
 * Generations of descriptor numbers, one table per engine.
 *
 * The kernel gives a closed number away again at once, and an epoll set on another thread may not
 * have noticed.  So each number has a generation, raised by every CLOSE and every op that makes a
 * descriptor; who remembers something about a descriptor remembers the generation with it.
 *
 * Invariant: the generation is raised before close(2), so nobody can hold the new descriptor
 * together with the old generation.  A number whose chunk does not exist has generation 0, and
 * nobody remembers anything about it.
 */
#ifndef IO_POSIX_DESCRIPTORS_H
#define IO_POSIX_DESCRIPTORS_H

#include <stdatomic.h>
#include <stdint.h>

#include <weir/io/op.h>

enum {
    WEIR_DESCRIPTORS_CHUNK = 4096,
    WEIR_DESCRIPTORS_CHUNKS = 4096,
};

typedef struct weir_descriptors {
    _Atomic(atomic_uint *) chunks[WEIR_DESCRIPTORS_CHUNKS];
} weir_descriptors;

/* Makes an empty table in zeroed or raw memory.  Never fails. */
void weir_descriptors_init(weir_descriptors *descriptors);

/* Frees what the table holds.  Nobody uses it any more. */
void weir_descriptors_deinit(weir_descriptors *descriptors);

/* Makes room to remember something about `fd`.  Returns 0; WEIR_ENOMEM; WEIR_EBADF for a number
 * that no descriptor has; WEIR_EMFILE beyond 16 million.  Any thread. */
int weir_descriptors_reserve(weir_descriptors *descriptors, int fd);

/* The generation of `fd`.  Any thread. */
uint32_t weir_descriptors_generation(const weir_descriptors *descriptors, int fd);

/* Raises the generation of `fd`.  Any thread. */
void weir_descriptors_raise(weir_descriptors *descriptors, int fd);

/* weir_attempt, and what it does to generations: the way to attempt CLOSE and the makers of
 * descriptors.  Returns as weir_attempt.  Any thread. */
int64_t weir_descriptors_attempt(weir_descriptors *descriptors, weir_op *op);

#endif
