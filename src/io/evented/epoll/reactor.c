/* SPDX-License-Identifier: MIT
 *
 * The epoll reactor: try first, wait for readiness on "would block", try again.
 *
 * A standing receive needs nothing here: READ_LENT waits until the socket is readable, then takes a
 * buffer and reads, so bytes wait in the kernel and a receiver is open nowhere.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <weir/base/error.h>

#include "io/evented/ready.h"
#include "io/posix/attempt.h"

static int probe(void)
{
    return 0;
}

static int open_reactor(worker *w)
{
    weir_readiness *set = malloc(sizeof *set);
    if (!set) return WEIR_ENOMEM;
    int error = weir_readiness_init(set, &w->engine->descriptors, w->wakeup);
    if (error) {
        free(set);
        return error;
    }
    w->reactor = set;
    return 0;
}

static void close_reactor(worker *w)
{
    weir_readiness_deinit(w->reactor);
    free(w->reactor);
}

static int64_t read_lent(worker *w, weir_readiness *set, weir_op *op)
{
    weir_receiver *receiver = op->args.lent.receiver;
    if (receiver->ended) return weir_receiver_failure(receiver);
    if (weir_readiness_is_empty(set, op->fd)) return WEIR_ATTEMPT_WAIT;
    const int64_t result = weir_ready_receive(w, op);
    weir_readiness_note_read(set, op->fd, result, w->buffers.size);
    return result;
}

static int64_t attempt(worker *w, weir_op *op)
{
    weir_readiness *set = w->reactor;
    switch (op->code) {
    case WEIR_OP_READ_LENT: return read_lent(w, set, op);
    case WEIR_OP_RECEIVER_STOP: return 0;
    case WEIR_OP_WRITE: return weir_ready_write(set, op);
    case WEIR_OP_CLOSE: return weir_descriptors_attempt(&w->engine->descriptors, op);
    default: return weir_readiness_try(set, op);
    }
}

static bool start(worker *w, weir_op *op)
{
    weir_attempt_begin(op);
    op->result = attempt(w, op);
    return weir_ready_follow(w, w->reactor, op, &op->result);
}

static void retry(worker *w, weir_op *op)
{
    weir_ready_again(op);
    weir_ready_went(w, w->reactor, op, attempt(w, op));
}

static void stop(worker *w, weir_op *op)
{
    weir_ready_stop(w, w->reactor, op);
}

static void poll_reactor(worker *w, int64_t timeout)
{
    weir_op *op = weir_readiness_wait(w->reactor, timeout);
    weir_evented_worker_woken(w);
    for (weir_op *next; op; op = next) {
        next = weir_op_words_of(op)->next;
        retry(w, op);
        weir_evented_worker_go_on(w);
    }
}

static void buffer_back(worker *w, uint32_t id)
{
    weir_buffers_put(&w->buffers, id);
}

/* A receiver is open nowhere, so no op ever has to go to another worker for it. */
static void remote(worker *w, weir_op *op)
{
    weir_evented_complete(&w->engine->io, op, 0);
}

const weir_reactor weir_reactor_epoll = {
    .name = "epoll",
    .probe = probe,
    .open = open_reactor,
    .close = close_reactor,
    .start = start,
    .stop = stop,
    .retry = retry,
    .poll = poll_reactor,
    .offloads = weir_attempt_is_file,
    .buffer_back = buffer_back,
    .remote = remote,
    .returned = retry,
};
