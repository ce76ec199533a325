/* SPDX-License-Identifier: MIT
 *
 * Datagrams with their control data, answers that leave from the right address, and the error
 * queue.
 */
#include <weir/net/udp.h>

#include <weir/base/error.h>

#include "net/udp_exchange.h"

/* Control data of one datagram, aligned. */
typedef union control_room {
    size_t align;
    char data[WEIR_ANCILLARY_ROOM];
} control_room;

static int64_t receive_rich(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                            uint8_t flags, weir_deadline deadline, weir_datagram *out)
{
    weir_message message;
    struct iovec slice;
    control_room control;
    net_udp_message(&message, &slice, data, room);
    message.flags = WEIR_MESSAGE_LENGTH;
    message.control = control.data;
    message.control_len = sizeof control.data;
    int64_t n = net_udp_exchange(io, udp, WEIR_OP_RECEIVE, flags, deadline, &message, 1);
    if (n < 0) return n;
    out->peer = message.address;
    out->whole = message.len;
    out->truncated = message.came & WEIR_MESSAGE_TRUNCATED;
    /* What is damaged by truncation is told by what is missing from `has`. */
    (void)weir_ancillary_of(&message, &out->about);
    return n;
}

int64_t weir_udp_receive_datagram(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                                  weir_deadline deadline, weir_datagram *out)
{
    return receive_rich(io, udp, data, room, 0, deadline, out);
}

int64_t weir_udp_peek_datagram(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                               weir_deadline deadline, weir_datagram *out)
{
    return receive_rich(io, udp, data, room, WEIR_OP_PEEK, deadline, out);
}

int64_t weir_udp_try_receive_datagram(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                                      weir_datagram *out)
{
    return receive_rich(io, udp, data, room, WEIR_OP_TRY, weir_never(), out);
}

int64_t weir_udp_send_datagram(weir_io *io, weir_udp_socket *udp, const void *data, size_t len,
                               const weir_datagram *how)
{
    weir_message message;
    struct iovec slice;
    control_room control;
    int64_t written = weir_ancillary_write(&how->about, (weir_address_kind)udp->family, &how->peer,
                                           control.data, sizeof control.data);
    if (written < 0) return written;
    net_udp_message(&message, &slice, data, len);
    net_udp_direct(&message, &how->peer);
    message.control = control.data;
    message.control_len = (uint32_t)written;
    return net_udp_exchange(io, udp, WEIR_OP_SEND, 0, weir_never(), &message, 1);
}

int64_t weir_udp_reply(weir_io *io, weir_udp_socket *udp, const weir_datagram *request,
                       const void *data, size_t len)
{
    weir_message message;
    struct iovec slice;
    control_room control;
    net_udp_message(&message, &slice, data, len);
    net_udp_direct(&message, &request->peer);
    message.control = control.data;
    message.control_len = weir_ancillary_write_back(&request->about, &request->peer, control.data,
                                                    sizeof control.data);
    return net_udp_exchange(io, udp, WEIR_OP_SEND, 0, weir_never(), &message, 1);
}

int weir_udp_count_drops(weir_io *io, weir_udp_socket *udp, bool on)
{
    const int value = on;
    return weir_set_option(io, udp->socket, SOL_SOCKET, SO_RXQ_OVFL, &value, sizeof value);
}

/* The error queue --------------------------------------------------------------------------- */

static int64_t take_error(weir_io *io, weir_udp_socket *udp, void *data, size_t room, uint8_t flags,
                          weir_udp_error *out)
{
    weir_message message;
    struct iovec slice;
    control_room control;
    weir_ancillary about;
    do {
        net_udp_message(&message, &slice, data, room);
        message.flags = WEIR_MESSAGE_ERRORS;
        message.control = control.data;
        message.control_len = sizeof control.data;
        int64_t n = net_udp_exchange(io, udp, WEIR_OP_RECEIVE, flags, weir_never(), &message, 1);
        if (n < 0) return n;
        (void)weir_ancillary_of(&message, &about);
        /* Other news than errors come this way too: when a datagram left, for one. */
    } while (!(about.has & WEIR_ANCILLARY_ERROR) || about.error.error == 0);
    out->destination = message.address;
    out->about = about.error;
    out->path_mtu = about.error.error == WEIR_EMSGSIZE ? about.error.info : 0;
    return message.len;
}

int64_t weir_udp_receive_error(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                               weir_udp_error *out)
{
    return take_error(io, udp, data, room, 0, out);
}

int64_t weir_udp_try_receive_error(weir_io *io, weir_udp_socket *udp, void *data, size_t room,
                                   weir_udp_error *out)
{
    return take_error(io, udp, data, room, WEIR_OP_TRY, out);
}
