/* SPDX-License-Identifier: MIT
 *
 * An answer boiled down to octets: what the cache keeps, what tasks that wait for one query share,
 * and what a weir_dns_answer is made of.
 *
 *     outcome 1 · flags 1 · records 2 · aliases 2 · octets of aliases 2      (dns_packed_head)
 *     the CNAME chain: names in wire form, one after the other
 *     records: type 2 · length 2 · data, names in it uncompressed
 *
 * Numbers are in the machine's order: it never leaves the process.
 */
#ifndef DNS_PACKED_H
#define DNS_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/dns/answer.h>
#include <weir/dns/wire/message.h>

enum {
    DNS_PACKED_HEAD = 8,
    DNS_PACKED_NEAR = 512,
    DNS_PACKED_MAX = 1 << 20, /* names grow when they are uncompressed; a message has 64 KiB */
    DNS_ALIASES = 16,         /* of a chain that is followed */
    DNS_RECORDS = 512,        /* of an answer that are taken */
    DNS_LOOKS = 16384,        /* at records of a message: four times those that the largest has */
};

typedef enum dns_outcome {
    DNS_OUTCOME_RECORDS,
    DNS_OUTCOME_NODATA,   /* the name, or the end of its chain, has no such record */
    DNS_OUTCOME_NOTFOUND, /* there is no such name */
} dns_outcome;

enum { DNS_PACKED_AUTHENTIC = 1 };

typedef struct dns_packed_head {
    uint8_t outcome;
    uint8_t flags;
    uint16_t records, aliases;
    uint16_t alias_octets;
} dns_packed_head;
_Static_assert(sizeof(dns_packed_head) == DNS_PACKED_HEAD, "the head is what it says");

/* A packed answer being made.  It must not move: `octets` may point into it. */
typedef struct dns_packed {
    uint8_t *octets; /* `near`, or malloc'd */
    uint32_t len, room;
    uint32_t ttl; /* the least of all its records; of a negative one by RFC 2308 5 */
    uint8_t near[DNS_PACKED_NEAR];
} dns_packed;

void weir_dns_packed_init(dns_packed *packed);
void weir_dns_packed_free(dns_packed *packed);

/* Sets it to octets that were packed before.  Returns 0, WEIR_ENOMEM. */
int weir_dns_packed_copy(dns_packed *packed, const uint8_t *octets, uint32_t len);

/* Makes room for so many octets in whole; what is in it may be lost.  Returns 0, WEIR_ENOMEM. */
int weir_dns_packed_reserve(dns_packed *packed, uint32_t room);

/* Sets it to one record of this data, or, with no data, to the outcome NODATA.  Returns 0,
 * WEIR_ENOMEM. */
int weir_dns_packed_single(dns_packed *packed, uint16_t type, const uint8_t *data, uint16_t len);

/* Boils down a server's message, which has the rcode NOERROR or NXDOMAIN, to what it says of
 * records of `type` at `name`: follows CNAME records, whatever their order, skips records of other
 * owners, classes and types, and those whose data is malformed.  For WEIR_DNS_ANY all types are
 * taken. Returns 0; WEIR_EDNS_ANSWER: the message is malformed, its chain goes in a circle or has
 * more than DNS_ALIASES names or takes more than DNS_LOOKS to follow, or all records that were
 * asked for are malformed; WEIR_ENOMEM. */
int weir_dns_packed_digest(dns_packed *packed, weir_bytes message, const weir_dns_name *name,
                           uint16_t type);

/* Makes an answer of packed octets, copying them: everything but `origin`, `ttl` and `name`, which
 * is the canonical name of one without aliases.  Returns 0, WEIR_EDNS_NOTFOUND, WEIR_EDNS_NODATA
 * (both with an answer of no records), WEIR_ENOMEM. */
int weir_dns_packed_answer(weir_bytes packed, const weir_dns_name *name, weir_dns_answer *out);

/* The head of packed octets. */
dns_packed_head weir_dns_packed_read(const uint8_t *octets);

#endif
