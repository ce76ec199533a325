/* SPDX-License-Identifier: MIT
 *
 * What the tests of looking names up share, and the simplest of them: what one lookup finds.
 */
#include "test/network/dns_lookup.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <sys/time.h>

static const char *const file_names[WEIR_DNS_FILE_COUNT] = {"resolv.conf", "hosts",
                                                            "nsswitch.conf"};

house *house_new(weir_io *io, const dns_server_rule *rules, size_t count)
{
    house *h = calloc(1, sizeof *h);
    if (!check(h != NULL)) abort();
    check_int(dns_server_start(io, rules, count, &h->server), 0);
    weir_dns_config_init(&h->config);
    h->config.servers[0] = dns_server_address(h->server);
    h->config.server_count = 1;
    h->config.timeout = weir_seconds(20);
    h->options.files.config = &h->config;
    for (int i = 0; i < WEIR_DNS_FILE_COUNT; i++) h->options.files.paths[i] = "";
    return h;
}

void house_file(house *h, weir_dns_file which, const char *text)
{
    static int seconds = 1000000000;
    if (!h->path[0] && !contract_make_directory(h->path)) return;
    snprintf(h->paths[which], sizeof h->paths[which], "%s/%s", h->path, file_names[which]);
    h->options.files.paths[which] = h->paths[which];
    unlink(h->paths[which]);
    contract_make_file(h->path, file_names[which], text, strlen(text));
    seconds++;
    const struct timeval times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    check_int(utimes(h->paths[which], times), 0);
}

bool house_open(weir_io *io, house *h)
{
    return check_int(weir_dns_resolver_create(io, &h->options, &h->resolver), 0);
}

house *house_begin(weir_io *io, const dns_server_rule *rules, size_t count)
{
    house *h = house_new(io, rules, count);
    house_open(io, h);
    return h;
}

void house_end(weir_io *io, house *h)
{
    weir_dns_resolver_destroy(io, h->resolver);
    dns_server_stop(io, h->server);
    if (h->path[0]) contract_remove_directory(h->path);
    free(h);
}

int house_find(weir_io *io, house *h, const char *name, unsigned flags)
{
    const weir_dns_lookup_options options = {
        .flags = flags, .report = &h->report, .steps = &h->steps};
    h->report.kept = h->report.total = h->steps.kept = h->steps.total = 0;
    return weir_dns_lookup_host(io, h->resolver, weir_bytes_text(name), 80, &options, h->addresses,
                                LOOKUP_ROOM, &h->host);
}

bool house_has(const house *h, int count, const char *address)
{
    char text[WEIR_ADDRESS_TEXT], wanted[WEIR_ADDRESS_TEXT];
    snprintf(wanted, sizeof wanted, strchr(address, ':') ? "[%s]:80" : "%s:80", address);
    for (int i = 0; i < count; i++) {
        weir_address_print(&h->addresses[i], text);
        if (strcmp(text, wanted) == 0) return true;
    }
    return false;
}

void house_expect(weir_io *io, house *h, const char *name, const char *address, int error)
{
    const int result = house_find(io, h, name, 0);
    const unsigned before = contract_failed();
    check_int(result, address ? 1 : error);
    if (address) check(house_has(h, result, address));
    if (contract_failed() != before) fprintf(stderr, "    … of `%s`\n", name);
}

unsigned house_asked(const house *h)
{
    const dns_server_counts seen = dns_server_seen(h->server);
    return seen.udp + seen.tcp;
}

weir_dns_statistics house_statistics(const house *h)
{
    weir_dns_statistics statistics;
    weir_dns_resolver_statistics(h->resolver, &statistics);
    return statistics;
}

bool house_ttl_is(uint32_t ttl, uint32_t zone)
{
    if (ttl <= zone && zone - ttl < 10) return true;
    fprintf(stderr, "    … the time to live is %" PRIu32 ", that of the zone %" PRIu32 "\n", ttl,
            zone);
    return false;
}

bool house_name_is(const weir_dns_name *name, const char *text)
{
    char is[WEIR_DNS_NAME_TEXT] = "";
    if (name->len) weir_dns_name_print(name, is);
    if (strcmp(is, text) == 0) return true;
    fprintf(stderr, "    … the name is `%s`, expected was `%s`\n", is, text);
    return false;
}

