/* SPDX-License-Identifier: MIT
 *
 * Does Weir read from real name servers, record by record, what dig reads?  From bind9 as an
 * authority, over UDP and TCP; from a validating unbound in front of it; from dnsmasq.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/io/engine/engine.h>

#include "test/harness/test.h"
#include "test/interop/dns_process.h"
#include "test/interop/dns_said.h"

enum { ASKED = 256 };

static dns_asked asked[ASKED];
static char *by_dig[ASKED];
static size_t asked_count;

static void ask_too(const char *name, const char *type)
{
    assert_true(asked_count < ASKED);
    snprintf(asked[asked_count].name, sizeof asked->name, "%s", name);
    snprintf(asked[asked_count++].type, sizeof asked->type, "%s", type);
}

static int compare_all(weir_io *io, void *argument)
{
    const dns_said_options *options = argument;
    weir_dns_config config;
    weir_dns_config_init(&config);
    config.servers[config.server_count++] = options->server;
    config.timeout = weir_seconds(30);
    const weir_dns_resolver_options how = {.files.config = &config};
    weir_dns_resolver *resolver;
    int different = 0;
    assert_int_equal(weir_dns_resolver_create(io, &how, &resolver), 0);
    for (size_t i = 0; i < asked_count; i++) {
        char *mine = dns_said_by_weir(io, resolver, options, &asked[i]);
        if (strcmp(mine, by_dig[i]) != 0) {
            print_error("%s %s\ndig:\n%.4000s\nweir:\n%.4000s\n", asked[i].name, asked[i].type,
                        by_dig[i], mine);
            different++;
        }
        free(mine);
    }
    weir_dns_resolver_destroy(io, resolver);
    return different ? WEIR_EDNS_ANSWER : 0;
}

/* At least so many have to have an answer, lest two failures be found alike. */
static void compare(const char *folder, const dns_said_options *options, size_t least)
{
    size_t answers = 0;
    const weir_engine_options engine = {.workers = 1, .stack_size = 1 << 20};
    dns_said_by_dig(folder, options, asked, asked_count, by_dig);
    for (size_t i = 0; i < asked_count; i++) answers += strstr(by_dig[i], "\nANSWER ") != NULL;
    if (answers < least) print_error("%zu answers of %zu\n", answers, asked_count);
    assert_true(answers >= least);
    assert_int_equal(weir_engine_run(&engine, compare_all, (void *)options), 0);
    for (size_t i = 0; i < asked_count; i++) free(by_dig[i]);
}

static const char *begin(const char *const *programs)
{
    if (!dns_process_installed(programs)) return NULL;
    asked_count = 0;
    return dns_process_begin();
}

static void ask_for_what_is_missing(void)
{
    ask_too("nothing.plain.test.", "A");
    ask_too("host.plain.test.", "TXT");
    ask_too("er.est.plain.test.", "A");
    ask_too("one.plain.test.", "A");
    ask_too("gone.plain.test.", "A");
    ask_too("loop.plain.test.", "A");
    ask_too("away.plain.test.", "A");
    ask_too("x.y.wild.plain.test.", "A");
    ask_too("host.sub.plain.test.", "A");
    ask_too("HOST.Plain.TEST.", "A");
    ask_too("host.elsewhere.example.", "A");
    ask_too("plain.test.", "ANY");
    ask_too("plain.test.", "TYPE65280");
}

TEST(dns_all_records_of_bind9_are_read_as_dig_reads_them)
{
    static const char *const needed[] = {"named", "dig", NULL};
    const char *folder = begin(needed);
    if (!folder) skip();
    dns_process named;
    dns_process_named(&named, "recursion no;");
    asked_count += dns_asked_of_zone(folder, "types.test", asked, ASKED);
    asked_count +=
        dns_asked_of_zone(folder, "plain.test", asked + asked_count, ASKED - asked_count);
    ask_for_what_is_missing();
    dns_said_options options = {.server = named.address};
    compare(folder, &options, 75);
    options.tcp = true;
    compare(folder, &options, 75);
    dns_process_end();
}

TEST(dns_signed_records_and_their_validation_are_read_as_dig_reads_them)
{
    static const char *const needed[] = {"named", "unbound", "dig", "dnssec-signzone", NULL};
    const char *folder = begin(needed);
    if (!folder) skip();
    dns_process named, unbound;
    asked_count = dns_asked_of_zone(folder, "signed.test", asked, ASKED);
    dns_process_sign();
    dns_process_named(&named, "recursion no;");
    dns_process_unbound(&unbound, &named);
    ask_too("signed.test.", "DNSKEY");
    ask_too("nothing.signed.test.", "A");
    ask_too("host.signed.test.", "TXT");
    ask_too("alias.signed.test.", "AAAA");
    ask_too("host.signed.test.", "NSEC");
    ask_too("host.signed.test.", "RRSIG");
    ask_too("away.plain.test.", "A");
    ask_too("x.lame.test.", "A");
    dns_said_options options = {.server = named.address, .dnssec = true};
    compare(folder, &options, 14);
    options = (dns_said_options){
        .server = unbound.address, .dnssec = true, .recursion = true, .cached = true};
    compare(folder, &options, 12);
    options.dnssec = false;
    compare(folder, &options, 12);
    dns_process_end();
}

TEST(dns_answers_of_dnsmasq_are_read_as_dig_reads_them)
{
    static const char *const needed[] = {"dnsmasq", "dig", NULL};
    const char *folder = begin(needed);
    if (!folder) skip();
    dns_process dnsmasq;
    const int port = dns_process_free_port();
    dns_process_write("hosts", "192.0.2.5 five.lan five\n2001:db8::5 five.lan\n");
    dns_process_start(&dnsmasq, port,
                      "dnsmasq -k --conf-file=/dev/null --port=%d --listen-address=127.0.0.1 "
                      "--bind-interfaces --no-resolv --no-hosts --addn-hosts=%s/hosts "
                      "--pid-file= --user=$(id -un) --group= --log-facility=- "
                      "--address=/wild.lan/192.0.2.9 --address=/empty.lan/ "
                      "--txt-record=text.lan,one,two --cname=alias.lan,five.lan "
                      "--srv-host=_http._tcp.lan,five.lan,80,1,2 --mx-host=mail.lan,five.lan,10",
                      port, folder);
    static const char *const names[][2] = {
        {"five.lan.", "A"},
        {"five.lan.", "AAAA"},
        {"five.", "A"},
        {"a.wild.lan.", "A"},
        {"wild.lan.", "AAAA"},
        {"x.empty.lan.", "A"},
        {"text.lan.", "TXT"},
        {"alias.lan.", "A"},
        {"_http._tcp.lan.", "SRV"},
        {"mail.lan.", "MX"},
        {"five.lan.", "MX"},
        {"elsewhere.example.", "A"},
        {"5.2.0.192.in-addr.arpa.", "PTR"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) ask_too(names[i][0], names[i][1]);
    dns_said_options options = {.server = dnsmasq.address, .recursion = true};
    compare(folder, &options, 8);
    options.tcp = true;
    compare(folder, &options, 8);
    dns_process_end();
}
