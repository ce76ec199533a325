/* SPDX-License-Identifier: MIT
 *
 * The table of operations; see op_cases.h.
 */
#include "test/contract/op_cases.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

static const char hello[] = "hello";
enum { HELLO = 5 };

static bool has_bytes(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static void say_hello(weir_io *io, op_world *w)
{
    (void)io;
    check_int(send(w->ends[1].fd, hello, HELLO, MSG_NOSIGNAL | MSG_DONTWAIT), HELLO);
}

/* Takes what stands before the op's bytes, and not those. */
static void make_room(weir_io *io, op_world *w)
{
    (void)io;
    char waste[4096];
    while (w->filled > 0) {
        size_t len = w->filled < sizeof waste ? w->filled : sizeof waste;
        ssize_t got = recv(w->ends[1].fd, waste, len, MSG_DONTWAIT);
        if (!check(got > 0)) return;
        w->filled -= (size_t)got;
    }
}

static void nothing_said(weir_io *io, op_world *w)
{
    (void)io;
    check(!has_bytes(w->ends[1].fd));
}

static void peer_got_hello(weir_io *io, op_world *w)
{
    (void)io;
    char got[4096] = "";
    check(recv(w->ends[1].fd, got, sizeof got, MSG_DONTWAIT) >= HELLO);
}

static void got_hello(weir_io *io, op_world *w)
{
    (void)io;
    check(memcmp(w->buffer, hello, HELLO) == 0);
}

/* Waits for the gate whatever is asked of it, so that its end is the test's decision. */
static int gate_keeper(weir_io *io, void *argument)
{
    op_world *w = argument;
    weir_scope shield;
    weir_shield(io, &shield);
    contract_reached(io, &w->gate, 1);
    weir_scope_leave(io, &shield);
    return 7;
}

static void open_gate(weir_io *io, op_world *w)
{
    contract_raise(io, &w->gate);
}

/* One of each ------------------------------------------------------------------------------ */

static void nop(weir_io *io, op_world *w)
{
    (void)io;
    w->op.code = WEIR_OP_NOP;
}

static void sleep_past(weir_io *io, op_world *w)
{
    w->op.code = WEIR_OP_SLEEP;
    w->op.deadline = weir_now(io, WEIR_CLOCK_MONOTONIC);
}

static void sleep_long(weir_io *io, op_world *w)
{
    w->op.code = WEIR_OP_SLEEP;
    w->op.deadline = weir_deadline_after(io, weir_seconds(100000));
}

static void word_same(weir_io *io, op_world *w)
{
    (void)io;
    w->op.code = WEIR_OP_WORD_WAIT;
    w->op.args.word.address = &w->word;
    w->op.args.word.expected = 0;
}

static void word_differs(weir_io *io, op_world *w)
{
    word_same(io, w);
    w->word = 1;
}

static void word_wake(weir_io *io, op_world *w)
{
    contract_raise(io, &w->word);
}

static void join_running(weir_io *io, op_world *w)
{
    w->op.code = WEIR_OP_JOIN;
    w->op.args.task = &w->task;
    w->has_task = check_int(weir_concurrent(io, &w->task, gate_keeper, w, NULL), 0);
}

static void join_ended(weir_io *io, op_world *w)
{
    join_running(io, w);
    open_gate(io, w);
    check_int(weir_await(io, &w->task, NULL), 0);
}

static void group_full(weir_io *io, op_world *w)
{
    w->op.code = WEIR_OP_GROUP_WAIT;
    w->op.args.group = &w->group;
    w->has_group = check_int(weir_group_concurrent(io, &w->group, gate_keeper, w, NULL), 0);
}

static void group_empty(weir_io *io, op_world *w)
{
    (void)io;
    w->op.code = WEIR_OP_GROUP_WAIT;
    w->op.args.group = &w->group;
}

static void token_open(weir_io *io, op_world *w)
{
    (void)io;
    weir_token_op(&w->op, &w->token);
}

static void cancel_token(weir_io *io, op_world *w)
{
    weir_token_cancel(io, &w->token, NULL);
}

static void token_fired(weir_io *io, op_world *w)
{
    cancel_token(io, w);
    token_open(io, w);
}

static int64_t count_work(void *argument)
{
    __atomic_fetch_add((uint32_t *)argument, 1, __ATOMIC_RELAXED);
    return HELLO;
}

static void work(weir_io *io, op_world *w)
{
    (void)io;
    weir_work_op(&w->op, count_work, &w->worked);
}

static void worked_once(weir_io *io, op_world *w)
{
    (void)io;
    check_int(__atomic_load_n(&w->worked, __ATOMIC_RELAXED), 1);
}

static void not_worked(weir_io *io, op_world *w)
{
    (void)io;
    check_int(__atomic_load_n(&w->worked, __ATOMIC_RELAXED), 0);
}

static void socket_new(weir_io *io, op_world *w)
{
    (void)io;
    w->op.code = WEIR_OP_SOCKET;
    w->op.args.socket.family = AF_INET;
    w->op.args.socket.type = SOCK_STREAM;
}

static void pair_new(weir_io *io, op_world *w)
{
    (void)io;
    w->op.code = WEIR_OP_PAIR;
    w->op.args.pair.type = SOCK_SEQPACKET;
    w->op.args.pair.out = &w->clients[0];
}

static void pipe_new(weir_io *io, op_world *w)
{
    (void)io;
    w->op.code = WEIR_OP_PIPE;
    w->op.args.pair.out = &w->clients[0];
}

static void none_made(weir_io *io, op_world *w)
{
    (void)io;
    check_int(w->clients[0], -1);
    check_int(w->clients[1], -1);
}

static void both_made(weir_io *io, op_world *w)
{
    (void)io;
    for (int i = 0; i < 2; i++) {
        check(fcntl(w->clients[i], F_GETFD) & FD_CLOEXEC);
        check(fcntl(w->clients[i], F_GETFL) & O_NONBLOCK);
        close(w->clients[i]);
        w->clients[i] = -1;
    }
}

static void duplicate_one(weir_io *io, op_world *w)
{
    (void)io;
    contract_pair(SOCK_STREAM, w->ends);
    w->op.code = WEIR_OP_DUPLICATE;
    w->op.fd = w->ends[0].fd;
}

/* As others make them: blocking, and open for programs that are started. */
static void adopt_one(weir_io *io, op_world *w)
{
    (void)io;
    contract_pair(SOCK_STREAM, w->ends);
    fcntl(w->ends[0].fd, F_SETFD, 0);
    fcntl(w->ends[0].fd, F_SETFL, 0);
    w->op.code = WEIR_OP_ADOPT;
    w->op.fd = w->ends[0].fd;
    w->op.args.type = SOCK_STREAM;
}

static void not_adopted(weir_io *io, op_world *w)
{
    (void)io;
    check_int(fcntl(w->ends[0].fd, F_GETFL) & O_NONBLOCK, 0);
}

/* The result is the descriptor that it was: this world closes it once. */
static void adopted(weir_io *io, op_world *w)
{
    (void)io;
    check_int(w->op.result, w->ends[0].fd);
    check(fcntl(w->ends[0].fd, F_GETFL) & O_NONBLOCK);
    w->ends[0].fd = -1;
}

static void bind_one(weir_io *io, op_world *w)
{
    w->address = weir_address_loopback4(0);
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &w->ends[0]), 0);
    w->op.code = WEIR_OP_BIND;
    w->op.fd = w->ends[0].fd;
    w->op.args.address = &w->address;
}

