/* SPDX-License-Identifier: MIT
 *
 * Names that no name server is asked for.
 *
 *      localhost  *.localhost        the loopback addresses                      RFC 6761 6.3
 *      invalid    *.invalid          there is no such name                       RFC 6761 6.4
 *      alt        *.alt              not DNS; there is no such name              RFC 9476
 *      onion      *.onion            a name of Tor's; never to be leaked         RFC 7686
 *      local      *.local            multicast DNS alone                         RFC 6762 3
 *      254.169.in-addr.arpa, 8.e.f.ip6.arpa to b.e.f.ip6.arpa and below: likewise  RFC 6762 4
 *
 * Other special-use names (test, example, home.arpa, internal, resolver.arpa, the private reverse
 * zones) are asked for as any name: their RFCs want no rule in a library (RFC 6761 6.1, 6.2, 6.5,
 * RFC 8375 4, RFC 8880, RFC 9462).
 */
#ifndef WEIR_DNS_SPECIAL_H
#define WEIR_DNS_SPECIAL_H

#include <stddef.h>
#include <stdint.h>

#include <weir/dns/wire/name.h>
#include <weir/io/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_dns_special_kind {
    WEIR_DNS_SPECIAL_NONE,      /* an ordinary name */
    WEIR_DNS_SPECIAL_LOCALHOST, /* weir_dns_localhost */
    WEIR_DNS_SPECIAL_NXDOMAIN,  /* WEIR_EDNS_NOTFOUND */
    WEIR_DNS_SPECIAL_ONION,     /* WEIR_EDNS_SPECIAL */
    WEIR_DNS_SPECIAL_MDNS,      /* multicast DNS, or WEIR_EDNS_SPECIAL */
} weir_dns_special_kind;

/* What kind of name it is; letter case does not matter.  Any thread; never waits. */
weir_dns_special_kind weir_dns_special(const weir_dns_name *name);

/* What looking such a name up without multicast DNS comes to: 0 for an ordinary name and
 * localhost, WEIR_EDNS_NOTFOUND, WEIR_EDNS_SPECIAL. */
int weir_dns_special_result(weir_dns_special_kind kind);

/* The reason in words for people, e.g. "a name of Tor's (RFC 7686)".  Never NULL; static. */
const char *weir_dns_special_text(weir_dns_special_kind kind);

/* The addresses of localhost, of the families wanted (weir_dns_family, hosts.h): 127.0.0.1, then
 * ::1, port 0.  Returns how many: at most 2. */
size_t weir_dns_localhost(unsigned families, weir_address out[2]);

#ifdef __cplusplus
}
#endif
#endif
