/* SPDX-License-Identifier: MIT
 *
 * Listening sockets from one process to another, each with a tag.
 *
 *      | length of the tag, 1 byte | tag | + one descriptor
 *
 * On a stream, too, each message is received by itself: a receive ends with the bytes of a send
 * that carried descriptors, and every one of ours does.
 */
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/scope.h>
#include <weir/net/unix_message.h>

#include "net/unix_control.h"

int weir_unix_send_listener(weir_io *io, weir_socket channel, weir_socket listener, weir_bytes tag)
{
    if (tag.len > WEIR_UNIX_TAG_MAX) return WEIR_EINVAL;
    bool listening;
    int error = weir_option_get_listening(io, listener, &listening);
    if (error) return error;
    if (!listening) return WEIR_EINVAL;
    char len = (char)(unsigned char)tag.len;
    const struct iovec data[2] = {{&len, 1}, {(void *)(uintptr_t)tag.data, tag.len}};
    const weir_unix_outgoing message = {
        .data = data, .count = 2, .descriptors = &listener.fd, .descriptor_count = 1};
    int64_t sent = weir_unix_send(io, channel, &message);
    if (sent < 0) return (int)sent;
    /* The kernel takes so few bytes at once or not at all. */
    return (size_t)sent == 1 + tag.len ? 0 : WEIR_EPROTO;
}

/* Whether the descriptor is a listening socket; then it is made ours. */
static int examine(weir_io *io, weir_unix_handed *out)
{
    bool listening;
    int error = weir_option_get_listening(io, out->socket, &listening);
    if (error) return error;
    if (!listening) return WEIR_EPROTO;
    error = weir_option_get_family(io, out->socket, &out->family);
    if (!error) error = weir_option_get_type(io, out->socket, &out->type);
    if (!error) error = weir_socket_adopt(io, out->socket.fd, 0, &out->socket);
    return error;
}

int weir_unix_receive_listener(weir_io *io, weir_socket channel, weir_unix_handed *out)
{
    unsigned char tag_len = 0;
    int fd = -1;
    struct iovec data[2] = {{&tag_len, 1}, {out->tag, sizeof out->tag}};
    weir_unix_incoming message = {.data = data, .count = 2, .descriptors = &fd, .room = 1};
    const int64_t got = weir_unix_receive(io, channel, &message);
    if (got < 0) return (int)got;
    if (got == 0 && message.descriptor_count == 0) return 0;
    int error = 0;
    out->socket.fd = fd;
    out->tag_len = tag_len;
    if (message.descriptor_count != 1 || message.closed > 0 || message.control_cut ||
        message.length != 1u + tag_len)
        error = WEIR_EPROTO;
    if (!error) {
        /* It has come: a request to stop waits until it is the caller's. */
        weir_scope shield;
        weir_shield(io, &shield);
        error = examine(io, out);
        weir_scope_leave(io, &shield);
    }
    if (!error) return 1;
    if (fd >= 0) net_unix_close_foreign(io, out->socket);
    out->socket.fd = -1;
    return error;
}
