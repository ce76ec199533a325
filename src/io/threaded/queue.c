/* SPDX-License-Identifier: MIT
 *
 * Queues of completions between threads.
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

void weir_threaded_push(weir_op *op)
{
    weir_queue *queue = op->queue;
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
    for (bool passed = false; !error;) {
        if (weir_task_asked(&w->record)) {
            weir_task_check(&w->record, (weir_instant){INT64_MIN});
            error = WEIR_ECANCELED;
        } else if ((*out = take(queue, w))) {
            return 0;
        } else if (passed) {
            error = WEIR_EDEADLINE;
        } else {
            passed = !weir_thread_sleep(w, until);
        }
    }
    stop_waiting(queue);
    return error;
}

weir_op *weir_threaded_queue_try(weir_io *io, weir_queue *queue)
{
    (void)io;
    return take(queue, NULL);
}
