/* SPDX-License-Identifier: MIT
 *
 * Records of a name: one type, with the CNAME chain that led to them.
 */
#include <weir/dns/lookup.h>

#include <weir/base/error.h>
#include <weir/dns/search.h>
#include <weir/dns/special.h>
#include <weir/io/clock.h>

#include "dns/resolver.h"

bool weir_dns_is_askable(uint16_t type)
{
    return type != 0 && type != WEIR_DNS_OPT && (type < 249 || type > 254);
}

/* The addresses of localhost, which no server is asked for, as an answer (RFC 6761 6.3). */
static int answer_localhost(const weir_dns_name *name, uint16_t type, weir_dns_answer *out)
{
    static const uint8_t v4[4] = {127, 0, 0, 1};
    static const uint8_t v6[16] = {[15] = 1};
    dns_packed packed;
    weir_dns_packed_init(&packed);
    int error = 0;
    if (type == WEIR_DNS_A)
        error = weir_dns_packed_single(&packed, type, v4, sizeof v4);
    else if (type == WEIR_DNS_AAAA)
        error = weir_dns_packed_single(&packed, type, v6, sizeof v6);
    else
        error = weir_dns_packed_single(&packed, type, NULL, 0);
    if (!error) error = weir_dns_packed_answer(weir_bytes_of(packed.octets, packed.len), name, out);
    weir_dns_packed_free(&packed);
    out->origin = WEIR_DNS_FROM_SPECIAL;
    return error;
}

/* One request, from beginning to end of a search. */
typedef struct looking {
    dns_request request;
    const weir_dns_lookup_options *options;
    weir_dns_answer *out;
} looking;

static int take_answer(looking *l, dns_result *result)
{
    if (result->error) return result->error;
    weir_bytes packed = weir_bytes_of(result->packed.octets, result->packed.len);
    int error = weir_dns_packed_answer(packed, l->request.lower, l->out);
    l->out->origin = result->origin;
    l->out->ttl = result->ttl;
    if (!l->request.view->config.trust_ad) l->out->authentic = false;
    return error;
}

/* Asks for a name that is whole. */
static int ask(weir_io *io, looking *l, const weir_dns_name *name)
{
    weir_dns_answer_free(l->out);
    weir_dns_special_kind kind = weir_dns_special(name);
    weir_dns_origin origin = WEIR_DNS_FROM_SPECIAL;
    int result;
    if (kind == WEIR_DNS_SPECIAL_LOCALHOST) {
        result = answer_localhost(name, l->request.types[0], l->out);
    } else if (kind != WEIR_DNS_SPECIAL_NONE) {
        result = weir_dns_special_result(kind);
        l->out->origin = WEIR_DNS_FROM_SPECIAL;
        l->out->name = l->out->canonical = *name;
    } else {
        dns_result results[DNS_ASK_TYPES];
        l->request.lower = name;
        result = weir_dns_fetch(io, &l->request, results);
        if (result == 0) result = take_answer(l, &results[0]);
        origin = results[0].origin ? results[0].origin : WEIR_DNS_FROM_SERVER;
        for (int i = 0; i < DNS_ASK_TYPES; i++) weir_dns_result_free(&results[i]);
    }
    weir_dns_steps_add(l->options->steps, origin, name, result ? result : l->out->count);
    return result;
}

/* Of answers without records, the one that a search's result is about. */
typedef struct absence {
    int result; /* NOTFOUND, NODATA; 0: none yet */
    weir_dns_answer answer;
} absence;

/* Keeps an answer in place of the one before if the result is about it: the first one is, unless
 * a later one has NODATA, which counts more than NOTFOUND where the name itself comes last. */
static void keep_absence(absence *kept, const weir_dns_search *search, int result,
                         weir_dns_answer *answer)
{
    bool counts_more = kept->result == WEIR_EDNS_NOTFOUND && result == WEIR_EDNS_NODATA;
    if (kept->result && (search->as_is_first || !counts_more)) return;
    weir_dns_answer_free(&kept->answer);
    kept->answer = *answer;
    kept->result = result;
    *answer = (weir_dns_answer){0};
}

static int search(weir_io *io, looking *l, const weir_dns_name *name, bool absolute)
{
    weir_dns_search search;
    const weir_dns_name *candidate;
    bool stopped = false;
    absence kept = {.answer = {.name = *name, .canonical = *name}};
    /* With a suffix behind it a special name would be told to servers. */
    if (weir_dns_special(name) != WEIR_DNS_SPECIAL_NONE) absolute = true;
    if (!(l->options->flags & WEIR_DNS_SEARCH)) absolute = true;
    weir_dns_search_start(&search, name, absolute, &l->request.view->config);
    while (!stopped && weir_dns_search_next(&search, &candidate)) {
        int result = ask(io, l, candidate);
        stopped = weir_dns_search_report(&search, result) == WEIR_DNS_SEARCH_STOP;
        if (!stopped) keep_absence(&kept, &search, search.result, l->out);
        l->request.now = weir_now(io, WEIR_CLOCK_BOOT); /* that may have taken long */
    }
    weir_dns_answer_free(stopped ? &kept.answer : l->out);
    if (!stopped) *l->out = kept.answer;
    return weir_dns_search_result(&search);
}

static int look_up(weir_io *io, weir_dns_resolver *resolver, const weir_dns_name *name,
                   bool absolute, uint16_t type, const weir_dns_lookup_options *options,
                   weir_dns_answer *out)
{
    static const weir_dns_lookup_options defaults;
    if (!options) options = &defaults;
    *out = (weir_dns_answer){0};
    if (!weir_dns_is_askable(type)) return WEIR_EINVAL;
    weir_dns_name lower = *name;
    weir_dns_name_lower(&lower);
    looking l = {.request = {.resolver = resolver,
                             .now = weir_now(io, WEIR_CLOCK_BOOT),
                             .types = {type},
                             .type_count = 1,
                             .fresh = (options->flags & WEIR_DNS_NO_CACHE) != 0,
                             .report = options->report},
                 .options = options,
                 .out = out};
    int error = weir_dns_view_take(io, resolver->files, l.request.now, &l.request.view);
    if (error) return error;
    error = search(io, &l, &lower, absolute);
    weir_dns_view_release(l.request.view);
    return error < 0 ? error : 0;
}

int weir_dns_lookup(weir_io *io, weir_dns_resolver *resolver, weir_bytes name, uint16_t type,
                    const weir_dns_lookup_options *options, weir_dns_answer *out)
{
    weir_dns_name parsed;
    *out = (weir_dns_answer){0};
    int absolute = weir_dns_name_parse(name, &parsed);
    if (absolute < 0) return absolute;
    return look_up(io, resolver, &parsed, absolute > 0, type, options, out);
}

int weir_dns_lookup_name(weir_io *io, weir_dns_resolver *resolver, const weir_dns_name *name,
                         uint16_t type, const weir_dns_lookup_options *options,
                         weir_dns_answer *out)
{
    return look_up(io, resolver, name, true, type, options, out);
}