static void is_bound(weir_io *io, op_world *w)
{
    (void)io;
    check(contract_port(w->ends[0].fd) != 0);
}

static void not_bound(weir_io *io, op_world *w)
{
    (void)io;
    check_int(contract_port(w->ends[0].fd), 0);
}

static void listen_one(weir_io *io, op_world *w)
{
    bind_one(io, w);
    check_int(weir_do(io, &w->op), 0);
    w->op.code = WEIR_OP_LISTEN;
    w->op.args.backlog = 1;
}

static int accepts(const op_world *w)
{
    int on = -1;
    socklen_t size = sizeof on;
    getsockopt(w->ends[0].fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size);
    return on;
}

static void is_listening(weir_io *io, op_world *w)
{
    (void)io;
    check_int(accepts(w), 1);
}

static void not_listening(weir_io *io, op_world *w)
{
    (void)io;
    check_int(accepts(w), 0);
}

static void accept_none(weir_io *io, op_world *w)
{
    contract_listener(io, 0, &w->listener, &w->address);
    w->op.code = WEIR_OP_ACCEPT;
    w->op.fd = w->listener.fd;
}

static void come_in(weir_io *io, op_world *w)
{
    (void)io;
    w->clients[0] = contract_client(&w->address);
}

static void accept_one(weir_io *io, op_world *w)
{
    accept_none(io, w);
    come_in(io, w);
}

