/* SPDX-License-Identifier: MIT
 *
 * A relay between TCP sockets on Weir; bench/run-relay measures it beside bare loops, haproxy and
 * socat.
 *
 *      bench_relay PORT [copy] --to BACKEND_PORT [--io auto|uring|epoll|threads]
 *
 * With copy the bytes go through the process, instead of through a pipe in the kernel.
 */
#include <weir/io/group.h>
#include <weir/net/relay.h>
#include <weir/net/tcp.h>

#include "weir_side.h"

typedef struct relay {
    const weir_side *side;
    weir_address backend;
    weir_relay_options options;
    weir_group connections;
} relay;

static relay the_relay;

static int serve(weir_io *io, void *argument)
{
    const weir_socket socket = {(int)(intptr_t)argument};
    weir_tcp_stream near, far;
    weir_tcp_stream_init(&near, socket);
    int error = weir_tcp_connect(io, &the_relay.backend, &far);
    if (!error) {
        error = weir_relay(io, &near.stream, &far.stream, &the_relay.options, NULL);
        weir_tcp_close(io, &far);
    }
    weir_tcp_close(io, &near);
    return error;
}

static int run(weir_io *io, void *argument)
{
    relay *r = argument;
    weir_socket listener, socket;
    int error = weir_side_listen(io, r->side, &listener);
    if (error) return error;
    while (!(error = weir_accept(io, listener, &socket))) {
        void *given = (void *)(intptr_t)socket.fd;
        if (weir_group_concurrent(io, &r->connections, serve, given, NULL))
            weir_close_socket(io, socket);
    }
    weir_group_cancel(io, &r->connections);
    weir_close_socket(io, listener);
    return error;
}

int main(int argc, char **argv)
{
    static const char usage[] = "PORT [copy] --to BACKEND_PORT [--io auto|uring|epoll|threads]";
    weir_side side = weir_side_parse(argc, argv, usage);
    if (!side.backend) bench_fail("needs --to", 0);
    the_relay = (relay){.side = &side,
                        .backend = weir_address_loopback4((uint16_t)side.backend),
                        .options.copy = side.word && !strcmp(side.word, "copy"),
                        .connections = WEIR_GROUP_INIT};
    return weir_side_run(&side, run, &the_relay);
}
