/* SPDX-License-Identifier: MIT
 *
 * Is a host that was restarted as empty as a machine is after that, and does it tell nobody before
 * it is asked?
 */
#include <string.h>

#include "io/sim/testing.h"

static const weir_sim_link line = {.latency = {10000000}};

static int64_t read_for(weir_io *io, weir_socket socket, weir_duration time)
{
    char data[4096];
    weir_scope scope;
    weir_scope_enter_for(io, &scope, time);
    const int64_t n = weir_read(io, socket, data, sizeof data);
    weir_scope_leave(io, &scope);
    return n;
}

/* Opens what there is, and leaves all of it open. */
static int open_and_leave(weir_io *io, void *argument)
{
    duo *d = argument;
    weir_socket one, two, pair[2];
    weir_address name;
    d->got++;
    assert_int_equal(weir_sim_open_descriptors(d->server), 0);
    weir_socket listener = duo_listen(io, d);
    assert_int_equal(weir_socket_open(io, AF_INET, SOCK_DGRAM, 0, &one), 0);
    assert_int_equal(weir_bind(io, one, &d->address), 0);
    assert_int_equal(weir_socket_open(io, AF_UNIX, SOCK_STREAM, 0, &two), 0);
    assert_int_equal(weir_address_parse(weir_bytes_text("unix:@name"), &name), 0);
    assert_int_equal(weir_bind(io, two, &name), 0);
    assert_int_equal(weir_listen(io, two, 1), 0);
    assert_int_equal(weir_socket_pair(io, SOCK_STREAM, pair), 0);
    for (;;) {
        const int error = weir_accept(io, listener, &one);
        if (error) return error;
    }
}

static int rest_a_minute(weir_io *io, void *argument)
{
    (void)argument;
    return weir_sleep(io, weir_minutes(1));
}

TEST(sim_what_a_crashed_host_had_open_is_closed_when_it_is_back)
{
    duo d = {0};
    duo_begin(&d, open_and_leave, &line);
    const weir_sim_fault script[] = {{weir_seconds(1), WEIR_SIM_CRASH, d.server, NULL, 0},
                                     {weir_seconds(2), WEIR_SIM_RESTART, d.server, NULL, 0},
                                     {weir_seconds(3), WEIR_SIM_CRASH, d.server, NULL, 0},
                                     {weir_seconds(4), WEIR_SIM_RESTART, d.server, NULL, 0}};
    duo_run(&d, rest_a_minute, script, 4);
    assert_int_equal(d.got, 3);
}

/* Two connections: one accepted, one that waits in the backlog; none says anything. */
static int accept_one(weir_io *io, void *argument)
{
    weir_socket socket, listener = duo_listen(io, argument);
    const int error = weir_accept(io, listener, &socket);
    if (error == 0) weir_sleep(io, weir_hours(1));
    return 0;
}

