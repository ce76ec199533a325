/* SPDX-License-Identifier: MIT
 *
 * Names and indexes of interfaces, and the snapshot of all.
 *
 * A question is a socket, a request and its answer.  The kernel sends a list in
 * parts; when it changed between them it says so (NLM_F_DUMP_INTR), and the
 * whole question is put again, on a new socket, so that what is left of the old
 * answer cannot be taken for the new one.
 */
#include <weir/net/interface.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/socket.h>

#include "net/netlink_socket.h"

enum {
    FIRST_ROOM = 32 << 10, /* what the kernel uses at most for one part, unless a
                              link is larger */
    MOST_ROOM = 1 << 20,
    MOST_TRIES = 32, /* for a list that keeps changing */
};

/* Looks at one message of the answer.  Returns 0 to go on, or an error that
 * ends it. */
typedef int look_fn(const net_netlink_message *message, void *user);

typedef struct question {
    char request[NET_NETLINK_REQUEST];
    size_t len;
    uint32_t sequence;
    look_fn *look;
    void *user;
} question;

enum { AGAIN = 1, GO_ON = 2 }; /* outcomes beside 0 and errors */

/* Returns 0 when the answer is over, GO_ON, AGAIN, or an error. */
static int look_at(const question *q, const net_netlink_message *message)
{
    if (message->sequence != q->sequence) return GO_ON;
    if (message->flags & NLM_F_DUMP_INTR) return AGAIN;
    switch (message->type) {
    case NLMSG_NOOP: return GO_ON;
    case NLMSG_OVERRUN: return AGAIN;
    case NLMSG_ERROR: return net_netlink_error(message->body);
    case NLMSG_DONE: return message->body.len ? net_netlink_error(message->body) : 0;
    default: break;
    }
    int error = q->look(message, q->user);
    if (error) return error;
    return message->flags & NLM_F_MULTI ? GO_ON : 0;
}

/* Takes the answer as far as it goes.  Returns 0, AGAIN or an error;
 * WEIR_EMSGSIZE: needs room. */
static int take_answer(weir_io *io, weir_socket socket, const question *q, char *buffer,
                       size_t room)
{
    for (;;) {
        int64_t n = net_netlink_receive(io, socket, buffer, room);
        if (n == WEIR_ENOBUFS) return AGAIN;
        if (n < 0) return (int)n;
        weir_bytes rest = weir_bytes_of(buffer, (size_t)n);
        net_netlink_message message;
        int got;
        while ((got = net_netlink_next(&rest, &message)) > 0) {
            int outcome = look_at(q, &message);
            if (outcome != GO_ON) return outcome;
        }
        if (got < 0) return got;
    }
}

static int ask_once(weir_io *io, const question *q, size_t room)
{
    char *buffer = malloc(room);
    if (!buffer) return WEIR_ENOMEM;
    weir_socket socket;
    int error = net_netlink_open(io, &socket);
    if (!error) {
        error = net_netlink_send(io, socket, q->request, q->len);
        if (!error) error = take_answer(io, socket, q, buffer, room);
        weir_close_socket(io, socket);
    }
    free(buffer);
    return error;
}

/* Asks until there is a whole answer.  `forget` is told when what was looked at
 * does not hold. */
static int ask(weir_io *io, const question *q, void (*forget)(void *user))
{
    size_t room = FIRST_ROOM;
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        int error = ask_once(io, q, room);
        if (error != AGAIN && error != WEIR_EMSGSIZE) return error;
        if (error == WEIR_EMSGSIZE) room *= 2;
        if (room > MOST_ROOM) return WEIR_EPROTO;
        if (forget) forget(q->user);
    }
    return WEIR_EAGAIN;
}

int weir_interface_name_parse(weir_bytes text, weir_interface_name *out)
{
    if (text.len == 0 || memchr(text.data, 0, text.len)) return WEIR_EINVAL;
    if (text.len >= sizeof out->text) return WEIR_ENAMETOOLONG;
    weir_interface_name name = {{0}};
    memcpy(name.text, text.data, text.len);
    *out = name;
    return 0;
}

static int look_at_link(const net_netlink_message *message, void *user)
{
    if (message->type != RTM_NEWLINK) return WEIR_EPROTO;
    return net_netlink_link(message->body, user) < 0 ? WEIR_EPROTO : 0;
}

/* Asks for one link, by index or by name. */
static int ask_link(weir_io *io, uint32_t index, const char *name, weir_interface_entry *out)
{
    question q = {.sequence = 1, .look = look_at_link, .user = out};
    q.len = net_netlink_ask_link(q.request, q.sequence, index, name);
    *out = (weir_interface_entry){0};
    int error = ask(io, &q, NULL);
    if (error == WEIR_ENODEV) return WEIR_EINTERFACE;
    if (!error && out->interface.index == 0) return WEIR_EPROTO;
    return error;
}

int weir_interface_find(weir_io *io, const weir_interface_name *name, weir_interface *out)
{
    const size_t len = strnlen(name->text, sizeof name->text);
    if (len == 0) return WEIR_EINVAL;
    if (len == sizeof name->text) return WEIR_ENAMETOOLONG;
    weir_interface_entry link;
    int error = ask_link(io, 0, name->text, &link);
    if (!error) *out = link.interface;
    return error;
}

