/* SPDX-License-Identifier: MIT
 *
 * Incoming connections: acceptors whose completions go, by a queue's handler, into a list from
 * which one task takes.
 *
 * Design: an acceptor's op completes on the worker of the taking task, or on another thread where
 * tasks are threads; the handler only puts the source into the list and wakes the taker.  The taker
 * does all else: it takes the result, lets the acceptor pause, starts it again when it asks for the
 * next item and the bound allows it.  `changed` is the taker's to clear: it says that a completion
 * or an ended connection has come since it last looked, so that no wake-up is lost between looking
 * and waiting.
 */
#include <weir/net/incoming.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>
#include <weir/io/wait.h>

#include "net/peer.h"

/* Wakes the taker, under the lock, which it lets go. */
static void tell(weir_io *io, weir_incoming *incoming)
{
    incoming->changed = true;
    weir_op *taker = weir_wait_list_take(&incoming->waiting);
    weir_wait_unlock(io, &incoming->lock);
    if (taker) weir_wait_complete(taker, 0);
}

static void completed(weir_io *io, weir_op *op)
{
    weir_incoming_source *source = (weir_incoming_source *)(void *)op;
    weir_incoming *incoming = source->incoming;
    weir_wait_lock(io, &incoming->lock);
    source->ready = true;
    source->next = NULL;
    if (incoming->last_ready) {
        incoming->last_ready->next = source;
    } else {
        incoming->first_ready = source;
    }
    incoming->last_ready = source;
    tell(io, incoming);
}

void weir_incoming_init(weir_io *io, weir_incoming *incoming, uint32_t limit)
{
    *incoming = (weir_incoming){.limit = limit};
    weir_queue_init_handler(io, &incoming->queue, completed);
}

int weir_incoming_add(weir_incoming *incoming, weir_socket listener, const void *tag)
{
    if (incoming->count == WEIR_INCOMING_LISTENERS) return WEIR_ELIMIT;
    weir_incoming_source *source = &incoming->sources[incoming->count++];
    *source = (weir_incoming_source){.incoming = incoming, .tag = tag};
    weir_acceptor_init(&source->acceptor, (weir_tcp_listener){listener}, &incoming->queue);
    return 0;
}

/* Waiting ---------------------------------------------------------------------------------- */

static bool start_waiting(weir_io *io, weir_op *op)
{
    weir_incoming *incoming = op->args.wait.object;
    weir_wait_lock(io, &incoming->lock);
    const bool waits = !incoming->changed;
    if (waits) weir_wait_list_append(&incoming->waiting, op);
    weir_wait_unlock(io, &incoming->lock);
    if (!waits) op->result = 0;
    return waits;
}

static bool stop_waiting(weir_io *io, weir_op *op)
{
    weir_incoming *incoming = op->args.wait.object;
    weir_wait_lock(io, &incoming->lock);
    const bool was_there = weir_wait_list_withdraw(&incoming->waiting, op);
    weir_wait_unlock(io, &incoming->lock);
    return was_there;
}

static const weir_wait_kind kind = {"incoming connection", start_waiting, stop_waiting};

/* Whether the bound allows one more, and clears what the taker has seen with that look. */
static bool look(weir_io *io, weir_incoming *incoming)
{
    weir_wait_lock(io, &incoming->lock);
    const bool room = incoming->limit == 0 || incoming->open < incoming->limit;
    incoming->changed = room && incoming->first_ready != NULL;
    weir_wait_unlock(io, &incoming->lock);
    return room;
}

/* Lets every listener accept that neither does nor has something to be taken. */
static void start_all(weir_io *io, weir_incoming *incoming)
{
    for (unsigned i = 0; i < incoming->count; i++) {
        weir_incoming_source *source = &incoming->sources[i];
        /* A completed op stays `running` until it is taken. */
        if (!source->ended) weir_acceptor_start(io, &source->acceptor);
    }
}

void weir_incoming_prepare(weir_io *io, weir_incoming *incoming, weir_op *op)
{
    if (look(io, incoming)) start_all(io, incoming);
    weir_wait_op(op, &kind, incoming, NULL);
}

/* Taking ----------------------------------------------------------------------------------- */

/* The source that completed first, out of the list; NULL when there is none or the bound forbids to
 * take it. */
