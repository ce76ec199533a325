/* SPDX-License-Identifier: MIT
 *
 * Does the engine tell the truth about its tasks, and can threads that it does not know and queues
 * with a handler use it?
 */
#include <weir/io/threaded/threaded.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/inspect.h>
#include <weir/io/outside.h>
#include <weir/io/scope.h>
#include <weir/io/socket.h>
#include <weir/io/token.h>
#include <weir/io/word.h>
#include <weir/io/work.h>

#include "test/harness/test.h"

static void run(weir_task_fn *root, void *argument)
{
    weir_io *io = NULL;
    assert_int_equal(weir_threaded_create(NULL, &io), 0);
    assert_int_equal(weir_run(io, root, argument), 7);
    weir_io_destroy(io);
}

/* Tasks ---------------------------------------------------------------------------------------- */

typedef struct picture {
    size_t count;
    weir_task_info root, reader, waiter;
} picture;

static void look_at(void *argument, const weir_task_info *info)
{
    picture *p = argument;
    p->count++;
    if (strcmp(info->name, "root") == 0) p->root = *info;
    if (strcmp(info->name, "reader") == 0) p->reader = *info;
    if (strcmp(info->name, "waiter") == 0) p->waiter = *info;
}

static int read_in_scope(weir_io *io, void *argument)
{
    char byte;
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_seconds(1000));
    int result = (int)weir_read(io, *(weir_socket *)argument, &byte, 1);
    weir_scope_leave(io, &scope);
    return result;
}

static int wait_for_word(weir_io *io, void *argument)
{
    return weir_wait(io, argument, 0, weir_never());
}

static int see_tasks(weir_io *io, void *argument)
{
    int fds[2];
    (void)argument;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    weir_socket end = {.fd = fds[0]};
    uint32_t word = 0;
    weir_task reader;
    weir_group group = WEIR_GROUP_INIT;
    weir_task_options options = {.name = "reader", .worker = WEIR_WORKER_ANY};
    assert_int_equal(weir_concurrent(io, &reader, read_in_scope, &end, &options), 0);
    options.name = "waiter";
    assert_int_equal(weir_group_concurrent(io, &group, wait_for_word, &word, &options), 0);
    picture p;
    do {
        p = (picture){0};
        assert_int_equal(weir_tasks(io, look_at, &p), 0);
        assert_int_equal(p.count, 3);
    } while (p.reader.state != WEIR_TASK_WAITING || p.waiter.state != WEIR_TASK_WAITING);
    assert_int_equal(p.root.state, WEIR_TASK_RUNNING);
    assert_null(p.root.waits_for);
    assert_string_equal(p.reader.waits_for, "read");
    assert_int_equal(p.reader.fd, fds[0]);
    assert_true(p.reader.waited.ns >= 0 && p.reader.waited.ns < 100000000000);
    assert_non_null(strstr(p.reader.place, "visit_test.c:"));
    assert_non_null(strstr(p.reader.scope, "visit_test.c:"));
    assert_false(weir_is_never(p.reader.deadline));
    assert_null(p.reader.group);
    assert_string_equal(p.waiter.waits_for, "word");
    assert_int_equal(p.waiter.fd, -1);
    assert_ptr_equal(p.waiter.group, &group);
    assert_null(p.waiter.scope);
    assert_true(weir_is_never(p.waiter.deadline));
    assert_int_equal(weir_cancel(io, &reader), WEIR_ECANCELED);
    weir_group_cancel(io, &group);
    p = (picture){0};
    assert_int_equal(weir_tasks(io, look_at, &p), 0);
    assert_int_equal(p.count, 1);
    close(fds[0]);
    close(fds[1]);
    return 7;
}

TEST(tasks_are_told_with_what_they_wait_for)
{
    run(see_tasks, NULL);
}

static int wait_then_run(weir_io *io, void *argument)
{
    atomic_int *stage = argument;
    assert_int_equal(weir_sleep(io, weir_microseconds(100)), 0);
    atomic_store(stage, 1);
    while (atomic_load(stage) == 1) sched_yield();
    return 0;
}

