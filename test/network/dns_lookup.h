/* SPDX-License-Identifier: MIT
 *
 * What the tests of looking names up share: a resolver, the name server that it asks, and what a
 * lookup came to.
 */
#ifndef WEIR_TEST_NETWORK_DNS_LOOKUP_H
#define WEIR_TEST_NETWORK_DNS_LOOKUP_H

#include "test/contract/contract.h"

#include <stdio.h>

#include <weir/dns/lookup.h>
#include <weir/dns/resolver.h>
#include <weir/dns/stream.h>

#include "test/harness/dns_server.h"

#define RULES(...)                          \
    (const dns_server_rule[]){__VA_ARGS__}, \
        sizeof((const dns_server_rule[]){__VA_ARGS__}) / sizeof(dns_server_rule)

/* Answers a question for one type with a record, and says that others have none. */
#define SOA_300 "!example. 300 SOA ns.example. root.example. 1 2 3 4 300"

/* A test of the simulated engine alone: where time is virtual. */
#define LOOKUP_ON_SIM(name_)                                     \
    static void contract_body_##name_(weir_io *io);              \
    CONTRACT_ONE_(name_, sim, NULL, contract_body_##name_, NULL) \
    static void contract_body_##name_(weir_io *io)

enum { LOOKUP_ROOM = WEIR_DNS_HOST_ADDRESSES };

/* A server, a resolver that asks it, and the outcome of the last lookup. */
typedef struct house {
    dns_server *server;
    weir_dns_resolver *resolver;
    weir_dns_config config;            /* to be changed before house_open */
    weir_dns_resolver_options options; /* likewise */
    char path[64];                     /* of the files; "" for none */
    char paths[WEIR_DNS_FILE_COUNT][96];

    weir_address addresses[LOOKUP_ROOM];
    weir_dns_host host;
    weir_dns_report report;
    weir_dns_steps steps;
} house;

/* Begins with a server of these rules; house_open follows. */
house *house_new(weir_io *io, const dns_server_rule *rules, size_t count);

/* Puts a text into the hosts file or nsswitch.conf, before or after house_open.  A file of the
 * same length is another file, too. */
void house_file(house *h, weir_dns_file which, const char *text);

/* Makes the resolver. */
bool house_open(weir_io *io, house *h);

/* Both in one, with the defaults. */
house *house_begin(weir_io *io, const dns_server_rule *rules, size_t count);

void house_end(weir_io *io, house *h);

/* Looks a host up; what it comes to is in the house. */
int house_find(weir_io *io, house *h, const char *name, unsigned flags);

/* Whether the last lookup found an address: "192.0.2.1". */
bool house_has(const house *h, int count, const char *address);

/* Looks a host up, expects one address (or NULL and an error). */
void house_expect(weir_io *io, house *h, const char *name, const char *address, int error);

/* Questions that the server has got. */
unsigned house_asked(const house *h);

weir_dns_statistics house_statistics(const house *h);

/* Whether a name is this text. */
bool house_name_is(const weir_dns_name *name, const char *text);

weir_dns_name house_name(const char *text);

/* Whether a time to live is that of the zone, but for the seconds that have begun since. */
bool house_ttl_is(uint32_t ttl, uint32_t zone);

/* Looks records up; the answer is the caller's. */
int house_lookup(weir_io *io, house *h, const char *name, uint16_t type, unsigned flags,
                 weir_dns_answer *out);

#endif
