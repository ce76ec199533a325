/* SPDX-License-Identifier: MIT
 *
 * The relay: one task for each direction.
 *
 *      take what the socket has, at most a pipe full ──> give all of it ──> take …
 *
 * The pipe is empty at each take, so that a take waits for the socket alone.  Giving all of it
 * before the next take is the back pressure.
 *
 * Design: the calling task does the way from a to b, a second one on the same worker the way back.
 * Whoever fails first writes its way's number into `failed` and cancels the token that both ways
 * are under, which ends the other one at its next or present operation.  Idleness is one clock for
 * both ways: an op that times out looks whether the other way has moved since.
 */
#include <weir/net/relay.h>

#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/scope.h>
#include <weir/io/task.h>
#include <weir/io/token.h>

enum {
    DEFAULT_ROOM = 1 << 20,
    FIRST_ROOM = 64 << 10, /* a way begins with a small pipe: the kernel counts each user's pages */
    BUSY_TAKES = 4,        /* takes that fill half of it until it gets a large one */
    COPY_ROOM = 64 << 10,
    BUFFER_TRIES = 100, /* 2 ms each */
};

typedef struct relay relay;

typedef struct way {
    relay *r;
    weir_stream *from, *to;
    uint64_t bytes;
    int error;
    bool writing; /* whether the error is of writing */
    bool local;   /* whether it is of neither stream */
} way;

struct relay {
    way ways[2];
    weir_token token;
    int64_t idle;    /* nanoseconds; 0: none */
    int64_t moved;   /* atomic: when bytes last went */
    uint32_t failed; /* atomic: 0, or 1 + the way that failed first */
    uint32_t room;
    bool copy;
};

static void touch(weir_io *io, relay *r)
{
    /* Pairs with the loads of the other way: a late one is idle no sooner than it should be. */
    if (r->idle > 0)
        __atomic_store_n(&r->moved, weir_now(io, WEIR_CLOCK_MONOTONIC).ns, __ATOMIC_RELAXED);
}

/* When the next op has to be done. */
static weir_deadline due(relay *r)
{
    if (r->idle == 0) return (weir_deadline){0};
    return (weir_deadline){__atomic_load_n(&r->moved, __ATOMIC_RELAXED) + r->idle};
}

/* Whether an op's result means that it is to be done again, as the other way has moved meanwhile.
 */
static bool again(weir_io *io, relay *r, int64_t result)
{
    if (result > 0) touch(io, r);
    if (result != WEIR_EDEADLINE || r->idle == 0) return false;
    return weir_cause_of(io).kind == WEIR_CAUSE_DEADLINE &&
           due(r).ns > weir_now(io, WEIR_CLOCK_MONOTONIC).ns;
}

static int64_t splice_once(weir_io *io, way *w, weir_socket socket, int pipe, bool take,
                           size_t length)
{
    int64_t n;
    do {
        weir_op op;
        weir_op_set(&op, WEIR_OP_SPLICE, socket.fd);
        op.deadline = due(w->r);
        op.args.splice = (__typeof__(op.args.splice)){length, pipe, take};
        n = weir_do(io, &op);
    } while (again(io, w->r, n));
    return n;
}

/* Gives what is in the pipe.  Returns 0 or an error. */
static int give_all(weir_io *io, way *w, int pipe, size_t length)
{
    while (length > 0) {
        const int64_t n = splice_once(io, w, weir_stream_socket(w->to), pipe, false, length);
        if (n < 0) {
            w->writing = true;
            return (int)n;
        }
        length -= (size_t)n;
        w->bytes += (uint64_t)n;
    }
    return 0;
}

/* Puts a larger pipe in the place of an empty one that proved too small, if there is one. */
static int enlarge(weir_io *io, weir_socket pipe[2], uint32_t room)
{
    weir_socket larger[2];
    const int error = weir_pipe_open(io, room, larger);
    if (error == WEIR_ECANCELED || error == WEIR_EDEADLINE) return error;
    for (int i = 0; !error && i < 2; i++) {
        weir_close_socket(io, pipe[i]);
        pipe[i] = larger[i];
    }
    return 0;
}

