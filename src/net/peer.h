/* SPDX-License-Identifier: MIT
 *
 * Who is at the other end of a connection that was just accepted.
 */
#ifndef NET_PEER_H
#define NET_PEER_H

#include <weir/io/scope.h>
#include <weir/io/socket.h>

/* The peer's address; WEIR_ADDRESS_NONE when it has left already.  Not a cancellation point: the
 * connection that was taken is the caller's, whatever becomes of its task. */
static inline weir_address net_peer_of(weir_io *io, weir_socket socket)
{
    weir_address peer = {0};
    weir_scope shield;
    weir_shield(io, &shield);
    if (weir_peer_address(io, socket, &peer)) peer = (weir_address){0};
    weir_scope_leave(io, &shield);
    return peer;
}

#endif
