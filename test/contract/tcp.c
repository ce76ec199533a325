/* SPDX-License-Identifier: MIT
 *
 * Do TCP listeners, streams and the acceptor keep what net/tcp.h and net/acceptor.h promise?
 */
#include "test/contract/contract.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/resource.h>

#include <weir/net/acceptor.h>
#include <weir/net/tcp.h>

static bool listen_here(weir_io *io, weir_tcp_listener *listener, weir_address *address)
{
    return check_int(weir_tcp_listen_text(io, "127.0.0.1:0", listener), 0) &&
           check_int(weir_tcp_listener_address(io, *listener, address), 0);
}

/* Two ends of a connection. */
static bool connect_pair(weir_io *io, weir_tcp_stream *a, weir_tcp_stream *b)
{
    weir_tcp_listener listener;
    weir_address address;
    if (!listen_here(io, &listener, &address)) return false;
    const bool fine = check_int(weir_tcp_connect(io, &address, a), 0) &&
                      check_int(weir_tcp_accept(io, listener, b), 0);
    weir_tcp_listener_close(io, listener);
    return fine;
}

CONTRACT(tcp_streams_know_their_ends_and_send_at_once)
{
    weir_tcp_stream a, b;
    weir_address local, peer;
    if (!connect_pair(io, &a, &b)) return;
    check_int(weir_tcp_local(io, &a, &local), 0);
    check_int(weir_tcp_peer(io, &b, &peer), 0);
    check(weir_address_equal(&local, &peer));
    weir_tcp_stream *both[] = {&a, &b};
    for (int i = 0; i < 2; i++) {
        int value = 0;
        uint32_t size = sizeof value;
        check_int(
            weir_get_option(io, weir_tcp_socket(both[i]), IPPROTO_TCP, TCP_NODELAY, &value, &size),
            0);
        check_int(value, 1);
    }
    weir_tcp_close(io, &a);
    weir_tcp_close(io, &b);
    weir_tcp_close(io, &b);
}

CONTRACT(tcp_finish_lets_the_peer_read_everything)
{
    weir_tcp_stream a, b;
    char data[64];
    if (!connect_pair(io, &a, &b)) return;
    check_int(weir_tcp_write_all(io, &a, "unread by b", 11), 11);
    check_int(weir_tcp_write_all(io, &b, "last words", 10), 10);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(20));
    check_int(weir_tcp_finish(io, &b, 1000, soon), WEIR_EDEADLINE);
    check_int(weir_stream_read_full(io, &a.stream, data, 10), 10);
    check_int(weir_tcp_read(io, &a, data, 1), 0);
    check_int(weir_tcp_finish(io, &a, 1000, weir_deadline_after(io, weir_seconds(5))), 0);
}

CONTRACT(tcp_finish_ends_at_its_limit_of_bytes)
{
    weir_tcp_stream a, b;
    char data[5000] = {0};
    if (!connect_pair(io, &a, &b)) return;
    check_int(weir_tcp_write_all(io, &a, data, sizeof data), sizeof data);
    check_int(weir_tcp_finish(io, &b, 1000, weir_deadline_after(io, weir_seconds(5))), WEIR_ELIMIT);
    weir_tcp_close(io, &a);
}

CONTRACT(tcp_abort_resets_the_peer)
{
    weir_tcp_stream a, b;
    char byte;
    if (!connect_pair(io, &a, &b)) return;
    weir_tcp_abort(io, &a);
    check_int(weir_tcp_read(io, &b, &byte, 1), WEIR_ECONNRESET);
    weir_tcp_close(io, &b);
}

CONTRACT(tcp_connect_leaves_nothing_open_when_it_fails)
{
    weir_tcp_listener listener;
    weir_address address;
    weir_tcp_stream a;
    weir_tcp_stream b;
    if (!connect_pair(io, &a, &b)) return; /* what the engine opens once is open now */
    weir_tcp_close(io, &a);
    weir_tcp_close(io, &b);
    if (!listen_here(io, &listener, &address)) return;
    weir_tcp_listener_close(io, listener);
    const int before = test_fd_count();
    check_int(weir_tcp_connect(io, &address, &a), WEIR_ECONNREFUSED);
    char text[32];
    snprintf(text, sizeof text, "localhost:%d", address.port);
    check(weir_tcp_connect_text(io, text, &a) < 0);
    check_int(weir_tcp_connect_text(io, "example:80", &a), WEIR_EADDRTEXT);
    check_int(test_fd_count(), before);
}

