/* SPDX-License-Identifier: MIT
 *
 * Does a stream whose peer reset it stay broken for every later read, so that nobody takes what was
 * cut off for a whole?  The kernel tells a reset once, to whoever comes first.
 */
#include "test/contract/contract.h"

#include <weir/net/split.h>
#include <weir/net/unix.h>

enum { GREETING = 5 };

/* A stream whose peer has sent "hello" and then reset it. */
static bool open_reset(weir_io *io, weir_tcp_stream *out)
{
    weir_socket ends[2];
    weir_tcp_stream peer;
    if (!contract_tcp_pair(io, ends)) return false;
    weir_tcp_stream_init(out, ends[0]);
    weir_tcp_stream_init(&peer, ends[1]);
    check_int(weir_tcp_write_all(io, &peer, "hello", GREETING), GREETING);
    check(weir_poll(io, ends[0], WEIR_POLL_READ) > 0);
    weir_tcp_abort(io, &peer);
    return check(weir_poll(io, ends[0], WEIR_POLL_ERROR) > 0);
}

static void check_broken(weir_io *io, weir_stream *stream)
{
    weir_lent lent = {0};
    char data[8];
    check_int(weir_stream_read(io, stream, data, sizeof data), WEIR_ECONNRESET);
    check_int(weir_stream_read_full(io, stream, data, sizeof data), WEIR_ECONNRESET);
    check_int(weir_stream_try_read(io, stream, data, sizeof data), WEIR_ECONNRESET);
    check_int(weir_stream_peek(io, stream, data, sizeof data), WEIR_ECONNRESET);
    check_int(weir_stream_read(io, stream, data, 0), 0);
    check_int(weir_stream_read_lent(io, stream, &lent, weir_never()), WEIR_ECONNRESET);
    weir_stream_stop(io, stream);
}

/* What a read_lent from a queue comes to; what it lends is given back. */
static int64_t read_queued(weir_io *io, weir_stream *stream)
{
    weir_queue queue;
    weir_op op, *done = NULL;
    weir_lent lent = {0};
    weir_queue_init(io, &queue);
    check_int(weir_stream_prepare_read_lent(stream, &op, &lent), 0);
    weir_submit(io, &op, &queue);
    check_int(weir_queue_next(io, &queue, weir_never(), &done), 0);
    check(done == &op);
    weir_stream_give_back(io, stream, &lent);
    return op.result;
}

CONTRACT(a_reset_that_an_op_of_a_queue_has_met_is_known_to_all)
{
    weir_tcp_stream tcp;
    if (!open_reset(io, &tcp)) return;
    check_int(read_queued(io, &tcp.stream), GREETING);
    for (int i = 0; i < 3; i++) check_int(read_queued(io, &tcp.stream), WEIR_ECONNRESET);
    weir_stream_stop(io, &tcp.stream);
    check_broken(io, &tcp.stream);
    check_int(read_queued(io, &tcp.stream), WEIR_ECONNRESET);
    weir_tcp_close(io, &tcp);
}

CONTRACT(a_reset_that_another_call_has_met_is_known_to_the_ops_of_a_queue)
{
    for (int i = 0; i < 4; i++) {
        weir_tcp_stream tcp;
        char data[8];
        contract_at("way", (size_t)i);
        if (!open_reset(io, &tcp)) return;
        if (i < 3) check_int(weir_tcp_read(io, &tcp, data, sizeof data), GREETING);
        if (i == 0) check_int(weir_tcp_read(io, &tcp, data, 1), WEIR_ECONNRESET);
        if (i == 1) check_int(weir_stream_peek(io, &tcp.stream, data, 1), WEIR_ECONNRESET);
        if (i == 2) check_int(weir_tcp_write(io, &tcp, "x", 1), WEIR_ECONNRESET);
        if (i == 3) {
            check_int(weir_stream_write_all(io, &tcp.stream, "x", 1), WEIR_ECONNRESET);
            check_int(read_queued(io, &tcp.stream), GREETING);
        }
        for (int k = 0; k < 2; k++) check_int(read_queued(io, &tcp.stream), WEIR_ECONNRESET);
        weir_stream_stop(io, &tcp.stream);
        check_broken(io, &tcp.stream);
        weir_tcp_close(io, &tcp);
    }
}

