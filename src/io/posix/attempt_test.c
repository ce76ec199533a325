/* SPDX-License-Identifier: MIT
 *
 * Does each attempt do what its system call does, without waiting, and tell what to wait for?
 */
#include "io/posix/attempt.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/file.h>
#include <weir/io/socket.h>

#include "test/harness/test.h"

static int64_t once(weir_op *op)
{
    weir_attempt_begin(op);
    return weir_attempt(op);
}

static void make_pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
}

static void close_pair(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static void listen_on(int fd, const weir_address *address, int backlog)
{
    weir_op bind_op = {.code = WEIR_OP_BIND, .fd = fd, .args.address = address};
    weir_op listen_op = {.code = WEIR_OP_LISTEN, .fd = fd, .args.backlog = backlog};
    assert_int_equal(once(&bind_op), 0);
    assert_int_equal(once(&listen_op), 0);
}

static int make_listener(weir_address *address)
{
    weir_address any = weir_address_loopback4(0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    listen_on(fd, &any, 128);
    weir_op name = {.code = WEIR_OP_LOCAL_ADDRESS, .fd = fd, .args.address_out = address};
    assert_int_equal(once(&name), 0);
    return fd;
}

static int64_t read_into(int fd, char *data, size_t len)
{
    struct iovec slice = {data, len};
    weir_op op = {.code = WEIR_OP_READ, .fd = fd, .args.vector = {&slice, 1, 1, 0}};
    return once(&op);
}

TEST(ops_that_are_no_system_call_are_not_attempted)
{
    weir_op op = {.code = WEIR_OP_SLEEP};
    assert_int_equal(once(&op), WEIR_EUNSUPPORTED);
    op.code = 200;
    assert_int_equal(once(&op), WEIR_EUNSUPPORTED);
}

TEST(reading_tells_nothing_yet_from_the_end)
{
    int ends[2];
    make_pair(ends);
    char data[8];
    assert_true(read_into(ends[0], data, 8) == WEIR_ATTEMPT_WAIT);
    assert_int_equal(read_into(ends[0], data, 0), 0);
    assert_int_equal(write(ends[1], "hello", 5), 5);
    assert_int_equal(read_into(ends[0], data, 3), 3);
    struct iovec slices[4] = {{data, 0}, {data, 1}, {data, 0}, {data + 1, 7}};
    weir_op op = {.code = WEIR_OP_READ, .fd = ends[0], .args.vector = {slices, 4, 1, 0}};
    assert_int_equal(once(&op), 2);
    assert_memory_equal(data, "lo", 2);
    assert_true(weir_attempt_was_short(&op, 2));
    assert_false(weir_attempt_was_short(&op, 8));
    shutdown(ends[1], SHUT_WR);
    assert_int_equal(read_into(ends[0], data, 8), 0);
    close_pair(ends);
}

TEST(a_write_of_all_keeps_its_place_from_attempt_to_attempt)
{
    int ends[2];
    make_pair(ends);
    enum { HEAD = 5, REPEAT = 1000000 };
    struct iovec slices[3] = {{"head:", HEAD}, {"", 0}, {"ab", 2}};
    weir_op op = {.code = WEIR_OP_WRITE,
                  .flags = WEIR_OP_ALL,
                  .fd = ends[0],
                  .args.vector = {slices, 3, REPEAT, 0}};
    int64_t result = once(&op);
    assert_true(result == WEIR_ATTEMPT_WAIT);
    assert_true(weir_attempt_progress(&op) > 0);
    assert_int_equal(weir_attempt_events(&op), WEIR_POLL_WRITE);
    uint64_t got = 0;
    while (result == WEIR_ATTEMPT_WAIT) {
        char data[5000];
        for (ssize_t n; (n = read(ends[1], data, sizeof(data))) > 0;)
            for (ssize_t i = 0; i < n; i++, got++)
                if (data[i] != (got < HEAD ? "head:"[got] : "ab"[(got - HEAD) % 2]))
                    fail_msg("byte %llu", (unsigned long long)got);
        result = weir_attempt(&op);
    }
    assert_int_equal(result, HEAD + 2 * REPEAT);
    char rest[5000];
    for (ssize_t n; (n = read(ends[1], rest, sizeof(rest))) > 0;) got += (uint64_t)n;
    assert_int_equal(got, HEAD + 2 * REPEAT);
    close_pair(ends);
}

TEST(writing_nothing_is_zero_and_to_nobody_is_a_broken_pipe)
{
    int ends[2], pipe_ends[2];
    make_pair(ends);
    struct iovec slice = {"x", 1};
    weir_op op = {.code = WEIR_OP_WRITE, .fd = ends[0], .args.vector = {&slice, 1, 0, 0}};
    assert_int_equal(once(&op), 0);
    op.args.vector.count = 0;
    assert_int_equal(once(&op), 0);
    close(ends[1]);
    op.args.vector.count = 1;
    op.args.vector.repeat = 1;
    assert_int_equal(once(&op), WEIR_EPIPE);
    close(ends[0]);

    assert_int_equal(pipe(pipe_ends), 0);
    op.fd = pipe_ends[1];
    assert_int_equal(once(&op), 1);
    char byte;
    assert_int_equal(read_into(pipe_ends[0], &byte, 1), 1);
    assert_true(read_into(pipe_ends[0], &byte, 1) == WEIR_ATTEMPT_WAIT);
    close(pipe_ends[0]);
    assert_int_equal(once(&op), WEIR_EPIPE);
    close(pipe_ends[1]);
}

TEST(a_blocking_pipe_does_not_hold_the_writer)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    static char data[1 << 20];
    struct iovec slice = {data, sizeof(data)};
    weir_op op = {.code = WEIR_OP_WRITE,
                  .flags = WEIR_OP_ALL,
                  .fd = ends[1],
                  .args.vector = {&slice, 1, 1, 0}};
    assert_true(once(&op) == WEIR_ATTEMPT_WAIT);
    assert_true(weir_attempt_progress(&op) > 0);
    close_pair(ends);
}

TEST(a_blocking_pipe_does_not_hold_the_reader)
{
    int ends[2];
    char data[8];
    assert_int_equal(pipe(ends), 0);
    assert_true(read_into(ends[0], data, 8) == WEIR_ATTEMPT_WAIT);
    assert_int_equal(write(ends[1], "hello", 5), 5);
    assert_int_equal(read_into(ends[0], data, 3), 3);
    struct iovec slices[2] = {{data, 1}, {data + 1, 7}};
    weir_op op = {.code = WEIR_OP_READ, .fd = ends[0], .args.vector = {slices, 2, 1, 0}};
    assert_int_equal(once(&op), 2);
    assert_memory_equal(data, "lo", 2);
    assert_int_equal(read_into(ends[1], data, 8), WEIR_EBADF);
    close(ends[1]);
    assert_int_equal(read_into(ends[0], data, 8), 0);
    close(ends[0]);
}

/* A terminal is where the plain calls are used: the master of a pair needs no other. */
TEST(a_blocking_terminal_does_not_hold_the_reader)
{
    char data[8];
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        if (master >= 0) close(master);
        skip();
    }
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(slave >= 0);
    assert_true(read_into(master, data, 8) == WEIR_ATTEMPT_WAIT);
    struct iovec slice = {"out", 3};
    weir_op op = {.code = WEIR_OP_WRITE, .fd = slave, .args.vector = {&slice, 1, 1, 0}};
    assert_int_equal(once(&op), 3);
    assert_int_equal(read_into(master, data, 8), 3);
    assert_true(read_into(slave, data, 8) == WEIR_ATTEMPT_WAIT);
    assert_int_equal(fcntl(slave, F_SETFL, O_NONBLOCK), 0);
    assert_true(read_into(slave, data, 8) == WEIR_ATTEMPT_WAIT);
    close(slave);
    close(master);
}

