/* SPDX-License-Identifier: MIT
 *
 * The life of an op in the evented engine: checked, started, perhaps timed, finished.
 *
 *      perform/submit ── start ──┬─ done at once
 *                                └─ in flight ──┬─ reactor, wake, join, offload ── finish
 *                                               ├─ timer ── OP_EXPIRED ── stop ── finish
 *                                               └─ cancel ── OP_CANCELED ── stop ── finish
 *
 * Invariant: an op in flight is finished exactly once, by its owner, in weir_evented_op_finish;
 * stopping only hurries that.  A result >= 0 always wins over the reason for stopping.
 */
#include "io/evented/engine.h"

#include <weir/base/error.h>
#include <weir/io/group.h>

#include "io/posix/attempt.h"
#include "io/posix/clock.h"

/* What a stopped op's result means to its caller. */
static int64_t explain(worker *w, weir_op *op, unsigned state, int64_t result)
{
    if (!(state & OP_CANCELED)) return result;
    if (result == -EINTR || result == -ECANCELED) result = WEIR_ECANCELED;
    if (result != WEIR_ECANCELED) return result;
    if (op->queue) return state & OP_EXPIRED ? WEIR_EDEADLINE : result;
    /* The request is delivered here and nowhere else. */
    weir_task_record *record = &w->current->record;
    if (state & OP_EXPIRED) return weir_task_expired(record, op->deadline);
    if (state & OP_ASKED) weir_task_report(record);
    return result;
}

void weir_evented_op_finish(worker *w, weir_op *op, int64_t result)
{
    weir_wheel_cancel(&w->wheel, op_timer(op));
    weir_count(&w->counts.completions);
    if (op->queue) {
        op->result = explain(w, op, op->reserved, result);
        op->reserved = 0;
        weir_evented_queue_push(w, op);
        return;
    }
    /* The waiting task reads the state when it runs again, and clears it. */
    fiber *f = (fiber *)(uintptr_t)weir_op_words_of(op)->own[3];
    op->result = result;
    w->resumed |= (op->reserved & OP_STATE) == OP_IN_REACTOR;
    op->reserved &= (uint16_t)~OP_STATE;
    f->waiting = NULL;
    weir_evented_fiber_resume(w, f);
}

void weir_evented_op_stop(worker *w, weir_op *op, unsigned reason)
{
    unsigned state = op->reserved & OP_STATE;
    if (state == 0) return;
    if (op->code == WEIR_OP_CLOSE || op->code == WEIR_OP_RECEIVER_STOP) return;
    if (op->reserved & OP_CANCELED) return;
    op->reserved |= (uint16_t)(OP_CANCELED | reason);
    switch (state) {
    case OP_IN_REACTOR: w->engine->reactor->stop(w, op); return;
    case OP_PARKED:
        if (weir_unpark(op)) break;
        op->reserved &= (uint16_t) ~(OP_CANCELED | reason); /* its own result stands */
        return;
    case OP_OFFLOADED:
        if (weir_offload_stop(op_offload(w->engine, op), op)) break;
        op->reserved &= (uint16_t) ~(OP_CANCELED | reason);
        return;
    case OP_QUEUED: /* the one op whose `user` is the engine's: its queue */
        ((weir_queue *)op->user)->waiter = NULL;
        break;
    case OP_RETRY:
        if (weir_attempt_progress(op) > 0) {
            weir_evented_op_finish(w, op, weir_attempt_progress(op));
            return;
        }
        break;
    default: break;
    }
    weir_evented_op_finish(w, op, WEIR_ECANCELED);
}

int64_t weir_evented_op_limit(const weir_op *op)
{
    if (op->code == WEIR_OP_CLOSE || op->code == WEIR_OP_RECEIVER_STOP) return WEIR_FOREVER_NS;
    int64_t limit = op->deadline.ns ? op->deadline.ns : WEIR_FOREVER_NS;
    if (op->queue) return limit;
    const fiber *f =
        (const fiber *)(uintptr_t)((const weir_op_words *)(const void *)op->engine)->own[3];
    return f->record.deadline.ns < limit ? f->record.deadline.ns : limit;
}

