/* SPDX-License-Identifier: MIT
 *
 * Is a peer that has gone found dead when tcp(7) says so, and not before?
 */
#include "io/sim/testing.h"

static const weir_sim_link line = {.latency = {10000000}};

/* How the client of a test behaves. */
typedef struct plan {
    int idle, interval, count; /* of keepalive; 0: it is off */
    int patience;              /* TCP_USER_TIMEOUT in milliseconds */
    bool late;                 /* they are set when it is connected, not before */
    bool sends;                /* a byte, at two seconds */
    weir_duration waits;       /* for an answer, at most */
    int64_t result, when;      /* of the read, and its microsecond */
} plan;

static int hold(weir_io *io, void *argument)
{
    duo *d = argument;
    int error;
    char byte;
    weir_socket socket = duo_accept(io, d, &error);
    if (error) return error;
    while ((d->result = weir_read(io, socket, &byte, 1)) > 0) d->got++;
    weir_close_socket(io, socket);
    return 0;
}

static void set_all(weir_io *io, weir_socket socket, const plan *p)
{
    if (p->idle) {
        duo_set(io, socket, SOL_SOCKET, SO_KEEPALIVE, 1);
        duo_set(io, socket, IPPROTO_TCP, TCP_KEEPIDLE, p->idle);
        duo_set(io, socket, IPPROTO_TCP, TCP_KEEPINTVL, p->interval);
        duo_set(io, socket, IPPROTO_TCP, TCP_KEEPCNT, p->count);
    }
    if (p->patience) duo_set(io, socket, IPPROTO_TCP, TCP_USER_TIMEOUT, p->patience);
}

static int wait(weir_io *io, void *argument)
{
    const duo *d = argument;
    plan *p = d->own;
    char byte;
    weir_scope scope;
    weir_socket socket = duo_open(io);
    if (!p->late) set_all(io, socket, p);
    weir_sleep(io, weir_milliseconds(1));
    assert_int_equal(weir_connect(io, socket, &d->address), 0);
    if (p->late) set_all(io, socket, p);
    weir_sleep(io, weir_seconds(2));
    if (p->sends) assert_int_equal(weir_write(io, socket, "x", 1), 1);
    weir_scope_enter_for(io, &scope, p->waits);
    p->result = weir_read(io, socket, &byte, 1);
    weir_scope_leave(io, &scope);
    p->when = duo_time(io);
    weir_close_socket(io, socket);
    return 0;
}

/* The fault is done to the server after a second. */
static void run(plan *p, weir_sim_fault_kind kind)
{
    duo d = {.own = p};
    p->waits = weir_hours(3);
    duo_begin(&d, hold, &line);
    const weir_sim_fault script = {weir_seconds(1), kind, d.server, NULL, 0};
    duo_run(&d, wait, &script, kind != WEIR_SIM_FAULTS);
}

/* The connection is made at 21 ms; so long after it the client has given up. */
static void expect_timeout(const plan *p, int64_t milliseconds)
{
    assert_int_equal(p->result, WEIR_ETIMEDOUT);
    assert_true(p->when > 1000 * (milliseconds + 20) && p->when < 1000 * (milliseconds + 25));
}

TEST(sim_keepalive_finds_a_peer_dead_after_its_probes)
{
    plan p = {.idle = 10, .interval = 5, .count = 3};
    run(&p, WEIR_SIM_UNPLUG);
    expect_timeout(&p, 25000);
    run(&p, WEIR_SIM_CRASH);
    expect_timeout(&p, 25000);
    p.late = true;
    run(&p, WEIR_SIM_CRASH);
    expect_timeout(&p, 25000);
}

TEST(sim_keepalive_has_the_kernels_numbers_when_none_are_set)
{
    plan p = {.idle = 7200, .interval = 75, .count = 9};
    run(&p, WEIR_SIM_UNPLUG);
    expect_timeout(&p, 7200000 + 9 * 75000);
}

