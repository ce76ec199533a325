/* SPDX-License-Identifier: MIT
 *
 * How much does a UDP program bear?  The other side of bench/run-udp-echo and bench/run-udp-flow.
 *
 *      bench_load_udp echo|receive|send PORT -P SERVER_PID [-c SOCKETS] [-W WINDOW] [-d SECONDS]
 *                     [-w WARM_UP]
 *
 * echo: each of SOCKETS keeps WINDOW datagrams of 64 bytes under way; answers are compared byte by
 * byte and must come in order.  What was lost is noticed by a gap, or by silence, and sent anew.
 * Datagrams leave as segments of one send, so the load costs less than what it measures.
 * receive: the server receives; the load sends as fast as it can.  send: the other way round.
 */
#include "load.h"
#include "udp.h"

enum { SILENCE_MS = 500, ANSWER_TRIES = 100, MOST_WINDOW = 64, ECHO_INPUTS = 64 };

static const char *const modes[] = {"echo", "receive", "send", NULL};
enum { ECHO, RECEIVE, SEND };

static load_options options = {.connections = 8, .window = 32, .seconds = 3, .warm_up = 0.3};

/* One client of the echo server. */
typedef struct client {
    int fd;
    uint32_t number, sent, expected; /* the next to send, the next to come */
} client;

static client *clients;
static uint64_t answered, lost;
static int ready;

static void make_datagram(char *out, uint32_t number, uint32_t sequence)
{
    memcpy(out, &number, 4);
    memcpy(out + 4, &sequence, 4);
    for (uint32_t i = 8; i < UDP_ECHO_SIZE; i++) out[i] = (char)(sequence + i);
}

/* Fills the window of a client again. */
static void fill_window(client *c)
{
    static char data[MOST_WINDOW * UDP_ECHO_SIZE];
    uint32_t count = (uint32_t)options.window - (c->sent - c->expected);
    flow_segment control;
    struct iovec slice = {data, (size_t)count * UDP_ECHO_SIZE};
    struct msghdr header = {.msg_iov = &slice,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control};
    if (count == 0) return;
    flow_segment_set(&control, UDP_ECHO_SIZE);
    for (uint32_t i = 0; i < count; i++)
        make_datagram(data + (size_t)i * UDP_ECHO_SIZE, c->number, c->sent + i);
    if (sendmsg(c->fd, &header, MSG_NOSIGNAL) != (ssize_t)slice.iov_len)
        bench_fail("sendmsg", errno);
    c->sent += count;
}

static void take_answer(client *c, const char *data, size_t len)
{
    char wanted[UDP_ECHO_SIZE];
    uint32_t sequence;
    if (len != UDP_ECHO_SIZE) bench_fail("an answer has another length", 0);
    memcpy(&sequence, data + 4, 4);
    make_datagram(wanted, c->number, sequence);
    if (memcmp(wanted, data, UDP_ECHO_SIZE)) bench_fail("the echo differs from what was sent", 0);
    uint32_t gap = sequence - c->expected;
    if (gap >= c->sent - c->expected) {
        if (gap > UINT32_MAX / 2) return; /* it was given up for lost */
        bench_fail("an answer to nothing", 0);
    }
    lost += gap;
    c->expected = sequence + 1;
    answered++;
}

static void take_answers(client *c)
{
    static char data[ECHO_INPUTS][2 * UDP_ECHO_SIZE];
    static struct iovec slices[ECHO_INPUTS];
    static struct mmsghdr headers[ECHO_INPUTS];
    for (int i = 0; i < ECHO_INPUTS; i++) {
        slices[i] = (struct iovec){data[i], sizeof data[i]};
        headers[i].msg_hdr = (struct msghdr){.msg_iov = &slices[i], .msg_iovlen = 1};
    }
    int n = recvmmsg(c->fd, headers, ECHO_INPUTS, MSG_DONTWAIT, NULL);
    if (n < 0 && errno != EAGAIN) bench_fail("recvmmsg", errno);
    for (int i = 0; i < n; i++) take_answer(c, data[i], headers[i].msg_len);
    fill_window(c);
}

static void give_up_all(void)
{
    for (int i = 0; i < options.connections; i++) {
        lost += clients[i].sent - clients[i].expected;
        clients[i].expected = clients[i].sent;
        fill_window(&clients[i]);
    }
}

static void open_clients(void)
{
    clients = bench_alloc((size_t)options.connections, sizeof *clients);
    ready = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < options.connections; i++) {
        client *c = &clients[i];
        *c = (client){.fd = udp_open(0, options.port), .number = (uint32_t)i};
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        if (epoll_ctl(ready, EPOLL_CTL_ADD, c->fd, &event)) bench_fail("epoll", errno);
        fill_window(c);
    }
}

