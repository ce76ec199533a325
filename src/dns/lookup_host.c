/* SPDX-License-Identifier: MIT
 *
 * The addresses of a host: from its text, its special meaning, the hosts file, or DNS.
 */
#include "dns/host.h"

#include <string.h>

#include <weir/base/error.h>
#include <weir/dns/nsswitch.h>
#include <weir/dns/search.h>
#include <weir/dns/special.h>
#include <weir/dns/wire/name.h>
#include <weir/io/clock.h>
#include <weir/net/endpoint.h>

void weir_dns_steps_add(weir_dns_steps *steps, weir_dns_origin origin, const weir_dns_name *name,
                        int result)
{
    if (!steps) return;
    if (steps->kept < WEIR_DNS_STEPS)
        steps->steps[steps->kept++] =
            (weir_dns_step){.origin = origin, .name = *name, .result = result};
    steps->total++;
}

int weir_dns_then(int first, int second)
{
    bool nothing = second == WEIR_EDNS_NOTFOUND || second == WEIR_EDNS_NODATA;
    return nothing && first != WEIR_EDNS_NOTFOUND ? first : second;
}

unsigned weir_dns_families(unsigned lookup_flags)
{
    unsigned families = WEIR_DNS_BOTH;
    if (lookup_flags & WEIR_DNS_IPV4_ONLY) families &= ~(unsigned)WEIR_DNS_IPV6;
    if (lookup_flags & WEIR_DNS_IPV6_ONLY) families &= ~(unsigned)WEIR_DNS_IPV4;
    return families;
}

int weir_dns_host_init(dns_host *host, weir_dns_resolver *resolver, uint16_t port,
                       const weir_dns_lookup_options *options)
{
    static const weir_dns_lookup_options defaults;
    if (!options) options = &defaults;
    host->resolver = resolver;
    host->view = NULL;
    host->flags = options->flags;
    host->families = weir_dns_families(options->flags);
    host->report = options->report;
    host->steps = options->steps;
    host->port = port;
    host->sink = NULL;
    host->told = 0;
    host->why4 = host->why6 = WEIR_EDNS_NODATA;
    host->found.origin = WEIR_DNS_FROM_NOWHERE;
    host->found.ttl = 0;
    host->found.name.len = host->found.canonical.len = 0;
    host->count = 0;
    return host->families ? 0 : WEIR_EINVAL;
}

static unsigned family_of(const weir_address *address)
{
    return address->kind == WEIR_ADDRESS_IPV4 ? WEIR_DNS_IPV4 : WEIR_DNS_IPV6;
}

static bool is_mapped(const weir_address *address)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return address->kind == WEIR_ADDRESS_IPV6 &&
           memcmp(address->at.ipv6, prefix, sizeof prefix) == 0;
}

/* The last address of the other family, if that has more than half of the room; else NULL. */
static weir_address *surplus(dns_host *host, unsigned family)
{
    weir_address *last = NULL;
    size_t count = 0;
    for (size_t i = 0; i < host->count; i++) {
        if (family_of(&host->addresses[i]) == family) continue;
        last = &host->addresses[i];
        count++;
    }
    return count > WEIR_DNS_HOST_ADDRESSES / 2 ? last : NULL;
}

bool weir_dns_host_add(dns_host *host, const weir_address *address)
{
    weir_address spare;
    const bool room = host->count < WEIR_DNS_HOST_ADDRESSES;
    weir_address *plain = room ? &host->addresses[host->count] : &spare;
    weir_dns_host_address(plain, address);
    if (is_mapped(address)) *plain = weir_address_unmap(address);
    plain->port = host->port;
    const unsigned family = family_of(plain);
    if (!(host->families & family)) return false;
    for (size_t i = 0; i < host->count; i++)
        if (weir_address_equal(&host->addresses[i], plain)) return false;
    weir_address *place = room ? plain : surplus(host, family);
    if (room)
        host->count++;
    else if (place)
        weir_dns_host_address(place, plain);
    return place != NULL;
}

/* Tells the sink of a family that it has not been told of: its addresses, or why it has none. */
static void tell(weir_io *io, dns_host *host, unsigned family)
{
    if (!host->sink || !(host->families & ~host->told & family)) return;
    weir_address mine[WEIR_DNS_HOST_ADDRESSES];
    size_t count = 0;
    for (size_t i = 0; i < host->count; i++)
        if (family_of(&host->addresses[i]) == family) mine[count++] = host->addresses[i];
    host->told |= family;
    int error = family == WEIR_DNS_IPV4 ? host->why4 : host->why6;
    host->sink(io, host->sink_argument, &host->found, family, mine, count, count ? 0 : error);
}

