/* SPDX-License-Identifier: MIT
 *
 * What must hold, whatever the seed and the faults:
 *
 *   - the handler is called with a request once, and only if it was sent;
 *   - what was answered was handled as a whole, exactly once, and what the server refuses never;
 *   - behind an answer that ends the connection nothing is handled any more;
 *   - what was handled is answered, also during a drain, unless a fault is in the way;
 *   - who is hit by no fault has every request answered as it has to be;
 *   - when the faults are over everybody is answered;
 *   - the drain ends by its deadline, with no connection left;
 *   - at the end no host has a descriptor open, and nothing is left of what the programs had.
 *
 * Answers are compared where they are taken: http_answer.c.
 */
#include <stdio.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "http_world.h"

http_entry *http_note_called(http_world *world, unsigned client, unsigned number)
{
    if (client >= world->plan.clients || number >= HTTP_NUMBERS) return NULL;
    http_entry *entry = &world->clients[client].ledger[number];
    if (!entry->sent) return NULL;
    if (++entry->called > 1)
        weir_sim_fail(world->trial, "/%u/%u (%s) is handled twice", client, number,
                      http_kinds[entry->kind].name);
    return entry;
}

void http_note_done(http_world *world, unsigned client, unsigned number)
{
    world->clients[client].ledger[number].done++;
    if (world->draining) http_count(world, "handled during a drain");
}

void http_note_answered(http_client *c, const http_request *r)
{
    const http_kind_row *row = &http_kinds[r->kind];
    const http_entry *entry = &c->ledger[r->number];
    weir_sim_trial *trial = c->world->trial;
    c->answered++;
    if (http_reads_slowly(c->world, c->host)) http_count(c->world, "answered to a slow reader");
    http_count(c->world, row->name);
    if (!row->waits) return;
    if (row->handled && (entry->called != 1 || entry->done != 1))
        weir_sim_fail(trial, "/%u/%u (%s) was answered and not handled", c->index, r->number,
                      row->name);
    if (!row->handled && entry->done)
        weir_sim_fail(trial, "/%u/%u (%s) was handled", c->index, r->number, row->name);
    if (!row->called && entry->called)
        weir_sim_fail(trial, "the handler was called with /%u/%u (%s)", c->index, r->number,
                      row->name);
}

void http_note_unanswered(http_client *c, const http_request *r, int error)
{
    http_world *world = c->world;
    const http_entry *entry = &c->ledger[r->number];
    const char *name = http_kinds[r->kind].name;
    /* Who was asked to stop did not wait for it. */
    if (error == WEIR_ECANCELED) return;
    http_count(world, error == WEIR_EAGAIN ? "refused" : "not answered");
    if (http_excused(c)) return;
    const int64_t now = weir_now(weir_sim_io(c->host), WEIR_CLOCK_MONOTONIC).ns;
    if (http_drained(c) && now - world->stopped_at < weir_seconds(HTTP_DRAIN_S).ns && entry->done)
        weir_sim_fail(world->trial, "/%u/%u (%s) was handled and its answer is lost: %s", c->index,
                      r->number, name, weir_errname(error));
    if (!http_drained(c))
        weir_sim_fail(world->trial, "/%u/%u (%s) was not answered: %s", c->index, r->number, name,
                      weir_errname(error));
}

/* Whether a fault may be in the way of a host. */
static bool hits(const http_world *world, const weir_sim_fault *fault, const weir_sim_host *host)
{
    switch (fault->kind) {
    case WEIR_SIM_UNPLUG:
    case WEIR_SIM_RESET:
    case WEIR_SIM_FORGET:
    case WEIR_SIM_DESCRIPTORS:
    case WEIR_SIM_SLOW:
    case WEIR_SIM_SLOW_READER:
    case WEIR_SIM_CRASH:
    case WEIR_SIM_MEMORY: return fault->host == host;
    case WEIR_SIM_DISK_ERROR:
    case WEIR_SIM_DISK_FULL: return world->plan.files && fault->host == host;
    default: return false; /* what undoes, and what turns the real clock: nothing waits by it */
    }
}

/* Whether a fault of the script happens: an end does with the fault that it ends. */
static bool happens(const weir_sim_trial *trial, size_t i)
{
    const size_t decides = trial->begun_by[i] ? trial->begun_by[i] - 1u : i;
    return !(trial->left_out >> decides & 1);
}

bool http_excused(const http_client *c)
{
    const http_world *world = c->world;
    const weir_sim_trial *trial = world->trial;
    for (size_t i = 0; i < trial->fault_count; i++) {
        const weir_sim_fault *fault = &trial->faults[i];
        if (!happens(trial, i)) continue;
        if (hits(world, fault, world->server) || hits(world, fault, c->host)) return true;
        if (fault->kind == WEIR_SIM_CUT &&
            ((fault->host == c->host && fault->other == world->server) ||
             (fault->host == world->server && fault->other == c->host)))
            return true;
    }
    return false;
}

