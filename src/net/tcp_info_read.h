/* SPDX-License-Identifier: MIT
 *
 * The kernel's struct tcp_info, of whatever length, to ours.
 */
#ifndef WEIR_NET_TCP_INFO_READ_H
#define WEIR_NET_TCP_INFO_READ_H

#include <stddef.h>

#include <weir/net/tcp_info.h>

/* Reads the first `len` bytes of a struct tcp_info; what lies behind them is
 * missing. */
void net_tcp_info_read(const void *data, size_t len, weir_tcp_info *out);

#endif
