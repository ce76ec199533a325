/* SPDX-License-Identifier: MIT
 *
 * Is everything that came taken exactly once when a cancellation races with it: bytes, lent bytes,
 * datagrams, connections?
 *
 * In each round something comes and the taker is canceled in the same moment, at a random distance.
 * What the taker did not take must be there for the next one, in order.
 */
#include "test/contract/contract.h"

#include <stdio.h>
#include <sys/socket.h>

enum { ROUNDS = 1500 };

typedef struct taker {
    weir_socket from;
    weir_receiver receiver;
    uint32_t expected; /* the number that must come next */
    unsigned delay;
    int64_t (*take)(weir_io *io, struct taker *taker);
} taker;

static void check_next(taker *t, uint32_t number)
{
    if (check_int(number, t->expected)) t->expected++;
}

static int64_t take_bytes(weir_io *io, taker *t)
{
    uint32_t number = 0;
    int64_t got = weir_read(io, t->from, &number, sizeof number);
    if (got >= 0 && check_int(got, sizeof number)) check_next(t, number);
    return got;
}

static int64_t take_lent(weir_io *io, taker *t)
{
    weir_lent lent = {0};
    int64_t got = weir_read_lent(io, &t->receiver, &lent);
    check_int(got % 4, got < 0 ? got % 4 : 0);
    for (int64_t i = 0; i + 4 <= got; i += 4) {
        uint32_t number;
        memcpy(&number, lent.data + i, sizeof number);
        check_next(t, number);
    }
    weir_give_back(io, &lent);
    return got;
}

static int64_t take_datagram(weir_io *io, taker *t)
{
    uint32_t number = 0;
    struct iovec slice = {&number, sizeof number};
    weir_message datagram = {.data = &slice, .count = 1};
    int64_t got = weir_receive(io, t->from, &datagram);
    if (got >= 0 && check_int(got, sizeof number)) check_next(t, number);
    return got;
}

static int take_until_canceled(weir_io *io, void *argument)
{
    taker *t = argument;
    contract_spin(t->delay);
    for (;;) {
        int64_t got = t->take(io, t);
        if (got == WEIR_ECANCELED) return 0;
        if (!check(got > 0)) return 0;
    }
}

static void give_and_cancel(weir_io *io, taker *t, weir_socket to)
{
    uint64_t seed = test_seed();
    uint32_t sent = 0;
    for (int round = 0; round < ROUNDS && !contract_failed(); round++) {
        weir_task task = {0};
        t->delay = (unsigned)(test_random(&seed) % 2000);
        check_int(weir_concurrent(io, &task, take_until_canceled, t, NULL), 0);
        if (test_random(&seed) % 2) contract_yield(io);
        for (uint64_t n = test_random(&seed) % 3; n > 0; n--, sent++) {
            check_int(send(to.fd, &sent, sizeof sent, MSG_NOSIGNAL | MSG_DONTWAIT), sizeof sent);
            contract_spin((unsigned)(test_random(&seed) % 1000));
        }
        check_int(weir_cancel(io, &task), 0);
        check(t->expected <= sent);
        /* A queue of datagrams may hold ten. */
        while (sent - t->expected > 4 && !contract_failed()) check(t->take(io, t) > 0);
    }
    while (t->expected < sent && !contract_failed()) check(t->take(io, t) > 0);
    check_int(t->expected, sent);
}

CONTRACT(no_byte_is_lost_when_reads_are_canceled)
{
    weir_socket ends[2];
    contract_pair(SOCK_SEQPACKET, ends);
    taker t = {.from = ends[0], .take = take_bytes};
    give_and_cancel(io, &t, ends[1]);
    contract_close(io, ends);
}

CONTRACT(no_lent_byte_is_lost_when_reads_are_canceled)
{
    weir_socket ends[2];
    if (!contract_tcp_pair(io, ends)) return;
    taker t = {.take = take_lent};
    weir_receiver_init(&t.receiver, ends[0]);
    give_and_cancel(io, &t, ends[1]);
    weir_receiver_stop(io, &t.receiver);
    contract_close(io, ends);
}