int weir_interface_get_name(weir_io *io, weir_interface interface, weir_interface_name *out)
{
    if (interface.index == 0 || interface.index > INT32_MAX) return WEIR_EINTERFACE;
    weir_interface_entry link;
    int error = ask_link(io, interface.index, NULL, &link);
    if (!error) *out = link.name;
    return error;
}

/* The snapshot
 * ---------------------------------------------------------------------------------
 */

/* Something that grows, of items of one size. */
typedef struct pile {
    char *items;
    size_t count, room, size;
} pile;

/* Room for one more item at its end, or NULL. */
static void *pile_grow(pile *p)
{
    if (p->count == p->room) {
        const size_t room = p->room ? p->room * 2 : 16;
        char *items = reallocarray(p->items, room, p->size);
        if (!items) return NULL;
        p->items = items;
        p->room = room;
    }
    return p->items + p->count++ * p->size;
}

static void pile_forget(void *user)
{
    ((pile *)user)->count = 0;
}

static int pile_link(const net_netlink_message *message, void *user)
{
    weir_interface_entry link;
    if (message->type != RTM_NEWLINK) return WEIR_EPROTO;
    int error = net_netlink_link(message->body, &link);
    if (error == WEIR_EAFNOSUPPORT) return 0;
    if (error) return error;
    weir_interface_entry *at = pile_grow(user);
    if (!at) return WEIR_ENOMEM;
    *at = link;
    return 0;
}

static int pile_address(const net_netlink_message *message, void *user)
{
    net_netlink_address address;
    if (message->type != RTM_NEWADDR) return WEIR_EPROTO;
    int error = net_netlink_read_address(message->body, &address);
    if (error == WEIR_EAFNOSUPPORT) return 0;
    if (error) return error;
    net_netlink_address *at = pile_grow(user);
    if (!at) return WEIR_ENOMEM;
    *at = address;
    return 0;
}

static int by_index(const void *a, const void *b)
{
    const uint32_t x = ((const weir_interface_entry *)a)->interface.index;
    const uint32_t y = ((const weir_interface_entry *)b)->interface.index;
    return (x > y) - (x < y);
}

static weir_interface_entry *find_entry(weir_interface_entry *entries, size_t count, uint32_t index)
{
    const weir_interface_entry key = {.interface = {index}};
    return count ? bsearch(&key, entries, count, sizeof key, by_index) : NULL;
}

/* Gives each of the sorted links its addresses, in the order in which they
 * came.  Returns 0, WEIR_ENOMEM, or AGAIN when an address belongs to a link
 * that came too late for the list. */
static int give_addresses(pile *links, const pile *found, weir_interface_list *out)
{
    weir_interface_entry *entries = (void *)links->items;
    const net_netlink_address *from = (const void *)found->items;
    if (found->count == 0) return 0;
    weir_interface_address *all = calloc(found->count, sizeof *all);
    if (!all) return WEIR_ENOMEM;
    out->addresses = all;
    for (size_t i = 0; i < found->count; i++) {
        weir_interface_entry *entry = find_entry(entries, links->count, from[i].index);
        if (!entry) return AGAIN;
        entry->address_count++;
    }
    for (size_t i = 0; i < links->count; i++) {
        entries[i].addresses = all;
        all += entries[i].address_count;
        entries[i].address_count = 0;
    }
    for (size_t i = 0; i < found->count; i++) {
        weir_interface_entry *entry = find_entry(entries, links->count, from[i].index);
        const size_t at = (size_t)(entry->addresses - out->addresses) + entry->address_count++;
        out->addresses[at] = from[i].address;
    }
    return 0;
}

/* Returns 0 and *out, AGAIN, or an error. */
static int take_list(weir_io *io, pile *links, pile *addresses, weir_interface_list *out)
{
    question q = {.sequence = 1, .look = pile_link, .user = links};
    q.len = net_netlink_ask_links(q.request, q.sequence);
    int error = ask(io, &q, pile_forget);
    if (error) return error;
    qsort(links->items, links->count, links->size, by_index);

    q = (question){.sequence = 2, .look = pile_address, .user = addresses};
    q.len = net_netlink_ask_addresses(q.request, q.sequence);
    error = ask(io, &q, pile_forget);
    if (error) return error;
    return give_addresses(links, addresses, out);
}

int weir_interface_list_get(weir_io *io, weir_interface_list *out)
{
    int error = AGAIN;
    *out = (weir_interface_list){0};
    for (int tries = 0; error == AGAIN && tries < MOST_TRIES; tries++) {
        pile links = {.size = sizeof(weir_interface_entry)};
        pile addresses = {.size = sizeof(net_netlink_address)};
        error = take_list(io, &links, &addresses, out);
        free(addresses.items);
        out->entries = (void *)links.items;
        out->count = links.count;
        if (error) weir_interface_list_free(out);
    }
    return error == AGAIN ? WEIR_EAGAIN : error;
}

void weir_interface_list_free(weir_interface_list *list)
{
    free(list->addresses);
    free(list->entries);
    *list = (weir_interface_list){0};
}

const weir_interface_entry *weir_interface_list_find(const weir_interface_list *list,
                                                     weir_interface interface)
{
    return find_entry(list->entries, list->count, interface.index);
}
