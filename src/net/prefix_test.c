/* SPDX-License-Identifier: MIT
 *
 * Are prefixes read strictly, and is what lies in which what bit by bit comparison says?
 */
#include "test/harness/test.h"

#include <string.h>

#include <weir/base/error.h>
#include <weir/net/prefix.h>

static weir_prefix prefix(const char *text)
{
    weir_prefix out;
    assert_int_equal(weir_prefix_parse(weir_bytes_text(text), WEIR_PREFIX_STRICT, &out, NULL), 0);
    return out;
}

static weir_address ip(const char *text)
{
    weir_address out;
    assert_int_equal(weir_address_parse_ip(weir_bytes_text(text), 0, &out), 0);
    return out;
}

static void assert_reads(const char *text, weir_prefix_mode mode, const char *expected)
{
    weir_prefix out;
    char is[WEIR_PREFIX_TEXT];
    assert_int_equal(weir_prefix_parse(weir_bytes_text(text), mode, &out, NULL), 0);
    assert_int_equal(weir_prefix_print(&out, is), strlen(expected));
    assert_string_equal(is, expected);
}

static void assert_refused(const char *text, weir_prefix_mode mode, int error, size_t offset)
{
    weir_prefix out = {.len = 77};
    weir_prefix_error why;
    assert_int_equal(weir_prefix_parse(weir_bytes_text(text), mode, &out, &why), error);
    assert_int_equal(why.offset, offset);
    assert_true(why.message && *why.message);
    assert_int_equal(out.len, 77);
}

TEST(prefix_reads_each_mode)
{
    assert_reads("192.0.2.0/24", WEIR_PREFIX_STRICT, "192.0.2.0/24");
    assert_reads("0.0.0.0/0", WEIR_PREFIX_STRICT, "0.0.0.0/0");
    assert_reads("192.0.2.1/32", WEIR_PREFIX_STRICT, "192.0.2.1/32");
    assert_reads("::/0", WEIR_PREFIX_STRICT, "::/0");
    assert_reads("2001:DB8::/32", WEIR_PREFIX_STRICT, "2001:db8::/32");
    assert_reads("::ffff:10.0.0.0/104", WEIR_PREFIX_STRICT, "::ffff:10.0.0.0/104");
    assert_reads("2001:db8::1/128", WEIR_PREFIX_STRICT, "2001:db8::1/128");
    assert_reads("192.0.2.77/25", WEIR_PREFIX_NORMALISE, "192.0.2.0/25");
    assert_reads("255.255.255.255/0", WEIR_PREFIX_NORMALISE, "0.0.0.0/0");
    assert_reads("2001:db8:ffff::1/33", WEIR_PREFIX_NORMALISE, "2001:db8:8000::/33");
    assert_reads("192.0.2.77", WEIR_PREFIX_LENIENT, "192.0.2.77/32");
    assert_reads("::1", WEIR_PREFIX_LENIENT, "::1/128");
    assert_reads("192.0.2.77/24", WEIR_PREFIX_LENIENT, "192.0.2.0/24");
}

TEST(prefix_refusals_say_where)
{
    assert_refused("192.0.2.0", WEIR_PREFIX_STRICT, WEIR_EPREFIXTEXT, 9);
    assert_refused("192.0.2.0", WEIR_PREFIX_NORMALISE, WEIR_EPREFIXTEXT, 9);
    assert_refused("192.0.2.0/", WEIR_PREFIX_LENIENT, WEIR_EPREFIXTEXT, 10);
    assert_refused("192.0.2.0/33", WEIR_PREFIX_LENIENT, WEIR_EPREFIXTEXT, 10);
    assert_refused("192.0.2.0/024", WEIR_PREFIX_LENIENT, WEIR_EPREFIXTEXT, 10);
    assert_refused("192.0.2.0/00", WEIR_PREFIX_LENIENT, WEIR_EPREFIXTEXT, 10);
    assert_refused("192.0.2.0/2x", WEIR_PREFIX_LENIENT, WEIR_EPREFIXTEXT, 11);
    assert_refused("192.0.2.0/+4", WEIR_PREFIX_LENIENT, WEIR_EPREFIXTEXT, 10);
    assert_refused("192.0.2.0/24/8", WEIR_PREFIX_LENIENT, WEIR_EPREFIXTEXT, 12);
    assert_refused("192.0.2.0/99999999999999999999", WEIR_PREFIX_LENIENT, WEIR_EPREFIXTEXT, 10);
    assert_refused("::/129", WEIR_PREFIX_LENIENT, WEIR_EPREFIXTEXT, 3);
    assert_refused("192.0.2.1/24", WEIR_PREFIX_STRICT, WEIR_EADDRTEXT, 0);
    assert_refused("::1/127", WEIR_PREFIX_STRICT, WEIR_EADDRTEXT, 0);
    assert_refused("fe80::%1/64", WEIR_PREFIX_LENIENT, WEIR_EZONETEXT, 6);
    assert_refused("192.0.02.0/24", WEIR_PREFIX_LENIENT, WEIR_EADDRTEXT, 6);
    assert_refused("/24", WEIR_PREFIX_LENIENT, WEIR_EADDRTEXT, 0);
    assert_refused("", WEIR_PREFIX_LENIENT, WEIR_EADDRTEXT, 0);
    assert_refused("10/8", WEIR_PREFIX_LENIENT, WEIR_EADDRTEXT, 2);
}

