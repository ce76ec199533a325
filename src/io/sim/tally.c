/* SPDX-License-Identifier: MIT
 *
 * Counting what a scenario has seen.
 */
#include "io/sim/tally.h"

#include <string.h>

#include <weir/io/sim/runner.h>

#include "io/sim/world.h"

static sim_counter *find(const sim_tally *tally, const char *name)
{
    for (uint32_t i = 0; i < tally->count; i++)
        if (strncmp(tally->counters[i].name, name, WEIR_SIM_COUNTER_NAME - 1) == 0)
            return (sim_counter *)(uintptr_t)&tally->counters[i];
    return NULL;
}

sim_counter *weir_sim_tally_get(sim_tally *tally, const char *name)
{
    sim_counter *counter = find(tally, name);
    if (counter) return counter;
    if (tally->count == WEIR_SIM_COUNTERS) {
        tally->is_full = true;
        return NULL;
    }
    counter = &tally->counters[tally->count++];
    *counter = (sim_counter){0};
    memcpy(counter->name, name, strnlen(name, WEIR_SIM_COUNTER_NAME - 1));
    return counter;
}

static void add_counter(sim_tally *sum, const sim_counter *part, uint64_t seeds)
{
    sim_counter *counter = weir_sim_tally_get(sum, part->name);
    if (!counter) return;
    counter->sum += part->sum;
    counter->seeds += seeds;
    if (part->expected && (!counter->expected || part->expected < counter->expected))
        counter->expected = part->expected;
}

void weir_sim_tally_add_world(sim_tally *sum, const sim_tally *one)
{
    sum->is_full |= one->is_full;
    for (uint32_t i = 0; i < one->count; i++)
        add_counter(sum, &one->counters[i], one->counters[i].sum > 0);
}

void weir_sim_tally_add(sim_tally *sum, const sim_tally *part)
{
    sum->is_full |= part->is_full;
    for (uint32_t i = 0; i < part->count; i++)
        add_counter(sum, &part->counters[i], part->counters[i].seeds);
}

void weir_sim_tally(weir_io *io, const char *name, uint64_t amount)
{
    world *w = weir_sim_of(io);
    sim_counter *counter = w ? weir_sim_tally_get(&w->tally, name) : NULL;
    if (counter) counter->sum += amount;
}

uint64_t weir_sim_tally_of(const weir_sim *w, const char *name)
{
    const sim_counter *counter = find(&w->tally, name);
    return counter ? counter->sum : 0;
}

const sim_tally *weir_sim_tally_all(const weir_sim *w)
{
    return &w->tally;
}

void weir_sim_expect(weir_sim_trial *trial, const char *name, uint64_t seeds)
{
    sim_counter *counter = weir_sim_tally_get(&trial->sim->tally, name);
    if (!seeds) seeds = 1;
    if (counter && (!counter->expected || seeds < counter->expected)) counter->expected = seeds;
}
