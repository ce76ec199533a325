/* SPDX-License-Identifier: MIT
 *
 * Is a simulated run the same each time, and does its world keep time, order and network as asked?
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/group.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>
#include <weir/io/sim/fault.h>
#include <weir/io/sim/sim.h>
#include <weir/io/socket.h>
#include <weir/io/word.h>

#include "test/harness/test.h"

enum { PORT = 80, CLIENTS = 4, ROUNDS = 30, SIZE = 700 };

/* A server that echoes and clients that ask, on hosts of their own. */
typedef struct town {
    weir_sim *sim;
    weir_sim_host *server, *clients[CLIENTS];
    weir_address address;
    unsigned ended, whole;
    int error; /* the last one that a client had */
    weir_instant when;
} town;

static int echo_one(weir_io *io, void *argument)
{
    weir_socket socket = {(int)(intptr_t)argument};
    char data[256];
    int64_t n;
    while ((n = weir_read(io, socket, data, sizeof data)) > 0)
        if (weir_write_all(io, socket, data, (size_t)n) != n) break;
    weir_close_socket(io, socket);
    return 0;
}

static int serve(weir_io *io, void *argument)
{
    town *t = argument;
    weir_group group = WEIR_GROUP_INIT;
    weir_socket listener, socket;
    int error = weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &listener);
    if (error) return error;
    error = weir_bind(io, listener, &t->address);
    if (!error) error = weir_listen(io, listener, 16);
    while (!error && (error = weir_accept(io, listener, &socket)) == 0)
        weir_group_concurrent(io, &group, echo_one, (void *)(intptr_t)socket.fd, NULL);
    weir_group_cancel(io, &group);
    weir_close_socket(io, listener);
    return 0;
}

static int converse(weir_io *io, town *t, weir_socket socket)
{
    char sent[SIZE], got[SIZE];
    for (int round = 0; round < ROUNDS; round++) {
        weir_random(io, sent, sizeof sent);
        int64_t n = weir_write_all(io, socket, sent, sizeof sent), used = 0;
        if (n != SIZE) return n < 0 ? (int)n : WEIR_EPIPE;
        while (used < SIZE) {
            n = weir_read(io, socket, got + used, (size_t)(SIZE - used));
            if (n <= 0) return n < 0 ? (int)n : WEIR_EEOF;
            used += n;
        }
        if (memcmp(sent, got, SIZE) == 0) t->whole++;
    }
    return 0;
}

static int ask(weir_io *io, void *argument)
{
    town *t = argument;
    weir_socket socket;
    weir_sleep(io, weir_milliseconds(10));
    int error = weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &socket);
    if (!error) error = weir_connect(io, socket, &t->address);
    if (!error) error = converse(io, t, socket);
    weir_close_socket(io, socket);
    if (error) t->error = error;
    t->ended++;
    t->when = weir_now(io, WEIR_CLOCK_MONOTONIC);
    return 0;
}

static int until_all_ended(weir_io *io, void *argument)
{
    town *t = argument;
    for (int i = 0; i < 100000 && t->ended < CLIENTS; i++) weir_sleep(io, weir_milliseconds(50));
    return 0;
}

static void town_begin(town *t, const weir_sim_options *options)
{
    static const char *const addresses[] = {"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"};
    *t = (town){0};
    assert_int_equal(weir_sim_create(options, &t->sim), 0);
    assert_int_equal(weir_sim_add_host(t->sim, "server", "10.0.0.1", &t->server), 0);
    assert_int_equal(weir_address_parse(weir_bytes_text("10.0.0.1:80"), &t->address), 0);
    assert_int_equal(weir_sim_start(t->server, "server", serve, t), 0);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(weir_sim_add_host(t->sim, "client", addresses[i], &t->clients[i]), 0);
        assert_int_equal(weir_sim_start(t->clients[i], "client", ask, t), 0);
    }
}

static void town_run(town *t)
{
    assert_int_equal(weir_run(weir_sim_io(t->server), until_all_ended, t), 0);
}

static uint64_t hash_of(uint64_t seed, weir_sim_profile profile)
{
    town t;
    town_begin(&t, &(weir_sim_options){.seed = seed});
    weir_sim_use(t.sim, profile);
    town_run(&t);
    const uint64_t hash = weir_sim_hash(t.sim);
    weir_sim_destroy(t.sim);
    return hash;
}

