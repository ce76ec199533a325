/* SPDX-License-Identifier: MIT
 *
 * The table of attempts: each opcode as calls of the node's kind.
 */
#include "io/sim/attempt.h"

#include <string.h>

#include "io/sim/disk.h"
#include "io/sim/node.h"
#include "io/sim/socket.h"

enum {
    MAX_SLICES = 1024,
    BATCH = 64,   /* slices of a message with repeats */
    CHUNK = 4096, /* bytes at a time between two nodes */
};

typedef int64_t attempt_fn(host *h, weir_op *op, sim_node *n);

static attempt_fn *const attempts[WEIR_OP_COUNT];

/* Ops for which the kernel takes memory, or the engine. */
static bool needs_memory(const weir_op *op)
{
    const uint64_t these = UINT64_C(1) << WEIR_OP_SOCKET | UINT64_C(1) << WEIR_OP_PAIR |
                           UINT64_C(1) << WEIR_OP_PIPE | UINT64_C(1) << WEIR_OP_OPEN |
                           UINT64_C(1) << WEIR_OP_DUPLICATE | UINT64_C(1) << WEIR_OP_LISTEN |
                           UINT64_C(1) << WEIR_OP_ACCEPT | UINT64_C(1) << WEIR_OP_CONNECT |
                           UINT64_C(1) << WEIR_OP_READ_LENT | UINT64_C(1) << WEIR_OP_WRITE |
                           UINT64_C(1) << WEIR_OP_SEND | UINT64_C(1) << WEIR_OP_SEND_MANY |
                           UINT64_C(1) << WEIR_OP_SEND_FILE;
    return these >> op->code & 1;
}

/* What such an op says then.  A connect that is under way goes on by itself. */
static int64_t without_memory(const weir_op *op)
{
    const int64_t progress = weir_sim_attempt_progress(op);
    if (progress > 0) return progress;
    return op->code == WEIR_OP_READ_LENT ? WEIR_ENOBUFS : WEIR_ENOMEM;
}

/* What keeps an op from being tried: 0, or its result. */
static int64_t obstacle(host *h, const weir_op *op)
{
    if (h->crashed && op->code != WEIR_OP_CLOSE && op->code != WEIR_OP_RECEIVER_STOP)
        return WEIR_ENETDOWN;
    if (h->memory_fails && needs_memory(op) && sim_memory_fails(h)) return without_memory(op);
    return 0;
}

int64_t weir_sim_attempt(host *h, weir_op *op)
{
    const int64_t error = obstacle(h, op);
    if (error) return error;
    switch (op->code) {
    case WEIR_OP_SOCKET: return weir_sim_socket_open(h, op);
    case WEIR_OP_PAIR: return weir_sim_pair_open(h, op);
    case WEIR_OP_PIPE: return weir_sim_pipe_open(h, op);
    case WEIR_OP_OPEN: return weir_sim_attempt_open(h, op);
    case WEIR_OP_STAT: return weir_sim_attempt_stat(h, op);
    case WEIR_OP_UNLINK: return weir_sim_attempt_unlink(h, op);
    case WEIR_OP_CHANGE_MODE: return weir_sim_attempt_change_mode(h, op);
    case WEIR_OP_CHANGE_OWNER: return weir_sim_attempt_change_owner(h, op);
    case WEIR_OP_LOCK: return weir_sim_attempt_lock(h, op);
    case WEIR_OP_WRITE: op->args.vector.error = 0; break;
    case WEIR_OP_SEND_FILE: op->args.send_file.error = 0; break;
    case WEIR_OP_READ_LENT: op->fd = op->args.lent.receiver->fd; break;
    case WEIR_OP_RECEIVER_STOP: op->fd = op->args.lent.receiver->fd; return 0;
    case WEIR_OP_CLOSE: return weir_sim_node_close(h, op->fd);
    default: break;
    }
    if (op->code >= WEIR_OP_COUNT || !attempts[op->code]) return WEIR_EUNSUPPORTED;
    sim_node *n = weir_sim_node_at(h, op->fd);
    return n ? attempts[op->code](h, op, n) : WEIR_EBADF;
}

