/* SPDX-License-Identifier: MIT
 *
 * Does what net/ promises about datagrams, groups, interfaces and socket files hold between the
 * hosts of a simulated network, and is such a run the same each time?
 */
#include <string.h>
#include <sys/socket.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/file.h>
#include <weir/io/group.h>
#include <weir/io/scope.h>
#include <weir/io/sim/fault.h>
#include <weir/io/sim/sim.h>
#include <weir/net/interface.h>
#include <weir/net/multicast.h>
#include <weir/net/udp.h>
#include <weir/net/unix.h>

#include "test/harness/test.h"

enum { HOSTS = 3, PORT = 7000, SEGMENT = 1000, SEGMENTS = 5 };

/* Three hosts, of IPv4 or of IPv6; the first runs the test. */
typedef struct village {
    weir_sim *sim;
    weir_sim_host *hosts[HOSTS];
    weir_io *io[HOSTS];
    bool six;
    weir_udp_socket at[HOSTS];
    weir_address address[HOSTS]; /* of the sockets */
    int64_t result;
    int starts, found[2], listened[2], reached[2]; /* of the server that crashes */
    uint32_t mode[2];
} village;

static const char *const names[2][HOSTS] = {{"192.0.2.1", "192.0.2.2", "192.0.2.3"},
                                            {"2001:db8::1", "2001:db8::2", "2001:db8::3"}};

static weir_address address_of(const char *text, uint16_t port)
{
    weir_address address;
    assert_int_equal(weir_address_parse_ip(weir_bytes_text(text), port, &address), 0);
    return address;
}

/* Runs `body` on the first host.  Returns the hash of the run. */
static uint64_t run_once(weir_task_fn *body, bool six, const weir_sim_link *link, uint64_t seed)
{
    village v = {.six = six};
    assert_int_equal(weir_sim_create(&(weir_sim_options){.seed = seed}, &v.sim), 0);
    for (int i = 0; i < HOSTS; i++) {
        assert_int_equal(weir_sim_add_host(v.sim, names[0][i], names[six][i], &v.hosts[i]), 0);
        v.io[i] = weir_sim_io(v.hosts[i]);
        v.address[i] = address_of(names[six][i], PORT);
    }
    if (link) weir_sim_set_links(v.sim, link);
    assert_int_equal(weir_run(v.io[0], body, &v), 0);
    const uint64_t hash = weir_sim_hash(v.sim);
    weir_sim_destroy(v.sim);
    return hash;
}

static void twice(weir_task_fn *body, bool six, const weir_sim_link *link)
{
    const uint64_t seed = 20;
    assert_true(run_once(body, six, link, seed) == run_once(body, six, link, seed));
}

/* A step that another host does, while the first one waits. */
typedef struct step {
    village *v;
    int host;
    int64_t (*run)(weir_io *io, village *v, int host);
    bool done;
} step;

static int do_step(weir_io *io, void *argument)
{
    step *s = argument;
    s->v->result = s->run(io, s->v, s->host);
    s->done = true;
    return 0;
}

/* Lets a host do something, and returns its result. */
static int64_t on(weir_io *io, village *v, int host, int64_t (*run)(weir_io *, village *, int))
{
    step s = {.v = v, .host = host, .run = run};
    assert_int_equal(weir_sim_start(v->hosts[host], "step", do_step, &s), 0);
    while (!s.done) assert_int_equal(weir_sleep(io, weir_microseconds(10)), 0);
    return v->result;
}

static weir_address any_of(const village *v)
{
    return v->six ? weir_address_any6(PORT) : weir_address_any4(PORT);
}

static int64_t open_rich(weir_io *io, village *v, int host)
{
    const weir_socket_options all = {.receive_packet_info = true,
                                     .receive_ttl = true,
                                     .receive_traffic_class = true,
                                     .receive_timestamp = true,
                                     .receive_errors = true,
                                     .udp_gro = true,
                                     .broadcast = true};
    const weir_address any = any_of(v);
    return weir_udp_bind(io, &any, &all, &v->at[host]);
}

static int64_t close_it(weir_io *io, village *v, int host)
{
    weir_udp_close(io, &v->at[host]);
    return 0;
}

