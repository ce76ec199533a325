/* SPDX-License-Identifier: MIT
 *
 * Is a name searched for in the order of resolv.conf(5), and does a failure end the search?
 */
#include <weir/dns/search.h>

#include <stdio.h>

#include <weir/base/error.h>

#include "test/harness/test.h"

/* How asking for each candidate ends, by its text; the last one has no name: all others. */
typedef struct scripted {
    const char *name;
    int result;
} scripted;

#define NX                       \
    {                            \
        NULL, WEIR_EDNS_NOTFOUND \
    }

static int ask(const scripted *script, const char *name)
{
    while (script->name && strcmp(script->name, name) != 0) script++;
    return script->result;
}

/* Searches; the candidates that were asked for are in `asked`, with blanks between.  Returns what
 * it came to. */
static int run(const char *conf, const char *text, const scripted *script, char asked[2048])
{
    weir_dns_config config;
    weir_dns_name name;
    weir_dns_search search;
    const weir_dns_name *candidate;
    char shown[WEIR_DNS_NAME_TEXT];
    unsigned count = 0;
    weir_dns_config_parse(weir_bytes_text(conf), &config);
    const int absolute = weir_dns_name_parse(weir_bytes_text(text), &name);
    assert_true(absolute >= 0);
    asked[0] = '\0';
    weir_dns_search_start(&search, &name, absolute, &config);
    while (weir_dns_search_next(&search, &candidate)) {
        weir_dns_name_print_host(candidate, shown);
        if (count++ > 0) strcat(asked, " ");
        strcat(asked, shown);
        if (weir_dns_search_report(&search, ask(script, shown)) == WEIR_DNS_SEARCH_STOP) break;
    }
    assert_int_equal(search.asked, count);
    return weir_dns_search_result(&search);
}

static void assert_order(const char *conf, const char *text, const char *order)
{
    static const scripted nothing[] = {NX};
    char asked[2048];
    const int result = run(conf, text, nothing, asked);
    assert_string_equal(asked, order);
    assert_int_equal(result, WEIR_EDNS_NOTFOUND);
}

TEST(dots_decide_whether_a_name_is_asked_for_first_or_last)
{
    static const char two[] = "search one.example two.example\n";
    assert_order(two, "www", "www.one.example www.two.example www");
    assert_order(two, "www.sub", "www.sub www.sub.one.example www.sub.two.example");
    assert_order(two, "www.", "www");
    assert_order(two, "www.sub.", "www.sub");
    assert_order("", "www", "www");
    assert_order("", "www.sub", "www.sub");
    assert_order(two, ".", ".");
    assert_order("search one.example\noptions ndots:0\n", "www", "www www.one.example");
    assert_order("search one.example\noptions ndots:2\n", "www.sub", "www.sub.one.example www.sub");
    assert_order("search one.example\noptions ndots:2\n", "a.b.c", "a.b.c a.b.c.one.example");
    assert_order("search c\noptions ndots:5\n", "a.b.", "a.b");
}

TEST(the_root_in_the_list_is_the_name_as_it_stands_and_asked_for_once)
{
    assert_order("search one.example . two.example\n", "www",
                 "www.one.example www www.two.example");
    assert_order("search .\n", "www", "www");
    assert_order("search . .\n", "www.sub", "www.sub");
    assert_order("search . one.example\n", "www.sub", "www.sub www.sub.one.example");
}

TEST(a_name_of_one_label_may_be_kept_from_the_root)
{
    assert_order("search one.example\noptions no-tld-query\n", "www", "www.one.example");
    assert_order("options no-tld-query\n", "www", "");
    assert_order("options no-tld-query\n", "www.", "www");
    assert_order("options no-tld-query ndots:0\nsearch one.example .\n", "www", "www.one.example");
    assert_order("search one.example\noptions no-tld-query\n", "a.b", "a.b a.b.one.example");
}

TEST(candidates_that_are_too_long_are_skipped)
{
    char name[256], order[600];
    /* 4 labels of 60: 244 octets on the wire with the root; ".example" takes 8 more, 252. */
    memset(name, 'a', sizeof name);
    name[60] = name[121] = name[182] = '.';
    name[243] = '\0';
    snprintf(order, sizeof order, "%s %s.example", name, name);
    assert_order("search one.example example\n", name, order);
}

TEST(no_such_name_and_no_such_record_lead_on)
{
    static const char conf[] = "search one.example two.example\n";
    static const scripted second[] = {{"www.two.example", 0}, NX};
    static const scripted no_data[] = {
        {"www.one.example", WEIR_EDNS_NODATA}, {"www.two.example", 3}, NX};
    char asked[2048];
    assert_int_equal(run(conf, "www", second, asked), 0);
    assert_string_equal(asked, "www.one.example www.two.example");
    assert_int_equal(run(conf, "www", no_data, asked), 3);
    assert_string_equal(asked, "www.one.example www.two.example");
}

TEST(a_failure_ends_the_search_and_no_later_result_hides_it)
{
    static const char conf[] = "search one.example two.example\n";
    static const int failures[] = {WEIR_EDNS_SERVFAIL,    WEIR_EDNS_TIMEOUT, WEIR_EDNS_REFUSED,
                                   WEIR_EDNS_UNREACHABLE, WEIR_ECANCELED,    WEIR_ENOMEM};
    char asked[2048];
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        const scripted first[] = {{"www.one.example", failures[i]}, {"www.two.example", 0}, NX};
        assert_int_equal(run(conf, "www", first, asked), failures[i]);
        assert_string_equal(asked, "www.one.example");
        const scripted as_is[] = {{"www.sub", failures[i]}, {"www.sub.one.example", 0}, NX};
        assert_int_equal(run(conf, "www.sub", as_is, asked), failures[i]);
        assert_string_equal(asked, "www.sub");
    }
}

TEST(the_result_is_the_first_names_own_or_no_data_before_no_name)
{
    static const char conf[] = "search one.example two.example\n";
    static const scripted first[] = {{"www.sub", WEIR_EDNS_NODATA}, NX};
    static const scripted later[] = {{"www.sub.one.example", WEIR_EDNS_NODATA}, NX};
    static const scripted middle[] = {{"www.one.example", WEIR_EDNS_NODATA}, NX};
    char asked[2048];
    assert_int_equal(run(conf, "www.sub", first, asked), WEIR_EDNS_NODATA);
    assert_int_equal(run(conf, "www.sub", later, asked), WEIR_EDNS_NOTFOUND);
    assert_int_equal(run(conf, "www", middle, asked), WEIR_EDNS_NODATA);
    assert_int_equal(run(conf, "www.", middle, asked), WEIR_EDNS_NOTFOUND);
}
