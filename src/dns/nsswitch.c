/* SPDX-License-Identifier: MIT
 *
 * The order of sources from the text of nsswitch.conf, and when a source is the last one.
 */
#include <weir/dns/nsswitch.h>

#include <string.h>

#include <weir/base/error.h>

#include "dns/files_text.h"

void weir_dns_order_init(weir_dns_order *out)
{
    *out = (weir_dns_order){
        .count = 2,
        .assumed = true,
        .steps = {{WEIR_DNS_FILES, WEIR_DNS_STATUS_SUCCESS},
                  {WEIR_DNS_SERVERS, WEIR_DNS_STATUS_SUCCESS}},
    };
}

/* The bit of a status by its name, in any case; 0 for another word. */
static unsigned status_named(weir_bytes word)
{
    static const struct {
        const char *name;
        unsigned status;
    } statuses[] = {
        {"SUCCESS", WEIR_DNS_STATUS_SUCCESS},
        {"NOTFOUND", WEIR_DNS_STATUS_NOTFOUND},
        {"UNAVAIL", WEIR_DNS_STATUS_UNAVAIL},
        {"TRYAGAIN", WEIR_DNS_STATUS_TRYAGAIN},
    };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (weir_bytes_equal_nocase(word, weir_bytes_text(statuses[i].name)))
            return statuses[i].status;
    return 0;
}

/* Applies one "STATUS=action" or "!STATUS=action" to the statuses which end a step.  "merge" joins
 * the members of groups; for hosts the C library returns what it found so far. */
static void apply_action(weir_bytes word, uint8_t *ends)
{
    const unsigned every = WEIR_DNS_STATUS_SUCCESS | WEIR_DNS_STATUS_NOTFOUND |
                           WEIR_DNS_STATUS_UNAVAIL | WEIR_DNS_STATUS_TRYAGAIN;
    const bool negated = word.len > 0 && word.data[0] == '!';
    if (negated) word = weir_bytes_of(word.data + 1, word.len - 1);
    const char *sign = word.len ? memchr(word.data, '=', word.len) : NULL;
    if (!sign) return;
    const size_t len = (size_t)(sign - word.data);
    const weir_bytes action = weir_bytes_of(sign + 1, word.len - len - 1);
    unsigned which = status_named(weir_bytes_of(word.data, len));
    if (which == 0) return;
    if (negated) which = every & ~which;
    if (weir_bytes_equal_nocase(action, weir_bytes_text("return")) ||
        weir_bytes_equal_nocase(action, weir_bytes_text("merge")))
        *ends |= (uint8_t)which;
    else if (weir_bytes_equal_nocase(action, weir_bytes_text("continue")))
        *ends &= (uint8_t)~which;
}

/* Takes "[...]" off the front of `rest`; an unclosed one goes to the end of the line.  `ends` may
 * be NULL: of a service that is not known here. */
static void take_actions(weir_bytes *rest, uint8_t *ends)
{
    const char *close = memchr(rest->data, ']', rest->len);
    const size_t len = close ? (size_t)(close - rest->data) : rest->len;
    weir_bytes words = weir_bytes_of(rest->data + 1, len - 1), word;
    while (ends && dns_next_word(&words, &word)) apply_action(word, ends);
    const size_t taken = close ? len + 1 : len;
    *rest = weir_bytes_of(rest->data + taken, rest->len - taken);
}

/* The name of a service ends at a blank or a bracket. */
static weir_bytes take_service(weir_bytes *rest)
{
    size_t len = 0;
    while (len < rest->len && !dns_is_blank(rest->data[len]) && rest->data[len] != '[') len++;
    const weir_bytes service = weir_bytes_of(rest->data, len);
    *rest = weir_bytes_of(rest->data + len, rest->len - len);
    return service;
}

/* Reads what stands behind "hosts:".  `resolve` is taken for dns if `as_dns`. */
static void take_services(weir_bytes rest, bool as_dns, weir_dns_order *out)
{
    uint8_t *ends = NULL;
    out->count = 0;
    out->assumed = false;
    while (rest.len > 0) {
        if (dns_is_blank(rest.data[0])) {
            rest = weir_bytes_of(rest.data + 1, rest.len - 1);
            continue;
        }
        if (rest.data[0] == '[') {
            take_actions(&rest, ends);
            continue;
        }
        const weir_bytes service = take_service(&rest);
        const bool files = weir_bytes_equal(service, weir_bytes_text("files"));
        const bool resolve = as_dns && weir_bytes_equal(service, weir_bytes_text("resolve"));
        ends = NULL;
        if (!files && !resolve && !weir_bytes_equal(service, weir_bytes_text("dns"))) continue;
        if (out->count == WEIR_DNS_ORDER_MAX) continue;
        weir_dns_order_step *step = &out->steps[out->count++];
        step->source = files ? WEIR_DNS_FILES : WEIR_DNS_SERVERS;
        step->ends = WEIR_DNS_STATUS_SUCCESS;
        /* The actions behind `resolve` are about its daemon: it falls back to dns, which it is. */
        if (!resolve) ends = &step->ends;
    }
}

static bool has_servers(const weir_dns_order *order)
{
    for (unsigned i = 0; i < order->count; i++)
        if (order->steps[i].source == WEIR_DNS_SERVERS) return true;
    return false;
}

/* What stands behind "hosts:" if the line is of that database. */
static bool hosts_line(weir_bytes line, weir_bytes *services)
{
    static const char database[] = "hosts";
    size_t at = 0;
    while (at < line.len && dns_is_blank(line.data[at])) at++;
    if (line.len - at < sizeof database - 1) return false;
    if (memcmp(line.data + at, database, sizeof database - 1) != 0) return false;
    at += sizeof database - 1;
    while (at < line.len && dns_is_blank(line.data[at])) at++;
    if (at == line.len || line.data[at] != ':') return false;
    *services = weir_bytes_of(line.data + at + 1, line.len - at - 1);
    return true;
}

void weir_dns_nsswitch_parse(weir_bytes nsswitch_conf, weir_dns_order *out)
{
    weir_bytes line, services;
    weir_dns_order_init(out);
    while (dns_next_line(&nsswitch_conf, &line)) {
        if (!hosts_line(dns_without_comment(line), &services)) continue;
        take_services(services, false, out);
        if (!has_servers(out)) take_services(services, true, out);
        if (out->count == 0) weir_dns_order_init(out);
    }
}

unsigned weir_dns_status_of(int result)
{
    if (result >= 0) return WEIR_DNS_STATUS_SUCCESS;
    switch (result) {
    case WEIR_EDNS_NOTFOUND:
    case WEIR_EDNS_NODATA:
    case WEIR_EDNS_SPECIAL:
    case WEIR_EDNS_NAME: return WEIR_DNS_STATUS_NOTFOUND;
    default: return WEIR_DNS_STATUS_UNAVAIL;
    }
}

bool weir_dns_order_ends(const weir_dns_order *order, unsigned step, int result)
{
    if (step + 1 >= order->count) return true;
    return (order->steps[step].ends & weir_dns_status_of(result)) != 0;
}
