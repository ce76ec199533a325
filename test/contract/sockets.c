/* SPDX-License-Identifier: MIT
 *
 * Do sockets listen, connect and carry datagrams as their options and errors promise?
 */
#include "test/contract/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

static int option_of(weir_io *io, weir_socket socket, int level, int name)
{
    int value = -1;
    uint32_t size = sizeof value;
    check_int(weir_get_option(io, socket, level, name, &value, &size), 0);
    check_int(size, sizeof value);
    return value;
}

static uint16_t port_of(weir_io *io, weir_socket socket)
{
    weir_address address = {0};
    check_int(weir_local_address(io, socket, &address), 0);
    return address.port;
}

/* Whether this machine has IPv6 on its loopback. */
static bool has_ipv6(weir_io *io)
{
    weir_address loopback = weir_address_loopback6(0);
    weir_socket socket;
    if (contract_listen(io, &loopback, NULL, &socket) != 0) return false;
    weir_close_socket(io, socket);
    return true;
}

/* Connects from IPv4 to a port; returns the result. */
static int connect_to4(weir_io *io, uint16_t port)
{
    weir_address address = weir_address_loopback4(port);
    weir_socket client;
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &client), 0);
    int error = weir_connect(io, client, &address);
    weir_close_socket(io, client);
    return error;
}

/* Whether IPv4 is refused at an IPv6 wildcard's port and can be listened to there. */
static bool has_neighbour(weir_io *io)
{
    weir_socket six, four;
    weir_address any6 = weir_address_any6(0);
    check_int(contract_listen(io, &any6, NULL, &six), 0);
    uint16_t port = port_of(io, six);
    check_int(option_of(io, six, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    bool good = connect_to4(io, port) == WEIR_ECONNREFUSED;
    weir_address any4 = weir_address_any4(port);
    if (good && (good = contract_listen(io, &any4, NULL, &four) == 0)) {
        check_int(connect_to4(io, port), 0);
        weir_close_socket(io, four);
    }
    weir_close_socket(io, six);
    return good;
}

CONTRACT(an_ipv6_wildcard_leaves_the_port_to_an_ipv4_neighbour)
{
    if (!has_ipv6(io)) return;
    /* Another test may have the IPv4 port by chance: rarely, and never so often. */
    bool good = false;
    for (int tries = 0; !good && tries < 8; tries++) good = has_neighbour(io);
    check(good);
}

CONTRACT(an_ipv6_wildcard_takes_ipv4_clients_when_told_to)
{
    weir_socket six, four;
    weir_address any6 = weir_address_any6(0);
    weir_tcp_listen_options both = {.dual_stack = true};
    if (!has_ipv6(io)) return;
    check_int(contract_listen(io, &any6, &both, &six), 0);
    uint16_t port = port_of(io, six);
    check_int(option_of(io, six, IPPROTO_IPV6, IPV6_V6ONLY), 0);
    weir_address any4 = weir_address_any4(port);
    check_int(contract_listen(io, &any4, NULL, &four), WEIR_EADDRINUSE);
    check_int(connect_to4(io, port), 0);
    weir_close_socket(io, six);
}

CONTRACT(a_port_in_use_is_refused_unless_it_is_shared_on_purpose)
{
    weir_socket first, second;
    weir_socket_options port = {.reuse_port = true};
    weir_tcp_listen_options shared = {.socket = &port};
    weir_address any = weir_address_loopback4(0);
    check_int(contract_listen(io, &any, NULL, &first), 0);
    weir_address taken = weir_address_loopback4(port_of(io, first));
    check_int(contract_listen(io, &taken, NULL, &second), WEIR_EADDRINUSE);
    check_int(contract_listen(io, &taken, &shared, &second), WEIR_EADDRINUSE);
    check_int(option_of(io, first, SOL_SOCKET, SO_REUSEPORT), 0);
    weir_close_socket(io, first);
    check_int(contract_listen(io, &any, &shared, &first), 0);
    taken = weir_address_loopback4(port_of(io, first));
    if (check_int(contract_listen(io, &taken, &shared, &second), 0)) weir_close_socket(io, second);
    weir_close_socket(io, first);
}

/* Serves a client, closes, and listens at the same port.  Returns the outcome of that. */
static int listen_again(weir_io *io)
{
    weir_socket listener, client, served;
    weir_address any = weir_address_loopback4(0);
    weir_tcp_listen_options strict = {.no_reuse_address = true};
    check_int(contract_listen(io, &any, NULL, &listener), 0);
    weir_address again = weir_address_loopback4(port_of(io, listener));
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &client), 0);
    check_int(weir_connect(io, client, &again), 0);
    check_int(weir_accept(io, listener, &served), 0);
    weir_close_socket(io, served);
    char byte;
    check_int(weir_read(io, client, &byte, 1), 0);
    weir_close_socket(io, client);
    weir_close_socket(io, listener);
    check_int(contract_listen(io, &again, &strict, &listener), WEIR_EADDRINUSE);
    const int error = contract_listen(io, &again, NULL, &listener);
    if (!error) weir_close_socket(io, listener);
    return error;
}

