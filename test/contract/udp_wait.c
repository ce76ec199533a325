/* SPDX-License-Identifier: MIT
 *
 * Does a receive of messages wait for what it has not got, and for nothing else: after a batch that
 * left nothing, beside errors that nobody reads, beside others who receive, on a number that
 * another socket had?  And do batches keep names of all lengths apart?
 */
#include "test/contract/contract.h"

#include <weir/io/group.h>
#include <weir/io/inspect.h>
#include <weir/io/random.h>
#include <weir/net/udp.h>
#include <weir/net/unix_message.h>

enum { ROOM = 8, SIZE = 16 };

typedef struct batch {
    weir_message messages[ROOM];
    struct iovec slices[ROOM];
    char data[ROOM * SIZE];
} batch;

static bool both_ends(weir_io *io, const weir_socket_options *options, weir_udp_socket *server,
                      weir_udp_socket *client)
{
    const weir_address here = weir_address_loopback4(0);
    weir_address address;
    return check_int(weir_udp_bind(io, &here, options, server), 0) &&
           check_int(weir_udp_local(io, server, &address), 0) &&
           check_int(weir_udp_dial(io, &address, NULL, client), 0);
}

static int64_t receive_batch(weir_io *io, weir_udp_socket *udp, batch *in)
{
    weir_udp_fill(in->messages, in->slices, ROOM, in->data, SIZE, NULL, 0);
    return weir_udp_receive_many(io, udp, in->messages, ROOM,
                                 weir_deadline_after(io, weir_seconds(10)));
}

typedef struct sender {
    weir_udp_socket *from;
    uint32_t count;
} sender;

static int send_some(weir_io *io, void *argument)
{
    const sender *s = argument;
    for (uint32_t i = 0; i < s->count; i++) weir_udp_send(io, s->from, "0123456789", i + 1);
    return 0;
}

CONTRACT(udp_a_batch_that_left_nothing_is_followed_by_one_that_waits)
{
    weir_udp_socket server, client;
    batch in;
    if (!both_ends(io, NULL, &server, &client)) return;
    sender s = {&client, 3};
    for (int round = 0; round < 4; round++) {
        weir_group group = WEIR_GROUP_INIT;
        /* In odd rounds they are there before the receive begins. */
        check_int(weir_group_concurrent(io, &group, send_some, &s, NULL), 0);
        if (round % 2) check_int(weir_group_wait(io, &group), 0);
        uint32_t came = 0;
        while (came < s.count) {
            int64_t n = receive_batch(io, &server, &in);
            if (!check(n > 0)) break;
            for (int64_t i = 0; i < n; i++) check_int(in.messages[i].len, ++came);
        }
        check_int(weir_group_wait(io, &group), 0);
        weir_udp_fill(in.messages, in.slices, ROOM, in.data, SIZE, NULL, 0);
        check_int(weir_udp_receive_many(io, &server, in.messages, ROOM,
                                        weir_deadline_after(io, weir_milliseconds(1))),
                  WEIR_EDEADLINE);
    }
    weir_udp_close(io, &server);
    weir_udp_close(io, &client);
}

CONTRACT(udp_what_is_known_of_a_socket_ends_with_it)
{
    batch in;
    for (int round = 0; round < 3; round++) {
        weir_udp_socket server, client;
        if (!both_ends(io, NULL, &server, &client)) return;
        check_int(weir_udp_send(io, &client, "a", 1), 1);
        check_int(receive_batch(io, &server, &in), 1);
        weir_udp_close(io, &server);
        check_int(receive_batch(io, &server, &in), WEIR_EBADF);
        weir_udp_close(io, &client);
    }
    /* The number may now belong to what takes no messages. */
    weir_udp_socket server, client, stream = {0};
    if (!both_ends(io, NULL, &server, &client)) return;
    check_int(weir_udp_send(io, &client, "a", 1), 1);
    check_int(receive_batch(io, &server, &in), 1);
    weir_udp_close(io, &server);
    if (check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &stream.socket), 0)) {
        check_int(receive_batch(io, &stream, &in), WEIR_ENOTCONN);
        weir_close_socket(io, stream.socket);
    }
    weir_udp_close(io, &client);
}

