/* SPDX-License-Identifier: MIT
 *
 * The answer to a question of DNS: the records of one name and type, found along the chain of CNAME
 * records, in memory of its own.
 */
#ifndef WEIR_DNS_ANSWER_H
#define WEIR_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/dns/wire/name.h>
#include <weir/dns/wire/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where an answer is from. */
typedef enum weir_dns_origin {
    WEIR_DNS_FROM_NOWHERE, /* there is no answer */
    WEIR_DNS_FROM_LITERAL, /* the text was an address */
    WEIR_DNS_FROM_SPECIAL, /* a name with a fixed meaning: localhost (RFC 6761) */
    WEIR_DNS_FROM_HOSTS,   /* the hosts file */
    WEIR_DNS_FROM_CACHE,   /* an earlier answer that is still good */
    WEIR_DNS_FROM_STALE,   /* an earlier answer past its time, as no server answered (RFC 8767) */
    WEIR_DNS_FROM_SERVER,
} weir_dns_origin;

/* The word for an origin, "hosts file".  Static; never NULL. */
const char *weir_dns_origin_text(weir_dns_origin origin);

/* An answer.  A plain value that owns `octets`: weir_dns_answer_free. */
typedef struct weir_dns_answer {
    weir_dns_origin origin;
    bool authentic;     /* the server says that it validated it (AD), and is trusted (trust-ad) */
    uint16_t count;     /* records */
    uint16_t aliases;   /* names in the CNAME chain: 0 if the name asked has the records */
    uint32_t ttl;       /* seconds that it is good for from now on */
    weir_dns_name name; /* what was asked, the search list's suffix included */
    weir_dns_name canonical; /* whose the records are: the name, or the end of the chain */
    uint8_t *octets;         /* chain and records; see next */
    uint32_t records_at, len;
} weir_dns_answer;

/* Frees an answer's memory.  Takes one that is all zero. */
void weir_dns_answer_free(weir_dns_answer *answer);

/* Gives the next record's data.  *at begins as 0 and is moved on.  What *out points to lives as
 * long as the answer. Returns 1; 0: there is none left; WEIR_EDNS_MESSAGE: its data is malformed:
 * *at is moved on. */
int weir_dns_answer_next(const weir_dns_answer *answer, size_t *at, weir_dns_data *out);

/* Gives the next record's data as octets, names uncompressed; otherwise as weir_dns_answer_next. */
int weir_dns_answer_next_raw(const weir_dns_answer *answer, size_t *at, uint16_t *type,
                             weir_bytes *out);

/* Gives the next name of the CNAME chain, the target of the question's name first.  *at begins as
 * 0. Returns 1, or 0 after the last, which is the canonical name. */
int weir_dns_answer_alias(const weir_dns_answer *answer, size_t *at, weir_dns_name *out);

#ifdef __cplusplus
}
#endif
#endif
