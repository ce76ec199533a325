/* SPDX-License-Identifier: MIT
 *
 * The ops of UDP: one message, or several, given to the engine.
 */
#ifndef WEIR_NET_UDP_EXCHANGE_H
#define WEIR_NET_UDP_EXCHANGE_H

#include <weir/net/udp.h>

/* Does a SEND, RECEIVE, SEND_MANY or RECEIVE_MANY.  Returns its result. */
static inline int64_t net_udp_exchange(weir_io *io, const weir_udp_socket *udp, weir_opcode code,
                                       uint8_t flags, weir_deadline deadline,
                                       weir_message *messages, uint32_t count)
{
    weir_op op;
    weir_op_set(&op, code, udp->socket.fd);
    op.flags = flags;
    weir_op_set_deadline(&op, deadline);
    op.args.messages.first = messages;
    op.args.messages.count = count;
    return weir_do(io, &op);
}

/* Begins a message of one slice; the address is left as it is. */
static inline void net_udp_message(weir_message *message, struct iovec *slice, const void *data,
                                   size_t len)
{
    slice->iov_base = (void *)(uintptr_t)data;
    slice->iov_len = len;
    message->data = slice;
    message->count = 1;
    message->flags = 0;
    message->control = NULL;
    message->control_len = 0;
}

/* Sets where a message goes; NULL: to the peer. */
static inline void net_udp_direct(weir_message *message, const weir_address *to)
{
    if (to)
        message->address = *to;
    else
        message->address.kind = WEIR_ADDRESS_NONE;
}

#endif
