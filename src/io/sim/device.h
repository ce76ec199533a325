/* SPDX-License-Identifier: MIT
 *
 * The interfaces of a simulated host: `lo`, and `eth0` when it has an address of its own.
 */
#ifndef IO_SIM_DEVICE_H
#define IO_SIM_DEVICE_H

#include "io/sim/net.h"

enum {
    DEVICE_NONE,
    DEVICE_LO, /* the numbers are indexes as if_nametoindex(3) tells them */
    DEVICE_NET,
    DEVICE_COUNT,
};

/* Whether the host has an interface of this index. */
bool weir_sim_device_exists(const host *h, int64_t index);

/* The interface that an address of the host belongs to. */
int weir_sim_device_of(const uint8_t ip[16]);

const char *weir_sim_device_name(int index);
int weir_sim_device_mtu(int index);

/* Whether bytes get through: `eth0` is down while the host is unplugged. */
bool weir_sim_device_is_up(const host *h, int index);

/* The first address of an interface in a family.  False: it has none. */
bool weir_sim_device_address(const host *h, int index, bool four, uint8_t out[16]);

#endif
