/* SPDX-License-Identifier: MIT
 *
 * Changes of interfaces, as the kernel tells them to a netlink group.
 *
 * The kernel sends the whole state of a link whenever something about it may
 * have changed.  What did change is found by comparing with the links as they
 * are known.
 *
 * Invariant: `known` is what the events that were handed out add up to, unless
 * `missed` is set; then it is asked for anew before anything else.
 */
#include <weir/net/interface.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/socket.h>

#include "net/netlink_socket.h"

enum { ROOM = 32 << 10 };

struct weir_interface_watch {
    weir_socket socket;
    bool missed;
    weir_bytes rest; /* of the last message that was received, in `buffer` */
    weir_interface_list known;
    char buffer[ROOM];
};

/* Becomes a member of the groups.  A socket without a number of its own hears
 * nothing; the first message that it sends gives it one. */
static int join_groups(weir_io *io, weir_socket socket)
{
    static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
    char request[NET_NETLINK_REQUEST];
    int error = net_netlink_send(io, socket, request, net_netlink_ask_nothing(request, 1));
    for (size_t i = 0; !error && i < sizeof groups / sizeof *groups; i++)
        error = weir_set_option(io, socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
                                sizeof groups[i]);
    return error;
}

int weir_interface_watch_open(weir_io *io, weir_interface_watch **out)
{
    *out = NULL;
    weir_interface_watch *watch = calloc(1, sizeof *watch);
    if (!watch) return WEIR_ENOMEM;
    int error = net_netlink_open(io, &watch->socket);
    if (error) {
        free(watch);
        return error;
    }
    error = join_groups(io, watch->socket);
    if (!error) error = weir_interface_list_get(io, &watch->known);
    if (error) {
        weir_interface_watch_close(io, watch);
        return error;
    }
    *out = watch;
    return 0;
}

void weir_interface_watch_close(weir_io *io, weir_interface_watch *watch)
{
    if (!watch) return;
    weir_close_socket(io, watch->socket);
    weir_interface_list_free(&watch->known);
    free(watch);
}

static bool is_up(const weir_interface_entry *link)
{
    const uint32_t both = WEIR_INTERFACE_UP | WEIR_INTERFACE_RUNNING;
    return (link->flags & both) == both;
}

static bool is_same(const weir_interface_entry *a, const weir_interface_entry *b)
{
    return a->flags == b->flags && a->mtu == b->mtu && a->hardware_len == b->hardware_len &&
           memcmp(a->hardware, b->hardware, a->hardware_len) == 0 &&
           strcmp(a->name.text, b->name.text) == 0;
}

/* The place of an index among the known: that of the first one not below it. */
static size_t place_of(const weir_interface_list *known, uint32_t index)
{
    size_t at = 0;
    while (at < known->count && known->entries[at].interface.index < index) at++;
    return at;
}

/* Puts a new link in its place.  Returns 0 or WEIR_ENOMEM. */
static int remember(weir_interface_list *known, size_t at, const weir_interface_entry *link)
{
    weir_interface_entry *entries = reallocarray(known->entries, known->count + 1, sizeof *entries);
    if (!entries) return WEIR_ENOMEM;
    known->entries = entries;
    memmove(&entries[at + 1], &entries[at], (known->count - at) * sizeof *entries);
    entries[at] = *link;
    known->count++;
    return 0;
}

static void forget(weir_interface_list *known, size_t at)
{
    weir_interface_entry *entries = known->entries;
    known->count--;
    memmove(&entries[at], &entries[at + 1], (known->count - at) * sizeof *entries);
}

static void tell_link(weir_interface_event_kind kind, const weir_interface_entry *link,
                      weir_interface_event *out)
{
    *out = (weir_interface_event){.kind = kind,
                                  .interface = link->interface,
                                  .name = link->name,
                                  .flags = link->flags,
                                  .mtu = link->mtu};
}

