/* SPDX-License-Identifier: MIT
 *
 * Messages over Unix sockets: do descriptors and credentials arrive once and whole, is nothing
 * leaked of what nobody wants, and does a full receiver make the sender wait?
 */
#include "test/contract/contract.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <weir/net/unix_message.h>

static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
enum { TYPES = 3 };

static bool same_file(int a, int b)
{
    struct stat one, other;
    return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

static void close_all(weir_io *io, const int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) weir_close_socket(io, (weir_socket){fds[i]});
}

static int64_t send_with(weir_io *io, weir_socket socket, const char *text, const int *fds,
                         uint32_t count)
{
    const struct iovec data = {(void *)(uintptr_t)text, strlen(text)};
    const weir_unix_outgoing out = {
        .data = &data, .count = 1, .descriptors = fds, .descriptor_count = count};
    return weir_unix_send(io, socket, &out);
}

CONTRACT(descriptors_go_over_each_kind_of_unix_socket)
{
    for (size_t i = 0; i < TYPES; i++) {
        weir_socket ends[2];
        int sent[2], got[4];
        char data[8];
        struct iovec room = {data, sizeof data};
        weir_unix_incoming in = {.data = &room, .count = 1, .descriptors = got, .room = 4};
        if (!check_int(weir_socket_pair(io, types[i], ends), 0)) return;
        check_int(pipe2(sent, O_CLOEXEC), 0);
        check_int(send_with(io, ends[0], "fds", sent, 2), 3);
        in.peek = true;
        check_int(weir_unix_receive(io, ends[1], &in), 3);
        check_int(in.descriptor_count, 2);
        close_all(io, got, in.descriptor_count);
        in.peek = false;
        check_int(weir_unix_receive(io, ends[1], &in), 3);
        check_int(in.descriptor_count, 2);
        check_int(in.closed, 0);
        check(!in.control_cut && !in.truncated);
        for (uint32_t k = 0; k < in.descriptor_count; k++) {
            check(same_file(got[k], sent[k]));
            check(fcntl(got[k], F_GETFD) & FD_CLOEXEC);
        }
        check_int(write(sent[1], "x", 1), 1); /* our own copies stay open */
        close_all(io, got, in.descriptor_count);
        close_all(io, sent, 2);
        contract_close(io, ends);
    }
}

CONTRACT(surplus_descriptors_are_closed_and_counted)
{
    for (size_t i = 0; i < TYPES; i++) {
        weir_socket ends[2];
        int got[2], sent[WEIR_UNIX_DESCRIPTORS + 1];
        char data[2];
        struct iovec room = {data, sizeof data};
        weir_unix_incoming in = {.data = &room, .count = 1, .descriptors = got, .room = 2};
        if (!check_int(weir_socket_pair(io, types[i], ends), 0)) return;
        for (int k = 0; k < WEIR_UNIX_DESCRIPTORS + 1; k++) sent[k] = ends[0].fd;
        check_int(send_with(io, ends[0], "xyz", sent, WEIR_UNIX_DESCRIPTORS + 1), WEIR_EINVAL);
        check_int(send_with(io, ends[0], "", sent, 1), WEIR_EINVAL);
        const int none = -1;
        check_int(send_with(io, ends[0], "x", &none, 1), WEIR_EBADF);
        const int before = test_fd_count();
        check_int(send_with(io, ends[0], "xyz", sent, WEIR_UNIX_DESCRIPTORS), 3);
        check_int(weir_unix_receive(io, ends[1], &in), 2);
        check_int(in.descriptor_count, 2);
        check_int(in.closed, WEIR_UNIX_DESCRIPTORS - 2);
        check(!in.control_cut);
        check(in.truncated == (types[i] != SOCK_STREAM));
        close_all(io, got, in.descriptor_count);
        if (types[i] == SOCK_STREAM) {
            check_int(weir_unix_receive(io, ends[1], &in), 1);
            check_int(in.descriptor_count, 0);
        }
        /* Nobody asked for any; and a plain read drops them. */
        in.room = 0;
        check_int(send_with(io, ends[0], "x", sent, 9), 1);
        check_int(weir_unix_receive(io, ends[1], &in), 1);
        check_int(in.closed, 9);
        check_int(send_with(io, ends[0], "x", sent, 9), 1);
        check_int(weir_read(io, ends[1], data, sizeof data), 1);
        check_int(test_fd_count(), before);
        contract_close(io, ends);
    }
}