/* Returns 0 at the end of the stream, 1 when this cannot be spliced and nothing was, or an error.
 */
static int splice_through(weir_io *io, way *w, weir_socket pipe[2], uint32_t room)
{
    unsigned full = 0;
    for (bool first = true;; first = false) {
        const int64_t n =
            splice_once(io, w, weir_stream_socket(w->from), pipe[1].fd, true, w->r->room);
        if (n == WEIR_EINVAL && first) return 1;
        if (n <= 0) return (int)n;
        int error = give_all(io, w, pipe[0].fd, (size_t)n);
        if (!error && n >= room / 2 && room < w->r->room && ++full == BUSY_TAKES) {
            error = enlarge(io, pipe, w->r->room);
            room = w->r->room;
        }
        if (error) return error;
    }
}

static int splice_way(weir_io *io, way *w)
{
    weir_socket pipe[2];
    int64_t ready;
    do {
        ready = weir_stream_ready(io, w->from, WEIR_POLL_READ, due(w->r));
    } while (again(io, w->r, ready));
    if (ready < 0) return ready == WEIR_EUNSUPPORTED ? 1 : (int)ready;
    const uint32_t room = w->r->room < FIRST_ROOM ? w->r->room : FIRST_ROOM;
    int result = weir_pipe_open(io, room, pipe);
    if (result) return result == WEIR_ECANCELED || result == WEIR_EDEADLINE ? result : 1;
    result = splice_through(io, w, pipe, room);
    weir_close_socket(io, pipe[0]);
    weir_close_socket(io, pipe[1]);
    return result;
}

/* Writes all of `len` bytes.  Returns 0 or an error. */
static int write_on(weir_io *io, way *w, const char *data, size_t len)
{
    while (len > 0) {
        int64_t n;
        do {
            const struct iovec slice = {(void *)(uintptr_t)data, len};
            n = weir_stream_write_vector(io, w->to, &slice, 1, 1, false, due(w->r));
        } while (again(io, w->r, n));
        if (n < 0) {
            w->writing = true;
            return (int)n;
        }
        data += n;
        len -= (size_t)n;
        w->bytes += (uint64_t)n;
    }
    return 0;
}

/* Returns 0 at the end, 1 when the stream lends nothing, or an error. */
static int lent_way(weir_io *io, way *w)
{
    for (unsigned patience = BUFFER_TRIES;;) {
        weir_lent lent = {0};
        const int64_t n = weir_stream_read_lent(io, w->from, &lent, due(w->r));
        if (again(io, w->r, n)) continue;
        if (n == WEIR_EUNSUPPORTED) return 1;
        if (n == WEIR_ENOBUFS && patience-- > 0) {
            /* Others have them all: they will come back. */
            const int error = weir_sleep(io, weir_milliseconds(2));
            if (error) return error;
            continue;
        }
        w->local = n == WEIR_ENOBUFS;
        if (n <= 0) return (int)n;
        patience = BUFFER_TRIES;
        const int error = write_on(io, w, lent.data, (size_t)n);
        weir_stream_give_back(io, w->from, &lent);
        if (error) return error;
    }
}

static int copy_way(weir_io *io, way *w)
{
    char *buffer = malloc(COPY_ROOM);
    if (!buffer) {
        w->local = true;
        return WEIR_ENOMEM;
    }
    int error = 0;
    for (;;) {
        int64_t n;
        do {
            const struct iovec slice = {buffer, COPY_ROOM};
            n = weir_stream_read_vector(io, w->from, &slice, 1, due(w->r));
        } while (again(io, w->r, n));
        error = n <= 0 ? (int)n : write_on(io, w, buffer, (size_t)n);
        if (n <= 0 || error) break;
    }
    free(buffer);
    return error;
}