static void open_all(weir_io *io, village *v)
{
    for (int i = 0; i < HOSTS; i++) assert_int_equal(on(io, v, i, open_rich), 0);
}

static void close_all(weir_io *io, village *v)
{
    for (int i = 0; i < HOSTS; i++) on(io, v, i, close_it);
}

static char taken[8192];
static weir_datagram datagram;

static int64_t take(weir_io *io, village *v, int host)
{
    const weir_deadline soon = weir_deadline_after(io, weir_milliseconds(100));
    return weir_udp_receive_datagram(io, &v->at[host], taken, sizeof taken, soon, &datagram);
}

/* Control data ------------------------------------------------------------------------------ */

static int tell_all(weir_io *io, void *argument)
{
    village *v = argument;
    open_all(io, v);
    weir_sim_set_skew(v->hosts[1], weir_seconds(7));
    weir_datagram how = {.peer = v->address[1]};
    how.about.has = WEIR_ANCILLARY_TTL | WEIR_ANCILLARY_TRAFFIC_CLASS;
    how.about.ttl = 5;
    how.about.traffic_class = 0x2a;
    const int64_t sent = weir_now(io, WEIR_CLOCK_REAL).ns;
    assert_int_equal(weir_udp_send_datagram(io, &v->at[0], "hello", 5, &how), 5);
    assert_int_equal(on(io, v, 1, take), 5);
    assert_int_equal(datagram.about.ttl, 5);
    assert_int_equal(datagram.about.traffic_class, 0x2a);
    assert_int_equal(datagram.about.interface.index, 2);
    weir_address own = v->address[1];
    own.port = 0;
    assert_true(weir_address_equal(&datagram.about.destination, &own));
    assert_true(weir_address_equal(&datagram.about.local, &own));
    /* By the clock of the host where it arrives, which is ahead. */
    const int64_t took = datagram.about.timestamp.ns - sent - INT64_C(7000000000);
    assert_true(took >= 20000000 && took < 20010000);
    /* To itself by the loopback interface, also for the other address. */
    assert_int_equal(weir_udp_send_to(io, &v->at[0], "self", 4, &v->address[0]), 4);
    assert_int_equal(on(io, v, 0, take), 4);
    assert_int_equal(datagram.about.interface.index, 1);
    assert_int_equal(datagram.about.ttl, 64);
    close_all(io, v);
    return 0;
}

static const weir_sim_link link_20ms = {.latency = {20000000}};

TEST(sim_datagrams_bring_what_was_asked_for)
{
    twice(tell_all, false, &link_20ms);
    twice(tell_all, true, &link_20ms);
}

static int refuse_all(weir_io *io, void *argument)
{
    village *v = argument;
    weir_udp_error error;
    char data[16];
    assert_int_equal(on(io, v, 0, open_rich), 0);
    assert_int_equal(weir_udp_send_to(io, &v->at[0], "one", 3, &v->address[1]), 3);
    assert_int_equal(weir_udp_send_to(io, &v->at[0], "second", 6, &v->address[2]), 6);
    for (int i = 1; i < HOSTS; i++) {
        assert_int_equal(weir_udp_receive_error(io, &v->at[0], data, sizeof data, &error),
                         i == 1 ? 3 : 6);
        assert_true(weir_address_equal(&error.destination, &v->address[i]));
        assert_int_equal(error.about.error, WEIR_ECONNREFUSED);
        assert_int_equal(error.about.type, v->six ? 1 : 3);
        assert_int_equal(error.about.code, v->six ? 4 : 3);
        weir_address host = v->address[i];
        host.port = 0;
        assert_true(weir_address_equal(&error.about.offender, &host));
    }
    /* Who has read all errors is told no more of them. */
    assert_int_equal(weir_udp_send_to(io, &v->at[0], "x", 1, &v->address[1]), 1);
    assert_int_equal(weir_udp_receive(io, &v->at[0], data, sizeof data), WEIR_ECONNREFUSED);
    /* A datagram that may not be cut, and is longer than the path takes. */
    static char large[3000];
    assert_int_equal(weir_udp_receive_error(io, &v->at[0], data, sizeof data, &error), 1);
    assert_int_equal(weir_option_set_dont_fragment(io, v->at[0].socket, true), 0);
    assert_int_equal(weir_udp_send_to(io, &v->at[0], large, 1473, &v->address[1]), WEIR_EMSGSIZE);
    assert_int_equal(weir_udp_try_receive_error(io, &v->at[0], data, sizeof data, &error), 0);
    assert_int_equal(error.about.origin, WEIR_ERROR_ORIGIN_LOCAL);
    assert_int_equal(error.path_mtu, 1500);
    assert_int_equal(weir_udp_send_to(io, &v->at[0], large, 1452, &v->address[1]), 1452);
    assert_int_equal(weir_udp_receive_error(io, &v->at[0], large, sizeof large, &error),
                     v->six ? 1184 : 520);
    on(io, v, 0, close_it);
    return 0;
}

