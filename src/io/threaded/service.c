/* SPDX-License-Identifier: MIT
 *
 * The service: one thread that waits for all ops which were submitted to queues.
 *
 * Actors: the service thread owns the epoll set and the timer wheel, and an op in them.  Any other
 * thread asks for something by setting flags of an op under the lock and listing the op in the
 * inbox: OP_NEW (start it), OP_STOPPED (end it), OP_DONE (it has its result).
 *
 * An op that is parked with a deadline is OP_PARKING first: who completes it meanwhile leaves its
 * delivery to the thread that parks it, which holds no lock, as parking may complete other ops.
 *
 * Invariant: while an op is listed it is not given to its queue, so the inbox never holds an op
 * that is its owner's again.  An op that comes to its end while it is listed gets OP_DONE, and goes
 * to its queue when the inbox is emptied.  An op whose end is certain and which is not listed has
 * the state 0 before the lock is given up, so nobody lists it any more.
 */
#include "io/posix/clock.h"
#include "io/threaded/engine.h"

int weir_service_open(service *s)
{
    *s = (service){0};
    return pthread_mutex_init(&s->lock, NULL) == 0 ? 0 : WEIR_ENOMEM;
}

static void *service_main(void *argument);

/* Starts the thread with the first op.  With the lock held. */
static int ensure_thread(engine *e)
{
    service *s = &e->service;
    if (s->started) return 0;
    int error = weir_readiness_init(&s->set, &e->descriptors, -1);
    if (error < 0) return error;
    weir_wheel_init(&s->wheel, weir_posix_now(WEIR_CLOCK_MONOTONIC).ns);
    s->started = pthread_create(&s->thread, NULL, service_main, e) == 0;
    if (s->started) return 0;
    weir_readiness_deinit(&s->set);
    return WEIR_ENOMEM;
}

void weir_service_close(service *s)
{
    if (s->started) {
        pthread_mutex_lock(&s->lock);
        s->ending = true;
        weir_readiness_wake(&s->set);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
        weir_readiness_deinit(&s->set);
    }
    pthread_mutex_destroy(&s->lock);
}

/* For all threads ---------------------------------------------------------------------------- */

/* Lists the op for a reason.  With the lock held. */
static void list(service *s, weir_op *op, unsigned reason)
{
    unsigned state = op_state(op);
    op_set_state(op, state | OP_LISTED | reason);
    if (state & OP_LISTED) return;
    bool was_empty = !s->inbox;
    op_set_link(op, s->inbox);
    s->inbox = op;
    /* Else the thread was woken for those before and has not looked yet. */
    if (was_empty) weir_readiness_wake(&s->set);
}

/* Gives an op that had to wait to its queue. */
static void deliver(engine *e, weir_op *op)
{
    weir_count(&e->counts[0].completions);
    weir_threaded_push(e, op);
}

static void finish_now(engine *e, weir_op *op, int64_t result)
{
    op->result = result;
    op_set_state(op, 0);
    deliver(e, op);
}

void weir_service_start(engine *e, weir_op *op)
{
    service *s = &e->service;
    pthread_mutex_lock(&s->lock);
    int error = ensure_thread(e);
    if (!error) {
        op_set_state(op, OP_SERVED);
        list(s, op, OP_NEW);
    }
    pthread_mutex_unlock(&s->lock);
    if (error) finish_now(e, op, error);
}

void weir_service_park(engine *e, weir_op *op)
{
    service *s = &e->service;
    pthread_mutex_lock(&s->lock);
    int error = ensure_thread(e);
    pthread_mutex_unlock(&s->lock);
    op_set_state(op, OP_PARKED | OP_TIMED | OP_PARKING);
    if (error || !weir_threaded_park(e, op)) {
        if (error) op->result = error;
        op_set_state(op, 0);
        weir_threaded_push(e, op);
        return;
    }
    pthread_mutex_lock(&s->lock);
    bool done = op_state(op) & OP_DONE;
    op_set_state(op, done ? 0 : OP_PARKED | OP_TIMED);
    if (!done) list(s, op, OP_NEW);
    pthread_mutex_unlock(&s->lock);
    if (done) deliver(e, op);
}

void weir_service_complete(engine *e, weir_op *op, int64_t result)
{
    service *s = &e->service;
    op->result = result;
    if (op_state(op) & OP_TIMED) {
        pthread_mutex_lock(&s->lock);
        unsigned state = op_state(op);
        if (state & OP_PARKING)
            op_set_state(op, state | OP_DONE);
        else
            list(s, op, OP_DONE);
        pthread_mutex_unlock(&s->lock);
    } else {
        finish_now(e, op, result);
    }
}

