/* SPDX-License-Identifier: MIT
 *
 * Does the table of a hosts file give what the file says, however it is written, and is it small?
 */
#include <weir/dns/hosts.h>

#include <stdio.h>
#include <stdlib.h>

#include <weir/base/error.h>

#include "test/harness/guard.h"
#include "test/harness/test.h"

static weir_dns_hosts_counts counts;

static weir_dns_hosts *table(const char *text)
{
    weir_dns_hosts *hosts;
    assert_int_equal(weir_dns_hosts_parse(weir_bytes_text(text), NULL, &hosts, &counts), 0);
    return hosts;
}

static weir_dns_name name_of(const char *text)
{
    weir_dns_name name;
    assert_true(weir_dns_name_parse(weir_bytes_text(text), &name) >= 0);
    return name;
}

/* What a lookup gives, as text: "192.0.2.1 ::1 (canonical)", or the error's name. */
static const char *found(const weir_dns_hosts *hosts, const char *text, unsigned families)
{
    static char out[2048];
    weir_address addresses[16];
    weir_dns_name canonical, name = name_of(text);
    char part[WEIR_DNS_NAME_TEXT];
    const int count = weir_dns_hosts_find(hosts, &name, families, addresses, 16, &canonical);
    if (count < 0) return weir_errname(count);
    out[0] = '\0';
    for (int i = 0; i < count; i++) {
        assert_int_equal(addresses[i].port, 0);
        weir_address_print_as(&addresses[i], WEIR_ADDRESS_AS_IP, NULL, part, sizeof part);
        strcat(strcat(out, part), " ");
    }
    if (count == 0) return "none";
    weir_dns_name_print_host(&canonical, part);
    return strcat(strcat(strcat(out, "("), part), ")");
}

static const char *reversed(const weir_dns_hosts *hosts, const char *text)
{
    static char out[2048];
    weir_address address;
    weir_dns_name names[8];
    char part[WEIR_DNS_NAME_TEXT];
    assert_int_equal(weir_address_parse_ip(weir_bytes_text(text), 99, &address), 0);
    const int count = weir_dns_hosts_reverse(hosts, &address, names, 8);
    if (count < 0) return weir_errname(count);
    out[0] = '\0';
    for (int i = 0; i < count; i++) {
        weir_dns_name_print_host(&names[i], part);
        strcat(strcat(out, i ? " " : ""), part);
    }
    return out;
}

TEST(names_are_found_whatever_their_case_and_blanks)
{
    weir_dns_hosts *hosts = table("127.0.0.1 localhost\r\n"
                                  "\t::1\tlocalhost  ip6-localhost\t \n"
                                  "192.0.2.7\tWWW.Example.org www#comment\n"
                                  "# 192.0.2.8 hidden\n"
                                  "   \n"
                                  "192.0.2.9 last.example.");
    assert_string_equal(found(hosts, "localhost", WEIR_DNS_BOTH), "127.0.0.1 ::1 (localhost)");
    assert_string_equal(found(hosts, "LOCALHOST.", WEIR_DNS_IPV6), "::1 (localhost)");
    assert_string_equal(found(hosts, "ip6-localhost", WEIR_DNS_BOTH), "::1 (localhost)");
    assert_string_equal(found(hosts, "www.example.ORG", WEIR_DNS_BOTH),
                        "192.0.2.7 (WWW.Example.org)");
    assert_string_equal(found(hosts, "www", WEIR_DNS_IPV4), "192.0.2.7 (WWW.Example.org)");
    assert_string_equal(found(hosts, "www", WEIR_DNS_IPV6), "none");
    assert_string_equal(found(hosts, "last.example", WEIR_DNS_IPV4), "192.0.2.9 (last.example)");
    assert_string_equal(found(hosts, "hidden", WEIR_DNS_BOTH), "WEIR_EDNS_NOTFOUND");
    assert_string_equal(found(hosts, "example.org", WEIR_DNS_BOTH), "WEIR_EDNS_NOTFOUND");
    assert_string_equal(found(hosts, ".", WEIR_DNS_BOTH), "WEIR_EDNS_NOTFOUND");
    assert_int_equal(counts.lines, 4);
    assert_int_equal(counts.names, 6);
    assert_int_equal(counts.bad_lines + counts.bad_names + counts.first_bad, 0);
    weir_dns_hosts_destroy(hosts);
}

TEST(all_lines_of_a_name_count_in_their_order_and_none_twice)
{
    weir_dns_hosts *hosts = table("192.0.2.3 c a\n192.0.2.1 a\n2001:db8::1 A b\n192.0.2.1 a a\n"
                                  "::ffff:192.0.2.2 a\n");
    assert_string_equal(found(hosts, "a", WEIR_DNS_BOTH),
                        "192.0.2.3 192.0.2.1 2001:db8::1 192.0.2.2 (c)");
    assert_string_equal(found(hosts, "a", WEIR_DNS_IPV6), "2001:db8::1 (A)");
    weir_address two[2];
    const weir_dns_name a = name_of("a");
    assert_int_equal(weir_dns_hosts_find(hosts, &a, WEIR_DNS_BOTH, two, 2, NULL), 2);
    assert_int_equal(weir_dns_hosts_find(hosts, &a, WEIR_DNS_BOTH, NULL, 0, NULL), 0);
    weir_dns_hosts_destroy(hosts);
}