TEST(sim_the_same_seed_is_the_same_run_and_another_one_is_not)
{
    for (int profile = 0; profile < WEIR_SIM_PROFILES; profile++) {
        uint64_t last = 0;
        for (uint64_t seed = 1; seed <= 20; seed++) {
            const uint64_t hash = hash_of(seed, (weir_sim_profile)profile);
            assert_true(hash == hash_of(seed, (weir_sim_profile)profile));
            assert_true(hash != last);
            last = hash;
        }
    }
}

/* The numbers are those of every compiler and build; a change of the simulator changes them. */
TEST(sim_a_run_has_the_hash_that_it_has_on_every_compiler)
{
    static const uint64_t known[] = {UINT64_C(0x6ff72d536c9ca0e1), UINT64_C(0xb03e9f5f3c10452a),
                                     UINT64_C(0x8d84b13e8468bc22)};
    for (uint64_t i = 0; i < 3; i++) {
        const uint64_t hash = hash_of(7, (weir_sim_profile)i);
        if (hash != known[i])
            fail_msg("the hash of profile %d is %#llx", (int)i, (unsigned long long)hash);
    }
}

TEST(sim_all_bytes_come_in_order_whatever_the_network)
{
    for (int profile = 0; profile < WEIR_SIM_PROFILES; profile++) {
        for (uint64_t seed = 1; seed <= 20; seed++) {
            town t;
            town_begin(&t, &(weir_sim_options){.seed = seed});
            weir_sim_use(t.sim, (weir_sim_profile)profile);
            town_run(&t);
            assert_int_equal(t.error, 0);
            assert_int_equal(t.whole, CLIENTS * ROUNDS);
            for (int i = 0; i < CLIENTS; i++)
                assert_int_equal(weir_sim_open_descriptors(t.clients[i]), 0);
            assert_int_equal(weir_sim_open_descriptors(t.server), 0);
            weir_sim_destroy(t.sim);
        }
    }
}

static int sleep_an_hour(weir_io *io, void *argument)
{
    const weir_instant before = weir_now(io, WEIR_CLOCK_MONOTONIC);
    const int error = weir_sleep(io, weir_hours(1));
    *(int64_t *)argument = weir_now(io, WEIR_CLOCK_MONOTONIC).ns - before.ns;
    return error;
}

