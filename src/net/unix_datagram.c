/* SPDX-License-Identifier: MIT
 *
 * Unix datagram sockets.
 */
#include <sys/socket.h>

#include <weir/base/error.h>
#include <weir/net/unix_message.h>

#include "net/unix_bind.h"

int weir_unix_datagram_bind(weir_io *io, const weir_address *address,
                            const weir_unix_options *options, weir_unix_datagram *out)
{
    static const weir_unix_options defaults;
    if (!options) options = &defaults;
    int error = net_unix_bind(io, SOCK_DGRAM, address, options, &out->socket, &out->file);
    if (!error && options->keep_file) out->file.path[0] = '\0';
    return error;
}

int weir_unix_datagram_open(weir_io *io, weir_unix_datagram *out)
{
    out->file.path[0] = '\0';
    return weir_socket_open(io, AF_UNIX, SOCK_DGRAM, 0, &out->socket);
}

int weir_unix_datagram_connect(weir_io *io, weir_unix_datagram *datagram,
                               const weir_address *address)
{
    if (address->kind != WEIR_ADDRESS_UNIX) return WEIR_EAFNOSUPPORT;
    return weir_connect(io, datagram->socket, address);
}

static int64_t send_one(weir_io *io, const weir_unix_datagram *datagram, const void *data,
                        size_t len, const weir_address *to, uint8_t flags)
{
    if (to && to->kind != WEIR_ADDRESS_UNIX) return WEIR_EAFNOSUPPORT;
    struct iovec slice = {(void *)(uintptr_t)data, len};
    weir_message raw = {.data = &slice, .count = 1};
    if (to) raw.address = *to;
    weir_op op;
    weir_op_set(&op, WEIR_OP_SEND, datagram->socket.fd);
    op.flags = flags;
    op.args.messages.first = &raw;
    op.args.messages.count = 1;
    return weir_do(io, &op);
}

int64_t weir_unix_send_to(weir_io *io, const weir_unix_datagram *datagram, const void *data,
                          size_t len, const weir_address *to)
{
    return send_one(io, datagram, data, len, to, 0);
}

int64_t weir_unix_send_to_try(weir_io *io, const weir_unix_datagram *datagram, const void *data,
                              size_t len, const weir_address *to)
{
    return send_one(io, datagram, data, len, to, WEIR_OP_TRY);
}

static int64_t receive_one(weir_io *io, const weir_unix_datagram *datagram, void *data, size_t size,
                           weir_address *from, bool peek)
{
    struct iovec slice = {data, size};
    weir_unix_incoming message = {.data = &slice, .count = 1, .peek = peek};
    const int64_t result = weir_unix_receive(io, datagram->socket, &message);
    if (result < 0) return result;
    if (from) *from = message.from;
    return message.length;
}

int64_t weir_unix_receive_from(weir_io *io, const weir_unix_datagram *datagram, void *data,
                               size_t size, weir_address *from)
{
    return receive_one(io, datagram, data, size, from, false);
}

int64_t weir_unix_peek_from(weir_io *io, const weir_unix_datagram *datagram, void *data,
                            size_t size, weir_address *from)
{
    return receive_one(io, datagram, data, size, from, true);
}

void weir_unix_datagram_close(weir_io *io, weir_unix_datagram *datagram)
{
    if (datagram->socket.fd < 0) return;
    net_unix_close_bound(io, datagram->socket, &datagram->file);
    datagram->socket.fd = -1;
}