CONTRACT(a_server_can_listen_again_at_once_after_it_closed_first)
{
    /* Another test may get the port that is free for a moment: rarely, and never so often. */
    int error = WEIR_EADDRINUSE;
    for (int tries = 0; error == WEIR_EADDRINUSE && tries < 8; tries++) error = listen_again(io);
    check_int(error, 0);
}

CONTRACT(children_of_a_listener_have_its_options_and_are_ours_alone)
{
    for (int delay = 0; delay < 2; delay++) {
        weir_socket listener, child;
        weir_address address = weir_address_loopback4(0);
        weir_socket_options nagle = {.delay = delay};
        weir_tcp_listen_options options = {.socket = &nagle};
        check_int(contract_listen(io, &address, &options, &listener), 0);
        check_int(weir_local_address(io, listener, &address), 0);
        int client = contract_client(&address);
        check_int(weir_accept(io, listener, &child), 0);
        check_int(option_of(io, child, IPPROTO_TCP, TCP_NODELAY) != 0, !delay);
        weir_socket both[] = {listener, child};
        for (int i = 0; i < 2; i++) {
            check(fcntl(both[i].fd, F_GETFD) & FD_CLOEXEC);
            check(fcntl(both[i].fd, F_GETFL) & O_NONBLOCK);
        }
        close(client);
        weir_close_socket(io, child);
        weir_close_socket(io, listener);
    }
}

CONTRACT(both_ends_of_a_connection_know_both_addresses)
{
    weir_socket ends[2];
    weir_address local[2], peer[2];
    if (!contract_tcp_pair(io, ends)) return;
    for (int i = 0; i < 2; i++) {
        check_int(weir_local_address(io, ends[i], &local[i]), 0);
        check_int(weir_peer_address(io, ends[i], &peer[i]), 0);
        check_int(local[i].kind, WEIR_ADDRESS_IPV4);
        check(local[i].port != 0);
    }
    check(weir_address_equal(&local[0], &peer[1]));
    check(weir_address_equal(&local[1], &peer[0]));
    check(fcntl(ends[0].fd, F_GETFD) & FD_CLOEXEC);
    check(fcntl(ends[0].fd, F_GETFL) & O_NONBLOCK);
    check_int(weir_connect(io, ends[1], &peer[1]), WEIR_EISCONN);
    contract_close(io, ends);
}

CONTRACT(a_listen_that_fails_says_why)
{
    weir_socket listener = {-7};
    weir_address none = {0}, elsewhere;
    check_int(contract_listen(io, &none, NULL, &listener), WEIR_EINVAL);
    check_int(weir_address_parse(weir_bytes_text("192.0.2.77:0"), &elsewhere), 0);
    check_int(contract_listen(io, &elsewhere, NULL, &listener), WEIR_EADDRNOTAVAIL);
    check_int(weir_socket_open(io, 9999, SOCK_STREAM, 0, &listener), WEIR_EAFNOSUPPORT);
}

CONTRACT(a_connect_that_is_refused_says_so)
{
    weir_socket keeper, client;
    weir_address address;
    if (!contract_nobody(io, SOCK_STREAM, &keeper, &address)) return;
    for (int i = 0; i < 50; i++) {
        check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &client), 0);
        check_int(weir_connect(io, client, &address), WEIR_ECONNREFUSED);
        weir_close_socket(io, client);
    }
    weir_close_socket(io, keeper);
}

CONTRACT(options_are_set_and_read_and_bad_ones_refused)
{
    weir_socket ends[2];
    int on = 1, value = 0;
    uint32_t size = sizeof value;
    if (!contract_tcp_pair(io, ends)) return;
    check_int(weir_set_option(io, ends[0], SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on), 0);
    check_int(option_of(io, ends[0], SOL_SOCKET, SO_KEEPALIVE), 1);
    check_int(weir_set_option(io, ends[0], IPPROTO_TCP, 9999, &on, sizeof on), -ENOPROTOOPT);
    check_int(weir_get_option(io, ends[0], IPPROTO_TCP, 9999, &value, &size), -ENOPROTOOPT);
    check_int(weir_set_option(io, (weir_socket){-1}, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on),
              WEIR_EBADF);
    check_int(weir_get_option(io, (weir_socket){0}, SOL_SOCKET, SO_TYPE, &value, &size) < 0, 1);
    contract_close(io, ends);
}

