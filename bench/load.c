/* SPDX-License-Identifier: MIT
 *
 * How much does a server bear?  A closed-loop load generator: one thread, epoll.
 *
 *      bench_load http|echo|idle PORT [-c CONNECTIONS] [-d SECONDS] [-w WARM_UP_SECONDS]
 *                 [-s MESSAGE_BYTES] [-p DEPTH] [-P SERVER_PID]
 *
 * http, echo: each connection keeps DEPTH requests outstanding as one batch: written at once, and
 * the next when the whole answer is there.  Echoed bytes are compared in the first batch of each
 * connection, an HTTP answer must be a 200 with a Content-Length; later ones are checked by length.
 * Latency is from the write of a batch to the last byte of its answer.
 * idle: the connections make one request each and then stay open while the server's memory is read.
 *
 * The result is one line of JSON.  With -P it holds what the server used in the measured window.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench.h"

enum { INPUT_SIZE = 256 * 1024, STALL_MS = 5000 };

typedef struct connection {
    int fd;
    bool blocked;     /* waits for room to write */
    bool checked;     /* its first answer was right */
    size_t sent, got; /* of the batch in flight */
    uint64_t started;
} connection;

typedef enum load_mode { LOAD_HTTP, LOAD_ECHO, LOAD_IDLE } load_mode;

static struct {
    load_mode mode;
    int port, connections, depth, pid;
    size_t size;
    double seconds, warm_up;
} options = {.connections = 64, .depth = 1, .size = 64, .seconds = 3, .warm_up = 0.3};

static char request[256]; /* one HTTP request */
static char *batch;       /* what each connection writes */
static size_t batch_len, answer_len;
static char input[INPUT_SIZE + 1];
static int ready;

/* Latencies in buckets: exact below 64 ns, then 64 buckets for each power of two (within 1.6 %). */
enum { BUCKET_BITS = 6, BUCKETS = (65 - BUCKET_BITS) << BUCKET_BITS };
static uint32_t buckets[BUCKETS];
static uint64_t batches, slowest;

static void note_latency(uint64_t ns)
{
    unsigned at = (unsigned)ns;
    if (ns >> BUCKET_BITS) {
        unsigned power = 63 - (unsigned)__builtin_clzll(ns);
        unsigned within = (unsigned)(ns >> (power - BUCKET_BITS)) & ((1u << BUCKET_BITS) - 1);
        at = ((power - BUCKET_BITS + 1) << BUCKET_BITS) + within;
    }
    buckets[at]++;
    batches++;
    if (ns > slowest) slowest = ns;
}

static double bucket_us(unsigned at)
{
    unsigned group = at >> BUCKET_BITS, within = at & ((1u << BUCKET_BITS) - 1);
    if (!group) return within / 1000.0;
    double width = (double)(1ull << (group - 1));
    return ((double)(within | (1u << BUCKET_BITS)) + 0.5) * width / 1000.0;
}

static double percentile_us(double share)
{
    uint64_t wanted = (uint64_t)((double)batches * share), seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++)
        if ((seen += buckets[i]) > wanted) return bucket_us(i);
    return 0;
}

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct linger reset = {.l_onoff = 1}; /* close by reset: no port stays taken for a minute */
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)options.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
        bench_fail("connect", errno);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    return fd;
}

static void write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent <= 0) bench_fail("send", errno);
        data += sent;
        len -= (size_t)sent;
    }
}

/* Makes one HTTP exchange on a blocking socket; returns the length of the answer. */
static size_t exchange(int fd)
{
    size_t len = 0;
    write_all(fd, request, strlen(request));
    for (;;) {
        ssize_t got = recv(fd, input + len, INPUT_SIZE - len, 0);
        if (got <= 0) bench_fail("the server closed instead of answering", got ? errno : 0);
        len += (size_t)got;
        input[len] = 0;
        const char *end = strstr(input, "\r\n\r\n");
        if (!end) continue;
        const char *field = strcasestr(input, "\r\ncontent-length:");
        if (strncmp(input, "HTTP/1.1 200 ", 13) || !field || field > end)
            bench_fail("the answer is no 200 with a Content-Length", 0);
        size_t whole = (size_t)(end + 4 - input) + strtoul(field + 17, NULL, 10);
        if (len > whole) bench_fail("more bytes than the answer has", 0);
        if (len == whole) return whole;
    }
}

