/* SPDX-License-Identifier: MIT
 *
 * Sockets: the operations on a descriptor, for stream and datagram sockets of any family.
 *
 * The floor `net` puts typed streams and listeners on top.  All sockets made here are close-on-exec
 * and non-blocking; a descriptor used with an engine is closed with weir_close_socket.  No call
 * raises SIGPIPE.  Errors not named at a call are the negated errno of its system call.
 */
#ifndef WEIR_IO_SOCKET_H
#define WEIR_IO_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <weir/base/time.h>
#include <weir/io/addr.h>
#include <weir/io/op.h>
#include <weir/io/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A socket.  A plain value; the holder closes it.  {-1} is none. */
typedef struct weir_socket {
    int fd;
} weir_socket;

/* Which ends are ready (weir_poll). */
enum {
    WEIR_POLL_READ = 1,  /* bytes, a connection, or the end of the stream can be taken */
    WEIR_POLL_WRITE = 2, /* bytes can be given */
    WEIR_POLL_ERROR = 4, /* the connection failed or hung up; always reported */
};

/* A standing receive on one connected stream socket: bytes arrive in buffers that the engine lends,
 * so a connection that waits holds no buffer of its own.
 *
 * While it is open (from the first READ_LENT until weir_receiver_stop), all reading from the socket
 * goes through it.  Used by one task at a time.  The members are the engine's; it must not move
 * while it is open.  Initialise with weir_receiver_init. */
struct weir_receiver {
    int32_t fd;
    int32_t ended;  /* 1: end of stream seen; negative: error seen; after the chunks are taken */
    int32_t failed; /* why the connection broke, as other calls of its stream have met it; atomic */
    uint16_t state; /* the engine's */
    uint8_t watched;   /* the engine's: how it receives, because messages are large … */
    uint8_t misfits;   /* … and how many in a row were not as it expects */
    uint32_t chunks;   /* how many have arrived and are not taken */
    void *head, *tail; /* arrived, not yet taken */
    weir_op *waiter;   /* the READ_LENT or RECEIVER_STOP in flight */
    void *home;        /* the worker that receives */
};

/* A lent buffer with bytes in it: the caller's to read (and to overwrite) until weir_give_back.
 * Zero it before its first use. */
struct weir_lent {
    char *data;
    uint32_t len;
    uint32_t id; /* the engine's */
    void *home;  /* the engine's; NULL when nothing is lent */
};

/* What is asked of one message, and what came with it. */
enum {
    WEIR_MESSAGE_ERRORS = 1,    /* RECEIVE: from the error queue (MSG_ERRQUEUE); and: it is one */
    WEIR_MESSAGE_LENGTH = 2,    /* RECEIVE of a datagram: tell its whole length (MSG_TRUNC) */
    WEIR_MESSAGE_TRUNCATED = 4, /* came: the datagram was longer than the room */
    WEIR_MESSAGE_CONTROL_TRUNCATED = 8, /* came: so was its control data; descriptors that did not
                                           fit are closed by the kernel */
    WEIR_MESSAGE_RECORD_END = 16,       /* both ways: the end of a record (SOCK_SEQPACKET) */
    WEIR_MESSAGE_MORE = 32,             /* SEND: more follows at once (MSG_MORE) */
};

/* One message to send or receive: a datagram, or bytes of a stream that control data go with.
 * Zero is a good beginning; set data, count, and what else is wanted. */
struct weir_message {
    struct iovec *data;   /* where the bytes are or go */
    uint32_t count;       /* slices, at most 1024 */
    uint16_t flags;       /* asked for: ERRORS, LENGTH, RECORD_END, MORE */
    uint16_t came;        /* RECEIVE: ERRORS, TRUNCATED, CONTROL_TRUNCATED, RECORD_END */
    void *control;        /* cmsg(3) data: SEND: to send; RECEIVE: room, aligned as size_t */
    uint32_t control_len; /* bytes of it; RECEIVE: the room, then what came */
    uint32_t len;         /* bytes that were sent or stored; with LENGTH, of the whole datagram */
    weir_address address; /* SEND: to whom, NONE when connected; RECEIVE: from whom */
};

/* Makes a socket: socket(2) with SOCK_CLOEXEC and SOCK_NONBLOCK.
 * Returns 0 and *out; WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOBUFS, WEIR_ENOMEM, WEIR_EAFNOSUPPORT,
 * WEIR_EACCES.  A cancellation point.  From a task of `io`. */
int weir_socket_open(weir_io *io, int family, int type, int protocol, weir_socket *out);