TEST(a_file_is_read_and_written_at_its_own_offset)
{
    enum { LEN = 100000 };
    char path[] = "/tmp/weir-attempt-XXXXXX";
    static char data[LEN];
    int file = mkstemp(path);
    assert_true(file >= 0);
    unlink(path);
    struct iovec slice = {data, LEN};
    weir_op op = {
        .code = WEIR_OP_WRITE, .flags = WEIR_OP_ALL, .fd = file, .args.vector = {&slice, 1, 1, 0}};
    assert_int_equal(once(&op), LEN);
    assert_int_equal(lseek(file, 0, SEEK_CUR), LEN);
    assert_int_equal(lseek(file, -5, SEEK_CUR), LEN - 5);
    assert_int_equal(read_into(file, data, LEN), 5);
    assert_int_equal(read_into(file, data, LEN), 0);
    close(file);
}

TEST(connecting_and_accepting)
{
    weir_address address;
    int listener = make_listener(&address);
    weir_op accept_op = {.code = WEIR_OP_ACCEPT, .fd = listener};
    assert_true(once(&accept_op) == WEIR_ATTEMPT_WAIT);
    assert_int_equal(weir_attempt_events(&accept_op), WEIR_POLL_READ);

    weir_op socket_op = {.code = WEIR_OP_SOCKET, .args.socket = {AF_INET, SOCK_STREAM, 0}};
    int client = (int)once(&socket_op);
    assert_true(fcntl(client, F_GETFD) & FD_CLOEXEC);
    weir_op connect_op = {.code = WEIR_OP_CONNECT, .fd = client, .args.address = &address};
    int64_t result = once(&connect_op);
    while (result == WEIR_ATTEMPT_WAIT) {
        struct pollfd ready = {.fd = client, .events = POLLOUT};
        poll(&ready, 1, -1);
        result = weir_attempt(&connect_op);
    }
    assert_int_equal(result, 0);
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    poll(&waiting, 1, -1);
    int served = (int)weir_attempt(&accept_op);
    assert_true(served >= 0);
    assert_true(fcntl(served, F_GETFD) & FD_CLOEXEC);
    int on = 0;
    uint32_t size = sizeof(on);
    weir_op get = {
        .code = WEIR_OP_GET_OPTION, .fd = served, .args.option = {SOL_SOCKET, SO_TYPE, &on, &size}};
    assert_int_equal(once(&get), 0);
    assert_int_equal(on, SOCK_STREAM);
    weir_address peer;
    weir_op name = {.code = WEIR_OP_PEER_ADDRESS, .fd = client, .args.address_out = &peer};
    assert_int_equal(once(&name), 0);
    assert_true(weir_address_equal(&peer, &address));
    for (int fd = 0; fd < 3; fd++) {
        weir_op end = {.code = WEIR_OP_CLOSE, .fd = (int[]){served, client, listener}[fd]};
        assert_int_equal(once(&end), 0);
        assert_int_equal(once(&end), WEIR_EBADF);
    }
}

