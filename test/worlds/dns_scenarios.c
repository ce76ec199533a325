/* SPDX-License-Identifier: MIT
 *
 * The worlds of the resolver: plans, building, and watching over the end.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/random.h>

#include "dns_world.h"
#include "worlds.h"

static bool all_done(const dns_world *world)
{
    for (unsigned i = 0; i < world->plan.clients; i++)
        if (!world->clients[i].done) return false;
    return true;
}

/* Some name has its next version, and all name servers know at once. */
static void change_zone(weir_io *io, dns_world *world)
{
    dns_name_state *name = &world->names[weir_random_below(io, DNS_NAMES)];
    if (name->version + 1 >= DNS_VERSIONS) return;
    name->version++;
    dns_count_of(world, "changes of the zone", 1);
}

static int watch(weir_io *io, void *argument)
{
    dns_world *world = argument;
    const weir_duration change = world->plan.change;
    const weir_instant begin = weir_now(io, WEIR_CLOCK_MONOTONIC);
    const weir_instant end = weir_instant_add(begin, weir_seconds(900));
    const weir_instant settled = weir_instant_add(begin, weir_seconds(DNS_FAULTS_END_S + 5));
    for (;;) {
        const weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
        world->healed = now.ns >= settled.ns;
        if (all_done(world) || now.ns >= end.ns) break;
        if (change.ns && !world->healed) change_zone(io, world);
        weir_sleep(io, change.ns
                           ? (weir_duration){(int64_t)weir_random_below(io, (uint64_t)change.ns)}
                           : weir_milliseconds(100));
    }
    world->stop = true;
    /* Also who sends to a host that is away gives up. */
    weir_sleep(io, weir_seconds(1800));
    return 0;
}

/* How each client resolves: the seed draws. */
static void configure(dns_world *world, dns_client *c)
{
    const uint64_t drawn = (world->trial->seed + c->index * 7) * UINT64_C(0x9e3779b97f4a7c15) >> 24;
    weir_dns_config *config = &c->config;
    weir_dns_config_init(config);
    for (unsigned i = 0; i < DNS_NAMESERVERS; i++)
        config->servers[config->server_count++] = world->servers[i].address;
    weir_dns_config_add_search(config, weir_bytes_text("sub.world"));
    weir_dns_config_add_search(config, weir_bytes_text("world"));
    config->timeout = weir_seconds(DNS_TIMEOUT_S);
    config->attempts = DNS_ROUNDS;
    config->rotate = drawn & 1;
    config->edns0 = (drawn & 6) != 0;
    config->single_request = (drawn & 0x18) == 0;
    config->single_request_reopen = (drawn & 0x60) == 0;
    config->use_vc = (drawn & 0x780) == 0;
    c->options.files.config = config;
    c->options.files.paths[WEIR_DNS_FILE_HOSTS] = "";
    c->options.files.paths[WEIR_DNS_FILE_NSSWITCH] = "";
    if (world->plan.files) {
        c->options.files.config = NULL;
        c->options.files.paths[WEIR_DNS_FILE_RESOLV_CONF] = DNS_PATH_CONF;
        c->options.files.paths[WEIR_DNS_FILE_HOSTS] = DNS_PATH_HOSTS;
        c->options.files.interval = weir_milliseconds(DNS_LOOK_MS);
    }
    c->options.parallel = (drawn & 0x3000) == 0;
    c->options.mix_case = (drawn & 0x4000) != 0;
    c->options.prefetch = (drawn & 0x8000) != 0;
    c->options.cache_bytes = drawn & 0x10000 ? DNS_CACHE_BYTES : 0;
    c->options.stale = weir_seconds((drawn & 0x60000) == 0 ? DNS_STALE_S : 0);
    c->ask_bound = weir_seconds((config->single_request ? 2 : 1) * DNS_AGAIN * DNS_ROUNDS *
                                DNS_NAMESERVERS * DNS_TIMEOUT_S)
                       .ns;
}

static int build_servers(weir_sim_trial *trial, dns_world *world)
{
    static const char *const names[] = {"ns-1", "ns-2", "ns-3"};
    int error = 0;
    for (unsigned i = 0; i < DNS_NAMESERVERS && !error; i++) {
        dns_nameserver *s = &world->servers[i];
        char address[32];
        s->world = world;
        s->index = i;
        snprintf(address, sizeof address, "10.0.2.%u", i + 1);
        error = weir_address_parse_ip(weir_bytes_text(address), WEIR_DNS_PORT, &s->address);
        if (!error) error = weir_sim_add_host(trial->sim, names[i], address, &s->host);
        if (!error) error = weir_sim_start(s->host, "name server", dns_run_server, s);
    }
    return error;
}

static int build_echoes(weir_sim_trial *trial, dns_world *world)
{
    static const char *const names[] = {"echo-1", "echo-2", "echo-3", "echo-4", "echo-5", "echo-6"};
    int error = 0;
    for (unsigned i = 0; i < DNS_ECHOES && !error; i++) {
        dns_echo *echo = &world->echoes[i];
        char address[32];
        echo->world = world;
        echo->index = i;
        snprintf(address, sizeof address, "10.0.3.%u", i + 1);
        error = weir_sim_add_host(trial->sim, names[i], address, &echo->host);
        if (!error) error = weir_sim_start(echo->host, "echo", dns_run_echo, echo);
        if (i == 1 && !error) weir_sim_unplug(echo->host, true);
    }
    return error;
}

