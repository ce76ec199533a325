/* SPDX-License-Identifier: MIT
 *
 * Unix streams and packet connections: do names, connections and their ends keep what net/unix.h
 * promises?
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <weir/net/unix_message.h>

/* An abstract name that no other test uses. */
static weir_address random_name(weir_io *io)
{
    char name[24] = "weir.test.";
    weir_address address;
    weir_random(io, name + 10, 12);
    name[22] = '\0'; /* NULs and any other bytes count */
    check_int(weir_unix_abstract(weir_bytes_of(name, 23), &address), 0);
    return address;
}

static bool listen_anywhere(weir_io *io, const weir_unix_options *options, weir_address *address,
                            weir_unix_listener *out)
{
    *address = random_name(io);
    return check_int(weir_unix_listen(io, address, options, out), 0);
}

static bool connected(weir_io *io, weir_unix_stream ends[2], weir_unix_listener *listener)
{
    weir_address address;
    if (!listen_anywhere(io, NULL, &address, listener)) return false;
    return check_int(weir_unix_connect(io, &address, &ends[0]), 0) &&
           check_int(weir_unix_accept(io, listener, &ends[1]), 0);
}

CONTRACT(a_unix_stream_carries_bytes_both_ways_and_tells_names)
{
    weir_unix_listener listener;
    weir_unix_stream ends[2];
    weir_address name, bound;
    char data[8];
    if (!connected(io, ends, &listener)) return;
    check_int(weir_stream_write_all(io, &ends[0].stream, "hello", 5), 5);
    check_int(weir_stream_read_full(io, &ends[1].stream, data, 5), 5);
    check(memcmp(data, "hello", 5) == 0);
    struct iovec slices[2] = {{"ab", 2}, {"c", 1}};
    check_int(weir_stream_write_vector(io, &ends[1].stream, slices, 2, 3, true, weir_never()), 5);
    check_int(weir_stream_read_full(io, &ends[0].stream, data, 5), 5);
    check(memcmp(data, "abccc", 5) == 0);

    check_int(weir_local_address(io, listener.socket, &bound), 0);
    check_int(weir_unix_local(io, &ends[1], &name), 0);
    check(weir_address_equal(&name, &bound));
    check_int(weir_unix_peer(io, &ends[0], &name), 0);
    check(weir_address_equal(&name, &bound));
    check_int(weir_unix_kind_of(&name), WEIR_UNIX_ABSTRACT);
    check_int((int64_t)weir_unix_name(&name).len, 23);
    check_int(weir_unix_peer(io, &ends[1], &name), 0);
    check_int(weir_unix_kind_of(&name), WEIR_UNIX_UNNAMED);
    char text[WEIR_ADDRESS_TEXT];
    weir_address_print(&name, text);
    check(strcmp(text, "unix:") == 0);

    check_int(weir_stream_shutdown_write(io, &ends[0].stream), 0);
    check_int(weir_stream_read(io, &ends[1].stream, data, 1), 0);
    check_int(weir_stream_write_all(io, &ends[1].stream, "x", 1), 1);
    check_int(weir_stream_read(io, &ends[0].stream, data, sizeof data), 1);
    weir_unix_close(io, &ends[1]);
    weir_unix_close(io, &ends[1]);
    check_int(weir_stream_write(io, &ends[0].stream, "x", 1), WEIR_EPIPE);
    weir_stream_close(io, &ends[0].stream);
    weir_unix_listener_close(io, &listener);
}

CONTRACT(a_unix_stream_lends_buffers_and_sends_files)
{
    weir_unix_stream ends[2];
    char directory[64], path[80];
    if (!check_int(weir_unix_pair(io, ends), 0)) return;
    if (!contract_make_directory(directory)) return;
    check(contract_make_file(directory, "f", "0123456789", 10));
    snprintf(path, sizeof path, "%s/f", directory);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    check_int(weir_stream_send_file(io, &ends[0].stream, file, 2, 5, weir_never()), 5);
    weir_lent lent = {0};
    if (check_int(weir_stream_read_lent(io, &ends[1].stream, &lent, weir_never()), 5))
        check(memcmp(lent.data, "23456", 5) == 0);
    weir_stream_give_back(io, &ends[1].stream, &lent);
    weir_stream_stop(io, &ends[1].stream);
    close(file);
    weir_unix_close(io, &ends[0]);
    weir_unix_close(io, &ends[1]);
    contract_remove_directory(directory);
}

CONTRACT(an_abstract_unix_name_is_the_one_that_other_programs_use)
{
    char text[16];
    snprintf(text, sizeof text, "w%x", (unsigned)weir_random_below(io, 1u << 31));
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const size_t len = strlen(text);
    memcpy(name.sun_path + 1, text, len);
    const socklen_t exact = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check_int(bind(fd, (struct sockaddr *)&name, exact), 0);
    check_int(listen(fd, 1), 0);
    weir_address address;
    weir_unix_stream client;
    weir_unix_listener listener;
    check_int(weir_unix_abstract(weir_bytes_text(text), &address), 0);
    check_int(weir_unix_listen(io, &address, NULL, &listener), WEIR_EADDRINUSE);
    if (check_int(weir_unix_connect(io, &address, &client), 0)) weir_unix_close(io, &client);
    close(fd);
    check_int(weir_unix_connect(io, &address, &client), WEIR_ECONNREFUSED);
}

