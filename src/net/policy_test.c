/* SPDX-License-Identifier: MIT
 *
 * Can anything but the public internet be reached through the public policy, in whatever form its
 * address is written?
 */
#include "test/harness/test.h"

#include <string.h>

#include <weir/base/error.h>
#include <weir/net/policy.h>

static weir_address ip(const char *text, uint16_t port)
{
    weir_address out;
    assert_int_equal(weir_address_parse_ip(weir_bytes_text(text), port, &out), 0);
    return out;
}

/* The rule that refuses an address, PASSED when none does. */
static weir_policy_rule rule(const weir_policy *policy, const char *text)
{
    const weir_address address = ip(text, 443);
    weir_policy_reason reason;
    char line[WEIR_POLICY_TEXT];
    const int result = weir_policy_check(policy, &address, &reason);
    assert_int_equal(result, reason.rule == WEIR_POLICY_PASSED ? 0 : WEIR_EPOLICY);
    assert_int_equal(weir_policy_check(policy, &address, NULL), result);
    const size_t len = weir_policy_reason_print(&reason, line);
    assert_true(len > 0 && len == strlen(line));
    return reason.rule;
}

static weir_prefix_set *set_of(const char *const texts[])
{
    weir_prefix_set *set;
    assert_int_equal(weir_prefix_set_create(0, &set), 0);
    for (; *texts; texts++) {
        weir_prefix p;
        assert_int_equal(weir_prefix_parse(weir_bytes_text(*texts), WEIR_PREFIX_STRICT, &p, NULL),
                         0);
        assert_int_equal(weir_prefix_set_insert(set, &p, NULL), 0);
    }
    return set;
}

static const char *const not_public[] = {
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.1.1",
    "172.16.0.1",
    "192.0.0.9",
    "192.88.99.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001:1::1",
    "2001:2::1",
    "2001:db8::1",
    "3fff::1",
    "3ffe::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    /* IPv4 inside */
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0.0.0.0",
    "64:ff9b::127.0.0.1",
    "2002:808:808::5efe:10.0.0.1",
    "2002:808:808::200:5efe:127.0.0.1",
    "64:ff9b::192.168.0.1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:c0a8:101::1",
    "2001:0:808:808::3fff:fdd2" /* client 192.0.2.45 */,
    "2001:0:a00:1:8000:63bf:f7f7:f7f7" /* server 10.0.0.1 */,
    "2a00:1450::5efe:10.0.0.1",
};

static const char *const metadata_services[] = {
    "169.254.169.254",   "169.254.170.2",          "100.100.100.200",        "168.63.129.16",
    "192.0.0.192",       "fd00:ec2::254",          "fd20:ce::254",           "fd00:42::42",
    "fe80::a9fe:a9fe",   "fe80::a9fe:a9fe%2",      "fd00:c1::a9fe:a9fe",     "fd00:a9fe:a9fe::1",
    "fd00:100::100:200", "::ffff:169.254.169.254", "64:ff9b::168.63.129.16", "2002:a9fe:a9fe::1",
};

static const char *const public_hosts[] = {
    "8.8.8.8",
    "1.1.1.1",
    "::ffff:8.8.8.8",
    "2606:4700::1111",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "2001:0:808:808:8000:63bf:f7f7:f7f7",
    "2002:808:808::5efe:8.8.8.8",
    "192.31.196.1",
    "2a00:1450::5efe:8.8.8.8",
};

TEST(policy_that_refuses_loopback_refuses_what_leads_there)
{
    const weir_policy policy = {.deny = WEIR_POLICY_DENY(WEIR_IP_LOOPBACK)};
    static const char *const here[] = {"127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:0.0.0.0"};
    for (size_t i = 0; i < sizeof here / sizeof *here; i++)
        assert_int_equal(rule(&policy, here[i]), WEIR_POLICY_CLASS);
    assert_int_equal(rule(&policy, "10.0.0.1"), WEIR_POLICY_PASSED);
}

TEST(policy_public_refuses_what_is_not)
{
    const weir_policy policy = weir_policy_public();
    for (size_t i = 0; i < sizeof not_public / sizeof *not_public; i++) {
        if (rule(&policy, not_public[i]) != WEIR_POLICY_CLASS) print_error("%s\n", not_public[i]);
        assert_int_equal(rule(&policy, not_public[i]), WEIR_POLICY_CLASS);
    }
    for (size_t i = 0; i < sizeof metadata_services / sizeof *metadata_services; i++)
        assert_int_equal(rule(&policy, metadata_services[i]), WEIR_POLICY_IS_METADATA);
    for (size_t i = 0; i < sizeof public_hosts / sizeof *public_hosts; i++) {
        if (rule(&policy, public_hosts[i]) != WEIR_POLICY_PASSED)
            print_error("%s\n", public_hosts[i]);
        assert_int_equal(rule(&policy, public_hosts[i]), WEIR_POLICY_PASSED);
    }
}

