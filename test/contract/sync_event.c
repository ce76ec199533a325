/* SPDX-License-Identifier: MIT
 *
 * Do events, notifications and wait groups wake exactly whom they promise to wake, whatever is
 * canceled or expires at the same moment?
 */
#include "test/contract/contract.h"

#include <weir/sync/event.h>
#include <weir/sync/notify.h>
#include <weir/sync/wait_group.h>

enum { MANY = 8 };

static weir_deadline past(void)
{
    return (weir_deadline){0};
}

/* Events ------------------------------------------------------------------------------------- */

typedef struct watcher {
    weir_event *event;
    weir_task task;
    uint32_t *done;
    int64_t result;
    unsigned delay;
} watcher;

static int watch(weir_io *io, void *argument)
{
    watcher *w = argument;
    contract_spin(w->delay);
    w->result = weir_event_wait(io, w->event);
    if (w->done) contract_raise(io, w->done);
    return 0;
}

CONTRACT(an_event_lets_all_go_who_wait_and_all_who_come_later)
{
    weir_event event = {0};
    watcher w[MANY] = {0};
    uint32_t done = 0;
    check(!weir_event_is_set(&event));
    for (int i = 0; i < MANY; i++) {
        w[i] = (watcher){.event = &event, .done = &done};
        check_int(weir_concurrent(io, &w[i].task, watch, &w[i], NULL), 0);
    }
    contract_settle(io);
    check_int(__atomic_load_n(&done, __ATOMIC_SEQ_CST), 0);
    weir_event_set(io, &event);
    weir_event_set(io, &event);
    for (int i = 0; i < MANY; i++) {
        check_int(weir_await(io, &w[i].task, NULL), 0);
        check_int(w[i].result, 0);
    }
    check(weir_event_is_set(&event));
    check_int(weir_event_wait(io, &event), 0);
    check_int(weir_event_wait_until(io, &event, past()), 0);
    check_int(weir_event_wait_uncancelable(io, &event), 0);
    weir_event_reset(io, &event);
    check(!weir_event_is_set(&event));
    check_int(weir_event_wait_until(io, &event, past()), WEIR_EDEADLINE);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(2));
    check_int(weir_event_wait_until(io, &event, soon), WEIR_EDEADLINE);
    check(weir_now(io, WEIR_CLOCK_MONOTONIC).ns >= soon.ns);
}

CONTRACT(a_wait_for_an_event_ends_with_a_request_or_a_scope_and_leaves_nothing_behind)
{
    weir_event event = {0};
    watcher w = {.event = &event};
    for (int round = 0; round < 50; round++) {
        check_int(weir_concurrent(io, &w.task, watch, &w, NULL), 0);
        if (round % 2) weir_yield(io);
        if (round % 10 == 5) contract_settle(io);
        weir_cancel(io, &w.task);
        check_int(w.result, WEIR_ECANCELED);
        check(!event.waiting.first && !event.waiting.last);
    }
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(2));
    check_int(weir_event_wait(io, &event), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    check(!event.waiting.first);
}

static int watch_uncancelable(weir_io *io, void *argument)
{
    watcher *w = argument;
    w->result = weir_event_wait_uncancelable(io, w->event);
    return weir_check(io);
}

CONTRACT(an_uncancelable_wait_for_an_event_keeps_the_request_for_later)
{
    weir_event event = {0};
    watcher w = {.event = &event, .result = 1};
    check_int(weir_concurrent(io, &w.task, watch_uncancelable, &w, NULL), 0);
    contract_settle(io);
    weir_cancel_request(io, &w.task);
    contract_settle(io);
    check(!weir_task_ended(&w.task));
    weir_event_set(io, &event);
    int result = 0;
    check_int(weir_await(io, &w.task, &result), 0);
    check_int(w.result, 0);
    check_int(result, WEIR_ECANCELED);
}

CONTRACT(events_can_be_selected)
{
    weir_event events[3] = {0};
    weir_op ops[3], *list[3];
    for (int i = 0; i < 3; i++) {
        weir_event_op(&ops[i], &events[i]);
        list[i] = &ops[i];
    }
    check_int(weir_select(io, list, 3, weir_deadline_after(io, weir_milliseconds(1))),
              WEIR_EDEADLINE);
    weir_event_set(io, &events[1]);
    check_int(weir_select(io, list, 3, weir_never()), 1);
    check_int(ops[1].result, 0);
    for (int i = 0; i < 3; i++) check(!events[i].waiting.first);
}

/* Waits for the event of each round with deadlines that often pass. */
typedef struct walk_rounds {
    weir_event event;
    uint32_t round, passed;
    unsigned count;
} walk_rounds;

typedef struct walker {
    walk_rounds *rounds;
    weir_task task;
    uint64_t seed;
} walker;

