/* SPDX-License-Identifier: MIT
 *
 * Messages to and from the kernel's message header, which lives only for the call.
 */
#include "io/posix/message.h"

#include <errno.h>
#include <unistd.h>

#include <weir/base/error.h>

enum { MAX_SLICES = 1024 };

static const int send_always = MSG_DONTWAIT | MSG_NOSIGNAL;
static const int receive_always = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;

static int send_flags(const weir_message *message)
{
    return (message->flags & WEIR_MESSAGE_RECORD_END ? MSG_EOR : 0) |
           (message->flags & WEIR_MESSAGE_MORE ? MSG_MORE : 0);
}

static int receive_flags(const weir_message *message)
{
    return (message->flags & WEIR_MESSAGE_ERRORS ? MSG_ERRQUEUE : 0) |
           (message->flags & WEIR_MESSAGE_LENGTH ? MSG_TRUNC : 0);
}

static struct msghdr header_of(const weir_message *message)
{
    return (struct msghdr){.msg_iov = message->data,
                           .msg_iovlen = message->count,
                           .msg_control = message->control,
                           .msg_controllen = message->control_len};
}

static struct msghdr header_to_send(const weir_message *message, struct sockaddr_storage *name)
{
    struct msghdr header = header_of(message);
    if (message->address.kind == WEIR_ADDRESS_NONE) return header;
    header.msg_namelen = weir_address_to_sockaddr(&message->address, name);
    header.msg_name = name;
    return header;
}

static struct msghdr header_to_receive(const weir_message *message, struct sockaddr_storage *name)
{
    struct msghdr header = header_of(message);
    header.msg_name = name;
    header.msg_namelen = sizeof *name;
    return header;
}

/* The bytes that there is room for, as far as `limit`. */
static size_t room_of(const weir_message *message, size_t limit)
{
    size_t room = 0;
    for (uint32_t i = 0; i < message->count && room < limit; i++) room += message->data[i].iov_len;
    return room < limit ? room : limit;
}

/* Takes what came out of a header.  Returns the bytes stored. */
static int64_t received(weir_message *message, const struct msghdr *header, size_t n)
{
    message->len = (uint32_t)n;
    message->control_len = (uint32_t)header->msg_controllen;
    message->came =
        (uint16_t)((header->msg_flags & MSG_TRUNC ? WEIR_MESSAGE_TRUNCATED : 0) |
                   (header->msg_flags & MSG_CTRUNC ? WEIR_MESSAGE_CONTROL_TRUNCATED : 0) |
                   (header->msg_flags & MSG_ERRQUEUE ? WEIR_MESSAGE_ERRORS : 0) |
                   (header->msg_flags & MSG_EOR ? WEIR_MESSAGE_RECORD_END : 0));
    /* A connected socket or an unnamed Unix sender may give no name: the address is NONE. */
    if (header->msg_namelen == 0 ||
        weir_address_from_sockaddr(header->msg_name, header->msg_namelen, &message->address) < 0)
        message->address.kind = WEIR_ADDRESS_NONE;
    /* With LENGTH the kernel tells the whole length, also of what it did not store. */
    return (int64_t)(message->flags & WEIR_MESSAGE_LENGTH ? room_of(message, n) : n);
}

int64_t weir_message_send(int fd, weir_message *message)
{
    if (message->count > MAX_SLICES) return WEIR_EINVAL;
    struct sockaddr_storage name;
    const struct msghdr header = header_to_send(message, &name);
    ssize_t n = TEMP_FAILURE_RETRY(sendmsg(fd, &header, send_always | send_flags(message)));
    if (n < 0) return -errno;
    message->len = (uint32_t)n;
    return n;
}

int64_t weir_message_receive(int fd, weir_message *message, bool peek)
{
    if (message->count > MAX_SLICES) return WEIR_EINVAL;
    struct sockaddr_storage name;
    struct msghdr header = header_to_receive(message, &name);
    int flags = receive_always | receive_flags(message) | (peek ? MSG_PEEK : 0);
    /* A failed call leaves the header as it was, so it can be repeated. */
    ssize_t n = TEMP_FAILURE_RETRY(recvmsg(fd, &header, flags));
    return n < 0 ? -errno : received(message, &header, (size_t)n);
}

/* How many messages from the first on go into one call: those that ask for the same flags. */
static uint32_t batch_of(const weir_message *messages, uint32_t count)
{
    uint32_t n = 1;
    const uint32_t most = count < WEIR_MESSAGE_BATCH ? count : WEIR_MESSAGE_BATCH;
    while (n < most && messages[n].flags == messages[0].flags && messages[n].count <= MAX_SLICES)
        n++;
    return n;
}

int64_t weir_message_send_some(int fd, weir_message *messages, uint32_t count)
{
    if (messages->count > MAX_SLICES) return WEIR_EINVAL;
    struct mmsghdr headers[WEIR_MESSAGE_BATCH];
    struct sockaddr_storage names[WEIR_MESSAGE_BATCH];
    count = batch_of(messages, count);
    for (uint32_t i = 0; i < count; i++)
        headers[i].msg_hdr = header_to_send(&messages[i], &names[i]);
    int n = TEMP_FAILURE_RETRY(sendmmsg(fd, headers, count, send_always | send_flags(messages)));
    if (n < 0) return -errno;
    for (int i = 0; i < n; i++) messages[i].len = headers[i].msg_len;
    return n;
}

int64_t weir_message_receive_some(int fd, weir_message *messages, uint32_t count)
{
    if (messages->count > MAX_SLICES) return WEIR_EINVAL;
    struct mmsghdr headers[WEIR_MESSAGE_BATCH];
    struct sockaddr_storage names[WEIR_MESSAGE_BATCH];
    count = batch_of(messages, count);
    for (uint32_t i = 0; i < count; i++)
        headers[i].msg_hdr = header_to_receive(&messages[i], &names[i]);
    int flags = receive_always | receive_flags(messages);
    int n = TEMP_FAILURE_RETRY(recvmmsg(fd, headers, count, flags, NULL));
    if (n < 0) return -errno;
    for (int i = 0; i < n; i++) received(&messages[i], &headers[i].msg_hdr, headers[i].msg_len);
    return n;
}