void weir_evented_op_retry_at(worker *w, weir_op *op, int64_t when)
{
    int64_t limit = weir_evented_op_limit(op);
    op->reserved = (uint16_t)((op->reserved & ~OP_STATE) | OP_RETRY);
    weir_wheel_arm(&w->wheel, op_timer(op), when < limit ? when : limit);
}

void weir_evented_op_expire(worker *w)
{
    for (weir_timer *timer; (timer = weir_wheel_advance(&w->wheel, w->now));) {
        weir_op *op = op_of_timer(timer);
        unsigned state = op->reserved & OP_STATE;
        bool passed = weir_evented_op_limit(op) <= w->now;
        if (state == OP_TIMED && op->deadline.ns && op->deadline.ns <= w->now) {
            weir_evented_op_finish(w, op, 0);
        } else if (state == OP_RETRY && !passed) {
            w->engine->reactor->retry(w, op);
        } else {
            weir_evented_op_stop(w, op, OP_EXPIRED);
        }
    }
}

static bool done(weir_op *op, int64_t result)
{
    op->result = result;
    return false;
}

static bool parked(worker *w, weir_op *op)
{
    /* Another thread may complete it from now on, but finishing is ours. */
    op->reserved = OP_PARKED;
    return weir_park(&w->engine->io, op);
}

static bool offloaded(worker *w, weir_op *op)
{
    op->reserved = OP_OFFLOADED;
    return weir_offload_start(op_offload(w->engine, op), op);
}

/* Without a thread for it, a call on a file holds the worker: better than a socket's file that is
 * not removed. */
static bool offloaded_file(worker *w, weir_op *op)
{
    if (offloaded(w, op)) return true;
    weir_attempt_begin(op);
    return done(op, weir_descriptors_attempt(&w->engine->descriptors, op));
}

static bool queued(weir_op *op)
{
    op->reserved = OP_QUEUED;
    ((weir_queue *)op->user)->waiter = op;
    return true;
}

static int64_t tried(worker *w, weir_op *op)
{
    if (!weir_attempt_may_try(op)) return WEIR_EINVAL;
    weir_attempt_begin(op);
    return weir_attempt_result(op, weir_descriptors_attempt(&w->engine->descriptors, op));
}

/* Starts what needs the kernel. */
static bool started_by_reactor(worker *w, weir_op *op)
{
    const weir_reactor *reactor = w->engine->reactor;
    if (op->flags & WEIR_OP_TRY) return done(op, tried(w, op));
    if (op->code >= WEIR_OP_OPEN && reactor->offloads(op)) return offloaded_file(w, op);
    op->reserved = OP_IN_REACTOR;
    return reactor->start(w, op);
}

static bool started(worker *w, weir_op *op)
{
    if (op->code >= WEIR_OP_SOCKET && op->code < WEIR_OP_COUNT) return started_by_reactor(w, op);
    switch (op->code) {
    case WEIR_OP_NOP: return done(op, 0);
    case WEIR_OP_SLEEP: op->reserved = OP_TIMED; return true;
    case WEIR_OP_WORD_WAIT:
    case WEIR_OP_JOIN:
    case WEIR_OP_GROUP_WAIT:
    case WEIR_OP_WAIT: return parked(w, op);
    case WEIR_OP_WORK: return offloaded(w, op);
    case OP_QUEUE_WAIT: return queued(op);
    default: return done(op, WEIR_EUNSUPPORTED);
    }
}

/* The result of an op whose time has passed before it began. */
static int64_t passed(worker *w, const weir_op *op)
{
    if (op->code == WEIR_OP_SLEEP) return 0;
    return op->queue ? WEIR_EDEADLINE : weir_task_expired(&w->current->record, op->deadline);
}