static int see_it_run(weir_io *io, void *argument)
{
    atomic_int stage = 0;
    weir_task task;
    picture p = {0};
    weir_task_options options = {.name = "waiter", .worker = WEIR_WORKER_ANY};
    (void)argument;
    assert_int_equal(weir_concurrent(io, &task, wait_then_run, &stage, &options), 0);
    while (atomic_load(&stage) == 0) weir_yield(io);
    assert_int_equal(weir_tasks(io, look_at, &p), 0);
    assert_int_equal(p.waiter.state, WEIR_TASK_RUNNING);
    assert_null(p.waiter.waits_for);
    atomic_store(&stage, 2);
    assert_int_equal(weir_await(io, &task, NULL), 0);
    return 7;
}

TEST(a_task_that_has_waited_is_told_to_run_again)
{
    run(see_it_run, NULL);
}

static void look_again(void *argument, const weir_task_info *info)
{
    weir_io *io = argument;
    (void)info;
    assert_int_equal(weir_tasks(io, look_again, io), WEIR_EBUSY);
}

static int do_little(weir_io *io, void *argument)
{
    (void)argument;
    weir_scope scope;
    weir_scope_enter_for(io, &scope, weir_microseconds(50));
    weir_sleep(io, weir_microseconds(20));
    return weir_scope_leave(io, &scope);
}

static int come_and_go(weir_io *io, void *argument)
{
    atomic_bool *ends = argument;
    while (!atomic_load(ends)) {
        weir_task tasks[4];
        for (int i = 0; i < 4; i++)
            assert_int_equal(weir_concurrent(io, &tasks[i], do_little, NULL, NULL), 0);
        for (int i = 0; i < 4; i++) weir_await(io, &tasks[i], NULL);
    }
    return 0;
}

static int look_while_they_come_and_go(weir_io *io, void *argument)
{
    atomic_bool ends = false;
    weir_task task;
    (void)argument;
    assert_int_equal(weir_tasks(io, look_again, io), 0);
    assert_int_equal(weir_concurrent(io, &task, come_and_go, &ends, NULL), 0);
    for (int i = 0; i < 500; i++) {
        picture p = {0};
        assert_int_equal(weir_tasks(io, look_at, &p), 0);
        assert_true(p.count >= 2 && p.count <= 6);
    }
    atomic_store(&ends, true);
    assert_int_equal(weir_await(io, &task, NULL), 0);
    return 7;
}

TEST(tasks_are_looked_at_while_they_start_and_end)
{
    run(look_while_they_come_and_go, NULL);
}

/* Threads of others ---------------------------------------------------------------------------- */

static int answer(weir_io *io, void *argument)
{
    atomic_int *count = argument;
    weir_sleep(io, weir_microseconds(1));
    return atomic_fetch_add(count, 1);
}

typedef struct foreign {
    weir_io *io;
    atomic_int count, refused;
    atomic_bool knocked;
} foreign;

static void *foreign_main(void *argument)
{
    foreign *f = argument;
    for (int result, error; !f->refused;) {
        error = weir_outside_run(f->io, answer, &f->count, &result);
        if (error == WEIR_ENOTRUNNING && f->knocked) f->refused = 1;
        if (error == WEIR_ENOTRUNNING) sched_yield();
        if (error == 0) f->knocked = true;
        if (error != 0) assert_int_equal(error, WEIR_ENOTRUNNING);
    }
    return NULL;
}

static int await_knock(weir_io *io, void *argument)
{
    foreign *f = argument;
    int result;
    assert_int_equal(weir_outside_run(io, answer, &f->count, &result), WEIR_EDEADLK);
    while (!f->knocked) weir_yield(io);
    return 7;
}

