/* SPDX-License-Identifier: MIT
 *
 * Addresses as values: IPv4, IPv6 with zone, and Unix socket names, with their text forms.
 *
 *      192.0.2.1:80    [2001:db8::1]:443    [fe80::1%2]:443    unix:/run/x.sock    unix:@abstract
 *
 * Pure: nothing is looked up.  A zone is a number here; the reader can hand over its name, which
 * weir/net/endpoint.h looks up.  Parsing is strict (RFC 4291 2.2, RFC 6943 3.1.1: four decimal
 * parts without leading zeros) and tells which byte is wrong and why; printing follows RFC 5952.
 * All functions may be called on any thread; none waits or allocates.
 */
#ifndef WEIR_IO_ADDR_H
#define WEIR_IO_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <weir/base/bytes.h>
#include <weir/base/hash.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_address_kind {
    WEIR_ADDRESS_NONE, /* no address: the zero value */
    WEIR_ADDRESS_IPV4,
    WEIR_ADDRESS_IPV6,
    WEIR_ADDRESS_UNIX,
} weir_address_kind;

/* An address of a socket.  A plain value; the zero value is no address.  Bytes of the union that
 * the kind does not use mean nothing: compare with weir_address_equal, never byte by byte. */
typedef struct weir_address {
    uint8_t kind;     /* weir_address_kind */
    uint8_t path_len; /* UNIX: bytes in path; 0 = unnamed */
    uint16_t port;    /* IP: host byte order; 0 = the kernel chooses when binding */
    uint32_t zone;    /* IPv6: interface index, 0 = none; part of the identity */
    /* IPv6: traffic class and flow label as in sin6_flowinfo, but in host byte order: the label is
     * the low 20 bits, the class the 8 above (RFC 3493 3.3).  Not part of the identity nor of the
     * text. */
    uint32_t flow;
    union {
        uint8_t ipv4[4]; /* network order, as written from left to right */
        uint8_t ipv6[16];
        char path[108]; /* UNIX: as in sun_path; a first byte 0 marks an abstract name */
    } at;
} weir_address;

/* Room for the longest text of each kind, with its NUL; IPv6 with a zone of ten digits or of a
 * name, brackets and port.  The last is enough for every address: a Unix name of escaped bytes. */
#define WEIR_ADDRESS_IPV4_TEXT      16
#define WEIR_ADDRESS_IPV4_PORT_TEXT 22
#define WEIR_ADDRESS_IPV6_TEXT      46
#define WEIR_ADDRESS_IPV6_PORT_TEXT 70
#define WEIR_ADDRESS_TEXT           440

/* The longest name of an interface, without NUL. */
#define WEIR_ZONE_NAME_MAX 15

/* Forms of text ------------------------------------------------------------------------------- */

/* How an address stands in a text: one of four forms, plus any of the flags.
 *
 *      form           IPv4                   IPv6                     Unix
 *      AS_SOCKET      192.0.2.1:80           [::1]:80                 unix:/run/x.sock
 *      AS_IP          192.0.2.1              ::1                      -
 *      AS_LITERAL     192.0.2.1[:80]         [::1]  [::1]:80          -
 *      AS_HOST        192.0.2.1[:80]         ::1  [::1]  [::1]:80     - */
enum weir_address_form {
    WEIR_ADDRESS_AS_SOCKET,
    WEIR_ADDRESS_AS_IP,
    WEIR_ADDRESS_AS_LITERAL,
    WEIR_ADDRESS_AS_HOST,
    WEIR_ADDRESS_FORMS = 3, /* the bits of these four */

    /* Reading: a zone may be the name of an interface, which then is in weir_address_why. */
    WEIR_ADDRESS_ZONE_NAME = 0x10,
    /* Reading: refuses a zone where the kernel does not look at it: it does on link-local addresses
     * (fe80::/10) and on multicast within an interface or a link (RFC 4007 4 and 6). */
    WEIR_ADDRESS_ZONE_STRICT = 0x20,
    /* Both: the zone as in a URL: after "%25", within brackets alone, the bytes of its name
     * percent-encoded that need it, and no others (RFC 6874 2). */
    WEIR_ADDRESS_ZONE_URL = 0x40,
    /* Writing: leaves the zone out. */
    WEIR_ADDRESS_ZONE_NONE = 0x80,
    /* Writing: the last 32 bits dotted also in 64:ff9b::/96 (RFC 6052 2.4) and in ::/96. */
    WEIR_ADDRESS_DOTTED = 0x100,
    /* Splitting: the host may be empty, which stands for every address of this machine. */
    WEIR_ADDRESS_HOST_EMPTY = 0x200,
};