static void connect_free(weir_io *io, op_world *w)
{
    contract_listener(io, 0, &w->listener, &w->address);
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &w->ends[0]), 0);
    w->op.code = WEIR_OP_CONNECT;
    w->op.fd = w->ends[0].fd;
    w->op.args.address = &w->address;
}

/* A backlog of one takes two; what comes then is dropped by the kernel, and the client waits. */
static void connect_crowded(weir_io *io, op_world *w)
{
    contract_listener(io, 1, &w->listener, &w->address);
    for (int i = 0; i < 4; i++) {
        w->clients[i] = contract_client(&w->address);
        struct pollfd ready = {.fd = w->clients[i], .events = POLLOUT};
        if (i < 2) check_int(poll(&ready, 1, 50000), 1);
    }
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &w->ends[0]), 0);
    w->op.code = WEIR_OP_CONNECT;
    w->op.fd = w->ends[0].fd;
    w->op.args.address = &w->address;
}

static void none_came(weir_io *io, op_world *w)
{
    (void)io;
    struct pollfd ready = {.fd = w->listener.fd, .events = POLLIN};
    check_int(poll(&ready, 1, 0), 0);
}

static void pair_of(op_world *w, int type, weir_opcode code)
{
    contract_pair(type, w->ends);
    w->op.code = (uint8_t)code;
    w->op.fd = w->ends[0].fd;
    w->slice.iov_base = w->buffer;
    w->slice.iov_len = sizeof w->buffer;
    w->op.args.vector.data = &w->slice;
    w->op.args.vector.count = 1;
    w->op.args.vector.repeat = 1;
}

static void read_none(weir_io *io, op_world *w)
{
    (void)io;
    pair_of(w, SOCK_STREAM, WEIR_OP_READ);
}

static void read_some(weir_io *io, op_world *w)
{
    read_none(io, w);
    say_hello(io, w);
}

static void lent_none(weir_io *io, op_world *w)
{
    (void)io;
    pair_of(w, SOCK_STREAM, WEIR_OP_READ_LENT);
    weir_receiver_init(&w->receiver, w->ends[0]);
    w->op.args.lent.receiver = &w->receiver;
    w->op.args.lent.out = &w->lent;
}

static void lent_some(weir_io *io, op_world *w)
{
    lent_none(io, w);
    say_hello(io, w);
}

static void got_lent_hello(weir_io *io, op_world *w)
{
    (void)io;
    if (check_int(w->lent.len, HELLO)) check(memcmp(w->lent.data, hello, HELLO) == 0);
}

static void stop_receiving(weir_io *io, op_world *w)
{
    lent_some(io, w);
    check_int(weir_read_lent(io, &w->receiver, &w->lent), HELLO);
    weir_give_back(io, &w->lent);
    say_hello(io, w);
    w->op.code = WEIR_OP_RECEIVER_STOP;
}

