/* SPDX-License-Identifier: MIT
 *
 * Standing receives: one multishot receive or poll per connection, which stays with the kernel
 * while the connection waits and costs no submission per message.
 *
 *      closed ──READ_LENT──> armed ──completion──> armed, or unarmed when it was the last
 *                              │
 *                              └─ too many chunks, RECEIVER_STOP, another worker ──> canceled
 *                                                                                        │
 *                                                                              unarmed <─┘
 *
 * Bytes go to the waiting READ_LENT, else to the receiver's chunks.  A peer that sends more than is
 * read is held off by canceling the receive when CHUNKS_ENOUGH are kept; it is armed again when a
 * reader finds none.  When all buffers are in use, receivers that keep unread ones, those with
 * several first, lose their connection (WEIR_ELIMIT); if there are none, a READ_LENT fails with
 * WEIR_ENOBUFS and may be tried again.
 *
 * Large messages are received in another manner: the ring watches the socket by a poll, and a
 * READ_LENT reads by system call, into the buffer that came back last.  That one is still in the
 * cache, and so are the bytes when the task uses them; the ring would fill one buffer after the
 * other, for all connections that have bytes, before the first task runs.  MISFITS messages in a
 * row that the other manner suits better change it.
 *
 * Invariant: armed if and only if a completion without MORE is still to come; `home` is the worker
 * where it will come; the chunks are in home's notes.  While a poll is armed, what can be read and
 * is not READABLE will be a completion.
 */
#include "io/evented/uring/uring.h"

#include <errno.h>
#include <poll.h>

#include <weir/base/error.h>

#include "io/evented/ready.h"
#include "io/posix/attempt.h"

enum { CHUNKS_ENOUGH = 8, LARGE = 4096, MISFITS = 4 };

static void arm(worker *w, weir_receiver *receiver)
{
    struct io_uring_sqe *entry = weir_uring_entry(w->reactor);
    if (receiver->watched) {
        io_uring_prep_poll_multishot(entry, receiver->fd, POLLIN | POLLRDHUP);
    } else {
        io_uring_prep_recv_multishot(entry, receiver->fd, NULL, 0, 0);
        entry->flags |= IOSQE_BUFFER_SELECT;
        entry->buf_group = URING_BUFFER_GROUP;
    }
    entry->user_data = (uintptr_t)receiver | URING_RECEIVER;
    receiver->home = w;
    receiver->state = receiver->watched ? RECEIVER_ARMED | RECEIVER_POLLS : RECEIVER_ARMED;
}

static void cancel(worker *w, weir_receiver *receiver)
{
    if ((receiver->state & (RECEIVER_ARMED | RECEIVER_CANCELED)) != RECEIVER_ARMED) return;
    receiver->state |= RECEIVER_CANCELED;
    weir_uring_cancel(w->reactor, (uintptr_t)receiver | URING_RECEIVER);
}

static void drop_chunks(worker *home, weir_receiver *receiver)
{
    for (uint32_t id; (id = weir_chunks_take(&home->buffers, receiver)) != BUFFER_NONE;)
        weir_uring_give(home, id);
}

static int64_t lend(worker *home, weir_op *op, uint32_t id, uint32_t len)
{
    *op->args.lent.out = (weir_lent){
        .data = weir_buffers_at(&home->buffers, id), .len = len, .id = id, .home = home};
    return len;
}

/* Sends an op to the worker where its receiver is open; it comes back when nothing is received
 * there. */
static void send_away(worker *home, weir_op *op)
{
    op->reserved |= OP_AWAY;
    weir_evented_worker_send(home, (weir_inbox_message *)(void *)op->engine, MESSAGE_RECEIVER);
}

static void change_manner(worker *w, weir_receiver *receiver)
{
    receiver->watched = !receiver->watched;
    receiver->misfits = 0;
    cancel(w, receiver);
}

/* Takes note of a message of `len` bytes. */
static void judge(worker *w, weir_receiver *receiver, size_t len)
{
    if ((len >= LARGE) == receiver->watched) {
        receiver->misfits = 0;
    } else if (++receiver->misfits == MISFITS) {
        change_manner(w, receiver);
    }
}

/* Reads by system call.  Returns the result, or WEIR_ATTEMPT_WAIT.
 *
 * Only "would block" says that nothing is left, not a short read: a read ends at an urgent mark, at
 * an end and at an error, too, and of an urgent mark the events do not tell (a socket wakes its
 * polls with POLLPRI whatever has come). */
