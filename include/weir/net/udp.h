/* SPDX-License-Identifier: MIT
 *
 * UDP (RFC 768): sockets for datagrams, one by one, in batches, and as segments of one buffer.
 *
 *      weir_udp_bind     -> receive_from, send_to            a server: many peers
 *      weir_udp_dial     -> send, receive                    a client: one peer, the kernel filters
 *      weir_udp_ask                                          a question, repeated until answered
 *      weir_udp_receive_datagram, weir_udp_reply             with all that the kernel can tell
 *      weir_udp_receive_many, weir_udp_send_many             for speed
 *
 * A datagram comes whole or not at all; an empty one is a datagram, not an end.  Anybody can write
 * any source address into one: a server should not send to an address that has not answered yet
 * more than about three times what came from it (RFC 9000 8.1), and a client should connect, and
 * put something into its questions that a stranger cannot guess.
 *
 * Options not named here are those of net/option.h, on udp.socket.  A datagram is never lost to a
 * cancellation or deadline.  Several tasks may use one socket, but not while it is closed,
 * connected or disconnected.  Errors not named at a call are the negated errno.  Source: udp(7).
 */
#ifndef WEIR_NET_UDP_H
#define WEIR_NET_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <weir/base/bytes.h>
#include <weir/base/time.h>
#include <weir/io/addr.h>
#include <weir/io/op.h>
#include <weir/io/socket.h>
#include <weir/net/ancillary.h>
#include <weir/net/option.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The largest payload over IPv4: 65,535 less the headers.  Over IPv6 it is 20 more. */
#define WEIR_UDP_MAX 65507

/* A UDP socket.  A plain value; the holder closes it. */
typedef struct weir_udp_socket {
    weir_socket socket;
    uint8_t family;     /* WEIR_ADDRESS_IPV4 or WEIR_ADDRESS_IPV6 */
    uint8_t no_cutting; /* the kernel or the device cannot segment; learned on the way */
} weir_udp_socket;

/* Making and ending ------------------------------------------------------------------------- */

/* Makes a socket and binds it to an address; port 0 takes a free one (weir_udp_local tells).
 * `options` may be NULL.  Ports are not shared unless options->reuse_… says so.  An IPv6 socket
 * takes IPv4 too only with options->dual_stack, whatever the system's setting; IPv4 peers then have
 * mapped addresses (::ffff:a.b.c.d).
 *
 * Returns 0 and *out; WEIR_EADDRINUSE, WEIR_EADDRNOTAVAIL, WEIR_EACCES (port below 1024),
 * WEIR_EAFNOSUPPORT (no IP address, or a kernel without IPv6), errors of weir_socket_open and
 * weir_socket_options_apply.  Nothing is left open then.
 * A cancellation point.  From a task of `io`. */
int weir_udp_bind(weir_io *io, const weir_address *address, const weir_socket_options *options,
                  weir_udp_socket *out);

/* Binds to an endpoint text (net/endpoint.h): ":7001" is every address, by one dual-stack socket,
 * on which IPv4 peers have mapped addresses, or IPv4 alone where there is no IPv6.  Of several
 * addresses ("localhost:7001") the first that can be had is taken, and the last error told when
 * none can.  Returns as weir_udp_bind and weir_endpoint_parse. */
int weir_udp_bind_text(weir_io *io, const char *text, const weir_socket_options *options,
                       weir_udp_socket *out);

/* Makes a socket that is not bound; the kernel takes a port when it sends or connects first, and
 * until then its local address is the wildcard with port 0.  Otherwise as weir_udp_bind. */
int weir_udp_open(weir_io *io, weir_address_kind family, const weir_socket_options *options,
                  weir_udp_socket *out);

/* Makes a socket that is connected to `peer`.  Returns as weir_udp_open and weir_udp_connect. */
int weir_udp_dial(weir_io *io, const weir_address *peer, const weir_socket_options *options,
                  weir_udp_socket *out);

/* Makes a UDP socket of one that exists (weir_socket_adopt): takes it.
 * Returns 0 and *out; WEIR_EPROTOTYPE when it is none: it stays the caller's. */