TEST(prefix_contains_is_of_one_kind)
{
    const weir_prefix ten = prefix("10.0.0.0/8"), all4 = prefix("0.0.0.0/0"), all6 = prefix("::/0");
    const weir_address inside = ip("10.255.255.255"), outside = ip("11.0.0.0");
    const weir_address mapped = ip("::ffff:10.0.0.1");
    const weir_prefix none = {0};
    const weir_address nothing = {0};
    assert_true(weir_prefix_contains(&ten, &inside));
    assert_false(weir_prefix_contains(&ten, &outside));
    assert_false(weir_prefix_contains(&ten, &mapped));
    assert_true(weir_prefix_contains(&all6, &mapped));
    assert_false(weir_prefix_contains(&all6, &inside));
    assert_true(weir_prefix_contains(&all4, &outside));
    assert_false(weir_prefix_contains(&none, &nothing));
    assert_false(weir_prefix_covers(&none, &none));
    assert_false(weir_prefix_covers(&all6, &all4));
    assert_false(weir_prefix_overlaps(&all6, &all4));
}

TEST(prefix_maps_and_unmaps_on_request)
{
    const weir_prefix ten = prefix("10.0.0.0/8"), ten6 = prefix("::ffff:10.0.0.0/104");
    const weir_prefix wide = prefix("::/64"), other = prefix("2001:db8::/32");
    weir_prefix is = weir_prefix_map(&ten);
    assert_true(weir_prefix_equal(&is, &ten6));
    is = weir_prefix_unmap(&ten6);
    assert_true(weir_prefix_equal(&is, &ten));
    is = weir_prefix_unmap(&wide);
    assert_true(weir_prefix_equal(&is, &wide));
    is = weir_prefix_unmap(&other);
    assert_true(weir_prefix_equal(&is, &other));
    is = weir_prefix_map(&other);
    assert_true(weir_prefix_equal(&is, &other));
}

TEST(prefix_covers_and_overlaps)
{
    const weir_prefix a = prefix("10.0.0.0/8"), b = prefix("10.1.0.0/16"), c = prefix("11.0.0.0/8");
    assert_true(weir_prefix_covers(&a, &b));
    assert_false(weir_prefix_covers(&b, &a));
    assert_true(weir_prefix_covers(&a, &a));
    assert_true(weir_prefix_overlaps(&b, &a));
    assert_false(weir_prefix_overlaps(&a, &c));
    assert_true(weir_prefix_compare(&a, &b) < 0);
    assert_true(weir_prefix_compare(&b, &c) < 0);
    assert_int_equal(weir_prefix_compare(&c, &c), 0);
}

static void assert_ends(const char *text, const char *first, const char *last, uint64_t count)
{
    const weir_prefix p = prefix(text);
    const weir_address expected_first = ip(first), expected_last = ip(last);
    const weir_address is_first = weir_prefix_network(&p), is_last = weir_prefix_last(&p);
    assert_true(weir_address_equal(&is_first, &expected_first));
    assert_true(weir_address_equal(&is_last, &expected_last));
    assert_true(weir_prefix_count(&p) == count);
}

TEST(prefix_ends_and_counts)
{
    assert_ends("192.0.2.0/24", "192.0.2.0", "192.0.2.255", 256);
    assert_ends("192.0.2.128/25", "192.0.2.128", "192.0.2.255", 128);
    assert_ends("0.0.0.0/0", "0.0.0.0", "255.255.255.255", (uint64_t)1 << 32);
    assert_ends("192.0.2.9/32", "192.0.2.9", "192.0.2.9", 1);
    assert_ends("2001:db8::/65", "2001:db8::", "2001:db8::7fff:ffff:ffff:ffff", (uint64_t)1 << 63);
    assert_ends("2001:db8::/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff", UINT64_MAX);
    assert_ends("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", UINT64_MAX);
    const weir_prefix none = {0};
    assert_int_equal(weir_prefix_count(&none), 0);
    weir_address out;
    const weir_prefix net = prefix("192.0.2.0/30"), pair = prefix("192.0.2.0/31");
    const weir_address expected = ip("192.0.2.3");
    assert_true(weir_prefix_broadcast(&net, &out));
    assert_true(weir_address_equal(&out, &expected));
    assert_false(weir_prefix_broadcast(&pair, &out));
    const weir_prefix six = prefix("2001:db8::/64");
    assert_false(weir_prefix_broadcast(&six, &out));
}

