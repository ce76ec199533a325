/* SPDX-License-Identifier: MIT
 *
 * The names of an address: from the hosts file, or PTR records.
 */
#include <weir/dns/lookup.h>

#include <weir/base/error.h>
#include <weir/dns/nsswitch.h>

#include "dns/resolver.h"

static int look_into_hosts(const weir_dns_view *view, const weir_address *address,
                           const weir_dns_name *reverse, const weir_dns_lookup_options *options,
                           weir_dns_name *out, size_t room)
{
    int count = weir_dns_hosts_reverse(view->hosts, address, out, room);
    weir_dns_steps_add(options->steps, WEIR_DNS_FROM_HOSTS, reverse, count);
    return count;
}

static int ask(weir_io *io, weir_dns_resolver *resolver, const weir_dns_name *reverse,
               const weir_dns_lookup_options *options, weir_dns_name *out, size_t room)
{
    weir_dns_answer answer;
    int result = weir_dns_lookup_name(io, resolver, reverse, WEIR_DNS_PTR, options, &answer);
    if (result == 0) {
        weir_dns_data data;
        size_t at = 0;
        int got;
        while ((size_t)result < room && (got = weir_dns_answer_next(&answer, &at, &data)) != 0) {
            if (got < 0) continue;
            bool legal = weir_dns_name_is_host(&data.as.name, 0);
            if (legal || (options->flags & WEIR_DNS_RAW)) out[result++] = data.as.name;
        }
        if (result == 0) result = WEIR_EDNS_ANSWER;
    }
    weir_dns_answer_free(&answer);
    return result;
}

/* Asks the sources in the order of nsswitch.conf. */
static int ask_sources(weir_io *io, weir_dns_resolver *resolver, const weir_dns_view *view,
                       const weir_address *address, const weir_dns_lookup_options *options,
                       weir_dns_name *out, size_t room)
{
    weir_dns_name reverse;
    weir_dns_name_reverse((const uint8_t *)&address->at,
                          address->kind == WEIR_ADDRESS_IPV4 ? 4 : 16, &reverse);
    int whole = WEIR_EDNS_NOTFOUND, result;
    for (unsigned step = 0; step < view->order.count; step++) {
        if (view->order.steps[step].source == WEIR_DNS_SERVERS)
            result = ask(io, resolver, &reverse, options, out, room);
        else if (!(options->flags & WEIR_DNS_NO_HOSTS))
            result = look_into_hosts(view, address, &reverse, options, out, room);
        else
            continue;
        if (result == WEIR_ECANCELED || result == WEIR_EDEADLINE) return result;
        whole = weir_dns_then(whole, result);
        if (weir_dns_order_ends(&view->order, step, result)) break;
    }
    return whole;
}

int weir_dns_lookup_address(weir_io *io, weir_dns_resolver *resolver, const weir_address *address,
                            const weir_dns_lookup_options *options, weir_dns_name *out, size_t room)
{
    static const weir_dns_lookup_options defaults;
    if (!options) options = &defaults;
    if (room == 0) return WEIR_EINVAL;
    if (address->kind != WEIR_ADDRESS_IPV4 && address->kind != WEIR_ADDRESS_IPV6)
        return WEIR_EINVAL;
    const weir_dns_view *view;
    int result = weir_dns_resolver_view(io, resolver, &view);
    if (result) return result;
    result = ask_sources(io, resolver, view, address, options, out, room);
    weir_dns_view_release(view);
    return result;
}