static void echo_for(double seconds)
{
    const uint64_t end = bench_now() + (uint64_t)(seconds * 1e9);
    struct epoll_event events[64];
    uint64_t now, heard = bench_now();
    while ((now = bench_now()) < end) {
        int count = epoll_wait(ready, events, 64, SILENCE_MS);
        if (count > 0) heard = now;
        if (count == 0 && now - heard > 5000000000u) bench_fail("no answer for 5 s", 0);
        if (count == 0) give_up_all();
        for (int i = 0; i < count; i++) take_answers(events[i].data.ptr);
    }
}

static void measure_echo(load_result *result)
{
    open_clients();
    echo_for(options.warm_up);
    answered = lost = 0;
    load_window window = load_begin(options.pid);
    echo_for(options.seconds);
    if (answered == 0) bench_fail("no answer", 0);
    result->requests = (double)answered;
    result->lost = (double)lost;
    load_end(&window, result);
}

static udp_answer seen; /* what came here */
static flow_in in;

/* Takes what is there.  Returns whether the answer to a COUNT was among it. */
static bool take_flow(int fd, udp_answer *answer)
{
    int n = flow_in_receive(&in, fd);
    bool found = false;
    for (int i = 0; i < n; i++) {
        const char *data = in.slices[i].iov_base;
        const size_t len = in.headers[i].msg_len;
        if (len == sizeof *answer) {
            memcpy(answer, data, len);
            found = answer->magic == UDP_MAGIC && answer->verb == UDP_COUNT;
        } else {
            flow_take(&seen, data, len, flow_in_segment(&in, i));
        }
    }
    return found;
}

static void say(int fd, udp_verb verb)
{
    udp_word word = {UDP_MAGIC, verb};
    if (send(fd, &word, sizeof word, MSG_NOSIGNAL) < 0) bench_fail("send", errno);
}

/* Asks the server what it has done so far. */
static udp_answer ask(int fd, int readable)
{
    udp_answer answer;
    for (int tries = 0; tries < ANSWER_TRIES; tries++) {
        const uint64_t limit = bench_now() + 50000000;
        say(fd, UDP_COUNT);
        while (bench_now() < limit) {
            udp_wait(readable, 50);
            if (take_flow(fd, &answer)) return answer;
        }
    }
    bench_fail("the server does not answer", 0);
}

static void flow_for(int fd, int readable, double seconds, udp_answer *sent)
{
    static flow_out out;
    const uint64_t end = bench_now() + (uint64_t)(seconds * 1e9);
    udp_answer answer;
    if (!out.chunks) flow_out_init(&out, NULL);
    while (bench_now() < end) {
        if (options.mode == RECEIVE) {
            flow_out_send(&out, fd, sent);
        } else {
            udp_wait(readable, 50);
            take_flow(fd, &answer);
        }
    }
}

static void measure_flow(load_result *result)
{
    int fd = udp_open(0, options.port), readable = udp_watch(fd);
    udp_answer sent = {0};
    flow_in_init(&in);
    flow_gro_on(fd);
    if (options.mode == SEND) say(fd, UDP_SEND);
    /* What another load has sent there counts from 0, too. */
    if (options.mode == RECEIVE) sent.next = ask(fd, readable).next;
    flow_for(fd, readable, options.warm_up, &sent);
    udp_answer before = ask(fd, readable), seen_before = seen, sent_before = sent;
    load_window window = load_begin(options.pid);
    flow_for(fd, readable, options.seconds, &sent);
    udp_answer after = ask(fd, readable);
    const bool sends = options.mode == SEND;
    if (after.bad != before.bad || seen.bad) bench_fail("a datagram was damaged", 0);
    double out = (double)(sends ? after.bytes - before.bytes : sent.bytes - sent_before.bytes);
    double came = (double)(sends ? seen.bytes - seen_before.bytes : after.bytes - before.bytes);
    if (came <= 0) bench_fail("no datagram arrived", 0);
    result->requests = (sends ? out : came) / 1e6;
    result->lost = sends ? 0 : (out > came ? (out - came) / 1e6 : 0);
    load_end(&window, result);
    if (sends) say(fd, UDP_STOP);
}

int main(int argc, char **argv)
{
    load_parse(argc, argv, modes, &options);
    if (options.window > MOST_WINDOW) bench_fail("the window may be 64 at most", 0);
    load_result result = {.mode = modes[options.mode], .connections = options.connections};
    if (options.mode == ECHO) {
        measure_echo(&result);
    } else {
        result.connections = 1;
        measure_flow(&result);
    }
    return 0;
}