static void write_some(weir_io *io, op_world *w)
{
    (void)io;
    pair_of(w, SOCK_STREAM, WEIR_OP_WRITE);
    memcpy(w->buffer, hello, HELLO);
    w->slice.iov_len = HELLO;
}

static void write_full(weir_io *io, op_world *w)
{
    write_some(io, w);
    w->filled = contract_fill(w->ends[0].fd);
}

static void message_of(op_world *w, weir_opcode code)
{
    pair_of(w, SOCK_DGRAM, code);
    w->message.data = &w->slice;
    w->message.count = 1;
    memset(&w->op.args, 0, sizeof w->op.args);
    w->op.args.messages.first = &w->message;
    w->op.args.messages.count = 1;
}

static void send_some(weir_io *io, op_world *w)
{
    (void)io;
    message_of(w, WEIR_OP_SEND);
    memcpy(w->buffer, hello, HELLO);
    w->slice.iov_len = HELLO;
}

static void send_full(weir_io *io, op_world *w)
{
    send_some(io, w);
    w->filled = contract_fill(w->ends[0].fd);
}

static void receive_none(weir_io *io, op_world *w)
{
    (void)io;
    message_of(w, WEIR_OP_RECEIVE);
}

static void receive_some(weir_io *io, op_world *w)
{
    receive_none(io, w);
    say_hello(io, w);
}

static void send_many(weir_io *io, op_world *w)
{
    send_some(io, w);
    w->op.code = WEIR_OP_SEND_MANY;
}

static void send_many_full(weir_io *io, op_world *w)
{
    send_full(io, w);
    w->op.code = WEIR_OP_SEND_MANY;
}

static void receive_many(weir_io *io, op_world *w)
{
    receive_some(io, w);
    w->op.code = WEIR_OP_RECEIVE_MANY;
}

static void receive_many_none(weir_io *io, op_world *w)
{
    receive_none(io, w);
    w->op.code = WEIR_OP_RECEIVE_MANY;
}

static void splice_none(weir_io *io, op_world *w)
{
    (void)io;
    contract_pair(SOCK_STREAM, w->ends);
    if (pipe2(w->clients, O_CLOEXEC | O_NONBLOCK) < 0) abort();
    w->op.code = WEIR_OP_SPLICE;
    w->op.fd = w->ends[0].fd;
    w->op.args.splice.pipe = w->clients[1];
    w->op.args.splice.length = 100;
    w->op.args.splice.take = true;
}

static void splice_some(weir_io *io, op_world *w)
{
    splice_none(io, w);
    say_hello(io, w);
}

static void poll_none(weir_io *io, op_world *w)
{
    read_none(io, w);
    memset(&w->op.args, 0, sizeof w->op.args);
    w->op.code = WEIR_OP_POLL;
    w->op.args.poll = WEIR_POLL_READ;
}

static void poll_some(weir_io *io, op_world *w)
{
    poll_none(io, w);
    say_hello(io, w);
}

static void shut_down(weir_io *io, op_world *w)
{
    (void)io;
    pair_of(w, SOCK_STREAM, WEIR_OP_SHUTDOWN);
    memset(&w->op.args, 0, sizeof w->op.args);
    w->op.args.shutdown = SHUT_WR;
}

static void peer_saw_end(weir_io *io, op_world *w)
{
    (void)io;
    char byte;
    struct pollfd ready = {.fd = w->ends[1].fd, .events = POLLIN};
    check_int(poll(&ready, 1, 50000), 1);
    check_int(recv(w->ends[1].fd, &byte, 1, MSG_DONTWAIT), 0);
}

static void close_end(weir_io *io, op_world *w)
{
    (void)io;
    pair_of(w, SOCK_STREAM, WEIR_OP_CLOSE);
    w->ends[0].fd = -1;
}

