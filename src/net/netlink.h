/* SPDX-License-Identifier: MIT
 *
 * Messages of rtnetlink(7) about interfaces: bytes to values and back.
 *
 *      nlmsghdr | ifinfomsg or ifaddrmsg | attribute | attribute …      all
 * padded to 4 bytes attribute: length (of itself, 2 bytes), type (2 bytes),
 * value
 *
 * Pure; numbers are in host order, as the kernel is on the same machine.  The
 * bytes may be cut short or lie about lengths: nothing is read outside of them.
 */
#ifndef WEIR_NET_NETLINK_H
#define WEIR_NET_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/net/interface.h>

/* One message. */
typedef struct net_netlink_message {
    uint16_t type; /* NLMSG_…, RTM_… */
    uint16_t flags;
    uint32_t sequence;
    weir_bytes body;
} net_netlink_message;

/* One address and the interface that has it. */
typedef struct net_netlink_address {
    uint32_t index;
    weir_interface_address address;
} net_netlink_address;

/* Room for the longest request. */
enum { NET_NETLINK_REQUEST = 128 };

/* Takes the first message off `rest`.
 * Returns 1 and *out; 0 when `rest` is empty; WEIR_EPROTO when it does not hold
 * a whole message. */
int net_netlink_next(weir_bytes *rest, net_netlink_message *out);

/* The error in a message of type NLMSG_ERROR or NLMSG_DONE: 0 or a negative
 * code; WEIR_EPROTO. */
int net_netlink_error(weir_bytes body);

/* The link in the body of RTM_NEWLINK or RTM_DELLINK; no addresses.
 * Returns 0; WEIR_EAFNOSUPPORT: it is about something else, the port of a
 * bridge; WEIR_EPROTO. */
int net_netlink_link(weir_bytes body, weir_interface_entry *out);

/* The address in the body of RTM_NEWADDR or RTM_DELADDR.
 * Returns 0; WEIR_EAFNOSUPPORT: neither IPv4 nor IPv6; WEIR_EPROTO. */
int net_netlink_read_address(weir_bytes body, net_netlink_address *out);

/* Write a request into `out` (NET_NETLINK_REQUEST bytes) and return its length:
 * for one link, by index or, when `name` is given, by name; for all links; for
 * all addresses; for nothing. */
size_t net_netlink_ask_link(char *out, uint32_t sequence, uint32_t index, const char *name);
size_t net_netlink_ask_links(char *out, uint32_t sequence);
size_t net_netlink_ask_addresses(char *out, uint32_t sequence);
size_t net_netlink_ask_nothing(char *out, uint32_t sequence);

#endif