static void unix_address(weir_address *out, const char *form, const char *directory)
{
    char text[160];
    snprintf(text, sizeof text, form, directory);
    check_int(weir_address_parse(weir_bytes_text(text), out), 0);
}

static void meet(weir_io *io, const weir_address *address)
{
    weir_socket listener, second, client, served;
    weir_address seen;
    char got[8];
    check_int(weir_socket_open(io, AF_UNIX, SOCK_STREAM, 0, &client), 0);
    int absent = weir_connect(io, client, address);
    check(absent == WEIR_ENOENT || absent == WEIR_ECONNREFUSED);
    weir_close_socket(io, client);
    if (!check_int(contract_listen(io, address, NULL, &listener), 0)) return;
    check_int(contract_listen(io, address, NULL, &second), WEIR_EADDRINUSE);
    check_int(weir_local_address(io, listener, &seen), 0);
    check(weir_address_equal(&seen, address));
    check_int(weir_socket_open(io, AF_UNIX, SOCK_STREAM, 0, &client), 0);
    check_int(weir_connect(io, client, address), 0);
    check_int(weir_accept(io, listener, &served), 0);
    check_int(weir_peer_address(io, client, &seen), 0);
    check(weir_address_equal(&seen, address));
    check_int(weir_peer_address(io, served, &seen), 0);
    check_int(seen.kind, WEIR_ADDRESS_UNIX);
    check_int(seen.path_len, 0);
    check_int(weir_write_all(io, client, "hello", 5), 5);
    check_int(weir_read(io, served, got, sizeof got), 5);
    weir_close_socket(io, client);
    weir_close_socket(io, served);
    weir_close_socket(io, listener);
}

CONTRACT(unix_sockets_meet_by_path_and_by_abstract_name)
{
    char directory[64];
    weir_address address;
    contract_make_directory(directory);
    unix_address(&address, "unix:%s/socket", directory);
    meet(io, &address);
    unix_address(&address, "unix:@%s", directory);
    meet(io, &address);
    contract_remove_directory(directory);
}

typedef struct connecting {
    weir_address address;
    uint32_t begun;
    weir_socket socket;
    int result;
} connecting;

static int connect_unix(weir_io *io, void *argument)
{
    connecting *c = argument;
    contract_raise(io, &c->begun);
    c->result = weir_connect(io, c->socket, &c->address);
    return 0;
}

/* The kernel answers EAGAIN there: it must be waited out, not reported and not waited for ever. */
CONTRACT(a_unix_connect_waits_while_the_backlog_is_full)
{
    char directory[64];
    connecting c = {0};
    weir_socket listener, served;
    weir_task task = {0};
    weir_tcp_listen_options one = {.backlog = 1};
    int clients[3];
    contract_make_directory(directory);
    unix_address(&c.address, "unix:@%s", directory);
    if (!check_int(contract_listen(io, &c.address, &one, &listener), 0)) return;
    int full = 0;
    struct sockaddr_storage name;
    socklen_t len = weir_address_to_sockaddr(&c.address, &name);
    while (full < 3) {
        clients[full] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (connect(clients[full++], (struct sockaddr *)&name, len) != 0) break;
    }
    check_int(errno, EAGAIN);
    check_int(weir_socket_open(io, AF_UNIX, SOCK_STREAM, 0, &c.socket), 0);
    weir_scope scope;
    weir_scope_enter(io, &scope, weir_deadline_after(io, weir_milliseconds(20)));
    check_int(weir_connect(io, c.socket, &c.address), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check_int(weir_concurrent(io, &task, connect_unix, &c, NULL), 0);
    contract_reached(io, &c.begun, 1);
    contract_settle(io);
    check(!weir_task_ended(&task));
    for (int i = 0; i < full - 1; i++) {
        check_int(weir_accept(io, listener, &served), 0);
        weir_close_socket(io, served);
    }
    check_int(weir_await(io, &task, NULL), 0);
    check_int(c.result, 0);
    weir_close_socket(io, c.socket);
    weir_close_socket(io, listener);
    for (int i = 0; i < full; i++) close(clients[i]);
    contract_remove_directory(directory);
}

static bool udp_socket(weir_io *io, weir_socket *out, weir_address *address)
{
    weir_address any = weir_address_loopback4(0);
    struct sockaddr_storage name;
    socklen_t len = weir_address_to_sockaddr(&any, &name);
    return check_int(weir_socket_open(io, AF_INET, SOCK_DGRAM, 0, out), 0) &&
           check_int(bind(out->fd, (struct sockaddr *)&name, len), 0) &&
           check_int(weir_local_address(io, *out, address), 0);
}

static int64_t send_to(weir_io *io, weir_socket from, const weir_address *to, const void *data,
                       size_t len)
{
    struct iovec slice = {(void *)(uintptr_t)data, len};
    weir_message datagram = {.data = &slice, .count = 1};
    if (to) datagram.address = *to;
    return weir_send(io, from, &datagram);
}

CONTRACT(datagrams_arrive_whole_with_their_sender_and_truncation_is_told)
{
    weir_socket a, b;
    weir_address at_a, at_b;
    char one[4], two[10];
    struct iovec slices[] = {{one, sizeof one}, {two, sizeof two}};
    if (!udp_socket(io, &a, &at_a) || !udp_socket(io, &b, &at_b)) return;
    static const struct {
        size_t sent, stored;
        bool truncated;
    } rows[] = {{6, 6, false}, {14, 14, false}, {15, 14, true}, {1000, 14, true}, {0, 0, false}};
    static char data[1000];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (char)i;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        weir_message got = {
            .data = slices, .count = 2, .came = rows[i].truncated ? 0 : WEIR_MESSAGE_TRUNCATED};
        check_int(send_to(io, a, &at_b, data, rows[i].sent), rows[i].sent);
        check_int(weir_receive(io, b, &got), rows[i].stored);
        check_int((got.came & WEIR_MESSAGE_TRUNCATED) != 0, rows[i].truncated);
        check(weir_address_equal(&got.address, &at_a));
        if (rows[i].stored >= 6) check(memcmp(one, data, 4) == 0 && memcmp(two, data + 4, 2) == 0);
    }
    char *big = calloc(1, 70000);
    if (!big) abort();
    check_int(send_to(io, a, &at_b, big, 70000), WEIR_EMSGSIZE);
    check_int(send_to(io, a, NULL, big, 1) < 0, 1);
    free(big);
    weir_close_socket(io, a);
    weir_close_socket(io, b);
}

