/* SPDX-License-Identifier: MIT
 *
 * TCP: listeners and streams as typed values over the socket operations (RFC 9293).
 *
 *     weir_tcp_listen -> weir_tcp_accept -> weir_tcp_stream <- weir_tcp_connect
 *
 * A weir_tcp_stream is a weir_stream (stream/stream.h): pass &tcp.stream wherever one is wanted.
 * Timeouts are scopes (io/scope.h) or the deadlines of the stream verbs.  Streams have TCP_NODELAY
 * set: they send what is written at once.
 */
#ifndef WEIR_NET_TCP_H
#define WEIR_NET_TCP_H

#include <weir/io/socket.h>
#include <weir/stream/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How to listen; zero is the default of each member. */
typedef struct weir_listen_options {
    int backlog; /* 0: 128.  The kernel caps it (net.core.somaxconn); when it is full, Linux drops
                    the client's last ACK and the client tries again */
    bool no_reuse_address; /* default: SO_REUSEADDR, so that a restart can bind at once */
    bool reuse_port;       /* SO_REUSEPORT: several listeners share the port on purpose */
    bool accept_ipv4;      /* IPv6 wildcard: take IPv4 clients too.  Default: IPV6_V6ONLY */
    bool delay; /* TCP: keep Nagle's delay.  Default: TCP_NODELAY, inherited by children */
} weir_listen_options;

/* A listening socket.  A plain value; the holder closes it. */
typedef struct weir_tcp_listener {
    weir_socket socket;
} weir_tcp_listener;

/* A connection.  A plain value; the holder closes it; it must not move while read_lent is in use.
 */
typedef struct weir_tcp_stream {
    weir_stream stream;
    weir_receiver receiver; /* holds the descriptor, too */
} weir_tcp_stream;

/* Listens on an address; port 0 takes a free one.  `options` may be NULL.
 * Returns 0 and *out; errors of weir_bind: WEIR_EADDRINUSE, WEIR_EADDRNOTAVAIL, WEIR_EACCES …
 * A cancellation point.  From a task of `io`. */
int weir_tcp_listen(weir_io *io, const weir_address *address, const weir_listen_options *options,
                    weir_tcp_listener *out);

/* Listens on the first address of an endpoint text (net/endpoint.h): "8080", ":8080" (all IPv4
 * addresses), "[::1]:80".  Returns as weir_tcp_listen and weir_endpoint_parse. */
int weir_tcp_listen_text(weir_io *io, const char *text, weir_tcp_listener *out);

/* The address that a listener is bound to, with the real port.  Returns 0 or the negated errno. */
int weir_tcp_listener_address(weir_io *io, weir_tcp_listener listener, weir_address *out);

/* Closes a listener; clients that wait to be accepted are reset.  No accept may be in flight. */
void weir_tcp_listener_close(weir_io *io, weir_tcp_listener listener);

/* Waits for a connection.
 * Returns 0 and *out, the caller's to close; errors of weir_accept.  WEIR_EMFILE, WEIR_ENFILE,
 * WEIR_ENOBUFS and WEIR_ENOMEM come at once each time until the shortage ends: an accept loop uses
 * weir_tcp_accept_wait or a weir_acceptor.  A cancellation point; no connection is lost to it. */
int weir_tcp_accept(weir_io *io, weir_tcp_listener listener, weir_tcp_stream *out);

/* Waits for a connection, also through shortages of descriptors and memory: it pauses 5 ms, then
 * twice as long up to 1 s, and tries again.  Returns as weir_tcp_accept without those errors. */
int weir_tcp_accept_wait(weir_io *io, weir_tcp_listener listener, weir_tcp_stream *out);

/* Connects to an address.
 * Returns 0 and *out; errors of weir_socket_open and weir_connect; the socket is closed on every
 * error, cancellation included.  The time limit is the scope's, else the kernel's (minutes).
 * A cancellation point.  From a task of `io`. */
int weir_tcp_connect(weir_io *io, const weir_address *address, weir_tcp_stream *out);

/* Connects to an endpoint text, trying each of its addresses in turn.
 * Returns as weir_tcp_connect: the error is that of the last address tried. */
int weir_tcp_connect_text(weir_io *io, const char *text, weir_tcp_stream *out);

/* Makes a stream of a connected socket, which it takes.  Never waits. */
void weir_tcp_stream_init(weir_tcp_stream *tcp, weir_socket socket);

/* The socket of a stream; borrowed. */
static inline weir_socket weir_tcp_socket(const weir_tcp_stream *tcp)
{
    weir_socket socket = {tcp->receiver.fd};
    return socket;
}

/* The addresses of our end and of the peer's.  Return 0; WEIR_ENOTCONN. */
int weir_tcp_local(weir_io *io, const weir_tcp_stream *tcp, weir_address *out);
int weir_tcp_peer(weir_io *io, const weir_tcp_stream *tcp, weir_address *out);

/* Sends small writes at once (true, the default here) or lets the kernel gather them.
 * Returns 0 or the negated errno. */
int weir_tcp_set_nodelay(weir_io *io, weir_tcp_stream *tcp, bool on);

/* The stream verbs for a TCP stream, without the way over the table; see stream/stream.h. */
int64_t weir_tcp_read(weir_io *io, weir_tcp_stream *tcp, void *data, size_t len);
int64_t weir_tcp_write(weir_io *io, weir_tcp_stream *tcp, const void *data, size_t len);
int64_t weir_tcp_write_all(weir_io *io, weir_tcp_stream *tcp, const void *data, size_t len);

/* Closes; what was written still goes out, but when bytes of the peer are unread the kernel resets
 * the connection and may take it back: weir_tcp_finish avoids that.  Not a cancellation point. */
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