CONTRACT(an_unnamed_bind_gets_a_unix_name_from_the_kernel)
{
    weir_address unnamed = weir_unix_unnamed(), bound;
    weir_unix_listener listener;
    weir_unix_stream client;
    if (!check_int(weir_unix_listen(io, &unnamed, NULL, &listener), 0)) return;
    check_int(weir_local_address(io, listener.socket, &bound), 0);
    check_int(weir_unix_kind_of(&bound), WEIR_UNIX_ABSTRACT);
    check_int((int64_t)weir_unix_name(&bound).len, 5);
    if (check_int(weir_unix_connect(io, &bound, &client), 0)) weir_unix_close(io, &client);
    weir_unix_listener_close(io, &listener);
}

CONTRACT(a_unix_accept_that_ends_early_loses_no_connection)
{
    weir_address address;
    weir_unix_listener listener;
    weir_unix_stream client, accepted;
    if (!listen_anywhere(io, NULL, &address, &listener)) return;
    check_int(weir_unix_accept_try(io, &listener, &accepted), WEIR_EAGAIN);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(2));
    check_int(weir_unix_accept(io, &listener, &accepted), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    if (check_int(weir_unix_connect(io, &address, &client), 0)) {
        check_int(weir_unix_accept_wait(io, &listener, &accepted), 0);
        weir_unix_close(io, &accepted);
        weir_unix_close(io, &client);
    }
    weir_unix_listener_close(io, &listener);
}

static int connect_late(weir_io *io, void *argument)
{
    weir_unix_stream client;
    int error = weir_unix_connect(io, argument, &client);
    if (!error) weir_unix_close(io, &client);
    return error;
}

CONTRACT(connecting_to_a_crowded_unix_listener_waits)
{
    const weir_unix_options options = {.backlog = 1};
    weir_address address;
    weir_unix_listener listener;
    weir_unix_stream clients[2], accepted, late;
    if (!listen_anywhere(io, &options, &address, &listener)) return;
    /* Linux takes one more than the backlog. */
    for (int i = 0; i < 2; i++) check_int(weir_unix_connect(io, &address, &clients[i]), 0);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(5));
    check_int(weir_unix_connect(io, &address, &late), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    weir_group group = WEIR_GROUP_INIT;
    check_int(weir_group_concurrent(io, &group, connect_late, &address, NULL), 0);
    contract_settle(io);
    for (int i = 0; i < 3; i++)
        if (check_int(weir_unix_accept(io, &listener, &accepted), 0))
            weir_unix_close(io, &accepted);
    check_int(weir_group_wait(io, &group), 0);
    for (int i = 0; i < 2; i++) weir_unix_close(io, &clients[i]);
    weir_unix_listener_close(io, &listener);
}

CONTRACT(a_unix_peer_is_known_by_its_credentials)
{
    weir_unix_listener listener;
    weir_unix_stream ends[2];
    weir_unix_credentials who;
    if (!connected(io, ends, &listener)) return;
    for (int i = 0; i < 2; i++) {
        check_int(weir_unix_peer_credentials(io, weir_unix_socket(&ends[i]), &who), 0);
        check_int(who.pid, getpid());
        check_int(who.user, geteuid());
        check_int(who.group, getegid());
        weir_unix_close(io, &ends[i]);
    }
    weir_unix_listener_close(io, &listener);
    weir_socket socket;
    if (check_int(weir_socket_open(io, AF_UNIX, SOCK_STREAM, 0, &socket), 0)) {
        check_int(weir_unix_peer_credentials(io, socket, &who), WEIR_ENOTCONN);
        weir_close_socket(io, socket);
    }
    if (check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &socket), 0)) {
        check_int(weir_unix_peer_credentials(io, socket, &who), WEIR_EAFNOSUPPORT);
        weir_close_socket(io, socket);
    }
}

