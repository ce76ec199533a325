/* SPDX-License-Identifier: MIT
 *
 * Are messages about interfaces read as they are written, and refused when they are cut or lie?
 */
#include "test/harness/test.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <weir/base/error.h>

#include "net/netlink.h"

typedef struct message {
    _Alignas(4) char bytes[256];
    size_t len;
} message;

static void add(message *m, uint16_t type, const void *value, size_t len)
{
    const struct rtattr header = {.rta_len = (uint16_t)(sizeof header + len), .rta_type = type};
    memcpy(m->bytes + m->len, &header, sizeof header);
    memcpy(m->bytes + m->len + sizeof header, value, len);
    m->len += RTA_ALIGN(header.rta_len);
}

static message link_body(void)
{
    message m = {{0}, sizeof(struct ifinfomsg)};
    const struct ifinfomsg info = {.ifi_index = 7, .ifi_flags = 0x1003}; /* UP, BROADCAST, … */
    const uint32_t mtu = 1500;
    memcpy(m.bytes, &info, sizeof info);
    add(&m, IFLA_IFNAME, "eth7", 5);
    add(&m, IFLA_MTU, &mtu, sizeof mtu);
    add(&m, IFLA_ADDRESS, "\1\2\3\4\5\6", 6);
    return m;
}

static message address_body(void)
{
    message m = {{0}, sizeof(struct ifaddrmsg)};
    const struct ifaddrmsg info = {
        .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_scope = RT_SCOPE_LINK, .ifa_index = 7};
    memcpy(m.bytes, &info, sizeof info);
    add(&m, IFA_ADDRESS, "\xc0\0\2\2", 4);
    add(&m, IFA_LOCAL, "\xc0\0\2\1", 4);
    add(&m, IFA_BROADCAST, "\xc0\0\2\xff", 4);
    return m;
}

TEST(a_link_is_read)
{
    const message m = link_body();
    weir_interface_entry e;
    assert_int_equal(net_netlink_link(weir_bytes_of(m.bytes, m.len), &e), 0);
    assert_int_equal(e.interface.index, 7);
    assert_string_equal(e.name.text, "eth7");
    assert_int_equal(e.mtu, 1500);
    assert_int_equal(e.hardware_len, 6);
    assert_int_equal(e.flags,
                     WEIR_INTERFACE_UP | WEIR_INTERFACE_BROADCAST | WEIR_INTERFACE_MULTICAST);
}

TEST(an_address_with_a_peer_is_read)
{
    const message m = address_body();
    net_netlink_address a;
    assert_int_equal(net_netlink_read_address(weir_bytes_of(m.bytes, m.len), &a), 0);
    assert_int_equal(a.index, 7);
    assert_int_equal(a.address.prefix_len, 24);
    assert_int_equal(a.address.scope, WEIR_INTERFACE_SCOPE_LINK);
    assert_int_equal(a.address.address.at.ipv4[3], 1);
    assert_int_equal(a.address.peer.at.ipv4[3], 2);
    assert_int_equal(a.address.broadcast.at.ipv4[3], 255);
}

/* A copy that ends where its memory ends, so that a sanitizer sees a step too far. */
static char *exact(const char *bytes, size_t len)
{
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return copy;
}

TEST(every_cut_of_a_message_is_read_within_its_bounds)
{
    const message link = link_body(), address = address_body();
    for (size_t len = 0; len < link.len; len++) {
        weir_interface_entry e;
        net_netlink_address a;
        char *copy = exact(link.bytes, len);
        int result = net_netlink_link(weir_bytes_of(copy, len), &e);
        assert_true(result == 0 || result == WEIR_EPROTO);
        if (len < sizeof(struct ifinfomsg) + 9) assert_int_equal(result, WEIR_EPROTO);
        free(copy);
        if (len >= address.len) continue;
        copy = exact(address.bytes, len);
        result = net_netlink_read_address(weir_bytes_of(copy, len), &a);
        assert_true(result == 0 || result == WEIR_EPROTO || result == WEIR_EAFNOSUPPORT);
        free(copy);
    }
}

TEST(lengths_that_lie_are_refused)
{
    net_netlink_message out;
    for (uint32_t lie = 0; lie < 64; lie++) {
        struct nlmsghdr header = {.nlmsg_len = lie, .nlmsg_type = RTM_NEWLINK};
        weir_bytes rest = weir_bytes_of(&header, sizeof header);
        assert_int_equal(net_netlink_next(&rest, &out), lie == sizeof header ? 1 : WEIR_EPROTO);
    }
    message m = link_body();
    const uint16_t none = 0; /* an attribute of length 0 would never end */
    memcpy(m.bytes + sizeof(struct ifinfomsg), &none, sizeof none);
    weir_interface_entry e;
    assert_int_equal(net_netlink_link(weir_bytes_of(m.bytes, m.len), &e), WEIR_EPROTO);
    assert_int_equal(net_netlink_error(weir_bytes_of("", 0)), WEIR_EPROTO);
}

TEST(the_port_of_a_bridge_is_no_link)
{
    message m = link_body();
    weir_interface_entry e;
    m.bytes[0] = AF_BRIDGE;
    assert_int_equal(net_netlink_link(weir_bytes_of(m.bytes, m.len), &e), WEIR_EAFNOSUPPORT);
}

TEST_SEEDED(changed_messages_are_read_within_their_bounds, 20)
{
    uint64_t state = test_seed();
    for (int i = 0; i < 20000; i++) {
        message m = i % 2 ? link_body() : address_body();
        for (int n = 0; n < 3; n++)
            m.bytes[test_random(&state) % m.len] = (char)test_random(&state);
        const size_t len = test_random(&state) % (m.len + 1);
        char *copy = exact(m.bytes, len);
        weir_interface_entry e;
        net_netlink_address a;
        if (net_netlink_link(weir_bytes_of(copy, len), &e) == 0)
            assert_true(strlen(e.name.text) > 0 && strlen(e.name.text) < sizeof e.name.text);
        if (net_netlink_read_address(weir_bytes_of(copy, len), &a) == 0)
            assert_true(a.address.prefix_len <= 128);
        free(copy);
    }
}
