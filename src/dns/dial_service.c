/* SPDX-License-Identifier: MIT
 *
 * Dialing a service: the places of its SRV records, one after the other (RFC 2782).
 */
#include <weir/dns/dial.h>

#include <stdlib.h>

#include <weir/base/error.h>

#include "dns/dial_run.h"

enum { PLACES = 16 };

/* Tries the places in turn. */
static int dial_each(weir_io *io, weir_dns_resolver *resolver, const weir_dns_service *places,
                     int count, const weir_dial_options *options, weir_tcp_stream *out)
{
    int first = 0;
    for (int i = 0; i < count; i++) {
        char text[WEIR_DNS_NAME_TEXT];
        const size_t len = weir_dns_name_print(&places[i].target, text);
        bool stopped;
        const int error = weir_dial_host_more(io, resolver, weir_bytes_of(text, len),
                                              places[i].port, options, out, &stopped);
        if (error == 0 || stopped || error == WEIR_ENOMEM) return error;
        if (first == 0 || first == WEIR_EPOLICY) first = error;
    }
    return first;
}

int weir_dial_service(weir_io *io, weir_dns_resolver *resolver, weir_bytes service,
                      weir_bytes protocol, weir_bytes name, const weir_dial_options *options,
                      weir_tcp_stream *out)
{
    weir_dial_options each = {0};
    if (options) each = *options;
    if (each.report) each.report->kept = each.report->total = 0;
    const int error = weir_dial_check(options);
    if (error) return error;
    /* Not on the stack: the lookup needs much of it. */
    weir_dns_service *places = malloc(PLACES * sizeof *places);
    if (!places) return WEIR_ENOMEM;
    int result = weir_dns_lookup_service(io, resolver, service, protocol, name, &each.lookup,
                                         places, PLACES);
    each.lookup.flags |= WEIR_DNS_NO_SEARCH; /* targets are whole names */
    if (result > 0) result = dial_each(io, resolver, places, result, &each, out);
    free(places);
    return result;
}
