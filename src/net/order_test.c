/* SPDX-License-Identifier: MIT
 *
 * Are destinations sorted as the examples of RFC 6724 10.2 and 10.3 say, from every order?
 */
#include "test/harness/test.h"

#include <string.h>

#include <weir/net/order.h>

/* A destination with its source, as texts; and what else an example says of the source. */
typedef struct line {
    const char *destination, *source;
    bool deprecated, home, care_of, encapsulated, unreachable;
    uint8_t source_len;
} line;

#define LINE(destination_, source_, ...) \
    ((line){.destination = destination_, .source = source_, ##__VA_ARGS__})

static weir_address ip(const char *text)
{
    weir_address out = {0};
    if (text) assert_int_equal(weir_address_parse_ip(weir_bytes_text(text), 0, &out), 0);
    return out;
}

static weir_order_candidate candidate(const line *l)
{
    return (weir_order_candidate){.destination = ip(l->destination),
                                  .source = ip(l->source),
                                  .unreachable = l->unreachable,
                                  .deprecated = l->deprecated,
                                  .home = l->home,
                                  .care_of = l->care_of,
                                  .encapsulated = l->encapsulated,
                                  .source_len = l->source_len};
}

static void assert_order_by(line first, line second, const weir_order_policy *table, size_t count)
{
    for (int turn = 0; turn < 2; turn++) {
        weir_order_candidate list[] = {candidate(turn ? &second : &first),
                                       candidate(turn ? &first : &second)};
        const weir_address expected = ip(first.destination);
        weir_order_sort(list, 2, table, count);
        assert_true(weir_address_equal(&list[0].destination, &expected));
    }
}

/* Sorts the two from both orders; `first` has to come out first. */
static void assert_order(line first, line second)
{
    assert_order_by(first, second, NULL, 0);
}

TEST(order_rfc6724_10_2_prefer_matching_scope)
{
    assert_order(LINE("2001:db8:1::1", "2001:db8:1::2"), LINE("198.51.100.121", "169.254.13.78"));
    assert_order(LINE("198.51.100.121", "198.51.100.117"), LINE("2001:db8:1::1", "fe80::1"));
}

TEST(order_rfc6724_10_2_prefer_higher_precedence)
{
    assert_order(LINE("2001:db8:1::1", "2001:db8:1::2"), LINE("10.1.2.3", "10.1.2.4"));
    assert_order(LINE("2001:db8:1::1", "2001:db8:1::2"),
                 LINE("2002:c633:6401::1", "2002:c633:6401::2"));
}

TEST(order_rfc6724_10_2_prefer_smaller_scope)
{
    assert_order(LINE("fe80::1", "fe80::2"), LINE("2001:db8:1::1", "2001:db8:1::2"));
}

TEST(order_rfc6724_10_2_prefer_home_address)
{
    assert_order(LINE("2001:db8:1::1", "2001:db8:3::1", .home = true),
                 LINE("fe80::1", "fe80::2", .care_of = true));
}

TEST(order_rfc6724_10_2_avoid_deprecated)
{
    assert_order(LINE("2001:db8:1::1", "2001:db8:1::2"),
                 LINE("fe80::1", "fe80::2", .deprecated = true));
}

TEST(order_rfc6724_10_2_longest_matching_prefix)
{
    assert_order(LINE("2001:db8:1::1", "2001:db8:1::2"),
                 LINE("2001:db8:3ffe::1", "2001:db8:3f44::2"));
}

TEST(order_rfc6724_10_2_prefer_matching_label)
{
    assert_order(LINE("2002:c633:6401::1", "2002:c633:6401::2"),
                 LINE("2001:db8:1::1", "2002:c633:6401::2"));
}

TEST(order_rfc6724_10_3_a_table_can_prefer_ipv4)
{
    size_t count;
    weir_order_policy table[9];
    memcpy(table, weir_order_default_policy(&count), sizeof table);
    assert_int_equal(count, 9);
    table[2].precedence = 100; /* ::ffff:0:0/96 */
    assert_order(LINE("2001:db8::1", "2001:db8::2"), LINE("198.51.100.121", "198.51.100.117"));
    assert_order_by(LINE("198.51.100.121", "198.51.100.117"), LINE("2001:db8::1", "2001:db8::2"),
                    table, count);
}

TEST(order_rules_of_state)
{
    const line plain = LINE("2001:db8:1::1", "2001:db8:1::2");
    line other = LINE("2001:db8:1::9", "2001:db8:1::2", .unreachable = true);
    assert_order(plain, other);
    other = LINE("2001:db8:1::9", "2001:db8:1::2", .encapsulated = true);
    assert_order(plain, other);
    other = LINE("2001:db8:1::9", NULL);
    assert_order(plain, other);
    const line both = LINE("2001:db8:1::9", "2001:db8:1::2", .home = true, .care_of = true);
    const line home = LINE("2001:db8:1::1", "2001:db8:1::2", .home = true);
    assert_order(both, home);
    const line path = LINE(NULL, NULL); /* not IP at all */
    assert_order(LINE("2001:db8:1::9", NULL), path);
}

TEST(order_longest_match_ends_at_the_sources_prefix)
{
    /* 79 and 127 bits in common: beyond a /64 it is chance. */
    weir_order_candidate list[] = {
        candidate(&LINE("2001:db8::1:0:0:1", "2001:db8::2")),
        candidate(&LINE("2001:db8::3", "2001:db8::2")),
    };
    const weir_address expected = list[0].destination;
    weir_order_sort(list, 2, NULL, 0);
    assert_true(weir_address_equal(&list[0].destination, &expected));
    assert_order(LINE("2001:db8::3", "2001:db8::2", .source_len = 112),
                 LINE("2001:db8::1:0:0:1", "2001:db8::2", .source_len = 112));
    /* IPv4 takes part when the length is known, and keeps its order else. */
    assert_order(LINE("192.0.2.3", "192.0.2.2", .source_len = 24),
                 LINE("192.0.9.3", "192.0.2.2", .source_len = 24));
    weir_order_candidate four[] = {
        candidate(&LINE("192.0.9.3", "192.0.2.2")),
        candidate(&LINE("192.0.2.3", "192.0.2.2")),
    };
    const weir_address first = four[0].destination;
    weir_order_sort(four, 2, NULL, 0);
    assert_true(weir_address_equal(&four[0].destination, &first));
}

TEST(order_is_stable)
{
    weir_order_candidate list[20];
    for (unsigned i = 0; i < 20; i++) {
        list[i] = candidate(
            &LINE(i % 3 ? "198.51.100.1" : "2001:db8::1", i % 3 ? "198.51.100.2" : "2001:db8::2"));
        list[i].destination.port = (uint16_t)i;
    }
    weir_order_sort(list, 20, NULL, 0);
    for (unsigned i = 1; i < 20; i++) {
        if (list[i].destination.kind != list[i - 1].destination.kind)
            assert_int_equal(list[i].destination.kind, WEIR_ADDRESS_IPV4);
        else
            assert_true(list[i].destination.port > list[i - 1].destination.port);
    }
    weir_order_sort(list, 0, NULL, 0);
}

TEST(order_policy_table)
{
    static const struct {
        const char *text;
        uint8_t precedence, label;
    } cases[] = {
        {"::1", 50, 0},     {"2001:db8::1", 40, 1}, {"192.0.2.1", 35, 4}, {"::ffff:1.2.3.4", 35, 4},
        {"2002::1", 30, 2}, {"2001::1", 5, 5},      {"fd00::1", 3, 13},   {"::1.2.3.4", 1, 3},
        {"fec0::1", 1, 11}, {"3ffe::1", 1, 12},     {"fe80::1", 40, 1},
    };
    size_t count;
    const weir_order_policy *table = weir_order_default_policy(&count);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const weir_address address = ip(cases[i].text);
        const weir_order_policy *is = weir_order_policy_of(table, count, &address);
        assert_non_null(is);
        assert_int_equal(is->precedence, cases[i].precedence);
        assert_int_equal(is->label, cases[i].label);
    }
    const weir_address none = {0};
    assert_null(weir_order_policy_of(table, count, &none));
}

/* With a table that prefers no family, one that stands between two of the other must not hide from
 * rule 9 what it says about those. */
TEST(order_by_common_bits_is_not_stopped_by_another_family)
{
    static const weir_order_policy even[] = {
        {{WEIR_ADDRESS_IPV6, 0, {0}}, 40, 1},
        {{WEIR_ADDRESS_IPV6, 96, {[10] = 0xff, [11] = 0xff}}, 40, 4},
    };
    static const char *const pairs[][2] = {
        {"2600::1", "2400:1::5"}, {"8.8.8.8", "1.1.1.1"}, {"2400:1::1", "2400:1::5"}};
    static const char *const expected[] = {"2400:1::1", "8.8.8.8", "2600::1"};
    weir_order_candidate candidates[3] = {0};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            weir_address_parse_ip(weir_bytes_text(pairs[i][0]), 0, &candidates[i].destination), 0);
        assert_int_equal(
            weir_address_parse_ip(weir_bytes_text(pairs[i][1]), 0, &candidates[i].source), 0);
    }
    weir_order_sort(candidates, 3, even, 2);
    for (int i = 0; i < 3; i++) {
        weir_address is;
        assert_int_equal(weir_address_parse_ip(weir_bytes_text(expected[i]), 0, &is), 0);
        assert_true(weir_address_equal(&candidates[i].destination, &is));
    }
}
