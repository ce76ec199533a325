/* SPDX-License-Identifier: MIT
 *
 * Connecting by name: which address of a host wins the race, and why none did.
 *
 *     dial HOST:PORT [SECONDS]       tries all addresses of HOST, for at most SECONDS (default 10)
 *     dial                           the same with a server of its own, that has IPv4 alone
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/weir.h>

typedef struct call {
    const char *text;
    weir_duration limit;
} call;

/* Tells which addresses failed, and which name servers did not answer. */
static void explain(const weir_connect_report *tried, const weir_dns_report *asked)
{
    char text[1024];
    if (tried->total > 0) {
        weir_connect_report_print(tried, text, sizeof text);
        printf("tried in vain: %s\n", text);
    }
    if (tried->total == 0 && asked->total > 0) {
        weir_dns_report_print(asked, text, sizeof text);
        printf("name servers: %s\n", text);
    }
}

static int dial(weir_io *io, weir_dns_resolver *resolver, const call *c)
{
    static weir_dns_report asked; /* too large for the stack of a task */
    weir_connect_report tried;
    weir_address peer;
    const weir_dial_options options = {
        .report = &tried, .peer = &peer, .lookup = {.report = &asked}};

    weir_tcp_stream tcp;
    weir_scope scope;
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    weir_scope_enter_for(io, &scope, c->limit);
    const int error = weir_dial(io, resolver, weir_bytes_text(c->text), &options, &tcp);
    weir_scope_leave(io, &scope);
    const weir_duration took = weir_instant_since(weir_now(io, WEIR_CLOCK_MONOTONIC), start);

    if (error) {
        printf("%s: %s\n", c->text, weir_strerror(error));
    } else {
        char winner[WEIR_ADDRESS_TEXT];
        weir_address_print(&peer, winner);
        printf("%s: connected to %s in %.1f ms\n", c->text, winner, (double)took.ns / 1e6);
        weir_tcp_close(io, &tcp);
    }
    explain(&tried, &asked);
    return error;
}

/* Without an argument: a server on 127.0.0.1, and a name that stands for ::1 as well. */
static int dial_self(weir_io *io, weir_dns_resolver *resolver, call *c)
{
    char text[64];
    weir_tcp_listener listener;
    weir_address address;
    int error = weir_tcp_listen_text(io, "127.0.0.1:0", &listener);
    if (error) return error;
    error = weir_tcp_listener_address(io, listener, &address);
    snprintf(text, sizeof text, "here.localhost:%u", address.port);
    c->text = text;
    if (!error) error = dial(io, resolver, c);
    weir_tcp_listener_close(io, listener);
    return error;
}

static int run(weir_io *io, void *argument)
{
    call *c = argument;
    weir_dns_resolver *resolver;
    int error = weir_dns_resolver_create(io, NULL, &resolver);
    if (error) return error;
    error = c->text ? dial(io, resolver, c) : dial_self(io, resolver, c);
    weir_dns_resolver_destroy(io, resolver);
    return error;
}

int main(int argc, char **argv)
{
    call c = {.text = argc > 1 ? argv[1] : NULL,
              .limit = weir_seconds(argc > 2 ? atoi(argv[2]) : 10)};
    weir_io *io;
    int error = weir_engine_create(NULL, &io);
    if (!error) {
        error = weir_run(io, run, &c);
        weir_io_destroy(io);
    }
    return error != 0;
}