static void option_of(op_world *w, weir_opcode code, int name)
{
    pair_of(w, SOCK_STREAM, code);
    w->size = sizeof w->option;
    w->op.args.option.level = SOL_SOCKET;
    w->op.args.option.name = name;
    w->op.args.option.value = &w->option;
    w->op.args.option.size = &w->size;
}

static void get_type(weir_io *io, op_world *w)
{
    (void)io;
    option_of(w, WEIR_OP_GET_OPTION, SO_TYPE);
}

static void got_type(weir_io *io, op_world *w)
{
    (void)io;
    check_int(w->option, SOCK_STREAM);
    check_int(w->size, sizeof w->option);
}

static void set_keepalive(weir_io *io, op_world *w)
{
    (void)io;
    option_of(w, WEIR_OP_SET_OPTION, SO_KEEPALIVE);
    w->option = 1;
}

static int keepalive_of(int fd)
{
    int value = -1;
    socklen_t size = sizeof value;
    getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size);
    return value;
}

static void keepalive_off(weir_io *io, op_world *w)
{
    (void)io;
    check_int(keepalive_of(w->ends[0].fd), 0);
}

static void keepalive_on(weir_io *io, op_world *w)
{
    (void)io;
    check_int(keepalive_of(w->ends[0].fd), 1);
}

static void address_of(weir_io *io, op_world *w)
{
    (void)io;
    contract_pair(SOCK_STREAM, w->ends);
    w->op.fd = w->ends[0].fd;
    w->op.args.address_out = &w->address;
}

static void local_address(weir_io *io, op_world *w)
{
    address_of(io, w);
    w->op.code = WEIR_OP_LOCAL_ADDRESS;
}

static void peer_address(weir_io *io, op_world *w)
{
    address_of(io, w);
    w->op.code = WEIR_OP_PEER_ADDRESS;
}

static void got_unnamed(weir_io *io, op_world *w)
{
    (void)io;
    check_int(w->address.kind, WEIR_ADDRESS_UNIX);
    check_int(w->address.path_len, 0);
}

static void directory_of(op_world *w, weir_opcode code)
{
    contract_make_directory(w->path);
    w->directory = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    contract_make_file(w->path, "file", hello, HELLO);
    w->file = openat(w->directory, "file", O_RDWR | O_CLOEXEC);
    check(w->file >= 0);
    w->op.code = (uint8_t)code;
    w->op.fd = w->file;
    w->slice.iov_base = w->buffer;
    w->slice.iov_len = HELLO;
}

static void open_new(weir_io *io, op_world *w)
{
    (void)io;
    directory_of(w, WEIR_OP_OPEN);
    w->op.fd = w->directory;
    w->op.args.open.path = "made";
    w->op.args.open.flags = WEIR_OPEN_WRITE | WEIR_OPEN_CREATE;
    w->op.args.open.mode = 0600;
}

static void not_made(weir_io *io, op_world *w)
{
    (void)io;
    check_int(faccessat(w->directory, "made", F_OK, 0), -1);
}

static void was_made(weir_io *io, op_world *w)
{
    (void)io;
    check_int(faccessat(w->directory, "made", F_OK, 0), 0);
}

static void stat_it(weir_io *io, op_world *w)
{
    (void)io;
    directory_of(w, WEIR_OP_STAT);
    w->op.args.stat.out = &w->status;
}

static void got_status(weir_io *io, op_world *w)
{
    (void)io;
    check_int(w->status.size, HELLO);
    check_int(w->status.kind, WEIR_FILE_REGULAR);
}

static void at_start(op_world *w)
{
    w->op.args.at.data = &w->slice;
    w->op.args.at.count = 1;
}

static void read_at(weir_io *io, op_world *w)
{
    (void)io;
    directory_of(w, WEIR_OP_READ_AT);
    at_start(w);
}

static void write_at(weir_io *io, op_world *w)
{
    (void)io;
    directory_of(w, WEIR_OP_WRITE_AT);
    at_start(w);
    memcpy(w->buffer, "HELLO", HELLO);
}

