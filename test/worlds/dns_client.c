/* SPDX-License-Identifier: MIT
 *
 * A client's program: a resolver, tasks that use it, and one more lookup when all is well again.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/group.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>

#include "dns_world.h"

enum { TOGETHER_MS = 3000 };

typedef struct asker {
    dns_client *c;
    unsigned index;
} asker;

/* One lookup or dial, some within a scope.  Returns 0 or why it found nothing. */
static int look_once(weir_io *io, dns_client *c)
{
    /* Some names are popular. */
    const unsigned most = weir_random_below(io, 2) ? DNS_NAMES : DNS_NAMES / 8;
    const unsigned name = (unsigned)weir_random_below(io, most);
    int64_t limit = 0;
    weir_scope scope;
    const bool soon = weir_random_below(io, 2);
    if (weir_random_below(io, 4) == 0)
        limit = weir_microseconds(1 + (int64_t)weir_random_below(io, soon ? 1000 : 2000000)).ns;
    weir_scope_enter_for(io, &scope, limit ? (weir_duration){limit} : weir_forever());
    int error = c->world->plan.dial ? dns_dial(io, c, name, limit) : dns_look(io, c, name, limit);
    weir_scope_leave(io, &scope);
    if (!error && c->world->plan.files) error = dns_files_look(io, c);
    dns_check_counters(c);
    return error;
}

/* All tasks ask the same at the same instant; the first of them may be in a hurry. */
static int look_together(weir_io *io, dns_client *c, unsigned index)
{
    const int64_t period = weir_milliseconds(TOGETHER_MS).ns;
    const int64_t at = (dns_now(c->world) / period + 1) * period;
    weir_scope scope;
    int64_t limit = 0;
    int error = weir_sleep_until(io, (weir_instant){at});
    if (error) return error;
    const unsigned name = (unsigned)(at / period) % DNS_NAMES;
    const int64_t before = c->received;
    if ((at / period + index) % 3 == 0)
        limit = weir_microseconds(1 + (int64_t)weir_random_below(io, 1000)).ns;
    weir_scope_enter_for(io, &scope, limit ? (weir_duration){limit} : weir_forever());
    error = dns_look_host(io, c, name, limit);
    weir_scope_leave(io, &scope);
    const int64_t after = dns_now(c->world);
    dns_count_of(c->world, "asked together", 1);
    if (index == 0 && !error && !limit && dns_is_calm(c->world)) {
        /* Two types, again over TCP; and again for each leader that was in a hurry. */
        const int64_t most =
            4 * (1 + c->world->plan.tasks / 3 + 1) * (c->options.parallel ? DNS_NAMESERVERS : 1);
        if (c->received - before > most)
            weir_sim_fail(c->world->trial, "client %u has asked %lld times for one name", c->index,
                          (long long)(c->received - before));
        if (after - at > weir_milliseconds(500).ns && !c->world->plan.moods)
            weir_sim_fail(c->world->trial, "client %u was answered after %lld ms", c->index,
                          (long long)((after - at) / 1000000));
    }
    dns_check_counters(c);
    return error;
}

static int use(weir_io *io, void *argument)
{
    asker *a = argument;
    dns_client *c = a->c;
    for (unsigned i = 0; i < c->world->plan.lookups; i++) {
        int error = 0;
        if (c->world->plan.together) {
            error = look_together(io, c, a->index);
        } else {
            error = weir_sleep(io, weir_milliseconds((int64_t)weir_random_below(io, 1500)));
            if (!error) error = look_once(io, c);
        }
        if (!error) error = weir_check(io);
        if (error == WEIR_ECANCELED) return error;
    }
    c->ended[a->index] = true;
    return 0;
}

static int change_files(weir_io *io, void *argument)
{
    dns_client *c = argument;
    int error = 0;
    while (!error)
        if ((error = weir_sleep(
                 io, weir_milliseconds(300 + (int64_t)weir_random_below(io, 3000)))) == 0)
            error = dns_files_change(io, c);
    return error;
}

/* When nothing disturbs any more, all are served again. */
static int use_last(weir_io *io, dns_client *c)
{
    int error = 0;
    while (!c->world->healed && !c->world->stop && !error)
        error = weir_sleep(io, weir_milliseconds(100));
    while (!c->done && !error && !c->world->stop) {
        const unsigned name = DNS_KINDS * (unsigned)weir_random_below(io, DNS_NAMES / DNS_KINDS);
        const int found =
            c->world->plan.dial ? dns_dial(io, c, name, 0) : dns_look_host(io, c, name, 0);
        c->done = found == 0;
        if (c->done) dns_count_of(c->world, "well at the end", 1);
        error = found == WEIR_ECANCELED ? found : weir_sleep(io, weir_milliseconds(100));
    }
    return error;
}

static int live(weir_io *io, dns_client *c)
{
    weir_group group = WEIR_GROUP_INIT;
    weir_task changer;
    asker askers[DNS_TASKS];
    const bool changes = c->world->plan.files;
    int error = 0;
    if (changes) error = weir_concurrent(io, &changer, change_files, c, NULL);
    if (error) return error;
    for (unsigned i = 0; i < c->world->plan.tasks && !error; i++) {
        askers[i] = (asker){c, i};
        if (!c->ended[i]) error = weir_group_concurrent(io, &group, use, &askers[i], NULL);
    }
    if (error)
        weir_group_cancel(io, &group);
    else
        error = weir_group_wait(io, &group);
    if (changes) weir_cancel(io, &changer);
    return error ? error : use_last(io, c);
}

static int run_once(weir_io *io, dns_client *c)
{
    weir_dns_statistics s;
    int error = c->world->plan.files ? dns_files_begin(io, c) : 0;
    if (!error) error = weir_dns_resolver_create(io, &c->options, &c->resolver);
    if (error) return error;
    c->received = 0;
    c->looked = c->look_ended = 0;
    error = live(io, c);
    weir_dns_resolver_statistics(c->resolver, &s);
    dns_count_of(c->world, "merged", s.merged);
    dns_count_of(c->world, "prefetched", s.prefetched);
    dns_count_of(c->world, "evicted", s.evicted);
    weir_dns_resolver_destroy(io, c->resolver);
    c->resolver = NULL;
    /* All that the program had open was the resolver's. */
    if (weir_sim_open_descriptors(c->host) != 0)
        weir_sim_fail(c->world->trial, "the resolver of client %u has left %zu descriptors open",
                      c->index, weir_sim_open_descriptors(c->host));
    return error;
}

int dns_run_client(weir_io *io, void *argument)
{
    dns_client *c = argument;
    int error = 0;
    while (!c->done && !c->world->stop && error != WEIR_ECANCELED) {
        error = run_once(io, c);
        if (error && error != WEIR_ECANCELED) error = weir_sleep(io, weir_milliseconds(100));
    }
    return error;
}
