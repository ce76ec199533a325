/* SPDX-License-Identifier: MIT
 *
 * Debug mode: a table that stands before the engine's and looks at what goes in and comes out.
 *
 *      weir_do ── io->table->perform ── note the op ── engine's perform ── look at the result
 *      weir_submit ─ note the op ─ engine's submit …  queue_next, queue_try ── look at the result
 *                                                     └ or the handler of a queue that stands in
 *
 * A submitted op whose queue has a handler never comes through the table again, so it gets a queue
 * of ours with our handler, which puts the true one back and hands on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/socket.h>

#include "io/debug.h"

/* Reports ---------------------------------------------------------------------------------- */

void weir_report(weir_io *io, weir_text *text)
{
    static pthread_mutex_t without_debug = PTHREAD_MUTEX_INITIALIZER;
    struct weir_debug *d = io->debug;
    pthread_mutex_t *lock = d ? &d->report_lock : &without_debug;
    const char *line =
        text->data && text->len ? text->data : "a report for which memory is lacking";
    pthread_mutex_lock(lock);
    if (d && d->report) {
        d->report(d->argument, line);
    } else {
        fprintf(stderr, "weir: %s\n", line);
    }
    pthread_mutex_unlock(lock);
    weir_text_free(text);
}

void weir_report_task(weir_text *text, const char *name, const char *place)
{
    if (!name) {
        weir_text_add(text, "a thread that is no task");
        return;
    }
    weir_text_add(text, "task \"%s\"", name);
    if (place) weir_text_add(text, " (spawned at %s)", place);
}

static debug_task self_of(weir_io *io)
{
    const weir_task_record *record = io->debug->engine->self(io);
    if (!record) return (debug_task){0};
    return (debug_task){.id = record, .name = record->name, .place = record->place};
}

/* Looking at ops --------------------------------------------------------------------------- */

/* The descriptor that an op works on, or -1. */
static int descriptor_of(const weir_op *op)
{
    switch (op->code) {
    case WEIR_OP_NOP:
    case WEIR_OP_SLEEP:
    case WEIR_OP_WORD_WAIT:
    case WEIR_OP_JOIN:
    case WEIR_OP_GROUP_WAIT:
    case WEIR_OP_WAIT:
    case WEIR_OP_WORK:
    case WEIR_OP_SOCKET:
    case WEIR_OP_PAIR:
    case WEIR_OP_PIPE:
    case WEIR_OP_RECEIVER_STOP: return -1;
    case WEIR_OP_READ_LENT: return op->args.lent.receiver ? op->args.lent.receiver->fd : -1;
    default: return op->code < WEIR_OP_COUNT ? op->fd : -1;
    }
}

/* Where an op puts the descriptors that it makes, when its result is not the one. */
static const int *outputs_of(const weir_op *op)
{
    return op->code == WEIR_OP_PAIR || op->code == WEIR_OP_PIPE ? op->args.pair.out : NULL;
}

static bool is_watched(const weir_op *op)
{
    return op->code >= WEIR_OP_SOCKET && op->code < WEIR_OP_COUNT &&
           op->code != WEIR_OP_RECEIVER_STOP;
}

/* Tells of a result that no correct program gets. */
static void complain(weir_io *io, uint8_t code, int fd, int64_t result, const debug_task *task)
{
    if (result != WEIR_EBADF && result != WEIR_ENOTSOCK && result != -EFAULT) return;
    weir_backtrace trace;
    weir_backtrace_take(&trace);
    uint64_t salt = (uintptr_t)task->place + (uint64_t)-result * 256 + code;
    if (!debug_is_new(io->debug, &trace, salt)) return;
    weir_text text = {0};
    weir_text_add(&text, "%s on descriptor %d failed with %s (%s): a mistake in ",
                  debug_op_name(code), fd, weir_errname((int)result), weir_strerror((int)result));
    weir_report_task(&text, task->name, task->place);
    weir_text_add(&text, ", at ");
    weir_backtrace_print(&trace, &text);
    weir_report(io, &text);
}

/* What follows from the result of an op. */
static void look_at(weir_io *io, const debug_flight *flight, int64_t result)
{
    int made[2];
    debug_made(flight->code, result, flight->out, made);
    for (int i = 0; i < 2 && made[i] >= 0; i++)
        debug_learn(io->debug, made[i], flight->code, false, &flight->task);
    complain(io, flight->code, flight->fd, result, &flight->task);
}

/* Begins to close.  False: it is refused. */
static bool may_close(weir_io *io, int fd, const debug_task *self)
{
    debug_flight other;
    if (debug_close(io->debug, fd, self, &other)) return true;
    weir_backtrace trace;
    weir_backtrace_take(&trace);
    weir_text text = {0};
    weir_text_add(&text, "close of descriptor %d by ", fd);
    weir_report_task(&text, self->name, self->place);
    weir_text_add(&text, " was refused: %s of ", debug_op_name(other.code));
    weir_report_task(&text, other.task.name, other.task.place);
    weir_text_add(&text, " is in flight on it (shut it down or cancel that task first); at ");
    weir_backtrace_print(&trace, &text);
    weir_report(io, &text);
    return false;
}

/* The table -------------------------------------------------------------------------------- */

