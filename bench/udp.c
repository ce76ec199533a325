/* SPDX-License-Identifier: MIT
 *
 * UDP on Weir: an echo server, a sender and a receiver of one flow; bench/run-udp-echo and
 * bench/run-udp-flow measure them beside bare loops.
 *
 *      bench_udp PORT echo|send|receive [--io auto|uring|epoll|threads]
 *
 * What is sent and received is in bench/udp.h.
 */
#include <weir/io/group.h>
#include <weir/io/socket.h>

#include "udp.h"
#include "weir_side.h"

static udp_answer counts = {.magic = UDP_MAGIC};

static int echo(weir_io *io, weir_socket socket)
{
    static char data[UDP_ECHO_BATCH][FLOW_SIZE];
    static struct iovec slices[UDP_ECHO_BATCH];
    static weir_message messages[UDP_ECHO_BATCH];
    for (int i = 0; i < UDP_ECHO_BATCH; i++)
        messages[i] = (weir_message){.data = &slices[i], .count = 1};
    for (;;) {
        for (int i = 0; i < UDP_ECHO_BATCH; i++)
            slices[i] = (struct iovec){data[i], sizeof data[i]};
        int64_t n = weir_receive_many(io, socket, messages, UDP_ECHO_BATCH);
        if (n < 0) return (int)n;
        for (int64_t i = 0; i < n; i++) slices[i].iov_len = messages[i].len;
        int64_t sent = weir_send_many(io, socket, messages, (uint32_t)n);
        if (sent < n) return sent < 0 ? (int)sent : WEIR_ENOBUFS;
    }
}

/* Obeys a control word; returns what it was, or an error. */
static int64_t obey(weir_io *io, weir_socket socket, const void *data, size_t len,
                    const weir_address *from)
{
    struct iovec slice = {&counts, sizeof counts};
    weir_message answer = {.data = &slice, .count = 1, .address = *from};
    counts.verb = udp_verb_of(data, len);
    if (counts.verb != UDP_COUNT) return counts.verb;
    int64_t sent = weir_send(io, socket, &answer);
    return sent < 0 ? sent : UDP_COUNT;
}

static int receive(weir_io *io, weir_socket socket)
{
    static struct iovec slices[FLOW_BATCH];
    static flow_gro control[FLOW_BATCH];
    static weir_message messages[FLOW_BATCH];
    const int on = 1;
    int error = weir_set_option(io, socket, SOL_UDP, UDP_GRO, &on, sizeof on);
    if (error) return error;
    for (int i = 0; i < FLOW_BATCH; i++) {
        slices[i] = (struct iovec){bench_alloc(FLOW_INPUT, 1), FLOW_INPUT};
        messages[i] = (weir_message){.data = &slices[i], .count = 1, .control = &control[i]};
    }
    for (;;) {
        for (int i = 0; i < FLOW_BATCH; i++) messages[i].control_len = sizeof control[i];
        int64_t n = weir_receive_many(io, socket, messages, FLOW_BATCH);
        if (n < 0) return (int)n;
        for (int64_t i = 0; i < n; i++) {
            const weir_message *m = &messages[i];
            int64_t verb = obey(io, socket, m->data->iov_base, m->len, &m->address);
            if (verb < 0) return (int)verb;
            if (verb == 0)
                flow_take(&counts, m->data->iov_base, m->len,
                          flow_gro_size(&control[i], m->control_len, m->len));
        }
    }
}

/* The sender is a task beside the one that listens for control words. */
typedef struct sender {
    weir_socket socket;
    weir_address to;
} sender;

static int send_flow(weir_io *io, void *argument)
{
    static struct iovec slices[FLOW_BATCH];
    static flow_segment control[FLOW_BATCH];
    static weir_message messages[FLOW_BATCH];
    const sender *s = argument;
    for (int i = 0; i < FLOW_BATCH; i++) {
        if (!slices[i].iov_base) slices[i].iov_base = bench_alloc(FLOW_CHUNK, 1);
        slices[i].iov_len = FLOW_CHUNK;
        flow_segment_set(&control[i], FLOW_SIZE);
        messages[i] = (weir_message){.data = &slices[i],
                                     .count = 1,
                                     .control = &control[i],
                                     .control_len = sizeof control[i],
                                     .address = s->to};
    }
    for (;;) {
        const uint64_t first = counts.next;
        for (int i = 0; i < FLOW_BATCH; i++) flow_fill(slices[i].iov_base, &counts);
        int64_t n = weir_send_many(io, s->socket, messages, FLOW_BATCH);
        if (n < 0) return (int)n;
        counts.next = first + (uint64_t)n * FLOW_SEGMENTS;
        counts.datagrams += (uint64_t)n * FLOW_SEGMENTS;
        counts.bytes += (uint64_t)n * FLOW_CHUNK;
    }
}

static int send_on_demand(weir_io *io, weir_socket socket)
{
    sender s = {.socket = socket};
    for (;;) {
        weir_group group = WEIR_GROUP_INIT;
        int64_t verb = 0;
        while (verb >= 0 && verb != UDP_STOP) {
            udp_word word;
            struct iovec slice = {&word, sizeof word};
            weir_message message = {.data = &slice, .count = 1};
            verb = weir_receive(io, socket, &message);
            if (verb > 0) verb = obey(io, socket, &word, message.len, &message.address);
            if (verb != UDP_SEND) continue;
            s.to = message.address;
            int error = weir_group_concurrent(io, &group, send_flow, &s, NULL);
            if (error) verb = error;
        }
        weir_group_cancel(io, &group);
        if (verb < 0) return (int)verb;
    }
}

static int run(weir_io *io, void *argument)
{
    const weir_side *side = argument;
    const weir_address address = weir_address_loopback4((uint16_t)side->port);
    const int room = UDP_ROOM;
    weir_socket socket;
    int error = weir_socket_open(io, AF_INET, SOCK_DGRAM, 0, &socket);
    if (error) return error;
    error = weir_bind(io, socket, &address);
    if (!error) error = weir_set_option(io, socket, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (!error) error = weir_set_option(io, socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (!error) {
        switch (side->word[0]) {
        case 'e': error = echo(io, socket); break;
        case 's': error = send_on_demand(io, socket); break;
        default: error = receive(io, socket); break;
        }
    }
    weir_close_socket(io, socket);
    return error;
}

int main(int argc, char **argv)
{
    static const char usage[] = "PORT echo|send|receive [--io auto|uring|epoll|threads]";
    weir_side side = weir_side_parse(argc, argv, usage);
    if (!side.word) side.word = "echo";
    return weir_side_run(&side, run, &side);
}
