/* SPDX-License-Identifier: MIT
 *
 * A child run to its end, fed and read at once.
 *
 * Three ops in one queue, so that no pipe that is full holds up another, and no task or memory is
 * needed:
 *
 *      feed    WRITE  the rest of the input ── all went, or EPIPE ── stdin closed
 *      reads   READ   into the sink's room ── 0 ── closed; one byte beyond the room ── WEIR_ELIMIT
 */
#include <signal.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>
#include <weir/process/process.h>

/* One direction: its op, and the stream that it works on. */
typedef struct flow {
    weir_op op;
    struct iovec slice;
    weir_stdio *stream;
    weir_process_sink *sink; /* NULL: this is the feed */
    bool flying;
    char beyond; /* takes the byte that the sink has no room for */
} flow;

typedef struct run {
    weir_process process;
    weir_queue queue;
    flow flows[3];
} run;

static bool is_feed(const flow *f)
{
    return !f->sink;
}

static void submit(weir_io *io, run *r, flow *f)
{
    weir_op_set(&f->op, is_feed(f) ? WEIR_OP_WRITE : WEIR_OP_READ, f->stream->fd);
    if (is_feed(f)) {
        f->op.flags = WEIR_OP_ALL;
    } else if (f->sink->len < f->sink->room) {
        f->slice = (struct iovec){f->sink->data + f->sink->len, f->sink->room - f->sink->len};
    } else {
        f->slice = (struct iovec){&f->beyond, 1};
    }
    f->op.args.vector.data = &f->slice;
    f->op.args.vector.count = 1;
    f->op.args.vector.repeat = 1;
    f->op.user = f;
    f->flying = true;
    weir_submit(io, &f->op, &r->queue);
}

/* Takes a completion into account.  1: the flow goes on; 0: it has come to its end; or an error. */
static int take(flow *f)
{
    int64_t n = f->op.result;
    f->flying = false;
    if (is_feed(f)) {
        if (n == WEIR_EPIPE) return 0;
        if (n < 0) return (int)n;
        f->slice.iov_base = (char *)f->slice.iov_base + n;
        f->slice.iov_len -= (size_t)n;
        return f->slice.iov_len > 0;
    }
    if (n <= 0) return (int)n;
    if (f->sink->len == f->sink->room) return WEIR_ELIMIT;
    f->sink->len += (size_t)n;
    return 1;
}

static bool is_flying(const run *r)
{
    return r->flows[0].flying || r->flows[1].flying || r->flows[2].flying;
}

/* Lets all flow until each has ended.  0 or an error. */
static int flow_all(weir_io *io, run *r)
{
    while (is_flying(r)) {
        weir_op *op;
        int more = weir_queue_next(io, &r->queue, weir_never(), &op);
        if (more < 0) return more;
        flow *f = op->user;
        more = take(f);
        if (more < 0) return more;
        if (more)
            submit(io, r, f);
        else
            weir_stream_close(io, &f->stream->stream);
    }
    return 0;
}

/* Cancels what is in flight and waits for it. */
static void settle(weir_io *io, run *r)
{
    weir_scope shield;
    weir_shield(io, &shield);
    for (int i = 0; i < 3; i++)
        if (r->flows[i].flying) weir_op_cancel(io, &r->flows[i].op);
    while (is_flying(r)) {
        weir_op *op;
        if (weir_queue_next(io, &r->queue, weir_never(), &op) == 0) take(op->user);
    }
    weir_scope_leave(io, &shield);
}

static void begin(weir_io *io, run *r, weir_bytes input, weir_process_sink *out,
                  weir_process_sink *err)
{
    weir_process *p = &r->process;
    weir_queue_init(io, &r->queue);
    r->flows[0] = (flow){.stream = &p->in, .slice = {(void *)(uintptr_t)input.data, input.len}};
    r->flows[1] = (flow){.stream = &p->out, .sink = out};
    r->flows[2] = (flow){.stream = &p->err, .sink = err};
    if (input.data && input.len > 0)
        submit(io, r, &r->flows[0]);
    else
        weir_stream_close(io, &p->in.stream);
    if (out) submit(io, r, &r->flows[1]);
    if (err) submit(io, r, &r->flows[2]);
}

int weir_process_run(weir_io *io, const weir_process_options *options, weir_bytes input,
                     weir_process_sink *out, weir_process_sink *err, weir_process_status *status)
{
    const weir_process_route pipe = {.kind = WEIR_PROCESS_PIPE};
    weir_process_options routed = *options;
    if ((!input.data && options->in.kind == pipe.kind) ||
        (!out && options->out.kind == pipe.kind) || (!err && options->err.kind == pipe.kind))
        return WEIR_EINVAL;
    if (input.data) routed.in = pipe;
    if (out) {
        routed.out = pipe;
        out->len = 0;
    }
    if (err) {
        routed.err = pipe;
        err->len = 0;
    }

    run r;
    int error = weir_process_start(io, &r.process, &routed);
    if (error) return error;
    begin(io, &r, input, out, err);
    error = flow_all(io, &r);
    if (error) {
        weir_process_signal(&r.process, SIGKILL);
        settle(io, &r);
    } else {
        error = weir_process_wait(io, &r.process, status);
    }
    weir_process_end(io, &r.process);
    return error;
}
