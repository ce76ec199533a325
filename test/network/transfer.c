/* SPDX-License-Identifier: MIT
 *
 * Does a TCP stream arrive whole, both ways at once, over a network that loses, delays, reorders
 * and duplicates?
 */
#include "test/network/network.h"
#include "test/network/wire.h"

enum {
    STREAM_BYTES = 1 << 21,
    PIECE = 24 * 1024,
    TIME_S = 25,
};

/* One end of the transfer. */
typedef struct transfer_end {
    weir_tcp_stream tcp;
    uint64_t sends, expects; /* the seeds of what goes and comes */
    weir_tcp_listener listener;
    weir_address address;
} transfer_end;

static void fill(unsigned char *data, size_t len, uint64_t *state)
{
    for (size_t i = 0; i < len; i++) data[i] = (unsigned char)test_random(state);
}

static int send_stream(weir_io *io, void *argument)
{
    transfer_end *end = argument;
    unsigned char *piece = malloc(PIECE);
    if (!check(piece != NULL)) return 0;
    uint64_t state = end->sends;
    for (size_t sent = 0; sent < STREAM_BYTES;) {
        size_t len = 1 + test_random(&state) % PIECE;
        if (len > STREAM_BYTES - sent) len = STREAM_BYTES - sent;
        fill(piece, len, &state);
        if (!check_int(weir_tcp_write_all(io, &end->tcp, piece, len), len)) break;
        sent += len;
    }
    check_int(weir_shutdown(io, weir_tcp_socket(&end->tcp), SHUT_WR), 0);
    free(piece);
    return 0;
}

/* Reads what send_stream has sent from the same seed, and the end after it. */
static int receive_stream(weir_io *io, void *argument)
{
    transfer_end *end = argument;
    unsigned char *piece = malloc((size_t)2 * PIECE), *expected = piece + PIECE;
    if (!check(piece != NULL)) return 0;
    uint64_t state = end->expects;
    for (size_t got = 0; got < STREAM_BYTES;) {
        size_t len = 1 + test_random(&state) % PIECE;
        if (len > STREAM_BYTES - got) len = STREAM_BYTES - got;
        fill(expected, len, &state);
        if (!check_int(weir_stream_read_full(io, &end->tcp.stream, piece, len), len)) break;
        if (!check(memcmp(piece, expected, len) == 0)) break;
        got += len;
    }
    check_int(weir_tcp_read(io, &end->tcp, piece, 1), 0);
    free(piece);
    return 0;
}

static void transfer(weir_io *io, transfer_end *end)
{
    weir_group group = WEIR_GROUP_INIT;
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_seconds(TIME_S));
    check_int(weir_group_concurrent(io, &group, send_stream, end, NULL), 0);
    check_int(weir_group_concurrent(io, &group, receive_stream, end, NULL), 0);
    check_int(weir_group_wait(io, &group), 0);
    check_int(weir_scope_leave(io, &scope), 0);
    weir_tcp_close(io, &end->tcp);
}

static int listen_far(weir_io *io, void *argument)
{
    transfer_end *end = argument;
    int error = weir_tcp_listen(io, &end->address, NULL, &end->listener);
    return error ? error : weir_tcp_listener_address(io, end->listener, &end->address);
}

static int accept_far(weir_io *io, void *argument)
{
    transfer_end *end = argument;
    return weir_tcp_accept(io, end->listener, &end->tcp);
}

static int transfer_far(weir_io *io, void *argument)
{
    transfer_end *end = argument;
    if (check_int(weir_timeout(io, weir_seconds(TIME_S), accept_far, end), 0)) transfer(io, end);
    weir_tcp_listener_close(io, end->listener);
    return 0;
}

static void transfer_both_ways(weir_io *io, network *net, const char *address)
{
    uint64_t seed = test_seed();
    transfer_end near = {.sends = seed, .expects = seed + 1};
    transfer_end far = {.sends = seed + 1, .expects = seed, .address = network_address(address)};
    if (!check_int(network_far(io, net, listen_far, &far), 0)) return;
    network_job job;
    network_start(io, net, &job, transfer_far, &far);
    if (check_int(weir_tcp_connect(io, &far.address, &near.tcp), 0)) transfer(io, &near);
    network_join(io, &job);
}

NETWORK(streams_survive_a_bad_cable, NETWORK_WIRE)
{
    wire_set(network_wire(net),
             &(wire_faults){.lost = 10, .duplicated = 20, .reordered = 30, .delay_us = 500});
    transfer_both_ways(io, net, "192.0.2.2:0");
    wire_counts counts = wire_count(network_wire(net));
    check(counts.lost > 0 && counts.duplicated > 0 && counts.reordered > 0);
}

NETWORK(streams_survive_a_bad_cable_over_ipv6, NETWORK_WIRE)
{
    if (!network_needs_ipv6(net)) return;
    wire_set(network_wire(net),
             &(wire_faults){.lost = 10, .duplicated = 20, .reordered = 30, .delay_us = 500});
    transfer_both_ways(io, net, "[2001:db8::2]:0");
    wire_counts counts = wire_count(network_wire(net));
    check(counts.lost > 0 && counts.duplicated > 0 && counts.reordered > 0);
}

NETWORK(streams_survive_netem, NETWORK_DIRECT)
{
    const char *faults = "qdisc add dev net0 root netem delay 1ms 500us loss 1% duplicate 2% "
                         "reorder 75% 50%\n";
    if (network_tc(net, NETWORK_NEAR, faults) && network_tc(net, NETWORK_FAR, faults))
        transfer_both_ways(io, net, "192.0.2.2:0");
    else
        network_skip(net, "this kernel has no netem, or there is no tc (package iproute2)");
}