CONTRACT(tcp_file_is_sent_through_a_stream)
{
    weir_tcp_stream a, b;
    char directory[64], data[10000], back[10000];
    weir_file folder, file;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (char)(i * 7);
    if (!connect_pair(io, &a, &b)) return;
    check(contract_make_directory(directory));
    check(contract_make_file(directory, "f", data, sizeof data));
    check_int(weir_open(io, WEIR_FILE_CWD, directory, WEIR_OPEN_READ, 0, &folder), 0);
    check_int(weir_open(io, folder, "f", WEIR_OPEN_READ, 0, &file), 0);
    check_int(weir_stream_send_file(io, &a.stream, file.fd, 100, 5000, (weir_deadline){0}), 5000);
    check_int(weir_stream_read_full(io, &b.stream, back, 5000), 5000);
    check(memcmp(back, data + 100, 5000) == 0);
    check_int(weir_stream_send_file(io, &a.stream, file.fd, 9000, 5000, (weir_deadline){0}), 1000);
    weir_close_file(io, file);
    weir_close_file(io, folder);
    contract_remove_directory(directory);
    weir_tcp_close(io, &a);
    weir_tcp_close(io, &b);
}

/* Leaves this process room for `spare` descriptors.  Returns the limit that was, to be put back. */
static struct rlimit leave_room(int spare)
{
    struct rlimit before, small;
    int highest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(highest);
    getrlimit(RLIMIT_NOFILE, &before);
    small = before;
    small.rlim_cur = (rlim_t)(highest + spare);
    setrlimit(RLIMIT_NOFILE, &small);
    return before;
}

CONTRACT(acceptor_pauses_without_descriptors_and_recovers)
{
    weir_tcp_listener listener;
    weir_address address;
    weir_queue queue;
    weir_acceptor acceptor;
    weir_tcp_stream peer;
    weir_op *op = NULL;
    if (!listen_here(io, &listener, &address)) return;
    const int client = contract_client(&address);
    weir_queue_init(io, &queue);
    weir_acceptor_init(&acceptor, listener, &queue);
    weir_acceptor_start(io, &acceptor);
    check_int(weir_queue_next(io, &queue, weir_never(), &op), 0);
    check_int(weir_acceptor_take(io, &acceptor, &peer), 1);
    weir_tcp_close(io, &peer);

    const int second = contract_client(&address);
    const struct rlimit before = leave_room(0);
    const int64_t cpu = contract_cpu_ns();
    weir_acceptor_start(io, &acceptor);
    const weir_deadline end = weir_deadline_after(io, weir_milliseconds(200));
    int rounds = 0;
    while (weir_now(io, WEIR_CLOCK_MONOTONIC).ns < end.ns &&
           weir_queue_next(io, &queue, end, &op) == 0) {
        check(op == &acceptor.op);
        int result = weir_acceptor_take(io, &acceptor, &peer);
        check_int(result, 0);
        if (result != 0) break;
        rounds++;
    }
    check_int(acceptor.error, WEIR_EMFILE);
    check(rounds > 2 && rounds < 100);
    check(contract_cpu_ns() - cpu < 150000000);
    setrlimit(RLIMIT_NOFILE, &before);

    int result = 0;
    while (result == 0 && weir_queue_next(io, &queue, weir_never(), &op) == 0)
        result = weir_acceptor_take(io, &acceptor, &peer);
    check_int(result, 1);
    check_int(acceptor.error, 0);
    weir_tcp_close(io, &peer);

    weir_acceptor_start(io, &acceptor);
    weir_acceptor_stop(io, &acceptor);
    check_int(weir_queue_next(io, &queue, weir_never(), &op), 0);
    check_int(weir_acceptor_take(io, &acceptor, &peer), WEIR_ECANCELED);
    check(!acceptor.running);
    close(client);
    close(second);
    weir_tcp_listener_close(io, listener);
}

CONTRACT(tcp_accept_wait_outlasts_a_shortage)
{
    weir_tcp_listener listener;
    weir_address address;
    weir_tcp_stream peer;
    weir_scope scope;
    if (!listen_here(io, &listener, &address)) return;
    const int client = contract_client(&address);
    const struct rlimit before = leave_room(0);
    weir_scope_enter(io, &scope, weir_deadline_after(io, weir_milliseconds(50)));
    check_int(weir_tcp_accept_wait(io, listener, &peer), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    setrlimit(RLIMIT_NOFILE, &before);
    check_int(weir_tcp_accept_wait(io, listener, &peer), 0);
    weir_tcp_close(io, &peer);
    close(client);
    weir_tcp_listener_close(io, listener);
}
