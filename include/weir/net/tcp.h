/* SPDX-License-Identifier: MIT
 *
 * TCP: listeners and streams as typed values over the socket operations (RFC 9293).
 *
 *     weir_tcp_listen -> weir_tcp_accept -> weir_tcp_stream <- weir_tcp_connect
 *
 * A weir_tcp_stream is a weir_stream (stream/stream.h): pass &tcp.stream wherever one is wanted, to
 * read exactly, peek, try, write slices, lend, send files, wait for readiness.  Timeouts are scopes
 * (io/scope.h), the deadlines of the stream verbs, or the stream's own.  Streams have TCP_NODELAY
 * set: they send what is written at once.  Options: net/option.h on weir_tcp_socket.  Urgent data
 * (RFC 6093) is left out on purpose.
 */
#ifndef WEIR_NET_TCP_H
#define WEIR_NET_TCP_H

#include <weir/io/socket.h>
#include <weir/net/option.h>
#include <weir/stream/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_policy weir_policy; /* net/policy.h */

/* How to listen; zero is the default of each member.
 *
 * SO_REUSEADDR is on by default: without it a server that closed its connections first cannot bind
 * again for a minute.  On Linux that is all it does for TCP: it never lets another listener take a
 * port that is listened on.  Sharing a port is SO_REUSEPORT, `reuse_port` of `socket`. */
typedef struct weir_tcp_listen_options {
    int backlog;     /* connections that wait to be accepted; 0: 128; WEIR_OPTION_ZERO: as few as
                        the kernel can, one.  The kernel caps it (net.core.somaxconn).  When it is
                        full, Linux drops the last ACK of a handshake and the client tries again;
                        it is refused only if net.ipv4.tcp_abort_on_overflow is set */
    bool dual_stack; /* IPv6 wildcard: take IPv4 clients too, as ::ffff:a.b.c.d.  Default: IPv6
                        alone, whatever net.ipv6.bindv6only says */
    bool no_reuse_address;
    const weir_socket_options *socket; /* more options, set before binding; accepted connections
                                          inherit them.  Borrowed; NULL: none */
} weir_tcp_listen_options;

/* How to connect; zero is the default of each member.  What it points to is borrowed. */
typedef struct weir_tcp_connect_options {
    const weir_address *local; /* address to connect from; with port 0 the port is chosen at the
                                  connect, and shared by connections to different peers
                                  (IP_BIND_ADDRESS_NO_PORT).  NULL: the system picks */
    const weir_policy *policy; /* asked about every address before any packet; NULL: all pass */
    const weir_socket_options *socket; /* set before connecting; NULL: none */
    weir_duration timeout;             /* for each address; 0: the kernel's, about two minutes */
} weir_tcp_connect_options;

/* Addresses that a connect has tried in vain. */
#define WEIR_CONNECT_FAILURES 8

typedef struct weir_connect_failure {
    weir_address address;
    int error;
} weir_connect_failure;

typedef struct weir_connect_report {
    weir_connect_failure failures[WEIR_CONNECT_FAILURES]; /* the first ones */
    uint32_t kept;                                        /* of them, how many are set */
    uint32_t total;                                       /* how many there were */
} weir_connect_report;

/* A listening socket.  A plain value; the holder closes it. */
typedef struct weir_tcp_listener {
    weir_socket socket;
} weir_tcp_listener;

/* A connection.  A plain value; the holder closes it; it must not move while read_lent is in use.
 */
typedef struct weir_tcp_stream {
    weir_stream stream;
    weir_receiver receiver;                    /* holds the descriptor, too */
    weir_duration read_timeout, write_timeout; /* of each call; 0: none */
} weir_tcp_stream;

/* Listening --------------------------------------------------------------------------------- */

/* Listens on an address; port 0 takes a free one.  `options` may be NULL.
 *
 * Returns 0 and *out; WEIR_EADDRINUSE, WEIR_EADDRNOTAVAIL, WEIR_EAFNOSUPPORT (no IPv6 here),
 * WEIR_EACCES (a port below 1024), WEIR_EINVAL (no IP address, a negative backlog), and errors of
 * weir_socket_open, weir_socket_options_apply, weir_bind, weir_listen.  Nothing is left open then.
 * A cancellation point.  From a task of `io`. */
int weir_tcp_listen(weir_io *io, const weir_address *address,
                    const weir_tcp_listen_options *options, weir_tcp_listener *out);

/* Listens on an endpoint text (net/endpoint.h): "8080" (loopback), "[::1]:80", ":8080": every
 * address, by one dual-stack listener, or IPv4 alone where there is no IPv6.  Of several addresses
 * ("localhost:80") the first that can be had is taken, and the last error told when none can.
 * Returns as weir_tcp_listen and weir_endpoint_parse. */
int weir_tcp_listen_text(weir_io *io, const char *text, weir_tcp_listener *out);