CONTRACT(an_end_is_one_to_every_op_of_a_queue)
{
    weir_socket ends[2];
    weir_tcp_stream tcp;
    if (!contract_tcp_pair(io, ends)) return;
    weir_tcp_stream_init(&tcp, ends[0]);
    check_int(weir_write(io, ends[1], "hello", GREETING), GREETING);
    weir_close_socket(io, ends[1]);
    check_int(read_queued(io, &tcp.stream), GREETING);
    for (int i = 0; i < 3; i++) check_int(read_queued(io, &tcp.stream), 0);
    weir_tcp_close(io, &tcp);
}

CONTRACT(a_message_that_a_reset_cut_is_no_whole_one)
{
    weir_tcp_stream tcp;
    char data[8];
    if (!open_reset(io, &tcp)) return;
    check_int(weir_stream_read_full(io, &tcp.stream, data, sizeof data), GREETING);
    check_broken(io, &tcp.stream);
    check_int(weir_tcp_read(io, &tcp, data, sizeof data), WEIR_ECONNRESET);
    weir_tcp_close(io, &tcp);
}

CONTRACT(a_reset_that_a_try_or_a_peek_has_met_is_known_to_all)
{
    char data[8];
    for (int i = 0; i < 3; i++) {
        weir_tcp_stream tcp;
        weir_lent lent = {0};
        contract_at("way", (size_t)i);
        if (!open_reset(io, &tcp)) return;
        if (i < 2) check_int(weir_tcp_read(io, &tcp, data, sizeof data), GREETING);
        if (i == 0) check_int(weir_stream_try_read(io, &tcp.stream, data, 1), WEIR_ECONNRESET);
        if (i == 1) check_int(weir_stream_peek(io, &tcp.stream, data, 1), WEIR_ECONNRESET);
        if (i == 2) {
            check_int(weir_stream_read_lent(io, &tcp.stream, &lent, weir_never()), GREETING);
            weir_stream_give_back(io, &tcp.stream, &lent);
            check_int(weir_stream_read_lent(io, &tcp.stream, &lent, weir_never()), WEIR_ECONNRESET);
            weir_stream_stop(io, &tcp.stream);
        }
        check_broken(io, &tcp.stream);
        weir_tcp_close(io, &tcp);
    }
}

CONTRACT(a_reset_that_a_write_has_met_is_no_end_to_the_reader)
{
    for (int i = 0; i < 3; i++) {
        weir_tcp_stream tcp;
        char data[8];
        contract_at("way", (size_t)i);
        if (!open_reset(io, &tcp)) return;
        const int64_t n = i == 0   ? weir_tcp_write(io, &tcp, "x", 1)
                          : i == 1 ? weir_tcp_write_all(io, &tcp, "x", 1)
                                   : weir_stream_write_all(io, &tcp.stream, "x", 1);
        check_int(n, WEIR_ECONNRESET);
        check_int(weir_tcp_write(io, &tcp, "x", 1), WEIR_ECONNRESET);
        check_int(weir_tcp_read(io, &tcp, data, sizeof data), GREETING);
        check_broken(io, &tcp.stream);
        weir_tcp_close(io, &tcp);
    }
}

CONTRACT(a_reset_goes_with_a_stream_that_is_split_and_joined_again)
{
    weir_tcp_stream tcp;
    weir_owned_read_half read;
    weir_owned_write_half write;
    char data[8];
    if (!open_reset(io, &tcp)) return;
    check_int(weir_stream_split_owned(io, &tcp.stream, &read, &write), 0);
    check_int(weir_half_write(io, write.half, "x", 1), WEIR_ECONNRESET);
    check_int(weir_half_read_full(io, read.half, data, sizeof data), GREETING);
    check_int(weir_half_read(io, read.half, data, sizeof data), WEIR_ECONNRESET);
    check_int(weir_split_reunite(io, &read, &write, &tcp.stream, sizeof tcp), 0);
    check_broken(io, &tcp.stream);
    weir_tcp_close(io, &tcp);
}

CONTRACT(a_unix_stream_that_was_reset_stays_so)
{
    weir_unix_stream ends[2];
    char data[8];
    if (!check_int(weir_unix_pair(io, ends), 0)) return;
    check_int(weir_stream_write_all(io, &ends[0].stream, "unread", 6), 6);
    weir_unix_close(io, &ends[1]);
    check_int(weir_stream_read_full(io, &ends[0].stream, data, sizeof data), WEIR_ECONNRESET);
    check_broken(io, &ends[0].stream);
    weir_unix_close(io, &ends[0]);
}

