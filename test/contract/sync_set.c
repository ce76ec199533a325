/* SPDX-License-Identifier: MIT
 *
 * Does a set hand out every result once, in the order of ending, and lose none when it is canceled,
 * fails or is left?
 */
#include "test/contract/contract.h"

#include <weir/sync/set.h>

enum { MEMBERS = 8 };

/* A member: waits for its gate, then ends with `result`. */
typedef struct member {
    weir_set_entry entry;
    uint32_t gate;
    unsigned delay;
    int result;
    bool stubborn; /* ends with its result also when it is asked to stop */
    uint32_t *asked;
    uint32_t taken; /* how often the result was handed out */
} member;

static int be_member(weir_io *io, void *argument)
{
    member *m = argument;
    contract_spin(m->delay);
    int error = contract_reached(io, &m->gate, 1);
    if (error && m->asked) __atomic_fetch_add(m->asked, 1, __ATOMIC_SEQ_CST);
    return error && !m->stubborn ? error : m->result;
}

static void start(weir_io *io, weir_set *set, member *m, int result)
{
    *m = (member){.result = result};
    check_int(weir_set_spawn(io, set, &m->entry, be_member, m, NULL), 0);
}

static member *next(weir_io *io, weir_set *set)
{
    weir_set_entry *entry = NULL;
    if (!check_int(weir_set_next(io, set, weir_never(), &entry), 0)) return NULL;
    member *m = entry->argument;
    m->taken++;
    return m;
}

static weir_deadline past(void)
{
    return (weir_deadline){0};
}

CONTRACT(a_set_hands_out_results_in_the_order_of_ending)
{
    static const int order[MEMBERS] = {3, 0, 7, 1, 2, 6, 5, 4};
    weir_set set = {0};
    member m[MEMBERS];
    weir_set_entry *entry = NULL;
    check_int(weir_set_next(io, &set, weir_never(), &entry), WEIR_ENOENT);
    for (int i = 0; i < MEMBERS; i++) start(io, &set, &m[i], 100 + i);
    check_int(weir_set_count(io, &set), MEMBERS);
    check_int(weir_set_next(io, &set, past(), &entry), WEIR_EDEADLINE);
    for (int i = 0; i < MEMBERS; i++) {
        contract_raise(io, &m[order[i]].gate);
        check(next(io, &set) == &m[order[i]]);
        check_int(m[order[i]].entry.result, 100 + order[i]);
        check_int(weir_set_count(io, &set), MEMBERS - 1 - i);
    }
    check_int(weir_set_next(io, &set, past(), &entry), WEIR_ENOENT);
    check_int(weir_set_next(io, &set, weir_never(), &entry), WEIR_ENOENT);
}

CONTRACT(results_that_nobody_waits_for_are_kept_in_order)
{
    weir_set set = {0};
    member m[MEMBERS];
    for (int i = 0; i < MEMBERS; i++) start(io, &set, &m[i], i);
    for (int i = MEMBERS - 1; i >= 0; i--) {
        contract_raise(io, &m[i].gate);
        while (!weir_task_ended(&m[i].entry.task)) weir_yield(io);
    }
    for (int i = MEMBERS - 1; i >= 0; i--) check(next(io, &set) == &m[i]);
}

CONTRACT(a_wait_for_a_result_ends_with_a_request_or_a_deadline_and_takes_nothing)
{
    weir_set set = {0};
    member m;
    weir_set_entry *entry = NULL;
    start(io, &set, &m, 5);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(1));
    check_int(weir_set_next(io, &set, soon, &entry), WEIR_EDEADLINE);
    weir_recancel(io);
    check_int(weir_set_next(io, &set, weir_never(), &entry), WEIR_ECANCELED);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(1));
    check_int(weir_set_next(io, &set, weir_never(), &entry), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    contract_raise(io, &m.gate);
    check(next(io, &set) == &m);
}

