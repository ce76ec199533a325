/* SPDX-License-Identifier: MIT
 *
 * `weir resolve --service`, `--mail` and `--reverse`: hosts that a name or an address leads to.
 *
 *     priority 1, weight 5   mail.example:993   192.0.2.25
 */
#include <stdlib.h>
#include <string.h>

#include <weir/base/error.h>

#include "resolve.h"

enum { PLACES = 32, ADDRESSES = 8 };

/* A host in the order to try it. */
typedef struct place {
    weir_dns_name host;
    uint16_t port;
    uint16_t rank, weight; /* priority or preference, and the weight among equals */
} place;

static weir_dns_lookup_options options_of(resolving *r)
{
    return (weir_dns_lookup_options){
        .flags = r->flags, .report = &r->asker.report, .steps = &r->steps};
}

/* The addresses of a host that is named in full; its steps are no part of the explanation. */
static int addresses_of(weir_io *io, resolving *r, const weir_dns_name *host, uint16_t port,
                        weir_address out[ADDRESSES])
{
    char text[WEIR_DNS_NAME_TEXT];
    const weir_dns_lookup_options options = {.flags = r->flags | WEIR_DNS_NO_SEARCH,
                                             .report = &r->asker.report};
    const size_t len = weir_dns_name_print(host, text);
    return weir_dns_lookup_host(io, r->asker.resolver, weir_bytes_of(text, len), port, &options,
                                out, ADDRESSES, NULL);
}

static void print_addresses(const weir_address *addresses, int count)
{
    char text[WEIR_ADDRESS_TEXT];
    for (int i = 0; i < count; i++) {
        weir_address_print_as(&addresses[i], WEIR_ADDRESS_AS_IP, NULL, text, sizeof text);
        printf("%s%s", i ? ", " : "", text);
    }
    puts(count < 0 ? weir_strerror(count) : "");
}

static void addresses_to_json(dns_json *json, const weir_address *addresses, int count)
{
    dns_json_open(json, "addresses", '[');
    for (int i = 0; i < count; i++) dns_json_address(json, NULL, &addresses[i]);
    dns_json_close(json, ']');
    if (count < 0) dns_json_error(json, "error", count);
}

static void print_places(weir_io *io, resolving *r, const place *places, int count)
{
    char names[PLACES][300], text[WEIR_DNS_NAME_TEXT];
    weir_address addresses[ADDRESSES];
    int width = 0;
    for (int i = 0; i < count; i++) {
        weir_dns_name_print_host(&places[i].host, text);
        const int len = places[i].port
                            ? snprintf(names[i], sizeof names[i], "%.280s:%u", text, places[i].port)
                            : snprintf(names[i], sizeof names[i], "%.280s", text);
        if (len > width) width = len;
    }
    for (int i = 0; i < count; i++) {
        resolve_begin(r, i ? "" : "try");
        if (r->mail)
            printf("preference %-5u  ", places[i].rank);
        else
            printf("priority %-5u  weight %-5u  ", places[i].rank, places[i].weight);
        printf("%-*s  ", width, names[i]);
        print_addresses(addresses, addresses_of(io, r, &places[i].host, 0, addresses));
    }
}

static void places_to_json(weir_io *io, resolving *r, const place *places, int count)
{
    dns_json *json = &r->json;
    weir_address addresses[ADDRESSES];
    dns_json_open(json, r->mail ? "exchangers" : "services", '[');
    for (int i = 0; i < count; i++) {
        dns_json_open(json, NULL, '{');
        dns_json_number(json, r->mail ? "preference" : "priority", places[i].rank);
        if (!r->mail) dns_json_number(json, "weight", places[i].weight);
        dns_json_name(json, "host", &places[i].host);
        if (places[i].port) dns_json_number(json, "port", places[i].port);
        addresses_to_json(json, addresses,
                          addresses_of(io, r, &places[i].host, places[i].port, addresses));
        dns_json_close(json, '}');
    }
    dns_json_close(json, ']');
}

