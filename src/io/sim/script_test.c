/* SPDX-License-Identifier: MIT
 *
 * Are the faults of a script what they are whatever else is drawn, and whatever other faults there
 * are?
 */
#include <string.h>
#include <sys/socket.h>

#include <weir/io/clock.h>
#include <weir/io/sim/runner.h>
#include <weir/io/socket.h>

#include "io/sim/net.h"
#include "test/harness/test.h"

enum { CONNECTIONS = 16, ROOM = 63 };

static bool same(const weir_sim_fault *a, const weir_sim_fault *b)
{
    return a->at.ns == b->at.ns && a->kind == b->kind && a->value == b->value &&
           weir_sim_host_name(a->host) == weir_sim_host_name(b->host);
}

/* Draws a script in a world of three hosts, after the network has drawn `packets` times. */
static size_t draw(uint64_t seed, unsigned packets, weir_sim **sim, weir_sim_fault *out)
{
    static const char *const names[] = {"a", "b", "c"};
    weir_sim_host *hosts[3];
    assert_int_equal(weir_sim_create(&(weir_sim_options){.seed = seed}, sim), 0);
    weir_sim_use(*sim, WEIR_SIM_HOSTILE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weir_sim_add_host(*sim, names[i], NULL, &hosts[i]), 0);
    for (unsigned i = 0; i < packets; i++)
        weir_sim_link_pass(hosts[0], weir_sim_link_get(hosts[0], hosts[1]), 100);
    return weir_sim_draw_faults(*sim, WEIR_SIM_HOSTILE, weir_seconds(10), hosts, 3, out, ROOM);
}

TEST(sim_a_script_is_the_same_whatever_the_network_has_drawn)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        weir_sim_fault first[ROOM], second[ROOM];
        weir_sim *one, *other;
        const size_t count = draw(seed, 0, &one, first);
        assert_true(count >= 12);
        assert_int_equal(draw(seed, 5, &other, second), count);
        for (size_t i = 0; i < count; i++) assert_true(same(&first[i], &second[i]));
        weir_sim_destroy(one);
        weir_sim_destroy(other);
    }
}

TEST(sim_two_scripts_of_a_world_are_not_the_same)
{
    weir_sim_fault first[ROOM], second[ROOM];
    weir_sim *sim;
    size_t equal = 0;
    const size_t count = draw(1, 0, &sim, first);
    weir_sim_host *hosts[] = {sim->hosts, sim->hosts->next, sim->hosts->next->next};
    weir_sim_draw_faults(sim, WEIR_SIM_HOSTILE, weir_seconds(10), hosts, 3, second, ROOM);
    for (size_t i = 0; i < count; i++) equal += first[i].at.ns == second[i].at.ns;
    assert_int_equal(equal, 0);
    weir_sim_destroy(sim);
}

/* A host that is connected with itself, many times. */
typedef struct crowd {
    weir_address address;
    uint32_t broken; /* bit n: connection n was, after ten seconds */
} crowd;

static int connect_often(weir_io *io, void *argument)
{
    crowd *c = argument;
    weir_socket listener, sockets[CONNECTIONS];
    int error = weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &listener);
    if (!error) error = weir_bind(io, listener, &c->address);
    if (!error) error = weir_listen(io, listener, CONNECTIONS);
    for (int i = 0; i < CONNECTIONS && !error; i++) {
        error = weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &sockets[i]);
        if (!error) error = weir_connect(io, sockets[i], &c->address);
    }
    if (error) return error;
    weir_sleep(io, weir_seconds(10));
    for (int i = 0; i < CONNECTIONS; i++) {
        c->broken |= (uint32_t)(weir_write_all(io, sockets[i], "x", 1) < 0) << i;
        weir_close_socket(io, sockets[i]);
    }
    weir_close_socket(io, listener);
    return 0;
}

static int sleep_long(weir_io *io, void *argument)
{
    (void)argument;
    return weir_sleep(io, weir_seconds(20));
}

/* Which connections of host "b" break, by two faults of its own; host "a" has some, or none. */
static uint32_t broken_of_b(uint64_t seed, unsigned faults_of_a)
{
    weir_sim *sim;
    weir_sim_host *a, *b;
    crowd crowds[2] = {0};
    assert_int_equal(weir_sim_create(&(weir_sim_options){.seed = seed}, &sim), 0);
    assert_int_equal(weir_sim_add_host(sim, "a", NULL, &a), 0);
    assert_int_equal(weir_sim_add_host(sim, "b", NULL, &b), 0);
    assert_int_equal(weir_address_parse(weir_bytes_text("127.0.0.1:80"), &crowds[0].address), 0);
    crowds[1].address = crowds[0].address;
    assert_int_equal(weir_sim_start(a, "a", connect_often, &crowds[0]), 0);
    assert_int_equal(weir_sim_start(b, "b", connect_often, &crowds[1]), 0);
    const weir_sim_fault script[] = {{weir_seconds(5), WEIR_SIM_RESET, b, NULL, 0},
                                     {weir_seconds(6), WEIR_SIM_FORGET, b, NULL, 0},
                                     {weir_seconds(3), WEIR_SIM_RESET, a, NULL, 0},
                                     {weir_seconds(5), WEIR_SIM_RESET, a, NULL, 0}};
    assert_int_equal(weir_sim_plan_faults(sim, script, 2 + faults_of_a), 0);
    assert_int_equal(weir_run(weir_sim_io(a), sleep_long, NULL), 0);
    weir_sim_destroy(sim);
    assert_int_equal(crowds[0].broken != 0, faults_of_a > 0);
    return crowds[1].broken;
}

TEST(sim_a_fault_hits_the_same_connection_when_others_are_left_out)
{
    uint32_t last = 0, differ = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const uint32_t broken = broken_of_b(seed, 0);
        assert_true(broken != 0);
        assert_int_equal(broken_of_b(seed, 1), broken);
        assert_int_equal(broken_of_b(seed, 2), broken);
        differ += broken != last;
        last = broken;
    }
    assert_true(differ > 10); /* it is drawn */
}

static int draw_some(weir_sim_trial *trial)
{
    weir_sim_host *hosts[2];
    int error = weir_sim_add_host(trial->sim, "a", NULL, &hosts[0]);
    if (!error) error = weir_sim_add_host(trial->sim, "b", NULL, &hosts[1]);
    return error ? error : weir_sim_trial_draw(trial, weir_seconds(5), hosts, 2);
}

TEST(sim_a_fault_that_is_left_out_leaves_the_others_as_they_were)
{
    const weir_sim_scenario scenario = {"draw", "", draw_some};
    weir_sim_trial whole = {.seed = 11, .profile = WEIR_SIM_HOSTILE};
    assert_true(weir_sim_try(&scenario, &whole, NULL));
    for (size_t i = 0; i < whole.fault_count; i++) {
        weir_sim_trial less = {.seed = 11, .profile = WEIR_SIM_HOSTILE};
        less.left_out = UINT64_C(1) << i;
        assert_true(weir_sim_try(&scenario, &less, NULL));
        assert_int_equal(less.fault_count, whole.fault_count);
        for (size_t k = 0; k < whole.fault_count; k++)
            assert_true(same(&less.faults[k], &whole.faults[k]));
        weir_sim_destroy(less.sim);
    }
    weir_sim_destroy(whole.sim);
}
