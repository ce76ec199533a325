/* SPDX-License-Identifier: MIT
 *
 * Does debug mode report what is left open, refuse a close under another task's operation, tell of
 * mistakes once, name the tasks that are left, and keep quiet about correct programs?
 */
#include "test/contract/contract.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include <weir/io/debug.h>
#include <weir/io/inspect.h>

enum { REPORTS = 16, REPORT_TEXT = 1024 };

/* The reports of one engine, which come one at a time. */
typedef struct reports {
    unsigned count;
    char texts[REPORTS][REPORT_TEXT];
} reports;

static reports heard;

static void hear(void *argument, const char *text)
{
    reports *to = argument;
    if (to->count < REPORTS) strncpy(to->texts[to->count], text, REPORT_TEXT - 1);
    __atomic_fetch_add(&to->count, 1, __ATOMIC_SEQ_CST); /* a task may wait for it */
}

/* Runs a task on an engine in debug mode. */
static void run_watched(const weir_engine_options *options, weir_task_fn *run, void *argument)
{
    weir_engine_options with = *options;
    weir_io *io = NULL;
    memset(&heard, 0, sizeof heard);
    with.debug = true;
    if (!check_int(weir_engine_create(&with, &io), 0)) return;
    check_int(weir_debug_set_report(io, hear, &heard), 0);
    check_int(weir_run(io, run, argument), 0);
    weir_io_destroy(io);
}

/* Checks that report `i` has a text in it. */
#define check_heard(i_, text_) check_heard_at(i_, text_, __LINE__)

static void check_heard_at(unsigned i, const char *text, int line)
{
    if (contract_check(i < heard.count && strstr(heard.texts[i], text), text, __FILE__, line))
        return;
    for (unsigned k = 0; k < heard.count && k < REPORTS; k++)
        fprintf(stderr, "  report %u: %s\n", k, heard.texts[k]);
}

static void check_quiet_at(unsigned count, int line)
{
    if (contract_check_int(heard.count, count, "reports", "those expected", __FILE__, line)) return;
    for (unsigned k = 0; k < heard.count && k < REPORTS; k++)
        fprintf(stderr, "  report %u: %s\n", k, heard.texts[k]);
}

#define check_count(count_) check_quiet_at(count_, __LINE__)

enum { TRIES = 3 };

/* Is it worth another try? So it is where the tool that names the functions did not answer in time,
 * for which the library waits ten seconds; without the tool none is named. */
static bool is_unnamed(const char *function)
{
    return !strstr(heard.texts[0], function) && strstr(heard.texts[0], "at ? (");
}

static void check_named(const char *function)
{
    if (system("addr2line --version >/dev/null 2>&1") == 0) check_heard(0, function);
}

static int close_one(weir_io *io, weir_socket socket)
{
    weir_op op;
    weir_op_set(&op, WEIR_OP_CLOSE, socket.fd);
    return (int)weir_do(io, &op);
}

/* Left open ----------------------------------------------------------------------------------- */

static int left_fd;

__attribute__((noinline)) static int open_and_lose(weir_io *io, weir_socket *out)
{
    int error = weir_socket_open(io, AF_INET, SOCK_STREAM, 0, out);
    contract_at("a socket was lost", 0);
    return error;
}

static int lose_one(weir_io *io, void *argument)
{
    weir_socket kept = {-1}, lost = {-1};
    (void)argument;
    check_int(open_and_lose(io, &lost), 0);
    check_int(open_and_lose(io, &kept), 0);
    check_int(close_one(io, kept), 0);
    left_fd = lost.fd;
    return 0;
}

static int lose_in_a_task(weir_io *io, void *argument)
{
    weir_task_options options = {.name = "loser", .worker = WEIR_WORKER_ANY};
    weir_task task;
    int result = -1;
    check_int(weir_concurrent(io, &task, lose_one, argument, &options), 0);
    check_int(weir_await(io, &task, &result), 0);
    return result;
}

CONTRACT_OUTSIDE(debug_tells_who_left_a_descriptor_open)
{
    char number[64];
    for (int tries = 0; tries < TRIES; tries++) {
        run_watched(options, lose_in_a_task, NULL);
        close(left_fd);
        if (!is_unnamed("at open_and_lose (")) break;
    }
    check_count(1);
    snprintf(number, sizeof number, "descriptor %d was left open: made by socket", left_fd);
    check_heard(0, number);
    check_heard(0, "task \"loser\" (spawned at ");
    check_heard(0, "test/contract/debug.c:");
    check_named("at open_and_lose (");
}

