/* SPDX-License-Identifier: MIT
 *
 * A TCP proxy: takes connections on one endpoint and passes their bytes on to another, both ways.
 *
 *     forward LISTEN BACKEND        forward :8080 127.0.0.1:80; then: curl http://127.0.0.1:8080/
 */
#include <stdio.h>

#include <weir/base/error.h>
#include <weir/io/engine/engine.h>
#include <weir/io/token.h>
#include <weir/net/relay.h>
#include <weir/net/serve.h>

/* One connection: to the backend, whichever of its addresses answers, and both ways. */
static int forward(weir_io *io, weir_tcp_stream *client, const weir_address *peer, void *backend)
{
    weir_tcp_stream server;
    weir_connect_report report;
    weir_relay_result result;
    const weir_tcp_connect_options to = {.timeout = weir_seconds(3)};
    const weir_relay_options options = {.idle = weir_minutes(5)};
    char from[WEIR_ADDRESS_TEXT], text[512];
    weir_address_print(peer, from);
    int error = weir_tcp_connect_text_with(io, backend, &to, &report, &server);
    if (error) {
        weir_connect_report_print(&report, text, sizeof text);
        fprintf(stderr, "%s: %s\n", from, text);
        return error;
    }
    error = weir_relay(io, &client->stream, &server.stream, &options, &result);
    fprintf(stderr, "%s: %lu bytes there, %lu back: %s\n", from, (unsigned long)result.a_to_b,
            (unsigned long)result.b_to_a, weir_strerror(error));
    if (error) weir_tcp_abort(io, client);
    weir_tcp_close(io, &server);
    return error;
}

static int run(weir_io *io, void *argument)
{
    char **texts = argument;
    weir_tcp_listener listener;
    int error = weir_tcp_listen_text(io, texts[1], &listener);
    if (error) return error;
    const weir_serve_options options = {.max_connections = 1000, .drain = weir_seconds(10)};
    weir_address at;
    char text[WEIR_ADDRESS_TEXT];
    if (weir_tcp_listener_address(io, listener, &at) == 0) {
        weir_address_print(&at, text);
        printf("%s\n", text);
        fflush(stdout);
    }
    return weir_tcp_serve(io, &listener, 1, forward, texts[2], &options);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: forward LISTEN BACKEND\n", stderr);
        return 2;
    }
    const int error = weir_engine_run(NULL, run, argv);
    fprintf(stderr, "forward: %s\n", weir_strerror(error));
    return error != 0;
}