/* The end of a lookup that has all its addresses at once. */
static int finish(weir_io *io, dns_host *host)
{
    int error = weir_dns_host_sort(io, host, host->addresses, host->count);
    if (error) return error;
    tell(io, host, WEIR_DNS_IPV6);
    tell(io, host, WEIR_DNS_IPV4);
    return (int)host->count;
}

/* Literals ------------------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_digit(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Whether the last label is a number, in C's notation: no name of a host ends like that, so that
 * addresses can be told from names (RFC 1123 2.1, RFC 3696 2). */
static bool ends_in_number(weir_bytes text)
{
    size_t end = text.len;
    if (end > 0 && text.data[end - 1] == '.') end--;
    size_t start = end;
    /* Most names are told apart by their last character. */
    if (end == 0 || !is_hex_digit(text.data[end - 1])) return false;
    while (start > 0 && text.data[start - 1] != '.') start--;
    const bool hex =
        end - start > 2 && text.data[start] == '0' && (text.data[start + 1] | 0x20) == 'x';
    if (hex) start += 2;
    for (size_t i = start; i < end; i++) {
        const char c = text.data[i];
        if (!is_digit(c) && !(hex && is_hex_digit(c))) return false;
    }
    return end > start;
}

unsigned weir_dns_host_rules(unsigned lookup_flags)
{
    return lookup_flags & WEIR_DNS_UNDERSCORE ? WEIR_DNS_HOST_UNDERSCORE : 0;
}

int weir_dns_literal(weir_bytes text, uint16_t port, unsigned lookup_flags, weir_address *out)
{
    const unsigned families = weir_dns_families(lookup_flags);
    if (families == 0) return WEIR_EINVAL;
    const bool colon = text.len > 0 && memchr(text.data, ':', text.len);
    if (!colon && !ends_in_number(text))
        return weir_dns_host_check(text, weir_dns_host_rules(lookup_flags), NULL);
    weir_address_why why;
    const int error = weir_endpoint_parse_address(text, WEIR_ADDRESS_AS_IP, port, out, &why);
    if (error) return error == WEIR_EZONETEXT ? error : WEIR_EDNS_NAME;
    *out = weir_address_unmap(out);
    return families & family_of(out) ? 1 : WEIR_EAFNOSUPPORT;
}

/* An address in itself: 1 and the host has it, 0 if it is a name, or an error. */
static int take_literal(dns_host *host, weir_bytes text)
{
    weir_address address;
    const int result = weir_dns_literal(text, host->port, host->flags, &address);
    if (result <= 0) return result;
    host->found.origin = WEIR_DNS_FROM_LITERAL;
    weir_dns_host_add(host, &address);
    return 1;
}

/* Places ------------------------------------------------------------------------------------- */

static int take_localhost(dns_host *host, const weir_dns_name *name)
{
    weir_address both[2];
    size_t count = weir_dns_localhost(host->families, both);
    for (size_t i = 0; i < count; i++) weir_dns_host_add(host, &both[i]);
    host->found.origin = WEIR_DNS_FROM_SPECIAL;
    weir_dns_host_name(&host->found.name, name);
    weir_dns_host_name(&host->found.canonical, name);
    weir_dns_steps_add(host->steps, WEIR_DNS_FROM_SPECIAL, name, (int)count);
    return (int)count;
}

/* There are more than were found: those of one family may stand behind too many of the other. */
static void add_each_family(dns_host *host, const weir_dns_name *name,
                            weir_address found[WEIR_DNS_HOST_ADDRESSES])
{
    static const unsigned families[] = {WEIR_DNS_IPV6, WEIR_DNS_IPV4};
    for (int f = 0; f < 2; f++) {
        if (!(host->families & families[f])) continue;
        const int count = weir_dns_hosts_find(host->view->hosts, name, families[f], found,
                                              WEIR_DNS_HOST_ADDRESSES, NULL);
        for (int i = 0; i < count; i++) weir_dns_host_add(host, &found[i]);
    }
}

static int look_into_hosts(dns_host *host, const weir_dns_name *name)
{
    weir_address found[WEIR_DNS_HOST_ADDRESSES];
    int count = weir_dns_hosts_find(host->view->hosts, name, host->families, found,
                                    WEIR_DNS_HOST_ADDRESSES, &host->found.canonical);
    if (count == 0) count = WEIR_EDNS_NODATA;
    weir_dns_steps_add(host->steps, WEIR_DNS_FROM_HOSTS, name, count);
    for (int i = 0; i < count; i++) weir_dns_host_add(host, &found[i]);
    if (count == WEIR_DNS_HOST_ADDRESSES) add_each_family(host, name, found);
    if (count > 0) {
        host->found.origin = WEIR_DNS_FROM_HOSTS;
        weir_dns_host_name(&host->found.name, name);
    }
    return count;
}

