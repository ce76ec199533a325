/* SPDX-License-Identifier: MIT
 *
 * How many bytes may a relay between two TCP sockets move on this machine?  One thread, edges of
 * epoll, and nothing else.
 *
 *      bench_bare_relay PORT BACKEND_PORT splice|copy
 *
 * splice: through a pipe for each direction, inside the kernel.  copy: recv and send.
 */
#include <fcntl.h>
#include <sys/epoll.h>

#include "bare.h"

enum { PIPE_ROOM = 256 * 1024, COPY_ROOM = 256 * 1024 };

typedef struct pair pair;

/* One socket of a pair, and what came from it and is not yet with the other. */
typedef struct side {
    pair *of;
    int fd, pipe[2];
    char *kept; /* copy: what the other did not take yet */
    size_t len, sent;
    bool ended;
} side;

struct pair {
    side sides[2];
    bool over;
    pair *next; /* to free after the events of this pass */
};

static int ready, backend;
static bool splices;
static pair *ended;
static char room[COPY_ROOM];

static void open_side(pair *p, int i, int fd)
{
    side *s = &p->sides[i];
    *s = (side){.of = p, .fd = fd, .pipe = {-1, -1}};
    if (!splices) return;
    if (pipe2(s->pipe, O_NONBLOCK | O_CLOEXEC)) bench_fail("pipe", errno);
    fcntl(s->pipe[1], F_SETPIPE_SZ, PIPE_ROOM);
}

static void accept_one(int fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)backend),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int other = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    pair *p = bench_alloc(1, sizeof *p);
    if (other < 0) bench_fail("socket", errno);
    (void)connect(other, (struct sockaddr *)&address, sizeof address); /* its end is an event */
    open_side(p, 0, fd);
    open_side(p, 1, other);
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                    .data.ptr = &p->sides[i]};
        if (epoll_ctl(ready, EPOLL_CTL_ADD, p->sides[i].fd, &event)) bench_fail("epoll", errno);
    }
}

static void end_pair(pair *p)
{
    if (p->over) return;
    p->over = true;
    for (int i = 0; i < 2; i++) {
        close(p->sides[i].fd);
        for (int j = 0; splices && j < 2; j++) close(p->sides[i].pipe[j]);
        free(p->sides[i].kept);
    }
    p->next = ended;
    ended = p;
}

/* Fills the pipe, or the room.  Returns the bytes, 0 at the end, -1: none now or an error. */
static ssize_t take(side *s)
{
    if (splices)
        return splice(s->fd, NULL, s->pipe[1], NULL, PIPE_ROOM, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    return recv(s->fd, room, sizeof room, 0);
}

static ssize_t give(side *s, int to)
{
    if (splices)
        return splice(s->pipe[0], NULL, to, NULL, s->len - s->sent,
                      SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    return send(to, (s->kept ? s->kept : room) + s->sent, s->len - s->sent, MSG_NOSIGNAL);
}

/* What the other side did not take must not be overwritten by the next pair. */
static void keep(side *s)
{
    if (splices || s->kept) return;
    s->kept = bench_alloc(1, sizeof room);
    memcpy(s->kept, room, s->len);
}

/* Moves bytes from one side to the other until either is not ready.  Returns false on an error. */
static bool move(side *s, side *to)
{
    for (;;) {
        while (s->sent < s->len) {
            ssize_t n = give(s, to->fd);
            if (n < 0 && errno == EAGAIN) {
                keep(s);
                return true;
            }
            if (n <= 0) return errno == ENOTCONN;
            s->sent += (size_t)n;
        }
        free(s->kept);
        s->kept = NULL;
        s->len = s->sent = 0;
        if (s->ended) return true;
        ssize_t n = take(s);
        if (n < 0) return errno == EAGAIN || errno == ENOTCONN;
        if (n > 0) s->len = (size_t)n;
        if (n == 0) {
            s->ended = true;
            shutdown(to->fd, SHUT_WR);
        }
    }
}

static void handle(const struct epoll_event *event)
{
    side *s = event->data.ptr;
    pair *p = s->of;
    if (p->over) return;
    side *other = &p->sides[s == &p->sides[0]];
    bool good = !(event->events & (EPOLLERR | EPOLLHUP));
    if (good && event->events & (EPOLLIN | EPOLLRDHUP)) good = move(s, other);
    if (good && event->events & EPOLLOUT) good = move(other, s);
    if (!good || (s->ended && other->ended)) end_pair(p);
}

int main(int argc, char **argv)
{
    splices = argc == 4 && !strcmp(argv[3], "splice");
    if (argc != 4 || (!splices && strcmp(argv[3], "copy"))) {
        fprintf(stderr, "usage: %s PORT BACKEND_PORT splice|copy\n", argv[0]);
        return 2;
    }
    bench_raise_descriptors(BARE_MOST_FDS);
    int listener = bare_listen((int)bench_number("PORT", argv[1], 1, 65535), SOCK_NONBLOCK), fd;
    backend = (int)bench_number("BACKEND_PORT", argv[2], 1, 65535);
    struct epoll_event first = {.events = EPOLLIN, .data.ptr = NULL}, events[512];
    ready = epoll_create1(EPOLL_CLOEXEC);
    if (ready < 0 || epoll_ctl(ready, EPOLL_CTL_ADD, listener, &first)) bench_fail("epoll", errno);
    for (;;) {
        int count = epoll_wait(ready, events, 512, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr)
                handle(&events[i]);
            else
                while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
                    accept_one(fd);
        }
        for (pair *p; (p = ended);) {
            ended = p->next;
            free(p);
        }
    }
}