/* What passes the public policy is globally reachable, or holds an IPv4 address that is. */
TEST_SEEDED(policy_public_passes_only_global_addresses, 11)
{
    uint64_t random = test_seed();
    const weir_policy policy = weir_policy_public();
    size_t blocks;
    const weir_ip_block *table = weir_ip_blocks(&blocks);
    for (int round = 0; round < 40000; round++) {
        const weir_ip_block *b = &table[test_random(&random) % blocks];
        weir_address address = weir_prefix_network(&b->prefix);
        const bool six = address.kind == WEIR_ADDRESS_IPV6;
        uint8_t *bytes = six ? address.at.ipv6 : address.at.ipv4;
        for (unsigned i = b->prefix.len; i < (six ? 128U : 32U); i++)
            if (test_random(&random) & 1) bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
        if (weir_policy_check(&policy, &address, NULL) < 0) continue;
        weir_address inside[WEIR_EMBEDDED_ADDRESSES];
        size_t count;
        weir_ip_embedded(&address, inside, &count);
        assert_true(weir_ip_is_global(&address) || count > 0);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(weir_policy_check(&policy, &inside[i], NULL), 0);
    }
}

TEST(policy_own_prefixes_and_longest_match)
{
    static const char *const allow[] = {"10.1.0.0/16", "169.254.0.0/16", "8.8.8.0/24", NULL};
    static const char *const deny[] = {"8.8.0.0/16", "10.1.2.0/24", "1.1.1.0/24", NULL};
    weir_prefix_set *allowed = set_of(allow), *denied = set_of(deny);
    weir_policy policy = weir_policy_public();
    policy.allowed = allowed;
    policy.denied = denied;
    assert_int_equal(rule(&policy, "10.1.1.1"), WEIR_POLICY_PASSED);
    assert_int_equal(rule(&policy, "::ffff:10.1.1.1"), WEIR_POLICY_PASSED);
    assert_int_equal(rule(&policy, "10.1.2.1"), WEIR_POLICY_DENIED);
    assert_int_equal(rule(&policy, "10.2.0.1"), WEIR_POLICY_CLASS);
    assert_int_equal(rule(&policy, "8.8.8.8"), WEIR_POLICY_PASSED);
    assert_int_equal(rule(&policy, "8.8.9.8"), WEIR_POLICY_DENIED);
    assert_int_equal(rule(&policy, "::ffff:1.1.1.1"), WEIR_POLICY_DENIED);
    assert_int_equal(rule(&policy, "2002:101:101::"), WEIR_POLICY_DENIED);
    assert_int_equal(rule(&policy, "169.254.1.1"), WEIR_POLICY_PASSED);
    /* A network that is allowed does not hand out the machine's credentials. */
    assert_int_equal(rule(&policy, "169.254.169.254"), WEIR_POLICY_IS_METADATA);
    const weir_prefix exactly = {WEIR_ADDRESS_IPV4, 32, {169, 254, 169, 254}};
    assert_int_equal(weir_prefix_set_insert(allowed, &exactly, NULL), 0);
    assert_int_equal(rule(&policy, "169.254.169.254"), WEIR_POLICY_PASSED);
    /* The same prefix in both. */
    const weir_prefix both = {WEIR_ADDRESS_IPV4, 24, {8, 8, 8}};
    assert_int_equal(weir_prefix_set_insert(denied, &both, NULL), 0);
    assert_int_equal(rule(&policy, "8.8.8.8"), WEIR_POLICY_DENIED);
    weir_prefix_set_destroy(allowed);
    weir_prefix_set_destroy(denied);
}

