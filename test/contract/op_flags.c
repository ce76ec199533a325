/* SPDX-License-Identifier: MIT
 *
 * Ops with flags: those that never wait (TRY), that leave what they read (PEEK), and that do not
 * copy (ZEROCOPY).
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <sys/socket.h>

#include <weir/io/inspect.h>

static int64_t tried(weir_io *io, weir_op *op)
{
    op->flags |= WEIR_OP_TRY;
    return weir_do(io, op);
}

CONTRACT(nothing_now_is_never_mixed_up_with_the_end)
{
    weir_socket ends[2];
    char byte = 0;
    if (!contract_tcp_pair(io, ends)) return;
    check_int(weir_try_read(io, ends[0], &byte, 1), WEIR_EAGAIN);
    check_int(weir_write(io, ends[1], "a", 1), 1);
    check_int(weir_poll(io, ends[0], WEIR_POLL_READ), WEIR_POLL_READ);
    check_int(weir_try_read(io, ends[0], &byte, 1), 1);
    check_int(byte, 'a');
    check_int(weir_try_read(io, ends[0], &byte, 1), WEIR_EAGAIN);
    /* It is still told of what comes later. */
    check_int(weir_write(io, ends[1], "b", 1), 1);
    check_int(weir_read(io, ends[0], &byte, 1), 1);
    check_int(byte, 'b');
    check_int(weir_shutdown(io, ends[1], SHUT_WR), 0);
    check(weir_poll(io, ends[0], WEIR_POLL_READ) & WEIR_POLL_READ);
    check_int(weir_try_read(io, ends[0], &byte, 1), 0);
    contract_close(io, ends);
}

CONTRACT(a_full_socket_takes_nothing_and_says_so)
{
    weir_socket ends[2];
    static char block[65536];
    if (!contract_tcp_pair(io, ends)) return;
    int64_t n, sent = 0;
    while ((n = weir_try_write(io, ends[0], block, sizeof block)) > 0) sent += n;
    check_int(n, WEIR_EAGAIN);
    check(sent > 0);
    struct iovec slice = {block, sizeof block};
    weir_op all = {.code = WEIR_OP_WRITE, .flags = WEIR_OP_ALL, .fd = ends[0].fd};
    all.args.vector.data = &slice;
    all.args.vector.count = all.args.vector.repeat = 1;
    /* The kernel moves bytes from one end to the other by and by: until nothing goes any more. */
    while ((n = tried(io, &all)) > 0) continue;
    check_int(n, WEIR_EAGAIN);
    contract_close(io, ends);
    check_int(weir_try_write(io, ends[0], block, 1), WEIR_EBADF);
}

CONTRACT(accepting_and_receiving_can_be_tried)
{
    weir_socket listener, got, ends[2];
    weir_address address;
    if (!contract_listener(io, 8, &listener, &address)) return;
    check_int(weir_try_accept(io, listener, &got), WEIR_EAGAIN);
    check_int(got.fd, -1);
    int client = contract_client(&address);
    check_int(weir_poll(io, listener, WEIR_POLL_READ), WEIR_POLL_READ);
    if (check_int(weir_try_accept(io, listener, &got), 0)) weir_close_socket(io, got);
    close(client);
    check_int(weir_try_accept(io, listener, &got), WEIR_EAGAIN);
    weir_close_socket(io, listener);

    char data[8];
    struct iovec slice = {data, sizeof data};
    weir_message message = {.data = &slice, .count = 1};
    if (!check_int(weir_socket_pair(io, SOCK_DGRAM, ends), 0)) return;
    weir_op receive = {.code = WEIR_OP_RECEIVE, .fd = ends[0].fd};
    receive.args.messages.first = &message;
    receive.args.messages.count = 1;
    check_int(tried(io, &receive), WEIR_EAGAIN);
    receive.code = WEIR_OP_RECEIVE_MANY;
    check_int(tried(io, &receive), WEIR_EAGAIN);
    weir_op poll = {.code = WEIR_OP_POLL, .fd = ends[0].fd, .args.poll = WEIR_POLL_READ};
    check_int(tried(io, &poll), WEIR_EAGAIN);
    contract_close(io, ends);
}

CONTRACT(what_cannot_be_tried_is_refused)
{
    weir_op sleep = {.code = WEIR_OP_SOCKET, .args.socket = {AF_INET, SOCK_STREAM, 0}};
    check_int(tried(io, &sleep), WEIR_EINVAL);
    weir_queue queue;
    weir_op *done;
    weir_queue_init(io, &queue);
    weir_submit(io, &sleep, &queue);
    check_int(weir_queue_next(io, &queue, weir_never(), &done), 0);
    check_int(done->result, WEIR_EINVAL);
}

