/* SPDX-License-Identifier: MIT
 *
 * Unix sockets: names, listeners, streams and packet connections within one machine (unix(7)).
 *
 *     weir_unix_listen -> weir_unix_accept -> weir_unix_stream <- weir_unix_connect
 *
 *     name        made by                          in the file system
 *     path        weir_unix_path("/run/x.sock")    a socket file; its mode and owner guard it
 *     abstract    weir_unix_abstract("name")       nothing; anybody in the network namespace
 *     unnamed     weir_unix_unnamed()              nothing; to bind: the kernel picks a name
 *
 * A weir_unix_stream is a weir_stream (stream/stream.h); what goes beside the bytes (descriptors,
 * credentials) and datagrams are in net/unix_message.h.  Written for Linux: other systems have
 * paths of at most 103 bytes, no abstract names and other calls for credentials.
 *
 * The kernel looks a path up in bind, connect and sends to a name on the thread of the task, and so
 * of the tasks around it: keep socket files on a local file system.
 *
 * Errors that come of a path: WEIR_ENOENT (a part is missing; connect: no such socket),
 * WEIR_ENOTDIR, WEIR_ELOOP, WEIR_EACCES, WEIR_EROFS, WEIR_ENOSPC.  All calls with `io` also return
 * WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOMEM, WEIR_ECANCELED and WEIR_EDEADLINE.
 */
#ifndef WEIR_NET_UNIX_H
#define WEIR_NET_UNIX_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/io/addr.h>
#include <weir/io/socket.h>
#include <weir/net/option.h>
#include <weir/stream/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Names ------------------------------------------------------------------------------------- */

/* The longest path, without its NUL, and the longest abstract name, without its mark.  (A path of
 * 108 bytes without NUL works on Linux alone, and not with every program.) */
enum { WEIR_UNIX_PATH_MAX = 107, WEIR_UNIX_ABSTRACT_MAX = 107 };

typedef enum weir_unix_kind {
    WEIR_UNIX_NONE, /* no address of a Unix socket */
    WEIR_UNIX_UNNAMED,
    WEIR_UNIX_PATH,
    WEIR_UNIX_ABSTRACT,
} weir_unix_kind;

/* The address of a path, relative or absolute.
 * Returns 0 and *out; WEIR_ENAMETOOLONG (over WEIR_UNIX_PATH_MAX bytes), WEIR_EINVAL (empty, or
 * with a NUL inside): *out is untouched.  Never waits. */
int weir_unix_path(weir_bytes path, weir_address *out);

/* The address of an abstract name: any bytes, the empty name and NULs included; they count exactly.
 * Returns 0 and *out; WEIR_ENAMETOOLONG: *out is untouched.  Never waits. */
int weir_unix_abstract(weir_bytes name, weir_address *out);

/* The address of a socket without a name.  Bound to, it makes the kernel pick a free abstract name,
 * which weir_local_address tells. */
weir_address weir_unix_unnamed(void);

/* What an address is. */
weir_unix_kind weir_unix_kind_of(const weir_address *address);

/* The bytes of a path or abstract name, without mark and NUL; empty else.  Borrowed of *address. */
weir_bytes weir_unix_name(const weir_address *address);

/* Binding ----------------------------------------------------------------------------------- */

/* How to bind; zero is the default of each member.
 *
 * Whatever stands at the path already is WEIR_EADDRINUSE: a file, a directory, a symbolic link
 * (also one to a socket), a socket that somebody has bound.  Only with `replace_stale` a socket
 * file that no process is bound to any more, as a killed server leaves it, is removed first.  That
 * is found out without disturbing a live server, and by one process at a time: the directory is
 * locked meanwhile (flock(2)).  A socket file that we have no write permission for cannot be found
 * stale: it stays, WEIR_EADDRINUSE. */
typedef struct weir_unix_options {
    int backlog; /* listeners; 0: 128.  A client beyond it waits in connect */
    bool replace_stale;
    bool keep_file; /* closing leaves the socket file.  Default: it is removed, if it still is the
                       one that was bound */
    uint16_t mode;  /* permissions of the socket file, 0: 0777 less the umask.  Connecting and
                       sending need write permission.  At no moment it has more than these.
                       What the umask forbids is added through /proc: WEIR_EUNSUPPORTED without */
    bool set_user, set_group; /* give the socket file this owner; WEIR_EPERM without privilege.
                                 Datagram sockets: give a mode too, else the file has the umask's
                                 permissions for our own group until it has its owner */
    uint32_t user, group;
    const weir_socket_options *socket; /* borrowed for the call; NULL: none */
} weir_unix_options;

/* The socket file that a bind has made, so that closing removes that one and no other. */
typedef struct weir_unix_file {
    uint64_t device, inode;
    char path[WEIR_UNIX_PATH_MAX + 1]; /* NUL-terminated; empty: closing removes nothing */
} weir_unix_file;

/* Listeners --------------------------------------------------------------------------------- */

/* A listening socket.  A plain value; the holder closes it. */
typedef struct weir_unix_listener {
    weir_socket socket;
    weir_unix_file file;
} weir_unix_listener;

/* A connection of bytes.  A plain value; the holder closes it; it must not move while read_lent is
 * in use. */
typedef struct weir_unix_stream {
    weir_stream stream;
    weir_receiver receiver; /* holds the descriptor, too */
} weir_unix_stream;

