/* SPDX-License-Identifier: MIT
 *
 * Attempts that send and receive messages: datagrams, and bytes of a stream that control data go
 * with; alone and in batches.  The kernel's headers live only for the call.
 *
 * The batches are inlined on purpose.  A system call leaves the processor's stack of return
 * addresses full of the kernel's: after it each return on the way up costs as much as laying out
 * some messages.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weir/base/error.h>
#include <weir/io/socket.h>

#include "io/posix/attempt_ops.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

enum {
    MAX_SLICES = 1024, /* of one message */
    BATCH = 32,        /* messages per system call */
};

static const int send_always = MSG_DONTWAIT | MSG_NOSIGNAL;
static const int receive_always = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;

static int send_flags(const weir_message *message)
{
    return send_always | (message->flags & WEIR_MESSAGE_RECORD_END ? MSG_EOR : 0) |
           (message->flags & WEIR_MESSAGE_MORE ? MSG_MORE : 0);
}

static int receive_flags(const weir_message *message)
{
    return receive_always | (message->flags & WEIR_MESSAGE_ERRORS ? MSG_ERRQUEUE : 0) |
           (message->flags & WEIR_MESSAGE_LENGTH ? MSG_TRUNC : 0);
}

static ALWAYS_INLINE struct msghdr header_of(const weir_message *message)
{
    return (struct msghdr){.msg_iov = message->data,
                           .msg_iovlen = message->count,
                           .msg_control = message->control,
                           .msg_controllen = message->control_len};
}

/* How many messages from the first on go into one call: those that ask for the same flags. */
static uint32_t batch_of(const weir_message *messages, uint32_t count)
{
    uint32_t n = 1;
    const uint32_t most = count < BATCH ? count : BATCH;
    while (n < most && messages[n].flags == messages[0].flags && messages[n].count <= MAX_SLICES)
        n++;
    return n;
}

static int64_t outcome_of(int64_t result)
{
    return result == WEIR_EAGAIN ? WEIR_ATTEMPT_WAIT : result;
}

/* Sending ----------------------------------------------------------------------------------- */

static ALWAYS_INLINE struct msghdr header_to_send(const weir_message *message, void *name)
{
    struct msghdr header = header_of(message);
    if (message->address.kind == WEIR_ADDRESS_NONE) return header;
    header.msg_namelen = weir_address_to_sockaddr(&message->address, name);
    header.msg_name = name;
    return header;
}

/* What a message that was not taken waits for.  When the queue of a Unix receiver that is named in
 * it is full, our socket counts as writable all the same, and nothing tells when there is room. */
static int64_t send_outcome(weir_op *op, const weir_message *message, int64_t result)
{
    if (result != WEIR_EAGAIN || message->address.kind != WEIR_ADDRESS_UNIX)
        return outcome_of(result);
    ++*weir_progress_steps(op);
    return WEIR_ATTEMPT_LATER;
}

int64_t weir_attempt_send(weir_op *op)
{
    weir_message *message = op->args.messages.first;
    if (message->count > MAX_SLICES) return WEIR_EINVAL;
    struct sockaddr_storage name;
    const struct msghdr header = header_to_send(message, &name);
    ssize_t n = TEMP_FAILURE_RETRY(sendmsg(op->fd, &header, send_flags(message)));
    if (n < 0) return send_outcome(op, message, -errno);
    message->len = (uint32_t)n;
    return n;
}

/* Sends up to BATCH messages by one call.  Returns how many went, or the negated errno. */
static ALWAYS_INLINE int64_t send_batch(int fd, weir_message *messages, uint32_t count)
{
    if (messages->count > MAX_SLICES) return WEIR_EINVAL;
    struct mmsghdr headers[BATCH];
    /* They stand close together, so that few lines of the cache are touched. */
    struct sockaddr_storage names[BATCH];
    char *name = (char *)names;
    count = batch_of(messages, count);
    for (uint32_t i = 0; i < count; i++) {
        headers[i].msg_hdr = header_to_send(&messages[i], name);
        name += (headers[i].msg_hdr.msg_namelen + 7) & ~7u;
    }
    int n = TEMP_FAILURE_RETRY(sendmmsg(fd, headers, count, send_flags(messages)));
    if (n < 0) return -errno;
    for (int i = 0; i < n; i++) messages[i].len = headers[i].msg_len;
    return n;
}

