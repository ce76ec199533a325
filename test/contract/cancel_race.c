/* SPDX-License-Identifier: MIT
 *
 * Does a task always end that is canceled just as it goes from looking at the request into the
 * wait, thousands of times, from any side?
 *
 * A lost request shows as a test that never ends.  Delays on both sides are random.
 */
#include "test/contract/op_cases.h"

#include <pthread.h>

typedef struct racer {
    op_world *world;
    unsigned delay;
    int64_t result;
} racer;

static int race(weir_io *io, void *argument)
{
    racer *r = argument;
    contract_spin(r->delay);
    r->result = weir_do(io, &r->world->op);
    return 1;
}

static const op_case *case_of(weir_opcode code)
{
    for (size_t i = 0; i < op_case_count; i++)
        if (op_cases[i].code == code) return &op_cases[i];
    abort();
}

static void race_op(weir_io *io, weir_opcode code, unsigned rounds, uint64_t *seed)
{
    const op_case *op = case_of(code);
    op_world *w = op_world_new();
    op->waiting(io, w);
    for (unsigned i = 0; i < rounds && (i < 20 || contract_is_early()) && !contract_failed(); i++) {
        racer r = {.world = w, .delay = (unsigned)(test_random(seed) % 2000)};
        weir_task task = {0};
        check_int(weir_concurrent(io, &task, race, &r, NULL), 0);
        contract_spin((unsigned)(test_random(seed) % 4000));
        if (test_random(seed) % 4 == 0) contract_yield(io);
        check_int(weir_cancel(io, &task), 1);
        check_int(r.result, WEIR_ECANCELED);
        op_again(w);
    }
    op_world_free(io, w, op);
}

CONTRACT(a_cancel_that_races_with_the_start_of_a_wait_is_never_lost)
{
    static const weir_opcode codes[] = {WEIR_OP_READ,  WEIR_OP_ACCEPT,    WEIR_OP_RECEIVE,
                                        WEIR_OP_POLL,  WEIR_OP_READ_LENT, WEIR_OP_SLEEP,
                                        WEIR_OP_WRITE, WEIR_OP_WORD_WAIT};
    uint64_t seed = test_seed();
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) race_op(io, codes[i], 500, &seed);
}

/* A task that goes in and out of waits as fast as it can until it is told to stop. */
typedef struct churn {
    weir_socket reads;
    uint32_t begun;
    unsigned canceled;
} churn;

static int churn_waits(weir_io *io, void *argument)
{
    churn *c = argument;
    contract_raise(io, &c->begun);
    for (;;) {
        char byte;
        int64_t got = weir_read(io, c->reads, &byte, 1);
        if (got == WEIR_ECANCELED) c->canceled++;
        if (!check(got == WEIR_ECANCELED || got == 1)) return 0;
        if (got == 1 && byte == 'q') return 0;
        if (weir_yield(io) == WEIR_ECANCELED) c->canceled++;
    }
}

CONTRACT(requests_at_random_points_are_reported_and_none_stays_behind)
{
    uint64_t seed = test_seed();
    churn c = {0};
    weir_socket ends[2];
    weir_task task = {0};
    contract_pair(SOCK_STREAM, ends);
    c.reads = ends[0];
    check_int(weir_concurrent(io, &task, churn_waits, &c, NULL), 0);
    contract_reached(io, &c.begun, 1);
    for (int i = 0; i < 3000 && (i < 20 || contract_is_early()); i++) {
        contract_spin((unsigned)(test_random(&seed) % 1000));
        if (test_random(&seed) % 3 == 0) check_int(weir_write(io, ends[1], "x", 1), 1);
        weir_cancel_request(io, &task);
        if (test_random(&seed) % 5 == 0) weir_yield(io);
    }
    check_int(weir_write(io, ends[1], "q", 1), 1);
    check_int(weir_await(io, &task, NULL), 0);
    check(c.canceled > 0 && c.canceled <= 3000);
    contract_close(io, ends);
}

typedef struct outsider {
    weir_io *io;
    weir_task *task;
    unsigned delay;
} outsider;

static void *cancel_from_outside(void *argument)
{
    outsider *o = argument;
    contract_spin(o->delay);
    weir_cancel_request(o->io, o->task);
    return NULL;
}

CONTRACT(a_thread_that_is_no_task_can_ask_a_task_to_stop)
{
    uint64_t seed = test_seed();
    op_world *w = op_world_new();
    const op_case *op = case_of(WEIR_OP_READ);
    op->waiting(io, w);
    for (int i = 0; i < 200; i++) {
        racer r = {.world = w, .delay = (unsigned)(test_random(&seed) % 20000)};
        weir_task task = {0};
        outsider o = {io, &task, (unsigned)(test_random(&seed) % 20000)};
        pthread_t thread;
        check_int(weir_concurrent(io, &task, race, &r, NULL), 0);
        check_int(pthread_create(&thread, NULL, cancel_from_outside, &o), 0);
        check_int(weir_await(io, &task, NULL), 0);
        check_int(r.result, WEIR_ECANCELED);
        pthread_join(thread, NULL);
        op_again(w);
    }
    op_world_free(io, w, op);
}

static int wait_in_member(weir_io *io, void *argument)
{
    weir_socket *socket = argument;
    char byte;
    int64_t got = weir_read(io, *socket, &byte, 1);
    check_int(got, WEIR_ECANCELED);
    return 0;
}

CONTRACT(a_group_canceled_while_its_members_start_ends)
{
    uint64_t seed = test_seed();
    enum { MEMBERS = 4 };
    weir_socket ends[MEMBERS][2];
    for (int i = 0; i < MEMBERS; i++) contract_pair(SOCK_STREAM, ends[i]);
    for (int round = 0; round < 500; round++) {
        weir_group group = WEIR_GROUP_INIT;
        for (int i = 0; i < MEMBERS; i++)
            check_int(weir_group_concurrent(io, &group, wait_in_member, &ends[i][0], NULL), 0);
        contract_spin((unsigned)(test_random(&seed) % 5000));
        if (test_random(&seed) % 3 == 0) contract_yield(io);
        weir_group_cancel(io, &group);
        check_int(weir_group_count(&group), 0);
    }
    for (int i = 0; i < MEMBERS; i++) contract_close(io, ends[i]);
}
