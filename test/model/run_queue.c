/* SPDX-License-Identifier: MIT
 *
 * Is each fiber in a worker's queue taken exactly once, with thieves beside the owner, when the
 * counters wrap and when slots are used again?
 */
#include <stddef.h>

#include "test/model/atomics.h"

#include "io/evented/run_queue.h"

#include "test/harness/test.h"

enum { MOST_FIBERS = RUN_QUEUE_SLOTS + 8 };

static struct {
    weir_run_queue queue;
    unsigned pushed;
    uint8_t taken[MOST_FIBERS];
    unsigned refused;
} at;

/* Fibers are numbers here; nobody looks into one. */
static struct fiber *fiber_of(unsigned number)
{
    return (struct fiber *)(uintptr_t)(number + 1);
}

static bool take(void)
{
    struct fiber *f = weir_run_queue_take(&at.queue);
    if (!f) return false;
    unsigned number = (unsigned)((uintptr_t)f - 1);
    model_check(number < at.pushed + 1, "what was never pushed is taken");
    model_check(!at.taken[number], "a fiber is taken twice");
    at.taken[number] = 1;
    return true;
}

static void push(void)
{
    /* A thief may have it before the return. */
    unsigned number = at.pushed;
    if (weir_run_queue_push(&at.queue, fiber_of(number)))
        at.pushed = number + 1;
    else
        at.refused++;
}

/* A queue that holds `filled` fibers, and whose counters soon wrap. */
static void fill(unsigned filled)
{
    static const char *const slots[] = {"slot 254", "slot 255", "slot 0", "slot 1"};
    at.pushed = at.refused = 0;
    for (unsigned i = 0; i < MOST_FIBERS; i++) at.taken[i] = 0;
    for (unsigned i = 0; i < RUN_QUEUE_SLOTS; i++) at.queue.slots[i] = fiber_of(MOST_FIBERS);
    at.queue.head = at.queue.tail = UINT32_MAX - 1;
    for (unsigned i = 0; i < filled; i++) push();
    model_name(&at.queue.head, "head");
    model_name(&at.queue.tail, "tail");
    for (unsigned i = 0; i < 4; i++)
        model_name(&at.queue.slots[(RUN_QUEUE_SLOTS - 2 + i) % RUN_QUEUE_SLOTS], slots[i]);
}

static void empty(void)
{
    fill(0);
}

static void nearly_full(void)
{
    fill(RUN_QUEUE_SLOTS - 1);
}

/* The rest is in the queue, in order; nothing is lost. */
static void take_the_rest(void)
{
    while (take()) continue;
    for (unsigned i = 0; i < at.pushed; i++) model_check(at.taken[i], "a fiber is lost");
}

static void push_and_take(void)
{
    push();
    push();
    take();
    push();
    take();
}

static void take_one(void)
{
    take();
}

static void take_two(void)
{
    take();
    take();
}

static void push_into_full(void)
{
    push(); /* fills it */
    push(); /* succeeds if a thief was there first: into the slot that it emptied */
    push();
    take();
}

static model_scenario crowd = {
    .name = "run queue: the owner and two thieves",
    .preemptions = MODEL_ALL,
    .begin = empty,
    .threads = {{"owner", push_and_take}, {"thief 1", take_one}, {"thief 2", take_one}},
    .end = take_the_rest,
};

static model_scenario pair = {
    .name = "run queue: the owner and a thief that comes twice",
    .preemptions = MODEL_ALL,
    .begin = empty,
    .threads = {{"owner", push_and_take}, {"thief", take_two}},
    .end = take_the_rest,
};

static model_scenario full = {
    .name = "run queue: full, slots are used again",
    .preemptions = MODEL_ALL,
    .begin = nearly_full,
    .threads = {{"owner", push_into_full}, {"thief 1", take_one}, {"thief 2", take_one}},
    .end = take_the_rest,
};

TEST(run_queue_gives_each_fiber_to_one)
{
    model_holds(&crowd);
    model_holds(&pair);
}

TEST(run_queue_uses_slots_again)
{
    model_holds(&full);
}

/* Mutants. ------------------------------------------------------------------------------------- */

/* The head is stored, not swapped. */
static model_act head_without_swap(int thread, const model_access *access)
{
    (void)thread;
    bool swap = access->kind == MODEL_UPDATE && access->address == &at.queue.head;
    return swap ? MODEL_FORCED : MODEL_AS_WRITTEN;
}

/* The slot is written after the tail. */
static model_act tail_before_slot(int thread, const model_access *access)
{
    const char *slots = (const char *)at.queue.slots, *address = access->address;
    bool slot =
        access->kind == MODEL_STORE && address >= slots && address < slots + sizeof at.queue.slots;
    return thread == 0 && slot ? model_hold_back(access, &at.queue.tail) : MODEL_AS_WRITTEN;
}

/* The owner finds room in a full queue. */
static model_act full_is_not_seen(int thread, const model_access *access)
{
    (void)thread;
    bool look = access->kind == MODEL_LOAD && access->address == &at.queue.head;
    return look && at.pushed >= RUN_QUEUE_SLOTS ? MODEL_FORCED : MODEL_AS_WRITTEN;
}

static void breaks(model_scenario scenario, const char *name,
                   model_act (*alter)(int, const model_access *))
{
    scenario.name = name;
    scenario.alter = alter;
    model_breaks(&scenario);
}

TEST(run_queue_mutants_are_caught)
{
    breaks(crowd, "run queue, mutant: the head is stored", head_without_swap);
    breaks(crowd, "run queue, mutant: the tail before the slot", tail_before_slot);
    breaks(full, "run queue, mutant: pushes into a full queue", full_is_not_seen);
}
