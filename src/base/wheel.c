/* SPDX-License-Identifier: MIT
 *
 * The timer wheel: slots by the digits of the tick in base 64.
 *
 * A timer lies on the level of the highest digit in which its tick differs from the wheel's, in the
 * slot of that digit's value.  When the wheel reaches the begin of a slot of a higher level, the
 * timers in it agree with the wheel in that digit, and are put again, at least one level lower.
 *
 * Invariant: each armed timer that is not due has a tick above the wheel's, and the begin of its
 * slot is above the wheel's tick.  So on each level the occupied slots stand above the wheel's own
 * digit, everything on a lower level fires before everything on a higher one, and the first timer
 * is in the lowest occupied slot of the lowest occupied level.
 */
#include "base/wheel.h"

#include <string.h>

#include <weir/base/time.h>

/* The engines store a timer in three words of an operation. */
_Static_assert(sizeof(weir_timer) == 24, "a timer is three words");

/* The first whole tick at or after an instant. */
static int64_t tick_after(int64_t ns)
{
    return ns <= 0 ? 0 : (ns - 1) / WEIR_WHEEL_TICK_NS + 1;
}

/* The last whole tick at or before an instant. */
static int64_t tick_before(int64_t ns)
{
    return ns <= 0 ? 0 : ns / WEIR_WHEEL_TICK_NS;
}

static void push(weir_timer **head, weir_timer *timer)
{
    timer->next = *head;
    timer->link = head;
    if (*head) (*head)->link = &timer->next;
    *head = timer;
}

/* Puts a timer, whose tick is set, where the invariant wants it. */
static void put(weir_wheel *wheel, weir_timer *timer)
{
    if (timer->tick <= wheel->tick) {
        push(&wheel->due, timer);
        return;
    }
    uint64_t differ = (uint64_t)(timer->tick ^ wheel->tick);
    unsigned level = (63 - (unsigned)__builtin_clzll(differ)) / WEIR_WHEEL_BITS;
    unsigned slot = (unsigned)(timer->tick >> (level * WEIR_WHEEL_BITS)) % WEIR_WHEEL_SLOTS;
    wheel->occupied[level] |= UINT64_C(1) << slot;
    push(&wheel->slots[level * WEIR_WHEEL_SLOTS + slot], timer);
}

/* Finds the slot of the first timer that is not due: its index in slots and the tick at which it
 * begins; false when there is none. */
static bool first_slot(const weir_wheel *wheel, unsigned *index, int64_t *begin)
{
    for (unsigned level = 0; level < WEIR_WHEEL_LEVELS; level++) {
        if (!wheel->occupied[level]) continue;
        unsigned slot = (unsigned)__builtin_ctzll(wheel->occupied[level]);
        unsigned shift = level * WEIR_WHEEL_BITS;
        int64_t above = wheel->tick >> shift >> WEIR_WHEEL_BITS << WEIR_WHEEL_BITS;
        *index = level * WEIR_WHEEL_SLOTS + slot;
        *begin = (above | slot) << shift;
        return true;
    }
    return false;
}

/* Moves the wheel, which stands at the begin of this slot now, over the slot's timers. */
static void open_slot(weir_wheel *wheel, unsigned index)
{
    weir_timer *timer = wheel->slots[index];
    wheel->slots[index] = NULL;
    wheel->occupied[index / WEIR_WHEEL_SLOTS] &= ~(UINT64_C(1) << index % WEIR_WHEEL_SLOTS);
    if (index < WEIR_WHEEL_SLOTS) { /* all of one tick, and that is now; due is empty */
        wheel->due = timer;
        timer->link = &wheel->due;
        return;
    }
    while (timer) {
        weir_timer *next = timer->next;
        put(wheel, timer);
        timer = next;
    }
}

void weir_wheel_init(weir_wheel *wheel, int64_t now)
{
    memset(wheel, 0, sizeof *wheel);
    wheel->tick = tick_before(now);
}

void weir_wheel_arm(weir_wheel *wheel, weir_timer *timer, int64_t deadline_ns)
{
    weir_wheel_cancel(wheel, timer);
    timer->tick = tick_after(deadline_ns);
    put(wheel, timer);
}

void weir_wheel_cancel(weir_wheel *wheel, weir_timer *timer)
{
    if (!timer->link) return;
    *timer->link = timer->next;
    if (timer->next) {
        timer->next->link = timer->link;
    } else {
        /* It was the last of its list; of a slot it was the only one if its link is the slot. */
        uintptr_t offset = (uintptr_t)timer->link - (uintptr_t)wheel->slots;
        if (offset < sizeof wheel->slots) {
            size_t index = offset / sizeof wheel->slots[0];
            wheel->occupied[index / WEIR_WHEEL_SLOTS] &= ~(UINT64_C(1) << index % WEIR_WHEEL_SLOTS);
        }
    }
    timer->link = NULL;
}

weir_timer *weir_wheel_advance(weir_wheel *wheel, int64_t now)
{
    int64_t target = tick_before(now);
    while (!wheel->due) {
        unsigned index;
        int64_t begin;
        if (!first_slot(wheel, &index, &begin) || begin > target) {
            if (wheel->tick < target) wheel->tick = target;
            return NULL;
        }
        wheel->tick = begin;
        open_slot(wheel, index);
    }
    weir_timer *timer = wheel->due;
    weir_wheel_cancel(wheel, timer);
    return timer;
}

int64_t weir_wheel_next(const weir_wheel *wheel)
{
    unsigned index;
    int64_t begin;
    if (wheel->due) return weir_time_scale(wheel->tick, WEIR_WHEEL_TICK_NS);
    if (!first_slot(wheel, &index, &begin)) return INT64_MAX;
    return weir_time_scale(begin, WEIR_WHEEL_TICK_NS);
}
