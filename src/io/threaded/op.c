/* SPDX-License-Identifier: MIT
 *
 * The life of an op in the threaded engine.
 *
 *      perform   the system call on the caller's thread, which waits in between
 *      submit ─┬─ done at once ──────────────────────────┐
 *              ├─ descriptor, sleep ── service ──────────┤
 *              ├─ file ── a task of the pool ────────────┼─> queue
 *              └─ word, join, group ── complete() ───────┘
 *
 * Invariant: an op waits only after a look at the request and the deadline that no wake came after
 * (worker.c), so a request that comes at any moment is seen.
 */
#include "io/posix/attempt.h"
#include "io/posix/clock.h"
#include "io/threaded/engine.h"

static int64_t clock_now(void)
{
    return weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
}

static int64_t deadline_of(const weir_op *op)
{
    return op->deadline.ns ? op->deadline.ns : WEIR_FOREVER_NS;
}

/* Takes the request that the task was found to have. */
static int take_request(worker *w)
{
    weir_task_check(&w->record, (weir_instant){INT64_MIN});
    return WEIR_ECANCELED;
}

/* Waits until the op is to be tried again.  0; WEIR_ECANCELED (the request is not taken),
 * WEIR_EDEADLINE, or an error of poll(2). */
static int wait_ready(worker *w, const weir_op *op, int64_t until)
{
    for (;;) {
        if (weir_task_asked(&w->record)) return WEIR_ECANCELED;
        int ready = weir_thread_poll(w, op->fd, weir_attempt_events(op), until);
        if (ready) return ready > 0 ? 0 : ready;
    }
}

/* Waits for an instant.  0: it has come; WEIR_ECANCELED (the request is not taken). */
static int wait_until(worker *w, int64_t when)
{
    do {
        if (weir_task_asked(&w->record)) return WEIR_ECANCELED;
    } while (weir_thread_sleep(w, when));
    return 0;
}

static int64_t attempt(engine *e, weir_op *op)
{
    if (op->code == WEIR_OP_READ_LENT) return weir_threaded_read_lent(e, op);
    return weir_descriptors_attempt(&e->descriptors, op);
}

static int64_t perform_call(worker *w, weir_op *op, int64_t until)
{
    weir_attempt_begin(op);
    for (;;) {
        int64_t result = attempt(w->engine, op);
        int error;
        if (result == WEIR_ATTEMPT_WAIT) {
            error = wait_ready(w, op, until);
        } else if (result == WEIR_ATTEMPT_LATER) {
            int64_t again = clock_now() + weir_attempt_delay(op).ns;
            error = wait_until(w, again < until ? again : until);
            if (!error && again >= until) error = WEIR_EDEADLINE;
        } else {
            return result;
        }
        if (!error) continue;
        /* What has been sent is a result; the request stays pending then. */
        if (weir_attempt_progress(op) > 0) return weir_attempt_progress(op);
        return error == WEIR_ECANCELED ? take_request(w) : error;
    }
}

static int64_t perform_sleep(worker *w, const weir_op *op, int64_t until)
{
    int error = wait_until(w, until);
    if (error) return take_request(w);
    return until == deadline_of(op) ? 0 : WEIR_EDEADLINE;
}

static int64_t perform_parked(worker *w, weir_op *op, int64_t until)
{
    weir_op_words_of(op)->own[WORD_WORKER] = (uintptr_t)w;
    op_set_state(op, OP_WAITED);
    if (!weir_park(&w->engine->io, op)) {
        op_set_state(op, 0);
        return op->result;
    }
    bool is_completed = false; /* somebody has begun to complete it: nothing else counts */
    bool passed = false;
    while (op_state(op)) {
        bool asked = weir_task_asked(&w->record);
        if ((asked || passed) && !is_completed) {
            if (weir_unpark(op)) {
                op_set_state(op, 0);
                return asked ? take_request(w) : WEIR_EDEADLINE;
            }
            is_completed = true;
        }
        passed = !weir_thread_sleep(w, is_completed ? WEIR_FOREVER_NS : until);
    }
    weir_thread_settle(w);
    return op->result;
}

/* What can be done for a thread that is no task of this engine. */
static int64_t perform_outside(engine *e, weir_op *op)
{
    if (op->code == WEIR_OP_NOP) return 0;
    if (op->code == WEIR_OP_READ_LENT || op->code == WEIR_OP_RECEIVER_STOP) return WEIR_ENOTTASK;
    weir_attempt_begin(op);
    int64_t result = weir_descriptors_attempt(&e->descriptors, op);
    bool done =
        result != WEIR_ATTEMPT_WAIT && result != WEIR_ATTEMPT_LATER && result != WEIR_EUNSUPPORTED;
    return done ? result : WEIR_ENOTTASK;
}

