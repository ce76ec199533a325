/* SPDX-License-Identifier: MIT
 *
 * Extended errors (RFC 8914): code 2 octets | text.
 */
#include <weir/base/error.h>
#include <weir/dns/wire/edns.h>

#include "dns/wire/octets.h"

int weir_dns_extended_error_decode(weir_bytes value, weir_dns_extended_error *out)
{
    if (value.len < 2) return WEIR_EDNS_MESSAGE;
    out->code = octets_get16((const uint8_t *)value.data);
    out->text = weir_bytes_of(value.data + 2, value.len - 2);
    return 0;
}

const char *weir_dns_extended_error_name(uint16_t code)
{
    static const char *const names[] = {
        [0] = "Other Error",
        [1] = "Unsupported DNSKEY Algorithm",
        [2] = "Unsupported DS Digest Type",
        [3] = "Stale Answer",
        [4] = "Forged Answer",
        [5] = "DNSSEC Indeterminate",
        [6] = "DNSSEC Bogus",
        [7] = "Signature Expired",
        [8] = "Signature Not Yet Valid",
        [9] = "DNSKEY Missing",
        [10] = "RRSIGs Missing",
        [11] = "No Zone Key Bit Set",
        [12] = "NSEC Missing",
        [13] = "Cached Error",
        [14] = "Not Ready",
        [15] = "Blocked",
        [16] = "Censored",
        [17] = "Filtered",
        [18] = "Prohibited",
        [19] = "Stale NXDOMAIN Answer",
        [20] = "Not Authoritative",
        [21] = "Not Supported",
        [22] = "No Reachable Authority",
        [23] = "Network Error",
        [24] = "Invalid Data",
        [25] = "Signature Expired before Valid",
        [26] = "Too Early",
        [27] = "Unsupported NSEC3 Iterations Value",
        [28] = "Unable to conform to policy",
        [29] = "Synthesized",
        [30] = "Invalid Query Type",
    };
    return code < sizeof names / sizeof names[0] ? names[code] : NULL;
}