TEST(sim_the_error_queue_names_the_host_that_refused)
{
    twice(refuse_all, false, &link_20ms);
    twice(refuse_all, true, &link_20ms);
}

/* Segments ---------------------------------------------------------------------------------- */

static int send_pieces(weir_io *io, void *argument)
{
    village *v = argument;
    static char data[SEGMENT * SEGMENTS - 100];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (char)(i * 7 >> 3);
    open_all(io, v);
    assert_int_equal(
        weir_udp_send_segments(io, &v->at[0], data, sizeof data, SEGMENT, &v->address[1]),
        sizeof data);
    weir_sleep(io, weir_seconds(1)); /* until all are there */
    size_t got = 0, calls = 0;
    for (int64_t n; (n = on(io, v, 1, take)) > 0; calls++) {
        assert_memory_equal(taken, data + got, (size_t)n);
        got += (size_t)n;
    }
    assert_int_equal(got, sizeof data);
    assert_int_equal(v->result, WEIR_EDEADLINE);
    /* At once where they come in one moment; one by one where the link puts time between them. */
    assert_int_equal(calls, v->six ? SEGMENTS : 1);
    close_all(io, v);
    return 0;
}

TEST(sim_pieces_that_come_in_one_moment_are_merged)
{
    const weir_sim_link narrow = {.bandwidth = 1000000};
    twice(send_pieces, false, &link_20ms);
    twice(send_pieces, true, &narrow);
}

/* Groups ------------------------------------------------------------------------------------ */

static const char *const group_names[] = {"232.1.2.3", "ff3e::8000:123"};

static weir_address group_of(const village *v)
{
    return address_of(group_names[v->six], PORT);
}

static int64_t join(weir_io *io, village *v, int host)
{
    const weir_address group = group_of(v);
    return weir_multicast_join(io, &v->at[host], &group, (weir_interface){2});
}

static int64_t leave(weir_io *io, village *v, int host)
{
    const weir_address group = group_of(v);
    return weir_multicast_leave(io, &v->at[host], &group, (weir_interface){2});
}

static int64_t join_first(weir_io *io, village *v, int host)
{
    const weir_address group = group_of(v);
    weir_address source = v->address[0];
    source.port = 0;
    return weir_multicast_join_source(io, &v->at[host], &group, &source, (weir_interface){0});
}

static int64_t publish(weir_io *io, village *v, int host)
{
    const weir_address group = group_of(v);
    return weir_udp_send_to(io, &v->at[host], "news", 4, &group);
}

