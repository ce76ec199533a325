/* SPDX-License-Identifier: MIT
 *
 * Does a select of mixed ops return the first to complete, settle all others, keep what they
 * achieved, and favour none?
 */
#include "test/contract/contract.h"

#include <stdio.h>
#include <sys/socket.h>

enum { READ, SLEEP, WORD, JOIN, ACCEPT, KINDS };

/* One op of each kind, none of which completes by itself. */
typedef struct mixed {
    weir_op ops[KINDS];
    weir_op *list[KINDS];
    weir_socket ends[2], listener;
    weir_address address;
    char byte;
    struct iovec slice;
    uint32_t word, gate;
    weir_task task;
    int client;
} mixed;

static int wait_for_gate(weir_io *io, void *argument)
{
    weir_scope shield;
    weir_shield(io, &shield);
    contract_reached(io, &((mixed *)argument)->gate, 1);
    weir_scope_leave(io, &shield);
    return 0;
}

static void mixed_begin(weir_io *io, mixed *m)
{
    memset(m, 0, sizeof *m);
    m->client = -1;
    contract_pair(SOCK_STREAM, m->ends);
    contract_listener(io, 0, &m->listener, &m->address);
    check_int(weir_concurrent(io, &m->task, wait_for_gate, m, NULL), 0);
    m->slice = (struct iovec){&m->byte, 1};
    m->ops[READ] =
        (weir_op){.code = WEIR_OP_READ, .fd = m->ends[0].fd, .args.vector = {&m->slice, 1, 1, 0}};
    m->ops[SLEEP] =
        (weir_op){.code = WEIR_OP_SLEEP, .deadline = weir_deadline_after(io, weir_seconds(90000))};
    m->ops[WORD] = (weir_op){.code = WEIR_OP_WORD_WAIT, .args.word = {&m->word, 0}};
    m->ops[JOIN] = (weir_op){.code = WEIR_OP_JOIN, .args.task = &m->task};
    m->ops[ACCEPT] = (weir_op){.code = WEIR_OP_ACCEPT, .fd = m->listener.fd};
    for (int i = 0; i < KINDS; i++) m->list[i] = &m->ops[i];
}

static void mixed_end(weir_io *io, mixed *m)
{
    contract_raise(io, &m->gate);
    weir_cancel(io, &m->task);
    if (m->ops[ACCEPT].result > 0) close((int)m->ops[ACCEPT].result);
    if (m->client >= 0) close(m->client);
    weir_close_socket(io, m->listener);
    contract_close(io, m->ends);
}

/* Lets one of the kinds complete. */
static void let(weir_io *io, mixed *m, int kind)
{
    switch (kind) {
    case READ: check_int(send(m->ends[1].fd, "x", 1, MSG_NOSIGNAL), 1); break;
    case WORD: contract_raise(io, &m->word); break;
    case JOIN: contract_raise(io, &m->gate); break;
    case ACCEPT: m->client = contract_client(&m->address); break;
    default: m->ops[SLEEP].deadline = weir_deadline_after(io, weir_milliseconds(2)); break;
    }
}

typedef struct later {
    mixed *mixed;
    int kind;
} later;

static int let_later(weir_io *io, void *argument)
{
    later *l = argument;
    contract_settle(io);
    let(io, l->mixed, l->kind);
    return 0;
}

static void check_outcome(mixed *m, int winner, int kind)
{
    check_int(winner, kind);
    for (int i = 0; i < KINDS; i++) {
        if (i == kind) {
            check(m->ops[i].result >= 0 || m->ops[i].result == WEIR_EAGAIN);
        } else {
            check_int(m->ops[i].result, WEIR_ECANCELED);
        }
    }
}

CONTRACT(the_one_that_can_happen_wins_and_the_others_are_canceled)
{
    for (int kind = 0; kind < KINDS; kind++) {
        mixed m;
        mixed_begin(io, &m);
        let(io, &m, kind);
        if (kind == JOIN) check_int(weir_await(io, &m.task, NULL), 0);
        check_outcome(&m, weir_select(io, m.list, KINDS, weir_never()), kind);
        mixed_end(io, &m);
    }
}

CONTRACT(the_first_that_happens_while_all_wait_wins)
{
    for (int kind = 0; kind < KINDS; kind++) {
        mixed m;
        mixed_begin(io, &m);
        later l = {&m, kind};
        weir_task task = {0};
        if (kind == SLEEP) {
            let(io, &m, kind);
        } else {
            check_int(weir_concurrent(io, &task, let_later, &l, NULL), 0);
        }
        check_outcome(&m, weir_select(io, m.list, KINDS, weir_never()), kind);
        if (kind != SLEEP) check_int(weir_await(io, &task, NULL), 0);
        mixed_end(io, &m);
    }
}

static void check_all_settled(mixed *m)
{
    for (int i = 0; i < KINDS; i++) check_int(m->ops[i].result, WEIR_ECANCELED);
}

CONTRACT(a_select_ends_at_its_deadline_or_its_scopes_with_all_ops_settled)
{
    mixed m;
    mixed_begin(io, &m);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(3));
    check_int(weir_select(io, m.list, KINDS, soon), WEIR_EDEADLINE);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= soon.ns);
    check_all_settled(&m);
    weir_scope scope;
    weir_scope_enter(io, &scope, weir_deadline_after(io, weir_milliseconds(3)));
    check_int(weir_select(io, m.list, KINDS, weir_never()), WEIR_EDEADLINE);
    check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    check_all_settled(&m);
    mixed_end(io, &m);
}

