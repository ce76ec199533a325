/* SPDX-License-Identifier: MIT
 *
 * Do the families take turns, also when addresses come in late, and does each keep its order?
 */
#include "dns/dial_order.h"

#include <string.h>

#include "test/harness/test.h"

/* Adds addresses: a letter each, small ones of IPv6, capitals of IPv4. */
static void add(dial_order *order, const char *letters)
{
    for (; *letters; letters++) {
        weir_address address = {.kind = WEIR_ADDRESS_IPV6, .port = 80};
        if (*letters >= 'a') {
            address.at.ipv6[15] = (uint8_t)*letters;
        } else {
            address.kind = WEIR_ADDRESS_IPV4;
            address.at.ipv4[3] = (uint8_t)*letters;
        }
        weir_dial_order_add(order, &address);
    }
}

/* Takes up to `most` addresses, and compares. */
static void takes(dial_order *order, unsigned most, const char *expected)
{
    char got[WEIR_DIAL_ADDRESSES + 1];
    unsigned len = 0;
    const weir_address *next;
    while (len < most && (next = weir_dial_order_peek(order))) {
        got[len++] = (char)(next->kind == WEIR_ADDRESS_IPV4 ? next->at.ipv4[3] : next->at.ipv6[15]);
        weir_dial_order_take(order);
    }
    got[len] = '\0';
    assert_string_equal(got, expected);
}

TEST(dial_order_lets_families_take_turns)
{
    static const struct {
        unsigned first_count;
        bool ipv4_first;
        const char *in, *out;
    } cases[] = {
        {1, false, "abcABC", "aAbBcC"},  {1, true, "abcABC", "AaBbCc"},
        {1, false, "ABCabc", "aAbBcC"},  {2, false, "abcdABCD", "abAcBdCD"},
        {3, true, "abcABCD", "ABCaDbc"}, {1, false, "abcA", "aAbc"},
        {1, false, "aABCD", "aABCD"},    {9, false, "abAB", "abAB"},
        {1, false, "ABC", "ABC"},        {1, true, "abc", "abc"},
        {2, false, "ABCD", "ABCD"},      {2, false, "aABC", "aABC"},
        {0, false, "AbCaB", "AbCaB"},    {1, false, "", ""},
        {1, false, "aabAAa", "aAb"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dial_order order = {.first_count = cases[i].first_count, .ipv4_first = cases[i].ipv4_first};
        add(&order, cases[i].in);
        takes(&order, WEIR_DIAL_ADDRESSES, cases[i].out);
        assert_null(weir_dial_order_peek(&order));
    }
}

TEST(dial_order_takes_in_what_comes_later)
{
    dial_order order = {.first_count = 1};
    add(&order, "ABC");
    takes(&order, 1, "A");
    add(&order, "ab");
    takes(&order, 9, "aBbC");
    add(&order, "D");
    takes(&order, 9, "D");
    add(&order, "cE");
    takes(&order, 9, "cE");
}

/* The advantage of the first family is its own alone. */
TEST(dial_order_gives_a_late_family_no_advantage)
{
    dial_order order = {.first_count = 2};
    add(&order, "ABCD");
    takes(&order, 1, "A");
    add(&order, "abc");
    takes(&order, 9, "aBbCcD");
    dial_order other = {.first_count = 3};
    add(&other, "aAB");
    takes(&other, 2, "aA");
    add(&other, "bcd");
    takes(&other, 9, "bBcd");
}

TEST(dial_order_is_bounded_and_keeps_its_next)
{
    dial_order order = {.first_count = 1};
    for (unsigned i = 0; i < 100; i++) {
        weir_address address = {.kind = WEIR_ADDRESS_IPV4, .at.ipv4 = {10, 0, 0, (uint8_t)i}};
        weir_dial_order_add(&order, &address);
    }
    for (unsigned i = 0; i < WEIR_DIAL_ADDRESSES; i++) {
        assert_ptr_equal(weir_dial_order_peek(&order), weir_dial_order_peek(&order));
        assert_int_equal(weir_dial_order_peek(&order)->at.ipv4[3], i);
        weir_dial_order_take(&order);
    }
    assert_null(weir_dial_order_peek(&order));
}