TEST(sim_an_idle_hour_takes_no_time)
{
    weir_io *io;
    int64_t slept = 0;
    struct timespec before, after;
    assert_int_equal(weir_sim_engine_create(NULL, &io), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    assert_int_equal(weir_run(io, sleep_an_hour, &slept), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    assert_true(slept >= 3600000000000 && slept < 3600000010000);
    assert_true((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec <
                50000000);
    weir_io_destroy(io);
}

static int wait_for_ever(weir_io *io, void *argument)
{
    uint32_t word = 0;
    *(int *)argument = weir_wait(io, &word, 0, weir_never());
    return 0;
}

TEST(sim_a_deadlock_is_found_and_its_tasks_are_asked_to_stop)
{
    weir_io *io;
    int error = 0;
    assert_int_equal(weir_sim_engine_create(&(weir_sim_options){.quiet = true}, &io), 0);
    assert_int_equal(weir_run(io, wait_for_ever, &error), WEIR_EDEADLK);
    assert_int_equal(error, WEIR_ECANCELED);
    weir_io_destroy(io);
}

static int turn_for_ever(weir_io *io, void *argument)
{
    (void)argument;
    while (weir_yield(io) == 0) continue;
    return 0;
}

TEST(sim_a_livelock_is_found_and_its_tasks_are_asked_to_stop)
{
    weir_io *io;
    const weir_sim_options options = {.quiet = true, .patience = 10000};
    assert_int_equal(weir_sim_engine_create(&options, &io), 0);
    assert_int_equal(weir_run(io, turn_for_ever, NULL), WEIR_EDEADLK);
    weir_io_destroy(io);
}

static int stay(weir_io *io, void *argument)
{
    (void)argument;
    weir_scope shield;
    uint32_t word = 0;
    weir_shield(io, &shield);
    return weir_wait(io, &word, 0, weir_never());
}

TEST(sim_a_run_that_does_not_stop_is_abandoned_and_freed)
{
    weir_io *io;
    assert_int_equal(weir_sim_engine_create(&(weir_sim_options){.quiet = true}, &io), 0);
    assert_int_equal(weir_run(io, stay, NULL), WEIR_EDEADLK);
    assert_int_equal(weir_run(io, stay, NULL), WEIR_EDEADLK);
    weir_io_destroy(io);
}

TEST(sim_a_slow_link_takes_its_time)
{
    town t;
    const weir_sim_link slow = {.latency = weir_milliseconds(100)};
    town_begin(&t, &(weir_sim_options){.order = WEIR_SIM_TURNS});
    weir_sim_set_links(t.sim, &slow);
    const weir_instant before = weir_now(weir_sim_io(t.server), WEIR_CLOCK_MONOTONIC);
    town_run(&t);
    /* A round trip to connect and one for each round, of 200 ms. */
    const int64_t took = t.when.ns - before.ns;
    assert_true(took >= (ROUNDS + 1) * INT64_C(200000000));
    assert_true(took < (ROUNDS + 2) * INT64_C(200000000));
    weir_sim_destroy(t.sim);
}

TEST(sim_a_connect_into_a_cut_gives_up_after_two_minutes)
{
    town t;
    town_begin(&t, &(weir_sim_options){.order = WEIR_SIM_TURNS});
    const weir_instant before = weir_now(weir_sim_io(t.server), WEIR_CLOCK_MONOTONIC);
    weir_sim_unplug(t.server, true);
    town_run(&t);
    assert_int_equal(t.error, WEIR_ETIMEDOUT);
    assert_int_equal((t.when.ns - before.ns) / 1000000000, 127);
    weir_sim_destroy(t.sim);
}

TEST(sim_a_cut_that_is_joined_again_is_only_a_delay)
{
    town t;
    town_begin(&t, &(weir_sim_options){.order = WEIR_SIM_TURNS});
    weir_sim_use(t.sim, WEIR_SIM_CALM);
    const weir_sim_fault script[] = {{weir_milliseconds(12), WEIR_SIM_UNPLUG, t.server, NULL, 0},
                                     {weir_seconds(30), WEIR_SIM_PLUG, t.server, NULL, 0}};
    assert_int_equal(weir_sim_plan_faults(t.sim, script, 2), 0);
    const weir_instant before = weir_now(weir_sim_io(t.server), WEIR_CLOCK_MONOTONIC);
    town_run(&t);
    assert_int_equal(t.error, 0);
    assert_int_equal(t.whole, CLIENTS * ROUNDS);
    assert_true(t.when.ns - before.ns > INT64_C(30000000000));
    weir_sim_destroy(t.sim);
}

TEST(sim_peers_of_a_host_that_crashed_hear_of_it_when_it_is_back)
{
    town t;
    town_begin(&t, &(weir_sim_options){.order = WEIR_SIM_TURNS});
    weir_sim_use(t.sim, WEIR_SIM_CALM);
    const weir_sim_fault script[] = {{weir_milliseconds(15), WEIR_SIM_CRASH, t.server, NULL, 0},
                                     {weir_seconds(20), WEIR_SIM_RESTART, t.server, NULL, 0}};
    assert_int_equal(weir_sim_plan_faults(t.sim, script, 2), 0);
    const weir_instant before = weir_now(weir_sim_io(t.server), WEIR_CLOCK_MONOTONIC);
    assert_int_equal(weir_run(weir_sim_io(t.clients[0]), until_all_ended, &t), 0);
    assert_int_equal(t.ended, CLIENTS);
    assert_int_equal(t.error, WEIR_ECONNRESET);
    assert_true(t.when.ns - before.ns > INT64_C(20000000000));
    weir_sim_destroy(t.sim);
}

TEST(sim_a_clock_that_is_set_changes_the_real_time_alone)
{
    town t;
    town_begin(&t, NULL);
    weir_io *io = weir_sim_io(t.server);
    const int64_t real = weir_now(io, WEIR_CLOCK_REAL).ns,
                  now = weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
    weir_sim_set_skew(t.server, weir_hours(2));
    assert_int_equal(weir_now(io, WEIR_CLOCK_REAL).ns - real, 7200000000000);
    assert_int_equal(weir_now(io, WEIR_CLOCK_MONOTONIC).ns, now);
    weir_sim_destroy(t.sim);
}

TEST(sim_two_hosts_cannot_have_one_address)
{
    town t;
    weir_sim_host *other;
    town_begin(&t, NULL);
    assert_int_equal(weir_sim_add_host(t.sim, "x", "10.0.0.1", &other), WEIR_EADDRINUSE);
    assert_int_equal(weir_sim_add_host(t.sim, "x", "10.0.0", &other), WEIR_EADDRTEXT);
    weir_sim_destroy(t.sim);
}
