/* SPDX-License-Identifier: MIT
 *
 * What goes beside the bytes of a Unix message, to and from control data.
 */
#ifndef WEIR_NET_UNIX_CONTROL_H
#define WEIR_NET_UNIX_CONTROL_H

#include <sys/socket.h>

#include <weir/net/unix_message.h>

#include "net/control.h"

/* Room for all that one message can carry: descriptors, credentials, a descriptor of the sender's
 * process (SCM_PIDFD), a security label, a time stamp. */
enum {
    NET_UNIX_CONTROL_ROOM = CMSG_SPACE(WEIR_UNIX_DESCRIPTORS * sizeof(int)) +
                            CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int)) + 512,
};

/* Writes descriptors and credentials of a message.  Returns the bytes; `out`, aligned as size_t,
 * has NET_UNIX_CONTROL_ROOM. */
size_t net_unix_control_put(const weir_unix_outgoing *message, char *out);

/* Called for a descriptor that nobody wants. */
typedef void net_unix_drop(void *argument, int fd);

/* Takes received control data apart into *message: descriptors as far as there is room, the others
 * to `drop` (and counted); credentials.  Damaged data end the walk. */
void net_unix_control_take(const char *data, size_t len, weir_unix_incoming *message,
                           net_unix_drop *drop, void *argument);

/* Closes a descriptor that a stranger has sent and nobody wants, without waiting for what the
 * stranger has made its end wait for.  Not a cancellation point. */
void net_unix_close_foreign(weir_io *io, weir_socket socket);

#endif