int weir_udp_from_socket(weir_io *io, weir_socket socket, weir_udp_socket *out);

/* Sets whom weir_udp_send sends to; from then on only datagrams of that address are received, and
 * those of others that wait already.  Nothing is sent.  May be called again for another peer.
 * Returns 0; WEIR_ENETUNREACH, WEIR_EACCES (broadcast), WEIR_EAFNOSUPPORT.
 * A cancellation point. */
int weir_udp_connect(weir_io *io, weir_udp_socket *udp, const weir_address *peer);

/* Takes the peer off: receives from all again, at the same port.  Does nothing when there is none.
 * Returns 0; WEIR_EADDRINUSE: the kernel had chosen the port, gives such a port up, and somebody
 * else took it before we could take it again.  A cancellation point at its beginning. */
int weir_udp_disconnect(weir_io *io, weir_udp_socket *udp);

/* Our address, asked each time; the peer's: WEIR_ENOTCONN when there is none.
 * Return 0 or the negated errno.  Cancellation points. */
int weir_udp_local(weir_io *io, const weir_udp_socket *udp, weir_address *out);
int weir_udp_peer(weir_io *io, const weir_udp_socket *udp, weir_address *out);

/* Closes it; does nothing when it is closed.  No operation may be in flight.
 * Not a cancellation point. */
void weir_udp_close(weir_io *io, weir_udp_socket *udp);

/* Plain sending and receiving --------------------------------------------------------------- */

/* Sends a datagram of `len` bytes, also 0, to the peer; or to `to`, on a socket that is not
 * connected to another.
 *
 * Returns `len`; WEIR_EMSGSIZE (more than WEIR_UDP_MAX, or than the path takes when fragmenting is
 * forbidden), WEIR_ECONNREFUSED (an earlier datagram to the peer was refused; reported once,
 * nothing was sent, the next call sends), WEIR_EACCES (to a broadcast address without
 * options.broadcast), WEIR_EPERM (a filter), WEIR_ENETUNREACH, WEIR_EHOSTUNREACH, WEIR_ENETDOWN,
 * WEIR_ENOBUFS, WEIR_ENOMEM, WEIR_EAFNOSUPPORT; WEIR_EDESTADDRREQ: no peer.
 * A cancellation point.  From a task of `io`. */
int64_t weir_udp_send(weir_io *io, weir_udp_socket *udp, const void *data, size_t len);
int64_t weir_udp_send_to(weir_io *io, weir_udp_socket *udp, const void *data, size_t len,
                         const weir_address *to);

/* Waits for a datagram and takes it; *from (unless NULL) is who sent it.
 *
 * Returns its bytes, 0 for an empty one; WEIR_EMSGSIZE: it was longer than `room`, its beginning is
 * in `data` and the rest is lost (weir_udp_receive_datagram tells the length); WEIR_ECONNREFUSED (a
 * datagram to the peer was refused; reported once), WEIR_EHOSTUNREACH and other errors of the
 * network with options.receive_errors; WEIR_ENOMEM.
 * A cancellation point.  From a task of `io`. */
int64_t weir_udp_receive(weir_io *io, weir_udp_socket *udp, void *data, size_t room);
int64_t weir_udp_receive_from(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                              weir_address *from);

/* The same until `deadline`: WEIR_EDEADLINE, and the socket is as before. */
int64_t weir_udp_receive_until(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                               weir_deadline deadline, weir_address *from);

/* The forms that do not wait: WEIR_EAGAIN when they would have to.  `to` and `from` may be NULL. */
int64_t weir_udp_try_send(weir_io *io, weir_udp_socket *udp, const void *data, size_t len,
                          const weir_address *to);
int64_t weir_udp_try_receive(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                             weir_address *from);

/* Wait for a datagram (try: do not), copy it, at most `room` bytes, and leave it there.
 * Return the bytes copied; *from (unless NULL) is who sent it. */
int64_t weir_udp_peek(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                      weir_address *from);
int64_t weir_udp_try_peek(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                          weir_address *from);

