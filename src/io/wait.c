/* SPDX-License-Identifier: MIT
 *
 * What objects that tasks wait for are made of (weir/io/wait.h).
 */
#include <weir/io/wait.h>

#include "base/spin.h"

weir_op *weir_wait_list_take_all(weir_wait_list *list)
{
    weir_op *chain = list->first;
    for (weir_op *op = chain; op; op = weir_op_words_of(op)->next)
        weir_op_words_of(op)->previous = op;
    *list = (weir_wait_list){0};
    return chain;
}

void weir_wait_complete_all(weir_op *chain, int64_t result)
{
    while (chain) {
        weir_op *next = weir_op_words_of(chain)->next;
        weir_wait_complete(chain, result);
        chain = next;
    }
}

void weir_wait_lock_contended(uint32_t *lock)
{
    weir_spin_lock(lock);
}