TEST(a_refused_connection_says_so)
{
    /* One that is bound and does not listen: the port is no other test's meanwhile. */
    weir_address address, any = weir_address_loopback4(0);
    int keeper = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    weir_op bind_op = {.code = WEIR_OP_BIND, .fd = keeper, .args.address = &any};
    weir_op name = {.code = WEIR_OP_LOCAL_ADDRESS, .fd = keeper, .args.address_out = &address};
    assert_int_equal(once(&bind_op), 0);
    assert_int_equal(once(&name), 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    weir_op op = {.code = WEIR_OP_CONNECT, .fd = client, .args.address = &address};
    int64_t result = once(&op);
    while (result == WEIR_ATTEMPT_WAIT) {
        struct pollfd ready = {.fd = client, .events = POLLOUT};
        poll(&ready, 1, -1);
        result = weir_attempt(&op);
    }
    assert_int_equal(result, WEIR_ECONNREFUSED);
    close(client);
    close(keeper);
}

TEST(a_full_unix_listener_is_tried_later)
{
    weir_address name = {.kind = WEIR_ADDRESS_UNIX};
    name.path_len =
        (uint8_t)(1 + snprintf(name.at.path + 1, 100, "weir-attempt-%d", (int)getpid()));
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    listen_on(listener, &name, 1);
    int clients[8];
    int64_t result = 0;
    int count = 0;
    weir_op last = {0};
    while (count < 8 && result == 0) {
        clients[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        last = (weir_op){.code = WEIR_OP_CONNECT, .fd = clients[count++], .args.address = &name};
        result = once(&last);
    }
    assert_true(result == WEIR_ATTEMPT_LATER);
    assert_int_equal(weir_attempt_delay(&last).ns, 1000000);
    assert_true(weir_attempt(&last) == WEIR_ATTEMPT_LATER);
    assert_int_equal(weir_attempt_delay(&last).ns, 2000000);
    int served = accept(listener, NULL, NULL);
    assert_int_equal(weir_attempt(&last), 0);
    close(served);
    close(listener);
    while (count > 0) close(clients[--count]);
}

TEST(binding_and_listening_tell_what_is_wrong)
{
    weir_address address;
    int listener = make_listener(&address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    weir_op op = {.code = WEIR_OP_BIND, .fd = fd, .args.address = &address};
    assert_int_equal(once(&op), WEIR_EADDRINUSE);
    weir_address none = {.kind = WEIR_ADDRESS_NONE};
    op.args.address = &none;
    assert_int_equal(once(&op), WEIR_EINVAL);
    weir_op backlog = {.code = WEIR_OP_LISTEN, .fd = fd, .args.backlog = -1};
    assert_int_equal(once(&backlog), WEIR_EINVAL);
    close(fd);
    close(listener);
}

TEST(polling_tells_what_is_ready)
{
    int ends[2];
    make_pair(ends);
    weir_op op = {.code = WEIR_OP_POLL, .fd = ends[0], .args.poll = WEIR_POLL_READ};
    assert_true(once(&op) == WEIR_ATTEMPT_WAIT);
    op.args.poll = WEIR_POLL_READ | WEIR_POLL_WRITE;
    assert_int_equal(once(&op), WEIR_POLL_WRITE);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(once(&op), WEIR_POLL_READ | WEIR_POLL_WRITE);
    close(ends[1]);
    op.args.poll = 0;
    assert_int_equal(once(&op), WEIR_POLL_ERROR);
    close(ends[0]);
    assert_int_equal(once(&op), WEIR_EBADF);
    op.fd = -1;
    assert_int_equal(once(&op), WEIR_EBADF);
}

TEST(a_datagram_that_is_too_long_is_marked)
{
    weir_address address = weir_address_loopback4(0);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_storage name;
    socklen_t len = weir_address_to_sockaddr(&address, &name);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
    weir_op where = {.code = WEIR_OP_LOCAL_ADDRESS, .fd = fd, .args.address_out = &address};
    assert_int_equal(once(&where), 0);

    char data[4];
    struct iovec out = {"abcdefgh", 8}, in = {data, 4};
    weir_message sent = {.data = &out, .count = 1, .address = address};
    weir_message received = {.data = &in, .count = 1};
    weir_op receive = {.code = WEIR_OP_RECEIVE, .fd = fd, .args.messages = {&received, 1}};
    weir_op send_op = {.code = WEIR_OP_SEND, .fd = fd, .args.messages = {&sent, 1}};
    assert_true(once(&receive) == WEIR_ATTEMPT_WAIT);
    assert_int_equal(once(&send_op), 8);
    assert_int_equal(once(&receive), 4);
    assert_int_equal(received.came, WEIR_MESSAGE_TRUNCATED);
    assert_true(weir_address_equal(&received.address, &address));
    if (!test_is_emulated()) { /* the emulator sends no empty datagram */
        sent.count = 0;
        assert_int_equal(once(&send_op), 0);
        assert_int_equal(once(&receive), 0);
        assert_int_equal(received.came, 0);
    }
    sent.count = 1025;
    assert_int_equal(once(&send_op), WEIR_EINVAL);
    close(fd);
}

TEST(files_beneath_a_directory)
{
    char path[] = "/tmp/weir-attempt-XXXXXX";
    assert_non_null(mkdtemp(path));
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    weir_op make = {.code = WEIR_OP_OPEN,
                    .fd = dir,
                    .args.open = {"file",
                                  WEIR_OPEN_READ | WEIR_OPEN_WRITE | WEIR_OPEN_CREATE |
                                      WEIR_OPEN_EXCLUSIVE | WEIR_OPEN_BENEATH,
                                  0640}};
    int file = (int)once(&make);
    if (file == WEIR_ENOSYS && test_is_emulated()) {
        close(dir);
        rmdir(path);
        skip();
    }
    assert_true(file >= 0);
    assert_int_equal(once(&make), -EEXIST);
    struct iovec out[2] = {{"", 0}, {"0123456789", 10}};
    weir_op write_op = {.code = WEIR_OP_WRITE_AT, .fd = file, .args.at = {out, 5, 2}};
    assert_int_equal(once(&write_op), 10);
    weir_file_status status;
    weir_op stat_op = {.code = WEIR_OP_STAT, .fd = dir, .args.stat = {"file", &status}};
    assert_int_equal(once(&stat_op), 0);
    assert_int_equal(status.size, 15);
    assert_int_equal(status.kind, WEIR_FILE_REGULAR);
    assert_int_equal(status.permissions & 0700, 0600);
    stat_op.args.stat.path = NULL;
    assert_int_equal(once(&stat_op), 0);
    assert_int_equal(status.kind, WEIR_FILE_DIRECTORY);

    char data[16];
    struct iovec in = {data, sizeof(data)};
    weir_op read_op = {.code = WEIR_OP_READ_AT, .fd = file, .args.at = {&in, 10, 1}};
    assert_int_equal(once(&read_op), 5);
    assert_memory_equal(data, "56789", 5);
    read_op.args.at.offset = 15;
    assert_int_equal(once(&read_op), 0);
    read_op.args.at.offset = UINT64_MAX;
    assert_int_equal(once(&read_op), WEIR_EINVAL);
    char entries[1024];
    weir_op list_op = {.code = WEIR_OP_LIST, .fd = dir, .args.list = {entries, sizeof(entries)}};
    assert_true(once(&list_op) > 0);
    assert_int_equal(once(&list_op), 0);

    weir_op out_op = {.code = WEIR_OP_OPEN,
                      .fd = dir,
                      .args.open = {"../x", WEIR_OPEN_READ | WEIR_OPEN_BENEATH, 0}};
    assert_int_equal(once(&out_op), WEIR_EXDEV);
    assert_int_equal(symlinkat("file", dir, "link"), 0);
    out_op.args.open.path = "link";
    out_op.args.open.flags = WEIR_OPEN_READ | WEIR_OPEN_NO_LINKS;
    assert_int_equal(once(&out_op), WEIR_ELOOP);
    out_op.args.open.flags = WEIR_OPEN_BENEATH;
    assert_int_equal(once(&out_op), WEIR_EINVAL);
    unlinkat(dir, "link", 0);
    unlinkat(dir, "file", 0);
    rmdir(path);
    close(file);
    close(dir);
}

TEST(a_file_is_sent_whole_or_as_far_as_it_goes)
{
    FILE *file = tmpfile();
    enum { SIZE = 700000 };
    for (int i = 0; i < SIZE; i++) putc(i % 251, file);
    fflush(file);
    int ends[2];
    make_pair(ends);
    weir_op op = {.code = WEIR_OP_SEND_FILE,
                  .fd = ends[0],
                  .args.send_file = {1000, 2 * SIZE, fileno(file), 0}};
    int64_t result = once(&op);
    uint64_t at = 1000;
    unsigned char data[4096];
    while (result == WEIR_ATTEMPT_WAIT) {
        for (ssize_t n; (n = read(ends[1], data, sizeof(data))) > 0;)
            for (ssize_t i = 0; i < n; i++, at++)
                if (data[i] != at % 251) fail_msg("byte %llu", (unsigned long long)at);
        result = weir_attempt(&op);
    }
    assert_int_equal(result, SIZE - 1000);
    close(ends[1]);
    op.args.send_file.length = 10;
    assert_int_equal(once(&op), WEIR_EPIPE);
    close(ends[0]);
    fclose(file);
}