static void file_is(op_world *w, const char *text)
{
    char got[HELLO + 1] = "";
    check_int(pread(w->file, got, sizeof got, 0), HELLO);
    check(memcmp(got, text, HELLO) == 0);
}

static void file_same(weir_io *io, op_world *w)
{
    (void)io;
    file_is(w, hello);
}

static void file_changed(weir_io *io, op_world *w)
{
    (void)io;
    file_is(w, "HELLO");
}

static void list_it(weir_io *io, op_world *w)
{
    (void)io;
    directory_of(w, WEIR_OP_LIST);
    w->op.fd = w->directory;
    w->op.args.list.buffer = w->buffer;
    w->op.args.list.size = sizeof w->buffer;
}

static void unlink_it(weir_io *io, op_world *w)
{
    (void)io;
    directory_of(w, WEIR_OP_UNLINK);
    w->op.fd = w->directory;
    w->op.args.path = "file";
}

static void file_there(weir_io *io, op_world *w)
{
    (void)io;
    check_int(faccessat(w->directory, "file", F_OK, 0), 0);
}

static void file_gone(weir_io *io, op_world *w)
{
    (void)io;
    check_int(faccessat(w->directory, "file", F_OK, 0), -1);
}

enum { OLD_MODE = 0640, NEW_MODE = 0604 };

static void change_mode(weir_io *io, op_world *w)
{
    char path[80];
    (void)io;
    directory_of(w, WEIR_OP_CHANGE_MODE);
    snprintf(path, sizeof path, "%s/file", w->path);
    check_int(chmod(path, OLD_MODE), 0);
    w->op.args.mode = NEW_MODE;
}

static void mode_is(const op_world *w, mode_t mode)
{
    struct stat status = {0};
    check_int(fstat(w->file, &status), 0);
    check_int(status.st_mode & 07777, mode);
}

static void mode_same(weir_io *io, op_world *w)
{
    (void)io;
    mode_is(w, OLD_MODE);
}

static void mode_changed(weir_io *io, op_world *w)
{
    (void)io;
    mode_is(w, NEW_MODE);
}

static void change_owner(weir_io *io, op_world *w)
{
    (void)io;
    directory_of(w, WEIR_OP_CHANGE_OWNER);
    w->op.args.owner.user = UINT32_MAX;
    w->op.args.owner.group = getegid();
}

static void lock_it(weir_io *io, op_world *w)
{
    (void)io;
    directory_of(w, WEIR_OP_LOCK);
    w->op.args.lock = WEIR_LOCK_EXCLUSIVE;
}

/* What another opening of the file would be told that asks for a lock, too. */
static int lock_again(const op_world *w)
{
    const int other = openat(w->directory, "file", O_RDWR | O_CLOEXEC);
    const int result = flock(other, LOCK_SH | LOCK_NB);
    close(other);
    return result;
}

static void not_locked(weir_io *io, op_world *w)
{
    (void)io;
    check_int(lock_again(w), 0);
}

static void is_locked(weir_io *io, op_world *w)
{
    (void)io;
    check_int(lock_again(w), -1);
    check_int(errno, EWOULDBLOCK);
}

static void send_file(weir_io *io, op_world *w)
{
    (void)io;
    directory_of(w, WEIR_OP_SEND_FILE);
    contract_pair(SOCK_STREAM, w->ends);
    w->op.fd = w->ends[0].fd;
    w->op.args.send_file.length = HELLO;
    w->op.args.send_file.file = w->file;
}

static void send_file_full(weir_io *io, op_world *w)
{
    send_file(io, w);
    w->filled = contract_fill(w->ends[0].fd);
}

