/* SPDX-License-Identifier: MIT
 *
 * Does a standing receive lose nothing when its manner of receiving is about to change: at every
 * end, at a stop, a cancellation or a move to another worker, at urgent bytes, and when buffers are
 * short?
 */
#include "test/contract/contract.h"

#include <sys/socket.h>

#include <weir/net/tcp.h>

enum {
    BUFFER = 17 * 1024, /* what the engine lends if nothing else is asked for */
    MOST = 3 * BUFFER,
    ENTRY = 6, /* so many messages in a row change the manner, and a few more */
    BUFFERS = 64,
};

/* Bytes in order: their number says what each of them is. */
typedef struct passage {
    weir_socket ends[2];
    weir_receiver receiver;
    uint64_t seed;
    uint64_t holder_seed; /* of a reader beside a sender */
    uint64_t sent, got;
    int64_t result; /* of the last read */
} passage;

static char byte_at(uint64_t number)
{
    return (char)(number * 2654435761u >> 13);
}

static bool begin(weir_io *io, passage *p)
{
    *p = (passage){.seed = test_seed()};
    if (!contract_tcp_pair(io, p->ends)) return false;
    weir_receiver_init(&p->receiver, p->ends[0]);
    return true;
}

static void end(weir_io *io, passage *p)
{
    weir_receiver_stop(io, &p->receiver);
    contract_close(io, p->ends);
}

/* Lengths at the limits: of a large message and of a buffer. */
static size_t pick_length(uint64_t *seed)
{
    static const size_t lengths[] = {1,      300,        4095,       4096, 4097,
                                     BUFFER, BUFFER - 1, BUFFER + 1, MOST};
    return lengths[test_random(seed) % (sizeof lengths / sizeof *lengths)];
}

static void fill(const passage *p, char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) data[i] = byte_at(p->sent + i);
}

static bool send_message(weir_io *io, passage *p, size_t len)
{
    char *data = malloc(len);
    if (!data) abort();
    fill(p, data, len);
    const bool whole = check_int(weir_write_all(io, p->ends[1], data, len), len);
    free(data);
    p->sent += len;
    return whole;
}

static bool is_next(passage *p, const char *data, size_t len)
{
    bool same = true;
    for (size_t i = 0; i < len; i++) same &= data[i] == byte_at(p->got + i);
    p->got += len;
    return check(same);
}

/* One read.  Returns its result. */
static int64_t take(weir_io *io, passage *p)
{
    weir_lent lent = {0};
    const int64_t got = weir_read_lent(io, &p->receiver, &lent);
    if (got > 0) is_next(p, lent.data, (size_t)got);
    weir_give_back(io, &lent);
    return got;
}

static bool take_until(weir_io *io, passage *p, uint64_t number)
{
    while (p->got < number)
        if (!check(take(io, p) > 0)) return false;
    return true;
}

/* Messages of one length, each awaited before the next. */
static bool converse(weir_io *io, passage *p, unsigned messages, size_t len)
{
    while (messages-- > 0)
        if (!send_message(io, p, len) || !take_until(io, p, p->sent)) return false;
    return true;
}

/* Ends ----------------------------------------------------------------------------------------- */

typedef enum ending { HALF_CLOSED, CLOSED, RESET, ENDINGS } ending;

static int read_to_the_end(weir_io *io, void *argument)
{
    passage *p = argument;
    do p->result = take(io, p);
    while (p->result > 0);
    return 0;
}

static void end_by(weir_io *io, passage *p, ending how)
{
    weir_tcp_stream peer;
    if (how == HALF_CLOSED) {
        check_int(weir_shutdown(io, p->ends[1], SHUT_WR), 0);
        return;
    }
    weir_tcp_stream_init(&peer, p->ends[1]);
    if (how == CLOSED)
        weir_tcp_close(io, &peer);
    else
        weir_tcp_abort(io, &peer);
    p->ends[1].fd = -1;
}

static void meet_end(weir_io *io, unsigned before, size_t len, ending how)
{
    passage p;
    weir_task reader = {0};
    if (!begin(io, &p)) return;
    const bool waits = test_random(&p.seed) % 2;
    if (converse(io, &p, before, len)) {
        if (waits) check_int(weir_concurrent(io, &reader, read_to_the_end, &p, NULL), 0);
        if (test_random(&p.seed) % 2) weir_yield(io);
        for (unsigned more = test_random(&p.seed) % 3; more > 0; more--)
            send_message(io, &p, pick_length(&p.seed));
        end_by(io, &p, how);
        if (waits)
            check_int(weir_await(io, &reader, NULL), 0);
        else
            read_to_the_end(io, &p);
        if (how == RESET) {
            check(p.got <= p.sent);
            check_int(p.result, WEIR_ECONNRESET);
        } else {
            check_int(p.got, p.sent);
            check_int(p.result, 0);
        }
        check_int(take(io, &p), p.result);
    }
    end(io, &p);
}