CONTRACT(a_set_refuses_members_above_its_limit)
{
    weir_set set = {.limit = 2};
    member m[4];
    start(io, &set, &m[0], 0);
    start(io, &set, &m[1], 1);
    m[2] = (member){.result = 2};
    check_int(weir_set_spawn(io, &set, &m[2].entry, be_member, &m[2], NULL), WEIR_ECONCURRENCY);
    check_int(weir_set_count(io, &set), 2);
    contract_raise(io, &m[0].gate);
    check(next(io, &set) == &m[0]);
    start(io, &set, &m[2], 2);
    for (int i = 1; i < 3; i++) contract_raise(io, &m[i].gate);
    check_int(weir_set_wait_all(io, &set, WEIR_SET_WAIT), 0);
    /* Results that were not taken do not count as members. */
    start(io, &set, &m[3], 3);
    weir_set_cancel(io, &set, NULL, NULL);
    check_int(weir_set_count(io, &set), 0);
}

CONTRACT(a_result_can_be_selected)
{
    weir_set set = {0};
    member m;
    weir_set_entry *entry = NULL;
    weir_op ops[2], *list[] = {&ops[0], &ops[1]};
    weir_op_set(&ops[1], WEIR_OP_SLEEP, -1);
    weir_set_op(&ops[0], &set, &entry);
    check_int(weir_select(io, list, 1, weir_never()), 0);
    check_int(ops[0].result, WEIR_ENOENT);
    start(io, &set, &m, 9);
    weir_set_op(&ops[0], &set, &entry);
    check_int(weir_select(io, list, 2, weir_deadline_after(io, weir_milliseconds(1))),
              WEIR_EDEADLINE);
    check(!set.takers.first && !entry);
    contract_raise(io, &m.gate);
    check_int(weir_select(io, list, 2, weir_never()), 0);
    check(entry == &m.entry);
    weir_set_settle(io, entry);
    check(weir_task_ended(&m.entry.task));
    check_int(entry->result, 9);
}

/* Canceling ---------------------------------------------------------------------------------- */

typedef struct estate {
    unsigned count;
    int sum;
} estate;

static void inherit(weir_io *io, weir_set_entry *entry, void *context)
{
    estate *e = context;
    member *m = entry->argument;
    check(weir_task_ended(&entry->task));
    check_int(weir_sleep(io, weir_microseconds(1)), 0); /* shielded */
    m->taken++;
    e->count++;
    if (entry->result > 0) e->sum += entry->result;
}

CONTRACT(a_canceled_set_gives_every_result_to_the_destructor)
{
    weir_set set = {0};
    member m[MEMBERS];
    estate e = {0};
    for (int i = 0; i < MEMBERS; i++) start(io, &set, &m[i], 1 << i);
    for (int i = 0; i < 3; i++) contract_raise(io, &m[i].gate);
    check(next(io, &set) != NULL);
    weir_set_cancel(io, &set, inherit, &e);
    check_int(e.count, MEMBERS - 1);
    check(e.sum == 3 || e.sum == 5 || e.sum == 6);
    for (int i = 0; i < MEMBERS; i++) {
        check_int(m[i].taken, 1);
        check_int(m[i].entry.result, i < 3 ? 1 << i : WEIR_ECANCELED);
    }
    check_int(weir_set_count(io, &set), 0);
    weir_set_cancel(io, &set, inherit, &e);
    check_int(e.count, MEMBERS - 1);
}

CONTRACT(canceling_a_set_waits_for_stubborn_members_and_leaves_the_request_of_its_caller)
{
    weir_set set = {0};
    member m = {.result = 4, .stubborn = true};
    estate e = {0};
    check_int(weir_set_spawn(io, &set, &m.entry, be_member, &m, NULL), 0);
    weir_recancel(io);
    weir_set_cancel(io, &set, inherit, &e);
    check_int(e.sum, 4);
    check_int(weir_check(io), WEIR_ECANCELED);
}

/* A member that has more members, until it is asked to stop. */
typedef struct family {
    weir_set set;
    member children[64];
    uint32_t begun;
    uint32_t asked;
} family;