static void make_batch(void)
{
    size_t one = options.mode == LOAD_ECHO ? options.size : strlen(request);
    batch_len = one * (size_t)options.depth;
    batch = bench_alloc(batch_len, 1);
    for (size_t i = 0; i < batch_len; i++)
        batch[i] = options.mode == LOAD_ECHO ? (char)('a' + i % 26) : request[i % one];
    if (options.mode == LOAD_ECHO) answer_len = batch_len;
}

static void watch(connection *c, int how, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(ready, how, c->fd, &event)) bench_fail("epoll_ctl", errno);
}

static void open_connection(connection *c)
{
    c->fd = dial();
    if (options.mode == LOAD_HTTP) {
        size_t len = exchange(c->fd) * (size_t)options.depth;
        if (answer_len && answer_len != len) bench_fail("the length of the answer varies", 0);
        answer_len = len;
        c->checked = true;
    }
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

static void pump(connection *c)
{
    ssize_t sent = send(c->fd, batch + c->sent, batch_len - c->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) bench_fail("send", errno);
    if (sent > 0) c->sent += (size_t)sent;
    bool blocked = c->sent < batch_len;
    if (blocked == c->blocked) return;
    c->blocked = blocked;
    watch(c, EPOLL_CTL_MOD, EPOLLIN | (blocked ? EPOLLOUT : 0));
}

static void start_batch(connection *c, uint64_t now)
{
    c->sent = c->got = 0;
    c->started = now;
    pump(c);
}

static void take(connection *c)
{
    ssize_t got = recv(c->fd, input, INPUT_SIZE, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) bench_fail("the server closed a connection", got ? errno : 0);
    if (c->got + (size_t)got > answer_len) bench_fail("more bytes than the answer has", 0);
    if (!c->checked && memcmp(input, batch + c->got, (size_t)got))
        bench_fail("the echo differs from what was sent", 0);
    c->got += (size_t)got;
    if (c->got < answer_len) return;
    c->checked = true;
    uint64_t now = bench_now();
    note_latency(now - c->started);
    start_batch(c, now);
}

/* Keeps all connections busy until `end`. */
static void drive(uint64_t end)
{
    struct epoll_event events[512];
    while (bench_now() < end) {
        int count = epoll_wait(ready, events, 512, STALL_MS);
        if (count == 0) bench_fail("no answer for 5 s", 0);
        for (int i = 0; i < count; i++) {
            connection *c = events[i].data.ptr;
            if (events[i].events & EPOLLOUT) pump(c);
            if (events[i].events & ~(uint32_t)EPOLLOUT) take(c);
        }
    }
}

static void print_load(double seconds, bench_cpu own, bench_cpu server)
{
    printf("{\"mode\":\"%s\",\"connections\":%d,\"depth\":%d,\"seconds\":%.4f,\"requests\":%.0f,"
           "\"rate\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f,"
           "\"answer_bytes\":%zu,\"load_cpu\":%.3f",
           options.mode == LOAD_HTTP ? "http" : "echo", options.connections, options.depth, seconds,
           (double)batches * options.depth, (double)batches * options.depth / seconds,
           percentile_us(0.5), percentile_us(0.99), percentile_us(0.999), (double)slowest / 1000.0,
           answer_len / (size_t)options.depth, (own.user + own.kernel) / seconds);
    if (options.pid)
        printf(",\"server_user_s\":%.3f,\"server_kernel_s\":%.3f", server.user, server.kernel);
    printf("}\n");
}

static bench_cpu used_since(int pid, bench_cpu before)
{
    bench_cpu now = bench_cpu_of(pid);
    return (bench_cpu){now.user - before.user, now.kernel - before.kernel};
}

static void measure_load(void)
{
    connection *all = bench_alloc((size_t)options.connections, sizeof *all);
    ready = epoll_create1(EPOLL_CLOEXEC);
    if (ready < 0) bench_fail("epoll", errno);
    make_batch();
    for (int i = 0; i < options.connections; i++) open_connection(&all[i]);
    for (int i = 0; i < options.connections; i++) start_batch(&all[i], bench_now());
    drive(bench_now() + (uint64_t)(options.warm_up * 1e9));

    memset(buckets, 0, sizeof buckets);
    batches = slowest = 0;
    int self = getpid(), server = options.pid ? options.pid : self;
    bench_cpu own_before = bench_cpu_of(self), server_before = bench_cpu_of(server);
    uint64_t start = bench_now();
    drive(start + (uint64_t)(options.seconds * 1e9));
    double seconds = (double)(bench_now() - start) / 1e9;
    print_load(seconds, used_since(self, own_before), used_since(server, server_before));
}

/* The server may still put things away after its last answer: reads until nothing changes. */
static uint64_t settled_resident(void)
{
    uint64_t before = 0, now = bench_resident(options.pid);
    for (int i = 0; i < 20 && now != before; i++) {
        before = now;
        usleep(100 * 1000);
        now = bench_resident(options.pid);
    }
    return now;
}

static void measure_idle(void)
{
    enum { FIRST = 256 }; /* connections that come and go first, so that pools are filled */
    int *fds = bench_alloc((size_t)options.connections, sizeof *fds), closed = 0;
    for (int i = 0; i < FIRST; i++) {
        int fd = dial();
        exchange(fd);
        close(fd);
    }
    uint64_t before = settled_resident();
    for (int i = 0; i < options.connections; i++) exchange(fds[i] = dial());
    uint64_t after = settled_resident();
    for (int i = 0; i < options.connections; i++) {
        char byte;
        if (recv(fds[i], &byte, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN) closed++;
    }
    double each = ((double)after - (double)before) / options.connections;
    printf("{\"mode\":\"idle\",\"connections\":%d,\"resident_before\":%llu,"
           "\"resident_after\":%llu,\"bytes_per_connection\":%.1f,\"closed_by_server\":%d}\n",
           options.connections, (unsigned long long)before, (unsigned long long)after, each,
           closed);
    if (closed) bench_fail("the server closed idle connections", 0);
}

static void parse(int argc, char **argv)
{
    static const char *const modes[] = {"http", "echo", "idle"};
    int mode = 3, option;
    for (int i = 0; argc > 2 && i < 3; i++)
        if (!strcmp(argv[1], modes[i])) mode = i;
    if (mode == 3) {
        fprintf(stderr,
                "usage: %s http|echo|idle PORT [-c CONNECTIONS] [-d SECONDS] [-w WARM_UP]\n"
                "       [-s MESSAGE_BYTES] [-p DEPTH] [-P SERVER_PID]\n",
                argv[0]);
        exit(2);
    }
    options.mode = (load_mode)mode;
    options.port = (int)bench_number("PORT", argv[2], 1, 65535);
    optind = 3;
    while ((option = getopt(argc, argv, "c:d:w:s:p:P:")) != -1) {
        switch (option) {
        case 'c': options.connections = (int)bench_number("-c", optarg, 1, 1e6); break;
        case 'd': options.seconds = bench_number("-d", optarg, 0.01, 1e6); break;
        case 'w': options.warm_up = bench_number("-w", optarg, 0, 1e6); break;
        case 's': options.size = (size_t)bench_number("-s", optarg, 1, INPUT_SIZE); break;
        case 'p': options.depth = (int)bench_number("-p", optarg, 1, 4096); break;
        case 'P': options.pid = (int)bench_number("-P", optarg, 1, 1e9); break;
        default: exit(2);
        }
    }
    if (optind < argc) bench_fail("too many words", 0);
    if (options.mode == LOAD_IDLE && !options.pid) bench_fail("idle needs -P", 0);
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    bench_raise_descriptors((size_t)options.connections + 64);
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", options.port);
    if (options.mode == LOAD_IDLE)
        measure_idle();
    else
        measure_load();
    return 0;
}