/* Waits for a datagram, tells who sent it, and leaves it there.  Returns 0 or an error. */
int weir_udp_peek_sender(weir_io *io, weir_udp_socket *udp, weir_address *from);

/* Prepare ops for weir_submit and weir_select: a plain SEND, or RECEIVE, of a message
 * (io/socket.h), with op->flags to be set by the caller (WEIR_OP_TRY, WEIR_OP_PEEK).
 * Ownership: the message and what it points to are lent until the op has completed. */
void weir_udp_prepare_send(weir_op *op, const weir_udp_socket *udp, weir_message *message);
void weir_udp_prepare_receive(weir_op *op, const weir_udp_socket *udp, weir_message *message);

/* With all that is known -------------------------------------------------------------------- */

/* What goes with one datagram. */
typedef struct weir_datagram {
    weir_address peer; /* from whom, to whom; NONE to send where the socket is connected */
    size_t whole;      /* received: the bytes that were sent, more than were stored if truncated */
    bool truncated;    /* received: it did not fit; the rest is lost */
    weir_ancillary about; /* as options asked for; sent: local and interface, ttl, traffic_class */
} weir_datagram;

/* Waits until `deadline` for a datagram, and takes it (peek: leaves it there; try: does not wait,
 * WEIR_EAGAIN).
 * Returns the bytes stored, at most `room`; errors of weir_udp_receive but WEIR_EMSGSIZE.
 * Cancellation points.  From a task of `io`. */
int64_t weir_udp_receive_datagram(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                                  weir_deadline deadline, weir_datagram *out);
int64_t weir_udp_peek_datagram(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                               weir_deadline deadline, weir_datagram *out);
int64_t weir_udp_try_receive_datagram(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                                      weir_datagram *out);

/* Sends a datagram to how->peer with how->about.
 * Returns and errors as weir_udp_send_to, and weir_ancillary_write; WEIR_EINVAL also for a source
 * address that is not ours. */
int64_t weir_udp_send_datagram(weir_io *io, weir_udp_socket *udp, const void *data, size_t len,
                               const weir_datagram *how);

/* Answers `request`: to its sender, and from the address that it was sent to, which the sender
 * expects, also when the socket is bound to the wildcard.  Needs options.receive_packet_info;
 * without it the kernel chooses the source.  Returns as weir_udp_send_datagram. */
int64_t weir_udp_reply(weir_io *io, weir_udp_socket *udp, const weir_datagram *request,
                       const void *data, size_t len);

/* Whether datagrams come with a count of those lost before for want of room in the receive buffer
 * (about.dropped; SO_RXQ_OVFL).  Returns 0 or the negated errno.  A cancellation point. */
int weir_udp_count_drops(weir_io *io, weir_udp_socket *udp, bool on);

/* Batches ----------------------------------------------------------------------------------- */

/* Fills `count` messages and as many slices for weir_udp_receive_many, before each call: message i
 * gets `size` bytes from data + i * size on, and `control_size` bytes of `control` in the same way
 * (a multiple of 8; 0: no control data; WEIR_ANCILLARY_ROOM is room for all there is).
 * To send what came, set slices[i].iov_len to messages[i].len, and control_len (see
 * weir_ancillary_turn).  Never waits. */
void weir_udp_fill(weir_message *messages, struct iovec *slices, uint32_t count, void *data,
                   size_t size, void *control, size_t control_size);

/* Waits until `deadline` for a datagram, and takes as many as have come, at most `count`; each with
 * its length, sender and `came` as by weir_receive.
 * Returns how many, > 0 (0 for a count of 0); errors of weir_udp_receive but WEIR_EMSGSIZE.
 * A cancellation point.  From a task of `io`. */
int64_t weir_udp_receive_many(weir_io *io, weir_udp_socket *udp, weir_message *messages,
                              uint32_t count, weir_deadline deadline);

/* Sends messages in turn, to their addresses, until all went or one failed.
 *
 * Returns how many went, and *error (unless NULL) is 0 or why the next one did not: it was not
 * sent, and it and those behind it can be sent again or skipped.
 * A cancellation point.  From a task of `io`. */
