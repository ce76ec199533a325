/* SPDX-License-Identifier: MIT
 *
 * Are names, indexes and the list of interfaces what the C library says, and
 * are changes told?
 *
 * Addresses are added to the loopback interface (127.x.y.z, for the length of a
 * test), and interfaces made, where the machine lets us; where it does not, the
 * test says so and ends.
 */
#include "test/contract/contract.h"

#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>

#include <weir/net/interface.h>

static weir_interface_name name_of(const char *text)
{
    weir_interface_name name = {{0}};
    check_int(weir_interface_name_parse(weir_bytes_text(text), &name), 0);
    return name;
}

CONTRACT(an_interface_name_has_1_to_15_bytes)
{
    (void)io;
    weir_interface_name name = name_of("lo");
    check_int(weir_interface_name_parse(weir_bytes_text(""), &name), WEIR_EINVAL);
    check_int(weir_interface_name_parse(weir_bytes_of("e\0h", 3), &name), WEIR_EINVAL);
    check_int(weir_interface_name_parse(weir_bytes_text("0123456789abcdef"), &name),
              WEIR_ENAMETOOLONG);
    check(strcmp(name.text, "lo") == 0);
    name = name_of("0123456789abcde");
    check_int(strlen(name.text), 15);
}

CONTRACT(an_interface_is_found_by_name_and_by_index)
{
    const weir_interface_name lo = name_of("lo"), absent = name_of("no-such-one-77"), none = {{0}};
    weir_interface interface = {0};
    weir_interface_name back;
    check_int(weir_interface_find(io, &lo, &interface), 0);
    check_int(interface.index, if_nametoindex("lo"));
    check_int(weir_interface_get_name(io, interface, &back), 0);
    check(strcmp(back.text, "lo") == 0);
    check_int(weir_interface_find(io, &absent, &interface), WEIR_EINTERFACE);
    check_int(weir_interface_find(io, &none, &interface), WEIR_EINVAL);
    check_int(weir_interface_get_name(io, (weir_interface){0}, &back), WEIR_EINTERFACE);
    check_int(weir_interface_get_name(io, (weir_interface){INT32_MAX}, &back), WEIR_EINTERFACE);
    check_int(weir_interface_get_name(io, (weir_interface){UINT32_MAX}, &back), WEIR_EINTERFACE);
}

CONTRACT(asking_for_interfaces_is_a_cancellation_point)
{
    const weir_interface_name lo = name_of("lo");
    weir_interface interface;
    weir_interface_list list = {.count = 1};
    weir_interface_watch *watch;
    weir_scope scope;
    weir_scope_enter(io, &scope, (weir_deadline){1});
    check_int(weir_interface_find(io, &lo, &interface), WEIR_EDEADLINE);
    check_int(weir_interface_list_get(io, &list), WEIR_EDEADLINE);
    check(list.count == 0 && !list.entries);
    check_int(weir_interface_watch_open(io, &watch), WEIR_EDEADLINE);
    check(!watch);
    weir_scope_leave(io, &scope);
}

static bool has_address(const weir_interface_entry *entry, const weir_address *address)
{
    for (size_t i = 0; i < entry->address_count; i++)
        if (weir_address_equal(&entry->addresses[i].address, address)) return true;
    return false;
}

CONTRACT(the_list_has_the_loopback_interface)
{
    weir_interface_list list;
    if (!check(weir_interface_list_get(io, &list) == 0)) return;
    const weir_interface_entry *lo = weir_interface_list_find(&list, (weir_interface){1});
    const weir_address home = weir_address_loopback4(0);
    if (check(lo != NULL)) {
        check(strcmp(lo->name.text, "lo") == 0);
        check(lo->flags & WEIR_INTERFACE_LOOPBACK);
        check(!(lo->flags & (WEIR_INTERFACE_BROADCAST | WEIR_INTERFACE_POINT_TO_POINT)));
        check(lo->mtu > 1000);
        check_int(lo->hardware_len, 6);
        if (lo->flags & WEIR_INTERFACE_UP) check(has_address(lo, &home));
        for (size_t i = 0; i < lo->address_count; i++) {
            if (!weir_address_equal(&lo->addresses[i].address, &home)) continue;
            check_int(lo->addresses[i].prefix_len, 8);
            check_int(lo->addresses[i].scope, WEIR_INTERFACE_SCOPE_HOST);
            check_int(lo->addresses[i].peer.kind, WEIR_ADDRESS_NONE);
        }
    }
    check(!weir_interface_list_find(&list, (weir_interface){0}));
    check(!weir_interface_list_find(&list, (weir_interface){INT32_MAX}));
    for (size_t i = 1; i < list.count; i++)
        check(list.entries[i - 1].interface.index < list.entries[i].interface.index);
    weir_interface_list_free(&list);
    weir_interface_list_free(&list);
}

