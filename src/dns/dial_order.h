/* SPDX-License-Identifier: MIT
 *
 * The order in which the addresses of a host are tried (RFC 8305 4), while more of them come in:
 * those of each family stay in their order, the families take turns.
 *
 *     first_count 1     6 4 6 4 6 6        first_count 2     6 6 4 6 4 6
 *
 * Pure: no clock, no network.
 */
#ifndef DNS_DIAL_ORDER_H
#define DNS_DIAL_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/dns/dial.h>
#include <weir/io/addr.h>

/* The zero value is empty, and keeps the order in which addresses come.  Families are kinds:
 * WEIR_ADDRESS_IPV4, WEIR_ADDRESS_IPV6; other kinds count as the former. */
typedef struct dial_order {
    unsigned first_count; /* addresses of the first family before the other's turn; 0: no turns */
    bool ipv4_first;      /* the family that begins, if it has addresses then */
    bool begun, turn_ipv4;
    unsigned first_left; /* of first_count, how many are to come */
    unsigned count;
    bool taken[WEIR_DIAL_ADDRESSES];
    weir_address addresses[WEIR_DIAL_ADDRESSES];
} dial_order;

/* Adds an address; one that is there already, and one beyond the room, changes nothing. */
void weir_dial_order_add(dial_order *order, const weir_address *address);

/* The next address, or NULL; it stays the next one until it is taken, or others come in. */
const weir_address *weir_dial_order_peek(const dial_order *order);

/* Takes the next address, which there is. */
void weir_dial_order_take(dial_order *order);

/* The first address of a family that is not yet taken, or NULL. */
const weir_address *weir_dial_order_head(const dial_order *order, bool ipv4);

#endif
