/* SPDX-License-Identifier: MIT
 *
 * Does a host that reads slowly read as fast as it is told and no faster, who waits for it, and is
 * all well when it reads as before?
 */
#include <stdlib.h>
#include <string.h>

#include <weir/io/group.h>
#include <weir/io/sim/trace.h>

#include "io/sim/net.h"
#include "io/sim/testing.h"

enum {
    RATE = 10000,
    CHUNK = 65536,
    BUFFERS = 262144 + 131072, /* of a connection, at both ends */
};

static const weir_sim_link line = {.latency = {10000000}};
/* How the two behave, and what they saw. */
typedef struct plan {
    weir_duration reads;    /* how long the server does, then it closes; 0: up to the end */
    size_t writes;          /* bytes that the client does */
    bool aborts;            /* the client, when it has written or was told to stop */
    weir_duration patience; /* of the client, for all of its writes */
    size_t written;
    int64_t write_result, write_ended; /* at which microsecond */
    int64_t read_ended;
} plan;

static int take(weir_io *io, void *argument)
{
    static char data[CHUNK];
    duo *d = argument;
    plan *p = d->own;
    int error;
    weir_scope scope;
    weir_socket socket = duo_accept(io, d, &error);
    if (error) return error;
    weir_scope_enter_for(io, &scope, p->reads.ns ? p->reads : weir_hours(10));
    while ((d->result = weir_read(io, socket, data, sizeof data)) > 0) d->got += (size_t)d->result;
    weir_scope_leave(io, &scope);
    p->read_ended = duo_time(io);
    weir_close_socket(io, socket);
    return 0;
}

static void expect_nothing_left(weir_io *io, const duo *d)
{
    weir_sleep(io, weir_hours(1));
    assert_int_equal(weir_sim_usage_of(d->sim).tasks, 1);
    assert_int_equal(weir_sim_usage_of(d->sim).nodes, 0);
    assert_int_equal(weir_sim_usage_of(d->sim).connections, 0);
}

