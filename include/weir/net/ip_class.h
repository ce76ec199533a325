/* SPDX-License-Identifier: MIT
 *
 * What kind of IP address it is: the special-purpose registries of IANA (RFC 6890, RFC 8190) as one
 * table, and predicates over it.
 *
 * Each address lies in exactly one block, the longest that contains it: an entry of the registries,
 * of the multicast ranges, or the ordinary unicast space.  An IPv6 address is judged as what it is
 * itself: ::ffff:127.0.0.1 is IPv4-mapped and no loopback address.  Who wants to know about the
 * IPv4 address inside asks weir_ip_embedded, and then about that.
 *
 * Pure.  All functions: from any thread, never wait.  Addresses that are not IP have no block, and
 * every predicate is false for them.
 */
#ifndef WEIR_NET_IP_CLASS_H
#define WEIR_NET_IP_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/io/addr.h>
#include <weir/net/prefix.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a block is for.  At most 31, so that a set of them is bits of a uint32_t. */
typedef enum weir_ip_class {
    WEIR_IP_GLOBAL,        /* ordinary unicast, and blocks that are as reachable as it */
    WEIR_IP_UNSPECIFIED,   /* 0.0.0.0, :: */
    WEIR_IP_THIS_NETWORK,  /* the rest of 0.0.0.0/8 */
    WEIR_IP_LOOPBACK,      /* 127.0.0.0/8, ::1 */
    WEIR_IP_PRIVATE,       /* RFC 1918; fc00::/7 (unique local) */
    WEIR_IP_SHARED,        /* 100.64.0.0/10, between carrier and customer */
    WEIR_IP_LINK_LOCAL,    /* 169.254.0.0/16, fe80::/10 */
    WEIR_IP_SITE_LOCAL,    /* fec0::/10, deprecated */
    WEIR_IP_MULTICAST,     /* 224.0.0.0/4, ff00::/8 */
    WEIR_IP_BROADCAST,     /* 255.255.255.255 */
    WEIR_IP_DOCUMENTATION, /* in texts only */
    WEIR_IP_BENCHMARKING,  /* in laboratories only */
    WEIR_IP_PROTOCOL,      /* kept for one protocol: IETF assignments, anycast of PCP, 6to4 */
    WEIR_IP_MAPPED,        /* ::ffff:0:0/96, IPv4 in the API of IPv6 */
    WEIR_IP_COMPATIBLE,    /* ::/96, deprecated */
    WEIR_IP_NAT64,         /* 64:ff9b::/96, IPv4 behind a translator */
    WEIR_IP_NAT64_LOCAL,   /* 64:ff9b:1::/48, the same within one network */
    WEIR_IP_TEREDO,        /* 2001::/32, IPv6 in UDP */
    WEIR_IP_6TO4,          /* 2002::/16, IPv6 in IPv4 */
    WEIR_IP_DISCARD,       /* 100::/64 and the dummy prefix: goes nowhere */
    WEIR_IP_SEGMENT,       /* 5f00::/16, segment identifiers of one domain */
    WEIR_IP_RESERVED,      /* 240.0.0.0/4, and IPv6 outside of what is allocated */
    WEIR_IP_CLASSES,       /* how many there are */
} weir_ip_class;

/* A column of the registries. */
typedef enum weir_ip_answer { WEIR_IP_NO, WEIR_IP_YES, WEIR_IP_UNSAID } weir_ip_answer;

/* A block and what is written about it.  UNSAID is "N/A" of the registry. */
typedef struct weir_ip_block {
    weir_prefix prefix;
    const char *name; /* "Loopback" */
    const char *rfc;  /* "RFC 1122 3.2.1.3" */
    uint8_t ip_class; /* weir_ip_class */
    /* weir_ip_answer each: */
    uint8_t source;      /* may be the source of a packet */
    uint8_t destination; /* may be the destination of one */
    uint8_t forwardable; /* a router may forward it */
    uint8_t global;      /* it is reachable beyond one administrative domain */
    uint8_t reserved;    /* implementations have to treat it in a special way */
} weir_ip_block;

/* The block that an address lies in; NULL when it is not IP.  Static. */
const weir_ip_block *weir_ip_block_of(const weir_address *address);

/* The table: IPv4 first, then IPv6, larger blocks before those in them.  Static; *count is set. */
const weir_ip_block *weir_ip_blocks(size_t *count);

/* The class of an IP address; WEIR_IP_RESERVED for what is not IP. */
weir_ip_class weir_ip_class_of(const weir_address *address);

/* A word for a class: "link-local".  Static text; "unknown" for no class. */
const char *weir_ip_class_name(weir_ip_class ip_class);

/* 127.0.0.0/8 or ::1. */
bool weir_ip_is_loopback(const weir_address *address);

