/* SPDX-License-Identifier: MIT
 *
 * Do batches, segments and questions over UDP keep what net/udp.h promises?
 */
#include "test/contract/contract.h"

#include <weir/net/udp.h>

enum { BATCH = 48, SIZE = 64 };

typedef struct batch {
    weir_message messages[BATCH];
    struct iovec slices[BATCH];
    char data[BATCH * SIZE];
    _Alignas(size_t) char control[BATCH * WEIR_ANCILLARY_ROOM];
} batch;

static bool bind_here(weir_io *io, const weir_socket_options *options, weir_udp_socket *udp,
                      weir_address *address)
{
    const weir_address here = weir_address_loopback4(0);
    return check_int(weir_udp_bind(io, &here, options, udp), 0) &&
           check_int(weir_udp_local(io, udp, address), 0);
}

static bool both_ends(weir_io *io, const weir_socket_options *options, weir_udp_socket *server,
                      weir_udp_socket *client)
{
    weir_address address;
    return bind_here(io, options, server, &address) &&
           check_int(weir_udp_dial(io, &address, NULL, client), 0);
}

static void close_both(weir_io *io, weir_udp_socket *a, weir_udp_socket *b)
{
    weir_udp_close(io, a);
    weir_udp_close(io, b);
}

static weir_deadline soon(weir_io *io)
{
    return weir_deadline_after(io, weir_seconds(50));
}

/* Fills a batch with datagrams of different lengths, for `to`. */
static void write_batch(batch *all, const weir_address *to)
{
    weir_udp_fill(all->messages, all->slices, BATCH, all->data, SIZE, NULL, 0);
    for (uint32_t i = 0; i < BATCH; i++) {
        memset(all->slices[i].iov_base, (int)i, SIZE);
        all->slices[i].iov_len = i;
        all->messages[i].address = *to;
    }
}

CONTRACT(udp_batches_go_round_and_come_back_from_where_they_went)
{
    batch *all = calloc(1, sizeof *all);
    weir_udp_socket server, client;
    weir_address address, none = {0};
    const weir_socket_options options = {.receive_packet_info = true, .receive_buffer = 1 << 18};
    const weir_address any = weir_address_any4(0);
    if (!all || !check_int(weir_udp_bind(io, &any, &options, &server), 0)) return free(all);
    check_int(weir_udp_local(io, &server, &address), 0);
    weir_address target = weir_address_loopback4(address.port);
    target.at.ipv4[1] = 5;
    if (!check_int(weir_udp_dial(io, &target, NULL, &client), 0)) return free(all);

    int error = 1;
    write_batch(all, &none);
    check_int(weir_udp_send_many(io, &client, all->messages, BATCH, &error), BATCH);
    check_int(error, 0);
    check_int(all->messages[BATCH - 1].len, BATCH - 1);

    weir_udp_fill(all->messages, all->slices, BATCH, all->data, SIZE, all->control,
                  WEIR_ANCILLARY_ROOM);
    check_int(weir_udp_receive_many(io, &server, all->messages, BATCH, soon(io)), BATCH);
    for (uint32_t i = 0; i < BATCH; i++) {
        check_int(all->messages[i].len, i);
        all->slices[i].iov_len = all->messages[i].len;
        weir_ancillary_turn(&all->messages[i]);
        check(all->messages[i].control_len > 0);
    }
    check_int(weir_udp_send_many(io, &server, all->messages, BATCH, NULL), BATCH);

    /* The client is connected: nothing arrives that left from another address. */
    weir_udp_fill(all->messages, all->slices, BATCH, all->data, SIZE, NULL, 0);
    uint32_t back = 0;
    while (back < BATCH) {
        int64_t n =
            weir_udp_receive_many(io, &client, all->messages + back, BATCH - back, soon(io));
        if (!check(n > 0)) break;
        back += (uint32_t)n;
    }
    for (uint32_t i = 0; i < back; i++) {
        check_int(all->messages[i].len, i);
        check(i == 0 || all->data[i * SIZE] == (char)i);
        check(weir_address_equal(&all->messages[i].address, &target));
    }
    check_int(weir_udp_receive_many(io, &client, all->messages, BATCH,
                                    weir_deadline_after(io, weir_milliseconds(3))),
              WEIR_EDEADLINE);
    check_int(weir_udp_receive_many(io, &client, all->messages, 0, soon(io)), 0);
    close_both(io, &server, &client);
    free(all);
}

