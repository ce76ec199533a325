/* SPDX-License-Identifier: MIT
 *
 * For the tests of this floor: a world of two hosts, a server and a client.
 */
#ifndef IO_SIM_TESTING_H
#define IO_SIM_TESTING_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>
#include <weir/io/sim/fault.h>
#include <weir/io/socket.h>

#include "io/sim/world.h"
#include "test/harness/test.h"

typedef struct duo {
    weir_sim *sim;
    weir_sim_host *server, *client;
    weir_address address; /* of the server */
    void *own;            /* the test's */
    int64_t result;       /* of the server's program … */
    size_t got;           /* … and what it has read */
} duo;

static inline void duo_begin(duo *d, weir_task_fn *server, const weir_sim_link *link)
{
    assert_int_equal(weir_sim_create(&(weir_sim_options){.seed = 11, .quiet = true}, &d->sim), 0);
    assert_int_equal(weir_sim_add_host(d->sim, "server", "10.0.0.1", &d->server), 0);
    assert_int_equal(weir_sim_add_host(d->sim, "client", "10.0.0.2", &d->client), 0);
    assert_int_equal(weir_address_parse(weir_bytes_text("10.0.0.1:80"), &d->address), 0);
    if (link) weir_sim_set_links(d->sim, link);
    assert_int_equal(weir_sim_start(d->server, "server", server, d), 0);
}

/* Runs the client, and ends the world. */
static inline void duo_run(duo *d, weir_task_fn *client, const weir_sim_fault *script, size_t count)
{
    assert_int_equal(weir_sim_plan_faults(d->sim, script, count), 0);
    assert_int_equal(weir_run(weir_sim_io(d->client), client, d), 0);
    weir_sim_destroy(d->sim);
}

static inline weir_socket duo_listen(weir_io *io, const duo *d)
{
    weir_socket listener = {-1};
    assert_int_equal(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &listener), 0);
    assert_int_equal(weir_bind(io, listener, &d->address), 0);
    assert_int_equal(weir_listen(io, listener, 16), 0);
    return listener;
}

/* The one connection of a server that has one; *error is what accept said. */
static inline weir_socket duo_accept(weir_io *io, const duo *d, int *error)
{
    weir_socket socket = {-1}, listener = duo_listen(io, d);
    *error = weir_accept(io, listener, &socket);
    weir_close_socket(io, listener);
    return socket;
}

static inline weir_socket duo_open(weir_io *io)
{
    weir_socket socket = {-1};
    assert_int_equal(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &socket), 0);
    return socket;
}

/* Connects when the server listens. */
static inline weir_socket duo_connect(weir_io *io, const duo *d)
{
    weir_socket socket = duo_open(io);
    weir_sleep(io, weir_milliseconds(1));
    assert_int_equal(weir_connect(io, socket, &d->address), 0);
    return socket;
}

/* Microseconds since the world began. */
static inline int64_t duo_time(weir_io *io)
{
    return (weir_now(io, WEIR_CLOCK_MONOTONIC).ns - SIM_START_NS) / 1000;
}

static inline void duo_set(weir_io *io, weir_socket socket, int level, int name, int value)
{
    assert_int_equal(weir_set_option(io, socket, level, name, &value, sizeof value), 0);
}

#endif
