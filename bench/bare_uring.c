/* SPDX-License-Identifier: MIT
 *
 * How fast may a server on io_uring be on this machine?  One thread and one ring, multishot accept
 * and receive into provided buffers, one send in flight per connection; it counts request ends and
 * answers fixed bytes, or sends the buffers back without a copy, and does nothing else.
 *
 *      bench_bare_uring PORT http|echo [direct]
 *
 * With `direct` accepted sockets live in the ring's own file table alone.
 */
#include <liburing.h>
#include <sys/mman.h>

#include "bare.h"

enum { BUFFERS = 512, BUFFER_SIZE = 32 * 1024, BUFFER_GROUP = 1 };
enum { OP_ACCEPT, OP_RECEIVE, OP_SEND, OP_CLOSE };

typedef struct connection {
    unsigned owed;       /* http: answers to send */
    int16_t first, last; /* echo: buffers to send back, -1 = none */
    uint32_t len, sent;  /* the send in flight */
    uint8_t matched;
    bool open, sending, ended;
} connection;

static connection connections[BARE_MOST_FDS];
static int16_t next_buffer[BUFFERS];
static uint32_t buffer_len[BUFFERS];
static char answers[BARE_ANSWER_LEN * BARE_MOST_ANSWERS];
static char *buffers;
static struct io_uring ring;
static struct io_uring_buf_ring *free_buffers;
static bare_options options;

static char *buffer(int id)
{
    return buffers + (size_t)id * BUFFER_SIZE;
}

static struct io_uring_sqe *new_entry(void)
{
    struct io_uring_sqe *sqe;
    while (!(sqe = io_uring_get_sqe(&ring))) io_uring_submit(&ring);
    return sqe;
}

static void name_entry(struct io_uring_sqe *sqe, int op, int fd)
{
    io_uring_sqe_set_data64(sqe, (uint64_t)op << 32 | (uint32_t)fd);
    if (options.option && (op == OP_RECEIVE || op == OP_SEND)) sqe->flags |= IOSQE_FIXED_FILE;
}

static void start_accept(int listener)
{
    struct io_uring_sqe *sqe = new_entry();
    if (options.option)
        io_uring_prep_multishot_accept_direct(sqe, listener, NULL, NULL, 0);
    else
        io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, 0);
    name_entry(sqe, OP_ACCEPT, listener);
}

static void start_receive(int fd)
{
    struct io_uring_sqe *sqe = new_entry();
    io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUFFER_GROUP;
    name_entry(sqe, OP_RECEIVE, fd);
}