static int64_t receive(worker *w, weir_receiver *receiver, weir_op *op)
{
    const int64_t result = weir_ready_receive(w, op);
    if (result == WEIR_ENOBUFS) {
        /* The ring may have some, and knows what to do if not. */
        if (receiver->watched) change_manner(w, receiver);
        return WEIR_ATTEMPT_WAIT;
    }
    if (result == WEIR_ATTEMPT_WAIT) receiver->state &= (uint16_t)~RECEIVER_READABLE;
    if (result > 0) judge(w, receiver, (size_t)result);
    return result;
}

/* Serves a READ_LENT on the worker that may touch the receiver.  True: it waits. */
static bool serve(worker *w, weir_op *op)
{
    weir_receiver *receiver = op->args.lent.receiver;
    uint32_t id = weir_chunks_take(&w->buffers, receiver);
    if (id != BUFFER_NONE) {
        op->result = lend(w, op, id, w->buffers.notes[id].len);
        return false;
    }
    op->result = weir_receiver_failure(receiver);
    if (receiver->ended) return false;
    if (receiver->state & RECEIVER_READABLE) {
        op->result = receive(w, receiver, op);
        if (op->result != WEIR_ATTEMPT_WAIT) return false;
    }
    receiver->waiter = op;
    if (!(receiver->state & RECEIVER_ARMED)) arm(w, receiver);
    return true;
}

bool weir_uring_read_lent(worker *w, weir_op *op)
{
    weir_receiver *receiver = op->args.lent.receiver;
    if (!receiver->home || receiver->home == w) return serve(w, op);
    send_away(receiver->home, op);
    return true;
}

bool weir_uring_receiver_stop(worker *w, weir_op *op)
{
    weir_receiver *receiver = op->args.lent.receiver;
    op->result = 0;
    if (!receiver->home) return false;
    if (receiver->home != w) {
        send_away(receiver->home, op);
        return true;
    }
    drop_chunks(w, receiver);
    if (!(receiver->state & RECEIVER_ARMED)) return false;
    receiver->waiter = op;
    cancel(w, receiver);
    return true;
}

/* Sends an op of another worker back: with bytes if there are any, for here are the notes of the
 * chunks; else nothing is received here any more, and its worker may take the receiver over. */
static void send_back(worker *w, weir_receiver *receiver, weir_op *op)
{
    uint32_t id = BUFFER_NONE;
    if (op->code == WEIR_OP_RECEIVER_STOP) {
        drop_chunks(w, receiver);
    } else {
        id = weir_chunks_take(&w->buffers, receiver);
    }
    if (!receiver->chunks && !(receiver->state & RECEIVER_ARMED)) receiver->home = NULL;
    int64_t result = id == BUFFER_NONE ? 0 : lend(w, op, id, w->buffers.notes[id].len);
    weir_evented_complete(&w->engine->io, op, result);
}

void weir_uring_remote(worker *w, weir_op *op)
{
    weir_receiver *receiver = op->args.lent.receiver;
    bool bytes = op->code == WEIR_OP_READ_LENT && receiver->chunks > 0;
    if (bytes || !(receiver->state & RECEIVER_ARMED)) {
        send_back(w, receiver, op);
        return;
    }
    receiver->waiter = op;
    cancel(w, receiver);
    receiver->state |= RECEIVER_AWAITED;
}

void weir_uring_returned(worker *w, weir_op *op)
{
    op->reserved &= (uint16_t)~OP_AWAY;
    if (op->code == WEIR_OP_RECEIVER_STOP || op->result > 0) {
        weir_evented_op_finish(w, op, op->result);
    } else if (op->reserved & OP_CANCELED) {
        weir_evented_op_finish(w, op, WEIR_ECANCELED);
    } else if (!serve(w, op)) {
        weir_evented_op_finish(w, op, op->result);
    }
}

void weir_uring_stop_lent(worker *w, weir_op *op)
{
    /* One that is away comes back soon, and then sees that it was stopped. */
    if (op->reserved & OP_AWAY) return;
    op->args.lent.receiver->waiter = NULL;
    weir_evented_op_finish(w, op, WEIR_ECANCELED);
}

/* All buffers are in use: receivers that keep `least` or more unread chunks lose them and their
 * connection.  Returns whether there were any. */