static int group_news(weir_io *io, void *argument)
{
    village *v = argument;
    weir_address group = group_of(v);
    group.port = 0;
    open_all(io, v);
    assert_int_equal(publish(io, v, 0), 4);
    assert_int_equal(on(io, v, 1, take), WEIR_EDEADLINE); /* nobody has joined */
    assert_int_equal(on(io, v, 1, join), 0);
    assert_int_equal(on(io, v, 1, join), WEIR_EADDRINUSE);
    assert_int_equal(on(io, v, 2, join_first), 0);
    assert_int_equal(publish(io, v, 0), 4);
    for (int i = 1; i < HOSTS; i++) {
        assert_int_equal(on(io, v, i, take), 4);
        assert_int_equal(datagram.about.ttl, 1);
        assert_int_equal(datagram.about.interface.index, 2);
        assert_true(weir_address_equal(&datagram.about.destination, &group));
        assert_true(weir_address_equal(&datagram.peer, &v->address[0]));
    }
    assert_int_equal(on(io, v, 0, take), WEIR_EDEADLINE); /* who sent it is no member */
    /* The third hears the first alone; a member hears itself, unless it says that it will not. */
    assert_int_equal(on(io, v, 1, publish), 4);
    assert_int_equal(on(io, v, 1, take), 4);
    assert_int_equal(on(io, v, 2, take), WEIR_EDEADLINE);
    assert_int_equal(weir_multicast_join(io, &v->at[0], &group, (weir_interface){0}), 0);
    assert_int_equal(weir_option_set_multicast_loop(io, v->at[0].socket, false), 0);
    assert_int_equal(publish(io, v, 0), 4);
    assert_int_equal(on(io, v, 1, take), 4);
    assert_int_equal(on(io, v, 2, take), 4);
    assert_int_equal(on(io, v, 0, take), WEIR_EDEADLINE);
    /* Without a hop it stays on the host, where it is heard if it may come back. */
    assert_int_equal(weir_option_set_multicast_loop(io, v->at[0].socket, true), 0);
    assert_int_equal(weir_option_set_multicast_hops(io, v->at[0].socket, 0), 0);
    assert_int_equal(publish(io, v, 0), 4);
    assert_int_equal(on(io, v, 0, take), 4);
    assert_int_equal(on(io, v, 1, take), WEIR_EDEADLINE);
    assert_int_equal(weir_option_set_multicast_hops(io, v->at[0].socket, 3), 0);
    assert_int_equal(on(io, v, 1, leave), 0);
    assert_int_equal(publish(io, v, 0), 4);
    assert_int_equal(on(io, v, 2, take), 4);
    assert_int_equal(datagram.about.ttl, 3);
    assert_int_equal(on(io, v, 1, take), WEIR_EDEADLINE);
    close_all(io, v);
    return 0;
}

TEST(sim_members_on_other_hosts_hear_their_groups)
{
    twice(group_news, false, &link_20ms);
    twice(group_news, true, &link_20ms);
}

static int broadcast(weir_io *io, void *argument)
{
    village *v = argument;
    const weir_address all = address_of("255.255.255.255", PORT);
    open_all(io, v);
    assert_int_equal(weir_udp_send_to(io, &v->at[0], "all", 3, &all), 3);
    for (int i = 0; i < HOSTS; i++) {
        assert_int_equal(on(io, v, i, take), 3);
        assert_int_equal(datagram.about.destination.at.ipv4[0], 255);
        assert_true(weir_address_equal(&datagram.peer, &v->address[0]));
    }
    close_all(io, v);
    return 0;
}

TEST(sim_a_broadcast_reaches_all_hosts)
{
    twice(broadcast, false, &link_20ms);
}

static int lossy_news(weir_io *io, void *argument)
{
    village *v = argument;
    int heard[HOSTS] = {0};
    open_all(io, v);
    assert_int_equal(on(io, v, 1, join), 0);
    assert_int_equal(on(io, v, 2, join), 0);
    for (int i = 0; i < 100; i++) assert_int_equal(publish(io, v, 0), 4);
    for (int host = 1; host < HOSTS; host++)
        while (on(io, v, host, take) > 0) heard[host] += (int)v->result / 4; /* some are merged */
    /* Each link loses its own. */
    for (int host = 1; host < HOSTS; host++) assert_true(heard[host] > 20 && heard[host] < 80);
    close_all(io, v);
    return 0;
}

TEST(sim_groups_lose_what_their_links_lose)
{
    const weir_sim_link lossy = {.latency = {1000000}, .loss = 500000};
    twice(lossy_news, false, &lossy);
}

/* Interfaces -------------------------------------------------------------------------------- */

