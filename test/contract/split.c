/* SPDX-License-Identifier: MIT
 *
 * Do the halves of a stream serve two tasks at once, and does an owned pair close, end and reunite
 * exactly once?
 */
#include "test/contract/contract.h"

#include <fcntl.h>

#include <weir/net/split.h>
#include <weir/stream/pipe.h>

/* TCP or Unix: the same contract. */
static bool make_pair(weir_io *io, bool tcp, weir_tcp_stream out[2])
{
    weir_socket ends[2];
    if (!(tcp ? contract_tcp_pair(io, ends) : contract_pair(SOCK_STREAM, ends))) return false;
    for (int i = 0; i < 2; i++) weir_tcp_stream_init(&out[i], ends[i]);
    return true;
}

enum { MUCH = 2000000 };

static int echo(weir_io *io, void *argument)
{
    weir_tcp_stream *s = argument;
    static _Thread_local char data[4096];
    int64_t n;
    while ((n = weir_tcp_read(io, s, data, sizeof data)) > 0)
        if (weir_tcp_write_all(io, s, data, (size_t)n) != n) break;
    return weir_tcp_shutdown(io, s, SHUT_WR);
}

static int write_half(weir_io *io, void *argument)
{
    weir_write_half half = *(weir_write_half *)argument;
    char data[1000];
    for (int i = 0; i < MUCH / 1000; i++) {
        memset(data, i, sizeof data);
        if (weir_half_write_all(io, half, data, sizeof data) != sizeof data) return -1;
    }
    return weir_half_shutdown(io, half);
}

static size_t read_half(weir_io *io, weir_read_half half)
{
    char data[1000];
    size_t total = 0;
    while (weir_stream_read_full(io, half.stream, data, sizeof data) == sizeof data) {
        if (!check_int(data[999], (char)(total / 1000))) break;
        total += sizeof data;
    }
    return total;
}

CONTRACT(split_halves_work_in_two_tasks_at_once)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        weir_tcp_stream ends[2];
        weir_read_half read;
        weir_write_half write;
        weir_task tasks[2] = {0};
        if (!make_pair(io, tcp, ends)) return;
        weir_stream_split(&ends[0].stream, &read, &write);
        check_int(weir_concurrent(io, &tasks[0], echo, &ends[1], NULL), 0);
        check_int(weir_concurrent(io, &tasks[1], write_half, &write, NULL), 0);
        check_int(read_half(io, read), MUCH);
        for (int i = 0; i < 2; i++) check_int(weir_await(io, &tasks[i], NULL), 0);
        check_int(weir_half_read_socket(read).fd, weir_half_write_socket(write).fd);
        weir_tcp_close(io, &ends[0]);
        weir_tcp_close(io, &ends[1]);
    }
}

CONTRACT(split_halves_have_every_verb)
{
    weir_tcp_stream ends[2];
    weir_read_half read;
    weir_write_half write;
    char data[8] = "";
    struct iovec slices[] = {{data, 2}, {data + 2, 2}};
    if (!make_pair(io, 1, ends)) return;
    weir_stream_split(&ends[0].stream, &read, &write);
    check_int(weir_half_try_read(io, read, data, 1), WEIR_EAGAIN);
    check_int(weir_half_readable(io, read, weir_deadline_after(io, weir_milliseconds(2))),
              WEIR_EDEADLINE);
    check(weir_half_writable(io, write, weir_never()) & WEIR_POLL_WRITE);
    check_int(weir_tcp_write_all(io, &ends[1], "abcdefgh", 8), 8);
    check(weir_half_readable(io, read, weir_never()) & WEIR_POLL_READ);
    check_int(weir_half_peek(io, read, data, 1), 1);
    check_int(weir_half_read(io, read, data, 1), 1);
    check_int(data[0], 'a');
    check_int(weir_half_read_vector(io, read, slices, 2, weir_never()), 4);
    check(memcmp(data, "bcde", 4) == 0);
    check_int(weir_half_read_full(io, read, data, 3), 3);
    check(memcmp(data, "fgh", 3) == 0);
    check_int(weir_half_write(io, write, "1", 1), 1);
    check_int(weir_half_try_write(io, write, "2", 1), 1);
    memcpy(data, "3456", 4);
    check_int(weir_half_write_vector(io, write, slices, 2, 1, true, weir_never()), 4);
    check_int(weir_stream_read_full(io, &ends[1].stream, data, 6), 6);
    check(memcmp(data, "123456", 6) == 0);
    weir_tcp_close(io, &ends[0]);
    weir_tcp_close(io, &ends[1]);
}

static int write_owned(weir_io *io, void *argument)
{
    weir_owned_write_half *write = argument;
    const int result = write_half(io, &write->half);
    weir_owned_write_close(io, write);
    weir_owned_write_close(io, write);
    return result;
}

