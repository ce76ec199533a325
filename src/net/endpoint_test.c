/* SPDX-License-Identifier: MIT
 *
 * Do endpoint texts mean what people mean by them?
 */
#include "test/harness/test.h"

#include <weir/base/error.h>
#include <weir/net/endpoint.h>

static void assert_endpoint(const char *text, const char *first, const char *second)
{
    weir_endpoint endpoint;
    char is[WEIR_ADDRESS_TEXT];
    assert_int_equal(weir_endpoint_parse(weir_bytes_text(text), &endpoint), 0);
    assert_int_equal(endpoint.count, second ? 2 : 1);
    weir_address_print(&endpoint.addresses[0], is);
    assert_string_equal(is, first);
    if (!second) return;
    weir_address_print(&endpoint.addresses[1], is);
    assert_string_equal(is, second);
}

static int refused(const char *text)
{
    weir_endpoint endpoint;
    return weir_endpoint_parse(weir_bytes_text(text), &endpoint);
}

TEST(endpoint_short_forms)
{
    assert_endpoint("8080", "127.0.0.1:8080", NULL);
    assert_endpoint(":8080", "0.0.0.0:8080", "[::]:8080");
    assert_endpoint("*:80", "0.0.0.0:80", "[::]:80");
    assert_endpoint("LocalHost:0", "127.0.0.1:0", "[::1]:0");
}

TEST(endpoint_addresses)
{
    assert_endpoint("192.0.2.1:80", "192.0.2.1:80", NULL);
    assert_endpoint("[2001:db8::1]:443", "[2001:db8::1]:443", NULL);
    assert_endpoint("[fe80::1%lo]:443", "[fe80::1%1]:443", NULL);
    assert_endpoint("unix:/run/x.sock", "unix:/run/x.sock", NULL);
}

TEST(endpoint_mistakes_have_their_own_errors)
{
    assert_int_equal(refused(""), WEIR_EADDRTEXT);
    assert_int_equal(refused("example"), WEIR_EADDRTEXT);
    assert_int_equal(refused("example:80"), WEIR_EADDRTEXT);
    assert_int_equal(refused("::1"), WEIR_EADDRTEXT);
    assert_int_equal(refused("70000"), WEIR_EPORTTEXT);
    assert_int_equal(refused(":"), WEIR_EPORTTEXT);
    assert_int_equal(refused(":65536"), WEIR_EPORTTEXT);
    assert_int_equal(refused("localhost:http"), WEIR_EPORTTEXT);
    assert_int_equal(refused("[fe80::1%nosuch0]:80"), WEIR_EZONETEXT);
    assert_int_equal(refused("[fe80::1%]:80"), WEIR_EZONETEXT);
}

TEST(endpoint_hosts_without_port)
{
    static const char *const bad[] = {"1.2.3.4:80", "[::1]:80", "[::1", "[", "example", "fe80::1%"};
    weir_endpoint endpoint;
    weir_address_why why;
    char text[WEIR_ADDRESS_TEXT];
    assert_int_equal(weir_endpoint_parse_host(weir_bytes_text("[::1]"), 9, &endpoint, &why), 0);
    weir_address_print(&endpoint.addresses[0], text);
    assert_string_equal(text, "[::1]:9");
    assert_int_equal(weir_endpoint_parse_host(weir_bytes_text("fe80::1%lo"), 9, &endpoint, NULL),
                     0);
    weir_address_print(&endpoint.addresses[0], text);
    assert_string_equal(text, "[fe80::1%1]:9");
    assert_int_equal(weir_endpoint_parse_host(weir_bytes_text("*"), 9, &endpoint, &why), 0);
    assert_true(endpoint.everywhere);
    assert_int_equal(endpoint.count, 2);
    assert_int_equal(weir_endpoint_parse_host(weir_bytes_text("localhost"), 9, &endpoint, NULL), 0);
    assert_false(endpoint.everywhere);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_true(weir_endpoint_parse_host(weir_bytes_text(bad[i]), 9, &endpoint, &why) < 0);
}

TEST(endpoint_mistakes_have_their_place)
{
    static const struct {
        const char *text;
        weir_address_fault fault;
        size_t at;
    } all[] = {
        {"70000", WEIR_ADDRESS_OVERFLOW, 0},
        {"localhost:08", WEIR_ADDRESS_LEADING_ZERO, 10},
        {"::1", WEIR_ADDRESS_NO_BRACKETS, 0},
        {"[fe80::1%nosuch0]:80", WEIR_ADDRESS_NAMED_ZONE, 9},
        {"1.2.3.x:80", WEIR_ADDRESS_CHARACTER, 6},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        weir_endpoint endpoint;
        weir_address_why why;
        assert_true(weir_endpoint_parse_why(weir_bytes_text(all[i].text), &endpoint, &why) < 0);
        assert_int_equal(why.fault, all[i].fault);
        assert_int_equal(why.at, all[i].at);
    }
}
