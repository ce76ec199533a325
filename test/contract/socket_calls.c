/* SPDX-License-Identifier: MIT
 *
 * The calls that make, copy and take over sockets, move bytes through pipes, and exchange messages
 * in batches; with what each refuses.
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

CONTRACT(a_duplicate_keeps_the_connection_open)
{
    weir_socket ends[2], copy;
    char byte = 0;
    if (!check_int(weir_socket_pair(io, SOCK_STREAM, ends), 0)) return;
    check_int(weir_socket_duplicate(io, ends[0], &copy), 0);
    check(copy.fd != ends[0].fd && fcntl(copy.fd, F_GETFD) & FD_CLOEXEC);
    weir_close_socket(io, ends[0]);
    check_int(weir_write(io, copy, "x", 1), 1);
    check_int(weir_read(io, ends[1], &byte, 1), 1);
    weir_close_socket(io, copy);
    check_int(weir_read(io, ends[1], &byte, 1), 0);
    check_int(weir_socket_duplicate(io, copy, &ends[0]), WEIR_EBADF);
    check_int(ends[0].fd, -1);
    weir_close_socket(io, ends[1]);
}

CONTRACT(only_a_socket_of_the_right_type_is_adopted)
{
    int fds[2];
    weir_socket got, pipe[2];
    char byte;
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0) abort();
    check_int(weir_socket_adopt(io, fds[0], SOCK_STREAM, &got), WEIR_EPROTOTYPE);
    check_int(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
    check_int(weir_socket_adopt(io, fds[0], SOCK_DGRAM, &got), 0);
    check_int(got.fd, fds[0]);
    check(fcntl(fds[0], F_GETFL) & O_NONBLOCK && fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
    check_int(weir_try_read(io, got, &byte, 1), WEIR_EAGAIN);
    weir_close_socket(io, got);
    close(fds[1]);
    if (!check_int(weir_pipe_open(io, 0, pipe), 0)) return;
    check_int(weir_socket_adopt(io, pipe[0].fd, 0, &got), WEIR_ENOTSOCK);
    contract_close(io, pipe);
    check_int(weir_socket_adopt(io, -1, 0, &got), WEIR_EBADF);
}

/* Moves what comes to `from` on to `to` until the stream ends. */
static int64_t splice_all(weir_io *io, weir_socket from, weir_socket to)
{
    weir_socket pipe[2];
    int64_t taken, moved = 0;
    if (!check_int(weir_pipe_open(io, 256 << 10, pipe), 0)) return -1;
    while ((taken = weir_splice_take(io, from, pipe[1].fd, 100000)) > 0) {
        for (int64_t given; taken > 0; taken -= given, moved += given) {
            given = weir_splice_give(io, pipe[0].fd, to, (size_t)taken);
            if (!check(given > 0)) return -1;
        }
    }
    check_int(taken, 0);
    contract_close(io, pipe);
    return moved;
}

enum { MOVED = 1000000 };

static int write_all(weir_io *io, void *argument)
{
    const weir_socket *end = argument;
    char data[10000];
    for (int i = 0; i < MOVED / 10000; i++) {
        memset(data, i, sizeof data);
        if (weir_write_all(io, *end, data, sizeof data) != sizeof data) return -1;
    }
    return weir_shutdown(io, *end, SHUT_WR);
}

static int read_all(weir_io *io, void *argument)
{
    const weir_socket *end = argument;
    unsigned char data[5000];
    int64_t n, total = 0;
    while ((n = weir_read(io, *end, data, sizeof data)) > 0) {
        check_int(data[0], (unsigned char)(total / 10000));
        total += n;
    }
    return check_int(total, MOVED) ? 0 : -1;
}

CONTRACT(bytes_go_through_a_pipe_in_order_and_to_the_end)
{
    weir_socket in[2], out[2];
    weir_task writer, reader;
    if (!contract_tcp_pair(io, in) || !contract_tcp_pair(io, out)) return;
    check_int(weir_concurrent(io, &writer, write_all, &in[0], NULL), 0);
    check_int(weir_concurrent(io, &reader, read_all, &out[1], NULL), 0);
    check_int(splice_all(io, in[1], out[0]), MOVED);
    check_int(weir_shutdown(io, out[0], SHUT_WR), 0);
    check_int(weir_await(io, &writer, NULL), 0);
    check_int(weir_await(io, &reader, NULL), 0);
    contract_close(io, in);
    contract_close(io, out);
}