static void assert_hosts(const char *text, const char *first, const char *last, unsigned count)
{
    const weir_prefix p = prefix(text);
    const weir_address expected_first = ip(first), expected_last = ip(last);
    weir_address host = {0};
    unsigned seen = 0;
    while (weir_prefix_next_host(&p, &host)) {
        if (seen++ == 0) assert_true(weir_address_equal(&host, &expected_first));
        assert_true(seen <= count);
    }
    assert_true(weir_address_equal(&host, &expected_last));
    assert_int_equal(seen, count);
}

TEST(prefix_hosts)
{
    assert_hosts("192.0.2.0/24", "192.0.2.1", "192.0.2.254", 254);
    assert_hosts("192.0.2.252/30", "192.0.2.253", "192.0.2.254", 2);
    assert_hosts("192.0.2.6/31", "192.0.2.6", "192.0.2.7", 2);
    assert_hosts("192.0.2.6/32", "192.0.2.6", "192.0.2.6", 1);
    assert_hosts("255.255.255.248/29", "255.255.255.249", "255.255.255.254", 6);
    assert_hosts("2001:db8::/120", "2001:db8::1", "2001:db8::ff", 255);
    assert_hosts("2001:db8::/127", "2001:db8::", "2001:db8::1", 2);
    assert_hosts("2001:db8::5/128", "2001:db8::5", "2001:db8::5", 1);
    const weir_prefix none = {0}, p = prefix("192.0.2.0/24");
    weir_address host = {0};
    assert_false(weir_prefix_next_host(&none, &host));
    host = ip("10.0.0.1");
    assert_false(weir_prefix_next_host(&p, &host));
}

TEST(prefix_of_checks_its_length)
{
    const weir_address four = ip("192.0.2.1"), six = ip("2001:db8::1"), none = {0};
    weir_prefix out;
    assert_int_equal(weir_prefix_of(&four, 33, &out), WEIR_EINVAL);
    assert_int_equal(weir_prefix_of(&six, 129, &out), WEIR_EINVAL);
    assert_int_equal(weir_prefix_of(&six, 128 + 256, &out), WEIR_EINVAL);
    assert_int_equal(weir_prefix_of(&none, 0, &out), WEIR_EINVAL);
    assert_int_equal(weir_prefix_of(&four, 0, &out), 0);
    assert_int_equal(out.len, 0);
}

/* Bit `at` of an address. */
static bool bit(const weir_address *address, unsigned at)
{
    const bool four = address->kind == WEIR_ADDRESS_IPV4;
    const uint8_t *bytes = four ? address->at.ipv4 : address->at.ipv6;
    return bytes[at / 8] & 0x80 >> at % 8;
}

/* Random prefixes and addresses that share some bits with them, against a comparison bit by bit;
 * and the text leads back to the value. */
TEST_SEEDED(prefix_agrees_with_single_bits, 20)
{
    uint64_t random = test_seed();
    for (int round = 0; round < 20000; round++) {
        const bool six = test_random(&random) & 1;
        const unsigned bits = six ? 128 : 32;
        weir_address a = {.kind = six ? WEIR_ADDRESS_IPV6 : WEIR_ADDRESS_IPV4};
        for (unsigned i = 0; i < bits / 8; i++)
            (six ? a.at.ipv6 : a.at.ipv4)[i] = (uint8_t)test_random(&random);
        const unsigned len = (unsigned)(test_random(&random) % (bits + 1));
        weir_prefix p;
        assert_int_equal(weir_prefix_of(&a, len, &p), 0);
        const unsigned flip = (unsigned)(test_random(&random) % bits);
        weir_address b = a;
        (six ? b.at.ipv6 : b.at.ipv4)[flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
        assert_true(weir_prefix_contains(&p, &a));
        assert_int_equal(weir_prefix_contains(&p, &b), flip >= len);
        const weir_address first = weir_prefix_network(&p), last = weir_prefix_last(&p);
        for (unsigned i = 0; i < bits; i++) {
            assert_int_equal(bit(&first, i), i < len && bit(&a, i));
            assert_int_equal(bit(&last, i), i >= len || bit(&a, i));
        }
        char text[WEIR_PREFIX_TEXT];
        weir_prefix again;
        weir_prefix_print(&p, text);
        assert_int_equal(weir_prefix_parse(weir_bytes_text(text), WEIR_PREFIX_STRICT, &again, NULL),
                         0);
        assert_true(weir_prefix_equal(&p, &again));
    }
}
