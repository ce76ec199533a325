/* SPDX-License-Identifier: MIT
 *
 * Domain names: in the form of the wire, in the form that people write, and compared as DNS
 * compares them (RFC 1034 3.1, RFC 1035 2.3 and 3.1, RFC 4343).
 *
 * A name is a sequence of labels of 1 to 63 octets, any octets, ended by the root; it takes at most
 * 255 octets on the wire.  Letter case is kept and never matters.  What a *host* may be called is
 * narrower: weir_dns_host_check.
 */
#ifndef WEIR_DNS_WIRE_NAME_H
#define WEIR_DNS_WIRE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/base/hash.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_DNS_NAME_MAX   255 /* octets on the wire, the root's zero included */
#define WEIR_DNS_LABEL_MAX  63
#define WEIR_DNS_LABELS_MAX 127  /* without the root */
#define WEIR_DNS_NAME_TEXT  1008 /* room for the longest text, every octet escaped, and its NUL */

/* A name in wire form, uncompressed.  A plain value.  The zero value is no name. */
typedef struct weir_dns_name {
    uint8_t len; /* octets in use, the root's zero included: 1 is the root alone; 0: no name */
    uint8_t octets[WEIR_DNS_NAME_MAX];
} weir_dns_name;

/* What is wrong with the text of a name. */
typedef enum weir_dns_name_fault {
    WEIR_DNS_NAME_GOOD,
    WEIR_DNS_NAME_EMPTY,       /* no text at all; the root is "." */
    WEIR_DNS_NAME_EMPTY_LABEL, /* two dots in a row, or one at the start */
    WEIR_DNS_NAME_LONG_LABEL,  /* more than 63 octets */
    WEIR_DNS_NAME_LONG,        /* more than 255 octets on the wire (253 characters and dots) */
    WEIR_DNS_NAME_ESCAPE,      /* a backslash without a character, or not \DDD up to 255 */
    WEIR_DNS_NAME_CHARACTER, /* host names: not a letter, digit or hyphen.  Not ASCII: see idna.h */
    WEIR_DNS_NAME_HYPHEN,    /* host names: a label begins or ends with a hyphen */
    WEIR_DNS_NAME_NUMERIC,   /* host names: the last label is all digits, as in an IPv4 address */
} weir_dns_name_fault;

/* Why a text is no name. */
typedef struct weir_dns_name_why {
    weir_dns_name_fault fault;
    size_t at; /* of the first wrong byte; of a long label, or the number, the first; of an escape,
                  its backslash */
} weir_dns_name_why;

/* The fault in words for people.  Never NULL; static. */
const char *weir_dns_name_fault_text(weir_dns_name_fault fault);

/* Text -------------------------------------------------------------------------------------- */

/* Reads the text of a name (RFC 1035 5.1): labels between dots, with or without the final dot; "\X"
 * stands for the character X, "\DDD" for the octet of that decimal number.  Bytes above 127 and
 * controls stand for themselves.
 *
 * Returns 1 if the text ends with a dot (the name is absolute: no search list), 0 if not, and *out;
 * WEIR_EDNS_NAME.  `why`, which may be NULL, tells which byte is wrong.  *out is untouched on
 * error. Any thread; never waits. */
int weir_dns_name_parse_why(weir_bytes text, weir_dns_name *out, weir_dns_name_why *why);

/* weir_dns_name_parse_why without the reason. */
int weir_dns_name_parse(weir_bytes text, weir_dns_name *out);

/* Writes the text of a name with its final dot, NUL-terminated: "a\.b.example.".  Dots,
 * backslashes, quotes, parentheses, semicolons, "@" and "$" get a backslash; what is not printable
 * ASCII becomes \DDD, a space too: what comes out is read back as the same name by
 * weir_dns_name_parse and by zone files.  Returns its length.  `out` has room for
 * WEIR_DNS_NAME_TEXT bytes. */
size_t weir_dns_name_print(const weir_dns_name *name, char *out);

/* The same without the final dot (the root stays "."), as people write hosts. */
size_t weir_dns_name_print_host(const weir_dns_name *name, char *out);

/* Values ------------------------------------------------------------------------------------ */