int64_t weir_sim_attempt_again(host *h, weir_op *op, sim_node *n)
{
    const int64_t error = obstacle(h, op);
    return error ? error : attempts[op->code](h, op, n);
}

sim_node *weir_sim_attempt_second(host *h, const weir_op *op)
{
    if (op->code == WEIR_OP_SPLICE) return weir_sim_node_at(h, op->args.splice.pipe);
    if (op->code == WEIR_OP_SEND_FILE) return weir_sim_node_at(h, op->args.send_file.file);
    return NULL;
}

/* The same, of an op that is tried: what it keeps if it has waited. */
static sim_node *second_of(host *h, weir_op *op)
{
    sim_node *kept = (sim_node *)(uintptr_t)*op_step(op);
    return kept ? kept : weir_sim_attempt_second(h, op);
}

int64_t weir_sim_attempt_progress(const weir_op *op)
{
    if (op->code != WEIR_OP_WRITE && op->code != WEIR_OP_SEND_FILE && op->code != WEIR_OP_SEND_MANY)
        return 0;
    return (int64_t)*op_progress((weir_op *)(uintptr_t)op);
}

bool weir_sim_attempt_may_try(const weir_op *op)
{
    const uint64_t these = UINT64_C(1) << WEIR_OP_ACCEPT | UINT64_C(1) << WEIR_OP_READ |
                           UINT64_C(1) << WEIR_OP_WRITE | UINT64_C(1) << WEIR_OP_SEND |
                           UINT64_C(1) << WEIR_OP_RECEIVE | UINT64_C(1) << WEIR_OP_SEND_MANY |
                           UINT64_C(1) << WEIR_OP_RECEIVE_MANY | UINT64_C(1) << WEIR_OP_SPLICE |
                           UINT64_C(1) << WEIR_OP_POLL;
    return these >> op->code & 1;
}

int64_t weir_sim_attempt_untried(const weir_op *op)
{
    const int64_t progress = weir_sim_attempt_progress(op);
    return progress > 0 ? progress : WEIR_EAGAIN;
}

/* A call that only sockets know. */
static int64_t unknown(const sim_node *n)
{
    return n->kind->is_socket ? WEIR_EOPNOTSUPP : WEIR_ENOTSOCK;
}

static int64_t duplicate(host *h, weir_op *op, sim_node *n)
{
    (void)op;
    return weir_sim_node_open(h, n);
}

static int64_t adopt(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    if (!n->kind->is_socket) return WEIR_ENOTSOCK;
    if (op->args.type != 0 && op->args.type != n->type) return WEIR_EPROTOTYPE;
    n->descriptor_set = true;
    return op->fd;
}

static int64_t bind_to(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    if (!op->args.address || op->args.address->kind == WEIR_ADDRESS_NONE) return WEIR_EINVAL;
    return n->kind->bind ? n->kind->bind(n, op->args.address) : unknown(n);
}

static int64_t listen_on(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    if (op->args.backlog < 0) return WEIR_EINVAL;
    return n->kind->listen ? n->kind->listen(n, op->args.backlog) : unknown(n);
}

static int64_t accept_one(host *h, weir_op *op, sim_node *n)
{
    (void)op;
    sim_node *child = NULL;
    if (!n->kind->accept) return unknown(n);
    /* Nothing is taken that could not be given a number. */
    while (h->node_lowest < h->node_room && h->nodes[h->node_lowest]) h->node_lowest++;
    if (h->node_lowest >= h->node_limit) return WEIR_EMFILE;
    int64_t result = n->kind->accept(n, &child);
    if (result < 0) return result;
    result = weir_sim_node_open(h, child);
    weir_sim_node_release(child);
    return result;
}

