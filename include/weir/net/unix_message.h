/* SPDX-License-Identifier: MIT
 *
 * Messages over Unix sockets: datagrams, packets, and what goes beside the bytes of any of them:
 * open descriptors and the sender's credentials (unix(7)).
 *
 *      kind          made by                             a message is
 *      datagram      weir_unix_datagram_bind, _open      whole or too long; with its sender's name
 *      packet        weir_unix_connect_packets, accept   whole or too long; in order, from the peer
 *      stream        weir_unix_stream, weir_unix_socket  some bytes
 *      (pairs of each: weir_socket_pair)
 *
 * Descriptors on a stream.  They stick to the first byte that they were sent with.  One receive
 * ends with the bytes of that send, and may begin with bytes of earlier sends that carried none;
 * so a receive never mixes the descriptors of two sends, but which byte they belong to is for the
 * protocol to say: as a rule the first byte of a message that was sent by one call.  Whoever reads
 * these bytes by another call (weir_read, a weir_stream) loses the descriptors: the kernel closes
 * them.
 *
 * What is received is checked as from a stranger: descriptors beyond the room that the caller gave,
 * and those that nobody asked for, are closed and counted.
 */
#ifndef WEIR_NET_UNIX_MESSAGE_H
#define WEIR_NET_UNIX_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <weir/base/bytes.h>
#include <weir/io/addr.h>
#include <weir/io/socket.h>
#include <weir/net/unix.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The most descriptors that one message carries (the kernel's SCM_MAX_FD). */
enum { WEIR_UNIX_DESCRIPTORS = 253 };

/* A message to send; zero is a good beginning.  All that it points to is borrowed for the call. */
typedef struct weir_unix_outgoing {
    const struct iovec *data;
    uint32_t count;            /* slices, at most 1024 */
    uint32_t descriptor_count; /* at most WEIR_UNIX_DESCRIPTORS */
    const int *descriptors;    /* stay ours, and open; the receiver gets duplicates */
    const weir_unix_credentials *credentials; /* NULL: our own, if the receiver wants any.  Another
                                                 pid, user or group needs privilege: WEIR_EPERM */
    const weir_address *to;                   /* datagram that is not connected, else NULL */
} weir_unix_outgoing;

/* A message that is received: the first members say what there is room for, the others what came.
 */
typedef struct weir_unix_incoming {
    struct iovec *data; /* borrowed */
    uint32_t count;     /* slices, at most 1024 */
    uint32_t room;      /* descriptors that are wanted */
    int *descriptors;   /* borrowed; the first `descriptor_count` are the caller's to close
                           (weir_close_socket); they are close-on-exec */
    bool peek; /* leave it to be received again; descriptors that come are further duplicates */

    bool truncated;       /* the message was longer than the room; the rest is lost */
    bool control_cut;     /* the kernel could not deliver all that goes beside the bytes: our limit
                             of open descriptors; what is missing, it has closed */
    bool has_credentials; /* needs weir_option_set_pass_credentials, before the message is sent */
    uint32_t descriptor_count;
    uint32_t closed; /* descriptors that came and were not wanted: closed */
    uint32_t length; /* of the whole datagram or packet; of a stream, what was stored */
    weir_unix_credentials credentials;
    weir_address from; /* datagram: the sender's name, or unnamed: it cannot be answered */
} weir_unix_incoming;

/* Sends a message.
 *
 * Returns the bytes sent: the whole datagram or packet; of a stream maybe fewer than all, and the
 * descriptors went with the first: send the rest without them.
 * WEIR_EINVAL (descriptors or credentials without a byte to go with, too many), WEIR_EMSGSIZE (a
 * datagram or packet larger than the send buffer), WEIR_EBADF (of a descriptor),
 * WEIR_ETOOMANYREFS (more in flight than we may have open), WEIR_EPIPE, WEIR_ENOTCONN, WEIR_EPERM,
 * WEIR_ECONNREFUSED (nobody is bound to the name, or the receiver was closed), WEIR_ECONNRESET,
 * WEIR_ENOENT, WEIR_EACCES.  While the queue of the receiver is full it waits, when the receiver is
 * named by `to` by trying again after 1 ms, 2 ms … 64 ms.
 * A cancellation point: on an error nothing went.  From one sending task at a time. */
int64_t weir_unix_send(weir_io *io, weir_socket socket, const weir_unix_outgoing *message);

/* Sends all of `len` bytes over a stream, the descriptors once, with the first of them.
 * Returns `len`, fewer when an error ended it part way (the next call tells which), or an error of
 * weir_unix_send when nothing went.  A cancellation point. */
int64_t weir_unix_send_all(weir_io *io, weir_socket socket, const void *data, size_t len,
                           const int *descriptors, uint32_t descriptor_count);

