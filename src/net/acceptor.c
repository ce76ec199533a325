/* SPDX-License-Identifier: MIT
 *
 * The acceptor: an ACCEPT op that turns into a SLEEP op while descriptors or memory are short, or
 * accepting fails for another reason that may pass.
 */
#include <weir/net/acceptor.h>

#include <weir/base/error.h>
#include <weir/io/clock.h>
#include <weir/io/task.h>

#include "net/shortage.h"

void weir_acceptor_init(weir_acceptor *acceptor, weir_tcp_listener listener, weir_queue *queue)
{
    *acceptor = (weir_acceptor){.listener = listener, .queue = queue};
}

void weir_acceptor_start(weir_io *io, weir_acceptor *acceptor)
{
    if (acceptor->running) return;
    acceptor->running = true;
    acceptor->op = (weir_op){
        .code = WEIR_OP_ACCEPT, .fd = acceptor->listener.socket.fd, .user = acceptor->op.user};
    weir_submit(io, &acceptor->op, acceptor->queue);
}

int weir_acceptor_take_socket(weir_io *io, weir_acceptor *acceptor, weir_socket *out)
{
    const int64_t result = acceptor->op.result;
    const bool slept = acceptor->op.code == WEIR_OP_SLEEP;
    acceptor->running = false;
    if (slept && result >= 0) {
        weir_acceptor_start(io, acceptor);
        return 0;
    }
    if (result >= 0) {
        acceptor->error = 0;
        acceptor->pause = (weir_duration){0};
        out->fd = (int)result;
        return 1;
    }
    if (net_is_final((int)result)) return (int)result;
    if (slept) {
        /* Not even the pause could be had: the caller's own task pauses, so that nothing spins.
         * A request that ends this is for that task, and says nothing about the acceptor. */
        if (weir_sleep(io, weir_milliseconds(5)) == WEIR_ECANCELED) weir_put_back(io);
        weir_acceptor_start(io, acceptor);
        return 0;
    }
    acceptor->error = (int)result;
    acceptor->pause = net_next_pause(acceptor->pause);
    acceptor->running = true;
    acceptor->op = (weir_op){.code = WEIR_OP_SLEEP,
                             .deadline = weir_deadline_after(io, acceptor->pause),
                             .user = acceptor->op.user};
    weir_submit(io, &acceptor->op, acceptor->queue);
    return 0;
}

int weir_acceptor_take(weir_io *io, weir_acceptor *acceptor, weir_tcp_stream *out)
{
    weir_socket socket;
    const int result = weir_acceptor_take_socket(io, acceptor, &socket);
    if (result == 1) weir_tcp_stream_init(out, socket);
    return result;
}

void weir_acceptor_stop(weir_io *io, weir_acceptor *acceptor)
{
    if (acceptor->running) weir_op_cancel(io, &acceptor->op);
}