static int64_t connect_to(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    if (!op->args.address) return WEIR_EINVAL;
    return n->kind->connect ? n->kind->connect(n, op) : unknown(n);
}

/* Begins a transfer of slices.  False: there is nothing to transfer. */
static bool begin(sim_transfer *t, const struct iovec *data, size_t count)
{
    *t = (sim_transfer){.data = data, .count = count < MAX_SLICES ? count : MAX_SLICES};
    for (size_t i = 0; i < t->count; i++) t->length += data[i].iov_len;
    while (t->count > 0 && t->data->iov_len == 0) t->data++, t->count--;
    return t->length > 0;
}

static int64_t read_some(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    sim_transfer t;
    if (!begin(&t, op->args.vector.data, op->args.vector.count)) return 0;
    t.peek = op->flags & WEIR_OP_PEEK;
    if (t.peek && !n->kind->is_socket) return WEIR_ENOTSOCK;
    return n->kind->receive ? n->kind->receive(n, &t) : WEIR_EBADF;
}

/* All bytes of a WRITE, or INT64_MAX. */
static int64_t total_of(const weir_op *op)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < op->args.vector.count; i++) {
        const bool last = i + 1 == op->args.vector.count;
        uint64_t length = op->args.vector.data[i].iov_len;
        if (last && __builtin_mul_overflow(length, op->args.vector.repeat, &length))
            return INT64_MAX;
        if (__builtin_add_overflow(total, length, &total) || total >= INT64_MAX) return INT64_MAX;
    }
    return (int64_t)total;
}

/* The rest of the slice in which byte `done` of a WRITE lies. */
static struct iovec slice_at(const weir_op *op, uint64_t done)
{
    const struct iovec *slice = op->args.vector.data;
    for (uint32_t left = op->args.vector.count; left > 1 && done >= slice->iov_len; left--)
        done -= slice++->iov_len;
    const size_t skip = (size_t)(done % slice->iov_len);
    return (struct iovec){(char *)slice->iov_base + skip, slice->iov_len - skip};
}

static int64_t write_stream(weir_op *op, sim_node *n, int64_t total)
{
    uint64_t *done = op_progress(op);
    while (*done < (uint64_t)total) {
        const struct iovec slice = slice_at(op, *done);
        sim_transfer t;
        begin(&t, &slice, 1);
        const int64_t result = n->kind->send(n, &t);
        if (result >= 0) *done += (uint64_t)result;
        if (result >= 0 && t.length == 0) continue;
        if (*done > 0 && result < 0 && result != SIM_WAIT) {
            op->args.vector.error = (int32_t)result;
            return (int64_t)*done;
        }
        if (*done > 0 && !(op->flags & WEIR_OP_ALL)) return (int64_t)*done;
        if (result < 0) return result;
    }
    return total;
}

/* A socket of messages takes all slices as one. */
static int64_t write_message(weir_op *op, sim_node *n)
{
    struct iovec slices[BATCH];
    size_t count = 0;
    for (uint32_t i = 0; i < op->args.vector.count; i++) {
        const bool last = i + 1 == op->args.vector.count;
        for (uint32_t r = last ? op->args.vector.repeat : 1; r > 0; r--) {
            if (count == BATCH) return WEIR_EMSGSIZE;
            slices[count++] = op->args.vector.data[i];
        }
    }
    sim_transfer t;
    begin(&t, slices, count);
    return n->kind->send(n, &t);
}

static int64_t write_some(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    const int64_t total = total_of(op);
    if (total == INT64_MAX) return WEIR_EINVAL;
    if (!n->kind->send) return WEIR_EBADF;
    if (total == 0) return 0;
    return n->kind->is_stream ? write_stream(op, n, total) : write_message(op, n);
}

static int64_t send_one(sim_node *n, weir_message *message)
{
    sim_transfer t;
    if (message->count > MAX_SLICES) return WEIR_EINVAL;
    if (!n->kind->is_socket) return WEIR_ENOTSOCK;
    begin(&t, message->data, message->count);
    t.message = message;
    const int64_t result = n->kind->send(n, &t);
    if (result >= 0) message->len = (uint32_t)result;
    return result;
}