static int walk(weir_io *io, void *argument)
{
    walker *w = argument;
    walk_rounds *r = w->rounds;
    for (unsigned round = 1; round <= r->count && !contract_failed(); round++) {
        int error;
        do {
            contract_spin((unsigned)(test_random(&w->seed) % 500));
            weir_deadline deadline = weir_never();
            if (test_random(&w->seed) % 2)
                deadline = weir_deadline_after(
                    io, weir_microseconds((int64_t)(test_random(&w->seed) % 300)));
            error = weir_event_wait_until(io, &r->event, deadline);
        } while (error == WEIR_EDEADLINE);
        check_int(error, 0);
        contract_raise(io, &r->passed);
        contract_reached(io, &r->round, round);
    }
    return 0;
}

CONTRACT(no_wait_for_an_event_is_left_behind_over_many_rounds)
{
    uint64_t seed = test_seed();
    walk_rounds r = {.count = 150};
    walker w[4];
    for (int i = 0; i < 4; i++) {
        w[i] = (walker){.rounds = &r, .seed = test_random(&seed)};
        check_int(weir_concurrent(io, &w[i].task, walk, &w[i], NULL), 0);
    }
    for (unsigned round = 1; round <= r.count && !contract_failed(); round++) {
        contract_at("round", round);
        contract_spin((unsigned)(test_random(&seed) % 1000));
        weir_event_set(io, &r.event);
        contract_reached(io, &r.passed, 4 * round);
        weir_event_reset(io, &r.event);
        contract_raise(io, &r.round);
    }
    for (int i = 0; i < 4; i++) check_int(weir_await(io, &w[i].task, NULL), 0);
}

/* The setter must not touch an event after its waiter has gone on. */
static int set_event(weir_io *io, void *argument)
{
    watcher *w = argument;
    contract_spin(w->delay);
    weir_event_set(io, w->event);
    return 0;
}

CONTRACT(who_waited_for_an_event_may_free_it)
{
    uint64_t seed = test_seed();
    for (int i = 0; i < 300; i++) {
        weir_event *event = calloc(1, sizeof *event);
        if (!event) abort();
        watcher w = {.event = event, .delay = (unsigned)(test_random(&seed) % 2000)};
        check_int(weir_concurrent(io, &w.task, set_event, &w, NULL), 0);
        contract_spin((unsigned)(test_random(&seed) % 2000));
        check_int(weir_event_wait(io, event), 0);
        memset(event, 0xff, sizeof *event);
        free(event);
        check_int(weir_await(io, &w.task, NULL), 0);
    }
}

/* Set or canceled at once: the wait has one outcome, and the task sees one request at most. */
CONTRACT(an_event_that_is_set_while_its_waiter_is_canceled_ends_the_wait_once)
{
    uint64_t seed = test_seed();
    for (int i = 0; i < 300; i++) {
        weir_event event = {0};
        watcher w = {.event = &event, .delay = (unsigned)(test_random(&seed) % 1000)};
        watcher s = {.event = &event, .delay = (unsigned)(test_random(&seed) % 3000)};
        check_int(weir_concurrent(io, &w.task, watch, &w, NULL), 0);
        check_int(weir_concurrent(io, &s.task, set_event, &s, NULL), 0);
        contract_spin((unsigned)(test_random(&seed) % 3000));
        weir_cancel(io, &w.task);
        check(w.result == 0 || w.result == WEIR_ECANCELED);
        check_int(weir_await(io, &s.task, NULL), 0);
        check(!event.waiting.first);
    }
}

/* Notifications ------------------------------------------------------------------------------ */

CONTRACT(a_notification_keeps_one_permit_at_most)
{
    weir_notify notify = {0};
    check_int(weir_notify_wait_until(io, &notify, past()), WEIR_EDEADLINE);
    for (int i = 0; i < 5; i++) weir_notify_one(io, &notify);
    check_int(weir_notify_wait(io, &notify), 0);
    check_int(weir_notify_wait_until(io, &notify, past()), WEIR_EDEADLINE);
    weir_notify_all(io, &notify);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(1));
    check_int(weir_notify_wait_until(io, &notify, soon), WEIR_EDEADLINE);
    weir_notify_one(io, &notify);
    check_int(weir_notify_wait_until(io, &notify, past()), 0);
}

typedef struct hearer {
    weir_notify *notify;
    uint32_t *heard;
    weir_task task;
    int64_t result;
    unsigned delay;
} hearer;

static int hear(weir_io *io, void *argument)
{
    hearer *h = argument;
    contract_spin(h->delay);
    h->result = weir_notify_wait(io, h->notify);
    if (h->result == 0) contract_raise(io, h->heard);
    return 0;
}

