/* SPDX-License-Identifier: MIT
 *
 * Does a stream of connections come from all its listeners, fairly, bounded, through shortages and
 * cancellations; and does the stock accept loop keep its limits and end in order?
 */
#include "test/contract/contract.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#include <weir/net/accept_limit.h>
#include <weir/net/incoming.h>
#include <weir/net/serve.h>

/* How many descriptors the limit leaves when it is lowered to what is open now. */
static struct rlimit leave_no_room(void)
{
    struct rlimit before, small;
    const int highest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(highest);
    getrlimit(RLIMIT_NOFILE, &before);
    small = before;
    small.rlim_cur = (rlim_t)highest;
    setrlimit(RLIMIT_NOFILE, &small);
    return before;
}

static weir_address unix_name(weir_io *io)
{
    weir_address address = {0};
    char text[64];
    uint64_t random;
    weir_random_secure(io, &random, sizeof random);
    snprintf(text, sizeof text, "unix:@weir-incoming-%llx", (unsigned long long)random);
    check_int(weir_address_parse(weir_bytes_text(text), &address), 0);
    return address;
}

CONTRACT(incoming_merges_listeners_and_tells_origin_and_peer)
{
    static const char tcp[] = "tcp", local[] = "unix";
    static weir_incoming incoming;
    weir_incoming_item item;
    weir_socket listeners[2];
    weir_address addresses[2];
    if (!contract_listener(io, 0, &listeners[0], &addresses[0])) return;
    addresses[1] = unix_name(io);
    if (!check_int(contract_listen(io, &addresses[1], NULL, &listeners[1]), 0)) return;
    weir_incoming_init(io, &incoming, 0);
    check_int(weir_incoming_next(io, &incoming, weir_never(), &item), WEIR_EINVAL);
    check_int(weir_incoming_add(&incoming, listeners[0], tcp), 0);
    check_int(weir_incoming_add(&incoming, listeners[1], local), 0);
    check_int(
        weir_incoming_next(io, &incoming, weir_deadline_after(io, weir_milliseconds(5)), &item),
        WEIR_EDEADLINE);
    int clients[8], seen[2] = {0};
    const int before = test_fd_count();
    for (int i = 0; i < 8; i++) clients[i] = contract_client(&addresses[i % 2]);
    /* Where another thread accepts, each listener has its first one when that has come to both. */
    while (contract_on_threads(io) && test_fd_count() < before + 8 + 2) contract_settle(io);
    for (int i = 0; i < 8; i++) {
        if (!check_int(weir_incoming_next(io, &incoming, weir_never(), &item), 0)) break;
        check_int(item.error, 0);
        check(item.tag == tcp || item.tag == local);
        check_int(item.peer.kind, item.tag == tcp ? WEIR_ADDRESS_IPV4 : WEIR_ADDRESS_UNIX);
        seen[item.tag == local]++;
        weir_close_socket(io, item.socket);
        /* The one listener has its turn before the other one is served out. */
        if (i == 3) check(seen[0] > 0 && seen[1] > 0);
    }
    check_int(seen[0], 4);
    check_int(seen[1], 4);
    weir_incoming_stop(io, &incoming);
    weir_incoming_stop(io, &incoming);
    for (int i = 0; i < 8; i++) close(clients[i]);
    for (int i = 0; i < 2; i++) weir_close_socket(io, listeners[i]);
}

CONTRACT(incoming_waits_for_room_before_it_accepts)
{
    static weir_incoming incoming;
    weir_incoming_item item;
    weir_socket listener, extra, open[3];
    weir_address address;
    int clients[4];
    if (!contract_listener(io, 0, &listener, &address)) return;
    weir_incoming_init(io, &incoming, 3);
    check_int(weir_incoming_add(&incoming, listener, NULL), 0);
    for (int i = 0; i < 4; i++) clients[i] = contract_client(&address);
    for (int i = 0; i < 3; i++) {
        check_int(weir_incoming_next(io, &incoming, weir_never(), &item), 0);
        open[i] = item.socket;
    }
    check_int(weir_incoming_open(io, &incoming), 3);
    check_int(
        weir_incoming_next(io, &incoming, weir_deadline_after(io, weir_milliseconds(20)), &item),
        WEIR_EDEADLINE);
    /* The fourth one is still in the backlog. */
    check_int(weir_poll(io, listener, WEIR_POLL_READ), WEIR_POLL_READ);
    check_int(weir_try_accept(io, listener, &extra), 0);
    weir_close_socket(io, extra);
    close(clients[3]);
    clients[3] = contract_client(&address);
    weir_close_socket(io, open[0]);
    weir_incoming_done(io, &incoming);
    check_int(weir_incoming_next(io, &incoming, weir_never(), &item), 0);
    weir_close_socket(io, item.socket);
    weir_incoming_stop(io, &incoming);
    for (int i = 1; i < 3; i++) weir_close_socket(io, open[i]);
    for (int i = 0; i < 4; i++) close(clients[i]);
    weir_close_socket(io, listener);
}

