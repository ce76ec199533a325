/* SPDX-License-Identifier: MIT
 *
 * A select of socket and timer: a server that sends back what it gets, asks a silent client whether
 * it is still there, and gives it up when it stays silent.
 *
 *     idle [ADDRESS [MILLISECONDS]]         default 127.0.0.1:7000 and 3000; then: nc 127.0.0.1
 * 7000
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/weir.h>

static weir_duration patience;

/* Sends back what can be read.  False: the connection is over. */
static bool send_back(weir_io *io, weir_tcp_stream *peer)
{
    char bytes[4096];
    int64_t n = weir_tcp_read(io, peer, bytes, sizeof bytes);
    return n > 0 && weir_tcp_write_all(io, peer, bytes, (size_t)n) == n;
}

/* Owns one connection, whose socket is the argument. */
static int talk(weir_io *io, void *argument)
{
    const char question[] = "still there?\n", farewell[] = "goodbye\n";
    weir_tcp_stream peer;
    weir_tcp_stream_init(&peer, (weir_socket){(int)(intptr_t)argument});
    for (int asked = 0; asked < 2;) {
        weir_op readable, silence, *either[] = {&readable, &silence};
        weir_op_set(&readable, WEIR_OP_POLL, weir_tcp_socket(&peer).fd);
        readable.args.poll = WEIR_POLL_READ;
        weir_op_set(&silence, WEIR_OP_SLEEP, -1);
        silence.deadline = weir_deadline_after(io, patience);

        int first = weir_select(io, either, 2, weir_never());
        if (first < 0) break;
        if (first == 0) {
            asked = 0;
            if (!send_back(io, &peer)) break;
        } else if (asked++ == 0) {
            weir_tcp_write_all(io, &peer, question, sizeof question - 1);
        } else {
            weir_tcp_write_all(io, &peer, farewell, sizeof farewell - 1);
        }
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
        if (weir_group_concurrent(io, &group, talk, socket, NULL)) weir_tcp_close(io, &peer);
    }
    weir_group_cancel(io, &group);
    weir_tcp_listener_close(io, listener);
    return error;
}

int main(int argc, char **argv)
{
    weir_io *io;
    patience = weir_milliseconds(argc > 2 ? atoi(argv[2]) : 3000);
    int error = weir_engine_create(NULL, &io);
    if (!error) {
        error = weir_run(io, serve, argc > 1 ? argv[1] : "127.0.0.1:7000");
        weir_io_destroy(io);
    }
    if (error) fprintf(stderr, "idle: %s\n", weir_strerror(error));
    return error != 0;
}