/* What is wrong with a text. */
typedef enum weir_address_fault {
    WEIR_ADDRESS_GOOD,
    WEIR_ADDRESS_INCOMPLETE,   /* it ends too early; also the empty text */
    WEIR_ADDRESS_EXCESS,       /* a fifth part, a ninth group, a Unix name that is too long */
    WEIR_ADDRESS_CHARACTER,    /* a byte that cannot stand there */
    WEIR_ADDRESS_OVERFLOW,     /* a number is too large, or has too many digits */
    WEIR_ADDRESS_LEADING_ZERO, /* a decimal number is not in its one form */
    WEIR_ADDRESS_BAD_TAIL,     /* the dotted IPv4 in an IPv6 address is wrong or in a wrong place */
    WEIR_ADDRESS_NO_BRACKETS,  /* an IPv6 address needs them where a port may follow */
    WEIR_ADDRESS_EMPTY_ZONE,   /* nothing after "%" */
    WEIR_ADDRESS_NAMED_ZONE,   /* the zone is a name: one that is not known, or not looked up */
    WEIR_ADDRESS_LONG_ZONE,    /* no interface has a name of this length */
    WEIR_ADDRESS_IDLE_ZONE,    /* the zone means nothing on this address (ZONE_STRICT) */
} weir_address_fault;

/* Why a text is no address, and what was read besides the address. */
typedef struct weir_address_why {
    weir_address_fault fault;
    size_t at;                /* offset of the first wrong byte, of a wrong number its first digit;
                                 the text's length when it ends too early, and when it is good */
    size_t zone_at, zone_len; /* where the zone's name stands as written; len 0 = no name */
    char zone[WEIR_ZONE_NAME_MAX + 1]; /* that name, decoded; "" = no name */
} weir_address_why;

/* The fault in words for people, e.g. "the number has a leading zero".  Never NULL; not freed. */
const char *weir_address_fault_text(weir_address_fault fault);

/* Reading ------------------------------------------------------------------------------------- */

/* Reads an address in the `form` given (weir_address_form); where the text has no port, it is
 * `port`.
 *
 * In a Unix name \xHH is the byte HH, and a backslash is nothing else; a path may be relative.
 * Zone 0 is no zone (RFC 4007 11.2).
 *
 * Returns 0; WEIR_EADDRTEXT (not such an address), WEIR_EPORTTEXT, WEIR_EZONETEXT (not a number,
 * nor a name where one is allowed), WEIR_ENAMETOOLONG (Unix name over 107 bytes): the part which is
 * wrong; `why`, which may be NULL, tells the rest.  With WEIR_ADDRESS_ZONE_NAME and a name as zone,
 * the zone of *out is 0 and the name is in *why.  *out is untouched on error. */
int weir_address_parse_as(weir_bytes text, unsigned form, uint16_t port, weir_address *out,
                          weir_address_why *why);

/* Reads "IPv4:port", "[IPv6]:port", "[IPv6%zone]:port", "unix:/path" or "unix:@name": the form
 * WEIR_ADDRESS_AS_SOCKET.  Returns and leaves as weir_address_parse_as does. */
int weir_address_parse(weir_bytes text, weir_address *out);

/* Reads an IP address without port: "192.0.2.1", "2001:db8::1", "fe80::1%2": the form
 * WEIR_ADDRESS_AS_IP.  The port is `port`.  Returns 0, WEIR_EADDRTEXT or WEIR_EZONETEXT. */
int weir_address_parse_ip(weir_bytes text, uint16_t port, weir_address *out);

/* Reads a port: one to five digits, no leading zero, at most 65535.  Returns it, or WEIR_EPORTTEXT
 * with the reason in *why, which may be NULL. */
int weir_port_parse(weir_bytes text, weir_address_why *why);

/* The two parts of "host:port". */
typedef struct weir_host_port {
    weir_bytes host; /* borrowed from the text; without brackets */
    uint16_t port;
    bool bracketed; /* the host is an IPv6 address, maybe with a zone */
} weir_host_port;

/* Splits "host:port" at the last colon outside brackets; nothing is said about a name but that it
 * has no blanks, colons or brackets.  `form` is WEIR_ADDRESS_AS_SOCKET, where the port must be
 * there, or WEIR_ADDRESS_AS_LITERAL, where it may be missing and is `port` then; flags for zones
 * and WEIR_ADDRESS_HOST_EMPTY (to listen) may be added.  Names of zones are good here.
 *
 * Returns 0, WEIR_EADDRTEXT, WEIR_EZONETEXT or WEIR_EPORTTEXT, with the reason in *why, which may
 * be NULL.  *out is untouched on error. */
int weir_address_split(weir_bytes text, unsigned form, uint16_t port, weir_host_port *out,
                       weir_address_why *why);

/* Writing ------------------------------------------------------------------------------------- */