/* Listens on the first of `count` addresses that can be had; `options` may be NULL.
 * Returns as weir_tcp_listen, with the error of the last one when none can; WEIR_EINVAL for no
 * address.  A cancellation or a scope's deadline ends the round. */
int weir_tcp_listen_any(weir_io *io, const weir_address *addresses, size_t count,
                        const weir_tcp_listen_options *options, weir_tcp_listener *out);

/* Takes over a TCP socket of either family that another process, or other code, has made: one that
 * listens, one that is connected.  It becomes close-on-exec and non-blocking.
 *
 * Return 0 and *out, ours to close; WEIR_EBADF, WEIR_ENOTSOCK, WEIR_EAFNOSUPPORT (no IP socket),
 * WEIR_EPROTOTYPE (another type or protocol than TCP), WEIR_EINVAL (it does not listen),
 * WEIR_ENOTCONN (it is not connected): the descriptor stays the caller's, as it was.
 * Cancellation points.  From a task of `io`. */
int weir_tcp_listener_adopt(weir_io *io, int fd, weir_tcp_listener *out);
int weir_tcp_stream_adopt(weir_io *io, int fd, weir_tcp_stream *out);

/* The address that a listener is bound to, with the real port.  Returns 0 or the negated errno. */
int weir_tcp_listener_address(weir_io *io, weir_tcp_listener listener, weir_address *out);

/* Closes a listener; clients that wait to be accepted are reset.  No accept may be in flight. */
void weir_tcp_listener_close(weir_io *io, weir_tcp_listener listener);

/* Step by step ------------------------------------------------------------------------------ */

/* Makes a TCP socket for addresses of `kind` (WEIR_ADDRESS_IPV4, _IPV6) and applies `options`
 * (NULL: TCP_NODELAY alone), to set more on it (net/option.h) before one of the next two calls.
 * Returns 0 and *out, the caller's to close or to hand over; errors as of weir_tcp_listen. */
int weir_tcp_open(weir_io *io, weir_address_kind kind, const weir_socket_options *options,
                  weir_socket *out);

/* Binds a socket to an address (NULL: it is bound already) and listens with it; `backlog` as in
 * weir_tcp_listen_options.
 * Ownership: takes the socket; it is closed on every error.  Otherwise as weir_tcp_listen. */
int weir_tcp_listen_on(weir_io *io, weir_socket socket, const weir_address *address, int backlog,
                       weir_tcp_listener *out);

/* Connects a socket.  Takes it; it is closed on every error.  Otherwise as weir_tcp_connect. */
int weir_tcp_connect_on(weir_io *io, weir_socket socket, const weir_address *address,
                        weir_tcp_stream *out);

/* Accepting --------------------------------------------------------------------------------- */

/* Waits for a connection.
 *
 * Connections that died before they were taken are skipped inside (weir_accept lists their errors).
 * Returns 0 and *out, the caller's to close; errors of weir_accept.  WEIR_EMFILE, WEIR_ENFILE,
 * WEIR_ENOBUFS and WEIR_ENOMEM come at once each time until the shortage ends, and WEIR_EPERM when
 * a firewall's rule forbids the connection: an accept loop uses weir_tcp_accept_wait, incoming.h
 * or serve.h.  WEIR_EINVAL: it does not listen.  A cancellation point; no connection is lost. */
int weir_tcp_accept(weir_io *io, weir_tcp_listener listener, weir_tcp_stream *out);

/* The same, and who it is.  A peer that has left already may be WEIR_ADDRESS_NONE. */
int weir_tcp_accept_peer(weir_io *io, weir_tcp_listener listener, weir_tcp_stream *out,
                         weir_address *peer);

/* As weir_tcp_accept, but WEIR_EAGAIN when no connection waits. */
int weir_tcp_try_accept(weir_io *io, weir_tcp_listener listener, weir_tcp_stream *out);

/* Waits for a connection, also through shortages of descriptors and memory, a firewall's refusals
 * and all else that may pass: it pauses 5 ms, then twice as long up to 1 s, and tries again.
 * Returns as weir_tcp_accept without those errors. */
int weir_tcp_accept_wait(weir_io *io, weir_tcp_listener listener, weir_tcp_stream *out);

/* Fills `op` with an accept, for weir_select or a queue: its result is a descriptor, for
 * weir_tcp_stream_init, or an error of weir_tcp_accept.  (To wait without taking, submit a
 * WEIR_OP_POLL for WEIR_POLL_READ.) */
void weir_tcp_accept_op(weir_op *op, weir_tcp_listener listener);

/* Connecting -------------------------------------------------------------------------------- */

/* Connects to an address.
 *
 * Returns 0 and *out; WEIR_ECONNREFUSED, WEIR_ETIMEDOUT (the network's limit), WEIR_EDEADLINE
 * (ours), WEIR_ENETUNREACH, WEIR_EHOSTUNREACH, WEIR_ENETDOWN, WEIR_ECONNRESET, WEIR_EADDRNOTAVAIL
 * (no free port, `local` is not ours, or the port to connect to is 0, where nobody can listen),
 * WEIR_EAFNOSUPPORT, WEIR_EACCES, WEIR_EPERM (a firewall),
 * WEIR_EPOLICY; errors of weir_socket_open.  The socket is closed on every error, cancellation
 * included.  A cancellation point.  From a task of `io`. */
