/* SPDX-License-Identifier: MIT
 *
 * Are 10,000 ops in flight on one queue served, each exactly once and each at the same price?
 *
 * The price is processor time, not the clock's: what one completion costs with 10,000 others in
 * flight is compared with what it costs with 100.
 */
#include "test/contract/contract.h"

#include <stdio.h>
#include <sys/socket.h>

enum { MANY = 10000, READS = 3000 };

typedef struct flight {
    weir_op op;
    uint32_t word;
    unsigned times; /* how often it came out */
    bool late;      /* a sleep that was over when it was submitted */
    weir_socket ends[2];
    char byte;
    struct iovec slice;
} flight;

static flight *flights_new(size_t count)
{
    flight *flights = calloc(count, sizeof *flights);
    if (!flights) abort();
    for (size_t i = 0; i < count; i++) flights[i].ends[0].fd = flights[i].ends[1].fd = -1;
    return flights;
}

static void start(weir_io *io, weir_queue *queue, flight *f, int kind)
{
    f->op = (weir_op){.fd = -1, .user = f};
    if (kind == 0) {
        f->op.code = WEIR_OP_SLEEP;
        f->op.deadline = weir_deadline_after(io, weir_milliseconds(20 + (f->word * 7919) % 200));
    } else if (kind == 1) {
        f->op.code = WEIR_OP_WORD_WAIT;
        f->op.args.word.address = &f->word;
        f->op.args.word.expected = f->word;
    } else {
        f->slice = (struct iovec){&f->byte, 1};
        f->op.code = WEIR_OP_READ;
        f->op.fd = f->ends[0].fd;
        f->op.args.vector.data = &f->slice;
        f->op.args.vector.count = 1;
    }
    weir_submit(io, &f->op, queue);
}

/* Wakes and feeds what does not end by itself. */
static void serve(weir_io *io, flight *f)
{
    if (f->op.code == WEIR_OP_WORD_WAIT) {
        contract_raise(io, &f->word);
    } else if (f->op.code == WEIR_OP_READ) {
        check_int(send(f->ends[1].fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT), 1);
    }
}

CONTRACT(ten_thousand_mixed_ops_in_flight_complete_once_each)
{
    flight *flights = flights_new(MANY);
    size_t room = contract_fd_room(), reads = READS;
    if (room < 2 * READS + 100) reads = room > 200 ? (room - 100) / 2 : 0;
    weir_queue queue;
    weir_queue_init(io, &queue);
    weir_instant last = {0};
    for (size_t i = 0; i < MANY; i++) {
        if (i < reads && !contract_pair(SOCK_STREAM, flights[i].ends)) break;
        flights[i].word = (uint32_t)i;
        start(io, &queue, &flights[i], i < reads ? 2 : (int)(i % 2));
        flights[i].late =
            flights[i].op.code == WEIR_OP_SLEEP &&
            weir_deadline_passed(flights[i].op.deadline, weir_now(io, WEIR_CLOCK_MONOTONIC));
    }
    for (size_t i = 0; i < MANY; i++) serve(io, &flights[i]);
    for (size_t taken = 0; taken < MANY && !contract_failed(); taken++) {
        weir_op *op = NULL;
        if (!check_int(weir_queue_next(io, &queue, weir_never(), &op), 0)) break;
        flight *f = op->user;
        check_int(++f->times, 1);
        check_int(op->result, op->code == WEIR_OP_READ ? 1 : 0);
        if (op->code != WEIR_OP_SLEEP) continue;
        check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= op->deadline.ns);
        if (f->late) continue;
        /* Sleeps come in the order of their ends, to the grain of the clock. */
        check(op->deadline.ns >= last.ns - 5000000);
        if (op->deadline.ns > last.ns) last = op->deadline;
    }
    check(weir_queue_try(io, &queue) == NULL);
    for (size_t i = 0; i < MANY; i++) contract_close(io, flights[i].ends);
    free(flights);
}

CONTRACT(ten_thousand_ops_in_flight_can_all_be_canceled)
{
    flight *flights = flights_new(MANY);
    weir_queue queue;
    weir_queue_init(io, &queue);
    weir_socket ends[2];
    contract_pair(SOCK_STREAM, ends);
    for (size_t i = 0; i < MANY; i++) {
        flights[i].op = (weir_op){.code = i % 2 ? WEIR_OP_SLEEP : WEIR_OP_POLL,
                                  .fd = ends[0].fd,
                                  .user = &flights[i],
                                  .deadline = weir_deadline_after(io, weir_seconds(5000))};
        if (i % 2 == 0) flights[i].op.args.poll = WEIR_POLL_READ;
        weir_submit(io, &flights[i].op, &queue);
    }
    for (size_t i = 0; i < MANY; i++) weir_op_cancel(io, &flights[(i * 7919) % MANY].op);
    for (size_t i = 0; i < MANY; i++) {
        weir_op *op = NULL;
        if (!check_int(weir_queue_next(io, &queue, weir_never(), &op), 0)) break;
        check_int(op->result, WEIR_ECANCELED);
        check_int(++((flight *)op->user)->times, 1);
    }
    contract_close(io, ends);
    free(flights);
}

/* The processor time of `rounds` completions, each submitted anew, with `count` in flight. */
static int64_t price(weir_io *io, int kind, size_t count, size_t rounds)
{
    flight *flights = flights_new(count);
    weir_queue queue;
    weir_queue_init(io, &queue);
    for (size_t i = 0; i < count; i++) {
        if (kind == 2) contract_pair(SOCK_STREAM, flights[i].ends);
        start(io, &queue, &flights[i], kind);
    }
    weir_yield(io);
    int64_t before = contract_cpu_ns();
    for (size_t i = 0; i < rounds; i++) {
        weir_op *op = NULL;
        flight *f = &flights[(i * 7919) % count];
        serve(io, f);
        if (!check_int(weir_queue_next(io, &queue, weir_never(), &op), 0)) break;
        check(op == &f->op);
        start(io, &queue, f, kind);
    }
    int64_t spent = contract_cpu_ns() - before;
    for (size_t i = 0; i < count; i++) weir_op_cancel(io, &flights[i].op);
    for (size_t i = 0; i < count; i++) {
        weir_op *op = NULL;
        check_int(weir_queue_next(io, &queue, weir_never(), &op), 0);
    }
    for (size_t i = 0; i < count; i++) contract_close(io, flights[i].ends);
    free(flights);
    return spent;
}

static void compare_prices(weir_io *io, int kind, size_t many)
{
    int64_t few_cost = INT64_MAX, many_cost = INT64_MAX;
    /* The least of some, of more where others hold up the processor. */
    for (int i = 0; i < 3 || (i < 12 && many_cost >= 12 * few_cost); i++) {
        int64_t few = price(io, kind, 100, 1000), lot = price(io, kind, many, 1000);
        if (few < few_cost) few_cost = few;
        if (lot < many_cost) many_cost = lot;
    }
    /* What grows with the number in flight would cost many / 100 times as much. */
    if (!check(many_cost < 12 * few_cost))
        fprintf(stderr, "    1000 completions: %lld ns with 100 in flight, %lld ns with %zu\n",
                (long long)few_cost, (long long)many_cost, many);
}

CONTRACT(a_word_among_ten_thousand_costs_what_one_among_a_hundred_costs)
{
    compare_prices(io, 1, MANY);
}

CONTRACT(a_read_among_thousands_costs_what_one_among_a_hundred_costs)
{
    size_t room = contract_fd_room();
    compare_prices(io, 2, room > 2 * 4000 + 100 ? 4000 : 1000);
}
