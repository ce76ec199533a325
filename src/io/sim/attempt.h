/* SPDX-License-Identifier: MIT
 *
 * Trying an op once, without waiting: by opcode, to what its descriptor stands for.  (The same
 * names, in the simulated world, as io/posix/attempt.h has for the kernel's.)
 */
#ifndef IO_SIM_ATTEMPT_H
#define IO_SIM_ATTEMPT_H

#include "io/sim/world.h"

/* Tries the op: SOCKET to SEND_FILE; WEIR_EUNSUPPORTED for the others.  Returns its result or
 * SIM_WAIT.  Progress is in own[4]; op->result is untouched. */
int64_t weir_sim_attempt(host *h, weir_op *op);

/* Tries an op again that waits at `n`, whatever its descriptor stands for by now. */
int64_t weir_sim_attempt_again(host *h, weir_op *op, sim_node *n);

/* The second node of an op, which it keeps while it waits: SPLICE, SEND_FILE.  NULL: none. */
sim_node *weir_sim_attempt_second(host *h, const weir_op *op);

/* Bytes that a WRITE with WEIR_OP_ALL or a SEND_FILE has sent so far, or messages of a SEND_MANY.
 */
int64_t weir_sim_attempt_progress(const weir_op *op);

/* Whether an op may have the flag WEIR_OP_TRY. */
bool weir_sim_attempt_may_try(const weir_op *op);

/* What an op with WEIR_OP_TRY says instead of waiting: its progress, or WEIR_EAGAIN. */
int64_t weir_sim_attempt_untried(const weir_op *op);

/* The attempts on files and directories (disk.c). */
int64_t weir_sim_attempt_open(host *h, weir_op *op);
int64_t weir_sim_attempt_stat(host *h, weir_op *op);
int64_t weir_sim_attempt_read_at(host *h, weir_op *op);
int64_t weir_sim_attempt_write_at(host *h, weir_op *op);
int64_t weir_sim_attempt_list(host *h, weir_op *op);

/* What changes them (disk_change.c). */
int64_t weir_sim_attempt_unlink(host *h, weir_op *op);
int64_t weir_sim_attempt_change_mode(host *h, weir_op *op);
int64_t weir_sim_attempt_change_owner(host *h, weir_op *op);
int64_t weir_sim_attempt_lock(host *h, weir_op *op);

#endif
