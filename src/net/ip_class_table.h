/* SPDX-License-Identifier: MIT
 *
 * The table of blocks that ip_class looks addresses up in.
 */
#ifndef NET_IP_CLASS_TABLE_H
#define NET_IP_CLASS_TABLE_H

#include <weir/net/ip_class.h>

extern const weir_ip_block net_ip_blocks[];
extern const size_t net_ip_block_count;

#endif
