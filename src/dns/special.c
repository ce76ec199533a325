/* SPDX-License-Identifier: MIT
 *
 * Names that no name server is asked for, by their last labels.
 */
#include <weir/dns/special.h>

#include <weir/base/error.h>
#include <weir/dns/hosts.h>

#include "dns/wire/word.h"

/* A domain in wire form, small letters, the root's zero left out. */
typedef struct special_domain {
    const char *suffix;
    uint8_t len;
    uint8_t kind; /* weir_dns_special_kind */
} special_domain;

#define DOMAIN(suffix, kind)                                \
    {                                                       \
        suffix, sizeof(suffix) - 1, WEIR_DNS_SPECIAL_##kind \
    }

/* An octal escape has three digits at most: "\003254" is a label of three characters. */
static const special_domain domains[] = {
    DOMAIN("\011localhost", LOCALHOST),
    DOMAIN("\007invalid", NXDOMAIN),
    DOMAIN("\003alt", NXDOMAIN),
    DOMAIN("\005onion", ONION),
    DOMAIN("\005local", MDNS),
    DOMAIN("\003254\003169\007in-addr\004arpa", MDNS),
    DOMAIN("\0018\001e\001f\003ip6\004arpa", MDNS),
    DOMAIN("\0019\001e\001f\003ip6\004arpa", MDNS),
    DOMAIN("\001a\001e\001f\003ip6\004arpa", MDNS),
    DOMAIN("\001b\001e\001f\003ip6\004arpa", MDNS),
};

/* A bit for the last letter of each, by its lower five bits. */
#define LAST(letter) (1u << ((letter)&31))
#define LAST_LETTERS (LAST('t') | LAST('d') | LAST('n') | LAST('l') | LAST('a'))

/* Whether the name ends with the domain, at a label's border. */
static bool ends_with(const weir_dns_name *name, const special_domain *domain)
{
    if (name->len < domain->len + 1) return false;
    const size_t start = (size_t)name->len - 1 - domain->len;
    if (!octets_same(name->octets + start, (const uint8_t *)domain->suffix, domain->len))
        return false;
    size_t at = 0;
    while (at < start) at += 1u + name->octets[at];
    return at == start;
}

weir_dns_special_kind weir_dns_special(const weir_dns_name *name)
{
    if (name->len < 2) return WEIR_DNS_SPECIAL_NONE;
    /* The last letter of the last label tells most names apart from all of these. */
    const char last = (char)octet_lower(name->octets[name->len - 2]);
    if (!(LAST_LETTERS >> (last & 31) & 1)) return WEIR_DNS_SPECIAL_NONE;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        if (domains[i].suffix[domains[i].len - 1] != last) continue;
        if (ends_with(name, &domains[i])) return (weir_dns_special_kind)domains[i].kind;
    }
    return WEIR_DNS_SPECIAL_NONE;
}

int weir_dns_special_result(weir_dns_special_kind kind)
{
    switch (kind) {
    case WEIR_DNS_SPECIAL_NONE:
    case WEIR_DNS_SPECIAL_LOCALHOST: return 0;
    case WEIR_DNS_SPECIAL_NXDOMAIN: return WEIR_EDNS_NOTFOUND;
    case WEIR_DNS_SPECIAL_ONION:
    case WEIR_DNS_SPECIAL_MDNS: return WEIR_EDNS_SPECIAL;
    }
    return 0;
}

const char *weir_dns_special_text(weir_dns_special_kind kind)
{
    switch (kind) {
    case WEIR_DNS_SPECIAL_NONE: return "an ordinary name";
    case WEIR_DNS_SPECIAL_LOCALHOST: return "the loopback addresses (RFC 6761)";
    case WEIR_DNS_SPECIAL_NXDOMAIN: return "a name that never exists in DNS (RFC 6761, RFC 9476)";
    case WEIR_DNS_SPECIAL_ONION: return "a name of Tor's (RFC 7686)";
    case WEIR_DNS_SPECIAL_MDNS: return "a name of multicast DNS (RFC 6762)";
    }
    return "unknown kind";
}

size_t weir_dns_localhost(unsigned families, weir_address out[2])
{
    size_t count = 0;
    if (families & WEIR_DNS_IPV4) out[count++] = weir_address_loopback4(0);
    if (families & WEIR_DNS_IPV6) out[count++] = weir_address_loopback6(0);
    return count;
}
