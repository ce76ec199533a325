/* SPDX-License-Identifier: MIT
 *
 * What becomes of a connection whose peer falls silent, comes back without knowing it, or cuts it?
 */
#include "test/network/network.h"
#include "test/network/wire.h"

#include <weir/net/option.h>

static void cut(network *net, bool on)
{
    wire_set(network_wire(net), &(wire_faults){.cut = on});
}

static void close_both(weir_io *io, weir_tcp_stream ends[2])
{
    weir_tcp_close(io, &ends[NETWORK_NEAR]);
    weir_tcp_close(io, &ends[NETWORK_FAR]);
}

static int read_one(weir_io *io, void *argument)
{
    char byte;
    return (int)weir_tcp_read(io, argument, &byte, 1);
}

static int read_slowly_until(weir_io *io, weir_tcp_stream *tcp, int ms)
{
    return weir_timeout(io, weir_milliseconds(ms), read_one, tcp);
}

/* Writes until it fails or the peer takes no more for `ms`.  Returns the error. */
static int write_until_stuck(weir_io *io, weir_tcp_stream *tcp, int ms)
{
    static char zeros[1 << 16];
    int64_t sent;
    do {
        weir_scope scope;
        weir_scope_enter_for(io, &scope, weir_milliseconds(ms));
        sent = weir_tcp_write(io, tcp, zeros, sizeof zeros);
        weir_scope_leave(io, &scope);
    } while (sent > 0);
    return (int)sent;
}

/* The idle one is found out by probes, the one with bytes under way by its limit for these; the
 * third has neither and ends by a deadline. */
NETWORK(a_vanished_peer_is_noticed, NETWORK_WIRE)
{
    enum { IDLE, SENDING, PLAIN, COUNT };
    weir_tcp_stream ends[COUNT][2];
    /* Probes are counted from the last bytes: those of the connecting. */
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    for (int i = 0; i < COUNT; i++)
        if (!network_pair(io, net, "192.0.2.2:0", ends[i])) return;
    const weir_keepalive probes = {
        .on = true, .count = 1, .idle = weir_seconds(1), .interval = weir_seconds(1)};
    check_int(weir_option_set_keepalive(io, weir_tcp_socket(&ends[IDLE][NETWORK_NEAR]), &probes),
              0);
    check_int(weir_option_set_user_timeout(io, weir_tcp_socket(&ends[SENDING][NETWORK_NEAR]),
                                           weir_milliseconds(300)),
              0);
    cut(net, true);
    check_int(weir_tcp_write(io, &ends[SENDING][NETWORK_NEAR], "x", 1), 1);
    check_int(weir_tcp_write(io, &ends[PLAIN][NETWORK_NEAR], "x", 1), 1);
    check_int(read_slowly_until(io, &ends[PLAIN][NETWORK_NEAR], 50), WEIR_EDEADLINE);

    check_int(read_slowly_until(io, &ends[SENDING][NETWORK_NEAR], 20000), WEIR_ETIMEDOUT);
    check(contract_ms_since(io, start) >= 300);
    check_int(read_slowly_until(io, &ends[IDLE][NETWORK_NEAR], 20000), WEIR_ETIMEDOUT);
    check(contract_ms_since(io, start) >= 1500);
    check_int(weir_tcp_write(io, &ends[IDLE][NETWORK_NEAR], "x", 1), WEIR_ETIMEDOUT);
    for (int i = 0; i < COUNT; i++) close_both(io, ends[i]);
}

/* The peer forgets the connection while the cable is cut: its reset is lost. */
NETWORK(a_half_open_connection_is_reset_by_the_next_bytes, NETWORK_WIRE)
{
    weir_tcp_stream ends[2];
    if (!network_pair(io, net, "192.0.2.2:0", ends)) return;
    cut(net, true);
    const unsigned before = wire_count(network_wire(net)).lost;
    weir_tcp_abort(io, &ends[NETWORK_FAR]);
    check_int(read_slowly_until(io, &ends[NETWORK_NEAR], 50), WEIR_EDEADLINE);
    while (wire_count(network_wire(net)).lost == before) weir_sleep(io, weir_milliseconds(1));
    cut(net, false);
    check_int(read_slowly_until(io, &ends[NETWORK_NEAR], 20), WEIR_EDEADLINE);
    check_int(weir_tcp_write(io, &ends[NETWORK_NEAR], "x", 1), 1);
    check_int(read_slowly_until(io, &ends[NETWORK_NEAR], 20000), WEIR_ECONNRESET);
    weir_tcp_close(io, &ends[NETWORK_NEAR]);
}

