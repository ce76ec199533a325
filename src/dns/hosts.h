/* SPDX-License-Identifier: MIT
 *
 * The table of a hosts file: one block of memory.
 *
 *      header | lines | uses | name slots | address slots | names (length, then the wire form)
 *
 * A use is one name on one line.  Slots are heads of chains by hash; in a chain stands the first
 * use of each name, and from it leads another chain to the name's other uses, in the order of the
 * file.  Lines hang together by their addresses in the same way.
 */
#ifndef DNS_HOSTS_H
#define DNS_HOSTS_H

#include <weir/dns/hosts.h>

#include "dns/wire/word.h"

#define DNS_HOSTS_NONE UINT32_MAX

typedef struct dns_hosts_line {
    uint8_t octets[16];
    uint32_t zone;
    uint32_t name;      /* offset of the canonical one in `names` */
    uint32_t next_same; /* the next line with this address */
    uint32_t next_hash; /* the first line with another one in this slot */
    uint8_t len;        /* octets in use: 4 or 16 */
} dns_hosts_line;

typedef struct dns_hosts_use {
    uint32_t tag;  /* upper half of the name's hash */
    uint32_t name; /* offset in `names` */
    uint32_t line;
    uint32_t next_same;
    uint32_t next_hash;
} dns_hosts_use;

struct weir_dns_hosts {
    weir_hash_key key;
    uint64_t name_mask, address_mask; /* slots - 1 */
    uint32_t line_count, use_count;
    uint32_t lengths[8]; /* bit n: some name has n octets */
    dns_hosts_line *lines;
    dns_hosts_use *uses;
    uint32_t *name_slots, *address_slots;
    uint8_t *names;
};

/* Hash of an address's octets. */
static inline uint64_t dns_hosts_address_hash(const weir_dns_hosts *hosts, const uint8_t *octets,
                                              size_t len)
{
    return weir_hash(&hosts->key, weir_bytes_of(octets, len));
}

/* Both halves of a product of 64 bits, folded into one. */
static inline uint64_t dns_hosts_fold(uint64_t a, uint64_t b)
{
    const unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The hash of a name in wire form, letter case aside.  Every lookup pays for it, so it is quicker
 * than weir_hash, and no more than fit for this table: its names come from whoever writes the
 * machine's files, and its key is secret. */
static inline uint64_t dns_hosts_name_hash(const weir_hash_key *key, const uint8_t *octets,
                                           size_t len)
{
    uint64_t hash = key->words[0] ^ 0x9e3779b97f4a7c15 ^ len;
    const uint64_t with = key->words[1] ^ 0xe7037ed1a0b428db;
    for (size_t at = 0; len - at > 8; at += 8)
        hash = dns_hosts_fold(word_lower(word_load(octets + at)) ^ with, hash ^ 0x8ebc6af09c88c6e3);
    /* The last eight, some of them for the second time. */
    const uint64_t last = len >= 8 ? word_load(octets + len - 8) : word_load_part(octets, len);
    hash = dns_hosts_fold(word_lower(last) ^ with, hash ^ 0x8ebc6af09c88c6e3);
    return dns_hosts_fold(hash ^ with, 0x589965cc75374cc3);
}

/* Whether a name of the table, at its length byte, is the given one; letter case does not matter.
 */
bool dns_hosts_name_is(const uint8_t *stored, const weir_dns_name *name);

#endif