static int close_all(weir_io *io, void *argument)
{
    (void)argument;
    weir_socket a, ends[2];
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &a), 0);
    check_int(close(a.fd), 0); /* not by the engine */
    check(contract_tcp_pair(io, ends));
    contract_close(io, ends);
    check_int(weir_socket_open(io, AF_INET, SOCK_STREAM, 0, &a), 0);
    weir_debug_forget(io, a.fd);
    left_fd = a.fd;
    return 0;
}

CONTRACT_OUTSIDE(debug_is_silent_about_what_was_closed_or_handed_away)
{
    run_watched(options, close_all, NULL);
    close(left_fd);
    check_count(0);
}

static int adopt_two(weir_io *io, void *argument)
{
    int *fds = argument;
    for (int i = 0; i < 2; i++) weir_debug_adopt(io, fds[i]);
    check_int(close_one(io, (weir_socket){fds[0]}), 0);
    return 0;
}

CONTRACT_OUTSIDE(debug_watches_adopted_descriptors)
{
    int fds[2];
    if (!check_int(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0)) return;
    run_watched(options, adopt_two, fds);
    check_count(1);
    check_heard(0, "was left open: made by adoption");
    close(fds[1]);
}

/* Accepted sockets that come out of queues, with and without a handler. */
static weir_op accepted;
static weir_queue handler_queue;
static uint32_t handled;

static void on_accepted(weir_io *io, weir_op *op)
{
    check(op == &accepted);
    check(op->queue == &handler_queue);
    contract_raise(io, &handled);
}

static int accept_by_queues(weir_io *io, void *argument)
{
    int *fds = argument;
    weir_queue queue;
    weir_socket listener;
    weir_address address;
    weir_op *out;
    handled = 0;
    if (!contract_listener(io, 0, &listener, &address)) return 0;
    weir_queue_init(io, &queue);
    weir_queue_init_handler(io, &handler_queue, on_accepted);
    for (int i = 0; i < 2; i++) {
        weir_op_set(&accepted, WEIR_OP_ACCEPT, listener.fd);
        weir_submit(io, &accepted, i ? &handler_queue : &queue);
        fds[2 + i] = contract_client(&address);
        if (i) {
            check_int(contract_reached(io, &handled, 1), 0);
        } else {
            check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
            check(out == &accepted);
        }
        check(accepted.result >= 0);
        fds[i] = (int)accepted.result;
    }
    check_int(close_one(io, listener), 0);
    return 0;
}

CONTRACT_OUTSIDE(debug_sees_descriptors_that_come_out_of_queues)
{
    int fds[4];
    run_watched(options, accept_by_queues, fds);
    for (int i = 0; i < 4; i++) close(fds[i]);
    check_count(2);
    check_heard(0, "made by accept of task \"root\"");
    check_heard(1, "made by accept of task \"root\"");
}

/* Closing under another's operation ----------------------------------------------------------- */

static int read_one(weir_io *io, void *argument)
{
    char byte;
    return (int)weir_read(io, *(weir_socket *)argument, &byte, 1);
}

static void look_for_the_reader(void *argument, const weir_task_info *info)
{
    bool *reads = argument;
    *reads |= info->state == WEIR_TASK_WAITING && info->name && strcmp(info->name, "reader") == 0;
}

/* Waits until the reader waits for its byte: before, nobody minds a close. */
static void await_the_reader(weir_io *io)
{
    for (bool reads = false; !reads;) {
        const int error = weir_tasks(io, look_for_the_reader, &reads);
        if (!check(error == 0 || error == WEIR_EDEADLINE)) return;
        weir_yield(io);
    }
}

static int close_under_a_reader(weir_io *io, void *argument)
{
    (void)argument;
    weir_task_options options = {.name = "reader", .worker = WEIR_WORKER_ANY};
    weir_socket ends[2];
    weir_task task;
    if (!contract_tcp_pair(io, ends)) return 0;
    check_int(weir_concurrent(io, &task, read_one, &ends[0], &options), 0);
    await_the_reader(io);
    check_int(close_one(io, ends[0]), WEIR_EBUSY);
    check_int(weir_write(io, ends[1], "x", 1), 1);
    int result = 0;
    check_int(weir_await(io, &task, &result), 0);
    check_int(result, 1);
    contract_close(io, ends);
    return 0;
}

CONTRACT_OUTSIDE(debug_refuses_a_close_under_another_tasks_operation)
{
    run_watched(options, close_under_a_reader, NULL);
    check_count(1);
    check_heard(0, "task \"root\" was refused: read of task \"reader\" (spawned at ");
}

