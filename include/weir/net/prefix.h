/* SPDX-License-Identifier: MIT
 *
 * Prefixes as values: a block of IPv4 or IPv6 addresses that share their first bits (RFC 4632 3.1,
 * RFC 4291 2.3).
 *
 *      192.0.2.0/24      2001:db8::/32      198.51.100.7/32      ::/0
 *
 * Invariant: the bits after the length are zero, so equal blocks are equal values.  IPv4 and IPv6
 * are apart: 10.0.0.0/8 contains no address of ::ffff:0:0/96.  Who wants that asks for it, with
 * weir_prefix_map and weir_prefix_unmap.  Ports, zones and flow labels take no part.
 *
 * Pure.  All functions: from any thread, never wait.
 */
#ifndef WEIR_NET_PREFIX_H
#define WEIR_NET_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/io/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A block of addresses.  A plain value; the zero value is no prefix and contains nothing. */
typedef struct weir_prefix {
    uint8_t kind;      /* weir_address_kind: NONE, IPV4, IPV6 */
    uint8_t len;       /* bits that are shared: 0 to 32 or 128 */
    uint8_t bytes[16]; /* in network order, IPv4 in the first four; 0 after the length */
} weir_prefix;

/* What the reader of a text takes. */
typedef enum weir_prefix_mode {
    WEIR_PREFIX_STRICT,    /* a length, and no bit of the address set after it */
    WEIR_PREFIX_NORMALISE, /* a length; bits after it are cleared */
    WEIR_PREFIX_LENIENT,   /* as NORMALISE; without a length the address alone, /32 or /128 */
} weir_prefix_mode;

/* Where a text stops being a prefix, and why. */
typedef struct weir_prefix_error {
    size_t offset;       /* of the byte at fault; the text's length when something is missing */
    const char *message; /* static text: "a length above 32" */
} weir_prefix_error;

/* Room for the longest text of a prefix, with its NUL. */
#define WEIR_PREFIX_TEXT 50

/* Reads "ADDRESS/LENGTH" in decimal without leading zeros; the address is in the strict forms of
 * weir_address_parse_ip, without a zone.
 *
 * Returns 0 and *out; WEIR_EADDRTEXT (no address, or bits after the length in STRICT),
 * WEIR_EZONETEXT (a zone: a block has none), WEIR_EPREFIXTEXT (length missing, malformed or too
 * large).  *out is untouched on error; then *error tells more, unless it is NULL. */
int weir_prefix_parse(weir_bytes text, weir_prefix_mode mode, weir_prefix *out,
                      weir_prefix_error *error);

/* Writes "ADDRESS/LENGTH", NUL-terminated, with the address as RFC 5952 says.  Returns its length.
 * `out` has room for WEIR_PREFIX_TEXT bytes.  No prefix is "none". */
size_t weir_prefix_print(const weir_prefix *prefix, char *out);

/* The prefix of `len` bits that an IP address lies in; later bits are cleared.
 * Returns 0 and *out; WEIR_EINVAL (not an IP address, or len above its bits). */
int weir_prefix_of(const weir_address *address, unsigned len, weir_prefix *out);

/* Bits of an address of this prefix's kind: 32, 128, or 0 for no prefix. */
unsigned weir_prefix_bits(const weir_prefix *prefix);

/* Whether two prefixes are the same block. */
bool weir_prefix_equal(const weir_prefix *a, const weir_prefix *b);

/* -1, 0 or 1, a total order: IPv4 before IPv6, then by network, then the larger block first. */
int weir_prefix_compare(const weir_prefix *a, const weir_prefix *b);

/* Whether an address lies in the block: of the same kind; a mapped IPv6 address is IPv6. */
bool weir_prefix_contains(const weir_prefix *prefix, const weir_address *address);

/* Whether all of `inner` lies in `outer`; a block covers itself. */
bool weir_prefix_covers(const weir_prefix *outer, const weir_prefix *inner);

/* Whether some address lies in both. */
bool weir_prefix_overlaps(const weir_prefix *a, const weir_prefix *b);

/* The first and the last address of the block, with port 0; NONE for no prefix. */
weir_address weir_prefix_network(const weir_prefix *prefix);
weir_address weir_prefix_last(const weir_prefix *prefix);

/* The broadcast address of an IPv4 block (RFC 919): the last one, for lengths up to 30.
 * Returns whether there is one, and then *out. */
bool weir_prefix_broadcast(const weir_prefix *prefix, weir_address *out);

/* How many addresses the block has; UINT64_MAX when there are more (IPv6 shorter than /65). */
uint64_t weir_prefix_count(const weir_prefix *prefix);

/* The hosts of a block, one after the other: all but the network and broadcast address of an IPv4
 * block up to /30, both of a /31 (RFC 3021), all but the subnet-router anycast address (the first)
 * of an IPv6 block up to /126, both of a /127 (RFC 6164), and the one of a /32 or /128.
 *
 *     weir_address host = {0};
 *     while (weir_prefix_next_host(&prefix, &host)) …
 *
 * *host is NONE to begin with, else an address of the block: the next one is written there.
 * Returns false after the last, and leaves *host. */
bool weir_prefix_next_host(const weir_prefix *prefix, weir_address *host);

/* The IPv6 form of an IPv4 block: a.b.c.d/n is ::ffff:a.b.c.d/96+n.  Others are returned as they
 * are. */
weir_prefix weir_prefix_map(const weir_prefix *prefix);

/* The IPv4 block of one in ::ffff:0:0/96.  Others, and shorter ones, are returned as they are. */
weir_prefix weir_prefix_unmap(const weir_prefix *prefix);

#ifdef __cplusplus
}
#endif
#endif
