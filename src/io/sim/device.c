/* SPDX-License-Identifier: MIT
 *
 * The two interfaces that a simulated host can have.
 */
#include "io/sim/device.h"

#include <string.h>

enum { MTU_LO = 65536, MTU_NET = 1500 };

bool weir_sim_device_exists(const host *h, int64_t index)
{
    return index == DEVICE_LO || (index == DEVICE_NET && h->net->address_count > 0);
}

int weir_sim_device_of(const uint8_t ip[16])
{
    return weir_sim_is_loopback(ip) ? DEVICE_LO : DEVICE_NET;
}

const char *weir_sim_device_name(int index)
{
    return index == DEVICE_LO ? "lo" : "eth0";
}

int weir_sim_device_mtu(int index)
{
    return index == DEVICE_LO ? MTU_LO : MTU_NET;
}

bool weir_sim_device_is_up(const host *h, int index)
{
    return index == DEVICE_LO || !(h->net->down || h->net->unplugged);
}

bool weir_sim_device_address(const host *h, int index, bool four, uint8_t out[16])
{
    static const uint8_t loopback[2][16] = {{[15] = 1},
                                            {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
    if (index == DEVICE_LO) {
        memcpy(out, loopback[four], 16);
        return true;
    }
    for (uint32_t i = 0; i < h->net->address_count; i++) {
        memcpy(out, h->net->addresses[i].ip, 16);
        if (weir_sim_is_four(out) == four) return true;
    }
    return false;
}
