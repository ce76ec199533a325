/* SPDX-License-Identifier: MIT
 *
 * Does each fault do what its name says, and is it over when it is said to be?
 */
#include <string.h>
#include <sys/socket.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/file.h>
#include <weir/io/group.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>
#include <weir/io/sim/fault.h>
#include <weir/io/socket.h>

#include "io/sim/disk.h"
#include "io/sim/net.h"
#include "test/harness/test.h"

/* One server that repeats bytes, and one client. */
typedef struct pair {
    weir_sim *sim;
    weir_sim_host *server, *client;
    weir_address address;
    weir_duration pause; /* between two bytes */
    unsigned rounds, whole;
    unsigned deaf_after; /* rounds after which the server looks at nothing for long; 0: never */
    int server_error, client_error;
    weir_duration longest; /* round */
} pair;

static int repeat(weir_io *io, void *argument)
{
    pair *p = argument;
    weir_socket listener, socket;
    char byte;
    int error = weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &listener);
    if (error) return error;
    error = weir_bind(io, listener, &p->address);
    if (!error) error = weir_listen(io, listener, 16);
    if (!error) error = weir_accept(io, listener, &socket);
    if (!error) {
        int64_t n;
        for (unsigned r = 1; (n = weir_read(io, socket, &byte, 1)) == 1; r++) {
            if ((n = weir_write_all(io, socket, &byte, 1)) != 1) break;
            if (r == p->deaf_after) weir_sleep(io, weir_seconds(500));
        }
        p->server_error = (int)n;
        weir_close_socket(io, socket);
    }
    weir_close_socket(io, listener);
    return error;
}

static int64_t one_round(weir_io *io, pair *p, weir_socket socket)
{
    const weir_instant before = weir_now(io, WEIR_CLOCK_MONOTONIC);
    char byte = 'x';
    int64_t n = weir_write_all(io, socket, &byte, 1);
    if (n == 1) n = weir_read(io, socket, &byte, 1);
    const weir_duration took = weir_instant_since(weir_now(io, WEIR_CLOCK_MONOTONIC), before);
    if (took.ns > p->longest.ns) p->longest = took;
    return n;
}

static int converse(weir_io *io, void *argument)
{
    pair *p = argument;
    weir_socket socket;
    weir_sleep(io, weir_milliseconds(1));
    int64_t n = weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &socket);
    if (!n) n = weir_connect(io, socket, &p->address);
    for (unsigned r = 0; r < p->rounds && n >= 0; r++) {
        n = one_round(io, p, socket);
        if (n == 1) p->whole++;
        weir_sleep(io, p->pause);
    }
    p->client_error = n < 0 ? (int)n : 0;
    weir_close_socket(io, socket);
    return 0;
}

static void pair_begin(pair *p)
{
    *p = (pair){.rounds = 100, .pause = weir_milliseconds(100)};
    assert_int_equal(weir_sim_create(&(weir_sim_options){.seed = 3}, &p->sim), 0);
    assert_int_equal(weir_sim_add_host(p->sim, "server", "10.0.0.1", &p->server), 0);
    assert_int_equal(weir_sim_add_host(p->sim, "client", "10.0.0.2", &p->client), 0);
    assert_int_equal(weir_address_parse(weir_bytes_text("10.0.0.1:80"), &p->address), 0);
    assert_int_equal(weir_sim_start(p->server, "server", repeat, p), 0);
}

static void pair_run(pair *p, const weir_sim_fault *script, size_t count)
{
    assert_int_equal(weir_sim_plan_faults(p->sim, script, count), 0);
    assert_int_equal(weir_run(weir_sim_io(p->client), converse, p), 0);
}

static int sleep_until(weir_io *io, void *argument)
{
    return weir_sleep(io, *(weir_duration *)argument);
}

/* Nothing is left of what the programs had. */
static void expect_empty(weir_sim *sim, weir_sim_host *any)
{
    weir_duration while_ = weir_hours(1);
    assert_int_equal(weir_run(weir_sim_io(any), sleep_until, &while_), 0);
    const weir_sim_usage usage = weir_sim_usage_of(sim);
    assert_int_equal(usage.tasks, 0);
    assert_int_equal(usage.nodes, 0);
    assert_int_equal(usage.connections, 0);
    assert_int_equal(usage.buffers, 0);
    assert_int_equal(usage.events, 0);
}

