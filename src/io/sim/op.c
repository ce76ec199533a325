/* SPDX-License-Identifier: MIT
 *
 * The life of an op in the simulator: checked, started, perhaps timed, finished.
 *
 *      perform/submit ── start ──┬─ done at once
 *                                └─ in flight ──┬─ its node, a wake, a join, its event ── finish
 *                                               ├─ event ── OP_EXPIRED ── stop ── finish
 *                                               └─ cancel ── OP_CANCELED ── stop ── finish
 *
 * Invariant: an op in flight is finished exactly once, in weir_sim_op_finish; stopping only hurries
 * that.  A result >= 0 always wins over the reason for stopping.
 */
#include "io/sim/attempt.h"
#include "io/sim/node.h"
#include "io/sim/trace.h"
#include "io/sim/world.h"

enum {
    OPS_IN_A_ROW = 128,
    STOPS_IN = 8,         /* in the random order, one op in so many lets others run */
    WORK_NS = 100 * 1000, /* the longest that work for a helper thread is put off */
};

/* What a stopped op's result means to its caller. */
static int64_t explain(host *h, weir_op *op, unsigned state, int64_t result)
{
    if (!(state & OP_CANCELED) || result != WEIR_ECANCELED) return result;
    if (op->queue) return state & OP_EXPIRED ? WEIR_EDEADLINE : result;
    /* The request is delivered here and nowhere else. */
    weir_task_record *record = &h->world->current->record;
    if (state & OP_EXPIRED) return weir_task_expired(record, op->deadline);
    if (state & OP_ASKED) weir_task_report(record);
    return result;
}

static void note_result(world *w, const weir_op *op)
{
    sim_note_down(w, NOTE_OP, (uint64_t)op->code << 32 | (uint32_t)op->fd, (uint64_t)op->result);
    if (sim_is_recorded(w)) weir_sim_trace_op(op, op->queue ? NULL : w->current, false);
}

void weir_sim_op_finish(weir_op *op, int64_t result)
{
    host *h = op_host(op);
    world *w = h->world;
    weir_sim_unplan(&w->agenda, op_event(op));
    h->counts.completions++;
    if (op->queue) {
        op->result = explain(h, op, op->reserved, result);
        op->reserved = 0;
        note_result(w, op);
        weir_sim_queue_push(h, op);
        return;
    }
    /* The waiting task reads the state when it runs again, and clears it. */
    fiber *f = op_fiber(op);
    op->result = result;
    op->reserved &= (uint16_t)~OP_STATE;
    f->waiting = NULL;
    weir_sim_fiber_resume(w, f);
}

void weir_sim_op_stop(weir_op *op, unsigned reason)
{
    const unsigned state = op->reserved & OP_STATE;
    int64_t result = WEIR_ECANCELED;
    if (state == 0 || op->reserved & OP_CANCELED) return;
    switch (state) {
    case OP_AT_NODE:
        weir_sim_node_leave(op);
        /* What it has done so far, if anything, is its result. */
        if (weir_sim_attempt_progress(op) > 0) result = weir_sim_attempt_progress(op);
        break;
    case OP_PARKED:
        if (!weir_unpark(op)) return; /* its own result stands */
        break;
    case OP_QUEUED: /* the one op whose `user` is the engine's: its queue */
        ((weir_queue *)op->user)->waiter = NULL;
        break;
    default: break;
    }
    op->reserved |= (uint16_t)(OP_CANCELED | reason);
    weir_sim_op_finish(op, result);
}

/* When the op's event is to happen: the earliest of its own deadline and its task's scopes. */
static int64_t limit_of(const weir_op *op, const fiber *f)
{
    if (op->code == WEIR_OP_CLOSE || op->code == WEIR_OP_RECEIVER_STOP) return WEIR_FOREVER_NS;
    const int64_t limit = op->deadline.ns ? op->deadline.ns : WEIR_FOREVER_NS;
    if (!f || op->queue) return limit;
    return f->record.deadline.ns < limit ? f->record.deadline.ns : limit;
}

static void expire(void *world_, sim_event *event)
{
    const world *w = world_;
    weir_op *op = op_of_event(event);
    if ((op->reserved & OP_STATE) == OP_TIMED && op->deadline.ns && op->deadline.ns <= w->now) {
        weir_sim_op_finish(op, 0);
    } else {
        weir_sim_op_stop(op, OP_EXPIRED);
    }
}

static bool done(weir_op *op, int64_t result)
{
    op->result = result;
    return false;
}

/* Work runs in the loop, after a moment that is drawn; unless it is stopped before. */
static void do_work(void *world_, sim_event *event)
{
    (void)world_;
    weir_op *op = op_of_event(event);
    const fiber *f = op->queue ? NULL : op_fiber(op);
    if (limit_of(op, f) <= op_host(op)->world->now) {
        weir_sim_op_stop(op, OP_EXPIRED);
    } else {
        weir_sim_op_finish(op, op->args.work.run(op->args.work.argument));
    }
}

static bool start_work(world *w, weir_op *op, int64_t limit)
{
    int64_t when = w->now + 1 + (int64_t)weir_prng_below(&w->schedule, WORK_NS);
    op->reserved = OP_WORK;
    op_event(op)->run = do_work;
    if (weir_sim_plan(&w->agenda, op_event(op), when < limit ? when : limit)) return true;
    return done(op, WEIR_ENOMEM);
}

