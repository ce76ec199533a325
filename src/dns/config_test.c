/* SPDX-License-Identifier: MIT
 *
 * Is a resolv.conf read as the C library reads it, whatever stands in it, and is what was ignored
 * told?
 */
#include <weir/dns/config.h>

#include <stdio.h>
#include <stdlib.h>

#include <weir/base/error.h>

#include "test/harness/guard.h"
#include "test/harness/test.h"

static weir_dns_config parsed(const char *text)
{
    weir_dns_config config;
    weir_dns_config_parse(weir_bytes_text(text), &config);
    assert_int_equal(weir_dns_config_check(&config), 0);
    return config;
}

static void assert_server(const weir_dns_config *config, unsigned at, const char *text)
{
    char is[WEIR_ADDRESS_TEXT];
    assert_true(at < config->server_count);
    weir_address_print(&config->servers[at], is);
    assert_string_equal(is, text);
}

static void assert_search(const weir_dns_config *config, const char *expected)
{
    char is[WEIR_DNS_SEARCH_MAX * 300] = "", name[WEIR_DNS_NAME_TEXT];
    for (unsigned i = 0; i < config->search_count; i++) {
        weir_dns_name_print_host(&config->search[i], name);
        snprintf(is + strlen(is), sizeof is - strlen(is), "%s%s", i ? " " : "", name);
    }
    assert_string_equal(is, expected);
}

static void assert_ignored(const weir_dns_config *config, unsigned count, unsigned line,
                           weir_dns_config_fault fault, const char *text)
{
    assert_int_equal(config->ignored.count, count);
    assert_int_equal(config->ignored.line, line);
    assert_int_equal(config->ignored.fault, fault);
    assert_string_equal(config->ignored.text, text);
}

TEST(an_empty_resolv_conf_asks_this_machine_and_nobody_else)
{
    static const char *const texts[] = {"",
                                        "\n",
                                        "# nothing\n",
                                        "; nameserver 192.0.2.1\n",
                                        "nameserver\n",
                                        "nameserver \n",
                                        "search example\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const weir_dns_config config = parsed(texts[i]);
        assert_int_equal(config.server_count, 2);
        assert_server(&config, 0, "127.0.0.1:53");
        assert_server(&config, 1, "[::1]:53");
        assert_true(config.servers_assumed);
    }
    const weir_dns_config config = parsed("");
    assert_int_equal(config.ndots, 1);
    assert_int_equal(config.attempts, 2);
    assert_int_equal(config.timeout.ns, 5000000000);
    assert_int_equal(config.search_count, 0);
    assert_false(config.rotate || config.use_vc || config.no_aaaa || config.trust_ad);
    assert_int_equal(config.ignored.count, 0);
}

TEST(three_servers_count_and_the_others_are_told)
{
    const weir_dns_config config = parsed("nameserver 192.0.2.1\n"
                                          "nameserver\t2001:db8::1\r\n"
                                          "nameserver   fe80::1%1   # the router\n"
                                          "nameserver 192.0.2.4\n"
                                          "nameserver 192.0.2.5");
    assert_int_equal(config.server_count, 3);
    assert_false(config.servers_assumed);
    assert_server(&config, 0, "192.0.2.1:53");
    assert_server(&config, 1, "[2001:db8::1]:53");
    assert_server(&config, 2, "[fe80::1%1]:53");
    assert_ignored(&config, 2, 4, WEIR_DNS_CONFIG_SERVERS, "nameserver 192.0.2.4");
}

TEST(the_zone_of_a_server_may_be_the_name_of_an_interface)
{
    weir_dns_config config = parsed("nameserver fe80::53%lo\n");
    assert_int_equal(config.servers[0].zone, 1);
    config = parsed("nameserver fe80::53%no-such0\nnameserver 192.0.2.1\n");
    assert_int_equal(config.server_count, 1);
    assert_server(&config, 0, "192.0.2.1:53");
    assert_true(config.zones_unknown);
    assert_ignored(&config, 1, 1, WEIR_DNS_CONFIG_ZONE, "nameserver fe80::53%no-such0");
}

TEST(what_is_no_server_is_ignored)
{
    static const char *const texts[] = {
        "nameserver dns.example\n",  "nameserver 192.0.2\n",      "nameserver 192.0.2.1.5\n",
        "nameserver 192.0.2.01\n",   "nameserver 192.0.2.1:53\n", "nameserver [::1]\n",
        "nameserver ::ffff:1.2.3\n", "nameserver 300.1.1.1\n",    "nameserver \xff\xfe\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const weir_dns_config config = parsed(texts[i]);
        assert_true(config.servers_assumed);
        assert_int_equal(config.ignored.fault, WEIR_DNS_CONFIG_SERVER);
    }
}

