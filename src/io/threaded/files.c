/* SPDX-License-Identifier: MIT
 *
 * File ops submitted to queues: done by a few tasks of the pool, which end when none is left.
 *
 * files_lock guards the list (linked through next and previous) and the count of tasks.
 * Invariant: while the list is not empty, a task takes from it.
 */
#include "io/posix/attempt.h"
#include "io/posix/clock.h"
#include "io/threaded/engine.h"

enum { MAX_TASKS = 4 };

static void take_out(engine *e, weir_op *op)
{
    weir_op_words *words = weir_op_words_of(op);
    *(words->previous ? &weir_op_words_of(words->previous)->next : &e->files_first) = words->next;
    *(words->next ? &weir_op_words_of(words->next)->previous : &e->files_last) = words->previous;
    op_set_state(op, 0);
}

/* Takes the first op; without one the task counts as ended. */
static weir_op *next_op(engine *e)
{
    weir_spin_lock(&e->files_lock);
    weir_op *op = e->files_first;
    if (op)
        take_out(e, op);
    else
        e->files_tasks--;
    weir_spin_unlock(&e->files_lock);
    return op;
}

static int serve(weir_io *io, void *argument)
{
    engine *e = argument;
    (void)io;
    for (weir_op *op; (op = next_op(e));) {
        bool late = op->deadline.ns && op->deadline.ns <= weir_posix_now(WEIR_CLOCK_MONOTONIC).ns;
        op->result = late ? WEIR_EDEADLINE : weir_descriptors_attempt(&e->descriptors, op);
        weir_threaded_push(op);
    }
    return 0;
}

void weir_files_start(engine *e, weir_op *op)
{
    weir_spin_lock(&e->files_lock);
    weir_op_words *words = weir_op_words_of(op);
    words->next = NULL;
    words->previous = e->files_last;
    *(e->files_last ? &weir_op_words_of(e->files_last)->next : &e->files_first) = op;
    e->files_last = op;
    op_set_state(op, OP_FILE);
    bool more = e->files_tasks < MAX_TASKS;
    e->files_tasks += more;
    weir_spin_unlock(&e->files_lock);
    if (!more) return;
    weir_spawn spawn = {.run = serve, .argument = e, .name = "files"};
    if (weir_threads_spawn(e, &spawn, false) != 0) serve(&e->io, e);
}

bool weir_files_take_back(engine *e, weir_op *op)
{
    weir_spin_lock(&e->files_lock);
    bool waits = op_state(op) & OP_FILE;
    if (waits) take_out(e, op);
    weir_spin_unlock(&e->files_lock);
    return waits;
}
