/* SPDX-License-Identifier: MIT
 *
 * Queues: completed ops in a list, and the task that waits for one.
 *
 * Invariant: the list and the waiter are touched only by the worker whose task initialised the
 * queue; an op that completes elsewhere is sent there.  While there is a waiter the list is empty.
 */
#include "io/evented/engine.h"

#include <weir/base/error.h>

void weir_evented_queue_init(weir_io *io, weir_queue *queue)
{
    (void)io;
    *queue = (weir_queue){.home = weir_evented_here};
}

void weir_evented_queue_push(worker *w, weir_op *op)
{
    weir_queue *queue = op->queue;
    if (queue->home != w) {
        weir_evented_worker_send(queue->home, (weir_inbox_message *)(void *)op->engine,
                                 MESSAGE_OP_QUEUE);
        return;
    }
    if (queue->handler) {
        /* A handler that starts what completes at once is not called again from inside itself. */
        if (w->handing) {
            weir_evented_worker_send(w, (weir_inbox_message *)(void *)op->engine, MESSAGE_OP_QUEUE);
            return;
        }
        w->handing = true;
        queue->handler(&w->engine->io, op);
        w->handing = false;
        return;
    }
    weir_op_words_of(op)->next = NULL;
    if (queue->head) {
        weir_op_words_of(queue->tail)->next = op;
    } else {
        queue->head = op;
    }
    queue->tail = op;
    weir_op *waiter = queue->waiter;
    if (!waiter) return;
    queue->waiter = NULL;
    weir_evented_op_finish(w, waiter, 0);
}

weir_op *weir_evented_queue_try(weir_io *io, weir_queue *queue)
{
    (void)io;
    weir_op *op = queue->head;
    if (!op) return NULL;
    queue->head = weir_op_words_of(op)->next;
    worker *w = weir_evented_here;
    bool in_task = w && w->current && !w->handing;
    if (in_task && --w->op_budget == 0) weir_evented_fiber_rest(w, true);
    return op;
}

int weir_evented_queue_next(weir_io *io, weir_queue *queue, weir_deadline deadline, weir_op **out)
{
    *out = NULL;
    worker *w = weir_evented_here;
    if (!w || &w->engine->io != io || !w->current || queue->home != w) return WEIR_ENOTTASK;
    for (;;) {
        int error = weir_task_check(&w->current->record, (weir_instant){0});
        if (error) return error;
        *out = weir_evented_queue_try(io, queue);
        if (*out) return 0;
        weir_op op;
        weir_op_set(&op, (weir_opcode)OP_QUEUE_WAIT, -1);
        op.user = queue;
        weir_op_set_deadline(&op, deadline);
        int64_t result = weir_evented_op_perform(w, &op);
        queue->waiter = NULL;
        /* A completion may have come together with the deadline or the request. */
        if (result < 0 && !queue->head) return (int)result;
        if (result == WEIR_ECANCELED) weir_task_put_back(&w->current->record);
        *out = weir_evented_queue_try(io, queue);
        if (*out) return 0;
    }
}
