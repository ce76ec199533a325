/* SPDX-License-Identifier: MIT
 *
 * An acceptor: a listener served as operations on a queue, which survives shortages and other
 * errors that may pass.
 *
 *     weir_acceptor_start ──> ACCEPT in flight ──connection──> caller, who starts it again
 *                                  │ no descriptors, no memory, …
 *                                  └──> SLEEP 5 ms … 1 s ──> ACCEPT again
 *
 * It never spins and never loses a connection.  Used by the one task that takes from the queue.
 */
#ifndef WEIR_NET_ACCEPTOR_H
#define WEIR_NET_ACCEPTOR_H

#include <weir/io/op.h>
#include <weir/net/tcp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An acceptor.  `op` is what comes out of the queue; its user member is the caller's. */
typedef struct weir_acceptor {
    weir_op op;
    weir_tcp_listener listener; /* borrowed */
    weir_queue *queue;
    weir_duration pause; /* how long the next shortage makes it wait */
    int error;           /* the last passing error, for a log; 0: none since the last connection */
    bool running;        /* whether `op` is in flight */
} weir_acceptor;

/* Prepares an acceptor; nothing is accepted yet.  Never waits. */
void weir_acceptor_init(weir_acceptor *acceptor, weir_tcp_listener listener, weir_queue *queue);

/* Starts waiting for one connection; does nothing when it is waiting already.
 * Ownership: the acceptor is lent until its op has come out of the queue. */
void weir_acceptor_start(weir_io *io, weir_acceptor *acceptor);

/* Takes the completion of acceptor->op, which has come out of the queue.
 *
 * Returns 1 and a connection in *out, the caller's; start it again for the next.  Returns 0 when
 * there is none but the acceptor goes on by itself, after a pause (a shortage or another error that
 * may pass, or its end).  Errors: WEIR_ECANCELED after weir_acceptor_stop; WEIR_EBADF, WEIR_EINVAL,
 * WEIR_ENOTSOCK and others of the class USAGE: the listener is unusable.
 * Waits, for 5 ms, only when the shortage reaches the engine itself; a cancel request ends that
 * wait and stays pending. */
int weir_acceptor_take(weir_io *io, weir_acceptor *acceptor, weir_tcp_stream *out);

/* The same for listeners of any kind: the connection as a socket. */
int weir_acceptor_take_socket(weir_io *io, weir_acceptor *acceptor, weir_socket *out);

/* Asks it to stop: if it is running its op will come out of the queue once more. */
void weir_acceptor_stop(weir_io *io, weir_acceptor *acceptor);

#ifdef __cplusplus
}
#endif
#endif