static int64_t perform_inside(worker *w, weir_op *op)
{
    int64_t until = WEIR_FOREVER_NS;
    if (op->code != WEIR_OP_CLOSE && op->code != WEIR_OP_RECEIVER_STOP) {
        until = weir_instant_min((weir_instant){deadline_of(op)}, w->record.deadline).ns;
        weir_instant now = {until == WEIR_FOREVER_NS ? 0 : clock_now()};
        int error = weir_task_check(&w->record, now);
        if (error) return error;
        if (until <= now.ns) return op->code == WEIR_OP_SLEEP ? 0 : WEIR_EDEADLINE;
    }
    switch (op->code) {
    case WEIR_OP_NOP:
    case WEIR_OP_RECEIVER_STOP: return 0; /* receives nothing ahead */
    case WEIR_OP_SLEEP: return perform_sleep(w, op, until);
    case WEIR_OP_WORD_WAIT:
    case WEIR_OP_JOIN:
    case WEIR_OP_GROUP_WAIT:
    case WEIR_OP_WAIT: return perform_parked(w, op, until);
    case WEIR_OP_WORK: return op->args.work.run(op->args.work.argument);
    default: return perform_call(w, op, until);
    }
}

int64_t weir_threaded_perform(weir_io *io, weir_op *op)
{
    worker *w = weir_thread_self((engine *)io);
    op->queue = NULL;
    op->reserved = 0;
    return op->result = w ? perform_inside(w, op) : perform_outside((engine *)io, op);
}

static void finish(weir_op *op, int64_t result)
{
    op->result = result;
    op_set_state(op, 0);
    weir_threaded_push(op);
}

static void submit_parked(engine *e, weir_op *op)
{
    if (op->deadline.ns && !weir_is_never(op->deadline)) {
        weir_service_park(e, op);
        return;
    }
    op_set_state(op, OP_PARKED);
    /* When it waits it may be complete, and gone, by now. */
    if (!weir_park(&e->io, op)) finish(op, op->result);
}

static void submit_call(engine *e, weir_op *op)
{
    weir_attempt_begin(op);
    if (weir_attempt_is_file(op)) {
        weir_files_start(e, op);
        return;
    }
    int64_t result = attempt(e, op);
    if (result == WEIR_ATTEMPT_WAIT || result == WEIR_ATTEMPT_LATER)
        weir_service_start(e, op);
    else
        finish(op, result);
}

void weir_threaded_submit(weir_io *io, weir_op *op)
{
    engine *e = (engine *)io;
    op->reserved = 0;
    *op_timer(op) = (weir_timer){0};
    int64_t limit = deadline_of(op);
    if (!weir_thread_self(e)) {
        finish(op, WEIR_ENOTTASK);
    } else if (limit != WEIR_FOREVER_NS && limit <= clock_now()) {
        finish(op, op->code == WEIR_OP_SLEEP ? 0 : WEIR_EDEADLINE);
    } else if (op->code == WEIR_OP_NOP || op->code == WEIR_OP_RECEIVER_STOP) {
        finish(op, 0);
    } else if (weir_op_is_parked_kind(op)) {
        submit_parked(e, op);
    } else if (op->code == WEIR_OP_SLEEP) {
        weir_attempt_begin(op);
        weir_service_start(e, op);
    } else {
        submit_call(e, op);
    }
}

void weir_threaded_cancel(weir_io *io, weir_op *op)
{
    engine *e = (engine *)io;
    unsigned state = op_state(op);
    if (state & OP_PARKED) {
        if (weir_unpark(op)) weir_service_complete(e, op, WEIR_ECANCELED);
    } else if (state & OP_FILE) {
        if (weir_files_take_back(e, op)) finish(op, WEIR_ECANCELED);
    } else if (state & OP_SERVED) {
        weir_service_stop(e, op);
    }
}

void weir_threaded_complete(weir_io *io, weir_op *op, int64_t result)
{
    if (op->queue) {
        weir_service_complete((engine *)io, op, result);
        return;
    }
    worker *w = (worker *)(uintptr_t)weir_op_words_of(op)->own[WORD_WORKER];
    op->result = result;
    weir_thread_wake_done(w, op);
}