TEST(policy_allowing_the_form_does_not_allow_what_is_in_it)
{
    static const char *const allow[] = {"::/0", NULL};
    weir_prefix_set *all6 = set_of(allow);
    weir_policy policy = weir_policy_public();
    policy.allowed = all6;
    assert_int_equal(rule(&policy, "fd00::1"), WEIR_POLICY_PASSED);
    assert_int_equal(rule(&policy, "::ffff:127.0.0.1"), WEIR_POLICY_CLASS);
    assert_int_equal(rule(&policy, "64:ff9b::127.0.0.1"), WEIR_POLICY_CLASS);
    assert_int_equal(rule(&policy, "127.0.0.1"), WEIR_POLICY_CLASS);
    /* Denying it, however, does. */
    policy = (weir_policy){.denied = all6};
    assert_int_equal(rule(&policy, "::ffff:8.8.8.8"), WEIR_POLICY_DENIED);
    assert_int_equal(rule(&policy, "8.8.8.8"), WEIR_POLICY_PASSED);
    weir_prefix_set_destroy(all6);
}

TEST(policy_only_allowed_and_zero_value)
{
    static const char *const allow[] = {"192.0.2.0/24", NULL};
    weir_prefix_set *allowed = set_of(allow);
    const weir_policy closed = {.only_allowed = true, .allowed = allowed};
    assert_int_equal(rule(&closed, "192.0.2.1"), WEIR_POLICY_PASSED);
    assert_int_equal(rule(&closed, "8.8.8.8"), WEIR_POLICY_NOT_ALLOWED);
    const weir_policy open = {0};
    assert_int_equal(rule(&open, "127.0.0.1"), WEIR_POLICY_PASSED);
    assert_int_equal(rule(NULL, "127.0.0.1"), WEIR_POLICY_PASSED);
    weir_prefix_set_destroy(allowed);
}

TEST(policy_of_a_network_with_nat64_of_its_own)
{
    weir_policy policy = weir_policy_public();
    policy.deny &= ~WEIR_POLICY_DENY(WEIR_IP_NAT64_LOCAL);
    assert_int_equal(rule(&policy, "64:ff9b:1::8.8.8.8"), WEIR_POLICY_PASSED);
    assert_int_equal(rule(&policy, "64:ff9b:1:808:8:800::"), WEIR_POLICY_PASSED);
    assert_int_equal(rule(&policy, "64:ff9b:1::10.0.0.1"), WEIR_POLICY_CLASS);
    assert_int_equal(rule(&policy, "64:ff9b:1:a00:0:100::"), WEIR_POLICY_CLASS);
    assert_int_equal(rule(&policy, "64:ff9b:1:808:8:800:a00:1"), WEIR_POLICY_CLASS);
    assert_int_equal(rule(&policy, "64:ff9b:1::"), WEIR_POLICY_CLASS);
}

TEST(policy_ports_and_unix)
{
    static const uint16_t ports[] = {80, 443};
    weir_policy policy = {.ports = ports, .port_count = 2};
    const weir_address web = ip("8.8.8.8", 443), mail = ip("8.8.8.8", 25), none = {0};
    const weir_address path = {.kind = WEIR_ADDRESS_UNIX, .path_len = 2, .at.path = "/x"};
    weir_policy_reason reason;
    char line[WEIR_POLICY_TEXT];
    assert_int_equal(weir_policy_check(&policy, &web, &reason), 0);
    assert_int_equal(weir_policy_check(&policy, &mail, &reason), WEIR_EPOLICY);
    assert_int_equal(reason.rule, WEIR_POLICY_PORT);
    weir_policy_reason_print(&reason, line);
    assert_string_equal(line, "8.8.8.8:25 is not on a port that is allowed");
    assert_int_equal(weir_policy_check(&policy, &path, &reason), WEIR_EPOLICY);
    assert_int_equal(reason.rule, WEIR_POLICY_UNIX);
    weir_policy_reason_print(&reason, line);
    assert_string_equal(line, "unix:/x is a Unix socket, which is not allowed");
    policy.allow_unix = true;
    assert_int_equal(weir_policy_check(&policy, &path, &reason), 0);
    assert_int_equal(weir_policy_check(&policy, &none, &reason), WEIR_EPOLICY);
    assert_int_equal(reason.rule, WEIR_POLICY_NO_ADDRESS);
}

TEST(policy_reason_names_the_address_inside)
{
    const weir_policy policy = weir_policy_public();
    const weir_address address = ip("64:ff9b::127.0.0.1", 80);
    weir_policy_reason reason;
    char line[WEIR_POLICY_TEXT];
    assert_int_equal(weir_policy_check(&policy, &address, &reason), WEIR_EPOLICY);
    weir_policy_reason_print(&reason, line);
    assert_string_equal(line, "127.0.0.1 is in 127.0.0.0/8 (Loopback)");
}
