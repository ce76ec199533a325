/* SPDX-License-Identifier: MIT
 *
 * Judging a message that came: is it the answer, and what is to be done about it?
 */
#ifndef DNS_REPLY_H
#define DNS_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/query.h"

typedef enum dns_verdict {
    DNS_IGNORED,     /* not the answer to this query: waiting goes on */
    DNS_GOOD,        /* NOERROR or NXDOMAIN, whole and well formed */
    DNS_CUT,         /* TC: to be had whole over TCP */
    DNS_UNPROVEN,    /* a server that knows our cookie has not shown it: over TCP */
    DNS_WANTS_PLAIN, /* does not know EDNS */
    DNS_BAD_COOKIE,  /* wants the cookie that came with it */
    DNS_FAILED,      /* an error of the server, or nonsense: `error` says which */
} dns_verdict;

typedef struct dns_judgement {
    dns_verdict verdict;
    int error; /* what it comes to if nothing better is had; 0 for DNS_GOOD */
    weir_dns_header header;
    unsigned rcode; /* all twelve bits */
    bool positive;  /* NOERROR with records */
    bool has_edns;
    bool has_cookie; /* with our client cookie, and one of the server's */
    bool has_extended;
    weir_dns_cookie cookie;
    weir_dns_extended_error extended; /* its text is in the message */
} dns_judgement;

/* Judges.  `whole` is false for a datagram that was longer than the room for it.  Reads the message
 * once, from front to back. */
void weir_dns_judge(weir_bytes message, bool whole, bool udp, const dns_query *query,
                    dns_judgement *out);

#endif