TEST(a_thread_of_others_has_tasks_run_until_the_run_ends)
{
    foreign f = {0};
    pthread_t threads[2];
    int result;
    assert_int_equal(weir_threaded_create(NULL, &f.io), 0);
    assert_int_equal(weir_outside_run(f.io, answer, &f.count, &result), WEIR_ENOTRUNNING);
    for (int round = 0; round < 30; round++) {
        f.refused = 0;
        f.knocked = false;
        int before = f.count;
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, foreign_main, &f), 0);
        assert_int_equal(weir_run(f.io, await_knock, &f), 7);
        for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
        assert_true(f.count > before);
    }
    weir_counters counters = weir_counters_of(f.io);
    assert_int_equal(counters.spawned, 30 + f.count);
    assert_int_equal(counters.finished, counters.spawned);
    weir_io_destroy(f.io);
}

typedef struct sleeper {
    uint32_t begun;
    int first;
    atomic_int canceled;
} sleeper;

static int sleep_on(weir_io *io, void *argument)
{
    sleeper *s = argument;
    s->first = weir_check(io);
    __atomic_store_n(&s->begun, 1, __ATOMIC_RELEASE);
    weir_wake(io, &s->begun, 1);
    int error = weir_sleep(io, weir_seconds(1000));
    atomic_fetch_add(&s->canceled, error == WEIR_ECANCELED);
    return error;
}

static int detach_one(weir_io *io, void *argument)
{
    sleeper *s = argument;
    assert_int_equal(weir_detach(io, sleep_on, s, NULL), 0);
    while (!__atomic_load_n(&s->begun, __ATOMIC_ACQUIRE)) weir_wait(io, &s->begun, 0, weir_never());
    assert_int_equal(s->first, 0);
    s->begun = 0;
    return 7;
}

TEST(detached_tasks_end_with_each_of_many_runs)
{
    weir_io *io = NULL;
    sleeper s = {0};
    assert_int_equal(weir_threaded_create(NULL, &io), 0);
    for (int i = 1; i <= 20; i++) {
        assert_int_equal(weir_run(io, detach_one, &s), 7);
        assert_int_equal(s.canceled, i);
        assert_int_equal(weir_counters_of(io).detached_failed, i);
    }
    weir_io_destroy(io);
}

/* Handlers ------------------------------------------------------------------------------------- */

/* An op with its queue: both are gone in the last call of the handler. */
typedef struct ticker {
    weir_op op;
    weir_queue queue;
    uint32_t *left, *ended;
} ticker;

static void tick(weir_io *io, weir_op *op)
{
    ticker *t = (ticker *)(void *)op;
    assert_int_equal(op->result, 0);
    if (__atomic_sub_fetch(t->left, 1, __ATOMIC_ACQ_REL) > 0) {
        op->deadline = weir_deadline_after(io, weir_microseconds(50));
        weir_submit(io, op, &t->queue);
        return;
    }
    uint32_t *ended = t->ended;
    memset(t, 0xa5, sizeof(*t));
    free(t);
    __atomic_store_n(ended, 1, __ATOMIC_RELEASE);
    weir_wake(io, ended, 1);
}

static int submit_from_handlers(weir_io *io, void *argument)
{
    (void)argument;
    for (int round = 0; round < 20; round++) {
        uint32_t left = 10, ended = 0;
        ticker *t = malloc(sizeof(*t));
        *t = (ticker){.left = &left, .ended = &ended};
        weir_queue_init_handler(io, &t->queue, tick);
        weir_op_set(&t->op, WEIR_OP_SLEEP, -1);
        t->op.deadline = weir_deadline_after(io, weir_microseconds(50));
        weir_submit(io, &t->op, &t->queue);
        while (!__atomic_load_n(&ended, __ATOMIC_ACQUIRE)) weir_wait(io, &ended, 0, weir_never());
        assert_int_equal(left, 0);
    }
    return 7;
}

TEST(a_handler_submits_its_op_again_and_frees_it)
{
    run(submit_from_handlers, NULL);
}

typedef struct chain {
    weir_op op;
    weir_queue queue;
    weir_token *next;
    atomic_int *count;
} chain;

static void pass_on(weir_io *io, weir_op *op)
{
    chain *c = (chain *)(void *)op;
    atomic_fetch_add(c->count, 1);
    if (c->next) weir_token_cancel(io, c->next, NULL);
}