CONTRACT(a_unix_receive_ends_with_the_send_that_carried_descriptors)
{
    weir_socket ends[2];
    int got[8];
    char data[16];
    struct iovec room = {data, sizeof data};
    weir_unix_incoming in = {.data = &room, .count = 1, .descriptors = got, .room = 8};
    if (!check_int(weir_socket_pair(io, SOCK_STREAM, ends), 0)) return;
    check_int(weir_write_all(io, ends[0], "a", 1), 1);
    check_int(send_with(io, ends[0], "bc", &ends[0].fd, 1), 2);
    check_int(send_with(io, ends[0], "d", &ends[1].fd, 1), 1);
    check_int(weir_write_all(io, ends[0], "e", 1), 1);
    check_int(weir_unix_receive(io, ends[1], &in), 3);
    check_int(in.descriptor_count, 1);
    check(same_file(got[0], ends[0].fd));
    close_all(io, got, in.descriptor_count);
    check(weir_unix_receive(io, ends[1], &in) >= 1);
    check_int(in.descriptor_count, 1);
    check(same_file(got[0], ends[1].fd));
    close_all(io, got, in.descriptor_count);
    contract_close(io, ends);
}

enum { LARGE = 3 << 20 };

typedef struct large_send {
    weir_socket socket;
    char *data;
} large_send;

static int send_large(weir_io *io, void *argument)
{
    large_send *all = argument;
    const int fds[3] = {all->socket.fd, all->socket.fd, all->socket.fd};
    check_int(weir_unix_send_all(io, all->socket, all->data, LARGE, fds, 3), LARGE);
    return 0;
}

CONTRACT(descriptors_of_a_send_in_parts_go_once)
{
    weir_socket ends[2];
    large_send all = {.data = malloc(LARGE)};
    char *data = malloc(LARGE);
    int got[8];
    if (!check(all.data && data) || !check_int(weir_socket_pair(io, SOCK_STREAM, ends), 0)) return;
    for (int i = 0; i < LARGE; i++) all.data[i] = (char)(i % 251);
    all.socket = ends[0];
    weir_group group = WEIR_GROUP_INIT;
    check_int(weir_group_concurrent(io, &group, send_large, &all, NULL), 0);
    int64_t total = 0, n = 1;
    uint32_t descriptors = 0;
    while (total < LARGE && n > 0) {
        struct iovec room = {data + total, (size_t)(LARGE - total)};
        weir_unix_incoming in = {.data = &room, .count = 1, .descriptors = got, .room = 8};
        n = weir_unix_receive(io, ends[1], &in);
        if (!check(n > 0)) break;
        check(descriptors == 0 || in.descriptor_count == 0);
        descriptors += in.descriptor_count;
        total += n;
        close_all(io, got, in.descriptor_count);
    }
    weir_group_wait(io, &group);
    check_int(descriptors, 3);
    check(memcmp(data, all.data, LARGE) == 0);
    free(data);
    free(all.data);
    contract_close(io, ends);
}

