/* SPDX-License-Identifier: MIT
 *
 * Datagrams in the form in which sendmsg(2) and recvmsg(2) take them; shared by all engines that
 * run on this kernel.
 */
#ifndef IO_POSIX_DATAGRAM_H
#define IO_POSIX_DATAGRAM_H

#include <weir/io/socket.h>

/* Fills datagram->scratch for sendmsg(2).  Returns 0; WEIR_EINVAL: more than 1024 slices. */
int weir_datagram_to_send(weir_datagram *datagram);

/* Fills datagram->scratch for recvmsg(2).  Returns 0; WEIR_EINVAL: more than 1024 slices. */
int weir_datagram_to_receive(weir_datagram *datagram);

/* Takes address and truncation out of datagram->scratch after recvmsg(2) succeeded. */
void weir_datagram_received(weir_datagram *datagram);

#endif