static bool drop_hoarders(worker *w, uint32_t least)
{
    bool dropped = false;
    for (uint32_t id = 0; id < w->buffers.count; id++) {
        weir_receiver *receiver = w->buffers.notes[id].receiver;
        if (!receiver || receiver->chunks < least) continue;
        receiver->ended = WEIR_ELIMIT;
        cancel(w, receiver);
        drop_chunks(w, receiver);
        dropped = true;
    }
    return dropped;
}

/* Goes on after the receive ended though the stream has not: for lack of buffers, or canceled. */
static void resume(worker *w, weir_receiver *receiver, bool no_buffers)
{
    weir_op *op = receiver->waiter;
    if (!op) return; /* armed again by the next reader */
    /* Some may have come back since the kernel found none. */
    const bool has_buffers = !no_buffers || ((uring *)w->reactor)->offered > 0;
    if (has_buffers || weir_uring_grow(w) || weir_evented_worker_recover(w) ||
        drop_hoarders(w, 2) || drop_hoarders(w, 1)) {
        arm(w, receiver);
    } else {
        receiver->waiter = NULL;
        weir_evented_op_finish(w, op, WEIR_ENOBUFS);
    }
}

void weir_uring_buffer_back(worker *w, uint32_t id)
{
    weir_uring_give(w, id);
}

static void arrived(worker *w, weir_receiver *receiver, uint32_t id, uint32_t len)
{
    weir_op *op = receiver->waiter;
    if (!receiver->watched) judge(w, receiver, len);
    if (receiver->ended) {
        weir_uring_give(w, id); /* it was dropped */
    } else if (op && op->code == WEIR_OP_RECEIVER_STOP) {
        weir_uring_give(w, id);
    } else if (op && !(receiver->state & RECEIVER_AWAITED)) {
        receiver->waiter = NULL;
        weir_evented_op_finish(w, op, lend(w, op, id, len));
    } else {
        weir_chunks_append(&w->buffers, receiver, id, len);
        if (receiver->chunks >= CHUNKS_ENOUGH) cancel(w, receiver);
    }
}

static void ended(worker *w, weir_receiver *receiver, int32_t result)
{
    weir_op *op = receiver->waiter;
    bool passing = result > 0 || result == -ENOBUFS || result == -ECANCELED;
    if (!passing && !receiver->ended) receiver->ended = result == 0 ? 1 : result;
    if (!op) return;
    if (receiver->state & RECEIVER_AWAITED) {
        receiver->waiter = NULL;
        receiver->state = 0;
        send_back(w, receiver, op);
    } else if (op->code == WEIR_OP_RECEIVER_STOP) {
        receiver->waiter = NULL;
        weir_evented_op_finish(w, op, 0);
    } else if (receiver->ended) {
        receiver->waiter = NULL;
        weir_evented_op_finish(w, op, weir_receiver_failure(receiver));
    } else {
        resume(w, receiver, result == -ENOBUFS);
    }
}

static void readable(worker *w, weir_receiver *receiver)
{
    receiver->state |= RECEIVER_READABLE;
    weir_op *op = receiver->waiter;
    if (!op || op->code == WEIR_OP_RECEIVER_STOP || receiver->state & RECEIVER_AWAITED) return;
    const int64_t result = receive(w, receiver, op);
    if (result == WEIR_ATTEMPT_WAIT) return;
    receiver->waiter = NULL;
    weir_evented_op_finish(w, op, result);
}

static void polled(worker *w, weir_receiver *receiver, int32_t result, uint32_t flags)
{
    if (flags & IORING_CQE_F_MORE) {
        if (result > 0) readable(w, receiver);
        return;
    }
    receiver->state &= RECEIVER_AWAITED;
    ended(w, receiver, result < 0 ? result : -ECANCELED);
}

void weir_uring_received(worker *w, weir_receiver *receiver, int32_t result, uint32_t flags)
{
    if (receiver->state & RECEIVER_POLLS) {
        polled(w, receiver, result, flags);
        return;
    }
    uint32_t id = flags & IORING_CQE_F_BUFFER ? flags >> IORING_CQE_BUFFER_SHIFT : BUFFER_NONE;
    if (id != BUFFER_NONE) ((uring *)w->reactor)->offered--;
    if (result > 0) {
        arrived(w, receiver, id, (uint32_t)result);
    } else if (id != BUFFER_NONE) {
        weir_uring_give(w, id);
    }
    if (flags & IORING_CQE_F_MORE) return;
    receiver->state &= (uint16_t) ~(RECEIVER_ARMED | RECEIVER_CANCELED);
    ended(w, receiver, result);
}
