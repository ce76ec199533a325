/* SPDX-License-Identifier: MIT
 *
 * The life of an op in the threaded engine.
 *
 *      perform   the system call on the caller's thread, which waits in between
 *      submit ─┬─ done at once ──────────────────────────┐
 *              ├─ descriptor, sleep ── service ──────────┤
 *              ├─ file, work ── a helper ────────────────┼─> queue
 *              └─ word, join, group, object ─ complete() ┘
 *
 * Invariant: an op waits only after a look at the request and the deadline that no wake came after
 * (worker.c), so a request that comes at any moment is seen.
 */
#include "io/posix/attempt.h"
#include "io/posix/clock.h"
#include "io/threaded/engine.h"

enum {
    VAIN_WAITS = 4,     /* in a row, before pauses begin … */
    PAUSE_NS = 1000000, /* … of this much; they double four times */
};

static int64_t clock_now(void)
{
    return weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
}

static int64_t deadline_of(const weir_op *op)
{
    return op->deadline.ns ? op->deadline.ns : WEIR_FOREVER_NS;
}

/* The result of an op that was not done: keeps the cause, and takes the request. */
static int64_t give_up(worker *w, const weir_op *op, int error)
{
    if (error == WEIR_ECANCELED) return weir_task_report(&w->record);
    if (error == WEIR_EDEADLINE) return weir_task_expired(&w->record, op->deadline);
    return error;
}

static void note(worker *w, const weir_op *op)
{
    /* Relaxed: our own. */
    if (!__atomic_load_n(&w->note.name, __ATOMIC_RELAXED))
        weir_thread_note(w, weir_op_name(op), op->fd);
}

/* Waits until the op is to be tried again.  0; WEIR_ECANCELED (the request is not taken),
 * WEIR_EDEADLINE, or an error of poll(2). */
static int wait_ready(worker *w, const weir_op *op, int64_t until)
{
    note(w, op);
    for (;;) {
        if (weir_task_asked(&w->record)) return WEIR_ECANCELED;
        int ready = weir_thread_poll(w, op->fd, weir_attempt_events(op), until);
        if (ready) return ready > 0 ? 0 : ready;
    }
}

