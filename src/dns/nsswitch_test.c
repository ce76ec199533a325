/* SPDX-License-Identifier: MIT
 *
 * Is the order of sources that of nsswitch.conf, as far as it is about files and dns?
 */
#include <weir/dns/nsswitch.h>

#include <stdio.h>

#include <weir/base/error.h>

#include "test/harness/test.h"

/* The order as text: "files[SN] dns[S]"; a star marks an assumed one. */
static const char *order_of(const char *text)
{
    static char out[128];
    weir_dns_order order;
    weir_dns_nsswitch_parse(weir_bytes_text(text), &order);
    out[0] = '\0';
    for (unsigned i = 0; i < order.count; i++) {
        const unsigned ends = order.steps[i].ends;
        char step[32];
        snprintf(
            step, sizeof step, "%s%s[%s%s%s%s]", i ? " " : "",
            order.steps[i].source == WEIR_DNS_FILES ? "files" : "dns",
            ends & WEIR_DNS_STATUS_SUCCESS ? "S" : "", ends & WEIR_DNS_STATUS_NOTFOUND ? "N" : "",
            ends & WEIR_DNS_STATUS_UNAVAIL ? "U" : "", ends & WEIR_DNS_STATUS_TRYAGAIN ? "T" : "");
        strcat(out, step);
    }
    if (order.assumed) strcat(out, "*");
    return out;
}

