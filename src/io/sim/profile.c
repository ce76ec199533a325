/* SPDX-License-Identifier: MIT
 *
 * Profiles: what a network is like, and which faults are drawn for it.
 */
#include <string.h>

#include <weir/io/sim/fault.h>

#include "io/sim/world.h"

typedef struct profile_row {
    const char *name;
    weir_sim_link link;
    uint32_t short_counts;
    weir_sim_order order;
    uint32_t faults; /* that are drawn */
} profile_row;

#define MS(n_)                  \
    {                           \
        (n_) * (int64_t)1000000 \
    }

static const profile_row profiles[WEIR_SIM_PROFILES] = {
    [WEIR_SIM_CALM] = {.name = "calm",
                       .link = {.latency = {200000}, .jitter = {100000}},
                       .order = WEIR_SIM_TURNS},
    [WEIR_SIM_LOSSY] = {.name = "lossy",
                        .link = {.latency = MS(20),
                                 .jitter = MS(20),
                                 .tail = MS(5),
                                 .loss = 10000,
                                 .duplicate = 5000,
                                 .reorder = 10000},
                        .short_counts = 100,
                        .order = WEIR_SIM_RANDOM},
    [WEIR_SIM_HOSTILE] = {.name = "hostile",
                          .link = {.latency = MS(5),
                                   .jitter = MS(50),
                                   .bandwidth = 4000000,
                                   .queue = MS(200),
                                   .loss = 30000,
                                   .duplicate = 10000,
                                   .reorder = 50000,
                                   .corrupt = 1000},
                          .short_counts = 500,
                          .order = WEIR_SIM_RANDOM,
                          .faults = 12},
};

int weir_sim_profile_parse(const char *word)
{
    for (int i = 0; i < WEIR_SIM_PROFILES; i++)
        if (strcmp(profiles[i].name, word) == 0) return i;
    return -1;
}

const char *weir_sim_profile_name(weir_sim_profile profile)
{
    return profiles[profile].name;
}

void weir_sim_use(weir_sim *w, weir_sim_profile profile)
{
    const profile_row *row = &profiles[profile];
    weir_sim_set_links(w, &row->link);
    w->short_counts = row->short_counts;
    w->options.order = row->order;
    /* One hostile world in four always does what is least expected. */
    if (profile == WEIR_SIM_HOSTILE && sim_seed_of(w, "adverse!", 0) % 4 == 0)
        w->options.order = WEIR_SIM_ADVERSE;
}

/* What undoes a fault; WEIR_SIM_FAULTS: nothing has to. */
static weir_sim_fault undo_of(const weir_sim_fault *fault)
{
    static const weir_sim_fault_kind kinds[WEIR_SIM_FAULTS] = {
        [WEIR_SIM_CUT] = WEIR_SIM_JOIN,
        [WEIR_SIM_UNPLUG] = WEIR_SIM_PLUG,
        [WEIR_SIM_RESET] = WEIR_SIM_FAULTS,
        [WEIR_SIM_SKEW] = WEIR_SIM_SKEW,
        [WEIR_SIM_DESCRIPTORS] = WEIR_SIM_DESCRIPTORS,
        [WEIR_SIM_SLOW] = WEIR_SIM_SLOW,
        [WEIR_SIM_FORGET] = WEIR_SIM_FAULTS,
        [WEIR_SIM_DRIFT] = WEIR_SIM_DRIFT,
        [WEIR_SIM_DISK_ERROR] = WEIR_SIM_DISK_ERROR,
        [WEIR_SIM_DISK_FULL] = WEIR_SIM_DISK_FULL,
        [WEIR_SIM_MEMORY] = WEIR_SIM_MEMORY,
        [WEIR_SIM_SLOW_READER] = WEIR_SIM_SLOW_READER,
        [WEIR_SIM_CRASH] = WEIR_SIM_RESTART,
    };
    return (weir_sim_fault){.kind = kinds[fault->kind], .host = fault->host, .other = fault->other};
}

static weir_sim_fault draw(weir_prng *prng, weir_sim_host *const victims[], size_t count)
{
    static const weir_sim_fault_kind kinds[] = {
        WEIR_SIM_CUT,         WEIR_SIM_UNPLUG,    WEIR_SIM_RESET,       WEIR_SIM_RESET,
        WEIR_SIM_RESET,       WEIR_SIM_SKEW,      WEIR_SIM_DESCRIPTORS, WEIR_SIM_SLOW,
        WEIR_SIM_CRASH,       WEIR_SIM_FORGET,    WEIR_SIM_FORGET,      WEIR_SIM_DRIFT,
        WEIR_SIM_DISK_ERROR,  WEIR_SIM_DISK_FULL, WEIR_SIM_MEMORY,      WEIR_SIM_MEMORY,
        WEIR_SIM_SLOW_READER,
    };
    /* One draw to a statement: the order within an initializer is the compiler's. */
    weir_sim_fault fault = {.kind = kinds[weir_prng_below(prng, sizeof kinds / sizeof *kinds)]};
    fault.host = victims[weir_prng_below(prng, count)];
    switch (fault.kind) {
    case WEIR_SIM_CUT: fault.other = victims[weir_prng_below(prng, count)]; break;
    case WEIR_SIM_SKEW:
        fault.value = (int64_t)weir_prng_below(prng, 7200) * 1000000000 - INT64_C(3600000000000);
        break;
    case WEIR_SIM_DESCRIPTORS: fault.value = 1 + (int64_t)weir_prng_below(prng, 16); break;
    case WEIR_SIM_SLOW:
    case WEIR_SIM_SLOW_READER: fault.value = 2000 + (int64_t)weir_prng_below(prng, 50000); break;
    case WEIR_SIM_DRIFT: fault.value = (int64_t)weir_prng_below(prng, 2000000) - 1000000; break;
    /* From one of a thousand to half of all. */
    case WEIR_SIM_DISK_ERROR:
    case WEIR_SIM_MEMORY: fault.value = INT64_C(1000) << weir_prng_below(prng, 10); break;
    case WEIR_SIM_DISK_FULL: fault.value = 1 + (int64_t)weir_prng_below(prng, 65536); break;
    default: break;
    }
    return fault;
}

size_t weir_sim_draw_faults(weir_sim *w, weir_sim_profile profile, weir_duration duration,
                            weir_sim_host *const victims[], size_t victim_count,
                            weir_sim_fault *out, size_t room)
{
    const uint64_t drawing = w->drawings++ << 32;
    size_t count = 0;
    for (uint32_t i = 0; i < profiles[profile].faults && victim_count && count + 2 <= room; i++) {
        weir_prng prng;
        weir_prng_seed(&prng, sim_seed_of(w, "fault!!!", drawing | i));
        weir_sim_fault fault = draw(&prng, victims, victim_count), undo = undo_of(&fault);
        fault.at.ns = (int64_t)weir_prng_below(&prng, (uint64_t)duration.ns);
        out[count++] = fault;
        if (undo.kind == WEIR_SIM_FAULTS) continue;
        const int64_t left = duration.ns - fault.at.ns;
        undo.at.ns = fault.at.ns + 1 + (int64_t)weir_prng_below(&prng, (uint64_t)left);
        out[count++] = undo;
    }
    return count;
}