/* Waits for an instant.  0: it has come; WEIR_ECANCELED (the request is not taken). */
static int wait_until(worker *w, const weir_op *op, int64_t when)
{
    note(w, op);
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

static int64_t tried(engine *e, weir_op *op)
{
    if (!weir_attempt_may_try(op)) return WEIR_EINVAL;
    weir_attempt_begin(op);
    return weir_attempt_result(op, weir_descriptors_attempt(&e->descriptors, op));
}

/* Waits once more for what `vain` waits have promised and not given.  poll(2) tells states: one
 * that stays, like an error that is in the socket's queue until somebody takes it out, ends each
 * wait at once.  So a pause comes first, as short as others need that were faster some times in a
 * row. */
static int wait_again(worker *w, const weir_op *op, unsigned vain, int64_t until)
{
    /* What counts as ready, and does not do, must not outlive its deadline. */
    if (vain > 0 && until != WEIR_FOREVER_NS && clock_now() >= until) return WEIR_EDEADLINE;
    if (vain >= VAIN_WAITS) {
        const unsigned doublings = vain - VAIN_WAITS < 4 ? vain - VAIN_WAITS : 4;
        const int64_t end = clock_now() + (PAUSE_NS << doublings);
        const int error = wait_until(w, op, end < until ? end : until);
        if (error) return error;
    }
    return wait_ready(w, op, until);
}

static int64_t perform_call(worker *w, weir_op *op, int64_t until)
{
    weir_attempt_begin(op);
    unsigned vain = 0;
    for (int64_t before = 0;;) {
        int64_t result = attempt(w->engine, op);
        int error;
        if (result == WEIR_ATTEMPT_WAIT) {
            if (weir_attempt_progress(op) != before) vain = 0;
            before = weir_attempt_progress(op);
            error = wait_again(w, op, vain++, until);
        } else if (result == WEIR_ATTEMPT_LATER) {
            int64_t again = clock_now() + weir_attempt_delay(op).ns;
            error = wait_until(w, op, again < until ? again : until);
            if (!error && again >= until) error = WEIR_EDEADLINE;
        } else {
            return result;
        }
        if (!error) continue;
        /* What has been sent is a result; the request stays pending then. */
        if (weir_attempt_progress(op) > 0) return weir_attempt_progress(op);
        return give_up(w, op, error);
    }
}

static int64_t perform_sleep(worker *w, const weir_op *op, int64_t until)
{
    int error = wait_until(w, op, until);
    if (!error && until != deadline_of(op)) error = WEIR_EDEADLINE;
    return give_up(w, op, error);
}

static int64_t perform_parked(worker *w, weir_op *op, int64_t until)
{
    weir_op_words_of(op)->own[WORD_WORKER] = (uintptr_t)w;
    op_set_state(op, OP_WAITED);
    if (!weir_park(&w->engine->io, op)) {
        op_set_state(op, 0);
        return op->result;
    }
    note(w, op);
    bool is_completed = false; /* somebody has begun to complete it: nothing else counts */
    bool passed = false;
    while (op_state(op)) {
        bool asked = weir_task_asked(&w->record);
        if ((asked || passed) && !is_completed) {
            if (weir_unpark(op)) {
                op_set_state(op, 0);
                return give_up(w, op, asked ? WEIR_ECANCELED : WEIR_EDEADLINE);
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
        if (until <= now.ns) return op->code == WEIR_OP_SLEEP ? 0 : give_up(w, op, WEIR_EDEADLINE);
    }
    switch (op->code) {
    case WEIR_OP_NOP:
    case WEIR_OP_RECEIVER_STOP: return 0; /* receives nothing ahead */
    case WEIR_OP_SLEEP: return perform_sleep(w, op, until);
    case WEIR_OP_WORD_WAIT:
    case WEIR_OP_JOIN:
    case WEIR_OP_GROUP_WAIT:
    case WEIR_OP_WAIT: return perform_parked(w, op, until);
    case WEIR_OP_WORK: note(w, op); return weir_thread_work(w, op); /* our thread may block */
    default: return op->flags & WEIR_OP_TRY ? tried(w->engine, op) : perform_call(w, op, until);
    }
}

int64_t weir_threaded_perform(weir_io *io, weir_op *op)
{
    worker *w = weir_thread_self((engine *)io);
    op->queue = NULL;
    op->reserved = 0;
    if (op->code >= WEIR_OP_COUNT) return op->result = WEIR_EUNSUPPORTED;
    if (!w) return op->result = perform_outside((engine *)io, op);
    weir_count(&w->counts->ops[op->code]);
    op->result = perform_inside(w, op);
    /* Relaxed: our own. */
    if (__atomic_load_n(&w->note.name, __ATOMIC_RELAXED)) {
        weir_count(&w->counts->completions);
        weir_thread_unnote(w);
    }
    return op->result;
}

bool weir_threaded_park(engine *e, weir_op *op)
{
    return weir_op_is_parked_kind(op) ? weir_park(&e->io, op) : weir_helpers_start(e, op);
}

bool weir_threaded_unpark(engine *e, weir_op *op)
{
    return weir_op_is_parked_kind(op) ? weir_unpark(op) : weir_helpers_take_back(e, op);
}

static void finish(engine *e, weir_op *op, int64_t result)
{
    op->result = result;
    op_set_state(op, 0);
    weir_threaded_push(e, op);
}

static void submit_parked(engine *e, weir_op *op)
{
    if (op->deadline.ns && !weir_is_never(op->deadline)) {
        weir_service_park(e, op);
        return;
    }
    op_set_state(op, OP_PARKED);
    /* When it waits it may be complete, and gone, by now. */
    if (!weir_threaded_park(e, op)) finish(e, op, op->result);
}

static void submit_call(engine *e, weir_op *op)
{
    weir_attempt_begin(op);
    int64_t result = attempt(e, op);
    if (result == WEIR_ATTEMPT_WAIT || result == WEIR_ATTEMPT_LATER)
        weir_service_start(e, op);
    else
        finish(e, op, result);
}

void weir_threaded_submit(weir_io *io, weir_op *op)
{
    engine *e = (engine *)io;
    op->reserved = 0;
    *op_timer(op) = (weir_timer){0};
    int64_t limit = deadline_of(op);
    const worker *w = weir_thread_self(e);
    if (op->code < WEIR_OP_COUNT) weir_count(&(w ? w->counts : e->counts)->ops[op->code]);
    if (op->code >= WEIR_OP_COUNT) {
        finish(e, op, WEIR_EUNSUPPORTED);
    } else if (!w && !weir_thread_is_guest(e)) {
        finish(e, op, WEIR_ENOTTASK);
    } else if (limit != WEIR_FOREVER_NS && limit <= clock_now()) {
        finish(e, op, op->code == WEIR_OP_SLEEP ? 0 : WEIR_EDEADLINE);
    } else if (op->code == WEIR_OP_NOP || op->code == WEIR_OP_RECEIVER_STOP) {
        finish(e, op, 0);
    } else if (weir_op_is_parked_kind(op) || weir_helpers_take(op)) {
        submit_parked(e, op);
    } else if (op->flags & WEIR_OP_TRY && op->code != WEIR_OP_SLEEP) {
        finish(e, op, tried(e, op));
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
        if (weir_threaded_unpark(e, op)) weir_service_complete(e, op, WEIR_ECANCELED);
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