/* Returns 1 and *out, 0 when nothing happened, or an error. */
static int take_link(weir_interface_watch *watch, bool gone, weir_bytes body,
                     weir_interface_event *out)
{
    weir_interface_entry link;
    int error = net_netlink_link(body, &link);
    if (error) return error == WEIR_EAFNOSUPPORT ? 0 : error;
    weir_interface_list *known = &watch->known;
    const size_t at = place_of(known, link.interface.index);
    const bool is_known =
        at < known->count && known->entries[at].interface.index == link.interface.index;
    if (gone) {
        if (!is_known) return 0;
        forget(known, at);
        tell_link(WEIR_INTERFACE_GONE, &link, out);
        return 1;
    }
    if (!is_known) {
        error = remember(known, at, &link);
        if (error) return error;
        tell_link(WEIR_INTERFACE_NEW, &link, out);
        return 1;
    }
    const weir_interface_entry before = known->entries[at];
    if (is_same(&before, &link)) return 0;
    known->entries[at] = link;
    weir_interface_event_kind kind = WEIR_INTERFACE_CHANGED;
    if (is_up(&before) != is_up(&link))
        kind = is_up(&link) ? WEIR_INTERFACE_WENT_UP : WEIR_INTERFACE_WENT_DOWN;
    tell_link(kind, &link, out);
    return 1;
}

static int take_address(weir_interface_event_kind kind, weir_bytes body, weir_interface_event *out)
{
    net_netlink_address found;
    int error = net_netlink_read_address(body, &found);
    if (error) return error == WEIR_EAFNOSUPPORT ? 0 : error;
    *out =
        (weir_interface_event){.kind = kind, .interface = {found.index}, .address = found.address};
    return 1;
}

static int take_message(weir_interface_watch *watch, const net_netlink_message *message,
                        weir_interface_event *out)
{
    switch (message->type) {
    case RTM_NEWLINK: return take_link(watch, false, message->body, out);
    case RTM_DELLINK: return take_link(watch, true, message->body, out);
    case RTM_NEWADDR: return take_address(WEIR_INTERFACE_ADDRESS_ADDED, message->body, out);
    case RTM_DELADDR: return take_address(WEIR_INTERFACE_ADDRESS_REMOVED, message->body, out);
    case NLMSG_OVERRUN: return WEIR_ENOBUFS;
    default: return 0;
    }
}

/* Takes an event out of what has been received.  Returns 1 and *out, 0 when
 * there is none, or an error: messages are lost. */
static int take_received(weir_interface_watch *watch, weir_interface_event *out)
{
    net_netlink_message message;
    int got;
    while ((got = net_netlink_next(&watch->rest, &message)) > 0) {
        got = take_message(watch, &message, out);
        if (got != 0) return got;
    }
    return got;
}

/* After messages were lost: learns the links anew.
 *
 * Once the kernel has dropped a message it drops all, and says so no second time, until the queue
 * has been emptied.  So the list is asked for after that; what it does not hold is then told. */
static int learn(weir_io *io, weir_interface_watch *watch, weir_interface_event *out)
{
    weir_interface_list now;
    int64_t n;
    watch->rest = weir_bytes_of(watch->buffer, 0);
    do {
        n = weir_try_read(io, watch->socket, watch->buffer, ROOM);
    } while (n >= 0 || n == WEIR_ENOBUFS);
    if (n != WEIR_EAGAIN) return (int)n;
    int error = weir_interface_list_get(io, &now);
    if (error) return error;
    weir_interface_list_free(&watch->known);
    watch->known = now;
    watch->missed = false;
    *out = (weir_interface_event){.kind = WEIR_INTERFACE_MISSED};
    return 0;
}

int weir_interface_watch_next(weir_io *io, weir_interface_watch *watch, weir_interface_event *out)
{
    for (;;) {
        if (watch->missed) return learn(io, watch, out);
        int got = take_received(watch, out);
        if (got > 0) return 0;
        int64_t n = got;
        if (got == 0) n = net_netlink_receive(io, watch->socket, watch->buffer, ROOM);
        const bool lost = got < 0 || n == WEIR_ENOBUFS || n == WEIR_EMSGSIZE;
        if (n < 0 && !lost) return (int)n;
        watch->missed = lost;
        watch->rest = weir_bytes_of(watch->buffer, lost ? 0 : (size_t)n);
    }
}

void weir_interface_watch_prepare(weir_interface_watch *watch, weir_op *op)
{
    const bool ready = watch->missed || watch->rest.len > 0;
    weir_op_set(op, ready ? WEIR_OP_NOP : WEIR_OP_POLL, watch->socket.fd);
    if (!ready) op->args.poll = WEIR_POLL_READ;
}
