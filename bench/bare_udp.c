/* SPDX-License-Identifier: MIT
 *
 * How fast may datagrams be echoed, sent and received on this machine?  One thread, recvmmsg(2) and
 * sendmmsg(2), and nothing else.
 *
 *      bench_bare_udp PORT echo|send|receive [block]
 *
 * It waits by epoll; with `block` in recvmmsg itself.  What is sent and received is in bench/udp.h.
 */
#include <fcntl.h>

#include "udp.h"

static udp_answer counts = {.magic = UDP_MAGIC};
static bool block;

static void echo(int fd)
{
    static char data[UDP_ECHO_BATCH][FLOW_SIZE];
    static struct sockaddr_in from[UDP_ECHO_BATCH];
    static struct iovec slices[UDP_ECHO_BATCH];
    static struct mmsghdr headers[UDP_ECHO_BATCH];
    int ready = udp_watch(fd);
    for (int i = 0; i < UDP_ECHO_BATCH; i++)
        headers[i].msg_hdr =
            (struct msghdr){.msg_name = &from[i], .msg_iov = &slices[i], .msg_iovlen = 1};
    for (int n = 0;;) {
        if (!block && n < UDP_ECHO_BATCH) udp_wait(ready, -1);
        for (int i = 0; i < UDP_ECHO_BATCH; i++) {
            slices[i] = (struct iovec){data[i], sizeof data[i]};
            headers[i].msg_hdr.msg_namelen = sizeof from[i];
        }
        n = recvmmsg(fd, headers, UDP_ECHO_BATCH, block ? MSG_WAITFORONE : MSG_DONTWAIT, NULL);
        for (int i = 0; i < n; i++) slices[i].iov_len = headers[i].msg_len;
        for (int sent = 0; sent < n;) {
            int some = sendmmsg(fd, headers + sent, (unsigned)(n - sent), MSG_NOSIGNAL);
            if (some < 0) bench_fail("sendmmsg", errno);
            sent += some;
        }
    }
}

/* Obeys a control word; returns what it was. */
static uint32_t obey(int fd, const void *data, size_t len, const struct sockaddr_in *from)
{
    uint32_t verb = udp_verb_of(data, len);
    counts.verb = verb;
    if (verb == UDP_COUNT)
        sendto(fd, &counts, sizeof counts, MSG_NOSIGNAL, (const struct sockaddr *)from,
               sizeof *from);
    return verb;
}

static void receive(int fd)
{
    static flow_in in;
    int ready = udp_watch(fd);
    flow_in_init(&in);
    flow_gro_on(fd);
    for (int n = 0;;) {
        if (n < FLOW_BATCH) udp_wait(ready, -1);
        n = flow_in_receive(&in, fd);
        for (int i = 0; i < n; i++) {
            const char *data = in.slices[i].iov_base;
            const size_t len = in.headers[i].msg_len;
            if (obey(fd, data, len, &in.from[i])) continue;
            flow_take(&counts, data, len, flow_in_segment(&in, i));
        }
    }
}

static void send_on_demand(int fd)
{
    enum { SENDS_PER_LOOK = 16 };
    static flow_out out;
    static struct sockaddr_in to, from;
    int ready = udp_watch(fd);
    bool sending = false;
    flow_out_init(&out, &to);
    for (;;) {
        udp_word word;
        socklen_t size = sizeof from;
        if (!sending) udp_wait(ready, -1);
        ssize_t len = recvfrom(fd, &word, sizeof word, MSG_DONTWAIT, (void *)&from, &size);
        uint32_t verb = len > 0 ? obey(fd, &word, (size_t)len, &from) : 0;
        if (verb == UDP_SEND) to = from;
        if (verb == UDP_SEND || verb == UDP_STOP) sending = verb == UDP_SEND;
        for (int i = 0; sending && i < SENDS_PER_LOOK; i++) flow_out_send(&out, fd, &counts);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[2] : "";
    block = argc == 4 && !strcmp(argv[3], "block");
    if (argc != 3 + block ||
        (strcmp(what, "echo") && strcmp(what, "send") && strcmp(what, "receive"))) {
        fprintf(stderr, "usage: %s PORT echo|send|receive [block]\n", argv[0]);
        return 2;
    }
    int fd = udp_open((int)bench_number("PORT", argv[1], 1, 65535), 0);
    if (block) fcntl(fd, F_SETFL, 0);
    if (what[0] == 'e')
        echo(fd);
    else if (what[0] == 's')
        send_on_demand(fd);
    else
        receive(fd);
}