CONTRACT(splicing_can_be_canceled_and_tells_of_a_peer_that_left)
{
    weir_socket ends[2], pipe[2];
    weir_scope scope;
    int64_t n = 1;
    if (!contract_tcp_pair(io, ends) || !check_int(weir_pipe_open(io, 0, pipe), 0)) return;
    weir_scope_enter_for(io, &scope, weir_milliseconds(5));
    check_int(weir_splice_take(io, ends[0], pipe[1].fd, 100), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    const struct linger now = {.l_onoff = 1};
    check_int(weir_set_option(io, ends[1], SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    weir_close_socket(io, ends[1]);
    check(weir_poll(io, ends[0], WEIR_POLL_READ) > 0);
    check_int(weir_write(io, pipe[1], "hello", 5), 5);
    /* The reset is told once; then nobody reads.  No signal comes of either. */
    for (int i = 0; n > 0 && i < 3; i++) n = weir_splice_give(io, pipe[0].fd, ends[0], 5);
    check(n == WEIR_ECONNRESET || n == WEIR_EPIPE);
    check_int(weir_splice_give(io, pipe[0].fd, ends[0], 5), WEIR_EPIPE);
    contract_close(io, pipe);
    weir_close_socket(io, ends[0]);
}

enum { BATCH = 100, SIZE = 8 };

/* Messages of the numbers from 0 on. */
typedef struct batch {
    char data[BATCH][SIZE];
    struct iovec slices[BATCH];
    weir_message messages[BATCH];
} batch;

static batch *new_batch(void)
{
    batch *b = calloc(1, sizeof *b);
    if (!b) abort();
    for (int i = 0; i < BATCH; i++) {
        b->data[i][0] = (char)i;
        b->slices[i] = (struct iovec){b->data[i], SIZE};
        b->messages[i] = (weir_message){.data = &b->slices[i], .count = 1};
    }
    return b;
}

static int send_batch(weir_io *io, void *argument)
{
    const weir_socket *end = argument;
    batch *b = new_batch();
    int64_t n, sent = 0;
    while (sent < BATCH) {
        n = weir_send_many(io, *end, b->messages + sent, (uint32_t)(BATCH - sent));
        if (!check(n > 0)) break;
        sent += n;
    }
    free(b);
    return 0;
}

/* More messages than one system call takes, and than the receiver's queue holds. */
CONTRACT(batches_larger_than_a_system_call_arrive_in_order)
{
    weir_socket ends[2];
    weir_task sender;
    int64_t got = 0;
    if (!check_int(weir_socket_pair(io, SOCK_DGRAM, ends), 0)) return;
    batch *b = new_batch();
    for (int i = 0; i < BATCH; i++) b->data[i][0] = -1;
    check_int(weir_concurrent(io, &sender, send_batch, &ends[0], NULL), 0);
    while (got < BATCH) {
        int64_t n = weir_receive_many(io, ends[1], b->messages + got, (uint32_t)(BATCH - got));
        if (!check(n > 0)) break;
        for (int64_t i = got; i < got + n; i++) {
            check_int(b->data[i][0], i);
            check_int(b->messages[i].len, SIZE);
        }
        got += n;
    }
    check_int(weir_await(io, &sender, NULL), 0);
    check_int(weir_receive_many(io, ends[1], b->messages, 0), 0);
    free(b);
    contract_close(io, ends);
}

CONTRACT(unix_datagrams_come_in_pairs_too)
{
    weir_socket ends[2];
    char data[16];
    if (!check_int(weir_socket_pair(io, SOCK_DGRAM, ends), 0)) return;
    check_int(weir_write(io, ends[0], "one", 3), 3);
    check_int(weir_write(io, ends[0], "two!", 4), 4);
    check_int(weir_read(io, ends[1], data, sizeof data), 3);
    check_int(weir_read(io, ends[1], data, sizeof data), 4);
    contract_close(io, ends);
}

CONTRACT(a_batch_ends_before_the_message_that_cannot_be_sent)
{
    weir_socket ends[2];
    static char big[1 << 20];
    if (!check_int(weir_socket_pair(io, SOCK_DGRAM, ends), 0)) return;
    batch *b = new_batch();
    b->slices[3] = (struct iovec){big, sizeof big};
    check_int(weir_send_many(io, ends[0], b->messages, 6), 3);
    check_int(weir_send_many(io, ends[0], b->messages + 3, 3), WEIR_EMSGSIZE);
    check_int(weir_send_many(io, ends[0], b->messages + 4, 2), 2);
    check_int(weir_receive_many(io, ends[1], b->messages + 10, 20), 5);
    check_int(b->data[14][0], 5);
    b->messages[0].count = 2000;
    check_int(weir_send_many(io, ends[0], b->messages, 1), WEIR_EINVAL);
    check_int(weir_receive_many(io, ends[1], b->messages, 1), WEIR_EINVAL);
    free(b);
    contract_close(io, ends);
}
