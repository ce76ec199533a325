/* SPDX-License-Identifier: MIT
 *
 * A TCP proxy: takes connections on one endpoint and passes their bytes on to another, both ways.
 * The backend is an address or a name, which is looked up anew when its time is over.
 *
 *     forward LISTEN BACKEND        forward :8080 localhost:80; then: curl http://127.0.0.1:8080/
 */
#include <stdio.h>

#include <weir/base/error.h>
#include <weir/dns/dial.h>
#include <weir/io/engine/engine.h>
#include <weir/io/token.h>
#include <weir/net/relay.h>
#include <weir/net/serve.h>

typedef struct backend {
    const char *text;
    weir_dns_resolver *resolver;
} backend;

/* One connection: to the backend, whichever of its addresses answers first, and both ways. */
static int forward(weir_io *io, weir_tcp_stream *client, const weir_address *peer, void *context)
{
    const backend *to = context;
    weir_tcp_stream server;
    weir_connect_report report;
    weir_relay_result result;
    const weir_tcp_connect_options tcp = {.timeout = weir_seconds(3)};
    const weir_dial_options dial = {.tcp = &tcp, .report = &report};
    const weir_relay_options options = {.idle = weir_minutes(5)};
    char from[WEIR_ADDRESS_TEXT], text[512];
    weir_address_print(peer, from);
    int error = weir_dial(io, to->resolver, weir_bytes_text(to->text), &dial, &server);
    if (error) {
        weir_connect_report_print(&report, text, sizeof text);
        fprintf(stderr, "%s: %s: %s\n", from, to->text, text[0] ? text : weir_strerror(error));
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
    backend to = {.text = texts[2]};
    weir_tcp_listener listener;
    int error = weir_dns_resolver_create(io, NULL, &to.resolver);
    if (error) return error;
    error = weir_tcp_listen_text(io, texts[1], &listener);
    if (error) {
        weir_dns_resolver_destroy(io, to.resolver);
        return error;
    }
    const weir_serve_options options = {.max_connections = 1000, .drain = weir_seconds(10)};
    weir_address at;
    char text[WEIR_ADDRESS_TEXT];
    if (weir_tcp_listener_address(io, listener, &at) == 0) {
        weir_address_print(&at, text);
        printf("%s\n", text);
        fflush(stdout);
    }
    error = weir_tcp_serve(io, &listener, 1, forward, &to, &options);
    weir_dns_resolver_destroy(io, to.resolver);
    return error;
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