TEST(a_keyword_begins_its_line_and_a_blank_follows)
{
    const weir_dns_config config = parsed(" nameserver 192.0.2.1\n"
                                          "nameserver192.0.2.1\n"
                                          "NAMESERVER 192.0.2.1\n"
                                          "nameservers 192.0.2.1\n"
                                          "optionsndots:3\n"
                                          "family inet4 inet6\n"
                                          "nameserver 192.0.2.9\n");
    assert_int_equal(config.server_count, 1);
    assert_server(&config, 0, "192.0.2.9:53");
    assert_int_equal(config.ndots, 1);
    assert_ignored(&config, 6, 1, WEIR_DNS_CONFIG_KEYWORD, " nameserver 192.0.2.1");
}

TEST(the_last_of_search_and_domain_wins)
{
    weir_dns_config config = parsed("search a.example b.example\ndomain c.example d.example\n");
    assert_search(&config, "c.example");
    config = parsed("domain c.example\nsearch\ta.example.   b.example\t\r\n");
    assert_search(&config, "a.example b.example");
    config = parsed("search a.example\nsearch\nsearch   \ndomain\n");
    assert_search(&config, "a.example");
    config = parsed("search .\n");
    assert_search(&config, ".");
    config = parsed("search a..b .lead.example x. \\256 good.example\n");
    assert_search(&config, "lead.example x good.example");
    assert_ignored(&config, 2, 1, WEIR_DNS_CONFIG_DOMAIN, "a..b");
}

TEST(a_search_list_may_be_long_but_is_bounded)
{
    char text[8192] = "search";
    char name[64];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, " domain-number-%02d.of-a-long-list.example", i);
        strcat(text, name);
    }
    const weir_dns_config config = parsed(text);
    assert_int_equal(config.search_count, WEIR_DNS_SEARCH_MAX);
    assert_ignored(&config, 8, 1, WEIR_DNS_CONFIG_DOMAINS,
                   "domain-number-32.of-a-long-list.example");
}

TEST(options_are_read_wherever_they_stand)
{
    const weir_dns_config config = parsed("options ndots:2 timeout:3\tattempts:4\n"
                                          "options rotate use-vc single-request\r\n"
                                          "options single-request-reopen no-aaaa trust-ad edns0\n"
                                          "options no_tld_query no-reload\n");
    assert_int_equal(config.ndots, 2);
    assert_int_equal(config.timeout.ns, 3000000000);
    assert_int_equal(config.attempts, 4);
    assert_true(config.rotate && config.use_vc && config.single_request);
    assert_true(config.single_request_reopen && config.no_aaaa && config.trust_ad && config.edns0);
    assert_true(config.no_tld_query && config.no_reload);
    assert_int_equal(config.ignored.count, 0);
}

TEST(numbers_of_options_stay_in_their_ranges)
{
    weir_dns_config config = parsed("options ndots:99 timeout:0 attempts:0\n");
    assert_int_equal(config.ndots, 15);
    assert_int_equal(config.timeout.ns, 1000000000);
    assert_int_equal(config.attempts, 1);
    config = parsed("options ndots:0 timeout:31 attempts:6\n");
    assert_int_equal(config.ndots, 0);
    assert_int_equal(config.timeout.ns, 30000000000);
    assert_int_equal(config.attempts, 5);
    config = parsed("options ndots:18446744073709551617 timeout:99999999999999999999999\n");
    assert_int_equal(config.ndots, 15);
    assert_int_equal(config.timeout.ns, 30000000000);
    config = parsed("options ndots: ndots:-1 ndots:2x ndots:+3 attempts\n");
    assert_int_equal(config.ndots, 1);
    assert_ignored(&config, 5, 1, WEIR_DNS_CONFIG_NUMBER, "ndots:");
}

TEST(an_option_that_is_a_name_can_be_turned_off)
{
    weir_dns_config config = parsed("options rotate -edns0 debug inet6 -\nsortlist 10.0.0.0\n");
    assert_true(config.rotate);
    assert_false(config.edns0);
    assert_ignored(&config, 4, 1, WEIR_DNS_CONFIG_OPTION, "debug");
    weir_dns_config_apply_options(&config, weir_bytes_text(" -rotate ndots:5 edns0 huh "));
    assert_false(config.rotate);
    assert_true(config.edns0);
    assert_int_equal(config.ndots, 5);
    assert_int_equal(config.ignored.count, 5);
    weir_dns_config_init(&config);
    weir_dns_config_apply_options(&config, weir_bytes_text("huh"));
    assert_ignored(&config, 1, 0, WEIR_DNS_CONFIG_OPTION, "huh");
}

TEST(what_was_ignored_is_told_in_printable_ascii_and_cut)
{
    char text[200];
    memset(text, 'x', sizeof text);
    memcpy(text, "\x1b[2J\xc3\xa4", 6);
    text[sizeof text - 1] = '\0';
    const weir_dns_config config = parsed(text);
    assert_int_equal(strlen(config.ignored.text), sizeof config.ignored.text - 1);
    assert_memory_equal(config.ignored.text, "?[2J??x", 7);
}

