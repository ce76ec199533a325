/* SPDX-License-Identifier: MIT
 *
 * The same as bench_dns_ask with c-ares and an epoll loop of one thread, without Weir.
 *
 *      bench_dns_ares PORT PREFIX COUNT FLIGHT
 */
#include <netdb.h>
#include <sys/epoll.h>

#include "bench.h"

#ifdef BENCH_CARES
#include <ares.h>

static struct {
    ares_channel channel;
    const char *prefix;
    unsigned count, next, under_way;
    int epoll;
} run;

static void look_up(void);

static void taken(void *argument, int status, int timeouts, struct hostent *host)
{
    (void)argument, (void)timeouts;
    if (status != ARES_SUCCESS || !host->h_addr_list[0]) bench_fail(ares_strerror(status), 0);
    run.under_way--;
    if (run.next < run.count) look_up();
}

static void look_up(void)
{
    char name[128];
    snprintf(name, sizeof name, "%s-%u.wild.test", run.prefix, run.next++);
    run.under_way++;
    ares_gethostbyname(run.channel, name, AF_INET, taken, NULL);
}

static void watch(void *argument, ares_socket_t fd, int readable, int writable)
{
    (void)argument;
    struct epoll_event event = {.events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u),
                                .data.fd = fd};
    if (!event.events)
        epoll_ctl(run.epoll, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(run.epoll, EPOLL_CTL_MOD, fd, &event))
        epoll_ctl(run.epoll, EPOLL_CTL_ADD, fd, &event);
}

static void loop(void)
{
    while (run.under_way > 0) {
        struct epoll_event events[64];
        struct timeval limit = {1, 0}, room;
        struct timeval *left = ares_timeout(run.channel, &limit, &room);
        int wait = (int)(left->tv_sec * 1000 + left->tv_usec / 1000);
        int count = epoll_wait(run.epoll, events, 64, wait);
        for (int i = 0; i < count; i++) {
            ares_socket_t fd = events[i].data.fd;
            ares_process_fd(run.channel, events[i].events & EPOLLIN ? fd : ARES_SOCKET_BAD,
                            events[i].events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
        }
        if (count == 0) ares_process_fd(run.channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s PORT PREFIX COUNT FLIGHT\n", argv[0]);
        return 2;
    }
    char server[64];
    snprintf(server, sizeof server, "127.0.0.1:%s", argv[1]);
    run.prefix = argv[2];
    run.count = (unsigned)bench_number("COUNT", argv[3], 1, 1e8);
    unsigned flight = (unsigned)bench_number("FLIGHT", argv[4], 1, 10000);
    run.epoll = epoll_create1(EPOLL_CLOEXEC);
    struct ares_options options = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS,
                                   .ednspsz = 1232,
                                   .lookups = (char[]){"b"},
                                   .sock_state_cb = watch};
    ares_library_init(ARES_LIB_INIT_ALL);
    int error = ares_init_options(&run.channel, &options,
                                  ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_LOOKUPS |
                                      ARES_OPT_SOCK_STATE_CB);
    if (!error) error = ares_set_servers_ports_csv(run.channel, server);
    if (error) bench_fail(ares_strerror(error), 0);
    while (run.next < run.count && run.under_way < flight) look_up();
    loop();
    ares_destroy(run.channel);
    return 0;
}
#else
int main(void)
{
    fprintf(stderr, "built without c-ares: ./dev deps bench installs it\n");
    return 1;
}
#endif
