/* SPDX-License-Identifier: MIT
 *
 * The hosts file as a table: names to addresses and back (hosts(5)).
 *
 *      ADDRESS  CANONICAL-NAME  [OTHER-NAME ...]   # comment
 *
 * Fields are separated by blanks and tabs, lines end in LF or CRLF and are of any length.  A name
 * on several lines has the addresses of all.  Letter case does not matter.  The table does not
 * change once it is made: any number of threads may read it.
 */
#ifndef WEIR_DNS_HOSTS_H
#define WEIR_DNS_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include <weir/base/bytes.h>
#include <weir/base/hash.h>
#include <weir/dns/wire/name.h>
#include <weir/io/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_dns_hosts weir_dns_hosts;

/* Which addresses are wanted; combine with |. */
enum weir_dns_family {
    WEIR_DNS_IPV4 = 1,
    WEIR_DNS_IPV6 = 2,
    WEIR_DNS_BOTH = 3,
};

/* What a text held. */
typedef struct weir_dns_hosts_counts {
    uint32_t lines;        /* with an address and at least one name */
    uint32_t names;        /* on them, repetitions included */
    uint32_t bad_lines;    /* skipped: the address is none, its zone unknown, or no name follows */
    uint32_t bad_names;    /* skipped on good lines: no domain names, or not ASCII */
    uint32_t first_bad;    /* the number of the first line with something skipped, from 1; or 0 */
    uint32_t zones_absent; /* of the bad lines, those whose zone is no interface's name */
    size_t memory;         /* bytes of the table: at most 24 for each byte of the text, and 4096 */
} weir_dns_hosts_counts;

/* Makes the table of a text.  IPv4-mapped addresses become IPv4 ones.  What is malformed is skipped
 * and counted.  `key` is the secret of its hash table (NULL: zeros); `counts` may be NULL.
 *
 * Returns 0 and *out, WEIR_ENOMEM, or WEIR_ELIMIT for a text of 1 GiB or more.
 * Ownership: the table is given; weir_dns_hosts_destroy.  The text is borrowed for the call.
 * Asks the kernel for interfaces when zones are named.  Any thread; never waits. */
int weir_dns_hosts_parse(weir_bytes text, const weir_hash_key *key, weir_dns_hosts **out,
                         weir_dns_hosts_counts *counts);

/* Frees it.  NULL is nothing. */
void weir_dns_hosts_destroy(weir_dns_hosts *hosts);

/* The addresses of a name, in the order of the file, without repetitions and with port 0, of the
 * families wanted (weir_dns_family); `canonical`, which may be NULL, is the first name of the line
 * of the first of them.
 *
 * Returns how many were written, at most `room`; 0 if the name is there, but with no address of
 * these families; WEIR_EDNS_NOTFOUND if it is not in the file.  Never waits.  Any thread. */
int weir_dns_hosts_find(const weir_dns_hosts *hosts, const weir_dns_name *name, unsigned families,
                        weir_address *out, size_t room, weir_dns_name *canonical);

/* The canonical names of an address, one for each of its lines, in their order; port and flow do
 * not matter; a line without a zone is good for each.
 *
 * Returns how many were written, at most `room`, or WEIR_EDNS_NOTFOUND.  Never waits. Any thread.
 */
int weir_dns_hosts_reverse(const weir_dns_hosts *hosts, const weir_address *address,
                           weir_dns_name *out, size_t room);

#ifdef __cplusplus
}
#endif
#endif
