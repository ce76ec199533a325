/* SPDX-License-Identifier: MIT
 *
 * `weir resolve NAME`: the places where it was looked for, and the addresses in the order to try
 * them:
 *
 *     looked up    hosts file    www.example  no such name
 *                  name server   www.example  2 found
 *     canonical    host.example
 *     from         name server, good for 300 s
 *     addresses    2001:db8::1  from 2001:db8::9  rule 6: precedence 40 over 35
 *                  192.0.2.1    from 192.0.2.9
 */
#include <inttypes.h>
#include <string.h>

#include <weir/base/error.h>
#include <weir/net/order.h>

#include "resolve.h"

enum { WORD_WIDTH = 12 };

void resolve_begin(const resolving *r, const char *word)
{
    dns_paint(&r->asker, DNS_DIM);
    printf("%-*s ", WORD_WIDTH, word);
    dns_paint(&r->asker, DNS_PLAIN);
}

static void put_name(const resolving *r, const char *word, const weir_dns_name *name)
{
    char text[WEIR_DNS_NAME_TEXT], unicode[WEIR_DNS_UNICODE_TEXT];
    weir_dns_name_print_host(name, text);
    dns_unicode(name, unicode);
    resolve_begin(r, word);
    printf(unicode[0] ? "%s (%s)\n" : "%s\n", text, unicode);
}

/* Steps ------------------------------------------------------------------------------------ */

static void steps_to_json(resolving *r)
{
    dns_json_open(&r->json, "steps", '[');
    for (uint32_t i = 0; i < r->steps.kept; i++) {
        const weir_dns_step *step = &r->steps.steps[i];
        dns_json_open(&r->json, NULL, '{');
        dns_json_text(&r->json, "from", weir_dns_origin_text(step->origin));
        dns_json_name(&r->json, "name", &step->name);
        if (step->result < 0)
            dns_json_error(&r->json, "error", step->result);
        else
            dns_json_number(&r->json, "found", (uint64_t)step->result);
        dns_json_close(&r->json, '}');
    }
    dns_json_close(&r->json, ']');
}

void resolve_put_steps(resolving *r)
{
    char name[WEIR_DNS_NAME_TEXT];
    int names = 0;
    if (r->asker.json) {
        steps_to_json(r);
        return;
    }
    for (uint32_t i = 0; i < r->steps.kept; i++) {
        const int len = (int)weir_dns_name_print_host(&r->steps.steps[i].name, name);
        if (len > names) names = len;
    }
    for (uint32_t i = 0; i < r->steps.kept; i++) {
        const weir_dns_step *step = &r->steps.steps[i];
        weir_dns_name_print_host(&step->name, name);
        resolve_begin(r, i == 0 ? "looked up" : "");
        printf("%-13s %-*s  ", weir_dns_origin_text(step->origin), names, name);
        if (step->result < 0)
            puts(weir_strerror(step->result));
        else
            printf("%d found\n", step->result);
    }
    if (r->steps.total > r->steps.kept)
        printf("%*s … and %" PRIu32 " more\n", WORD_WIDTH, "", r->steps.total - r->steps.kept);
}

/* Addresses -------------------------------------------------------------------------------- */

/* The addresses and the sources that go with them. */
typedef struct found {
    weir_address addresses[WEIR_DNS_HOST_ADDRESSES], sources[WEIR_DNS_HOST_ADDRESSES];
    int count;
} found;

static void print_ip(const weir_address *address, bool port, char out[WEIR_ADDRESS_TEXT])
{
    weir_address_print_as(address, port ? WEIR_ADDRESS_AS_SOCKET : WEIR_ADDRESS_AS_IP, NULL, out,
                          WEIR_ADDRESS_TEXT);
}

static void why_before_next(const found *f, int i, char out[RESOLVE_WHY])
{
    out[0] = '\0';
    if (i + 1 < f->count)
        resolve_why(&f->addresses[i], &f->sources[i], &f->addresses[i + 1], &f->sources[i + 1],
                    out);
}

static void addresses_to_json(resolving *r, const found *f)
{
    char why[RESOLVE_WHY];
    dns_json_open(&r->json, "addresses", '[');
    for (int i = 0; i < f->count; i++) {
        dns_json_open(&r->json, NULL, '{');
        dns_json_address(&r->json, "address", &f->addresses[i]);
        if (f->sources[i].kind != WEIR_ADDRESS_NONE)
            dns_json_address(&r->json, "source", &f->sources[i]);
        why_before_next(f, i, why);
        if (why[0]) dns_json_text(&r->json, "before_next", why);
        dns_json_close(&r->json, '}');
    }
    dns_json_close(&r->json, ']');
}