static int close_with_own_operation(weir_io *io, void *argument)
{
    (void)argument;
    weir_socket ends[2];
    weir_queue queue;
    weir_op poll, *out;
    if (!contract_pair(SOCK_STREAM, ends)) return 0;
    weir_queue_init(io, &queue);
    weir_op_set(&poll, WEIR_OP_POLL, ends[0].fd);
    poll.args.poll = WEIR_POLL_READ;
    weir_submit(io, &poll, &queue);
    weir_op_cancel(io, &poll);
    check_int(close_one(io, ends[0]), 0);
    check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
    check_int(close_one(io, ends[1]), 0);
    return 0;
}

CONTRACT_OUTSIDE(debug_lets_a_task_close_under_its_own_operation)
{
    run_watched(options, close_with_own_operation, NULL);
    /* What the poll makes of it is the kernel's affair: it may be told as a mistake. */
    for (unsigned i = 0; i < heard.count; i++) check(!strstr(heard.texts[i], "refused"));
}

static int close_by_queue(weir_io *io, void *argument)
{
    weir_task_options options = {.name = "reader", .worker = WEIR_WORKER_ANY};
    weir_op shut, *out;
    weir_queue queue;
    weir_socket ends[2];
    weir_task task;
    (void)argument;
    if (!contract_tcp_pair(io, ends)) return 0;
    check_int(weir_concurrent(io, &task, read_one, &ends[0], &options), 0);
    check_int(weir_write(io, ends[1], "x", 1), 1);
    check_int(weir_await(io, &task, NULL), 0);
    weir_queue_init(io, &queue);
    for (int i = 0; i < 2; i++) {
        weir_op_set(&shut, WEIR_OP_CLOSE, ends[i].fd);
        weir_submit(io, &shut, &queue);
        check_int(weir_queue_next(io, &queue, weir_never(), &out), 0);
        check_int(shut.result, 0);
        check_int(shut.code, WEIR_OP_CLOSE);
    }
    return 0;
}

CONTRACT_OUTSIDE(debug_lets_a_queue_close)
{
    run_watched(options, close_by_queue, NULL);
    check_count(0);
}

/* Mistakes ------------------------------------------------------------------------------------ */

static int make_mistakes(weir_io *io, void *argument)
{
    char byte;
    weir_socket no_socket = {open("/dev/null", O_RDWR | O_CLOEXEC)};
    (void)argument;
    for (int i = 0; i < 5; i++)
        check_int(weir_read(io, (weir_socket){1 << 19}, &byte, 1), WEIR_EBADF);
    for (int i = 0; i < 5; i++) check_int(weir_shutdown(io, no_socket, SHUT_WR), WEIR_ENOTSOCK);
    close(no_socket.fd);
    return 0;
}

CONTRACT_OUTSIDE(debug_tells_of_a_mistake_once_for_each_place)
{
    for (int tries = 0; tries < TRIES; tries++) {
        run_watched(options, make_mistakes, NULL);
        if (!is_unnamed("at make_mistakes (")) break;
    }
    check_count(2);
    check_heard(0, "read on descriptor 524288 failed with WEIR_EBADF");
    check_heard(0, "task \"root\"");
    check_named("at make_mistakes (");
    check_heard(1, "failed with WEIR_ENOTSOCK");
}

/* Tasks that are left ------------------------------------------------------------------------- */

static weir_task left;

static int end_late(weir_io *io, void *argument)
{
    uint32_t *go = argument;
    for (int i = 0; i < 10000 && __atomic_load_n(&heard.count, __ATOMIC_SEQ_CST) == 0; i++)
        weir_sleep(io, weir_milliseconds(1));
    contract_raise(io, go);
    return 0;
}

static int end_early(weir_io *io, void *argument)
{
    weir_task_options options = {.name = "straggler", .worker = WEIR_WORKER_SAME};
    if (contract_on_threads(io)) options.worker = WEIR_WORKER_ANY;
    check_int(weir_concurrent(io, &left, end_late, argument, &options), 0);
    contract_settle(io);
    return 0;
}

CONTRACT_OUTSIDE(debug_names_the_tasks_that_are_left)
{
    uint32_t done = 0;
    run_watched(options, end_early, &done);
    check_int(done, 1);
    check_count(1);
    check_heard(0, "task \"straggler\" (spawned at ");
    check_heard(0, "still runs when the root task has ended");
}

CONTRACT(no_debug_costs_nothing)
{
    check(io->debug == NULL);
    weir_debug_adopt(io, 0);
    weir_debug_forget(io, 0);
}