TEST(a_program_can_name_its_own_servers)
{
    weir_dns_config config;
    weir_address_why why;
    weir_dns_config_init(&config);
    assert_int_equal(weir_dns_config_check(&config), WEIR_EINVAL);
    static const char *const good[][2] = {
        {"192.0.2.1", "192.0.2.1:53"},
        {"192.0.2.1:5353", "192.0.2.1:5353"},
        {"2001:db8::1", "[2001:db8::1]:53"},
        {"[2001:db8::1]", "[2001:db8::1]:53"},
        {"[::1]:1", "[::1]:1"},
        {"fe80::1%lo", "[fe80::1%1]:53"},
    };
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(weir_dns_config_add_server(&config, weir_bytes_text(good[i][0]), NULL), 0);
        assert_server(&config, i, good[i][1]);
    }
    assert_int_equal(weir_dns_config_add_server(&config, weir_bytes_text("dns.example"), &why),
                     WEIR_EADDRTEXT);
    assert_int_equal(weir_dns_config_add_server(&config, weir_bytes_text("1.2.3.4:0"), NULL),
                     WEIR_EPORTTEXT);
    assert_int_equal(weir_dns_config_add_server(&config, weir_bytes_text("1.2.3.4:x"), NULL),
                     WEIR_EPORTTEXT);
    assert_int_equal(weir_dns_config_add_server(&config, weir_bytes_text("fe80::1%none0"), NULL),
                     WEIR_EZONETEXT);
    assert_int_equal(config.server_count, 6);
    assert_int_equal(weir_dns_config_add_server(&config, weir_bytes_text("1.1.1.1"), NULL), 0);
    assert_int_equal(weir_dns_config_add_server(&config, weir_bytes_text("1.1.1.1"), NULL), 0);
    assert_int_equal(weir_dns_config_add_server(&config, weir_bytes_text("1.1.1.1"), NULL),
                     WEIR_ELIMIT);
    assert_int_equal(weir_dns_config_check(&config), 0);
    assert_int_equal(weir_dns_config_add_search(&config, weir_bytes_text("a..b")), WEIR_EDNS_NAME);
    assert_int_equal(weir_dns_config_add_search(&config, weir_bytes_text("")), WEIR_EDNS_NAME);
    static const char *const no_domains[] = {
        "b\xc3\xbc.example", "a b", "-a", "a\\.b", "*.a", "a@b"};
    for (size_t i = 0; i < sizeof no_domains / sizeof *no_domains; i++)
        assert_int_equal(weir_dns_config_add_search(&config, weir_bytes_text(no_domains[i])),
                         WEIR_EDNS_NAME);
}

TEST(a_config_that_cannot_work_is_refused)
{
    const weir_dns_config good = parsed("nameserver 192.0.2.1\nsearch example\n");
    weir_dns_config config = good;
    assert_true(weir_dns_name_parse(weir_bytes_text("a b"), &config.search[0]) >= 0);
    assert_int_equal(weir_dns_config_check(&config), WEIR_EINVAL);
    config = good;
    config.timeout = weir_seconds(0);
    assert_int_equal(weir_dns_config_check(&config), WEIR_EINVAL);
    config = good;
    config.attempts = 0;
    assert_int_equal(weir_dns_config_check(&config), WEIR_EINVAL);
    config = good;
    config.server_count = WEIR_DNS_SERVERS_MAX + 1;
    assert_int_equal(weir_dns_config_check(&config), WEIR_EINVAL);
    config = good;
    config.servers[0].port = 0;
    assert_int_equal(weir_dns_config_check(&config), WEIR_EINVAL);
    config = good;
    config.servers[0].kind = WEIR_ADDRESS_UNIX;
    assert_int_equal(weir_dns_config_check(&config), WEIR_EINVAL);
    config = good;
    config.search[0].len = 0;
    assert_int_equal(weir_dns_config_check(&config), WEIR_EINVAL);
    config = good;
    config.ndots = 16;
    assert_int_equal(weir_dns_config_check(&config), WEIR_EINVAL);
}

TEST(a_resolv_conf_is_read_to_its_very_end_and_no_further)
{
    static const char text[] = "options ndots:15\r\nsearch a.example b.example\nnameserver ::1\r\n"
                               "nameserver fe80::1%lo\n# end\n;\n\r\n domain";
    guarded guard = guarded_new(sizeof text);
    for (size_t len = 0; len < sizeof text; len++) {
        weir_dns_config config;
        weir_dns_config_parse(weir_bytes_of(guarded_put(&guard, text, len), len), &config);
        assert_int_equal(weir_dns_config_check(&config), 0);
    }
    guarded_free(&guard);
}

TEST(each_fault_has_a_text)
{
    for (int i = 0; i <= WEIR_DNS_CONFIG_UNSUPPORTED + 1; i++)
        assert_true(weir_dns_config_fault_text((weir_dns_config_fault)i)[0] != '\0');
}
