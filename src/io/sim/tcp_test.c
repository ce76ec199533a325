/* SPDX-License-Identifier: MIT
 *
 * Do bytes of a TCP connection come as segments do: in parts, late behind a lost one, cut off by a
 * reset, and always in order?
 */
#include <stdlib.h>
#include <string.h>

#include "io/sim/testing.h"

enum { TOTAL = 300000 };

/* Link with a border between packets: so fast that it takes no time that would be seen. */
static const weir_sim_link fast = {.latency = {10000000}, .bandwidth = UINT64_C(10000000000)};

static char byte_at(size_t at)
{
    return (char)(at * 7 + at / 1448);
}

static int64_t send_all(weir_io *io, weir_socket socket, size_t total)
{
    char *data = malloc(total);
    assert_non_null(data);
    for (size_t i = 0; i < total; i++) data[i] = byte_at(i);
    const int64_t sent = weir_write_all(io, socket, data, total);
    free(data);
    return sent;
}

/* What a reader has seen. */
typedef struct view {
    size_t got, reads, first;
    int64_t first_at, last_at; /* microseconds */
    int64_t end;               /* of the last read: 0 or an error */
} view;

static view read_all(weir_io *io, weir_socket socket)
{
    static char data[1 << 20];
    view v = {0};
    while ((v.end = weir_read(io, socket, data, sizeof data)) > 0) {
        for (size_t i = 0; i < (size_t)v.end; i++) assert_int_equal(data[i], byte_at(v.got + i));
        v.last_at = duo_time(io);
        if (v.reads++ == 0) v.first = (size_t)v.end, v.first_at = v.last_at;
        v.got += (size_t)v.end;
    }
    return v;
}

static int serve_bytes(weir_io *io, void *argument)
{
    duo *d = argument;
    int error;
    weir_socket socket = duo_accept(io, d, &error);
    if (error) return error;
    d->result = send_all(io, socket, TOTAL);
    weir_close_socket(io, socket);
    return 0;
}

static int take_bytes(weir_io *io, void *argument)
{
    duo *d = argument;
    weir_socket socket = duo_connect(io, d);
    *(view *)d->own = read_all(io, socket);
    weir_close_socket(io, socket);
    return 0;
}

static view transfer(const weir_sim_link *link)
{
    view v;
    duo d = {.own = &v};
    duo_begin(&d, serve_bytes, link);
    duo_run(&d, take_bytes, NULL, 0);
    return v;
}

TEST(sim_tcp_a_write_comes_in_parts_as_the_link_carries_them)
{
    const view v = transfer(&(weir_sim_link){.latency = {1000000}, .bandwidth = 1000000});
    assert_int_equal(v.got, TOTAL);
    assert_int_equal(v.end, 0);
    assert_int_equal(v.first, 1448);
    assert_int_equal(v.reads, (TOTAL + 1447) / 1448);
    const int64_t took = v.last_at - v.first_at;
    assert_true(took > 300000 && took < 330000);
}

TEST(sim_tcp_a_write_comes_in_large_parts_where_no_border_shows)
{
    const view v = transfer(&(weir_sim_link){.latency = {1000000}});
    assert_int_equal(v.got, TOTAL);
    assert_int_equal(v.first_at, v.last_at);
    assert_true(v.reads < 8);
}

TEST(sim_tcp_all_bytes_come_in_order_over_every_bad_link)
{
    const weir_sim_link links[] = {
        {.latency = {20000000}, .loss = 200000},
        {.latency = {20000000}, .loss = 50000, .reorder = 300000, .jitter = {30000000}},
        {.latency = {1000000}, .bandwidth = 200000, .queue = {100000000}},
        {.latency = {1000000}, .bandwidth = 500000, .queue = {50000000}, .loss = 100000},
    };
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        const view v = transfer(&links[i]);
        assert_int_equal(v.got, TOTAL);
        assert_int_equal(v.end, 0);
        assert_true(v.reads > 10);
    }
}

/* One segment is lost, and `d->own` bytes are sent behind it. */
static int lose_one(weir_io *io, void *argument)
{
    duo *d = argument;
    const size_t behind = *(const size_t *)d->own;
    weir_socket socket = duo_connect(io, d);
    weir_sim_set_links(d->sim, &fast);
    assert_int_equal(weir_sim_cut(d->client, d->server, true), 0);
    assert_int_equal(weir_write(io, socket, "a", 1), 1);
    assert_int_equal(weir_sim_cut(d->client, d->server, false), 0);
    char *data = calloc(1, behind);
    assert_non_null(data);
    assert_int_equal(weir_write_all(io, socket, data, behind), behind);
    free(data);
    weir_sleep(io, weir_seconds(5));
    weir_close_socket(io, socket);
    return 0;
}

/* Tells when the first byte has come; all behind it come with it. */
static int wait_for_one(weir_io *io, void *argument)
{
    duo *d = argument;
    int error;
    char data[20000];
    weir_socket socket = duo_accept(io, d, &error);
    if (error) return error;
    const int64_t before = duo_time(io);
    const int64_t n = weir_read(io, socket, data, sizeof data);
    assert_true(n > 0 && data[0] == 'a');
    d->got = (size_t)n;
    d->result = duo_time(io) - before;
    weir_close_socket(io, socket);
    return 0;
}

TEST(sim_tcp_three_segments_behind_a_lost_one_bring_it_soon)
{
    size_t behind = 3 * 1448;
    duo d = {.own = &behind};
    duo_begin(&d, wait_for_one, NULL);
    duo_run(&d, lose_one, NULL, 0);
    /* There, back, and there again. */
    assert_true(d.result >= 30000 && d.result < 31000);
    assert_int_equal(d.got, 1 + behind);
}

