/* SPDX-License-Identifier: MIT
 *
 * The keeper.
 *
 * One loop over one queue: completions of accepts, of the reads of waiting connections, of closes,
 * and the hand-backs of exchanges.  It waits nowhere else, so that nothing one connection does
 * holds up another.  Waiting connections stand in two lists ordered by time, so that a timeout
 * costs no timer each.
 *
 * Invariant: `connections` counts those taken from the slab; the keeper ends when it drains and
 * none is left, no acceptor runs and no wake-up is on its way.
 */
#include "http/server/keeper.h"

#include <stdlib.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/group.h>
#include <weir/io/task.h>

#include "base/spin.h"

enum { PART_NS = 2000000000 }; /* how long an answer may be on its way */

enum {
    BATCH = 64,          /* completions handled before the clock is read again */
    SPARE_OUTPUTS = 256, /* free output buffers that are kept */
};

static void set_connections(weir_http_keeper *k, uint32_t value)
{
    /* Pairs with the load in weir_http_server_count. */
    __atomic_store_n(&k->connections, value, __ATOMIC_RELAXED);
}

/* Connections ------------------------------------------------------------------------------ */

static void submit(weir_http_keeper *k, weir_http_connection *c)
{
    c->op.user = c;
    weir_submit(k->io, &c->op, &k->queue);
}

/* Ends the standing receive and closes, both in the queue. */
static void shut(weir_http_keeper *k, weir_http_connection *c)
{
    c->state = WEIR_HTTP_STOPPING;
    weir_stream_prepare_stop(&c->tcp.stream, &c->op);
    submit(k, c);
}

static void await_bytes(weir_http_keeper *k, weir_http_connection *c)
{
    weir_stream_prepare_read_lent(&c->tcp.stream, &c->op, &c->lent);
    submit(k, c);
}

/* Puts a connection among those that wait for a request. */
static void wait_in(weir_http_keeper *k, weir_http_connection *c, weir_http_state state)
{
    c->state = (uint8_t)state;
    c->since = k->clock.now;
    weir_http_list_add(state == WEIR_HTTP_FRESH ? &k->fresh : &k->idle, c);
    await_bytes(k, c);
}

static void refuse(weir_http_keeper *k, weir_http_connection *c)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n"
                               "Retry-After: 1\r\nConnection: close\r\nContent-Length: 24\r\n\r\n"
                               "503 Service Unavailable\n";
    static const struct iovec slice = {(void *)text, sizeof text - 1};
    weir_http_count_add(&k->refused, 1);
    weir_give_back(k->io, &c->lent);
    c->state = WEIR_HTTP_REFUSING;
    c->op = (weir_op){.code = WEIR_OP_WRITE,
                      .flags = WEIR_OP_ALL,
                      .fd = weir_tcp_socket(&c->tcp).fd,
                      .deadline = {k->clock.now + 1000000000}};
    c->op.args.vector.data = &slice;
    c->op.args.vector.count = 1;
    c->op.args.vector.repeat = 1;
    submit(k, c);
}

/* Output buffers --------------------------------------------------------------------------- */

static bool take_output(weir_http_keeper *k, weir_http_connection *c)
{
    weir_http_output *output = k->outputs;
    if (output) {
        k->outputs = output->next;
        k->spare--;
    } else {
        output = malloc(sizeof *output);
        if (!output) return false;
    }
    output->used = 0;
    output->error = 0;
    c->output = output;
    return true;
}

static void give_output(weir_http_keeper *k, weir_http_connection *c)
{
    weir_http_output *output = c->output;
    c->output = NULL;
    if (k->spare == SPARE_OUTPUTS) {
        free(output);
        return;
    }
    output->next = k->outputs;
    k->outputs = output;
    k->spare++;
}

static void end_outputs(weir_http_keeper *k)
{
    for (weir_http_output *output = k->outputs, *next; output; output = next) {
        next = output->next;
        free(output);
    }
    k->outputs = NULL;
}

/* Exchanges -------------------------------------------------------------------------------- */

/* Starts the task of an exchange; false if there is no memory or no task for it. */
static bool spawn_exchange(weir_http_keeper *k, weir_http_connection *c)
{
    static const weir_task_options options = {.name = "http exchange", .worker = WEIR_WORKER_SAME};
    if (!take_output(k, c)) return false;
    c->state = WEIR_HTTP_BUSY;
    k->busy++;
    if (!weir_group_concurrent(k->io, &k->exchanges, weir_http_exchange_main, c, &options))
        return true;
    k->busy--;
    give_output(k, c);
    return false;
}

