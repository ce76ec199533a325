/* SPDX-License-Identifier: MIT
 *
 * READ_LENT ops that wait because all of their worker's buffers are in use: a list, first come
 * first served.
 */
#include "io/evented/engine.h"

void weir_evented_starved_add(worker *w, weir_op *op)
{
    op->reserved = (uint16_t)((op->reserved & ~OP_STATE) | OP_STARVED);
    weir_op_words_of(op)->next = NULL;
    if (w->starved_first) {
        weir_op_words_of(w->starved_last)->next = op;
    } else {
        w->starved_first = op;
    }
    w->starved_last = op;
}

weir_op *weir_evented_starved_take(worker *w)
{
    weir_op *op = w->starved_first;
    if (!op) return NULL;
    w->starved_first = weir_op_words_of(op)->next;
    op->reserved = (uint16_t)((op->reserved & ~OP_STATE) | OP_IN_REACTOR);
    return op;
}

bool weir_evented_starved_remove(worker *w, weir_op *op)
{
    weir_op *before = NULL;
    for (weir_op *each = w->starved_first; each; each = weir_op_words_of(each)->next) {
        if (each != op) {
            before = each;
            continue;
        }
        weir_op *next = weir_op_words_of(op)->next;
        *(before ? &weir_op_words_of(before)->next : &w->starved_first) = next;
        if (!next) w->starved_last = before;
        return true;
    }
    return false;
}
