/* SPDX-License-Identifier: MIT
 *
 * How fast may a server on epoll be on this machine?  One thread that counts request ends and
 * answers fixed bytes, or echoes, and does nothing else.
 *
 *      bench_bare_epoll PORT http|echo [edge]
 */
#include <sys/epoll.h>

#include "bare.h"

/* What the socket did not take yet. */
typedef struct connection {
    char *unsent;
    size_t len, sent;
    uint8_t matched;
} connection;

static connection connections[BARE_MOST_FDS];
static char answers[BARE_ANSWER_LEN * BARE_MOST_ANSWERS];
static char input[256 * 1024];
static bare_options options;
static int ready;

static void drop(int fd)
{
    free(connections[fd].unsent);
    connections[fd] = (connection){0};
    close(fd);
}

static void watch(int fd, int how, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (options.option) event.events |= EPOLLET | EPOLLOUT;
    if (epoll_ctl(ready, how, fd, &event)) bench_fail("epoll_ctl", errno);
}

static void keep_unsent(int fd, const char *data, size_t len)
{
    connection *c = &connections[fd];
    bool first = !c->unsent;
    c->unsent = realloc(c->unsent, c->len + len);
    if (!c->unsent) bench_fail("memory", ENOMEM);
    memcpy(c->unsent + c->len, data, len);
    c->len += len;
    if (first && !options.option) watch(fd, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

/* Returns whether the connection is still there. */
static bool send_all(int fd, const char *data, size_t len)
{
    if (!connections[fd].unsent) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent == (ssize_t)len) return true;
        if (sent < 0 && errno != EAGAIN) {
            drop(fd);
            return false;
        }
        if (sent < 0) sent = 0;
        data += sent;
        len -= (size_t)sent;
    }
    keep_unsent(fd, data, len);
    return true;
}

static bool send_unsent(int fd)
{
    connection *c = &connections[fd];
    ssize_t sent = send(fd, c->unsent + c->sent, c->len - c->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return true;
    if (sent < 0) {
        drop(fd);
        return false;
    }
    c->sent += (size_t)sent;
    if (c->sent < c->len) return true;
    free(c->unsent);
    c->unsent = NULL;
    c->len = c->sent = 0;
    if (!options.option) watch(fd, EPOLL_CTL_MOD, EPOLLIN);
    return true;
}

static bool answer(int fd, const char *data, size_t len)
{
    unsigned owed = bare_count_heads(&connections[fd].matched, data, len);
    while (owed) {
        unsigned some = owed > BARE_MOST_ANSWERS ? BARE_MOST_ANSWERS : owed;
        if (!send_all(fd, answers, (size_t)some * BARE_ANSWER_LEN)) return false;
        owed -= some;
    }
    return true;
}

static void take(int fd)
{
    for (;;) {
        ssize_t len = recv(fd, input, sizeof input, 0);
        if (len < 0 && errno == EAGAIN) return;
        if (len <= 0) {
            drop(fd);
            return;
        }
        bool alive =
            options.echo ? send_all(fd, input, (size_t)len) : answer(fd, input, (size_t)len);
        /* A short read drained the socket; what comes later is a new edge. */
        if (!alive || !options.option || len < (ssize_t)sizeof input) return;
    }
}

static void accept_all(int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd < BARE_MOST_FDS)
            watch(fd, EPOLL_CTL_ADD, EPOLLIN);
        else
            close(fd);
    }
}

int main(int argc, char **argv)
{
    options = bare_parse(argc, argv, "edge");
    bench_raise_descriptors(BARE_MOST_FDS);
    bare_fill(answers);
    int listener = bare_listen(options.port, SOCK_NONBLOCK);
    struct epoll_event first = {.events = EPOLLIN, .data.fd = listener}, events[512];
    ready = epoll_create1(EPOLL_CLOEXEC);
    if (ready < 0 || epoll_ctl(ready, EPOLL_CTL_ADD, listener, &first)) bench_fail("epoll", errno);
    for (;;) {
        int count = epoll_wait(ready, events, 512, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                accept_all(listener);
                continue;
            }
            bool alive = true;
            if ((events[i].events & EPOLLOUT) && connections[fd].unsent) alive = send_unsent(fd);
            if (alive && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) take(fd);
        }
    }
}
