/* SPDX-License-Identifier: MIT
 *
 * A name server that sends an octet now and then: for how long does it keep a connection?
 */
#include "test/network/dns_ask.h"

#include <weir/net/tcp.h>

/* A server that begins a message and never ends it. */
typedef struct dripper {
    weir_tcp_listener listener;
    weir_address address;
    uint32_t accepted;
    weir_task task;
} dripper;

static int drip(weir_io *io, void *argument)
{
    dripper *d = argument;
    weir_tcp_stream tcp;
    if (!check_int(weir_tcp_accept(io, d->listener, &tcp), 0)) return -1;
    contract_raise(io, &d->accepted);
    const uint8_t octet = 0xff; /* the longest message */
    while (weir_stream_write_all(io, &tcp.stream, &octet, 1) >= 0)
        check_int(weir_sleep(io, weir_milliseconds(2)), 0);
    weir_tcp_close(io, &tcp);
    return 0;
}

/* Asks, and asks no more when the connection is there: it has to go. */
static void ask_a_dripper(weir_io *io, weir_duration timeout, weir_duration idle)
{
    dripper d = {.accepted = 0};
    const weir_address any = weir_address_loopback4(0);
    check_int(weir_tcp_listen(io, &any, NULL, &d.listener), 0);
    check_int(weir_local_address(io, d.listener.socket, &d.address), 0);
    check_int(weir_concurrent(io, &d.task, drip, &d, NULL), 0);
    dns_ask_options options = ask_options();
    options.tcp = true;
    options.timeout = timeout;
    options.tcp_idle = idle;
    dns_servers *servers;
    check_int(weir_dns_servers_create(io, &d.address, 1, &options, &servers), 0);
    lookup *l = malloc(sizeof *l);
    lookup_init(l, servers, "host.example.");
    weir_task asking;
    check_int(weir_concurrent(io, &asking, lookup_task, l, NULL), 0);
    check_int(contract_reached(io, &d.accepted, 1), 0);
    weir_cancel(io, &asking);
    lookup_free(l);
    free(l);
    int result = -1;
    check_int(weir_await(io, &d.task, &result), 0);
    check_int(result, 0);
    weir_dns_servers_destroy(io, servers);
    weir_tcp_listener_close(io, d.listener);
}

CONTRACT(dns_ask_drip_of_a_message_has_its_time)
{
    ask_a_dripper(io, weir_milliseconds(50), weir_seconds(3600));
}

CONTRACT(dns_ask_drip_does_not_make_a_connection_busy)
{
    ask_a_dripper(io, weir_seconds(3600), weir_milliseconds(50));
}
