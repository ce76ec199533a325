/* SPDX-License-Identifier: MIT
 *
 * Waiting on a word in memory, and waking: what every lock and channel is made of (futex(2) is the
 * model; works for fibers and threads alike).
 */
#ifndef WEIR_IO_WORD_H
#define WEIR_IO_WORD_H

#include <stdint.h>

#include <weir/base/time.h>
#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Waits until woken, if *word still equals `expected`; the comparison and the falling asleep are
 * one step against weir_wake.
 *
 * Returns 0 when woken (spuriously allowed); WEIR_EAGAIN at once when the word differs;
 * WEIR_ECANCELED; WEIR_EDEADLINE.  The word is 4-byte aligned and read atomically.
 * No allocation.  A cancellation point.  From a task of `io`. */
int weir_wait(weir_io *io, const uint32_t *word, uint32_t expected, weir_deadline deadline);

/* Wakes up to `count` tasks that wait on the word, the longest waiting first.
 * Returns how many.  Does not read the word; never waits.  From any thread. */
unsigned weir_wake(weir_io *io, const uint32_t *word, unsigned count);

#ifdef __cplusplus
}
#endif
#endif