static int have_children(weir_io *io, void *argument)
{
    family *f = argument;
    int born = 0;
    for (; born < 32; born++) {
        f->children[born].asked = &f->asked;
        if (weir_set_spawn(io, &f->set, &f->children[born].entry, be_member, &f->children[born],
                           NULL))
            break;
    }
    contract_raise(io, &f->begun);
    int error = weir_sleep(io, weir_seconds(100000));
    check_int(error, WEIR_ECANCELED);
    /* Also who is spawned while the set is being canceled is asked to stop. */
    member *late = &f->children[32];
    late->asked = &f->asked;
    check_int(weir_set_spawn(io, &f->set, &late->entry, be_member, late, NULL), 0);
    return born;
}

CONTRACT(members_spawn_members_and_all_are_canceled)
{
    for (int round = 0; round < 10; round++) {
        family *f = calloc(1, sizeof *f);
        weir_set_entry first;
        if (!f) abort();
        check_int(weir_set_spawn(io, &f->set, &first, have_children, f, NULL), 0);
        contract_reached(io, &f->begun, 1);
        weir_set_cancel(io, &f->set, NULL, NULL);
        check_int(first.result, 32);
        check_int(f->asked, 33);
        free(f);
    }
}

/* Waiting for all ----------------------------------------------------------------------------- */

static unsigned drain(weir_io *io, weir_set *set)
{
    unsigned count = 0;
    weir_set_entry *entry;
    while (weir_set_next(io, set, past(), &entry) == 0) count++;
    check_int(weir_set_count(io, set), 0);
    return count;
}

CONTRACT(waiting_for_all_returns_the_first_error_that_came)
{
    weir_set set = {0};
    member m[3];
    check_int(weir_set_wait_all(io, &set, WEIR_SET_WAIT), 0);
    for (int round = 0; round < 2; round++) {
        start(io, &set, &m[0], WEIR_EIO);
        start(io, &set, &m[1], WEIR_EPIPE);
        start(io, &set, &m[2], 3);
        for (int i = 1; i <= 3; i++) {
            contract_raise(io, &m[i % 3].gate);
            while (!weir_task_ended(&m[i % 3].entry.task)) weir_yield(io);
        }
        check_int(weir_set_wait_all(io, &set, round ? WEIR_SET_COLLECT : WEIR_SET_WAIT),
                  round ? 0 : WEIR_EPIPE);
        check_int(drain(io, &set), 3);
    }
    start(io, &set, &m[2], 3);
    contract_raise(io, &m[2].gate);
    check_int(weir_set_wait_all(io, &set, WEIR_SET_WAIT), 0);
    check_int(drain(io, &set), 1);
}

static int open_gate_later(weir_io *io, void *argument)
{
    contract_settle(io);
    contract_raise(io, &((member *)argument)->gate);
    return 0;
}

CONTRACT(the_first_error_cancels_the_rest_if_that_is_the_policy)
{
    for (int round = 0; round < 4; round++) {
        weir_set set = {0};
        member m[MEMBERS];
        weir_task task = {0};
        for (int i = 0; i < MEMBERS; i++) start(io, &set, &m[i], i == 2 ? WEIR_EIO : i);
        contract_raise(io, &m[0].gate);
        if (round % 2) contract_raise(io, &m[2].gate); /* before the wait begins, perhaps */
        if (round == 3)
            while (!weir_task_ended(&m[2].entry.task)) weir_yield(io);
        if (round % 2 == 0) weir_async(io, &task, open_gate_later, &m[2]);
        check_int(weir_set_wait_all(io, &set, WEIR_SET_CANCEL), WEIR_EIO);
        check_int(weir_set_count(io, &set), MEMBERS);
        for (int i = 3; i < MEMBERS; i++) check_int(m[i].entry.result, WEIR_ECANCELED);
        check_int(drain(io, &set), MEMBERS);
        if (round % 2 == 0) check_int(weir_await(io, &task, NULL), 0);
        /* The policy held for that wait only. */
        start(io, &set, &m[0], WEIR_EIO);
        start(io, &set, &m[1], 1);
        contract_raise(io, &m[0].gate);
        while (!weir_task_ended(&m[0].entry.task)) weir_yield(io);
        contract_raise(io, &m[1].gate);
        check_int(weir_set_wait_all(io, &set, WEIR_SET_WAIT), WEIR_EIO);
        check_int(m[1].entry.result, 1);
    }
}

