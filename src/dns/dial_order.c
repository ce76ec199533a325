/* SPDX-License-Identifier: MIT
 *
 * Addresses of two families, one after the other by turns.
 */
#include "dns/dial_order.h"

void weir_dial_order_add(dial_order *order, const weir_address *address)
{
    for (unsigned i = 0; i < order->count; i++)
        if (weir_address_equal(&order->addresses[i], address)) return;
    if (order->count < WEIR_DIAL_ADDRESSES) order->addresses[order->count++] = *address;
}

static bool is_ipv4(const weir_address *address)
{
    return address->kind != WEIR_ADDRESS_IPV6;
}

const weir_address *weir_dial_order_head(const dial_order *order, bool ipv4)
{
    for (unsigned i = 0; i < order->count; i++)
        if (!order->taken[i] && is_ipv4(&order->addresses[i]) == ipv4) return &order->addresses[i];
    return NULL;
}

const weir_address *weir_dial_order_peek(const dial_order *order)
{
    if (order->first_count == 0) {
        for (unsigned i = 0; i < order->count; i++)
            if (!order->taken[i]) return &order->addresses[i];
        return NULL;
    }
    const bool ipv4 = order->begun ? order->turn_ipv4 : order->ipv4_first;
    const weir_address *next = weir_dial_order_head(order, ipv4);
    return next ? next : weir_dial_order_head(order, !ipv4);
}

void weir_dial_order_take(dial_order *order)
{
    const weir_address *next = weir_dial_order_peek(order);
    const bool ipv4 = is_ipv4(next);
    order->taken[next - order->addresses] = true;
    if (!order->begun) {
        order->begun = true;
        order->turn_ipv4 = order->ipv4_first;
        order->first_left = order->first_count;
    }
    if (order->first_left > 0) order->first_left--;
    /* Out of turn, because the other family has none left or none yet: the other is the next as
     * soon as it has one, and the first family has had its advantage. */
    if (ipv4 != order->turn_ipv4) order->first_left = 0;
    if (order->first_left == 0) order->turn_ipv4 = !ipv4;
}
