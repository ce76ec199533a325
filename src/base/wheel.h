/* SPDX-License-Identifier: MIT
 *
 * A hierarchical timer wheel: arm and cancel in constant time, however many timers are armed.
 *
 * Pure: time comes in as an argument, timers are the caller's memory, nothing is allocated.  One
 * wheel is used by one thread at a time.
 *
 *      level 0    64 slots of    1 tick     the next 64 ticks
 *      level 1    64 slots of   64 ticks    the next 4,096
 *      ...
 *      level 7    64 slots of 2^42 ticks    beyond INT64_MAX nanoseconds
 */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Timers fire at the first whole tick at or after their deadline: never early, less than one tick
 * late by the wheel's own doing. */
#define WEIR_WHEEL_TICK_NS 1000000

enum {
    WEIR_WHEEL_BITS = 6,
    WEIR_WHEEL_SLOTS = 1 << WEIR_WHEEL_BITS,
    WEIR_WHEEL_LEVELS = 8, /* 48 bits of ticks; INT64_MAX nanoseconds need 44 */
};

/* A timer, embedded in what waits.  The zero value is not armed; the memory is lent to the wheel
 * while it is armed. */
typedef struct weir_timer weir_timer;
struct weir_timer {
    weir_timer *next;
    weir_timer **link; /* the pointer that points here; NULL = not armed */
    int64_t tick;      /* fires when the wheel has reached it */
};

typedef struct weir_wheel {
    int64_t tick;                         /* the last tick that advance has reached */
    weir_timer *due;                      /* timers whose tick has been reached, to be popped */
    uint64_t occupied[WEIR_WHEEL_LEVELS]; /* a bit for each slot that is not empty */
    weir_timer *slots[WEIR_WHEEL_LEVELS * WEIR_WHEEL_SLOTS];
} weir_wheel;

/* Makes an empty wheel that stands at `now`, in nanoseconds; negative instants count as 0. */
void weir_wheel_init(weir_wheel *wheel, int64_t now);

/* Arms `timer`; if it is armed in this wheel already, moves it.  A deadline that has passed fires
 * at the next advance; INT64_MAX never does. */
void weir_wheel_arm(weir_wheel *wheel, weir_timer *timer, int64_t deadline_ns);

/* Disarms `timer`, also one that is due and not popped yet; of one that is not armed nothing
 * changes. */
void weir_wheel_cancel(weir_wheel *wheel, weir_timer *timer);

/* Pops one timer that has expired at `now`, disarmed, or returns NULL when there is none.
 *
 * Call it until it returns NULL: first come timers that were armed too late, then the others in the
 * order of their ticks; within a tick in no order.  Between calls any timer may be armed or
 * canceled; one that is armed meanwhile with a deadline in the past is popped by the same series of
 * calls.  An instant before the last one moves nothing. */
weir_timer *weir_wheel_advance(weir_wheel *wheel, int64_t now);

/* The instant, in nanoseconds, before which no timer can fire; INT64_MAX when none is armed.  May
 * be earlier than the first timer (the wheel wants to sort a slot then), never later. */
int64_t weir_wheel_next(const weir_wheel *wheel);

static inline bool weir_timer_armed(const weir_timer *timer)
{
    return timer->link != NULL;
}

#endif