/* Whether what the C library says of one address is in the list. */
static bool agrees(const weir_interface_list *list, const struct ifaddrs *from)
{
    const unsigned index = if_nametoindex(from->ifa_name);
    const weir_interface_entry *entry = weir_interface_list_find(list, (weir_interface){index});
    weir_address address;
    if (!entry || strcmp(entry->name.text, from->ifa_name) != 0) return false;
    if (!!(from->ifa_flags & IFF_UP) != !!(entry->flags & WEIR_INTERFACE_UP)) return false;
    if (!!(from->ifa_flags & IFF_MULTICAST) != !!(entry->flags & WEIR_INTERFACE_MULTICAST))
        return false;
    const int family = from->ifa_addr ? from->ifa_addr->sa_family : AF_UNSPEC;
    if (family != AF_INET && family != AF_INET6) return true;
    if (weir_address_from_sockaddr(from->ifa_addr, sizeof(struct sockaddr_in6), &address) < 0)
        return false;
    return has_address(entry, &address);
}

/* Compares the list with getifaddrs(3).  Other tests add and remove loopback
 * addresses meanwhile, so a difference is one only when it stays. */
static bool list_agrees(weir_io *io)
{
    weir_interface_list list;
    struct ifaddrs *all = NULL;
    if (!check(weir_interface_list_get(io, &list) == 0)) return true;
    bool same = getifaddrs(&all) == 0;
    for (const struct ifaddrs *i = all; same && i; i = i->ifa_next) same = agrees(&list, i);
    freeifaddrs(all);
    weir_interface_list_free(&list);
    return same;
}

CONTRACT(the_list_agrees_with_the_c_library)
{
    bool same = false;
    for (int tries = 0; !same && tries < 3000; tries++) {
        same = list_agrees(io);
        if (!same) weir_sleep(io, weir_milliseconds(10));
    }
    check(same);
}

CONTRACT(waiting_for_a_change_can_be_canceled)
{
    weir_interface_watch *watch;
    weir_interface_event event;
    weir_scope scope;
    int error = 0;
    if (!check(weir_interface_watch_open(io, &watch) == 0)) return;
    weir_scope_enter_for(io, &scope, weir_milliseconds(5));
    while (!error) error = weir_interface_watch_next(io, watch, &event);
    weir_scope_leave(io, &scope);
    check_int(error, WEIR_EDEADLINE);
    weir_interface_watch_close(io, watch);
}

/* A request about the loopback interface, of which the last bytes may be left out. */
static void ask(weir_io *io, weir_socket socket, int type, int flags, uint32_t sequence,
                size_t left)
{
    const struct {
        struct nlmsghdr header;
        struct ifinfomsg about;
    } asked = {{.nlmsg_len = (uint32_t)(sizeof asked - left),
                .nlmsg_type = (uint16_t)type,
                .nlmsg_flags = (uint16_t)flags,
                .nlmsg_seq = sequence},
               {.ifi_index = (int)if_nametoindex("lo")}};
    check_int(weir_write(io, socket, &asked, asked.header.nlmsg_len), asked.header.nlmsg_len);
}

/* Returns the error that is told of a request, 1 when none is. */
static int error_told(weir_io *io, weir_socket socket, int type, int flags, size_t left)
{
    enum { FIRST = 7, LAST };
    _Alignas(struct nlmsghdr) char answer[8192];
    const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)answer;
    struct nlmsgerr error = {0};
    int told = 1;
    ask(io, socket, type, flags, FIRST, left);
    /* A request for nothing, which is to be told as done: behind that there is no more. */
    ask(io, socket, NLMSG_NOOP, NLM_F_REQUEST | NLM_F_ACK, LAST, 0);
    while (error.msg.nlmsg_seq != LAST) {
        const int64_t n = weir_read(io, socket, answer, sizeof answer);
        if (!check(n >= NLMSG_HDRLEN)) break;
        if (header->nlmsg_type != NLMSG_ERROR) continue;
        memcpy(&error, answer + NLMSG_HDRLEN, sizeof error);
        if (error.msg.nlmsg_seq == FIRST) told = error.error;
        /* What was refused is told again as a whole. */
        const size_t more = error.error ? sizeof(struct ifinfomsg) - left : 0;
        check_int(header->nlmsg_len, (int64_t)(NLMSG_HDRLEN + sizeof error + more));
    }
    return told;
}

CONTRACT(netlink_tells_who_asks_that_a_request_was_done)
{
    weir_socket socket;
    const int request = NLM_F_REQUEST, ack = NLM_F_REQUEST | NLM_F_ACK;
    if (!check_int(weir_socket_open(io, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, &socket), 0)) return;
    check_int(error_told(io, socket, RTM_GETLINK, request, 0), 1);
    check_int(error_told(io, socket, RTM_GETLINK, ack, 0), 0);
    check_int(error_told(io, socket, RTM_GETLINK, ack | NLM_F_DUMP, 0), 1);
    check_int(error_told(io, socket, NLMSG_NOOP, request, 0), 1);
    check_int(error_told(io, socket, NLMSG_NOOP, ack, 0), 0);
    check_int(error_told(io, socket, RTM_GETLINK, request, 12), -EINVAL);
    check_int(error_told(io, socket, RTM_GETLINK, ack, 12), -EINVAL);
    check_int(error_told(io, socket, RTM_MAX + 1000, request, 0), -EOPNOTSUPP);
    weir_close_socket(io, socket);
}