static void start_exchange(weir_http_keeper *k, weir_http_connection *c)
{
    if (k->stage == WEIR_HTTP_CANCELING) {
        weir_give_back(k->io, &c->lent);
        shut(k, c);
    } else if (!spawn_exchange(k, c)) {
        refuse(k, c);
    }
}

/* Lets an exchange part with a connection that was answered a moment ago, if a drain has begun: the
 * answer may be on its way, the peer may be sending a request that nobody reads, and the reset for
 * that would take the answer away (RFC 9112 9.6).  False if it may be closed at once. */
static bool part(weir_http_keeper *k, weir_http_connection *c)
{
    const bool fresh = k->clock.now - c->since < PART_NS;
    if (c->close || c->requests == 0 || k->stage != WEIR_HTTP_DRAINING || !fresh) return false;
    c->close = true;
    return spawn_exchange(k, c);
}

/* The READ_LENT of a waiting connection, or the pause before its next one, has completed. */
static void take_bytes(weir_http_keeper *k, weir_http_connection *c)
{
    weir_http_list *list = c->state == WEIR_HTTP_FRESH ? &k->fresh : &k->idle;
    const int64_t result = c->op.result;
    /* One that was taken out of its list is to end: the request to cancel its op may have come too
     * late, and nobody would look after it any more. */
    const bool listed = weir_http_list_holds(list, c);
    if (listed && c->op.code == WEIR_OP_SLEEP && result >= 0) {
        await_bytes(k, c);
        return;
    }
    if (listed && result == WEIR_ENOBUFS && k->stage == WEIR_HTTP_SERVING) {
        /* All buffers are lent: it waits a little, in its list, for one to come back. */
        weir_op_set(&c->op, WEIR_OP_SLEEP, -1);
        c->op.deadline.ns = k->clock.now + 10000000;
        submit(k, c);
        return;
    }
    weir_http_list_remove(list, c);
    if (result > 0) {
        start_exchange(k, c);
    } else if (!part(k, c)) {
        shut(k, c);
    }
}

static void accept_more(weir_http_keeper *k);

static void forget(weir_http_keeper *k, weir_http_connection *c)
{
    weir_http_slab_give(&k->slab, c);
    set_connections(k, k->connections - 1);
    if (k->connections + 1 == k->limit) accept_more(k);
}

/* Sends what the exchange has left in its output. */
static void start_write(weir_http_keeper *k, weir_http_connection *c)
{
    weir_http_output *output = c->output;
    output->slice = (struct iovec){output->data, output->used};
    c->state = WEIR_HTTP_WRITING;
    c->since = k->clock.now;
    weir_http_list_add(&k->writing, c);
    weir_stream_prepare_write(&c->tcp.stream, &c->op, &output->slice, 1);
    submit(k, c);
}

/* The connection has nothing to do: it waits for the next request, if there may be one. */
static void rest(weir_http_keeper *k, weir_http_connection *c)
{
    if (c->output) give_output(k, c);
    if (!c->close && k->stage == WEIR_HTTP_SERVING) {
        wait_in(k, c, WEIR_HTTP_IDLE);
        return;
    }
    c->since = k->clock.now;
    if (!part(k, c)) shut(k, c);
}

static void take_written(weir_http_keeper *k, weir_http_connection *c)
{
    weir_http_list_remove(&k->writing, c);
    if (c->op.result != (int64_t)c->output->used) c->close = true;
    rest(k, c);
}

/* An exchange has handed its connection back. */
static void take_back(weir_http_keeper *k, weir_http_connection *c)
{
    k->busy--;
    weir_http_count_add(&k->requests, c->handled);
    weir_http_count_add(&k->refused, c->refused);
    c->handled = c->refused = 0;
    const bool write = c->output->used > 0 && !c->output->error;
    if (c->closed) {
        give_output(k, c);
        forget(k, c);
    } else if (write && !c->close && k->stage != WEIR_HTTP_CANCELING) {
        start_write(k, c);
    } else {
        rest(k, c);
    }
}

static void take_connection_op(weir_http_keeper *k, weir_http_connection *c)
{
    switch ((weir_http_state)c->state) {
    case WEIR_HTTP_FRESH:
    case WEIR_HTTP_IDLE: take_bytes(k, c); break;
    case WEIR_HTTP_BUSY: take_back(k, c); break;
    case WEIR_HTTP_WRITING: take_written(k, c); break;
    case WEIR_HTTP_REFUSING: shut(k, c); break;
    case WEIR_HTTP_STOPPING:
        c->state = WEIR_HTTP_CLOSING;
        weir_op_set(&c->op, WEIR_OP_CLOSE, weir_tcp_socket(&c->tcp).fd);
        submit(k, c);
        break;
    case WEIR_HTTP_CLOSING: forget(k, c); break;
    }
}

