/* SPDX-License-Identifier: MIT
 *
 * Does a standing receive lend every byte once and in order when small and large messages take
 * turns, whoever reads them, and does it tell the end behind either?
 */
#include "test/contract/contract.h"

#include <sys/socket.h>

enum { MESSAGES = 300, LONGEST_RUN = 12, MOST = 60000 };

typedef struct exchange {
    weir_socket ends[2];
    weir_receiver receiver;
    uint64_t seed;
    uint64_t sent, got; /* bytes so far: their number says what each byte is */
    size_t to_send;     /* by the sender */
    size_t awaited;     /* by the reader */
    char *data;
} exchange;

static char byte_at(uint64_t number)
{
    return (char)(number * 2654435761u >> 13);
}

static int read_awaited(weir_io *io, void *argument)
{
    exchange *x = argument;
    while (x->awaited > 0 && !contract_failed()) {
        weir_lent lent = {0};
        int64_t got = weir_read_lent(io, &x->receiver, &lent);
        if (!check(got > 0 && (size_t)got <= x->awaited)) break;
        bool same = true;
        for (int64_t i = 0; i < got; i++) same &= lent.data[i] == byte_at(x->got + (uint64_t)i);
        check(same);
        weir_give_back(io, &lent);
        x->got += (uint64_t)got;
        x->awaited -= (size_t)got;
    }
    return 0;
}

static int send_one(weir_io *io, void *argument)
{
    exchange *x = argument;
    const size_t len = x->to_send;
    for (size_t i = 0; i < len; i++) x->data[i] = byte_at(x->sent + i);
    check_int(weir_write_all(io, x->ends[1], x->data, len), len);
    x->sent += len;
    return 0;
}

/* One message is sent while it is awaited; who awaits it may be a task on another worker. */
static void pass_on(weir_io *io, exchange *x, bool large)
{
    weir_task sender = {0}, reader = {0};
    const size_t len =
        large ? 4096 + test_random(&x->seed) % (MOST - 4096) : 1 + test_random(&x->seed) % 300;
    x->awaited = x->to_send = len;
    if (test_random(&x->seed) % 2 && len < 4096) {
        send_one(io, x); /* it is there before anybody reads */
        read_awaited(io, x);
        return;
    }
    const bool elsewhere = test_random(&x->seed) % 4 == 0;
    check_int(weir_concurrent(io, &sender, send_one, x, NULL), 0);
    if (elsewhere && check_int(weir_concurrent(io, &reader, read_awaited, x, NULL), 0))
        check_int(weir_await(io, &reader, NULL), 0);
    else
        read_awaited(io, x);
    check_int(weir_await(io, &sender, NULL), 0);
}

static void take_turns(weir_io *io, weir_socket ends[2], bool end_large)
{
    exchange x = {.ends = {ends[0], ends[1]}, .seed = test_seed(), .data = malloc(MOST)};
    if (!x.data) abort();
    weir_receiver_init(&x.receiver, ends[0]);
    bool large = !end_large;
    for (int left = 0, i = 0; i < MESSAGES && !contract_failed(); i++, left--) {
        if (left == 0) {
            large = !large;
            left = 1 + (int)(test_random(&x.seed) % LONGEST_RUN);
        }
        pass_on(io, &x, large);
    }
    for (int i = 0; i < LONGEST_RUN && !contract_failed(); i++) pass_on(io, &x, end_large);
    /* The end is there together with the last bytes. */
    x.awaited = x.to_send = end_large ? 5000 : 50;
    send_one(io, &x);
    check_int(weir_shutdown(io, ends[1], SHUT_WR), 0);
    read_awaited(io, &x);
    weir_lent lent = {0};
    check_int(weir_read_lent(io, &x.receiver, &lent), 0);
    check_int(weir_read_lent(io, &x.receiver, &lent), 0);
    weir_receiver_stop(io, &x.receiver);
    contract_close(io, ends);
    free(x.data);
}

CONTRACT(small_and_large_messages_take_turns)
{
    weir_socket ends[2];
    if (contract_tcp_pair(io, ends)) take_turns(io, ends, true);
    if (contract_tcp_pair(io, ends)) take_turns(io, ends, false);
    if (contract_pair(SOCK_STREAM, ends)) take_turns(io, ends, true);
}

static int read_until_end(weir_io *io, void *argument)
{
    exchange *x = argument;
    weir_lent lent = {0};
    int64_t got = weir_read_lent(io, &x->receiver, &lent);
    weir_give_back(io, &lent);
    return (int)got;
}

/* A wait that is canceled leaves the receiver as it was, whatever the messages were. */
CONTRACT(a_wait_after_large_messages_can_be_canceled)
{
    weir_socket ends[2];
    if (!contract_tcp_pair(io, ends)) return;
    exchange x = {.ends = {ends[0], ends[1]}, .seed = test_seed(), .data = malloc(MOST)};
    if (!x.data) abort();
    weir_receiver_init(&x.receiver, ends[0]);
    for (int i = 0; i < 50 && !contract_failed(); i++) {
        weir_task waiting = {0};
        int result = 0;
        pass_on(io, &x, true);
        check_int(weir_concurrent(io, &waiting, read_until_end, &x, NULL), 0);
        if (i % 2) weir_yield(io);
        weir_cancel(io, &waiting);
        weir_await(io, &waiting, &result);
        check_int(result, WEIR_ECANCELED);
    }
    weir_receiver_stop(io, &x.receiver);
    contract_close(io, ends);
    free(x.data);
}

static void few_buffers(weir_engine_options *options)
{
    options->max_buffers = 64;
}

/* All buffers are lent after large messages: a read fails, and goes on when one has come back. */
CONTRACT_WITH(large_messages_without_buffers_can_be_read_again, few_buffers)
{
    enum { BUFFERS = 64 };
    weir_socket ends[2];
    if (!contract_tcp_pair(io, ends)) return;
    exchange x = {.ends = {ends[0], ends[1]}, .seed = test_seed(), .data = malloc(MOST)};
    weir_lent *lent = calloc(BUFFERS + 1, sizeof *lent);
    if (!x.data || !lent) abort();
    weir_receiver_init(&x.receiver, ends[0]);
    for (int i = 0; i < LONGEST_RUN; i++) { /* all by this task: each worker has its own buffers */
        x.awaited = x.to_send = 5000;
        send_one(io, &x);
        read_awaited(io, &x);
    }
    int count = 0;
    int64_t got = 0;
    for (; count <= BUFFERS && !contract_failed(); count++) {
        x.awaited = x.to_send = 5000;
        send_one(io, &x);
        got = weir_read_lent(io, &x.receiver, &lent[count]);
        if (got < 0) break;
        x.got += (uint64_t)got;
    }
    if (!contract_on_threads(io)) { /* they have no bound */
        check_int(got, WEIR_ENOBUFS);
        check_int(count, BUFFERS);
    }
    for (int i = 0; i < count; i++) weir_give_back(io, &lent[i]);
    x.awaited = x.sent - x.got;
    read_awaited(io, &x);
    pass_on(io, &x, true);
    weir_receiver_stop(io, &x.receiver);
    contract_close(io, ends);
    free(x.data);
    free(lent);
}
