/* SPDX-License-Identifier: MIT
 *
 * Removing the socket file that a dead process has left at a path.
 */
#ifndef WEIR_NET_UNIX_STALE_H
#define WEIR_NET_UNIX_STALE_H

#include <weir/io/addr.h>
#include <weir/io/io.h>

/* Removes a stale socket file.  Returns 0 when nothing stands at the path any more, or never did;
 * WEIR_EADDRINUSE when something does that is not stale; errors of the path.
 * A cancellation point. */
int net_unix_remove_stale(weir_io *io, const weir_address *address);

#endif