CONTRACT(a_submitted_op_that_only_tries_completes_at_once)
{
    weir_socket ends[2];
    char byte;
    struct iovec slice = {&byte, 1};
    if (!contract_tcp_pair(io, ends)) return;
    weir_op read = {.code = WEIR_OP_READ, .flags = WEIR_OP_TRY, .fd = ends[0].fd};
    read.args.vector.data = &slice;
    read.args.vector.count = 1;
    weir_queue queue;
    weir_op *done = NULL;
    weir_queue_init(io, &queue);
    weir_submit(io, &read, &queue);
    check_int(weir_queue_next(io, &queue, weir_never(), &done), 0);
    check(done == &read);
    check_int(read.result, WEIR_EAGAIN);
    contract_close(io, ends);
}

static int say_later(weir_io *io, void *argument)
{
    const weir_socket *end = argument;
    return (int)weir_write(io, *end, "later", 5);
}

CONTRACT(peeking_waits_and_leaves_the_bytes)
{
    weir_socket ends[2];
    char data[16] = "";
    weir_task task;
    if (!contract_tcp_pair(io, ends)) return;
    check_int(weir_concurrent(io, &task, say_later, &ends[1], NULL), 0);
    check_int(weir_peek(io, ends[0], data, 3), 3);
    check(memcmp(data, "lat", 3) == 0);
    check_int(weir_peek(io, ends[0], data, sizeof data), 5);
    check_int(weir_read(io, ends[0], data, sizeof data), 5);
    check(memcmp(data, "later", 5) == 0);
    check_int(weir_await(io, &task, NULL), 0);
    check_int(weir_shutdown(io, ends[1], SHUT_WR), 0);
    check_int(weir_peek(io, ends[0], data, sizeof data), 0);
    contract_close(io, ends);
}

