/* SPDX-License-Identifier: MIT
 *
 * Fewer items from a source that gives many: debounce and throttle.
 *
 *      source     a b c         d                e f g |        ("|" is the end)
 *      debounce        ──> c     ──> d                 g|       the last one, after quiet time
 *      throttle   a   ──> c     d                e     g|       the first, then one per period
 *
 * A source is a function with a state: a channel's receive, a ticker, another weir_debounce.  Both
 * have its shape themselves.  The state is plain memory of the caller, needs no end, and belongs to
 * one task at a time.
 */
#ifndef WEIR_SYNC_PACE_H
#define WEIR_SYNC_PACE_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/base/time.h>
#include <weir/io/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Gives the next item in *item, waiting for it until `deadline`; a deadline in the past only looks.
 * >= 0: an item; WEIR_EDEADLINE, WEIR_ECANCELED: none now; any other error: the source has ended
 * and is not asked again.  Without an item *item is not used. */
typedef int weir_pace_next(weir_io *io, void *source, void *item, weir_deadline deadline);

/* Where items come from, and memory for one. */
typedef struct weir_pace_source {
    weir_pace_next *next;
    void *source;
    void *held;  /* `size` bytes, lent as long as the state is used: the item not yet given out */
    size_t size; /* of an item */
} weir_pace_source;

/* How far it is; begins as zero. */
typedef struct weir_pace_state {
    weir_instant due; /* when the held item may be given out */
    int ended;        /* the error with which the source ended, or 0 */
    bool full;        /* an item is held */
} weir_pace_state;

/* `weir_debounce debounce = {.from = {receive, &channel, &item, sizeof item},
 *                            .quiet = weir_milliseconds(50)};` */
typedef struct weir_debounce {
    weir_pace_source from;
    weir_duration quiet;
    weir_pace_state state;
} weir_debounce;

/* Gives in *item the last item of the source once none has come for `quiet`; at the end of the
 * source, the one that is held.
 *
 * `debounce` is a weir_debounce; the shape is weir_pace_next.
 * Returns 0; WEIR_EDEADLINE, WEIR_ECANCELED: not yet, what is held stays so; the error of the
 * source once it has ended and all was given.  A cancellation point as the source is.  From a task
 * of `io`.
 */
int weir_debounce_next(weir_io *io, void *debounce, void *item, weir_deadline deadline);

/* `weir_throttle throttle = {.from = {receive, &channel, &item, sizeof item},
 *                            .period = weir_seconds(1)};` */
typedef struct weir_throttle {
    weir_pace_source from;
    weir_duration period;
    weir_pace_state state;
} weir_throttle;

/* Gives in *item the first item of the source at once, then at most one per `period` and of several
 * the latest; at the end of the source, the one that is held at once.
 *
 * `throttle` is a weir_throttle; otherwise as weir_debounce_next. */
int weir_throttle_next(weir_io *io, void *throttle, void *item, weir_deadline deadline);

#ifdef __cplusplus
}
#endif
#endif