TEST(sim_a_host_that_two_faults_have_unplugged_is_back_after_the_second_plug)
{
    pair p;
    pair_begin(&p);
    const weir_sim_fault script[] = {{weir_seconds(1), WEIR_SIM_UNPLUG, p.server, NULL, 0},
                                     {weir_seconds(5), WEIR_SIM_UNPLUG, p.server, NULL, 0},
                                     {weir_seconds(10), WEIR_SIM_PLUG, p.server, NULL, 0},
                                     {weir_seconds(20), WEIR_SIM_PLUG, p.server, NULL, 0}};
    pair_run(&p, script, 4);
    assert_int_equal(p.whole, p.rounds);
    assert_true(p.longest.ns > 18900000000);
    expect_empty(p.sim, p.client);
    weir_sim_destroy(p.sim);
}

TEST(sim_a_link_that_two_faults_have_cut_is_whole_after_the_second_join)
{
    pair p;
    pair_begin(&p);
    const weir_sim_fault script[] = {{weir_seconds(1), WEIR_SIM_CUT, p.server, p.client, 0},
                                     {weir_seconds(5), WEIR_SIM_CUT, p.server, p.client, 0},
                                     {weir_seconds(10), WEIR_SIM_JOIN, p.server, p.client, 0},
                                     {weir_seconds(20), WEIR_SIM_JOIN, p.server, p.client, 0}};
    pair_run(&p, script, 4);
    assert_int_equal(p.whole, p.rounds);
    assert_true(p.longest.ns > 18900000000);
    weir_sim_destroy(p.sim);
}

TEST(sim_a_host_that_has_crashed_twice_is_back_after_the_second_restart)
{
    pair p;
    pair_begin(&p);
    const weir_sim_fault script[] = {{weir_seconds(1), WEIR_SIM_CRASH, p.server, NULL, 0},
                                     {weir_seconds(5), WEIR_SIM_CRASH, p.server, NULL, 0},
                                     {weir_seconds(10), WEIR_SIM_RESTART, p.server, NULL, 0},
                                     {weir_seconds(20), WEIR_SIM_RESTART, p.server, NULL, 0}};
    pair_run(&p, script, 4);
    assert_int_equal(p.client_error, WEIR_ECONNRESET);
    assert_true(p.longest.ns > 18900000000);
    weir_sim_destroy(p.sim);
}

TEST(sim_the_peer_of_a_host_that_forgot_a_connection_is_reset_when_it_sends)
{
    pair p;
    pair_begin(&p);
    p.pause = weir_seconds(10);
    const weir_sim_fault script[] = {{weir_seconds(15), WEIR_SIM_FORGET, p.server, NULL, 0}};
    pair_run(&p, script, 1);
    assert_int_equal(p.whole, 2); /* at 0 and 10 s; the third sends into nothing */
    assert_int_equal(p.client_error, WEIR_ECONNRESET);
    assert_int_equal(p.server_error, WEIR_ETIMEDOUT);
    expect_empty(p.sim, p.client);
    weir_sim_destroy(p.sim);
}

TEST(sim_a_connection_is_forgotten_also_while_its_program_looks_away)
{
    pair p;
    pair_begin(&p);
    p.pause = weir_seconds(10);
    p.deaf_after = 2;
    const weir_sim_fault script[] = {{weir_seconds(15), WEIR_SIM_FORGET, p.server, NULL, 0}};
    pair_run(&p, script, 1);
    assert_int_equal(p.whole, 2);
    assert_int_equal(p.client_error, WEIR_ECONNRESET);
    assert_true(p.longest.ns < 1000000000);
    weir_sim_destroy(p.sim);
}

