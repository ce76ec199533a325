/* SPDX-License-Identifier: MIT
 *
 * An HTTP server in one page: answers every request with a greeting.
 *
 *     hello [ADDRESS]        default 127.0.0.1:8080; then: curl -i http://127.0.0.1:8080/
 */
#include <stdio.h>

#include <weir/base/error.h>
#include <weir/http/server/server.h>
#include <weir/io/engine/engine.h>
#include <weir/net/endpoint.h>

static void hello(weir_io *io, weir_http_exchange *exchange, void *context)
{
    (void)io;
    (void)context;
    weir_http_respond(exchange, 200, "text/plain", weir_bytes_text("Hello, World!\n"));
}

static int serve(weir_io *io, void *argument)
{
    weir_http_server *server;
    weir_endpoint where;
    weir_address bound;
    char text[WEIR_ADDRESS_TEXT];

    int error = weir_endpoint_parse(weir_bytes_text(argument), &where);
    if (error) return error;
    error = weir_http_server_create(io, &(weir_http_server_options){.handler = hello}, &server);
    if (error) return error;
    error = weir_http_server_listen(server, &where.addresses[0], &bound);
    if (!error) {
        weir_address_print(&bound, text);
        printf("http://%s/\n", text);
        fflush(stdout);
        error = weir_http_server_run(server);
    }
    weir_http_server_destroy(server);
    return error;
}

int main(int argc, char **argv)
{
    weir_io *io;
    int error = weir_engine_create(NULL, &io);
    if (!error) {
        error = weir_run(io, serve, argc > 1 ? argv[1] : "127.0.0.1:8080");
        weir_io_destroy(io);
    }
    if (error) fprintf(stderr, "hello: %s\n", weir_strerror(error));
    return error != 0;
}
