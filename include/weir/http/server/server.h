/* SPDX-License-Identifier: MIT
 *
 * An HTTP/1.1 server: handlers are plain functions, a connection that waits costs about 300 bytes
 * (RFC 9110, RFC 9112).
 *
 *     static void hello(weir_io *io, weir_http_exchange *exchange, void *context)
 *     {
 *         weir_http_respond(exchange, 200, "text/plain", weir_bytes_text("Hello, World!"));
 *     }
 *
 *     weir_http_server_create(io, &(weir_http_server_options){.handler = hello}, &server);
 *     weir_http_server_listen(server, &address, NULL);
 *     weir_http_server_run(server);         // until weir_http_server_drain
 *     weir_http_server_destroy(server);
 *
 * Each worker has a keeper task, which accepts connections and watches the idle ones; a handler
 * runs on a task of its own, which begins when the first bytes of a request come and ends when the
 * connection is idle again.  Requests that break the protocol or a limit are answered by the server
 * itself; a handler only sees well-framed ones.
 */
#ifndef WEIR_HTTP_SERVER_SERVER_H
#define WEIR_HTTP_SERVER_SERVER_H

#include <stdint.h>

#include <weir/base/time.h>
#include <weir/http/server/exchange.h>
#include <weir/http/wire/options.h>
#include <weir/io/addr.h>
#include <weir/io/socket.h>
#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_http_server weir_http_server;

/* Answers one request.  Runs on a task of its own; may wait.  `exchange` is lent until the return.
 * What it leaves undone is done: no response becomes 500, a body that was not read is dropped or
 * the connection closed, a response cut short closes the connection.  When the server is stopped
 * the handler's operations report WEIR_ECANCELED. */
typedef void weir_http_handler(weir_io *io, weir_http_exchange *exchange, void *context);

/* How an exchange ended, for logs and counters. */
typedef struct weir_http_outcome {
    int status;             /* of the response; 0: none could be sent */
    int error;              /* why the server or the connection failed it; 0: it did not */
    uint64_t body_bytes;    /* of the response's content, as far as handed to the kernel */
    weir_instant began;     /* monotonic: when its head was complete, or given up */
    weir_duration duration; /* from then to the end of the response */
} weir_http_outcome;

/* Told after each exchange, also of those that the server refused.  `exchange` still answers the
 * accessors; for a refused request its method and target may be empty.  Runs on the exchange's
 * task; the response is handed over already, but what follows on the connection waits for it. */
typedef void weir_http_done(weir_io *io, const weir_http_exchange *exchange,
                            const weir_http_outcome *outcome, void *context);

/* What a server does and allows.  The zero value of each member is its default. */
typedef struct weir_http_server_options {
    weir_http_handler *handler; /* required */
    weir_http_done *done;       /* may be NULL */
    void *context;              /* for both */

    uint32_t max_connections; /* 0: 100,000.  At the limit it stops accepting until one closes: new
                                 clients wait in the kernel's backlog.  Shared out among the
                                 workers */
    uint32_t max_requests;    /* per connection; 0: no limit */

    weir_duration header_timeout; /* from the first byte (or the connection) to the end of the head;
                                     0: 10 s.  Answered 408 if a request had begun */
    weir_duration idle_timeout;   /* between requests; 0: 60 s */
    weir_duration body_timeout;  /* to read a body, plus the time that `min_rate` allows; 0: 30 s */
    weir_duration write_timeout; /* for each 256 KiB or less of a response; 0: 30 s */
    uint32_t min_rate;           /* bytes per second that a body must keep up; 0: 240 */

    uint64_t max_body;             /* bytes of a request's content; 0: 16 MiB; UINT64_MAX: none.
                                      413 */
    uint64_t max_discard;          /* unread content dropped to keep a connection; 0: 64 KiB */
    const weir_http_options *wire; /* limits of the head and leniency, copied; NULL: the strict
                                      defaults.  Its `body` is ignored, and more than 128 `fields`
                                      are never taken */
} weir_http_server_options;

/* Makes a server.  `options` is copied.
 *
 * Returns 0 and *out, to be freed with weir_http_server_destroy; WEIR_EINVAL (no handler, a
 * negative time), WEIR_ENOMEM.  Never waits.  From a task of `io`. */
int weir_http_server_create(weir_io *io, const weir_http_server_options *options,
                            weir_http_server **out);

/* Adds an address to listen on; the port is taken at once, clients are served from run on.  Port 0
 * takes a free one.  May be repeated, up to 16 times.
 *
 * Returns 0, and the real address in *bound (may be NULL); WEIR_EADDRINUSE, WEIR_EADDRNOTAVAIL,
 * WEIR_EACCES and the other errors of weir_listen; WEIR_ELIMIT: too many.  An error changes
 * nothing.  A cancellation point.  Before run, from a task of `io`. */
int weir_http_server_listen(weir_http_server *server, const weir_address *address,
                            weir_address *bound);

/* Serves until the server has been drained.
 *
 * Returns 0 after a drain; WEIR_ECANCELED when the calling task was asked to stop: all connections
 * have been closed then; WEIR_EINVAL: nothing to listen on, or run before; WEIR_ECONCURRENCY,
 * WEIR_ENOMEM: the keepers could not be started.  A listener that fails for good is an error, too.
 * A cancellation point.  Once, from a task of `io`. */
int weir_http_server_run(weir_http_server *server);

/* Ends serving gently: listeners close, idle connections close at once, requests in work are
 * finished with "Connection: close"; what is left at `deadline` is canceled.  run returns when all
 * is done.  Repeating it can only bring the deadline nearer.
 *
 * Never waits.  From any task of the same engine, while the server exists. */
void weir_http_server_drain(weir_http_server *server, weir_deadline deadline);

/* What a server counts.  Values of different workers are not of one instant; requests are counted
 * when their connection has nothing more to do. */
typedef struct weir_http_server_counts {
    uint64_t connections; /* open now */
    uint64_t accepted;    /* in all */
    uint64_t requests;    /* answered by the handler, in all */
    uint64_t refused;     /* requests that the server answered with an error itself */
} weir_http_server_counts;

/* Reads the counters.  From any thread while the server exists. */
weir_http_server_counts weir_http_server_count(const weir_http_server *server);

/* Frees a server that is not running, and closes its listeners.  NULL does nothing.  From a task of
 * `io`. */
void weir_http_server_destroy(weir_http_server *server);

#ifdef __cplusplus
}
#endif
#endif
