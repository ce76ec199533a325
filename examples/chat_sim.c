/* SPDX-License-Identifier: MIT
 *
 * The chat of chat.c in simulated worlds: many seeds, each with a network of its own.
 *
 *     chat_sim                                   lists the worlds
 *     chat_sim chat --seeds 1..1000 --jobs 2     see docs/guide/simulator.md
 */
#include <stdio.h>
#include <stdlib.h>

#include "chat_sim_person.h"

enum { FAULTS_END_S = 20, GIVE_UP_S = 300 };

static int run_server(weir_io *io, void *argument)
{
    chat_world *world = argument;
    chat_server server = {.join = world->join};
    weir_tcp_listener listener;
    weir_token_link link;
    int error = weir_tcp_listen(io, &world->address, NULL, &listener);
    if (error) return error;
    weir_token_follow(io, &server.closing, &link, &world->done);
    error = chat_serve(io, &server, listener);
    weir_token_unlisten(io, &link);
    world->closed = weir_token_canceled(&world->done);
    return error;
}

/* The planted mistake: the place in the list is found before a wait, and used after it. */
static int join_planted(weir_io *io, chat_room *room, chat_member *me, weir_reader *reader)
{
    static const chat_line welcome = {10, "* welcome\n"};
    const size_t place = room->count;
    const int got = chat_read_name(io, me, reader);
    if (got <= 0) return got;
    room->members[place] = me;
    if (room->count == place) room->count++;
    weir_channel_try_send(io, &me->queue, &welcome);
    return got;
}

/* Closes the room when all have said what they had to say, and looks at what is left. */
static int watch(weir_io *io, void *argument)
{
    chat_world *world = argument;
    bool all = false;
    for (int s = 0; s < GIVE_UP_S && (!all || s < FAULTS_END_S + 5); s++) {
        weir_sleep(io, weir_seconds(1));
        all = true;
        for (unsigned i = 0; i < PERSONS; i++) all &= world->persons[i].done;
    }
    weir_token_cancel(io, &world->done, "the world ends");
    weir_sleep(io, weir_seconds(60));
    check_end(world);
    return 0;
}

static int build(weir_sim_trial *trial, chat_world *world)
{
    static const char *const names[PERSONS] = {"ann", "bob", "cleo", "dan", "eve", "finn"};
    world->trial = trial;
    int error = weir_address_parse(weir_bytes_text("10.0.0.1:7001"), &world->address);
    if (!error) error = weir_sim_add_host(trial->sim, "server", "10.0.0.1", &world->server);
    if (!error) error = weir_sim_start(world->server, "chat", run_server, world);
    for (unsigned i = 0; i < PERSONS && !error; i++) {
        char address[16];
        person *one = &world->persons[i];
        snprintf(address, sizeof address, "10.0.1.%u", i + 1);
        *one = (person){.world = world, .index = i};
        error = weir_sim_add_host(trial->sim, names[i], address, &one->host);
        if (!error) error = weir_sim_start(one->host, "person", person_run, one);
    }
    return error;
}

static int run(weir_sim_trial *trial, chat_world *world)
{
    weir_sim_host *watcher, *hosts[PERSONS + 1];
    int error = build(trial, world);
    if (!error) error = weir_sim_add_host(trial->sim, "watcher", NULL, &watcher);
    if (error) return error;
    if (world->cut) {
        weir_sim_host *ann = world->persons[0].host;
        const weir_sim_fault out = {.at = weir_seconds(5), .kind = WEIR_SIM_UNPLUG, .host = ann};
        const weir_sim_fault in = {.at = weir_seconds(60), .kind = WEIR_SIM_PLUG, .host = ann};
        error = weir_sim_trial_fault(trial, &out);
        if (!error) error = weir_sim_trial_fault(trial, &in);
    } else {
        hosts[0] = world->server;
        for (unsigned i = 0; i < PERSONS; i++) hosts[i + 1] = world->persons[i].host;
        error = weir_sim_trial_draw(trial, weir_seconds(FAULTS_END_S), hosts, PERSONS + 1);
    }
    return error ? error : weir_run(weir_sim_io(watcher), watch, world);
}

static int chat(weir_sim_trial *trial)
{
    return run(trial, &(chat_world){.join = chat_join});
}

static int chat_cut(weir_sim_trial *trial)
{
    return run(trial, &(chat_world){.join = chat_join, .cut = true});
}

static int chat_planted(weir_sim_trial *trial)
{
    return run(trial, &(chat_world){.join = join_planted});
}

int main(int argc, char **argv)
{
    static const weir_sim_scenario scenarios[] = {
        {"chat", "a room and six people, under the profile's faults", chat},
        {"chat-cut", "one of them is cut off for a while", chat_cut},
        {"chat-planted", "a room with a mistake in it", chat_planted},
    };
    return weir_sim_main(scenarios, 3, argc - 1, argv + 1);
}
