/* SPDX-License-Identifier: MIT
 *
 * The old process of a server hands its listener to the new one: no client is ever refused.
 *
 *     handoff old DIRECTORY &      serves one client, and then whoever takes over
 *     handoff ask DIRECTORY        a client: tells which process has answered
 *     handoff new DIRECTORY &      takes over, serves one client and ends
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/engine/engine.h>
#include <weir/net/unix_message.h>

static int address_of(const char *directory, const char *name, weir_address *out)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return weir_unix_path(weir_bytes_text(path), out);
}

static int listen_at(weir_io *io, const char *directory, const char *name, weir_unix_listener *out)
{
    const weir_unix_options options = {.mode = 0600, .replace_stale = true};
    weir_address address;
    int error = address_of(directory, name, &address);
    return error ? error : weir_unix_listen(io, &address, &options, out);
}

static int connect_to(weir_io *io, const char *directory, const char *name, weir_unix_stream *out)
{
    weir_address address;
    int error = address_of(directory, name, &address);
    return error ? error : weir_unix_connect(io, &address, out);
}

static int serve_one(weir_io *io, const weir_unix_listener *listener, const char *who)
{
    weir_unix_stream client;
    int error = weir_unix_accept_wait(io, listener, &client);
    if (error) return error;
    weir_stream_write_all(io, &client.stream, who, strlen(who));
    weir_unix_close(io, &client);
    return 0;
}

/* Waits for the new process and gives it the listener, if it is of the same user. */
static int hand_over(weir_io *io, const weir_unix_listener *control, weir_unix_listener *greet)
{
    weir_unix_stream heir;
    weir_unix_credentials who;
    int error = weir_unix_accept_wait(io, control, &heir);
    if (error) return error;
    const weir_socket channel = weir_unix_socket(&heir);
    error = weir_unix_peer_credentials(io, channel, &who);
    if (!error && who.user != geteuid()) error = WEIR_EPERM;
    if (!error)
        error = weir_unix_send_listener(io, channel, greet->socket, weir_bytes_text("greet"));
    if (!error) weir_unix_listener_keep_file(greet); /* it is the heir's now */
    weir_unix_close(io, &heir);
    return error;
}

static int run_old(weir_io *io, void *argument)
{
    weir_unix_listener greet, control;
    int error = listen_at(io, argument, "greet", &greet);
    if (error) return error;
    error = listen_at(io, argument, "control", &control);
    if (!error) {
        puts("ready");
        fflush(stdout);
        error = serve_one(io, &greet, "old\n");
        if (!error) error = hand_over(io, &control, &greet);
        weir_unix_listener_close(io, &control);
    }
    weir_unix_listener_close(io, &greet);
    return error;
}

static int run_new(weir_io *io, void *argument)
{
    weir_unix_stream old;
    weir_unix_handed handed;
    weir_unix_listener greet;
    int error = connect_to(io, argument, "control", &old);
    if (error) return error;
    int got = weir_unix_receive_listener(io, weir_unix_socket(&old), &handed);
    weir_unix_close(io, &old);
    if (got <= 0) return got ? got : WEIR_EEOF;
    /* With several listeners the tag says which this is; closing it removes the socket file. */
    error = weir_unix_listener_adopt(io, handed.socket.fd, SOCK_STREAM, true, &greet);
    if (error) return weir_close_socket(io, handed.socket), error;
    error = serve_one(io, &greet, "new\n");
    weir_unix_listener_close(io, &greet);
    return error;
}

static int run_ask(weir_io *io, void *argument)
{
    weir_unix_stream server;
    char text[80];
    int error = connect_to(io, argument, "greet", &server);
    if (error) return error;
    int64_t n = weir_stream_read_full(io, &server.stream, text, sizeof text);
    weir_unix_close(io, &server);
    if (n > 0) fwrite(text, 1, (size_t)n, stdout);
    return n < 0 ? (int)n : 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) return fprintf(stderr, "usage: handoff old|new|ask DIRECTORY\n"), 2;
    weir_task_fn *role = argv[1][0] == 'o' ? run_old : argv[1][0] == 'n' ? run_new : run_ask;
    int error = weir_engine_run(NULL, role, argv[2]);
    if (error) fprintf(stderr, "handoff: %s\n", weir_strerror(error));
    return error != 0;
}
