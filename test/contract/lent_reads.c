/* SPDX-License-Identifier: MIT
 *
 * Does a standing receive lend every byte once and in order, bound the memory of what is not taken,
 * and end cleanly at any moment?
 */
#include "test/contract/contract.h"

#include <stdio.h>
#include <sys/socket.h>

enum { BUFFERS = 64, CROWD = 150 };

static uint64_t hash_bytes(uint64_t hash, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)data[i]) * 1099511628211u;
    return hash;
}

typedef struct sending {
    weir_socket to;
    size_t total;
    size_t sent; /* so far; read by others while it grows */
    uint64_t seed, hash;
} sending;

/* Sends random bytes in pieces of random length, then the end of the stream. */
static int send_random(weir_io *io, void *argument)
{
    enum { PIECE = 30000 };
    sending *s = argument;
    char *piece = malloc(PIECE);
    if (!piece) abort();
    for (size_t done = 0; done < s->total;) {
        size_t len = 1 + test_random(&s->seed) % PIECE;
        if (len > s->total - done) len = s->total - done;
        for (size_t i = 0; i < len; i++) piece[i] = (char)(s->seed + i * 31 + done);
        s->hash = hash_bytes(s->hash, piece, len);
        for (size_t at = 0; at < len;) {
            int64_t sent = weir_write(io, s->to, piece + at, len - at);
            if (!check(sent > 0)) break;
            at += (size_t)sent;
            __atomic_fetch_add(&s->sent, (size_t)sent, __ATOMIC_SEQ_CST);
        }
        done += len;
        if (contract_failed()) break;
    }
    check_int(weir_shutdown(io, s->to, SHUT_WR), 0);
    free(piece);
    return 0;
}

/* Takes all that comes, up to `limit`, giving each buffer back. */
static size_t take_all(weir_io *io, weir_receiver *receiver, uint64_t *hash, size_t limit)
{
    size_t total = 0;
    while (total < limit) {
        weir_lent lent = {0};
        int64_t got = weir_read_lent(io, receiver, &lent);
        if (got <= 0) {
            check_int(got, 0);
            check(lent.home == NULL);
            break;
        }
        check_int(lent.len, got);
        *hash = hash_bytes(*hash, lent.data, lent.len);
        memset(lent.data, 0xee, lent.len); /* the buffer is ours to overwrite */
        total += (size_t)got;
        weir_give_back(io, &lent);
        check(lent.home == NULL);
        weir_give_back(io, &lent);
    }
    return total;
}

static void transfer(weir_io *io, weir_socket ends[2], size_t total)
{
    sending s = {.to = ends[1], .total = total, .seed = test_seed()};
    weir_receiver receiver;
    weir_task task = {0};
    uint64_t hash = 0;
    check_int(weir_concurrent(io, &task, send_random, &s, NULL), 0);
    weir_receiver_init(&receiver, ends[0]);
    check_int(take_all(io, &receiver, &hash, SIZE_MAX), total);
    check_int(weir_await(io, &task, NULL), 0);
    check(hash == s.hash);
    weir_receiver_stop(io, &receiver);
    contract_close(io, ends);
}

CONTRACT(a_large_transfer_arrives_whole_and_in_order)
{
    weir_socket ends[2];
    if (contract_tcp_pair(io, ends)) transfer(io, ends, 4 << 20);
    if (contract_pair(SOCK_STREAM, ends)) transfer(io, ends, 2 << 20);
}

static void few_buffers(weir_engine_options *options)
{
    options->buffer_size = 4096;
    options->max_buffers = BUFFERS;
}

CONTRACT_WITH(a_large_transfer_through_few_small_buffers_arrives, few_buffers)
{
    weir_socket ends[2];
    if (contract_tcp_pair(io, ends)) transfer(io, ends, 1 << 20);
}

static int send_until_error(weir_io *io, void *argument)
{
    sending *s = argument;
    char *piece = calloc(1, 65536);
    if (!piece) abort();
    for (int64_t sent; s->sent < s->total && (sent = weir_write(io, s->to, piece, 65536)) > 0;)
        __atomic_fetch_add(&s->sent, (size_t)sent, __ATOMIC_SEQ_CST);
    free(piece);
    return 0;
}

