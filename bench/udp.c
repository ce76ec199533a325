/* SPDX-License-Identifier: MIT
 *
 * UDP on Weir: an echo server, a sender and a receiver of one flow;
 * bench/run-udp-echo and bench/run-udp-flow measure them beside bare loops.
 *
 *      bench_udp PORT echo|send|segments|receive [--io
 * auto|uring|epoll|threads]
 *
 * What is sent and received is in bench/udp.h.  send fills batches of messages;
 * segments leaves the cutting to weir_udp_send_segments.
 */
#include <weir/io/group.h>
#include <weir/net/udp.h>

#include "udp.h"
#include "weir_side.h"

static udp_answer counts = {.magic = UDP_MAGIC};

static int echo(weir_io *io, weir_udp_socket *udp)
{
    static char data[UDP_ECHO_BATCH][FLOW_SIZE];
    static struct iovec slices[UDP_ECHO_BATCH];
    static weir_message messages[UDP_ECHO_BATCH];
    for (int i = 0; i < UDP_ECHO_BATCH; i++)
        messages[i] = (weir_message){.data = &slices[i], .count = 1};
    for (;;) {
        for (int i = 0; i < UDP_ECHO_BATCH; i++)
            slices[i] = (struct iovec){data[i], sizeof data[i]};
        int64_t n = weir_udp_receive_many(io, udp, messages, UDP_ECHO_BATCH, weir_never());
        if (n < 0) return (int)n;
        for (int64_t i = 0; i < n; i++) slices[i].iov_len = messages[i].len;
        int error;
        weir_udp_send_many(io, udp, messages, (uint32_t)n, &error);
        if (error) return error;
    }
}

/* Obeys a control word; returns what it was, or an error. */
static int64_t obey(weir_io *io, weir_udp_socket *udp, const void *data, size_t len,
                    const weir_address *from)
{
    counts.verb = udp_verb_of(data, len);
    if (counts.verb != UDP_COUNT) return counts.verb;
    int64_t sent = weir_udp_send_to(io, udp, &counts, sizeof counts, from);
    return sent < 0 ? sent : UDP_COUNT;
}

static int receive(weir_io *io, weir_udp_socket *udp)
{
    static struct iovec slices[FLOW_BATCH];
    static flow_gro control[FLOW_BATCH];
    static weir_message messages[FLOW_BATCH];
    const int on = 1;
    int error = weir_set_option(io, udp->socket, SOL_UDP, UDP_GRO, &on, sizeof on);
    if (error) return error;
    for (int i = 0; i < FLOW_BATCH; i++) {
        slices[i] = (struct iovec){bench_alloc(FLOW_INPUT, 1), FLOW_INPUT};
        messages[i] = (weir_message){.data = &slices[i], .count = 1, .control = &control[i]};
    }
    for (;;) {
        for (int i = 0; i < FLOW_BATCH; i++) messages[i].control_len = sizeof control[i];
        int64_t n = weir_udp_receive_many(io, udp, messages, FLOW_BATCH, weir_never());
        if (n < 0) return (int)n;
        for (int64_t i = 0; i < n; i++) {
            const weir_message *m = &messages[i];
            int64_t verb = obey(io, udp, m->data->iov_base, m->len, &m->address);
            if (verb < 0) return (int)verb;
            if (verb == 0)
                flow_take(&counts, m->data->iov_base, m->len,
                          flow_gro_size(&control[i], m->control_len, m->len));
        }
    }
}

/* The sender is a task beside the one that listens for control words. */
typedef struct sender {
    weir_udp_socket *udp;
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
        int error;
        uint32_t n = weir_udp_send_many(io, s->udp, messages, FLOW_BATCH, &error);
        if (error) return error;
        counts.next = first + (uint64_t)n * FLOW_SEGMENTS;
        counts.datagrams += (uint64_t)n * FLOW_SEGMENTS;
        counts.bytes += (uint64_t)n * FLOW_CHUNK;
    }
}

/* The same by the call that cuts one buffer. */
static int send_segments(weir_io *io, void *argument)
{
    const sender *s = argument;
    static char *chunk;
    if (!chunk) chunk = bench_alloc(FLOW_CHUNK, 1);
    for (;;) {
        const uint64_t first = counts.next;
        flow_fill(chunk, &counts);
        int64_t n = weir_udp_send_segments(io, s->udp, chunk, FLOW_CHUNK, FLOW_SIZE, &s->to);
        if (n < 0) return (int)n;
        counts.next = first + (uint64_t)n / FLOW_SIZE;
        counts.datagrams += (uint64_t)n / FLOW_SIZE;
        counts.bytes += (uint64_t)n;
    }
}

static int send_on_demand(weir_io *io, weir_udp_socket *udp, weir_task_fn *flow)
{
    sender s = {.udp = udp};
    for (;;) {
        weir_group group = WEIR_GROUP_INIT;
        int64_t verb = 0;
        while (verb >= 0 && verb != UDP_STOP) {
            udp_word word;
            weir_address from;
            int64_t len = weir_udp_receive_from(io, udp, &word, sizeof word, &from);
            verb = len < 0 ? len : obey(io, udp, &word, (size_t)len, &from);
            if (verb != UDP_SEND) continue;
            s.to = from;
            int error = weir_group_concurrent(io, &group, flow, &s, NULL);
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
    weir_udp_socket udp;
    int error = weir_udp_bind(io, &address, NULL, &udp);
    if (error) return error;
    error = weir_set_option(io, udp.socket, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (!error) error = weir_set_option(io, udp.socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (!error && !strcmp(side->word, "echo"))
        error = echo(io, &udp);
    else if (!error && !strcmp(side->word, "receive"))
        error = receive(io, &udp);
    else if (!error)
        error =
            send_on_demand(io, &udp, strcmp(side->word, "segments") ? send_flow : send_segments);
    weir_udp_close(io, &udp);
    return error;
}

int main(int argc, char **argv)
{
    static const char usage[] = "PORT echo|send|segments|receive [--io auto|uring|epoll|threads]";
    weir_side side = weir_side_parse(argc, argv, usage);
    if (!side.word) side.word = "echo";
    return weir_side_run(&side, run, &side);
}
