/* SPDX-License-Identifier: MIT
 *
 * Threads for ops that would hold a worker (offload.h).
 */
#include "io/evented/offload.h"

#include <time.h>

#include <weir/base/error.h>
#include <weir/io/io.h>

#include "io/parking.h"
#include "io/posix/attempt.h"
#include "io/posix/clock.h"

int weir_offload_open(weir_offload *offload, weir_io *io, weir_descriptors *descriptors,
                      unsigned limit, weir_duration patience)
{
    *offload =
        (weir_offload){.io = io, .descriptors = descriptors, .limit = limit, .patience = patience};
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic) != 0) return WEIR_ENOMEM;
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    int error = pthread_mutex_init(&offload->lock, NULL);
    error |= pthread_cond_init(&offload->work, &monotonic);
    error |= pthread_cond_init(&offload->ended, NULL);
    pthread_condattr_destroy(&monotonic);
    return error ? WEIR_ENOMEM : 0;
}

void weir_offload_close(weir_offload *offload)
{
    pthread_mutex_lock(&offload->lock);
    offload->closing = true;
    pthread_cond_broadcast(&offload->work);
    while (offload->threads > 0) pthread_cond_wait(&offload->ended, &offload->lock);
    pthread_mutex_unlock(&offload->lock);
    pthread_mutex_destroy(&offload->lock);
    pthread_cond_destroy(&offload->work);
    pthread_cond_destroy(&offload->ended);
}

void weir_offload_rest(weir_offload *offload)
{
    pthread_mutex_lock(&offload->lock);
    while (offload->busy > 0) pthread_cond_wait(&offload->ended, &offload->lock);
    pthread_mutex_unlock(&offload->lock);
}

/* With the lock held; others read without it. */
static void count_one(uint64_t *counter)
{
    __atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

static void take_out(weir_offload *offload, weir_op *op)
{
    weir_op_words *words = weir_op_words_of(op);
    *(words->previous ? &weir_op_words_of(words->previous)->next : &offload->first) = words->next;
    *(words->next ? &weir_op_words_of(words->next)->previous : &offload->last) = words->previous;
    words->previous = op; /* marks it as begun */
    offload->queued--;
}

/* Waits for an op until the thread has idled too long: NULL.  With the lock held. */
static weir_op *next_op(weir_offload *offload)
{
    struct timespec until = weir_posix_timespec(
        weir_instant_add(weir_posix_now(WEIR_CLOCK_MONOTONIC), offload->patience).ns);
    offload->idle++;
    int error = 0;
    while (!offload->first && !offload->closing && error == 0)
        error = pthread_cond_timedwait(&offload->work, &offload->lock, &until);
    offload->idle--;
    weir_op *op = offload->first;
    if (op) {
        take_out(offload, op);
        offload->busy++;
    }
    return op;
}

static int64_t perform(weir_offload *offload, weir_op *op)
{
    if (op->code == WEIR_OP_WORK) return op->args.work.run(op->args.work.argument);
    return weir_descriptors_attempt(offload->descriptors, op);
}

static void *thread_main(void *argument)
{
    weir_offload *offload = argument;
    pthread_mutex_lock(&offload->lock);
    for (weir_op *op; (op = next_op(offload));) {
        pthread_mutex_unlock(&offload->lock);
        int64_t result = perform(offload, op);
        offload->io->table->complete(offload->io, op, result);
        pthread_mutex_lock(&offload->lock);
        count_one(&offload->done);
        if (--offload->busy == 0) pthread_cond_broadcast(&offload->ended);
    }
    offload->threads--;
    pthread_cond_broadcast(&offload->ended);
    pthread_mutex_unlock(&offload->lock);
    return NULL;
}

static bool start_thread(weir_offload *offload)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    bool started = pthread_create(&thread, &attributes, thread_main, offload) == 0;
    pthread_attr_destroy(&attributes);
    if (!started) return false;
    offload->threads++;
    count_one(&offload->started);
    return true;
}

bool weir_offload_start(weir_offload *offload, weir_op *op)
{
    weir_op_words *words = weir_op_words_of(op);
    weir_attempt_begin(op);
    pthread_mutex_lock(&offload->lock);
    bool room = offload->idle > offload->queued || offload->threads >= offload->limit;
    bool ok = room || start_thread(offload) || offload->threads > 0;
    if (ok) {
        words->next = NULL;
        words->previous = offload->last;
        *(offload->last ? &weir_op_words_of(offload->last)->next : &offload->first) = op;
        offload->last = op;
        offload->queued++;
        pthread_cond_signal(&offload->work);
    } else {
        op->result = WEIR_ENOMEM;
    }
    pthread_mutex_unlock(&offload->lock);
    return ok;
}

bool weir_offload_stop(weir_offload *offload, weir_op *op)
{
    pthread_mutex_lock(&offload->lock);
    bool waits = weir_op_words_of(op)->previous != op;
    if (waits) take_out(offload, op);
    pthread_mutex_unlock(&offload->lock);
    return waits;
}