/* Starts an op for `who`.  True: it is in flight.  False: op->result is set. */
static bool start(worker *w, weir_op *op, void *who)
{
    weir_op_words *words = weir_op_words_of(op);
    words->own[3] = (uintptr_t)who;
    op_timer(op)->link = NULL;
    op->reserved = 0;
    if (op->code < WEIR_OP_COUNT) weir_count(&w->counts.ops[op->code]);
    int64_t limit = weir_evented_op_limit(op);
    if (limit <= w->now) return done(op, passed(w, op));
    if (!started(w, op)) {
        op->reserved = 0;
        return false;
    }
    /* A handler that was called meanwhile may have completed it: no timer then. */
    if (!(op->reserved & OP_STATE)) return true;
    if (limit != WEIR_FOREVER_NS && !weir_timer_armed(op_timer(op)))
        weir_wheel_arm(&w->wheel, op_timer(op), limit);
    return true;
}

/* What can be done for a thread that is no task of this engine. */
static int64_t perform_outside(engine *e, weir_op *op)
{
    if (op->code == WEIR_OP_READ_LENT || op->code == WEIR_OP_RECEIVER_STOP)
        return op->result = WEIR_ENOTTASK;
    weir_attempt_begin(op);
    int64_t result = weir_descriptors_attempt(&e->descriptors, op);
    if (result == WEIR_ATTEMPT_WAIT || result == WEIR_ATTEMPT_LATER || result == WEIR_EUNSUPPORTED)
        result = WEIR_ENOTTASK;
    return op->result = result;
}

int64_t weir_evented_op_perform(worker *w, weir_op *op)
{
    fiber *f = w->current;
    if (op->code != WEIR_OP_CLOSE && op->code != WEIR_OP_RECEIVER_STOP) {
        int error = weir_task_check(&f->record, (weir_instant){w->now});
        if (error) return op->result = error;
    }
    op->queue = NULL;
    f->waiting = op; /* before it starts: who completes it at once clears this */
    f->since = w->now;
    if (!start(w, op, f)) {
        f->waiting = NULL;
        if (--w->op_budget == 0) weir_evented_fiber_rest(w, true);
        return op->result;
    }
    weir_evented_fiber_wait(w);
    unsigned state = op->reserved;
    op->reserved = 0;
    w->op_budget = OPS_IN_A_ROW;
    return op->result = explain(w, op, state, op->result);
}

int64_t weir_evented_perform(weir_io *io, weir_op *op)
{
    if (op->code >= WEIR_OP_COUNT) return op->result = WEIR_EUNSUPPORTED;
    worker *w = weir_evented_here;
    if (!w || &w->engine->io != io || !w->current) return perform_outside((engine *)io, op);
    return weir_evented_op_perform(w, op);
}

void weir_evented_submit(weir_io *io, weir_op *op)
{
    worker *w = weir_evented_here;
    if (!w || &w->engine->io != io) {
        /* Nobody's task: the queue's worker gets the completion that says so. */
        op->result = WEIR_ENOTTASK;
        weir_evented_worker_send(op->queue->home, (weir_inbox_message *)(void *)op->engine,
                                 MESSAGE_OP_QUEUE);
        return;
    }
    op->result = WEIR_EUNSUPPORTED;
    if (op->code >= WEIR_OP_COUNT || !start(w, op, w)) weir_evented_queue_push(w, op);
}

void weir_evented_cancel(weir_io *io, weir_op *op)
{
    worker *w = weir_evented_here;
    if (!w || &w->engine->io != io || op->reserved == 0 || op_owner(op) != w) return;
    weir_evented_op_stop(w, op, 0);
}

void weir_evented_complete(weir_io *io, weir_op *op, int64_t result)
{
    (void)io;
    worker *owner = op_owner(op);
    if (owner == weir_evented_here) {
        weir_evented_op_finish(owner, op, result);
        return;
    }
    op->result = result;
    weir_evented_worker_send(owner, (weir_inbox_message *)(void *)op->engine, MESSAGE_OP_DONE);
}
