/* SPDX-License-Identifier: MIT
 *
 * Does a yield let every other ready task of the worker run, in turn, also beside tasks that always
 * find their sockets ready?
 */
#include "test/contract/contract.h"

#include <sys/socket.h>

enum { TASKS = 5, TURNS = 200 };

typedef struct rotation {
    unsigned turns[TASKS];
    unsigned furthest; /* the greatest lead that was seen */
    uint32_t begun;
} rotation;

typedef struct dancer {
    rotation *rotation;
    int index;
} dancer;

static int dance(weir_io *io, void *argument)
{
    dancer *d = argument;
    rotation *r = d->rotation;
    contract_raise(io, &r->begun);
    while (r->begun < TASKS) check_int(weir_yield(io), 0);
    for (unsigned i = 1; i <= TURNS; i++) {
        r->turns[d->index] = i;
        for (int other = 0; other < TASKS; other++) {
            unsigned lead = i > r->turns[other] ? i - r->turns[other] : 0;
            if (lead > r->furthest) r->furthest = lead;
        }
        check_int(weir_yield(io), 0);
    }
    return 0;
}

CONTRACT(tasks_of_one_worker_take_turns)
{
    if (contract_on_threads(io)) return; /* the kernel decides there */
    rotation r = {0};
    dancer dancers[TASKS];
    weir_group group = WEIR_GROUP_INIT;
    weir_task_options options = {NULL, WEIR_WORKER_SAME};
    for (int i = 0; i < TASKS; i++) {
        dancers[i] = (dancer){&r, i};
        check_int(weir_group_concurrent(io, &group, dance, &dancers[i], &options), 0);
    }
    check_int(weir_group_wait(io, &group), 0);
    check(r.furthest <= 2);
}

typedef struct talk {
    weir_socket ends[2];
    uint32_t stop, rounds;
} talk;

/* Never waits: what it reads has just been written. */
static int talk_to_itself(weir_io *io, void *argument)
{
    talk *t = argument;
    while (!__atomic_load_n(&t->stop, __ATOMIC_SEQ_CST)) {
        char byte = 'x';
        check_int(weir_write(io, t->ends[0], &byte, 1), 1);
        check_int(weir_read(io, t->ends[1], &byte, 1), 1);
        __atomic_fetch_add(&t->rounds, 1, __ATOMIC_SEQ_CST);
    }
    return 0;
}

CONTRACT(a_task_that_never_has_to_wait_does_not_starve_others)
{
    talk t = {0};
    weir_task task = {0};
    weir_task_options options = {NULL, WEIR_WORKER_SAME};
    contract_pair(SOCK_STREAM, t.ends);
    check_int(weir_concurrent(io, &task, talk_to_itself, &t, &options), 0);
    /* A hang here is the failure: the sleeps of this task must end. */
    for (int i = 0; i < 10 || __atomic_load_n(&t.rounds, __ATOMIC_SEQ_CST) == 0; i++)
        check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    weir_yield(io);
    __atomic_store_n(&t.stop, 1, __ATOMIC_SEQ_CST);
    check_int(weir_await(io, &task, NULL), 0);
    contract_close(io, t.ends);
}

typedef struct spinner {
    uint32_t stop;
} spinner;

static int yield_for_ever(weir_io *io, void *argument)
{
    spinner *s = argument;
    while (!__atomic_load_n(&s->stop, __ATOMIC_SEQ_CST)) check_int(weir_yield(io), 0);
    return 0;
}

CONTRACT(tasks_that_only_yield_do_not_starve_timers_and_sockets)
{
    spinner s = {0};
    weir_group group = WEIR_GROUP_INIT;
    weir_socket ends[2];
    weir_task_options options = {NULL, WEIR_WORKER_SAME};
    contract_pair(SOCK_STREAM, ends);
    for (int i = 0; i < 3; i++)
        check_int(weir_group_concurrent(io, &group, yield_for_ever, &s, &options), 0);
    check_int(weir_sleep(io, weir_milliseconds(3)), 0);
    check_int(send(ends[1].fd, "x", 1, 0), 1);
    check_int(weir_poll(io, ends[0], WEIR_POLL_READ), WEIR_POLL_READ);
    __atomic_store_n(&s.stop, 1, __ATOMIC_SEQ_CST);
    check_int(weir_group_wait(io, &group), 0);
    contract_close(io, ends);
}