CONTRACT(incoming_goes_on_after_a_shortage_and_tells_it)
{
    static weir_incoming incoming;
    weir_incoming_item item = {0};
    weir_socket listener;
    weir_address address;
    if (!contract_listener(io, 0, &listener, &address)) return;
    weir_incoming_init(io, &incoming, 0);
    check_int(weir_incoming_add(&incoming, listener, NULL), 0);
    /* Waiting itself needs descriptors on some engines: they are had before. */
    check_int(
        weir_incoming_next(io, &incoming, weir_deadline_after(io, weir_milliseconds(5)), &item),
        WEIR_EDEADLINE);
    weir_incoming_stop(io, &incoming);
    const int client = contract_client(&address);
    const struct rlimit before = leave_no_room();
    weir_incoming_init(io, &incoming, 0);
    check_int(weir_incoming_add(&incoming, listener, NULL), 0);
    const int64_t cpu = contract_cpu_ns();
    const weir_deadline end = weir_deadline_after(io, weir_milliseconds(150));
    int errors = 0;
    /* Longer on a machine that stops for most of that time. */
    while (weir_incoming_next(io, &incoming, errors > 1 ? end : weir_never(), &item) == 0 &&
           errors < 1000) {
        check_int(item.error, WEIR_EMFILE);
        check(!item.ended);
        errors++;
    }
    if (!check(errors > 1 && errors < 30)) fprintf(stderr, "    %d errors\n", errors);
    check(contract_cpu_ns() - cpu < 120000000);
    setrlimit(RLIMIT_NOFILE, &before);
    do {
        if (!check_int(weir_incoming_next(io, &incoming, weir_never(), &item), 0)) break;
    } while (item.error);
    weir_close_socket(io, item.socket);
    weir_incoming_stop(io, &incoming);
    close(client);
    weir_close_socket(io, listener);
}

CONTRACT(incoming_is_a_member_of_a_select_and_loses_nothing)
{
    static weir_incoming incoming;
    weir_incoming_item item;
    weir_socket listener;
    weir_address address;
    if (!contract_listener(io, 0, &listener, &address)) return;
    weir_incoming_init(io, &incoming, 0);
    check_int(weir_incoming_add(&incoming, listener, NULL), 0);
    int taken = 0, clients[10];
    for (int i = 0; i < 10; i++) clients[i] = contract_client(&address);
    while (taken < 10) {
        weir_op accept, sleep = {0};
        weir_incoming_prepare(io, &incoming, &accept);
        weir_op_set(&sleep, WEIR_OP_SLEEP, -1);
        sleep.deadline = weir_deadline_after(io, weir_microseconds(taken % 3 * 50));
        weir_op *ops[] = {&accept, &sleep};
        check(weir_select(io, ops, 2, weir_never()) >= 0);
        while (weir_incoming_take(io, &incoming, &item) == 1) {
            check_int(item.error, 0);
            weir_close_socket(io, item.socket);
            taken++;
        }
        if (contract_failed()) break;
    }
    weir_incoming_stop(io, &incoming);
    for (int i = 0; i < 10; i++) close(clients[i]);
    weir_close_socket(io, listener);
}

CONTRACT(incoming_ends_when_its_listeners_are_none)
{
    static weir_incoming incoming;
    weir_incoming_item item;
    weir_socket no_listener;
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &no_listener), 0);
    weir_incoming_init(io, &incoming, 0);
    check_int(weir_incoming_add(&incoming, no_listener, NULL), 0);
    check_int(weir_incoming_next(io, &incoming, weir_never(), &item), 0);
    check_int(item.error, WEIR_EINVAL);
    check(item.ended);
    check_int(weir_incoming_next(io, &incoming, weir_never(), &item), WEIR_EINVAL);
    weir_incoming_stop(io, &incoming);
    weir_close_socket(io, no_listener);
}

/* The stock loop ---------------------------------------------------------------------------- */

typedef struct service {
    weir_tcp_listener listener;
    weir_address address;
    weir_serve_options options;
    weir_serve_counts counts;
    weir_token token;
    weir_task task;
    weir_socket keeper; /* of the port: what is closed there is nobody else's meanwhile */
    uint32_t served, most, now, canceled; /* atomic */
    int result;
} service;