/* Waits until `count` ops are in the list: the only way to know that a task waits. */
static void await_waiters(weir_io *io, weir_notify *notify, unsigned count)
{
    for (unsigned waiting = 0; waiting < count; weir_yield(io)) {
        waiting = 0;
        weir_wait_lock(io, &notify->lock);
        for (weir_op *op = notify->waiting.first; op; op = weir_op_words_of(op)->next) waiting++;
        weir_wait_unlock(io, &notify->lock);
    }
}

CONTRACT(notify_one_wakes_one_and_notify_all_wakes_those_who_wait)
{
    weir_notify notify = {0};
    uint32_t heard = 0;
    hearer h[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        h[i] = (hearer){.notify = &notify, .heard = &heard};
        check_int(weir_concurrent(io, &h[i].task, hear, &h[i], NULL), 0);
        await_waiters(io, &notify, i + 1);
    }
    weir_notify_one(io, &notify);
    check_int(weir_await(io, &h[0].task, NULL), 0);
    contract_settle(io);
    check_int(__atomic_load_n(&heard, __ATOMIC_SEQ_CST), 1);
    weir_notify_all(io, &notify);
    for (int i = 1; i < MANY; i++) check_int(weir_await(io, &h[i].task, NULL), 0);
    check_int(heard, MANY);
    check_int(weir_notify_wait_until(io, &notify, past()), WEIR_EDEADLINE);
}

CONTRACT(a_canceled_or_expired_wait_consumes_no_notification)
{
    weir_notify notify = {0};
    uint32_t heard = 0;
    hearer h = {.notify = &notify, .heard = &heard};
    check_int(weir_concurrent(io, &h.task, hear, &h, NULL), 0);
    await_waiters(io, &notify, 1);
    weir_cancel(io, &h.task);
    check_int(h.result, WEIR_ECANCELED);
    check(!notify.waiting.first);
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_milliseconds(1));
    check_int(weir_notify_wait(io, &notify), WEIR_EDEADLINE);
    weir_scope_leave(io, &scope);
    weir_notify_one(io, &notify);
    check_int(weir_notify_wait(io, &notify), 0);
    weir_op op, *list[] = {&op};
    weir_notify_op(&op, &notify);
    check_int(weir_select(io, list, 1, weir_deadline_after(io, weir_milliseconds(1))),
              WEIR_EDEADLINE);
    weir_notify_one(io, &notify);
    check_int(weir_select(io, list, 1, weir_never()), 0);
    check_int(notify.permit, 0);
}

/* Each notification is heard once, though hearers are canceled and expire all the time. */
typedef struct audience {
    weir_notify notify;
    uint32_t heard;
    bool over; /* atomic */
} audience;

typedef struct listener {
    audience *audience;
    weir_task task;
    uint64_t seed;
} listener;

static int listen_for_long(weir_io *io, void *argument)
{
    listener *l = argument;
    audience *a = l->audience;
    while (!__atomic_load_n(&a->over, __ATOMIC_SEQ_CST)) {
        weir_deadline deadline = weir_never();
        if (test_random(&l->seed) % 2)
            deadline =
                weir_deadline_after(io, weir_microseconds((int64_t)(test_random(&l->seed) % 200)));
        int error = weir_notify_wait_until(io, &a->notify, deadline);
        check(error == 0 || error == WEIR_EDEADLINE || error == WEIR_ECANCELED);
        if (error == 0 && !__atomic_load_n(&a->over, __ATOMIC_SEQ_CST))
            contract_raise(io, &a->heard);
    }
    return 0;
}

CONTRACT(each_notification_is_heard_once)
{
    uint64_t seed = test_seed();
    audience a = {0};
    listener l[4];
    for (int i = 0; i < 4; i++) {
        l[i] = (listener){.audience = &a, .seed = test_random(&seed)};
        check_int(weir_concurrent(io, &l[i].task, listen_for_long, &l[i], NULL), 0);
    }
    for (uint32_t i = 1; i <= 500 && !contract_failed(); i++) {
        contract_at("notification", i);
        contract_spin((unsigned)(test_random(&seed) % 500));
        if (test_random(&seed) % 2) weir_cancel_request(io, &l[test_random(&seed) % 4].task);
        weir_notify_one(io, &a.notify);
        if (test_random(&seed) % 2) weir_cancel_request(io, &l[test_random(&seed) % 4].task);
        contract_reached(io, &a.heard, i);
        check_int(__atomic_load_n(&a.heard, __ATOMIC_SEQ_CST), i);
    }
    __atomic_store_n(&a.over, true, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 4; i++) {
        weir_cancel_request(io, &l[i].task);
        weir_notify_all(io, &a.notify);
        check_int(weir_await(io, &l[i].task, NULL), 0);
    }
}

/* Wait groups -------------------------------------------------------------------------------- */