void weir_service_stop(engine *e, weir_op *op)
{
    service *s = &e->service;
    pthread_mutex_lock(&s->lock);
    if (op_state(op) & OP_SERVED) list(s, op, OP_STOPPED);
    pthread_mutex_unlock(&s->lock);
}

/* The service thread ------------------------------------------------------------------------- */

static void finish(engine *e, weir_op *op, int64_t result)
{
    service *s = &e->service;
    weir_wheel_cancel(&s->wheel, op_timer(op));
    pthread_mutex_lock(&s->lock);
    unsigned state = op_state(op);
    op->result = result;
    /* Before the lock goes: who may cancel it must not list it any more. */
    op_set_state(op, state & OP_LISTED ? state | OP_DONE : 0);
    pthread_mutex_unlock(&s->lock);
    if (!(state & OP_LISTED)) deliver(e, op);
}

static void stop(engine *e, weir_op *op, int reason)
{
    weir_readiness_remove(&e->service.set, op);
    int64_t progress = weir_attempt_progress(op);
    finish(e, op, progress > 0 ? progress : reason);
}

static void arm(service *s, weir_op *op, int64_t when)
{
    if (op->deadline.ns && op->deadline.ns < when) when = op->deadline.ns;
    if (when != WEIR_FOREVER_NS) weir_wheel_arm(&s->wheel, op_timer(op), when);
}

static void try_op(engine *e, weir_op *op)
{
    service *s = &e->service;
    int64_t result = op->code == WEIR_OP_READ_LENT ? weir_threaded_read_lent(e, op)
                                                   : weir_readiness_try(&s->set, op);
    int error = result == WEIR_ATTEMPT_WAIT ? weir_readiness_add(&s->set, op) : 0;
    if (error < 0) {
        finish(e, op, error);
    } else if (error > 0 || result == WEIR_ATTEMPT_LATER) {
        arm(s, op, weir_posix_now(WEIR_CLOCK_MONOTONIC).ns + weir_attempt_delay(op).ns);
    } else if (result == WEIR_ATTEMPT_WAIT) {
        arm(s, op, WEIR_FOREVER_NS);
    } else {
        finish(e, op, result);
    }
}

/* Does what the op, which is not listed any more, was listed for. */
static void handle_listed(engine *e, weir_op *op, unsigned state)
{
    service *s = &e->service;
    if (state & OP_DONE) {
        weir_wheel_cancel(&s->wheel, op_timer(op));
        deliver(e, op);
    } else if (state & OP_STOPPED) {
        stop(e, op, WEIR_ECANCELED);
    } else if (op->code == WEIR_OP_SLEEP || (state & OP_PARKED)) {
        arm(s, op, WEIR_FOREVER_NS);
    } else {
        try_op(e, op);
    }
}

/* Returns whether the service goes on. */
static bool empty_inbox(engine *e)
{
    service *s = &e->service;
    pthread_mutex_lock(&s->lock);
    weir_op *op = s->inbox;
    s->inbox = NULL;
    bool ending = s->ending;
    while (op) {
        weir_op *next = op_link(op);
        unsigned state = op_state(op);
        const unsigned rest = state & ~(unsigned)(OP_LISTED | OP_NEW | OP_STOPPED);
        op_set_state(op, state & OP_DONE ? 0 : rest);
        pthread_mutex_unlock(&s->lock);
        handle_listed(e, op, state);
        pthread_mutex_lock(&s->lock);
        op = next;
    }
    pthread_mutex_unlock(&s->lock);
    return !ending;
}

static void expire(engine *e, int64_t now)
{
    service *s = &e->service;
    for (weir_timer *timer; (timer = weir_wheel_advance(&s->wheel, now));) {
        weir_op *op = op_of_timer(timer);
        if (op_state(op) & OP_PARKED) {
            /* Else it is being done or completed, and will be listed for that. */
            if (weir_threaded_unpark(e, op)) finish(e, op, WEIR_EDEADLINE);
        } else if (op->code == WEIR_OP_SLEEP) {
            finish(e, op, 0);
        } else if (op->deadline.ns && op->deadline.ns <= now) {
            stop(e, op, WEIR_EDEADLINE);
        } else {
            try_op(e, op);
        }
    }
}

static void *service_main(void *argument)
{
    engine *e = argument;
    service *s = &e->service;
    while (empty_inbox(e)) {
        int64_t now = weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
        expire(e, now);
        int64_t next = weir_wheel_next(&s->wheel);
        int64_t timeout = next == INT64_MAX ? WEIR_FOREVER_NS : next > now ? next - now : 0;
        weir_count(&e->counts[0].enters);
        if (timeout) weir_count(&e->counts[0].sleeps);
        for (weir_op *op = weir_readiness_wait(&s->set, timeout), *after; op; op = after) {
            after = weir_op_words_of(op)->next;
            try_op(e, op);
        }
    }
    return NULL;
}