weir_dns_name house_name(const char *text)
{
    weir_dns_name name = {0};
    check(weir_dns_name_parse(weir_bytes_text(text), &name) >= 0);
    return name;
}

int house_lookup(weir_io *io, house *h, const char *name, uint16_t type, unsigned flags,
                 weir_dns_answer *out)
{
    const weir_dns_lookup_options options = {
        .flags = flags, .report = &h->report, .steps = &h->steps};
    h->report.kept = h->report.total = h->steps.kept = h->steps.total = 0;
    return weir_dns_lookup(io, h->resolver, weir_bytes_text(name), type, &options, out);
}

CONTRACT(dns_lookup_takes_addresses_as_they_are)
{
    static const struct {
        const char *text, *address;
        int error;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7", 0},        {"2001:db8::7", "2001:db8::7", 0},
        {"::ffff:192.0.2.7", "192.0.2.7", 0}, {"fe80::1%no-such-interface", NULL, WEIR_EZONETEXT},
        {"", NULL, WEIR_EDNS_NAME},           {"a..b", NULL, WEIR_EDNS_NAME},
        {".a", NULL, WEIR_EDNS_NAME},         {"192.0.2.1.", NULL, WEIR_EDNS_NAME},
        {"1.2.3", NULL, WEIR_EDNS_NAME},      {"3221225985", NULL, WEIR_EDNS_NAME},
        {"1.2.3.256", NULL, WEIR_EDNS_NAME},  {"1::2::3", NULL, WEIR_EDNS_NAME},
        {"host:80", NULL, WEIR_EDNS_NAME},    {"0x7f000001", NULL, WEIR_EDNS_NAME},
    };
    house *h = house_begin(io, RULES({.records = {"@ 300 A 192.0.2.99"}}));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        house_expect(io, h, cases[i].text, cases[i].address, cases[i].error);
    check_int(house_find(io, h, "192.0.2.7", WEIR_DNS_IPV6_ONLY), WEIR_EAFNOSUPPORT);
    check_int(house_find(io, h, "2001:db8::7", WEIR_DNS_IPV4_ONLY), WEIR_EAFNOSUPPORT);
    check_int(house_find(io, h, "::1", WEIR_DNS_IPV4_ONLY | WEIR_DNS_IPV6_ONLY), WEIR_EINVAL);
    check_int(house_find(io, h, "192.0.2.7", 0), 1);
    check_int(h->host.origin, WEIR_DNS_FROM_LITERAL);
    check_int(weir_dns_lookup_host(io, h->resolver, weir_bytes_text("::1"), 1, NULL, h->addresses,
                                   0, NULL),
              WEIR_EINVAL);
    check_int(house_find(io, h, "::ffff:192.0.2.7", WEIR_DNS_IPV6_ONLY), WEIR_EAFNOSUPPORT);
    check_int(house_asked(h), 0);
    check_int(house_statistics(h).lookups, 0);
    /* What only looks like one. */
    house_expect(io, h, "1.2.3.4a", "192.0.2.99", 0);
    house_expect(io, h, "4.3.2.1.example", "192.0.2.99", 0);
    house_expect(io, h, "0x", "192.0.2.99", 0);
    house_end(io, h);
}

