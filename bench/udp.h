/* SPDX-License-Identifier: MIT
 *
 * What the UDP benchmarks share: the datagrams of the one-way flow, the words by which the load
 * steers it, and the bare loops that both the load and the bare programs are made of.
 *
 *      flow datagram   FLOW_SIZE bytes: number (8, host order) · zeros · ~number (8)
 *      control word    8 bytes: UDP_MAGIC · udp_verb
 *      its answer      udp_answer
 *
 * A sender waits for UDP_SEND and then sends to whom it came from until UDP_STOP; both a sender and
 * a receiver answer UDP_COUNT with what they have done so far.
 */
#ifndef BENCH_UDP_H
#define BENCH_UDP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

enum {
    UDP_MAGIC = 0x72696577,
    UDP_ECHO_SIZE = 64,
    UDP_ECHO_BATCH = 32,
    UDP_ROOM = 1 << 20, /* bytes of the sockets' buffers, as far as the system allows */
    FLOW_SIZE = 1200,
    FLOW_SEGMENTS = 50, /* datagrams in one send: 60,000 bytes */
    FLOW_CHUNK = FLOW_SIZE * FLOW_SEGMENTS,
    FLOW_BATCH = 8, /* sends, or receives, in one call */
    FLOW_INPUT = 65536,
};

typedef enum udp_verb { UDP_COUNT = 1, UDP_SEND, UDP_STOP } udp_verb;

typedef struct udp_word {
    uint32_t magic, verb;
} udp_word;

typedef struct udp_answer {
    uint32_t magic, verb;
    uint64_t datagrams, bytes, bad, next;
} udp_answer;

static inline struct sockaddr_in udp_loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A socket that is bound to `port` (0: any) or, if `to` is given, connected to it. */
static inline int udp_open(int port, int to)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), room = UDP_ROOM;
    struct sockaddr_in address = udp_loopback(to ? to : port);
    if (fd < 0) bench_fail("socket", errno);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    int error = to ? connect(fd, (struct sockaddr *)&address, sizeof address)
                   : bind(fd, (struct sockaddr *)&address, sizeof address);
    if (error) bench_fail(to ? "connect" : "bind", errno);
    return fd;
}

/* Waits until `fd` is ready for `events`.  Returns false after `milliseconds` (-1: never). */
static inline bool udp_wait(int ready, int milliseconds)
{
    struct epoll_event event;
    return epoll_wait(ready, &event, 1, milliseconds) != 0;
}

static inline int udp_watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    int ready = epoll_create1(EPOLL_CLOEXEC);
    if (ready < 0 || epoll_ctl(ready, EPOLL_CTL_ADD, fd, &event)) bench_fail("epoll", errno);
    return ready;
}

/* The verb of a control word; 0: it is none. */
static inline uint32_t udp_verb_of(const void *data, size_t len)
{
    udp_word word;
    if (len != sizeof word) return 0;
    memcpy(&word, data, sizeof word);
    return word.magic == UDP_MAGIC ? word.verb : 0;
}

/* Numbers the datagrams of a chunk. */
static inline void flow_fill(char *chunk, udp_answer *sent)
{
    for (size_t i = 0; i < FLOW_SEGMENTS; i++) {
        uint64_t number = sent->next++, check = ~number;
        memcpy(chunk + i * FLOW_SIZE, &number, sizeof number);
        memcpy(chunk + (i + 1) * FLOW_SIZE - sizeof check, &check, sizeof check);
    }
}

/* Counts the datagrams that came in one receive, `segment` bytes each. */
static inline void flow_take(udp_answer *got, const char *data, size_t len, size_t segment)
{
    for (size_t at = 0; at < len; at += segment) {
        uint64_t number, check;
        if (segment != FLOW_SIZE || len - at < FLOW_SIZE) {
            got->bad++;
            continue;
        }
        memcpy(&number, data + at, sizeof number);
        memcpy(&check, data + at + FLOW_SIZE - sizeof check, sizeof check);
        if (check != ~number || number < got->next) got->bad++;
        got->next = number + 1;
        got->datagrams++;
        got->bytes += FLOW_SIZE;
    }
}

/* The one control message of a send: the size of a segment. */
typedef union flow_segment {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(uint16_t))];
} flow_segment;

static inline void flow_segment_set(flow_segment *control, uint16_t size)
{
    memset(control, 0, sizeof *control);
    control->header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof size), .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT};
    memcpy(CMSG_DATA(&control->header), &size, sizeof size);
}