/* Accepting -------------------------------------------------------------------------------- */

/* Starts or stops the acceptors, as the limit and the stage say. */
static void accept_more(weir_http_keeper *k)
{
    const bool more = k->stage == WEIR_HTTP_SERVING && k->connections < k->limit;
    for (unsigned i = 0; i < k->server->listener_count; i++) {
        if (more) {
            weir_acceptor_start(k->io, &k->acceptors[i]);
        } else {
            weir_acceptor_stop(k->io, &k->acceptors[i]);
        }
    }
}

static void take_accept(weir_http_keeper *k, weir_acceptor *acceptor)
{
    weir_tcp_stream tcp;
    int result = weir_acceptor_take(k->io, acceptor, &tcp);
    if (result == 1) {
        weir_http_connection *c = weir_http_slab_take(&k->slab);
        if (c) {
            c->tcp = tcp;
            c->keeper = k;
            set_connections(k, k->connections + 1);
            weir_http_count_add(&k->accepted, 1);
            if (k->stage == WEIR_HTTP_SERVING) {
                wait_in(k, c, WEIR_HTTP_FRESH);
            } else {
                shut(k, c);
            }
        } else {
            weir_tcp_close(k->io, &tcp);
        }
    } else if (result < 0 && result != WEIR_ECANCELED) {
        /* Pairs with the load in weir_http_server_run. */
        __atomic_store_n(&k->server->error, result, __ATOMIC_RELAXED);
        weir_http_server_drain(k->server, weir_deadline_after(k->io, weir_seconds(10)));
        return;
    }
    if (k->connections >= k->limit || k->stage != WEIR_HTTP_SERVING) {
        accept_more(k);
    } else {
        weir_acceptor_start(k->io, acceptor);
    }
}

/* Stages and times ------------------------------------------------------------------------- */

static void cancel_list(weir_http_keeper *k, weir_http_list *list)
{
    while (list->first) {
        weir_http_connection *c = list->first;
        weir_http_list_remove(list, c);
        weir_op_cancel(k->io, &c->op);
    }
}

static void set_stage(weir_http_keeper *k, weir_http_stage stage)
{
    /* Pairs with the load in weir_http_keeper_stage. */
    __atomic_store_n(&k->stage, (uint32_t)stage, __ATOMIC_RELAXED);
    accept_more(k);
    cancel_list(k, &k->fresh);
    cancel_list(k, &k->idle);
}

static void cancel_exchanges(weir_http_keeper *k)
{
    if (k->stage != WEIR_HTTP_CANCELING) set_stage(k, WEIR_HTTP_CANCELING);
    k->canceled_at = k->clock.now;
    cancel_list(k, &k->writing);
    weir_group_cancel_request(k->io, &k->exchanges);
}

/* The deadline for draining; far away while none is asked for. */
static int64_t drain_deadline(const weir_http_keeper *k)
{
    /* Pairs with the exchange in weir_http_server_drain, which comes before the wake-up. */
    return __atomic_load_n(&k->server->drain_deadline, __ATOMIC_ACQUIRE);
}

static void check_stage(weir_http_keeper *k)
{
    /* Pairs with the store in weir_http_server_drain. */
    const bool draining = __atomic_load_n(&k->server->draining, __ATOMIC_ACQUIRE);
    if (draining && k->stage == WEIR_HTTP_SERVING) set_stage(k, WEIR_HTTP_DRAINING);
    if (draining && k->stage == WEIR_HTTP_DRAINING && drain_deadline(k) <= k->clock.now)
        cancel_exchanges(k);
    /* A handler may have eaten the request and gone on: it is asked again. */
    if (k->stage == WEIR_HTTP_CANCELING && k->clock.now - k->canceled_at >= 1000000000)
        cancel_exchanges(k);
}

static void expire(weir_http_keeper *k, weir_http_list *list, weir_duration limit)
{
    while (list->first && k->clock.now - list->first->since >= limit.ns) {
        weir_http_connection *c = list->first;
        weir_http_list_remove(list, c);
        weir_op_cancel(k->io, &c->op);
    }
}

static void earlier(int64_t *at, int64_t other)
{
    if (other < *at) *at = other;
}