static int64_t receive_one(sim_node *n, weir_message *message, bool peek)
{
    sim_transfer t;
    if (message->count > MAX_SLICES) return WEIR_EINVAL;
    if (!n->kind->is_socket) return WEIR_ENOTSOCK;
    begin(&t, message->data, message->count);
    t.message = message;
    t.peek = peek;
    const uint32_t room = message->control_len;
    const int64_t result = n->kind->receive(n, &t);
    if (result < 0) message->control_len = room;
    return result;
}

static int64_t send_message(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    return send_one(n, op->args.messages.first);
}

static int64_t receive_message(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    return receive_one(n, op->args.messages.first, op->flags & WEIR_OP_PEEK);
}

static int64_t send_messages(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    uint64_t *done = op_progress(op);
    for (; *done < op->args.messages.count; ++*done) {
        const int64_t result = send_one(n, op->args.messages.first + *done);
        if (result == SIM_WAIT || (result < 0 && *done == 0)) return result;
        if (result < 0) break;
    }
    return (int64_t)*done;
}

static int64_t receive_messages(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    uint32_t done = 0;
    for (; done < op->args.messages.count; done++) {
        const int64_t result = receive_one(n, op->args.messages.first + done, false);
        if (result < 0 && done == 0) return result;
        if (result < 0) break;
        /* The end of a stream comes again and again. */
        if (result == 0 && n->kind->is_stream) return done + 1;
    }
    return done;
}

/* Moves bytes from one node to another, of which one is a pipe.  Nothing is taken that the other
 * does not take: `room` says how much it would. */
static int64_t move(sim_node *from, sim_node *to, size_t length, size_t room)
{
    char chunk[CHUNK];
    size_t moved = 0;
    if (room < length) length = room;
    while (moved < length) {
        const struct iovec in = {chunk, length - moved < CHUNK ? length - moved : CHUNK};
        sim_transfer t;
        begin(&t, &in, 1);
        const int64_t got = from->kind->receive(from, &t);
        if (got <= 0) return moved > 0 ? (int64_t)moved : got;
        const struct iovec out = {chunk, (size_t)got};
        begin(&t, &out, 1);
        to->kind->send(to, &t);
        moved += (size_t)got;
        if (got < (int64_t)in.iov_len) break;
    }
    return (int64_t)moved;
}

static int64_t splice(host *h, weir_op *op, sim_node *n)
{
    sim_node *pipe = second_of(h, op);
    if (!pipe) return WEIR_EBADF;
    if (!weir_sim_is_pipe(pipe) || !n->kind->is_stream) return WEIR_EINVAL;
    const bool take = op->args.splice.take;
    sim_node *from = take ? n : pipe, *to = take ? pipe : n;
    if (!from->kind->receive || !to->kind->send) return WEIR_EBADF;
    /* What the other end would say to one byte comes first: an error, or that it is full. */
    const int64_t room = weir_sim_node_room(to);
    if (room == 0) return SIM_WAIT;
    return room < 0 ? room : move(from, to, op->args.splice.length, (size_t)room);
}

/* What a SEND_FILE says to an error. */
static int64_t cut_file(weir_op *op, int64_t error)
{
    const uint64_t done = *op_progress(op);
    if (done > 0) op->args.send_file.error = (int32_t)error;
    return done > 0 ? (int64_t)done : error;
}

