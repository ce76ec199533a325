/* SPDX-License-Identifier: MIT
 *
 * The worlds of the HTTP server: plans and scripts of faults, building, and watching over the end.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>

#include "http_world.h"
#include "worlds.h"

static bool all_ended(const http_world *world)
{
    for (unsigned i = 0; i < world->plan.clients; i++)
        if (!world->clients[i].ended) return false;
    return true;
}

static int watch(weir_io *io, void *argument)
{
    http_world *world = argument;
    const weir_instant begin = weir_now(io, WEIR_CLOCK_MONOTONIC);
    const weir_instant end = weir_instant_add(begin, weir_seconds(900));
    const weir_instant drain = weir_instant_add(begin, world->plan.drain_at);
    /* Also a server that was restarted late is there by then. */
    const weir_instant settled = weir_instant_add(
        begin, weir_seconds(world->trial->fault_count ? HTTP_FAULTS_END_S + 5 : 0));
    for (;;) {
        const weir_instant now = weir_now(io, WEIR_CLOCK_MONOTONIC);
        world->healed = now.ns >= settled.ns;
        if (all_ended(world) || now.ns >= end.ns ||
            (world->plan.drain_at.ns && now.ns >= drain.ns && world->healed))
            break;
        weir_sleep(io, weir_milliseconds(100));
    }
    world->stop = true;
    /* Also who sends to a host that is away gives up. */
    weir_sleep(io, weir_seconds(HTTP_DRAIN_S + 1800));
    return 0;
}

static int build(weir_sim_trial *trial, http_world *world)
{
    static const char *const names[HTTP_CLIENTS] = {
        "client-0",  "client-1",  "client-2",  "client-3", "client-4",  "client-5",
        "client-6",  "client-7",  "client-8",  "client-9", "client-10", "client-11",
        "client-12", "client-13", "client-14", "client-15"};
    int error = weir_sim_add_host(trial->sim, "server", "10.0.0.1", &world->server);
    if (!error) error = weir_address_parse(weir_bytes_text("10.0.0.1:80"), &world->address);
    if (!error) error = weir_sim_start(world->server, "server", http_run_server, world);
    for (unsigned i = 0; i < world->plan.clients && !error; i++) {
        http_client *c = &world->clients[i];
        char address[32];
        snprintf(address, sizeof address, "10.0.1.%u", i + 1);
        c->world = world;
        c->index = i;
        error = weir_sim_add_host(trial->sim, names[i], address, &c->host);
        if (!error) error = weir_sim_start(c->host, "client", http_run_client, c);
    }
    if (!error) error = weir_sim_add_host(trial->sim, "watcher", NULL, &world->watcher);
    return error;
}

int http_run(weir_sim_trial *trial, const http_plan *plan, http_script *script)
{
    if (worlds_memory_begin) worlds_memory_begin();
    http_world *world = calloc(1, sizeof *world);
    if (!world) return WEIR_ENOMEM;
    world->trial = trial;
    world->plan = *plan;
    int error = build(trial, world);
    if (!error) world->began = weir_now(weir_sim_io(world->watcher), WEIR_CLOCK_MONOTONIC).ns;
    if (!error) error = script(trial, world);
    if (!error) http_expect(world);
    if (!error) error = weir_run(weir_sim_io(world->watcher), watch, world);
    if (!error) http_check_end(world);
    free(world);
    return error;
}

int http_drawn_script(weir_sim_trial *trial, http_world *world)
{
    weir_sim_host *hosts[HTTP_CLIENTS + 1] = {world->server};
    for (unsigned i = 0; i < world->plan.clients; i++) hosts[i + 1] = world->clients[i].host;
    const int error =
        weir_sim_trial_draw(trial, weir_seconds(HTTP_FAULTS_END_S), hosts, world->plan.clients + 1);
    if (trial->fault_count) weir_sim_expect(trial, "not answered", 50);
    return error;
}

/* The network alone is bad. */
int http_no_script(weir_sim_trial *trial, http_world *world)
{
    (void)trial;
    (void)world;
    return 0;
}

static int partition_script(weir_sim_trial *trial, http_world *world)
{
    int error = 0;
    for (unsigned i = 0; i < world->plan.clients && !error; i++) {
        weir_sim_host *client = world->clients[i].host;
        const weir_sim_fault faults[] = {
            {weir_milliseconds(100 + 50 * i), WEIR_SIM_CUT, world->server, client, 0},
            {weir_milliseconds(100 + 90 * i), WEIR_SIM_CUT, client, world->server, 0},
            {weir_seconds(3 + 4 * i), WEIR_SIM_JOIN, world->server, client, 0},
            {weir_seconds(5 + 3 * i), WEIR_SIM_JOIN, client, world->server, 0}};
        for (size_t f = 0; f < 4 && !error; f++) error = weir_sim_trial_fault(trial, &faults[f]);
    }
    return error;
}

static int descriptors_script(weir_sim_trial *trial, http_world *world)
{
    const weir_sim_fault few = {weir_milliseconds(300), WEIR_SIM_DESCRIPTORS, world->server, NULL,
                                HTTP_FEW_DESCRIPTORS};
    return weir_sim_trial_fault(trial, &few);
}

/* So many of a million fail, of the server and of the clients, for a while. */
static int failing(weir_sim_trial *trial, http_world *world, weir_sim_fault_kind kind,
                   int64_t server, int64_t client)
{
    int error = 0;
    for (unsigned i = 0; i <= world->plan.clients && !error; i++) {
        weir_sim_host *host = i ? world->clients[i - 1].host : world->server;
        const weir_sim_fault begin = {weir_milliseconds(200), kind, host, NULL,
                                      i ? client : server};
        const weir_sim_fault end = {weir_seconds(20), kind, host, NULL, 0};
        error = weir_sim_trial_fault(trial, &begin);
        if (!error) error = weir_sim_trial_fault(trial, &end);
    }
    return error;
}