uint32_t weir_udp_send_many(weir_io *io, weir_udp_socket *udp, weir_message *messages,
                            uint32_t count, int *error);

/* Segments ---------------------------------------------------------------------------------- */

/* Sends `len` bytes as datagrams of `segment` bytes, the last one of what is left, to `to` (NULL:
 * the peer).  The kernel or the network card cuts them (UDP_SEGMENT) where it can, up to 64 at a
 * time, which costs a fraction of sending each; else they are sent one by one in batches.
 *
 * Returns the bytes that went, whole datagrams (0, and none, for `len` 0): fewer than `len` when
 * one failed, and the next call tells why; a negative error of weir_udp_send when the first did;
 * WEIR_EINVAL: `segment` is 0 or above WEIR_UDP_MAX. A cancellation point.  From a task of `io`. */
int64_t weir_udp_send_segments(weir_io *io, weir_udp_socket *udp, const void *data, size_t len,
                               size_t segment, const weir_address *to);

/* Takes the next datagram off the bytes of a message that may hold several (options.udp_gro):
 * `segment` is weir_ancillary_segment's or about.segment; 0: all is one.
 *
 *      weir_bytes rest = weir_bytes_of(data, n), one;
 *      while (weir_udp_next_segment(&rest, segment, &one)) …
 *
 * Returns false when there are no more.  (That an empty datagram came, a count of 0 tells.)  Pure.
 */
bool weir_udp_next_segment(weir_bytes *rest, uint32_t segment, weir_bytes *out);

/* Errors ------------------------------------------------------------------------------------ */

/* What became of a datagram that was sent: an entry of the error queue. */
typedef struct weir_udp_error {
    weir_address destination;   /* whom it was for */
    weir_ancillary_error about; /* why: the error, who reported it */
    uint32_t path_mtu;          /* WEIR_EMSGSIZE: what the path takes; else 0 */
} weir_udp_error;

/* Waits for an entry of the error queue (try: does not, WEIR_EAGAIN) and takes it, so that a socket
 * with many peers learns which of them refused.  Needs options.receive_errors.  Up to `room` bytes
 * of the datagram that the error is about are stored in `data`.
 * Each entry also makes one other call on the socket fail.
 * Returns the bytes stored.  Cancellation points.  From a task of `io`. */
int64_t weir_udp_receive_error(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                               weir_udp_error *out);
int64_t weir_udp_try_receive_error(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                                   weir_udp_error *out);

/* Questions --------------------------------------------------------------------------------- */

/* Whether `answer` belongs to the question: its id fits, and so on.  Called in the asking task; of
 * an answer that is longer than the room, `answer` is the beginning.  Must not wait. */
typedef bool weir_udp_match(void *context, weir_bytes answer);

/* A question and how often to ask. */
typedef struct weir_udp_question {
    weir_bytes data;       /* the datagram to send; borrowed */
    weir_udp_match *match; /* NULL: any datagram of the peer is the answer */
    void *context;
    weir_duration patience; /* until it is sent again, then twice that, up to a minute; 0: 1 s */
    unsigned attempts;      /* how often it is sent; 0: until the deadline */
} weir_udp_question;

/* Asks a connected socket's peer: sends the question, again as it gets no answer, and takes the
 * first datagram that matches.  Others, also late answers to earlier questions, are dropped.
 *
 * Returns the bytes of the answer; WEIR_EDEADLINE: none by `deadline`, or within the time of the
 * last attempt; WEIR_EMSGSIZE: it is longer than `room`, its beginning is in `answer`;
 * WEIR_ECONNREFUSED: nobody is there; WEIR_ENOTCONN: the socket has no peer; errors of
 * weir_udp_send.
 * A cancellation point.  From a task of `io`; one question at a time on a socket. */
int64_t weir_udp_ask(weir_io *io, weir_udp_socket *udp, const weir_udp_question *question,
                     void *answer, size_t room, weir_deadline deadline);

#ifdef __cplusplus
}
#endif
#endif