static int64_t send_file(host *h, weir_op *op, sim_node *n)
{
    uint64_t *done = op_progress(op);
    const uint64_t offset = op->args.send_file.offset, length = op->args.send_file.length;
    if (offset > INT64_MAX || length > INT64_MAX - offset) return WEIR_EINVAL;
    sim_node *file = second_of(h, op);
    if (!file || !n->kind->send) return WEIR_EBADF;
    while (*done < length) {
        char chunk[CHUNK];
        const size_t want = length - *done < CHUNK ? (size_t)(length - *done) : CHUNK;
        const int64_t got = weir_sim_disk_read(file, offset + *done, chunk, want);
        if (got < 0) return cut_file(op, got);
        if (got == 0) break;
        const struct iovec slice = {chunk, (size_t)got};
        sim_transfer t;
        begin(&t, &slice, 1);
        const int64_t sent = n->kind->send(n, &t);
        if (sent < 0) return sent == SIM_WAIT ? sent : cut_file(op, sent);
        *done += (uint64_t)sent;
    }
    return (int64_t)*done;
}

static int64_t poll_node(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    const uint32_t ready = n->kind->ready(n) & (op->args.poll | WEIR_POLL_ERROR);
    return ready ? ready : SIM_WAIT;
}

static int64_t shut_down(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    if ((unsigned)op->args.shutdown > SHUT_RDWR) return WEIR_EINVAL;
    return n->kind->shutdown ? n->kind->shutdown(n, op->args.shutdown) : unknown(n);
}

static int64_t get_option(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    if (!n->kind->is_socket) return WEIR_ENOTSOCK;
    return weir_sim_option_get(n, op->args.option.level, op->args.option.name,
                               op->args.option.value, op->args.option.size);
}

static int64_t set_option(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    if (!n->kind->is_socket) return WEIR_ENOTSOCK;
    return weir_sim_option_set(n, op->args.option.level, op->args.option.name,
                               op->args.option.value, *op->args.option.size);
}

static int64_t local_address(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    return n->kind->local ? n->kind->local(n, op->args.address_out) : unknown(n);
}

static int64_t peer_address(host *h, weir_op *op, sim_node *n)
{
    (void)h;
    return n->kind->peer ? n->kind->peer(n, op->args.address_out) : unknown(n);
}

static int64_t read_lent(host *h, weir_op *op, sim_node *n)
{
    return weir_sim_read_lent(h, op, n);
}

static int64_t read_at(host *h, weir_op *op, sim_node *n)
{
    (void)n;
    return weir_sim_attempt_read_at(h, op);
}

static int64_t write_at(host *h, weir_op *op, sim_node *n)
{
    (void)n;
    return weir_sim_attempt_write_at(h, op);
}

static int64_t list(host *h, weir_op *op, sim_node *n)
{
    (void)n;
    return weir_sim_attempt_list(h, op);
}

static attempt_fn *const attempts[WEIR_OP_COUNT] = {
    [WEIR_OP_DUPLICATE] = duplicate,
    [WEIR_OP_ADOPT] = adopt,
    [WEIR_OP_BIND] = bind_to,
    [WEIR_OP_LISTEN] = listen_on,
    [WEIR_OP_ACCEPT] = accept_one,
    [WEIR_OP_CONNECT] = connect_to,
    [WEIR_OP_READ] = read_some,
    [WEIR_OP_READ_LENT] = read_lent,
    [WEIR_OP_WRITE] = write_some,
    [WEIR_OP_SEND] = send_message,
    [WEIR_OP_RECEIVE] = receive_message,
    [WEIR_OP_SEND_MANY] = send_messages,
    [WEIR_OP_RECEIVE_MANY] = receive_messages,
    [WEIR_OP_SPLICE] = splice,
    [WEIR_OP_POLL] = poll_node,
    [WEIR_OP_SHUTDOWN] = shut_down,
    [WEIR_OP_GET_OPTION] = get_option,
    [WEIR_OP_SET_OPTION] = set_option,
    [WEIR_OP_LOCAL_ADDRESS] = local_address,
    [WEIR_OP_PEER_ADDRESS] = peer_address,
    [WEIR_OP_READ_AT] = read_at,
    [WEIR_OP_WRITE_AT] = write_at,
    [WEIR_OP_LIST] = list,
    [WEIR_OP_SEND_FILE] = send_file,
};
