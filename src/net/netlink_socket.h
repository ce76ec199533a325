/* SPDX-License-Identifier: MIT
 *
 * Asking the kernel over a netlink socket: through the engine, answers of the
 * kernel alone.
 */
#ifndef WEIR_NET_NETLINK_SOCKET_H
#define WEIR_NET_NETLINK_SOCKET_H

#include <weir/io/socket.h>

#include "net/netlink.h"

/* Opens a socket for rtnetlink(7).  Returns 0 or an error of weir_socket_open.
 */
int net_netlink_open(weir_io *io, weir_socket *out);

/* Sends a request.  Returns 0 or an error. */
int net_netlink_send(weir_io *io, weir_socket socket, const char *request, size_t len);

/* Receives what the kernel sent; what others sent is dropped.
 * Returns its length; WEIR_EMSGSIZE: it was longer than `room` and is lost;
 * WEIR_ENOBUFS: the kernel lost messages. */
int64_t net_netlink_receive(weir_io *io, weir_socket socket, char *buffer, size_t room);

#endif