TEST(sim_a_clock_that_drifts_gains_so_much_per_second)
{
    pair p;
    pair_begin(&p);
    weir_io *io = weir_sim_io(p.server);
    weir_duration second = weir_seconds(1000);
    const weir_sim_fault script[] = {{weir_seconds(0), WEIR_SIM_DRIFT, p.server, NULL, 1000000},
                                     {weir_seconds(500), WEIR_SIM_DRIFT, p.server, NULL, 0}};
    const int64_t ahead = weir_now(io, WEIR_CLOCK_REAL).ns - weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
    assert_int_equal(weir_sim_plan_faults(p.sim, script, 2), 0);
    assert_int_equal(weir_run(weir_sim_io(p.client), sleep_until, &second), 0);
    const int64_t gained =
        weir_now(io, WEIR_CLOCK_REAL).ns - weir_now(io, WEIR_CLOCK_MONOTONIC).ns - ahead;
    assert_true(gained > 499999000 && gained < 500001000);
    weir_sim_destroy(p.sim);
}

/* 2^k times the scale, less the scale, is reached by one of 4^k. */
TEST(sim_the_tail_of_a_link_is_long_and_the_same_on_every_compiler)
{
    enum { PACKETS = 65536, SCALE = 1000000 };
    pair p;
    pair_begin(&p);
    sim_link *link = weir_sim_link_get(p.server, p.client);
    assert_non_null(link);
    link->is = (weir_sim_link){.tail = {SCALE}};
    unsigned reached[9] = {0};
    uint64_t mixed = 0;
    for (unsigned i = 0; i < PACKETS; i++) {
        link->latest = 0;
        const int64_t delay = weir_sim_link_pass(p.server, link, 100) - SIM_START_NS;
        assert_true(delay >= 0);
        mixed = mixed * 31 + (uint64_t)delay;
        for (unsigned k = 0; k < 9; k++) reached[k] += delay >= ((INT64_C(1) << k) - 1) * SCALE;
    }
    assert_true(reached[1] > PACKETS / 4 && reached[1] < PACKETS * 3 / 4);
    for (unsigned k = 2; k <= 5; k++)
        assert_true(reached[k] > reached[k - 1] / 8 && reached[k] < reached[k - 1] * 3 / 4);
    assert_true(reached[6] > 0);
    assert_int_equal(reached[7], 0);
    if (mixed != UINT64_C(0x74294714acb5517))
        fail_msg("the delays mix to %#llx", (unsigned long long)mixed);
    weir_sim_destroy(p.sim);
}

/* What undoes a fault: itself, without its value, if nothing else; -1: nothing has to. */
static int undo_of(weir_sim_fault_kind kind)
{
    switch (kind) {
    case WEIR_SIM_CUT: return WEIR_SIM_JOIN;
    case WEIR_SIM_UNPLUG: return WEIR_SIM_PLUG;
    case WEIR_SIM_CRASH: return WEIR_SIM_RESTART;
    case WEIR_SIM_RESET:
    case WEIR_SIM_FORGET: return -1;
    default: return (int)kind;
    }
}

TEST(sim_the_hostile_profile_draws_every_kind_of_fault_and_its_end)
{
    unsigned seen[WEIR_SIM_FAULTS] = {0};
    const weir_duration while_ = weir_seconds(10);
    for (uint64_t seed = 1; seed <= 100; seed++) {
        pair p;
        weir_sim_fault faults[32];
        pair_begin(&p);
        weir_sim_host *const victims[] = {p.server, p.client};
        for (unsigned turn = 0; turn < seed % 5; turn++)
            weir_sim_draw_faults(p.sim, WEIR_SIM_HOSTILE, while_, victims, 2, faults, 32);
        const size_t count =
            weir_sim_draw_faults(p.sim, WEIR_SIM_HOSTILE, while_, victims, 2, faults, 32);
        assert_true(count >= 12 && count <= 24);
        for (size_t i = 0; i < count; i++) {
            const int undo = undo_of(faults[i].kind);
            seen[faults[i].kind]++;
            assert_true(faults[i].at.ns >= 0 && faults[i].at.ns <= while_.ns);
            if (undo < 0) continue;
            assert_int_equal(faults[++i].kind, undo);
            assert_true(faults[i].at.ns > faults[i - 1].at.ns && faults[i].at.ns <= while_.ns);
            assert_int_equal(faults[i].value, 0);
            seen[faults[i].kind]++;
        }
        assert_int_equal(weir_sim_draw_faults(p.sim, WEIR_SIM_CALM, while_, victims, 2, faults, 32),
                         0);
        weir_sim_destroy(p.sim);
    }
    for (int kind = 0; kind < WEIR_SIM_FAULTS; kind++) {
        if (seen[kind] == 0) fail_msg("%s is never drawn", weir_sim_fault_name(kind));
    }
}