/* Receives a message.
 *
 * Returns the bytes stored, and what came in *message.  0 is the end of a stream; of packets the
 * end or an empty one, which cannot be told apart: do not send any; of datagrams an empty one.
 * WEIR_ENOTCONN, WEIR_ECONNRESET (the peer closed without reading all), WEIR_EINVAL.  The form _try
 * does not wait: WEIR_EAGAIN.
 * A cancellation point: on an error nothing was taken, and no descriptor came. */
int64_t weir_unix_receive(weir_io *io, weir_socket socket, weir_unix_incoming *message);
int64_t weir_unix_receive_try(weir_io *io, weir_socket socket, weir_unix_incoming *message);

/* Datagrams --------------------------------------------------------------------------------- */

/* A datagram socket.  A plain value; the holder closes it. */
typedef struct weir_unix_datagram {
    weir_socket socket;
    weir_unix_file file;
} weir_unix_datagram;

/* Makes a socket with a name, so that it can be sent to; weir_unix_unnamed() lets the kernel pick
 * one.  `options` may be NULL.  Returns as weir_unix_listen.  A cancellation point. */
int weir_unix_datagram_bind(weir_io *io, const weir_address *address,
                            const weir_unix_options *options, weir_unix_datagram *out);

/* Makes a socket without a name, to send from.  Returns 0 and *out; errors of weir_socket_open.
 * A cancellation point. */
int weir_unix_datagram_open(weir_io *io, weir_unix_datagram *out);

/* Names the one peer that is sent to, and received from.  Can be repeated.
 * Returns 0; WEIR_ENOENT, WEIR_ECONNREFUSED (nobody is bound to it), WEIR_EACCES, WEIR_EPROTOTYPE
 * (another kind of socket), WEIR_EPERM (the peer is connected to somebody else), WEIR_EAFNOSUPPORT.
 * A cancellation point. */
int weir_unix_datagram_connect(weir_io *io, weir_unix_datagram *datagram,
                               const weir_address *address);

/* Sends a datagram to a name, or with NULL to the peer.  Returns `len`; errors of weir_unix_send.
 * The form _try does not wait for room: WEIR_EAGAIN.  A cancellation point. */
int64_t weir_unix_send_to(weir_io *io, const weir_unix_datagram *datagram, const void *data,
                          size_t len, const weir_address *to);
int64_t weir_unix_send_to_try(weir_io *io, const weir_unix_datagram *datagram, const void *data,
                              size_t len, const weir_address *to);

/* Receives a datagram into `data`.
 * Returns its whole length: when it is more than `size`, the rest is lost (a peek loses nothing:
 * weir_unix_peek_from).  An empty datagram is 0 and no end.  *from, unless NULL, is the sender's
 * name, or unnamed.  Errors of weir_unix_receive.  A cancellation point. */
int64_t weir_unix_receive_from(weir_io *io, const weir_unix_datagram *datagram, void *data,
                               size_t size, weir_address *from);
int64_t weir_unix_peek_from(weir_io *io, const weir_unix_datagram *datagram, void *data,
                            size_t size, weir_address *from);

/* Removes the socket file as weir_unix_listener_close does, and closes.  Not a cancellation point.
 */
void weir_unix_datagram_close(weir_io *io, weir_unix_datagram *datagram);

/* Handing listeners over -------------------------------------------------------------------- */

/* The longest tag. */
enum { WEIR_UNIX_TAG_MAX = 255 };

/* A listening socket that came with a tag. */
typedef struct weir_unix_handed {
    weir_socket socket; /* ours to close; close-on-exec and non-blocking */
    int family, type;   /* AF_INET …, SOCK_STREAM or SOCK_SEQPACKET */
    uint8_t tag_len;
    char tag[WEIR_UNIX_TAG_MAX];
} weir_unix_handed;

/* Sends a listening socket, with a tag that says which it is, over a connected socket of any kind
 * (one message: a byte with the tag's length, the tag, one descriptor).  It stays ours, too: both
 * processes accept until one closes.  Closing a weir_unix_listener after that: keep its file.
 * Returns 0; WEIR_EINVAL (the tag is too long; it does not listen), errors of weir_unix_send.
 * A cancellation point. */
int weir_unix_send_listener(weir_io *io, weir_socket channel, weir_socket listener, weir_bytes tag);

/* Receives what weir_unix_send_listener has sent, and checks it.
 * Returns 1 and *out; 0 at the end of the stream.  Errors: WEIR_EPROTO (no such message, another
 * number of descriptors than one, what came does not listen), WEIR_ENOTSOCK; what came is closed
 * and the next message can be received.  Errors of weir_unix_receive.
 * A cancellation point: a listener that has come is not lost to it. */
int weir_unix_receive_listener(weir_io *io, weir_socket channel, weir_unix_handed *out);

#ifdef __cplusplus
}
#endif
#endif
