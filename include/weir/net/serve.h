/* SPDX-License-Identifier: MIT
 *
 * The stock accept loop: listeners, a handler, limits, and an orderly end in one call.
 *
 *      static int talk(weir_io *, weir_tcp_stream *, const weir_address *peer, void *argument);
 *
 *      const weir_serve_options options = {.max_connections = 1000, .token = &stop,
 *                                          .drain = weir_seconds(10)};
 *      error = weir_tcp_serve(io, &listener, 1, talk, NULL, &options);
 *
 * Each connection is a task; it is closed when the handler returns.  Whatever may pass (no
 * descriptors, no memory, a firewall's refusal) is counted and paused for, and never ends the loop;
 * a connection for which there is no task is closed, and the loop goes on.
 */
#ifndef WEIR_NET_SERVE_H
#define WEIR_NET_SERVE_H

#include <stdint.h>

#include <weir/io/token.h>
#include <weir/net/tcp.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_accept_limit weir_accept_limit; /* net/accept_limit.h */

/* What serves one connection.  The stream is lent to it until it returns, and closed then if it has
 * not done so.  The result is counted: negative is a failure.  When serving ends it gets
 * WEIR_ECANCELED once `drain` is over. */
typedef int weir_serve_fn(weir_io *io, weir_tcp_stream *tcp, const weir_address *peer,
                          void *argument);

/* What has happened so far; every member may be read with an atomic load meanwhile. */
typedef struct weir_serve_counts {
    uint64_t accepted;
    uint64_t refused;  /* closed at once: by the limits on prefixes */
    uint64_t dropped;  /* closed at once: no task or no memory for it */
    uint64_t failed;   /* whose handler returned an error */
    uint64_t troubles; /* errors of accepting that passed */
} weir_serve_counts;

/* How to serve; zero is the default of each member. */
typedef struct weir_serve_options {
    uint32_t max_connections;  /* at a time; 0: 10,000.  When there are so many, clients wait in the
                                  backlog */
    weir_accept_limit *limit;  /* per prefix of addresses, borrowed; NULL: none */
    weir_duration deadline;    /* how long a connection may take; 0: for ever */
    weir_duration drain;       /* how long connections may go on when serving ends; 0: not at all */
    weir_token *token;         /* ends serving when it is canceled; NULL: the task's end alone */
    weir_serve_counts *counts; /* added to; NULL: not counted */
} weir_serve_options;

/* Accepts from `count` listeners (1 to 16) and runs `handler(io, stream, peer, argument)` for each
 * connection in a task of its own, until the token or the calling task is canceled.  Then it closes
 * the listeners, so that new clients are refused and go elsewhere, gives the connections `drain` to
 * end, cancels the rest and waits for them.
 *
 * Returns 0 when the token ended it; WEIR_ECANCELED, WEIR_EDEADLINE when the calling task was
 * asked to stop or its scope expired (a request while draining for the token ends the draining and
 * stays pending); WEIR_EINVAL, WEIR_ELIMIT (more than 16 listeners), a listener's final error when
 * all have one. Ownership: takes the listeners; they are closed in every case.  `options` may be
 * NULL. A cancellation point.  From a task of `io`. */
int weir_tcp_serve(weir_io *io, const weir_tcp_listener *listeners, size_t count,
                   weir_serve_fn *handler, void *argument, const weir_serve_options *options);

#ifdef __cplusplus
}
#endif
#endif