CONTRACT(a_peek_that_is_canceled_took_nothing)
{
    weir_socket ends[2];
    char data[4];
    weir_scope scope;
    if (!contract_tcp_pair(io, ends)) return;
    weir_scope_enter_for(io, &scope, weir_milliseconds(5));
    check_int(weir_peek(io, ends[0], data, sizeof data), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    contract_close(io, ends);
    weir_socket pipe[2];
    if (!check_int(weir_pipe_open(io, 0, pipe), 0)) return;
    check_int(weir_peek(io, pipe[0], data, sizeof data), WEIR_ENOTSOCK);
    contract_close(io, pipe);
}

/* Zero copy ---------------------------------------------------------------------------------- */

enum { LARGE = 4 << 20 };

typedef struct taker {
    weir_socket socket;
    uint64_t got, wrong;
    int64_t last;
} taker;

static unsigned char at(uint64_t i)
{
    return (unsigned char)(i * 131 + (i >> 13));
}

/* Reads to the end, or the error, of the stream. */
static int take_all(weir_io *io, void *argument)
{
    taker *t = argument;
    unsigned char data[16384];
    while ((t->last = weir_read(io, t->socket, data, sizeof data)) > 0)
        for (int64_t i = 0; i < t->last; i++) t->wrong += data[i] != at(t->got++);
    return 0;
}

static unsigned char *large(void)
{
    unsigned char *data = malloc(LARGE);
    if (!data) abort();
    for (uint64_t i = 0; i < LARGE; i++) data[i] = at(i);
    return data;
}

CONTRACT(what_is_written_without_copying_arrives_whole)
{
    weir_socket ends[2];
    weir_task task;
    if (!contract_tcp_pair(io, ends)) return;
    taker t = {.socket = ends[1]};
    unsigned char *data = large();
    check_int(weir_concurrent(io, &task, take_all, &t, NULL), 0);
    check_int(weir_write_zerocopy(io, ends[0], data, LARGE), LARGE);
    memset(data, 0, LARGE); /* it is ours again */
    check_int(weir_shutdown(io, ends[0], SHUT_WR), 0);
    check_int(weir_await(io, &task, NULL), 0);
    check_int(t.last, 0);
    check_int(t.got, LARGE);
    check_int(t.wrong, 0);
    free(data);
    contract_close(io, ends);
}

CONTRACT(slices_are_written_without_copying_and_other_sockets_copy)
{
    weir_socket ends[2];
    weir_task task;
    unsigned char *data = large();
    for (int kind = 0; kind < 2; kind++) {
        if (!(kind ? contract_pair(SOCK_STREAM, ends) : contract_tcp_pair(io, ends))) break;
        taker t = {.socket = ends[1]};
        check_int(weir_concurrent(io, &task, take_all, &t, NULL), 0);
        struct iovec slices[] = {{data, 100000}, {data + 100000, 0}, {data + 100000, 500000}};
        weir_op op = {.code = WEIR_OP_WRITE, .flags = WEIR_OP_ALL | WEIR_OP_ZEROCOPY};
        op.fd = ends[0].fd;
        op.args.vector.data = slices;
        op.args.vector.count = 3;
        op.args.vector.repeat = 1;
        check_int(weir_do(io, &op), 600000);
        check_int(weir_shutdown(io, ends[0], SHUT_WR), 0);
        check_int(weir_await(io, &task, NULL), 0);
        check_int(t.got, 600000);
        check_int(t.wrong, 0);
        contract_close(io, ends);
    }
    free(data);
}

/* Writes to a peer that takes nothing until the time is over.  Returns how much had come to it. */
static uint64_t write_in_vain(weir_io *io, int ms)
{
    weir_socket ends[2];
    weir_scope scope;
    if (!contract_tcp_pair(io, ends)) return 0;
    unsigned char *data = large();
    weir_scope_enter_for(io, &scope, weir_milliseconds(ms));
    int64_t n = 1;
    while (n > 0) n = weir_write_zerocopy(io, ends[0], data, LARGE);
    check_int(n, WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    memset(data, 0, LARGE);
    /* The peer finds the first bytes as they were. */
    taker t = {.socket = ends[1]};
    weir_shutdown(io, ends[0], SHUT_WR);
    take_all(io, &t);
    check_int(t.wrong, 0);
    free(data);
    contract_close(io, ends);
    return t.got;
}

CONTRACT(memory_that_the_peer_never_takes_comes_back_by_the_deadline)
{
    uint64_t got = 0;
    /* Longer on a machine that stops before anything went. */
    for (int ms = 30; got == 0 && ms < 60000; ms *= 2) got = write_in_vain(io, ms);
    check(got > 0);
}

CONTRACT(what_is_copied_after_all_is_counted_once)
{
    weir_socket ends[2];
    unsigned char *data = large();
    if (!check_int(weir_socket_pair(io, SOCK_STREAM, ends), 0)) return;
    check_int(weir_write_zerocopy(io, ends[0], data, 8192), 8192);
    check_int(weir_write_zerocopy(io, ends[0], data, 10), 10);
    contract_close(io, ends);
    if (!check_int(weir_pipe_open(io, 0, ends), 0)) return;
    check_int(weir_write_zerocopy(io, ends[1], data, 8192), 8192);
    check_int(weir_write_zerocopy(io, ends[1], data, 10), 10);
    contract_close(io, ends);
    free(data);
}

CONTRACT(a_deadline_before_anything_went_leaves_the_connection)
{
    weir_socket ends[2];
    weir_scope scope;
    unsigned char *data = large();
    if (!contract_tcp_pair(io, ends)) return;
    int64_t n = WEIR_ECANCELED, taken = 0, sent = 0;
    const int room = 65536; /* as it is said, it does not grow meanwhile */
    weir_set_option(io, ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    weir_set_option(io, ends[1], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    /* Until nothing goes any more: the kernel moves bytes from one end to the other by and by. */
    for (;;) {
        const int64_t before = sent;
        while ((taken = weir_try_write(io, ends[0], data, LARGE)) > 0) sent += taken;
        if (n == WEIR_EDEADLINE && sent == before) break;
        weir_scope_enter_for(io, &scope, weir_milliseconds(300));
        n = weir_poll(io, ends[0], WEIR_POLL_WRITE);
        weir_scope_leave(io, &scope);
    }
    weir_scope_enter_for(io, &scope, weir_milliseconds(20));
    check_int(weir_write_zerocopy(io, ends[0], data, LARGE), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check_int(weir_try_write(io, ends[0], data, 1), WEIR_EAGAIN);
    check_int(weir_shutdown(io, ends[0], SHUT_WR), 0);
    taker t = {.socket = ends[1]};
    take_all(io, &t);
    check_int(t.last, 0);
    check_int(t.got, sent);
    free(data);
    contract_close(io, ends);
}
