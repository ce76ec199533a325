/* SPDX-License-Identifier: MIT
 *
 * Who was asked, when, and what came: the explanation of a lookup.
 *
 * A lookup that is handed a report writes each attempt into it as it goes; errors are told from it.
 */
#ifndef WEIR_DNS_REPORT_H
#define WEIR_DNS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/base/time.h>
#include <weir/dns/wire/name.h>
#include <weir/io/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_DNS_ATTEMPTS 32 /* attempts that a report keeps; those after them are only counted */

typedef enum weir_dns_transport {
    WEIR_DNS_UDP,
    WEIR_DNS_TCP,
} weir_dns_transport;

/* One question put to one server once. */
typedef struct weir_dns_attempt {
    weir_address server;
    uint8_t transport; /* weir_dns_transport */
    bool edns;         /* the question had an OPT record */
    bool reused;       /* TCP: over a connection that was there already */
    bool truncated;    /* the answer had TC set */
    bool authentic;    /* the answer had AD set */
    uint16_t type;     /* asked for */
    weir_dns_name name;
    weir_instant started; /* monotonic */
    weir_duration took;   /* until the answer, the error, or the end of waiting */
    int error;         /* 0: an answer came and was taken; else why not: WEIR_EDNS_TIMEOUT, …, or
                             what the socket said; WEIR_ECANCELED: it was not waited for */
    uint16_t rcode;    /* of the answer: weir_dns_rcode, also above 15 */
    uint16_t ignored;  /* messages that came and were not the answer: wrong id or question */
    uint32_t bytes;    /* of the answer */
    uint16_t answers;  /* records in its answer section */
    bool has_extended; /* an extended error came with it (RFC 8914) */
    uint16_t extended_code;
    char extended_text[64]; /* its text, cut, what is not printable ASCII as "?"; NUL-terminated */
} weir_dns_attempt;

/* A plain value; begins as zero; takes what several lookups write one after the other. */
typedef struct weir_dns_report {
    weir_dns_attempt attempts[WEIR_DNS_ATTEMPTS]; /* the first ones, in order of their start */
    uint32_t kept;                                /* of them, how many are set */
    uint32_t total;                               /* how many there were */
} weir_dns_report;

/* Writes a report for a person, NUL-terminated, cut to `size` (at least 1), attempts that are alike
 * together: "192.0.2.1:53 did not answer within 5 s (2 times); [2001:db8::1]:53 refused".
 * Returns the whole length.  Never waits. */
size_t weir_dns_report_print(const weir_dns_report *report, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