/* Room for the size of a segment that comes with a receive. */
typedef union flow_gro {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
} flow_gro;

/* The size of the segments in `len` bytes that came with this control data. */
static inline size_t flow_gro_size(const flow_gro *control, size_t control_len, size_t len)
{
    int size;
    if (control_len < CMSG_LEN(sizeof size) || control->header.cmsg_level != SOL_UDP ||
        control->header.cmsg_type != UDP_GRO)
        return len ? len : 1;
    memcpy(&size, CMSG_DATA(&control->header), sizeof size);
    return size > 0 ? (size_t)size : 1;
}

static inline void flow_gro_on(int fd)
{
    int on = 1;
    if (setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on)) bench_fail("UDP_GRO", errno);
}

/* The bare loops: batches of sends and of receives. */
typedef struct flow_out {
    struct mmsghdr headers[FLOW_BATCH];
    struct iovec slices[FLOW_BATCH];
    flow_segment control[FLOW_BATCH];
    char *chunks; /* FLOW_BATCH of them */
} flow_out;

/* `to` is where it goes; NULL for a connected socket. */
static inline void flow_out_init(flow_out *out, struct sockaddr_in *to)
{
    out->chunks = bench_alloc(FLOW_BATCH, FLOW_CHUNK);
    for (int i = 0; i < FLOW_BATCH; i++) {
        out->slices[i] = (struct iovec){out->chunks + (size_t)i * FLOW_CHUNK, FLOW_CHUNK};
        flow_segment_set(&out->control[i], FLOW_SIZE);
        out->headers[i].msg_hdr = (struct msghdr){.msg_name = to,
                                                  .msg_namelen = to ? sizeof *to : 0,
                                                  .msg_iov = &out->slices[i],
                                                  .msg_iovlen = 1,
                                                  .msg_control = &out->control[i],
                                                  .msg_controllen = sizeof out->control[i]};
    }
}

static inline void flow_out_send(flow_out *out, int fd, udp_answer *sent)
{
    const uint64_t first = sent->next;
    for (int i = 0; i < FLOW_BATCH; i++) flow_fill(out->slices[i].iov_base, sent);
    int n = sendmmsg(fd, out->headers, FLOW_BATCH, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != ENOBUFS) bench_fail("sendmmsg", errno);
    if (n < 0) n = 0;
    sent->next = first + (uint64_t)n * FLOW_SEGMENTS;
    sent->datagrams += (uint64_t)n * FLOW_SEGMENTS;
    sent->bytes += (uint64_t)n * FLOW_CHUNK;
}

typedef struct flow_in {
    struct mmsghdr headers[FLOW_BATCH];
    struct iovec slices[FLOW_BATCH];
    flow_gro control[FLOW_BATCH];
    struct sockaddr_in from[FLOW_BATCH];
    char *inputs;
} flow_in;

static inline void flow_in_init(flow_in *in)
{
    in->inputs = bench_alloc(FLOW_BATCH, FLOW_INPUT);
    for (int i = 0; i < FLOW_BATCH; i++) {
        in->slices[i] = (struct iovec){in->inputs + (size_t)i * FLOW_INPUT, FLOW_INPUT};
        in->headers[i].msg_hdr = (struct msghdr){.msg_name = &in->from[i],
                                                 .msg_iov = &in->slices[i],
                                                 .msg_iovlen = 1,
                                                 .msg_control = &in->control[i]};
    }
}

/* Receives what is there.  Returns how many messages; 0: none. */
static inline int flow_in_receive(flow_in *in, int fd)
{
    for (int i = 0; i < FLOW_BATCH; i++) {
        in->headers[i].msg_hdr.msg_controllen = sizeof in->control[i];
        in->headers[i].msg_hdr.msg_namelen = sizeof in->from[i];
    }
    int n = recvmmsg(fd, in->headers, FLOW_BATCH, MSG_DONTWAIT, NULL);
    if (n < 0 && errno != EAGAIN && errno != ECONNREFUSED) bench_fail("recvmmsg", errno);
    return n < 0 ? 0 : n;
}

/* Takes one message of a receive, if it is of the flow; else it says what its data is. */
static inline size_t flow_in_segment(const flow_in *in, int i)
{
    return flow_gro_size(&in->control[i], in->headers[i].msg_hdr.msg_controllen,
                         in->headers[i].msg_len);
}

#endif
