/* SPDX-License-Identifier: MIT
 *
 * Helpers: threads of the pool that do the blocking ops of queues, file ops and WEIR_OP_WORK.
 *
 * A helper takes ops, in their order, until none is left, and is then a thread of the pool as any
 * other, which idles and ends.  An op waits in the list through next and previous; `previous` is
 * the op itself once it was taken out (to be done, or back).
 *
 * Invariant: while the list is not empty, a helper takes from it; there are never more than
 * `limit`.
 */
#include "io/posix/attempt.h"
#include "io/posix/clock.h"
#include "io/threaded/engine.h"

int weir_helpers_open(helpers *h, engine *e, const char *name, unsigned limit)
{
    *h = (helpers){.engine = e, .name = name, .limit = limit};
    return pthread_mutex_init(&h->lock, NULL) == 0 ? 0 : WEIR_ENOMEM;
}

void weir_helpers_close(helpers *h)
{
    pthread_mutex_destroy(&h->lock);
}

bool weir_helpers_take(const weir_op *op)
{
    return op->code == WEIR_OP_WORK || weir_attempt_is_file(op);
}

static helpers *helpers_of(engine *e, const weir_op *op)
{
    return op->code == WEIR_OP_WORK ? &e->work : &e->files;
}

static void append(helpers *h, weir_op *op)
{
    weir_op_words *words = weir_op_words_of(op);
    words->next = NULL;
    words->previous = h->last;
    *(h->last ? &weir_op_words_of(h->last)->next : &h->first) = op;
    h->last = op;
}

static void take_out(helpers *h, weir_op *op)
{
    weir_op_words *words = weir_op_words_of(op);
    *(words->previous ? &weir_op_words_of(words->previous)->next : &h->first) = words->next;
    *(words->next ? &weir_op_words_of(words->next)->previous : &h->last) = words->previous;
    words->previous = op;
}

/* Takes the first op; without one the helper counts as ended. */
static weir_op *next_op(helpers *h)
{
    pthread_mutex_lock(&h->lock);
    weir_op *op = h->first;
    if (op)
        take_out(h, op);
    else
        h->tasks--;
    pthread_mutex_unlock(&h->lock);
    return op;
}

static int64_t do_op(engine *e, weir_op *op)
{
    if (op->deadline.ns && op->deadline.ns <= weir_posix_now(WEIR_CLOCK_MONOTONIC).ns)
        return WEIR_EDEADLINE;
    if (op->code == WEIR_OP_WORK) return weir_thread_work(weir_thread_self(e), op);
    return weir_descriptors_attempt(&e->descriptors, op);
}

static int serve(weir_io *io, void *argument)
{
    helpers *h = argument;
    engine *e = (engine *)io;
    for (weir_op *op; (op = next_op(h));) {
        int64_t result = do_op(e, op);
        weir_count(&h->done);
        weir_service_complete(e, op, result);
    }
    return 0;
}

/* With the lock held: the helper waits for it before it looks for an op. */
static int add_helper(helpers *h)
{
    weir_spawn spawn = {.run = serve, .argument = h, .name = h->name};
    int error = weir_threads_spawn(h->engine, &spawn, false);
    if (error) return error;
    h->tasks++;
    weir_count(&h->started);
    return 0;
}

bool weir_helpers_start(engine *e, weir_op *op)
{
    helpers *h = helpers_of(e, op);
    weir_attempt_begin(op);
    pthread_mutex_lock(&h->lock);
    int error = h->tasks < h->limit ? add_helper(h) : 0;
    bool ok = !error || h->tasks > 0;
    if (ok)
        append(h, op);
    else
        op->result = WEIR_ENOMEM;
    pthread_mutex_unlock(&h->lock);
    return ok;
}

bool weir_helpers_take_back(engine *e, weir_op *op)
{
    helpers *h = helpers_of(e, op);
    pthread_mutex_lock(&h->lock);
    bool waits = weir_op_words_of(op)->previous != op;
    if (waits) take_out(h, op);
    pthread_mutex_unlock(&h->lock);
    return waits;
}