static int hold_two(weir_io *io, void *argument)
{
    duo *d = argument;
    weir_socket two[2] = {duo_connect(io, d), duo_connect(io, d)};
    /* The crash and the restart are told to nobody … */
    assert_int_equal(read_for(io, two[0], weir_seconds(100)), WEIR_EDEADLINE);
    assert_int_equal(read_for(io, two[1], weir_seconds(100)), WEIR_EDEADLINE);
    /* … but to who asks. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weir_write(io, two[i], "x", 1), 1);
        const int64_t before = duo_time(io);
        assert_int_equal(read_for(io, two[i], weir_seconds(100)), WEIR_ECONNRESET);
        assert_true(duo_time(io) - before < 21000);
        weir_close_socket(io, two[i]);
    }
    const weir_sim_usage usage = weir_sim_usage_of(d->sim);
    assert_int_equal(usage.connections, 0);
    return 0;
}

TEST(sim_peers_of_a_restarted_host_are_reset_when_they_send_and_not_before)
{
    duo d = {0};
    duo_begin(&d, accept_one, &line);
    const weir_sim_fault script[] = {{weir_seconds(1), WEIR_SIM_CRASH, d.server, NULL, 0},
                                     {weir_seconds(2), WEIR_SIM_RESTART, d.server, NULL, 0}};
    duo_run(&d, hold_two, script, 2);
}

/* Closes first, so that its port rests; binding it again without SO_REUSEADDR would fail. */
static int close_first(weir_io *io, void *argument)
{
    duo *d = argument;
    int error;
    weir_socket socket = duo_accept(io, d, &error);
    if (error) return error;
    d->got++;
    weir_close_socket(io, socket);
    return (int)weir_sleep(io, weir_hours(1));
}

static int connect_twice(weir_io *io, void *argument)
{
    duo *d = argument;
    for (int i = 0; i < 2; i++) {
        weir_socket socket = duo_connect(io, d);
        assert_int_equal(read_for(io, socket, weir_seconds(1)), 0);
        weir_close_socket(io, socket);
        weir_sleep(io, weir_seconds(5));
    }
    return 0;
}

TEST(sim_no_port_rests_on_a_host_that_was_restarted)
{
    duo d = {0};
    duo_begin(&d, close_first, &line);
    const weir_sim_fault script[] = {{weir_seconds(1), WEIR_SIM_CRASH, d.server, NULL, 0},
                                     {weir_seconds(2), WEIR_SIM_RESTART, d.server, NULL, 0}};
    duo_run(&d, connect_twice, script, 2);
    assert_int_equal(d.got, 2);
}

/* A body of 300,000 bytes at 1,000,000 a second. */
static int serve_body(weir_io *io, void *argument)
{
    static char body[300000];
    int error;
    weir_socket socket = duo_accept(io, argument, &error);
    if (error) return error;
    weir_write_all(io, socket, body, sizeof body);
    weir_close_socket(io, socket);
    return 0;
}

static int take_beginning(weir_io *io, void *argument)
{
    duo *d = argument;
    weir_socket socket = duo_connect(io, d);
    int64_t n;
    while ((n = read_for(io, socket, weir_seconds(10))) > 0) d->got += (size_t)n;
    d->result = n;
    weir_close_socket(io, socket);
    return 0;
}

TEST(sim_a_host_that_crashes_in_the_middle_of_a_body_has_sent_its_beginning)
{
    const weir_sim_link slow = {.latency = {10000000}, .bandwidth = 1000000, .queue = {20000000}};
    duo d = {0};
    duo_begin(&d, serve_body, &slow);
    const weir_sim_fault script[] = {{weir_milliseconds(100), WEIR_SIM_CRASH, d.server, NULL, 0},
                                     {weir_milliseconds(110), WEIR_SIM_RESTART, d.server, NULL, 0}};
    duo_run(&d, take_beginning, script, 2);
    assert_true(d.got > 20000 && d.got < 120000);
    assert_int_equal(d.result, WEIR_EDEADLINE);
}

/* What is on its way to a host that crashes does not come. */
static int ask_late(weir_io *io, void *argument)
{
    duo *d = argument;
    weir_socket socket = duo_connect(io, d);
    weir_sleep_until(io, (weir_instant){SIM_START_NS + 995000000});
    assert_int_equal(weir_write(io, socket, "x", 1), 1);
    assert_int_equal(read_for(io, socket, weir_seconds(20)), WEIR_ECONNRESET);
    d->result = duo_time(io);
    weir_close_socket(io, socket);
    return 0;
}

TEST(sim_what_comes_while_a_host_is_down_is_sent_again)
{
    duo d = {0};
    duo_begin(&d, accept_one, &line);
    const weir_sim_fault script[] = {{weir_seconds(1), WEIR_SIM_CRASH, d.server, NULL, 0},
                                     {weir_seconds(2), WEIR_SIM_RESTART, d.server, NULL, 0}};
    duo_run(&d, ask_late, script, 2);
    /* At 1.005 s it was to come; again after 0.22, 0.44, 0.88 s. */
    assert_true(d.result > 2560000 && d.result < 2570000);
}

/* The client's host crashes when the answer to its connect is on the way, which it has given up. */
static int connect_and_give_up(weir_io *io, void *argument)
{
    const duo *d = argument;
    weir_scope scope;
    weir_socket socket = duo_open(io);
    weir_sleep(io, weir_milliseconds(1));
    weir_scope_enter_for(io, &scope, weir_milliseconds(15));
    assert_int_equal(weir_connect(io, socket, &d->address), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    weir_shield(io, &scope);
    weir_sleep(io, weir_seconds(1));
    weir_scope_leave(io, &scope);
    weir_close_socket(io, socket);
    return 0;
}

static int count_accepts(weir_io *io, void *argument)
{
    duo *d = argument;
    int error;
    weir_socket socket = duo_accept(io, d, &error);
    if (error) return error;
    d->got++;
    weir_close_socket(io, socket);
    return 0;
}

TEST(sim_a_connect_ends_with_its_host)
{
    for (int crashes = 0; crashes < 2; crashes++) {
        duo d = {0};
        weir_sim_host *other;
        duo_begin(&d, count_accepts, &line);
        assert_int_equal(weir_sim_add_host(d.sim, "other", "10.0.0.3", &other), 0);
        assert_int_equal(weir_sim_start(d.client, "client", connect_and_give_up, &d), 0);
        const weir_sim_fault script = {weir_milliseconds(18), WEIR_SIM_CRASH, d.client, NULL, 0};
        assert_int_equal(weir_sim_plan_faults(d.sim, &script, (size_t)crashes), 0);
        assert_int_equal(weir_run(weir_sim_io(other), rest_a_minute, &d), 0);
        assert_int_equal(d.got, !crashes);
        weir_sim_destroy(d.sim);
    }
}