CONTRACT(udp_a_batch_tells_how_far_it_came_and_can_be_sent_on)
{
    batch *all = calloc(1, sizeof *all);
    weir_udp_socket server, client;
    weir_address address;
    const weir_socket_options options = {.receive_buffer = 1 << 18};
    if (!all || !bind_here(io, &options, &server, &address)) return free(all);
    if (!check_int(weir_udp_open(io, WEIR_ADDRESS_IPV4, NULL, &client), 0)) return free(all);
    int error = 0;
    write_batch(all, &address);
    all->messages[40].address = weir_address_any6(1); /* no family of this socket */
    check_int(weir_udp_send_many(io, &client, all->messages, BATCH, &error), 40);
    check(error < 0);
    all->messages[40].address = address;
    check_int(weir_udp_send_many(io, &client, all->messages + 40, BATCH - 40, &error), BATCH - 40);
    check_int(error, 0);
    weir_udp_fill(all->messages, all->slices, BATCH, all->data, 20, NULL, 0);
    check_int(weir_udp_receive_many(io, &server, all->messages, BATCH, soon(io)), BATCH);
    for (uint32_t i = 0; i < BATCH; i++) {
        check_int(all->messages[i].len, i < 20 ? i : 20);
        check_int(all->messages[i].came, i > 20 ? WEIR_MESSAGE_TRUNCATED : 0);
    }
    close_both(io, &server, &client);
    free(all);
}

/* Segments ---------------------------------------------------------------------------------- */

enum { SEGMENT = 1200, TOTAL = 100 * SEGMENT + 77 };

/* Takes datagrams until TOTAL bytes are there; they have to be what was sent. */
static void take_all(weir_io *io, weir_udp_socket *udp, const char *sent, bool to_be_merged)
{
    static _Thread_local char data[65536];
    size_t at = 0;
    bool merged = false;
    while (at < TOTAL) {
        weir_datagram datagram;
        int64_t n = weir_udp_receive_datagram(io, udp, data, sizeof data, soon(io), &datagram);
        if (!check(n > 0)) return;
        const weir_ancillary *about = &datagram.about;
        const uint32_t segment = about->has & WEIR_ANCILLARY_SEGMENT ? about->segment : 0;
        merged |= segment != 0 && n > segment;
        weir_bytes rest = weir_bytes_of(data, (size_t)n), one;
        while (weir_udp_next_segment(&rest, segment, &one)) {
            check_int(one.len, TOTAL - at < SEGMENT ? TOTAL - at : SEGMENT);
            check(at + one.len <= TOTAL && memcmp(one.data, sent + at, one.len) == 0);
            at += one.len;
        }
    }
    check_int(merged, to_be_merged);
}

static void send_and_take(weir_io *io, bool cutting, bool merging)
{
    weir_udp_socket server, client;
    const weir_socket_options options = {.receive_buffer = 1 << 20, .udp_gro = merging};
    char *data = malloc(TOTAL);
    if (!data || !both_ends(io, &options, &server, &client)) return free(data);
    for (size_t i = 0; i < TOTAL; i++) data[i] = (char)(i * 31 >> 4);
    client.no_cutting = !cutting;
    /* What the buffer of an unprivileged user holds is sent at a time. */
    size_t done = 0;
    while (done < TOTAL) {
        int64_t n = weir_udp_send_segments(io, &client, data + done, TOTAL - done, SEGMENT, NULL);
        if (!check(n > 0)) break;
        done += (size_t)n;
    }
    check_int(done, TOTAL);
    check(!cutting || !client.no_cutting); /* the loopback device can */
    take_all(io, &server, data, merging);
    close_both(io, &server, &client);
    free(data);
}

CONTRACT(udp_segments_arrive_as_datagrams)
{
    send_and_take(io, true, false);
}