CONTRACT(every_end_is_met_in_every_manner_and_between_them)
{
    for (unsigned before = 0; before <= ENTRY && !contract_failed(); before++) {
        for (int how = 0; how < ENDINGS; how++) {
            contract_at("messages before the end", before);
            meet_end(io, before, 4096, (ending)how);
            meet_end(io, before, BUFFER, (ending)how);
        }
    }
}

static int shut(weir_io *io, void *argument)
{
    passage *p = argument;
    contract_settle(io);
    return weir_shutdown(io, p->ends[0], SHUT_RDWR);
}

/* The own side ends the connection under the reader. */
CONTRACT(a_shutdown_ends_a_wait_for_large_messages)
{
    passage p;
    weir_task closer = {0};
    if (!begin(io, &p)) return;
    if (converse(io, &p, ENTRY, 5000)) {
        check_int(weir_concurrent(io, &closer, shut, &p, NULL), 0);
        check_int(take(io, &p), 0);
        check_int(weir_await(io, &closer, NULL), 0);
    }
    end(io, &p);
}

/* Stops, cancellations, moves ------------------------------------------------------------------ */

static bool reads_plainly(weir_io *io, passage *p, const char *expected, size_t len)
{
    char *got = malloc(MOST + len);
    size_t total = 0;
    int64_t count;
    if (!got) abort();
    while ((count = weir_read(io, p->ends[0], got + total, MOST + len - total)) > 0)
        total += (size_t)count;
    check_int(count, 0);
    const bool is_there = total >= len && memcmp(got + total - len, expected, len) == 0;
    free(got);
    return check(is_there);
}

/* Whatever the manner and whatever is under way, after a stop plain reads have what came later. */
CONTRACT(a_receiver_can_be_stopped_while_its_manner_changes)
{
    for (unsigned round = 0; round < 8 * ENTRY && !contract_failed(); round++) {
        passage p;
        contract_at("round", round);
        if (!begin(io, &p)) return;
        if (converse(io, &p, round % ENTRY, 4096)) {
            if (round % 4 > 1) converse(io, &p, round % 5, 100);
            if (round % 3) send_message(io, &p, round % 2 ? 10 : BUFFER);
            if (round % 8 > 3) weir_yield(io);
            weir_receiver_stop(io, &p.receiver);
            check_int(weir_write_all(io, p.ends[1], "later", 5), 5);
            check_int(weir_shutdown(io, p.ends[1], SHUT_WR), 0);
            reads_plainly(io, &p, "later", 5);
            weir_receiver_init(&p.receiver, p.ends[0]);
            check_int(take(io, &p), 0);
        }
        end(io, &p);
    }
}

static int take_once(weir_io *io, void *argument)
{
    passage *p = argument;
    p->result = take(io, p);
    return 0;
}

/* Sends what there is room for. */
static void send_some(passage *p)
{
    const size_t len = pick_length(&p->seed);
    char *data = malloc(len);
    if (!data) abort();
    fill(p, data, len);
    const ssize_t sent = send(p->ends[1].fd, data, len, MSG_DONTWAIT);
    free(data);
    if (sent > 0) p->sent += (uint64_t)sent;
}

/* A reader somewhere, which is canceled somewhere on its way. */
static void read_somewhere(weir_io *io, passage *p)
{
    weir_task reader = {0};
    weir_task_options options = {NULL, (int)(test_random(&p->seed) % weir_workers(io))};
    check_int(weir_concurrent(io, &reader, take_once, p, &options), 0);
    const bool late = test_random(&p->seed) % 2;
    if (late) send_some(p);
    for (unsigned turns = test_random(&p->seed) % 3; turns > 0; turns--) weir_yield(io);
    weir_cancel(io, &reader);
    weir_await(io, &reader, NULL);
    check(p->result > 0 || p->result == WEIR_ECANCELED);
}

CONTRACT(a_canceled_reader_on_any_worker_loses_nothing_in_any_manner)
{
    passage p;
    if (!begin(io, &p)) return;
    for (int i = 0; i < 400 && !contract_failed(); i++) {
        contract_at("step", (size_t)i);
        switch (test_random(&p.seed) % 4) {
        case 0: send_some(&p); break;
        case 1: take_until(io, &p, p.sent); break;
        default: read_somewhere(io, &p);
        }
        if (i % 100 == 50 && take_until(io, &p, p.sent)) converse(io, &p, ENTRY, 4096);
    }
    take_until(io, &p, p.sent);
    end(io, &p);
}

/* Urgent bytes --------------------------------------------------------------------------------- */

enum { AROUND = 4096 };

static int read_both_sides(weir_io *io, void *argument)
{
    passage *p = argument;
    return take_until(io, p, p->sent + 2 * AROUND) ? 0 : WEIR_EEOF;
}