/* Each token's op, with and without a deadline, cancels the next token from its handler, and the
 * first is canceled by a token's deadline: a chain through all that can complete an op. */
static int chain_tokens(weir_io *io, void *argument)
{
    enum { LINKS = 9 };
    (void)argument;
    for (int round = 0; round < 50; round++) {
        weir_token tokens[LINKS + 1];
        chain links[LINKS];
        atomic_int count = 0;
        for (int i = 0; i <= LINKS; i++) tokens[i] = (weir_token){0};
        for (int i = 0; i < LINKS; i++) {
            links[i] = (chain){.next = &tokens[i + 1], .count = &count};
            weir_queue_init_handler(io, &links[i].queue, pass_on);
            weir_token_op(&links[i].op, &tokens[i]);
            if (i % 2) links[i].op.deadline = weir_deadline_after(io, weir_seconds(1000));
            weir_submit(io, &links[i].op, &links[i].queue);
        }
        weir_token_timer timer;
        weir_token_arm(io, &tokens[0], &timer, weir_deadline_after(io, weir_microseconds(30)));
        assert_int_equal(weir_token_wait(io, &tokens[LINKS], weir_never()), 0);
        weir_token_disarm(io, &timer);
        assert_int_equal(count, LINKS);
        /* The last handlers may still be on their way out of the tokens. */
        for (int i = 0; i <= LINKS; i++) weir_token_end(io, &tokens[i]);
    }
    return 7;
}

TEST(handlers_cancel_tokens_that_call_handlers)
{
    run(chain_tokens, NULL);
}

static int64_t five(void *argument)
{
    (void)argument;
    return 5;
}

static void note_result(weir_io *io, weir_op *op)
{
    uint32_t *word = op->user;
    __atomic_store_n(word, (uint32_t)op->result, __ATOMIC_RELEASE);
    weir_wake(io, word, 1);
}

static int work_with_handler(weir_io *io, void *argument)
{
    (void)argument;
    for (int i = 0; i < 200; i++) {
        uint32_t word = 0;
        weir_op op;
        weir_queue queue;
        weir_queue_init_handler(io, &queue, note_result);
        weir_work_op(&op, five, NULL);
        op.user = &word;
        if (i % 2) op.deadline = weir_deadline_after(io, weir_seconds(1000));
        weir_submit(io, &op, &queue);
        while (!__atomic_load_n(&word, __ATOMIC_ACQUIRE)) weir_wait(io, &word, 0, weir_never());
        assert_int_equal(word, 5);
        assert_null(queue.head);
    }
    return 7;
}

TEST(work_ends_in_a_handler)
{
    run(work_with_handler, NULL);
}

/* What a flood has shown. */
typedef struct outcome {
    uint32_t ended;
    int count, deepest, wrong;
} outcome;

/* Reads of one byte, each submitted by the handler of the one before, which has sent the byte. */
typedef struct flood {
    weir_op op;
    weir_queue queue;
    struct iovec part;
    int fds[2];
    unsigned char byte;
    bool reads;
    outcome *outcome;
} flood;

enum { FLOOD = 100000 };

static _Thread_local int depth;

static void read_again(weir_io *io, flood *f)
{
    unsigned char byte = (unsigned char)f->outcome->count;
    f->outcome->wrong += send(f->fds[0], &byte, 1, MSG_NOSIGNAL) != 1;
    f->part = (struct iovec){&f->byte, 1};
    f->reads = true;
    weir_op_set(&f->op, WEIR_OP_READ, f->fds[1]);
    f->op.args.vector.data = &f->part;
    f->op.args.vector.count = 1;
    weir_submit(io, &f->op, &f->queue);
}

/* Ends early when it is called inside itself: the test fails then, and does not crash. */
static void receive(weir_io *io, weir_op *op)
{
    flood *f = (flood *)(void *)op;
    outcome *o = f->outcome;
    if (++depth > o->deepest) o->deepest = depth;
    if (f->reads) {
        o->wrong += op->result != 1 || f->byte != (unsigned char)o->count;
        o->count++;
    }
    if (o->count < FLOOD && o->deepest == 1) {
        read_again(io, f);
    } else {
        close(f->fds[0]);
        close(f->fds[1]);
        memset(f, 0xa5, sizeof(*f));
        free(f);
        __atomic_store_n(&o->ended, 1, __ATOMIC_RELEASE);
        weir_wake(io, &o->ended, 1);
    }
    depth--;
}

