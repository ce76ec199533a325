/* SPDX-License-Identifier: MIT
 *
 * Addresses as values: IPv4, IPv6 with zone, and Unix socket names, with their text forms.
 *
 *      192.0.2.1:80    [2001:db8::1]:443    [fe80::1%2]:443    unix:/run/x.sock    unix:@abstract
 *
 * Pure: nothing is looked up.  A zone in text is a number here; names of interfaces are resolved
 * one floor up.  Parsing is strict (RFC 4291 2.2, RFC 6943 3.1.1: four decimal parts without
 * leading zeros); printing follows RFC 5952.
 */
#ifndef WEIR_IO_ADDR_H
#define WEIR_IO_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <weir/base/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_address_kind {
    WEIR_ADDRESS_NONE, /* no address: the zero value */
    WEIR_ADDRESS_IPV4,
    WEIR_ADDRESS_IPV6,
    WEIR_ADDRESS_UNIX,
} weir_address_kind;

/* An address of a socket.  A plain value; the zero value is no address. */
typedef struct weir_address {
    uint8_t kind;     /* weir_address_kind */
    uint8_t path_len; /* UNIX: bytes in path; 0 = unnamed */
    uint16_t port;    /* IP: host byte order */
    uint32_t zone;    /* IPv6: interface index, 0 = none; part of the identity */
    uint32_t flow;    /* IPv6: flow info as in sin6_flowinfo, host byte order; no part of it */
    union {
        uint8_t ipv4[4];
        uint8_t ipv6[16];
        char path[108]; /* UNIX: as in sun_path; a first byte 0 marks an abstract name */
    } at;
} weir_address;

/* Room for the longest text of an address, with its NUL: a Unix name of escaped bytes alone. */
#define WEIR_ADDRESS_TEXT 440

/* Reads "IPv4:port", "[IPv6]:port", "[IPv6%zone]:port", "unix:/path" or "unix:@name".
 *
 * In a Unix name \xHH is the byte HH, and a backslash is nothing else; a path may be relative.
 *
 * Returns 0; WEIR_EADDRTEXT (not such an address; a bare address without port and an IPv6 address
 * without brackets are none), WEIR_EPORTTEXT, WEIR_EZONETEXT (zone is not a number here),
 * WEIR_ENAMETOOLONG (Unix name over 107 bytes).  *out is untouched on error.  Never waits. */
int weir_address_parse(weir_bytes text, weir_address *out);

/* Reads an IP address without port: "192.0.2.1", "2001:db8::1", "fe80::1%2".
 * Returns 0, WEIR_EADDRTEXT or WEIR_EZONETEXT.  The port is `port`. */
int weir_address_parse_ip(weir_bytes text, uint16_t port, weir_address *out);

/* Writes the text of an address, NUL-terminated, in the form that weir_address_parse reads.
 * Returns its length.  `out` has room for WEIR_ADDRESS_TEXT bytes.  Unprintable bytes of a Unix
 * name, and the backslash, are written as \xHH.  What has no such form is written for people only:
 * no address as "none", an unnamed Unix socket as "unix:". */
size_t weir_address_print(const weir_address *address, char *out);

/* Whether two addresses are the same, zone included. */
bool weir_address_equal(const weir_address *a, const weir_address *b);

/* The IPv4 or IPv6 wildcard or loopback address with `port`. */
weir_address weir_address_any4(uint16_t port);
weir_address weir_address_any6(uint16_t port);
weir_address weir_address_loopback4(uint16_t port);
weir_address weir_address_loopback6(uint16_t port);

/* Converts to the kernel's form.  Returns the exact length for bind(2) and connect(2): abstract
 * names are not padded; 0 for WEIR_ADDRESS_NONE. */
socklen_t weir_address_to_sockaddr(const weir_address *address, struct sockaddr_storage *out);

/* Converts from the kernel's form; `len` as the kernel returned it, also 0 (unnamed).
 * Returns 0, or WEIR_EAFNOSUPPORT for another family or one whose address is cut short. */
int weir_address_from_sockaddr(const struct sockaddr *from, socklen_t len, weir_address *out);

#ifdef __cplusplus
}
#endif
#endif