/* A read ends at an urgent mark, though more is behind it, of which nobody tells again. */
static void pass_mark(weir_io *io, passage *p, bool waits)
{
    weir_task reader = {0};
    char data[2 * AROUND];
    fill(p, data, sizeof data);
    if (waits) {
        check_int(weir_concurrent(io, &reader, read_both_sides, p, NULL), 0);
        contract_settle(io);
    }
    check_int(send(p->ends[1].fd, data, AROUND, 0), AROUND);
    check_int(send(p->ends[1].fd, "!", 1, MSG_OOB), 1);
    check_int(send(p->ends[1].fd, data + AROUND, AROUND, 0), AROUND);
    check_int(waits ? weir_await(io, &reader, NULL) : read_both_sides(io, p), 0);
    p->sent += sizeof data;
    check_int(p->got, p->sent);
}

CONTRACT(what_is_behind_an_urgent_byte_is_read_in_every_manner)
{
    passage p;
    if (!begin(io, &p)) return;
    for (unsigned round = 0; round < 28 && !contract_failed(); round++) {
        contract_at("round", round);
        if (round % 4 != 3 && !converse(io, &p, round % (ENTRY + 1), 5000)) break;
        pass_mark(io, &p, round % 2);
    }
    end(io, &p);
}

/* Shortage ------------------------------------------------------------------------------------- */

enum { CROWD = 24, HELD = 6, TOTAL = 300000 };

static void few_buffers(weir_engine_options *options)
{
    options->buffer_size = 8192;
    options->max_buffers = BUFFERS;
}

static int send_all(weir_io *io, void *argument)
{
    passage *p = argument;
    while (p->sent < TOTAL && !contract_failed()) {
        size_t len = pick_length(&p->seed);
        if (len > TOTAL - p->sent) len = TOTAL - p->sent;
        char *data = malloc(len);
        if (!data) abort();
        fill(p, data, len);
        /* The other end is closed early when it loses its connection for lack of buffers. */
        const int64_t sent = weir_write_all(io, p->ends[1], data, len);
        free(data);
        if (sent != (int64_t)len) return 0;
        p->sent += len;
    }
    weir_shutdown(io, p->ends[1], SHUT_WR);
    return 0;
}

static void give_all_back(weir_io *io, weir_lent held[HELD])
{
    for (int i = 0; i < HELD; i++) weir_give_back(io, &held[i]);
}

/* Reads to the end and holds buffers meanwhile: together the readers want more than there are. */
static int hold_some(weir_io *io, void *argument)
{
    passage *p = argument;
    weir_lent held[HELD] = {0};
    for (unsigned i = 0; !contract_failed(); i++) {
        weir_lent *lent = &held[i % HELD];
        weir_give_back(io, lent);
        p->result = weir_read_lent(io, &p->receiver, lent);
        if (p->result > 0) is_next(p, lent->data, (size_t)p->result);
        if (p->result == WEIR_ENOBUFS || test_random(&p->holder_seed) % 8 == 0)
            give_all_back(io, held);
        if (p->result == WEIR_ENOBUFS)
            weir_yield(io);
        else if (p->result <= 0)
            break;
    }
    give_all_back(io, held);
    weir_receiver_stop(io, &p->receiver);
    if (p->result < 0) weir_shutdown(io, p->ends[0], SHUT_RDWR);
    return 0;
}

/* Lends buffers until there are none.  Returns how many there were. */
static int count_buffers(weir_io *io)
{
    static weir_lent lent[BUFFERS + 1];
    passage p;
    int count = 0;
    memset(lent, 0, sizeof lent);
    if (!begin(io, &p)) return -1;
    for (; count <= BUFFERS; count++) {
        if (!send_message(io, &p, 10)) break;
        const int64_t got = weir_read_lent(io, &p.receiver, &lent[count]);
        if (got < 0) check_int(got, WEIR_ENOBUFS);
        if (got < 0) break;
    }
    for (int i = 0; i < count; i++) weir_give_back(io, &lent[i]);
    end(io, &p);
    return count;
}

CONTRACT_WITH(many_that_hold_few_buffers_lose_neither_bytes_nor_buffers, few_buffers)
{
    passage *all = calloc(CROWD, sizeof *all);
    weir_task *tasks = calloc(2 * CROWD, sizeof *tasks);
    if (!all || !tasks) abort();
    int begun = 0;
    for (; begun < CROWD && begin(io, &all[begun]); begun++) {
        all[begun].seed += (uint64_t)begun * 977;
        all[begun].holder_seed = ~all[begun].seed;
        check_int(weir_concurrent(io, &tasks[2 * begun], send_all, &all[begun], NULL), 0);
        check_int(weir_concurrent(io, &tasks[2 * begun + 1], hold_some, &all[begun], NULL), 0);
    }
    for (int i = 0; i < 2 * begun; i++) weir_await(io, &tasks[i], NULL);
    for (int i = 0; i < begun; i++) {
        contract_at("connection", (size_t)i);
        if (all[i].result != WEIR_ELIMIT && check_int(all[i].result, 0))
            check_int(all[i].got, TOTAL);
        contract_close(io, all[i].ends);
    }
    if (!contract_on_threads(io)) check_int(count_buffers(io), BUFFERS);
    free(all);
    free(tasks);
}