static int talk(weir_io *io, weir_tcp_stream *tcp, const weir_address *peer, void *argument)
{
    service *s = argument;
    char byte;
    check_int(peer->kind, WEIR_ADDRESS_IPV4);
    const uint32_t now = __atomic_add_fetch(&s->now, 1, __ATOMIC_SEQ_CST);
    uint32_t most = __atomic_load_n(&s->most, __ATOMIC_SEQ_CST);
    while (now > most && !__atomic_compare_exchange_n(&s->most, &most, now, false, __ATOMIC_SEQ_CST,
                                                      __ATOMIC_SEQ_CST)) {}
    int64_t n = weir_tcp_read(io, tcp, &byte, 1);
    if (n > 0) n = weir_tcp_write_all(io, tcp, &byte, 1);
    if (n == WEIR_ECANCELED) __atomic_fetch_add(&s->canceled, 1, __ATOMIC_SEQ_CST);
    __atomic_sub_fetch(&s->now, 1, __ATOMIC_SEQ_CST);
    contract_raise(io, &s->served);
    return n < 0 ? (int)n : 0;
}

static int serve_it(weir_io *io, void *argument)
{
    service *s = argument;
    s->result = weir_tcp_serve(io, &s->listener, 1, talk, s, &s->options);
    return s->result;
}

static bool listen_at_kept_port(weir_io *io, service *s)
{
    const weir_socket_options shared = {.reuse_port = true};
    const weir_tcp_listen_options options = {.socket = &shared};
    s->address = weir_address_loopback4(0);
    return check_int(weir_tcp_open(io, WEIR_ADDRESS_IPV4, &shared, &s->keeper), 0) &&
           check_int(weir_bind(io, s->keeper, &s->address), 0) &&
           check_int(weir_local_address(io, s->keeper, &s->address), 0) &&
           check_int(weir_tcp_listen(io, &s->address, &options, &s->listener), 0);
}

static bool start_service(weir_io *io, service *s)
{
    s->options.token = &s->token;
    s->options.counts = &s->counts;
    return listen_at_kept_port(io, s) &&
           check_int(weir_concurrent(io, &s->task, serve_it, s, NULL), 0);
}

static void stop_service(weir_io *io, service *s, int expected)
{
    weir_tcp_stream late;
    weir_token_cancel(io, &s->token, "enough");
    check_int(weir_await(io, &s->task, NULL), 0);
    check_int(s->result, expected);
    check_int(weir_tcp_connect(io, &s->address, &late), WEIR_ECONNREFUSED);
    weir_close_socket(io, s->keeper);
    weir_token_end(io, &s->token);
}

CONTRACT(serve_keeps_its_bound_and_drains)
{
    enum { CLIENTS = 40, MOST = 5 };
    service s = {.options = {.max_connections = MOST, .drain = weir_seconds(20)}};
    static weir_tcp_stream clients[CLIENTS];
    char byte;
    if (!start_service(io, &s)) return;
    for (int i = 0; i < CLIENTS; i++) {
        check_int(weir_tcp_connect(io, &s.address, &clients[i]), 0);
        if (i >= MOST) check_int(weir_tcp_write_all(io, &clients[i], "x", 1), 1);
    }
    /* The first ones say nothing yet, and hold all others up. */
    while (__atomic_load_n(&s.now, __ATOMIC_SEQ_CST) < MOST) weir_sleep(io, weir_milliseconds(1));
    for (int i = 0; i < MOST; i++) check_int(weir_tcp_write_all(io, &clients[i], "x", 1), 1);
    check_int(contract_reached(io, &s.served, CLIENTS), 0);
    for (int i = 0; i < CLIENTS; i++) {
        check_int(weir_tcp_read(io, &clients[i], &byte, 1), 1);
        weir_tcp_close(io, &clients[i]);
    }
    check_int(s.most, MOST);
    /* One is being served while serving ends: it is let finish. */
    check_int(weir_tcp_connect(io, &s.address, &clients[0]), 0);
    while (__atomic_load_n(&s.now, __ATOMIC_SEQ_CST) < 1) weir_sleep(io, weir_milliseconds(1));
    weir_token_cancel(io, &s.token, "enough");
    contract_settle(io);
    check_int(weir_tcp_write_all(io, &clients[0], "y", 1), 1);
    check_int(weir_tcp_read(io, &clients[0], &byte, 1), 1);
    weir_tcp_close(io, &clients[0]);
    stop_service(io, &s, 0);
    check_int(s.counts.accepted, CLIENTS + 1);
    check_int(s.counts.failed, 0);
    check_int(s.canceled, 0);
}