typedef struct waiter {
    weir_set *set;
    weir_set_policy policy;
    int result;
} waiter;

static int wait_for_all(weir_io *io, void *argument)
{
    waiter *w = argument;
    w->result = weir_set_wait_all(io, w->set, w->policy);
    return weir_check(io);
}

CONTRACT(a_waiter_for_all_that_is_canceled_or_expires_stops_the_members)
{
    for (int round = 0; round < 12; round++) {
        weir_set set = {0};
        member m[3];
        waiter w = {&set, (weir_set_policy)(round % 3), 1};
        weir_task task = {0};
        for (int i = 0; i < 3; i++) start(io, &set, &m[i], i);
        if (round < 9) {
            check_int(weir_concurrent(io, &task, wait_for_all, &w, NULL), 0);
            if (round >= 3) contract_settle(io);
            check_int(weir_cancel(io, &task), 0);
            check_int(w.result, WEIR_ECANCELED);
        } else {
            weir_scope scope;
            weir_scope_enter_for(io, &scope, weir_milliseconds(1));
            check_int(weir_set_wait_all(io, &set, w.policy), WEIR_EDEADLINE);
            weir_scope_leave(io, &scope);
        }
        for (int i = 0; i < 3; i++) check_int(m[i].entry.result, WEIR_ECANCELED);
        check_int(drain(io, &set), 3);
    }
}

/* Under load ---------------------------------------------------------------------------------- */

typedef struct crowd {
    weir_set set;
    uint32_t taken;
    unsigned count;
} crowd;

typedef struct taker {
    crowd *crowd;
    weir_task task;
    uint64_t seed;
} taker;

static int end_soon(weir_io *io, void *argument)
{
    member *m = argument;
    contract_spin(m->delay);
    if (m->delay % 3 == 0) weir_yield(io);
    return m->result;
}

/* Takes results, often in vain, and frees what it has taken at once. */
static int take_some(weir_io *io, void *argument)
{
    taker *t = argument;
    crowd *c = t->crowd;
    while (__atomic_load_n(&c->taken, __ATOMIC_SEQ_CST) < c->count && !contract_failed()) {
        weir_set_entry *entry;
        weir_deadline deadline = weir_never();
        if (test_random(&t->seed) % 2)
            deadline =
                weir_deadline_after(io, weir_microseconds((int64_t)(test_random(&t->seed) % 100)));
        int error = weir_set_next(io, &c->set, deadline, &entry);
        if (error == 0) {
            member *m = entry->argument;
            check_int(entry->result, m->result);
            memset(m, 0xff, sizeof *m);
            free(m);
            contract_raise(io, &c->taken);
        } else {
            check(error == WEIR_EDEADLINE || error == WEIR_ENOENT || error == WEIR_ECANCELED);
            if (error == WEIR_ENOENT) weir_yield(io);
        }
    }
    return 0;
}

CONTRACT(every_result_of_a_set_is_taken_once_by_many_takers)
{
    enum { TAKERS = 3 };
    uint64_t seed = test_seed();
    crowd c = {.set = {.limit = 5}, .count = 600};
    taker t[TAKERS];
    for (int i = 0; i < TAKERS; i++) {
        t[i] = (taker){.crowd = &c, .seed = test_random(&seed)};
        check_int(weir_concurrent(io, &t[i].task, take_some, &t[i], NULL), 0);
    }
    for (unsigned i = 0; i < c.count && !contract_failed(); i++) {
        contract_at("member", i);
        member *m = calloc(1, sizeof *m);
        if (!m) abort();
        *m = (member){.delay = (unsigned)(test_random(&seed) % 300), .result = (int)i};
        while (weir_set_spawn(io, &c.set, &m->entry, end_soon, m, NULL) == WEIR_ECONCURRENCY)
            weir_yield(io);
        if (test_random(&seed) % 4 == 0)
            weir_cancel_request(io, &t[test_random(&seed) % TAKERS].task);
    }
    for (int i = 0; i < TAKERS; i++) check_int(weir_await(io, &t[i].task, NULL), 0);
    check_int(c.taken, c.count);
    check_int(weir_set_count(io, &c.set), 0);
}

