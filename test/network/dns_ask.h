/* SPDX-License-Identifier: MIT
 *
 * What the tests of asking name servers share: servers, options, one lookup.
 */
#ifndef WEIR_TEST_NETWORK_DNS_ASK_H
#define WEIR_TEST_NETWORK_DNS_ASK_H

#include "test/contract/contract.h"

#include <weir/io/task.h>

#include "dns/ask.h"
#include "test/harness/dns_server.h"

#define RULES(...)                          \
    (const dns_server_rule[]){__VA_ARGS__}, \
        sizeof((const dns_server_rule[]){__VA_ARGS__}) / sizeof(dns_server_rule)

#define A_RECORD "@ 300 A 192.0.2.1"

/* Options that suit a test: attempts of 200 ms. */
static inline dns_ask_options ask_options(void)
{
    return (dns_ask_options){
        .timeout = weir_milliseconds(200),
        .attempts = 2,
        .edns = true,
        .tcp_idle = weir_seconds(10),
    };
}

/* Servers that take long enough for nothing to time out by chance. */
static inline dns_ask_options ask_patiently(void)
{
    dns_ask_options options = ask_options();
    options.timeout = weir_seconds(20);
    return options;
}

static inline weir_dns_name ask_name(const char *text)
{
    weir_dns_name name = {0};
    check(weir_dns_name_parse(weir_bytes_text(text), &name) >= 0);
    return name;
}

/* A lookup and what comes of it. */
typedef struct lookup {
    dns_servers *servers;
    weir_dns_name name;
    dns_question question;
    dns_reply replies[DNS_ASK_TYPES];
    weir_dns_report report;
    int result;
} lookup;

/* Prepares a lookup of A records. */
static inline void lookup_init(lookup *l, dns_servers *servers, const char *name)
{
    l->servers = servers;
    l->name = ask_name(name);
    l->question = (dns_question){.types = {WEIR_DNS_A}, .type_count = 1, .only_server = -1};
    l->question.name = &l->name;
    l->report.kept = l->report.total = 0;
}

/* Asks.  Returns the result; lookup_free afterwards. */
static inline int lookup_run(weir_io *io, lookup *l)
{
    return l->result = weir_dns_ask(io, l->servers, &l->question, l->replies, &l->report);
}

static inline void lookup_free(lookup *l)
{
    for (unsigned i = 0; i < l->question.type_count; i++) weir_dns_reply_free(&l->replies[i]);
}

static inline int lookup_task(weir_io *io, void *argument)
{
    return lookup_run(io, argument);
}

/* The first octet data of the first answer record of a reply, as a number; -1: none. */
static inline int64_t first_address(const dns_reply *reply)
{
    weir_dns_reader reader;
    weir_dns_header header;
    weir_dns_record record;
    if (weir_dns_reader_init(&reader, reply->message, &header) != 0 || header.answers == 0)
        return -1;
    if (weir_dns_reader_record(&reader, &record) <= 0) return -1;
    int64_t value = 0;
    for (size_t i = 0; i < record.data.len && i < 4; i++)
        value = value << 8 | (uint8_t)record.data.data[i];
    return value;
}

/* Asks once for A records, checks the result, frees.  Returns the first address. */
static inline int64_t ask_once(weir_io *io, dns_servers *servers, const char *name, int expected)
{
    lookup *l = malloc(sizeof *l);
    lookup_init(l, servers, name);
    check_int(lookup_run(io, l), expected);
    const int64_t address = first_address(&l->replies[0]);
    lookup_free(l);
    free(l);
    return address;
}

/* A server and a list that has it alone. */
static inline bool one_server(weir_io *io, const dns_server_rule *rules, size_t count,
                              const dns_ask_options *options, dns_server **server,
                              dns_servers **servers)
{
    if (!check_int(dns_server_start(io, rules, count, server), 0)) return false;
    const weir_address address = dns_server_address(*server);
    return check_int(weir_dns_servers_create(io, &address, 1, options, servers), 0);
}

static inline void end_both(weir_io *io, dns_server *server, dns_servers *servers)
{
    weir_dns_servers_destroy(io, servers);
    dns_server_stop(io, server);
}

#define ADDRESS_OF_TEST 0xc0000201

#endif