static int give(weir_io *io, void *argument)
{
    static char data[CHUNK];
    const duo *d = argument;
    plan *p = d->own;
    weir_scope scope;
    weir_socket socket = duo_connect(io, d);
    weir_scope_enter_for(io, &scope, p->patience.ns ? p->patience : weir_hours(10));
    do {
        const size_t left = p->writes - p->written;
        p->write_result = weir_write(io, socket, data, left < CHUNK ? left : CHUNK);
        if (p->write_result > 0) p->written += (size_t)p->write_result;
    } while (p->write_result > 0 && p->written < p->writes);
    weir_scope_leave(io, &scope);
    p->write_ended = duo_time(io);
    if (p->aborts) {
        const struct linger none = {.l_onoff = 1};
        weir_set_option(io, socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    weir_close_socket(io, socket);
    expect_nothing_left(io, d);
    return 0;
}

static void run(duo *d, plan *p, const weir_sim_fault *script, size_t count)
{
    weir_sim_fault own[4];
    d->own = p;
    for (size_t i = 0; i < count; i++) {
        own[i] = script[i];
        own[i].host = d->server;
    }
    duo_run(d, give, own, count);
}

TEST(sim_a_slow_reader_reads_as_many_bytes_per_second_as_it_is_told)
{
    const weir_sim_fault script[] = {{.kind = WEIR_SIM_SLOW_READER, .value = RATE}};
    duo d = {0};
    plan p = {.writes = 1000000, .reads = weir_seconds(20)};
    duo_begin(&d, take, &line);
    run(&d, &p, script, 1);
    assert_in_range(d.got, 19 * RATE, 20 * RATE + RATE / 10);
    assert_int_equal(d.result, WEIR_EDEADLINE);
    /* It closed with bytes unread. */
    assert_int_equal(p.write_result, WEIR_ECONNRESET);
}

TEST(sim_who_writes_to_a_slow_reader_waits_when_the_buffers_are_full_and_goes_on_afterwards)
{
    const weir_sim_fault script[] = {
        {.kind = WEIR_SIM_SLOW_READER, .value = RATE},
        {.at = weir_seconds(60), .kind = WEIR_SIM_SLOW_READER, .value = 0}};
    duo d = {0};
    plan p = {.writes = 2000000};
    duo_begin(&d, take, &line);
    run(&d, &p, script, 2);
    assert_int_equal(d.got, p.writes);
    assert_int_equal(d.result, 0);
    assert_int_equal(p.written, p.writes);
    assert_in_range(p.write_ended, 60000000, 61000000);
    assert_in_range(p.read_ended, 60000000, 61000000);
}

TEST(sim_a_reader_slower_than_a_byte_per_second_reads_a_byte_at_a_time)
{
    const weir_sim_fault script[] = {{.kind = WEIR_SIM_SLOW_READER, .value = 1}};
    duo d = {0};
    plan p = {.writes = 100};
    duo_begin(&d, take, &line);
    run(&d, &p, script, 1);
    assert_int_equal(d.got, 100);
    assert_in_range(p.read_ended, 98000000, 101000000);
    /* They had room on the way. */
    assert_true(p.write_ended < 100000);
}

TEST(sim_a_write_to_a_slow_reader_can_be_given_up_and_the_connection_reset)
{
    const weir_sim_fault script[] = {{.kind = WEIR_SIM_SLOW_READER, .value = RATE}};
    duo d = {0};
    plan p = {.writes = 2000000, .patience = weir_seconds(10), .aborts = true};
    duo_begin(&d, take, &line);
    run(&d, &p, script, 1);
    assert_in_range(p.write_ended, 10000000, 10100000);
    assert_in_range(p.written, 10 * RATE, 10 * RATE + BUFFERS);
    /* The reset overtakes what it would have read for half a minute still. */
    assert_int_equal(d.result, WEIR_ECONNRESET);
    assert_true(d.got <= p.written);
}

TEST(sim_the_end_comes_behind_all_that_a_slow_reader_has_to_read)
{
    const weir_sim_fault script[] = {{.kind = WEIR_SIM_SLOW_READER, .value = RATE}};
    duo d = {0};
    plan p = {.writes = 100000};
    duo_begin(&d, take, &line);
    run(&d, &p, script, 1);
    assert_int_equal(d.got, p.writes);
    assert_int_equal(d.result, 0);
    assert_in_range(p.read_ended, 9000000, 10100000);
}

TEST(sim_a_slow_reader_that_is_cut_off_while_its_peer_probes_is_given_up)
{
    const weir_sim_fault script[] = {{.kind = WEIR_SIM_SLOW_READER, .value = 1},
                                     {.at = weir_seconds(5), .kind = WEIR_SIM_UNPLUG}};
    duo d = {0};
    plan p = {.writes = 2000000, .reads = weir_hours(1)};
    duo_begin(&d, take, &line);
    run(&d, &p, script, 2);
    assert_int_equal(p.write_result, WEIR_ETIMEDOUT);
    assert_true(p.write_ended > 60000000);
}

/* Writes to a host that crashes, and to the one that it is after the restart. */
static int give_twice(weir_io *io, void *argument)
{
    static char data[CHUNK];
    const duo *d = argument;
    plan *p = d->own;
    weir_socket socket = duo_connect(io, d);
    assert_int_equal(weir_write_all(io, socket, data, sizeof data), sizeof data);
    weir_sleep(io, weir_seconds(10));
    p->write_result = weir_write(io, socket, data, 1);
    weir_sleep(io, weir_seconds(1));
    p->write_result = weir_write(io, socket, data, 1);
    weir_close_socket(io, socket);
    socket = duo_connect(io, d);
    p->write_ended = duo_time(io);
    assert_int_equal(weir_write_all(io, socket, data, 3 * RATE), 3 * RATE);
    weir_close_socket(io, socket);
    expect_nothing_left(io, d);
    return 0;
}

TEST(sim_a_slow_reader_that_crashes_is_reset_and_reads_at_its_pace_in_its_next_life)
{
    duo d = {0};
    plan p = {0};
    d.own = &p;
    duo_begin(&d, take, &line);
    const weir_sim_fault script[] = {
        {.kind = WEIR_SIM_SLOW_READER, .host = d.server, .value = RATE},
        {.at = weir_seconds(3), .kind = WEIR_SIM_CRASH, .host = d.server},
        {.at = weir_seconds(4), .kind = WEIR_SIM_RESTART, .host = d.server}};
    duo_run(&d, give_twice, script, 3);
    assert_int_equal(p.write_result, WEIR_ECONNRESET);
    assert_int_equal(d.result, 0);
    assert_in_range(d.got, 5 * RATE, 6 * RATE + RATE / 10);
    assert_in_range(p.read_ended - p.write_ended, 2800000, 3100000);
}

/* Several connections ------------------------------------------------------------------------ */

enum { READERS = 5 };

typedef struct reader {
    weir_socket socket;
    size_t got;
} reader;

static int read_on(weir_io *io, void *argument)
{
    static char data[CHUNK];
    reader *r = argument;
    int64_t n;
    while ((n = weir_read(io, r->socket, data, sizeof data)) > 0) r->got += (size_t)n;
    return 0;
}

static int take_several(weir_io *io, void *argument)
{
    duo *d = argument;
    reader *readers = d->own;
    weir_group group = WEIR_GROUP_INIT;
    weir_socket listener = duo_listen(io, d);
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(weir_accept(io, listener, &readers[i].socket), 0);
        assert_int_equal(weir_group_concurrent(io, &group, read_on, &readers[i], NULL), 0);
    }
    weir_sleep(io, weir_seconds(20));
    weir_group_cancel(io, &group);
    for (int i = 0; i < READERS; i++) weir_close_socket(io, readers[i].socket);
    weir_close_socket(io, listener);
    return 0;
}

static int give_several(weir_io *io, void *argument)
{
    static char data[CHUNK];
    weir_socket sockets[READERS];
    for (int i = 0; i < READERS; i++) {
        sockets[i] = duo_connect(io, argument);
        assert_int_equal(weir_write_all(io, sockets[i], data, sizeof data), sizeof data);
    }
    weir_sleep(io, weir_seconds(30));
    for (int i = 0; i < READERS; i++) weir_close_socket(io, sockets[i]);
    return 0;
}

TEST(sim_all_connections_of_a_slow_reader_share_its_pace_and_none_is_left_out)
{
    duo d = {0};
    reader readers[READERS] = {0};
    size_t total = 0;
    d.own = readers;
    duo_begin(&d, take_several, &line);
    const weir_sim_fault script = {.kind = WEIR_SIM_SLOW_READER, .host = d.server, .value = RATE};
    duo_run(&d, give_several, &script, 1);
    for (int i = 0; i < READERS; i++) {
        assert_in_range(readers[i].got, 19 * RATE / READERS / 2, 20 * RATE / READERS * 2);
        total += readers[i].got;
    }
    assert_in_range(total, 19 * RATE, 20 * RATE + RATE / 10);
}

/* Readiness ---------------------------------------------------------------------------------- */

static int poll_and_try(weir_io *io, void *argument)
{
    static char data[CHUNK];
    duo *d = argument;
    int error;
    weir_socket socket = duo_accept(io, d, &error);
    if (error) return error;
    for (;;) {
        assert_true(weir_poll(io, socket, WEIR_POLL_READ) > 0);
        const int64_t n = weir_try_read(io, socket, data, sizeof data);
        /* What was told to be ready is. */
        assert_int_not_equal(n, WEIR_EAGAIN);
        if (n <= 0) break;
        assert_true(n <= RATE / 10);
        d->got += (size_t)n;
        d->result++;
    }
    weir_close_socket(io, socket);
    return 0;
}

TEST(sim_a_slow_reader_is_not_told_of_bytes_that_it_does_not_get)
{
    duo d = {0};
    plan p = {.writes = 50000};
    const weir_sim_fault script[] = {{.kind = WEIR_SIM_SLOW_READER, .value = RATE}};
    duo_begin(&d, poll_and_try, &line);
    run(&d, &p, script, 1);
    assert_int_equal(d.got, p.writes);
    assert_int_equal(d.result, 50);
}

TEST(sim_of_two_paces_the_last_one_holds)
{
    const weir_sim_fault script[] = {
        {.kind = WEIR_SIM_SLOW_READER, .value = 10},
        {.at = weir_seconds(1), .kind = WEIR_SIM_SLOW_READER, .value = RATE}};
    duo d = {0};
    plan p = {.writes = 100000};
    duo_begin(&d, take, &line);
    run(&d, &p, script, 2);
    assert_int_equal(d.got, p.writes);
    assert_in_range(p.read_ended, 9900000, 11100000);
}

/* What is recorded ---------------------------------------------------------------------------- */

static int sleep_on(weir_io *io, void *argument)
{
    (void)argument;
    return weir_sleep(io, weir_seconds(3));
}

TEST(sim_a_slow_reader_is_in_the_text_and_in_the_picture_until_it_is_one_no_more)
{
    duo d = {0};
    char *text = NULL, *picture = NULL;
    size_t size;
    duo_begin(&d, take, &line);
    plan p = {.reads = weir_seconds(1)};
    d.own = &p;
    const weir_sim_fault script[] = {
        {.at = weir_seconds(1), .kind = WEIR_SIM_SLOW_READER, .host = d.server, .value = RATE},
        {.at = weir_seconds(2), .kind = WEIR_SIM_SLOW_READER, .host = d.server}};
    assert_int_equal(weir_sim_record(d.sim, 0), 0);
    assert_int_equal(weir_sim_plan_faults(d.sim, script, 2), 0);
    assert_int_equal(weir_run(weir_sim_io(d.client), sleep_on, &d), 0);
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(weir_sim_write_text(d.sim, NULL, out), 0);
    fclose(out);
    out = open_memstream(&picture, &size);
    assert_int_equal(weir_sim_write_svg(d.sim, NULL, out), 0);
    fclose(out);
    assert_non_null(strstr(text, "!  slow-reader 10000\n"));
    assert_non_null(strstr(text, "!  slow-reader no more\n"));
    assert_non_null(strstr(picture, "<rect class=\"f few\""));
    free(text);
    free(picture);
    weir_sim_destroy(d.sim);
}