const op_case op_cases[] = {
    {"nop", WEIR_OP_NOP, 0, false, false, nop, NULL, NULL, NULL, NULL},
    {"sleep", WEIR_OP_SLEEP, 0, false, false, sleep_past, sleep_long, NULL, NULL, NULL},
    {"word wait", WEIR_OP_WORD_WAIT, 0, false, false, word_differs, word_same, word_wake, NULL,
     NULL},
    {"join", WEIR_OP_JOIN, 0, false, false, join_ended, join_running, open_gate, NULL, NULL},
    {"group wait", WEIR_OP_GROUP_WAIT, 0, false, false, group_empty, group_full, open_gate, NULL,
     NULL},
    {"wait", WEIR_OP_WAIT, 0, false, false, token_fired, token_open, cancel_token, NULL, NULL},
    {"work", WEIR_OP_WORK, HELLO, false, false, work, NULL, NULL, not_worked, worked_once},
    {"socket", WEIR_OP_SOCKET, RESULT_DESCRIPTOR, false, false, socket_new, NULL, NULL, NULL, NULL},
    {"pair", WEIR_OP_PAIR, 0, false, false, pair_new, NULL, NULL, none_made, both_made},
    {"pipe", WEIR_OP_PIPE, 0, false, false, pipe_new, NULL, NULL, none_made, both_made},
    {"duplicate", WEIR_OP_DUPLICATE, RESULT_DESCRIPTOR, false, false, duplicate_one, NULL, NULL,
     NULL, NULL},
    {"adopt", WEIR_OP_ADOPT, RESULT_DESCRIPTOR, false, false, adopt_one, NULL, NULL, not_adopted,
     adopted},
    {"bind", WEIR_OP_BIND, 0, false, false, bind_one, NULL, NULL, not_bound, is_bound},
    {"listen", WEIR_OP_LISTEN, 0, false, false, listen_one, NULL, NULL, not_listening,
     is_listening},
    {"accept", WEIR_OP_ACCEPT, RESULT_DESCRIPTOR, false, false, accept_one, accept_none, come_in,
     NULL, NULL},
    {"connect", WEIR_OP_CONNECT, 0, false, true, connect_free, connect_crowded, NULL, none_came,
     NULL},
    {"read", WEIR_OP_READ, HELLO, false, false, read_some, read_none, say_hello, NULL, got_hello},
    {"read lent", WEIR_OP_READ_LENT, HELLO, false, false, lent_some, lent_none, say_hello, NULL,
     got_lent_hello},
    {"receiver stop", WEIR_OP_RECEIVER_STOP, 0, true, false, stop_receiving, NULL, NULL, NULL,
     NULL},
    {"write", WEIR_OP_WRITE, HELLO, false, false, write_some, write_full, make_room, nothing_said,
     peer_got_hello},
    {"send", WEIR_OP_SEND, HELLO, false, false, send_some, send_full, make_room, nothing_said,
     peer_got_hello},
    {"receive", WEIR_OP_RECEIVE, HELLO, false, false, receive_some, receive_none, say_hello, NULL,
     got_hello},
    {"send many", WEIR_OP_SEND_MANY, 1, false, false, send_many, send_many_full, make_room,
     nothing_said, peer_got_hello},
    {"receive many", WEIR_OP_RECEIVE_MANY, 1, false, false, receive_many, receive_many_none,
     say_hello, NULL, got_hello},
    {"splice", WEIR_OP_SPLICE, HELLO, false, false, splice_some, splice_none, say_hello, NULL,
     NULL},
    {"poll", WEIR_OP_POLL, WEIR_POLL_READ, false, false, poll_some, poll_none, say_hello, NULL,
     NULL},
    {"shutdown", WEIR_OP_SHUTDOWN, 0, false, false, shut_down, NULL, NULL, nothing_said,
     peer_saw_end},
    {"close", WEIR_OP_CLOSE, 0, true, false, close_end, NULL, NULL, NULL, peer_saw_end},
    {"get option", WEIR_OP_GET_OPTION, 0, false, false, get_type, NULL, NULL, NULL, got_type},
    {"set option", WEIR_OP_SET_OPTION, 0, false, false, set_keepalive, NULL, NULL, keepalive_off,
     keepalive_on},
    {"local address", WEIR_OP_LOCAL_ADDRESS, 0, false, false, local_address, NULL, NULL, NULL,
     got_unnamed},
    {"peer address", WEIR_OP_PEER_ADDRESS, 0, false, false, peer_address, NULL, NULL, NULL,
     got_unnamed},
    {"open", WEIR_OP_OPEN, RESULT_DESCRIPTOR, false, false, open_new, NULL, NULL, not_made,
     was_made},
    {"stat", WEIR_OP_STAT, 0, false, false, stat_it, NULL, NULL, NULL, got_status},
    {"read at", WEIR_OP_READ_AT, HELLO, false, false, read_at, NULL, NULL, NULL, got_hello},
    {"write at", WEIR_OP_WRITE_AT, HELLO, false, false, write_at, NULL, NULL, file_same,
     file_changed},
    {"list", WEIR_OP_LIST, RESULT_SOME, false, false, list_it, NULL, NULL, NULL, NULL},
    {"unlink", WEIR_OP_UNLINK, 0, false, false, unlink_it, NULL, NULL, file_there, file_gone},
    {"change mode", WEIR_OP_CHANGE_MODE, 0, false, false, change_mode, NULL, NULL, mode_same,
     mode_changed},
    {"change owner", WEIR_OP_CHANGE_OWNER, 0, false, false, change_owner, NULL, NULL, NULL, NULL},
    {"lock file", WEIR_OP_LOCK, 0, false, false, lock_it, NULL, NULL, not_locked, is_locked},
    {"send file", WEIR_OP_SEND_FILE, HELLO, false, false, send_file, send_file_full, make_room,
     nothing_said, peer_got_hello},
};
const size_t op_case_count = sizeof op_cases / sizeof op_cases[0];

