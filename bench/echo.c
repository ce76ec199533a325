/* SPDX-License-Identifier: MIT
 *
 * A TCP echo server on Weir's public interface, one task per connection; bench/run-echo measures
 * it beside the bare servers.
 *
 *      bench_echo PORT [--io auto|uring|epoll|threads] [--workers N] [--copy]
 *
 * A connection reads into buffers that the engine lends; with --copy into one of its own.
 */
#include <weir/base/error.h>
#include <weir/io/engine/engine.h>
#include <weir/io/group.h>
#include <weir/io/socket.h>
#include <weir/net/tcp.h>

#include "bench.h"

typedef struct server {
    weir_address address;
    weir_group connections;
    weir_task_fn *serve;
} server;

/* A socket in the argument of a task. */
static void *argument_of(weir_socket socket)
{
    return (void *)(intptr_t)socket.fd;
}

static weir_socket socket_of(void *argument)
{
    return (weir_socket){(int)(intptr_t)argument};
}

static int echo_lent(weir_io *io, void *argument)
{
    weir_socket socket = socket_of(argument);
    weir_receiver receiver;
    weir_lent lent = {0};
    weir_receiver_init(&receiver, socket);
    for (;;) {
        int64_t len = weir_read_lent(io, &receiver, &lent);
        if (len <= 0) break;
        int64_t sent = weir_write_all(io, socket, lent.data, (size_t)len);
        weir_give_back(io, &lent);
        if (sent < len) break;
    }
    weir_receiver_stop(io, &receiver);
    weir_close_socket(io, socket);
    return 0;
}

static int echo_copy(weir_io *io, void *argument)
{
    weir_socket socket = socket_of(argument);
    char data[16 * 1024];
    for (;;) {
        int64_t len = weir_read(io, socket, data, sizeof data);
        if (len <= 0 || weir_write_all(io, socket, data, (size_t)len) < len) break;
    }
    weir_close_socket(io, socket);
    return 0;
}

static int run(weir_io *io, void *argument)
{
    server *s = argument;
    weir_tcp_listener listening;
    weir_socket socket;
    weir_listen_options options = {.backlog = 4096};
    int error = weir_tcp_listen(io, &s->address, &options, &listening);
    if (error) return error;
    const weir_socket listener = listening.socket;
    while (!(error = weir_accept(io, listener, &socket))) {
        error = weir_group_concurrent(io, &s->connections, s->serve, argument_of(socket), NULL);
        if (error) weir_close_socket(io, socket);
    }
    weir_group_cancel(io, &s->connections);
    weir_close_socket(io, listener);
    return error;
}

static void parse(int argc, char **argv, server *s, weir_engine_options *options)
{
    bool good = argc >= 2;
    for (int i = 2; i < argc && good; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--copy")) {
            s->serve = echo_copy;
        } else if (!strcmp(argv[i], "--io") && value && weir_engine_kind_parse(value) >= 0) {
            options->kind = (weir_engine_kind)weir_engine_kind_parse(argv[++i]);
        } else if (!strcmp(argv[i], "--workers")) {
            options->workers = (unsigned)bench_number("--workers", argv[++i], 0, 1024);
        } else {
            good = false;
        }
    }
    if (!good) {
        fprintf(stderr, "usage: %s PORT [--io auto|uring|epoll|threads] [--workers N] [--copy]\n",
                argv[0]);
        exit(2);
    }
    s->address = weir_address_loopback4((uint16_t)bench_number("PORT", argv[1], 1, 65535));
}

int main(int argc, char **argv)
{
    server s = {.connections = WEIR_GROUP_INIT, .serve = echo_lent};
    weir_engine_options options = {.workers = 1};
    weir_io *io;
    parse(argc, argv, &s, &options);
    bench_raise_descriptors(65536);
    int error = weir_engine_create(&options, &io);
    if (!error) {
        error = weir_run(io, run, &s);
        weir_io_destroy(io);
    }
    fprintf(stderr, "%s: %s\n", argv[0], weir_strerror(error));
    return 1;
}