static weir_incoming_source *take_ready(weir_io *io, weir_incoming *incoming, bool bounded)
{
    weir_wait_lock(io, &incoming->lock);
    const bool full = bounded && incoming->limit > 0 && incoming->open >= incoming->limit;
    weir_incoming_source *source = full ? NULL : incoming->first_ready;
    if (source) {
        incoming->first_ready = source->next;
        if (!source->next) incoming->last_ready = NULL;
        source->ready = false;
    }
    /* What is ready beyond the bound is worth a look when there is room: done tells. */
    incoming->changed = !full && incoming->first_ready != NULL;
    weir_wait_unlock(io, &incoming->lock);
    return source;
}

static void count_open(weir_io *io, weir_incoming *incoming)
{
    weir_wait_lock(io, &incoming->lock);
    incoming->open++;
    weir_wait_unlock(io, &incoming->lock);
}

/* What has become of a completed acceptor: 1 and an item, or 0 when there is nothing to tell. */
static int take_from(weir_io *io, weir_incoming *incoming, weir_incoming_source *source,
                     weir_incoming_item *out)
{
    const bool accepted = source->acceptor.op.code == WEIR_OP_ACCEPT;
    weir_socket socket = {-1};
    const int result = weir_acceptor_take_socket(io, &source->acceptor, &socket);
    *out = (weir_incoming_item){.socket = socket, .tag = source->tag};
    if (result == 1) {
        count_open(io, incoming);
        out->peer = net_peer_of(io, socket);
        return 1;
    }
    if (result == 0) {
        /* A pause has begun, or has ended. */
        out->error = source->acceptor.error;
        return accepted;
    }
    source->ended = out->ended = true;
    incoming->error = out->error = result;
    return 1;
}

int weir_incoming_take(weir_io *io, weir_incoming *incoming, weir_incoming_item *out)
{
    for (;;) {
        weir_incoming_source *source = take_ready(io, incoming, true);
        if (!source) break;
        if (take_from(io, incoming, source, out)) return 1;
    }
    for (unsigned i = 0; i < incoming->count; i++)
        if (!incoming->sources[i].ended) return 0;
    return incoming->count > 0 ? incoming->error : WEIR_EINVAL;
}

int weir_incoming_next(weir_io *io, weir_incoming *incoming, weir_deadline deadline,
                       weir_incoming_item *out)
{
    int error = weir_check(io);
    while (!error) {
        const int taken = weir_incoming_take(io, incoming, out);
        if (taken) return taken == 1 ? 0 : taken;
        weir_op op;
        weir_incoming_prepare(io, incoming, &op);
        weir_op_set_deadline(&op, deadline);
        error = (int)weir_do(io, &op);
    }
    return error;
}

void weir_incoming_done(weir_io *io, weir_incoming *incoming)
{
    weir_wait_lock(io, &incoming->lock);
    if (incoming->open > 0) incoming->open--;
    tell(io, incoming);
}

uint32_t weir_incoming_open(weir_io *io, weir_incoming *incoming)
{
    weir_wait_lock(io, &incoming->lock);
    const uint32_t open = incoming->open;
    weir_wait_unlock(io, &incoming->lock);
    return open;
}

/* Takes what one source's op has left; starts nothing. */
static void settle(weir_io *io, weir_incoming_source *source)
{
    weir_acceptor *acceptor = &source->acceptor;
    acceptor->running = false;
    if (acceptor->op.code == WEIR_OP_ACCEPT && acceptor->op.result >= 0)
        weir_close_socket(io, (weir_socket){(int)acceptor->op.result});
}

void weir_incoming_stop(weir_io *io, weir_incoming *incoming)
{
    weir_scope shield;
    weir_shield(io, &shield);
    unsigned left = 0;
    for (unsigned i = 0; i < incoming->count; i++) {
        if (!incoming->sources[i].acceptor.running) continue;
        weir_acceptor_stop(io, &incoming->sources[i].acceptor);
        left++;
    }
    while (left > 0) {
        weir_incoming_source *source = take_ready(io, incoming, false);
        if (source) {
            settle(io, source);
            left--;
            continue;
        }
        weir_op op;
        weir_wait_op(&op, &kind, incoming, NULL);
        weir_do(io, &op);
    }
    incoming->count = 0;
    weir_scope_leave(io, &shield);
}