op_world *op_world_new(void)
{
    op_world *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->op.fd = w->ends[0].fd = w->ends[1].fd = w->listener.fd = -1;
    w->op.result = WEIR_ECANCELED; /* nothing to close */
    w->file = w->directory = -1;
    for (int i = 0; i < 4; i++) w->clients[i] = -1;
    return w;
}

static void close_result(op_world *w, const op_case *op)
{
    if (op->result == RESULT_DESCRIPTOR && w->op.result >= 0) close((int)w->op.result);
    w->op.result = WEIR_ECANCELED;
}

void op_world_free(weir_io *io, op_world *w, const op_case *op)
{
    close_result(w, op);
    contract_raise(io, &w->gate);
    if (w->has_task) check_int(weir_cancel(io, &w->task), 7);
    if (w->has_group) weir_group_cancel(io, &w->group);
    weir_give_back(io, &w->lent);
    if (op->code == WEIR_OP_READ_LENT) weir_receiver_stop(io, &w->receiver);
    contract_close(io, w->ends);
    if (w->listener.fd >= 0) weir_close_socket(io, w->listener);
    for (int i = 0; i < 4; i++)
        if (w->clients[i] >= 0) close(w->clients[i]);
    if (w->file >= 0) close(w->file);
    if (w->directory >= 0) close(w->directory);
    if (w->path[0]) contract_remove_directory(w->path);
    free(w);
}

bool op_check_success(weir_io *io, op_world *w, const op_case *op, int64_t result)
{
    bool good = true;
    if (op->code == WEIR_OP_WORD_WAIT && result == WEIR_EAGAIN) {
        good = check(w->word != 0);
    } else if (op->result == RESULT_DESCRIPTOR) {
        good = check(result >= 0) && check(fcntl((int)result, F_GETFD) & FD_CLOEXEC);
    } else if (op->result == RESULT_SOME) {
        good = check(result > 0);
    } else {
        good = check_int(result, op->result);
    }
    good = check_int(w->op.result, result) && good;
    if (good && op->achieved) op->achieved(io, w);
    if (!good) fprintf(stderr, "    … in the operation `%s`\n", op->name);
    return good;
}

void op_again(op_world *w)
{
    w->op.result = WEIR_ECANCELED;
}