TEST(an_address_leads_back_to_the_names_of_its_lines)
{
    weir_dns_hosts *hosts = table("192.0.2.1 one alias\n::ffff:192.0.2.1 two\n192.0.2.2 other\n"
                                  "fe80::1%lo zoned\nfe80::1 plain\nfe80::2%lo alone\n");
    assert_string_equal(reversed(hosts, "192.0.2.1"), "one two");
    assert_string_equal(reversed(hosts, "::ffff:192.0.2.2"), "other");
    assert_string_equal(reversed(hosts, "192.0.2.3"), "WEIR_EDNS_NOTFOUND");
    assert_string_equal(reversed(hosts, "fe80::1%1"), "zoned plain");
    assert_string_equal(reversed(hosts, "fe80::1%7"), "plain");
    assert_string_equal(reversed(hosts, "fe80::2"), "WEIR_EDNS_NOTFOUND");
    const weir_address none = {0};
    weir_dns_name out;
    assert_int_equal(weir_dns_hosts_reverse(hosts, &none, &out, 1), WEIR_EDNS_NOTFOUND);
    weir_dns_hosts_destroy(hosts);
}

TEST(zones_are_kept_and_unknown_ones_skipped)
{
    weir_dns_hosts *hosts = table("fe80::1%lo a\nfe80::1%1 a\nfe80::1%no-such0 a b\nfe80::2%9 a\n");
    assert_string_equal(found(hosts, "a", WEIR_DNS_BOTH), "fe80::1%1 fe80::2%9 (a)");
    assert_string_equal(found(hosts, "b", WEIR_DNS_BOTH), "WEIR_EDNS_NOTFOUND");
    assert_int_equal(counts.bad_lines, 1);
    assert_int_equal(counts.zones_absent, 1);
    assert_int_equal(counts.first_bad, 3);
    weir_dns_hosts_destroy(hosts);
}

TEST(malformed_lines_and_names_are_skipped_and_the_rest_counts)
{
    weir_dns_hosts *hosts = table("192.0.2.1 good\n"
                                  "192.0.2 a\n"
                                  "192.0.2.01 a\n"
                                  "localhost 127.0.0.1\n"
                                  "192.0.2.2\n"
                                  "192.0.2.3 a..b .x \\097 b\xc3\xbc"
                                  "cher \x01\n"
                                  "192.0.2.4 a..b second third..\n"
                                  "[::1] a\n"
                                  "192.0.2.5:80 a\n"
                                  "192.0.2.6 _service -odd- 9 a_b.example\n");
    assert_string_equal(found(hosts, "good", WEIR_DNS_BOTH), "192.0.2.1 (good)");
    assert_string_equal(found(hosts, "a", WEIR_DNS_BOTH), "WEIR_EDNS_NOTFOUND");
    assert_string_equal(found(hosts, "second", WEIR_DNS_BOTH), "192.0.2.4 (second)");
    assert_string_equal(found(hosts, "a_b.example", WEIR_DNS_BOTH), "192.0.2.6 (_service)");
    assert_string_equal(found(hosts, "-odd-", WEIR_DNS_BOTH), "192.0.2.6 (_service)");
    assert_int_equal(counts.lines, 3);
    assert_int_equal(counts.bad_lines, 7);
    assert_int_equal(counts.bad_names, 2);
    assert_int_equal(counts.first_bad, 2);
    weir_dns_hosts_destroy(hosts);
}

TEST(the_longest_name_is_found_and_a_longer_one_is_no_name)
{
    char text[1024], name[300];
    memset(name, 'a', sizeof name);
    name[63] = name[127] = name[191] = '.';
    name[253] = '\0';
    snprintf(text, sizeof text, "192.0.2.1 %s\n192.0.2.2 %sa\n192.0.2.3 %s.\n", name, name, name);
    weir_dns_hosts *hosts = table(text);
    weir_address out[4];
    const weir_dns_name key = name_of(name);
    assert_int_equal(weir_dns_hosts_find(hosts, &key, WEIR_DNS_BOTH, out, 4, NULL), 2);
    assert_int_equal(out[1].at.ipv4[3], 3);
    weir_dns_hosts_destroy(hosts);
}

