/* SPDX-License-Identifier: MIT
 *
 * What a name server says, as dig and as Weir have it, in one form of text:
 *
 *     NOERROR qr aa\n
 *     ANSWER host.example. 3600 IN A 192.0.2.1\n        sorted; TTLs as 0 where a cache counts down
 */
#ifndef WEIR_TEST_INTEROP_DNS_SAID_H
#define WEIR_TEST_INTEROP_DNS_SAID_H

#include <weir/dns/lookup.h>

typedef struct dns_asked {
    char name[256];
    char type[16];
} dns_asked;

typedef struct dns_said_options {
    weir_address server;
    bool recursion, dnssec, tcp;
    bool cached; /* the server counts TTLs down */
} dns_said_options;

/* The names and types that stand in a zone file of the folder, each once.  Returns how many. */
size_t dns_asked_of_zone(const char *folder, const char *zone, dns_asked *out, size_t room);

/* What dig says of all of them, malloc'd texts. */
void dns_said_by_dig(const char *folder, const dns_said_options *options, const dns_asked *asked,
                     size_t count, char **out);

/* What Weir says of one of them, malloc'd. */
char *dns_said_by_weir(weir_io *io, weir_dns_resolver *resolver, const dns_said_options *options,
                       const dns_asked *asked);

#endif