/* Writes the text of an address, NUL-terminated, in the form that weir_address_parse reads.
 * Returns its length.  `out` has room for WEIR_ADDRESS_TEXT bytes.  Unprintable bytes of a Unix
 * name, and the backslash, are written as \xHH.  What has no such form is written for people only:
 * no address as "none", an unnamed Unix socket as "unix:", the abstract name of no bytes as
 * "unix:@". */
size_t weir_address_print(const weir_address *address, char *out);

/* Writes the text of an address in the `form` given; WEIR_ADDRESS_AS_LITERAL and AS_HOST leave a
 * port of 0 out, and no form leaves "unix:" out.  `zone` is the name to write for an IPv6 zone that
 * is not 0, or NULL to write the number.
 *
 * Returns the length of the whole text.  At most `room` bytes are written, the last one a NUL: the
 * text was cut when the result is not below `room`.  `out` may be NULL when room is 0. */
size_t weir_address_print_as(const weir_address *address, unsigned form, const char *zone,
                             char *out, size_t room);

/* Reads a text in the `form` given and writes it as weir_address_print_as does, in the one text
 * that each address has.  A zone's name stays as it is.  Returns the length (cut as there), or an
 * error as weir_address_parse_as does. */
int64_t weir_address_canonical(weir_bytes text, unsigned form, char *out, size_t room);

/* Whether two texts in the form WEIR_ADDRESS_AS_HOST are the same address; false when either is
 * none.  "::ffff:1.2.3.4" and "::ffff:102:304" are the same, 1.2.3.4 is another one (see
 * weir_address_unmap).  Names of zones are compared as they stand: nothing is looked up. */
bool weir_address_same_text(weir_bytes a, weir_bytes b);

/* Values -------------------------------------------------------------------------------------- */

/* Whether two addresses are the same: kind, address, port and zone. */
bool weir_address_equal(const weir_address *a, const weir_address *b);

/* Less than, equal to or greater than 0 in a total order that agrees with weir_address_equal: kind
 * (IPv4 before IPv6), then the bytes of the address, zone, port. */
int weir_address_compare(const weir_address *a, const weir_address *b);

/* A hash under a secret key; equal addresses have the same. */
uint64_t weir_address_hash(const weir_address *address, const weir_hash_key *key);

/* The kernel's number of the family: AF_INET, AF_INET6, AF_UNIX, or AF_UNSPEC for no address. */
int weir_address_family(const weir_address *address);

/* The IPv4 or IPv6 wildcard or loopback address, or IPv4's limited broadcast, with `port`. */
weir_address weir_address_any4(uint16_t port);
weir_address weir_address_any6(uint16_t port);
weir_address weir_address_loopback4(uint16_t port);
weir_address weir_address_loopback6(uint16_t port);
weir_address weir_address_broadcast(uint16_t port);

/* The address of 4 or 16 octets in network order; of another number no address. */
weir_address weir_address_from_octets(const uint8_t *octets, size_t len, uint16_t port);

/* The octets of an IP address in network order.  Returns how many: 4, 16, or 0 for another kind. */
size_t weir_address_octets(const weir_address *address, uint8_t out[16]);

/* The IPv6 address of 8 groups in the order of writing, each in host byte order. */
weir_address weir_address_from_groups(const uint16_t groups[8], uint16_t port);

/* The 8 groups of an IPv6 address.  Returns false, and leaves *out, for another kind. */
bool weir_address_groups(const weir_address *address, uint16_t out[8]);

/* The IPv4 address of a number: 0x7f000001 is 127.0.0.1. */
weir_address weir_address_from_u32(uint32_t number, uint16_t port);

/* The number of an IPv4 address; 0 for another kind. */
uint32_t weir_address_u32(const weir_address *address);

/* An IPv4 address as IPv6 (::ffff:a.b.c.d, RFC 4291 2.5.5.2), port kept; others as they are. */
weir_address weir_address_map(const weir_address *address);

/* An IPv4-mapped IPv6 address as IPv4, port kept: what a listener for both families shows of an
 * IPv4 peer.  Others, also the deprecated ::a.b.c.d, as they are. */
weir_address weir_address_unmap(const weir_address *address);

/* The kernel's form --------------------------------------------------------------------------- */

/* Converts to the kernel's form.  Returns the exact length for bind(2) and connect(2): abstract
 * names are not padded; 0 for WEIR_ADDRESS_NONE. */
socklen_t weir_address_to_sockaddr(const weir_address *address, struct sockaddr_storage *out);

/* Converts from the kernel's form; `len` as the kernel returned it, also 0 (unnamed).  Not a byte
 * beyond `len` is read.  Returns 0; WEIR_EAFNOSUPPORT (another family), WEIR_EINVAL (too short for
 * its family). */
int weir_address_from_sockaddr(const struct sockaddr *from, socklen_t len, weir_address *out);

#ifdef __cplusplus
}
#endif
#endif