/* Listens for streams, or for packet connections (SOCK_SEQPACKET).  `options` may be NULL.
 *
 * The socket file has its mode and owner before the first client can connect.  On an error what was
 * made is removed and closed.
 * Returns 0 and *out; WEIR_EADDRINUSE, WEIR_EINVAL (no Unix address, a mode beyond 0777, mode or
 * owner without a path, a negative backlog), WEIR_EPERM, those of the path, those of
 * weir_socket_options_apply. A cancellation point.  From a task of `io`. */
int weir_unix_listen(weir_io *io, const weir_address *address, const weir_unix_options *options,
                     weir_unix_listener *out);
int weir_unix_listen_packets(weir_io *io, const weir_address *address,
                             const weir_unix_options *options, weir_unix_listener *out);

/* Takes over a listening Unix socket that another process made: one of `type`, SOCK_STREAM or
 * SOCK_SEQPACKET.  `remove_file`: closing it removes the socket file that stands at its path now.
 * Returns 0 and *out; WEIR_EBADF, WEIR_ENOTSOCK, WEIR_EPROTOTYPE (another type), WEIR_EAFNOSUPPORT
 * (no Unix socket), WEIR_EINVAL (it does not listen): the descriptor stays the caller's.
 * A cancellation point.  From a task of `io`. */
int weir_unix_listener_adopt(weir_io *io, int fd, int type, bool remove_file,
                             weir_unix_listener *out);

/* Lets closing leave the socket file: another process goes on with it. */
void weir_unix_listener_keep_file(weir_unix_listener *listener);

/* Removes the socket file, unless it is to be kept or another stands there by now, and closes; who
 * waits to be accepted is reset.  A relative path counts from the directory that is current now.
 * No accept may be in flight.  Not a cancellation point.  From a task of `io`. */
void weir_unix_listener_close(weir_io *io, weir_unix_listener *listener);

/* Waits for a connection.
 * Returns 0 and *out, the caller's to close; errors of weir_accept.  The form _try does not wait:
 * WEIR_EAGAIN.  The form _wait also waits through shortages of descriptors and memory: it pauses
 * 5 ms, then twice as long up to 1 s.
 * A cancellation point; no connection is lost to it.  From a task of `io`. */
int weir_unix_accept(weir_io *io, const weir_unix_listener *listener, weir_unix_stream *out);
int weir_unix_accept_try(weir_io *io, const weir_unix_listener *listener, weir_unix_stream *out);
int weir_unix_accept_wait(weir_io *io, const weir_unix_listener *listener, weir_unix_stream *out);

/* The same for packet connections, whose messages go by net/unix_message.h.  Close the socket with
 * weir_close_socket. */
int weir_unix_accept_packets(weir_io *io, const weir_unix_listener *listener, weir_socket *out);

/* Connections ------------------------------------------------------------------------------- */

/* Connects to a listener.  While its backlog is full it waits and tries again.
 * Returns 0 and *out; WEIR_ENOENT, WEIR_ECONNREFUSED (nobody listens: the file is stale),
 * WEIR_EACCES (no write permission), WEIR_EPROTOTYPE (a socket of another type has the path; each
 * type has abstract names of its own),
 * WEIR_EAFNOSUPPORT (no Unix address); nothing is left open on an error, cancellation included.
 * A cancellation point.  From a task of `io`. */
int weir_unix_connect(weir_io *io, const weir_address *address, weir_unix_stream *out);
int weir_unix_connect_packets(weir_io *io, const weir_address *address, weir_socket *out);

/* Two streams that are connected to each other.  (Pairs of other types: weir_socket_pair.)  Both
 * close on exec; after a fork each process has both ends and closes one.
 * Returns 0 and both; errors of weir_socket_pair.  A cancellation point. */
int weir_unix_pair(weir_io *io, weir_unix_stream out[2]);

/* Makes a stream of a connected socket, which it takes.  Never waits. */
void weir_unix_stream_init(weir_unix_stream *stream, weir_socket socket);

/* The socket of a stream; borrowed. */
static inline weir_socket weir_unix_socket(const weir_unix_stream *stream)
{
    weir_socket socket = {stream->receiver.fd};
    return socket;
}

/* The names of our end and of the peer's; a client's is unnamed unless it was bound.  For people:
 * weir_address_print.  Return 0; WEIR_ENOTCONN.  Cancellation points. */
int weir_unix_local(weir_io *io, const weir_unix_stream *stream, weir_address *out);
int weir_unix_peer(weir_io *io, const weir_unix_stream *stream, weir_address *out);

/* Closes; what was written can still be read by the peer.  Bytes that we have not read reset the
 * connection.  A closed stream is left alone.  Not a cancellation point. */
void weir_unix_close(weir_io *io, weir_unix_stream *stream);

/* Who a process is. */
typedef struct weir_unix_credentials {
    int32_t pid; /* 0: not visible, as the process is of another PID namespace */
    uint32_t user, group;
} weir_unix_credentials;

/* Who has connected, listened or made the pair, as it was at that moment (SO_PEERCRED): the process
 * may have ended since, and its pid be another's.
 * Returns 0 and *out; WEIR_ENOTCONN, WEIR_EAFNOSUPPORT (no Unix socket).  A cancellation point. */
int weir_unix_peer_credentials(weir_io *io, weir_socket socket, weir_unix_credentials *out);

#ifdef __cplusplus
}
#endif
#endif