typedef struct selector {
    mixed *mixed;
    int result, pending;
} selector;

static int select_all(weir_io *io, void *argument)
{
    selector *s = argument;
    s->result = weir_select(io, s->mixed->list, KINDS, weir_never());
    s->pending = weir_check(io);
    return 0;
}

CONTRACT(a_select_of_a_canceled_task_ends_with_all_ops_settled)
{
    for (int round = 0; round < 50; round++) {
        mixed m;
        mixed_begin(io, &m);
        selector s = {.mixed = &m};
        weir_task task = {0};
        check_int(weir_concurrent(io, &task, select_all, &s, NULL), 0);
        if (round % 2) weir_yield(io);
        if (round % 10 == 3) contract_settle(io);
        check_int(weir_cancel(io, &task), 0);
        check_int(s.result, WEIR_ECANCELED);
        check_int(s.pending, 0);
        mixed_end(io, &m);
    }
}

CONTRACT(a_select_of_none_is_refused)
{
    check_int(weir_select(io, NULL, 0, weir_never()), WEIR_EINVAL);
}

CONTRACT(an_op_that_fails_has_completed)
{
    mixed m;
    mixed_begin(io, &m);
    m.ops[READ].fd = -1;
    check_int(weir_select(io, m.list, KINDS, weir_never()), READ);
    check_int(m.ops[READ].result, WEIR_EBADF);
    mixed_end(io, &m);
}

CONTRACT(ops_that_are_always_ready_take_turns)
{
    enum { OPS = 5, ROUNDS = 1000 };
    unsigned wins[OPS] = {0};
    weir_socket ends[2];
    contract_pair(SOCK_STREAM, ends);
    for (int round = 0; round < ROUNDS; round++) {
        weir_op ops[OPS] = {{.code = WEIR_OP_NOP}, {.code = WEIR_OP_NOP}};
        weir_op *list[OPS];
        for (int i = 2; i < OPS; i++)
            ops[i] =
                (weir_op){.code = WEIR_OP_POLL, .fd = ends[0].fd, .args.poll = WEIR_POLL_WRITE};
        for (int i = 0; i < OPS; i++) list[i] = &ops[i];
        int winner = weir_select(io, list, OPS, weir_never());
        if (!check(winner >= 0 && winner < OPS)) break;
        wins[winner]++;
    }
    for (int i = 0; i < OPS; i++) {
        if (!check(wins[i] >= ROUNDS / OPS / 10))
            fprintf(stderr, "    op %d won %u of %d\n", i, wins[i], ROUNDS);
    }
    contract_close(io, ends);
}

CONTRACT(what_a_loser_achieved_is_kept)
{
    weir_socket listener;
    weir_address address;
    int accepted = 0, rounds = 300;
    if (!contract_listener(io, 0, &listener, &address)) return;
    for (int round = 0; round < rounds; round++) {
        weir_op nop = {.code = WEIR_OP_NOP};
        weir_op take = {.code = WEIR_OP_ACCEPT, .fd = listener.fd};
        weir_op *list[2] = {&nop, &take};
        int client = contract_client(&address);
        check(weir_select(io, list, 2, weir_never()) >= 0);
        if (take.result >= 0) {
            accepted++;
            close((int)take.result);
        } else if (check_int(take.result, WEIR_ECANCELED)) {
            weir_socket got;
            if (check_int(weir_accept(io, listener, &got), 0)) accepted++;
            weir_close_socket(io, got);
        }
        close(client);
    }
    check_int(accepted, rounds);
    weir_close_socket(io, listener);
}

CONTRACT(a_select_of_a_hundred_works)
{
    enum { OPS = 100 };
    static weir_op ops[OPS];
    static weir_op *list[OPS];
    uint32_t words[OPS] = {0};
    for (int round = 0; round < 20; round++) {
        int chosen = (round * 37) % OPS;
        for (int i = 0; i < OPS; i++) {
            ops[i] = (weir_op){.code = WEIR_OP_WORD_WAIT, .args.word = {&words[i], words[i]}};
            list[i] = &ops[i];
        }
        words[chosen]++;
        check_int(weir_select(io, list, OPS, weir_never()), chosen);
        check_int(ops[chosen].result, WEIR_EAGAIN);
        for (int i = 0; i < OPS; i++)
            if (i != chosen) check_int(ops[i].result, WEIR_ECANCELED);
    }
}

static int run_once(weir_io *io, void *argument)
{
    contract_raise(io, argument);
    return 0;
}

CONTRACT(a_loop_over_a_select_that_is_always_ready_lets_others_run)
{
    uint32_t ran = 0;
    weir_task task;
    const weir_task_options options = {.worker = WEIR_WORKER_SAME};
    check_int(weir_concurrent(io, &task, run_once, &ran, &options), 0);
    while (!__atomic_load_n(&ran, __ATOMIC_ACQUIRE)) { /* the suite's watchdog ends it else */
        weir_op ready, timer, *ops[] = {&ready, &timer};
        weir_op_set(&ready, WEIR_OP_NOP, -1);
        weir_op_set(&timer, WEIR_OP_SLEEP, -1);
        timer.deadline = weir_deadline_after(io, weir_seconds(600));
        if (!check(weir_select(io, ops, 2, weir_never()) == 0)) break;
    }
    check_int(weir_await(io, &task, NULL), 0);
}