/* DNS ---------------------------------------------------------------------------------------- */

/* Reads a name off packed octets: the last one of the chain. */
static void read_canonical(const dns_packed *packed, const weir_dns_name *asked, weir_dns_name *out)
{
    weir_dns_host_name(out, asked);
    dns_packed_head head = weir_dns_packed_read(packed->octets);
    const uint8_t *at = packed->octets + DNS_PACKED_HEAD;
    for (unsigned i = 0; i < head.aliases; i++) {
        size_t len = 0;
        while (at[len] != 0) len += (size_t)at[len] + 1;
        out->len = (uint8_t)(len + 1);
        memcpy(out->octets, at, out->len);
        at += out->len;
    }
}

/* Takes the addresses of a result; what it comes to: how many it adds, or an error. */
static int take_result(dns_host *host, const weir_dns_name *name, const dns_result *result)
{
    int outcome = weir_dns_result_outcome(result);
    if (outcome) return outcome;
    dns_packed_head head = weir_dns_packed_read(result->packed.octets);
    const uint8_t *at = result->packed.octets + DNS_PACKED_HEAD + head.alias_octets;
    int count = 0;
    for (unsigned i = 0; i < head.records; i++) {
        uint16_t words[2];
        memcpy(words, at, sizeof words);
        weir_address address;
        memset(&address, 0, offsetof(weir_address, at) + sizeof address.at.ipv6);
        address.kind = words[1] == 4 ? WEIR_ADDRESS_IPV4 : WEIR_ADDRESS_IPV6;
        memcpy(&address.at, at + sizeof words, words[1] == 4 ? 4 : 16);
        count += weir_dns_host_add(host, &address);
        at += sizeof words + words[1];
    }
    if (count == 0) return WEIR_EDNS_NODATA;
    bool first = host->found.origin == WEIR_DNS_FROM_NOWHERE;
    if (first || result->ttl < host->found.ttl) host->found.ttl = result->ttl;
    if (first) {
        host->found.origin = result->origin;
        weir_dns_host_name(&host->found.name, name);
        read_canonical(&result->packed, name, &host->found.canonical);
    }
    return count;
}

int weir_dns_host_combine(int a, int b)
{
    if (a > 0 || b > 0) return (a > 0 ? a : 0) + (b > 0 ? b : 0);
    bool a_failed = a != WEIR_EDNS_NODATA && a != WEIR_EDNS_NOTFOUND && a != 0;
    bool b_failed = b != WEIR_EDNS_NODATA && b != WEIR_EDNS_NOTFOUND && b != 0;
    if (a_failed) return a;
    if (b_failed) return b;
    return a == WEIR_EDNS_NOTFOUND || b == WEIR_EDNS_NOTFOUND ? WEIR_EDNS_NOTFOUND
                                                              : WEIR_EDNS_NODATA;
}

static dns_request request_of(const dns_host *host, const weir_dns_name *name)
{
    return (dns_request){.resolver = host->resolver,
                         .view = host->view,
                         .now = host->now,
                         .lower = name,
                         .fresh = (host->flags & WEIR_DNS_NO_CACHE) != 0,
                         .report = host->report};
}

int weir_dns_host_ask(weir_io *io, dns_host *host, const dns_request *request)
{
    dns_result results[DNS_ASK_TYPES];
    int outcomes[DNS_ASK_TYPES] = {0, WEIR_EDNS_NODATA};
    int error = weir_dns_fetch(io, request, results);
    bool waited = false;
    for (unsigned i = 0; i < request->type_count; i++)
        waited |= results[i].origin != WEIR_DNS_FROM_CACHE;
    if (waited) host->now = weir_now(io, WEIR_CLOCK_BOOT);
    for (unsigned i = 0; i < request->type_count && !error; i++) {
        outcomes[i] = take_result(host, request->lower, &results[i]);
        int *why = request->types[i] == WEIR_DNS_A ? &host->why4 : &host->why6;
        if (outcomes[i] < 0) *why = outcomes[i];
    }
    weir_dns_origin origin = host->found.origin;
    if (origin == WEIR_DNS_FROM_NOWHERE && !error) origin = results[0].origin;
    for (int i = 0; i < DNS_ASK_TYPES; i++) weir_dns_result_free(&results[i]);
    int result = error ? error : weir_dns_host_combine(outcomes[0], outcomes[1]);
    if (origin == WEIR_DNS_FROM_NOWHERE) origin = WEIR_DNS_FROM_SERVER;
    weir_dns_steps_add(host->steps, origin, request->lower, result);
    return result;
}