/* Makes two connected Unix sockets of a type: SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET.
 * socketpair(2).  Returns 0 and both; errors of weir_socket_open.
 * A cancellation point.  From a task of `io`. */
int weir_socket_pair(weir_io *io, int type, weir_socket out[2]);

/* A second descriptor of the same open socket, close-on-exec: fcntl(2) F_DUPFD_CLOEXEC.  Options,
 * position in the stream and the non-blocking flag are shared; the connection lives until both are
 * closed.  Returns 0 and *out; WEIR_EMFILE, WEIR_EBADF.
 * A cancellation point.  From a task of `io`. */
int weir_socket_duplicate(weir_io *io, weir_socket socket, weir_socket *out);

/* Takes over a descriptor that somebody else made, and makes it close-on-exec and non-blocking.
 * `type` is what it has to be (SOCK_STREAM …), 0 for any.
 * Returns 0 and *out, ours to close; WEIR_EBADF, WEIR_ENOTSOCK, WEIR_EPROTOTYPE (another type): it
 * stays the caller's.  A cancellation point.  From a task of `io`. */
int weir_socket_adopt(weir_io *io, int fd, int type, weir_socket *out);

/* Binds a socket to an address; port 0 takes a free one (see weir_local_address): bind(2).
 *
 * Returns 0; WEIR_EADDRINUSE, WEIR_EADDRNOTAVAIL, WEIR_EACCES (port below 1024, or a directory that
 * may not be written), WEIR_EINVAL (bound already, or NONE address), WEIR_EAFNOSUPPORT, and of
 * paths WEIR_ENOENT, WEIR_ENOTDIR, WEIR_ELOOP, WEIR_EROFS.
 * A cancellation point.  From a task of `io`. */
int weir_bind(weir_io *io, weir_socket socket, const weir_address *address);

/* Lets a bound socket be connected to: listen(2).  `backlog` 0 or more connections wait to be
 * accepted; the kernel caps it (net.core.somaxconn).  When it is full, Linux drops the last ACK of
 * a handshake and the client tries again.
 * Returns 0; WEIR_EADDRINUSE, WEIR_EINVAL (negative backlog, connected), WEIR_EOPNOTSUPP.
 * A cancellation point.  From a task of `io`. */
int weir_listen(weir_io *io, weir_socket socket, int backlog);

/* Waits for a connection and takes it: accept4(2).
 *
 * Returns 0 and *out, the caller's.  Errors of the connection that died before it was taken
 * (ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, ENETUNREACH) are
 * skipped inside.  WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOBUFS, WEIR_ENOMEM: pause and retry (net/tcp.h
 * does); WEIR_EINVAL: the socket does not listen.  A listener
 * made elsewhere is adopted first (weir_socket_adopt): a blocking one would hold the worker.  A
 * connection is never lost to a cancellation. A cancellation point.  From a task of `io`; several
 * tasks may accept on one socket. */
int weir_accept(weir_io *io, weir_socket listener, weir_socket *out);

/* Connects a socket: connect(2).  A datagram socket only notes its peer; the address NONE takes the
 * peer off again (WEIR_EINVAL for other sockets).
 *
 * Returns 0; WEIR_ECONNREFUSED, WEIR_ETIMEDOUT (the network's own limit), WEIR_ENETUNREACH,
 * WEIR_EHOSTUNREACH, WEIR_ECONNRESET, WEIR_EADDRNOTAVAIL, WEIR_EACCES, WEIR_EPERM, WEIR_EALREADY,
 * WEIR_EISCONN, WEIR_ENOENT (Unix).  After an error or a cancellation the socket is only good
 * for closing.  A cancellation point.  From a task of `io`. */
int weir_connect(weir_io *io, weir_socket socket, const weir_address *address);

/* Reads what has arrived, at most `len` bytes.
 *
 * Returns the count, 0 at the end of the stream or when `len` is 0; WEIR_ECONNRESET,
 * WEIR_ETIMEDOUT, WEIR_ENOTCONN, WEIR_ECANCELED, WEIR_EDEADLINE: no byte was taken.
 * A cancellation point.  From one reading task at a time. */
int64_t weir_read(weir_io *io, weir_socket socket, void *data, size_t len);

/* Reads into several slices in turn; empty ones are skipped.  Otherwise as weir_read. */
int64_t weir_read_vector(weir_io *io, weir_socket socket, const struct iovec *data, size_t count);

