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
#include <weir/net/policy.h>
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
    check_int(weir_tcp_finish(io, &a, 1000, weir_deadline_after(io, weir_seconds(50))), 0);
}

CONTRACT(tcp_finish_ends_at_its_limit_of_bytes)
{
    weir_tcp_stream a, b;
    char data[5000] = {0};
    if (!connect_pair(io, &a, &b)) return;
    check_int(weir_tcp_write_all(io, &a, data, sizeof data), sizeof data);
    check_int(weir_tcp_finish(io, &b, 1000, weir_deadline_after(io, weir_seconds(50))),
              WEIR_ELIMIT);
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
    weir_socket nobody;
    weir_address address;
    weir_tcp_stream a;
    weir_tcp_stream b;
    if (!connect_pair(io, &a, &b)) return; /* what the engine opens once is open now */
    weir_tcp_close(io, &a);
    weir_tcp_close(io, &b);
    if (!contract_nobody(io, SOCK_STREAM, &nobody, &address)) return;
    const int before = test_fd_count();
    check_int(weir_tcp_connect(io, &address, &a), WEIR_ECONNREFUSED);
    char text[32];
    snprintf(text, sizeof text, "localhost:%d", address.port);
    check(weir_tcp_connect_text(io, text, &a) < 0);
    check_int(weir_tcp_connect_text(io, "example:80", &a), WEIR_EADDRTEXT);
    check_int(test_fd_count(), before);
    weir_close_socket(io, nobody);
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
    /* Longer on a machine that stops for most of that time. */
    while ((rounds <= 2 || weir_now(io, WEIR_CLOCK_MONOTONIC).ns < end.ns) &&
           weir_queue_next(io, &queue, rounds <= 2 ? weir_never() : end, &op) == 0) {
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

CONTRACT(tcp_connect_obeys_its_options)
{
    weir_tcp_listener listener;
    weir_address address, local, from = weir_address_loopback4(0);
    weir_tcp_stream a, b;
    const weir_policy nowhere = {.only_allowed = true};
    const weir_socket_options socket = {.receive_buffer = 50000};
    weir_tcp_connect_options options = {.local = &from, .socket = &socket};
    if (!listen_here(io, &listener, &address)) return;
    from.at.ipv4[3] = 9;
    check_int(weir_tcp_connect_with(io, &address, &options, &a), 0);
    check_int(weir_tcp_accept_peer(io, listener, &b, &local), 0);
    check_int(local.at.ipv4[3], 9);
    size_t size = 0;
    check_int(weir_option_get_receive_buffer(io, weir_tcp_socket(&a), &size), 0);
    check_int(size, 100000);
    weir_tcp_close(io, &a);
    weir_tcp_close(io, &b);
    check_int(weir_tcp_try_accept(io, listener, &b), WEIR_EAGAIN);

    contract_settle(io); /* a thread that waits has a descriptor for it */
    const int before = test_fd_count();
    options.policy = &nowhere;
    check_int(weir_tcp_connect_with(io, &address, &options, &a), WEIR_EPOLICY);
    check_int(weir_tcp_try_accept(io, listener, &b), WEIR_EAGAIN);
    options.policy = NULL;
    from = weir_address_loopback4(0);
    from.at.ipv4[0] = 192;
    check_int(weir_tcp_connect_with(io, &address, &options, &a), WEIR_EADDRNOTAVAIL);
    options.local = NULL;
    options.timeout.ns = -1;
    check_int(weir_tcp_connect_with(io, &address, &options, &a), WEIR_EINVAL);
    const weir_address none = {0};
    check_int(weir_tcp_connect(io, &none, &a), WEIR_EAFNOSUPPORT);
    weir_recancel(io);
    check_int(weir_tcp_connect(io, &address, &a), WEIR_ECANCELED);
    check_int(test_fd_count(), before);
    weir_tcp_listener_close(io, listener);
}

/* A listener whose backlog is full swallows what comes: a connect to it never ends by itself. */
static int fill_backlog(weir_io *io, weir_tcp_listener *listener, weir_address *address, int *fds)
{
    const weir_tcp_listen_options options = {.backlog = WEIR_OPTION_ZERO};
    const weir_address any = weir_address_loopback4(0);
    check_int(weir_tcp_listen(io, &any, &options, listener), 0);
    check_int(weir_tcp_listener_address(io, *listener, address), 0);
    for (int i = 0; i < 4; i++) fds[i] = contract_client(address);
    check_int(weir_poll(io, listener->socket, WEIR_POLL_READ), WEIR_POLL_READ);
    return 4;
}

CONTRACT(tcp_connect_any_tries_all_and_reports_each)
{
    weir_tcp_listener full, good;
    weir_address addresses[12];
    weir_tcp_stream a, b;
    weir_connect_report report;
    int fds[4];
    char text[2000], small[8];
    fill_backlog(io, &full, &addresses[1], fds);
    if (!listen_here(io, &good, &addresses[2])) return;
    /* Nobody listens there. */
    check_int(weir_tcp_listener_address(io, good, &addresses[0]), 0);
    addresses[0].at.ipv4[3] = 77;
    /* Longer, where the machine stops for as long as a connect may take. */
    int error = WEIR_EDEADLINE;
    for (int ms = 60; ms < 60000; ms *= 2) {
        const weir_tcp_connect_options options = {.timeout = weir_milliseconds(ms)};
        error = weir_tcp_connect_any(io, addresses, 3, &options, &report, &a);
        if (error) continue;
        check_int(weir_tcp_accept(io, good, &b), 0);
        if (report.failures[0].error != WEIR_EDEADLINE) break;
        weir_tcp_close(io, &a);
        weir_tcp_close(io, &b);
    }
    check_int(error, 0);
    check_int(report.total, 2);
    check_int(report.failures[0].error, WEIR_ECONNREFUSED);
    check_int(report.failures[1].error, WEIR_EDEADLINE);
    check(weir_address_equal(&report.failures[1].address, &addresses[1]));
    weir_tcp_close(io, &a);
    weir_tcp_close(io, &b);

    for (int i = 1; i < 12; i++) addresses[i] = addresses[0];
    check_int(weir_tcp_connect_any(io, addresses, 12, NULL, &report, &a), WEIR_ECONNREFUSED);
    check_int(report.total, 12);
    check_int(report.kept, WEIR_CONNECT_FAILURES);
    const size_t len = weir_connect_report_print(&report, text, sizeof text);
    check_int(len, strlen(text));
    check(strstr(text, ": connection refused; 127.0.0.77:") != NULL);
    check(strstr(text, "; 4 more") != NULL);
    check_int(weir_connect_report_print(&report, small, sizeof small), len);
    check_int(strncmp(small, text, 7), 0);
    check_int(strlen(small), 7);
    check_int(weir_tcp_connect_any(io, addresses, 0, NULL, &report, &a), WEIR_EINVAL);

    /* The caller's own end is not one address's failure. */
    weir_scope scope;
    check_int(weir_tcp_listener_address(io, full, &addresses[0]), 0);
    report.total = 0;
    for (int ms = 20; report.total == 0 && ms < 60000; ms *= 2) {
        weir_scope_enter_for(io, &scope, weir_milliseconds(ms));
        check_int(weir_tcp_connect_any(io, addresses, 12, NULL, &report, &a), WEIR_EDEADLINE);
        weir_scope_leave(io, &scope);
    }
    check_int(report.total, 1);
    for (int i = 0; i < 4; i++) close(fds[i]);
    weir_tcp_listener_close(io, full);
    weir_tcp_listener_close(io, good);
}

CONTRACT(tcp_is_built_step_by_step)
{
    weir_socket socket, nobody;
    weir_tcp_listener listener, second;
    weir_address address = weir_address_loopback4(0);
    weir_tcp_stream a, b;
    check_int(weir_tcp_open(io, WEIR_ADDRESS_UNIX, NULL, &socket), WEIR_EINVAL);
    check_int(weir_tcp_open(io, WEIR_ADDRESS_IPV4, NULL, &socket), 0);
    check_int(weir_bind(io, socket, &address), 0);
    check_int(weir_tcp_listen_on(io, socket, NULL, 0, &listener), 0);
    check_int(weir_tcp_listener_address(io, listener, &address), 0);
    contract_settle(io); /* a thread that waits has a descriptor for it */
    const int before = test_fd_count();
    check_int(weir_tcp_open(io, WEIR_ADDRESS_IPV4, NULL, &socket), 0);
    check_int(weir_tcp_listen_on(io, socket, &address, 0, &second), WEIR_EADDRINUSE);
    check_int(weir_tcp_open(io, WEIR_ADDRESS_IPV4, NULL, &socket), 0);
    check_int(weir_tcp_listen_on(io, socket, &address, -5, &second), WEIR_EINVAL);
    const weir_socket_options wrong = {.ttl = 1000};
    check_int(weir_tcp_open(io, WEIR_ADDRESS_IPV4, &wrong, &socket), WEIR_EINVAL);
    check_int(test_fd_count(), before);
    check_int(weir_tcp_open(io, WEIR_ADDRESS_IPV4, NULL, &socket), 0);
    check_int(weir_tcp_connect_on(io, socket, &address, &a), 0);
    check_int(weir_tcp_accept(io, listener, &b), 0);
    weir_tcp_close(io, &b);
    weir_tcp_close(io, &a);
    weir_tcp_listener_close(io, listener);
    if (!contract_nobody(io, SOCK_STREAM, &nobody, &address)) return;
    check_int(weir_tcp_open(io, WEIR_ADDRESS_IPV4, NULL, &socket), 0);
    check_int(weir_tcp_connect_on(io, socket, &address, &a), WEIR_ECONNREFUSED);
    weir_close_socket(io, nobody);
}

CONTRACT(tcp_listens_everywhere_by_one_text)
{
    weir_tcp_listener listener;
    weir_address address;
    weir_tcp_stream a;
    check_int(weir_tcp_listen_text(io, ":0", &listener), 0);
    check_int(weir_tcp_listener_address(io, listener, &address), 0);
    const weir_address four = weir_address_loopback4(address.port);
    check_int(weir_tcp_connect(io, &four, &a), 0);
    weir_tcp_close(io, &a);
    weir_tcp_listener_close(io, listener);
    check_int(weir_tcp_listen_text(io, "localhost:0", &listener), 0);
    weir_tcp_listener_close(io, listener);
    check_int(weir_tcp_listen_text(io, "example.org:80", &listener), WEIR_EADDRTEXT);
    check_int(weir_tcp_listen_text(io, "127.0.0.1:65536", &listener), WEIR_EPORTTEXT);
}

CONTRACT(tcp_nothing_now_is_not_the_end_and_not_a_reset)
{
    weir_tcp_stream a, b;
    char data[4], big[4096] = {0};
    if (!connect_pair(io, &a, &b)) return;
    check_int(weir_stream_try_read(io, &a.stream, data, 4), WEIR_EAGAIN);
    check_int(weir_stream_ready(io, &a.stream, WEIR_POLL_WRITE, (weir_deadline){0}),
              WEIR_POLL_WRITE);
    check_int(weir_stream_ready(io, &a.stream, WEIR_POLL_READ,
                                weir_deadline_after(io, weir_milliseconds(5))),
              WEIR_EDEADLINE);
    check_int(weir_tcp_write_all(io, &b, "peek", 4), 4);
    for (int i = 0; i < 3; i++) {
        check_int(weir_stream_peek(io, &a.stream, data, 4), 4);
        check(memcmp(data, "peek", 4) == 0);
    }
    check_int(weir_stream_try_read(io, &a.stream, data, 0), 0);
    check_int(weir_stream_try_read(io, &a.stream, data, 4), 4);
    int64_t n;
    while ((n = weir_stream_try_write(io, &a.stream, big, sizeof big)) > 0) continue;
    check_int(n, WEIR_EAGAIN);
    check_int(weir_tcp_shutdown(io, &b, SHUT_WR), 0);
    check_int(weir_stream_ready(io, &a.stream, WEIR_POLL_READ, (weir_deadline){0}) & WEIR_POLL_READ,
              WEIR_POLL_READ);
    check_int(weir_stream_try_read(io, &a.stream, data, 4), 0);
    weir_tcp_abort(io, &b);
    weir_tcp_abort(io, &b);
    /* The end of before is ready, too: until the reset has come. */
    while (
        !(weir_stream_ready(io, &a.stream, WEIR_POLL_READ, (weir_deadline){0}) & WEIR_POLL_ERROR))
        check_int(weir_yield(io), 0);
    n = weir_stream_try_write(io, &a.stream, data, 1);
    check(n == WEIR_ECONNRESET || n == WEIR_EPIPE);
    check(weir_stream_try_write(io, &a.stream, data, 1) == WEIR_EPIPE);
    check_int(weir_tcp_shutdown(io, &a, SHUT_WR), WEIR_ENOTCONN);
    weir_tcp_close(io, &a);
}

CONTRACT(tcp_takes_more_slices_than_an_op)
{
    enum { SLICES = 3000 };
    weir_tcp_stream a, b;
    static struct iovec out[SLICES], in[SLICES];
    static char from[SLICES * 3], to[SLICES * 3];
    size_t total = 0;
    if (!connect_pair(io, &a, &b)) return;
    for (size_t i = 0; i < SLICES; i++) {
        const size_t len = i < 1100 ? 0 : i % 4;
        out[i] = (struct iovec){from + total, len};
        in[i] = (struct iovec){to + total, len};
        for (size_t k = 0; k < len; k++) from[total++] = (char)(i * 5 + k);
    }
    check_int(weir_stream_write_vector(io, &a.stream, out, SLICES, 1, true, (weir_deadline){0}),
              total);
    check(weir_stream_read_vector(io, &b.stream, in, SLICES, (weir_deadline){0}) > 0);
    weir_tcp_close(io, &b);
    weir_tcp_close(io, &a);
    if (!connect_pair(io, &a, &b)) return;
    check_int(weir_stream_write_vector(io, &a.stream, out, SLICES, 3, true, (weir_deadline){0}),
              total + 2 * out[SLICES - 1].iov_len);
    memset(to, 0, sizeof to);
    check_int(weir_stream_read_full(io, &b.stream, to, total), total);
    check(memcmp(from, to, total) == 0);
    const int64_t some =
        weir_stream_write_vector(io, &a.stream, out, SLICES, 1, false, (weir_deadline){0});
    check(some > 0 && some <= (int64_t)total);
    weir_tcp_close(io, &a);
    weir_tcp_close(io, &b);
}

CONTRACT(tcp_timeouts_of_a_stream_count_for_each_call)
{
    weir_tcp_stream a, b;
    char byte;
    static char big[1 << 20];
    if (!connect_pair(io, &a, &b)) return;
    check_int(weir_tcp_set_read_timeout(&a, (weir_duration){0}), WEIR_EINVAL);
    check_int(weir_tcp_set_read_timeout(&a, weir_milliseconds(10)), 0);
    check_int(weir_tcp_set_write_timeout(&a, weir_milliseconds(10)), 0);
    check_int(weir_stream_read(io, &a.stream, &byte, 1), WEIR_EDEADLINE);
    int64_t n, total = 0;
    /* A machine that stops before the first byte went has to begin anew. */
    while ((n = weir_stream_write_all(io, &a.stream, big, sizeof big)) > 0 || total == 0) {
        if (!check(n > 0 || n == WEIR_EDEADLINE)) break;
        if (n > 0) total += n;
    }
    check_int(n, WEIR_EDEADLINE);
    check_int(weir_tcp_write_all(io, &b, "x", 1), 1);
    check_int(weir_tcp_set_read_timeout(&a, weir_forever()), 0);
    check_int(weir_stream_read(io, &a.stream, &byte, 1), 1);
    weir_tcp_close(io, &a);
    weir_tcp_close(io, &b);
}

enum { ZEROCOPY = 300000 };

static char zerocopy_data[ZEROCOPY];

static int write_zerocopy(weir_io *io, void *argument)
{
    weir_tcp_stream *to = argument;
    return (int)weir_stream_write_zerocopy(io, &to->stream, zerocopy_data, ZEROCOPY);
}

CONTRACT(tcp_writes_without_copying)
{
    weir_tcp_stream a, b;
    weir_task task = {0};
    static char got[ZEROCOPY];
    int result = 0;
    if (!connect_pair(io, &a, &b)) return;
    for (int i = 0; i < ZEROCOPY; i++) zerocopy_data[i] = (char)(i * 11 + i / 500);
    check_int(weir_concurrent(io, &task, write_zerocopy, &a, NULL), 0);
    check_int(weir_stream_read_full(io, &b.stream, got, ZEROCOPY), ZEROCOPY);
    check(memcmp(got, zerocopy_data, ZEROCOPY) == 0);
    check_int(weir_await(io, &task, &result), 0);
    check_int(result, ZEROCOPY);
    weir_tcp_close(io, &a);
    weir_tcp_close(io, &b);
}

CONTRACT(tcp_frames_tell_an_end_from_a_cut)
{
    weir_tcp_stream a, b;
    char data[16];
    bool begun = true;
    if (!connect_pair(io, &a, &b)) return;
    check_int(weir_stream_write_frame(io, &a.stream, "hello", 5), 5);
    check_int(weir_stream_write_frame(io, &a.stream, "", 0), 0);
    check_int(weir_stream_peek(io, &b.stream, data, 4), 4);
    check(memcmp(data, "\0\0\0\5", 4) == 0);
    check_int(weir_stream_read_frame(io, &b.stream, data, sizeof data, NULL), 5);
    check(memcmp(data, "hello", 5) == 0);
    check_int(weir_stream_read_frame(io, &b.stream, data, sizeof data, &begun), 0);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(5));
    check_int(weir_stream_read_frame(io, &b.stream, data, sizeof data, &begun), WEIR_EDEADLINE);
    check(!begun);
    weir_scope_leave(io, &scope);
    check_int(weir_stream_write_frame(io, &a.stream, "0123456789abcdefg", 17), 17);
    check_int(weir_stream_read_frame(io, &b.stream, data, 16, &begun), WEIR_ELIMIT);
    check_int(weir_stream_read_full(io, &b.stream, data, 16), 16);
    check_int(weir_stream_read_full(io, &b.stream, data, 1), 1);
    weir_tcp_shutdown(io, &a, SHUT_WR);
    check_int(weir_stream_read_frame(io, &b.stream, data, 16, &begun), WEIR_ECLOSED);
    weir_tcp_close(io, &a);
    weir_tcp_close(io, &b);
    for (int cut = 1; cut < 6; cut++) {
        if (!connect_pair(io, &a, &b)) return;
        check_int(weir_tcp_write_all(io, &a, "\0\0\0\2xy", (size_t)cut), cut);
        weir_tcp_close(io, &a);
        check_int(weir_stream_read_frame(io, &b.stream, data, 16, &begun), WEIR_EEOF);
        check(begun);
        weir_tcp_close(io, &b);
    }
}

CONTRACT(tcp_a_frame_that_is_cut_by_a_timeout_says_so)
{
    weir_tcp_stream a, b;
    enum { BIG = 16 << 20 };
    char *big = calloc(1, BIG);
    if (!check(big) || !connect_pair(io, &a, &b)) return;
    while (weir_stream_try_write(io, &a.stream, big, BIG) > 0) continue;
    contract_settle(io);
    /* Room for a part of it, and for a byte more when the time has passed. */
    check(weir_stream_try_read(io, &b.stream, big, 300000) > 0);
    check_int(weir_tcp_set_write_timeout(&a, weir_milliseconds(100)), 0);
    check_int(weir_stream_write_frame(io, &a.stream, big, BIG), WEIR_EDEADLINE);
    weir_tcp_close(io, &a);
    weir_tcp_close(io, &b);
    free(big);
}
