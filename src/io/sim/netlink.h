/* SPDX-License-Identifier: MIT
 *
 * Netlink sockets of a simulated host, which tell of its interfaces (rtnetlink(7)).
 */
#ifndef IO_SIM_NETLINK_H
#define IO_SIM_NETLINK_H

#include "io/sim/node.h"

/* A new socket without references; NULL: no memory. */
sim_node *weir_sim_netlink_make(host *h);

/* Tells those who asked for it that the host's network interface may have changed its state. */
void weir_sim_netlink_changed(host *h);

#endif
