/* SPDX-License-Identifier: MIT
 *
 * Does a program see its interfaces as they are, and hear of what happens to them?
 */
#include "test/network/network.h"

#include <weir/net/interface.h>

NETWORK(the_list_of_interfaces_is_that_of_the_host, NETWORK_DIRECT)
{
    network_ip(net, NETWORK_NEAR, "link set net1 mtu 1400\n");
    weir_interface_list list;
    if (!check_int(weir_interface_list_get(io, &list), 0)) return;
    check_int(list.count, 3);
    const weir_interface_entry *net0 =
        weir_interface_list_find(&list, (weir_interface){network_index(NETWORK_NEAR, 0)});
    const weir_interface_entry *net1 =
        weir_interface_list_find(&list, (weir_interface){network_index(NETWORK_NEAR, 1)});
    if (check(net0 && net1)) {
        check(strcmp(net0->name.text, "net0") == 0);
        check_int(net0->mtu, 1500);
        check_int(net1->mtu, 1400);
        check(net0->flags & WEIR_INTERFACE_UP && net0->flags & WEIR_INTERFACE_MULTICAST);
        check(!(net0->flags & WEIR_INTERFACE_LOOPBACK));
        weir_address own = network_address("192.0.2.1:0");
        bool found = false;
        for (size_t i = 0; i < net0->address_count; i++) {
            const weir_interface_address *a = &net0->addresses[i];
            if (!weir_address_equal(&a->address, &own)) continue;
            found = a->prefix_len == 24 && a->scope == WEIR_INTERFACE_SCOPE_GLOBAL;
        }
        check(found);
    }
    weir_interface_list_free(&list);
}

/* Hears events of an interface until one of this kind comes. */
typedef struct hearing {
    weir_interface_watch *watch;
    weir_interface_event_kind kind;
    uint32_t index;
    weir_interface_event event;
} hearing;

static int hear(weir_io *io, void *argument)
{
    hearing *h = argument;
    int error;
    do {
        error = weir_interface_watch_next(io, h->watch, &h->event);
    } while (!error && (h->event.kind != h->kind || h->event.interface.index != h->index));
    return error;
}

static bool heard(weir_io *io, hearing *h, weir_interface_event_kind kind)
{
    h->kind = kind;
    return check_int(weir_timeout(io, weir_seconds(20), hear, h), 0);
}

static void hear_addresses(weir_io *io, network *net, hearing *h)
{
    network_ip(net, NETWORK_NEAR, "addr add 192.0.2.50/25 dev net0\n");
    weir_address added = network_address("192.0.2.50:0");
    if (heard(io, h, WEIR_INTERFACE_ADDRESS_ADDED)) {
        check(weir_address_equal(&h->event.address.address, &added));
        check_int(h->event.address.prefix_len, 25);
    }
    network_ip(net, NETWORK_NEAR, "addr del 192.0.2.50/25 dev net0\n");
    if (heard(io, h, WEIR_INTERFACE_ADDRESS_REMOVED))
        check(weir_address_equal(&h->event.address.address, &added));
}

NETWORK(changes_of_interfaces_are_heard, NETWORK_DIRECT)
{
    hearing h = {.index = network_index(NETWORK_NEAR, 0)};
    if (!check_int(weir_interface_watch_open(io, &h.watch), 0)) return;
    hear_addresses(io, net, &h);

    network_ip(net, NETWORK_NEAR, "link set net0 mtu 1400\n");
    weir_op change, sleep = {.code = WEIR_OP_SLEEP};
    weir_op *ops[] = {&sleep, &change};
    weir_interface_watch_prepare(h.watch, &change);
    check_int(weir_select(io, ops, 2, weir_never()), 1);
    if (heard(io, &h, WEIR_INTERFACE_CHANGED)) check_int(h.event.mtu, 1400);
    network_ip(net, NETWORK_NEAR, "link set net0 down\n");
    heard(io, &h, WEIR_INTERFACE_WENT_DOWN);
    network_ip(net, NETWORK_NEAR, "link set net0 up\n");
    heard(io, &h, WEIR_INTERFACE_WENT_UP);

    /* The other end of the cable goes down: this one is still switched on. */
    network_ip(net, NETWORK_FAR, "link set net0 down\n");
    if (heard(io, &h, WEIR_INTERFACE_WENT_DOWN)) {
        check(h.event.flags & WEIR_INTERFACE_UP);
        check(!(h.event.flags & WEIR_INTERFACE_RUNNING));
    }
    network_ip(net, NETWORK_FAR, "link set net0 up\n");
    heard(io, &h, WEIR_INTERFACE_WENT_UP);

    network_ip(net, NETWORK_NEAR, "link add name net5 index 15 type veth peer name net6\n");
    h.index = 15;
    if (heard(io, &h, WEIR_INTERFACE_NEW)) check(strcmp(h.event.name.text, "net5") == 0);
    network_ip(net, NETWORK_NEAR, "link del net5\n");
    heard(io, &h, WEIR_INTERFACE_GONE);
    weir_interface_watch_close(io, h.watch);
}

/* More changes than the watch's socket holds: it has room for some hundred. */
static void change_very_often(network *net)
{
    enum { ROUNDS = 1000 };
    static const char lines[] =
        "addr add 192.0.2.60/32 dev net0\naddr del 192.0.2.60/32 dev net0\n";
    char *all = malloc(ROUNDS * sizeof lines);
    if (!all) abort();
    for (int i = 0; i < ROUNDS; i++) memcpy(all + i * (sizeof lines - 1), lines, sizeof lines);
    network_ip(net, NETWORK_NEAR, all);
    free(all);
}

NETWORK(events_that_were_lost_are_told_and_the_watch_goes_on, NETWORK_DIRECT)
{
    hearing h = {0};
    if (!check_int(weir_interface_watch_open(io, &h.watch), 0)) return;
    change_very_often(net);
    heard(io, &h, WEIR_INTERFACE_MISSED);
    h.index = network_index(NETWORK_NEAR, 0);
    hear_addresses(io, net, &h);
    weir_interface_watch_close(io, h.watch);
}