CONTRACT(a_shortage_of_descriptors_cuts_what_is_received)
{
    weir_socket ends[2];
    int got[8], sent[4], full[64], held = 0;
    char data[8];
    struct iovec room = {data, sizeof data};
    weir_unix_incoming in = {.data = &room, .count = 1, .descriptors = got, .room = 8};
    if (!check_int(weir_socket_pair(io, SOCK_DGRAM, ends), 0)) return;
    for (int i = 0; i < 4; i++) sent[i] = ends[0].fd;
    check_int(send_with(io, ends[0], "x", sent, 4), 1);
    struct rlimit limit, low;
    getrlimit(RLIMIT_NOFILE, &limit);
    low = limit;
    /* One free number above the lowest free one. */
    full[held] = dup(ends[0].fd);
    low.rlim_cur = (rlim_t)full[held] + 1;
    close(full[held]);
    setrlimit(RLIMIT_NOFILE, &low);
    const int64_t n = weir_unix_receive(io, ends[1], &in);
    setrlimit(RLIMIT_NOFILE, &limit);
    check_int(n, 1);
    check(in.control_cut);
    check(in.descriptor_count < 4);
    close_all(io, got, in.descriptor_count);
    contract_close(io, ends);
}

CONTRACT(unix_messages_tell_who_has_sent_them)
{
    for (size_t i = 0; i < TYPES; i++) {
        weir_socket ends[2];
        char data[8];
        int got;
        struct iovec room = {data, sizeof data};
        weir_unix_incoming in = {.data = &room, .count = 1, .descriptors = &got, .room = 1};
        if (!check_int(weir_socket_pair(io, types[i], ends), 0)) return;
        check_int(send_with(io, ends[0], "x", NULL, 0), 1);
        check_int(weir_unix_receive(io, ends[1], &in), 1);
        check(!in.has_credentials);
        check_int(weir_option_set_pass_credentials(io, ends[1], true), 0);
        const weir_unix_credentials own = {getpid(), geteuid(), getegid()};
        for (int explicit = 0; explicit < 2; explicit ++) {
            const struct iovec one = {"x", 1};
            const weir_unix_outgoing out = {.data = &one,
                                            .count = 1,
                                            .descriptors = &ends[0].fd,
                                            .descriptor_count = 1,
                                            .credentials = explicit ? &own : NULL};
            check_int(weir_unix_send(io, ends[0], &out), 1);
            check_int(weir_unix_receive(io, ends[1], &in), 1);
            check(in.has_credentials);
            check_int(in.credentials.pid, own.pid);
            check_int(in.credentials.user, own.user);
            check_int(in.credentials.group, own.group);
            if (check_int(in.descriptor_count, 1)) close_all(io, &got, 1);
        }
        if (geteuid() != 0) {
            const struct iovec one = {"x", 1};
            const weir_unix_credentials root = {getpid(), 0, 0};
            const weir_unix_outgoing out = {.data = &one, .count = 1, .credentials = &root};
            check_int(weir_unix_send(io, ends[0], &out), WEIR_EPERM);
        }
        contract_close(io, ends);
    }
}

/* Datagrams --------------------------------------------------------------------------------- */