CONTRACT(a_connected_datagram_socket_hears_that_nobody_is_there)
{
    weir_socket a, b;
    weir_address at_a, at_b;
    char byte;
    struct iovec slice = {&byte, 1};
    weir_message got = {.data = &slice, .count = 1};
    if (!udp_socket(io, &a, &at_a) || !contract_nobody(io, SOCK_DGRAM, &b, &at_b)) return;
    check_int(weir_connect(io, a, &at_b), 0);
    check_int(send_to(io, a, NULL, "x", 1), 1);
    check_int(weir_receive(io, a, &got), WEIR_ECONNREFUSED);
    weir_close_socket(io, a);
    weir_close_socket(io, b);
}

CONTRACT(a_poll_tells_what_is_ready)
{
    weir_socket ends[2];
    contract_pair(SOCK_STREAM, ends);
    check_int(weir_poll(io, ends[0], WEIR_POLL_WRITE), WEIR_POLL_WRITE);
    check_int(weir_poll(io, ends[0], WEIR_POLL_READ | WEIR_POLL_WRITE), WEIR_POLL_WRITE);
    check_int(send(ends[1].fd, "x", 1, 0), 1);
    check_int(weir_poll(io, ends[0], WEIR_POLL_READ | WEIR_POLL_WRITE),
              WEIR_POLL_READ | WEIR_POLL_WRITE);
    check_int(weir_poll(io, ends[0], WEIR_POLL_READ), WEIR_POLL_READ);
    close(ends[1].fd);
    ends[1].fd = -1;
    int ready = weir_poll(io, ends[0], WEIR_POLL_WRITE);
    check(ready & WEIR_POLL_ERROR);
    contract_close(io, ends);
}

typedef struct crowd {
    weir_socket listener;
    uint32_t accepted;
} crowd;

static int accept_many(weir_io *io, void *argument)
{
    crowd *c = argument;
    weir_socket got;
    while (weir_accept(io, c->listener, &got) == 0) {
        weir_close_socket(io, got);
        contract_raise(io, &c->accepted);
    }
    return 0;
}

CONTRACT(several_tasks_may_accept_on_one_socket)
{
    crowd c = {0};
    weir_address address;
    weir_group group = WEIR_GROUP_INIT;
    if (!contract_listener(io, 0, &c.listener, &address)) return;
    for (int i = 0; i < 5; i++)
        check_int(weir_group_concurrent(io, &group, accept_many, &c, NULL), 0);
    for (uint32_t i = 1; i <= 300; i++) {
        int client = contract_client(&address);
        if (i % 10 == 0) check_int(contract_reached(io, &c.accepted, i), 0);
        close(client);
    }
    check_int(contract_reached(io, &c.accepted, 300), 0);
    weir_group_cancel(io, &group);
    check_int(c.accepted, 300);
    weir_close_socket(io, c.listener);
}