static void give_buffer_back(int id)
{
    io_uring_buf_ring_add(free_buffers, buffer(id), BUFFER_SIZE, (unsigned short)id,
                          io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(free_buffers, 1);
}

static const char *outgoing(const connection *c)
{
    return options.echo ? buffer(c->first) : answers;
}

static void start_send(int fd)
{
    connection *c = &connections[fd];
    struct io_uring_sqe *sqe = new_entry();
    io_uring_prep_send(sqe, fd, outgoing(c) + c->sent, c->len - c->sent,
                       MSG_NOSIGNAL | MSG_WAITALL);
    name_entry(sqe, OP_SEND, fd);
    c->sending = true;
}

static void send_next(int fd)
{
    connection *c = &connections[fd];
    if (c->sending || c->ended) return;
    if (options.echo) {
        if (c->first < 0) return;
        c->len = buffer_len[c->first];
    } else {
        if (!c->owed) return;
        unsigned some = c->owed > BARE_MOST_ANSWERS ? BARE_MOST_ANSWERS : c->owed;
        c->owed -= some;
        c->len = some * BARE_ANSWER_LEN;
    }
    c->sent = 0;
    start_send(fd);
}

static void drop_first_buffer(connection *c)
{
    int id = c->first;
    c->first = next_buffer[id];
    give_buffer_back(id);
}

/* A connection that ended is closed when nothing of it is in flight. */
static void close_if_over(int fd)
{
    connection *c = &connections[fd];
    if (!c->ended || c->sending || !c->open) return;
    while (c->first >= 0) drop_first_buffer(c);
    c->open = false;
    struct io_uring_sqe *sqe = new_entry();
    if (options.option)
        io_uring_prep_close_direct(sqe, (unsigned)fd);
    else
        io_uring_prep_close(sqe, fd);
    name_entry(sqe, OP_CLOSE, fd);
}

static void end_connection(int fd)
{
    connections[fd].ended = true;
    close_if_over(fd);
}

static void on_accept(int listener, const struct io_uring_cqe *cqe)
{
    if (!(cqe->flags & IORING_CQE_F_MORE)) start_accept(listener);
    int fd = cqe->res;
    if (fd < 0) return;
    if (fd >= BARE_MOST_FDS) {
        close(fd);
        return;
    }
    connections[fd] = (connection){.first = -1, .last = -1, .open = true};
    start_receive(fd);
}

static void on_receive(int fd, const struct io_uring_cqe *cqe)
{
    connection *c = &connections[fd];
    if (cqe->res == -ENOBUFS) {
        start_receive(fd);
        return;
    }
    if (cqe->res <= 0) {
        end_connection(fd);
        return;
    }
    int16_t id = (int16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    if (options.echo) {
        buffer_len[id] = (uint32_t)cqe->res;
        next_buffer[id] = -1;
        if (c->first < 0)
            c->first = id;
        else
            next_buffer[c->last] = id;
        c->last = id;
    } else {
        c->owed += bare_count_heads(&c->matched, buffer(id), (size_t)cqe->res);
        give_buffer_back(id);
    }
    if (!(cqe->flags & IORING_CQE_F_MORE)) start_receive(fd);
    send_next(fd);
}

static void on_send(int fd, const struct io_uring_cqe *cqe)
{
    connection *c = &connections[fd];
    c->sending = false;
    if (cqe->res < 0) {
        if (!options.option) shutdown(fd, SHUT_RDWR); /* ends the receive, too */
        end_connection(fd);
        return;
    }
    c->sent += (uint32_t)cqe->res;
    if (c->sent < c->len) {
        start_send(fd);
        return;
    }
    if (options.echo) drop_first_buffer(c);
    if (c->ended)
        close_if_over(fd);
    else
        send_next(fd);
}

static void make_buffers(void)
{
    size_t ring_size = BUFFERS * sizeof(struct io_uring_buf);
    int anywhere = MAP_PRIVATE | MAP_ANONYMOUS;
    buffers = mmap(NULL, (size_t)BUFFERS * BUFFER_SIZE, PROT_READ | PROT_WRITE,
                   anywhere | MAP_POPULATE, -1, 0);
    free_buffers = mmap(NULL, ring_size, PROT_READ | PROT_WRITE, anywhere, -1, 0);
    if (buffers == MAP_FAILED || free_buffers == MAP_FAILED) bench_fail("buffers", errno);
    struct io_uring_buf_reg registration = {
        .ring_addr = (uintptr_t)free_buffers, .ring_entries = BUFFERS, .bgid = BUFFER_GROUP};
    int error = io_uring_register_buf_ring(&ring, &registration, 0);
    if (error < 0) bench_fail("buffer ring", -error);
    io_uring_buf_ring_init(free_buffers);
    for (int id = 0; id < BUFFERS; id++) give_buffer_back(id);
}

static void make_ring(void)
{
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
                                     .cq_entries = 16384};
    int error = io_uring_queue_init_params(1024, &ring, &params);
    if (error < 0) bench_fail("io_uring", -error);
    io_uring_register_ring_fd(&ring);
    if (!options.option) return;
    error = io_uring_register_files_sparse(&ring, BARE_MOST_FDS / 4);
    if (error < 0) bench_fail("file table", -error);
}

static void handle(const struct io_uring_cqe *cqe)
{
    int fd = (int)(uint32_t)cqe->user_data;
    switch (cqe->user_data >> 32) {
    case OP_ACCEPT: on_accept(fd, cqe); break;
    case OP_RECEIVE: on_receive(fd, cqe); break;
    case OP_SEND: on_send(fd, cqe); break;
    default: break;
    }
}

int main(int argc, char **argv)
{
    options = bare_parse(argc, argv, "direct");
    bench_raise_descriptors(BARE_MOST_FDS);
    bare_fill(answers);
    int listener = bare_listen(options.port, 0);
    make_ring();
    make_buffers();
    start_accept(listener);
    for (;;) {
        int error = io_uring_submit_and_wait(&ring, 1);
        if (error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY)
            bench_fail("io_uring_enter", -error);
        struct io_uring_cqe *cqe;
        unsigned head, seen = 0;
        io_uring_for_each_cqe(&ring, head, cqe)
        {
            handle(cqe);
            seen++;
        }
        io_uring_cq_advance(&ring, seen);
    }
}
