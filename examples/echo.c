/* SPDX-License-Identifier: MIT
 *
 * A TCP echo server: one task per connection, straight-line code.
 *
 *     echo [ADDRESS]         default 127.0.0.1:7000; then: nc 127.0.0.1 7000
 */
#include <stdio.h>

#include <weir/base/error.h>
#include <weir/io/engine/engine.h>
#include <weir/io/group.h>
#include <weir/io/io.h>
#include <weir/net/tcp.h>

/* Owns one connection, whose socket is the argument. */
static int talk(weir_io *io, void *argument)
{
    weir_tcp_stream peer;
    weir_lent lent = {0};
    int64_t n;
    weir_tcp_stream_init(&peer, (weir_socket){(int)(intptr_t)argument});
    while ((n = weir_stream_read_lent(io, &peer.stream, &lent, (weir_deadline){0})) > 0) {
        int64_t sent = weir_tcp_write_all(io, &peer, lent.data, (size_t)n);
        weir_stream_give_back(io, &peer.stream, &lent);
        if (sent != n) break;
    }
    weir_tcp_close(io, &peer);
    return 0;
}

/* Accepts until the listener fails; each connection becomes a member of the group. */
static int serve(weir_io *io, void *argument)
{
    weir_tcp_listener listener;
    weir_tcp_stream peer;
    weir_address bound;
    char text[WEIR_ADDRESS_TEXT];
    weir_group group = WEIR_GROUP_INIT;

    int error = weir_tcp_listen_text(io, argument, &listener);
    if (error) return error;
    weir_tcp_listener_address(io, listener, &bound);
    weir_address_print(&bound, text);
    printf("%s\n", text);
    fflush(stdout);
    while ((error = weir_tcp_accept_wait(io, listener, &peer)) == 0) {
        void *socket = (void *)(intptr_t)weir_tcp_socket(&peer).fd;
        const weir_task_options options = {.name = "talk", .worker = WEIR_WORKER_ANY};
        if (weir_group_concurrent(io, &group, talk, socket, &options)) weir_tcp_close(io, &peer);
    }
    weir_group_cancel(io, &group);
    weir_tcp_listener_close(io, listener);
    return error;
}

int main(int argc, char **argv)
{
    weir_io *io;
    int error = weir_engine_create(NULL, &io);
    if (!error) {
        error = weir_run(io, serve, argc > 1 ? argv[1] : "127.0.0.1:7000");
        weir_io_destroy(io);
    }
    if (error) fprintf(stderr, "echo: %s\n", weir_strerror(error));
    return error != 0;
}
