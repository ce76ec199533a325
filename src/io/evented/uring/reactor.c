/* SPDX-License-Identifier: MIT
 *
 * The io_uring reactor: ops to submission entries, completions to results.
 *
 * Native entries: ACCEPT, READ into one slice, WRITE, OPEN, READ_AT, WRITE_AT, and the standing
 * receives.  A receive of messages waits by an entry and is done by its system call, which takes
 * many at once.  Everything else, and what moves LARGE bytes, is done by its system call, and waits
 * in the epoll set where it would block; so is what turns out to be no socket.  Large transfers are
 * better so because their bytes are used while they are in the cache: the kernel works off what is
 * complete all at once.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <weir/base/error.h>

#include "io/evented/ready.h"
#include "io/evented/uring/uring.h"
#include "io/posix/attempt.h"
#include "io/posix/clock.h"
#include "io/posix/file.h"
#include "io/posix/gather.h"

enum { WRITE_SLICES = 64, ENTRY_MAX = 1 << 30, LARGE = 4096 };

/* Tries the op by its system call.  True: it is in flight.  False: op->result is set. */
static bool attempt(worker *w, weir_op *op)
{
    weir_readiness *set = &((uring *)w->reactor)->readiness;
    op->result = weir_readiness_try(set, op);
    return weir_ready_follow(w, set, op, &op->result);
}

