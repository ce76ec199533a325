/* SPDX-License-Identifier: MIT
 *
 * Random bytes through the handle, so that a test engine can make them repeatable.
 */
#ifndef WEIR_IO_RANDOM_H
#define WEIR_IO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Fills `out` with fast random bytes: for jitter and sampling, not for keys.  Never fails. */
void weir_random(weir_io *io, void *out, size_t len);

/* A fast random number below `bound` (without bias), 0 for bound 0. */
uint64_t weir_random_below(weir_io *io, uint64_t bound);

/* Fills `out` with bytes that nobody can guess, fit for keys, identifiers and ports: from the
 * kernel (getrandom(2)); in a simulated world from its seed. Returns 0, or the negated errno when
 * the kernel has none to give.  Never waits.  From any thread; in a simulated world from its own.
 */
int weir_random_secure(weir_io *io, void *out, size_t len);

#ifdef __cplusplus
}
#endif
#endif
