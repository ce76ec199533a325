/* SPDX-License-Identifier: MIT
 *
 * Races that go on: a task runs over the addresses, and leaves each outcome for who asks next.
 */
#include <weir/dns/dial.h>

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/sync/event.h>

#include "base/spin.h"
#include "dns/dial_run.h"
#include "dns/host.h"

/* Invariant: `lock` guards `outcomes`, `count`, `given`, `ended` and `result`; `changed` is set
 * after each change; an address has one outcome, so that there is always room. */
struct weir_dial_race {
    weir_task task;
    weir_event changed;
    uint32_t lock;
    bool ended;
    int result;
    unsigned count, given;
    weir_dial_outcome outcomes[WEIR_DIAL_ADDRESSES];
    weir_dns_resolver *resolver;
    weir_dial_options options;
    uint16_t port;
    weir_bytes host; /* behind the race, in the same memory */
    dial_run run;
};

static void take_outcome(weir_io *io, void *argument, const weir_dial_outcome *outcome)
{
    weir_dial_race *race = argument;
    weir_spin_lock(&race->lock);
    race->outcomes[race->count++] = *outcome;
    weir_spin_unlock(&race->lock);
    weir_event_set(io, &race->changed);
}

static int run(weir_io *io, weir_dial_race *race)
{
    weir_address address;
    weir_dial_outcome last;
    weir_dial_run_init(&race->run, &race->options);
    race->run.sink = take_outcome;
    race->run.argument = race;
    int error = weir_dns_literal(race->host, race->port, race->options.lookup.flags, &address);
    if (error > 0) {
        weir_dial_order_add(&race->run.order, &address);
        error = 0;
    } else if (error == 0) {
        error = weir_dial_run_look(io, &race->run, race->resolver, race->host, race->port,
                                   &race->options);
    }
    return error ? error : weir_dial_run(io, &race->run, &last);
}

static int race_task(weir_io *io, void *argument)
{
    weir_dial_race *race = argument;
    const int result = run(io, race);
    weir_spin_lock(&race->lock);
    race->result = result;
    race->ended = true;
    weir_spin_unlock(&race->lock);
    weir_event_set(io, &race->changed);
    return 0;
}

int weir_dial_race_open(weir_io *io, weir_dns_resolver *resolver, weir_bytes host, uint16_t port,
                        const weir_dial_options *options, weir_dial_race **out)
{
    int error = weir_dial_check(options);
    if (error) return error;
    weir_dial_race *race = calloc(1, sizeof *race + host.len);
    if (!race) return WEIR_ENOMEM;
    char *copy = (char *)(race + 1);
    if (host.len) memcpy(copy, host.data, host.len);
    race->host = weir_bytes_of(copy, host.len);
    race->port = port;
    race->resolver = resolver;
    if (options) race->options = *options;
    if (race->options.report) race->options.report->kept = race->options.report->total = 0;
    error = weir_concurrent(io, &race->task, race_task, race, NULL);
    if (error) {
        free(race);
        return error;
    }
    *out = race;
    return 0;
}

int weir_dial_race_next(weir_io *io, weir_dial_race *race, weir_deadline deadline,
                        weir_dial_outcome *out)
{
    for (;;) {
        weir_spin_lock(&race->lock);
        const bool is_there = race->given < race->count, ended = race->ended;
        if (is_there) *out = race->outcomes[race->given++];
        /* Under the lock: what comes from now on sets it again. */
        if (!is_there && !ended) weir_event_reset(io, &race->changed);
        weir_spin_unlock(&race->lock);
        if (is_there) return 1;
        if (ended) return race->result;
        const int error = weir_event_wait_until(io, &race->changed, deadline);
        if (error) return error;
    }
}

void weir_dial_race_close(weir_io *io, weir_dial_race *race)
{
    if (!race) return;
    weir_cancel(io, &race->task);
    for (; race->given < race->count; race->given++)
        if (race->outcomes[race->given].error == 0)
            weir_tcp_close(io, &race->outcomes[race->given].tcp);
    free(race);
}