/* A deadline ends waiting and nothing else: when the cable is whole again, so is the stream. */
NETWORK(a_connection_outlives_a_cut_and_the_deadlines_in_it, NETWORK_WIRE)
{
    weir_tcp_stream ends[2];
    if (!network_pair(io, net, "192.0.2.2:0", ends)) return;
    cut(net, true);
    check_int(weir_tcp_write(io, &ends[NETWORK_NEAR], "first", 5), 5);
    check_int(read_slowly_until(io, &ends[NETWORK_FAR], 100), WEIR_EDEADLINE);
    cut(net, false);
    check_int(weir_tcp_write(io, &ends[NETWORK_NEAR], "then", 4), 4);
    char text[9];
    check_int(weir_stream_read_full(io, &ends[NETWORK_FAR].stream, text, 9), 9);
    check(memcmp(text, "firstthen", 9) == 0);
    close_both(io, ends);
}

/* The near interface goes down under a writer, and comes back. */
NETWORK(an_interface_that_goes_down_stalls_until_the_deadline, NETWORK_DIRECT)
{
    weir_tcp_stream ends[2];
    if (!network_pair(io, net, "192.0.2.2:0", ends)) return;
    check_int(weir_tcp_write(io, &ends[NETWORK_NEAR], "a", 1), 1);
    check_int(read_one(io, &ends[NETWORK_FAR]), 1);
    network_ip(net, NETWORK_NEAR, "link set net0 down\n");
    check_int(write_until_stuck(io, &ends[NETWORK_NEAR], 100), WEIR_EDEADLINE);
    weir_address far = network_address("192.0.2.2:9");
    weir_tcp_stream another;
    check_int(weir_tcp_connect(io, &far, &another), WEIR_ENETUNREACH);

    network_ip(net, NETWORK_NEAR, "link set net0 up\n");
    check_int(read_slowly_until(io, &ends[NETWORK_FAR], 20000), 1);
    close_both(io, ends);
}

/* The far interface goes down: near has no carrier, but a route. */
NETWORK(a_cable_without_carrier_stalls_until_the_deadline, NETWORK_DIRECT)
{
    weir_tcp_stream ends[2];
    if (!network_pair(io, net, "192.0.2.2:0", ends)) return;
    network_ip(net, NETWORK_FAR, "link set net0 down\n");
    check_int(write_until_stuck(io, &ends[NETWORK_NEAR], 100), WEIR_EDEADLINE);
    check_int(weir_option_set_user_timeout(io, weir_tcp_socket(&ends[NETWORK_NEAR]),
                                           weir_milliseconds(600)),
              0);
    check_int(read_slowly_until(io, &ends[NETWORK_NEAR], 20000), WEIR_ETIMEDOUT);
    close_both(io, ends);
}

typedef struct long_write {
    weir_tcp_stream *tcp;
    int64_t sent;
    int error;
} long_write;

static int write_long(weir_io *io, void *argument)
{
    enum { LONG = 16 << 20 };
    long_write *w = argument;
    char *data = calloc(1, LONG);
    if (!check(data != NULL)) return 0;
    w->sent = weir_tcp_write_all(io, w->tcp, data, LONG);
    w->error = (int)weir_tcp_write(io, w->tcp, data, 1);
    free(data);
    return 0;
}

/* The peer resets while a write of many bytes waits for room. */
NETWORK(a_reset_ends_a_write_part_way, NETWORK_DIRECT)
{
    weir_tcp_stream ends[2];
    if (!network_pair(io, net, "192.0.2.2:0", ends)) return;
    long_write w = {.tcp = &ends[NETWORK_NEAR]};
    weir_task writer;
    check_int(weir_concurrent(io, &writer, write_long, &w, NULL), 0);
    check_int(read_one(io, &ends[NETWORK_FAR]), 1);
    contract_settle(io);
    weir_tcp_abort(io, &ends[NETWORK_FAR]);
    check_int(weir_await(io, &writer, NULL), 0);
    check(w.sent > 0 && w.sent < 16 << 20);
    check(w.error == WEIR_ECONNRESET || w.error == WEIR_EPIPE);
    weir_tcp_close(io, &ends[NETWORK_NEAR]);
}