int64_t weir_attempt_send_many(weir_op *op)
{
    uint64_t *done = weir_progress_bytes(op);
    const uint32_t count = op->args.messages.count;
    while (*done < count) {
        weir_message *next = op->args.messages.first + *done;
        int64_t n = send_batch(op->fd, next, count - (uint32_t)*done);
        if (n < 0) return end_or_wait(*done, send_outcome(op, next, n));
        *done += (uint64_t)n;
        *weir_progress_steps(op) = 0;
    }
    return count;
}

/* Receiving --------------------------------------------------------------------------------- */

/* The name comes to where the address will stand; see `received`. */
static ALWAYS_INLINE struct msghdr header_to_receive(weir_message *message)
{
    struct msghdr header = header_of(message);
    header.msg_name = &message->address;
    header.msg_namelen = sizeof message->address;
    return header;
}

/* The bytes that there is room for, as far as `limit`. */
static size_t room_of(const weir_message *message, size_t limit)
{
    size_t room = 0;
    for (uint32_t i = 0; i < message->count && room < limit; i++) room += message->data[i].iov_len;
    return room < limit ? room : limit;
}

static uint16_t what_came(int flags)
{
    return (uint16_t)((flags & MSG_TRUNC ? WEIR_MESSAGE_TRUNCATED : 0) |
                      (flags & MSG_CTRUNC ? WEIR_MESSAGE_CONTROL_TRUNCATED : 0) |
                      (flags & MSG_ERRQUEUE ? WEIR_MESSAGE_ERRORS : 0) |
                      (flags & MSG_EOR ? WEIR_MESSAGE_RECORD_END : 0));
}

/* Takes what came out of a header, and makes an address of the name in its place. */
static ALWAYS_INLINE void received(weir_message *message, const struct msghdr *header, size_t n)
{
    weir_address *address = &message->address;
    message->len = (uint32_t)n;
    message->control_len = (uint32_t)header->msg_controllen;
    message->came = what_came(header->msg_flags);
    /* A connected socket or an unnamed Unix sender may give no name: the address is NONE. */
    if (header->msg_namelen == 0 ||
        weir_address_from_sockaddr(header->msg_name, header->msg_namelen, address) < 0)
        address->kind = WEIR_ADDRESS_NONE;
}

/* What to wait for when nothing came.  A pending error (SO_ERROR) or a hang-up counts as ready for
 * as long as it stands, and says nothing about the error queue: then it is looked at from time to
 * time. */
static int64_t receive_outcome(weir_op *op, int64_t result)
{
    if (result != WEIR_EAGAIN || !weir_attempt_takes_errors(op) || !is_ready(op->fd, 0))
        return outcome_of(result);
    ++*weir_progress_steps(op);
    return WEIR_ATTEMPT_LATER;
}

int64_t weir_attempt_receive(weir_op *op)
{
    weir_message *message = op->args.messages.first;
    if (message->count > MAX_SLICES) return WEIR_EINVAL;
    struct msghdr header = header_to_receive(message);
    const int flags = receive_flags(message) | (op->flags & WEIR_OP_PEEK ? MSG_PEEK : 0);
    /* A failed call leaves the header as it was, so it can be repeated. */
    ssize_t n = TEMP_FAILURE_RETRY(recvmsg(op->fd, &header, flags));
    if (n < 0) return receive_outcome(op, -errno);
    received(message, &header, (size_t)n);
    /* With LENGTH the kernel tells the whole length, also of what it did not store. */
    return (int64_t)(message->flags & WEIR_MESSAGE_LENGTH ? room_of(message, (size_t)n)
                                                          : (size_t)n);
}

/* Receives up to BATCH messages by one call.  Returns how many came, or the negated errno. */
static ALWAYS_INLINE int64_t receive_batch(int fd, weir_message *messages, uint32_t count)
{
    if (messages->count > MAX_SLICES) return WEIR_EINVAL;
    struct mmsghdr headers[BATCH];
    count = batch_of(messages, count);
    for (uint32_t i = 0; i < count; i++) headers[i].msg_hdr = header_to_receive(&messages[i]);
    int n = TEMP_FAILURE_RETRY(recvmmsg(fd, headers, count, receive_flags(messages), NULL));
    if (n < 0) return -errno;
    for (int i = 0; i < n; i++) received(&messages[i], &headers[i].msg_hdr, headers[i].msg_len);
    return n;
}

int64_t weir_attempt_receive_many(weir_op *op)
{
    const uint32_t count = op->args.messages.count;
    uint32_t done = 0;
    while (done < count) {
        int64_t n = receive_batch(op->fd, op->args.messages.first + done, count - done);
        if (n < 0) return done > 0 ? done : receive_outcome(op, n);
        done += (uint32_t)n;
        /* Fewer than fit: there are no more. */
        if (n < BATCH) break;
    }
    return done;
}
