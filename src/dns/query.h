/* SPDX-License-Identifier: MIT
 *
 * A question as it goes out: id, letters, EDNS and cookie of one query.
 */
#ifndef DNS_QUERY_H
#define DNS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/dns/wire/edns.h>
#include <weir/dns/wire/message.h>

#include "dns/ask.h"

enum {
    /* Header, question, and an OPT record with the longest cookie. */
    DNS_QUERY_ROOM = WEIR_DNS_HEADER + WEIR_DNS_NAME_MAX + 4 + 11 + 4 + 40,
};

/* What has to come back. */
typedef struct dns_query {
    const weir_dns_name *name; /* in the letters that were sent; borrowed */
    uint16_t id, type;
    bool edns;
    bool exact;             /* the letters have to come back as they were (0x20) */
    weir_dns_cookie cookie; /* as sent, with `edns` */
    bool has_cookie;
} dns_query;

/* Writes the message of a query.  Returns its length, at most DNS_QUERY_ROOM. */
size_t weir_dns_query_write(const dns_query *query, const dns_question *question, uint16_t udp_size,
                            uint8_t out[DNS_QUERY_ROOM]);

#endif
