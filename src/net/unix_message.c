/* SPDX-License-Identifier: MIT
 *
 * Messages with descriptors and credentials, over any kind of Unix socket.
 *
 * A receive always has room for the most that a message can carry, whatever the caller wants: what
 * the kernel cannot store it drops without a count, what is stored can be closed and counted.
 */
#include <weir/net/unix_message.h>

#include <stdalign.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>

#include "net/unix_control.h"

static bool has_bytes(const struct iovec *data, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (data[i].iov_len > 0) return true;
    return false;
}

int64_t weir_unix_send(weir_io *io, weir_socket socket, const weir_unix_outgoing *message)
{
    if (message->descriptor_count > WEIR_UNIX_DESCRIPTORS) return WEIR_EINVAL;
    /* A stream would take a send without bytes for done, and the descriptors would be lost. */
    if ((message->descriptor_count > 0 || message->credentials) &&
        !has_bytes(message->data, message->count))
        return WEIR_EINVAL;
    if (message->to && message->to->kind != WEIR_ADDRESS_UNIX) return WEIR_EAFNOSUPPORT;
    alignas(size_t) char control[NET_UNIX_CONTROL_ROOM];
    weir_message raw = {
        .data = (struct iovec *)(uintptr_t)message->data,
        .count = message->count,
        .control = control,
        .control_len = (uint32_t)net_unix_control_put(message, control),
    };
    if (message->to) raw.address = *message->to;
    return weir_send(io, socket, &raw);
}

int64_t weir_unix_send_all(weir_io *io, weir_socket socket, const void *data, size_t len,
                           const int *descriptors, uint32_t descriptor_count)
{
    const struct iovec all = {(void *)(uintptr_t)data, len};
    const weir_unix_outgoing message = {
        .data = &all, .count = 1, .descriptors = descriptors, .descriptor_count = descriptor_count};
    const int64_t sent = weir_unix_send(io, socket, &message);
    if (sent < 0 || (size_t)sent == len) return sent;
    const int64_t rest = weir_write_all(io, socket, (const char *)data + sent, len - (size_t)sent);
    return rest < 0 ? sent : sent + rest;
}

void net_unix_close_foreign(weir_io *io, weir_socket socket)
{
    /* With SO_LINGER closing waits in the kernel, as long as the sender likes, and holds the thread
     * of all tasks around.  Of what is no socket this says so and does nothing. */
    static const struct linger none;
    weir_scope shield;
    weir_shield(io, &shield);
    (void)weir_set_option(io, socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    weir_scope_leave(io, &shield);
    weir_close_socket(io, socket);
}

static void close_dropped(void *argument, int fd)
{
    net_unix_close_foreign(argument, (weir_socket){fd});
}

/* Takes in what came with `stored` bytes.  Returns them. */
static int64_t take(weir_io *io, const weir_message *raw, int64_t stored,
                    weir_unix_incoming *message)
{
    message->truncated = raw->came & WEIR_MESSAGE_TRUNCATED;
    message->control_cut = raw->came & WEIR_MESSAGE_CONTROL_TRUNCATED;
    message->length = raw->len > stored ? raw->len : (uint32_t)stored;
    message->from = raw->address;
    if (message->from.kind == WEIR_ADDRESS_NONE) message->from = weir_unix_unnamed();
    net_unix_control_take(raw->control, raw->control_len, message, close_dropped, io);
    return stored;
}

static int64_t receive(weir_io *io, weir_socket socket, weir_unix_incoming *message, uint8_t flags)
{
    alignas(size_t) char control[NET_UNIX_CONTROL_ROOM];
    weir_message raw = {.data = message->data,
                        .count = message->count,
                        .flags = WEIR_MESSAGE_LENGTH,
                        .control = control,
                        .control_len = sizeof control};
    message->descriptor_count = message->closed = 0;
    message->has_credentials = false;
    weir_op op;
    weir_op_set(&op, WEIR_OP_RECEIVE, socket.fd);
    op.flags = flags;
    if (message->peek) op.flags |= WEIR_OP_PEEK;
    op.args.messages.first = &raw;
    op.args.messages.count = 1;
    const int64_t stored = weir_do(io, &op);
    return stored < 0 ? stored : take(io, &raw, stored, message);
}

int64_t weir_unix_receive(weir_io *io, weir_socket socket, weir_unix_incoming *message)
{
    return receive(io, socket, message, 0);
}

int64_t weir_unix_receive_try(weir_io *io, weir_socket socket, weir_unix_incoming *message)
{
    return receive(io, socket, message, WEIR_OP_TRY);
}
