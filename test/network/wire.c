/* SPDX-License-Identifier: MIT
 *
 * The thread that is a bad cable.
 *
 * Invariant: frames under way are in one list, in the order in which they are due; `lock` guards
 * the faults and the counts, the list is the thread's alone.
 */
#include "test/network/wire.h"

#include "test/harness/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAME_ROOM = 2048,
    OVERTAKING_US = 3000, /* how long a reordered frame is held back */
    RECEIVE_BUFFER = 4 << 20,
    UNDER_WAY_LIMIT = 4096,
};

typedef struct frame {
    struct frame *next;
    int64_t due; /* ns */
    int port;    /* where it goes out */
    size_t len;
    char data[FRAME_ROOM];
} frame;

struct wire {
    pthread_t thread;
    pthread_mutex_t lock;
    wire_faults faults;
    wire_counts counts;
    int ports[2];
    int stop; /* eventfd */
    uint64_t random;
    frame *first;
    unsigned under_way;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void insert(wire *w, const char *data, size_t len, int port, int64_t due)
{
    frame *f = w->under_way < UNDER_WAY_LIMIT ? malloc(sizeof *f) : NULL;
    if (!f) return;
    memcpy(f->data, data, len);
    f->len = len;
    f->port = port;
    f->due = due;
    frame **link = &w->first;
    while (*link && (*link)->due <= due) link = &(*link)->next;
    f->next = *link;
    *link = f;
    w->under_way++;
}

static bool happens(wire *w, unsigned chance)
{
    return test_random(&w->random) % 1000 < chance;
}

/* Draws the fate of a frame.  With the lock. */
static void arrive(wire *w, const char *data, size_t len, int port)
{
    const wire_faults *faults = &w->faults;
    if (faults->cut || happens(w, faults->lost)) {
        w->counts.lost++;
        return;
    }
    int64_t due = now_ns() + (int64_t)faults->delay_us * 1000;
    if (happens(w, faults->reordered)) {
        w->counts.reordered++;
        due += (int64_t)OVERTAKING_US * 1000;
    }
    insert(w, data, len, port, due);
    w->counts.passed++;
    if (!happens(w, faults->duplicated)) return;
    w->counts.duplicated++;
    insert(w, data, len, port, due);
}

static void take(wire *w, int port)
{
    char data[FRAME_ROOM];
    for (;;) {
        ssize_t len = recv(w->ports[port], data, sizeof data, MSG_DONTWAIT | MSG_TRUNC);
        if (len < 0) return;
        if ((size_t)len > sizeof data) continue;
        pthread_mutex_lock(&w->lock);
        arrive(w, data, (size_t)len, 1 - port);
        pthread_mutex_unlock(&w->lock);
    }
}

/* Gives out what is due.  Returns how long until the next, in ns; -1: nothing is under way. */
static int64_t deliver(wire *w)
{
    pthread_mutex_lock(&w->lock);
    bool cut = w->faults.cut;
    pthread_mutex_unlock(&w->lock);
    int64_t now = now_ns();
    while (w->first && (cut || w->first->due <= now)) {
        frame *f = w->first;
        w->first = f->next;
        w->under_way--;
        /* An interface that is down or full loses the frame, as a cable would. */
        ssize_t sent = cut ? 0 : send(w->ports[f->port], f->data, f->len, 0);
        (void)sent;
        free(f);
    }
    return w->first ? w->first->due - now : -1;
}

static void *run(void *argument)
{
    wire *w = argument;
    for (;;) {
        int64_t wait = deliver(w);
        struct timespec timeout = {wait / 1000000000, wait % 1000000000};
        struct pollfd fds[3] = {
            {w->ports[0], POLLIN, 0}, {w->ports[1], POLLIN, 0}, {w->stop, POLLIN, 0}};
        if (ppoll(fds, 3, wait < 0 ? NULL : &timeout, NULL) < 0) continue;
        if (fds[2].revents) return NULL;
        for (int port = 0; port < 2; port++)
            if (fds[port].revents) take(w, port);
    }
}

static int open_port(const char *name)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int on = 1, room = RECEIVE_BUFFER;
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex(name)};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) == 0 &&
        bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void release(wire *w)
{
    while (w->first) {
        frame *f = w->first;
        w->first = f->next;
        free(f);
    }
    for (int i = 0; i < 2; i++)
        if (w->ports[i] >= 0) close(w->ports[i]);
    if (w->stop >= 0) close(w->stop);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

wire *wire_start(uint64_t seed)
{
    wire *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    pthread_mutex_init(&w->lock, NULL);
    w->random = seed;
    w->ports[0] = open_port("port0");
    w->ports[1] = open_port("port1");
    w->stop = eventfd(0, EFD_CLOEXEC);
    if (w->ports[0] >= 0 && w->ports[1] >= 0 && w->stop >= 0 &&
        pthread_create(&w->thread, NULL, run, w) == 0)
        return w;
    release(w);
    return NULL;
}

void wire_stop(wire *w)
{
    if (!w) return;
    uint64_t one = 1;
    ssize_t written = write(w->stop, &one, sizeof one);
    (void)written;
    pthread_join(w->thread, NULL);
    release(w);
}

void wire_set(wire *w, const wire_faults *faults)
{
    pthread_mutex_lock(&w->lock);
    w->faults = *faults;
    pthread_mutex_unlock(&w->lock);
}

wire_counts wire_count(wire *w)
{
    pthread_mutex_lock(&w->lock);
    wire_counts counts = w->counts;
    pthread_mutex_unlock(&w->lock);
    return counts;
}
