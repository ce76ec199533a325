/* SPDX-License-Identifier: MIT
 *
 * A line chat: clients join with a name, and what one says goes to all others.
 *
 *     chat [ADDRESS]         default 127.0.0.1:7001; then: nc 127.0.0.1 7001, and Ctrl-C ends it
 */
#include <signal.h>
#include <stdio.h>

#include "chat_talk.h"

typedef struct job {
    chat_server server;
    weir_tcp_listener listener;
} job;

static int serve(weir_io *io, void *argument)
{
    job *j = argument;
    return chat_serve(io, &j->server, j->listener);
}

static int root(weir_io *io, void *argument)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    job j = {.server = {.join = chat_join}};
    weir_task serving;
    weir_signals stop;
    weir_address bound;
    char text[WEIR_ADDRESS_TEXT];
    int signo;
    int error = weir_signals_open(&stop, numbers, 2);
    if (error) return error;
    error = weir_tcp_listen_text(io, argument, &j.listener);
    if (!error) {
        weir_tcp_listener_address(io, j.listener, &bound);
        weir_address_print(&bound, text);
        printf("%s\n", text);
        fflush(stdout);
        error = weir_concurrent(io, &serving, serve, &j, NULL);
        if (error) weir_tcp_listener_close(io, j.listener);
    }
    if (!error) {
        weir_signals_wait(io, &stop, weir_never(), &signo);
        weir_token_cancel(io, &j.server.closing, "asked by a signal");
        weir_await(io, &serving, &error);
        weir_token_end(io, &j.server.closing);
    }
    weir_signals_close(io, &stop);
    return error;
}

int main(int argc, char **argv)
{
    const int error = weir_engine_run(NULL, root, argc > 1 ? argv[1] : "127.0.0.1:7001");
    if (error) fprintf(stderr, "chat: %s\n", weir_strerror(error));
    return error != 0;
}