/* Writes some of `len` bytes.
 *
 * Returns how many the kernel took (0 only for len 0); WEIR_EPIPE, WEIR_ECONNRESET, WEIR_ENOTCONN,
 * WEIR_ECANCELED, WEIR_EDEADLINE: none was taken.
 * A cancellation point.  From one writing task at a time. */
int64_t weir_write(weir_io *io, weir_socket socket, const void *data, size_t len);

/* Writes all of `len` bytes.
 *
 * Returns `len`; a smaller count when an error, a cancellation or a deadline ended it part way (the
 * next call fails, too; of a reset it may know no more than WEIR_EPIPE); a negative error when
 * nothing went.  Otherwise as weir_write. */
int64_t weir_write_all(weir_io *io, weir_socket socket, const void *data, size_t len);

/* Writes slices in turn, the last one `repeat` times (0 skips it, 1 is plain), until all went if
 * `all`, else once.  Returns as weir_write or weir_write_all; the count is of all bytes, repeats
 * included. */
int64_t weir_write_vector(weir_io *io, weir_socket socket, const struct iovec *data, size_t count,
                          uint32_t repeat, bool all);

/* The forms that do not wait: as weir_accept, weir_read and weir_write, but WEIR_EAGAIN instead of
 * waiting, so that "nothing now" is never mixed up with 0, the end.  Cancellation points. */
int weir_try_accept(weir_io *io, weir_socket listener, weir_socket *out);
int64_t weir_try_read(weir_io *io, weir_socket socket, void *data, size_t len);
int64_t weir_try_write(weir_io *io, weir_socket socket, const void *data, size_t len);

/* Waits for bytes and copies them, but leaves them to be read again: MSG_PEEK.  Sockets only.
 * Returns as weir_read; WEIR_ENOTSOCK.  A cancellation point. */
int64_t weir_peek(weir_io *io, weir_socket socket, void *data, size_t len);

/* Writes all of `len` bytes without copying them, where the kernel and the socket can (io_uring and
 * TCP); else as weir_write_all.  Returns when the kernel no longer needs the memory: when the peer
 * has acknowledged.  Pays from some 10 KiB on over a real network card; over loopback it is copied.
 *
 * Returns as weir_write_all.  A cancellation or deadline that comes while the kernel holds the
 * memory resets the connection, as nothing else gives it back.  A cancellation point. */
int64_t weir_write_zerocopy(weir_io *io, weir_socket socket, const void *data, size_t len);

/* Sends one message: sendmsg(2) with MSG_NOSIGNAL.
 * Returns the bytes sent; WEIR_EMSGSIZE, WEIR_ECONNREFUSED (an earlier one was refused),
 * WEIR_ENETUNREACH, WEIR_EHOSTUNREACH, WEIR_EACCES (broadcast), WEIR_ENOTCONN, WEIR_ENOBUFS,
 * WEIR_EPIPE (a stream); of control data WEIR_EINVAL, WEIR_EPERM, WEIR_ETOOMANYREFS.
 * A cancellation point.  From a task of `io`. */
int64_t weir_send(weir_io *io, weir_socket socket, weir_message *message);

/* Receives one message: recvmsg(2).
 *
 * Returns the bytes stored (0 is an empty datagram, or the end of a stream); message->came tells
 * whether it was longer.  Descriptors that come with it are close-on-exec and the caller's.
 * WEIR_ECONNREFUSED (an earlier datagram was refused), WEIR_ENOTCONN, WEIR_ENOMEM.  A message is
 * never lost to a cancellation.  A cancellation point.  From a task of `io`. */
int64_t weir_receive(weir_io *io, weir_socket socket, weir_message *message);

/* Sends `count` messages in turn: sendmmsg(2).
 *
 * Returns how many went, their `len` set: fewer than `count` when one failed, and sending from that
 * one on tells why; a negative error of weir_send when the first did.
 * A cancellation point.  From a task of `io`. */
int64_t weir_send_many(weir_io *io, weir_socket socket, weir_message *messages, uint32_t count);

/* Waits for a message and takes as many as have come, at most `count`: recvmmsg(2).
 *
 * Returns how many, > 0, each as by weir_receive; a negative error of weir_receive when there is
 * none.  No message is lost to a cancellation.  A cancellation point.  From a task of `io`. */
int64_t weir_receive_many(weir_io *io, weir_socket socket, weir_message *messages, uint32_t count);

