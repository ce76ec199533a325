/* SPDX-License-Identifier: MIT
 *
 * Is a connection that the peer reset an error and never an end of stream, for every operation on
 * it, and without a signal?
 */
#include "test/contract/contract.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

static atomic_int signals;

static void count_signal(int number)
{
    (void)number;
    atomic_fetch_add(&signals, 1);
}

/* Closes an end so that the kernel sends a reset. */
static void reset(weir_io *io, weir_socket *end)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    check_int(weir_set_option(io, *end, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    weir_close_socket(io, *end);
    end->fd = -1;
}

/* Waits until the kernel knows that the connection failed. */
static void await_reset(weir_io *io, weir_socket end)
{
    int ready = weir_poll(io, end, WEIR_POLL_READ);
    check(ready > 0);
    check(ready & WEIR_POLL_ERROR);
}

CONTRACT(a_read_after_a_reset_fails)
{
    weir_socket ends[2];
    char byte;
    if (!contract_tcp_pair(io, ends)) return;
    reset(io, &ends[1]);
    await_reset(io, ends[0]);
    check_int(weir_read(io, ends[0], &byte, 1), WEIR_ECONNRESET);
    contract_close(io, ends);
}

typedef struct doing {
    weir_socket on;
    uint32_t begun;
    int64_t result;
    char *data;
    size_t len;
} doing;

static int read_one(weir_io *io, void *argument)
{
    doing *d = argument;
    char byte;
    contract_raise(io, &d->begun);
    d->result = weir_read(io, d->on, &byte, 1);
    return 0;
}

static int read_one_lent(weir_io *io, void *argument)
{
    doing *d = argument;
    weir_receiver receiver;
    weir_lent lent = {0};
    weir_receiver_init(&receiver, d->on);
    contract_raise(io, &d->begun);
    d->result = weir_read_lent(io, &receiver, &lent);
    check(lent.home == NULL);
    weir_receiver_stop(io, &receiver);
    return 0;
}

static int poll_error(weir_io *io, void *argument)
{
    doing *d = argument;
    contract_raise(io, &d->begun);
    int ready = weir_poll(io, d->on, WEIR_POLL_READ);
    d->result = ready > 0 && (ready & WEIR_POLL_ERROR) ? WEIR_ECONNRESET : ready;
    return 0;
}

CONTRACT(a_wait_for_bytes_that_meets_a_reset_fails)
{
    static weir_task_fn *const waits[] = {read_one, read_one_lent, poll_error};
    for (size_t i = 0; i < 3 * (sizeof waits / sizeof waits[0]); i++) {
        weir_socket ends[2];
        weir_task task = {0};
        if (!contract_tcp_pair(io, ends)) return;
        doing d = {.on = ends[0]};
        check_int(weir_concurrent(io, &task, waits[i % 3], &d, NULL), 0);
        if (i % 2) {
            contract_reached(io, &d.begun, 1);
            contract_settle(io);
        }
        reset(io, &ends[1]);
        check_int(weir_await(io, &task, NULL), 0);
        check_int(d.result, WEIR_ECONNRESET);
        contract_close(io, ends);
    }
}

static int write_until_error(weir_io *io, void *argument)
{
    doing *d = argument;
    contract_raise(io, &d->begun);
    do d->result = weir_write(io, d->on, d->data, d->len);
    while (d->result > 0);
    return 0;
}

CONTRACT(a_writer_that_waits_when_the_reset_comes_fails)
{
    signal(SIGPIPE, count_signal);
    weir_socket ends[2];
    weir_task task = {0};
    if (!contract_tcp_pair(io, ends)) return;
    doing d = {.on = ends[0], .data = calloc(1, 1 << 20), .len = 1 << 20};
    check_int(weir_concurrent(io, &task, write_until_error, &d, NULL), 0);
    check_int(weir_poll(io, ends[1], WEIR_POLL_READ), WEIR_POLL_READ);
    contract_settle(io);
    reset(io, &ends[1]);
    check_int(weir_await(io, &task, NULL), 0);
    check(d.result == WEIR_ECONNRESET || d.result == WEIR_EPIPE);
    free(d.data);
    contract_close(io, ends);
    check_int(atomic_load(&signals), 0);
    signal(SIGPIPE, SIG_DFL);
}

static int64_t send_datagram(weir_io *io, weir_socket socket)
{
    struct iovec slice = {"x", 1};
    weir_message datagram = {.data = &slice, .count = 1};
    return weir_send(io, socket, &datagram);
}

CONTRACT(no_write_to_a_dead_connection_raises_a_signal)
{
    signal(SIGPIPE, count_signal);
    static const char text[] = "text";
    struct iovec slices[] = {{(void *)(uintptr_t)text, 4}, {(void *)(uintptr_t)text, 4}};
    char path[64];
    weir_socket ends[2];
    weir_file file;
    contract_make_directory(path);
    contract_make_file(path, "file", text, 4);
    char name[80];
    snprintf(name, sizeof name, "%s/file", path);
    check_int(weir_open(io, WEIR_FILE_CWD, name, WEIR_OPEN_READ, 0, &file), 0);
    if (!contract_tcp_pair(io, ends)) return;
    reset(io, &ends[1]);
    await_reset(io, ends[0]);
    int64_t first = weir_write(io, ends[0], text, 4);
    check(first == WEIR_ECONNRESET || first == WEIR_EPIPE);
    check_int(weir_write(io, ends[0], text, 4), WEIR_EPIPE);
    check_int(weir_write_all(io, ends[0], text, 4), WEIR_EPIPE);
    check_int(weir_write_vector(io, ends[0], slices, 2, 3, true), WEIR_EPIPE);
    check_int(weir_write_vector(io, ends[0], slices, 2, 3, false), WEIR_EPIPE);
    check_int(send_datagram(io, ends[0]), WEIR_EPIPE);
    check_int(weir_send_file(io, ends[0], file.fd, 0, 4), WEIR_EPIPE);
    contract_close(io, ends);
    weir_close_file(io, file);
    contract_remove_directory(path);
    check_int(atomic_load(&signals), 0);
    signal(SIGPIPE, SIG_DFL);
}

CONTRACT(writing_after_our_own_half_close_raises_no_signal)
{
    signal(SIGPIPE, count_signal);
    weir_socket ends[2];
    contract_pair(SOCK_STREAM, ends);
    check_int(weir_shutdown(io, ends[0], SHUT_WR), 0);
    check_int(weir_write(io, ends[0], "x", 1), WEIR_EPIPE);
    check_int(weir_write_all(io, ends[0], "x", 1), WEIR_EPIPE);
    contract_close(io, ends);
    check_int(atomic_load(&signals), 0);
    signal(SIGPIPE, SIG_DFL);
}

CONTRACT(bytes_that_came_before_a_reset_of_a_unix_peer_are_read_first)
{
    weir_socket ends[2];
    char got[8];
    contract_pair(SOCK_STREAM, ends);
    check_int(weir_write(io, ends[0], "unread", 6), 6);
    check_int(weir_write(io, ends[1], "last", 4), 4);
    weir_close_socket(io, ends[1]);
    ends[1].fd = -1;
    /* A Unix socket closed with bytes unread resets its peer. */
    int64_t count = weir_read(io, ends[0], got, sizeof got);
    check(count == WEIR_ECONNRESET || count == 4);
    contract_close(io, ends);
}