TEST(names_of_every_length_are_found_in_every_case)
{
    uint64_t random = test_seed();
    for (size_t len = 1; len <= 253; len++) {
        char text[300], name[256], other[256];
        for (size_t i = 0; i < len; i++) {
            const bool dot = i % 50 == 49 && i + 1 < len;
            name[i] = dot ? '.' : (char)('a' + test_random(&random) % 26);
            other[i] = dot || test_random(&random) % 2 ? name[i] : (char)(name[i] - 'a' + 'A');
        }
        name[len] = other[len] = '\0';
        snprintf(text, sizeof text, "192.0.2.1 %s\n", name);
        weir_dns_hosts *hosts = table(text);
        weir_address out;
        weir_dns_name wanted = name_of(other);
        assert_int_equal(weir_dns_hosts_find(hosts, &wanted, WEIR_DNS_BOTH, &out, 1, NULL), 1);
        /* No letter: "[" comes behind "Z", "@" before "A", "{" behind "z". */
        wanted.octets[1] = (uint8_t) "[@{`"[len % 4];
        assert_int_equal(weir_dns_hosts_find(hosts, &wanted, WEIR_DNS_BOTH, &out, 1, NULL),
                         WEIR_EDNS_NOTFOUND);
        weir_dns_hosts_destroy(hosts);
    }
}

TEST(a_line_may_be_as_long_as_it_likes)
{
    const size_t names = 20000, room = names * 16 + 64;
    char *text = malloc(room), name[32];
    size_t len = (size_t)snprintf(text, room, "2001:db8::5");
    for (size_t i = 0; i < names; i++)
        len += (size_t)snprintf(text + len, room - len, " name-%zu", i);
    weir_dns_hosts *hosts = table(text);
    assert_int_equal(counts.names, names);
    for (size_t i = 0; i < names; i += 997) {
        snprintf(name, sizeof name, "NAME-%zu", i);
        assert_string_equal(found(hosts, name, WEIR_DNS_BOTH), "2001:db8::5 (name-0)");
    }
    weir_dns_hosts_destroy(hosts);
    free(text);
}

TEST(memory_is_bounded_by_the_size_of_the_text)
{
    static const char *const units[] = {":: a\n",
                                        "::1 a b c d e f g h\n",
                                        "a a\n",
                                        ":: a a a\n",
                                        "0.0.0.0 ads.example.com\n",
                                        "\n",
                                        "# x\n",
                                        "x"};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        const size_t unit = strlen(units[u]);
        for (size_t times = 0; times < 70000; times = times * 3 + 1) {
            char *text = malloc(unit * times + 1);
            for (size_t i = 0; i < times; i++) memcpy(text + i * unit, units[u], unit);
            weir_dns_hosts *hosts;
            const weir_bytes whole = weir_bytes_of(text, unit * times);
            assert_int_equal(weir_dns_hosts_parse(whole, NULL, &hosts, &counts), 0);
            assert_true(counts.memory <= 24 * whole.len + 4096);
            weir_dns_hosts_destroy(hosts);
            free(text);
        }
    }
}

/* A list that maps very many names to one address must not make the lookups of others long. */
TEST(a_hundred_thousand_lines_are_all_found)
{
    const size_t lines = 100000;
    char *text = malloc(lines * 48), name[48];
    size_t len = 0;
    for (size_t i = 0; i < lines; i++)
        len += (size_t)sprintf(text + len,
                               i % 2 ? "0.0.0.0 ads%zu.tracker.example\n"
                                     : "10.%zu.0.1 ads%zu.tracker.example\n",
                               i % 2 ? i : i % 200, i);
    weir_dns_hosts *hosts;
    const weir_hash_key key = {{test_seed(), 7}};
    assert_int_equal(weir_dns_hosts_parse(weir_bytes_of(text, len), &key, &hosts, &counts), 0);
    assert_int_equal(counts.lines, lines);
    for (size_t i = 0; i < lines; i++) {
        weir_address out;
        snprintf(name, sizeof name, "ads%zu.tracker.example", i);
        const weir_dns_name wanted = name_of(name);
        assert_int_equal(weir_dns_hosts_find(hosts, &wanted, WEIR_DNS_BOTH, &out, 1, NULL), 1);
        assert_int_equal(out.at.ipv4[1], i % 2 ? 0 : i % 200);
    }
    weir_dns_name back[2];
    const weir_address many = weir_address_any4(0);
    assert_int_equal(weir_dns_hosts_reverse(hosts, &many, back, 2), 2);
    weir_dns_hosts_destroy(hosts);
    free(text);
}

TEST(a_hosts_file_is_read_to_its_very_end_and_no_further)
{
    static const char text[] = "127.0.0.1 localhost loop\r\n\n::1\tlocalhost # six\n\r\n"
                               "fe80::1%lo router\n10.0.0.1 a..b ok";
    guarded guard = guarded_new(sizeof text);
    for (size_t len = 0; len < sizeof text; len++) {
        weir_dns_hosts *hosts;
        const weir_bytes bytes = weir_bytes_of(guarded_put(&guard, text, len), len);
        assert_int_equal(weir_dns_hosts_parse(bytes, NULL, &hosts, NULL), 0);
        weir_dns_hosts_destroy(hosts);
    }
    guarded_free(&guard);
}

TEST(a_table_without_memory_is_an_error)
{
    weir_dns_hosts *hosts;
    test_alloc_fail_after(0);
    const int error = weir_dns_hosts_parse(weir_bytes_text("::1 a"), NULL, &hosts, NULL);
    test_alloc_reset();
    assert_int_equal(error, WEIR_ENOMEM);
    weir_dns_hosts_destroy(NULL);
}