CONTRACT(unix_datagrams_tell_their_sender_and_their_length)
{
    char directory[64], path[80], data[4];
    weir_address a_name, b_name = weir_unix_unnamed(), from;
    weir_unix_datagram a, b, nobody;
    if (!contract_make_directory(directory)) return;
    snprintf(path, sizeof path, "%s/s", directory);
    check_int(weir_unix_path(weir_bytes_text(path), &a_name), 0);
    if (!check_int(weir_unix_datagram_bind(io, &a_name, NULL, &a), 0)) return;
    check_int(weir_unix_datagram_bind(io, &b_name, NULL, &b), 0);
    check_int(weir_unix_datagram_open(io, &nobody), 0);
    check_int(weir_local_address(io, b.socket, &b_name), 0);

    check_int(weir_unix_send_to(io, &b, "longer", 6, &a_name), 6);
    check_int(weir_unix_send_to(io, &nobody, "", 0, &a_name), 0);
    check_int(weir_unix_send_to(io, &nobody, "z", 1, &a_name), 1);
    check_int(weir_unix_peek_from(io, &a, data, sizeof data, &from), 6);
    check_int(weir_unix_receive_from(io, &a, data, sizeof data, &from), 6);
    check(memcmp(data, "long", 4) == 0);
    check(weir_address_equal(&from, &b_name));
    check_int(weir_unix_receive_from(io, &a, data, sizeof data, &from), 0);
    check_int(weir_unix_kind_of(&from), WEIR_UNIX_UNNAMED);
    check_int(weir_unix_receive_from(io, &a, data, sizeof data, NULL), 1);
    check_int(weir_unix_send_to(io, &a, "back", 4, &b_name), 4);
    check_int(weir_unix_receive_from(io, &b, data, sizeof data, &from), 4);
    check(weir_address_equal(&from, &a_name));

    check_int(weir_unix_send_to(io, &nobody, "x", 1, NULL), WEIR_ENOTCONN);
    check_int(weir_unix_datagram_connect(io, &nobody, &a_name), 0);
    check_int(weir_unix_send_to(io, &nobody, "x", 1, NULL), 1);
    static char large[1 << 20];
    check_int(weir_unix_send_to(io, &nobody, large, sizeof large, NULL), WEIR_EMSGSIZE);
    weir_unix_datagram_close(io, &a);
    check_int(weir_unix_send_to(io, &nobody, "x", 1, NULL), WEIR_ECONNREFUSED);
    check_int(weir_unix_send_to(io, &b, "x", 1, &a_name), WEIR_ENOENT);
    check_int(weir_unix_datagram_connect(io, &nobody, &a_name), WEIR_ENOENT);
    weir_unix_datagram_close(io, &b);
    weir_unix_datagram_close(io, &nobody);
    contract_remove_directory(directory);
}

typedef struct filler {
    weir_unix_datagram sender;
    const weir_address *to; /* NULL: connected */
    int64_t result;
    uint32_t done;
} filler;

static int send_one_more(weir_io *io, void *argument)
{
    filler *f = argument;
    f->result = weir_unix_send_to(io, &f->sender, "more", 4, f->to);
    contract_raise(io, &f->done);
    return 0;
}

/* Fills the receiver's queue.  Returns how many datagrams it holds. */
static int fill_queue(weir_io *io, filler *f)
{
    int count = 0;
    int64_t n;
    while ((n = weir_unix_send_to_try(io, &f->sender, "x", 1, f->to)) == 1) count++;
    check_int(n, WEIR_EAGAIN);
    return count;
}