/* 0.0.0.0 or ::. */
bool weir_ip_is_unspecified(const weir_address *address);

/* 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918) or fc00::/7 (RFC 4193). */
bool weir_ip_is_private(const weir_address *address);

/* 169.254.0.0/16 (RFC 3927) or fe80::/10: unicast of one link. */
bool weir_ip_is_link_local(const weir_address *address);

/* fec0::/10, deprecated (RFC 3879). */
bool weir_ip_is_site_local(const weir_address *address);

/* 224.0.0.0/4 or ff00::/8. */
bool weir_ip_is_multicast(const weir_address *address);

/* 255.255.255.255; the broadcast address of a network is weir_prefix_broadcast. */
bool weir_ip_is_broadcast(const weir_address *address);

/* 100.64.0.0/10 (RFC 6598). */
bool weir_ip_is_shared(const weir_address *address);

/* 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 (RFC 5737), 2001:db8::/32, 3fff::/20. */
bool weir_ip_is_documentation(const weir_address *address);

/* 198.18.0.0/15 (RFC 2544) or 2001:2::/48 (RFC 5180). */
bool weir_ip_is_benchmarking(const weir_address *address);

/* 240.0.0.0/4 but for the broadcast address, or IPv6 that is allocated for nothing. */
bool weir_ip_is_reserved(const weir_address *address);

/* ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
bool weir_ip_is_mapped(const weir_address *address);

/* 64:ff9b::/96 (RFC 6052) or 64:ff9b:1::/48 (RFC 8215). */
bool weir_ip_is_nat64(const weir_address *address);

/* 2002::/16 (RFC 3056). */
bool weir_ip_is_6to4(const weir_address *address);

/* 2001::/32 (RFC 4380). */
bool weir_ip_is_teredo(const weir_address *address);

/* Unicast that the registries say, or do not deny, to be reachable from anywhere: "globally
 * reachable" of the block is YES.  6to4 and Teredo, of which they say nothing, are not. */
bool weir_ip_is_global(const weir_address *address);

/* How far an address reaches: the numbers of RFC 4291 2.7 and, for unicast and IPv4, RFC 6724 3.1
 * and 3.2 (loopback is link-local; private is global) and RFC 2365 (administrative IPv4 groups).
 * A mapped address reaches as far as the IPv4 address in it. */
typedef enum weir_ip_scope {
    WEIR_IP_SCOPE_NONE = 0, /* not IP */
    WEIR_IP_SCOPE_INTERFACE = 1,
    WEIR_IP_SCOPE_LINK = 2,
    WEIR_IP_SCOPE_REALM = 3,
    WEIR_IP_SCOPE_ADMIN = 4,
    WEIR_IP_SCOPE_SITE = 5,
    WEIR_IP_SCOPE_ORGANIZATION = 8,
    WEIR_IP_SCOPE_GLOBAL = 14,
} weir_ip_scope;

/* The scope of an address.  IPv6 multicast gives its scope field, also one that has no name here.
 */
weir_ip_scope weir_ip_scope_of(const weir_address *address);

/* A word for a scope: "link-local".  Static text; "unassigned" for one without a name. */
const char *weir_ip_scope_name(weir_ip_scope scope);

/* How an IPv6 address holds IPv4 addresses. */
typedef enum weir_ip_embedding {
    WEIR_EMBEDDED_NONE,
    WEIR_EMBEDDED_MAPPED,     /* ::ffff:a.b.c.d */
    WEIR_EMBEDDED_COMPATIBLE, /* ::a.b.c.d, but not :: and ::1 */
    WEIR_EMBEDDED_NAT64,      /* 64:ff9b::a.b.c.d, and 64:ff9b:1::/48 read as /48 and as /96 */
    WEIR_EMBEDDED_6TO4,       /* 2002:aabb:ccdd::, maybe with an ISATAP identifier at its end */
    WEIR_EMBEDDED_TEREDO,     /* 2001:0:SERVER:…:~CLIENT */
    WEIR_EMBEDDED_ISATAP,     /* …:[02]00:5efe:a.b.c.d (RFC 5214 6.1) */
} weir_ip_embedding;

#define WEIR_EMBEDDED_ADDRESSES 2

/* Finds the IPv4 addresses in an IPv6 address: one, or two for Teredo (server, then client),
 * local NAT64 (a reading as 0.0.0.0 does not count beside another), and 6to4 with an ISATAP
 * identifier.
 * Their port is that of the address.  *count is set, and as many of `out`.
 * Returns how they are held; NONE, and a count of 0, for all other addresses. */
weir_ip_embedding weir_ip_embedded(const weir_address *address,
                                   weir_address out[WEIR_EMBEDDED_ADDRESSES], size_t *count);

#ifdef __cplusplus
}
#endif
#endif