CONTRACT(what_is_not_taken_holds_the_sender_back)
{
    enum { TOTAL = 24 << 20, BOUND = 8 << 20 };
    weir_socket ends[2];
    weir_lent lent = {0};
    weir_receiver receiver;
    weir_task task = {0};
    contract_pair(SOCK_STREAM, ends);
    sending s = {.to = ends[1], .total = TOTAL, .seed = 1};
    check_int(weir_concurrent(io, &task, send_until_error, &s, NULL), 0);
    weir_receiver_init(&receiver, ends[0]);
    check(weir_read_lent(io, &receiver, &lent) > 0);
    weir_give_back(io, &lent);
    /* The sender goes on until it is held back: until two looks find the same count. */
    size_t before;
    do {
        before = __atomic_load_n(&s.sent, __ATOMIC_SEQ_CST);
        check_int(weir_sleep(io, weir_milliseconds(20)), 0);
    } while (__atomic_load_n(&s.sent, __ATOMIC_SEQ_CST) != before);
    if (!check(before < BOUND)) fprintf(stderr, "    %zu bytes went unread\n", before);
    weir_receiver_stop(io, &receiver);
    weir_cancel(io, &task);
    contract_close(io, ends);
}

CONTRACT(the_end_of_the_stream_comes_after_the_bytes_and_stays)
{
    weir_socket ends[2];
    weir_receiver receiver;
    weir_lent lent = {0};
    uint64_t hash = 0;
    if (!contract_tcp_pair(io, ends)) return;
    weir_receiver_init(&receiver, ends[0]);
    check_int(weir_write_all(io, ends[1], "last words", 10), 10);
    weir_close_socket(io, ends[1]);
    ends[1].fd = -1;
    check_int(take_all(io, &receiver, &hash, SIZE_MAX), 10);
    check(hash == hash_bytes(0, "last words", 10));
    for (int i = 0; i < 3; i++) {
        check_int(weir_read_lent(io, &receiver, &lent), 0);
        check(lent.home == NULL);
    }
    weir_receiver_stop(io, &receiver);
    contract_close(io, ends);
}

CONTRACT(a_receiver_can_be_stopped_at_any_moment)
{
    for (int round = 0; round < 60; round++) {
        weir_socket ends[2];
        weir_receiver receiver;
        weir_lent lent = {0};
        char got[64] = "";
        if (!contract_tcp_pair(io, ends)) return;
        weir_receiver_init(&receiver, ends[0]);
        if (round % 4 > 0) {
            check_int(weir_write_all(io, ends[1], "first", 5), 5);
            check(weir_read_lent(io, &receiver, &lent) > 0);
        }
        if (round % 4 > 1) check_int(weir_write_all(io, ends[1], "second", 6), 6);
        if (round % 8 > 3) weir_yield(io);
        weir_receiver_stop(io, &receiver);
        weir_give_back(io, &lent);
        /* Plain reads work again and find at least what came after. */
        check_int(weir_write_all(io, ends[1], "later", 5), 5);
        check_int(weir_shutdown(io, ends[1], SHUT_WR), 0);
        size_t total = 0;
        int64_t count;
        while ((count = weir_read(io, ends[0], got + total, sizeof got - total)) > 0)
            total += (size_t)count;
        check_int(count, 0);
        if (check(total >= 5)) check(memcmp(got + total - 5, "later", 5) == 0);
        /* And so does a second standing receive on what is left of the connection. */
        weir_receiver_init(&receiver, ends[0]);
        check_int(weir_read_lent(io, &receiver, &lent), 0);
        weir_receiver_stop(io, &receiver);
        contract_close(io, ends);
    }
}

CONTRACT(a_receiver_that_was_never_used_can_be_stopped)
{
    weir_socket ends[2];
    weir_receiver receiver;
    contract_pair(SOCK_STREAM, ends);
    weir_receiver_init(&receiver, ends[0]);
    weir_receiver_stop(io, &receiver);
    contract_close(io, ends);
}

typedef struct handing {
    weir_lent *lent;
    weir_receiver *receiver;
    int64_t got;
} handing;

static int give_back_there(weir_io *io, void *argument)
{
    handing *h = argument;
    weir_give_back(io, h->lent);
    return 0;
}

CONTRACT_WITH(a_buffer_can_be_given_back_on_any_worker, few_buffers)
{
    weir_socket ends[2];
    weir_receiver receiver;
    contract_pair(SOCK_STREAM, ends);
    weir_receiver_init(&receiver, ends[0]);
    for (int i = 0; i < 200; i++) {
        weir_lent lent = {0};
        handing h = {.lent = &lent};
        weir_task task = {0};
        weir_task_options options = {NULL, i % (int)weir_workers(io)};
        check_int(weir_write_all(io, ends[1], "bytes", 5), 5);
        check_int(weir_read_lent(io, &receiver, &lent), 5);
        check_int(weir_concurrent(io, &task, give_back_there, &h, &options), 0);
        check_int(weir_await(io, &task, NULL), 0);
        check(lent.home == NULL);
    }
    weir_receiver_stop(io, &receiver);
    contract_close(io, ends);
}

