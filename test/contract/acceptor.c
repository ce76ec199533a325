/* SPDX-License-Identifier: MIT
 *
 * Does an acceptor tell what may pass from what is final, and its caller's end from its own?
 *
 * The completions are made up: no test can have a firewall refuse, or memory be short, on demand.
 */
#include "test/contract/contract.h"

#include <weir/net/acceptor.h>

typedef struct world {
    weir_queue queue;
    weir_acceptor acceptor;
    weir_socket listener;
} world;

static bool open_world(weir_io *io, world *w)
{
    weir_address address;
    if (!contract_listener(io, 8, &w->listener, &address)) return false;
    weir_queue_init(io, &w->queue);
    weir_acceptor_init(&w->acceptor, (weir_tcp_listener){w->listener}, &w->queue);
    return true;
}

/* As if the acceptor's op had come out of the queue so. */
static int take(weir_io *io, world *w, uint8_t code, int result)
{
    weir_tcp_stream stream;
    w->acceptor.running = true;
    weir_op_set(&w->acceptor.op, code, w->listener.fd);
    w->acceptor.op.result = result;
    return weir_acceptor_take(io, &w->acceptor, &stream);
}

static void close_world(weir_io *io, world *w)
{
    weir_op *op;
    weir_tcp_stream stream;
    if (w->acceptor.running) {
        weir_acceptor_stop(io, &w->acceptor);
        check_int(weir_queue_next(io, &w->queue, weir_never(), &op), 0);
        check_int(weir_acceptor_take(io, &w->acceptor, &stream), WEIR_ECANCELED);
    }
    weir_close_socket(io, w->listener);
}

CONTRACT(an_acceptor_pauses_for_what_may_pass)
{
    static const int passing[] = {WEIR_EPERM,  WEIR_EACCES,  WEIR_EINTR,      WEIR_EMFILE,
                                  WEIR_ENFILE, WEIR_ENOBUFS, WEIR_ENOMEM,     WEIR_ENETDOWN,
                                  WEIR_EPROTO, WEIR_EAGAIN,  WEIR_EOPNOTSUPP, WEIR_ENOPROTOOPT};
    world w;
    weir_op *op;
    weir_tcp_stream stream;
    if (!open_world(io, &w)) return;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        contract_at("error", i);
        w.acceptor.pause = (weir_duration){0};
        check_int(take(io, &w, WEIR_OP_ACCEPT, passing[i]), 0);
        check_int(w.acceptor.error, passing[i]);
        check(w.acceptor.running);
        if (contract_failed()) break;
        check_int(w.acceptor.op.code, WEIR_OP_SLEEP);
        check_int(weir_queue_next(io, &w.queue, weir_never(), &op), 0);
        check_int(weir_acceptor_take(io, &w.acceptor, &stream), 0);
        check_int(w.acceptor.op.code, WEIR_OP_ACCEPT);
        weir_acceptor_stop(io, &w.acceptor);
        check_int(weir_queue_next(io, &w.queue, weir_never(), &op), 0);
        check_int(weir_acceptor_take(io, &w.acceptor, &stream), WEIR_ECANCELED);
    }
    close_world(io, &w);
}

CONTRACT(an_acceptor_ends_with_what_is_final)
{
    static const int final[] = {WEIR_EBADF, WEIR_EINVAL, WEIR_ENOTSOCK, WEIR_ECANCELED};
    world w;
    if (!open_world(io, &w)) return;
    for (size_t i = 0; i < sizeof final / sizeof *final; i++) {
        check_int(take(io, &w, WEIR_OP_ACCEPT, final[i]), final[i]);
        check(!w.acceptor.running);
    }
    close_world(io, &w);
}

CONTRACT(an_acceptor_leaves_the_cancel_request_of_its_caller_alone)
{
    world w;
    if (!open_world(io, &w)) return;
    weir_recancel(io);
    check_int(take(io, &w, WEIR_OP_SLEEP, WEIR_ENOMEM), 0);
    check_int(weir_check(io), WEIR_ECANCELED);
    check(w.acceptor.running);
    close_world(io, &w);
}
