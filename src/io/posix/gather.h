/* SPDX-License-Identifier: MIT
 *
 * Slices to send, the last of them repeated, as batches of iovecs that start at any byte.
 *
 *      slices   [abc] [] [xy] repeat 3        bytes    a b c x y x y x y
 *      done 4   →  {y} {xy} {xy}
 *
 * Pure.  The caller keeps the count of bytes done; a batch is computed from it afresh, so partial
 * writes neither lose nor repeat bytes.
 */
#ifndef IO_POSIX_GATHER_H
#define IO_POSIX_GATHER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* What a WRITE sends: its args.vector. */
typedef struct weir_gather {
    const struct iovec *data;
    uint32_t count;
    uint32_t repeat; /* how often the last slice is sent; 0 skips it */
} weir_gather;

/* The number of bytes in all, repeats included; INT64_MAX when there are more. */
int64_t weir_gather_total(const weir_gather *gather);

/* Fills `out` with up to `room` iovecs that hold the bytes from `done` on; empty slices are left
 * out.  Returns how many were filled: 0 when nothing is left.
 *
 * `scratch` is room where copies of a short repeated slice are laid out, so that one iovec holds
 * many repeats; it may be NULL (size 0): then each repeat takes an iovec.  Its bytes and the slices
 * are lent until the iovecs have been used. */
size_t weir_gather_fill(const weir_gather *gather, uint64_t done, struct iovec *out, size_t room,
                        char *scratch, size_t scratch_size);

#endif
