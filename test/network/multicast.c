/* SPDX-License-Identifier: MIT
 *
 * Do members on another host get what is sent to a group, from the sources that they asked for, as
 * long as they are members?
 *
 * What must not arrive is sent before something that must: over one cable they keep their order.
 */
#include "test/network/network.h"

#include <weir/net/multicast.h>

/* Near's senders and far's member of one group. */
typedef struct group_case {
    const char *group;      /* with port 0 */
    const char *sources[2]; /* two addresses of near's net0 */
    const char *far;        /* far's address on net0 */
    const char *add;        /* ip: gives near the second source */
} group_case;

static const group_case cases[] = {
    {"232.1.2.3:0",
     {"192.0.2.1:0", "192.0.2.11:0"},
     "192.0.2.2:0",
     "addr add 192.0.2.11/24 dev net0\n"},
    {"[ff3e::8000:123]:0",
     {"[2001:db8::1]:0", "[2001:db8::11]:0"},
     "[2001:db8::2]:0",
     "addr add 2001:db8::11/64 dev net0 nodad\n"},
};

typedef struct group_test {
    weir_udp_socket senders[2], member;
    weir_address group, far;
    weir_interface at; /* the member's interface */
} group_test;

static int open_member(weir_io *io, void *argument)
{
    group_test *t = argument;
    weir_address any =
        t->group.kind == WEIR_ADDRESS_IPV6 ? weir_address_any6(0) : weir_address_any4(0);
    return weir_udp_bind(io, &any, NULL, &t->member);
}

static bool begin(weir_io *io, network *net, const group_case *c, group_test *t)
{
    *t = (group_test){.group = network_address(c->group),
                      .far = network_address(c->far),
                      .at = {network_index(NETWORK_FAR, 0)}};
    network_ip(net, NETWORK_NEAR, c->add);
    if (!check_int(network_far(io, net, open_member, t), 0)) return false;
    weir_address local = {0};
    check_int(weir_udp_local(io, &t->member, &local), 0);
    t->group.port = t->far.port = local.port;
    check_int(weir_multicast_set_all(io, &t->member, false), 0);
    const weir_socket_options by_net0 = {.multicast_interface = {network_index(NETWORK_NEAR, 0)}};
    for (int i = 0; i < 2; i++) {
        weir_address source = network_address(c->sources[i]);
        if (!check_int(weir_udp_bind(io, &source, &by_net0, &t->senders[i]), 0)) return false;
    }
    return true;
}

static void end(weir_io *io, group_test *t)
{
    weir_udp_close(io, &t->member);
    for (int i = 0; i < 2; i++) weir_udp_close(io, &t->senders[i]);
}

/* Both sources send a letter to the group, "a" and "b", then the first sends "." to far alone.
 * Returns whether far gets `expected`. */
static bool arrives(weir_io *io, group_test *t, const char *expected)
{
    static const char *const letters[] = {"a", "b"};
    for (int i = 0; i < 2; i++)
        check_int(weir_udp_send_to(io, &t->senders[i], letters[i], 1, &t->group), 1);
    check_int(weir_udp_send_to(io, &t->senders[0], ".", 1, &t->far), 1);
    weir_deadline limit = weir_instant_add(weir_now(io, WEIR_CLOCK_MONOTONIC), weir_seconds(20));
    for (;; expected++) {
        char letter = 0;
        if (!check_int(weir_udp_receive_until(io, &t->member, &letter, 1, limit, NULL), 1) ||
            !check_int(letter, *expected))
            return false;
        if (letter == '.') return true;
    }
}

/* Another program of far's is a member; ours hears nothing by that. */
static void join_next_door(weir_io *io, network *net, group_test *t)
{
    group_test other = {.group = t->group, .at = t->at};
    if (!check_int(network_far(io, net, open_member, &other), 0)) return;
    check_int(weir_multicast_join(io, &other.member, &t->group, t->at), 0);
    arrives(io, t, ".");
    weir_udp_close(io, &other.member);
}

static void any_source(weir_io *io, network *net, const group_case *c)
{
    group_test t;
    if (!begin(io, net, c, &t)) return;
    arrives(io, &t, ".");
    join_next_door(io, net, &t);
    check_int(weir_multicast_join(io, &t.member, &t.group, t.at), 0);
    check_int(weir_multicast_join(io, &t.member, &t.group, t.at), WEIR_EADDRINUSE);
    arrives(io, &t, "ab.");
    check_int(weir_multicast_leave(io, &t.member, &t.group, t.at), 0);
    arrives(io, &t, ".");
    check_int(weir_multicast_leave(io, &t.member, &t.group, t.at), WEIR_EADDRNOTAVAIL);

    weir_interface other = {network_index(NETWORK_FAR, 1)};
    check_int(weir_multicast_join(io, &t.member, &t.group, other), 0);
    arrives(io, &t, ".");
    end(io, &t);
}

static void one_source(weir_io *io, network *net, const group_case *c)
{
    group_test t;
    if (!begin(io, net, c, &t)) return;
    weir_address sources[2] = {network_address(c->sources[0]), network_address(c->sources[1])};
    check_int(weir_multicast_join_source(io, &t.member, &t.group, &sources[1], t.at), 0);
    arrives(io, &t, "b.");
    check_int(weir_multicast_join_source(io, &t.member, &t.group, &sources[0], t.at), 0);
    arrives(io, &t, "ab.");
    check_int(weir_multicast_leave_source(io, &t.member, &t.group, &sources[1], t.at), 0);
    arrives(io, &t, "a.");
    check_int(weir_multicast_leave_source(io, &t.member, &t.group, &sources[0], t.at), 0);
    arrives(io, &t, ".");
    end(io, &t);
}

NETWORK(a_member_gets_what_any_source_sends, NETWORK_DIRECT)
{
    any_source(io, net, &cases[0]);
}

NETWORK(an_ipv6_member_gets_what_any_source_sends, NETWORK_DIRECT)
{
    if (network_needs_ipv6(net)) any_source(io, net, &cases[1]);
}

NETWORK(a_member_gets_what_its_sources_send, NETWORK_DIRECT)
{
    one_source(io, net, &cases[0]);
}

NETWORK(an_ipv6_member_gets_what_its_sources_send, NETWORK_DIRECT)
{
    if (network_needs_ipv6(net)) one_source(io, net, &cases[1]);
}