CONTRACT(dns_lookup_of_special_names_asks_nobody)
{
    house *h = house_new(io, RULES({.records = {"@ 300 A 192.0.2.99"}}));
    house_file(h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 localhost foo.localhost\n");
    /* With so many dots to come first, a search list would be tried before the name itself. */
    h->config.ndots = 5;
    weir_dns_config_add_search(&h->config, weir_bytes_text("corp.example"));
    house_open(io, h);
    static const char *const locals[] = {"localhost", "LOCALHOST.", "a.b.LocalHost",
                                         "foo.localhost"};
    for (size_t i = 0; i < sizeof locals / sizeof *locals; i++) {
        const int count = house_find(io, h, locals[i], 0);
        check_int(count, 2);
        check(house_has(h, count, "127.0.0.1") && house_has(h, count, "::1"));
        check_int(h->host.origin, WEIR_DNS_FROM_SPECIAL);
        check_int(house_find(io, h, locals[i], WEIR_DNS_IPV4_ONLY), 1);
    }
    check_int(house_find(io, h, "localhost", WEIR_DNS_UNSORTED), 2);
    check_int(h->addresses[0].kind, WEIR_ADDRESS_IPV6);
    house_expect(io, h, "x.onion", NULL, WEIR_EDNS_SPECIAL);
    house_expect(io, h, "x.Onion.", NULL, WEIR_EDNS_SPECIAL);
    house_expect(io, h, "printer.local", NULL, WEIR_EDNS_SPECIAL);
    house_expect(io, h, "x.invalid", NULL, WEIR_EDNS_NOTFOUND);
    weir_dns_answer answer;
    check_int(house_lookup(io, h, "x.onion", WEIR_DNS_TXT, WEIR_DNS_SEARCH, &answer),
              WEIR_EDNS_SPECIAL);
    check_int(house_lookup(io, h, "x.invalid", WEIR_DNS_TXT, WEIR_DNS_SEARCH, &answer),
              WEIR_EDNS_NOTFOUND);
    check(house_name_is(&answer.name, "x.invalid."));
    weir_dns_answer_free(&answer);
    check_int(house_lookup(io, h, "localhost", WEIR_DNS_AAAA, 0, &answer), 0);
    check_int(answer.count, 1);
    weir_dns_answer_free(&answer);
    check_int(house_lookup(io, h, "localhost", WEIR_DNS_TXT, 0, &answer), WEIR_EDNS_NODATA);
    weir_dns_answer_free(&answer);
    check_int(house_asked(h), 0);
    house_end(io, h);
}

CONTRACT(dns_lookup_reads_the_hosts_file_first)
{
    house *h = house_new(
        io, RULES({.type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.99"}}, {.records = {SOA_300}}));
    house_file(h, WEIR_DNS_FILE_HOSTS,
               "192.0.2.1 Canonical.example db\r\n2001:db8::1\tdb\n192.0.2.1 db\n# 1.1.1.1 no");
    house_open(io, h);
    int count = house_find(io, h, "DB", 0);
    check_int(count, 2);
    check(house_has(h, count, "192.0.2.1") && house_has(h, count, "2001:db8::1"));
    check_int(h->host.origin, WEIR_DNS_FROM_HOSTS);
    check(house_name_is(&h->host.canonical, "Canonical.example."));
    check(house_name_is(&h->host.name, "db."));
    check_int(h->steps.kept, 1);
    check_int(h->steps.steps[0].origin, WEIR_DNS_FROM_HOSTS);
    check_int(h->steps.steps[0].result, 2);
    check_int(house_find(io, h, "db", WEIR_DNS_IPV6_ONLY), 1);
    check_int(house_asked(h), 0);
    check_int(house_find(io, h, "db", WEIR_DNS_NO_HOSTS), 1);
    check(house_has(h, 1, "192.0.2.99"));
    check_int(house_asked(h), 2);
    check_int(house_find(io, h, "other", 0), 1);
    check_int(h->steps.kept, 2);
    check_int(h->steps.steps[0].result, WEIR_EDNS_NOTFOUND);
    check_int(h->steps.steps[1].origin, WEIR_DNS_FROM_SERVER);
    house_end(io, h);
}

CONTRACT(dns_lookup_obeys_nsswitch)
{
    house *h = house_new(io, RULES({.name = "down.example.", .rcode = WEIR_DNS_SERVFAIL},
                                   {.name = "none.example.", .rcode = WEIR_DNS_NXDOMAIN},
                                   {.type = WEIR_DNS_A, .records = {"@ 300 A 192.0.2.99"}},
                                   {.records = {SOA_300}}));
    house_file(h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 db.example none.example down.example\n");
    house_file(h, WEIR_DNS_FILE_NSSWITCH, "hosts: dns [NOTFOUND=return] files\n");
    house_open(io, h);
    house_expect(io, h, "db.example", "192.0.2.99", 0);
    house_expect(io, h, "none.example", NULL, WEIR_EDNS_NOTFOUND);
    house_expect(io, h, "down.example", "192.0.2.1", 0);
    house_end(io, h);
    h = house_new(io, RULES({.rcode = WEIR_DNS_SERVFAIL}));
    house_file(h, WEIR_DNS_FILE_HOSTS, "192.0.2.1 db.example\n");
    house_file(h, WEIR_DNS_FILE_NSSWITCH, "hosts: dns files\n");
    house_open(io, h);
    /* That the server failed is not to be read as "there is no such name". */
    house_expect(io, h, "x.example", NULL, WEIR_EDNS_SERVFAIL);
    house_end(io, h);
}