TEST(the_line_hosts_gives_the_order_of_sources)
{
    static const char *const cases[][2] = {
        {"", "files[S] dns[S]*"},
        {"passwd: files\n", "files[S] dns[S]*"},
        {"hosts: files dns\n", "files[S] dns[S]"},
        {"hosts: dns files", "dns[S] files[S]"},
        {"hosts:\tfiles\n", "files[S]"},
        {"hosts:dns\r\n", "dns[S]"},
        {"  hosts : files dns # all\n", "files[S] dns[S]"},
        {"#hosts: dns\n", "files[S] dns[S]*"},
        {"hosts: dns\nhosts: files\n", "files[S]"},
        {"hostsx: dns\nxhosts: dns\nHOSTS: dns\n", "files[S] dns[S]*"},
        {"hosts:\n", "files[S] dns[S]*"},
        {"hosts: nis mdns4\n", "files[S] dns[S]*"},
        {"hosts: files dns files dns files dns\n", "files[S] dns[S] files[S] dns[S]"},
        {"hosts: Files DNS\n", "files[S] dns[S]*"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(order_of(cases[i][0]), cases[i][1]);
}

TEST(actions_belong_to_the_service_before_them)
{
    static const char *const cases[][2] = {
        {"hosts: files [NOTFOUND=return] dns", "files[SN] dns[S]"},
        {"hosts: files [notfound=RETURN] dns", "files[SN] dns[S]"},
        {"hosts: files[NOTFOUND=return]dns", "files[SN] dns[S]"},
        {"hosts: dns [!UNAVAIL=return] files", "dns[SNT] files[S]"},
        {"hosts: dns [ UNAVAIL=return TRYAGAIN=return ] files", "dns[SUT] files[S]"},
        {"hosts: files [SUCCESS=continue] dns", "files[] dns[S]"},
        {"hosts: files [SUCCESS=merge] dns", "files[S] dns[S]"},
        {"hosts: files [!SUCCESS=return SUCCESS=continue] dns", "files[NUT] dns[S]"},
        {"hosts: files [NOTFOUND=return", "files[SN]"},
        {"hosts: files [] [=] [x] [X=return] [NOTFOUND] [NOTFOUND=jump] dns", "files[S] dns[S]"},
        {"hosts: [NOTFOUND=return] files dns", "files[S] dns[S]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(order_of(cases[i][0]), cases[i][1]);
}

TEST(services_of_others_are_skipped_with_their_actions)
{
    static const char *const cases[][2] = {
        {"hosts: files mdns4_minimal [NOTFOUND=return] dns", "files[S] dns[S]"},
        {"hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns", "files[S] dns[S]"},
        {"hosts: files myhostname resolve [!UNAVAIL=return]", "files[S] dns[S]"},
        {"hosts: resolve [!UNAVAIL=return] files", "dns[S] files[S]"},
        {"hosts: resolve", "dns[S]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(order_of(cases[i][0]), cases[i][1]);
}

TEST(a_source_ends_the_lookup_by_its_actions)
{
    weir_dns_order order;
    weir_dns_nsswitch_parse(weir_bytes_text("hosts: files [NOTFOUND=return] dns"), &order);
    assert_true(weir_dns_order_ends(&order, 0, 0));
    assert_true(weir_dns_order_ends(&order, 0, WEIR_EDNS_NOTFOUND));
    assert_true(weir_dns_order_ends(&order, 0, WEIR_EDNS_NODATA));
    assert_false(weir_dns_order_ends(&order, 0, WEIR_EDNS_TIMEOUT));
    assert_false(weir_dns_order_ends(&order, 0, WEIR_EDNS_UNREACHABLE));
    assert_true(weir_dns_order_ends(&order, 1, WEIR_EDNS_TIMEOUT));
    weir_dns_nsswitch_parse(weir_bytes_text("hosts: dns [!UNAVAIL=return] files"), &order);
    assert_true(weir_dns_order_ends(&order, 0, WEIR_EDNS_NOTFOUND));
    assert_false(weir_dns_order_ends(&order, 0, WEIR_EDNS_SERVFAIL));
    assert_false(weir_dns_order_ends(&order, 0, WEIR_EDNS_TIMEOUT));
    assert_false(weir_dns_order_ends(&order, 0, WEIR_EDNS_UNREACHABLE));
    assert_false(weir_dns_order_ends(&order, 0, WEIR_EDNS_REFUSED));
}

/* Measured: getaddrinfo of glibc 2.36 with "dns [STATUS=return] files" and a server that does so.
 */
TEST(failures_have_the_status_that_the_c_library_gives_them)
{
    assert_int_equal(weir_dns_status_of(0), WEIR_DNS_STATUS_SUCCESS);
    assert_int_equal(weir_dns_status_of(3), WEIR_DNS_STATUS_SUCCESS);
    assert_int_equal(weir_dns_status_of(WEIR_EDNS_NOTFOUND), WEIR_DNS_STATUS_NOTFOUND);
    assert_int_equal(weir_dns_status_of(WEIR_EDNS_NODATA), WEIR_DNS_STATUS_NOTFOUND);
    assert_int_equal(weir_dns_status_of(WEIR_EDNS_SPECIAL), WEIR_DNS_STATUS_NOTFOUND);
    assert_int_equal(weir_dns_status_of(WEIR_EDNS_NAME), WEIR_DNS_STATUS_NOTFOUND);
    static const int failures[] = {WEIR_EDNS_TIMEOUT, WEIR_EDNS_SERVFAIL,    WEIR_EDNS_REFUSED,
                                   WEIR_EDNS_NOTIMP,  WEIR_EDNS_UNREACHABLE, WEIR_EMFILE,
                                   WEIR_ENOMEM};
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        assert_int_equal(weir_dns_status_of(failures[i]), WEIR_DNS_STATUS_UNAVAIL);
}

TEST(the_order_without_a_file_is_files_then_dns)
{
    weir_dns_order order;
    memset(&order, 0xff, sizeof order);
    weir_dns_order_init(&order);
    assert_int_equal(order.count, 2);
    assert_true(order.assumed);
    assert_int_equal(order.steps[0].source, WEIR_DNS_FILES);
    assert_int_equal(order.steps[1].source, WEIR_DNS_SERVERS);
    assert_false(weir_dns_order_ends(&order, 0, WEIR_EDNS_NOTFOUND));
    assert_true(weir_dns_order_ends(&order, 0, 0));
}