CONTRACT(udp_a_receive_rests_beside_errors_that_nobody_reads)
{
    weir_udp_socket server, client, other;
    const weir_socket_options options = {.receive_errors = true};
    weir_address gone, address;
    char data[SIZE];
    if (!both_ends(io, NULL, &server, &client)) return;
    check_int(weir_udp_local(io, &server, &gone), 0);
    weir_udp_close(io, &server);
    weir_udp_close(io, &client);
    const weir_address here = weir_address_loopback4(0);
    if (!check_int(weir_udp_bind(io, &here, &options, &other), 0)) return;
    check_int(weir_udp_local(io, &other, &address), 0);
    check_int(weir_udp_send_to(io, &other, "gone", 4, &gone), 4);
    /* The refusal is said once, and stays in the queue of errors. */
    check_int(weir_udp_receive(io, &other, data, sizeof data), WEIR_ECONNREFUSED);
    const uint64_t before = weir_counters_of(io).enters;
    check_int(weir_udp_receive_until(io, &other, data, sizeof data,
                                     weir_deadline_after(io, weir_milliseconds(20)), NULL),
              WEIR_EDEADLINE);
    check(weir_counters_of(io).enters - before < 100);
    check_int(weir_udp_send_to(io, &other, "self", 4, &address), 4);
    check_int(weir_udp_receive(io, &other, data, sizeof data), 4);
    weir_udp_close(io, &other);
}

typedef struct taker {
    weir_udp_socket *udp;
    int64_t result;
} taker;

static int take_one(weir_io *io, void *argument)
{
    taker *t = argument;
    char data[SIZE];
    t->result = weir_udp_receive(io, t->udp, data, sizeof data);
    return 0;
}

CONTRACT(udp_each_of_several_receivers_gets_a_datagram)
{
    enum { TAKERS = 5 };
    weir_udp_socket server, client;
    taker takers[TAKERS];
    weir_group group = WEIR_GROUP_INIT;
    if (!both_ends(io, NULL, &server, &client)) return;
    for (int i = 0; i < TAKERS; i++) {
        takers[i] = (taker){.udp = &server};
        check_int(weir_group_concurrent(io, &group, take_one, &takers[i], NULL), 0);
    }
    sender s = {&client, TAKERS};
    send_some(io, &s);
    check_int(weir_group_wait(io, &group), 0);
    int64_t sum = 0;
    for (int i = 0; i < TAKERS; i++) sum += takers[i].result;
    check_int(sum, TAKERS * (TAKERS + 1) / 2);
    weir_udp_close(io, &server);
    weir_udp_close(io, &client);
}

/* An op on several messages: there is no other way to send a batch to Unix names. */
static int64_t exchange(weir_io *io, weir_unix_datagram *datagram, weir_opcode code, batch *all)
{
    weir_op op;
    weir_op_set(&op, code, datagram->socket.fd);
    weir_op_set_deadline(&op, weir_deadline_after(io, weir_seconds(10)));
    op.args.messages.first = all->messages;
    op.args.messages.count = ROOM;
    return weir_do(io, &op);
}

CONTRACT(unix_names_of_a_batch_may_have_any_length)
{
    enum { NAMES = 3 };
    static const size_t lengths[NAMES] = {WEIR_UNIX_ABSTRACT_MAX, 30, 77};
    weir_unix_datagram ends[NAMES];
    weir_address names[NAMES];
    char text[128];
    for (int i = 0; i < NAMES; i++) {
        memset(text, 'a' + i, sizeof text);
        weir_random(io, text, 16);
        check_int(weir_unix_abstract(weir_bytes_of(text, lengths[i]), &names[i]), 0);
        if (!check_int(weir_unix_datagram_bind(io, &names[i], NULL, &ends[i]), 0)) return;
    }
    batch all;
    weir_udp_fill(all.messages, all.slices, ROOM, all.data, SIZE, NULL, 0);
    for (int i = 0; i < ROOM; i++) {
        all.slices[i].iov_len = (size_t)i;
        all.messages[i].address = names[i % NAMES];
    }
    check_int(exchange(io, &ends[0], WEIR_OP_SEND_MANY, &all), ROOM);
    for (int i = 0; i < NAMES; i++) {
        weir_udp_fill(all.messages, all.slices, ROOM, all.data, SIZE, NULL, 0);
        int64_t n = exchange(io, &ends[i], WEIR_OP_RECEIVE_MANY, &all);
        check_int(n, (ROOM - i + NAMES - 1) / NAMES);
        for (int64_t k = 0; k < n; k++) {
            check_int(all.messages[k].len, i + k * NAMES);
            check(weir_address_equal(&all.messages[k].address, &names[0]));
        }
    }
    for (int i = 0; i < NAMES; i++) weir_unix_datagram_close(io, &ends[i]);
}
