/* SPDX-License-Identifier: MIT
 *
 * Faults: planned as events of the world, and done to hosts.
 */
#include <weir/io/sim/fault.h>

#include <stdlib.h>

#include "io/sim/disk_tree.h"
#include "io/sim/net.h"
#include "io/sim/netlink.h"
#include "io/sim/pace.h"
#include "io/sim/tcp.h"
#include "io/sim/trace.h"

typedef struct planned {
    sim_event event; /* first */
    weir_sim_fault fault;
    struct planned *next; /* of the world's, freed with it */
} planned;

/* By a generator of the fault's own, which is known by what it is: it draws the same whatever other
 * faults there are. */
static tcp *draw_connection(host *h, const weir_sim_fault *fault)
{
    weir_prng prng;
    weir_prng_seed(&prng, sim_seed_of(h->world, "victim!!", (uint64_t)fault->at.ns) ^
                              ((uint64_t)fault->kind << 32 | h->index));
    uint32_t seen = 0;
    tcp *victim = NULL;
    for (uint32_t i = 0; i < h->node_room; i++) {
        tcp *t = h->nodes[i] ? weir_sim_tcp_of(h->nodes[i]) : NULL;
        if (!t || t->state != TCP_CONNECTED) continue;
        if (weir_prng_below(&prng, ++seen) == 0) victim = t;
    }
    return victim;
}

static void reset_one(host *h, const weir_sim_fault *fault)
{
    tcp *victim = draw_connection(h, fault);
    if (victim) weir_sim_tcp_break(victim->connection);
}

static void forget_one(host *h, const weir_sim_fault *fault)
{
    tcp *victim = draw_connection(h, fault);
    if (victim) weir_sim_tcp_vanish(victim, WEIR_ETIMEDOUT);
}

static void slow_down(host *h, uint64_t bandwidth)
{
    for (host *other = h->world->hosts; other; other = other->next) {
        sim_link *link = weir_sim_link_get(h, other);
        if (link) link->slowed = bandwidth;
    }
}

static void ask_of_host(void *argument, fiber *f)
{
    if (f->host != argument) return;
    f->record.canceled |= RECORD_REQUEST;
    weir_sim_interrupt(&f->host->io, &f->record);
}

/* Its connections are gone without a word; its programs hear of it as of a request to stop.  What
 * they leave open is closed when they have ended, at the restart. */
static void crash(host *h)
{
    if (h->crashed++) return;
    weir_sim_tcp_crash(h);
    weir_sim_each_fiber(h->world, ask_of_host, h);
}

static bool is_dying(const host *h)
{
    return h->crashed && h->spawned != h->finished;
}

static void set_skew(host *h, int64_t ahead)
{
    h->skew = ahead;
    h->drifts_from = h->world->now;
}

/* True when the host is up again; false: its programs have not ended yet. */
static bool restart(host *h)
{
    if (!h->crashed) return true;
    if (h->crashed > 1) {
        h->crashed--; /* another fault stops it still */
        return true;
    }
    if (is_dying(h)) return false;
    weir_sim_nodes_close_all(h);
    h->crashed = 0;
    return weir_sim_boot(h) == 0;
}