CONTRACT(udp_segments_are_sent_one_by_one_where_the_kernel_cannot)
{
    send_and_take(io, false, false);
}

CONTRACT(udp_merged_datagrams_are_taken_apart)
{
    send_and_take(io, true, true);
}

CONTRACT(udp_segments_longer_than_the_path_takes_are_fragmented_or_refused)
{
    weir_socket keeper;
    weir_udp_socket server, client;
    weir_address address;
    int mtu = 0;
    static char data[WEIR_UDP_MAX * 2];
    if (!both_ends(io, &(weir_socket_options){.receive_buffer = 1 << 20}, &server, &client)) return;
    check_int(weir_udp_send_segments(io, &client, data, 10, 0, NULL), WEIR_EINVAL);
    check_int(weir_udp_send_segments(io, &client, data, 10, WEIR_UDP_MAX + 1, NULL), WEIR_EINVAL);
    check_int(weir_udp_send_segments(io, &client, data, 0, 10, NULL), 0);
    check_int(weir_udp_send_segments(io, &client, data, 10, 10, NULL), 10);
    check_int(weir_udp_receive(io, &server, data, sizeof data), 10);
    check_int(weir_udp_send_segments(io, &client, data, WEIR_UDP_MAX + 5, WEIR_UDP_MAX, NULL),
              WEIR_UDP_MAX + 5);
    check_int(weir_udp_receive(io, &server, data, sizeof data), WEIR_UDP_MAX);
    check_int(weir_udp_receive(io, &server, data, sizeof data), 5);
    check_int(weir_udp_local(io, &server, &address), 0);
    check_int(weir_udp_send_segments(io, &client, data, 3000, 1000, &address), 3000);
    for (int i = 0; i < 3; i++) check_int(weir_udp_receive(io, &server, data, sizeof data), 1000);
    check_int(weir_option_get_path_mtu(io, client.socket, &mtu), 0);
    close_both(io, &server, &client);
    if (!contract_nobody(io, SOCK_DGRAM, &keeper, &address)) return;
    check_int(weir_udp_dial(io, &address, NULL, &client), 0);
    check_int(weir_udp_send_segments(io, &client, data, 3000, 1000, NULL) > 0, 1);
    check(weir_poll(io, client.socket, WEIR_POLL_READ) & WEIR_POLL_ERROR);
    check_int(weir_udp_send_segments(io, &client, data, 3000, 1000, NULL), WEIR_ECONNREFUSED);
    weir_udp_close(io, &client);
    weir_close_socket(io, keeper);
}

/* Questions --------------------------------------------------------------------------------- */

typedef struct oracle {
    weir_udp_socket udp;
    weir_address client;
    unsigned ignored; /* how many questions are not answered */
    unsigned seen;
    bool stale; /* answers to other questions come first */
} oracle;

static int answer_one(weir_io *io, void *argument)
{
    oracle *self = argument;
    char data[16];
    for (;;) {
        int64_t n = weir_udp_receive_from(io, &self->udp, data, sizeof data, &self->client);
        if (n < 0) return (int)n;
        if (self->seen++ < self->ignored) continue;
        for (char id = 'a'; self->stale && id < 'f'; id++) {
            const char stale[] = {id, '?'};
            weir_udp_send_to(io, &self->udp, stale, sizeof stale, &self->client);
        }
        weir_udp_send_to(io, &self->udp, "", 0, &self->client);
        const char full[] = {data[0], '=', '4', '2'};
        return (int)weir_udp_send_to(io, &self->udp, full, sizeof full, &self->client);
    }
}

static bool has_id(void *context, weir_bytes answer)
{
    return answer.len > 0 && answer.data[0] == *(const char *)context;
}

