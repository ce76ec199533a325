/* SPDX-License-Identifier: MIT
 *
 * Queues: completed ops in a list, and the task that waits for one.
 *
 * Handlers are called when the loop settles, one after the other: so no completion runs code of the
 * program in the middle of what the simulator does, and no handler is called from inside itself.
 */
#include "io/sim/world.h"

void weir_sim_queue_init(weir_io *io, weir_queue *queue)
{
    *queue = (weir_queue){.home = io};
}

void weir_sim_queue_hand_over(world *w)
{
    while (w->handed && !w->handing) {
        weir_op *op = w->handed;
        w->handed = weir_op_words_of(op)->next;
        if (!w->handed) w->handed_end = &w->handed;
        w->handing = true;
        op->queue->handler(op->queue->home, op);
        w->handing = false;
    }
}

void weir_sim_queue_push(host *h, weir_op *op)
{
    weir_queue *queue = op->queue;
    weir_op_words_of(op)->next = NULL;
    if (queue->handler) {
        world *w = h->world;
        *w->handed_end = op;
        w->handed_end = &weir_op_words_of(op)->next;
        return;
    }
    if (queue->head) {
        weir_op_words_of(queue->tail)->next = op;
    } else {
        queue->head = op;
    }
    queue->tail = op;
    weir_op *waiter = queue->waiter;
    if (!waiter) return;
    queue->waiter = NULL;
    weir_sim_op_finish(waiter, 0);
}

static weir_op *take(weir_queue *queue)
{
    weir_op *op = queue->head;
    if (op) queue->head = weir_op_words_of(op)->next;
    return op;
}

weir_op *weir_sim_queue_try(weir_io *io, weir_queue *queue)
{
    host *h = (host *)io;
    world *w = h->world;
    if (!sim_is_inside(h)) return NULL;
    w->now += w->cost;
    weir_op *op = take(queue);
    const bool in_task = w->current && !w->handing;
    if (op && in_task && --w->op_budget == 0) weir_sim_fiber_rest(w);
    return op;
}

int weir_sim_queue_next(weir_io *io, weir_queue *queue, weir_deadline deadline, weir_op **out)
{
    host *h = (host *)io;
    *out = NULL;
    if (!sim_is_task(h) || h->world->handing) return WEIR_ENOTTASK;
    for (;;) {
        int error = weir_task_check(&h->world->current->record, (weir_instant){0});
        if (error) return error;
        *out = weir_sim_queue_try(io, queue);
        if (*out) return 0;
        weir_op op;
        weir_op_set(&op, (weir_opcode)OP_QUEUE_WAIT, -1);
        op.user = queue;
        weir_op_set_deadline(&op, deadline);
        int64_t result = weir_sim_op_perform(h, &op);
        queue->waiter = NULL;
        /* A completion may have come together with the deadline or the request. */
        if (result < 0 && !queue->head) return (int)result;
        if (result == WEIR_ECANCELED) weir_task_put_back(&h->world->current->record);
        *out = weir_sim_queue_try(io, queue);
        if (*out) return 0;
    }
}