typedef struct waker {
    weir_io *io;
    uint32_t word;
} waker;

static void *wake_one(void *argument)
{
    waker *w = argument;
    while (weir_wake(w->io, &w->word, 1) == 0) sched_yield();
    return NULL;
}

/* How a flood begins, which is on which thread it goes on. */
typedef enum flood_start { BY_TASK, BY_SERVICE, BY_HELPER, BY_FOREIGN, FLOOD_STARTS } flood_start;

static void begin_flood(weir_io *io, flood *f, flood_start start, waker *w)
{
    if (start == BY_TASK) {
        weir_op_set(&f->op, WEIR_OP_NOP, -1);
    } else if (start == BY_SERVICE) {
        weir_op_set(&f->op, WEIR_OP_SLEEP, -1);
        f->op.deadline = weir_deadline_after(io, weir_microseconds(50));
    } else if (start == BY_HELPER) {
        weir_work_op(&f->op, five, NULL);
    } else {
        weir_op_set(&f->op, WEIR_OP_WORD_WAIT, -1);
        f->op.args.word.address = &w->word;
        f->op.args.word.expected = 0;
    }
    weir_submit(io, &f->op, &f->queue);
}

static int flood_threads(weir_io *io, void *argument)
{
    (void)argument;
    for (flood_start start = BY_TASK; start < FLOOD_STARTS; start++) {
        outcome o = {0};
        waker w = {.io = io};
        pthread_t thread;
        flood *f = calloc(1, sizeof(*f));
        assert_non_null(f);
        f->outcome = &o;
        int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
        assert_int_equal(socketpair(AF_UNIX, type, 0, f->fds), 0);
        weir_queue_init_handler(io, &f->queue, receive);
        begin_flood(io, f, start, &w);
        if (start == BY_FOREIGN) assert_int_equal(pthread_create(&thread, NULL, wake_one, &w), 0);
        while (!__atomic_load_n(&o.ended, __ATOMIC_ACQUIRE))
            weir_wait(io, &o.ended, 0, weir_never());
        if (start == BY_FOREIGN) pthread_join(thread, NULL);
        assert_int_equal(o.deepest, 1);
        assert_int_equal(o.count, FLOOD);
        assert_int_equal(o.wrong, 0);
    }
    return 7;
}

TEST(a_handler_submits_what_completes_at_once_without_end)
{
    run(flood_threads, NULL);
}

/* A node of a tree whose levels are numbered one after the other. */
typedef struct node {
    weir_op op;
    weir_queue *queue;
    int number;
    int *next;
} node;

enum { NODES = 1093, CHILDREN = 3 };

static void plant(weir_io *io, weir_queue *queue, int number, int *next)
{
    node *n = calloc(1, sizeof(*n));
    assert_non_null(n);
    n->queue = queue;
    n->number = number;
    n->next = next;
    weir_op_set(&n->op, WEIR_OP_NOP, -1);
    weir_submit(io, &n->op, queue);
}

static void grow(weir_io *io, weir_op *op)
{
    node *n = (node *)(void *)op;
    assert_int_equal(op->result, 0);
    assert_int_equal(n->number, *n->next);
    ++*n->next;
    for (int i = 1; i <= CHILDREN; i++) {
        int child = CHILDREN * n->number + i;
        if (child < NODES) plant(io, n->queue, child, n->next);
    }
    free(n);
}

static int grow_tree(weir_io *io, void *argument)
{
    (void)argument;
    int next = 0;
    weir_queue queue;
    weir_queue_init_handler(io, &queue, grow);
    plant(io, &queue, 0, &next);
    assert_int_equal(next, NODES);
    return 7;
}

TEST(handlers_are_called_in_the_order_of_completion)
{
    run(grow_tree, NULL);
}