CONTRACT(no_datagram_is_lost_when_receives_are_canceled)
{
    weir_socket ends[2];
    contract_pair(SOCK_DGRAM, ends);
    taker t = {.from = ends[0], .take = take_datagram};
    give_and_cancel(io, &t, ends[1]);
    contract_close(io, ends);
}

typedef struct acceptor {
    weir_socket listener;
    unsigned accepted, delay;
} acceptor;

static int accept_until_canceled(weir_io *io, void *argument)
{
    acceptor *a = argument;
    contract_spin(a->delay);
    for (;;) {
        weir_socket got = {-1};
        int error = weir_accept(io, a->listener, &got);
        if (error == WEIR_ECANCELED) return 0;
        if (!check_int(error, 0)) return 0;
        a->accepted++;
        weir_close_socket(io, got);
    }
}

static void connect_and_cancel(weir_io *io, weir_socket listener, const weir_address *address)
{
    uint64_t seed = test_seed();
    acceptor a = {.listener = listener};
    unsigned connected = 0;
    for (int round = 0; round < 400 && !contract_failed(); round++) {
        weir_task task = {0};
        int clients[2] = {-1, -1};
        a.delay = (unsigned)(test_random(&seed) % 2000);
        check_int(weir_concurrent(io, &task, accept_until_canceled, &a, NULL), 0);
        if (test_random(&seed) % 2) contract_yield(io);
        for (uint64_t n = test_random(&seed) % 3; n > 0; n--) {
            clients[n - 1] = contract_client(address);
            connected++;
            contract_spin((unsigned)(test_random(&seed) % 1000));
        }
        check_int(weir_cancel(io, &task), 0);
        while (a.accepted < connected && !contract_failed()) {
            weir_socket got = {-1};
            if (!check_int(weir_accept(io, listener, &got), 0)) break;
            a.accepted++;
            weir_close_socket(io, got);
        }
        for (int i = 0; i < 2; i++)
            if (clients[i] >= 0) close(clients[i]);
    }
    check_int(a.accepted, connected);
}

CONTRACT(no_tcp_connection_is_lost_when_accepts_are_canceled)
{
    weir_socket listener;
    weir_address address;
    if (!contract_listener(io, 0, &listener, &address)) return;
    connect_and_cancel(io, listener, &address);
    weir_close_socket(io, listener);
}

CONTRACT(no_unix_connection_is_lost_when_accepts_are_canceled)
{
    weir_socket listener;
    weir_address address;
    char text[64];
    snprintf(text, sizeof text, "unix:@weir-contract-%d", (int)getpid());
    check_int(weir_address_parse(weir_bytes_text(text), &address), 0);
    if (!check_int(contract_listen(io, &address, NULL, &listener), 0)) return;
    connect_and_cancel(io, listener, &address);
    weir_close_socket(io, listener);
}

CONTRACT(no_byte_is_lost_when_submitted_reads_are_canceled)
{
    uint64_t seed = test_seed();
    uint32_t sent = 0, expected = 0;
    weir_socket ends[2];
    weir_queue queue;
    weir_queue_init(io, &queue);
    contract_pair(SOCK_SEQPACKET, ends);
    for (int round = 0; (round < ROUNDS || expected < sent) && !contract_failed(); round++) {
        uint32_t number = 0;
        struct iovec slice = {&number, sizeof number};
        weir_op op = {.code = WEIR_OP_READ, .fd = ends[0].fd, .args.vector = {&slice, 1, 1, 0}};
        weir_op *out = NULL;
        weir_submit(io, &op, &queue);
        if (test_random(&seed) % 2) contract_yield(io);
        if (round < ROUNDS && test_random(&seed) % 2 &&
            check_int(send(ends[1].fd, &sent, sizeof sent, MSG_NOSIGNAL), sizeof sent))
            sent++;
        if (test_random(&seed) % 4 == 0) contract_yield(io);
        if (round < ROUNDS) weir_op_cancel(io, &op);
        check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
        if (op.result == WEIR_ECANCELED) continue;
        if (check_int(op.result, sizeof number) && check_int(number, expected)) expected++;
    }
    check_int(expected, sent);
    contract_close(io, ends);
}