int weir_tcp_connect(weir_io *io, const weir_address *address, weir_tcp_stream *out);

/* The same with options, which may be NULL. */
int weir_tcp_connect_with(weir_io *io, const weir_address *address,
                          const weir_tcp_connect_options *options, weir_tcp_stream *out);

/* Tries `count` addresses in turn until one connects.
 *
 * Returns 0 and *out; else the error of the last one, and *report (unless NULL) tells each; a
 * cancellation or a scope's deadline ends the round.  WEIR_EINVAL for no address. */
int weir_tcp_connect_any(weir_io *io, const weir_address *addresses, size_t count,
                         const weir_tcp_connect_options *options, weir_connect_report *report,
                         weir_tcp_stream *out);

/* Connects to an endpoint text, trying each of its addresses; host names are the resolver's.
 * Returns as weir_tcp_connect_any and weir_endpoint_parse. */
int weir_tcp_connect_text(weir_io *io, const char *text, weir_tcp_stream *out);

/* The same with options and a report, either of which may be NULL. */
int weir_tcp_connect_text_with(weir_io *io, const char *text,
                               const weir_tcp_connect_options *options, weir_connect_report *report,
                               weir_tcp_stream *out);

/* Writes a report for a person, NUL-terminated, cut to `size` (at least 1):
 * "192.0.2.1:80: connection refused; [2001:db8::1]:80: network is unreachable; 3 more".
 * Returns the whole length.  Never waits. */
size_t weir_connect_report_print(const weir_connect_report *report, char *out, size_t size);

/* Streams ----------------------------------------------------------------------------------- */

/* Makes a stream of a connected socket, which it takes.  Never waits. */
void weir_tcp_stream_init(weir_tcp_stream *tcp, weir_socket socket);

/* The socket of a stream; borrowed. */
static inline weir_socket weir_tcp_socket(const weir_tcp_stream *tcp)
{
    weir_socket socket = {tcp->receiver.fd};
    return socket;
}

/* The addresses of our end and of the peer's; weir_address_print makes "ip:port" of them.
 * Return 0; WEIR_ENOTCONN. */
int weir_tcp_local(weir_io *io, const weir_tcp_stream *tcp, weir_address *out);
int weir_tcp_peer(weir_io *io, const weir_tcp_stream *tcp, weir_address *out);

/* How long each reading or writing call may take from now on: WEIR_EDEADLINE after that, with
 * nothing read, or as much written as its result says.  weir_forever() takes it off.  Ops that are
 * submitted (weir_stream_prepare_…) have deadlines of their own instead.
 * Return 0; WEIR_EINVAL for zero or less.  Never wait.  From the reading or the writing task. */
int weir_tcp_set_read_timeout(weir_tcp_stream *tcp, weir_duration timeout);
int weir_tcp_set_write_timeout(weir_tcp_stream *tcp, weir_duration timeout);

/* The stream verbs for a TCP stream, without the way over the table; see stream/stream.h.  The
 * stream's timeouts do not count for them. */
int64_t weir_tcp_read(weir_io *io, weir_tcp_stream *tcp, void *data, size_t len);
int64_t weir_tcp_write(weir_io *io, weir_tcp_stream *tcp, const void *data, size_t len);
int64_t weir_tcp_write_all(weir_io *io, weir_tcp_stream *tcp, const void *data, size_t len);

/* Ends a direction: SHUT_WR sends FIN after what was written and reading goes on; SHUT_RD is a
 * matter of this machine alone: on Linux reads return the end once what has come is read, and what
 * comes later is taken all the same; the peer is not told.
 * Returns 0; WEIR_ENOTCONN, also when the peer has reset the connection. */
int weir_tcp_shutdown(weir_io *io, weir_tcp_stream *tcp, int how);

/* Closes; nothing the second time.  What was written still goes out, in the background, but when
 * bytes of the peer are unread the kernel resets the connection and may take it back:
 * weir_tcp_finish avoids that.  Not a cancellation point. */
void weir_tcp_close(weir_io *io, weir_tcp_stream *tcp);

/* Closes with care: ends our direction, reads and drops until the peer ends its own, `limit` bytes
 * have come or `deadline` passes, and closes.
 * Returns 0 when the peer closed, WEIR_ELIMIT, WEIR_EDEADLINE or the read's error when not; the
 * stream is closed in every case.  A cancellation point. */
int weir_tcp_finish(weir_io *io, weir_tcp_stream *tcp, uint64_t limit, weir_deadline deadline);

/* Closes with a reset: the peer gets WEIR_ECONNRESET, unsent data is dropped. */
void weir_tcp_abort(weir_io *io, weir_tcp_stream *tcp);

#ifdef __cplusplus
}
#endif
#endif