static void full_queue(weir_io *io, bool connect)
{
    weir_address name = weir_unix_unnamed();
    weir_unix_datagram receiver;
    filler f = {.to = connect ? NULL : &name};
    char data[8];
    if (!check_int(weir_unix_datagram_bind(io, &name, NULL, &receiver), 0)) return;
    check_int(weir_local_address(io, receiver.socket, &name), 0);
    check_int(weir_unix_datagram_open(io, &f.sender), 0);
    if (connect) check_int(weir_unix_datagram_connect(io, &f.sender, &name), 0);
    int count = fill_queue(io, &f);

    /* It waits, and does not spin: the wait takes a small part of its time on the processor. */
    weir_scope scope;
    const int64_t cpu = contract_cpu_ns();
    weir_scope_enter_for(io, &scope, weir_milliseconds(150));
    check_int(weir_unix_send_to(io, &f.sender, "x", 1, f.to), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check(contract_cpu_ns() - cpu < 100000000);

    weir_group group = WEIR_GROUP_INIT;
    check_int(weir_group_concurrent(io, &group, send_one_more, &f, NULL), 0);
    contract_settle(io);
    check_int(weir_unix_receive_from(io, &receiver, data, sizeof data, NULL), 1);
    contract_reached(io, &f.done, 1);
    check_int(f.result, 4);
    weir_group_wait(io, &group);
    for (int i = 1; i < count; i++)
        check_int(weir_unix_receive_from(io, &receiver, data, sizeof data, NULL), 1);
    check_int(weir_unix_receive_from(io, &receiver, data, sizeof data, NULL), 4);
    weir_unix_datagram_close(io, &f.sender);
    weir_unix_datagram_close(io, &receiver);
}

CONTRACT(a_unix_datagram_to_a_name_waits_for_a_full_queue)
{
    full_queue(io, false);
}

CONTRACT(a_connected_unix_datagram_waits_for_a_full_queue)
{
    full_queue(io, true);
}

CONTRACT(a_batch_to_a_full_unix_queue_tells_how_many_went)
{
    enum { MANY = 100 };
    weir_address name = weir_unix_unnamed();
    weir_unix_datagram receiver;
    filler f = {.to = &name};
    if (!check_int(weir_unix_datagram_bind(io, &name, NULL, &receiver), 0)) return;
    check_int(weir_local_address(io, receiver.socket, &name), 0);
    check_int(weir_unix_datagram_open(io, &f.sender), 0);
    const int count = fill_queue(io, &f);
    check(count > 0);
    char byte = 'x', data[8];
    for (int i = 0; i < count; i++)
        check_int(weir_unix_receive_from(io, &receiver, data, sizeof data, NULL), 1);
    const int total = count + MANY;
    struct iovec one = {&byte, 1};
    weir_message *messages = calloc((size_t)total, sizeof *messages);
    if (check(messages != NULL)) {
        for (int i = 0; i < total; i++)
            messages[i] = (weir_message){.data = &one, .count = 1, .address = name};
        weir_scope scope;
        weir_scope_enter_for(io, &scope, weir_milliseconds(100));
        check_int(weir_send_many(io, f.sender.socket, messages, (uint32_t)total), count);
        weir_scope_leave(io, &scope);
    }
    free(messages);
    weir_unix_datagram_close(io, &f.sender);
    weir_unix_datagram_close(io, &receiver);
}

/* Cancellation ------------------------------------------------------------------------------ */

typedef struct taker {
    weir_socket socket;
    uint32_t got;
} taker;

static int take_forever(weir_io *io, void *argument)
{
    taker *t = argument;
    for (;;) {
        int fds[4];
        char data[1];
        struct iovec room = {data, 1};
        weir_unix_incoming in = {.data = &room, .count = 1, .descriptors = fds, .room = 4};
        const int64_t n = weir_unix_receive(io, t->socket, &in);
        if (n < 0) return (int)n;
        check_int(n, 1);
        check_int(in.descriptor_count, 1);
        t->got++;
        close_all(io, fds, in.descriptor_count);
    }
}

CONTRACT(a_canceled_unix_receive_neither_loses_nor_leaks_descriptors)
{
    weir_socket ends[2];
    if (!check_int(weir_socket_pair(io, SOCK_STREAM, ends), 0)) return;
    const int before = test_fd_count();
    uint32_t sent = 0, got = 0;
    for (int round = 0; round < 100 && !contract_failed(); round++) {
        taker t = {.socket = ends[1]};
        weir_group group = WEIR_GROUP_INIT;
        check_int(weir_group_concurrent(io, &group, take_forever, &t, NULL), 0);
        if (round & 1) weir_yield(io);
        for (int i = 0; i <= round % 5; i++, sent++)
            check_int(send_with(io, ends[0], "x", &ends[0].fd, 1), 1);
        if (round & 2) weir_yield(io);
        weir_group_cancel(io, &group);
        got += t.got;
    }
    int fd;
    char data[1];
    struct iovec room = {data, 1};
    weir_unix_incoming in = {.data = &room, .count = 1, .descriptors = &fd, .room = 1};
    while (weir_unix_receive_try(io, ends[1], &in) == 1) {
        check_int(in.descriptor_count, 1);
        got++;
        close_all(io, &fd, in.descriptor_count);
    }
    check_int(got, sent);
    if (!contract_on_threads(io)) check_int(test_fd_count(), before);
    contract_close(io, ends);
}
