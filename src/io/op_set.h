/* SPDX-License-Identifier: MIT
 *
 * Filling an op on the stack without zeroing its engine words, which the engine sets itself: a call
 * costs what it needs.
 */
#ifndef IO_OP_SET_H
#define IO_OP_SET_H

#include <weir/io/op.h>

/* Sets all that stands before the arguments. */
static inline void weir_op_set(weir_op *op, weir_opcode code, int fd)
{
    op->code = (uint8_t)code;
    op->flags = 0;
    op->reserved = 0;
    op->fd = fd;
    op->deadline.ns = 0;
    op->queue = NULL;
}

#endif