/* Makes a pipe that holds about `room` bytes (0: the kernel's default, 64 KiB): pipe2(2).
 * Returns 0, out[0] to read and out[1] to write, close-on-exec and non-blocking; WEIR_EMFILE,
 * WEIR_ENFILE.  A pipe that may not be that large is as large as it may be.
 * A cancellation point.  From a task of `io`. */
int weir_pipe_open(weir_io *io, uint32_t room, weir_socket out[2]);

/* Moves bytes between a socket and a pipe inside the kernel: splice(2).
 *
 * take: waits for bytes of the socket and moves at most `length` into the pipe, which must have
 * room (an empty pipe has).  give: moves at most `length` bytes that are in the pipe to the socket,
 * and waits until it takes some.
 * Return the count, > 0; take: 0 at the end of the stream; the errors of weir_read and weir_write;
 * WEIR_EINVAL: this kind of socket cannot be spliced.
 * Cancellation points.  From a task of `io`. */
int64_t weir_splice_take(weir_io *io, weir_socket socket, int pipe, size_t length);
int64_t weir_splice_give(weir_io *io, int pipe, weir_socket socket, size_t length);

/* Waits until the socket is ready for any of `events` (WEIR_POLL_…).
 * Returns the ready set, > 0; WEIR_ECANCELED, WEIR_EDEADLINE.
 * A cancellation point.  From a task of `io`. */
int weir_poll(weir_io *io, weir_socket socket, uint32_t events);

/* Ends sending, receiving or both: shutdown(2) with SHUT_WR, SHUT_RD, SHUT_RDWR.
 * Returns 0; WEIR_ENOTCONN.  A cancellation point.  From a task of `io`. */
int weir_shutdown(weir_io *io, weir_socket socket, int how);

/* Closes the socket; unsent data still goes out.  No operation may be in flight on it: cancel them
 * first. Not a cancellation point.  From a task of `io`. */
void weir_close_socket(weir_io *io, weir_socket socket);

/* getsockopt(2) and setsockopt(2).
 * Return 0 (get: *size is set), or the negated errno.  A cancellation point. */
int weir_get_option(weir_io *io, weir_socket socket, int level, int name, void *value,
                    uint32_t *size);
int weir_set_option(weir_io *io, weir_socket socket, int level, int name, const void *value,
                    uint32_t size);

/* The addresses of the two ends: getsockname(2), getpeername(2).
 * Return 0; WEIR_ENOTCONN, WEIR_EAFNOSUPPORT.  A cancellation point. */
int weir_local_address(weir_io *io, weir_socket socket, weir_address *out);
int weir_peer_address(weir_io *io, weir_socket socket, weir_address *out);

/* Prepares a standing receive; nothing is received before the first READ_LENT. */
void weir_receiver_init(weir_receiver *receiver, weir_socket socket);

/* Waits for bytes and lends the buffer that holds them.  *out must not hold a lent buffer.
 *
 * Returns the count and *out, to be given back with weir_give_back; 0 at the end of the stream
 * (nothing is lent); WEIR_ECONNRESET, WEIR_ETIMEDOUT, WEIR_ENOTCONN; WEIR_ENOBUFS when all buffers
 * that the engine may have are lent: try again later; WEIR_ELIMIT, final: the peer had sent more
 * than was read when buffers were short, and lost its connection.  No byte is lost to a
 * cancellation. A cancellation point. From the task that uses the receiver. */
int64_t weir_read_lent(weir_io *io, weir_receiver *receiver, weir_lent *out);

/* Why the connection broke, as far as any call has met it; 0: no call has.  The kernel tells that
 * to one call, whichever comes first, and to all others that the stream has ended: so it is what an
 * end stands for.  Never waits. */
int weir_receiver_failure(const weir_receiver *receiver);

/* Ends a standing receive and drops what had arrived.  Before the socket is closed, and only when
 * no READ_LENT is in flight.  Not a cancellation point.  From the task that uses the receiver. */
void weir_receiver_stop(weir_io *io, weir_receiver *receiver);

/* Gives a lent buffer back; does nothing when none is held.  From any task of `io`. */
void weir_give_back(weir_io *io, weir_lent *lent);

/* Sends `length` bytes of a file from `offset` on to a socket, all of them: sendfile(2) or its
 * equal.
 *
 * Returns the bytes sent: fewer than `length` when the file is shorter, or when an error ended it
 * part way; errors of weir_write and weir_read_at.  `file` is an open file's descriptor. A
 * cancellation point.  From one writing task at a time. */
int64_t weir_send_file(weir_io *io, weir_socket socket, int file, uint64_t offset, size_t length);

#ifdef __cplusplus
}
#endif
#endif