/* When the keeper must look up even if nothing completes. */
static weir_deadline next_look(const weir_http_keeper *k)
{
    const weir_http_server_options *o = &k->server->options;
    weir_deadline at = weir_never();
    if (k->fresh.first) earlier(&at.ns, weir_time_sum(k->fresh.first->since, o->header_timeout.ns));
    if (k->idle.first) earlier(&at.ns, weir_time_sum(k->idle.first->since, o->idle_timeout.ns));
    if (k->writing.first)
        earlier(&at.ns, weir_time_sum(k->writing.first->since, o->write_timeout.ns));
    /* Exchanges read the keeper's clock: it stays at most a second old while they run. */
    if (k->busy > 0 || k->stage == WEIR_HTTP_CANCELING) earlier(&at.ns, k->clock.now + 1000000000);
    if (k->stage == WEIR_HTTP_DRAINING) earlier(&at.ns, drain_deadline(k));
    return at;
}

static void look_around(weir_http_keeper *k)
{
    weir_http_clock_tick(k->io, &k->clock);
    expire(k, &k->fresh, k->server->options.header_timeout);
    expire(k, &k->idle, k->server->options.idle_timeout);
    expire(k, &k->writing, k->server->options.write_timeout);
    check_stage(k);
}

/* The loop --------------------------------------------------------------------------------- */

static void handle(weir_http_keeper *k, weir_op *op)
{
    if (op->user) {
        take_connection_op(k, op->user);
    } else if (op == &k->wake) {
        weir_spin_lock(&k->wake_lock);
        k->waking = false;
        weir_spin_unlock(&k->wake_lock);
        check_stage(k);
    } else {
        for (unsigned i = 0; i < k->server->listener_count; i++)
            if (op == &k->acceptors[i].op) take_accept(k, &k->acceptors[i]);
    }
}

/* Notices that the acceptors have stopped for good; the last keeper to do so closes the listeners,
 * so that new clients are told at once and do not wait for the end of the drain. */
static void check_accepting(weir_http_keeper *k)
{
    if (!k->accepting || k->stage == WEIR_HTTP_SERVING) return;
    for (unsigned i = 0; i < k->server->listener_count; i++)
        if (k->acceptors[i].running) return;
    k->accepting = false;
    /* Pairs with the same step of the other keepers: theirs are over when ours is the last. */
    if (__atomic_sub_fetch(&k->server->accepting, 1, __ATOMIC_ACQ_REL) == 0)
        weir_http_server_stop_listening(k->server);
}

/* Whether all is done; no wake-up can come afterwards. */
static bool finished(weir_http_keeper *k)
{
    check_accepting(k);
    if (k->accepting || k->connections > 0) return false;
    weir_spin_lock(&k->wake_lock);
    const bool end = !k->waking;
    if (end) k->wakeable = false;
    weir_spin_unlock(&k->wake_lock);
    return end;
}

int weir_http_keeper_main(weir_io *io, void *argument)
{
    weir_http_keeper *k = argument;
    int result = 0;
    weir_queue_init(io, &k->queue);
    for (unsigned i = 0; i < k->server->listener_count; i++)
        weir_acceptor_init(&k->acceptors[i], k->server->listeners[i], &k->queue);
    k->accepting = true;
    weir_spin_lock(&k->wake_lock);
    k->wakeable = true;
    weir_spin_unlock(&k->wake_lock);
    look_around(k);
    accept_more(k);

    unsigned handled = 0;
    while (!finished(k)) {
        weir_op *op = weir_queue_try(io, &k->queue);
        if (!op) {
            handled = 0;
            int error = weir_queue_next(io, &k->queue, next_look(k), &op);
            look_around(k);
            if (error == WEIR_ECANCELED) {
                result = error;
                cancel_exchanges(k);
            }
        } else if (++handled % BATCH == 0) {
            look_around(k);
            /* Ops may complete as they are submitted: others have their turn all the same. */
            if (weir_yield(io) == WEIR_ECANCELED) {
                result = WEIR_ECANCELED;
                cancel_exchanges(k);
            }
        }
        if (op) handle(k, op);
    }
    /* Every connection is back, but the tasks that brought them may still be ending. */
    weir_group_cancel(io, &k->exchanges);
    weir_http_slab_end(&k->slab);
    end_outputs(k);
    return result;
}

void weir_http_keeper_wake(weir_http_keeper *keeper)
{
    weir_spin_lock(&keeper->wake_lock);
    if (keeper->wakeable && !keeper->waking) {
        keeper->waking = true;
        keeper->wake = (weir_op){.code = WEIR_OP_NOP};
        weir_submit(keeper->io, &keeper->wake, &keeper->queue);
    }
    weir_spin_unlock(&keeper->wake_lock);
}