CONTRACT(an_end_of_our_own_direction_is_none_of_the_peers)
{
    weir_socket sockets[2];
    weir_tcp_stream ends[2];
    char data[8];
    if (!contract_tcp_pair(io, sockets)) return;
    for (int i = 0; i < 2; i++) weir_tcp_stream_init(&ends[i], sockets[i]);
    check_int(weir_tcp_shutdown(io, &ends[0], SHUT_WR), 0);
    check_int(weir_tcp_write(io, &ends[0], "x", 1), WEIR_EPIPE);
    check_int(weir_stream_write_all(io, &ends[0].stream, "x", 1), WEIR_EPIPE);
    check_int(weir_tcp_write_all(io, &ends[1], "hello", GREETING), GREETING);
    weir_tcp_close(io, &ends[1]);
    check_int(weir_stream_read_full(io, &ends[0].stream, data, sizeof data), GREETING);
    check_int(weir_tcp_read(io, &ends[0], data, sizeof data), 0);
    check_int(weir_stream_read(io, &ends[0].stream, data, sizeof data), 0);
    weir_tcp_close(io, &ends[0]);
}

typedef struct flood {
    weir_tcp_stream *tcp;
    int way;
    int64_t result;
} flood;

enum { FLOOD = 16 << 20 };

/* Writes more than the peer takes. */
static int write_much(weir_io *io, void *argument)
{
    flood *f = argument;
    char *data = calloc(1, FLOOD);
    if (!data) abort();
    /* io_uring has a way of its own for what begins with a short slice. */
    const struct iovec slices[2] = {{data, 10}, {data, FLOOD - 10}};
    switch (f->way) {
    case 0: f->result = weir_tcp_write_all(io, f->tcp, data, FLOOD); break;
    case 1: f->result = weir_stream_write_all(io, &f->tcp->stream, data, FLOOD); break;
    default:
        f->result = weir_stream_write_vector(io, &f->tcp->stream, slices, 2, 1, true, weir_never());
    }
    free(data);
    return 0;
}

/* A write that has sent some of its bytes tells their count, and not the reset that it met. */
CONTRACT(a_reset_in_the_middle_of_a_write_is_no_end_to_the_reader)
{
    for (int way = 0; way < 3; way++) {
        weir_socket ends[2];
        weir_tcp_stream tcp, peer;
        weir_task writer = {0};
        char data[8];
        contract_at("way", (size_t)way);
        if (!contract_tcp_pair(io, ends)) return;
        weir_tcp_stream_init(&tcp, ends[0]);
        weir_tcp_stream_init(&peer, ends[1]);
        flood f = {&tcp, way, 0};
        check_int(weir_tcp_write_all(io, &peer, "hello", GREETING), GREETING);
        check_int(weir_concurrent(io, &writer, write_much, &f, NULL), 0);
        check(weir_poll(io, ends[1], WEIR_POLL_READ) > 0);
        contract_settle(io);
        weir_tcp_abort(io, &peer);
        check_int(weir_await(io, &writer, NULL), 0);
        check(f.result == WEIR_ECONNRESET || (f.result > 0 && f.result < FLOOD));
        /* Whether the greeting is still there is the kernel's choice. */
        int64_t n = weir_stream_read_full(io, &tcp.stream, data, GREETING);
        if (n != GREETING) check_int(n, WEIR_ECONNRESET);
        check_broken(io, &tcp.stream);
        weir_tcp_close(io, &tcp);
    }
}

/* What is wrong with a file says nothing about the stream that it was to be sent on. */
CONTRACT(a_file_that_cannot_be_sent_does_not_break_the_stream)
{
    weir_socket ends[2];
    weir_tcp_stream tcp;
    weir_file folder;
    char path[64], data[8];
    if (!contract_tcp_pair(io, ends) || !contract_make_directory(path)) return;
    weir_tcp_stream_init(&tcp, ends[0]);
    if (check_int(weir_open(io, WEIR_FILE_CWD, path, WEIR_OPEN_READ, 0, &folder), 0)) {
        check(weir_stream_send_file(io, &tcp.stream, folder.fd, 0, 10, weir_never()) < 0);
        check_int(weir_shutdown(io, ends[1], SHUT_WR), 0);
        check_int(weir_stream_read(io, &tcp.stream, data, sizeof data), 0);
        weir_close_file(io, folder);
    }
    weir_tcp_close(io, &tcp);
    ends[0].fd = -1;
    contract_close(io, ends);
    contract_remove_directory(path);
}