/* Files ------------------------------------------------------------------------------------ */

static void run_alone(weir_task_fn *run, weir_sim_profile profile)
{
    weir_sim *sim;
    weir_sim_host *only;
    assert_int_equal(weir_sim_create(&(weir_sim_options){.seed = 5}, &sim), 0);
    weir_sim_use(sim, profile);
    assert_int_equal(weir_sim_add_host(sim, "here", NULL, &only), 0);
    assert_int_equal(weir_run(weir_sim_io(only), run, only), 0);
    expect_empty(sim, only);
    weir_sim_destroy(sim);
}

/* Sets a number of the host now. */
static void set(weir_io *io, weir_sim_fault_kind kind, int64_t value)
{
    const weir_sim_fault fault = {.kind = kind, .host = weir_sim_host_of(io), .value = value};
    assert_int_equal(weir_sim_plan_faults(weir_sim_of(io), &fault, 1), 0);
    weir_sleep(io, weir_milliseconds(1));
}

static weir_file open_new(weir_io *io, const char *path)
{
    weir_file file = {-1};
    const uint32_t flags = WEIR_OPEN_READ | WEIR_OPEN_WRITE | WEIR_OPEN_CREATE | WEIR_OPEN_TRUNCATE;
    assert_int_equal(weir_open(io, WEIR_FILE_CWD, path, flags, 0644, &file), 0);
    return file;
}

static int meet_errors(weir_io *io, void *argument)
{
    char data[64] = "text";
    (void)argument;
    weir_file file = open_new(io, "/file");
    assert_int_equal(weir_write_at(io, file, data, sizeof data, 0), sizeof data);
    set(io, WEIR_SIM_DISK_ERROR, 1000000);
    assert_int_equal(weir_read_at(io, file, data, sizeof data, 0), WEIR_EIO);
    assert_int_equal(weir_write_at(io, file, "else", 4, 0), WEIR_EIO);
    set(io, WEIR_SIM_DISK_ERROR, 200000);
    unsigned failed = 0;
    for (unsigned i = 0; i < 1000; i++) {
        const int64_t n = weir_read_at(io, file, data, sizeof data, 0);
        assert_true(n == WEIR_EIO || n == sizeof data);
        failed += n < 0;
    }
    assert_true(failed > 100 && failed < 300);
    set(io, WEIR_SIM_DISK_ERROR, 0);
    assert_int_equal(weir_read_at(io, file, data, sizeof data, 0), sizeof data);
    assert_string_equal(data, "text");
    weir_close_file(io, file);
    return 0;
}

TEST(sim_a_disk_with_errors_fails_as_often_as_asked)
{
    run_alone(meet_errors, WEIR_SIM_CALM);
}

static int fill_up(weir_io *io, void *argument)
{
    char data[1500];
    memset(data, 'a', sizeof data);
    weir_file file = open_new(io, "/file"), other = open_new(io, "/other");
    set(io, WEIR_SIM_DISK_FULL, 1000);
    assert_int_equal(weir_write_at(io, file, data, sizeof data, 0), 1000);
    assert_int_equal(weir_write_at(io, file, data, sizeof data, 1000), WEIR_ENOSPC);
    assert_int_equal(weir_write_at(io, other, data, 1, 0), WEIR_ENOSPC);
    /* What is there may be written again. */
    assert_int_equal(weir_write_at(io, file, data, 500, 500), 500);
    assert_int_equal(weir_write_at(io, file, data, 500, 700), 300);
    /* A file without a name takes room until it is closed. */
    assert_int_equal(weir_sim_disk_remove(argument, "/file", false), 0);
    assert_int_equal(weir_write_at(io, other, data, 1, 0), WEIR_ENOSPC);
    weir_close_file(io, file);
    assert_int_equal(weir_write_at(io, other, data, 600, 0), 600);
    /* Cutting a file gives its room back; a gap takes room. */
    weir_close_file(io, other);
    other = open_new(io, "/other");
    assert_int_equal(weir_write_at(io, other, data, 10, 1000), WEIR_ENOSPC);
    assert_int_equal(weir_write_at(io, other, data, 20, 990), 10);
    set(io, WEIR_SIM_DISK_FULL, 0);
    assert_int_equal(weir_write_at(io, other, data, sizeof data, 1000), sizeof data);
    weir_close_file(io, other);
    return 0;
}