/* Asks an oracle; returns what weir_udp_ask did. */
static int64_t consult(weir_io *io, oracle *self, const weir_udp_question *how, char *answer,
                       size_t room, weir_duration patience)
{
    weir_address address;
    weir_udp_socket client;
    weir_group group = WEIR_GROUP_INIT;
    char id = 'x';
    weir_udp_question question = *how;
    question.data = weir_bytes_text("x?");
    question.match = has_id;
    question.context = &id;
    if (!bind_here(io, NULL, &self->udp, &address)) return 0;
    if (!check_int(weir_udp_dial(io, &address, NULL, &client), 0)) return 0;
    check_int(weir_group_concurrent(io, &group, answer_one, self, NULL), 0);
    int64_t n =
        weir_udp_ask(io, &client, &question, answer, room, weir_deadline_after(io, patience));
    weir_group_cancel(io, &group);
    weir_udp_close(io, &client);
    weir_udp_close(io, &self->udp);
    return n;
}

CONTRACT(udp_a_question_is_repeated_until_it_is_answered)
{
    oracle self = {.ignored = 3, .stale = true};
    char answer[16];
    const weir_udp_question how = {.patience = weir_milliseconds(3)};
    check_int(consult(io, &self, &how, answer, sizeof answer, weir_seconds(20)), 4);
    check(memcmp(answer, "x=42", 4) == 0);
    check(self.seen >= 4);
}

CONTRACT(udp_a_question_is_given_up_in_time)
{
    oracle self = {.ignored = 1000};
    char answer[16];
    weir_udp_question how = {.patience = weir_milliseconds(2), .attempts = 3};
    weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    check_int(consult(io, &self, &how, answer, sizeof answer, weir_seconds(20)), WEIR_EDEADLINE);
    /* 2 + 4 + 8 */
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns - start.ns >= 14000000);
    check(self.seen <= 3);
    self = (oracle){.ignored = 1000};
    how = (weir_udp_question){.patience = weir_seconds(60)};
    start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    check_int(consult(io, &self, &how, answer, sizeof answer, weir_milliseconds(10)),
              WEIR_EDEADLINE);
    check(contract_ms_since(io, start) < 60000);
}

CONTRACT(udp_an_answer_that_does_not_fit_is_told)
{
    oracle self = {0};
    char answer[2];
    const weir_udp_question how = {0};
    check_int(consult(io, &self, &how, answer, sizeof answer, weir_seconds(20)), WEIR_EMSGSIZE);
    check(memcmp(answer, "x=", 2) == 0);
}

CONTRACT(udp_a_question_ends_when_nobody_is_there)
{
    weir_socket keeper;
    weir_udp_socket server, client;
    weir_address address, from;
    char data[16];
    const weir_udp_question question = {.data = weir_bytes_text("?")};
    if (!bind_here(io, NULL, &server, &address)) return;
    if (!check_int(weir_udp_open(io, WEIR_ADDRESS_IPV4, NULL, &client), 0)) return;
    check_int(weir_udp_ask(io, &client, &question, data, sizeof data, soon(io)), WEIR_ENOTCONN);
    /* What a stranger sent before the socket was connected is no answer. */
    check_int(weir_udp_send_to(io, &client, "hello", 5, &address), 5);
    check_int(weir_udp_receive_from(io, &server, data, sizeof data, &from), 5);
    check_int(weir_udp_send_to(io, &server, "stranger", 8, &from), 8);
    weir_udp_close(io, &server);
    if (!contract_nobody(io, SOCK_DGRAM, &keeper, &address)) return;
    check_int(weir_udp_connect(io, &client, &address), 0);
    check_int(weir_udp_ask(io, &client, &question, data, sizeof data, soon(io)), WEIR_ECONNREFUSED);
    /* A refusal of long ago, here by another peer, is not the answer to a new question. */
    check_int(weir_udp_send(io, &client, "?", 1), 1);
    check(weir_poll(io, client.socket, WEIR_POLL_READ) & WEIR_POLL_ERROR);
    if (!bind_here(io, NULL, &server, &address)) return;
    check_int(weir_udp_connect(io, &client, &address), 0);
    check_int(weir_udp_local(io, &client, &from), 0);
    check_int(weir_udp_send_to(io, &server, "answer", 6, &from), 6);
    check_int(weir_udp_ask(io, &client, &question, data, sizeof data, soon(io)), 6);
    close_both(io, &server, &client);
    weir_close_socket(io, keeper);
}