CONTRACT(a_wait_group_counts_and_refuses_to_go_below_zero)
{
    weir_wait_group group = {0};
    check_int(weir_wait_group_wait(io, &group), 0);
    check_int(weir_wait_group_done(io, &group), WEIR_EOVERFLOW);
    check_int(weir_wait_group_count(&group), 0);
    check_int(weir_wait_group_add(io, &group, 3), 0);
    check_int(weir_wait_group_add(io, &group, -4), WEIR_EOVERFLOW);
    check_int(weir_wait_group_add(io, &group, INT64_MAX), WEIR_EOVERFLOW);
    check_int(weir_wait_group_count(&group), 3);
    check_int(weir_wait_group_wait_until(io, &group, past()), WEIR_EDEADLINE);
    weir_deadline soon = weir_deadline_after(io, weir_milliseconds(1));
    check_int(weir_wait_group_wait_until(io, &group, soon), WEIR_EDEADLINE);
    check_int(weir_wait_group_add(io, &group, -2), 0);
    check_int(weir_wait_group_done(io, &group), 0);
    check_int(weir_wait_group_wait_until(io, &group, past()), 0);
    weir_op op, *list[] = {&op};
    weir_wait_group_op(&op, &group);
    check_int(weir_select(io, list, 1, weir_never()), 0);
}

typedef struct job {
    weir_wait_group *group;
    weir_task task;
    unsigned delay;
    int64_t result;
} job;

static int do_job(weir_io *io, void *argument)
{
    job *j = argument;
    contract_spin(j->delay);
    if (j->delay % 2) weir_yield(io);
    return weir_wait_group_done(io, j->group);
}

static int wait_for_jobs(weir_io *io, void *argument)
{
    job *j = argument;
    j->result = weir_wait_group_wait(io, j->group);
    return 0;
}

CONTRACT(a_wait_group_lets_its_waiters_go_at_zero_and_may_be_freed_then)
{
    uint64_t seed = test_seed();
    for (int round = 0; round < 100; round++) {
        weir_wait_group *group = calloc(1, sizeof *group);
        if (!group) abort();
        job jobs[4], waits[2];
        check_int(weir_wait_group_add(io, group, 4), 0);
        for (int i = 0; i < 2; i++) {
            waits[i] = (job){.group = group, .result = 1};
            check_int(weir_concurrent(io, &waits[i].task, wait_for_jobs, &waits[i], NULL), 0);
        }
        for (int i = 0; i < 4; i++) {
            jobs[i] = (job){.group = group, .delay = (unsigned)(test_random(&seed) % 1000)};
            check_int(weir_concurrent(io, &jobs[i].task, do_job, &jobs[i], NULL), 0);
        }
        if (round % 2) weir_cancel_request(io, &waits[0].task);
        check_int(weir_wait_group_wait(io, group), 0);
        for (int i = 0; i < 2; i++) check_int(weir_await(io, &waits[i].task, NULL), 0);
        memset(group, 0xff, sizeof *group);
        free(group);
        check(waits[0].result == 0 || (round % 2 && waits[0].result == WEIR_ECANCELED));
        check_int(waits[1].result, 0);
        for (int i = 0; i < 4; i++) {
            int result = 1;
            check_int(weir_await(io, &jobs[i].task, &result), 0);
            check_int(result, 0);
        }
    }
}

/* Memory ------------------------------------------------------------------------------------- */

typedef struct pair {
    weir_event event;
    weir_notify there, back;
    weir_wait_group group;
    unsigned rounds;
} pair;

static int answer(weir_io *io, void *argument)
{
    pair *p = argument;
    for (unsigned i = 0; i < p->rounds; i++) {
        check_int(weir_notify_wait(io, &p->there), 0);
        weir_event_set(io, &p->event);
        check_int(weir_wait_group_done(io, &p->group), 0);
        weir_notify_one(io, &p->back);
    }
    return 0;
}

static void ask(weir_io *io, pair *p, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        check_int(weir_wait_group_add(io, &p->group, 1), 0);
        weir_event_reset(io, &p->event);
        weir_notify_one(io, &p->there);
        check_int(weir_event_wait(io, &p->event), 0);
        check_int(weir_wait_group_wait(io, &p->group), 0);
        check_int(weir_notify_wait(io, &p->back), 0);
    }
}

CONTRACT(waits_for_events_notifications_and_wait_groups_allocate_nothing)
{
    pair p = {.rounds = 110};
    weir_task task = {0};
    check_int(weir_concurrent(io, &task, answer, &p, NULL), 0);
    ask(io, &p, 10);
    test_alloc_reset();
    ask(io, &p, 100);
    check_int(test_alloc_count(), 0);
    check_int(weir_await(io, &task, NULL), 0);
}
