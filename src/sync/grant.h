/* SPDX-License-Identifier: MIT
 *
 * What locks have in common that hand over to several waiters at once: the chain of those who were
 * served, and the pause of who looks again.
 */
#ifndef SYNC_GRANT_H
#define SYNC_GRANT_H

#include <weir/io/wait.h>

/* How often a busy lock is looked at before lying down. */
enum { WEIR_SYNC_LOOKS = 40 };

/* Ops that were taken out of their list, for weir_wait_complete_all.  Begin with
 * `weir_sync_chain chain = {NULL, &chain.first}`. */
typedef struct weir_sync_chain {
    weir_op *first, **end;
} weir_sync_chain;

/* Takes the first op of the list, which is not empty, and adds it to the chain. */
static inline void weir_sync_chain_take(weir_sync_chain *chain, weir_wait_list *list)
{
    weir_op *op = weir_wait_list_take(list);
    weir_op_words_of(op)->next = NULL;
    *chain->end = op;
    chain->end = &weir_op_words_of(op)->next;
}

/* The pause between two looks at a lock that another thread holds. */
static inline void weir_sync_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb");
#endif
}

#endif
