/* SPDX-License-Identifier: MIT
 *
 * Queues of completions between threads.
 *
 * A queue with a handler keeps nothing: the handler is called on the thread on which the op ends: a
 * task's, a helper, the service, or that of whoever completes it.
 *
 * Invariant: on a thread no handler of an engine is called inside another of that engine.  An op
 * that ends while a handler is under way, as what the handler submits or completes may do at once,
 * is listed with the outermost call, which goes on until its list is empty: the stack stays as deep
 * as one call, and the ops keep the order in which they ended.
 *
 * The queue's lock guards list and waiter.  Who pushes wakes the waiter with the lock held: the
 * taker needs the lock to see the op, so queue and worker outlive the push.
 */
#include "io/threaded/engine.h"

void weir_threaded_queue_init(weir_io *io, weir_queue *queue)
{
    (void)io;
    *queue = (weir_queue){0};
}

/* A thread's calls of handlers of one engine, and the ops whose handlers are to be called next. */
typedef struct handing {
    const engine *engine;
    struct handing *outer;
    weir_op *first, *last;
} handing;

/* The engines for which the thread calls handlers, the innermost first. */
static _Thread_local handing *handings;

static handing *handing_of(const engine *e)
{
    handing *h = handings;
    while (h && h->engine != e) h = h->outer;
    return h;
}

static void append(handing *h, weir_op *op)
{
    op_set_link(op, NULL);
    if (h->first)
        op_set_link(h->last, op);
    else
        h->first = op;
    h->last = op;
}

/* The first op, taken out, or NULL. */
static weir_op *next_of(handing *h)
{
    weir_op *op = h->first;
    if (op) h->first = op_link(op);
    return op;
}

static void hand_over(engine *e, weir_op *op)
{
    handing *under_way = handing_of(e);
    if (under_way) {
        append(under_way, op);
        return;
    }
    guest g;
    handing h = {.engine = e, .outer = handings};
    weir_thread_guest_enter(&g, e);
    handings = &h;
    /* The handler may free op and queue, and with the last op the engine may go. */
    for (; op; op = next_of(&h)) op->queue->handler(&e->io, op);
    handings = h.outer;
    weir_thread_guest_leave(&g);
}

void weir_threaded_push(engine *e, weir_op *op)
{
    weir_queue *queue = op->queue;
    if (queue->handler) {
        hand_over(e, op);
        return;
    }
    op_set_link(op, NULL);
    weir_spin_lock(&queue->lock);
    if (queue->tail)
        op_set_link(queue->tail, op);
    else
        queue->head = op;
    queue->tail = op;
    worker *waiter = queue->waiter;
    queue->waiter = NULL;
    if (waiter) weir_thread_wake(waiter);
    weir_spin_unlock(&queue->lock);
}

/* Takes the first op; when there is none, `waiter` will be woken by the next. */
static weir_op *take(weir_queue *queue, worker *waiter)
{
    weir_spin_lock(&queue->lock);
    weir_op *op = queue->head;
    if (op) {
        queue->head = op_link(op);
        if (!queue->head) queue->tail = NULL;
    }
    queue->waiter = op ? NULL : waiter;
    weir_spin_unlock(&queue->lock);
    return op;
}

static void stop_waiting(weir_queue *queue)
{
    weir_spin_lock(&queue->lock);
    queue->waiter = NULL;
    weir_spin_unlock(&queue->lock);
}

int weir_threaded_queue_next(weir_io *io, weir_queue *queue, weir_deadline deadline, weir_op **out)
{
    *out = NULL;
    worker *w = weir_thread_self((engine *)io);
    if (!w) return WEIR_ENOTTASK;
    int64_t until = weir_instant_min(deadline, w->record.deadline).ns;

    int error = 0;
    bool waited = false;
    for (bool passed = false; !error;) {
        if (weir_task_asked(&w->record)) {
            error = weir_task_report(&w->record);
        } else if ((*out = take(queue, w))) {
            break;
        } else if (passed) {
            /* 0 means none there; here every past instant is past. */
            error =
                weir_task_expired(&w->record, (weir_deadline){deadline.ns > 0 ? deadline.ns : 1});
        } else {
            if (!waited) weir_thread_note(w, "queue", -1);
            waited = true;
            passed = !weir_thread_sleep(w, until);
        }
    }
    if (waited) weir_thread_unnote(w);
    if (error) stop_waiting(queue);
    return error;
}

weir_op *weir_threaded_queue_try(weir_io *io, weir_queue *queue)
{
    (void)io;
    return take(queue, NULL);
}