CONTRACT(split_owned_halves_close_the_stream_with_the_last)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        weir_tcp_stream ends[2];
        weir_owned_read_half read;
        weir_owned_write_half write;
        weir_task tasks[2] = {0};
        if (!make_pair(io, tcp, ends)) return;
        check_int(weir_stream_split_owned(io, &ends[0].stream, &read, &write), 0);
        weir_tcp_close(io, &ends[0]); /* owns nothing any more */
        const int fd = weir_half_read_socket(read.half).fd;
        check(fcntl(fd, F_GETFD) >= 0);
        check_int(weir_concurrent(io, &tasks[0], echo, &ends[1], NULL), 0);
        check_int(weir_concurrent(io, &tasks[1], write_owned, &write, NULL), 0);
        check_int(read_half(io, read.half), MUCH);
        for (int i = 0; i < 2; i++) check_int(weir_await(io, &tasks[i], NULL), 0);
        check(fcntl(fd, F_GETFD) >= 0);
        weir_owned_read_close(io, &read);
        check(fcntl(fd, F_GETFD) < 0);
        weir_owned_read_close(io, &read);
        weir_tcp_close(io, &ends[1]);
    }
}

CONTRACT(split_write_half_ends_its_direction_unless_forgotten)
{
    for (int forget = 0; forget < 2; forget++) {
        weir_tcp_stream ends[2];
        weir_owned_read_half read;
        weir_owned_write_half write;
        char byte;
        if (!make_pair(io, true, ends)) return;
        check_int(weir_stream_split_owned(io, &ends[0].stream, &read, &write), 0);
        check(weir_half_try_read(io, read.half, &byte, 1) == WEIR_EAGAIN);
        if (forget) {
            weir_owned_write_forget(io, &write);
            check_int(weir_stream_try_read(io, &ends[1].stream, &byte, 1), WEIR_EAGAIN);
        } else {
            weir_recancel(io); /* a request does not keep the end from the peer */
            weir_owned_write_close(io, &write);
            check_int(weir_check(io), WEIR_ECANCELED);
            check_int(weir_tcp_read(io, &ends[1], &byte, 1), 0);
        }
        check_int(weir_tcp_write_all(io, &ends[1], "still", 5), 5);
        check_int(weir_half_peek(io, read.half, &byte, 1), 1);
        check_int(weir_half_read(io, read.half, &byte, 1), 1);
        check_int(byte, 's');
        weir_owned_read_close(io, &read);
        weir_tcp_close(io, &ends[1]);
    }
}

CONTRACT(split_halves_reunite_only_with_their_own)
{
    weir_tcp_stream one[2], two[2], back;
    weir_owned_read_half read[2];
    weir_owned_write_half write[2];
    char byte;
    if (!make_pair(io, true, one) || !make_pair(io, false, two)) return;
    check_int(weir_stream_split_owned(io, &one[0].stream, &read[0], &write[0]), 0);
    check_int(weir_stream_split_owned(io, &two[0].stream, &read[1], &write[1]), 0);
    const size_t size = sizeof back;
    check_int(weir_split_reunite(io, &read[0], &write[1], &back.stream, size), WEIR_EINVAL);
    check_int(weir_split_reunite(io, &read[0], &write[0], &back.stream, size - 1), WEIR_EINVAL);
    check(read[0].split && write[1].split);
    check_int(weir_split_reunite(io, &read[0], &write[0], &back.stream, size), 0);
    check(!read[0].split && !write[0].split);
    weir_owned_read_close(io, &read[0]);
    check_int(weir_tcp_write_all(io, &back, "x", 1), 1);
    check_int(weir_tcp_read(io, &one[1], &byte, 1), 1);
    weir_tcp_close(io, &back);
    weir_owned_write_close(io, &write[1]);
    check_int(weir_split_reunite(io, &read[1], &write[1], &back.stream, size), WEIR_EINVAL);
    weir_owned_read_close(io, &read[1]);
    weir_tcp_close(io, &one[1]);
    weir_tcp_close(io, &two[1]);
}

CONTRACT(split_that_cannot_be_made_leaves_the_stream_as_it_was)
{
    weir_tcp_stream ends[2];
    weir_owned_read_half read;
    weir_owned_write_half write;
    char room[2][16], byte;
    void *buffers[2] = {room[0], room[1]};
    weir_pipe pipe;
    if (!make_pair(io, true, ends)) return;
    test_alloc_fail_after(0);
    const int error = weir_stream_split_owned(io, &ends[0].stream, &read, &write);
    test_alloc_reset();
    check_int(error, WEIR_ENOMEM);
    check_int(weir_tcp_write_all(io, &ends[0], "x", 1), 1);
    check_int(weir_tcp_read(io, &ends[1], &byte, 1), 1);
    weir_pipe_init(&pipe, buffers, 16);
    check_int(weir_stream_split_owned(io, &pipe.ends[0].stream, &read, &write), WEIR_EUNSUPPORTED);
    weir_tcp_close(io, &ends[0]);
    weir_tcp_close(io, &ends[1]);
}

CONTRACT(split_halves_fail_each_for_itself)
{
    weir_tcp_stream ends[2];
    weir_read_half read;
    weir_write_half write;
    char byte;
    if (!make_pair(io, false, ends)) return;
    weir_stream_split(&ends[0].stream, &read, &write);
    check_int(weir_tcp_write_all(io, &ends[1], "rest", 4), 4);
    check_int(weir_tcp_shutdown(io, &ends[1], SHUT_RD), 0);
    check_int(weir_half_write(io, write, "x", 1), WEIR_EPIPE);
    check_int(weir_half_read(io, read, &byte, 1), 1);
    check_int(byte, 'r');
    check(weir_half_readable(io, read, weir_deadline_after(io, weir_seconds(50))) & WEIR_POLL_READ);
    weir_tcp_close(io, &ends[0]);
    weir_tcp_close(io, &ends[1]);
}