CONTRACT(serve_cancels_what_does_not_end_in_time)
{
    for (int how = 0; how < 3; how++) {
        service s = {0};
        weir_tcp_stream client;
        if (how == 1) s.options.drain = weir_milliseconds(20);
        if (!start_service(io, &s)) return;
        check_int(weir_tcp_connect(io, &s.address, &client), 0);
        while (__atomic_load_n(&s.now, __ATOMIC_SEQ_CST) < 1) weir_sleep(io, weir_milliseconds(1));
        if (how == 2) weir_cancel_request(io, &s.task);
        if (how == 2) check_int(weir_await(io, &s.task, NULL), 0);
        stop_service(io, &s, how == 2 ? WEIR_ECANCELED : 0);
        check_int(s.canceled, 1);
        check_int(s.counts.failed, 1);
        weir_tcp_close(io, &client);
    }
}

CONTRACT(serve_ends_connections_at_their_deadline)
{
    service s = {.options.deadline = weir_milliseconds(20)};
    weir_tcp_stream client;
    char byte;
    if (!start_service(io, &s)) return;
    check_int(weir_tcp_connect(io, &s.address, &client), 0);
    check_int(weir_tcp_read(io, &client, &byte, 1), 0);
    weir_tcp_close(io, &client);
    stop_service(io, &s, 0);
    check_int(s.counts.failed, 1);
    check_int(s.canceled, 0);
}

CONTRACT(serve_refuses_more_than_a_prefix_may_have)
{
    const weir_accept_limit_options limits = {.levels = {{.connections = 2}}};
    const weir_hash_key key = {{0}};
    service s = {0};
    weir_tcp_stream clients[3];
    char byte;
    if (!check_int(weir_accept_limit_create(&limits, &key, &s.options.limit), 0)) return;
    if (!start_service(io, &s)) return;
    for (int i = 0; i < 3; i++) check_int(weir_tcp_connect(io, &s.address, &clients[i]), 0);
    check(weir_tcp_read(io, &clients[2], &byte, 1) <= 0);
    for (int i = 0; i < 2; i++) {
        check_int(weir_tcp_write_all(io, &clients[i], "x", 1), 1);
        check_int(weir_tcp_read(io, &clients[i], &byte, 1), 1);
    }
    for (int i = 0; i < 3; i++) weir_tcp_close(io, &clients[i]);
    stop_service(io, &s, 0);
    check_int(s.counts.refused, 1);
    check_int(weir_accept_limit_total(s.options.limit), 0);
    weir_accept_limit_destroy(s.options.limit);
}

static void be_served_once(weir_io *io, const service *s)
{
    weir_tcp_stream client;
    char byte;
    if (!check_int(weir_tcp_connect(io, &s->address, &client), 0)) return;
    check_int(weir_tcp_write_all(io, &client, "x", 1), 1);
    check_int(weir_tcp_read(io, &client, &byte, 1), 1);
    weir_tcp_close(io, &client);
}

CONTRACT(serve_outlives_a_lack_of_memory)
{
    service s = {0};
    if (!start_service(io, &s)) return;
    be_served_once(io, &s); /* it has begun */
    const int raw = contract_client(&s.address);
    test_alloc_fail_after(0);
    /* Some wait for memory, others are dropped: either way the next one is served. */
    weir_sleep(io, weir_milliseconds(10));
    test_alloc_reset();
    be_served_once(io, &s);
    close(raw);
    stop_service(io, &s, 0);
}

/* Serves, and tells whether a request is left for the next operation. */
static int serve_and_check(weir_io *io, void *argument)
{
    serve_it(io, argument);
    return weir_check(io);
}

CONTRACT(serve_leaves_a_request_that_ended_its_draining)
{
    service s = {.options = {.drain = weir_seconds(50)}};
    weir_tcp_stream client, late;
    s.options.token = &s.token;
    if (!listen_at_kept_port(io, &s)) return;
    check_int(weir_concurrent(io, &s.task, serve_and_check, &s, NULL), 0);
    check_int(weir_tcp_connect(io, &s.address, &client), 0);
    while (__atomic_load_n(&s.now, __ATOMIC_SEQ_CST) < 1) weir_sleep(io, weir_milliseconds(1));
    weir_token_cancel(io, &s.token, "enough");
    /* When the listener is closed it drains. */
    while (weir_tcp_connect(io, &s.address, &late) == 0) weir_tcp_close(io, &late);
    contract_settle(io);
    check_int(weir_cancel(io, &s.task), WEIR_ECANCELED);
    check_int(s.result, 0);
    /* A late one that was accepted before the listener was closed may be canceled, too. */
    check(s.canceled >= 1);
    weir_token_end(io, &s.token);
    weir_close_socket(io, s.keeper);
    weir_tcp_close(io, &client);
}
