/* SPDX-License-Identifier: MIT
 *
 * Does an engine tell truly of its tasks, their states and its counters, to its own tasks and to
 * threads outside?
 */
#include "test/contract/contract.h"

#include <pthread.h>
#include <sys/socket.h>

#include <weir/io/inspect.h>
#include <weir/io/io.h>

enum { SEEN = 64 };

typedef struct picture {
    weir_io *io;
    size_t count;
    weir_task_info tasks[SEEN];
    int inner; /* what a call from inside a visit returned */
    bool nested;
} picture;

static void look(void *argument, const weir_task_info *info)
{
    picture *p = argument;
    if (p->nested) p->inner = weir_tasks(p->io, look, NULL);
    if (p->count < SEEN) p->tasks[p->count] = *info;
    p->count++;
}

/* Looks at all tasks, anew when a worker did not answer in time, as on a machine that stops. */
static int look_at_all(weir_io *io, picture *p)
{
    int error;
    do {
        p->count = 0;
        error = weir_tasks(io, look, p);
    } while (error == WEIR_EDEADLINE);
    return error;
}

static const weir_task_info *find(const picture *p, const char *name)
{
    for (size_t i = 0; i < p->count && i < SEEN; i++)
        if (p->tasks[i].name && strcmp(p->tasks[i].name, name) == 0) return &p->tasks[i];
    return NULL;
}

/* Looks until the task of that name waits, or for long enough. */
static const weir_task_info *find_waiting(weir_io *io, picture *p, const char *name)
{
    const weir_task_info *found = NULL;
    const weir_instant start = weir_now(io, WEIR_CLOCK_MONOTONIC);
    while (contract_ms_since(io, start) < 20000) {
        check_int(look_at_all(io, p), 0);
        found = find(p, name);
        if (found && found->state == WEIR_TASK_WAITING) return found;
        weir_yield(io);
    }
    check(!"it never waited");
    return found;
}

typedef struct sleeper {
    const char *place; /* of its scope */
    weir_deadline deadline;
    bool shielded;
    weir_scope outer, inner;
} sleeper;

static int read_until_asked(weir_io *io, void *argument)
{
    char byte;
    return (int)weir_read(io, *(weir_socket *)argument, &byte, 1);
}

static int sleep_in_scopes(weir_io *io, void *argument)
{
    sleeper *s = argument;
    weir_scope_enter_for(io, &s->outer, weir_seconds(900));
    s->deadline = weir_scope_deadline(io);
    if (s->shielded) weir_shield(io, &s->inner);
    int error = weir_sleep(io, weir_seconds(s->shielded ? 0 : 900));
    while (s->shielded && weir_sleep(io, weir_milliseconds(1)) == 0)
        if (__atomic_load_n(&s->place, __ATOMIC_SEQ_CST)) break;
    if (s->shielded) weir_scope_leave(io, &s->inner);
    weir_scope_leave(io, &s->outer);
    return error;
}

CONTRACT(tasks_are_seen_with_what_they_wait_for)
{
    picture p = {.io = io};
    sleeper s = {0};
    weir_group group = WEIR_GROUP_INIT;
    weir_socket ends[2];
    weir_task_options reader = {.name = "reader", .worker = WEIR_WORKER_ANY};
    weir_task_options sleeping = {.name = "sleeper", .worker = WEIR_WORKER_ANY};
    if (!contract_pair(SOCK_STREAM, ends)) return;
    check_int(weir_group_concurrent(io, &group, read_until_asked, &ends[0], &reader), 0);
    check_int(weir_group_concurrent(io, &group, sleep_in_scopes, &s, &sleeping), 0);

    const weir_task_info *r = find_waiting(io, &p, "reader");
    if (check(r != NULL)) {
        check_int(strcmp(r->waits_for, "read"), 0);
        check_int(r->fd, ends[0].fd);
        check(r->waited.ns >= 0);
        check(r->group == &group);
        check(r->place && strstr(r->place, "tasks_seen.c:"));
        check(weir_is_never(r->deadline) && !r->scope && !r->asked && !r->shielded);
        check(r->worker < weir_workers(io));
    }
    const weir_task_info *z = find_waiting(io, &p, "sleeper");
    if (check(z != NULL)) {
        check_int(strcmp(z->waits_for, "sleep"), 0);
        check_int(z->fd, -1);
        check_int(z->deadline.ns, s.deadline.ns);
        check(z->scope && strstr(z->scope, "tasks_seen.c:"));
    }
    const weir_task_info *root = find(&p, "root");
    if (check(root != NULL)) {
        check_int(root->state, WEIR_TASK_RUNNING);
        check(root->id == io->table->self(io));
        check(root->group == NULL);
    }
    check_int(p.count, 3);
    weir_group_cancel(io, &group);
    contract_close(io, ends);
    check_int(look_at_all(io, &p), 0);
    check_int(p.count, 1);
}

