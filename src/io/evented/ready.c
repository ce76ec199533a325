/* SPDX-License-Identifier: MIT
 *
 * Waiting for readiness; see ready.h.
 */
#include "io/evented/ready.h"

#include <errno.h>
#include <sys/socket.h>

#include <weir/base/error.h>

#include "io/posix/attempt.h"

bool weir_ready_wait(worker *w, weir_readiness *set, weir_op *op, int64_t *result)
{
    if (*result == WEIR_ATTEMPT_LATER) {
        weir_evented_op_retry_at(w, op, w->now + weir_attempt_delay(op).ns);
        return true;
    }
    int added = weir_readiness_add(set, op);
    if (added == 0) return true;
    *result = added;
    if (added > 0) *result = op->code == WEIR_OP_POLL ? (int64_t)op->args.poll : WEIR_EINVAL;
    return false;
}

/* The result of an op that was stopped: what it has done so far, if anything. */
static int64_t ended_early(const weir_op *op)
{
    int64_t progress = weir_attempt_progress(op);
    return progress > 0 ? progress : WEIR_ECANCELED;
}

void weir_ready_again(weir_op *op)
{
    op->reserved = (uint16_t)((op->reserved & ~OP_STATE) | OP_IN_REACTOR);
}

void weir_ready_went(worker *w, weir_readiness *set, weir_op *op, int64_t result)
{
    /* It was asked to end while it was in nobody's list. */
    bool waits = result == WEIR_ATTEMPT_WAIT || result == WEIR_ATTEMPT_LATER;
    if (waits && op->reserved & OP_CANCELED) result = ended_early(op);
    if (!weir_ready_follow(w, set, op, &result)) weir_evented_op_finish(w, op, result);
}

bool weir_ready_stop(worker *w, weir_readiness *set, weir_op *op)
{
    if (!weir_readiness_remove(set, op)) return false;
    weir_evented_op_finish(w, op, ended_early(op));
    return true;
}

int64_t weir_ready_receive(worker *w, weir_op *op)
{
    weir_receiver *receiver = op->args.lent.receiver;
    uint32_t id = weir_buffers_take(&w->buffers);
    if (id == BUFFER_NONE && weir_evented_worker_recover(w)) id = weir_buffers_take(&w->buffers);
    if (id == BUFFER_NONE) return WEIR_ENOBUFS;
    char *data = weir_buffers_at(&w->buffers, id);
    const ssize_t n = TEMP_FAILURE_RETRY(recv(receiver->fd, data, w->buffers.size, MSG_DONTWAIT));
    if (n > 0) {
        *op->args.lent.out = (weir_lent){.data = data, .len = (uint32_t)n, .id = id, .home = w};
        return n;
    }
    const int error = n < 0 ? errno : 0;
    weir_buffers_put(&w->buffers, id);
    if (error == EAGAIN || error == EWOULDBLOCK) return WEIR_ATTEMPT_WAIT;
    receiver->ended = n == 0 ? 1 : -error;
    return weir_receiver_failure(receiver);
}

/* The most common write is one slice that goes at once.  Whatever else happens, the long way sees
 * it again. */
int64_t weir_ready_write(weir_readiness *set, weir_op *op)
{
    const struct iovec *data = op->args.vector.data;
    uint64_t *done = &weir_op_words_of(op)->own[4];
    if (op->args.vector.count == 1 && op->args.vector.repeat == 1 && *done == 0) {
        ssize_t n = send(op->fd, data->iov_base, data->iov_len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n == (ssize_t)data->iov_len) return n;
        if (n > 0 && !(op->flags & WEIR_OP_ALL)) return n;
        if (n > 0) *done = (uint64_t)n;
        /* Not sent again: the kernel tells a reset once, and EPIPE from then on. */
        if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTSOCK) return -errno;
    }
    return weir_readiness_try(set, op);
}
