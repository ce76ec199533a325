/* SPDX-License-Identifier: MIT
 *
 * A TCP echo server on Weir's public interface, one task per connection; bench/run-echo measures
 * it beside the bare servers.
 *
 *      bench_echo PORT [copy] [--io auto|uring|epoll|threads] [--workers N]
 *
 * A connection reads into buffers that the engine lends; with copy into one of its own.
 */
#include <weir/io/group.h>

#include "weir_side.h"

typedef struct server {
    weir_side side;
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
    char data[17 * 1024]; /* as the lent ones */
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
    weir_socket listener, socket;
    int error = weir_side_listen(io, &s->side, &listener);
    if (error) return error;
    while (!(error = weir_accept(io, listener, &socket))) {
        error = weir_group_concurrent(io, &s->connections, s->serve, argument_of(socket), NULL);
        if (error) weir_close_socket(io, socket);
    }
    weir_group_cancel(io, &s->connections);
    weir_close_socket(io, listener);
    return error;
}

int main(int argc, char **argv)
{
    static const char usage[] = "PORT [copy] [--io auto|uring|epoll|threads] [--workers N]";
    server s = {.side = weir_side_parse(argc, argv, usage), .serve = echo_lent};
    if (s.side.word && !strcmp(s.side.word, "copy")) s.serve = echo_copy;
    return weir_side_run(&s.side, run, &s);
}