/* Switches keepalive on that is on, again and again. */
static int switch_on_again(weir_io *io, void *argument)
{
    duo *d = argument;
    const plan *p = d->own;
    char byte;
    weir_scope scope;
    weir_socket socket = duo_connect(io, d);
    set_all(io, socket, p);
    d->result = WEIR_EDEADLINE;
    for (int i = 0; i < 50 && d->result == WEIR_EDEADLINE; i++) {
        duo_set(io, socket, SOL_SOCKET, SO_KEEPALIVE, 1);
        weir_scope_enter_for(io, &scope, weir_seconds(1));
        d->result = weir_read(io, socket, &byte, 1);
        weir_scope_leave(io, &scope);
    }
    ((plan *)d->own)->when = duo_time(io);
    ((plan *)d->own)->result = d->result;
    weir_close_socket(io, socket);
    return 0;
}

TEST(sim_keepalive_that_is_switched_on_again_goes_on)
{
    plan p = {.idle = 10, .interval = 5, .count = 3};
    duo d = {.own = &p};
    duo_begin(&d, hold, &line);
    const weir_sim_fault script = {weir_seconds(1), WEIR_SIM_UNPLUG, d.server, NULL, 0};
    duo_run(&d, switch_on_again, &script, 1);
    expect_timeout(&p, 25000);
}

TEST(sim_a_half_open_connection_without_keepalive_stays)
{
    plan p = {0};
    run(&p, WEIR_SIM_CRASH);
    assert_int_equal(p.result, WEIR_EDEADLINE);
}

TEST(sim_keepalive_lets_a_living_connection_be)
{
    plan p = {.idle = 1, .interval = 1, .count = 1};
    run(&p, WEIR_SIM_FAULTS);
    assert_int_equal(p.result, WEIR_EDEADLINE);
}

TEST(sim_the_user_timeout_says_when_keepalive_gives_up)
{
    plan p = {.idle = 10, .interval = 5, .count = 3, .patience = 40000};
    run(&p, WEIR_SIM_UNPLUG);
    expect_timeout(&p, 40000);
    p.patience = 12000;
    run(&p, WEIR_SIM_UNPLUG);
    expect_timeout(&p, 15000);
}

TEST(sim_a_peer_that_was_restarted_answers_a_probe_by_a_reset)
{
    plan p = {.idle = 10, .interval = 5, .count = 3, .waits = weir_hours(3)};
    duo d = {.own = &p};
    duo_begin(&d, hold, &line);
    const weir_sim_fault script[] = {{weir_seconds(1), WEIR_SIM_CRASH, d.server, NULL, 0},
                                     {weir_seconds(3), WEIR_SIM_RESTART, d.server, NULL, 0}};
    duo_run(&d, wait, script, 2);
    assert_int_equal(p.result, WEIR_ECONNRESET);
    assert_true(p.when > 10020000 && p.when < 10050000);
}

TEST(sim_bytes_that_nobody_acknowledges_are_given_up_after_a_quarter_of_an_hour)
{
    plan p = {.sends = true};
    run(&p, WEIR_SIM_UNPLUG);
    assert_int_equal(p.result, WEIR_ETIMEDOUT);
    /* 0.22 s, nine times doubled, then 120 s six times. */
    assert_true(p.when > 2000000 + 924600000 && p.when < 2000000 + 960000000);
}

TEST(sim_the_user_timeout_says_how_long_bytes_wait)
{
    plan p = {.sends = true, .patience = 7000};
    run(&p, WEIR_SIM_UNPLUG);
    expect_timeout(&p, 9000);
    run(&p, WEIR_SIM_CRASH);
    expect_timeout(&p, 9000);
    /* Longer than is usual. */
    p.patience = 2000000;
    run(&p, WEIR_SIM_UNPLUG);
    expect_timeout(&p, 2002000);
    /* Keepalive leaves bytes that are under way alone. */
    p = (plan){.sends = true, .patience = 30000, .idle = 1, .interval = 1, .count = 2};
    run(&p, WEIR_SIM_UNPLUG);
    expect_timeout(&p, 32000);
}