static int64_t perform(weir_io *io, weir_op *op)
{
    const weir_io_table *engine = io->debug->engine;
    if (!is_watched(op)) return engine->perform(io, op);
    debug_flight flight = {
        .op = op, .fd = descriptor_of(op), .code = op->code, .task = self_of(io)};
    flight.out = outputs_of(op);
    if (op->code == WEIR_OP_CLOSE) {
        if (!may_close(io, op->fd, &flight.task)) return op->result = WEIR_EBUSY;
        int64_t result = engine->perform(io, op);
        look_at(io, &flight, result);
        return result;
    }
    debug_begin(io->debug, &flight);
    int64_t result = engine->perform(io, op);
    debug_end(io->debug, &flight);
    look_at(io, &flight, result);
    return result;
}

/* A submitted op has come out of its queue. */
static void settle(weir_io *io, weir_op *op)
{
    debug_flight *flight = debug_take_submitted(io->debug, op);
    if (!flight) return;
    if (flight->refused) {
        op->code = flight->code;
        op->result = WEIR_EBUSY;
    }
    if (flight->code == WEIR_OP_CLOSE) flight->fd = op->fd; /* for the report */
    look_at(io, flight, op->result);
    free(flight);
}

static void on_completion(weir_io *io, weir_op *op)
{
    debug_flight *flight =
        (debug_flight *)(void *)((char *)op->queue - offsetof(debug_flight, shadow));
    weir_queue *queue = flight->queue;
    op->queue = queue;
    settle(io, op);
    queue->handler(io, op);
}

static void submit(weir_io *io, weir_op *op)
{
    const weir_io_table *engine = io->debug->engine;
    debug_flight *flight = is_watched(op) ? calloc(1, sizeof *flight) : NULL;
    if (!flight) {
        engine->submit(io, op);
        return;
    }
    flight->op = op;
    flight->fd = descriptor_of(op);
    flight->code = op->code;
    flight->out = outputs_of(op);
    flight->task = self_of(io);
    if (op->code == WEIR_OP_CLOSE) {
        flight->refused = !may_close(io, op->fd, &flight->task);
        if (flight->refused) op->code = WEIR_OP_NOP;
        flight->fd = -1; /* it stands in nobody's way */
    }
    if (op->queue->handler) {
        flight->queue = op->queue;
        flight->shadow = (weir_queue){.home = op->queue->home, .handler = on_completion};
        op->queue = &flight->shadow;
    }
    debug_begin_submitted(io->debug, flight);
    engine->submit(io, op);
}

static int queue_next(weir_io *io, weir_queue *queue, weir_deadline deadline, weir_op **out)
{
    int error = io->debug->engine->queue_next(io, queue, deadline, out);
    if (*out) settle(io, *out);
    return error;
}

static weir_op *queue_try(weir_io *io, weir_queue *queue)
{
    weir_op *op = io->debug->engine->queue_try(io, queue);
    if (op) settle(io, op);
    return op;
}

typedef struct root {
    weir_io *io;
    weir_task_fn *run;
    void *argument;
    const void *self;
} root;

static void report_left(void *argument, const weir_task_info *info)
{
    const root *r = argument;
    if (info->id == r->self) return;
    weir_text text = {0};
    weir_report_task(&text, info->name, info->place);
    weir_text_add(&text, " still runs when the root task has ended, which waits for it");
    weir_report(r->io, &text);
}

static int root_main(weir_io *io, void *argument)
{
    root *r = argument;
    int result = r->run(io, r->argument);
    r->self = io->debug->engine->self(io);
    io->debug->engine->tasks(io, report_left, r);
    return result;
}

static int run(weir_io *io, weir_task_fn *fn, void *argument)
{
    root r = {.io = io, .run = fn, .argument = argument};
    return io->debug->engine->run(io, root_main, &r);
}

static void destroy(weir_io *io)
{
    struct weir_debug *d = io->debug;
    if (d->checks) debug_report_open(io, d);
    d->engine->destroy(io);
    pthread_mutex_destroy(&d->report_lock);
    pthread_mutex_destroy(&d->lock);
    free(d->descriptors);
    free(d);
}

/* The public calls ------------------------------------------------------------------------- */

/* Puts a table before the engine's that is the same but for `destroy`. */
static int open_debug(weir_io *io)
{
    if (io->debug) return 0;
    struct weir_debug *d = calloc(1, sizeof *d);
    if (!d) return WEIR_ENOMEM;
    pthread_mutex_init(&d->report_lock, NULL);
    pthread_mutex_init(&d->lock, NULL);
    d->engine = io->table;
    d->table = *io->table;
    d->table.destroy = destroy;
    io->debug = d;
    io->table = &d->table;
    return 0;
}

int weir_debug_install(weir_io *io)
{
    int error = open_debug(io);
    if (error) return error;
    struct weir_debug *d = io->debug;
    weir_backtrace first;
    weir_backtrace_take(&first); /* which may load a library */
    d->checks = true;
    d->table.run = run;
    d->table.perform = perform;
    d->table.submit = submit;
    d->table.queue_next = queue_next;
    d->table.queue_try = queue_try;
    return 0;
}

int weir_debug_set_report(weir_io *io, weir_debug_report *report, void *argument)
{
    int error = open_debug(io);
    if (error) return error;
    io->debug->report = report;
    io->debug->argument = argument;
    return 0;
}

void weir_debug_adopt(weir_io *io, int fd)
{
    if (!io->debug || !io->debug->checks || fd < 0) return;
    debug_task task = self_of(io);
    debug_learn(io->debug, fd, WEIR_OP_NOP, true, &task);
}

void weir_debug_forget(weir_io *io, int fd)
{
    if (io->debug && io->debug->checks) debug_forget(io->debug, fd);
}