static void addresses_to_text(const resolving *r, const found *f)
{
    char text[WEIR_ADDRESS_TEXT], why[RESOLVE_WHY];
    int widths[2] = {0, 8}; /* of "no route" */
    for (int i = 0; i < f->count; i++) {
        print_ip(&f->addresses[i], r->port != 0, text);
        if ((int)strlen(text) > widths[0]) widths[0] = (int)strlen(text);
        if (f->sources[i].kind == WEIR_ADDRESS_NONE) continue;
        print_ip(&f->sources[i], false, text);
        if ((int)strlen(text) + 5 > widths[1]) widths[1] = (int)strlen(text) + 5;
    }
    for (int i = 0; i < f->count; i++) {
        char from[WEIR_ADDRESS_TEXT + 8] = "no route";
        resolve_begin(r, i == 0 ? "addresses" : "");
        print_ip(&f->addresses[i], r->port != 0, text);
        dns_paint(&r->asker, DNS_BOLD);
        printf("%-*s", widths[0], text);
        dns_paint(&r->asker, DNS_PLAIN);
        print_ip(&f->sources[i], false, text);
        if (f->sources[i].kind != WEIR_ADDRESS_NONE) snprintf(from, sizeof from, "from %s", text);
        why_before_next(f, i, why);
        why[0] ? printf("  %-*s  %s\n", widths[1], from, why) : printf("  %s\n", from);
    }
}

/* The host --------------------------------------------------------------------------------- */

static void print_host(const resolving *r, const weir_dns_host *host)
{
    if (host->name.len && !weir_dns_name_equal(&host->name, &host->canonical))
        put_name(r, "name", &host->name);
    if (host->canonical.len) put_name(r, "canonical", &host->canonical);
    resolve_begin(r, "from");
    printf("%s", weir_dns_origin_text(host->origin));
    if (host->origin >= WEIR_DNS_FROM_CACHE) printf(", good for %" PRIu32 " s", host->ttl);
    putchar('\n');
}

static void host_to_json(resolving *r, const weir_dns_host *host)
{
    if (host->name.len) dns_json_name(&r->json, "name", &host->name);
    if (host->canonical.len) dns_json_name(&r->json, "canonical", &host->canonical);
    dns_json_text(&r->json, "from", weir_dns_origin_text(host->origin));
    dns_json_number(&r->json, "ttl", host->ttl);
}

/* What getaddrinfo(3) says, which reads the system's own files and has plug-ins. */
static void put_libc(weir_io *io, resolving *r, const found *ours)
{
    found theirs = {0};
    const weir_dns_lookup_options options = {.flags = r->flags};
    char text[WEIR_ADDRESS_TEXT];
    theirs.count = weir_dns_lookup_libc(io, r->asker.resolver, weir_bytes_text(r->name), r->port,
                                        &options, theirs.addresses, WEIR_DNS_HOST_ADDRESSES);
    bool same = theirs.count == ours->count;
    for (int i = 0; i < theirs.count && same; i++)
        same = weir_address_equal(&theirs.addresses[i], &ours->addresses[i]);
    if (r->asker.json) {
        dns_json_open(&r->json, "libc", '{');
        dns_json_bool(&r->json, "same", same);
        dns_json_open(&r->json, "addresses", '[');
        for (int i = 0; i < theirs.count; i++)
            dns_json_address(&r->json, NULL, &theirs.addresses[i]);
        dns_json_close(&r->json, ']');
        if (theirs.count < 0) dns_json_error(&r->json, "error", theirs.count);
        dns_json_close(&r->json, '}');
        return;
    }
    resolve_begin(r, "C library");
    for (int i = 0; i < theirs.count && !same; i++) {
        print_ip(&theirs.addresses[i], r->port != 0, text);
        printf("%s%s", i ? ", " : "", text);
    }
    puts(theirs.count < 0 ? weir_strerror(theirs.count) : same ? "the same" : "");
}

int resolve_host(weir_io *io, resolving *r)
{
    found f = {0};
    weir_dns_host host = {0};
    const weir_dns_lookup_options options = {
        .flags = r->flags, .report = &r->asker.report, .steps = &r->steps};
    f.count = weir_dns_lookup_host(io, r->asker.resolver, weir_bytes_text(r->name), r->port,
                                   &options, f.addresses, WEIR_DNS_HOST_ADDRESSES, &host);
    resolve_put_steps(r);
    if (f.count < 0) {
        if (r->libc) put_libc(io, r, &f);
        return f.count;
    }
    for (int i = 0; i < f.count; i++) {
        const int error = weir_order_source(io, &f.addresses[i], &f.sources[i]);
        f.sources[i].port = 0; /* what the kernel happened to take */
        if (error == WEIR_ECANCELED || error == WEIR_EDEADLINE) return error;
    }
    if (r->asker.json) {
        host_to_json(r, &host);
        addresses_to_json(r, &f);
    } else {
        print_host(r, &host);
        addresses_to_text(r, &f);
    }
    if (r->libc) put_libc(io, r, &f);
    return 0;
}
