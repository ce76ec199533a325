/* SPDX-License-Identifier: MIT
 *
 * Binding a Unix socket to a name, and removing the socket file again.
 */
#ifndef WEIR_NET_UNIX_BIND_H
#define WEIR_NET_UNIX_BIND_H

#include <weir/net/unix.h>

/* Opens a socket, sets its options and binds it.  `file` is filled for a path, also with keep_file,
 * and empty else.  On an error nothing is left.  Returns as weir_unix_listen. */
int net_unix_bind(weir_io *io, int type, const weir_address *address,
                  const weir_unix_options *options, weir_socket *out, weir_unix_file *file);

/* Notes which socket file stands at a path, if one does; *file is empty else. */
void net_unix_file_find(weir_io *io, const weir_address *address, weir_unix_file *file);

/* Removes the file if it still is the one that was bound, and closes the socket.  Whatever the file
 * is about to be, it is kept when its path is empty.  Not a cancellation point. */
void net_unix_close_bound(weir_io *io, weir_socket socket, weir_unix_file *file);

#endif