TEST(sim_tcp_with_two_segments_behind_it_a_lost_one_takes_its_time)
{
    size_t behind = 2 * 1448;
    duo d = {.own = &behind};
    duo_begin(&d, wait_for_one, NULL);
    duo_run(&d, lose_one, NULL, 0);
    assert_true(d.result >= 210000 && d.result < 240000);
    assert_int_equal(d.got, 1 + behind);
}

TEST(sim_tcp_no_more_than_a_window_is_sent_behind_a_lost_segment)
{
    size_t behind = 12 * 1448;
    duo d = {.own = &behind};
    duo_begin(&d, wait_for_one, NULL);
    duo_run(&d, lose_one, NULL, 0);
    assert_true(d.result < 31000);
    assert_int_equal(d.got, 1 + 10 * 1448);
}

/* Cut off ----------------------------------------------------------------------------------- */

static const weir_sim_link slow = {.latency = {1000000}, .bandwidth = 1000000};

/* Sends, and resets the connection in the middle. */
static int serve_half(weir_io *io, void *argument)
{
    int error;
    weir_socket socket = duo_accept(io, argument, &error);
    if (error) return error;
    const struct linger none = {.l_onoff = 1};
    assert_int_equal(weir_set_option(io, socket, SOL_SOCKET, SO_LINGER, &none, sizeof none), 0);
    send_all(io, socket, 30000);
    weir_sleep(io, weir_milliseconds(10));
    assert_int_equal(weir_sim_cut(((duo *)argument)->server, ((duo *)argument)->client, true), 0);
    send_all(io, socket, 30000);
    assert_int_equal(weir_sim_cut(((duo *)argument)->server, ((duo *)argument)->client, false), 0);
    weir_close_socket(io, socket);
    return 0;
}

TEST(sim_tcp_a_reset_leaves_what_was_under_way_and_not_what_was_lost)
{
    view v;
    duo d = {.own = &v};
    duo_begin(&d, serve_half, &slow);
    duo_run(&d, take_bytes, NULL, 0);
    assert_int_equal(v.got, 30000);
    assert_int_equal(v.end, WEIR_ECONNRESET);
}

TEST(sim_tcp_a_connection_that_is_reset_in_the_middle_of_a_body_leaves_its_beginning)
{
    view v;
    duo d = {.own = &v};
    duo_begin(&d, serve_bytes, &slow);
    const weir_sim_fault script = {weir_milliseconds(100), WEIR_SIM_RESET, d.client, NULL, 0};
    duo_run(&d, take_bytes, &script, 1);
    assert_true(v.got > 80000 && v.got < 110000);
    assert_int_equal(v.end, WEIR_ECONNRESET);
}

/* A reset that is lost is not sent again: the peer hears of it when it sends something. */
static int reset_in_vain(weir_io *io, void *argument)
{
    duo *d = argument;
    int error;
    weir_socket socket = duo_accept(io, d, &error);
    if (error) return error;
    const struct linger none = {.l_onoff = 1};
    assert_int_equal(weir_set_option(io, socket, SOL_SOCKET, SO_LINGER, &none, sizeof none), 0);
    weir_sleep(io, weir_seconds(1));
    assert_int_equal(weir_sim_cut(d->server, d->client, true), 0);
    weir_close_socket(io, socket);
    assert_int_equal(weir_sim_cut(d->server, d->client, false), 0);
    return 0;
}

static int leave_before(weir_io *io, void *argument)
{
    const duo *d = argument;
    weir_close_socket(io, duo_connect(io, d));
    weir_sleep(io, weir_seconds(2));
    assert_int_equal(weir_sim_usage_of(d->sim).connections, 0);
    return 0;
}

TEST(sim_tcp_nothing_is_left_of_a_connection_whose_last_reset_is_lost)
{
    duo d = {0};
    duo_begin(&d, reset_in_vain, &slow);
    duo_run(&d, leave_before, NULL, 0);
}

static int wait_then_ask(weir_io *io, void *argument)
{
    char byte;
    weir_scope scope;
    weir_socket socket = duo_connect(io, argument);
    weir_scope_enter_for(io, &scope, weir_hours(1));
    assert_int_equal(weir_read(io, socket, &byte, 1), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    assert_int_equal(weir_write(io, socket, "x", 1), 1);
    assert_int_equal(weir_read(io, socket, &byte, 1), WEIR_ECONNRESET);
    weir_close_socket(io, socket);
    return 0;
}

TEST(sim_tcp_a_reset_that_is_lost_is_told_to_who_sends)
{
    duo d = {0};
    duo_begin(&d, reset_in_vain, &slow);
    duo_run(&d, wait_then_ask, NULL, 0);
}

/* The numbers are those of every compiler and build; a change of the simulator changes them. */
TEST(sim_tcp_a_transfer_has_the_hash_that_it_has_on_every_compiler)
{
    static const uint64_t known[] = {UINT64_C(0x976b442d22b2f2cd), UINT64_C(0x1983e4e117c36a59),
                                     UINT64_C(0x2340036c13ed76b1)};
    for (int i = 0; i < WEIR_SIM_PROFILES; i++) {
        view v;
        duo d = {.own = &v};
        duo_begin(&d, serve_bytes, NULL);
        weir_sim_use(d.sim, (weir_sim_profile)i);
        assert_int_equal(weir_run(weir_sim_io(d.client), take_bytes, &d), 0);
        assert_int_equal(v.got, TOTAL);
        const uint64_t hash = weir_sim_hash(d.sim);
        if (hash != known[i])
            fail_msg("the hash of profile %d is %#llx", i, (unsigned long long)hash);
        weir_sim_destroy(d.sim);
    }
}
