/* SPDX-License-Identifier: MIT
 *
 * Dialing a service: the places of its SRV records, one after the other (RFC 2782).
 */
#include <weir/dns/dial.h>

#include <weir/base/error.h>

#include "dns/dial_run.h"

enum { PLACES = 16 };

int weir_dial_service(weir_io *io, weir_dns_resolver *resolver, weir_bytes service,
                      weir_bytes protocol, weir_bytes name, const weir_dial_options *options,
                      weir_tcp_stream *out)
{
    weir_dial_options each = {0};
    if (options) each = *options;
    if (each.report) each.report->kept = each.report->total = 0;
    int error = weir_dial_check(options);
    if (error) return error;
    weir_dns_service places[PLACES];
    const int count = weir_dns_lookup_service(io, resolver, service, protocol, name, &each.lookup,
                                              places, PLACES);
    if (count < 0) return count;
    each.lookup.flags |= WEIR_DNS_NO_SEARCH; /* targets are whole names */
    int first = 0;
    for (int i = 0; i < count; i++) {
        char text[WEIR_DNS_NAME_TEXT];
        const size_t len = weir_dns_name_print(&places[i].target, text);
        bool stopped;
        error = weir_dial_host_more(io, resolver, weir_bytes_of(text, len), places[i].port, &each,
                                    out, &stopped);
        if (error == 0 || stopped || error == WEIR_ENOMEM) return error;
        if (first == 0 || first == WEIR_EPOLICY) first = error;
    }
    return first;
}
