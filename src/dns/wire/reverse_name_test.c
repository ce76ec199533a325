/* SPDX-License-Identifier: MIT
 *
 * Do addresses become their reverse names, and only reverse names of whole addresses addresses?
 */
#include "dns/wire/testing.h"

static void assert_reverse(weir_bytes address, const char *text, size_t back_len)
{
    weir_dns_name name;
    uint8_t back[16];
    weir_dns_name_reverse((const uint8_t *)address.data, address.len, &name);
    assert_name(&name, text);
    const weir_dns_name read = name_of(text);
    assert_true(weir_dns_name_equal(&name, &read));
    assert_int_equal(weir_dns_name_reversed(&name, back), back_len);
    assert_memory_equal(back, address.data + address.len - back_len, back_len);
}

TEST(an_address_has_a_reverse_name)
{
    assert_reverse(BYTES("\xc0\0\2\1"), "1.2.0.192.in-addr.arpa.", 4);
    assert_reverse(BYTES("\0\0\0\0"), "0.0.0.0.in-addr.arpa.", 4);
    assert_reverse(BYTES("\xff\xff\xff\xff"), "255.255.255.255.in-addr.arpa.", 4);
    assert_reverse(BYTES("\x09\x0a\x63\x64"), "100.99.10.9.in-addr.arpa.", 4);
    /* RFC 3596 2.5 */
    assert_reverse(BYTES("\x43\x21\0\0\0\1\0\2\0\3\0\4\x05\x67\x89\xab"),
                   "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa.", 16);
    /* IPv4-mapped, and one that is nearly. */
    assert_reverse(BYTES("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1"), "1.2.0.192.in-addr.arpa.", 4);
    assert_reverse(BYTES("\0\0\0\0\0\0\0\0\0\1\xff\xff\xc0\0\2\1"),
                   "1.0.2.0.0.0.0.c.f.f.f.f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", 16);
}

TEST(random_addresses_come_back_from_their_reverse_name)
{
    uint64_t state = test_seed();
    for (int i = 0; i < 20000; i++) {
        uint8_t address[16], back[16];
        weir_dns_name name;
        const size_t len = i % 2 ? 4 : 16;
        for (size_t at = 0; at < len; at++) address[at] = (uint8_t)test_random(&state);
        weir_dns_name_reverse(address, len, &name);
        const uint8_t bits[32] = {(uint8_t)i, 0x5a, (uint8_t)~i, 0xa5};
        weir_dns_name_mix_case(&name, bits);
        assert_int_equal(weir_dns_name_reversed(&name, back), len);
        assert_memory_equal(back, address, len);
    }
}

TEST(what_is_not_the_reverse_name_of_one_address_gives_none)
{
    static const char *const others[] = {
        ".",
        "arpa",
        "in-addr.arpa",
        "ip6.arpa",
        "2.0.192.in-addr.arpa",
        "1.1.2.0.192.in-addr.arpa",
        "256.2.0.192.in-addr.arpa",
        "01.2.0.192.in-addr.arpa",
        "00.2.0.192.in-addr.arpa",
        "0001.2.0.192.in-addr.arpa",
        "a.2.0.192.in-addr.arpa",
        "-1.2.0.192.in-addr.arpa",
        "1.2.0.192.in-addr.arp",
        "1.2.0.192.in-addr.arpa.x",
        "1.2.0.192.in-addrs.arpa",
        "0-4.2.0.192.in-addr.arpa",
        "1.2.3.4",
        "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.ip6.arpa",
        "0.b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
        "g.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
        "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpb",
        "b1a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
        "ba9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        uint8_t out[16] = {0xee}, before[16] = {0xee};
        const weir_dns_name name = name_of(others[i]);
        assert_int_equal(weir_dns_name_reversed(&name, out), 0);
        assert_memory_equal(out, before, sizeof out);
    }
    uint8_t out[16];
    const weir_dns_name none = {.len = 0};
    assert_int_equal(weir_dns_name_reversed(&none, out), 0);
}
