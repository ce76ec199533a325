/* SPDX-License-Identifier: MIT
 *
 * The stream tables of connected sockets, for every typed stream that is laid out as
 *
 *      struct { weir_stream stream; weir_receiver receiver; }
 *      struct { weir_stream stream; weir_receiver receiver; weir_duration … two; }
 *
 * with the descriptor in the receiver, -1 when it is closed or was moved elsewhere.  A type states
 * that with NET_SOCKET_STREAM or NET_TIMED_STREAM.  The second form has a timeout for each reading
 * and each writing call; 0 is none.
 *
 * The receiver's `failed` is why the connection broke, or 0.  The kernel tells that to one call,
 * whichever comes first, and to the next reader that the stream has ended; so it is kept, that
 * nobody takes a stream which was cut off for a whole one: neither a call nor a read_lent that is
 * in a queue, which the engine ends.  The reading and the writing task both write it.
 */
#ifndef WEIR_NET_SOCKET_STREAM_H
#define WEIR_NET_SOCKET_STREAM_H

#include <stddef.h>

#include <weir/io/socket.h>
#include <weir/stream/stream.h>

typedef struct net_socket_stream {
    weir_stream stream;
    weir_receiver receiver;
} net_socket_stream;

typedef struct net_timed_stream {
    net_socket_stream base;
    weir_duration read_timeout, write_timeout;
} net_timed_stream;

/* Fail to compile unless `type_` is laid out as the table needs it. */
#define NET_SOCKET_STREAM(type_)                                           \
    _Static_assert(offsetof(type_, stream) == 0 &&                         \
                       offsetof(type_, receiver) == sizeof(weir_stream) && \
                       sizeof(type_) == sizeof(net_socket_stream),         \
                   "a socket stream is a weir_stream followed at once by its receiver")
#define NET_TIMED_STREAM(type_)                                                             \
    _Static_assert(                                                                         \
        offsetof(type_, stream) == 0 && offsetof(type_, receiver) == sizeof(weir_stream) && \
            offsetof(type_, read_timeout) == offsetof(net_timed_stream, read_timeout) &&    \
            offsetof(type_, write_timeout) == offsetof(net_timed_stream, write_timeout) &&  \
            sizeof(type_) == sizeof(net_timed_stream),                                      \
        "a timed stream is a socket stream followed at once by its timeouts")

/* Keep what a reading or writing call says about the connection, and give what is to be returned:
 * `n` itself, but for an end of the stream after a failure that failure. */
int64_t net_stream_was_read(weir_receiver *receiver, int64_t n);
int64_t net_stream_was_written(weir_receiver *receiver, int64_t n);

/* The same of a WRITE with WEIR_OP_ALL whose args.vector.error is `error`. */
int64_t net_stream_was_cut(weir_receiver *receiver, int64_t n, int32_t error);

extern const weir_stream_table net_socket_stream_table;
extern const weir_stream_table net_timed_stream_table;

/* Stops the receiver and closes its socket; nothing when it is closed already. */
void net_socket_stream_close(weir_io *io, weir_receiver *receiver);

/* Ends our direction, reads and drops what comes, closes; see weir_tcp_finish. */
int net_socket_stream_finish(weir_io *io, weir_stream *stream, uint64_t limit,
                             weir_deadline deadline);

#endif