/* Whether two names are the same, letter case (of ASCII) aside (RFC 4343 3).  Constant work: the
 * names' length. */
bool weir_dns_name_equal(const weir_dns_name *a, const weir_dns_name *b);

/* The canonical order (RFC 4034 6.1): labels from the right, lower-cased.  Less than, equal to or
 * greater than 0, as memcmp. */
int weir_dns_name_compare(const weir_dns_name *a, const weir_dns_name *b);

/* A hash of the name, the same for names that are equal. */
uint64_t weir_dns_name_hash(const weir_dns_name *name, const weir_hash_key *key);

/* Makes ASCII letters small, in place. */
void weir_dns_name_lower(weir_dns_name *name);

/* Sets the case of each letter by a bit of `bits`, taken in turn, for 0x20 (a query's letters as
 * added entropy).  `bits` has at least 32 bytes. */
void weir_dns_name_mix_case(weir_dns_name *name, const uint8_t *bits);

/* Labels without the root: 0 for the root, 2 for "example.com."; 0 for no name. */
unsigned weir_dns_name_labels(const weir_dns_name *name);

/* The label `index`, the leftmost is 0, as octets in the name; empty beyond the last. */
weir_bytes weir_dns_name_label(const weir_dns_name *name, unsigned index);

/* Whether `name` is `ancestor` or below it; every name is below the root. */
bool weir_dns_name_within(const weir_dns_name *name, const weir_dns_name *ancestor);

/* The name without its first label, in *out.  False for the root.  `out` may be `name`. */
bool weir_dns_name_parent(const weir_dns_name *name, weir_dns_name *out);

/* `name` followed by `suffix`: for search lists.  Returns 0 and *out, or WEIR_EDNS_NAME if that is
 * longer than a name may be. */
int weir_dns_name_append(const weir_dns_name *name, const weir_dns_name *suffix,
                         weir_dns_name *out);

/* Host names -------------------------------------------------------------------------------- */

/* What a host's name may have besides. */
enum weir_dns_host_flags {
    WEIR_DNS_HOST_UNDERSCORE = 1, /* "_" as a letter: names of services and records (RFC 2782) */
    WEIR_DNS_HOST_NUMERIC = 2,    /* a last label of digits */
};

/* Whether a text is a legal name of a host: letters, digits and hyphens in labels of 1 to 63, no
 * hyphen at a label's ends, 253 characters without the final dot, which may be there (RFC 952, RFC
 * 1123 2.1; the last label is not all digits: RFC 3696 2).
 * Returns 0; WEIR_EDNS_NAME, and why (which may be NULL). */
int weir_dns_host_check(weir_bytes text, unsigned flags, weir_dns_name_why *why);

/* The same of a name off the wire, e.g. of what a PTR record says. */
bool weir_dns_name_is_host(const weir_dns_name *name, unsigned flags);

/* Whether two texts name the same host: ASCII letter case and a final dot do not matter.  False for
 * one that weir_dns_host_check without flags refuses, an IPv4 address among them. */
bool weir_dns_host_same(weir_bytes a, weir_bytes b);

/* Whether `other` is the host `of`, or within the parent domain of `of`, if that has at least two
 * labels: of "a.example.org" these are "b.example.org", "example.org" and "x.b.example.org".  False
 * for an illegal one.  Not the public suffix rule: a caller that decides about cookies needs that
 * list, too. */
bool weir_dns_host_same_parent(weir_bytes of, weir_bytes other);

/* Reverse names ----------------------------------------------------------------------------- */

/* The name whose PTR record tells the host of an IPv4 (4 octets) or IPv6 address (16 octets):
 * "1.2.0.192.in-addr.arpa.", nibbles below "ip6.arpa." (RFC 1035 3.5, RFC 3596 2.5).  An
 * IPv4-mapped address is taken as IPv4.  `len` is 4 or 16. */
void weir_dns_name_reverse(const uint8_t *address, size_t len, weir_dns_name *out);

/* The address in a reverse name: returns 4 or 16 and so many octets in `out` (room for 16); 0 if
 * it is not the reverse name of one whole address. */
size_t weir_dns_name_reversed(const weir_dns_name *name, uint8_t *out);

#ifdef __cplusplus
}
#endif
#endif