static int read_there(weir_io *io, void *argument)
{
    handing *h = argument;
    h->got = weir_read_lent(io, h->receiver, h->lent);
    if (h->got > 0) check(memcmp(h->lent->data, "bytes", 5) == 0);
    weir_give_back(io, h->lent);
    return 0;
}

CONTRACT(a_receiver_can_pass_from_task_to_task_on_any_worker)
{
    weir_socket ends[2];
    weir_receiver receiver;
    if (!contract_tcp_pair(io, ends)) return;
    weir_receiver_init(&receiver, ends[0]);
    for (int i = 0; i < 60; i++) {
        weir_lent lent = {0};
        handing h = {&lent, &receiver, 0};
        weir_task task = {0};
        weir_task_options options = {NULL, i % (int)weir_workers(io)};
        if (i % 2) check_int(weir_write_all(io, ends[1], "bytes", 5), 5);
        check_int(weir_concurrent(io, &task, read_there, &h, &options), 0);
        if (i % 2 == 0) {
            if (i % 4) contract_settle(io);
            check_int(weir_write_all(io, ends[1], "bytes", 5), 5);
        }
        check_int(weir_await(io, &task, NULL), 0);
        check_int(h.got, 5);
    }
    weir_receiver_stop(io, &receiver);
    contract_close(io, ends);
}

typedef struct crowd {
    weir_socket ends[CROWD][2];
    weir_receiver receivers[CROWD];
    weir_lent lents[CROWD];
} crowd;

static crowd *crowd_begin(void)
{
    crowd *c = calloc(1, sizeof *c);
    if (!c) abort();
    for (int i = 0; i < CROWD; i++) {
        contract_pair(SOCK_STREAM, c->ends[i]);
        weir_receiver_init(&c->receivers[i], c->ends[i][0]);
    }
    return c;
}

static void crowd_end(weir_io *io, crowd *c)
{
    for (int i = 0; i < CROWD; i++) {
        weir_give_back(io, &c->lents[i]);
        weir_receiver_stop(io, &c->receivers[i]);
        contract_close(io, c->ends[i]);
    }
    free(c);
}

CONTRACT_WITH(when_all_buffers_are_lent_the_next_read_says_so_and_works_later, few_buffers)
{
    crowd *c = crowd_begin();
    int held = 0;
    int64_t got = 0;
    weir_scope scope; /* a read that waits instead of failing fails the test by it */
    weir_scope_enter(io, &scope, weir_deadline_after(io, weir_seconds(50)));
    for (; held < CROWD; held++) {
        contract_at("buffer", (size_t)held);
        check_int(send(c->ends[held][1].fd, "bytes", 5, 0), 5);
        got = weir_read_lent(io, &c->receivers[held], &c->lents[held]);
        if (got < 0) break;
        check_int(got, 5);
    }
    if (!contract_on_threads(io)) {
        check(held >= BUFFERS / 2 && held <= BUFFERS);
        check_int(got, WEIR_ENOBUFS);
    }
    if (held < CROWD) {
        check_int(weir_read_lent(io, &c->receivers[held], &c->lents[held]), WEIR_ENOBUFS);
        weir_give_back(io, &c->lents[0]);
        got = weir_read_lent(io, &c->receivers[held], &c->lents[held]);
        if (check_int(got, 5)) check(memcmp(c->lents[held].data, "bytes", 5) == 0);
    }
    check_int(weir_scope_leave(io, &scope), 0);
    crowd_end(io, c);
}

CONTRACT_WITH(more_receivers_than_buffers_wait_without_one, few_buffers)
{
    crowd *c = crowd_begin();
    weir_op *ops = calloc(CROWD, sizeof *ops), *out = NULL;
    weir_queue queue;
    if (!ops) abort();
    weir_queue_init(io, &queue);
    for (int i = 0; i < CROWD; i++) {
        ops[i] = (weir_op){.code = WEIR_OP_READ_LENT};
        ops[i].args.lent.receiver = &c->receivers[i];
        ops[i].args.lent.out = &c->lents[i];
        weir_submit(io, &ops[i], &queue);
    }
    weir_yield(io);
    check(weir_queue_try(io, &queue) == NULL);
    for (int i = CROWD - 1; i >= 0; i--) {
        check_int(send(c->ends[i][1].fd, "bytes", 5, 0), 5);
        check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
        check_int(out - ops, i);
        check_int(out->result, 5);
        weir_give_back(io, &c->lents[i]);
    }
    free(ops);
    crowd_end(io, c);
}