/* Asks for a name that is whole and of this kind.  Returns how many addresses it has, or an error.
 */
static int ask(weir_io *io, dns_host *host, const weir_dns_name *name, weir_dns_special_kind kind)
{
    if (kind == WEIR_DNS_SPECIAL_LOCALHOST) return take_localhost(host, name);
    if (kind != WEIR_DNS_SPECIAL_NONE) {
        int result = weir_dns_special_result(kind);
        weir_dns_steps_add(host->steps, WEIR_DNS_FROM_SPECIAL, name, result);
        return result;
    }
    unsigned families = host->families;
    if (host->view->config.no_aaaa) families &= ~(unsigned)WEIR_DNS_IPV6;
    if (families == 0) return WEIR_EDNS_NODATA;
    dns_request request = request_of(host, name);
    if (families & WEIR_DNS_IPV4) request.types[request.type_count++] = WEIR_DNS_A;
    if (families & WEIR_DNS_IPV6) request.types[request.type_count++] = WEIR_DNS_AAAA;
    if (host->sink && request.type_count > 1) return weir_dns_host_ask_apart(io, host, &request);
    return weir_dns_host_ask(io, host, &request);
}

static int search(weir_io *io, dns_host *host, const weir_dns_name *name,
                  weir_dns_special_kind kind, bool absolute)
{
    weir_dns_search search;
    const weir_dns_name *candidate;
    /* With a suffix behind it a special name would be told to servers. */
    if (kind != WEIR_DNS_SPECIAL_NONE || host->flags & WEIR_DNS_NO_SEARCH) absolute = true;
    weir_dns_search_start(&search, name, absolute, &host->view->config);
    while (weir_dns_search_next(&search, &candidate)) {
        int result =
            ask(io, host, candidate, candidate == name ? kind : weir_dns_special(candidate));
        if (weir_dns_search_report(&search, result) == WEIR_DNS_SEARCH_STOP) break;
    }
    return weir_dns_search_result(&search);
}

/* Asks the sources in the order of nsswitch.conf. */
static int ask_sources(weir_io *io, dns_host *host, const weir_dns_name *name,
                       weir_dns_special_kind kind, bool absolute)
{
    const weir_dns_order *order = &host->view->order;
    int whole = WEIR_EDNS_NOTFOUND, result;
    for (unsigned step = 0; step < order->count; step++) {
        if (order->steps[step].source == WEIR_DNS_SERVERS)
            result = search(io, host, name, kind, absolute);
        else if (!(host->flags & WEIR_DNS_NO_HOSTS))
            result = look_into_hosts(host, name);
        else
            continue;
        if (result == WEIR_ECANCELED || result == WEIR_EDEADLINE) return result;
        whole = weir_dns_then(whole, result);
        if (weir_dns_order_ends(order, step, result)) break;
    }
    return whole;
}

int weir_dns_find_host(weir_io *io, dns_host *host, weir_bytes text)
{
    int result = take_literal(host, text);
    if (result < 0) return result;
    if (result > 0) return finish(io, host);
    weir_dns_name name;
    int absolute = weir_dns_name_parse(text, &name);
    if (absolute < 0) return absolute;
    weir_dns_name_lower(&name);
    host->now = weir_now(io, WEIR_CLOCK_BOOT);
    const weir_dns_special_kind kind = weir_dns_special(&name);
    if (kind == WEIR_DNS_SPECIAL_LOCALHOST) {
        take_localhost(host, &name);
        return finish(io, host);
    }
    result = weir_dns_view_take(io, host->resolver->files, host->now, &host->view);
    if (result) return result;
    result = ask_sources(io, host, &name, kind, absolute > 0);
    weir_dns_view_release(host->view);
    if (result < 0) return result;
    return finish(io, host);
}

int weir_dns_lookup_host(weir_io *io, weir_dns_resolver *resolver, weir_bytes name, uint16_t port,
                         const weir_dns_lookup_options *options, weir_address *out, size_t room,
                         weir_dns_host *host)
{
    dns_host looking;
    int result = weir_dns_host_init(&looking, resolver, port, options);
    if (result || room == 0) return WEIR_EINVAL;
    result = weir_dns_find_host(io, &looking, name);
    if (result < 0) return result;
    if (looking.count < room) room = looking.count;
    for (size_t i = 0; i < room; i++) weir_dns_host_address(&out[i], &looking.addresses[i]);
    if (host) *host = looking.found;
    return (int)room;
}