static void happen(void *world_, sim_event *event)
{
    world *w = world_;
    const weir_sim_fault *fault = &((planned *)event)->fault;
    host *h = fault->host;
    sim_link *link = fault->other ? weir_sim_link_get(h, fault->other) : NULL;
    if (sim_is_recorded(w) && !(fault->kind == WEIR_SIM_RESTART && is_dying(h)))
        weir_sim_trace_fault(h, fault->kind, fault->other, fault->value);
    switch (fault->kind) {
    case WEIR_SIM_CUT:
        if (link) link->cuts++;
        break;
    case WEIR_SIM_JOIN:
        if (link && link->cuts) link->cuts--;
        break;
    case WEIR_SIM_UNPLUG:
        h->net->unplugged++;
        weir_sim_netlink_changed(h);
        break;
    case WEIR_SIM_PLUG:
        h->net->unplugged -= h->net->unplugged > 0;
        weir_sim_netlink_changed(h);
        break;
    case WEIR_SIM_RESET: reset_one(h, fault); break;
    case WEIR_SIM_FORGET: forget_one(h, fault); break;
    case WEIR_SIM_SKEW: set_skew(h, fault->value); break;
    case WEIR_SIM_DRIFT:
        set_skew(h, sim_real_time(h) - SIM_EPOCH_NS - w->now);
        h->drift = fault->value;
        break;
    case WEIR_SIM_DESCRIPTORS:
        h->node_limit = (uint32_t)(fault->value ? fault->value : w->options.max_descriptors);
        break;
    case WEIR_SIM_SLOW: slow_down(h, (uint64_t)fault->value); break;
    case WEIR_SIM_SLOW_READER: weir_sim_pace_set(h, (uint64_t)fault->value); break;
    case WEIR_SIM_DISK_ERROR: h->disk->errors = (uint32_t)fault->value; break;
    case WEIR_SIM_DISK_FULL: h->disk->capacity = (uint64_t)fault->value; break;
    case WEIR_SIM_MEMORY: h->memory_fails = (uint32_t)fault->value; break;
    case WEIR_SIM_CRASH: crash(h); break;
    case WEIR_SIM_RESTART:
        /* Waits for its programs without an event: that they do not end is a deadlock. */
        h->restart = restart(h) ? NULL : event;
        break;
    case WEIR_SIM_FAULTS: break;
    }
}

int weir_sim_plan_faults(weir_sim *w, const weir_sim_fault *faults, size_t count)
{
    planned *first = NULL;
    if (!weir_sim_agenda_reserve(&w->agenda, w->agenda.count + (uint32_t)count)) return WEIR_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        planned *p = calloc(1, sizeof *p);
        if (!p) {
            weir_sim_faults_end(first);
            return WEIR_ENOMEM;
        }
        p->event.run = happen;
        p->fault = faults[i];
        p->next = first;
        first = p;
    }
    while (first) {
        planned *p = first;
        first = p->next;
        p->next = w->faults;
        w->faults = p;
        /* There is room: it cannot fail. */
        weir_sim_plan(&w->agenda, &p->event, SIM_START_NS + p->fault.at.ns);
    }
    return 0;
}

void weir_sim_faults_end(struct planned *first)
{
    while (first) {
        planned *p = first;
        first = p->next;
        free(p);
    }
}

bool weir_sim_memory_fails(void)
{
    world *w = weir_sim_here;
    return w && w->current && !w->handing && !w->recording && sim_memory_fails(w->current->host);
}

size_t weir_sim_open_descriptors(const weir_sim_host *h)
{
    return h->node_count;
}

const char *weir_sim_fault_name(weir_sim_fault_kind kind)
{
    static const char *const words[WEIR_SIM_FAULTS] = {
        [WEIR_SIM_CUT] = "cut",
        [WEIR_SIM_JOIN] = "join",
        [WEIR_SIM_UNPLUG] = "unplug",
        [WEIR_SIM_PLUG] = "plug",
        [WEIR_SIM_RESET] = "reset",
        [WEIR_SIM_SKEW] = "skew",
        [WEIR_SIM_DESCRIPTORS] = "descriptors",
        [WEIR_SIM_SLOW] = "slow",
        [WEIR_SIM_FORGET] = "forget",
        [WEIR_SIM_DRIFT] = "drift",
        [WEIR_SIM_DISK_ERROR] = "disk-error",
        [WEIR_SIM_DISK_FULL] = "disk-full",
        [WEIR_SIM_MEMORY] = "memory",
        [WEIR_SIM_SLOW_READER] = "slow-reader",
        [WEIR_SIM_CRASH] = "crash",
        [WEIR_SIM_RESTART] = "restart",
    };
    return (unsigned)kind < WEIR_SIM_FAULTS ? words[kind] : "?";
}