static int memory_script(weir_sim_trial *trial, http_world *world)
{
    static const int64_t rates[] = {20000, 50000, 300000};
    return failing(trial, world, WEIR_SIM_MEMORY, rates[trial->seed % 3], 5000);
}

static int disk_script(weir_sim_trial *trial, http_world *world)
{
    const weir_sim_fault full = {weir_milliseconds(0), WEIR_SIM_DISK_FULL, world->server, NULL,
                                 50000};
    const weir_sim_fault enough = {weir_milliseconds(1500), WEIR_SIM_DISK_FULL, world->server, NULL,
                                   0};
    int error = weir_sim_trial_fault(trial, &full);
    if (!error) error = weir_sim_trial_fault(trial, &enough);
    return error ? error : failing(trial, world, WEIR_SIM_DISK_ERROR, 20000, 0);
}

/* Half of the clients read slowly; in every third world the server does, what clients send it. */
static int slow_script(weir_sim_trial *trial, http_world *world)
{
    static const int64_t rates[] = {5000, 15000, 40000, 100000};
    const int64_t rate = rates[trial->seed / 3 % 4];
    int error = 0;
    for (unsigned i = 0; i < world->plan.clients && !error; i += 2) {
        weir_sim_host *host = trial->seed % 3 == 0 ? world->server : world->clients[i].host;
        const weir_sim_fault begin = {weir_milliseconds(200), WEIR_SIM_SLOW_READER, host, NULL,
                                      rate};
        const weir_sim_fault end = {weir_seconds(20), WEIR_SIM_SLOW_READER, host, NULL, 0};
        error = weir_sim_trial_fault(trial, &begin);
        if (!error) error = weir_sim_trial_fault(trial, &end);
        if (host == world->server) break;
    }
    return error;
}

static int clock_script(weir_sim_trial *trial, http_world *world)
{
    int error = 0;
    for (int i = 0; i < 10 && !error; i++) {
        const weir_sim_fault jump = {weir_milliseconds(200 * (i + 1)), WEIR_SIM_SKEW, world->server,
                                     NULL, (i % 2 ? -1 : 1) * INT64_C(3600000000000) * (i + 1)};
        error = weir_sim_trial_fault(trial, &jump);
    }
    return error;
}

int world_http(weir_sim_trial *trial)
{
    return http_run(trial,
                    &(http_plan){.clients = 5, .requests = 40, .body = 20000, .all_kinds = true},
                    http_drawn_script);
}

int world_http_partition(weir_sim_trial *trial)
{
    return http_run(trial, &(http_plan){.clients = 4, .requests = 10, .body = 150000},
                    partition_script);
}

int world_http_drain(weir_sim_trial *trial)
{
    const http_plan plan = {.clients = 8,
                            .requests = 60,
                            .body = 5000,
                            .all_kinds = true,
                            .work = weir_milliseconds(100),
                            .drain_at = weir_milliseconds(1500)};
    return http_run(trial, &plan, http_no_script);
}

int world_http_renew(weir_sim_trial *trial)
{
    /* Those who are slow make a drain long: with good ones alone there are more. */
    const bool all = trial->seed % 2;
    const http_plan plan = {.clients = 6,
                            .requests = 60,
                            .body = 5000,
                            .all_kinds = all,
                            .bursts = !all,
                            .persist = true,
                            .work = weir_milliseconds(5),
                            .renew = weir_milliseconds(all ? 1000 : 300)};
    return http_run(trial, &plan, http_no_script);
}

int world_http_limit(weir_sim_trial *trial)
{
    const http_plan plan = {.clients = 10,
                            .requests = 10,
                            .body = 5000,
                            .reconnect = true,
                            .work = weir_milliseconds(50),
                            .connections = 3};
    return http_run(trial, &plan, http_no_script);
}

int world_http_slow_reader(weir_sim_trial *trial)
{
    const http_plan plan = {
        .clients = 3, .requests = 3, .body = 190000, .read_rest = weir_milliseconds(40)};
    return http_run(trial, &plan, http_drawn_script);
}

int world_http_slow_host(weir_sim_trial *trial)
{
    const http_plan plan = {.clients = 4, .requests = 6, .body = HTTP_BODY, .buffers = 4096};
    return http_run(trial, &plan, slow_script);
}

int world_http_reconnect(weir_sim_trial *trial)
{
    const http_plan plan = {.clients = 16, .requests = 10, .body = 100, .reconnect = true};
    return http_run(trial, &plan, http_drawn_script);
}

int world_http_descriptors(weir_sim_trial *trial)
{
    const http_plan plan = {.clients = 12,
                            .requests = 10,
                            .body = 500,
                            .reconnect = true,
                            .hold = weir_milliseconds(300),
                            .persist = true};
    return http_run(trial, &plan, descriptors_script);
}

int world_http_memory(weir_sim_trial *trial)
{
    const http_plan plan = {.clients = 6,
                            .requests = 12,
                            .body = 30000,
                            .all_kinds = true,
                            .persist = true,
                            .renew = weir_seconds(2)};
    return http_run(trial, &plan, memory_script);
}

int world_http_files(weir_sim_trial *trial)
{
    const http_plan plan = {
        .clients = 4, .requests = 15, .body = 60000, .persist = true, .files = true};
    return http_run(trial, &plan, disk_script);
}

int world_http_clock(weir_sim_trial *trial)
{
    return http_run(trial, &(http_plan){.clients = 3, .requests = 20, .body = 1000}, clock_script);
}