TEST(sim_bytes_whose_acknowledgment_is_lost_are_given_up_too)
{
    plan p = {.sends = true, .patience = 7000, .waits = weir_hours(1)};
    duo d = {.own = &p};
    duo_begin(&d, hold, &line);
    const weir_sim_fault script = {weir_seconds(1), WEIR_SIM_CUT, d.server, d.client, 0};
    duo_run(&d, wait, &script, 1);
    assert_int_equal(d.got, 1);
    assert_int_equal(p.result, WEIR_ETIMEDOUT);
    assert_true(p.when > 9000000 && p.when < 9100000);
}

TEST(sim_bytes_whose_acknowledgment_comes_later_are_not)
{
    plan p = {.sends = true, .patience = 7000, .waits = weir_hours(1)};
    duo d = {.own = &p};
    duo_begin(&d, hold, &line);
    const weir_sim_fault script[] = {{weir_seconds(1), WEIR_SIM_CUT, d.server, d.client, 0},
                                     {weir_seconds(5), WEIR_SIM_JOIN, d.server, d.client, 0}};
    duo_run(&d, wait, script, 2);
    assert_int_equal(d.got, 1);
    assert_int_equal(p.result, WEIR_EDEADLINE);
}

static int connect_in_vain(weir_io *io, void *argument)
{
    const duo *d = argument;
    weir_socket socket = duo_open(io);
    duo_set(io, socket, IPPROTO_TCP, TCP_USER_TIMEOUT, 5000);
    weir_sim_unplug(d->server, true);
    assert_int_equal(weir_connect(io, socket, &d->address), WEIR_ETIMEDOUT);
    const int64_t when = duo_time(io);
    assert_true(when >= 5000000 && when < 5001000);
    weir_close_socket(io, socket);
    return 0;
}

TEST(sim_the_user_timeout_says_how_long_a_connect_waits)
{
    duo d = {0};
    duo_begin(&d, hold, &line);
    duo_run(&d, connect_in_vain, NULL, 0);
}

/* A peer that reads nothing ------------------------------------------------------------------ */

static int accept_and_sleep(weir_io *io, void *argument)
{
    duo *d = argument;
    int error;
    static char data[1 << 20];
    weir_socket socket = duo_accept(io, d, &error);
    if (error) return error;
    weir_sleep(io, weir_minutes(20));
    int64_t n;
    while ((n = weir_read(io, socket, data, sizeof data)) > 0) d->got += (size_t)n;
    weir_close_socket(io, socket);
    return 0;
}

/* Writes more than is taken. */
static int press(weir_io *io, void *argument)
{
    const duo *d = argument;
    plan *p = d->own;
    static char data[1 << 20];
    weir_socket socket = duo_connect(io, d);
    set_all(io, socket, p);
    int64_t n = 0, sent = 0;
    while (sent < (int64_t)sizeof data &&
           (n = weir_write(io, socket, data, sizeof data - (size_t)sent)) > 0)
        sent += n;
    p->result = n;
    p->when = duo_time(io);
    weir_close_socket(io, socket);
    weir_sleep(io, weir_minutes(21));
    return 0;
}

static size_t run_press(plan *p, weir_sim_fault_kind kind)
{
    duo d = {.own = p};
    duo_begin(&d, accept_and_sleep, &line);
    const weir_sim_fault script = {weir_milliseconds(100), kind, d.server, NULL, 0};
    duo_run(&d, press, &script, kind != WEIR_SIM_FAULTS);
    return d.got;
}

TEST(sim_who_takes_nothing_more_and_lives_is_waited_for)
{
    plan p = {0};
    assert_int_equal(run_press(&p, WEIR_SIM_FAULTS), 1 << 20);
    assert_true(p.result > 0 && p.when > 1200000000);
    /* Keepalive sees that it lives, too. */
    p = (plan){.idle = 1, .interval = 1, .count = 1};
    assert_int_equal(run_press(&p, WEIR_SIM_FAULTS), 1 << 20);
    assert_true(p.result > 0);
}

