/* SPDX-License-Identifier: MIT
 *
 * Does a group await all its members, cancel all its members, and stay usable, also when members
 * spawn members and when the waiter itself is asked to stop?
 */
#include "test/contract/contract.h"

typedef struct family {
    weir_group group;
    uint32_t ended, begun;
    unsigned depth;
} family;

typedef struct child {
    family *family;
    int depth;
} child;

static int end_counted(weir_io *io, void *argument)
{
    family *f = argument;
    weir_yield(io);
    contract_raise(io, &f->ended);
    return 0;
}

CONTRACT(a_group_waits_for_all_and_can_be_used_again)
{
    family f = {0};
    check_int(weir_group_wait(io, &f.group), 0);
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 50; i++) {
            if (i % 2) {
                check_int(weir_group_concurrent(io, &f.group, end_counted, &f, NULL), 0);
            } else {
                weir_group_async(io, &f.group, end_counted, &f);
            }
        }
        check_int(weir_group_wait(io, &f.group), 0);
        check_int(f.ended, 50 * round);
        check_int(weir_group_count(&f.group), 0);
    }
}

static int have_children(weir_io *io, void *argument)
{
    child *c = argument;
    if (c->depth > 0) {
        for (int i = 0; i < 3; i++) {
            child *next = malloc(sizeof *next);
            if (!next) abort();
            *next = (child){c->family, c->depth - 1};
            if (weir_group_concurrent(io, &c->family->group, have_children, next, NULL) != 0)
                have_children(io, next);
        }
    }
    contract_raise(io, &c->family->ended);
    free(c);
    return 0;
}

CONTRACT(members_spawn_members)
{
    family f = {0};
    child *first = malloc(sizeof *first);
    if (!first) abort();
    *first = (child){&f, 5};
    check_int(weir_group_concurrent(io, &f.group, have_children, first, NULL), 0);
    check_int(weir_group_wait(io, &f.group), 0);
    check_int(f.ended, 1 + 3 + 9 + 27 + 81 + 243);
}

static int wait_for_cancel(weir_io *io, void *argument)
{
    family *f = argument;
    contract_raise(io, &f->begun);
    check_int(weir_sleep(io, weir_seconds(100000)), WEIR_ECANCELED);
    check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    contract_raise(io, &f->ended);
    return 0;
}

static void start_waiting(weir_io *io, family *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        check_int(weir_group_concurrent(io, &f->group, wait_for_cancel, f, NULL), 0);
}

CONTRACT(a_canceled_group_ends_all_members_before_the_return)
{
    family f = {0};
    start_waiting(io, &f, 30);
    check_int(weir_group_count(&f.group), 30);
    weir_group_cancel(io, &f.group);
    check_int(f.ended, 30);
    check_int(weir_group_count(&f.group), 0);
    weir_group_cancel(io, &f.group);
    weir_group_cancel(io, &f.group);
    start_waiting(io, &f, 5);
    contract_reached(io, &f.begun, 35);
    weir_group_cancel(io, &f.group);
    check_int(f.ended, 35);
}

CONTRACT(a_request_to_a_group_does_not_wait_and_reaches_the_present_members_only)
{
    family f = {0};
    start_waiting(io, &f, 10);
    weir_group_cancel_request(io, &f.group);
    check_int(contract_reached(io, &f.ended, 10), 0);
    check_int(weir_group_wait(io, &f.group), 0);
    start_waiting(io, &f, 1);
    contract_reached(io, &f.begun, 11);
    contract_settle(io);
    check_int(weir_group_count(&f.group), 1);
    weir_group_cancel(io, &f.group);
}

/* Starts another like itself and waits; only a cancellation ends the line. */
static int breed(weir_io *io, void *argument)
{
    family *f = argument;
    unsigned born = __atomic_add_fetch(&f->depth, 1, __ATOMIC_SEQ_CST);
    contract_raise(io, &f->begun);
    int error = 0;
    if (born < 3000) error = weir_group_concurrent(io, &f->group, breed, f, NULL);
    check(error == 0 || error == WEIR_ECONCURRENCY);
    if (error == 0 && born < 3000) return 0;
    check_int(weir_sleep(io, weir_seconds(100000)), WEIR_ECANCELED);
    return 0;
}