static int move_all(weir_io *io, way *w)
{
    const bool sockets = weir_stream_socket(w->from).fd >= 0 && weir_stream_socket(w->to).fd >= 0;
    int result = sockets && !w->r->copy ? splice_way(io, w) : 1;
    if (result == 1) result = lent_way(io, w);
    if (result == 1) result = copy_way(io, w);
    if (result) return result;
    result = weir_stream_shutdown_write(io, w->to);
    /* It has gone already; if that is a failure, the other way meets it. */
    if (result == WEIR_ENOTCONN || result == WEIR_EPIPE || result == WEIR_ECONNRESET) return 0;
    w->writing = true;
    return result;
}

static int run_way(weir_io *io, void *argument)
{
    way *w = argument;
    relay *r = w->r;
    weir_scope scope;
    weir_scope_enter_token(io, &scope, &r->token);
    w->error = move_all(io, w);
    weir_scope_leave(io, &scope);
    if (!w->error) return 0;
    uint32_t nobody = 0;
    /* Pairs with the load of the caller, after both ways have ended. */
    __atomic_compare_exchange_n(&r->failed, &nobody, 1 + (uint32_t)(w - r->ways), false,
                                __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    weir_token_cancel(io, &r->token, "the other direction of a relay failed");
    return w->error;
}

static weir_relay_place place_of(const way *w)
{
    const bool ended = w->error == WEIR_ECANCELED || w->error == WEIR_EDEADLINE || w->local;
    if (ended) return WEIR_RELAY_NOWHERE;
    if (w == &w->r->ways[0]) return w->writing ? WEIR_RELAY_WRITE_B : WEIR_RELAY_READ_A;
    return w->writing ? WEIR_RELAY_WRITE_A : WEIR_RELAY_READ_B;
}

/* Runs both ways.  Returns as weir_relay. */
static int run_both(weir_io *io, relay *r, weir_relay_place *failed)
{
    static const weir_task_options options = {.name = "relay", .worker = WEIR_WORKER_SAME};
    weir_task back = {0};
    int error = weir_concurrent(io, &back, run_way, &r->ways[1], &options);
    if (error) return error;
    run_way(io, &r->ways[0]);
    error = weir_await(io, &back, NULL);
    /* The caller was asked to stop while it waited for the way back, or before: that ends it, too.
     */
    if (error) weir_cancel(io, &back);
    const uint32_t first = __atomic_load_n(&r->failed, __ATOMIC_ACQUIRE);
    if (first == 0) {
        /* The way back had ended when the request came. */
        if (error == WEIR_ECANCELED) weir_put_back(io);
        return 0;
    }
    const way *w = &r->ways[first - 1];
    *failed = place_of(w);
    if (error && w->error == WEIR_ECANCELED) return error;
    if (error) weir_put_back(io);
    return w->error;
}

int weir_relay(weir_io *io, weir_stream *a, weir_stream *b, const weir_relay_options *options,
               weir_relay_result *result)
{
    static const weir_relay_options defaults;
    if (!options) options = &defaults;
    relay r = {.idle = options->idle.ns,
               .room = options->room ? options->room : DEFAULT_ROOM,
               .copy = options->copy};
    r.ways[0] = (way){.r = &r, .from = a, .to = b};
    r.ways[1] = (way){.r = &r, .from = b, .to = a};
    weir_relay_place failed = WEIR_RELAY_NOWHERE;
    int error = WEIR_EINVAL;
    if (options->idle.ns >= 0) {
        if (weir_is_forever(options->idle)) r.idle = 0;
        touch(io, &r);
        error = run_both(io, &r, &failed);
        weir_token_end(io, &r.token);
    }
    if (result) *result = (weir_relay_result){r.ways[0].bytes, r.ways[1].bytes, failed};
    return error;
}
