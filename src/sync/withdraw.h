/* SPDX-License-Identifier: MIT
 *
 * The stop of a kind of waiting whose object has nothing else to put right.
 */
#ifndef SYNC_WITHDRAW_H
#define SYNC_WITHDRAW_H

#include <weir/io/wait.h>

/* Takes the op out of its list if it is still there, under the object's lock. */
static inline bool weir_sync_withdraw(weir_io *io, uint32_t *lock, weir_wait_list *list,
                                      weir_op *op)
{
    weir_wait_lock(io, lock);
    bool waits = weir_wait_list_withdraw(list, op);
    weir_wait_unlock(io, lock);
    return waits;
}

#endif