static void count_and_free(weir_io *io, weir_set_entry *entry, void *context)
{
    (void)io;
    ++*(unsigned *)context;
    free(entry->argument);
}

CONTRACT(a_set_canceled_at_any_moment_loses_no_result)
{
    uint64_t seed = test_seed();
    for (size_t round = 0; round < 100 && !contract_failed(); round++) {
        contract_at("round", round);
        weir_set *set = calloc(1, sizeof *set);
        if (!set) abort();
        unsigned begun = 0, taken = 0, destroyed = 0;
        for (unsigned i = 0; i < 6; i++, begun++) {
            member *m = calloc(1, sizeof *m);
            if (!m) abort();
            m->delay = (unsigned)(test_random(&seed) % 500);
            bool waits = test_random(&seed) % 3 == 0;
            check_int(weir_set_spawn(io, set, &m->entry, waits ? be_member : end_soon, m, NULL), 0);
        }
        contract_spin((unsigned)(test_random(&seed) % 2000));
        weir_set_entry *entry;
        while (test_random(&seed) % 3 && weir_set_next(io, set, past(), &entry) == 0) {
            taken++;
            free(entry->argument);
        }
        weir_set_cancel(io, set, count_and_free, &destroyed);
        check_int(taken + destroyed, begun);
        memset(set, 0xff, sizeof *set);
        free(set);
    }
}

CONTRACT(the_last_result_taken_leaves_nothing_of_the_set_in_use)
{
    uint64_t seed = test_seed();
    for (int round = 0; round < 200; round++) {
        weir_set *set = calloc(1, sizeof *set);
        member *m = calloc(1, sizeof *m);
        if (!set || !m) abort();
        m->delay = (unsigned)(test_random(&seed) % 500);
        check_int(weir_set_spawn(io, set, &m->entry, end_soon, m, NULL), 0);
        contract_spin((unsigned)(test_random(&seed) % 500));
        if (round % 2) {
            check(next(io, set) == m);
        } else {
            check_int(weir_set_wait_all(io, set, WEIR_SET_WAIT), 0);
        }
        memset(set, 0xff, sizeof *set);
        free(set);
        free(m);
    }
}

CONTRACT(a_member_that_cannot_be_started_is_no_member)
{
    weir_set set = {0};
    member m = {0};
    /* Whether a spawn allocates depends on the engine; a failure must be clean wherever it comes.
     */
    for (size_t n = 0; n < 8; n++) {
        test_alloc_fail_after(n);
        int error = weir_set_spawn(io, &set, &m.entry, end_soon, &m, NULL);
        test_alloc_reset();
        check(error == 0 || error == WEIR_ENOMEM || error == WEIR_ECONCURRENCY);
        check_int(weir_set_count(io, &set), error == 0);
        if (error == 0) check(next(io, &set) == &m);
    }
}

CONTRACT(taking_results_allocates_nothing)
{
    weir_set set = {0};
    member m[2];
    start(io, &set, &m[0], 0);
    start(io, &set, &m[1], 0);
    weir_set_entry *entry;
    test_alloc_reset();
    check_int(weir_set_next(io, &set, weir_deadline_after(io, weir_milliseconds(1)), &entry),
              WEIR_EDEADLINE);
    for (int i = 0; i < 2; i++) {
        contract_raise(io, &m[i].gate);
        check(next(io, &set) == &m[i]);
    }
    check_int(test_alloc_count(), 0);
}