static bool started(host *h, weir_op *op, int64_t limit)
{
    if (op->flags & WEIR_OP_TRY && !weir_sim_attempt_may_try(op)) return done(op, WEIR_EINVAL);
    switch (op->code) {
    case WEIR_OP_NOP: return done(op, 0);
    case WEIR_OP_SLEEP: op->reserved = OP_TIMED; return true;
    case WEIR_OP_WORD_WAIT:
    case WEIR_OP_JOIN:
    case WEIR_OP_GROUP_WAIT:
    case WEIR_OP_WAIT:
        op->reserved = OP_PARKED; /* before anybody can complete it */
        return weir_park(&h->io, op);
    case WEIR_OP_WORK: return start_work(h->world, op, limit);
    case OP_QUEUE_WAIT:
        op->reserved = OP_QUEUED;
        ((weir_queue *)op->user)->waiter = op;
        return true;
    default: break;
    }
    op->result = weir_sim_attempt(h, op);
    if (op->result != SIM_WAIT) return false;
    if (op->flags & WEIR_OP_TRY) return done(op, weir_sim_attempt_untried(op));
    op->reserved = OP_AT_NODE;
    weir_sim_node_enter(op);
    return true;
}

/* The result of an op whose time has passed before it began. */
static int64_t passed(fiber *f, const weir_op *op)
{
    if (op->code == WEIR_OP_SLEEP) return 0;
    return op->queue ? WEIR_EDEADLINE : weir_task_expired(&f->record, op->deadline);
}

/* Starts an op, for the fiber `f` or a queue.  True: it is in flight.  False: op->result is set. */
static bool start(host *h, weir_op *op, fiber *f)
{
    world *w = h->world;
    weir_op_words *words = weir_op_words_of(op);
    *words = (weir_op_words){.io = &h->io, .own = {[3] = (uintptr_t)f}};
    op_event(op)->run = expire;
    op->reserved = 0;
    if (op->code < WEIR_OP_COUNT) h->counts.ops[op->code]++;
    w->steps++;
    w->looks = 0;
    w->now += w->cost;
    const int64_t limit = limit_of(op, f);
    if (limit <= w->now) return done(op, passed(f, op));
    if (!started(h, op, limit)) {
        op->reserved = 0;
        return false;
    }
    /* A handler that was called meanwhile may have completed it: no event then. */
    if (!(op->reserved & OP_STATE) || limit == WEIR_FOREVER_NS) return true;
    if (weir_sim_planned(op_event(op)) || weir_sim_plan(&w->agenda, op_event(op), limit))
        return true;
    weir_sim_op_stop(op, 0); /* no memory to note its deadline */
    return true;
}

/* What can be done for whom is no task of this host. */
static int64_t perform_outside(host *h, weir_op *op)
{
    *weir_op_words_of(op) = (weir_op_words){.io = &h->io};
    const bool waits = op->code == WEIR_OP_READ_LENT || op->code == WEIR_OP_RECEIVER_STOP;
    op->result = waits ? WEIR_ENOTTASK : weir_sim_attempt(h, op);
    if (op->result == SIM_WAIT || op->result == WEIR_EUNSUPPORTED) op->result = WEIR_ENOTTASK;
    return op->result;
}

/* After an op that completed at once: others may run, if it is their turn. */
static void perhaps_rest(world *w)
{
    bool rest = --w->op_budget == 0;
    if (w->options.order == WEIR_SIM_RANDOM && (w->ready.count || w->agenda.count))
        rest |= weir_prng_below(&w->schedule, STOPS_IN) == 0;
    if (w->options.order == WEIR_SIM_ADVERSE) rest |= w->ready.count > 0;
    if (rest || w->steps > w->options.patience) weir_sim_fiber_rest(w);
}

int64_t weir_sim_op_perform(host *h, weir_op *op)
{
    world *w = h->world;
    fiber *f = w->current;
    if (op->code != WEIR_OP_CLOSE && op->code != WEIR_OP_RECEIVER_STOP) {
        int error = weir_task_check(&f->record, (weir_instant){w->now});
        if (error) return op->result = error;
    }
    op->queue = NULL;
    f->waiting = op; /* before it starts: who completes it at once clears this */
    f->since = w->now;
    if (!start(h, op, f)) {
        f->waiting = NULL;
        note_result(w, op);
        perhaps_rest(w);
        return op->result;
    }
    if (sim_is_recorded(w) && f->waiting) weir_sim_trace_op(op, f, true);
    weir_sim_fiber_wait(w);
    const unsigned state = op->reserved;
    op->reserved = 0;
    w->op_budget = OPS_IN_A_ROW;
    op->result = explain(h, op, state, op->result);
    note_result(w, op);
    return op->result;
}

int64_t weir_sim_perform(weir_io *io, weir_op *op)
{
    host *h = (host *)io;
    if (op->code >= WEIR_OP_COUNT) return op->result = WEIR_EUNSUPPORTED;
    if (!sim_is_task(h) || h->world->handing) return perform_outside(h, op);
    return weir_sim_op_perform(h, op);
}

void weir_sim_submit(weir_io *io, weir_op *op)
{
    host *h = (host *)io;
    op->result = WEIR_EUNSUPPORTED;
    if (op->code < WEIR_OP_COUNT && start(h, op, NULL)) {
        const bool waits = op->reserved & OP_STATE;
        if (sim_is_recorded(h->world) && waits) weir_sim_trace_op(op, NULL, true);
        return;
    }
    note_result(h->world, op);
    weir_sim_queue_push(h, op);
}

void weir_sim_cancel(weir_io *io, weir_op *op)
{
    (void)io;
    if (op->reserved & OP_STATE && op->code != WEIR_OP_CLOSE && op->code != WEIR_OP_RECEIVER_STOP)
        weir_sim_op_stop(op, 0);
}

void weir_sim_complete(weir_io *io, weir_op *op, int64_t result)
{
    (void)io;
    weir_sim_op_finish(op, result);
}