static int watch_cable(weir_io *io, void *argument)
{
    village *v = argument;
    weir_interface_list list;
    weir_interface_watch *watch;
    weir_interface_event event;
    assert_int_equal(weir_interface_list_get(io, &list), 0);
    assert_int_equal(list.count, 2);
    const weir_interface_entry *net = weir_interface_list_find(&list, (weir_interface){2});
    assert_non_null(net);
    assert_string_equal(net->name.text, "eth0");
    assert_int_equal(net->mtu, 1500);
    assert_int_equal(net->address_count, 1);
    weir_address own = v->address[0];
    own.port = 0;
    assert_true(weir_address_equal(&net->addresses[0].address, &own));
    assert_true(net->flags & WEIR_INTERFACE_RUNNING);
    weir_interface_list_free(&list);

    assert_int_equal(weir_interface_watch_open(io, &watch), 0);
    const weir_sim_fault script[] = {
        {weir_milliseconds(500), WEIR_SIM_UNPLUG, v->hosts[0], NULL, 0},
        {weir_milliseconds(900), WEIR_SIM_PLUG, v->hosts[0], NULL, 0}};
    const weir_instant begin = weir_now(io, WEIR_CLOCK_MONOTONIC);
    assert_int_equal(weir_sim_plan_faults(v->sim, script, 2), 0);
    assert_int_equal(weir_interface_watch_next(io, watch, &event), 0);
    assert_int_equal(event.kind, WEIR_INTERFACE_WENT_DOWN);
    assert_string_equal(event.name.text, "eth0");
    const int64_t down = weir_now(io, WEIR_CLOCK_MONOTONIC).ns - begin.ns;
    assert_int_equal(weir_interface_watch_next(io, watch, &event), 0);
    assert_int_equal(event.kind, WEIR_INTERFACE_WENT_UP);
    const int64_t up = weir_now(io, WEIR_CLOCK_MONOTONIC).ns - begin.ns;
    assert_true(up - down > 399000000 && up - down < 401000000);
    /* Another host's cable is its own affair. */
    weir_sim_unplug(v->hosts[1], true);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_seconds(1));
    assert_int_equal(weir_interface_watch_next(io, watch, &event), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    weir_interface_watch_close(io, watch);
    return 0;
}

TEST(sim_a_pulled_cable_is_told)
{
    twice(watch_cable, false, NULL);
    twice(watch_cable, true, NULL);
}

/* Socket files ------------------------------------------------------------------------------ */

static int serve(weir_io *io, void *argument)
{
    const weir_unix_options options = {.mode = 0600, .replace_stale = true};
    village *v = argument;
    weir_address address;
    weir_unix_listener listener;
    weir_unix_stream client;
    weir_file_status status;
    int error = weir_unix_path(weir_bytes_text("/tmp/service"), &address);
    if (error) return error;
    v->found[v->starts] = weir_unix_connect(io, &address, &client);
    v->listened[v->starts] = weir_unix_listen(io, &address, &options, &listener);
    v->reached[v->starts] = weir_unix_connect(io, &address, &client);
    error = weir_stat(io, WEIR_FILE_CWD, "/tmp/service", &status);
    v->mode[v->starts++] = error ? 0 : status.permissions;
    while (!error) error = weir_sleep(io, weir_seconds(1)); /* until the machine stops */
    weir_unix_close(io, &client);
    weir_unix_listener_close(io, &listener); /* which cannot touch its file any more */
    return error;
}

static int crash_and_serve(weir_io *io, void *argument)
{
    village *v = argument;
    const weir_sim_fault script[] = {{weir_seconds(1), WEIR_SIM_CRASH, v->hosts[1], NULL, 0},
                                     {weir_seconds(2), WEIR_SIM_RESTART, v->hosts[1], NULL, 0}};
    assert_int_equal(weir_sim_plan_faults(v->sim, script, 2), 0);
    assert_int_equal(weir_sim_start(v->hosts[1], "service", serve, v), 0);
    weir_sleep(io, weir_seconds(5));
    assert_int_equal(v->starts, 2);
    for (int i = 0; i < 2; i++) {
        /* The file of the one that died is there; the new one replaces it. */
        assert_int_equal(v->found[i], i == 0 ? WEIR_ENOENT : WEIR_ECONNREFUSED);
        assert_int_equal(v->listened[i], 0);
        assert_int_equal(v->reached[i], 0);
        assert_int_equal(v->mode[i], 0600);
    }
    return 0;
}

TEST(sim_a_server_that_crashed_takes_its_path_again)
{
    twice(crash_and_serve, false, NULL);
}