static int build_clients(weir_sim_trial *trial, dns_world *world)
{
    static const char *const names[DNS_CLIENTS] = {"client-0", "client-1", "client-2", "client-3"};
    int error = 0;
    for (unsigned i = 0; i < world->plan.clients && !error; i++) {
        dns_client *c = &world->clients[i];
        char address[32];
        c->world = world;
        c->index = i;
        configure(world, c);
        snprintf(address, sizeof address, "10.0.1.%u", i + 1);
        error = weir_sim_add_host(trial->sim, names[i], address, &c->host);
        if (!error) error = weir_sim_start(c->host, "client", dns_run_client, c);
    }
    return error;
}

/* Faults hit all but the servers that are dialed. */
static int draw_faults(weir_sim_trial *trial, dns_world *world)
{
    weir_sim_host *hosts[DNS_NAMESERVERS + DNS_CLIENTS + 1];
    size_t count = 0;
    for (unsigned i = 0; i < DNS_NAMESERVERS; i++) hosts[count++] = world->servers[i].host;
    for (unsigned i = 0; i < world->plan.clients; i++) hosts[count++] = world->clients[i].host;
    if (world->plan.dial) hosts[count++] = world->echoes[0].host;
    return weir_sim_trial_draw(trial, weir_seconds(DNS_FAULTS_END_S), hosts, count);
}

/* So many of a million allocations fail, or a client has few descriptors. */
static int draw_shortage(weir_sim_trial *trial, dns_world *world)
{
    static const int64_t rates[] = {5000, 50000, 300000};
    const bool memory = trial->seed % 2;
    const weir_sim_fault_kind kind = memory ? WEIR_SIM_MEMORY : WEIR_SIM_DESCRIPTORS;
    const int64_t value = memory ? rates[trial->seed / 2 % 3] : (int64_t)(2 + trial->seed / 2 % 6);
    int error = 0;
    for (unsigned i = 0; i < world->plan.clients && !error; i++) {
        weir_sim_host *host = world->clients[i].host;
        const weir_sim_fault begin = {weir_milliseconds(200), kind, host, NULL, value};
        const weir_sim_fault end = {weir_seconds(20), kind, host, NULL, 0};
        error = weir_sim_trial_fault(trial, &begin);
        if (!error) error = weir_sim_trial_fault(trial, &end);
    }
    return error;
}

/* Links as bad as the profile's, but that no byte is changed on the way: DNS over UDP has nothing
 * to tell that by, other than the checksum of UDP. */
static void leave_bytes(weir_sim_trial *trial)
{
    const weir_sim_link bad = {.latency = weir_milliseconds(5),
                               .jitter = weir_milliseconds(50),
                               .bandwidth = 4000000,
                               .queue = weir_milliseconds(200),
                               .loss = 30000,
                               .duplicate = 10000,
                               .reorder = 50000};
    if (trial->profile == WEIR_SIM_HOSTILE) weir_sim_set_links(trial->sim, &bad);
}

int dns_run(weir_sim_trial *trial, const dns_plan *plan)
{
    if (worlds_memory_begin) worlds_memory_begin();
    leave_bytes(trial);
    dns_world *world = calloc(1, sizeof *world);
    if (!world) return WEIR_ENOMEM;
    world->trial = trial;
    world->plan = *plan;
    int error = build_servers(trial, world);
    if (!error && plan->dial) error = build_echoes(trial, world);
    if (!error) error = build_clients(trial, world);
    if (!error) error = weir_sim_add_host(trial->sim, "watcher", NULL, &world->watcher);
    if (!error && plan->shortage) error = draw_shortage(trial, world);
    if (!error && !plan->shortage) error = draw_faults(trial, world);
    if (!error) dns_expect(world);
    if (!error) error = weir_run(weir_sim_io(world->watcher), watch, world);
    if (!error) dns_check_end(world);
    free(world);
    return error;
}

int world_dns(weir_sim_trial *trial)
{
    const dns_plan plan = {
        .clients = 4, .tasks = 4, .lookups = 25, .moods = true, .change = weir_milliseconds(400)};
    return dns_run(trial, &plan);
}

int world_dns_liar(weir_sim_trial *trial)
{
    const dns_plan plan = {.clients = 3,
                           .tasks = 3,
                           .lookups = 25,
                           .moods = trial->seed % 2,
                           .liar = true,
                           .change = weir_milliseconds(800)};
    return dns_run(trial, &plan);
}

int world_dns_together(weir_sim_trial *trial)
{
    const dns_plan plan = {.clients = 2,
                           .tasks = 5,
                           .lookups = 12,
                           .change = weir_milliseconds(400),
                           .together = true};
    return dns_run(trial, &plan);
}

int world_dns_dial(weir_sim_trial *trial)
{
    const dns_plan plan = {.clients = 3,
                           .tasks = 3,
                           .lookups = 12,
                           .moods = trial->seed % 2,
                           .dial = true,
                           .change = weir_milliseconds(800)};
    return dns_run(trial, &plan);
}

int world_dns_shortage(weir_sim_trial *trial)
{
    const dns_plan plan = {.clients = 2,
                           .tasks = 4,
                           .lookups = 20,
                           .moods = trial->seed % 3 == 0,
                           .dial = trial->seed % 4 >= 2,
                           .shortage = true,
                           .change = weir_milliseconds(800)};
    return dns_run(trial, &plan);
}

int world_dns_reload(weir_sim_trial *trial)
{
    const dns_plan plan = {
        .clients = 3, .tasks = 3, .lookups = 25, .files = true, .change = weir_milliseconds(800)};
    return dns_run(trial, &plan);
}
