/* SPDX-License-Identifier: MIT
 *
 * Which full names a name that a person wrote may stand for, in the order to ask for them: the
 * search list and ndots (resolv.conf(5), RFC 1535).
 *
 *      weir_dns_search search;
 *      const weir_dns_name *candidate;
 *      weir_dns_search_start(&search, &name, absolute, &config);
 *      while (weir_dns_search_next(&search, &candidate))
 *          if (weir_dns_search_report(&search, ask(candidate)) == WEIR_DNS_SEARCH_STOP) break;
 *      int result = weir_dns_search_result(&search);
 *
 * A name that ends with a dot stands for itself.  One with `ndots` dots or more is first asked for
 * as it stands and then with each domain of the list behind it; one with fewer the other way round.
 * "No such name" and "no such record" lead to the next one; a failure (a server's, a timeout) ends
 * the search: what a name stands for must not depend on which servers answer today.  Here the C
 * library goes on, and may answer with another host's address.
 *
 * Pure; a plain value; any thread; never waits.
 */
#ifndef WEIR_DNS_SEARCH_H
#define WEIR_DNS_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/dns/config.h>
#include <weir/dns/wire/name.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_dns_search_verdict {
    WEIR_DNS_SEARCH_STOP, /* the result is final */
    WEIR_DNS_SEARCH_ON,   /* weir_dns_search_next */
} weir_dns_search_verdict;

/* Fields are read, not written. */
typedef struct weir_dns_search {
    const weir_dns_config *config; /* borrowed */
    const weir_dns_name *name;     /* borrowed */
    uint8_t at;                    /* the next domain of the list */
    uint8_t skipped;               /* candidates left out because they would be too long */
    uint8_t asked;                 /* candidates given out */
    bool absolute, as_is_first, as_is_done, as_is_now, no_data, stopped;
    int result;       /* of the last report, or what the search comes to */
    int as_is_result; /* of the name as it stands when that was asked for first */
    int domain;       /* of the present candidate: index into the list, -1 for the name itself */
    weir_dns_name candidate;
} weir_dns_search;

/* Starts a search.  `absolute`: the text ended with a dot (weir_dns_name_parse returned 1).
 * Ownership: `name` and `config` are lent until the search is over. */
void weir_dns_search_start(weir_dns_search *search, const weir_dns_name *name, bool absolute,
                           const weir_dns_config *config);

/* The next candidate: lent until the next call.  False when there is none, or the search is over.
 * With config->no_tld_query a name of one label is not asked for as it stands, unless absolute. */
bool weir_dns_search_next(weir_dns_search *search, const weir_dns_name **out);

/* Tells how asking for the present candidate ended: 0 and above for an answer, or an error.
 * WEIR_EDNS_NOTFOUND and WEIR_EDNS_NODATA lead on; so does WEIR_EDNS_SPECIAL of a domain of the
 * list (many a network's is "corp.local"), which counts as the former; all else stops. */
weir_dns_search_verdict weir_dns_search_report(weir_dns_search *search, int result);

/* What the search comes to: the answer's or the failure's result; else that of the name as it
 * stands if this was asked for first; else WEIR_EDNS_NODATA if any candidate had it; else
 * WEIR_EDNS_NOTFOUND. */
int weir_dns_search_result(const weir_dns_search *search);

#ifdef __cplusplus
}
#endif
#endif