TEST(sim_who_takes_nothing_more_and_has_gone_is_given_up)
{
    plan p = {0};
    run_press(&p, WEIR_SIM_UNPLUG);
    /* After 0.2 s, nine times doubled, then 120 s six times. */
    expect_timeout(&p, 924600);
    run_press(&p, WEIR_SIM_CRASH);
    expect_timeout(&p, 924600);
}

TEST(sim_the_user_timeout_says_how_long_one_may_take_nothing_more)
{
    plan p = {.patience = 7000};
    run_press(&p, WEIR_SIM_FAULTS);
    expect_timeout(&p, 7000);
    run_press(&p, WEIR_SIM_UNPLUG);
    expect_timeout(&p, 7000);
}

static int write_for_ever(weir_io *io, void *argument)
{
    static char data[1 << 20];
    weir_socket socket = duo_connect(io, argument);
    set_all(io, socket, ((duo *)argument)->own);
    const int64_t n = weir_write_all(io, socket, data, sizeof data);
    weir_close_socket(io, socket);
    return n < 0 ? (int)n : 0;
}

static int accept_and_wait(weir_io *io, void *argument)
{
    int error;
    char byte;
    weir_socket pair[2], socket = duo_accept(io, argument, &error);
    if (error) return error;
    assert_int_equal(weir_socket_pair(io, SOCK_STREAM, pair), 0);
    error = (int)weir_read(io, pair[0], &byte, 1);
    weir_close_socket(io, pair[0]);
    weir_close_socket(io, pair[1]);
    weir_close_socket(io, socket);
    return error;
}

TEST(sim_a_peer_that_never_reads_is_a_deadlock)
{
    for (int patience = 0; patience < 2; patience++) {
        plan p = {.patience = 1000 * patience};
        duo d = {.own = &p};
        duo_begin(&d, accept_and_wait, &line);
        /* Unless the writer does not wait for ever. */
        const int end = patience ? 0 : WEIR_EDEADLK;
        assert_int_equal(weir_run(weir_sim_io(d.client), write_for_ever, &d), end);
        weir_sim_destroy(d.sim);
    }
}

static int wait_on(weir_io *io, duo *d, const weir_sim_link *then)
{
    char byte;
    weir_socket socket = duo_connect(io, d);
    set_all(io, socket, &(plan){.idle = 10, .interval = 5, .count = 3});
    if (then) weir_sim_set_links(d->sim, then);
    const int64_t n = weir_read(io, socket, &byte, 1);
    weir_close_socket(io, socket);
    return (int)n;
}

static int wait_for_ever(weir_io *io, void *argument)
{
    return wait_on(io, argument, NULL);
}

static int wait_behind_a_loss(weir_io *io, void *argument)
{
    return wait_on(io, argument, &(weir_sim_link){.latency = line.latency, .loss = 1000000});
}

TEST(sim_keepalive_does_not_hide_a_deadlock)
{
    duo d = {0};
    duo_begin(&d, hold, &line);
    assert_int_equal(weir_run(weir_sim_io(d.client), wait_for_ever, &d), WEIR_EDEADLK);
    weir_sim_destroy(d.sim);
    /* Where a probe will not be answered there is something to wait for. */
    duo_begin(&d, hold, &line);
    const weir_sim_fault script = {weir_seconds(1), WEIR_SIM_UNPLUG, d.server, NULL, 0};
    assert_int_equal(weir_sim_plan_faults(d.sim, &script, 1), 0);
    assert_int_equal(weir_run(weir_sim_io(d.client), wait_for_ever, &d), WEIR_ETIMEDOUT);
    weir_sim_destroy(d.sim);
    /* Also where no cable is cut, and yet nothing gets through. */
    duo_begin(&d, hold, &line);
    assert_int_equal(weir_run(weir_sim_io(d.client), wait_behind_a_loss, &d), WEIR_ETIMEDOUT);
    weir_sim_destroy(d.sim);
}