bool http_reads_slowly(const http_world *world, const weir_sim_host *host)
{
    const weir_sim_trial *trial = world->trial;
    const int64_t now = weir_now(weir_sim_io(world->watcher), WEIR_CLOCK_MONOTONIC).ns;
    bool slow = false;
    /* Of several the last one holds. */
    for (int64_t latest = 0, i = 0; i < (int64_t)trial->fault_count; i++) {
        const weir_sim_fault *fault = &trial->faults[i];
        if (fault->kind != WEIR_SIM_SLOW_READER || fault->host != host) continue;
        if (fault->at.ns < latest || world->began + fault->at.ns > now) continue;
        latest = fault->at.ns;
        slow = fault->value != 0;
    }
    return slow;
}

void http_note_written(http_world *world, const weir_sim_host *to, weir_instant begin)
{
    const int64_t now = weir_now(weir_sim_io(world->watcher), WEIR_CLOCK_MONOTONIC).ns;
    if (now - begin.ns < weir_seconds(1).ns || !http_reads_slowly(world, to)) return;
    http_count(world, to == world->server ? "a slow server kept a client waiting"
                                          : "a slow client kept the server waiting");
}

bool http_drained(const http_client *c)
{
    const http_world *world = c->world;
    return world->draining || c->connected_at < world->renewed_at;
}

void http_count(http_world *world, const char *what)
{
    weir_sim_tally(weir_sim_io(world->watcher), what, 1);
}

static void expect_fault(weir_sim_trial *trial, weir_sim_fault_kind kind)
{
    weir_sim_expect(trial, weir_sim_fault_name(kind), 50);
}

void http_expect(http_world *world)
{
    const http_plan *plan = &world->plan;
    weir_sim_trial *trial = world->trial;
    if (plan->all_kinds && !plan->drain_at.ns && !plan->renew.ns)
        for (unsigned kind = 0; kind < HTTP_KINDS; kind++)
            weir_sim_expect(trial, http_kinds[kind].name, 50);
    if (plan->renew.ns) weir_sim_expect(trial, "a server renewed", 50);
    if (plan->drain_at.ns || plan->renew.ns) {
        weir_sim_expect(trial, "handled during a drain", 50);
        weir_sim_expect(trial, "not answered", 50);
    }
    if (plan->buffers) {
        weir_sim_expect(trial, "a slow server kept a client waiting", 50);
        weir_sim_expect(trial, "a slow client kept the server waiting", 50);
        weir_sim_expect(trial, "answered to a slow reader", 50);
    }
    const bool bad = trial->profile == WEIR_SIM_HOSTILE;
    for (size_t i = 0; i < trial->fault_count; i++) {
        if (bad || !plan->all_kinds) expect_fault(trial, trial->faults[i].kind);
        if (!happens(trial, i)) continue;
        http_count(world, weir_sim_fault_name(trial->faults[i].kind));
    }
}

static void check_client(http_world *world, const http_client *c)
{
    weir_sim_trial *trial = world->trial;
    for (unsigned i = 0; i < c->next; i++)
        if (c->ledger[i].barred && c->ledger[i].called)
            weir_sim_fail(trial, "/%u/%u was handled behind the end", c->index, i);
    if (weir_sim_open_descriptors(c->host) != 0)
        weir_sim_fail(trial, "client %u has left descriptors open", c->index);
    if (world->plan.drain_at.ns) return;
    if (!http_excused(c) && c->answered < world->plan.requests)
        weir_sim_fail(trial, "client %u was answered %u of %u requests", c->index, c->answered,
                      world->plan.requests);
    if (!c->ended) weir_sim_fail(trial, "client %u is not served any more", c->index);
}

void http_check_end(http_world *world)
{
    weir_sim_trial *trial = world->trial;
    for (unsigned i = 0; i < world->plan.clients; i++) check_client(world, &world->clients[i]);
    if (weir_sim_open_descriptors(world->server) != 0)
        weir_sim_fail(trial, "the server has left descriptors open");
    if (world->plan.hold.ns && trial->fault_count && world->storm == 0)
        weir_sim_fail(trial, "the server never was without a descriptor");
    if (!world->drained) weir_sim_fail(trial, "the server did not end its drain");
    const weir_sim_usage left = weir_sim_usage_of(trial->sim);
    if (left.tasks + left.nodes + left.connections + left.buffers + left.events != 0)
        weir_sim_fail(trial, "left: %zu tasks, %zu nodes, %zu connections, %zu buffers, %zu events",
                      left.tasks, left.nodes, left.connections, left.buffers, left.events);
}
