/* SPDX-License-Identifier: MIT
 *
 * Are any bytes, taken for messages about interfaces, read within their bounds and to sane values?
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

static void look_at(weir_bytes body)
{
    weir_interface_entry link;
    net_netlink_address address;
    if (net_netlink_link(body, &link) == 0) {
        const size_t len = strnlen(link.name.text, sizeof link.name.text);
        require(link.interface.index > 0 && len > 0 && len < sizeof link.name.text);
        require(link.hardware_len <= sizeof link.hardware);
    }
    if (net_netlink_read_address(body, &address) == 0) {
        require(address.index > 0 && address.address.prefix_len <= 128);
        require(address.address.address.kind != WEIR_ADDRESS_NONE);
    }
    require(net_netlink_error(body) <= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_bytes rest = weir_bytes_of(data, size);
    net_netlink_message message;
    look_at(rest);
    while (net_netlink_next(&rest, &message) > 0) look_at(message.body);
    return 0;
}