TEST(sim_a_full_disk_takes_what_fits_and_no_more)
{
    run_alone(fill_up, WEIR_SIM_CALM);
}

static int go_on_until_all(weir_io *io, void *argument)
{
    enum { SIZE = 20000, PART = 500 };
    static char sent[SIZE], got[SIZE];
    unsigned short_writes = 0, short_reads = 0;
    (void)argument;
    weir_random(io, sent, sizeof sent);
    weir_file file = open_new(io, "/file");
    for (int64_t at = 0, n; at < SIZE; at += n) {
        const size_t want = SIZE - at < PART ? (size_t)(SIZE - at) : PART;
        n = weir_write_at(io, file, sent + at, want, (uint64_t)at);
        assert_true(n > 0 && n <= (int64_t)want);
        short_writes += n < (int64_t)want;
    }
    for (int64_t at = 0, n; at < SIZE; at += n) {
        const size_t want = SIZE - at < PART ? (size_t)(SIZE - at) : PART;
        n = weir_read_at(io, file, got + at, want, (uint64_t)at);
        assert_true(n > 0 && n <= (int64_t)want);
        short_reads += n < (int64_t)want;
    }
    assert_memory_equal(sent, got, SIZE);
    assert_true(short_writes > 0 && short_reads > 0);
    weir_close_file(io, file);
    return 0;
}

TEST(sim_reads_and_writes_of_files_are_short_where_counts_are)
{
    run_alone(go_on_until_all, WEIR_SIM_HOSTILE);
}

/* Memory ----------------------------------------------------------------------------------- */

static int nothing(weir_io *io, void *argument)
{
    (void)io;
    (void)argument;
    return 0;
}

static int go_without(weir_io *io, void *argument)
{
    weir_socket socket, two[2];
    weir_file file;
    weir_group group = WEIR_GROUP_INIT;
    (void)argument;
    set(io, WEIR_SIM_MEMORY, 1000000);
    assert_int_equal(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &socket), WEIR_ENOMEM);
    assert_int_equal(weir_socket_pair(io, SOCK_STREAM, two), WEIR_ENOMEM);
    assert_int_equal(weir_open(io, WEIR_FILE_CWD, "/f", WEIR_OPEN_READ, 0, &file), WEIR_ENOMEM);
    assert_int_equal(weir_group_concurrent(io, &group, nothing, NULL, NULL), WEIR_ENOMEM);
    set(io, WEIR_SIM_MEMORY, 0);
    assert_int_equal(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &socket), 0);
    assert_int_equal(weir_group_concurrent(io, &group, nothing, NULL, NULL), 0);
    weir_group_wait(io, &group);
    weir_close_socket(io, socket);
    return 0;
}

TEST(sim_without_memory_ops_and_spawns_fail_and_leave_nothing)
{
    run_alone(go_without, WEIR_SIM_CALM);
}

TEST(sim_a_host_with_little_memory_drops_connections_and_leaves_nothing)
{
    unsigned failed = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        pair p;
        pair_begin(&p);
        p.pause = weir_milliseconds((int64_t)seed);
        const weir_sim_fault script[] = {{weir_seconds(0), WEIR_SIM_MEMORY, p.server, NULL, 100000},
                                         {weir_seconds(0), WEIR_SIM_MEMORY, p.client, NULL, 10000}};
        pair_run(&p, script, 2);
        failed += p.whole < p.rounds;
        expect_empty(p.sim, p.client);
        weir_sim_destroy(p.sim);
    }
    assert_true(failed > 0);
}
