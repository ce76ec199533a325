/* SPDX-License-Identifier: MIT
 *
 * How many connections a second does a server bear that closes each one at once?
 *
 *      bench_load_accept burst|steady PORT -P SERVER_PID [-c CONNECTIONS] [-d SECONDS] [-w WARM_UP]
 *
 * A connection is good when the server ends it (recv gives 0).  The client then resets it: that
 * leaves no TIME_WAIT on either side, so neither ports nor memory run out.
 *
 * steady: CONNECTIONS are open; the oldest is waited for, and replaced.
 * burst: making a connection costs more than accepting it, so a server that accepts at once mostly
 * waits.  Here it is stopped by SIGSTOP while CONNECTIONS queue up, then continued, and the time
 * until all are closed is what counts.  The last is waited for first: the server shall not pay for
 * waking the client after each.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include "load.h"

enum { STALL_S = 5 };

static const char *const modes[] = {"burst", "steady", NULL};
enum { BURST, STEADY };

static load_options options = {.connections = 256, .seconds = 3, .warm_up = 0.3};
static int *sockets;
static uint64_t draining; /* nanoseconds in which the server had connections to take */

static void go_on(void)
{
    kill(options.pid, SIGCONT);
}

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct linger reset = {.l_onoff = 1};
    struct timeval limit = {.tv_sec = STALL_S};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)options.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0) bench_fail("socket", errno);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) bench_fail("connect", errno);
    return fd;
}

static void await_end(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, 0);
    if (got > 0) bench_fail("the server sent something", 0);
    if (got < 0) bench_fail(errno == EAGAIN ? "not accepted for 5 s" : "recv", errno);
}

/* Returns the connections that were made and closed. */
static uint64_t burst(uint64_t end)
{
    uint64_t count = 0;
    while (bench_now() < end) {
        kill(options.pid, SIGSTOP);
        for (int i = 0; i < options.connections; i++) sockets[i] = dial();
        uint64_t start = bench_now();
        go_on();
        for (int i = options.connections; i-- > 0;) await_end(sockets[i]);
        draining += bench_now() - start;
        for (int i = 0; i < options.connections; i++) close(sockets[i]);
        count += (uint64_t)options.connections;
    }
    return count;
}

static uint64_t steady(uint64_t end)
{
    uint64_t count = 0;
    for (int i = 0; i < options.connections; i++) sockets[i] = dial();
    for (int i = 0; bench_now() < end; count++) {
        await_end(sockets[i]);
        close(sockets[i]);
        sockets[i] = dial();
        i = i + 1 < options.connections ? i + 1 : 0;
    }
    for (int i = 0; i < options.connections; i++, count++) {
        await_end(sockets[i]);
        close(sockets[i]);
    }
    return count;
}

static uint64_t run_for(double seconds)
{
    uint64_t end = bench_now() + (uint64_t)(seconds * 1e9);
    draining = 0;
    return options.mode == BURST ? burst(end) : steady(end);
}

int main(int argc, char **argv)
{
    load_parse(argc, argv, modes, &options);
    bench_raise_descriptors((size_t)options.connections + 64);
    sockets = bench_alloc((size_t)options.connections, sizeof *sockets);
    atexit(go_on); /* a server is never left stopped */
    run_for(options.warm_up);
    load_window window = load_begin(options.pid);
    load_result result = {.mode = modes[options.mode], .connections = options.connections};
    result.requests = (double)run_for(options.seconds);
    result.seconds = (double)draining / 1e9;
    load_end(&window, &result);
    return 0;
}