static void accept_one(worker *w, weir_op *op)
{
    struct io_uring_sqe *entry = weir_uring_entry(w->reactor);
    io_uring_prep_accept(entry, op->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    entry->user_data = (uintptr_t)op;
}

/* Under load connections wait already, and a system call is cheaper than an entry and its way back.
 */
static bool accept_some(worker *w, weir_op *op)
{
    op->result = weir_descriptors_attempt(&w->engine->descriptors, op);
    if (op->result != WEIR_ATTEMPT_WAIT) return false;
    accept_one(w, op);
    return true;
}

/* An entry's length has 32 bits and its result 31. */
static size_t clamp(size_t len)
{
    return len < ENTRY_MAX ? len : ENTRY_MAX;
}

static bool read_some(worker *w, weir_op *op)
{
    const struct iovec *data = op->args.vector.data;
    if (op->args.vector.count != 1 || data->iov_len == 0 || op->flags & WEIR_OP_PEEK)
        return attempt(w, op);
    if (data->iov_len >= LARGE) return attempt(w, op);
    struct io_uring_sqe *entry = weir_uring_entry(w->reactor);
    io_uring_prep_recv(entry, op->fd, data->iov_base, clamp(data->iov_len), 0);
    entry->user_data = (uintptr_t)op;
    return true;
}

static weir_gather gather_of(const weir_op *op)
{
    return (weir_gather){op->args.vector.data, op->args.vector.count, op->args.vector.repeat};
}

static uint64_t *written(weir_op *op)
{
    return &weir_op_words_of(op)->own[4];
}

/* What a send of several slices needs until it is submitted; the slices themselves are the
 * caller's. */
typedef struct gathered {
    struct msghdr message;
    struct iovec slices[WRITE_SLICES];
} gathered;

/* MSG_WAITALL lets the kernel go on with what is left, and keep to itself an error that it meets
 * there: only what is sent by reference, piece by acknowledged piece, gains enough by it. */
static int send_flags(const weir_op *op)
{
    const int waits = WEIR_OP_ALL | WEIR_OP_ZEROCOPY;
    return MSG_NOSIGNAL | ((op->flags & waits) == waits ? MSG_WAITALL : 0);
}

static bool write_slices(worker *w, weir_op *op)
{
    weir_gather gather = gather_of(op);
    gathered *all = weir_uring_transient(w->reactor, sizeof *all);
    size_t count = weir_gather_fill(&gather, *written(op), all->slices, WRITE_SLICES, NULL, 0);
    op->result = (int64_t)*written(op);
    if (count == 0) return false;
    all->message = (struct msghdr){.msg_iov = all->slices, .msg_iovlen = count};
    struct io_uring_sqe *entry = weir_uring_entry(w->reactor);
    if (op->flags & WEIR_OP_ZEROCOPY)
        io_uring_prep_sendmsg_zc(entry, op->fd, &all->message, (unsigned)send_flags(op));
    else
        io_uring_prep_sendmsg(entry, op->fd, &all->message, (unsigned)send_flags(op));
    entry->user_data = (uintptr_t)op;
    return true;
}

static bool write_large(worker *w, weir_op *op)
{
    weir_readiness *set = &((uring *)w->reactor)->readiness;
    op->result = weir_ready_write(set, op);
    return weir_ready_follow(w, set, op, &op->result);
}

/* Sends from where the last send ended.  Repeats are left to the system call, which can lay copies
 * out on the stack: here they would have to last until the completion. */
static bool write_some(worker *w, weir_op *op)
{
    const struct iovec *data = op->args.vector.data;
    if (op->args.vector.repeat != 1 || op->args.vector.count == 0) return attempt(w, op);
    if (data->iov_len >= LARGE && !(op->flags & WEIR_OP_ZEROCOPY)) return write_large(w, op);
    if (op->args.vector.count != 1 || data->iov_len == 0) return write_slices(w, op);
    struct io_uring_sqe *entry = weir_uring_entry(w->reactor);
    const char *rest = (const char *)data->iov_base + *written(op);
    const size_t len = clamp(data->iov_len - *written(op));
    if (op->flags & WEIR_OP_ZEROCOPY)
        io_uring_prep_send_zc(entry, op->fd, rest, len, send_flags(op), 0);
    else
        io_uring_prep_send(entry, op->fd, rest, len, send_flags(op));
    entry->user_data = (uintptr_t)op;
    return true;
}

/* Lets a receive of messages wait by an entry of its own. */
static void await_message(worker *w, weir_op *op)
{
    struct io_uring_sqe *entry = weir_uring_entry(w->reactor);
    io_uring_prep_poll_add(entry, op->fd, POLLIN);
    entry->user_data = (uintptr_t)op;
}

/* Receives what is there.  False: there is nothing. */
static bool receive_now(worker *w, weir_op *op)
{
    op->result = weir_descriptors_attempt(&w->engine->descriptors, op);
    return op->result != WEIR_ATTEMPT_WAIT;
}

/* The epoll set would tell by one completion more and one system call more, and also of what a
 * receive has taken meanwhile.  An error counts as "readable" until somebody takes it out of its
 * queue: who waits for errors waits for changes alone, in the set. */
static bool receive_some(worker *w, weir_op *op)
{
    if (weir_attempt_takes_errors(op)) return attempt(w, op);
    if (receive_now(w, op)) return false;
    await_message(w, op);
    return true;
}

/* A socket that is ready has nothing all the same when others were faster, when it has been shut
 * down, or when errors wait in its queue: then, too, the set tells of changes. */
static void may_receive(worker *w, weir_op *op, int32_t result)
{
    if (result == -ECANCELED)
        weir_evented_op_finish(w, op, result);
    else if (receive_now(w, op))
        weir_evented_op_finish(w, op, op->result);
    else
        weir_ready_went(w, &((uring *)w->reactor)->readiness, op, WEIR_ATTEMPT_WAIT);
}

static bool open_file(worker *w, weir_op *op)
{
    struct open_how *how = weir_uring_transient(w->reactor, sizeof *how);
    int error = weir_file_how(op->args.open.flags, op->args.open.mode, how);
    if (error) {
        op->result = error;
        return false;
    }
    struct io_uring_sqe *entry = weir_uring_entry(w->reactor);
    io_uring_prep_openat2(entry, op->fd, op->args.open.path, how);
    entry->user_data = (uintptr_t)op;
    return true;
}

static bool file_at(worker *w, weir_op *op)
{
    struct io_uring_sqe *entry = weir_uring_entry(w->reactor);
    if (op->code == WEIR_OP_READ_AT) {
        io_uring_prep_readv(entry, op->fd, op->args.at.data, op->args.at.count, op->args.at.offset);
    } else {
        io_uring_prep_writev(entry, op->fd, op->args.at.data, op->args.at.count,
                             op->args.at.offset);
    }
    entry->user_data = (uintptr_t)op;
    return true;
}

static bool start(worker *w, weir_op *op)
{
    weir_attempt_begin(op);
    switch (op->code) {
    case WEIR_OP_ACCEPT: return accept_some(w, op);
    case WEIR_OP_READ: return read_some(w, op);
    case WEIR_OP_READ_LENT: return weir_uring_read_lent(w, op);
    case WEIR_OP_RECEIVER_STOP: return weir_uring_receiver_stop(w, op);
    case WEIR_OP_WRITE: return write_some(w, op);
    case WEIR_OP_RECEIVE:
    case WEIR_OP_RECEIVE_MANY: return receive_some(w, op);
    case WEIR_OP_OPEN: return open_file(w, op);
    case WEIR_OP_READ_AT:
    case WEIR_OP_WRITE_AT: return file_at(w, op);
    default: return attempt(w, op);
    }
}

static void retry(worker *w, weir_op *op)
{
    weir_readiness *set = &((uring *)w->reactor)->readiness;
    weir_ready_again(op);
    weir_ready_went(w, set, op, weir_readiness_try(set, op));
}

/* Takes back the memory that the kernel reads for a send whose peer does not acknowledge: only the
 * end of the connection frees it (tcp(7): AF_UNSPEC dissolves it). */
static void take_back(const weir_op *op)
{
    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    (void)connect(op->fd, &none, sizeof none);
}

static void stop(worker *w, weir_op *op)
{
    if (op->reserved & OP_HELD) take_back(op);
    if (weir_ready_stop(w, &((uring *)w->reactor)->readiness, op)) return;
    if (op->code == WEIR_OP_READ_LENT) {
        weir_uring_stop_lent(w, op);
    } else {
        weir_uring_cancel(w->reactor, (uintptr_t)op);
    }
}

static void sent(worker *w, weir_op *op, int32_t result)
{
    uint64_t *done = written(op);
    bool more = result > 0 && (op->flags & WEIR_OP_ALL) && !(op->reserved & OP_CANCELED);
    if (result > 0) *done += (uint64_t)result;
    weir_gather gather = gather_of(op);
    if (more && (int64_t)*done < weir_gather_total(&gather)) {
        if (write_some(w, op)) return;
    }
    if (result < 0 && result != -ECANCELED && *done > 0) op->args.vector.error = result;
    weir_evented_op_finish(w, op, *done > 0 ? (int64_t)*done : result);
}

/* Whether a zero-copy send failed where one that copies may do: the socket or the kernel cannot, or
 * the user may not pin so much memory (RLIMIT_MEMLOCK). */
static bool is_to_be_copied(int32_t result)
{
    return result == -EOPNOTSUPP || result == -EINVAL || result == -ENOTSOCK || result == -ENOMEM;
}

/* A zero-copy send completes twice: when the bytes are queued, and when they are no longer read. */
static void sent_zerocopy(worker *w, weir_op *op, int32_t result, uint32_t flags)
{
    uint64_t *queued = &weir_op_words_of(op)->own[5];
    const bool is_canceled = op->reserved & OP_CANCELED;
    if (flags & IORING_CQE_F_MORE) {
        *queued = (uint64_t)(int64_t)result;
        if (result <= 0) return; /* nothing went: the connection is as it was */
        op->reserved |= OP_HELD;
        if (is_canceled) take_back(op);
        return;
    }
    if (flags & IORING_CQE_F_NOTIF) {
        op->reserved &= (uint16_t)~OP_HELD;
        result = (int32_t)*queued;
        /* It was taken back, or may have been. */
        if (is_canceled && result > 0) result = WEIR_ECANCELED;
    }
    if (!is_to_be_copied(result)) {
        sent(w, op, result);
    } else if (is_canceled) {
        sent(w, op, WEIR_ECANCELED); /* nobody would stop it once more */
    } else {
        op->flags &= (uint8_t)~WEIR_OP_ZEROCOPY;
        if (!write_some(w, op)) weir_evented_op_finish(w, op, op->result);
    }
}

/* Works on what no native entry serves: pipes and terminals, file systems without NOWAIT, paths
 * that change while they are resolved. */
static bool served_otherwise(worker *w, weir_op *op, int32_t result)
{
    if (result == -ENOTSOCK && (op->code == WEIR_OP_READ || op->code == WEIR_OP_WRITE)) {
        retry(w, op);
        return true;
    }
    bool file = op->code == WEIR_OP_READ_AT || op->code == WEIR_OP_WRITE_AT;
    if (result != -EAGAIN || !(file || op->code == WEIR_OP_OPEN)) return false;
    op->reserved = OP_OFFLOADED;
    if (!weir_offload_start(&w->engine->files, op)) weir_evented_op_finish(w, op, op->result);
    return true;
}

/* Whether a failure is one that would only be tried again. */
static bool is_passing(const weir_op *op, int32_t result)
{
    switch (op->code) {
    case WEIR_OP_ACCEPT: return weir_attempt_accept_died(-result);
    case WEIR_OP_READ:
    case WEIR_OP_WRITE: return result == -ENOTSOCK;
    case WEIR_OP_OPEN:
    case WEIR_OP_READ_AT:
    case WEIR_OP_WRITE_AT: return result == -EAGAIN;
    default: return false;
    }
}

static void completed(worker *w, weir_op *op, int32_t result, uint32_t flags)
{
    if (result >= 0 && (op->code == WEIR_OP_ACCEPT || op->code == WEIR_OP_OPEN))
        weir_descriptors_raise(&w->engine->descriptors, result);
    if (op->code == WEIR_OP_WRITE && op->flags & WEIR_OP_ZEROCOPY) {
        sent_zerocopy(w, op, result, flags);
    } else if (op->code == WEIR_OP_RECEIVE || op->code == WEIR_OP_RECEIVE_MANY) {
        may_receive(w, op, result);
    } else if (op->reserved & OP_CANCELED && is_passing(op, result)) {
        weir_evented_op_finish(w, op, WEIR_ECANCELED);
    } else if (result < 0 && served_otherwise(w, op, result)) {
        return;
    } else if (op->code == WEIR_OP_ACCEPT && weir_attempt_accept_died(-result)) {
        accept_one(w, op);
    } else if (op->code == WEIR_OP_WRITE) {
        sent(w, op, result);
    } else {
        weir_evented_op_finish(w, op, result);
    }
}

static void handle(worker *w, uint64_t user_data, int32_t result, uint32_t flags)
{
    void *about = (void *)(uintptr_t)(user_data & ~(uint64_t)URING_TAGS);
    switch (user_data & URING_TAGS) {
    case URING_RECEIVER: weir_uring_received(w, about, result, flags); return;
    case URING_WAKEUP:
        if (!(flags & IORING_CQE_F_MORE)) weir_uring_arm_wakeup(w);
        return;
    case URING_READY:
        if (!(flags & IORING_CQE_F_MORE)) weir_uring_arm_readiness(w);
        ((uring *)w->reactor)->is_ready = true;
        return;
    default:
        if (about) completed(w, about, result, flags);
    }
}

static void enter(uring *u, int64_t timeout)
{
    if (timeout == 0) {
        io_uring_submit_and_get_events(&u->ring);
    } else {
        struct __kernel_timespec span = {.tv_sec = timeout / 1000000000,
                                         .tv_nsec = timeout % 1000000000};
        struct io_uring_cqe *first;
        io_uring_submit_and_wait_timeout(&u->ring, &first, 1,
                                         timeout == WEIR_FOREVER_NS ? NULL : &span, NULL);
    }
    weir_uring_submitted(u);
}

/* Whether there is something to hand over or to take, at the cost of a few loads. */
static bool pending(uring *u)
{
    unsigned flags = IO_URING_READ_ONCE(*u->ring.sq.kflags);
    return io_uring_sq_ready(&u->ring) > 0 || io_uring_cq_ready(&u->ring) > 0 ||
           (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW));
}

