/* SPDX-License-Identifier: MIT
 *
 * Finds the source address for each destination, and sorts by it.
 *
 * A socket is made for each: Linux keeps the source of a datagram socket's first connect.
 */
#include <weir/net/order.h>

#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/socket.h>

/* Nothing is sent there; a port of 0 would be refused by some kernels. */
enum { DISCARD_PORT = 9 };

/* Errors that say nothing about the destination. */
static bool is_fatal(int error)
{
    return error == WEIR_ECANCELED || error == WEIR_EDEADLINE || error == WEIR_EMFILE ||
           error == WEIR_ENFILE || error == WEIR_ENOBUFS || error == WEIR_ENOMEM;
}

int weir_order_source(weir_io *io, const weir_address *destination, weir_address *source)
{
    *source = (weir_address){0};
    const int family = weir_address_family(destination);
    if (family != AF_INET && family != AF_INET6) return 0;
    weir_socket probe;
    int result = weir_socket_open(io, family, SOCK_DGRAM, 0, &probe);
    if (result < 0) return is_fatal(result) ? result : 0;
    weir_address to = *destination;
    if (to.port == 0) to.port = DISCARD_PORT;
    result = weir_connect(io, probe, &to);
    if (result == 0) result = weir_local_address(io, probe, source);
    if (result < 0) *source = (weir_address){0};
    weir_close_socket(io, probe);
    return result < 0 && is_fatal(result) ? result : 0;
}

int weir_order_addresses(weir_io *io, weir_address *addresses, size_t count)
{
    if (count < 2) return 0;
    if (count > WEIR_ORDER_ADDRESSES) count = WEIR_ORDER_ADDRESSES;
    weir_order_candidate *candidates = calloc(count, sizeof *candidates);
    if (!candidates) return WEIR_ENOMEM;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        candidates[i].destination = addresses[i];
        result = weir_order_source(io, &addresses[i], &candidates[i].source);
    }
    if (result == 0) {
        weir_order_sort(candidates, count, NULL, 0);
        for (size_t i = 0; i < count; i++) addresses[i] = candidates[i].destination;
    }
    free(candidates);
    return result;
}