CONTRACT(unix_packets_keep_their_boundaries)
{
    weir_address address = random_name(io);
    weir_unix_listener listener;
    weir_socket ends[2];
    weir_unix_stream stream;
    char data[4];
    if (!check_int(weir_unix_listen_packets(io, &address, NULL, &listener), 0)) return;
    /* Each type has abstract names of its own. */
    check_int(weir_unix_connect(io, &address, &stream), WEIR_ECONNREFUSED);
    check_int(weir_unix_connect_packets(io, &address, &ends[0]), 0);
    check_int(weir_unix_accept_packets(io, &listener, &ends[1]), 0);
    const struct iovec one = {"one", 3}, longer = {"longer", 6}, last = {"z", 1};
    const weir_unix_outgoing out[3] = {
        {.data = &one, .count = 1}, {.data = &longer, .count = 1}, {.data = &last, .count = 1}};
    for (int i = 0; i < 3; i++)
        check_int(weir_unix_send(io, ends[0], &out[i]), (int64_t)out[i].data->iov_len);
    struct iovec room = {data, sizeof data};
    weir_unix_incoming in = {.data = &room, .count = 1};
    check_int(weir_unix_receive(io, ends[1], &in), 3);
    check(!in.truncated && in.length == 3 && memcmp(data, "one", 3) == 0);
    in.peek = true;
    check_int(weir_unix_receive(io, ends[1], &in), 4);
    check(in.truncated && in.length == 6);
    in.peek = false;
    check_int(weir_unix_receive(io, ends[1], &in), 4);
    check(in.truncated && in.length == 6 && memcmp(data, "long", 4) == 0);
    check_int(weir_unix_receive_try(io, ends[1], &in), 1);
    check(!in.truncated);
    check_int(weir_unix_receive_try(io, ends[1], &in), WEIR_EAGAIN);
    weir_close_socket(io, ends[0]);
    check_int(weir_unix_receive(io, ends[1], &in), 0);
    check_int(weir_unix_send(io, ends[1], &out[0]), WEIR_EPIPE);
    weir_close_socket(io, ends[1]);
    weir_unix_listener_close(io, &listener);
}

CONTRACT(a_unix_pair_of_each_type_survives_a_fork)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (size_t i = 0; i < 3; i++) {
        weir_socket ends[2];
        if (!check_int(weir_socket_pair(io, types[i], ends), 0)) return;
        check(fcntl(ends[0].fd, F_GETFD) & FD_CLOEXEC);
        check(fcntl(ends[1].fd, F_GETFL) & O_NONBLOCK);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0].fd);
            _exit(send(ends[1].fd, "child", 5, 0) == 5 ? 0 : 1);
        }
        char data[8];
        check_int(weir_read(io, ends[0], data, sizeof data), 5);
        int status = -1;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
        check_int(status, 0);
        contract_close(io, ends);
    }
    weir_socket ends[2];
    check_int(weir_socket_pair(io, SOCK_RDM, ends), WEIR_ESOCKTNOSUPPORT);
}

CONTRACT(a_unix_listener_is_adopted_only_if_it_is_one)
{
    char directory[64], path[80];
    weir_address address;
    weir_unix_listener listener, adopted;
    weir_unix_stream client;
    weir_socket ends[2];
    if (!contract_make_directory(directory)) return;
    snprintf(path, sizeof path, "%s/s", directory);
    check_int(weir_unix_path(weir_bytes_text(path), &address), 0);
    if (!check_int(weir_unix_listen(io, &address, NULL, &listener), 0)) return;
    int copy = dup(listener.socket.fd);
    check_int(weir_unix_listener_adopt(io, copy, SOCK_SEQPACKET, true, &adopted), WEIR_EPROTOTYPE);
    check_int(weir_unix_listener_adopt(io, copy, SOCK_STREAM, true, &adopted), 0);
    check(fcntl(copy, F_GETFD) & FD_CLOEXEC);
    weir_unix_listener_keep_file(&listener);
    weir_unix_listener_close(io, &listener);
    if (check_int(weir_unix_connect(io, &address, &client), 0)) weir_unix_close(io, &client);
    weir_unix_listener_close(io, &adopted);
    check_int(access(path, F_OK), -1);

    check_int(weir_unix_listener_adopt(io, -1, SOCK_STREAM, true, &adopted), WEIR_EBADF);
    int pipes[2];
    check_int(pipe2(pipes, O_CLOEXEC), 0);
    check_int(weir_unix_listener_adopt(io, pipes[0], SOCK_STREAM, true, &adopted), WEIR_ENOTSOCK);
    close(pipes[0]);
    close(pipes[1]);
    check_int(weir_socket_pair(io, SOCK_STREAM, ends), 0);
    check_int(weir_unix_listener_adopt(io, ends[0].fd, SOCK_STREAM, true, &adopted), WEIR_EINVAL);
    contract_close(io, ends);
    weir_socket tcp;
    if (contract_listener(io, 1, &tcp, &address)) {
        check_int(weir_unix_listener_adopt(io, tcp.fd, SOCK_STREAM, true, &adopted),
                  WEIR_EAFNOSUPPORT);
        weir_close_socket(io, tcp);
    }
    contract_remove_directory(directory);
}

CONTRACT(options_of_a_unix_socket_are_set_before_it_is_bound)
{
    const weir_socket_options good = {.receive_buffer = 65536, .pass_credentials = true};
    const weir_socket_options bad = {.ttl = 5};
    weir_unix_options options = {.socket = &good};
    weir_address address;
    weir_unix_listener listener;
    bool on = false;
    if (!listen_anywhere(io, &options, &address, &listener)) return;
    check_int(weir_option_get_pass_credentials(io, listener.socket, &on), 0);
    check(on);
    weir_unix_listener_close(io, &listener);
    options.socket = &bad;
    check_int(weir_unix_listen(io, &address, &options, &listener), WEIR_EUNSUPPORTED);
}