/* Starts members for as long as it is not asked to stop. */
static int breed_until_canceled(weir_io *io, void *argument)
{
    family *f = argument;
    contract_raise(io, &f->begun);
    while (weir_check(io) == 0) {
        int error = weir_group_concurrent(io, &f->group, end_counted, f, NULL);
        check(error == 0 || error == WEIR_ECONCURRENCY || error == WEIR_ENOMEM);
        weir_scope shield;
        weir_shield(io, &shield);
        while (weir_group_count(&f->group) > 64) weir_yield(io);
        weir_scope_leave(io, &shield);
    }
    /* One more while the cancellation is under way: it is asked to stop at once. */
    weir_group_concurrent(io, &f->group, wait_for_cancel, f, NULL);
    return 0;
}

CONTRACT(a_group_canceled_while_members_spawn_ends)
{
    for (int round = 0; round < 10; round++) {
        family f = {0};
        uint32_t started = 0;
        contract_at("round", (size_t)round);
        for (int i = 0; i < 3; i++) {
            int error = weir_group_concurrent(io, &f.group, breed_until_canceled, &f, NULL);
            started += check_int(error, 0);
        }
        contract_reached(io, &f.begun, started);
        weir_group_cancel(io, &f.group);
        check_int(weir_group_count(&f.group), 0);
    }
}

CONTRACT(a_line_of_members_each_started_by_the_one_before_ends)
{
    family f = {0};
    check_int(weir_group_concurrent(io, &f.group, breed, &f, NULL), 0);
    contract_reached(io, &f.begun, 3);
    weir_group_cancel(io, &f.group);
    check_int(weir_group_count(&f.group), 0);
}

typedef struct keeper {
    family *family;
    int result;
    uint64_t left;
    uint32_t ended;
} keeper;

static int keep(weir_io *io, void *argument)
{
    keeper *k = argument;
    k->result = weir_group_wait(io, &k->family->group);
    k->left = weir_group_count(&k->family->group);
    k->ended = __atomic_load_n(&k->family->ended, __ATOMIC_SEQ_CST);
    return 0;
}

CONTRACT(a_waiter_that_is_canceled_cancels_and_awaits_the_members)
{
    for (int round = 0; round < 10; round++) {
        family f = {0};
        keeper k = {.family = &f};
        weir_task task = {0};
        start_waiting(io, &f, 8);
        check_int(weir_concurrent(io, &task, keep, &k, NULL), 0);
        if (round % 2) contract_settle(io);
        check_int(weir_cancel(io, &task), 0);
        check_int(k.result, WEIR_ECANCELED);
        check_int(k.left, 0);
        check_int(k.ended, 8);
    }
}

CONTRACT(a_waiter_whose_scope_expires_cancels_and_awaits_the_members)
{
    for (int round = 0; round < 2; round++) {
        family f = {0};
        weir_scope scope;
        start_waiting(io, &f, 8);
        weir_scope_enter(io, &scope, weir_deadline_after(io, weir_milliseconds(round * 5)));
        check_int(weir_group_wait(io, &f.group), WEIR_EDEADLINE);
        check_int(weir_group_count(&f.group), 0);
        check_int(f.ended, 8);
        check_int(weir_scope_leave(io, &scope), WEIR_EDEADLINE);
    }
}

CONTRACT(a_group_serves_many_thousand_members_one_after_the_other)
{
    family f = {0};
    for (int i = 0; i < 5000; i++) {
        check_int(weir_group_concurrent(io, &f.group, end_counted, &f, NULL), 0);
        if (i > 32) contract_reached(io, &f.ended, (uint32_t)i - 32);
    }
    check_int(weir_group_wait(io, &f.group), 0);
    check_int(f.ended, 5000);
}