/* Goes on with the ops that waited for readiness. */
static void go_on_ready(worker *w, uring *u)
{
    u->is_ready = false;
    do {
        weir_op *op = weir_readiness_wait(&u->readiness, 0);
        for (weir_op *next; op; op = next) {
            next = weir_op_words_of(op)->next;
            retry(w, op);
            weir_evented_worker_go_on(w);
        }
    } while (u->readiness.more);
}

static void poll_reactor(worker *w, int64_t timeout)
{
    uring *u = w->reactor;
    if (timeout != 0 || pending(u)) enter(u, timeout);
    weir_evented_worker_woken(w);
    struct io_uring_cqe *cqe;
    unsigned head;
    io_uring_for_each_cqe(&u->ring, head, cqe)
    {
        uint64_t user_data = cqe->user_data;
        int32_t result = cqe->res;
        uint32_t flags = cqe->flags;
        io_uring_cqe_seen(&u->ring, cqe);
        handle(w, user_data, result, flags);
        weir_evented_worker_go_on(w);
    }
    if (u->is_ready) go_on_ready(w, u);
}

static bool offloads(const weir_op *op)
{
    switch (op->code) {
    /* They have no entry, or none that does better than a thread. */
    case WEIR_OP_LIST:
    case WEIR_OP_UNLINK:
    case WEIR_OP_CHANGE_MODE:
    case WEIR_OP_CHANGE_OWNER:
    case WEIR_OP_LOCK: return true;
    case WEIR_OP_STAT: return op->args.stat.path;
    default: return false;
    }
}

const weir_reactor weir_reactor_uring = {
    .name = "io_uring",
    .probe = weir_uring_probe,
    .open = weir_uring_open,
    .close = weir_uring_close,
    .start = start,
    .stop = stop,
    .retry = retry,
    .poll = poll_reactor,
    .offloads = offloads,
    .buffer_back = weir_uring_buffer_back,
    .remote = weir_uring_remote,
    .returned = weir_uring_returned,
};