/* Prints what was found, or nothing. */
static int put_places(weir_io *io, resolving *r, const place *places, int count)
{
    resolve_put_steps(r);
    if (count < 0) return count;
    if (r->asker.json)
        places_to_json(io, r, places, count);
    else
        print_places(io, r, places, count);
    return 0;
}

int resolve_service(weir_io *io, resolving *r)
{
    weir_dns_service services[PLACES];
    place places[PLACES];
    weir_dns_lookup_options options = options_of(r);
    options.flags |= WEIR_DNS_RAW; /* told, with the error of their addresses */
    const char *slash = strchr(r->service, '/');
    const weir_bytes service =
        weir_bytes_of(r->service, slash ? (size_t)(slash - r->service) : strlen(r->service));
    const int count = weir_dns_lookup_service(io, r->asker.resolver, service,
                                              weir_bytes_text(slash ? slash + 1 : "tcp"),
                                              weir_bytes_text(r->name), &options, services, PLACES);
    for (int i = 0; i < count; i++)
        places[i] = (place){.host = services[i].target,
                            .port = services[i].port,
                            .rank = services[i].priority,
                            .weight = services[i].weight};
    return put_places(io, r, places, count);
}

int resolve_mail(weir_io *io, resolving *r)
{
    weir_dns_exchanger exchangers[PLACES];
    place places[PLACES];
    weir_dns_lookup_options options = options_of(r);
    options.flags |= WEIR_DNS_RAW; /* told, with the error of their addresses */
    int count = weir_dns_lookup_mail(io, r->asker.resolver, weir_bytes_text(r->name), &options,
                                     exchangers, PLACES);
    for (int i = 0; i < count; i++)
        places[i] = (place){.host = exchangers[i].host, .rank = exchangers[i].preference};
    if (count == WEIR_EDNS_NODATA &&
        weir_dns_name_parse_why(weir_bytes_text(r->name), &places[0].host, NULL) >= 0) {
        /* RFC 5321 5.1: a domain without MX is its own exchanger, of preference 0. */
        places[0].port = places[0].rank = places[0].weight = 0;
        count = 1;
    }
    return put_places(io, r, places, count);
}

/* Names of an address ---------------------------------------------------------------------- */

/* Whether the name leads back to the address: 1, 0, or the error. */
static int leads_back(weir_io *io, resolving *r, const weir_dns_name *name)
{
    weir_address addresses[ADDRESSES];
    const int count = addresses_of(io, r, name, 0, addresses);
    for (int i = 0; i < count; i++)
        if (weir_address_equal(&addresses[i], &r->address)) return 1;
    return count < 0 ? count : 0;
}

int resolve_address(weir_io *io, resolving *r)
{
    weir_dns_name names[PLACES];
    weir_dns_lookup_options options = options_of(r);
    char text[WEIR_DNS_NAME_TEXT];
    options.flags |= WEIR_DNS_RAW;
    const int count =
        weir_dns_lookup_address(io, r->asker.resolver, &r->address, &options, names, PLACES);
    resolve_put_steps(r);
    if (r->asker.json) dns_json_open(&r->json, "names", '[');
    for (int i = 0; i < count; i++) {
        const int back = leads_back(io, r, &names[i]);
        weir_dns_name_print_host(&names[i], text);
        if (r->asker.json) {
            dns_json_open(&r->json, NULL, '{');
            dns_json_name(&r->json, "name", &names[i]);
            dns_json_bool(&r->json, "legal", weir_dns_name_is_host(&names[i], 0));
            dns_json_bool(&r->json, "leads_back", back > 0);
            dns_json_close(&r->json, '}');
            continue;
        }
        resolve_begin(r, i ? "" : "names");
        printf("%s  (%s%s)\n", text,
               weir_dns_name_is_host(&names[i], 0) ? "" : "no legal host name; ",
               back > 0    ? "leads back here"
               : back == 0 ? "leads elsewhere"
                           : weir_strerror(back));
    }
    if (r->asker.json) dns_json_close(&r->json, ']');
    return count < 0 ? count : 0;
}