CONTRACT(the_time_that_a_task_waits_is_seen_to_grow)
{
    picture p = {.io = io};
    sleeper s = {0};
    weir_group group = WEIR_GROUP_INIT;
    weir_task_options sleeping = {.name = "sleeper", .worker = WEIR_WORKER_ANY};
    check_int(weir_group_concurrent(io, &group, sleep_in_scopes, &s, &sleeping), 0);
    const weir_task_info *first = find_waiting(io, &p, "sleeper");
    int64_t waited = first ? first->waited.ns : 0;
    weir_sleep(io, weir_milliseconds(5));
    const weir_task_info *then = find_waiting(io, &p, "sleeper");
    if (check(then != NULL)) check(then->waited.ns >= waited + 5000000);
    weir_group_cancel(io, &group);
}

CONTRACT(a_request_and_a_shield_are_seen)
{
    picture p = {.io = io};
    sleeper s = {.shielded = true};
    weir_task task;
    weir_task_options options = {.name = "shielded", .worker = WEIR_WORKER_ANY};
    check_int(weir_concurrent(io, &task, sleep_in_scopes, &s, &options), 0);
    const weir_task_info *seen = NULL;
    do {
        seen = find_waiting(io, &p, "shielded");
    } while (seen && !seen->shielded && !contract_failed());
    if (check(seen != NULL)) check(seen->shielded && !seen->asked && seen->group == NULL);
    weir_cancel_request(io, &task);
    __atomic_store_n(&s.place, "go", __ATOMIC_SEQ_CST);
    check_int(weir_await(io, &task, NULL), 0);
}

CONTRACT(unstarted_tasks_are_seen)
{
    picture p = {.io = io};
    weir_group group = WEIR_GROUP_INIT;
    sleeper s = {0};
    weir_task_options options = {.name = "fresh", .worker = WEIR_WORKER_SAME};
    if (contract_on_threads(io)) return; /* a thread starts by itself */
    check_int(weir_group_concurrent(io, &group, sleep_in_scopes, &s, &options), 0);
    check_int(look_at_all(io, &p), 0);
    const weir_task_info *fresh = find(&p, "fresh");
    if (check(fresh != NULL)) {
        check_int(fresh->state, WEIR_TASK_NEW);
        check(!fresh->waits_for && fresh->fd == -1 && fresh->group == &group);
    }
    weir_group_cancel(io, &group);
}

CONTRACT(a_look_inside_a_look_is_refused)
{
    picture p = {.io = io, .nested = true};
    check_int(look_at_all(io, &p), 0);
    check_int(p.inner, WEIR_EBUSY);
    p.nested = false;
    check_int(look_at_all(io, &p), 0);
}

static void *look_from_outside(void *argument)
{
    picture *p = argument;
    for (int i = 0; i < 50; i++) {
        check_int(look_at_all(p->io, p), 0);
        check(p->count >= 1);
    }
    return NULL;
}

static int look_by_thread(weir_io *io, void *argument)
{
    pthread_t thread;
    if (check(pthread_create(&thread, NULL, look_from_outside, argument) == 0)) {
        while (pthread_tryjoin_np(thread, NULL)) weir_sleep(io, weir_microseconds(200));
    }
    return 0;
}

CONTRACT(tasks_are_seen_from_outside)
{
    picture p = {.io = io};
    check_int(look_by_thread(io, &p), 0);
    check(find(&p, "root") != NULL);
}

CONTRACT_OUTSIDE(an_engine_that_does_not_run_has_no_tasks)
{
    weir_io *io = NULL;
    if (!check_int(weir_engine_create(options, &io), 0)) return;
    picture p = {.io = io};
    check_int(look_at_all(io, &p), 0);
    check_int(p.count, 0);
    check_int(weir_run(io, look_by_thread, &p), 0);
    check_int(look_at_all(io, &p), 0);
    check_int(p.count, 0);
    weir_counters counters = weir_counters_of(io);
    check_int(counters.spawned, counters.finished);
    weir_io_destroy(io);
}

static int nothing(weir_io *io, void *argument)
{
    (void)io;
    (void)argument;
    return 0;
}

CONTRACT(counters_count)
{
    weir_group group = WEIR_GROUP_INIT;
    weir_counters before = weir_counters_of(io);
    for (int i = 0; i < 100; i++)
        check_int(weir_group_concurrent(io, &group, nothing, NULL, NULL), 0);
    check_int(weir_group_wait(io, &group), 0);
    for (int i = 0; i < 3; i++) check_int(weir_sleep(io, weir_milliseconds(1)), 0);
    weir_counters after = weir_counters_of(io);
    check_int(after.spawned - before.spawned, 100);
    check(after.finished - before.finished <= 100 && after.finished - before.finished >= 99);
    check_int(after.ops[WEIR_OP_SLEEP] - before.ops[WEIR_OP_SLEEP], 3);
    check(after.completions - before.completions >= 3);
    check(after.ops[WEIR_OP_GROUP_WAIT] - before.ops[WEIR_OP_GROUP_WAIT] <= 1);
    check(after.detached_failed == before.detached_failed);
}
