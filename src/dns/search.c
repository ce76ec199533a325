/* SPDX-License-Identifier: MIT
 *
 * The candidates of a name by search list and ndots.
 *
 * Invariant: the name as it stands is given out at most once, whether it is first, last or stands
 * for the root in the list.
 */
#include <weir/dns/search.h>

#include <stddef.h>
#include <string.h>

#include <weir/base/error.h>

void weir_dns_search_start(weir_dns_search *search, const weir_dns_name *name, bool absolute,
                           const weir_dns_config *config)
{
    const unsigned labels = weir_dns_name_labels(name);
    const unsigned dots = labels > 0 ? labels - 1 : 0;
    /* All but the candidate, whose room is large. */
    memset(search, 0, offsetof(weir_dns_search, candidate));
    search->candidate.len = 0;
    search->config = config;
    search->name = name;
    search->absolute = absolute || labels == 0;
    search->result = WEIR_EDNS_NOTFOUND;
    search->as_is_first = absolute || labels == 0 || dots >= config->ndots;
    search->domain = -1;
}

/* Gives the name itself out, if that may be and has not been. */
static bool give_as_is(weir_dns_search *search, const weir_dns_name **out)
{
    if (search->as_is_done) return false;
    search->as_is_done = true;
    if (!search->absolute && search->config->no_tld_query &&
        weir_dns_name_labels(search->name) == 1)
        return false;
    search->as_is_now = true;
    search->domain = -1;
    search->asked++;
    *out = search->name;
    return true;
}

bool weir_dns_search_next(weir_dns_search *search, const weir_dns_name **out)
{
    if (search->stopped) return false;
    if (search->as_is_first && give_as_is(search, out)) return true;
    search->as_is_now = false;
    while (!search->absolute && search->at < search->config->search_count) {
        const unsigned at = search->at++;
        const weir_dns_name *domain = &search->config->search[at];
        if (domain->len <= 1) {
            if (give_as_is(search, out)) return true;
            continue;
        }
        if (weir_dns_name_append(search->name, domain, &search->candidate) != 0) {
            search->skipped++;
            continue;
        }
        search->domain = (int)at;
        search->asked++;
        *out = &search->candidate;
        return true;
    }
    return give_as_is(search, out);
}

weir_dns_search_verdict weir_dns_search_report(weir_dns_search *search, int result)
{
    if (result == WEIR_EDNS_SPECIAL && search->domain >= 0) result = WEIR_EDNS_NOTFOUND;
    search->result = result;
    if (result != WEIR_EDNS_NOTFOUND && result != WEIR_EDNS_NODATA) {
        search->stopped = true;
        return WEIR_DNS_SEARCH_STOP;
    }
    if (result == WEIR_EDNS_NODATA) search->no_data = true;
    if (search->as_is_now && search->as_is_first) search->as_is_result = result;
    return search->absolute ? WEIR_DNS_SEARCH_STOP : WEIR_DNS_SEARCH_ON;
}

int weir_dns_search_result(const weir_dns_search *search)
{
    if (search->stopped) return search->result;
    if (search->as_is_result != 0) return search->as_is_result;
    return search->no_data ? WEIR_EDNS_NODATA : WEIR_EDNS_NOTFOUND;
}
