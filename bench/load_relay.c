/* SPDX-License-Identifier: MIT
 *
 * How many bytes does a relay move per second of its processor time?  Both ends of its connections.
 *
 *      bench_load_relay stream PORT -b BACKEND_PORT -P RELAY_PID [-c CONNECTIONS] [-d SECONDS]
 *                       [-w WARM_UP]
 *
 * CONNECTIONS to the relay at PORT send as fast as they may; the relay connects to BACKEND_PORT,
 * where the bytes come out.  To cost less than a relay that copies, bytes leave by sendfile(2) and
 * most are dropped unread (MSG_TRUNC); the first of each connection, and one part in 64 of the
 * rest, are compared with what was sent.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "load.h"

enum {
    PATTERN = 1 << 20, /* bytes until what is sent repeats */
    OUT = 256 * 1024,  /* bytes in one sendfile */
    IN = 1 << 20,      /* bytes dropped in one recv */
    LOOK = 64 * 1024,  /* bytes compared in one recv */
    LOOK_EVERY = 64,
};

static const char *const modes[] = {"stream", NULL};
static load_options options = {.connections = 8, .seconds = 3, .warm_up = 0.3};

typedef struct end {
    int fd;
    bool source;
    uint64_t bytes; /* that went or came */
    unsigned reads;
} end;

static char *pattern; /* twice in a row, so that any part of LOOK bytes is contiguous */
static int file, ready;
static uint64_t came;

static void make_pattern(void)
{
    uint64_t state = 0x9e3779b97f4a7c15u;
    file = memfd_create("pattern", MFD_CLOEXEC);
    pattern = bench_alloc(2, PATTERN);
    for (size_t i = 0; i < PATTERN; i += sizeof state) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        memcpy(pattern + i, &state, sizeof state);
    }
    memcpy(pattern + PATTERN, pattern, PATTERN);
    if (file < 0 || write(file, pattern, PATTERN) != PATTERN) bench_fail("memfd", errno);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void add(end *e, int fd, bool source)
{
    struct epoll_event event = {.events = source ? EPOLLOUT : EPOLLIN, .data.ptr = e};
    struct linger reset = {.l_onoff = 1};
    *e = (end){.fd = fd, .source = source};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(ready, EPOLL_CTL_ADD, fd, &event)) bench_fail("epoll", errno);
}

static void open_pair(int listener, end *source, end *sink)
{
    struct sockaddr_in relay = loopback(options.port);
    int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (out < 0 || connect(out, (struct sockaddr *)&relay, sizeof relay))
        bench_fail("connect to the relay", errno);
    /* Some relays connect onwards only when the first bytes have come. */
    add(source, out, true);
    ssize_t sent = sendfile(out, file, &(off_t){0}, OUT);
    if (sent < 0) bench_fail("sendfile", errno);
    source->bytes = (uint64_t)sent;
    int in = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (in < 0) bench_fail(errno == EAGAIN ? "the relay does not connect" : "accept", errno);
    add(sink, in, false);
}

static void send_more(end *e)
{
    off_t at = (off_t)(e->bytes % PATTERN);
    size_t len = PATTERN - (size_t)at < OUT ? PATTERN - (size_t)at : OUT;
    ssize_t sent = sendfile(e->fd, file, &at, len);
    if (sent < 0 && errno != EAGAIN) bench_fail("sendfile", errno);
    if (sent > 0) e->bytes += (uint64_t)sent;
}

static void take(end *e)
{
    static char input[LOOK];
    const bool look = e->bytes < PATTERN || e->reads++ % LOOK_EVERY == 0;
    ssize_t got = look ? recv(e->fd, input, LOOK, 0) : recv(e->fd, NULL, IN, MSG_TRUNC);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) bench_fail("the relay closed a connection", got ? errno : 0);
    if (look && memcmp(input, pattern + e->bytes % PATTERN, (size_t)got))
        bench_fail("the bytes differ from what was sent", 0);
    e->bytes += (uint64_t)got;
    came += (uint64_t)got;
}

static void drive(double seconds)
{
    const uint64_t until = bench_now() + (uint64_t)(seconds * 1e9);
    struct epoll_event events[256];
    while (bench_now() < until) {
        int count = epoll_wait(ready, events, 256, 5000);
        if (count == 0) bench_fail("nothing moved for 5 s", 0);
        for (int i = 0; i < count; i++) {
            end *e = events[i].data.ptr;
            if (e->source && events[i].events & (EPOLLERR | EPOLLHUP))
                bench_fail("the relay closed a connection", 0);
            if (e->source)
                send_more(e);
            else
                take(e);
        }
    }
}

static int listen_behind(void)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = loopback(options.backend);
    struct timeval limit = {.tv_sec = 5};
    if (listener < 0) bench_fail("socket", errno);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024))
        bench_fail("listen", errno);
    return listener;
}

int main(int argc, char **argv)
{
    load_parse(argc, argv, modes, &options);
    if (!options.backend) bench_fail("needs -b", 0);
    bench_raise_descriptors((size_t)options.connections * 2 + 64);
    end *ends = bench_alloc((size_t)options.connections * 2, sizeof *ends);
    ready = epoll_create1(EPOLL_CLOEXEC);
    make_pattern();
    int listener = listen_behind();
    for (int i = 0; i < options.connections; i++)
        open_pair(listener, &ends[2 * i], &ends[2 * i + 1]);
    drive(options.warm_up);
    load_window window = load_begin(options.pid);
    const uint64_t before = came;
    drive(options.seconds);
    load_result result = {.mode = modes[options.mode], .connections = options.connections};
    result.requests = (double)(came - before) / 1e6;
    load_end(&window, &result);
    return 0;
}
